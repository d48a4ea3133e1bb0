/* muster-agent's configuration: docs and the profiles beside this file show every key. */
#ifndef MUSTER_AGENTS_AGENCY_CONFIG_H
#define MUSTER_AGENTS_AGENCY_CONFIG_H

#include "agents/agency/profile.h"
#include "common/crypto/keyfile.h"

struct config {
    struct conf *file;
    struct conf *profile_file; /* NULL: the profile stands in the file itself */
    const char *broker;        /* endpoint; NULL: broker_file */
    const char *broker_file;
    const char *journal;
    enum mode mode; /* of the units that are stated */
    struct secret_keys agent;
    struct public_keys region;
    struct profile profile;
};

/* Reads and checks everything, keys included. Texts live until config_free. */
int config_load(const char *path, struct config *ret, struct err *err);
void config_free(struct config *config);

#endif
