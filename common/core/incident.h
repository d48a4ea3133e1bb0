/* An incident 突发事件 with its reports, information requests and orders: one stream, "incident/ID". */
#ifndef MUSTER_COMMON_CORE_INCIDENT_H
#define MUSTER_COMMON_CORE_INCIDENT_H

#include "common/core/dispute.h"
#include "common/core/fact_mark.h"
#include "common/core/order.h"
#include "common/core/otherwise.h"
#include "common/core/post.h"
#include "common/core/rule.h"
#include "common/core/spread.h"
#include "common/core/ties.h"
#include "common/core/words.h"

enum {
    ORDERS_PER_INCIDENT_MAX = 65536,
    SENT_PER_INCIDENT_MAX = 1024,
    REGIONS_PER_INCIDENT_MAX = 256,
    RULES_FIRED_MAX = 4096,
    REQUESTS_PER_INCIDENT_MAX = FACT_COUNT
};

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
    uint64_t terms; /* of the rule as it was when it began to wait; 0: not known */
};

/* A statutory clock of the incident, by the terms under which it started. One of its pack and name. */
struct incident_clock {
    const char *pack;
    struct rule_clock terms; /* its texts interned; how it begins is not kept */
    int64_t begins_ms;
    int64_t due_ms;
    int64_t warn_ms; /* when to warn; 0: not, or it was done */
    int64_t met_ms;  /* by a report of then; 0: not yet */
    bool late;       /* ... after it was due */
    bool overdue;    /* it was told that nothing came */
    bool stopped;
};

/* What went up. */
struct sent_report {
    enum report_kind kind;
    enum medium medium;
    enum tier to;
    bool signer;
    int64_t at_ms;
};

/* A region that is to have its part in the incident. */
struct referral {
    const char *region;
    int64_t at_ms;
    const char *unreached;    /* the region from which no link leads on; "": none, as far as is known */
    int64_t unreached_due_ms; /* that, or that it is no more, is to be said; 0: it was */
};

/* What the region at a link's other end is told. */
struct share {
    const char *region;
    uint64_t up_to_seq; /* of this region's log, as far as the past was told ... */
    bool more;          /* ... and there is more of it */
};

/* Up to which record of a region's log its word is here. */
struct heard_mark {
    const char *region;
    uint64_t epoch;
    uint64_t seq;
};

/* A rule gives the order to the next agency: in a record that follows at once. */
struct reissue {
    struct id order;
    const char *rule;    /* PACK/RULE */
    const char *ability; /* "": any */
    int64_t at_ms;
};

struct incident {
    struct id id;
    enum mode mode;
    bool history;
    bool bare; /* opened by an order without an incident */
    const char *reporter;
    const char *home;         /* the region in whose log it was opened; "": this one */
    const char *lead;         /* the region that took the lead; "": nobody has, and it is the home's */
    const char *lead_offered; /* to that region; "": to none */
    uint32_t lead_term;
    const char *lead_disputed; /* the region that took it, too, apart, and does not lead; "": none */
    int64_t lead_disputed_ms;
    uint64_t content;
    int64_t opened_at_ms; /* reported, to its home */
    int64_t heard_at_ms;  /* by this region, of another's; 0: it is its own, or an older log's */
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
    uint32_t known; /* bits 1u << enum fact */
    struct fact_mark
        *marks; /* FACT_FIELDS; NULL: nothing is known, or an older log's, and it is not shared */
    uint64_t texts[FACT_COUNT]; /* fingerprints of place, unit, course, measures, caller, title */

