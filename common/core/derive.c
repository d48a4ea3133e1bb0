#include "common/core/derive.h"

static void derive_streams(const struct event *events, size_t n, const char *region,
                           const struct derive_sink *sink)
{
    struct stream_key last = {.kind = STREAM_NONE};

    for (size_t i = 0; i < n; i++) {
        const struct event *event = &events[i];
        struct stream_key stream = event_stream(event, region);
        if (event->kind == EVENT_ORDER_ISSUED) { /* it is found by its own id, too */
            sink->touched(sink->route.ctx, stream_key_order(event->order), event);
        }
        if (!stream_key_equal(stream, last)) {
            sink->touched(sink->route.ctx, stream, event);
        }
        last = stream;
    }
}

void derive(const struct state *state, const struct event *events, size_t n, const char *region,
            const char *author, const struct derive_sink *sink)
{
    derive_streams(events, n, region, sink);
    for (size_t i = 0; i < n; i++) {
        const struct event *event = &events[i];
        route(state, event, author, &sink->route);
        if (event->kind == EVENT_ACKNOWLEDGED) {
            sink->acknowledged(sink->route.ctx, event->acknowledged.agent, event->acknowledged.lane,
                               event->acknowledged.up_to_seq);
        }
    }
}

/* --- in words --------------------------------------------------------------------------------- */

struct rows {
    derived_add *add;
    void *ctx;
};

static void row_touched(void *ctx, struct stream_key stream, const struct event *event)
{
    const struct rows *rows = ctx;
    char name[STREAM_NAME_MAX];

    (void)event;
    rows->add(rows->ctx,
              &(struct derived){.kind = DERIVED_TOUCH, .name = stream_name(stream, name), .item = ""});
}

static void row_of_order(const struct rows *rows, enum derived_kind kind, const char *agent, enum lane lane,
                         struct id order)
{
    char item[ID_TEXT];

    rows->add(rows->ctx, &(struct derived){.kind = kind,
                                           .lane = lane,
                                           .name = agent,
                                           .item = id_is_zero(order) ? "" : id_format(order, item)});
}

static void row_waits(void *ctx, const char *agent, enum lane lane, struct id order)
{
    row_of_order(ctx, DERIVED_OUTBOX, agent, lane, order);
}

static void row_recalled(void *ctx, const char *agent, enum lane lane, struct id order)
{
    row_of_order(ctx, DERIVED_TOMBSTONE, agent, lane, order);
}

static void row_acknowledged(void *ctx, const char *agent, enum lane lane, uint64_t up_to_seq)
{
    const struct rows *rows = ctx;

    rows->add(rows->ctx,
              &(struct derived){
                  .kind = DERIVED_CURSOR, .lane = lane, .name = agent, .item = "", .number = up_to_seq});
}

void derive_rows(const struct state *state, const struct event *events, size_t n, const char *author,
                 derived_add *add, void *ctx)
{
    struct rows rows = {.add = add, .ctx = ctx};
    struct derive_sink sink = {.route = {.ctx = &rows, .add = row_waits, .recalled = row_recalled},
                               .touched = row_touched,
                               .acknowledged = row_acknowledged};

    derive(state, events, n, state_region(state)->code, author, &sink);
}

static bool row_open(void *ctx, const struct incident *incident)
{
    const struct rows *rows = ctx;
    char name[STREAM_NAME_MAX];
    int64_t due_ms = incident_due(incident);

    if (!incident_is_live(incident)) {
        return true;
    }
    (void)stream_of_incident(incident->id, name);
    rows->add(rows->ctx, &(struct derived){.kind = DERIVED_OPEN, .name = name, .item = ""});
    if (due_ms != 0) {
        rows->add(rows->ctx, &(struct derived){
                                 .kind = DERIVED_DUE, .name = name, .item = "", .number = (uint64_t)due_ms});
    }
    return true;
}

int derive_open_rows(const struct state *state, derived_add *add, void *ctx)
{
    struct rows rows = {.add = add, .ctx = ctx};

    return state_each_incident(state, row_open, &rows);
}
