#include "common/view/view_untold.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/text.h"
#include "common/view/view_private.h"
#include "common/view/view_saying.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

int view_note_untold(struct view *view, const struct event *event, const struct view_step *step)
{
    const struct note_untold *e = &event->untold;
    const char *region = view_intern(view, e->region), *detail = arena_strdup(&view->keep, e->detail);
    void *grown = view->untold;

    if (region == NULL || detail == NULL ||
        view_grow(&grown, view->untold_n, &view->untold_capacity, sizeof *view->untold) < 0) {
        return ERR_NO_MEMORY;
    }
    view->untold = grown;
    view->untold[view->untold_n++] = (struct untold){.region = region,
                                                     .seq = e->seq,
                                                     .refusal = (enum refusal)e->refusal,
                                                     .detail = detail,
                                                     .at_ms = step->bus_ms};
    return 0;
}

/* --- what the record says of the incident --------------------------------------------------------- */

struct content {
    bool any;
    uint64_t report; /* its number */
    size_t orders;
    enum event_kind kind; /* what else; NONE: only for whom it waits */
};

static void look(const struct view_told *at, uint64_t seq, struct content *ret)
{
    for (; at != NULL; at = at->next) {
        const struct view_step *step = &at->step;
        if (step->seq != seq) {
            continue;
        }
        ret->any = true;
        if (step->kind == EVENT_REPORT_FILED) {
            ret->report = step->number;
        } else if (step->kind == EVENT_ORDER_ISSUED) {
            ret->orders++;
        } else if (ret->kind == EVENT_NONE && view_step_tone(step) != TONE_QUIET) {
            ret->kind = step->kind;
        }
    }
}

static struct content content_of(const struct view *view, const struct incident *incident, uint64_t seq)
{
    const struct view_incident *told = view_incident(view, incident->id);
    struct content ret = {.any = false};

    if (told == NULL || seq < told->opened_seq || seq > told->last_seq) {
        return ret;
    }
    look(told->first, seq, &ret);
    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct view_order *order = view_order(view, incident->orders[i].id);
        look(order != NULL ? order->first : NULL, seq, &ret);
    }
    return ret;
}

static void say_content(const struct view_voice *voice, const struct content *content, struct buf *ret)
{
    if (content->report != 0) {
        buf_printf(ret, PICK(voice, " (report %llu)", "（第 %llu 次报送）"),
                   (unsigned long long)content->report);
    } else if (content->orders != 0) {
        buf_printf(ret, PICK(voice, " (orders: %zu)", "（指令 %zu 条）"), content->orders);
    } else if (content->kind != EVENT_NONE) {
        buf_printf(ret, PICK(voice, " (%s)", "（%s）"), event_kind_name(content->kind));
    }
}

/* Only of its size, or its bytes, is there no refusal. */
static void say_why(const struct view_voice *voice, const struct untold *untold, struct buf *ret)
{
    static const struct view_saying own[] = {{REFUSED_NOT, "it is too large", "记录过大"},
                                             {REFUSED_NOT, "it cannot be read", "记录无法读取"},
                                             {REFUSED_NOT, NULL, NULL}};
    char said[VIEW_SAYING_TEXT];
    const char *why = untold->detail;

    if (untold->refusal != REFUSED_NOT) {
        buf_puts(ret, voice->zh ? refusal_text_zh(untold->refusal) : refusal_text(untold->refusal));
        buf_puts(ret, why[0] == '\0' ? "" : PICK(voice, ": ", "："));
        why = voice->zh ? view_detail_zh(untold->refusal, why, said) : why;
    } else if (voice->zh && view_saying(own, REFUSED_NOT, why, said)) {
        why = said;
    }
    text_escape(ret, why, strlen(why));
}

void view_say_untold(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                     struct buf *ret)
{
    for (size_t i = 0; i < view->untold_n; i++) {
        const struct untold *untold = &view->untold[i];
        struct content content = content_of(view, incident, untold->seq);
        if (!content.any) {
            continue;
        }
        buf_printf(ret, "  %s", view_tone_on(voice, TONE_BAD));
        buf_printf(ret, PICK(voice, "NOT TOLD to region %s: record %llu", "未送达 %s：第 %llu 条记录"),
                   untold->region, (unsigned long long)untold->seq);
        say_content(voice, &content, ret);
        buf_puts(ret, PICK(voice, ", ", "，"));
        say_why(voice, untold, ret);
        buf_printf(ret, PICK(voice, ": tell them by phone%s\n", "：须电话告知%s\n"),
                   view_tone_off(voice, TONE_BAD));
    }
}

void view_json_untold(const struct view *view, const struct incident *incident, struct json *json)
{
    json_array(json, "not_told");
    for (size_t i = 0; i < view->untold_n; i++) {
        const struct untold *untold = &view->untold[i];
        struct content content = content_of(view, incident, untold->seq);
        if (!content.any) {
            continue;
        }
        json_object(json, NULL);
        json_text(json, "region", untold->region);
        json_unsigned(json, "seq", untold->seq);
        json_unsigned(json, "report", content.report);
        json_unsigned(json, "orders", content.orders);
        json_text(json, "event", content.kind != EVENT_NONE ? event_kind_name(content.kind) : "");
        json_text(json, "why", untold->refusal != REFUSED_NOT ? refusal_text(untold->refusal) : "");
        json_text(json, "detail", untold->detail);
        json_number(json, "at_ms", untold->at_ms);
        json_object_end(json);
    }
    json_array_end(json);
}
