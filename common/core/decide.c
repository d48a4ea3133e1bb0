#include "common/core/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/mutant.h"
#include "common/core/decide_private.h"

struct event *decide_emit(struct deciding *d, enum event_kind kind)
{
    if (d->events_n == d->capacity) {
        size_t capacity = d->capacity == 0 ? 4 : d->capacity * 2;
        struct event *grown = arena_array(d->arena, struct event, capacity);
        if (grown == NULL || capacity > EVENTS_PER_COMMAND_MAX) {
            d->no_memory = true;
            return &d->sink;
        }
        if (d->events_n > 0) {
            memcpy(grown, d->events, d->events_n * sizeof *grown);
        }
        d->events = grown;
        d->capacity = capacity;
    }
    struct event *event = &d->events[d->events_n++];
    memset(event, 0, sizeof *event);
    event->kind = kind;
    return event;
}

void decide_refuse(struct deciding *d, enum refusal refusal, const char *format, ...)
{
    char text[REFUSAL_DETAIL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d->refusal = refusal;
    d->detail = arena_strdup(d->arena, text);
    if (d->detail == NULL) {
        d->no_memory = true;
    }
}

bool decide_reaches(struct deciding *d, struct words agents)
{
    d->reach += agents.n;
    if (d->reach > REACH_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders times their agents: %d a command", REACH_PER_COMMAND_MAX);
    }
    return d->refusal == REFUSED_NOT;
}

bool decide_needs_right(struct deciding *d, const char *right, const char *kind)
{
    const struct command *command = d->command;

    if (command->signer == SIGNER_ROOT || command->signer == SIGNER_BROKER || MUTANT(MUTANT_NO_RIGHT)) {
        return true;
    }
    const char *name = command->signer == SIGNER_OPERATOR ? command->operator: command->agent;
    const struct member *member = region_member(d->region, name);
    if (member == NULL || !member_has_right(member, right, kind)) {
        decide_refuse(d, REFUSED_RIGHT, "%s has not the right \"%s%s%s\"", name, right,
                      kind != NULL ? ":" : "", kind != NULL ? kind : "");
        return false;
    }
    return true;
}

bool decide_names_incident(struct deciding *d, struct id id)
{
    if (id_is_zero(id)) {
        decide_refuse(d, REFUSED_INVALID, "no incident is named");
    }
    return d->refusal == REFUSED_NOT;
}

bool decide_signed_by_person(struct deciding *d)
{
    if (d->command->signer != SIGNER_OPERATOR && d->refusal == REFUSED_NOT) {
        decide_refuse(d, REFUSED_SIGNATURE, "a person decides this: an operator signs it");
    }
    return d->refusal == REFUSED_NOT;
}

const char *decide_speaker(const struct deciding *d)
{
    return d->command->operator[0] != '\0' ? d->command->operator: d->command->agent;
}

const struct incident *decide_incident(struct deciding *d, struct id id)
{
    const struct incident *named = decide_named_incident(d, id);

    if (named == NULL || MUTANT(MUTANT_FORGET_MERGE)) {
        return named;
    }
    return ties_survivor(d->state, named);
}

const struct incident *decide_named_incident(struct deciding *d, struct id id)
{
    char text[ID_TEXT];
    const struct incident *incident = state_incident(d->state, id);
    if (incident == NULL) {
        decide_refuse(d, REFUSED_NO_INCIDENT, "incident %s", id_format(id, text));
        return NULL;
    }
    if (incident->mode != d->command->mode) {
        decide_refuse(d, REFUSED_MODE, "incident %s is %s, the command %s", id_format(id, text),
                      mode_name(incident->mode), mode_name(d->command->mode));
        return NULL;
    }
    if (incident->history) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s is history", id_format(id, text));
        return NULL;
    }
    return incident;
}

