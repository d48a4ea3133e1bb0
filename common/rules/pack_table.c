/* A rule pack as a table, for people who know no SQL: one rule a row, its condition built from cells, each of
 * which is checked; a text is quoted by us, a number is reckoned out. Errors are in Chinese, as the headings
 * are, and in English. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/text.h"
#include "common/conf/csv.h"
#include "common/rules/pack_private.h"
#include "common/rules/pack_words.h"

enum column {
    COLUMN_KIND,
    COLUMN_FACT,
    COLUMN_COMPARISON,
    COLUMN_VALUE,
    COLUMN_FOR,
    COLUMN_DO,
    COLUMN_WANTED, /* so many must be there */
    COLUMN_WHEN = COLUMN_WANTED,
    COLUMN_COUNT
};

enum { CELLS_MEMORY_MAX = 1024 * 1024, SHOWN_BYTES = 64 };

static const char *const headings[COLUMN_COUNT] = {"事件类型", "指标", "比较", "值", "持续", "动作", "触发"};

struct table {
    const char *file;
    struct pack_reading reading;
    struct pack *pack;
    struct arena cells; /* of one row */
    size_t rules_max;
    bool headed;
    size_t at[COLUMN_COUNT]; /* where each column stands; SIZE_MAX: nowhere */
    size_t line;
    const char *row[COLUMN_COUNT]; /* trimmed; "": empty */
};

/* "FILE:LINE: HEADING "CELL": ..." */
static int fail(const struct table *t, const char *heading, const char *cell, const char *chinese,
                const char *english)
{
    char shown[SHOWN_BYTES];

    (void)text_escape_into(shown, sizeof shown, cell, strlen(cell));
    return err_set(t->reading.err, ERR_CONFIG, "%s:%zu: %s \"%s\": %s (%s)", t->file, t->line, heading, shown,
                   chinese, english);
}

/* What stands in the way of reading the rows is said by the reader of CSV, in English: here in both. */
static int fail_csv(const struct table *t, int rc)
{
    static const char *const whys[][2] = {
        {"a quote is opened and not closed", "引号未闭合"},
        {"there is text behind a closing quote", "右引号后还有文字，单元格内的引号须写两个"},
        {"a quote stands inside a field", "引号在单元格中间，请把整个单元格加引号"},
        {"more than 1,024 fields", "超过 1,024 列"},
        {"a field is larger than 64 KiB", "单元格超过 64 KiB"},
        {"not UTF-8; convert the file", "不是 UTF-8，请转换编码"},
    };
    struct err *err = t->reading.err;

    for (size_t i = 0; err != NULL && i < sizeof whys / sizeof whys[0]; i++) {
        const char *at = strstr(err->text, whys[i][0]);
        if (at != NULL) {
            struct err said = *err;
            return err_set(err, rc, "%.*s%s (%s)", (int)(at - err->text), said.text, whys[i][1],
                           said.text + (at - err->text));
        }
    }
    return rc;
}

static int fail_cell(const struct table *t, enum column column, const char *chinese, const char *english)
{
    return fail(t, headings[column], t->row[column], chinese, english);
}

static int fail_memory(const struct table *t)
{
    return err_set(t->reading.err, ERR_NO_MEMORY, "%s: out of memory for rules", t->file);
}

/* --- condition ------------------------------------------------------------------------------------ */

static void put_quoted(struct buf *ret, const char *text)
{
    buf_puts(ret, "'");
    for (; *text != '\0'; text++) {
        buf_puts(ret, *text == '\'' ? "'" : "");
        buf_append(ret, text, 1);
    }
    buf_puts(ret, "'");
}

/* 'fire', or ('fire', '火灾'): its word, and what the table calls it */
static void put_kind(struct buf *ret, const char *kind, const char *word)
{
    if (word != NULL) {
        buf_puts(ret, "(");
        put_quoted(ret, word);
        buf_puts(ret, ", ");
    }
    put_quoted(ret, kind);
    buf_puts(ret, word != NULL ? ")" : "");
}

