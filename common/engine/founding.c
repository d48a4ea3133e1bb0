/* The way into service: the region's stream, the founding of a new log or the recovery of an old one, the
 * clock, what is open. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

/* A wall clock further ahead than this of the last record, or further behind, waits for a person's word. */
#define CLOCK_AHEAD_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)
#define CLOCK_BEHIND_MAX_MS (INT64_C(3600) * 1000)

static void founding_begin(struct engine *engine)
{

    engine->phase = PHASE_REGION;
    (void)region_is_loaded(engine);
}

void engine_start(struct engine *engine)
{
    /* until the region is loaded, time is only for pauses */
    engine->offset_ms = 0;
    founding_begin(engine);
}

/* One founding command: decoded, its root signature checked. */
static struct submission *founding_command(struct engine *engine, struct bytes bytes)
{
    struct submission *submission = submission_new(engine);
    struct err err = {0};
    struct hash root;

    if (submission == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for the founding");
        return NULL;
    }
    if (wire_decode_signed(bytes, &submission->arena, &submission->signed_command, &err) < 0 ||
        wire_decode_command(submission->signed_command.payload, &submission->arena, &submission->command,
                            &err) < 0) {
        engine_fail(engine, ERR_CONFIG, "genesis: %s; make it anew with muster keys init", err.text);
        goto bad;
    }
    if (!signed_holds(NULL, &engine->options.region_keys->sign, &submission->signed_command, &root)) {
        engine_fail(engine, ERR_CONFIG, "genesis: a command is not signed by the region's root key");
        goto bad;
    }
    submission->command.signer = SIGNER_ROOT;
    submission->command.cosigner = "";
    submission->verified = true;
    return submission;

bad:
    submission_free(engine, submission);
    return NULL;
}

