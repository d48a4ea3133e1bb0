/* Commands that wait: until the streams that they name are loaded, until there is room in a batch, and until
 * others had their share of it. */
#include <string.h>

#include "common/engine/engine_private.h"

/* What the command names: command_streams(), kept. False: no memory. */
static bool name_streams(struct submission *submission)
{
    struct stream_key keys[STREAMS_PER_COMMAND_MAX];
    size_t n = command_streams(&submission->command, keys);

    submission->streams = arena_copy(&submission->arena, keys, n * sizeof *keys);
    submission->streams_n = submission->streams != NULL ? n : 0;
    return submission->streams != NULL;
}

/* There is no room for the loads that the command needs. Room is left for those who wait for none. */
static bool loads_are_too_many(const struct engine *engine, const struct submission *submission)
{
    size_t max = submission->author->parked > 0 ? ENGINE_LOADS_MAX / 2 : ENGINE_LOADS_MAX;

    for (size_t i = 0; i < submission->streams_n && engine->loads_under_way >= max; i++) {
        struct stream_key key = submission->streams[i];
        if (stream_find(engine, key) == NULL && !fresh_is(&engine->fresh, key)) {
            return true;
        }
    }
    return false;
}

/* Adds what belongs to the incidents that it names, which only their streams tell, and asks for it. False:
 * there is no more. */
static bool name_ties(struct engine *engine, struct submission *submission, bool is_parked)
{
    struct stream_key more[TIES_STREAMS_MAX + LINKS_PER_INCIDENT_MAX];
    const struct tell_record *told = command_tells(&submission->command);
    size_t had = submission->streams_n, n = ties_streams(engine->state, submission->streams, had, more);

    if (n == 0 && told != NULL && tell_has_level(told)) { /* which is told to what is linked, too */
        n = ties_linked_streams(engine->state, told->incident, submission->streams, had, more);
    }

    if (n == 0) {
        return false;
    }
    struct stream_key *grown = arena_array(&submission->arena, struct stream_key, had + n);
    if (grown == NULL) {
        submission->refusal = REFUSED_TOO_MANY; /* or it is put off, when it is the system that has none */
        submission->detail = "this would take too much memory";
        return false;
    }
    memcpy(grown, submission->streams, had * sizeof *grown);
    memcpy(grown + had, more, n * sizeof *grown);
    submission->streams = grown;
    submission->streams_n = had + n;
    for (size_t i = had; i < had + n; i++) {
        (void)stream_ready(engine, grown[i]);
        struct stream *stream = stream_find(engine, grown[i]);
        if (stream != NULL && is_parked) {
            stream->wanted++;
        }
    }
    return true;
}

/* All that the command names is loaded, and what belongs to it; what is not is asked for. */
static bool is_loaded(struct engine *engine, struct submission *submission, bool is_parked)
{
    bool ready = region_is_loaded(engine);
    size_t i = 0;

    do {
        for (; i < submission->streams_n; i++) {
            ready = stream_ready(engine, submission->streams[i]) && ready;
        }
    } while (ready && submission->refusal == REFUSED_NOT && name_ties(engine, submission, is_parked));
    return ready;
}

/* --- sharing -------------------------------------------------------------------------------------- */

static void note_author(struct engine *engine, const struct author *author)
{
    if (engine->spoke != author) {
        engine->others_ms = engine->spoke != NULL ? engine_boot(engine) : engine->others_ms;
        engine->spoke = author;
    }
}

/* Who says very much shares the batch with the others: what is beyond that waits for the next one. */
static bool has_share(const struct engine *engine, const struct submission *submission)
{
    bool alone = engine->others_ms == 0 || engine_boot(engine) > engine->others_ms + ENGINE_SHARE_MS;

    return alone || submission->author->gathered < ENGINE_SHARE;
}

void parking_share_again(const struct batch *batch)
{
    struct submission *submission;

    DL_FOREACH (batch->first, submission) {
        if (submission->author != NULL) {
            submission->author->gathered = 0;
        }
    }
}

/* --- waiting -------------------------------------------------------------------------------------- */

static void want_streams(struct engine *engine, const struct submission *submission, bool wanted)
{
    for (size_t i = 0; i < submission->streams_n; i++) {
        struct stream *stream = stream_find(engine, submission->streams[i]);
        if (stream != NULL) {
            stream->wanted += wanted ? 1 : (size_t)-1;
        }
    }
}

static void park(struct engine *engine, struct submission *submission)
{
    want_streams(engine, submission, true);
    submission->author->parked++;
    DL_APPEND(engine->parked, submission);
    engine->parked_n++;
    engine->parked_bytes += submission->signed_command.payload.n;
}

void parking_take(struct engine *engine, struct submission *submission)
{
    DL_DELETE(engine->parked, submission);
    engine->parked_n--;
    engine->parked_bytes -= submission->signed_command.payload.n;
    submission->author->parked--;
    want_streams(engine, submission, false);
}

void parking_enter(struct engine *engine, struct submission *submission)
{
    if (submission->refusal == REFUSED_NOT && !name_streams(submission)) {
        if (submission->arena.starved) {
            engine_starved(engine);
            commit_put_off(engine, submission);
            return;
        }
        submission->refusal = REFUSED_TOO_MANY;
        submission->detail = "this would take too much memory";
    }
    if (loads_are_too_many(engine, submission)) {
        commit_put_off(engine, submission);
        return;
    }
    submission->under_way = true;
    submission->author->under_way++;
    bool loaded = is_loaded(engine, submission, false); /* asked for now, also when there is no room */
    note_author(engine, submission->author);
    if (loaded && commit_has_room(engine) && has_share(engine, submission) &&
        submission->author->parked == 0) {
        commit_decide(engine, submission);
    } else {
        park(engine, submission);
    }
}

void parking_clear(struct engine *engine)
{
    while (engine->parked != NULL) {
        struct submission *submission = engine->parked;
        parking_take(engine, submission);
        submission_free(engine, submission);
    }
}

/* An author's commands are decided in their order: behind one that cannot go, all its others wait. Nothing is
 * promised between authors, who know nothing of each other's words before they are committed. */
void parking_go_on(struct engine *engine)
{
    struct submission *submission, *next;
    size_t blocked = 0; /* parked commands of authors that cannot go on in this round */

    engine->rounds++;
    DL_FOREACH_SAFE (engine->parked, submission, next) {
        if (engine->phase != PHASE_SERVICE || !commit_has_room(engine)) {
            return;
        }
        struct author *author = submission->author;
        if (author->waits == engine->rounds) {
            continue;
        }
        if (!has_share(engine, submission) || !is_loaded(engine, submission, true)) {
            author->waits = engine->rounds;
            blocked += author->parked;
            if (blocked == engine->parked_n) {
                return; /* a flood of one author is not walked through after every commit */
            }
            continue;
        }
        parking_take(engine, submission);
        size_t left = engine->parked_n;
        commit_decide(engine, submission);
        if (engine->parked_n != left) {
            next = engine->parked; /* it was put off, and others with it */
        }
    }
}
