/* Roles that rules notify and nobody has: the centres would be told in their place, or nobody. */
#ifndef MUSTER_AGENTS_CTL_RULES_ROLE_H
#define MUSTER_AGENTS_CTL_RULES_ROLE_H

#include "agents/ctl/ctl.h"
#include "common/core/region.h"
#include "common/rules/pack.h"

/* A note, one a role, on standard error. path: of the pack. */
void rules_note_roles(const struct region *region, const struct pack *pack, const char *path, enum lang lang);
/* The same of n packs for the region of a log, and rules_note_kinds(). */
int rules_note_of_log(const char *log, struct pack *const *packs, const char *const *paths, size_t n,
                      enum lang lang, struct err *err);

#endif
