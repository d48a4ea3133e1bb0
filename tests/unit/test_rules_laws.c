/* The five packs of the law on one and the same stream of events of a county, through decide() and evolve():
 * five different sets of alarms. Grades are set by Decree 493's rules in every run; which clocks start, warn,
 * are met or missed is the pack's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/when.h"
#include "common/conf/conf.h"
#include "tests/unit/rules_fixture.h"

enum { CHINA = 480, INCIDENTS = 2 };

/* A report: what it says, and how it reached whom. */
struct happening {
    const char *at; /* of 2026-11, civil time */
    int incident;
    int64_t dead, serious; /* -1: not said */
    enum report_kind report;
    enum medium medium;
    enum tier reached;
};

static const struct {
    const char *kind, *occurred;
} incidents[] = {{"explosion", "22T06:00"}, {"public-health", "22T10:00"}};

static const struct happening stream[] = {
    {"22T06:40", 0, 1, 2, REPORT_INITIAL, MEDIUM_NETWORK, TIER_COUNTY},    /* IV */
    {"22T07:30", 0, 1, 2, REPORT_FOLLOW_UP, MEDIUM_WRITTEN, TIER_CITY},    /* ... passed up */
    {"22T09:00", 0, 12, 2, REPORT_FOLLOW_UP, MEDIUM_NETWORK, TIER_COUNTY}, /* it is II */
    {"22T09:10", 0, 12, 2, REPORT_FOLLOW_UP, MEDIUM_PHONE, TIER_PROVINCE}, /* told by phone in time ... */
    {"22T09:50", 0, 12, 2, REPORT_FOLLOW_UP, MEDIUM_WRITTEN,
     TIER_PROVINCE}, /* ... in writing too late for some */
    {"22T13:00", 1, -1, -1, REPORT_INITIAL, MEDIUM_NETWORK, TIER_COUNTY}, /* found three hours ago */
    {"22T14:30", 1, -1, -1, REPORT_FOLLOW_UP, MEDIUM_WRITTEN, TIER_CITY},
    {"22T16:00", 1, -1, -1, REPORT_FOLLOW_UP, MEDIUM_NETWORK, TIER_STATE}, /* an hour late */
    {"22T17:30", 0, 13, 2, REPORT_FOLLOW_UP, MEDIUM_NETWORK, TIER_CITY},
    {"23T08:10", 0, 13, 2, REPORT_FOLLOW_UP, MEDIUM_NETWORK, TIER_PROVINCE}, /* after 08:00 */
    {"23T09:00", 0, 13, 2, REPORT_FOLLOW_UP, MEDIUM_NETWORK, TIER_COUNTY},
};

struct run {
    struct region_with_rules r;
    const char *pack; /* whose alarms are looked at */
    struct buf alarms;
};

static int64_t at(const char *text)
{
    char whole[WHEN_TEXT];
    int64_t ms = 0;

    (void)snprintf(whole, sizeof whole, "2026-11-%s:00+08:00", text);
    assert_int_equal(when_parse(whole, &ms), 0);
    return ms;
}

/* "22T09:10 name what", of what the last record tells. */
static void put_alarms(struct run *run)
{
    const struct bus *bus = &run->r.bus;
    char text[WHEN_TEXT];

    (void)when_format(bus->env.now_ms, CHINA, text);
    for (size_t i = 0; i < bus->decision.events_n; i++) {
        const struct event *event = &bus->decision.events[i];
        const char *what = event->kind == EVENT_CLOCK_WARNED    ? "warns"
                           : event->kind == EVENT_CLOCK_OVERDUE ? "overdue"
                           : event->kind != EVENT_CLOCK_MET     ? NULL
                           : event->clock.late                  ? "late"
                                                                : "met";
        if (what != NULL && strcmp(event->clock.pack, run->pack) == 0) {
            buf_printf(&run->alarms, "%.8s %s %s\n", text + strlen("2026-11-"), event->clock.clock, what);
        }
    }
}

/* All that is due before a moment, and with `too` at it. */
static void pass_until(struct run *run, int64_t until_ms, bool too)
{
    struct bus *bus = &run->r.bus;

    for (;;) {
        unsigned first = 0;
        int64_t first_ms = until_ms;
        for (unsigned i = 1; i <= INCIDENTS; i++) {
            const struct incident *incident = state_incident(bus->state, incident_id(i));
            int64_t due_ms = incident != NULL ? incident_due(incident) : 0;
            if (due_ms != 0 && (due_ms < first_ms || (too && due_ms == first_ms))) {
                first = i;
                first_ms = due_ms;
            }
        }
        if (first == 0) {
            bus->env.now_ms = bus->env.utc_ms = until_ms;
            return;
        }
        bus->env.now_ms = bus->env.utc_ms = first_ms > bus->env.now_ms ? first_ms : bus->env.now_ms;
        bus_do(bus, deadlines(bus, first));
        put_alarms(run);
    }
}

