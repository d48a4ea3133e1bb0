/* What a record changes in the log's indexes: the streams it is part of, which of them are open and due, and
 * for whom it waits. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/derive.h"
#include "common/engine/engine_private.h"

/* On top of what deciding may cost: REACH_PER_COMMAND_MAX agents have two rows each at most, which with its
 * texts, its place, and the arrays that were outgrown, takes less than 272 bytes. */
enum { ARENA_PER_INDEX = LOG_INDEX_MAX * 272 };

struct indexing {
    struct engine *engine;
    struct submission *submission;
    struct log_index *at;
    size_t n;
    size_t capacity;
    uint32_t *plain; /* rows without an item, sorted: where they stand in `at` */
    size_t plain_n;
    bool no_memory;
};

static int compare_rows(const struct log_index *a, const struct log_index *b)
{
    if (a->op != b->op || a->lane != b->lane) {
        return a->op != b->op ? (a->op < b->op ? -1 : 1) : (a->lane < b->lane ? -1 : 1);
    }
    int names = strcmp(a->name, b->name);
    return names != 0 || a->number == b->number ? names : a->number < b->number ? -1 : 1;
}

/* Where the row stands among those without an item, or would: agents come in their order, so mostly last. */
static size_t place_of(const struct indexing *indexing, const struct log_index *index, bool *ret_there)
{
    size_t low = 0, high = indexing->plain_n, middle = high - 1;

    *ret_there = false;
    while (low < high) {
        int order = compare_rows(&indexing->at[indexing->plain[middle]], index);
        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
        middle = low + (high - low) / 2;
    }
    return low;
}

static bool grow(struct indexing *indexing)
{
    struct arena *arena = &indexing->submission->arena;
    size_t capacity = indexing->capacity == 0 ? 8 : indexing->capacity * 2;
    struct log_index *at = arena_array(arena, struct log_index, capacity);
    uint32_t *plain = arena_array(arena, uint32_t, capacity);

    if (at == NULL || plain == NULL) {
        return false;
    }
    if (indexing->n > 0) {
        memcpy(at, indexing->at, indexing->n * sizeof *at);
        memcpy(plain, indexing->plain, indexing->plain_n * sizeof *plain);
    }
    indexing->at = at;
    indexing->plain = plain;
    indexing->capacity = capacity;
    return true;
}

static void index_add(struct indexing *indexing, struct log_index index)
{
    struct arena *arena = &indexing->submission->arena;
    bool is_plain = index.item[0] == '\0', there = false;
    /* Rows of an item come once by themselves; the others may come again with each event. */
    size_t place = is_plain ? place_of(indexing, &index, &there) : 0;

    if (there) {
        return;
    }
    if (indexing->n == indexing->capacity && !grow(indexing)) {
        indexing->no_memory = true;
        return;
    }
    const char *name = arena_strdup(arena, index.name);
    const char *item = index.item[0] != '\0' ? arena_strdup(arena, index.item) : "";
    if (name == NULL || item == NULL) {
        indexing->no_memory = true;
        return;
    }
    index.name = name;
    index.item = item;
    if (is_plain) {
        memmove(&indexing->plain[place + 1], &indexing->plain[place],
                (indexing->plain_n - place) * sizeof *indexing->plain);
        indexing->plain[place] = (uint32_t)indexing->n;
        indexing->plain_n++;
    }
    indexing->at[indexing->n++] = index;
}

static void add_outbox(void *ctx, const char *agent, enum lane lane, struct id order)
{
    char item[ID_TEXT];

    if (MUTANT(MUTANT_FORGET_OUTBOX) && author_find(((struct indexing *)ctx)->engine, agent) == NULL) {
        return;
    }
    index_add(ctx, (struct log_index){.op = LOG_OUTBOX,
                                      .lane = (uint8_t)lane,
                                      .name = agent,
                                      .item = id_is_zero(order) ? "" : id_format(order, item)});
}

static void add_tombstone(void *ctx, const char *agent, enum lane lane, struct id order)
{
    char item[ID_TEXT];

    if (MUTANT(MUTANT_NO_TOMBSTONE)) {
        return;
    }
    index_add(ctx,
              (struct log_index){
                  .op = LOG_TOMBSTONE, .lane = (uint8_t)lane, .name = agent, .item = id_format(order, item)});
}

/* What a stream was before the record is what the engine knows of it; so only what has changed is written. */
static void add_stream(void *ctx, struct stream_key key, const struct event *event)
{
    struct indexing *indexing = ctx;
    struct engine *engine = indexing->engine;
    char name[STREAM_NAME_MAX];
    struct stream *stream = stream_at(engine, key);

    if (stream == NULL || (key.kind == STREAM_ORDER &&
                           state_set_order_home(engine->state, event->order, event->incident) < 0)) {
        indexing->no_memory = true;
        return;
    }
    bool was_live = stream->live;
    int64_t was_due = stream->due_ms;
    stream_touched(engine, stream, indexing->submission->entry.record.header.seq);
    (void)stream_name(key, name);
    index_add(indexing, (struct log_index){.op = LOG_TOUCH, .name = name, .item = ""});
    if (stream->live != was_live) {
        index_add(indexing,
                  (struct log_index){.op = stream->live ? LOG_OPEN : LOG_CLOSE, .name = name, .item = ""});
    }
    if (stream->due_ms != was_due && stream->live) {
        index_add(indexing, (struct log_index){
                                .op = LOG_DUE, .name = name, .item = "", .number = (uint64_t)stream->due_ms});
    }
}

static void add_cursor(void *ctx, const char *agent, enum lane lane, uint64_t up_to_seq)
{
    index_add(ctx,
              (struct log_index){
                  .op = LOG_CURSOR, .lane = (uint8_t)lane, .name = agent, .item = "", .number = up_to_seq});
}

/* Ids that are new need no look-up for a while. */
static void note_fresh(struct engine *engine, const struct decision *decision)
{
    for (size_t i = 0; i < decision->events_n; i++) {
        const struct event *event = &decision->events[i];
        if (event->kind == EVENT_ORDER_ISSUED) {
            fresh_note(&engine->fresh, event->order, engine_now(engine));
        } else if (event->kind == EVENT_INCIDENT_OPENED) {
            fresh_note(&engine->fresh, event->incident, engine_now(engine));
        } else if (event->kind == EVENT_ALERT_RECORDED) {
            fresh_note(&engine->fresh, event->alert_recorded.alert, engine_now(engine));
        }
    }
}

bool index_record(struct engine *engine, struct submission *submission, const struct decision *decision)
{
    struct indexing indexing = {.engine = engine, .submission = submission};

    const char *author = submission->author != NULL ? submission->author->name : "";
    struct derive_sink sink = {.route = {.ctx = &indexing, .add = add_outbox, .recalled = add_tombstone},
                               .touched = add_stream,
                               .acknowledged = add_cursor};

    submission->arena.budget += ARENA_PER_INDEX;
    note_fresh(engine, decision);
    derive(engine->state, decision->events, decision->events_n, engine->options.region, author, &sink);
    submission->entry.index = indexing.at;
    submission->entry.index_n = indexing.n;
    return !indexing.no_memory;
}
