/* A pack is read whole, or refused with its first mistake and where that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/rules/pack.h"
#include "common/rules/pack_check.h"
#include "tests/unit/chinese.h"

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

static struct pack *read_pack(const char *text)
{
    struct pack *pack = NULL;
    struct err err = {0};

    if (pack_read("p.yaml", text, strlen(text), conditions, &pack, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return pack;
}

static const char two_rules[] = "pack: p\n"
                                "version: '1'\n"
                                "match: all\n"
                                "rules:\n"
                                "  - rule: leak\n"
                                "    when: reading\n"
                                "    if: name = 'h2s' and reading > 10\n"
                                "    until: reading < 5\n"
                                "    for: 5 min\n"
                                "    do:\n"
                                "      - raise: III\n"
                                "        lasts: 12 h\n"
                                "      - notify: duty\n"
                                "  - rule: late\n"
                                "    when: order-unanswered\n"
                                "    do:\n"
                                "      - reissue: next-able\n"
                                "        ability: rescue\n"
                                "      - remind: 2 min\n"
                                "      - ask: casualties\n"
                                "        within: 30 min\n";

static void test_everything_is_read(void **state)
{
    struct pack *pack = read_pack(two_rules);
    const struct rule *leak = &pack->rules[0], *late = &pack->rules[1];

    (void)state;
    assert_string_equal(pack->name, "p");
    assert_string_equal(pack->version, "1");
    assert_string_equal(pack->title, "");
    assert_int_equal(pack->match, MATCH_ALL);
    assert_int_equal(pack->rules_n, 2);
    assert_int_equal(leak->trigger, TRIGGER_READING);
    assert_int_equal(leak->line, 7);
    assert_int_equal(leak->for_ms, 300000);
    assert_non_null(leak->until);
    assert_int_equal(leak->actions_n, 2);
    assert_int_equal(leak->actions[0].kind, ACTION_RAISE);
    assert_string_equal(leak->actions[0].value, "III");
    assert_int_equal(leak->actions[0].within_ms, 12 * 3600000);
    assert_string_equal(leak->actions[1].value, "duty");
    assert_int_equal(leak->actions[1].within_ms, 0);
    assert_null(late->condition);
    assert_int_equal(late->actions[0].kind, ACTION_REISSUE);
    assert_string_equal(late->actions[0].ability, "rescue");
    assert_int_equal(late->actions[1].kind, ACTION_REMIND);
    assert_int_equal(late->actions[1].within_ms, 120000);
    assert_int_equal(late->actions[2].kind, ACTION_ASK);
    assert_int_equal(late->actions[2].within_ms, 1800000);
    pack_free(pack);
}

/* One change to a pack that is fine, and what is said of it. */
static void test_mistakes_are_placed(void **state)
{
    static const struct {
        const char *instead_of, *stands, *said;
    } mistakes[] = {
        {"reading > 10", "readin > 10",
         "p.yaml:7:26: no fact is called \"readin\"; did you mean \"reading\"?"},
        {"reading > 10", "dead > 10", "p.yaml:7:9: \"dead\" is not known when \"reading\" happens"},
        {"reading < 5", "reading <", "p.yaml:8:21: something is missing behind this"},
        {"reading < 5", "reading < 5\n      and redaing > 1", "p.yaml:9:11: no fact is called \"redaing\""},
        {"when: reading", "when: readings", "p.yaml:6:11: "},
        {"raise: III", "raise: 3", "p.yaml:11:16: \"raise\" wants I, II, III or IV, not \"3\""},
        {"raise: III", "rise: III", "p.yaml:11:9: no action is called \"rise\"; did you mean \"raise\"?"},
        {"raise: III\n        lasts: 12 h", "grade: III",
         "\"grade\" cannot be done when \"reading\" happens"},
        {"reissue: next-able", "reissue: anybody",
         "p.yaml:17:18: \"reissue\" wants next-able, not \"anybody\""},
        {"lasts: 12 h", "lasts: long", "p.yaml:12:16: "},
        {"lasts: 12 h", "lasts: 31 d", "p.yaml:12:16: "},
        {"remind: 2 min", "remind: 2 min\n        lasts: 2 h", "p.yaml:20:9: unknown key 'lasts'"},
        {"remind: 2 min", "remind: soon", "p.yaml:19:17: "},
        {"remind: 2 min", "remind: 500 ms", "p.yaml:19:17: "},
        {"raise: III\n        lasts: 12 h", "remind: 2 min",
         "\"remind\" cannot be done when \"reading\" happens"},
        {"when: order-unanswered", "when: order-declined",
         "\"remind\" cannot be done when \"order-declined\" happens"}, /* it has its outcome */
        {"rule: late", "rule: leak", "p.yaml:14:5: two rules are called \"leak\"; the other is at line 7"},
        {"match: all", "match: some", "p.yaml:3:8: "},
        {"    for: 5 min", "    fro: 5 min", "p.yaml:9:5: "},
        {"version: '1'\n", "", "missing key 'version'"},
        {"within: 30 min", "within: 30 mon", "p.yaml:21:17: "},
        {"ask: casualties\n        within: 30 min", "refer: mars",
         "\"refer\" wants parent, neighbours, superior, touched or a region's code"},
        {"ask: casualties", "ask: dead",
         "p.yaml:20:14: \"ask\" wants a fact of a report, such as casualties"},
        {"notify: duty", "notify: ''", "\"notify\" wants a role"},
    };
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const char *at = strstr(two_rules, mistakes[i].instead_of);
        struct pack *pack = NULL;
        struct err err = {0};
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - two_rules), two_rules, mistakes[i].stands,
                       at + strlen(mistakes[i].instead_of));
        assert_int_equal(pack_read("p.yaml", text, strlen(text), conditions, &pack, &err), ERR_CONFIG);
        if (strstr(err.text, mistakes[i].said) == NULL) {
            fail_msg("%s: %s", mistakes[i].stands, err.text);
        }
        struct err chinese = {0};
        conditions_speak(conditions, true);
        assert_int_equal(pack_read("p.yaml", text, strlen(text), conditions, &pack, &chinese), ERR_CONFIG);
        conditions_speak(conditions, false);
        if (!is_chinese(chinese.text) || !is_same_place(err.text, chinese.text)) {
            fail_msg("%s: %s: %s", mistakes[i].stands, err.text, chinese.text);
        }
        assert_null(pack);
    }
}

