/* Names of streams, and which streams a command reads and changes. */
#ifndef MUSTER_COMMON_CORE_STREAM_H
#define MUSTER_COMMON_CORE_STREAM_H

#include "common/core/command.h"
#include "common/core/event.h"

enum { STREAM_NAME_MAX = 160, STREAMS_PER_COMMAND_MAX = 1 + ORDERS_PER_COMMAND_MAX };

/* ret holds STREAM_NAME_MAX bytes; returns ret. */
char *stream_of_incident(struct id incident, char *ret);
char *stream_of_agent(const char *agent, char *ret);
char *stream_of_region(const char *region, char *ret);
/* Where an order is found by its own id: "order/ID", touched by the record that issues it. The last two bytes
 * of ID are zero: an evacuation's orders differ in nothing else, and are found together. */
char *stream_of_order(struct id order, char *ret);

/* The incident of "incident/ID"; false for any other stream. */
bool stream_incident(const char *stream, struct id *ret);
/* The order whose last two bytes are zero of "order/ID"; false for any other stream. */
bool stream_order(const char *stream, struct id *ret);

/* The incident that an IssueOrders concerns: the one it names, or its first order's id. */
struct id issue_orders_incident(const struct issue_orders *issue);

/* What must be loaded before decide(): the region always is; the incident if one is named, first; the orders
 * that are new, whose ids may be taken; the author's agent for what changes it. Returns their number. */
size_t command_streams(const struct command *command, char ret[STREAMS_PER_COMMAND_MAX][STREAM_NAME_MAX]);

/* The one stream that an event changes; `region` is the region's code. Returns ret. */
char *event_stream(const struct event *event, const char *region, char *ret);

#endif
