#include "common/conf/conf.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/when.h"
#include "common/conf/conf_tree.h"

/* Keys that were asked for in vain, kept for each mapping as hints; a program asks for a fixed few. */
enum { ASKED_MAX = 256, HINT_MAX = 160 };

const struct conf_node *conf_root(const struct conf *conf)
{
    return conf->root;
}

bool conf_is_map(const struct conf_node *node)
{
    return node && node->kind == CONF_MAP;
}

bool conf_is_list(const struct conf_node *node)
{
    return node && node->kind == CONF_LIST;
}

int conf_fail(const struct conf_node *node, struct err *err, int code, const char *format, ...)
{
    char what[sizeof err->text];
    va_list args;

    va_start(args, format);
    if (vsnprintf(what, sizeof what, format, args) < 0)
        what[0] = '\0';
    va_end(args);
    if (!node)
        return err_set(err, code, "%s", what);
    return err_set(err, code, "%s:%u:%u: %s", node->conf->name, node->line, node->column, what);
}

const char *conf_say(const struct conf_node *node, const char *english, const char *chinese)
{
    return node && node->conf->zh ? chinese : english;
}

int conf_fail_within(const struct conf_node *node, size_t at, struct err *err, int code, const char *text)
{
    struct conf_places as_it_reads = {.at = &(struct conf_place){.line = node->line, .column = node->column},
                                      .n = 1};

    if (at == SIZE_MAX) {
        return conf_fail(node, err, code, "%s", text);
    }
    if (node->places.n == 0 && !node->plain) { /* it has escapes */
        return conf_fail(node, err, code,
                         conf_say(node, "at byte %zu of the text: %s", "文本第 %zu 字节处：%s"), at + 1,
                         text);
    }
    struct conf_place place =
        conf_place_of(node->places.n > 0 ? &node->places : &as_it_reads, node->text, at);
    return err_set(err, code, "%s:%u:%u: %s", node->conf->name, place.line, place.column, text);
}

unsigned conf_line(const struct conf_node *node)
{
    return node->line;
}

unsigned conf_column(const struct conf_node *node)
{
    return node->column;
}

const struct conf_node *conf_find(const struct conf_node *map, const char *key)
{
    struct conf_entry *entry = conf_is_map(map) ? conf_tree_find(map, key) : NULL;

    if (entry == NULL) {
        return NULL;
    }
    entry->known = true;
    return entry->value;
}

/* Hints only: when there is no room, there is no hint. */
static void remember_asked(const struct conf_node *map, const char *key)
{
    struct conf_entries *entries = map->entries;
    struct arena *arena = &map->conf->arena;
    struct conf_asked *asked;

    for (const struct conf_asked *a = entries->asked; a; a = a->next)
        if (strcmp(a->key, key) == 0)
            return;
    if (entries->asked_n == ASKED_MAX)
        return;
    asked = arena_alloc(arena, sizeof *asked);
    if (!asked)
        return;
    asked->key = arena_strdup(arena, key);
    if (!asked->key)
        return;
    asked->next = entries->asked;
    entries->asked = asked;
    entries->asked_n++;
}

/* A key of the mapping that nobody has read and that looks like this one misspelt, or NULL. */
static const char *nearest_unread(const struct conf_node *map, const char *key)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct conf_entry *entry = &map->entries->at[i];
        const char *const candidate[] = {entry->key->text, NULL};

        if (!entry->known && text_nearest(key, candidate) != NULL)
            return entry->key->text;
    }
    return NULL;
}

