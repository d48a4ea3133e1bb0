/* The log as it lies on the disk: chain, order, time, and what follows from each record. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/evolve.h"
#include "common/core/link.h"
#include "common/core/route.h"
#include "common/log/log_chain.h"
#include "common/wire/wire.h"
#include "tests/sim/country.h"

static unsigned agent_number(const struct world *world, const char *name)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        if (strcmp(keys_address(&world->keys, i), name) == 0) {
            return i;
        }
    }
    return AGENTS;
}

/* --- before it is written ------------------------------------------------------------------------- */

void check_append(struct world *world, const struct log_request *request)
{
    int64_t last = world->check.last_bus_ms;

    if (request->entries_n == 0 || request->entries_n > LOG_BATCH_MAX ||
        request->expected_seq != world->check.head) {
        world_fail(world, "I5: %zu records are appended after %" PRIu64 ", and the head is %" PRIu64,
                   request->entries_n, request->expected_seq, world->check.head);
    }
    for (size_t i = 0; i < request->entries_n; i++) {
        const struct log_header *header = &request->entries[i].record.header;
        check_clock_append(world, header);
        if (header->bus_ms < last || header->bus_ms > broker_bus_ms(world)) {
            world_fail(world,
                       "I7: seq %" PRIu64 " bears bus time %" PRId64 ", now is %" PRId64
                       ", before was %" PRId64,
                       header->seq, header->bus_ms, broker_bus_ms(world), last);
        }
        last = header->bus_ms;
    }
}

/* --- what was said -------------------------------------------------------------------------------- */

static const char *tag_text(const struct command *command)
{
    switch (command->kind) {
    case COMMAND_FILE_REPORT:
        return command->file_report.text;
    case COMMAND_CLOSE_INCIDENT:
        return command->close_incident.reason;
    case COMMAND_ISSUE_ORDERS:
        return command->issue_orders.orders_n > 0 ? command->issue_orders.orders[0].text : "";
    case COMMAND_RECALL_ORDER:
        return command->recall_order.reason;
    case COMMAND_ORDER_EVACUATION:
        return command->order_evacuation.text;
    case COMMAND_GIVE_RECEIPT:
        return command->give_receipt.text;
    case COMMAND_STATE_UNITS:
        return command->state_units.units_n > 0 ? command->state_units.units[0].type : "";
    case COMMAND_SET_POLICY:
        return command->set_policy.version;
    case COMMAND_SET_GRADE:
        return command->set_grade.reason;
    case COMMAND_MERGE_INCIDENT:
        return command->merge_incident.reason;
    case COMMAND_SPLIT_INCIDENT:
        return command->split_incident.reason;
    case COMMAND_REFER_INCIDENT:
        return command->refer_incident.reason;
    case COMMAND_OFFER_LEAD:
        return command->offer_lead.reason;
    case COMMAND_TAKE_LEAD:
        return command->take_lead.reason;
    case COMMAND_LINK_INCIDENTS:
        return command->link_incidents.reason;
    default:
        return "";
    }
}

uint64_t check_tag(const struct command *command)
{
    const char *text = tag_text(command);
    char *end;

    if (command->agent[0] == '\0' || strncmp(text, "tag ", 4) != 0) {
        return TAGS_MAX;
    }
    unsigned long long tag = strtoull(text + 4, &end, 10);
    return *end == '\0' && tag < TAGS_MAX ? tag : TAGS_MAX;
}

static void count_saying(struct world *world, uint64_t tag, uint64_t seq)
{
    if (tag == TAGS_MAX) {
        return;
    }
    if (tag >= world->check.sayings_n) {
        world_fail(world, "I3: seq %" PRIu64 " holds what nobody said", seq);
    } else if (++world->check.sayings[tag].decided > 1) {
        world_fail(world, "I3: tag %" PRIu64 " has its effect twice, again at seq %" PRIu64, tag, seq);
    }
}

/* --- what follows --------------------------------------------------------------------------------- */

struct routing {
    struct world *world;
    uint64_t seq;
};

static void add_seq(struct seqs *seqs, uint64_t seq, struct id order)
{
    if (seqs->n > 0 && seqs->at[seqs->n - 1].seq == seq && id_equal(seqs->at[seqs->n - 1].order, order)) {
        return;
    }
    if (seqs->n == seqs->capacity) {
        seqs->capacity = seqs->capacity == 0 ? 64 : 2 * seqs->capacity;
        seqs->at = reallocarray(seqs->at, seqs->capacity, sizeof *seqs->at);
        if (seqs->at == NULL) {
            abort();
        }
    }
    seqs->at[seqs->n++] = (struct waiting){seq, order};
}