/* "fire、mine*、坍塌": kind = 'fire' or kind glob 'mine*' or kind in ('collapse', '坍塌') */
static int put_kinds(struct table *t, struct buf *ret)
{
    const char *rest = t->row[COLUMN_KIND], *kind, *between = "(";

    while ((kind = table_next_part(&t->cells, &rest)) != NULL) {
        const char *special = strpbrk(kind, "*?[");
        bool is_beginning = special != NULL && special > kind && strcmp(special, "*") == 0;
        if (special != NULL && !is_beginning) {
            return fail_cell(t, COLUMN_KIND, "星号只能写在类型名末尾",
                             "a * stands only at the end of a kind");
        }
        const char *word = pack_kind_word(&t->reading, kind);
        buf_printf(ret, "%skind %s ", between, is_beginning ? "glob" : word != NULL ? "in" : "=");
        put_kind(ret, kind, word);
        between = " or ";
    }
    buf_puts(ret, between[0] == '(' ? "" : ") and ");
    return 0;
}

static int put_text_value(struct table *t, enum rule_fact fact, struct buf *ret)
{
    const char *comparison = table_comparison(t->row[COLUMN_COMPARISON]);

    if (strcmp(comparison, "=") != 0 && strcmp(comparison, "!=") != 0) {
        return fail_cell(t, COLUMN_COMPARISON, "文字只能用 等于 或 不等于", "a text is equal or unequal");
    }
    const char *value = t->row[COLUMN_VALUE];
    bool is_old = (fact == RULE_TIER || fact == RULE_REQUEST) &&
                  !conditions_may_name_kinds(t->reading.conditions); /* a table of before says what it did */
    const char *word = is_old ? NULL : table_value_word(fact, value);
    put_quoted(ret, word != NULL ? word : value);
    return 0;
}

static int put_number(struct table *t, enum rule_fact fact, struct buf *ret)
{
    const char *cell = t->row[COLUMN_VALUE], *comparison = table_comparison(t->row[COLUMN_COMPARISON]);
    bool is_whole = rule_fact_words(fact)->type == RULE_WHOLE;
    double number;

    enum grade grade = rule_fact_is_grade(fact) ? table_grade(cell) : GRADE_NONE;
    if (grade != GRADE_NONE) {
        if (strcmp(comparison, "=") != 0 && strcmp(comparison, "!=") != 0) {
            return fail_cell(t, COLUMN_COMPARISON,
                             "等级只能用 等于 或 不等于；比较大小请写数字 1 至 4，1 最重",
                             "a grade is equal or unequal; to compare write 1 to 4, 1 is the gravest");
        }
        buf_printf(ret, "%d", (int)grade);
        return 0;
    }
    if (!table_number(cell, &number)) {
        return fail_cell(t, COLUMN_VALUE, "不是数字，应写如 10、2.5、5000万",
                         "no number; write 10, 2.5 or 5000万");
    }
    if (is_whole && (double)(int64_t)number != number) {
        return fail_cell(t, COLUMN_VALUE, "应为整数", "a whole number is wanted");
    }
    buf_printf(ret, is_whole ? "%.0f" : "%.15g", number);
    return 0;
}

/* "事件类型 等于 火灾"; false: it is no name of a kind, or is not compared as one. */
static bool put_kind_value(struct table *t, struct buf *ret)
{
    const char *value = t->row[COLUMN_VALUE], *word = pack_kind_word(&t->reading, value);
    const char *comparison = table_comparison(t->row[COLUMN_COMPARISON]);
    bool is_equal = strcmp(comparison, "=") == 0;

    if (word == NULL || (!is_equal && strcmp(comparison, "!=") != 0)) {
        return false;
    }
    buf_puts(ret, is_equal ? "kind in " : "kind not in ");
    put_kind(ret, value, word);
    return true;
}

/* A fact, or "读数:h2s", what a certain thing reads. */
static int put_comparison(struct table *t, enum rule_fact fact, const char *measured, struct buf *ret)
{
    const struct rule_fact_words *words = rule_fact_words(fact);

    if (table_comparison(t->row[COLUMN_COMPARISON]) == NULL) {
        return fail_cell(t, COLUMN_COMPARISON, "应为 大于、大于等于、小于、小于等于、等于、不等于",
                         "write >, >=, <, <=, = or !=");
    }
    if (t->row[COLUMN_VALUE][0] == '\0') {
        return fail_cell(t, COLUMN_VALUE, "缺值", "a value is wanted");
    }
    if (measured[0] != '\0') {
        buf_printf(ret, "%s = ", rule_fact_words(RULE_READING_NAME)->word);
        put_quoted(ret, measured);
        buf_puts(ret, " and ");
    }
    if (fact == RULE_KIND && put_kind_value(t, ret)) {
        return 0;
    }
    buf_printf(ret, "%s %s ", words->word, table_comparison(t->row[COLUMN_COMPARISON]));
    return words->type == RULE_TEXT ? put_text_value(t, fact, ret) : put_number(t, fact, ret);
}

