/* Rules of warnings at hand: which alerts are, from when and until when they are in force, what rules make of
 * them, and that those of open incidents are asked about them. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/division.h"
#include "common/core/link.h"
#include "common/core/rule_matter.h"

#define AHEAD_MAX_MS (INT64_C(365) * 24 * 3600 * 1000)

enum {
    FIRED_PER_WARNING_MAX = 64, /* rules */
    EVENT_BYTES_MAX = NAME_MAX_BYTES
};

/* --- where it is for ------------------------------------------------------------------------------ */

/* How near the areas are, so that a greater one tells more. */
enum place { PLACE_ELSEWHERE, PLACE_UNKNOWN, PLACE_HERE };

/* "", or a name of GB/T 2260, as "GB/T 2260-2007": else its codes are another scheme's. */
static bool is_of_divisions(const char *name)
{
    static const char *const names[] = {"GB/T 2260", "GB/T2260", "GB2260", "GB 2260"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(name, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return name[0] == '\0';
}

struct placed {
    enum place place;
    bool all;           /* of the region */
    const char **areas; /* within it; room for WARNING_AREAS_MAX */
    size_t areas_n;
};

static void add_area(struct deciding *d, struct placed *placed, const char *code)
{
    struct words there = {placed->areas, placed->areas_n};
    const char *kept = arena_strdup(d->arena, code);

    d->no_memory = d->no_memory || kept == NULL;
    if (kept == NULL || words_have(there, code)) {
        return;
    }
    if (placed->areas_n == WARNING_AREAS_MAX) { /* as much as all */
        placed->all = true;
        return;
    }
    placed->areas[placed->areas_n++] = kept;
}

static enum place place_of_code(struct deciding *d, struct placed *placed, const struct alert_code *code)
{
    char whole[REGION_CODE_MAX + 1];
    const char *own = d->region->code;

    if (!is_of_divisions(code->name) || !division_code(code->value, whole) || !division_is_known(whole)) {
        return PLACE_UNKNOWN;
    }
    if (strcmp(whole, own) == 0 || region_is_above(whole, own)) {
        placed->all = true;
        return PLACE_HERE;
    }
    if (division_is_within(whole, own)) {
        add_area(d, placed, whole);
        return PLACE_HERE;
    }
    return PLACE_ELSEWHERE;
}

/* By its codes; one that is none of a division beside others that are says the same place in another
 * scheme. */
static enum place place_of_area(struct deciding *d, struct placed *placed, const struct alert_area *area)
{
    enum place place = PLACE_ELSEWHERE;
    size_t known = 0;

    for (size_t i = 0; i < area->geocodes_n; i++) {
        enum place of = place_of_code(d, placed, &area->geocodes[i]);
        known += of != PLACE_UNKNOWN;
        place = of == PLACE_HERE ? of : place;
    }
    return known > 0 ? place : PLACE_UNKNOWN;
}

static enum place place_of_info(struct deciding *d, struct placed *placed, const struct alert_info *info)
{
    enum place place = info->areas_n > 0 ? PLACE_ELSEWHERE : PLACE_UNKNOWN;

    for (size_t i = 0; i < info->areas_n; i++) {
        enum place of = place_of_area(d, placed, &info->areas[i]);
        place = of > place ? of : place;
    }
    return place;
}

/* --- what it says --------------------------------------------------------------------------------- */

/* Cut between two characters. */
static const char *cut(struct deciding *d, const char *text)
{
    size_t n = strlen(text);

    if (n <= EVENT_BYTES_MAX) {
        return text;
    }
    n = EVENT_BYTES_MAX;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) {
        n--;
    }
    const char *kept = arena_text(d->arena, text, n);
    d->no_memory = d->no_memory || kept == NULL;
    return kept != NULL ? kept : "";
}

/* When it ends that does not say so. What is to begin in a year or later, as by a slip in a date, is no
 * warning: it ends as it begins. */
static int64_t end_of(const struct deciding *d, int64_t from_ms)
{
    return from_ms < d->env->now_ms + AHEAD_MAX_MS ? from_ms + WARNING_LIFE_MS : from_ms;
}

static bool is_said(int value, int last)
{
    return value > 0 && value <= last;
}

/* Of infos that say the same in several languages, or of several areas that are hit unlike, the gravest. */
static void add_info(struct deciding *d, struct warning_step *w, const struct alert_info *info, bool first)
{
    int64_t from = info->effective_ms != 0 ? info->effective_ms : w->sent_ms;
    bool is_chinese = strncmp(info->language, "zh", 2) == 0;

    if (is_said((int)info->colour, ALERT_COLOUR_BLUE) && (w->colour == 0 || info->colour < w->colour)) {
        w->colour = info->colour;
    }
    if (is_said((int)info->severity, ALERT_SEVERITY_MINOR) &&
        (w->severity == 0 || info->severity < w->severity)) {
        w->severity = info->severity;
    }
    if (is_said((int)info->urgency, ALERT_URGENCY_PAST) && (w->urgency == 0 || info->urgency < w->urgency)) {
        w->urgency = info->urgency;
    }
    if (is_said((int)info->certainty, ALERT_CERTAINTY_UNLIKELY) &&
        (w->certainty == 0 || info->certainty < w->certainty)) {
        w->certainty = info->certainty;
    }
    w->event = first || is_chinese ? cut(d, info->event) : w->event;
    w->from_ms = first || from < w->from_ms ? from : w->from_ms;
    w->onset_ms = first || info->onset_ms > w->onset_ms ? info->onset_ms : w->onset_ms;
    int64_t expires = info->expires_ms != 0 ? info->expires_ms : end_of(d, from);
    w->expires_ms = expires > w->expires_ms ? expires : w->expires_ms;
}

/* What it says of this region: where one of its infos is for here, no other counts. */
static enum place read_alert(struct deciding *d, const struct record_alert *command, struct warning_step *ret)
{
    enum place places[ALERT_INFOS_MAX], place = PLACE_ELSEWHERE;
    struct placed placed = {.areas = arena_array(d->arena, const char *, WARNING_AREAS_MAX)};
    bool first = true;

    *ret = (struct warning_step){.alert = command->alert,
                                 .mode = d->command->mode,
                                 .source = command->source,
                                 .type = command->type,
                                 .sender = command->sender,
                                 .identifier = command->identifier,
                                 .event = "",
                                 .sent_ms = command->sent_ms,
                                 .from_ms = command->sent_ms,
                                 .pack = "",
                                 .version = "",
                                 .rule = ""};
    if (placed.areas == NULL) {
        d->no_memory = true;
        return PLACE_ELSEWHERE;
    }
    for (size_t i = 0; i < command->infos_n; i++) {
        places[i] = place_of_info(d, &placed, &command->infos[i]);
        place = places[i] > place ? places[i] : place;
    }
    for (size_t i = 0; i < command->infos_n; i++) {
        if (places[i] == place) {
            add_info(d, ret, &command->infos[i], first);
            first = false;
        }
    }
    ret->expires_ms = ret->expires_ms != 0 ? ret->expires_ms : end_of(d, ret->sent_ms);
    ret->here = place == PLACE_HERE;
    ret->areas = ret->here && !placed.all ? (struct words){placed.areas, placed.areas_n} : ret->areas;
    return command->infos_n == 0 ? PLACE_UNKNOWN : place;
}

/* --- taking --------------------------------------------------------------------------------------- */

static struct warning_step step_of(const struct warning *w)
{
    return (struct warning_step){.alert = w->alert,
                                 .mode = w->mode,
                                 .source = w->source,
                                 .type = w->type,
                                 .sender = w->sender,
                                 .identifier = w->identifier,
                                 .event = w->event,
                                 .urgency = w->urgency,
                                 .severity = w->severity,
                                 .certainty = w->certainty,
                                 .colour = w->colour,
                                 .here = w->here,
                                 .areas = w->areas,
                                 .sent_ms = w->sent_ms,
                                 .from_ms = w->from_ms,
                                 .onset_ms = w->onset_ms,
                                 .expires_ms = w->expires_ms,
                                 .pack = "",
                                 .version = "",
                                 .rule = ""};
}

static void emit(struct deciding *d, enum event_kind kind, const struct warning_step *step)
{
    struct event *event = decide_emit(d, kind);

    event->at_ms = d->env->now_ms;
    event->warning = *step;
}

/* Whether a rule in force asks of incidents what the warnings are. */
static bool incidents_ask(struct deciding *d)
{
    const struct rules *rules = d->env->rules;
    uint64_t facts = 0;

    if (!decide_has_rules(d)) {
        return false;
    }
    if (rules->reads(rules->ctx, d->region, TRIGGER_INCIDENT, &facts) != 0) {
        d->no_memory = true;
    }
    return (facts & warning_facts()) != 0;
}

/* The array in state goes with the warning. */
static struct words told_of(struct deciding *d, const struct warning *warning)
{
    const char **at = arena_array(d->arena, const char *, WARNING_TOLD_MAX);
    struct words ret = {at, 0};

    d->no_memory = d->no_memory || at == NULL;
    if (at != NULL) {
        warning_add_told(at, &ret.n, warning->told);
    }
    return ret;
}

/* Who was told of it is told that it is over, unless it `goes_on` as another. */
static void end(struct deciding *d, const struct warning *warning, enum warning_end why, bool goes_on)
{
    struct warning_step step = step_of(warning);

    step.why = why;
    step.areas = (struct words){NULL, 0}; /* one alert may end many */
    step.asks = warning->began && incidents_ask(d);
    step.roles = goes_on ? step.roles : told_of(d, warning);
    emit(d, EVENT_WARNING_ENDED, &step);
}

/* CAP 1.2, 3.2.1, and, for one message again, the index that named it before the message itself came. */
static bool is_replaced(const struct warning *there, const struct record_alert *command)
{
    bool again =
        id_equal(there->alert, command->alert) ||
        (there->source != command->source && there->sent_ms == command->sent_ms &&
         strcmp(there->identifier, command->identifier) == 0 && strcmp(there->sender, command->sender) == 0);

    for (size_t i = 0; i < command->references_n && !again; i++) {
        again = id_equal(there->alert, command->references[i].alert);
    }
    return again && there->mode == alert_mode(command->status);
}

struct replacing {
    bool any;      /* it replaces what is at hand */
    bool was_here; /* ... for here ... */
    bool began;    /* ... and in force ... */
    bool asked;    /* ... of which rules were asked */
    enum alert_colour colour;
    enum alert_severity severity; /* the gravest of it */
    size_t gone;
};

static void add_replaced(struct warning_step *w, struct id *at, struct id alert)
{
    for (size_t i = 0; i < w->replaces_n; i++) {
        if (id_equal(at[i], alert)) {
            return;
        }
    }
    if (w->replaces_n < WARNING_REPLACES_MAX && !id_equal(alert, w->alert)) {
        at[w->replaces_n++] = alert;
    }
}

/* Ends what the alert refers to, as far as it is at hand, and keeps what that had replaced, and who was told
 * of it if it `goes_on`. */
static struct replacing replace(struct deciding *d, const struct record_alert *command, bool goes_on,
                                struct warning_step *w)
{
    struct id *at = arena_array(d->arena, struct id, WARNING_REPLACES_MAX);
    const char **told = arena_array(d->arena, const char *, WARNING_TOLD_MAX);
    struct replacing r = {.any = false};

    if (at == NULL || told == NULL) {
        d->no_memory = true;
        return r;
    }
    w->replaces = at;
    for (size_t i = 0; i < command->references_n; i++) {
        add_replaced(w, at, command->references[i].alert);
    }
    for (size_t i = 0; i < d->region->warnings_n; i++) {
        const struct warning *there = &d->region->warnings[i];
        if (!is_replaced(there, command)) {
            continue;
        }
        add_replaced(w, at, there->alert);
        for (size_t j = 0; j < there->replaces_n; j++) {
            add_replaced(w, at, there->replaces[j]);
        }
        if (!r.any || warning_compare(there->colour, there->severity, r.colour, r.severity) < 0) {
            r.colour = there->colour;
            r.severity = there->severity;
        }
        r.any = true;
        r.was_here = r.was_here || there->here;
        r.began = r.began || there->began;
        r.asked = r.asked || there->asked;
        r.gone++;
        if (goes_on) {
            warning_add_told(told, &w->roles.n, there->told);
        }
        end(d, there, w->type == ALERT_TYPE_CANCEL ? WARNING_CANCELLED : WARNING_REPLACED, goes_on);
    }
    w->roles.at = told;
    return r;
}

/* Negative: `a` matters more. Actual ones go first, then those for here, then the graver, then the later. */
static int compare(const struct warning_step *a, const struct warning_step *b)
{
    int cancels = (a->type == ALERT_TYPE_CANCEL) - (b->type == ALERT_TYPE_CANCEL);
    int actual = (b->mode == MODE_ACTUAL) - (a->mode == MODE_ACTUAL);
    int here = (int)b->here - (int)a->here;
    int grave = warning_compare(a->colour, a->severity, b->colour, b->severity);

    if (actual != 0 || cancels != 0) {
        return actual != 0 ? actual : cancels;
    }
    if (here != 0 || grave != 0) {
        return here != 0 ? here : grave;
    }
    return a->sent_ms == b->sent_ms ? 0 : a->sent_ms > b->sent_ms ? -1 : 1;
}

/* Room for it, if something gives way that matters less. */
static bool make_room(struct deciding *d, const struct record_alert *command, const struct warning_step *w,
                      const struct replacing *r)
{
    const struct warning *last = NULL;

    if (d->region->warnings_n - r->gone < WARNINGS_MAX) {
        return true;
    }
    for (size_t i = 0; i < d->region->warnings_n; i++) {
        const struct warning *there = &d->region->warnings[i];
        struct warning_step a = step_of(there), b = last != NULL ? step_of(last) : a;
        if (!is_replaced(there, command) && (last == NULL || compare(&a, &b) >= 0)) {
            last = there;
        }
    }
    struct warning_step least = last != NULL ? step_of(last) : *w;
    if (last == NULL || compare(w, &least) >= 0) {
        return false;
    }
    end(d, last, WARNING_NO_ROOM, false);
    return true;
}

/* What cancels what is not here yet is kept against it; so is an update, until it ends. */
static bool is_kept(const struct deciding *d, const struct warning_step *w, enum place place)
{
    bool refers = w->replaces_n > 0;

    if (w->expires_ms <= d->env->now_ms || w->expires_ms <= w->from_ms ||
        region_warning_is_over(d->region, w->alert)) {
        return false;
    }
    return w->type == ALERT_TYPE_CANCEL ? refers : place != PLACE_ELSEWHERE;
}

void decide_warn(struct deciding *d, const struct record_alert *command)
{
    const struct warning *there = region_warning(d->region, command->alert);
    struct warning_step w;

    if (d->region->generation < GENERATION_ALERTS || command->type == ALERT_TYPE_ACK ||
        command->type == ALERT_TYPE_ERROR ||
        (command->infos_n == 0 && command->type != ALERT_TYPE_CANCEL)) { /* it says nothing of anything */
        return;
    }
    enum place place = read_alert(d, command, &w);
    /* who says two things under one name: the graver counts */
    if (there != NULL && (place == PLACE_ELSEWHERE ||
                          warning_compare(w.colour, w.severity, there->colour, there->severity) >= 0)) {
        return;
    }
    bool goes_on = w.type != ALERT_TYPE_CANCEL && is_kept(d, &w, place);
    struct replacing r = replace(d, command, goes_on, &w);
    if (d->no_memory || !is_kept(d, &w, place)) {
        return;
    }
    if (!make_room(d, command, &w, &r)) {
        w.why = WARNING_NO_ROOM;
        emit(d, EVENT_WARNING_ENDED, &w);
        return;
    }
    bool graver =
        !r.any || warning_compare(w.colour, w.severity, r.colour, r.severity) < 0 || (w.here && !r.was_here);
    w.began = r.began && w.from_ms <= d->env->now_ms && w.type != ALERT_TYPE_CANCEL;
    w.asked = r.asked && !graver;
    w.asks = w.began && incidents_ask(d);
    emit(d, EVENT_WARNING_TAKEN, &w);
}

/* --- its time ------------------------------------------------------------------------------------- */

static void fire(struct deciding *d, const struct warning *warning, const struct rule_verdict *v,
                 const struct rule_facts *facts)
{
    const char **roles = arena_array(d->arena, const char *, RULE_ACTIONS_MAX);
    struct warning_step step = step_of(warning);

    if (roles == NULL) {
        d->no_memory = true;
        return;
    }
    step.roles = (struct words){roles, 0};
    for (size_t i = 0; i < v->actions_n; i++) {
        if (v->actions[i].kind == ACTION_NOTIFY && !words_have(step.roles, v->actions[i].value)) {
            roles[step.roles.n++] = v->actions[i].value;
        }
    }
    step.pack = v->pack;
    step.version = v->version;
    step.rule = v->rule;
    step.seen = matter_seen(d, v->facts, facts, &step.seen_n);
    emit(d, EVENT_WARNING_FIRED, &step);
}

static void ask(struct deciding *d, const struct warning *warning)
{
    const struct rules *rules = d->env->rules;
    const struct rule_verdict *verdicts = NULL;
    struct rule_facts facts;
    size_t n = 0, fired = 0;

    if (!decide_has_rules(d)) {
        return;
    }
    warning_know(&facts, d->region, warning);
    if (rules->ask(rules->ctx, d->region, TRIGGER_ALERT, &facts, &verdicts, &n) != 0) {
        d->no_memory = true;
        return;
    }
    for (size_t i = 0; i < n && fired < FIRED_PER_WARNING_MAX && !d->no_memory; i++) {
        if (verdicts[i].holds == ANSWER_YES) {
            fire(d, warning, &verdicts[i], &facts);
            fired++;
        }
    }
}

void decide_pass_warning(struct deciding *d, const struct pass_warning *command)
{
    const struct warning *warning = region_warning(d->region, command->alert);

    if (id_is_zero(command->alert)) {
        decide_refuse(d, REFUSED_INVALID, "pass_warning: name the alert");
        return;
    }
    if (warning == NULL || warning_due(warning) > d->env->now_ms) {
        return;
    }
    if (warning->mode != d->command->mode) {
        decide_refuse(d, REFUSED_MODE, "the warning is %s, the command %s", mode_name(warning->mode),
                      mode_name(d->command->mode));
    } else if (warning->expires_ms <= d->env->now_ms) {
        end(d, warning, WARNING_EXPIRED, false);
    } else {
        struct warning_step step = step_of(warning);
        step.asks = !warning->began && incidents_ask(d);
        emit(d, EVENT_WARNING_BEGAN, &step);
        if (!warning->asked) {
            ask(d, warning);
        }
    }
}

/* --- incidents ------------------------------------------------------------------------------------ */

void decide_ask_incidents(struct deciding *d, const struct ask_incidents *command)
{
    if (command->incidents_n > INCIDENTS_ASKED_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "incidents: %d in one record", INCIDENTS_ASKED_MAX);
        return;
    }
    for (size_t i = 0; i < command->incidents_n && decide_has_rules(d); i++) {
        const struct incident *incident = state_incident(d->state, command->incidents[i]);
        if (incident != NULL && incident_is_open(incident) && !incident->history) {
            decide_ask_soon(d, incident->id);
        }
    }
    if (command->last && command->turn > d->region->warnings_heeded &&
        command->turn <= d->region->warnings_turn) {
        struct event *event = decide_emit(d, EVENT_WARNINGS_HEEDED);
        event->at_ms = d->env->now_ms;
        event->warnings_heeded = (struct warnings_heeded){.turn = command->turn};
    }
}
