/* YAML files to checked values. A file is parsed to a tree of nodes that know their line and column;
 * a program reads it key by key, and every key that nobody read is an error that names the nearest
 * known one. Errors have the form "FILE:LINE:COLUMN: what is wrong; what to do". Built on libyaml.
 * Anchors, aliases, tags, merge keys, duplicate keys, a second document, what is not UTF-8 and more than
 * CONF_NODES_MAX nodes are refused; an empty file is an empty mapping. Reading marks keys, so a conf
 * belongs to one thread at a time. */
#ifndef MUSTER_COMMON_CONF_CONF_H
#define MUSTER_COMMON_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

enum { CONF_FILE_MAX = 4 * 1024 * 1024, CONF_NODES_MAX = 200000, CONF_DEPTH_MAX = 32 };

struct conf;      /* a parsed file; owns all nodes and texts */
struct conf_node; /* a mapping, a sequence or a scalar of it */

/* ERR_NO_INPUT when there is no such file, ERR_PERMISSION when it may not be read, ERR_CONFIG with place
 * when it does not parse. conf_parse reads n bytes of text as if they were the file `name`. */
int conf_load(const char *path, struct conf **ret, struct err *err);
/* The bytes of a file as they stand, a zero behind them: free() *ret. One more than CONF_FILE_MAX: it is too
 * long. The errors of conf_load(). */
int conf_text(const char *path, char **ret, size_t *ret_n, struct err *err);
int conf_parse(const char *name, const char *text, size_t n, struct conf **ret, struct err *err);
/* The same, its errors and all later ones of its nodes in Chinese when zh is set. */
int conf_parse_in(const char *name, const char *text, size_t n, bool zh, struct conf **ret, struct err *err);
void conf_free(struct conf *conf);

/* A mapping or a list. Nodes and texts live as long as conf. */
const struct conf_node *conf_root(const struct conf *conf);

/* Each getter marks the key as known. When the key is absent: with `required`, ERR_CONFIG "missing
 * key"; otherwise 0 and ret untouched (so set the default first). A key without a value is an error.
 * Whole numbers are strict decimals, numbers decimals with an optional fraction and exponent, booleans
 * true, false, yes or no; these three must not be quoted. */
enum conf_need { CONF_OPTIONAL, CONF_REQUIRED };
int conf_string(const struct conf_node *map, const char *key, enum conf_need need, const char **ret,
                struct err *err);
int conf_integer(const struct conf_node *map, const char *key, enum conf_need need, int64_t min, int64_t max,
                 int64_t *ret, struct err *err);
int conf_number(const struct conf_node *map, const char *key, enum conf_need need, double min, double max,
                double *ret, struct err *err);
int conf_bool(const struct conf_node *map, const char *key, enum conf_need need, bool *ret, struct err *err);
/* A duration such as "10 min" in milliseconds. */
int conf_duration(const struct conf_node *map, const char *key, enum conf_need need, int64_t min_ms,
                  int64_t max_ms, int64_t *ret_ms, struct err *err);
/* One of words (NULL-terminated); ret is its index. An unknown word names the nearest. */
int conf_choice(const struct conf_node *map, const char *key, enum conf_need need, const char *const words[],
                int *ret, struct err *err);
/* A path: relative ones are taken from the folder of the configuration file, not from the caller's. */
int conf_path(const struct conf_node *map, const char *key, enum conf_need need, const char **ret,
              struct err *err);

int conf_map(const struct conf_node *map, const char *key, enum conf_need need, const struct conf_node **ret,
             struct err *err);
int conf_list(const struct conf_node *map, const char *key, enum conf_need need, const struct conf_node **ret,
              struct err *err);

/* Walk: entries of a mapping in file order (marks each as known), items of a sequence. */
size_t conf_count(const struct conf_node *node);
const char *conf_key_at(const struct conf_node *map, size_t i);
const struct conf_node *conf_value_at(const struct conf_node *node, size_t i);
/* The node's own scalar text; ERR_CONFIG when it is no scalar. */
int conf_scalar(const struct conf_node *node, const char **ret, struct err *err);
bool conf_is_map(const struct conf_node *node);
bool conf_is_list(const struct conf_node *node);

/* ERR_CONFIG for the first key anywhere in the file that nobody asked for, with the nearest key that
 * was asked for in the same mapping. Call it last. */
int conf_check_unknown(const struct conf *conf, struct err *err);

/* An error at a node's place, for checks of the caller's own. Returns code. */
int conf_fail(const struct conf_node *node, struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* One of two texts, which may be formats with the same directives, in the language of the node's file;
 * English when node is NULL. */
const char *conf_say(const struct conf_node *node, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));
/* conf_fail() at byte `at` of a scalar's text (SIZE_MAX: of it all), for a language of the caller's. */
int conf_fail_within(const struct conf_node *node, size_t at, struct err *err, int code, const char *text);
/* 1 is the first line of the file, and the first column of a line. */
unsigned conf_line(const struct conf_node *node);
unsigned conf_column(const struct conf_node *node);
/* The value under a key, of whatever kind, and marks the key as known; NULL: it is absent. */
const struct conf_node *conf_find(const struct conf_node *map, const char *key);

#endif
