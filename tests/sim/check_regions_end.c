/* Lines as regions tell of them; and, when all is healed, what regions that share an incident agree on. */
#include <inttypes.h>
#include <string.h>

#include "common/core/link.h"
#include "common/engine/engine_private.h"
#include "tests/sim/country.h"

enum { LINES_EVERY = 32, SLACK_MS = 4000, CANARY_SLACK_MS = 8000 };

/* --- lines ------------------------------------------------------------------------------------------ */

static void check_line(struct world *world, unsigned other, int64_t since_ms)
{
    struct country *country = world->options.country;
    const char *code = country->worlds[other]->keys.region.name;
    const struct region_link *line = region_line(state_region(world->check.fold), code);
    int64_t heard_ms = country->heard_ms[world->options.number][other], now_ms = world->now_ms;

    if (heard_ms < since_ms) {
        heard_ms = since_ms;
    }
    if (line != NULL && line->up &&
        now_ms - heard_ms > (int64_t)BROKER_BEAT_MS * ENGINE_BEATS_MISSED_MAX + SLACK_MS) {
        world_fail(world,
                   "links: nothing came from region %s for %" PRId64 " ms, and it is said to be reached",
                   code, now_ms - heard_ms);
        return;
    }
    int64_t *down_ms = &country->down_ms[world->options.number][other];
    if (line == NULL || !line->up || !engine_link_is_up(world->broker.engine, code) || *down_ms < since_ms) {
        *down_ms = now_ms;
        return;
    }
    int64_t canary_ms =
        broker_bus_ms(world) - (line->sent_ms > line->since_ms ? line->sent_ms : line->since_ms);
    if (now_ms - *down_ms > CANARY_SLACK_MS && canary_ms > BROKER_CANARY_MS + CANARY_SLACK_MS) {
        world_fail(world, "links: no canary was sent to region %s for %" PRId64 " ms", code, canary_ms);
    }
}

void check_regions_step(struct world *world)
{
    struct broker *broker = &world->broker;
    unsigned links = country_links(world->options.country, world->options.number);

    if (world->options.country->step % LINES_EVERY != 0 || broker->engine == NULL || !broker->in_service ||
        broker->stopping || broker->fatal || broker->disk_full || broker->was_full || broker_paused(world)) {
        return;
    }
    for (unsigned i = 0; i < REGIONS && !world->failed; i++) {
        if (links & 1u << i) {
            check_line(world, i, broker->healthy_since_ms);
        }
    }
}

/* --- rest ------------------------------------------------------------------------------------------- */

static const struct incident *incident_at(const struct country *country, unsigned region, struct id incident)
{
    return state_incident(country->worlds[region]->check.fold, incident);
}

/* Whom what a region says of the incident reaches, by who shares it with whom: bits 1u << region. */
static unsigned reached_from(const struct country *country, const struct tale *tale, unsigned region)
{
    unsigned reached = 1u << region, before;

    do {
        before = reached;
        for (unsigned i = 0; i < REGIONS; i++) {
            const struct incident *incident =
                reached & 1u << i ? incident_at(country, i, tale->incident) : NULL;
            for (size_t j = 0; incident != NULL && j < incident->shares_n; j++) {
                unsigned next = country_region(country, incident->shares[j].region);
                reached |= next < REGIONS ? 1u << next : 0;
            }
        }
    } while (reached != before);
    return reached;
}

static const char *unheard(const struct country *country, const struct tale *tale)
{
    for (unsigned i = 0; i < REGIONS; i++) {
        unsigned reached = tale->own[i].n > 0 ? reached_from(country, tale, i) : 0;
        for (unsigned j = 0; j < REGIONS; j++) {
            const struct places *heard = &tale->heard[j][i];
            if (j != i && reached & 1u << j &&
                (heard->n == 0 || heard->at[heard->n - 1] < tale->own[i].at[tale->own[i].n - 1])) {
                return "a region has not heard what another said";
            }
        }
    }
    return NULL;
}

static const char *line_unrest(const struct world *world)
{
    const struct country *country = world->options.country;
    unsigned links = country_links(country, world->options.number);
    const struct state *fold = world->check.fold;

    for (unsigned i = 0; i < REGIONS; i++) {
        if ((links & 1u << i) == 0) {
            continue;
        }
        const char *code = country->worlds[i]->keys.region.name;
        const struct region_link *line = region_line(state_region(fold), code);
        const struct member *link = region_link(state_region(fold), code);
        const struct agent *agent = link != NULL ? state_agent(fold, link->name) : NULL;
        uint64_t acked = agent != NULL ? agent->acked[LANE_ORDERS] : 0;
        if (line == NULL || !line->up) {
            return "a link is not reached";
        }
        if (acked < world->check.for_region[i]) {
            return "what is for another region is pending";
        }
    }
    return NULL;
}

