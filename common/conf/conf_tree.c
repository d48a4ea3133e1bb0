#include "common/conf/conf_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "common/base/text.h"

/* CONF_NODES_MAX nodes of 88 bytes with 16 bytes of text, 24 of entry or item each (26 MB), the texts
 * of the file (4 MiB), and what is lost at the ends of chunks. */
enum { ARENA_BUDGET = 64 * 1024 * 1024 };

/* A list or mapping that is still open. */
struct frame {
    struct conf_node *node;
    struct conf_node *first, *last; /* of a mapping: key, value, key, ... */
    size_t n;
};

struct builder {
    yaml_parser_t yaml;
    struct conf *conf;
    const char *text;
    size_t text_n;
    size_t at; /* the last place that was sought in the text ... */
    yaml_mark_t at_mark;
    struct err *err;
    struct conf_node *root;
    unsigned documents;
    size_t nodes;
    struct frame frames[CONF_DEPTH_MAX];
    unsigned depth;
};

static const char *pick(const struct builder *b, const char *english, const char *chinese)
{
    return b->conf->zh ? chinese : english;
}

static int fail_at(const struct builder *b, yaml_mark_t mark, const char *what)
{
    return err_set(b->err, ERR_CONFIG, "%s:%zu:%zu: %s", b->conf->name, mark.line + 1, mark.column + 1, what);
}

static int fail_memory(const struct builder *b)
{
    return err_set(b->err, ERR_NO_MEMORY, "%s: no memory for the configuration", b->conf->name);
}

/* One character on, of text that may be no UTF-8. */
static void pass(const char *text, size_t *at, size_t n, yaml_mark_t *mark)
{
    bool ends_line = text[*at] == '\n';

    mark->line += ends_line;
    mark->column = ends_line ? 0 : mark->column + 1;
    do
        ++*at;
    while (*at < n && ((uint8_t)text[*at] & 0xc0u) == 0x80);
}

/* Line and column, from 0, of a byte of the text. */
static yaml_mark_t place_of(const struct builder *b, size_t offset)
{
    yaml_mark_t mark = {0, 0, 0};

    for (size_t i = 0; i < offset && i < b->text_n;)
        pass(b->text, &i, b->text_n, &mark);
    return mark;
}

/* Before libyaml sees it: the encoding is not guessed, and texts have no NUL. */
static int check_encoding(const struct builder *b)
{
    uint32_t cp;

    for (size_t i = 0; i < b->text_n;) {
        size_t length = text_decode(b->text + i, b->text_n - i, &cp);

        if (length == 0)
            return fail_at(b, place_of(b, i),
                           pick(b, "not UTF-8; save the file as UTF-8", "不是 UTF-8 编码，请另存为 UTF-8"));
        if (cp == 0)
            return fail_at(b, place_of(b, i),
                           pick(b, "NUL byte; save the file as plain UTF-8 text",
                                "含有 NUL 字节，请另存为 UTF-8 纯文本"));
        i += length;
    }
    return 0;
}

/* What libyaml says most often, in Chinese; its own words for the rest. */
static const char *problem_words(const struct builder *b, const char *problem)
{
    static const char *const words[][2] = {
        {"did not find expected key", "此处应为键"},
        {"mapping values are not allowed in this context", "此处不能有冒号引出的值"},
        {"could not find expected ':'", "缺少冒号"},
        {"did not find expected '-' indicator", "此处应为列表项 \"- \""},
        {"did not find expected ',' or ']'", "缺少逗号或 ]"},
        {"did not find expected ',' or '}'", "缺少逗号或 }"},
        {"found character that cannot start any token", "此字符不能作为开头"},
        {"found unexpected end of stream", "文件意外结束"},
        {"block sequence entries are not allowed in this context", "此处不能有列表项"},
        {"did not find expected node content", "此处应有内容"},
        {"did not find expected <document start>", "此处应为文档开头"},
        {"found a tab character that violates indentation", "缩进不得使用制表符"},
        {"found incompatible YAML document", "YAML 版本不兼容"},
        {"control characters are not allowed", "不允许控制字符"},
    };

    for (size_t i = 0; b->conf->zh && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(problem, words[i][0]) == 0)
            return words[i][1];
    return problem;
}

