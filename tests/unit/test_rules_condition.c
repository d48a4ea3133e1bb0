/* What a condition answers, and what it cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/rules/condition.h"
#include "tests/unit/chinese.h"

static struct conditions *conditions;
static struct rule_facts facts;

static int setup(void **state)
{
    (void)state;
    facts = (struct rule_facts){0};
    return conditions_open(&conditions, NULL);
}

static int teardown(void **state)
{
    (void)state;
    conditions_close(conditions);
    conditions = NULL;
    return 0;
}

static void know(enum rule_fact fact, int64_t whole)
{
    facts.at[fact] = (struct rule_value){.known = true, .whole = whole, .real = (double)whole};
}

static void know_text(enum rule_fact fact, const char *text)
{
    facts.at[fact] = (struct rule_value){.known = true, .text = text};
}

static struct condition *compiled(const char *text)
{
    struct condition *condition = NULL;
    struct err err = {0};
    size_t at;

    if (condition_new(conditions, text, strlen(text), &condition, &at, &err) != 0) {
        fail_msg("%s: %s", text, err.text);
    }
    return condition;
}

static enum rule_answer ask(const char *text, const char **ret_why)
{
    struct condition *condition = compiled(text);

    assert_int_equal(conditions_set(conditions, &facts), 0);
    enum rule_answer answer = condition_ask(condition, ret_why);
    condition_free(condition);
    return answer;
}

static const char *word(enum rule_answer answer)
{
    return answer == ANSWER_YES ? "yes" : answer == ANSWER_NO ? "no" : "unknown";
}

static void assert_answer(const char *text, enum rule_answer wanted)
{
    const char *why = NULL;
    enum rule_answer answer = ask(text, &why);

    if (answer != wanted || why != NULL) {
        fail_msg("%s: %s, not %s (%s)", text, word(answer), word(wanted), why != NULL ? why : "");
    }
}

static void test_three_answers(void **state)
{
    (void)state;
    know(RULE_DEAD, 3);
    know_text(RULE_KIND, "chemical-leak");
    facts.at[RULE_READING] = (struct rule_value){.known = true, .real = 0.5};
    assert_answer("dead >= 3", ANSWER_YES);
    assert_answer("dead > 3", ANSWER_NO);
    assert_answer("serious >= 10", ANSWER_UNKNOWN);
    assert_answer("dead >= 3 or serious >= 10", ANSWER_YES);
    assert_answer("dead >= 10 or serious >= 10", ANSWER_UNKNOWN);
    assert_answer("dead >= 10 and serious >= 10", ANSWER_NO);
    assert_answer("not (serious >= 10)", ANSWER_UNKNOWN);
    assert_answer("serious is null", ANSWER_YES);
    assert_answer("coalesce(serious, 0) >= 10", ANSWER_NO);
    assert_answer("kind = 'chemical-leak' and dead between 3 and 9", ANSWER_YES);
    assert_answer("kind in ('fire', 'chemical-leak')", ANSWER_YES);
    assert_answer("kind like 'chem%'", ANSWER_YES);
    assert_answer("reading > 0.25", ANSWER_YES);
    assert_answer("case when dead > 1 then 1 else 0 end", ANSWER_YES);
    assert_answer("max(dead, 7) = 7 -- a note", ANSWER_YES);
    assert_answer("1", ANSWER_YES);
}

static void test_facts_are_those_of_the_last_time(void **state)
{
    struct condition *condition = compiled("dead >= 3");

    (void)state;
    know(RULE_DEAD, 3);
    assert_int_equal(conditions_set(conditions, &facts), 0);
    assert_int_equal(condition_ask(condition, NULL), ANSWER_YES);
    know(RULE_DEAD, 2);
    assert_int_equal(conditions_set(conditions, &facts), 0);
    assert_int_equal(condition_ask(condition, NULL), ANSWER_NO);
    facts.at[RULE_DEAD].known = false;
    assert_int_equal(conditions_set(conditions, &facts), 0);
    assert_int_equal(condition_ask(condition, NULL), ANSWER_UNKNOWN);
    condition_free(condition);
}

static void test_it_says_which_facts_it_reads(void **state)
{
    struct condition *condition = compiled("dead >= 3 or serious + dead > 10");

    (void)state;
    assert_int_equal(condition_facts(condition), UINT64_C(1) << RULE_DEAD | UINT64_C(1) << RULE_SERIOUS);
    condition_free(condition);
}

static void assert_refused_in_chinese(const char *text)
{
    struct condition *condition = NULL;
    struct err err = {0};
    size_t at;

    conditions_speak(conditions, true);
    assert_int_equal(condition_new(conditions, text, strlen(text), &condition, &at, &err), ERR_DATA);
    conditions_speak(conditions, false);
    if (!is_chinese(err.text)) {
        fail_msg("%s: %s", text, err.text);
    }
}

static void assert_refused(const char *text, const char *why, size_t wanted_at)
{
    struct condition *condition = NULL;
    struct err err = {0};
    size_t at = 0;

    assert_int_equal(condition_new(conditions, text, strlen(text), &condition, &at, &err), ERR_DATA);
    assert_null(condition);
    if (strstr(err.text, why) == NULL || (wanted_at != SIZE_MAX && at != wanted_at)) {
        fail_msg("%s: at %zu: %s", text, at, err.text);
    }
    assert_refused_in_chinese(text);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    assert_refused("deda >= 3", "no fact is called \"deda\"; did you mean \"dead\"?", 0);
    assert_refused("dead >= 3 or wether = 1", "no fact is called \"wether\"", 13);
    assert_refused("dead >= = 3", "syntax error", 8);
    assert_refused("kind = \"fire\"", "'single quotes'", 7);
    assert_refused("frobnicate(dead)", "no function is called \"frobnicate\"", SIZE_MAX);
    assert_refused("", "1 to 4096 bytes", SIZE_MAX);
    assert_refused("dead >", "something is missing behind this", 6);
    assert_refused("dead > -- three", "something is missing behind this", 6);
    assert_refused("dead > 3)", "was never opened", 8);
    assert_refused("(dead > 3 and (serious > 3)", "never closed", 0);
    assert_refused("kind = ')' and kind = 'fire", "quote is never closed", 22);
    assert_refused("dead > 3 and hex(dead) = 'a'", "hex(): this function", 13);
    assert_refused("dead > 3 and \xef\xbc\x88serious > 3\xef\xbc\x89", "full-width", 13);
}

/* Every way out of the expression that is known. */
static void test_it_cannot_get_out(void **state)
{
    static const char *const texts[] = {
        "1) FROM facts; DROP TABLE facts; --",
        "1) FROM facts; --",
        "1), (2",
        "1) FROM facts WHERE (1",
        "1) FROM facts UNION SELECT (1",
        "(SELECT 1)",
        "exists (select 1 from facts)",
        "dead in (select dead from facts)",
        "dead in facts",
        "(select count(*) from sqlite_master)",
        "(with recursive x(n) as (select 1 union all select n + 1 from x) select max(n) from x)",
        "rowid = 1",
        "facts.rowid",
        "sqlite_version() > '3'",
        "load_extension('x')",
        "randomblob(1000000000)",
        "zeroblob(1000000000)",
        "printf('%1000000000d', 1)",
        "random() > 0",
        "current_timestamp > '2020'",
        "readfile('/etc/passwd')",
        "dead match 'x'",
        "dead regexp 'x'",
        "count(*)",
        "sum(dead) over ()",
        "?",
        "?1",
        ":dead",
        "dead -> 'x'",
        "raise(abort, 'x')",
        "1) /*",
        /* writing */
        "insert into facts default values",
        "(insert into facts default values returning 1)",
        "(update facts set dead = 9 returning dead)",
        "(delete from facts returning 1)",
        "(with x as (delete from facts returning dead) select 1 from x)",
        "1) FROM facts; UPDATE facts SET dead = 9; SELECT (1",
        "dead := 9",
        "set dead = 9",
        /* recursion */
        "(with x(n) as (values(1) union all select n + 1 from x where n < 9) select n from x)",
        "(select value from generate_series(1, 9))",
        /* files, and the program around it */
        "attach 'x.db' as x",
        "1) FROM facts; ATTACH 'x.db' AS x; SELECT (1",
        "pragma writable_schema = 1",
        "(select * from pragma_database_list)",
        "writefile('/tmp/x', 'y')",
        "edit('x')",
        "fts3_tokenizer('simple')",
        "(select * from fsdir('/'))",
        "(select * from dbstat)",
        "main.facts.dead > (select max(seq) from sqlite_sequence)",
        "likelihood(dead, random())",
    };
    struct condition *condition = NULL;
    size_t at;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (condition_new(conditions, texts[i], strlen(texts[i]), &condition, &at, NULL) != ERR_DATA) {
            fail_msg("compiled: %s", texts[i]);
        }
        assert_refused_in_chinese(texts[i]);
    }
    know(RULE_DEAD, 3); /* and the table is as it was */
    assert_answer("dead = 3", ANSWER_YES);
}

