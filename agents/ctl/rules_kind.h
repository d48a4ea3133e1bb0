/* Kinds of incident that rule packs name. */
#ifndef MUSTER_AGENTS_CTL_RULES_KIND_H
#define MUSTER_AGENTS_CTL_RULES_KIND_H

#include "agents/ctl/ctl.h"
#include "common/core/region.h"
#include "common/rules/pack.h"

/* What was meant by a name of no kind: a kind of the policy (NULL: none is known), a word of the table, or
 * the Chinese name that stands there; NULL: none is near. */
const char *kind_nearest(const struct policy *policy, const char *word);

/* Notes each kind that the pack at that path is for, or that a rule of it asks about, which neither the
 * table of kinds nor the region's policy (NULL: none is known) has: a report will hardly bring it. */
void rules_note_kinds(const struct region *region, const struct pack *pack, const char *path, enum lang lang);

#endif
