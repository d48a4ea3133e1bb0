#include "common/view/view_explain.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/when.h"
#include "common/view/view_course.h"
#include "common/view/view_dispute.h"
#include "common/view/view_otherwise.h"
#include "common/view/view_share.h"
#include "common/view/view_table.h"
#include "common/view/view_ties.h"
#include "common/view/view_unreached.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

struct explaining {
    const struct view *view;
    const struct state *state;
    const struct view_voice *voice;
    int64_t now_ms; /* of the last record: later things are not known */
    struct buf *ret;
};

static void put(const struct explaining *e, const char *text)
{
    text_escape(e->ret, text, strlen(text));
}

static void put_quoted(const struct explaining *e, const char *text)
{
    if (text[0] != '\0') {
        buf_puts(e->ret, PICK(e->voice, ": \"", "：“"));
        put(e, text);
        buf_puts(e->ret, PICK(e->voice, "\"", "”"));
    }
}

static void put_time(const struct explaining *e, int64_t ms)
{
    char time[VIEW_TIME];

    buf_puts(e->ret, view_time(e->state, ms, time));
}

static void put_heading(const struct explaining *e, const char *en, const char *cn)
{
    buf_printf(e->ret, "\n%s\n", PICK(e->voice, en, cn));
}

/* --- who was told ----------------------------------------------------------------------------- */

static const struct view_step *first_answer(const struct view_order *told, const char *agent)
{
    for (const struct view_told *at = told->first; at != NULL; at = at->next) {
        if ((at->step.kind == EVENT_RUNG_REACHED || at->step.kind == EVENT_RECEIPT_NOTED) &&
            strcmp(at->step.subject, agent) == 0) {
            return &at->step;
        }
    }
    return NULL;
}

/* Whether the agent had the order before it ended: by its Ack, or because it answered. What is acknowledged
 * after a recall or an expiry may have been the tombstone alone. */
static bool had_it(const struct explaining *e, const struct order *order, const struct view_order *told,
                   const char *agent)
{
    struct view_delivery delivery = view_delivered(e->view, agent, order_lane(order), told->issued_seq);
    const struct view_step *answer = first_answer(told, agent);

    if (view_order_may_be_tombstone(order, told, delivery.seq)) {
        delivery.delivered = false;
    }
    return delivery.delivered || (answer != NULL && (told->ended_seq == 0 || answer->seq <= told->ended_seq));
}

static void show_delivery(const struct explaining *e, const struct order *order,
                          const struct view_order *told, const char *agent, struct table *table)
{
    struct view_delivery delivery = view_delivered(e->view, agent, order_lane(order), told->issued_seq);
    char clock[VIEW_TIME], took[WHEN_TEXT];

    if (!delivery.delivered || !had_it(e, order, told, agent)) {
        table_cell(table, delivery.delivered ? PICK(e->voice, "not before it ended", "终止前未送达")
                          : first_answer(told, agent) != NULL ? PICK(e->voice, "delivered", "送达")
                                                              : PICK(e->voice, "never delivered", "未送达"));
        table_cell(table, "");
        return;
    }
    table_print(table, PICK(e->voice, "delivered %s (after %s)", "送达 %s（%s 后）"),
                view_clock(e->state, delivery.bus_ms, order->issued_at_ms, clock),
                when_format_duration(delivery.bus_ms - order->issued_at_ms, took));
    table_print(table, PICK(e->voice, "record %llu", "第 %llu 条"), (unsigned long long)delivery.seq);
}

/* Of an order to another region's agency: what that region's agents have of it is known there. */
static void show_way(const struct explaining *e, const struct incident *incident, const struct order *order)
{
    struct view_order_way way = view_order_way(e->view, incident, order);
    bool is_there = strcmp(way.next, way.region) == 0;
    char clock[VIEW_TIME];

    if (order->home[0] != '\0' && order->agents.n == 0) {
        buf_printf(e->ret,
                   PICK(e->voice, "  region %s gave it, and knows\n", "  由 %s 下达，告知情况在该处\n"),
                   order->home);
    }
    if (way.region[0] == '\0') {
        return;
    }
    buf_printf(e->ret, PICK(e->voice, "  region %s", "  行政区 %s"), way.region);
    if (way.link == NULL) {
        buf_printf(e->ret, "%s%s%s\n", view_tone_on(e->voice, TONE_BAD),
                   PICK(e->voice, ": NO LINK leads there", "：无链路可达"),
                   view_tone_off(e->voice, TONE_BAD));
        return;
    }
    if (!is_there) {
        buf_printf(e->ret, PICK(e->voice, ", by region %s", "，经 %s"), way.next);
    }
    if (!way.delivery.delivered) {
        buf_printf(e->ret, "%s%s%s\n", view_tone_on(e->voice, TONE_WARN),
                   PICK(e->voice, ": not acknowledged there yet", "：对方尚未签收"),
                   view_tone_off(e->voice, TONE_WARN));
        return;
    }
    buf_printf(e->ret,
               PICK(e->voice, ": acknowledged by %s %s (record %llu)", "：%s 于 %s 签收（第 %llu 条）"),
               way.next, view_clock(e->state, way.delivery.bus_ms, order->issued_at_ms, clock),
               (unsigned long long)way.delivery.seq);
    if (order->unreached[0] != '\0' && order->rung < RUNG_ACCEPTED) {
        buf_puts(e->ret, PICK(e->voice, "; ", "；"));
        view_say_unreached_order(e->voice, order, e->ret);
    } else {
        buf_printf(
            e->ret,
            PICK(e->voice, "; who of the agents of %s has it is known there", "；%s 的代理送达情况在该处"),
            way.region);
    }
    buf_puts(e->ret, "\n");
}

