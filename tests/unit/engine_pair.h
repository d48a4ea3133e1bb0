/* Two engines and the line between them: a county and its city, each enrolled at the other as its region's
 * link. What one sends on a line is handed to the other as from the peer that it is there. Either end may be
 * killed at any request to its log; whoever calls, calls again. */
#ifndef MUSTER_TESTS_UNIT_ENGINE_PAIR_H
#define MUSTER_TESTS_UNIT_ENGINE_PAIR_H

#include "tests/unit/engine_rig.h"

enum { PAIR_LINES = 2, PAIR_STEP_MS = 50 };

/* A connection that one end makes; each names the other as its transport does. */
struct pair_line {
    struct rig *caller, *called;
    unsigned caller_peer, called_peer;
    bool wanted; /* called again whenever it is not there */
    bool up;
};

struct pair {
    struct rig county, city;
    struct pair_line lines[PAIR_LINES]; /* that the county makes, and that the city makes */
    unsigned peers;                     /* given so far */
    const struct rig *mute;             /* what it says on any line is lost on the way; NULL: nobody */
    struct rig *victim;                 /* NULL: nobody is killed */
    unsigned kill_at;                   /* ... at this request to its log, counted from there */
    bool kill_after;                    /* what it appends is there, and it never hears so */
    bool killed;
    unsigned cut_after;  /* so many turns in which something moved, all lines are cut, once; 0: never */
    unsigned said_again; /* replies on the line that something is to be said again */
    unsigned refused;    /* ... and that it is refused for good ... */
    enum refusal refusal;
};

void pair_make(struct pair *pair); /* both in service, no line */
void pair_free(struct pair *pair);
struct rig *pair_other(struct pair *pair, const struct rig *rig);

/* The rig calls, and calls again, until pair_hang_up(): what is under way on its line is lost then. */
void pair_call(struct pair *pair, struct rig *rig);
void pair_hang_up(struct pair *pair, struct rig *rig);
/* What the rig has said on any line, and was not heard yet, is lost. How many frames. */
size_t pair_lose(struct pair *pair, struct rig *rig);
/* What is still to be heard on any line is carried there. */
bool pair_carry(struct pair *pair);
/* Frames and requests, until there are none. */
void pair_settle(struct pair *pair);
/* Time passes at both ends. */
void pair_later(struct pair *pair, int64_t ms);
/* The same until it holds, or fails after a minute. */
void pair_until(struct pair *pair, bool (*holds)(struct pair *pair), const char *what);
/* A new engine on the same log; its lines are gone. */
void pair_restart(struct pair *pair, struct rig *rig);

/* Conditions. */
bool pair_is_up(struct pair *pair);         /* both say so */
bool pair_nothing_waits(struct pair *pair); /* for either, and both are in service */

/* Says it until it is done or refused for good, whatever happens to the broker: the counter is one. */
void pair_say(struct pair *pair, struct rig *rig, enum rig_agent agent, const struct command *command);

/* Of incident 1, which the county opens, refers and orders for; the city follows it, and both give orders to
 * the county's stations, which answer: until all is acknowledged. */
void pair_tell_story(struct pair *pair);
struct command pair_referral(const char *region);
/* The city's order to an agent of the county. */
struct command pair_order_below(struct pair *pair, unsigned n, enum rig_agent to);
const struct order *pair_order(const struct rig *rig, unsigned n); /* of incident 1; NULL: not known */

/* Events of that kind in the rig's log. */
size_t pair_events(struct rig *rig, enum event_kind kind);
/* What waits in the rig's outbox for the other's broker. */
size_t pair_waiting(struct pair *pair, struct rig *rig);
/* Both tell the same of the incident, nothing waits, and each heard record was heard once, in its order. */
void pair_assert_agrees(struct pair *pair, unsigned incident);
/* What is known of it, but for what is each region's own; to be freed. */
char *pair_story(const struct rig *rig, unsigned incident);

#endif
