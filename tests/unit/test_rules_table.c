/* Packs that are tables: what a row becomes, and each mistake with its row and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/rules/pack.h"

static struct conditions *conditions;

static int setup(void **state)
{
    (void)state;
    return conditions_open(&conditions, NULL);
}

static int teardown(void **state)
{
    (void)state;
    conditions_close(conditions);
    return 0;
}

static struct pack *read_table(const char *text)
{
    struct pack *pack = NULL;
    struct err err = {0};

    if (pack_read("the pack", text, strlen(text), conditions, &pack, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return pack;
}

static const char table[] = "规则包,county-limits,,,,\r\n"
                            "版本,2026-11-22,,,,\r\n"
                            "标题,本县指标,,,,\r\n"
                            "事件类型,指标,比较,值,持续,动作\r\n"
                            "fire、mine*,死亡,大于等于,3,,定级 III；提升响应 III\r\n"
                            ",直接经济损失,>=,5000万,,上报移交 上级; 通知 duty-officer\r\n"
                            ",,,,,\r\n"
                            "\r\n"
                            ",读数:h2s,大于,10.5,5分钟,提升响应 Ⅱ 12小时\r\n"
                            ",危化品,等于,it's,,要求补充 伤亡 30分钟\r\n"
                            ",未签收指令,＞,2,,通知：值班领导\r\n"
                            ",升级次数,小于,3,,改派\r\n"
                            ",升级次数,等于,0,,催办 2分钟；改派 水域救援\r\n";

static void assert_rule(const struct rule *rule, const char *name, enum rule_trigger trigger,
                        const char *text)
{
    assert_string_equal(rule->name, name);
    assert_int_equal(rule->trigger, trigger);
    assert_string_equal(rule->text, text);
    assert_non_null(rule->condition);
    assert_string_equal(rule->until_text, "");
    assert_null(rule->until);
}

static void assert_action(const struct rule_action *action, enum rule_action_kind kind, const char *value)
{
    assert_int_equal(action->kind, kind);
    assert_string_equal(action->value, value);
}

static void test_rows_become_rules(void **state)
{
    struct pack *pack = read_table(table);
    const struct rule *rules = pack->rules;

    (void)state;
    assert_string_equal(pack->name, "county-limits");
    assert_string_equal(pack->version, "2026-11-22");
    assert_string_equal(pack->title, "本县指标");
    assert_int_equal(pack->match, MATCH_ALL);
    assert_int_equal(pack->rules_n, 7);
    assert_rule(&rules[0], "第5行", TRIGGER_INCIDENT, "(kind = 'fire' or kind glob 'mine*') and dead >= 3");
    assert_int_equal(rules[0].line, 5);
    assert_int_equal(rules[0].actions_n, 2);
    assert_action(&rules[0].actions[0], ACTION_GRADE, "III");
    assert_int_equal(rules[0].actions[0].grade, GRADE_III);
    assert_action(&rules[0].actions[1], ACTION_RAISE, "III");
    assert_rule(&rules[1], "第6行", TRIGGER_INCIDENT, "loss >= 50000000");
    assert_action(&rules[1].actions[0], ACTION_REFER, "parent");
    assert_action(&rules[1].actions[1], ACTION_NOTIFY, "duty-officer");
    assert_rule(&rules[2], "第9行", TRIGGER_READING, "name = 'h2s' and reading > 10.5");
    assert_int_equal(rules[2].for_ms, 300000);
    assert_action(&rules[2].actions[0], ACTION_RAISE, "II");
    assert_int_equal(rules[2].actions[0].within_ms, 12 * 3600000);
    assert_int_equal(rules[0].actions[1].within_ms, 0);
    assert_rule(&rules[3], "第10行", TRIGGER_INCIDENT, "substance = 'it''s'");
    assert_action(&rules[3].actions[0], ACTION_ASK, "casualties");
    assert_int_equal(rules[3].actions[0].within_ms, 1800000);
    assert_rule(&rules[4], "第11行", TRIGGER_INCIDENT, "orders_silent > 2");
    assert_action(&rules[4].actions[0], ACTION_NOTIFY, "值班领导");
    assert_rule(&rules[5], "第12行", TRIGGER_UNANSWERED, "step < 3");
    assert_action(&rules[5].actions[0], ACTION_REISSUE, "next-able");
    assert_string_equal(rules[5].actions[0].ability, "");
    assert_action(&rules[6].actions[0], ACTION_REMIND, "2分钟");
    assert_int_equal(rules[6].actions[0].within_ms, 120000);
    assert_action(&rules[6].actions[1], ACTION_REISSUE, "next-able");
    assert_string_equal(rules[6].actions[1].ability, "水域救援");
    pack_free(pack);
}

/* What a decline brings an unanswered order brought before: tables of then mean what they meant. */
static void test_declines_are_named(void **state)
{
    static const char declines[] = "规则包,p\n版本,1\n触发,事件类型,指标,比较,值,持续,动作\n"
                                   "指令被拒绝,,升级次数,小于,3,,改派\n"
                                   "order-declined,,代理,等于,370102/fire-rescue/station-3,,上报移交 上级\n"
                                   ",,升级次数,小于,3,,改派\n"
                                   ",,代理,等于,370102/fire-rescue/station-3,,通知 chief\n";
    struct pack *pack = read_table(declines);

    (void)state;
    assert_int_equal(pack->rules_n, 4);
    assert_rule(&pack->rules[0], "第4行", TRIGGER_DECLINED, "step < 3");
    assert_rule(&pack->rules[1], "第5行", TRIGGER_DECLINED, "agent = '370102/fire-rescue/station-3'");
    assert_rule(&pack->rules[2], "第6行", TRIGGER_UNANSWERED, "step < 3");
    assert_rule(&pack->rules[3], "第7行", TRIGGER_SILENT, "agent = '370102/fire-rescue/station-3'");
    pack_free(pack);
}

