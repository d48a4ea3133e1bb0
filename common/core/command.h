/* What agents and operators say, as plain structs: proto/muster/v1/command.proto without its bytes. */
#ifndef MUSTER_COMMON_CORE_COMMAND_H
#define MUSTER_COMMON_CORE_COMMAND_H

#include "common/base/buf.h"
#include "common/core/alert.h"
#include "common/core/telemetry.h"
#include "common/core/words.h"

enum {
    ORDERS_PER_COMMAND_MAX = 64,
    UNITS_PER_COMMAND_MAX = 512,
    KEY_BYTES = 32,
    HASH_OF_PACK_BYTES = 32,     /* BLAKE2b-256 of its text */
    PACK_TEXT_MAX = 96 * 1024,   /* a record holds it twice: as it was said, and as what is in force */
    EVACUATION_TAIL = 2,         /* bytes of an evacuation's id that number its orders */
    SAID_AGAIN_MAX = 64 * 1024,  /* a command that is said again within another: its record fits a frame */
    CANDIDATES_MAX = 254,        /* agents that one re-issue looks at */
    SHARED_PAST_MAX = 256,       /* records in one part of an incident's past */
    HOPS_MAX = 8,                /* links that a record crosses at most */
    TOLD_BYTES_MAX = 112 * 1024, /* a record that is told: at the other end it stands beside its events */
};

/* The numbers are the body's field numbers in command.proto, and `kind` in the log's header. */
enum command_kind {
    COMMAND_NONE = 0,
    COMMAND_FOUND_REGION = 16,
    COMMAND_ENROL_AGENT = 17,
    COMMAND_ENROL_OPERATOR = 18,
    COMMAND_REVOKE = 19,
    COMMAND_SET_POLICY = 20,
    COMMAND_SET_PACK = 21,
    COMMAND_DROP_PACK = 22,
    COMMAND_FILE_REPORT = 32,
    COMMAND_CLOSE_INCIDENT = 33,
    COMMAND_ISSUE_ORDERS = 34,
    COMMAND_RECALL_ORDER = 35,
    COMMAND_ORDER_EVACUATION = 36,
    COMMAND_GIVE_RECEIPT = 37,
    COMMAND_STATE_UNITS = 38,
    COMMAND_RECORD_HISTORY = 39,
    COMMAND_RECORD_ALERT = 40,
    COMMAND_SET_GRADE = 41,
    COMMAND_SET_LEVEL = 42,
    COMMAND_SEND_REPORT = 43,
    COMMAND_LINK_INCIDENTS = 50,
    COMMAND_MERGE_INCIDENT = 51,
    COMMAND_SPLIT_INCIDENT = 52,
    COMMAND_SET_POST = 53,
    COMMAND_OFFER_POST = 54,
    COMMAND_ANSWER_POST = 55,
    COMMAND_SET_DIVISIONS = 56,
    COMMAND_REFER_INCIDENT = 60,
    COMMAND_TELL_RECORD = 61,
    COMMAND_OFFER_LEAD = 62,
    COMMAND_TAKE_LEAD = 63,
    COMMAND_ACK = 64,
    COMMAND_CARRY_RECORD = 65,
    COMMAND_CONFIRM_ORDER = 125,
    COMMAND_PASS_DEADLINES = 80,
    COMMAND_SET_CLOCK = 81,
    COMMAND_COUNT_REFUSALS = 82,
    COMMAND_RECOVER = 83,
    COMMAND_NOTE_LOSS = 84,
    COMMAND_REISSUE_ORDER = 85,
    COMMAND_SHARE_INCIDENT = 86,
    COMMAND_NOTE_LINK = 87,
    COMMAND_SEND_CANARY = 88,
    COMMAND_NOTE_UNTOLD = 89,
    COMMAND_NOTE_READING = 90,
    COMMAND_NOTE_SILENCE = 91,
    COMMAND_NOTE_LOOKOUT_LIMIT = 92,
    COMMAND_PASS_WARNING = 94,
    COMMAND_ASK_INCIDENTS = 95,
    COMMAND_ASSESS_INCIDENT = 110
};

struct command;
struct event;
struct tell_record;

