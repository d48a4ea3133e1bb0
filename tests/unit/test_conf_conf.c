#include "common/conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/chinese.h"

/* Values: right ones, wrong ones, absent ones, unknown keys. */

static struct conf *parse_as(const char *name, const char *text)
{
    struct conf *conf = NULL;
    struct err err = {0};

    if (conf_parse(name, text, strlen(text), &conf, &err) != 0)
        fail_msg("%s", err.text);
    return conf;
}

enum what { STRING, INTEGER, NUMBER, BOOL, DURATION, CHOICE, PATH, MAP, LIST };

static const char *const colours[] = {"red", "orange", "yellow", "blue", NULL};

/* Everything that a getter may write. */
struct got {
    const char *text;
    int64_t integer;
    double number;
    bool boolean;
    int choice;
    const struct conf_node *node;
};

static int get(enum what what, const struct conf_node *map, enum conf_need need, struct got *got,
               struct err *err)
{
    switch (what) {
    case STRING:
        return conf_string(map, "key", need, &got->text, err);
    case INTEGER:
        return conf_integer(map, "key", need, -10, 70000, &got->integer, err);
    case NUMBER:
        return conf_number(map, "key", need, -1.5, 100, &got->number, err);
    case BOOL:
        return conf_bool(map, "key", need, &got->boolean, err);
    case DURATION:
        return conf_duration(map, "key", need, 1000, 3600000, &got->integer, err);
    case CHOICE:
        return conf_choice(map, "key", need, colours, &got->choice, err);
    case PATH:
        return conf_path(map, "key", need, &got->text, err);
    case MAP:
        return conf_map(map, "key", need, &got->node, err);
    case LIST:
        break;
    }
    return conf_list(map, "key", need, &got->node, err);
}

static const struct {
    enum what what;
    const char *text;
    const char *error;
} wrong[] = {
    {STRING, "key:", "1:5: 'key' has no value; give it one or remove the line"},
    {STRING, "key: ~", "1:6: 'key' has no value"},
    {STRING, "key: null", "1:6: 'key' has no value"},
    {STRING, "key: [a]", "1:6: 'key' must be a single value, not a list"},
    {STRING, "key: {a: 1}", "1:6: 'key' must be a single value, not a mapping"},
    {INTEGER, "key: x", "1:6: 'key' must be a whole number, not 'x'"},
    {INTEGER, "key: 1.0", "1:6: 'key' must be a whole number, not '1.0'"},
    {INTEGER, "key: '12'", "1:6: 'key' must be a whole number; remove the quotes"},
    {INTEGER, "key: 010", "1:6: 'key' must be a whole number, not '010'"},
    {INTEGER, "key: 0x10", "1:6: 'key' must be a whole number, not '0x10'"},
    {INTEGER, "key: +1", "1:6: 'key' must be a whole number, not '+1'"},
    {INTEGER, "key: 1_000", "1:6: 'key' must be a whole number"},
    {INTEGER, "key: 1 2", "1:6: 'key' must be a whole number"},
    {INTEGER, "key: \"-\"", "1:6: 'key' must be a whole number"},
    {INTEGER, "key: 70001", "1:6: 'key' must lie between -10 and 70000, not 70001"},
    {INTEGER, "key: -11", "1:6: 'key' must lie between -10 and 70000, not -11"},
    {INTEGER, "key: 99999999999999999999", "1:6: 'key' must lie between"},
    {INTEGER, "key: -99999999999999999999", "1:6: 'key' must lie between"},
    {NUMBER, "key: x", "1:6: 'key' must be a number, not 'x'"},
    {NUMBER, "key: '1'", "1:6: 'key' must be a number; remove the quotes"},
    {NUMBER, "key: 1.", "1:6: 'key' must be a number"},
    {NUMBER, "key: .5", "1:6: 'key' must be a number"},
    {NUMBER, "key: 1e", "1:6: 'key' must be a number"},
    {NUMBER, "key: 1,5", "1:6: 'key' must be a number"},
    {NUMBER, "key: nan", "1:6: 'key' must be a number"},
    {NUMBER, "key: .inf", "1:6: 'key' must be a number"},
    {NUMBER, "key: 0x1p3", "1:6: 'key' must be a number"},
    {NUMBER, "key: 1e999", "1:6: 'key' must lie between -1.5 and 100, not 1e999"},
    {NUMBER, "key: 100.5", "1:6: 'key' must lie between -1.5 and 100, not 100.5"},
    {NUMBER, "key: -2", "1:6: 'key' must lie between -1.5 and 100, not -2"},
    {BOOL, "key: 1", "1:6: 'key' must be true or false, without quotes, not '1'"},
    {BOOL, "key: True", "1:6: 'key' must be true or false"},
    {BOOL, "key: 'true'", "1:6: 'key' must be true or false"},
    {BOOL, "key: on", "1:6: 'key' must be true or false"},
    {DURATION, "key: 10", "1:6: 'key' must be a duration such as \"15 s\" or \"10 min\", not '10'"},
    {DURATION, "key: -1 s", "1:6: 'key' must be a duration"},
    {DURATION, "key: 999 ms", "1:6: 'key' must lie between 1 s and 1 h, not 999 ms"},
    {DURATION, "key: 61 min", "1:6: 'key' must lie between 1 s and 1 h, not 61 min"},
    {CHOICE, "key: ornage", "1:6: 'key' does not know 'ornage'; did you mean 'orange'?"},
    {CHOICE, "key: Blue", "1:6: 'key' does not know 'Blue'; did you mean 'blue'?"},
    {CHOICE, "key: purple", "1:6: 'key' does not know 'purple'; known here: red, orange, yellow, blue"},
    {CHOICE, "key: ''", "1:6: 'key' does not know ''; known here: red"},
    {PATH, "key: ''", "1:6: 'key' is an empty path"},
    {PATH, "key: [x]", "1:6: 'key' must be a single value"},
    {MAP, "key: x", "1:6: 'key' must be a mapping; write {} for an empty one"},
    {MAP, "key:", "1:5: 'key' must be a mapping"},
    {MAP, "key: [x]", "1:6: 'key' must be a mapping"},
    {LIST, "key: x", "1:6: 'key' must be a list; write [] for an empty one"},
    {LIST, "key:\n  a: 1", "2:3: 'key' must be a list"},
    {STRING, "[a, b]", "1:1: must be a mapping with the key 'key'"},
};

