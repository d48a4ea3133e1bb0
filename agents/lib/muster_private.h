/* The handle behind muster.h, for muster*.c only. */
#ifndef MUSTER_AGENTS_LIB_MUSTER_PRIVATE_H
#define MUSTER_AGENTS_LIB_MUSTER_PRIVATE_H

#include "agents/lib/link.h"
#include "agents/lib/muster.h"

enum { MUSTER_SOFTWARE = 128 };

struct muster {
    uv_loop_t loop;
    bool has_loop;
    uv_timer_t wait;
    struct net_context *context;
    struct link *link;
    struct secret_keys agent;
    struct secret_keys operator;
    struct public_keys region;
    char software[MUSTER_SOFTWARE];
    struct muster_callbacks callbacks;
    struct muster_telemetry_callbacks telemetry;
    void *ctx;
    bool resume; /* the journal's open orders are still to be given */
    int failed;  /* the journal's error for good; 0: none */
    bool told;   /* ... and a call has returned it */
    char error[512];
};

/* The end of each call that said something: keeps the error, wakes the link, returns rc. */
int handle_done(struct muster *muster, int rc, const struct err *err);

/* The client's callbacks, in the public header's words; ctx is the handle. */
void handle_give(void *ctx, const struct delivery *delivery);
void handle_give_telemetry(void *ctx, const struct telemetry *telemetry);
void handle_give_telemetry_refused(void *ctx, const struct telemetry_refused *refused);
void handle_give_reply(void *ctx, uint64_t tag, const struct reply *reply);

#endif
