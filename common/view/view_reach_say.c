/* Every agency of the region: what it was given and why, or why nothing; and of other regions those that are
 * ordered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "common/view/view_private.h"
#include "common/view/view_reach_private.h"
#include "common/view/view_share.h"
#include "common/view/view_table.h"
#include "common/view/view_ties.h"
#include "common/view/view_unreached.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

enum { TEXT_BYTES = 512 };

struct telling {
    const struct view_reach *reach;
    const struct view *view;
    const struct state *state;
    const struct view_voice *voice;
    struct id incident;
    const struct order *order; /* NULL: the whole incident */
    const struct view_order *told;
    uint64_t from_seq, to_seq; /* from its first record to its last */
    int64_t near_ms;
    struct table table;
};

static bool is_about(const struct telling *t, struct id incident, struct id order)
{
    return t->order != NULL ? id_equal(order, t->order->id)
                            : id_equal(incident, t->incident) || reach_has_other(t->reach, incident) ||
                                  reach_has_other(t->reach, order);
}

static bool is_of_agency(const char *agent, const char *agency)
{
    size_t n = strlen(agency);

    return strncmp(agent, agency, n) == 0 && agent[n] == '/';
}

/* The agency's own line begins with its name, those that follow do not. */
static void put(struct telling *t, const char *agency, bool *first, const char *text)
{
    table_cell(&t->table, *first ? view_short_name(t->state, agency) : "");
    table_cell(&t->table, text);
    *first = false;
}

/* --- what it was given -------------------------------------------------------------------------- */

enum what { ORDERS, AMENDMENTS, ENDS, RECEIPTS, OVERDUE, REPORTS, QUESTIONS, NOTICES, WHATS };

static enum what what_is(enum event_kind kind)
{
    switch (kind) {
    case EVENT_ORDER_ISSUED:
        return ORDERS;
    case EVENT_ORDER_AMENDED:
        return AMENDMENTS;
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
        return ENDS;
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
    case EVENT_AMENDMENT_ACKNOWLEDGED:
        return RECEIPTS;
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_ORDER_UNREACHED:
        return OVERDUE;
    case EVENT_REPORT_FILED:
        return REPORTS;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_OVERDUE:
        return QUESTIONS;
    default:
        return NOTICES;
    }
}

static const char *what_words(enum what what, size_t n, bool zh)
{
    static const char *const words[WHATS][3] = {
        [ORDERS] = {"order", "orders", "指令"},
        [AMENDMENTS] = {"change to it", "changes", "指令变更"},
        [ENDS] = {"recall or expiry", "recalls or expiries", "撤回或失效"},
        [RECEIPTS] = {"receipt", "receipts", "回执"},
        [OVERDUE] = {"word that nobody answered", "words that nobody answered", "逾期通知"},
        [REPORTS] = {"report", "reports", "报告"},
        [QUESTIONS] = {"question", "questions", "补报要求"},
        [NOTICES] = {"notice", "notices", "通知"}};

    return words[what][zh ? 2 : n == 1 ? 0 : 1];
}

/* An order that was recalled or has expired comes as a tombstone. */
static bool is_delivered(const struct telling *t, const struct reach_given *given)
{
    struct view_delivery delivery = view_delivered(t->view, given->agent, given->lane, given->seq);
    const struct incident *incident = NULL;

    if (delivery.delivered && given->kind == EVENT_ORDER_ISSUED) {
        const struct view_order *told = view_order(t->view, given->order);
        const struct order *order = view_find_order(t->view, given->order, &incident);
        delivery.delivered =
            order == NULL || told == NULL || !view_order_may_be_tombstone(order, told, delivery.seq);
    }
    return delivery.delivered;
}

/* Several agents of an agency get one thing each. */
static bool is_counted(const struct telling *t, const char *agency, size_t at)
{
    const struct reach_given *given = &t->reach->given[at];

    for (size_t i = at; i > 0 && t->reach->given[i - 1].seq == given->seq; i--) {
        const struct reach_given *before = &t->reach->given[i - 1];
        if (before->kind == given->kind && before->why == given->why &&
            id_equal(before->order, given->order) && is_of_agency(before->agent, agency)) {
            return true;
        }
    }
    return false;
}

