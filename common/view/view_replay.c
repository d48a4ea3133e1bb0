#include "common/view/view_replay.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

enum { WHO_COLUMNS = 30, TOLD_LATE_MS = 1000, RECORD_MEMORY_KEPT = 256 * 1024 };

struct view_replay {
    struct view *view;
    struct view_replay_options options;
    struct arena arena;
    struct buf line;
    uint64_t shown;
    bool tell_similar;
    struct suspect suspects[VIEW_SIMILAR_SHOWN]; /* of the step that is being shown */
    size_t suspects_n;
};

struct view_replay *view_replay_new(struct view *view, const struct view_replay_options *options)
{
    struct view_replay *replay = calloc(1, sizeof *replay);

    if (replay == NULL) {
        return NULL;
    }
    replay->view = view;
    replay->options = *options;
    arena_init(&replay->arena, VIEW_RECORD_MEMORY);
    buf_init(&replay->line, 0);
    if (arena_alloc(&replay->arena, RECORD_MEMORY_KEPT) == NULL) {
        free(replay);
        return NULL;
    }
    arena_reset(&replay->arena);
    return replay;
}

void view_replay_free(struct view_replay *replay)
{
    if (replay == NULL) {
        return;
    }
    arena_free(&replay->arena);
    buf_free(&replay->line);
    free(replay);
}

void view_replay_begin(const struct view_replay *replay, struct buf *ret)
{
    if (replay->options.format == VIEW_CSV) {
        view_replay_csv_names(ret);
    }
}

void view_replay_tell_similar(struct view_replay *replay, bool tell)
{
    replay->tell_similar = tell;
}

uint64_t view_replay_shown(const struct view_replay *replay)
{
    return replay->shown;
}

/* --- what is asked for ------------------------------------------------------------------------ */

static bool is_asked_incident(const struct view_replay *replay, struct id incident)
{
    const char *end = replay->options.incident;
    size_t n = strlen(end);
    char text[ID_TEXT];

    if (n == 0) {
        return true;
    }
    if (id_is_zero(incident) || n > ID_TEXT - 1) {
        return false;
    }
    id_format(incident, text);
    return strcasecmp(text + ID_TEXT - 1 - n, end) == 0;
}

static bool is_asked(const struct view_replay *replay, const struct view_step *step)
{
    enum mode mode = replay->options.mode;

    return (mode == MODE_NONE || step->mode == MODE_NONE || step->mode == mode) &&
           is_asked_incident(replay, step->incident);
}

/* --- lines for people ------------------------------------------------------------------------- */

static void put_who(const struct view_replay *replay, const struct view_step *step, struct buf *ret)
{
    const struct state *state = view_state(replay->view);
    const char *author = view_short_name(state, step->author);
    char who[2 * NAME_MAX_BYTES], shown[4 * NAME_MAX_BYTES];

    if (step->operator[0] != '\0') {
        (void)snprintf(who, sizeof who, "%s (%s)", author, step->operator);
    } else {
        (void)snprintf(who, sizeof who, "%s", author[0] != '\0' ? author : "-");
    }
    (void)text_escape_into(shown, sizeof shown, who, strlen(who));
    size_t columns = text_columns(shown);
    buf_puts(ret, shown);
    for (; columns < WHO_COLUMNS; columns++) {
        buf_puts(ret, " ");
    }
}

/* "2026-11-22 11:00:07     12  " and who. History is shown at its own time. */
static void put_left(const struct view_replay *replay, const struct view_step *step, enum view_tone tone,
                     struct buf *ret)
{
    const struct view_voice *voice = &replay->options.voice;
    int64_t at = step->history && step->at_ms != 0 ? step->at_ms : step->bus_ms;
    char time[VIEW_TIME];

    buf_printf(ret, "%s%s%s %6llu  ", view_tone_on(voice, TONE_QUIET),
               view_time(view_state(replay->view), at, time), view_tone_off(voice, TONE_QUIET),
               (unsigned long long)step->seq);
    buf_puts(ret, view_tone_on(voice, tone));
    put_who(replay, step, ret);
    buf_puts(ret, "  ");
    if (step->mode != MODE_NONE && step->mode != MODE_ACTUAL) {
        buf_printf(ret, voice->zh ? "【%s】" : "[%s] ", view_mode_name(voice, step->mode));
    }
}

/* What was told later than it happened says when it happened. */
static void put_right(const struct view_replay *replay, const struct view_step *step, enum view_tone tone,
                      struct buf *ret)
{
    const struct view_voice *voice = &replay->options.voice;
    char clock[VIEW_TIME];

    if (!step->history && step->at_ms != 0 && step->bus_ms - step->at_ms >= TOLD_LATE_MS) {
        buf_printf(ret, voice->zh ? "（发生于 %s）" : " [happened at %s]",
                   view_clock(view_state(replay->view), step->at_ms, step->bus_ms, clock));
    }
    buf_puts(ret, view_tone_off(voice, tone));
    buf_puts(ret, "\n");
}

static void show_text(struct view_replay *replay, const struct view_step *step, const char *sentence,
                      enum view_tone tone, struct buf *ret)
{
    put_left(replay, step, tone, ret);
    buf_puts(ret, sentence);
    put_right(replay, step, tone, ret);
    replay->shown++;
}

