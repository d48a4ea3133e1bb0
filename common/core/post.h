/* A command post 现场指挥部: the lead agency 牵头部门 and the commander 总指挥 of an incident. */
#ifndef MUSTER_COMMON_CORE_POST_H
#define MUSTER_COMMON_CORE_POST_H

#include <stdint.h>

struct names;

struct post {
    const char *home; /* the region that set it up or handed it over last; "": this one */
    const char *lead; /* REGION/AGENCY; texts are interned */
    const char *commander;
    const char *place; /* "": not said */
    uint32_t term;     /* from 1; rises with each handover: (incident, term) has one leader */
    int64_t since_ms;
    const char *offered_lead; /* to whom it is offered; "": to nobody */
    const char *offered_commander;
    int64_t offered_at_ms;
};

void post_mark(const struct post *post, struct names *names); /* NULL is fine */

#endif
