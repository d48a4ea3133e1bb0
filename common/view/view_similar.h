/* 疑似同一事件: reports of two incidents that may be of one event, because many call in one fire. A
 * suspicion is shown to people with its reasons and changes nothing. Pure. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SIMILAR_H
#define MUSTER_COMMON_VIEW_VIEW_SIMILAR_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

enum {
    /* Callers name the gate, the crossroads, the smoke that they see: a plant is some 300 m across. */
    VIEW_SIMILAR_M = 500,
    /* What a position's own accuracy may add: a mobile phone that only its cell has placed. */
    VIEW_SIMILAR_ACCURACY_M = 1000,
    /* A fire is called in for minutes, a smell of gas for longer; after half an hour it is more likely a
     * second event, or the first incident is known to everybody who answers calls. */
    VIEW_SIMILAR_APART_MS = 30 * 60 * 1000,
    /* Calls go on after a centre has closed what it took for a false alarm. */
    VIEW_SIMILAR_CLOSED_MS = 60 * 60 * 1000,
    /* Columns that a place must have to be looked for in another: "东" is in half of all addresses. */
    VIEW_SIMILAR_PLACE_COLUMNS = 4,
    /* Shown of one incident: the nearest ones. More would be no help. */
    VIEW_SIMILAR_SHOWN = 8
};

/* What is compared of an incident. Texts "" and times 0: not known. */
struct similar_facts {
    struct id id;
    enum mode mode;
    const char *kind;
    const char *place;
    struct position position;
    int64_t occurred_at_ms;
    int64_t opened_at_ms;
};

struct similar {
    bool is_suspected;
    bool has_distance; /* positions in one reference system */
    uint32_t distance_m;
    bool same_place; /* by its words; looked at only without a distance */
    bool same_kind;  /* false: of one of them it is not known */
    int64_t
        later_ms; /* the second happened, or was reported, so much later than the first; negative: earlier */
};

/* Suspected when the mode is the same, the kinds are the same or one is unknown, both happened (where one
 * time is unknown: were reported) within VIEW_SIMILAR_APART_MS, and both are in one place: by distance where
 * both positions are in one reference system (WGS84 and CGCS2000 agree to centimetres; GCJ-02 and BD-09 are
 * off by hundreds of metres and are compared with themselves alone), else by the words of the place, one of
 * which has the other within. An incident is not similar to itself. */
struct similar view_similar(const struct similar_facts *first, const struct similar_facts *second);

struct suspect {
    struct id id;
    struct similar why;
};

/* What an incident may be the same as: the incidents of a view that are open, and those that were closed
 * less than VIEW_SIMILAR_CLOSED_MS before now_ms; not what an importer brought. Gathered once, for many
 * questions. */
struct similar_pool {
    const struct view *view;
    int64_t now_ms;
    struct similar_facts *at;
    size_t n;
    size_t capacity;
    bool failed;
};

/* view with details, not changed as long as the pool is used. 0 or ERR_NO_MEMORY. */
int view_similar_pool(const struct view *view, int64_t now_ms, struct similar_pool *ret);
void view_similar_pool_free(struct similar_pool *pool); /* zeroed is fine */

/* Of the pool those that may be the same event as this incident of the view: at most max, the likeliest
 * first. Returns how many; of a zeroed pool 0. */
size_t view_suspects(const struct similar_pool *pool, struct id incident, struct suspect *ret, size_t max);

/* "suspected to be the same event: ID TITLE, 120 m away, 4 min earlier", escaped, without an end of line. */
void view_say_suspect(const struct view *view, const struct view_voice *voice, const struct suspect *suspect,
                      struct buf *ret);
/* An array of them under key. */
void view_suspects_json(const struct view *view, const struct suspect *suspects, size_t n, const char *key,
                        struct json *json);

#endif
