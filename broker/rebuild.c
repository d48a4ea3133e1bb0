#include "broker/rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/logging.h"
#include "common/base/text.h"
#include "common/core/derive.h"
#include "common/core/evolve.h"
#include "common/log/log_sqlite.h"
#include "common/wire/wire.h"

enum { SHOWN_MAX = 100, SHOWN_BYTES = 1024 };

struct rebuild {
    struct log_store *store;
    struct log_derived *derived;
    struct state *state;
    struct arena arena;
    uint64_t seq;
    int result; /* of adding */
    struct err *err;
    uint64_t differences;
};

static void add(void *ctx, const struct derived *row)
{
    static const enum log_index_op ops[] = {
        [DERIVED_TOUCH] = LOG_TOUCH,   [DERIVED_OUTBOX] = LOG_OUTBOX, [DERIVED_TOMBSTONE] = LOG_TOMBSTONE,
        [DERIVED_CURSOR] = LOG_CURSOR, [DERIVED_OPEN] = LOG_OPEN,     [DERIVED_DUE] = LOG_DUE,
    };
    struct rebuild *rebuild = ctx;
    struct log_index index = {.op = ops[row->kind],
                              .lane = (uint8_t)row->lane,
                              .name = row->name,
                              .item = row->item,
                              .number = row->number};

    if (rebuild->result == 0) {
        rebuild->result = log_derived_add(rebuild->derived, rebuild->seq, &index, rebuild->err);
    }
}

static int take(void *ctx, const struct log_record *record, struct err *err)
{
    struct rebuild *rebuild = ctx;
    struct record decoded;
    unsigned long long seq = record->header.seq;

    if (record->redacted) {
        return err_set(err, ERR_DATA,
                       "record %llu is redacted, and what followed from it cannot be known: the tables are "
                       "left as they are",
                       seq);
    }
    arena_reset(&rebuild->arena);
    int result = wire_decode_outcome(record->payload, &rebuild->arena, &decoded, err);
    if (result < 0) {
        return err_prefix(err, "record %llu cannot be read", seq);
    }
    if (decoded.unknown_events > 0) {
        return err_set(err, ERR_NEWER,
                       "record %llu holds events that this version does not know: rebuild with the newer "
                       "musterd",
                       seq);
    }
    for (size_t i = 0; i < decoded.events_n; i++) {
        if (evolve(rebuild->state, &decoded.events[i]) < 0) {
            return err_set(err, ERR_NO_MEMORY, "out of memory");
        }
    }
    rebuild->seq = record->header.seq;
    rebuild->err = err;
    derive_rows(rebuild->state, decoded.events, decoded.events_n, record->header.author, add, rebuild);
    return rebuild->result;
}

static void differs(void *ctx, uint64_t seq, const char *text)
{
    struct rebuild *rebuild = ctx;
    char shown[SHOWN_BYTES];

    (void)seq;
    if (rebuild->differences++ < SHOWN_MAX) {
        (void)text_escape_into(shown, sizeof shown, text, strlen(text));
        (void)printf("%s\n", shown);
    }
}

static int make_and_put(struct rebuild *rebuild, struct err *err)
{
    int result = log_sqlite_scan(rebuild->store, take, rebuild, err);

    rebuild->err = err;
    if (result == 0 && derive_open_rows(rebuild->state, add, rebuild) < 0) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (result == 0) {
        result = rebuild->result;
    }
    return result == 0 ? log_sqlite_rebuild(rebuild->store, rebuild->derived, differs, rebuild, err) : result;
}

static void say(const struct rebuild *rebuild, const char *folder)
{
    if (rebuild->differences > SHOWN_MAX) {
        (void)printf("and %" PRIu64 " more\n", rebuild->differences - SHOWN_MAX);
    }
    if (rebuild->differences == 0) {
        (void)printf("%s: the tables say what follows from the %" PRIu64 " records; nothing was changed\n",
                     folder, log_get_head(rebuild->store).seq);
    } else {
        (void)printf("%s: rebuilt from %" PRIu64 " records; differences mended: %" PRIu64 "\n", folder,
                     log_get_head(rebuild->store).seq, rebuild->differences);
    }
}

int rebuild_run(const struct config *config, struct err *err)
{
    struct log_sqlite_options options = {
        .folder = config->log, .region = config->region, .volatile_ok = config->volatile_ok};
    struct rebuild rebuild = {.state = state_new()};
    char warning[512] = "";
    int result = log_sqlite_open(&options, &rebuild.store, warning, sizeof warning, err);

    arena_init(&rebuild.arena, ARENA_PER_FRAME);
    if (warning[0] != '\0') {
        log_warning("%s", warning);
    }
    if (result == 0 && rebuild.state == NULL) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (result == 0) {
        result = log_derived_new(&rebuild.derived, err);
    }
    if (result == 0) {
        result = make_and_put(&rebuild, err);
    }
    if (result == 0) {
        say(&rebuild, config->log);
    }
    arena_free(&rebuild.arena);
    state_free(rebuild.state);
    log_derived_free(rebuild.derived);
    log_close(rebuild.store);
    return result;
}