static void is_wrong_in_chinese(size_t i, const char *english)
{
    struct conf *conf = NULL;
    struct got got = {0};
    struct err err = {0};

    assert_int_equal(conf_parse_in("x.yaml", wrong[i].text, strlen(wrong[i].text), true, &conf, NULL), 0);
    assert_int_equal(get(wrong[i].what, conf_root(conf), CONF_OPTIONAL, &got, &err), ERR_CONFIG);
    if (!is_chinese(err.text) || !is_same_place(english, err.text))
        fail_msg("row %zu (%s): \"%s\"", i, wrong[i].text, err.text);
    conf_free(conf);
}

static void wrong_values_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct conf *conf = parse_as("x.yaml", wrong[i].text);
        struct got got = {0}, before = {0};
        struct err err = {0};

        assert_int_equal(get(wrong[i].what, conf_root(conf), CONF_OPTIONAL, &got, &err), ERR_CONFIG);
        if (strncmp(err.text, "x.yaml:", 7) != 0 ||
            strncmp(err.text + 7, wrong[i].error, strlen(wrong[i].error)) != 0)
            fail_msg("row %zu (%s): got \"%s\"", i, wrong[i].text, err.text);
        assert_memory_equal(&got, &before, sizeof got);
        assert_int_equal(get(wrong[i].what, conf_root(conf), CONF_REQUIRED, &got, NULL), ERR_CONFIG);
        conf_free(conf);
        is_wrong_in_chinese(i, err.text);
    }
}

