#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/ctl/find.h"
#include "common/core/evolve.h"

/* Two incidents that begin alike, one order each. */
static const char first[] = "01M80Q2R4HZFW5V36C4TT6KC8B";
static const char second[] = "01M80Q2R4HZFW5V36C4TT6M3QD";
static const char order[] = "01M80Q44MCEH94DB0GKR8T581S";

static struct id id_of(const char *text)
{
    struct id id;

    assert_int_equal(id_parse(text, &id), 0);
    return id;
}

static struct state *two_incidents(void)
{
    struct state *state = state_new();
    struct event event = {.kind = EVENT_INCIDENT_OPENED, .at_ms = 1};

    assert_non_null(state);
    event.incident_opened = (struct incident_opened){.mode = MODE_ACTUAL, .reporter = "1/a/b", .home = ""};
    event.incident = id_of(first);
    assert_int_equal(evolve(state, &event), 0);
    event.incident = id_of(second);
    assert_int_equal(evolve(state, &event), 0);
    event = (struct event){.kind = EVENT_ORDER_ISSUED, .at_ms = 2};
    event.incident = id_of(second);
    event.order = id_of(order);
    event.order_issued = (struct order_issued){
        .kind = "dispatch", .home = "", .addressee = "1/a", .issuer = "1/a/b", .operator= "" };
    assert_int_equal(evolve(state, &event), 0);
    return state;
}

static void expect(enum find_what what, const char *text, int code, const char *id, const char *incident)
{
    struct state *state = two_incidents();
    struct id found = {{0}};
    struct id of = {{0}};
    struct err err = {0};

    assert_int_equal(find_by_text(state, what, text, LANG_EN, &found, &of, &err), code);
    if (code == 0) {
        assert_true(id_equal(found, id_of(id)));
        assert_true(id_equal(of, id_of(incident)));
    } else {
        assert_true(id_is_zero(found));
        assert_true(err.text[0] != '\0');
    }
    state_free(state);
}

static void by_end_and_by_beginning(void **state)
{
    (void)state;
    expect(FIND_INCIDENT, "T6KC8B", 0, first, first);
    expect(FIND_INCIDENT, "t6kc8b", 0, first, first);
    expect(FIND_INCIDENT, "TT6M3QD", 0, second, second);
    expect(FIND_INCIDENT, first, 0, first, first);
    expect(FIND_ORDER, "8T58IS", 0, order, second); /* I is read as 1 */
    expect(FIND_ORDER, "O1M80Q44", 0, order, second);
}

static void what_is_not_one_is_refused(void **state)
{
    (void)state;
    expect(FIND_INCIDENT, "01M80Q2R", ERR_CONFLICT, NULL, NULL);
    expect(FIND_INCIDENT, "KC8B", ERR_USAGE, NULL, NULL);
    expect(FIND_INCIDENT, "T6KC8U", ERR_USAGE, NULL, NULL);
    expect(FIND_INCIDENT, "01M80Q2R4HZFW5V36C4TT6KC8B0", ERR_USAGE, NULL, NULL);
    expect(FIND_INCIDENT, "AAAAAA", ERR_NOT_FOUND, NULL, NULL);
    expect(FIND_INCIDENT, "8T581S", ERR_NOT_FOUND, NULL, NULL); /* an order's */
    expect(FIND_ORDER, "T6KC8B", ERR_NOT_FOUND, NULL, NULL);
}

static void whole_ids(void **state)
{
    struct id id;

    (void)state;
    assert_true(find_is_whole(first, &id));
    assert_false(find_is_whole("T6KC8B", &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_end_and_by_beginning),
                                       cmocka_unit_test(what_is_not_one_is_refused),
                                       cmocka_unit_test(whole_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
