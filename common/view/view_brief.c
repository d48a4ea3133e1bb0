/* What a brief says: the incident's story up to a record, beside the story up to the report before. */
#include "common/view/view_brief.h"

#include <string.h>

#include "common/core/kind.h"
#include "common/view/view_brief_private.h"
#include "common/view/view_private.h"

#define PICK(m, en, cn) ((m)->zh ? (cn) : (en))

bool brief_is_within(const struct cut *cut, uint64_t seq, int64_t bus_ms)
{
    return seq <= cut->seq && bus_ms <= cut->bus_ms;
}

const char *brief_kept(struct making *m, const char *text)
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
        return brief_kept(m, arena_printf(&m->brief->arena, "%llu", (unsigned long long)n));
    }
    return brief_kept(m, arena_printf(&m->brief->arena, "%s%s%s", n >= 20 ? digits[n / 10] : "",
                                      n >= 10 ? "十" : "", digits[n % 10]));
}

/* n-th of its kind. A second final report is rare and told apart. */
static const char *heading(struct making *m, enum report_kind kind, uint64_t n)
{
    struct arena *arena = &m->brief->arena;
    bool counted = kind == REPORT_FOLLOW_UP || n > 1;

    if (m->zh) {
        return brief_kept(
            m, arena_printf(arena, "%s%s", report_kind_name_zh(kind), counted ? chinese_number(m, n) : ""));
    }
    return counted ? brief_kept(m, arena_printf(arena, "%s report %llu", report_kind_name(kind),
                                                (unsigned long long)n))
                   : brief_kept(m, arena_printf(arena, "%s report", report_kind_name(kind)));
}

/* The last record in which rules were asked because of the report in record seq. */
static struct cut after_rules(const struct making *m, uint64_t seq)
{
    struct cut cut = {.seq = seq, .bus_ms = INT64_MAX};
    bool is_due = false;

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (step->seq > cut.seq && (!is_due || step->kind == EVENT_REPORT_FILED)) {
            break;
        }
        if (step->seq >= seq && step->kind == EVENT_RULES_DUE && id_is_zero(step->order)) {
            is_due = true;
        } else if (step->seq > seq && step->kind == EVENT_RULES_ASKED && id_is_zero(step->order)) {
            cut.seq = step->seq;
            is_due = false;
        }
    }
    return cut;
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
            !brief_is_within(&all, step->seq, step->bus_ms)) {
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
    m->ruled = is_point ? all : after_rules(m, m->report->seq);
    m->ruled_before = m->before.seq != 0 ? after_rules(m, m->before.seq) : m->before;
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
        if (at->step.kind == EVENT_FACTS_CHANGED && brief_is_within(cut, at->step.seq, at->step.bus_ms)) {
            view_merge_facts(&facts, at->step.facts);
        } else if (at->step.kind == EVENT_FACTS_RETURNED &&
                   brief_is_within(cut, at->step.seq, at->step.bus_ms)) {
            view_return_facts(&facts, &at->step);
        }
    }
    return facts;
}

static const char *count_text(struct making *m, int64_t n)
{
    return n == COUNT_UNKNOWN ? "" : brief_kept(m, arena_printf(&m->brief->arena, "%lld", (long long)n));
}

static const char *time_text(struct making *m, int64_t ms)
{
    char time[VIEW_TIME];

    return ms == 0 ? "" : brief_kept(m, arena_strdup(&m->brief->arena, view_time(m->brief->state, ms, time)));
}

static const char *position_text(struct making *m, const struct position *position)
{
    struct arena *arena = &m->brief->arena;
    double latitude = position->latitude_e7 / 1e7, longitude = position->longitude_e7 / 1e7;

    if (!position->present) {
        return "";
    }
    if (position->accuracy_m == 0) {
        return brief_kept(
            m, arena_printf(arena, "%.5f, %.5f (%s)", latitude, longitude, datum_name(position->datum)));
    }
    return brief_kept(m, arena_printf(arena, "%.5f, %.5f (%s, ±%u m)", latitude, longitude,
                                      datum_name(position->datum), position->accuracy_m));
}

/* The place by its words, and behind them the division by code and name. */
static const char *place_text(struct making *m, const struct facts *facts)
{
    const struct region *region = state_region(m->brief->state);
    int64_t at_ms = facts->occurred_at_ms != 0 ? facts->occurred_at_ms : m->incident->opened_at_ms;
    const struct division *division =
        region_division(region, facts->division, division_day(at_ms, region->utc_offset_minutes));
    const char *name = division != NULL ? division->name : "";

    if (facts->division[0] == '\0') {
        return facts->place;
    }
    return brief_kept(m, arena_printf(&m->brief->arena, PICK(m, "%s (%s%s%s)", "%s（%s%s%s）"), facts->place,
                                      facts->division, name[0] != '\0' ? " " : "", name));
}

