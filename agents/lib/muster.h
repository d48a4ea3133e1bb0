/* libmuster: an agency's own system as an agent on the Muster bus, from any C or C++ program.
 *
 * A handle holds a connection to one region's broker and a journal file. What is said through it is written
 * into the journal before it is sent, and sent again until the broker has answered; what is delivered is
 * written there before it is given to a callback. So either side may be killed at any moment: after the next
 * muster_open() orders that are not ended are given again (`resumed`), and nothing is done twice.
 *
 * Threads: a handle belongs to one thread at a time; different handles are independent. Nothing blocks but
 * muster_wait() and muster_close(). Callbacks come only from muster_process() and muster_wait(), on the
 * calling thread; they may call anything here but muster_process, muster_wait and muster_close.
 *
 * Ownership: texts and arrays given to a call are copied; what a callback is given is valid until it returns.
 * Texts are UTF-8; NULL and "" both mean absent. Times are unix milliseconds, UTC; 0 means none. Ids are
 * ULIDs: 26 characters and a NUL.
 *
 * Errors: 0, or a negative code that muster_strerror() explains; muster_error() has the details in one line.
 *
 * Link with -lmuster. The first member of each options struct is its size, so that programs built against an
 * older version go on working. */
#ifndef MUSTER_AGENTS_LIB_MUSTER_H
#define MUSTER_AGENTS_LIB_MUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_ID_TEXT 27

struct muster;

/* 模式. An incident's never changes, and all that is said of it must be of the same. */
enum muster_mode { MUSTER_ACTUAL = 1, MUSTER_EXERCISE = 2, MUSTER_TEST = 3 };

/* Statements about an order, upward only; declined is an end of its own. */
enum muster_rung {
    MUSTER_ACKNOWLEDGED = 3, /* 签收 */
    MUSTER_ACCEPTED = 4,     /* 接受 */
    MUSTER_EN_ROUTE = 5,     /* 出动 */
    MUSTER_ON_SCENE = 6,     /* 到场 */
    MUSTER_COMPLETED = 7,    /* 完成 */
    MUSTER_DECLINED = 8      /* 拒绝 */
};

enum muster_report_kind { MUSTER_INITIAL = 1, MUSTER_FOLLOW_UP = 2, MUSTER_FINAL = 3 };
enum muster_unit_status { MUSTER_FREE = 1, MUSTER_ASSIGNED = 2, MUSTER_OUT_OF_SERVICE = 3 };
enum muster_datum {
    MUSTER_NO_POSITION = 0,
    MUSTER_WGS84 = 1,
    MUSTER_CGCS2000 = 2,
    MUSTER_GCJ02 = 3,
    MUSTER_BD09 = 4
};
enum muster_outcome { MUSTER_DONE = 1, MUSTER_UNCHANGED = 2, MUSTER_REFUSED = 3 };

struct muster_unit {
    const char *id;   /* within this agent, e.g. "E32" */
    const char *type; /* e.g. "engine" */
    const char *const *abilities;
    size_t abilities_n;
    const char *const *equipment; /* words of the region's policy, e.g. "scba" */
    size_t equipment_n;
    enum muster_unit_status status;
    uint32_t crew;    /* heads */
    bool is_team;     /* 队伍, people; else a vehicle or device with its crew */
    const char *team; /* id of the team of this agent that the unit belongs to */
};

/* What is known; begin with muster_report_init(), which makes every number "not said". */
struct muster_report {
    char incident[MUSTER_ID_TEXT]; /* "" in an initial report: a new one is made and written here */
    enum muster_report_kind kind;
    enum muster_mode mode; /* 0: the handle's */
    const char *title;
    const char *incident_kind; /* as the region's policy names it, e.g. "hazardous-chemical" */
    const char *place;
    enum muster_datum datum;
    double latitude; /* degrees */
    double longitude;
    const char *unit; /* where it happened */
    const char *substance;
    const char *course;
    const char *measures;
    const char *caller;
    int64_t dead; /* -1: not said; so with the next five */
    int64_t missing;
    int64_t serious;
    int64_t minor;
    int64_t trapped;
    int64_t loss_cny; /* yuan */
    int64_t occurred_at_ms;
    const char *text;
    const char *signed_off_by;
};

struct muster_new_order {
    char order[MUSTER_ID_TEXT]; /* "": a new id is made and written here */
    const char *kind;           /* e.g. "dispatch" */
    const char *addressee;      /* "370102/fire-rescue", or an agent's name */
    const char *text;
    int64_t answer_by_ms;     /* accepted or declined by then, or it escalates */
    int64_t expires_at_ms;    /* not accepted by then: it expires */
    const char *reissue_of;   /* id of the order that it replaces */
    const char *const *units; /* wanted by name */
    size_t units_n;
};

