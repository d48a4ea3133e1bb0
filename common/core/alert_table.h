/* The alerts of a state: for state.c alone. */
#ifndef MUSTER_COMMON_CORE_ALERT_TABLE_H
#define MUSTER_COMMON_CORE_ALERT_TABLE_H

#include "common/base/keyed_hash.h"
#include "common/core/alert.h"
#include "common/core/names.h"

struct alert_entry;

struct alert_table {
    struct hash_key key;
    struct alert_entry *entries;
};

struct alert *alert_table_find(const struct alert_table *table, struct id id);
/* The one that is there, or a new empty one; NULL: out of memory. */
struct alert *alert_table_make(struct alert_table *table, struct id id);
void alert_table_drop(struct alert_table *table, struct id id);
void alert_table_free(struct alert_table *table);
/* By id, until visit returns false. 0 or ERR_NO_MEMORY. */
int alert_table_each(const struct alert_table *table, bool (*visit)(void *ctx, const struct alert *),
                     void *ctx);
/* Marks what the alerts refer to. */
void alert_table_mark(const struct alert_table *table, struct names *names);

#endif
