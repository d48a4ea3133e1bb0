/* What was decided, as plain structs: proto/muster/v1/event.proto without its bytes. */
#ifndef MUSTER_COMMON_CORE_EVENT_H
#define MUSTER_COMMON_CORE_EVENT_H

#include "common/core/command.h"
#include "common/core/generation.h"
#include "common/core/warning.h"
#include "common/core/words.h"

/* The numbers are the body's field numbers in event.proto. Whoever adds one: docs/log.md, "Rules of change",
 * says how older brokers get to know at their start. */
#define EVENT_LIST(X)                                             \
    X(EVENT_REGION_FOUNDED, 1, "region-founded")                  \
    X(EVENT_AGENT_ENROLLED, 2, "agent-enrolled")                  \
    X(EVENT_OPERATOR_ENROLLED, 3, "operator-enrolled")            \
    X(EVENT_REVOKED, 4, "revoked")                                \
    X(EVENT_POLICY_SET, 5, "policy-set")                          \
    X(EVENT_CLOCK_SET, 6, "clock-set")                            \
    X(EVENT_REFUSALS_COUNTED, 7, "refusals-counted")              \
    X(EVENT_RECOVERED, 8, "recovered")                            \
    X(EVENT_PACK_SET, 9, "pack-set")                              \
    X(EVENT_PACK_DROPPED, 10, "pack-dropped")                     \
    X(EVENT_GENERATION_BEGUN, 11, "generation-begun")             \
    X(EVENT_DIVISIONS_SET, 12, "divisions-set")                   \
    X(EVENT_INCIDENT_OPENED, 16, "incident-opened")               \
    X(EVENT_REPORT_FILED, 17, "report-filed")                     \
    X(EVENT_FACTS_CHANGED, 18, "facts-changed")                   \
    X(EVENT_INFORMATION_REQUESTED, 19, "information-requested")   \
    X(EVENT_INFORMATION_ANSWERED, 20, "information-answered")     \
    X(EVENT_INFORMATION_OVERDUE, 21, "information-overdue")       \
    X(EVENT_INCIDENT_CLOSED, 22, "incident-closed")               \
    X(EVENT_AMENDMENTS_LEFT, 23, "amendments-left")               \
    X(EVENT_RULES_DUE, 24, "rules-due")                           \
    X(EVENT_RULES_ASKED, 25, "rules-asked")                       \
    X(EVENT_RULE_WAITS, 26, "rule-waits")                         \
    X(EVENT_RULE_FIRED, 27, "rule-fired")                         \
    X(EVENT_RULE_ENDED, 28, "rule-ended")                         \
    X(EVENT_GRADED, 29, "graded")                                 \
    X(EVENT_GRADE_DOUBTED, 30, "grade-doubted")                   \
    X(EVENT_LEVEL_SET, 31, "level-set")                           \
    X(EVENT_ORDER_ISSUED, 32, "order-issued")                     \
    X(EVENT_ORDER_AMENDED, 33, "order-amended")                   \
    X(EVENT_AMENDMENT_ACKNOWLEDGED, 34, "amendment-acknowledged") \
    X(EVENT_AMENDMENT_OVERDUE, 35, "amendment-overdue")           \
    X(EVENT_RUNG_REACHED, 36, "rung-reached")                     \
    X(EVENT_RECEIPT_NOTED, 37, "receipt-noted")                   \
    X(EVENT_ORDER_RECALLED, 38, "order-recalled")                 \
    X(EVENT_ORDER_EXPIRED, 39, "order-expired")                   \
    X(EVENT_ORDER_UNANSWERED, 40, "order-unanswered")             \
    X(EVENT_ORDER_OVERDUE, 41, "order-overdue")                   \
    X(EVENT_ORDER_REMINDED, 42, "order-reminded")                 \
    X(EVENT_REISSUE_WANTED, 43, "reissue-wanted")                 \
    X(EVENT_ORDER_REISSUED, 44, "order-reissued")                 \
    X(EVENT_ABILITY_SHORT, 45, "ability-short")                   \
    X(EVENT_UNITS_STATED, 48, "units-stated")                     \
    X(EVENT_ACKNOWLEDGED, 49, "acknowledged")                     \
    X(EVENT_LOSS_NOTED, 50, "loss-noted")                         \
    X(EVENT_ALERT_RECORDED, 56, "alert-recorded")                 \
    X(EVENT_REFERRED, 64, "referred")                             \
    X(EVENT_NOTIFIED, 65, "notified")                             \
    X(EVENT_REPORT_SENT, 66, "report-sent")                       \
    X(EVENT_CLOCK_STARTED, 67, "clock-started")                   \
    X(EVENT_CLOCK_WARNED, 68, "clock-warned")                     \
    X(EVENT_CLOCK_OVERDUE, 69, "clock-overdue")                   \
    X(EVENT_CLOCK_MET, 70, "clock-met")                           \
    X(EVENT_CLOCK_STOPPED, 71, "clock-stopped")                   \
    X(EVENT_INCIDENT_LINKED, 80, "incident-linked")               \
    X(EVENT_INCIDENT_MERGED, 81, "incident-merged")               \
    X(EVENT_INCIDENT_JOINED, 82, "incident-joined")               \
    X(EVENT_INCIDENT_SPLIT, 83, "incident-split")                 \
    X(EVENT_ORDERS_MOVED, 84, "orders-moved")                     \
    X(EVENT_POST_SET, 85, "post-set")                             \
    X(EVENT_POST_OFFERED, 86, "post-offered")                     \
    X(EVENT_POST_TAKEN, 87, "post-taken")                         \
    X(EVENT_POST_KEPT, 88, "post-kept")                           \
    X(EVENT_GRADE_ASKED, 89, "grade-asked")                       \
    X(EVENT_DIVISION_DOUBTED, 90, "division-doubted")             \
    X(EVENT_SHARE_BEGUN, 100, "share-begun")                      \
    X(EVENT_SHARED, 101, "shared")                                \
    X(EVENT_HEARD, 102, "heard")                                  \
    X(EVENT_LINK_SET, 103, "link-set")                            \
    X(EVENT_CANARY_SENT, 104, "canary-sent")                      \
    X(EVENT_CANARY_HEARD, 105, "canary-heard")                    \
    X(EVENT_LEAD_OFFERED, 106, "lead-offered")                    \
    X(EVENT_LEAD_TAKEN, 107, "lead-taken")                        \
    X(EVENT_LEAD_DISPUTED, 108, "lead-disputed")                  \
    X(EVENT_UNTOLD, 109, "untold")                                \
    X(EVENT_GRADE_EXPECTED, 120, "grade-expected")                \
    X(EVENT_REGION_TOUCHED, 121, "region-touched")                \
    X(EVENT_LEVEL_HEARD, 122, "level-heard")                      \
    X(EVENT_LOOKOUT_BEGAN, 140, "lookout-began")                  \
    X(EVENT_LOOKOUT_FIRED, 141, "lookout-fired")                  \
    X(EVENT_LOOKOUT_ENDED, 142, "lookout-ended")                  \
    X(EVENT_LOOKOUT_DOUBTED, 143, "lookout-doubted")              \
    X(EVENT_LOOKOUT_LIMITED, 144, "lookout-limited")              \
    X(EVENT_ORDER_UNREACHED, 150, "order-unreached")              \
    X(EVENT_REGION_UNREACHED, 151, "region-unreached")            \
    X(EVENT_ORDERS_KNOWN, 160, "orders-known")                    \
    X(EVENT_ORDERS_DISPUTED, 161, "orders-disputed")              \
    X(EVENT_DISPUTE_SETTLED, 162, "dispute-settled")              \
    X(EVENT_COUNTS_KNOWN, 163, "counts-known")                    \
    X(EVENT_COUNT_APART, 164, "count-apart")                      \
    X(EVENT_WARNING_TAKEN, 170, "warning-taken")                  \
    X(EVENT_WARNING_BEGAN, 171, "warning-began")                  \
    X(EVENT_WARNING_FIRED, 172, "warning-fired")                  \
    X(EVENT_WARNING_ENDED, 173, "warning-ended")                  \
    X(EVENT_WARNINGS_HEEDED, 174, "warnings-heeded")              \
    X(EVENT_FACTS_TAKEN, 180, "facts-taken")                      \
    X(EVENT_FACTS_RETURNED, 181, "facts-returned")                \
    X(EVENT_GRADE_OTHERWISE, 182, "grade-otherwise")              \
    X(EVENT_PART_HEARD, 183, "part-heard")                        \
    X(EVENT_POST_APART, 184, "post-apart")                        \
    X(EVENT_COUNT_MISSED, 186, "count-missed")

