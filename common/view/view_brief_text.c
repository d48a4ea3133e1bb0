/* The brief as lines for people, and as JSON. Headings and the banner stand at the left edge; what came from
 * outside is always further in, so that no text can pass for one. */
#include <string.h>

#include "common/base/text.h"
#include "common/view/view_brief.h"
#include "common/view/view_json.h"

#define PICK(brief, en, cn) ((brief)->zh ? (cn) : (en))

static const char rule[] = "========================================================================\n";

/* Its lines one below the other, the later ones indented. */
static void put(struct buf *ret, const char *text)
{
    for (size_t n = strcspn(text, "\n"); text[n] != '\0'; n = strcspn(text, "\n")) {
        text_escape(ret, text, n > 0 && text[n - 1] == '\r' ? n - 1 : n);
        buf_puts(ret, "\n      ");
        text += n + 1;
    }
    text_escape(ret, text, strlen(text));
}

static void put_said(struct buf *ret, struct buf *said)
{
    put(ret, buf_text(said));
    ret->failed = ret->failed || said->failed;
    buf_free(said);
}

static void put_banner(const struct view_brief *brief, struct buf *ret)
{
    const char *banner = brief_banner(brief);

    if (banner[0] != '\0') {
        buf_printf(ret, "%s              %s\n%s", rule, banner, rule);
    }
}

static void put_line(const struct view_brief *brief, const char *label, const char *value, struct buf *ret)
{
    buf_printf(ret, "%s%s", label, PICK(brief, ": ", "："));
    put(ret, value[0] != '\0' ? value : brief_unknown(brief));
    buf_puts(ret, "\n");
}

static void put_item(const struct view_brief *brief, enum brief_item_kind kind, struct buf *ret)
{
    const struct brief_item *item = &brief->items[kind];
    struct buf said;

    buf_init(&said, 0);
    buf_puts(&said, item->value[0] != '\0' ? item->value : brief_item_none(brief, kind));
    brief_say_before(brief, item, &said);
    buf_printf(ret, "%s%s%s", item->changed ? "▲ " : "  ", brief_item_label(brief, kind),
               PICK(brief, ": ", "："));
    put_said(ret, &said);
    buf_puts(ret, "\n");
}

static void put_items(const struct view_brief *brief, enum brief_section section, struct buf *ret)
{
    const char *title = brief_section_title(brief, section);

    buf_printf(ret, "\n%s%s", title, title[0] != '\0' ? "\n" : "");
    for (int i = 0; i < BRIEF_ITEMS; i++) {
        if (brief_item_section((enum brief_item_kind)i) == section) {
            put_item(brief, (enum brief_item_kind)i, ret);
        }
    }
}

static void put_orders(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    buf_init(&said, 0);
    brief_say_orders_count(brief, &said);
    buf_puts(ret, "  ");
    put_said(ret, &said);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < brief->orders_n; i++) {
        const struct brief_order *order = &brief->orders[i];
        buf_init(&said, 0);
        brief_say_order(brief, order, &said);
        buf_puts(ret, order->is_new || order->before != RUNG_NONE ? "▲ " : "  ");
        put_said(ret, &said);
        buf_puts(ret, "\n");
    }
}

static void put_requests(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    buf_printf(ret, "%s\n",
               brief->requests_n == 0
                   ? PICK(brief, "  asked for and not answered: nothing", "  未报事项：无未答复的补报要求")
                   : PICK(brief, "  asked for and not answered:", "  未报事项："));
    for (size_t i = 0; i < brief->requests_n; i++) {
        buf_init(&said, 0);
        brief_say_request(brief, &brief->requests[i], &said);
        buf_puts(ret, "    ");
        put_said(ret, &said);
        buf_puts(ret, "\n");
    }
}

static void put_readers(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    buf_printf(ret, "\n%s\n", PICK(brief, "Who was told of this report", "本报知悉情况"));
    if (brief->readers_n == 0) {
        buf_printf(ret, "  %s\n", brief_no_reader(brief));
    }
    for (size_t i = 0; i < brief->readers_n; i++) {
        buf_init(&said, 0);
        brief_say_reader(brief, &brief->readers[i], &said);
        buf_puts(ret, "  ");
        put_said(ret, &said);
        buf_puts(ret, "\n");
    }
}

static void put_head(const struct view_brief *brief, struct buf *ret)
{
    struct brief_lines lines;
    struct buf said;

    buf_printf(ret, "%s\n", brief_title(brief));
    buf_printf(ret, PICK(brief, "No. %llu  %s\n", "第 %llu 号  %s\n"), (unsigned long long)brief->number,
               brief->heading);
    buf_puts(ret, PICK(brief, "issued by: ", "报送单位："));
    put(ret, brief->region_name);
    buf_printf(ret, PICK(brief, " (%s)\n", "（%s）\n"), brief->region_code);
    brief_top(brief, &lines);
    for (size_t i = 0; i < lines.n; i++) {
        put_line(brief, lines.at[i].label, lines.at[i].value, ret);
    }
    ret->failed = ret->failed || lines.region.failed;
    brief_top_free(&lines);
    buf_init(&said, 0);
    brief_say_as_of(brief, &said);
    if (said.n > 0) {
        put(ret, buf_text(&said));
        buf_puts(ret, "\n");
    }
    buf_free(&said);
    if (!brief->is_first) {
        buf_printf(ret, "%s\n", PICK(brief, "▲ changed since the brief before", "▲ 较上一号有变化"));
    }
}

