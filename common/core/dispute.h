/* Orders that two regions gave for one incident apart, neither knowing of the other's, to the same
 * addressee; and orders of a region that thought it led, when another had taken the lead. Nothing of it is
 * resolved: both stand as they are, and it is shown until a person recalls one or says that both stand. */
#ifndef MUSTER_COMMON_CORE_DISPUTE_H
#define MUSTER_COMMON_CORE_DISPUTE_H

#include "common/base/buf.h"
#include "common/core/words.h"

enum {
    ORDERS_KNOWN_MAX = 64,        /* of others, that one order names as known */
    DISPUTES_PER_RECORD_MAX = 64, /* what one record brings */
    DISPUTES_PER_INCIDENT_MAX = 1024,
    FORESEEN_PER_INCIDENT_MAX = 4096
};

#define ORDERS_APART_MS (INT64_C(5) * 60 * 1000)

struct incident;
struct order;

struct dispute {
    struct id order;
    struct id other; /* zero: the order was given under a term that was over */
    int64_t at_ms;
    int64_t settled_ms; /* a person said that they stand; 0: nobody has */
};

/* The order was given knowing of one that has not come here yet; order zero: the lead was taken so. */
struct foreseen {
    struct id order;
    struct id known;
};

/* A count that gave way to a later word which did not know it, until somebody counts anew. */
struct apart {
    int64_t count; /* the highest that did */
    int64_t at_ms; /* 0: none */
    char region[REGION_CODE_MAX + 1];
    struct id other; /* of that incident, which is merged into this one and says more than it; else zero */
};

/* A count of which the closing of the incident did not know, until somebody counts anew. */
struct missed {
    struct apart by; /* region "": this one's, or known here */
    int64_t known;   /* the highest that was known instead; COUNT_UNKNOWN: none */
};

enum { COUNTS = 5 }; /* of struct casualties, in its order */

struct disputes {
    struct apart apart[COUNTS];
    struct missed missed[COUNTS];
    int64_t known_ms
        [COUNTS]; /* of when the count is in whose place the present one stands; INT64_MAX: not said */
    struct dispute *at;
    size_t n;
    struct foreseen *foreseen;
    size_t foreseen_n;
};

void disputes_free(struct disputes *disputes); /* NULL is fine */
/* Its lines of state_dump(). */
void disputes_dump(const struct disputes *disputes, struct buf *ret);

/* NULL: there is none of these two, whichever way round. */
struct dispute *incident_dispute(const struct incident *incident, struct id order, struct id other);
bool incident_foresaw(const struct incident *incident, struct id order, struct id known);
/* The i-th open one of the order, from 0; of any order, where it is zero: nobody has said that both stand,
 * and neither is recalled, declined or expired. NULL: there are no more. */
const struct dispute *incident_open_dispute(const struct incident *incident, struct id order, size_t i);
/* The same of those that a person is to be shown: not where one of the two was carried out long before the
 * other was given (ORDERS_APART_MS, for the clocks of two regions differ). */
const struct dispute *incident_shown_dispute(const struct incident *incident, struct id order, size_t i);

/* "dead" ... and the count of it. */
const char *count_name(size_t i);
int64_t count_of(const struct casualties *casualties, size_t i);
/* NULL: none gave way since it was counted last. */
const struct apart *incident_apart(const struct incident *incident, size_t i);
/* NULL: its closing knew it, or it was counted anew. */
const struct missed *incident_missed(const struct incident *incident, size_t i);

/* Recalled, declined or expired: nobody carries it out. */
bool order_is_void(const struct order *order);
/* The region whose order it is; own: this region's code. */
const char *order_region(const struct order *order, const char *own);
/* One address is the other, or an agent of that agency. */
bool addressees_overlap(const char *a, const char *b);

#endif
