/* What the sheets of a brief say alike, in both languages. Not escaped: the writers do that. */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/view/view_brief.h"

#define PICK(brief, en, cn) ((brief)->zh ? (cn) : (en))

enum { REPEATED_COLUMNS_MAX = 40 }; /* of what people said before: more is not repeated */

const char *brief_title(const struct view_brief *brief)
{
    return PICK(brief, "INCIDENT BRIEF", "突发事件信息专报");
}

static void put_top(struct brief_lines *lines, const char *label, const char *value)
{
    lines->at[lines->n].label = label;
    lines->at[lines->n++].value = value;
}

/* A report that another region told is named as that region's: who issues the sheet has not signed it. */
void brief_top(const struct view_brief *brief, struct brief_lines *ret)
{
    bool told = brief->of_region[0] != '\0';

    *ret = (struct brief_lines){.n = 0};
    buf_init(&ret->region, 0);
    put_top(ret, PICK(brief, "reported at", "报送时间"),
            view_time(brief->state, brief->reported_ms, ret->reported));
    put_top(ret, PICK(brief, "incident", "事件编号"), id_format(brief->incident, ret->incident));
    put_top(ret, PICK(brief, "signed off by", "签发人"), told ? "" : brief->signed_off_by);
    if (told) {
        buf_printf(&ret->region, brief->of_name[0] == '\0' ? "%s%s" : PICK(brief, "%s (%s)", "%s（%s）"),
                   brief->of_name, brief->of_region);
        put_top(ret, PICK(brief, "told by", "来报单位"), buf_text(&ret->region));
        put_top(ret, PICK(brief, "reported there at", "来报时间"),
                view_time(brief->state, brief->of_reported_ms, ret->there));
        if (brief->of_number != 0) {
            (void)snprintf(ret->number, sizeof ret->number, PICK(brief, "%llu", "第 %llu 号"),
                           (unsigned long long)brief->of_number);
            put_top(ret, PICK(brief, "its number there", "来报编号"), ret->number);
        }
        put_top(ret, PICK(brief, "signed off there by", "来报签发人"), brief->signed_off_by);
    }
    put_top(ret, PICK(brief, told ? "reporter there" : "reporter", told ? "来报报告人" : "报告人"),
            brief->reporter);
    if (brief->operator[0] != '\0') {
        put_top(ret,
                PICK(brief, told ? "duty officer there" : "duty officer", told ? "来报值班员" : "值班员"),
                brief->operator);
    }
}

void brief_top_free(struct brief_lines *lines)
{
    buf_free(&lines->region);
}

const char *brief_section_title(const struct view_brief *brief, enum brief_section section)
{
    static const char *const en[BRIEF_SECTIONS] = {[BRIEF_HEAD] = "",
                                                   [BRIEF_UNIT] = "1. The unit where it happened",
                                                   [BRIEF_SCENE] = "2. Time, place, scene",
                                                   [BRIEF_COURSE] = "3. What happened, in short",
                                                   [BRIEF_CASUALTIES] =
                                                       "4. Casualties and estimated direct loss",
                                                   [BRIEF_MEASURES] = "5. Measures taken",
                                                   [BRIEF_OTHER] = "6. Other"};
    static const char *const cn[BRIEF_SECTIONS] = {[BRIEF_HEAD] = "",
                                                   [BRIEF_UNIT] = "一、事故发生单位概况",
                                                   [BRIEF_SCENE] = "二、时间、地点以及现场情况",
                                                   [BRIEF_COURSE] = "三、简要经过",
                                                   [BRIEF_CASUALTIES] =
                                                       "四、伤亡人数和初步估计的直接经济损失",
                                                   [BRIEF_MEASURES] = "五、已经采取的措施",
                                                   [BRIEF_OTHER] = "六、其他应当报告的情况"};

    return PICK(brief, en[section], cn[section]);
}

