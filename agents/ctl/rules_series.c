#include "agents/ctl/rules_series.h"

#include <string.h>

#include "common/core/agent.h"
#include "common/core/decide.h"
#include "common/core/evolve.h"
#include "common/core/link.h"
#include "common/core/rise.h"
#include "common/crypto/crypto.h"
#include "common/rules/rule_book.h"

/* A region at a time of its own, in which nothing happens but what the series says. */
#define T0 INT64_C(1700000000000)

enum {
    AT_MAX_MS = 7 * 24 * 3600 * 1000,
    PLACES = 9,
    LOOKS_MAX = 100000,
    DECISION_BYTES_MAX = 1024 * 1024,
    MINUTE_MS = 60 * 1000
};

static const double READING_LIMIT = 1e15;

struct playing {
    const struct series *series;
    struct state *state;
    struct rule_book *book;
    struct arena *arena;
    const char **fired;
    size_t fired_n;
    const char *agent;
    int64_t now_ms;
    /* of a reading */
    bool has_sample;
    int64_t sample_ms;
    double value;
    struct rise rise;
    bool stale;
    /* of a silence */
    bool heard;
    int64_t since_ms;
    size_t looks;
};

static const char *text_of(const struct rule_facts *facts, enum rule_fact fact, const char *otherwise)
{
    const struct rule_value *value = &facts->at[fact];

    return value->known && value->text != NULL ? value->text : otherwise;
}

/* --- the region ----------------------------------------------------------------------------------- */

static int enrol(struct playing *p, bool takes_orders)
{
    static const char *const duty[] = {"receipt"}, *const link[] = {"link"}, *const none[] = {"units"};
    char code[REGION_CODE_MAX + 1];
    struct event event = {.kind = EVENT_AGENT_ENROLLED, .at_ms = T0};

    event.enrolled = (struct enrol){.name = p->agent, .rights = {takes_orders ? duty : none, 1}};
    if (name_is_link(p->agent, code)) {
        event.enrolled.rights.at = link;
    }
    return evolve(p->state, &event);
}

static int found(struct playing *p)
{
    struct event founded = {.kind = EVENT_REGION_FOUNDED, .at_ms = T0};
    struct event begun = {.kind = EVENT_GENERATION_BEGUN, .at_ms = T0};
    struct event in_force = {.kind = EVENT_PACK_SET, .at_ms = T0};
    struct hash hash = hash_bytes(p->series->text, strlen(p->series->text));

    founded.region_founded = (struct found_region){.region = "370102", .name = "", .parent = ""};
    begun.generation_begun.generation = EVENT_GENERATION;
    in_force.pack_set = (struct pack_set){.name = p->series->pack, .version = "", .text = p->series->text};
    memcpy(in_force.pack_set.hash, hash.b, sizeof in_force.pack_set.hash);
    const struct rule_value *on_duty = &p->series->facts->at[RULE_DUTY];
    int rc = evolve(p->state, &founded);
    rc = rc ? rc : evolve(p->state, &begun);
    rc = rc ? rc : evolve(p->state, &in_force);
    return rc ? rc : enrol(p, !on_duty->known || on_duty->whole != 0);
}

/* --- looking -------------------------------------------------------------------------------------- */

static struct command command_of(const struct playing *p)
{
    bool reads = p->series->trigger == TRIGGER_READING, known = reads && p->has_sample && !p->stale;
    struct command command = {.kind = reads ? COMMAND_NOTE_READING : COMMAND_NOTE_SILENCE,
                              .region = "370102",
                              .epoch = 1,
                              .mode = MODE_ACTUAL,
                              .agent = "broker",
                              .operator= "",
                              .cosigner = "",
                              .signer = SIGNER_BROKER,
                              .issued_at_ms = p->now_ms};

    if (!reads) {
        command.note_silence = (struct note_silence){
            .agent = p->agent, .heard = p->heard, .since_ms = p->heard ? 0 : p->since_ms};
        return command;
    }
    command.note_reading =
        (struct note_reading){.agent = p->agent,
                              .unit = text_of(p->series->facts, RULE_UNIT, ""),
                              .name = text_of(p->series->facts, RULE_READING_NAME, "reading"),
                              .at_ms = p->sample_ms,
                              .reading = {.unit_of_measure = ""},
                              .rise = {.unit_of_measure = ""}};
    if (known) {
        command.note_reading.reading = reading_of_number(p->value, PLACES);
        command.note_reading.rise = rise_per_min(&p->rise, p->sample_ms, p->value);
    }
    return command;
}

/* Asked, and again as long as a record says something. */
static int look(struct playing *p, const struct conf_node *node, struct err *err)
{
    const struct command command = command_of(p);
    const struct env env = {.now_ms = p->now_ms,
                            .utc_ms = p->now_ms,
                            .region = "370102",
                            .epoch = 1,
                            .rules = rule_book_rules(p->book)};
    struct decision decision;
    struct arena arena;
    int rc;

    if (p->looks++ == LOOKS_MAX) {
        return conf_fail(node, err, ERR_CONFIG, "this series takes too long: make it shorter");
    }
    arena_init(&arena, DECISION_BYTES_MAX);
    rc = decide(p->state, &command, &env, &arena, &decision);
    for (size_t i = 0; rc == 0 && i < decision.events_n; i++) {
        const struct event *event = &decision.events[i];
        rc = evolve(p->state, event);
        if (event->kind == EVENT_LOOKOUT_FIRED && p->fired_n < SERIES_FIRED_MAX) {
            const char *rule = arena_strdup(p->arena, event->lookout.rule);
            p->fired[p->fired_n++] = rule != NULL ? rule : "";
        }
    }
    arena_free(&arena);
    return rc == 0 ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory for a series");
}

