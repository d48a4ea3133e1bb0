/* muster import cap: other systems' alerts, each as it says it. All files are read before the first is sent.
 * */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/ctl/cap.h"
#include "agents/ctl/saying.h"
#include "agents/ctl/session.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

enum {
    BATCH = 16,   /* commands under one signature */
    WINDOW = 256, /* under way: of the largest, 40 MiB */
    FILE_PIECE = 64 * 1024,
    COMMAND_ROOM = 2048, /* of a command for what is not the alert */
    CAP_MEMORY = 512 * 1024 * 1024
};

enum fate { FATE_READ, FATE_IN, FATE_THERE, FATE_REFUSED };

/* An alert, or a file or entry that is none. */
struct item {
    const char *file;
    bool of_feed;
    const struct cap_alert *alert; /* NULL: nothing of it could be taken */
    enum fate fate;
    bool disputed;   /* by another content under the same name, now or before */
    const char *why; /* refused: "FILE:LINE: why" */
};

struct import {
    struct session *session;
    struct arena arena;
    struct item *items;
    size_t n;
    size_t capacity;
    const char *file; /* being read */
    enum lang lang;
    enum mode mode; /* of the desk: but for actual, no other is taken */
    bool is_terminal;
    bool no_memory;
    uint64_t run; /* tells this run's replies from those to an earlier one: upper half of the tag */
    size_t next;
    size_t answered;
    size_t to_send;
    enum refusal hopeless; /* a refusal that all the others would get too */
    char detail[256];
    struct command commands[BATCH];
    uint64_t tags[BATCH];
};

/* --- reading --------------------------------------------------------------------------------------- */

static struct item *add_item(struct import *import, const struct cap_alert *alert)
{
    if (import->n == import->capacity) {
        size_t wanted = import->capacity == 0 ? 64 : import->capacity * 2;
        struct item *grown = realloc(import->items, wanted * sizeof *grown);
        if (grown == NULL) {
            import->no_memory = true;
            return NULL;
        }
        import->items = grown;
        import->capacity = wanted;
    }
    struct item *item = &import->items[import->n++];
    *item = (struct item){.file = import->file, .alert = alert, .why = ""};
    return item;
}

static void refuse(struct import *import, struct item *item, const char *why)
{
    if (item != NULL) {
        item->fate = FATE_REFUSED;
        item->why = arena_strdup(&import->arena, why);
        import->no_memory = import->no_memory || item->why == NULL;
    }
}

static void say_entry(void *ctx, const char *text)
{
    struct import *import = ctx;
    struct item *item = add_item(import, NULL);

    refuse(import, item, text);
    if (item != NULL) {
        item->of_feed = true;
    }
}

static int load(const char *path, struct buf *ret, struct err *err)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return err_set(err, errno == EACCES ? ERR_PERMISSION : ERR_NO_INPUT, "%s: cannot be opened: %s", path,
                       strerror(errno));
    }
    for (size_t n = 1; n > 0 && !ret->failed && ret->n <= CAP_FEED_BYTES_MAX;) {
        uint8_t piece[FILE_PIECE];
        n = fread(piece, 1, sizeof piece, file);
        buf_append(ret, piece, n);
    }
    int rc = ferror(file) ? err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno)) : 0;
    (void)fclose(file);
    return ret->failed ? err_set(err, ERR_NO_MEMORY, "%s: out of memory", path) : rc;
}

static struct command command_of(const struct cap_alert *alert)
{
    return (struct command){.kind = COMMAND_RECORD_ALERT,
                            .region = "",
                            .mode = alert_mode(alert->said.status),
                            .agent = "",
                            .operator= "",
                            .occurred_at_ms = alert->said.sent_ms,
                            .record_alert = alert->said};
}

/* The wire's bounds, too: so that what goes out is what a broker can read. */
static void check_fits(struct import *import, struct item *item)
{
    struct command command = command_of(item->alert);
    struct buf bytes;
    char why[256];

    buf_init(&bytes, COMMAND_MAX - COMMAND_ROOM);
    wire_encode_command(&command, &bytes);
    if (bytes.starved) {
        import->no_memory = true;
    } else if (bytes.failed) {
        (void)snprintf(why, sizeof why, "%s:%ld: its words are more than the %d bytes of a command",
                       item->file, item->alert->line, COMMAND_MAX - COMMAND_ROOM);
        refuse(import, item, why);
    }
    buf_free(&bytes);
}

