/* Reading a log without disturbing it: for analysts' tools on a folder, live, closed or copied.
 *
 * A live log (its lock is held) is read through a read-only connection in transactions of 100 ms at
 * most. A cleanly closed one opens immutable. One with a WAL beside it that nobody writes to (a copy, or
 * what a crash left) is first copied to a temporary folder (in TMPDIR), which is gone again once it is
 * open. Nothing is ever written into the log's folder, but for SQLite's own read marks in the -shm file of
 * a live log. A reader belongs to one thread at a time. */
#ifndef MUSTER_COMMON_LOG_LOG_READER_H
#define MUSTER_COMMON_LOG_LOG_READER_H

#include "common/log/log.h"
#include "common/log/log_derived.h"

struct log_reader;

struct log_facts {
    uint32_t format;
    char region[LOG_NAME_MAX];
    struct log_head head;
    bool live;
    bool is_copy;         /* of another's log: it has no tables beside the records */
    bool slots_present;   /* the head file was there and had a valid slot */
    struct log_head slot; /* the newest valid one */
};

/* ERR_NO_INPUT, ERR_NEWER, ERR_CORRUPT (not a Muster log), each naming the file. */
int log_reader_open(const char *folder, struct log_reader **ret, struct err *err);
const struct log_facts *log_reader_facts(const struct log_reader *reader);

/* The same questions as a store answers. ERR_TEMPORARY when a broker has started on a log that was closed
 * when it was opened: open it again. */
int log_reader_read(struct log_reader *reader, const struct log_query *query, struct arena *arena,
                    struct log_answer *ret, struct err *err);

/* Hands out every record with seq > after, in order, unchecked: what a whole log is read with. Of a live log
 * no transaction is open while visit has a record, so visit may wait (for a pipe, a person) as long as it
 * wants; of one at rest nothing is copied. Returns what visit stopped with, ERR_CORRUPT naming a record that
 * cannot be read, or what log_reader_read does. visit asks this reader nothing. */
int log_reader_scan(struct log_reader *reader, uint64_t after, log_visit *visit, void *ctx, struct err *err);

/* Verifies hashes and sequence from seq 1 to the head of this moment, and the head against the slots:
 * ERR_CORRUPT names the first bad (or missing) seq, and ret_bad_seq (may be NULL) holds it. Payload
 * meaning and signatures are view's to check: visit (may be NULL) gets every record in order. */
int log_reader_verify(struct log_reader *reader, log_visit *visit, void *ctx, uint64_t *ret_bad_seq,
                      struct err *err);

/* The derived tables of this moment, all but `touch`, copied in one transaction: for a log that is in
 * service, whose tables will belong to other records once all are read. ret_seq is the last record that
 * they belong to. ERR_TOO_BIG when more waits than can be copied in 100 ms. */
int log_reader_take_tables(struct log_reader *reader, struct log_derived **ret, uint64_t *ret_seq,
                           struct err *err);

/* The last record that the tables of a log at rest know of, when that lies beyond head, its last one: the
 * tail was cut; else 0. derived: what follows from the records, or NULL when that is not known. */
int log_reader_beyond(struct log_reader *reader, struct log_derived *derived, uint64_t head, uint64_t *ret,
                      struct err *err);

/* Compares the log's derived tables, or those that were taken from it (else NULL), with those that
 * follow from its records: differs gets what is wrong. ERR_TEMPORARY for those of a log that is in
 * service. */
int log_reader_compare(struct log_reader *reader, struct log_derived *taken, struct log_derived *derived,
                       log_differs *differs, void *ctx, struct err *err);

void log_reader_close(struct log_reader *reader);

#endif