enum brief_section brief_item_section(enum brief_item_kind item)
{
    static const enum brief_section sections[BRIEF_ITEMS] = {
#define BRIEF_ITEM_SECTION(item, section, key, en, zh) [item] = (section),
        BRIEF_ITEM_LIST(BRIEF_ITEM_SECTION)
#undef BRIEF_ITEM_SECTION
    };

    return sections[item];
}

const char *brief_item_key(enum brief_item_kind item)
{
    static const char *const keys[BRIEF_ITEMS] = {
#define BRIEF_ITEM_KEY(item, section, key, en, zh) [item] = (key),
        BRIEF_ITEM_LIST(BRIEF_ITEM_KEY)
#undef BRIEF_ITEM_KEY
    };

    return keys[item];
}

const char *brief_item_label(const struct view_brief *brief, enum brief_item_kind item)
{
    static const char *const labels[BRIEF_ITEMS][2] = {
#define BRIEF_ITEM_LABEL(item, section, key, en, zh) [item] = {(en), (zh)},
        BRIEF_ITEM_LIST(BRIEF_ITEM_LABEL)
#undef BRIEF_ITEM_LABEL
    };

    return labels[item][brief->zh ? 1 : 0];
}

const char *brief_unknown(const struct view_brief *brief)
{
    return PICK(brief, "not reported", "未报");
}

const char *brief_item_none(const struct view_brief *brief, enum brief_item_kind item)
{
    return item == BRIEF_ITEM_WORDS ? PICK(brief, "none", "无") : brief_unknown(brief);
}

const char *brief_banner(const struct view_brief *brief)
{
    switch (brief->mode) {
    case MODE_EXERCISE:
        return PICK(brief, "EXERCISE EXERCISE EXERCISE", "演练　演练　演练");
    case MODE_TEST:
        return PICK(brief, "TEST TEST TEST", "测试　测试　测试");
    default:
        return "";
    }
}

void brief_say_before(const struct view_brief *brief, const struct brief_item *item, struct buf *ret)
{
    size_t i = (size_t)(item - brief->items);
    bool is_short = text_columns(item->before) <= REPEATED_COLUMNS_MAX && strchr(item->before, '\n') == NULL;
    bool is_ruled = i == BRIEF_ITEM_GRADE || i == BRIEF_ITEM_LEVEL || i == BRIEF_ITEM_POST;

    if (item->changed && (is_short || is_ruled)) { /* a grade without that would tell half of it */
        buf_printf(ret, PICK(brief, " (brief before: %s)", "（上一号：%s）"),
                   item->before[0] != '\0' ? item->before : brief_unknown(brief));
    }
}

static const char *clock_text(const struct view_brief *brief, int64_t ms, char ret[VIEW_TIME])
{
    return view_clock(brief->state, ms, brief->reported_ms, ret);
}

void brief_say_order(const struct view_brief *brief, const struct brief_order *order, struct buf *ret)
{
    const struct view_voice voice = {.zh = brief->zh};
    char id[VIEW_SHORT_ID], clock[VIEW_TIME];

    buf_printf(ret, PICK(brief, "order %s %s to %s: %s", "指令 %s %s → %s：%s"), view_short_id(order->id, id),
               clock_text(brief, order->issued_ms, clock), order->addressee,
               view_order_kind(&voice, order->kind));
    if (order->text[0] != '\0') {
        buf_printf(ret, PICK(brief, " \"%s\"", "“%s”"), order->text);
    }
    buf_printf(ret, PICK(brief, "; %s %s", "；%s %s"), view_rung_name(&voice, order->rung),
               clock_text(brief, order->rung_ms, clock));
    if (order->who[0] != '\0') {
        buf_printf(ret, PICK(brief, ", %s", "，%s"), order->who);
    }
    if (order->unreached) {
        buf_puts(ret, PICK(brief, ", NOBODY has it", "，无人收到"));
    }
    if (order->unanswered) {
        buf_puts(ret, PICK(brief, ", NOT ANSWERED in time", "，逾期未答复"));
    }
    if (order->overdue) {
        buf_puts(ret, PICK(brief, ", NOT DONE in time", "，逾期未完成"));
    }
    if (order->is_new) {
        buf_puts(ret, PICK(brief, " (new)", "（新增）"));
    } else if (order->before != RUNG_NONE) {
        buf_printf(ret, PICK(brief, " (brief before: %s)", "（上一号：%s）"),
                   view_rung_name(&voice, order->before));
    }
}

