/* Packs in force: which are, when their rules fire, and how often. */
#include <string.h>

#include "tests/unit/rules_fixture.h"

/* --- packs -------------------------------------------------------------------------------------------- */

static struct command a_pack(struct bus *bus, const char *text)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SET_PACK), ADMIN, "");

    command.set_pack.text = text;
    return command;
}

static void packs_are_set_replaced_and_dropped(void **state)
{
    struct region_with_rules r;
    const struct region *region;

    (void)state;
    rules_open(&r, NULL);
    region = state_region(r.bus.state);
    assert_int_equal(bus_do(&r.bus, a_pack(&r.bus, GRADES)), 1);
    assert_int_equal(region->packs_n, 1);
    assert_string_equal(region->packs[0].name, "grades");
    assert_string_equal(region->packs[0].version, "7");
    assert_string_equal(region->packs[0].text, GRADES);
    assert_int_equal(bus_do(&r.bus, a_pack(&r.bus, GRADES)), 0); /* in force already */
    assert_int_equal(bus_do(&r.bus, a_pack(&r.bus, PACK "  - {rule: a, when: incident, do: [grade: IV]}\n")),
                     1);
    assert_int_equal(bus_do(&r.bus, a_pack(&r.bus, GRADES "# changed\n")),
                     1); /* the same name, another text */
    assert_int_equal(region->packs_n, 2);
    assert_string_equal(region->packs[1].name, "p"); /* sorted */

    struct command drop = by(from(&r.bus, CENTRE, COMMAND_DROP_PACK), ADMIN, "");
    drop.drop_pack = (struct drop_pack){.name = "grades", .reason = "enough"};
    assert_int_equal(bus_do(&r.bus, drop), 1);
    assert_int_equal(region->packs_n, 1);
    drop.counter++;
    assert_int_equal(bus_do(&r.bus, drop), 0);
    rules_close(&r);
}

static void a_bad_pack_is_refused_whole(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "the pack"},
        {"pack: p\nversion: 1\nmatch: all\nrules: []\n", "1 to"},
        {PACK "  - {rule: a, when: incident, if: deths > 3, do: [grade: I]}\n",
         "no fact is called \"deths\""},
        {PACK "  - {rule: a, when: incident, if: dead >, do: [grade: I]}\n", "5:"},
    };
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct command command = a_pack(&r.bus, bad[i].text);
        assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID);
        if (strstr(r.bus.decision.detail, bad[i].why) == NULL) {
            fail_msg("\"%s\" says nothing of \"%s\"", r.bus.decision.detail, bad[i].why);
        }
        assert_string_equal(state_region(r.bus.state)->packs[0].text, GRADES); /* the old one holds */
    }
    struct command command = by(from(&r.bus, CENTRE, COMMAND_SET_PACK), CHEN_WEI, "");
    command.set_pack.text = GRADES "#\n";
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_RIGHT);
    rules_close(&r);
}

static void there_is_an_end_to_packs(void **state)
{
    struct region_with_rules r;
    enum refusal refusal = REFUSED_NOT;

    (void)state;
    rules_open(&r, NULL);
    for (int i = 0; i <= REGION_PACKS_MAX; i++) {
        struct command command =
            a_pack(&r.bus, arena_printf(&r.bus.arena,
                                        "pack: p%02d\nversion: 1\nmatch: all\nrules:\n"
                                        "  - {rule: a, when: incident, do: [grade: IV]}\n",
                                        i));
        refusal = bus_say(&r.bus, &command);
        assert_int_equal(refusal, i < REGION_PACKS_MAX ? REFUSED_NOT : REFUSED_TOO_MANY);
    }
    rules_report(&r, 1, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), REGION_PACKS_MAX); /* each is asked */
    rules_close(&r);
}

/* --- time --------------------------------------------------------------------------------------------- */

