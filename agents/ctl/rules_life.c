#include "agents/ctl/rules_life.h"

#include <string.h>

#include "common/core/decide.h"
#include "common/core/evolve.h"
#include "common/core/stream.h"
#include "common/crypto/crypto.h"
#include "common/rules/rule_book.h"

/* Midnight of a day at +08:00, on which the life begins. */
#define DAY_BEGINS INT64_C(1699977600000)

enum {
    AT_MAX_MS = 20 * 24 * 3600 * 1000,
    RECORDS_MAX = 10000,
    DECISION_BYTES_MAX = 4 * 1024 * 1024,
    UTC_OFFSET_MINUTES = 8 * 60,
    VALID_MS = 60 * 1000
};

static const int64_t COUNT_MAX = INT64_C(1000000000000000);
static const struct id incident_id = {{1}};

struct living {
    const struct life *life;
    struct state *state;
    struct rule_book *book;
    struct arena *arena;
    struct lived *lived;
    const char **fired;
    const char *region, *agent;
    int64_t began_ms, now_ms;
    uint64_t counter;
    size_t records;
};

static const char *text_of(const struct rule_facts *facts, enum rule_fact fact, const char *otherwise)
{
    const struct rule_value *value = &facts->at[fact];

    return value->known && value->text != NULL ? value->text : otherwise;
}

/* --- the region ----------------------------------------------------------------------------------- */

/* A region that is what the case says. */
static const char *region_of(const char *tier)
{
    static const char *const rows[][2] = {
        {"province", "370000"}, {"city", "370100"}, {"township", "370102001"}, {"village", "370102001001"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i][0], tier) == 0) {
            return rows[i][1];
        }
    }
    return "370102";
}

static int found(struct living *l)
{
    static const char *const rights[] = {"report"};
    struct event founded = {.kind = EVENT_REGION_FOUNDED, .at_ms = l->now_ms};
    struct event begun = {.kind = EVENT_GENERATION_BEGUN, .at_ms = l->now_ms};
    struct event in_force = {.kind = EVENT_PACK_SET, .at_ms = l->now_ms};
    struct event enrolled = {.kind = EVENT_AGENT_ENROLLED, .at_ms = l->now_ms};
    struct hash hash = hash_bytes(l->life->text, strlen(l->life->text));

    founded.region_founded = (struct found_region){
        .region = l->region, .name = "", .parent = "", .utc_offset_minutes = UTC_OFFSET_MINUTES};
    begun.generation_begun.generation = EVENT_GENERATION;
    in_force.pack_set = (struct pack_set){.name = l->life->pack->name, .version = "", .text = l->life->text};
    memcpy(in_force.pack_set.hash, hash.b, sizeof in_force.pack_set.hash);
    enrolled.enrolled = (struct enrol){.name = l->agent, .rights = {rights, 1}};
    int rc = evolve(l->state, &founded);
    rc = rc ? rc : evolve(l->state, &begun);
    rc = rc ? rc : evolve(l->state, &in_force);
    return rc ? rc : evolve(l->state, &enrolled);
}

/* --- one record ----------------------------------------------------------------------------------- */

static void note(struct living *l, const struct event *event)
{
    struct lived *lived = l->lived;

    if (event->kind == EVENT_RULE_FIRED && lived->fired.n < LIFE_FIRED_MAX) {
        const char *rule = arena_strdup(l->arena, event->rule.rule);
        l->fired[lived->fired.n++] = rule != NULL ? rule : "";
    } else if (event->kind == EVENT_CLOCK_OVERDUE && lived->alarms_n < LIFE_ALARMS_MAX) {
        const char *clock = arena_strdup(l->arena, event->clock.clock);
        lived->alarms[lived->alarms_n++] =
            (struct life_alarm){clock != NULL ? clock : "", event->clock.due_at_ms - l->began_ms};
    }
}

/* *ret_events: how many came of it. */
static int say(struct living *l, const struct command *command, size_t *ret_events,
               const struct conf_node *node, struct err *err)
{
    const struct env env = {.now_ms = l->now_ms,
                            .utc_ms = l->now_ms,
                            .region = l->region,
                            .epoch = 1,
                            .rules = rule_book_rules(l->book)};
    struct decision decision;
    struct arena arena;

    if (l->records++ == RECORDS_MAX) {
        return conf_fail(node, err, ERR_CONFIG, "this series takes too long: make it shorter");
    }
    arena_init(&arena, DECISION_BYTES_MAX);
    int rc = decide(l->state, command, &env, &arena, &decision);
    if (rc == 0 && decision.refusal != REFUSED_NOT) {
        rc = conf_fail(node, err, ERR_CONFIG, "refused: %s (%s)", refusal_text(decision.refusal),
                       decision.detail != NULL ? decision.detail : "");
    } else if (rc == 0) {
        *ret_events = decision.events_n;
        for (size_t i = 0; i < decision.events_n && rc == 0; i++) {
            rc = evolve(l->state, &decision.events[i]);
            note(l, &decision.events[i]);
        }
        rc = rc == 0 ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory for a series");
    }
    arena_free(&arena);
    return rc;
}

