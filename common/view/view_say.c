#include "common/view/view_say.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/when.h"
#include "common/core/kind.h"
#include "common/view/view_alert.h"
#include "common/view/view_say_private.h"
#include "common/view/view_saying.h"
#include "common/view/view_warning.h"

char *view_time(const struct state *state, int64_t ms, char ret[VIEW_TIME])
{
    char text[WHEN_TEXT];

    if (ms == 0) {
        memcpy(ret, "-", 2);
        return ret;
    }
    when_format(ms, state_region(state)->utc_offset_minutes, text);
    memcpy(ret, text, 19); /* YYYY-MM-DDThh:mm:ss */
    ret[10] = ' ';
    ret[19] = '\0';
    return ret;
}

char *view_clock(const struct state *state, int64_t ms, int64_t near_ms, char ret[VIEW_TIME])
{
    char text[VIEW_TIME], near[VIEW_TIME];

    view_time(state, ms, text);
    view_time(state, near_ms, near);
    if (ms == 0 || (near_ms != 0 && strncmp(text, near, 4) != 0)) {
        memcpy(ret, text, sizeof text);
    } else if (strncmp(text, near, 10) == 0) {
        memcpy(ret, text + 11, 9);
    } else {
        memcpy(ret, text + 5, 15);
    }
    return ret;
}

char *view_short_id(struct id id, char ret[VIEW_SHORT_ID])
{
    char text[ID_TEXT];

    id_format(id, text);
    memcpy(ret, text + ID_TEXT - VIEW_SHORT_ID, VIEW_SHORT_ID);
    return ret;
}

const char *view_short_name(const struct state *state, const char *name)
{
    const char *code = state_region(state)->code;
    size_t n = strlen(code);

    return n > 0 && strncmp(name, code, n) == 0 && name[n] == '/' ? name + n + 1 : name;
}

const char *view_rung_name(const struct view_voice *voice, enum rung rung)
{
    return voice->zh ? rung_name_zh(rung) : rung_name(rung);
}

const char *view_mode_name(const struct view_voice *voice, enum mode mode)
{
    return voice->zh ? mode_name_zh(mode) : mode_name(mode);
}

const char *view_incident_kind(const struct view_voice *voice, const char *word)
{
    return voice->zh ? incident_kind_zh(word) : word;
}

const char *view_order_kind(const struct view_voice *voice, const char *word)
{
    return voice->zh ? order_kind_zh(word) : word;
}

const char *view_seen_value(const struct view_voice *voice, const struct seen_fact *seen)
{
    const char *tier = strcmp(seen->fact, "tier") == 0 ? tier_word_zh(seen->value) : NULL;

    if (strcmp(seen->fact, "kind") == 0) {
        return view_incident_kind(voice, seen->value);
    }
    if (strcmp(seen->fact, "order_kind") == 0) {
        return view_order_kind(voice, seen->value);
    }
    if (voice->zh && view_warning_value_zh(seen->fact, seen->value) != NULL) {
        return view_warning_value_zh(seen->fact, seen->value);
    }
    return voice->zh && tier != NULL ? tier : seen->value;
}

/* --- parts of a sentence ---------------------------------------------------------------------- */

void view_say_words(struct words words, struct buf *ret)
{
    for (size_t i = 0; i < words.n; i++) {
        buf_printf(ret, "%s%s", i > 0 ? ", " : "", words.at[i]);
    }
}

void view_say_quoted(const struct saying *s, const char *text)
{
    if (text[0] != '\0') {
        SAY(s->ret, s->voice, " \"%s\"", "“%s”", text);
    }
}

static void say_listed(const struct saying *s, const char *en, const char *cn, struct words words)
{
    if (words.n > 0) {
        PUT(s->ret, s->voice, en, cn);
        view_say_words(words, s->ret);
    }
}

void view_say_due(const struct saying *s, const char *en, const char *cn, int64_t ms)
{
    char clock[VIEW_TIME];

    if (ms != 0) {
        PUT(s->ret, s->voice, en, cn);
        buf_puts(s->ret, view_clock(s->state, ms, s->step->bus_ms, clock));
    }
}

static const char *who(const struct saying *s, const char *name)
{
    return view_short_name(s->state, name);
}

