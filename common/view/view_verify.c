#include "common/view/view_verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/decide.h"
#include "common/view/view_verify_private.h"

enum { RECORD_MEMORY_KEPT = 256 * 1024, PROGRESS_RECORDS = 4096, RECORD_BYTES_MAX = 64 * 1024 * 1024 };

struct view_verifier *view_verifier_new(const uint8_t *root_key)
{
    struct view_verifier *verifier = calloc(1, sizeof *verifier);

    if (verifier == NULL) {
        return NULL;
    }
    verifier->view = view_new(&(struct view_options){.details = false});
    verifier->book = rule_book_new();
    verifier->root_key = root_key;
    arena_init(&verifier->arena, VIEW_RECORD_MEMORY);
    buf_init(&verifier->recorded, RECORD_BYTES_MAX);
    buf_init(&verifier->again, RECORD_BYTES_MAX);
    if (verifier->view == NULL || verifier->book == NULL ||
        arena_alloc(&verifier->arena, RECORD_MEMORY_KEPT) == NULL) {
        view_verifier_free(verifier);
        return NULL;
    }
    arena_reset(&verifier->arena);
    return verifier;
}

void view_verifier_free(struct view_verifier *verifier)
{
    struct author *author, *next;

    if (verifier == NULL) {
        return;
    }
    author = verifier->authors;
    HASH_CLEAR(hh, verifier->authors);
    for (; author != NULL; author = next) {
        next = author->hh.next;
        free(author);
    }
    free(verifier->hashes);
    buf_free(&verifier->recorded);
    buf_free(&verifier->again);
    arena_free(&verifier->arena);
    view_free(verifier->view);
    rule_book_free(verifier->book);
    log_derived_free(verifier->derived);
    log_derived_free(verifier->taken);
    free(verifier);
}

void view_verifier_find(struct view_verifier *verifier, uint64_t seq, const char *text)
{
    struct view_report *report = &verifier->report;

    report->bad++;
    if (report->bad_seq == 0 || (seq > 0 && seq < report->bad_seq)) {
        report->bad_seq = seq > 0 ? seq : 1; /* what is wrong with the whole is wrong from the beginning */
    }
    if (report->findings_n < VIEW_FINDINGS_KEPT) {
        struct view_finding *at = &report->findings[report->findings_n++];
        at->seq = seq;
        (void)text_escape_into(at->text, sizeof at->text, text, strlen(text));
    }
}

void view_verify_find(struct view_verifier *verifier, uint64_t seq, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    view_verifier_find(verifier, seq, text);
}

/* --- counters and witnesses ------------------------------------------------------------------- */

static int check_counter(struct view_verifier *verifier, uint64_t seq, const struct command *command)
{
    struct author *author;
    size_t n = strlen(command->agent);

    if (command->counter == 0) {
        if (command->kind != COMMAND_ACK && command->signer != SIGNER_ROOT &&
            command->signer != SIGNER_BROKER) {
            view_verify_find(verifier, seq, "%s gave a command without a counter", command->agent);
        }
        return 0;
    }
    HASH_FIND(hh, verifier->authors, command->agent, n, author);
    if (author != NULL) {
        if (command->counter <= author->counter) {
            view_verify_find(verifier, seq, "%s's counter goes from %llu to %llu", command->agent,
                             (unsigned long long)author->counter, (unsigned long long)command->counter);
        } else {
            author->counter = command->counter;
        }
        return 0;
    }
    author = malloc(sizeof *author + n + 1);
    if (author == NULL) {
        return ERR_NO_MEMORY;
    }
    memset(author, 0, sizeof *author);
    memcpy(author->name, command->agent, n + 1);
    author->counter = command->counter;
    HASH_ADD_KEYPTR(hh, verifier->authors, author->name, n, author);
    if (author->hh.tbl == NULL) {
        free(author);
        return ERR_NO_MEMORY;
    }
    return 0;
}

static int remember_hash(struct view_verifier *verifier, struct hash hash)
{
    if (verifier->hashes_n == verifier->hashes_capacity) {
        size_t capacity = verifier->hashes_capacity == 0 ? 1024 : verifier->hashes_capacity * 2;
        struct hash *grown = realloc(verifier->hashes, capacity * sizeof *grown);
        if (grown == NULL) {
            return ERR_NO_MEMORY;
        }
        verifier->hashes = grown;
        verifier->hashes_capacity = capacity;
    }
    verifier->hashes[verifier->hashes_n++] = hash;
    return 0;
}

