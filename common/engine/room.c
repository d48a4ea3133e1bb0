/* When the disk is full. The log gives its reserve back to the file system, and from then on it takes what
 * must not wait: reports, recalls, evacuations, receipts, units, Acks, and what passes by deadline. All else
 * is refused for good, with the reason, until the log has its reserve again. */
#include "common/engine/engine_private.h"

enum {
    ROOM_ASK_MS = 1000,
    ROOM_SAID_MS = 60 * 1000 /* said to the keeper at once, and again every minute */
};

bool room_for(const struct engine *engine, enum command_kind kind)
{
    switch (kind) {
    case COMMAND_FILE_REPORT:
    case COMMAND_RECALL_ORDER:
    case COMMAND_ORDER_EVACUATION:
    case COMMAND_GIVE_RECEIPT:
    case COMMAND_STATE_UNITS:
    case COMMAND_ACK:
    case COMMAND_TELL_RECORD: /* another region waits for it, and has decided already */
        return true;
    default:
        return !engine->disk_low;
    }
}

void room_ended(struct engine *engine, const char *why)
{
    int64_t boot = engine_boot(engine);

    if (!engine->disk_low || boot >= engine->disk_said_ms + ROOM_SAID_MS) {
        engine->disk_said_ms = boot;
        engine_note(
            engine, LOG_LEVEL_ERROR,
            "the disk is full: %s; until there is space only reports, recalls, evacuations, receipts and "
            "units are taken, into a reserve",
            why);
    }
    if (!engine->disk_low) {
        engine->disk_low = true;
        engine->room_asked_ms = boot;
    }
}

static void room_answered(struct engine *engine, struct job *job)
{
    bool low = job->request.answer.number != 0;

    engine->room_asking = false;
    if (low && !engine->disk_low) {
        room_ended(engine, "the log has no reserve");
    } else if (!low && engine->disk_low) {
        engine->disk_low = false;
        engine_note(engine, LOG_LEVEL_NOTICE, "there is space on the disk again: everything is taken");
    }
}

void room_ask(struct engine *engine)
{
    struct job *job = job_new(room_answered);

    engine->room_asked_ms = engine_boot(engine);
    if (job == NULL) {
        return; /* asked again in a moment */
    }
    engine->room_asking = true;
    job->request.query = (struct log_query){.question = LOG_Q_ROOM};
    job_submit(engine, job);
}

int64_t room_ask_ms(const struct engine *engine)
{
    return engine->disk_low && !engine->room_asking ? engine->room_asked_ms + ROOM_ASK_MS : INT64_MAX;
}
