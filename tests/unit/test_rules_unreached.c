/* What reaches nobody is said back: an order to an address that nobody has, and what is for a region to which
 * no link leads. */
#include <string.h>

#include "common/core/route.h"
#include "common/rules/rule_book.h"
#include "tests/unit/core_telling.h"

#define NOBODY REGION "/nobody"
#define CITY_NOBODY CITY "/nobody"
#define BELOW REGION "001"
#define BELOW_LINK BELOW "/broker/link"
#define BEYOND "370199" /* below the city */

static void open_it(struct bus *bus)
{
    open_linked(bus);
    bus_generation(bus, GENERATION_UNREACHED);
}

/* The log again is the same state, to the bit. */
static void close_it(struct bus *bus)
{
    bus_check_replay(bus);
    bus_close(bus);
}

static struct event order_unreached(unsigned order, const char *region, bool no_way, bool due)
{
    struct event event = an_event(EVENT_ORDER_UNREACHED);

    event.order = order_id(order);
    event.order_unreached = (struct order_unreached){.region = region, .no_way = no_way, .due = due};
    return event;
}

static struct event region_unreached(const char *region, const char *at)
{
    struct event event = an_event(EVENT_REGION_UNREACHED);

    event.region_unreached = (struct region_unreached){.region = region, .at = at};
    return event;
}

struct told {
    size_t n;
    bool centre, links;
};

static void add(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct told *told = ctx;

    (void)lane;
    (void)order;
    told->n++;
    told->centre = told->centre || strcmp(agent, CENTRE) == 0;
    told->links = told->links || name_is_link(agent, NULL);
}

/* To whom the last record's events go, that kind of event and its being shared. */
static struct told told_of_kind(const struct bus *bus, enum event_kind kind)
{
    struct told told = {0};
    const struct route_sink sink = {.ctx = &told, .add = add};

    for (size_t i = 0; i < bus->decision.events_n; i++) {
        const struct event *event = &bus->decision.events[i];
        if (event->kind == kind || event->kind == EVENT_SHARED) {
            route(bus->state, event, "", &sink);
        }
    }
    return told;
}

static void pass(struct bus *bus)
{
    assert_int_equal(incident_due(the_incident(bus)), bus->env.now_ms); /* at once */
    bus_do(bus, deadlines(bus, 1));
}

/* --- an address that nobody has --------------------------------------------------------------------- */

static void an_order_for_nobody_here_is_said_back(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, NOBODY)));
    assert_true(bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached.due);
    assert_int_equal(told_of_kind(&bus, EVENT_ORDER_UNREACHED).n, 0); /* not yet */
    pass(&bus);
    const struct order_unreached *e = &bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached;
    assert_string_equal(e->region, REGION);
    assert_false(e->no_way);
    assert_false(e->due);
    struct told told = told_of_kind(&bus, EVENT_ORDER_UNREACHED);
    assert_true(told.centre && told.links);
    assert_string_equal(bus_order(&bus, 1, order_id(1))->unreached, REGION);
    assert_int_equal(incident_due(the_incident(&bus)), 0); /* once */
    close_it(&bus);
}

static void an_order_that_somebody_has_is_not(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, FIRE)),
                      issued(&bus, 2, CITY_NOBODY))); /* the city's to say */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0);
    assert_int_equal(incident_due(the_incident(&bus)), 0);
    close_it(&bus);
}

/* Recalled in the same breath: there is nothing to be said of it any more. */
static void an_order_that_is_over_is_not_said_back(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, NOBODY)),
                      fate(1, EVENT_ORDER_RECALLED)));
    assert_int_equal(incident_due(the_incident(&bus)), 0);
    close_it(&bus);
}

static void a_log_of_before_says_nothing(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, GENERATION_UNREACHED - 1);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, NOBODY)),
                      referred(BELOW)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED) + bus_events(&bus, EVENT_REGION_UNREACHED) +
                         bus_events(&bus, EVENT_REFERRED),
                     0);
    assert_int_equal(incident_due(the_incident(&bus)), 0);
    close_it(&bus);
}

/* Our order to the city; *book: with a rule of what nobody is able to take. */
static void order_the_city(struct bus *bus, struct rule_book **book)
{
    open_it(bus);
    *book = rule_book_new();
    assert_non_null(*book);
    bus->env.rules = rule_book_rules(*book);
    struct command command = by_root(bus, COMMAND_SET_PACK);
    command.set_pack.text = "pack: p\nversion: 1\nmatch: all\nrules:\n"
                            "  - {rule: nobody, when: ability-short, if: free = 0, do: [notify: centre]}\n";
    bus_do(bus, command);
    open_and_share(bus);
    bus_do(bus, deadlines(bus, 1)); /* the rules of the report */
    bus_do(bus, an_order(bus, 1, 1, CITY_NOBODY));
}

