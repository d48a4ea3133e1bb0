/* The warnings that are at hand, as people see them. */
#ifndef MUSTER_COMMON_VIEW_VIEW_WARNING_H
#define MUSTER_COMMON_VIEW_VIEW_WARNING_H

#include "common/view/view_say.h"

/* "red" or 红色; of one without a colour its severity; else that it is not known. */
const char *view_warning_degree(const struct view_voice *voice, enum alert_colour colour,
                                enum alert_severity severity);

/* A fact of a warning as a rule saw it ("red", "none"), in Chinese; NULL: it is no such word. */
const char *view_warning_value_zh(const char *fact, const char *value);

/* Those in force at now_ms (bus time), and those that are to come, the gravest first: as a table, painted by
 * their colours where the voice has any, or one object a line. Nothing is appended where there are none.
 * 0 or ERR_NO_MEMORY. */
int view_warnings(const struct state *state, const struct view_voice *voice, int64_t now_ms, struct buf *ret);
void view_json_warnings(const struct state *state, int64_t now_ms, struct buf *ret);

#endif