static void absent_keys_leave_the_default_or_fail(void **state)
{
    struct conf *conf = parse_as("x.yaml", "other: 1\n");
    struct got before, got;

    (void)state;
    memset(&before, 0x5a, sizeof before);
    got = before;
    for (enum what what = STRING; what <= LIST; what++) {
        struct err err = {0};

        assert_int_equal(get(what, conf_root(conf), CONF_OPTIONAL, &got, &err), 0);
        assert_string_equal(err.text, "");
        assert_int_equal(get(what, conf_root(conf), CONF_REQUIRED, &got, &err), ERR_CONFIG);
        assert_string_equal(err.text, "x.yaml:1:1: missing key 'key'; add it");
        assert_memory_equal(&got, &before, sizeof got);
    }
    conf_free(conf);
}

static struct got get_one(enum what what, const char *text, struct conf **ret_conf)
{
    struct got got = {0};
    struct err err = {0};

    *ret_conf = parse_as("/etc/muster/musterd.yaml", text);
    if (get(what, conf_root(*ret_conf), CONF_REQUIRED, &got, &err) != 0)
        fail_msg("%s", err.text);
    return got;
}

static void right_values_are_read(void **state)
{
    struct conf *conf;

    (void)state;
#define CHECK(what, text, assertion, member, want)           \
    do {                                                     \
        struct got got = get_one(what, text, &conf);         \
        assertion(got.member, want);                         \
        assert_int_equal(conf_check_unknown(conf, NULL), 0); \
        conf_free(conf);                                     \
    } while (0)
    CHECK(STRING, "key: 370102", assert_string_equal, text, "370102");
    CHECK(STRING, "key: ''", assert_string_equal, text, "");
    CHECK(STRING, "key: 'null'", assert_string_equal, text, "null");
    CHECK(STRING, "key: \"a\\nb\"", assert_string_equal, text, "a\nb");
    CHECK(STRING, "key: |\n  one\n  two\n", assert_string_equal, text, "one\ntwo\n");
    CHECK(STRING, "key: \xe6\xb6\x88\xe9\x98\xb2", assert_string_equal, text, "\xe6\xb6\x88\xe9\x98\xb2");
    CHECK(INTEGER, "key: 0", assert_int_equal, integer, 0);
    CHECK(INTEGER, "key: -10", assert_int_equal, integer, -10);
    CHECK(INTEGER, "key: 70000 # port", assert_int_equal, integer, 70000);
    CHECK(BOOL, "key: true", assert_int_equal, boolean, 1);
    CHECK(BOOL, "key: yes", assert_int_equal, boolean, 1);
    CHECK(DURATION, "key: 10 min", assert_int_equal, integer, 600000);
    CHECK(DURATION, "key: '1h'", assert_int_equal, integer, 3600000);
    CHECK(CHOICE, "key: red", assert_int_equal, choice, 0);
    CHECK(CHOICE, "key: 'blue'", assert_int_equal, choice, 3);
    CHECK(PATH, "key: /var/lib/muster", assert_string_equal, text, "/var/lib/muster");
    CHECK(PATH, "key: keys/a.key", assert_string_equal, text, "/etc/muster/keys/a.key");
    CHECK(MAP, "key: {}", assert_int_equal, node != NULL, 1);
    CHECK(LIST, "key: []", assert_int_equal, node != NULL, 1);
#undef CHECK
}

static void numbers_and_no_are_read(void **state)
{
    static const struct {
        const char *text;
        double want;
    } rows[] = {
        {"key: 0", 0}, {"key: -1.5", -1.5}, {"key: 0.25", 0.25}, {"key: 1e2", 100}, {"key: 25E-2", 0.25}};
    struct conf *conf;
    bool yes = true;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct got got = get_one(NUMBER, rows[i].text, &conf);

        assert_true(got.number <= rows[i].want && got.number >= rows[i].want);
        conf_free(conf);
    }
    conf = parse_as("x.yaml", "a: no\nb: false\n");
    assert_int_equal(conf_bool(conf_root(conf), "a", CONF_REQUIRED, &yes, NULL), 0);
    assert_false(yes);
    yes = true;
    assert_int_equal(conf_bool(conf_root(conf), "b", CONF_REQUIRED, &yes, NULL), 0);
    assert_false(yes);
    conf_free(conf);
}

