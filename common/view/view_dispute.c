#include "common/view/view_dispute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/dispute.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

enum { ORDERS_NAMED_MAX = 8 }; /* in a line; the page has them all below */

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

/* --- many of them --------------------------------------------------------------------------------- */

/* An open dispute as one of its kind: between which two regions, and to which agency. Sides are in the order
 * of their regions' codes; of an order under an old term the second is nobody. */
struct open {
    const struct dispute *dispute;
    struct id orders[2];
    const char *regions[2];
    char agency[NAME_MAX_BYTES + 1];
};

static struct open open_of(const struct view *view, const struct incident *incident,
                           const struct dispute *dispute)
{
    struct open ret = {.dispute = dispute, .orders = {dispute->order, dispute->other}, .regions = {"", ""}};

    for (size_t i = 0; i < 2; i++) {
        const struct order *order = incident_order(incident, ret.orders[i]);
        if (order == NULL) {
            continue;
        }
        ret.regions[i] = order_region(order, own_region(view));
        if (!id_is_zero(dispute->other) && !name_agency(order->addressee, ret.agency)) {
            (void)snprintf(ret.agency, sizeof ret.agency, "%s", order->addressee);
        }
    }
    if (!id_is_zero(dispute->other) && strcmp(ret.regions[0], ret.regions[1]) > 0) {
        struct open turned = ret;
        for (size_t i = 0; i < 2; i++) {
            turned.orders[i] = ret.orders[1 - i];
            turned.regions[i] = ret.regions[1 - i];
        }
        ret = turned;
    }
    return ret;
}

static int compare_kinds(const struct open *a, const struct open *b)
{
    int order = id_is_zero(a->orders[1]) - id_is_zero(b->orders[1]);

    order = order != 0 ? order : strcmp(a->agency, b->agency);
    order = order != 0 ? order : strcmp(a->regions[0], b->regions[0]);
    return order != 0 ? order : strcmp(a->regions[1], b->regions[1]);
}

static int compare_open(const void *a, const void *b)
{
    const struct open *x = a, *y = b;
    int order = compare_kinds(x, y);

    return order != 0                              ? order
           : x->dispute->at_ms < y->dispute->at_ms ? -1
                                                   : x->dispute->at_ms > y->dispute->at_ms;
}

static int compare_ids(const void *a, const void *b)
{
    return id_compare(*(const struct id *)a, *(const struct id *)b);
}

/* "6 of region 370102 (QK3M2T, 9V0TQX and 4 more)": each order of a side once. */
static void put_side(const struct view_voice *voice, const struct open *open, size_t n, size_t side,
                     struct id *orders, struct buf *ret)
{
    size_t distinct = 0;
    char text[VIEW_SHORT_ID];

    for (size_t i = 0; i < n; i++) {
        orders[i] = open[i].orders[side];
    }
    qsort(orders, n, sizeof *orders, compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !id_equal(orders[i], orders[distinct - 1])) {
            orders[distinct++] = orders[i];
        }
    }
    buf_printf(ret, PICK(voice, "%zu of region %s (", "%zu 条（%s："), distinct, open->regions[side]);
    for (size_t i = 0; i < distinct && i < ORDERS_NAMED_MAX; i++) {
        buf_printf(ret, "%s%s", i > 0 ? PICK(voice, ", ", "、") : "", view_short_id(orders[i], text));
    }
    if (distinct > ORDERS_NAMED_MAX) {
        buf_printf(ret, PICK(voice, " and %zu more", " 等"), distinct - ORDERS_NAMED_MAX);
    }
    buf_puts(ret, PICK(voice, ")", "）"));
}

/* Many against many, or under an old term, in one line. */
static void say_kind(const struct view *view, const struct view_voice *voice, const struct open *open,
                     size_t n, struct id *orders, struct buf *ret)
{
    buf_printf(ret, "  %s", view_tone_on(voice, TONE_BAD));
    if (id_is_zero(open->orders[1])) {
        buf_puts(ret, PICK(voice, "UNDER AN OLD TERM: orders, ", "旧任期指令："));
        put_side(voice, open, n, 0, orders, ret);
        buf_puts(ret,
                 PICK(voice, ", were given when another region had taken the lead: recall or confirm each",
                      "，下达时指挥权已由他地接管：须逐条撤回或确认"));
    } else {
        buf_printf(ret, PICK(voice, "CONTRADICTORY: orders to %s, ", "指令冲突：下达%s的指令，"),
                   view_short_name(view_state(view), open->agency));
        put_side(voice, open, n, 0, orders, ret);
        buf_puts(ret, PICK(voice, " and ", "与 "));
        put_side(voice, open, n, 1, orders, ret);
        buf_puts(ret, PICK(voice, ", given apart: recall what is not to stand, confirm what is",
                           "，双方互不知情：须撤回无效的，确认有效的"));
    }
    buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
}

