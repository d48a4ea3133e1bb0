/* decide(state, command, env) -> events | refusal. Pure and total: no clock, no random number, no I/O,
 * no change of state. The rules stand in region_decide.c, incident_decide.c, order_decide.c and
 * agent_decide.c, one function a command. */
#ifndef MUSTER_COMMON_CORE_DECIDE_H
#define MUSTER_COMMON_CORE_DECIDE_H

#include "common/base/arena.h"
#include "common/core/command.h"
#include "common/core/event.h"
#include "common/core/refusal.h"
#include "common/core/rule.h"
#include "common/core/state.h"

/* Above what any rule emits: amendments of all orders of an incident, or 64 past orders with all rungs. */
enum {
    EVENTS_PER_COMMAND_MAX = 2048,
    REACH_PER_COMMAND_MAX = 4096 /* agents of all orders that one command concerns: what waits for whom is
                                    an index row or two for each, in one transaction */
};

struct env {
    int64_t now_ms; /* bus time */
    int64_t utc_ms;
    const char *region; /* the broker's */
    uint64_t epoch;
    const struct rules *rules; /* NULL: none are asked */
};

struct decision {
    enum refusal refusal; /* REFUSED_NOT: decided */
    const char *detail;   /* plain words for the refusal, in the arena; "" none */
    struct event *events; /* in the arena; none and no refusal: true already, nothing changes */
    size_t events_n;
};

/* Events and texts are the arena's and may point into the command and the state: use them before either
 * changes. The streams of command_streams() must be loaded. ERR_NO_MEMORY (arena or system) or 0. */
int decide(const struct state *state, const struct command *command, const struct env *env,
           struct arena *arena, struct decision *ret);

/* What a record of these events, all of one incident, is under the rules of env when it is taken as it is
 * and not decided again: ret holds the events, and with them that the rules are due, or that daily clocks
 * of an incident that they close stop. For history that is told as if it were now (what-if). As decide(). */
int decide_told(const struct state *state, const struct event *events, size_t n, const struct env *env,
                struct arena *arena, struct decision *ret);

#endif
