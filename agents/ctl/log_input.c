#include "agents/ctl/log_input.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { PROGRESS_AFTER_MS = 1000, PROGRESS_EVERY_MS = 200, POUR_BYTES = 64 * 1024 };

static int64_t boot_ms(void)
{
    const struct clock *clock = clock_system();

    return clock->boot_ms(clock->ctx);
}

static void show_progress(void *ctx, uint64_t records)
{
    struct log_input *input = ctx;
    int64_t now = boot_ms();
    uint64_t head = log_reader_facts(input->reader)->head.seq;

    if (!input->is_terminal || now - input->begun_ms < PROGRESS_AFTER_MS ||
        now - input->shown_ms < PROGRESS_EVERY_MS) {
        return;
    }
    input->shown_ms = now;
    input->has_shown = true;
    (void)fprintf(stderr, "\r%llu of %llu records", (unsigned long long)records, (unsigned long long)head);
    (void)fflush(stderr);
}

int log_input_open(struct log_input *input, const char *path, struct err *err)
{
    *input =
        (struct log_input){.path = path, .begun_ms = boot_ms(), .is_terminal = isatty(STDERR_FILENO) == 1};
    input->progress = (struct view_progress){.ctx = input, .done = show_progress};
    return log_reader_open(path, &input->reader, err);
}

void log_input_quiet(struct log_input *input)
{
    if (input->has_shown) {
        (void)fprintf(stderr, "\r\033[K");
        input->has_shown = false;
    }
}

void log_input_close(struct log_input *input)
{
    log_input_quiet(input);
    log_reader_close(input->reader);
    input->reader = NULL;
}

int log_input_scan(struct log_input *input, const struct view_until *until, log_visit *visit, void *ctx,
                   struct err *err)
{
    int result = view_scan(input->reader, until, visit, ctx, &input->progress, err);

    log_input_quiet(input);
    if (result == ERR_CORRUPT) {
        struct err why = *err;
        return err_set(err, result, "%s: %s; muster verify %s says more", input->path, why.text, input->path);
    }
    if (result < 0) {
        err_prefix(err, "%s", input->path);
    }
    return result;
}

static int take(void *ctx, const struct log_record *record, struct err *err)
{
    return view_take(ctx, record, err);
}

int log_input_fold(struct log_input *input, const struct view_until *until, struct view *view,
                   struct err *err)
{
    return log_input_scan(input, until, take, view, err);
}

/* --- a point of the log ----------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n > 0 && n < 19 && text[n] == '\0';
}

/* The region's civil time, as its founding says, which is the first record. */
static int region_offset(struct log_input *input, int32_t *ret, struct err *err)
{
    struct view *view = view_new(&(struct view_options){.details = false});

    if (view == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    int result = log_input_fold(input, &(struct view_until){.seq = 1}, view, err);
    *ret = state_region(view_state(view))->utc_offset_minutes;
    view_free(view);
    return result;
}

int point_parse(const char *option, const char *text, const struct moment_base *base, uint64_t head,
                enum lang lang, struct view_until *ret, struct err *err)
{
    struct view_until until = {.seq = 0};
    int rc = 0;

    if (is_number(text)) {
        for (const char *p = text; *p != '\0'; p++) {
            until.seq = until.seq * 10 + (uint64_t)(*p - '0');
        }
        if (until.seq == 0 || until.seq > head) {
            return err_set(err, ERR_USAGE,
                           lang_text(lang, "--%s %s: the log has records 1 to %llu",
                                     "--%s %s：日志有第 1 至 %llu 条记录"),
                           option, text, (unsigned long long)head);
        }
    } else if (moment_form(text) == MOMENT_NONE) {
        rc = err_set(err, ERR_USAGE,
                     lang_text(lang, "--%s \"%s\": give a record's number or a time, \"2026-11-22 11:00:07\"",
                               "--%s \"%s\"：请写记录号或时间，如 \"2026-11-22 11:00:07\""),
                     option, text);
    } else {
        rc = moment_parse(option, text, base, lang, &until.bus_ms, err);
    }
    if (rc == 0) {
        *ret = until;
    }
    return rc;
}

int log_input_point(struct log_input *input, const char *text, enum lang lang, struct view_until *ret,
                    struct err *err)
{
    uint64_t head = log_reader_facts(input->reader)->head.seq;
    struct moment_base base = {.now_ms = 0};
    int rc = 0;

    *ret = (struct view_until){.seq = 0};
    if (moment_form(text) == MOMENT_CIVIL) {
        rc = region_offset(input, &base.utc_offset_minutes, err);
    }
    return rc < 0 ? rc : point_parse("at", text, &base, head, lang, ret, err);
}

/* --- words ------------------------------------------------------------------------------------ */

int mode_choose(const char *word, enum mode *ret, struct err *err)
{
    if (strcmp(word, "all") == 0) {
        *ret = MODE_NONE;
        return 0;
    }
    enum mode mode = mode_parse(word);
    if (mode == MODE_NONE) {
        return err_set(err, ERR_USAGE, "--mode \"%s\": give actual, exercise, test or all", word);
    }
    *ret = mode;
    return 0;
}

int voice_choose(const char *lang, const char *color, struct view_voice *ret, struct err *err)
{
    enum lang chosen;
    int result = lang_choose(lang, &chosen, err);

    if (result < 0) {
        return result;
    }
    ret->zh = chosen == LANG_ZH;
    if (strcmp(color, "always") == 0) {
        ret->color = true;
    } else if (strcmp(color, "never") == 0) {
        ret->color = false;
    } else if (strcmp(color, "auto") == 0) {
        ret->color = ctl_has_colour();
    } else {
        return err_set(err, ERR_USAGE, "--color \"%s\": give auto, always or never", color);
    }
    return 0;
}

int output_pour(struct buf *buf, bool all, struct err *err)
{
    if (buf->failed) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (buf->n >= POUR_BYTES || (all && buf->n > 0)) {
        (void)fwrite(buf->p, 1, buf->n, stdout);
        buf_reset(buf);
    }
    return ferror(stdout) ? err_set(err, ERR_IO, "cannot write the output") : 0;
}