void view_say_disputes(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct id order, struct buf *ret)
{
    const struct dispute *dispute;
    size_t n = 0, end;

    if (incident_shown_dispute(incident, order, 0) == NULL) {
        return;
    }
    struct open *open = calloc(incident->disputes->n, sizeof *open);
    struct id *orders = calloc(incident->disputes->n, sizeof *orders);
    for (; open != NULL && (dispute = incident_shown_dispute(incident, order, n)) != NULL; n++) {
        open[n] = open_of(view, incident, dispute);
    }
    if (open == NULL || orders == NULL) {
        ret->failed = true;
        n = 0;
    }
    if (n > 0) {
        qsort(open, n, sizeof *open, compare_open);
    }
    for (size_t begin = 0; begin < n; begin = end) {
        for (end = begin + 1; end < n && compare_kinds(&open[begin], &open[end]) == 0;) {
            end++;
        }
        if (end == begin + 1) {
            say_dispute(view, voice, incident, open[begin].dispute, ret);
        } else {
            say_kind(view, voice, &open[begin], end - begin, orders, ret);
        }
    }
    free(open);
    free(orders);
}

void view_json_disputes(const struct view *view, const struct incident *incident, struct id order,
                        struct json *json)
{
    const struct dispute *dispute;

    json_array(json, "disputes");
    for (size_t i = 0; (dispute = incident_shown_dispute(incident, order, i)) != NULL; i++) {
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
    char other[VIEW_SHORT_ID];

    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = incident_apart(incident, i);
        if (apart == NULL) {
            continue;
        }
        buf_printf(ret,
                   PICK(voice, "  %sCOUNTED APART: %s %lld, but %lld by %s",
                        "  %s统计不一致：%s %lld 人，另有 %lld 人（%s"),
                   view_tone_on(voice, TONE_BAD), view_count_name(voice, count_name(i)),
                   (long long)count_of(&incident->casualties, i), (long long)apart->count,
                   apart->region[0] != '\0' ? apart->region
                                            : PICK(voice, "what was known here", "本地此前所知"));
        if (!id_is_zero(apart->other)) {
            buf_printf(ret, PICK(voice, " of %s, merged into it", "，已并入的事件 %s"),
                       view_short_id(apart->other, other));
        }
        buf_printf(ret, PICK(voice, ": count anew to settle it%s\n", "）：须重新核实上报%s\n"),
                   view_tone_off(voice, TONE_BAD));
    }
}

void view_say_missed(const struct view_voice *voice, const struct incident *incident, struct buf *ret)
{
    for (size_t i = 0; i < COUNTS; i++) {
        const struct missed *missed = incident_missed(incident, i);
        if (missed == NULL) {
            continue;
        }
        buf_puts(ret, view_tone_on(voice, TONE_BAD));
        buf_printf(ret, PICK(voice, ", NOT KNOWING of %s %lld by %s", "，当时不知%s %lld 人（%s）"),
                   view_count_name(voice, count_name(i)), (long long)missed->by.count,
                   missed->by.region[0] != '\0' ? missed->by.region
                                                : PICK(voice, "what is known here", "本地所知"));
        if (missed->known != COUNT_UNKNOWN) {
            buf_printf(ret, PICK(voice, ", but of %lld", "，所知为 %lld 人"), (long long)missed->known);
        }
        buf_printf(ret, "%s%s", PICK(voice, ": count anew to settle it", "：须重新核实上报"),
                   view_tone_off(voice, TONE_BAD));
    }
}

static void json_missed(const struct incident *incident, struct json *json)
{
    json_array(json, "closed_not_knowing");
    for (size_t i = 0; i < COUNTS; i++) {
        const struct missed *missed = incident_missed(incident, i);
        if (missed != NULL) {
            json_object(json, NULL);
            json_text(json, "fact", count_name(i));
            json_number(json, "count", missed->by.count);
            if (missed->known != COUNT_UNKNOWN) {
                json_number(json, "known", missed->known);
            }
            json_text(json, "region", missed->by.region);
            json_number(json, "at_ms", missed->by.at_ms);
            json_object_end(json);
        }
    }
    json_array_end(json);
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
            if (!id_is_zero(apart->other)) {
                json_id(json, "of", apart->other);
            }
            json_number(json, "at_ms", apart->at_ms);
            json_object_end(json);
        }
    }
    json_array_end(json);
    json_missed(incident, json);
}