/* --- trigger -------------------------------------------------------------------------------------- */

/* What happens is said by the fact; only where several things bring it must the column say which, and of a
 * decline always: what it brings others brought before. */
static int choose_trigger(struct table *t, enum rule_fact fact, enum rule_trigger *ret)
{
    unsigned triggers = rule_fact_words(fact)->triggers, others = triggers & ~(unsigned)RULE_ON_DECLINED;
    const char *cell = t->row[COLUMN_WHEN];
    int found = -1;

    for (int i = 0; i < RULE_TRIGGER_COUNT; i++) {
        unsigned bit = 1U << i;
        bool is_named = strcmp(cell, rule_trigger_zh((enum rule_trigger)i)) == 0 ||
                        strcmp(cell, rule_trigger_word((enum rule_trigger)i)) == 0;
        if (cell[0] != '\0' ? is_named : others == bit || (triggers & bit & RULE_ON_INCIDENT) != 0) {
            found = i;
        }
    }
    if (found < 0 && cell[0] != '\0') {
        return fail_cell(t, COLUMN_WHEN, "没有这种触发，见 docs/rules.md", "no trigger of docs/rules.md");
    }
    if (found < 0) {
        return fail_cell(t, COLUMN_FACT, "多种触发都有此指标，请加“触发”一列注明",
                         "several triggers bring it; say which in a column 触发");
    }
    if ((triggers & (1U << found)) == 0) {
        return fail_cell(t, COLUMN_WHEN, "此触发没有该指标", "this trigger does not bring that fact");
    }
    if (t->row[COLUMN_KIND][0] != '\0' && (rule_fact_words(RULE_KIND)->triggers & (1U << found)) == 0) {
        return fail_cell(t, COLUMN_KIND, "此触发不属于某一事件，请留空",
                         "what happens here belongs to no incident; leave it empty");
    }
    *ret = (enum rule_trigger)found;
    return 0;
}

/* "读数:h2s" or "死亡"; ret_measured is "" for what is no reading of a certain thing. */
static int choose_fact(struct table *t, enum rule_fact *ret, const char **ret_measured)
{
    const char *cell = t->row[COLUMN_FACT], *rest;
    char word[SHOWN_BYTES];

    size_t n = table_before_colon(cell, &rest);
    if (n < sizeof word) {
        memcpy(word, cell, n);
        word[n] = '\0';
        *ret = table_fact(word);
        bool is_measured = *ret == RULE_READING || *ret == RULE_RISE;
        if (*ret != RULE_FACT_COUNT && (rest[0] == '\0' || is_measured)) {
            *ret_measured = rest;
            return 0;
        }
    }
    return fail_cell(t, COLUMN_FACT, "没有这个指标，见 docs/rules.md；监测值写作 读数:名称",
                     "no fact of docs/rules.md; what is measured is 读数:NAME");
}

/* --- actions -------------------------------------------------------------------------------------- */

static int read_action(struct table *t, const char *phrase, enum rule_trigger trigger,
                       struct rule_action *ret)
{
    const char *value;