/* What the command tells of another region's log; NULL: nothing. */
const struct tell_record *command_tells(const struct command *command);
/* Whether it tells of a response level. */
bool tell_has_level(const struct tell_record *tell);
/* The broker's own, which nobody else gives. */
bool command_is_brokers_own(enum command_kind kind);
/* "issue-orders"; "?" for an unknown kind. */
const char *command_kind_name(enum command_kind kind);

struct found_region {
    const char *region;
    const char *name;
    const char *parent;
    int32_t utc_offset_minutes;
    uint8_t root_key[KEY_BYTES];
    uint8_t broker_sign_key[KEY_BYTES];
    uint8_t broker_curve_key[KEY_BYTES];
};

/* Agent and operator alike; an operator has no curve key. */
struct enrol {
    const char *name;
    uint8_t sign_key[KEY_BYTES];
    uint8_t curve_key[KEY_BYTES];
    struct words rights;
};

struct revoke {
    const char *name;
    const char *reason;
};

struct set_pack {
    const char *text;
};

struct drop_pack {
    const char *name;
    const char *reason;
};

struct division {
    const char *code; /* 6, 9 or 12 digits, none of them to fill it up */
    const char *name;
    uint32_t from; /* YYYYMMDD, the first day; 0: always was */
    uint32_t to;   /* the last day; 0: is still */
};

/* The whole table, which replaces the one before. */
struct set_divisions {
    const char *source;
    uint8_t hash[HASH_OF_PACK_BYTES]; /* of the file that it is from */
    const struct division *divisions; /* by code, and of one code by day */
    size_t divisions_n;
};

struct file_report {
    struct id incident;
    enum report_kind kind;
    struct facts facts;
    const char *text;
    const char *signed_off_by;
};

struct close_incident {
    struct id incident;
    const char *reason;
};

struct set_grade {
    struct id incident;
    enum grade grade;
    const char *reason;
};

struct set_level {
    struct id incident;
    enum grade level; /* NONE: the response is over */
    const char *reason;
    int64_t until_ms; /* expected; 0: not said */
};

struct send_report {
    struct id incident;
    enum report_kind kind;
    enum medium medium;
    enum tier to;
    const char *signed_off_by;
    const char *text;
};

struct link_incidents {
    struct id incident;
    struct id other;     /* its cause; of a related one the other */
    enum link_kind kind; /* NONE: the link is taken back */
    const char *reason;
};

struct merge_incident {
    struct id incident; /* is the same event as ... */
    struct id into;
    const char *reason;
};

struct split_incident {
    struct id incident;
    struct id into;          /* of orders: the incident to which they belong; zero: a merge is taken back */
    const struct id *orders; /* none of a merge */
    size_t orders_n;
    const char *reason;
};

struct set_post {
    struct id incident;
    const char *lead; /* REGION/AGENCY */
    const char *commander;
    const char *place;
    const char *reason;
};

struct offer_post {
    struct id incident;
    const char *lead;
    const char *commander; /* an operator, who accepts it */
    const char *reason;
};

struct answer_post {
    struct id incident;
    uint32_t term; /* that begins if it is accepted */
    enum post_answer answer;
    const char *reason;
};

struct refer_incident {
    struct id incident;
    const char *region;
    const char *reason;
};

struct offer_lead {
    struct id incident;
    const char *region;
    const char *reason;
};

struct take_lead {
    struct id incident;
    const char *reason;
};

/* What people think may come of it, and where it reaches 研判. */
struct assess_incident {
    struct id incident;
    bool expects;         /* it says something of the grade */
    enum grade expected;  /* that is thought possible; NONE: none any more */
    struct words touches; /* regions, by their codes */
    const char *reason;
};

/* A record of a region's log, as its broker signed it. */
struct shared_record {
    const char *region;
    uint64_t epoch;
    uint64_t seq;
    int64_t bus_ms;
    struct bytes record;
    uint8_t signature[64];
};

/* What a shared record says. */
struct told_record {
    const char *region; /* whose log it is from */
    uint64_t epoch;
    uint64_t seq;
    int64_t bus_ms;
    const struct command *command;
    const struct event *events;
    size_t events_n;
};

