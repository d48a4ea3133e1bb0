/* Rules of who leads an incident that several regions share: (incident, term). It begins with the region
 * that opened it. Handing it over needs the word of both; only a region above the one that leads may raise
 * the term alone, as the higher level takes over what a lower one cannot master (Emergency Response Law Art.
 * 17, 18). Handing back is handing over. Of a lead that two took apart a person at the one that has it may
 * say so in a term anew. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"
#include "common/core/link.h"

static struct event *emit_lead(struct deciding *d, enum event_kind kind, const struct incident *incident,
                               const char *region, uint32_t term)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->lead =
        (struct lead_step){.region = region, .term = term, .from = incident_lead(incident, d->region->code)};
    return event;
}

/* The incident, which somebody who may lead speaks of; NULL: refused. */
static const struct incident *led(struct deciding *d, struct id id)
{
    char text[ID_TEXT];

    if (!decide_names_incident(d, id) || !decide_needs_right(d, "level", NULL)) {
        return NULL;
    }
    const struct incident *incident = decide_incident(d, id);
    if (incident != NULL && !incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(id, text));
        return NULL;
    }
    return incident;
}

/* Who has taken it before he hears of that leads. */
static bool withdraws(const struct deciding *d, const struct offer_lead *command)
{
    return command->region[0] == '\0' && d->region->generation >= GENERATION_FOLLOWS;
}

void decide_offer_lead(struct deciding *d, const struct offer_lead *command)
{
    const struct incident *incident = led(d, command->incident);

    if (incident == NULL) {
        return;
    }
    const char *own = d->region->code, *lead = incident_lead(incident, own);
    if (strcmp(lead, own) != 0) {
        decide_refuse(d, REFUSED_REGION, "region %s leads: it is for it to hand over", lead);
    } else if (withdraws(d, command)) {
        if (incident->lead_offered[0] != '\0') {
            emit_lead(d, EVENT_LEAD_OFFERED, incident, "", incident->lead_term + 1);
        }
    } else if (!region_is_code(command->region) || strcmp(command->region, own) == 0) {
        decide_refuse(d, REFUSED_INVALID, "name another region by its code, not \"%s\"", command->region);
    } else if (region_way(d->region, command->region) == NULL) {
        decide_refuse(d, REFUSED_NO_ADDRESSEE, "no link leads to region %s", command->region);
    } else if (strcmp(incident->lead_offered, command->region) != 0) {
        emit_lead(d, EVENT_LEAD_OFFERED, incident, command->region, incident->lead_term + 1);
        decide_offers_to(d, incident, command->region);
    }
}

/* Others took it, too, while they could not hear each other: who leads says so again, in a term that all hear
 * of. It is a person's word, and never follows by itself. */
static void settle(struct deciding *d, const struct incident *incident, const struct take_lead *command)
{
    if (d->region->generation < GENERATION_SETTLES || incident->lead_disputed[0] == '\0') {
        return; /* said again */
    }
    if (command->reason[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "region %s took the lead, too: taking it anew needs a reason",
                      incident->lead_disputed);
    } else {
        emit_lead(d, EVENT_LEAD_TAKEN, incident, d->region->code, incident->lead_term + 1);
    }
}

void decide_take_lead(struct deciding *d, const struct take_lead *command)
{
    const struct incident *incident = led(d, command->incident);

    if (incident == NULL) {
        return;
    }
    const char *own = d->region->code, *lead = incident_lead(incident, own);
    if (strcmp(lead, own) == 0) {
        settle(d, incident, command);
        return;
    }
    bool offered = strcmp(incident->lead_offered, own) == 0;
    if (!offered && !region_is_above(own, lead) && !MUTANT(MUTANT_LEAD_UNASKED)) {
        decide_refuse(d, REFUSED_REGION,
                      "region %s leads and has not offered it; only a region above it takes it alone", lead);
        return;
    }
    emit_lead(d, EVENT_LEAD_TAKEN, incident, own, incident->lead_term + 1)->lead.alone = !offered;
}

/* Of two that took it while they could not hear each other the one above has it; of two of which neither is
 * above, as when it was offered to one and then to the other, the one with the smaller code: any rule does
 * that is the same everywhere. */
static bool goes_before(const char *region, const char *lead)
{
    return region_is_above(region, lead) || (!region_is_above(lead, region) && strcmp(region, lead) < 0);
}

void decide_hear_lead(struct deciding *d, struct lead_known *known, const char *told_by,
                      const struct event *event)
{
    if (event->kind == EVENT_LEAD_OFFERED) {
        if (strcmp(told_by, known->region) == 0 && event->lead.term > known->term) {
            *decide_emit(d, event->kind) = *event;
        }
        return;
    }
    bool again = strcmp(event->lead.region, known->region) == 0; /* who leads does, where it is disputed */
    if (strcmp(event->lead.region, told_by) != 0 ||
        (again && (d->region->generation < GENERATION_SETTLES || event->lead.term <= known->term))) {
        return; /* one takes it for oneself */
    }
    bool higher = event->lead.term > known->term || MUTANT(MUTANT_TERM_LOWER);
    bool wins = higher || (event->lead.term == known->term && goes_before(event->lead.region, known->region));
    if (!higher) {
        struct event *disputed = decide_emit(d, EVENT_LEAD_DISPUTED);
        disputed->incident = event->incident;
        disputed->at_ms = d->env->now_ms;
        disputed->lead = (struct lead_step){
            .region = event->lead.region, .term = event->lead.term, .from = known->region, .alone = wins};
    }
    if (wins) {
        *decide_emit(d, event->kind) = *event;
        *known = (struct lead_known){event->lead.region, event->lead.term};
    }
}
