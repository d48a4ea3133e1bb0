/* A small region whose log is written by the real decide(), evolve() and wire, signed by real keys; for the
 * tests of the view. */
#ifndef MUSTER_TESTS_UNIT_VIEW_FIXTURE_H
#define MUSTER_TESTS_UNIT_VIEW_FIXTURE_H

#include "common/core/rule.h"
#include "common/core/state.h"
#include "common/log/log.h"
#include "common/view/view.h"

#define FX_REGION "370102"
#define FX_CENTRE "370102/emergency/centre"
#define FX_STATION "370102/fire-rescue/station-3"
#define FX_OTHER "370102/fire-rescue/station-7"
#define FX_HEALTH "370102/health/ambulance"
/* 2026-11-22 11:00:00 +08:00 */
#define FX_START_MS INT64_C(1795316400000)

enum { FX_FOUNDING = 8 };

struct fixture {
    struct log_store *store;
    struct state *state;
    struct arena arena;
    int64_t now_ms;
    uint64_t counters[8];
    uint8_t random;
    bool tamper_events;   /* the next record tells other events than were decided */
    int tamper_signature; /* 1: the author's, 2: the second person's */
    int64_t step_ms;      /* how far time goes with each command */
    uint64_t epoch;
    const struct rules *rules; /* the test's; NULL: none are asked */
};

/* Takes store over. Ends the test when anything fails. */
void fx_begin(struct fixture *fx, struct log_store *store);
void fx_end(struct fixture *fx);

/* Founding, policy, agents and operators: FX_FOUNDING records. */
void fx_found(struct fixture *fx);

/* Fills in what every command has, signs, decides, appends; returns the record's seq (0: it changed
 * nothing). command->operator or the agent signs; cosigner too if it is set. */
uint64_t fx_say(struct fixture *fx, struct command *command);

struct id fx_id(uint8_t n);

uint64_t fx_report(struct fixture *fx, struct id incident, enum mode mode, const struct facts *facts,
                   enum report_kind kind, const char *text);
uint64_t fx_order(struct fixture *fx, struct id incident, struct id order, const char *addressee,
                  enum mode mode, const char *text, struct id reissue_of);
uint64_t fx_receipt(struct fixture *fx, struct id incident, struct id order, const char *agent,
                    enum mode mode, enum rung rung, const char *text);
uint64_t fx_ack(struct fixture *fx, const char *agent, enum lane lane, uint64_t up_to);
uint64_t fx_pass(struct fixture *fx, struct id incident);

/* The log goes on in the next epoch, from the record that `from` says. */
uint64_t fx_recover(struct fixture *fx, struct log_head from);
/* The agent has shown a head that the broker (or who is named instead) has signed. */
uint64_t fx_note_loss(struct fixture *fx, const char *agent, uint64_t epoch, uint64_t seq, struct hash hash,
                      const char *signer);

/* A whole story: report, order, delivery, answers, a declining, a re-issue, a recall, a refusal, a drill. */
void fx_story(struct fixture *fx);

/* Every record of the store to visit. */
void fx_each(struct fixture *fx, void (*visit)(void *ctx, const struct log_record *record), void *ctx);
void fx_fold(struct fixture *fx, struct view *view);

/* Whether text is one well-formed JSON value. */
bool fx_is_json(const char *text, size_t n);

#endif
