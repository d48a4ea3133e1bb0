#include "tests/sim/check_regions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "tests/sim/country.h"

enum { SEQ_BITS = 44 }; /* of a counter on a link, as docs/protocol.md has it */

/* --- places and tales ------------------------------------------------------------------------------ */

static void add_place(struct places *places, uint64_t seq)
{
    if (places->n > 0 && places->at[places->n - 1] == seq) {
        return;
    }
    if (places->n == places->capacity) {
        places->capacity = places->capacity == 0 ? 8 : 2 * places->capacity;
        places->at = reallocarray(places->at, places->capacity, sizeof *places->at);
        if (places->at == NULL) {
            abort();
        }
    }
    places->at[places->n++] = seq;
}

static uint64_t last_place(const struct places *places)
{
    return places->n > 0 ? places->at[places->n - 1] : 0;
}

/* The first place of `said` up to `seq` that is not in `heard`; 0: all are. Both rise. */
static uint64_t missing(const struct places *said, const struct places *heard, uint64_t seq)
{
    size_t at = 0;

    for (size_t i = 0; i < said->n && said->at[i] <= seq; i++) {
        while (at < heard->n && heard->at[at] < said->at[i]) {
            at++;
        }
        if (at == heard->n || heard->at[at] != said->at[i]) {
            return said->at[i];
        }
    }
    return 0;
}

