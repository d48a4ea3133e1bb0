#include "common/core/incident.h"

#include <stdlib.h>
#include <string.h>

static int compare_id(const void *key, const void *element)
{
    return id_compare(*(const struct id *)key, ((const struct order *)element)->id);
}

struct order *incident_order(const struct incident *incident, struct id order)
{
    if (incident->orders_n == 0) {
        return NULL;
    }
    return bsearch(&order, incident->orders, incident->orders_n, sizeof *incident->orders, compare_id);
}

const struct order *incident_replacement(const struct incident *incident, struct id order)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        if (id_equal(incident->orders[i].reissue_of, order)) {
            return &incident->orders[i];
        }
    }
    return NULL;
}

bool incident_has_asked(const struct incident *incident, const struct order *order, const char *agent)
{
    /* a chain that people made may be longer than rules go back, or closed by redaction */
    for (int i = 0; order != NULL && i <= ORDER_STEPS_MAX; i++) {
        if (words_have(order->agents, agent)) {
            return true;
        }
        order = id_is_zero(order->reissue_of) ? NULL : incident_order(incident, order->reissue_of);
    }
    return false;
}

struct reissue *incident_reissue(const struct incident *incident, struct id order)
{
    for (size_t i = 0; i < incident->reissues_n; i++) {
        if (id_equal(incident->reissues[i].order, order)) {
            return &incident->reissues[i];
        }
    }
    return NULL;
}

struct incident_clock *incident_clock(const struct incident *incident, const char *pack, const char *name)
{
    for (size_t i = 0; i < incident->clocks_n; i++) {
        struct incident_clock *clock = &incident->clocks[i];
        if (strcmp(clock->pack, pack) == 0 && strcmp(clock->terms.name, name) == 0) {
            return clock;
        }
    }
    return NULL;
}

bool clock_runs(const struct incident_clock *clock)
{
    return clock->met_ms == 0 && !clock->stopped;
}

bool clock_is_daily(const struct incident_clock *clock)
{
    return clock->terms.times_n > 0;
}

/* The next moment at which something is to be told of it; 0: none. */
static int64_t clock_due(const struct incident_clock *clock)
{
    if (!clock_runs(clock) || clock->overdue) {
        return 0;
    }
    return clock->warn_ms != 0 && clock->warn_ms < clock->due_ms ? clock->warn_ms : clock->due_ms;
}

bool incident_is_open(const struct incident *incident)
{
    return incident->closed_at_ms == 0;
}

int64_t incident_received_ms(const struct incident *incident)
{
    return incident->heard_at_ms != 0 ? incident->heard_at_ms : incident->opened_at_ms;
}

bool incident_is_shared(const struct incident *incident)
{
    return incident->home[0] != '\0' || incident->shares_n > 0;
}

/* Or declined, and rules are still to be asked of that. */
static bool any_order_open(const struct incident *incident)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        if (order_is_open(&incident->orders[i]) || incident->orders[i].declined_due_ms != 0) {
            return true;
        }
    }
    return false;
}

static bool any_clock_due(const struct incident *incident)
{
    for (size_t i = 0; i < incident->clocks_n; i++) {
        if (clock_due(&incident->clocks[i]) != 0) {
            return true;
        }
    }
    return false;
}

bool incident_is_live(const struct incident *incident)
{
    if (incident->history) {
        return false;
    }
    for (size_t i = 0; i < incident->shares_n; i++) {
        if (incident->shares[i].more) {
            return true; /* a region is still to be told of it */
        }
    }
    if (incident->reissues_n > 0 || incident_parts_due(incident) != 0) {
        return true;
    }
    if (incident_is_merged(incident)) {
        return any_order_open(incident) || any_clock_due(incident); /* the rest is the survivor's */
    }
    if (incident->rules_due_ms != 0) {
        return true; /* also of one that is closed: its facts were corrected */
    }
    if (any_clock_due(incident)) {
        return true; /* closing it is no report */
    }
    for (size_t i = 0; i < incident->holds_n; i++) {
        if (incident->holds[i].due_ms != 0) {
            return true;
        }
    }
    /* one that only an order opened ends with its orders */
    return incident->bare ? any_order_open(incident) : incident_is_open(incident) || any_order_open(incident);
}

