#include "common/core/event.h"

const char *event_kind_name(enum event_kind kind)
{
    switch (kind) {
    case EVENT_NONE:
        return "?";
#define EVENT_NAME(name, number, text) \
    case name:                         \
        return text;
        EVENT_LIST(EVENT_NAME)
#undef EVENT_NAME
    }
    return "?";
}

int64_t known_count_ms(const struct counts_known *known, size_t i)
{
    const int64_t at_ms[] = {known->dead_ms, known->missing_ms, known->serious_ms, known->minor_ms,
                             known->trapped_ms};

    return at_ms[i];
}
