/* What was done to the world, by kind: who reads a summary must see that each fault really happened, and a
 * kind that never did in the short set fails it. */
#ifndef MUSTER_TESTS_SIM_TALLY_H
#define MUSTER_TESTS_SIM_TALLY_H

#include <stdint.h>

/* X(name, words) */
#define FAULT_LIST(X)                                                                 \
    X(FAULT_BUNDLE_DOWN, "no fault: a bundle from the broker")                        \
    X(FAULT_BUNDLE_UP, "no fault: a bundle from an agent")                            \
    X(FAULT_REMINDED, "no fault: an addressee reminded")                              \
    X(FAULT_REISSUED, "no fault: an order given to the next agency")                  \
    X(FAULT_NOBODY_ABLE, "no fault: nobody else able to take an order")               \
    X(FAULT_LOST, "frame lost")                                                       \
    X(FAULT_DOUBLED, "frame doubled")                                                 \
    X(FAULT_REORDERED, "frame overtaken")                                             \
    X(FAULT_DELAYED, "frame delayed 1 s or more")                                     \
    X(FAULT_SLOW, "line slowed to 1-8 kB/s")                                          \
    X(FAULT_QUEUE_FULL, "peer's queue full")                                          \
    X(FAULT_BUNDLE_FULL, "peer's queue full, for a bundle")                           \
    X(FAULT_CUT_UP, "cut off, agent to broker only")                                  \
    X(FAULT_CUT_DOWN, "cut off, broker to agent only")                                \
    X(FAULT_CUT_BOTH, "cut off, both ways")                                           \
    X(FAULT_CUT_LONG, "cut off for 1 to 10 min")                                      \
    X(FAULT_CLOSED, "connection closed")                                              \
    X(FAULT_HOLE, "connection dead, nobody told")                                     \
    X(FAULT_SLIP, "routing id changed")                                               \
    X(FAULT_OLD_COMMAND, "old command sent again")                                    \
    X(FAULT_BAD_SIGNATURE, "command with a bad signature")                            \
    X(FAULT_GARBLED, "garbled frame")                                                 \
    X(FAULT_GARBLED_BUNDLE, "garbled envelope in a bundle")                           \
    X(FAULT_FLOOD, "flood of refused commands")                                       \
    X(FAULT_KILL_BEFORE_WRITE, "broker crash before the write")                       \
    X(FAULT_KILL_IN_WRITE, "broker crash in the write")                               \
    X(FAULT_KILL_BEFORE_SYNC, "broker crash after write, before fsync")               \
    X(FAULT_KILL_AFTER_SYNC, "broker crash after fsync, before the answer")           \
    X(FAULT_KILL_AFTER_REPLIES, "broker crash after replies, before deliveries")      \
    X(FAULT_KILL_IN_HEAD, "broker crash in the head file")                            \
    X(FAULT_KILL_ANYWHERE, "broker crash at any time")                                \
    X(FAULT_POWER, "broker crash that was a power cut")                               \
    X(FAULT_STOP, "broker stopped orderly")                                           \
    X(FAULT_TORN, "write torn by a power cut")                                        \
    X(FAULT_DROPPED, "write dropped by a power cut")                                  \
    X(FAULT_SYNC_ERROR, "fsync of the log failed")                                    \
    X(FAULT_WRITE_ERROR, "write of the log failed")                                   \
    X(FAULT_DISK_FULL, "commit refused by a full disk")                               \
    X(FAULT_DISK_FREE, "full disk had room again")                                    \
    X(FAULT_CLOCK_HOUR, "broker's wall clock stepped an hour")                        \
    X(FAULT_CLOCK_DAY, "broker's wall clock stepped back a day")                      \
    X(FAULT_CLOCK_STROBE, "broker's wall clock strobed")                              \
    X(FAULT_CLOCK_BEHIND, "reboot with the wall clock behind")                        \
    X(FAULT_CLOCK_REFUSED, "start refused for the wall clock, until a person's word") \
    X(FAULT_PAUSE, "broker stood still")                                              \
    X(FAULT_PAUSE_LONG, "broker stood still for 10 s or more")                        \
    X(FAULT_STEP_NOTED, "step of the wall clock in the log")                          \
    X(FAULT_STOP_NOTED, "stop of the broker in the log")                              \
    X(FAULT_AGENT_PAUSE, "agent stood still")                                         \
    X(FAULT_AGENT_CLOCK, "agent's wall clock stepped")                                \
    X(FAULT_AGENT_RECEIVED, "agent crash: delivery received, not in the journal")     \
    X(FAULT_AGENT_JOURNAL, "agent crash: in a commit of the journal")                 \
    X(FAULT_AGENT_JOURNALLED, "agent crash: in the journal, not given")               \
    X(FAULT_AGENT_BEGUN, "agent crash: begun, not carried out")                       \
    X(FAULT_AGENT_EXECUTED, "agent crash: carried out, no receipt")                   \
    X(FAULT_AGENT_SAID, "agent crash: receipt in the journal, not sent")              \
    X(FAULT_AGENT_SENT, "agent crash: receipt sent, no reply")                        \
    X(FAULT_AGENT_REPLIED, "agent crash: reply received, not in the journal")         \
    X(FAULT_AGENT_KILL, "agent crash at any time")                                    \
    X(FAULT_AGENT_POWER, "agent crash that was a power cut")                          \
    X(FAULT_AGENT_DISK_FULL, "journal refused by a full disk")                        \
    X(FAULT_AGENT_SYNC_ERROR, "fsync of a journal failed")                            \
    X(FAULT_TRUNK_CUT_THERE, "link cut off, towards the region that was called")      \
    X(FAULT_TRUNK_CUT_BACK, "link cut off, towards the region that called")           \
    X(FAULT_TRUNK_CUT, "link cut off, both ways")                                     \
    X(FAULT_TRUNK_CUT_LONG, "link cut off for 1 to 10 min")                           \
    X(FAULT_TRUNK_BROKEN, "link's connection broken with frames in it")               \
    X(FAULT_TRUNK_HOLE, "link's connection dead, nobody told")                        \
    X(FAULT_TRUNK_LATE, "frame on a link delayed 1 s or more")                        \
    X(FAULT_TRUNK_FULL, "link's queue full")                                          \
    X(FAULT_REGION_HEARD, "no fault: a record heard of another region")               \
    X(FAULT_REGION_BEYOND, "no fault: a record heard over two links or more")         \
    X(FAULT_REGION_EXERCISE, "no fault: an exercise shared with another region")      \
    X(FAULT_REGION_ORDER, "no fault: an order of another region given to an agency")  \
    X(FAULT_LEAD_TAKEN, "no fault: the lead of an incident taken over")               \
    X(FAULT_LEAD_DISPUTED, "one term of an incident taken by two regions")            \
    X(FAULT_LINE_DOWN, "region written down as not reached")

enum fault {
#define FAULT_ENUM(name, words) name,
    FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_COUNT
};

struct tally {
    uint64_t faults[FAULT_COUNT];
    uint64_t lives;
    uint64_t steps;
    uint64_t records;
    uint64_t ms; /* that passed in the worlds */
    uint64_t orders;
    uint64_t effects; /* orders carried out */
    uint64_t refusals;
    uint64_t deadlines;
    uint64_t forbidden; /* commands without the right, and receipts for another's order */
};

const char *fault_words(enum fault fault);

#endif
