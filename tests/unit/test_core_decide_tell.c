/* What another region tells: every refusal, in order of precedence, and what becomes here of each event. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_telling.h"

/* --- hearing: refusals ------------------------------------------------------------------------------- */

static struct command good_telling(struct bus *bus)
{
    enrol_link(bus, CITY_LINK);
    if (state_incident(bus->state, incident_id(1)) == NULL) {
        bus_do(bus, with(bus, telling(bus, CITY_LINK, CITY, 10), opened()));
    }
    return with(bus, telling(bus, CITY_LINK, CITY, 11), reported(2));
}

static void without_the_right(struct bus *bus, struct command *command)
{
    struct command enrol = by_root(bus, COMMAND_ENROL_AGENT);

    enrol.enrol = (struct enrol){.name = CENTRE, .rights = words_of(bus, "report centre")};
    enrol.enrol.sign_key[0] = enrol.enrol.curve_key[0] = 222;
    bus_do(bus, enrol);
    command->agent = CENTRE;
}

/* An agent of ours that was given the right is no broker all the same. */
static void no_broker(struct bus *bus, struct command *command)
{
    struct command enrol = by_root(bus, COMMAND_ENROL_AGENT);

    enrol.enrol = (struct enrol){.name = POLICE, .rights = words_of(bus, "link")};
    enrol.enrol.sign_key[0] = enrol.enrol.curve_key[0] = 223;
    bus_do(bus, enrol);
    command->agent = POLICE;
}

static void too_many_hops(struct bus *bus, struct command *command)
{
    (void)bus;
    command->tell_record.hops = HOPS_MAX;
}

/* A third region's record cannot come without having crossed a link. */
static void over_no_link(struct bus *bus, struct command *command)
{
    (void)bus;
    if (command->tell_record.hops == 0) {
        command->tell_record.shared.region = NEIGHBOUR;
    }
}

static void no_beginning(struct bus *bus, struct command *command)
{
    (void)bus;
    command->tell_record.incident = incident_id(2);
}

static void tell_is_refused(void **state)
{
    static const struct fault rows[] = {
        {"agent not enrolled", REFUSED_IDENTITY, spoil_identity},
        {"agent revoked", REFUSED_IDENTITY, spoil_revoked},
        {"operator is an agent", REFUSED_IDENTITY, spoil_operator},
        {"other region", REFUSED_REGION, spoil_region},
        {"nobody signed", REFUSED_SIGNATURE, spoil_signature},
        {"no mode", REFUSED_MODE, spoil_mode},
        {"without the right", REFUSED_RIGHT, without_the_right},
        {"no broker", REFUSED_RIGHT, no_broker},
        {"too many hops", REFUSED_INVALID, too_many_hops},
        {"not by its own region", REFUSED_INVALID, over_no_link},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"the beginning is missing", REFUSED_NO_INCIDENT, no_beginning},
    };

    (void)state;
    check_refusals(good_telling, rows, sizeof rows / sizeof rows[0]);
}

static void the_last_hop_is_taken(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
    command.tell_record.hops = HOPS_MAX - 1;
    assert_true(bus_do(&bus, command) > 0);
    bus_close(&bus);
}

/* It may have waited for a week, or beyond a recovery of ours: what happened, happened. */
static void a_telling_is_never_late(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
    bus_after(&bus, INT64_C(30) * 24 * 60 * MINUTE);
    command.epoch = 0;
    assert_true(bus_do(&bus, command) > 0);
    bus_close(&bus);
}

static void history_is_not_told_of(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = by(from(&bus, IMPORTER, COMMAND_RECORD_HISTORY), ADMIN, "");
    command.record_history = (struct record_history){.source = "cad",
                                                     .key = "1",
                                                     .incident = incident_id(1),
                                                     .facts = facts_none(),
                                                     .reported_at_ms = T0 - MINUTE};
    bus_do(&bus, command);
    command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), reported(1));
    assert_int_equal(bus_say(&bus, &command), REFUSED_INCIDENT_CLOSED);
    command = a_referral(&bus, 1, CITY);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INCIDENT_CLOSED);
    bus_close(&bus);
}

/* --- hearing: the incident --------------------------------------------------------------------------- */

