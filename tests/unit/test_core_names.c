/* Words that are said once and never again do not stay for ever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/names.h"
#include "common/core/stream.h"
#include "tests/unit/core_fixture.h"

enum { INCIDENTS = 20000, TIDY_EVERY = 50 };

static struct id nth_id(unsigned n)
{
    struct id id = {{1}};

    memcpy(id.b + 4, &n, sizeof n);
    return id;
}

/* An incident of a kind and a substance that nobody has named before, with an order that names units. */
static void evolve_incident(struct state *state, unsigned n)
{
    char kind[32], substance[32], unit[32];
    const char *units[] = {unit};
    const char *agents[] = {STATION_3};
    struct event opened = {.kind = EVENT_INCIDENT_OPENED,
                           .incident = nth_id(n),
                           .incident_opened = {.mode = MODE_ACTUAL, .reporter = STATION_3, .home = ""}};
    struct event changed = {
        .kind = EVENT_FACTS_CHANGED, .incident = nth_id(n), .facts_changed = facts_none()};
    struct event issued = {.kind = EVENT_ORDER_ISSUED, .incident = nth_id(n), .order = nth_id(n)};

    (void)snprintf(kind, sizeof kind, "kind %u", n);
    (void)snprintf(substance, sizeof substance, "substance %u", n);
    (void)snprintf(unit, sizeof unit, "unit %u", n);
    changed.facts_changed.kind = kind;
    changed.facts_changed.substance = substance;
    issued.order_issued.kind = kind;
    issued.order_issued.addressee = STATION_3;
    issued.order_issued.issuer = STATION_3;
    issued.order_issued.operator= "";
    issued.order_issued.home = "";
    issued.order_issued.agents = (struct words){agents, 1};
    issued.order_issued.units = (struct words){units, 1};
    assert_int_equal(evolve(state, &opened), 0);
    assert_int_equal(evolve(state, &changed), 0);
    assert_int_equal(evolve(state, &issued), 0);
}

/* The agent's one unit is of another type each time. */
static void evolve_unit(struct state *state, unsigned n)
{
    char type[32];
    struct unit unit = {.id = "engine 1", .type = type, .team = ""};
    struct event stated = {.kind = EVENT_UNITS_STATED,
                           .units_stated = {.agent = STATION_3, .units = &unit, .units_n = 1}};

    (void)snprintf(type, sizeof type, "type %u", n);
    assert_int_equal(evolve(state, &stated), 0);
}

static void words_go_with_the_last_that_names_them(void **unused)
{
    struct bus bus;

    (void)unused;
    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    evolve_unit(bus.state, 0);
    size_t before = state_name_count(bus.state), most = 0;
    char *dump = dump_of(bus.state);
    for (unsigned n = 1; n <= INCIDENTS; n++) {
        evolve_incident(bus.state, n);
        evolve_unit(bus.state, n);
        state_evict(bus.state, stream_key_incident(nth_id(n)));
        if (n % TIDY_EVERY == 0) {
            state_tidy(bus.state);
        }
        most = state_name_count(bus.state) > most ? state_name_count(bus.state) : most;
    }
    assert_in_range(most, NAMES_SWEEP_AFTER, before + NAMES_SWEEP_AFTER + 5 * TIDY_EVERY + 100);
    evolve_unit(bus.state, 0);
    char *after = dump_of(bus.state); /* what is still named is still there */
    assert_string_equal(after, dump);
    free(dump);
    free(after);
    bus_close(&bus);
}

/* With much at hand a sweep costs much, and comes as seldom. */
static void a_sweep_is_paid_by_new_words(void **unused)
{
    const char *kept[1000];
    struct names names = {.table = NULL};
    char text[32];
    size_t sweeps = 0;

    (void)unused;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "kept %u", i);
        kept[i] = names_keep(&names, text);
        assert_non_null(kept[i]);
        assert_ptr_equal(names_keep(&names, text), kept[i]);
    }
    for (unsigned i = 0; i < 500000; i++) {
        (void)snprintf(text, sizeof text, "gone %u", i);
        assert_non_null(names_keep(&names, text));
        if (names_want_sweep(&names)) {
            names.marks = 0;
            for (unsigned j = 0; j < 500000; j++) {
                names_mark(&names, kept[j % 1000]);
            }
            names_mark(&names, "");
            names_sweep(&names);
            sweeps++;
            assert_int_equal(names_count(&names), 1000);
        }
    }
    assert_in_range(sweeps, 2, 1 + 500000 / (500000 / NAMES_MARKS_PER_TEXT));
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "kept %u", i);
        assert_string_equal(kept[i], text);
    }
    names_free(&names);
}

/* What is marked stays, once; a sweep is not wanted again before as many new words have come. */
static void a_mark_holds_for_one_sweep(void **unused)
{
    enum { WORDS = 3 * NAMES_SWEEP_AFTER };
    static const char *kept[WORDS];
    struct names names = {.table = NULL};
    char text[32];

    (void)unused;
    assert_string_equal(names_keep(&names, ""), "");
    assert_int_equal(names_count(&names), 0); /* it would be swept: nobody marks it */
    for (unsigned i = 0; i < WORDS; i++) {
        (void)snprintf(text, sizeof text, "word %u", i);
        kept[i] = names_keep(&names, text);
    }
    assert_true(names_want_sweep(&names));
    for (unsigned i = 0; i < WORDS; i++) {
        names_mark(&names, kept[i]);
    }
    names_sweep(&names);
    assert_int_equal(names_count(&names), WORDS);
    names.marks = 0;
    assert_false(names_want_sweep(&names));
    names_mark_words(&names, (struct words){kept, 2});
    names_sweep(&names);
    assert_int_equal(names_count(&names), 2);
    assert_string_equal(kept[1], "word 1");
    names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_with_the_last_that_names_them),
        cmocka_unit_test(a_mark_holds_for_one_sweep),
        cmocka_unit_test(a_sweep_is_paid_by_new_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
