/* Statutory clocks 法定时限 for people and programs: what report one asks for, by when, and why a report that
 * went up did not meet it. */
#ifndef MUSTER_COMMON_VIEW_VIEW_CLOCK_H
#define MUSTER_COMMON_VIEW_VIEW_CLOCK_H

#include "common/core/statutory.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* "to the province, initial, phone, signed off": of what is asked for only what matters. */
void view_say_asked(const struct view_voice *voice, const struct rule_clock *terms, struct buf *ret);

/* "TITLE: to the province, phone, due by 12:40:21, 25 min left", in its tone. */
void view_say_running(const struct state *state, const struct view_voice *voice,
                      const struct incident_clock *clock, int64_t now_ms, struct buf *ret);

enum { VIEW_CLOCK_LACKS_MAX = 5 };

/* All that the report lacks for the clock's round, in the order in which it is asked. */
size_t view_clock_lacks(const struct incident_clock *clock, struct clock_report report,
                        enum clock_answer ret[VIEW_CLOCK_LACKS_MAX]);
void view_say_lack(const struct view_voice *voice, enum clock_answer lack, const struct rule_clock *terms,
                   struct buf *ret);
/* The same for programs: "before", "kind", "medium", "level", "signer". */
const char *view_lack_word(enum clock_answer lack);

/* Its fields, into an object that is open. */
void view_clock_json(const struct incident_clock *clock, struct json *json);

#endif
