#include "tests/unit/view_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/decide.h"
#include "common/core/derive.h"
#include "common/core/evolve.h"
#include "common/crypto/crypto.h"

enum { FX_ROWS_MAX = 64 };

static void fill(void *ctx, void *p, size_t n)
{
    struct fixture *fx = ctx;
    uint8_t *bytes = p;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = fx->random++;
    }
}

/* Everybody's key follows from the name. */
static struct sign_key key_of(const char *name)
{
    struct hash seed = hash_bytes(name, strlen(name));
    struct sign_key key;

    sign_key_from_seed(seed.b, &key);
    return key;
}

void fx_begin(struct fixture *fx, struct log_store *store)
{
    assert_int_equal(crypto_init(), 0);
    assert_non_null(store);
    *fx = (struct fixture){.store = store, .now_ms = FX_START_MS, .step_ms = 1000, .epoch = 1};
    fx->state = state_new();
    assert_non_null(fx->state);
    arena_init(&fx->arena, 16 * 1024 * 1024);
}

void fx_end(struct fixture *fx)
{
    state_free(fx->state);
    arena_free(&fx->arena);
    log_close(fx->store);
}

struct id fx_id(uint8_t n)
{
    struct id id = {{0}};

    for (int i = 0; i < ID_BYTES; i++) {
        id.b[i] = (uint8_t)(n + i);
    }
    id.b[0] = 1;
    return id;
}

static uint64_t *counter_of(struct fixture *fx, const char *agent)
{
    static const char *const names[] = {FX_CENTRE, FX_STATION, FX_OTHER, FX_HEALTH, "broker"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(agent, names[i]) == 0) {
            return &fx->counters[i];
        }
    }
    return NULL;
}

static void sign_command(struct fixture *fx, const struct command *command, struct signed_command *ret)
{
    const char *signer = command->kind >= COMMAND_PASS_DEADLINES ? "broker"
                                                                 : command->operator[0] != '\0'
                             ? command->operator: command->agent[0] != '\0' ? command->agent : "root";
    struct rng rng = {.ctx = fx, .fill = fill};
    struct sign_key key = key_of(signer);

    assert_int_equal(sign_batch(&key, &rng, ret, 1), 0);
    ret->signatures[0].signer = "";
    if (command->cosigner != NULL && command->cosigner[0] != '\0') {
        struct sign_key second = key_of(command->cosigner);
        assert_int_equal(sign_again(&second, command->cosigner, ret), 0);
    }
    if (fx->tamper_signature > 0) {
        ret->signatures[fx->tamper_signature - 1].signature.b[7] ^= 1;
    }
}

/* What a broker's tables would say of the record. */
struct rows {
    struct log_index at[FX_ROWS_MAX];
    size_t n;
    struct arena texts;
};

static void add_row(void *ctx, const struct derived *row)
{
    static const enum log_index_op ops[] = {[DERIVED_TOUCH] = LOG_TOUCH,
                                            [DERIVED_OUTBOX] = LOG_OUTBOX,
                                            [DERIVED_TOMBSTONE] = LOG_TOMBSTONE,
                                            [DERIVED_CURSOR] = LOG_CURSOR};
    struct rows *rows = ctx;

    assert_true(rows->n < FX_ROWS_MAX);
    rows->at[rows->n++] = (struct log_index){.op = ops[row->kind],
                                             .lane = (uint8_t)row->lane,
                                             .name = arena_strdup(&rows->texts, row->name),
                                             .item = arena_strdup(&rows->texts, row->item),
                                             .number = row->number};
}