enum event_kind {
    EVENT_NONE = 0,
#define EVENT_ENUM(name, number, text) name = (number),
    EVENT_LIST(EVENT_ENUM)
#undef EVENT_ENUM
};

const char *event_kind_name(enum event_kind kind);

struct pack_set {
    const char *name;
    const char *version;
    uint8_t hash[HASH_OF_PACK_BYTES];
    const char *text;
    int64_t at_ms; /* 0: of a log of before */
};

struct generation_begun {
    uint32_t generation;
};

struct incident_opened {
    enum mode mode;
    const char *reporter;
    bool history;
    bool bare;
    uint64_t content;
    const char *home;    /* the region in whose log it was opened; "": this one */
    int64_t received_ms; /* when this region knew of it; 0: an older log's */
};

struct report_filed {
    enum report_kind kind;
    uint32_t number;
    const char *reporter;
    struct id under; /* the id that it named, which was merged into this incident; zero: this one's */
};

struct incident_closed {
    bool says_counts;             /* of a shared one */
    struct casualties casualties; /* the highest that were known of each */
};

struct information {
    const char *fact;
    int64_t due_at_ms; /* of a request */
};

/* A fact as a rule saw it; value "": not known. */
struct seen_fact {
    const char *fact;
    const char *value;
};

struct rules_due {
    bool recounted; /* casualties that were known have changed */
    bool grew;      /* casualties or loss are more than was known */
};

