/* The five packs of the law on one and the same stream of events of a county: five different sets of alarms.
 * Grades are set by Decree 493's rules in every run; which clocks start, warn, are met or missed is the
 * pack's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/when.h"
#include "common/core/statutory.h"
#include "common/rules/pack.h"

enum { CHINA = 480, RULES_MAX = 32, CLOCKS_MAX = 16, ROUNDS = 4 };

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

struct running {
    const struct rule_clock *clock; /* NULL: met */
    int64_t begins_ms, due_ms, warns_ms;
    bool is_warned, is_overdue;
};

struct life {
    int64_t occurred_ms, received_ms;
    int64_t grade; /* 0: none */
    bool held[RULES_MAX];
    struct running running[CLOCKS_MAX];
    size_t running_n;
};

struct run {
    struct conditions *conditions;
    struct pack *grades, *pack;
    struct life lives[2];
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

/* "22T09:10 name what" */
static void put_alarm(struct run *run, int64_t ms, const struct rule_clock *clock, const char *what)
{
    char text[WHEN_TEXT];

    (void)when_format(ms, CHINA, text);
    buf_printf(&run->alarms, "%.8s %s %s\n", text + strlen("2026-11-"), clock->name, what);
}

static void begin_round(struct running *running, int64_t begins_ms)
{
    running->begins_ms = begins_ms;
    running->due_ms = statutory_due(running->clock, begins_ms, CHINA);
    running->warns_ms = statutory_warns(running->clock, begins_ms, running->due_ms);
    running->is_warned = running->warns_ms == 0;
    running->is_overdue = false;
}

static void start(struct run *run, struct life *life, const char *name, int64_t now)
{
    const struct clock_moments moments = {life->occurred_ms, life->received_ms, now};

    assert_true(life->running_n < CLOCKS_MAX);
    struct running *running = &life->running[life->running_n++];
    running->clock = pack_clock(run->pack, name);
    begin_round(running, statutory_begins(running->clock, &moments));
}

/* Once with the facts as they are. True: the grade rose, ask again. */
static bool ask(struct run *run, int incident, const struct happening *said, int64_t now)
{
    struct life *life = &run->lives[incident];
    enum rule_answer answers[RULES_MAX];
    struct rule_facts facts = {0};
    int64_t before = life->grade;

    facts.at[RULE_KIND] = (struct rule_value){.known = true, .text = incidents[incident].kind};
    facts.at[RULE_TIER] = (struct rule_value){.known = true, .text = tier_name(TIER_COUNTY)};
    facts.at[RULE_DEAD] = (struct rule_value){.known = said->dead >= 0, .whole = said->dead};
    facts.at[RULE_SERIOUS] = (struct rule_value){.known = said->serious >= 0, .whole = said->serious};
    facts.at[RULE_GRADE] = (struct rule_value){.known = life->grade != 0, .whole = life->grade};
    assert_int_equal(conditions_set(run->conditions, &facts), 0);
    if (pack_is_for(run->grades, incidents[incident].kind)) {
        pack_ask(run->grades, TRIGGER_INCIDENT, answers);
        for (size_t i = 0; i < run->grades->rules_n; i++) {
            const struct rule_action *action = &run->grades->rules[i].actions[0];
            if (answers[i] == ANSWER_YES && action->kind == ACTION_GRADE) {
                life->grade = (int64_t)action->grade;
            }
        }
    }
    if (pack_is_for(run->pack, incidents[incident].kind)) {
        pack_ask(run->pack, TRIGGER_INCIDENT, answers);
        for (size_t i = 0; i < run->pack->rules_n; i++) {
            const struct rule *rule = &run->pack->rules[i];
            bool begins = answers[i] == ANSWER_YES && !life->held[i];
            for (size_t j = 0; begins && j < rule->actions_n; j++) {
                if (rule->actions[j].kind == ACTION_START) {
                    start(run, life, rule->actions[j].value, now);
                }
            }
            life->held[i] = answers[i] == ANSWER_YES;
        }
    }
    return life->grade != before;
}

/* The earliest warning or due moment before `until`; false: none is left. */
static bool pass_one(struct run *run, int64_t until)
{
    struct running *next = NULL;
    int64_t next_ms = until;

    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < run->lives[i].running_n; j++) {
            struct running *running = &run->lives[i].running[j];
            int64_t ms = running->is_warned ? running->due_ms : running->warns_ms;
            if (running->clock != NULL && !running->is_overdue && ms < next_ms) {
                next = running;
                next_ms = ms;
            }
        }
    }
    if (next == NULL) {
        return false;
    }
    if (!next->is_warned) {
        next->is_warned = true;
        put_alarm(run, next_ms, next->clock, "warns");
        return true;
    }
    next->is_overdue = true;
    put_alarm(run, next_ms, next->clock, "overdue");
    if (next->clock->times_n > 0) {
        begin_round(next, next_ms);
    }
    return true;
}

static void answer_clocks(struct run *run, const struct happening *said, int64_t now)
{
    const struct clock_report report = {said->report, said->medium, said->reached, false, now};
    struct life *life = &run->lives[said->incident];

    for (size_t i = 0; i < life->running_n; i++) {
        struct running *running = &life->running[i];
        enum clock_answer answer = running->clock == NULL ? CLOCK_BEFORE
                                                          : statutory_ask(running->clock, running->begins_ms,
                                                                          running->due_ms, &report);
        if (answer != CLOCK_MET && answer != CLOCK_LATE) {
            continue;
        }
        put_alarm(run, now, running->clock, clock_answer_word(answer));
        if (running->clock->times_n > 0) {
            begin_round(running, running->due_ms);
        } else {
            running->clock = NULL;
        }
    }
}

static void assert_alarms(const char *name, const char *wanted)
{
    struct run run = {.conditions = NULL};
    struct err err = {0};
    char path[128];

    buf_init(&run.alarms, 0);
    (void)snprintf(path, sizeof path, "common/rules/packs/%s.yaml", name);
    if (conditions_open(&run.conditions, &err) != 0 ||
        pack_load("common/rules/packs/decree-493.yaml", run.conditions, &run.grades, NULL, &err) != 0 ||
        pack_load(path, run.conditions, &run.pack, NULL, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_true(run.pack->rules_n <= RULES_MAX && run.grades->rules_n <= RULES_MAX);
    for (size_t i = 0; i < sizeof stream / sizeof stream[0]; i++) {
        const struct happening *said = &stream[i];
        struct life *life = &run.lives[said->incident];
        int64_t now = at(said->at);
        while (pass_one(&run, now)) {
        }
        if (life->received_ms == 0) {
            life->received_ms = now;
            life->occurred_ms = at(incidents[said->incident].occurred);
        }
        for (int round = 0; round < ROUNDS && ask(&run, said->incident, said, now); round++) {
        }
        answer_clocks(&run, said, now);
    }
    if (strcmp(buf_text(&run.alarms), wanted) != 0) {
        fail_msg("%s:\n%s", name, buf_text(&run.alarms));
    }
    buf_free(&run.alarms);
    pack_free(run.pack);
    pack_free(run.grades);
    conditions_close(run.conditions);
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
    assert_alarms("public-health", "22T13:00 finder-county late\n"
                                   "22T14:30 department-city met\n"
                                   "22T14:30 county-city met\n"
                                   "22T14:30 department-state warns\n"
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
    assert_alarms("henan-2021", "22T09:10 major-phone met\n"
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
