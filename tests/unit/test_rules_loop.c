/* Rules that fire each other for ever are found, and those that only look like it are let be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/rules/pack_loop.h"

static struct conditions *conditions;

static int setup(void **state)
{
    (void)state;
    return conditions_open(&conditions, NULL);
}

static int teardown(void **state)
{
    (void)state;
    conditions_close(conditions);
    return 0;
}

static struct pack *read_rules(const char *head, const char *rules)
{
    struct pack *pack = NULL;
    struct err err = {0};
    struct buf text;

    buf_init(&text, 0);
    buf_printf(&text, "{pack: p, version: '1', %s, rules: [%s]}", head, rules);
    if (pack_read("p.yaml", buf_text(&text), text.n, conditions, &pack, &err) != 0) {
        fail_msg("%s", err.text);
    }
    buf_free(&text);
    return pack;
}

/* Names of the rules of the loop, "a b"; "-": there is none, "?": they were not all tried. */
static void assert_loop_of(struct pack *const *packs, size_t n, const char *wanted)
{
    struct pack_loop loop;
    struct buf found;

    buf_init(&found, 0);
    enum pack_loops loops = pack_find_loop(conditions, packs, n, &loop);
    assert_int_equal(loops == LOOPS_FOUND, loop.n > 0);
    for (size_t i = 0; i < loop.n; i++) {
        buf_printf(&found, "%s%s", i > 0 ? " " : "", loop.rules[i]->name);
    }
    const char *said = loops == LOOPS_FOUND ? buf_text(&found) : loops == LOOPS_NONE ? "-" : "?";
    if (strcmp(said, wanted) != 0) {
        fail_msg("%s: %s, not %s", packs[0]->rules[0].text, said, wanted);
    }
    buf_free(&found);
}

static void assert_loop(const char *match, const char *rules, const char *wanted)
{
    char head[32];

    (void)snprintf(head, sizeof head, "match: %s", match);
    struct pack *pack = read_rules(head, rules);
    assert_loop_of(&pack, 1, wanted);
    pack_free(pack);
}

static void test_loops_are_found(void **state)
{
    (void)state;
    assert_loop("all",
                "{rule: up, when: incident, if: level = 3, do: [raise: II]},"
                "{rule: down, when: incident, if: level = 2, do: [lower: III]}",
                "up down");
    assert_loop("first",
                "{rule: up, when: incident, if: level = 3, do: [raise: II]},"
                "{rule: down, when: incident, if: level = 2, do: [lower: III]}",
                "up down");
    /* the grade has a part in it */
    assert_loop("all",
                "{rule: a, when: incident, if: level = 3, do: [grade: II, raise: II]},"
                "{rule: b, when: incident, if: grade <= 2 and level = 2, do: [lower: III]}",
                "a b");
    /* only with certain other facts */
    assert_loop(
        "all",
        "{rule: up, when: incident, if: \"dead >= 10 and kind = 'fire' and level > 2\", do: [raise: II]},"
        "{rule: other, when: incident, if: dead >= 30, do: [raise: I]},"
        "{rule: down, when: incident, if: \"level <= 2 and serious < 5\", do: [lower: III]}",
        "up down");
    /* one that holds until something else does is let go by the other */
    assert_loop("all",
                "{rule: up, when: incident, if: level >= 3, until: level <= 2, do: [raise: II]},"
                "{rule: down, when: incident, if: level <= 2, until: level >= 3, do: [lower: III]}",
                "up down");
}