static void say_fact(const struct view_voice *voice, enum fact fact, const char *text, struct buf *ret)
{
    if (text[0] != '\0') {
        const char *name = voice->zh ? fact_name_zh(fact) : fact_name(fact);
        buf_printf(ret, voice->zh ? "%s%s：%s" : "%s%s %s", ret->n > 0 ? (voice->zh ? "，" : ", ") : "", name,
                   text);
    }
}

static void say_number(const struct view_voice *voice, const char *en, const char *cn, int64_t n,
                       struct buf *ret)
{
    if (n != COUNT_UNKNOWN) {
        buf_printf(ret, "%s%s %lld", ret->n > 0 ? (voice->zh ? "，" : ", ") : "", voice->zh ? cn : en,
                   (long long)n);
    }
}

void view_say_facts(const struct state *state, const struct view_voice *voice, const struct facts *facts,
                    struct buf *ret)
{
    char time[VIEW_TIME];
    struct buf said;

    buf_init(&said, 0);
    say_fact(voice, FACT_TITLE, facts->title, &said);
    say_fact(voice, FACT_KIND, view_incident_kind(voice, facts->kind), &said);
    say_fact(voice, FACT_SUBSTANCE, facts->substance, &said);
    say_fact(voice, FACT_PLACE, facts->place, &said);
    say_fact(voice, FACT_DIVISION, facts->division, &said);
    if (facts->position.present) {
        char position[96];
        (void)snprintf(position, sizeof position, "%.5f, %.5f (%s)", facts->position.latitude_e7 / 1e7,
                       facts->position.longitude_e7 / 1e7, datum_name(facts->position.datum));
        say_fact(voice, FACT_POSITION, position, &said);
    }
    say_fact(voice, FACT_UNIT, facts->unit, &said);
    if (facts->occurred_at_ms != 0) {
        buf_printf(&said, voice->zh ? "%s发生时间：%s" : "%soccurred %s",
                   said.n > 0 ? (voice->zh ? "，" : ", ") : "",
                   view_time(state, facts->occurred_at_ms, time));
    }
    say_number(voice, "dead", "死亡", facts->casualties.dead, &said);
    say_number(voice, "missing", "失踪", facts->casualties.missing, &said);
    say_number(voice, "seriously injured", "重伤", facts->casualties.serious, &said);
    say_number(voice, "slightly injured", "轻伤", facts->casualties.minor, &said);
    say_number(voice, "trapped", "被困", facts->casualties.trapped, &said);
    say_number(voice, "loss CNY", "直接经济损失（元）", facts->loss_cny, &said);
    say_fact(voice, FACT_COURSE, facts->course, &said);
    say_fact(voice, FACT_MEASURES, facts->measures, &said);
    say_fact(voice, FACT_CALLER, facts->caller, &said);
    buf_append(ret, said.p, said.n);
    buf_free(&said);
}

static const char *fact_words(const struct saying *s, const char *name)
{
    enum fact fact = fact_parse(name);

    return s->voice->zh && fact != FACT_COUNT ? fact_name_zh(fact) : name;
}

/* " (12 s after the order)" */
static void say_since_issue(const struct saying *s)
{
    const struct incident *incident;
    const struct order *order = view_find_order(s->view, s->step->order, &incident);
    char took[WHEN_TEXT];

    if (order != NULL && s->step->at_ms > order->issued_at_ms && order->issued_at_ms != 0) {
        SAY(s->ret, s->voice, " (%s after the order)", "（下达后 %s）",
            when_format_duration(s->step->at_ms - order->issued_at_ms, took));
    }
}

/* --- sentences -------------------------------------------------------------------------------- */

static void say_units(const struct saying *s)
{
    static const char *const zh[] = {"?", "待命", "出动中", "停用"};
    const struct view_step *step = s->step;

    PUT(s->ret, s->voice, "units: ", "力量状态：");
    for (size_t i = 0; i < step->units_n; i++) {
        const struct unit *unit = &step->units[i];
        unsigned status = unit->status <= UNIT_OUT_OF_SERVICE ? (unsigned)unit->status : 0;
        buf_printf(s->ret, "%s%s%s", i > 0 ? ", " : "",
                   unit->kind != UNIT_KIND_TEAM ? ""
                   : s->voice->zh               ? "队伍 "
                                                : "team ",
                   unit->id);
        if (unit->team[0] != '\0') {
            buf_printf(s->ret, s->voice->zh ? "（队伍 %s）" : " of team %s", unit->team);
        }
        buf_printf(s->ret, " %s", s->voice->zh ? zh[status] : unit_status_name(unit->status));
        if (unit->equipment.n > 0) {
            buf_puts(s->ret, " [");
            view_say_words(unit->equipment, s->ret);
            buf_puts(s->ret, "]");
        }
    }
}

