/* What follows from a record beside the state: which streams it is part of, for whom it waits, what it
 * recalls and what is acknowledged. The broker keeps it in the log's derived tables as it decides; who checks
 * those tables, or makes them anew, asks the same questions of the records. Pure. */
#ifndef MUSTER_COMMON_CORE_DERIVE_H
#define MUSTER_COMMON_CORE_DERIVE_H

#include "common/core/route.h"

/* Everything handed over is valid during the call. */
struct derive_sink {
    struct route_sink route; /* its ctx is that of all */
    /* The record is part of the stream, because of this event; the same stream may come again. */
    void (*touched)(void *ctx, struct stream_key stream, const struct event *event);
    void (*acknowledged)(void *ctx, const char *agent, enum lane lane, uint64_t up_to_seq);
};

/* To be asked after evolve() of all events of a record; streams first. region is the region's code, author
 * the agent whose command it was, "" for none. */
void derive(const struct state *state, const struct event *events, size_t n, const char *region,
            const char *author, const struct derive_sink *sink);

/* The same in words, for who has nothing but records. */
enum derived_kind {
    DERIVED_TOUCH,     /* name: the stream that the record is part of */
    DERIVED_OUTBOX,    /* it waits for agent `name` in `lane` as `item` */
    DERIVED_TOMBSTONE, /* what waits there as `item` is recalled */
    DERIVED_CURSOR,    /* agent `name` has acknowledged up to `number` in `lane` */
    DERIVED_OPEN,      /* stream `name` is to be at hand when a broker starts */
    DERIVED_DUE        /* and wants a look at `number` (bus ms) */
};

struct derived {
    enum derived_kind kind;
    enum lane lane;
    const char *name;
    const char *item; /* "" or an order's id */
    uint64_t number;
};

/* Texts are valid during the call. */
typedef void derived_add(void *ctx, const struct derived *row);

/* What a record adds, once its events have evolved; without what is open. */
void derive_rows(const struct state *state, const struct event *events, size_t n, const char *author,
                 derived_add *add, void *ctx);
/* What is open, by a state that holds all of a log. 0 or ERR_NO_MEMORY. */
int derive_open_rows(const struct state *state, derived_add *add, void *ctx);

#endif