/* What goes wrong while it is calculated is no answer, and says why. */
static void test_what_cannot_be_calculated(void **state)
{
    static char text[16384];
    const char *why = NULL;
    size_t n;

    (void)state;
    know(RULE_DEAD, INT64_MAX);
    know_text(RULE_KIND, "fire");
    assert_int_equal(ask("abs(-dead - 1) > 0", &why), ANSWER_UNKNOWN);
    assert_string_equal(why, "it cannot be calculated");
    assert_int_equal(ask("kind", &why), ANSWER_UNKNOWN);
    assert_string_equal(why, "it gives a text, not yes or no");
    memset(text, 'a', 4000);
    know_text(RULE_SUBSTANCE, text);
    assert_answer("substance like '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'", ANSWER_NO);
    assert_int_equal(ask("substance || substance || substance = ''", &why), ANSWER_UNKNOWN);
    assert_string_equal(why, "it cannot be calculated");
    n = (size_t)snprintf(text, sizeof text, "dead in (0");
    while (n < CONDITION_TEXT_MAX - 8) {
        n += (size_t)snprintf(text + n, sizeof text - n, ",-dead");
    }
    (void)snprintf(text + n, sizeof text - n, ")");
    facts.at[RULE_SUBSTANCE].known = false;
    assert_int_equal(ask(text, &why), ANSWER_UNKNOWN);
    assert_string_equal(why, "it takes too long");
    memset(text, 'a', sizeof text - 1);
    know_text(RULE_SUBSTANCE, text);
    assert_int_equal(conditions_set(conditions, &facts), ERR_TOO_BIG);
}

static void test_length_and_depth_are_bounded(void **state)
{
    static char text[CONDITION_TEXT_MAX + 2];
    struct condition *condition = NULL;
    size_t at;

    (void)state;
    memset(text, ' ', sizeof text - 1);
    text[0] = '1';
    assert_int_equal(condition_new(conditions, text, sizeof text - 1, &condition, &at, NULL), ERR_DATA);
    assert_int_equal(condition_new(conditions, text, CONDITION_TEXT_MAX, &condition, &at, NULL), 0);
    condition_free(condition);
    condition = NULL;
    memset(text, '(', 1000);
    text[1000] = '1';
    memset(text + 1001, ')', 1000);
    text[2001] = '\0';
    assert_int_equal(condition_new(conditions, text, 2001, &condition, &at, NULL), ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_three_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_facts_are_those_of_the_last_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_says_which_facts_it_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_cannot_get_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_calculated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_length_and_depth_are_bounded, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
