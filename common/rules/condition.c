#include "common/rules/condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/base/buf.h"
#include "common/base/text.h"

enum {
    LOOK_STEPS = 100, /* SQLite asks so often whether it is to go on */
    LOOKS_MAX = CONDITION_STEPS_MAX / LOOK_STEPS,
    VALUE_BYTES_MAX = 8192, /* of a text that a condition makes, and of all facts together: names and words */
    PATTERN_MAX = 100,      /* LIKE and GLOB take time that grows with the pattern's stars */
    SQL_MAX = CONDITION_TEXT_MAX + 256
};

static const char BEFORE[] = "SELECT (";
/* The newline ends a comment at the end of the condition. */
static const char AFTER[] = "\n) AS answer FROM facts";

struct conditions {
    sqlite3 *db;
    sqlite3_stmt *set;
    bool zh;
    bool kinds_are_words; /* and no Chinese names */
    bool compiling;
    unsigned selects;    /* of the condition that is being compiled */
    uint64_t facts;      /* that it reads */
    const char *refused; /* what it must not do; NULL: nothing yet */
    char function[64];   /* that it must not call; "": none */
    unsigned looks;      /* at the condition that is being asked */
};

struct condition {
    struct conditions *conditions;
    sqlite3_stmt *statement;
    uint64_t facts;
};

/* --- what a condition may do ---------------------------------------------------------------------- */

static bool is_listed(const char *name)
{
    static const char *const functions[] = {"abs",    "coalesce", "glob",   "ifnull", "iif",  "instr",
                                            "length", "like",     "lower",  "max",    "min",  "nullif",
                                            "round",  "sign",     "substr", "trim",   "upper"};

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (sqlite3_stricmp(name, functions[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool note_read(struct conditions *conditions, const char *column)
{
    const char *const *words = rule_fact_list();

    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(column, words[i]) == 0) {
            conditions->facts |= UINT64_C(1) << i;
            return true;
        }
    }
    return false;
}

static const char *what_is_refused(struct conditions *conditions, int action, const char *first,
                                   const char *second)
{
    switch (action) {
    case SQLITE_SELECT:
        return conditions->selects++ == 0
                   ? NULL
                   : conditions_say(conditions, "a condition is an expression; it cannot select",
                                    "条件是表达式，不能用 select");
    case SQLITE_READ:
        /* without a column: there is no fact in it */
        return strcmp(first, "facts") == 0 && (second[0] == '\0' || note_read(conditions, second))
                   ? NULL
                   : conditions_say(conditions, "only facts can be read", "只能读取指标");
    case SQLITE_FUNCTION:
        if (is_listed(second)) {
            return NULL;
        }
        if (conditions->refused == NULL) {
            (void)snprintf(conditions->function, sizeof conditions->function, "%s", second);
        }
        return conditions_say(conditions, "this function is not one of those that a condition may call",
                              "条件不能调用这个函数");
    default:
        return conditions_say(conditions, "a condition only reads facts", "条件只能读取指标");
    }
}

static int authorize(void *ctx, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    struct conditions *conditions = ctx;
    const char *refused;

    (void)database;
    (void)trigger;
    if (!conditions->compiling) {
        return SQLITE_OK;
    }
    refused = what_is_refused(conditions, action, first != NULL ? first : "", second != NULL ? second : "");
    conditions->refused = conditions->refused != NULL ? conditions->refused : refused;
    return refused == NULL ? SQLITE_OK : SQLITE_DENY;
}

static int look(void *ctx)
{
    struct conditions *conditions = ctx;

    return ++conditions->looks > LOOKS_MAX;
}

/* --- the database --------------------------------------------------------------------------------- */

static void put_facts_table(struct buf *sql)
{
    static const char *const types[] = {[RULE_WHOLE] = "INTEGER", [RULE_REAL] = "REAL", [RULE_TEXT] = "TEXT"};

    buf_puts(sql, "PRAGMA journal_mode = off; CREATE TABLE facts(");
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        buf_printf(sql, "%s\"%s\" %s", i > 0 ? ", " : "", words->word, types[words->type]);
    }
    buf_puts(sql, "); INSERT INTO facts DEFAULT VALUES");
}

static void put_set_statement(struct buf *sql)
{
    buf_puts(sql, "UPDATE facts SET ");
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        buf_printf(sql, "%s\"%s\" = ?%d", i > 0 ? ", " : "", rule_fact_words((enum rule_fact)i)->word, i + 1);
    }
}

