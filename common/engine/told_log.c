#include "common/engine/told_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "common/engine/engine_private.h"

enum { FOLLOWED_MAX = 1 << 20 /* incidents of one region: 64 MiB */ };

struct incident_followed {
    struct id id;
    bool more; /* of its past: nothing new is told before that */
    UT_hash_handle hh;
};

struct told_log {
    char agent[NAME_MAX_BYTES + 1];
    char region[REGION_CODE_MAX + 1];
    struct incident_followed *incidents;
    size_t n;
};

struct told_log *told_log_new(const char *agent)
{
    struct told_log *told_log = calloc(1, sizeof *told_log);

    if (told_log == NULL || strlen(agent) > NAME_MAX_BYTES || !name_is_link(agent, told_log->region)) {
        free(told_log);
        return NULL;
    }
    memcpy(told_log->agent, agent, strlen(agent) + 1);
    return told_log;
}

void told_log_free(struct told_log *told_log)
{
    struct incident_followed *at, *next;

    if (told_log == NULL) {
        return;
    }
    HASH_ITER (hh, told_log->incidents, at, next) {
        HASH_DEL(told_log->incidents, at); /* NOLINT(clang-analyzer-unix.Malloc) */
        free(at);
    }
    free(told_log);
}

static struct incident_followed *find(const struct told_log *told_log, struct id id)
{
    struct incident_followed *at;

    HASH_FIND(hh, told_log->incidents, &id, sizeof id, at);
    return at;
}

static int begin(struct told_log *told_log, struct id id, bool more)
{
    struct incident_followed *at = find(told_log, id);

    if (at == NULL) {
        at = told_log->n < FOLLOWED_MAX ? calloc(1, sizeof *at) : NULL;
        if (at == NULL) {
            return ERR_NO_MEMORY;
        }
        at->id = id;
        HASH_ADD(hh, told_log->incidents, id, sizeof at->id, at);
        if (at->hh.tbl == NULL) { /* uthash is told not to end the program */
            free(at);
            return ERR_NO_MEMORY;
        }
        told_log->n++;
    }
    at->more = more;
    return 0;
}

/* As route.c has it for what is told. */
static int take_event(struct told_log *told_log, const struct event *event, bool *told)
{
    const struct incident_followed *at;

    switch (event->kind) {
    case EVENT_SHARE_BEGUN:
        if (strcmp(event->share_begun.region, told_log->region) != 0) {
            return 0;
        }
        *told = *told || event->share_begun.up_to_seq != 0;
        return begin(told_log, event->incident, event->share_begun.more);
    case EVENT_SHARED:
    case EVENT_HEARD:
        at = find(told_log, event->incident);
        *told = *told || (at != NULL && !at->more);
        return 0;
    default:
        return 0;
    }
}

/* It came from there, or by way of there. */
static bool is_its_own(const struct told_log *told_log, const struct log_record *record,
                       const struct record *decoded, struct arena *arena)
{
    struct command command;

    if (strcmp(record->header.author, told_log->agent) == 0) {
        return true;
    }
    if (wire_decode_command(decoded->signed_command.payload, arena, &command, NULL) < 0) {
        return true; /* it can be told to nobody */
    }
    const struct tell_record *heard = command_tells(&command);
    return heard != NULL && strcmp(heard->shared.region, told_log->region) == 0;
}

int told_log_take(struct told_log *told_log, const struct log_record *record, bool *ret_told)
{
    struct record decoded;
    struct arena arena;
    bool told = false;
    int rc = 0;

    *ret_told = false;
    if (record->redacted) {
        return 0;
    }
    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    if (wire_decode_record(record->payload, &arena, &decoded, NULL) == 0) {
        for (size_t i = 0; i < decoded.events_n && rc == 0; i++) {
            rc = take_event(told_log, &decoded.events[i], &told);
        }
        *ret_told = rc == 0 && told && !is_its_own(told_log, record, &decoded, &arena);
    }
    rc = arena.starved ? ERR_NO_MEMORY : rc;
    arena_free(&arena);
    return rc;
}
