/* Kinds of incident in rule packs: each of the table is a shipped pack's, or meant to be without one; and
 * what a pack calls by its Chinese name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/event.h"
#include "common/core/kind.h"
#include "common/rules/pack_check.h"
#include "common/rules/rule_book.h"

/* Those of the shipped packs that are for certain kinds; the others are for all. */
static const char *const shipped[] = {"decree-493", "public-health", "disaster-relief", "henan-2021"};
enum { SHIPPED = sizeof shipped / sizeof shipped[0] };

struct packs {
    struct conditions *conditions;
    struct pack *packs[SHIPPED];
};

/* Kinds that no shipped pack grades or reports: a person does, or a site's own pack. */
static const struct {
    const char *kind, *why;
} without[] = {
    {"water-traffic", "Decree 493, Art. 45: ships have regulations of their own"},
    {"railway", "Decree 493, Art. 45: Decree 501 has grades and reports of railways"},
    {"aviation", "Decree 493, Art. 45: aviation has regulations of its own"},
    {"public-facility", "the law does not say whether it is an accident in production"},
    {"power-outage", "Decree 493, Art. 45: Decree 599 grades by the load that is lost"},
    {"nuclear-radiation", "Decree 493, Art. 2: nuclear installations are none of its accidents"},
    {"environmental-pollution", "Decree 493, Art. 2: pollution is none of its accidents"},
    {"ecological-damage", "Decree 493, Art. 2: the same"},
    {"oil-spill", "Decree 493, Art. 2: the same"},
    {"drug-safety", "the Drug Administration Law has reports of its own"},
    {"animal-epidemic", "Decree 450 has reports of its own"},
    {"terrorist-attack", "no pack of public security is shipped"},
    {"criminal-case", "the same"},
    {"mass-incident", "the same"},
    {"ethnic-religious", "the same"},
    {"foreign-related", "the same"},
    {"financial", "the same"},
    {"market-stability", "the same"},
    {"medical", "a call for an ambulance is no emergency of a class of the law"},
    {"alarm", "not known yet what it is"},
    {"other", "the same"},
};

static const char *why_without(const char *kind)
{
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        if (strcmp(without[i].kind, kind) == 0) {
            return without[i].why;
        }
    }
    return NULL;
}

static int setup(void **state)
{
    static struct packs all;
    struct err err = {0};

    if (conditions_open(&all.conditions, &err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < SHIPPED; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "common/rules/packs/%s.yaml", shipped[i]);
        if (pack_load(path, all.conditions, &all.packs[i], NULL, &err) != 0) {
            print_error("%s\n", err.text);
            return -1;
        }
    }
    *state = &all;
    return 0;
}

static int teardown(void **state)
{
    struct packs *all = *state;

    for (size_t i = 0; i < SHIPPED; i++) {
        pack_free(all->packs[i]);
    }
    conditions_close(all->conditions);
    return 0;
}

static void each_kind_is_a_packs_or_meant_to_be_without(void **state)
{
    const struct packs *all = *state;

    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL; kind++) {
        const char *of = NULL;
        for (size_t i = 0; i < SHIPPED; i++) {
            of = pack_is_for(all->packs[i], kind->word) ? shipped[i] : of;
        }
        if (of == NULL && why_without(kind->word) == NULL) {
            fail_msg("%s %s is of no pack, and nobody says why", kind->word, kind->zh);
        }
        if (of != NULL && why_without(kind->word) != NULL) {
            fail_msg("%s is of %s, although: %s", kind->word, of, why_without(kind->word));
        }
    }
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        assert_non_null(incident_kind_find(without[i].kind));
    }
}

