/* The numbered brief: what was known then and what was not, what changed, whose word it is; and that no text
 * from outside can pass for the sheet's own. */
#include "common/view/view_brief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_briefs.h"

/* Three reports; between the second and the third an order is carried out and another issued. */
static void story(struct fixture *fx)
{
    struct facts facts = facts_none();
    struct id none = {{0}};

    fx_begin(fx, log_memory_new());
    fx_found(fx);
    facts.kind = "hazardous-chemical";
    facts.title = "三号车间中毒";
    facts.place = "工业园三号车间";
    facts.position = (struct position){true, DATUM_WGS84, 366512000, 1171201000, 50};
    facts.casualties.trapped = 2;
    uint64_t first = bf_say(fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "两人倒地", "王主任");
    fx_ack(fx, FX_CENTRE, LANE_BULK, first);
    uint64_t issued =
        fx_order(fx, fx_id(FIRE), fx_id(ORDER), "370102/fire-rescue", MODE_ACTUAL, "搜救", none);
    fx_ack(fx, FX_STATION, LANE_ORDERS, issued);
    facts = facts_none();
    facts.casualties.dead = 1;
    facts.casualties.trapped = 1;
    facts.loss_cny = 0;
    facts.unit = "某化工有限公司";
    bf_say(fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ON_SCENE, "");
    fx_order(fx, fx_id(FIRE), fx_id(LATER), FX_HEALTH, MODE_ACTUAL, "两副担架", none);
    facts = facts_none();
    facts.casualties.dead = 2;
    facts.casualties.trapped = 0;
    facts.substance = "carbon-monoxide";
    facts.course = "发电机尾气\n积聚";
    facts.measures = "通风，搜救";
    bf_say(fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FINAL, &facts, "处置完毕", "李区长");
}

/* --- what it says ----------------------------------------------------------------------------- */

/* The text but for the hash, which follows from the fixture's bytes. */
static void is_text(struct buf *out, const char *const wanted[])
{
    const char *at = buf_text(out);

    for (size_t i = 0; wanted[i] != NULL; i++) {
        size_t n = strcspn(at, "\n");
        if (strlen(wanted[i]) != n || memcmp(wanted[i], at, n) != 0) {
            fail_msg("line %zu: wanted \"%s\", not \"%.*s\", of:\n%s", i + 1, wanted[i], (int)n, at,
                     buf_text(out));
        }
        at += n + (at[n] != '\0');
    }
    static const char source[] = "据第 1 至 13 条记录编写（370102 日志）；第 13 条记录哈希：";
    assert_int_equal(strncmp(at, source, sizeof source - 1), 0);
}

