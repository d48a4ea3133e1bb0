#include "common/base/when.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };
enum { FRACTION_DIGITS_MAX = 9, OFFSET_MINUTES_MAX = 23 * 60 + 59 };

static const int64_t last_ms = INT64_C(253402300799999); /* 9999-12-31T23:59:59.999Z */

/* Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the
 * leap day is a year's last; 146,097 days are an era of 400 years. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool when_is_day(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leaps = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + leaps;
}

/* Exactly n digits, then the character after (0: none is looked at). Moves *at on. */
static bool take(const char **at, int n, char after, int *ret)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (!is_digit(**at))
            return false;
        value = value * 10 + (*(*at)++ - '0');
    }
    if (after && *(*at)++ != after)
        return false;
    *ret = value;
    return true;
}

/* ".123456" to milliseconds, the rest cut off; absent is 0. */
static bool take_fraction(const char **at, int *ret_ms)
{
    int ms = 0, n = 0;

    if (**at == '.') {
        (*at)++;
        for (; is_digit(**at) && n < FRACTION_DIGITS_MAX; n++, (*at)++)
            if (n < 3)
                ms = ms * 10 + (**at - '0');
        if (n == 0)
            return false;
        for (; n < 3; n++)
            ms *= 10;
    }
    *ret_ms = ms;
    return true;
}

/* "Z", "+08:00": minutes to take away for UTC. Must end the text. */
static bool take_offset(const char **at, int *ret_minutes)
{
    char sign = *(*at)++;
    int hours, minutes;

    if (sign == 'Z' || sign == 'z') {
        *ret_minutes = 0;
        return **at == '\0';
    }
    if ((sign != '+' && sign != '-') || !take(at, 2, ':', &hours) || !take(at, 2, 0, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return **at == '\0';
}

int when_parse(const char *text, int64_t *ret_ms)
{
    int year, month, day, hour, minute, second, fraction_ms, offset;
    const char *at = text;
    int64_t ms;

    if (!take(&at, 4, '-', &year) || !take(&at, 2, '-', &month) || !take(&at, 2, 0, &day))
        return ERR_DATA;
    if (*at != 'T' && *at != 't')
        return ERR_DATA;
    at++;
    if (!take(&at, 2, ':', &hour) || !take(&at, 2, ':', &minute) || !take(&at, 2, 0, &second) ||
        !take_fraction(&at, &fraction_ms) || !take_offset(&at, &offset))
        return ERR_DATA;
    if (year < 1970 || !when_is_day(year, month, day) || hour > 23 || minute > 59 || second > 60)
        return ERR_DATA;
    ms = days_from_civil(year, month, day) * DAY_MS + (int64_t)hour * HOUR_MS + (int64_t)minute * MINUTE_MS +
         (int64_t)second * SECOND_MS + fraction_ms - (int64_t)offset * MINUTE_MS;
    if (ms < 0 || ms > last_ms)
        return ERR_DATA;
    *ret_ms = ms;
    return 0;
}

char *when_format(int64_t ms, int offset_minutes, char *ret)
{
    int offset = offset_minutes > OFFSET_MINUTES_MAX    ? OFFSET_MINUTES_MAX
                 : offset_minutes < -OFFSET_MINUTES_MAX ? -OFFSET_MINUTES_MAX
                                                        : offset_minutes;
    int64_t local = ms > INT64_MAX - DAY_MS   ? INT64_MAX - DAY_MS
                    : ms < INT64_MIN + DAY_MS ? INT64_MIN + DAY_MS
                                              : ms;
    int64_t days, year;
    int month, day, rest, n;

    local += (int64_t)offset * MINUTE_MS;
    days = local / DAY_MS;
    rest = (int)(local % DAY_MS);
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    n = snprintf(ret, WHEN_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02d.%03d", (long long)year, month, day,
                 rest / HOUR_MS, rest / MINUTE_MS % 60, rest / SECOND_MS % 60, rest % SECOND_MS);
    if (n < 0 || n >= WHEN_TEXT)
        n = 0;
    if (offset == 0)
        snprintf(ret + n, (size_t)(WHEN_TEXT - n), "Z");
    else
        snprintf(ret + n, (size_t)(WHEN_TEXT - n), "%c%02d:%02d", offset < 0 ? '-' : '+',
                 (offset < 0 ? -offset : offset) / 60, (offset < 0 ? -offset : offset) % 60);
    return ret;
}

int when_parse_duration(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int ms;
    } units[] = {{"ms", 1}, {"s", SECOND_MS}, {"min", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS}};
    const char *at = text;
    int64_t value = 0;

    if (!is_digit(*at))
        return ERR_DATA;
    for (; is_digit(*at); at++) {
        int digit = *at - '0';

        if (value > (INT64_MAX - digit) / 10)
            return ERR_DATA;
        value = value * 10 + digit;
    }
    if (*at == ' ')
        at++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(at, units[i].name) != 0)
            continue;
        if (value > INT64_MAX / units[i].ms)
            return ERR_DATA;
        *ret_ms = value * units[i].ms;
        return 0;
    }
    return ERR_DATA;
}

/* Two units at most: a person who reads "2 h 10 min" does not ask for the seconds. */
char *when_format_duration(int64_t ms, char ret[WHEN_TEXT])
{
    const char *sign = ms < 0 ? "-" : "";
    unsigned long long v = ms < 0 ? 0 - (unsigned long long)ms : (unsigned long long)ms;
    unsigned long long big, small;
    const char *big_unit, *small_unit;

    if (v < 100 && v > 0) {
        snprintf(ret, WHEN_TEXT, "%s%llu ms", sign, v);
        return ret;
    }
    if (v < 10ULL * SECOND_MS && v % SECOND_MS >= 100) {
        snprintf(ret, WHEN_TEXT, "%s%llu.%llu s", sign, v / SECOND_MS, v % SECOND_MS / 100);
        return ret;
    }
    if (v < MINUTE_MS) {
        snprintf(ret, WHEN_TEXT, "%s%llu s", sign, v / SECOND_MS);
        return ret;
    }
    if (v < HOUR_MS) {
        big = v / MINUTE_MS, small = v % MINUTE_MS / SECOND_MS;
        big_unit = "min", small_unit = "s";
    } else if (v < DAY_MS) {
        big = v / HOUR_MS, small = v % HOUR_MS / MINUTE_MS;
        big_unit = "h", small_unit = "min";
    } else {
        big = v / DAY_MS, small = v % DAY_MS / HOUR_MS;
        big_unit = "d", small_unit = "h";
    }
    if (small > 0)
        snprintf(ret, WHEN_TEXT, "%s%llu %s %llu %s", sign, big, big_unit, small, small_unit);
    else
        snprintf(ret, WHEN_TEXT, "%s%llu %s", sign, big, big_unit);
    return ret;
}
