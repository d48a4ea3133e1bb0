/* Deliberate bugs, for the simulator to catch: in a build with MUSTER_MUTANTS one of them can be turned on
 * at a time; in any other build each test is the constant false and costs nothing. */
#ifndef MUSTER_COMMON_BASE_MUTANT_H
#define MUSTER_COMMON_BASE_MUTANT_H

/* X(name, what the bug does) */
#define MUTANT_LIST(X)                                                             \
    X(MUTANT_SPEAK_BEFORE_COMMIT, "replies and delivers before the commit")        \
    X(MUTANT_SKIP_COUNTER, "takes an old counter as new")                          \
    X(MUTANT_CURSOR_OFF_BY_ONE, "resumes a lane one record too late")              \
    X(MUTANT_FORGET_EVICT, "keeps state that ran ahead of a failed commit")        \
    X(MUTANT_DEADLINE_EARLY, "fires a deadline a second early")                    \
    X(MUTANT_NO_TOMBSTONE, "delivers an order that was recalled while it waited")  \
    X(MUTANT_FORGET_OUTBOX, "does not keep what an absent agent should get")       \
    X(MUTANT_NO_RELOAD, "does not read again what a failed commit dropped")        \
    X(MUTANT_FORGET_DUE, "forgets the deadlines of a stream that is loaded")       \
    X(MUTANT_FORGET_MARK, "forgets at a restart which counters were used")         \
    X(MUTANT_FORGET_CLOCK, "follows the wall clock at every restart")              \
    X(MUTANT_TAIL_GAP, "skips what was committed while a tail's past was read")    \
    X(MUTANT_DEADLINE_TWICE, "fires a deadline again with the next one")           \
    X(MUTANT_NO_WINDOW, "does not count credit")                                   \
    X(MUTANT_NO_TIMES, "takes commands issued or expired at any time")             \
    X(MUTANT_RECALL_OVERTAKEN, "sends a recall in the lane of orders")             \
    X(MUTANT_HEAD_BEFORE_COMMIT, "writes the head slot before the commit")         \
    X(MUTANT_TRIM_BEYOND, "trims the outbox one record beyond the Ack")            \
    X(MUTANT_TOMBSTONE_EARLY, "forgets what is recalled with the next Ack")        \
    X(MUTANT_LANE_JUMPS, "gives what is new to a lane that is behind")             \
    X(MUTANT_FALSE_TOMBSTONE, "gives a tombstone for what was not recalled")       \
    X(MUTANT_UNVERIFIED_MARK, "moves the counter mark by a bad signature")         \
    X(MUTANT_OVERTAKE, "does not wait for an earlier command turned away")         \
    X(MUTANT_REFUSAL_UNLOGGED, "keeps no record of refusals, only a count")        \
    X(MUTANT_CLOCK_MOVES, "moves bus time by a step of the wall clock")            \
    X(MUTANT_SECOND_OUTCOME, "lets a receipt end an order that has ended")         \
    X(MUTANT_NO_RIGHT, "asks for no right")                                        \
    X(MUTANT_ACK_EARLY, "acknowledges what is not in the journal")                 \
    X(MUTANT_GIVE_UNKEPT, "gives deliveries though the journal failed")            \
    X(MUTANT_RECEIPT_MIXED, "takes another rung for the one that was said")        \
    X(MUTANT_REPLY_MIXED, "takes a reply for another command's")                   \
    X(MUTANT_BUNDLE_DROPPED, "drops a bundle that the peer's queue does not take") \
    X(MUTANT_GRADE_FALLS, "lets a rule lower a grade")                             \
    X(MUTANT_RULE_TWICE, "fires a rule again while it holds")                      \
    X(MUTANT_REMIND_FOREVER, "forgets that it has reminded")                       \
    X(MUTANT_REISSUE_TWICE, "gives an order to the next agency again")             \
    X(MUTANT_FORGET_MERGE, "takes for itself what is said of a merged incident")   \
    X(MUTANT_HEAR_TWICE, "does not look up to where another region was heard")     \
    X(MUTANT_HEAR_EARLY, "acknowledges another region's record before it is kept") \
    X(MUTANT_TELL_SKIPS, "goes on one record too late when a link is back")        \
    X(MUTANT_TERM_LOWER, "lets a lower term take the lead back")                   \
    X(MUTANT_LEAD_UNASKED, "takes the lead though it was not offered")             \
    X(MUTANT_MODE_LOST, "opens another region's exercise as actual")               \
    X(MUTANT_COPY_DEADLINE, "passes the deadline of another region's order")       \
    X(MUTANT_CANARY_FRESH, "takes a canary's coming for its sending")              \
    X(MUTANT_CANARY_ONCE, "sends one canary and no more")                          \
    X(MUTANT_HOPS_LOST, "does not count the links that a record has crossed")      \
    X(MUTANT_CUT_UNSEEN, "does not notice that a link is cut")                     \
    X(MUTANT_REFER_TWICE, "refers an incident again that it has referred")

enum mutant {
    MUTANT_NONE = 0,
#define MUTANT_ENUM(name, text) name,
    MUTANT_LIST(MUTANT_ENUM)
#undef MUTANT_ENUM
        MUTANT_COUNT,
    MUTANT_FIRST_OF_REGIONS = MUTANT_HEAR_TWICE /* from here on what only links between regions show */
};

#ifdef MUSTER_MUTANTS
extern enum mutant mutant_on; /* the simulator's, which defines it */
#define MUTANT(name) (mutant_on == (name))
#else
#define MUTANT(name) 0
#endif

#endif
