/* Kinds of incident that rule packs name. */
#ifndef MUSTER_AGENTS_CTL_RULES_KIND_H
#define MUSTER_AGENTS_CTL_RULES_KIND_H

#include "agents/ctl/ctl.h"
#include "common/core/region.h"
#include "common/rules/pack.h"

enum { KIND_NAMES_MAX = 512 };

/* Kinds by what they may be called, of the policy (NULL: none is known) and of the table: what text_nearest()
 * takes. */
void kind_names(const struct policy *policy, const char *ret[KIND_NAMES_MAX + 1]);

/* Notes each kind that the pack at that path is for, or that a rule of it asks about, which neither the
 * table of kinds nor the region's policy (NULL: none is known) has: a report will hardly bring it. */
void rules_note_kinds(const struct region *region, const struct pack *pack, const char *path, enum lang lang);

#endif