static int read_file(struct import *import, const char *path)
{
    struct cap_file file = {.n = 0};
    struct err err = {0};
    struct buf text;

    import->file = path;
    buf_init(&text, 0);
    int rc = load(path, &text, &err);
    rc = rc ? rc
            : cap_read(path, (const char *)text.p, text.n, &import->arena, say_entry, import, &file, &err);
    buf_free(&text);
    if (rc != 0) {
        refuse(import, add_item(import, NULL), err.text);
    }
    for (size_t i = 0; i < file.n; i++) {
        struct item *item = add_item(import, &file.alerts[i]);
        if (item != NULL) {
            item->of_feed = file.is_feed;
            check_fits(import, item);
        }
    }
    return rc == ERR_NO_MEMORY || import->no_memory ? ERR_NO_MEMORY : 0;
}

/* --- sending --------------------------------------------------------------------------------------- */

static bool next(void *ctx, struct err *err, int *ret_rc)
{
    struct import *import = ctx;
    size_t n = 0;

    for (; n < BATCH && import->next < import->n && import->hopeless == REFUSED_NOT; import->next++) {
        if (import->items[import->next].fate == FATE_READ) {
            import->commands[n] = command_of(import->items[import->next].alert);
            import->tags[n++] = import->run << 32 | import->next;
        }
    }
    *ret_rc =
        n > 0 ? client_submit_batch(session_client(import->session), import->commands, import->tags, n, err)
              : 0;
    return import->next < import->n && import->hopeless == REFUSED_NOT;
}

static void on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct import *import = ctx;
    size_t at = (size_t)(tag & UINT32_MAX);

    if (tag >> 32 != import->run || at >= import->n) {
        return; /* of an import that was cut off */
    }
    struct item *item = &import->items[at];
    import->answered++;
    if (reply->outcome == OUTCOME_DONE) {
        item->fate = FATE_IN;
    } else if (reply->outcome == OUTCOME_UNCHANGED) {
        item->fate = FATE_THERE;
    } else if (refusal_is_hopeless(reply->refusal)) {
        import->hopeless = reply->refusal;
        (void)snprintf(import->detail, sizeof import->detail, "%s",
                       reply->detail != NULL ? reply->detail : "");
    } else {
        struct err err = {0};
        char why[sizeof err.text + 512];
        (void)refusal_fail(import->lang, reply->refusal, reply->detail, &err);
        (void)snprintf(why, sizeof why, "%s:%ld: %s", item->file, item->alert->line, err.text);
        refuse(import, item, why);
    }
}

static void on_tick(void *ctx)
{
    const struct import *import = ctx;

    if (import->is_terminal) {
        (void)fprintf(stderr, lang_text(import->lang, "\r%zu of %zu alerts ", "\r%zu / %zu 条预警 "),
                      import->answered, import->to_send);
    }
}

/* A training desk takes no alert that is actual. */
static void check_modes(struct import *import)
{
    char why[256];

    for (size_t i = 0; i < import->n; i++) {
        struct item *item = &import->items[i];
        if (item->alert == NULL || item->fate != FATE_READ) {
            continue;
        }
        enum mode mode = alert_mode(item->alert->said.status);
        if (import->mode != MODE_ACTUAL && mode != import->mode) {
            (void)snprintf(why, sizeof why, "%s:%ld: the alert is %s, this desk %s", item->file,
                           item->alert->line, mode_name(mode), mode_name(import->mode));
            refuse(import, item, why);
        }
        import->to_send += item->fate == FATE_READ;
    }
}

/* Whether others bear the same name, the alert's own stream says. */
static int ask_disputes(struct import *import, struct err *err)
{
    char stream[STREAM_NAME_MAX];

    for (size_t i = 0; i < import->n; i++) {
        struct item *item = &import->items[i];
        if (item->fate != FATE_IN && item->fate != FATE_THERE) {
            continue;
        }
        struct id id = item->alert->said.alert;
        int rc = session_read(import->session, TAIL_STREAM, stream_name(stream_key_alert(id), stream), err);
        if (rc != 0) {
            return rc;
        }
        const struct alert *alert = state_alert(view_state(session_view(import->session)), id);
        item->disputed = alert != NULL && alert_is_disputed(alert);
    }
    return 0;
}

