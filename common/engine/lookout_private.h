/* What lookout*.c share: readings and silences about which rules are asked. */
#ifndef MUSTER_COMMON_ENGINE_LOOKOUT_PRIVATE_H
#define MUSTER_COMMON_ENGINE_LOOKOUT_PRIVATE_H

#include "common/core/rise.h"
#include "common/engine/engine_private.h"

/* A reading that comes in. */
struct followed {
    struct followed *prev, *next; /* of all, the least recently heard first */
    struct author *author;
    enum mode mode;
    const char *unit; /* both within the key */
    const char *name;
    int64_t at_ms;       /* of the last sample, by its agent's clock */
    struct reading last; /* without its unit of measure; not present: none came since the start */
    struct rise rise;
    int64_t heard_ms; /* boot time */
    int64_t asked_ms; /* boot time */
    int64_t held_ms;  /* boot time at which a rule was seen to hold by it; 0: never */
    bool again;       /* to be asked about at the next look */
    bool stale;       /* it is out of date, and was to be asked about for that */
    UT_hash_handle hh;
    size_t key_n;
    char key[]; /* author's address, mode, unit NUL, name NUL */
};

/* When an agent was heard last. */
struct last_heard {
    int64_t heard_ms; /* boot time; of who never spoke when it was listened for first */
    bool spoke;
    UT_hash_handle hh;
    char name[];
};

struct lookouts {
    struct hash_key hash_key;
    uint8_t packs[REGION_PACKS_MAX][HASH_OF_PACK_BYTES]; /* in force when it was last looked */
    size_t packs_n;
    bool asks_reading, asks_silent; /* a rule in force does */
    bool reads_rise;
    bool any;                /* something holds that is to be looked after */
    int64_t listens_from_ms; /* boot time from which on agents are listened for */
    int64_t follows_from_ms; /* ... and readings are followed */
    int64_t limit_told_ms;   /* boot time; 0: never */
    size_t records;          /* of this turn */
    struct followed *readings, *oldest;
    struct last_heard *heard;
};

/* lookout.c */
/* Whether a record about the agent can be made now. */
bool lookouts_may_say(struct engine *engine, const char *agent);
enum { SAYS_NOTHING, SAYS_SOMETHING, SAYS_FIRED };
/* What the record would say; or ERR_NO_MEMORY. */
int lookouts_would_say(struct engine *engine, struct command *command);
void lookouts_say(struct engine *engine, const struct command *command);

/* lookout_reading.c */
void readings_forget(struct lookouts *all);
/* What holds by readings of the agent: is it due, may it begin anew? gone: there is nothing more to come. */
void readings_look_at(struct engine *engine, const struct agent *agent, bool gone);
/* Those that are out of date, or to be asked about again. */
void readings_look(struct engine *engine);

/* lookout_silence.c */
void silences_forget(struct lookouts *all);
void silences_look_at(struct engine *engine, const struct member *member);

#endif
