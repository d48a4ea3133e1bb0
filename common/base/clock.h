/* Time is an input: whoever needs it is handed one of these. Real programs pass clock_system(), the
 * simulator its own. All values are milliseconds. */
#ifndef MUSTER_COMMON_BASE_CLOCK_H
#define MUSTER_COMMON_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    void *ctx;
    int64_t (*boot_ms)(void *ctx); /* CLOCK_BOOTTIME: counts suspend, never steps */
    int64_t (*utc_ms)(void *ctx);  /* CLOCK_REALTIME as unix milliseconds: may step */
};

/* Randomness likewise. Filling cannot fail. */
struct rng {
    void *ctx;
    void (*fill)(void *ctx, void *p, size_t n);
};

const struct clock *clock_system(void);

/* A 16-byte id of this boot (Linux boot_id); changes at every reboot. 0 or ERR_OS. */
int clock_boot_id(uint8_t ret[16]);

#endif
