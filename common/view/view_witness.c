#include "common/view/view_witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/crypto/crypto.h"

enum { FILE_MAX = 1024, NUMBER_DIGITS_MAX = 19 };

static const char first_line[] = "muster signed head 1";

bool witness_holds(const struct witness *witness, const struct public_key *broker)
{
    struct signed_head head = {.present = true,
                               .region = witness->region,
                               .epoch = witness->epoch,
                               .seq = witness->seq,
                               .hash = witness->hash,
                               .signature = witness->signature};

    return witness->seq > 0 && signed_head_verify(broker, &head);
}

static char *path_of(const char *folder, const char *suffix)
{
    char *path;

    return asprintf(&path, "%s/" WITNESS_NAME "%s", folder, suffix) < 0 ? NULL : path;
}

static int os_error(struct err *err, const char *path)
{
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO;

    return err_set(err, code, "%s: cannot be written: %s", path, strerror(errno));
}

static bool put(int fd, const char *text, size_t n)
{
    ssize_t written = write(fd, text, n);

    if (written >= 0 && (size_t)written < n) {
        errno = ENOSPC; /* so short a file is cut by nothing else */
    }
    return written >= 0 && (size_t)written == n && fsync(fd) == 0;
}

static int write_file(const char *path, const char *text, size_t n, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);

    if (fd < 0) {
        return os_error(err, path);
    }
    int result = put(fd, text, n) ? 0 : os_error(err, path);
    if (close(fd) != 0 && result == 0) {
        result = os_error(err, path);
    }
    if (result < 0) {
        (void)unlink(path);
    }
    return result;
}

static int sync_folder(const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return os_error(err, folder);
    }
    int result = fsync(fd) == 0 ? 0 : os_error(err, folder);
    (void)close(fd);
    return result;
}

int witness_write(const char *folder, const struct witness *witness, struct err *err)
{
    char text[FILE_MAX], hash[2 * HASH_BYTES + 1], signature[2 * sizeof witness->signature.b + 1];
    char *path = path_of(folder, ""), *building = path_of(folder, ".new");
    int n = snprintf(text, sizeof text,
                     "%s\nregion: %s\nepoch: %" PRIu64 "\nseq: %" PRIu64 "\nhash: %s\nsignature: %s\n",
                     first_line, witness->region, witness->epoch, witness->seq,
                     hex_format(witness->hash.b, HASH_BYTES, hash),
                     hex_format(witness->signature.b, sizeof witness->signature.b, signature));
    int result;

    if (path == NULL || building == NULL) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
        goto free_paths;
    }
    result = write_file(building, text, (size_t)n, err);
    if (result == 0 && rename(building, path) != 0) {
        result = os_error(err, path);
    }
    if (result == 0) {
        result = sync_folder(folder, err);
    }
free_paths:
    free(path);
    free(building);
    return result;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* What stands behind "key: " in the next line, ended; NULL when it is another line. */
static char *next_value(char **at, const char *key)
{
    char *line = *at, *end = strchr(line, '\n');
    size_t n = strlen(key);

    if (end == NULL || strncmp(line, key, n) != 0) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line + n;
}

static bool read_number(const char *text, uint64_t *ret)
{
    size_t n = text != NULL ? strspn(text, "0123456789") : 0;

    if (n == 0 || n > NUMBER_DIGITS_MAX || text[n] != '\0') {
        return false;
    }
    *ret = 0;
    for (; *text != '\0'; text++) {
        *ret = *ret * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

static bool parse(char *text, struct witness *ret)
{
    char *at = text;
    const char *head = next_value(&at, first_line);
    const char *region = head != NULL && head[0] == '\0' ? next_value(&at, "region: ") : NULL;

    if (region == NULL || strlen(region) >= sizeof ret->region) {
        return false;
    }
    memcpy(ret->region, region, strlen(region) + 1);
    if (!read_number(next_value(&at, "epoch: "), &ret->epoch) ||
        !read_number(next_value(&at, "seq: "), &ret->seq) || ret->seq == 0) {
        return false;
    }
    const char *hash = next_value(&at, "hash: ");
    if (hash == NULL || hex_parse(hash, ret->hash.b, HASH_BYTES) < 0) {
        return false;
    }
    const char *signature = next_value(&at, "signature: ");
    return signature != NULL && hex_parse(signature, ret->signature.b, sizeof ret->signature.b) == 0 &&
           *at == '\0';
}

int witness_read(const char *folder, struct witness *ret, struct err *err)
{
    char text[FILE_MAX];
    struct witness witness = {.seq = 0};
    char *path = path_of(folder, "");
    int result = 0;

    if (path == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    FILE *file = fopen(path, "re");
    if (file == NULL && errno != ENOENT) {
        result = err_set(err, ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    } else if (file != NULL) {
        size_t n = fread(text, 1, sizeof text - 1, file);
        bool bad = ferror(file) != 0;
        text[n] = '\0';
        (void)fclose(file);
        if (bad || strlen(text) != n || !parse(text, &witness)) {
            result = err_set(err, ERR_CORRUPT, "%s: is no signed head; take it away if it was damaged", path);
        }
    }
    free(path);
    if (result == 0) {
        *ret = witness;
    }
    return result;
}
