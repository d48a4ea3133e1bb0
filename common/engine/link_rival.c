/* Two brokers that claim one region: the keys and the configuration of one were copied, say, and run twice.
 * Who is connected as that region's broker stays; whoever says Hello as the same meanwhile is asked first,
 * by our own Hello there, whether its log holds the head that the other has signed. A broker that came again
 * after a crash has it, and takes its place at once. Another log has not: it fences itself (witness.c), says
 * so, and is turned away. So neither takes the other's part in turn, and no order has two homes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "common/engine/engine_private.h"

enum { NOTE_AGAIN_MS = 10 * 60 * 1000 };

struct rival {
    bool waits;  /* for its answer */
    bool proved; /* its log is the same */
    struct peer peer;
    uint8_t curve_key[CURVE_BYTES];
    struct hello hello; /* its texts are the link's and the engine's */
    int64_t noted_ms;   /* boot time; 0: never */
};

static bool is_peer(const struct peer *a, const struct peer *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct link *link_of_rival(const struct engine *engine, struct peer peer)
{
    struct link *link;

    DL_FOREACH (engine->links, link) {
        if (link->rival != NULL && link->rival->waits && is_peer(&link->rival->peer, &peer)) {
            return link;
        }
    }
    return NULL;
}

bool rival_admits(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                  const struct hello *hello)
{
    struct link *link = link_of_agent(engine, hello->agent);

    if (link == NULL || !link->connected || is_peer(&link->peer, &peer) || !link->head.present ||
        session_of(engine, link->peer) == NULL) {
        return true;
    }
    if (link->rival == NULL) {
        link->rival = calloc(1, sizeof *link->rival);
        if (link->rival == NULL) {
            engine_starved(engine);
            return false; /* it says Hello again */
        }
    }
    struct rival *rival = link->rival;
    if (rival->proved && is_peer(&rival->peer, &peer)) {
        rival->proved = false;
        return true;
    }
    rival->waits = true;
    rival->proved = false;
    rival->peer = peer;
    memcpy(rival->curve_key, curve_key, CURVE_BYTES);
    rival->hello = *hello;
    rival->hello.agent = link->name;
    rival->hello.software = rival->hello.parent = "";
    rival->hello.seen.present =
        hello->seen.present && strcmp(hello->seen.region, engine->options.region) == 0;
    rival->hello.seen.region = engine->options.region;
    link_say_hello(engine, link, peer);
    return false;
}

static void turn_away(struct engine *engine, struct link *link)
{
    struct rival *rival = link->rival;
    int64_t boot_ms = engine_boot(engine);
    char why[160];

    (void)snprintf(
        why, sizeof why,
        "two brokers claim region %s: another is connected here, and its log is not yours; stop one",
        link->region);
    session_bye(engine, rival->peer, REFUSED_CONFLICT, why);
    if (rival->noted_ms == 0 || boot_ms - rival->noted_ms > NOTE_AGAIN_MS) {
        rival->noted_ms = boot_ms;
        engine_note(engine, LOG_LEVEL_ERROR,
                    "two brokers claim region %s: one is connected, the other, whose log is not the same, is "
                    "turned away; stop one of them",
                    link->region);
    }
}

bool rival_take(struct engine *engine, struct peer peer, const struct envelope *envelope)
{
    struct link *link = link_of_rival(engine, peer);

    if (link == NULL) {
        return false;
    }
    struct rival *rival = link->rival;
    bool same = envelope->kind == ENVELOPE_WELCOME && strcmp(envelope->welcome.region, link->region) == 0;
    /* one broker, and both of us have called: we are connected there the other way round */
    same = same || (envelope->kind == ENVELOPE_BYE && envelope->bye.refusal == REFUSED_NOT);
    rival->waits = !same && envelope->kind != ENVELOPE_BYE;
    if (same) {
        rival->proved = true;
        session_hello(engine, peer, rival->curve_key, &rival->hello);
    } else if (envelope->kind == ENVELOPE_BYE && envelope->bye.refusal == REFUSED_FENCED) {
        turn_away(engine, link);
    }
    return true;
}

bool link_names_us_parent(struct engine *engine, struct peer peer, const struct hello *hello)
{
    const char *own = engine->options.region;
    struct link *link = link_of_agent(engine, hello->agent);
    char why[160];

    if (link == NULL || strcmp(hello->parent, own) != 0 || region_may_be_parent(own, link->region)) {
        return false;
    }
    (void)snprintf(
        why, sizeof why,
        "region %s names %s as its parent, which is of no higher level: parents would go round in a "
        "circle",
        link->region, own);
    session_bye(engine, peer, REFUSED_CONFLICT, why);
    if (!link->circle_noted) { /* it says Hello again and again */
        link->circle_noted = true;
        engine_note(engine, LOG_LEVEL_ERROR, "the link is turned away: %s", why);
    }
    return true;
}
