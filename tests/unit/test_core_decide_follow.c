/* What reaches who follows an incident that another region leads or opened: its order's reminders, who
 * commands at the scene, and what ends with it. A log of an older generation decides as it did. */
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

/* --- command posts ----------------------------------------------------------------------------------- */

static struct command a_post(struct bus *bus, const char *lead, const char *commander)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SET_POST), LI_NA, "");

    command.set_post = (struct set_post){
        .incident = incident_id(1), .lead = lead, .commander = commander, .place = "east gate", .reason = ""};
    return command;
}

static struct command an_offer(struct bus *bus, const char *operator)
{
    struct command command = by(from(bus, CENTRE, COMMAND_OFFER_POST), operator, "");

    command.offer_post =
        (struct offer_post){.incident = incident_id(1), .lead = FIRE, .commander = LI_NA, .reason = ""};
    return command;
}

static struct command an_answer(struct bus *bus, const char *operator, uint32_t term, enum post_answer answer)
{
    struct command command = by(from(bus, CENTRE, COMMAND_ANSWER_POST), operator, "");

    command.answer_post =
        (struct answer_post){.incident = incident_id(1), .term = term, .answer = answer, .reason = ""};
    return command;
}

static struct event post(enum event_kind kind, const char *lead, const char *commander, uint32_t term)
{
    struct event event = an_event(kind);

    event.post = (struct post_step){
        .home = "", .lead = lead, .commander = commander, .place = "", .from = "", .term = term};
    return event;
}

static struct event lead_taken(const char *region, uint32_t term)
{
    struct event event = an_event(EVENT_LEAD_TAKEN);

    event.lead = (struct lead_step){.region = region, .term = term, .from = REGION, .alone = true};
    return event;
}

static void hear(struct bus *bus, const char *region, uint64_t seq, struct event event)
{
    bool beside = strcmp(region, NEIGHBOUR) == 0;

    bus_do(bus, with(bus, telling(bus, beside ? NEIGHBOUR_LINK : CITY_LINK, region, seq), event));
}

static void assert_commands(const struct bus *bus, const char *home, const char *commander, uint32_t term)
{
    const struct post *there = the_incident(bus)->post;

    assert_non_null(there);
    assert_string_equal(there->home, home);
    assert_string_equal(there->commander, commander);
    assert_int_equal(there->term, term);
}

static void assert_refused(struct bus *bus, struct command command)
{
    assert_int_equal(bus_say(bus, &command), REFUSED_REGION);
    assert_non_null(strstr(bus->decision.detail, "region " CITY " leads"));
}