static enum rule_answer ask(const struct pack *pack, const char *kind, int64_t dead)
{
    struct rule_facts facts = {0};

    facts.at[RULE_KIND] = (struct rule_value){.known = true, .text = kind};
    facts.at[RULE_DEAD] = (struct rule_value){.known = true, .whole = dead};
    assert_int_equal(conditions_set(conditions, &facts), 0);
    return rule_ask(&pack->rules[0], NULL);
}

static void test_they_are_asked_as_others(void **state)
{
    struct pack *pack = read_table(table);

    (void)state;
    assert_int_equal(ask(pack, "fire", 3), ANSWER_YES);
    assert_int_equal(ask(pack, "fire", 2), ANSWER_NO);
    assert_int_equal(ask(pack, "mine-flooding", 3), ANSWER_YES);
    assert_int_equal(ask(pack, "forest-fire", 3), ANSWER_NO);
    pack_free(pack);
}

/* What stands in a cell is never SQL. */
static void test_a_text_stays_a_text(void **state)
{
    struct pack *pack = read_table("规则包,p\n版本,1\n事件类型,指标,比较,值,持续,动作\n"
                                   "\"x' or '1' = '1\",死亡,>,0,,通知 d\n"
                                   ",危化品,!=,\"a') or (1=1) -- \",,通知 d\n");

    (void)state;
    assert_string_equal(pack->rules[0].text, "(kind = 'x'' or ''1'' = ''1') and dead > 0");
    assert_string_equal(pack->rules[1].text, "substance != 'a'') or (1=1) --'");
    assert_int_equal(ask(pack, "y", 3), ANSWER_NO);
    pack_free(pack);
}

