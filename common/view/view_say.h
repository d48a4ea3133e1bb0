/* What happened, in plain words of a duty room, English or Chinese: one line a step. Everything that came
 * from outside is escaped. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SAY_H
#define MUSTER_COMMON_VIEW_VIEW_SAY_H

#include "common/base/buf.h"
#include "common/view/view.h"

enum { VIEW_TIME = 24, VIEW_SHORT_ID = 6 + 1 };

struct view_voice {
    bool zh;
    bool color; /* ANSI colours where a line is painted */
};

/* "2026-11-22 11:00:07" in the region's civil time; "-" for 0. Returns ret. */
char *view_time(const struct state *state, int64_t ms, char ret[VIEW_TIME]);
/* "11:00:07", with the month and day before it when it is not the day of near_ms, and the year when it is
 * another one. */
char *view_clock(const struct state *state, int64_t ms, int64_t near_ms, char ret[VIEW_TIME]);
/* The last characters of an id, as people tell them apart. */
char *view_short_id(struct id id, char ret[VIEW_SHORT_ID]);
/* "fire-rescue/station-3" for an agent of the state's own region, else the whole name. */
const char *view_short_name(const struct state *state, const char *name);

/* How much a line matters. */
enum view_tone { TONE_PLAIN, TONE_QUIET, TONE_GOOD, TONE_WARN, TONE_BAD };
const char *view_tone_on(const struct view_voice *voice, enum view_tone tone);
const char *view_tone_off(const struct view_voice *voice, enum view_tone tone);
enum view_tone view_step_tone(const struct view_step *step);

/* The sentence of a step, without time and author; nothing is appended when there is nothing to say to
 * people (an Ack that delivers no order). delivered: view_just_delivered() for an Ack, else unused. */
void view_say_step(const struct view *view, const struct view_voice *voice, const struct view_step *step,
                   const struct id *delivered, size_t delivered_n, struct buf *ret);

/* "REFUSED issue-orders: without the right (...)" */
void view_say_refusal(const struct view_voice *voice, enum command_kind kind, enum refusal refusal,
                      const char *detail, struct buf *ret);

/* "kind fire, place ..., dead 1": what is known, in one line. */
void view_say_facts(const struct state *state, const struct view_voice *voice, const struct facts *facts,
                    struct buf *ret);
/* Words with ", " between them. */
void view_say_words(struct words words, struct buf *ret);

const char *view_rung_name(const struct view_voice *voice, enum rung rung);
const char *view_link_name(const struct view_voice *voice, enum link_kind kind);
const char *view_mode_name(const struct view_voice *voice, enum mode mode);
/* A word that is in no table of kinds as it is. */
const char *view_incident_kind(const struct view_voice *voice, const char *word);
const char *view_order_kind(const struct view_voice *voice, const char *word);
/* What a condition saw, as people say it: tier and kinds are words for programs. */
const char *view_seen_value(const struct view_voice *voice, const struct seen_fact *seen);

#endif