static void route_add(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct routing *routing = ctx;
    unsigned number = agent_number(routing->world, agent);

    if (number < AGENTS) {
        add_seq(&routing->world->check.outbox[number][lane], routing->seq, order);
    } else if (routing->world->options.country != NULL && name_is_link(agent, NULL)) {
        unsigned region = country_region(routing->world->options.country, agent);
        routing->world->check.for_region[region] = routing->seq;
    }
}

static void route_recalled(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)ctx;
    (void)agent;
    (void)lane;
    (void)order;
}

static void watch_issued(struct world *world, const struct event *event, enum mode mode, uint64_t seq)
{
    struct watched *watched = check_watch(world, event->order);

    watched->incident = event->incident;
    watched->mode = mode;
    watched->lane = id_is_zero(event->order_issued.evacuation) ? LANE_ORDERS : LANE_URGENT;
    for (unsigned i = 0; i < AGENTS; i++) {
        watched->addressed[i] = words_have(event->order_issued.agents, keys_address(&world->keys, i));
    }
    watched->issuer = agent_number(world, event->order_issued.issuer);
    watched->issued_seq = seq;
}

static void needs(struct world *world, bool fine, const char *what, const struct event *event, uint64_t seq)
{
    char text[ID_TEXT];

    if (!fine) {
        world_fail(world, "%s: %s of %s at seq %" PRIu64, what, event_kind_name(event->kind),
                   id_format(event->order, text), seq);
    }
}

static void check_request(struct world *world, const struct incident *incident, const struct event *event,
                          const struct log_header *header)
{
    for (size_t i = 0; i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        if (strcmp(request->fact, event->information.fact) == 0) {
            needs(world, request->due_at_ms <= header->bus_ms, "I7: early", event, header->seq);
            needs(world, !request->overdue, "I7: twice", event, header->seq);
        }
    }
}

/* State is as it was before the event. */
static void check_deadline(struct world *world, const struct order *order, const struct event *event,
                           const struct log_header *header)
{
    int64_t now = header->bus_ms;

    switch (event->kind) {
    case EVENT_ORDER_UNANSWERED:
        needs(world, (order->unanswered ? order->remind_by_ms : order->answer_by_ms) <= now, "I7: early",
              event, header->seq);
        needs(world, !order->unanswered || order->remind_by_ms != 0, "I7: twice", event, header->seq);
        return;
    case EVENT_ORDER_OVERDUE:
        needs(world, order->expires_at_ms <= now, "I7: early", event, header->seq);
        needs(world, !order->overdue, "I7: twice", event, header->seq);
        return;
    case EVENT_AMENDMENT_OVERDUE:
        needs(world, order->amend_by_ms <= now, "I7: early", event, header->seq);
        needs(world, !order->amendment_overdue, "I7: twice", event, header->seq);
        return;
    case EVENT_ORDER_EXPIRED:
        needs(world, order->expires_at_ms <= now, "I7: early", event, header->seq);
        needs(world, order->rung < RUNG_ACCEPTED, "I2: accepted, and expires", event, header->seq);
        return;
    default:
        return;
    }
}

/* What rules do about an order that nobody answers: each once, and nothing about one that somebody has taken.
 * State is as it was before the event, but for the order that takes its place. */
static void check_silence(struct world *world, const struct incident *incident, const struct order *order,
                          struct watched *watched, const struct event *event, const struct log_header *header)
{
    bool taken = order->rung >= RUNG_ACCEPTED && order->rung != RUNG_EXPIRED;
    const struct order *by;

