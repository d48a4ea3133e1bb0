/* With whom an incident is shared: every refusal of a referral, in order of precedence; what is told to
 * others and what is not; links, their enrolment and what is noted of them. */
#include <string.h>

#include "common/core/route.h"
#include "tests/unit/core_telling.h"

/* --- referring --------------------------------------------------------------------------------------- */

static struct command good_referral(struct bus *bus)
{
    enrol_link(bus, CITY_LINK);
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    return a_referral(bus, 1, "370105");
}

static void no_incident_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->refer_incident.incident = (struct id){{0}};
}

static void to_ourselves(struct bus *bus, struct command *command)
{
    (void)bus;
    command->refer_incident.region = REGION;
}

static void to_where_no_link_leads(struct bus *bus, struct command *command)
{
    (void)bus;
    command->refer_incident.region = REGION "001";
}

static void refer_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_incident_id},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"this region", REFUSED_INVALID, to_ourselves},
        {"no link", REFUSED_NO_ADDRESSEE, to_where_no_link_leads},
    };

    (void)state;
    check_refusals(good_referral, rows, sizeof rows / sizeof rows[0]);
}

static void refer_is_once(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    assert_int_equal(bus_do(&bus, a_referral(&bus, 1, CITY)), 1);
    const struct event *event = bus_event(&bus, EVENT_REFERRED, 0);
    assert_non_null(event);
    assert_string_equal(event->referred.region, CITY);
    assert_int_equal(event->at_ms, T0);
    assert_int_equal(bus_do(&bus, a_referral(&bus, 1, CITY)), 0);
    assert_int_equal(bus_do(&bus, a_referral(&bus, 1, "370105")), 1); /* by the same link */
    bus_close(&bus);
}

static void refer_needs_a_link_in_force(void **state)
{
    struct command revoke;
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    struct command command = a_referral(&bus, 1, CITY);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    assert_non_null(strstr(bus.decision.detail, CITY));
    enrol_link(&bus, CITY_LINK);
    revoke = by_root(&bus, COMMAND_REVOKE);
    revoke.revoke = (struct revoke){.name = CITY_LINK, .reason = ""};
    bus_do(&bus, revoke);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    bus_close(&bus);
}

/* --- sharing ----------------------------------------------------------------------------------------- */

static void share_is_told_on_in_parts(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, CITY, 30, false)), 0); /* nobody referred it */
    bus_do(&bus, a_referral(&bus, 1, CITY));
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, NEIGHBOUR, 30, false)), 0);
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, CITY, 30, true)), 1);
    const struct share *share = incident_share(the_incident(&bus), CITY);
    assert_non_null(share);
    assert_true(share->more && share->up_to_seq == 30);
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, CITY, 30, false)), 0); /* that was told */
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, CITY, 31, false)), 1);
    assert_false(incident_share(the_incident(&bus), CITY)->more);
    assert_int_equal(bus_do(&bus, a_share(&bus, 1, CITY, 40, false)), 0);
    bus_close(&bus);
}

