/* What people make of incidents side by side: several that are one event 并案, what follows from another
 * 次生 and 衍生, and orders that belong to another incident than the one under which they were issued.
 *
 * A merged incident keeps its stream, its orders and its id: it points to the one that survives, and what is
 * said under its id concerns that one. Merged ones may have been merged into before, so an event is a
 * tree. */
#ifndef MUSTER_COMMON_CORE_TIES_H
#define MUSTER_COMMON_CORE_TIES_H

#include "common/core/words.h"

enum {
    MERGED_PER_EVENT_MAX = 32,   /* ids of one event, beside the one that survives: all are loaded together */
    LINKS_PER_INCIDENT_MAX = 64, /* causes, consequences, related ones */
    MOVED_FROM_MAX = 4,          /* incidents whose orders one has: they are loaded with it */
    MOVED_PER_INCIDENT_MAX = 1024,
    TAKEN_PER_INCIDENT_MAX =
        128, /* more than ids and links of an event; beyond it what is taken is its own */
    /* What belongs to the two incidents that a command may name, see ties_streams(). */
    TIES_STREAMS_MAX = 2 * (1 + MERGED_PER_EVENT_MAX) * (1 + MOVED_FROM_MAX)
};

/* An incident that was merged into this one, and how many it stands for: itself and those merged into it. */
struct merged_part {
    struct id id;
    uint32_t parts;
    uint32_t heard; /* facts that other regions have told of it since: bits, fact_mark.h ... */
    bool graded;    /* ... and a grade */
    int64_t due_ms; /* ... of which something is to be made here; 0: of nothing */
};

struct incident_link {
    struct id other;
    enum link_kind kind;
    bool caused; /* the other is the consequence of this one; else the other way round, or neither */
    bool merged; /* another region takes them for one event */
    int64_t at_ms;
};

/* An order that was issued under one incident and belongs to another. */
struct moved_order {
    struct id order;
    struct id other; /* where it belongs; or, of one that was taken over, where it was issued */
    bool taken;
};

/* What an incident has, since a merge, from the other: no word of its own. Until somebody says it anew, or
 * the merge is taken back. */
struct takeover {
    struct id other;       /* that was merged into it; or, of kind and substance, into which it was */
    uint32_t fields;       /* bits, fact_mark.h */
    enum grade grade;      /* that it had before, NONE: none */
    const char *kind;      /* as it was before, of FIELD_KIND; "": not known */
    const char *substance; /* the same, of FIELD_SUBSTANCE */
};

struct ties {
    struct id merged_into; /* zero: it is its own */
    int64_t merged_at_ms;
    struct merged_part *parts;
    size_t parts_n;
    struct incident_link *links;
    size_t links_n;
    struct moved_order *moved;
    size_t moved_n;
    struct takeover *taken;
    size_t taken_n;
    struct id
        regrade; /* with that incident, which is another event, its grade came: rules are to be asked what
                        * it would be; zero: they are not */
};

struct buf;
struct incident;
struct names;
struct order;
struct state;
struct stream_key;

void ties_free(struct ties *ties); /* NULL is fine */
/* The words it holds are in use; NULL is fine. */
void ties_mark(const struct ties *ties, struct names *names);

bool incident_is_merged(const struct incident *incident);
/* Zero: it is its own. */
struct id incident_merged_into(const struct incident *incident);
/* NULL: none with that one. */
const struct incident_link *incident_link(const struct incident *incident, struct id other);
/* NULL: nothing was taken over from that one. */
struct takeover *incident_taken(const struct incident *incident, struct id other);
/* What is taken over from whichever, as bits. */
uint32_t incident_taken_fields(const struct incident *incident);
/* That one was merged into this one, directly. */
bool incident_has_part(const struct incident *incident, struct id part);
/* Its lines of state_dump(). */
void taken_dump(const struct ties *ties, struct buf *ret);
/* How many ids are one event with this one, itself too. */
size_t incident_parts(const struct incident *incident);
/* From when on something is to be made of what was heard of incidents merged into this one; 0: nothing. */
int64_t incident_parts_due(const struct incident *incident);
/* The order was issued here and belongs to another incident: that one's id; zero when it belongs here. */
struct id incident_moved_to(const struct incident *incident, struct id order);

/* Of what is loaded: ties_streams() says what must be. */
/* The incident into which this one was merged, directly or through others; itself when it was not. */
const struct incident *ties_survivor(const struct state *state, const struct incident *incident);
/* The incident and all that were merged into it, it first. Returns their number. */
size_t ties_family(const struct state *state, const struct incident *incident,
                   const struct incident *ret[MERGED_PER_EVENT_MAX + 1]);
/* The order, under whichever id of its event it was issued or to which it was moved; NULL: none. ret_home,
 * which may be NULL, is the incident in whose stream it is. */
const struct order *ties_order(const struct state *state, const struct incident *named, struct id order,
                               const struct incident **ret_home);

/* Streams that belong to the incidents among `named` and are not among them: their survivors, what was merged
 * into those, and where orders came from that they took over. As far as what is loaded tells: to be asked
 * again once those are loaded, until it returns 0. ret holds TIES_STREAMS_MAX. */
size_t ties_streams(const struct state *state, const struct stream_key *named, size_t named_n,
                    struct stream_key *ret);
/* The same for what is linked to the incident, at most LINKS_PER_INCIDENT_MAX. */
size_t ties_linked_streams(const struct state *state, struct id incident, const struct stream_key *named,
                           size_t named_n, struct stream_key *ret);

#endif