    enum grade grade;       /* 事件分级; NONE: 未定级 */
    enum grade doubted;     /* what rules would make of it now, or another region says; NONE: no doubt */
    const char *doubted_in; /* the region that says so; "": none, the rules */
    const char *doubted_by; /* ... and whose word it is there; "": a rule's */
    const char *graded_by;  /* operator, agent or PACK/RULE */
    int64_t graded_at_ms;
    int64_t grade_asked_ms; /* a person was asked for it, for no pack grades its kind; 0: not */
    enum grade level;       /* 响应级别; NONE: no response */
    int64_t level_at_ms;
    int64_t level_until_ms; /* expected; 0: not said */
    uint32_t rules_fired;   /* since they were due: what makes itself hold again is stopped some day */
    bool grew;              /* ... by casualties or loss, since the rules were asked last */
    int64_t rules_due_ms;   /* they are to be asked, in a record that follows at once; 0: they were */
    struct rule_hold *holds;
    size_t holds_n;
    struct referral *referrals;
    size_t referrals_n;
    struct share *shares;
    size_t shares_n;
    struct heard_mark *heard;
    size_t heard_n;
    struct incident_clock *clocks;
    size_t clocks_n;
    struct sent_report *sent;
    size_t sent_n;
    int64_t recounted_at_ms; /* known casualties changed last, under rules; 0: never */

    uint32_t amendments_left; /* open orders that are still to be amended, in records that follow at once */
    int64_t amendments_left_at_ms;

    struct reissue *reissues; /* wanted; in the order in which they were */
    size_t reissues_n;
    struct request *requests;
    size_t requests_n;
    struct ties *ties;           /* owned; NULL: none */
    struct post *post;           /* owned; NULL: none */
    struct spread *spread;       /* owned; NULL: nothing is said of it */
    struct disputes *disputes;   /* owned; NULL: none */
    struct otherwise *otherwise; /* owned, OTHERWISES; NULL: none */
    struct order *orders;        /* sorted by id, so that no order of importing can be told from another */
    size_t orders_n;
    size_t orders_capacity;
};

struct order *incident_order(const struct incident *incident, struct id order);
/* The order that was issued in its place; NULL: none was. */
const struct order *incident_replacement(const struct incident *incident, struct id order);
/* Whether the order, or one in whose place it stands, was the agent's: it need not be asked again. */
bool incident_has_asked(const struct incident *incident, const struct order *order, const char *agent);
/* NULL: no rule wants it issued again. */
struct reissue *incident_reissue(const struct incident *incident, struct id order);
bool incident_is_open(const struct incident *incident);
/* 接报: when this region knew of it first. */
int64_t incident_received_ms(const struct incident *incident);
/* It is another region's, or one is told of it. */
bool incident_is_shared(const struct incident *incident);

/* Whether the broker must keep the stream at hand: the incident is open, or an order of it is, unless
 * it is history. */
bool incident_is_live(const struct incident *incident);

/* The earliest deadline of requests and orders, bus ms; 0: none, as for all that is not live. */
int64_t incident_due(const struct incident *incident);

/* It happened at this unit 事发单位, by its name. */
bool incident_is_of_unit(const struct incident *incident, const char *unit);

/* What a report adds to what is known, but for kind and substance, whose texts the caller must keep. */
void incident_learn(struct incident *incident, const struct facts *said);

/* What it knows, of the fields whose values are kept: bits, fact_mark.h. */
uint32_t incident_fields(const struct incident *incident);
/* These fields are not known any more; kind and substance, if they are among them, become what is named.
 * Their marks are not touched: a copy of the incident is fine. */
void incident_forget(struct incident *incident, uint32_t fields, const char *kind, const char *substance);

/* NULL: the rule's condition does not hold, as far as is known. */
struct rule_hold *incident_hold(const struct incident *incident, const char *pack, const char *rule);
/* NULL: none of that name was started. */
struct incident_clock *incident_clock(const struct incident *incident, const char *pack, const char *name);
/* It asks for a report still, in time or late. */
bool clock_runs(const struct incident_clock *clock);
bool clock_is_daily(const struct incident_clock *clock);
/* The region that leads; own: this region's code. */
const char *incident_lead(const struct incident *incident, const char *own);
/* NULL: it was not referred there. */
struct referral *incident_referral(const struct incident *incident, const char *region);
bool incident_is_referred(const struct incident *incident, const char *region);

/* The facts that are new in `said` or differ from what is known; facts_known() of ret is 0 when nothing
 * is. Texts of ret are those of said. */
struct facts incident_news(const struct incident *incident, const struct facts *said);

/* Whether `said` holds another value for something that is known. */
bool incident_contradicts(const struct incident *incident, const struct facts *said);

void incident_clear(struct incident *incident); /* what it owns, not itself */

#endif
