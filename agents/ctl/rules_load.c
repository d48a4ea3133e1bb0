/* muster rules load, list, drop: the rule packs in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/rules_kind.h"
#include "agents/ctl/rules_loop.h"
#include "agents/ctl/rules_role.h"
#include "agents/ctl/session.h"
#include "common/core/stream.h"
#include "common/rules/pack_check.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

enum { PATH_TEXT = 4096 };

/* The region's stream into the session's view. */
static int read_region(struct session *session, struct err *err)
{
    char stream[STREAM_NAME_MAX];

    return session_read(session, TAIL_STREAM, stream_of_region(session_profile(session)->region.name, stream),
                        err);
}

static void print_outcome(const struct online *online, const char *pack, const char *version,
                          const struct reply *reply, const char *done, const char *unchanged)
{
    bool is_done = reply->outcome == OUTCOME_DONE;

    if (online->json) {
        struct buf out;
        buf_init(&out, 0);
        struct json json = json_begin(&out);
        json_object(&json, NULL);
        json_text(&json, "pack", pack);
        json_text(&json, "version", version);
        json_text(&json, "outcome", is_done ? "done" : "unchanged");
        json_unsigned(&json, "seq", reply->seq);
        json_object_end(&json);
        printf("%s\n", buf_text(&out));
        buf_free(&out);
    } else {
        printf("%s%s%s %s\n", pack, version[0] != '\0' ? " " : "", version, is_done ? done : unchanged);
    }
}

/* --- load ----------------------------------------------------------------------------------------- */

struct loading {
    const char *path;
    struct conditions *conditions;
    struct pack *packs[REGION_PACKS_MAX + 1]; /* the first is to be loaded, the others are in force */
    size_t packs_n;
    char *text;
};

/* Read here first: a mistake is shown with the file's own name, and the broker need not be there for it. */
static int read_pack(struct loading *l, enum lang lang, struct err *err)
{
    struct pack_loop loop;
    int rc = conditions_open(&l->conditions, err);

    if (rc == 0) {
        conditions_speak(l->conditions, lang == LANG_ZH);
    }
    rc = rc ? rc : pack_load(l->path, l->conditions, &l->packs[0], &l->text, err);
    if (rc != 0) {
        return rc;
    }
    l->packs_n = 1;
    return pack_find_loop(l->conditions, l->packs, 1, &loop) == LOOPS_FOUND
               ? rules_loop_fail(&loop, l->path, lang, err)
               : pack_try(l->conditions, l->packs[0], l->path, err);
}

/* Those that are in force together can fire each other, too. What this version cannot read is let be: it is
 * the broker's to run it. */
static int check_together(struct loading *l, const struct region *region, enum lang lang, struct err *err)
{
    struct pack_loop loop;
    char where[PATH_TEXT];

    for (size_t i = 0; i < region->packs_n; i++) {
        const struct region_pack *there = &region->packs[i];
        if (strcmp(there->name, l->packs[0]->name) != 0 &&
            pack_read(there->name, there->text, strlen(there->text), l->conditions, &l->packs[l->packs_n],
                      NULL) == 0) {
            l->packs_n++;
        }
    }
    if (pack_find_loop(l->conditions, l->packs, l->packs_n, &loop) != LOOPS_FOUND) {
        return 0;
    }
    (void)snprintf(where, sizeof where,
                   lang_text(lang, "%s, together with what is in force", "%s 与已生效的规则包合用"), l->path);
    return rules_loop_fail(&loop, where, lang, err);
}

static void loading_free(struct loading *l)
{
    for (size_t i = 0; i < l->packs_n; i++) {
        pack_free(l->packs[i]);
    }
    conditions_close(l->conditions);
    free(l->text);
}

