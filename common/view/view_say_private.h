/* What the sentences of view_say*.c share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SAY_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_SAY_PRIVATE_H

#include "common/view/view_say.h"

/* Both languages take the same arguments in the same order. */
#define SAY(ret, voice, en, cn, ...) buf_printf((ret), (voice)->zh ? (cn) : (en), __VA_ARGS__)
#define PUT(ret, voice, en, cn) buf_puts((ret), (voice)->zh ? (cn) : (en))

struct saying {
    const struct view *view;
    const struct state *state;
    const struct view_voice *voice;
    const struct view_step *step;
    struct buf *ret;
    char order[VIEW_SHORT_ID];
    char incident[VIEW_SHORT_ID];
};

/* Words that somebody said, if any. */
void view_say_quoted(const struct saying *s, const char *text);
/* A time, if there is one. */
void view_say_due(const struct saying *s, const char *en, const char *cn, int64_t ms);

/* What rules do, and what people decide in their place. Being asked is not told. */
void view_say_rule(const struct saying *s);

/* Facts as a rule saw them: ": dead 3, serious not known". */
void view_say_seen(const struct saying *s, const struct seen_fact *seen, size_t n);

/* What rules say of readings and silences. */
void view_say_lookout(const struct saying *s);

/* Warnings at hand, and what rules make of them. */
void view_say_warning(const struct saying *s);
/* The fact `warnings`, in the voice's language. */
void view_say_warnings(const struct saying *s, const char *value);

/* Incidents that belong together. */
void view_say_ties(const struct saying *s);

/* Command posts. */
void view_say_post(const struct saying *s);

/* What regions tell each other. That a record is for others is not told. */
void view_say_share(const struct saying *s);
void view_say_otherwise_step(const struct saying *s);

/* How far an incident reaches. */
void view_say_spread(const struct saying *s);

/* What becomes of an order that nobody answers. */
void view_say_reissue(const struct saying *s);

/* What reaches nobody. */
void view_say_unreached(const struct saying *s);

/* Statutory clocks, and the reports that they ask for. */
void view_say_clock(const struct saying *s);

#endif
