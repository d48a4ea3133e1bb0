/* muster agent list, enrol, revoke. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/roster.h"
#include "agents/ctl/session.h"
#include "common/core/link.h"
#include "common/core/stream.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"
#include "common/view/view_table.h"

enum { RIGHTS_MAX = 64 };

static void member_json(const struct member *member, const struct agent *agent, struct buf *out)
{
    struct json json = json_begin(out);

    json_object(&json, NULL);
    json_text(&json, "name", member->name);
    json_text(&json, "is", member->is_operator ? "operator" : "agent");
    json_bool(&json, "revoked", member->revoked);
    json_words(&json, "rights", member->rights);
    json_array(&json, "units");
    for (size_t i = 0; agent != NULL && i < agent->units_n; i++) {
        json_object(&json, NULL);
        json_text(&json, "id", agent->units[i].id);
        json_text(&json, "kind", unit_kind_name(agent->units[i].kind));
        json_text(&json, "type", agent->units[i].type);
        json_text(&json, "team", agent->units[i].team);
        json_text(&json, "status", unit_status_name(agent->units[i].status));
        json_unsigned(&json, "crew", agent->units[i].crew);
        json_words(&json, "equipment", agent->units[i].equipment);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object(&json, "acknowledged");
    for (unsigned lane = 1; agent != NULL && lane <= LANE_MAX; lane++) {
        json_unsigned(&json, lane_name((enum lane)lane), agent->acked[lane]);
    }
    json_object_end(&json);
    json_object_end(&json);
    buf_puts(out, "\n");
}

static void member_row(const struct state *state, const struct member *member, const struct agent *agent,
                       enum lang lang, struct table *table)
{
    struct buf text;
    uint64_t cursor = 0;

    buf_init(&text, 0);
    for (size_t i = 0; agent != NULL && i < agent->units_n; i++) {
        const struct unit *unit = &agent->units[i];
        buf_printf(&text, "%s%s%s%s%s%s", i > 0 ? ", " : "",
                   unit->kind != UNIT_KIND_TEAM ? "" : lang_text(lang, "team ", "队伍"), unit->id,
                   unit->status == UNIT_OUT_OF_SERVICE ? "(-)"
                   : unit->status == UNIT_ASSIGNED     ? "(*)"
                                                       : "",
                   unit->team[0] != '\0' ? "@" : "", unit->team);
    }
    for (unsigned lane = 1; agent != NULL && lane <= LANE_MAX; lane++) {
        cursor = agent->acked[lane] > cursor ? agent->acked[lane] : cursor;
    }
    table_cell(table, view_short_name(state, member->name));
    table_cell(table, member->revoked       ? lang_text(lang, "REVOKED", "已吊销")
                      : member->is_operator ? lang_text(lang, "operator", "值班员")
                                            : lang_text(lang, "agent", "代理"));
    if (cursor > 0) {
        table_print(table, "%llu", (unsigned long long)cursor);
    } else {
        table_cell(table, "-");
    }
    table_cell(table, buf_text(&text));
    buf_reset(&text);
    view_say_words(member->rights, &text);
    table_cell(table, buf_text(&text));
    buf_free(&text);
}

static int print_members(struct session *session, bool as_json)
{
    const struct state *state = view_state(session_view(session));
    const struct region *region = state_region(state);
    enum lang lang = session_lang(session);
    struct table table;
    struct buf out;

    buf_init(&out, 0);
    table_init(&table, "llrll");
    table_cell(&table, lang_text(lang, "NAME", "名称"));
    table_cell(&table, lang_text(lang, "IS", "身份"));
    table_cell(&table, lang_text(lang, "ACKED", "已签收至"));
    table_cell(&table, lang_text(lang, "UNITS", "车组"));
    table_cell(&table, lang_text(lang, "RIGHTS", "权限"));
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        const struct agent *agent = member->is_operator ? NULL : state_agent(state, member->name);
        if (as_json) {
            member_json(member, agent, &out);
        } else {
            member_row(state, member, agent, lang, &table);
        }
    }
    if (!as_json) {
        table_show(&table, "", &out);
    }
    printf("%s", buf_text(&out));
    int rc = table.failed || out.failed ? ERR_NO_MEMORY : 0;
    table_free(&table);
    buf_free(&out);
    return rc;
}

int ctl_agent_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster agent list [options]",
                              .summary = "Lists agents and operators with their rights, units (* on its way, "
                                         "- out of service, @ its team)\n"
                                         "and the record up to which each has acknowledged what it was sent.",
                              .options = options,
                              .examples = "  muster agent list\n  muster agent list --json\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    char stream[STREAM_NAME_MAX];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : session_read(session, TAIL_OPEN, NULL, &err);
    if (rc == ERR_PERMISSION && session != NULL) {
        ctl_note("%s has not the right \"watch\": units and acknowledgements are not shown",
                 session_profile(session)->agent.name);
        rc = session_read(session, TAIL_STREAM,
                          stream_of_region(session_profile(session)->region.name, stream), &err);
    }
    rc = rc ? rc : print_members(session, online.json);
    return session_end(session, rc, &err);
}

static void print_outcome(const struct online *online, const char *name, const struct reply *reply,
                          const char *done, const char *unchanged)
{
    if (online->json) {
        struct buf out;
        buf_init(&out, 0);
        struct json json = json_begin(&out);
        json_object(&json, NULL);
        json_text(&json, "name", name);
        json_text(&json, "outcome", reply->outcome == OUTCOME_DONE ? "done" : "unchanged");
        json_unsigned(&json, "seq", reply->seq);
        json_object_end(&json);
        printf("%s\n", buf_text(&out));
        buf_free(&out);
    } else {
        printf("%s %s\n", name, reply->outcome == OUTCOME_DONE ? done : unchanged);
    }
}

static int check_rights(const char *const *rights, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!right_is_known(rights[i])) {
            return err_set(err, ERR_USAGE, "--rights: \"%s\" is no right; they are %s", rights[i],
                           rights_list());
        }
    }
    return 0;
}

/* "370102/broker/link" has the key that `muster keys init` made as broker.pub, for region 370102. */
static bool is_broker_of(const char *agent, const char *region)
{
    char code[REGION_CODE_MAX + 1];

    return name_is_link(agent, code) && strcmp(code, region) == 0;
}