/* The order of columns is free, and more of them are let be. */
static void test_columns_may_move(void **state)
{
    struct pack *pack = read_table("\xEF\xBB\xBF匹配,首条\n规则包,limits\n版本, 2 \n"
                                   "备注,动作,值,比较,指标,持续,触发,事件类型\n"
                                   "x,通知 d,30,大于,等待分钟,,失联,\n"
                                   "x,通知 d,30,≥,waited_min,,order-unanswered,\n"
                                   "x,定级Ⅱ,1,等于,事件等级,,,fire\n"
                                   "x,定级：特别重大,较大,不等于,事件等级,1天,,\n"
                                   "x,raise: II,county,=,层级,,,\n");

    (void)state;
    assert_string_equal(pack->name, "limits");
    assert_string_equal(pack->version, "2");
    assert_int_equal(pack->match, MATCH_FIRST);
    assert_int_equal(pack->rules_n, 5);
    assert_rule(&pack->rules[0], "第5行", TRIGGER_SILENT, "waited_min > 30");
    assert_rule(&pack->rules[1], "第6行", TRIGGER_UNANSWERED, "waited_min >= 30");
    assert_rule(&pack->rules[2], "第7行", TRIGGER_INCIDENT, "(kind = 'fire') and grade = 1");
    assert_rule(&pack->rules[3], "第8行", TRIGGER_INCIDENT, "grade != 3");
    assert_int_equal(pack->rules[3].for_ms, INT64_C(86400000));
    assert_action(&pack->rules[3].actions[0], ACTION_GRADE, "I");
    assert_rule(&pack->rules[4], "第9行", TRIGGER_INCIDENT, "tier = 'county'");
    pack_free(pack);
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void test_what_spreadsheets_write(void **state)
{
    /* 规则包,p / 版本,1 / 事件类型,指标,比较,值,持续,动作 / ,死亡,大于,3,,通知 d in GB18030 */
    static const char gb[] = "\xB9\xE6\xD4\xF2\xB0\xFC,p\r\n"
                             "\xB0\xE6\xB1\xBE,1\r\n"
                             "\xCA\xC2\xBC\xFE\xC0\xE0\xD0\xCD,\xD6\xB8\xB1\xEA,\xB1\xC8\xBD\xCF,\xD6\xB5,"
                             "\xB3\xD6\xD0\xF8,\xB6\xAF\xD7\xF7\r\n"
                             ",\xCB\xC0\xCD\xF6,\xB4\xF3\xD3\xDA,3,,\xCD\xA8\xD6\xAA d\r\n";
    char folder[] = "/tmp/muster-table-XXXXXX", path[64], why[128];
    struct pack *pack = NULL, *again = NULL;
    struct err err = {0};
    char *text = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/p.CSV", folder);
    write_file(path, gb, sizeof gb - 1);
    assert_int_equal(pack_load(path, conditions, &pack, &text, &err), 0);
    assert_rule(&pack->rules[0], "第4行", TRIGGER_INCIDENT, "dead > 3");
    /* what a record keeps has no file's name, and is UTF-8 */
    assert_int_equal(pack_read("the pack", text, strlen(text), conditions, &again, &err), 0);
    assert_string_equal(again->name, pack->name);
    assert_string_equal(again->rules[0].text, "dead > 3");
    pack_free(pack);
    pack_free(again);
    free(text);
    pack = NULL;
    write_file(path, "\xFF\xFF\x30", 3);
    assert_int_equal(pack_load(path, conditions, &pack, NULL, &err), ERR_CONFIG);
    (void)snprintf(why, sizeof why, "%s: neither UTF-8 nor GB18030; save it as CSV UTF-8", path);
    assert_string_equal(err.text, why);
    write_file(path, "pack: p\n", 8); /* named so, it is taken for one */
    assert_int_equal(pack_load(path, conditions, &pack, NULL, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "p.CSV:1: pack: p \"\": 右边一格"));
    assert_null(pack);
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(folder), 0);
}

