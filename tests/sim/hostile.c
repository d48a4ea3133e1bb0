#include "tests/sim/hostile.h"

#include <string.h>

#include "common/wire/wire_bundle.h"
#include "tests/sim/world.h"

enum { COUNTERS_AHEAD = 1000 };

static struct hostile *of(struct world *world, unsigned agent)
{
    return &world->actors[agent].hostile;
}

void hostile_free(struct world *world, unsigned agent)
{
    for (size_t i = 0; i < HOSTILE_KEPT_MAX; i++) {
        buf_free(&of(world, agent)->kept[i]);
    }
}

static bool decode(struct world *world, struct bytes frame, struct envelope *ret)
{
    arena_reset(&world->check.arena);
    return wire_decode_envelope(frame, &world->check.arena, ret, NULL) == 0;
}

static void see_one(struct world *world, unsigned agent, struct bytes frame)
{
    struct hostile *hostile = of(world, agent);
    struct envelope envelope;

    if (!decode(world, frame, &envelope) || envelope.kind != ENVELOPE_SUBMIT ||
        (hostile->kept_n >= HOSTILE_KEPT_MAX && !world_once_in(world, 8))) {
        return;
    }
    struct buf *kept =
        &hostile->kept[hostile->kept_n < HOSTILE_KEPT_MAX ? hostile->kept_n
                                                          : world_below(world, HOSTILE_KEPT_MAX)];
    hostile->kept_n++;
    buf_reset(kept);
    buf_append(kept, frame.p, frame.n);
}

void hostile_see(struct world *world, unsigned agent, struct bytes frame)
{
    struct bytes envelopes[BUNDLE_MAX];
    size_t n = check_split(world, frame, envelopes);

    for (size_t i = 0; i < n; i++) {
        see_one(world, agent, envelopes[i]);
    }
}

static struct bytes some_kept(struct world *world, unsigned agent)
{
    struct hostile *hostile = of(world, agent);
    size_t n = hostile->kept_n < HOSTILE_KEPT_MAX ? hostile->kept_n : HOSTILE_KEPT_MAX;

    return n == 0 ? (struct bytes){NULL, 0} : buf_bytes(&hostile->kept[world_below(world, n)]);
}

static void send_again(struct world *world, unsigned agent, struct bytes frame)
{
    struct bundler bundler = {.n = 0};

    for (uint64_t n = world_below(world, 4) + 1; n > 0; n--) {
        struct bytes one = n == 1 ? frame : some_kept(world, agent);
        if (bundler_takes(one.n) && bundler_has_room(&bundler, one.n, BUNDLE_MAX)) {
            (void)bundler_add(&bundler, one);
        }
    }
    world_struck(world, FAULT_OLD_COMMAND, agent);
    if (bundler.n > 0) {
        network_up(world, agent, bundler_frame(&bundler));
    }
    bundler_free(&bundler);
}

/* The command as it was, with a counter far ahead: the signature is not over these bytes. */
static void forge(struct world *world, unsigned agent, struct bytes frame)
{
    struct envelope envelope;
    struct command command;
    struct buf payload, forged;

    if (!decode(world, frame, &envelope) ||
        wire_decode_command(envelope.submit.payload, &world->check.arena, &command, NULL) < 0 ||
        command.kind == COMMAND_ACK) {
        return;
    }
    command.counter += COUNTERS_AHEAD;
    buf_init(&payload, FRAME_MAX);
    buf_init(&forged, FRAME_MAX);
    wire_encode_command(&command, &payload);
    envelope.submit.payload = buf_bytes(&payload);
    wire_encode_envelope(&envelope, &forged);
    world_struck(world, FAULT_BAD_SIGNATURE, agent);
    network_up(world, agent, buf_bytes(&forged));
    buf_free(&payload);
    buf_free(&forged);
}

/* What stands before it holds, and what stands behind it is not read: or is, where the bytes still mean
 * something. Sometimes it is a bundle itself. */
static void garble_bundle(struct world *world, unsigned agent, struct bytes whole, struct bytes garbled)
{
    struct bundler bundler = {.n = 0}, inner = {.n = 0};

    if (world_once_in(world, 3) && bundler_takes(2 * whole.n + 16)) {
        (void)bundler_add(&inner, whole);
        (void)bundler_add(&inner, whole);
        garbled = bundler_frame(&inner);
    }
    if (bundler_takes(3 * whole.n + garbled.n + 64)) {
        (void)bundler_add(&bundler, whole);
        (void)bundler_add(&bundler, garbled);
        (void)bundler_add(&bundler, whole);
        world_struck(world, FAULT_GARBLED_BUNDLE, agent);
        network_up(world, agent, bundler_frame(&bundler));
    }
    bundler_free(&inner);
    bundler_free(&bundler);
}

static void garble(struct world *world, unsigned agent, struct bytes frame)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    buf_append(&bytes, frame.p, frame.n);
    for (uint64_t i = world_below(world, 8) + 1; i > 0; i--) {
        bytes.p[world_below(world, bytes.n)] ^= (uint8_t)(1 + world_below(world, 255));
    }
    if (world_once_in(world, 3)) {
        bytes.n = 1 + world_below(world, bytes.n);
    }
    world->actors[agent].garbled = true;
    if (world_once_in(world, 2)) {
        garble_bundle(world, agent, frame, buf_bytes(&bytes));
    } else {
        world_struck(world, FAULT_GARBLED, agent);
        network_up(world, agent, buf_bytes(&bytes));
    }
    buf_free(&bytes);
}

void hostile_strike(struct world *world, unsigned agent)
{
    struct actor *actor = &world->actors[agent];
    struct bytes frame = some_kept(world, agent);
    struct buf copy;

    if (frame.n == 0 || actor->client == NULL || !client_ready(actor->client)) {
        return;
    }
    buf_init(&copy, 0); /* what is sent is seen, and may take the place of what was kept */
    buf_append(&copy, frame.p, frame.n);
    frame = buf_bytes(&copy);
    switch (world_below(world, 4)) {
    case 0:
        send_again(world, agent, frame);
        break;
    case 1:
        forge(world, agent, frame);
        break;
    case 2:
        garble(world, agent, frame);
        break;
    default:
        if (agent > 0) {
            actor->flood = 70;
            world_struck(world, FAULT_FLOOD, agent);
        }
        break;
    }
    buf_free(&copy);
}