static void a_rule_waits_before_it_fires(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: long, when: incident, if: dead > 5, for: 5 min, do: [notify: chief]}\n");
    rules_report(&r, 6, 0);
    rules_ask(&r);
    assert_int_equal(bus_event(&r.bus, EVENT_RULE_WAITS, 0)->rule.due_at_ms, r.bus.env.now_ms + 5 * MINUTE);
    assert_null(rules_fired(&r, "long"));
    bus_after(&r.bus, 2 * MINUTE);
    rules_report(&r, 7, 0); /* it holds still, and waits no longer for that */
    rules_ask(&r);
    assert_int_equal(r.bus.decision.events_n, 1);
    assert_int_equal(incident_due(rules_incident(&r)), r.bus.env.now_ms + 3 * MINUTE);
    bus_after(&r.bus, 3 * MINUTE - 1);
    assert_int_equal(rules_pass(&r), 0);
    bus_after(&r.bus, 1);
    rules_pass(&r);
    assert_non_null(rules_fired(&r, "long"));
    assert_string_equal(bus_event(&r.bus, EVENT_NOTIFIED, 0)->notified.role, "chief");
    assert_int_equal(incident_due(rules_incident(&r)), 0);
    bus_after(&r.bus, MINUTE);
    assert_int_equal(rules_pass(&r), 0); /* once */
    rules_close(&r);
}

static void what_does_not_last_does_not_fire(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: long, when: incident, if: dead > 5, for: 5 min, do: [notify: chief]}\n");
    rules_report(&r, 6, 0);
    rules_ask(&r);
    bus_after(&r.bus, MINUTE);
    rules_report(&r, 5, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_ENDED), 1);
    assert_int_equal(rules_incident(&r)->holds_n, 0);
    bus_after(&r.bus, 10 * MINUTE);
    assert_int_equal(rules_pass(&r), 0);
    rules_close(&r);
}

static void a_rule_that_flaps_fires_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK
               "  - {rule: wave, when: incident, if: dead >= 10, until: dead < 5, do: [notify: chief]}\n");
    for (int i = 0; i < 3; i++) {
        rules_report(&r, 10, 0);
        rules_ask(&r);
        assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), i == 0 ? 1 : 0);
        rules_report(&r, 9, 0);
        rules_ask(&r);
        assert_int_equal(bus_events(&r.bus, EVENT_RULE_ENDED), 0);
    }
    rules_report(&r, 4, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_ENDED), 1);
    rules_report(&r, 10, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 1);
    rules_close(&r);
}

static void a_rule_that_is_dropped_waits_no_longer(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: long, when: incident, if: dead > 5, for: 5 min, do: [notify: chief]}\n");
    rules_report(&r, 6, 0);
    rules_ask(&r);
    struct command drop = by(from(&r.bus, CENTRE, COMMAND_DROP_PACK), ADMIN, "");
    drop.drop_pack = (struct drop_pack){.name = "p", .reason = ""};
    bus_do(&r.bus, drop);
    bus_after(&r.bus, 5 * MINUTE);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_ENDED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_NOTIFIED), 0);
    assert_int_equal(incident_due(rules_incident(&r)), 0);
    rules_close(&r);
}

/* --- bounds ------------------------------------------------------------------------------------------- */

static void more_rules_than_a_record_holds_fire_in_several(void **state)
{
    enum { RULES = 150 };
    struct region_with_rules r;
    struct buf text;
    size_t n = 0, records = 0;

    (void)state;
    buf_init(&text, 0);
    buf_puts(&text, PACK);
    for (int i = 0; i < RULES; i++) {
        buf_printf(&text, "  - {rule: r%d, when: incident, if: dead > %d, do: [notify: role-%d]}\n", i, i % 7,
                   i);
    }
    rules_open(&r, buf_text(&text));
    rules_report(&r, 9, 0);
    while (rules_incident(&r)->rules_due_ms != 0) {
        rules_pass(&r);
        records++;
        n += bus_events(&r.bus, EVENT_RULE_FIRED);
        assert_true(records < 10);
    }
    assert_int_equal(n, RULES);
    assert_int_equal(records, 3);
    rules_close(&r);
    buf_free(&text);
}

