#include "tests/sim/trunk.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/country.h"

enum {
    PEER_MARK = 'L',
    LATE_MS = 1000,
    CUT_LONG_MS = 60000,
    CUT_MAX_MS = 600000,
    AGAIN_MAX_MS = 3000 /* after a cut what waited is sent again */
};

static struct peer peer_of(uint64_t connection)
{
    struct peer peer = {.bytes = {PEER_MARK}, .n = 1 + sizeof connection};

    memcpy(peer.bytes + 1, &connection, sizeof connection);
    return peer;
}

bool trunk_is_peer(struct peer peer)
{
    return peer.n == 1 + sizeof(uint64_t) && peer.bytes[0] == PEER_MARK;
}

static struct world *end_of(const struct country *country, const struct trunk *trunk, int direction)
{
    return country->worlds[trunk->ends[direction]];
}

static unsigned number_of(const struct country *country, const struct trunk *trunk)
{
    return (unsigned)(trunk - country->trunks);
}

/* --- life ----------------------------------------------------------------------------------------- */

void trunk_mend(struct trunk *trunk)
{
    trunk->latency_ms = 10;
    trunk->queue_max = TRUNK_QUEUE_MAX;
    trunk->cut_until_ms[TO_CALLED] = 0;
    trunk->cut_until_ms[TO_CALLER] = 0;
}

void trunk_make(struct country *country, struct trunk *trunk, unsigned caller, unsigned called)
{
    struct world *world = country->worlds[caller];

    trunk->ends[TO_CALLED] = called;
    trunk->ends[TO_CALLER] = caller;
    trunk_mend(trunk);
    world_later(world, world_between(world, 0, TRUNK_LOOK_MS), HAPPEN_TRUNK_LOOK, number_of(country, trunk),
                0);
}

static void empty(struct trunk *trunk)
{
    for (int direction = 0; direction < 2; direction++) {
        while (trunk->first[direction] != NULL) {
            struct crossing *crossing = trunk->first[direction];
            trunk->first[direction] = crossing->next;
            buf_free(&crossing->bytes);
            free(crossing);
        }
        trunk->last[direction] = NULL;
        trunk->waiting[direction] = 0;
        trunk->last_ms[direction] = 0;
    }
}

void trunk_free(struct trunk *trunk)
{
    empty(trunk);
}

/* Ends the connection, with what is under way. Only who made it hears so, if it lives. */
static void hang_up(struct country *country, struct trunk *trunk)
{
    struct world *caller = end_of(country, trunk, TO_CALLER);
    uint64_t connection = trunk->connection;

    if (connection == 0) {
        return;
    }
    world_trace(caller, "trunk %u: ends, %zu and %zu under way", number_of(country, trunk),
                trunk->waiting[TO_CALLED], trunk->waiting[TO_CALLER]);
    if (trunk->waiting[TO_CALLED] + trunk->waiting[TO_CALLER] > 0) {
        world_struck(caller, FAULT_TRUNK_BROKEN, AGENTS);
    }
    empty(trunk);
    trunk->connection = 0;
    trunk->hole = false;
    trunk->ghost = connection;
    trunk->ghost_n = 0;
    if (caller->broker.engine != NULL) {
        engine_link_down(caller->broker.engine, peer_of(connection));
    }
}

void trunks_lose(struct world *world, bool power)
{
    struct country *country = world->options.country;

    for (unsigned i = 0; country != NULL && i < TRUNKS; i++) {
        struct trunk *trunk = &country->trunks[i];
        bool calls = trunk->ends[TO_CALLER] == world->options.number;
        if (!calls && trunk->ends[TO_CALLED] != world->options.number) {
            continue;
        }
        if (power && !calls && world_once_in(world, 2)) {
            trunk->hole = trunk->connection != 0; /* its machine is gone: nobody says so */
        } else {
            hang_up(country, trunk);
        }
    }
}

/* --- frames --------------------------------------------------------------------------------------- */

/* The trunk and the direction in which the region's frames to this peer go; NULL: there is no such. */
static struct trunk *trunk_of(struct country *country, unsigned region, struct peer peer, int *ret_direction)
{
    uint64_t connection;

