/* What a brief says: the incident's story up to a record, beside the story up to the report before. */
#include "common/view/view_brief.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/view/view_private.h"

#define PICK(m, en, cn) ((m)->zh ? (cn) : (en))

/* How far a brief looks: records that fit both. */
struct cut {
    uint64_t seq;
    int64_t bus_ms;
};

struct making {
    const struct view *view;
    const struct incident *incident;
    const struct view_incident *told;
    struct view_brief *brief;
    bool zh;
    bool failed;       /* out of memory */
    struct cut cut;    /* what was known then */
    struct cut before; /* ... and at the brief before; seq 0: there is none */
    const struct view_step *report;
};

/* An order as it stood at a cut. */
struct standing {
    enum rung rung;
    int64_t rung_ms;
    const char *taker;
    struct words units;
    bool unanswered;
    bool overdue;
};

static bool is_within(const struct cut *cut, uint64_t seq, int64_t bus_ms)
{
    return seq <= cut->seq && bus_ms <= cut->bus_ms;
}

static const char *kept(struct making *m, const char *text)
{
    m->failed = m->failed || text == NULL;
    return text != NULL ? text : "";
}

/* --- which report ----------------------------------------------------------------------------- */

/* "一" to "九十九", then digits: how 续报 are counted. */
static const char *chinese_number(struct making *m, uint64_t n)
{
    static const char *const digits[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

    if (n >= 100) {
        return kept(m, arena_printf(&m->brief->arena, "%llu", (unsigned long long)n));
    }
    return kept(m, arena_printf(&m->brief->arena, "%s%s%s", n >= 20 ? digits[n / 10] : "",
                                n >= 10 ? "十" : "", digits[n % 10]));
}

/* n-th of its kind. A second final report is rare and told apart. */
static const char *heading(struct making *m, enum report_kind kind, uint64_t n)
{
    struct arena *arena = &m->brief->arena;
    bool counted = kind == REPORT_FOLLOW_UP || n > 1;

    if (m->zh) {
        return kept(
            m, arena_printf(arena, "%s%s", report_kind_name_zh(kind), counted ? chinese_number(m, n) : ""));
    }
    return counted
               ? kept(m, arena_printf(arena, "%s report %llu", report_kind_name(kind), (unsigned long long)n))
               : kept(m, arena_printf(arena, "%s report", report_kind_name(kind)));
}

/* The report that the point means, and where the one before it stands. */
static void find_report(struct making *m, const struct view_brief_point *point)
{
    uint64_t of_kind[REPORT_FINAL + 1] = {0};
    const struct cut all = {.seq = point->seq != 0 ? point->seq : UINT64_MAX,
                            .bus_ms = point->bus_ms != 0 ? point->bus_ms : INT64_MAX};

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (step->kind != EVENT_REPORT_FILED || step->report > REPORT_FINAL ||
            !is_within(&all, step->seq, step->bus_ms)) {
            continue;
        }
        of_kind[step->report]++;
        m->before = (struct cut){.seq = m->report != NULL ? m->report->seq : 0, .bus_ms = INT64_MAX};
        m->report = step;
        if (point->number != 0 && step->number == point->number) {
            break;
        }
    }
    if (m->report == NULL || (point->number != 0 && m->report->number != point->number)) {
        m->report = NULL;
        return;
    }
    /* one that was redacted is counted by its number alone, as the follow-up that it will have been */
    uint64_t n = m->report->report == REPORT_FOLLOW_UP
                     ? m->report->number - of_kind[REPORT_INITIAL] - of_kind[REPORT_FINAL]
                     : of_kind[m->report->report];
    m->brief->heading = heading(m, m->report->report, n);
    bool is_point = point->seq != 0 || point->bus_ms != 0;
    m->cut = is_point ? all : (struct cut){.seq = m->report->seq, .bus_ms = INT64_MAX};
}

