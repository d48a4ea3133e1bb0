#include "common/view/view_situation.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/when.h"
#include "common/core/kind.h"
#include "common/view/view_clock.h"
#include "common/view/view_dispute.h"
#include "common/view/view_equipment.h"
#include "common/view/view_json.h"
#include "common/view/view_otherwise.h"
#include "common/view/view_share.h"
#include "common/view/view_similar.h"
#include "common/view/view_spread.h"
#include "common/view/view_table.h"
#include "common/view/view_ties.h"
#include "common/view/view_unreached.h"
#include "common/view/view_untold.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

struct looking {
    const struct view *view;
    const struct view_situation_options *options;
    struct buf *ret;
    struct similar_pool similar;
    size_t shown;
    size_t orders;
    size_t unanswered;
};

static bool is_asked(const struct looking *l, const struct incident *incident)
{
    const struct view_situation_options *options = l->options;
    size_t n = strlen(options->incident);
    char text[ID_TEXT];

    if (options->mode != MODE_NONE && incident->mode != options->mode) {
        return false;
    }
    if (n > 0) {
        id_format(incident->id, text);
        return n < ID_TEXT && strcasecmp(text + ID_TEXT - 1 - n, options->incident) == 0;
    }
    const struct incident *survivor = ties_survivor(view_state(l->view), incident);
    if (!options->closed_too && survivor != incident) {
        /* it is shown with the one that it is; unless that is over, and another region goes on with this */
        return incident_is_open(incident) && !incident_is_open(survivor);
    }
    return options->closed_too || incident_is_live(incident) ||
           (incident->history && incident_is_open(incident));
}

/* Of the division that the facts name, by the table in force, on the day on which it happened, or was
 * reported; "": there is none. */
static const char *division_name(const struct view *view, const struct incident *incident,
                                 const struct facts *facts)
{
    const struct region *region = state_region(view_state(view));
    int64_t at_ms = facts->occurred_at_ms != 0 ? facts->occurred_at_ms : incident->opened_at_ms;
    const struct division *division =
        region_division(region, facts->division, division_day(at_ms, region->utc_offset_minutes));

    return division != NULL ? division->name : "";
}

/* --- for people ------------------------------------------------------------------------------- */

static const char *ago(const struct looking *l, int64_t at_ms, char ret[WHEN_TEXT])
{
    ret[0] = '\0';
    if (at_ms != 0 && at_ms <= l->options->now_ms) {
        when_format_duration(l->options->now_ms - at_ms, ret);
    }
    return ret;
}

static int64_t rung_since(const struct order *order)
{
    return rung_is_outcome((enum rung)order->rung) ? order->ended_at_ms
                                                   : order_rung_at(order, (enum rung)order->rung);
}

/* What is still awaited of an order. */
static void say_awaited(const struct looking *l, const struct order *order, struct buf *ret)
{
    const struct view_voice *voice = &l->options->voice;
    const struct state *state = view_state(l->view);
    const struct view_order *told = view_order(l->view, order->id);
    char clock[VIEW_TIME];

    if (!order_is_open(order)) {
        return;
    }
    view_say_unreached_order(voice, order, ret);
    if (order->rung < RUNG_ACCEPTED && !order->history) {
        buf_puts(ret, ret->n > 0 ? PICK(voice, ", ", "，") : "");
        bool late = order->answer_by_ms != 0 && order->answer_by_ms <= l->options->now_ms;
        buf_printf(ret,
                   late ? PICK(voice, "NOT ANSWERED by %s", "%s 前未答复")
                        : PICK(voice, "answer by %s", "答复时限 %s"),
                   view_clock(state, order->answer_by_ms, l->options->now_ms, clock));
        for (size_t i = 0; told != NULL && i < order->agents.n; i++) {
            const char *agent = order->agents.at[i];
            if (!view_delivered(l->view, agent, order_lane(order), told->issued_seq).delivered) {
                buf_printf(ret, PICK(voice, ", not delivered to %s", "，未送达 %s"),
                           view_short_name(state, agent));
            }
        }
    } else if (order->overdue) {
        buf_printf(ret, PICK(voice, "OVERDUE since %s", "自 %s 起超时"),
                   view_clock(state, order->expires_at_ms, l->options->now_ms, clock));
    }
    if (order->amendments_acknowledged < order->amendments) {
        buf_printf(ret, PICK(voice, "%samendment %u not acknowledged", "%s补充 %u 未签收"),
                   ret->n > 0 ? ", " : "", order->amendments);
    }
    view_say_equipment(l->view, voice, order, ret);
}

