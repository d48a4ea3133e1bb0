/* Divisions 行政区划: counties by GB/T 2260 (6 digits), townships and villages by the statistics bureau's
 * codes 统计用区划代码 (9 and 12 digits), each from a day on and to a day. Codes are given up and given
 * anew, so a code is one only of a day. */
#ifndef MUSTER_COMMON_CORE_DIVISION_H
#define MUSTER_COMMON_CORE_DIVISION_H

#include "common/core/words.h"

enum {
    DIVISIONS_MAX = 1536, /* a county's villages; a record holds the table twice, as said and as in force */
    DIVISION_DAY_MAX = 99991231
};

/* Without the groups of zeros with which tables fill a code up to 12 digits ("370102001000" is the township
 * "370102001"). False: it has not 6, 9 or 12 digits. ret holds REGION_CODE_MAX + 1 bytes. */
bool division_code(const char *text, char *ret);
/* It is such a code, and begins with a province of GB/T 2260. */
bool division_is_known(const char *text);
/* Whether the code, without such groups, is one of the region or of a part of it. */
bool division_is_within(const char *code, const char *region);
/* The day as YYYYMMDD of the region's civil time. */
uint32_t division_day(int64_t ms, int32_t utc_offset_minutes);
/* Whether the day is one of the calendar, as far as a table needs it: month 1 to 12, day 1 to 31. */
bool division_day_is_good(uint32_t day);

#endif