static void add_rows(const struct fixture *fx, const char *author, const struct record *record,
                     struct rows *rows)
{
    arena_init(&rows->texts, 1024 * 1024);
    derive_rows(fx->state, record->events, record->events_n, author, add_row, rows);
    for (size_t i = 0; i < record->events_n; i++) {
        const struct incident *incident = state_incident(fx->state, record->events[i].incident);
        char name[STREAM_NAME_MAX];
        if (incident == NULL) {
            continue;
        }
        bool is_live = incident_is_live(incident);
        char *copy = arena_strdup(&rows->texts, stream_of_incident(incident->id, name));
        assert_true(rows->n + 2 <= FX_ROWS_MAX);
        rows->at[rows->n++] = (struct log_index){.op = is_live ? LOG_OPEN : LOG_CLOSE, .name = copy};
        if (is_live) {
            rows->at[rows->n++] =
                (struct log_index){.op = LOG_DUE, .name = copy, .number = (uint64_t)incident_due(incident)};
        }
    }
}

static void append(struct fixture *fx, const struct command *command, const struct record *record,
                   uint64_t *ret_seq)
{
    struct buf payload;
    struct log_entry entry = {0};
    struct rows rows = {.n = 0};
    struct err err;

    add_rows(fx, command->agent, record, &rows);
    entry.index = rows.at;
    entry.index_n = rows.n;
    buf_init(&payload, 0);
    wire_encode_record(record, &payload);
    assert_false(payload.failed);
    entry.record.payload = buf_bytes(&payload);
    entry.record.header =
        (struct log_header){.epoch = fx->epoch,
                            .kind = (uint32_t)command->kind,
                            .outcome = record->refusal == REFUSED_NOT ? LOG_DECIDED : LOG_REFUSED,
                            .bus_ms = fx->now_ms,
                            .utc_ms = fx->now_ms,
                            .occurred_ms = command->occurred_at_ms,
                            .author = command->agent,
                            .counter = command->counter};
    int result = log_append(fx->store, log_get_head(fx->store).seq, &entry, 1, &err);
    if (result < 0) {
        fail_msg("%s", err.text);
    }
    *ret_seq = entry.record.header.seq;
    arena_free(&rows.texts);
    buf_free(&payload);
}

static void tamper(struct decision *decision)
{
    assert_true(decision->events_n > 0);
    decision->events[0].at_ms += 1;
}

uint64_t fx_say(struct fixture *fx, struct command *command)
{
    struct env env = {.now_ms = fx->now_ms += fx->step_ms,
                      .utc_ms = fx->now_ms,
                      .region = FX_REGION,
                      .epoch = fx->epoch,
                      .rules = fx->rules};
    struct signed_command signed_command = {.batch_size = 0};
    struct decision decision;
    struct buf payload;
    uint64_t seq = 0;
    bool own = command->kind >= COMMAND_PASS_DEADLINES;

    command->region = FX_REGION;
    command->epoch = fx->epoch;
    command->mode = command->mode != MODE_NONE ? command->mode : MODE_ACTUAL;
    command->agent = own ? "broker" : command->agent != NULL ? command->agent : "";
    command->operator= command->operator!= NULL ? command->operator: "";
    command->cosigner = command->cosigner != NULL ? command->cosigner : "";
    command->issued_at_ms = fx->now_ms;
    command->expires_at_ms = command->agent[0] != '\0' ? fx->now_ms + 60000 : 0;
    uint64_t *counter = counter_of(fx, command->agent);
    if (counter != NULL && command->kind != COMMAND_ACK && command->counter == 0) {
        command->counter = ++*counter;
    }
    command->signer = own                            ? SIGNER_BROKER
                      : command->operator[0] != '\0' ? SIGNER_OPERATOR
                      : command->agent[0] != '\0'    ? SIGNER_AGENT
                                                     : SIGNER_ROOT;
    buf_init(&payload, 0);
    wire_encode_command(command, &payload);
    assert_false(payload.failed);
    signed_command.payload = buf_bytes(&payload);
    sign_command(fx, command, &signed_command);
    assert_int_equal(decide(fx->state, command, &env, &fx->arena, &decision), 0);
    if (decision.refusal != REFUSED_NOT || decision.events_n > 0) {
        if (fx->tamper_events) {
            tamper(&decision);
        }
        struct record record = {.signed_command = signed_command,
                                .events = decision.events,
                                .events_n = decision.events_n,
                                .refusal = decision.refusal,
                                .detail = decision.detail};
        for (size_t i = 0; i < decision.events_n; i++) {
            assert_int_equal(evolve(fx->state, &decision.events[i]), 0);
        }
        append(fx, command, &record, &seq);
    }
    buf_free(&payload);
    arena_reset(&fx->arena);
    return seq;
}

