/* Words of escalation rules: what triggers one, what its condition may ask, and what it does. Rules
 * themselves are data (packs); how a condition is evaluated is the business of common/rules, behind this. */
#ifndef MUSTER_COMMON_CORE_RULE_H
#define MUSTER_COMMON_CORE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/words.h"

enum { RULE_ACTIONS_MAX = 8, CLOCK_TIMES_MAX = 8 };

/* X(name, word, 中文): what happened that a rule is asked about. */
#define RULE_TRIGGER_LIST(X)                                \
    X(TRIGGER_INCIDENT, "incident", "突发事件")             \
    X(TRIGGER_UNANSWERED, "order-unanswered", "指令未签收") \
    X(TRIGGER_DECLINED, "order-declined", "指令被拒绝")     \
    X(TRIGGER_OVERDUE, "report-overdue", "报告逾期")        \
    X(TRIGGER_REQUEST, "request-unanswered", "信息未补充")  \
    X(TRIGGER_SHORT, "ability-short", "力量不足")           \
    X(TRIGGER_READING, "reading", "监测读数")               \
    X(TRIGGER_SILENT, "silent", "失联")                     \
    X(TRIGGER_ALERT, "alert", "预警")

enum rule_trigger {
#define RULE_TRIGGER_ENUM(name, word, zh) name,
    RULE_TRIGGER_LIST(RULE_TRIGGER_ENUM)
#undef RULE_TRIGGER_ENUM
        RULE_TRIGGER_COUNT
};

enum rule_type { RULE_WHOLE, RULE_REAL, RULE_TEXT };

/* Bits of triggers: with which of them a fact is there. */
enum {
    RULE_ON_INCIDENT = 1 << TRIGGER_INCIDENT,
    RULE_ON_ORDER = 1 << TRIGGER_UNANSWERED,
    RULE_ON_DECLINED = 1 << TRIGGER_DECLINED,
    RULE_ON_CLOCK = 1 << TRIGGER_OVERDUE,
    RULE_ON_REQUEST = 1 << TRIGGER_REQUEST,
    RULE_ON_SHORT = 1 << TRIGGER_SHORT,
    RULE_ON_READING = 1 << TRIGGER_READING,
    RULE_ON_SILENT = 1 << TRIGGER_SILENT,
    RULE_ON_ALERT = 1 << TRIGGER_ALERT,
    /* whatever happens within an incident */
    RULE_WITHIN =
        RULE_ON_INCIDENT | RULE_ON_ORDER | RULE_ON_DECLINED | RULE_ON_CLOCK | RULE_ON_REQUEST | RULE_ON_SHORT,
    RULE_ALWAYS = RULE_WITHIN | RULE_ON_READING | RULE_ON_SILENT | RULE_ON_ALERT
};