/* One row, and what is said of it. */
static void test_mistakes_have_row_and_column(void **state)
{
    static const struct {
        const char *row, *said;
    } mistakes[] = {
        {",死忘,大于,3,,通知 d", "p.csv:4: 指标 \"死忘\": 没有这个指标"},
        {",,大于,3,,通知 d", "p.csv:4: 指标 \"\": 没有这个指标"},
        {",死亡:h2s,大于,3,,通知 d", "p.csv:4: 指标 \"死亡:h2s\": 没有这个指标"},
        {",死亡,多于,3,,通知 d", "p.csv:4: 比较 \"多于\": 应为 大于、大于等于、小于、小于等于、等于、不等于"},
        {",死亡,大于,,,通知 d", "p.csv:4: 值 \"\": 缺值 (a value is wanted)"},
        {",死亡,大于,三,,通知 d", "p.csv:4: 值 \"三\": 不是数字"},
        {",死亡,大于,3 or 1=1,,通知 d", "p.csv:4: 值 \"3 or 1=1\": 不是数字"},
        {",死亡,大于,\"1,000\",,通知 d", "p.csv:4: 值 \"1,000\": 不是数字"},
        {",死亡,大于,1e3,,通知 d", "p.csv:4: 值 \"1e3\": 不是数字"},
        {",死亡,大于,0x10,,通知 d", "p.csv:4: 值 \"0x10\": 不是数字"},
        {",死亡,大于,2.5,,通知 d", "p.csv:4: 值 \"2.5\": 应为整数"},
        {",死亡,大于,9999999999999999,,通知 d", "不是数字"},
        {",危化品,大于,x,,通知 d", "p.csv:4: 比较 \"大于\": 文字只能用 等于 或 不等于"},
        {",邻区响应级别,大于,III,,通知 d", "p.csv:4: 比较 \"大于\": 等级只能用 等于 或 不等于"},
        {",事件等级,大于,III,,通知 d", "p.csv:4: 比较 \"大于\": 等级只能用 等于 或 不等于"},
        {"m*e,死亡,大于,3,,通知 d", "p.csv:4: 事件类型 \"m*e\": 星号只能写在类型名末尾"},
        {"*,死亡,大于,3,,通知 d", "p.csv:4: 事件类型 \"*\": 星号"},
        {"m?,死亡,大于,3,,通知 d", "p.csv:4: 事件类型 \"m?\": 星号"},
        {"fire,读数,大于,3,,通知 d", "p.csv:4: 事件类型 \"fire\": 此触发不属于某一事件"},
        {",等待分钟,大于,3,,通知 d", "p.csv:4: 指标 \"等待分钟\": 多种触发都有此指标"},
        {",死亡,大于,3,5刻,通知 d", "p.csv:4: 持续 \"5刻\": 应写如 30秒、5分钟、2小时"},
        {",死亡,大于,3,31天,通知 d", "p.csv:4: 持续 \"31天\": "},
        {",死亡,大于,3,,", "p.csv:4: 动作 \"\": 缺动作 (an action is wanted)"},
        {",死亡,大于,3,,定极 II", "p.csv:4: 动作 \"定极 II\": 没有这个动作"},
        {",死亡,大于,3,,定级 五", "p.csv:4: 动作 \"定级 五\": 动作的对象不对"},
        {",死亡,大于,3,,通知 d；上报移交 火星", "p.csv:4: 动作 \"上报移交 火星\": 动作的对象不对"},
        {",死亡,大于,3,,通知", "p.csv:4: 动作 \"通知\": 动作的对象不对"},
        {",死亡,大于,3,,启动时限 x", "p.csv:4: 动作 \"启动时限 x\": 表格中没有时限"},
        {",死亡,大于,3,,要求补充 伤亡", "p.csv:4: 动作 \"要求补充 伤亡\": 缺时间"},
        {",死亡,大于,3,,要求补充 死忘 5分钟", "p.csv:4: 动作 \"要求补充 死忘 5分钟\": 动作的对象不对"},
        {",死亡,大于,3,,改派", "p.csv:4: 动作 \"改派\": 此触发下不能做这个动作"},
        {",死亡,大于,3,,提升响应 II 很久",
         "p.csv:4: 动作 \"提升响应 II 很久\": 预计期限应写如 提升响应 II 12小时"},
        {",死亡,大于,3,,提升响应 II 31天", "p.csv:4: 动作 \"提升响应 II 31天\": 预计期限应写如"},
        {",升级次数,大于,0,,催办", "p.csv:4: 动作 \"催办\": 缺时间，应写如 催办 2分钟"},
        {",升级次数,大于,0,,催办 很快", "p.csv:4: 动作 \"催办 很快\": 缺时间"},
        {",读数,大于,3,,定级 II", "p.csv:4: 动作 \"定级 II\": 此触发下不能做这个动作"},
        {",死亡,大于,3,,通知 a;通知 b;通知 c;通知 d;通知 e;通知 f;通知 g;通知 h;通知 i",
         "动作过多，最多 8 个"},
        {",死亡,大于,3,,\"通知 d", "p.csv:4: 引号未闭合 (a quote is opened and not closed)"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct pack *pack = NULL;
        struct err err = {0};
        (void)snprintf(text, sizeof text, "规则包,p\n版本,1\n事件类型,指标,比较,值,持续,动作\n%s\n",
                       mistakes[i].row);
        if (pack_read("p.csv", text, strlen(text), conditions, &pack, &err) != ERR_CONFIG ||
            err.code != ERR_CONFIG || strstr(err.text, mistakes[i].said) == NULL) {
            fail_msg("%s: %s", mistakes[i].row, err.text);
        }
        assert_null(pack);
    }
}

static void test_mistakes_above_the_rows(void **state)
{
    static const struct {
        const char *text, *said;
    } mistakes[] = {
        {"规则包,p\n版本,1\n", "p.csv: 没有规则 (there is no rule in it)"},
        {"规则包,p\n版本,1\n事件类型,指标,比较,值,持续,动作\n", "p.csv: 没有规则"},
        {"事件类型,指标,比较,值,持续,动作\n,死亡,>,3,,通知 d\n",
         "p.csv:1: 表头 \"规则包\": 表头之上应有一行：规则包,名称"},
        {"规则包,p\n事件类型,指标,比较,值,持续,动作\n",
         "p.csv:2: 表头 \"版本\": 表头之上应有一行：版本,2026-11-22"},
        {"版本,1\n事件类型,指标,比较,数值,持续,动作\n",
         "p.csv:2: 表头 \"值\": 缺此列 (this column is missing)"},
        {"版本,\n", "p.csv:1: 版本 \"\": 右边一格应有 1 至 128 字节"},
        {"版本\n", "p.csv:1: 版本 \"\": 右边一格"},
        {"版本,1\n作者,me\n", "p.csv:2: 表头 \"作者\": 表头之前只能写 规则包、版本、标题、匹配"},
        {"匹配,随便\n", "p.csv:1: 匹配 \"随便\": 应为 首条 或 全部"},
        {"规则包,p\n版本,1\n事件类型,指标,比较,值,持续,动作,触发\n,死亡,>,3,,通知 d,下雨\n",
         "p.csv:4: 触发 \"下雨\": 没有这种触发"},
        {"规则包,p\n版本,1\n事件类型,指标,比较,值,持续,动作,触发\n,死亡,>,3,,通知 d,失联\n",
         "p.csv:4: 触发 \"失联\": 此触发没有该指标"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct pack *pack = NULL;
        struct err err = {0};
        if (pack_read("p.csv", mistakes[i].text, strlen(mistakes[i].text), conditions, &pack, &err) !=
                ERR_CONFIG ||
            strstr(err.text, mistakes[i].said) == NULL) {
            fail_msg("%s: %s", mistakes[i].text, err.text);
        }
        assert_null(pack);
    }
}

/* Whatever bytes a file has: a pack, or one line that says why not. */
static void test_damaged_tables_are_refused_or_read(void **state)
{
    char text[sizeof table];
    uint64_t random = 88172645463325252u;
    int refused = 0, read = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct pack *pack = NULL;
        struct err err = {0};
        memcpy(text, table, sizeof table);
        for (int changes = 1 + i % 4; changes > 0; changes--) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            text[random % (sizeof table - 1)] =
                i % 2 == 0 ? ",;\"\n:\xEF%*'"[random >> 32 & 7] : (char)(random >> 40);
        }
        int rc = pack_read("p.csv", text, sizeof table - 1, conditions, &pack, &err);
        assert_true(rc == 0 || rc == ERR_CONFIG);
        assert_int_equal(rc == 0, pack != NULL);
        assert_true(rc == 0 || (err.text[0] != '\0' && strchr(err.text, '\n') == NULL));
        refused += rc != 0;
        read += rc == 0;
        pack_free(pack);
    }
    assert_true(refused > 1000);
    assert_true(read > 100); /* damage to a name is none */
}

