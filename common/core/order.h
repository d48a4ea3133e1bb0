/* A dispatch order 指令.
 *
 *              +-----------------------------------------------> RECALLED   (the issuer's word)
 *              |          |           |          |         |
 *   ISSUED -> ACKNOWLEDGED -> ACCEPTED -> EN_ROUTE -> ON_SCENE -> COMPLETED
 *     |  |        |  |
 *     |  +--------|--+---------> EXPIRED     (expires_at passed, not accepted)
 *     +-----------+------------> DECLINED    (the addressee's word)
 *
 * Rungs may be skipped forward, never back. Of an agency's agents the first receipt of a rung counts; who
 * accepts takes the order, and from then on only its receipts count: the others are told and stay.
 * RECALLED, EXPIRED, DECLINED and COMPLETED are outcomes: an order has at most one; what is said after it
 * is noted without effect, or refused when its taker contradicts itself. DELIVERED is derived
 * from Acks and is no rung of state.
 *
 * An order that is not answered (accepted or declined) by answer_by is UNANSWERED: an escalation, once. A
 * rule may remind its addressee then: when that brings no answer either, it is UNANSWERED again, a step
 * higher. An accepted order that is not completed by expires_at is OVERDUE: an escalation, never an end. */
#ifndef MUSTER_COMMON_CORE_ORDER_H
#define MUSTER_COMMON_CORE_ORDER_H

#include "common/core/words.h"

enum { ORDER_STEPS_MAX = 64 }; /* reminders and re-issues: rules that never end are stopped some day */

struct order {
    struct id id;
    const char *kind;
    const char *addressee;
    const char *issuer;    /* agent that sent it */
    const char *operator;  /* who signed it, "" the agent */
    const char *home;      /* the region whose order it is; "": this one */
    const char *unreached; /* the region where it ended, for it reaches nobody; "": it may */
    const char *taker;     /* agent whose receipts count; "" until the first */
    struct words agents;   /* who gets it; array owned by the order, names interned */
    struct words units;    /* who goes, as the taker said; until then who was asked for */
    struct words needs;    /* equipment */
    struct words there;    /* agents that said on-scene and not yet completed, the taker or not, and also
                             after the outcome: whom an evacuation must reach */
    struct id reissue_of;
    struct id evacuation;
    uint64_t content;
    int64_t issued_at_ms;
    int64_t acknowledged_at_ms;
    int64_t accepted_at_ms;
    int64_t en_route_at_ms;
    int64_t on_scene_at_ms;
    int64_t ended_at_ms; /* of the outcome */
    int64_t answer_by_ms;
    int64_t expires_at_ms;
    int64_t amend_by_ms;      /* the last amendment's */
    int64_t unreached_due_ms; /* that is to be said; 0: it was */
    int64_t declined_due_ms;  /* rules are to be asked of its decline; 0: they were */
    int64_t remind_by_ms;     /* unanswered, and its addressee was reminded until then; 0: not, or over */
    uint32_t present;         /* head-count */
    uint32_t missing;
    uint32_t amendments;
    uint32_t amendments_acknowledged; /* up to and including */
    uint8_t rung;                     /* enum rung: the highest reached, or the outcome */
    uint8_t steps;                    /* what rules did for want of an answer, to this and those before it */
    bool history;
    bool unanswered; /* escalated for want of an answer */
    bool overdue;
    bool amendment_overdue;
    bool no_way; /* unreached for want of a link, and not of somebody there */
    bool has_head_count;
    bool says_known; /* it says of what others' orders it was given knowing */
};

/* COMPLETED, DECLINED, RECALLED or EXPIRED. */
bool rung_is_outcome(enum rung rung);
bool order_is_open(const struct order *order);
/* Whether it was escalated for want of an answer, and still has none. */
bool order_is_unanswered(const struct order *order);
bool order_is_evacuation(const struct order *order);

/* The earliest deadline that can still pass, bus ms; 0: none. */
int64_t order_due(const struct order *order);

/* Whether nobody has taken it, or its addressee has said that it cannot: it may go to somebody else. */
bool order_may_go_on(const struct order *order);

/* When it is to be said that it reaches nobody, bus ms; 0: not. */
int64_t order_unreached_due(const struct order *order);

/* May the rung be reached from where the order is? */
bool order_may_reach(const struct order *order, enum rung rung);

/* The lane in which the order itself travels. */
enum lane order_lane(const struct order *order);

/* It has been looked at often enough: rules do nothing more about it. */
bool order_steps_end(const struct order *order);

/* Time of a rung as far as it was reached, 0 otherwise. */
int64_t order_rung_at(const struct order *order, enum rung rung);

/* Time of the last rung that was reached. */
int64_t order_last_at(const struct order *order);

void order_free(struct order *order); /* what it owns, not itself */

#endif