static void only_what_matters_is_shared(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, a_referral(&bus, 1, CITY));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 0); /* its past is told later, with this in it */
    bus_do(&bus, a_share(&bus, 1, CITY, 30, false));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 0);
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.place = "east gate";
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1); /* once, whatever it consists of */
    assert_true(id_equal(bus_event(&bus, EVENT_SHARED, 0)->incident, incident_id(1)));
    command.file_report.incident = incident_id(2);
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 0);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED)); /* nothing came of it */
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 0);
    bus_do(&bus, a_recall(&bus, 1, 1));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_do(&bus, a_close(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_close(&bus);
}

struct told {
    unsigned city, neighbour;
};

static void add(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct told *told = ctx;

    (void)lane;
    (void)order;
    told->city += strcmp(agent, CITY_LINK) == 0;
    told->neighbour += strcmp(agent, NEIGHBOUR_LINK) == 0;
}

static void recalled(void *ctx, const char *agent, enum lane lane, struct id order)
{
    add(ctx, agent, lane, order);
}

/* A record about two incidents is told as the first one's. Who follows the other would not know it, or refuse
 * it as that of an incident of which it was told nothing: it is told the other's past again, with this in it.
 */
static void of_two_incidents_each_is_told(void **state)
{
    struct told told = {0};
    struct route_sink sink = {.ctx = &told, .add = add, .recalled = recalled};
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, a_referral(&bus, 2, NEIGHBOUR));
    bus_do(&bus, a_share(&bus, 2, NEIGHBOUR, 31, false));
    struct command command = by(from(&bus, CENTRE, COMMAND_LINK_INCIDENTS), LI_NA, "");
    command.link_incidents = (struct link_incidents){
        .incident = incident_id(1), .other = incident_id(2), .kind = LINK_RELATED, .reason = ""};
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    assert_true(id_equal(bus_event(&bus, EVENT_SHARED, 0)->incident, incident_id(1)));
    assert_int_equal(bus_events(&bus, EVENT_SHARE_BEGUN), 1);
    const struct incident *other = state_incident(bus.state, incident_id(2));
    assert_true(incident_share(other, NEIGHBOUR)->more);
    assert_int_equal(incident_share(other, NEIGHBOUR)->up_to_seq, 0);
    for (size_t i = 0; i < bus.decision.events_n; i++) {
        route(bus.state, &bus.decision.events[i], CENTRE, &sink);
    }
    assert_int_equal(told.city, 1);
    assert_int_equal(told.neighbour, 0);
    assert_int_equal(bus_do(&bus, a_share(&bus, 2, NEIGHBOUR, 33, false)), 1);
    bus_close(&bus);
}

/* What another region said goes on as it came, not as a word of ours. */
static void what_was_heard_is_not_shared_as_ours(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10), reported(1)));
    assert_int_equal(bus_events(&bus, EVENT_REPORT_FILED), 1);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 0);
    bus_close(&bus);
}

static void an_order_beyond_refers_its_incident(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    struct command command = an_order(&bus, 1, 1, CITY "/fire-rescue");
    struct new_order *orders = orders_of(&bus, &command);
    orders[1] = orders[0];
    orders[1].order = order_id(2);
    command.issue_orders.orders_n = 2;
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_ORDER_ISSUED), 2);
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 1);
    assert_string_equal(bus_event(&bus, EVENT_REFERRED, 0)->referred.region, CITY);
    assert_int_equal(bus_event(&bus, EVENT_ORDER_ISSUED, 0)->order_issued.agents.n, 0);
    bus_do(&bus, an_order(&bus, 1, 3, CITY "/fire-rescue"));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0);
    bus_do(&bus, an_order(&bus, 1, 4, STATION_3));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0);
    command = an_order(&bus, 1, 5, REGION "001/fire-rescue"); /* below us, where no link leads */
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    bus_close(&bus);
}

/* --- links ------------------------------------------------------------------------------------------- */

