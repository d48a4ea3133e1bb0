/* A disk in memory that tells what was written from what was synced, and forgets the rest when the power
 * goes, as real ones do:
 *
 * - bytes that were written are seen at once, but survive a power cut only if the file was synced since;
 *   of what was not, each write is kept, dropped or torn at 512-byte sectors, each on its own, by chance;
 * - a failed sync settles the fate of what was waiting there and then: a later sync does not bring it back;
 * - a name that was made or removed survives only once its folder is synced (there is one folder).
 *
 * No SQLite here; memvfs.h shows it to SQLite. One thread. All chance comes from one seed. */
#ifndef MUSTER_TESTS_FAULT_MEMDISK_H
#define MUSTER_TESTS_FAULT_MEMDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEMDISK_SECTOR = 512, MEMDISK_NAMES_MAX = 256, MEMDISK_NAME_MAX = 256 };

struct memdisk_write; /* one change of a file that was not synced */

struct memdisk_bytes {
    uint8_t *p;
    uint64_t n;
    uint64_t capacity;
};

/* The content of a file; lives while a name or a handle refers to it. */
struct memdisk_file {
    struct memdisk_bytes seen;
    struct memdisk_bytes durable;
    struct memdisk_write *pending; /* oldest first */
    struct memdisk_write **pending_end;
    bool was_synced;
    unsigned references;
};

struct memdisk_name {
    char name[MEMDISK_NAME_MAX];
    struct memdisk_file *seen;
    struct memdisk_file *durable;
};

struct memdisk {
    struct memdisk_name names[MEMDISK_NAMES_MAX];
    size_t names_n;
    uint64_t size_max; /* bytes of all files together; 0: no limit */
    uint64_t chance;   /* state of the generator */
    uint64_t torn;     /* writes that were, since the beginning */
    uint64_t dropped;
};

void memdisk_init(struct memdisk *disk, uint64_t seed);
void memdisk_free(struct memdisk *disk);

/* The next number of the disk's generator. */
uint64_t memdisk_chance(struct memdisk *disk);

/* NULL when there is none and it is not to be made, or there are too many names. The reference is to be
 * given back. */
struct memdisk_file *memdisk_open(struct memdisk *disk, const char *name, bool create);
void memdisk_release(struct memdisk_file *file);
bool memdisk_exists(const struct memdisk *disk, const char *name);
void memdisk_remove(struct memdisk *disk, const char *name);

/* Bytes of all files that have a name, as seen. */
uint64_t memdisk_used(const struct memdisk *disk);

/* False when the disk is full; then nothing has changed. */
bool memdisk_write(struct memdisk *disk, struct memdisk_file *file, uint64_t at, const void *p, uint64_t n);
void memdisk_truncate(struct memdisk_file *file, uint64_t n);
/* How many of n bytes were there. */
uint64_t memdisk_read(const struct memdisk_file *file, uint64_t at, void *ret, uint64_t n);

/* Syncing a file for the first time makes its own name durable. */
void memdisk_sync(struct memdisk *disk, struct memdisk_file *file);
void memdisk_sync_fails(struct memdisk *disk, struct memdisk_file *file);
void memdisk_sync_names(struct memdisk *disk);

/* The power goes and comes back. Handles from before must not be used but for memdisk_release(). */
void memdisk_power_cut(struct memdisk *disk);

#endif
