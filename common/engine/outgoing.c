/* What a session is told, gathered into one frame until the turn ends: most of what an envelope costs is its
 * frame, which is encrypted, and read, by itself.
 *
 * A frame that the peer's queue does not take stays here, one a session, and while it does nothing more is
 * taken for that session. So 0 means what it means without bundles: it goes out, after what was said before,
 * unless the connection ends. */
#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

static bool must_stand_alone(const struct envelope *envelope)
{
    return envelope->kind == ENVELOPE_HELLO || envelope->kind == ENVELOPE_WELCOME ||
           envelope->kind == ENVELOPE_BYE;
}

static void leave_turn(struct engine *engine, struct session *session)
{
    if (session->outgoing.waits) {
        DL_DELETE2(engine->telling, session, outgoing.prev, outgoing.next);
        session->outgoing.waits = false;
    }
}

void outgoing_forget(struct engine *engine, struct session *session)
{
    leave_turn(engine, session);
    bundler_free(&session->outgoing.bundler);
    session->outgoing.held = false;
}

int outgoing_flush(struct engine *engine, struct session *session)
{
    struct outgoing *out = &session->outgoing;

    if (out->bundler.n == 0) {
        return 0;
    }
    int rc = engine->io.send(engine->io.ctx, session->peer, bundler_frame(&out->bundler));
    if (rc == 0 || rc == ERR_NOT_FOUND || MUTANT(MUTANT_BUNDLE_DROPPED)) {
        outgoing_forget(engine, session);
        return rc;
    }
    leave_turn(engine, session);
    out->held = true;
    return rc;
}

static int add(struct engine *engine, struct session *session, struct bytes envelope)
{
    struct outgoing *out = &session->outgoing;
    bool has_room = bundler_has_room(&out->bundler, envelope.n, out->bundle_max);
    int rc = out->held || !has_room ? outgoing_flush(engine, session) : 0;

    rc = rc < 0 ? rc : bundler_add(&out->bundler, envelope);
    if (rc == 0 && !out->waits) {
        out->waits = true;
        DL_APPEND2(engine->telling, session, outgoing.prev, outgoing.next);
    }
    return rc;
}

static int say(struct engine *engine, struct peer peer, struct session *session,
               const struct envelope *envelope)
{
    struct bytes frame;

    buf_reset(&engine->frame);
    wire_encode_envelope(envelope, &engine->frame);
    if (engine->frame.failed) {
        return ERR_NO_MEMORY;
    }
    frame = buf_bytes(&engine->frame);
    if (session != NULL && session->outgoing.bundle_max > 1) {
        if (!must_stand_alone(envelope) && bundler_takes(frame.n)) {
            return add(engine, session, frame);
        }
        int rc = outgoing_flush(engine, session);
        if (rc < 0) {
            return rc;
        }
    }
    return engine->io.send(engine->io.ctx, peer, frame);
}

int engine_send(struct engine *engine, struct peer peer, const struct envelope *envelope)
{
    return say(engine, peer, session_of(engine, peer), envelope);
}

int session_send(struct engine *engine, struct session *session, const struct envelope *envelope)
{
    return say(engine, session->peer, session, envelope);
}

void engine_flush(struct engine *engine)
{
    while (engine->telling != NULL) {
        (void)outgoing_flush(engine, engine->telling);
    }
}