static int send_all(struct import *import, struct online *online, struct err *err)
{
    const struct session_stream stream = {
        .ctx = import, .next = next, .on_reply = on_reply, .on_tick = on_tick, .window = WINDOW};
    const struct session_needs needs = {0};
    uint32_t run;
    int rc = session_open(online, &needs, &import->session, err);

    if (rc != 0) {
        return rc;
    }
    rng_system()->fill(rng_system()->ctx, &run, sizeof run);
    import->run = run & INT32_MAX; /* the tag is kept in a database as a signed number */
    import->lang = online->lang;
    import->mode = session_profile(import->session)->mode;
    check_modes(import);
    rc = session_stream(import->session, &stream, err);
    if (import->is_terminal) {
        (void)fprintf(stderr, "\r%40s\r", "");
    }
    if (rc == 0 && import->hopeless != REFUSED_NOT) {
        return refusal_fail(import->lang, import->hopeless, import->detail, err);
    }
    if (rc == 0 && ask_disputes(import, err) != 0) {
        ctl_note("which alerts are disputed is not known: %s", err->text);
        *err = (struct err){0};
    }
    return rc != 0 ? rc : import->no_memory ? ERR_NO_MEMORY : 0;
}

/* --- what came of it ------------------------------------------------------------------------------- */

static const char *fate_word(const struct import *import, const struct item *item)
{
    switch (item->fate) {
    case FATE_READ:
        return lang_text(import->lang, "can be read", "可读取");
    case FATE_IN:
        return item->disputed ? lang_text(import->lang, "in, disputed", "已入库，存在争议")
                              : lang_text(import->lang, "in", "已入库");
    case FATE_THERE:
        return item->disputed ? lang_text(import->lang, "already there, disputed", "已存在，存在争议")
                              : lang_text(import->lang, "already there", "已存在");
    case FATE_REFUSED:
        break;
    }
    return lang_text(import->lang, "refused", "被拒");
}

/* "refused: 8: <alert> has no <scope>": the file stands in its own column. */
static void put_fate(struct table *table, const struct import *import, const struct item *item)
{
    size_t n = strlen(item->file);
    bool named = strncmp(item->why, item->file, n) == 0 && item->why[n] == ':';
    const char *why = named ? item->why + n + 1 : item->why;
    bool line = named && why[0] >= '0' && why[0] <= '9';
    char said[VIEW_SAYING_TEXT];

    why += why[0] == ' ';
    why = import->lang == LANG_ZH ? ctl_saying_zh(why, said) : why;

    if (item->fate == FATE_REFUSED) {
        table_print(table,
                    line ? lang_text(import->lang, "refused: line %s", "被拒：行 %s")
                         : lang_text(import->lang, "refused: %s", "被拒：%s"),
                    why);
    } else {
        table_cell(table, fate_word(import, item));
    }
}

static bool same_row(const struct item *a, const struct item *b)
{
    return a->file == b->file && a->of_feed && b->of_feed && a->fate == b->fate &&
           a->disputed == b->disputed && a->fate != FATE_REFUSED;
}

static void put_table(const struct import *import, struct buf *ret)
{
    struct table table;

    table_init(&table, "lll");
    table_cell(&table, lang_text(import->lang, "FILE", "文件"));
    table_cell(&table, lang_text(import->lang, "IDENTIFIER", "标识"));
    table_cell(&table, lang_text(import->lang, "WHAT CAME OF IT", "结果"));
    for (size_t i = 0; i < import->n;) {
        const struct item *item = &import->items[i];
        size_t n = 1;
        while (i + n < import->n && same_row(item, &import->items[i + n])) {
            n++;
        }
        table_cell(&table, item->file);
        if (item->of_feed && item->alert != NULL) {
            table_print(&table, lang_text(import->lang, "%zu entries of a feed", "目录 %zu 条"), n);
        } else {
            table_cell(&table, item->alert != NULL ? item->alert->said.identifier : "-");
        }
        put_fate(&table, import, item);
        i += n;
    }
    table_show(&table, "", ret);
    ret->failed = ret->failed || table.failed;
    table_free(&table);
}

