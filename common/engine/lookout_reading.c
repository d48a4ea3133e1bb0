/* Readings: each is followed where rules in force ask about them. */
#include <stdlib.h>
#include <string.h>

#include "common/core/incident.h"
#include "common/core/ties.h"
#include "common/engine/lookout_private.h"

enum { KEY_MAX = (int)sizeof(struct author *) + 1 + NAME_MAX_BYTES + 1 + SAMPLE_NAME_MAX_BYTES + 1 };

static void forget(struct lookouts *all, struct followed *followed)
{
    HASH_DEL(all->readings, followed); /* NOLINT(clang-analyzer-unix.Malloc) */
    DL_DELETE(all->oldest, followed);
    free(followed);
}

void readings_forget(struct lookouts *all)
{
    while (all->oldest != NULL) {
        forget(all, all->oldest);
    }
}

struct finding {
    const struct followed *of;
    struct id incident;
    size_t n;
};

static bool is_at_work(const struct incident *incident, const struct followed *of)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        if (order_is_open(order) && order->rung >= RUNG_ACCEPTED &&
            strcmp(order->taker, of->author->name) == 0 &&
            (of->unit[0] == '\0' || words_have(order->units, of->unit))) {
            return true;
        }
    }
    return false;
}

static bool look_for(void *ctx, const struct incident *incident)
{
    struct finding *finding = ctx;
    const struct followed *of = finding->of;

    if (!incident_is_open(incident) || incident->history || incident->mode != of->mode ||
        incident_is_merged(incident)) {
        return true;
    }
    if (incident_is_of_unit(incident, of->unit) || is_at_work(incident, of)) {
        finding->incident = incident->id;
        finding->n++;
    }
    return finding->n < 2;
}

/* The one incident whose unit it is, or at which its unit is at work; zero: none, or more than one. */
static struct id incident_of(struct engine *engine, const struct followed *followed)
{
    struct finding finding = {.of = followed};
    static const struct id none = {{0}};

    return state_each_incident(engine->state, look_for, &finding) == 0 && finding.n == 1 ? finding.incident
                                                                                         : none;
}

/* No rule holds, and none held: what most samples are. */
static bool is_quiet(struct engine *engine, enum mode mode, const struct note_reading *said)
{
    const struct rules *rules = rule_book_rules(engine->book);
    const struct region *region = state_region(engine->state);
    const struct agent *agent = state_agent(engine->state, said->agent);
    const struct rule_verdict *verdicts = NULL;
    struct rule_facts facts;
    size_t n = 0;

    for (size_t i = 0; agent != NULL && i < agent->lookouts_n; i++) {
        if (lookout_is_about(&agent->lookouts[i], mode, said->unit, said->name)) {
            return false;
        }
    }
    lookout_know_reading(&facts, region, said);
    if (rules->ask(rules->ctx, region, TRIGGER_READING, &facts, &verdicts, &n) != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (verdicts[i].holds == ANSWER_YES) {
            return false;
        }
    }
    return true;
}

static bool is_fresh(const struct engine *engine, const struct followed *followed)
{
    return engine_boot(engine) - followed->heard_ms <= engine->options.stale_ms;
}

/* True: to be asked about again. */
static bool ask_reading(struct engine *engine, struct followed *followed)
{
    struct command command = {.kind = COMMAND_NOTE_READING,
                              .mode = followed->mode,
                              .note_reading = {.agent = followed->author->name,
                                               .unit = followed->unit,
                                               .name = followed->name,
                                               .at_ms = followed->at_ms,
                                               .reading = {.unit_of_measure = ""},
                                               .rise = {.unit_of_measure = ""}}};
    struct note_reading *said = &command.note_reading;

    if (is_fresh(engine, followed) && !followed->last.present) {
        return true; /* it is waited for, after the start */
    }
    if (is_fresh(engine, followed)) {
        said->reading = followed->last;
        said->rise = rise_per_min(&followed->rise, followed->at_ms, reading_number(&followed->last));
    }
    if (!lookouts_may_say(engine, said->agent)) {
        return true;
    }
    followed->asked_ms = engine_boot(engine);
    if (is_quiet(engine, command.mode, said)) {
        return false;
    }
    int says = lookouts_would_say(engine, &command);
    if (says == SAYS_FIRED) {
        said->incident = incident_of(engine, followed);
        if (!id_is_zero(said->incident) && !stream_ready(engine, stream_key_incident(said->incident))) {
            return true;
        }
    }
    if (says > 0) {
        lookouts_say(engine, &command);
    }
    return says != SAYS_NOTHING; /* and then once more, if that record held all */
}

static void tell_limit(struct engine *engine, const struct author *author)
{
    struct lookouts *all = engine->lookouts;
    int64_t boot = engine_boot(engine);
    struct command command = {.kind = COMMAND_NOTE_LOOKOUT_LIMIT,
                              .mode = MODE_ACTUAL,
                              .note_lookout_limit = {.agent = author->name, .at_most = ENGINE_FOLLOWED_MAX}};

    if ((all->limit_told_ms == 0 || boot - all->limit_told_ms >= LOOKOUT_LIMIT_TOLD_MS) &&
        lookouts_may_say(engine, author->name)) {
        all->limit_told_ms = boot;
        lookouts_say(engine, &command);
    }
}

/* The least recently heard of which nothing holds makes room, and with it its past. False: there is none. */
static bool make_room(struct engine *engine, const struct author *author)
{
    enum { PASSED_OVER_MAX = 64, HELD_MS = 10 * 1000 };
    struct lookouts *all = engine->lookouts;
    struct followed *followed = all->oldest;

    if (HASH_COUNT(all->readings) < ENGINE_FOLLOWED_MAX) {
        return true;
    }
    tell_limit(engine, author);
    for (size_t i = 0; i < PASSED_OVER_MAX && followed != NULL; i++, followed = followed->next) {
        if (followed->held_ms == 0 || engine_boot(engine) - followed->held_ms > HELD_MS) {
            forget(all, followed);
            return true;
        }
    }
    return false;
}

