/* Who may connect: the ZAP 1.0 handler (rfc.zeromq.org/spec/27) of a context. libzmq's I/O thread asks it
 * once per handshake and goes on with other connections until the loop answers, so neither waits for the
 * other.
 *
 * It fails closed: any mechanism but CURVE, a domain that is not ours and a key that allow() does not
 * know are refused with 400, which libzmq tells the client; a malformed request gets 500. Where no handler
 * listens, routers refuse everybody.
 *
 * allow() is asked at the handshake only: revoking a key does not cut a session that lives, so check the
 * key of each message too. */
#ifndef MUSTER_COMMON_NET_ZAP_H
#define MUSTER_COMMON_NET_ZAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/net/endpoint.h"

struct err;
struct net_context;
struct net_zap;

/* Every router names this domain; an empty one would switch ZAP off. */
#define NET_ZAP_DOMAIN "muster"

enum {
    NET_ADDRESS_TEXT = 64,
    /* Hex digits of the CURVE key: the User-Id of each message of that connection. */
    NET_USER_ID_TEXT = 2 * NET_KEY_BYTES,
};

/* On the loop's thread. address is the peer's IP address, for a log line. Must not close the handler. */
typedef bool net_zap_allow(void *ctx, const uint8_t curve_public[NET_KEY_BYTES], const char *address);
typedef void net_zap_closed(void *ctx);

struct net_zap_stats {
    uint64_t allowed;
    uint64_t refused;
    uint64_t malformed;
};

/* Before any router of the context. 0, ERR_CONFLICT when the context has a handler, ERR_NO_MEMORY,
 * ERR_OS. */
int net_zap_open(uv_loop_t *loop, struct net_context *context, net_zap_allow *allow, void *ctx,
                 struct net_zap **ret, struct err *err);

void net_zap_get_stats(const struct net_zap *zap, struct net_zap_stats *ret);

/* After the routers, or before: then they refuse all newcomers. Accepts NULL (on_closed is called at once).
 * The handler frees itself, then on_closed (may be NULL) comes, from the loop. */
void net_zap_close(struct net_zap *zap, net_zap_closed *on_closed, void *ctx);

/* For this room: 64 hex digits to a key; false if they are anything else. */
bool net_zap_parse_user_id(const char *user_id, uint8_t ret[NET_KEY_BYTES]);

#endif
