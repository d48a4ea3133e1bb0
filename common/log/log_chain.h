/* The chain: hash = BLAKE2b-256(version, previous hash, length-prefixed header, H(payload)).
 * Field by field, with test vectors, in docs/log.md. Pure; any thread. */
#ifndef MUSTER_COMMON_LOG_LOG_CHAIN_H
#define MUSTER_COMMON_LOG_LOG_CHAIN_H

#include "common/log/log.h"

/* The hash of a record whose header and payload_hash are set, after `previous` (zero for seq 1). */
struct hash log_chain(struct hash previous, const struct log_record *record);

/* Whether a record that was read is the one that was written as `seq` after `previous`: its number, its
 * payload against payload_hash (a redacted one has none to check), its hash. 0, or ERR_CORRUPT naming
 * the seq and what is wrong. */
int log_chain_check(struct hash previous, uint64_t seq, const struct log_record *record, struct err *err);

/* Whether what a record says is what was hashed when it was written; true of a redacted one. For whoever
 * reads records without those before them. */
bool log_chain_is_whole(const struct log_record *record);

#endif
