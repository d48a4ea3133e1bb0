/* What the files of the reach share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_REACH_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_REACH_PRIVATE_H

#include "common/core/names.h"
#include "common/view/view_reach.h"

/* Why somebody was told. */
enum reach_why {
    REACH_ORDERED,
    REACH_ISSUED,
    REACH_REPORTED,
    REACH_CENTRE,
    REACH_ROLE,
    REACH_TOLD,
    REACH_WHYS
};

/* A record that waited for an agent. */
struct reach_given {
    const char *agent;
    enum lane lane;
    uint64_t seq;
    enum event_kind kind;
    struct id incident, order;
    enum reach_why why;
    const char *role; /* of REACH_ROLE */
};

/* An agent from this record on. */
struct reach_change {
    const char *agent;
    uint64_t seq;
    int64_t bus_ms;
    bool revoked;
    bool takes_orders;
};

/* An order that did not come to be. */
struct reach_refused {
    const char *addressee;
    uint64_t seq;
    int64_t bus_ms;
    struct id incident, order;
    enum refusal refusal;
};

struct view_reach {
    struct names words;
    char wanted[ID_TEXT]; /* upper case */
    struct id *others;    /* incidents and orders of the same event */
    size_t others_n, others_capacity;
    struct reach_given *given;
    size_t given_n, given_capacity;
    struct reach_change *changes;
    size_t changes_n, changes_capacity;
    struct reach_refused *refused;
    size_t refused_n, refused_capacity;
};

/* Whether it is one of the event's other incidents or orders. */
bool reach_has_other(const struct view_reach *reach, struct id id);

#endif
