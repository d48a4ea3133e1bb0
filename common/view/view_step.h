/* One thing that happened, flat: an event with what its record says beside it (who, in which words). What
 * the replay prints a line of, and what the story of an incident or an order is made of. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_H

#include "common/base/arena.h"
#include "common/core/event.h"
#include "common/core/state.h"
#include "common/log/log.h"
#include "common/wire/wire.h"

/* A record of the log, decoded; all memory is the arena's or the payload's. */
struct view_record {
    struct log_header header;
    struct hash hash;
    bool redacted; /* nothing below is set */
    struct record record;
    bool has_command;       /* asked for, and well-formed */
    struct command command; /* signer and cosigner are not set */
    const char *said;       /* of a re-issue: the order's words, which it says again; else "" */
};

/* With the words of the command, or (half the work) without. A redacted record is fine, and so is one
 * refused because its command is not well-formed. ERR_CORRUPT naming the seq, ERR_NO_MEMORY. */
int view_record_decode(const struct log_record *from, bool with_command, struct arena *arena,
                       struct view_record *ret, struct err *err);

/* The header of a tail item as the log's own; its bytes stay the item's. */
struct log_record view_record_of_tail(const struct tail_item *item);

/* The incident that a command concerns; zero: none. */
struct id view_command_incident(const struct command *command);
/* The order that a command concerns, when it is one; zero: none or several. */
struct id view_command_order(const struct command *command);

struct view_step {
    enum event_kind kind; /* EVENT_NONE: a refusal, or a record of which no more is known */
    uint64_t seq;
    size_t index;     /* in its record */
    struct hash hash; /* of its record */
    int64_t bus_ms;   /* when the broker decided it */
    int64_t
        origin_ms;  /* when another region's broker did, from which it was heard; 0: it is of this region */
    int64_t at_ms;  /* when it happened, 0: then */
    enum mode mode; /* MODE_NONE: of the region, it holds in every mode */
    const char *origin;   /* the region that did; "": this one */
    const char *author;   /* agent; "" the root or the broker, a code another region's */
    const char *operator; /* on whose word; "" the agent's own */
    struct id incident;
    struct id order;
    /* The order that this one replaces; ORDER_REISSUED: that replaces it; the evacuation that it is part
     * of; the incident under whose id a report came, or with which this one is linked, merged, split; from
     * which facts or a grade came. */
    struct id other;
    struct id common;          /* ORDERS_DISPUTED, DISPUTE_SETTLED: the order in all `number` of the record */
    const char *subject;       /* whom it concerns: addressee, taker, who was enrolled ... */
    const char *what;          /* kind of order or incident, name of a fact, version of a policy, PACK/RULE */
    const char *text;          /* the author's words */
    const char *signed_off_by; /* REPORT_FILED: who let it go out; "" not said */
    struct words words;        /* units that go, rights, facts that a grade hangs on */
    struct words needs;        /* equipment */
    enum rung rung;
    enum report_kind report;
    enum lane lane;
    enum grade grade;       /* or response level; NONE of a level: the response is over */
    enum medium medium;     /* by which a report went up, or must; NONE: any */
    enum tier to;           /* that it reached, or must */
    bool signer;            /* CLOCK_STARTED: it must name who signed it off */
    const char *from;       /* POST_TAKEN, OFFERED: the agency that led; KEPT: that was offered it; HEARD: who
                             * brought it, "" it came over the link; GRADE_DOUBTED, POST_APART: the region
                             * that says so; REPORT_FILED: the region that told it */
    const char *place;      /* POST_SET */
    bool withdrawn;         /* POST_KEPT */
    bool settles;           /* POST_SET, TAKEN: others had been set up apart */
    enum link_kind link;    /* INCIDENT_LINKED; NONE: not any more */
    bool caused;            /* ... the other is the consequence */
    bool taken;             /* ORDERS_MOVED: they belong here now; FACTS_RETURNED: the grade came with them */
    const struct id *moved; /* ... which */
    size_t moved_n;
    bool late;                    /* CLOCK_MET: after it was due; LOOKOUT_LIMITED: readings are too many */
    const struct seen_fact *seen; /* RULE_FIRED, LOOKOUT_...: the facts that it saw */
    size_t seen_n;
    uint64_t number; /* of the report, amendment or step; refusals counted; acknowledged up to; units free */
    int64_t holds;   /* COUNT_APART: the count in whose favour `number` gave way; COUNT_MISSED: what was known
                * instead; GRADE_OTHERWISE: the last day; REPORT_FILED that was told: its number there */
    int64_t due_ms;  /* to be answered by */
    int64_t expires_ms;
    int64_t stepped_ms; /* the wall clock */
    int64_t stood_ms;   /* the broker */
    uint64_t epoch;     /* RECOVERED: that ended, with record `number`; LOSS_NOTED: of record `number` ... */
    uint64_t after;     /* ... which is lost, with what was above this one; 0: not known */
    bool history;
    bool bare;   /* incident opened by an order without one */
    bool unsaid; /* ABILITY_SHORT: it cannot be said again; UNREACHED: a record of ours is to say so;
                  * ORDERS_DISPUTED, DISPUTE_SETTLED: the first with `common` says it of all */
    bool nobody; /* ORDER_UNREACHED: is enrolled there; NOTIFIED: has the role; the centres were told ... */
    bool untold; /* ... or nobody was */
    bool is_evacuation;
    uint32_t present;
    uint32_t missing;
    const struct facts *facts;             /* FACTS_CHANGED, else NULL */
    const struct alert_recorded *alert;    /* ALERT_RECORDED, else NULL */
    const struct record_alert *alert_said; /* ... and its words; NULL: not there */
    const struct lookout_step *lookout;    /* LOOKOUT_BEGAN, FIRED, ENDED, DOUBTED, else NULL */
    const struct warning_step *warning;    /* WARNING_TAKEN, BEGAN, FIRED, ENDED, else NULL */
    const struct unit *units;              /* UNITS_STATED */
    size_t units_n;
};

/* Borrows everything. state is the one after the event, which is one of the record's. */
struct view_step view_step_of(const struct state *state, const struct view_record *record,
                              const struct event *event);

#endif
