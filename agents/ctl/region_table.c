#include "agents/ctl/region_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf/csv.h"
#include "common/crypto/crypto.h"

enum { TABLE_FILE_MAX = 1024 * 1024, COLUMNS_MIN = 2, COLUMN_FROM = 2, COLUMN_TO = 3 };

static int row_fault(const struct csv *csv, const struct csv_row *row, const char *what, const char *why,
                     struct err *err)
{
    return err_set(err, ERR_DATA, "%s:%zu: \"%s\" %s", csv_name(csv), row->line, what, why);
}

bool region_table_day(const char *text, uint32_t *ret)
{
    uint32_t day = 0;
    size_t digits = 0;

    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9' && digits < 8) {
            day = day * 10 + (uint32_t)(*text - '0');
            digits++;
        } else if (*text != '-' || (digits != 4 && digits != 6)) {
            return false;
        }
    }
    *ret = day;
    return digits == 0 || (digits == 8 && division_day_is_good(day));
}

static int read_row(const struct csv *csv, const struct csv_row *row, struct arena *arena,
                    struct division *ret, struct err *err)
{
    char *code = arena_alloc(arena, REGION_CODE_MAX + 1);
    const char *from = row->n > COLUMN_FROM ? row->fields[COLUMN_FROM] : "";
    const char *to = row->n > COLUMN_TO ? row->fields[COLUMN_TO] : "";

    if (code == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (row->n < COLUMNS_MIN) {
        return row_fault(csv, row, row->fields[0], "has no name beside it: write CODE,NAME,FROM,TO", err);
    }
    if (!division_code(row->fields[0], code)) {
        return row_fault(csv, row, row->fields[0], "is no code: 6, 9 or 12 digits are wanted", err);
    }
    if (row->fields[1][0] == '\0' || strlen(row->fields[1]) > NAME_MAX_BYTES) {
        return row_fault(csv, row, row->fields[0], "has no name, or one of more than 128 bytes", err);
    }
    if (!region_table_day(from, &ret->from)) {
        return row_fault(csv, row, from, "is no day: write 2023-01-01", err);
    }
    if (!region_table_day(to, &ret->to)) {
        return row_fault(csv, row, to, "is no day: write 2023-01-01", err);
    }
    ret->code = code;
    ret->name = arena_strdup(arena, row->fields[1]);
    return ret->name != NULL ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory");
}

struct placed {
    struct division division;
    size_t line;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = strcmp(x->division.code, y->division.code);

    return order != 0                             ? order
           : x->division.from != y->division.from ? (x->division.from < y->division.from ? -1 : 1)
                                                  : (x->line > y->line) - (x->line < y->line);
}

/* The rows in order, as the log wants them; one code is of one division on any day. */
static int give_rows(const char *name, struct placed *rows, size_t n, struct arena *arena,
                     struct set_divisions *ret, const size_t **ret_lines, struct err *err)
{
    struct division *at = arena_array(arena, struct division, n);
    size_t *lines = arena_array(arena, size_t, n);

    if (at == NULL || lines == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    qsort(rows, n, sizeof *rows, compare_placed);
    for (size_t i = 0; i < n; i++) {
        const struct division *before = i > 0 ? &at[i - 1] : NULL;
        at[i] = rows[i].division;
        lines[i] = rows[i].line;
        if (before != NULL && strcmp(before->code, at[i].code) == 0 &&
            (before->to == 0 || before->to >= at[i].from)) {
            size_t first = lines[i - 1] < lines[i] ? lines[i - 1] : lines[i];
            return err_set(
                err, ERR_DATA,
                "%s:%zu: %s is given twice for one day, in line %zu too; let the earlier end before the "
                "later begins",
                name, first == lines[i] ? lines[i - 1] : lines[i], at[i].code, first);
        }
    }
    ret->divisions = at;
    ret->divisions_n = n;
    *ret_lines = lines;
    return 0;
}

static bool is_heading(const struct csv_row *row)
{
    return row->line == 1 && row->n > 0 && strpbrk(row->fields[0], "0123456789") == NULL;
}

static int read_rows(struct csv *csv, struct arena *arena, struct set_divisions *ret,
                     const size_t **ret_lines, struct err *err)
{
    struct placed *at = arena_array(arena, struct placed, DIVISIONS_MAX);
    struct csv_row row;
    size_t n = 0;
    int rc = at != NULL ? 1 : err_set(err, ERR_NO_MEMORY, "out of memory");

    while (rc > 0 && (rc = csv_next(csv, &row, err)) > 0) {
        int read = 0;
        if (n == DIVISIONS_MAX) {
            return err_set(
                err, ERR_TOO_BIG,
                "%s: more than %d divisions; a city loads its townships, and each county its villages",
                csv_name(csv), DIVISIONS_MAX);
        }
        if (!is_heading(&row)) {
            read = read_row(csv, &row, arena, &at[n].division, err);
            at[n++].line = row.line;
        }
        rc = read < 0 ? read : rc;
    }
    if (rc == 0 && n == 0) {
        rc = err_set(err, ERR_DATA, "%s: no divisions; write CODE,NAME,FROM,TO a line", csv_name(csv));
    }
    return rc ? rc : give_rows(csv_name(csv), at, n, arena, ret, ret_lines, err);
}

static int read_file(const char *path, char *text, size_t *ret_n, struct err *err)
{
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(text, 1, TABLE_FILE_MAX + 1, file) : 0;
    bool failed = file == NULL || ferror(file) != 0;

    if (file != NULL) {
        (void)fclose(file);
    }
    *ret_n = n;
    if (failed) {
        return err_set(err, ERR_NO_INPUT, "%s: cannot be read", path);
    }
    return n > TABLE_FILE_MAX ? err_set(err, ERR_TOO_BIG, "%s: larger than 1 MiB", path) : 0;
}

int region_table_load(const char *path, struct arena *arena, struct set_divisions *ret,
                      const size_t **ret_lines, struct err *err)
{
    struct set_divisions table = {.source = ""};
    char *text = malloc(TABLE_FILE_MAX + 1);
    struct csv *csv = NULL;
    size_t n = 0;
    int rc = text != NULL ? read_file(path, text, &n, err) : err_set(err, ERR_NO_MEMORY, "out of memory");

    if (rc == 0) {
        struct hash hash = hash_bytes(text, n);
        memcpy(table.hash, hash.b, sizeof table.hash);
        rc = csv_parse(path, text, n, &csv, err);
    }
    rc = rc ? rc : read_rows(csv, arena, &table, ret_lines, err);
    if (rc == 0) {
        *ret = table;
    }
    csv_free(csv);
    free(text);
    return rc;
}
