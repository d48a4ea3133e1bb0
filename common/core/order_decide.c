/* Rules of orders: issue, recall, evacuation. What addressees say is in receipt_decide.c. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"
#include "common/core/stream.h"

static const char evacuation_kind[] = "evacuate";

static struct event *emit_order(struct deciding *d, enum event_kind kind, struct id incident, struct id order)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->order = order;
    event->at_ms = d->env->now_ms;
    return event;
}

static uint64_t order_content(const struct command *command, const struct new_order *order)
{
    char text[ID_TEXT];
    uint64_t content = fingerprint_text(FINGERPRINT_START, order->kind);

    content = fingerprint_text(content, order->addressee);
    content = fingerprint_text(content, order->text);
    content = fingerprint_number(content, order->answer_by_ms);
    content = fingerprint_number(content, order->expires_at_ms);
    content = fingerprint_number(content, (int64_t)command->mode);
    content = fingerprint_text(content, id_format(order->reissue_of, text));
    for (size_t i = 0; i < order->units.n; i++) {
        content = fingerprint_text(content, order->units.at[i]);
    }
    return content;
}

static bool deadlines_fit(struct deciding *d, int64_t answer_by_ms, int64_t expires_at_ms)
{
    int64_t now = d->env->now_ms;

    if (answer_by_ms <= now) {
        decide_refuse(d, REFUSED_DEADLINE, "answer_by has passed");
    } else if (expires_at_ms < answer_by_ms) {
        decide_refuse(d, REFUSED_DEADLINE, "expires_at is before answer_by");
    } else if (expires_at_ms > now + ORDER_LIFE_MAX_MS) {
        decide_refuse(d, REFUSED_DEADLINE, "expires_at is more than 30 days ahead");
    }
    return d->refusal == REFUSED_NOT;
}

struct words decide_addressees(struct deciding *d, const char *addressee)
{
    const struct member *self = region_member(d->region, addressee);
    size_t under_n;
    const struct member *under = region_members_under(d->region, addressee, &under_n);
    const char **at = arena_array(d->arena, const char *, under_n + 1);
    char agency[NAME_MAX_BYTES + 1];
    size_t n = 0;

    if (at == NULL) {
        d->no_memory = true;
        return (struct words){NULL, 0};
    }
    if (self != NULL && member_takes_orders(self)) {
        at[n++] = self->name;
    }
    for (size_t i = 0; i < under_n; i++) {
        if (member_takes_orders(&under[i]) && name_agency(under[i].name, agency) &&
            strcmp(agency, addressee) == 0) {
            at[n++] = under[i].name;
        }
    }
    return (struct words){at, n};
}

/* An order of a kind for which the policy wants two: `right` is what both must have. */
static bool second_person_agrees(struct deciding *d, const char *right, const char *kind)
{
    const struct order_kind_policy *policy = region_order_kind(d->region, kind);
    const char *cosigner = d->command->cosigner;

    if (policy == NULL || !policy->two_persons || d->command->mode != MODE_ACTUAL) {
        return true;
    }
    if (cosigner[0] == '\0' || d->command->signer != SIGNER_OPERATOR ||
        strcmp(cosigner, d->command->operator) == 0) {
        decide_refuse(d, REFUSED_SECOND_PERSON, "an order \"%s\" needs two operators", kind);
        return false;
    }
    const struct member *member = region_member(d->region, cosigner);
    if (member == NULL || member->revoked || !member->is_operator || !member_has_right(member, right, kind)) {
        decide_refuse(d, REFUSED_SECOND_PERSON, "%s has not the right \"%s:%s\"", cosigner, right, kind);
        return false;
    }
    return true;
}

/* The address is another region's, and a link leads there. */
static bool leads_out(const struct deciding *d, const char *addressee)
{
    char region[REGION_CODE_MAX + 1];

    return name_region(addressee, region) && strcmp(region, d->region->code) != 0 &&
           (division_is_known(region) || d->region->generation < GENERATION_CLAIMS) &&
           region_way(d->region, region) != NULL;
}

/* Whether a new order fits what is there; `agents` are those whom its address reaches. */
static bool order_is_good(struct deciding *d, const struct new_order *order, const struct incident *incident,
                          struct words agents)
{
    char text[ID_TEXT];

    if (incident != NULL && !incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
    } else if (!id_is_zero(order->reissue_of) &&
               (incident == NULL || ties_order(d->state, incident, order->reissue_of, NULL) == NULL)) {
        decide_refuse(d, REFUSED_NO_ORDER, "re-issue of %s", id_format(order->reissue_of, text));
    } else if (agents.n == 0 && !leads_out(d, order->addressee)) {
        decide_refuse(d, REFUSED_NO_ADDRESSEE, "%s", order->addressee);
    } else if (strcmp(order->kind, evacuation_kind) == 0 ||
               (d->region->policy.order_kinds_n > 0 && region_order_kind(d->region, order->kind) == NULL)) {
        decide_refuse(d, REFUSED_ORDER_KIND, "\"%s\"", order->kind);
    } else {
        return deadlines_fit(d, order->answer_by_ms, order->expires_at_ms);
    }
    return false;
}