static struct command begin(struct living *l, enum command_kind kind)
{
    bool is_brokers = kind == COMMAND_PASS_DEADLINES;

    return (struct command){.kind = kind,
                            .region = l->region,
                            .epoch = 1,
                            .mode = MODE_ACTUAL,
                            .agent = is_brokers ? "" : l->agent,
                            .operator= "",
                            .cosigner = "",
                            .counter = ++l->counter,
                            .signer = is_brokers ? SIGNER_BROKER : SIGNER_AGENT,
                            .issued_at_ms = l->now_ms,
                            .expires_at_ms = l->now_ms + VALID_MS};
}

static int64_t due(const struct living *l)
{
    const struct incident *incident = state_incident(l->state, incident_id);

    return incident != NULL ? incident_due(incident) : 0;
}

/* What is due up to then, each at its own moment. */
static int pass(struct living *l, int64_t until_ms, const struct conf_node *node, struct err *err)
{
    char stream[STREAM_NAME_MAX];
    size_t events = 1;
    int rc = 0;

    (void)stream_of_incident(incident_id, stream);
    for (int64_t at = due(l); rc == 0 && at != 0 && at <= until_ms && events > 0; at = due(l)) {
        l->now_ms = at > l->now_ms ? at : l->now_ms;
        struct command command = begin(l, COMMAND_PASS_DEADLINES);
        command.pass_deadlines = (struct pass_deadlines){.stream = stream, .at_ms = l->now_ms};
        rc = say(l, &command, &events, node, err);
    }
    l->now_ms = until_ms;
    return rc;
}

/* --- what a step says ----------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum rule_fact fact;
} counts[] = {{"dead", RULE_DEAD},   {"missing", RULE_MISSING}, {"serious", RULE_SERIOUS},
              {"minor", RULE_MINOR}, {"trapped", RULE_TRAPPED}, {"loss", RULE_LOSS}};

static int64_t *place_of(struct facts *facts, enum rule_fact fact)
{
    struct casualties *casualties = &facts->casualties;

    return fact == RULE_DEAD      ? &casualties->dead
           : fact == RULE_MISSING ? &casualties->missing
           : fact == RULE_SERIOUS ? &casualties->serious
           : fact == RULE_MINOR   ? &casualties->minor
           : fact == RULE_TRAPPED ? &casualties->trapped
                                  : &facts->loss_cny;
}

/* The facts of the case, but for what the region is. */
static int first_facts(const struct living *l, const struct conf_node *node, struct facts *ret,
                       struct err *err)
{
    const struct rule_facts *given = l->life->facts;
    const struct pack *pack = l->life->pack;
    const char *kind = pack->kinds_n > 0 ? pack->kinds[0] : "other";
    uint64_t sayable = UINT64_C(1) << RULE_TIER | UINT64_C(1) << RULE_KIND | UINT64_C(1) << RULE_SUBSTANCE;

    ret->kind = text_of(given, RULE_KIND, arena_text(l->arena, kind, strcspn(kind, "*")));
    ret->substance = text_of(given, RULE_SUBSTANCE, "");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        sayable |= UINT64_C(1) << counts[i].fact;
        if (given->at[counts[i].fact].known) {
            *place_of(ret, counts[i].fact) = given->at[counts[i].fact].whole;
        }
    }
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if (given->at[i].known && (sayable & UINT64_C(1) << i) == 0) {
            return conf_fail(node, err, ERR_CONFIG, "no report says \"%s\": it follows from the series",
                             rule_fact_words((enum rule_fact)i)->word);
        }
    }
    return ret->kind != NULL ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory for a series");
}

static bool has_key(const struct conf_node *node, const char *key)
{
    for (size_t i = 0; i < conf_count(node); i++) {
        if (strcmp(conf_key_at(node, i), key) == 0) {
            return true;
        }
    }
    return false;
}

