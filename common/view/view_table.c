#include "common/view/view_table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

enum { CELL_BYTES_MAX = 1024, GAP = 2 };

void table_init(struct table *table, const char *align)
{
    *table = (struct table){.align = align, .columns = strlen(align)};
    if (table->columns > TABLE_COLUMNS_MAX) {
        table->columns = TABLE_COLUMNS_MAX;
    }
    arena_init(&table->arena, SIZE_MAX / 2);
}

void table_cell(struct table *table, const char *text)
{
    char escaped[CELL_BYTES_MAX];

    if (table->cells_n == table->capacity) {
        size_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        const char **grown = arena_array(&table->arena, const char *, capacity);
        if (grown == NULL) {
            table->failed = true;
            return;
        }
        if (table->cells_n > 0) {
            memcpy(grown, table->cells, table->cells_n * sizeof *grown);
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    (void)text_escape_into(escaped, sizeof escaped, text, strlen(text));
    const char *kept = arena_strdup(&table->arena, escaped);
    if (kept == NULL) {
        table->failed = true;
        return;
    }
    table->cells[table->cells_n++] = kept;
}

void table_print(struct table *table, const char *format, ...)
{
    char text[CELL_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_cell(table, text);
}

static void put_blanks(struct buf *ret, size_t n)
{
    static const char blanks[] = "                                ";

    for (; n > 0; n -= n < sizeof blanks - 1 ? n : sizeof blanks - 1) {
        buf_append(ret, blanks, n < sizeof blanks - 1 ? n : sizeof blanks - 1);
    }
}

static void put_row(const struct table *table, size_t first, const size_t widths[], struct buf *ret)
{
    size_t owed = 0; /* blanks are put only before something */

    for (size_t column = 0; column < table->columns && first + column < table->cells_n; column++) {
        const char *cell = table->cells[first + column];
        size_t pad = widths[column] - text_columns(cell);
        bool right = table->align[column] == 'r';
        if (cell[0] != '\0') {
            put_blanks(ret, owed + (right ? pad : 0));
            buf_puts(ret, cell);
            owed = right ? 0 : pad;
        } else {
            owed += pad;
        }
        owed += GAP;
    }
    buf_puts(ret, "\n");
}

void table_show(const struct table *table, const char *indent, struct buf *ret)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    if (table->failed) {
        ret->failed = true;
        return;
    }
    for (size_t i = 0; i < table->cells_n; i++) {
        size_t width = text_columns(table->cells[i]);
        size_t column = i % table->columns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t i = 0; i < table->cells_n; i += table->columns) {
        buf_puts(ret, indent);
        put_row(table, i, widths, ret);
    }
}

void table_free(struct table *table)
{
    arena_free(&table->arena);
    *table = (struct table){.align = "", .columns = 0};
}
