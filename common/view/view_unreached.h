/* What reaches nobody: orders to addresses that nobody has, and regions to which no link leads. */
#ifndef MUSTER_COMMON_VIEW_VIEW_UNREACHED_H
#define MUSTER_COMMON_VIEW_VIEW_UNREACHED_H

#include "common/view/view.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* The region from which no link leads on to the one that the incident was referred to; "": as far as is known
 * it is on its way. */
const char *view_unreached_at(const struct view *view, const struct referral *referral);
/* ", referred to 370100, 370199 (NO WAY from 370100)" */
void view_say_referrals(const struct view *view, const struct view_voice *voice,
                        const struct incident *incident, struct buf *ret);
/* "NOBODY is enrolled under this address at 370102"; nothing of an order that may reach somebody, or did. */
void view_say_unreached_order(const struct view_voice *voice, const struct order *order, struct buf *ret);
void view_json_unreached_order(const struct order *order, struct json *json);
/* The regions that are not reached, each with where it ends. */
void view_json_unreached(const struct view *view, const struct incident *incident, struct json *json);

enum { VIEW_UNREACHED_MAX = 64 }; /* regions that are shown */

struct view_unreached {
    const char *region, *at; /* the state's */
    size_t incidents;
};

/* The regions that open incidents are for and to which no link leads, in the order in which they are met, at
 * most VIEW_UNREACHED_MAX; returns their number. */
size_t view_unreached(const struct view *view, struct view_unreached ret[VIEW_UNREACHED_MAX]);

/* For view_step.c. */
void view_step_add_unreached(const struct event *event, struct view_step *step);

#endif