struct rule_step { /* waits, fired, ended */
    const char *pack;
    const char *version; /* fired */
    const char *rule;
    const char *when;             /* fired: the trigger's word */
    const struct seen_fact *seen; /* fired */
    size_t seen_n;
    int64_t due_at_ms; /* waits */
    uint64_t terms;    /* waits: print of the rule's condition, duration and actions; 0: a log of before */
};

/* What a rule says of a reading, or of a silence: lookout.h. */
struct lookout_step {
    const char *agent; /* whose reading, or who is silent */
    const char *unit;  /* both "" of a silence */
    const char *name;
    enum mode mode;
    const char *pack;
    const char *version;
    const char *rule;
    const char *when;
    int64_t since_ms;  /* of a silence: the last word */
    int64_t due_at_ms; /* began: fires then if it still holds */
    bool known;        /* doubted: it can be told again */
    const struct seen_fact *seen;
    size_t seen_n;
    struct words roles; /* fired: who is notified */
};
struct lookout_limited {
    const char *agent;
    uint32_t at_most;
    bool readings; /* that the broker follows; else what rules look at of the agent */
};

struct graded { /* and doubted */
    enum grade grade;
    const char *by;     /* operator or agent; "": a rule */
    const char *rule;   /* PACK/RULE; "": a person */
    const char *region; /* doubted: whose word it is, who leads; "": a rule of this region */
    struct words unknown;
    struct id
        from; /* nobody graded it: it came with that incident, which was merged into this one; else zero */
};

struct grade_asked {
    struct id of;     /* the grade came with that incident, which is another event; else zero */
    const char *rule; /* PACK/RULE that gave the grade and does not hold any more; "" and no `of`: no pack
                       * grades its kind */
};

/* What the grade would be, by rules: if casualties corrected after the term of the law counted; or by the
 * count that another region has. */
struct grade_otherwise {
    enum grade grade;    /* NONE: no other than it is, any more */
    const char *rule;    /* PACK/RULE */
    const char *article; /* of the law, as the rule names it; "" */
    const char *fact;    /* "dead", of a count; "": of a correction */
    const char *region;  /* whose count; "": what was known here before */
    int64_t count;       /* of a correction the day on which it was made, that of the accident being 0 ... */
    int64_t up_to;       /* ... and the last on which it would have counted */
};

struct level_set {
    enum grade level; /* NONE: the response is over */
    const char *by;
    const char *rule;
    int64_t until_ms;
};

/* How far an incident reaches. */
struct grade_expected {
    enum grade grade; /* NONE: none any more */
    const char *by;
};

struct region_touched {
    const char *region;
    const char *by; /* "": a report's division */
};

struct level_heard {
    const char *region;
    enum grade level; /* NONE: the response there is over */
    struct id of;     /* the linked incident whose it is; zero: this one's */
};

struct referred {
    const char *region;
    const char *rule;
};

struct notified {
    const char *role;
    const char *rule;
    bool nobody; /* has the role: the centres were told ... */
    bool untold; /* ... or nobody was, for there is none */
};

struct report_sent {
    enum report_kind kind;
    enum medium medium;
    enum tier to;
    const char *signed_off_by;
};

struct clock_step { /* started, warned, overdue, met, stopped */
    const char *pack;
    const char *clock;
    const char *title; /* started, and all to its `warn_ms` */
    const char *rule;  /* stopped, too */
    int64_t begins_at_ms;
    int64_t due_at_ms; /* overdue, too */
    int64_t warn_at_ms;
    enum report_kind report;
    enum medium medium;
    enum tier to;
    bool signer;
    struct words daily;
    int64_t warn_ms;
    bool late; /* met */
};

