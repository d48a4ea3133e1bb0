#include "common/core/rule_matter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/statutory.h"

enum { MINUTE_MS = 60 * 1000 };

void matter_see(struct matter *m, const struct event *event)
{
    struct incident *after = &m->after;

    switch (event->kind) {
    case EVENT_GRADED:
        after->grade = event->graded.grade;
        after->doubted = GRADE_NONE;
        after->doubted_in = "";
        return;
    case EVENT_GRADE_DOUBTED:
        after->doubted = event->graded.grade;
        after->doubted_in = event->graded.region;
        return;
    case EVENT_GRADE_ASKED:
        after->grade_asked_ms = event->at_ms;
        return;
    case EVENT_LEVEL_SET:
        after->level = event->level_set.level;
        return;
    case EVENT_ORDER_UNANSWERED: {
        const struct order *order = incident_order(after, event->order);
        m->orders_silent += order == NULL || !order->unanswered; /* else it was silent before, too */
        return;
    }
    case EVENT_ORDER_EXPIRED:
        m->orders_open--;
        m->orders_silent--; /* it went unanswered, now or before */
        return;
    default:
        return;
    }
}

static void know_number(struct matter *m, enum rule_fact fact, bool known, int64_t value)
{
    m->facts.at[fact] = (struct rule_value){.known = known, .whole = value};
}

static void know_text(struct matter *m, enum rule_fact fact, const char *value)
{
    m->facts.at[fact] = (struct rule_value){.known = value[0] != '\0', .text = value};
}

static void know_count(struct matter *m, enum rule_fact fact, int64_t count)
{
    know_number(m, fact, count != COUNT_UNKNOWN, count);
}

static void know_order(struct deciding *d, struct matter *m)
{
    char *agency = arena_alloc(d->arena, NAME_MAX_BYTES + 1);

    if (m->trigger == TRIGGER_DECLINED) {
        know_text(m, RULE_AGENT, m->order->taker);
    }
    if (m->trigger == TRIGGER_UNANSWERED || m->trigger == TRIGGER_DECLINED) {
        know_text(m, RULE_ORDER_KIND, m->order->kind);
        know_number(m, RULE_STEP, true, m->order->steps);
    }
    if (agency == NULL) {
        d->no_memory = true;
    } else if (name_agency(m->order->addressee, agency)) {
        know_text(m, RULE_AGENCY, agency);
    }
}

static void know_spread(const struct deciding *d, struct matter *m)
{
    const char *own = d->region->code;
    enum grade expected = m->after.spread != NULL ? m->after.spread->expected : GRADE_NONE;
    enum grade there = incident_neighbour_level(&m->after, own);

    know_number(m, RULE_EXPECTED, expected != GRADE_NONE, (int64_t)expected);
    know_number(m, RULE_HERE, true, incident_is_here(&m->after, own));
    know_number(m, RULE_REGIONS, true, incident_regions(&m->after, own));
    know_number(m, RULE_REGIONS_BELOW, true, incident_regions_below(&m->after, own));
    know_number(m, RULE_NEIGHBOUR_LEVEL, there != GRADE_NONE, (int64_t)there);
}

