/* Who says very much is held to a pace while somebody speaks who says little, so that a flood of one is not
 * what the others wait for. Alone, or among others who say as much, nobody is. */
#include "common/engine/engine_private.h"

static bool says_little(const struct author *author)
{
    return author->pace.little && author->pace.said <= ENGINE_LITTLE;
}

void pace_note(struct engine *engine, struct author *author)
{
    int64_t boot = engine_boot(engine);
    struct pace *pace = &author->pace;

    if (pace->from_ms == 0 || boot >= pace->from_ms + ENGINE_SHARE_MS) {
        pace->little = pace->from_ms != 0 && pace->said <= ENGINE_LITTLE;
        pace->from_ms = boot;
        pace->said = 0;
    }
    pace->said++;
    if (says_little(author)) {
        engine->little = author;
        engine->little_ms = boot;
    }
}

bool pace_holds_reader(const struct engine *engine, const struct author *author)
{
    const struct author *other = engine->little;

    /* Who begins to say much was one of those who say little a moment ago: that holds up nobody. */
    return other != NULL && other != author && says_little(other) &&
           engine_boot(engine) < engine->little_ms + ENGINE_SHARE_MS;
}

bool pace_holds(const struct engine *engine, const struct author *author)
{
    return pace_holds_reader(engine, author) && !says_little(author);
}

bool pace_take(struct engine *engine, struct author *author, enum command_kind kind)
{
    int64_t boot = engine_boot(engine);
    struct pace *pace = &author->pace;

    pace->left += boot - pace->left_ms;
    pace->left = pace->left < ENGINE_PACE_BURST ? pace->left : ENGINE_PACE_BURST;
    pace->left_ms = boot;
    if (pace->left > 0) {
        pace->left--;
        return true;
    }
    return kind == COMMAND_RECALL_ORDER || kind == COMMAND_ORDER_EVACUATION || !pace_holds(engine, author);
}