static void enrolment_of_links(void **state)
{
    static const struct {
        const char *name, *rights;
        enum refusal refusal;
    } rows[] = {
        {CITY_LINK, "link", REFUSED_NOT},
        {"370102001001/broker/link", "link", REFUSED_NOT},
        {CITY_LINK, "link order", REFUSED_INVALID},
        {CITY_LINK, "order", REFUSED_INVALID},
        {CITY_LINK, "", REFUSED_INVALID},
        {CITY "/fire-rescue/station-1", "receipt", REFUSED_INVALID},
        {CITY "/fire-rescue/station-1", "link", REFUSED_INVALID},
        {CITY "/broker/link-2", "link", REFUSED_INVALID},
        {"3701000000000/broker/link", "link", REFUSED_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bus bus;
        bus_open(&bus);
        struct command command = by(from(&bus, CENTRE, COMMAND_ENROL_AGENT), ADMIN, "");
        command.enrol = (struct enrol){.name = rows[i].name, .rights = words_of(&bus, rows[i].rights)};
        command.enrol.sign_key[0] = command.enrol.curve_key[0] = 200;
        if (bus_say(&bus, &command) != rows[i].refusal) {
            fail_msg("%s with \"%s\": %s", rows[i].name, rows[i].rights, refusal_word(bus.decision.refusal));
        }
        assert_int_equal(bus_events(&bus, EVENT_AGENT_ENROLLED), rows[i].refusal == REFUSED_NOT);
        bus_close(&bus);
    }
}

/* Nobody is a link to ourselves: what such a one told would be our own word. */
static void our_own_broker_is_no_link(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = by_root(&bus, COMMAND_ENROL_AGENT);
    command.enrol = (struct enrol){.name = REGION "/broker/link", .rights = words_of(&bus, "link")};
    command.enrol.sign_key[0] = command.enrol.curve_key[0] = 200;
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    bus_close(&bus);
}

static struct command a_note(struct bus *bus, const char *region, bool up, int64_t since_ms)
{
    struct command command = by_broker(bus, COMMAND_NOTE_LINK);

    command.note_link = (struct note_link){.region = region, .up = up, .since_ms = since_ms};
    return command;
}

static void a_line_is_noted_when_it_changes(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    assert_int_equal(bus_do(&bus, a_note(&bus, CITY, false, T0 - MINUTE)), 1); /* never reached yet */
    const struct region_link *line = region_line(state_region(bus.state), CITY);
    assert_true(line != NULL && !line->up && line->since_ms == T0 - MINUTE);
    assert_int_equal(bus_do(&bus, a_note(&bus, CITY, false, T0)), 0);
    assert_int_equal(bus_do(&bus, a_note(&bus, CITY, true, T0)), 1);
    assert_int_equal(bus_do(&bus, a_note(&bus, CITY, true, T0 + 1)), 0);
    line = region_line(state_region(bus.state), CITY);
    assert_true(line->up && line->since_ms == T0);
    assert_int_equal(bus_do(&bus, a_note(&bus, NEIGHBOUR, true, T0)), 1); /* each for itself */
    assert_int_equal(bus_do(&bus, a_note(&bus, "370105", true, T0)), 0);  /* no link */
    bus_close(&bus);
}

static struct command a_canary(struct bus *bus, const char *region)
{
    struct command command = by_broker(bus, COMMAND_SEND_CANARY);

    command.send_canary = (struct send_canary){.region = region};
    return command;
}

/* The region's log tells of a canary for `to`, by that link. */
static struct command canary_of(struct bus *bus, const char *link, const char *region, uint64_t seq,
                                const char *to, int64_t sent_at_ms)
{
    struct event event = {.kind = EVENT_CANARY_SENT};

    event.canary =
        (struct canary){.region = to, .sent_at_ms = sent_at_ms, .heard_at_ms = T0 - 7, .late_ms = 30};
    struct command command = with(bus, telling(bus, link, region, seq), event);
    command.tell_record.incident = (struct id){{0}};
    return command;
}

static void canaries_go_there_and_back(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    assert_int_equal(bus_do(&bus, a_canary(&bus, CITY)), 1);
    const struct event *event = bus_event(&bus, EVENT_CANARY_SENT, 0);
    assert_string_equal(event->canary.region, CITY);
    assert_int_equal(event->canary.sent_at_ms, T0);
    assert_int_equal(event->canary.heard_at_ms, 0); /* none has come from there */
    assert_int_equal(bus_do(&bus, a_canary(&bus, "370105")), 0);

    bus_after(&bus, SECOND);
    assert_int_equal(bus_do(&bus, canary_of(&bus, CITY_LINK, CITY, 5, REGION, T0 - 3)), 1);
    const struct region_link *line = region_line(state_region(bus.state), CITY);
    assert_true(line->sent_ms == T0 && line->heard_ms == T0 + SECOND && line->heard_sent_ms == T0 - 3 &&
                line->returned_ms == T0 - 7);
    assert_int_equal(bus_do(&bus, canary_of(&bus, CITY_LINK, CITY, 5, REGION, T0 - 3)), 0); /* again */
    assert_int_equal(bus_do(&bus, canary_of(&bus, CITY_LINK, CITY, 4, REGION, T0 - 9)), 0); /* an older one */
    assert_int_equal(bus_do(&bus, a_canary(&bus, CITY)), 1);
    assert_int_equal(bus_event(&bus, EVENT_CANARY_SENT, 0)->canary.heard_at_ms, T0 - 3);
    bus_close(&bus);
}

/* Two canaries old is no wonder; what is older than either end says is, if the line was up for as long. */
static void a_line_is_stuck_when_canaries_are_late(void **state)
{
    static const struct {
        const char *what;
        struct region_link line;
        bool stuck;
    } rows[] = {
        {"both just in time",
         {.up = true, .late_ms = 50, .heard_ms = T0 - 50, .returned_ms = T0 - 50},
         false},
        {"none came", {.up = true, .late_ms = 50, .heard_ms = T0 - 51, .returned_ms = T0}, true},
        {"none arrived", {.up = true, .late_ms = 50, .heard_ms = T0, .returned_ms = T0 - 51}, true},
        {"by the slower end",
         {.up = true, .late_ms = 50, .heard_late_ms = 60, .heard_ms = T0 - 60, .returned_ms = T0},
         false},
        {"never, in time", {.up = true, .since_ms = T0 - 50, .late_ms = 50}, false},
        {"never", {.up = true, .since_ms = T0 - 51, .late_ms = 50}, true},
        {"just connected", {.up = true, .since_ms = T0, .late_ms = 50, .heard_ms = T0 - 99}, false},
        {"not connected", {.late_ms = 50, .heard_ms = T0 - 99}, false},
        {"an older version's", {.up = true, .heard_ms = T0 - 99}, false},
    };
    struct command command;
    struct bus bus;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (region_line_is_stuck(&rows[i].line, T0) != rows[i].stuck) {
            fail_msg("%s", rows[i].what);
        }
    }
    open_linked(&bus);
    command = a_canary(&bus, CITY);
    command.send_canary.late_ms = 70;
    bus_do(&bus, command);
    bus_do(&bus, canary_of(&bus, CITY_LINK, CITY, 5, REGION, T0 - 3));
    const struct region_link *line = region_line(state_region(bus.state), CITY);
    assert_int_equal(line->late_ms, 70);
    assert_int_equal(line->heard_late_ms, 30);
    bus_close(&bus);
}

