#include "common/core/state.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/alert_table.h"
#include "common/core/names.h"
#include "common/core/state_private.h"
#include "common/core/stream.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

/* To look up an incident that is new is to go to the end of a chain, and each link is a cache miss: at
 * uthash's own 10 that was a sixth of folding a log. Below 6 the table grows faster than what is in it. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 7U

struct incident_entry {
    UT_hash_handle hh;
    struct incident incident; /* its id is the key */
};

/* The orders of one stream: one, or an evacuation's. */
struct home_entry {
    struct id family; /* the id without its number */
    struct order_home {
        struct id order;
        struct id incident;
    } * at;
    size_t n;
    UT_hash_handle hh;
};

struct agent_entry {
    struct agent *agent;
    UT_hash_handle hh;
};

struct state {
    struct hash_key key;
    struct region region;
    struct incident_entry *incidents;
    struct home_entry *homes;
    struct agent_entry *agents;
    struct alert_table alerts;
    struct names names;
};

/* To be kept in a variable: uthash's macros ask for what they are given more than once. */
static uint32_t hash_of(const struct state *state, const struct id *id)
{
    return keyed_hash(state->key, id, sizeof *id);
}

static struct incident_entry *incident_entry(const struct state *state, struct id id)
{
    uint32_t hash = hash_of(state, &id);
    struct incident_entry *entry;

    HASH_FIND_BYHASHVALUE(hh, state->incidents, &id, sizeof id, hash, entry);
    return entry;
}

struct state *state_new_keyed(struct hash_key key)
{
    struct state *state = calloc(1, sizeof *state);

    if (state != NULL) {
        state->key = key;
        state->names.key = key;
        state->alerts.key = key;
        state->region = (struct region){.code = "",
                                        .name = "",
                                        .parent = "",
                                        .recovered_reason = "",
                                        .divisions_source = "",
                                        .policy = {.version = ""}};
    }
    return state;
}

struct state *state_new(void)
{
    return state_new_keyed((struct hash_key){0});
}

static void region_clear(struct region *region)
{
    for (size_t i = 0; i < region->members_n; i++) {
        words_free(&region->members[i].rights);
    }
    free(region->members);
    free(region->divisions);
    free(region->links);
    warnings_free(region);
    region_policy_clear(&region->policy);
    *region = (struct region){.code = "",
                              .name = "",
                              .parent = "",
                              .recovered_reason = "",
                              .divisions_source = "",
                              .policy = {.version = ""}};
}

/* The table goes first, then the entries along their own list: that is what a static analyser can follow. */
void state_free(struct state *state)
{
    if (state == NULL) {
        return;
    }
    struct incident_entry *incident = state->incidents;
    HASH_CLEAR(hh, state->incidents);
    while (incident != NULL) {
        struct incident_entry *next = incident->hh.next;
        incident_clear(&incident->incident);
        free(incident);
        incident = next;
    }
    struct home_entry *home = state->homes;
    HASH_CLEAR(hh, state->homes);
    while (home != NULL) {
        struct home_entry *next = home->hh.next;
        free(home->at);
        free(home);
        home = next;
    }
    struct agent_entry *agent = state->agents;
    HASH_CLEAR(hh, state->agents);
    while (agent != NULL) {
        struct agent_entry *next = agent->hh.next;
        agent_free(agent->agent);
        free(agent);
        agent = next;
    }
    alert_table_free(&state->alerts);
    region_clear(&state->region);
    names_free(&state->names);
    free(state);
}

const struct region *state_region(const struct state *state)
{
    return &state->region;
}

struct region *state_region_mutable(struct state *state)
{
    return &state->region;
}

struct incident *state_incident(const struct state *state, struct id id)
{
    struct incident_entry *entry = incident_entry(state, id);

    return entry != NULL ? &entry->incident : NULL;
}

/* --- where orders are ------------------------------------------------------------------------------ */

static struct id family_of(struct id order)
{
    memset(order.b + ID_BYTES - EVACUATION_TAIL, 0, EVACUATION_TAIL);
    return order;
}

static struct home_entry *home_entry(const struct state *state, struct id order)
{
    struct id family = family_of(order);
    uint32_t hash = hash_of(state, &family);
    struct home_entry *entry;

