#include "common/view/view_copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log_chain.h"
#include "common/log/log_sqlite.h"
#include "common/view/view_witness.h"

/* A batch, one more record at its limit, and the authors. */
enum { BATCH_MEMORY = 2 * LOG_PAYLOAD_MAX + VIEW_COPY_BATCH_BYTES, READ_MEMORY = 4 * LOG_PAYLOAD_MAX };

struct view_copy {
    char *folder;
    struct log_store *store;
    struct log_head head; /* with what is gathered */
    struct log_entry entries[VIEW_COPY_BATCH];
    size_t entries_n;
    size_t bytes;
    struct arena arena; /* of the entries */
    struct witness witness;
    struct witness ahead; /* signed, and not come yet; seq 0: none */
    bool unkept;          /* the witness is newer than its file */
    bool failed;
};

/* --- what is here already ----------------------------------------------------------------------- */

static int hash_of(struct view_copy *copy, uint64_t seq, struct hash *ret, struct err *err)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = seq - 1, .records_max = 1};
    struct log_answer answer;
    struct arena arena;

    if (seq == copy->head.seq) {
        *ret = copy->head.hash;
        return 0;
    }
    for (size_t i = 0; i < copy->entries_n; i++) {
        if (copy->entries[i].record.header.seq == seq) {
            *ret = copy->entries[i].record.hash;
            return 0;
        }
    }
    arena_init(&arena, READ_MEMORY);
    int result = log_read(copy->store, &query, &arena, &answer, err);
    if (result == 0 && (answer.rows_n == 0 || answer.rows[0].record.header.seq != seq)) {
        result = err_set(err, ERR_CORRUPT, "%s: record %" PRIu64 " is missing", copy->folder, seq);
    }
    if (result == 0) {
        *ret = answer.rows[0].record.hash;
    }
    arena_free(&arena);
    return result;
}

/* The head that the broker signed for the copy says how far the copy had come. */
static int check_witness(struct view_copy *copy, struct err *err)
{
    struct hash held;
    int result = 0;

    if (copy->witness.seq > copy->head.seq) {
        return err_set(err, ERR_CORRUPT,
                       "%s ends at record %" PRIu64 " and had %" PRIu64
                       " once: it has lost its tail; take it anew",
                       copy->folder, copy->head.seq, copy->witness.seq);
    }
    if (copy->witness.seq > 0) {
        result = hash_of(copy, copy->witness.seq, &held, err);
        if (result == 0 && !hash_equal(held, copy->witness.hash)) {
            result = err_set(err, ERR_CORRUPT,
                             "%s: record %" PRIu64
                             " is another than the broker signed; muster verify %s says more",
                             copy->folder, copy->witness.seq, copy->folder);
        }
    }
    return result;
}

static int compare(struct view_copy *copy, uint64_t seq, struct hash hash, const char *what, struct err *err)
{
    struct hash held;
    int result = hash_of(copy, seq, &held, err);

    if (result == 0 && !hash_equal(held, hash)) {
        result = err_set(
            err, ERR_CORRUPT,
            "THE BROKER'S LOG WAS REWRITTEN: it now %s another record %" PRIu64
            " than the one that %s has from it. Keep that folder as it is, copy the log into a new one "
            "and compare: muster verify NEW --copy %s",
            what, seq, copy->folder, copy->folder);
    }
    return result;
}

/* --- opening ------------------------------------------------------------------------------------ */

int view_copy_open(const char *folder, const char *region, bool volatile_ok, struct view_copy **ret,
                   struct err *err)
{
    struct log_sqlite_options options = {.folder = folder,
                                         .region = region,
                                         .create = true,
                                         .copy = LOG_COPY_ONLY,
                                         .volatile_ok = volatile_ok,
                                         .reserve_bytes = -1};
    struct view_copy *copy = calloc(1, sizeof *copy);
    char warning[512];