/* X(name, word, 中文, type, triggers, meaning): what a condition may ask. Unknown is SQL's NULL, never 0. */
#define RULE_FACT_LIST(X)                                                                                    \
    X(RULE_KIND, "kind", "事件类型", RULE_TEXT, RULE_WITHIN, "kind of incident")                             \
    X(RULE_SUBSTANCE, "substance", "危化品", RULE_TEXT, RULE_WITHIN, "chemical")                             \
    X(RULE_DEAD, "dead", "死亡", RULE_WHOLE, RULE_WITHIN, "persons dead")                                    \
    X(RULE_MISSING, "missing", "失踪", RULE_WHOLE, RULE_WITHIN, "persons missing")                           \
    X(RULE_SERIOUS, "serious", "重伤", RULE_WHOLE, RULE_WITHIN, "persons badly hurt, acute poisoning too")   \
    X(RULE_MINOR, "minor", "轻伤", RULE_WHOLE, RULE_WITHIN, "persons slightly hurt")                         \
    X(RULE_TRAPPED, "trapped", "被困", RULE_WHOLE, RULE_WITHIN, "persons trapped")                           \
    X(RULE_LOSS, "loss", "直接经济损失", RULE_WHOLE, RULE_WITHIN, "direct loss in CNY")                      \
    X(RULE_GRADE, "grade", "事件等级", RULE_WHOLE, RULE_WITHIN, "grade of the incident, 1 (I) to 4 (IV)")    \
    X(RULE_LEVEL, "level", "响应级别", RULE_WHOLE, RULE_WITHIN, "response level, 1 (I) to 4 (IV)")           \
    X(RULE_EXPECTED, "expected", "可能等级", RULE_WHOLE, RULE_WITHIN,                                        \
      "grade that people think possible, 1 (I) to 4 (IV)")                                                   \
    X(RULE_HERE, "here", "涉及本地", RULE_WHOLE, RULE_WITHIN | RULE_ON_ALERT,                                \
      "1: it was reported within this region, or touches it; 0: it is another's, and told; of a warning 1: " \
      "it is for this region, or a part of it")                                                              \
    X(RULE_REGIONS, "regions", "涉及区域数", RULE_WHOLE, RULE_WITHIN,                                        \
      "regions of this one's level that it touches, this one too")                                           \
    X(RULE_REGIONS_BELOW, "regions_below", "涉及下级区域数", RULE_WHOLE, RULE_WITHIN,                        \
      "regions right below this one that it touches")                                                        \
    X(RULE_NEIGHBOUR_LEVEL, "neighbour_level", "邻区响应级别", RULE_WHOLE, RULE_WITHIN,                      \
      "highest response level, 1 (I) to 4 (IV), that another region beside this one has for it or a linked " \
      "one")                                                                                                 \
    X(RULE_REPORTS, "reports", "报告次数", RULE_WHOLE, RULE_WITHIN, "reports filed so far")                  \
    X(RULE_AGE_MIN, "age_min", "发生后分钟", RULE_WHOLE, RULE_WITHIN, "minutes since it occurred")           \
    X(RULE_KNOWN_MIN, "known_min", "接报后分钟", RULE_WHOLE, RULE_WITHIN,                                    \
      "minutes since this region knew of it")                                                                \
    X(RULE_CORRECTED_DAYS, "corrected_days", "伤亡变更天数", RULE_WHOLE, RULE_WITHIN,                        \
      "days from that on which it occurred to that of the last change of casualties; 0: none was changed")   \
    X(RULE_TIER, "tier", "层级", RULE_TEXT, RULE_ALWAYS, "what this region is: county, city, province ...")  \
    X(RULE_ORDERS, "orders", "指令总数", RULE_WHOLE, RULE_WITHIN, "orders issued so far")                    \
    X(RULE_ORDERS_OPEN, "orders_open", "未结指令", RULE_WHOLE, RULE_WITHIN, "orders without an outcome")     \
    X(RULE_ORDERS_SILENT, "orders_silent", "未签收指令", RULE_WHOLE, RULE_WITHIN, "orders nobody answered")  \
    X(RULE_ORDER_KIND, "order_kind", "指令类型", RULE_TEXT, RULE_ON_ORDER | RULE_ON_DECLINED,                \
      "kind of the order")                                                                                   \
    X(RULE_AGENCY, "agency", "部门", RULE_TEXT,                                                              \
      RULE_ON_ORDER | RULE_ON_DECLINED | RULE_ON_SHORT | RULE_ON_SILENT,                                     \
      "agency that was ordered, is short or silent")                                                         \
    X(RULE_WAITED_MIN, "waited_min", "等待分钟", RULE_WHOLE,                                                 \
      RULE_ON_ORDER | RULE_ON_CLOCK | RULE_ON_REQUEST | RULE_ON_SILENT, "minutes without an answer")         \
    X(RULE_STEP, "step", "升级次数", RULE_WHOLE, RULE_ON_ORDER | RULE_ON_DECLINED,                           \
      "steps that this order has climbed")                                                                   \
    X(RULE_CLOCK, "clock", "时限", RULE_TEXT, RULE_ON_CLOCK, "name of the clock")                            \
    X(RULE_REQUEST, "request", "所需信息", RULE_TEXT, RULE_ON_REQUEST, "fact that was asked for")            \
    X(RULE_ABILITY, "ability", "能力", RULE_TEXT, RULE_ON_SHORT, "ability that is short")                    \
    X(RULE_FREE, "free", "可用力量", RULE_WHOLE, RULE_ON_SHORT, "free units that have it")                   \
    X(RULE_UNIT, "unit", "装置", RULE_TEXT, RULE_ON_READING, "unit that measured")                           \
    X(RULE_READING_NAME, "name", "指标", RULE_TEXT, RULE_ON_READING, "what is measured")                     \
    X(RULE_READING, "reading", "读数", RULE_REAL, RULE_ON_READING, "the last value")                         \
    X(RULE_RISE, "rise_per_min", "每分钟上升", RULE_REAL, RULE_ON_READING, "how much it rose in a minute")   \
    X(RULE_AGENT, "agent", "代理", RULE_TEXT, RULE_ON_DECLINED | RULE_ON_SILENT,                             \
      "agent that is silent, or declined")                                                                   \
    X(RULE_LINK, "link", "上下级链路", RULE_TEXT, RULE_ON_SILENT, "region whose link is silent")             \
    X(RULE_DUTY, "duty", "值守", RULE_WHOLE, RULE_ON_SILENT, "1: the agent takes orders; 0: it does not")    \
    X(RULE_WARNING_COLOUR, "warning_colour", "预警颜色", RULE_TEXT, RULE_WITHIN | RULE_ON_ALERT,             \
      "colour of the warning, within an incident the gravest in force here")                                 \
    X(RULE_WARNING_SEVERITY, "warning_severity", "预警严重程度", RULE_TEXT, RULE_WITHIN | RULE_ON_ALERT,     \
      "severity of the warning, within an incident the gravest in force here")                               \
    X(RULE_WARNING_EVENT, "warning_event", "预警事件", RULE_TEXT, RULE_WITHIN | RULE_ON_ALERT,               \
      "what is warned of, within an incident by the gravest warning in force here")                          \
    X(RULE_WARNINGS, "warnings", "生效预警", RULE_TEXT, RULE_WITHIN,                                         \
      "the warnings in force here, the gravest first: what is warned of and the colour of each")             \
    X(RULE_WARNING_URGENCY, "warning_urgency", "预警紧急程度", RULE_TEXT, RULE_ON_ALERT,                     \
      "urgency of the warning")                                                                              \
    X(RULE_WARNING_CERTAINTY, "warning_certainty", "预警确定性", RULE_TEXT, RULE_ON_ALERT,                   \
      "certainty of the warning")

