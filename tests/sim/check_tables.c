/* The tables beside the records: at any moment they say what follows from what is written, whatever
 * failed. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/core/derive.h"
#include "common/log/log_sqlite.h"
#include "tests/sim/world.h"

struct adding {
    struct log_derived *derived;
    uint64_t seq;
};

static void add(void *ctx, const struct derived *row)
{
    static const enum log_index_op ops[] = {
        [DERIVED_TOUCH] = LOG_TOUCH,   [DERIVED_OUTBOX] = LOG_OUTBOX, [DERIVED_TOMBSTONE] = LOG_TOMBSTONE,
        [DERIVED_CURSOR] = LOG_CURSOR, [DERIVED_OPEN] = LOG_OPEN,     [DERIVED_DUE] = LOG_DUE,
    };
    const struct adding *adding = ctx;
    struct log_index index = {.op = ops[row->kind],
                              .lane = (uint8_t)row->lane,
                              .name = row->name,
                              .item = row->item,
                              .number = row->number};

    if (log_derived_add(adding->derived, adding->seq, &index, NULL) < 0) {
        abort();
    }
}

void check_derive(struct log_derived *derived, const struct state *state, const struct log_header *header,
                  const struct record *record)
{
    struct adding adding = {derived, header->seq};

    derive_rows(state, record->events, record->events_n, header->author, add, &adding);
}

static void differs(void *ctx, uint64_t seq, const char *text)
{
    (void)seq;
    world_fail(ctx, "I5: what follows from the records is not in the tables: %s", text);
}

void check_tables(struct world *world, struct log_derived *derived, const struct state *state)
{
    struct adding adding = {derived, world->check.head};

    if (derive_open_rows(state, add, &adding) < 0) {
        abort();
    }
    /* A store that has failed is one that the engine will hear of. */
    (void)log_sqlite_compare(world->broker.store, derived, differs, world, NULL);
}