static void integers_of_full_range(void **state)
{
    struct conf *conf =
        parse_as("x.yaml", "a: 9223372036854775807\nb: -9223372036854775808\nc: 9223372036854775808\n");
    const struct conf_node *root = conf_root(conf);
    int64_t v = 0;

    (void)state;
    assert_int_equal(conf_integer(root, "a", CONF_REQUIRED, INT64_MIN, INT64_MAX, &v, NULL), 0);
    assert_true(v == INT64_MAX);
    assert_int_equal(conf_integer(root, "b", CONF_REQUIRED, INT64_MIN, INT64_MAX, &v, NULL), 0);
    assert_true(v == INT64_MIN);
    assert_int_equal(conf_integer(root, "c", CONF_REQUIRED, INT64_MIN, INT64_MAX, &v, NULL), ERR_CONFIG);
    conf_free(conf);
}

static void paths_follow_the_file(void **state)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"musterd.yaml", "keys/a.key"},
        {"./musterd.yaml", "./keys/a.key"},
        {"etc/musterd.yaml", "etc/keys/a.key"},
        {"/musterd.yaml", "/keys/a.key"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf *conf = parse_as(rows[i].name, "key: keys/a.key");
        const char *path = NULL;

        assert_int_equal(conf_path(conf_root(conf), "key", CONF_REQUIRED, &path, NULL), 0);
        assert_string_equal(path, rows[i].want);
        conf_free(conf);
    }
}

static void unknown_keys_are_named_with_the_nearest(void **state)
{
    struct conf *conf =
        parse_as("etc/agent.yaml", "broker:\n  adress: tcp://127.0.0.1:7000\n  port: 1\nzone: x\n");
    const struct conf_node *broker = NULL;
    const char *text = NULL;
    int64_t port;
    struct err err = {0};

    (void)state;
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "etc/agent.yaml:1:1: unknown key 'broker'; remove it");
    assert_int_equal(conf_map(conf_root(conf), "broker", CONF_REQUIRED, &broker, &err), 0);
    conf_string(broker, "address", CONF_OPTIONAL, &text, &err);
    conf_string(broker, "address", CONF_OPTIONAL, &text, &err);
    conf_integer(broker, "port", CONF_REQUIRED, 1, 65535, &port, &err);
    assert_null(text);
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "etc/agent.yaml:2:3: unknown key 'adress'; did you mean 'address'?");
    conf_string(broker, "adress", CONF_REQUIRED, &text, &err);
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "etc/agent.yaml:4:1: unknown key 'zone'; known here: broker");
    conf_string(conf_root(conf), "zone", CONF_REQUIRED, &text, &err);
    assert_int_equal(conf_check_unknown(conf, &err), 0);
    conf_free(conf);
}

static void unknown_keys_are_found_in_lists(void **state)
{
    struct conf *conf = parse_as("x.yaml", "units:\n  - name: a\n  - nmae: b\n");
    const struct conf_node *units = NULL;
    const char *text;
    struct err err = {0};

    (void)state;
    assert_int_equal(conf_list(conf_root(conf), "units", CONF_REQUIRED, &units, &err), 0);
    for (size_t i = 0; i < conf_count(units); i++)
        conf_string(conf_value_at(units, i), "name", CONF_OPTIONAL, &text, &err);
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "x.yaml:3:5: unknown key 'nmae'; did you mean 'name'?");
    conf_free(conf);
}

static void walking_makes_keys_known(void **state)
{
    struct conf *conf = parse_as("x.yaml", "a: 1\nb: 2\n");

    (void)state;
    assert_int_equal(conf_check_unknown(conf, NULL), ERR_CONFIG);
    assert_non_null(conf_key_at(conf_root(conf), 0));
    assert_non_null(conf_value_at(conf_root(conf), 1));
    assert_int_equal(conf_check_unknown(conf, NULL), 0);
    conf_free(conf);
}

