/* A command post 现场指挥部: the lead agency 牵头部门 and the commander 总指挥 of an incident. */
#ifndef MUSTER_COMMON_CORE_POST_H
#define MUSTER_COMMON_CORE_POST_H

#include <stddef.h>
#include <stdint.h>

struct names;

enum { POSTS_APART_MAX = 4 /* of more the oldest gives way; each stands in the log */ };

/* Another that a region set up, or handed over, while it could not hear of the one that is in force. */
struct post_apart {
    const char *region;
    const char *lead;
    const char *commander;
    uint32_t term;
    int64_t at_ms; /* when it became known here that there are two */
};

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
    struct post_apart apart[POSTS_APART_MAX]; /* until a person sets the post, or takes it over, anew */
    size_t apart_n;
};

void post_mark(const struct post *post, struct names *names); /* NULL is fine */

#endif