    memcpy(&connection, peer.bytes + 1, sizeof connection);
    for (unsigned i = 0; i < TRUNKS; i++) {
        struct trunk *trunk = &country->trunks[i];
        if (trunk->connection == connection || trunk->ghost == connection) {
            *ret_direction = trunk->ends[TO_CALLER] == region ? TO_CALLED : TO_CALLER;
            return trunk;
        }
    }
    return NULL;
}

int trunk_send(struct world *world, struct peer peer, struct bytes frame)
{
    struct country *country = world->options.country;
    int direction;
    struct trunk *trunk = trunk_of(country, world->options.number, peer, &direction);
    struct peer now = peer_of(trunk != NULL ? trunk->connection : 0);

    world_mix(world, frame.p, frame.n);
    if (trunk == NULL) {
        return ERR_NOT_FOUND;
    }
    if (trunk->connection == 0 || memcmp(&now, &peer, sizeof peer) != 0) {
        /* what the called end's machine takes before it notices */
        return direction == TO_CALLED               ? ERR_NOT_FOUND
               : trunk->ghost_n++ < TRUNK_GHOST_MAX ? 0
                                                    : ERR_TEMPORARY;
    }
    if (trunk->waiting[direction] >= trunk->queue_max) {
        world_struck(world, FAULT_TRUNK_FULL, AGENTS);
        return ERR_TEMPORARY;
    }
    struct crossing *crossing = calloc(1, sizeof *crossing);
    if (crossing == NULL) {
        world_fail(world, "out of memory");
        return ERR_NO_MEMORY;
    }
    buf_append(&crossing->bytes, frame.p, frame.n);
    if (trunk->last[direction] != NULL) {
        trunk->last[direction]->next = crossing;
    } else {
        trunk->first[direction] = crossing;
    }
    trunk->last[direction] = crossing;
    trunk->waiting[direction]++;
    int64_t at_ms = world->now_ms + world_between(world, 0, trunk->latency_ms);
    if (at_ms < trunk->last_ms[direction]) {
        at_ms = trunk->last_ms[direction];
    }
    trunk->last_ms[direction] = at_ms;
    crossing->at_ms = at_ms;
    if (at_ms - world->now_ms >= LATE_MS) {
        world_struck(world, FAULT_TRUNK_LATE, AGENTS);
    }
    world_later(end_of(country, trunk, direction), at_ms - world->now_ms, HAPPEN_TRUNK_FRAME,
                number_of(country, trunk) * 2 + (unsigned)direction, trunk->connection);
    return 0;
}

static void hand_over(struct country *country, struct trunk *trunk, int direction, struct bytes frame)
{
    struct world *world = end_of(country, trunk, direction), *from = end_of(country, trunk, 1 - direction);

    if (direction == TO_CALLER) {
        trunk->heard_ms = world->now_ms;
    }
    country->heard_ms[world->options.number][from->options.number] = world->now_ms;
    if (world->broker.engine != NULL) {
        engine_frame(world->broker.engine, peer_of(trunk->connection), from->keys.broker.curve_public, frame);
    }
}

void trunk_arrive(struct world *world, const struct happening *happening)
{
    struct country *country = world->options.country;
    struct trunk *trunk = &country->trunks[happening->who / 2];
    int direction = (int)(happening->who % 2);
    struct crossing *crossing = trunk->first[direction];

    if (trunk->connection != happening->life || trunk->hole || crossing == NULL) {
        return;
    }
    if (world->now_ms < trunk->cut_until_ms[direction]) {
        world_put_off(world, happening,
                      trunk->cut_until_ms[direction] + world_between(world, 0, AGAIN_MAX_MS));
        return;
    }
    /* what was held up comes with what follows it */
    while (trunk->connection == happening->life && (crossing = trunk->first[direction]) != NULL &&
           crossing->at_ms <= world->now_ms) {
        trunk->first[direction] = crossing->next;
        trunk->last[direction] = crossing->next != NULL ? trunk->last[direction] : NULL;
        trunk->waiting[direction]--;
        hand_over(country, trunk, direction, buf_bytes(&crossing->bytes));
        buf_free(&crossing->bytes);
        free(crossing);
    }
}

