/* Readings and silences about which rules are asked, in memory. Telemetry is many and no record; so its rules
 * are asked here, of each sample, and only when one has something new to say does a command of the broker's
 * own say what it saw. What that would be is asked of decide() itself (common/core/lookout_decide.c), before
 * a record is made of it; so nothing is told twice, and what a commit took back is told again.
 *
 * Where no pack in force asks about readings or silence, a sample costs one comparison here. */
#include <stdlib.h>
#include <string.h>

#include "common/engine/lookout_private.h"

enum {
    LOADS_MAX = 16,  /* agents whose streams are read at once */
    RECORDS_MAX = 64 /* that are made from one sweep to the next: what is more waits, orders do not */
};

struct lookouts *lookouts_new(struct hash_key key)
{
    struct lookouts *all = calloc(1, sizeof *all);

    if (all != NULL) {
        all->hash_key = key;
    }
    return all;
}

void lookouts_free(struct lookouts *all)
{
    if (all != NULL) {
        readings_forget(all);
        silences_forget(all);
        free(all);
    }
}

/* --- saying --------------------------------------------------------------------------------------- */

bool lookouts_may_say(struct engine *engine, const char *agent)
{
    return engine->phase == PHASE_SERVICE && !engine->fenced && engine_boot(engine) >= engine->own_after_ms &&
           region_is_loaded(engine) && commit_has_room(engine) && engine->lookouts->records < RECORDS_MAX &&
           stream_ready(engine, stream_key_agent(agent));
}

int lookouts_would_say(struct engine *engine, struct command *command)
{
    struct env env = engine_env(engine);
    struct decision decision;
    struct arena arena;
    int result;

    command->region = engine->options.region;
    command->epoch = engine->options.epoch;
    command->agent = "broker";
    command->operator= "";
    command->cosigner = "";
    command->signer = SIGNER_BROKER;
    command->issued_at_ms = engine_now(engine);
    arena_init(&arena, ARENA_PER_FRAME);
    result = decide(engine->state, command, &env, &arena, &decision);
    if (result == 0) {
        result = decision.events_n > 0 ? SAYS_SOMETHING : SAYS_NOTHING;
        for (size_t i = 0; i < decision.events_n; i++) {
            result = decision.events[i].kind == EVENT_LOOKOUT_FIRED ? SAYS_FIRED : result;
        }
    }
    if (arena.starved) {
        engine_starved(engine);
    }
    arena_free(&arena);
    return result;
}

void lookouts_say(struct engine *engine, const struct command *command)
{
    engine->lookouts->records++;
    commit_own(engine, command);
}

/* --- what is in force ----------------------------------------------------------------------------- */

static bool is_asked(struct engine *engine, enum rule_trigger trigger)
{
    const struct rules *rules = rule_book_rules(engine->book);
    const struct region *region = state_region(engine->state);
    const struct rule_verdict *verdicts;
    struct rule_facts facts = {.at = {{.known = false}}};
    size_t n = 0;

    return region->packs_n > 0 && rules->ask(rules->ctx, region, trigger, &facts, &verdicts, &n) == 0 &&
           n > 0;
}

static bool is_same(const struct lookouts *all, const struct region *region)
{
    bool same = all->packs_n == region->packs_n;

    for (size_t i = 0; i < region->packs_n && same; i++) {
        same = memcmp(all->packs[i], region->packs[i].hash, HASH_OF_PACK_BYTES) == 0;
    }
    return same;
}

void lookouts_look_at_packs(struct engine *engine)
{
    const struct rules *rules = rule_book_rules(engine->book);
    const struct region *region = state_region(engine->state);
    struct lookouts *all = engine->lookouts;
    bool asked_silent = all->asks_silent, asked_reading = all->asks_reading;
    struct followed *followed;
    uint64_t facts = 0;

    if (!region_is_loaded(engine) || is_same(all, region)) {
        return;
    }
    if (rules->reads(rules->ctx, region, TRIGGER_READING, &facts) != 0) {
        return; /* no memory: at the next look */
    }
    all->any = all->any || asked_silent || asked_reading;
    all->asks_reading = is_asked(engine, TRIGGER_READING);
    all->asks_silent = is_asked(engine, TRIGGER_SILENT);
    all->reads_rise = (facts >> RULE_RISE & 1) != 0;
    all->packs_n = region->packs_n;
    for (size_t i = 0; i < region->packs_n; i++) {
        memcpy(all->packs[i], region->packs[i].hash, HASH_OF_PACK_BYTES);
    }
    all->listens_from_ms = asked_silent ? all->listens_from_ms : engine_boot(engine);
    all->follows_from_ms = asked_reading ? all->follows_from_ms : engine_boot(engine);
    DL_FOREACH (all->oldest, followed) {
        followed->again = true;
    }
}

/* --- looking after -------------------------------------------------------------------------------- */

static void look_at_agents(struct engine *engine)
{
    const struct region *region = state_region(engine->state);
    struct lookouts *all = engine->lookouts;
    bool asks = all->asks_reading || all->asks_silent;
    size_t loads = 0;

    all->any = false;
    for (size_t i = 0; i < region->members_n && loads < LOADS_MAX; i++) {
        const struct member *member = &region->members[i];
        if (member->is_operator) {
            continue;
        }
        if (asks && !stream_ready(engine, stream_key_agent(member->name))) {
            loads++;
            continue;
        }
        const struct agent *agent = state_agent(engine->state, member->name);
        if (agent != NULL && agent->lookouts_n > 0) {
            all->any = true;
            readings_look_at(engine, agent, member->revoked || !all->asks_reading);
        }
        if (all->asks_silent || (agent != NULL && agent->lookouts_n > 0)) {
            silences_look_at(engine, member);
        }
    }
}

/* The broker stood still: nobody could be heard meanwhile. */
static void stood_still(struct lookouts *all, int64_t boot_ms, int64_t stood_ms)
{
    struct followed *followed;
    struct last_heard *heard, *next;

    DL_FOREACH (all->oldest, followed) {
        followed->heard_ms =
            followed->heard_ms + stood_ms < boot_ms ? followed->heard_ms + stood_ms : boot_ms;
    }
    HASH_ITER (hh, all->heard, heard, next) {
        heard->heard_ms = heard->heard_ms + stood_ms < boot_ms ? heard->heard_ms + stood_ms : boot_ms;
    }
    all->listens_from_ms = boot_ms; /* and it takes them as long to come back */
    all->follows_from_ms = boot_ms;
}

void lookouts_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms)
{
    struct lookouts *all = engine->lookouts;

    all->records = 0;
    if (engine->phase != PHASE_SERVICE || !region_is_loaded(engine)) {
        return;
    }
    lookouts_look_at_packs(engine);
    if (stood_ms > 0) {
        stood_still(all, boot_ms, stood_ms);
    }
    if (all->asks_reading || all->asks_silent || all->any) {
        look_at_agents(engine);
        readings_look(engine);
    }
    if (!all->asks_reading && !all->any) {
        readings_forget(all);
    }
    if (!all->asks_silent && !all->any) {
        silences_forget(all);
    }
}

void lookouts_again(struct engine *engine)
{
    struct followed *followed;

    DL_FOREACH (engine->lookouts->oldest, followed) {
        followed->again = true;
    }
}

bool lookouts_wait(const struct engine *engine)
{
    const struct lookouts *all = engine->lookouts;

    return all->asks_reading || all->asks_silent || all->any || state_region(engine->state)->packs_n > 0;
}
