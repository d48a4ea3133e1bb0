/* The brief as one page of HTML for A4: its style is in it, nothing is fetched, nothing runs (a policy in the
 * page says so, too). */
#include <string.h>

#include "common/base/text.h"
#include "common/view/view_brief.h"

#define PICK(brief, en, cn) ((brief)->zh ? (cn) : (en))

static const char style[] =
    "@page{size:A4;margin:20mm 18mm}\n"
    "body{font:11pt/1.6 \"Noto Serif CJK SC\",\"Source Han Serif "
    "SC\",SimSun,serif;color:#000;background:#fff;"
    "max-width:174mm;margin:8mm auto;padding:0 4mm;overflow-wrap:anywhere}\n"
    "h1{font-size:22pt;text-align:center;color:#b00;letter-spacing:.1em;margin:4mm 0 2mm}\n"
    ".number{text-align:center;font-size:13pt;margin:0;padding-bottom:2mm;border-bottom:2pt solid #b00}\n"
    "h2{font-size:12.5pt;margin:5mm 0 1mm;break-after:avoid}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{border:.5pt solid #666;padding:1mm 2mm;text-align:left;vertical-align:top}\n"
    "tr{break-inside:avoid}\n"
    "th{width:34%;font-weight:normal;background:#f3f3f3}\n"
    ".head th,.head td{border:0;padding:0 2mm;background:none}\n"
    ".unknown{color:#b00;font-weight:bold}\n"
    ".changed{background:#fff3b0;font-weight:bold}\n"
    ".before{font-weight:normal;color:#444}\n"
    "ul{margin:1mm 0;padding-left:6mm}\n"
    ".banner{border:3pt solid #b00;color:#b00;font-size:30pt;font-weight:bold;text-align:center;"
    "letter-spacing:.2em;line-height:1.4;margin:4mm 0}\n"
    ".source{margin-top:6mm;padding-top:2mm;border-top:.5pt solid #666;font-size:8.5pt;color:#333}\n"
    "@media print{body{margin:0;padding:0;max-width:none}"
    ".changed,th,.banner{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static void put_line(struct buf *ret, const char *text, size_t n)
{
    struct buf shown;

    buf_init(&shown, 0);
    text_escape(&shown, text, n);
    for (size_t i = 0; i < shown.n; i++) {
        switch (shown.p[i]) {
        case '&':
            buf_puts(ret, "&amp;");
            break;
        case '<':
            buf_puts(ret, "&lt;");
            break;
        case '>':
            buf_puts(ret, "&gt;");
            break;
        case '"':
            buf_puts(ret, "&quot;");
            break;
        case '\'':
            buf_puts(ret, "&#39;");
            break;
        default:
            buf_u8(ret, shown.p[i]);
        }
    }
    ret->failed = ret->failed || shown.failed;
    buf_free(&shown);
}

/* Text from outside: what could be markup, a control or turn the reading direction is escaped; its lines are
 * lines here, too. */
static void put(struct buf *ret, const char *text)
{
    for (size_t n = strcspn(text, "\n"); text[n] != '\0'; n = strcspn(text, "\n")) {
        put_line(ret, text, n > 0 && text[n - 1] == '\r' ? n - 1 : n);
        buf_puts(ret, "<br>");
        text += n + 1;
    }
    put_line(ret, text, strlen(text));
}

static void put_said(struct buf *ret, struct buf *said)
{
    put(ret, buf_text(said));
    ret->failed = ret->failed || said->failed;
    buf_free(said);
}

static void put_value(const struct view_brief *brief, const char *value, struct buf *ret)
{
    if (value[0] == '\0') {
        buf_printf(ret, "<span class=\"unknown\">%s</span>", brief_unknown(brief));
    } else {
        put(ret, value);
    }
}

static void put_banner(const struct view_brief *brief, struct buf *ret)
{
    const char *banner = brief_banner(brief);

    if (banner[0] != '\0') {
        buf_printf(ret, "<div class=\"banner\">%s</div>\n", banner);
    }
}

static void put_row(const struct view_brief *brief, const char *label, const char *value, struct buf *ret)
{
    buf_printf(ret, "<tr><th>%s</th><td>", label);
    put_value(brief, value, ret);
    buf_puts(ret, "</td></tr>\n");
}

static void put_item(const struct view_brief *brief, enum brief_item_kind kind, struct buf *ret)
{
    const struct brief_item *item = &brief->items[kind];
    struct buf said;

    buf_printf(ret, "<tr%s><th>%s%s</th><td>", item->changed ? " class=\"changed\"" : "",
               item->changed ? "▲ " : "", brief_item_label(brief, kind));
    put_value(brief,
              kind == BRIEF_ITEM_WORDS && item->value[0] == '\0' ? brief_item_none(brief, kind) : item->value,
              ret);
    if (item->changed) {
        buf_init(&said, 0);
        brief_say_before(brief, item, &said);
        buf_puts(ret, "<span class=\"before\">");
        put_said(ret, &said);
        buf_puts(ret, "</span>");
    }
    buf_puts(ret, "</td></tr>\n");
}