static size_t tale_place(const struct tales *tales, struct id incident)
{
    size_t low = 0, high = tales->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (id_compare(tales->at[middle]->incident, incident) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct tale *tale_of(struct country *country, struct id incident)
{
    const struct tales *tales = &country->tales;
    size_t at = tale_place(tales, incident);

    return at < tales->n && id_equal(tales->at[at]->incident, incident) ? tales->at[at] : NULL;
}

static void begin_tale(struct world *world, struct id incident, enum mode mode)
{
    struct tales *tales = &world->options.country->tales;
    size_t at = tale_place(tales, incident);
    struct tale *tale = calloc(1, sizeof *tale);

    if (tales->n == tales->capacity) {
        tales->capacity = tales->capacity == 0 ? 64 : 2 * tales->capacity;
        tales->at = reallocarray(tales->at, tales->capacity, sizeof(struct tale *));
    }
    if (tale == NULL || tales->at == NULL) {
        abort();
    }
    *tale = (struct tale){.incident = incident, .mode = mode, .home = world->options.number};
    memmove(&tales->at[at + 1], &tales->at[at], (tales->n - at) * sizeof(struct tale *));
    tales->at[at] = tale;
    tales->n++;
}

void check_regions_free(struct country *country)
{
    struct tales *tales = &country->tales;

    for (size_t i = 0; i < tales->n; i++) {
        for (unsigned j = 0; j < REGIONS; j++) {
            free(tales->at[i]->own[j].at);
            for (unsigned k = 0; k < REGIONS; k++) {
                free(tales->at[i]->heard[j][k].at);
            }
        }
        free(tales->at[i]);
    }
    free(tales->at);
    for (unsigned i = 0; i < REGIONS; i++) {
        free(tales->notes[i].at);
    }
}

/* --- records ---------------------------------------------------------------------------------------- */

/* FNV-1a: nobody chooses what is compared by it. */
static uint64_t print_of(struct bytes bytes)
{
    uint64_t print = 0xcbf29ce484222325u;

    for (size_t i = 0; i < bytes.n; i++) {
        print = (print ^ bytes.p[i]) * 0x100000001b3u;
    }
    return print;
}

static void add_note(struct notes *notes, struct note note)
{
    if (notes->n == notes->capacity) {
        notes->capacity = notes->capacity == 0 ? 1024 : 2 * notes->capacity;
        notes->at = reallocarray(notes->at, notes->capacity, sizeof *notes->at);
        if (notes->at == NULL) {
            abort();
        }
    }
    notes->at[notes->n++] = note;
}

static const struct note *note_of(const struct country *country, unsigned region, uint64_t seq)
{
    const struct notes *notes = region < REGIONS ? &country->tales.notes[region] : NULL;

    return notes != NULL && seq >= 1 && seq <= notes->n ? &notes->at[seq - 1] : NULL;
}

/* As docs/protocol.md has it. */
static bool is_for_others(enum event_kind kind)
{
    static const enum event_kind KINDS[] = {
        EVENT_REPORT_FILED,     EVENT_FACTS_CHANGED,     EVENT_INCIDENT_CLOSED,
        EVENT_GRADED,           EVENT_REFERRED,          EVENT_LEAD_OFFERED,
        EVENT_LEAD_TAKEN,       EVENT_INCIDENT_LINKED,   EVENT_INCIDENT_MERGED,
        EVENT_INCIDENT_JOINED,  EVENT_ORDER_ISSUED,      EVENT_ORDER_AMENDED,
        EVENT_RUNG_REACHED,     EVENT_AMENDMENT_OVERDUE, EVENT_AMENDMENT_ACKNOWLEDGED,
        EVENT_RECEIPT_NOTED,    EVENT_ORDER_RECALLED,    EVENT_ORDER_EXPIRED,
        EVENT_ORDER_UNANSWERED, EVENT_ORDER_OVERDUE,     EVENT_LEVEL_SET,
        EVENT_INCIDENT_SPLIT,   EVENT_FACTS_RETURNED};

    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (kind == KINDS[i]) {
            return true;
        }
    }
    return false;
}

/* It is the word of the region that it names, as that region has it in its log. */
static void check_shared(struct world *world, const struct shared_record *shared, uint64_t seq)
{
    struct country *country = world->options.country;
    unsigned origin = country_region(country, shared->region);
    const struct note *note = note_of(country, origin, shared->seq);

    if (note == NULL || note->origin != origin || note->print != print_of(shared->record)) {
        world_fail(world,
                   "links: seq %" PRIu64 " holds record %" PRIu64
                   " of region %s, which is not in that region's log",
                   seq, shared->seq, shared->region);
    }
}

/* What was told is what the teller had to tell. */
static void check_told_record(struct world *world, const struct command *command, uint64_t seq)
{
    struct country *country = world->options.country;
    const struct tell_record *tell = &command->tell_record;
    unsigned teller = country_region(country, command->agent);
    uint64_t told_seq = command->counter & ((UINT64_C(1) << SEQ_BITS) - 1);
    const struct note *note = note_of(country, teller, told_seq);
    unsigned origin = country_region(country, tell->shared.region);

    if (note == NULL || note->origin != origin || note->seq != tell->shared.seq || note->hops != tell->hops ||
        note->print != print_of(tell->shared.record)) {
        world_fail(world,
                   "links: seq %" PRIu64 " is told as record %" PRIu64 " of region %s over %" PRIu32
                   " links, and region %u has not that at %" PRIu64,
                   seq, tell->shared.seq, tell->shared.region, tell->hops, teller, told_seq);
        return;
    }
    if (origin == world->options.number || tell->hops >= REGIONS) {
        world_fail(world, "links: seq %" PRIu64 " comes back to region %s, or has crossed %" PRIu32 " links",
                   seq, tell->shared.region, tell->hops);
    }
    world_struck(world, tell->hops > 0 ? FAULT_REGION_BEYOND : FAULT_REGION_HEARD, AGENTS);
    const struct command *last = tell->told_n > 0 ? tell->told[tell->told_n - 1].command : NULL;
    for (size_t i = 0; i + 1 < tell->told_n && last->kind == COMMAND_SHARE_INCIDENT; i++) {
        check_shared(world, &last->share_incident.past[i], seq);
    }
    if (command->mode == MODE_EXERCISE) {
        world_struck(world, FAULT_REGION_EXERCISE, AGENTS);
    }
}

void check_regions_record(struct world *world, const struct log_record *record, const struct record *decoded,
                          const struct command *command)
{
    struct country *country = world->options.country;
    unsigned self = world->options.number;
    uint64_t seq = record->header.seq;
    struct note note = {.origin = self, .seq = seq, .print = print_of(record->payload)};
    const struct tell_record *tell = command_tells(command);

    for (size_t i = 0; i < decoded->events_n; i++) {
        const struct event *event = &decoded->events[i];
        if (event->kind == EVENT_CANARY_SENT) {
            note.canary_ms = event->canary.sent_at_ms;
        } else if (event->kind == EVENT_INCIDENT_OPENED && event->incident_opened.home[0] == '\0') {
            begin_tale(world, event->incident, command->mode);
        }
        struct tale *tale =
            tell == NULL && is_for_others(event->kind) ? tale_of(country, event->incident) : NULL;
        if (tale != NULL) {
            add_place(&tale->own[self], seq);
        }
    }
    if (tell != NULL && decoded->refusal == REFUSED_NOT) {
        note.origin = country_region(country, tell->shared.region);
        note.hops = tell->hops + 1;
        note.seq = tell->shared.seq;
        note.print = print_of(tell->shared.record);
    }
    add_note(&country->tales.notes[self], note);
    if (tell != NULL && decoded->refusal == REFUSED_NOT) {
        check_told_record(world, command, seq);
    }
}

/* --- events ----------------------------------------------------------------------------------------- */

static void check_heard_event(struct world *world, struct tale *tale, const struct event *event, uint64_t seq)
{
    unsigned self = world->options.number,
             origin = country_region(world->options.country, event->heard.region);
    char text[ID_TEXT];

    if (tale == NULL || origin >= REGIONS || origin == self) {
        world_fail(world, "links: seq %" PRIu64 " is heard of nobody, or of this region itself", seq);
        return;
    }
    struct places *heard = &tale->heard[self][origin];
    if (event->heard.seq < last_place(heard) || (event->heard.seq == last_place(heard) && heard->n > 0)) {
        world_fail(world,
                   "links: record %" PRIu64 " of region %s of incident %s is heard at seq %" PRIu64
                   " after record %" PRIu64 ": twice, or out of order",
                   event->heard.seq, event->heard.region, id_format(tale->incident, text), seq,
                   last_place(heard));
        return;
    }
    add_place(heard, event->heard.seq);
    uint64_t lost = missing(&tale->own[origin], heard, event->heard.seq);
    if (lost != 0) {
        world_fail(world,
                   "links: record %" PRIu64 " of region %s of incident %s is not heard, and seq %" PRIu64
                   " knows it up to %" PRIu64,
                   lost, event->heard.region, id_format(tale->incident, text), seq, event->heard.seq);
    }
}

static const struct taking *taking_of(const struct tale *tale, uint32_t term, unsigned region)
{
    for (size_t i = 0; i < tale->takings_n; i++) {
        if (tale->takings[i].term == term && tale->takings[i].region == region) {
            return &tale->takings[i];
        }
    }
    return NULL;
}

/* The lead is taken here: it was offered, or is taken by a region above, or it is disputed and this region
 * leads; the next term. */
static void check_taken(struct world *world, struct tale *tale, const struct incident *incident,
                        const struct event *event, uint64_t seq)
{
    const char *own = world->keys.region.name, *lead = incident_lead(incident, own);
    bool offered = strcmp(incident->lead_offered, own) == 0;
    bool again = strcmp(lead, own) == 0 && incident->lead_disputed[0] != '\0';

    if (strcmp(event->lead.region, own) != 0 || event->lead.term != incident->lead_term + 1 ||
        (!offered && !again && !region_is_above(own, lead))) {
        world_fail(world,
                   "I8: seq %" PRIu64 " takes the lead of term %" PRIu32
                   " from region %s, which leads term %" PRIu32 " and has not given it",
                   seq, event->lead.term, lead, incident->lead_term);
    } else if (tale->takings_n < TAKINGS_MAX) {
        tale->takings[tale->takings_n++] = (struct taking){event->lead.term, world->options.number};
        world_struck(world, FAULT_LEAD_TAKEN, AGENTS);
    }
}

/* The lead was taken elsewhere: by a region that did, in a later term, or in the same and its code goes
 * before, as that of the one above does. */
static void check_taken_there(struct world *world, const struct tale *tale, const struct incident *incident,
                              const struct event *event, uint64_t seq)
{
    unsigned region = country_region(world->options.country, event->lead.region);
    const char *lead = incident_lead(incident, world->keys.region.name);
    bool wins = event->lead.term > incident->lead_term ||
                (event->lead.term == incident->lead_term && strcmp(event->lead.region, lead) < 0);

    if (taking_of(tale, event->lead.term, region) == NULL && tale->takings_n < TAKINGS_MAX) {
        world_fail(world, "I8: seq %" PRIu64 " has region %s lead term %" PRIu32 ", which it never took", seq,
                   event->lead.region, event->lead.term);
    } else if (!wins) {
        world_fail(world,
                   "I8: seq %" PRIu64 " has region %s lead term %" PRIu32
                   ", and region %s leads term %" PRIu32,
                   seq, event->lead.region, event->lead.term, lead, incident->lead_term);
    }
}

/* What befalls an order is its home's to say. */
static bool is_fate(enum event_kind kind)
{
    return kind == EVENT_ORDER_UNANSWERED || kind == EVENT_ORDER_EXPIRED || kind == EVENT_ORDER_OVERDUE ||
           kind == EVENT_ORDER_RECALLED || kind == EVENT_ORDER_REMINDED || kind == EVENT_ORDER_REISSUED ||
           kind == EVENT_ABILITY_SHORT || kind == EVENT_AMENDMENT_OVERDUE || kind == EVENT_ORDER_AMENDED;
}

static void check_own_order(struct world *world, const struct incident *incident, const struct event *event,
                            uint64_t seq)
{
    const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;
    char text[ID_TEXT];

    if (order != NULL && order->home[0] != '\0' && is_fate(event->kind)) {
        world_fail(world, "I7: %s of order %s at seq %" PRIu64 ", which is region %s's to say",
                   event_kind_name(event->kind), id_format(event->order, text), seq, order->home);
    }
    if (event->kind == EVENT_REFERRED && incident != NULL &&
        incident_is_referred(incident, event->referred.region)) {
        world_fail(world, "I2: incident %s is referred to region %s twice, again at seq %" PRIu64,
                   id_format(event->incident, text), event->referred.region, seq);
    }
}

static void check_canary(struct world *world, const struct event *event, const struct command *command,
                         uint64_t seq)
{
    uint64_t told_seq = command->counter & ((UINT64_C(1) << SEQ_BITS) - 1);
    const struct note *note = note_of(world->options.country,
                                      country_region(world->options.country, event->canary.region), told_seq);

    if (note == NULL || note->canary_ms != event->canary.sent_at_ms) {
        world_fail(world,
                   "links: seq %" PRIu64 " hears a canary of %" PRId64 ", and region %s sent none then", seq,
                   event->canary.sent_at_ms, event->canary.region);
    }
}

static void check_opened_there(struct world *world, const struct tale *tale, const struct event *event,
                               enum mode mode, uint64_t seq)
{
    unsigned home = country_region(world->options.country, event->incident_opened.home);

    if (tale == NULL || tale->home != home || tale->mode != event->incident_opened.mode ||
        tale->mode != mode) {
        world_fail(world, "I13: seq %" PRIu64 " opens what region %s has not, or as %s and it is not", seq,
                   event->incident_opened.home, mode_name(event->incident_opened.mode));
    }
}

/* What regions must agree on. */
static void trace_event(struct world *world, const struct event *event, uint64_t seq)
{
    char text[ID_TEXT], other[ID_TEXT];

    if (event->kind == EVENT_FACTS_CHANGED) {
        world_trace(world,
                    "seq %" PRIu64 ": %s facts of %" PRId64 ": dead %" PRId64 ", kind %s, substance %s", seq,
                    id_format(event->incident, text), event->at_ms, event->facts_changed.casualties.dead,
                    event->facts_changed.kind, event->facts_changed.substance);
    } else if (event->kind == EVENT_INCIDENT_MERGED || event->kind == EVENT_INCIDENT_SPLIT) {
        world_trace(world, "seq %" PRIu64 ": %s %s: %s", seq, id_format(event->incident, text),
                    event_kind_name(event->kind), id_format(event->merged.other, other));
    } else if (event->kind == EVENT_FACTS_TAKEN || event->kind == EVENT_FACTS_RETURNED) {
        world_trace(world, "seq %" PRIu64 ": %s %s of %s: %s ...", seq, id_format(event->incident, text),
                    event_kind_name(event->kind), id_format(event->taken.other, other),
                    event->taken.fields.n > 0 ? event->taken.fields.at[0] : "nothing");
    } else if (event->kind == EVENT_HEARD) {
        world_trace(world, "seq %" PRIu64 ": %s heard, region %s to %" PRIu64, seq,
                    id_format(event->incident, text), event->heard.region, event->heard.seq);
    } else if (event->kind == EVENT_LEAD_TAKEN || event->kind == EVENT_LEAD_OFFERED) {
        world_trace(world, "seq %" PRIu64 ": %s %s: region %s, term %" PRIu32, seq,
                    id_format(event->incident, text), event_kind_name(event->kind), event->lead.region,
                    event->lead.term);
    }
}

void check_regions_event(struct world *world, const struct incident *incident, const struct event *event,
                         const struct command *command, const struct log_header *header)
{
    struct tale *tale = tale_of(world->options.country, event->incident);
    bool is_told = command_tells(command) != NULL;

    trace_event(world, event, header->seq);
    switch (event->kind) {
    case EVENT_INCIDENT_OPENED:
        if (is_told) {
            check_opened_there(world, tale, event, command->mode, header->seq);
        }
        return;
    case EVENT_HEARD:
        check_heard_event(world, tale, event, header->seq);
        return;
    case EVENT_CANARY_HEARD:
        check_canary(world, event, command, header->seq);
        return;
    case EVENT_LEAD_DISPUTED:
        world_struck(world, FAULT_LEAD_DISPUTED, AGENTS);
        if (tale != NULL) {
            tale->disputed = true;
        }
        return;
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
        if (tale != NULL) {
            tale->tied = true;
        }
        return;
    case EVENT_LEAD_TAKEN:
        if (tale == NULL || incident == NULL) {
            world_fail(world, "I8: the lead of nothing is taken at seq %" PRIu64, header->seq);
        } else if (is_told) {
            check_taken_there(world, tale, incident, event, header->seq);
        } else {
            check_taken(world, tale, incident, event, header->seq);
        }
        return;
    case EVENT_ORDER_ISSUED:
        if (is_told && event->order_issued.agents.n > 0) {
            world_struck(world, FAULT_REGION_ORDER, AGENTS);
        }
        return;
    case EVENT_LINK_SET:
        if (!event->link_set.up) {
            world_struck(world, FAULT_LINE_DOWN, AGENTS);
        }
        return;
    default:
        if (!is_told) {
            check_own_order(world, incident, event, header->seq);
        }
        return;
    }
}