static struct followed *follow(struct engine *engine, struct author *author, const struct sample *sample)
{
    struct lookouts *all = engine->lookouts;
    struct followed *followed;
    char key[KEY_MAX];
    size_t unit = strlen(sample->unit) + 1, name = strlen(sample->name) + 1, n = sizeof author;

    memcpy(key, &author, n);
    key[n++] = (char)sample->mode;
    memcpy(key + n, sample->unit, unit);
    memcpy(key + n + unit, sample->name, name);
    uint32_t hash = keyed_hash(all->hash_key, key, n + unit + name);
    HASH_FIND_BYHASHVALUE(hh, all->readings, key, n + unit + name, hash, followed);
    if (followed != NULL) {
        DL_DELETE(all->oldest, followed);
        DL_APPEND(all->oldest, followed);
        return followed;
    }
    if (!make_room(engine, author)) {
        return NULL;
    }
    followed = calloc(1, sizeof *followed + n + unit + name);
    if (followed == NULL) {
        return NULL;
    }
    memcpy(followed->key, key, n + unit + name);
    followed->key_n = n + unit + name;
    followed->heard_ms = all->follows_from_ms;
    followed->author = author;
    followed->mode = sample->mode;
    followed->unit = followed->key + n;
    followed->name = followed->unit + unit;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, all->readings, followed->key, n + unit + name, hash, followed);
    if (followed->hh.tbl == NULL) {
        free(followed);
        return NULL;
    }
    DL_APPEND(all->oldest, followed); /* NOLINT(clang-analyzer-unix.Malloc) */
    return followed;
}

/* When it was measured, by this boot's time. A client that comes back says its last values again, however old
 * they are. Of one that was heard before it is now: its clock may be behind. */
static int64_t heard_at(const struct engine *engine, const struct followed *followed,
                        const struct sample *sample)
{
    int64_t age_ms = engine_now(engine) - sample->at_ms;

    return engine_boot(engine) - (!followed->last.present && age_ms > engine->options.stale_ms ? age_ms : 0);
}

void lookouts_reading(struct engine *engine, struct author *author, const struct sample *sample)
{
    struct lookouts *all = engine->lookouts;

    if (!all->asks_reading || !sample->reading.present) {
        return;
    }
    struct followed *followed = follow(engine, author, sample);
    if (followed == NULL) {
        return; /* no room: the next sample says it, if there is some then */
    }
    bool same = followed->last.present && !followed->stale && !followed->again && !all->reads_rise &&
                followed->last.value == sample->reading.value &&
                followed->last.exponent == sample->reading.exponent;
    followed->heard_ms = heard_at(engine, followed, sample);
    followed->at_ms = sample->at_ms;
    followed->last = sample->reading;
    followed->last.unit_of_measure = "";
    followed->stale = false;
    rise_add(&followed->rise, sample->at_ms, reading_number(&followed->last));
    if (!same) {
        followed->again = ask_reading(engine, followed);
    }
}

/* --- looking after -------------------------------------------------------------------------------- */

static bool is_to_be_asked(const struct engine *engine, const struct lookout *lookout, int64_t asked_ms)
{
    int64_t rested_ms = lookout_rests_until(lookout);

    if (lookout_holds(lookout)) {
        return lookout->due_ms != 0 && lookout->due_ms <= engine_now(engine);
    }
    return rested_ms <= engine_now(engine) && asked_ms + engine->offset_ms < rested_ms;
}

/* Nobody is asked about it any more, or nobody may say it. */
static void end(struct engine *engine, const char *agent, const struct lookout *lookout)
{
    struct command command = {.kind = COMMAND_NOTE_READING,
                              .mode = lookout->mode,
                              .note_reading = {.agent = agent,
                                               .unit = lookout->unit,
                                               .name = lookout->name,
                                               .reading = {.unit_of_measure = ""},
                                               .rise = {.unit_of_measure = ""}}};

    if (lookouts_may_say(engine, agent) && lookouts_would_say(engine, &command) > 0) {
        lookouts_say(engine, &command);
    }
}

static void look_at(struct engine *engine, const struct agent *agent, const struct lookout *lookout)
{
    struct sample sample = {.unit = lookout->unit, .name = lookout->name, .mode = lookout->mode};
    struct author *author = author_make(engine, agent->name);
    struct followed *followed = author != NULL ? follow(engine, author, &sample) : NULL;

    if (followed != NULL && (lookout_holds(lookout) || followed->last.present)) {
        followed->held_ms = lookout_holds(lookout) ? engine_boot(engine) : followed->held_ms;
        followed->again = followed->again || is_to_be_asked(engine, lookout, followed->asked_ms);
    }
}

void readings_look_at(struct engine *engine, const struct agent *agent, bool gone)
{
    for (size_t i = 0; i < agent->lookouts_n; i++) {
        const struct lookout *lookout = &agent->lookouts[i];
        if (lookout->trigger != TRIGGER_READING) {
            continue;
        }
        if (!gone) {
            look_at(engine, agent, lookout);
        } else if (lookout_holds(lookout)) {
            end(engine, agent->name, lookout);
        }
    }
}

void readings_look(struct engine *engine)
{
    struct followed *followed;

    DL_FOREACH (engine->lookouts->oldest, followed) {
        if (!followed->stale && !is_fresh(engine, followed)) {
            followed->stale = true;
            followed->again = true;
        }
        if (followed->again) {
            followed->again = ask_reading(engine, followed);
        }
    }
}