/* Whether the step tells something that incidents are compared by. */
static bool is_compared(const struct view_step *step)
{
    const uint32_t compared = 1u << FACT_KIND | 1u << FACT_PLACE | 1u << FACT_POSITION | 1u << FACT_TIME;

    return step->kind == EVENT_FACTS_CHANGED && (facts_known(step->facts) & compared) != 0;
}

/* What may be the same event as the step's incident, as of now. */
static int find_similar(struct view_replay *replay, const struct view_step *step)
{
    struct similar_pool pool;

    if (!replay->tell_similar || replay->options.format == VIEW_CSV || !is_compared(step) ||
        !is_asked(replay, step)) {
        return 0;
    }
    if (view_similar_pool(replay->view, step->bus_ms, &pool) < 0) {
        return ERR_NO_MEMORY;
    }
    replay->suspects_n = view_suspects(&pool, step->incident, replay->suspects, VIEW_SIMILAR_SHOWN);
    view_similar_pool_free(&pool);
    return 0;
}

static void show_step(struct view_replay *replay, const struct view_record *record,
                      const struct view_step *step, size_t index, struct buf *ret)
{
    const struct id *delivered = NULL;

    if (!is_asked(replay, step)) {
        return;
    }
    if (replay->options.format == VIEW_JSONL) {
        view_replay_json(record, step, index, replay->view, replay->suspects, replay->suspects_n, ret);
        replay->shown++;
        return;
    }
    if (replay->options.format == VIEW_CSV) {
        view_replay_csv(record, step, index, view_state(replay->view), ret);
        replay->shown++;
        return;
    }
    size_t n = view_just_delivered(replay->view, &delivered);
    buf_reset(&replay->line);
    view_say_step(replay->view, &replay->options.voice, step, delivered, n, &replay->line);
    if (replay->line.n > 0) {
        show_text(replay, step, buf_text(&replay->line), view_step_tone(step), ret);
    }
    for (size_t i = 0; i < replay->suspects_n; i++) {
        buf_reset(&replay->line);
        view_say_suspect(replay->view, &replay->options.voice, &replay->suspects[i], &replay->line);
        put_left(replay, step, TONE_WARN, ret);
        buf_puts(ret, buf_text(&replay->line));
        buf_printf(ret, "%s\n", view_tone_off(&replay->options.voice, TONE_WARN));
    }
}

/* What is no event: a refusal, a redacted record, events of a newer version. */
static struct view_step bare_step(const struct view_record *record)
{
    struct view_step step = {.seq = record->header.seq,
                             .origin = "",
                             .bus_ms = record->header.bus_ms,
                             .author = record->header.author != NULL ? record->header.author : "",
                             .operator= "",
                             .subject = "",
                             .what = "",
                             .text = "",
                             .signed_off_by = "",
                             .from = "",
                             .place = ""};

    if (record->has_command) {
        step.operator= record->command.operator;
        step.mode = record->command.mode;
        step.incident = view_command_incident(&record->command);
        step.order = view_command_order(&record->command);
    }
    return step;
}

static void show_bare(struct view_replay *replay, const struct view_record *record, size_t index,
                      struct buf *ret)
{
    const struct view_voice *voice = &replay->options.voice;
    struct view_step step = bare_step(record);
    enum view_tone tone = TONE_WARN;

    if (replay->options.format != VIEW_TEXT) {
        show_step(replay, record, &step, index, ret);
        return;
    }
    if (!is_asked(replay, &step)) {
        return;
    }
    buf_reset(&replay->line);
    if (record->redacted) {
        buf_printf(&replay->line,
                   voice->zh ? "%s：内容已依法删除" : "%s: redacted, the words are gone by law",
                   command_kind_name((enum command_kind)record->header.kind));
    } else if (record->record.refusal != REFUSED_NOT) {
        view_say_refusal(voice, (enum command_kind)record->header.kind, record->record.refusal,
                         record->record.detail, &replay->line);
        tone = TONE_BAD;
    } else {
        buf_printf(&replay->line,
                   voice->zh ? "%s：%u 个事件为本版本所不识"
                             : "%s: %u events of a kind that this version does not know",
                   command_kind_name((enum command_kind)record->header.kind), record->record.unknown_events);
    }
    show_text(replay, &step, buf_text(&replay->line), tone, ret);
}

static int show(struct view_replay *replay, const struct view_record *record, struct buf *ret,
                struct err *err)
{
    bool is_new;
    int result = view_apply(replay->view, record, &is_new);

    if (result < 0) {
        return err_set(err, result, "out of memory");
    }
    if (!is_new) {
        return 0;
    }
    if (record->redacted || record->record.refusal != REFUSED_NOT) {
        show_bare(replay, record, 0, ret);
        return 0;
    }
    size_t i = 0;
    for (; i < record->record.events_n; i++) {
        struct view_step step = view_step_of(view_state(replay->view), record, &record->record.events[i]);
        if (find_similar(replay, &step) < 0) {
            return err_set(err, ERR_NO_MEMORY, "out of memory");
        }
        show_step(replay, record, &step, i, ret);
        replay->suspects_n = 0;
    }
    if (record->record.unknown_events > 0) {
        show_bare(replay, record, i, ret);
    }
    return 0;
}

int view_replay_record(struct view_replay *replay, const struct log_record *record, struct buf *ret,
                       struct err *err)
{
    struct view_record decoded;
    int result = view_record_decode(record, true, &replay->arena, &decoded, err);

    if (result == 0) {
        result = show(replay, &decoded, ret, err);
    }
    arena_reset(&replay->arena);
    if (result == 0 && ret->failed) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return result;
}
