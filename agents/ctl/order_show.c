/* muster order show, order list. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/view/view_equipment.h"
#include "common/view/view_explain.h"
#include "common/view/view_json.h"
#include "common/view/view_share.h"
#include "common/view/view_situation.h"
#include "common/view/view_table.h"

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
        view_say_equipment_of_units(view, &voice, order, &out);
    }
    rc = rc == 0 && out.failed ? ERR_NO_MEMORY : rc;
    if (rc == 0) {
        printf("%s", buf_text(&out));
    }
    buf_free(&out);
    return rc;
}

/* Its agents' streams, and that of the broker of another region to which it goes: their Acks. */
static int read_who_has_it(struct session *session, const struct incident *incident,
                           const struct order *order, struct err *err)
{
    struct view_order_way way = view_order_way(session_view(session), incident, order);
    int rc = resolve_agents(session, order->agents, err);

    return rc == 0 && way.link != NULL ? resolve_agents(session, (struct words){&way.link, 1}, err) : rc;
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
        rc = order != NULL ? read_who_has_it(session, incident, order, &err) : 0;
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
    table_cell(&listing->table, view_order_kind(&listing->voice, order->kind));
    table_cell(&listing->table,
               view_short_name(state, order->taker[0] != '\0' ? order->taker : order->addressee));
    table_cell(&listing->table, view_rung_name(&listing->voice, (enum rung)order->rung));
    table_cell(&listing->table, view_time(state, order->issued_at_ms, issued));
    table_cell(&listing->table, due_ms > 0 ? view_clock(state, due_ms, order->issued_at_ms, due) : "-");
    table_cell(&listing->table,
               incident_shown_dispute(incident, order->id, 0) != NULL
                   ? lang_text(session_lang(listing->session), "CONTRADICTED", "指令冲突")
               : order->unreached[0] != '\0' && order->rung < RUNG_ACCEPTED
                   ? lang_text(session_lang(listing->session), order->no_way ? "NO WAY" : "NOBODY THERE",
                               order->no_way ? "无链路" : "无此单位")
               : order_is_unanswered(order)
                   ? lang_text(session_lang(listing->session), "UNANSWERED", "逾期未答复")
               : order->overdue && order_is_open(order)
                   ? lang_text(session_lang(listing->session), "OVERDUE", "逾期")
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
