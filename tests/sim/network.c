#include "tests/sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static struct peer peer_of(const struct connection *connection)
{
    struct peer peer = {.n = sizeof connection->id};

    memcpy(peer.bytes, &connection->id, sizeof connection->id);
    return peer;
}

static void empty(struct pipe *pipe)
{
    while (pipe->first != NULL) {
        struct parcel *parcel = pipe->first;
        pipe->first = parcel->next;
        buf_free(&parcel->bytes);
        free(parcel);
    }
    *pipe = (struct pipe){0};
}

static void push(struct world *world, unsigned agent, struct bytes frame, bool up)
{
    struct connection *connection = &world->network.connections[agent];
    struct pipe *pipe = up ? &connection->up : &connection->down;
    struct parcel *parcel = calloc(1, sizeof *parcel);
    int64_t at = world->now_ms + world_between(world, 0, connection->latency_ms);

    if (parcel == NULL) {
        world_fail(world, "out of memory");
        return;
    }
    buf_append(&parcel->bytes, frame.p, frame.n);
    if (pipe->last != NULL) {
        pipe->last->next = parcel;
    } else {
        pipe->first = parcel;
    }
    pipe->last = parcel;
    pipe->n++;
    pipe->last_ms = at > pipe->last_ms ? at : pipe->last_ms;
    world_later(world, pipe->last_ms - world->now_ms, up ? HAPPEN_FRAME_UP : HAPPEN_FRAME_DOWN, agent,
                connection->id);
}

static void forget(struct connection *connection)
{
    empty(&connection->up);
    empty(&connection->down);
    *connection = (struct connection){0};
}

static void fresh(struct world *world, struct connection *connection)
{
    forget(connection);
    connection->id = world_life(world);
    connection->latency_ms = world_once_in(world, 6) ? NETWORK_LATENCY_MAX_MS : world_between(world, 1, 30);
}

void network_connect(struct world *world, unsigned agent)
{
    struct actor *actor = &world->actors[agent];

    if (actor->client == NULL || world->network.connections[agent].id != 0) {
        return;
    }
    if (!world->broker.in_service) {
        world_later(world, world_between(world, 100, 800), HAPPEN_CONNECT, agent, actor->life);
        return;
    }
    fresh(world, &world->network.connections[agent]);
    client_connected(actor->client);
}

void network_cut(struct world *world, unsigned agent, bool tell)
{
    struct actor *actor = &world->actors[agent];

    if (world->network.connections[agent].id == 0 && tell) {
        return;
    }
    forget(&world->network.connections[agent]);
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

void network_up(struct world *world, unsigned agent, struct bytes frame)
{
    const struct connection *connection = &world->network.connections[agent];

    if (connection->id != 0 && !connection->hole) {
        push(world, agent, frame, true);
    }
}

unsigned network_agent(const struct world *world, struct peer peer)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        struct peer other = peer_of(&world->network.connections[i]);
        if (world->network.connections[i].id != 0 && memcmp(&other, &peer, sizeof peer) == 0) {
            return i;
        }
    }
    return AGENTS;
}

int network_down(struct world *world, struct peer peer, struct bytes frame)
{
    unsigned agent = network_agent(world, peer);

    if (agent == AGENTS) {
        return ERR_NOT_FOUND;
    }
    struct connection *connection = &world->network.connections[agent];
    if (connection->down.n >= NETWORK_QUEUE_MAX) {
        return ERR_TEMPORARY;
    }
    check_sent(world, agent, frame);
    if (!connection->hole) {
        push(world, agent, frame, false);
    }
    return 0;
}

void network_arrive(struct world *world, unsigned agent, bool up)
{
    struct connection *connection = &world->network.connections[agent];
    struct pipe *pipe = up ? &connection->up : &connection->down;
    struct parcel *parcel = pipe->first;

    if (parcel == NULL || connection->hole) {
        return;
    }
    pipe->first = parcel->next;
    if (pipe->first == NULL) {
        pipe->last = NULL;
    }
    pipe->n--;
    if (up) {
        check_heard(world, agent, buf_bytes(&parcel->bytes));
        engine_frame(world->broker.engine, peer_of(connection), world->keys.agents[agent].curve_public,
                     buf_bytes(&parcel->bytes));
    } else if (world->actors[agent].client != NULL) {
        check_received(world, agent, buf_bytes(&parcel->bytes));
        client_frame(world->actors[agent].client, buf_bytes(&parcel->bytes));
    }
    buf_free(&parcel->bytes);
    free(parcel);
}

void network_free(struct world *world)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        forget(&world->network.connections[i]);
    }
}