    if (!table_action(phrase, &ret->kind, &value)) {
        return fail(t, headings[COLUMN_DO], phrase, "没有这个动作，应写如 定级 II；通知 duty-officer",
                    "no action of docs/rules.md");
    }
    if (ret->kind == ACTION_START || ret->kind == ACTION_STOP) {
        return fail(t, headings[COLUMN_DO], phrase, "表格中没有时限，请改用 YAML 规则包",
                    "a table has no clocks; write this pack in YAML");
    }
    const char *translated = table_action_value(&t->cells, ret->kind, value, &ret->within_ms);
    bool is_able = ret->kind == ACTION_REISSUE && translated != NULL && strcmp(translated, "next-able") != 0;
    ret->ability = is_able ? arena_strdup(t->reading.arena, translated) : "";
    translated = is_able ? "next-able" : translated;
    ret->value = translated != NULL ? arena_strdup(t->reading.arena, translated) : NULL;
    if (ret->value == NULL || ret->ability == NULL) {
        return fail_memory(t);
    }
    ret->grade = table_grade(ret->value);
    if (strlen(ret->value) > PACK_VALUE_MAX || strlen(ret->ability) > PACK_VALUE_MAX ||
        pack_action_wants(t->pack, ret) != NULL) {
        return fail(t, headings[COLUMN_DO], phrase,
                    "动作的对象不对，应写如 定级 II、上报移交 上级、通知 duty-officer",
                    "what it is done to is wrong; write such as 定级 II, 上报移交 上级, 通知 duty-officer");
    }
    if (ret->kind == ACTION_ASK &&
        (ret->within_ms < PACK_WITHIN_MIN_MS || ret->within_ms > PACK_FOR_MAX_MS)) {
        return fail(t, headings[COLUMN_DO], phrase, "缺时间，应写如 要求补充 伤亡 30分钟",
                    "until when? write such as 要求补充 伤亡 30分钟");
    }
    if (ret->kind == ACTION_RAISE && ret->within_ms != 0 &&
        (ret->within_ms < PACK_WITHIN_MIN_MS || ret->within_ms > PACK_FOR_MAX_MS)) {
        return fail(t, headings[COLUMN_DO], phrase, "预计期限应写如 提升响应 II 12小时，1 分钟至 30 天",
                    "how long it is expected to take is written as 提升响应 II 12小时, 1 min to 30 d");
    }
    if (ret->kind == ACTION_REMIND &&
        (ret->within_ms < PACK_FOR_MIN_MS || ret->within_ms > PACK_FOR_MAX_MS)) {
        return fail(t, headings[COLUMN_DO], phrase, "缺时间，应写如 催办 2分钟",
                    "until when? write such as 催办 2分钟");
    }
    if ((rule_action_triggers(ret->kind) & (1U << trigger)) == 0) {
        return fail(t, headings[COLUMN_DO], phrase, "此触发下不能做这个动作",
                    "it cannot be done when this happens");
    }
    return 0;
}

static int read_actions(struct table *t, struct rule *rule)
{
    const char *rest = t->row[COLUMN_DO], *phrase;
    int rc = 0;

    while (rc == 0 && (phrase = table_next_phrase(&t->cells, &rest)) != NULL) {
        if (rule->actions_n == RULE_ACTIONS_MAX) {
            return fail_cell(t, COLUMN_DO, "动作过多，最多 8 个", "more than 8 actions");
        }
        rc = read_action(t, phrase, rule->trigger, &rule->actions[rule->actions_n++]);
    }
    return rc == 0 && rule->actions_n == 0 ? fail_cell(t, COLUMN_DO, "缺动作", "an action is wanted") : rc;
}

/* --- rows ----------------------------------------------------------------------------------------- */

static int build_condition(struct table *t, struct rule *rule, enum rule_fact fact, const char *measured)
{
    struct buf text;
    struct err why = {0};
    size_t at;

    buf_init(&text, 0);
    int rc = put_kinds(t, &text);
    rc = rc ? rc : put_comparison(t, fact, measured, &text);
    if (rc == 0) {
        rule->text = arena_strdup(t->reading.arena, buf_text(&text));
        rc = text.failed || rule->text == NULL ? fail_memory(t) : 0;
    }
    if (rc == 0 &&
        condition_new(t->reading.conditions, rule->text, text.n, &rule->condition, &at, &why) != 0) {
        rc = err_set(t->reading.err, why.code == ERR_NO_MEMORY ? why.code : ERR_CONFIG, "%s:%zu: %s", t->file,
                     t->line, why.text);
    }
    buf_free(&text);
    return rc;
}

