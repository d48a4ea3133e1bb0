/* Who has what: an Ack proves every record of its lane up to the one that it names. */
#include <stdlib.h>
#include <string.h>

#include "common/view/view_private.h"

/* Room for one more element of `size` bytes. */
int view_grow(void **at, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) {
        return 0;
    }
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = realloc(*at, wanted * size);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    *at = grown;
    *capacity = wanted;
    return 0;
}

static struct agent_entry *agent_entry(const struct view *view, const char *name)
{
    struct agent_entry *entry;

    HASH_FIND(hh, view->agents, name, strlen(name), entry);
    return entry;
}

struct agent_entry *view_agent_make(struct view *view, const char *name)
{
    struct agent_entry *entry = agent_entry(view, name);

    if (entry != NULL) {
        return entry;
    }
    entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->name = view_intern(view, name);
    if (entry->name != NULL) {
        HASH_ADD_KEYPTR(hh, view->agents, entry->name, strlen(entry->name), entry);
    }
    if (entry->name == NULL || entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

struct view_delivery view_delivered(const struct view *view, const char *agent, enum lane lane, uint64_t seq)
{
    const struct agent_entry *entry = agent_entry(view, agent);

    if (entry == NULL || lane <= LANE_NONE || lane > LANE_MAX) {
        return (struct view_delivery){.delivered = false};
    }
    const struct lane_entry *at = &entry->lanes[lane];
    size_t low = 0, high = at->proofs_n; /* the first proof that covers seq */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at->proofs[middle].up_to < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == at->proofs_n) {
        return (struct view_delivery){.delivered = false};
    }
    return (struct view_delivery){
        .delivered = true, .seq = at->proofs[low].seq, .bus_ms = at->proofs[low].bus_ms};
}

bool view_order_may_be_tombstone(const struct order *order, const struct view_order *told, uint64_t ack_seq)
{
    return (order->rung == RUNG_RECALLED || order->rung == RUNG_EXPIRED) && told->ended_seq != 0 &&
           told->ended_seq < ack_seq;
}

int view_wait_for(struct view *view, const char *agent, enum lane lane, uint64_t seq, struct id order)
{
    struct agent_entry *entry = view_agent_make(view, agent);

    if (entry == NULL) {
        return ERR_NO_MEMORY;
    }
    if (view_delivered(view, agent, lane, seq).delivered) {
        return 0; /* a tail gives the agents' streams before the incidents' */
    }
    struct lane_entry *at = &entry->lanes[lane];
    void *waiting = at->waiting;
    if (view_grow(&waiting, at->waiting_n, &at->waiting_capacity, sizeof *at->waiting) < 0) {
        return ERR_NO_MEMORY;
    }
    at->waiting = waiting;
    at->waiting[at->waiting_n++] = (struct waiting){.seq = seq, .order = order};
    return 0;
}

int view_prove(struct view *view, const struct view_step *step)
{
    struct agent_entry *entry = view_agent_make(view, step->subject);

    if (entry == NULL) {
        return ERR_NO_MEMORY;
    }
    struct lane_entry *at = &entry->lanes[step->lane <= LANE_MAX ? step->lane : LANE_NONE];
    void *proofs = at->proofs;
    if (view_grow(&proofs, at->proofs_n, &at->proofs_capacity, sizeof *at->proofs) < 0) {
        return ERR_NO_MEMORY;
    }
    at->proofs = proofs;
    at->proofs[at->proofs_n++] =
        (struct proof){.up_to = step->number, .seq = step->seq, .bus_ms = step->bus_ms};
    size_t left = 0;
    for (size_t i = 0; i < at->waiting_n; i++) {
        if (at->waiting[i].seq > step->number) {
            at->waiting[left++] = at->waiting[i];
            continue;
        }
        void *delivered = view->delivered;
        if (view_grow(&delivered, view->delivered_n, &view->delivered_capacity, sizeof *view->delivered) <
            0) {
            return ERR_NO_MEMORY;
        }
        view->delivered = delivered;
        view->delivered[view->delivered_n++] = at->waiting[i].order;
    }
    at->waiting_n = left;
    return 0;
}

int view_note_centre(struct view *view, uint64_t seq, const char *agent)
{
    const struct member *member = region_member(state_region(view->state), agent);
    bool is_centre = member != NULL && !member->is_operator && !member->revoked &&
                     member_has_right(member, "centre", NULL);
    struct agent_entry *entry = agent_entry(view, agent);

    if ((entry != NULL && entry->centre_n % 2 == 1) == is_centre) {
        return 0;
    }
    entry = view_agent_make(view, agent);
    void *centre = entry != NULL ? entry->centre : NULL;
    if (entry == NULL ||
        view_grow(&centre, entry->centre_n, &entry->centre_capacity, sizeof *entry->centre) < 0) {
        return ERR_NO_MEMORY;
    }
    entry->centre = centre;
    entry->centre[entry->centre_n++] = seq;
    return 0;
}

bool view_was_centre(const struct view *view, const char *agent, uint64_t seq)
{
    const struct agent_entry *entry = agent_entry(view, agent);
    size_t n = 0;

    while (entry != NULL && n < entry->centre_n && entry->centre[n] < seq) {
        n++;
    }
    return n % 2 == 1;
}

bool view_is_or_was_centre(const struct view *view, const char *agent)
{
    const struct agent_entry *entry = agent_entry(view, agent);

    return entry != NULL && entry->centre_n > 0;
}

size_t view_just_delivered(const struct view *view, const struct id **ret)
{
    *ret = view->delivered;
    return view->delivered_n;
}

void view_agents_free(struct view *view)
{
    struct agent_entry *agent, *next;

    agent = view->agents;
    HASH_CLEAR(hh, view->agents);
    for (; agent != NULL; agent = next) {
        next = agent->hh.next;
        free(agent->centre);
        for (int lane = 0; lane <= LANE_MAX; lane++) {
            free(agent->lanes[lane].proofs);
            free(agent->lanes[lane].waiting);
        }
        free(agent);
    }
}
