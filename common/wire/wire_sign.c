#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 1 << MERKLE_DEPTH_MAX, HEAD_TEXT_MAX = 512 };

static struct hash leaf_of(const struct signed_command *command)
{
    return merkle_leaf(command->salt, command->payload.p, command->payload.n);
}

bool signed_root(const struct signed_command *command, struct hash *ret)
{
    return merkle_climb(leaf_of(command), command->batch_index, command->batch_size, command->path,
                        command->path_n, ret);
}

bool signed_holds(struct batch_proof *proof, const struct public_key *key,
                  const struct signed_command *command, struct hash *ret_root)
{
    const struct signature *signature = &command->signatures[0].signature;

    if (command->signatures_n == 0)
        return false;
    if (!proof || command->batch_size <= 1)
        return signed_root(command, ret_root) && sign_verify_root(key, signature, *ret_root);
    if (!merkle_climb_by(&proof->way, leaf_of(command), command->batch_index, command->batch_size,
                         command->path, command->path_n, ret_root))
        return false;
    if (proof->holds && memcmp(proof->key.b, key->b, sizeof key->b) == 0 &&
        hash_equal(proof->root, *ret_root) &&
        memcmp(proof->signature.b, signature->b, sizeof signature->b) == 0)
        return true; /* another command of the same batch */
    if (!sign_verify_root(key, signature, *ret_root))
        return false;
    proof->key = *key;
    proof->root = *ret_root;
    proof->signature = *signature;
    proof->holds = true;
    return true;
}

/* Adds the siblings of this level to each path, and makes the level above in the same memory. merkle_path
 * would give the same, at the cost of the whole tree for each command. */
static size_t climb_level(struct hash *level, size_t level_n, unsigned height,
                          struct signed_command *commands, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t sibling = (i >> height) ^ 1;

        if (sibling < level_n)
            commands[i].path[commands[i].path_n++] = level[sibling];
    }
    for (size_t i = 0; i < level_n; i += 2) {
        struct hash pair[2] = {level[i], level[i + 1 < level_n ? i + 1 : i]};

        level[i / 2] = i + 1 < level_n ? merkle_root(pair, 2) : pair[0];
    }
    return (level_n + 1) / 2;
}

int sign_batch(const struct sign_key *key, const struct rng *rng, struct signed_command *commands, size_t n)
{
    struct wire_signature signature = {.signer = ""};
    struct hash *level;
    size_t level_n = n;

    if (n < 1)
        return ERR_USAGE;
    if (n > BATCH_MAX)
        return ERR_TOO_BIG;
    level = calloc(n, sizeof *level);
    if (!level)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        rng->fill(rng->ctx, commands[i].salt, sizeof commands[i].salt);
        commands[i].batch_index = (uint32_t)i;
        commands[i].batch_size = (uint32_t)n;
        commands[i].path_n = 0;
        level[i] = leaf_of(&commands[i]);
    }
    for (unsigned height = 0; level_n > 1; height++)
        level_n = climb_level(level, level_n, height, commands, n);
    signature.signature = sign_root(key, level[0]);
    for (size_t i = 0; i < n; i++) {
        commands[i].signatures[0] = signature;
        commands[i].signatures_n = 1;
    }
    free(level);
    return 0;
}

int sign_again(const struct sign_key *key, const char *signer, struct signed_command *command)
{
    struct hash root;

    if (command->signatures_n < 1)
        return ERR_USAGE;
    if (command->signatures_n >= SIGNATURES_MAX)
        return ERR_TOO_BIG;
    if (!signed_root(command, &root))
        return ERR_DATA;
    command->signatures[command->signatures_n++] =
        (struct wire_signature){.signer = signer, .signature = sign_root(key, root)};
    return 0;
}

static size_t put_u64(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < sizeof value; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
    return sizeof value;
}

/* domain 0x00 region 0x00 epoch seq hash; a region is no longer than a name. */
static bool bytes_of(const char *domain, const char *region, uint64_t epoch, uint64_t seq, struct hash hash,
                     uint8_t ret[HEAD_TEXT_MAX], size_t *ret_n)
{
    size_t domain_n = strlen(domain) + 1, region_n = strlen(region) + 1, n = 0;

    if (region_n > NAME_MAX_BYTES + 1)
        return false;
    memcpy(ret, domain, domain_n);
    n += domain_n;
    memcpy(ret + n, region, region_n);
    n += region_n;
    n += put_u64(ret + n, epoch);
    n += put_u64(ret + n, seq);
    memcpy(ret + n, hash.b, sizeof hash.b);
    *ret_n = n + sizeof hash.b;
    return true;
}

static bool head_bytes(const struct signed_head *head, uint8_t ret[HEAD_TEXT_MAX], size_t *ret_n)
{
    return bytes_of("muster-head-v1", head->region, head->epoch, head->seq, head->hash, ret, ret_n);
}

/* Its hash is of its time and the record. */
static bool shared_bytes(const struct shared_record *shared, uint8_t ret[HEAD_TEXT_MAX], size_t *ret_n)
{
    struct hash_stream stream;
    uint8_t time[sizeof(uint64_t)];

    hash_start(&stream);
    hash_add(&stream, time, put_u64(time, (uint64_t)shared->bus_ms));
    hash_add(&stream, shared->record.p, shared->record.n);
    return bytes_of("muster-shared-v1", shared->region, shared->epoch, shared->seq, hash_end(&stream), ret,
                    ret_n);
}

void shared_sign(const struct sign_key *broker, struct shared_record *shared)
{
    uint8_t bytes[HEAD_TEXT_MAX];
    size_t n;

    if (shared_bytes(shared, bytes, &n)) {
        struct signature signature = sign(broker, bytes, n);
        memcpy(shared->signature, signature.b, sizeof shared->signature);
    }
}

bool shared_verify(const struct public_key *broker, const struct shared_record *shared)
{
    uint8_t bytes[HEAD_TEXT_MAX];
    struct signature signature;
    size_t n;

    memcpy(signature.b, shared->signature, sizeof signature.b);
    return shared_bytes(shared, bytes, &n) && sign_verify(broker, &signature, bytes, n);
}

void signed_head_sign(const struct sign_key *broker, struct signed_head *head)
{
    uint8_t bytes[HEAD_TEXT_MAX];
    size_t n;

    head->present = head_bytes(head, bytes, &n);
    if (head->present)
        head->signature = sign(broker, bytes, n);
}

bool signed_head_verify(const struct public_key *broker, const struct signed_head *head)
{
    uint8_t bytes[HEAD_TEXT_MAX];
    size_t n;

    return head->present && head_bytes(head, bytes, &n) && sign_verify(broker, &head->signature, bytes, n);
}
