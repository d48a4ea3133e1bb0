#include "common/core/alert_table.h"

#include <stdlib.h>

#include "common/base/err.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

struct alert_entry {
    UT_hash_handle hh;
    struct alert alert; /* its id is the key */
};

static struct alert_entry *find(const struct alert_table *table, struct id id)
{
    uint32_t hash = keyed_hash(table->key, &id, sizeof id); /* the macros ask for it more than once */
    struct alert_entry *entry;

    HASH_FIND_BYHASHVALUE(hh, table->entries, &id, sizeof id, hash, entry);
    return entry;
}

struct alert *alert_table_find(const struct alert_table *table, struct id id)
{
    struct alert_entry *entry = find(table, id);

    return entry != NULL ? &entry->alert : NULL;
}

struct alert *alert_table_make(struct alert_table *table, struct id id)
{
    struct alert_entry *entry = find(table, id);

    if (entry != NULL) {
        return &entry->alert;
    }
    entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->alert = (struct alert){.id = id, .sender = "", .identifier = ""};
    uint32_t hash = keyed_hash(table->key, &id, sizeof id);
    HASH_ADD_BYHASHVALUE(hh, table->entries, alert.id, sizeof entry->alert.id, hash, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return &entry->alert;
}

void alert_table_drop(struct alert_table *table, struct id id)
{
    struct alert_entry *entry = find(table, id);

    if (entry != NULL) {
        HASH_DEL(table->entries, entry);
        alert_clear(&entry->alert);
        free(entry);
    }
}

void alert_table_free(struct alert_table *table)
{
    struct alert_entry *entry = table->entries;

    HASH_CLEAR(hh, table->entries);
    while (entry != NULL) {
        struct alert_entry *next = entry->hh.next;
        alert_clear(&entry->alert);
        free(entry);
        entry = next;
    }
}

static int compare(const void *a, const void *b)
{
    const struct alert_entry *const *x = a;
    const struct alert_entry *const *y = b;

    return id_compare((*x)->alert.id, (*y)->alert.id);
}

int alert_table_each(const struct alert_table *table, bool (*visit)(void *ctx, const struct alert *),
                     void *ctx)
{
    size_t n = HASH_COUNT(table->entries), i = 0;

    if (n == 0) {
        return 0;
    }
    struct alert_entry **sorted = calloc(n, sizeof(struct alert_entry *));
    if (sorted == NULL) {
        return ERR_NO_MEMORY;
    }
    for (struct alert_entry *entry = table->entries; entry != NULL; entry = entry->hh.next) {
        sorted[i++] = entry;
    }
    qsort(sorted, n, sizeof(struct alert_entry *), compare);
    for (i = 0; i < n && visit(ctx, &sorted[i]->alert); i++) {
    }
    free(sorted);
    return 0;
}

void alert_table_mark(const struct alert_table *table, struct names *names)
{
    for (struct alert_entry *entry = table->entries; entry != NULL; entry = entry->hh.next) {
        const struct alert *alert = &entry->alert;
        names_mark(names, alert->sender);
        names_mark(names, alert->identifier);
        for (size_t i = 0; i < alert->contents_n; i++) {
            names_mark_words(names, alert->contents[i].geocodes);
        }
    }
}