static void put_items(const struct view_brief *brief, enum brief_section section, struct buf *ret)
{
    const char *title = brief_section_title(brief, section);

    if (title[0] != '\0') {
        buf_printf(ret, "<h2>%s</h2>\n", title);
    }
    buf_puts(ret, "<table>\n");
    for (int i = 0; i < BRIEF_ITEMS; i++) {
        if (brief_item_section((enum brief_item_kind)i) == section) {
            put_item(brief, (enum brief_item_kind)i, ret);
        }
    }
    buf_puts(ret, "</table>\n");
}

static void put_orders(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    buf_init(&said, 0);
    brief_say_orders_count(brief, &said);
    buf_puts(ret, "<p>");
    put_said(ret, &said);
    buf_puts(ret, "</p>\n");
    if (brief->orders_n == 0) {
        return;
    }
    buf_puts(ret, "<ul>\n");
    for (size_t i = 0; i < brief->orders_n; i++) {
        const struct brief_order *order = &brief->orders[i];
        bool changed = order->is_new || order->before != RUNG_NONE;
        buf_init(&said, 0);
        brief_say_order(brief, order, &said);
        buf_puts(ret, changed ? "<li class=\"changed\">▲ " : "<li>");
        put_said(ret, &said);
        buf_puts(ret, "</li>\n");
    }
    buf_puts(ret, "</ul>\n");
}

static void put_requests(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    if (brief->requests_n == 0) {
        buf_printf(ret, "<p>%s</p>\n",
                   PICK(brief, "Asked for and not answered: nothing", "未报事项：无未答复的补报要求"));
        return;
    }
    buf_printf(ret, "<p class=\"unknown\">%s</p>\n<ul>\n",
               PICK(brief, "Asked for and not answered:", "未报事项："));
    for (size_t i = 0; i < brief->requests_n; i++) {
        buf_init(&said, 0);
        brief_say_request(brief, &brief->requests[i], &said);
        buf_puts(ret, "<li>");
        put_said(ret, &said);
        buf_puts(ret, "</li>\n");
    }
    buf_puts(ret, "</ul>\n");
}

static void put_readers(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    buf_printf(ret, "<h2>%s</h2>\n<ul>\n", PICK(brief, "Who was told of this report", "本报知悉情况"));
    if (brief->readers_n == 0) {
        buf_printf(ret, "<li>%s</li>\n", brief_no_reader(brief));
    }
    for (size_t i = 0; i < brief->readers_n; i++) {
        buf_init(&said, 0);
        brief_say_reader(brief, &brief->readers[i], &said);
        buf_puts(ret, "<li>");
        put_said(ret, &said);
        buf_puts(ret, "</li>\n");
    }
    buf_puts(ret, "</ul>\n");
}

static void put_head(const struct view_brief *brief, struct buf *ret)
{
    struct brief_lines lines;
    struct buf said;

    buf_printf(ret, "<h1>%s</h1>\n", brief_title(brief));
    buf_printf(ret,
               PICK(brief, "<p class=\"number\">No. %llu &#160; %s</p>\n",
                    "<p class=\"number\">第 %llu 号 &#160; %s</p>\n"),
               (unsigned long long)brief->number, brief->heading);
    buf_printf(ret, "<table class=\"head\">\n<tr><th>%s</th><td>", PICK(brief, "issued by", "报送单位"));
    put(ret, brief->region_name);
    buf_puts(ret, PICK(brief, " (", "（"));
    put(ret, brief->region_code);
    buf_puts(ret, PICK(brief, ")</td></tr>\n", "）</td></tr>\n"));
    brief_top(brief, &lines);
    for (size_t i = 0; i < lines.n; i++) {
        put_row(brief, lines.at[i].label, lines.at[i].value, ret);
    }
    ret->failed = ret->failed || lines.region.failed;
    brief_top_free(&lines);
    buf_puts(ret, "</table>\n");
    buf_init(&said, 0);
    brief_say_as_of(brief, &said);
    if (said.n > 0) {
        buf_puts(ret, "<p>");
        put(ret, buf_text(&said));
        buf_puts(ret, "</p>\n");
    }
    buf_free(&said);
    if (!brief->is_first) {
        buf_printf(ret, "<p><span class=\"changed\">▲</span> %s</p>\n",
                   PICK(brief, "changed since the brief before", "较上一号有变化"));
    }
}

static void put_page_head(const struct view_brief *brief, struct buf *ret)
{
    buf_printf(ret,
               "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
               "'unsafe-inline'\">\n<title>",
               PICK(brief, "en", "zh-CN"));
    if (brief->mode != MODE_ACTUAL) {
        buf_printf(ret, PICK(brief, "[%s] ", "【%s】"),
                   brief->zh ? mode_name_zh(brief->mode) : mode_name(brief->mode));
    }
    put(ret, brief->region_name);
    buf_printf(ret, PICK(brief, " %s no. %llu", " %s 第 %llu 号"), brief_title(brief),
               (unsigned long long)brief->number);
    buf_printf(ret, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void view_brief_html(const struct view_brief *brief, struct buf *ret)
{
    struct buf said;

    put_page_head(brief, ret);
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
    buf_init(&said, 0);
    brief_say_source(brief, &said);
    buf_puts(ret, "<p class=\"source\">");
    put_said(ret, &said);
    buf_puts(ret, "</p>\n");
    put_banner(brief, ret);
    buf_puts(ret, "</body>\n</html>\n");
}
