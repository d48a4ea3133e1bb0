/* An incident 突发事件 with its reports, information requests and orders: one stream, "incident/ID". */
#ifndef MUSTER_COMMON_CORE_INCIDENT_H
#define MUSTER_COMMON_CORE_INCIDENT_H

#include "common/core/order.h"
#include "common/core/words.h"

enum { ORDERS_PER_INCIDENT_MAX = 65536, REQUESTS_PER_INCIDENT_MAX = FACT_COUNT };

/* A required fact that the initial report lacked: asked for, shown until answered. */
struct request {
    const char *fact;
    int64_t asked_at_ms;
    int64_t due_at_ms;
    int64_t answered_at_ms; /* 0: open */
    bool overdue;
};

/* A rule whose condition holds: it waits until due_ms, or has fired. One of its pack and name. */
struct rule_hold {
    const char *pack;
    const char *rule;
    int64_t since_ms;
    int64_t due_ms; /* 0: it has fired */
};

/* A region with which the incident is shared. */
struct referral {
    const char *region;
    int64_t at_ms;
};

struct incident {
    struct id id;
    enum mode mode;
    bool history;
    bool bare; /* opened by an order without an incident */
    const char *reporter;
    uint64_t content;
    int64_t opened_at_ms; /* reported */
    int64_t closed_at_ms; /* 0: open */
    int64_t final_at_ms;  /* of the final report */
    int64_t last_report_at_ms;
    uint32_t reports;

    /* Facts: what decisions need; of the rest a fingerprint, to see a change. */
    const char *kind;
    const char *substance;
    struct position position;
    struct casualties casualties;
    int64_t loss_cny;
    int64_t occurred_at_ms;
    uint32_t known;             /* bits 1u << enum fact */
    uint64_t texts[FACT_COUNT]; /* fingerprints of place, unit, course, measures, caller, title */

    enum grade grade;      /* 事件分级; NONE: 未定级 */
    enum grade doubted;    /* what rules would make of it now, which is lower; NONE: no doubt */
    const char *graded_by; /* operator, agent or PACK/RULE */
    int64_t graded_at_ms;
    enum grade level; /* 响应级别; NONE: no response */
    int64_t level_at_ms;
    int64_t level_until_ms; /* expected; 0: not said */
    int64_t rules_due_ms;   /* they are to be asked, in a record that follows at once; 0: they were */
    struct rule_hold *holds;
    size_t holds_n;
    struct referral *referrals;
    size_t referrals_n;

    uint32_t amendments_left; /* open orders that are still to be amended, in records that follow at once */
    int64_t amendments_left_at_ms;

    struct request *requests;
    size_t requests_n;
    struct order *orders; /* sorted by id, so that no order of importing can be told from another */
    size_t orders_n;
    size_t orders_capacity;
};

struct order *incident_order(const struct incident *incident, struct id order);
bool incident_is_open(const struct incident *incident);

/* Whether the broker must keep the stream at hand: the incident is open, or an order of it is, unless
 * it is history. */
bool incident_is_live(const struct incident *incident);

/* The earliest deadline of requests and orders, bus ms; 0: none, as for all that is not live. */
int64_t incident_due(const struct incident *incident);

/* What a report adds to what is known, but for kind and substance, whose texts the caller must keep. */
void incident_learn(struct incident *incident, const struct facts *said);

/* NULL: the rule's condition does not hold, as far as is known. */
struct rule_hold *incident_hold(const struct incident *incident, const char *pack, const char *rule);
bool incident_is_referred(const struct incident *incident, const char *region);

/* The facts that are new in `said` or differ from what is known; facts_known() of ret is 0 when nothing
 * is. Texts of ret are those of said. */
struct facts incident_news(const struct incident *incident, const struct facts *said);

/* Whether `said` holds another value for something that is known. */
bool incident_contradicts(const struct incident *incident, const struct facts *said);

void incident_clear(struct incident *incident); /* what it owns, not itself */

#endif