/* A step is measured by two clocks that were read one after the other: to some milliseconds. */
static int64_t to_tenths(int64_t ms)
{
    return (ms + 50) / 100 * 100;
}

static void say_clock(const struct saying *s)
{
    const struct view_step *step = s->step;
    bool stepped = step->stepped_ms != 0, stood = step->stood_ms != 0;
    char took[WHEN_TEXT];

    PUT(s->ret, s->voice, "bus clock set", "总线时钟已设定");
    if (!stepped && !stood) {
        view_say_quoted(s, step->text);
    }
    if (stepped) {
        const char sign = step->stepped_ms > 0 ? '+' : '-';
        int64_t ms = step->stepped_ms > 0 ? step->stepped_ms : -step->stepped_ms;
        SAY(s->ret, s->voice, ": the wall clock stepped by %c%s, bus time goes on",
            "：系统时钟跳变 %c%s，总线时间不受影响", sign, when_format_duration(to_tenths(ms), took));
    }
    if (stood) {
        SAY(s->ret, s->voice, "%s the broker stood still for %s", "%s服务端停顿 %s",
            s->voice->zh ? (stepped ? "；" : "：") : (stepped ? ";" : ":"),
            when_format_duration(to_tenths(step->stood_ms), took));
    }
}

static void say_recovery(const struct saying *s)
{
    const struct view_step *step = s->step;

    SAY(s->ret, s->voice,
        "RECOVERED: the log goes on from record %llu of epoch %llu, in epoch %llu; what came after it is "
        "lost",
        "日志恢复：自第 %llu 条记录（纪元 %llu）起续写，进入纪元 %llu；其后记录已丢失",
        (unsigned long long)step->number, (unsigned long long)step->epoch,
        (unsigned long long)(step->epoch + 1));
    view_say_quoted(s, step->text);
}

static void say_loss(const struct saying *s)
{
    const struct view_step *step = s->step;
    unsigned long long epoch = (unsigned long long)step->epoch, to = (unsigned long long)step->number;
    const char *name = who(s, step->subject);

    if (step->after > 0 && step->after + 1 < step->number) {
        SAY(s->ret, s->voice, "LOST: records of epoch %llu that %s has seen: %llu to %llu",
            "丢失：纪元 %llu 中 %s 已见的记录 %llu 至 %llu", epoch, name,
            (unsigned long long)(step->after + 1), to);
    } else if (step->after > 0) {
        SAY(s->ret, s->voice, "LOST: a record of epoch %llu that %s has seen: %llu",
            "丢失：纪元 %llu 中 %s 已见的记录 %llu", epoch, name, to);
    } else {
        SAY(s->ret, s->voice, "LOST: records of epoch %llu that %s has seen, up to %llu",
            "丢失：纪元 %llu 中 %s 已见的记录，至 %llu", epoch, name, to);
    }
}

