#include "tests/unit/log_support.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, STREAMS = 8, AGENTS = 4, LANES = 4 };

void log_test_folder(char ret[LOG_TEST_PATH])
{
    const char *temporary = getenv("TMPDIR");
    snprintf(ret, LOG_TEST_PATH, "%s/muster-test-XXXXXX", temporary != NULL ? temporary : "/tmp");
    assert_non_null(mkdtemp(ret));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void log_test_remove(const char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

char *log_test_path(char ret[LOG_TEST_PATH], const char *folder, const char *name)
{
    assert_true(snprintf(ret, LOG_TEST_PATH, "%s/%s", folder, name) < LOG_TEST_PATH);
    return ret;
}

uint8_t *log_test_read(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct stat st;
    assert_int_equal(fstat(fileno(file), &st), 0);
    uint8_t *bytes = malloc((size_t)st.st_size + 1);
    assert_non_null(bytes);
    *ret_n = fread(bytes, 1, (size_t)st.st_size, file);
    assert_int_equal(*ret_n, st.st_size);
    fclose(file);
    return bytes;
}

void log_test_write(const char *path, const void *p, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(p, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

void log_test_copy(const char *from, const char *to)
{
    size_t n;
    uint8_t *bytes = log_test_read(from, &n);
    log_test_write(to, bytes, n);
    free(bytes);
}

bool log_test_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

struct log_sqlite_options log_test_options(const char *folder)
{
    /* Whoever builds in a RAM disk may test there. */
    return (struct log_sqlite_options){.folder = folder,
                                       .region = LOG_TEST_REGION,
                                       .create = true,
                                       .volatile_ok = true,
                                       .reserve_bytes = -1};
}

struct log_store *log_test_open(const char *folder)
{
    struct log_sqlite_options options = log_test_options(folder);
    struct log_store *store = NULL;
    struct err err = {0};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

struct log_entry log_test_entry(const char *author, uint64_t counter, const char *payload,
                                const struct log_index *index, size_t index_n)
{
    struct log_entry entry = {.index = index, .index_n = index_n};
    entry.record.header = (struct log_header){.epoch = 1,
                                              .kind = 3,
                                              .outcome = LOG_DECIDED,
                                              .bus_ms = 1760000000000,
                                              .utc_ms = 1760000000001,
                                              .occurred_ms = 1759999999999,
                                              .boot = {1, 2, 3},
                                              .author = author,
                                              .counter = counter};
    entry.record.payload = (struct bytes){.p = (const uint8_t *)payload, .n = strlen(payload)};
    return entry;
}

void log_test_append(struct log_store *store, unsigned n)
{
    struct log_entry entries[LOG_BATCH_MAX];
    char payloads[LOG_BATCH_MAX][32];
    struct err err = {0};
    uint64_t head = log_get_head(store).seq;
    assert_true(n <= LOG_BATCH_MAX);
    for (unsigned i = 0; i < n; i++) {
        snprintf(payloads[i], sizeof(payloads[i]), "payload %" PRIu64, head + i + 1);
        entries[i] = log_test_entry("", 0, payloads[i], NULL, 0);
    }
    if (log_append(store, head, entries, n, &err) != 0)
        fail_msg("%s", err.text);
}

int log_test_ask_store(void *log, const struct log_query *query, struct arena *arena, struct log_answer *ret,
                       struct err *err)
{
    return log_read(log, query, arena, ret, err);
}

static void dump_row(struct buf *text, const struct log_row *row)
{
    const struct log_record *record = &row->record;
    const struct log_header *h = &record->header;
    char boot[33], hash[65], payload_hash[65];
    buf_printf(text,
               "%" PRIu64 " e%" PRIu64 " k%u o%u %" PRId64 " %" PRId64 " %" PRId64 " %s %s/%" PRIu64
               " %zu %d %s %s",
               h->seq, h->epoch, h->kind, (unsigned)h->outcome, h->bus_ms, h->utc_ms, h->occurred_ms,
               hex_format(h->boot, 16, boot), h->author, h->counter, record->payload.n, record->redacted,
               hex_format(record->payload_hash.b, HASH_BYTES, payload_hash),
               hex_format(record->hash.b, HASH_BYTES, hash));
    assert_true(record->redacted ||
                hash_equal(hash_bytes(record->payload.p, record->payload.n), record->payload_hash));
    for (size_t i = 0; i < row->items_n; i++)
        buf_printf(text, " [%s%s]", row->items[i].item, row->items[i].tombstone ? " recalled" : "");
    buf_puts(text, "\n");
}

/* All of an answer, in as many questions as it takes. */
static void dump_question(struct buf *text, void *log, log_test_ask *ask, struct log_query query)
{
    struct arena arena;
    struct log_answer answer = {.more = true};
    struct err err = {0};
    char name[LOG_NAME_MAX];
    arena_init(&arena, ARENA_BYTES);
    buf_printf(text, "question %d %s %u %" PRIu64 "\n", (int)query.question,
               query.name != NULL ? query.name : "-", (unsigned)query.lane, query.number);
    while (answer.more) {
        if (ask(log, &query, &arena, &answer, &err) != 0)
            fail_msg("%s", err.text);
        for (size_t i = 0; i < answer.rows_n; i++)
            dump_row(text, &answer.rows[i]);
        for (size_t i = 0; i < answer.names_n; i++)
            buf_printf(text, "%s %u %" PRIu64 "\n", answer.names[i].name, (unsigned)answer.names[i].lane,
                       answer.names[i].number);
        if (answer.more && answer.rows_n > 0) {
            query.after = answer.rows[answer.rows_n - 1].record.header.seq;
        } else if (answer.more) {
            assert_true(answer.names_n > 0);
            snprintf(name, sizeof(name), "%s", answer.names[answer.names_n - 1].name);
            query.name = name;
            query.lane = answer.names[answer.names_n - 1].lane;
        }
        arena_reset(&arena);
    }
    buf_printf(text, "= %" PRIu64 "\n", answer.number);
    arena_free(&arena);
}

char *log_test_dump(void *log, log_test_ask *ask, uint32_t records_max)
{
    struct buf text;
    char name[8];
    buf_init(&text, 0);
    dump_question(&text, log, ask,
                  (struct log_query){.question = LOG_Q_RANGE, .records_max = records_max, .bytes_max = 100});
    for (int i = 0; i < STREAMS; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        dump_question(&text, log, ask,
                      (struct log_query){.question = LOG_Q_STREAM, .name = name, .records_max = records_max});
    }
    for (int i = 0; i < AGENTS; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        dump_question(&text, log, ask, (struct log_query){.question = LOG_Q_COUNTER, .name = name});
        for (uint64_t counter = 0; counter < 6; counter++)
            dump_question(&text, log, ask,
                          (struct log_query){.question = LOG_Q_COMMAND, .name = name, .number = counter});
        for (unsigned lane = 0; lane < LANES; lane++) {
            dump_question(&text, log, ask,
                          (struct log_query){.question = LOG_Q_CURSOR, .name = name, .lane = (uint8_t)lane});
            dump_question(&text, log, ask,
                          (struct log_query){.question = LOG_Q_OUTBOX,
                                             .name = name,
                                             .lane = (uint8_t)lane,
                                             .records_max = records_max});
        }
    }
    dump_question(&text, log, ask, (struct log_query){.question = LOG_Q_OPEN, .records_max = records_max});
    dump_question(&text, log, ask, (struct log_query){.question = LOG_Q_BEHIND, .records_max = records_max});
    /* Dues are not asked for by name, so a cut answer is not gone on with. */
    dump_question(&text, log, ask, (struct log_query){.question = LOG_Q_DUE, .number = 50});
    dump_question(&text, log, ask, (struct log_query){.question = LOG_Q_DUE, .number = UINT64_MAX});
    assert_false(text.failed);
    char *copy = strdup(buf_text(&text));
    assert_non_null(copy);
    buf_free(&text);
    return copy;
}

unsigned log_test_below(struct log_test_chance *chance, unsigned n)
{
    chance->state = chance->state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(chance->state >> 33) % n;
}
