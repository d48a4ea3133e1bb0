/* Rows of cells, printed with columns aligned by what a terminal shows: a Chinese character takes two. */
#ifndef MUSTER_COMMON_VIEW_VIEW_TABLE_H
#define MUSTER_COMMON_VIEW_VIEW_TABLE_H

#include "common/base/arena.h"
#include "common/base/buf.h"

enum { TABLE_COLUMNS_MAX = 16 };

struct table {
    struct arena arena;
    const char *align; /* 'l' or 'r' for each column */
    size_t columns;
    const char **cells;
    size_t cells_n;
    size_t capacity;
    bool failed; /* out of memory: nothing will be printed */
};

/* align must outlive the table. */
void table_init(struct table *table, const char *align);
/* The next cell, left to right and row by row; escaped. */
void table_cell(struct table *table, const char *text);
void table_print(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends all rows, each after `indent`; a last row that is not full is filled with nothing. */
void table_show(const struct table *table, const char *indent, struct buf *ret);
void table_free(struct table *table);

#endif
