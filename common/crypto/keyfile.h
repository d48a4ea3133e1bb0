/* Key files: a public part that may be shown, and a secret part that only its owner may read.
 *
 * A secret file (NAME.key) is text, mode 0600:
 *   muster secret key 1
 *   name: 370102/fire-rescue/station-3
 *   sign: <64 hex digits: Ed25519 seed>
 *   curve: <64 hex digits: Curve25519 secret>
 * A public file (NAME.pub) is the same with "muster public key 1" and the public halves. */
#ifndef MUSTER_COMMON_CRYPTO_KEYFILE_H
#define MUSTER_COMMON_CRYPTO_KEYFILE_H

#include "common/base/err.h"
#include "common/crypto/crypto.h"

enum { CURVE_BYTES = 32, KEY_NAME_MAX = 128 };

struct secret_keys {
    char name[KEY_NAME_MAX];
    struct sign_key sign;
    uint8_t curve_secret[CURVE_BYTES];
    uint8_t curve_public[CURVE_BYTES];
};

struct public_keys {
    char name[KEY_NAME_MAX];
    struct public_key sign;
    uint8_t curve[CURVE_BYTES];
};

/* A name is 1 to KEY_NAME_MAX - 1 bytes of UTF-8 without controls; one that is not is left empty, and
 * the writers refuse it. */
void keys_generate(const char *name, const struct rng *rng, struct secret_keys *ret);
struct public_keys keys_public(const struct secret_keys *keys);

/* Refuses to replace a file that is there (ERR_CANNOT_CREATE) and a bad name (ERR_USAGE); a secret file
 * gets mode 0600, a public one 0644 less the umask; file and folder are fsynced. When writing fails,
 * no file is left. */
int keyfile_write_secret(const char *path, const struct secret_keys *keys, struct err *err);
int keyfile_write_public(const char *path, const struct public_keys *keys, struct err *err);

/* Refuses a secret that others than its owner may read (ERR_PERMISSION, naming the chmod that mends
 * it), a symbolic link to nowhere, a missing file (ERR_NO_INPUT), or anything but the format above
 * (ERR_CONFIG, with the line). ret is set only on success. */
int keyfile_read_secret(const char *path, struct secret_keys *ret, struct err *err);
int keyfile_read_public(const char *path, struct public_keys *ret, struct err *err);

void keys_wipe(struct secret_keys *keys);

#endif
