#include "common/core/statutory.h"

#include <string.h>

#include "common/core/division.h"

static const int64_t MINUTE_MS = INT64_C(60) * 1000;
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

/* Days since 1970-01-01 of the civil date, and with ret the milliseconds since its midnight. */
static int64_t civil_day(int64_t ms, int32_t utc_offset_minutes, int64_t *ret_ms)
{
    int64_t local = add(ms, utc_offset_minutes * MINUTE_MS);
    int64_t day = local / DAY_MS, rest = local % DAY_MS;

    if (rest < 0) {
        rest += DAY_MS;
        day--;
    }
    *ret_ms = rest;
    return day;
}

int64_t statutory_begins(const struct rule_clock *clock, const struct clock_moments *moments)
{
    int64_t received = moments->received_ms;

    if (clock->from == CLOCK_FROM_RULE || clock->times_n > 0 ||
        (clock->restarts && moments->started_ms > received)) {
        return moments->started_ms;
    }
    return clock->from == CLOCK_FROM_OCCURRED && moments->occurred_ms != 0 && moments->occurred_ms < received
               ? moments->occurred_ms
               : received;
}

int64_t statutory_due(const struct rule_clock *clock, int64_t begins_ms, int32_t utc_offset_minutes)
{
    int64_t since_midnight, next;
    size_t i = 0;

    if (clock->times_n == 0) {
        return add(begins_ms, clock->within_ms);
    }
    (void)civil_day(begins_ms, utc_offset_minutes, &since_midnight);
    while (i < clock->times_n && clock->times_minutes[i] * MINUTE_MS <= since_midnight) {
        i++;
    }
    next = i < clock->times_n ? clock->times_minutes[i] * MINUTE_MS
                              : DAY_MS + clock->times_minutes[0] * MINUTE_MS;
    return add(begins_ms, next - since_midnight);
}

int64_t statutory_warns(const struct rule_clock *clock, int64_t begins_ms, int64_t due_ms)
{
    if (clock->warn_ms == 0) {
        return 0;
    }
    int64_t warns = add(due_ms, -clock->warn_ms);
    return warns > begins_ms ? warns : begins_ms;
}

enum clock_answer statutory_ask(const struct rule_clock *clock, int64_t begins_ms, int64_t due_ms,
                                const struct clock_report *report)
{
    if (report->at_ms < begins_ms || (clock->times_n > 0 && report->at_ms == begins_ms)) {
        return CLOCK_BEFORE;
    }
    if (clock->report != REPORT_NONE && report->kind != clock->report) {
        return CLOCK_OTHER_REPORT;
    }
    if (clock->medium != MEDIUM_NONE && report->medium != clock->medium) {
        return CLOCK_OTHER_MEDIUM;
    }
    if (report->reached < clock->to) {
        return CLOCK_NOT_REACHED;
    }
    if (clock->signer && !report->signer) {
        return CLOCK_NO_SIGNER;
    }
    return report->at_ms <= due_ms ? CLOCK_MET : CLOCK_LATE;
}

int64_t statutory_days(int64_t from_ms, int64_t to_ms, int32_t utc_offset_minutes)
{
    int64_t rest;
    int64_t from = civil_day(from_ms, utc_offset_minutes, &rest);

    return civil_day(to_ms, utc_offset_minutes, &rest) - from;
}

enum tier statutory_tier(const char *region_code)
{
    size_t n = strlen(region_code);

    bool has_length = n == 2 || n == 4 || n == 6 || n == 9 || n == REGION_CODE_MAX;
    if (!has_length || strspn(region_code, "0123456789") != n) {
        return TIER_NONE;
    }
    while (n > 6 && region_code[n - 1] == '0') {
        n--;
    }
    if (n > 6) {
        return TIER_NONE;
    }
    while (n > 2 && region_code[n - 1] == '0' && region_code[n - 2] == '0') {
        n -= 2;
    }
    return n <= 2 ? TIER_PROVINCE : n <= 4 ? TIER_CITY : TIER_COUNTY;
}

const char *statutory_tier_word(const char *region_code, bool all)
{
    enum { TOWNSHIP = 9 };
    char whole[REGION_CODE_MAX + 1];
    enum tier tier = statutory_tier(region_code);

    if (tier != TIER_NONE) {
        return tier_name(tier);
    }
    if (!all || !division_code(region_code, whole)) {
        return "";
    }
    return strlen(whole) == TOWNSHIP ? "township" : strlen(whole) == REGION_CODE_MAX ? "village" : "";
}
