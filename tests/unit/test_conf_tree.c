#include "common/conf/conf.h"

#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "tests/unit/chinese.h"

/* Texts that do not become a tree, and the tree itself. */

static struct conf *parse(const char *text)
{
    struct conf *conf = NULL;
    struct err err = {0};

    if (conf_parse("etc/musterd.yaml", text, strlen(text), &conf, &err) != 0)
        fail_msg("%s", err.text);
    return conf;
}

static const struct {
    const char *text;
    size_t n;
    const char *error;
} refused[] = {
#define ROW(text, error)                        \
    {                                           \
        text, sizeof(text) - 1, "x.yaml:" error \
    }
    ROW("a: &x 1\n", "1:4: anchors"),
    ROW("a: &x [1]\n", "1:4: anchors"),
    ROW("a: &x {b: 1}\n", "1:4: anchors"),
    ROW("a: 1\nb: *x\n", "2:4: aliases"),
    ROW("a: !!str 1\n", "1:4: anchors (&) and tags"),
    ROW("a: ! 1\n", "1:4: anchors (&) and tags"),
    ROW("a: !!seq [1]\n", "1:4: anchors (&) and tags"),
    ROW("a: !x {}\n", "1:4: anchors (&) and tags"),
    ROW("<<: {a: 1}\n", "1:1: merge keys"),
    ROW("<<: *x\n", "1:1: merge keys"),
    ROW("a: 1\nb: 2\nc: 3\na: 4\n", "4:1: key 'a' is already in line 1; remove one of them"),
    ROW("a: {b: 1, 'b': 2}\n", "1:11: key 'b' is already in line 1"),
    ROW("a: 1\n---\nb: 2\n", "2:1: a second document"),
    ROW("a: 1\n...\n---\nb: 2\n", "3:1: a second document"),
    ROW("[a]: 1\n", "1:1: a key must be"),
    ROW("? {a: 1}\n: 2\n", "1:3: a key must be"),
    ROW("?\n: 2\n", "1:2: empty key"),
    ROW("'': 1\n", "1:1: empty key"),
    ROW("just text\n", "1:1: a single value"),
    ROW("~\n", "1:1: a single value"),
    ROW("a: \"x\\0y\"\n", "1:4: a text must not contain a NUL"),
    ROW("a: 1\nb: x\0y\n", "2:5: NUL byte"),
    ROW("\xe6\xb6\x88: 1\nb\xe9\x98\xb2: \xff\n", "2:5: not UTF-8"),
    ROW("\xff\xfe"
        "a\0",
        "1:1: not UTF-8"),
    ROW("a: 1\nb: \x1b[0m\n", "2:4: not valid YAML: control characters are not allowed"),
    ROW("a: 1\n\tb: 2\n", "2:1: not valid YAML"),
    ROW("a: [1, 2\n", "2:1: not valid YAML"),
    ROW("a: 'x\n", "2:1: not valid YAML"),
    ROW("a: b: c\n", "1:5: not valid YAML"),
    ROW("a: 1\n  b: 2\n", "2:4: not valid YAML"),
    ROW("%YAML 9.9\n---\na: 1\n", "1:1: not valid YAML"),
    ROW("}", "1:1: not valid YAML"),
#undef ROW
};

static void what_is_not_allowed_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct conf *conf = NULL;
        struct err err = {0};

        assert_int_equal(conf_parse("x.yaml", refused[i].text, refused[i].n, &conf, &err), ERR_CONFIG);
        if (strncmp(err.text, refused[i].error, strlen(refused[i].error)) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, err.text, refused[i].error);
        assert_null(strchr(err.text, '\n'));
        assert_null(conf);
        struct err chinese = {0};
        assert_int_equal(conf_parse_in("x.yaml", refused[i].text, refused[i].n, true, &conf, &chinese),
                         ERR_CONFIG);
        if (!is_chinese(chinese.text) || !is_same_place(err.text, chinese.text))
            fail_msg("row %zu: \"%s\": \"%s\"", i, err.text, chinese.text);
        assert_int_equal(conf_parse("x.yaml", refused[i].text, refused[i].n, &conf, NULL), ERR_CONFIG);
    }
}

static void nothing_is_an_empty_mapping(void **state)
{
    static const char *const empty[] = {"",      "\n\n",       "# only a comment\n",
                                        "---\n", "---\n...\n", "\xef\xbb\xbf"};
    const char *text = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct conf *conf = parse(empty[i]);
        struct err err = {0};

        assert_true(conf_is_map(conf_root(conf)));
        assert_int_equal(conf_count(conf_root(conf)), 0);
        assert_int_equal(conf_check_unknown(conf, &err), 0);
        assert_int_equal(conf_string(conf_root(conf), "name", CONF_REQUIRED, &text, &err), ERR_CONFIG);
        assert_string_equal(err.text, "etc/musterd.yaml:1:1: missing key 'name'; add it");
        conf_free(conf);
    }
    conf_free(NULL);
}