static int fail_yaml(const struct builder *b)
{
    const char *problem =
        problem_words(b, b->yaml.problem ? b->yaml.problem : pick(b, "cannot be read", "无法读取"));
    yaml_mark_t mark = b->yaml.problem_mark;

    if (b->yaml.error == YAML_MEMORY_ERROR)
        return fail_memory(b);
    if (b->yaml.error == YAML_READER_ERROR)
        mark = place_of(b, b->yaml.problem_offset);
    if (b->conf->zh)
        return err_set(b->err, ERR_CONFIG, "%s:%zu:%zu: 不是有效的 YAML：%s；请检查缩进和引号", b->conf->name,
                       mark.line + 1, mark.column + 1, problem);
    return err_set(b->err, ERR_CONFIG, "%s:%zu:%zu: not valid YAML: %s%s%s; check the indentation and quotes",
                   b->conf->name, mark.line + 1, mark.column + 1, b->yaml.context ? b->yaml.context : "",
                   b->yaml.context ? ", " : "", problem);
}

static bool key_is_next(const struct builder *b)
{
    const struct frame *top = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

    return top && top->node->kind == CONF_MAP && top->n % 2 == 0;
}

/* A new node, hung into the open list or mapping. */
static int add_node(struct builder *b, const yaml_event_t *event, enum conf_kind kind, struct conf_node **ret)
{
    struct frame *top = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
    struct conf_node *node;

    if (b->nodes == CONF_NODES_MAX)
        return fail_at(b, event->start_mark,
                       pick(b, "more keys and values than a configuration may have; split the file",
                            "键和值过多，请拆分文件"));
    if (kind != CONF_SCALAR && key_is_next(b))
        return fail_at(b, event->start_mark,
                       pick(b, "a key must be a plain word; quote a value that begins with [ or {",
                            "键应为普通文字；以 [ 或 { 开头的值请加引号"));
    node = arena_alloc(&b->conf->arena, sizeof *node);
    if (!node)
        return fail_memory(b);
    b->nodes++;
    node->conf = b->conf;
    node->kind = kind;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (!top)
        b->root = node;
    else if (top->last)
        top->last->sibling = node;
    else
        top->first = node;
    if (top) {
        top->last = node;
        top->n++;
    }
    *ret = node;
    return 0;
}

/* Where a scalar's source begins. Marks come in the order of the file, so each byte is passed once. */
static const char *source_of(struct builder *b, yaml_mark_t mark)
{
    while (b->at < b->text_n && (b->at_mark.line < mark.line || b->at_mark.column < mark.column))
        pass(b->text, &b->at, b->text_n, &b->at_mark);
    return b->text + b->at;
}

/* A plain scalar of one line stands as it reads. */
static int add_places(struct builder *b, const yaml_event_t *event, struct conf_node *node)
{
    yaml_scalar_style_t style = event->data.scalar.style;

    if (node->plain && event->start_mark.line == event->end_mark.line)
        return 0;
    return conf_places(&b->conf->arena,
                       node->plain                                ? STYLE_PLAIN
                       : style == YAML_SINGLE_QUOTED_SCALAR_STYLE ? STYLE_SINGLE_QUOTED
                       : style == YAML_DOUBLE_QUOTED_SCALAR_STYLE ? STYLE_DOUBLE_QUOTED
                                                                  : STYLE_BLOCK,
                       node->text, source_of(b, event->start_mark), b->text + b->text_n, node->line,
                       node->column, &node->places);
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    bool is_key = key_is_next(b), plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct conf_node *node = NULL;
    int code;

    if (event->data.scalar.anchor || event->data.scalar.tag)
        return fail_at(b, event->start_mark,
                       pick(b, "anchors (&) and tags (!) are not allowed; write the value itself",
                            "不允许锚点（&）和标签（!），请直接写出值"));
    if (!text_is_utf8(text, n))
        return fail_at(
            b, event->start_mark,
            pick(b, "a text must not contain a NUL character; remove it", "文本中不得含有 NUL 字符，请删除"));
    if (is_key && n == 0)
        return fail_at(b, event->start_mark,
                       pick(b, "empty key; write a word before the colon", "键为空，请在冒号前写明"));
    if (is_key && plain && strcmp(text, "<<") == 0)
        return fail_at(b, event->start_mark,
                       pick(b, "merge keys (<<) are not allowed; write the keys themselves",
                            "不允许合并键（<<），请直接写出各键"));
    code = add_node(b, event, CONF_SCALAR, &node);
    if (code)
        return code;
    node->plain = plain;
    node->text = arena_strdup(&b->conf->arena, text);
    return node->text && add_places(b, event, node) == 0 ? 0 : fail_memory(b);
}

