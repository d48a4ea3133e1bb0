#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/ctl/option.h"

struct taken {
    bool flag;
    const char *text;
    struct texts texts;
    int64_t count;
    int64_t duration_ms;
    const char *time;
    struct arguments arguments;
    bool help;
    struct err err;
};

/* argv[0] is the command's name; the words follow, ended by NULL. */
static int take(struct taken *taken, const char *const words[])
{
    const struct option options[] = {{"flag", OPTION_FLAG, &taken->flag, NULL, ""},
                                     {"text", OPTION_TEXT, &taken->text, "TEXT", ""},
                                     {"to", OPTION_TEXTS, &taken->texts, "TEXT", ""},
                                     {"count", OPTION_COUNT, &taken->count, "N", ""},
                                     {"wait", OPTION_DURATION, &taken->duration_ms, "TIME", ""},
                                     {"at", OPTION_TIME, &taken->time, "TIME", ""},
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster try", .options = options, .arguments_min = 1, .arguments_max = 2};
    char *argv[16];
    int argc = 0;
    int rc;

    argv[argc++] = strdup("try");
    while (*words != NULL) {
        argv[argc++] = strdup(*words++);
    }
    rc = option_parse(&page, argc, argv, &taken->arguments, &taken->help, &taken->err);
    /* texts point into argv: what a test looks at is compared before */
    if (taken->text != NULL) {
        assert_string_equal(taken->text, "a b");
    }
    for (size_t i = 0; i < taken->texts.n; i++) {
        assert_string_equal(taken->texts.at[i], i == 0 ? "one" : "two");
    }
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return rc;
}

static void all_kinds_in_any_order(void **state)
{
    (void)state;
    struct taken t = {0};
    assert_int_equal(
        take(&t, (const char *const[]){"--text", "a b", "ARG", "--to", "one", "--flag", "--to=two",
                                       "--count=7", "--wait", "2 min", "--at", "16:30", NULL}),
        0);
    assert_true(t.flag);
    assert_int_equal(t.texts.n, 2);
    assert_int_equal(t.count, 7);
    assert_int_equal(t.duration_ms, 120000);
    assert_int_equal(t.arguments.n, 1);
}

static void dashes_end_the_options(void **state)
{
    (void)state;
    struct taken t = {0};
    assert_int_equal(take(&t, (const char *const[]){"--", "--flag", "-x", NULL}), 0);
    assert_false(t.flag);
    assert_int_equal(t.arguments.n, 2);
}

static void o_is_output(void **state)
{
    const char *file = NULL;
    const struct option options[] = {{"output", OPTION_TEXT, &file, "FILE", ""},
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster try", .options = options};
    char name[] = "try", o[] = "-o", value[] = "a.html";
    char *argv[] = {name, o, value};
    struct arguments arguments;
    struct err err;
    bool help;

    (void)state;
    assert_int_equal(option_parse(&page, 3, argv, &arguments, &help, &err), 0);
    assert_string_equal(file, "a.html");
    assert_int_equal(option_parse(&page, 2, argv, &arguments, &help, &err), ERR_USAGE);
    assert_string_equal(err.text, "--output needs a value: FILE");
}

static void help_wins(void **state)
{
    (void)state;
    struct taken t = {0};
    assert_int_equal(take(&t, (const char *const[]){"--nonsense", "--help", NULL}), 0);
    assert_true(t.help);
}

static void wrong_usage_says_what_to_do(void **state)
{
    static const struct {
        const char *words[4];
        const char *says;
    } rows[] = {
        {{"A", "--flga", NULL}, "unknown option --flga; did you mean --flag?"},
        {{"A", "--zzzzzz=1", NULL}, "unknown option --zzzzzz; --help lists the options"},
        {{"A", "-t", NULL}, "unknown option --t; --help lists the options"},
        {{"A", "-o", "FILE", NULL}, "unknown option --o; --help lists the options"},
        {{"A", "--flag=1", NULL}, "--flag takes no value"},
        {{"A", "--text", NULL}, "--text needs a value: TEXT"},
        {{"A", "--count", "-1", NULL}, "--count -1: a whole number, 0 or more, is wanted"},
        {{"A", "--count", "7x", NULL}, "--count 7x: a whole number, 0 or more, is wanted"},
        {{"A", "--count", "99999999999999999999", NULL},
         "--count 99999999999999999999: a whole number, 0 or more, is wanted"},
        {{"A", "--wait", "soon", NULL}, "--wait soon: a duration is wanted, such as 60s or \"10 min\""},
        {{"A", "--at", "noon", NULL},
         "--at \"noon\": a time is wanted, such as \"2026-11-23 16:30\" (the region's time), 16:30 (today) "
         "or 2026-11-23T16:30:00+08:00"},
        {{"A", "B", "C", NULL}, "\"C\" is one argument too many; usage: muster try"},
        {{NULL}, "an argument is missing; usage: muster try"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct taken t = {0};
        assert_int_equal(take(&t, rows[i].words), ERR_USAGE);
        assert_string_equal(t.err.text, rows[i].says);
    }
}

static void lists_are_split(void **state)
{
    (void)state;
    char good[] = "E1,E2,云梯1";
    char empty[] = "E1,,E2";
    char end[] = "E1,";
    const char *words[3];
    size_t n;
    assert_int_equal(option_split(good, words, 3, &n, NULL), 0);
    assert_int_equal(n, 3);
    assert_string_equal(words[2], "云梯1");
    assert_int_equal(option_split(empty, words, 3, &n, NULL), ERR_USAGE);
    assert_int_equal(option_split(end, words, 3, &n, NULL), ERR_USAGE);
    char many[] = "a,b,c,d";
    assert_int_equal(option_split(many, words, 3, &n, NULL), ERR_USAGE);
}

static void language_of_the_environment(void **state)
{
    (void)state;
    enum lang lang = LANG_EN;
    struct err err = {0};
    assert_int_equal(setenv("LC_ALL", "zh_CN.UTF-8", 1), 0);
    assert_int_equal(lang_choose(NULL, &lang, &err), 0);
    assert_int_equal(lang, LANG_ZH);
    assert_int_equal(lang_choose("en", &lang, &err), 0);
    assert_int_equal(lang, LANG_EN);
    assert_int_equal(setenv("LC_ALL", "", 1), 0);
    assert_int_equal(unsetenv("LC_MESSAGES"), 0);
    assert_int_equal(setenv("LANG", "de_DE", 1), 0);
    lang = LANG_ZH;
    assert_int_equal(lang_choose("", &lang, &err), 0);
    assert_int_equal(lang, LANG_EN);
    assert_int_equal(lang_choose("fr", &lang, &err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_in_any_order),
        cmocka_unit_test(dashes_end_the_options),
        cmocka_unit_test(o_is_output),
        cmocka_unit_test(help_wins),
        cmocka_unit_test(wrong_usage_says_what_to_do),
        cmocka_unit_test(lists_are_split),
        cmocka_unit_test(language_of_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