static void an_opening_is_the_others(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, with(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened()), reported(4)),
                      changed("fire", "")));
    const struct incident *incident = the_incident(&bus);
    assert_string_equal(incident->home, CITY);
    assert_string_equal(incident->reporter, CITY_DESK);
    assert_string_equal(incident->kind, "fire");
    assert_int_equal(incident->opened_at_ms, T0 - SECOND); /* when it happened, not when it was heard */
    assert_int_equal(incident->reports, 1);                /* numbered as they come here */
    assert_int_equal(incident->requests_n, 0);             /* what it lacks its own region asks for */
    assert_int_equal(bus_events(&bus, EVENT_HEARD), 1);
    assert_int_equal(bus_events(&bus, EVENT_SHARE_BEGUN), 1); /* who told us hears what we say of it */
    const struct share *share = incident_share(incident, CITY);
    assert_true(share != NULL && share->up_to_seq == 0 && !share->more);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), opened()), reported(5)));
    assert_int_equal(bus_events(&bus, EVENT_INCIDENT_OPENED), 0);
    assert_int_equal(bus_events(&bus, EVENT_SHARE_BEGUN), 0);
    assert_int_equal(the_incident(&bus)->reports, 2);
    bus_close(&bus);
}

/* A third region's, of which the city only tells. */
static void an_opening_told_on_keeps_its_home(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, "370105", 10), opened()));
    assert_string_equal(the_incident(&bus)->home, "370105");
    assert_non_null(incident_share(the_incident(&bus), CITY));
    assert_null(incident_share(the_incident(&bus), "370105"));
    struct event event = opened();
    event.incident = incident_id(2);
    event.incident_opened.home = "370800";
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), event);
    command.tell_record.incident = incident_id(2);
    bus_do(&bus, command);
    /* whose log it is opened it, whatever it says */
    assert_string_equal(state_incident(bus.state, incident_id(2))->home, CITY);
    bus_close(&bus);
}

static void two_reports_of_one_telling_are_two(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_FOLLOW_UP));
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), reported(1)), reported(2)));
    assert_int_equal(bus_event(&bus, EVENT_REPORT_FILED, 0)->report_filed.number, 2);
    assert_int_equal(bus_event(&bus, EVENT_REPORT_FILED, 1)->report_filed.number, 3);
    assert_int_equal(the_incident(&bus)->reports, 3);
    bus_close(&bus);
}

static void only_its_home_closes_an_incident(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 5), an_event(EVENT_INCIDENT_CLOSED)));
    assert_true(incident_is_open(the_incident(&bus)));
    assert_int_equal(bus_events(&bus, EVENT_HEARD), 1);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), an_event(EVENT_INCIDENT_CLOSED)));
    assert_int_equal(the_incident(&bus)->closed_at_ms, T0 - SECOND);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), an_event(EVENT_INCIDENT_CLOSED)));
    assert_int_equal(bus_events(&bus, EVENT_INCIDENT_CLOSED), 0);
    bus_close(&bus);

    open_linked(&bus);
    open_and_share(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 5), an_event(EVENT_INCIDENT_CLOSED)));
    assert_true(incident_is_open(the_incident(&bus))); /* ours */
    bus_close(&bus);
}

static void a_grade_only_rises(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus,
           with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), graded(GRADE_III)), graded(GRADE_IV)));
    assert_int_equal(bus_events(&bus, EVENT_GRADED), 1);
    assert_int_equal(the_incident(&bus)->grade, GRADE_III);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), graded(GRADE_III)));
    assert_int_equal(bus_events(&bus, EVENT_GRADED), 0);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 13), graded(GRADE_NONE)));
    assert_int_equal(bus_events(&bus, EVENT_GRADED), 0);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 14), graded(GRADE_I)));
    assert_int_equal(the_incident(&bus)->grade, GRADE_I);
    bus_close(&bus);
}

static struct event lowered(enum grade grade, const char *by)
{
    struct event event = graded(grade);

    event.graded.by = by;
    event.graded.rule = by[0] != '\0' ? "" : "p/r";
    return event;
}