struct count {
    size_t whats[WHATS];
    size_t records, delivered; /* by agent */
    char roles[128];
};

static void count(const struct telling *t, const char *agency, enum reach_why why, struct count *ret)
{
    *ret = (struct count){.records = 0};
    for (size_t i = 0; i < t->reach->given_n; i++) {
        const struct reach_given *given = &t->reach->given[i];
        if (given->why != why || !is_about(t, given->incident, given->order) ||
            !is_of_agency(given->agent, agency)) {
            continue;
        }
        ret->records++;
        ret->delivered += is_delivered(t, given);
        ret->whats[what_is(given->kind)] += !is_counted(t, agency, i);
        if (strstr(ret->roles, given->role) == NULL) {
            size_t n = strlen(ret->roles);
            (void)snprintf(ret->roles + n, sizeof ret->roles - n, "%s%s", n > 0 ? ", " : "", given->role);
        }
    }
}

static void say_given(struct telling *t, const char *agency, enum reach_why why, const struct count *c,
                      bool *first)
{
    static const char *const whys[REACH_WHYS][2] = {
        [REACH_ORDERED] = {"is ordered", "受令单位"}, [REACH_ISSUED] = {"issued the order", "下达方"},
        [REACH_REPORTED] = {"reported it", "报送方"}, [REACH_CENTRE] = {"is a command centre", "指挥中心"},
        [REACH_ROLE] = {"has the role", "承担角色"},  [REACH_TOLD] = {"is told of it", "另行通知"}};
    struct buf text;

    buf_init(&text, 0);
    buf_printf(&text, "%s%s%s%s", whys[why][t->voice->zh], c->roles[0] != '\0' ? " " : "", c->roles,
               PICK(t->voice, ": ", "："));
    const char *between = "";
    for (enum what what = ORDERS; what < WHATS; what++) {
        if (c->whats[what] > 0) {
            const char *words = what_words(what, c->whats[what], t->voice->zh);
            if (t->voice->zh) {
                buf_printf(&text, "%s%s %zu", between, words, c->whats[what]);
            } else {
                buf_printf(&text, "%s%zu %s", between, c->whats[what], words);
            }
            between = PICK(t->voice, ", ", "、");
        }
    }
    if (c->delivered == c->records) {
        buf_puts(&text, PICK(t->voice, "; delivered", "；已送达"));
    } else {
        buf_printf(&text, PICK(t->voice, "; %zu of %zu delivered", "；已送达 %zu / %zu"), c->delivered,
                   c->records);
    }
    put(t, agency, first, buf_text(&text));
    buf_free(&text);
}

/* --- why not ------------------------------------------------------------------------------------ */

/* What the agent was at a record; NULL: it was not enrolled yet. */
static const struct reach_change *agent_at(const struct telling *t, const char *agent, uint64_t seq)
{
    const struct reach_change *found = NULL;

    for (size_t i = 0; i < t->reach->changes_n; i++) {
        const struct reach_change *change = &t->reach->changes[i];
        if (change->seq <= seq && strcmp(change->agent, agent) == 0) {
            found = change;
        }
    }
    return found;
}

static int64_t enrolled_ms(const struct telling *t, const char *agent)
{
    for (size_t i = 0; i < t->reach->changes_n; i++) {
        if (strcmp(t->reach->changes[i].agent, agent) == 0) {
            return t->reach->changes[i].bus_ms;
        }
    }
    return 0;
}

static void say_absent(const struct telling *t, const char *agent, char *ret, size_t size)
{
    const struct reach_change *then = agent_at(t, agent, t->to_seq),
                              *before = agent_at(t, agent, t->from_seq);
    const char *name = view_short_name(t->state, agent);
    char time[VIEW_TIME];

    if (then == NULL) {
        (void)snprintf(ret, size,
                       PICK(t->voice, "%s was enrolled only afterwards, at %s", "%s 事后才登记，%s"), name,
                       view_clock(t->state, enrolled_ms(t, agent), t->near_ms, time));
    } else if (before != NULL && before->revoked) {
        (void)snprintf(ret, size, PICK(t->voice, "%s was revoked before, at %s", "%s 此前已注销，%s"), name,
                       view_clock(t->state, before->bus_ms, t->near_ms, time));
    } else {
        ret[0] = '\0';
    }
}