static void enrol(struct fixture *fx, enum command_kind kind, const char *name, const char *const *rights)
{
    struct command command = {.kind = kind, .enrol = {.name = name}};
    struct sign_key key = key_of(name);
    size_t n = 0;

    while (rights[n] != NULL) {
        n++;
    }
    command.enrol.rights = (struct words){rights, n};
    memcpy(command.enrol.sign_key, key.public.b, KEY_BYTES);
    if (kind == COMMAND_ENROL_AGENT) {
        struct hash curve = hash_bytes(key.public.b, KEY_BYTES);
        memcpy(command.enrol.curve_key, curve.b, KEY_BYTES);
    }
    assert_int_not_equal(fx_say(fx, &command), 0);
}

void fx_found(struct fixture *fx)
{
    static const char *const centre[] = {"centre",   "report", "order",   "recall", "close",
                                         "evacuate", "watch",  "history", "admin",  NULL};
    static const char *const agency[] = {"receipt", "units", "report", NULL};
    static const char *const person[] = {"order", "report", "recall", "close", "evacuate", "level", NULL};
    static const char *required[] = {"substance"};
    static const char *needs[] = {"scba"};
    static const struct kind_policy kinds[] = {{.kind = "hazardous-chemical",
                                                .required = {required, 1},
                                                .ask_within_ms = 600000,
                                                .needs = {NULL, 0}}};
    static const struct substance_policy substances[] = {
        {.substance = "carbon-monoxide", .needs = {needs, 1}}};
    struct sign_key root = key_of("root"), broker = key_of("broker");
    struct command command = {
        .kind = COMMAND_FOUND_REGION,
        .found_region = {.region = FX_REGION, .name = "历下区", .parent = "", .utc_offset_minutes = 480}};

    memcpy(command.found_region.root_key, root.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_sign_key, broker.public.b, KEY_BYTES);
    memset(command.found_region.broker_curve_key, 7, KEY_BYTES);
    assert_int_equal(fx_say(fx, &command), 1);
    command = (struct command){
        .kind = COMMAND_SET_POLICY,
        .set_policy = {
            .kinds = kinds, .kinds_n = 1, .substances = substances, .substances_n = 1, .version = "2026-1"}};
    assert_int_equal(fx_say(fx, &command), 2);
    enrol(fx, COMMAND_ENROL_AGENT, FX_CENTRE, centre);
    enrol(fx, COMMAND_ENROL_AGENT, FX_STATION, agency);
    enrol(fx, COMMAND_ENROL_AGENT, FX_OTHER, agency);
    enrol(fx, COMMAND_ENROL_AGENT, FX_HEALTH, agency);
    enrol(fx, COMMAND_ENROL_OPERATOR, "zhang.wei", person);
    enrol(fx, COMMAND_ENROL_OPERATOR, "li.na", person);
}

uint64_t fx_recover(struct fixture *fx, struct log_head from)
{
    struct command command = {.kind = COMMAND_RECOVER,
                              .recover = {.epoch = fx->epoch, .seq = from.seq, .reason = "the disk is gone"}};

    memcpy(command.recover.hash, from.hash.b, sizeof command.recover.hash);
    fx->epoch++;
    return fx_say(fx, &command);
}

uint64_t fx_note_loss(struct fixture *fx, const char *agent, uint64_t epoch, uint64_t seq, struct hash hash,
                      const char *signer)
{
    struct sign_key key = key_of(signer);
    struct signed_head head = {.region = FX_REGION, .epoch = epoch, .seq = seq, .hash = hash};
    struct command command = {.kind = COMMAND_NOTE_LOSS,
                              .note_loss = {.agent = agent, .epoch = epoch, .seq = seq}};

    signed_head_sign(&key, &head);
    memcpy(command.note_loss.hash, hash.b, sizeof command.note_loss.hash);
    memcpy(command.note_loss.signature, head.signature.b, sizeof command.note_loss.signature);
    return fx_say(fx, &command);
}

