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