static void its_home_is_told_and_its_rules_are_asked_at_once(void **state)
{
    struct rule_book *book;
    struct bus bus;

    (void)state;
    order_the_city(&bus, &book);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), order_unreached(1, CITY, false, false)));
    assert_true(bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached.due);
    assert_int_equal(bus_events(&bus, EVENT_RULE_FIRED), 0);
    pass(&bus);
    assert_false(bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached.due);
    assert_string_equal(bus_event(&bus, EVENT_RULE_FIRED, 0)->rule.rule, "nobody");
    assert_int_equal(bus_events(&bus, EVENT_NOTIFIED), 1);
    assert_true(told_of_kind(&bus, EVENT_ORDER_UNREACHED).n >= 2); /* its issuer, and the centres */
    bus_after(&bus, ANSWER_IN);                                    /* its deadline passes all the same */
    bus_do(&bus, deadlines(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNANSWERED), 1);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), order_unreached(1, CITY, false, false)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0); /* known */
    close_it(&bus);
    rule_book_free(book);
}

static void only_its_addressees_region_says_so(void **state)
{
    struct rule_book *book;
    struct bus bus;

    (void)state;
    order_the_city(&bus, &book);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 5), opened()));
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 6),
                      order_unreached(1, NEIGHBOUR, false, false)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 7),
                      order_unreached(1, NEIGHBOUR, true, false)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0);
    /* what is due there is not said yet */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), order_unreached(1, CITY, false, true)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0);
    /* and of what somebody took it is not said any more */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12),
                      rung(1, EVENT_RUNG_REACHED, RUNG_ACCEPTED, CITY_NOBODY "/after-all")));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 13), order_unreached(1, CITY, false, false)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 0);
    close_it(&bus);
    rule_book_free(book);
}

/* --- a region to which no link leads ---------------------------------------------------------------- */

static void a_referral_that_ends_here_is_said_back_and_kept(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), referred(BELOW)));
    assert_true(bus_event(&bus, EVENT_REGION_UNREACHED, 0)->region_unreached.due);
    pass(&bus);
    const struct region_unreached *e = &bus_event(&bus, EVENT_REGION_UNREACHED, 0)->region_unreached;
    assert_string_equal(e->region, BELOW);
    assert_string_equal(e->at, REGION);
    assert_false(e->due);
    assert_true(told_of_kind(&bus, EVENT_REGION_UNREACHED).centre);
    assert_true(told_of_kind(&bus, EVENT_REGION_UNREACHED).links);
    assert_string_equal(incident_referral(the_incident(&bus), BELOW)->unreached, REGION);

    /* as soon as a link leads there it is told, and so is that */
    enrol_link(&bus, BELOW_LINK);
    bus_do(&bus, a_share(&bus, 1, BELOW, 40, false));
    assert_int_equal(bus_events(&bus, EVENT_SHARE_BEGUN), 1);
    assert_string_equal(bus_event(&bus, EVENT_REGION_UNREACHED, 0)->region_unreached.at, "");
    assert_true(told_of_kind(&bus, EVENT_REGION_UNREACHED).links);
    assert_string_equal(incident_referral(the_incident(&bus), BELOW)->unreached, "");
    close_it(&bus);
}

static void what_others_reach_does_not_end_here(void **state)
{
    static const char *const regions[] = {REGION, CITY, "370000", NEIGHBOUR, BEYOND, "110000"};

    (void)state;
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        struct bus bus;
        open_it(&bus);
        hear_opening(&bus);
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), referred(regions[i])));
        assert_int_equal(bus_events(&bus, EVENT_REGION_UNREACHED), 0);
        close_it(&bus);
    }
}

static void an_order_that_ends_here_is_said_back(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, BELOW "/fire-rescue")));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 1);
    assert_int_equal(bus_events(&bus, EVENT_REGION_UNREACHED), 1);
    pass(&bus);
    assert_string_equal(bus_event(&bus, EVENT_REGION_UNREACHED, 0)->region_unreached.region, BELOW);
    close_it(&bus);
}

/* It is referred, by way of the city, to a region that nobody knows. */
static void refer_beyond(struct bus *bus)
{
    open_it(bus);
    open_and_share(bus);
    bus_do(bus, a_referral(bus, 1, BEYOND));
    bus_do(bus, an_order(bus, 1, 1, BEYOND "/fire-rescue"));
    bus_do(bus, with(bus, telling(bus, CITY_LINK, CITY, 11), region_unreached(BEYOND, CITY)));
    assert_true(bus_event(bus, EVENT_REGION_UNREACHED, 0)->region_unreached.due);
    pass(bus); /* what is between is told in our own word, too, for who goes by us */
    assert_int_equal(bus_events(bus, EVENT_REGION_UNREACHED), 1);
    assert_true(told_of_kind(bus, EVENT_REGION_UNREACHED).links);
    assert_string_equal(incident_referral(the_incident(bus), BEYOND)->unreached, CITY);
}