int ctl_rules_load(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster rules load PACK [options]",
        .summary =
            "Puts a rule pack in force, or another version of one that is. It is checked here and by the\n"
            "broker; with a mistake in it, conditions that can never hold, or rules that fire each other\n"
            "for ever, also with those of the packs in force, nothing changes. Roles that it notifies and\n"
            "nobody has are named. Needs an operator with the right \"admin\".",
        .options = options,
        .examples = "  muster rules load decree-493.yaml\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SET_PACK};
    struct loading loading = {.packs_n = 0};
    struct arguments arguments;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    enum lang lang;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    loading.path = arguments.at[0];
    int rc = lang_choose(online.lang_word, &lang, &err);
    rc = rc ? rc : read_pack(&loading, lang, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : read_region(session, &err);
    rc = rc ? rc : check_together(&loading, state_region(view_state(session_view(session))), lang, &err);
    if (rc == 0) {
        command.set_pack = (struct set_pack){.text = loading.text};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        const struct region *region = state_region(view_state(session_view(session)));
        rules_note_roles(region, loading.packs[0], loading.path, lang);
        rules_note_kinds(region, loading.packs[0], loading.path, lang);
        print_outcome(&online, loading.packs[0]->name, loading.packs[0]->version, &reply,
                      lang_text(online.lang, "is in force", "已生效"),
                      lang_text(online.lang, "was in force so already", "此前已生效"));
    }
    loading_free(&loading);
    return session_end(session, rc, &err);
}

/* --- drop ----------------------------------------------------------------------------------------- */

int ctl_rules_drop(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    const struct option options[] = {{"reason", OPTION_TEXT, &reason, "TEXT", "why it goes"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster rules drop NAME [options]",
        .summary = "Takes a rule pack out of force. What it has done stays done. Needs an\n"
                   "operator with the right \"admin\".",
        .options = options,
        .examples = "  muster rules drop decree-493 --reason \"replaced by the city's\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_DROP_PACK};
    struct arguments arguments;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    if (rc == 0) {
        command.drop_pack = (struct drop_pack){.name = arguments.at[0], .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, arguments.at[0], "", &reply, lang_text(online.lang, "is dropped", "已停用"),
                      lang_text(online.lang, "is not in force", "未在用"));
    }
    return session_end(session, rc, &err);
}

/* --- list ----------------------------------------------------------------------------------------- */

static void put_json(const struct region *region, struct buf *out)
{
    struct json json = json_begin(out);

    json_array(&json, NULL);
    for (size_t i = 0; i < region->packs_n; i++) {
        json_object(&json, NULL);
        json_text(&json, "pack", region->packs[i].name);
        json_text(&json, "version", region->packs[i].version);
        json_hex(&json, "hash", region->packs[i].hash, HASH_OF_PACK_BYTES);
        json_object_end(&json);
    }
    json_array_end(&json);
    buf_puts(out, "\n");
}

static void put_text(const struct region *region, enum lang lang, struct buf *out)
{
    static const char *const headings[2][3] = {{"pack", "version", "BLAKE2b of its text"},
                                               {"规则包", "版本", "文本摘要 BLAKE2b"}};
    enum { SHOWN = 8 }; /* bytes: enough to tell two apart at a glance */
    struct table table;

    table_init(&table, "lll");
    for (size_t i = 0; i < 3; i++) {
        table_cell(&table, headings[lang][i]);
    }
    for (size_t i = 0; i < region->packs_n; i++) {
        char hash[2 * SHOWN + 1];
        for (size_t j = 0; j < SHOWN; j++) {
            (void)snprintf(hash + 2 * j, 3, "%02x", region->packs[i].hash[j]);
        }
        table_cell(&table, region->packs[i].name);
        table_cell(&table, region->packs[i].version);
        table_cell(&table, hash);
    }
    table_show(&table, "", out);
    table_free(&table);
}

static int print_packs(const struct region *region, const struct online *online, struct err *err)
{
    struct buf out;
    int rc = 0;

    buf_init(&out, 0);
    if (online->json) {
        put_json(region, &out);
    } else if (region->packs_n > 0) {
        put_text(region, online->lang, &out);
    } else {
        ctl_note("%s", lang_text(online->lang, "no rule pack is in force", "没有生效的规则包"));
    }
    printf("%s", buf_text(&out));
    if (out.failed) {
        rc = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    buf_free(&out);
    return rc;
}

/* The text as it was put in force: what is checked, compared, or changed. */
static int print_one(const struct region *region, const char *name, struct err *err)
{
    const struct region_pack *pack = region_pack(region, name);

    if (pack == NULL) {
        return err_set(err, ERR_NOT_FOUND,
                       "no rule pack \"%s\" is in force; \"muster rules list\" shows which are", name);
    }
    printf("%s", pack->text);
    return 0;
}

int ctl_rules_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster rules list [NAME] [options]",
                              .summary = "Lists the rule packs in force, or prints the text of one.",
                              .options = options,
                              .examples = "  muster rules list\n  muster rules list decree-493 > mine.yaml\n",
                              .arguments_max = 1};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : read_region(session, &err);
    if (rc == 0) {
        const struct region *region = state_region(view_state(session_view(session)));
        rc = arguments.n > 0 ? print_one(region, arguments.at[0], &err) : print_packs(region, &online, &err);
    }
    return session_end(session, rc, &err);
}
