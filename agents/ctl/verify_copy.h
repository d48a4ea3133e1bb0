/* What `muster verify LOG --copy FOLDER` says of the two. */
#ifndef MUSTER_AGENTS_CTL_VERIFY_COPY_H
#define MUSTER_AGENTS_CTL_VERIFY_COPY_H

#include "common/base/buf.h"
#include "common/view/view_compare.h"
#include "common/view/view_json.h"

struct verified_pair {
    const char *path; /* of the log */
    const char *copy_path;
    const struct view_report *log;
    const struct view_report *copy;
    char region[LOG_NAME_MAX]; /* as the folders say; of a log that cannot be opened: empty */
    char copy_region[LOG_NAME_MAX];
    struct view_comparison is;
};

/* Verifies both and compares; path and copy_path are set. The reports are filled in. */
int verify_copy(struct verified_pair *pair, const uint8_t *root_key, struct view_report *log_report,
                struct view_report *copy_report, struct err *err);

/* Lines for people; the last ones say what to do. */
void verify_copy_text(const struct verified_pair *pair, struct buf *ret);
/* The member "copy" of an object that is open. */
void verify_copy_json(const struct verified_pair *pair, struct json *json);
/* 0 when nothing is wrong with either, else ERR_CORRUPT with one line. */
int verify_copy_result(const struct verified_pair *pair, struct err *err);

#endif
