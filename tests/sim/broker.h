/* The broker's process: the real engine over the real SQLite log on a disk in memory. It can be stopped,
 * killed and lose its power at any moment, and starts again from what the disk has kept. */
#ifndef MUSTER_TESTS_SIM_BROKER_H
#define MUSTER_TESTS_SIM_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/engine.h"
#include "common/log/log_sqlite.h"
#include "tests/fault/memvfs.h"
#include "tests/sim/tally.h"

struct world;

struct requests {
    struct log_request *first;
    struct log_request *last;
};

enum { BROKER_BEAT_MS = 1000, BROKER_CANARY_MS = 15000 };

/* Where on the way of a commit the process ends. */
enum crash_point {
    CRASH_NOWHERE,
    CRASH_BEFORE_WRITE,
    CRASH_IN_WRITE,
    CRASH_BEFORE_SYNC,
    CRASH_AFTER_SYNC,    /* and before the answer is seen */
    CRASH_AFTER_REPLIES, /* and before deliveries */
    CRASH_IN_HEAD,       /* in the head file */
    CRASH_POINTS
};

struct broker {
    char vfs_name[KEY_NAME_MAX + 32];
    struct memvfs *vfs;
    struct log_store *store;
    struct engine *engine; /* NULL: no process */
    struct clock clock;
    uint64_t life;
    bool in_service;
    bool dying;               /* what it says now is heard by nobody */
    bool fatal;               /* it asked to end */
    bool doomed;              /* it has ended already, in the middle of a step */
    bool stopping;            /* it was told to end orderly */
    bool may_fail;            /* a fault is planned on the disk */
    enum fault error_planned; /* which, to be counted when it has come */
    enum crash_point crash_at;
    bool crash_power; /* ... and the machine with it */
    bool armed;       /* the disk will say when */
    bool telling;     /* an append's answer is being told ... */
    bool replied;     /* ... and a reply went out */
    bool disk_full;
    bool ever_full;
    bool was_full;           /* ... and no commit has come through since */
    int64_t boot_base_ms;    /* true time of the machine's start */
    int64_t utc_offset_ms;   /* wall clock against true time */
    int64_t strobe_until_ms; /* until then it jumps to and fro */
    bool clock_refused;      /* it waits for a person's word ... */
    bool accept_clock;       /* ... which is this one */
    uint8_t boot[16];
    int64_t paused_from_ms; /* 0: it goes on */
    int64_t paused_until_ms;
    bool paused_in_service;
    int64_t healthy_since_ms; /* in service, running, with room on the disk */
    int64_t bus_offset_ms;    /* bus time - true time, as the rule has it, reckoned here */
    struct requests submitted, written;
    int64_t request_ms; /* when the last one planned is done */
    bool slots_planned;
};

/* The machine, without a process. False when that fails. */
bool broker_make(struct world *world);
void broker_free(struct world *world);

void broker_start(struct world *world);
/* The process ends without a word; with power, so does the machine. It starts again by itself later. */
void broker_crash(struct world *world, bool power);
void broker_write(struct world *world);
void broker_tell(struct world *world);
/* What the engine has said goes out, unless this turn of its loop goes on. */
void broker_end_turn(struct world *world);
void broker_sync_head(struct world *world);
/* The bus time that there ought to be now. */
int64_t broker_bus_ms(const struct world *world);
bool broker_paused(const struct world *world);
/* It is to end: stops taking commands, and ends when what is under way is done. */
void broker_stop(struct world *world);
/* After each step: what has ended goes. */
void broker_bury(struct world *world);
/* The end of a life: the power goes, and what is on the disk must be all that it should. */
void broker_last_look(struct world *world);
/* The rule: a wall clock so far off after a reboot waits for a person's word. */
bool broker_clock_is_off(const struct world *world);

#endif