static void test_warnings(void **state)
{
    static const char text[] = "规则包,warn,,,,,\n版本,1,,,,,\n事件类型,触发,指标,比较,值,持续,动作\n"
                               ",预警,预警颜色,等于,红色,,通知 duty-chief\n"
                               "flood,,预警颜色,等于,橙,,提升响应 III\n"
                               ",,预警严重程度,不等于,无,,提升响应 IV\n";
    static const char lasting[] = "规则包,warn,,,,,\n版本,1,,,,,\n事件类型,触发,指标,比较,值,持续,动作\n"
                                  ",预警,预警颜色,等于,红色,5分钟,通知 duty-chief\n";
    struct pack *pack = read_table(text), *none = NULL;
    struct err err = {0};

    (void)state;
    assert_rule(&pack->rules[0], "第4行", TRIGGER_ALERT, "warning_colour = 'red'");
    assert_rule(&pack->rules[1], "第5行", TRIGGER_INCIDENT, "(kind = 'flood') and warning_colour = 'orange'");
    assert_rule(&pack->rules[2], "第6行", TRIGGER_INCIDENT, "warning_severity != 'none'");
    pack_free(pack);
    assert_int_equal(pack_read("the pack", lasting, strlen(lasting), conditions, &none, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, ":4: 持续 \"5分钟\": 预警只触发一次，请留空"));
}

