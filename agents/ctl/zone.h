/* Fixed offsets from UTC, "+08:00", as minutes. */
#ifndef MUSTER_AGENTS_CTL_ZONE_H
#define MUSTER_AGENTS_CTL_ZONE_H

#include <stdint.h>

#include "common/base/err.h"

/* ERR_USAGE for anything but +HH:MM, -HH:MM or Z, 14 hours at most. */
int zone_parse(const char *text, int32_t *ret_minutes, struct err *err);

#endif