static void a_brief_says_what_was_known_then(void **state)
{
    static const char *const wanted[] = {
        "突发事件信息专报",
        "第 2 号  续报一",
        "报送单位：历下区（370102）",
        "报送时间：2026-11-22 11:00:13",
        "", /* the incident's id, below */
        "签发人：未报",
        "报告人：fire-rescue/station-3",
        "▲ 较上一号有变化",
        "",
        "  事件名称：三号车间中毒",
        "  事件类型：危险化学品事故（事故灾难）",
        "  事件等级：未定级",
        "  响应级别：未启动",
        "  现场指挥部：未设立",
        "",
        "一、事故发生单位概况",
        "▲ 事故单位：某化工有限公司（上一号：未报）",
        "",
        "二、时间、地点以及现场情况",
        "  发生时间：未报",
        "  接报时间：2026-11-22 11:00:09",
        "  地点：工业园三号车间",
        "  坐标：36.65120, 117.12010 (wgs84, ±50 m)",
        "  到场力量：尚无力量回执到场",
        "",
        "三、简要经过",
        "  简要经过：未报",
        "",
        "四、伤亡人数和初步估计的直接经济损失",
        "▲ 死亡（人）：1（上一号：未报）",
        "  失踪、下落不明（人）：未报",
        "  重伤，含急性中毒（人）：未报",
        "  轻伤（人）：未报",
        "▲ 被困（人）：1（上一号：2）",
        "▲ 初步估计的直接经济损失（元）：0（上一号：未报）",
        "",
        "五、已经采取的措施",
        "  已采取的措施：未报",
        "  已下达指令 1 条",
        "▲ 指令 BHG68T 11:00:11 → fire-rescue：出动“搜救”；已送达 11:00:12（新增）",
        "",
        "六、其他应当报告的情况",
        "  危险物质：未报",
        "  本报附言：无",
        "  未报事项：",
        "    化学品名称：11:00:09 要求补报，时限 11:10:09",
        "",
        "本报知悉情况",
        "  emergency/centre：未见送达",
        "",
        NULL};
    const char *lines[sizeof wanted / sizeof wanted[0]];
    char id[ID_TEXT], line[64];
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    memcpy(lines, wanted, sizeof wanted);
    (void)snprintf(line, sizeof line, "事件编号：%s", id_format(fx_id(FIRE), id));
    lines[4] = line;
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    is_text(&out, lines);
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void the_first_marks_nothing_and_names_who_signed(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 1}, view_brief_text, &out);
    bf_has(&out, "第 1 号  初报\n");
    bf_has(&out, "签发人：王主任\n");
    bf_has(&out, "被困（人）：2\n");
    bf_has(&out, "死亡（人）：未报\n");
    bf_has(&out, "未下达指令\n");
    bf_has(&out, "本报附言：两人倒地\n");
    bf_has(&out, "emergency/centre：11:00:10 送达\n");
    bf_has_not(&out, "▲");
    bf_has_not(&out, "carbon-monoxide");
    bf_has_not(&out, "某化工");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void the_last_is_the_default(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 0}, view_brief_text, &out);
    bf_has(&out, "第 3 号  终报\n");
    bf_has(&out, "签发人：李区长\n");
    bf_has(&out, "▲ 被困（人）：0（上一号：1）\n");
    bf_has(&out, "▲ 简要经过：发电机尾气\n      积聚（上一号：未报）\n");
    bf_has(&out, "▲ 到场力量：fire-rescue/station-3 E32, T1（到场 11:00:15）（上一号：尚无力量回执到场）\n");
    bf_has(&out, "；到场 11:00:15，fire-rescue/station-3 E32, T1（上一号：已送达）\n");
    bf_has(&out, "health/ambulance：出动“两副担架”；已下达 11:00:16（新增）\n");
    bf_has(&out, "  未报事项：无未答复的补报要求\n");
    bf_has(&out, "除报告人外无其他指挥中心\n");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void as_of_tells_what_came_after_the_report(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    /* record 14 is the acceptance, after report 2 */
    bf_written(view, false, FIRE, (struct view_brief_point){.seq = 14}, view_brief_text, &out);
    bf_has(&out, "No. 2  follow-up report 1\n");
    bf_has(&out, "\nas it was known at record 14\n");
    bf_has(&out, "; accepted 11:00:14, fire-rescue/station-3 E32, T1 (new)\n");
    bf_has(&out, "Written from records 1 to 14 of the log of 370102");
    buf_free(&out);
    /* record 11 issued the order, 12 is the Ack that proves its delivery */
    bf_written(view, false, FIRE, (struct view_brief_point){.seq = 11}, view_brief_text, &out);
    bf_has(&out, "; issued 11:00:11\n");
    buf_free(&out);
    bf_written(view, false, FIRE, (struct view_brief_point){.seq = 12}, view_brief_text, &out);
    bf_has(&out, "; delivered 11:00:12\n");
    buf_free(&out);
    /* the same moment as a time, a millisecond before the next record */
    bf_written(view, false, FIRE, (struct view_brief_point){.bus_ms = FX_START_MS + 14999}, view_brief_text,
               &out);
    bf_has(&out, "; accepted 11:00:14, fire-rescue/station-3 E32, T1 (new)\n");
    bf_has(&out, "\nas it was known at 2026-11-22 11:00:14\n");
    bf_has_not(&out, "on-scene 11");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void in_english_too(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    bf_written(view, false, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    bf_has(&out, "INCIDENT BRIEF\nNo. 2  follow-up report 1\n");
    bf_has(&out, "▲ dead: 1 (brief before: not reported)\n");
    bf_has(&out, "  missing: not reported\n");
    bf_has(&out, "substance: asked for at 11:00:09, due by 11:10:09\n");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void what_is_not_there_is_refused_with_the_remedy(void **state)
{
    struct view_brief brief;
    struct fixture fx;
    struct err err;

    (void)state;
    story(&fx);
    fx_order(&fx, (struct id){{0}}, fx_id(30), FX_HEALTH, MODE_ACTUAL, "bare", (struct id){{0}});
    struct view *view = bf_folded(&fx);
    struct view_brief_point fourth = {.number = 4}, early = {.seq = 8}, last = {.number = 0};
    assert_int_equal(view_brief_make(view, true, fx_id(FIRE), &fourth, &brief, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "reports 1 to 3, not 4"));
    assert_int_equal(view_brief_make(view, true, fx_id(FIRE), &early, &brief, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "nothing was reported by then"));
    assert_int_equal(view_brief_make(view, true, fx_id(99), &last, &brief, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "there is no incident"));
    assert_int_equal(view_brief_make(view, true, fx_id(30), &last, &brief, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "muster incident update"));
    view_free(view);
    fx_end(&fx);
}

static void follow_ups_are_counted_in_chinese(void **state)
{
    static const struct {
        uint64_t number;
        const char *heading;
    } rows[] = {{2, "续报一\n"},    {11, "续报十\n"},     {12, "续报十一\n"},
                {21, "续报二十\n"}, {22, "续报二十一\n"}, {101, "续报100\n"}};
    struct facts facts = facts_none();
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "fire";
    bf_say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
    for (int64_t i = 1; i <= 100; i++) {
        facts = facts_none();
        facts.casualties.minor = i;
        bf_say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    }
    struct view *view = bf_folded(&fx);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bf_written(view, true, FIRE, (struct view_brief_point){.number = rows[i].number}, view_brief_text,
                   &out);
        bf_has(&out, rows[i].heading);
        buf_free(&out);
    }
    view_free(view);
    fx_end(&fx);
}

struct taking {
    struct view *view;
    uint64_t redacted; /* this record's words are gone */
};

static void take(void *ctx, const struct log_record *record)
{
    struct taking *taking = ctx;
    struct log_record given = *record;
    struct err err;

    if (record->header.seq == taking->redacted) {
        given.redacted = true;
        given.payload = (struct bytes){NULL, 0};
    }
    assert_int_equal(view_take(taking->view, &given, &err), 0);
}

static void what_was_redacted_is_said(void **state)
{
    struct taking taking = {.view = view_new(&(struct view_options){.details = true}), .redacted = 13};
    struct view_brief_point second = {.number = 2};
    struct facts facts = facts_none();
    struct view_brief brief;
    struct fixture fx;
    struct err err;
    struct buf out;

    (void)state;
    story(&fx);
    facts.casualties.minor = 1;
    bf_say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    fx_each(&fx, take, &taking);
    assert_int_equal(view_brief_make(taking.view, true, fx_id(FIRE), &second, &brief, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "report 2 of incident"));
    assert_non_null(strstr(err.text, "redacted"));
    bf_written(taking.view, true, FIRE, (struct view_brief_point){.number = 4}, view_brief_text, &out);
    bf_has(&out, "第 4 号  续报二\n");
    bf_has(&out, "所读记录中有 1 条内容已依法删除，未列入。\n");
    bf_has(&out, "事故单位：未报\n"); /* report 2 alone had said it */
    buf_free(&out);
    view_free(taking.view);
    fx_end(&fx);
}

static void history_was_told_to_nobody(void **state)
{
    struct facts facts = facts_none();
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "fire";
    struct command command = {.kind = COMMAND_RECORD_HISTORY,
                              .agent = FX_CENTRE,
                              .record_history = {.source = "old-cad",
                                                 .key = "1",
                                                 .incident = fx_id(FIRE),
                                                 .facts = facts,
                                                 .reported_at_ms = FX_START_MS - INT64_C(86400000)}};
    assert_int_not_equal(fx_say(&fx, &command), 0);
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 1}, view_brief_text, &out);
    bf_has(&out, "报送时间：2026-11-21 11:00:00\n");
    bf_has(&out, "历史导入，未向任何单位报送\n");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

/* --- who was told ----------------------------------------------------------------------------- */

/* An Ack of a lane proves what waited there: nobody is told of a report before having the right. */
static void a_later_centre_was_not_told(void **state)
{
    static const char *const rights[] = {"centre", "receipt"};
    struct facts facts = facts_none();
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    const struct member *member = region_member(state_region(fx.state), FX_HEALTH);
    struct command command = {.kind = COMMAND_ENROL_AGENT,
                              .enrol = {.name = FX_HEALTH, .rights = {(const char *const *)rights, 2}}};
    memcpy(command.enrol.sign_key, member->sign_key, KEY_BYTES);
    memcpy(command.enrol.curve_key, member->curve_key, KEY_BYTES);
    assert_int_not_equal(fx_say(&fx, &command), 0);
    facts.casualties.minor = 3;
    uint64_t seq = bf_say(&fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    fx_ack(&fx, FX_HEALTH, LANE_BULK, seq);
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 4}, view_brief_text, &out);
    bf_has(&out, "health/ambulance：");
    bf_has(&out, " 送达\n");
    bf_has(&out, "续报二\n");
    buf_free(&out);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    bf_has_not(&out, "  health/ambulance：");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

/* --- what must not deceive -------------------------------------------------------------------- */

static size_t count(const char *text, const char *words)
{
    size_t n = 0;

    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
        n++;
    }
    return n;
}