void matter_know(struct deciding *d, struct matter *m)
{
    const struct incident *after = &m->after;
    const struct casualties *c = &after->casualties;
    int64_t now = d->env->now_ms;

    memset(&m->facts, 0, sizeof m->facts);
    know_text(m, RULE_KIND, after->kind);
    know_text(m, RULE_SUBSTANCE, after->substance);
    know_count(m, RULE_DEAD, c->dead);
    know_count(m, RULE_MISSING, c->missing);
    know_count(m, RULE_SERIOUS, c->serious);
    know_count(m, RULE_MINOR, c->minor);
    know_count(m, RULE_TRAPPED, c->trapped);
    know_count(m, RULE_LOSS, after->loss_cny);
    know_number(m, RULE_GRADE, after->grade != GRADE_NONE, (int64_t)after->grade);
    know_number(m, RULE_LEVEL, after->level != GRADE_NONE, (int64_t)after->level);
    know_spread(d, m);
    d->no_memory = !warnings_know(&m->facts, d->region, after, now, d->arena) || d->no_memory;
    know_number(m, RULE_REPORTS, true, (int64_t)after->reports);
    know_number(m, RULE_AGE_MIN, after->occurred_at_ms != 0, (now - after->occurred_at_ms) / MINUTE_MS);
    know_number(m, RULE_KNOWN_MIN, true, (now - incident_received_ms(after)) / MINUTE_MS);
    know_number(m, RULE_ORDERS, true, (int64_t)after->orders_n);
    know_number(m, RULE_ORDERS_OPEN, true, m->orders_open);
    know_number(m, RULE_ORDERS_SILENT, true, m->orders_silent);
    know_number(m, RULE_WAITED_MIN, m->waited_since_ms != 0, (now - m->waited_since_ms) / MINUTE_MS);
    know_text(m, RULE_REQUEST, m->request);
    know_text(m, RULE_CLOCK, m->clock);
    know_text(m, RULE_ABILITY, m->ability);
    know_number(m, RULE_FREE, m->trigger == TRIGGER_SHORT, m->free);
    know_text(m, RULE_TIER, statutory_tier_word(d->region->code, d->region->generation >= GENERATION_TIERS));
    int64_t since = after->occurred_at_ms != 0 ? after->occurred_at_ms : after->opened_at_ms;
    know_number(m, RULE_CORRECTED_DAYS, true,
                after->recounted_at_ms != 0
                    ? statutory_days(since, after->recounted_at_ms, d->region->utc_offset_minutes)
                    : 0);
    if (m->order != NULL) {
        know_order(d, m);
    }
}

struct matter matter_of(const struct deciding *d, const struct incident *incident, enum rule_trigger trigger)
{
    struct matter m = {.after = *incident, .trigger = trigger, .request = "", .clock = "", .ability = ""};

    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        m.orders_open += order_is_open(order);
        m.orders_silent += order_is_unanswered(order);
    }
    for (size_t i = 0; i < d->events_n; i++) {
        matter_see(&m, &d->events[i]);
    }
    return m;
}

static const char *value_text(struct deciding *d, enum rule_fact fact, const struct rule_value *value)
{
    char text[VALUE_TEXT_MAX];
    const char *kept;

    if (!value->known || rule_fact_words(fact)->type == RULE_TEXT) {
        return value->known ? value->text : "";
    }
    if (rule_fact_words(fact)->type == RULE_WHOLE) {
        (void)snprintf(text, sizeof text, "%" PRId64, value->whole);
    } else {
        (void)snprintf(text, sizeof text, "%.15g", value->real);
        if (strtod(text, NULL) != value->real) { /* 12.3 is written so, and what needs more digits has them */
            (void)snprintf(text, sizeof text, "%.17g", value->real);
        }
    }
    kept = arena_strdup(d->arena, text);
    d->no_memory = d->no_memory || kept == NULL;
    return kept != NULL ? kept : "";
}

const struct seen_fact *matter_seen(struct deciding *d, uint64_t bits, const struct rule_facts *facts,
                                    size_t *ret_n)
{
    struct seen_fact *seen = arena_array(d->arena, struct seen_fact, RULE_FACT_COUNT);

    *ret_n = 0;
    if (seen == NULL) {
        d->no_memory = true;
        return NULL;
    }
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if ((bits >> i & 1) != 0) {
            enum rule_fact fact = (enum rule_fact)i;
            seen[(*ret_n)++] = (struct seen_fact){.fact = rule_fact_words(fact)->word,
                                                  .value = value_text(d, fact, &facts->at[i])};
        }
    }
    return seen;
}

const char *matter_reason(struct deciding *d, const struct rule_verdict *v)
{
    size_t n = strlen(v->pack) + 1 + strlen(v->rule) + 1;
    char *text = arena_alloc(d->arena, n);

    if (text == NULL) {
        d->no_memory = true;
        return "";
    }
    (void)snprintf(text, n, "%s/%s", v->pack, v->rule);
    return text;
}
