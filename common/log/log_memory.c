#include "common/log/log_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log_builder.h"
#include "common/log/log_entry.h"
#include "common/log/log_memory_index.h"

enum { RECORDS_FIRST = 64 };

struct memory_store {
    struct log_store base;
    struct log_record *records; /* seq - 1 is the place; author and payload are ours */
    size_t records_n;
    size_t records_capacity;
    struct log_head head;
    struct memory_index index;
    bool low;
    int fail_next;
    bool failed;
};

static struct memory_store *of(struct log_store *store)
{
    return (struct memory_store *)store;
}

static void record_free(struct log_record *record)
{
    void *author;
    void *payload;
    /* They were copied by us; the interface shows them as const. */
    memcpy(&author, &record->header.author, sizeof(author));
    memcpy(&payload, &record->payload.p, sizeof(payload));
    free(author);
    free(payload);
}

static int keep(struct memory_store *store, const struct log_record *record)
{
    if (store->records_n == store->records_capacity) {
        size_t wanted = store->records_capacity == 0 ? RECORDS_FIRST : store->records_capacity * 2;
        struct log_record *grown = reallocarray(store->records, wanted, sizeof(*grown));
        if (grown == NULL)
            return ERR_NO_MEMORY;
        store->records = grown;
        store->records_capacity = wanted;
    }
    char *author = strdup(record->header.author);
    uint8_t *payload = malloc(record->payload.n + 1);
    if (author == NULL || payload == NULL) {
        free(author);
        free(payload);
        return ERR_NO_MEMORY;
    }
    if (record->payload.n > 0)
        memcpy(payload, record->payload.p, record->payload.n);
    struct log_record *copy = &store->records[store->records_n++];
    *copy = *record;
    copy->header.author = author;
    copy->payload.p = payload;
    return 0;
}

/* Counters first: they alone can contradict what is there, and can be taken back. */
static int enter_counters(struct memory_store *store, const struct log_entry *entries, size_t n,
                          struct err *err)
{
    size_t i;
    int code = 0;
    for (i = 0; i < n; i++) {
        const struct log_header *h = &entries[i].record.header;
        if (h->counter > 0)
            code = memory_index_command(&store->index, h->author, h->counter, h->seq);
        if (code != 0)
            break;
    }
    if (code != ERR_CONFLICT)
        return code;
    const struct log_header *twice = &entries[i].record.header;
    while (i-- > 0) {
        const struct log_header *h = &entries[i].record.header;
        if (h->counter > 0)
            memory_index_forget_command(&store->index, h->author, h->counter);
    }
    return err_set(err, ERR_CONFLICT, "counter %" PRIu64 " of %s is in the log already", twice->counter,
                   twice->author);
}

static int memory_append(struct log_store *base, uint64_t expected_seq, struct log_entry *entries, size_t n,
                         struct err *err)
{
    struct memory_store *store = of(base);
    struct log_head head;
    if (store->failed)
        return err_set(err, ERR_IO, "the log in memory has failed before");
    if (store->fail_next != 0) {
        int code = store->fail_next;
        store->fail_next = 0;
        store->failed = code != ERR_DISK_FULL && code != ERR_CONFLICT;
        return err_set(err, code, "the log in memory was told to fail");
    }
    int code = log_entries_prepare(store->head, expected_seq, entries, n, &head, err);
    if (code == 0)
        code = enter_counters(store, entries, n, err);
    if (code == ERR_NO_MEMORY)
        goto failed;
    if (code != 0)
        return code;
    for (size_t i = 0; i < n; i++) {
        code = keep(store, &entries[i].record);
        if (code == 0)
            code = memory_index_apply(&store->index, entries[i].record.header.seq, entries[i].index,
                                      entries[i].index_n);
        if (code != 0)
            goto failed;
    }
    store->head = head;
    return 0;

failed:
    store->failed = true;
    return err_set(err, code, "out of memory for the log");
}