struct order_rows {
    struct looking *l;
    struct table *table;
};

static void show_order(void *ctx, const struct incident *home, const struct order *order)
{
    const struct order_rows *rows = ctx;
    struct looking *l = rows->l;
    struct table *table = rows->table;
    const struct view_voice *voice = &l->options->voice;
    const struct state *state = view_state(l->view);
    char id[VIEW_SHORT_ID], took[WHEN_TEXT];
    struct buf text;

    (void)home;
    buf_init(&text, 0);
    table_cell(table, view_short_id(order->id, id));
    table_cell(table, view_short_name(state, order->addressee));
    table_cell(table, view_order_kind(voice, order->kind));
    table_cell(table, view_rung_name(voice, (enum rung)order->rung));
    table_cell(table, order->history ? "" : ago(l, rung_since(order), took));
    table_cell(table, view_short_name(state, order->taker));
    view_say_words(order->units, &text);
    table_cell(table, buf_text(&text));
    buf_reset(&text);
    say_awaited(l, order, &text);
    table_cell(table, buf_text(&text));
    buf_free(&text);
    l->orders++;
    l->unanswered += order_is_open(order) && order->rung < RUNG_ACCEPTED && !order->history;
}

static void show_requests(struct looking *l, const struct incident *incident)
{
    const struct view_voice *voice = &l->options->voice;
    char clock[VIEW_TIME];

    for (size_t i = 0; i < incident->requests_n && !incident_is_merged(incident); i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms != 0) {
            continue;
        }
        bool late = request->due_at_ms <= l->options->now_ms;
        enum fact fact = fact_parse(request->fact);
        const char *name = voice->zh && fact != FACT_COUNT ? fact_name_zh(fact) : request->fact;
        buf_printf(l->ret, PICK(voice, "  %s%s still not known: %s %s%s\n", "  %s%s尚未报告：%s %s%s\n"),
                   view_tone_on(voice, late ? TONE_BAD : TONE_WARN), name,
                   late ? PICK(voice, "was due by", "已过时限") : PICK(voice, "due by", "时限"),
                   view_clock(view_state(l->view), request->due_at_ms, l->options->now_ms, clock),
                   view_tone_off(voice, late ? TONE_BAD : TONE_WARN));
    }
}

static void show_suspects(struct looking *l, const struct incident *incident)
{
    const struct view_voice *voice = &l->options->voice;
    struct suspect suspects[VIEW_SIMILAR_SHOWN];
    size_t n = view_suspects(&l->similar, incident->id, suspects, VIEW_SIMILAR_SHOWN);

    for (size_t i = 0; i < n; i++) {
        buf_printf(l->ret, "  %s", view_tone_on(voice, TONE_WARN));
        view_say_suspect(l->view, voice, &suspects[i], l->ret);
        buf_printf(l->ret, "%s\n", view_tone_off(voice, TONE_WARN));
    }
}

/* What must still go up, or did not in time; what was met is in the story. */
static void show_clocks(struct looking *l, const struct incident *incident)
{
    const struct view_voice *voice = &l->options->voice;

    for (size_t i = 0; i < incident->clocks_n; i++) {
        if (clock_runs(&incident->clocks[i])) {
            buf_puts(l->ret, "  ");
            view_say_running(view_state(l->view), voice, &incident->clocks[i], l->options->now_ms, l->ret);
            buf_puts(l->ret, "\n");
        }
    }
}

static void show_facts(struct looking *l, const struct incident *incident)
{
    const struct view_incident *told = view_incident(l->view, incident->id);
    struct buf text;

    if (told == NULL) {
        return;
    }
    buf_init(&text, 0);
    view_say_facts(view_state(l->view), &l->options->voice, &told->facts, &text);
    if (text.n > 0) {
        buf_puts(l->ret, "  ");
        text_escape(l->ret, (const char *)text.p, text.n);
        buf_puts(l->ret, "\n");
    }
    buf_free(&text);
    const char *division = division_name(l->view, incident, &told->facts);
    if (division[0] != '\0') {
        buf_puts(l->ret, "  ");
        text_escape(l->ret, told->facts.division, strlen(told->facts.division));
        buf_puts(l->ret, " ");
        text_escape(l->ret, division, strlen(division));
        buf_puts(l->ret, "\n");
    }
}

