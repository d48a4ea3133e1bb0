/* muster copy: another agency's copy of the region's log. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/ctl/session.h"
#include "common/base/clock.h"
#include "common/log/log_reader.h"
#include "common/view/view_copy.h"
#include "common/view/view_json.h"

enum {
    PROGRESS_AFTER_MS = 1000,
    PROGRESS_EVERY_MS = 200,
    CREDIT = 1024,
    ANSWER_MEMORY_MAX = 64 * 1024 * 1024
};

struct copying {
    struct view_copy *copy;
    const char *folder;
    uint64_t began_at; /* the record after which this run began */
    uint64_t head_seq; /* of the broker's log, as the last Welcome had it */
    int64_t begun_ms;  /* boot time */
    int64_t shown_ms;
    bool is_terminal;
    bool has_shown;
    bool is_live; /* was told so */
    char why[256];
};

static int64_t boot_ms(void)
{
    const struct clock *clock = clock_system();

    return clock->boot_ms(clock->ctx);
}

static void quiet(struct copying *copying)
{
    if (copying->has_shown) {
        (void)fprintf(stderr, "\r\033[K");
        copying->has_shown = false;
    }
}

static void show_progress(struct copying *copying)
{
    uint64_t seq = view_copy_head(copying->copy).seq;
    int64_t now = boot_ms();

    if (!copying->is_terminal || seq >= copying->head_seq || now - copying->begun_ms < PROGRESS_AFTER_MS ||
        now - copying->shown_ms < PROGRESS_EVERY_MS) {
        return;
    }
    copying->shown_ms = now;
    copying->has_shown = true;
    (void)fprintf(stderr, "\r%llu of %llu records", (unsigned long long)seq,
                  (unsigned long long)copying->head_seq);
    (void)fflush(stderr);
}

/* A full disk says how far the copy is, which is whole. */
static int explain(const struct copying *copying, int rc, struct err *err)
{
    uint64_t seq = view_copy_head(copying->copy).seq;
    struct err why = *err;

    if (rc != ERR_DISK_FULL) {
        return rc;
    }
    return seq == 0 ? err_set(err, rc, "%s; nothing is copied yet: make room, and run it again", why.text)
                    : err_set(err, rc, "%s; %s holds records 1 to %llu: make room, and the next run goes on",
                              why.text, copying->folder, (unsigned long long)seq);
}

static int on_item(void *ctx, const struct tail_item *item, bool live, struct err *err)
{
    struct copying *copying = ctx;
    struct log_record record = view_record_of_tail(item);
    int rc = view_copy_take(copying->copy, &record, err);

    if (!live) {
        show_progress(copying);
    }
    return explain(copying, rc, err);
}

/* Said once for each reason, not at every attempt. */
static void on_waiting(void *ctx, const char *why)
{
    struct copying *copying = ctx;

    if (strcmp(copying->why, why) != 0) {
        (void)snprintf(copying->why, sizeof copying->why, "%s", why);
        quiet(copying);
        ctl_note("%s", why);
    }
}

static int on_welcomed(void *ctx, uint64_t head_seq, struct err *err)
{
    struct copying *copying = ctx;
    uint64_t seq = view_copy_head(copying->copy).seq;

    copying->why[0] = '\0';
    copying->head_seq = head_seq;
    if (head_seq >= seq) {
        return 0;
    }
    return err_set(
        err, ERR_CORRUPT,
        "THE BROKER'S LOG HAS LOST RECORDS: it ends at %llu, and %s has them up to %llu. Keep that folder as "
        "it is; the broker's keeper can restore the log from it",
        (unsigned long long)head_seq, copying->folder, (unsigned long long)seq);
}

static int on_head(void *ctx, const struct signed_head *head, struct err *err)
{
    return view_copy_sign(((struct copying *)ctx)->copy, head, err);
}

static int on_tick(void *ctx, struct err *err)
{
    struct copying *copying = ctx;
    int rc = view_copy_flush(copying->copy, err);
    uint64_t seq = view_copy_head(copying->copy).seq;

    if (rc == 0 && !copying->is_live && seq >= copying->head_seq) {
        copying->is_live = true;
        quiet(copying);
        ctl_note("%s has the log up to record %llu, and follows it", copying->folder,
                 (unsigned long long)seq);
    }
    return explain(copying, rc, err);
}

static void put_summary(const struct copying *copying, const char *region, bool as_json, struct buf *ret)
{
    struct log_head head = view_copy_head(copying->copy);
    uint64_t signed_seq = view_copy_signed_seq(copying->copy);
    uint64_t records = head.seq - copying->began_at;

    if (as_json) {
        struct json json = json_begin(ret);
        json_object(&json, NULL);
        json_text(&json, "folder", copying->folder);
        json_text(&json, "region", region);
        json_bool(&json, "complete", head.seq >= copying->head_seq);
        json_unsigned(&json, "records", records);
        json_unsigned(&json, "head_seq", head.seq);
        json_hex(&json, "head_hash", head.hash.b, HASH_BYTES);
        json_unsigned(&json, "signed_seq", signed_seq);
        json_object_end(&json);
        buf_puts(ret, "\n");
        return;
    }
    buf_printf(ret, "%s: %llu records more, 1 to %llu in all", copying->folder, (unsigned long long)records,
               (unsigned long long)head.seq);
    if (signed_seq > 0) {
        buf_printf(ret, "; the broker's signature covers them up to %llu", (unsigned long long)signed_seq);
    }
    buf_puts(ret, "\n");
}