static int open_collection(struct builder *b, const yaml_event_t *event, enum conf_kind kind, bool decorated)
{
    struct conf_node *node = NULL;
    int code;

    if (decorated)
        return fail_at(b, event->start_mark,
                       pick(b, "anchors (&) and tags (!) are not allowed; write the value itself",
                            "不允许锚点（&）和标签（!），请直接写出值"));
    if (b->depth == CONF_DEPTH_MAX)
        return fail_at(b, event->start_mark,
                       pick(b, "nested too deeply; flatten it", "嵌套过深，请减少层次"));
    code = add_node(b, event, kind, &node);
    if (!code)
        b->frames[b->depth++] = (struct frame){.node = node};
    return code;
}

/* By key, then by place, so that of two equal keys the later one is blamed. */
static int compare_entries(const void *a, const void *b)
{
    const struct conf_entry *x = *(struct conf_entry *const *)a, *y = *(struct conf_entry *const *)b;
    int order = strcmp(x->key->text, y->key->text);

    return order ? order : (x > y) - (x < y);
}

static int close_map(struct builder *b, const struct frame *frame)
{
    struct arena *arena = &b->conf->arena;
    struct conf_entries *entries = arena_alloc(arena, sizeof *entries);
    const struct conf_node *child = frame->first;
    size_t n = frame->n / 2;

    if (!entries)
        return fail_memory(b);
    entries->at = arena_array(arena, struct conf_entry, n);
    entries->sorted = arena_array(arena, struct conf_entry *, n);
    if (!entries->at || !entries->sorted)
        return fail_memory(b);
    for (size_t i = 0; i < n; i++) {
        entries->at[i].key = child;
        entries->at[i].value = child->sibling;
        entries->sorted[i] = &entries->at[i];
        child = child->sibling->sibling;
    }
    frame->node->entries = entries;
    frame->node->n = n;
    if (n < 2)
        return 0;
    qsort(entries->sorted, n, sizeof entries->sorted[0], compare_entries);
    for (size_t i = 1; i < n; i++) {
        const struct conf_node *key = entries->sorted[i]->key;

        if (strcmp(key->text, entries->sorted[i - 1]->key->text) == 0)
            return conf_fail(key, b->err, ERR_CONFIG,
                             conf_say(key, "key '%s' is already in line %u; remove one of them",
                                      "键 '%s' 在第 %u 行已有，请删除其一"),
                             key->text, entries->sorted[i - 1]->key->line);
    }
    return 0;
}

static int close_list(struct builder *b, const struct frame *frame)
{
    const struct conf_node *child = frame->first;

    frame->node->items = arena_array(&b->conf->arena, const struct conf_node *, frame->n);
    if (!frame->node->items)
        return fail_memory(b);
    for (size_t i = 0; i < frame->n; i++, child = child->sibling)
        frame->node->items[i] = child;
    frame->node->n = frame->n;
    return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++ > 0)
            return fail_at(b, event->start_mark,
                           pick(b, "a second document; a configuration file has one",
                                "出现第二个文档；一个文件只能有一个"));
        return 0;
    case YAML_ALIAS_EVENT:
        return fail_at(
            b, event->start_mark,
            pick(b, "aliases (*) are not allowed; write the value itself", "不允许别名（*），请直接写出值"));
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, event, CONF_LIST,
                               event->data.sequence_start.anchor || event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, event, CONF_MAP,
                               event->data.mapping_start.anchor || event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
        return close_list(b, &b->frames[--b->depth]);
    case YAML_MAPPING_END_EVENT:
        return close_map(b, &b->frames[--b->depth]);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return 0;
}

/* The root of a file in which nothing stands. */
static int empty_root(struct builder *b)
{
    yaml_event_t event = {0};
    int code = open_collection(b, &event, CONF_MAP, false);

    return code ? code : close_map(b, &b->frames[--b->depth]);
}