/* Said even when nobody has graded it: ungraded is no grade, and not the lowest. */
static const char *grade_text(struct making *m, const struct cut *cut)
{
    enum grade grade = GRADE_NONE;
    const struct view_step *late = NULL, *doubted = NULL, *lost = NULL;
    const char *by = "";

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (step->kind == EVENT_GRADED && brief_is_within(cut, step->seq, step->bus_ms)) {
            grade = step->grade;
            by = step->what[0] != '\0'      ? step->what
                 : !id_is_zero(step->other) ? PICK(m, "of an incident merged into it", "随并入事件")
                                            : view_short_name(m->brief->state, step->subject);
            doubted = NULL;
            lost = NULL;
        } else if (step->kind == EVENT_GRADE_ASKED && brief_is_within(cut, step->seq, step->bus_ms)) {
            lost = step->what[0] != '\0' ? step : NULL;
        } else if (step->kind == EVENT_GRADE_DOUBTED && brief_is_within(cut, step->seq, step->bus_ms)) {
            doubted = step->grade != GRADE_NONE ? step : NULL;
        } else if (step->kind == EVENT_GRADE_OTHERWISE && step->from[0] == '\0' &&
                   brief_is_within(cut, step->seq, step->bus_ms)) {
            late = step->grade != GRADE_NONE ? step : NULL;
        }
    }
    if (grade == GRADE_NONE) {
        return PICK(m, "ungraded", "未定级");
    }
    const char *text = brief_kept(m, arena_printf(&m->brief->arena, PICK(m, "%s (%s)", "%s（%s）"),
                                                  PICK(m, grade_name(grade), grade_name_zh(grade)), by));
    if (late != NULL && late->grade != grade) {
        text = brief_kept(
            m,
            arena_printf(
                &m->brief->arena,
                PICK(m, "%s; casualties changed on day %llu move no grade, they count up to day %lld%s%s%s",
                     "%s；第 %llu 日变更的伤亡不计入定级，计至第 %lld 日%s%s%s"),
                text, (unsigned long long)late->number, (long long)late->holds,
                late->place[0] != '\0' ? PICK(m, " (", "（") : "", late->place,
                late->place[0] != '\0' ? PICK(m, ")", "）") : ""));
    }
    if (doubted == NULL && lost != NULL) {
        return brief_kept(
            m, arena_printf(&m->brief->arena,
                            PICK(m, "%s; by what is known no rule says it any more: a person decides",
                                 "%s；依现有情况已无规则支持，须由人决定"),
                            text));
    }
    if (doubted == NULL) {
        return text;
    }
    const char *other = PICK(m, grade_name(doubted->grade), grade_name_zh(doubted->grade));
    return brief_kept(
        m, doubted->from[0] == '\0'
               ? arena_printf(&m->brief->arena,
                              PICK(m, "%s; by what is known it would be %s: a person decides",
                                   "%s；依现有情况应为%s，须由人决定"),
                              text, other)
               : arena_printf(&m->brief->arena,
                              PICK(m, "%s; region %s, which leads, says it is %s: a person decides here",
                                   "%s；牵头地区 %s 已改定为%s，本地等级须由人决定"),
                              text, doubted->from, other));
}

static const char *level_text(struct making *m, const struct cut *cut)
{
    const struct view_step *last = NULL;
    char until[VIEW_TIME];

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (step->kind == EVENT_LEVEL_SET && brief_is_within(cut, step->seq, step->bus_ms)) {
            last = step;
        }
    }
    if (last == NULL || last->grade == GRADE_NONE) {
        return last == NULL ? PICK(m, "no response has been started", "未启动") : PICK(m, "over", "已终止");
    }
    const char *level = PICK(m, grade_name(last->grade), level_name_zh(last->grade));
    return brief_kept(
        m,
        last->due_ms == 0
            ? arena_printf(&m->brief->arena, PICK(m, "%s (duration not stated)", "%s（未说明期限）"), level)
            : arena_printf(&m->brief->arena, PICK(m, "%s (expected until %s)", "%s（预计至 %s）"), level,
                           view_time(m->brief->state, last->due_ms, until)));
}