int64_t incident_due(const struct incident *incident)
{
    if (!incident_is_live(incident)) {
        return 0; /* what is over asks for nothing more */
    }
    int64_t due = incident_parts_due(incident);
    if (incident->amendments_left > 0 && (due == 0 || incident->amendments_left_at_ms < due)) {
        due = incident->amendments_left_at_ms;
    }
    if (incident->rules_due_ms != 0 && (due == 0 || incident->rules_due_ms < due)) {
        due = incident->rules_due_ms;
    }
    for (size_t i = 0; i < incident->reissues_n; i++) {
        int64_t at = incident->reissues[i].at_ms;
        due = due == 0 || at < due ? at : due;
    }
    /* what is said under a merged one's id is the survivor's, and so is what is asked */
    for (size_t i = 0; i < incident->requests_n && !incident_is_merged(incident); i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms == 0 && !request->overdue && (due == 0 || request->due_at_ms < due)) {
            due = request->due_at_ms;
        }
    }
    for (size_t i = 0; i < incident->clocks_n; i++) {
        int64_t at = clock_due(&incident->clocks[i]);
        if (at != 0 && (due == 0 || at < due)) {
            due = at;
        }
    }
    for (size_t i = 0; i < incident->holds_n; i++) {
        int64_t at = incident->holds[i].due_ms;
        if (at != 0 && (due == 0 || at < due)) {
            due = at;
        }
    }
    for (size_t i = 0; i < incident->referrals_n; i++) {
        int64_t at = incident->referrals[i].unreached_due_ms;
        if (at != 0 && (due == 0 || at < due)) {
            due = at;
        }
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        int64_t at = order_due(&incident->orders[i]);
        if (at != 0 && (due == 0 || at < due)) {
            due = at;
        }
    }
    return due;
}

static void remember_text(struct incident *incident, enum fact fact, const char *text)
{
    if (text[0] != '\0') {
        incident->texts[fact] = fingerprint_text(FINGERPRINT_START, text);
    }
}

static void remember_count(int64_t *known, int64_t said)
{
    if (said != COUNT_UNKNOWN) {
        *known = said;
    }
}

void incident_learn(struct incident *incident, const struct facts *said)
{
    remember_text(incident, FACT_PLACE, said->place);
    remember_text(incident, FACT_UNIT, said->unit);
    remember_text(incident, FACT_COURSE, said->course);
    remember_text(incident, FACT_MEASURES, said->measures);
    remember_text(incident, FACT_CALLER, said->caller);
    remember_text(incident, FACT_TITLE, said->title);
    remember_text(incident, FACT_DIVISION, said->division);
    if (said->position.datum != DATUM_NONE) {
        incident->position = said->position;
    }
    remember_count(&incident->casualties.dead, said->casualties.dead);
    remember_count(&incident->casualties.missing, said->casualties.missing);
    remember_count(&incident->casualties.serious, said->casualties.serious);
    remember_count(&incident->casualties.minor, said->casualties.minor);
    remember_count(&incident->casualties.trapped, said->casualties.trapped);
    remember_count(&incident->loss_cny, said->loss_cny);
    if (said->occurred_at_ms != 0) {
        incident->occurred_at_ms = said->occurred_at_ms;
    }
    incident->known |= facts_known(said);
}

/* As what is kept of it says them. */
static struct facts known_facts(const struct incident *incident)
{
    struct facts facts = facts_none();

    facts.kind = incident->kind;
    facts.substance = incident->substance;
    facts.position = incident->position;
    facts.casualties = incident->casualties;
    facts.loss_cny = incident->loss_cny;
    facts.occurred_at_ms = incident->occurred_at_ms;
    return facts;
}

uint32_t incident_fields(const struct incident *incident)
{
    struct facts facts = known_facts(incident);

    return facts_fields(&facts);
}

void incident_forget(struct incident *incident, uint32_t fields, const char *kind, const char *substance)
{
    const uint32_t kept = 1U << FACT_KIND | 1U << FACT_SUBSTANCE | 1U << FACT_POSITION |
                          1U << FACT_CASUALTIES | 1U << FACT_LOSS | 1U << FACT_TIME;
    struct facts facts = known_facts(incident);

    facts = facts_only(&facts, ~fields);
    facts.kind = (fields & FIELD_KIND) != 0 ? kind : facts.kind;
    facts.substance = (fields & FIELD_SUBSTANCE) != 0 ? substance : facts.substance;
    incident->kind = facts.kind;
    incident->substance = facts.substance;
    incident->position = facts.position;
    incident->casualties = facts.casualties;
    incident->loss_cny = facts.loss_cny;
    incident->occurred_at_ms = facts.occurred_at_ms;
    incident->known = (incident->known & ~kept) | facts_known(&facts);
}

struct rule_hold *incident_hold(const struct incident *incident, const char *pack, const char *rule)
{
    for (size_t i = 0; i < incident->holds_n; i++) {
        struct rule_hold *hold = &incident->holds[i];
        if (strcmp(hold->pack, pack) == 0 && strcmp(hold->rule, rule) == 0) {
            return hold;
        }
    }
    return NULL;
}

const char *incident_lead(const struct incident *incident, const char *own)
{
    const char *home = incident->home[0] != '\0' ? incident->home : own;

    return incident->lead[0] != '\0' ? incident->lead : home;
}