static void know(struct rule_facts *facts, enum rule_fact fact, int64_t whole)
{
    facts->at[fact] = (struct rule_value){.known = true, .whole = whole, .real = (double)whole};
}

static void assert_asked(const char *match, const char *action, const struct rule_facts *facts,
                         const enum rule_answer wanted[3])
{
    enum rule_answer answers[3];
    char text[512];

    (void)snprintf(text, sizeof text,
                   "{pack: p, version: '1', match: %s, rules: ["
                   "{rule: a, when: incident, if: dead >= 10, do: [%s]},"
                   "{rule: b, when: incident, if: serious >= 10, do: [%s]},"
                   "{rule: c, when: incident, if: dead >= 1, do: [%s]}]}",
                   match, action, action, action);
    struct pack *pack = read_pack(text);
    assert_int_equal(conditions_set(conditions, facts), 0);
    pack_ask(pack, TRIGGER_INCIDENT, answers);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(answers[i], wanted[i]);
    }
    pack_ask(pack, TRIGGER_READING, answers);
    assert_int_equal(answers[0], ANSWER_NO);
    pack_free(pack);
}

static void test_first_or_all(void **state)
{
    struct rule_facts facts = {0};

    (void)state;
    know(&facts, RULE_DEAD, 12);
    assert_asked("all", "notify: duty", &facts, (enum rule_answer[]){ANSWER_YES, ANSWER_UNKNOWN, ANSWER_YES});
    assert_asked("first", "notify: duty", &facts, (enum rule_answer[]){ANSWER_YES, ANSWER_NO, ANSWER_NO});
    know(&facts, RULE_DEAD, 2); /* what cannot be told does not stop what is behind it */
    assert_asked("first", "notify: duty", &facts,
                 (enum rule_answer[]){ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES});
}

