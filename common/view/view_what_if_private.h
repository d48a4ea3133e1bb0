/* What the files of what-if share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_WHAT_IF_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_WHAT_IF_PRIVATE_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

#include "common/core/names.h"
#include "common/rules/rule_book.h"
#include "common/view/view_what_if.h"

/* --- firings -------------------------------------------------------------------------------------- */

struct firings {
    struct what_if_firing *first, *last;
};

/* Where what is kept of firings lies: words that come again and again, and all else. */
struct keeping {
    struct names *words;
    struct arena *arena;
};

/* Those among a record's events, each with what it did. ERR_NO_MEMORY. */
int firings_take(struct firings *firings, const struct event *events, size_t n,
                 const struct keeping *keeping);

enum { PASSES_MAX = 65536 /* a record that changes nothing ends a round; this bounds the unforeseen */ };

/* --- the trial: a broker's state under other packs ------------------------------------------------ */

struct trial {
    struct state *state;
    struct rule_book *book;
    struct arena arena; /* of one decision */
    uint64_t epoch;
};

int trial_begin(struct trial *trial); /* ERR_NO_MEMORY */
void trial_end(struct trial *trial);

/* When the incident next wants a look; 0: it does not. */
int64_t trial_due(const struct trial *trial, struct id incident);

/* Each decides, evolves, and adds what fired. ERR_NO_MEMORY. */
int trial_tell(struct trial *trial, const struct event *events, size_t n, int64_t now_ms,
               struct firings *firings, const struct keeping *keeping);
/* ret_refused: it would not be taken, and nothing has changed. */
int trial_say(struct trial *trial, const struct command *command, int64_t now_ms, int64_t utc_ms,
              struct firings *firings, const struct keeping *keeping, bool *ret_refused);
/* What is due by now_ms, as if the broker looked at it then: in `records` records at most. */
int trial_pass(struct trial *trial, struct id incident, int64_t now_ms, int records, struct firings *firings,
               const struct keeping *keeping);
/* All that is due before before_ms, each at its moment, but not before from_ms; was_due: what the log's own
 * broker was about to pass waits for it (0: nothing). */
int trial_advance(struct trial *trial, struct id incident, int64_t from_ms, int64_t before_ms,
                  int64_t was_due, struct firings *firings, const struct keeping *keeping);

/* --- the question --------------------------------------------------------------------------------- */

/* An incident that was reported here. */
struct what_if_live {
    struct id id;
    enum mode mode;
    int64_t reported_ms, last_ms; /* its last record so far */
    const char *title;
    struct firings now, was;
    UT_hash_handle hh;
};

/* A record of history, and whose it is. */
struct what_if_past {
    struct id id;
    uint64_t seq;
};

struct what_if {
    struct what_if_options options;
    struct what_if_result result;
    struct trial trial;
    struct trial base; /* of history: under the versions of the packs that are in force where the log ends */
    struct state *was; /* of the incidents reported here, as they are in the log */
    struct names words;
    struct arena keep;   /* as long as the question */
    struct arena record; /* of one record, then of one incident of history */
    struct what_if_live *live;
    struct what_if_past *past;
    size_t past_n, past_capacity;
    size_t rules_capacity;
    int64_t last_bus_ms;
    struct id chosen; /* by options.incident; zero: none yet */
    char wanted[ID_TEXT];
};

/* Whether the question is about it. ERR_CONFLICT: about another one, too. */
int what_if_is_about(struct what_if *w, struct id incident, enum mode mode, bool *ret, struct err *err);

/* Counts one incident, and compares. difference: all but the firings. */
int what_if_compare(struct what_if *w, const struct what_if_difference *difference, int64_t reported_ms,
                    struct firings *now, struct firings *was, what_if_visit *visit, void *ctx,
                    struct err *err);
/* Those of the packs that are asked about. ERR_NO_MEMORY. */
int what_if_list_rules(struct what_if *w);

/* Puts the packs that are asked about in force. ERR_NO_MEMORY. */
int what_if_set_packs(struct what_if *w);

/* Notes a record of history. ERR_NO_MEMORY. */
int what_if_note_past(struct what_if *w, struct id incident, uint64_t seq);
/* Tells all history anew. */
int what_if_tell_past(struct what_if *w, struct log_reader *reader, what_if_visit *visit, void *ctx,
                      struct err *err);

#endif