/* Ungraded is shown as that: nobody has said how big it is. */
static void show_grade(struct looking *l, const struct incident *incident)
{
    const struct view_voice *voice = &l->options->voice;
    enum grade grade = incident->grade;
    char clock[VIEW_TIME];

    if (incident->history || incident->bare || incident_is_merged(incident)) {
        return;
    }
    if (grade == GRADE_NONE) {
        buf_puts(l->ret, PICK(voice, "  ungraded", "  未定级"));
        if (incident->grade_asked_ms != 0) {
            buf_printf(l->ret, PICK(voice, ", asked of a person since %s", "，自 %s 起请人工定级"),
                       view_clock(view_state(l->view), incident->grade_asked_ms, l->options->now_ms, clock));
        }
    } else {
        buf_printf(l->ret, PICK(voice, "  grade %s", "  事件等级：%s"),
                   PICK(voice, grade_name(grade), grade_name_zh(grade)));
        if (incident->grade_asked_ms > incident->graded_at_ms) {
            buf_printf(l->ret, PICK(voice, ", a person is asked again since %s", "，自 %s 起请重新定级"),
                       view_clock(view_state(l->view), incident->grade_asked_ms, l->options->now_ms, clock));
        }
    }
    view_say_doubt(voice, incident, l->ret);
    view_say_otherwise(voice, incident, l->ret);
    if (incident->level != GRADE_NONE) {
        buf_printf(l->ret, PICK(voice, ", response level %s", "，%s响应"),
                   PICK(voice, grade_name(incident->level), level_name_zh(incident->level)));
        if (incident->level_until_ms != 0) {
            buf_printf(l->ret, PICK(voice, ", expected until %s", "，预计至 %s"),
                       view_clock(view_state(l->view), incident->level_until_ms, l->options->now_ms, clock));
        } else {
            buf_puts(l->ret, PICK(voice, ", duration not stated", "，未说明期限"));
        }
    }
    view_say_referrals(l->view, voice, incident, l->ret);
    buf_puts(l->ret, "\n");
}

static bool show_incident(void *ctx, const struct incident *incident)
{
    struct looking *l = ctx;
    const struct view_voice *voice = &l->options->voice;
    const struct state *state = view_state(l->view);
    char id[ID_TEXT], time[VIEW_TIME];
    struct table table;

    if (!is_asked(l, incident)) {
        return true;
    }
    l->shown++;
    buf_printf(l->ret, PICK(voice, "\nincident %s  opened %s", "\n事件 %s  立案 %s"),
               id_format(incident->id, id), view_time(state, incident->opened_at_ms, time));
    if (incident->closed_at_ms != 0) {
        buf_printf(l->ret, PICK(voice, "  closed %s", "  结束 %s"),
                   view_time(state, incident->closed_at_ms, time));
        view_say_left_open(l->view, voice, incident, l->ret);
        view_say_missed(voice, incident, l->ret);
    }
    if (incident->mode != MODE_ACTUAL) {
        buf_printf(l->ret, "  [%s]", view_mode_name(voice, incident->mode));
    }
    buf_printf(l->ret, PICK(voice, "  %u reports\n", "  报送 %u 次\n"), incident->reports);
    show_grade(l, incident);
    view_say_reach(voice, incident, l->ret);
    view_say_shares(l->view, voice, incident, l->ret);
    view_say_untold(l->view, voice, incident, l->ret);
    view_say_disputes(l->view, voice, incident, (struct id){{0}}, l->ret);
    show_facts(l, incident);
    view_say_apart(voice, incident, l->ret);
    view_say_command_post(l->view, voice, incident, l->ret);
    view_say_together(l->view, voice, incident, l->ret);
    show_suspects(l, incident);
    show_requests(l, incident);
    show_clocks(l, incident);
    table_init(&table, "llllrlll");
    view_each_order(view_state(l->view), incident, show_order, &(struct order_rows){l, &table});
    table_show(&table, "  ", l->ret);
    table_free(&table);
    return true;
}

size_t view_situation_text(const struct view *view, const struct view_situation_options *options,
                           struct buf *ret)
{
    const struct region *region = state_region(view_state(view));
    const struct view_voice *voice = &options->voice;
    struct view_counts counts = view_counts(view);
    struct buf body;
    struct looking l = {.view = view, .options = options, .ret = &body};
    char time[VIEW_TIME];

