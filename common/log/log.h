/* The log: what was said and decided, in one order, for ever; and the indexes that live and die with
 * it in the same transaction. This header is the whole interface; behind it stand a store in SQLite
 * (log_sqlite.h), one in memory (log_memory.h), and the writer thread that serves a store to an event
 * loop (log_writer.h). Payloads are opaque here. docs/log.md has every byte, with test vectors.
 *
 * A store belongs to one thread at a time. All times are unix milliseconds of the clock named. */
#ifndef MUSTER_COMMON_LOG_LOG_H
#define MUSTER_COMMON_LOG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/crypto/crypto.h"

enum {
    LOG_FORMAT = 2,                /* a log of a higher number is refused, untouched */
    LOG_FORMAT_OLDEST = 2,         /* and so is one of a lower; 1 was never released */
    LOG_NAME_MAX = 160,            /* bytes of a stream's, agent's or author's name */
    LOG_PAYLOAD_MAX = 1024 * 1024, /* one record; the wire's cap is below it */
    LOG_BATCH_MAX = 1024,          /* records of one commit: 1,024 x 400 B is some 4 ms of writing */
    LOG_INDEX_MAX = 16384,         /* index changes of one entry: one order to all agents of a region */
    LOG_READ_RECORDS_MAX = 1024,   /* records of one answer, so that no read holds up a commit */
    LOG_READ_BYTES_MAX = 4 * 1024 * 1024,
    LOG_RESERVE_BYTES = 16 * 1024 * 1024 /* kept free for what must not wait: some 15,000 records */
};

enum log_outcome {
    LOG_DECIDED = 1, /* the payload holds the command and its events */
    LOG_REFUSED = 2, /* the payload holds the command and the reason */
    LOG_REDACTED = 3 /* the payload is gone by law; its hash stays, the chain holds. Never hashed: the
                        header keeps the outcome it was written with, this one is only read */
};

/* Everything of a record but its payload. seq counts from 1 without a gap. */
struct log_header {
    uint64_t seq;
    uint64_t epoch;
    uint32_t kind;       /* number of the command's body, for readers that skip */
    uint8_t outcome;     /* enum log_outcome */
    int64_t bus_ms;      /* bus time of the decision */
    int64_t utc_ms;      /* wall clock of the broker at that moment */
    int64_t occurred_ms; /* when what it tells happened, as the author says; 0 unknown */
    uint8_t boot[16];    /* the broker's boot */
    const char *author;  /* agent that sent the command, "" for none */
    uint64_t counter;    /* the author's counter; 0 when the command bears none (an Ack) */
};

struct log_record {
    struct log_header header;
    struct bytes payload;     /* empty when redacted */
    struct hash payload_hash; /* BLAKE2b-256 of the payload; kept for good */
    struct hash hash;         /* of this record, chained to the one before */
    bool redacted;
};

/* What a record changes in the indexes. An entry lists only what it needs. */
enum log_index_op {
    LOG_TOUCH = 1, /* stream: the record is part of it */
    LOG_OPEN,      /* stream is to be loaded at start */
    LOG_CLOSE,     /* stream is no longer; also drops its due */
    LOG_DUE,       /* stream, if it is open, next wants a look at `number` (bus ms); 0: no more */
    LOG_OUTBOX,    /* agent, lane: the record waits for the agent there, for `item` ("" or an order id) */
    LOG_TOMBSTONE, /* agent, lane, item: what waits under this item is recalled: deliver a tombstone */
    LOG_CURSOR     /* agent, lane: acknowledged up to `number`; what waits at or below it is trimmed, as far
                      as it was there before this record */
};

struct log_index {
    enum log_index_op op;
    uint8_t lane;
    const char *name; /* stream or agent */
    const char *item; /* outbox and tombstone; NULL is "" */
    uint64_t number;  /* due (bus ms) or cursor (seq) */
};

/* One record to append. header.seq, hashes are the store's to fill in: header.seq must be 0 or right. */
struct log_entry {
    struct log_record record;
    const struct log_index *index;
    size_t index_n;
};

struct log_head {
    uint64_t seq; /* 0: an empty log */
    uint64_t epoch;
    struct hash hash; /* zero for an empty log */
    int64_t bus_ms;   /* of the last record */
};