/* What an agent says it has seen of the log must be in the log as it is now. */
static void check_witness(struct view_verifier *verifier, uint64_t seq, const struct command *command)
{
    static const struct hash none;
    const struct ack *ack = &command->ack;
    struct hash seen;

    if (ack->up_to_seq >= seq || ack->head_seq >= seq) {
        view_verify_find(verifier, seq, "%s acknowledges record %llu, which was not yet written",
                         command->agent,
                         (unsigned long long)(ack->up_to_seq >= seq ? ack->up_to_seq : ack->head_seq));
        return;
    }
    memcpy(seen.b, ack->head_hash, sizeof seen.b);
    if (ack->head_seq == 0 || ack->head_seq > verifier->hashes_n || hash_equal(seen, none)) {
        return; /* it says nothing */
    }
    if (hash_equal(seen, verifier->hashes[ack->head_seq - 1])) {
        verifier->report.acks++;
    } else {
        view_verify_find(verifier, seq, "%s has seen another record %llu than the one here", command->agent,
                         (unsigned long long)ack->head_seq);
    }
}

/* --- deciding again --------------------------------------------------------------------------- */

/* What is refused before anything is decided, by what the broker alone knew then. */
static bool is_refused_early(enum refusal refusal)
{
    return refusal <= REFUSED_IDENTITY || refusal == REFUSED_SIGNATURE || refusal == REFUSED_STALE ||
           refusal == REFUSED_CONFLICT || refusal == REFUSED_TOO_MANY;
}

static bool same_events(struct view_verifier *verifier, const struct record *record,
                        const struct decision *decision)
{
    struct record again = *record;

    again.events = decision->events;
    again.events_n = decision->events_n;
    buf_reset(&verifier->recorded);
    buf_reset(&verifier->again);
    wire_encode_record(record, &verifier->recorded);
    wire_encode_record(&again, &verifier->again);
    return !verifier->recorded.failed && !verifier->again.failed &&
           verifier->recorded.n == verifier->again.n &&
           memcmp(verifier->recorded.p, verifier->again.p, verifier->again.n) == 0;
}

static int decide_again(struct view_verifier *verifier, const struct view_record *record)
{
    const struct region *region = state_region(view_state(verifier->view));
    const struct record *recorded = &record->record;
    struct env env = {.now_ms = record->header.bus_ms,
                      .utc_ms = record->header.utc_ms,
                      .region = region->code,
                      .epoch = record->header.epoch,
                      .rules = rule_book_rules(verifier->book)};
    struct decision decision;
    uint64_t seq = record->header.seq;

    if (verifier->report.marked ||
        (recorded->refusal != REFUSED_NOT && is_refused_early(recorded->refusal))) {
        return 0; /* what it was decided on is not all here */
    }
    if (region->code[0] == '\0' && record->command.kind == COMMAND_FOUND_REGION) {
        env.region = record->command.found_region.region;
    }
    int result = decide(view_state(verifier->view), &record->command, &env, &verifier->arena, &decision);
    if (result < 0) {
        return result;
    }
    if (decision.refusal != recorded->refusal) {
        view_verify_find(verifier, seq, "decided again, %s is %s%s, recorded as %s%s",
                         command_kind_name(record->command.kind),
                         decision.refusal == REFUSED_NOT ? "" : "refused for ",
                         decision.refusal == REFUSED_NOT ? "allowed" : refusal_word(decision.refusal),
                         recorded->refusal == REFUSED_NOT ? "" : "refused for ",
                         recorded->refusal == REFUSED_NOT ? "allowed" : refusal_word(recorded->refusal));
    } else if (recorded->refusal == REFUSED_NOT && !same_events(verifier, recorded, &decision)) {
        view_verify_find(verifier, seq, "decided again, %s gives other events than the %zu recorded",
                         command_kind_name(record->command.kind), recorded->events_n);
    } else {
        verifier->report.decided_again++;
    }
    return 0;
}

/* --- records ---------------------------------------------------------------------------------- */

/* Refused before anybody's signature was found good; the header then bears no counter. */
static bool is_of_unknown_author(const struct view_record *record)
{
    enum refusal refusal = record->record.refusal;

    return !record->has_command || refusal == REFUSED_SIGNATURE || refusal == REFUSED_IDENTITY ||
           (refusal == REFUSED_INVALID && record->header.counter == 0);
}

