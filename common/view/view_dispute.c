#include "common/view/view_dispute.h"

#include <string.h>

#include "common/base/text.h"
#include "common/core/dispute.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

static const char *own_region(const struct view *view)
{
    return state_region(view_state(view))->code;
}

/* The order by its id, region, addressee and words. */
static void put_order(const struct view *view, const struct view_voice *voice,
                      const struct incident *incident, struct id id, struct buf *ret)
{
    const struct order *order = incident_order(incident, id);
    const struct view_order *told = view_order(view, id);
    char text[VIEW_SHORT_ID];

    buf_puts(ret, view_short_id(id, text));
    if (order != NULL) {
        buf_printf(ret, PICK(voice, " of region %s to %s", "（%s → %s）"),
                   order_region(order, own_region(view)),
                   view_short_name(view_state(view), order->addressee));
    }
    if (told != NULL && told->text[0] != '\0') {
        buf_puts(ret, PICK(voice, " \"", "“"));
        buf_puts(ret, told->text);
        buf_puts(ret, PICK(voice, "\"", "”"));
    }
}

static void say_dispute(const struct view *view, const struct view_voice *voice,
                        const struct incident *incident, const struct dispute *dispute, struct buf *ret)
{
    struct buf line;

    buf_init(&line, 0);
    if (id_is_zero(dispute->other)) {
        buf_puts(&line, PICK(voice, "UNDER AN OLD TERM: order ", "旧任期指令："));
        put_order(view, voice, incident, dispute->order, &line);
        buf_puts(&line, PICK(voice, " was given when another region had taken the lead: recall or confirm it",
                             "，下达时指挥权已由他地接管：须撤回或确认"));
    } else {
        buf_puts(&line, PICK(voice, "CONTRADICTORY: order ", "指令冲突："));
        put_order(view, voice, incident, dispute->order, &line);
        buf_puts(&line, PICK(voice, " and order ", " 与 "));
        put_order(view, voice, incident, dispute->other, &line);
        buf_puts(&line, PICK(voice, ", given apart: recall one, or confirm that both stand",
                             "，双方互不知情：须撤回其一，或确认均有效"));
    }
    buf_printf(ret, "  %s", view_tone_on(voice, TONE_BAD));
    text_escape(ret, (const char *)line.p, line.n);
    buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
    ret->failed = ret->failed || line.failed;
    buf_free(&line);
}

void view_say_disputes(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct id order, struct buf *ret)
{
    const struct dispute *dispute;

    for (size_t i = 0; (dispute = incident_open_dispute(incident, order, i)) != NULL; i++) {
        say_dispute(view, voice, incident, dispute, ret);
    }
}

void view_json_disputes(const struct view *view, const struct incident *incident, struct id order,
                        struct json *json)
{
    const struct dispute *dispute;

    json_array(json, "disputes");
    for (size_t i = 0; (dispute = incident_open_dispute(incident, order, i)) != NULL; i++) {
        const struct order *one = incident_order(incident, dispute->order);
        const struct order *other = incident_order(incident, dispute->other);
        json_object(json, NULL);
        json_text(json, "why", id_is_zero(dispute->other) ? "old-term" : "same-addressee");
        json_id(json, "order", dispute->order);
        json_text(json, "region", one != NULL ? order_region(one, own_region(view)) : "");
        json_id(json, "other", dispute->other);
        json_text(json, "other_region", other != NULL ? order_region(other, own_region(view)) : "");
        json_number(json, "at_ms", dispute->at_ms);
        json_object_end(json);
    }
    json_array_end(json);
}

/* --- counts --------------------------------------------------------------------------------------- */

const char *view_count_name(const struct view_voice *voice, const char *fact)
{
    static const char *const chinese[COUNTS] = {"死亡", "失踪", "重伤", "轻伤", "被困"};

    for (size_t i = 0; i < COUNTS && voice->zh; i++) {
        if (strcmp(count_name(i), fact) == 0) {
            return chinese[i];
        }
    }
    return fact;
}

void view_say_apart(const struct view_voice *voice, const struct incident *incident, struct buf *ret)
{
    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = incident_apart(incident, i);
        if (apart == NULL) {
            continue;
        }
        buf_printf(ret,
                   PICK(voice, "  %sCOUNTED APART: %s %lld, but %lld by %s: count anew to settle it%s\n",
                        "  %s统计不一致：%s %lld 人，另有 %lld 人（%s），互不知情：须重新核实上报%s\n"),
                   view_tone_on(voice, TONE_BAD), view_count_name(voice, count_name(i)),
                   (long long)count_of(&incident->casualties, i), (long long)apart->count,
                   apart->region[0] != '\0' ? apart->region
                                            : PICK(voice, "what was known here", "本地此前所知"),
                   view_tone_off(voice, TONE_BAD));
    }
}

void view_json_apart(const struct incident *incident, struct json *json)
{
    json_array(json, "counted_apart");
    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = incident_apart(incident, i);
        if (apart != NULL) {
            json_object(json, NULL);
            json_text(json, "fact", count_name(i));
            json_number(json, "count", apart->count);
            json_number(json, "holds", count_of(&incident->casualties, i));
            json_text(json, "region", apart->region);
            json_number(json, "at_ms", apart->at_ms);
            json_object_end(json);
        }
    }
    json_array_end(json);
}
