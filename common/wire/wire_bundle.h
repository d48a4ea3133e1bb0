/* Envelopes that are to go out in one frame, gathered as they are said: a Bundle of them, or the envelope
 * itself where there is only one. They stand in memory as they will be sent. Pure; any thread. */
#ifndef MUSTER_COMMON_WIRE_WIRE_BUNDLE_H
#define MUSTER_COMMON_WIRE_WIRE_BUNDLE_H

#include "common/base/buf.h"
#include "common/wire/wire.h"

/* A frame of so many bytes at most is gathered. Measured, of the 60 us of CPU that an order cost both sides
 * pipelined: 16 envelopes in 8 KiB save 7, 64 in 32 KiB 11, 128 in 64 KiB 13, and make longer turns. */
enum { BUNDLE_BYTES_MAX = 32 * 1024 };

/* Zeros are an empty one, and hold no memory. */
struct bundler {
    struct buf buf;
    size_t n;
    size_t first; /* where the first envelope's own bytes begin */
};

/* Whether such an envelope can be in a bundle at all; else it goes by itself. */
bool bundler_takes(size_t bytes);
/* Whether it can go with what is there, in a bundle of so many envelopes at most (at least one). */
bool bundler_has_room(const struct bundler *bundler, size_t bytes, uint32_t envelopes_max);
/* Copies it. It must be taken, and have room. ERR_NO_MEMORY: what was there stays. */
int bundler_add(struct bundler *bundler, struct bytes envelope);
/* The frame of what was added, at least one; valid until the next call. */
struct bytes bundler_frame(struct bundler *bundler);
/* Empties it: clear keeps the memory for the next use. */
void bundler_clear(struct bundler *bundler);
void bundler_free(struct bundler *bundler);

#endif