/* An agent of the agency that the order is addressed to, and not one of those whom it reached. */
static void say_passed_over(struct telling *t, const char *agency, const char *agent, bool *first)
{
    const struct reach_change *then = agent_at(t, agent, t->told->issued_seq);
    char text[TEXT_BYTES], time[VIEW_TIME];
    const char *name = view_short_name(t->state, agent);

    if (then == NULL) {
        (void)snprintf(
            text, sizeof text,
            PICK(t->voice, "not %s: enrolled only after the order, at %s", "未下达 %s：指令下达后才登记，%s"),
            name, view_clock(t->state, enrolled_ms(t, agent), t->near_ms, time));
    } else if (then->revoked) {
        (void)snprintf(
            text, sizeof text,
            PICK(t->voice, "not %s: revoked before the order, at %s", "未下达 %s：指令下达前已注销，%s"),
            name, view_clock(t->state, then->bus_ms, t->near_ms, time));
    } else if (!then->takes_orders) {
        (void)snprintf(text, sizeof text,
                       PICK(t->voice, "not %s: it takes no orders (right \"receipt\")",
                            "未下达 %s：无受令权限（receipt）"),
                       name);
    } else {
        (void)snprintf(text, sizeof text,
                       PICK(t->voice, "not %s: the order is to %s alone", "未下达 %s：指令只下达给 %s"), name,
                       view_short_name(t->state, t->order->addressee));
    }
    put(t, agency, first, text);
}

static void say_refused(struct telling *t, const char *agency, bool *first)
{
    char text[TEXT_BYTES], time[VIEW_TIME];

    for (size_t i = 0; i < t->reach->refused_n; i++) {
        const struct reach_refused *refused = &t->reach->refused[i];
        if (!is_about(t, refused->incident, refused->order) ||
            (strcmp(refused->addressee, agency) != 0 && !is_of_agency(refused->addressee, agency))) {
            continue;
        }
        (void)snprintf(text, sizeof text,
                       PICK(t->voice, "an order to it was refused at %s, record %llu: %s",
                            "对其指令于 %s 被拒绝（第 %llu 条）：%s"),
                       view_clock(t->state, refused->bus_ms, t->near_ms, time),
                       (unsigned long long)refused->seq,
                       t->voice->zh ? refusal_text_zh(refused->refusal) : refusal_text(refused->refusal));
        put(t, agency, first, text);
    }
}

/* Nothing was for it: because nobody of it was there, or because of what was addressed. */
static void say_nothing(struct telling *t, const char *agency, const struct member *members, size_t n,
                        bool *first)
{
    char text[TEXT_BYTES];
    size_t absent = 0;

    for (size_t i = 0; i < n; i++) {
        say_absent(t, members[i].name, text, sizeof text);
        if (text[0] != '\0') {
            absent++;
            put(t, agency, first, text);
        }
    }
    if (absent == n) {
        return;
    }
    const struct incident *incident = state_incident(t->state, t->incident);
    if (incident != NULL && incident->history) {
        put(t, agency, first,
            PICK(t->voice, "nothing: history is told to nobody", "无：历史导入不通知任何单位"));
    } else if (t->order != NULL) {
        (void)snprintf(text, sizeof text,
                       PICK(t->voice, "nothing: the order is to %s", "无：指令的下达对象是 %s"),
                       view_short_name(t->state, t->order->addressee));
        put(t, agency, first, text);
    } else {
        put(t, agency, first,
            PICK(t->voice,
                 "nothing: no order is addressed to it, it is no command centre, and no rule told a role of "
                 "it",
                 "无：未向其下达指令，不是指挥中心，也无规则通知其角色"));
    }
}

/* --- an agency ---------------------------------------------------------------------------------- */

