/* Plays an agency by its profile's script: chooses units, says the rungs of each order at their times, counts
 * heads, acknowledges amendments. Sans-I/O: what it says goes through callbacks, time is passed in.
 * Restarted, it goes on from what was said. One thread. */
#ifndef MUSTER_AGENTS_AGENCY_PLAYER_H
#define MUSTER_AGENTS_AGENCY_PLAYER_H

#include "agents/agency/fleet.h"
#include "agents/agency/profile.h"
#include "agents/lib/client.h"

/* Orders at once; what comes beyond is declined. */
enum { PLAYER_ORDERS_MAX = 4096 };

struct player;

struct player_io {
    void *ctx;
    /* One receipt; `units` of it are names. Below 0: it could not be said, and is tried again in a second. */
    int (*say)(void *ctx, const struct give_receipt *receipt);
    /* Who goes has been decided: keep it with the order. */
    void (*note)(void *ctx, struct id order, struct bytes note);
    /* Units whose status has changed. */
    void (*units)(void *ctx, const struct unit *units, size_t n);
    /* Where units are now: `at_ms` and what is not theirs are left to the client. May be NULL. */
    void (*telemetry)(void *ctx, const struct sample *samples, size_t n);
    /* Something that people should see of an order: missing equipment, a reason. */
    void (*remark)(void *ctx, struct id order, const char *text);
};

/* The profile must outlive it; its units' states are changed. NULL: out of memory. */
struct player *player_new(struct profile *profile, const struct player_io *io);
void player_free(struct player *player);

/* Whether an order of this mode may reach this agent's sink; if not, why. */
bool profile_may_play(const struct profile *profile, enum mode mode, const char **ret_reason);

/* Says where the units are that nobody has sent out: at their station. */
void player_place(struct player *player, enum mode mode);
void player_take(struct player *player, const struct delivery *delivery, int64_t now_ms);
/* Says what is due. */
void player_tick(struct player *player, int64_t now_ms);
int64_t player_due_ms(const struct player *player); /* INT64_MAX: nothing */

#endif
