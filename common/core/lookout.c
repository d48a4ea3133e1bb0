#include "common/core/lookout.h"

#include <string.h>

#include "common/core/agent.h"
#include "common/core/command.h"
#include "common/core/event.h"
#include "common/core/names.h"
#include "common/core/region.h"
#include "common/core/statutory.h"

static struct rule_value number_of(const struct reading *reading)
{
    return (struct rule_value){.known = reading->present,
                               .real = reading->present ? reading_number(reading) : 0};
}

void lookout_know_reading(struct rule_facts *ret, const struct region *region,
                          const struct note_reading *said)
{
    const char *tier = statutory_tier_word(region->code, region->generation >= GENERATION_TIERS);

    memset(ret, 0, sizeof *ret);
    if (tier[0] != '\0') {
        ret->at[RULE_TIER] = (struct rule_value){.known = true, .text = tier};
    }
    ret->at[RULE_UNIT] = (struct rule_value){.known = true, .text = said->unit};
    ret->at[RULE_READING_NAME] = (struct rule_value){.known = true, .text = said->name};
    ret->at[RULE_READING] = number_of(&said->reading);
    ret->at[RULE_RISE] = number_of(&said->rise);
}

bool lookout_is_about(const struct lookout *lookout, enum mode mode, const char *unit, const char *name)
{
    return lookout->mode == mode && strcmp(lookout->name, name) == 0 && strcmp(lookout->unit, unit) == 0;
}

bool lookout_holds(const struct lookout *lookout)
{
    return lookout->ended_ms == 0;
}

int64_t lookout_rests_until(const struct lookout *lookout)
{
    return lookout->began_ms + lookout->rest_ms;
}

bool lookout_is_rested(const struct lookout *lookout, int64_t now_ms)
{
    return lookout->ended_ms != 0 && now_ms - lookout->began_ms >= LOOKOUT_REST_MS;
}

struct lookout *agent_lookout(const struct agent *agent, enum mode mode, const char *unit, const char *name,
                              const char *pack, const char *rule)
{
    for (size_t i = 0; agent != NULL && i < agent->lookouts_n; i++) {
        struct lookout *lookout = &agent->lookouts[i];
        if (lookout_is_about(lookout, mode, unit, name) && strcmp(lookout->rule, rule) == 0 &&
            strcmp(lookout->pack, pack) == 0) {
            return lookout;
        }
    }
    return NULL;
}

void agent_mark_lookouts(struct names *names, const struct agent *agent)
{
    for (size_t i = 0; i < agent->lookouts_n; i++) {
        names_mark(names, agent->lookouts[i].pack);
        names_mark(names, agent->lookouts[i].rule);
        names_mark(names, agent->lookouts[i].unit);
        names_mark(names, agent->lookouts[i].name);
    }
}
