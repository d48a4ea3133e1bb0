/* The dated table of divisions: every refusal, in order of precedence, and what reports say by it. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fixture.h"

#define TOWN "370102001"
#define VILLAGE "370102001005"

/* T0 is 2023-11-15 in the region. */
static const struct division table[] = {{"370102", "历下区", 0, 0},
                                        {TOWN, "老街道", 0, 20221231},
                                        {TOWN, "新街道", 20230101, 0},
                                        {VILLAGE, "社区", 20000101, 0},
                                        {"370102002", "后设街道", 20240101, 0}};

static struct command a_table(struct bus *bus)
{
    struct command command = by_root(bus, COMMAND_SET_DIVISIONS);
    struct division *at = arena_copy(&bus->arena, table, sizeof table);

    command.agent = CENTRE;
    command.counter = ++bus->counter;
    command.signer = SIGNER_OPERATOR;
    command.operator= ADMIN;
    command.issued_at_ms = bus->env.now_ms;
    command.expires_at_ms = bus->env.now_ms + MINUTE;
    command.set_divisions = (struct set_divisions){
        .source = "2023", .hash = {7}, .divisions = at, .divisions_n = sizeof table / sizeof table[0]};
    return command;
}

static struct division *entry(struct command *command, size_t i)
{
    return (struct division *)(uintptr_t)&command->set_divisions.divisions[i];
}

static void empty(struct bus *bus, struct command *command)
{
    (void)bus;
    command->set_divisions.divisions_n = 0;
}

static void no_code(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->code = "3701020010";
}

static void filled_up(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->code = "370102001000";
}

static void elsewhere(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->code = "370103001005";
}

static void no_name(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->name = "";
}

static void no_day(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->from = 20231301;
}

static void ends_before(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->to = 19991231;
}

static void not_rising(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 4)->code = "370102";
}

static void overlapping(struct bus *bus, struct command *command)
{
    (void)bus;
    entry(command, 1)->to = 20230101;
}

static void right_less(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= LI_NA;
}

static void table_is_refused(void **state)
{
    static const struct {
        const char *what;
        enum refusal refusal;
        void (*spoil)(struct bus *bus, struct command *command);
    } rows[] = {
        {"no entries", REFUSED_TOO_MANY, empty},
        {"ten digits", REFUSED_INVALID, no_code},
        {"zeros fill it up", REFUSED_INVALID, filled_up},
        {"another region's", REFUSED_INVALID, elsewhere},
        {"no name", REFUSED_INVALID, no_name},
        {"month 13", REFUSED_INVALID, no_day},
        {"ends before", REFUSED_INVALID, ends_before},
        {"codes do not rise", REFUSED_INVALID, not_rising},
        {"twice on a day", REFUSED_INVALID, overlapping},
        {"without the right", REFUSED_RIGHT, right_less},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bus bus;
        bus_open(&bus);
        struct command command = a_table(&bus);
        rows[i].spoil(&bus, &command);
        enum refusal refusal = bus_say(&bus, &command);
        if (refusal != rows[i].refusal) {
            fail_msg("%s: %s, %s", rows[i].what, refusal_word(refusal), bus.decision.detail);
        }
        bus_close(&bus);
    }
}

static bool is_doubted(struct bus *bus, unsigned incident, const char *division, int64_t occurred_ms)
{
    struct command command = a_report(bus, incident, REPORT_INITIAL);

    command.file_report.facts.division = division;
    command.file_report.facts.occurred_at_ms = occurred_ms;
    bus_do(bus, command);
    return bus_event(bus, EVENT_DIVISION_DOUBTED, 0) != NULL;
}

static void a_code_is_one_of_a_day_and_no_report_waits(void **state)
{
    struct bus bus;
    const int64_t in_2022 = T0 - INT64_C(365) * 24 * 60 * MINUTE;

    (void)state;
    bus_open(&bus);
    assert_false(is_doubted(&bus, 1, VILLAGE, 0)); /* no table says anything */
    assert_true(is_doubted(&bus, 2, "37010", 0));  /* but this is no code */
    assert_int_equal(bus_do(&bus, a_table(&bus)), 1);
    assert_int_equal(bus_do(&bus, a_table(&bus)), 0);
    assert_false(is_doubted(&bus, 3, VILLAGE, 0));
    assert_true(is_doubted(&bus, 4, "370102001006", 0));
    assert_false(is_doubted(&bus, 5, TOWN "000", 0));
    assert_true(is_doubted(&bus, 6, "370102002", 0)); /* not yet */
    assert_false(is_doubted(&bus, 7, TOWN, in_2022));
    const struct region *region = state_region(bus.state);
    assert_string_equal(region_division(region, TOWN, 20221231)->name, "老街道");
    assert_string_equal(region_division(region, TOWN, 20230101)->name, "新街道");
    assert_null(region_division(region, "370102002", 20231231));

    struct command mended = a_report(&bus, 4, REPORT_FOLLOW_UP);
    mended.file_report.facts.division = VILLAGE;
    bus_do(&bus, mended);
    assert_null(bus_event(&bus, EVENT_DIVISION_DOUBTED, 0));
    assert_non_null(bus_event(&bus, EVENT_FACTS_CHANGED, 0));
    struct state *again = bus_replay(&bus);
    char *dump = dump_of(again);
    assert_string_equal(dump, bus_dump(&bus));
    free(dump);
    state_free(again);
    bus_close(&bus);
}

static void a_table_of_townships_says_nothing_of_villages(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = a_table(&bus);
    command.set_divisions.divisions_n = 3;
    bus_do(&bus, command);
    assert_false(is_doubted(&bus, 1, "370102009001", 0));
    assert_true(is_doubted(&bus, 2, "370102009", 0));
    bus_close(&bus);
}

static void codes_and_days(void **state)
{
    static const struct {
        const char *code;
        const char *whole;
    } rows[] = {{"370102", "370102"},
                {"370102000000", "370102"},
                {"370102001", TOWN},
                {"370102001000", TOWN},
                {"370102001005", "370102001005"},
                {"37010200", NULL},
                {"3701020010051", NULL},
                {"", NULL},
                {"37010a", NULL}};
    char whole[REGION_CODE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(division_code(rows[i].code, whole), rows[i].whole != NULL);
        if (rows[i].whole != NULL) {
            assert_string_equal(whole, rows[i].whole);
        }
    }
    assert_true(division_is_within("370102001", "370000"));
    assert_true(division_is_within("370102001", "370100"));
    assert_false(division_is_within("370202001", "370100"));
    assert_false(division_is_within("370103", "370102"));
    assert_int_equal(division_day(INT64_C(1704038399999), 480), 20231231);
    assert_int_equal(division_day(INT64_C(1704038400000), 480), 20240101); /* midnight in the region */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_refused),
        cmocka_unit_test(a_code_is_one_of_a_day_and_no_report_waits),
        cmocka_unit_test(a_table_of_townships_says_nothing_of_villages),
        cmocka_unit_test(codes_and_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
