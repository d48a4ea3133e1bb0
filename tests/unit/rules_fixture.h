/* A region with a pack in force, through decide() and evolve(): what fires, and what it leaves in the log. */
#ifndef MUSTER_TESTS_UNIT_RULES_FIXTURE_H
#define MUSTER_TESTS_UNIT_RULES_FIXTURE_H

#include "common/rules/rule_book.h"
#include "tests/unit/core_fixture.h"

#define PACK "pack: p\nversion: 1\nmatch: all\nrules:\n"
#define GRADES                                                                              \
    "pack: grades\nversion: 7\nmatch: first\nrules:\n"                                      \
    "  - {rule: one, when: incident, if: dead >= 30, do: [grade: I]}\n"                     \
    "  - {rule: two, when: incident, if: dead >= 10 or serious >= 50, do: [grade: II]}\n"   \
    "  - {rule: three, when: incident, if: dead >= 3 or serious >= 10, do: [grade: III]}\n" \
    "  - {rule: four, when: incident, if: dead is not null, do: [grade: IV]}\n"

struct region_with_rules {
    struct bus bus;
    struct rule_book *book;
};

/* text NULL: no pack is in force. */
void rules_open(struct region_with_rules *r, const char *text);
/* In a log of that generation. */
void rules_open_in(struct region_with_rules *r, const char *text, uint32_t generation);
/* The log again is the same state, to the bit. */
void rules_close(struct region_with_rules *r);

/* The one that all reports and orders are of. */
const struct incident *rules_incident(const struct region_with_rules *r);
/* The first report or a further one: taken, and the rules are due at once. */
void rules_report(struct region_with_rules *r, int64_t dead, int64_t serious);
/* What is due passes; returns the number of events. */
size_t rules_pass(struct region_with_rules *r);
/* The rules are asked, and nothing is due any more but what waits. */
void rules_ask(struct region_with_rules *r);

/* That the rule fired, in the last record; NULL: it did not. */
const struct event *rules_fired(const struct region_with_rules *r, const char *rule);
/* What it saw of the fact; NULL: it did not ask for it. */
const char *rules_seen(const struct event *event, const char *fact);

#endif
