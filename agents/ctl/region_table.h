/* A table of divisions 行政区划代码 as people keep it: CSV, CODE,NAME,FROM,TO a line, with or without a
 * heading. */
#ifndef MUSTER_AGENTS_CTL_REGION_TABLE_H
#define MUSTER_AGENTS_CTL_REGION_TABLE_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/core/command.h"
#include "common/core/division.h"

/* Codes without the zeros that fill them up, in order; none twice for one day. Texts are the arena's;
 * source is "". ret_lines: of each division its line in the file, the arena's. ERR_NO_INPUT, ERR_TOO_BIG,
 * ERR_NO_MEMORY, or ERR_DATA with "FILE:LINE: ..." and what to write. */
int region_table_load(const char *path, struct arena *arena, struct set_divisions *ret,
                      const size_t **ret_lines, struct err *err);

/* "2023-01-01" or "20230101" as YYYYMMDD; "" is 0. False: no day of the calendar. */
bool region_table_day(const char *text, uint32_t *ret);

#endif
