/* Whether those who go bring what the hazard needs. What nobody stated here (units of another region's
 * agencies are not told to this one) is not known, and never said to be lacking. */
#ifndef MUSTER_COMMON_VIEW_VIEW_EQUIPMENT_H
#define MUSTER_COMMON_VIEW_VIEW_EQUIPMENT_H

#include "common/view/view_say.h"

enum { VIEW_LACKS_MAX = 32 };

struct view_equipment {
    const char *lacks[VIEW_LACKS_MAX]; /* needs that no unit brings; certain: the equipment of all is known */
    size_t lacks_n;
    const char *unstated[VIEW_LACKS_MAX]; /* units whose equipment nobody stated ... */
    size_t unstated_n;
    const char *needed[VIEW_LACKS_MAX]; /* ... and what none of the others brings */
    size_t needed_n;
};

/* Of an open order with units on their way; all else has none of it. Borrows the view's texts; each cut at
 * VIEW_LACKS_MAX words. */
struct view_equipment view_order_equipment(const struct view *view, const struct order *order);

/* "lacks hose" or "unit E1: its equipment was never stated; needed: hose, scba", behind what ret holds;
 * nothing where nothing lacks. */
void view_say_equipment(const struct view *view, const struct view_voice *voice, const struct order *order,
                        struct buf *ret);

/* A line for each unit that lacks something, or whose equipment was never stated, by name: a crew with the
 * wrong equipment must be seen before it arrives. Who names a team names its members too. */
void view_say_equipment_of_units(const struct view *view, const struct view_voice *voice,
                                 const struct order *order, struct buf *ret);

#endif