/* Decides all of the genesis. What a founding that was cut off has left in the log changes nothing now. */
static bool decide_genesis(struct engine *engine)
{
    const uint8_t *p = engine->options.genesis.p;
    size_t left = engine->options.genesis.n;
    bool begun = engine->head.seq > 0;

    while (left > 0) {
        size_t n =
            left < 4 ? SIZE_MAX : (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | (size_t)p[3];
        if (n > left - 4) {
            engine_fail(engine, ERR_CONFIG, "genesis is cut short: make it anew with muster keys init");
            return false;
        }
        struct submission *submission = founding_command(engine, (struct bytes){p + 4, n});
        if (submission == NULL) {
            return false;
        }
        p += 4 + n;
        left -= 4 + n;
        if (begun && submission->command.kind == COMMAND_FOUND_REGION) {
            submission_free(engine, submission); /* there, and ours: region_is_ours() */
            continue;
        }
        commit_decide(engine, submission);
        if (engine->numbers.refused > 0) {
            engine_fail(engine, ERR_CONFIG, "genesis holds a command that is refused: see muster keys init");
            return false;
        }
    }
    return true;
}

static void move_first(struct batch *from, struct batch *to)
{
    struct submission *submission = from->first;

    DL_DELETE(from->first, submission);
    from->n--;
    DL_APPEND(to->first, submission);
    to->n++;
}

/* The next commit of the founding. */
static void found_some(struct engine *engine)
{
    while (engine->founding.n > 0 && engine->gather.n < LOG_BATCH_MAX) {
        move_first(&engine->founding, &engine->gather);
    }
    commit_flush(engine);
}

/* All is decided before anything is written; then it is written in as many commits as it needs. The clock is
 * set after the last of them and never before: a log without a clock is one whose founding was cut off. */
static void found(struct engine *engine)
{
    if (engine->options.genesis.n == 0) {
        engine_fail(engine, ERR_CONFIG,
                    engine->head.seq == 0
                        ? "the log is new and no genesis is given: name it in the config"
                        : "the log's founding was cut off and no genesis is given: name it in the config");
        return;
    }
    if (decide_genesis(engine)) {
        engine->founding = engine->gather;
        engine->gather = (struct batch){0};
        found_some(engine);
    }
}

static bool is_founded(const struct engine *engine)
{
    return state_region(engine->state)->clock_bus_ms != 0;
}

/* --- going on from an older log --------------------------------------------------------------------- */

/* The word was given for this log and has been heeded: a broker that died right after it, and was started in
 * the same way again, does not raise the epoch once more; unless it has lost a tail since. */
static bool is_recovered(const struct engine *engine)
{
    const struct region *region = state_region(engine->state);

    return !engine->options.tail_given_up && region->recovered_epoch + 1 == engine->options.epoch &&
           strcmp(region->recovered_reason, engine->options.recover) == 0;
}

static bool may_recover(struct engine *engine)
{
    if (engine->options.recover == NULL) {
        return true;
    }
    if (engine->options.recover[0] == '\0') {
        engine_fail(engine, ERR_USAGE, "a recovery needs a reason");
    } else if (engine->head.seq == 0 ||
               (state_region(engine->state)->code[0] != '\0' && !is_founded(engine))) {
        engine_fail(engine, ERR_CONFIG,
                    "there is no log to recover: put the backup in its place, or start without --recover");
    }
    return engine->phase != PHASE_FAILED;
}

/* The last record of the epoch is named, and the next epoch begins. In one commit with the clock: it is there
 * whole or not at all. */
static void recover(struct engine *engine)
{
    unsigned long long epoch = (unsigned long long)engine->options.epoch;
    unsigned long long seq = (unsigned long long)engine->head.seq;
    struct command command = {.kind = COMMAND_RECOVER,
                              .mode = MODE_ACTUAL,
                              .recover = {.epoch = engine->options.epoch,
                                          .seq = engine->head.seq,
                                          .reason = engine->options.recover}};

    if (engine->options.recover == NULL) {
        return;
    }
    if (is_recovered(engine)) {
        engine_note(engine, LOG_LEVEL_WARNING,
                    "recovered already for this reason, after seq %llu: nothing is done; start without "
                    "--recover, or give another reason if it is to be done again",
                    (unsigned long long)state_region(engine->state)->recovered_seq);
        return;
    }
    memcpy(command.recover.hash, engine->head.hash.b, sizeof command.recover.hash);
    engine->options.epoch++;
    commit_own(engine, &command);
    engine_note(engine, LOG_LEVEL_WARNING,
                "recovered: goes on from seq %llu of epoch %llu, in epoch %llu (%s). What was written after "
                "that record is lost; agents that saw more of it say so, and it is written down",
                seq, epoch, epoch + 1, engine->options.recover);
}

/* --- the clock ------------------------------------------------------------------------------------ */

/* In the same boot bus time goes on where it was; after another it is the later of wall clock and log. */
static bool set_clock(struct engine *engine)
{
    const struct region *region = state_region(engine->state);
    int64_t boot = engine_boot(engine);
    int64_t utc = engine->clock->utc_ms(engine->clock->ctx);
    int64_t last = engine->head.bus_ms;
    bool same_boot = region->clock_bus_ms != 0 && !MUTANT(MUTANT_FORGET_CLOCK) &&
                     memcmp(region->clock_boot, engine->options.boot, sizeof region->clock_boot) == 0;
    int64_t bus = same_boot ? boot + (region->clock_bus_ms - region->clock_boot_ms) : utc;

    if (!same_boot && last != 0 && !engine->options.accept_clock &&
        (utc - last > CLOCK_AHEAD_MAX_MS || last - utc > CLOCK_BEHIND_MAX_MS)) {
        engine_fail(
            engine, ERR_CONFIG,
            "the wall clock is %lld h %s the last record: set it, or give accept_clock if it is right",
            (long long)(llabs((long long)(utc - last)) / 3600000), utc > last ? "ahead of" : "behind");
        return false;
    }
    bus = bus > last ? bus : last;
    engine->offset_ms = bus - boot;

    struct command command = {.kind = COMMAND_SET_CLOCK,
                              .mode = MODE_ACTUAL,
                              .set_clock = {.bus_ms = bus,
                                            .utc_ms = utc,
                                            .boot_ms = boot,
                                            .reason = "start",
                                            .generation = EVENT_GENERATION,
                                            .stepped_ms = clock_watch_stepped(engine, boot, utc)}};
    memcpy(command.set_clock.boot, engine->options.boot, sizeof command.set_clock.boot);
    recover(engine);
    commit_own(engine, &command);
    commit_flush(engine);
    return true;
}

/* --- what is open --------------------------------------------------------------------------------- */

static void ask_open(struct engine *engine, const char *after);

static void open_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;

    for (size_t i = 0; i < answer->names_n; i++) {
        if (!streams_have_room(engine)) { /* the others are read when somebody names them, or they are due */
            engine->due_elsewhere = true;
            return;
        }
        (void)stream_ready_by_name(engine, answer->names[i].name);
    }
    if (answer->more && answer->names_n > 0) {
        ask_open(engine, answer->names[answer->names_n - 1].name);
    }
}