    HASH_FIND_BYHASHVALUE(hh, state->homes, &family, sizeof family, hash, entry);
    return entry;
}

bool state_order_home(const struct state *state, struct id order, struct id *ret_incident)
{
    const struct home_entry *entry = home_entry(state, order);

    for (size_t i = 0; entry != NULL && i < entry->n; i++) {
        if (id_equal(entry->at[i].order, order)) {
            *ret_incident = entry->at[i].incident;
            return true;
        }
    }
    return false;
}

int state_set_order_home(struct state *state, struct id order, struct id incident)
{
    struct home_entry *entry = home_entry(state, order);
    struct id there;

    if (state_order_home(state, order, &there)) {
        return 0;
    }
    if (entry == NULL) {
        entry = calloc(1, sizeof *entry);
        if (entry == NULL) {
            return ERR_NO_MEMORY;
        }
        entry->family = family_of(order);
        uint32_t hash = hash_of(state, &entry->family);
        HASH_ADD_BYHASHVALUE(hh, state->homes, family, sizeof entry->family, hash, entry);
        if (entry->hh.tbl == NULL) {
            free(entry);
            return ERR_NO_MEMORY;
        }
    }
    struct order_home *grown = realloc(entry->at, (entry->n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    entry->at = grown;
    grown[entry->n++] = (struct order_home){order, incident};
    return 0;
}

static void evict_homes(struct state *state, struct id order)
{
    struct home_entry *entry = home_entry(state, order);

    if (entry != NULL) {
        HASH_DEL(state->homes, entry);
        free(entry->at);
        free(entry);
    }
}

/* --- agents and names ------------------------------------------------------------------------------ */

struct agent *state_agent(const struct state *state, const char *name)
{
    struct agent_entry *entry;

    HASH_FIND(hh, state->agents, name, strlen(name), entry);
    return entry != NULL ? entry->agent : NULL;
}

struct incident *state_incident_make(struct state *state, struct id id)
{
    struct incident *there = state_incident(state, id);
    if (there != NULL) {
        return there;
    }

    struct incident_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    struct incident *incident = &entry->incident;
    struct facts none = facts_none();
    incident->id = id;
    incident->reporter = "";
    incident->kind = "";
    incident->home = "";
    incident->lead = incident->lead_offered = incident->lead_disputed = "";
    incident->substance = "";
    incident->graded_by = incident->doubted_in = incident->doubted_by = "";
    incident->casualties = none.casualties;
    incident->loss_cny = none.loss_cny;
    uint32_t hash = hash_of(state, &incident->id);
    HASH_ADD_BYHASHVALUE(hh, state->incidents, incident.id, sizeof incident->id, hash, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return incident;
}

struct agent *state_agent_make(struct state *state, const char *name)
{
    struct agent *there = state_agent(state, name);
    if (there != NULL) {
        return there;
    }

    struct agent_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    struct agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL) {
        goto fail_agent;
    }
    agent->name = state_intern(state, name);
    if (agent->name == NULL) {
        goto fail_add;
    }
    entry->agent = agent;
    HASH_ADD_KEYPTR(hh, state->agents, agent->name, strlen(agent->name), entry);
    if (entry->hh.tbl == NULL) {
        goto fail_add;
    }
    return agent;

fail_add:
    agent_free(agent);
fail_agent:
    free(entry);
    return NULL;
}

struct alert *state_alert(const struct state *state, struct id id)
{
    return alert_table_find(&state->alerts, id);
}

struct alert *state_alert_make(struct state *state, struct id id)
{
    return alert_table_make(&state->alerts, id);
}

int state_each_alert(const struct state *state, bool (*visit)(void *ctx, const struct alert *), void *ctx)
{
    return alert_table_each(&state->alerts, visit, ctx);
}

const char *state_intern(struct state *state, const char *text)
{
    return names_keep(&state->names, text);
}

int state_intern_words(struct state *state, struct words words, struct words *ret)
{
    if (words.n == 0) {
        *ret = (struct words){NULL, 0};
        return 0;
    }
    const char **at = calloc(words.n, sizeof *at);
    if (at == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < words.n; i++) {
        at[i] = state_intern(state, words.at[i]);
        if (at[i] == NULL) {
            free(at);
            return ERR_NO_MEMORY;
        }
    }
    *ret = (struct words){at, words.n};
    return 0;
}

static int compare_incidents(const void *a, const void *b)
{
    const struct incident_entry *const *x = a;
    const struct incident_entry *const *y = b;

    return id_compare((*x)->incident.id, (*y)->incident.id);
}

int state_each_incident(const struct state *state, bool (*visit)(void *ctx, const struct incident *),
                        void *ctx)
{
    size_t n = state_incident_count(state);
    if (n == 0) {
        return 0;
    }
    struct incident_entry **sorted = calloc(n, sizeof(struct incident_entry *));
    if (sorted == NULL) {
        return ERR_NO_MEMORY;
    }
    size_t i = 0;
    for (struct incident_entry *entry = state->incidents; entry != NULL; entry = entry->hh.next) {
        sorted[i++] = entry;
    }
    qsort(sorted, n, sizeof(struct incident_entry *), compare_incidents);
    for (i = 0; i < n && visit(ctx, &sorted[i]->incident); i++) {
    }
    free(sorted);
    return 0;
}

static int compare_agents(const void *a, const void *b)
{
    const struct agent_entry *const *x = a;
    const struct agent_entry *const *y = b;

    return strcmp((*x)->agent->name, (*y)->agent->name);
}

int state_each_agent(const struct state *state, bool (*visit)(void *ctx, const struct agent *), void *ctx)
{
    size_t n = HASH_COUNT(state->agents);
    if (n == 0) {
        return 0;
    }
    struct agent_entry **sorted = calloc(n, sizeof(struct agent_entry *));
    if (sorted == NULL) {
        return ERR_NO_MEMORY;
    }
    size_t i = 0;
    for (struct agent_entry *entry = state->agents; entry != NULL; entry = entry->hh.next) {
        sorted[i++] = entry;
    }
    qsort(sorted, n, sizeof(struct agent_entry *), compare_agents);
    for (i = 0; i < n && visit(ctx, sorted[i]->agent); i++) {
    }
    free(sorted);
    return 0;
}

size_t state_incident_count(const struct state *state)
{
    return HASH_COUNT(state->incidents);
}

static void evict_incident(struct state *state, struct id id)
{
    struct incident_entry *entry = incident_entry(state, id);

    if (entry != NULL) {
        HASH_DEL(state->incidents, entry);
        incident_clear(&entry->incident);
        free(entry);
    }
}

static void evict_agent(struct state *state, const char *name)
{
    struct agent_entry *entry;

    HASH_FIND(hh, state->agents, name, strlen(name), entry);
    if (entry != NULL) {
        HASH_DEL(state->agents, entry);
        agent_free(entry->agent);
        free(entry);
    }
}

void state_evict(struct state *state, struct stream_key stream)
{
    switch (stream.kind) {
    case STREAM_INCIDENT:
        evict_incident(state, stream.id);
        return;
    case STREAM_ORDER:
        evict_homes(state, stream.id);
        return;
    case STREAM_AGENT:
        evict_agent(state, stream.name);
        return;
    case STREAM_REGION:
        if (state->region.code[0] == '\0' || strcmp(stream.name, state->region.code) == 0) {
            region_clear(&state->region);
        }
        return;
    case STREAM_ALERT:
        alert_table_drop(&state->alerts, stream.id);
        return;
    case STREAM_NONE:
        return;
    }
}

/* --- names that nobody refers to any more ---------------------------------------------------------- */

static void mark_region(struct names *names, const struct region *region)
{
    const struct policy *policy = &region->policy;

    names_mark(names, region->code);
    names_mark(names, region->name);
    names_mark(names, region->parent);
    names_mark(names, region->recovered_reason);
    for (size_t i = 0; i < region->members_n; i++) {
        names_mark(names, region->members[i].name);
        names_mark_words(names, region->members[i].rights);
    }
    for (size_t i = 0; i < region->packs_n; i++) {
        names_mark(names, region->packs[i].name);
        names_mark(names, region->packs[i].version);
        names_mark(names, region->packs[i].text);
    }
    names_mark(names, region->divisions_source);
    for (size_t i = 0; i < region->divisions_n; i++) {
        names_mark(names, region->divisions[i].code);
        names_mark(names, region->divisions[i].name);
    }
    for (size_t i = 0; i < region->links_n; i++) {
        names_mark(names, region->links[i].region);
    }
    warnings_mark(region, names);
    names_mark(names, policy->version);
    for (size_t i = 0; i < policy->kinds_n; i++) {
        names_mark(names, policy->kinds[i].kind);
        names_mark_words(names, policy->kinds[i].required);
        names_mark_words(names, policy->kinds[i].needs);
    }
    for (size_t i = 0; i < policy->substances_n; i++) {
        names_mark(names, policy->substances[i].substance);
        names_mark_words(names, policy->substances[i].needs);
    }
    for (size_t i = 0; i < policy->order_kinds_n; i++) {
        names_mark(names, policy->order_kinds[i].kind);
    }
}

static void mark_incident(struct names *names, const struct incident *incident)
{
    names_mark(names, incident->reporter);
    names_mark(names, incident->kind);
    names_mark(names, incident->home);
    names_mark(names, incident->lead);
    names_mark(names, incident->lead_offered);
    names_mark(names, incident->lead_disputed);
    names_mark(names, incident->substance);
    names_mark(names, incident->graded_by);
    names_mark(names, incident->doubted_in);
    names_mark(names, incident->doubted_by);
    for (size_t i = 0; i < incident->holds_n; i++) {
        names_mark(names, incident->holds[i].pack);
        names_mark(names, incident->holds[i].rule);
    }
    for (size_t i = 0; i < incident->referrals_n; i++) {
        names_mark(names, incident->referrals[i].region);
        names_mark(names, incident->referrals[i].unreached);
    }
    for (size_t i = 0; i < incident->shares_n; i++) {
        names_mark(names, incident->shares[i].region);
    }
    for (size_t i = 0; i < incident->heard_n; i++) {
        names_mark(names, incident->heard[i].region);
    }
    for (size_t i = 0; i < incident->clocks_n; i++) {
        names_mark(names, incident->clocks[i].pack);
        names_mark(names, incident->clocks[i].terms.name);
        names_mark(names, incident->clocks[i].terms.title);
    }
    ties_mark(incident->ties, names);
    spread_mark(incident->spread, names);
    post_mark(incident->post, names);
    for (size_t i = 0; i < incident->reissues_n; i++) {
        names_mark(names, incident->reissues[i].rule);
        names_mark(names, incident->reissues[i].ability);
    }
    for (size_t i = 0; i < incident->requests_n; i++) {
        names_mark(names, incident->requests[i].fact);
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        names_mark(names, order->kind);
        names_mark(names, order->addressee);
        names_mark(names, order->issuer);
        names_mark(names, order->operator);
        names_mark(names, order->taker);
        names_mark(names, order->home);
        names_mark(names, order->unreached);
        names_mark_words(names, order->agents);
        names_mark_words(names, order->units);
        names_mark_words(names, order->needs);
        names_mark_words(names, order->there);
    }
}

static void mark_agent(struct names *names, const struct agent *agent)
{
    names_mark(names, agent->name);
    agent_mark_lookouts(names, agent);
    for (size_t i = 0; i < agent->units_n; i++) {
        const struct unit *unit = &agent->units[i];
        names_mark(names, unit->id);
        names_mark(names, unit->type);
        names_mark(names, unit->team);
        names_mark_words(names, unit->abilities);
        names_mark_words(names, unit->equipment);
    }
}

void state_tidy(struct state *state)
{
    struct names *names = &state->names;

    /* While the region is being read again, who speaks may still be named by what waits for it. */
    if (!names_want_sweep(names) || state->region.code[0] == '\0') {
        return;
    }
    names->marks = 0;
    mark_region(names, &state->region);
    for (struct incident_entry *entry = state->incidents; entry != NULL; entry = entry->hh.next) {
        mark_incident(names, &entry->incident);
    }
    for (struct agent_entry *entry = state->agents; entry != NULL; entry = entry->hh.next) {
        mark_agent(names, entry->agent);
    }
    alert_table_mark(&state->alerts, names);
    names_sweep(names);
}

size_t state_name_count(const struct state *state)
{
    return names_count(&state->names);
}
