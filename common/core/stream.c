#include "common/core/stream.h"

#include <string.h>

static const char incident_prefix[] = "incident/";
static const char order_prefix[] = "order/";

/* Cut when it is too long, which no name that was checked is. */
static char *join(const char *prefix, const char *name, char *ret)
{
    size_t n = strlen(prefix), rest = strnlen(name, STREAM_NAME_MAX - 1 - n);

    memcpy(ret, prefix, n);
    memcpy(ret + n, name, rest);
    ret[n + rest] = '\0';
    return ret;
}

char *stream_of_incident(struct id incident, char *ret)
{
    char text[ID_TEXT];

    return join(incident_prefix, id_format(incident, text), ret);
}

char *stream_of_agent(const char *agent, char *ret)
{
    return join("agent/", agent, ret);
}

char *stream_of_region(const char *region, char *ret)
{
    return join("region/", region, ret);
}

char *stream_of_order(struct id order, char *ret)
{
    char text[ID_TEXT];

    memset(order.b + ID_BYTES - EVACUATION_TAIL, 0, EVACUATION_TAIL);
    return join(order_prefix, id_format(order, text), ret);
}

bool stream_incident(const char *stream, struct id *ret)
{
    size_t n = sizeof incident_prefix - 1;

    return strncmp(stream, incident_prefix, n) == 0 && id_parse(stream + n, ret) == 0;
}

bool stream_order(const char *stream, struct id *ret)
{
    size_t n = sizeof order_prefix - 1;

    return strncmp(stream, order_prefix, n) == 0 && id_parse(stream + n, ret) == 0;
}

struct id issue_orders_incident(const struct issue_orders *issue)
{
    if (id_is_zero(issue->incident) && issue->orders_n > 0) {
        return issue->orders[0].order;
    }
    return issue->incident;
}

static size_t issue_streams(const struct issue_orders *command, char ret[][STREAM_NAME_MAX])
{
    size_t n = 0;

    stream_of_incident(issue_orders_incident(command), ret[n++]);
    for (size_t i = 0; i < command->orders_n && i < ORDERS_PER_COMMAND_MAX; i++) {
        stream_of_order(command->orders[i].order, ret[n++]);
    }
    return n;
}

static size_t history_streams(const struct record_history *command, char ret[][STREAM_NAME_MAX])
{
    size_t n = 0;

    stream_of_incident(command->incident, ret[n++]);
    for (size_t i = 0; i < command->orders_n && i < ORDERS_PER_COMMAND_MAX; i++) {
        stream_of_order(command->orders[i].order, ret[n++]);
    }
    return n;
}

size_t command_streams(const struct command *command, char ret[STREAMS_PER_COMMAND_MAX][STREAM_NAME_MAX])
{
    switch (command->kind) {
    case COMMAND_FILE_REPORT:
        stream_of_incident(command->file_report.incident, ret[0]);
        return 1;
    case COMMAND_CLOSE_INCIDENT:
        stream_of_incident(command->close_incident.incident, ret[0]);
        return 1;
    case COMMAND_ISSUE_ORDERS:
        return issue_streams(&command->issue_orders, ret);
    case COMMAND_RECALL_ORDER:
        stream_of_incident(command->recall_order.incident, ret[0]);
        return 1;
    case COMMAND_ORDER_EVACUATION:
        stream_of_incident(command->order_evacuation.incident, ret[0]);
        stream_of_order(command->order_evacuation.evacuation, ret[1]);
        return 2;
    case COMMAND_GIVE_RECEIPT:
        stream_of_incident(command->give_receipt.incident, ret[0]);
        return 1;
    case COMMAND_RECORD_HISTORY:
        return history_streams(&command->record_history, ret);
    case COMMAND_STATE_UNITS:
    case COMMAND_ACK:
        stream_of_agent(command->agent, ret[0]);
        return 1;
    case COMMAND_PASS_DEADLINES:
        join("", command->pass_deadlines.stream, ret[0]);
        return 1;
    case COMMAND_NONE:
    case COMMAND_FOUND_REGION:
    case COMMAND_ENROL_AGENT:
    case COMMAND_ENROL_OPERATOR:
    case COMMAND_REVOKE:
    case COMMAND_SET_POLICY:
    case COMMAND_SET_CLOCK:
    case COMMAND_COUNT_REFUSALS:
        return 0; /* the region's stream alone */
    }
    return 0;
}

char *event_stream(const struct event *event, const char *region, char *ret)
{
    switch (event->kind) {
    case EVENT_UNITS_STATED:
        return stream_of_agent(event->units_stated.agent, ret);
    case EVENT_ACKNOWLEDGED:
        return stream_of_agent(event->acknowledged.agent, ret);
    case EVENT_NONE:
    case EVENT_REGION_FOUNDED:
    case EVENT_AGENT_ENROLLED:
    case EVENT_OPERATOR_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_POLICY_SET:
    case EVENT_CLOCK_SET:
    case EVENT_REFUSALS_COUNTED:
        return stream_of_region(region, ret);
    default:
        return stream_of_incident(event->incident, ret);
    }
}