static void test_what_comes_to_rest_is_none(void **state)
{
    (void)state;
    assert_loop("all", "{rule: a, when: incident, if: dead > 3, do: [raise: II]}", "-");
    assert_loop("all", "{rule: a, when: incident, do: [raise: II]}", "-");
    assert_loop("all", "{rule: a, when: incident, if: level > 2, do: [raise: II]}", "-");
    assert_loop("all", "{rule: a, when: incident, if: length(kind) > 2 and level > 2, do: [raise: II]}", "-");
    assert_loop("all", "{rule: a, when: incident, if: level = 2, do: [raise: I, lower: II]}", "-");
    /* raised by what happened, lowered when it is over: the first does not begin to hold again */
    assert_loop("all",
                "{rule: up, when: incident, if: dead >= 3, do: [raise: III]},"
                "{rule: down, when: incident, if: level <= 3 and orders_open = 0, do: [lower: IV]}",
                "-");
    /* each is the other's consequence, but not with the same facts */
    assert_loop("all",
                "{rule: up, when: incident, if: dead >= 3 and level >= 3, do: [raise: II]},"
                "{rule: down, when: incident, if: dead < 3 and level <= 2, do: [lower: III]}",
                "-");
    /* what only rises: rules never lower a grade */
    assert_loop("all",
                "{rule: a, when: incident, if: grade = 3, do: [grade: II]},"
                "{rule: b, when: incident, if: grade = 2, do: [grade: III]}",
                "-");
    assert_loop("all",
                "{rule: a, when: incident, if: grade <= 3, do: [raise: III]},"
                "{rule: b, when: incident, if: level <= 3 and dead >= 10, do: [grade: II]},"
                "{rule: c, when: incident, if: grade <= 2, do: [raise: II]}",
                "-");
    /* without a step back */
    assert_loop("all",
                "{rule: up, when: incident, if: level >= 3, until: level = 4, do: [raise: II]},"
                "{rule: down, when: incident, if: level <= 2, do: [lower: III]}",
                "-");
    /* a reading comes by itself */
    assert_loop("all",
                "{rule: up, when: reading, if: reading > 5, do: [raise: II]},"
                "{rule: down, when: incident, if: level = 2, do: [lower: III]}",
                "-");
}

/* Packs that are in force together. */
static void test_loops_go_through_packs(void **state)
{
    static const char up[] = "{rule: up, when: incident, if: level = 3, do: [raise: II]}",
                      down[] = "{rule: down, when: incident, if: level = 2, do: [lower: III]}";
    static const struct {
        const char *one, *other, *loop;
    } heads[] = {{"match: all", "match: all", "up down"},
                 {"match: first", "match: first", "up down"}, /* the first of each pack */
                 {"match: all, kinds: [mine]", "match: all", "up down"},
                 {"match: all, kinds: [mine, fire]", "match: all, kinds: ['fi*']", "up down"},
                 {"match: all, kinds: [mine]", "match: all, kinds: [fire]", "-"}};

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct pack *packs[] = {read_rules(heads[i].one, up), read_rules(heads[i].other, down)};
        assert_loop_of(packs, 1, "-");
        assert_loop_of(packs + 1, 1, "-");
        assert_loop_of(packs, 2, heads[i].loop);
        pack_free(packs[0]);
        pack_free(packs[1]);
    }
}

static void test_what_is_not_tried_out_is_said(void **state)
{
    (void)state;
    assert_loop("all",
                "{rule: up, when: incident, if: dead * 7 = 12345 and level = 3, do: [raise: II]},"
                "{rule: down, when: incident, if: level = 2, do: [lower: III]}",
                "?");
    assert_loop("all",
                "{rule: up, when: incident, if: dead > 1 and serious > 2 and minor > 3 and missing > 4 and "
                "trapped > 5 "
                "and loss > 6 and loss < 5 and level = 3, do: [raise: II]},"
                "{rule: down, when: incident, if: level = 2, do: [lower: III]}",
                "?");
}

static void test_many_rules_have_a_bound(void **state)
{
    struct buf rules;

    (void)state;
    buf_init(&rules, 0);
    for (int i = 0; i < LOOP_RULES_MAX; i++) {
        buf_printf(&rules, "{rule: r%d, when: incident, if: level > 2, do: [raise: II]},", i);
    }
    assert_loop("all", buf_text(&rules), "-");
    buf_puts(&rules, "{rule: more, when: incident, if: level > 2, do: [raise: II]}");
    assert_loop("all", buf_text(&rules), "?");
    buf_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_loops_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_to_rest_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loops_go_through_packs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_tried_out_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_rules_have_a_bound, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
