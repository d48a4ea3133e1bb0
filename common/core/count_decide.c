/* Rules of what regions count apart: a count that gives way to a later word which did not know it, one of an
 * incident merged into another that says less, and one that a closing did not know. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/dispute.h"
#include "common/core/link.h"

static struct count_apart *emit_apart(struct deciding *d, struct id incident, size_t i, const char *region,
                                      int64_t count, int64_t holds)
{
    struct event *event = decide_emit(d, EVENT_COUNT_APART);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    event->count_apart =
        (struct count_apart){.fact = count_name(i), .region = region, .count = count, .holds = holds};
    return &event->count_apart;
}

struct count_here {
    int64_t holds;
    int64_t highest; /* it, or what gave way to it */
};

/* What a merged incident has is known only where it is merged. */
static int64_t gave_way(const struct incident *incident, size_t i)
{
    const struct apart *apart = incident_apart(incident, i);

    return apart != NULL && id_is_zero(apart->other) ? apart->count : COUNT_UNKNOWN;
}

/* After what this record brings. */
static struct count_here count_here(const struct deciding *d, const struct incident *incident, size_t i)
{
    int64_t holds = count_of(&incident->casualties, i), other = gave_way(incident, i);

    for (size_t k = 0; k < d->events_n; k++) {
        const struct event *event = &d->events[k];
        if (!id_equal(event->incident, incident->id)) {
            continue;
        }
        if (event->kind == EVENT_FACTS_CHANGED &&
            count_of(&event->facts_changed.casualties, i) != COUNT_UNKNOWN) {
            holds = count_of(&event->facts_changed.casualties, i);
            other = COUNT_UNKNOWN;
        } else if (event->kind == EVENT_COUNT_APART && strcmp(event->count_apart.fact, count_name(i)) == 0 &&
                   id_is_zero(event->count_apart.other) && event->count_apart.count > other) {
            other = event->count_apart.count;
        }
    }
    return (struct count_here){holds, other > holds ? other : holds};
}

static void emit_missed(struct deciding *d, const struct incident *incident, size_t i, const char *region,
                        int64_t count, int64_t known)
{
    struct event *event = decide_emit(d, EVENT_COUNT_MISSED);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->count_apart =
        (struct count_apart){.fact = count_name(i), .region = region, .count = count, .holds = known};
}

void decide_counts_closed(const struct deciding *d, const struct incident *incident,
                          struct incident_closed *ret)
{
    int64_t known[COUNTS];

    for (size_t i = 0; i < COUNTS; i++) {
        known[i] = count_here(d, incident, i).highest;
    }
    if (incident_is_shared(incident) && d->region->generation >= GENERATION_CLOSED_WITH) {
        ret->says_counts = true;
        ret->casualties = (struct casualties){known[0], known[1], known[2], known[3], known[4]};
    }
}

void decide_closing_missed(struct deciding *d, const struct incident *incident, const struct event *closed)
{
    const struct incident_closed *e = &closed->incident_closed;

    if (!e->says_counts || d->region->generation < GENERATION_CLOSED_WITH) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        struct count_here here = count_here(d, incident, i);
        int64_t there = count_of(&e->casualties, i);
        if (here.highest != COUNT_UNKNOWN && here.highest != there && (here.highest > 0 || there > 0)) {
            emit_missed(d, incident, i, "", here.highest > there ? here.highest : here.holds, there);
        }
    }
}

/* It was closed, and not by that region, before its word came. */
static void counts_late(struct deciding *d, const struct incident *incident, const char *told_by,
                        const struct casualties *said, const struct casualties *news)
{
    const char *own = d->region->code;

    if (d->region->generation < GENERATION_CLOSED_WITH || incident->closed_at_ms == 0 ||
        strcmp(incident_lead(incident, own), told_by) == 0) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        int64_t holds = count_of(&incident->casualties, i), there = count_of(said, i);
        int64_t highest = gave_way(incident, i) > holds ? gave_way(incident, i) : holds;
        bool corrects = count_of(news, i) != COUNT_UNKNOWN && holds != COUNT_UNKNOWN && there != holds;
        if ((there > 0 && there > highest) || (there != COUNT_UNKNOWN && corrects)) {
            emit_missed(d, incident, i, told_by, there, highest);
        }
    }
}

static const struct event *counts_known_of(const struct told_record *told, struct id incident)
{
    for (size_t i = 0; i < told->events_n; i++) {
        if (told->events[i].kind == EVENT_COUNTS_KNOWN && id_equal(told->events[i].incident, incident)) {
            return &told->events[i];
        }
    }
    return NULL;
}

/* A count as it stands, with what this record has brought so far. */
struct counted {
    int64_t count;
    int64_t at_ms;
    int64_t known_ms; /* as in struct disputes; 0: nothing was said of it */
    const char *region;
};

static const char *heard_from(const struct deciding *d, size_t at)
{
    for (size_t i = at; i < d->events_n; i++) {
        if (d->events[i].kind == EVENT_HEARD) {
            return d->events[i].heard.region;
        }
    }
    return "";
}