static void test_an_incident_has_one_grade(void **state)
{
    struct rule_facts facts = {0};

    (void)state;
    know(&facts, RULE_DEAD, 12);
    assert_asked("all", "grade: II", &facts, (enum rule_answer[]){ANSWER_YES, ANSWER_NO, ANSWER_NO});
    know(&facts, RULE_DEAD, 2);
    assert_asked("all", "grade: II", &facts, (enum rule_answer[]){ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES});
    know(&facts, RULE_SERIOUS, 10);
    assert_asked("all", "grade: II", &facts, (enum rule_answer[]){ANSWER_NO, ANSWER_YES, ANSWER_NO});
}

static enum pack_holds holds_when(const char *trigger, const char *condition)
{
    char text[4096];

    (void)snprintf(text, sizeof text,
                   "{pack: p, version: '1', match: all, rules: [{rule: a, when: %s, if: \"%s\", do: "
                   "[notify: duty]}]}",
                   trigger, condition);
    struct pack *pack = read_pack(text);
    enum pack_holds found = rule_try(conditions, &pack->rules[0]);
    pack_free(pack);
    return found;
}

static enum pack_holds holds(const char *condition)
{
    return holds_when("incident", condition);
}

static enum pack_holds reading_holds(const char *condition)
{
    return holds_when("reading", condition);
}

