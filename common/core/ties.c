#include "common/core/ties.h"

#include <stdlib.h>

#include "common/core/incident.h"
#include "common/core/state.h"

void ties_free(struct ties *ties)
{
    if (ties != NULL) {
        free(ties->parts);
        free(ties->links);
        free(ties->moved);
        free(ties->taken);
        free(ties);
    }
}

struct id incident_merged_into(const struct incident *incident)
{
    return incident->ties != NULL ? incident->ties->merged_into : (struct id){{0}};
}

bool incident_is_merged(const struct incident *incident)
{
    return !id_is_zero(incident_merged_into(incident));
}

const struct incident_link *incident_link(const struct incident *incident, struct id other)
{
    for (size_t i = 0; incident->ties != NULL && i < incident->ties->links_n; i++) {
        if (id_equal(incident->ties->links[i].other, other)) {
            return &incident->ties->links[i];
        }
    }
    return NULL;
}

size_t incident_parts(const struct incident *incident)
{
    size_t n = 1;

    for (size_t i = 0; incident->ties != NULL && i < incident->ties->parts_n; i++) {
        n += incident->ties->parts[i].parts;
    }
    return n;
}

int64_t incident_parts_due(const struct incident *incident)
{
    int64_t due = 0;

    for (size_t i = 0; incident->ties != NULL && i < incident->ties->parts_n; i++) {
        int64_t at = incident->ties->parts[i].due_ms;
        due = at != 0 && (due == 0 || at < due) ? at : due;
    }
    return due;
}

struct id incident_moved_to(const struct incident *incident, struct id order)
{
    for (size_t i = 0; incident->ties != NULL && i < incident->ties->moved_n; i++) {
        const struct moved_order *moved = &incident->ties->moved[i];
        if (!moved->taken && id_equal(moved->order, order)) {
            return moved->other;
        }
    }
    return (struct id){{0}};
}

/* --- over what is loaded -------------------------------------------------------------------------- */

const struct incident *ties_survivor(const struct state *state, const struct incident *incident)
{
    for (int i = 0; i < MERGED_PER_EVENT_MAX && incident_is_merged(incident); i++) {
        const struct incident *into = state_incident(state, incident->ties->merged_into);
        if (into == NULL) {
            break;
        }
        incident = into;
    }
    return incident;
}

size_t ties_family(const struct state *state, const struct incident *incident,
                   const struct incident *ret[MERGED_PER_EVENT_MAX + 1])
{
    size_t n = 0;

    ret[n++] = incident;
    for (size_t i = 0; i < n; i++) { /* what was merged into those that are found */
        const struct ties *ties = ret[i]->ties;
        for (size_t j = 0; ties != NULL && j < ties->parts_n && n <= MERGED_PER_EVENT_MAX; j++) {
            const struct incident *part = state_incident(state, ties->parts[j].id);
            if (part != NULL) {
                ret[n++] = part;
            }
        }
    }
    return n;
}

static const struct order *order_of(const struct state *state, const struct incident *incident,
                                    struct id order, const struct incident **ret_home)
{
    const struct order *there = incident_order(incident, order);
    const struct ties *ties = incident->ties;

    *ret_home = incident;
    for (size_t i = 0; there == NULL && ties != NULL && i < ties->moved_n; i++) {
        const struct moved_order *moved = &ties->moved[i];
        const struct incident *home =
            moved->taken && id_equal(moved->order, order) ? state_incident(state, moved->other) : NULL;
        if (home != NULL) {
            *ret_home = home;
            there = incident_order(home, order);
        }
    }
    return there;
}

const struct order *ties_order(const struct state *state, const struct incident *named, struct id order,
                               const struct incident **ret_home)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1], *home;
    const struct order *there = order_of(state, named, order, &home);

    if (there == NULL && named->ties != NULL) {
        size_t n = ties_family(state, ties_survivor(state, named), family);
        for (size_t i = 0; i < n && there == NULL; i++) {
            there = order_of(state, family[i], order, &home);
        }
    }
    if (ret_home != NULL) {
        *ret_home = home;
    }
    return there;
}

/* --- what must be loaded --------------------------------------------------------------------------- */

struct wanted {
    const struct stream_key *named;
    size_t named_n;
    struct stream_key *ret;
    size_t n;
};

static void want(struct wanted *wanted, struct id id)
{
    struct stream_key key = stream_key_incident(id);

    for (size_t i = 0; i < wanted->named_n; i++) {
        if (stream_key_equal(wanted->named[i], key)) {
            return;
        }
    }
    for (size_t i = 0; i < wanted->n; i++) {
        if (stream_key_equal(wanted->ret[i], key)) {
            return;
        }
    }
    if (wanted->n < TIES_STREAMS_MAX) {
        wanted->ret[wanted->n++] = key;
    }
}

size_t ties_streams(const struct state *state, const struct stream_key *named, size_t named_n,
                    struct stream_key *ret)
{
    struct wanted wanted = {.named = named, .named_n = named_n, .ret = ret};

    for (size_t i = 0; i < named_n; i++) {
        const struct incident *incident =
            named[i].kind == STREAM_INCIDENT ? state_incident(state, named[i].id) : NULL;
        const struct ties *ties = incident != NULL ? incident->ties : NULL;
        if (ties == NULL) {
            continue;
        }
        if (!id_is_zero(ties->merged_into)) {
            want(&wanted, ties->merged_into);
        }
        for (size_t j = 0; j < ties->parts_n; j++) {
            want(&wanted, ties->parts[j].id);
        }
        for (size_t j = 0; j < ties->moved_n; j++) {
            if (ties->moved[j].taken) {
                want(&wanted, ties->moved[j].other);
            }
        }
    }
    return wanted.n;
}

size_t ties_linked_streams(const struct state *state, struct id incident, const struct stream_key *named,
                           size_t named_n, struct stream_key *ret)
{
    struct wanted wanted = {.named = named, .named_n = named_n, .ret = ret};
    const struct incident *there = state_incident(state, incident);

    there = there != NULL ? ties_survivor(state, there) : NULL;
    for (size_t i = 0; there != NULL && there->ties != NULL && i < there->ties->links_n; i++) {
        want(&wanted, there->ties->links[i].other);
    }
    return wanted.n;
}
