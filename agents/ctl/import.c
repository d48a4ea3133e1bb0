/* muster import cad-csv: another dispatch system's past, sent through the broker as fast as it takes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/ctl/cad.h"
#include "agents/ctl/session.h"
#include "common/view/view_json.h"

enum {
    BATCH = 64,     /* commands under one signature */
    WINDOW = 1024,  /* under way: four of the broker's largest commits */
    SAID_MAX = 100, /* lines about bad rows and refusals; the rest is counted */
    MAP_MEMORY = 1024 * 1024
};

struct import {
    const struct cad_map *map;
    const struct cad *cad;
    struct session *session;
    const char *file;
    bool is_terminal;
    enum lang lang;
    uint64_t run;    /* tells this run's replies from those to an earlier one: upper half of the tag */
    size_t incident; /* next to be sent, */
    size_t order;    /* from this order on */
    size_t recorded; /* commands by their replies */
    size_t unchanged;
    size_t refused;
    size_t said;
    enum refusal hopeless; /* a refusal that all the others would get too */
    char detail[256];
    struct command commands[BATCH];
    uint64_t tags[BATCH];
    struct historic_order orders[BATCH][ORDERS_PER_COMMAND_MAX];
    const char *units[BATCH][ORDERS_PER_COMMAND_MAX];
};

static void say_row(void *ctx, bool note, const char *text)
{
    struct import *import = ctx;

    if (import->said++ < SAID_MAX) {
        if (note) {
            ctl_note("%s", text);
        } else {
            (void)ctl_fail_text(ERR_DATA, "%s", text);
        }
    }
}

static bool next(void *ctx, struct err *err, int *ret_rc)
{
    struct import *import = ctx;
    size_t n = 0;

    while (n < BATCH && import->incident < import->cad->incidents_n && import->hopeless == REFUSED_NOT) {
        const struct cad_incident *incident = &import->cad->incidents[import->incident];
        import->order += cad_command(import->map, incident, import->order, import->orders[n],
                                     import->units[n], &import->commands[n]);
        import->tags[n++] = import->run << 32 | import->incident;
        if (import->order == incident->n) {
            import->incident++;
            import->order = 0;
        }
    }
    *ret_rc = client_submit_batch(session_client(import->session), import->commands, import->tags, n, err);
    return n == BATCH;
}

static void say_refused(struct import *import, size_t at, const struct reply *reply)
{
    const struct cad_row *row = &import->cad->incidents[at].rows[0];
    struct err err = {0};
    char text[sizeof err.text + 256];

    (void)refusal_fail(import->lang, reply->refusal, reply->detail, &err);
    (void)snprintf(text, sizeof text, "%s:%zu: incident %s: %s", import->file, row->line, row->incident,
                   err.text);
    say_row(import, false, text);
}

static void on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct import *import = ctx;
    size_t at = (size_t)(tag & UINT32_MAX);

    if (tag >> 32 != import->run || at >= import->cad->incidents_n) {
        return; /* of an import that was cut off: its rows are sent again by this one */
    }
    if (reply->outcome == OUTCOME_DONE) {
        import->recorded++;
    } else if (reply->outcome == OUTCOME_UNCHANGED) {
        import->unchanged++;
    } else {
        import->refused++;
        if (refusal_is_hopeless(reply->refusal)) {
            import->hopeless = reply->refusal;
            (void)snprintf(import->detail, sizeof import->detail, "%s",
                           reply->detail != NULL ? reply->detail : "");
        } else {
            say_refused(import, at, reply);
        }
    }
}

static void on_tick(void *ctx)
{
    const struct import *import = ctx;

    if (import->is_terminal) {
        (void)fprintf(stderr, lang_text(import->lang, "\r%zu of %zu incidents ", "\r%zu / %zu 起事件 "),
                      import->recorded + import->unchanged + import->refused, import->cad->incidents_n);
    }
}