static void test_what_never_holds_is_found(void **state)
{
    (void)state;
    assert_int_equal(holds("dead >= 3"), HOLDS_SOMETIMES);
    assert_int_equal(holds("dead > 5 and dead < 3"), HOLDS_NEVER);
    assert_int_equal(holds("here = 2"), HOLDS_NEVER);
    assert_int_equal(holds("regions < 1"), HOLDS_NEVER);
    assert_int_equal(holds("expected > 4 or neighbour_level < 1"), HOLDS_NEVER);
    assert_int_equal(holds("dead between 9 and 3"), HOLDS_NEVER);
    assert_int_equal(holds("dead > 5 and dead is null"), HOLDS_NEVER);
    assert_int_equal(holds("dead = null"), HOLDS_NEVER);
    assert_int_equal(holds("kind = 'fire' and kind = 'flood'"), HOLDS_NEVER);
    assert_int_equal(holds("kind in ('fire', 'flood') and dead + serious >= 1000"), HOLDS_SOMETIMES);
    assert_int_equal(holds("kind like 'chem%' and not kind = 'chemical-leak'"), HOLDS_SOMETIMES);
    assert_int_equal(holds("kind = 'it''s' and loss < 1e6"), HOLDS_SOMETIMES);
    assert_int_equal(holds("dead % 7 = 3 and dead > 10"), HOLDS_SOMETIMES);
    assert_int_equal(holds("dead + missing + serious + minor + trapped < 0"), HOLDS_UNKNOWN);
    assert_int_equal(holds("kind"), HOLDS_UNKNOWN);
    assert_int_equal(holds("dead < 'three'"), HOLDS_MIXED);
    assert_int_equal(holds("dead = 1 or dead not in (2, 'two')"), HOLDS_MIXED);
    assert_int_equal(holds("3 < kind"), HOLDS_MIXED);
    assert_int_equal(holds("kind = 370102"), HOLDS_MIXED);
    assert_int_equal(holds("dead between 'a' and 3"), HOLDS_MIXED);
    assert_int_equal(holds("dead <= '3' and dead >= '2'"), HOLDS_SOMETIMES);
    assert_int_equal(holds("length(kind) > 3 or kind = 'a' and dead > 3"), HOLDS_SOMETIMES);
    assert_int_equal(holds("grade = 4 and level <= 2"), HOLDS_SOMETIMES);
    assert_int_equal(holds("grade > 4"), HOLDS_NEVER);
    assert_int_equal(holds("level = 0"), HOLDS_NEVER);
    assert_int_equal(holds("tier in ('city', 'county')"), HOLDS_SOMETIMES);
    assert_int_equal(holds("tier != 'county' and tier != 'province'"), HOLDS_SOMETIMES);
    assert_int_equal(holds("tier = 'provincial'"), HOLDS_NEVER);
    assert_int_equal(holds("tier is null"), HOLDS_SOMETIMES);
    assert_int_equal(holds("warning_colour = 'Red'"), HOLDS_NEVER);
    assert_int_equal(holds("warning_colour != 'red' and here = 0"), HOLDS_SOMETIMES);
    assert_int_equal(holds("warning_severity in ('extreme', 'red')"), HOLDS_SOMETIMES);
    assert_int_equal(holds("warning_colour = 'none'"), HOLDS_SOMETIMES);
    assert_int_equal(holds_when("alert", "warning_colour = 'none'"), HOLDS_NEVER);
    assert_int_equal(holds_when("alert", "here = 0"), HOLDS_NEVER); /* what is for elsewhere is not at hand */
    assert_int_equal(holds_when("alert", "here is null and warning_urgency <> 'past'"), HOLDS_SOMETIMES);
    /* what is reckoned with, taken apart or between two constants is no proof of anything */
    assert_int_equal(reading_holds("reading < -20"), HOLDS_SOMETIMES);
    assert_int_equal(reading_holds("rise_per_min < -5 and reading < -0.5"), HOLDS_SOMETIMES);
    assert_int_equal(reading_holds("reading > 0.5 and reading < 0.9"), HOLDS_SOMETIMES);
    assert_int_equal(reading_holds("reading > 0.9 and reading < 0.5"), HOLDS_NEVER);
    assert_int_equal(holds("loss / 10000 >= 100 and loss / 10000 < 500"), HOLDS_UNKNOWN);
    assert_int_equal(holds("loss / 7 = 12345 and loss % 7 = 3"), HOLDS_UNKNOWN);
    assert_int_equal(holds("length(kind) > 20"), HOLDS_UNKNOWN);
    assert_int_equal(holds("coalesce(dead, 0) > 5 and coalesce(dead, 0) < 3"), HOLDS_NEVER);
    assert_int_equal(holds("corrected_days > iif(kind in ('fire', 'traffic'), 7, 30) and corrected_days < 7"),
                     HOLDS_NEVER);
    assert_int_equal(holds("kind like '%leak%' and kind like 'chem%'"), HOLDS_UNKNOWN);
    assert_int_equal(holds("not (dead > 3) and (dead > 3)"), HOLDS_NEVER);
}

/* docs/rules.md is what people write packs from. */
static void test_every_word_is_documented(void **state)
{
    static char page[65536];
    char row[256];
    FILE *file = fopen("docs/rules.md", "rb");

    (void)state;
    assert_non_null(file);
    size_t n = fread(page, 1, sizeof page - 1, file);
    (void)fclose(file);
    page[n] = '\0';
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        (void)snprintf(row, sizeof row, "| `%s` | %s |", words->word, words->zh);
        if (strstr(page, row) == NULL) {
            fail_msg("docs/rules.md: %s", row);
        }
    }
    for (int i = 0; i < RULE_TRIGGER_COUNT; i++) {
        (void)snprintf(row, sizeof row, "| `%s` | %s |", rule_trigger_word((enum rule_trigger)i),
                       rule_trigger_zh((enum rule_trigger)i));
        if (strstr(page, row) == NULL) {
            fail_msg("docs/rules.md: %s", row);
        }
    }
    for (int i = 0; i < RULE_ACTION_COUNT; i++) {
        (void)snprintf(row, sizeof row, "| `%s` |", rule_action_word((enum rule_action_kind)i));
        if (strstr(page, row) == NULL) {
            fail_msg("docs/rules.md: %s", row);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes_are_placed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_or_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_incident_has_one_grade, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_never_holds_is_found, setup, teardown),
        cmocka_unit_test(test_every_word_is_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
