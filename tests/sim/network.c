#include "tests/sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

enum { LATE_MS = 1000 };

static struct peer peer_of(uint64_t id)
{
    struct peer peer = {.n = sizeof id};

    memcpy(peer.bytes, &id, sizeof id);
    return peer;
}

/* --- lines ---------------------------------------------------------------------------------------- */

void network_mend(struct world *world, unsigned agent)
{
    struct line *line = &world->network.lines[agent];

    line->latency_ms = 10;
    line->loss = 0;
    line->doubled = 0;
    line->bytes_per_s = 0;
    line->queue_max = NETWORK_QUEUE_MAX;
    line->cut_until_ms[UP] = 0;
    line->cut_until_ms[DOWN] = 0;
}

void network_worsen(struct world *world, unsigned agent)
{
    struct line *line = &world->network.lines[agent];

    line->latency_ms = world_once_in(world, 4) ? 2000 : world_between(world, 1, 60);
    line->loss = world_once_in(world, 2) ? (unsigned)world_below(world, 301) : 0;
    line->doubled = world_once_in(world, 2) ? (unsigned)world_below(world, 101) : 0;
    line->bytes_per_s = world_once_in(world, 5) ? world_between(world, 1000, 8000) : 0;
    line->queue_max = world_once_in(world, 3) ? (size_t)world_between(world, 2, 8) : NETWORK_QUEUE_MAX;
    if (line->bytes_per_s > 0) {
        world_struck(world, FAULT_SLOW, agent);
    }
}

void network_make(struct world *world)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        network_mend(world, i);
        if (world_once_in(world, 2)) {
            network_worsen(world, i);
        }
    }
}

bool network_is_cut(const struct world *world, unsigned agent, enum direction direction)
{
    return world->now_ms < world->network.lines[agent].cut_until_ms[direction];
}

/* --- parcels -------------------------------------------------------------------------------------- */

static void drop(struct parcel *parcel)
{
    buf_free(&parcel->bytes);
    free(parcel);
}

static struct parcel *find(const struct pipe *pipe, uint64_t number)
{
    struct parcel *parcel = pipe->first;

    while (parcel != NULL && parcel->number != number) {
        parcel = parcel->next;
    }
    return parcel;
}

/* Those at the front that the sender need not keep any more. */
static void forget_known(struct pipe *pipe)
{
    while (pipe->first != NULL && pipe->first->taken && pipe->first->known) {
        struct parcel *parcel = pipe->first;
        pipe->first = parcel->next;
        pipe->n--;
        drop(parcel);
    }
    if (pipe->first == NULL) {
        pipe->last = NULL;
    }
}

static void empty(struct pipe *pipe)
{
    while (pipe->first != NULL) {
        struct parcel *parcel = pipe->first;
        pipe->first = parcel->next;
        drop(parcel);
    }
    *pipe = (struct pipe){0};
}

static bool is_lost(struct world *world, unsigned agent, enum direction direction)
{
    return network_is_cut(world, agent, direction) ||
           world_below(world, 1000) < world->network.lines[agent].loss;
}

static void wait_again(struct world *world, unsigned agent, enum direction direction,
                       const struct parcel *parcel)
{
    int64_t wait = NETWORK_AGAIN_MS;

    for (unsigned i = 1; i < parcel->tries && wait < NETWORK_AGAIN_MAX_MS; i++) {
        wait *= 2;
    }
    world_later_parcel(world, wait < NETWORK_AGAIN_MAX_MS ? wait : NETWORK_AGAIN_MAX_MS,
                       direction == UP ? HAPPEN_AGAIN_UP : HAPPEN_AGAIN_DOWN, agent, parcel->number);
}

