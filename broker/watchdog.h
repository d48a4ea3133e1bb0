/* Does the disk hang? Asked once a second by the broker's loop, which is the only witness of time here: while
 * a process is stopped or its machine suspended, the clocks go on and the disk has no chance to answer. */
#ifndef MUSTER_BROKER_WATCHDOG_H
#define MUSTER_BROKER_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WATCHDOG_MS = 1000, /* between two looks; also the most that one of them counts */
    /* A commit that takes longer than this hangs: a supervised restart is better. */
    WRITER_HUNG_MS = 30000,
    WRITER_SLOW_MS = 5000 /* from here on it is told */
};

/* All zero at first. */
struct watchdog {
    uint64_t doing;    /* what the writer did at the last look; 0: nothing */
    int64_t looked_ms; /* when that was */
    int64_t waited_ms; /* how long it was seen to do the same */
};

/* `doing` as log_writer_doing() gives it; now_ms of any clock that does not go back. True when it hangs. */
bool watchdog_look(struct watchdog *watchdog, uint64_t doing, int64_t now_ms);

#endif