/* A pack's word that the table does not offer is one that nobody's report will have. */
static void packs_name_no_other_kinds(void **state)
{
    const struct packs *all = *state;

    for (size_t i = 0; i < SHIPPED; i++) {
        assert_true(all->packs[i]->kinds_n > 0);
        for (size_t j = 0; j < all->packs[i]->kinds_n; j++) {
            if (incident_kind_find(all->packs[i]->kinds[j]) == NULL) {
                fail_msg("%s: %s is not in the table of kinds", shipped[i], all->packs[i]->kinds[j]);
            }
        }
    }
}

/* What its law holds: natural disasters are the relief plan's, and both are the emergency department's. */
static void packs_are_for_what_their_law_is_for(void **state)
{
    const struct packs *all = *state;

    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL; kind++) {
        bool is_accident = pack_is_for(all->packs[0], kind->word);
        bool is_relief = pack_is_for(all->packs[2], kind->word);
        bool is_natural = kind->class == CLASS_NATURAL;
        if (is_relief != is_natural || (is_accident && kind->class != CLASS_ACCIDENT) ||
            (pack_is_for(all->packs[1], kind->word) && kind->class != CLASS_HEALTH) ||
            pack_is_for(all->packs[3], kind->word) != (is_accident || is_natural)) {
            fail_msg("%s is in a pack that it is not of, or missing in one", kind->word);
        }
    }
}

/* --- Chinese names -------------------------------------------------------------------------------- */

static struct pack *read_text(struct conditions *conditions, const char *text)
{
    struct pack *pack = NULL;
    struct err err = {0};