static void emit_issued(struct deciding *d, struct id incident, const struct new_order *order,
                        struct words agents, struct words needs)
{
    struct event *event = emit_order(d, EVENT_ORDER_ISSUED, incident, order->order);

    event->order_issued = (struct order_issued){.kind = order->kind,
                                                .home = "",
                                                .addressee = order->addressee,
                                                .agents = agents,
                                                .units = order->units,
                                                .issuer = d->command->agent,
                                                .operator= d->command->operator,
                                                .answer_by_ms = order->answer_by_ms,
                                                .expires_at_ms = order->expires_at_ms,
                                                .reissue_of = order->reissue_of,
                                                .needs = needs,
                                                .content = order_content(d->command, order)};
}

bool decide_order_is_new(struct deciding *d, struct id order)
{
    char text[ID_TEXT], other[ID_TEXT];
    struct id home;

    if (state_order_home(d->state, order, &home)) {
        decide_refuse(d, REFUSED_CONFLICT, "order %s is there already, in incident %s",
                      id_format(order, text), id_format(home, other));
    }
    return d->refusal == REFUSED_NOT;
}

static void issue_one(struct deciding *d, struct id id, const struct incident *incident,
                      const struct new_order *order, struct words needs)
{
    char text[ID_TEXT];
    const struct order *there = incident != NULL ? ties_order(d->state, incident, order->order, NULL) : NULL;

    if (there != NULL) {
        if (there->content != order_content(d->command, order)) {
            decide_refuse(d, REFUSED_CONFLICT, "order %s was issued with other words",
                          id_format(order->order, text));
        }
        return;
    }
    if (!decide_order_is_new(d, order->order)) {
        return;
    }
    struct words agents = decide_addressees(d, order->addressee);
    if (!d->no_memory && order_is_good(d, order, incident, agents) && decide_reaches(d, agents)) {
        emit_issued(d, id, order, agents, needs);
        if (agents.n == 0) {
            decide_reaches_region(d, id, order->addressee);
        }
    }
}

static bool orders_are_formed(struct deciding *d, const struct issue_orders *command)
{
    if (command->orders_n == 0) {
        decide_refuse(d, REFUSED_INVALID, "no orders");
    } else if (command->orders_n > ORDERS_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d a command", ORDERS_PER_COMMAND_MAX);
    }
    for (size_t i = 0; i < command->orders_n && d->refusal == REFUSED_NOT; i++) {
        const struct new_order *order = &command->orders[i];
        if (id_is_zero(order->order) || order->kind[0] == '\0' ||
            (!name_is_agency(order->addressee) && !name_is_agent(order->addressee))) {
            decide_refuse(d, REFUSED_INVALID,
                          "orders[%zu]: an order has an id, a kind and an address REGION/AGENCY[/AGENT]", i);
        }
        for (size_t j = 0; j < i && d->refusal == REFUSED_NOT; j++) {
            if (id_equal(order->order, command->orders[j].order)) {
                decide_refuse(d, REFUSED_INVALID, "orders[%zu] and orders[%zu] bear one id", j, i);
            }
        }
    }
    return d->refusal == REFUSED_NOT;
}

/* The incident of the orders; NULL without a refusal when their first one opens it. */
static const struct incident *incident_of(struct deciding *d, const struct issue_orders *command)
{
    struct id id = issue_orders_incident(command);

    if (id_is_zero(command->incident) && state_incident(d->state, id) == NULL) {
        return NULL;
    }
    const struct incident *incident = decide_incident(d, id);
    if (incident != NULL && incident->orders_n + command->orders_n > ORDERS_PER_INCIDENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d an incident", ORDERS_PER_INCIDENT_MAX);
    }
    return incident;
}

const struct order *decide_order(struct deciding *d, struct id incident, struct id order,
                                 const struct incident **ret_home)
{
    char text[ID_TEXT];
    const struct incident *named = decide_named_incident(d, incident);
    const struct order *there = named != NULL ? ties_order(d->state, named, order, ret_home) : NULL;

    if (named != NULL && there == NULL) {
        decide_refuse(d, REFUSED_NO_ORDER, "order %s", id_format(order, text));
    }
    return there;
}