struct muster_receipt {
    const char *order;
    enum muster_rung rung;
    uint32_t amendment; /* not 0: acknowledges this amendment of the order; rung is MUSTER_ACKNOWLEDGED */
    const char *const *units; /* who goes */
    size_t units_n;
    bool has_head_count; /* an evacuation is completed with one */
    uint32_t present;
    uint32_t missing;
    const char *text; /* the reason of a declining, and other words */
};

/* An order as it was delivered. */
struct muster_order {
    const char *order;
    const char *incident;
    enum muster_mode mode;
    bool evacuation;            /* 紧急撤离: answer with a head-count */
    bool resumed;               /* given before; last_rung says how far it was answered */
    enum muster_rung last_rung; /* 0: not yet */
    const char *kind;
    const char *issuer;
    const char *text;
    const char *const *needs; /* equipment */
    size_t needs_n;
    const char *const *units; /* wanted by name */
    size_t units_n;
    int64_t issued_at_ms;
    int64_t answer_by_ms;
    int64_t expires_at_ms;
};

/* 补充指令: a fact has changed what crews need. */
struct muster_amendment {
    const char *order;
    const char *incident;
    uint32_t amendment;
    const char *const *needs; /* as they are now */
    size_t needs_n;
    int64_t answer_by_ms;
    bool resumed;
};

/* Any other news: what became of orders that this agent issued, requests for information, reports; and
 * "order-reminded", of an order that this agent has and did not answer in time. May come twice after a crash:
 * `seq` tells. */
struct muster_notice {
    uint64_t seq;      /* of the record in the region's log */
    const char *event; /* "rung-reached", "order-unanswered", "information-requested" ... */
    const char *incident;
    const char *order;     /* "" none */
    enum muster_rung rung; /* of "rung-reached"; else 0 */
    const char *agent;     /* who said it; of "lookout-fired" whose reading, or who is silent; "" none */
    const char *fact;      /* what "information-requested" asks for, or is lacking ("ability-short"); of
                         "lookout-fired" what was measured, or "silent", of "warning-fired" and
                         "warning-ended" what is warned of, of "count-apart" and "count-missed" what
                         was counted ("dead"), of "facts-returned" the first that is not known any
                         more, or "grade"; "" none */
    int64_t at_ms;
    const char
        *grade; /* "I" to "IV" of "graded", "grade-doubted", "grade-otherwise" and "level-set"; "" none,
                        * or response over */
    /* The region of "referred", "region-unreached" and "order-unreached" (where it ended), that whose word
     * "grade-doubted" is ("" this one's rules), or whose "post-apart", the role of "notified" and
     * "lookout-fired", whose "order-reissued" it is now; "" none. */
    const char *to;
    const char *rule;  /* PACK/RULE; "" a person did it */
    int64_t due_at_ms; /* of "order-reminded": to be answered by then; else 0 */
    bool nobody;       /* of "notified": has the role, so this agent, a command centre, is told instead */
};

/* 遥测: what one thing of one unit was at one moment. The last value wins: what a newer one replaced reaches
 * nobody, and none is kept in the region's log. */
struct muster_sample {
    const char *agent;       /* who measured it, by the broker's word; not read when publishing */
    const char *unit;        /* of the agent; "" the agent itself */
    const char *name;        /* "position", or what was measured: "h2s", "water_level" */
    int64_t at_ms;           /* when; 0 (publishing): now */
    enum muster_mode mode;   /* 0 (publishing): the handle's */
    enum muster_datum datum; /* of a position; a reading has none */
    double latitude;         /* degrees */
    double longitude;
    uint32_t accuracy_m;         /* 0: not stated */
    int64_t value;               /* a reading is value * 10^exponent */
    int32_t exponent;            /* -18 to 18 */
    const char *unit_of_measure; /* as UCUM writes it: "[ppm]", "cm", "Cel" */
};

struct muster_reply {
    uint64_t tag; /* the submitter's */
    enum muster_outcome outcome;
    uint64_t seq;        /* of the record; 0 none */
    const char *refusal; /* one word, e.g. "right"; "" when it was not refused */
    const char *text;    /* why, in plain words */
};

/* Each may be NULL. `ctx` is the options'. */
struct muster_callbacks {
    void (*on_ready)(void *ctx);                    /* a session has begun */
    void (*on_waiting)(void *ctx, const char *why); /* there is none; it is tried again by itself */
    void (*on_order)(void *ctx, const struct muster_order *order);
    void (*on_amendment)(void *ctx, const struct muster_amendment *amendment);
    /* Stop what the order began: it was recalled, or another agent of the agency has taken or declined it.
     * Also comes for orders that never arrived: then there is nothing to stop. May come twice after a crash,
     * as an expiry may. An order that expired before it arrived is told as a notice. */
    void (*on_recall)(void *ctx, const char *order, const char *incident);
    void (*on_expired)(void *ctx, const char *order, const char *incident);
    void (*on_notice)(void *ctx, const struct muster_notice *notice);
    /* Once for each command that was sent; again for what was lost when the region's log was restored from an
     * older copy. */
    void (*on_reply)(void *ctx, const struct muster_reply *reply);
    /* For the keeper's eye: a bad record, a full disk, a journal that has failed, a log that was restored. */
    void (*on_trouble)(void *ctx, const char *text);
};