static int build(struct builder *b)
{
    bool ended = false;
    int code = check_encoding(b);

    yaml_parser_set_input_string(&b->yaml, (const unsigned char *)b->text, b->text_n);
    while (!code && !ended) {
        yaml_event_t event;

        if (!yaml_parser_parse(&b->yaml, &event))
            return fail_yaml(b);
        ended = event.type == YAML_STREAM_END_EVENT;
        code = take_event(b, &event);
        yaml_event_delete(&event);
    }
    if (code)
        return code;
    if (!b->root || (b->root->kind == CONF_SCALAR && b->root->plain && b->root->text[0] == '\0'))
        return empty_root(b);
    if (b->root->kind == CONF_SCALAR)
        return conf_fail(b->root, b->err, ERR_CONFIG,
                         conf_say(b->root, "a single value; write \"key: value\" lines",
                                  "只有一个值，请写成 \"键: 值\" 的行"));
    return 0;
}

int conf_parse(const char *name, const char *text, size_t n, struct conf **ret, struct err *err)
{
    return conf_parse_in(name, text, n, false, ret, err);
}

int conf_parse_in(const char *name, const char *text, size_t n, bool zh, struct conf **ret, struct err *err)
{
    struct builder *b;
    struct conf *conf;
    int code = ERR_NO_MEMORY;

    if (n > CONF_FILE_MAX)
        return err_set(err, ERR_CONFIG,
                       zh ? "%s：超过上限（%d 字节），请拆分文件"
                          : "%s: larger than a configuration may be (%d bytes); split the file",
                       name, CONF_FILE_MAX);
    conf = calloc(1, sizeof *conf);
    if (!conf)
        goto fail;
    arena_init(&conf->arena, ARENA_BUDGET);
    conf->zh = zh;
    conf->name = arena_strdup(&conf->arena, name);
    b = calloc(1, sizeof *b);
    if (!conf->name || !b || !yaml_parser_initialize(&b->yaml))
        goto fail_builder;
    b->conf = conf;
    b->text = n > 0 ? text : "";
    b->text_n = n;
    b->err = err;
    code = build(b);
    conf->root = b->root;
    yaml_parser_delete(&b->yaml);
    free(b);
    if (code) {
        conf_free(conf);
        return code;
    }
    *ret = conf;
    return 0;

fail_builder:
    free(b);
    conf_free(conf);
fail:
    return err_set(err, code, "%s: no memory for the configuration", name);
}

/* The open file's bytes, at most one more than allowed. */
static int read_file(const char *path, int fd, char *text, size_t *ret_n, struct err *err)
{
    size_t n = 0;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_IO, "%s: cannot be read: %m", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s: not a regular file; name a YAML file", path);
    while (n <= CONF_FILE_MAX) {
        ssize_t got = read(fd, text + n, CONF_FILE_MAX + 1 - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_IO, "%s: cannot be read: %m", path);
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_n = n;
    return 0;
}

int conf_text(const char *path, char **ret, size_t *ret_n, struct err *err)
{
    /* O_NONBLOCK: a FIFO must not hold the program up before it is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text;
    int code;

    if (fd < 0)
        return err_set(err,
                       errno == ENOENT || errno == ENOTDIR ? ERR_NO_INPUT
                       : errno == EACCES                   ? ERR_PERMISSION
                                                           : ERR_IO,
                       "%s: cannot be opened: %m", path);
    text = malloc(CONF_FILE_MAX + 2);
    if (!text) {
        close(fd);
        return err_set(err, ERR_NO_MEMORY, "%s: no memory for the configuration", path);
    }
    code = read_file(path, fd, text, ret_n, err);
    close(fd);
    if (code) {
        free(text);
        return code;
    }
    text[*ret_n] = '\0';
    *ret = text;
    return 0;
}

int conf_load(const char *path, struct conf **ret, struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    int code = conf_text(path, &text, &n, err);

    if (!code)
        code = conf_parse(path, text, n, ret, err);
    free(text);
    return code;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    arena_free(&conf->arena);
    free(conf);
}

struct conf_entry *conf_tree_find(const struct conf_node *map, const char *key)
{
    size_t low = 0, high = map->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, map->entries->sorted[middle]->key->text);

        if (order == 0)
            return map->entries->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
