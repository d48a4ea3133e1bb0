#include "tests/fault/memdisk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memdisk_write {
    struct memdisk_write *next;
    uint64_t at; /* of a write; the new size of a truncation */
    uint64_t n;
    bool is_truncation;
    uint8_t bytes[];
};

/* splitmix64 */
uint64_t memdisk_chance(struct memdisk *disk)
{
    uint64_t z = (disk->chance += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void resize(struct memdisk_bytes *bytes, uint64_t n)
{
    if (n > bytes->capacity) {
        uint64_t wanted = bytes->capacity == 0 ? 4096 : bytes->capacity;
        while (wanted < n)
            wanted *= 2;
        bytes->p = realloc(bytes->p, wanted);
        assert(bytes->p != NULL);
        bytes->capacity = wanted;
    }
    if (n > bytes->n)
        memset(bytes->p + bytes->n, 0, n - bytes->n);
    bytes->n = n;
}

static void put(struct memdisk_bytes *bytes, uint64_t at, const void *p, uint64_t n)
{
    if (n == 0)
        return;
    if (at + n > bytes->n)
        resize(bytes, at + n);
    memcpy(bytes->p + at, p, n);
}

void memdisk_init(struct memdisk *disk, uint64_t seed)
{
    memset(disk, 0, sizeof(*disk));
    disk->chance = seed;
}

static void drop_pending(struct memdisk_file *file)
{
    while (file->pending != NULL) {
        struct memdisk_write *next = file->pending->next;
        free(file->pending);
        file->pending = next;
    }
    file->pending_end = &file->pending;
}

void memdisk_release(struct memdisk_file *file)
{
    if (file == NULL || --file->references > 0)
        return;
    drop_pending(file);
    free(file->seen.p);
    free(file->durable.p);
    free(file);
}

void memdisk_free(struct memdisk *disk)
{
    for (size_t i = 0; i < disk->names_n; i++) {
        memdisk_release(disk->names[i].seen);
        memdisk_release(disk->names[i].durable);
    }
    disk->names_n = 0;
}

uint64_t memdisk_used(const struct memdisk *disk)
{
    uint64_t used = 0;
    for (size_t i = 0; i < disk->names_n; i++)
        used += disk->names[i].seen != NULL ? disk->names[i].seen->seen.n : 0;
    return used;
}

static struct memdisk_name *find(struct memdisk *disk, const char *name)
{
    for (size_t i = 0; i < disk->names_n; i++) {
        if (strcmp(disk->names[i].name, name) == 0)
            return &disk->names[i];
    }
    return NULL;
}

bool memdisk_exists(const struct memdisk *disk, const char *name)
{
    for (size_t i = 0; i < disk->names_n; i++) {
        if (strcmp(disk->names[i].name, name) == 0)
            return disk->names[i].seen != NULL;
    }
    return false;
}

/* A place for one more name: a new one, or that of a name which is gone on both sides. */
static struct memdisk_name *add(struct memdisk *disk, const char *name)
{
    struct memdisk_name *entry = NULL;
    if (strlen(name) >= MEMDISK_NAME_MAX)
        return NULL;
    for (size_t i = 0; entry == NULL && i < disk->names_n; i++) {
        if (disk->names[i].seen == NULL && disk->names[i].durable == NULL)
            entry = &disk->names[i];
    }
    if (entry == NULL && disk->names_n < MEMDISK_NAMES_MAX)
        entry = &disk->names[disk->names_n++];
    if (entry != NULL) {
        memset(entry, 0, sizeof(*entry));
        memcpy(entry->name, name, strlen(name) + 1);
    }
    return entry;
}

struct memdisk_file *memdisk_open(struct memdisk *disk, const char *name, bool create)
{
    struct memdisk_name *entry = find(disk, name);
    if (entry == NULL || entry->seen == NULL) {
        if (!create)
            return NULL;
        if (entry == NULL)
            entry = add(disk, name);
        if (entry == NULL)
            return NULL;
        entry->seen = calloc(1, sizeof(*entry->seen));
        assert(entry->seen != NULL);
        entry->seen->pending_end = &entry->seen->pending;
        entry->seen->references = 1;
    }
    entry->seen->references++;
    return entry->seen;
}

void memdisk_remove(struct memdisk *disk, const char *name)
{
    struct memdisk_name *entry = find(disk, name);
    if (entry == NULL || entry->seen == NULL)
        return;
    memdisk_release(entry->seen);
    entry->seen = NULL;
}

static void remember(struct memdisk_file *file, uint64_t at, const void *p, uint64_t n, bool is_truncation)
{
    struct memdisk_write *write = malloc(sizeof(*write) + n);
    assert(write != NULL);
    *write = (struct memdisk_write){.at = at, .n = n, .is_truncation = is_truncation};
    if (n > 0)
        memcpy(write->bytes, p, n);
    *file->pending_end = write;
    file->pending_end = &write->next;
}

bool memdisk_write(struct memdisk *disk, struct memdisk_file *file, uint64_t at, const void *p, uint64_t n)
{
    uint64_t grown = at + n > file->seen.n ? at + n - file->seen.n : 0;
    if (disk->size_max > 0 && grown > 0 && memdisk_used(disk) + grown > disk->size_max)
        return false;
    put(&file->seen, at, p, n);
    remember(file, at, p, n, false);
    return true;
}

void memdisk_truncate(struct memdisk_file *file, uint64_t n)
{
    resize(&file->seen, n);
    remember(file, n, NULL, 0, true);
}

uint64_t memdisk_read(const struct memdisk_file *file, uint64_t at, void *ret, uint64_t n)
{
    uint64_t there = at >= file->seen.n ? 0 : file->seen.n - at;
    if (there > n)
        there = n;
    if (there > 0)
        memcpy(ret, file->seen.p + at, there);
    return there;
}

static void apply(struct memdisk_file *file, const struct memdisk_write *write)
{
    if (write->is_truncation)
        resize(&file->durable, write->at);
    else
        put(&file->durable, write->at, write->bytes, write->n);
}

/* Each sector of the disk that the write covers is written or is not. */
static void apply_torn(struct memdisk *disk, struct memdisk_file *file, const struct memdisk_write *write)
{
    uint64_t done = 0;
    while (done < write->n) {
        uint64_t at = write->at + done;
        uint64_t piece = MEMDISK_SECTOR - at % MEMDISK_SECTOR;
        if (piece > write->n - done)
            piece = write->n - done;
        if (memdisk_chance(disk) % 2 == 0)
            put(&file->durable, at, write->bytes + done, piece);
        done += piece;
    }
}

/* What was not synced reaches the disk by chance. */
static void settle(struct memdisk *disk, struct memdisk_file *file)
{
    for (const struct memdisk_write *write = file->pending; write != NULL; write = write->next) {
        uint64_t fate = memdisk_chance(disk) % 3;
        if (fate == 0) {
            apply(file, write);
        } else if (fate == 1 && !write->is_truncation) {
            apply_torn(disk, file, write);
            disk->torn++;
        } else {
            disk->dropped++;
        }
    }
    drop_pending(file);
}

void memdisk_sync_names(struct memdisk *disk)
{
    for (size_t i = 0; i < disk->names_n; i++) {
        struct memdisk_name *entry = &disk->names[i];
        if (entry->seen == entry->durable)
            continue;
        memdisk_release(entry->durable);
        entry->durable = entry->seen;
        if (entry->seen != NULL)
            entry->seen->references++;
    }
}

void memdisk_sync(struct memdisk *disk, struct memdisk_file *file)
{
    for (const struct memdisk_write *write = file->pending; write != NULL; write = write->next)
        apply(file, write);
    drop_pending(file);
    if (file->was_synced)
        return;
    file->was_synced = true;
    for (size_t i = 0; i < disk->names_n; i++) {
        struct memdisk_name *entry = &disk->names[i];
        if (entry->seen != file || entry->durable == file)
            continue;
        memdisk_release(entry->durable);
        entry->durable = file;
        file->references++;
    }
}

void memdisk_sync_fails(struct memdisk *disk, struct memdisk_file *file)
{
    settle(disk, file);
}

static void copy_back(struct memdisk_file *file)
{
    resize(&file->seen, 0);
    put(&file->seen, 0, file->durable.p, file->durable.n);
}

void memdisk_power_cut(struct memdisk *disk)
{
    for (size_t i = 0; i < disk->names_n; i++) {
        struct memdisk_name *entry = &disk->names[i];
        if (entry->seen != entry->durable && memdisk_chance(disk) % 2 == 0) {
            memdisk_release(entry->durable);
            entry->durable = entry->seen;
        } else if (entry->seen != entry->durable) {
            memdisk_release(entry->seen);
            entry->seen = entry->durable;
        } else {
            continue;
        }
        /* Both sides refer to the one that is left. */
        if (entry->seen != NULL)
            entry->seen->references++;
    }
    for (size_t i = 0; i < disk->names_n; i++) {
        struct memdisk_file *file = disk->names[i].seen;
        if (file == NULL)
            continue;
        settle(disk, file);
        copy_back(file);
    }
}
