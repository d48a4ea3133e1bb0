/* How long it took: report to first order by incident, order to acknowledgement and to on scene by agency.
 * From state alone: a view without details is enough. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STATS_H
#define MUSTER_COMMON_VIEW_VIEW_STATS_H

#include "common/view/view_say.h"

enum { VIEW_SHARE_WITHIN_MS = 60 * 1000, VIEW_SLOWEST = 5 };

/* Durations in ms, sorted. median is at[n / 2], p90 at[floor(0.9 n)]; `within` counts those of
 * VIEW_SHARE_WITHIN_MS or less. */
struct view_series {
    int64_t *at;
    size_t n;
    size_t capacity;
    int64_t median;
    int64_t p90;
    size_t within;
};

struct view_agency {
    char name[NAME_MAX_BYTES + 1]; /* "370102/fire-rescue" */
    uint64_t orders;
    uint64_t units;
    uint64_t declined;
    uint64_t recalled;
    uint64_t expired;
    uint64_t arrived;                /* on scene, or beyond it */
    struct view_series first;        /* report to the incident's first order to this agency */
    struct view_series acknowledged; /* from the order to its first receipt, of whatever rung */
    struct view_series on_scene;     /* from the order */
    int64_t counting_ms;             /* while an incident is being counted */
};

struct view_incident_times {
    struct id id;
    int64_t reported_ms;
    int64_t first_order_ms; /* 0: none */
    uint32_t orders;
    uint32_t arrived;
    int64_t first_scene_ms; /* 0: none */
};

struct view_stats {
    enum mode mode; /* MODE_NONE: all */
    uint64_t open;
    uint64_t clock_steps;         /* of the broker's wall clock; bus time does not follow them */
    uint64_t stops;               /* times that the broker stood still ... */
    int64_t stood_ms;             /* ... and how long in all */
    uint64_t alerts;              /* of other systems */
    uint64_t disputed;            /* ... of which two contents or more are there */
    struct view_agency all;       /* every agency together; name "" */
    struct view_agency *agencies; /* by name */
    size_t agencies_n;
    struct view_incident_times *incidents; /* by id */
    size_t incidents_n;
};

/* ERR_NO_MEMORY. Evacuations are orders but nobody drives to them: no arrival is counted. */
int view_stats_make(const struct state *state, enum mode mode, struct view_stats *ret);
void view_stats_free(struct view_stats *stats);

/* A table for people, with a line for each incident on demand; and one JSON object. */
void view_stats_text(const struct view_stats *stats, const struct state *state,
                     const struct view_voice *voice, bool by_incident, struct buf *ret);
void view_stats_json(const struct view_stats *stats, struct buf *ret);

#endif