enum rule_fact {
#define RULE_FACT_ENUM(name, word, zh, type, triggers, meaning) name,
    RULE_FACT_LIST(RULE_FACT_ENUM)
#undef RULE_FACT_ENUM
        RULE_FACT_COUNT
};

/* X(name, word, 中文, triggers): what a rule does. */
#define RULE_ACTION_LIST(X)                                                \
    X(ACTION_GRADE, "grade", "定级", RULE_WITHIN)                          \
    X(ACTION_RAISE, "raise", "提升响应", RULE_WITHIN | RULE_ON_READING)    \
    X(ACTION_LOWER, "lower", "降低响应", RULE_WITHIN | RULE_ON_READING)    \
    X(ACTION_REFER, "refer", "上报移交", RULE_WITHIN)                      \
    X(ACTION_REMIND, "remind", "催办", RULE_ON_ORDER)                      \
    X(ACTION_REISSUE, "reissue", "改派", RULE_ON_ORDER | RULE_ON_DECLINED) \
    X(ACTION_ASK, "ask", "要求补充", RULE_WITHIN)                          \
    X(ACTION_START, "start", "启动时限", RULE_WITHIN)                      \
    X(ACTION_STOP, "stop", "停止时限", RULE_WITHIN)                        \
    X(ACTION_NOTIFY, "notify", "通知", RULE_WITHIN | RULE_ON_READING | RULE_ON_SILENT | RULE_ON_ALERT)

enum rule_action_kind {
#define RULE_ACTION_ENUM(name, word, zh, triggers) name,
    RULE_ACTION_LIST(RULE_ACTION_ENUM)
#undef RULE_ACTION_ENUM
        RULE_ACTION_COUNT
};

struct rule_action {
    enum rule_action_kind kind;
    const char
        *value; /* as it stands: a level "I" to "IV", "parent", a region's code, a fact, a role, a clock */
    enum grade grade;  /* of grade, raise and lower */
    int64_t within_ms; /* ask, remind: until when the answer is due; raise: how long the response is expected
                            to take, 0: not said; else 0 */
    const char *ability; /* reissue: that a free unit must have; NULL or "": any */
};

