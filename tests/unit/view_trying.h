/* What the tests of what-if share: a log in a folder of its own, written under rules, and the question. */
#ifndef MUSTER_TESTS_UNIT_VIEW_TRYING_H
#define MUSTER_TESTS_UNIT_VIEW_TRYING_H

#include "common/view/view_what_if.h"
#include "tests/unit/view_fixture.h"

enum { FIRE = 10, FLOOD = 40, QUAKE = 70, ORDER = 11, LATER = 12, FOUND_MAX = 1024, MINUTE = 60 * 1000 };

#define GRADES                                                             \
    "pack: grades\nversion: '1'\nmatch: first\nrules:\n"                   \
    "  - {rule: two, when: incident, if: dead >= 10, do: [grade: II]}\n"   \
    "  - {rule: three, when: incident, if: dead >= 3, do: [grade: III]}\n" \
    "  - {rule: four, when: incident, if: dead is not null, do: [grade: IV]}\n"

struct found {
    enum what_if_change change;
    uint8_t incident; /* as fx_id() was asked for it */
    char rule[64];
    char deeds[128];
    int64_t at_ms, was_ms;
};

struct trying {
    char folder[64];
    struct fixture fx;
    struct rule_book *book;
    struct found found[FOUND_MAX];
    size_t found_n;
    struct what_if_result result; /* its numbers */
    struct what_if_rule rules[FOUND_MAX];
    char was[64]; /* version of the first pack where the log ends */
    struct buf text;
    bool zh;
};

/* Setup and teardown of a test: a founded region; the log's folder. */
int what_begin(void **state);
int what_end(void **state);

void what_put_in_force(struct trying *t, const char *text);
/* Reports, and lets the broker look at what is due, a second later. */
void what_report(struct trying *t, uint8_t incident, const struct facts *facts);
void what_report_dead(struct trying *t, uint8_t incident, int64_t dead);
void what_wait_and_pass(struct trying *t, uint8_t incident, int64_t ms);
/* The log is written; from here on it is read. */
void what_close_log(struct trying *t);

int what_ask_with(struct trying *t, const char *const texts[], size_t n, enum mode mode, const char *incident,
                  struct err *err);
/* One pack, all incidents: it goes well. */
void what_ask(struct trying *t, const char *text);

/* What was found of the rule "PACK/RULE", once; NULL: nothing. */
const struct found *what_find(const struct trying *t, uint8_t incident, const char *rule);
void what_is(const struct trying *t, uint8_t incident, const char *rule, enum what_if_change change);

#endif
