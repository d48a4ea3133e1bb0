/* What the tests of the brief share: filing a report with its signer, and looking at what is written. */
#ifndef MUSTER_TESTS_UNIT_VIEW_BRIEFS_H
#define MUSTER_TESTS_UNIT_VIEW_BRIEFS_H

#include "common/view/view_brief.h"
#include "tests/unit/view_fixture.h"

enum { FIRE = 10, ORDER = 11, LATER = 12, DRILL = 20 };

uint64_t bf_say(struct fixture *fx, const char *agent, uint8_t incident, enum mode mode,
                enum report_kind kind, const struct facts *facts, const char *text, const char *signer);

/* The whole log with its words; view_free() it. */
struct view *bf_folded(struct fixture *fx);

typedef void bf_writer(const struct view_brief *brief, struct buf *ret);
/* The brief of that point, which must be there; buf_free() it. */
void bf_written(const struct view *view, bool zh, uint8_t incident, struct view_brief_point point,
                bf_writer *write, struct buf *ret);

void bf_has(struct buf *out, const char *words);
void bf_has_not(struct buf *out, const char *words);

#endif