/* With the first n events of this record, as evolve() does it. */
static struct counted counted_with(const struct deciding *d, const struct incident *incident, struct id id,
                                   size_t i, size_t n)
{
    struct counted ret = {.count = COUNT_UNKNOWN, .region = ""};
    bool any = incident != NULL && incident->disputes != NULL;

    if (incident != NULL) {
        ret.count = count_of(&incident->casualties, i);
        ret.at_ms = incident->marks[FACT_COUNTS_FROM + i].at_ms;
        ret.known_ms = any ? incident->disputes->known_ms[i] : 0;
    }
    for (size_t j = 0; j < n && d->region->generation >= GENERATION_JOINS; j++) {
        const struct event *event = &d->events[j];
        if (!id_equal(event->incident, id)) {
            continue; /* of what is merged into it, which is of its kind, too */
        }
        if (event->kind == EVENT_FACTS_CHANGED &&
            count_of(&event->facts_changed.casualties, i) != COUNT_UNKNOWN) {
            ret = (struct counted){.count = count_of(&event->facts_changed.casualties, i),
                                   .at_ms = event->at_ms,
                                   .known_ms = any ? INT64_MAX : 0,
                                   .region = heard_from(d, j)};
        } else if (event->kind == EVENT_COUNTS_KNOWN) {
            ret.known_ms =
                !any || ret.known_ms == INT64_MAX ? known_count_ms(&event->counts_known, i) : ret.known_ms;
        }
        any = any || event->kind == EVENT_COUNTS_KNOWN || event->kind == EVENT_ORDERS_DISPUTED;
    }
    return ret;
}

/* How many events stood before the last facts, if those bring news of a count. */
static size_t before_news(const struct deciding *d, struct id id, const struct casualties *news)
{
    size_t n = d->events_n;
    bool any = false;

    for (size_t i = 0; i < COUNTS; i++) {
        any = any || count_of(news, i) != COUNT_UNKNOWN;
    }
    while (any && n > 0) {
        const struct event *event = &d->events[--n];
        if (event->kind == EVENT_FACTS_CHANGED && id_equal(event->incident, id)) {
            break;
        }
    }
    return n;
}

void decide_counts_apart(struct deciding *d, const struct incident *incident, struct id id,
                         const struct told_record *told, const struct casualties *said,
                         const struct casualties *news, int64_t at_ms)
{
    bool is_here = incident != NULL && incident->marks != NULL;
    const struct event *known = counts_known_of(told, id);
    size_t n = before_news(d, id, news);

    if (incident != NULL) {
        counts_late(d, incident, told->region, said, news);
    }
    if (known == NULL || (incident != NULL && !is_here) ||
        d->region->generation < (is_here ? GENERATION_APART : GENERATION_JOINS)) {
        return;
    }
    if (n < d->events_n) {
        *decide_emit(d, EVENT_COUNTS_KNOWN) = *known;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        struct counted here = counted_with(d, incident, id, i, n);
        int64_t there = count_of(said, i);
        bool wins = count_of(news, i) != COUNT_UNKNOWN;
        if (here.count == COUNT_UNKNOWN || there == COUNT_UNKNOWN || here.count == there) {
            continue;
        }
        if (wins && here.at_ms > known_count_ms(&known->counts_known, i)) {
            (void)emit_apart(d, id, i, here.region, here.count, there);
        } else if (!wins && here.known_ms < at_ms) {
            (void)emit_apart(d, id, i, told->region, there, here.count);
        }
    }
}

void decide_part_apart(struct deciding *d, const struct incident *whole, const struct incident *part,
                       uint32_t fields)
{
    const char *region = part->home[0] != '\0' ? part->home : d->region->code;

    for (size_t i = 0; i < COUNTS && d->region->generation >= GENERATION_PARTS; i++) {
        int64_t here = count_of(&whole->casualties, i), there = count_of(&part->casualties, i);
        const struct apart *apart = incident_apart(whole, i);
        bool is_its = apart != NULL && id_equal(apart->other, part->id);
        bool is_said = (fields >> (FACT_COUNTS_FROM + i) & 1) != 0;
        if (is_said && here != COUNT_UNKNOWN && (is_its || (there != COUNT_UNKNOWN && there > here))) {
            /* one that is taken back there is no more than what holds */
            emit_apart(d, whole->id, i, region, there != COUNT_UNKNOWN ? there : here, here)->other =
                part->id;
        }
    }
}

void decide_parts_still_apart(struct deciding *d, const struct incident *whole, struct id from,
                              const struct casualties *news)
{
    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = incident_apart(whole, i);
        int64_t now = count_of(news, i);
        bool is_anothers = apart != NULL && !id_is_zero(apart->other) && !id_equal(apart->other, from);
        if (is_anothers && now != COUNT_UNKNOWN && now < apart->count) {
            const char *region = arena_strdup(d->arena, apart->region); /* that one goes with the new count */
            d->no_memory = d->no_memory || region == NULL;
            emit_apart(d, whole->id, i, region != NULL ? region : "", apart->count, now)->other =
                apart->other;
        }
    }
}
