/* What the files that make a brief share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_BRIEF_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_BRIEF_PRIVATE_H

#include "common/view/view_brief.h"

/* How far a brief looks: records that fit both. */
struct cut {
    uint64_t seq;
    int64_t bus_ms;
};

struct making {
    const struct view *view;
    const struct incident *incident;
    const struct view_incident *told;
    struct view_brief *brief;
    bool zh;
    bool failed;       /* out of memory */
    struct cut cut;    /* what was known then */
    struct cut before; /* ... and at the brief before; seq 0: there is none */
    /* The same two for what rules made of it: they are asked in records that follow the report's at once. */
    struct cut ruled;
    struct cut ruled_before;
    const struct view_step *report;
};

bool brief_is_within(const struct cut *cut, uint64_t seq, int64_t bus_ms);

/* The text, or "" when there was no memory for it. */
const char *brief_kept(struct making *m, const char *text);

/* The brief's orders as they stood at the cut. */
void brief_add_orders(struct making *m);

/* Who was on scene at a cut, by those orders. */
const char *brief_on_scene(struct making *m, const struct cut *cut);

#endif
