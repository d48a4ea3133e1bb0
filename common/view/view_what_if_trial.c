/* The trial: what the broker would have made of it under other packs, by its own decide() and evolve(). */
#include "common/core/decide.h"
#include "common/core/evolve.h"
#include "common/core/stream.h"
#include "common/view/view_what_if_private.h"

enum { RECORD_MEMORY_KEPT = 64 * 1024 };

int trial_begin(struct trial *trial)
{
    arena_init(&trial->arena, VIEW_RECORD_MEMORY);
    trial->state = state_new();
    trial->book = rule_book_new();
    if (trial->state == NULL || trial->book == NULL ||
        arena_alloc(&trial->arena, RECORD_MEMORY_KEPT) == NULL) {
        return ERR_NO_MEMORY; /* trial_end() is the caller's */
    }
    rule_book_try(trial->book);
    arena_reset(&trial->arena);
    return 0;
}

void trial_end(struct trial *trial)
{
    arena_free(&trial->arena);
    state_free(trial->state);
    rule_book_free(trial->book);
}

static struct env env_at(const struct trial *trial, int64_t now_ms, int64_t utc_ms)
{
    return (struct env){.now_ms = now_ms,
                        .utc_ms = utc_ms,
                        .region = state_region(trial->state)->code,
                        .epoch = trial->epoch,
                        .rules = rule_book_rules(trial->book)};
}

/* Firings are kept before anything of the state moves. */
static int take_in(struct trial *trial, const struct decision *decision, struct firings *firings,
                   const struct keeping *keeping)
{
    int rc = firings_take(firings, decision->events, decision->events_n, keeping);

    for (size_t i = 0; i < decision->events_n && rc == 0; i++) {
        rc = evolve(trial->state, &decision->events[i]);
    }
    return rc;
}

int64_t trial_due(const struct trial *trial, struct id incident)
{
    const struct incident *there = state_incident(trial->state, incident);

    return there != NULL ? incident_due(there) : 0;
}

int trial_tell(struct trial *trial, const struct event *events, size_t n, int64_t now_ms,
               struct firings *firings, const struct keeping *keeping)
{
    struct env env = env_at(trial, now_ms, now_ms);
    struct decision decision;
    int rc = decide_told(trial->state, events, n, &env, &trial->arena, &decision);

    rc = rc ? rc : take_in(trial, &decision, firings, keeping);
    arena_reset(&trial->arena);
    return rc;
}

int trial_say(struct trial *trial, const struct command *command, int64_t now_ms, int64_t utc_ms,
              struct firings *firings, const struct keeping *keeping, bool *ret_refused)
{
    struct env env = env_at(trial, now_ms, utc_ms);
    struct decision decision;
    int rc = decide(trial->state, command, &env, &trial->arena, &decision);

    *ret_refused = rc == 0 && decision.refusal != REFUSED_NOT;
    if (rc == 0 && !*ret_refused) {
        rc = take_in(trial, &decision, firings, keeping);
    }
    arena_reset(&trial->arena);
    return rc;
}

int trial_pass(struct trial *trial, struct id incident, int64_t now_ms, int records, struct firings *firings,
               const struct keeping *keeping)
{
    char stream[STREAM_NAME_MAX];
    struct env env = env_at(trial, now_ms, now_ms);
    bool goes_on = true;
    int rc = 0;

    (void)stream_of_incident(incident, stream);
    for (int i = 0; i < records && goes_on && rc == 0; i++) {
        const struct incident *there = state_incident(trial->state, incident);
        int64_t due = there != NULL ? incident_due(there) : 0;
        if (due == 0 || due > now_ms) {
            return 0;
        }
        struct command command = {.region = env.region,
                                  .epoch = env.epoch,
                                  .mode = there->mode,
                                  .agent = "",
                                  .operator= "",
                                  .signer = SIGNER_BROKER,
                                  .cosigner = "",
                                  .kind = COMMAND_PASS_DEADLINES,
                                  .pass_deadlines = {.stream = stream, .at_ms = now_ms}};
        struct decision decision;
        rc = decide(trial->state, &command, &env, &trial->arena, &decision);
        goes_on = rc == 0 && decision.refusal == REFUSED_NOT && decision.events_n > 0;
        rc = goes_on ? take_in(trial, &decision, firings, keeping) : rc;
        arena_reset(&trial->arena);
    }
    return rc;
}

int trial_advance(struct trial *trial, struct id incident, int64_t from_ms, int64_t before_ms,
                  int64_t was_due, struct firings *firings, const struct keeping *keeping)
{
    int64_t due = trial_due(trial, incident);
    int rc = 0;

    while (due != 0 && due < before_ms && (was_due == 0 || due < was_due) && rc == 0) {
        int64_t now_ms = due > from_ms ? due : from_ms;
        rc = trial_pass(trial, incident, now_ms, PASSES_MAX, firings, keeping);
        due = trial_due(trial, incident);
        if (due <= now_ms) {
            break; /* it does not go away: nothing comes of it */
        }
    }
    return rc;
}