/* Who leads it lowers the grade, by a person's word; the neighbour, or a rule, does not. */
static size_t doubts(uint32_t generation, const char *link, const char *region, const char *by)
{
    struct bus bus;
    struct command command;

    open_linked(&bus);
    command = by_broker(&bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){
        .bus_ms = bus.env.now_ms, .utc_ms = bus.env.utc_ms, .reason = "", .generation = generation};
    bus_do(&bus, command);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), graded(GRADE_II)));
    bus_do(&bus, with(&bus, telling(&bus, link, region, 12), lowered(GRADE_IV, by)));
    size_t n = bus_events(&bus, EVENT_GRADE_DOUBTED);
    assert_int_equal(bus_events(&bus, EVENT_GRADED), 0);
    assert_int_equal(the_incident(&bus)->grade, GRADE_II);
    assert_int_equal(the_incident(&bus)->doubted, n > 0 ? GRADE_IV : GRADE_NONE);
    bus_do(&bus, with(&bus, telling(&bus, link, region, 13), lowered(GRADE_IV, by)));
    assert_int_equal(bus_events(&bus, EVENT_GRADE_DOUBTED), 0); /* once */
    bus_close(&bus);
    return n;
}

static void what_who_leads_lowers_is_in_doubt(void **state)
{
    (void)state;
    assert_int_equal(doubts(GENERATION_LOWERED, CITY_LINK, CITY, "li.na"), 1);
    assert_int_equal(doubts(GENERATION_LOWERED, CITY_LINK, CITY, ""), 0);
    assert_int_equal(doubts(GENERATION_LOWERED, NEIGHBOUR_LINK, NEIGHBOUR, "li.na"), 0);
    assert_int_equal(doubts(GENERATION_LOWERED - 1, CITY_LINK, CITY, "li.na"), 0); /* a log of before */
}

/* What was lowered is raised again, step by step: the doubt follows the word of who leads. */
static void what_who_leads_raises_again_is_not_in_doubt(void **state)
{
    static const struct {
        const char *link, *region, *by;
        enum grade grade, doubted;
        bool graded;
    } rows[] = {
        {NEIGHBOUR_LINK, NEIGHBOUR, "li.na", GRADE_II, GRADE_IV, false}, /* it does not lead */
        {CITY_LINK, CITY, "", GRADE_III, GRADE_III, false},              /* a rule, after a person's word */
        {CITY_LINK, CITY, "li.na", GRADE_IV, GRADE_IV, false},
        {CITY_LINK, CITY, "", GRADE_II, GRADE_NONE, true},
        {CITY_LINK, CITY, "", GRADE_IV, GRADE_NONE, false}, /* a rule alone */
        {CITY_LINK, CITY, "li.na", GRADE_III, GRADE_III, false},
        {CITY_LINK, CITY, "li.na", GRADE_II, GRADE_NONE, true},
    };
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = by_broker(&bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){
        .bus_ms = bus.env.now_ms, .utc_ms = bus.env.utc_ms, .reason = "", .generation = GENERATION_LOWERED};
    bus_do(&bus, command);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), graded(GRADE_II)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), lowered(GRADE_IV, "li.na")));
    assert_string_equal(the_incident(&bus)->doubted_in, CITY);
    assert_string_equal(the_incident(&bus)->doubted_by, "li.na");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bus_do(&bus, with(&bus, telling(&bus, rows[i].link, rows[i].region, 13 + i),
                          lowered(rows[i].grade, rows[i].by)));
        assert_int_equal(bus_events(&bus, EVENT_GRADED), rows[i].graded);
        assert_int_equal(the_incident(&bus)->grade, GRADE_II);
        assert_int_equal(the_incident(&bus)->doubted, rows[i].doubted);
    }
    /* both in one past */
    command = with(&bus, telling(&bus, CITY_LINK, CITY, 30), lowered(GRADE_IV, "li.na"));
    bus_do(&bus, and_then(&bus, command,
                          with(&bus, telling(&bus, CITY_LINK, CITY, 31), lowered(GRADE_II, "li.na"))));
    assert_int_equal(bus_events(&bus, EVENT_GRADE_DOUBTED), 1);
    assert_int_equal(the_incident(&bus)->doubted, GRADE_NONE);
    bus_close(&bus);
}

static void a_referral_goes_on_and_not_back(void **state)
{
    static const struct {
        const char *to;
        size_t passed;
    } rows[] = {
        {REGION, 0},       /* to us: it has come */
        {CITY, 0},         /* back to who tells of it */
        {"370000", 0},     /* beyond who tells of it */
        {NEIGHBOUR, 1},    /* on, by our own link */
        {"370103001", 1},  /* ... and what lies below it */
        {REGION "001", 0}, /* below us, where no link leads */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bus bus;
        open_linked(&bus);
        hear_opening(&bus);
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), referred(rows[i].to)));
        assert_int_equal(bus_events(&bus, EVENT_REFERRED), rows[i].passed);
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), referred(rows[i].to)));
        assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0); /* it is known */
        bus_close(&bus);
    }
}

