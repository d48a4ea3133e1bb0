/* From what a person typed to the incident or order meant, with its stream read into the session's view. */
#ifndef MUSTER_AGENTS_CTL_RESOLVE_H
#define MUSTER_AGENTS_CTL_RESOLVE_H

#include "agents/ctl/session.h"

struct resolved {
    struct id incident;
    struct id order; /* zero when an incident was asked for */
    enum mode mode;  /* the incident's; the session's own when it may not be read */
    bool read;       /* the view holds it: the right "watch" was there */
};

/* A whole id is taken as it is when the right to read is missing; a part of one needs that right. */
int resolve_incident(struct session *session, const char *text, struct resolved *ret, struct err *err);
int resolve_order(struct session *session, const char *text, struct resolved *ret, struct err *err);

/* Reads what belongs to an incident that is in the view: what it was merged into, what was merged into
 * that, and where orders came from that it took over. */
int resolve_ties(struct session *session, struct id incident, struct err *err);
/* Reads agents' streams (units, cursors) into the view. */
int resolve_agents(struct session *session, struct words agents, struct err *err);
/* Of everybody who was ordered in the incident: what is delivered, what units lack. */
int resolve_ordered(struct session *session, struct id incident, struct err *err);
/* Of every agent that is or was a command centre: who was told of its reports. */
int resolve_centres(struct session *session, struct err *err);

/* A time as moment.h has them, of the region's zone, which every agent may read, and of today by the broker's
 * clock. ERR_USAGE. */
int resolve_time(struct session *session, const char *option, const char *text, int64_t *ret_ms,
                 struct err *err);
/* The same of a time that is to lie ahead. */
int resolve_time_ahead(struct session *session, const char *option, const char *text, int64_t *ret_ms,
                       struct err *err);

#endif