/* Its keys, for to look at them all takes them as known. */
static int check_keys(const struct conf_node *node, struct err *err)
{
    static const char *const others[] = {"at", "sent", "medium", "signer"};

    for (size_t i = 0; i < conf_count(node); i++) {
        const char *key = conf_key_at(node, i);
        bool known = false;
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            known = known || strcmp(counts[j].word, key) == 0;
        }
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            known = known || strcmp(others[j], key) == 0;
        }
        if (!known) {
            return conf_fail(
                node, err, ERR_CONFIG,
                "a step says at, sent, medium, signer, dead, missing, serious, minor, trapped or "
                "loss, not \"%s\"",
                key);
        }
    }
    return 0;
}

static int step_facts(const struct conf_node *node, struct facts *ret, bool *ret_any, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof counts / sizeof counts[0]; i++) {
        if (has_key(node, counts[i].word)) {
            rc = conf_integer(node, counts[i].word, CONF_REQUIRED, 0, COUNT_MAX,
                              place_of(ret, counts[i].fact), err);
            *ret_any = true;
        }
    }
    return rc;
}

static int report(struct living *l, const struct conf_node *node, bool first, struct err *err)
{
    struct command command = begin(l, COMMAND_FILE_REPORT);
    struct facts facts = facts_none();
    bool any = first;
    size_t events;
    int rc = first ? first_facts(l, node, &facts, err) : 0;

    rc = rc ? rc : step_facts(node, &facts, &any, err);
    command.file_report = (struct file_report){.incident = incident_id,
                                               .kind = first ? REPORT_INITIAL : REPORT_FOLLOW_UP,
                                               .facts = facts,
                                               .text = "",
                                               .signed_off_by = ""};
    return rc != 0 || !any ? rc : say(l, &command, &events, node, err);
}

/* "sent: city", by "medium" (network), signed off where "signer" says so. */
static int send(struct living *l, const struct conf_node *node, struct err *err)
{
    static const char *const tiers[] = {"county", "city", "province", "state", NULL};
    static const char *const media[] = {"phone", "written", "network", NULL};
    struct command command = begin(l, COMMAND_SEND_REPORT);
    int to = 0, medium = MEDIUM_NETWORK - 1;
    bool signer = false;
    size_t events;

    if (!has_key(node, "sent")) {
        return 0;
    }
    int rc = conf_choice(node, "sent", CONF_REQUIRED, tiers, &to, err);
    rc = rc ? rc : conf_choice(node, "medium", CONF_OPTIONAL, media, &medium, err);
    rc = rc ? rc : conf_bool(node, "signer", CONF_OPTIONAL, &signer, err);
    command.send_report = (struct send_report){.incident = incident_id,
                                               .kind = REPORT_FOLLOW_UP,
                                               .medium = (enum medium)(medium + 1),
                                               .to = (enum tier)(to + 1),
                                               .signed_off_by = signer ? "signer" : "",
                                               .text = ""};
    return rc ? rc : say(l, &command, &events, node, err);
}

static int step(struct living *l, const struct conf_node *node, bool first, struct err *err)
{
    int64_t at_ms = 0;
    int rc = conf_duration(node, "at", CONF_REQUIRED, 0, AT_MAX_MS, &at_ms, err);

    rc = rc ? rc : check_keys(node, err);
    if (rc == 0 && l->began_ms + at_ms < l->now_ms) {
        rc = conf_fail(node, err, ERR_CONFIG, "a series goes on in time: this is before the one above it");
    }
    rc = rc ? rc : pass(l, l->began_ms + at_ms, node, err);
    rc = rc ? rc : report(l, node, first, err);
    rc = rc ? rc : send(l, node, err);
    return rc ? rc : pass(l, l->now_ms, node, err); /* rules are asked at once */
}

int life_run(const struct life *life, const struct conf_node *list, struct arena *arena, struct lived *ret,
             struct err *err)
{
    struct living l = {.life = life, .arena = arena, .lived = ret, .began_ms = DAY_BEGINS + life->begins_ms};
    int rc = 0;

    *ret = (struct lived){.alarms_n = 0};
    l.now_ms = l.began_ms;
    l.region = region_of(text_of(life->facts, RULE_TIER, "county"));
    l.agent = arena_printf(arena, "%s/agency/agent", l.region);
    l.fired = arena_array(arena, const char *, LIFE_FIRED_MAX);
    l.state = state_new();
    l.book = rule_book_new();
    if (l.fired == NULL || l.agent == NULL || l.state == NULL || l.book == NULL || found(&l) != 0) {
        rc = err_set(err, ERR_NO_MEMORY, "out of memory for a series");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = step(&l, conf_value_at(list, i), i == 0, err);
    }
    rule_book_free(l.book);
    state_free(l.state);
    ret->fired.at = l.fired;
    return rc;
}
