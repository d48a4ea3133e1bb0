/* An agent's process: the real client with its journal on a disk of its own, and on top an application. The
 * first agent's is a command centre (centre.c), the others' are agencies (agency.c). */
#ifndef MUSTER_TESTS_SIM_ACTOR_H
#define MUSTER_TESTS_SIM_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/lib/client.h"
#include "tests/fault/memvfs.h"
#include "tests/sim/hostile.h"
#include "tests/sim/keys.h"

struct world;

enum { TASKS_MAX = 512, KNOWN_MAX = 256, KNOWN_ORDERS_MAX = 24, TAG_TEXT = 32, PENDING_ENOUGH = 40 };

/* Where on the way from a delivery to the answer to its receipt the process ends. */
enum stage {
    STAGE_NONE,
    STAGE_JOURNAL,    /* in a commit of the journal */
    STAGE_RECEIVED,   /* a delivery has come, and is not in the journal */
    STAGE_JOURNALLED, /* it is, and the application does not know it */
    STAGE_BEGUN,      /* the application has noted that it begins */
    STAGE_EXECUTED,   /* ... and has done it, and nobody knows */
    STAGE_SAID,       /* the receipt is in the journal, and not sent */
    STAGE_SENT,
    STAGE_REPLIED, /* the reply has come, and is not in the journal */
    STAGES
};

/* An order as the application of an agency sees it. */
struct task {
    struct id incident;
    struct id order;
    bool evacuation;
    bool begun;     /* carried out, as far as anybody can know */
    enum rung rung; /* last said */
    uint32_t amendment;
    uint32_t amendment_said;
    bool over;
};

/* An incident as the application of the centre sees it. */
struct known {
    struct id incident;
    enum mode mode;
    bool bare;
    bool closed;
    uint64_t tag; /* of the report that opened it */
    struct id orders[KNOWN_ORDERS_MAX];
    size_t orders_n;
};

struct actor {
    struct world *world;
    unsigned number;
    char vfs_name[KEY_NAME_MAX + 32];
    struct memvfs *vfs;
    struct journal *journal;
    struct client *client; /* NULL: no process */
    struct clock clock;
    uint64_t life;
    int64_t boot_base_ms;
    int64_t utc_offset_ms;
    uint32_t window;     /* of this process */
    uint32_t bundle_max; /* of it, too; 1: it knows no bundles */
    int64_t bus_lag_ms;  /* of the freshest word of bus time in this session */
    bool bus_was_heard;
    int64_t bus_offset_max_ms; /* the latest bus time that it ever heard of, less true time then */
    int64_t paused_until_ms;
    bool disk_full;
    bool may_fail;
    enum stage crash_at;
    bool crash_power; /* ... and the machine with it */
    bool dead;        /* it has ended already, in the middle of a step */
    bool saying;      /* a receipt is being said */
    bool garbled;     /* it has sent what cannot be read */
    unsigned flood;   /* commands that it has no right to, still to be sent */
    struct hostile hostile;
    struct task tasks[TASKS_MAX]; /* of this process */
    size_t tasks_n;
    struct known known[KNOWN_MAX]; /* the application's own store: outlives the process */
    size_t known_n;
    uint64_t tailed_seq; /* of this process */
    bool tail_is_whole;  /* every seq from here on */
};

bool actor_make(struct world *world, unsigned number);
void actor_free(struct actor *actor);
void actor_start(struct actor *actor);
void actor_crash(struct actor *actor, bool power);
void actor_plan_crash(struct actor *actor);
/* If this is where it is to end, it has ended: what its code does from here on, nobody sees. */
void actor_reach(struct actor *actor, enum stage stage);
/* After each step: what has ended goes. */
void actor_bury(struct actor *actor);
/* Its journal may fail, by a fault that is planned or has struck. */
bool actor_is_troubled(const struct actor *actor);
void actor_heal(struct actor *actor);
void actor_frame(struct actor *actor, struct bytes frame);
void actor_tick(struct actor *actor);
/* The application does something, or nothing. */
void actor_act(struct actor *actor);
void actor_plan_act(struct actor *actor);

/* A new tag for what is about to be said; its text goes into the command, so that it is known again. */
uint64_t actor_tag(struct actor *actor, char ret[TAG_TEXT]);
void actor_submit(struct actor *actor, const struct command *command, uint64_t tag);
struct id actor_id(struct actor *actor);

/* centre.c, centre_regions.c, agency.c */
void centre_act(struct actor *actor);
/* Of other regions, if there are any. False: it does nothing of them now. */
bool centre_act_beyond(struct actor *actor);
/* Merges the two, or takes back that the first was merged. */
void centre_merge(struct actor *actor, const struct known *known, const struct known *into);
/* An agency here, or elsewhere. */
const char *centre_addressee(struct world *world);
void agency_act(struct actor *actor);
void agency_delivery(struct actor *actor, const struct delivery *delivery);

#endif