void decide_issue_orders(struct deciding *d, const struct issue_orders *command)
{
    if (!orders_are_formed(d, command)) {
        return;
    }
    for (size_t i = 0; i < command->orders_n; i++) { /* a right comes before what it would tell */
        if (!decide_needs_right(d, "order", command->orders[i].kind) ||
            !second_person_agrees(d, "order", command->orders[i].kind)) {
            return;
        }
    }
    const struct incident *incident = incident_of(d, command);
    if (d->refusal != REFUSED_NOT) {
        return;
    }
    struct id id = incident != NULL ? incident->id : issue_orders_incident(command);
    struct words needs = {NULL, 0};
    if (incident == NULL) {
        struct event *opened = decide_emit(d, EVENT_INCIDENT_OPENED);
        opened->incident = id;
        opened->at_ms = d->env->now_ms;
        opened->incident_opened = (struct incident_opened){.mode = d->command->mode,
                                                           .reporter = d->command->agent,
                                                           .bare = true,
                                                           .home = "",
                                                           .received_ms = decide_received(d)};
    } else {
        needs = decide_needs(d, incident->kind, incident->substance);
    }
    for (size_t i = 0; i < command->orders_n && d->refusal == REFUSED_NOT; i++) {
        issue_one(d, id, incident, &command->orders[i], needs);
    }
}

void decide_recall_order(struct deciding *d, const struct recall_order *command)
{
    char text[ID_TEXT];
    const struct incident *home = NULL;

    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "recall", NULL)) {
        return;
    }
    const struct order *order = decide_order(d, command->incident, command->order, &home);
    if (order == NULL || order->rung == RUNG_RECALLED) {
        return;
    }
    if (order->home[0] != '\0') {
        decide_refuse(d, REFUSED_REGION, "order %s is region %s's to recall", id_format(order->id, text),
                      order->home);
        return;
    }
    if (!order_is_open(order)) {
        decide_refuse(d, REFUSED_ORDER_ENDED, "order %s is %s", id_format(order->id, text),
                      rung_name((enum rung)order->rung));
        return;
    }
    emit_order(d, EVENT_ORDER_RECALLED, home->id, order->id)->order_recalled =
        (struct order_recalled){.by = d->command->agent, .expires_at_ms = order->expires_at_ms};
}

/* --- evacuation -------------------------------------------------------------------------------------- */

static uint64_t evacuation_content(const struct command *command, const struct order_evacuation *evacuation)
{
    uint64_t content = fingerprint_text(FINGERPRINT_START, evacuation->text);

    content = fingerprint_number(content, evacuation->answer_by_ms);
    content = fingerprint_number(content, evacuation->expires_at_ms);
    return fingerprint_number(content, (int64_t)command->mode);
}

/* The evacuation was ordered before: with the same words that changes nothing. */
static bool evacuation_is_there(struct deciding *d, const struct incident *incident,
                                const struct order_evacuation *command)
{
    char text[ID_TEXT];

    for (size_t i = 0; i < incident->orders_n; i++) {
        if (id_equal(incident->orders[i].evacuation, command->evacuation)) {
            if (incident->orders[i].content != evacuation_content(d->command, command)) {
                decide_refuse(d, REFUSED_CONFLICT, "evacuation %s was ordered with other words",
                              id_format(command->evacuation, text));
            }
            return true;
        }
    }
    return false;
}

static bool may_be_numbered(struct id evacuation)
{
    return evacuation.b[ID_BYTES - 1] == 0 && evacuation.b[ID_BYTES - EVACUATION_TAIL] == 0;
}

static struct id numbered(struct id evacuation, size_t number)
{
    evacuation.b[ID_BYTES - EVACUATION_TAIL] = (uint8_t)(number >> 8);
    evacuation.b[ID_BYTES - 1] = (uint8_t)number;
    return evacuation;
}

static void add_on_scene(const struct order *order, struct words *found, const char **at)
{
    for (size_t i = 0; i < order->there.n && !order_is_evacuation(order); i++) {
        if (!words_have(*found, order->there.at[i])) {
            at[found->n++] = order->there.at[i];
        }
    }
}

const struct order *decide_order_of_event(const struct deciding *d, const struct incident *incident, size_t i)
{
    const struct moved_order *moved;

    if (i < incident->orders_n) {
        const struct order *order = &incident->orders[i];
        return id_is_zero(incident_moved_to(incident, order->id)) ? order : NULL;
    }
    moved = &incident->ties->moved[i - incident->orders_n];
    return moved->taken ? ties_order(d->state, incident, moved->order, NULL) : NULL;
}

size_t decide_orders_of_event(const struct incident *incident)
{
    return incident->orders_n + (incident->ties != NULL ? incident->ties->moved_n : 0);
}

