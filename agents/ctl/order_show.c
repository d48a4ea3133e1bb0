/* muster order show, order list. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/view/view_explain.h"
#include "common/view/view_json.h"
#include "common/view/view_situation.h"
#include "common/view/view_table.h"

/* The needs that the unit does not bring; a team brings what its members have. */
static struct words lacking_of(const struct agent *agent, const struct unit *unit, const struct order *order,
                               const char *ret[LIST_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < order->needs.n && n < LIST_MAX; i++) {
        if (!agent_unit_brings(agent, unit, order->needs.at[i])) {
            ret[n++] = order->needs.at[i];
        }
    }
    return (struct words){ret, n};
}

static void say_lacking_unit(const struct view_voice *voice, const struct agent *agent,
                             const struct unit *unit, const struct order *order, struct buf *ret)
{
    enum lang lang = voice->zh ? LANG_ZH : LANG_EN;
    const char *at[LIST_MAX];
    struct words lacking = lacking_of(agent, unit, order, at);

    if (lacking.n == 0) {
        return;
    }
    buf_puts(ret, view_tone_on(voice, TONE_BAD));
    if (unit->kind == UNIT_KIND_TEAM) {
        buf_printf(ret, lang_text(lang, "team %s lacks ", "队伍 %s 缺少："), unit->id);
    } else if (unit->team[0] != '\0') {
        buf_printf(ret, lang_text(lang, "unit %s of team %s lacks ", "车组 %s（队伍 %s）缺少："), unit->id,
                   unit->team);
    } else {
        buf_printf(ret, lang_text(lang, "unit %s lacks ", "车组 %s 缺少："), unit->id);
    }
    view_say_words(lacking, ret);
    buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
}

/* Each unit that goes and lacks something of what the hazard needs, by name: a crew with the wrong
 * equipment must be seen before it arrives. Who names a team names its members too. */
static void say_lacking_units(const struct view *view, const struct view_voice *voice,
                              const struct order *order, struct buf *ret)
{
    const struct agent *agent = state_agent(view_state(view), order->taker);
    enum lang lang = voice->zh ? LANG_ZH : LANG_EN;

    for (size_t i = 0; i < order->units.n && order->needs.n > 0; i++) {
        const struct unit *unit = agent != NULL ? agent_unit(agent, order->units.at[i]) : NULL;
        if (unit == NULL) {
            buf_puts(ret, view_tone_on(voice, TONE_BAD));
            buf_printf(ret,
                       lang_text(lang, "unit %s: its equipment was never stated; needed: ",
                                 "车组 %s：未报装备；需要："),
                       order->units.at[i]);
            view_say_words(order->needs, ret);
            buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
            continue;
        }
        say_lacking_unit(voice, agent, unit, order, ret);
        for (size_t j = 0; unit->kind == UNIT_KIND_TEAM && j < agent->units_n; j++) {
            const struct unit *member = &agent->units[j];
            if (strcmp(member->team, unit->id) == 0 && !words_have(order->units, member->id)) {
                say_lacking_unit(voice, agent, member, order, ret);
            }
        }
    }
}

static int print_order(struct session *session, const struct resolved *resolved, bool json, struct err *err)
{
    const struct view *view = session_view(session);
    struct view_voice voice = {.zh = session_lang(session) == LANG_ZH, .color = ctl_has_colour()};
    const struct incident *incident;
    const struct order *order = view_find_order(view, resolved->order, &incident);
    struct buf out;
    int rc = 0;

    if (order == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s",
                       lang_text(session_lang(session), "there is no such order", "无此指令"));
    }
    buf_init(&out, 0);
    if (json) {
        struct json object = json_begin(&out);
        json_object(&object, NULL);
        view_order_json(view, incident, order, &object);
        json_object_end(&object);
        buf_puts(&out, "\n");
    } else {
        rc = view_explain_order(view, &voice, resolved->order, &out, err);
        say_lacking_units(view, &voice, order, &out);
    }
    rc = rc == 0 && out.failed ? ERR_NO_MEMORY : rc;
    if (rc == 0) {
        printf("%s", buf_text(&out));
    }
    buf_free(&out);
    return rc;
}

int ctl_order_show(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster order show ID [options]",
                              .summary = "Shows an order: who has it, what was said of it and when, and "
                                         "which of its units lack equipment\n"
                                         "that the hazard needs.",
                              .options = options,
                              .examples = "  muster order show 9V0TQX\n",
                              .arguments_min = 1,
                              .arguments_max = 1};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_order(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        const struct incident *incident;
        const struct order *order = view_find_order(session_view(session), resolved.order, &incident);
        rc = order != NULL ? resolve_agents(session, order->agents, &err) : 0;
    }
    rc = rc ? rc : print_order(session, &resolved, online.json, &err);
    return session_end(session, rc, &err);
}

