/* How far each order was at a point of the log, from the steps and Acks up to there. */
#include <stdlib.h>
#include <string.h>

#include "common/view/view_brief_private.h"

#define PICK(m, en, cn) ((m)->zh ? (cn) : (en))

/* --- whose orders ------------------------------------------------------------------------------ */

/* The orders of the event at a cut: of the incident and of what was merged into it by then, those that were
 * moved to it too, and none that was moved away. A merge or a split that came later changes no brief. */
struct event_orders {
    struct id *at; /* the brief's arena's */
    size_t n, capacity;
};

static bool names_order(const struct view_step *step, struct id order)
{
    for (size_t i = 0; i < step->moved_n; i++) {
        if (id_equal(step->moved[i], order)) {
            return true;
        }
    }
    return false;
}

/* Whether it was the incident's at the cut; `born`: it was issued there. */
static bool is_its(const struct view_incident *told, const struct cut *cut, struct id order, bool born)
{
    bool its = born;

    for (const struct view_told *at = told->first; at != NULL; at = at->next) {
        if (at->step.kind == EVENT_ORDERS_MOVED && brief_is_within(cut, at->step.seq, at->step.bus_ms) &&
            names_order(&at->step, order)) {
            its = at->step.taken;
        }
    }
    return its;
}

static bool has_order(const struct event_orders *orders, struct id order)
{
    for (size_t i = 0; i < orders->n; i++) {
        if (id_equal(orders->at[i], order)) {
            return true;
        }
    }
    return false;
}

static void add_if_its(struct making *m, const struct view_incident *told, const struct cut *cut,
                       struct id order, bool born, struct event_orders *orders)
{
    if (m->failed || has_order(orders, order) || !is_its(told, cut, order, born)) {
        return;
    }
    if (orders->n == orders->capacity) {
        size_t capacity = orders->capacity == 0 ? 16 : orders->capacity * 2;
        struct id *grown = arena_array(&m->brief->arena, struct id, capacity);
        if (grown == NULL) {
            m->failed = true;
            return;
        }
        if (orders->n > 0) {
            memcpy(grown, orders->at, orders->n * sizeof *grown);
        }
        orders->at = grown;
        orders->capacity = capacity;
    }
    orders->at[orders->n++] = order;
}

static void add_of_incident(struct making *m, const struct view_incident *told, const struct cut *cut,
                            struct event_orders *orders)
{
    const struct incident *incident = state_incident(m->brief->state, told->id);

    for (size_t i = 0; incident != NULL && i < incident->orders_n; i++) {
        add_if_its(m, told, cut, incident->orders[i].id, true, orders);
    }
    for (const struct view_told *at = told->first; at != NULL; at = at->next) {
        for (size_t i = 0; at->step.kind == EVENT_ORDERS_MOVED && i < at->step.moved_n; i++) {
            add_if_its(m, told, cut, at->step.moved[i], false, orders);
        }
    }
}

/* What was merged into the incident by then, behind the n that are there; returns their number. */
static size_t add_parts(const struct view_incident *told, const struct cut *cut,
                        struct id ids[MERGED_PER_EVENT_MAX + 1], size_t n)
{
    size_t first = n;

    for (const struct view_told *at = told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (!brief_is_within(cut, step->seq, step->bus_ms)) {
            continue;
        }
        if (step->kind == EVENT_INCIDENT_JOINED && n <= MERGED_PER_EVENT_MAX) {
            ids[n++] = step->other;
        } else if (step->kind == EVENT_INCIDENT_SPLIT) {
            for (size_t i = first; i < n; i++) {
                if (id_equal(ids[i], step->other)) {
                    ids[i] = ids[--n];
                }
            }
        }
    }
    return n;
}

static struct event_orders orders_at(struct making *m, const struct cut *cut)
{
    struct id ids[MERGED_PER_EVENT_MAX + 1] = {m->incident->id};
    struct event_orders orders = {.at = NULL};

    for (size_t i = 0, n = 1; i < n; i++) {
        const struct view_incident *told = view_incident(m->view, ids[i]);
        if (told != NULL) {
            add_of_incident(m, told, cut, &orders);
            n = add_parts(told, cut, ids, n);
        }
    }
    return orders;
}

/* --- how far they were -------------------------------------------------------------------------- */

/* An order as it stood at a cut. */
struct standing {
    enum rung rung;
    int64_t rung_ms;
    int64_t on_scene_ms; /* when somebody said so; 0: nobody did */
    const char *taker;
    struct words units;
    bool unreached;
    bool unanswered;
    bool overdue;
};

static void take_step(const struct view_step *step, struct standing *standing)
{
    if (step->kind == EVENT_ORDER_UNANSWERED) {
        standing->unanswered = true;
    } else if (step->kind == EVENT_ORDER_OVERDUE) {
        standing->overdue = true;
    } else if (step->kind == EVENT_ORDER_UNREACHED) {
        standing->unreached = step->subject[0] != '\0';
    }
    if (step->kind == EVENT_RECEIPT_NOTED || step->rung == RUNG_NONE || rung_is_outcome(standing->rung) ||
        (step->rung <= standing->rung && !rung_is_outcome(step->rung))) {
        return;
    }
    standing->rung = step->rung;
    standing->rung_ms = step->at_ms != 0 ? step->at_ms : step->bus_ms;
    if (step->rung == RUNG_ON_SCENE) {
        standing->on_scene_ms = standing->rung_ms;
    }
    if (step->kind == EVENT_RUNG_REACHED) {
        standing->taker = step->subject;
        standing->units = step->words.n > 0 ? step->words : standing->units;
    }
}

