/* An author's commands are decided in their order, also when some were turned away for the moment. */
#include "common/core/link.h"
#include "common/engine/engine_private.h"

void hold_note(struct engine *engine, struct author *author, uint64_t counter)
{
    struct hold *hold = &author->hold;

    if (counter <= author->mark) {
        return; /* asked again: it was decided, nothing can overtake it */
    }
    if (hold->from == 0 || counter < hold->from) {
        hold->from = counter;
    }
    hold->to = counter > hold->to ? counter : hold->to;
    hold->until_ms = engine_boot(engine) + ENGINE_HOLD_MS;
}

bool hold_waits(struct engine *engine, struct author *author, uint64_t counter)
{
    struct hold *hold = &author->hold;

    if (hold->from == 0) {
        return false;
    }
    if (counter > hold->from && engine_boot(engine) < hold->until_ms) {
        hold->to = counter > hold->to ? counter : hold->to;
        return true;
    }
    if (name_is_link(author->name, NULL)) {
        /* its counters are places in a log, which have gaps; and it says all again that follows this one */
        *hold = (struct hold){0};
        return false;
    }
    if (counter >= hold->from) {
        hold->from = counter + 1;
        hold->until_ms = engine_boot(engine) + ENGINE_HOLD_MS;
    }
    if (hold->from > hold->to) {
        *hold = (struct hold){0};
    }
    return false;
}
