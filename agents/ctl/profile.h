/* Who speaks to which broker: the configuration of the commands that go online. Relative paths in the file
 * are relative to its folder. */
#ifndef MUSTER_AGENTS_CTL_PROFILE_H
#define MUSTER_AGENTS_CTL_PROFILE_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/core/words.h"
#include "common/crypto/keyfile.h"

struct profile {
    const char *path;
    const char *endpoint;      /* or NULL, */
    const char *endpoint_file; /* with the file that holds it */
    const char *journal;
    struct secret_keys agent;
    struct secret_keys operator; /* name "" when there is none */
    struct public_keys region;   /* its name is the region's code */
    enum mode mode;
};

/* path NULL: $MUSTER_CONFIG. Texts are the arena's. ERR_USAGE when neither is there, ERR_CONFIG with place,
 * ERR_NO_INPUT, ERR_PERMISSION. Wipe it when done. */
int profile_load(const char *path, struct arena *arena, struct profile *ret, struct err *err);
void profile_wipe(struct profile *profile);

#endif