    if (copy == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    arena_init(&copy->arena, BATCH_MEMORY);
    copy->folder = strdup(folder);
    int result = copy->folder != NULL ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory");
    if (result == 0) {
        result = log_sqlite_open(&options, &copy->store, warning, sizeof warning, err);
    }
    if (result == 0) {
        copy->head = log_get_head(copy->store);
        result = witness_read(folder, &copy->witness, err);
    }
    if (result == 0) {
        result = check_witness(copy, err);
    }
    if (result < 0) {
        copy->failed = true;
        (void)view_copy_close(copy, NULL);
        return result;
    }
    *ret = copy;
    return 0;
}

struct log_head view_copy_head(const struct view_copy *copy)
{
    return copy->head;
}

uint64_t view_copy_signed_seq(const struct view_copy *copy)
{
    return copy->witness.seq;
}

/* --- onto the disk ------------------------------------------------------------------------------ */

static void drop_batch(struct view_copy *copy)
{
    copy->entries_n = 0;
    copy->bytes = 0;
    arena_reset(&copy->arena);
}

/* One commit. What it did not take is dropped. */
static int write_batch(struct view_copy *copy, struct err *err)
{
    struct log_head before = log_get_head(copy->store);
    int result = 0;

    if (copy->entries_n > 0) {
        result = log_append(copy->store, before.seq, copy->entries, copy->entries_n, err);
    }
    drop_batch(copy);
    if (result < 0) {
        copy->head = before;
        copy->failed = true;
    }
    return result;
}

int view_copy_flush(struct view_copy *copy, struct err *err)
{
    int result = write_batch(copy, err);

    if (result == 0) {
        result = log_sync_head(copy->store, err);
    }
    if (result == 0 && copy->unkept) { /* after its record: a witness never speaks of what is not here */
        result = witness_write(copy->folder, &copy->witness, err);
        copy->unkept = result < 0;
    }
    if (result == 0) {
        log_idle(copy->store);
    }
    copy->failed = copy->failed || result < 0;
    return result;
}

/* --- records ------------------------------------------------------------------------------------ */

static int gather(struct view_copy *copy, const struct log_record *record)
{
    struct log_entry *entry = &copy->entries[copy->entries_n];
    const char *author = record->header.author != NULL ? record->header.author : "";

    *entry = (struct log_entry){.record = *record};
    entry->record.header.author = arena_strdup(&copy->arena, author);
    if (record->payload.n > 0) {
        entry->record.payload.p = arena_copy(&copy->arena, record->payload.p, record->payload.n);
    }
    if (entry->record.header.author == NULL || (record->payload.n > 0 && entry->record.payload.p == NULL)) {
        return ERR_NO_MEMORY;
    }
    copy->entries_n++;
    copy->bytes += record->payload.n;
    return 0;
}

/* A head of a record that is here. If it is of another one, what is gathered leads to nothing that the broker
 * stands by: it is dropped, and the copy is as it was. */
static int cover(struct view_copy *copy, const struct witness *witness, struct err *err)
{
    int result = compare(copy, witness->seq, witness->hash, "signs", err);

    if (result == ERR_CORRUPT) {
        drop_batch(copy);
        copy->head = log_get_head(copy->store);
        copy->failed = true;
    } else if (result == 0 && witness->seq > copy->witness.seq) {
        copy->witness = *witness;
        copy->unkept = true;
    }
    return result;
}

static int meet_ahead(struct view_copy *copy, struct err *err)
{
    if (copy->ahead.seq == 0 || copy->ahead.seq > copy->head.seq) {
        return 0;
    }
    struct witness reached = copy->ahead;
    copy->ahead.seq = 0;
    return cover(copy, &reached, err);
}

static int take_next(struct view_copy *copy, const struct log_record *record, struct err *err)
{
    int result = 0;

    if (copy->entries_n == VIEW_COPY_BATCH ||
        (copy->entries_n > 0 && copy->bytes + record->payload.n > VIEW_COPY_BATCH_BYTES)) {
        result = write_batch(copy, err);
    }
    if (result == 0 && record->payload.n > LOG_PAYLOAD_MAX) {
        result = err_set(err, ERR_TOO_BIG, "record %" PRIu64 " is above the limit of %d bytes",
                         record->header.seq, LOG_PAYLOAD_MAX);
    }
    if (result == 0) {
        result = log_chain_check(copy->head.hash, copy->head.seq + 1, record, err);
        result = result == ERR_CORRUPT ? err_prefix(err, "what comes does not follow what is here") : result;
    }
    if (result == 0 && gather(copy, record) < 0) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (result < 0) {
        return result;
    }
    copy->head = (struct log_head){.seq = record->header.seq,
                                   .epoch = record->header.epoch,
                                   .hash = record->hash,
                                   .bus_ms = record->header.bus_ms};
    return meet_ahead(copy, err);
}

int view_copy_take(struct view_copy *copy, const struct log_record *record, struct err *err)
{
    uint64_t seq = record->header.seq;

    if (seq == 0 || seq > copy->head.seq) {
        return take_next(copy, record, err);
    }
    return compare(copy, seq, record->hash, "gives", err);
}

int view_copy_sign(struct view_copy *copy, const struct signed_head *head, struct err *err)
{
    struct witness witness = {
        .epoch = head->epoch, .seq = head->seq, .hash = head->hash, .signature = head->signature};

    (void)snprintf(witness.region, sizeof witness.region, "%s", head->region);
    if (head->seq == 0) {
        return 0;
    }
    if (head->seq > copy->head.seq) {
        if (copy->ahead.seq == 0) { /* the first is met first; what comes later covers it too */
            copy->ahead = witness;
        }
        return 0;
    }
    return cover(copy, &witness, err);
}

int view_copy_close(struct view_copy *copy, struct err *err)
{
    int result = 0;

    if (copy == NULL) {
        return 0;
    }
    if (!copy->failed) {
        result = view_copy_flush(copy, err);
    }
    log_close(copy->store);
    arena_free(&copy->arena);
    free(copy->folder);
    free(copy);
    return result;
}
