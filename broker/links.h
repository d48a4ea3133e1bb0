/* Connections to other regions' brokers that this one makes: a DEALER for each entry under `links:`. */
#ifndef MUSTER_BROKER_LINKS_H
#define MUSTER_BROKER_LINKS_H

#include <uv.h>

#include "broker/config.h"
#include "common/engine/engine.h"

struct links;
struct net_context;

/* The connections are made once a broker of that region is enrolled, whose key is then known. on_turn comes
 * after the engine was handed something. Everything given must outlive it. 0, ERR_NO_MEMORY or ERR_OS. */
int links_open(uv_loop_t *loop, struct net_context *context, const struct config *config,
               struct engine *engine, void (*on_turn)(void *ctx), void *ctx, struct links **ret,
               struct err *err);
/* The peer is one of ours. */
bool links_have(const struct links *links, struct peer peer);
/* As engine_io.send(). */
int links_send(struct links *links, struct peer peer, struct bytes frame);
/* No callback comes any more; accepts NULL. The loop must run until everything is closed. */
void links_close(struct links *links);

#endif