struct listing {
    struct session *session;
    struct table table;
    struct buf out;
    bool json;
    bool all;
    enum mode mode;
    struct view_voice voice;
    size_t n;
};

static void list_order(struct listing *listing, const struct incident *incident, const struct order *order)
{
    const struct view *view = session_view(listing->session);
    const struct state *state = view_state(view);
    char id[ID_TEXT];
    char other[ID_TEXT];
    char issued[VIEW_TIME];
    char due[VIEW_TIME];

    listing->n++;
    if (listing->json) {
        struct json json = json_begin(&listing->out);
        json_object(&json, NULL);
        view_order_json(view, incident, order, &json);
        json_object_end(&json);
        buf_puts(&listing->out, "\n");
        return;
    }
    int64_t due_ms = order_due(order);
    table_cell(&listing->table, id_format(order->id, id));
    table_cell(&listing->table, id_format(incident->id, other) + ID_TEXT - 1 - 6);
    table_cell(&listing->table, order->kind);
    table_cell(&listing->table,
               view_short_name(state, order->taker[0] != '\0' ? order->taker : order->addressee));
    table_cell(&listing->table, view_rung_name(&listing->voice, (enum rung)order->rung));
    table_cell(&listing->table, view_time(state, order->issued_at_ms, issued));
    table_cell(&listing->table, due_ms > 0 ? view_clock(state, due_ms, order->issued_at_ms, due) : "-");
    table_cell(&listing->table,
               order->unreached[0] != '\0' && order->rung < RUNG_ACCEPTED
                   ? lang_text(session_lang(listing->session), order->no_way ? "NO WAY" : "NOBODY THERE",
                               order->no_way ? "无链路" : "无此单位")
               : order->unanswered && order_is_open(order)
                   ? lang_text(session_lang(listing->session), "UNANSWERED", "逾期未答复")
               : order->overdue ? lang_text(session_lang(listing->session), "OVERDUE", "逾期")
                                : "");
}

static bool list_incident(void *ctx, const struct incident *incident)
{
    struct listing *listing = ctx;

    for (size_t i = 0; i < incident->orders_n && incident->mode == listing->mode; i++) {
        if (listing->all || order_is_open(&incident->orders[i])) {
            list_order(listing, incident, &incident->orders[i]);
        }
    }
    return true;
}

static int print_list(struct listing *listing)
{
    static const char *const english[] = {"ORDER", "INCIDENT", "KIND",     "WHO",
                                          "RUNG",  "ISSUED",   "NEXT DUE", ""};
    static const char *const chinese[] = {"指令", "事件", "类型", "单位", "环节", "下达时间", "时限", ""};
    bool zh = session_lang(listing->session) == LANG_ZH;

    buf_init(&listing->out, 0);
    table_init(&listing->table, "llllllll");
    for (size_t i = 0; i < sizeof english / sizeof english[0]; i++) {
        table_cell(&listing->table, zh ? chinese[i] : english[i]);
    }
    state_each_incident(view_state(session_view(listing->session)), list_incident, listing);
    if (!listing->json && listing->n > 0) {
        table_show(&listing->table, "", &listing->out);
    }
    if (!listing->json && listing->n == 0) {
        ctl_note("%s", zh ? "没有未结指令" : "no order is open");
    }
    printf("%s", buf_text(&listing->out));
    int rc = listing->out.failed || listing->table.failed ? ERR_NO_MEMORY : 0;
    table_free(&listing->table);
    buf_free(&listing->out);
    return rc;
}

int ctl_order_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct listing listing = {.n = 0};
    const struct option options[] = {
        {"all", OPTION_FLAG, &listing.all, NULL, "those that have ended too (reads the whole log)"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster order list [options]",
                              .summary = "Lists the open orders of the configuration's mode.",
                              .options = options,
                              .examples = "  muster order list\n  muster order list --json\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : session_read(session, listing.all ? TAIL_ALL : TAIL_OPEN, NULL, &err);
    if (rc == 0) {
        listing.session = session;
        listing.json = online.json;
        listing.mode = session_profile(session)->mode;
        listing.voice = (struct view_voice){.zh = online.lang == LANG_ZH, .color = ctl_has_colour()};
        rc = print_list(&listing);
    }
    return session_end(session, rc, &err);
}
