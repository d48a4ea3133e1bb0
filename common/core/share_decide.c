/* Rules of telling: an incident that was referred to a region is shared with it over the link that leads
 * there, first its past and then every record that matters to others. What is heard is in hear_decide.c. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"
#include "common/core/link.h"

static struct event *emit_of(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

/* --- telling -------------------------------------------------------------------------------------- */

void decide_share_incident(struct deciding *d, const struct share_incident *command)
{
    const struct incident *incident = decide_named_incident(d, command->incident);
    char region[REGION_CODE_MAX + 1];
    uint64_t after;

    if (incident == NULL || !incident_wants_share(d->region, incident, region, &after) ||
        strcmp(region, command->region) != 0 || after >= command->up_to_seq) {
        return;
    }
    emit_of(d, EVENT_SHARE_BEGUN, incident->id)->share_begun = (struct share_begun){
        .region = command->region, .up_to_seq = command->up_to_seq, .more = command->more};
    decide_way_found(d, incident, command->region);
}

/* What another region makes something of. */
static bool is_for_others(const struct deciding *d, enum event_kind kind)
{
    switch (kind) {
    case EVENT_ORDER_REMINDED:
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
        return d->region->generation >= GENERATION_FOLLOWS;
    case EVENT_INCIDENT_SPLIT:
        return d->region->generation >= GENERATION_GIVES_BACK;
    case EVENT_FACTS_RETURNED:
    case EVENT_REPORT_FILED:
    case EVENT_FACTS_CHANGED:
    case EVENT_INCIDENT_CLOSED:
    case EVENT_GRADED:
    case EVENT_LEVEL_SET:
    case EVENT_REFERRED:
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_ORDER_ISSUED:
    case EVENT_ORDER_AMENDED:
    case EVENT_AMENDMENT_ACKNOWLEDGED:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
    case EVENT_ORDER_UNREACHED:
    case EVENT_REGION_UNREACHED:
    case EVENT_DISPUTE_SETTLED:
        return true;
    default:
        return false;
    }
}

static bool is_shared_already(const struct deciding *d, struct id incident, bool *ret_another)
{
    *ret_another = false;
    for (size_t i = d->events_n; i > 0; i--) {
        const struct event *event = &d->events[i - 1];
        bool again = event->kind == EVENT_SHARE_BEGUN && event->share_begun.up_to_seq == 0;
        bool shares = event->kind == EVENT_SHARED || again;
        if (shares && id_equal(event->incident, incident)) {
            return true;
        }
        *ret_another = *ret_another || event->kind == EVENT_SHARED;
    }
    return false;
}

/* A record is told as one incident's. Where it is another's as well, as when the two are linked or merged,
 * who follows that one is told its past again, of which all but this record is known. */
static void share_again(struct deciding *d, const struct incident *incident)
{
    for (size_t i = 0; i < incident->shares_n; i++) {
        emit_of(d, EVENT_SHARE_BEGUN, incident->id)->share_begun =
            (struct share_begun){.region = incident->shares[i].region, .more = true};
    }
}

void decide_shared(struct deciding *d)
{
    if (command_tells(d->command) != NULL || d->command->kind == COMMAND_RECORD_HISTORY) {
        return; /* what was heard is told on as it came */
    }
    for (size_t i = 0, n = d->events_n; i < n; i++) {
        const struct event *event = &d->events[i];
        const struct incident *incident =
            is_for_others(d, event->kind) ? state_incident(d->state, event->incident) : NULL;
        bool another;
        if (incident == NULL || incident->shares_n == 0 || is_shared_already(d, incident->id, &another)) {
            continue;
        }
        if (another) {
            share_again(d, incident);
        } else {
            (void)emit_of(d, EVENT_SHARED, incident->id);
        }
    }
}

/* --- when it was said ----------------------------------------------------------------------------- */

int64_t decide_heard_at(const struct deciding *d, int64_t at_ms)
{
    int64_t latest_ms = d->env->now_ms + FACTS_AHEAD_MAX_MS;

    return d->region->generation >= GENERATION_APART && at_ms > latest_ms ? latest_ms : at_ms;
}

int64_t decide_facts_at(const struct deciding *d, const struct incident *incident, const struct facts *news)
{
    int64_t now_ms = d->env->now_ms;
    int64_t said_ms = incident->marks != NULL ? facts_said_at(incident->marks, news) : 0;

    return said_ms >= now_ms ? decide_heard_at(d, said_ms) + 1 : now_ms;
}

/* --- the line ------------------------------------------------------------------------------------- */

void decide_note_link(struct deciding *d, const struct note_link *command)
{
    if (region_link(d->region, command->region) == NULL) {
        return;
    }
    const struct region_link *line = region_line(d->region, command->region);
    if (line == NULL || line->up != command->up || line->since_ms == 0) {
        decide_emit(d, EVENT_LINK_SET)->link_set = *command;
    }
}

void decide_note_untold(struct deciding *d, const struct note_untold *command)
{
    decide_emit(d, EVENT_UNTOLD)->untold = *command;
}

void decide_send_canary(struct deciding *d, const struct send_canary *command)
{
    const struct region_link *line = region_line(d->region, command->region);

    if (region_link(d->region, command->region) != NULL) {
        decide_emit(d, EVENT_CANARY_SENT)->canary =
            (struct canary){.region = command->region,
                            .sent_at_ms = d->env->now_ms,
                            .heard_at_ms = line != NULL ? line->heard_sent_ms : 0,
                            .late_ms = command->late_ms};
    }
}

/* What goes on further is of no use. */
void decide_hear_canary(struct deciding *d, const struct told_record *told, const char *from)
{
    const struct region_link *line = region_line(d->region, from);

    for (size_t i = 0; i < told->events_n && strcmp(told->region, from) == 0; i++) {
        const struct event *event = &told->events[i];
        if (event->kind == EVENT_CANARY_SENT && strcmp(event->canary.region, d->region->code) == 0 &&
            (line == NULL || event->canary.sent_at_ms > line->heard_sent_ms)) {
            struct event *heard = decide_emit(d, EVENT_CANARY_HEARD);
            heard->at_ms = d->env->now_ms;
            heard->canary = (struct canary){
                .region = told->region,
                .sent_at_ms = MUTANT(MUTANT_CANARY_FRESH) ? d->env->now_ms : event->canary.sent_at_ms,
                .heard_at_ms = event->canary.heard_at_ms,
                .late_ms = event->canary.late_ms};
        }
    }
}
