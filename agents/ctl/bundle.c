/* muster export, muster import bundle: what a link would carry, on a USB stick. A bundle is its 16 bytes of
 * magic, each record as its region's broker has signed it for the other (a Signed, its length before it, 32
 * bits big-endian), a length of 0, and BLAKE2b-256 of all that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/ctl/output_file.h"
#include "agents/ctl/resolve.h"
#include "common/core/link.h"
#include "common/core/stream.h"

enum { MAGIC_BYTES = 16, LENGTH_BYTES = 4, BUNDLE_FILE_MAX = 256 * 1024 * 1024 };

static const char magic[MAGIC_BYTES + 1] = "MUSTER BUNDLE 1\n";

/* --- export --------------------------------------------------------------------------------------- */

struct exporting {
    struct buf file;
    size_t records;
    uint64_t last_seq;
};

static int on_item(void *ctx, const struct tail_item *item, bool live, struct err *err)
{
    struct exporting *exporting = ctx;

    (void)live;
    buf_u32(&exporting->file, (uint32_t)item->record.n);
    buf_append(&exporting->file, item->record.p, item->record.n);
    exporting->records++;
    exporting->last_seq = item->seq;
    return exporting->file.failed ? err_set(err, ERR_TOO_BIG, "more waits than a bundle holds") : 0;
}

static void on_waiting(void *ctx, const char *why)
{
    (void)ctx;
    ctl_note("%s", why);
}

/* What is for a region without a link of its own waits for the next one on the way. */
static int check_way(struct session *session, const char *to, struct err *err)
{
    char stream[STREAM_NAME_MAX], next[REGION_CODE_MAX + 1] = "";
    enum lang lang = session_lang(session);
    int rc = session_read(session, TAIL_STREAM,
                          stream_of_region(session_profile(session)->region.name, stream), err);
    const struct region *region = state_region(view_state(session_view(session)));

    if (rc != 0 || region_link_kept(region, to) != NULL) {
        return rc;
    }
    if (strcmp(to, region->code) == 0) {
        return err_set(err, ERR_NOT_FOUND,
                       lang_text(lang, "%s is this region itself: name the one that is to have the bundle",
                                 "%s 即本行政区：请指定接收方"),
                       to);
    }
    const struct member *way = region_way(region, to);
    if (way == NULL || !name_is_link(way->name, next)) {
        return err_set(err, ERR_NOT_FOUND,
                       lang_text(lang,
                                 "no link leads to region %s: \"muster link list\" shows those there are",
                                 "没有通往 %s 的链路：muster link list 可查"),
                       to);
    }
    return err_set(err, ERR_NOT_FOUND,
                   lang_text(lang, "region %s is reached by way of %s: what is for it waits there, --to %s",
                             "%s 经由 %s 转达，待送内容在该处：--to %s"),
                   to, next, next);
}

static int write_bundle(struct exporting *exporting, const char *path, struct err *err)
{
    struct hash hash;

    buf_u32(&exporting->file, 0);
    struct bytes bytes = buf_bytes(&exporting->file);
    hash = hash_bytes(bytes.p, bytes.n);
    buf_append(&exporting->file, hash.b, sizeof hash.b);
    if (exporting->file.failed) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return output_file_write(path, buf_bytes(&exporting->file), err);
}