static void happen(struct run *run, const struct happening *said)
{
    struct bus *bus = &run->r.bus;
    unsigned id = (unsigned)said->incident + 1;
    bool there = state_incident(bus->state, incident_id(id)) != NULL;
    struct command report = a_report(bus, id, there ? REPORT_FOLLOW_UP : REPORT_INITIAL);
    struct facts *facts = &report.file_report.facts;

    facts->kind = incidents[said->incident].kind;
    facts->occurred_at_ms = at(incidents[said->incident].occurred);
    facts->casualties.dead = said->dead;
    facts->casualties.serious = said->serious;
    bus_do(bus, report);
    pass_until(run, bus->env.now_ms, true);
    struct command sent = from(bus, CENTRE, COMMAND_SEND_REPORT);
    sent.send_report = (struct send_report){.incident = incident_id(id),
                                            .kind = said->report,
                                            .medium = said->medium,
                                            .to = said->reached,
                                            .signed_off_by = "",
                                            .text = ""};
    bus_do(bus, sent);
    put_alarms(run);
    pass_until(run, bus->env.now_ms, true);
}

static char *pack_text(const char *name)
{
    struct err err = {0};
    char path[128], *text = NULL;
    size_t n;

    (void)snprintf(path, sizeof path, "common/rules/packs/%s.yaml", name);
    if (conf_text(path, &text, &n, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return text;
}

static void assert_alarms(const char *name, const char *wanted)
{
    struct run run = {.pack = name};
    char *grades = pack_text("decree-493"), *text = pack_text(name);

    buf_init(&run.alarms, 0);
    rules_open(&run.r, grades);
    run.r.bus.env.now_ms = run.r.bus.env.utc_ms = at("22T06:00");
    struct command load = by_root(&run.r.bus, COMMAND_SET_PACK);
    load.set_pack.text = text;
    bus_do(&run.r.bus, load);
    for (size_t i = 0; i < sizeof stream / sizeof stream[0]; i++) {
        pass_until(&run, at(stream[i].at), false);
        happen(&run, &stream[i]);
    }
    if (strcmp(buf_text(&run.alarms), wanted) != 0) {
        fail_msg("%s:\n%s", name, buf_text(&run.alarms));
    }
    buf_free(&run.alarms);
    rules_close(&run.r);
    free(grades);
    free(text);
}

static void test_decree_493(void **state)
{
    (void)state;
    assert_alarms("decree-493", "22T06:40 unit-county met\n"
                                "22T07:30 county-city met\n"
                                "22T09:10 county-province met\n"
                                "22T14:30 county-state warns\n"
                                "22T15:00 county-state overdue\n");
}

static void test_public_health(void **state)
{
    (void)state;
    assert_alarms("public-health", "22T13:00 finder-county late\n" /* by the report itself */
                                   "22T14:30 department-city warns\n"
                                   "22T14:30 department-state warns\n"
                                   "22T14:30 department-city met\n"
                                   "22T14:30 county-city met\n"
                                   "22T15:00 department-state overdue\n"
                                   "22T16:00 department-state late\n");
}

static void test_chongqing(void **state)
{
    (void)state;
    assert_alarms("chongqing", "22T09:10 district-city met\n");
}

static void test_jiangxi(void **state)
{
    (void)state;
    assert_alarms("jiangxi", "22T09:10 county-city met\n"
                             "22T09:10 city-province met\n");
}

static void test_henan(void **state)
{
    (void)state;
    assert_alarms("henan-2021", "22T09:10 major-phone warns\n"
                                "22T09:10 major-phone met\n"
                                "22T09:10 daily-follow-up met\n"
                                "22T09:25 major-written warns\n"
                                "22T09:35 major-written overdue\n"
                                "22T09:50 ordinary-written met\n"
                                "22T09:50 major-written late\n"
                                "23T07:00 daily-follow-up warns\n"
                                "23T08:00 daily-follow-up overdue\n"
                                "23T08:10 daily-follow-up met\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decree_493), cmocka_unit_test(test_public_health),
        cmocka_unit_test(test_chongqing),  cmocka_unit_test(test_jiangxi),
        cmocka_unit_test(test_henan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
