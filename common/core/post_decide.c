/* Rules of command posts 现场指挥部: who leads an incident at its scene. It is handed over by the signed
 * acceptance of the one to whom it is offered, and until then the old one leads. The term rises with each
 * handover, so that (incident, term) has one leader, for ever (Emergency Response Law Art. 17, 18). */
#include <string.h>

#include "common/core/decide_private.h"

static struct event *emit_post(struct deciding *d, enum event_kind kind, const struct incident *incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->post = (struct post_step){.home = "", .lead = "", .commander = "", .place = "", .from = ""};
    return event;
}

static bool leads(const struct incident *incident, const char *lead, const char *commander)
{
    return strcmp(incident->post->lead, lead) == 0 && strcmp(incident->post->commander, commander) == 0;
}

/* Of two commanders of two regions nobody at the scene would know whom to follow: who leads names him. */
static bool is_ours_to_say(struct deciding *d, const struct incident *incident)
{
    const char *lead = incident_lead(incident, d->region->code);

    if (d->region->generation >= GENERATION_FOLLOWS && strcmp(lead, d->region->code) != 0) {
        decide_refuse(d, REFUSED_REGION,
                      "region %s leads the incident and its command post: take the lead first, or have it "
                      "done there",
                      lead);
    }
    return d->refusal == REFUSED_NOT;
}

/* The agency is one by its form, and somebody is named. */
static bool names_leader(struct deciding *d, const char *lead, const char *commander)
{
    if (!name_is_agency(lead) || commander[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "a command post has a lead agency REGION/AGENCY and a commander");
    }
    return d->refusal == REFUSED_NOT;
}

