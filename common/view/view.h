/* What a reader makes of a log: folds its records with the broker's own evolve(), and keeps beside the
 * state what state does not need to decide: words, reasons, who was told when, what was refused. Records
 * come from a log or from a tail. One thread; no clock, no I/O. */
#ifndef MUSTER_COMMON_VIEW_VIEW_H
#define MUSTER_COMMON_VIEW_VIEW_H

#include "common/core/state.h"
#include "common/view/view_step.h"

enum {
    VIEW_REFUSALS_KEPT = 64,               /* the last ones, with their words */
    VIEW_RECORD_MEMORY = 64 * 1024 * 1024, /* what decoding one record may cost: 70,000 events at most */
    VIEW_SUFFIX_MIN = 4                    /* characters of an id's end that may stand for it */
};

struct view_options {
    /* Keep the words and the story of each incident and order. Without: state and counts only, the
     * commands are not even decoded; what statistics need. */
    bool details;
};

struct view;

/* A step of a story; in order of seq. */
struct view_told {
    struct view_step step; /* its texts are the view's */
    struct view_told *next;
};

/* Beside struct incident of core. Texts are the view's, "" when not said. */
struct view_incident {
    struct id id;
    uint64_t opened_seq;
    uint64_t last_seq;
    struct facts facts; /* all that is known */
    const char *source; /* history: whose, and its key there */
    const char *key;
    const char *close_reason;
    struct view_told *first; /* what is of the incident and of no order */
    struct view_told *last;
};

/* Beside struct order of core. */
struct view_order {
    struct id id;
    struct id incident;
    uint64_t issued_seq;
    uint64_t ended_seq; /* of the outcome; 0: open */
    const char *text;
    const char *end_reason; /* the words of a recall or a declining */
    struct view_told *first;
    struct view_told *last;
};

struct view_refusal {
    uint64_t seq;
    int64_t bus_ms;
    enum command_kind kind;
    enum refusal refusal;
    enum mode mode;
    char author[NAME_MAX_BYTES + 1];
    char detail[256];
};

struct view_counts {
    uint64_t records;
    uint64_t events;
    uint64_t refused;
    uint64_t redacted;
    uint64_t unknown_events; /* of kinds that a newer version writes */
    uint64_t last_seq;       /* the highest applied */
    int64_t last_bus_ms;
};

/* NULL: out of memory. */
struct view *view_new(const struct view_options *options);
void view_free(struct view *view);

/* Takes a record in. One that was applied before (a tail gives the open streams one by one, then what is
 * new) changes nothing, and ret_new (may be NULL) is false; without details records must come in order of
 * seq. ERR_NO_MEMORY: the view is then of no more use. */
int view_apply(struct view *view, const struct view_record *record, bool *ret_new);

/* Decodes and applies; the memory is the view's own and given back at once. */
int view_take(struct view *view, const struct log_record *record, struct err *err);

const struct state *view_state(const struct view *view);
struct view_counts view_counts(const struct view *view);

/* NULL when unknown, or without details. */
const struct view_incident *view_incident(const struct view *view, struct id id);
const struct view_order *view_order(const struct view *view, struct id id);
/* The order with its incident as state has them; NULL when unknown. */
const struct order *view_find_order(const struct view *view, struct id id,
                                    const struct incident **ret_incident);

/* An id by its 26 characters or by their end (VIEW_SUFFIX_MIN and more). ERR_DATA: no id; ERR_NOT_FOUND;
 * ERR_CONFLICT: several end so. Needs details. */
int view_find(const struct view *view, const char *text, struct id *ret, bool *ret_is_order, struct err *err);

/* The proof that a record that waits for an agent in a lane is with it. */
struct view_delivery {
    bool delivered;
    uint64_t seq; /* of the Ack */
    int64_t bus_ms;
};
struct view_delivery view_delivered(const struct view *view, const char *agent, enum lane lane, uint64_t seq);

/* Whether the agent has, or had at some time, the right "centre": it was told of the reports of that time. */
bool view_is_or_was_centre(const struct view *view, const char *agent);

/* Whether an agent that acknowledged the order by record ack_seq may have been given its tombstone alone: it
 * was recalled or had expired by then. */
bool view_order_may_be_tombstone(const struct order *order, const struct view_order *told, uint64_t ack_seq);

/* Orders that the Ack applied last has shown as delivered to its author; valid until the next one. */
size_t view_just_delivered(const struct view *view, const struct id **ret);

/* The last refusals, oldest first: the i-th, NULL beyond. */
const struct view_refusal *view_refusal(const struct view *view, size_t i);

#endif
