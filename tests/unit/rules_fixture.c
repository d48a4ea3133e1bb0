#include "tests/unit/rules_fixture.h"

#include <string.h>

void rules_open(struct region_with_rules *r, const char *text)
{
    bus_open(&r->bus);
    r->book = rule_book_new();
    assert_non_null(r->book);
    r->bus.env.rules = rule_book_rules(r->book);
    if (text != NULL) {
        struct command command = by_root(&r->bus, COMMAND_SET_PACK);
        command.set_pack.text = text;
        assert_int_equal(bus_do(&r->bus, command), 1);
    }
}

void rules_open_in(struct region_with_rules *r, const char *text, uint32_t generation)
{
    rules_open(r, text);
    struct command command = by_broker(&r->bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){
        .bus_ms = r->bus.env.now_ms, .utc_ms = r->bus.env.utc_ms, .reason = "", .generation = generation};
    bus_do(&r->bus, command);
}

void rules_close(struct region_with_rules *r)
{
    bus_check_replay(&r->bus);
    bus_close(&r->bus);
    rule_book_free(r->book);
}

const struct incident *rules_incident(const struct region_with_rules *r)
{
    const struct incident *incident = state_incident(r->bus.state, incident_id(1));

    assert_non_null(incident);
    return incident;
}

void rules_report(struct region_with_rules *r, int64_t dead, int64_t serious)
{
    bool there = state_incident(r->bus.state, incident_id(1)) != NULL;
    struct command command = a_report(&r->bus, 1, there ? REPORT_FOLLOW_UP : REPORT_INITIAL);

    command.file_report.facts.kind = "fire";
    command.file_report.facts.place = "workshop"; /* which the policy asks for */
    command.file_report.facts.casualties.dead = dead;
    command.file_report.facts.casualties.serious = serious;
    bus_do(&r->bus, command);
    assert_int_equal(bus_events(&r->bus, EVENT_RULES_DUE), 1);
    assert_int_equal(incident_due(rules_incident(r)), r->bus.env.now_ms);
}

size_t rules_pass(struct region_with_rules *r)
{
    return bus_do(&r->bus, deadlines(&r->bus, 1));
}

void rules_ask(struct region_with_rules *r)
{
    rules_pass(r);
    assert_int_equal(bus_events(&r->bus, EVENT_RULES_ASKED), 1);
    assert_int_equal(rules_incident(r)->rules_due_ms, 0);
}

const struct event *rules_fired(const struct region_with_rules *r, const char *rule)
{
    const struct event *event;

    for (size_t i = 0; (event = bus_event(&r->bus, EVENT_RULE_FIRED, i)) != NULL; i++) {
        if (strcmp(event->rule.rule, rule) == 0) {
            return event;
        }
    }
    return NULL;
}

const char *rules_seen(const struct event *event, const char *fact)
{
    for (size_t i = 0; i < event->rule.seen_n; i++) {
        if (strcmp(event->rule.seen[i].fact, fact) == 0) {
            return event->rule.seen[i].value;
        }
    }
    return NULL;
}