static void its_home_says_so_of_its_orders(void **state)
{
    struct bus bus;

    (void)state;
    refer_beyond(&bus);
    pass(&bus);
    const struct order_unreached *e = &bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached;
    assert_true(e->no_way);
    assert_string_equal(e->region, CITY);
    /* and of one that comes later */
    bus_do(&bus, an_order(&bus, 1, 2, BEYOND "/health"));
    pass(&bus);
    assert_true(id_equal(bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order, order_id(2)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 1);
    /* until a way is found */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), region_unreached(BEYOND, "")));
    pass(&bus);
    assert_string_equal(incident_referral(the_incident(&bus), BEYOND)->unreached, "");
    pass(&bus);
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNREACHED), 2); /* of both orders */
    assert_string_equal(bus_event(&bus, EVENT_ORDER_UNREACHED, 1)->order_unreached.region, "");
    assert_string_equal(bus_order(&bus, 1, order_id(2))->unreached, "");
    close_it(&bus);
}

static void a_region_that_is_heard_is_reached(void **state)
{
    struct bus bus;

    (void)state;
    refer_beyond(&bus);
    pass(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, BEYOND, 3), reported(2)));
    assert_string_equal(incident_referral(the_incident(&bus), BEYOND)->unreached, "");
    assert_string_equal(bus_order(&bus, 1, order_id(1))->unreached, "");
    pass(&bus);
    assert_string_equal(bus_event(&bus, EVENT_ORDER_UNREACHED, 0)->order_unreached.region, "");
    close_it(&bus);
}

/* Only who is on the way there knows. */
static void who_is_not_on_the_way_is_not_believed(void **state)
{
    struct bus bus;

    (void)state;
    open_it(&bus);
    open_and_share(&bus);
    bus_do(&bus, a_referral(&bus, 1, BEYOND));
    bus_do(&bus,
           with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 5), region_unreached(BEYOND, NEIGHBOUR)));
    assert_int_equal(bus_events(&bus, EVENT_REGION_UNREACHED), 0);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, NEIGHBOUR, 6), region_unreached(BEYOND, NEIGHBOUR)));
    assert_int_equal(bus_events(&bus, EVENT_REGION_UNREACHED), 0);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), region_unreached("370198", CITY)));
    assert_int_equal(bus_events(&bus, EVENT_REGION_UNREACHED), 0); /* not ours to hear of */
    close_it(&bus);
}

/* A rule refers to the region above, and no link leads there. */
static void a_rule_s_referral_without_a_link_says_so(void **state)
{
    struct rule_book *book = rule_book_new();
    struct command command;
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_generation(&bus, GENERATION_UNREACHED);
    assert_non_null(book);
    bus.env.rules = rule_book_rules(book);
    command = by_root(&bus, COMMAND_SET_PACK);
    command.set_pack.text = "pack: p\nversion: 1\nmatch: all\nrules:\n"
                            "  - {rule: up, when: incident, do: [refer: parent]}\n";
    bus_do(&bus, command);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    bus_do(&bus, deadlines(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 1);
    const struct region_unreached *e = &bus_event(&bus, EVENT_REGION_UNREACHED, 0)->region_unreached;
    assert_string_equal(e->region, CITY);
    assert_string_equal(e->at, REGION);
    assert_false(e->due);
    close_it(&bus);
    rule_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_for_nobody_here_is_said_back),
        cmocka_unit_test(an_order_that_somebody_has_is_not),
        cmocka_unit_test(an_order_that_is_over_is_not_said_back),
        cmocka_unit_test(a_log_of_before_says_nothing),
        cmocka_unit_test(its_home_is_told_and_its_rules_are_asked_at_once),
        cmocka_unit_test(only_its_addressees_region_says_so),
        cmocka_unit_test(a_referral_that_ends_here_is_said_back_and_kept),
        cmocka_unit_test(what_others_reach_does_not_end_here),
        cmocka_unit_test(an_order_that_ends_here_is_said_back),
        cmocka_unit_test(its_home_says_so_of_its_orders),
        cmocka_unit_test(a_region_that_is_heard_is_reached),
        cmocka_unit_test(who_is_not_on_the_way_is_not_believed),
        cmocka_unit_test(a_rule_s_referral_without_a_link_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
