/* Between regions: what waits for whom, and how the lines are. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SHARE_H
#define MUSTER_COMMON_VIEW_VIEW_SHARE_H

#include "common/view/view.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* "shared with 370100: 2 records wait since 10:02, not reached since 10:01", a line each, indented. */
void view_say_shares(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                     struct buf *ret);
void view_json_shares(const struct view *view, const struct incident *incident, struct json *json);

/* The way of an order of ours to another region's agency. */
struct view_order_way {
    char region[REGION_CODE_MAX + 1]; /* the addressee's; "": it is ours, or the order is another region's */
    char next[REGION_CODE_MAX + 1];   /* to which the link leads on that way; "": none leads there */
    const char *link;                 /* the agent that is that region's broker; NULL: none */
    struct view_delivery delivery;    /* of the record with which `next` is told of the order */
    bool there; /* the addressee's region has it: it acknowledged it itself, or it was answered from there */
};
struct view_order_way view_order_way(const struct view *view, const struct incident *incident,
                                     const struct order *order);

/* All lines of the region, as a table or as objects. 0 or ERR_NO_MEMORY. */
int view_lines(const struct view *view, const struct view_voice *voice, int64_t now_ms, struct buf *ret);
void view_json_lines(const struct view *view, int64_t now_ms, struct buf *ret);

#endif
