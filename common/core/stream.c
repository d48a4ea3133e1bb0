#include "common/core/stream.h"

#include <string.h>

static const char *const prefixes[] = {
    [STREAM_NONE] = "",        [STREAM_INCIDENT] = "incident/", [STREAM_ORDER] = "order/",
    [STREAM_AGENT] = "agent/", [STREAM_REGION] = "region/",     [STREAM_ALERT] = "alert/"};

static bool has_id(enum stream_kind kind)
{
    return kind == STREAM_INCIDENT || kind == STREAM_ORDER || kind == STREAM_ALERT;
}

/* --- keys ------------------------------------------------------------------------------------------ */

struct stream_key stream_key_incident(struct id incident)
{
    return (struct stream_key){.kind = STREAM_INCIDENT, .id = incident};
}

struct stream_key stream_key_order(struct id order)
{
    memset(order.b + ID_BYTES - EVACUATION_TAIL, 0, EVACUATION_TAIL);
    return (struct stream_key){.kind = STREAM_ORDER, .id = order};
}

struct stream_key stream_key_alert(struct id alert)
{
    return (struct stream_key){.kind = STREAM_ALERT, .id = alert};
}

struct stream_key stream_key_agent(const char *agent)
{
    return (struct stream_key){.kind = STREAM_AGENT, .name = agent};
}

struct stream_key stream_key_region(const char *region)
{
    return (struct stream_key){.kind = STREAM_REGION, .name = region};
}

bool stream_key_equal(struct stream_key a, struct stream_key b)
{
    return a.kind == b.kind && (a.name == NULL ? id_equal(a.id, b.id) : strcmp(a.name, b.name) == 0);
}

struct stream_key stream_key_parse(const char *name)
{
    for (enum stream_kind kind = STREAM_INCIDENT; kind <= STREAM_ALERT; kind++) {
        struct stream_key key = {.kind = kind};
        size_t n = strlen(prefixes[kind]);
        if (strncmp(name, prefixes[kind], n) != 0) {
            continue;
        }
        if (!has_id(kind)) {
            key.name = name + n;
            return key;
        }
        return id_parse(name + n, &key.id) == 0 ? key : (struct stream_key){.kind = STREAM_NONE};
    }
    return (struct stream_key){.kind = STREAM_NONE};
}

/* Cut when it is too long, which no name that was checked is. */
char *stream_name(struct stream_key key, char *ret)
{
    char text[ID_TEXT];
    const char *rest = has_id(key.kind) ? id_format(key.id, text) : key.name;
    size_t n = strlen(prefixes[key.kind]), rest_n = strnlen(rest, STREAM_NAME_MAX - 1 - n);

    memcpy(ret, prefixes[key.kind], n);
    memcpy(ret + n, rest, rest_n);
    ret[n + rest_n] = '\0';
    return ret;
}

/* --- names ----------------------------------------------------------------------------------------- */

char *stream_of_incident(struct id incident, char *ret)
{
    return stream_name(stream_key_incident(incident), ret);
}

char *stream_of_agent(const char *agent, char *ret)
{
    return stream_name(stream_key_agent(agent), ret);
}

char *stream_of_region(const char *region, char *ret)
{
    return stream_name(stream_key_region(region), ret);
}

char *stream_of_order(struct id order, char *ret)
{
    return stream_name(stream_key_order(order), ret);
}

/* --- of commands and events ------------------------------------------------------------------------ */

struct id issue_orders_incident(const struct issue_orders *issue)
{
    if (id_is_zero(issue->incident) && issue->orders_n > 0) {
        return issue->orders[0].order;
    }
    return issue->incident;
}

static size_t issue_streams(const struct issue_orders *command, struct stream_key *ret)
{
    size_t n = 0;

    ret[n++] = stream_key_incident(issue_orders_incident(command));
    for (size_t i = 0; i < command->orders_n && i < ORDERS_PER_COMMAND_MAX; i++) {
        ret[n++] = stream_key_order(command->orders[i].order);
    }
    return n;
}

static size_t history_streams(const struct record_history *command, struct stream_key *ret)
{
    size_t n = 0;

    ret[n++] = stream_key_incident(command->incident);
    for (size_t i = 0; i < command->orders_n && i < ORDERS_PER_COMMAND_MAX; i++) {
        ret[n++] = stream_key_order(command->orders[i].order);
    }
    return n;
}

static size_t two_incidents(struct id incident, struct id other, struct stream_key *ret)
{
    ret[0] = stream_key_incident(incident);
    ret[1] = stream_key_incident(other);
    return id_is_zero(other) || id_equal(incident, other) ? 1 : 2;
}

