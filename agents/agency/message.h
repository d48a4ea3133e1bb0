/* The agent's JSON: what a program on the other side of the bridge, or a reader of --json, sees and says. One
 * object a line; docs name every field. */
#ifndef MUSTER_AGENTS_AGENCY_MESSAGE_H
#define MUSTER_AGENTS_AGENCY_MESSAGE_H

#include <jansson.h>

#include "agents/lib/client.h"
#include "common/base/arena.h"

/* New references; NULL: out of memory. */
json_t *message_delivery(const struct delivery *delivery);
json_t *message_reply(uint64_t ref, const struct reply *reply);
json_t *message_receipt(const struct give_receipt *receipt);
json_t *message_recovered(const struct client_recovery *recovery);
json_t *message_error(uint64_t line, const char *text);

enum asked_kind { ASKED_RECEIPT, ASKED_UNITS, ASKED_REPORT, ASKED_TELEMETRY };

/* A line of the other side as a command. */
struct asked {
    enum asked_kind kind;
    bool has_ref;
    uint64_t ref;
    struct command command;       /* its texts are the json's and the arena's */
    const struct sample *samples; /* TELEMETRY; so with theirs */
    size_t samples_n;
};

/* message_parse.c. `new_incident` names the incident of an initial report that names none. ERR_DATA with what
 * is wrong. */
int message_parse(const json_t *json, struct id new_incident, struct arena *arena, struct asked *ret,
                  struct err *err);

/* message_telemetry.c: the "samples" of such a line. */
int message_parse_samples(const json_t *json, struct arena *arena, const struct sample **ret, size_t *ret_n,
                          struct err *err);

#endif