    buf_init(&body, 0);
    body.failed = view_similar_pool(view, options->now_ms, &l.similar) < 0;
    state_each_incident(view_state(view), show_incident, &l);
    view_similar_pool_free(&l.similar);
    text_escape(ret, region->code, strlen(region->code));
    buf_puts(ret, " ");
    text_escape(ret, region->name, strlen(region->name));
    buf_printf(ret, PICK(voice, "  %s  after record %llu\n", "  %s  第 %llu 条记录之后\n"),
               view_time(view_state(view), options->now_ms, time), (unsigned long long)counts.last_seq);
    buf_printf(ret,
               PICK(voice, "%zu incidents, %zu orders, %zu not answered yet\n",
                    "事件 %zu 起，指令 %zu 条，未答复 %zu 条\n"),
               l.shown, l.orders, l.unanswered);
    buf_append(ret, body.p, body.n);
    ret->failed = ret->failed || body.failed;
    buf_free(&body);
    return l.shown;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_agents(const struct view *view, const struct order *order, struct json *json)
{
    const struct view_order *told = view_order(view, order->id);

    json_array(json, "agents");
    for (size_t i = 0; i < order->agents.n; i++) {
        struct view_delivery delivery = {.delivered = false};
        if (told != NULL) {
            delivery = view_delivered(view, order->agents.at[i], order_lane(order), told->issued_seq);
        }
        json_object(json, NULL);
        json_text(json, "agent", order->agents.at[i]);
        json_bool(json, "delivered", delivery.delivered);
        json_number(json, "delivered_ms", delivery.bus_ms);
        json_object_end(json);
    }
    json_array_end(json);
}

void view_order_json(const struct view *view, const struct incident *incident, const struct order *order,
                     struct json *json)
{
    const struct view_order *told = view_order(view, order->id);
    struct view_equipment equipment = view_order_equipment(view, order);

    json_id(json, "order", order->id);
    json_id(json, "incident", incident->id);
    json_text(json, "mode", mode_name(incident->mode));
    json_text(json, "kind", order->kind);
    json_text(json, "addressee", order->addressee);
    json_text(json, "issuer", order->issuer);
    json_text(json, "home", order->home);
    json_text(json, "operator", order->operator);
    json_text(json, "rung", rung_name((enum rung)order->rung));
    json_bool(json, "open", order_is_open(order));
    json_text(json, "taker", order->taker);
    json_words(json, "units", order->units);
    json_words(json, "needs", order->needs);
    json_words(json, "lacks", (struct words){equipment.lacks, equipment.lacks_n});
    json_words(json, "unstated", (struct words){equipment.unstated, equipment.unstated_n});
    json_text(json, "text", told != NULL ? told->text : "");
    json_text(json, "end_reason", told != NULL ? told->end_reason : "");
    json_unsigned(json, "seq", told != NULL ? told->issued_seq : 0);
    json_number(json, "issued_ms", order->issued_at_ms);
    json_number(json, "acknowledged_ms", order->acknowledged_at_ms);
    json_number(json, "accepted_ms", order->accepted_at_ms);
    json_number(json, "en_route_ms", order->en_route_at_ms);
    json_number(json, "on_scene_ms", order->on_scene_at_ms);
    json_number(json, "ended_ms", order->ended_at_ms);
    json_number(json, "answer_by_ms", order->answer_by_ms);
    json_number(json, "expires_ms", order->expires_at_ms);
    json_id(json, "reissue_of", order->reissue_of);
    json_id(json, "evacuation", order->evacuation);
    json_unsigned(json, "amendments", order->amendments);
    json_unsigned(json, "amendments_acknowledged", order->amendments_acknowledged);
    json_bool(json, "unanswered", order->unanswered);
    view_json_unreached_order(order, json);
    json_number(json, "remind_by_ms", order->remind_by_ms);
    json_unsigned(json, "steps", order->steps);
    json_bool(json, "overdue", order->overdue);
    json_bool(json, "history", order->history);
    if (order->has_head_count) {
        json_unsigned(json, "present", order->present);
        json_unsigned(json, "missing", order->missing);
    }
    view_json_disputes(view, incident, order->id, json);
    put_agents(view, order, json);
}

static void put_casualties(struct json *json, const struct casualties *casualties)
{
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {{"dead", casualties->dead},
                  {"missing", casualties->missing},
                  {"serious", casualties->serious},
                  {"minor", casualties->minor},
                  {"trapped", casualties->trapped}};

    json_object(json, "casualties");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (counts[i].count != COUNT_UNKNOWN) { /* nobody has counted them: not 0 */
            json_number(json, counts[i].name, counts[i].count);
        }
    }
    json_object_end(json);
}