size_t tell_streams(const struct tell_record *command, struct stream_key ret[STREAMS_PER_COMMAND_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < command->told_n; i++) {
        for (size_t j = 0; j < command->told[i].events_n && n < STREAMS_PER_COMMAND_MAX; j++) {
            const struct event *event = &command->told[i].events[j];
            struct stream_key key = stream_key_order(event->order);
            if (event->kind == EVENT_ORDER_ISSUED && (n == 0 || !stream_key_equal(ret[n - 1], key))) {
                ret[n++] = key; /* an evacuation's stand side by side, and are one */
            }
        }
    }
    return n;
}

static size_t reissue_streams(const struct reissue_order *command, struct stream_key *ret)
{
    size_t n = 0;

    ret[n++] = stream_key_incident(command->incident);
    ret[n++] = stream_key_order(command->new_order);
    for (size_t i = 0; i < command->agents.n && i < CANDIDATES_MAX; i++) {
        ret[n++] = stream_key_agent(command->agents.at[i]);
    }
    return n;
}

static size_t heard_streams(const struct tell_record *command, struct stream_key *ret)
{
    struct stream_key orders[STREAMS_PER_COMMAND_MAX];
    size_t n = tell_streams(command, orders);

    if (id_is_zero(command->incident)) {
        return 0;
    }
    ret[0] = stream_key_incident(command->incident);
    n = n < ORDERS_PER_COMMAND_MAX ? n : ORDERS_PER_COMMAND_MAX; /* more are refused */
    memcpy(ret + 1, orders, n * sizeof *orders);
    return 1 + n;
}

static size_t asked_streams(const struct ask_incidents *command, struct stream_key *ret)
{
    size_t n = 0;

    for (; n < command->incidents_n && n < INCIDENTS_ASKED_MAX; n++) {
        ret[n] = stream_key_incident(command->incidents[n]);
    }
    return n;
}

