#include "tests/unit/core_telling.h"

#include <string.h>

enum { EVENTS_MAX = 8, TOLD_MAX = 4 };

void enrol_link(struct bus *bus, const char *name)
{
    struct command command = by_root(bus, COMMAND_ENROL_AGENT);

    command.enrol = (struct enrol){.name = name, .rights = words_of(bus, "link")};
    command.enrol.sign_key[0] = command.enrol.curve_key[0] = (uint8_t)bus->counter;
    bus_do(bus, command);
}

void open_linked(struct bus *bus)
{
    bus_open(bus);
    enrol_link(bus, CITY_LINK);
    enrol_link(bus, NEIGHBOUR_LINK);
}

struct command a_referral(struct bus *bus, unsigned incident, const char *region)
{
    struct command command = from(bus, CENTRE, COMMAND_REFER_INCIDENT);

    command.refer_incident =
        (struct refer_incident){.incident = incident_id(incident), .region = region, .reason = ""};
    return command;
}

struct command a_share(struct bus *bus, unsigned incident, const char *region, uint64_t up_to, bool more)
{
    struct command command = by_broker(bus, COMMAND_SHARE_INCIDENT);

    command.share_incident = (struct share_incident){
        .incident = incident_id(incident), .region = region, .up_to_seq = up_to, .more = more};
    return command;
}

struct command telling(struct bus *bus, const char *link, const char *region, uint64_t seq)
{
    struct command command = from(bus, link, COMMAND_TELL_RECORD);
    struct told_record *told = arena_array(&bus->arena, struct told_record, TOLD_MAX);
    struct command *said = arena_array(&bus->arena, struct command, 1);

    assert_true(told != NULL && said != NULL);
    *said = (struct command){.kind = COMMAND_FILE_REPORT, .mode = MODE_ACTUAL, .cosigner = ""};
    told[0] = (struct told_record){.region = region,
                                   .epoch = 1,
                                   .seq = seq,
                                   .bus_ms = T0,
                                   .command = said,
                                   .events = arena_array(&bus->arena, struct event, EVENTS_MAX)};
    assert_non_null(told[0].events);
    command.tell_record = (struct tell_record){.incident = incident_id(1),
                                               .shared = {.region = region},
                                               .told = told,
                                               .told_n = 1,
                                               .hops = strncmp(link, region, strlen(region)) != 0};
    return command;
}

struct told_record *told_of(struct bus *bus, struct command *command)
{
    struct told_record *told = arena_array(&bus->arena, struct told_record, TOLD_MAX);

    assert_non_null(told);
    memcpy(told, command->tell_record.told, command->tell_record.told_n * sizeof *told);
    command->tell_record.told = told;
    return told;
}

struct command with(struct bus *bus, struct command command, struct event event)
{
    struct told_record *told = &told_of(bus, &command)[command.tell_record.told_n - 1];
    struct event *events = arena_array(&bus->arena, struct event, EVENTS_MAX);

    assert_true(events != NULL && told->events_n < EVENTS_MAX);
    memcpy(events, told->events, told->events_n * sizeof *events);
    events[told->events_n++] = event;
    told->events = events;
    return command;
}

struct command and_then(struct bus *bus, struct command command, struct command next)
{
    struct told_record *told = told_of(bus, &command);

    assert_true(command.tell_record.told_n < TOLD_MAX);
    told[command.tell_record.told_n++] = next.tell_record.told[0];
    return command;
}

struct event an_event(enum event_kind kind)
{
    return (struct event){.kind = kind, .incident = incident_id(1), .at_ms = T0 - SECOND};
}

struct event opened(void)
{
    struct event event = an_event(EVENT_INCIDENT_OPENED);

    event.incident_opened =
        (struct incident_opened){.mode = MODE_ACTUAL, .reporter = CITY_DESK, .content = 7, .home = ""};
    return event;
}

struct event reported(uint32_t number)
{
    struct event event = an_event(EVENT_REPORT_FILED);

    event.report_filed =
        (struct report_filed){.kind = REPORT_FOLLOW_UP, .number = number, .reporter = CITY_DESK};
    return event;
}

struct event changed(const char *kind, const char *substance)
{
    struct event event = an_event(EVENT_FACTS_CHANGED);

    event.facts_changed = facts_none();
    event.facts_changed.kind = kind;
    event.facts_changed.substance = substance;
    return event;
}

struct event graded(enum grade grade)
{
    struct event event = an_event(EVENT_GRADED);

    event.graded = (struct graded){.grade = grade, .by = CITY_DESK, .rule = ""};
    return event;
}

struct event referred(const char *region)
{
    struct event event = an_event(EVENT_REFERRED);

    event.referred = (struct referred){.region = region, .rule = ""};
    return event;
}

struct event issued(struct bus *bus, unsigned order, const char *addressee)
{
    struct event event = an_event(EVENT_ORDER_ISSUED);

    event.order = order_id(order);
    event.order_issued = (struct order_issued){.kind = "dispatch",
                                               .addressee = addressee,
                                               .agents = words_of(bus, "370100/nobody/here"),
                                               .issuer = CITY_DESK,
                                               .operator= "",
                                               .answer_by_ms = T0 + ANSWER_IN,
                                               .expires_at_ms = T0 + EXPIRES_IN,
                                               .content = 9,
                                               .home = ""};
    return event;
}

struct event rung(unsigned order, enum event_kind kind, enum rung reached, const char *agent)
{
    struct event event = an_event(kind);

    event.order = order_id(order);
    event.rung = (struct rung_reached){.rung = reached, .agent = agent};
    return event;
}

struct event fate(unsigned order, enum event_kind kind)
{
    struct event event = an_event(kind);

    event.order = order_id(order);
    if (kind == EVENT_ORDER_RECALLED) {
        event.order_recalled = (struct order_recalled){.by = CITY_DESK, .expires_at_ms = T0 + EXPIRES_IN};
    } else if (kind == EVENT_ORDER_AMENDED) {
        event.order_amended = (struct order_amended){.amendment = 1, .answer_by_ms = T0 + AMEND_ANSWER};
    } else if (kind == EVENT_AMENDMENT_ACKNOWLEDGED || kind == EVENT_AMENDMENT_OVERDUE) {
        event.amendment = (struct amendment_answer){.amendment = 1, .agent = ""};
    }
    return event;
}

const struct incident *the_incident(const struct bus *bus)
{
    const struct incident *incident = state_incident(bus->state, incident_id(1));

    assert_non_null(incident);
    return incident;
}

void hear_opening(struct bus *bus)
{
    bus_do(bus, with(bus, telling(bus, CITY_LINK, CITY, 10), opened()));
}

void open_and_share(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    bus_do(bus, a_referral(bus, 1, CITY));
    bus_do(bus, a_share(bus, 1, CITY, 30, false));
}

struct event lead_taken(const char *region, uint32_t term)
{
    struct event event = an_event(EVENT_LEAD_TAKEN);

    event.lead = (struct lead_step){.region = region, .term = term, .from = REGION, .alone = true};
    return event;
}

void hear_from(struct bus *bus, const char *region, uint64_t seq, struct event event)
{
    bool beside = strcmp(region, NEIGHBOUR) == 0;

    bus_do(bus, with(bus, telling(bus, beside ? NEIGHBOUR_LINK : CITY_LINK, region, seq), event));
}
