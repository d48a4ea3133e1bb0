#include "common/log/log_memory_index.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 8 };

/* Opens a gap of one at `at` in a sorted array. */
static void *open_gap(void *array, size_t *n, size_t *capacity, size_t size, size_t at)
{
    if (*n == *capacity) {
        size_t wanted = *capacity == 0 ? CAPACITY_FIRST : *capacity * 2;
        array = reallocarray(array, wanted, size);
        if (array == NULL)
            return NULL;
        *capacity = wanted;
    }
    char *gap = (char *)array + at * size;
    memmove(gap + size, gap, (*n - at) * size);
    memset(gap, 0, size);
    (*n)++;
    return array;
}

/* Where the stream is or would be. */
static size_t stream_place(const struct memory_index *index, const char *name)
{
    size_t low = 0, high = index->streams_n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(index->streams[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int lane_compare(const struct memory_lane *lane, const char *agent, uint8_t number)
{
    int order = strcmp(lane->agent, agent);
    return order != 0 ? order : (int)lane->lane - (int)number;
}

static size_t lane_place(const struct memory_index *index, const char *agent, uint8_t lane)
{
    size_t low = 0, high = index->lanes_n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (lane_compare(&index->lanes[mid], agent, lane) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t author_place(const struct memory_index *index, const char *name)
{
    size_t low = 0, high = index->authors_n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(index->authors[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t command_place(const struct memory_author *author, uint64_t counter)
{
    size_t low = 0, high = author->commands_n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (author->commands[mid].counter < counter)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct memory_stream *memory_index_stream(const struct memory_index *index, const char *name)
{
    size_t at = stream_place(index, name);
    bool found = at < index->streams_n && strcmp(index->streams[at].name, name) == 0;
    return found ? &index->streams[at] : NULL;
}

const struct memory_lane *memory_index_lane(const struct memory_index *index, const char *agent, uint8_t lane)
{
    size_t at = lane_place(index, agent, lane);
    bool found = at < index->lanes_n && lane_compare(&index->lanes[at], agent, lane) == 0;
    return found ? &index->lanes[at] : NULL;
}

const struct memory_author *memory_index_author(const struct memory_index *index, const char *name)
{
    size_t at = author_place(index, name);
    bool found = at < index->authors_n && strcmp(index->authors[at].name, name) == 0;
    return found ? &index->authors[at] : NULL;
}

uint64_t memory_index_find_command(const struct memory_index *index, const char *author, uint64_t counter)
{
    const struct memory_author *who = memory_index_author(index, author);
    if (who == NULL)
        return 0;
    size_t at = command_place(who, counter);
    return at < who->commands_n && who->commands[at].counter == counter ? who->commands[at].seq : 0;
}

static struct memory_stream *need_stream(struct memory_index *index, const char *name)
{
    size_t at = stream_place(index, name);
    if (at < index->streams_n && strcmp(index->streams[at].name, name) == 0)
        return &index->streams[at];
    char *copy = strdup(name);
    void *grown = copy == NULL ? NULL
                               : open_gap(index->streams, &index->streams_n, &index->streams_capacity,
                                          sizeof(*index->streams), at);
    if (grown == NULL) {
        free(copy);
        return NULL;
    }
    index->streams = grown;
    index->streams[at].name = copy;
    return &index->streams[at];
}

static struct memory_lane *need_lane(struct memory_index *index, const char *agent, uint8_t lane)
{
    size_t at = lane_place(index, agent, lane);
    if (at < index->lanes_n && lane_compare(&index->lanes[at], agent, lane) == 0)
        return &index->lanes[at];
    char *copy = strdup(agent);
    void *grown = copy == NULL ? NULL
                               : open_gap(index->lanes, &index->lanes_n, &index->lanes_capacity,
                                          sizeof(*index->lanes), at);
    if (grown == NULL) {
        free(copy);
        return NULL;
    }
    index->lanes = grown;
    index->lanes[at].agent = copy;
    index->lanes[at].lane = lane;
    return &index->lanes[at];
}

static int touch(struct memory_stream *stream, uint64_t seq)
{
    if (stream->seqs_n > 0 && stream->seqs[stream->seqs_n - 1] == seq)
        return 0;
    void *grown = open_gap(stream->seqs, &stream->seqs_n, &stream->seqs_capacity, sizeof(*stream->seqs),
                           stream->seqs_n);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    stream->seqs = grown;
    stream->seqs[stream->seqs_n - 1] = seq;
    return 0;
}

static int wait_for(struct memory_lane *lane, uint64_t seq, const char *item)
{
    size_t at = lane->waiting_n;
    while (at > 0 && lane->waiting[at - 1].seq == seq) {
        int order = strcmp(lane->waiting[at - 1].item, item);
        if (order == 0)
            return 0;
        if (order < 0)
            break;
        at--;
    }
    char *copy = strdup(item);
    void *grown = copy == NULL ? NULL
                               : open_gap(lane->waiting, &lane->waiting_n, &lane->waiting_capacity,
                                          sizeof(*lane->waiting), at);
    if (grown == NULL) {
        free(copy);
        return ERR_NO_MEMORY;
    }
    lane->waiting = grown;
    lane->waiting[at] = (struct memory_waiting){.seq = seq, .item = copy};
    return 0;
}

static void recall(struct memory_lane *lane, const char *item)
{
    for (size_t i = 0; i < lane->waiting_n; i++) {
        if (strcmp(lane->waiting[i].item, item) == 0)
            lane->waiting[i].tombstone = true;
    }
}

/* By the record `seq`. */
static void acknowledge(struct memory_lane *lane, uint64_t up_to, uint64_t seq)
{
    size_t gone = 0;
    while (gone < lane->waiting_n && lane->waiting[gone].seq <= up_to && lane->waiting[gone].seq < seq)
        free(lane->waiting[gone++].item);
    lane->waiting_n -= gone;
    if (gone > 0)
        memmove(lane->waiting, lane->waiting + gone, lane->waiting_n * sizeof(*lane->waiting));
    if (up_to > lane->cursor)
        lane->cursor = up_to;
}

static int apply_stream(struct memory_stream *stream, uint64_t seq, const struct log_index *change)
{
    if (stream == NULL)
        return ERR_NO_MEMORY;
    if (change->op == LOG_TOUCH)
        return touch(stream, seq);
    if (change->op == LOG_DUE) {
        if (stream->open)
            stream->due_ms = change->number;
        return 0;
    }
    stream->open = change->op == LOG_OPEN;
    if (!stream->open)
        stream->due_ms = 0;
    return 0;
}

static int apply_lane(struct memory_lane *lane, uint64_t seq, const struct log_index *change)
{
    const char *item = change->item != NULL ? change->item : "";
    if (lane == NULL)
        return ERR_NO_MEMORY;
    if (change->op == LOG_OUTBOX)
        return wait_for(lane, seq, item);
    if (change->op == LOG_TOMBSTONE)
        recall(lane, item);
    else
        acknowledge(lane, change->number, seq);
    return 0;
}

int memory_index_apply(struct memory_index *index, uint64_t seq, const struct log_index *changes, size_t n)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < n; i++) {
        const struct log_index *change = &changes[i];
        if (change->op == LOG_OUTBOX || change->op == LOG_TOMBSTONE || change->op == LOG_CURSOR)
            code = apply_lane(need_lane(index, change->name, change->lane), seq, change);
        else
            code = apply_stream(need_stream(index, change->name), seq, change);
    }
    return code;
}

int memory_index_command(struct memory_index *index, const char *author, uint64_t counter, uint64_t seq)
{
    size_t at = author_place(index, author);
    if (at == index->authors_n || strcmp(index->authors[at].name, author) != 0) {
        char *copy = strdup(author);
        void *grown = copy == NULL ? NULL
                                   : open_gap(index->authors, &index->authors_n, &index->authors_capacity,
                                              sizeof(*index->authors), at);
        if (grown == NULL) {
            free(copy);
            return ERR_NO_MEMORY;
        }
        index->authors = grown;
        index->authors[at].name = copy;
    }
    struct memory_author *who = &index->authors[at];
    size_t place = command_place(who, counter);
    if (place < who->commands_n && who->commands[place].counter == counter)
        return ERR_CONFLICT;
    void *grown =
        open_gap(who->commands, &who->commands_n, &who->commands_capacity, sizeof(*who->commands), place);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    who->commands = grown;
    who->commands[place] = (struct memory_command){.counter = counter, .seq = seq};
    return 0;
}

void memory_index_forget_command(struct memory_index *index, const char *author, uint64_t counter)
{
    size_t at = author_place(index, author);
    if (at == index->authors_n || strcmp(index->authors[at].name, author) != 0)
        return;
    struct memory_author *who = &index->authors[at];
    size_t place = command_place(who, counter);
    if (place == who->commands_n || who->commands[place].counter != counter)
        return;
    who->commands_n--;
    memmove(&who->commands[place], &who->commands[place + 1],
            (who->commands_n - place) * sizeof(*who->commands));
}

int memory_index_open(const struct memory_index *index, const char *after, struct log_builder *builder)
{
    for (size_t i = stream_place(index, after); i < index->streams_n; i++) {
        const struct memory_stream *stream = &index->streams[i];
        if (!stream->open || strcmp(stream->name, after) == 0)
            continue;
        if (!log_builder_fits_name(builder))
            return 0;
        if (log_builder_name(builder, stream->name, 0, 0) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

int memory_index_touched(const struct memory_index *index, const char *after, const char *to,
                         struct log_builder *builder)
{
    for (size_t i = stream_place(index, after); i < index->streams_n; i++) {
        const struct memory_stream *stream = &index->streams[i];
        if (stream->seqs_n == 0 || strcmp(stream->name, after) == 0)
            continue;
        if (strcmp(stream->name, to) >= 0 || !log_builder_fits_name(builder))
            return 0;
        if (log_builder_name(builder, stream->name, 0, 0) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

static int due_compare(const void *a, const void *b)
{
    const struct memory_stream *const *x = a;
    const struct memory_stream *const *y = b;
    if ((*x)->due_ms != (*y)->due_ms)
        return (*x)->due_ms < (*y)->due_ms ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

int memory_index_due(const struct memory_index *index, uint64_t until_ms, struct log_builder *builder)
{
    const struct memory_stream **due = calloc(index->streams_n + 1, sizeof(*due));
    size_t n = 0;
    int code = 0;
    if (due == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < index->streams_n; i++) {
        if (index->streams[i].due_ms != 0 && index->streams[i].due_ms <= until_ms)
            due[n++] = &index->streams[i];
    }
    qsort(due, n, sizeof(*due), due_compare);
    for (size_t i = 0; code == 0 && i < n && log_builder_fits_name(builder); i++)
        code = log_builder_name(builder, due[i]->name, 0, due[i]->due_ms);
    free(due);
    return code;
}

int memory_index_behind(const struct memory_index *index, const char *after, uint8_t after_lane,
                        struct log_builder *builder)
{
    for (size_t i = 0; i < index->lanes_n; i++) {
        const struct memory_lane *lane = &index->lanes[i];
        if (lane->waiting_n == 0 || (after != NULL && lane_compare(lane, after, after_lane) <= 0))
            continue;
        if (!log_builder_fits_name(builder))
            return 0;
        if (log_builder_name(builder, lane->agent, lane->lane, lane->waiting[0].seq) != 0)
            return ERR_NO_MEMORY;
    }
    return 0;
}

void memory_index_free(struct memory_index *index)
{
    for (size_t i = 0; i < index->streams_n; i++) {
        free(index->streams[i].name);
        free(index->streams[i].seqs);
    }
    for (size_t i = 0; i < index->lanes_n; i++) {
        for (size_t j = 0; j < index->lanes[i].waiting_n; j++)
            free(index->lanes[i].waiting[j].item);
        free(index->lanes[i].waiting);
        free(index->lanes[i].agent);
    }
    for (size_t i = 0; i < index->authors_n; i++) {
        free(index->authors[i].name);
        free(index->authors[i].commands);
    }
    free(index->streams);
    free(index->lanes);
    free(index->authors);
}