    if (pack_read("p.yaml", text, strlen(text), conditions, &pack, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return pack;
}

#define RULES "match: all\nrules:\n  - {rule: a, when: incident, do: [{grade: IV}]}\n"

static void a_chinese_name_means_the_kind(void **state)
{
    static const char text[] = "pack: p\nversion: 1\nkinds: [火灾, 煤矿, fire, 矿难, mine*]\n" RULES;
    const struct packs *all = *state;

    struct pack *pack = read_text(all->conditions, text);
    assert_true(pack_is_for(pack, "fire") && pack_is_for(pack, "coal-mine") && pack_is_for(pack, "mine"));
    assert_true(pack_is_for(pack, "火灾") && pack_is_for(pack, "矿难")); /* a policy may have these itself */
    assert_false(pack_is_for(pack, "explosion"));
    assert_int_equal(pack->kinds_n, 6);
    pack_free(pack);
    /* as an older log has it */
    conditions_name_kinds(all->conditions, false);
    pack = read_text(all->conditions, text);
    conditions_name_kinds(all->conditions, true);
    assert_false(pack_is_for(pack, "coal-mine"));
    assert_true(pack_is_for(pack, "火灾"));
    assert_int_equal(pack->kinds_n, 5);
    pack_free(pack);
}

static void a_table_means_the_kind_too(void **state)
{
    const struct packs *all = *state;
    struct pack *pack =
        read_text(all->conditions, "规则包,t,,,,\n版本,1,,,,\n事件类型,指标,比较,值,持续,动作\n"
                                   "火灾、mine*、坍塌,死亡,>=,3,,定级 III\n"
                                   ",事件类型,等于,火灾,,定级 IV\n"
                                   ",事件类型,不等于,食品安全,,定级 IV\n"
                                   ",事件类型,等于,化工园,,定级 IV\n");

    assert_string_equal(
        pack->rules[0].text,
        "(kind in ('fire', '火灾') or kind glob 'mine*' or kind in ('collapse', '坍塌')) and dead >= 3");
    assert_string_equal(pack->rules[1].text, "kind in ('fire', '火灾')");
    assert_string_equal(pack->rules[2].text, "kind not in ('food-safety', '食品安全')");
    assert_string_equal(pack->rules[3].text, "kind = '化工园'");
    assert_int_equal(pack_try(all->conditions, pack, "t.csv", NULL), 0);
    pack_free(pack);
}

static void a_name_in_a_condition_is_a_mistake(void **state)
{
    static const struct {
        const char *condition, *wanted; /* NULL: it is none */
    } cases[] = {
        {"kind = '火灾'", "'fire' and not '火灾'"},
        {"dead > 1 and '火灾' = kind", "'fire' and not '火灾'"},
        {"kind != '煤矿事故' and dead > 1", "'coal-mine' and not '煤矿事故'"},
        {"kind in ('fire', '坍塌')", "'collapse' and not '坍塌'"},
        {"iif(kind is not '火灾', dead, 3) > 2", "'fire' and not '火灾'"},
        {"kind in ('fire', '火灾')", NULL}, /* a policy's own, too */
        {"kind = '化工园' or substance = '火灾'", NULL},
        {"kind glob '火灾*'", NULL},
        {"dead > 1 and tier = '县级'", "tier holds 'county' and not '县级'"},
        {"dead > 1 and tier != '村'", "'village' and not '村'"},
        {"warning_colour = '红色'", "'red' and not '红色'"},
        {"tier in ('county', 'city')", NULL},
        {"tier = 'state'", "can never hold"}, /* which has no region */
        {"dead > 1) or (dead > 2", "one that was never opened: ) or (dead > 2"},
        {"request = '伤亡'", "request holds 'casualties' and not '伤亡'"},
        {"request in ('loss', '死亡')", "'casualties' and not '死亡'"},
        {"request = 'casualtys'", "can never hold"},
        {"request != 'casualties'", NULL},
        {"kind = ':-)' or kind = '(' -- ;)", NULL},
    };
    const struct packs *all = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct err err = {0};
        (void)snprintf(text, sizeof text,
                       "pack: p\nversion: 1\nmatch: all\nrules:\n"
                       "  - rule: a\n    when: %s\n    if: %s\n    do: [{notify: x}]\n",
                       strstr(cases[i].condition, "request") != NULL ? "request-unanswered" : "incident",
                       cases[i].condition);
        struct pack *pack = read_text(all->conditions, text);
        int rc = pack_try(all->conditions, pack, "p.yaml", &err);
        if (cases[i].wanted == NULL ? rc != 0
                                    : rc != ERR_DATA || strstr(err.text, "p.yaml:7:9:") == NULL ||
                                          strstr(err.text, cases[i].wanted) == NULL) {
            fail_msg("%s: %s", cases[i].condition, err.text);
        }
        pack_free(pack);
    }
}

/* A pack that an older log has in force is what it was there, until a broker says that it goes on as this one
 * does; a trial reads as this version does. */
static void an_older_logs_pack_is_what_it_was(void **state)
{
    static const char text[] = "pack: p\nversion: 1\nkinds: [火灾]\n" RULES;
    struct region_pack in_force = {.name = "p", .version = "1", .text = text};
    struct region region = {.packs_n = 1, .generation = GENERATION_KINDS - 1};
    struct rule_facts facts = {.at[RULE_KIND] = {.known = true, .text = "fire"}};
    struct rule_book *book = rule_book_new();
    const struct rule_verdict *verdicts;
    size_t n;

    (void)state;
    assert_non_null(book);
    region.packs[0] = in_force;
    const struct rules *rules = rule_book_rules(book);
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(rules->ask(rules->ctx, &region, TRIGGER_INCIDENT, &facts, &verdicts, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(verdicts[0].is_for, turn > 0);
        region.generation = turn == 0 ? GENERATION_KINDS : GENERATION_KINDS - 1;
        if (turn == 1) {
            rule_book_try(book);
        }
    }
    rule_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_a_packs_or_meant_to_be_without),
        cmocka_unit_test(packs_name_no_other_kinds),
        cmocka_unit_test(packs_are_for_what_their_law_is_for),
        cmocka_unit_test(a_chinese_name_means_the_kind),
        cmocka_unit_test(a_table_means_the_kind_too),
        cmocka_unit_test(a_name_in_a_condition_is_a_mistake),
        cmocka_unit_test(an_older_logs_pack_is_what_it_was),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
