/* Statutory clocks 法定时限 as arithmetic: when one is due, whether a report meets it, and which changes of
 * casualties still count. Pure: no clock is read, no table of zones either.
 *
 * Times are unix milliseconds. Durations are reckoned in the time that the caller passes (the bus's); times
 * of the day and days in civil time, at the region's fixed offset from UTC: China has one zone and no summer
 * time. */
#ifndef MUSTER_COMMON_CORE_STATUTORY_H
#define MUSTER_COMMON_CORE_STATUTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/rule.h"
#include "common/core/words.h"

struct clock_moments {
    int64_t occurred_ms; /* 0: nobody said */
    int64_t received_ms; /* of the first report */
    int64_t started_ms;  /* when a rule started it */
};

/* From when it runs. Reports before that are no answer to it.
 *   rule, daily      when a rule started it
 *   received         the first report
 *   occurred         the occurrence; the first report, when nobody said or it is said to be later
 *   with `restarts`  when a rule started it, if that was after the first report: a duty that a graver grade
 *                    brings (Decree 493, Art. 13: new facts are reported again) begins when it is known */
int64_t statutory_begins(const struct rule_clock *clock, const struct clock_moments *moments);

/* When what begins then is due: a duration later, or the next of the daily times, strictly after. A daily
 * clock's next round begins with the last one's due moment. */
int64_t statutory_due(const struct rule_clock *clock, int64_t begins_ms, int32_t utc_offset_minutes);

/* When to warn, never before it begins; 0: it has no warning. */
int64_t statutory_warns(const struct rule_clock *clock, int64_t begins_ms, int64_t due_ms);

struct clock_report {
    enum report_kind kind;
    enum medium medium;
    enum tier reached; /* the highest level that it reached */
    bool signer;       /* it names who signed it off 签发人 */
    int64_t at_ms;
};

/* What a report is to a clock. All but MET and LATE leave it running. */
enum clock_answer {
    CLOCK_MET,
    CLOCK_LATE,
    CLOCK_BEFORE, /* filed before the clock began */
    CLOCK_OTHER_REPORT,
    CLOCK_OTHER_MEDIUM,
    CLOCK_NOT_REACHED, /* the level that it is to reach */
    CLOCK_NO_SIGNER
};

/* Whether a report meets the clock's round that begins and is due then; the due moment itself is in time.
 * A report that reached a higher level than is asked for meets it: reporting past a level 越级 is lawful
 * (Decree 493, Art. 10). Of a daily clock the moment at which a round begins is still the last one's. */
enum clock_answer statutory_ask(const struct rule_clock *clock, int64_t begins_ms, int64_t due_ms,
                                const struct clock_report *report);

/* Civil days from one moment's date to another's, negative when that lies before. By them casualties that
 * changed count towards the grade: until 30 days after the occurrence, of road traffic and fires 7 (Decree
 * 493, Art. 13: 自事故发生之日起30日内); the fact `corrected_days` gives rules these days. Our reading:
 * calendar days in the region's zone, and the day of the occurrence is not counted (Civil Code, Art. 201:
 * 开始的当日不计入), so that all of day 30 counts and nothing of day 31. That Art. 203 moves a last day that
 * is a holiday is for who has to act by then, not for this. */
int64_t statutory_days(int64_t from_ms, int64_t to_ms, int32_t utc_offset_minutes);

/* The level of government that a region's code stands for (GB/T 2260: 370000, 370100, 370102; also in its
 * short forms and with zeros behind); NONE: of a township or village, or no code. */
enum tier statutory_tier(const char *region_code);
/* The level as rules have it: "county", "city" or "province"; `all`: also "township" (9 digits) or
 * "village" (12), which no report has to reach. "": not known. */
const char *statutory_tier_word(const char *region_code, bool all);

#endif