static int no_report(const struct making *m, const struct view_brief_point *point, struct err *err)
{
    char id[ID_TEXT];

    id_format(m->incident->id, id);
    if (m->incident->reports == 0) {
        return err_set(
            err, ERR_NOT_FOUND,
            "of incident %s nothing was reported yet, it was opened by an order: file a report first, "
            "\"muster incident update\"",
            id);
    }
    if (point->number > m->incident->reports) {
        return err_set(err, ERR_NOT_FOUND, "incident %s has reports 1 to %u, not %llu", id,
                       m->incident->reports, (unsigned long long)point->number);
    }
    if (point->number != 0) {
        return err_set(err, ERR_NOT_FOUND,
                       "report %llu of incident %s was redacted: its words are gone by law",
                       (unsigned long long)point->number, id);
    }
    return err_set(err, ERR_NOT_FOUND, "of incident %s nothing was reported by then", id);
}

/* --- what was known --------------------------------------------------------------------------- */

static struct facts facts_at(const struct making *m, const struct cut *cut)
{
    struct facts facts = facts_none();

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        if (at->step.kind == EVENT_FACTS_CHANGED && is_within(cut, at->step.seq, at->step.bus_ms)) {
            view_merge_facts(&facts, at->step.facts);
        }
    }
    return facts;
}

static const char *count_text(struct making *m, int64_t n)
{
    return n == COUNT_UNKNOWN ? "" : kept(m, arena_printf(&m->brief->arena, "%lld", (long long)n));
}

static const char *time_text(struct making *m, int64_t ms)
{
    char time[VIEW_TIME];

    return ms == 0 ? "" : kept(m, arena_strdup(&m->brief->arena, view_time(m->brief->state, ms, time)));
}

static const char *position_text(struct making *m, const struct position *position)
{
    struct arena *arena = &m->brief->arena;
    double latitude = position->latitude_e7 / 1e7, longitude = position->longitude_e7 / 1e7;

    if (!position->present) {
        return "";
    }
    if (position->accuracy_m == 0) {
        return kept(m,
                    arena_printf(arena, "%.5f, %.5f (%s)", latitude, longitude, datum_name(position->datum)));
    }
    return kept(m, arena_printf(arena, "%.5f, %.5f (%s, ±%u m)", latitude, longitude,
                                datum_name(position->datum), position->accuracy_m));
}

/* Everything that one brief says of facts, as texts; the words of the report itself stand apart. */
static void say_facts(struct making *m, const struct cut *cut, const char *ret[BRIEF_ITEMS])
{
    struct facts facts = facts_at(m, cut);

    ret[BRIEF_ITEM_TITLE] = facts.title;
    ret[BRIEF_ITEM_KIND] = facts.kind;
    ret[BRIEF_ITEM_UNIT] = facts.unit;
    ret[BRIEF_ITEM_OCCURRED] = time_text(m, facts.occurred_at_ms);
    ret[BRIEF_ITEM_OPENED] = time_text(m, m->incident->opened_at_ms);
    ret[BRIEF_ITEM_PLACE] = facts.place;
    ret[BRIEF_ITEM_POSITION] = position_text(m, &facts.position);
    ret[BRIEF_ITEM_COURSE] = facts.course;
    ret[BRIEF_ITEM_DEAD] = count_text(m, facts.casualties.dead);
    ret[BRIEF_ITEM_MISSING] = count_text(m, facts.casualties.missing);
    ret[BRIEF_ITEM_SERIOUS] = count_text(m, facts.casualties.serious);
    ret[BRIEF_ITEM_MINOR] = count_text(m, facts.casualties.minor);
    ret[BRIEF_ITEM_TRAPPED] = count_text(m, facts.casualties.trapped);
    ret[BRIEF_ITEM_LOSS] = count_text(m, facts.loss_cny);
    ret[BRIEF_ITEM_MEASURES] = facts.measures;
    ret[BRIEF_ITEM_SUBSTANCE] = facts.substance;
}

/* --- orders ----------------------------------------------------------------------------------- */

