/* The numbered brief 信息专报 of an incident, as it is sent up: 初报, 续报一 ... 终报, with the items of
 * Decree 493 (生产安全事故报告和调查处理条例), Art. 12. It says what was known then, not what is known now;
 * what was not known is said to be so, and is neither 0 nor left out. */
#ifndef MUSTER_COMMON_VIEW_VIEW_BRIEF_H
#define MUSTER_COMMON_VIEW_VIEW_BRIEF_H

#include "common/view/view_say.h"

/* Art. 12, in its order; before it what stands at the top. */
enum brief_section {
    BRIEF_HEAD,
    BRIEF_UNIT,       /* 事故发生单位概况 */
    BRIEF_SCENE,      /* 事故发生的时间、地点以及事故现场情况 */
    BRIEF_COURSE,     /* 事故的简要经过 */
    BRIEF_CASUALTIES, /* 伤亡人数（包括下落不明的人数）和初步估计的直接经济损失 */
    BRIEF_MEASURES,   /* 已经采取的措施 */
    BRIEF_OTHER,      /* 其他应当报告的情况 */
    BRIEF_SECTIONS
};

/* X(item, section, key, English, Chinese) */
#define BRIEF_ITEM_LIST(X)                                                                   \
    X(BRIEF_ITEM_TITLE, BRIEF_HEAD, "title", "subject", "事件名称")                          \
    X(BRIEF_ITEM_KIND, BRIEF_HEAD, "kind", "kind of incident", "事件类型")                   \
    X(BRIEF_ITEM_GRADE, BRIEF_HEAD, "grade", "grade", "事件等级")                            \
    X(BRIEF_ITEM_LEVEL, BRIEF_HEAD, "level", "response level", "响应级别")                   \
    X(BRIEF_ITEM_POST, BRIEF_HEAD, "command_post", "command post", "现场指挥部")             \
    X(BRIEF_ITEM_UNIT, BRIEF_UNIT, "unit", "unit", "事故单位")                               \
    X(BRIEF_ITEM_OCCURRED, BRIEF_SCENE, "occurred", "happened at", "发生时间")               \
    X(BRIEF_ITEM_OPENED, BRIEF_SCENE, "opened", "reported first at", "接报时间")             \
    X(BRIEF_ITEM_PLACE, BRIEF_SCENE, "place", "place", "地点")                               \
    X(BRIEF_ITEM_POSITION, BRIEF_SCENE, "position", "position", "坐标")                      \
    X(BRIEF_ITEM_ON_SCENE, BRIEF_SCENE, "on_scene", "forces on scene", "到场力量")           \
    X(BRIEF_ITEM_COURSE, BRIEF_COURSE, "course", "course", "简要经过")                       \
    X(BRIEF_ITEM_DEAD, BRIEF_CASUALTIES, "dead", "dead", "死亡（人）")                       \
    X(BRIEF_ITEM_MISSING, BRIEF_CASUALTIES, "missing", "missing", "失踪、下落不明（人）")    \
    X(BRIEF_ITEM_SERIOUS, BRIEF_CASUALTIES, "serious", "badly injured, acute poisoning too", \
      "重伤，含急性中毒（人）")                                                              \
    X(BRIEF_ITEM_MINOR, BRIEF_CASUALTIES, "minor", "slightly injured", "轻伤（人）")         \
    X(BRIEF_ITEM_TRAPPED, BRIEF_CASUALTIES, "trapped", "trapped", "被困（人）")              \
    X(BRIEF_ITEM_LOSS, BRIEF_CASUALTIES, "loss_cny", "direct loss, first estimate (CNY)",    \
      "初步估计的直接经济损失（元）")                                                        \
    X(BRIEF_ITEM_MEASURES, BRIEF_MEASURES, "measures", "measures", "已采取的措施")           \
    X(BRIEF_ITEM_SUBSTANCE, BRIEF_OTHER, "substance", "substance", "危险物质")               \
    X(BRIEF_ITEM_WORDS, BRIEF_OTHER, "words", "the report's own words", "本报附言")

enum brief_item_kind {
#define BRIEF_ITEM_ENUM(item, section, key, en, zh) item,
    BRIEF_ITEM_LIST(BRIEF_ITEM_ENUM)
#undef BRIEF_ITEM_ENUM
        BRIEF_ITEMS
};

struct brief_item {
    const char *value;  /* "": nobody has said it */
    const char *before; /* changed: what the brief before this one said; "" it was not known */
    bool changed;
};

/* An order as it stood at that moment. Texts in the brief's language. */
struct brief_order {
    struct id id;
    uint64_t seq; /* of the record that issued it */
    int64_t issued_ms;
    const char *kind;
    const char *addressee;
    const char *text;
    enum rung rung; /* DELIVERED: proved by an Ack */
    int64_t rung_ms;
    const char *who;  /* the taker and its units; "" nobody has taken it */
    bool unreached;   /* nobody has it: nobody is enrolled under its address, or no link leads there */
    bool unanswered;  /* nobody answered in time */
    bool overdue;     /* accepted, and not done in time */
    bool is_new;      /* issued since the brief before */
    enum rung before; /* the rung at the brief before, if another; RUNG_NONE: the same, or it is new */
};

