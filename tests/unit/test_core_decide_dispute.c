/* What regions say and order apart: which orders are disputed and which only follow each other, whose word
 * settles it, and that no clock of another region holds up ours. */
#include <string.h>

#include "common/core/state_private.h"
#include "tests/unit/core_telling.h"

#define OWN_LEAD REGION

static void open_sharing(struct bus *bus, uint32_t generation)
{
    open_linked(bus);
    bus_generation(bus, generation);
    open_and_share(bus);
}

/* What the teller knew when it gave the order; 0: nothing. */
static struct event knowing(struct bus *bus, unsigned order, unsigned of, const char *lead, uint32_t term)
{
    struct event event = an_event(EVENT_ORDERS_KNOWN);
    struct id *known = arena_array(&bus->arena, struct id, 1);

    assert_non_null(known);
    known[0] = order_id(of);
    event.order = order > 0 ? order_id(order) : (struct id){{0}};
    event.orders_known = (struct orders_known){.known = known, .known_n = of > 0, .lead = lead, .term = term};
    return event;
}

static struct event taken(const char *region, uint32_t term)
{
    struct event event = an_event(EVENT_LEAD_TAKEN);

    event.lead = (struct lead_step){.region = region, .term = term, .from = REGION, .alone = true};
    return event;
}

static struct command order_of(struct bus *bus, const char *link, const char *region, uint64_t seq,
                               unsigned order, const char *addressee)
{
    return with(bus, telling(bus, link, region, seq), issued(bus, order, addressee));
}

static struct command a_confirmation(struct bus *bus, unsigned order)
{
    struct command command = by(from(bus, CENTRE, COMMAND_CONFIRM_ORDER), LI_NA, "");

    command.confirm_order = (struct confirm_order){
        .incident = incident_id(1), .order = order_id(order), .reason = "one east, one west"};
    return command;
}

static const struct dispute *open_dispute(const struct bus *bus, unsigned order)
{
    return incident_open_dispute(the_incident(bus), order_id(order), 0);
}

static void orders_say_what_they_were_given_knowing(void **state)
{
    struct bus bus;

    (void)state;
    open_sharing(&bus, GENERATION_APART);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3)); /* nobody else's is here */
    assert_int_equal(bus_event(&bus, EVENT_ORDERS_KNOWN, 0)->orders_known.known_n, 0);
    bus_do(&bus, order_of(&bus, CITY_LINK, CITY, 20, 2, FIRE));
    bus_do(&bus, order_of(&bus, CITY_LINK, CITY, 21, 3, HOSPITAL));
    bus_do(&bus, an_order(&bus, 1, 4, STATION_3)); /* ours is not named, nor what is to others */
    const struct event *event = bus_event(&bus, EVENT_ORDERS_KNOWN, 0);
    assert_non_null(event);
    assert_true(id_equal(event->order, order_id(4)));
    assert_int_equal(event->orders_known.known_n, 1);
    assert_true(id_equal(event->orders_known.known[0], order_id(2)));
    assert_string_equal(event->orders_known.lead, REGION);
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL)); /* which no other region follows */
    bus_do(&bus, an_order(&bus, 2, 5, STATION_3));
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_KNOWN), 0);
    bus_close(&bus);
}

/* Ours is order 1; theirs, 2, comes to `addressee`, given knowing of `known`. */
static size_t disputes_of(const char *addressee, unsigned known, uint32_t generation, bool recalled)
{
    struct bus bus;

    open_sharing(&bus, generation);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    if (recalled) {
        bus_do(&bus, a_recall(&bus, 1, 1));
    }
    bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 20, 2, addressee),
                      knowing(&bus, 2, known, OWN_LEAD, 0)));
    size_t n = bus_events(&bus, EVENT_ORDERS_DISPUTED);
    assert_int_equal(open_dispute(&bus, 1) != NULL, n > 0);
    assert_int_equal(open_dispute(&bus, 2) != NULL, n > 0);
    bus_close(&bus);
    return n;
}