void brief_say_orders_count(const struct view_brief *brief, struct buf *ret)
{
    if (brief->orders_n == 0) {
        buf_puts(ret, PICK(brief, "no order was issued", "未下达指令"));
    } else {
        buf_printf(ret, PICK(brief, "orders issued: %zu", "已下达指令 %zu 条"), brief->orders_n);
    }
}

void brief_say_request(const struct view_brief *brief, const struct brief_request *request, struct buf *ret)
{
    enum fact fact = fact_parse(request->fact);
    char asked[VIEW_TIME], due[VIEW_TIME];

    buf_printf(ret, PICK(brief, "%s: asked for at %s, due by %s", "%s：%s 要求补报，时限 %s"),
               brief->zh && fact != FACT_COUNT ? fact_name_zh(fact) : request->fact,
               clock_text(brief, request->asked_ms, asked), clock_text(brief, request->due_ms, due));
    if (request->overdue) {
        buf_puts(ret, PICK(brief, ", OVERDUE", "，已逾期"));
    }
}

const char *brief_no_reader(const struct view_brief *brief)
{
    return brief->history
               ? PICK(brief, "nobody: it is history, brought in by an importer", "历史导入，未向任何单位报送")
               : PICK(brief, "no command centre but who reported", "除报告人外无其他指挥中心");
}

void brief_say_reader(const struct view_brief *brief, const struct brief_reader *reader, struct buf *ret)
{
    char clock[VIEW_TIME];

    if (reader->delivered) {
        buf_printf(ret, PICK(brief, "%s: delivered %s", "%s：%s 送达"), reader->agent,
                   clock_text(brief, reader->at_ms, clock));
    } else {
        buf_printf(ret, PICK(brief, "%s: not delivered", "%s：未见送达"), reader->agent);
    }
}

void brief_say_as_of(const struct view_brief *brief, struct buf *ret)
{
    char time[VIEW_TIME];

    if (brief->as_of_seq != 0) {
        buf_printf(ret, PICK(brief, "as it was known at record %llu", "列至第 %llu 条记录时的情况"),
                   (unsigned long long)brief->as_of_seq);
    } else if (brief->as_of_ms != 0) {
        buf_printf(ret, PICK(brief, "as it was known at %s", "列至 %s 的情况"),
                   view_time(brief->state, brief->as_of_ms, time));
    }
}

void brief_say_source(const struct view_brief *brief, struct buf *ret)
{
    char hash[2 * HASH_BYTES + 1];

    buf_printf(
        ret,
        PICK(brief,
             "Written from records 1 to %llu of the log of %s; hash of record %llu: %s. Deliveries as far "
             "as record %llu. To check: muster verify LOG; muster replay LOG --format jsonl has the hash of "
             "each record.",
             "据第 1 至 %llu 条记录编写（%s 日志）；第 %llu 条记录哈希：%s。送达情况截至第 %llu 条。"
             "核对：muster verify LOG；各记录哈希见 muster replay LOG --format jsonl。"),
        (unsigned long long)brief->seq, brief->region_code, (unsigned long long)brief->seq,
        hex_format(brief->hash.b, HASH_BYTES, hash), (unsigned long long)brief->read_seq);
    if (brief->redacted > 0) {
        buf_printf(ret,
                   PICK(brief,
                        " Of the records that were read %llu are redacted: what they said is not in here.",
                        "所读记录中有 %llu 条内容已依法删除，未列入。"),
                   (unsigned long long)brief->redacted);
    }
}