static void an_exercise_says_so_at_both_ends(void **state)
{
    struct facts facts = facts_none();
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "fire";
    bf_say(&fx, FX_CENTRE, DRILL, MODE_EXERCISE, REPORT_INITIAL, &facts, "", "");
    bf_say(&fx, FX_CENTRE, FIRE, MODE_TEST, REPORT_INITIAL, &facts, "", "");
    struct view *view = bf_folded(&fx);
    bf_written(view, true, DRILL, (struct view_brief_point){.number = 0}, view_brief_text, &out);
    assert_int_equal(count(buf_text(&out), "演练　演练　演练"), 2);
    assert_int_equal(strncmp(buf_text(&out), "====", 4), 0);
    assert_int_equal(strcmp(buf_text(&out) + out.n - 5, "====\n"), 0);
    buf_free(&out);
    bf_written(view, true, DRILL, (struct view_brief_point){.number = 0}, view_brief_html, &out);
    assert_int_equal(count(buf_text(&out), "<div class=\"banner\">演练　演练　演练</div>"), 2);
    bf_has(&out, "<title>【演练】历下区");
    buf_free(&out);
    bf_written(view, false, FIRE, (struct view_brief_point){.number = 0}, view_brief_html, &out);
    assert_int_equal(count(buf_text(&out), "<div class=\"banner\">TEST TEST TEST</div>"), 2);
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void hostile_words_stay_words(void **state)
{
    static const char hostile[] =
        "<script>alert(1)</script>\"' onload=x&amp;\n六、其他应当报告的情况\n\033[2J"
        "\xe2\x80\xae";
    struct facts facts = facts_none();
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "fire";
    facts.title = facts.place = facts.unit = facts.course = facts.measures = facts.substance = hostile;
    facts.substance = "<b>";
    bf_say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, hostile, hostile);
    fx_order(&fx, fx_id(FIRE), fx_id(ORDER), FX_HEALTH, MODE_ACTUAL, hostile, (struct id){{0}});
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_html, &out);
    bf_has_not(&out, "<script");
    bf_has_not(&out, "\033");
    bf_has_not(&out, "\xe2\x80\xae");
    bf_has_not(&out, "<b>");
    bf_has(&out, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x&amp;amp;<br>六、");
    bf_has_not(&out, "http:");
    bf_has_not(&out, "https:");
    bf_has_not(&out, "src=");
    bf_has_not(&out, "url(");
    assert_int_equal(count(buf_text(&out), "<h2>六、"), 1);
    buf_free(&out);
    bf_written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_text, &out);
    assert_int_equal(count(buf_text(&out), "\n六、"), 1);
    bf_has_not(&out, "\033");
    bf_has_not(&out, "\xe2\x80\xae");
    buf_free(&out);
    bf_written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_json, &out);
    assert_true(fx_is_json(buf_text(&out), out.n - 1));
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void json_keeps_the_unknown_apart_from_zero(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_json, &out);
    assert_true(fx_is_json(buf_text(&out), out.n - 1));
    bf_has(&out, "\"heading\":\"续报一\"");
    bf_has(&out,
           "{\"item\":\"loss_cny\",\"section\":4,\"label\":\"初步估计的直接经济损失（元）\",\"value\":\"0\","
           "\"changed\":true,\"before\":null}");
    bf_has(&out, "{\"item\":\"missing\",\"section\":4,\"label\":\"失踪、下落不明（人）\",\"value\":null,"
                 "\"changed\":false}");
    bf_has(&out, "\"signed_off_by\":null");
    bf_has(&out, "\"not_answered\":[{\"fact\":\"substance\"");
    bf_has(&out, "\"told\":[{\"agent\":\"emergency/centre\",\"delivered\":false");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

