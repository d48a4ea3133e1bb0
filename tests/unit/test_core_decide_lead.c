/* Who leads an incident, as two regions that took the lead apart tell of it, in whatever order. */
#include <string.h>

#include "tests/unit/core_telling.h"

#define PROVINCE "370000"

static struct event taken(const char *region, uint32_t term)
{
    struct event event = an_event(EVENT_LEAD_TAKEN);

    event.lead = (struct lead_step){.region = region, .term = term, .from = CITY};
    return event;
}

static struct event offered(const char *region, uint32_t term)
{
    struct event event = taken(region, term);

    event.kind = EVENT_LEAD_OFFERED;
    return event;
}

/* The region's own word, which the city tells on. */
static struct command told_on(struct bus *bus, const char *region, uint64_t seq, struct event event)
{
    return with(bus, telling(bus, CITY_LINK, region, seq), event);
}

static void assert_leads(const struct bus *bus, const char *region, uint32_t term)
{
    assert_string_equal(incident_lead(the_incident(bus), REGION), region);
    assert_int_equal(the_incident(bus)->lead_term, term);
}

struct row {
    const char *name;
    struct {
        const char *region;
        uint32_t term;
    } first, then;
    const char *leads;
    uint32_t term;
    bool disputed;
};

static const struct row rows[] = {
    {"the later term", {NEIGHBOUR, 1}, {PROVINCE, 2}, PROVINCE, 2, false},
    {"the earlier term", {PROVINCE, 2}, {NEIGHBOUR, 1}, PROVINCE, 2, true},
    {"one above", {NEIGHBOUR, 1}, {PROVINCE, 1}, PROVINCE, 1, true},
    {"one below", {PROVINCE, 1}, {NEIGHBOUR, 1}, PROVINCE, 1, true},
    {"of two beside each other the one that goes before", {"370200", 1}, {NEIGHBOUR, 1}, NEIGHBOUR, 1, true},
    {"... and not the other", {NEIGHBOUR, 1}, {"370200", 1}, NEIGHBOUR, 1, true},
};

static void of_two_that_took_it_one_leads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct bus bus;
        open_linked(&bus);
        hear_opening(&bus);
        bus_do(&bus, told_on(&bus, row->first.region, 1, taken(row->first.region, row->first.term)));
        bus_do(&bus, told_on(&bus, row->then.region, 2, taken(row->then.region, row->then.term)));
        if (strcmp(incident_lead(the_incident(&bus), REGION), row->leads) != 0) {
            fail_msg("%s: %s leads", row->name, incident_lead(the_incident(&bus), REGION));
        }
        assert_leads(&bus, row->leads, row->term);
        assert_int_equal(bus_events(&bus, EVENT_LEAD_DISPUTED), row->disputed);
        bus_close(&bus);
    }
}

/* A past holds what everybody said, also what had lost by then: whoever joins late finds the same. */
static void of_a_past_the_same_one_leads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct bus bus;
        open_linked(&bus);
        struct command past = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
        past = and_then(&bus, past,
                        told_on(&bus, row->first.region, 1, taken(row->first.region, row->first.term)));
        past =
            and_then(&bus, past, told_on(&bus, row->then.region, 2, taken(row->then.region, row->then.term)));
        bus_do(&bus, past);
        if (strcmp(incident_lead(the_incident(&bus), REGION), row->leads) != 0) {
            fail_msg("%s: %s leads", row->name, incident_lead(the_incident(&bus), REGION));
        }
        assert_leads(&bus, row->leads, row->term);
        assert_int_equal(bus_events(&bus, EVENT_LEAD_DISPUTED), row->disputed);
        bus_close(&bus);
    }
}

/* Only who leads offers, and of a past only what was offered in a term to come. */
static void only_who_leads_offers(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command past =
        with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened()), offered(NEIGHBOUR, 1));
    past = and_then(&bus, past, told_on(&bus, PROVINCE, 1, taken(PROVINCE, 1)));
    past = and_then(&bus, past, told_on(&bus, NEIGHBOUR, 1, offered(REGION, 2)));
    bus_do(&bus, past);
    assert_leads(&bus, PROVINCE, 1);
    assert_string_equal(the_incident(&bus)->lead_offered, "");
    bus_do(&bus, told_on(&bus, PROVINCE, 2, offered(REGION, 2)));
    assert_string_equal(the_incident(&bus)->lead_offered, REGION);
    bus_close(&bus);
}