static void say_region(const struct saying *s)
{
    const struct view_step *step = s->step;
    unsigned long long n = (unsigned long long)step->number;

    switch (step->kind) {
    case EVENT_REGION_FOUNDED:
        SAY(s->ret, s->voice, "region %s %s founded", "建立辖区 %s %s", step->subject, step->text);
        return;
    case EVENT_AGENT_ENROLLED:
        SAY(s->ret, s->voice, "enrolled agent %s", "登记代理 %s", who(s, step->subject));
        say_listed(s, ", rights: ", "，权限：", step->words);
        return;
    case EVENT_OPERATOR_ENROLLED:
        SAY(s->ret, s->voice, "enrolled operator %s", "登记值班员 %s", step->subject);
        say_listed(s, ", rights: ", "，权限：", step->words);
        return;
    case EVENT_REVOKED:
        SAY(s->ret, s->voice, "revoked %s", "吊销 %s", who(s, step->subject));
        view_say_quoted(s, step->text);
        return;
    case EVENT_PACK_SET:
        SAY(s->ret, s->voice, "rule pack %s %s in force", "规则包 %s %s 生效", step->subject, step->what);
        return;
    case EVENT_GENERATION_BEGUN:
        SAY(s->ret, s->voice,
            "the log holds events of generation %llu from here on: older brokers do not start on it",
            "自此含第 %llu 代事件，旧版服务端不能启动", n);
        return;
    case EVENT_DIVISIONS_SET:
        SAY(s->ret, s->voice, "table of divisions %s in force: %llu codes", "行政区划代码表 %s 生效：%llu 条",
            step->what, n);
        return;
    case EVENT_PACK_DROPPED:
        SAY(s->ret, s->voice, "rule pack %s no longer in force", "规则包 %s 停用", step->subject);
        view_say_quoted(s, step->text);
        return;
    case EVENT_POLICY_SET:
        SAY(s->ret, s->voice, "policy %s in force: %llu kinds of incident", "策略 %s 生效：%llu 类事件",
            step->what[0] != '\0' ? step->what : "-", n);
        return;
    case EVENT_CLOCK_SET:
        say_clock(s);
        return;
    case EVENT_RECOVERED:
        say_recovery(s);
        return;
    case EVENT_REFUSALS_COUNTED:
        SAY(s->ret, s->voice, "%llu more refusals of %s, counted and not kept",
            "另有 %llu 次拒绝（%s），仅计数", n, who(s, step->subject));
        return;
    default:
        return;
    }
}

static void say_incident(const struct saying *s)
{
    const struct view_step *step = s->step;
    unsigned long long n = (unsigned long long)step->number;

    switch (step->kind) {
    case EVENT_INCIDENT_OPENED:
        SAY(s->ret, s->voice, "incident %s opened%s%s", "事件 %s 立案%s%s", s->incident,
            step->bare ? (s->voice->zh ? "（仅有指令）" : " by an order alone") : "",
            step->history ? (s->voice->zh ? "（历史）" : " (history)") : "");
        return;
    case EVENT_REPORT_FILED:
        if (s->voice->zh) {
            buf_printf(s->ret, "%s 第 %llu 号，事件 %s", report_kind_name_zh(step->report), n, s->incident);
        } else {
            buf_printf(s->ret, "%s report, number %llu of incident %s", report_kind_name(step->report), n,
                       s->incident);
        }
        if (!id_is_zero(step->other)) {
            char under[VIEW_SHORT_ID];
            SAY(s->ret, s->voice, ", told as %s", "（以 %s 报送）", view_short_id(step->other, under));
        }
        view_say_quoted(s, step->text);
        return;
    case EVENT_FACTS_CHANGED:
        SAY(s->ret, s->voice, "known of %s: ", "事件 %s 情况：", s->incident);
        view_say_facts(s->state, s->voice, step->facts, s->ret);
        return;
    case EVENT_INFORMATION_REQUESTED:
        SAY(s->ret, s->voice, "%s asked of incident %s", "要求补报%s（事件 %s）", fact_words(s, step->what),
            s->incident);
        view_say_due(s, ", by ", "，时限 ", step->due_ms);
        return;
    case EVENT_INFORMATION_ANSWERED:
        SAY(s->ret, s->voice, "%s of incident %s answered", "已补报%s（事件 %s）", fact_words(s, step->what),
            s->incident);
        return;
    case EVENT_INFORMATION_OVERDUE:
        SAY(s->ret, s->voice, "%s of incident %s is overdue: still not known", "%s逾期未报（事件 %s）",
            fact_words(s, step->what), s->incident);
        return;
    case EVENT_AMENDMENTS_LEFT:
        if (n == 0) {
            SAY(s->ret, s->voice, "every open order of incident %s is amended", "事件 %s 的未结指令均已补充",
                s->incident);
        } else {
            SAY(s->ret, s->voice, "%llu more orders of incident %s are being amended",
                "另有 %llu 条指令正在补充（事件 %s）", n, s->incident);
        }
        return;
    case EVENT_INCIDENT_CLOSED:
        SAY(s->ret, s->voice, "incident %s closed", "事件 %s 结束", s->incident);
        view_say_quoted(s, step->text);
        return;
    default:
        return;
    }
}