/* The hash is the record's own, as every other reader shows it. */
static void the_source_is_the_record(void **state)
{
    struct log_record record;
    struct fixture fx;
    struct buf out;
    char hash[2 * HASH_BYTES + 1], wanted[128];

    (void)state;
    story(&fx);
    struct view *view = bf_folded(&fx);
    struct log_query query = {.question = LOG_Q_RANGE, .after = 12, .records_max = 1};
    struct log_answer answer;
    struct err err;
    assert_int_equal(log_read(fx.store, &query, &fx.arena, &answer, &err), 0);
    record = answer.rows[0].record;
    (void)snprintf(wanted, sizeof wanted, "\"seq\":13,\"hash\":\"%s\"",
                   hex_format(record.hash.b, HASH_BYTES, hash));
    bf_written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_json, &out);
    bf_has(&out, wanted);
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_brief_says_what_was_known_then),
        cmocka_unit_test(the_first_marks_nothing_and_names_who_signed),
        cmocka_unit_test(the_last_is_the_default),
        cmocka_unit_test(as_of_tells_what_came_after_the_report),
        cmocka_unit_test(in_english_too),
        cmocka_unit_test(what_is_not_there_is_refused_with_the_remedy),
        cmocka_unit_test(follow_ups_are_counted_in_chinese),
        cmocka_unit_test(what_was_redacted_is_said),
        cmocka_unit_test(history_was_told_to_nobody),
        cmocka_unit_test(a_later_centre_was_not_told),
        cmocka_unit_test(an_exercise_says_so_at_both_ends),
        cmocka_unit_test(hostile_words_stay_words),
        cmocka_unit_test(json_keeps_the_unknown_apart_from_zero),
        cmocka_unit_test(the_source_is_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