const char *check_regions_unrest(struct country *country)
{
    const char *why = NULL;

    for (unsigned i = 0; i < REGIONS && why == NULL; i++) {
        why = check_unrest(country->worlds[i]);
        why = why != NULL ? why : line_unrest(country->worlds[i]);
    }
    for (size_t i = 0; i < country->tales.n && why == NULL; i++) {
        why = unheard(country, country->tales.at[i]);
    }
    return why;
}

/* --- at one ----------------------------------------------------------------------------------------- */

struct comparison {
    const struct tale *tale;
    struct world *here, *there; /* there: the home */
    const struct incident *a, *b;
};

static void differs(const struct comparison *c, const char *what)
{
    char text[ID_TEXT];

    world_fail(c->here, "links: incident %s differs from region %s's: %s", id_format(c->a->id, text),
               c->there->keys.region.name, what);
}

static void same_facts(const struct comparison *c)
{
    const struct incident *a = c->a, *b = c->b;

    if (a->mode != b->mode) {
        world_fail(c->here, "I13: an incident of another mode than region %s's", c->there->keys.region.name);
    }
    if (a->reports != b->reports) {
        differs(c, "number of reports");
    }
    if (c->tale->tied) {
        return; /* what it has from another is not the same where regions merged it with different ones */
    }
    if (a->known != b->known || memcmp(a->texts, b->texts, sizeof a->texts) != 0) {
        differs(c, "what is known of it");
    }
    if (strcmp(a->kind, b->kind) != 0 || strcmp(a->substance, b->substance) != 0) {
        differs(c, "its kind, or substance");
    }
    if (a->casualties.dead != b->casualties.dead) {
        differs(c, "the dead");
    }
}

static void same_lead(const struct comparison *c)
{
    const char *a = incident_lead(c->a, c->here->keys.region.name);
    const char *b = incident_lead(c->b, c->there->keys.region.name);

    if (c->a->lead_term != c->b->lead_term || strcmp(a, b) != 0) {
        world_fail(c->here,
                   "I8: region %s leads term %" PRIu32 ", and for region %s region %s leads term %" PRIu32, a,
                   c->a->lead_term, c->there->keys.region.name, b, c->b->lead_term);
    }
}

static void same_orders(const struct comparison *c)
{
    char text[ID_TEXT];

    if (c->a->orders_n != c->b->orders_n) {
        differs(c, "number of orders");
        return;
    }
    for (size_t i = 0; i < c->a->orders_n; i++) {
        const struct order *a = &c->a->orders[i], *b = &c->b->orders[i];
        if (!id_equal(a->id, b->id) || a->rung != b->rung || a->unanswered != b->unanswered ||
            a->overdue != b->overdue || strcmp(a->addressee, b->addressee) != 0 ||
            a->amendments != b->amendments || a->expires_at_ms != b->expires_at_ms) {
            world_fail(c->here, "links: order %s differs from region %s's: %s and %s", id_format(a->id, text),
                       c->there->keys.region.name, rung_name(a->rung), rung_name(b->rung));
            return;
        }
    }
}

static void same_everywhere(struct country *country, const struct tale *tale)
{
    struct comparison c = {.tale = tale,
                           .there = country->worlds[tale->home],
                           .b = incident_at(country, tale->home, tale->incident)};

    for (unsigned i = 0; i < REGIONS && c.b != NULL; i++) {
        c.here = country->worlds[i];
        c.a = incident_at(country, i, tale->incident);
        if (i != tale->home && c.a != NULL) {
            same_facts(&c);
            same_lead(&c);
            same_orders(&c);
        }
    }
}

/* Two regions that took one term were shown to a person. */
static void disputes_shown(struct country *country, const struct tale *tale)
{
    char text[ID_TEXT];

    for (size_t i = 0; i < tale->takings_n; i++) {
        for (size_t j = i + 1; j < tale->takings_n; j++) {
            if (tale->takings[i].term == tale->takings[j].term && !tale->disputed) {
                world_fail(country->worlds[tale->takings[j].region],
                           "I8: term %" PRIu32 " of incident %s was taken twice, and nobody is shown it",
                           tale->takings[i].term, id_format(tale->incident, text));
            }
        }
    }
}

void check_regions_end(struct country *country)
{
    for (unsigned i = 0; i < REGIONS; i++) {
        check_end(country->worlds[i]);
    }
    for (size_t i = 0; i < country->tales.n && country_failed(country) == NULL; i++) {
        same_everywhere(country, country->tales.at[i]);
        disputes_shown(country, country->tales.at[i]);
    }
}
