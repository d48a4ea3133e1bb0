/* A pack is replaced while one of its rules waits (for): what has become another rule waits anew. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define RULE(when, lasts, does) \
    "  - {rule: lasting, when: incident, if: " when ", for: " lasts ", do: [" does "]}\n"
#define FIRST RULE("dead > 0", "6 s", "notify: chief")
#define OTHER "  - {rule: other, when: incident, if: dead > 100, do: [notify: chief]}\n"

enum { FIRST_LASTS = 6 * SECOND, REPLACED_AFTER = 2 * SECOND };

/* The log's events name rules of the book, and those that were replaced are gone: it is not told again. */
static void close_it(struct region_with_rules *r)
{
    bus_close(&r->bus);
    rule_book_free(r->book);
}

/* With the rules as they stand; every version is another. */
static void load(struct region_with_rules *r, unsigned version, const char *rules)
{
    struct command command = by_root(&r->bus, COMMAND_SET_PACK);

    command.set_pack.text =
        arena_printf(&r->bus.arena, "pack: p\nversion: %u\nmatch: all\nrules:\n%s", version, rules);
    assert_non_null(command.set_pack.text);
    assert_int_equal(bus_do(&r->bus, command), 1);
}

/* The first waits since now. */
static void wait_for_the_first(struct region_with_rules *r, uint32_t generation)
{
    rules_open(r, NULL);
    bus_generation(&r->bus, generation);
    load(r, 1, FIRST);
    rules_report(r, 1, 0);
    rules_ask(r);
    assert_int_equal(incident_due(rules_incident(r)), r->bus.env.now_ms + FIRST_LASTS);
}

/* From its beginning on, in ms. */
static int64_t fires_at(struct region_with_rules *r, int64_t began_ms)
{
    for (int i = 0; i < 4; i++) {
        int64_t due_ms = incident_due(rules_incident(r));
        if (due_ms == 0) {
            return 0;
        }
        bus_after(&r->bus, due_ms > r->bus.env.now_ms ? due_ms - r->bus.env.now_ms : 0);
        rules_pass(r);
        if (rules_fired(r, "lasting") != NULL) {
            assert_string_equal(rules_fired(r, "lasting")->rule.version, "2");
            return r->bus.env.now_ms - began_ms;
        }
    }
    return -1;
}

static void what_is_another_rule_waits_anew(void **state)
{
    static const struct {
        const char *what, *rules;
        int64_t fires_ms; /* after it began; 0: never */
    } rows[] = {
        {"nothing", FIRST, FIRST_LASTS},
        {"only others", FIRST OTHER, FIRST_LASTS},
        {"a longer time", RULE("dead > 0", "9 s", "notify: chief"), REPLACED_AFTER + 9 * SECOND},
        {"a shorter time, asked when the first was due", RULE("dead > 0", "1 s", "notify: chief"),
         FIRST_LASTS},
        {"its condition", RULE("dead >= 1", "6 s", "notify: chief"), REPLACED_AFTER + FIRST_LASTS},
        {"an action", RULE("dead > 0", "6 s", "notify: duty-officer"), REPLACED_AFTER + FIRST_LASTS},
        {"an action more", RULE("dead > 0", "6 s", "notify: chief, refer: parent"),
         REPLACED_AFTER + FIRST_LASTS},
        {"it does not hold", RULE("dead > 1", "6 s", "notify: chief"), 0},
        {"it is gone", OTHER, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct region_with_rules r;
        wait_for_the_first(&r, GENERATION_WAITS);
        int64_t began_ms = r.bus.env.now_ms;
        bus_after(&r.bus, REPLACED_AFTER);
        load(&r, 2, rows[i].rules);
        int64_t fires_ms = fires_at(&r, began_ms);
        if (fires_ms != rows[i].fires_ms) {
            fail_msg("%s: fires at %lld, not %lld", rows[i].what, (long long)fires_ms,
                     (long long)rows[i].fires_ms);
        }
        close_it(&r);
    }
}

/* What it asks for may have begun to hold with the report alone. */
static void from_a_change_on_nothing_is_taken_for_granted(void **state)
{
    struct region_with_rules r;

    (void)state;
    wait_for_the_first(&r, GENERATION_WAITS);
    int64_t began_ms = r.bus.env.now_ms;
    bus_after(&r.bus, REPLACED_AFTER);
    load(&r, 2, RULE("dead > 1", "6 s", "notify: chief"));
    bus_after(&r.bus, SECOND);
    rules_report(&r, 2, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_WAITS), 1); /* once in the record */
    assert_int_equal(fires_at(&r, began_ms), REPLACED_AFTER + SECOND + FIRST_LASTS);
    close_it(&r);
}

static void a_log_of_before_goes_on_as_it_did(void **state)
{
    struct region_with_rules r;

    (void)state;
    wait_for_the_first(&r, GENERATION_WAITS - 1);
    assert_int_equal(rules_incident(&r)->holds[0].terms, 0);
    int64_t began_ms = r.bus.env.now_ms;
    bus_after(&r.bus, REPLACED_AFTER);
    bus_generation(&r.bus, GENERATION_WAITS); /* and so does a wait that began in it */
    load(&r, 2, RULE("dead > 0", "9 s", "notify: chief"));
    assert_int_equal(fires_at(&r, began_ms), FIRST_LASTS);
    close_it(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_another_rule_waits_anew),
        cmocka_unit_test(from_a_change_on_nothing_is_taken_for_granted),
        cmocka_unit_test(a_log_of_before_goes_on_as_it_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