/* --- looking after it ------------------------------------------------------------------------------- */

static bool is_cut(const struct trunk *trunk, int64_t now_ms)
{
    return now_ms < trunk->cut_until_ms[TO_CALLED] || now_ms < trunk->cut_until_ms[TO_CALLER];
}

bool trunk_is_good(const struct trunk *trunk, int64_t now_ms)
{
    return !trunk->hole && !is_cut(trunk, now_ms);
}

static void call(struct country *country, struct trunk *trunk)
{
    struct world *caller = end_of(country, trunk, TO_CALLER);

    trunk->connection = world_life(caller) * REGIONS + trunk->ends[TO_CALLER] + 1;
    trunk->heard_ms = caller->now_ms;
    trunk->hole = false;
    world_trace(caller, "trunk %u: calls %s", number_of(country, trunk),
                end_of(country, trunk, TO_CALLED)->keys.region.name);
    engine_link_up(caller->broker.engine, peer_of(trunk->connection),
                   end_of(country, trunk, TO_CALLED)->keys.region.name);
}

void trunk_look(struct world *world, unsigned number)
{
    struct country *country = world->options.country;
    struct trunk *trunk = &country->trunks[number];
    const struct broker *called = &end_of(country, trunk, TO_CALLED)->broker;
    bool cut = is_cut(trunk, world->now_ms);

    world_later(world, TRUNK_LOOK_MS, HAPPEN_TRUNK_LOOK, number, 0);
    if (world->broker.engine == NULL || world->broker.dying || !world->broker.in_service ||
        world->broker.stopping) {
        return;
    }
    trunk->cut_since_ms = cut ? trunk->cut_since_ms : world->now_ms;
    if (trunk->connection == 0 && !cut && called->engine != NULL && world_once_in(world, 2)) {
        call(country, trunk);
    } else if (trunk->connection != 0 &&
               (world->now_ms - trunk->cut_since_ms > trunk->patience_ms ||
                (!engine_link_is_up(world->broker.engine,
                                    country->worlds[trunk->ends[0]]->keys.region.name) &&
                 world->now_ms - trunk->heard_ms > (int64_t)BROKER_BEAT_MS * TRUNK_QUIET_BEATS))) {
        hang_up(country, trunk);
    }
}

/* --- faults --------------------------------------------------------------------------------------- */

static void cut(struct world *world, struct trunk *trunk)
{
    static const enum fault FAULTS[] = {FAULT_TRUNK_CUT_THERE, FAULT_TRUNK_CUT_BACK, FAULT_TRUNK_CUT};
    int64_t ms = world_between(world, 1000, world_once_in(world, 6) ? CUT_MAX_MS : 15000);
    uint64_t which = world_below(world, 3);

    if (which != 1) {
        trunk->cut_until_ms[TO_CALLED] = world->now_ms + ms;
    }
    if (which != 0) {
        trunk->cut_until_ms[TO_CALLER] = world->now_ms + ms;
    }
    trunk->patience_ms = world_between(world, 1000, 30000);
    world_struck(world, FAULTS[which], AGENTS);
    if (ms >= CUT_LONG_MS) {
        world_struck(world, FAULT_TRUNK_CUT_LONG, AGENTS);
    }
}

void trunk_strike(struct world *world)
{
    struct country *country = world->options.country;
    struct trunk *trunk = &country->trunks[world_below(world, TRUNKS)];

    switch (world_below(world, 6)) {
    case 0:
    case 1:
        cut(world, trunk);
        return;
    case 2:
        hang_up(country, trunk);
        return;
    case 3:
        if (trunk->connection != 0) {
            world_struck(world, FAULT_TRUNK_HOLE, AGENTS);
            trunk->hole = true;
        }
        return;
    case 4:
        trunk->latency_ms = world_once_in(world, 4) ? 2000 : world_between(world, 1, 200);
        trunk->queue_max = world_once_in(world, 3) ? (size_t)world_between(world, 1, 8) : TRUNK_QUEUE_MAX;
        return;
    default:
        trunk_mend(trunk);
        return;
    }
}