static int read_range(const struct memory_store *store, uint64_t after, struct log_builder *builder)
{
    for (uint64_t i = after; i < store->head.seq; i++) {
        const struct log_record *record = &store->records[i];
        if (!log_builder_fits_row(builder, record->payload.n))
            return 0;
        if (log_builder_row(builder, record) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

static int read_stream(const struct memory_store *store, const struct log_query *query,
                       struct log_builder *builder)
{
    const struct memory_stream *stream = memory_index_stream(&store->index, query->name);
    for (size_t i = 0; stream != NULL && i < stream->seqs_n; i++) {
        if (stream->seqs[i] <= query->after)
            continue;
        const struct log_record *record = &store->records[stream->seqs[i] - 1];
        if (!log_builder_fits_row(builder, record->payload.n))
            return 0;
        if (log_builder_row(builder, record) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

static int read_outbox(const struct memory_store *store, const struct log_query *query,
                       struct log_builder *builder)
{
    const struct memory_lane *lane = memory_index_lane(&store->index, query->name, query->lane);
    uint64_t last = 0;
    for (size_t i = 0; lane != NULL && i < lane->waiting_n; i++) {
        const struct memory_waiting *waiting = &lane->waiting[i];
        if (waiting->seq <= query->after)
            continue;
        const struct log_record *record = &store->records[waiting->seq - 1];
        if (waiting->seq != last) {
            if (!log_builder_fits_row(builder, record->payload.n))
                return 0;
            if (log_builder_row(builder, record) != 0)
                return ERR_NO_MEMORY;
            last = waiting->seq;
        }
        if (log_builder_item(builder, waiting->item, waiting->tombstone) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

static int answer(const struct memory_store *store, const struct log_query *query,
                  struct log_builder *builder, struct err *err)
{
    const struct memory_author *author;
    const struct memory_lane *lane;
    uint64_t seq;
    switch (query->question) {
    case LOG_Q_RANGE:
        return read_range(store, query->after, builder);
    case LOG_Q_STREAM:
        return read_stream(store, query, builder);
    case LOG_Q_OUTBOX:
        return read_outbox(store, query, builder);
    case LOG_Q_COMMAND:
        seq = memory_index_find_command(&store->index, query->name, query->number);
        return seq == 0 ? 0 : log_builder_row(builder, &store->records[seq - 1]);
    case LOG_Q_COUNTER:
        author = memory_index_author(&store->index, query->name);
        if (author != NULL && author->commands_n > 0)
            builder->answer.number = author->commands[author->commands_n - 1].counter;
        return 0;
    case LOG_Q_CURSOR:
        lane = memory_index_lane(&store->index, query->name, query->lane);
        builder->answer.number = lane != NULL ? lane->cursor : 0;
        return 0;
    case LOG_Q_OPEN:
        return memory_index_open(&store->index, query->name, builder);
    case LOG_Q_DUE:
        return memory_index_due(&store->index, query->number, builder);
    case LOG_Q_ROOM:
        builder->answer.number = store->low;
        return 0;
    case LOG_Q_TOUCHED:
        return memory_index_touched(&store->index, query->name, query->to != NULL ? query->to : "", builder);
    case LOG_Q_BEHIND:
        return memory_index_behind(&store->index, query->name, query->lane, builder);
    }
    return err_set(err, ERR_DATA, "unknown question %d to the log", (int)query->question);
}

static int memory_read(struct log_store *base, const struct log_query *query, struct arena *arena,
                       struct log_answer *ret, struct err *err)
{
    struct memory_store *store = of(base);
    struct log_query asked = *query;
    struct log_builder builder;
    if (store->failed)
        return err_set(err, ERR_IO, "the log in memory has failed before");
    if (asked.name == NULL && asked.question != LOG_Q_BEHIND)
        asked.name = "";
    log_builder_init(&builder, &asked, arena);
    int code = answer(store, &asked, &builder, err);
    if (code == ERR_NO_MEMORY)
        return err_set(err, code, "out of memory for an answer of the log");
    if (code == 0)
        *ret = builder.answer;
    return code;
}

static struct log_head memory_head(struct log_store *base)
{
    return of(base)->head;
}

static int memory_sync_head(struct log_store *base, struct err *err)
{
    (void)base;
    (void)err;
    return 0;
}

static void memory_idle(struct log_store *base)
{
    (void)base;
}

static void memory_close(struct log_store *base)
{
    struct memory_store *store = of(base);
    for (size_t i = 0; i < store->records_n; i++)
        record_free(&store->records[i]);
    free(store->records);
    memory_index_free(&store->index);
    free(store);
}

static const struct log_store_ops memory_ops = {.append = memory_append,
                                                .read = memory_read,
                                                .head = memory_head,
                                                .sync_head = memory_sync_head,
                                                .idle = memory_idle,
                                                .close = memory_close};

struct log_store *log_memory_new(void)
{
    struct memory_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return NULL;
    store->base.ops = &memory_ops;
    return &store->base;
}

void log_memory_set_low(struct log_store *base, bool low)
{
    of(base)->low = low;
}

void log_memory_fail_next(struct log_store *base, int code)
{
    of(base)->fail_next = code;
}