static void what_was_ordered_apart_is_disputed(void **state)
{
    struct bus bus;

    (void)state;
    assert_int_equal(disputes_of(STATION_3, 0, GENERATION_APART, false), 1);
    assert_int_equal(disputes_of(FIRE, 0, GENERATION_APART, false), 1);          /* its agency */
    assert_int_equal(disputes_of(STATION_4, 0, GENERATION_APART, false), 0);     /* another crew */
    assert_int_equal(disputes_of("370102/fire", 0, GENERATION_APART, false), 0); /* no part of a name */
    assert_int_equal(disputes_of(STATION_3, 1, GENERATION_APART, false), 0);     /* it follows ours */
    assert_int_equal(disputes_of(STATION_3, 0, GENERATION_APART, true), 0);      /* nobody carries ours out */
    assert_int_equal(disputes_of(STATION_3, 0, GENERATION_APART - 1, false), 0); /* a log of before */
    open_sharing(&bus, GENERATION_APART);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    bus_do(&bus, order_of(&bus, CITY_LINK, CITY, 20, 2, STATION_3)); /* an older broker does not say */
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 0);
    bus_close(&bus);
}

/* More of ours than a record brings disputes for: by the second order of theirs each is in one. */
static size_t left_out(uint32_t generation)
{
    struct bus bus;
    size_t n = 0;

    open_sharing(&bus, generation);
    for (unsigned i = 1; i <= DISPUTES_PER_RECORD_MAX + 6; i++) {
        bus_do(&bus, an_order(&bus, 1, i, STATION_3));
    }
    for (unsigned i = 0; i < 2; i++) {
        unsigned theirs = 200 + i;
        bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 20 + i, theirs, STATION_3),
                          knowing(&bus, theirs, 0, OWN_LEAD, 0)));
        assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), DISPUTES_PER_RECORD_MAX);
    }
    for (unsigned i = 1; i <= DISPUTES_PER_RECORD_MAX + 6; i++) {
        n += open_dispute(&bus, i) == NULL;
    }
    bus_close(&bus);
    return n;
}

static void no_order_is_left_out_for_others(void **state)
{
    (void)state;
    assert_int_equal(left_out(GENERATION_COVERS), 0);
    assert_int_equal(left_out(GENERATION_COVERS - 1), 6); /* a log of before decides as it did */
}

/* Of two other regions the order of hearing tells nothing: each says what it knew. */
static void orders_of_two_others_are_told_apart(void **state)
{
    for (unsigned knew = 0; knew < 2; knew++) {
        struct bus bus;

        (void)state;
        open_sharing(&bus, GENERATION_APART);
        /* the city's order 2 knows of the neighbour's 3, which comes later by another way */
        bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 20, 2, FIRE),
                          knowing(&bus, 2, knew != 0 ? 3 : 0, OWN_LEAD, 0)));
        bus_do(&bus, with(&bus, order_of(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 8, 3, FIRE),
                          knowing(&bus, 3, 0, OWN_LEAD, 0)));
        assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), knew != 0 ? 0 : 1);
        bus_close(&bus);
    }
}

static void orders_of_an_old_term_are_disputed(void **state)
{
    struct bus bus;

    (void)state;
    open_sharing(&bus, GENERATION_APART);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    bus_do(&bus, an_order(&bus, 1, 2, STATION_4));
    struct command told = with(&bus, telling(&bus, CITY_LINK, CITY, 20), taken(CITY, 1));
    bus_do(&bus, with(&bus, told, knowing(&bus, 0, 1, OWN_LEAD, 0)));
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 1); /* 1 it knew when it took the lead */
    const struct event *event = bus_event(&bus, EVENT_ORDERS_DISPUTED, 0);
    assert_true(id_equal(event->order, order_id(2)) && id_is_zero(event->disputed.other));
    assert_string_equal(event->disputed.region, REGION);
    assert_string_equal(event->disputed.against, CITY);
    /* we are not who may recall the city's order of a term that is over; it leads, and settles */
    assert_non_null(open_dispute(&bus, 2));
    bus_do(&bus, a_recall(&bus, 1, 2));
    assert_null(open_dispute(&bus, 2));
    /* the neighbour took it from the city, which gave an order as if it led */
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 8), taken(NEIGHBOUR, 2)));
    bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 21, 3, HOSPITAL), knowing(&bus, 3, 0, CITY, 1)));
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 1);
    bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 22, 4, POLICE),
                      knowing(&bus, 4, 0, NEIGHBOUR, 2))); /* it knows who leads */
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 0);
    bus_close(&bus);
}