static void say_issued(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    if (step->is_evacuation) {
        SAY(s->ret, s->voice, "EVACUATE: order %s to %s", "紧急撤离：指令 %s → %s", s->order,
            who(s, step->subject));
    } else {
        SAY(s->ret, s->voice, "order %s to %s: %s", "指令 %s → %s：%s", s->order, who(s, step->subject),
            view_order_kind(s->voice, step->what));
    }
    say_listed(s, " ", " ", step->words);
    view_say_quoted(s, step->text);
    view_say_due(s, ", answer by ", "，答复时限 ", step->due_ms);
    say_listed(s, ", needs ", "，需携带 ", step->needs);
    if (!step->is_evacuation && !id_is_zero(step->other)) {
        SAY(s->ret, s->voice, ", in place of %s", "，替代 %s", view_short_id(step->other, other));
    }
}

static void say_rung(const struct saying *s)
{
    const struct view_step *step = s->step;
    bool noted = step->kind == EVENT_RECEIPT_NOTED;

    SAY(s->ret, s->voice, "order %s %s", "指令 %s %s", s->order, view_rung_name(s->voice, step->rung));
    if (noted) {
        PUT(s->ret, s->voice, ": noted, without effect", "：仅记录，不改变结果");
    }
    say_listed(s, " ", " ", step->words);
    if (step->present > 0 || step->missing > 0) {
        SAY(s->ret, s->voice, ", head-count: %u present, %u missing", "，清点人数：在场 %u，失联 %u",
            step->present, step->missing);
    }
    view_say_quoted(s, step->text);
    say_since_issue(s);
}

static void say_order(const struct saying *s)
{
    const struct view_step *step = s->step;
    unsigned long long n = (unsigned long long)step->number;

    switch (step->kind) {
    case EVENT_ORDER_ISSUED:
        say_issued(s);
        return;
    case EVENT_ORDER_AMENDED:
        SAY(s->ret, s->voice, "order %s amended (%llu)", "指令 %s 补充（第 %llu 次）", s->order, n);
        say_listed(s, ": now needs ", "：需携带 ", step->needs);
        view_say_due(s, ", acknowledge by ", "，签收时限 ", step->due_ms);
        return;
    case EVENT_AMENDMENT_ACKNOWLEDGED:
        SAY(s->ret, s->voice, "amendment %llu of order %s acknowledged", "补充 %llu 已签收（指令 %s）", n,
            s->order);
        return;
    case EVENT_AMENDMENT_OVERDUE:
        SAY(s->ret, s->voice, "amendment %llu of order %s NOT acknowledged in time",
            "补充 %llu 逾期未签收（指令 %s）", n, s->order);
        return;
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        say_rung(s);
        return;
    case EVENT_ORDER_RECALLED:
        SAY(s->ret, s->voice, "order %s recalled", "指令 %s 撤回", s->order);
        view_say_quoted(s, step->text);
        return;
    case EVENT_ORDER_EXPIRED:
        SAY(s->ret, s->voice, "order %s expired: nobody accepted it", "指令 %s 逾期失效：无人接受", s->order);
        return;
    case EVENT_ORDER_UNANSWERED:
        SAY(s->ret, s->voice, "order %s NOT answered in time: its issuer is told",
            "指令 %s 超时未答复：已告知下达方", s->order);
        return;
    case EVENT_ORDER_OVERDUE:
        SAY(s->ret, s->voice, "order %s accepted but NOT completed in time: its issuer is told",
            "指令 %s 已接受但超时未完成：已告知下达方", s->order);
        return;
    default:
        return;
    }
}

static void say_delivered(const struct saying *s, const struct id *delivered, size_t n)
{
    char id[VIEW_SHORT_ID];

    for (size_t i = 0; i < n; i++) {
        const struct view_order *told = view_order(s->view, delivered[i]);
        const struct order *order = view_find_order(s->view, delivered[i], NULL);
        bool ended = told != NULL && order != NULL && view_order_may_be_tombstone(order, told, s->step->seq);
        if (i == 0) {
            PUT(s->ret, s->voice, "order ", "指令 ");
        }
        buf_printf(s->ret, "%s%s%s", i > 0 ? ", " : "", view_short_id(delivered[i], id),
                   !ended         ? ""
                   : s->voice->zh ? "（已终止）"
                                  : " (ended before)");
    }
    if (n > 0) {
        PUT(s->ret, s->voice, " delivered", " 已送达");
    }
}