struct incident_linked {
    struct id other;
    enum link_kind kind; /* NONE: not any more */
    bool caused;         /* the other is the consequence */
    bool merged;         /* another region has merged them: taken back when that is */
};

struct incident_merged { /* merged, joined, split */
    struct id other;
    uint32_t parts; /* joined: how many ids came with the other, its own too */
};

/* Facts that came with a merge, as the event before this one has them: nobody has said them of this incident.
 * And given back: they are not known any more, or what they were before. */
struct facts_taken {       /* and returned */
    struct id other;       /* whose they are */
    struct words fields;   /* their names, fact_mark.h */
    const char *kind;      /* as it was before, if it is among them; "": not known */
    const char *substance; /* the same */
    enum grade grade;      /* that it had before */
    bool graded;           /* returned: the grade that it has came with them; a person decides */
};

struct part_heard { /* of an incident merged into this one, where another region tells of it */
    struct id other;
    struct words fields; /* the names of facts that were said, fact_mark.h */
    bool graded;         /* its grade rose */
    bool due;            /* what this makes of the incident follows in a record of its own, which says so */
};

struct orders_moved {
    struct id other;
    const struct id *orders;
    size_t orders_n;
    bool taken; /* issued under the other, and belong here */
};

struct post_step {    /* set, offered, taken, kept, apart */
    const char *home; /* the region that says so; "": this one (apart: never, but the region by its code) */
    const char *lead;
    const char *commander;
    const char *place; /* set */
    const char *from;  /* taken, offered: who led, or does; kept: to whom it was offered */
    uint32_t term;     /* of the one who leads now; offered: that would begin */
    bool withdrawn;    /* kept: the offer was, else it was refused */
    bool settles;      /* set, taken: others had been set up apart, and this one stands */
};

struct division_doubted {
    const char *division;
};

struct order_issued {
    const char *kind;
    const char *addressee;
    struct words agents;
    struct words units; /* asked for by name */
    const char *issuer;
    const char *operator;
    int64_t answer_by_ms;
    int64_t expires_at_ms;
    struct id reissue_of;
    struct id evacuation;
    struct words needs;
    bool history;
    uint64_t content;
    const char *home; /* the region whose order it is; "": this one */
};

struct order_amended {
    uint32_t amendment;
    struct words needs;
    int64_t answer_by_ms;
};

struct amendment_answer {
    uint32_t amendment;
    const char *agent;
};

struct amendments_left {
    uint32_t orders; /* open ones that are still to be amended; 0: none any more */
};

struct rung_reached {
    enum rung rung;
    const char *agent;
    struct words units;
    uint32_t present;
    uint32_t missing;
};

struct order_recalled {
    const char *by;
    int64_t expires_at_ms; /* the order's: until then whoever has not seen it keeps the recall */
};

/* What rules do about an order that nobody answers; `rule` is PACK/RULE, steps count from 1. */
struct order_reminded {
    const char *rule;
    uint32_t step;
    int64_t answer_by_ms; /* when rules are asked again */
};

struct reissue_wanted {
    const char *rule;
    const char *ability; /* "": any */
};

struct order_reissued {
    struct id by;       /* the order that takes its place */
    const char *former; /* whose it was, and who is told that it is withdrawn */
    const char *addressee;
    const char *rule;
    uint32_t step; /* of the new order */
};

struct ability_short { /* the order stays where it is */
    const char *rule;
    const char *ability; /* what nobody else has; "": nothing was asked for */
    uint32_t free;       /* units of others that have it and are free, but not all that is needed */
    bool unsaid;         /* it cannot be said again: redacted, too long, or its author may not any more */
};

struct units_stated {
    const char *agent;
    const struct unit *units;
    size_t units_n;
};

struct acknowledged {
    const char *agent;
    enum lane lane;
    uint64_t up_to_seq;
    uint64_t head_seq;
};

struct share_begun {
    const char *region; /* at the link's other end */
    uint64_t up_to_seq; /* it was told so far ... */
    bool more;          /* ... and the rest is to follow before anything new */
};

struct heard {
    const char *region; /* whose log it was */
    uint64_t epoch;
    uint64_t seq;
};

struct lead_step {      /* offered, taken, disputed */
    const char *region; /* that is to lead, does, or says so */
    uint32_t term;
    const char *from; /* that leads, or led */
    bool alone;       /* taken: without an offer; disputed: the one that says so is above, and leads */
};

/* Who is not reached; `due`: noted in another region's word, and to be said in a record of this region's own
 * that follows at once. */
struct order_unreached {
    const char *region; /* where it ended; "": a way was found */
    bool no_way;        /* from there to its addressee's; else nobody is enrolled there under its address */
    bool due;
};

