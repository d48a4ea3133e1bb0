#include "common/net/boot_timer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/err.h"

struct net_boot_timer {
    uv_poll_t poll;
    int fd;
    bool is_set;
    int64_t at_ms;
    net_boot_timer_fired *on_fired;
    void *ctx;
    net_boot_timer_closed *on_closed;
    void *closed_ctx;
};

static void timer_on_poll(uv_poll_t *poll, int status, int events)
{
    struct net_boot_timer *timer = poll->data;
    uint64_t expirations;

    (void)status;
    (void)events;
    /* Empty when the timer was set anew or stopped after the loop had seen it fire: then it did not. */
    if (read(timer->fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations) {
        timer->is_set = false;
        timer->on_fired(timer->ctx);
    }
}

static void timer_on_poll_closed(uv_handle_t *handle)
{
    struct net_boot_timer *timer = handle->data;
    net_boot_timer_closed *on_closed = timer->on_closed;
    void *closed_ctx = timer->closed_ctx;

    close(timer->fd);
    free(timer);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

int net_boot_timer_open(uv_loop_t *loop, net_boot_timer_fired *on_fired, void *ctx,
                        struct net_boot_timer **ret, struct err *err)
{
    struct net_boot_timer *timer = calloc(1, sizeof *timer);
    int rc;

    if (!timer) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    timer->on_fired = on_fired;
    timer->ctx = ctx;
    timer->fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer->fd < 0) {
        rc = err_set(err, ERR_OS, "cannot make a timer: %s", strerror(errno));
        goto fail_fd;
    }
    rc = uv_poll_init(loop, &timer->poll, timer->fd);
    if (rc) {
        rc = err_set(err, ERR_OS, "cannot watch a timer: %s", uv_strerror(rc));
        goto fail_poll;
    }
    timer->poll.data = timer;
    rc = uv_poll_start(&timer->poll, UV_READABLE, timer_on_poll);
    if (rc) {
        net_boot_timer_close(timer, NULL, NULL);
        return err_set(err, ERR_OS, "cannot watch a timer: %s", uv_strerror(rc));
    }
    *ret = timer;
    return 0;

fail_poll:
    close(timer->fd);
fail_fd:
    free(timer);
    return rc;
}

int net_boot_timer_set(struct net_boot_timer *timer, int64_t at_ms)
{
    struct itimerspec at = {0};

    if (timer->is_set && at_ms == timer->at_ms) {
        return 0; /* is asked after every message */
    }
    /* All zero would stop the timer; 1 ns after boot has passed as well. */
    if (at_ms <= 0) {
        at.it_value.tv_nsec = 1;
    } else {
        at.it_value.tv_sec = at_ms / 1000;
        at.it_value.tv_nsec = (at_ms % 1000) * 1000000;
    }
    if (timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &at, NULL)) {
        return ERR_OS;
    }
    timer->is_set = true;
    timer->at_ms = at_ms;
    return 0;
}

void net_boot_timer_stop(struct net_boot_timer *timer)
{
    struct itimerspec never = {0};

    if (timer->is_set) {
        timerfd_settime(timer->fd, 0, &never, NULL);
        timer->is_set = false;
    }
}

void net_boot_timer_close(struct net_boot_timer *timer, net_boot_timer_closed *on_closed, void *ctx)
{
    if (!timer) {
        if (on_closed) {
            on_closed(ctx);
        }
        return;
    }
    timer->on_closed = on_closed;
    timer->closed_ctx = ctx;
    uv_close((uv_handle_t *)&timer->poll, timer_on_poll_closed);
}