static int prepare_database(struct conditions *conditions)
{
    struct buf sql;
    int rc;

    buf_init(&sql, 0);
    put_facts_table(&sql);
    rc = sql.failed ? SQLITE_NOMEM : sqlite3_exec(conditions->db, buf_text(&sql), NULL, NULL, NULL);
    buf_reset(&sql);
    put_set_statement(&sql);
    if (rc == SQLITE_OK) {
        rc = sql.failed ? SQLITE_NOMEM
                        : sqlite3_prepare_v2(conditions->db, buf_text(&sql), -1, &conditions->set, NULL);
    }
    buf_free(&sql);
    return rc;
}

static void limit(sqlite3 *db)
{
    static const struct {
        int what, value;
    } limits[] = {{SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX},
                  {SQLITE_LIMIT_SQL_LENGTH, SQL_MAX},
                  {SQLITE_LIMIT_EXPR_DEPTH, 64},
                  {SQLITE_LIMIT_COMPOUND_SELECT, 1},
                  {SQLITE_LIMIT_FUNCTION_ARG, 16},
                  {SQLITE_LIMIT_ATTACHED, 0},
                  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_MAX},
                  {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
                  {SQLITE_LIMIT_WORKER_THREADS, 0}};
    static const struct {
        int what, value;
    } guards[] = {{SQLITE_DBCONFIG_DQS_DML, 0},
                  {SQLITE_DBCONFIG_DQS_DDL, 0},
                  {SQLITE_DBCONFIG_DEFENSIVE, 1},
                  {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)sqlite3_limit(db, limits[i].what, limits[i].value);
    }
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        (void)sqlite3_db_config(db, guards[i].what, guards[i].value, NULL);
    }
}

int conditions_open(struct conditions **ret, struct err *err)
{
    struct conditions *conditions = calloc(1, sizeof *conditions);

    if (conditions == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    }
    int rc = sqlite3_open_v2(":memory:", &conditions->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        limit(conditions->db);
        rc = sqlite3_set_authorizer(conditions->db, authorize, conditions);
    }
    rc = rc == SQLITE_OK ? prepare_database(conditions) : rc;
    if (rc != SQLITE_OK) {
        conditions_close(conditions);
        return err_set(err, rc == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_SOFTWARE, "rules: %s",
                       sqlite3_errstr(rc));
    }
    (void)sqlite3_limit(conditions->db, SQLITE_LIMIT_VARIABLE_NUMBER, 0); /* ours is prepared */
    sqlite3_progress_handler(conditions->db, LOOK_STEPS, look, conditions);
    *ret = conditions;
    return 0;
}

void conditions_close(struct conditions *conditions)
{
    if (conditions != NULL) {
        sqlite3_finalize(conditions->set);
        (void)sqlite3_close(conditions->db);
        free(conditions);
    }
}

/* --- language ---------------------------------------------------------------------------------------- */

void conditions_speak(struct conditions *conditions, bool zh)
{
    conditions->zh = zh;
}

bool conditions_are_zh(const struct conditions *conditions)
{
    return conditions->zh;
}

void conditions_name_kinds(struct conditions *conditions, bool may)
{
    conditions->kinds_are_words = !may;
}

bool conditions_may_name_kinds(const struct conditions *conditions)
{
    return !conditions->kinds_are_words;
}

const char *conditions_say(const struct conditions *conditions, const char *english, const char *chinese)
{
    return conditions->zh ? chinese : english;
}

const char *conditions_say_fault(const struct conditions *conditions, enum expression_fault fault)
{
    static const char *const faults[][2] = {
        [EXPRESSION_WELL] = {"", ""},
        [EXPRESSION_CLOSES] = {"this parenthesis closes one that was never opened", "多出右括号"},
        [EXPRESSION_OPEN] = {"this parenthesis is never closed", "此括号未闭合"},
        [EXPRESSION_UNQUOTED] = {"this quote is never closed", "此引号未闭合"},
        [EXPRESSION_WIDE] = {"a full-width sign; type it in ASCII", "全角符号，请改用半角"}};

    return conditions_say(conditions, faults[fault][0], faults[fault][1]);
}