void view_say_step(const struct view *view, const struct view_voice *voice, const struct view_step *step,
                   const struct id *delivered, size_t delivered_n, struct buf *ret)
{
    struct buf raw;
    struct saying s = {.view = view, .state = view_state(view), .voice = voice, .step = step, .ret = &raw};

    buf_init(&raw, 0);
    view_short_id(step->order, s.order);
    view_short_id(step->incident, s.incident);
    if (step->kind == EVENT_UNITS_STATED) {
        say_units(&s);
    } else if (step->kind == EVENT_ACKNOWLEDGED) {
        say_delivered(&s, delivered, delivered_n);
    } else if (step->kind == EVENT_LOSS_NOTED) {
        say_loss(&s);
    } else if (step->alert != NULL) {
        view_say_alert(s.state, voice, step, &raw);
    } else if (step->kind >= EVENT_LOOKOUT_BEGAN && step->kind <= EVENT_LOOKOUT_LIMITED) {
        view_say_lookout(&s);
    } else if (step->kind >= EVENT_WARNING_TAKEN && step->kind <= EVENT_WARNINGS_HEEDED) {
        view_say_warning(&s);
    } else if ((step->kind >= EVENT_SHARE_BEGUN && step->kind <= EVENT_UNTOLD) ||
               (step->kind >= EVENT_ORDERS_KNOWN && step->kind <= EVENT_COUNT_APART) ||
               step->kind == EVENT_COUNT_MISSED) {
        view_say_share(&s);
    } else if (step->kind == EVENT_GRADE_OTHERWISE) {
        view_say_otherwise_step(&s);
    } else if (step->kind >= EVENT_GRADE_EXPECTED && step->kind <= EVENT_LEVEL_HEARD) {
        view_say_spread(&s);
    } else if (step->kind == EVENT_ORDER_UNREACHED || step->kind == EVENT_REGION_UNREACHED) {
        view_say_unreached(&s);
    } else if (step->kind < EVENT_INCIDENT_OPENED) {
        say_region(&s);
    } else if (step->kind >= EVENT_REPORT_SENT && step->kind <= EVENT_CLOCK_STOPPED) {
        view_say_clock(&s);
    } else if ((step->kind >= EVENT_INCIDENT_LINKED && step->kind <= EVENT_ORDERS_MOVED) ||
               step->kind == EVENT_FACTS_TAKEN || step->kind == EVENT_FACTS_RETURNED ||
               step->kind == EVENT_PART_HEARD) {
        view_say_ties(&s);
    } else if ((step->kind >= EVENT_POST_SET && step->kind <= EVENT_POST_KEPT) ||
               step->kind == EVENT_POST_APART) {
        view_say_post(&s);
    } else if ((step->kind >= EVENT_RULES_DUE && step->kind <= EVENT_LEVEL_SET) ||
               step->kind >= EVENT_REFERRED) {
        view_say_rule(&s);
    } else if (step->kind < EVENT_ORDER_ISSUED) {
        say_incident(&s);
    } else if (step->kind >= EVENT_ORDER_REMINDED) {
        view_say_reissue(&s);
    } else {
        say_order(&s);
    }
    text_escape(ret, (const char *)raw.p, raw.n);
    ret->failed = ret->failed || raw.failed;
    buf_free(&raw);
}

void view_say_refusal(const struct view_voice *voice, enum command_kind kind, enum refusal refusal,
                      const char *detail, struct buf *ret)
{
    char chinese[VIEW_SAYING_TEXT];

    SAY(ret, voice, "REFUSED %s: %s", "拒绝 %s：%s", command_kind_name(kind),
        voice->zh ? refusal_text_zh(refusal) : refusal_text(refusal));
    if (detail[0] != '\0') {
        buf_puts(ret, voice->zh ? "（" : " (");
        detail = voice->zh ? view_detail_zh(refusal, detail, chinese) : detail;
        text_escape(ret, detail, strlen(detail));
        buf_puts(ret, voice->zh ? "）" : ")");
    }
}
