#include "common/core/words.h"

#include <stdlib.h>
#include <string.h>

struct name_row {
    int value;
    const char *name;
    const char *zh;
};

static const struct name_row modes[] = {{MODE_ACTUAL, "actual", "实战"},
                                        {MODE_EXERCISE, "exercise", "演练"},
                                        {MODE_TEST, "test", "测试"},
                                        {0, NULL, NULL}};

static const struct name_row datums[] = {{DATUM_WGS84, "wgs84", ""},
                                         {DATUM_CGCS2000, "cgcs2000", ""},
                                         {DATUM_GCJ02, "gcj02", ""},
                                         {DATUM_BD09, "bd09", ""},
                                         {0, NULL, NULL}};

static const struct name_row report_kinds[] = {{REPORT_INITIAL, "initial", "初报"},
                                               {REPORT_FOLLOW_UP, "follow-up", "续报"},
                                               {REPORT_FINAL, "final", "终报"},
                                               {0, NULL, NULL}};

static const struct name_row grades[] = {{GRADE_I, "I", "特别重大"},
                                         {GRADE_II, "II", "重大"},
                                         {GRADE_III, "III", "较大"},
                                         {GRADE_IV, "IV", "一般"},
                                         {0, NULL, NULL}};

static const struct name_row levels[] = {{GRADE_I, "I", "一级"},
                                         {GRADE_II, "II", "二级"},
                                         {GRADE_III, "III", "三级"},
                                         {GRADE_IV, "IV", "四级"},
                                         {0, NULL, NULL}};

static const struct name_row media[] = {{MEDIUM_PHONE, "phone", "电话"},
                                        {MEDIUM_WRITTEN, "written", "书面"},
                                        {MEDIUM_NETWORK, "network", "网络"},
                                        {0, NULL, NULL}};

static const struct name_row tiers[] = {{TIER_COUNTY, "county", "县级"},
                                        {TIER_CITY, "city", "市级"},
                                        {TIER_PROVINCE, "province", "省级"},
                                        {TIER_STATE, "state", "国务院"},
                                        {0, NULL, NULL}};

static const struct name_row link_kinds[] = {{LINK_RELATED, "related", "相关"},
                                             {LINK_SECONDARY, "secondary", "次生"},
                                             {LINK_DERIVED, "derived", "衍生"},
                                             {0, NULL, NULL}};

static const struct name_row rungs[] = {{RUNG_ISSUED, "issued", "已下达"},
                                        {RUNG_DELIVERED, "delivered", "已送达"},
                                        {RUNG_ACKNOWLEDGED, "acknowledged", "签收"},
                                        {RUNG_ACCEPTED, "accepted", "接受"},
                                        {RUNG_EN_ROUTE, "en-route", "出动"},
                                        {RUNG_ON_SCENE, "on-scene", "到场"},
                                        {RUNG_COMPLETED, "completed", "完成"},
                                        {RUNG_DECLINED, "declined", "拒绝"},
                                        {RUNG_RECALLED, "recalled", "撤回"},
                                        {RUNG_EXPIRED, "expired", "逾期失效"},
                                        {0, NULL, NULL}};

static const struct name_row lanes[] = {{LANE_URGENT, "urgent", ""},
                                        {LANE_ORDERS, "orders", ""},
                                        {LANE_BULK, "bulk", ""},
                                        {LANE_TELEMETRY, "telemetry", ""},
                                        {0, NULL, NULL}};

static const struct name_row unit_kinds[] = {
    {UNIT_KIND_UNIT, "unit", ""}, {UNIT_KIND_TEAM, "team", ""}, {0, NULL, NULL}};

static const struct name_row unit_statuses[] = {{UNIT_FREE, "free", ""},
                                                {UNIT_ASSIGNED, "assigned", ""},
                                                {UNIT_OUT_OF_SERVICE, "out-of-service", ""},
                                                {0, NULL, NULL}};

static const char *const fact_names[FACT_COUNT] = {
#define FACT_ROW(name, text) [name] = (text),
    FACT_LIST(FACT_ROW)
#undef FACT_ROW
};

static const char *const fact_names_zh[FACT_COUNT] = {
    [FACT_KIND] = "事件类型",         [FACT_PLACE] = "地点",      [FACT_POSITION] = "坐标",
    [FACT_UNIT] = "事故单位",         [FACT_CASUALTIES] = "伤亡", [FACT_LOSS] = "经济损失",
    [FACT_SUBSTANCE] = "化学品名称",  [FACT_COURSE] = "简要经过", [FACT_MEASURES] = "已采取措施",
    [FACT_TIME] = "发生时间",         [FACT_CALLER] = "报告人",   [FACT_TITLE] = "事件名称",
    [FACT_DIVISION] = "行政区划代码",
};

