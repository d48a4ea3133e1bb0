#include "agents/ctl/similar.h"

#include <stdio.h>
#include <string.h>

#include "common/core/stream.h"

struct looking_up {
    struct session *session;
    struct tail tail;
    int64_t until_ms;
    bool closings; /* looks for closings, and takes nothing into the view */
    struct id closed[SIMILAR_RECENT_MAX];
    size_t closed_n;
};

static void note_closing(struct looking_up *reading, const struct view_record *record)
{
    struct id id = record->has_command ? record->command.close_incident.incident : (struct id){{0}};
    bool is_there = record->record.events_n == 0 || reading->closed_n == SIMILAR_RECENT_MAX;

    for (size_t i = 0; i < reading->closed_n && !is_there; i++) {
        is_there = id_equal(reading->closed[i], id);
    }
    if (!is_there && !id_is_zero(id)) {
        reading->closed[reading->closed_n++] = id;
    }
}

static int look_for_closing(struct looking_up *reading, const struct tail_item *item, struct err *err)
{
    struct log_record from = view_record_of_tail(item);
    struct view_record record;
    struct arena arena;

    if (item->kind != COMMAND_CLOSE_INCIDENT || item->record.n == 0 ||
        session_now_ms(reading->session) - item->bus_ms >= VIEW_SIMILAR_CLOSED_MS) {
        return 0;
    }
    arena_init(&arena, VIEW_RECORD_MEMORY);
    int rc = view_record_decode(&from, true, &arena, &record, err);
    if (rc == 0) {
        note_closing(reading, &record);
    }
    arena_free(&arena);
    return rc;
}

static int on_item(void *ctx, const struct tail_item *item, bool live, struct err *err)
{
    struct looking_up *reading = ctx;

    (void)live;
    if (session_now_ms(reading->session) > reading->until_ms) {
        return err_set(err, ERR_TEMPORARY, "not everything was read in time");
    }
    if (reading->closings) {
        return look_for_closing(reading, item, err);
    }
    struct log_record record = view_record_of_tail(item);
    return view_take(session_view(reading->session), &record, err);
}

static void on_waiting(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
}

/* Before the tail is asked for: only the end of the log. */
static int on_welcomed(void *ctx, uint64_t head_seq, struct err *err)
{
    struct looking_up *reading = ctx;

    (void)err;
    if (reading->closings && head_seq != UINT64_MAX && head_seq > SIMILAR_RECENT_RECORDS) {
        reading->tail.from_seq = head_seq - SIMILAR_RECENT_RECORDS;
    }
    return 0;
}

static int read_all(struct looking_up *reading, struct err *err)
{
    const struct session_follow follow = {.ctx = reading,
                                          .item = on_item,
                                          .waiting = on_waiting,
                                          .tail = &reading->tail,
                                          .welcomed = on_welcomed};

    reading->until_ms = session_now_ms(reading->session) + SIMILAR_WAIT_MS;
    return session_follow(reading->session, &follow, err);
}

int similar_read_closed(struct session *session, struct err *err)
{
    struct looking_up reading = {.session = session, .tail = {.filter = TAIL_ALL}, .closings = true};
    char stream[STREAM_NAME_MAX];
    int rc = read_all(&reading, err);

    for (size_t i = 0; i < reading.closed_n && rc == 0; i++) {
        rc = session_read(session, TAIL_STREAM, stream_of_incident(reading.closed[i], stream), err);
    }
    return rc;
}

int similar_read(struct session *session, struct err *err)
{
    struct looking_up reading = {.session = session, .tail = {.filter = TAIL_OPEN}};
    int rc = read_all(&reading, err);

    return rc ? rc : similar_read_closed(session, err);
}

size_t similar_find(struct session *session, struct id incident, struct suspect *ret)
{
    struct similar_pool pool = {.n = 0};
    size_t n = 0;

    if (view_similar_pool(session_view(session), session_now_ms(session), &pool) == 0) {
        n = view_suspects(&pool, incident, ret, VIEW_SIMILAR_SHOWN);
    }
    view_similar_pool_free(&pool);
    return n;
}

void similar_print(struct session *session, const struct suspect *suspects, size_t n)
{
    const struct view_voice voice = {.zh = session_lang(session) == LANG_ZH, .color = ctl_has_colour()};
    struct buf out;

    buf_init(&out, 0);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&out, view_tone_on(&voice, TONE_WARN));
        view_say_suspect(session_view(session), &voice, &suspects[i], &out);
        buf_printf(&out, "%s\n", view_tone_off(&voice, TONE_WARN));
    }
    printf("%s", buf_text(&out));
    buf_free(&out);
}