uint64_t fx_report(struct fixture *fx, struct id incident, enum mode mode, const struct facts *facts,
                   enum report_kind kind, const char *text)
{
    struct command command = {
        .kind = COMMAND_FILE_REPORT,
        .agent = FX_CENTRE,
        .mode = mode,
        .file_report = {
            .incident = incident, .kind = kind, .facts = *facts, .text = text, .signed_off_by = ""}};

    return fx_say(fx, &command);
}

uint64_t fx_order(struct fixture *fx, struct id incident, struct id order, const char *addressee,
                  enum mode mode, const char *text, struct id reissue_of)
{
    struct new_order issued = {.order = order,
                               .kind = "dispatch",
                               .addressee = addressee,
                               .text = text,
                               .answer_by_ms = fx->now_ms + 120000,
                               .expires_at_ms = fx->now_ms + 600000,
                               .reissue_of = reissue_of};
    struct command command = {.kind = COMMAND_ISSUE_ORDERS,
                              .agent = FX_CENTRE,
                              .operator= "zhang.wei",
                              .cosigner = "li.na",
                              .mode = mode,
                              .issue_orders = {.incident = incident, .orders = &issued, .orders_n = 1}};

    return fx_say(fx, &command);
}

uint64_t fx_receipt(struct fixture *fx, struct id incident, struct id order, const char *agent,
                    enum mode mode, enum rung rung, const char *text)
{
    static const char *units[] = {"E32", "T1"};
    struct command command = {
        .kind = COMMAND_GIVE_RECEIPT,
        .agent = agent,
        .mode = mode,
        .give_receipt = {.incident = incident, .order = order, .rung = rung, .text = text}};

    if (rung == RUNG_ACCEPTED) {
        command.give_receipt.units = (struct words){units, 2};
    }
    return fx_say(fx, &command);
}

static bool first_row(struct fixture *fx, uint64_t after, struct arena *arena, struct log_record *ret)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = after, .records_max = 1};
    struct log_answer answer;
    struct err err;

    assert_int_equal(log_read(fx->store, &query, arena, &answer, &err), 0);
    if (answer.rows_n == 0) {
        return false;
    }
    *ret = answer.rows[0].record;
    return true;
}

uint64_t fx_ack(struct fixture *fx, const char *agent, enum lane lane, uint64_t up_to)
{
    struct command command = {
        .kind = COMMAND_ACK, .agent = agent, .ack = {.lane = lane, .up_to_seq = up_to, .head_seq = up_to}};
    struct log_record record;
    struct arena arena;

    arena_init(&arena, 4 * 1024 * 1024);
    if (up_to > 0 && first_row(fx, up_to - 1, &arena, &record)) {
        memcpy(command.ack.head_hash, record.hash.b, sizeof command.ack.head_hash);
    }
    arena_free(&arena);
    return fx_say(fx, &command);
}

uint64_t fx_pass(struct fixture *fx, struct id incident)
{
    char text[ID_TEXT], stream[64];
    struct command command = {.kind = COMMAND_PASS_DEADLINES};

    (void)snprintf(stream, sizeof stream, "incident/%s", id_format(incident, text));
    command.pass_deadlines = (struct pass_deadlines){.stream = stream, .at_ms = fx->now_ms};
    return fx_say(fx, &command);
}

