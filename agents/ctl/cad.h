/* Rows of a dispatch system as Muster's history: grouped by incident, in an order that does not depend on
 * the file's, with ids derived from (source, key). Pure but for reading rows. One thread. */
#ifndef MUSTER_AGENTS_CTL_CAD_H
#define MUSTER_AGENTS_CTL_CAD_H

#include "agents/ctl/cad_map.h"
#include "common/base/id.h"
#include "common/conf/csv.h"
#include "common/core/command.h"

enum { CAD_ROWS_MAX = 4 * 1024 * 1024 };

/* One row. Texts are the csv's or the arena's. */
struct cad_row {
    const char *incident;
    const char *order;
    const char *unit;
    const char *agency; /* address, "06075/fire-rescue" */
    const char *kind;
    const char *title;
    const char *place;
    const char *course;
    struct position position;
    int64_t at[CAD_COLUMNS]; /* by enum cad_column, of the columns of times; 0: not known */
    bool recalled;           /* it never arrived */
    size_t line;
};

struct cad_incident {
    const struct cad_row *rows; /* by time of dispatch */
    size_t n;
    int64_t reported_at_ms;
    int64_t closed_at_ms; /* 0: a row of it is bad, so it stays open until that is mended */
};

struct cad {
    struct arena arena;
    struct cad_row *rows;
    size_t rows_n;
    size_t capacity;
    struct cad_incident *incidents; /* by time of report */
    size_t incidents_n;
    size_t units;
    size_t recalled;
    size_t bad;
    size_t notes;
    size_t repeated;   /* rows that are there twice */
    const char **held; /* incidents of bad rows: they stay open until the row is mended */
    size_t held_n;
};

/* One line for a person about a row; note: it is taken in all the same. */
typedef void cad_say(void *ctx, bool note, const char *text);

/* Reads every row; a bad one is said and left out. csv, map and region (for a map that names none) must
 * outlive ret. ERR_DATA when the heading lacks a column, ERR_TOO_BIG, ERR_NO_MEMORY. */
int cad_read(struct csv *csv, const struct cad_map *map, const char *region, cad_say *say, void *ctx,
             struct cad *ret, struct err *err);
/* Sorts rows and makes incidents of them; for cad_rows.c. */
int cad_group(struct cad *cad);
void cad_free(struct cad *cad);

/* The command that records orders `from` and after (ORDERS_PER_COMMAND_MAX at most) of an incident; orders
 * and units are written to the arrays given. Returns how many orders it holds. */
size_t cad_command(const struct cad_map *map, const struct cad_incident *incident, size_t from,
                   struct historic_order orders[ORDERS_PER_COMMAND_MAX],
                   const char *units[ORDERS_PER_COMMAND_MAX], struct command *ret);

/* 48 bits of time and 80 of BLAKE2b-256(what 0 source 0 key): the same key has the same id for ever. */
struct id cad_id(const char *what, const char *source, const char *key, int64_t at_ms);

#endif