static void hints_stay_short(void **state)
{
    struct conf *conf = parse_as("x.yaml", "zzzzzzzz: 1\n");
    struct err err = {0};
    char key[300];
    bool yes;

    (void)state;
    for (int i = 0; i < 400; i++) {
        snprintf(key, sizeof key, "some-long-key-name-%d", i);
        assert_int_equal(conf_bool(conf_root(conf), key, CONF_OPTIONAL, &yes, &err), 0);
    }
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_true(strlen(err.text) < 220);
    assert_non_null(strstr(err.text, "known here: some-long-key-name-"));
    assert_string_equal(err.text + strlen(err.text) - 5, ", ...");
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    conf_bool(conf_root(conf), key, CONF_OPTIONAL, &yes, &err);
    conf_free(conf);

    conf = parse_as("x.yaml", "zzzzzzzz: 1\n");
    conf_bool(conf_root(conf), key, CONF_OPTIONAL, &yes, &err);
    assert_int_equal(conf_check_unknown(conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "x.yaml:1:1: unknown key 'zzzzzzzz'; remove it");
    conf_free(conf);
}

static void callers_can_fail_at_a_place(void **state)
{
    struct conf *conf = parse_as("x.yaml", "region:\n  code: \"37\\u202e0\"\n");
    const struct conf_node *region = NULL;
    struct err err = {0};
    const char *code;

    (void)state;
    conf_map(conf_root(conf), "region", CONF_REQUIRED, &region, &err);
    conf_string(region, "code", CONF_REQUIRED, &code, &err);
    assert_int_equal(conf_fail(conf_value_at(region, 0), &err, ERR_DATA, "no region '%s'", code), ERR_DATA);
    assert_string_equal(err.text, "x.yaml:2:9: no region '37\\u202e0'");
    assert_int_equal(conf_fail(NULL, &err, ERR_DATA, "plain"), ERR_DATA);
    assert_string_equal(err.text, "plain");
    conf_free(conf);
}

/* Where "here" stands in the file, however its text is written. */
static void a_place_within_a_text_is_its_place_in_the_file(void **state)
{
    static const struct {
        const char *yaml, *place;
    } rows[] = {
        {"a: 1\nb: x here\n", "x.yaml:2:6: "},
        {"b: x\n  y\n\n  z here\n", "x.yaml:4:5: "},
        {"b: |\n  x\n\n  y here\n", "x.yaml:4:5: "},
        {"b: >-\n  x\n  \xe6\xb6\x88 here\n", "x.yaml:3:5: "},
        {"b: |\r\n  x\r\n  y here\r\n", "x.yaml:3:5: "},
        {"b: 'it''s ''x'' here'\n", "x.yaml:1:17: "},
        {"b: 'x\n  here'\n", "x.yaml:2:3: "},
        {"b: \"x here\"\n", "x.yaml:1:7: "},
        {"b: \"x\\ty here\"\n", "x.yaml:1:4: at byte 5 of the text: "},
        {"c: ['\xe6\xb6\x88', 'x']\nb: [a, 'it''s here']\n", "x.yaml:2:15: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf *conf = parse_as("x.yaml", rows[i].yaml);
        const struct conf_node *node = conf_find(conf_root(conf), "b");
        const char *text;
        struct err err = {0};
        if (conf_is_list(node))
            node = conf_value_at(node, 1);
        assert_int_equal(conf_scalar(node, &text, NULL), 0);
        size_t at = (size_t)(strstr(text, "here") - text);
        assert_int_equal(conf_fail_within(node, at, &err, ERR_DATA, "wrong"), ERR_DATA);
        if (strncmp(err.text, rows[i].place, strlen(rows[i].place)) != 0)
            fail_msg("%s: %s", rows[i].yaml, err.text);
        conf_free(conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_within_a_text_is_its_place_in_the_file),
        cmocka_unit_test(wrong_values_are_refused_with_their_place),
        cmocka_unit_test(absent_keys_leave_the_default_or_fail),
        cmocka_unit_test(right_values_are_read),
        cmocka_unit_test(numbers_and_no_are_read),
        cmocka_unit_test(integers_of_full_range),
        cmocka_unit_test(paths_follow_the_file),
        cmocka_unit_test(unknown_keys_are_named_with_the_nearest),
        cmocka_unit_test(unknown_keys_are_found_in_lists),
        cmocka_unit_test(walking_makes_keys_known),
        cmocka_unit_test(hints_stay_short),
        cmocka_unit_test(callers_can_fail_at_a_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