/* From when a clock runs. */
enum clock_start {
    CLOCK_FROM_RULE,     /* the moment at which a rule starts it */
    CLOCK_FROM_OCCURRED, /* when it happened; when nobody said that, when it was reported */
    CLOCK_FROM_RECEIVED  /* when it was reported */
};

/* A statutory clock 时限: by when which report must have reached whom, and how. */
struct rule_clock {
    const char *name, *title;
    enum clock_start from;
    bool restarts; /* started later than at the first report, as by a rise of the grade: it runs from then */
    int64_t within_ms; /* 0: daily */
    uint16_t
        times_minutes[CLOCK_TIMES_MAX]; /* daily, minutes after midnight of the region's civil time, rising */
    size_t times_n;
    enum report_kind report; /* what meets it; NONE: any */
    enum medium medium;      /* NONE: any */
    enum tier to;            /* that it must reach */
    bool signer;             /* it must name who signed it off 签发人 */
    int64_t warn_ms;         /* so long before it is due; 0: no warning */
};

/* Whether a condition holds. UNKNOWN is not NO: something that it asks for is not known. */
enum rule_answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

struct rule_value {
    bool known;
    int64_t whole;
    double real;
    const char *text; /* the caller's */
};

struct rule_facts {
    struct rule_value at[RULE_FACT_COUNT];
};

/* What a rule of a pack in force says. Texts and actions are the pack's and live while it is in force. */
struct rule_verdict {
    const char *pack, *version, *rule;
    const char *article;    /* of the law, as the pack names it; "" */
    enum rule_answer holds; /* its condition; NO, too, of one that another goes before */
    bool is_over;           /* once fired: it may fire again */
    uint64_t facts;         /* bits 1 << enum rule_fact: what its condition reads */
    int64_t for_ms;
    uint64_t terms; /* print of its condition, duration and actions; never 0 */
    const struct rule_action *actions;
    size_t actions_n;
    const struct rule_clock *clocks; /* of its pack, which the actions name */
    size_t clocks_n;
    bool is_for; /* the incident's kind is one of its pack's */
};

struct region;
struct arena;

/* The packs in force, as decide() is given them: pure, too, for what a pack says follows from its text.
 * One thread. */
struct rules {
    void *ctx;
    /* Asks the rules of a trigger, pack by pack in the order of their names, rule by rule in theirs. ret is
     * valid until the next call. 0 or ERR_NO_MEMORY. */
    int (*ask)(void *ctx, const struct region *region, enum rule_trigger trigger,
               const struct rule_facts *facts, const struct rule_verdict **ret, size_t *ret_n);
    /* Bits 1 << enum rule_fact: what the conditions of the trigger's rules read. 0 or ERR_NO_MEMORY. */
    int (*reads)(void *ctx, const struct region *region, enum rule_trigger trigger, uint64_t *ret);
    /* What a pack's text is called, and its hash. Texts are the arena's. False: it is no pack, and ret_why
     * says in one line what is wrong and where; NULL: out of memory. */
    bool (*read)(void *ctx, const char *text, struct arena *arena, const char **ret_name,
                 const char **ret_version, uint8_t ret_hash[], const char **ret_why);
};

struct rule_fact_words {
    const char *word, *zh, *meaning;
    enum rule_type type;
    unsigned triggers;
};

/* Tables that end with the world; the index is in range. */
const struct rule_fact_words *rule_fact_words(enum rule_fact fact);
/* A grade or a level, 1 (I) to 4 (IV). */
bool rule_fact_is_grade(enum rule_fact fact);
const char *rule_trigger_word(enum rule_trigger trigger);
const char *rule_trigger_zh(enum rule_trigger trigger);
/* Whether what triggers it lasts until it is over, as an incident's facts do; else it happens once. By the
 * trigger's word. */
bool rule_is_lasting(const char *when);
const char *rule_action_word(enum rule_action_kind action);
const char *rule_action_zh(enum rule_action_kind action);
/* The triggers after which the action can be taken, as bits. */
unsigned rule_action_triggers(enum rule_action_kind action);
/* NULL-terminated words, in the order of the enums, for choices and hints. */
const char *const *rule_fact_list(void);
const char *const *rule_trigger_list(void);
const char *const *rule_action_list(void);

#endif