/* Proved to be with one of its agents by then. */
static void take_delivery(const struct making *m, const struct order *order, const struct view_order *told,
                          const struct cut *cut, struct standing *standing)
{
    for (size_t i = 0; standing->rung == RUNG_ISSUED && i < order->agents.n; i++) {
        struct view_delivery delivery =
            view_delivered(m->view, order->agents.at[i], order_lane(order), told->issued_seq);
        if (delivery.delivered && brief_is_within(cut, delivery.seq, delivery.bus_ms)) {
            standing->rung = RUNG_DELIVERED;
            standing->rung_ms = delivery.bus_ms;
        }
    }
}

static struct standing standing_at(const struct making *m, const struct order *order,
                                   const struct view_order *told, const struct cut *cut)
{
    struct standing standing = {.rung = RUNG_NONE, .taker = ""};

    for (const struct view_told *at = told->first; at != NULL; at = at->next) {
        if (brief_is_within(cut, at->step.seq, at->step.bus_ms)) {
            take_step(&at->step, &standing);
        }
    }
    take_delivery(m, order, told, cut, &standing);
    return standing;
}

static const char *who_text(struct making *m, const struct standing *standing)
{
    struct buf text;

    if (standing->taker[0] == '\0') {
        return "";
    }
    buf_init(&text, 0);
    buf_puts(&text, view_short_name(m->brief->state, standing->taker));
    if (standing->units.n > 0) {
        buf_puts(&text, " ");
        view_say_words(standing->units, &text);
    }
    const char *who = brief_kept(m, text.failed ? NULL : arena_strdup(&m->brief->arena, buf_text(&text)));
    buf_free(&text);
    return who;
}

static void add_order(struct making *m, const struct order *order, const struct view_order *told,
                      bool was_there)
{
    struct standing now = standing_at(m, order, told, &m->cut), then = {.rung = RUNG_NONE};

    if (was_there) {
        then = standing_at(m, order, told, &m->before);
    }

    if (now.rung == RUNG_NONE) {
        return; /* issued later */
    }
    m->brief->orders[m->brief->orders_n++] =
        (struct brief_order){.id = order->id,
                             .seq = told->issued_seq,
                             .issued_ms = order->issued_at_ms,
                             .kind = order->kind,
                             .addressee = view_short_name(m->brief->state, order->addressee),
                             .text = told->text,
                             .rung = now.rung,
                             .rung_ms = now.rung_ms,
                             .who = who_text(m, &now),
                             .unreached = now.unreached && now.rung < RUNG_ACCEPTED,
                             .unanswered = now.unanswered && now.rung < RUNG_ACCEPTED,
                             .overdue = now.overdue && !rung_is_outcome(now.rung),
                             .is_new = !m->brief->is_first && then.rung == RUNG_NONE,
                             .before = then.rung != now.rung ? then.rung : RUNG_NONE};
}

static int compare_orders(const void *a, const void *b)
{
    const struct brief_order *x = a, *y = b;

    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    return id_compare(x->id, y->id);
}

void brief_add_orders(struct making *m)
{
    struct event_orders orders = orders_at(m, &m->cut), before = orders_at(m, &m->before);

    m->brief->orders = arena_array(&m->brief->arena, struct brief_order, orders.n);
    m->failed = m->failed || m->brief->orders == NULL;
    for (size_t i = 0; i < orders.n && !m->failed; i++) {
        const struct view_order *told = view_order(m->view, orders.at[i]);
        const struct order *order = view_find_order(m->view, orders.at[i], NULL);
        if (order != NULL && told->first != NULL) {
            add_order(m, order, told, has_order(&before, order->id));
        }
    }
    if (m->brief->orders_n > 1) {
        qsort(m->brief->orders, m->brief->orders_n, sizeof *m->brief->orders, compare_orders);
    }
}

/* "station-3 E32 (on scene 11:00:14, completed 11:20:03)" */
static void say_on_scene(struct making *m, const struct standing *standing, struct buf *ret)
{
    const struct view_voice voice = {.zh = m->zh};
    const struct state *state = m->brief->state;
    char clock[VIEW_TIME];

    buf_printf(ret, "%s%s", ret->n > 0 ? PICK(m, "; ", "；") : "", who_text(m, standing));
    buf_printf(ret, PICK(m, " (%s %s", "（%s %s"), view_rung_name(&voice, RUNG_ON_SCENE),
               view_clock(state, standing->on_scene_ms, m->brief->reported_ms, clock));
    if (rung_is_outcome(standing->rung)) {
        buf_printf(ret, PICK(m, ", %s %s", "，%s %s"), view_rung_name(&voice, standing->rung),
                   view_clock(state, standing->rung_ms, m->brief->reported_ms, clock));
    }
    buf_puts(ret, PICK(m, ")", "）"));
}

const char *brief_on_scene(struct making *m, const struct cut *cut)
{
    const struct event_orders orders = orders_at(m, cut);
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < m->brief->orders_n; i++) {
        struct id id = m->brief->orders[i].id;
        const struct order *order = view_find_order(m->view, id, NULL);
        if (!has_order(&orders, id)) {
            continue;
        }
        struct standing standing = standing_at(m, order, view_order(m->view, id), cut);
        if (standing.on_scene_ms != 0) {
            say_on_scene(m, &standing, &text);
        }
    }
    if (text.n == 0) {
        buf_puts(&text, PICK(m, "none has said so yet", "尚无力量回执到场"));
    }
    const char *kept_text =
        brief_kept(m, text.failed ? NULL : arena_strdup(&m->brief->arena, buf_text(&text)));
    buf_free(&text);
    return kept_text;
}
