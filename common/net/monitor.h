/* What happens to the connections of one socket, as events on the loop. Private to this room. */
#ifndef MUSTER_COMMON_NET_MONITOR_H
#define MUSTER_COMMON_NET_MONITOR_H

#include <stdint.h>

#include <uv.h>

struct err;
struct net_context;
struct net_monitor;

enum net_monitor_event {
    NET_MONITOR_READY,           /* handshake done: messages can go */
    NET_MONITOR_REFUSED,         /* the other side's ZAP said no; value is its status (300, 400, 500) */
    NET_MONITOR_PROTOCOL_FAILED, /* wrong key or mechanism, or not ZMTP; value is a ZMQ_PROTOCOL_ERROR_* */
    NET_MONITOR_HANDSHAKE_LOST,  /* the connection ended in the middle of the handshake; value is an errno */
    NET_MONITOR_DISCONNECTED,
    NET_MONITOR_UNANSWERED, /* the connect failed; libzmq would try again in value ms */
};

typedef void net_monitor_on_event(void *ctx, enum net_monitor_event event, uint32_t value);
typedef void net_monitor_closed(void *ctx);

/* Before the socket binds or connects, or the first events are missed. */
int net_monitor_open(uv_loop_t *loop, struct net_context *context, void *socket,
                     net_monitor_on_event *on_event, void *ctx, struct net_monitor **ret, struct err *err);

/* Delivers what has arrived, now rather than at this turn's check. May be called from the socket's own
 * watcher, so that "connected" is heard before the first message; not from on_event. */
void net_monitor_drain(struct net_monitor *monitor);

/* Before the monitored socket is closed. No event follows. The monitor frees itself, then on_closed (may
 * be NULL) comes, from the loop. */
void net_monitor_close(struct net_monitor *monitor, net_monitor_closed *on_closed, void *ctx);

#endif
