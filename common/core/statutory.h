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

/* X(name, word, 中文): what a report is to a clock. All but MET and LATE leave it running. */
#define CLOCK_ANSWER_LIST(X)                                    \
    X(CLOCK_MET, "met", "按时报送")                             \
    X(CLOCK_LATE, "late", "迟报")                               \
    X(CLOCK_BEFORE, "before-it-began", "早于时限起算")          \
    X(CLOCK_OTHER_REPORT, "another-report", "报告种类不符")     \
    X(CLOCK_OTHER_MEDIUM, "another-medium", "报送方式不符")     \
    X(CLOCK_NOT_REACHED, "level-not-reached", "未报至规定层级") \
    X(CLOCK_NO_SIGNER, "no-signer", "缺签发人")

enum clock_answer {
#define CLOCK_ANSWER_ENUM(name, word, zh) name,
    CLOCK_ANSWER_LIST(CLOCK_ANSWER_ENUM)
#undef CLOCK_ANSWER_ENUM
        CLOCK_ANSWER_COUNT
};

/* Whether a report meets the clock's round that begins and is due then; the due moment itself is in time.
 * A report that reached a higher level than is asked for meets it: reporting past a level 越级 is lawful
 * (Decree 493, Art. 10). Of a daily clock the moment at which a round begins is still the last one's. */
enum clock_answer statutory_ask(const struct rule_clock *clock, int64_t begins_ms, int64_t due_ms,
                                const struct clock_report *report);
const char *clock_answer_word(enum clock_answer answer);
const char *clock_answer_zh(enum clock_answer answer);

/* Civil days from one moment's date to another's, negative when that lies before. */
int64_t statutory_days(int64_t from_ms, int64_t to_ms, int32_t utc_offset_minutes);

/* Whether casualties that changed at a moment count towards the grade: within `days` of the occurrence, 30,
 * of road traffic and fires 7 (Decree 493, Art. 13: 自事故发生之日起30日内). Our reading: calendar days in
 * the region's zone, and the day of the occurrence is not counted (Civil Code, Art. 201: 开始的当日不计入),
 * so that all of day 30 counts and nothing of day 31. That Art. 203 moves a last day that is a holiday is
 * for who has to act by then, not for this. The fact `corrected_days` gives a rule these days. */
bool statutory_counts(int64_t occurred_ms, int64_t changed_ms, int32_t utc_offset_minutes, int64_t days);

/* The level of government that a region's code stands for (GB/T 2260: 370000, 370100, 370102; also in its
 * short forms and with zeros behind); NONE: of a township or village, or no code. */
enum tier statutory_tier(const char *region_code);

#endif
