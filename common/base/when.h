/* Points in time as people write them. All values are unix milliseconds, UTC. */
#ifndef MUSTER_COMMON_BASE_WHEN_H
#define MUSTER_COMMON_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEN_TEXT = 40 };

/* RFC 3339 with an offset ("2026-11-22T03:00:00.123+08:00" or Z), years 1970 to 9999 in UTC too.
 * Digits beyond milliseconds are cut; second 60 is the next minute's first. 0 or ERR_DATA. */
int when_parse(const char *text, int64_t *ret_ms);

/* RFC 3339 with milliseconds at the given offset in minutes (below a day either way; 0 is written Z);
 * ret holds WHEN_TEXT bytes; returns ret. */
char *when_format(int64_t ms, int offset_minutes, char *ret);

/* "15 s", "10 min", "2 h", "250 ms", "1 d" (blank optional) to milliseconds. 0 or ERR_DATA. */
int when_parse_duration(const char *text, int64_t *ret_ms);

/* Milliseconds in few characters for people: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
char *when_format_duration(int64_t ms, char ret[WHEN_TEXT]);

/* Whether the Gregorian calendar has that day; of any numbers. */
bool when_is_day(int year, int month, int day);

#endif
