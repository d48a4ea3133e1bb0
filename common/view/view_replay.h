/* The replay: a record goes in, lines come out. Text for people (one line for what each event means),
 * JSON lines (an object for each event, every key always there but those of "data"), CSV (RFC 4180). */
#ifndef MUSTER_COMMON_VIEW_VIEW_REPLAY_H
#define MUSTER_COMMON_VIEW_VIEW_REPLAY_H

#include "common/view/view_say.h"
#include "common/view/view_similar.h"

enum view_format { VIEW_TEXT, VIEW_JSONL, VIEW_CSV };

struct view_replay_options {
    enum view_format format;
    struct view_voice voice;
    enum mode mode;       /* MODE_NONE: all; what is of the region itself is always shown */
    const char *incident; /* the incident's id or its end; "" all */
};

struct view_replay;

/* view (with details) is the caller's and outlives the replay. NULL: out of memory. options->incident must
 * outlive it too. */
struct view_replay *view_replay_new(struct view *view, const struct view_replay_options *options);
void view_replay_free(struct view_replay *replay);

/* What stands before the first line: CSV's names of columns. */
void view_replay_begin(const struct view_replay *replay, struct buf *ret);

/* Applies the record to the view and appends its lines; a record that was applied before gives none.
 * ERR_CORRUPT, ERR_NO_MEMORY. */
int view_replay_record(struct view_replay *replay, const struct log_record *record, struct buf *ret,
                       struct err *err);

/* From now on, or no longer, what was told of an incident is shown with what may be the same event: a line
 * of text each, or "similar" in the event's "data"; CSV has none. Off at first. It costs a walk over all
 * incidents for each report, so it is for what happens now. */
void view_replay_tell_similar(struct view_replay *replay, bool tell);

/* Events and refusals that were shown. */
uint64_t view_replay_shown(const struct view_replay *replay);

/* The lines of one step, in JSON or CSV: see view_replay_rows.c. */
void view_replay_json(const struct view_record *record, const struct view_step *step, size_t index,
                      const struct view *view, const struct suspect *suspects, size_t suspects_n,
                      struct buf *ret);
void view_replay_csv_names(struct buf *ret);
void view_replay_csv(const struct view_record *record, const struct view_step *step, size_t index,
                     const struct state *state, struct buf *ret);

#endif
