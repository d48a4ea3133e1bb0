#include "common/crypto/crypto.h"

#include <sodium.h>
#include <string.h>

#include "common/base/err.h"

_Static_assert(HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(SIGN_PUBLIC == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(SIGN_SEED == crypto_sign_SEEDBYTES, "Ed25519 seed");
_Static_assert(SIGN_BYTES == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(SIGN_SEED + SIGN_PUBLIC == crypto_sign_SECRETKEYBYTES, "libsodium's key is seed, public");
_Static_assert(sizeof(struct hash_stream) >= sizeof(crypto_generichash_state), "hash_stream is too small");
_Static_assert(_Alignof(struct hash_stream) >= _Alignof(crypto_generichash_state), "hash_stream's alignment");

int crypto_init(void)
{
    return sodium_init() < 0 ? ERR_SOFTWARE : 0;
}

static void system_fill(void *ctx, void *p, size_t n)
{
    (void)ctx;
    randombytes_buf(p, n);
}

const struct rng *rng_system(void)
{
    static const struct rng system_rng = {NULL, system_fill};

    return &system_rng;
}

/* The generichash calls fail only on lengths that are constants here. */
void hash_start(struct hash_stream *stream)
{
    crypto_generichash_init((crypto_generichash_state *)(void *)stream->opaque, NULL, 0, HASH_BYTES);
}

void hash_add(struct hash_stream *stream, const void *p, size_t n)
{
    if (n > 0)
        crypto_generichash_update((crypto_generichash_state *)(void *)stream->opaque, p, n);
}

struct hash hash_end(struct hash_stream *stream)
{
    struct hash hash;

    crypto_generichash_final((crypto_generichash_state *)(void *)stream->opaque, hash.b, HASH_BYTES);
    return hash;
}

struct hash hash_bytes(const void *p, size_t n)
{
    struct hash hash;

    crypto_generichash(hash.b, HASH_BYTES, p, n, NULL, 0);
    return hash;
}

bool hash_equal(struct hash a, struct hash b)
{
    return memcmp(a.b, b.b, HASH_BYTES) == 0;
}

char *hex_format(const void *p, size_t n, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = digits[b[i] >> 4];
        ret[2 * i + 1] = digits[b[i] & 15u];
    }
    ret[2 * n] = '\0';
    return ret;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_parse(const char *text, void *ret, size_t n)
{
    uint8_t *b = ret;

    /* Checked first, so that ret is set only on success. */
    for (size_t i = 0; i < 2 * n; i++)
        if (hex_digit(text[i]) < 0)
            return ERR_DATA;
    if (text[2 * n] != '\0')
        return ERR_DATA;
    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
    return 0;
}

void sign_key_from_seed(const uint8_t seed[SIGN_SEED], struct sign_key *ret)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];

    memmove(ret->seed, seed, SIGN_SEED);
    crypto_sign_seed_keypair(ret->public.b, secret, ret->seed);
    sodium_memzero(secret, sizeof secret);
}

void sign_key_generate(const struct rng *rng, struct sign_key *ret)
{
    rng->fill(rng->ctx, ret->seed, SIGN_SEED);
    sign_key_from_seed(ret->seed, ret);
}

#ifndef MUSTER_INSECURE_NO_SIGNATURES

struct signature sign(const struct sign_key *key, const void *p, size_t n)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    struct signature signature;

    memcpy(secret, key->seed, SIGN_SEED);
    memcpy(secret + SIGN_SEED, key->public.b, SIGN_PUBLIC);
    crypto_sign_detached(signature.b, NULL, p, n, secret);
    sodium_memzero(secret, sizeof secret);
    return signature;
}

bool sign_verify(const struct public_key *key, const struct signature *signature, const void *p, size_t n)
{
    return crypto_sign_verify_detached(signature->b, p, n, key->b) == 0;
}

#else /* for ./dev bench, to see what signatures cost; see cmake/MusterFlags.cmake */

struct signature sign(const struct sign_key *key, const void *p, size_t n)
{
    (void)key;
    (void)p;
    (void)n;
    return (struct signature){{0}};
}

bool sign_verify(const struct public_key *key, const struct signature *signature, const void *p, size_t n)
{
    (void)key;
    (void)signature;
    (void)p;
    (void)n;
    return true;
}

#endif
