/* A rule tells whoever has a role. What nobody would hear is told to the centres instead, and said to be. */
#include "common/core/decide_private.h"
#include "common/core/route.h"

struct notified decide_notice(const struct deciding *d, const char *role, const char *rule)
{
    bool nobody = d->region->generation >= GENERATION_UNREACHED && !route_reaches_role(d->region, role);

    return (struct notified){.role = role,
                             .rule = rule,
                             .nobody = nobody,
                             .untold = nobody && !route_reaches_role(d->region, "centre")};
}
