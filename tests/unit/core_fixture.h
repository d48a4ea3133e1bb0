/* A region to decide in: founded, with a policy, a command centre and four agencies. */
#ifndef MUSTER_TESTS_UNIT_CORE_FIXTURE_H
#define MUSTER_TESTS_UNIT_CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/core/decide.h"
#include "common/core/evolve.h"
#include "common/core/state.h"
#include "common/core/stream.h"

#define T0 INT64_C(1700000000000)
#define REGION "370102"
#define CENTRE "370102/emergency-management/centre"
#define IMPORTER "370102/emergency-management/importer"
#define FIRE "370102/fire-rescue"
#define STATION_3 "370102/fire-rescue/station-3"
#define STATION_4 "370102/fire-rescue/station-4"
#define HOSPITAL "370102/health/hospital-1"
#define POLICE "370102/public-security/desk"
/* Operators: two who may order, one who may administer, one who may nothing. */
#define LI_NA "li.na"
#define WANG_FANG "wang.fang"
#define ADMIN "admin"
#define CHEN_WEI "chen.wei"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    TOLERANCE = 2 * MINUTE, /* the policy's */
    ASK_WITHIN = 10 * MINUTE,
    AMEND_ANSWER = 90 * SECOND,
    ANSWER_IN = 1 * MINUTE, /* of bus_order() */
    EXPIRES_IN = 30 * MINUTE
};

struct bus {
    struct state *state;
    struct arena arena; /* never reset: the events of the log point into it */
    struct env env;
    struct decision decision; /* the last */
    struct event *log;
    size_t log_n;
    size_t log_capacity;
    struct buf dump;
    uint64_t counter;
};

void bus_bare(struct bus *bus); /* a log with nothing in it */
void bus_open(struct bus *bus); /* founded, enrolled, with the policy */
/* The log may hold what this generation has from here on. */
void bus_generation(struct bus *bus, uint32_t generation);
void bus_close(struct bus *bus);
void bus_after(struct bus *bus, int64_t ms);

/* decide() and evolve(); checks that decide() left the state alone and that a refusal has no events. */
enum refusal bus_say(struct bus *bus, const struct command *command);
/* The same, and it must be taken; returns the number of events. */
size_t bus_do(struct bus *bus, struct command command);
/* The last decision's event of that kind (its nth, from 0); NULL when there is none. */
const struct event *bus_event(const struct bus *bus, enum event_kind kind, size_t nth);
size_t bus_events(const struct bus *bus, enum event_kind kind);
/* The whole canonical dump; valid until the next call. */
const char *bus_dump(struct bus *bus);
char *dump_of(const struct state *state); /* to be freed */
/* The log again, into a fresh state; to be freed. */
struct state *bus_replay(const struct bus *bus);
/* ... which is the same state, to the bit. */
void bus_check_replay(struct bus *bus);

struct words words_of(struct bus *bus, const char *list); /* "a b c" */
struct id incident_id(unsigned n);
struct id order_id(unsigned n);
struct id evacuation_id(unsigned n);
struct id alert_id(unsigned n);

/* Commands as they should be, now; the agent signs, or the operator if one is named with by(). */
struct command from(struct bus *bus, const char *agent, enum command_kind kind);
struct command by(struct command command, const char *operator, const char * cosigner);
struct command by_root(struct bus *bus, enum command_kind kind);
struct command by_broker(struct bus *bus, enum command_kind kind);
struct command a_report(struct bus *bus, unsigned incident, enum report_kind kind);
struct command an_order(struct bus *bus, unsigned incident, unsigned order, const char *addressee);
struct command a_recall(struct bus *bus, unsigned incident, unsigned order);
struct command an_evacuation(struct bus *bus, unsigned incident, unsigned evacuation);
struct command a_receipt(struct bus *bus, const char *agent, unsigned incident, struct id order,
                         enum rung rung);
struct command a_close(struct bus *bus, unsigned incident);
/* CAP, actual, one info with one area; `content` tells it from others of the same name. */
struct command an_alert(struct bus *bus, unsigned alert, uint8_t content);
struct command deadlines(struct bus *bus, unsigned incident);
struct command the_policy(struct bus *bus);

/* The command's orders, to be changed by a test. */
struct new_order *orders_of(struct bus *bus, struct command *command);
const struct order *bus_order(const struct bus *bus, unsigned incident, struct id order);

/* One way to spoil a good command. The rows of a table stand in order of precedence: each is tried
 * alone and before each later one. */
struct fault {
    const char *what;
    enum refusal refusal;
    void (*spoil)(struct bus *bus, struct command *command);
};
void check_refusals(struct command (*good)(struct bus *bus), const struct fault *rows, size_t n);

void spoil_identity(struct bus *bus, struct command *command);
void spoil_revoked(struct bus *bus, struct command *command);
void spoil_operator(struct bus *bus, struct command *command);
void spoil_region(struct bus *bus, struct command *command);
void spoil_epoch(struct bus *bus, struct command *command);
void spoil_signature(struct bus *bus, struct command *command);
void spoil_mode(struct bus *bus, struct command *command);
void spoil_window(struct bus *bus, struct command *command);
void spoil_clock(struct bus *bus, struct command *command);
void spoil_expired(struct bus *bus, struct command *command);
void spoil_root(struct bus *bus, struct command *command);
void spoil_broker(struct bus *bus, struct command *command);
void spoil_right(struct bus *bus, struct command *command);
void spoil_incident(struct bus *bus, struct command *command);
void spoil_incident_mode(struct bus *bus, struct command *command);

/* What holds for every command of an agent or operator, before its own rules. */
#define FAULTS_OF_ALL                                                                                 \
    {"agent not enrolled", REFUSED_IDENTITY, spoil_identity},                                         \
        {"agent revoked", REFUSED_IDENTITY, spoil_revoked},                                           \
        {"operator is an agent", REFUSED_IDENTITY, spoil_operator},                                   \
        {"other region", REFUSED_REGION, spoil_region}, {"other epoch", REFUSED_EPOCH, spoil_epoch},  \
        {"nobody signed", REFUSED_SIGNATURE, spoil_signature}, {"no mode", REFUSED_MODE, spoil_mode}, \
        {"no window", REFUSED_INVALID, spoil_window}, {"clock ahead", REFUSED_CLOCK, spoil_clock},    \
    {                                                                                                 \
        "too late", REFUSED_EXPIRED, spoil_expired                                                    \
    }

#endif
