#include "agents/ctl/moment.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/when.h"

enum { MOMENT_TEXT = 48, DAY_CHARACTERS = sizeof "2026-11-23" - 1, DAY_MS = 24 * 60 * 60 * 1000 };
enum { FRACTION_DIGITS_MAX = 9 };

/* Whether the text begins as the pattern does, in which 0 is any digit; to its end. */
static bool is_like(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern) {
            return false;
        }
    }
    return *text == '\0';
}

/* Of seconds there may be fractions, as a log shows them. */
static bool is_time_of_day(const char *text)
{
    char seconds[sizeof "16:30:07"];
    const char *point = strchr(text, '.');

    if (point == NULL || point - text != sizeof seconds - 1) {
        return is_like(text, "00:00") || is_like(text, "00:00:00");
    }
    memcpy(seconds, text, sizeof seconds - 1);
    seconds[sizeof seconds - 1] = '\0';
    size_t digits = strspn(point + 1, "0123456789");
    return is_like(seconds, "00:00:00") && digits >= 1 && digits <= FRACTION_DIGITS_MAX &&
           point[1 + digits] == '\0';
}

enum moment_form moment_form(const char *text)
{
    char day[DAY_CHARACTERS + 1];
    int64_t ms;

    if (when_parse(text, &ms) == 0) {
        return MOMENT_WHOLE;
    }
    if (is_time_of_day(text)) {
        return MOMENT_OF_DAY;
    }
    if (strlen(text) <= DAY_CHARACTERS) {
        return MOMENT_NONE;
    }
    memcpy(day, text, DAY_CHARACTERS);
    day[DAY_CHARACTERS] = '\0';
    return is_like(day, "0000-00-00") && (text[DAY_CHARACTERS] == ' ' || text[DAY_CHARACTERS] == 'T') &&
                   is_time_of_day(text + DAY_CHARACTERS + 1)
               ? MOMENT_CIVIL
               : MOMENT_NONE;
}

int moment_refuse(const char *option, const char *text, enum lang lang, struct err *err)
{
    return err_set(
        err, ERR_USAGE,
        lang_text(lang,
                  "--%s \"%s\": a time is wanted, such as \"2026-11-23 16:30\" (the region's time), "
                  "16:30 (today) or 2026-11-23T16:30:00+08:00",
                  "--%s \"%s\"：请写时间，如 \"2026-11-23 16:30\"（本地时间）、16:30（今日）或 "
                  "2026-11-23T16:30:00+08:00"),
        option, text);
}

/* "2026-11-23" and "16:30" or "16:30:07" at the region's offset. */
static int parse_civil(const char *day, const char *time, int32_t utc_offset_minutes, int64_t *ret_ms)
{
    int minutes = utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
    char whole[MOMENT_TEXT];

    (void)snprintf(whole, sizeof whole, "%.*sT%s%s%c%02d:%02d", DAY_CHARACTERS, day, time,
                   strlen(time) == sizeof "16:30" - 1 ? ":00" : "", utc_offset_minutes < 0 ? '-' : '+',
                   minutes / 60 % 24, minutes % 60);
    return when_parse(whole, ret_ms);
}

static int parse_of_day(const char *option, const char *text, const struct moment_base *base, enum lang lang,
                        int64_t *ret_ms, struct err *err)
{
    char today[WHEN_TEXT], other[WHEN_TEXT];
    int64_t ms;

    if (base->now_ms == 0) {
        return err_set(err, ERR_USAGE,
                       lang_text(lang, "--%s %s: of which day? Write \"2026-11-23 %s\"",
                                 "--%s %s：请写明日期，如 \"2026-11-23 %s\""),
                       option, text, text);
    }
    when_format(base->now_ms, base->utc_offset_minutes, today);
    if (parse_civil(today, text, base->utc_offset_minutes, &ms) != 0) {
        return moment_refuse(option, text, lang, err);
    }
    if (!base->ahead && ms > base->now_ms + MOMENT_AHEAD_MAX_MS) {
        when_format(base->now_ms - DAY_MS, base->utc_offset_minutes, other);
        return err_set(err, ERR_USAGE,
                       lang_text(lang, "--%s %s is still to come today; is \"%.*s %s\" meant?",
                                 "--%s %s：今日尚未到该时刻；如指昨日，请写 \"%.*s %s\""),
                       option, text, DAY_CHARACTERS, other, text);
    }
    if (base->ahead && ms <= base->now_ms) {
        when_format(base->now_ms + DAY_MS, base->utc_offset_minutes, other);
        return err_set(err, ERR_USAGE,
                       lang_text(lang, "--%s %s is past today; is \"%.*s %s\" meant?",
                                 "--%s %s：今日已过该时刻；如指明日，请写 \"%.*s %s\""),
                       option, text, DAY_CHARACTERS, other, text);
    }
    *ret_ms = ms;
    return 0;
}

int moment_parse(const char *option, const char *text, const struct moment_base *base, enum lang lang,
                 int64_t *ret_ms, struct err *err)
{
    switch (moment_form(text)) {
    case MOMENT_WHOLE:
        return when_parse(text, ret_ms);
    case MOMENT_CIVIL:
        return parse_civil(text, text + DAY_CHARACTERS + 1, base->utc_offset_minutes, ret_ms) == 0
                   ? 0
                   : moment_refuse(option, text, lang, err);
    case MOMENT_OF_DAY:
        return parse_of_day(option, text, base, lang, ret_ms, err);
    case MOMENT_NONE:
        break;
    }
    return moment_refuse(option, text, lang, err);
}