struct tell_record {
    struct id incident;
    struct shared_record shared;
    uint32_t hops; /* links that it has crossed before this one */
    /* Not fields of the message: what lies in the shared record, read; its past first, if it brings one. */
    const struct told_record *told;
    size_t told_n;
};

/* What a region's broker would have told over the link, brought by a person. */
struct carry_record {
    struct bytes told; /* as it was signed */
    /* Not fields of the message: what lies in it, read. */
    const char *agent; /* whose word it is */
    enum mode mode;
    struct tell_record tell;
};

struct share_incident {
    struct id incident;
    const char *region; /* at the link's other end */
    const struct shared_record *past;
    size_t past_n;
    uint64_t up_to_seq;
    bool more;
};

struct note_link {
    const char *region;
    bool up;
    int64_t since_ms;
};

/* A record that another region's broker refused for good, or that cannot be told. */
struct note_untold {
    const char *region;
    uint64_t seq;     /* of this region's log */
    uint32_t refusal; /* 0: it is too large */
    const char *detail;
};

struct send_canary {
    const char *region;
    uint32_t late_ms; /* nothing crosses where the last known one is older */
};

/* A reading about which rules have something new to say. Telemetry is not logged as it comes: this is the
 * value that they saw. */
struct note_reading {
    const char *agent;
    const char *unit; /* "": the agent itself */
    const char *name;
    int64_t at_ms;          /* when it was measured */
    struct reading reading; /* not present: out of date, and so not known */
    struct reading rise;    /* in a minute, of no unit of measure; not present: not known */
    struct id incident;     /* that it belongs to; zero: to none, or it cannot be told */
};

/* An agent, or the broker of another region, that is not heard, or is heard again. */
struct note_silence {
    const char *agent;
    bool heard;
    int64_t since_ms; /* bus time: the last word of it; heard: 0 */
};

/* More readings change than can be followed. */
struct note_lookout_limit {
    const char *agent; /* whose reading took the last place */
    uint32_t at_most;
};

/* A warning comes into force, rules are to be asked about it, or it ends. */
struct pass_warning {
    struct id alert;
};

/* The warnings in force have changed: rules of these open incidents are to be asked. */
struct ask_incidents {
    uint32_t turn; /* of the region's warnings */
    const struct id *incidents;
    size_t incidents_n;
    bool last; /* there is no other open one */
};

struct new_order {
    struct id order;
    const char *kind;
    const char *addressee;
    const char *text;
    int64_t answer_by_ms;
    int64_t expires_at_ms;
    struct id reissue_of; /* zero: none */
    struct words units;
};

struct issue_orders {
    struct id incident; /* zero: the first order's id names the stream */
    const struct new_order *orders;
    size_t orders_n;
};

struct recall_order {
    struct id incident;
    struct id order;
    const char *reason;
};

/* A person's word that the order stands beside those that contradict it. */
struct confirm_order {
    struct id incident;
    struct id order;
    const char *reason;
};

struct order_evacuation {
    struct id incident;
    struct id evacuation; /* its last two bytes are zero */
    const char *text;
    int64_t answer_by_ms;
    int64_t expires_at_ms;
};

struct give_receipt {
    struct id incident;
    struct id order;
    enum rung rung;
    uint32_t amendment;
    struct words units;
    bool has_head_count;
    uint32_t present;
    uint32_t missing;
    const char *text;
};

struct state_units {
    const struct unit *units;
    size_t units_n;
};

struct historic_order {
    struct id order;
    const char *kind;
    const char *addressee;
    struct words units;
    int64_t issued_at_ms;
    int64_t acknowledged_at_ms;
    int64_t accepted_at_ms;
    int64_t en_route_at_ms;
    int64_t on_scene_at_ms;
    int64_t completed_at_ms;
    int64_t recalled_at_ms;
};

struct record_history {
    const char *source;
    const char *key;
    struct id incident;
    struct facts facts;
    int64_t reported_at_ms;
    int64_t closed_at_ms;
    const struct historic_order *orders;
    size_t orders_n;
};

struct ack {
    enum lane lane;
    uint64_t up_to_seq;
    uint64_t head_seq;
    uint8_t head_hash[32];
};