static void dispute(struct bus *bus)
{
    open_sharing(bus, GENERATION_APART);
    bus_do(bus, an_order(bus, 1, 1, STATION_3));
    bus_do(bus, with(bus, order_of(bus, CITY_LINK, CITY, 20, 2, FIRE), knowing(bus, 2, 0, OWN_LEAD, 0)));
    assert_non_null(open_dispute(bus, 1));
}

static struct event settled(unsigned order, unsigned other)
{
    struct event event = an_event(EVENT_DISPUTE_SETTLED);

    event.order = order_id(order);
    event.disputed =
        (struct orders_disputed){.other = order_id(other), .region = CITY, .against = "", .by = "chief"};
    return event;
}

/* What was carried out long before the other order was given leaves nothing for a person to decide. */
static void what_was_over_before_is_not_shown(void **state)
{
    struct bus bus;

    (void)state;
    dispute(&bus);
    struct incident *incident = state_incident_make(bus.state, incident_id(1));
    struct order *one = incident_order(incident, order_id(1));
    struct order *other = incident_order(incident, order_id(2));
    assert_non_null(incident_shown_dispute(incident, order_id(2), 0));
    one->rung = RUNG_COMPLETED;
    one->ended_at_ms = other->issued_at_ms - ORDERS_APART_MS; /* two clocks may differ by so much */
    assert_non_null(incident_shown_dispute(incident, order_id(2), 0));
    one->ended_at_ms--;
    assert_null(incident_shown_dispute(incident, order_id(2), 0));
    assert_non_null(incident_open_dispute(incident, order_id(2), 0)); /* it may be confirmed still */
    bus_close(&bus);
}

static void a_person_says_that_both_stand(void **state)
{
    struct bus bus;

    (void)state;
    dispute(&bus);
    struct command command = a_confirmation(&bus, 2);
    command.confirm_order.reason = "";
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    command = a_confirmation(&bus, 2);
    command.operator= "";
    command.signer = SIGNER_AGENT;
    assert_int_equal(bus_say(&bus, &command), REFUSED_SIGNATURE);
    command = by(a_confirmation(&bus, 2), WANG_FANG, "");
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    bus_do(&bus, a_confirmation(&bus, 2));
    assert_int_equal(bus_events(&bus, EVENT_DISPUTE_SETTLED), 1);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1); /* the others are told */
    assert_string_equal(bus_event(&bus, EVENT_DISPUTE_SETTLED, 0)->disputed.by, LI_NA);
    assert_null(open_dispute(&bus, 1));
    assert_int_equal(bus_do(&bus, a_confirmation(&bus, 1)), 0);
    bus_close(&bus);
}

static void who_has_no_part_in_it_settles_nothing(void **state)
{
    struct bus bus;

    (void)state;
    dispute(&bus);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 8), settled(1, 2)));
    assert_non_null(open_dispute(&bus, 1));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 21), settled(1, 2)));
    assert_null(open_dispute(&bus, 1));
    bus_close(&bus);
    /* and we nothing that is between two others while a third leads */
    open_sharing(&bus, GENERATION_APART);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20), taken(CITY, 1)));
    bus_do(&bus, with(&bus, order_of(&bus, CITY_LINK, CITY, 21, 2, FIRE), knowing(&bus, 2, 0, CITY, 1)));
    bus_do(&bus,
           with(&bus, order_of(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 8, 3, FIRE), knowing(&bus, 3, 0, CITY, 1)));
    assert_non_null(open_dispute(&bus, 3));
    struct command command = a_confirmation(&bus, 3);
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    bus_close(&bus);
}