/* What a run ends with, whichever way the records came. */
static int finish(struct copying *copying, const char *region, bool cut_short, bool as_json, struct err *err)
{
    struct buf out;

    quiet(copying);
    int rc = explain(copying, view_copy_flush(copying->copy, err), err);
    if (rc == 0 && cut_short) {
        rc = err_set(err, ERR_TEMPORARY, "interrupted; %s holds records 1 to %llu, and the next run goes on",
                     copying->folder, (unsigned long long)view_copy_head(copying->copy).seq);
    }
    if (rc == 0) {
        buf_init(&out, 0);
        put_summary(copying, region, as_json, &out);
        rc = out.failed ? ERR_NO_MEMORY : 0;
        printf("%s", rc == 0 ? buf_text(&out) : "");
        buf_free(&out);
    }
    return rc;
}

/* The last record once more: what stands in its place now is compared. */
static uint64_t overlap(const struct copying *copying)
{
    return copying->began_at > 0 ? copying->began_at - 1 : 0;
}

static int take_online(struct session *session, struct copying *copying, bool follow, bool as_json,
                       struct err *err)
{
    const struct tail tail = {
        .filter = TAIL_ALL, .from_seq = overlap(copying), .follow = follow, .credit = CREDIT};
    const struct session_follow calls = {.ctx = copying,
                                         .item = on_item,
                                         .waiting = on_waiting,
                                         .tail = &tail,
                                         .welcomed = on_welcomed,
                                         .head = on_head,
                                         .tick = follow ? on_tick : NULL};

    int rc = session_follow(session, &calls, err);
    bool cut_short = !follow && session_interrupted(session);
    quiet(copying);
    return rc < 0 ? rc : finish(copying, session_profile(session)->region.name, cut_short, as_json, err);
}

static int take_folder(struct log_reader *log, struct copying *copying, bool as_json, struct err *err)
{
    const struct log_facts *facts = log_reader_facts(log);
    struct log_query query = {.question = LOG_Q_RANGE, .after = overlap(copying)};
    struct log_answer answer = {.more = true};
    struct arena arena;

    int rc = on_welcomed(copying, facts->head.seq, err);
    arena_init(&arena, ANSWER_MEMORY_MAX);
    while (rc == 0 && answer.more) {
        arena_reset(&arena);
        rc = log_reader_read(log, &query, &arena, &answer, err);
        for (size_t i = 0; rc == 0 && i < answer.rows_n; i++) {
            query.after = answer.rows[i].record.header.seq;
            rc = explain(copying, view_copy_take(copying->copy, &answer.rows[i].record, err), err);
        }
        show_progress(copying);
    }
    arena_free(&arena);
    quiet(copying);
    return rc < 0 ? rc : finish(copying, facts->region, false, as_json, err);
}

/* From a broker (session), or from a log's folder. */
static int copy(struct session *session, struct log_reader *log, const char *folder, bool follow,
                bool as_json, struct err *err)
{
    struct copying copying = {
        .folder = folder, .begun_ms = boot_ms(), .is_terminal = isatty(STDERR_FILENO) == 1};
    const char *region = log != NULL ? log_reader_facts(log)->region : session_profile(session)->region.name;
    struct err closing = {0};

    int rc = view_copy_open(folder, region, false, &copying.copy, err);
    if (rc < 0) {
        return rc;
    }
    copying.began_at = view_copy_head(copying.copy).seq;
    rc = log != NULL ? take_folder(log, &copying, as_json, err)
                     : take_online(session, &copying, follow, as_json, err);
    int closed = view_copy_close(copying.copy, &closing);
    if (rc == 0 && closed < 0) {
        *err = closing;
        rc = closed;
    }
    return rc;
}

static int copy_from(const char *path, const char *folder, bool as_json, struct err *err)
{
    struct log_reader *log;

    int rc = log_reader_open(path, &log, err);
    if (rc < 0) {
        return rc;
    }
    rc = copy(NULL, log, folder, false, as_json, err);
    log_reader_close(log);
    if (rc == ERR_CORRUPT) {
        err_prefix(err, "%s", path);
    }
    return rc;
}

int ctl_copy(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    bool follow = false;
    const char *from = "";
    const struct option options[] = {
        {"follow", OPTION_FLAG, &follow, NULL, "stay, and take every new record as it comes"},
        {"from", OPTION_TEXT, &from, "LOG", "from this log's folder (a copy's too), without a broker"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster copy FOLDER [options]",
        .summary =
            "Keeps a copy of the region's whole log in FOLDER, and goes on where it ended. Each record is\n"
            "checked against the chain, and the chain against what the broker signs. The right \"watch\" is\n"
            "needed. A copy can be read, verified and compared like the log itself.",
        .options = options,
        .examples = "  muster copy ./copy-of-370102\n  muster copy ./copy-of-370102 --follow\n"
                    "  muster copy ./copy-of-370102 --from /var/lib/muster/log\n"
                    "  muster verify ./log --copy ./copy-of-370102\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {.as_agent = true};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    if (from[0] != '\0') {
        int rc = follow ? err_set(&err, ERR_USAGE, "--follow wants a broker; --from reads a folder and ends")
                        : copy_from(from, arguments.at[0], online.json, &err);
        return rc < 0 ? ctl_fail(&err) : ctl_end_output();
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : copy(session, NULL, arguments.at[0], follow, online.json, &err);
    return session_end(session, rc, &err);
}