static void the_rest_is_each_regions_own(void **state)
{
    static const enum event_kind kinds[] = {EVENT_LEVEL_SET,
                                            EVENT_INFORMATION_REQUESTED,
                                            EVENT_INFORMATION_ANSWERED,
                                            EVENT_INFORMATION_OVERDUE,
                                            EVENT_GRADE_DOUBTED,
                                            EVENT_CLOCK_STARTED,
                                            EVENT_CLOCK_OVERDUE,
                                            EVENT_NOTIFIED,
                                            EVENT_RULES_DUE,
                                            EVENT_RULE_FIRED,
                                            EVENT_REPORT_SENT,
                                            EVENT_SHARE_BEGUN,
                                            EVENT_SHARED,
                                            EVENT_HEARD,
                                            EVENT_AMENDMENTS_LEFT,
                                            EVENT_REGION_FOUNDED,
                                            EVENT_AGENT_ENROLLED,
                                            EVENT_ACKNOWLEDGED,
                                            EVENT_POLICY_SET,
                                            EVENT_CLOCK_SET};
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11 + i), an_event(kinds[i]))),
                         1);
        assert_int_equal(bus_events(&bus, EVENT_HEARD), 1);
        assert_int_equal(bus_event(&bus, EVENT_HEARD, 0)->heard.seq, 11 + i);
    }
    bus_close(&bus);
}

static void of_another_incident_nothing_is_heard(void **state)
{
    struct event event = reported(1);
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    event.incident = incident_id(2);
    assert_int_equal(bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), event)), 1);
    assert_int_equal(bus_events(&bus, EVENT_HEARD), 1);
    assert_int_equal(state_incident(bus.state, incident_id(2))->reports, 1);
    bus_close(&bus);
}

/* --- hearing: once ----------------------------------------------------------------------------------- */

static void a_record_is_heard_once(void **state)
{
    static const struct {
        uint64_t epoch, seq;
        bool news;
    } rows[] = {
        {1, 10, false}, {1, 9, false}, {1, 12, true},
        {1, 11, false}, {2, 3, true}, /* its log went on from an earlier record */
        {1, 13, false}, {2, 3, false}, {2, 4, true},
    };
    struct bus bus;
    uint32_t reports = 0;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, rows[i].seq), reported(1));
        told_of(&bus, &command)[0].epoch = rows[i].epoch;
        size_t n = bus_do(&bus, command);
        reports += rows[i].news;
        assert_int_equal(n > 0, rows[i].news);
        assert_int_equal(the_incident(&bus)->reports, reports);
    }
    const struct heard_mark *mark = incident_heard(the_incident(&bus), CITY);
    assert_true(mark != NULL && mark->epoch == 2 && mark->seq == 4);
    /* another region's log, also by the same link, and the same one by another */
    assert_true(bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, "370000", 1), reported(1))) > 0);
    assert_int_equal(bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, "370000", 1), reported(1))), 0);
    bus_close(&bus);
}

static void our_own_word_is_not_heard(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    assert_int_equal(bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, REGION, 99), reported(2))), 0);
    assert_int_equal(the_incident(&bus)->reports, 1);
    bus_close(&bus);
}

static void a_past_is_heard_in_its_order(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened());
    command = and_then(&bus, command, with(&bus, telling(&bus, CITY_LINK, CITY, 12), reported(1)));
    command =
        and_then(&bus, command, with(&bus, telling(&bus, CITY_LINK, CITY, 12), reported(1))); /* again */
    command = and_then(&bus, command, with(&bus, telling(&bus, CITY_LINK, CITY, 14), reported(2)));
    bus_do(&bus, command);
    assert_int_equal(the_incident(&bus)->reports, 2);
    assert_int_equal(bus_events(&bus, EVENT_HEARD), 3);
    assert_int_equal(incident_heard(the_incident(&bus), CITY)->seq, 14);
    assert_int_equal(bus_events(&bus, EVENT_SHARE_BEGUN), 1);
    bus_close(&bus);
}

/* The record that brings a past stands behind what its next part brings: it is no mark. */
static struct event counted(int64_t dead)
{
    struct event event = changed("", "");

    event.facts_changed.casualties.dead = dead;
    return event;
}

