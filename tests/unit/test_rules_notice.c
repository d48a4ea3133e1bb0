/* A rule tells whoever has a role: who is told when nobody has it, and what the record says of it. */
#include <stdlib.h>
#include <string.h>

#include "common/core/route.h"
#include "tests/unit/rules_fixture.h"

#define TELLS PACK "  - {rule: tell, when: incident, if: dead > 0, do: [notify: chief]}\n"

struct told {
    const char *agents[8];
    size_t n;
};

static void add(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct told *told = ctx;

    (void)order;
    assert_int_equal(lane, LANE_ORDERS);
    assert_true(told->n < sizeof told->agents / sizeof told->agents[0]);
    told->agents[told->n++] = agent;
}

/* The notice of the last record, and who is given it. */
static const struct notified *notice(const struct region_with_rules *r, struct told *ret)
{
    const struct route_sink sink = {.ctx = ret, .add = add};
    const struct event *event = bus_event(&r->bus, EVENT_NOTIFIED, 0);

    assert_non_null(event);
    *ret = (struct told){.n = 0};
    route(r->bus.state, event, "", &sink);
    return &event->notified;
}

static void ask(struct region_with_rules *r, const char *text, uint32_t generation)
{
    rules_open(r, text);
    bus_generation(&r->bus, generation);
    rules_report(r, 3, 0);
}

static void enrol(struct bus *bus, const char *agent, const char *rights)
{
    struct command command = by(from(bus, CENTRE, COMMAND_ENROL_AGENT), ADMIN, "");

    command.enrol.name = agent;
    command.enrol.sign_key[0] = 77;
    command.enrol.curve_key[0] = 78;
    command.enrol.rights = words_of(bus, rights);
    bus_do(bus, command);
}

static void revoke(struct bus *bus, const char *name)
{
    struct command command = by(from(bus, STATION_3, COMMAND_REVOKE), ADMIN, "");

    command.revoke.name = name;
    bus_do(bus, command);
}

static void who_has_the_role_is_told(void **state)
{
    struct region_with_rules r;
    struct told told;

    (void)state;
    ask(&r, TELLS, GENERATION_UNREACHED);
    enrol(&r.bus, "370102/emergency-management/chief", "watch role:chief");
    rules_ask(&r);
    assert_false(notice(&r, &told)->nobody);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.agents[0], "370102/emergency-management/chief");
    rules_close(&r);
}

static void the_centres_are_told_where_nobody_has_it(void **state)
{
    struct region_with_rules r;
    struct told told;

    (void)state;
    ask(&r, TELLS, GENERATION_UNREACHED);
    rules_ask(&r);
    const struct notified *e = notice(&r, &told);
    assert_string_equal(e->role, "chief");
    assert_string_equal(e->rule, "p/tell");
    assert_true(e->nobody);
    assert_false(e->untold);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.agents[0], CENTRE);
    rules_close(&r);
}

static void who_was_revoked_or_only_operates_has_it_no_more(void **state)
{
    struct region_with_rules r;
    struct told told;

    (void)state;
    ask(&r, TELLS, GENERATION_UNREACHED);
    enrol(&r.bus, "370102/emergency-management/chief", "watch role:chief");
    revoke(&r.bus, "370102/emergency-management/chief");
    struct command command = by(from(&r.bus, CENTRE, COMMAND_ENROL_OPERATOR), ADMIN, "");
    command.enrol.name = "chief";
    command.enrol.sign_key[0] = 79;
    command.enrol.rights = words_of(&r.bus, "order role:chief");
    bus_do(&r.bus, command);
    rules_ask(&r);
    assert_true(notice(&r, &told)->nobody);
    rules_close(&r);
}

static void nobody_is_told_where_there_is_no_centre(void **state)
{
    struct region_with_rules r;
    struct told told;

    (void)state;
    ask(&r, TELLS, GENERATION_UNREACHED);
    revoke(&r.bus, CENTRE);
    rules_ask(&r);
    const struct notified *e = notice(&r, &told);
    assert_true(e->nobody);
    assert_true(e->untold);
    assert_int_equal(told.n, 0);
    rules_close(&r);
}

/* A log of before decides again as it did. */
static void an_older_log_says_no_more_than_it_did(void **state)
{
    struct region_with_rules r;
    struct told told;

    (void)state;
    ask(&r, TELLS, GENERATION_UNREACHED - 1);
    rules_ask(&r);
    assert_false(notice(&r, &told)->nobody);
    assert_int_equal(told.n, 0);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_the_role_is_told),
        cmocka_unit_test(the_centres_are_told_where_nobody_has_it),
        cmocka_unit_test(who_was_revoked_or_only_operates_has_it_no_more),
        cmocka_unit_test(nobody_is_told_where_there_is_no_centre),
        cmocka_unit_test(an_older_log_says_no_more_than_it_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
