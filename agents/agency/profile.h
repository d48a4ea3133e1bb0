/* What an agency's agent takes, what units it has, and how it answers: read from YAML. The profile's keys may
 * stand in the program's own file, or in one that its key `profile` names. */
#ifndef MUSTER_AGENTS_AGENCY_PROFILE_H
#define MUSTER_AGENTS_AGENCY_PROFILE_H

#include "common/conf/conf.h"
#include "common/core/words.h"

enum { PROFILE_UNITS_MAX = 512, PROFILE_DELAY_MAX_MS = 24 * 60 * 60 * 1000 };

/* How long after the step before it each step is said. */
struct script {
    int64_t acknowledge_ms;
    int64_t accept_ms;
    int64_t en_route_ms;
    int64_t on_scene_ms;
    int64_t complete_ms; /* -1: never; the units stay until they are recalled */
    int64_t head_count_ms;
    int64_t amendment_ms;
    double jitter; /* each wait varies by up to this part of itself, either way */
    int64_t seed;
};

/* Where units are, for telemetry: at their station, on a straight line to the scene, there. A script knows no
 * roads. */
struct track {
    bool present;
    struct position station;
    struct position scene;
    int64_t every_ms; /* how often a unit on its way says where it is */
};

enum sink { SINK_ACTUAL, SINK_EXERCISE };

struct profile {
    struct words takes; /* kinds of order; none: all */
    struct unit *units; /* texts are the conf's */
    size_t units_n;
    bool strict; /* goes only with all the equipment that an order needs; else with what it has */
    struct script script;
    struct track track;
    bool bridge;
    enum sink sink; /* whom the answers move: real crews, or players of an exercise */
    bool exercise;  /* an actual sink that takes part in exercises; its output says so */
};

/* Texts live as long as the node's conf. ERR_CONFIG with place. */
int profile_read(const struct conf_node *map, struct profile *ret, struct err *err);
void profile_free(struct profile *profile);

#endif