int ctl_export(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *to = "", *path = NULL;
    int64_t since = -1; /* not given */
    const struct option options[] = {
        {"to", OPTION_TEXT, &to, "CODE", "the region whose broker is to have it"},
        {"output", OPTION_TEXT, &path, "FILE", "-o FILE: where to write it, whole or not at all"},
        {"since", OPTION_COUNT, &since, "SEQ",
         "say again what was told after this record (default: what waits)"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster export --to CODE -o FILE [--since SEQ] [options]",
        .summary =
            "Writes what waits for a region that is cut off into a file, each record signed by this "
            "region's\n"
            "broker for that one. It is brought there by hand and read with muster import bundle; what\n"
            "comes over the link later as well changes nothing. With --since it says again what that region\n"
            "was told, acknowledged or not: for one that was restored from a backup.",
        .options = options,
        .examples = "  muster export --to 370100 -o /media/usb/to-370100.bundle\n"
                    "  muster export --to 370100 -o again.bundle --since 0\n"};
    const struct session_needs needs = {0};
    struct exporting exporting = {.records = 0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    char agent[NAME_MAX_BYTES + 1];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = 0;
    if (path == NULL || !region_is_code(to)) {
        rc = err_set(&err, ERR_USAGE, "--to CODE and -o FILE are wanted");
    }
    (void)snprintf(agent, sizeof agent, "%s/broker/link", to);
    const struct tail tail = {.filter = TAIL_SHARED,
                              .stream = agent,
                              .from_seq = since < 0    ? 0
                                          : since == 0 ? 1
                                                       : (uint64_t)since}; /* record 1 is the founding */
    const struct session_follow follow = {
        .ctx = &exporting, .item = on_item, .waiting = on_waiting, .tail = &tail};
    buf_init(&exporting.file, BUNDLE_FILE_MAX);
    buf_append(&exporting.file, magic, MAGIC_BYTES);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : check_way(session, to, &err);
    rc = rc ? rc : session_follow(session, &follow, &err);
    rc = rc ? rc : write_bundle(&exporting, path, &err);
    if (rc == 0 && online.json) {
        printf("{\"records\":%zu,\"last_seq\":%llu}\n", exporting.records,
               (unsigned long long)exporting.last_seq);
    } else if (rc == 0) {
        printf(lang_text(online.lang, "%zu records for region %s\n", "%zu 条记录，待送 %s\n"),
               exporting.records, to);
    }
    buf_free(&exporting.file);
    return session_end(session, rc, &err);
}

/* --- import --------------------------------------------------------------------------------------- */

struct importing {
    const char *path;
    const char *region; /* ours */
    struct session *session;
    size_t at; /* the record, from 1 */
    size_t taken, known, refused;
    bool hopeless; /* the last refusal would be the next one's, too */
    struct {       /* the first that was refused, and why */
        const char *path;
        size_t at;
        struct err why;
    } first;
};

/* free() *ret. */
static int read_file(const char *path, uint8_t **ret, size_t *ret_n, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat is;
    size_t n = 0;
    ssize_t got = 1;

    if (fd < 0) {
        return err_set(err, errno == EACCES ? ERR_PERMISSION : ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    }
    if (fstat(fd, &is) < 0 || !S_ISREG(is.st_mode) || is.st_size > BUNDLE_FILE_MAX) {
        (void)close(fd);
        return err_set(err, ERR_DATA, "%s: is no bundle of muster export", path);
    }
    uint8_t *p = calloc(1, (size_t)is.st_size + 1);
    while (p != NULL && got > 0 && n < (size_t)is.st_size) {
        got = read(fd, p + n, (size_t)is.st_size - n);
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    if (p == NULL || got < 0) {
        free(p);
        return p == NULL ? err_set(err, ERR_NO_MEMORY, "out of memory")
                         : err_set(err, ERR_IO, "%s: cannot be read", path);
    }
    *ret = p;
    *ret_n = n;
    return 0;
}

static uint32_t length_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Whole, as it was written: else nothing of it is brought in. */
static int check_bundle(const struct importing *importing, const uint8_t *p, size_t n, struct err *err)
{
    size_t least = MAGIC_BYTES + LENGTH_BYTES + HASH_BYTES;

    if (n < least || memcmp(p, magic, MAGIC_BYTES) != 0) {
        return err_set(err, ERR_DATA, "%s: is no bundle of muster export", importing->path);
    }
    struct hash hash = hash_bytes(p, n - HASH_BYTES);
    if (memcmp(hash.b, p + n - HASH_BYTES, HASH_BYTES) != 0) {
        return err_set(err, ERR_DATA, "%s: is damaged or cut off; have it written again", importing->path);
    }
    return 0;
}

/* In whose mode it is, and whether it is for us. */
static int look_into(const struct importing *importing, struct bytes told, enum mode *ret, struct err *err)
{
    struct signed_command said;
    struct command command;
    struct err why = {0};
    struct arena arena;

    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    int rc = wire_decode_signed(told, &arena, &said, &why);
    rc = rc ? rc : wire_decode_command(said.payload, &arena, &command, &why);
    if (rc != 0) {
        rc = err_set(err, ERR_DATA, "%s: a record cannot be read: %s", importing->path, why.text);
    } else if (strcmp(command.region, importing->region) != 0) {
        rc = err_set(err, ERR_DATA, "%s: is for region %s, this is %s", importing->path, command.region,
                     importing->region);
    } else {
        *ret = command.mode;
    }
    arena_free(&arena);
    return rc;
}

/* Others are refused for its sake, as a rule: it is the one to be named, with what helps. */
static void keep_first(struct importing *importing, enum refusal refusal, const char *why)
{
    const char *remedy = "";

    if (refusal == REFUSED_NO_INCIDENT) {
        remedy = lang_text(
            session_lang(importing->session),
            "; after a restore from a copy: start musterd once with --recover, and bring in what "
            "muster export --since 0 writes there; what is refused then is to be reported anew",
            "；日志由备份恢复时：以 --recover 启动 musterd 一次，再导入对方 muster export --since 0 "
            "导出的文件；仍被拒绝的，请重新报告");
    }
    if (importing->refused++ == 0) {
        importing->first.path = importing->path;
        importing->first.at = importing->at;
        (void)err_set(&importing->first.why, ERR_DATA, "%s%s", why, remedy);
    }
}

/* One that is refused keeps back none that can be brought in, unless all would be refused. */
static int bring(struct importing *importing, struct bytes told, struct err *err)
{
    struct command command = {.kind = COMMAND_CARRY_RECORD, .carry_record = {.told = told}};
    struct reply reply = {.outcome = OUTCOME_NONE};
    int rc = look_into(importing, told, &command.mode, err);

    if (rc != 0) {
        return rc;
    }
    rc = session_submit(importing->session, &command, &reply, err);
    if (rc != 0 && reply.outcome == OUTCOME_REFUSED) {
        keep_first(importing, reply.refusal, err->text);
        importing->hopeless = refusal_is_hopeless(reply.refusal);
        return importing->hopeless ? rc : 0;
    }
    importing->taken += rc == 0 && reply.outcome == OUTCOME_DONE;
    importing->known += rc == 0 && reply.outcome == OUTCOME_UNCHANGED;
    return rc;
}

/* p, n: a bundle that is whole. */
static int bring_all(struct importing *importing, const uint8_t *p, size_t n, struct err *err)
{
    size_t at = MAGIC_BYTES, end = n - HASH_BYTES;
    int rc = 0;

    while (rc == 0 && end - at > LENGTH_BYTES) {
        size_t length = length_at(p + at);
        at += LENGTH_BYTES;
        importing->at++;
        if (length == 0 || length > end - at - LENGTH_BYTES) {
            return err_set(err, ERR_DATA, "%s: is damaged or cut off; have it written again",
                           importing->path);
        }
        rc = bring(importing, (struct bytes){p + at, length}, err);
        at += length;
    }
    return rc;
}

static int import_file(struct importing *importing, struct err *err)
{
    uint8_t *p = NULL;
    size_t n = 0;
    int rc = read_file(importing->path, &p, &n, err);

    if (p == NULL) {
        return rc;
    }
    rc = check_bundle(importing, p, n, err);
    importing->at = 0;
    rc = rc ? rc : bring_all(importing, p, n, err);
    free(p);
    return rc;
}

static int say_refused(const struct importing *importing, int code, struct err *err)
{
    enum lang lang = session_lang(importing->session);
    char more[64] = "";

    if (importing->refused > 1) {
        (void)snprintf(more, sizeof more, lang_text(lang, " and %zu more", "及另 %zu 条"),
                       importing->refused - 1);
    }
    return err_set(err, code, lang_text(lang, "%s: record %zu%s: %s", "%s：第 %zu 条%s：%s"),
                   importing->first.path, importing->first.at, more, importing->first.why.text);
}

int ctl_import_bundle(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster import bundle FILE... [options]",
                              .summary = "Brings in what another region's broker has written for this one "
                                         "with muster export. Each record\n"
                                         "must bear its signature; what is known already changes nothing.",
                              .options = options,
                              .examples = "  muster import bundle /media/usb/to-370100.bundle\n",
                              .arguments_min = 1,
                              .arguments_max = ARGUMENTS_MAX};
    const struct session_needs needs = {0};
    struct importing importing = {.taken = 0};
    struct arguments arguments;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &importing.session, &err);
    if (rc == 0) {
        importing.region = session_profile(importing.session)->region.name;
    }
    for (size_t i = 0; i < arguments.n && rc == 0; i++) {
        importing.path = arguments.at[i];
        rc = import_file(&importing, &err);
    }
    if (importing.refused > 0 && (rc == 0 || importing.hopeless)) {
        rc = say_refused(&importing, rc != 0 ? rc : ERR_DATA, &err);
    } else if (importing.refused > 0) { /* what ended it is said at the end */
        struct err refused = {0};
        (void)say_refused(&importing, ERR_DATA, &refused);
        ctl_note("%s", refused.text);
    }
    bool is_said = rc == 0 || importing.taken + importing.known + importing.refused > 0;
    if (is_said && online.json) {
        printf("{\"taken\":%zu,\"known\":%zu,\"refused\":%zu}\n", importing.taken, importing.known,
               importing.refused);
    } else if (is_said) {
        printf(lang_text(online.lang, "%zu records brought in, %zu known already\n",
                         "导入 %zu 条记录，%zu 条此前已有\n"),
               importing.taken, importing.known);
    }
    return session_end(importing.session, rc, &err);
}
