/* The domain's words as C: what commands, events and state share.
 *
 * Texts are UTF-8 and never NULL: "" means absent. Whose they are is said where the struct is used:
 * in commands and events the arena's that holds them, in state interned for the state's life. Times
 * are unix milliseconds; 0 means unknown. The numbers of the enums are those of proto/muster/v1. */
#ifndef MUSTER_COMMON_CORE_WORDS_H
#define MUSTER_COMMON_CORE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/id.h"

enum {
    NAME_MAX_BYTES = 128,   /* region/agency/agent, operator, kind, unit, equipment */
    TEXT_MAX_BYTES = 16384, /* course of events, reasons: some ten pages */
    LIST_MAX = 256,         /* units of an order, abilities of a unit ... */
    REGION_CODE_MAX = 12    /* GB/T 2260 with township and village digits */
};

/* 模式: an incident's never changes. */
enum mode { MODE_NONE = 0, MODE_ACTUAL = 1, MODE_EXERCISE = 2, MODE_TEST = 3 };

/* Reference systems of positions; a machine that names none is refused. */
enum datum { DATUM_NONE = 0, DATUM_WGS84 = 1, DATUM_CGCS2000 = 2, DATUM_GCJ02 = 3, DATUM_BD09 = 4 };

/* 初报, 续报, 终报 */
enum report_kind { REPORT_NONE = 0, REPORT_INITIAL = 1, REPORT_FOLLOW_UP = 2, REPORT_FINAL = 3 };

/* 事件分级, how big an incident is, and 响应级别, what is activated: four steps each, I the gravest. */
enum grade { GRADE_NONE = 0, GRADE_I = 1, GRADE_II = 2, GRADE_III = 3, GRADE_IV = 4 };

/* 报送方式: how a report reaches a level of government. */
enum medium { MEDIUM_NONE = 0, MEDIUM_PHONE = 1, MEDIUM_WRITTEN = 2, MEDIUM_NETWORK = 3 };

/* 层级: levels of government. */
enum tier { TIER_NONE = 0, TIER_COUNTY = 1, TIER_CITY = 2, TIER_PROVINCE = 3, TIER_STATE = 4 };

/* How an incident hangs together with another: 相关; 次生, what it sets off by its own force; 衍生, what
 * comes of it among people. */
enum link_kind { LINK_NONE = 0, LINK_RELATED = 1, LINK_SECONDARY = 2, LINK_DERIVED = 3 };

/* What becomes of a command post that is offered: who led leads on, unless it is accepted. */
enum post_answer { POST_NO_ANSWER = 0, POST_ACCEPTED = 1, POST_REFUSED = 2, POST_WITHDRAWN = 3 };

/* An order's ladder; see order.h. */
enum rung {
    RUNG_NONE = 0,
    RUNG_ISSUED = 1,
    RUNG_DELIVERED = 2,
    RUNG_ACKNOWLEDGED = 3,
    RUNG_ACCEPTED = 4,
    RUNG_EN_ROUTE = 5,
    RUNG_ON_SCENE = 6,
    RUNG_COMPLETED = 7,
    RUNG_DECLINED = 8,
    RUNG_RECALLED = 9,
    RUNG_EXPIRED = 10
};

/* Lanes of delivery: a lower number goes first. */
enum lane {
    LANE_NONE = 0,
    LANE_URGENT = 1,
    LANE_ORDERS = 2,
    LANE_BULK = 3,
    LANE_MAX = 3,      /* of those that are delivered from the log and acknowledged */
    LANE_TELEMETRY = 4 /* never kept: a word of Credit only */
};

/* A vehicle or device with its crew; or people, 队伍, to whom units of the same agent may belong. */
enum unit_kind { UNIT_KIND_UNIT = 0, UNIT_KIND_TEAM = 1 };

enum unit_status { UNIT_NONE = 0, UNIT_FREE = 1, UNIT_ASSIGNED = 2, UNIT_OUT_OF_SERVICE = 3 };

/* Facts that a report may hold and that completeness asks for by name. */
#define FACT_LIST(X)                 \
    X(FACT_KIND, "kind")             \
    X(FACT_PLACE, "place")           \
    X(FACT_POSITION, "position")     \
    X(FACT_UNIT, "unit")             \
    X(FACT_CASUALTIES, "casualties") \
    X(FACT_LOSS, "loss")             \
    X(FACT_SUBSTANCE, "substance")   \
    X(FACT_COURSE, "course")         \
    X(FACT_MEASURES, "measures")     \
    X(FACT_TIME, "time")             \
    X(FACT_CALLER, "caller")         \
    X(FACT_TITLE, "title")           \
    X(FACT_DIVISION, "division")

enum fact {
#define FACT_ENUM(name, text) name,
    FACT_LIST(FACT_ENUM)
#undef FACT_ENUM
        FACT_COUNT
};