void view_brief_text(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    put_banner(brief, ret);
    put_head(brief, ret);
    for (int section = BRIEF_HEAD; section < BRIEF_SECTIONS; section++) {
        put_items(brief, (enum brief_section)section, ret);
        if (section == BRIEF_MEASURES) {
            put_orders(brief, ret);
        }
    }
    put_requests(brief, ret);
    put_readers(brief, ret);
    buf_puts(ret, "\n");
    buf_init(&said, 0);
    brief_say_source(brief, &said);
    put_said(ret, &said);
    buf_puts(ret, "\n");
    put_banner(brief, ret);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* null: nobody has said it. */
static void json_said(struct json *json, const char *key, const char *text)
{
    if (text[0] != '\0') {
        json_text(json, key, text);
    } else {
        json_null(json, key);
    }
}

static void json_items(const struct view_brief *brief, struct json *json)
{
    json_array(json, "items");
    for (int i = 0; i < BRIEF_ITEMS; i++) {
        enum brief_item_kind kind = (enum brief_item_kind)i;
        json_object(json, NULL);
        json_text(json, "item", brief_item_key(kind));
        json_number(json, "section", brief_item_section(kind));
        json_text(json, "label", brief_item_label(brief, kind));
        json_said(json, "value", brief->items[i].value);
        json_bool(json, "changed", brief->items[i].changed);
        if (brief->items[i].changed) {
            json_said(json, "before", brief->items[i].before);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_orders(const struct view_brief *brief, struct json *json)
{
    json_array(json, "orders");
    for (size_t i = 0; i < brief->orders_n; i++) {
        const struct brief_order *order = &brief->orders[i];
        json_object(json, NULL);
        json_id(json, "order", order->id);
        json_number(json, "issued_ms", order->issued_ms);
        json_text(json, "kind", order->kind);
        json_text(json, "addressee", order->addressee);
        json_text(json, "text", order->text);
        json_text(json, "rung", rung_name(order->rung));
        json_number(json, "rung_ms", order->rung_ms);
        json_said(json, "who", order->who);
        json_bool(json, "unreached", order->unreached);
        json_bool(json, "unanswered", order->unanswered);
        json_bool(json, "overdue", order->overdue);
        json_bool(json, "new", order->is_new);
        if (order->before != RUNG_NONE) {
            json_text(json, "before", rung_name(order->before));
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_requests(const struct view_brief *brief, struct json *json)
{
    json_array(json, "not_answered");
    for (size_t i = 0; i < brief->requests_n; i++) {
        const struct brief_request *request = &brief->requests[i];
        json_object(json, NULL);
        json_text(json, "fact", request->fact);
        json_number(json, "asked_ms", request->asked_ms);
        json_number(json, "due_ms", request->due_ms);
        json_bool(json, "overdue", request->overdue);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_readers(const struct view_brief *brief, struct json *json)
{
    json_array(json, "told");
    for (size_t i = 0; i < brief->readers_n; i++) {
        json_object(json, NULL);
        json_text(json, "agent", brief->readers[i].agent);
        json_bool(json, "delivered", brief->readers[i].delivered);
        json_number(json, "delivered_ms", brief->readers[i].at_ms);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_whose(const struct view_brief *brief, struct json *json)
{
    bool told = brief->of_region[0] != '\0';

    json_said(json, "reporter", told ? "" : brief->reporter);
    json_said(json, "operator", told ? "" : brief->operator);
    json_said(json, "signed_off_by", told ? "" : brief->signed_off_by);
    if (!told) {
        return;
    }
    json_object(json, "told_by");
    json_text(json, "region", brief->of_region);
    json_said(json, "region_name", brief->of_name);
    json_unsigned(json, "number", brief->of_number);
    json_number(json, "reported_ms", brief->of_reported_ms);
    json_text(json, "reporter", brief->reporter);
    json_said(json, "operator", brief->operator);
    json_said(json, "signed_off_by", brief->signed_off_by);
    json_object_end(json);
}

void view_brief_json(const struct view_brief *brief, struct buf *ret)
{
    struct json json = json_begin(ret);

    json_object(&json, NULL);
    json_id(&json, "incident", brief->incident);
    json_text(&json, "mode", mode_name(brief->mode));
    json_bool(&json, "history", brief->history);
    json_text(&json, "region", brief->region_code);
    json_text(&json, "region_name", brief->region_name);
    json_unsigned(&json, "number", brief->number);
    json_text(&json, "kind", report_kind_name(brief->kind));
    json_text(&json, "heading", brief->heading);
    json_number(&json, "reported_ms", brief->reported_ms);
    json_unsigned(&json, "as_of_seq", brief->as_of_seq);
    json_number(&json, "as_of_ms", brief->as_of_ms);
    json_whose(brief, &json);
    json_items(brief, &json);
    json_orders(brief, &json);
    json_requests(brief, &json);
    json_readers(brief, &json);
    json_unsigned(&json, "seq", brief->seq);
    json_hex(&json, "hash", brief->hash.b, HASH_BYTES);
    json_unsigned(&json, "read_seq", brief->read_seq);
    json_unsigned(&json, "redacted", brief->redacted);
    json_object_end(&json);
    buf_puts(ret, "\n");
}
