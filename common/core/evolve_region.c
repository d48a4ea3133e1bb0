/* evolve() for the region's stream: founding, members, policy, rule packs, clock, recovery. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static int region_founded(struct state *state, const struct found_region *e)
{
    struct region *region = state_region_mutable(state);
    const char *code = state_intern(state, e->region);
    const char *name = state_intern(state, e->name);
    const char *parent = state_intern(state, e->parent);

    if (code == NULL || name == NULL || parent == NULL) {
        return ERR_NO_MEMORY;
    }
    region->code = code;
    region->name = name;
    region->parent = parent;
    region->utc_offset_minutes = e->utc_offset_minutes;
    memcpy(region->root_key, e->root_key, KEY_BYTES);
    memcpy(region->broker_sign_key, e->broker_sign_key, KEY_BYTES);
    memcpy(region->broker_curve_key, e->broker_curve_key, KEY_BYTES);
    return 0;
}

static struct member *member_make(struct state *state, const char *name)
{
    struct region *region = state_region_mutable(state);
    size_t at = 0;

    while (at < region->members_n && strcmp(region->members[at].name, name) < 0) {
        at++;
    }
    if (at < region->members_n && strcmp(region->members[at].name, name) == 0) {
        return &region->members[at];
    }
    struct member *grown = realloc(region->members, (region->members_n + 1) * sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    region->members = grown;
    const char *interned = state_intern(state, name);
    if (interned == NULL) {
        return NULL;
    }
    memmove(&grown[at + 1], &grown[at], (region->members_n - at) * sizeof *grown);
    grown[at] = (struct member){.name = interned};
    region->members_n++;
    return &grown[at];
}

static int enrolled(struct state *state, const struct enrol *e, bool is_operator)
{
    struct words rights;
    int result = state_intern_words(state, e->rights, &rights);

    if (result < 0) {
        return result;
    }
    struct member *member = member_make(state, e->name);
    if (member == NULL) {
        words_free(&rights);
        return ERR_NO_MEMORY;
    }
    words_free(&member->rights);
    member->rights = rights;
    member->is_operator = is_operator;
    member->revoked = false;
    memcpy(member->sign_key, e->sign_key, KEY_BYTES);
    memcpy(member->curve_key, e->curve_key, KEY_BYTES);
    return 0;
}

static void revoked(struct state *state, const struct revoke *e)
{
    struct region *region = state_region_mutable(state);

    for (size_t i = 0; i < region->members_n; i++) {
        if (strcmp(region->members[i].name, e->name) == 0) {
            region->members[i].revoked = true;
        }
    }
}

void region_policy_clear(struct policy *policy)
{
    for (size_t i = 0; i < policy->kinds_n; i++) {
        struct words required = policy->kinds[i].required;
        struct words needs = policy->kinds[i].needs;
        words_free(&required);
        words_free(&needs);
    }
    for (size_t i = 0; i < policy->substances_n; i++) {
        struct words needs = policy->substances[i].needs;
        words_free(&needs);
    }
    /* the arrays are the state's own; only what is read through the policy is const */
    free((void *)(uintptr_t)policy->kinds);
    free((void *)(uintptr_t)policy->substances);
    free((void *)(uintptr_t)policy->order_kinds);
    *policy = (struct policy){.version = ""};
}

