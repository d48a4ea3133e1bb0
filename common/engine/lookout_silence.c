/* Silence: agents that are not heard, and links on which nothing comes. */
#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "common/engine/lookout_private.h"

void silences_forget(struct lookouts *all)
{
    struct last_heard *heard, *next;

    HASH_ITER (hh, all->heard, heard, next) {
        HASH_DEL(all->heard, heard); /* NOLINT(clang-analyzer-unix.Malloc) */
        free(heard);
    }
}

static void ask_silence(struct engine *engine, const char *name, bool heard, int64_t since_ms)
{
    const struct agent *agent = state_agent(engine->state, name);
    struct command command = {.kind = COMMAND_NOTE_SILENCE,
                              .mode = MODE_ACTUAL,
                              .note_silence = {.agent = name, .heard = heard, .since_ms = since_ms}};

    for (size_t i = 0; agent != NULL && i < agent->lookouts_n && !heard; i++) {
        const struct lookout *lookout = &agent->lookouts[i]; /* it goes on, also across a restart */
        if (lookout->trigger == TRIGGER_SILENT && lookout_holds(lookout) &&
            lookout->since_ms < command.note_silence.since_ms) {
            command.note_silence.since_ms = lookout->since_ms;
        }
    }
    if (lookouts_may_say(engine, name) && lookouts_would_say(engine, &command) > 0) {
        lookouts_say(engine, &command);
    }
}

static bool has_silence(const struct agent *agent)
{
    for (size_t i = 0; agent != NULL && i < agent->lookouts_n; i++) {
        if (agent->lookouts[i].trigger == TRIGGER_SILENT && lookout_holds(&agent->lookouts[i])) {
            return true;
        }
    }
    return false;
}

static struct last_heard *heard_of(struct engine *engine, const char *name)
{
    struct lookouts *all = engine->lookouts;
    size_t n = strlen(name);
    struct last_heard *heard;

    HASH_FIND(hh, all->heard, name, n, heard);
    if (heard == NULL) {
        heard = calloc(1, sizeof *heard + n + 1);
        if (heard == NULL) {
            return NULL;
        }
        memcpy(heard->name, name, n + 1);
        heard->heard_ms = engine_boot(engine);
        HASH_ADD_KEYPTR(hh, all->heard, heard->name, n, heard);
        if (heard->hh.tbl == NULL) {
            free(heard);
            return NULL;
        }
    }
    return heard;
}

static void silence_forget(struct engine *engine, const char *name)
{
    struct last_heard *heard;

    HASH_FIND(hh, engine->lookouts->heard, name, strlen(name), heard);
    if (heard != NULL) {
        HASH_DEL(engine->lookouts->heard, heard); /* NOLINT(clang-analyzer-unix.Malloc) */
        free(heard);
    }
}

static void hear(struct last_heard *heard, int64_t heard_ms)
{
    if (heard_ms > heard->heard_ms) {
        heard->heard_ms = heard_ms;
        heard->spoke = true;
    }
}

/* With its last word; NULL: no memory for it. */
static const struct last_heard *listen(struct engine *engine, const char *name)
{
    const struct author *author = author_find(engine, name);
    struct last_heard *heard = heard_of(engine, name);
    const struct session *session;

    if (heard != NULL && author != NULL) {
        hear(heard, author->heard_ms);
        DL_FOREACH (author->sessions, session) {
            hear(heard, session->heard_ms);
        }
    }
    return heard;
}

/* A broker that has just come up gives agents time to come back. */
static bool is_early(const struct engine *engine)
{
    return engine_boot(engine) - engine->lookouts->listens_from_ms <
           (int64_t)engine->options.beat_ms * ENGINE_SILENCE_BEATS;
}

static void look_at_link(struct engine *engine, const struct member *member, const char *code, bool held)
{
    const struct region_link *line = region_line(state_region(engine->state), code);
    bool silent = !member->revoked && line != NULL && line->since_ms != 0 && !line->up;

    if (silent || held) {
        ask_silence(engine, member->name, !silent, silent ? line->since_ms : 0);
    }
}

static void look_at_agent(struct engine *engine, const struct member *member, bool held)
{
    int64_t boot = engine_boot(engine), patience = (int64_t)engine->options.beat_ms * ENGINE_BEATS_MISSED_MAX;
    const struct last_heard *heard = listen(engine, member->name);
    bool silent = heard != NULL && boot - heard->heard_ms > patience;

    if (heard == NULL) {
        return;
    }
    if (silent ? !is_early(engine) : held && heard->spoke) {
        ask_silence(engine, member->name, !silent, silent ? heard->heard_ms + engine->offset_ms : 0);
    }
}

void silences_look_at(struct engine *engine, const struct member *member)
{
    bool held = has_silence(state_agent(engine->state, member->name));
    char code[REGION_CODE_MAX + 1];

    if (name_is_link(member->name, code)) {
        look_at_link(engine, member, code, held);
    } else if (!member->revoked) {
        look_at_agent(engine, member, held);
    } else {
        silence_forget(engine, member->name); /* who is enrolled again is listened for from then on */
        if (held) {
            ask_silence(engine, member->name, true, 0);
        }
    }
}
