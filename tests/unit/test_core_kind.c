/* The table of kinds: what duty rooms read and may type. */
#include "common/core/kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/words.h"

static void each_is_found_by_its_word_and_its_name_alone(void **state)
{
    size_t n = 0;

    (void)state;
    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL; kind++, n++) {
        assert_ptr_equal(incident_kind_find(kind->word), kind);
        if (incident_kind_find_zh(kind->zh) != kind) {
            fail_msg("%s is also the name of %s", kind->zh, incident_kind_find_zh(kind->zh)->word);
        }
        assert_string_not_equal(kind->en, "");
        assert_true(strlen(kind->word) <= NAME_MAX_BYTES);
        assert_true(strspn(kind->word, "abcdefghijklmnopqrstuvwxyz-") == strlen(kind->word));
    }
    assert_true(n > 60);
    assert_null(incident_kind_find("mien"));
    assert_null(incident_kind_find(""));
    assert_null(incident_kind_find_zh(""));
    assert_null(incident_kind_find_zh("事故"));
}

/* Of each class the kinds that the National General Plan names for it. */
static void the_classes_are_those_of_the_law(void **state)
{
    static const struct {
        const char *name;
        enum incident_class class;
    } cases[] = {
        {"水旱灾害", CLASS_NATURAL},      {"气象灾害", CLASS_NATURAL},
        {"地震灾害", CLASS_NATURAL},      {"地质灾害", CLASS_NATURAL},
        {"海洋灾害", CLASS_NATURAL},      {"生物灾害", CLASS_NATURAL},
        {"森林草原火灾", CLASS_NATURAL},  {"煤矿事故", CLASS_ACCIDENT},
        {"危险化学品", CLASS_ACCIDENT},   {"火灾事故", CLASS_ACCIDENT},
        {"道路交通事故", CLASS_ACCIDENT}, {"环境污染事件", CLASS_ACCIDENT},
        {"传染病", CLASS_HEALTH},         {"群体性不明原因疾病", CLASS_HEALTH},
        {"食品安全", CLASS_HEALTH},       {"动物疫情", CLASS_HEALTH},
        {"恐怖袭击", CLASS_SECURITY},     {"群体性事件", CLASS_SECURITY},
        {"金融突发事件", CLASS_SECURITY}, {"急救", CLASS_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct incident_kind *kind = incident_kind_find_zh(cases[i].name);
        if (kind == NULL || kind->class != cases[i].class) {
            fail_msg("%s: %s", cases[i].name, kind == NULL ? "is not found" : "is of another class");
        }
    }
    assert_string_equal(incident_class_name_zh(CLASS_SECURITY), "社会安全事件");
    assert_string_equal(incident_class_name(CLASS_HEALTH), "health");
}

static void a_name_that_is_nearly_one_is_found(void **state)
{
    static const struct {
        const char *name, *word;
    } cases[] = {{"火宅", "fire"},
                 {"火宅事故", "fire"},
                 {"危险化学品泄漏事故", "hazardous-chemical"},
                 {"危险化学平", "hazardous-chemical"},
                 {"道路交同事故", "traffic"},
                 {"泥石硫", "debris-flow"},
                 {"矿山事胡", "mine"},
                 {"生产安全", "work-safety"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct incident_kind *kind = incident_kind_near_zh(cases[i].name);
        assert_non_null(kind);
        assert_string_equal(kind->word, cases[i].word);
    }
    assert_null(incident_kind_near_zh("婚礼"));
    assert_null(incident_kind_near_zh("mien"));
    assert_null(incident_kind_near_zh(""));
}

static void words_of_no_table_stay(void **state)
{
    (void)state;
    assert_string_equal(incident_kind_zh("mine"), "矿山事故");
    assert_string_equal(incident_kind_zh("Structure Fire"), "Structure Fire");
    assert_string_equal(order_kind_zh("dispatch"), "出动");
    assert_string_equal(order_kind_zh("dance"), "dance");
}

/* Of the roster and the map of a dispatch file; the first by a system test too, the packs by
 * test_rules_kinds. */
static void what_is_shipped_is_in_the_table(void **state)
{
    static const char *const words[] = {"fire", "traffic", "public-health", "medical", "other", "alarm"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_non_null(incident_kind_find(words[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_by_its_word_and_its_name_alone),
        cmocka_unit_test(the_classes_are_those_of_the_law),
        cmocka_unit_test(a_name_that_is_nearly_one_is_found),
        cmocka_unit_test(words_of_no_table_stay),
        cmocka_unit_test(what_is_shipped_is_in_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