/* Agents with somebody on scene, each once. */
static struct words agents_on_scene(struct deciding *d, const struct incident *incident)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t family_n = ties_family(d->state, incident, family);
    struct words found = {NULL, 0};
    size_t n = 0;

    for (size_t i = 0; i < family_n; i++) {
        for (size_t j = 0; j < decide_orders_of_event(family[i]); j++) {
            const struct order *order = decide_order_of_event(d, family[i], j);
            n += order != NULL ? order->there.n : 0;
        }
    }
    const char **at = arena_array(d->arena, const char *, n + 1);
    if (at == NULL) {
        d->no_memory = true;
        return found;
    }
    found.at = at;
    for (size_t i = 0; i < family_n; i++) {
        for (size_t j = 0; j < decide_orders_of_event(family[i]); j++) {
            const struct order *order = decide_order_of_event(d, family[i], j);
            if (order != NULL) {
                add_on_scene(order, &found, at);
            }
        }
    }
    return found;
}

void decide_order_evacuation(struct deciding *d, const struct order_evacuation *command)
{
    char text[ID_TEXT];

    if (id_is_zero(command->evacuation) || !may_be_numbered(command->evacuation)) {
        decide_refuse(d, REFUSED_INVALID, "an evacuation's id ends with two zero bytes");
        return;
    }
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "evacuate", NULL) ||
        !second_person_agrees(d, "evacuate", evacuation_kind)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL || evacuation_is_there(d, incident, command)) {
        return;
    }
    if (!incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
        return;
    }
    if (!deadlines_fit(d, command->answer_by_ms, command->expires_at_ms)) {
        return;
    }
    struct words agents = agents_on_scene(d, incident);
    if (agents.n == 0) {
        decide_refuse(d, REFUSED_NOBODY_ON_SCENE, "nobody of the incident has said on-scene");
        return;
    }
    uint64_t content = evacuation_content(d->command, command);
    for (size_t i = 0; i < agents.n; i++) {
        const char **agent = arena_array(d->arena, const char *, 1);
        if (agent == NULL) {
            d->no_memory = true;
            return;
        }
        agent[0] = agents.at[i];
        struct id id = numbered(command->evacuation, i + 1);
        if (!decide_order_is_new(d, id)) {
            return;
        }
        struct event *event = emit_order(d, EVENT_ORDER_ISSUED, incident->id, id);
        bool far = leads_out(d, agents.at[i]); /* its own region's broker gives it the order */
        event->order_issued = (struct order_issued){.kind = evacuation_kind,
                                                    .home = "",
                                                    .addressee = agents.at[i],
                                                    .agents = {agent, far ? 0 : 1},
                                                    .issuer = d->command->agent,
                                                    .operator= d->command->operator,
                                                    .answer_by_ms = command->answer_by_ms,
                                                    .expires_at_ms = command->expires_at_ms,
                                                    .evacuation = command->evacuation,
                                                    .content = content};
        if (far) {
            decide_reaches_region(d, incident->id, agents.at[i]);
        }
    }
}

/* --- amendments -------------------------------------------------------------------------------------- */

enum {
    /* Beside a report of six full texts, kept twice, this fits a frame. */
    AMENDMENT_BYTES_MAX = 16 * 1024,
    AMENDMENT_BYTES = 96 /* one, without the words of what is needed */
};

static size_t amendment_bytes(struct words needs)
{
    size_t n = AMENDMENT_BYTES;

    for (size_t i = 0; i < needs.n; i++) {
        n += strlen(needs.at[i]) + 3;
    }
    return n;
}

static bool order_lacks_amendment(const struct order *order, struct words needs)
{
    return order_is_open(order) && order->home[0] == '\0' && !order_is_evacuation(order) &&
           !words_equal(order->needs, needs);
}

void decide_amendments(struct deciding *d, const struct incident *incident, struct words needs)
{
    int64_t within = d->region->policy.amend_answer_ms;
    size_t each = amendment_bytes(needs);
    uint32_t left = 0;
    /* that record goes on to other regions as it came, and they would not hear of what we make of it */
    bool in_anothers_word = command_tells(d->command) != NULL;

    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        if (!order_lacks_amendment(order, needs)) {
            continue;
        }
        bool first_of_own =
            d->amended == 0 && d->command->signer == SIGNER_BROKER; /* so that it never stands still */
        if (in_anothers_word || (!first_of_own && (left > 0 || d->amended + each > AMENDMENT_BYTES_MAX ||
                                                   d->reach + order->agents.n > REACH_PER_COMMAND_MAX))) {
            left++;
            continue;
        }
        d->amended += each;
        d->reach += order->agents.n;
        emit_order(d, EVENT_ORDER_AMENDED, incident->id, order->id)->order_amended = (struct order_amended){
            .amendment = order->amendments + 1u,
            .needs = needs,
            .answer_by_ms = d->env->now_ms + (within != 0 ? within : AMEND_ANSWER_DEFAULT_MS)};
    }
    if (left != incident->amendments_left) {
        struct event *event = decide_emit(d, EVENT_AMENDMENTS_LEFT);
        event->incident = incident->id;
        event->at_ms = d->env->now_ms;
        event->amendments_left = (struct amendments_left){.orders = left};
    }
}
