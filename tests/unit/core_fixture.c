#include "tests/unit/core_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"

enum { ARENA_BUDGET = 256 << 20, NAMED_MAX = 64 };

void bus_bare(struct bus *bus)
{
    memset(bus, 0, sizeof *bus);
    bus->state = state_new();
    assert_non_null(bus->state);
    arena_init(&bus->arena, ARENA_BUDGET);
    buf_init(&bus->dump, 0);
    bus->env = (struct env){.now_ms = T0, .utc_ms = T0, .region = REGION, .epoch = 1};
}

void bus_close(struct bus *bus)
{
    state_free(bus->state);
    arena_free(&bus->arena);
    buf_free(&bus->dump);
    free(bus->log);
}

void bus_after(struct bus *bus, int64_t ms)
{
    bus->env.now_ms += ms;
    bus->env.utc_ms += ms;
}

char *dump_of(const struct state *state)
{
    struct buf buf;

    buf_init(&buf, 0);
    state_dump(state, &buf);
    assert_false(buf.failed);
    char *text = strdup(buf_text(&buf));
    assert_non_null(text);
    buf_free(&buf);
    return text;
}

const char *bus_dump(struct bus *bus)
{
    buf_reset(&bus->dump);
    state_dump(bus->state, &bus->dump);
    assert_false(bus->dump.failed);
    return buf_text(&bus->dump);
}

static void keep(struct bus *bus, const struct event *event)
{
    if (bus->log_n == bus->log_capacity) {
        size_t capacity = bus->log_capacity == 0 ? 64 : bus->log_capacity * 2;
        struct event *grown = realloc(bus->log, capacity * sizeof *grown);
        assert_non_null(grown);
        bus->log = grown;
        bus->log_capacity = capacity;
    }
    bus->log[bus->log_n++] = *event;
}

enum refusal bus_say(struct bus *bus, const struct command *command)
{
    char *before = dump_of(bus->state);

    assert_int_equal(decide(bus->state, command, &bus->env, &bus->arena, &bus->decision), 0);
    assert_string_equal(before, bus_dump(bus));
    free(before);
    if (bus->decision.refusal != REFUSED_NOT) {
        assert_int_equal(bus->decision.events_n, 0);
        assert_true(strlen(bus->decision.detail) > 0);
    }
    for (size_t i = 0; i < bus->decision.events_n; i++) {
        const struct event *event = &bus->decision.events[i];
        assert_int_equal(evolve(bus->state, event), 0);
        if (event->kind == EVENT_ORDER_ISSUED) {
            assert_int_equal(state_set_order_home(bus->state, event->order, event->incident), 0);
        }
        keep(bus, event);
    }
    return bus->decision.refusal;
}

size_t bus_do(struct bus *bus, struct command command)
{
    enum refusal refusal = bus_say(bus, &command);

    if (refusal != REFUSED_NOT) {
        fail_msg("%s refused: %s, %s", command_kind_name(command.kind), refusal_word(refusal),
                 bus->decision.detail);
    }
    return bus->decision.events_n;
}

const struct event *bus_event(const struct bus *bus, enum event_kind kind, size_t nth)
{
    for (size_t i = 0; i < bus->decision.events_n; i++) {
        if (bus->decision.events[i].kind == kind && nth-- == 0) {
            return &bus->decision.events[i];
        }
    }
    return NULL;
}

size_t bus_events(const struct bus *bus, enum event_kind kind)
{
    size_t n = 0;

    while (bus_event(bus, kind, n) != NULL) {
        n++;
    }
    return n;
}

struct state *bus_replay(const struct bus *bus)
{
    struct state *state = state_new();

    assert_non_null(state);
    for (size_t i = 0; i < bus->log_n; i++) {
        assert_int_equal(evolve(state, &bus->log[i]), 0);
    }
    return state;
}

struct words words_of(struct bus *bus, const char *list)
{
    const char **at = arena_array(&bus->arena, const char *, NAMED_MAX);
    size_t n = 0;