static void say_agency(struct telling *t, const char *agency, const struct member *members, size_t n)
{
    bool first = true;
    struct count c;

    for (enum reach_why why = REACH_ORDERED; why < REACH_WHYS; why++) {
        count(t, agency, why, &c);
        if (c.records > 0) {
            say_given(t, agency, why, &c, &first);
        }
    }
    bool is_addressed = t->order != NULL && (strcmp(t->order->addressee, agency) == 0 ||
                                             is_of_agency(t->order->addressee, agency));
    for (size_t i = 0; i < n && is_addressed && !t->order->history; i++) {
        if (!words_have(t->order->agents, members[i].name)) {
            say_passed_over(t, agency, members[i].name, &first);
        }
    }
    say_refused(t, agency, &first);
    if (first) {
        say_nothing(t, agency, members, n, &first);
    }
}

/* Members stand in the order of their names, so those of an agency side by side. */
static void say_agencies(struct telling *t, struct buf *ret)
{
    const struct region *region = state_region(t->state);
    char agency[NAME_MAX_BYTES + 1];

    buf_printf(ret, "\n%s\n", PICK(t->voice, "every agency of the region", "本行政区各部门"));
    table_init(&t->table, "ll");
    for (size_t i = 0, n = 0; i<region->members_n; i += n> 0 ? n : 1) {
        const struct member *member = &region->members[i];
        n = 0;
        if (!member->is_operator && !name_is_link(member->name, NULL) && name_agency(member->name, agency)) {
            while (i + n < region->members_n && is_of_agency(region->members[i + n].name, agency)) {
                n++;
            }
            say_agency(t, agency, member, n);
        }
    }
    table_show(&t->table, "  ", ret);
    ret->failed = ret->failed || t->table.failed;
    table_free(&t->table);
}

/* --- of other regions --------------------------------------------------------------------------- */

/* False: the order is to somebody of this region. */
static bool agency_elsewhere(const struct telling *t, const struct order *order, char ret[NAME_MAX_BYTES + 1])
{
    char region[REGION_CODE_MAX + 1];

    if (!name_region(order->addressee, region) || strcmp(region, state_region(t->state)->code) == 0) {
        return false;
    }
    if (!name_agency(order->addressee, ret)) {
        (void)snprintf(ret, NAME_MAX_BYTES + 1, "%s", order->addressee);
    }
    return true;
}

/* How far those came that were given here: the next region on the way need not be the addressee's. */
struct gone {
    size_t orders, ours, there, on_way, unreached;
    char next[REGION_CODE_MAX + 1];
    const struct order *stuck; /* the last that reaches nobody */
};

static void note_way(const struct telling *t, const struct incident *incident, const struct order *order,
                     struct gone *gone)
{
    struct view_order_way way = view_order_way(t->view, incident, order);
    bool stuck = order->unreached[0] != '\0' && order->rung < RUNG_ACCEPTED;

    gone->orders++;
    gone->ours += order->home[0] == '\0';
    gone->there += way.there;
    if (stuck) {
        gone->unreached++;
        gone->stuck = order;
    } else if (way.delivery.delivered && !way.there) {
        gone->on_way++;
        memcpy(gone->next, way.next, sizeof gone->next);
    }
}

static void say_gone(const struct telling *t, const char *region, const struct gone *gone, struct buf *ret)
{
    if (gone->ours > 0) {
        buf_printf(
            ret, PICK(t->voice, "; region %s has %zu of the %zu given here", "；%s 已收到本地所下 %zu / %zu"),
            region, gone->there, gone->ours);
    }
    if (gone->on_way > 0) {
        buf_printf(ret, PICK(t->voice, "; %zu came as far as region %s", "；%zu 条已到 %s"), gone->on_way,
                   gone->next);
    }
    if (gone->stuck != NULL) {
        buf_puts(ret, PICK(t->voice, "; ", "；"));
        view_say_unreached_order(t->voice, gone->stuck, ret);
        if (gone->ours > 1) {
            buf_printf(ret, PICK(t->voice, " (%zu of them)", "（%zu 条）"), gone->unreached);
        }
    }
    if (gone->orders > gone->ours) {
        buf_printf(ret, PICK(t->voice, "; %zu given by another region", "；其他地区所下 %zu"),
                   gone->orders - gone->ours);
    }
}

