/* Inside the room: the tree of nodes that a YAML text is parsed to. */
#ifndef MUSTER_COMMON_CONF_CONF_TREE_H
#define MUSTER_COMMON_CONF_CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/conf/conf.h"
#include "common/conf/conf_place.h"

enum conf_kind { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf_entry {
    const struct conf_node *key;
    const struct conf_node *value;
    bool known; /* somebody read it */
};

/* A key that was asked for and is not there: a hint for who misspelt it. */
struct conf_asked {
    const struct conf_asked *next;
    const char *key;
};

struct conf_entries {
    struct conf_entry *at;      /* in file order */
    struct conf_entry **sorted; /* by key */
    const struct conf_asked *asked;
    size_t asked_n;
};

struct conf_node {
    struct conf *conf;
    enum conf_kind kind;
    bool plain; /* a scalar without quotes */
    unsigned line, column;
    const char *text;                /* of a scalar */
    struct conf_places places;       /* where it stands; none: at line and column, as it reads */
    size_t n;                        /* items of a list, entries of a mapping */
    const struct conf_node **items;  /* of a list */
    struct conf_entries *entries;    /* of a mapping */
    const struct conf_node *sibling; /* while the tree is being built */
};

struct conf {
    struct arena arena;
    const char *name;
    bool zh; /* its errors are in Chinese */
    const struct conf_node *root;
};

/* The entry of a mapping, or NULL. */
struct conf_entry *conf_tree_find(const struct conf_node *map, const char *key);

#endif