    switch (event->kind) {
    case EVENT_ORDER_UNANSWERED:
        watched->unanswered++;
        return;
    case EVENT_ORDER_REMINDED:
        world_struck(world, FAULT_REMINDED, AGENTS);
        needs(world, !taken, "I2: reminded, and it has an answer", event, header->seq);
        needs(world, ++watched->reminded == 1 && !watched->goes_on, "I7: reminded twice", event, header->seq);
        return;
    case EVENT_ORDER_REISSUED:
        world_struck(world, FAULT_REISSUED, AGENTS);
        by = incident_order(incident, event->order_reissued.by);
        needs(world, ++watched->reissued == 1, "I3: given to the next agency twice", event, header->seq);
        needs(world, !taken || order->rung == RUNG_DECLINED,
              "I2: given to the next agency, and it has an answer", event, header->seq);
        needs(world, by != NULL && id_equal(by->reissue_of, order->id) && by->answer_by_ms > header->bus_ms,
              "I2: nothing takes its place", event, header->seq);
        if (by != NULL) {
            check_watch(world, by->id)->goes_on = true;
        }
        for (size_t i = 0; by != NULL && i < by->agents.n; i++) {
            needs(world, !words_have(order->agents, by->agents.at[i]), "I2: who was asked is asked again",
                  event, header->seq);
        }
        return;
    case EVENT_ABILITY_SHORT:
        world_struck(world, FAULT_NOBODY_ABLE, AGENTS);
        needs(world, !event->ability_short.unsaid, "I1: the words of an order are not to be found", event,
              header->seq);
        return;
    default:
        return;
    }
}

static bool is_outcome(const struct event *event)
{
    return event->kind == EVENT_ORDER_RECALLED || event->kind == EVENT_ORDER_EXPIRED ||
           (event->kind == EVENT_RUNG_REACHED && rung_is_outcome(event->rung.rung));
}

/* What is said of a merged incident concerns the one that survives. */
static void check_merged(struct world *world, const struct incident *incident, const struct event *event,
                         uint64_t seq)
{
    bool is_said = event->kind == EVENT_REPORT_FILED ||
                   (event->kind == EVENT_ORDER_ISSUED && id_is_zero(event->order_issued.reissue_of)) ||
                   (event->kind == EVENT_GRADED && id_is_zero(event->graded.from)) || /* on its way up */
                   event->kind == EVENT_LEVEL_SET ||
                   (event->kind == EVENT_INCIDENT_CLOSED && /* with the survivor it is */
                    incident_is_open(ties_survivor(world->check.fold, incident))) ||
                   (event->kind == EVENT_RULES_DUE && id_is_zero(event->order)) ||
                   event->kind == EVENT_INFORMATION_OVERDUE;

    needs(world, !is_said || !incident_is_merged(incident), "I3: of a merged incident", event, seq);
}

static void check_event(struct world *world, const struct event *event, const struct command *command,
                        const struct log_record *record)
{
    bool is_told = command_tells(command) != NULL;
    enum mode mode = command->mode;
    const struct log_header *header = &record->header;
    const struct incident *incident = state_incident(world->check.fold, event->incident);
    const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;
    struct watched *watched = order != NULL ? check_order(world, event->order) : NULL;

    if (event->kind == EVENT_CLOCK_SET) {
        check_clock_set(world, &event->clock_set, header);
    }
    if (world->options.country != NULL) {
        check_regions_event(world, incident, event, command, header);
    }
    if (incident != NULL && !(is_told && event->kind == EVENT_GRADED)) {
        check_rule(world, incident, event, header);
    }
    if (event->kind == EVENT_INFORMATION_OVERDUE && incident != NULL) {
        check_request(world, incident, event, header);
    }
    if (incident != NULL) {
        needs(world, incident->mode == mode, "I13: another mode", event, header->seq);
        if (!is_told) {
            check_merged(world, incident, event, header->seq);
        }
    }
    if (event->kind == EVENT_ACKNOWLEDGED && agent_number(world, event->acknowledged.agent) < AGENTS) {
        check_acknowledged(world, agent_number(world, event->acknowledged.agent), event->acknowledged.lane,
                           event->acknowledged.up_to_seq);
    }
    if (event->kind == EVENT_ORDER_ISSUED) {
        needs(world, order == NULL, "I3: issued twice", event, header->seq);
        watch_issued(world, event, mode, header->seq);
    }
    if (order == NULL || watched == NULL) {
        return;
    }
    if (!is_told) { /* of another region's order it is that region that is checked, and by its time */
        check_deadline(world, order, event, header);
        check_silence(world, incident, order, watched, event, header);
    }
    bool is_ours = !is_told || order->home[0] == '\0'; /* of another's order the copy follows what is told */
    if (is_ours && (event->kind == EVENT_RUNG_REACHED || is_outcome(event))) {
        needs(world, order_is_open(order), "I2: a second outcome", event, header->seq);
    }
    if (is_outcome(event)) {
        watched->outcome_seq = header->seq;
        watched->outcome_by_issuer = agent_number(world, header->author) == watched->issuer;
    }
}

