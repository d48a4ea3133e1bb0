/* The head file: two checksummed slots outside the database, written by turns, so that a database whose
 * tail was cut (SQLite drops a torn WAL tail without a word) cannot pass as whole. Written off the
 * commit path, at most a second behind, and at shutdown. */
#ifndef MUSTER_COMMON_LOG_LOG_HEAD_H
#define MUSTER_COMMON_LOG_LOG_HEAD_H

#include "common/log/log.h"

enum {
    LOG_HEAD_SLOT = 128,
    LOG_HEAD_STRIDE = 4096, /* between the slots, so that one torn page cannot spoil both */
    LOG_HEAD_FILE = LOG_HEAD_STRIDE + LOG_HEAD_SLOT
};

struct log_head_slot {
    uint64_t generation; /* rises with each write; the higher valid slot counts */
    struct log_head head;
};

void log_head_encode(const struct log_head_slot *slot, uint8_t ret[LOG_HEAD_SLOT]);
/* ERR_CORRUPT when the checksum or the magic is wrong. */
int log_head_decode(const uint8_t bytes[LOG_HEAD_SLOT], struct log_head_slot *ret);

#endif