static int read_rule(struct table *t)
{
    enum rule_fact fact = RULE_FACT_COUNT;
    const char *measured = "";

    if (t->pack->rules_n == t->rules_max) {
        return err_set(t->reading.err, ERR_CONFIG, "%s:%zu: more than %zu rules; split the table", t->file,
                       t->line, t->rules_max);
    }
    struct rule *rule = &t->pack->rules[t->pack->rules_n++]; /* so that pack_free() sees what is made of it */
    *rule = (struct rule){.until_text = "", .line = (unsigned)t->line};
    rule->name = arena_printf(t->reading.arena, "第%zu行", t->line);
    if (rule->name == NULL) {
        return fail_memory(t);
    }
    int rc = choose_fact(t, &fact, &measured);
    rc = rc ? rc : choose_trigger(t, fact, &rule->trigger);
    rc = rc ? rc : build_condition(t, rule, fact, measured);
    if (rc == 0 && t->row[COLUMN_FOR][0] != '\0' && rule->trigger == TRIGGER_ALERT) {
        return fail_cell(t, COLUMN_FOR, "预警只触发一次，请留空", "a warning happens once; leave it empty");
    }
    if (rc == 0 && t->row[COLUMN_FOR][0] != '\0' &&
        (!table_duration(t->row[COLUMN_FOR], &rule->for_ms) || rule->for_ms < PACK_FOR_MIN_MS ||
         rule->for_ms > PACK_FOR_MAX_MS)) {
        return fail_cell(t, COLUMN_FOR, "应写如 30秒、5分钟、2小时，最多 30天",
                         "write 30 s, 5 min or 2 h, 30 d at most");
    }
    return rc ? rc : read_actions(t, rule);
}

static bool find_headings(struct table *t, const struct csv_row *row)
{
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        t->at[column] = SIZE_MAX;
        for (size_t i = 0; i < row->n && t->at[column] == SIZE_MAX; i++) {
            const char *cell = table_trim(&t->cells, row->fields[i], strlen(row->fields[i]));
            t->at[column] = cell != NULL && strcmp(cell, headings[column]) == 0 ? i : SIZE_MAX;
        }
    }
    return t->at[COLUMN_FACT] != SIZE_MAX || t->at[COLUMN_DO] != SIZE_MAX;
}

/* "规则包,NAME", "版本,VERSION", "标题,TITLE", "匹配,首条 or 全部", above the headings. */
static int read_head(struct table *t, const char *key, const char *value)
{
    const struct {
        const char *key;
        const char **ret;
    } texts[] = {{"规则包", &t->pack->name}, {"版本", &t->pack->version}, {"标题", &t->pack->title}};

    if (value[0] == '\0' || strlen(value) > PACK_NAME_MAX) {
        return fail(t, key, value, "右边一格应有 1 至 128 字节",
                    "1 to 128 bytes are wanted in the next cell");
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].ret = arena_strdup(t->reading.arena, value);
            return *texts[i].ret != NULL ? 0 : fail_memory(t);
        }
    }
    if (strcmp(key, "匹配") != 0) {
        return fail(
            t, "表头", key, "表头之前只能写 规则包、版本、标题、匹配；表头应有 指标 和 动作",
            "above the headings stand 规则包, 版本, 标题 and 匹配; 指标 and 动作 are among the headings");
    }
    if (strcmp(value, "首条") != 0 && strcmp(value, "全部") != 0) {
        return fail(t, key, value, "应为 首条 或 全部", "write 首条 (the first) or 全部 (all)");
    }
    t->pack->match = strcmp(value, "首条") == 0 ? MATCH_FIRST : MATCH_ALL;
    return 0;
}

static int begin_rules(struct table *t)
{
    for (size_t column = 0; column < COLUMN_WANTED; column++) {
        if (t->at[column] == SIZE_MAX) {
            return fail(t, "表头", headings[column], "缺此列", "this column is missing");
        }
    }
    if (t->pack->name[0] == '\0') {
        return fail(t, "表头", "规则包", "表头之上应有一行：规则包,名称",
                    "a row above the headings is wanted: 规则包,NAME");
    }
    if (t->pack->version[0] == '\0') {
        return fail(t, "表头", "版本", "表头之上应有一行：版本,2026-11-22",
                    "a row above the headings is wanted: 版本,2026-11-22");
    }
    t->headed = true;
    return 0;
}

static int read_row(struct table *t, const struct csv_row *row)
{
    const char *first = NULL, *second = "";

    arena_reset(&t->cells);
    t->line = row->line;
    for (size_t i = 0; i < row->n; i++) {
        const char *cell = table_trim(&t->cells, row->fields[i], strlen(row->fields[i]));
        if (cell == NULL) {
            return fail_memory(t);
        }
        for (size_t column = 0; t->headed && column < COLUMN_COUNT; column++) {
            t->row[column] = t->at[column] == i ? cell : i == 0 ? "" : t->row[column];
        }
        if (first == NULL && cell[0] != '\0') {
            first = cell;
            second =
                i + 1 < row->n ? table_trim(&t->cells, row->fields[i + 1], strlen(row->fields[i + 1])) : "";
        }
    }
    if (first == NULL) {
        return 0; /* a row that was left empty */
    }
    if (t->headed) {
        return read_rule(t);
    }
    if (find_headings(t, row)) {
        return begin_rules(t);
    }
    return second != NULL ? read_head(t, first, second) : fail_memory(t);
}