/* What can be asked. Answers come in ascending order of seq unless said otherwise. */
enum log_question {
    LOG_Q_RANGE = 1, /* records with seq > after */
    LOG_Q_STREAM,    /* records that touched `name`, seq > after */
    LOG_Q_OUTBOX,    /* what waits for agent `name` in `lane`, seq > after: records with items */
    LOG_Q_COMMAND,   /* the record of (author `name`, `number`), or none */
    LOG_Q_COUNTER,   /* the highest counter of author `name` -> ret number (0: none) */
    LOG_Q_CURSOR,    /* the cursor of agent `name` in `lane` -> ret number (0: none) */
    LOG_Q_OPEN,      /* names of open streams after `name` in byte order -> ret names */
    LOG_Q_DUE,       /* streams due at or before `number` -> ret names with their dues, earliest first */
    LOG_Q_ROOM,    /* takes the reserve back if there is space for it -> number: 1 as long as there is none */
    LOG_Q_TOUCHED, /* names of streams after `name` and below `to` in byte order -> ret names */
    LOG_Q_BEHIND   /* agents and lanes for whom anything waits, after (`name`, `lane`; NULL: from the
                        first) in byte order -> ret names with lane and number = first waiting seq */
};

struct log_query {
    enum log_question question;
    const char *name;
    const char *to; /* of LOG_Q_TOUCHED */
    uint8_t lane;
    uint64_t after;
    uint64_t number;
    uint32_t records_max; /* of rows or names; 0 or more than it: LOG_READ_RECORDS_MAX */
    uint32_t bytes_max;   /* of payloads; 0 or more than it: LOG_READ_BYTES_MAX; at least one record is
                             always given */
};

struct log_item {
    const char *item; /* as given at LOG_OUTBOX */
    bool tombstone;
};

struct log_row {
    struct log_record record;
    const struct log_item *items; /* only for LOG_Q_OUTBOX: one per outbox row of this seq */
    size_t items_n;
};

struct log_name {
    const char *name;
    uint8_t lane;
    uint64_t number;
};

/* All memory of an answer is the arena's. */
struct log_answer {
    struct log_row *rows;
    size_t rows_n;
    struct log_name *names;
    size_t names_n;
    uint64_t number;
    bool more; /* limits cut the answer: ask again after the last row */
};

/* Gets a record, whose memory is valid during the call; may stop with a negative code. */
typedef int log_visit(void *ctx, const struct log_record *record, struct err *err);

struct log_store;

/* A kind of store. append is all or nothing: on success every entry is durable (as far as the store
 * is) and its header.seq, payload_hash and hash are filled in; on failure nothing is there, header.seq
 * is 0 again and the hashes are undefined. `expected` is the head the caller decided on: another head
 * gives ERR_CONFLICT, and so do a counter that its author has used and an epoch below the head's.
 * ERR_CONFLICT, ERR_DISK_FULL and what is refused before anything is written (ERR_DATA, ERR_TOO_BIG)
 * leave the store usable. Any other failure of append leaves it unusable (later calls give ERR_IO): the
 * process must end and a new one verify what is there. Index changes are applied in the order listed;
 * a touch or outbox row that is there already stays, a cursor never goes back. */
struct log_store_ops {
    int (*append)(struct log_store *store, uint64_t expected_seq, struct log_entry *entries, size_t n,
                  struct err *err);
    int (*read)(struct log_store *store, const struct log_query *query, struct arena *arena,
                struct log_answer *ret, struct err *err);
    struct log_head (*head)(struct log_store *store);
    /* Writes the head slots now (see log_head.h); a store without them does nothing. */
    int (*sync_head)(struct log_store *store, struct err *err);
    /* Nobody waits for the store just now: it may do what would hold up an append later. A failure is
     * for the next append to say. */
    void (*idle)(struct log_store *store);
    void (*close)(struct log_store *store);
};

struct log_store {
    const struct log_store_ops *ops;
};

/* Thin callers of the above. log_close accepts NULL. */
int log_append(struct log_store *store, uint64_t expected_seq, struct log_entry *entries, size_t n,
               struct err *err);
int log_read(struct log_store *store, const struct log_query *query, struct arena *arena,
             struct log_answer *ret, struct err *err);
struct log_head log_get_head(struct log_store *store);
int log_sync_head(struct log_store *store, struct err *err);
void log_idle(struct log_store *store);
void log_close(struct log_store *store);

#endif
