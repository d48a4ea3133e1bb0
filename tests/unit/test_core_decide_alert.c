/* Every refusal of an alert, in order of precedence; what it says to state; and what is disputed. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fixture.h"

static struct command good_alert(struct bus *bus)
{
    return an_alert(bus, 1, 1);
}

static struct alert_info *infos_of(struct bus *bus, struct command *command, size_t n)
{
    struct alert_info *infos = arena_array(&bus->arena, struct alert_info, n);

    assert_non_null(infos);
    for (size_t i = 0; i < n; i++) {
        infos[i] = command->record_alert.infos[0];
    }
    command->record_alert.infos = infos;
    command->record_alert.infos_n = n;
    return infos;
}

static void no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.alert = (struct id){{0}};
}

static void no_source(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.source = ALERT_SOURCE_NONE;
}

static void no_sender(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.sender = "";
}

static void no_identifier(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.identifier = "";
}

static void no_time(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.sent_ms = 0;
}

static void no_content(struct bus *bus, struct command *command)
{
    (void)bus;
    memset(command->record_alert.content, 0, ALERT_CONTENT_BYTES);
}

static void no_status(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.status = ALERT_STATUS_NONE;
}

static void a_drill(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.status = ALERT_STATUS_EXERCISE;
}

static void no_scope(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.scope = ALERT_SCOPE_NONE;
}

static void refers_to_nothing(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_alert.type = ALERT_TYPE_CANCEL;
}

static void too_many_infos(struct bus *bus, struct command *command)
{
    (void)infos_of(bus, command, ALERT_INFOS_MAX + 1);
}

static void no_event(struct bus *bus, struct command *command)
{
    infos_of(bus, command, 2)[1].event = "";
}

static void no_severity(struct bus *bus, struct command *command)
{
    infos_of(bus, command, 2)[1].severity = ALERT_SEVERITY_NONE;
}

static void ends_before_1970(struct bus *bus, struct command *command)
{
    infos_of(bus, command, 1)[0].expires_ms = -1;
}

static void alerts_are_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no id", REFUSED_INVALID, no_id},
        {"no source", REFUSED_INVALID, no_source},
        {"no sender", REFUSED_INVALID, no_sender},
        {"no identifier", REFUSED_INVALID, no_identifier},
        {"no time", REFUSED_INVALID, no_time},
        {"no content", REFUSED_INVALID, no_content},
        {"no status", REFUSED_INVALID, no_status},
        {"a drill in an actual command", REFUSED_INVALID, a_drill},
        {"no scope", REFUSED_INVALID, no_scope},
        {"a cancel of nothing", REFUSED_INVALID, refers_to_nothing},
        {"too many infos", REFUSED_TOO_MANY, too_many_infos},
        {"no event", REFUSED_INVALID, no_event},
        {"neither severity nor colour", REFUSED_INVALID, no_severity},
        {"an end before 1970", REFUSED_INVALID, ends_before_1970},
        {"without the right", REFUSED_RIGHT, spoil_right},
    };

    (void)state;
    check_refusals(good_alert, rows, sizeof rows / sizeof rows[0]);
}

/* --- against what is there -------------------------------------------------------------------------- */

static void the_same_changes_nothing(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    assert_int_equal(bus_do(&bus, an_alert(&bus, 1, 1)), 1);
    assert_int_equal(bus_event(&bus, EVENT_ALERT_RECORDED, 0)->alert_recorded.number, 1);
    bus_after(&bus, MINUTE);
    assert_int_equal(bus_do(&bus, an_alert(&bus, 1, 1)), 0);
    assert_int_equal(bus_do(&bus, an_alert(&bus, 2, 1)), 1);
    assert_false(alert_is_disputed(state_alert(bus.state, alert_id(1))));
    bus_close(&bus);
}

static void another_content_is_kept_and_disputed(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, an_alert(&bus, 1, 1));
    assert_int_equal(bus_do(&bus, an_alert(&bus, 1, 2)), 1);
    assert_int_equal(bus_event(&bus, EVENT_ALERT_RECORDED, 0)->alert_recorded.number, 2);
    const struct alert *alert = state_alert(bus.state, alert_id(1));
    assert_true(alert_is_disputed(alert));
    assert_int_equal(alert->contents_n, 2);
    assert_int_equal(bus_do(&bus, an_alert(&bus, 1, 1)), 0); /* both are there */
    assert_int_equal(bus_do(&bus, an_alert(&bus, 1, 2)), 0);
    for (unsigned content = 3; content <= ALERT_CONTENTS_MAX; content++) {
        assert_int_equal(bus_do(&bus, an_alert(&bus, 1, (uint8_t)content)), 1);
    }
    struct command more = an_alert(&bus, 1, ALERT_CONTENTS_MAX + 1);
    assert_int_equal(bus_say(&bus, &more), REFUSED_TOO_MANY);
    bus_close(&bus);
}