/* Who led then, and who was to by the word of a region that did not know of it. */
static const char *post_text(struct making *m, const struct cut *cut)
{
    const char *text = PICK(m, "none is set up", "未设立"), *place = "", *apart = "";

    for (const struct view_told *at = m->told->first; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        bool is_apart = step->kind == EVENT_POST_APART;
        if ((!is_apart && step->kind != EVENT_POST_SET && step->kind != EVENT_POST_TAKEN) ||
            !brief_is_within(cut, step->seq, step->bus_ms)) {
            continue;
        }
        const char *lead = view_short_name(m->brief->state, step->what);
        if (is_apart) {
            apart = brief_kept(m, arena_printf(&m->brief->arena,
                                               PICK(m, "%s; set up apart by region %s: %s, commander %s",
                                                    "%s；%s 另设：%s，总指挥 %s"),
                                               apart, step->from, lead, step->subject));
            continue;
        }
        apart = step->settles ? "" : apart;
        place = step->kind == EVENT_POST_SET ? step->place : place;
        text = brief_kept(m, arena_printf(&m->brief->arena,
                                          PICK(m, "%s leads, commander %s, term %llu%s%s",
                                               "牵头部门 %s，总指挥 %s，第 %llu 任%s%s"),
                                          lead, step->subject, (unsigned long long)step->number,
                                          place[0] == '\0' ? "" : PICK(m, ", at ", "，地点："), place));
    }
    return apart[0] == '\0' ? text : brief_kept(m, arena_printf(&m->brief->arena, "%s%s", text, apart));
}

/* As the sheet that goes up names it, with its class of the law. */
static const char *kind_text(struct making *m, const char *word)
{
    const struct incident_kind *kind = incident_kind_find(word);

    if (kind == NULL || !m->zh || kind->class == CLASS_NONE) {
        return kind != NULL ? PICK(m, kind->en, kind->zh) : word;
    }
    return brief_kept(
        m, arena_printf(&m->brief->arena, "%s（%s）", kind->zh, incident_class_name_zh(kind->class)));
}

/* Everything that one brief says of facts, as texts; the words of the report itself stand apart. */
static void say_facts(struct making *m, const struct cut *cut, const char *ret[BRIEF_ITEMS])
{
    struct facts facts = facts_at(m, cut);

    ret[BRIEF_ITEM_TITLE] = facts.title;
    ret[BRIEF_ITEM_KIND] = kind_text(m, facts.kind);
    ret[BRIEF_ITEM_UNIT] = facts.unit;
    ret[BRIEF_ITEM_OCCURRED] = time_text(m, facts.occurred_at_ms);
    ret[BRIEF_ITEM_OPENED] = time_text(m, incident_received_ms(m->incident));
    ret[BRIEF_ITEM_PLACE] = place_text(m, &facts);
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

static void add_items(struct making *m)
{
    const char *now[BRIEF_ITEMS] = {NULL}, *then[BRIEF_ITEMS] = {NULL};

    say_facts(m, &m->cut, now);
    say_facts(m, &m->before, then);
    now[BRIEF_ITEM_ON_SCENE] = brief_on_scene(m, &m->cut);
    then[BRIEF_ITEM_ON_SCENE] = brief_on_scene(m, &m->before);
    now[BRIEF_ITEM_GRADE] = grade_text(m, &m->ruled);
    then[BRIEF_ITEM_GRADE] = grade_text(m, &m->ruled_before);
    now[BRIEF_ITEM_LEVEL] = level_text(m, &m->ruled);
    then[BRIEF_ITEM_LEVEL] = level_text(m, &m->ruled_before);
    now[BRIEF_ITEM_POST] = post_text(m, &m->cut);
    then[BRIEF_ITEM_POST] = post_text(m, &m->before);
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
        if (brief_is_within(&m->ruled, at->step.seq, at->step.bus_ms)) {
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

static void take_last(struct making *m, const struct view_told *told, const struct cut *cut)
{
    for (; told != NULL; told = told->next) {
        if (brief_is_within(cut, told->step.seq, told->step.bus_ms) && told->step.seq >= m->brief->seq) {
            m->brief->seq = told->step.seq;
            m->brief->hash = told->step.hash;
        }
    }
}

static void add_source(struct making *m)
{
    struct view_counts counts = view_counts(m->view);

    take_last(m, m->told->first, &m->ruled);
    for (size_t i = 0; i < m->brief->orders_n; i++) {
        take_last(m, view_order(m->view, m->brief->orders[i].id)->first, &m->cut);
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
    brief->of_region = m->report->from;
    brief->of_name = "";
    brief->reported_ms = m->report->at_ms != 0 ? m->report->at_ms : m->report->bus_ms;
    if (brief->of_region[0] != '\0') {
        const struct division *division = region_division(
            region, brief->of_region, division_day(m->report->bus_ms, region->utc_offset_minutes));
        brief->of_name = division != NULL ? division->name : "";
        brief->of_number = (uint64_t)m->report->holds;
        brief->of_reported_ms = m->report->at_ms != 0 ? m->report->at_ms : m->report->origin_ms;
        brief->reported_ms = m->report->bus_ms;
    }
    brief->reporter = view_short_name(brief->state, m->report->subject);
    brief->operator= m->report->operator;
    brief->signed_off_by = m->report->signed_off_by;
    brief->is_first = m->before.seq == 0;
    brief_add_orders(m);
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
