/* Rules that fire each other for ever, as `rules check` and `rules load` say it. */
#ifndef MUSTER_AGENTS_CTL_RULES_LOOP_H
#define MUSTER_AGENTS_CTL_RULES_LOOP_H

#include "agents/ctl/ctl.h"
#include "common/rules/pack_loop.h"

/* ERR_DATA: "WHERE: these rules can fire each other for ever: a (line 7, column 9), b ...", of several packs
 * with their names. */
int rules_loop_fail(const struct pack_loop *loop, const char *where, enum lang lang, struct err *err);

#endif
