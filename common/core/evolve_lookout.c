/* evolve() for what rules look at outside of incidents: lookout.h. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

/* What is over for long enough to begin anew need not be remembered. */
static void forget_rested(struct agent *agent, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < agent->lookouts_n; i++) {
        if (!lookout_is_rested(&agent->lookouts[i], now_ms)) {
            agent->lookouts[kept++] = agent->lookouts[i];
        }
    }
    agent->lookouts_n = kept;
}

static struct lookout *add(struct state *state, struct agent *agent, const struct lookout_step *e)
{
    struct lookout lookout = {.pack = state_intern(state, e->pack),
                              .rule = state_intern(state, e->rule),
                              .trigger = e->name[0] != '\0' ? TRIGGER_READING : TRIGGER_SILENT,
                              .unit = state_intern(state, e->unit),
                              .name = state_intern(state, e->name),
                              .mode = e->mode};
    struct lookout *grown = realloc(agent->lookouts, (agent->lookouts_n + 1) * sizeof *grown);

    if (grown != NULL) {
        agent->lookouts = grown;
    }
    if (grown == NULL || lookout.pack == NULL || lookout.rule == NULL || lookout.unit == NULL ||
        lookout.name == NULL) {
        return NULL;
    }
    grown[agent->lookouts_n] = lookout;
    return &grown[agent->lookouts_n++];
}

/* It waits, or it fires: at once, or after it has waited. */
static int holds(struct state *state, struct agent *agent, const struct event *event)
{
    const struct lookout_step *e = &event->lookout;
    struct lookout *there = agent_lookout(agent, e->mode, e->unit, e->name, e->pack, e->rule);
    bool begins = there == NULL || !lookout_holds(there);

    if (there == NULL) {
        forget_rested(agent, event->at_ms);
        there = add(state, agent, e);
    }
    if (there == NULL) {
        return ERR_NO_MEMORY;
    }
    if (begins) {
        there->began_ms = event->at_ms;
        there->ended_ms = 0;
        there->doubted_ms = 0;
    }
    there->since_ms = e->since_ms;
    there->due_ms = event->kind == EVENT_LOOKOUT_BEGAN ? e->due_at_ms : 0;
    there->unknown = false;
    return 0;
}

/* A wait that was broken off rests for as long as it was to last. */
static int64_t rest_of(const struct lookout *lookout)
{
    int64_t wait_ms = lookout->due_ms != 0 ? lookout->due_ms - lookout->began_ms : LOOKOUT_REST_MS;

    return wait_ms < LOOKOUT_REST_MIN_MS ? LOOKOUT_REST_MIN_MS
           : wait_ms > LOOKOUT_REST_MS   ? LOOKOUT_REST_MS
                                         : wait_ms;
}

int evolve_lookout(struct state *state, const struct event *event)
{
    bool limited = event->kind == EVENT_LOOKOUT_LIMITED;
    const struct lookout_step *e = &event->lookout;
    struct agent *agent = state_agent_make(state, limited ? event->lookout_limited.agent : e->agent);

    if (agent == NULL) {
        return ERR_NO_MEMORY;
    }
    if (limited) {
        agent->lookouts_limited_ms = event->at_ms;
        return 0;
    }
    if (event->kind == EVENT_LOOKOUT_BEGAN || event->kind == EVENT_LOOKOUT_FIRED) {
        return holds(state, agent, event);
    }
    struct lookout *there = agent_lookout(agent, e->mode, e->unit, e->name, e->pack, e->rule);
    if (there == NULL) {
        return 0; /* its beginning was redacted */
    }
    if (event->kind == EVENT_LOOKOUT_ENDED) {
        there->ended_ms = event->at_ms;
        there->rest_ms = rest_of(there);
        there->due_ms = 0;
        there->unknown = false;
    } else {
        there->doubted_ms = event->at_ms;
        there->unknown = !e->known;
    }
    return 0;
}