static int policy_copy(struct state *state, const struct policy *e, struct policy *ret)
{
    struct kind_policy *kinds = calloc(e->kinds_n + 1, sizeof *kinds);
    struct substance_policy *substances = calloc(e->substances_n + 1, sizeof *substances);
    struct order_kind_policy *order_kinds = calloc(e->order_kinds_n + 1, sizeof *order_kinds);
    int result = 0;

    *ret = *e;
    ret->kinds = kinds;
    ret->substances = substances;
    ret->order_kinds = order_kinds;
    ret->kinds_n = ret->substances_n = ret->order_kinds_n = 0;
    ret->version = state_intern(state, e->version);
    if (kinds == NULL || substances == NULL || order_kinds == NULL || ret->version == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < e->kinds_n && result == 0; i++) {
        kinds[i].ask_within_ms = e->kinds[i].ask_within_ms;
        kinds[i].kind = state_intern(state, e->kinds[i].kind);
        result = kinds[i].kind == NULL ? ERR_NO_MEMORY : 0;
        result = result == 0 ? state_intern_words(state, e->kinds[i].required, &kinds[i].required) : result;
        result = result == 0 ? state_intern_words(state, e->kinds[i].needs, &kinds[i].needs) : result;
        ret->kinds_n = i + 1;
    }
    for (size_t i = 0; i < e->substances_n && result == 0; i++) {
        substances[i].substance = state_intern(state, e->substances[i].substance);
        result = substances[i].substance == NULL ? ERR_NO_MEMORY : 0;
        result =
            result == 0 ? state_intern_words(state, e->substances[i].needs, &substances[i].needs) : result;
        ret->substances_n = i + 1;
    }
    for (size_t i = 0; i < e->order_kinds_n && result == 0; i++) {
        order_kinds[i].two_persons = e->order_kinds[i].two_persons;
        order_kinds[i].kind = state_intern(state, e->order_kinds[i].kind);
        result = order_kinds[i].kind == NULL ? ERR_NO_MEMORY : 0;
        ret->order_kinds_n = i + 1;
    }
    return result;
}

static int policy_set(struct state *state, const struct policy *e)
{
    struct region *region = state_region_mutable(state);
    struct policy policy;
    int result = policy_copy(state, e, &policy);

    if (result < 0) {
        region_policy_clear(&policy);
        return result;
    }
    region_policy_clear(&region->policy);
    region->policy = policy;
    return 0;
}

static void clock_set(struct state *state, const struct set_clock *e)
{
    struct region *region = state_region_mutable(state);

    region->clock_bus_ms = e->bus_ms;
    region->clock_utc_ms = e->utc_ms;
    region->clock_boot_ms = e->boot_ms;
    memcpy(region->clock_boot, e->boot, sizeof region->clock_boot);
    region->clock_steps += e->stepped_ms != 0;
    region->clock_stops += e->stood_ms != 0;
    region->clock_stood_ms += e->stood_ms < INT64_MAX - region->clock_stood_ms ? e->stood_ms : 0;
}

static int recovered(struct state *state, const struct recover *e)
{
    struct region *region = state_region_mutable(state);
    const char *reason = state_intern(state, e->reason);

    if (reason == NULL) {
        return ERR_NO_MEMORY;
    }
    region->recovered_epoch = e->epoch;
    region->recovered_seq = e->seq;
    region->recovered_reason = reason;
    return 0;
}

/* A pack of that name, or a place for it where the order of names wants it. NULL: there is no room. */
static struct region_pack *pack_place(struct region *region, const char *name)
{
    size_t at = 0;

    while (at < region->packs_n && strcmp(region->packs[at].name, name) < 0) {
        at++;
    }
    if (at < region->packs_n && strcmp(region->packs[at].name, name) == 0) {
        return &region->packs[at];
    }
    if (region->packs_n == REGION_PACKS_MAX) {
        return NULL;
    }
    memmove(&region->packs[at + 1], &region->packs[at], (region->packs_n - at) * sizeof *region->packs);
    region->packs_n++;
    return &region->packs[at];
}

static int pack_set(struct state *state, const struct pack_set *e)
{
    struct region_pack pack = {.name = state_intern(state, e->name),
                               .version = state_intern(state, e->version),
                               .text = state_intern(state, e->text),
                               .set_at_ms = e->at_ms};

    if (pack.name == NULL || pack.version == NULL || pack.text == NULL) {
        return ERR_NO_MEMORY;
    }
    memcpy(pack.hash, e->hash, sizeof pack.hash);
    struct region_pack *place = pack_place(state_region_mutable(state), e->name);
    if (place != NULL) {
        *place = pack;
    }
    return 0;
}

static void pack_dropped(struct state *state, const struct drop_pack *e)
{
    struct region *region = state_region_mutable(state);

    for (size_t i = 0; i < region->packs_n; i++) {
        if (strcmp(region->packs[i].name, e->name) == 0) {
            region->packs_n--;
            memmove(&region->packs[i], &region->packs[i + 1], (region->packs_n - i) * sizeof *region->packs);
            return;
        }
    }
}