static void incident_json(const struct view *view, const struct incident *incident, struct json *json)
{
    const struct view_incident *told = view_incident(view, incident->id);
    struct facts none = facts_none();
    const struct facts *facts = told != NULL ? &told->facts : &none;

    json_id(json, "incident", incident->id);
    json_text(json, "mode", mode_name(incident->mode));
    json_bool(json, "open", incident_is_open(ties_survivor(view_state(view), incident)));
    json_bool(json, "history", incident->history);
    json_text(json, "reporter", incident->reporter);
    json_number(json, "opened_ms", incident->opened_at_ms);
    json_number(json, "closed_ms", incident->closed_at_ms);
    json_unsigned(json, "reports", incident->reports);
    json_text(json, "grade", incident->grade != GRADE_NONE ? grade_name(incident->grade) : "");
    json_text(json, "grade_doubted", incident->doubted != GRADE_NONE ? grade_name(incident->doubted) : "");
    json_text(json, "grade_doubted_region", incident->doubted_in);
    json_text(json, "grade_doubted_by", incident->doubted_by);
    json_text(json, "graded_by", incident->graded_by);
    json_number(json, "grade_asked_ms", incident->grade_asked_ms);
    json_text(json, "level", incident->level != GRADE_NONE ? grade_name(incident->level) : "");
    json_number(json, "level_until_ms", incident->level_until_ms);
    view_json_reach(incident, json);
    json_array(json, "referred_to");
    for (size_t i = 0; i < incident->referrals_n; i++) {
        json_text(json, NULL, incident->referrals[i].region);
    }
    json_array_end(json);
    view_json_unreached(view, incident, json);
    view_json_shares(view, incident, json);
    view_json_untold(view, incident, json);
    view_json_disputes(view, incident, (struct id){{0}}, json);
    view_json_apart(incident, json);
    view_json_otherwise(incident, json);
    json_text(json, "kind", facts->kind);
    json_text(json, "class",
              incident_kind_find(facts->kind) != NULL
                  ? incident_class_name(incident_kind_find(facts->kind)->class)
                  : "");
    json_number(json, "occurred_ms", facts->occurred_at_ms);
    json_text(json, "substance", facts->substance);
    json_text(json, "title", facts->title);
    json_text(json, "place", facts->place);
    json_text(json, "division", facts->division);
    json_text(json, "division_name", division_name(view, incident, facts));
    json_text(json, "unit", facts->unit);
    json_text(json, "course", facts->course);
    json_text(json, "measures", facts->measures);
    json_text(json, "caller", facts->caller);
    view_post_json(incident, json);
    view_together_json(incident, json);
    put_casualties(json, &facts->casualties);
    json_array(json, "clocks");
    for (size_t i = 0; i < incident->clocks_n; i++) {
        json_object(json, NULL);
        view_clock_json(&incident->clocks[i], json);
        json_object_end(json);
    }
    json_array_end(json);
    json_array(json, "requests");
    for (size_t i = 0; i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        json_object(json, NULL);
        json_text(json, "fact", request->fact);
        json_number(json, "asked_ms", request->asked_at_ms);
        json_number(json, "due_ms", request->due_at_ms);
        json_number(json, "answered_ms", request->answered_at_ms);
        json_bool(json, "overdue", request->overdue);
        json_object_end(json);
    }
    json_array_end(json);
}

static void put_suspects(const struct looking *l, const struct incident *incident, struct json *json)
{
    struct suspect suspects[VIEW_SIMILAR_SHOWN];
    size_t n = view_suspects(&l->similar, incident->id, suspects, VIEW_SIMILAR_SHOWN);

    view_suspects_json(l->view, suspects, n, "similar", json);
}

struct order_objects {
    const struct view *view;
    struct json *json;
};

static void put_order(void *ctx, const struct incident *home, const struct order *order)
{
    const struct order_objects *objects = ctx;

    json_object(objects->json, NULL);
    view_order_json(objects->view, home, order, objects->json);
    json_object_end(objects->json);
}

static bool put_incident(void *ctx, const struct incident *incident)
{
    struct looking *l = ctx;
    struct json json = json_begin(l->ret);

    if (!is_asked(l, incident)) {
        return true;
    }
    l->shown++;
    json_object(&json, NULL);
    incident_json(l->view, incident, &json);
    put_suspects(l, incident, &json);
    json_array(&json, "orders");
    view_each_order(view_state(l->view), incident, put_order, &(struct order_objects){l->view, &json});
    json_array_end(&json);
    json_object_end(&json);
    buf_puts(l->ret, "\n");
    return true;
}

size_t view_situation_json(const struct view *view, const struct view_situation_options *options,
                           struct buf *ret)
{
    struct looking l = {.view = view, .options = options, .ret = ret};

    ret->failed = ret->failed || view_similar_pool(view, options->now_ms, &l.similar) < 0;
    state_each_incident(view_state(view), put_incident, &l);
    view_similar_pool_free(&l.similar);
    return l.shown;
}
