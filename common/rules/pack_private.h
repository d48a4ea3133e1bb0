/* Inside the room: what reading a pack needs, whatever it is written in. */
#ifndef MUSTER_COMMON_RULES_PACK_PRIVATE_H
#define MUSTER_COMMON_RULES_PACK_PRIVATE_H

#include "common/base/arena.h"
#include "common/conf/conf.h"
#include "common/rules/pack.h"

enum {
    PACK_MEMORY_MAX = 8 * PACK_BYTES_MAX,
    PACK_NAME_MAX = 128,  /* bytes of a name */
    PACK_VALUE_MAX = 128, /* of what an action is given */
    PACK_FOR_MIN_MS = 1000,
    PACK_WITHIN_MIN_MS = 60 * 1000
};

static const int64_t PACK_FOR_MAX_MS = INT64_C(30) * 24 * 60 * 60 * 1000;

struct pack_memory {
    struct arena arena;
};

struct pack_reading {
    struct conditions *conditions;
    struct arena *arena; /* the pack's */
    struct err *err;
};

/* An empty pack, to be given to pack_free(); NULL: out of memory. */
struct pack *pack_new(void);

/* A text of at most `max` bytes, kept by the pack. */
int pack_keep_text(struct pack_reading *r, const struct conf_node *map, const char *key, enum conf_need need,
                   size_t max, const char **ret);

/* What an action's value should have been, or NULL: it is fine. */
const char *pack_action_wants(const struct pack *pack, const struct rule_action *action);

/* pack_clock.c: "kinds" and "clocks" of a pack. ERR_CONFIG with place and remedy, ERR_NO_MEMORY. */
int pack_read_kinds(struct pack_reading *r, const struct conf_node *root, struct pack *pack);
int pack_read_clocks(struct pack_reading *r, const struct conf_node *root, struct pack *pack);

/* The word of the kind of incident that a pack calls by its Chinese name; NULL: it is none. A policy may have
 * a kind of that name itself, so both are meant. */
const char *pack_kind_word(const struct pack_reading *r, const char *name);

/* pack_table.c: a pack that is a table. What begins with a word that stands above the headings is one; a file
 * that was named so is taken for one whatever it holds. */
bool pack_is_table(const char *text, size_t n);
/* Its text, which is malloc'd, in UTF-8 from UTF-8 or else GB18030, which spreadsheets write in China.
 * ERR_CONFIG: it is neither. */
int pack_table_utf8(const char *file, char **text, size_t *n, struct err *err);
int pack_table_read(const char *file, const char *text, size_t n, struct conditions *conditions,
                    struct pack **ret, struct err *err);

#endif