static int divisions_set(struct state *state, const struct set_divisions *e)
{
    struct region *region = state_region_mutable(state);
    struct division *at = calloc(e->divisions_n + 1, sizeof *at);
    const char *source = state_intern(state, e->source);
    bool fine = at != NULL && source != NULL;

    for (size_t i = 0; i < e->divisions_n && fine; i++) {
        at[i] = (struct division){.code = state_intern(state, e->divisions[i].code),
                                  .name = state_intern(state, e->divisions[i].name),
                                  .from = e->divisions[i].from,
                                  .to = e->divisions[i].to};
        fine = at[i].code != NULL && at[i].name != NULL;
    }
    if (!fine) {
        free(at);
        return ERR_NO_MEMORY;
    }
    free(region->divisions);
    region->divisions = at;
    region->divisions_n = e->divisions_n;
    region->divisions_source = source;
    memcpy(region->divisions_hash, e->hash, sizeof region->divisions_hash);
    return 0;
}

static struct region_link *line_make(struct state *state, const char *region)
{
    struct region *at = state_region_mutable(state);
    struct region_link *line = region_line(at, region);

    if (line != NULL) {
        return line;
    }
    struct region_link *grown = realloc(at->links, (at->links_n + 1) * sizeof *grown);
    if (grown != NULL) {
        at->links = grown;
    }
    const char *code = state_intern(state, region);
    if (grown == NULL || code == NULL) {
        return NULL;
    }
    grown[at->links_n] = (struct region_link){.region = code};
    return &grown[at->links_n++];
}

static int link_set(struct state *state, const struct note_link *e)
{
    struct region_link *line = line_make(state, e->region);

    if (line == NULL) {
        return ERR_NO_MEMORY;
    }
    line->up = e->up;
    line->since_ms = e->since_ms;
    return 0;
}

static int canary(struct state *state, const struct event *event)
{
    const char *region = event->kind == EVENT_UNTOLD ? event->untold.region : event->canary.region;
    struct region_link *line = line_make(state, region);

    if (line == NULL) {
        return ERR_NO_MEMORY;
    }
    if (event->kind == EVENT_UNTOLD) {
        line->untold++;
    } else if (event->kind == EVENT_CANARY_SENT) {
        line->sent_ms = event->canary.sent_at_ms;
        line->late_ms = event->canary.late_ms;
    } else {
        line->heard_ms = event->at_ms;
        line->heard_sent_ms = event->canary.sent_at_ms;
        line->returned_ms = event->canary.heard_at_ms;
        line->heard_late_ms = event->canary.late_ms;
    }
    return 0;
}

int evolve_region(struct state *state, const struct event *event)
{
    switch (event->kind) {
    case EVENT_REGION_FOUNDED:
        return region_founded(state, &event->region_founded);
    case EVENT_AGENT_ENROLLED:
        return enrolled(state, &event->enrolled, false);
    case EVENT_OPERATOR_ENROLLED:
        return enrolled(state, &event->enrolled, true);
    case EVENT_REVOKED:
        revoked(state, &event->revoked);
        return 0;
    case EVENT_POLICY_SET:
        return policy_set(state, &event->policy_set);
    case EVENT_CLOCK_SET:
        clock_set(state, &event->clock_set);
        return 0;
    case EVENT_REFUSALS_COUNTED:
        state_region_mutable(state)->refusals_counted += event->refusals_counted.count;
        return 0;
    case EVENT_RECOVERED:
        return recovered(state, &event->recovered);
    case EVENT_PACK_SET:
        return pack_set(state, &event->pack_set);
    case EVENT_DIVISIONS_SET:
        return divisions_set(state, &event->divisions_set);
    case EVENT_GENERATION_BEGUN:
        state_region_mutable(state)->generation = event->generation_begun.generation;
        return 0;
    case EVENT_PACK_DROPPED:
        pack_dropped(state, &event->pack_dropped);
        return 0;
    case EVENT_LINK_SET:
        return link_set(state, &event->link_set);
    case EVENT_CANARY_SENT:
    case EVENT_CANARY_HEARD:
    case EVENT_UNTOLD:
        return canary(state, event);
    default:
        return 0;
    }
}