static void sooner(int64_t *at_ms, int64_t other_ms, int64_t now_ms)
{
    if (other_ms > now_ms && other_ms < *at_ms) {
        *at_ms = other_ms;
    }
}

/* When there may be something to say, before `until_ms`: what waits is due, what flapped has rested, the
 * reading goes out of date, another minute of the silence has passed. */
static int64_t next_look(const struct playing *p, int64_t until_ms)
{
    const struct agent *agent = state_agent(p->state, p->agent);
    int64_t at_ms = until_ms;

    for (size_t i = 0; agent != NULL && i < agent->lookouts_n; i++) {
        const struct lookout *lookout = &agent->lookouts[i];
        sooner(&at_ms, lookout->due_ms, p->now_ms);
        sooner(&at_ms, lookout_rests_until(lookout), p->now_ms);
    }
    if (p->series->trigger == TRIGGER_READING) {
        sooner(&at_ms, p->has_sample && !p->stale ? p->sample_ms + LOOKOUT_STALE_MS + 1 : 0, p->now_ms);
    } else if (!p->heard) {
        sooner(&at_ms, p->since_ms + ((p->now_ms - p->since_ms) / MINUTE_MS + 1) * MINUTE_MS, p->now_ms);
    }
    return at_ms;
}

static int pass(struct playing *p, int64_t until_ms, const struct conf_node *node, struct err *err)
{
    int rc = 0;

    for (int64_t at = next_look(p, until_ms); rc == 0 && at < until_ms; at = next_look(p, until_ms)) {
        p->now_ms = at;
        p->stale = p->has_sample && at - p->sample_ms > LOOKOUT_STALE_MS;
        rc = look(p, node, err);
    }
    p->now_ms = until_ms;
    p->stale = p->has_sample && until_ms - p->sample_ms > LOOKOUT_STALE_MS;
    return rc;
}

/* --- the series ----------------------------------------------------------------------------------- */

static int read_step(struct playing *p, const struct conf_node *node, int64_t *ret_at_ms, bool *ret_has,
                     double *ret, bool *ret_heard, struct err *err)
{
    bool reads = p->series->trigger == TRIGGER_READING;
    int rc = conf_duration(node, "at", CONF_REQUIRED, 0, AT_MAX_MS, ret_at_ms, err);

    *ret_has = *ret_heard = false;
    for (size_t i = 0; rc == 0 && reads && i < conf_count(node); i++) {
        *ret_has = *ret_has || strcmp(conf_key_at(node, i), "reading") == 0;
    }
    if (rc == 0 && *ret_has) {
        rc = conf_number(node, "reading", CONF_REQUIRED, -READING_LIMIT, READING_LIMIT, ret, err);
    }
    if (rc == 0 && !reads) {
        rc = conf_bool(node, "heard", CONF_OPTIONAL, ret_heard, err);
    }
    if (rc == 0 && T0 + *ret_at_ms < p->now_ms) {
        rc = conf_fail(node, err, ERR_CONFIG, "a series goes on in time: this is before the one above it");
    }
    return rc;
}

static int step(struct playing *p, const struct conf_node *node, bool first, struct err *err)
{
    int64_t at_ms = 0;
    bool has = false, heard = false;
    double value = 0;
    int rc = read_step(p, node, &at_ms, &has, &value, &heard, err);

    rc = rc ? rc : pass(p, T0 + at_ms, node, err);
    if (rc != 0) {
        return rc;
    }
    if (has) {
        p->has_sample = true;
        p->stale = false;
        p->sample_ms = p->now_ms;
        p->value = value;
        rise_add(&p->rise, p->now_ms, value);
    }
    if (first || (p->heard && !heard)) {
        p->since_ms = p->now_ms;
    }
    p->heard = heard;
    return p->series->trigger == TRIGGER_SILENT || p->has_sample ? look(p, node, err) : 0;
}

static const char *agent_of(const struct series *series, struct arena *arena)
{
    const char *link = text_of(series->facts, RULE_LINK, "");
    const char *name = link[0] != '\0' ? arena_printf(arena, "%s/broker/link", link)
                                       : text_of(series->facts, RULE_AGENT, "370102/agency/agent");

    return name;
}

int series_run(const struct series *series, const struct conf_node *list, struct arena *arena,
               struct words *ret, struct err *err)
{
    struct playing p = {.series = series, .arena = arena, .now_ms = T0};
    int rc = 0;

    p.fired = arena_array(arena, const char *, SERIES_FIRED_MAX);
    p.agent = agent_of(series, arena);
    p.state = state_new();
    p.book = rule_book_new();
    if (p.fired == NULL || p.agent == NULL || p.state == NULL || p.book == NULL || found(&p) != 0) {
        rc = err_set(err, ERR_NO_MEMORY, "out of memory for a series");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = step(&p, conf_value_at(list, i), i == 0, err);
    }
    rule_book_free(p.book);
    state_free(p.state);
    *ret = (struct words){p.fired, p.fired_n};
    return rc;
}