static void travel(struct world *world, unsigned agent, enum direction direction, const struct parcel *parcel)
{
    struct line *line = &world->network.lines[agent];
    struct connection *connection = &world->network.connections[agent];
    struct pipe *pipe = &connection->pipes[direction];
    int64_t in_ms = world_between(world, 0, line->latency_ms);

    if (line->bytes_per_s > 0) {
        int64_t from = pipe->free_ms > world->now_ms ? pipe->free_ms : world->now_ms;
        pipe->free_ms = from + (int64_t)parcel->bytes.n * 1000 / line->bytes_per_s;
        in_ms += pipe->free_ms - world->now_ms;
    }
    if (in_ms >= LATE_MS) {
        world_struck(world, FAULT_DELAYED, agent);
    }
    world_later_parcel(world, in_ms, direction == UP ? HAPPEN_FRAME_UP : HAPPEN_FRAME_DOWN, agent,
                       parcel->number);
}

static void throw_one(struct world *world, unsigned agent, enum direction direction, struct parcel *parcel)
{
    parcel->tries++;
    if (is_lost(world, agent, direction)) {
        world_struck(world, FAULT_LOST, agent);
        wait_again(world, agent, direction, parcel);
        return;
    }
    travel(world, agent, direction, parcel);
    if (world_below(world, 1000) < world->network.lines[agent].doubled) {
        world_struck(world, FAULT_DOUBLED, agent);
        travel(world, agent, direction, parcel);
    }
}

static void push(struct world *world, unsigned agent, enum direction direction, struct bytes frame)
{
    struct pipe *pipe = &world->network.connections[agent].pipes[direction];
    struct parcel *parcel = calloc(1, sizeof *parcel);

    if (parcel == NULL) {
        world_fail(world, "out of memory");
        return;
    }
    buf_append(&parcel->bytes, frame.p, frame.n);
    parcel->number = ++pipe->sent;
    if (pipe->last != NULL) {
        pipe->last->next = parcel;
    } else {
        pipe->first = parcel;
    }
    pipe->last = parcel;
    pipe->n++;
    throw_one(world, agent, direction, parcel);
}

void network_again(struct world *world, unsigned agent, enum direction direction, uint64_t number)
{
    struct connection *connection = &world->network.connections[agent];
    struct parcel *parcel = find(&connection->pipes[direction], number);

    if (parcel != NULL && !parcel->known && !connection->hole) {
        throw_one(world, agent, direction, parcel);
    }
}

/* --- connections ---------------------------------------------------------------------------------- */

static void forget(struct connection *connection)
{
    empty(&connection->pipes[UP]);
    empty(&connection->pipes[DOWN]);
    buf_free(&connection->offered);
    *connection = (struct connection){0};
}

static void fresh(struct world *world, struct connection *connection)
{
    forget(connection);
    connection->id = world_life(world);
}

void network_connect(struct world *world, unsigned agent)
{
    struct actor *actor = &world->actors[agent];

    if (actor->client == NULL || world->network.connections[agent].id != 0) {
        return;
    }
    if (!world->broker.in_service || network_is_cut(world, agent, UP) || network_is_cut(world, agent, DOWN)) {
        world_later(world, world_between(world, 100, 800), HAPPEN_CONNECT, agent, actor->life);
        return;
    }
    fresh(world, &world->network.connections[agent]);
    client_connected(actor->client);
}

void network_cut(struct world *world, unsigned agent, bool tell)
{
    struct actor *actor = &world->actors[agent];
    struct connection *connection = &world->network.connections[agent];
    struct line *line = &world->network.lines[agent];

    if (connection->id == 0 && tell) {
        return;
    }
    if (!tell && (connection->hole || network_is_cut(world, agent, UP))) {
        line->ghost = connection->id; /* the broker does not hear of it */
        line->ghost_n = 0;
    }
    forget(connection);
    if (actor->client != NULL) {
        if (tell) {
            client_disconnected(actor->client);
        }
        world_later(world, world_between(world, 10, 1500), HAPPEN_CONNECT, agent, actor->life);
    }
}