struct muster_telemetry_callbacks {
    void (*on_telemetry)(void *ctx, const struct muster_sample *samples, size_t n);
    /* What was published was not taken, or (subscription) the subscription was refused or has ended. */
    void (*on_refused)(void *ctx, bool subscription, const char *refusal, const char *text);
};

struct muster_options {
    size_t size;               /* sizeof(struct muster_options) */
    const char *endpoint;      /* "tcp://host:port" */
    const char *endpoint_file; /* instead: a file that holds it */
    const char *agent_key;     /* paths of key files, as `muster keys init` makes them */
    const char *region_key;    /* region.pub */
    const char *operator_key;  /* the person who speaks; NULL: the agent itself */
    const char *journal;       /* path; made when missing; one per agent, whose orders one process takes */
    const char *software;      /* name and version, for the broker's log */
    enum muster_mode mode;     /* 0: actual */
    bool no_deliveries;        /* only say things: another process of this agent takes its orders */
    struct muster_callbacks callbacks;
    void *ctx;
    struct muster_telemetry_callbacks telemetry;
};

/* Opens the journal and begins to connect; returns before there is a session. On failure `error` (may be
 * NULL) gets the reason, at most error_n bytes with the NUL. */
int muster_open(const struct muster_options *options, struct muster **ret, char *error, size_t error_n);

/* Says good-bye and frees all; waits for at most a second. What was not answered stays in the journal and
 * goes on at the next muster_open(). NULL is fine. */
void muster_close(struct muster *muster);

/* To live in another event loop: when muster_fd() is readable (poll, epoll, select) or muster_timeout_ms()
 * milliseconds have passed (-1: no need), call muster_process(). The descriptor stays the handle's. Ask for
 * the timeout anew after every call. */
int muster_fd(const struct muster *muster);
int muster_timeout_ms(const struct muster *muster);
/* Does what is due, without waiting. -8 (-15: damaged) when the journal has failed for good: after an I/O
 * error nobody knows what of the last words is on the disk, so nothing more is said or given; close the
 * handle and end, and let the next process learn it from the file. on_trouble was told once. After a call
 * that returned it nothing is due any more: muster_timeout_ms() is -1, muster_wait(-1) returns at once. */
int muster_process(struct muster *muster);

/* For a program without a loop: processes what comes for up to timeout_ms (-1: until something has been
 * processed). Returns 0, or what muster_process() does. */
int muster_wait(struct muster *muster, int timeout_ms);

/* Whether there is a session, and how many commands have no reply yet. */
bool muster_is_ready(const struct muster *muster);
size_t muster_pending(const struct muster *muster);

/* These sign, journal and send; they work without a session too. The outcome comes by on_reply with the tag,
 * also in a later process. -9 (try again) when thousands are under way. */
void muster_report_init(struct muster_report *report);
int muster_report(struct muster *muster, struct muster_report *report, uint64_t tag);
/* Orders of one incident ("": the first order makes one of its own), in one command: all or none. */
int muster_issue(struct muster *muster, const char *incident, struct muster_new_order *orders, size_t n,
                 enum muster_mode mode, uint64_t tag);
int muster_recall(struct muster *muster, const char *incident, const char *order, const char *reason,
                  enum muster_mode mode, uint64_t tag);
int muster_state_units(struct muster *muster, const struct muster_unit *units, size_t n, uint64_t tag);
/* Said once: the same rung again is 0 and sends nothing. -20 when the order was never delivered here, -17
 * when a later rung was said already. */
int muster_receipt(struct muster *muster, const struct muster_receipt *receipt, uint64_t tag);

/* Publishes telemetry; there is no reply. The last value of each (mode, unit, name), 1,024 of them, is kept
 * in memory: what cannot be sent now goes when it may, the newest value only, and all of them again in each
 * new session. -2 when a sample is not well-formed (muster_error() says which); then none was taken. */
int muster_publish(struct muster *muster, const struct muster_sample *samples, size_t n);
/* Asks for telemetry of an agency ("370102/fire-rescue"), an agent, or everybody (""); mode 0: the handle's.
 * on_telemetry is given what there is, then what changes, after a reconnect too. A new one replaces it. */
int muster_subscribe(struct muster *muster, const char *source, enum muster_mode mode);
int muster_unsubscribe(struct muster *muster);

/* The general words of a code; and the last failure of this handle, in one line ("" none). */
const char *muster_strerror(int code);
const char *muster_error(const struct muster *muster);

#ifdef __cplusplus
}
#endif

#endif