/* Names for people and files: "en-route", "on-scene", "follow-up", "gcj02" ...; "?" for what is none. */
const char *mode_name(enum mode mode);
const char *datum_name(enum datum datum);
const char *report_kind_name(enum report_kind kind);
const char *grade_name(enum grade grade);
const char *medium_name(enum medium medium);
const char *tier_name(enum tier tier);
const char *link_kind_name(enum link_kind kind);
const char *rung_name(enum rung rung);
const char *lane_name(enum lane lane);
const char *unit_kind_name(enum unit_kind kind);
const char *unit_status_name(enum unit_status status);
const char *fact_name(enum fact fact);
/* The same in Chinese, for people of a duty room. */
const char *mode_name_zh(enum mode mode);
const char *report_kind_name_zh(enum report_kind kind);
const char *grade_name_zh(enum grade grade); /* 特别重大, 重大, 较大, 一般 */
const char *level_name_zh(enum grade level); /* 一级 to 四级 */
const char *medium_name_zh(enum medium medium);
const char *tier_name_zh(enum tier tier);
/* Of the word of a fact `tier`, below the county too; NULL: of none. */
const char *tier_word_zh(const char *word);
const char *link_kind_name_zh(enum link_kind kind);
const char *rung_name_zh(enum rung rung);
const char *fact_name_zh(enum fact fact);
/* Back again; the value of NONE, or FACT_COUNT, for an unknown name. */
enum mode mode_parse(const char *name);
enum datum datum_parse(const char *name);
enum grade grade_parse(const char *name);
enum medium medium_parse(const char *name); /* or in Chinese */
enum tier tier_parse(const char *name);     /* or in Chinese */
enum link_kind link_kind_parse(const char *name);
enum rung rung_parse(const char *name);
/* False: no such kind. */
bool unit_kind_parse(const char *name, enum unit_kind *ret);
enum unit_status unit_status_parse(const char *name);
enum fact fact_parse(const char *name);

struct words {
    const char *const *at;
    size_t n;
};

bool words_have(struct words words, const char *word);
bool words_equal(struct words a, struct words b);
/* Frees an array that came from malloc (state's own lists), not the words; sets it to none. */
void words_free(struct words *words);

struct position {
    bool present;     /* a position was given, though it may name no reference system */
    enum datum datum; /* DATUM_NONE: none, or none that can be used */
    int32_t latitude_e7;
    int32_t longitude_e7;
    uint32_t accuracy_m;
};

enum { COUNT_UNKNOWN = -1 };

struct casualties {
    int64_t dead; /* COUNT_UNKNOWN: not said */
    int64_t missing;
    int64_t serious;
    int64_t minor;
    int64_t trapped;
};

/* All unknown, all texts "". */
struct facts {
    const char *kind;
    const char *place;
    struct position position;
    const char *unit;
    struct casualties casualties;
    int64_t loss_cny;
    const char *substance;
    const char *course;
    const char *measures;
    int64_t occurred_at_ms;
    const char *caller;
    const char *title;
    const char *division; /* 行政区划代码, of a township or village; see division.h */
};

/* Nothing known yet. */
struct facts facts_none(void);
/* A bit (1u << enum fact) for each fact that is there. */
uint32_t facts_known(const struct facts *facts);

struct unit {
    const char *id;
    const char *type;
    struct words abilities;
    struct words equipment;
    enum unit_status status;
    uint32_t crew;
    enum unit_kind kind;
    const char *team; /* id of the team of the same agent that it belongs to; "" none */
};

struct kind_policy {
    const char *kind;
    struct words required;
    int64_t ask_within_ms;
    struct words needs;
};

struct substance_policy {
    const char *substance;
    struct words needs;
};

struct order_kind_policy {
    const char *kind;
    bool two_persons;
};

struct policy {
    const struct kind_policy *kinds;
    size_t kinds_n;
    const struct substance_policy *substances;
    size_t substances_n;
    const struct order_kind_policy *order_kinds;
    size_t order_kinds_n;
    int64_t clock_tolerance_ms;
    int64_t amend_answer_ms;
    const char *version;
};

/* The agency's part of "region/agency" or "region/agency/agent" ("370102/fire-rescue"), copied into
 * ret (NAME_MAX_BYTES + 1); false when the name has no such form. */
bool name_agency(const char *name, char *ret);
/* A well-formed name: region digits (2 to 12), slash, agency, and with `agent` a slash and an agent;
 * parts are of a-z A-Z 0-9 . _ - and CJK or other letters, no blanks, no control characters. */
bool name_is_agency(const char *name);
bool name_is_agent(const char *name);

/* A 64-bit fingerprint (FNV-1a) of text and numbers, to tell a repeat from a conflict; no defence
 * against a forger, which the signature is. */
enum { FINGERPRINT_START = 0 };
uint64_t fingerprint_text(uint64_t seed, const char *text);
uint64_t fingerprint_number(uint64_t seed, int64_t number);

#endif