/* A fact that was asked for and not answered by then: 未报事项. */
struct brief_request {
    const char *fact; /* its name as in FACT_LIST */
    int64_t asked_ms;
    int64_t due_ms;
    bool overdue;
};

/* A command centre that was to be told of the report. */
struct brief_reader {
    const char *agent;
    bool delivered; /* by its Ack, as far as was read */
    int64_t at_ms;
};

struct view_brief {
    bool zh;
    struct id incident;
    enum mode mode;
    bool history; /* brought in by an importer: nobody was told */
    const char *region_code;
    const char *region_name;
    uint64_t number; /* of the report, counted from 1 */
    enum report_kind kind;
    const char *heading; /* 初报, 续报一, 终报; "follow-up report 1" */
    int64_t reported_ms; /* of a report that another region told, when it came here */
    const char
        *of_region;      /* that region, whose are what follows up to signed_off_by; "": it is of this one */
    const char *of_name; /* "" not known */
    uint64_t of_number;  /* as it counts; 0: not known */
    int64_t of_reported_ms;
    const char *reporter;      /* agent */
    const char *operator;      /* "" the agent's own word */
    const char *signed_off_by; /* 签发人; "" not said */
    bool is_first;             /* there is no brief before, so nothing is marked as changed */
    /* The point that was asked for: what was known then is told. Both 0: as of the report itself. */
    uint64_t as_of_seq;
    int64_t as_of_ms;
    struct brief_item items[BRIEF_ITEMS];
    struct brief_order *orders; /* in the order of their issue */
    size_t orders_n;
    struct brief_request *requests;
    size_t requests_n;
    struct brief_reader *readers;
    size_t readers_n;
    uint64_t seq;              /* of the last record of the incident that it tells of ... */
    struct hash hash;          /* ... and that record's hash, in which all before it is */
    uint64_t read_seq;         /* deliveries are told up to here */
    uint64_t redacted;         /* records that were read and hold no words any more */
    const struct state *state; /* the view's */
    struct arena arena;
};

/* Which brief: of a report's number; else that of the last report up to a point, with all that was known at
 * that point; all 0: of the last report. */
struct view_brief_point {
    uint64_t number;
    uint64_t seq;   /* 0: no bound */
    int64_t bus_ms; /* 0: no bound */
};

/* view with details, which must outlive the brief. ERR_NOT_FOUND: no such incident, or no such report of it,
 * said with what there is; ERR_NO_MEMORY. */
int view_brief_make(const struct view *view, bool zh, struct id incident,
                    const struct view_brief_point *point, struct view_brief *ret, struct err *err);
void view_brief_free(struct view_brief *brief); /* zeroed is fine */

/* The sheet as lines; as one HTML page for A4 that fetches nothing and runs nothing; as one line of JSON.
 * All text from outside is escaped. */
void view_brief_text(const struct view_brief *brief, struct buf *ret);
void view_brief_html(const struct view_brief *brief, struct buf *ret);
void view_brief_json(const struct view_brief *brief, struct buf *ret);

/* What both sheets say alike. ret: the caller's, appended to, not escaped. */
const char *brief_title(const struct view_brief *brief);
const char *brief_section_title(const struct view_brief *brief, enum brief_section section);
enum brief_section brief_item_section(enum brief_item_kind item);
const char *brief_item_key(enum brief_item_kind item);
const char *brief_item_label(const struct view_brief *brief, enum brief_item_kind item);
/* "未报" */
const char *brief_unknown(const struct view_brief *brief);
/* What stands for an item that has no value: 未报, but of the report's own words 无, for they are no fact. */
const char *brief_item_none(const struct view_brief *brief, enum brief_item_kind item);
/* "【演练】..."; "" for an actual incident. */
const char *brief_banner(const struct view_brief *brief);

/* What stands at the top of both sheets, below who issued it. */
enum { BRIEF_LINES_MAX = 12 };
struct brief_lines {
    struct {
        const char *label;
        const char *value; /* "": not said */
    } at[BRIEF_LINES_MAX];
    size_t n;
    char incident[ID_TEXT];
    char reported[VIEW_TIME], there[VIEW_TIME];
    char number[32];
    struct buf region;
};
void brief_top(const struct view_brief *brief, struct brief_lines *ret);
void brief_top_free(struct brief_lines *lines);
void brief_say_order(const struct view_brief *brief, const struct brief_order *order, struct buf *ret);
void brief_say_orders_count(const struct view_brief *brief, struct buf *ret);
void brief_say_request(const struct view_brief *brief, const struct brief_request *request, struct buf *ret);
/* What stands where there is no reader. */
const char *brief_no_reader(const struct view_brief *brief);
void brief_say_reader(const struct view_brief *brief, const struct brief_reader *reader, struct buf *ret);
/* "as it was known at record 14"; nothing when it is as of the report itself. */
void brief_say_as_of(const struct view_brief *brief, struct buf *ret);
void brief_say_source(const struct view_brief *brief, struct buf *ret);
/* "，上一号：1" behind a value that has changed; nothing when it has not, or is too long to be repeated. */
void brief_say_before(const struct view_brief *brief, const struct brief_item *item, struct buf *ret);

#endif
