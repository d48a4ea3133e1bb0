#include "common/conf/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

struct csv {
    char *name;
    char *text; /* n bytes and a NUL */
    size_t n;
    size_t at;
    size_t line;
    const char *fields[CSV_FIELDS_MAX];
};

/* Where one field lies, quotes included. */
struct span {
    size_t begin;
    size_t end;
};

/* What a row takes up, found before anything of it is changed. */
struct scan {
    struct span spans[CSV_FIELDS_MAX];
    size_t n;
    size_t end;   /* of the row, its line break included */
    size_t lines; /* line breaks in it */
    const char *why;
};

static int new_csv(const char *name, char *text, size_t n, struct csv **ret)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct csv *csv = calloc(1, sizeof *csv);

    if (csv == NULL) {
        free(text);
        return ERR_NO_MEMORY;
    }
    csv->text = text;
    csv->n = n;
    csv->line = 1;
    csv->at = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    csv->name = strdup(name);
    if (csv->name == NULL) {
        csv_free(csv);
        return ERR_NO_MEMORY;
    }
    *ret = csv;
    return 0;
}

int csv_parse(const char *name, const char *text, size_t n, struct csv **ret, struct err *err)
{
    if (n > CSV_FILE_MAX) {
        return err_set(err, ERR_TOO_BIG, "%s: more than %d MiB; split it", name,
                       CSV_FILE_MAX / (1024 * 1024));
    }
    char *copy = malloc(n + 1);
    if (copy == NULL) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", name);
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    return new_csv(name, copy, n, ret);
}

static int read_all(FILE *file, const char *path, char **ret, size_t *ret_n, struct err *err)
{
    size_t capacity = CSV_ROW_MAX;
    size_t n = 0;
    char *text = malloc(capacity + 1);

    while (text != NULL) {
        n += fread(text + n, 1, capacity - n, file);
        if (n < capacity) {
            break;
        }
        if (capacity >= CSV_FILE_MAX) {
            free(text);
            return err_set(err, ERR_TOO_BIG, "%s: more than %d MiB; split it", path,
                           CSV_FILE_MAX / (1024 * 1024));
        }
        char *grown = realloc(text, 2 * capacity + 1);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
        capacity *= 2;
    }
    if (text == NULL) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    }
    if (ferror(file)) {
        free(text);
        return err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    text[n] = '\0';
    *ret = text;
    *ret_n = n;
    return 0;
}

int csv_load(const char *path, struct csv **ret, struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        return err_set(err, errno == EACCES ? ERR_PERMISSION : ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    }
    int rc = read_all(file, path, &text, &n, err);
    (void)fclose(file);
    return rc != 0 ? rc : new_csv(path, text, n, ret);
}

void csv_free(struct csv *csv)
{
    if (csv != NULL) {
        free(csv->name);
        free(csv->text);
        free(csv);
    }
}

const char *csv_name(const struct csv *csv)
{
    return csv->name;
}

static bool ends_field(const struct csv *csv, size_t at)
{
    return at >= csv->n || csv->text[at] == ',' || csv->text[at] == '\n' ||
           (csv->text[at] == '\r' && at + 1 < csv->n && csv->text[at + 1] == '\n');
}

/* From the opening quote to behind the closing one; 0 and why when there is none. */
static size_t scan_quoted(const struct csv *csv, size_t at, struct scan *scan)
{
    size_t limit = csv->n - csv->at > CSV_ROW_MAX ? csv->at + CSV_ROW_MAX : csv->n;

    for (at++; at < limit; at++) {
        if (csv->text[at] == '\n') {
            scan->lines++;
        } else if (csv->text[at] == '"' && at + 1 < csv->n && csv->text[at + 1] == '"') {
            at++;
        } else if (csv->text[at] == '"') {
            if (!ends_field(csv, at + 1)) {
                scan->why = "there is text behind a closing quote; double the quotes inside a field";
                return 0;
            }
            return at + 1;
        }
    }
    scan->why = "a quote is opened and not closed";
    return 0;
}

static size_t scan_plain(const struct csv *csv, size_t at, struct scan *scan)
{
    for (; !ends_field(csv, at); at++) {
        if (csv->text[at] == '"') {
            scan->why = "a quote stands inside a field that does not begin with one; quote the whole field";
            return 0;
        }
    }
    return at;
}

static bool scan_row(const struct csv *csv, struct scan *scan)
{
    size_t at = csv->at;

    scan->n = 0;
    scan->lines = 0;
    for (;;) {
        size_t begin = at;
        size_t end =
            at < csv->n && csv->text[at] == '"' ? scan_quoted(csv, at, scan) : scan_plain(csv, at, scan);
        if (scan->why != NULL) {
            return false;
        }
        if (scan->n == CSV_FIELDS_MAX || end - begin > CSV_FIELD_MAX || end - csv->at > CSV_ROW_MAX) {
            scan->why =
                scan->n == CSV_FIELDS_MAX ? "more than 1,024 fields" : "a field is larger than 64 KiB";
            return false;
        }
        if (!text_is_utf8(csv->text + begin, end - begin)) {
            scan->why = "not UTF-8; convert the file, e.g. with iconv";
            return false;
        }
        scan->spans[scan->n++] = (struct span){begin, end};
        if (end >= csv->n || csv->text[end] != ',') {
            scan->end = end;
            break;
        }
        at = end + 1;
    }
    if (scan->end < csv->n) {
        scan->end += csv->text[scan->end] == '\r' ? 2 : 1;
        scan->lines++;
    }
    return true;
}

/* Takes the quotes off in place: what comes out is never longer. */
static const char *unquote(char *text, struct span span)
{
    char *begin = text + span.begin;
    char *to = begin;

    if (span.begin == span.end || *begin != '"') {
        text[span.end] = '\0';
        return begin;
    }
    for (const char *from = begin + 1; from < text + span.end - 1; from++) {
        *to++ = *from;
        if (*from == '"') {
            from++;
        }
    }
    *to = '\0';
    return begin;
}

static void skip_line(struct csv *csv)
{
    const char *end = memchr(csv->text + csv->at, '\n', csv->n - csv->at);

    csv->at = end != NULL ? (size_t)(end - csv->text) + 1 : csv->n;
    csv->line++;
}

static void skip_empty_lines(struct csv *csv)
{
    while (csv->at < csv->n &&
           (csv->text[csv->at] == '\n' ||
            (csv->text[csv->at] == '\r' && csv->at + 1 < csv->n && csv->text[csv->at + 1] == '\n'))) {
        skip_line(csv);
    }
}

int csv_next(struct csv *csv, struct csv_row *ret, struct err *err)
{
    struct scan scan = {.why = NULL};

    skip_empty_lines(csv);
    if (csv->at >= csv->n) {
        return 0;
    }
    if (!scan_row(csv, &scan)) {
        int rc = err_set(err, ERR_DATA, "%s:%zu: %s", csv->name, csv->line, scan.why);
        skip_line(csv);
        return rc;
    }
    for (size_t i = 0; i < scan.n; i++) {
        csv->fields[i] = unquote(csv->text, scan.spans[i]);
    }
    *ret = (struct csv_row){.fields = csv->fields, .n = scan.n, .line = csv->line};
    csv->at = scan.end;
    csv->line += scan.lines;
    return 1;
}