    assert_non_null(at);
    while (*list != '\0') {
        size_t length = strcspn(list, " ");
        assert_true(n < NAMED_MAX);
        at[n++] = arena_printf(&bus->arena, "%.*s", (int)length, list);
        list += length + (list[length] == ' ');
    }
    return (struct words){at, n};
}

static struct id id_of(char kind, unsigned n, unsigned tail)
{
    uint8_t random[10] = {(uint8_t)kind, 0, 0, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 0, (uint8_t)tail};

    return id_make(T0, random);
}

struct id incident_id(unsigned n)
{
    return id_of('I', n, 1);
}

struct id order_id(unsigned n)
{
    return id_of('O', n, 1);
}

struct id evacuation_id(unsigned n)
{
    return id_of('V', n, 0);
}

struct id alert_id(unsigned n)
{
    return id_of('A', n, 1);
}

/* --- commands --------------------------------------------------------------------------------------- */

struct command from(struct bus *bus, const char *agent, enum command_kind kind)
{
    return (struct command){.region = REGION,
                            .epoch = 1,
                            .mode = MODE_ACTUAL,
                            .agent = agent,
                            .counter = ++bus->counter,
                            .issued_at_ms = bus->env.now_ms,
                            .expires_at_ms = bus->env.now_ms + MINUTE,
                            .operator= "",
                            .cosigner = "",
                            .signer = SIGNER_AGENT,
                            .kind = kind};
}

struct command by(struct command command, const char *operator, const char * cosigner)
{
    command.signer = SIGNER_OPERATOR;
    command.operator= operator;
    command.cosigner = cosigner;
    return command;
}

struct command by_root(struct bus *bus, enum command_kind kind)
{
    struct command command = from(bus, "", kind);

    command.signer = SIGNER_ROOT;
    return command;
}

struct command by_broker(struct bus *bus, enum command_kind kind)
{
    struct command command = from(bus, "", kind);

    command.signer = SIGNER_BROKER;
    return command;
}

struct command a_report(struct bus *bus, unsigned incident, enum report_kind kind)
{
    struct command command = from(bus, CENTRE, COMMAND_FILE_REPORT);

    command.file_report = (struct file_report){.incident = incident_id(incident),
                                               .kind = kind,
                                               .facts = facts_none(),
                                               .text = "",
                                               .signed_off_by = ""};
    return command;
}

struct command an_order(struct bus *bus, unsigned incident, unsigned order, const char *addressee)
{
    struct command command = from(bus, CENTRE, COMMAND_ISSUE_ORDERS);
    struct new_order *orders = arena_array(&bus->arena, struct new_order, 1);

    assert_non_null(orders);
    orders[0] = (struct new_order){.order = order_id(order),
                                   .kind = "dispatch",
                                   .addressee = addressee,
                                   .text = "",
                                   .answer_by_ms = bus->env.now_ms + ANSWER_IN,
                                   .expires_at_ms = bus->env.now_ms + EXPIRES_IN};
    command.issue_orders =
        (struct issue_orders){.incident = incident_id(incident), .orders = orders, .orders_n = 1};
    return command;
}

struct new_order *orders_of(struct bus *bus, struct command *command)
{
    struct new_order *orders = arena_array(&bus->arena, struct new_order, ORDERS_PER_COMMAND_MAX + 1);

    assert_non_null(orders);
    memcpy(orders, command->issue_orders.orders, command->issue_orders.orders_n * sizeof *orders);
    command->issue_orders.orders = orders;
    return orders;
}

struct command a_recall(struct bus *bus, unsigned incident, unsigned order)
{
    struct command command = from(bus, CENTRE, COMMAND_RECALL_ORDER);

    command.recall_order =
        (struct recall_order){.incident = incident_id(incident), .order = order_id(order), .reason = ""};
    return command;
}

