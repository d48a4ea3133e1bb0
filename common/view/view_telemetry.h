/* A sample of telemetry as a reader sees it: one line for people, or one JSON object. */
#ifndef MUSTER_COMMON_VIEW_VIEW_TELEMETRY_H
#define MUSTER_COMMON_VIEW_VIEW_TELEMETRY_H

#include "common/base/buf.h"
#include "common/core/state.h"
#include "common/core/telemetry.h"
#include "common/view/view_say.h"

/* Both append one line. */
void view_sample_text(const struct state *state, const struct view_voice *voice, const struct sample *sample,
                      struct buf *ret);
void view_sample_json(const struct sample *sample, struct buf *ret);

/* value * 10^exponent as a decimal: 105 and -1 are "10.5". */
void view_reading_value(const struct reading *reading, struct buf *ret);

#endif
