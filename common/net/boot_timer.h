/* A timer on CLOCK_BOOTTIME, which goes on while the machine sleeps; uv's own timers stand still then, and a
 * deadline that passed in the meantime would be missed by as much. One shot, set to a point in time. */
#ifndef MUSTER_COMMON_NET_BOOT_TIMER_H
#define MUSTER_COMMON_NET_BOOT_TIMER_H

#include <stdint.h>

#include <uv.h>

struct err;
struct net_boot_timer;

/* On the loop's thread, never early. May set, stop or close the timer. */
typedef void net_boot_timer_fired(void *ctx);
typedef void net_boot_timer_closed(void *ctx);

/* 0, ERR_NO_MEMORY or ERR_OS. */
int net_boot_timer_open(uv_loop_t *loop, net_boot_timer_fired *on_fired, void *ctx,
                        struct net_boot_timer **ret, struct err *err);

/* Fires once when CLOCK_BOOTTIME reaches at_ms (milliseconds, as clock.h's boot_ms gives them); at once when
 * that has passed. Replaces what was set before. 0 or ERR_OS. */
int net_boot_timer_set(struct net_boot_timer *timer, int64_t at_ms);
void net_boot_timer_stop(struct net_boot_timer *timer);

/* The timer frees itself, then on_closed (may be NULL) comes, from the loop, and no other callback. Accepts
 * NULL (on_closed is called at once). */
void net_boot_timer_close(struct net_boot_timer *timer, net_boot_timer_closed *on_closed, void *ctx);

#endif
