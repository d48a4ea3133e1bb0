/* What reaches who follows an incident that another region leads or opened: its order's reminders, who is
 * to lead, and what ends with it. A log of an older generation decides as it did. */
#include <string.h>

#include "common/core/evolve.h"
#include "common/core/route.h"
#include "tests/unit/core_telling.h"

static void open_following(struct bus *bus, uint32_t generation)
{
    open_linked(bus);
    bus_generation(bus, generation);
    hear_opening(bus);
}

/* --- reminders --------------------------------------------------------------------------------------- */

static struct event reminded(unsigned order, uint32_t step)
{
    struct event event = fate(order, EVENT_ORDER_REMINDED);

    event.order_reminded =
        (struct order_reminded){.rule = "climb/remind", .step = step, .answer_by_ms = T0 + 2 * ANSWER_IN};
    return event;
}

struct given {
    unsigned station, others;
};

static void give(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct given *given = ctx;

    (void)lane;
    if (strcmp(agent, STATION_3) == 0 && id_equal(order, order_id(1))) {
        given->station++;
    } else if (!name_is_link(agent, NULL)) {
        given->others++;
    }
}

static void withdraw(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)ctx;
    (void)agent;
    (void)lane;
    (void)order;
}

/* To whom the last record's reminders go. */
static struct given reminders_given(const struct bus *bus)
{
    struct given given = {0};
    struct route_sink sink = {.ctx = &given, .add = give, .recalled = withdraw};

    for (size_t i = 0; i < bus->decision.events_n; i++) {
        if (bus->decision.events[i].kind == EVENT_ORDER_REMINDED) {
            route(bus->state, &bus->decision.events[i], CITY_LINK, &sink);
        }
    }
    return given;
}

static void a_reminder_reaches_who_has_the_order(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, EVENT_ORDER_UNANSWERED));
    bus_do(&bus, with(&bus, command, reminded(1, 1)));
    const struct event *event = bus_event(&bus, EVENT_ORDER_REMINDED, 0);
    assert_non_null(event);
    assert_string_equal(event->order_reminded.rule, "climb/remind");
    const struct order *order = incident_order(the_incident(&bus), order_id(1));
    assert_int_equal(order->remind_by_ms, T0 + 2 * ANSWER_IN);
    assert_int_equal(order->steps, 1);
    assert_int_equal(order_due(order), 0); /* it is the city that says what comes of it */
    struct given given = reminders_given(&bus);
    assert_int_equal(given.station, 1);
    assert_int_equal(given.others, 0);
    bus_close(&bus);
}

static void a_reminder_that_says_nothing_any_more_is_not_heard(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    for (unsigned i = 1; i <= 4; i++) {
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10 + i), issued(&bus, i, STATION_3)));
    }
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED)); /* the city does not know yet */
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(2), RUNG_DECLINED));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20), fate(3, EVENT_ORDER_RECALLED)));
    for (unsigned i = 1; i <= 3; i++) {
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20 + i), reminded(i, 1)));
        assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    }
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(4), RUNG_ACKNOWLEDGED)); /* seen is not answered */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 24), reminded(4, 1)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 1);
    /* only its home reminds of an order */
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 25), reminded(4, 2)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_do(&bus,
           with(&bus, telling(&bus, CITY_LINK, CITY, 26), reminded(9, 1))); /* of an order unknown here */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_close(&bus);
}

/* A past brings the order, its reminder, and what became of it, in one record. */
static void of_a_past_what_is_over_is_not_reminded_of(void **state)
{
    struct bus bus;

    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        open_following(&bus, GENERATION_FOLLOWS);
        struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3));
        if (taken != 0) {
            command = with(&bus, command, fate(1, EVENT_ORDER_EXPIRED));
        }
        bus_do(&bus, with(&bus, command, reminded(1, 1)));
        assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), taken == 0);
        bus_close(&bus);
    }
}

static void an_older_log_hears_no_reminder(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS - 1);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), reminded(1, 1)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_close(&bus);
}

/* --- the lead ---------------------------------------------------------------------------------------- */