struct region_unreached {
    const char *region; /* to which the incident was referred */
    const char *at;     /* where no link leads on; "": a way was found */
    bool due;
};

/* What was known here of other regions' orders when the event's order was given, or, without one, when the
 * lead was taken: so that whoever hears of it can tell what was done apart from what followed. */
struct orders_known {
    const struct id *known; /* to the same addressee; of a lead: of who led until then */
    size_t known_n;
    bool more;        /* of a lead: there were more, and who is not named may have been known */
    const char *lead; /* the region that led, as far as was known */
    uint32_t term;
};

struct orders_disputed { /* and settled */
    struct id other;     /* zero: the order was given under a term that was over */
    const char *region;  /* whose the event's order is ... */
    const char *against; /* ... and whose the other is, or who led */
    const char *by;      /* settled: whose word it is */
};

/* With counts that are said of a shared incident: of when the ones are in whose place they stand; 0: none. */
struct counts_known {
    int64_t dead_ms;
    int64_t missing_ms;
    int64_t serious_ms;
    int64_t minor_ms;
    int64_t trapped_ms;
};

int64_t known_count_ms(const struct counts_known *known, size_t i); /* in the order of struct casualties */

/* A count that two regions said apart: the later word holds, and this one gave way. */
struct count_apart {    /* and missed: the incident was closed not knowing of it */
    const char *fact;   /* "dead" */
    const char *region; /* whose word it was, which came late; "": what was known here before */
    int64_t count;
    int64_t holds;   /* missed: what was known instead; COUNT_UNKNOWN: none */
    struct id other; /* it was counted of that incident, which is merged into this one; else zero */
};

struct canary {
    const char *region;
    int64_t sent_at_ms;
    int64_t heard_at_ms; /* when the other end sent the last one that has come from there, by its clock */
    uint32_t late_ms;    /* nothing crosses where the last known one is older, as who sent this reckons */
};

struct event {
    enum event_kind kind;
    struct id incident; /* of all incident and order events */
    struct id order;    /* of all order events */
    int64_t at_ms;      /* of those that have one */
    union {
        struct found_region region_founded;
        struct enrol enrolled; /* agent or operator */
        struct revoke revoked;
        struct policy policy_set;
        struct set_clock clock_set;
        struct count_refusals refusals_counted;
        struct recover recovered;
        struct pack_set pack_set;
        struct drop_pack pack_dropped;
        struct generation_begun generation_begun;
        struct set_divisions divisions_set;
        struct division_doubted division_doubted;
        struct note_loss loss_noted;
        struct incident_opened incident_opened;
        struct report_filed report_filed;
        struct incident_closed incident_closed;
        struct facts facts_changed;
        struct information information; /* requested, answered, overdue */
        struct order_issued order_issued;
        struct order_amended order_amended;
        struct amendment_answer amendment; /* acknowledged, overdue */
        struct amendments_left amendments_left;
        struct rules_due rules_due;
        struct rule_step rule;
        struct graded graded; /* doubted, too */
        struct grade_asked grade_asked;
        struct grade_otherwise otherwise;
        struct level_set level_set;
        struct referred referred;
        struct grade_expected grade_expected;
        struct region_touched region_touched;
        struct level_heard level_heard;
        struct notified notified;
        struct report_sent report_sent;
        struct clock_step clock;
        struct incident_linked linked;
        struct incident_merged merged; /* joined, split, too */
        struct facts_taken taken;      /* returned, too */
        struct orders_moved moved;
        struct post_step post;
        struct rung_reached rung; /* rung-reached, receipt-noted */
        struct order_recalled order_recalled;
        struct order_reminded order_reminded;
        struct reissue_wanted reissue_wanted;
        struct order_reissued order_reissued;
        struct ability_short ability_short;
        struct units_stated units_stated;
        struct acknowledged acknowledged;
        struct alert_recorded alert_recorded;
        struct share_begun share_begun;
        struct heard heard;
        struct orders_known orders_known;
        struct orders_disputed disputed; /* settled, too */
        struct counts_known counts_known;
        struct count_apart count_apart; /* missed, too */
        struct part_heard part_heard;
        struct note_link link_set;
        struct note_untold untold;
        struct canary canary;  /* sent, heard */
        struct lead_step lead; /* offered, taken, disputed */
        struct order_unreached order_unreached;
        struct region_unreached region_unreached;
        struct lookout_step lookout; /* began, fired, ended, doubted */
        struct lookout_limited lookout_limited;
        struct warning_step warning; /* taken, began, fired, ended */
        struct warnings_heeded warnings_heeded;
    };
};

#endif