static void who_does_not_lead_sets_up_no_post(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    assert_refused(&bus, a_post(&bus, FIRE, WANG_FANG));
    hear(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/fire-rescue", LI_NA, 1));
    assert_commands(&bus, CITY, LI_NA, 1);
    /* that one's name is Li Na, too, and she is another */
    assert_refused(&bus, an_offer(&bus, LI_NA));
    hear(&bus, CITY, 12, post(EVENT_POST_OFFERED, CITY "/health", WANG_FANG, 2));
    assert_string_equal(the_incident(&bus)->post->offered_commander, WANG_FANG);
    assert_refused(&bus, an_answer(&bus, WANG_FANG, 2, POST_ACCEPTED));
    hear(&bus, CITY, 13, post(EVENT_POST_TAKEN, CITY "/health", WANG_FANG, 2));
    assert_commands(&bus, CITY, WANG_FANG, 2);
    bus_close(&bus);

    open_following(&bus, GENERATION_FOLLOWS - 1); /* as it was decided */
    bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
    hear(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/fire-rescue", LI_NA, 1));
    assert_commands(&bus, "", WANG_FANG, 1);
    bus_close(&bus);
}

static void a_post_is_told(void **state)
{
    struct bus bus;

    (void)state;
    for (uint32_t generation = GENERATION_FOLLOWS - 1; generation <= GENERATION_FOLLOWS; generation++) {
        unsigned told = generation >= GENERATION_FOLLOWS;
        open_linked(&bus);
        bus_generation(&bus, generation);
        open_and_share(&bus);
        bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
        assert_int_equal(bus_events(&bus, EVENT_SHARED), told);
        bus_do(&bus, an_offer(&bus, LI_NA));
        assert_int_equal(bus_events(&bus, EVENT_SHARED), told);
        bus_do(&bus, an_answer(&bus, LI_NA, 2, POST_REFUSED));
        assert_int_equal(bus_events(&bus, EVENT_SHARED), told);
        bus_do(&bus, an_offer(&bus, LI_NA));
        bus_do(&bus, an_answer(&bus, LI_NA, 2, POST_ACCEPTED));
        assert_int_equal(bus_events(&bus, EVENT_SHARED), told);
        assert_commands(&bus, "", LI_NA, 2);
        bus_close(&bus);
    }
}

/* A post stands when the lead goes elsewhere, until the new lead says otherwise; and comes back as it was
 * left. */
static void a_post_stands_until_the_new_lead_sets_one(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, GENERATION_FOLLOWS);
    open_and_share(&bus);
    bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
    bus_do(&bus, an_offer(&bus, LI_NA));
    hear(&bus, CITY, 11, lead_taken(CITY, 1));
    assert_commands(&bus, "", WANG_FANG, 1);
    assert_refused(&bus, an_answer(&bus, LI_NA, 2, POST_ACCEPTED)); /* it was offered before */
    assert_refused(&bus, an_answer(&bus, LI_NA, 2, POST_WITHDRAWN));
    hear(&bus, NEIGHBOUR, 12, post(EVENT_POST_SET, NEIGHBOUR "/health", CHEN_WEI, 2)); /* not its to say */
    assert_commands(&bus, "", WANG_FANG, 1);
    bus.env.now_ms += MINUTE;
    hear(&bus, CITY, 13, post(EVENT_POST_SET, CITY "/health", CHEN_WEI, 2));
    assert_commands(&bus, CITY, CHEN_WEI, 2);
    assert_string_equal(the_incident(&bus)->post->offered_commander, "");
    /* back in the county: theirs stands, and ours is set up in its place, in a term of its own */
    struct event offered = lead_taken(REGION, 2);
    offered.kind = EVENT_LEAD_OFFERED;
    hear(&bus, CITY, 14, offered);
    struct command take = by(from(&bus, CENTRE, COMMAND_TAKE_LEAD), LI_NA, "");
    take.take_lead = (struct take_lead){.incident = incident_id(1), .reason = ""};
    bus_do(&bus, take);
    assert_commands(&bus, CITY, CHEN_WEI, 2);
    bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
    assert_commands(&bus, "", WANG_FANG, 3);
    assert_int_equal(the_incident(&bus)->post->since_ms, bus.env.now_ms);
    struct command other = a_post(&bus, FIRE, LI_NA);
    assert_int_equal(bus_say(&bus, &other), REFUSED_CONFLICT); /* our own is handed over */
    bus_close(&bus);
}

/* Cut off, a region goes on handing over its post while the city takes the lead: that is who commands, until
 * the city names another. */
static void what_was_handed_over_apart_is_known(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    struct command past = with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 5),
                               post(EVENT_POST_OFFERED, NEIGHBOUR "/health", CHEN_WEI, 2));
    past = with(&bus, past, post(EVENT_POST_SET, NEIGHBOUR "/fire-rescue", LI_NA, 1));
    past = with(&bus, past, post(EVENT_POST_TAKEN, NEIGHBOUR "/health", CHEN_WEI, 2));
    bus_do(&bus, past);
    assert_int_equal(bus_events(&bus, EVENT_POST_OFFERED), 0); /* before there was any */
    assert_commands(&bus, NEIGHBOUR, CHEN_WEI, 2);
    hear(&bus, NEIGHBOUR, 6, post(EVENT_POST_TAKEN, NEIGHBOUR "/fire-rescue", LI_NA, 3));
    assert_commands(&bus, NEIGHBOUR, LI_NA, 3);
    hear(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/health", WANG_FANG, 1));
    assert_commands(&bus, CITY, WANG_FANG, 1);
    hear(&bus, NEIGHBOUR, 7, post(EVENT_POST_TAKEN, NEIGHBOUR "/health", CHEN_WEI, 4));
    assert_commands(&bus, CITY, WANG_FANG, 1);
    bus_close(&bus);
}

static struct command a_merge(struct bus *bus, unsigned incident, unsigned into)
{
    struct command command = by(from(bus, CENTRE, COMMAND_MERGE_INCIDENT), LI_NA, "");

    command.merge_incident =
        (struct merge_incident){.incident = incident_id(incident), .into = incident_id(into), .reason = ""};
    return command;
}

/* What is merged into an incident that another region leads brings no post to it. */
static void a_merge_sets_up_no_post_for_another(void **state)
{
    struct bus bus;

    (void)state;
    for (uint32_t generation = GENERATION_FOLLOWS - 1; generation <= GENERATION_FOLLOWS; generation++) {
        open_following(&bus, generation);
        bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
        struct command command = a_post(&bus, FIRE, WANG_FANG);
        command.set_post.incident = incident_id(2);
        bus_do(&bus, command);
        bus_do(&bus, a_merge(&bus, 2, 1));
        assert_int_equal(the_incident(&bus)->post != NULL, generation < GENERATION_FOLLOWS);
        bus_close(&bus);
    }
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
    hear(&bus, NEIGHBOUR, 20, lead_taken(NEIGHBOUR, 1)); /* it had not heard of it */
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
    hear(&bus, CITY, 11, offer);
    assert_string_equal(the_incident(&bus)->lead_offered, REGION);
    offer.lead.region = "";
    hear(&bus, CITY, 12, offer);
    struct command command = by(from(&bus, CENTRE, COMMAND_TAKE_LEAD), LI_NA, "");
    command.take_lead = (struct take_lead){.incident = incident_id(1), .reason = ""};
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    bus_close(&bus);
}

/* --- what ends with it ------------------------------------------------------------------------------- */

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
    hear(&bus, CITY, 11, changed("fire", ""));
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
        cmocka_unit_test(who_does_not_lead_sets_up_no_post),
        cmocka_unit_test(a_post_is_told),
        cmocka_unit_test(a_post_stands_until_the_new_lead_sets_one),
        cmocka_unit_test(what_was_handed_over_apart_is_known),
        cmocka_unit_test(a_merge_sets_up_no_post_for_another),
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