/* --- compiling ------------------------------------------------------------------------------------ */

/* What SQLite says of an expression most often, before and after a name, and that in Chinese. */
static const struct {
    const char *before, *after, *zh_before, *zh_after;
} complaints[] = {
    {"near \"", "\": syntax error", "\"", "\" 附近有语法错误"},
    {"unrecognized token: \"", "\"", "无法识别 \"", "\""},
    {"incomplete input", "", "表达式不完整", ""},
    {"wrong number of arguments to function ", "()", "函数 ", " 的参数个数不对"},
};

static int explain_in_chinese(const char *said, struct err *err)
{
    size_t n = strlen(said);

    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
        size_t before = strlen(complaints[i].before), after = strlen(complaints[i].after);
        if (n >= before + after && strncmp(said, complaints[i].before, before) == 0 &&
            strcmp(said + n - after, complaints[i].after) == 0) {
            return err_set(err, ERR_DATA, "%s%.*s%s", complaints[i].zh_before, (int)(n - before - after),
                           said + before, complaints[i].zh_after);
        }
    }
    return err_set(err, ERR_DATA, "不是有效的表达式，SQLite 报告 \"%s\"", said);
}

/* SQLite's words to those of who writes rules. */
static void explain(struct conditions *conditions, struct err *err)
{
    static const char no_column[] = "no such column: ", no_function[] = "no such function: ";
    const char *said = sqlite3_errmsg(conditions->db);

    if (conditions->refused != NULL && conditions->function[0] != '\0') {
        (void)err_set(err, ERR_DATA, "%s(): %s", conditions->function, conditions->refused);
    } else if (conditions->refused != NULL) {
        (void)err_set(err, ERR_DATA, "%s", conditions->refused);
    } else if (strncmp(said, no_column, sizeof no_column - 1) == 0) {
        const char *name = said + sizeof no_column - 1;
        const char *near = text_nearest(name, rule_fact_list());
        (void)err_set(
            err, ERR_DATA,
            conditions_say(conditions, "no fact is called \"%s\"%s%s%s", "没有名为 \"%s\" 的指标%s%s%s"),
            name, near != NULL ? conditions_say(conditions, "; did you mean \"", "；是否指 \"") : "",
            near != NULL ? near : "",
            near != NULL
                ? conditions_say(conditions, "\"?", "\"？")
                : conditions_say(conditions, "; a text stands in 'single quotes'", "；文本请加 '单引号'"));
    } else if (strncmp(said, no_function, sizeof no_function - 1) == 0) {
        (void)err_set(err, ERR_DATA,
                      conditions_say(conditions, "no function is called \"%s\"", "没有名为 \"%s\" 的函数"),
                      said + sizeof no_function - 1);
    } else if (conditions->zh) {
        (void)explain_in_chinese(said, err);
    } else {
        (void)err_set(err, ERR_DATA, "%s", said);
    }
}

/* What is wrong with a text that SQLite does not take, and where. It sees our own parentheses around it. */
static void explain_at(struct conditions *conditions, const char *text, size_t n, size_t *ret_at,
                       struct err *err)
{
    int at = sqlite3_error_offset(conditions->db) - (int)(sizeof BEFORE - 1);
    size_t form_at;
    enum expression_fault form = expression_form(text, n, &form_at);

    if (form != EXPRESSION_WELL) {
        *ret_at = form_at;
        (void)err_set(err, ERR_DATA, "%s", conditions_say_fault(conditions, form));
        return;
    }
    explain(conditions, err);
    if (conditions->function[0] != '\0') {
        *ret_at = expression_call(text, n, conditions->function);
    } else if (at >= 0 && (size_t)at < n) {
        *ret_at = (size_t)at;
    } else if (at >= 0 && conditions->refused == NULL) {
        *ret_at = expression_end(text, n);
        (void)err_set(err, ERR_DATA, "%s",
                      conditions_say(conditions, "something is missing behind this", "此处之后不完整"));
    }
}

