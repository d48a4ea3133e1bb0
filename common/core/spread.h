/* How far an incident reaches 波及: regions that it touches (Emergency Response Law Art. 18), the grade that
 * is thought possible (Art. 62), and the response levels of other regions, beside which ours is activated. */
#ifndef MUSTER_COMMON_CORE_SPREAD_H
#define MUSTER_COMMON_CORE_SPREAD_H

#include "common/core/words.h"

enum { TOUCHED_MAX = 64, OTHER_LEVELS_MAX = 256 };

struct touched_region {
    const char *region; /* interned */
    const char *by;     /* operator or agent; "": a report's division */
    int64_t at_ms;
};

/* Another region's response level, to this incident or to one that is linked to it. */
struct other_level {
    const char *region;
    enum grade level;
    struct id of; /* the linked one; zero: this incident */
    int64_t at_ms;
};

struct spread {
    enum grade expected;     /* NONE: nobody has said */
    const char *expected_by; /* "" or interned */
    struct touched_region *touched;
    size_t touched_n;
    struct other_level *levels;
    size_t levels_n;
};

struct incident;
struct names;

void spread_free(struct spread *spread); /* NULL is fine, as for the next */
void spread_mark(const struct spread *spread, struct names *names);

bool incident_touches(const struct incident *incident, const char *region);
/* The region of a division, at the level of `own`: its code cut to as many digits as tell regions of that
 * level apart, and filled up. ret holds REGION_CODE_MAX + 1 bytes; division is a code. */
void spread_region(const char *division, const char *own, char *ret);
/* It happened, or reaches, within the region: it was reported there, or touches it. */
bool incident_is_here(const struct incident *incident, const char *own);
/* So many regions of our level does it touch, this one too if it is here; at least 1. */
int64_t incident_regions(const struct incident *incident, const char *own);
/* So many of the regions right below this one does it touch (Emergency Response Law Art. 18: of two, this one
 * is the common superior). */
int64_t incident_regions_below(const struct incident *incident, const char *own);
/* The gravest response level of a region that lies neither above nor below; NONE: none is known. */
enum grade incident_neighbour_level(const struct incident *incident, const char *own);

#endif