int64_t decide_occurred(const struct deciding *d, int64_t not_before_ms)
{
    int64_t at = d->command->occurred_at_ms;

    return at >= not_before_ms && at != 0 && at <= d->env->now_ms ? at : d->env->now_ms;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct words decide_needs(struct deciding *d, const char *kind, const char *substance)
{
    const struct kind_policy *by_kind = region_kind(d->region, kind);
    const struct substance_policy *by_substance = region_substance(d->region, substance);
    struct words none = {NULL, 0};
    struct words a = by_kind != NULL ? by_kind->needs : none;
    struct words b = by_substance != NULL ? by_substance->needs : none;

    if (a.n + b.n == 0) {
        return none;
    }
    const char **at = arena_array(d->arena, const char *, a.n + b.n);
    if (at == NULL) {
        d->no_memory = true;
        return none;
    }
    size_t n = 0;
    for (size_t i = 0; i < a.n; i++) {
        at[n++] = a.at[i];
    }
    for (size_t i = 0; i < b.n; i++) {
        at[n++] = b.at[i];
    }
    qsort(at, n, sizeof *at, compare_words);
    size_t once = 0;
    for (size_t i = 0; i < n; i++) {
        if (once == 0 || strcmp(at[once - 1], at[i]) != 0) {
            at[once++] = at[i];
        }
    }
    return (struct words){at, once};
}

/* --- what holds for every command ------------------------------------------------------------------ */

static bool is_founding(enum command_kind kind)
{
    return kind == COMMAND_FOUND_REGION || kind == COMMAND_ENROL_AGENT || kind == COMMAND_ENROL_OPERATOR ||
           kind == COMMAND_REVOKE || kind == COMMAND_SET_POLICY || kind == COMMAND_SET_PACK;
}

static bool is_enrolled(struct deciding *d, const char *name, bool is_operator)
{
    const struct member *member = region_member(d->region, name);

    if (member == NULL || member->revoked || member->is_operator != is_operator) {
        decide_refuse(d, REFUSED_IDENTITY, "%s is not enrolled as an %s", name,
                      is_operator ? "operator" : "agent");
        return false;
    }
    return true;
}

/* Agents count, operators sign: both must be who they say, whatever the session knew when it began. */
static bool speaker_is_known(struct deciding *d)
{
    const struct command *command = d->command;

    if (command->signer == SIGNER_ROOT || command->signer == SIGNER_BROKER || d->region->code[0] == '\0') {
        return true;
    }
    return is_enrolled(d, command->agent, false) &&
           (command->operator[0] == '\0' || is_enrolled(d, command->operator, true));
}

static bool signer_may_speak(struct deciding *d)
{
    const struct command *command = d->command;
    bool founding = is_founding(command->kind);
    bool own = command_is_brokers_own(command->kind);

    switch (command->signer) {
    case SIGNER_ROOT:
        if (!founding) {
            decide_refuse(d, REFUSED_RIGHT, "the root key founds and enrols, nothing else");
        }
        break;
    case SIGNER_BROKER:
        if (!own) {
            decide_refuse(d, REFUSED_RIGHT, "the broker gives no commands but its own");
        }
        break;
    case SIGNER_AGENT:
    case SIGNER_OPERATOR:
        if (own || command->kind == COMMAND_FOUND_REGION) {
            decide_refuse(d, REFUSED_RIGHT, "%s is not for agents and operators",
                          command_kind_name(command->kind));
        }
        break;
    case SIGNER_NONE:
        break;
    }
    return d->refusal == REFUSED_NOT;
}

/* The window in which a command may be taken: its author's clock may be off by the tolerance, no more. */
static bool in_time(struct deciding *d)
{
    const struct command *command = d->command;
    int64_t tolerance = region_clock_tolerance_ms(d->region);
    int64_t now = d->env->now_ms;

    if (command->signer == SIGNER_ROOT || command->signer == SIGNER_BROKER || command->kind == COMMAND_ACK ||
        command->kind == COMMAND_TELL_RECORD || MUTANT(MUTANT_NO_TIMES)) {
        return true;
    }
    if (command->issued_at_ms <= 0 || command->expires_at_ms < command->issued_at_ms ||
        command->expires_at_ms - command->issued_at_ms > COMMAND_LIFE_MAX_MS) {
        decide_refuse(d, REFUSED_INVALID, "issued_at and expires_at make no window of at most 7 days");
    } else if (command->issued_at_ms > now + tolerance) {
        decide_refuse(d, REFUSED_CLOCK, "issued %lld s ahead of the bus: set the clock of %s",
                      (long long)((command->issued_at_ms - now) / 1000), command->agent);
    } else if (command->expires_at_ms + tolerance < now) {
        decide_refuse(d, REFUSED_EXPIRED, "expired %lld s ago by the bus: late, or the clock of %s is behind",
                      (long long)((now - command->expires_at_ms) / 1000), command->agent);
    }
    return d->refusal == REFUSED_NOT;
}

static bool may_be_decided(struct deciding *d)
{
    const struct command *command = d->command;

    if (!speaker_is_known(d)) {
        return false;
    }
    if (strcmp(command->region, d->env->region) != 0) {
        decide_refuse(d, REFUSED_REGION, "this is region %s", d->env->region);
    } else if (command->epoch != d->env->epoch && command->kind != COMMAND_TELL_RECORD) {
        decide_refuse(d, REFUSED_EPOCH, "this is epoch %llu", (unsigned long long)d->env->epoch);
    } else if (command->signer == SIGNER_NONE ||
               (command->signer == SIGNER_AGENT && command->operator[0] != '\0')) {
        decide_refuse(d, REFUSED_SIGNATURE, "%s did not sign",
                      command->operator[0] != '\0' ? command->operator: command->agent);
    } else if (command->mode < MODE_ACTUAL || command->mode > MODE_TEST) {
        decide_refuse(d, REFUSED_MODE, "name actual, exercise or test");
    } else if (d->region->code[0] == '\0' && command->kind != COMMAND_FOUND_REGION) {
        decide_refuse(d, REFUSED_FOUNDING, "the log does not begin with its founding");
    }
    return d->refusal == REFUSED_NOT && in_time(d) && signer_may_speak(d);
}

static void decide_by_kind(struct deciding *d)
{
    const struct command *command = d->command;

    switch (command->kind) {
    case COMMAND_FOUND_REGION:
        decide_found_region(d, &command->found_region);
        return;
    case COMMAND_ENROL_AGENT:
        decide_enrol(d, &command->enrol, false);
        return;
    case COMMAND_ENROL_OPERATOR:
        decide_enrol(d, &command->enrol, true);
        return;
    case COMMAND_REVOKE:
        decide_revoke(d, &command->revoke);
        return;
    case COMMAND_SET_POLICY:
        decide_set_policy(d, &command->set_policy);
        return;
    case COMMAND_SET_PACK:
        decide_set_pack(d, &command->set_pack);
        return;
    case COMMAND_DROP_PACK:
        decide_drop_pack(d, &command->drop_pack);
        return;
    case COMMAND_SET_GRADE:
        decide_set_grade(d, &command->set_grade);
        return;
    case COMMAND_SET_LEVEL:
        decide_set_level(d, &command->set_level);
        return;
    case COMMAND_SEND_REPORT:
        decide_send_report(d, &command->send_report);
        return;
    case COMMAND_LINK_INCIDENTS:
        decide_link_incidents(d, &command->link_incidents);
        return;
    case COMMAND_MERGE_INCIDENT:
        decide_merge_incident(d, &command->merge_incident);
        return;
    case COMMAND_SPLIT_INCIDENT:
        decide_split_incident(d, &command->split_incident);
        return;
    case COMMAND_SET_POST:
        decide_set_post(d, &command->set_post);
        return;
    case COMMAND_OFFER_POST:
        decide_offer_post(d, &command->offer_post);
        return;
    case COMMAND_ANSWER_POST:
        decide_answer_post(d, &command->answer_post);
        return;
    case COMMAND_SET_DIVISIONS:
        decide_set_divisions(d, &command->set_divisions);
        return;
    case COMMAND_FILE_REPORT:
        decide_file_report(d, &command->file_report);
        return;
    case COMMAND_CLOSE_INCIDENT:
        decide_close_incident(d, &command->close_incident);
        return;
    case COMMAND_ISSUE_ORDERS:
        decide_issue_orders(d, &command->issue_orders);
        return;
    case COMMAND_RECALL_ORDER:
        decide_recall_order(d, &command->recall_order);
        return;
    case COMMAND_CONFIRM_ORDER:
        decide_confirm_order(d, &command->confirm_order);
        return;
    case COMMAND_ORDER_EVACUATION:
        decide_order_evacuation(d, &command->order_evacuation);
        return;
    case COMMAND_GIVE_RECEIPT:
        decide_give_receipt(d, &command->give_receipt);
        return;
    case COMMAND_STATE_UNITS:
        decide_state_units(d, &command->state_units);
        return;
    case COMMAND_RECORD_HISTORY:
        decide_record_history(d, &command->record_history);
        return;
    case COMMAND_RECORD_ALERT:
        decide_record_alert(d, &command->record_alert);
        return;
    case COMMAND_ACK:
        decide_ack(d, &command->ack);
        return;
    case COMMAND_PASS_DEADLINES:
        decide_pass_deadlines(d, &command->pass_deadlines);
        return;
    case COMMAND_SET_CLOCK:
        decide_set_clock(d, &command->set_clock);
        return;
    case COMMAND_COUNT_REFUSALS:
        decide_count_refusals(d, &command->count_refusals);
        return;
    case COMMAND_RECOVER:
        decide_recover(d, &command->recover);
        return;
    case COMMAND_NOTE_LOSS:
        decide_note_loss(d, &command->note_loss);
        return;
    case COMMAND_REISSUE_ORDER:
        decide_reissue_order(d, &command->reissue_order);
        return;
    case COMMAND_REFER_INCIDENT:
        decide_refer_incident(d, &command->refer_incident);
        return;
    case COMMAND_OFFER_LEAD:
        decide_offer_lead(d, &command->offer_lead);
        return;
    case COMMAND_TAKE_LEAD:
        decide_take_lead(d, &command->take_lead);
        return;
    case COMMAND_ASSESS_INCIDENT:
        decide_assess_incident(d, &command->assess_incident);
        return;
    case COMMAND_SHARE_INCIDENT:
        decide_share_incident(d, &command->share_incident);
        return;
    case COMMAND_TELL_RECORD:
        decide_tell_record(d, &command->tell_record);
        return;
    case COMMAND_CARRY_RECORD:
        decide_carry_record(d, &command->carry_record);
        return;
    case COMMAND_NOTE_LINK:
        decide_note_link(d, &command->note_link);
        return;
    case COMMAND_NOTE_UNTOLD:
        decide_note_untold(d, &command->note_untold);
        return;
    case COMMAND_SEND_CANARY:
        decide_send_canary(d, &command->send_canary);
        return;
    case COMMAND_NOTE_READING:
        decide_note_reading(d, &command->note_reading);
        return;
    case COMMAND_NOTE_SILENCE:
        decide_note_silence(d, &command->note_silence);
        return;
    case COMMAND_NOTE_LOOKOUT_LIMIT:
        decide_note_lookout_limit(d, &command->note_lookout_limit);
        return;
    case COMMAND_PASS_WARNING:
        decide_pass_warning(d, &command->pass_warning);
        return;
    case COMMAND_ASK_INCIDENTS:
        decide_ask_incidents(d, &command->ask_incidents);
        return;
    case COMMAND_NONE:
        break;
    }
    decide_refuse(d, REFUSED_INVALID, "no such command");
}

int decide_told(const struct state *state, const struct event *events, size_t n, const struct env *env,
                struct arena *arena, struct decision *ret)
{
    static const struct command nobody_said = {.kind = COMMAND_NONE};
    struct deciding d = {.state = state,
                         .region = state_region(state),
                         .command = &nobody_said,
                         .env = env,
                         .arena = arena,
                         .detail = ""};

    for (size_t i = 0; i < n; i++) {
        *decide_emit(&d, events[i].kind) = events[i];
    }
    for (size_t i = 0; i < n; i++) {
        const struct incident *incident = state_incident(state, events[i].incident);
        if (events[i].kind == EVENT_INCIDENT_CLOSED && incident != NULL) {
            decide_stop_daily(&d, incident);
        }
        if (events[i].kind == EVENT_ABILITY_SHORT && incident != NULL) {
            decide_rules(&d, incident); /* the broker asks about it in the same record */
            break;
        }
    }
    decide_rules_due(&d);
    if (d.no_memory) {
        return ERR_NO_MEMORY;
    }
    *ret =
        (struct decision){.refusal = REFUSED_NOT, .detail = "", .events = d.events, .events_n = d.events_n};
    return 0;
}

int decide(const struct state *state, const struct command *command, const struct env *env,
           struct arena *arena, struct decision *ret)
{
    struct deciding d = {.state = state,
                         .region = state_region(state),
                         .command = command,
                         .env = env,
                         .arena = arena,
                         .detail = ""};

    if (may_be_decided(&d)) {
        decide_by_kind(&d);
    }
    if (d.refusal == REFUSED_NOT) {
        decide_refer_parts(&d);
        decide_rules_due(&d);
        decide_orders_known(&d);
        decide_shared(&d);
    }
    if (d.no_memory) {
        return ERR_NO_MEMORY;
    }
    *ret = (struct decision){.refusal = d.refusal, .detail = d.detail};
    if (d.refusal == REFUSED_NOT) {
        ret->events = d.events;
        ret->events_n = d.events_n;
    }
    return 0;
}