/* Nothing is refused, and nothing is due for ever, however many rules begin to wait at once. */
static void more_rules_than_a_record_holds_wait_in_several(void **state)
{
    enum { PACKS = 12, RULES = 200 };
    struct region_with_rules r;
    struct buf text;
    size_t waits = 0, ended = 0, fired = 0;

    (void)state;
    buf_init(&text, 0);
    rules_open(&r, NULL);
    for (int i = 0; i < PACKS; i++) {
        buf_reset(&text);
        buf_printf(&text, "pack: p%02d\nversion: 1\nmatch: all\nrules:\n", i);
        for (int j = 0; j < RULES; j++) {
            buf_printf(&text, "  - {rule: r%d, when: incident, if: dead > %d, for: 5 min, do: [notify: n]}\n",
                       j, j % 7);
        }
        bus_do(&r.bus, a_pack(&r.bus, arena_strdup(&r.bus.arena, buf_text(&text))));
    }
    rules_report(&r, 9, 0);
    while (rules_incident(&r)->rules_due_ms != 0) {
        rules_pass(&r);
        waits += bus_events(&r.bus, EVENT_RULE_WAITS);
        assert_true(r.bus.decision.events_n < 600);
    }
    assert_int_equal(waits, PACKS * RULES);
    bus_after(&r.bus, MINUTE);
    rules_report(&r, 3, 0); /* four of seven do not hold any more */
    while (rules_incident(&r)->rules_due_ms != 0) {
        rules_pass(&r);
        ended += bus_events(&r.bus, EVENT_RULE_ENDED);
    }
    bus_after(&r.bus, 4 * MINUTE);
    while (incident_due(rules_incident(&r)) != 0) {
        rules_pass(&r);
        fired += bus_events(&r.bus, EVENT_RULE_FIRED);
        assert_true(r.bus.decision.events_n > 0);
    }
    assert_int_equal(ended + fired, PACKS * RULES);
    rules_close(&r);
    buf_free(&text);
}

/* Long names: a record ends by its bytes before it ends by its steps. */
static void long_names_fit_in_records(void **state)
{
    enum { PACKS = 10, RULES = 100, NAME = 120, BYTES = 132 * 1024 };
    struct region_with_rules r;
    struct buf text;
    char name[NAME + 1];
    size_t waits = 0;

    (void)state;
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    buf_init(&text, 0);
    rules_open(&r, NULL);
    for (int i = 0; i < PACKS; i++) {
        buf_reset(&text);
        buf_printf(&text, "pack: %s%02d\nversion: 1\nmatch: all\nrules:\n", name, i);
        for (int j = 0; j < RULES; j++) {
            buf_printf(&text, "  - {rule: %s%d, when: incident, for: 5 min, do: [notify: n]}\n", name, j);
        }
        bus_do(&r.bus, a_pack(&r.bus, arena_strdup(&r.bus.arena, buf_text(&text))));
    }
    rules_report(&r, 0, 0);
    while (rules_incident(&r)->rules_due_ms != 0) {
        size_t bytes = 0;
        rules_pass(&r);
        waits += bus_events(&r.bus, EVENT_RULE_WAITS);
        for (size_t i = 0; i < r.bus.decision.events_n; i++) {
            const struct event *event = &r.bus.decision.events[i];
            bytes += event->kind == EVENT_RULE_WAITS
                         ? 64 + strlen(event->rule.pack) + strlen(event->rule.rule)
                         : 64;
        }
        assert_true(bytes < BYTES);
    }
    assert_int_equal(waits, PACKS * RULES);
    rules_close(&r);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_are_set_replaced_and_dropped),
        cmocka_unit_test(a_bad_pack_is_refused_whole),
        cmocka_unit_test(there_is_an_end_to_packs),
        cmocka_unit_test(a_rule_waits_before_it_fires),
        cmocka_unit_test(what_does_not_last_does_not_fire),
        cmocka_unit_test(a_rule_that_flaps_fires_once),
        cmocka_unit_test(a_rule_that_is_dropped_waits_no_longer),
        cmocka_unit_test(more_rules_than_a_record_holds_fire_in_several),
        cmocka_unit_test(more_rules_than_a_record_holds_wait_in_several),
        cmocka_unit_test(long_names_fit_in_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