static void a_canary_is_of_its_line_alone(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    /* told on by a third */
    assert_int_equal(bus_do(&bus, canary_of(&bus, CITY_LINK, NEIGHBOUR, 5, REGION, T0)), 0);
    /* for another region */
    assert_int_equal(bus_do(&bus, canary_of(&bus, CITY_LINK, CITY, 5, NEIGHBOUR, T0)), 0);
    assert_null(region_line(state_region(bus.state), CITY));
    /* among what an incident's record tells */
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    struct command command = canary_of(&bus, CITY_LINK, CITY, 5, REGION, T0);
    command.tell_record.incident = incident_id(1);
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_CANARY_HEARD), 0);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refer_is_refused),
        cmocka_unit_test(refer_is_once),
        cmocka_unit_test(refer_needs_a_link_in_force),
        cmocka_unit_test(share_is_told_on_in_parts),
        cmocka_unit_test(only_what_matters_is_shared),
        cmocka_unit_test(of_two_incidents_each_is_told),
        cmocka_unit_test(what_was_heard_is_not_shared_as_ours),
        cmocka_unit_test(an_order_beyond_refers_its_incident),
        cmocka_unit_test(enrolment_of_links),
        cmocka_unit_test(our_own_broker_is_no_link),
        cmocka_unit_test(a_line_is_noted_when_it_changes),
        cmocka_unit_test(canaries_go_there_and_back),
        cmocka_unit_test(a_line_is_stuck_when_canaries_are_late),
        cmocka_unit_test(a_canary_is_of_its_line_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
