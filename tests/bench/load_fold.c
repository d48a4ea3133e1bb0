/* bench-load-fold: reads a log as readers do. --folder is the log. --mode
 *   scan   every record, its hashes checked
 *   fold   every record's events decoded and applied to a state, as a replay does, without a check */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/core/evolve.h"
#include "common/core/state.h"
#include "common/log/log_reader.h"
#include "common/wire/wire.h"
#include "tests/bench/load.h"

struct fold {
    struct state *state;
    struct arena arena;
    uint64_t records;
    uint64_t events;
};

static int count(void *ctx, const struct log_record *record, struct err *err)
{
    struct fold *fold = ctx;

    (void)record;
    (void)err;
    fold->records++;
    return 0;
}

static int apply(void *ctx, const struct log_record *row, struct err *err)
{
    struct fold *fold = ctx;
    struct record record = {.events_n = 0};

    arena_reset(&fold->arena);
    fold->records++;
    if (row->redacted) {
        return 0;
    }
    int result = wire_decode_outcome(row->payload, &fold->arena, &record, err);
    for (size_t i = 0; i < record.events_n && result == 0; i++) {
        result = evolve(fold->state, &record.events[i]);
        fold->events++;
    }
    return result;
}

int main(int argc, char **argv)
{
    struct load_options options;
    struct fold fold = {.state = state_new()};
    struct log_reader *reader;
    struct err err = {0};
    char extra[128];

    load_options_read(argc, argv, &options);
    arena_init(&fold.arena, ARENA_PER_FRAME);
    if (crypto_init() != 0 || fold.state == NULL || log_reader_open(options.folder, &reader, &err) != 0) {
        load_fail("%s", err.text);
    }
    int64_t began = load_now_ns();
    if (strcmp(options.mode, "scan") == 0) {
        if (log_reader_verify(reader, count, &fold, NULL, &err) != 0) {
            load_fail("%s", err.text);
        }
    } else {
        if (log_reader_scan(reader, 0, apply, &fold, &err) != 0) {
            load_fail("record %" PRIu64 ": %s", fold.records, err.text);
        }
    }
    int64_t took = load_now_ns() - began;
    (void)snprintf(extra, sizeof extra, "\"records\": %" PRIu64 ", \"events\": %" PRIu64, fold.records,
                   fold.events);
    load_report_rate(options.mode, (double)fold.records * 1e9 / (double)took, NULL, extra);
    log_reader_close(reader);
    state_free(fold.state);
    arena_free(&fold.arena);
    return 0;
}
