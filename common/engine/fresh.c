/* Ids that are too new to be in the log. Ids begin with the time at which they were made: of those made since
 * the start of service all that were used are known here, so a new incident or order, which is what comes all
 * day, needs no look-up. An id from before costs one, whoever made it; so does every id when somebody's clock
 * is far ahead, for then nothing is known of what is to come. */
#include <stdlib.h>
#include <string.h>

#include "common/engine/engine_private.h"

enum {
    GENERATION_MAX = ENGINE_FRESH_IDS_MAX / 2,
    SLOTS = 2 * ENGINE_FRESH_IDS_MAX, /* a power of two, a quarter full at most */
    START_ANSWERS_MAX = 64,           /* of some 1,000 names */
    AHEAD_MS = 10 * 60 * 1000,        /* a clock that is further ahead than this is wrong ... */
    AHEAD_MAX = 1024                  /* ... and so many of its ids are kept when a generation goes */
};

int fresh_init(struct fresh_ids *fresh, struct hash_key key)
{
    fresh->key = key;
    fresh->floor_ms = INT64_MAX;
    fresh->young = calloc(SLOTS, sizeof *fresh->young);
    fresh->old = calloc(SLOTS, sizeof *fresh->old);
    return fresh->young != NULL && fresh->old != NULL ? 0 : ERR_NO_MEMORY;
}

void fresh_free(struct fresh_ids *fresh)
{
    free(fresh->young);
    free(fresh->old);
    *fresh = (struct fresh_ids){.floor_ms = INT64_MAX};
}

/* --- one generation -------------------------------------------------------------------------------- */

/* An evacuation's orders are one stream: see stream_of_order(). */
static struct id family(struct id id)
{
    memset(id.b + ID_BYTES - EVACUATION_TAIL, 0, EVACUATION_TAIL);
    return id;
}

static uint32_t hash_of(const struct fresh_ids *fresh, struct id id)
{
    return keyed_hash(fresh->key, id.b, sizeof id.b);
}

static size_t slot(const struct id *slots, struct id id, uint32_t hash)
{
    size_t i = hash & (SLOTS - 1);

    while (!id_is_zero(slots[i]) && !id_equal(slots[i], id)) {
        i = (i + 1) & (SLOTS - 1);
    }
    return i;
}

/* The older half goes; what was made by a clock far ahead stays, for it may not raise the floor. */
static void next_generation(struct fresh_ids *fresh, int64_t now_ms)
{
    struct id *gone = fresh->old;
    struct id *kept = calloc(AHEAD_MAX, sizeof *kept);
    size_t kept_n = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        int64_t at = id_unix_ms(gone[i]);
        if (id_is_zero(gone[i])) {
            continue;
        }
        if (at > now_ms + AHEAD_MS && kept != NULL && kept_n < AHEAD_MAX) {
            kept[kept_n++] = gone[i];
        } else if (at >= fresh->floor_ms) {
            fresh->floor_ms = at + 1;
        }
    }
    memset(gone, 0, SLOTS * sizeof *gone);
    fresh->old = fresh->young;
    fresh->young = gone;
    fresh->young_n = kept_n;
    for (size_t i = 0; i < kept_n; i++) {
        gone[slot(gone, kept[i], hash_of(fresh, kept[i]))] = kept[i];
    }
    free(kept);
}

void fresh_note(struct fresh_ids *fresh, struct id id, int64_t now_ms)
{
    if (id_unix_ms(id) < fresh->floor_ms) {
        return;
    }
    id = family(id);
    size_t i = slot(fresh->young, id, hash_of(fresh, id));
    if (!id_is_zero(fresh->young[i])) {
        return;
    }
    fresh->young[i] = id;
    fresh->young_n++;
    if (fresh->young_n >= GENERATION_MAX) {
        next_generation(fresh, now_ms);
    }
}

bool fresh_is(const struct fresh_ids *fresh, struct stream_key stream)
{
    if (stream.name != NULL || id_unix_ms(stream.id) < fresh->floor_ms) {
        return false;
    }
    struct id id = family(stream.id);
    uint32_t hash = hash_of(fresh, id);
    return id_is_zero(fresh->young[slot(fresh->young, id, hash)]) &&
           id_is_zero(fresh->old[slot(fresh->old, id, hash)]);
}

/* --- at the start ---------------------------------------------------------------------------------- */

static void ask_touched(struct engine *engine, const char *after);

static void touched_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;
    struct fresh_ids *fresh = &engine->fresh;

    for (size_t i = 0; i < answer->names_n; i++) {
        struct stream_key key = stream_key_parse(answer->names[i].name);
        if (key.kind == STREAM_INCIDENT || key.kind == STREAM_ORDER || key.kind == STREAM_ALERT) {
            fresh_note(fresh, key.id, engine_now(engine));
        }
    }
    if (!answer->more) {
        return;
    }
    if (++fresh->answers >= START_ANSWERS_MAX) {
        fresh->floor_ms = INT64_MAX;
        engine_note(engine, LOG_LEVEL_WARNING,
                    "the log holds very many ids from the future: somebody's clock was far ahead; until a "
                    "restart after that time every new id costs a look-up");
        return;
    }
    ask_touched(engine, answer->names[answer->names_n - 1].name);
}

/* Streams of the same kind as `after`, and behind it. */
static void ask_touched(struct engine *engine, const char *after)
{
    struct job *job = job_new(touched_answered);

    if (job == NULL) {
        engine->fresh.floor_ms = INT64_MAX;
        return;
    }
    const char *to = after[0] == 'o' ? "order0" : after[0] == 'i' ? "incident0" : "alert0";

    memcpy(job->name, after, strlen(after) + 1);
    job->request.query = (struct log_query){.question = LOG_Q_TOUCHED, .to = to}; /* '0' follows '/' */
    job_submit(engine, job);
}

void fresh_begin(struct engine *engine)
{
    char name[STREAM_NAME_MAX];
    int64_t bus = engine_now(engine);
    int64_t utc = engine->clock->utc_ms(engine->clock->ctx);
    struct id last;
    uint8_t most[10];

    engine->fresh.floor_ms = utc < bus ? utc : bus; /* ids are made by the wall clock */
    memset(most, 0xff, sizeof most);
    last = id_make(engine->fresh.floor_ms - 1, most);
    ask_touched(engine, stream_of_incident(last, name));
    ask_touched(engine, stream_of_order(last, name));
    ask_touched(engine, stream_name(stream_key_alert(last), name));
}