struct command an_evacuation(struct bus *bus, unsigned incident, unsigned evacuation)
{
    struct command command = from(bus, CENTRE, COMMAND_ORDER_EVACUATION);

    command.order_evacuation = (struct order_evacuation){.incident = incident_id(incident),
                                                         .evacuation = evacuation_id(evacuation),
                                                         .text = "roof gives way",
                                                         .answer_by_ms = bus->env.now_ms + ANSWER_IN,
                                                         .expires_at_ms = bus->env.now_ms + EXPIRES_IN};
    return command;
}

struct command a_receipt(struct bus *bus, const char *agent, unsigned incident, struct id order,
                         enum rung rung)
{
    struct command command = from(bus, agent, COMMAND_GIVE_RECEIPT);

    command.give_receipt =
        (struct give_receipt){.incident = incident_id(incident), .order = order, .rung = rung, .text = ""};
    return command;
}

struct command a_close(struct bus *bus, unsigned incident)
{
    struct command command = from(bus, CENTRE, COMMAND_CLOSE_INCIDENT);

    command.close_incident = (struct close_incident){.incident = incident_id(incident), .reason = ""};
    return command;
}

struct command an_alert(struct bus *bus, unsigned alert, uint8_t content)
{
    static const struct alert_code codes[] = {{"UGC", "MTZ014"}, {"FIPS6", "030049"}, {"UGC", "MTZ014"}};
    static const struct alert_area area = {
        .description = "Lewis and Clark", .geocodes = codes, .geocodes_n = 3};
    static const struct alert_info info = {.language = "",
                                           .event = "Flash Flood Watch",
                                           .urgency = ALERT_URGENCY_EXPECTED,
                                           .severity = ALERT_SEVERITY_SEVERE,
                                           .certainty = ALERT_CERTAINTY_POSSIBLE,
                                           .audience = "",
                                           .expires_ms = T0 + 60 * MINUTE,
                                           .sender_name = "",
                                           .headline = "",
                                           .description = "",
                                           .instruction = "",
                                           .web = "",
                                           .contact = "",
                                           .areas = &area,
                                           .areas_n = 1};
    struct command command = from(bus, IMPORTER, COMMAND_RECORD_ALERT);

    command.record_alert = (struct record_alert){.alert = alert_id(alert),
                                                 .source = ALERT_SOURCE_CAP,
                                                 .sender = "w-nws.webmaster@noaa.gov",
                                                 .sender_code = "",
                                                 .identifier = arena_printf(&bus->arena, "NOAA-%u", alert),
                                                 .sent_ms = T0 - MINUTE,
                                                 .status = ALERT_STATUS_ACTUAL,
                                                 .type = ALERT_TYPE_ALERT,
                                                 .scope = ALERT_SCOPE_PUBLIC,
                                                 .note = "",
                                                 .infos = &info,
                                                 .infos_n = 1,
                                                 .content = {content}};
    return command;
}

struct command deadlines(struct bus *bus, unsigned incident)
{
    struct command command = by_broker(bus, COMMAND_PASS_DEADLINES);
    char *stream = arena_alloc(&bus->arena, STREAM_NAME_MAX);

    command.pass_deadlines = (struct pass_deadlines){
        .stream = stream_of_incident(incident_id(incident), stream), .at_ms = bus->env.now_ms};
    return command;
}

const struct order *bus_order(const struct bus *bus, unsigned incident, struct id order)
{
    const struct incident *there = state_incident(bus->state, incident_id(incident));

    assert_non_null(there);
    return incident_order(there, order);
}

/* --- the region -------------------------------------------------------------------------------------- */

struct command the_policy(struct bus *bus)
{
    struct command command = by_root(bus, COMMAND_SET_POLICY);
    struct kind_policy *kinds = arena_array(&bus->arena, struct kind_policy, 2);
    struct substance_policy *substances = arena_array(&bus->arena, struct substance_policy, 2);
    static const struct order_kind_policy order_kinds[] = {
        {"dispatch", false}, {"medical", false}, {"traffic-control", false}, {"evacuate-public", true}};

