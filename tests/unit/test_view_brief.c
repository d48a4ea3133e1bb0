/* The numbered brief: what was known then and what was not, what changed, whose word it is; and that no text
 * from outside can pass for the sheet's own. */
#include "common/view/view_brief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_fixture.h"

enum { FIRE = 10, ORDER = 11, LATER = 12, DRILL = 20 };

static uint64_t say(struct fixture *fx, const char *agent, uint8_t incident, enum mode mode,
                    enum report_kind kind, const struct facts *facts, const char *text, const char *signer)
{
    struct command command = {.kind = COMMAND_FILE_REPORT,
                              .agent = agent,
                              .mode = mode,
                              .file_report = {.incident = fx_id(incident),
                                              .kind = kind,
                                              .facts = *facts,
                                              .text = text,
                                              .signed_off_by = signer}};
    return fx_say(fx, &command);
}

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
    uint64_t first = say(fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "两人倒地", "王主任");
    fx_ack(fx, FX_CENTRE, LANE_BULK, first);
    uint64_t issued =
        fx_order(fx, fx_id(FIRE), fx_id(ORDER), "370102/fire-rescue", MODE_ACTUAL, "搜救", none);
    fx_ack(fx, FX_STATION, LANE_ORDERS, issued);
    facts = facts_none();
    facts.casualties.dead = 1;
    facts.casualties.trapped = 1;
    facts.loss_cny = 0;
    facts.unit = "某化工有限公司";
    say(fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ON_SCENE, "");
    fx_order(fx, fx_id(FIRE), fx_id(LATER), FX_HEALTH, MODE_ACTUAL, "两副担架", none);
    facts = facts_none();
    facts.casualties.dead = 2;
    facts.casualties.trapped = 0;
    facts.substance = "carbon-monoxide";
    facts.course = "发电机尾气\n积聚";
    facts.measures = "通风，搜救";
    say(fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FINAL, &facts, "处置完毕", "李区长");
}

static struct view *folded(struct fixture *fx)
{
    struct view *view = view_new(&(struct view_options){.details = true});

    assert_non_null(view);
    fx_fold(fx, view);
    return view;
}

typedef void writer(const struct view_brief *brief, struct buf *ret);

static void written(const struct view *view, bool zh, uint8_t incident, struct view_brief_point point,
                    writer *write, struct buf *ret)
{
    struct view_brief brief;
    struct err err = {0};

    buf_init(ret, 0);
    if (view_brief_make(view, zh, fx_id(incident), &point, &brief, &err) < 0) {
        fail_msg("%s", err.text);
    }
    write(&brief, ret);
    assert_false(ret->failed);
    view_brief_free(&brief);
}

static void has(struct buf *out, const char *words)
{
    if (strstr(buf_text(out), words) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", words, buf_text(out));
    }
}