static void show_told(const struct explaining *e, const struct incident *incident, const struct order *order,
                      const struct view_order *told)
{
    struct table table;
    char clock[VIEW_TIME];

    if (order->history) {
        put_heading(e, "Nobody was told: it is history, brought in by an importer.",
                    "历史导入，未向任何单位下达。");
        return;
    }
    put_heading(e, "who was told", "告知情况");
    show_way(e, incident, order);
    table_init(&table, "lllll");
    for (size_t i = 0; i < order->agents.n; i++) {
        const char *agent = order->agents.at[i];
        const struct view_step *answer = first_answer(told, agent);
        table_cell(&table, view_short_name(e->state, agent));
        table_print(&table, PICK(e->voice, "lane %s", "通道 %s"), lane_name(order_lane(order)));
        show_delivery(e, order, told, agent, &table);
        if (answer == NULL) {
            table_cell(&table, PICK(e->voice, "never answered", "未答复"));
        } else {
            table_print(&table, PICK(e->voice, "first said %s at %s", "首次回执：%s %s"),
                        view_rung_name(e->voice, answer->rung),
                        view_clock(e->state, answer->at_ms, order->issued_at_ms, clock));
        }
    }
    table_show(&table, "  ", e->ret);
    table_free(&table);
}

/* --- how it ended ----------------------------------------------------------------------------- */

static const struct order *replacement(const struct incident *incident, struct id id)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        if (id_equal(incident->orders[i].reissue_of, id)) {
            return &incident->orders[i];
        }
    }
    return NULL;
}

static size_t delivered_count(const struct explaining *e, const struct order *order,
                              const struct view_order *told)
{
    size_t n = 0;

    for (size_t i = 0; i < order->agents.n; i++) {
        n += had_it(e, order, told, order->agents.at[i]);
    }
    return n;
}

static void say_open(const struct explaining *e, const struct order *order)
{
    char clock[VIEW_TIME];

    buf_printf(e->ret, PICK(e->voice, "It is open: %s", "未结：%s"),
               view_rung_name(e->voice, (enum rung)order->rung));
    if (order->history) {
        buf_puts(e->ret, PICK(e->voice, ", as far as its source knew", "（以来源系统所知为限）"));
    } else if (order->rung < RUNG_ACCEPTED) {
        buf_puts(e->ret, order->unreached[0] != '\0' ? PICK(e->voice, "; ", "；") : "");
        view_say_unreached_order(e->voice, order, e->ret);
        buf_printf(e->ret,
                   order->unanswered
                       ? PICK(e->voice, "; nobody accepted or declined it by %s, which its issuer was told",
                              "；至 %s 无人接受或拒绝，已告知下达方")
                       : PICK(e->voice, "; to be accepted or declined by %s", "；须于 %s 前接受或拒绝"),
                   view_clock(e->state, order->answer_by_ms, e->now_ms, clock));
    } else if (order->overdue) {
        buf_printf(e->ret,
                   PICK(e->voice, "; it was to be done by %s, and its issuer was told that it is not",
                        "；应于 %s 前完成，逾期已告知下达方"),
                   view_clock(e->state, order->expires_at_ms, e->now_ms, clock));
    }
}