static void another_alert_under_its_id_is_a_conflict(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, an_alert(&bus, 1, 1));
    for (int i = 0; i < 4; i++) {
        struct command other = an_alert(&bus, 1, 2);
        other.record_alert.sender = i == 0 ? "somebody" : other.record_alert.sender;
        other.record_alert.identifier = i == 1 ? "else" : other.record_alert.identifier;
        other.record_alert.sent_ms += i == 2;
        other.record_alert.source = i == 3 ? ALERT_SOURCE_ATOM : ALERT_SOURCE_CAP;
        assert_int_equal(bus_say(&bus, &other), REFUSED_CONFLICT);
    }
    struct command drill = an_alert(&bus, 1, 2);
    drill.mode = MODE_EXERCISE;
    drill.record_alert.status = ALERT_STATUS_EXERCISE;
    assert_int_equal(bus_say(&bus, &drill), REFUSED_MODE);
    bus_close(&bus);
}

/* --- what state is told ------------------------------------------------------------------------------ */

static void the_gravest_and_every_place(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = an_alert(&bus, 1, 1);
    static const struct alert_reference reference = {"a", "b", T0, {{7}}};
    struct alert_info *infos = infos_of(&bus, &command, 3);
    infos[0].severity = ALERT_SEVERITY_UNKNOWN;
    infos[1].urgency = ALERT_URGENCY_IMMEDIATE;
    infos[1].expires_ms = T0 + 90 * MINUTE;
    infos[2].severity = ALERT_SEVERITY_NONE;
    infos[2].colour = ALERT_COLOUR_ORANGE;
    infos[2].expires_ms = 0;
    command.record_alert.type = ALERT_TYPE_UPDATE;
    command.record_alert.references = &reference;
    command.record_alert.references_n = 1;
    bus_do(&bus, command);
    const struct alert *alert = state_alert(bus.state, alert_id(1));
    const struct alert_content *content = &alert->contents[0];
    assert_int_equal(content->severity, ALERT_SEVERITY_SEVERE);
    assert_int_equal(content->urgency, ALERT_URGENCY_IMMEDIATE);
    assert_int_equal(content->certainty, ALERT_CERTAINTY_POSSIBLE);
    assert_int_equal(content->colour, ALERT_COLOUR_ORANGE);
    assert_int_equal(content->expires_ms, T0 + 90 * MINUTE);
    assert_int_equal(content->references_n, 1);
    assert_true(id_equal(content->references[0], reference.alert));
    assert_int_equal(content->geocodes.n, 2); /* each once, sorted */
    assert_string_equal(content->geocodes.at[0], "FIPS6=030049");
    assert_string_equal(content->geocodes.at[1], "UGC=MTZ014");
    bus_close(&bus);
}

/* An index says neither scope nor degrees, and an entry of it that updates another does not say which. */
static void an_index_holds_less(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = an_alert(&bus, 1, 1);
    struct alert_info *info = infos_of(&bus, &command, 1);
    info->severity = ALERT_SEVERITY_NONE;
    info->urgency = ALERT_URGENCY_NONE;
    info->certainty = ALERT_CERTAINTY_NONE;
    command.record_alert.source = ALERT_SOURCE_ATOM;
    command.record_alert.scope = ALERT_SCOPE_NONE;
    command.record_alert.type = ALERT_TYPE_UPDATE;
    bus_do(&bus, command);
    assert_int_equal(state_alert(bus.state, alert_id(1))->contents[0].severity, ALERT_SEVERITY_NONE);
    bus_close(&bus);
}

static void statuses_have_modes(void **state)
{
    (void)state;
    assert_int_equal(alert_mode(ALERT_STATUS_ACTUAL), MODE_ACTUAL);
    assert_int_equal(alert_mode(ALERT_STATUS_EXERCISE), MODE_EXERCISE);
    assert_int_equal(alert_mode(ALERT_STATUS_SYSTEM), MODE_TEST);
    assert_int_equal(alert_mode(ALERT_STATUS_TEST), MODE_TEST);
    assert_int_equal(alert_mode(ALERT_STATUS_NONE), MODE_NONE);
    for (int list = 0; list < ALERT_LISTS; list++) {
        assert_string_equal(alert_word((enum alert_list)list, 0), "?");
        assert_string_equal(alert_word_zh((enum alert_list)list, 99), "?");
        for (int value = 1; value <= 2; value++) {
            const char *word = alert_word((enum alert_list)list, value);
            assert_int_equal(alert_value((enum alert_list)list, word), value);
            assert_string_not_equal(alert_word_zh((enum alert_list)list, value), "?");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_are_refused),
        cmocka_unit_test(the_same_changes_nothing),
        cmocka_unit_test(another_content_is_kept_and_disputed),
        cmocka_unit_test(another_alert_under_its_id_is_a_conflict),
        cmocka_unit_test(the_gravest_and_every_place),
        cmocka_unit_test(an_index_holds_less),
        cmocka_unit_test(statuses_have_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
