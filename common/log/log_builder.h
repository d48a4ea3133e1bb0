/* Builds an answer in the asker's arena within the question's limits. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_BUILDER_H
#define MUSTER_COMMON_LOG_LOG_BUILDER_H

#include "common/log/log.h"

struct log_builder {
    struct arena *arena;
    struct log_answer answer;
    size_t records_max;
    size_t bytes_max;
    size_t bytes;
    size_t rows_capacity;
    size_t names_capacity;
    struct log_item *items; /* of the last row */
    size_t items_capacity;
};

void log_builder_init(struct log_builder *builder, const struct log_query *query, struct arena *arena);

/* Whether one more record with so large a payload, or one more name, fits; if not, the answer is marked
 * as cut. */
bool log_builder_fits_row(struct log_builder *builder, size_t payload_n);
bool log_builder_fits_name(struct log_builder *builder);

/* The next row with a copy of the record, its author and its payload. 0 or ERR_NO_MEMORY. */
int log_builder_row(struct log_builder *builder, const struct log_record *record);

/* One more item of the last row. */
int log_builder_item(struct log_builder *builder, const char *item, bool tombstone);
int log_builder_name(struct log_builder *builder, const char *name, uint8_t lane, uint64_t number);

#endif