size_t command_streams(const struct command *command, struct stream_key ret[STREAMS_PER_COMMAND_MAX])
{
    switch (command->kind) {
    case COMMAND_FILE_REPORT:
        ret[0] = stream_key_incident(command->file_report.incident);
        return 1;
    case COMMAND_CLOSE_INCIDENT:
        ret[0] = stream_key_incident(command->close_incident.incident);
        return 1;
    case COMMAND_ISSUE_ORDERS:
        return issue_streams(&command->issue_orders, ret);
    case COMMAND_RECALL_ORDER:
        ret[0] = stream_key_incident(command->recall_order.incident);
        return 1;
    case COMMAND_ORDER_EVACUATION:
        ret[0] = stream_key_incident(command->order_evacuation.incident);
        ret[1] = stream_key_order(command->order_evacuation.evacuation);
        return 2;
    case COMMAND_GIVE_RECEIPT:
        ret[0] = stream_key_incident(command->give_receipt.incident);
        return 1;
    case COMMAND_RECORD_HISTORY:
        return history_streams(&command->record_history, ret);
    case COMMAND_RECORD_ALERT:
        ret[0] = stream_key_alert(command->record_alert.alert);
        return 1;
    case COMMAND_STATE_UNITS:
    case COMMAND_ACK:
        ret[0] = stream_key_agent(command->agent);
        return 1;
    case COMMAND_NOTE_LOSS:
        ret[0] = stream_key_agent(command->note_loss.agent);
        return 1;
    case COMMAND_NOTE_READING:
        ret[0] = stream_key_agent(command->note_reading.agent);
        ret[1] = stream_key_incident(command->note_reading.incident);
        return id_is_zero(command->note_reading.incident) ? 1 : 2;
    case COMMAND_NOTE_SILENCE:
        ret[0] = stream_key_agent(command->note_silence.agent);
        return 1;
    case COMMAND_NOTE_LOOKOUT_LIMIT:
        ret[0] = stream_key_agent(command->note_lookout_limit.agent);
        return 1;
    case COMMAND_ASK_INCIDENTS:
        return asked_streams(&command->ask_incidents, ret);
    case COMMAND_SET_GRADE:
        ret[0] = stream_key_incident(command->set_grade.incident);
        return 1;
    case COMMAND_SET_LEVEL:
        ret[0] = stream_key_incident(command->set_level.incident);
        return 1;
    case COMMAND_SEND_REPORT:
        ret[0] = stream_key_incident(command->send_report.incident);
        return 1;
    case COMMAND_LINK_INCIDENTS:
        return two_incidents(command->link_incidents.incident, command->link_incidents.other, ret);
    case COMMAND_MERGE_INCIDENT:
        return two_incidents(command->merge_incident.incident, command->merge_incident.into, ret);
    case COMMAND_SPLIT_INCIDENT:
        return two_incidents(command->split_incident.incident, command->split_incident.into, ret);
    case COMMAND_SET_POST:
        ret[0] = stream_key_incident(command->set_post.incident);
        return 1;
    case COMMAND_OFFER_POST:
        ret[0] = stream_key_incident(command->offer_post.incident);
        return 1;
    case COMMAND_ANSWER_POST:
        ret[0] = stream_key_incident(command->answer_post.incident);
        return 1;
    case COMMAND_REFER_INCIDENT:
        ret[0] = stream_key_incident(command->refer_incident.incident);
        return 1;
    case COMMAND_OFFER_LEAD:
        ret[0] = stream_key_incident(command->offer_lead.incident);
        return 1;
    case COMMAND_TAKE_LEAD:
        ret[0] = stream_key_incident(command->take_lead.incident);
        return 1;
    case COMMAND_ASSESS_INCIDENT:
        ret[0] = stream_key_incident(command->assess_incident.incident);
        return 1;
    case COMMAND_CONFIRM_ORDER:
        ret[0] = stream_key_incident(command->confirm_order.incident);
        return 1;
    case COMMAND_TELL_RECORD:
    case COMMAND_CARRY_RECORD:
        return heard_streams(command_tells(command), ret);
    case COMMAND_SHARE_INCIDENT:
        ret[0] = stream_key_incident(command->share_incident.incident);
        return 1;
    case COMMAND_PASS_DEADLINES:
        ret[0] = stream_key_parse(command->pass_deadlines.stream);
        return ret[0].kind != STREAM_NONE ? 1 : 0;
    case COMMAND_REISSUE_ORDER:
        return reissue_streams(&command->reissue_order, ret);
    case COMMAND_NONE:
    case COMMAND_FOUND_REGION:
    case COMMAND_ENROL_AGENT:
    case COMMAND_ENROL_OPERATOR:
    case COMMAND_REVOKE:
    case COMMAND_SET_POLICY:
    case COMMAND_SET_PACK:
    case COMMAND_DROP_PACK:
    case COMMAND_SET_DIVISIONS:
    case COMMAND_SET_CLOCK:
    case COMMAND_COUNT_REFUSALS:
    case COMMAND_RECOVER:
    case COMMAND_NOTE_LINK:
    case COMMAND_SEND_CANARY:
    case COMMAND_NOTE_UNTOLD:
    case COMMAND_PASS_WARNING:
        return 0; /* the region's stream alone */
    }
    return 0;
}

struct stream_key event_stream(const struct event *event, const char *region)
{
    switch (event->kind) {
    case EVENT_UNITS_STATED:
        return stream_key_agent(event->units_stated.agent);
    case EVENT_ACKNOWLEDGED:
        return stream_key_agent(event->acknowledged.agent);
    case EVENT_LOSS_NOTED:
        return stream_key_agent(event->loss_noted.agent);
    case EVENT_LOOKOUT_BEGAN:
    case EVENT_LOOKOUT_FIRED:
    case EVENT_LOOKOUT_ENDED:
    case EVENT_LOOKOUT_DOUBTED:
        return stream_key_agent(event->lookout.agent);
    case EVENT_LOOKOUT_LIMITED:
        return stream_key_agent(event->lookout_limited.agent);
    case EVENT_ALERT_RECORDED:
        return stream_key_alert(event->alert_recorded.alert);
    case EVENT_NONE:
    case EVENT_REGION_FOUNDED:
    case EVENT_AGENT_ENROLLED:
    case EVENT_OPERATOR_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_POLICY_SET:
    case EVENT_CLOCK_SET:
    case EVENT_REFUSALS_COUNTED:
    case EVENT_RECOVERED:
    case EVENT_PACK_SET:
    case EVENT_PACK_DROPPED:
    case EVENT_GENERATION_BEGUN:
    case EVENT_DIVISIONS_SET:
    case EVENT_LINK_SET:
    case EVENT_CANARY_SENT:
    case EVENT_CANARY_HEARD:
    case EVENT_UNTOLD:
    case EVENT_WARNING_TAKEN:
    case EVENT_WARNING_BEGAN:
    case EVENT_WARNING_FIRED:
    case EVENT_WARNING_ENDED:
    case EVENT_WARNINGS_HEEDED:
        return stream_key_region(region);
    default:
        return stream_key_incident(event->incident);
    }
}
