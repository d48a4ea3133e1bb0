/* Command posts as other regions tell of them: who commands at the scene, and who was to by the word of a
 * region that did not know of it. A log of an older generation decides as it did. */
#include <string.h>

#include "tests/unit/core_telling.h"

static void open_following(struct bus *bus, uint32_t generation)
{
    open_linked(bus);
    bus_generation(bus, generation);
    hear_opening(bus);
}

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
    hear_from(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/fire-rescue", LI_NA, 1));
    assert_commands(&bus, CITY, LI_NA, 1);
    /* that one's name is Li Na, too, and she is another */
    assert_refused(&bus, an_offer(&bus, LI_NA));
    hear_from(&bus, CITY, 12, post(EVENT_POST_OFFERED, CITY "/health", WANG_FANG, 2));
    assert_string_equal(the_incident(&bus)->post->offered_commander, WANG_FANG);
    assert_refused(&bus, an_answer(&bus, WANG_FANG, 2, POST_ACCEPTED));
    hear_from(&bus, CITY, 13, post(EVENT_POST_TAKEN, CITY "/health", WANG_FANG, 2));
    assert_commands(&bus, CITY, WANG_FANG, 2);
    bus_close(&bus);

    open_following(&bus, GENERATION_FOLLOWS - 1); /* as it was decided */
    bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
    hear_from(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/fire-rescue", LI_NA, 1));
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
    hear_from(&bus, CITY, 11, lead_taken(CITY, 1));
    assert_commands(&bus, "", WANG_FANG, 1);
    assert_refused(&bus, an_answer(&bus, LI_NA, 2, POST_ACCEPTED)); /* it was offered before */
    assert_refused(&bus, an_answer(&bus, LI_NA, 2, POST_WITHDRAWN));
    hear_from(&bus, NEIGHBOUR, 12,
              post(EVENT_POST_SET, NEIGHBOUR "/health", CHEN_WEI, 2)); /* not its to say */
    assert_commands(&bus, "", WANG_FANG, 1);
    bus.env.now_ms += MINUTE;
    hear_from(&bus, CITY, 13, post(EVENT_POST_SET, CITY "/health", CHEN_WEI, 2));
    assert_commands(&bus, CITY, CHEN_WEI, 2);
    assert_string_equal(the_incident(&bus)->post->offered_commander, "");
    /* back in the county: theirs stands, and ours is set up in its place, in a term of its own */
    struct event offered = lead_taken(REGION, 2);
    offered.kind = EVENT_LEAD_OFFERED;
    hear_from(&bus, CITY, 14, offered);
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
    hear_from(&bus, NEIGHBOUR, 6, post(EVENT_POST_TAKEN, NEIGHBOUR "/fire-rescue", LI_NA, 3));
    assert_commands(&bus, NEIGHBOUR, LI_NA, 3);
    hear_from(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/health", WANG_FANG, 1));
    assert_commands(&bus, CITY, WANG_FANG, 1);
    hear_from(&bus, NEIGHBOUR, 7, post(EVENT_POST_TAKEN, NEIGHBOUR "/health", CHEN_WEI, 4));
    assert_commands(&bus, CITY, WANG_FANG, 1);
    bus_close(&bus);
}

/* --- posts that were set up apart -------------------------------------------------------------------- */

static void assert_apart(const struct bus *bus, const char *region, const char *commander, uint32_t term)
{
    const struct post *there = the_incident(bus)->post;

    assert_int_equal(there->apart_n, 1);
    assert_string_equal(there->apart[0].region, region);
    assert_string_equal(there->apart[0].commander, commander);
    assert_int_equal(there->apart[0].term, term);
    assert_true(there->apart[0].at_ms == bus->env.now_ms);
}

static struct event settles(struct event event)
{
    event.post.settles = true;
    return event;
}

/* The city, from which the county is cut off, takes the lead and sets up a post: the county's has given way,
 * and it says so, whatever the city handed over meanwhile, until a person there has known of it. */
static void a_post_that_gives_way_is_noted(void **state)
{
    struct bus bus;

    (void)state;
    for (uint32_t generation = GENERATION_FOLLOWS - 1; generation <= GENERATION_FOLLOWS; generation++) {
        open_linked(&bus);
        bus_generation(&bus, generation);
        open_and_share(&bus);
        bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
        hear_from(&bus, CITY, 11, lead_taken(CITY, 1));
        hear_from(&bus, CITY, 12, post(EVENT_POST_SET, CITY "/health", CHEN_WEI, 1));
        assert_int_equal(bus_events(&bus, EVENT_POST_APART), generation >= GENERATION_FOLLOWS);
        if (generation >= GENERATION_FOLLOWS) {
            assert_commands(&bus, CITY, CHEN_WEI, 1);
            assert_apart(&bus, REGION, WANG_FANG, 1);
            hear_from(&bus, CITY, 13, post(EVENT_POST_TAKEN, CITY "/health", LI_NA, 2));
            assert_commands(&bus, CITY, LI_NA, 2);
            assert_apart(&bus, REGION, WANG_FANG, 1);
            hear_from(&bus, CITY, 14, settles(post(EVENT_POST_SET, CITY "/health", LI_NA, 2)));
            assert_int_equal(the_incident(&bus)->post->apart_n, 0);
            assert_int_equal(bus_events(&bus, EVENT_POST_APART), 0);
        }
        bus_close(&bus);
    }
}

/* ... and where the one in force is ours, it stays so; a person sets it anew, or hands it over. */
static void a_post_that_does_not_count_is_noted(void **state)
{
    struct bus bus;

    (void)state;
    for (int takes = 0; takes < 2; takes++) {
        open_linked(&bus);
        bus_generation(&bus, GENERATION_FOLLOWS);
        open_and_share(&bus);
        bus_do(&bus, a_post(&bus, FIRE, WANG_FANG));
        assert_int_equal(bus_do(&bus, a_post(&bus, FIRE, WANG_FANG)), 0);
        hear_from(&bus, CITY, 11, post(EVENT_POST_SET, FIRE, WANG_FANG, 1)); /* the same */
        assert_int_equal(bus_events(&bus, EVENT_POST_APART), 0);
        hear_from(&bus, CITY, 12, post(EVENT_POST_SET, CITY "/health", CHEN_WEI, 1));
        assert_apart(&bus, CITY, CHEN_WEI, 1);
        bus.env.now_ms += MINUTE;
        hear_from(&bus, CITY, 13, post(EVENT_POST_OFFERED, CITY "/health", WANG_FANG, 2));
        assert_int_equal(bus_events(&bus, EVENT_POST_APART), 0);
        hear_from(&bus, CITY, 14, post(EVENT_POST_TAKEN, CITY "/health", LI_NA, 2));
        assert_apart(&bus, CITY, LI_NA, 2); /* its last word */
        assert_commands(&bus, "", WANG_FANG, 1);
        if (takes) {
            bus_do(&bus, an_offer(&bus, LI_NA));
            assert_int_equal(the_incident(&bus)->post->apart_n, 1);
            bus_do(&bus, an_answer(&bus, LI_NA, 2, POST_ACCEPTED));
            assert_true(bus_event(&bus, EVENT_POST_TAKEN, 0)->post.settles);
        } else {
            struct command command = a_post(&bus, FIRE, WANG_FANG);
            command.set_post.place = ""; /* where it was */
            bus_do(&bus, command);
            assert_true(bus_event(&bus, EVENT_POST_SET, 0)->post.settles);
            assert_string_equal(the_incident(&bus)->post->place, "east gate");
            assert_commands(&bus, "", WANG_FANG, 1);
        }
        assert_int_equal(the_incident(&bus)->post->apart_n, 0);
        bus_close(&bus);
    }
}

/* A post in the next term was set up by who knew of the one before. */
static void a_post_that_follows_is_not_apart(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    hear_from(&bus, NEIGHBOUR, 5, post(EVENT_POST_SET, NEIGHBOUR "/health", CHEN_WEI, 1));
    hear_from(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/health", LI_NA, 2));
    assert_int_equal(bus_events(&bus, EVENT_POST_APART), 0);
    hear_from(&bus, NEIGHBOUR, 6, post(EVENT_POST_TAKEN, NEIGHBOUR "/health", WANG_FANG, 2));
    assert_commands(&bus, CITY, LI_NA, 2);
    assert_apart(&bus, NEIGHBOUR, WANG_FANG, 2);
    bus_close(&bus);
}

/* Of more regions than there is room for the last ones are shown; of each its last word. */
static void of_many_posts_the_last_are_shown(void **state)
{
    static const char *const regions[] = {"370104", "370105", "370112", "370113", "370105", "370114"};
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    hear_from(&bus, CITY, 11, post(EVENT_POST_SET, CITY "/health", LI_NA, 1));
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        hear_from(&bus, regions[i], 12 + i, post(EVENT_POST_SET, NEIGHBOUR "/health", WANG_FANG, 1));
        assert_int_equal(bus_events(&bus, EVENT_POST_APART), 1);
    }
    const struct post *there = the_incident(&bus)->post;
    assert_int_equal(there->apart_n, POSTS_APART_MAX);
    assert_string_equal(there->apart[0].region, "370105");
    assert_string_equal(there->apart[POSTS_APART_MAX - 1].region, "370114");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_lead_sets_up_no_post),
        cmocka_unit_test(a_post_is_told),
        cmocka_unit_test(a_post_stands_until_the_new_lead_sets_one),
        cmocka_unit_test(what_was_handed_over_apart_is_known),
        cmocka_unit_test(a_post_that_gives_way_is_noted),
        cmocka_unit_test(a_post_that_does_not_count_is_noted),
        cmocka_unit_test(a_post_that_follows_is_not_apart),
        cmocka_unit_test(of_many_posts_the_last_are_shown),
        cmocka_unit_test(a_merge_sets_up_no_post_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
