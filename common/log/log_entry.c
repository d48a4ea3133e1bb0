#include "common/log/log_entry.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"
#include "common/log/log_chain.h"

static int check_name(const char *name, bool may_be_empty, const char *what, struct err *err)
{
    if (name == NULL)
        name = "";
    size_t n = strnlen(name, LOG_NAME_MAX);
    if (n >= LOG_NAME_MAX)
        return err_set(err, ERR_TOO_BIG, "%s has more than %d bytes", what, LOG_NAME_MAX - 1);
    if (n == 0 && !may_be_empty)
        return err_set(err, ERR_DATA, "%s is empty", what);
    if (!text_is_utf8(name, n))
        return err_set(err, ERR_DATA, "%s is not UTF-8", what);
    return 0;
}

static int check_index(const struct log_index *index, struct err *err)
{
    int code = check_name(index->name, false, "the name in an index change", err);
    if (code != 0)
        return code;
    /* SQLite's integers are signed. */
    if (index->number > INT64_MAX)
        return err_set(err, ERR_DATA, "the number %" PRIu64 " in an index change is out of range",
                       index->number);
    switch (index->op) {
    case LOG_TOUCH:
    case LOG_OPEN:
    case LOG_CLOSE:
    case LOG_DUE:
    case LOG_CURSOR:
        return 0;
    case LOG_OUTBOX:
        return check_name(index->item, true, "the item in an index change", err);
    case LOG_TOMBSTONE:
        return check_name(index->item, false, "the item of a tombstone", err);
    }
    return err_set(err, ERR_DATA, "unknown index change %d", (int)index->op);
}

static int check_entry(const struct log_entry *entry, uint64_t seq, struct err *err)
{
    const struct log_header *h = &entry->record.header;
    if (h->seq != 0 && h->seq != seq)
        return err_set(err, ERR_DATA, "entry numbered %" PRIu64 " would be record %" PRIu64, h->seq, seq);
    if (h->outcome != LOG_DECIDED && h->outcome != LOG_REFUSED)
        return err_set(err, ERR_DATA, "outcome %u cannot be written", (unsigned)h->outcome);
    if (h->epoch > INT64_MAX || h->counter > INT64_MAX)
        return err_set(err, ERR_DATA, "epoch or counter is out of range");
    if (entry->record.payload.n > LOG_PAYLOAD_MAX)
        return err_set(err, ERR_TOO_BIG, "a payload of %zu bytes is above the limit of %d",
                       entry->record.payload.n, LOG_PAYLOAD_MAX);
    if (entry->record.redacted && entry->record.payload.n > 0)
        return err_set(err, ERR_DATA, "a redacted entry has a payload");
    if (entry->index_n > LOG_INDEX_MAX)
        return err_set(err, ERR_TOO_BIG, "%zu index changes of one record are above the limit of %d",
                       entry->index_n, LOG_INDEX_MAX);
    /* A counter belongs to somebody. */
    int code = check_name(h->author, h->counter == 0, "the author", err);
    for (size_t i = 0; code == 0 && i < entry->index_n; i++)
        code = check_index(&entry->index[i], err);
    return code;
}

int log_entries_prepare(struct log_head head, uint64_t expected_seq, struct log_entry *entries, size_t n,
                        struct log_head *ret, struct err *err)
{
    if (expected_seq != head.seq)
        return err_set(err, ERR_CONFLICT, "the log's head is %" PRIu64 ", not %" PRIu64, head.seq,
                       expected_seq);
    if (n > LOG_BATCH_MAX)
        return err_set(err, ERR_TOO_BIG, "a batch of %zu records is above the limit of %d", n, LOG_BATCH_MAX);
    for (size_t i = 0; i < n; i++) {
        struct log_record *record = &entries[i].record;
        int code = check_entry(&entries[i], head.seq + 1, err);
        if (code != 0)
            return code;
        if (record->header.epoch < head.epoch)
            return err_set(err, ERR_CONFLICT, "epoch %" PRIu64 " is below the log's %" PRIu64,
                           record->header.epoch, head.epoch);
        if (record->header.author == NULL)
            record->header.author = "";
        record->header.seq = head.seq + 1;
        if (!record->redacted)
            record->payload_hash = hash_bytes(record->payload.p, record->payload.n);
        record->hash = log_chain(head.hash, record);
        head = (struct log_head){.seq = record->header.seq,
                                 .epoch = record->header.epoch,
                                 .hash = record->hash,
                                 .bus_ms = record->header.bus_ms};
    }
    *ret = head;
    return 0;
}