struct referral *incident_referral(const struct incident *incident, const char *region)
{
    for (size_t i = 0; i < incident->referrals_n; i++) {
        if (strcmp(incident->referrals[i].region, region) == 0) {
            return &incident->referrals[i];
        }
    }
    return NULL;
}

bool incident_is_referred(const struct incident *incident, const char *region)
{
    return incident_referral(incident, region) != NULL;
}

static const char *new_text(const struct incident *incident, enum fact fact, const char *said)
{
    if (said[0] == '\0' || fingerprint_text(FINGERPRINT_START, said) == incident->texts[fact]) {
        return "";
    }
    return said;
}

/* What was said apart is settled by whoever counts anew, also to the same number; and what was taken over
 * with a merge becomes the incident's own by being said of it. */
static int64_t new_count(const struct incident *incident, size_t i, const struct facts *said)
{
    int64_t count = count_of(&said->casualties, i);
    bool own = (incident_taken_fields(incident) >> (FACT_COUNTS_FROM + i) & 1) == 0;

    return own && count == count_of(&incident->casualties, i) && incident_apart(incident, i) == NULL &&
                   incident_missed(incident, i) == NULL
               ? COUNT_UNKNOWN
               : count;
}

struct facts incident_news(const struct incident *incident, const struct facts *said)
{
    struct facts news = facts_none();
    uint32_t taken = incident_taken_fields(incident);

    if (strcmp(said->kind, incident->kind) != 0 || (taken & FIELD_KIND) != 0) {
        news.kind = said->kind;
    }
    if (strcmp(said->substance, incident->substance) != 0 || (taken & FIELD_SUBSTANCE) != 0) {
        news.substance = said->substance;
    }
    news.place = new_text(incident, FACT_PLACE, said->place);
    news.unit = new_text(incident, FACT_UNIT, said->unit);
    news.course = new_text(incident, FACT_COURSE, said->course);
    news.measures = new_text(incident, FACT_MEASURES, said->measures);
    news.caller = new_text(incident, FACT_CALLER, said->caller);
    news.title = new_text(incident, FACT_TITLE, said->title);
    news.division = new_text(incident, FACT_DIVISION, said->division);
    const struct position *p = &said->position;
    if (p->datum != DATUM_NONE &&
        (p->datum != incident->position.datum || p->latitude_e7 != incident->position.latitude_e7 ||
         p->longitude_e7 != incident->position.longitude_e7 ||
         p->accuracy_m != incident->position.accuracy_m || (taken & FIELD_POSITION) != 0)) {
        news.position = *p;
    }
    news.casualties.dead = new_count(incident, 0, said);
    news.casualties.missing = new_count(incident, 1, said);
    news.casualties.serious = new_count(incident, 2, said);
    news.casualties.minor = new_count(incident, 3, said);
    news.casualties.trapped = new_count(incident, 4, said);
    bool own_loss = (taken & FIELD_LOSS) == 0;
    news.loss_cny = own_loss && said->loss_cny == incident->loss_cny ? COUNT_UNKNOWN : said->loss_cny;
    if (said->occurred_at_ms != incident->occurred_at_ms || (taken & FIELD_OCCURRED) != 0) {
        news.occurred_at_ms = said->occurred_at_ms;
    }
    return news;
}

static bool count_differs(int64_t known, int64_t said)
{
    return known != COUNT_UNKNOWN && said != COUNT_UNKNOWN && known != said;
}

bool incident_contradicts(const struct incident *incident, const struct facts *said)
{
    struct facts news = incident_news(incident, said);
    const struct casualties *a = &incident->casualties, *b = &said->casualties;

    return (incident->known & facts_known(&news) & ~(1u << FACT_CASUALTIES)) != 0 ||
           count_differs(a->dead, b->dead) || count_differs(a->missing, b->missing) ||
           count_differs(a->serious, b->serious) || count_differs(a->minor, b->minor) ||
           count_differs(a->trapped, b->trapped);
}

void incident_clear(struct incident *incident)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        order_free(&incident->orders[i]);
    }
    free(incident->orders);
    free(incident->reissues);
    free(incident->requests);
    free(incident->holds);
    free(incident->referrals);
    free(incident->shares);
    free(incident->marks);
    free(incident->heard);
    free(incident->clocks);
    free(incident->sent);
    ties_free(incident->ties);
    disputes_free(incident->disputes);
    free(incident->otherwise);
    free(incident->post);
    spread_free(incident->spread);
}

bool incident_is_of_unit(const struct incident *incident, const char *unit)
{
    return unit[0] != '\0' && (incident->known & (1U << FACT_UNIT)) != 0 &&
           incident->texts[FACT_UNIT] == fingerprint_text(FINGERPRINT_START, unit);
}
