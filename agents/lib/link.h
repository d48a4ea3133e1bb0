/* A client on a libuv loop with a socket of its own: client.h, the dealer of common/net and a timer. All
 * calls on the loop's thread. */
#ifndef MUSTER_AGENTS_LIB_LINK_H
#define MUSTER_AGENTS_LIB_LINK_H

#include "agents/lib/client.h"
#include "common/net/dealer.h"

enum {
    LINK_PATH_MAX = 1024,
    LINK_ENDPOINT_POLL_MS = 500,
    LINK_QUIET_MS = 1000 /* without a first connection for so long: on_waiting says so, once */
};

struct net_context;
struct link;

struct link_options {
    struct client_options client; /* copied; what it points to must outlive the link */
    const char *endpoint;         /* "tcp://host:port", or NULL with endpoint_file; copied */
    const char *endpoint_file;    /* a file that holds it, read again before every connection; copied */
    const char *journal;          /* path */
};

/* Opens the journal and begins to connect; returns before there is a session. `io`: send and reconnect are
 * the link's own and are ignored. on_waiting (may be NULL) is told each time why there is no session.
 * Fails as journal_open and net_dealer_open do; ERR_USAGE when neither endpoint is given; ERR_LOCKED when
 * another process takes the agent's deliveries with this journal. When it fails after the dealer began, run
 * the loop once before freeing it. */
int link_open(uv_loop_t *loop, struct net_context *context, const struct link_options *options,
              const struct client_io *io, void (*on_waiting)(void *ctx, const char *why), struct link **ret,
              struct err *err);

/* The client; it stays the link's. After each call that says something, link_wake(). */
struct client *link_client(struct link *link);

/* Looks at client_due_ms() again. */
void link_wake(struct link *link);

/* Says good-bye; on_closed (may be NULL) comes from the loop when all is freed. May be called from the
 * client's callbacks. Accepts NULL (on_closed is called at once). */
void link_close(struct link *link, void (*on_closed)(void *ctx), void *ctx);

#endif
