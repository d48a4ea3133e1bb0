/* Any bytes as an alert or a feed: what is taken must be what a command can say, whatever XML it came in. */
#include <stdlib.h>

#include "agents/ctl/cap.h"
#include "common/wire/wire.h"

enum { MEMORY = 256 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void say(void *ctx, const char *text)
{
    (void)ctx;
    (void)text;
}

/* But for the size of all in all, which the importer checks, a command can say it, and a broker reads it. */
static void check(const struct cap_alert *alert)
{
    struct command command = {.kind = COMMAND_RECORD_ALERT,
                              .region = "",
                              .mode = alert_mode(alert->said.status),
                              .agent = "",
                              .operator= "",
                              .record_alert = alert->said};
    struct command again;
    struct arena arena;
    struct buf bytes;

    buf_init(&bytes, 0);
    arena_init(&arena, MEMORY);
    wire_encode_command(&command, &bytes);
    if (bytes.failed || wire_decode_command(buf_bytes(&bytes), &arena, &again, NULL) != 0)
        abort();
    if (command.mode == MODE_NONE || alert->said.sent_ms <= 0 || alert->said.identifier[0] == '\0')
        abort();
    arena_free(&arena);
    buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct cap_file file = {.n = 0};
    struct arena arena;
    struct err err;

    arena_init(&arena, MEMORY);
    if (cap_read("fuzz", (const char *)p, n, &arena, say, NULL, &file, &err) == 0)
        for (size_t i = 0; i < file.n; i++)
            check(&file.alerts[i]);
    arena_free(&arena);
    return 0;
}