/* --- clocks --------------------------------------------------------------------------------------- */

static struct event count_at(int64_t dead, int64_t at_ms)
{
    struct event event = changed("", "");

    event.at_ms = at_ms;
    event.facts_changed.casualties.dead = dead;
    return event;
}

static void a_word_far_ahead_counts_as_at_the_bound(void **state)
{
    const int64_t year_9999_ms = INT64_C(253402300799999);
    struct bus bus;

    (void)state;
    for (uint32_t generation = GENERATION_APART - 1; generation <= GENERATION_APART; generation++) {
        open_sharing(&bus, generation);
        int64_t latest_ms = bus.env.now_ms + FACTS_AHEAD_MAX_MS;
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20), count_at(3, latest_ms)));
        assert_int_equal(bus_event(&bus, EVENT_FACTS_CHANGED, 0)->at_ms, latest_ms); /* as it was said */
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 21), count_at(4, year_9999_ms)));
        assert_int_equal(bus_event(&bus, EVENT_FACTS_CHANGED, 0)->at_ms,
                         generation < GENERATION_APART ? year_9999_ms : latest_ms);
        struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
        command.file_report.facts.casualties.dead = 2;
        bus_do(&bus, command);
        assert_int_equal(bus_event(&bus, EVENT_FACTS_CHANGED, 0)->at_ms,
                         (generation < GENERATION_APART ? year_9999_ms : latest_ms) + 1);
        /* a log that grew up with the bound mends what was pinned without it */
        bus_generation(&bus, GENERATION_APART);
        command.file_report.facts.casualties.dead = 1;
        bus_do(&bus, command);
        assert_true(bus_event(&bus, EVENT_FACTS_CHANGED, 0)->at_ms <= latest_ms + 2);
        assert_int_equal(the_incident(&bus)->casualties.dead, 1);
        bus_close(&bus);
    }
}

static struct event counting_over(int64_t dead_ms)
{
    struct event event = an_event(EVENT_COUNTS_KNOWN);

    event.counts_known.dead_ms = dead_ms;
    return event;
}

static int64_t count_dead(struct bus *bus, int64_t dead)
{
    struct command command = a_report(bus, 1, REPORT_FOLLOW_UP);

    command.file_report.facts.casualties.dead = dead;
    bus_do(bus, command);
    const struct event *event = bus_event(bus, EVENT_FACTS_CHANGED, 0);
    assert_non_null(event);
    return event->at_ms;
}

static struct command dead_there(struct bus *bus, uint64_t seq, int64_t dead, int64_t at_ms, int64_t over_ms)
{
    return with(bus, with(bus, telling(bus, CITY_LINK, CITY, seq), count_at(dead, at_ms)),
                counting_over(over_ms));
}

static void a_count_that_gives_way_stays_in_sight(void **state)
{
    struct bus bus;

    (void)state;
    open_sharing(&bus, GENERATION_APART);
    int64_t ours_ms = count_dead(&bus, 5);
    assert_int_equal(bus_events(&bus, EVENT_COUNTS_KNOWN), 1);
    /* later, and it knew of ours: it follows */
    bus_do(&bus, dead_there(&bus, 20, 4, ours_ms + 10, ours_ms));
    assert_null(incident_apart(the_incident(&bus), 0));
    assert_int_equal(the_incident(&bus)->casualties.dead, 4);
    /* later, and it did not know of what is here */
    bus_do(&bus, dead_there(&bus, 21, 2, ours_ms + 20, ours_ms));
    assert_int_equal(the_incident(&bus)->casualties.dead, 2);
    assert_int_equal(incident_apart(the_incident(&bus), 0)->count, 4);
    assert_string_equal(incident_apart(the_incident(&bus), 0)->region, "");
    /* an earlier one that comes late: the higher stays in sight */
    bus_do(&bus, dead_there(&bus, 22, 9, ours_ms + 15, ours_ms));
    assert_null(bus_event(&bus, EVENT_FACTS_CHANGED, 0));
    assert_int_equal(the_incident(&bus)->casualties.dead, 2);
    assert_int_equal(incident_apart(the_incident(&bus), 0)->count, 9);
    assert_string_equal(incident_apart(the_incident(&bus), 0)->region, CITY);
    (void)count_dead(&bus, 2); /* the same number, said anew */
    assert_null(incident_apart(the_incident(&bus), 0));
    bus_close(&bus);
}

