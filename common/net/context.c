#include "common/net/context.h"

#include <errno.h>
#include <stdlib.h>

#include <zmq.h>

#include "common/base/err.h"

struct net_context {
    void *zmq;
    unsigned unique;
    int has_zap;
};

int net_context_new(struct net_context **ret, struct err *err)
{
    struct net_context *context;

    if (!zmq_has("curve")) {
        return err_set(err, ERR_UNAVAILABLE,
                       "the installed libzmq is built without CURVE: install one that has it");
    }
    context = calloc(1, sizeof *context);
    if (!context) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    context->zmq = zmq_ctx_new();
    if (!context->zmq) {
        err_set(err, ERR_OS, "cannot start ZeroMQ: %s", zmq_strerror(zmq_errno()));
        goto fail_zmq;
    }
    if (zmq_ctx_set(context->zmq, ZMQ_IO_THREADS, NET_IO_THREADS) ||
        zmq_ctx_set(context->zmq, ZMQ_MAX_SOCKETS, NET_SOCKETS_MAX)) {
        err_set(err, ERR_OS, "cannot set up ZeroMQ: %s", zmq_strerror(zmq_errno()));
        goto fail_set;
    }
    *ret = context;
    return 0;

fail_set:
    zmq_ctx_term(context->zmq);
fail_zmq:
    free(context);
    return ERR_OS;
}

void net_context_free(struct net_context *context)
{
    if (!context) {
        return;
    }
    while (zmq_ctx_term(context->zmq) && zmq_errno() == EINTR) {
        /* A signal ended the wait early: the sockets are still leaving. */
    }
    free(context);
}

void *net_context_zmq(struct net_context *context)
{
    return context->zmq;
}

unsigned net_context_unique(struct net_context *context)
{
    return context->unique++;
}

void net_context_set_zap(struct net_context *context, int present)
{
    context->has_zap = present;
}

int net_context_has_zap(const struct net_context *context)
{
    return context->has_zap;
}
