#include "agents/agency/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/agency/lines.h"
#include "common/base/text.h"
#include "common/base/when.h"

enum { SHORT_ID = 6 };

void show_text(const char *format, ...)
{
    char time[WHEN_TEXT];
    struct buf line;
    va_list args;
    char text[1024];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    when_format(clock_system()->utc_ms(clock_system()->ctx), 0, time);
    buf_init(&line, 0);
    buf_printf(&line, "%.12s ", time + 11);
    text_escape(&line, text, strlen(text));
    buf_puts(&line, "\n");
    lines_write(STDOUT_FILENO, buf_text(&line), line.n);
    buf_free(&line);
}

/* The end of an id tells two of one moment apart. */
static const char *short_id(struct id id, char text[ID_TEXT])
{
    id_format(id, text);
    return text + ID_TEXT - 1 - SHORT_ID;
}

static const char *mode_mark(enum mode mode)
{
    return mode == MODE_EXERCISE ? "[exercise] " : mode == MODE_TEST ? "[test] " : "";
}

static void join(struct words words, const char *before, struct buf *ret)
{
    for (size_t i = 0; i < words.n; i++) {
        buf_printf(ret, "%s%s", i == 0 ? before : ", ", words.at[i]);
    }
}

void show_delivery(const struct delivery *delivery)
{
    static const char *const WHAT[] = {
        [DELIVERY_ORDER] = "order",     [DELIVERY_AMENDMENT] = "amended",
        [DELIVERY_RECALL] = "recalled", [DELIVERY_EXPIRED] = "expired",
        [DELIVERY_NOTICE] = "notice",   [DELIVERY_REMINDER] = "REMINDED 催办",
    };
    const struct event *event = delivery->event;
    struct buf more;
    char id[ID_TEXT];

    buf_init(&more, 0);
    if (delivery->kind == DELIVERY_ORDER && event) {
        buf_printf(&more, ": %s", event->order_issued.kind);
        join(event->order_issued.needs, "; needs ", &more);
        buf_printf(&more, "; %s",
                   delivery->order_said ? delivery->order_said->text : delivery->evacuation_said->text);
        buf_puts(&more, delivery->resumed ? " (resumed)" : "");
    } else if (delivery->kind == DELIVERY_AMENDMENT) {
        join(event->order_amended.needs, ": needs now ", &more);
    } else if (delivery->kind == DELIVERY_RECALL && event && event->kind == EVENT_RUNG_REACHED) {
        buf_printf(&more, ": %s by %s", event->rung.rung == RUNG_DECLINED ? "declined" : "taken",
                   event->rung.agent);
    } else if (delivery->recall_said && delivery->recall_said->reason[0] != '\0') {
        buf_printf(&more, ": %s", delivery->recall_said->reason);
    } else if (delivery->kind == DELIVERY_REMINDER) {
        char by[WHEN_TEXT];
        buf_printf(&more, ": not answered yet; answer by %s",
                   when_format(event->order_reminded.answer_by_ms, 0, by));
    } else if (delivery->kind == DELIVERY_NOTICE) {
        buf_printf(&more, ": %s", event_kind_name(event->kind));
    }
    show_text("%s%s %s%s", mode_mark(delivery->mode), WHAT[delivery->kind],
              short_id(id_is_zero(delivery->order) ? delivery->incident : delivery->order, id),
              buf_text(&more));
    buf_free(&more);
}

void show_receipt(const struct give_receipt *receipt)
{
    struct buf more;
    char id[ID_TEXT];

    buf_init(&more, 0);
    join(receipt->units, ": ", &more);
    if (receipt->has_head_count) {
        buf_printf(&more, ": %u present, %u missing", receipt->present, receipt->missing);
    }
    if (receipt->text && receipt->text[0] != '\0') {
        buf_printf(&more, ": %s", receipt->text);
    }
    if (receipt->amendment > 0) {
        show_text("said  %s amendment %u acknowledged%s", short_id(receipt->order, id), receipt->amendment,
                  buf_text(&more));
    } else {
        show_text("said  %s %s%s", short_id(receipt->order, id), rung_name(receipt->rung), buf_text(&more));
    }
    buf_free(&more);
}

void show_remark(struct id order, const char *text)
{
    char id[ID_TEXT];

    show_text("note  %s %s", short_id(order, id), text);
}

int show_json(json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    size_t n = text ? strlen(text) : 0;
    int rc = ERR_NO_MEMORY;

    if (text) {
        text[n] = '\n'; /* in the place of the terminator */
        rc = lines_write(STDOUT_FILENO, text, n + 1);
    }
    free(text);
    json_decref(message);
    return rc;
}