/* An epoch ends by a recovery that names the last record of it, and in no other way. */
static void check_epoch(struct view_verifier *verifier, const struct view_record *record)
{
    const struct log_header *header = &record->header;
    const struct log_head *last = &verifier->report.head;
    const struct recover *recover = &record->command.recover;
    unsigned long long epoch = (unsigned long long)header->epoch;
    bool is_recovery = record->has_command && record->record.refusal == REFUSED_NOT &&
                       record->command.kind == COMMAND_RECOVER;

    if (header->epoch == last->epoch || last->seq == 0) {
        if (is_recovery) {
            view_verify_find(verifier, header->seq, "a recovery that does not raise the epoch");
        }
        return;
    }
    if (record->redacted && header->kind == COMMAND_RECOVER && header->epoch == last->epoch + 1) {
        return;
    }
    if (!is_recovery || header->epoch != last->epoch + 1) {
        view_verify_find(verifier, header->seq, "the epoch goes from %llu to %llu without a recovery",
                         (unsigned long long)last->epoch, epoch);
    } else if (recover->epoch != last->epoch || recover->seq != last->seq ||
               memcmp(recover->hash, last->hash.b, sizeof recover->hash) != 0) {
        view_verify_find(verifier, header->seq,
                         "the recovery goes on from another record than the one before");
    } else {
        verifier->report.recoveries++;
    }
}

/* The head that an agent has shown must be the broker's, or nothing was proved. */
static void check_loss(struct view_verifier *verifier, uint64_t seq, const struct note_loss *noted)
{
    const struct region *region = state_region(view_state(verifier->view));
    struct signed_head head = {
        .present = true, .region = region->code, .epoch = noted->epoch, .seq = noted->seq};
    struct public_key broker;

    memcpy(broker.b, region->broker_sign_key, sizeof broker.b);
    memcpy(head.hash.b, noted->hash, sizeof head.hash.b);
    memcpy(head.signature.b, noted->signature, sizeof head.signature.b);
    if (!signed_head_verify(&broker, &head)) {
        view_verify_find(verifier, seq, "the head that %s has shown is not signed by the broker",
                         noted->agent);
    } else if (noted->seq <= verifier->hashes_n && noted->seq > 0 &&
               hash_equal(head.hash, verifier->hashes[noted->seq - 1])) {
        view_verify_find(verifier, seq, "the record %llu that %s has seen is not lost: it is here",
                         (unsigned long long)noted->seq, noted->agent);
    } else {
        verifier->report.losses++;
    }
}

static void check_header(struct view_verifier *verifier, const struct view_record *record)
{
    const struct log_header *header = &record->header;
    const struct command *command = &record->command;
    const char *author = header->author != NULL ? header->author : "";
    uint8_t outcome = record->record.refusal == REFUSED_NOT ? LOG_DECIDED : LOG_REFUSED;

    if (header->bus_ms < verifier->report.head.bus_ms) {
        view_verify_find(verifier, header->seq, "bus time goes back");
    }
    if (header->outcome != outcome) {
        view_verify_find(verifier, header->seq, "the header's outcome is not the record's");
    }
    if (!record->has_command) {
        return;
    }
    if (header->kind != (uint32_t)command->kind) {
        view_verify_find(verifier, header->seq, "the header names command %u, the record holds %u",
                         header->kind, (unsigned)command->kind);
    }
    if (is_of_unknown_author(record)) {
        return;
    }
    if (author[0] != '\0' && (strcmp(author, command->agent) != 0 || header->counter != command->counter)) {
        view_verify_find(verifier, header->seq,
                         "the header names another author or counter than the command");
    }
}

static int check_command(struct view_verifier *verifier, struct view_record *record)
{
    enum refusal refusal = record->record.refusal;
    struct command *command = &record->command;
    uint64_t seq = record->header.seq;

    if (is_of_unknown_author(record)) {
        verifier->report.unsigned_refusals++;
        return 0;
    }
    view_verify_signatures(verifier, seq, &record->record.signed_command, command);
    view_verify_said_again(verifier, seq, command);
    int result = check_counter(verifier, seq, command);
    if (result == 0 && command->kind == COMMAND_ACK && refusal == REFUSED_NOT) {
        check_witness(verifier, seq, command);
    }
    if (command->kind == COMMAND_NOTE_LOSS && refusal == REFUSED_NOT) {
        check_loss(verifier, seq, &command->note_loss);
    }
    if (result == 0 && command->kind == COMMAND_FOUND_REGION && refusal == REFUSED_NOT &&
        verifier->root_key != NULL &&
        memcmp(verifier->root_key, command->found_region.root_key, KEY_BYTES) != 0) {
        view_verify_find(verifier, seq, "the region was founded with another root key than the one given");
    }
    if (result == 0 && record->record.unknown_events == 0) {
        result = decide_again(verifier, record);
    }
    return result;
}

static bool is_enrolment(uint32_t kind)
{
    return kind == COMMAND_FOUND_REGION || kind == COMMAND_ENROL_AGENT || kind == COMMAND_ENROL_OPERATOR;
}

