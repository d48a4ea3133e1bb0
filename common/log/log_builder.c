#include "common/log/log_builder.h"

#include <string.h>

enum { CAPACITY_FIRST = 8 };

static size_t limit(uint32_t asked, size_t max)
{
    return asked == 0 || asked > max ? max : asked;
}

/* Doubles an array in the arena; what it grew out of stays there until the arena is reset. */
static void *grow(struct arena *arena, void *old, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return old;
    size_t wanted = *capacity == 0 ? CAPACITY_FIRST : *capacity * 2;
    void *grown = arena_alloc_array(arena, wanted, size);
    if (grown == NULL)
        return NULL;
    if (n > 0)
        memcpy(grown, old, n * size);
    *capacity = wanted;
    return grown;
}

void log_builder_init(struct log_builder *builder, const struct log_query *query, struct arena *arena)
{
    *builder = (struct log_builder){.arena = arena,
                                    .records_max = limit(query->records_max, LOG_READ_RECORDS_MAX),
                                    .bytes_max = limit(query->bytes_max, LOG_READ_BYTES_MAX)};
}

bool log_builder_fits_row(struct log_builder *builder, size_t payload_n)
{
    size_t rows = builder->answer.rows_n;
    if (rows > 0 && (rows >= builder->records_max || payload_n > builder->bytes_max - builder->bytes)) {
        builder->answer.more = true;
        return false;
    }
    return true;
}

bool log_builder_fits_name(struct log_builder *builder)
{
    if (builder->answer.names_n >= builder->records_max)
        builder->answer.more = true;
    return !builder->answer.more;
}

int log_builder_row(struct log_builder *builder, const struct log_record *record)
{
    struct log_answer *answer = &builder->answer;
    struct log_row *rows =
        grow(builder->arena, answer->rows, answer->rows_n, &builder->rows_capacity, sizeof(*rows));
    if (rows == NULL)
        return ERR_NO_MEMORY;
    answer->rows = rows;
    struct log_row row = {.record = *record};
    row.record.header.author = arena_strdup(builder->arena, record->header.author);
    const uint8_t *payload = record->payload.n > 0 ? record->payload.p : (const uint8_t *)"";
    row.record.payload.p = arena_copy(builder->arena, payload, record->payload.n);
    if (row.record.header.author == NULL || row.record.payload.p == NULL)
        return ERR_NO_MEMORY;
    /* A first record may be larger than the limit; what is left is then nothing. */
    size_t left = builder->bytes_max - builder->bytes;
    builder->bytes += record->payload.n < left ? record->payload.n : left;
    builder->items = NULL;
    builder->items_capacity = 0;
    rows[answer->rows_n++] = row;
    return 0;
}

int log_builder_item(struct log_builder *builder, const char *item, bool tombstone)
{
    struct log_row *row = &builder->answer.rows[builder->answer.rows_n - 1];
    struct log_item *items =
        grow(builder->arena, builder->items, row->items_n, &builder->items_capacity, sizeof(*items));
    const char *copy = arena_strdup(builder->arena, item);
    if (items == NULL || copy == NULL)
        return ERR_NO_MEMORY;
    builder->items = items;
    items[row->items_n++] = (struct log_item){.item = copy, .tombstone = tombstone};
    row->items = items;
    return 0;
}

int log_builder_name(struct log_builder *builder, const char *name, uint8_t lane, uint64_t number)
{
    struct log_answer *answer = &builder->answer;
    struct log_name *names =
        grow(builder->arena, answer->names, answer->names_n, &builder->names_capacity, sizeof(*names));
    const char *copy = arena_strdup(builder->arena, name);
    if (names == NULL || copy == NULL)
        return ERR_NO_MEMORY;
    answer->names = names;
    names[answer->names_n++] = (struct log_name){.name = copy, .lane = lane, .number = number};
    return 0;
}
