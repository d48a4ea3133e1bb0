/* muster region load, list: the dated table of divisions. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/region_table.h"
#include "agents/ctl/resolve.h"
#include "common/base/text.h"
#include "common/base/when.h"
#include "common/core/stream.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

enum { TABLE_MEMORY = 4 * 1024 * 1024 };

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static int is_of_region(const struct set_divisions *table, const size_t *lines, const char *path,
                        const char *region, struct err *err)
{
    for (size_t i = 0; i < table->divisions_n; i++) {
        if (!division_is_within(table->divisions[i].code, region)) {
            return err_set(err, ERR_DATA, "%s:%zu: %s %s is not of region %s; leave it out", path, lines[i],
                           table->divisions[i].code, table->divisions[i].name, region);
        }
    }
    return 0;
}

int ctl_region_load(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *source = "";
    const struct option options[] = {
        {"source", OPTION_TEXT, &source, "TEXT", "what the table is called (default: the file's name)"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster region load FILE [options]",
        .summary =
            "Loads the table of the region's divisions (行政区划代码): CSV with CODE,NAME,FROM,TO a line; 6 "
            "digits\n"
            "of a county (GB/T 2260), 9 of a township, 12 of a village (统计用区划代码); FROM and TO are the "
            "first\n"
            "and the last day, empty: always was, is still. It replaces the one before; the log keeps both.\n"
            "Needs an operator with the right \"admin\".",
        .options = options,
        .examples = "  muster region load 370102-2023.csv\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SET_DIVISIONS};
    struct arguments arguments;
    struct session *session = NULL;
    const size_t *lines = NULL;
    struct reply reply;
    struct arena arena;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    const char *path = arguments.at[0];
    arena_init(&arena, TABLE_MEMORY);
    int rc = region_table_load(path, &arena, &command.set_divisions, &lines, &err);
    command.set_divisions.source = source[0] != '\0' ? source : base_of(path);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc
            : is_of_region(&command.set_divisions, lines, path, session_profile(session)->region.name, &err);
    rc = rc ? rc : session_submit(session, &command, &reply, &err);
    if (rc == 0 && online.json) {
        printf("{\"divisions\":%zu,\"outcome\":\"%s\",\"seq\":%llu}\n", command.set_divisions.divisions_n,
               reply.outcome == OUTCOME_DONE ? "done" : "unchanged", (unsigned long long)reply.seq);
    } else if (rc == 0) {
        printf(
            "%zu %s\n", command.set_divisions.divisions_n,
            reply.outcome == OUTCOME_DONE
                ? lang_text(online.lang, "divisions are in force", "条行政区划代码已生效")
                : lang_text(online.lang, "divisions were in force so already", "条行政区划代码此前已生效"));
    }
    arena_free(&arena);
    return session_end(session, rc, &err);
}

/* --- list ----------------------------------------------------------------------------------------- */

static const char *day_text(uint32_t day, char ret[16])
{
    (void)snprintf(ret, 16, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
    return day != 0 ? ret : "";
}

/* A day, or that of a time. */
static int day_of(struct session *session, const char *text, uint32_t *ret, struct err *err)
{
    int64_t ms = 0;

    if (region_table_day(text, ret)) {
        return 0;
    }
    int rc = resolve_time(session, "at", text, &ms, err);
    if (rc == 0) {
        *ret = division_day(ms, state_region(view_state(session_view(session)))->utc_offset_minutes);
    }
    return rc;
}

static bool is_shown(const struct division *division, const char *code, uint32_t day)
{
    char whole[REGION_CODE_MAX + 1];

    if (code != NULL && (!division_code(code, whole) || strcmp(whole, division->code) != 0)) {
        return false;
    }
    return day == 0 || (division->from <= day && (division->to == 0 || day <= division->to));
}

static size_t print_divisions(const struct region *region, const char *code, uint32_t day, bool json)
{
    char from[16], to[16];
    struct table table;
    struct buf out;
    size_t n = 0;

    buf_init(&out, 0);
    table_init(&table, "llll");
    for (size_t i = 0; i < region->divisions_n; i++) {
        const struct division *division = &region->divisions[i];
        if (!is_shown(division, code, day)) {
            continue;
        }
        n++;
        if (json) {
            struct json line = json_begin(&out);
            json_object(&line, NULL);
            json_text(&line, "code", division->code);
            json_text(&line, "name", division->name);
            json_text(&line, "from", day_text(division->from, from));
            json_text(&line, "to", day_text(division->to, to));
            json_object_end(&line);
            buf_puts(&out, "\n");
            continue;
        }
        table_cell(&table, division->code);
        table_cell(&table, division->name);
        table_cell(&table, day_text(division->from, from));
        table_cell(&table, day_text(division->to, to));
    }
    table_show(&table, "", &out);
    table_free(&table);
    printf("%s", buf_text(&out));
    buf_free(&out);
    return n;
}

int ctl_region_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *at = "";
    const struct option options[] = {
        {"at", OPTION_TEXT, &at, "DAY", "those of that day, 2023-01-01 (default: all, with their days)"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster region list [CODE] [options]",
                              .summary =
                                  "Lists the divisions of the table in force, or what one code stands for.",
                              .options = options,
                              .examples = "  muster region list 370102001 --at 2022-06-01\n",
                              .arguments_max = 1};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    char stream[STREAM_NAME_MAX];
    uint32_t day = 0;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc
            : session_read(session, TAIL_STREAM,
                           stream_of_region(session_profile(session)->region.name, stream), &err);
    rc = rc ? rc : day_of(session, at, &day, &err);
    if (rc == 0) {
        const struct region *region = state_region(view_state(session_view(session)));
        const char *code = arguments.n > 0 ? arguments.at[0] : NULL;
        if (print_divisions(region, code, day, online.json) == 0) {
            rc = err_set(&err, ERR_NOT_FOUND, "%s",
                         region->divisions_n == 0
                             ? lang_text(online.lang,
                                         "no table of divisions is loaded: \"muster region load FILE\"",
                                         "未载入行政区划代码表：muster region load FILE")
                             : lang_text(online.lang, "the table has no such division", "代码表中无此代码"));
        }
    }
    return session_end(session, rc, &err);
}
