#include "common/base/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/err.h"

static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";

static int64_t read_ms(clockid_t clock)
{
    struct timespec now = {0};

    /* Cannot fail: both clocks exist on every Linux that Debian 12 runs on. */
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_boot_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t system_utc_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {NULL, system_boot_ms, system_utc_ms};

    return &system_clock;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The kernel writes a UUID, 8-4-4-4-12 lower-case digits. */
int clock_boot_id(uint8_t ret[16])
{
    char text[64];
    uint8_t id[16] = {0};
    size_t digits = 0;
    ssize_t n;
    int fd = open(boot_id_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return ERR_OS;
    n = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < n && digits < 32; i++) {
        int value = nibble(text[i]);

        if (text[i] == '-')
            continue;
        if (value < 0)
            break;
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
        digits++;
    }
    if (digits != 32)
        return ERR_OS;
    memcpy(ret, id, sizeof id);
    return 0;
}