/* Facts that have words of their own take the Chinese ones; an older log's table says what it said. */
static void test_words_of_facts(void **state)
{
    static const char words[] = "规则包,t\n版本,1\n指标,比较,值,动作,事件类型,持续\n"
                                "层级,等于,县级,通知 x,,\n"
                                "层级,不等于,乡镇,通知 x,,\n"
                                "所需信息,等于,伤亡,通知 x,,\n"
                                "所需信息,等于,loss,通知 x,,\n"
                                "所需信息,等于,谁,通知 x,,\n";
    static const char *const now[] = {"tier = 'county'", "tier != 'township'", "request = 'casualties'",
                                      "request = 'loss'", "request = '谁'"};
    static const char *const before[] = {"tier = '县级'", "tier != '乡镇'", "request = '伤亡'",
                                         "request = 'loss'", "request = '谁'"};

    (void)state;
    for (int is_old = 0; is_old < 2; is_old++) {
        conditions_name_kinds(conditions, is_old == 0);
        struct pack *pack = read_table(words);
        for (size_t i = 0; i < pack->rules_n; i++) {
            assert_string_equal(pack->rules[i].text, is_old ? before[i] : now[i]);
        }
        pack_free(pack);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_become_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_declines_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_they_are_asked_as_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_text_stays_a_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_columns_may_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_spreadsheets_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes_have_row_and_column, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes_above_the_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_tables_are_refused_or_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_warnings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words_of_facts, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