static struct command a_lead_offer(struct bus *bus, const char *region)
{
    struct command command = by(from(bus, CENTRE, COMMAND_OFFER_LEAD), LI_NA, "");

    command.offer_lead = (struct offer_lead){.incident = incident_id(1), .region = region, .reason = ""};
    return command;
}

static void an_offered_lead_is_withdrawn(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, GENERATION_FOLLOWS - 1);
    open_and_share(&bus);
    bus_do(&bus, a_lead_offer(&bus, NEIGHBOUR));
    struct command command = a_lead_offer(&bus, "");
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    bus_generation(&bus, GENERATION_FOLLOWS);
    bus_do(&bus, a_lead_offer(&bus, ""));
    assert_int_equal(bus_events(&bus, EVENT_LEAD_OFFERED), 1);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    assert_string_equal(the_incident(&bus)->lead_offered, "");
    assert_int_equal(bus_do(&bus, a_lead_offer(&bus, "")), 0);
    bus_do(&bus, a_lead_offer(&bus, NEIGHBOUR));
    hear_from(&bus, NEIGHBOUR, 20, lead_taken(NEIGHBOUR, 1)); /* it had not heard of it */
    assert_string_equal(incident_lead(the_incident(&bus), REGION), NEIGHBOUR);
    command = a_lead_offer(&bus, "");
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    bus_close(&bus);
}

static void who_is_offered_the_lead_is_told_of_it(void **state)
{
    for (uint32_t generation = GENERATION_FOLLOWS - 1; generation <= GENERATION_FOLLOWS; generation++) {
        struct bus bus;

        (void)state;
        open_linked(&bus);
        bus_generation(&bus, generation);
        open_and_share(&bus);
        bus_do(&bus, a_lead_offer(&bus, CITY)); /* which follows it */
        assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0);
        bus_do(&bus, a_lead_offer(&bus, NEIGHBOUR));
        const struct event *referred = bus_event(&bus, EVENT_REFERRED, 0);
        assert_int_equal(referred != NULL, generation >= GENERATION_FOLLOWS);
        assert_true(referred == NULL || strcmp(referred->referred.region, NEIGHBOUR) == 0);
        bus_close(&bus);
    }
}

static void a_withdrawn_lead_is_not_taken(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    struct event offer = lead_taken(REGION, 1);
    offer.kind = EVENT_LEAD_OFFERED;
    hear_from(&bus, CITY, 11, offer);
    assert_string_equal(the_incident(&bus)->lead_offered, REGION);
    offer.lead.region = "";
    hear_from(&bus, CITY, 12, offer);
    struct command command = by(from(&bus, CENTRE, COMMAND_TAKE_LEAD), LI_NA, "");
    command.take_lead = (struct take_lead){.incident = incident_id(1), .reason = ""};
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    bus_close(&bus);
}

/* --- what ends with it ------------------------------------------------------------------------------- */

static struct command a_merge(struct bus *bus, unsigned incident, unsigned into)
{
    struct command command = by(from(bus, CENTRE, COMMAND_MERGE_INCIDENT), LI_NA, "");

    command.merge_incident =
        (struct merge_incident){.incident = incident_id(incident), .into = incident_id(into), .reason = ""};
    return command;
}

static bool is_open(const struct bus *bus, unsigned incident)
{
    return incident_is_open(state_incident(bus->state, incident_id(incident)));
}

/* 3 was merged into 2, that into 1, which the city follows; it was told of 3 before. */
static void open_merged(struct bus *bus, uint32_t generation)
{
    open_linked(bus);
    bus_generation(bus, generation);
    open_and_share(bus);
    bus_do(bus, a_report(bus, 2, REPORT_INITIAL));
    bus_do(bus, a_report(bus, 3, REPORT_INITIAL));
    bus_do(bus, a_referral(bus, 3, CITY));
    bus_do(bus, a_share(bus, 3, CITY, 40, false));
    bus_do(bus, a_merge(bus, 3, 2));
    bus_do(bus, a_merge(bus, 2, 1));
    bus_do(bus, a_share(bus, 3, CITY, 50, false));
}