static const char *name_of(const struct name_row *rows, int value, bool zh)
{
    for (; rows->name != NULL; rows++) {
        if (rows->value == value) {
            return zh ? rows->zh : rows->name;
        }
    }
    return "?";
}

static int value_of(const struct name_row *rows, const char *name)
{
    for (; rows->name != NULL; rows++) {
        if (strcmp(rows->name, name) == 0) {
            return rows->value;
        }
    }
    return 0;
}

/* By either name, as people type it. */
static int value_of_either(const struct name_row *rows, const char *name)
{
    for (; rows->name != NULL; rows++) {
        if (strcmp(rows->name, name) == 0 || strcmp(rows->zh, name) == 0) {
            return rows->value;
        }
    }
    return 0;
}

const char *mode_name(enum mode mode)
{
    return name_of(modes, (int)mode, false);
}

const char *mode_name_zh(enum mode mode)
{
    return name_of(modes, (int)mode, true);
}

enum mode mode_parse(const char *name)
{
    return (enum mode)value_of(modes, name);
}

const char *datum_name(enum datum datum)
{
    return name_of(datums, (int)datum, false);
}

enum datum datum_parse(const char *name)
{
    return (enum datum)value_of(datums, name);
}

const char *report_kind_name(enum report_kind kind)
{
    return name_of(report_kinds, (int)kind, false);
}

const char *report_kind_name_zh(enum report_kind kind)
{
    return name_of(report_kinds, (int)kind, true);
}

const char *grade_name(enum grade grade)
{
    return name_of(grades, (int)grade, false);
}

const char *grade_name_zh(enum grade grade)
{
    return name_of(grades, (int)grade, true);
}

const char *level_name_zh(enum grade level)
{
    return name_of(levels, (int)level, true);
}

enum grade grade_parse(const char *name)
{
    return (enum grade)value_of(grades, name);
}

const char *medium_name(enum medium medium)
{
    return name_of(media, (int)medium, false);
}

const char *medium_name_zh(enum medium medium)
{
    return name_of(media, (int)medium, true);
}

enum medium medium_parse(const char *name)
{
    return (enum medium)value_of_either(media, name);
}

const char *tier_name(enum tier tier)
{
    return name_of(tiers, (int)tier, false);
}

const char *tier_name_zh(enum tier tier)
{
    return name_of(tiers, (int)tier, true);
}

const char *tier_word_zh(const char *word)
{
    enum tier tier = tier_parse(word);

    return tier != TIER_NONE               ? tier_name_zh(tier)
           : strcmp(word, "township") == 0 ? "乡镇级"
           : strcmp(word, "village") == 0  ? "村级"
                                           : NULL;
}

enum tier tier_parse(const char *name)
{
    return (enum tier)value_of_either(tiers, name);
}

const char *link_kind_name(enum link_kind kind)
{
    return name_of(link_kinds, (int)kind, false);
}

const char *link_kind_name_zh(enum link_kind kind)
{
    return name_of(link_kinds, (int)kind, true);
}

enum link_kind link_kind_parse(const char *name)
{
    return (enum link_kind)value_of(link_kinds, name);
}

const char *rung_name(enum rung rung)
{
    return name_of(rungs, (int)rung, false);
}

const char *rung_name_zh(enum rung rung)
{
    return name_of(rungs, (int)rung, true);
}

enum rung rung_parse(const char *name)
{
    return (enum rung)value_of(rungs, name);
}

const char *lane_name(enum lane lane)
{
    return name_of(lanes, (int)lane, false);
}

const char *unit_kind_name(enum unit_kind kind)
{
    return name_of(unit_kinds, (int)kind, false);
}

bool unit_kind_parse(const char *name, enum unit_kind *ret)
{
    bool team = strcmp(name, unit_kinds[UNIT_KIND_TEAM].name) == 0;

    if (!team && strcmp(name, unit_kinds[UNIT_KIND_UNIT].name) != 0) {
        return false;
    }
    *ret = team ? UNIT_KIND_TEAM : UNIT_KIND_UNIT;
    return true;
}

const char *unit_status_name(enum unit_status status)
{
    return name_of(unit_statuses, (int)status, false);
}

enum unit_status unit_status_parse(const char *name)
{
    return (enum unit_status)value_of(unit_statuses, name);
}

const char *fact_name(enum fact fact)
{
    return fact < FACT_COUNT ? fact_names[fact] : "?";
}

const char *fact_name_zh(enum fact fact)
{
    return fact < FACT_COUNT ? fact_names_zh[fact] : "?";
}

enum fact fact_parse(const char *name)
{
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        if (strcmp(fact_names[fact], name) == 0) {
            return (enum fact)fact;
        }
    }
    return FACT_COUNT;
}

bool words_have(struct words words, const char *word)
{
    for (size_t i = 0; i < words.n; i++) {
        if (strcmp(words.at[i], word) == 0) {
            return true;
        }
    }
    return false;
}