/* Commands answered; a large incident is more than one, so this is not the number of incidents. */
static void print_summary(const struct import *import, bool json, int64_t took_ms)
{
    const struct cad *cad = import->cad;
    int64_t ms = took_ms > 0 ? took_ms : 1;
    long long rate = (long long)((int64_t)import->recorded * 1000 / ms);

    if (import->said > SAID_MAX) {
        ctl_note("%zu more lines are not shown", import->said - SAID_MAX);
    }
    if (json) {
        struct buf out;
        buf_init(&out, 0);
        struct json object = json_begin(&out);
        json_object(&object, NULL);
        json_text(&object, "file", import->file);
        json_unsigned(&object, "incidents", cad->incidents_n);
        json_unsigned(&object, "orders", cad->rows_n);
        json_unsigned(&object, "units", cad->units);
        json_unsigned(&object, "recalled", cad->recalled);
        json_unsigned(&object, "bad_rows", cad->bad);
        json_unsigned(&object, "repeated_rows", cad->repeated);
        json_unsigned(&object, "recorded", import->recorded);
        json_unsigned(&object, "unchanged", import->unchanged);
        json_unsigned(&object, "refused", import->refused);
        json_number(&object, "milliseconds", took_ms);
        json_number(&object, "records_per_second", rate);
        json_object_end(&object);
        printf("%s\n", buf_text(&out));
        buf_free(&out);
        return;
    }
    printf(lang_text(import->lang, "incidents %zu, orders %zu, units %zu, recalled %zu\n",
                     "事件 %zu，指令 %zu，车组 %zu，撤回 %zu\n"),
           cad->incidents_n, cad->rows_n, cad->units, cad->recalled);
    printf(lang_text(import->lang, "recorded %zu, unchanged %zu, refused %zu, bad rows %zu, rows twice %zu\n",
                     "写入 %zu，未变 %zu，被拒 %zu，错误行 %zu，重复行 %zu\n"),
           import->recorded, import->unchanged, import->refused, cad->bad, cad->repeated);
    printf(lang_text(import->lang, "%lld.%02lld s, %lld records/s\n", "%lld.%02lld 秒，每秒 %lld 条记录\n"),
           (long long)(took_ms / 1000), (long long)(took_ms % 1000 / 10), rate);
}

static int send_all(struct import *import, bool json, struct err *err)
{
    const struct session_stream stream = {
        .ctx = import, .next = next, .on_reply = on_reply, .on_tick = on_tick, .window = WINDOW};
    const struct clock *clock = clock_system();
    int64_t begun_ms = clock->boot_ms(clock->ctx);
    uint32_t run;

    rng_system()->fill(rng_system()->ctx, &run, sizeof run);
    import->run = run & INT32_MAX; /* the tag is kept in a database as a signed number */
    int rc = session_stream(import->session, &stream, err);
    int64_t took_ms = clock->boot_ms(clock->ctx) - begun_ms;
    if (import->is_terminal) {
        (void)fprintf(stderr, "\r%40s\r", "");
    }
    if (rc == 0 && import->hopeless != REFUSED_NOT) {
        return refusal_fail(import->lang, import->hopeless, import->detail, err);
    }
    if (rc == 0) {
        print_summary(import, json, took_ms);
    }
    return rc;
}

static int run(struct import *import, struct csv *csv, struct online *online, struct err *err)
{
    const struct session_needs needs = {0};
    struct cad cad;
    int rc = session_open(online, &needs, &import->session, err);

    if (rc != 0) {
        return rc;
    }
    import->lang = online->lang;
    rc =
        cad_read(csv, import->map, session_profile(import->session)->region.name, say_row, import, &cad, err);
    if (rc != 0) {
        return rc;
    }
    import->cad = &cad;
    rc = send_all(import, online->json, err);
    if (rc == 0 && (cad.bad > 0 || import->refused > 0)) {
        rc = err_set(err, ERR_DATA, "%s: %zu bad rows, %zu refused; the rest is in", import->file, cad.bad,
                     import->refused);
    }
    cad_free(&cad);
    return rc;
}

static int import_file(const char *file, const char *map_path, struct online *online)
{
    struct import *import = calloc(1, sizeof *import);
    struct arena arena;
    struct cad_map map;
    struct csv *csv = NULL;
    struct err err = {0};
    struct session *session = NULL;

    arena_init(&arena, MAP_MEMORY);
    int rc = import == NULL ? ERR_NO_MEMORY : cad_map_load(map_path, &arena, &map, &err);
    rc = rc ? rc : csv_load(file, &csv, &err);
    if (rc == 0) {
        import->map = &map;
        import->file = file;
        import->is_terminal = isatty(STDERR_FILENO);
        rc = run(import, csv, online, &err);
        session = import->session;
    }
    int exit_code = session_end(session, rc, &err);
    csv_free(csv);
    arena_free(&arena);
    free(import);
    return exit_code;
}

int ctl_import_cad_csv(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *map = NULL;
    const struct option options[] = {
        {"map", OPTION_TEXT, &map, "FILE", "what the columns mean (YAML); maps/sf-fire.yaml is one"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster import cad-csv FILE --map MAP [options]",
        .summary =
            "Imports a dispatch system's records as history: they are kept and counted, and neither "
            "delivered\n"
            "nor timed. Needs the right \"history\". Importing the same file again, in any order of its "
            "rows,\n"
            "changes nothing. A bad row is named with its line and left out, the rest goes in, and the exit\n"
            "code is 65.",
        .options = options,
        .examples = "  muster import cad-csv calls.csv --map maps/sf-fire.yaml --config centre.yaml\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    if (map == NULL) {
        return ctl_fail_text(ERR_USAGE, "--map is wanted: the file that says what the columns mean, such as "
                                        "maps/sf-fire.yaml");
    }
    return import_file(arguments.at[0], map, &online);
}
