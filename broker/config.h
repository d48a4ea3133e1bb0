/* What musterd is told by its configuration file. */
#ifndef MUSTER_BROKER_CONFIG_H
#define MUSTER_BROKER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/crypto/keyfile.h"

enum { CONFIG_HOST_MAX = 256, CONFIG_LINKS_MAX = 64, GENESIS_MAX = 8 * 1024 * 1024 };

/* The line to another region's broker, which this one is to make. */
struct config_link {
    const char *region;
    const char *connect; /* tcp://HOST:PORT */
};

struct conf;

struct config {
    struct conf *conf; /* owns the texts below */
    const char *region;
    const char *listen; /* as it is written */
    char host[CONFIG_HOST_MAX];
    uint16_t port;             /* 0: any free one */
    const char *log;           /* folder */
    const char *genesis_path;  /* "" none */
    const char *endpoint_file; /* "": none; else the real endpoint is written there once in service */
    struct secret_keys broker;
    struct public_keys region_keys;
    struct buf genesis;
    struct config_link links[CONFIG_LINKS_MAX];
    size_t links_n;
    uint32_t beat_ms;
    uint32_t canary_ms;
    bool accept_clock;
    bool volatile_ok;
    const char *recover; /* not in the file: the command line's --recover, and why; NULL: no */
};

/* Reads and checks everything that can be checked without opening the log. */
int config_load(const char *path, struct config *ret, struct err *err);
void config_free(struct config *config);

#endif