/* An order to an agency of another region, and the incident under which it was given. */
struct ordered {
    const struct incident *home;
    const struct order *order;
    char agency[NAME_MAX_BYTES + 1];
};

struct elsewhere {
    struct telling *t;
    struct ordered *at;
    size_t n, capacity;
    bool failed;
};

static void note_elsewhere(void *ctx, const struct incident *home, const struct order *order)
{
    struct elsewhere *e = ctx;
    void *at = e->at;

    if (e->failed || view_grow(&at, e->n, &e->capacity, sizeof *e->at) < 0) {
        e->failed = true;
        return;
    }
    e->at = at;
    if (agency_elsewhere(e->t, order, e->at[e->n].agency)) {
        e->at[e->n].home = home;
        e->at[e->n++].order = order;
    }
}

/* All that are to the same agency as the first-th; nothing when one before it is, too. */
static void say_ordered(const struct elsewhere *e, size_t first)
{
    struct telling *t = e->t;
    const char *agency = e->at[first].agency;
    char region[REGION_CODE_MAX + 1] = "";
    struct gone gone = {.stuck = NULL};
    struct buf text;
    bool is_first = true;

    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(e->at[i].agency, agency) != 0) {
            continue;
        }
        if (i < first) {
            return;
        }
        note_way(t, e->at[i].home, e->at[i].order, &gone);
    }
    (void)name_region(agency, region);
    buf_init(&text, 0);
    if (t->voice->zh) {
        buf_printf(&text, "受令单位：指令 %zu", gone.orders);
    } else {
        buf_printf(&text, "is ordered: %zu order%s", gone.orders, gone.orders == 1 ? "" : "s");
    }
    say_gone(t, region, &gone, &text);
    put(t, agency, &is_first, buf_text(&text));
    buf_free(&text);
}

/* They are nobody's agents here: what is known of them is what they were ordered. */
static void say_elsewhere(struct telling *t, const struct incident *incident, struct buf *ret)
{
    struct elsewhere e = {.t = t};

    if (t->order != NULL) {
        note_elsewhere(&e, incident, t->order);
    } else {
        view_each_order(t->state, incident, note_elsewhere, &e);
    }
    table_init(&t->table, "ll");
    for (size_t i = 0; i < e.n; i++) {
        say_ordered(&e, i);
    }
    if (e.n > 0) {
        buf_printf(ret, "\n%s\n",
                   PICK(t->voice, "agencies of other regions that are ordered", "其他地区的受令部门"));
        table_show(&t->table, "  ", ret);
    }
    ret->failed = ret->failed || t->table.failed || e.failed;
    table_free(&t->table);
    free(e.at);
}

void view_reach_say_incident(const struct view_reach *reach, const struct view *view,
                             const struct view_voice *voice, struct id id, struct buf *ret)
{
    const struct view_incident *told = view_incident(view, id);
    const struct incident *incident = state_incident(view_state(view), id);
    struct telling t = {
        .reach = reach, .view = view, .state = view_state(view), .voice = voice, .incident = id};

    if (told != NULL && incident != NULL) {
        t.from_seq = told->opened_seq;
        t.to_seq = told->last_seq;
        t.near_ms = incident->opened_at_ms;
        say_agencies(&t, ret);
        say_elsewhere(&t, incident, ret);
    }
}

void view_reach_say_order(const struct view_reach *reach, const struct view *view,
                          const struct view_voice *voice, struct id id, struct buf *ret)
{
    const struct incident *incident = NULL;
    struct telling t = {.reach = reach,
                        .view = view,
                        .state = view_state(view),
                        .voice = voice,
                        .order = view_find_order(view, id, &incident),
                        .told = view_order(view, id)};

    if (t.order != NULL && t.told != NULL) {
        t.incident = incident->id;
        t.from_seq = t.told->issued_seq;
        t.to_seq = t.told->last != NULL ? t.told->last->step.seq : t.told->issued_seq;
        t.near_ms = t.order->issued_at_ms;
        say_agencies(&t, ret);
        say_elsewhere(&t, incident, ret);
    }
}