void network_slip(struct world *world, unsigned agent)
{
    struct connection *connection = &world->network.connections[agent];

    if (connection->id != 0) {
        fresh(world, connection);
    }
}

unsigned network_agent(const struct world *world, struct peer peer)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        struct peer other = peer_of(world->network.connections[i].id);
        if (world->network.connections[i].id != 0 && memcmp(&other, &peer, sizeof peer) == 0) {
            return i;
        }
    }
    return AGENTS;
}

/* --- frames --------------------------------------------------------------------------------------- */

void network_up(struct world *world, unsigned agent, struct bytes frame)
{
    const struct connection *connection = &world->network.connections[agent];

    world_mix(world, frame.p, frame.n);
    if (connection->id != 0 && !connection->hole) {
        push(world, agent, UP, frame);
    }
}

/* What the broker's machine takes for a connection that is no more, before it notices. */
static int send_to_ghost(struct world *world, struct peer peer)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        struct line *line = &world->network.lines[i];
        struct peer ghost = peer_of(line->ghost);
        if (line->ghost != 0 && memcmp(&ghost, &peer, sizeof peer) == 0) {
            return line->ghost_n++ < NETWORK_GHOST_MAX ? 0 : ERR_TEMPORARY;
        }
    }
    return ERR_NOT_FOUND;
}

int network_down(struct world *world, struct peer peer, struct bytes frame)
{
    unsigned agent = network_agent(world, peer);

    world_mix(world, frame.p, frame.n);
    if (agent == AGENTS) {
        return send_to_ghost(world, peer);
    }
    struct connection *connection = &world->network.connections[agent];
    if (connection->pipes[DOWN].n >= world->network.lines[agent].queue_max) {
        world_struck(world, FAULT_QUEUE_FULL, agent);
        check_not_sent(world, agent, frame);
        buf_reset(&connection->offered);
        buf_append(&connection->offered, frame.p, frame.n);
        return ERR_TEMPORARY;
    }
    check_sent(world, agent, frame,
               connection->offered.n == frame.n && memcmp(connection->offered.p, frame.p, frame.n) == 0);
    if (!connection->hole) {
        push(world, agent, DOWN, frame);
    }
    return 0;
}

/* One frame goes to the program at the other end. The program may end the connection. */
static void hand_over(struct world *world, unsigned agent, enum direction direction, struct bytes frame)
{
    if (direction == DOWN) {
        actor_frame(&world->actors[agent], frame);
    } else if (world->broker.engine != NULL) {
        check_heard(world, agent, frame);
        engine_frame(world->broker.engine, peer_of(world->network.connections[agent].id),
                     world->keys.agents[agent].curve_public, frame);
    }
}

void network_arrive(struct world *world, unsigned agent, enum direction direction, uint64_t number)
{
    struct connection *connection = &world->network.connections[agent];
    struct pipe *pipe = &connection->pipes[direction];
    struct parcel *parcel = find(pipe, number);
    uint64_t id = connection->id;

    if (parcel == NULL || connection->hole) {
        return;
    }
    if (!parcel->here && number != pipe->taken + 1) {
        world_struck(world, FAULT_REORDERED, agent);
    }
    parcel->here = true;
    if (!parcel->known && is_lost(world, agent, direction == UP ? DOWN : UP)) {
        wait_again(world, agent, direction, parcel); /* the word that it arrived is lost */
    } else {
        parcel->known = true;
    }
    forget_known(pipe);
    while (connection->id == id && (parcel = find(pipe, pipe->taken + 1)) != NULL && parcel->here) {
        struct buf bytes = parcel->bytes;
        parcel->bytes = (struct buf){0};
        parcel->taken = true;
        pipe->taken++;
        forget_known(pipe);
        hand_over(world, agent, direction, buf_bytes(&bytes));
        buf_free(&bytes);
    }
}

void network_free(struct world *world)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        forget(&world->network.connections[i]);
    }
}