static void say_outcome(const struct explaining *e, const struct incident *incident,
                        const struct order *order, const struct view_order *told)
{
    const struct order *again = replacement(incident, order->id);
    const char *taker = view_short_name(e->state, order->taker);
    char time[VIEW_TIME], took[WHEN_TEXT], id[VIEW_SHORT_ID];

    view_time(e->state, order->ended_at_ms, time);
    when_format_duration(order->ended_at_ms - order->issued_at_ms, took);
    buf_puts(e->ret, "  ");
    switch (order->rung) {
    case RUNG_COMPLETED:
        buf_printf(e->ret,
                   PICK(e->voice, "%s completed it at %s, %s after the order", "%s 于 %s 完成，历时 %s"),
                   taker, time, took);
        break;
    case RUNG_DECLINED:
        buf_printf(e->ret,
                   PICK(e->voice, "%s declined it at %s, %s after the order", "%s 于 %s 拒绝，历时 %s"),
                   taker, time, took);
        break;
    case RUNG_RECALLED:
        buf_printf(e->ret,
                   PICK(e->voice, "recalled at %s, %s after the order; %zu of %zu agents had it by then",
                        "%s 撤回，历时 %s；此前已送达 %zu / %zu 个代理"),
                   time, took, delivered_count(e, order, told), order->agents.n);
        break;
    case RUNG_EXPIRED:
        buf_printf(e->ret,
                   PICK(e->voice,
                        "expired at %s, %s after the order: nobody accepted it; %zu of %zu agents had it",
                        "%s 失效，历时 %s：无人接受；已送达 %zu / %zu 个代理"),
                   time, took, delivered_count(e, order, told), order->agents.n);
        break;
    default:
        say_open(e, order);
        break;
    }
    put_quoted(e, told->end_reason);
    if (order->has_head_count) {
        buf_printf(e->ret, PICK(e->voice, "; %u present, %u missing", "；在场 %u，失联 %u"), order->present,
                   order->missing);
    }
    if (again != NULL) {
        buf_printf(e->ret, PICK(e->voice, "; issued again as %s", "；改由 %s 重新下达"),
                   view_short_id(again->id, id));
    }
    buf_puts(e->ret, "\n");
}

/* --- both ------------------------------------------------------------------------------------- */

static struct explaining begin(const struct view *view, const struct view_voice *voice, struct buf *ret)
{
    return (struct explaining){.view = view,
                               .state = view_state(view),
                               .voice = voice,
                               .now_ms = view_counts(view).last_bus_ms,
                               .ret = ret};
}

/* In whose place it stands, and on whose word: a rule's, told with the order before it, or a person's. */
static void put_origin(const struct explaining *e, const struct order *order)
{
    const struct view_order *old = view_order(e->view, order->reissue_of);
    const struct view_step *why = NULL;
    char id[VIEW_SHORT_ID];

    if (id_is_zero(order->reissue_of)) {
        return;
    }
    for (const struct view_told *at = old != NULL ? old->first : NULL; at != NULL && why == NULL;
         at = at->next) {
        bool is_this = at->step.kind == EVENT_ORDER_REISSUED && id_equal(at->step.other, order->id);
        why = is_this ? &at->step : NULL;
    }
    view_short_id(order->reissue_of, id);
    if (why == NULL) {
        buf_printf(
            e->ret,
            PICK(e->voice, "  in place of order %s, by a person's word\n", "  替代指令 %s，由人改派\n"), id);
        return;
    }
    const struct order *before = view_find_order(e->view, order->reissue_of, NULL);
    if (before != NULL && before->rung == RUNG_DECLINED) {
        buf_printf(e->ret,
                   PICK(e->voice, "  in place of order %s, which %s declined, by rule ",
                        "  替代指令 %s（被 %s 拒绝），依规则 "),
                   id, view_short_name(e->state, before->taker));
    } else {
        buf_printf(e->ret,
                   PICK(e->voice, "  in place of order %s, which nobody answered, by rule ",
                        "  替代无人答复的指令 %s，依规则 "),
                   id);
    }
    put(e, why->what);
    buf_printf(e->ret, PICK(e->voice, " (step %llu)\n", "（第 %llu 步）\n"), (unsigned long long)why->number);
}

static void put_mode(const struct explaining *e, enum mode mode)
{
    if (mode != MODE_ACTUAL) {
        buf_printf(e->ret, "  [%s]", view_mode_name(e->voice, mode));
    }
    buf_puts(e->ret, "\n");
}

int view_explain_order(const struct view *view, const struct view_voice *voice, struct id id, struct buf *ret,
                       struct err *err)
{
    struct explaining e = begin(view, voice, ret);
    const struct incident *incident = NULL;
    const struct view_order *told = view_order(view, id);
    const struct order *order = view_find_order(view, id, &incident);
    char text[ID_TEXT];

