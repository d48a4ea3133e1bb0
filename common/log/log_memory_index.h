/* The indexes of the store in memory: what the tables beside `record` are in SQLite. Sorted arrays of
 * names; meant for tests and the simulator, not for millions of streams. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_MEMORY_INDEX_H
#define MUSTER_COMMON_LOG_LOG_MEMORY_INDEX_H

#include "common/log/log.h"
#include "common/log/log_builder.h"

struct memory_stream {
    char *name;
    uint64_t *seqs; /* records that touched it, ascending */
    size_t seqs_n;
    size_t seqs_capacity;
    bool open;
    uint64_t due_ms; /* 0: none */
};

struct memory_waiting {
    uint64_t seq;
    char *item;
    bool tombstone;
};

struct memory_lane {
    char *agent;
    uint8_t lane;
    uint64_t cursor;
    struct memory_waiting *waiting; /* ascending by (seq, item) */
    size_t waiting_n;
    size_t waiting_capacity;
};

struct memory_command {
    uint64_t counter;
    uint64_t seq;
};

struct memory_author {
    char *name;
    struct memory_command *commands; /* ascending by counter */
    size_t commands_n;
    size_t commands_capacity;
};

struct memory_index {
    struct memory_stream *streams; /* ascending by name */
    size_t streams_n;
    size_t streams_capacity;
    struct memory_lane *lanes; /* ascending by (agent, lane) */
    size_t lanes_n;
    size_t lanes_capacity;
    struct memory_author *authors; /* ascending by name */
    size_t authors_n;
    size_t authors_capacity;
};

/* Applies what a record changes. 0 or ERR_NO_MEMORY, with part of it applied. */
int memory_index_apply(struct memory_index *index, uint64_t seq, const struct log_index *changes, size_t n);

/* Enters a record's (author, counter). 0, ERR_CONFLICT when it is there, ERR_NO_MEMORY. */
int memory_index_command(struct memory_index *index, const char *author, uint64_t counter, uint64_t seq);
void memory_index_forget_command(struct memory_index *index, const char *author, uint64_t counter);

/* NULL when nothing is known of the name. */
const struct memory_stream *memory_index_stream(const struct memory_index *index, const char *name);
const struct memory_lane *memory_index_lane(const struct memory_index *index, const char *agent,
                                            uint8_t lane);
const struct memory_author *memory_index_author(const struct memory_index *index, const char *name);
/* The record's seq, 0 when there is none. */
uint64_t memory_index_find_command(const struct memory_index *index, const char *author, uint64_t counter);

/* The answers that are names. 0 or ERR_NO_MEMORY. */
int memory_index_open(const struct memory_index *index, const char *after, struct log_builder *builder);
int memory_index_touched(const struct memory_index *index, const char *after, const char *to,
                         struct log_builder *builder);
int memory_index_due(const struct memory_index *index, uint64_t until_ms, struct log_builder *builder);
int memory_index_behind(const struct memory_index *index, const char *after, uint8_t after_lane,
                        struct log_builder *builder);

void memory_index_free(struct memory_index *index);

#endif