static int read_rows(struct table *t, const char *text, size_t n)
{
    struct csv *csv = NULL;
    struct csv_row row;
    int rc = csv_parse(t->file, text, n, &csv, t->reading.err), more = 0;

    while (rc == 0 && (more = csv_next(csv, &row, t->reading.err)) > 0) {
        rc = read_row(t, &row);
    }
    rc = rc == 0 && more < 0 ? more : rc;
    csv_free(csv);
    if (rc == ERR_DATA && t->reading.err != NULL) {
        t->reading.err->code = fail_csv(t, ERR_CONFIG); /* a row that is none: its place and why are said */
    }
    if (rc == 0 && t->pack->rules_n == 0) {
        return err_set(t->reading.err, ERR_CONFIG, "%s: 没有规则 (there is no rule in it)", t->file);
    }
    return rc == ERR_DATA ? ERR_CONFIG : rc;
}

/* One rule a line at most, and what is above them. */
static int make_room(struct table *t, const char *text, size_t n)
{
    size_t lines = 1;

    for (size_t i = 0; i < n; i++) {
        lines += text[i] == '\n';
    }
    t->rules_max = lines < PACK_RULES_MAX ? lines : PACK_RULES_MAX;
    t->pack->rules = arena_array(t->reading.arena, struct rule, t->rules_max);
    t->pack->name = "";
    t->pack->version = "";
    t->pack->title = "";
    t->pack->match = MATCH_ALL;
    return t->pack->rules != NULL ? 0 : fail_memory(t);
}

bool pack_is_table(const char *text, size_t n)
{
    static const char *const words[] = {"规则包", "版本", "标题", "匹配", "事件类型"};
    static const char mark[] = "\xEF\xBB\xBF";
    size_t at = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

    while (at < n && strchr(" \t\r\n,\"", text[at]) != NULL && text[at] != '\0') {
        at++;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if (n - at >= length && memcmp(text + at, words[i], length) == 0) {
            return n - at == length || text[at + length] != ':';
        }
    }
    return false;
}

int pack_table_utf8(const char *file, char **text, size_t *n, struct err *err)
{
    char *from = *text, *made, *to;
    size_t left = *n, room = 2 * *n; /* two bytes become three at most, four become four */

    if (text_is_utf8(*text, *n)) {
        return 0;
    }
    iconv_t from_gb = iconv_open("UTF-8", "GB18030");
    if (from_gb == (iconv_t)-1) { // NOLINT(performance-no-int-to-ptr): iconv's own word for failure
        return err_set(err, ERR_CONFIG,
                       "%s: not UTF-8, and this system does not know GB18030; save it as CSV UTF-8", file);
    }
    made = to = malloc(room + 1);
    bool is_done = made != NULL && iconv(from_gb, &from, &left, &to, &room) != (size_t)-1 && left == 0;
    (void)iconv_close(from_gb);
    if (made == NULL) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", file);
    }
    *to = '\0';
    if (!is_done || !text_is_utf8(made, (size_t)(to - made))) {
        free(made);
        return err_set(err, ERR_CONFIG, "%s: neither UTF-8 nor GB18030; save it as CSV UTF-8", file);
    }
    free(*text);
    *n = (size_t)(to - made);
    *text = made;
    return 0;
}

int pack_table_read(const char *file, const char *text, size_t n, struct conditions *conditions,
                    struct pack **ret, struct err *err)
{
    struct table t = {.file = file, .pack = pack_new()};

    if (t.pack == NULL) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory for rules", file);
    }
    t.reading = (struct pack_reading){.conditions = conditions, .arena = &t.pack->memory->arena, .err = err};
    arena_init(&t.cells, CELLS_MEMORY_MAX);
    int rc = make_room(&t, text, n);
    rc = rc ? rc : read_rows(&t, text, n);
    arena_free(&t.cells);
    if (rc != 0) {
        pack_free(t.pack);
        return rc;
    }
    *ret = t.pack;
    return 0;
}