/* A command of an agent that was taken: in time, rightful, in its author's order, once. */
static void check_decided(struct world *world, unsigned agent, uint64_t tag, const struct command *command,
                          const struct log_header *header)
{
    struct check *check = &world->check;
    const int64_t tolerance = 5 * 60 * 1000; /* as docs/operations.md has it */

    count_saying(world, tag, header->seq);
    if (command->kind != COMMAND_ACK && (command->issued_at_ms > header->bus_ms + tolerance ||
                                         command->expires_at_ms + tolerance < header->bus_ms)) {
        world_fail(world,
                   "I4: seq %" PRIu64 " is taken at %" PRId64 ", issued at %" PRId64 ", expired at %" PRId64,
                   header->seq, header->bus_ms, command->issued_at_ms, command->expires_at_ms);
    }
    if (tag == TAGS_MAX || world->failed) {
        return;
    }
    if (check->sayings[tag].forbidden) {
        world_fail(world, "I4: seq %" PRIu64 " takes what agent %u has no right to", header->seq, agent);
    }
    if (check->sayings[tag].forgotten) {
        return;
    }
    if (tag < check->last_tag[agent]) {
        world_fail(world, "lanes: tag %" PRIu64 " of agent %u comes after tag %" PRIu64, tag, agent,
                   check->last_tag[agent]);
    }
    check->last_tag[agent] = tag;
}

/* One record further: it is checked, and its events change the fold. */
bool check_record(struct world *world, const struct log_record *record)
{
    struct check *check = &world->check;
    struct routing routing = {world, record->header.seq};
    struct route_sink sink = {.ctx = &routing, .add = route_add, .recalled = route_recalled};
    struct record decoded;
    struct command command;
    struct err err;

    arena_reset(&check->arena);
    bool fine = wire_decode_record(record->payload, &check->arena, &decoded, &err) == 0;
    /* what cannot be read is kept as it came, for evidence, with its refusal */
    if (fine && wire_decode_command(decoded.signed_command.payload, &check->arena, &command, &err) < 0) {
        command = (struct command){.agent = ""};
        fine = decoded.refusal == REFUSED_INVALID && decoded.events_n == 0;
    }
    if (!fine) {
        world_fail(world, "I5: seq %" PRIu64 " cannot be read: %s", record->header.seq, err.text);
        return false;
    }
    uint64_t tag = check_tag(&command);
    world_trace(world, "log: seq %" PRIu64 " %s by %s, tag %" PRIu64 ": %s %s", record->header.seq,
                command_kind_name(command.kind), record->header.author, tag,
                decoded.refusal == REFUSED_NOT ? "decided" : refusal_word(decoded.refusal), decoded.detail);
    unsigned agent = agent_number(world, record->header.author);
    if (decoded.refusal != REFUSED_NOT && agent < AGENTS) {
        check->refused_logged[agent]++;
        world->options.tally->refusals++;
    } else if (decoded.refusal == REFUSED_NOT && agent < AGENTS) {
        check_decided(world, agent, tag, &command, &record->header);
    }
    if (command.kind == COMMAND_PASS_DEADLINES) {
        world->options.tally->deadlines++;
    }
    if (world->options.country != NULL) {
        check_regions_record(world, record, &decoded, &command);
    }
    for (size_t i = 0; i < decoded.events_n; i++) {
        check_event(world, &decoded.events[i], &command, record);
        if (evolve(check->fold, &decoded.events[i]) < 0) {
            abort();
        }
    }
    for (size_t i = 0; i < decoded.events_n; i++) { /* who is told follows from the whole record */
        route(check->fold, &decoded.events[i], record->header.author, &sink);
    }
    check->last_bus_ms = record->header.bus_ms;
    check->applied++;
    return true;
}

/* --- after it is written -------------------------------------------------------------------------- */

static void keep_hash(struct check *check, struct hash hash)
{
    if (check->head == check->capacity) {
        check->capacity = check->capacity == 0 ? 1024 : 2 * check->capacity;
        check->hashes = reallocarray(check->hashes, check->capacity, sizeof *check->hashes);
        if (check->hashes == NULL) {
            abort();
        }
    }
    check->hashes[check->head++] = hash;
}