void decide_set_post(struct deciding *d, const struct set_post *command)
{
    char text[ID_TEXT];

    if (!decide_names_incident(d, command->incident) || !names_leader(d, command->lead, command->commander) ||
        !decide_signed_by_person(d) || !decide_needs_right(d, "level", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL || !is_ours_to_say(d, incident)) {
        return;
    }
    const struct post *post = incident->post;
    bool same = post != NULL && leads(incident, command->lead, command->commander);
    bool settles = post != NULL && post->apart_n > 0, keeps = same && settles && command->place[0] == '\0';
    if (!incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
    } else if (post != NULL && !same && post->home[0] == '\0') {
        decide_refuse(d, REFUSED_CONFLICT, "%s of %s leads in term %u: it is handed over", post->commander,
                      post->lead, post->term);
    } else if (!same || settles || strcmp(post->place, command->place) != 0) {
        emit_post(d, EVENT_POST_SET, incident)->post =
            (struct post_step){.home = "",
                               .lead = command->lead,
                               .commander = command->commander,
                               .place = keeps ? post->place : command->place,
                               .from = "",
                               .term = post == NULL ? 1 : post->term + (same ? 0 : 1),
                               .settles = settles};
    }
}

/* Neither knew of the other: both ends say so, until a person does what ends it. */
static void set_apart(struct deciding *d, struct id incident, const struct post_known *post,
                      const struct post_known *in_force)
{
    if (strcmp(post->lead, in_force->lead) != 0 || strcmp(post->commander, in_force->commander) != 0) {
        struct event *event = decide_emit(d, EVENT_POST_APART);
        event->incident = incident;
        event->at_ms = d->env->now_ms;
        event->post = (struct post_step){.home = post->home,
                                         .lead = post->lead,
                                         .commander = post->commander,
                                         .place = "",
                                         .from = "",
                                         .term = post->term};
    }
}

void decide_keep_post(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    bool ours = d->region->generation < GENERATION_FOLLOWS ||
                strcmp(incident_lead(whole, d->region->code), d->region->code) == 0;

    if (part->post != NULL && whole->post == NULL && incident_is_open(whole) && ours) {
        emit_post(d, EVENT_POST_SET, whole)->post = (struct post_step){.home = part->post->home,
                                                                       .lead = part->post->lead,
                                                                       .commander = part->post->commander,
                                                                       .place = part->post->place,
                                                                       .from = "",
                                                                       .term = part->post->term};
        for (size_t i = 0; i < part->post->apart_n; i++) {
            const struct post_apart *apart = &part->post->apart[i];
            set_apart(d, whole->id,
                      &(struct post_known){apart->region, apart->lead, apart->commander, apart->term},
                      &(struct post_known){"", part->post->lead, part->post->commander, part->post->term});
        }
    }
}

/* Who leads now may hand over, and who may start a response. An operator of another region is another. */
static bool may_hand_over(struct deciding *d, const struct incident *incident)
{
    const struct post *post = incident->post;

    return (post != NULL && post->home[0] == '\0' && strcmp(post->commander, d->command->operator) == 0) ||
           decide_needs_right(d, "level", NULL);
}

static bool has_post(struct deciding *d, const struct incident *incident)
{
    char text[ID_TEXT];

    if (incident->post == NULL) {
        decide_refuse(d, REFUSED_NO_POST, "incident %s has no command post: set one up first",
                      id_format(incident->id, text));
    }
    return d->refusal == REFUSED_NOT;
}

/* He accepts with a signature of his own. */
static bool can_accept(struct deciding *d, const char *commander)
{
    const struct member *member = region_member(d->region, commander);

    if (member == NULL || member->revoked || !member->is_operator) {
        decide_refuse(d, REFUSED_NO_ADDRESSEE, "%s is not enrolled as an operator, and could not accept it",
                      commander);
    }
    return d->refusal == REFUSED_NOT;
}

void decide_offer_post(struct deciding *d, const struct offer_post *command)
{
    char text[ID_TEXT];

    if (!decide_names_incident(d, command->incident) || !names_leader(d, command->lead, command->commander) ||
        !decide_signed_by_person(d)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL || !is_ours_to_say(d, incident) || !may_hand_over(d, incident) ||
        !has_post(d, incident) || !can_accept(d, command->commander)) {
        return;
    }
    const struct post *post = incident->post;
    bool is_offered = post->offered_commander[0] != '\0';
    if (!incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
    } else if (leads(incident, command->lead, command->commander)) {
        decide_refuse(d, REFUSED_CONFLICT, "%s of %s leads already, in term %u", post->commander, post->lead,
                      post->term);
    } else if (is_offered && (strcmp(post->offered_lead, command->lead) != 0 ||
                              strcmp(post->offered_commander, command->commander) != 0)) {
        decide_refuse(d, REFUSED_CONFLICT, "it is offered to %s of %s: withdraw that first",
                      post->offered_commander, post->offered_lead);
    } else if (!is_offered) {
        emit_post(d, EVENT_POST_OFFERED, incident)->post = (struct post_step){.home = "",
                                                                              .lead = command->lead,
                                                                              .commander = command->commander,
                                                                              .place = "",
                                                                              .from = post->lead,
                                                                              .term = post->term + 1};
    }
}

/* --- the answer ----------------------------------------------------------------------------------- */

static bool is_offered_to(struct deciding *d, const struct post *post)
{
    if (strcmp(post->offered_commander, d->command->operator) != 0) {
        decide_refuse(d, REFUSED_RIGHT, "it is offered to %s, who answers by his own signature",
                      post->offered_commander);
    }
    return d->refusal == REFUSED_NOT;
}

static void keep(struct deciding *d, const struct incident *incident, bool withdrawn)
{
    emit_post(d, EVENT_POST_KEPT, incident)->post = (struct post_step){.home = "",
                                                                       .lead = incident->post->lead,
                                                                       .commander = incident->post->commander,
                                                                       .place = "",
                                                                       .from = incident->post->offered_lead,
                                                                       .term = incident->post->term,
                                                                       .withdrawn = withdrawn};
}

static void answer(struct deciding *d, const struct incident *incident, const struct answer_post *command)
{
    const struct post *post = incident->post;

    if (command->answer == POST_WITHDRAWN) {
        if (may_hand_over(d, incident)) {
            keep(d, incident, true);
        }
    } else if (!is_offered_to(d, post)) {
        return;
    } else if (command->answer == POST_REFUSED) {
        keep(d, incident, false);
    } else {
        emit_post(d, EVENT_POST_TAKEN, incident)->post =
            (struct post_step){.home = "",
                               .lead = post->offered_lead,
                               .commander = post->offered_commander,
                               .place = "",
                               .from = post->lead,
                               .term = post->term + 1,
                               .settles = post->apart_n > 0};
    }
}

void decide_answer_post(struct deciding *d, const struct answer_post *command)
{
    char text[ID_TEXT];

    if (!decide_names_incident(d, command->incident)) {
        return;
    }
    if (command->answer < POST_ACCEPTED || command->answer > POST_WITHDRAWN || command->term == 0) {
        decide_refuse(d, REFUSED_INVALID, "an answer accepts, refuses or withdraws the offer of a term");
        return;
    }
    if (!decide_signed_by_person(d)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL || !is_ours_to_say(d, incident) || !has_post(d, incident)) {
        return;
    }
    const struct post *post = incident->post;
    bool is_offered = post->offered_commander[0] != '\0';
    if (command->answer == POST_ACCEPTED && command->term == post->term &&
        strcmp(post->commander, d->command->operator) == 0) {
        return; /* said again */
    }
    if (!is_offered || command->term != post->term + 1) {
        decide_refuse(d, REFUSED_NO_POST, "term %u of incident %s is not offered: %s of %s leads in term %u",
                      command->term, id_format(incident->id, text), post->commander, post->lead, post->term);
    } else if (!incident_is_open(incident) && command->answer == POST_ACCEPTED) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
    } else {
        answer(d, incident, command);
    }
}

/* --- another region's ----------------------------------------------------------------------------- */

void decide_hear_post(struct deciding *d, struct post_known *known, const char *lead, const char *told_by,
                      const struct event *event)
{
    const struct post_known post = {told_by, event->post.lead, event->post.commander, event->post.term};
    const struct post_known before = *known;
    bool begins = event->kind == EVENT_POST_SET || event->kind == EVENT_POST_TAKEN;
    bool is_first = before.home == NULL, goes_on = !is_first && strcmp(told_by, before.home) == 0;
    bool says = is_first ? begins : goes_on || strcmp(told_by, lead) == 0;

    if (d->region->generation < GENERATION_FOLLOWS) {
        return;
    }
    if (says) {
        struct event *heard = decide_emit(d, event->kind);
        *heard = *event;
        heard->post.home = told_by;
        *known = begins ? post : before;
    }
    if (!begins || is_first || goes_on) {
        return;
    }
    if (!says) {
        set_apart(d, event->incident, &post, &before);
    } else if (post.term <= before.term) { /* who set it up did not know of that one */
        set_apart(d, event->incident, &before, &post);
    }
}