int ctl_agent_enrol(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *key = NULL;
    const char *rights_word = NULL;
    const struct option options[] = {{"key", OPTION_TEXT, &key, "FILE", "its public key, NAME.pub"},
                                     {"rights", OPTION_TEXT, &rights_word, "A,B", "what it may do"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster agent enrol NAME --key FILE --rights A,B [options]",
        .summary =
            "Enrols an agent (REGION/AGENCY/AGENT) or an operator (a name without a slash); with a new key,\n"
            "rotates it. Needs an operator with the right \"admin\". The key file must bear the same name.\n"
            "Rights: report order order:KIND recall evacuate close grade level receipt units history alert "
            "watch\n"
            "admin centre role:NAME.",
        .options = options,
        .examples = "  muster agent enrol 370102/fire-rescue/station-9 --key station-9.pub --rights "
                    "report,receipt,units\n"
                    "  muster agent enrol zhang.wei --key zhang.wei.pub --rights order,recall,close,report\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_ENROL_AGENT};
    const char *rights[RIGHTS_MAX];
    struct arguments arguments;
    struct public_keys keys;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    char *copy = NULL;
    size_t n = 0;
    int exit_code;
    int rc = 0;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    if (key == NULL || rights_word == NULL) {
        rc = err_set(&err, ERR_USAGE, "--key and --rights are wanted");
    } else {
        copy = strdup(rights_word);
        rc = copy == NULL ? ERR_NO_MEMORY : option_split(copy, rights, RIGHTS_MAX, &n, &err);
    }
    rc = rc ? rc : check_rights(rights, n, &err);
    rc = rc ? rc : keyfile_read_public(key, &keys, &err);
    if (rc == 0 && strcmp(keys.name, arguments.at[0]) != 0 && !is_broker_of(arguments.at[0], keys.name)) {
        rc = err_set(&err, ERR_DATA, "%s: is the key of \"%s\", not of \"%s\"", key, keys.name,
                     arguments.at[0]);
    }
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    if (rc == 0) {
        bool is_operator = strchr(arguments.at[0], '/') == NULL;
        command.kind = is_operator ? COMMAND_ENROL_OPERATOR : COMMAND_ENROL_AGENT;
        command.enrol = (struct enrol){.name = arguments.at[0], .rights = {rights, n}};
        memcpy(command.enrol.sign_key, keys.sign.b, KEY_BYTES);
        if (!is_operator) {
            memcpy(command.enrol.curve_key, keys.curve, KEY_BYTES);
        }
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, arguments.at[0], &reply, lang_text(online.lang, "is enrolled", "已登记"),
                      lang_text(online.lang, "was enrolled so already", "此前已如此登记"));
    }
    free(copy);
    return session_end(session, rc, &err);
}

int ctl_agent_revoke(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = NULL;
    const struct option options[] = {{"reason", OPTION_TEXT, &reason, "TEXT", "why; it is kept in the log"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster agent revoke NAME --reason TEXT [options]",
        .summary =
            "Ends the right of an agent or operator to speak. Needs an operator with the right \"admin\".",
        .options = options,
        .examples = "  muster agent revoke 370102/fire-rescue/station-9 --reason \"terminal stolen\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_REVOKE};
    struct arguments arguments;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = reason == NULL ? err_set(&err, ERR_USAGE, "--reason is wanted: it is kept in the log") : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    if (rc == 0) {
        command.revoke = (struct revoke){.name = arguments.at[0], .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, arguments.at[0], &reply, lang_text(online.lang, "is revoked", "已吊销"),
                      lang_text(online.lang, "was revoked already", "此前已吊销"));
    }
    return session_end(session, rc, &err);
}