static int check_record(struct view_verifier *verifier, const struct log_record *from, struct err *err)
{
    struct view_record record;
    struct err why;
    uint64_t seq = from->header.seq;

    int result = view_record_decode(from, true, &verifier->arena, &record, &why);
    if (result == ERR_NO_MEMORY) {
        return err_set(err, result, "%s", why.text);
    }
    if (result < 0) {
        view_verify_find(verifier, seq, "%s", why.text);
        verifier->report.marked = true;
        return 0;
    }
    check_epoch(verifier, &record);
    if (record.redacted) {
        verifier->report.marked = true;
        verifier->enrolment_redacted = verifier->enrolment_redacted || is_enrolment(from->header.kind);
    } else {
        check_header(verifier, &record);
        result = check_command(verifier, &record);
        verifier->report.marked = verifier->report.marked || record.record.unknown_events > 0;
    }
    if (result == 0) {
        result = view_apply(verifier->view, &record, NULL);
    }
    return result < 0 ? err_set(err, result, "out of memory") : view_verify_derive(verifier, &record, err);
}

int view_verifier_record(struct view_verifier *verifier, const struct log_record *record, struct err *err)
{
    int result = check_record(verifier, record, err);

    if (result == 0 && remember_hash(verifier, record->hash) < 0) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    verifier->report.head = (struct log_head){.seq = record->header.seq,
                                              .epoch = record->header.epoch,
                                              .hash = record->hash,
                                              .bus_ms = record->header.bus_ms};
    arena_reset(&verifier->arena);
    return result;
}

int view_verifier_end(struct view_verifier *verifier, struct view_report *ret, struct err *err)
{
    struct view_report *report = &verifier->report;
    const struct region *region = state_region(view_state(verifier->view));
    struct view_counts counts = view_counts(verifier->view);
    struct buf dump;

    buf_init(&dump, 0);
    state_dump(view_state(verifier->view), &dump);
    if (dump.failed) {
        buf_free(&dump);
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    report->state_hash = hash_bytes(dump.p, dump.n);
    buf_free(&dump);
    report->records = verifier->hashes_n;
    report->refused = counts.refused;
    report->redacted = counts.redacted;
    report->unknown_events = counts.unknown_events;
    report->authors = HASH_COUNT(verifier->authors);
    report->founded = region->code[0] != '\0';
    (void)snprintf(report->region, sizeof report->region, "%s", region->code);
    memcpy(report->root_key, region->root_key, KEY_BYTES);
    memcpy(report->broker_key, region->broker_sign_key, KEY_BYTES);
    if (report->records > 0 && !report->founded && !verifier->enrolment_redacted) {
        view_verify_find(verifier, 1, "the log does not begin with a founding");
    }
    *ret = *report;
    return 0;
}

/* --- a whole log ------------------------------------------------------------------------------ */

struct walk {
    struct view_verifier *verifier;
    const struct view_progress *progress;
    uint64_t done;
};

static int visit(void *ctx, const struct log_record *record, struct err *err)
{
    struct walk *walk = ctx;

    if (++walk->done % PROGRESS_RECORDS == 0 && walk->progress != NULL) {
        walk->progress->done(walk->progress->ctx, walk->done);
    }
    return view_verifier_record(walk->verifier, record, err);
}

int view_verify(struct log_reader *reader, const uint8_t *root_key, const struct view_progress *progress,
                struct view_report *ret, struct err *err)
{
    const struct log_facts *facts = log_reader_facts(reader);
    struct view_verifier *verifier = view_verifier_new(root_key);
    struct walk walk = {.verifier = verifier, .progress = progress};
    struct err why = {.code = 0};
    uint64_t bad_seq = 0;

    if (verifier == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    int result = facts->is_copy ? 0 : view_verify_tables_begin(verifier, reader, &why);
    if (result == 0) {
        result = log_reader_verify(reader, visit, &walk, &bad_seq, &why);
    }
    if (progress != NULL) {
        progress->done(progress->ctx, walk.done);
    }
    if (result == ERR_CORRUPT) {
        view_verifier_find(verifier, bad_seq, why.text);
        verifier->report.broken = true;
        result = 0;
    }
    if (result == 0) {
        result = view_verify_tables(verifier, reader, &why);
    }
    if (result == 0) {
        verifier->report.live = facts->live;
        verifier->report.is_copy = facts->is_copy;
        verifier->report.slots_present = facts->slots_present;
        verifier->report.slot_seq = facts->slot.seq;
        result = view_verifier_end(verifier, ret, &why);
    }
    if (result < 0) {
        err_set(err, result, "%s", why.text);
    }
    view_verifier_free(verifier);
    return result;
}
