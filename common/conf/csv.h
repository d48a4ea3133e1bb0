/* RFC 4180 files: fields between commas, quoted where need be ("" is a quote), line breaks inside quotes,
 * LF or CRLF, with or without a UTF-8 byte order mark. The whole file is held in memory, and texts of rows
 * point into it. One thread. */
#ifndef MUSTER_COMMON_CONF_CSV_H
#define MUSTER_COMMON_CONF_CSV_H

#include <stddef.h>

#include "common/base/err.h"

enum {
    CSV_FILE_MAX = 256 * 1024 * 1024, /* a year of a large city's calls */
    CSV_ROW_MAX = 1024 * 1024,        /* so that a quote that never ends costs one line and not the file */
    CSV_FIELD_MAX = 64 * 1024,
    CSV_FIELDS_MAX = 1024
};

struct csv;

struct csv_row {
    const char *const *fields; /* valid until the next csv_next(); the texts as long as the csv */
    size_t n;
    size_t line; /* of the file, 1 for the first, where the row begins */
};

/* ERR_NO_INPUT, ERR_PERMISSION, ERR_TOO_BIG, ERR_IO, ERR_NO_MEMORY. */
int csv_load(const char *path, struct csv **ret, struct err *err);
/* A copy of text as if it were the file `name`. */
int csv_parse(const char *name, const char *text, size_t n, struct csv **ret, struct err *err);
void csv_free(struct csv *csv);

const char *csv_name(const struct csv *csv);

/* 1 and a row, 0 at the end, or ERR_DATA for a row that is none ("FILE:LINE: why"): reading goes on after
 * the line on which that row began. Empty lines are passed over. */
int csv_next(struct csv *csv, struct csv_row *ret, struct err *err);

#endif