    kinds[0] = (struct kind_policy){.kind = "hazardous-chemical",
                                    .required = words_of(bus, "substance casualties place"),
                                    .ask_within_ms = ASK_WITHIN,
                                    .needs = words_of(bus, "scba")};
    kinds[1] =
        (struct kind_policy){.kind = "fire", .required = words_of(bus, "place"), .ask_within_ms = ASK_WITHIN};
    substances[0] = (struct substance_policy){.substance = "carbon-monoxide",
                                              .needs = words_of(bus, "scba gas-detector")};
    substances[1] = (struct substance_policy){.substance = "chlorine", .needs = words_of(bus, "hazmat-suit")};
    command.set_policy = (struct policy){.kinds = kinds,
                                         .kinds_n = 2,
                                         .substances = substances,
                                         .substances_n = 2,
                                         .order_kinds = order_kinds,
                                         .order_kinds_n = 4,
                                         .clock_tolerance_ms = TOLERANCE,
                                         .amend_answer_ms = AMEND_ANSWER,
                                         .version = "test-1"};
    return command;
}

static void enrol(struct bus *bus, enum command_kind kind, const char *name, const char *rights)
{
    struct command command = by_root(bus, kind);

    command.enrol = (struct enrol){.name = name, .rights = words_of(bus, rights)};
    command.enrol.sign_key[0] = (uint8_t)bus->counter;
    if (kind == COMMAND_ENROL_AGENT) {
        command.enrol.curve_key[0] = (uint8_t)bus->counter;
    }
    assert_int_equal(bus_do(bus, command), 1);
}

void bus_open(struct bus *bus)
{
    static const char addressee[] = "receipt units report";

    bus_bare(bus);
    struct command command = by_root(bus, COMMAND_FOUND_REGION);
    command.found_region = (struct found_region){
        .region = REGION, .name = "历下区", .parent = "370100", .utc_offset_minutes = 480};
    command.found_region.root_key[0] = 1;
    command.found_region.broker_sign_key[0] = 2;
    command.found_region.broker_curve_key[0] = 3;
    assert_int_equal(bus_do(bus, command), 1);
    assert_int_equal(bus_do(bus, the_policy(bus)), 1);
    enrol(bus, COMMAND_ENROL_AGENT, CENTRE, "report order recall evacuate close watch centre");
    enrol(bus, COMMAND_ENROL_AGENT, IMPORTER, "history alert");
    enrol(bus, COMMAND_ENROL_AGENT, STATION_3, addressee);
    enrol(bus, COMMAND_ENROL_AGENT, STATION_4, addressee);
    enrol(bus, COMMAND_ENROL_AGENT, HOSPITAL, addressee);
    enrol(bus, COMMAND_ENROL_AGENT, POLICE, addressee);
    enrol(bus, COMMAND_ENROL_OPERATOR, LI_NA, "report order recall evacuate close grade level receipt");
    enrol(bus, COMMAND_ENROL_OPERATOR, WANG_FANG, "order evacuate");
    enrol(bus, COMMAND_ENROL_OPERATOR, ADMIN, "admin history");
    enrol(bus, COMMAND_ENROL_OPERATOR, CHEN_WEI, "watch");
}

void bus_generation(struct bus *bus, uint32_t generation)
{
    struct command command = by_broker(bus, COMMAND_SET_CLOCK);

    command.set_clock = (struct set_clock){
        .bus_ms = bus->env.now_ms, .utc_ms = bus->env.utc_ms, .reason = "", .generation = generation};
    bus_do(bus, command);
}

void bus_check_replay(struct bus *bus)
{
    struct state *again = bus_replay(bus);
    char *dump = dump_of(again);

    assert_string_equal(dump, bus_dump(bus));
    free(dump);
    state_free(again);
}
