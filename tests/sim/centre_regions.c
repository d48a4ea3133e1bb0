/* A command centre beside others: it refers incidents, gives orders to agencies elsewhere, offers the lead
 * and takes it, and goes on with what other regions have begun. */
#include <string.h>

#include "tests/sim/country.h"

enum { RECENT = 6 };

const char *centre_addressee(struct world *world)
{
    struct country *country = world->options.country;
    const struct world *to = world;

    if (country != NULL && world_once_in(world, 3)) {
        to = country->worlds[world_below(world, REGIONS)];
    }
    return keys_address(&to->keys, (unsigned)world_between(world, 1, AGENTS));
}

static const char *some_region(struct world *world)
{
    return world->options.country->worlds[world_below(world, REGIONS)]->keys.region.name;
}

static void refer(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_REFER_INCIDENT, .mode = known->mode};

    command.refer_incident = (struct refer_incident){
        .incident = known->incident, .region = some_region(actor->world), .reason = text};
    actor_submit(actor, &command, tag);
}

static void offer_lead(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_OFFER_LEAD, .mode = known->mode};

    command.offer_lead =
        (struct offer_lead){.incident = known->incident, .region = some_region(actor->world), .reason = text};
    actor_submit(actor, &command, tag);
}

static void take_lead(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_TAKE_LEAD, .mode = known->mode};

    command.take_lead = (struct take_lead){.incident = known->incident, .reason = text};
    actor_submit(actor, &command, tag);
}

static void link_incidents(struct actor *actor, const struct known *known, const struct known *other)
{
    char text[TAG_TEXT];
    struct command command = {.kind = COMMAND_LINK_INCIDENTS, .mode = known->mode};

    if (known->mode != other->mode || known == other) {
        return;
    }
    uint64_t tag = actor_tag(actor, text);
    command.link_incidents = (struct link_incidents){
        .incident = known->incident, .other = other->incident, .kind = LINK_RELATED, .reason = text};
    actor_submit(actor, &command, tag);
}

struct looking {
    struct actor *actor;
    uint64_t skip; /* so many that others have begun are passed over */
    bool found;
    bool offered; /* the lead of an incident, to this region */
    struct known offer;
};

/* What another region has begun, and this centre sees in its log. */
static bool take_up(void *ctx, const struct incident *incident)
{
    struct looking *looking = ctx;
    struct actor *actor = looking->actor;

    if (strcmp(incident->lead_offered, actor->world->keys.region.name) == 0) {
        looking->offered = true;
        looking->offer = (struct known){.incident = incident->id, .mode = incident->mode};
    }
    if (looking->found || incident->home[0] == '\0' || actor->known_n == KNOWN_MAX) {
        return true;
    }
    for (size_t i = 0; i < actor->known_n; i++) {
        if (id_equal(actor->known[i].incident, incident->id)) {
            return true;
        }
    }
    if (looking->skip-- > 0) {
        return true;
    }
    actor->known[actor->known_n++] = (struct known){.incident = incident->id, .mode = incident->mode};
    looking->found = true;
    return true;
}

/* Rather what is new, and what others have a part in. */
static const struct known *rather_shared(const struct actor *actor)
{
    struct world *world = actor->world;
    size_t recent = actor->known_n < RECENT ? actor->known_n : RECENT;
    const struct known *known = NULL;

    for (int tries = 0; tries < RECENT; tries++) {
        known = &actor->known[actor->known_n - 1 - world_below(world, recent)];
        const struct incident *incident = state_incident(world->check.fold, known->incident);
        if (incident != NULL && incident->shares_n > 0) {
            break;
        }
    }
    return known;
}

bool centre_act_beyond(struct actor *actor)
{
    struct world *world = actor->world;
    struct looking looking = {.actor = actor, .skip = world_below(world, 3)};

    (void)state_each_incident(world->check.fold, take_up, &looking);
    if (looking.offered && world_once_in(world, 3)) {
        take_lead(actor, &looking.offer);
        return true;
    }
    if (actor->known_n == 0 || !world_once_in(world, 3)) {
        return false;
    }
    const struct known *known = rather_shared(actor);
    switch (world_below(world, 10)) {
    case 0:
    case 1:
        refer(actor, known);
        return true;
    case 2:
    case 3:
    case 4:
        offer_lead(actor, known);
        if (world_once_in(world, 2)) {
            offer_lead(actor, known); /* to another, while the first may take it */
        }
        return true;
    case 5:
        link_incidents(actor, known, rather_shared(actor));
        return true;
    case 6:
    case 7:
        centre_merge(actor, known, rather_shared(actor));
        return true;
    default:
        take_lead(actor, known);
        return true;
    }
}