static int compile(struct conditions *conditions, const char *sql, sqlite3_stmt **ret)
{
    const char *rest = "";

    conditions->compiling = true;
    conditions->selects = 0;
    conditions->facts = 0;
    conditions->refused = NULL;
    conditions->function[0] = '\0';
    conditions->looks = 0;
    int rc = sqlite3_prepare_v3(conditions->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, &rest);
    conditions->compiling = false;
    if (rc == SQLITE_OK && (*rest != '\0' || sqlite3_column_count(*ret) != 1 ||
                            strcmp(sqlite3_column_name(*ret, 0), "answer") != 0 ||
                            conditions->selects != 1)) { /* a parenthesis closed ours */
        conditions->refused =
            conditions_say(conditions, "a condition is one expression: look at its parentheses",
                           "条件应为一个表达式，请检查括号");
        rc = SQLITE_ERROR;
    }
    return rc;
}

int condition_new(struct conditions *conditions, const char *text, size_t n, struct condition **ret,
                  size_t *ret_at, struct err *err)
{
    char sql[SQL_MAX];
    struct condition *condition;

    *ret_at = SIZE_MAX;
    if (n == 0 || n > CONDITION_TEXT_MAX || memchr(text, '\0', n) != NULL) {
        return err_set(err, ERR_DATA,
                       conditions_say(conditions, "a condition has 1 to %d bytes", "条件有 1 至 %d 字节"),
                       CONDITION_TEXT_MAX);
    }
    condition = calloc(1, sizeof *condition);
    if (condition == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    }
    (void)snprintf(sql, sizeof sql, "%s%.*s%s", BEFORE, (int)n, text, AFTER);
    int rc = compile(conditions, sql, &condition->statement);
    if (rc != SQLITE_OK) {
        explain_at(conditions, text, n, ret_at, err);
        condition_free(condition);
        return rc == SQLITE_NOMEM ? err_set(err, ERR_NO_MEMORY, "out of memory for rules") : ERR_DATA;
    }
    condition->conditions = conditions;
    condition->facts = conditions->facts;
    *ret = condition;
    return 0;
}

void condition_free(struct condition *condition)
{
    if (condition != NULL) {
        sqlite3_finalize(condition->statement);
        free(condition);
    }
}

uint64_t condition_facts(const struct condition *condition)
{
    return condition->facts;
}

/* --- asking --------------------------------------------------------------------------------------- */

static int bind(sqlite3_stmt *set, int at, enum rule_type type, const struct rule_value *value)
{
    if (!value->known) {
        return sqlite3_bind_null(set, at);
    }
    switch (type) {
    case RULE_WHOLE:
        return sqlite3_bind_int64(set, at, value->whole);
    case RULE_REAL:
        return sqlite3_bind_double(set, at, value->real);
    case RULE_TEXT:
        return sqlite3_bind_text(set, at, value->text, -1, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

int conditions_set(struct conditions *conditions, const struct rule_facts *facts)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < RULE_FACT_COUNT && rc == SQLITE_OK; i++) {
        rc = bind(conditions->set, i + 1, rule_fact_words((enum rule_fact)i)->type, &facts->at[i]);
    }
    conditions->looks = 0;
    rc = rc == SQLITE_OK ? sqlite3_step(conditions->set) : rc;
    (void)sqlite3_reset(conditions->set);
    (void)sqlite3_clear_bindings(conditions->set);
    return rc == SQLITE_DONE ? 0 : rc == SQLITE_TOOBIG ? ERR_TOO_BIG : ERR_NO_MEMORY;
}

enum rule_answer condition_ask(struct condition *condition, const char **ret_why)
{
    enum rule_answer answer = ANSWER_UNKNOWN;
    const char *why = NULL;

    condition->conditions->looks = 0;
    int rc = sqlite3_step(condition->statement);
    if (rc == SQLITE_ROW) {
        int type = sqlite3_column_type(condition->statement, 0);
        if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
            answer = sqlite3_column_double(condition->statement, 0) != 0 ? ANSWER_YES : ANSWER_NO;
        } else if (type != SQLITE_NULL) {
            why = "it gives a text, not yes or no";
        }
    } else {
        why = rc == SQLITE_INTERRUPT ? "it takes too long" : "it cannot be calculated";
    }
    (void)sqlite3_reset(condition->statement);
    if (ret_why != NULL) {
        *ret_why = why;
    }
    return answer;
}