/* What it said before it shared the incident is its own: which word it knew, those who follow have to see. */
static void a_count_from_before_the_share_is_known(void **state)
{
    for (uint32_t generation = GENERATION_RECEIVED - 1; generation <= GENERATION_RECEIVED; generation++) {
        struct bus bus;
        struct command command;

        (void)state;
        open_linked(&bus);
        bus_generation(&bus, generation);
        command = a_report(&bus, 1, REPORT_INITIAL);
        command.file_report.facts.casualties.dead = 1;
        bus_do(&bus, command);
        int64_t first_ms = bus_event(&bus, EVENT_FACTS_CHANGED, 0)->at_ms;
        bus.env.now_ms += 60000;
        bus_do(&bus, a_referral(&bus, 1, CITY));
        bus_do(&bus, a_share(&bus, 1, CITY, 30, false));
        (void)count_dead(&bus, 2);
        const struct event *known = bus_event(&bus, EVENT_COUNTS_KNOWN, 0);
        assert_non_null(known);
        assert_true(known->counts_known.dead_ms == (generation >= GENERATION_RECEIVED ? first_ms : 0));
        bus_close(&bus);
    }
}

/* --- who joins late ------------------------------------------------------------------------------- */

/* The city's order 1 and the neighbour's order 2, of which the city tells the past; `late`: the incident is
 * here by then, and this is a part of that. */
static struct command a_past(struct bus *bus, bool late, unsigned known)
{
    struct command command = telling(bus, CITY_LINK, CITY, 20);

    if (late) {
        hear_opening(bus);
    } else {
        command = with(bus, command, opened());
    }
    command = with(bus, with(bus, command, issued(bus, 1, STATION_3)), knowing(bus, 1, 0, CITY, 0));
    struct command theirs = with(bus, telling(bus, CITY_LINK, NEIGHBOUR, 5), issued(bus, 2, FIRE));
    return and_then(bus, command, with(bus, theirs, knowing(bus, 2, known, CITY, 0)));
}

static struct command and_also(struct bus *bus, struct command command, const char *region,
                               struct event event)
{
    return and_then(bus, command, with(bus, telling(bus, CITY_LINK, region, 30), event));
}

static void what_stands_in_a_past_is_shown_to_who_joins_late(void **state)
{
    struct bus bus;

    (void)state;
    for (int late = 0; late < 2; late++) {
        for (unsigned known = 0; known < 2; known++) {
            open_linked(&bus);
            bus_generation(&bus, GENERATION_JOINS);
            bus_do(&bus, a_past(&bus, late == 1, known));
            assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 1 - known);
            assert_int_equal(open_dispute(&bus, 1) != NULL, known == 0);
            bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 40), fate(1, EVENT_ORDER_RECALLED)));
            assert_null(open_dispute(&bus, 1));
            bus_close(&bus);
        }
    }
    open_linked(&bus);
    bus_generation(&bus, GENERATION_JOINS - 1);
    bus_do(&bus, a_past(&bus, false, 0));
    assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 0); /* a log of before */
    bus_close(&bus);
}

static void what_a_past_settles_is_not(void **state)
{
    struct event settled = an_event(EVENT_DISPUTE_SETTLED);
    struct bus bus;

    (void)state;
    settled.order = order_id(1);
    settled.disputed =
        (struct orders_disputed){.other = order_id(2), .region = CITY, .against = "", .by = CITY_DESK};
    for (int i = 0; i < 2; i++) {
        open_linked(&bus);
        bus_generation(&bus, GENERATION_JOINS);
        bus_do(&bus, and_also(&bus, a_past(&bus, false, 0), CITY,
                              i == 0 ? settled : fate(1, EVENT_ORDER_RECALLED)));
        assert_null(open_dispute(&bus, 1));
        bus_close(&bus);
    }
}

