/* Streams, their names, and which of them a command reads and changes. */
#ifndef MUSTER_COMMON_CORE_STREAM_H
#define MUSTER_COMMON_CORE_STREAM_H

#include "common/core/command.h"
#include "common/core/event.h"

enum { STREAM_NAME_MAX = 160, STREAMS_PER_COMMAND_MAX = 2 + CANDIDATES_MAX };

enum stream_kind { STREAM_NONE, STREAM_INCIDENT, STREAM_ORDER, STREAM_AGENT, STREAM_REGION, STREAM_ALERT };

/* A stream without its name: what the engine and state go by. */
struct stream_key {
    enum stream_kind kind;
    struct id id; /* of an incident, alert, or order: its last two bytes are zero, see stream_of_order() */
    const char *name; /* of an agent or a region; NULL for the others. Whoever made the key owns it */
};

struct stream_key stream_key_incident(struct id incident);
struct stream_key stream_key_order(struct id order);
struct stream_key stream_key_alert(struct id alert);
struct stream_key stream_key_agent(const char *agent);
struct stream_key stream_key_region(const char *region);
bool stream_key_equal(struct stream_key a, struct stream_key b);
/* Of a name; STREAM_NONE when it is none. An agent's or region's key points into the name. */
struct stream_key stream_key_parse(const char *name);
/* The name of a key that is not STREAM_NONE. ret holds STREAM_NAME_MAX bytes; returns ret. */
char *stream_name(struct stream_key key, char *ret);

/* ret holds STREAM_NAME_MAX bytes; returns ret. */
char *stream_of_incident(struct id incident, char *ret);
char *stream_of_agent(const char *agent, char *ret);
char *stream_of_region(const char *region, char *ret);
/* Where an order is found by its own id: "order/ID", touched by the record that issues it. The last two bytes
 * of ID are zero: an evacuation's orders differ in nothing else, and are found together. */
char *stream_of_order(struct id order, char *ret);

/* The incident that an IssueOrders concerns: the one it names, or its first order's id. */
struct id issue_orders_incident(const struct issue_orders *issue);

/* What must be loaded before decide(), beside what ties_streams() makes of it: the region always is; the
 * incident if one is named, first, and the other of two; the orders
 * that are new, whose ids may be taken; the author's agent for what changes it. Names are the command's.
 * Returns their number. */
size_t command_streams(const struct command *command, struct stream_key ret[STREAMS_PER_COMMAND_MAX]);

/* The streams of the orders that are told as new: their number, 1 + ORDERS_PER_COMMAND_MAX at most. */
size_t tell_streams(const struct tell_record *command, struct stream_key ret[STREAMS_PER_COMMAND_MAX]);

/* The one stream that an event changes; `region` is the region's code. */
struct stream_key event_stream(const struct event *event, const char *region);

#endif
