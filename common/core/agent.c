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
    free(agent);
}