/* The value of a key, marked as known; NULL when it is absent and optional. */
static int find(const struct conf_node *map, const char *key, enum conf_need need,
                const struct conf_node **ret, struct err *err)
{
    struct conf_entry *entry;

    *ret = NULL;
    if (!conf_is_map(map))
        return conf_fail(map, err, ERR_CONFIG,
                         conf_say(map, "must be a mapping with the key '%s'; write \"%s: ...\"",
                                  "应为含有键 '%s' 的映射，请写 \"%s: ...\""),
                         key, key);
    entry = conf_tree_find(map, key);
    if (entry) {
        entry->known = true;
        *ret = entry->value;
        return 0;
    }
    remember_asked(map, key);
    if (need != CONF_REQUIRED)
        return 0;
    const char *meant = nearest_unread(map, key);
    if (meant != NULL)
        return conf_fail(
            map, err, ERR_CONFIG,
            conf_say(map, "missing key '%s'; is '%s' meant for it?", "缺少键 '%s'；'%s' 是否为其误写？"), key,
            meant);
    return conf_fail(map, err, ERR_CONFIG, conf_say(map, "missing key '%s'; add it", "缺少键 '%s'，请补上"),
                     key);
}

/* What YAML calls null. */
static bool has_no_value(const struct conf_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

    for (size_t i = 0; node->plain && i < sizeof nulls / sizeof nulls[0]; i++)
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    return false;
}

/* The value of a key as a scalar that has a value. */
static int find_scalar(const struct conf_node *map, const char *key, enum conf_need need,
                       const struct conf_node **ret, struct err *err)
{
    int code = find(map, key, need, ret, err);

    if (code || !*ret)
        return code;
    if ((*ret)->kind != CONF_SCALAR)
        return conf_fail(
            *ret, err, ERR_CONFIG,
            conf_say(*ret, "'%s' must be a single value, not a %s", "'%s' 应为单个值，而不是%s"), key,
            (*ret)->kind == CONF_MAP ? conf_say(*ret, "mapping", "映射") : conf_say(*ret, "list", "列表"));
    if (has_no_value(*ret))
        return conf_fail(*ret, err, ERR_CONFIG,
                         conf_say(*ret, "'%s' has no value; give it one or remove the line",
                                  "'%s' 没有值，请填写或删除该行"),
                         key);
    return 0;
}

int conf_string(const struct conf_node *map, const char *key, enum conf_need need, const char **ret,
                struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);

    if (!code && node)
        *ret = node->text;
    return code;
}

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* -?(0|[1-9][0-9]*): a leading zero would be octal to other readers of the file. NULL when p begins
 * with something else, else what follows. */
static const char *skip_whole(const char *p)
{
    if (*p == '-')
        p++;
    if (*p < '0' || *p > '9')
        return NULL;
    return *p == '0' ? p + 1 : skip_digits(p);
}

int conf_integer(const struct conf_node *map, const char *key, enum conf_need need, int64_t min, int64_t max,
                 int64_t *ret, struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);
    const char *end;
    long long value;

    if (code || !node)
        return code;
    if (!node->plain)
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must be a whole number; remove the quotes", "'%s' 应为整数，请去掉引号"),
            key);
    end = skip_whole(node->text);
    if (!end || *end != '\0')
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must be a whole number, not '%s'", "'%s' 应为整数，而不是 '%s'"), key,
            node->text);
    errno = 0;
    value = strtoll(node->text, NULL, 10);
    if (errno == ERANGE || value < min || value > max)
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' must lie between %lld and %lld, not %s",
                                  "'%s' 应在 %lld 与 %lld 之间，而不是 %s"),
                         key, (long long)min, (long long)max, node->text);
    *ret = value;
    return 0;
}

/* A whole number, then an optional fraction, then an optional exponent. */
static bool is_number(const char *p)
{
    const char *end = skip_whole(p), *digits;

    if (!end)
        return false;
    if (*end == '.') {
        digits = end + 1;
        end = skip_digits(digits);
        if (end == digits)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        digits = end[1] == '-' || end[1] == '+' ? end + 2 : end + 1;
        end = skip_digits(digits);
        if (end == digits)
            return false;
    }
    return *end == '\0';
}