/* The neighbour took the lead not knowing of the city's order, or the city gave it as if it still led. */
static void an_old_term_in_a_past_is_shown(void **state)
{
    struct bus bus;

    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        for (unsigned known = 0; known < 2; known++) {
            open_linked(&bus);
            bus_generation(&bus, GENERATION_JOINS);
            struct command order = with(&bus, telling(&bus, CITY_LINK, CITY, 20), issued(&bus, 1, STATION_3));
            struct command lead = with(&bus, telling(&bus, CITY_LINK, NEIGHBOUR, 5), taken(NEIGHBOUR, 1));
            order = with(&bus, order, knowing(&bus, 1, 0, CITY, 0));
            lead = with(&bus, lead, knowing(&bus, 0, known, CITY, 0));
            struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
            command = and_then(&bus, command, first == 0 ? order : lead);
            bus_do(&bus, and_then(&bus, command, first == 0 ? lead : order));
            assert_int_equal(bus_events(&bus, EVENT_ORDERS_DISPUTED), 1 - known);
            assert_int_equal(open_dispute(&bus, 1) != NULL, known == 0);
            bus_close(&bus);
        }
    }
}

/* The neighbour's five and the city's two, neither knowing of the other's, in one past: as they came to those
 * who heard them one by one. */
static void counts_apart_in_a_past_are_shown(void **state)
{
    struct bus bus;

    (void)state;
    for (int later = 0; later < 2; later++) { /* the city's was said later, and holds; or earlier */
        for (int knew = 0; knew < 2; knew++) {
            open_linked(&bus);
            bus_generation(&bus, GENERATION_JOINS);
            struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
            struct command theirs = with(&bus, telling(&bus, CITY_LINK, NEIGHBOUR, 5), count_at(5, T0 - 500));
            int64_t at_ms = T0 - (later ? 400 : 600);
            command = with(&bus, with(&bus, command, count_at(1, T0 - 900)), counting_over(0));
            command =
                and_then(&bus, command, with(&bus, theirs, counting_over(knew && !later ? at_ms : T0 - 900)));
            struct command ours = with(&bus, telling(&bus, CITY_LINK, CITY, 20), count_at(2, at_ms));
            bus_do(&bus, and_then(&bus, command,
                                  with(&bus, ours, counting_over(knew && later ? T0 - 500 : T0 - 900))));
            const struct incident *incident = the_incident(&bus);
            assert_int_equal(incident->casualties.dead, later ? 2 : 5);
            if (knew) {
                assert_null(incident_apart(incident, 0));
            } else {
                assert_int_equal(incident_apart(incident, 0)->count, later ? 5 : 2);
                assert_string_equal(incident_apart(incident, 0)->region, later ? NEIGHBOUR : CITY);
            }
            bus_close(&bus);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_say_what_they_were_given_knowing),
        cmocka_unit_test(what_was_ordered_apart_is_disputed),
        cmocka_unit_test(no_order_is_left_out_for_others),
        cmocka_unit_test(orders_of_two_others_are_told_apart),
        cmocka_unit_test(orders_of_an_old_term_are_disputed),
        cmocka_unit_test(what_was_over_before_is_not_shown),
        cmocka_unit_test(a_person_says_that_both_stand),
        cmocka_unit_test(who_has_no_part_in_it_settles_nothing),
        cmocka_unit_test(a_count_that_gives_way_stays_in_sight),
        cmocka_unit_test(a_count_from_before_the_share_is_known),
        cmocka_unit_test(a_word_far_ahead_counts_as_at_the_bound),
        cmocka_unit_test(what_stands_in_a_past_is_shown_to_who_joins_late),
        cmocka_unit_test(what_a_past_settles_is_not),
        cmocka_unit_test(an_old_term_in_a_past_is_shown),
        cmocka_unit_test(counts_apart_in_a_past_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
