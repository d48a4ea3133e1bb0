/* What the commands that read a log share: opening it, going through it with a word about how far, and
 * writing what was found in pieces. */
#ifndef MUSTER_AGENTS_CTL_LOG_INPUT_H
#define MUSTER_AGENTS_CTL_LOG_INPUT_H

#include "agents/ctl/moment.h"
#include "common/base/buf.h"
#include "common/view/view_say.h"
#include "common/view/view_scan.h"

struct log_input {
    const char *path;
    struct log_reader *reader;
    int64_t begun_ms; /* boot time */
    int64_t shown_ms; /* of the last word on progress */
    bool is_terminal; /* standard error */
    bool has_shown;
    struct view_progress progress;
};

/* log_input_close() in any case. */
int log_input_open(struct log_input *input, const char *path, struct err *err);
void log_input_close(struct log_input *input);

/* Every record to `visit`, as view_scan(). After ERR_CORRUPT what was read before the damage is still worth
 * showing; the command then ends with that error. err must not be NULL. */
int log_input_scan(struct log_input *input, const struct view_until *until, log_visit *visit, void *ctx,
                   struct err *err);
/* Every record up to `until` into the view. */
int log_input_fold(struct log_input *input, const struct view_until *until, struct view *view,
                   struct err *err);

/* Takes the line on progress away, if there is one, so that what is printed stands alone. */
void log_input_quiet(struct log_input *input);

/* A record's number, or a time as moment.h has them. ERR_USAGE. */
int log_input_point(struct log_input *input, const char *text, enum lang lang, struct view_until *ret,
                    struct err *err);
/* The same where the region's civil time and the log's last record are known; option: "at". */
int point_parse(const char *option, const char *text, const struct moment_base *base, uint64_t head,
                enum lang lang, struct view_until *ret, struct err *err);

/* "actual", "exercise", "test", "all" (MODE_NONE). ERR_USAGE. */
int mode_choose(const char *word, enum mode *ret, struct err *err);
/* --lang and --color (auto, always, never). ERR_USAGE. */
int voice_choose(const char *lang, const char *color, struct view_voice *ret, struct err *err);

/* Writes to standard output and empties buf; with `all` even when it is not worth it yet. ERR_NO_MEMORY when
 * buf failed; a failed write shows in ctl_end_output(). */
int output_pour(struct buf *buf, bool all, struct err *err);

#endif