    if (order == NULL || told == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no order %s", id_format(id, text));
    }
    buf_printf(ret, PICK(voice, "order %s: ", "指令 %s："), id_format(id, text));
    put(&e, view_order_kind(voice, order->kind));
    buf_puts(ret, PICK(voice, " to ", " → "));
    put(&e, view_short_name(e.state, order->addressee));
    put_mode(&e, incident->mode);
    buf_printf(ret, PICK(voice, "  of incident %s, issued by ", "  属事件 %s，下达方 "),
               id_format(incident->id, text));
    put(&e, view_short_name(e.state, order->issuer));
    if (order->operator[0] != '\0') {
        buf_puts(ret, " (");
        put(&e, order->operator);
        buf_puts(ret, ")");
    }
    buf_puts(ret, PICK(voice, " at ", "，"));
    put_time(&e, order->issued_at_ms);
    put_quoted(&e, told->text);
    buf_puts(ret, "\n");
    put_origin(&e, order);
    if (order->answer_by_ms != 0) {
        buf_puts(ret, PICK(voice, "  to be answered by ", "  答复时限 "));
        put_time(&e, order->answer_by_ms);
        buf_puts(ret, PICK(voice, ", expires at ", "，失效时间 "));
        put_time(&e, order->expires_at_ms);
        buf_puts(ret, "\n");
    }
    view_say_disputes(view, voice, incident, order->id, ret);
    show_told(&e, incident, order, told);
    int result = view_say_course(view, voice, incident, told, ret);
    put_heading(&e, "how it ended", "结果");
    say_outcome(&e, incident, order, told);
    return result < 0 || ret->failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : 0;
}

struct order_ends {
    const struct explaining *e;
    size_t n;
};

static void count_open(void *ctx, const struct incident *home, const struct order *order)
{
    size_t *n = ctx;

    (void)home;
    *n += order_is_open(order);
}

static void say_order_end(void *ctx, const struct incident *home, const struct order *order)
{
    struct order_ends *ends = ctx;
    const struct explaining *e = ends->e;
    const struct view_order *told = view_order(e->view, order->id);
    char short_id[VIEW_SHORT_ID];

    if (ends->n++ == 0) {
        put_heading(e, "how its orders ended", "各指令结果");
    }
    if (told != NULL) {
        buf_printf(e->ret, "  %s ", view_short_id(order->id, short_id));
        put(e, view_short_name(e->state, order->addressee));
        say_outcome(e, home, order, told);
    }
}

static void say_incident_end(const struct explaining *e, const struct incident *incident,
                             const struct view_incident *told)
{
    size_t open = 0;

    view_each_order(e->state, incident, count_open, &open);
    buf_puts(e->ret, "\n");
    if (incident->closed_at_ms != 0) {
        buf_puts(e->ret, PICK(e->voice, "The incident was closed at ", "事件结束于 "));
        put_time(e, incident->closed_at_ms);
        put_quoted(e, told->close_reason);
    } else {
        buf_printf(
            e->ret,
            PICK(e->voice, "The incident is open, with %zu open orders", "事件未结束，未结指令 %zu 条"),
            open);
    }
    buf_puts(e->ret, "\n");
}

/* Where it is not what one would make of the numbers. */
static void show_grade(const struct explaining *e, const struct incident *incident)
{
    bool differs = false;

    for (size_t i = 0; i < OTHERWISES; i++) {
        differs = differs || incident_otherwise(incident, i) != NULL;
    }
    if (differs) {
        buf_printf(e->ret, PICK(e->voice, "  grade %s", "  事件等级：%s"),
                   PICK(e->voice, grade_name(incident->grade), grade_name_zh(incident->grade)));
        view_say_otherwise(e->voice, incident, e->ret);
        buf_puts(e->ret, "\n");
    }
}

int view_explain_incident(const struct view *view, const struct view_voice *voice, struct id id,
                          struct buf *ret, struct err *err)
{
    struct explaining e = begin(view, voice, ret);
    const struct incident *incident = state_incident(view_state(view), id);
    const struct view_incident *told = view_incident(view, id);
    char text[ID_TEXT];
    struct buf facts;

    if (incident == NULL || told == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no incident %s", id_format(id, text));
    }
    buf_printf(ret, PICK(voice, "incident %s, reported by ", "事件 %s，报送方 "), id_format(id, text));
    put(&e, view_short_name(e.state, incident->reporter));
    buf_puts(ret, PICK(voice, " at ", "，"));
    put_time(&e, incident->opened_at_ms);
    if (told->source[0] != '\0') {
        buf_puts(ret, PICK(voice, ", history from ", "，历史来源 "));
        put(&e, told->source);
        buf_puts(ret, " ");
        put(&e, told->key);
    }
    put_mode(&e, incident->mode);
    buf_init(&facts, 0);
    view_say_facts(view_state(view), voice, &told->facts, &facts);
    if (facts.n > 0) {
        buf_puts(ret, "  ");
        text_escape(ret, (const char *)facts.p, facts.n);
        buf_puts(ret, "\n");
    }
    buf_free(&facts);
    show_grade(&e, incident);
    view_say_command_post(view, voice, incident, ret);
    view_say_together(view, voice, incident, ret);
    int result = view_say_course(view, voice, incident, NULL, ret);
    view_each_order(e.state, incident, say_order_end, &(struct order_ends){.e = &e});
    say_incident_end(&e, incident, told);
    return result < 0 || ret->failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : 0;
}