int conf_number(const struct conf_node *map, const char *key, enum conf_need need, double min, double max,
                double *ret, struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);
    double value;
    char *end;

    if (code || !node)
        return code;
    if (!node->plain)
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must be a number; remove the quotes", "'%s' 应为数字，请去掉引号"), key);
    if (!is_number(node->text))
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' must be a number, not '%s'", "'%s' 应为数字，而不是 '%s'"), key,
                         node->text);
    value = strtod(node->text, &end);
    if (*end != '\0')
        return conf_fail(node, err, ERR_SOFTWARE, "'%s': the program's locale has no decimal point", key);
    if (!isfinite(value) || value < min || value > max)
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must lie between %g and %g, not %s", "'%s' 应在 %g 与 %g 之间，而不是 %s"),
            key, min, max, node->text);
    *ret = value;
    return 0;
}

int conf_bool(const struct conf_node *map, const char *key, enum conf_need need, bool *ret, struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);

    if (code || !node)
        return code;
    if (node->plain && (strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0))
        *ret = true;
    else if (node->plain && (strcmp(node->text, "false") == 0 || strcmp(node->text, "no") == 0))
        *ret = false;
    else
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' must be true or false, without quotes, not '%s'",
                                  "'%s' 应为 true 或 false（不加引号），而不是 '%s'"),
                         key, node->text);
    return 0;
}

int conf_duration(const struct conf_node *map, const char *key, enum conf_need need, int64_t min_ms,
                  int64_t max_ms, int64_t *ret_ms, struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);
    char min[WHEN_TEXT], max[WHEN_TEXT];
    int64_t ms;

    if (code || !node)
        return code;
    if (when_parse_duration(node->text, &ms) != 0)
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' must be a duration such as \"15 s\" or \"10 min\", not '%s'",
                                  "'%s' 应为时长，如 \"15 s\"、\"10 min\"，而不是 '%s'"),
                         key, node->text);
    if (ms < min_ms || ms > max_ms)
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must lie between %s and %s, not %s", "'%s' 应在 %s 与 %s 之间，而不是 %s"),
            key, when_format_duration(min_ms, min), when_format_duration(max_ms, max), node->text);
    *ret_ms = ms;
    return 0;
}

/* "; did you mean 'x'?", or else "; known here: a, b, c" as far as it fits, or nothing. */
static const char *hint(const struct conf_node *node, const char *const known[], char ret[HINT_MAX])
{
    const char *word = node->text;
    const char *nearest = text_nearest(word, known);
    size_t n = 0;

    ret[0] = '\0';
    if (nearest) {
        snprintf(ret, HINT_MAX, conf_say(node, "; did you mean '%s'?", "；是否指 '%s'？"), nearest);
        return ret;
    }
    for (size_t i = 0; known[i]; i++) {
        const char *lead = i == 0 ? conf_say(node, "; known here: ", "；可用：") : conf_say(node, ", ", "、");

        if (n + strlen(lead) + strlen(known[i]) + sizeof "、..." > HINT_MAX) {
            if (i > 0)
                snprintf(ret + n, HINT_MAX - n, "%s", conf_say(node, ", ...", "、..."));
            break;
        }
        n += (size_t)snprintf(ret + n, HINT_MAX - n, "%s%s", lead, known[i]);
    }
    return ret;
}

int conf_choice(const struct conf_node *map, const char *key, enum conf_need need, const char *const words[],
                int *ret, struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);
    char more[HINT_MAX];

    if (code || !node)
        return code;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) == 0) {
            *ret = i;
            return 0;
        }
    }
    return conf_fail(node, err, ERR_CONFIG, conf_say(node, "'%s' does not know '%s'%s", "'%s' 不能取 '%s'%s"),
                     key, node->text, hint(node, words, more));
}

int conf_path(const struct conf_node *map, const char *key, enum conf_need need, const char **ret,
              struct err *err)
{
    const struct conf_node *node;
    int code = find_scalar(map, key, need, &node, err);
    const char *slash, *path;