struct pass_deadlines {
    const char *stream;
    int64_t at_ms;
};

struct set_clock {
    uint8_t boot[16];
    int64_t bus_ms;
    int64_t utc_ms;
    int64_t boot_ms; /* CLOCK_BOOTTIME at that moment: bus_ms - boot_ms is the offset */
    const char *reason;
    int64_t stepped_ms;  /* of the wall clock since the last one of this boot; bus time goes on */
    int64_t stood_ms;    /* ... for so long the broker stood still, or its machine slept */
    uint32_t generation; /* of a start: which kinds of event follow, see event.h */
};

struct count_refusals {
    const char *agent;
    uint64_t count;
    uint64_t up_to_counter;
};

/* A person's word that the log goes on from its last record, in the next epoch. */
struct recover {
    uint64_t epoch; /* of that record, which ends */
    uint64_t seq;
    uint8_t hash[32];
    const char *reason;
};

/* A head that the broker signed in an epoch before, of a record that is not in the log. */
struct note_loss {
    const char *agent; /* who brought it */
    uint64_t epoch;
    uint64_t seq;
    uint8_t hash[32];
    uint8_t signature[64]; /* the broker's */
    uint64_t after_seq;    /* in the event: what is above it and up to seq is lost; 0: not known */
};

/* An order that nobody answered goes to somebody else, by a rule: in the words, and on the authority, of who
 * gave it. */
struct reissue_order {
    struct id incident;
    struct id order;      /* that nobody answered */
    struct id new_order;  /* the id of what takes its place */
    struct id said_order; /* the id under which `said` has it: the same, or that of the first in its place */
    uint64_t said_seq;    /* the record of `said` */
    struct bytes said;    /* the Signed in which it was given; empty: it is not to be had any more */
    struct words agents;  /* to be looked at, in this order */
};

/* Who speaks, as the engine found by checking signatures. */
enum signer { SIGNER_NONE = 0, SIGNER_AGENT, SIGNER_OPERATOR, SIGNER_ROOT, SIGNER_BROKER };

struct command {
    const char *region;
    uint64_t epoch;
    enum mode mode;
    const char *agent;
    uint64_t counter;
    int64_t issued_at_ms;
    int64_t expires_at_ms;
    const char *operator;
    int64_t occurred_at_ms;

    /* Not in the bytes: set by whoever verified the signatures, before decide(). */
    enum signer signer;
    const char *cosigner; /* operator whose second signature is good; "" none */

    enum command_kind kind;
    union {
        struct found_region found_region;
        struct enrol enrol;
        struct revoke revoke;
        struct policy set_policy;
        struct set_pack set_pack;
        struct drop_pack drop_pack;
        struct set_divisions set_divisions;
        struct file_report file_report;
        struct close_incident close_incident;
        struct issue_orders issue_orders;
        struct recall_order recall_order;
        struct confirm_order confirm_order;
        struct order_evacuation order_evacuation;
        struct give_receipt give_receipt;
        struct state_units state_units;
        struct record_history record_history;
        struct record_alert record_alert;
        struct set_grade set_grade;
        struct set_level set_level;
        struct send_report send_report;
        struct link_incidents link_incidents;
        struct merge_incident merge_incident;
        struct split_incident split_incident;
        struct set_post set_post;
        struct offer_post offer_post;
        struct answer_post answer_post;
        struct ack ack;
        struct pass_deadlines pass_deadlines;
        struct set_clock set_clock;
        struct count_refusals count_refusals;
        struct recover recover;
        struct note_loss note_loss;
        struct refer_incident refer_incident;
        struct offer_lead offer_lead;
        struct take_lead take_lead;
        struct assess_incident assess_incident;
        struct tell_record tell_record;
        struct carry_record carry_record;
        struct share_incident share_incident;
        struct note_link note_link;
        struct send_canary send_canary;
        struct note_untold note_untold;
        struct note_reading note_reading;
        struct note_silence note_silence;
        struct note_lookout_limit note_lookout_limit;
        struct pass_warning pass_warning;
        struct ask_incidents ask_incidents;
        struct reissue_order reissue_order;
    };
};

#endif
