/* The writer thread: serves one store to an event loop, so that the loop never waits for the disk.
 * Appends are done in the order in which they came, reads in theirs; an append goes before a read that has
 * not begun, which sees what was asked for before it and perhaps more. The store is the thread's alone until
 * log_writer_stop(). The head slots are written by this thread, at most a second after a commit and
 * when it stops. */
#ifndef MUSTER_COMMON_LOG_LOG_WRITER_H
#define MUSTER_COMMON_LOG_LOG_WRITER_H

#include "common/log/log.h"

/* One thing to do, owned by the asker until it comes back done. */
struct log_request {
    bool is_append;
    /* append */
    uint64_t expected_seq;
    struct log_entry *entries;
    size_t entries_n;
    /* read */
    struct log_query query;
    struct arena arena; /* of the answer; initialised by the asker, freed by it */
    struct log_answer answer;
    /* both */
    int result; /* 0 or a negative error code */
    struct err err;
    void *owner; /* the asker's own */
    struct log_request *next;
};

/* The port through which an engine reaches a log: submit() takes a request and never blocks. How it
 * comes back done is the port's business (the writer: log_writer_done; the simulator: an event). */
struct log_port {
    void *ctx;
    void (*submit)(void *ctx, struct log_request *request);
};

struct log_writer;

/* Takes the store over. */
int log_writer_start(struct log_store *store, struct log_writer **ret, struct err *err);
struct log_port log_writer_port(struct log_writer *writer);

/* Readable when requests are done; the loop then calls log_writer_done() until NULL. */
int log_writer_fd(const struct log_writer *writer);
struct log_request *log_writer_done(struct log_writer *writer);

/* The number of what is being done, another for each request; 0 when idle. It gives no time: a watchdog
 * knows itself for how long it has seen the same number, and a process that was stopped does not. Any
 * thread. */
uint64_t log_writer_doing(const struct log_writer *writer);

/* Finishes what was submitted, writes the head slots, joins the thread and closes the store. Requests
 * that are done can still be fetched. NULL is fine. */
void log_writer_stop(struct log_writer *writer);
void log_writer_free(struct log_writer *writer);

#endif