    if (code || !node)
        return code;
    if (node->text[0] == '\0')
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' is an empty path; name a file or folder",
                                  "'%s' 是空路径，请写明文件或文件夹"),
                         key);
    slash = strrchr(node->conf->name, '/');
    if (node->text[0] == '/' || !slash)
        path = node->text;
    else
        path = arena_printf(&node->conf->arena, "%.*s/%s", (int)(slash - node->conf->name), node->conf->name,
                            node->text);
    if (!path)
        return conf_fail(node, err, ERR_NO_MEMORY, "'%s': no memory for the path", key);
    *ret = path;
    return 0;
}

int conf_map(const struct conf_node *map, const char *key, enum conf_need need, const struct conf_node **ret,
             struct err *err)
{
    const struct conf_node *node;
    int code = find(map, key, need, &node, err);

    if (code || !node)
        return code;
    if (!conf_is_map(node))
        return conf_fail(node, err, ERR_CONFIG,
                         conf_say(node, "'%s' must be a mapping; write {} for an empty one",
                                  "'%s' 应为映射，空映射写作 {}"),
                         key);
    *ret = node;
    return 0;
}

int conf_list(const struct conf_node *map, const char *key, enum conf_need need, const struct conf_node **ret,
              struct err *err)
{
    const struct conf_node *node;
    int code = find(map, key, need, &node, err);

    if (code || !node)
        return code;
    if (!conf_is_list(node))
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "'%s' must be a list; write [] for an empty one", "'%s' 应为列表，空列表写作 []"),
            key);
    *ret = node;
    return 0;
}

size_t conf_count(const struct conf_node *node)
{
    return node ? node->n : 0;
}

const char *conf_key_at(const struct conf_node *map, size_t i)
{
    if (!conf_is_map(map) || i >= map->n)
        return NULL;
    map->entries->at[i].known = true;
    return map->entries->at[i].key->text;
}

const struct conf_node *conf_value_at(const struct conf_node *node, size_t i)
{
    if (!node || i >= node->n)
        return NULL;
    if (node->kind == CONF_LIST)
        return node->items[i];
    node->entries->at[i].known = true;
    return node->entries->at[i].value;
}

int conf_scalar(const struct conf_node *node, const char **ret, struct err *err)
{
    if (!node || node->kind != CONF_SCALAR)
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "must be a single value, not a mapping or list", "应为单个值，而不是映射或列表"));
    if (has_no_value(node))
        return conf_fail(
            node, err, ERR_CONFIG,
            conf_say(node, "has no value; give it one or remove the line", "没有值，请填写或删除该行"));
    *ret = node->text;
    return 0;
}

static int fail_unknown(const struct conf_node *map, const struct conf_node *key, struct err *err)
{
    const struct conf_entries *entries = map->entries;
    const char **known = arena_array(&map->conf->arena, const char *, map->n + entries->asked_n + 1);
    char more[HINT_MAX] = "";
    size_t n = 0;

    for (const struct conf_asked *asked = entries->asked; known && asked; asked = asked->next)
        known[n++] = asked->key;
    for (size_t i = 0; known && i < map->n; i++)
        if (entries->at[i].known)
            known[n++] = entries->at[i].key->text;
    if (n > 0)
        hint(key, known, more);
    return conf_fail(key, err, ERR_CONFIG, conf_say(key, "unknown key '%s'%s", "未知的键 '%s'%s"), key->text,
                     more[0] ? more : conf_say(key, "; remove it", "，请删除"));
}

/* In file order. Recursion is bounded by CONF_DEPTH_MAX. */
static int check_node(const struct conf_node *node, struct err *err)
{
    int code = 0;

    for (size_t i = 0; i < node->n && !code; i++) {
        if (node->kind == CONF_LIST)
            code = check_node(node->items[i], err);
        else if (!node->entries->at[i].known)
            code = fail_unknown(node, node->entries->at[i].key, err);
        else
            code = check_node(node->entries->at[i].value, err);
    }
    return code;
}

int conf_check_unknown(const struct conf *conf, struct err *err)
{
    return check_node(conf->root, err);
}
