/* What the files of the view share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_PRIVATE_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

#include "common/core/names.h"
#include "common/view/view.h"

struct incident_entry {
    struct view_incident incident;
    UT_hash_handle hh;
};

struct order_entry {
    struct view_order order;
    UT_hash_handle hh;
};

struct proof {
    uint64_t up_to;
    uint64_t seq;
    int64_t bus_ms;
};

struct waiting {
    uint64_t seq;
    struct id order;
};

struct lane_entry {
    struct proof *proofs; /* ascending */
    size_t proofs_n;
    size_t proofs_capacity;
    struct waiting *waiting; /* orders not proved delivered */
    size_t waiting_n;
    size_t waiting_capacity;
};

struct agent_entry {
    const char *name;
    uint64_t last_seq;
    struct lane_entry lanes[LANE_MAX + 1];
    uint64_t *centre; /* records that gave the right "centre", took it, gave it again ... */
    size_t centre_n;
    size_t centre_capacity;
    UT_hash_handle hh;
};

/* What of an alert was applied. */
struct alert_mark {
    struct id alert;
    uint64_t last_seq;
    UT_hash_handle hh;
};

/* A record that a region was not told, and never will be by itself. */
struct untold {
    const char *region;
    uint64_t seq;
    enum refusal refusal; /* NOT: it is too large, or damaged */
    const char *detail;
    int64_t at_ms;
};

struct view {
    bool details;
    struct state *state;
    struct view_counts counts;
    struct arena keep; /* lives as long as the view */
    struct arena record;
    struct incident_entry *incidents;
    struct order_entry *orders;
    struct agent_entry *agents;
    struct alert_mark *alerts;
    struct names names;
    uint64_t region_seq;
    struct untold *untold;
    size_t untold_n;
    size_t untold_capacity;
    struct id *delivered;
    size_t delivered_n;
    size_t delivered_capacity;
    struct view_refusal refusals[VIEW_REFUSALS_KEPT]; /* a ring */
    size_t refusals_n;
};

/* Frees a uthash of entries that own nothing else. */
#define VIEW_FREE_ALL(table, type)               \
    do {                                         \
        type *next_;                             \
        type *entry_ = (table);                  \
        HASH_CLEAR(hh, (table));                 \
        for (; entry_ != NULL; entry_ = next_) { \
            next_ = entry_->hh.next;             \
            free(entry_);                        \
        }                                        \
    } while (0)

/* view_story.c: the words of incidents and orders. NULL: out of memory. */
const char *view_intern(struct view *view, const char *text);
struct incident_entry *view_incident_make(struct view *view, struct id id);
/* The last record of the alert; NULL: out of memory. */
uint64_t *view_alert_mark(struct view *view, struct id alert);
/* What an event adds to the stories. 0 or ERR_NO_MEMORY. */
int view_note(struct view *view, const struct view_record *record, const struct event *event);
/* What is said replaces what is known; said must live as long as the view. */
void view_merge_facts(struct facts *known, const struct facts *said);
/* What the step, FACTS_RETURNED, takes away again. */
void view_return_facts(struct facts *known, const struct view_step *step);

/* view_untold.c. 0 or ERR_NO_MEMORY. */
int view_note_untold(struct view *view, const struct event *event, const struct view_step *step);

/* view_delivery.c: what waits for whom, and what proves that it came. */
struct agent_entry *view_agent_make(struct view *view, const char *name);
void view_agents_free(struct view *view);
int view_wait_for(struct view *view, const char *agent, enum lane lane, uint64_t seq, struct id order);
int view_prove(struct view *view, const struct view_step *step);
/* After an enrolment or revocation of the agent: whether it is a command centre now. 0 or ERR_NO_MEMORY. */
int view_note_centre(struct view *view, uint64_t seq, const char *agent);
/* Whether it was one when that record was decided, and so was told of the reports in it. */
bool view_was_centre(const struct view *view, const char *agent, uint64_t seq);

/* Room for one more element of `size` bytes. */
int view_grow(void **at, size_t n, size_t *capacity, size_t size);

#endif
