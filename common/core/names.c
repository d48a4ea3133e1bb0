#include "common/core/names.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

struct name_entry {
    UT_hash_handle hh;
    bool marked;
    char text[];
};

const char *names_keep(struct names *names, const char *text)
{
    struct name_entry *entry;
    size_t n = strlen(text);

    if (n == 0) {
        return "";
    }
    uint32_t hash = keyed_hash(names->key, text, n);
    HASH_FIND_BYHASHVALUE(hh, names->table, text, n, hash, entry);
    if (entry != NULL) {
        return entry->text;
    }
    entry = malloc(sizeof *entry + n + 1);
    if (entry == NULL) {
        return NULL;
    }
    memset(entry, 0, sizeof *entry);
    memcpy(entry->text, text, n + 1);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, names->table, entry->text, n, hash, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry->text;
}

size_t names_count(const struct names *names)
{
    return HASH_COUNT(names->table);
}

/* The table goes first, then the entries along their own list: that is what a static analyser can follow. */
void names_free(struct names *names)
{
    struct name_entry *entry = names->table;

    HASH_CLEAR(hh, names->table);
    while (entry != NULL) {
        struct name_entry *next = entry->hh.next;
        free(entry);
        entry = next;
    }
    *names = (struct names){.key = names->key};
}

bool names_want_sweep(const struct names *names)
{
    size_t added = names_count(names) - names->swept_n;

    return added > NAMES_SWEEP_AFTER + names->marks / NAMES_MARKS_PER_TEXT;
}

void names_mark(struct names *names, const char *text)
{
    if (text[0] != '\0') {
        struct name_entry *entry =
            (struct name_entry *)(void *)((char *)(uintptr_t)text - offsetof(struct name_entry, text));
        entry->marked = true;
        names->marks++;
    }
}

void names_mark_words(struct names *names, struct words words)
{
    for (size_t i = 0; i < words.n; i++) {
        names_mark(names, words.at[i]);
    }
}

void names_sweep(struct names *names)
{
    struct name_entry *entry, *next;
    size_t left = 0;

    /* uthash frees its table with the last entry, and the analyser forgets that it then says so. */
    HASH_ITER (hh, names->table, entry, next) {
        if (entry->marked) {
            entry->marked = false;
            left++;
        } else {
            HASH_DEL(names->table, entry); /* NOLINT(clang-analyzer-unix.Malloc) */
            free(entry);
        }
    }
    names->swept_n = left;
}