static void take_step(const struct view_step *step, struct standing *standing)
{
    if (step->kind == EVENT_ORDER_UNANSWERED) {
        standing->unanswered = true;
    } else if (step->kind == EVENT_ORDER_OVERDUE) {
        standing->overdue = true;
    }
    if (step->kind == EVENT_RECEIPT_NOTED || step->rung == RUNG_NONE || rung_is_outcome(standing->rung) ||
        (step->rung <= standing->rung && !rung_is_outcome(step->rung))) {
        return;
    }
    standing->rung = step->rung;
    standing->rung_ms = step->at_ms != 0 ? step->at_ms : step->bus_ms;
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
        if (delivery.delivered && is_within(cut, delivery.seq, delivery.bus_ms)) {
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
        if (is_within(cut, at->step.seq, at->step.bus_ms)) {
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
    const char *who = kept(m, text.failed ? NULL : arena_strdup(&m->brief->arena, buf_text(&text)));
    buf_free(&text);
    return who;
}

static void add_order(struct making *m, const struct order *order, const struct view_order *told)
{
    struct standing now = standing_at(m, order, told, &m->cut);
    struct standing then = standing_at(m, order, told, &m->before);

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

static void add_orders(struct making *m)
{
    const struct incident *incident = m->incident;

    m->brief->orders = arena_array(&m->brief->arena, struct brief_order, incident->orders_n);
    if (m->brief->orders == NULL) {
        m->failed = true;
        return;
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct view_order *told = view_order(m->view, incident->orders[i].id);
        if (told != NULL && told->first != NULL) {
            add_order(m, &incident->orders[i], told);
        }
    }
    if (m->brief->orders_n > 1) {
        qsort(m->brief->orders, m->brief->orders_n, sizeof *m->brief->orders, compare_orders);
    }
}

/* Who was there, of the orders that stood at on-scene. */
static const char *on_scene_text(struct making *m, const struct cut *cut)
{
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < m->brief->orders_n; i++) {
        const struct incident *incident = NULL;
        struct id id = m->brief->orders[i].id;
        const struct order *order = view_find_order(m->view, id, &incident);
        struct standing standing = standing_at(m, order, view_order(m->view, id), cut);
        if (standing.rung == RUNG_ON_SCENE) {
            buf_printf(&text, "%s%s", text.n > 0 ? PICK(m, "; ", "；") : "", who_text(m, &standing));
        }
    }
    if (text.n == 0) {
        buf_puts(&text, PICK(m, "none has said so yet", "尚无力量回执到场"));
    }
    const char *kept_text = kept(m, text.failed ? NULL : arena_strdup(&m->brief->arena, buf_text(&text)));
    buf_free(&text);
    return kept_text;
}

static void add_items(struct making *m)
{
    const char *now[BRIEF_ITEMS] = {NULL}, *then[BRIEF_ITEMS] = {NULL};

    say_facts(m, &m->cut, now);
    say_facts(m, &m->before, then);
    now[BRIEF_ITEM_ON_SCENE] = on_scene_text(m, &m->cut);
    then[BRIEF_ITEM_ON_SCENE] = on_scene_text(m, &m->before);
    now[BRIEF_ITEM_WORDS] = then[BRIEF_ITEM_WORDS] = m->report->text;
    for (size_t i = 0; i < BRIEF_ITEMS; i++) {
        bool changed = !m->brief->is_first && strcmp(now[i], then[i]) != 0;
        m->brief->items[i] =
            (struct brief_item){.value = now[i], .before = changed ? then[i] : "", .changed = changed};
    }
}

/* --- what was asked for, who was told --------------------------------------------------------- */

static struct brief_request *request_of(struct view_brief *brief, const char *fact)
{
    for (size_t i = 0; i < brief->requests_n; i++) {
        if (strcmp(brief->requests[i].fact, fact) == 0) {
            return &brief->requests[i];
        }
    }
    return NULL;
}

static void take_request(struct view_brief *brief, const struct view_step *step)
{
    struct brief_request *request = request_of(brief, step->what);

    if (step->kind == EVENT_INFORMATION_REQUESTED && request == NULL &&
        brief->requests_n < REQUESTS_PER_INCIDENT_MAX) {
        brief->requests[brief->requests_n++] =
            (struct brief_request){.fact = step->what, .asked_ms = step->at_ms, .due_ms = step->due_ms};
    } else if (step->kind == EVENT_INFORMATION_OVERDUE && request != NULL) {
        request->overdue = true;
    } else if (step->kind == EVENT_INFORMATION_ANSWERED && request != NULL) {
        size_t after = brief->requests_n - (size_t)(request - brief->requests) - 1;
        memmove(request, request + 1, after * sizeof *request);
        brief->requests_n--;
    }
}

static void add_requests(struct making *m)
{
    m->brief->requests = arena_array(&m->brief->arena, struct brief_request, REQUESTS_PER_INCIDENT_MAX);
    m->failed = m->failed || m->brief->requests == NULL;
    for (const struct view_told *at = m->told->first; at != NULL && !m->failed; at = at->next) {
        if (is_within(&m->cut, at->step.seq, at->step.bus_ms)) {
            take_request(m->brief, &at->step);
        }
    }
}

/* The command centres of that moment, but for who reported. */
static void add_readers(struct making *m)
{
    const struct region *region = state_region(m->brief->state);
    uint64_t seq = m->report->seq;

    if (m->incident->history) {
        return; /* history is told to nobody */
    }
    m->brief->readers = arena_array(&m->brief->arena, struct brief_reader, region->members_n);
    m->failed = m->failed || m->brief->readers == NULL;
    for (size_t i = 0; i < region->members_n && !m->failed; i++) {
        const char *agent = region->members[i].name;
        if (!view_was_centre(m->view, agent, seq) || strcmp(agent, m->report->author) == 0) {
            continue;
        }
        struct view_delivery delivery = view_delivered(m->view, agent, LANE_BULK, seq);
        m->brief->readers[m->brief->readers_n++] =
            (struct brief_reader){.agent = view_short_name(m->brief->state, agent),
                                  .delivered = delivery.delivered,
                                  .at_ms = delivery.bus_ms};
    }
}

/* --- where it comes from ---------------------------------------------------------------------- */

static void take_last(struct making *m, const struct view_told *told)
{
    for (; told != NULL; told = told->next) {
        if (is_within(&m->cut, told->step.seq, told->step.bus_ms) && told->step.seq >= m->brief->seq) {
            m->brief->seq = told->step.seq;
            m->brief->hash = told->step.hash;
        }
    }
}

static void add_source(struct making *m)
{
    struct view_counts counts = view_counts(m->view);

    take_last(m, m->told->first);
    for (size_t i = 0; i < m->brief->orders_n; i++) {
        take_last(m, view_order(m->view, m->brief->orders[i].id)->first);
    }
    m->brief->read_seq = counts.last_seq;
    m->brief->redacted = counts.redacted;
}

static void fill(struct making *m)
{
    const struct region *region = state_region(m->brief->state);
    struct view_brief *brief = m->brief;

    brief->incident = m->incident->id;
    brief->mode = m->incident->mode;
    brief->history = m->incident->history;
    brief->region_code = region->code;
    brief->region_name = region->name;
    brief->number = m->report->number;
    brief->kind = m->report->report;
    brief->reported_ms = m->report->at_ms != 0 ? m->report->at_ms : m->report->bus_ms;
    brief->reporter = view_short_name(brief->state, m->report->subject);
    brief->operator= m->report->operator;
    brief->signed_off_by = m->report->signed_off_by;
    brief->is_first = m->before.seq == 0;
    add_orders(m);
    add_items(m);
    add_requests(m);
    add_readers(m);
    add_source(m);
}

int view_brief_make(const struct view *view, bool zh, struct id incident,
                    const struct view_brief_point *point, struct view_brief *ret, struct err *err)
{
    struct view_brief brief = {.zh = zh, .state = view_state(view)};
    struct making m = {.view = view,
                       .incident = state_incident(view_state(view), incident),
                       .told = view_incident(view, incident),
                       .brief = &brief,
                       .zh = zh};
    char id[ID_TEXT];

    if (m.incident == NULL || m.told == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no incident %s", id_format(incident, id));
    }
    arena_init(&brief.arena, SIZE_MAX / 2);
    find_report(&m, point);
    if (m.report == NULL) {
        arena_free(&brief.arena);
        return no_report(&m, point, err);
    }
    brief.as_of_seq = point->seq;
    brief.as_of_ms = point->bus_ms;
    fill(&m);
    if (m.failed) {
        arena_free(&brief.arena);
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    *ret = brief;
    return 0;
}

void view_brief_free(struct view_brief *brief)
{
    arena_free(&brief->arena);
    *brief = (struct view_brief){.zh = false};
}