bool words_equal(struct words a, struct words b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (strcmp(a.at[i], b.at[i]) != 0) {
            return false;
        }
    }
    return true;
}

void words_free(struct words *words)
{
    free((void *)(uintptr_t)words->at); /* the array is ours, only its words are const */
    *words = (struct words){NULL, 0};
}

struct facts facts_none(void)
{
    return (struct facts){
        .kind = "",
        .place = "",
        .unit = "",
        .casualties = {COUNT_UNKNOWN, COUNT_UNKNOWN, COUNT_UNKNOWN, COUNT_UNKNOWN, COUNT_UNKNOWN},
        .loss_cny = COUNT_UNKNOWN,
        .substance = "",
        .course = "",
        .measures = "",
        .caller = "",
        .title = "",
        .division = "",
    };
}

static uint32_t fact_bit(enum fact fact, bool there)
{
    return there ? 1u << (unsigned)fact : 0;
}

uint32_t facts_known(const struct facts *facts)
{
    const struct casualties *c = &facts->casualties;
    bool counted = c->dead != COUNT_UNKNOWN || c->missing != COUNT_UNKNOWN || c->serious != COUNT_UNKNOWN ||
                   c->minor != COUNT_UNKNOWN || c->trapped != COUNT_UNKNOWN;

    return fact_bit(FACT_KIND, facts->kind[0] != '\0') | fact_bit(FACT_PLACE, facts->place[0] != '\0') |
           fact_bit(FACT_POSITION, facts->position.datum != DATUM_NONE) |
           fact_bit(FACT_UNIT, facts->unit[0] != '\0') | fact_bit(FACT_CASUALTIES, counted) |
           fact_bit(FACT_LOSS, facts->loss_cny != COUNT_UNKNOWN) |
           fact_bit(FACT_SUBSTANCE, facts->substance[0] != '\0') |
           fact_bit(FACT_COURSE, facts->course[0] != '\0') |
           fact_bit(FACT_MEASURES, facts->measures[0] != '\0') |
           fact_bit(FACT_TIME, facts->occurred_at_ms != 0) | fact_bit(FACT_CALLER, facts->caller[0] != '\0') |
           fact_bit(FACT_TITLE, facts->title[0] != '\0') |
           fact_bit(FACT_DIVISION, facts->division[0] != '\0');
}

/* Letters, digits, ._- and everything beyond ASCII that is no control: names may be Chinese. */
static bool is_name_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c >= 0x80;
}

/* Length of a region code at the start of name that a slash follows, 0 when there is none. */
static size_t region_part(const char *name)
{
    size_t n = 0;

    while (name[n] >= '0' && name[n] <= '9') {
        n++;
    }
    return n >= 2 && n <= REGION_CODE_MAX && name[n] == '/' ? n : 0;
}

static size_t name_part(const char *text)
{
    size_t n = 0;

    while (is_name_char((unsigned char)text[n])) {
        n++;
    }
    return n;
}

static bool has_parts(const char *name, int parts)
{
    size_t n = region_part(name);

    if (n == 0 || strlen(name) > NAME_MAX_BYTES) {
        return false;
    }
    name += n;
    for (int i = 0; i < parts; i++) {
        if (*name != '/') {
            return false;
        }
        name++;
        n = name_part(name);
        if (n == 0) {
            return false;
        }
        name += n;
    }
    return *name == '\0';
}

bool name_is_agency(const char *name)
{
    return has_parts(name, 1);
}

bool name_is_agent(const char *name)
{
    return has_parts(name, 2);
}

bool name_agency(const char *name, char *ret)
{
    size_t region = region_part(name);

    if (region == 0 || strlen(name) > NAME_MAX_BYTES) {
        return false;
    }
    size_t agency = name_part(name + region + 1);
    char after = name[region + 1 + agency];
    if (agency == 0 || (after != '\0' && after != '/')) {
        return false;
    }
    memcpy(ret, name, region + 1 + agency);
    ret[region + 1 + agency] = '\0';
    return true;
}

static const uint64_t fnv_offset = 14695981039346656037u;
static const uint64_t fnv_prime = 1099511628211u;

static uint64_t fingerprint(uint64_t seed, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    uint64_t hash = seed ^ fnv_offset;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ bytes[i]) * fnv_prime;
    }
    return hash;
}

uint64_t fingerprint_text(uint64_t seed, const char *text)
{
    /* with its NUL, so that "ab","c" and "a","bc" differ */
    return fingerprint(seed, text, strlen(text) + 1);
}

uint64_t fingerprint_number(uint64_t seed, int64_t number)
{
    unsigned char bytes[8];
    uint64_t bits = (uint64_t)number;

    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(bits >> (8 * i));
    }
    return fingerprint(seed, bytes, sizeof bytes);
}
