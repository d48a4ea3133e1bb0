/* Warnings: what comes into force, or ends, becomes a command of the broker's own, decided and logged like a
 * deadline; and when that has changed what rules of incidents ask for, every open incident is named in
 * commands that make its rules due, some at a time, so that a storm of warnings keeps no order waiting. How
 * far that has come is state: after a restart it begins anew, which no rule fires twice for. Incidents are
 * found in the log, for not all of them are in memory, once what has changed is committed: one that was
 * opened before is there, one that is opened later asks what is in force by itself. */
#include <stdio.h>
#include <string.h>

#include "common/engine/engine_private.h"

enum { PASSED_PER_LOOK_MAX = 16 };

/* --- what has its time ---------------------------------------------------------------------------- */

static const struct warning *due_warning(const struct region *region, int64_t now_ms)
{
    for (size_t i = 0; i < region->warnings_n; i++) {
        if (warning_due(&region->warnings[i]) <= now_ms) {
            return &region->warnings[i];
        }
    }
    return NULL;
}

static void pass(struct engine *engine)
{
    const struct region *region = state_region(engine->state);

    for (int i = 0; i < PASSED_PER_LOOK_MAX && commit_has_room(engine); i++) {
        const struct warning *warning = due_warning(region, engine_now(engine));
        uint64_t before = engine->next_seq;
        if (warning == NULL) {
            return;
        }
        struct command command = {
            .kind = COMMAND_PASS_WARNING, .mode = warning->mode, .pass_warning = {.alert = warning->alert}};
        commit_own(engine, &command);
        if (engine->next_seq == before) { /* no memory: not at once again */
            engine->own_after_ms = engine_boot(engine) + ENGINE_RETRY_MS;
            return;
        }
    }
}

/* --- who is asked --------------------------------------------------------------------------------- */

static void names_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;
    struct warning_walk *walk = &engine->warning_walk;
    size_t i = 0;

    walk->asking = false;
    if (job->serial != walk->from_seq || strcmp(job->name, walk->after) != 0) {
        return; /* it began anew meanwhile */
    }
    for (; i < answer->names_n && walk->n < INCIDENTS_ASKED_MAX; i++) {
        struct stream_key key = stream_key_parse(answer->names[i].name);
        if (key.kind == STREAM_INCIDENT) {
            walk->at[walk->n++] = key.id;
        }
        (void)snprintf(walk->after, sizeof walk->after, "%s", answer->names[i].name);
    }
    walk->more = answer->more || i < answer->names_n;
    walk->answered = true;
}

static void ask_names(struct engine *engine)
{
    struct warning_walk *walk = &engine->warning_walk;
    struct job *job = job_new(names_answered);

    if (job == NULL) {
        return; /* asked again in a moment */
    }
    memcpy(job->name, walk->after, sizeof walk->after);
    job->serial = walk->from_seq;
    job->request.query = (struct log_query){.question = LOG_Q_OPEN};
    walk->asking = true;
    job_submit(engine, job);
}

/* Those that are at hand; the others are being read. */
static void ask_some(struct engine *engine)
{
    struct warning_walk *walk = &engine->warning_walk;
    struct id ready[INCIDENTS_ASKED_MAX];
    size_t n = 0, left = 0;

    for (size_t i = 0; i < walk->n; i++) {
        if (stream_ready(engine, stream_key_incident(walk->at[i]))) {
            ready[n++] = walk->at[i];
        } else {
            walk->at[left++] = walk->at[i];
        }
    }
    walk->n = left;
    bool last = left == 0 && !walk->more;
    struct command command = {
        .kind = COMMAND_ASK_INCIDENTS,
        .mode = MODE_ACTUAL,
        .ask_incidents = {.turn = walk->turn, .incidents = ready, .incidents_n = n, .last = last}};
    if (n > 0 || last) {
        uint64_t seq = engine->next_seq, unchanged = engine->numbers.unchanged;
        commit_own(engine, &command);
        if (engine->next_seq == seq && engine->numbers.unchanged == unchanged) { /* no memory for it */
            engine->own_after_ms = engine_boot(engine) + ENGINE_RETRY_MS;
            warnings_again(engine);
            return;
        }
    }
    walk->answered = left > 0;
    walk->walking = !last;
}

static void walk_on(struct engine *engine)
{
    const struct region *region = state_region(engine->state);
    struct warning_walk *walk = &engine->warning_walk;

    if (!walk->walking && region->warnings_turn != region->warnings_heeded) {
        bool asking = walk->asking;
        *walk = (struct warning_walk){.walking = true,
                                      .asking = asking,
                                      .turn = region->warnings_turn,
                                      .from_seq = engine->next_seq - 1,
                                      .more = true};
    }
    if (!walk->walking || walk->asking || engine->head.seq < walk->from_seq || !commit_has_room(engine)) {
        return;
    }
    if (walk->answered) {
        ask_some(engine);
    } else {
        ask_names(engine);
    }
}

void warnings_again(struct engine *engine)
{
    engine->warning_walk.walking = false;
}

static bool may_look(const struct engine *engine)
{
    return engine->phase == PHASE_SERVICE && !engine->fenced && engine_boot(engine) >= engine->own_after_ms;
}

void warnings_look(struct engine *engine)
{
    if (may_look(engine) && region_is_loaded(engine)) {
        pass(engine);
        walk_on(engine);
    }
}

int64_t warnings_due_ms(const struct engine *engine)
{
    const struct region *region = state_region(engine->state);
    const struct warning_walk *walk = &engine->warning_walk;
    bool walks = region->warnings_turn != region->warnings_heeded && !walk->asking &&
                 engine->head.seq >= walk->from_seq && engine->loads_under_way == 0;
    int64_t due = region_warnings_due(region);

    if (walks) {
        return engine_boot(engine);
    }
    return due != 0 ? due - engine->offset_ms : INT64_MAX;
}
