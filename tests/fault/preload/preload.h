/* Faults for an unmodified program, by LD_PRELOAD: what is asked for stands in a file that the test and the
 * program both map (MUSTER_FAULTS names it). tests/system/faults.py is the other side, with the same layout.
 *
 * A rule is armed by its `call`, which the test writes last. From then on the calls that it is about are
 * counted, and the first, first + 1, ... first + count - 1 of them fare as `action` says. */
#ifndef MUSTER_TESTS_FAULT_PRELOAD_PRELOAD_H
#define MUSTER_TESTS_FAULT_PRELOAD_PRELOAD_H

#include <stdatomic.h>
#include <stdint.h>

enum { FAULTS_MAX = 8, FAULT_NAME = 64 };

enum fault_call {
    FAULT_OFF = 0,
    FAULT_WRITE = 1, /* write, pwrite, pwrite64 to a file */
    FAULT_SYNC = 2,  /* fsync, fdatasync */
    FAULT_SEND = 3,  /* send to a TCP peer */
    FAULT_MALLOC = 4 /* malloc, calloc, realloc, posix_memalign */
};

enum fault_action {
    FAULT_ONLY_COUNT = 0,
    FAULT_KILL_BEFORE = 1,
    FAULT_KILL_AFTER = 2,
    FAULT_ERRNO = 3, /* not done; errno is `arg`, ENOMEM of memory */
    FAULT_STALL = 4, /* waits `arg` milliseconds, or until the rule is taken back; then does it */
    FAULT_TEAR = 5,  /* writes the first half, then kill -9 */
    FAULT_LIE = 6    /* a sync that says that it was done */
};

struct fault {
    _Atomic uint32_t call;
    uint32_t action;
    uint32_t first;
    uint32_t count;
    int32_t arg;
    uint32_t after;        /* counts only once the rule of this number has fired; 0: from the start */
    _Atomic uint32_t seen; /* calls so far */
    _Atomic uint32_t fired;
    char name[FAULT_NAME]; /* of the file, without folder; of the peer, its port; empty: any */
};

struct faults {
    _Atomic int64_t utc_ms;  /* added to CLOCK_REALTIME */
    _Atomic int64_t boot_ms; /* added to CLOCK_BOOTTIME, taken from timers on it */
    _Atomic uint32_t power;  /* after each sync of a file its bytes are kept in FILE.durable */
    uint32_t reserved;
    struct fault rules[FAULTS_MAX]; /* rule 1 is the first */
};

#endif
