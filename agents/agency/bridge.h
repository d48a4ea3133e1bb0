/* The bridge's input: lines of the agency's system become commands. All lines that were read at once are one
 * transaction of the journal, whose syncs cost more than all else; they are answered when it is durable. */
#ifndef MUSTER_AGENTS_AGENCY_BRIDGE_H
#define MUSTER_AGENTS_AGENCY_BRIDGE_H

#include <jansson.h>

#include "agents/lib/client.h"

enum { BRIDGE_TURN_MAX = 256 }; /* lines in one transaction */

struct bridge;

/* `say` is handed the answers, one reference each; it may end the program. The client must outlive the
 * bridge's last turn. NULL: out of memory. */
struct bridge *bridge_new(struct client *client, void (*say)(void *ctx, json_t *message), void *ctx);
void bridge_free(struct bridge *bridge); /* after a turn's end; NULL is fine */

void bridge_line(struct bridge *bridge, uint64_t number, const char *text, size_t n);
void bridge_too_long(struct bridge *bridge, uint64_t number);

/* After the lines that were read at once: commits, sends, answers. */
void bridge_turn(struct bridge *bridge);

#endif