static struct command a_taking(struct bus *bus, const char *reason)
{
    struct command command = by(from(bus, CENTRE, COMMAND_TAKE_LEAD), LI_NA, "");

    command.take_lead = (struct take_lead){.incident = incident_id(1), .reason = reason};
    return command;
}

/* The one that leads says so anew, with a reason; by itself nothing ends, and nothing is said twice. */
static void who_leads_settles_a_disputed_lead(void **state)
{
    struct bus bus;

    (void)state;
    for (uint32_t generation = GENERATION_SETTLES - 1; generation <= GENERATION_SETTLES; generation++) {
        bool settles = generation >= GENERATION_SETTLES;
        open_linked(&bus);
        bus_generation(&bus, generation);
        hear_opening(&bus);
        bus_do(&bus, told_on(&bus, CITY, 11, offered(REGION, 1)));
        bus_do(&bus, a_taking(&bus, ""));
        bus_do(&bus, a_taking(&bus, "nobody has said otherwise"));
        assert_leads(&bus, REGION, 1);
        bus_do(&bus, told_on(&bus, NEIGHBOUR, 1, taken(NEIGHBOUR, 1)));
        assert_leads(&bus, REGION, 1);
        assert_string_equal(the_incident(&bus)->lead_disputed, NEIGHBOUR);
        struct command command = a_taking(&bus, "");
        assert_int_equal(bus_say(&bus, &command), settles ? REFUSED_INVALID : REFUSED_NOT);
        bus_do(&bus, a_taking(&bus, "as agreed by telephone"));
        assert_int_equal(bus_events(&bus, EVENT_LEAD_TAKEN), settles);
        assert_int_equal(bus_events(&bus, EVENT_SHARED), settles);
        assert_leads(&bus, REGION, settles ? 2 : 1);
        assert_string_equal(the_incident(&bus)->lead_disputed, settles ? "" : NEIGHBOUR);
        bus_do(&bus, a_taking(&bus, "once is enough"));
        assert_int_equal(bus_events(&bus, EVENT_LEAD_TAKEN), 0);
        bus_close(&bus);
    }
}

/* ... and it is heard at the others; the orders of who takes it anew are under no old term. */
static void a_settled_lead_is_heard(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, GENERATION_SETTLES);
    hear_opening(&bus);
    bus_do(&bus, told_on(&bus, PROVINCE, 1, taken(PROVINCE, 1)));
    bus_do(&bus, told_on(&bus, PROVINCE, 2, issued(&bus, 1, STATION_3)));
    bus_do(&bus, told_on(&bus, NEIGHBOUR, 1, taken(NEIGHBOUR, 1)));
    assert_string_equal(the_incident(&bus)->lead_disputed, NEIGHBOUR);
    bus_do(&bus, told_on(&bus, PROVINCE, 3, taken(PROVINCE, 1))); /* nothing new */
    assert_int_equal(bus_events(&bus, EVENT_LEAD_TAKEN), 0);
    assert_string_equal(the_incident(&bus)->lead_disputed, NEIGHBOUR);
    struct event known = an_event(EVENT_ORDERS_KNOWN);
    known.orders_known = (struct orders_known){.lead = PROVINCE, .term = 1};
    bus_do(&bus, with(&bus, told_on(&bus, PROVINCE, 4, taken(PROVINCE, 2)), known));
    assert_leads(&bus, PROVINCE, 2);
    assert_string_equal(the_incident(&bus)->lead_disputed, "");
    assert_int_equal(bus_events(&bus, EVENT_LEAD_DISPUTED), 0);
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 0);
    bus_close(&bus);
}

/* The one of the two that leads from then on is not what ends the dispute: both stand in one record. */
static void a_dispute_outlives_its_own_record(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, told_on(&bus, NEIGHBOUR, 1, taken(NEIGHBOUR, 1)));
    bus_do(&bus, told_on(&bus, PROVINCE, 1, taken(PROVINCE, 1)));
    assert_leads(&bus, PROVINCE, 1);
    assert_string_equal(the_incident(&bus)->lead_disputed, NEIGHBOUR);
    assert_int_equal(the_incident(&bus)->lead_disputed_ms, bus.env.now_ms);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_took_it_one_leads), cmocka_unit_test(of_a_past_the_same_one_leads),
        cmocka_unit_test(only_who_leads_offers),         cmocka_unit_test(who_leads_settles_a_disputed_lead),
        cmocka_unit_test(a_settled_lead_is_heard),       cmocka_unit_test(a_dispute_outlives_its_own_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