static void what_was_merged_ends_with_the_survivor(void **state)
{
    struct bus bus;

    (void)state;
    open_merged(&bus, GENERATION_FOLLOWS);
    struct command command = a_close(&bus, 3);
    assert_int_equal(bus_say(&bus, &command), REFUSED_MERGED); /* the event goes on */
    bus_do(&bus, a_close(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_INCIDENT_CLOSED), 3);
    assert_false(is_open(&bus, 1) || is_open(&bus, 2) || is_open(&bus, 3));
    /* the record is told as the survivor's, and the past of the other again, with the record in it */
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    const struct incident *part = state_incident(bus.state, incident_id(3));
    assert_true(incident_share(part, CITY)->more);
    assert_int_equal(bus_do(&bus, a_close(&bus, 1)), 0);
    assert_int_equal(bus_do(&bus, a_close(&bus, 3)), 0);
    bus_close(&bus);
}

/* What an older version left open is closed by itself: nothing of it goes on. */
static void what_was_left_open_is_closed(void **state)
{
    struct bus bus;

    (void)state;
    open_merged(&bus, GENERATION_FOLLOWS - 1);
    bus_do(&bus, a_close(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_INCIDENT_CLOSED), 1);
    assert_true(is_open(&bus, 3));
    struct command command = a_close(&bus, 3);
    assert_int_equal(bus_say(&bus, &command), REFUSED_MERGED);
    bus_generation(&bus, GENERATION_FOLLOWS);
    bus_do(&bus, a_close(&bus, 3));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    assert_false(is_open(&bus, 3));
    bus_close(&bus);
}

static void what_another_region_leads_is_its_to_close(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, a_merge(&bus, 1, 2));
    bus_do(&bus, a_close(&bus, 2));
    assert_int_equal(bus_events(&bus, EVENT_INCIDENT_CLOSED), 1);
    assert_true(is_open(&bus, 1));
    struct command command = a_close(&bus, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), an_event(EVENT_INCIDENT_CLOSED)));
    assert_false(is_open(&bus, 1));
    bus_close(&bus);
}

/* --- reading it again -------------------------------------------------------------------------------- */

static void assert_reads_alone(const struct bus *bus, unsigned incident)
{
    struct state *alone = state_new();
    struct buf live, read;

    assert_non_null(alone);
    for (size_t i = 0; i < bus->log_n; i++) {
        if (id_equal(bus->log[i].incident, incident_id(incident))) {
            assert_int_equal(evolve(alone, &bus->log[i]), 0);
        }
    }
    buf_init(&live, 0);
    buf_init(&read, 0);
    state_dump_incident(state_incident(bus->state, incident_id(incident)), &live);
    state_dump_incident(state_incident(alone, incident_id(incident)), &read);
    assert_string_equal(buf_text(&read), buf_text(&live));
    buf_free(&live);
    buf_free(&read);
    state_free(alone);
}

/* After a commit that failed, or an eviction, a stream may be read before the region's is: what it is must
 * not hang on the generation that the region has at that moment. */
static void a_stream_is_read_without_the_regions(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, EVENT_GENERATION);
    hear_from(&bus, CITY, 11, changed("fire", ""));
    assert_true(the_incident(&bus)->heard_at_ms == bus.env.now_ms);
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, a_referral(&bus, 2, NEIGHBOUR));
    bus_do(&bus, a_share(&bus, 2, NEIGHBOUR, 40, false));
    assert_reads_alone(&bus, 1);
    assert_reads_alone(&bus, 2);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reminder_reaches_who_has_the_order),
        cmocka_unit_test(a_reminder_that_says_nothing_any_more_is_not_heard),
        cmocka_unit_test(of_a_past_what_is_over_is_not_reminded_of),
        cmocka_unit_test(an_older_log_hears_no_reminder),
        cmocka_unit_test(an_offered_lead_is_withdrawn),
        cmocka_unit_test(who_is_offered_the_lead_is_told_of_it),
        cmocka_unit_test(a_withdrawn_lead_is_not_taken),
        cmocka_unit_test(what_was_merged_ends_with_the_survivor),
        cmocka_unit_test(what_was_left_open_is_closed),
        cmocka_unit_test(what_another_region_leads_is_its_to_close),
        cmocka_unit_test(a_stream_is_read_without_the_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