static void ask_open(struct engine *engine, const char *after)
{
    struct job *job = job_new(open_answered);

    if (job == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory at start");
        return;
    }
    memcpy(job->name, after, strlen(after) + 1);
    job->request.query = (struct log_query){.question = LOG_Q_OPEN};
    job_submit(engine, job);
}

static bool region_is_ours(struct engine *engine)
{
    const struct region *region = state_region(engine->state);

    if (region->code[0] == '\0') {
        engine_fail(engine, ERR_CORRUPT, "the log does not begin with its founding");
    } else if (memcmp(region->root_key, engine->options.region_keys->sign.b, KEY_BYTES) != 0) {
        engine_fail(engine, ERR_CONFIG, "the log was founded under another root key than keys.region names");
    } else if (memcmp(region->broker_sign_key, engine->broker_key.b, KEY_BYTES) != 0) {
        engine_fail(engine, ERR_CONFIG, "the log names another broker key than keys.broker");
    } else if (region->parent[0] != '\0' && !region_may_be_parent(region->parent, region->code)) {
        engine_fail(engine, ERR_CONFIG,
                    "the log was founded with region %s as the parent of %s, which is of no higher level: "
                    "parents would go round in a circle; found it anew with another --parent",
                    region->parent, region->code);
    }
    return engine->phase != PHASE_FAILED;
}

/* What a newer version wrote, or put in force, may be beyond this one. */
static bool rules_are_read(struct engine *engine)
{
    unsigned generation = (unsigned)state_region(engine->state)->generation;
    struct err err = {0};

    if (generation > EVENT_GENERATION) {
        engine_fail(engine, ERR_CONFIG,
                    "the log holds events of generation %u, this version knows %d: start a newer one",
                    generation, EVENT_GENERATION);
        return false;
    }
    int rc = rule_book_check(engine->book, state_region(engine->state), &err);

    if (rc != 0) {
        engine_fail(
            engine, rc,
            "a rule pack in force cannot be read by this version (%s): start the one before and drop it",
            err.text);
    }
    return rc == 0;
}

void founding_advance(struct engine *engine)
{
    if (engine->loads_under_way > 0 || engine->jobs_under_way > 0 || engine->flying || engine->gather.n > 0) {
        return;
    }
    switch (engine->phase) {
    case PHASE_REGION:
        engine->phase = PHASE_FOUNDING;
        if (!may_recover(engine)) {
            return;
        }
        if (engine->head.seq == 0 || (region_is_ours(engine) && !is_founded(engine))) {
            int64_t utc = engine->clock->utc_ms(engine->clock->ctx), last = engine->head.bus_ms;
            engine->offset_ms = (utc > last ? utc : last) - engine_boot(engine);
            found(engine);
        }
        founding_advance(engine);
        return;
    case PHASE_FOUNDING:
        if (engine->founding.n > 0) {
            found_some(engine);
        } else if (region_is_ours(engine) && rules_are_read(engine) && set_clock(engine)) {
            engine->phase = PHASE_OPEN;
            fresh_begin(engine);
            room_ask(engine);
            ask_open(engine, "");
        }
        return;
    case PHASE_OPEN:
        engine->phase = PHASE_SERVICE;
        engine->swept_ms = engine_boot(engine);
        engine->tails_ms = INT64_MAX;
        clock_watch_begin(engine);
        lookouts_look_at_packs(engine);
        engine->io.on_service(engine->io.ctx);
        return;
    case PHASE_NEW:
    case PHASE_SERVICE:
    case PHASE_STOPPING:
    case PHASE_FAILED:
        return;
    }
}