static void put_json(const struct import *import, struct buf *ret)
{
    static const char *const fates[] = {"read", "in", "already-there", "refused"};

    for (size_t i = 0; i < import->n; i++) {
        const struct item *item = &import->items[i];
        struct json json = json_begin(ret);
        json_object(&json, NULL);
        json_text(&json, "file", item->file);
        json_bool(&json, "feed", item->of_feed);
        json_text(&json, "outcome", fates[item->fate]);
        json_bool(&json, "disputed", item->disputed);
        if (item->alert != NULL) {
            const struct record_alert *said = &item->alert->said;
            json_id(&json, "alert", said->alert);
            json_text(&json, "identifier", said->identifier);
            json_text(&json, "sender", said->sender);
            json_number(&json, "sent_ms", said->sent_ms);
            json_unsigned(&json, "infos", said->infos_n);
        }
        json_text(&json, "why", item->why);
        json_object_end(&json);
        buf_puts(ret, "\n");
    }
}

static size_t count_refused(const struct import *import)
{
    size_t n = 0;

    for (size_t i = 0; i < import->n; i++) {
        n += import->items[i].fate == FATE_REFUSED;
    }
    return n;
}

static int show(const struct import *import, bool json, bool check, struct err *err)
{
    size_t refused = count_refused(import);
    struct buf out;

    buf_init(&out, 0);
    if (json) {
        put_json(import, &out);
    } else {
        put_table(import, &out);
    }
    printf("%s", buf_text(&out));
    int rc = out.failed ? ERR_NO_MEMORY : 0;
    buf_free(&out);
    if (rc == 0 && refused > 0) {
        rc = err_set(err, ERR_DATA,
                     check || refused == import->n ? "%zu refused" : "%zu refused; the rest is in", refused);
    }
    return rc;
}

/* --- the command ----------------------------------------------------------------------------------- */

static int import_files(const struct arguments *files, bool check, struct online *online)
{
    struct import *import = calloc(1, sizeof *import);
    struct err err = {0};
    int rc = import == NULL ? ERR_NO_MEMORY : lang_choose(online->lang_word, &online->lang, &err);

    if (rc == 0) {
        import->lang = online->lang;
        import->is_terminal = isatty(STDERR_FILENO);
        arena_init(&import->arena, CAP_MEMORY);
    }
    for (size_t i = 0; rc == 0 && i < files->n; i++) {
        rc = read_file(import, files->at[i]);
    }
    if (rc == 0 && !check && count_refused(import) < import->n) {
        rc = send_all(import, online, &err);
    }
    rc = rc ? rc : show(import, online->json, check, &err);
    int exit_code = session_end(import != NULL ? import->session : NULL, rc, &err);
    if (import != NULL) {
        arena_free(&import->arena);
        free(import->items);
    }
    free(import);
    return exit_code;
}

int ctl_import_cap(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    bool check = false;
    const struct option options[] = {
        {"check", OPTION_FLAG, &check, NULL, "read the files and say what would be refused; send nothing"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster import cap FILE... [options]",
                              .summary = "Imports alerts (CAP 1.1 and 1.2, the national platform's dialect) "
                                         "and Atom feeds of them, each as\n"
                                         "it says it. Needs the right \"alert\". No link is followed and no "
                                         "entity expanded; a file with a\n"
                                         "document type declaration is refused. The same alert again changes "
                                         "nothing; another content under\n"
                                         "the same sender, identifier and time is kept beside it, and both "
                                         "are disputed. What is refused is\n"
                                         "named with its line, the rest goes in, and the exit code is 65.",
                              .options = options,
                              .examples = "  muster import cap alert.cap feed.xml --config centre.yaml\n"
                                          "  muster import cap alerts/*.cap --check\n",
                              .arguments_min = 1,
                              .arguments_max = ARGUMENTS_MAX};
    struct arguments arguments;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    return import_files(&arguments, check, &online);
}
