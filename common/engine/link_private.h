/* What the engine's files share of lines to other regions' brokers: a part of engine_private.h, to be had by
 * including that. */
#ifndef MUSTER_COMMON_ENGINE_LINK_PRIVATE_H
#define MUSTER_COMMON_ENGINE_LINK_PRIVATE_H

#include "common/engine/engine_private.h"

/* The counter of what a link is told: an epoch and a place in its log, which rises, also when a recovery goes
 * back in the log. */
enum { COUNTER_SEQ_BITS = 44 };
#define COUNTER_SEQ_MASK ((UINT64_C(1) << COUNTER_SEQ_BITS) - 1)

struct link {
    char region[REGION_CODE_MAX + 1];
    char name[NAME_MAX_BYTES + 1]; /* the agent that its broker is here */
    struct peer peer;
    bool connected;          /* there is a connection, and Hello was said on it */
    bool welcomed;           /* ... and answered */
    bool dialled;            /* ... which we made */
    uint64_t epoch;          /* of its log, and of ack_seq */
    uint32_t beat_ms;        /* it wants to hear something so often */
    int64_t asked_ms;        /* boot times of the first Hello on this connection ... */
    int64_t hello_ms;        /* ... and of the last */
    int64_t heard_ms;        /* boot time of its last answer: what it says only to whom it hears */
    int64_t again_ms;        /* it was busy: what is for it goes on then; 0: it was not */
    uint64_t ack_seq;        /* heard up to that record of its log ... */
    bool ack_waits;          /* ... which is still to be said */
    bool clock_noted;        /* that its clock is not ours */
    struct signed_head head; /* of its log, the last that it said */
    enum refusal bye;        /* with which it ended the link last */
    struct rival *rival;     /* NULL: none, see link_rival.c */
    bool circle_noted;       /* that it names us as its parent, and cannot */
    struct link *prev, *next;
};

struct link *link_of_peer(const struct engine *engine, struct peer peer);
/* NULL: it is no agent of that name, or there is no line yet. */
struct link *link_of_agent(const struct engine *engine, const char *agent);
void link_say_hello(struct engine *engine, struct link *link, struct peer peer);
/* A region's broker says Hello. False: it is to go on where we have said it. */
bool link_admits(struct engine *engine, const char *agent, struct peer peer);
void link_session(struct engine *engine, struct session *session);
/* The session is about to be dropped, and another takes its place on the same connection. */
void link_session_replaced(struct session *session);
void link_session_ended(struct session *session);
/* That agent is revoked: if it is a link, nothing more is told on it. */
void link_forget(struct engine *engine, const char *name);
/* What it says to us as to its agent; true: it needs no session. */
bool link_take(struct engine *engine, struct peer peer, const struct envelope *envelope);
/* How often we say something in the session. */
uint32_t link_beat_ms(const struct engine *engine, const struct session *session);
/* The session is no link, or the other end takes what it is told. */
bool link_is_ready(const struct session *session);
/* Tells the other end of a record. 0, or what session_send() says; ERR_TOO_BIG or ERR_DATA: it cannot be
 * told, now or ever. */
int link_tell(struct engine *engine, struct session *session, const struct log_record *record);
/* The region does not have that record of ours, which is written down: nobody is to think that it does. */
void link_note_untold(struct engine *engine, const char *region, uint64_t seq, enum refusal refusal,
                      const char *detail);
/* How a command was answered: what a region's broker told us was decided, it may be, or is an old story. */
void link_heard(struct engine *engine, const struct submission *submission, const struct reply *reply);
/* After so long a silence the other end is not reached: two heartbeats are missed, and of the third a
 * quarter is left for writing that down, so that it is known within three of a cut. */
int64_t link_patience_ms(const struct engine *engine);
/* Sets engine->links_ms, when the next line may have been silent for so long. */
void links_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms);
void links_free(struct engine *engine);

/* --- link_rival.c: two brokers that claim one region --------------------------------------------------- */

/* A region's broker says Hello while one is connected as that region's already. False: it is to prove first
 * that its log is the same; it is heard again by itself. */
bool rival_admits(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                  const struct hello *hello);
/* What it says to us as to its agent, meanwhile; true: it needs no session. */
bool rival_take(struct engine *engine, struct peer peer, const struct envelope *envelope);
/* A region's broker names us as its parent, and cannot: it is turned away, for parents would go round in a
 * circle (in each circle somebody is the parent of whoever is not below). */
bool link_names_us_parent(struct engine *engine, struct peer peer, const struct hello *hello);

/* --- tell.c: a record as a command ------------------------------------------------------------------ */

/* Our own name where a link leads. Returns ret. */
const char *tell_name(const struct engine *engine, char ret[NAME_MAX_BYTES + 1]);
/* Signs a command as the other end's agent; its bytes are the arena's. 0, ERR_NO_MEMORY, or ERR_TOO_BIG. */
int tell_sign(struct engine *engine, struct command *command, struct arena *arena,
              struct signed_command *ret);
/* What of a record the region at a link's other end is told: signed, and the same bytes whenever it is made.
 * 0, ERR_NO_MEMORY, ERR_TOO_BIG, or ERR_DATA: it cannot be told. */
int tell_make(struct engine *engine, const char *region, const struct log_record *record, struct arena *arena,
              struct signed_command *ret);
/* The same, as a file brings it: a Signed, the arena's, for the region whose broker is `agent` here. */
int tell_export(struct engine *engine, const char *agent, const struct log_record *record,
                struct arena *arena, struct bytes *ret);
/* What was brought is the word of the broker that it names. */
bool tell_carried_holds(const struct engine *engine, const struct carry_record *carried);
/* The record was signed by the broker of the region whose log it is from, as far as that is known here. */
bool tell_is_vouched(const struct engine *engine, const struct tell_record *told);

/* --- share.c: the past of incidents ---------------------------------------------------------------- */

void share_look(struct engine *engine, struct stream *stream); /* is its past to be told to somebody? */
void shares_look(struct engine *engine);                       /* the same of all, when there is a new link */
void share_forget(struct engine *engine, struct stream *stream);
void shares_pump(struct engine *engine);

#endif