static void has_not(struct buf *out, const char *words)
{
    if (strstr(buf_text(out), words) != NULL) {
        fail_msg("\"%s\" is in:\n%s", words, buf_text(out));
    }
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
        "  事件类型：hazardous-chemical",
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
        "▲ 指令 BHG68T 11:00:11 → fire-rescue：dispatch“搜救”；已送达 11:00:12（新增）",
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
    struct view *view = folded(&fx);
    memcpy(lines, wanted, sizeof wanted);
    (void)snprintf(line, sizeof line, "事件编号：%s", id_format(fx_id(FIRE), id));
    lines[4] = line;
    written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
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
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.number = 1}, view_brief_text, &out);
    has(&out, "第 1 号  初报\n");
    has(&out, "签发人：王主任\n");
    has(&out, "被困（人）：2\n");
    has(&out, "死亡（人）：未报\n");
    has(&out, "未下达指令\n");
    has(&out, "本报附言：两人倒地\n");
    has(&out, "emergency/centre：11:00:10 送达\n");
    has_not(&out, "▲");
    has_not(&out, "carbon-monoxide");
    has_not(&out, "某化工");
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
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.number = 0}, view_brief_text, &out);
    has(&out, "第 3 号  终报\n");
    has(&out, "签发人：李区长\n");
    has(&out, "▲ 被困（人）：0（上一号：1）\n");
    has(&out, "▲ 简要经过：发电机尾气\n      积聚（上一号：未报）\n");
    has(&out, "▲ 到场力量：fire-rescue/station-3 E32, T1（上一号：尚无力量回执到场）\n");
    has(&out, "；到场 11:00:15，fire-rescue/station-3 E32, T1（上一号：已送达）\n");
    has(&out, "health/ambulance：dispatch“两副担架”；已下达 11:00:16（新增）\n");
    has(&out, "  未报事项：无未答复的补报要求\n");
    has(&out, "除报告人外无其他指挥中心\n");
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
    struct view *view = folded(&fx);
    /* record 14 is the acceptance, after report 2 */
    written(view, false, FIRE, (struct view_brief_point){.seq = 14}, view_brief_text, &out);
    has(&out, "No. 2  follow-up report 1\n");
    has(&out, "with what was known at 2026-11-22 11:00:14\n");
    has(&out, "; accepted 11:00:14, fire-rescue/station-3 E32, T1 (new)\n");
    has(&out, "Written from records 1 to 14 of the log of 370102");
    buf_free(&out);
    /* the same moment as a time, a millisecond before the next record */
    written(view, false, FIRE, (struct view_brief_point){.bus_ms = FX_START_MS + 14999}, view_brief_text,
            &out);
    has(&out, "; accepted 11:00:14, fire-rescue/station-3 E32, T1 (new)\n");
    has_not(&out, "on-scene 11");
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
    struct view *view = folded(&fx);
    written(view, false, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    has(&out, "INCIDENT BRIEF\nNo. 2  follow-up report 1\n");
    has(&out, "▲ dead: 1 (brief before: not reported)\n");
    has(&out, "  missing: not reported\n");
    has(&out, "substance: asked for at 11:00:09, due by 11:10:09\n");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void a_silent_order_and_an_overdue_request_show(void **state)
{
    struct facts facts = facts_none();
    struct id none = {{0}};
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "hazardous-chemical";
    say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
    fx_order(&fx, fx_id(FIRE), fx_id(ORDER), FX_HEALTH, MODE_ACTUAL, "go", none);
    fx.now_ms += INT64_C(3600000);
    fx_pass(&fx, fx_id(FIRE));
    facts = facts_none();
    facts.place = "plant 4";
    say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    has(&out, "要求补报，时限 11:10:09，已逾期\n");
    has(&out, "；逾期失效 12:00:11");
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
    struct view *view = folded(&fx);
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
    say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
    for (int64_t i = 1; i <= 100; i++) {
        facts = facts_none();
        facts.casualties.minor = i;
        say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    }
    struct view *view = folded(&fx);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        written(view, true, FIRE, (struct view_brief_point){.number = rows[i].number}, view_brief_text, &out);
        has(&out, rows[i].heading);
        buf_free(&out);
    }
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
    uint64_t seq = say(&fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
    fx_ack(&fx, FX_HEALTH, LANE_BULK, seq);
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.number = 4}, view_brief_text, &out);
    has(&out, "health/ambulance：");
    has(&out, " 送达\n");
    has(&out, "续报二\n");
    buf_free(&out);
    written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_text, &out);
    has_not(&out, "  health/ambulance：");
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
    say(&fx, FX_CENTRE, DRILL, MODE_EXERCISE, REPORT_INITIAL, &facts, "", "");
    say(&fx, FX_CENTRE, FIRE, MODE_TEST, REPORT_INITIAL, &facts, "", "");
    struct view *view = folded(&fx);
    written(view, true, DRILL, (struct view_brief_point){.number = 0}, view_brief_text, &out);
    assert_int_equal(count(buf_text(&out), "演练　演练　演练"), 2);
    assert_int_equal(strncmp(buf_text(&out), "====", 4), 0);
    assert_int_equal(strcmp(buf_text(&out) + out.n - 5, "====\n"), 0);
    buf_free(&out);
    written(view, true, DRILL, (struct view_brief_point){.number = 0}, view_brief_html, &out);
    assert_int_equal(count(buf_text(&out), "<div class=\"banner\">演练　演练　演练</div>"), 2);
    has(&out, "<title>【演练】历下区");
    buf_free(&out);
    written(view, false, FIRE, (struct view_brief_point){.number = 0}, view_brief_html, &out);
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
    say(&fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, hostile, hostile);
    fx_order(&fx, fx_id(FIRE), fx_id(ORDER), FX_HEALTH, MODE_ACTUAL, hostile, (struct id){{0}});
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_html, &out);
    has_not(&out, "<script");
    has_not(&out, "\033");
    has_not(&out, "\xe2\x80\xae");
    has_not(&out, "<b>");
    has(&out, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x&amp;amp;<br>六、");
    has_not(&out, "http:");
    has_not(&out, "https:");
    has_not(&out, "src=");
    has_not(&out, "url(");
    assert_int_equal(count(buf_text(&out), "<h2>六、"), 1);
    buf_free(&out);
    written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_text, &out);
    assert_int_equal(count(buf_text(&out), "\n六、"), 1);
    has_not(&out, "\033");
    has_not(&out, "\xe2\x80\xae");
    buf_free(&out);
    written(view, true, FIRE, (struct view_brief_point){.seq = UINT64_MAX}, view_brief_json, &out);
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
    struct view *view = folded(&fx);
    written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_json, &out);
    assert_true(fx_is_json(buf_text(&out), out.n - 1));
    has(&out, "\"heading\":\"续报一\"");
    has(&out,
        "{\"item\":\"loss_cny\",\"section\":4,\"label\":\"初步估计的直接经济损失（元）\",\"value\":\"0\","
        "\"changed\":true,\"before\":null}");
    has(&out, "{\"item\":\"missing\",\"section\":4,\"label\":\"失踪、下落不明（人）\",\"value\":null,"
              "\"changed\":false}");
    has(&out, "\"signed_off_by\":null");
    has(&out, "\"not_answered\":[{\"fact\":\"substance\"");
    has(&out, "\"told\":[{\"agent\":\"emergency/centre\",\"delivered\":false");
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
    struct view *view = folded(&fx);
    struct log_query query = {.question = LOG_Q_RANGE, .after = 12, .records_max = 1};
    struct log_answer answer;
    struct err err;
    assert_int_equal(log_read(fx.store, &query, &fx.arena, &answer, &err), 0);
    record = answer.rows[0].record;
    (void)snprintf(wanted, sizeof wanted, "\"seq\":13,\"hash\":\"%s\"",
                   hex_format(record.hash.b, HASH_BYTES, hash));
    written(view, true, FIRE, (struct view_brief_point){.number = 2}, view_brief_json, &out);
    has(&out, wanted);
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
        cmocka_unit_test(a_silent_order_and_an_overdue_request_show),
        cmocka_unit_test(what_is_not_there_is_refused_with_the_remedy),
        cmocka_unit_test(follow_ups_are_counted_in_chinese),
        cmocka_unit_test(a_later_centre_was_not_told),
        cmocka_unit_test(an_exercise_says_so_at_both_ends),
        cmocka_unit_test(hostile_words_stay_words),
        cmocka_unit_test(json_keeps_the_unknown_apart_from_zero),
        cmocka_unit_test(the_source_is_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