static void the_tree_keeps_file_order(void **state)
{
    struct conf *conf = parse("zebra: 1\nant: [x, {y: 2}, [], 'null']\nmiddle:\n  b: 1\n  a: 2\n");
    const struct conf_node *root = conf_root(conf), *list, *map;
    const char *text;
    struct err err = {0};

    (void)state;
    assert_int_equal(conf_count(root), 3);
    assert_string_equal(conf_key_at(root, 0), "zebra");
    assert_string_equal(conf_key_at(root, 1), "ant");
    assert_string_equal(conf_key_at(root, 2), "middle");
    assert_null(conf_key_at(root, 3));
    assert_null(conf_value_at(root, 3));
    list = conf_value_at(root, 1);
    assert_true(conf_is_list(list));
    assert_false(conf_is_map(list));
    assert_int_equal(conf_count(list), 4);
    assert_int_equal(conf_scalar(conf_value_at(list, 0), &text, &err), 0);
    assert_string_equal(text, "x");
    assert_int_equal(conf_scalar(conf_value_at(list, 1), &text, &err), ERR_CONFIG);
    assert_string_equal(err.text, "etc/musterd.yaml:2:10: must be a single value, not a mapping or list");
    assert_int_equal(conf_count(conf_value_at(list, 2)), 0);
    assert_int_equal(conf_scalar(conf_value_at(list, 3), &text, &err), 0);
    assert_string_equal(text, "null");
    assert_null(conf_value_at(list, 4));
    assert_null(conf_key_at(list, 0));
    map = conf_value_at(root, 2);
    assert_string_equal(conf_key_at(map, 0), "b");
    assert_string_equal(conf_key_at(map, 1), "a");
    assert_int_equal(conf_count(conf_value_at(map, 1)), 0);
    assert_int_equal(conf_count(NULL), 0);
    assert_null(conf_value_at(NULL, 0));
    assert_int_equal(conf_scalar(NULL, &text, &err), ERR_CONFIG);
    conf_free(conf);
}

static void nesting_is_bounded(void **state)
{
    char text[200];
    struct conf *conf = NULL;
    struct err err = {0};

    (void)state;
    /* The root mapping is a level too. */
    memset(text, '[', CONF_DEPTH_MAX);
    memset(text + CONF_DEPTH_MAX, ']', CONF_DEPTH_MAX);
    assert_int_equal(conf_parse("x.yaml", text, 2 * CONF_DEPTH_MAX, &conf, &err), 0);
    conf_free(conf);
    conf = NULL;
    memset(text, '[', sizeof text);
    assert_int_equal(conf_parse("x.yaml", text, sizeof text, &conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "x.yaml:1:33: nested too deeply; flatten it");
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "- ", 2);
    assert_int_equal(conf_parse("x.yaml", text, sizeof text, &conf, &err), ERR_CONFIG);
    assert_string_equal(err.text, "x.yaml:1:65: nested too deeply; flatten it");
    assert_null(conf);
}

static void nodes_are_bounded(void **state)
{
    size_t n = 2 * (CONF_NODES_MAX + 10);
    char *text = test_malloc(n);
    struct conf *conf = NULL;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < n; i += 2)
        memcpy(text + i, i == 0 ? "[a" : ",a", 2);
    text[2 * (CONF_NODES_MAX - 1)] = ']';
    assert_int_equal(conf_parse("x.yaml", text, 2 * (CONF_NODES_MAX - 1) + 1, &conf, &err), 0);
    assert_int_equal(conf_count(conf_root(conf)), CONF_NODES_MAX - 1);
    conf_free(conf);
    conf = NULL;
    text[2 * (CONF_NODES_MAX - 1)] = ',';
    assert_int_equal(conf_parse("x.yaml", text, n, &conf, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "more keys and values"));
    assert_null(conf);
    test_free(text);
}

/* Many keys in one mapping, in no order, each found again. */
static void wide_mappings_are_searched(void **state)
{
    enum { KEYS = 50000 };
    char key[16];
    struct buf text;
    struct conf *conf;
    int64_t value;

    (void)state;
    buf_init(&text, 0);
    for (int i = 0; i < KEYS; i++)
        buf_printf(&text, "k%d: %d\n", i * 7919 % KEYS, i);
    conf = parse(buf_text(&text));
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i * 7919 % KEYS);
        value = -1;
        assert_int_equal(conf_integer(conf_root(conf), key, CONF_REQUIRED, 0, KEYS, &value, NULL), 0);
        assert_int_equal(value, i);
    }
    assert_int_equal(conf_check_unknown(conf, NULL), 0);
    conf_free(conf);
    buf_free(&text);
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void files_are_loaded_or_refused(void **state)
{
    char folder[] = "/tmp/muster-conf-XXXXXX", path[64], want[128];
    size_t big_n = 5 << 20;
    char *big = test_malloc(big_n);
    struct conf *conf = NULL;
    struct err err = {0};
    const char *text = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    assert_int_equal(conf_load(path, &conf, &err), ERR_NO_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(conf_load(folder, &conf, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "not a regular file"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(conf_load(path, &conf, &err), ERR_CONFIG);
    assert_int_equal(unlink(path), 0);

    memset(big, '#', big_n);
    write_file(path, big, big_n);
    assert_int_equal(conf_load(path, &conf, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "larger than"));
    assert_null(conf);
    write_file(path, big, CONF_FILE_MAX);
    assert_int_equal(conf_load(path, &conf, &err), 0);
    conf_free(conf);

    write_file(path, "key: a.key\n", 11);
    assert_int_equal(conf_load(path, &conf, &err), 0);
    assert_int_equal(conf_path(conf_root(conf), "key", CONF_REQUIRED, &text, &err), 0);
    snprintf(want, sizeof want, "%s/a.key", folder);
    assert_string_equal(text, want);
    conf_free(conf);
    write_file(path, "key: [\n", 7);
    assert_int_equal(conf_load(path, &conf, &err), ERR_CONFIG);
    snprintf(want, sizeof want, "%s:2:1: not valid YAML", path);
    assert_memory_equal(err.text, want, strlen(want));
    unlink(path);
    rmdir(folder);
    test_free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_allowed_is_refused_with_its_place),
        cmocka_unit_test(nothing_is_an_empty_mapping),
        cmocka_unit_test(the_tree_keeps_file_order),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(nodes_are_bounded),
        cmocka_unit_test(wide_mappings_are_searched),
        cmocka_unit_test(files_are_loaded_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