bool check_hash(const struct world *world, uint64_t seq, struct hash hash)
{
    return seq >= 1 && seq <= world->check.head && hash_equal(world->check.hashes[seq - 1], hash);
}

/* Reads the log from after a seq to its end: what is known must be there as it was, what is new is taken. */
static void read_from(struct world *world, uint64_t after)
{
    struct check *check = &world->check;
    struct hash previous = after > 0 ? check->hashes[after - 1] : (struct hash){{0}};
    struct log_answer answer = {.more = true};
    struct arena arena;
    struct err err;

    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    while (answer.more && !world->failed) {
        struct log_query query = {.question = LOG_Q_RANGE, .after = after};
        arena_reset(&arena);
        if (log_read(world->broker.store, &query, &arena, &answer, &err) < 0) {
            world_fail(world, "I1: the log cannot be read: %s", err.text);
            break;
        }
        for (size_t i = 0; i < answer.rows_n && !world->failed; i++) {
            const struct log_record *record = &answer.rows[i].record;
            if (log_chain_check(previous, after + 1, record, &err) < 0) {
                world_fail(world, "I5: %s", err.text);
            } else if (after < check->head && !check_hash(world, after + 1, record->hash)) {
                world_fail(world, "I1: seq %" PRIu64 " is not what it was", after + 1);
            } else if (after == check->head) {
                keep_hash(check, record->hash);
                (void)check_record(world, record);
            }
            previous = record->hash;
            after++;
        }
    }
    arena_free(&arena);
    if (after < check->head) {
        world_fail(world, "I1: the log ends at %" PRIu64 ", and %" PRIu64 " was durable", after, check->head);
    }
}

void check_written(struct world *world)
{
    read_from(world, world->check.head);
}

void check_told(struct world *world, uint64_t first, uint64_t last)
{
    world->check.told_from = first;
    world->check.told_head = last;
}

void check_reopened(struct world *world)
{
    read_from(world, 0);
    world->check.taken_back = false;
    memset(world->check.turned_away, 0, sizeof world->check.turned_away);
    memset(world->check.refused_logged, 0, sizeof world->check.refused_logged);
    world->check.told_head = world->check.head;
    world->check.told_from = world->check.head + 1;
    if (log_get_head(world->broker.store).seq != world->check.head) {
        world_fail(world, "I5: the head is not the last record");
    }
}

/* --- in depth ------------------------------------------------------------------------------------- */

static bool fold_record(struct world *world, struct state *state, struct log_derived *derived,
                        const struct log_record *record)
{
    struct check *check = &world->check;
    struct record decoded;
    struct err err;

    arena_reset(&check->arena);
    if (wire_decode_record(record->payload, &check->arena, &decoded, &err) < 0) {
        world_fail(world, "I5: seq %" PRIu64 " cannot be read: %s", record->header.seq, err.text);
        return false;
    }
    for (size_t i = 0; i < decoded.events_n; i++) {
        if (evolve(state, &decoded.events[i]) < 0) {
            abort();
        }
    }
    check_derive(derived, state, &record->header, &decoded);
    return true;
}

void check_deep(struct world *world)
{
    struct state *state = state_new();
    struct log_derived *derived;
    struct log_answer answer = {.more = true};
    struct arena arena;
    struct buf now, anew;
    struct err err;
    uint64_t after = 0;

    if (log_derived_new(&derived, NULL) < 0) {
        abort();
    }
    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    while (answer.more && !world->failed && after < world->check.head) {
        struct log_query query = {.question = LOG_Q_RANGE, .after = after};
        arena_reset(&arena);
        if (log_read(world->broker.store, &query, &arena, &answer, &err) < 0) {
            break; /* it has failed, and the engine will hear of it */
        }
        for (size_t i = 0; i < answer.rows_n && fold_record(world, state, derived, &answer.rows[i].record);
             i++) {
            after = answer.rows[i].record.header.seq;
        }
    }
    buf_init(&now, 0);
    buf_init(&anew, 0);
    if (after == world->check.head && !world->failed) {
        state_dump(world->check.fold, &now);
        state_dump(state, &anew);
        if (strcmp(buf_text(&now), buf_text(&anew)) != 0) {
            world_fail(world, "I6: the log, read again from its beginning, gives another state");
        }
        check_tables(world, derived, state);
    }
    buf_free(&now);
    buf_free(&anew);
    arena_free(&arena);
    log_derived_free(derived);
    state_free(state);
}
