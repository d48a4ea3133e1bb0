#include "common/core/agent.h"

#include <stdlib.h>
#include <string.h>

static int compare_id(const void *key, const void *element)
{
    return strcmp(key, ((const struct unit *)element)->id);
}

const struct unit *agent_unit(const struct agent *agent, const char *id)
{
    if (agent->units_n == 0) {
        return NULL;
    }
    return bsearch(id, agent->units, agent->units_n, sizeof *agent->units, compare_id);
}

bool agent_unit_brings(const struct agent *agent, const struct unit *unit, const char *equipment)
{
    bool has = words_have(unit->equipment, equipment);

    for (size_t i = 0; i < agent->units_n && !has && unit->kind == UNIT_KIND_TEAM; i++) {
        const struct unit *member = &agent->units[i];
        has = strcmp(member->team, unit->id) == 0 && words_have(member->equipment, equipment);
    }
    return has;
}

void agent_free(struct agent *agent)
{
    if (agent == NULL) {
        return;
    }
    for (size_t i = 0; i < agent->units_n; i++) {
        words_free(&agent->units[i].abilities);
        words_free(&agent->units[i].equipment);
    }
    free(agent->units);
    free(agent->lookouts);
    free(agent);
}