void fx_story(struct fixture *fx)
{
    struct facts facts = facts_none();
    struct id none = {{0}}, fire = fx_id(10), drill = fx_id(20);

    fx_found(fx);
    facts.kind = "hazardous-chemical";
    facts.title = "Gas in a \"generator\" room";
    facts.place = "plant 4,\nroom 2";
    fx_report(fx, fire, MODE_ACTUAL, &facts, REPORT_INITIAL, "one man down");
    uint64_t issued = fx_order(fx, fire, fx_id(11), "370102/fire-rescue", MODE_ACTUAL, "go now", none);
    fx_ack(fx, FX_STATION, LANE_ORDERS, issued);
    fx_receipt(fx, fire, fx_id(11), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    facts = facts_none();
    facts.substance = "carbon-monoxide";
    facts.casualties.dead = 1;
    fx_report(fx, fire, MODE_ACTUAL, &facts, REPORT_FOLLOW_UP, "");
    fx_receipt(fx, fire, fx_id(11), FX_STATION, MODE_ACTUAL, RUNG_ON_SCENE, "");
    fx_order(fx, fire, fx_id(12), FX_HEALTH, MODE_ACTUAL, "two stretchers", none);
    fx_receipt(fx, fire, fx_id(12), FX_HEALTH, MODE_ACTUAL, RUNG_DECLINED, "no crew");
    fx_order(fx, fire, fx_id(13), FX_HEALTH, MODE_ACTUAL, "one stretcher", fx_id(12));
    struct command recall = {.kind = COMMAND_RECALL_ORDER,
                             .agent = FX_CENTRE,
                             .operator= "zhang.wei",
                             .recall_order = {.incident = fire, .order = fx_id(13), .reason = "not needed"}};
    fx_say(fx, &recall);
    fx_ack(fx, FX_HEALTH, LANE_ORDERS, log_get_head(fx->store).seq);
    fx_receipt(fx, fire, fx_id(99), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    facts = facts_none();
    facts.title = "drill";
    fx_report(fx, drill, MODE_EXERCISE, &facts, REPORT_INITIAL, "");
    fx_order(fx, drill, fx_id(21), FX_OTHER, MODE_EXERCISE, "as if", none);
    fx->now_ms += 300000;
    fx_pass(fx, drill);
}

void fx_each(struct fixture *fx, void (*visit)(void *ctx, const struct log_record *record), void *ctx)
{
    struct arena arena;
    struct log_record record;

    arena_init(&arena, 4 * 1024 * 1024);
    for (uint64_t seq = 0; first_row(fx, seq, &arena, &record); seq++) {
        visit(ctx, &record);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static void take(void *ctx, const struct log_record *record)
{
    struct err err;

    if (view_take(ctx, record, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

void fx_fold(struct fixture *fx, struct view *view)
{
    fx_each(fx, take, view);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static const char *value(const char *p, const char *end, int depth);

static const char *string(const char *p, const char *end)
{
    if (p == NULL || p == end || *p++ != '"') {
        return NULL;
    }
    for (; p < end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20) {
            return NULL;
        }
        if (*p == '\\' && ++p < end && strchr("\"\\/bfnrtu", *p) == NULL) {
            return NULL;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *members(const char *p, const char *end, int depth, char close)
{
    if (p < end && *p == close) {
        return p + 1;
    }
    while (p != NULL && p < end) {
        if (close == '}') {
            p = string(p, end);
            if (p == NULL || p == end || *p++ != ':') {
                return NULL;
            }
        }
        p = value(p, end, depth + 1);
        if (p == NULL || p == end) {
            return NULL;
        }
        if (*p == close) {
            return p + 1;
        }
        if (*p++ != ',') {
            return NULL;
        }
    }
    return NULL;
}

static const char *value(const char *p, const char *end, int depth)
{
    if (p == NULL || p >= end || depth > 16) {
        return NULL;
    }
    if (*p == '"') {
        return string(p, end);
    }
    if (*p == '{' || *p == '[') {
        return members(p + 1, end, depth, *p == '{' ? '}' : ']');
    }
    size_t n = strspn(p, "-0123456789.");
    if (n > 0) {
        return p + n;
    }
    return strncmp(p, "true", 4) == 0    ? p + 4
           : strncmp(p, "false", 5) == 0 ? p + 5
           : strncmp(p, "null", 4) == 0  ? p + 4
                                         : NULL;
}

bool fx_is_json(const char *text, size_t n)
{
    return value(text, text + n, 0) == text + n;
}