/* What one region said twice within a millisecond counts in its order, though the greater came first. */
static void of_one_moment_the_last_word_of_a_region_holds(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command past = with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10), opened()), counted(3));
    past = and_then(&bus, past, with(&bus, telling(&bus, CITY_LINK, CITY, 11), counted(2)));
    bus_do(&bus, past);
    assert_int_equal(the_incident(&bus)->casualties.dead, 2);
    /* against another's of that moment the greater does */
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 5), counted(1)));
    assert_int_equal(the_incident(&bus)->casualties.dead, 2);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 6), counted(4)));
    assert_int_equal(the_incident(&bus)->casualties.dead, 4);
    bus_close(&bus);
}

static void a_past_in_parts_is_heard_whole(void **state)
{
    struct command share = {.kind = COMMAND_SHARE_INCIDENT, .mode = MODE_ACTUAL, .cosigner = ""};
    struct bus bus;

    (void)state;
    open_linked(&bus);
    for (uint64_t part = 0; part < 3; part++) {
        struct command command = telling(&bus, CITY_LINK, CITY, 10 + part);
        command = with(&bus, command, part == 0 ? opened() : reported(1));
        command = and_then(&bus, command, telling(&bus, CITY_LINK, CITY, 50 + part));
        share.share_incident.up_to_seq = 10 + part; /* of its log, with records of other incidents */
        told_of(&bus, &command)[1].command = &share;
        bus_do(&bus, command);
        assert_int_equal(incident_heard(the_incident(&bus), CITY)->seq, 10 + part);
        assert_int_equal(bus_do(&bus, command), 0);
    }
    assert_int_equal(the_incident(&bus)->reports, 2);
    bus_close(&bus);
}

static void a_past_of_our_own_and_theirs_is_sorted_out(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    struct command command = with(&bus, telling(&bus, CITY_LINK, REGION, 5), opened());
    command = and_then(&bus, command, with(&bus, telling(&bus, CITY_LINK, CITY, 12), reported(1)));
    bus_do(&bus, command);
    assert_string_equal(the_incident(&bus)->home, "");
    assert_int_equal(the_incident(&bus)->reports, 2);
    assert_int_equal(bus_events(&bus, EVENT_HEARD), 1);
    assert_string_equal(bus_event(&bus, EVENT_HEARD, 0)->heard.region, CITY);
    bus_close(&bus);
}

/* Refused as a whole: half of a past is none. */
static void a_past_without_its_beginning_is_refused(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 10), reported(1));
    command = and_then(&bus, command, with(&bus, telling(&bus, CITY_LINK, CITY, 12), opened()));
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_INCIDENT);
    assert_null(state_incident(bus.state, incident_id(1)));
    bus_close(&bus);
}

/* --- what the whole of it leaves ---------------------------------------------------------------------- */

static void the_log_says_it_again(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, FIRE)),
                      referred(NEIGHBOUR)));
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, EVENT_ORDER_RECALLED)));
    struct state *again = bus_replay(&bus);
    char *dump = dump_of(again);
    assert_string_equal(dump, bus_dump(&bus));
    free(dump);
    state_free(again);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tell_is_refused),
        cmocka_unit_test(the_last_hop_is_taken),
        cmocka_unit_test(a_telling_is_never_late),
        cmocka_unit_test(history_is_not_told_of),
        cmocka_unit_test(an_opening_is_the_others),
        cmocka_unit_test(an_opening_told_on_keeps_its_home),
        cmocka_unit_test(two_reports_of_one_telling_are_two),
        cmocka_unit_test(only_its_home_closes_an_incident),
        cmocka_unit_test(a_grade_only_rises),
        cmocka_unit_test(what_who_leads_lowers_is_in_doubt),
        cmocka_unit_test(what_who_leads_raises_again_is_not_in_doubt),
        cmocka_unit_test(a_referral_goes_on_and_not_back),
        cmocka_unit_test(the_rest_is_each_regions_own),
        cmocka_unit_test(of_another_incident_nothing_is_heard),
        cmocka_unit_test(a_record_is_heard_once),
        cmocka_unit_test(our_own_word_is_not_heard),
        cmocka_unit_test(a_past_is_heard_in_its_order),
        cmocka_unit_test(of_one_moment_the_last_word_of_a_region_holds),
        cmocka_unit_test(a_past_in_parts_is_heard_whole),
        cmocka_unit_test(a_past_of_our_own_and_theirs_is_sorted_out),
        cmocka_unit_test(a_past_without_its_beginning_is_refused),
        cmocka_unit_test(the_log_says_it_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
