/* Rules of the region: founding, enrolment, revocation, policy, clock, recovery. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

void decide_found_region(struct deciding *d, const struct found_region *command)
{
    if (d->region->code[0] != '\0') {
        decide_refuse(d, REFUSED_FOUNDING, "region %s is founded", d->region->code);
    } else if (strcmp(command->region, d->env->region) != 0) {
        decide_refuse(d, REFUSED_REGION, "this is region %s", d->env->region);
    } else if (is_zero(command->root_key, KEY_BYTES) || is_zero(command->broker_sign_key, KEY_BYTES) ||
               is_zero(command->broker_curve_key, KEY_BYTES)) {
        decide_refuse(d, REFUSED_INVALID, "found_region: a key is missing");
    } else {
        decide_emit(d, EVENT_REGION_FOUNDED)->region_founded = *command;
    }
}

static bool same_enrolment(const struct member *member, const struct enrol *command, bool is_operator)
{
    return !member->revoked && member->is_operator == is_operator &&
           memcmp(member->sign_key, command->sign_key, KEY_BYTES) == 0 &&
           (is_operator || memcmp(member->curve_key, command->curve_key, KEY_BYTES) == 0) &&
           words_equal(member->rights, command->rights);
}

static bool is_of_region(const char *agent, const char *region)
{
    size_t n = strlen(region);

    return strncmp(agent, region, n) == 0 && agent[n] == '/';
}

/* Of our region, and not its broker, who is nobody's agent here. */
static bool is_own(const struct region *region, const char *agent)
{
    return is_of_region(agent, region->code) && !name_is_link(agent, NULL);
}

/* Another region's broker, which speaks for its region and has no other right. */
static bool is_link(const struct region *region, const struct enrol *command)
{
    char code[REGION_CODE_MAX + 1];

    return name_is_link(command->name, code) && strcmp(code, region->code) != 0 && command->rights.n == 1 &&
           strcmp(command->rights.at[0], "link") == 0;
}

/* Somebody else who has one of the keys: were it allowed, one person could sign for two. */
static const struct member *other_owner(const struct region *region, const struct enrol *command,
                                        bool is_operator)
{
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        bool same = memcmp(member->sign_key, command->sign_key, KEY_BYTES) == 0 ||
                    (!is_operator && !member->is_operator &&
                     memcmp(member->curve_key, command->curve_key, KEY_BYTES) == 0);
        if (same && strcmp(member->name, command->name) != 0) {
            return member;
        }
    }
    return NULL;
}

/* The broker of this region itself, or of a region that there is not: a link to oneself, or to nobody. */
static bool is_nowhere(struct deciding *d, const char *name)
{
    char code[REGION_CODE_MAX + 1];

    if (d->region->generation < GENERATION_CLAIMS || !name_is_link(name, code)) {
        return false;
    }
    if (strcmp(code, d->region->code) == 0) {
        decide_refuse(d, REFUSED_INVALID, "%s: this is region %s itself", name, code);
    } else if (!division_is_known(code)) {
        decide_refuse(d, REFUSED_INVALID, "%s: \"%s\" is no code of GB/T 2260", name, code);
    }
    return d->refusal != REFUSED_NOT;
}

void decide_enrol(struct deciding *d, const struct enrol *command, bool is_operator)
{
    const struct member *there = region_member(d->region, command->name);

    if (!is_operator && is_nowhere(d, command->name)) {
        return;
    }
    if (is_operator ? command->name[0] == '\0' || strchr(command->name, '/') != NULL
                    : !name_is_agent(command->name) ||
                          is_link(d->region, command) == is_own(d->region, command->name)) {
        decide_refuse(d, REFUSED_INVALID,
                      is_operator ? "an operator's name has no slash: %s"
                                  : "an agent's name is REGION/AGENCY/AGENT, or REGION/broker/link of "
                                    "another region's broker, which has the right \"link\" alone: %s",
                      command->name);
        return;
    }
    if (is_operator && strcmp(command->name, "broker") == 0) { /* whose own commands bear that name */
        decide_refuse(d, REFUSED_INVALID, "no operator is called broker");
        return;
    }
    if (is_zero(command->sign_key, KEY_BYTES) || (!is_operator && is_zero(command->curve_key, KEY_BYTES))) {
        decide_refuse(d, REFUSED_INVALID, "%s: a key is missing", command->name);
        return;
    }
    if (!decide_needs_right(d, "admin", NULL)) {
        return;
    }
    const struct member *owner = other_owner(d->region, command, is_operator);
    if (owner != NULL) {
        decide_refuse(d, REFUSED_CONFLICT, "the key is %s's", owner->name);
        return;
    }
    if (there != NULL && !is_operator && !there->revoked && name_is_link(command->name, NULL) &&
        memcmp(there->curve_key, command->curve_key, KEY_BYTES) != 0 &&
        d->region->generation >= GENERATION_CLAIMS) {
        decide_refuse(d, REFUSED_CONFLICT,
                      "%s is enrolled with another key: one broker speaks for a region; if this is its new "
                      "key, revoke it first",
                      command->name);
        return;
    }
    if (there != NULL && there->is_operator != is_operator) {
        decide_refuse(d, REFUSED_CONFLICT, "%s is enrolled as something else", command->name);
        return;
    }
    if (there == NULL || !same_enrolment(there, command, is_operator)) {
        decide_emit(d, is_operator ? EVENT_OPERATOR_ENROLLED : EVENT_AGENT_ENROLLED)->enrolled = *command;
    }
}

void decide_revoke(struct deciding *d, const struct revoke *command)
{
    if (!decide_needs_right(d, "admin", NULL)) {
        return;
    }
    const struct member *there = region_member(d->region, command->name);
    if (there == NULL) {
        decide_refuse(d, REFUSED_NO_ADDRESSEE, "nobody is enrolled as %s", command->name);
    } else if (!there->revoked) {
        decide_emit(d, EVENT_REVOKED)->revoked = *command;
    }
}

static bool policy_is_good(struct deciding *d, const struct policy *command)
{
    if (command->clock_tolerance_ms < 0 || command->clock_tolerance_ms > POLICY_TIME_MAX_MS ||
        command->amend_answer_ms < 0 || command->amend_answer_ms > POLICY_TIME_MAX_MS) {
        decide_refuse(d, REFUSED_INVALID, "a policy's times are 0 to 30 days");
        return false;
    }
    for (size_t i = 0; i < command->kinds_n; i++) {
        const struct kind_policy *kind = &command->kinds[i];
        for (size_t j = 0; j < kind->required.n; j++) {
            if (fact_parse(kind->required.at[j]) == FACT_COUNT) {
                decide_refuse(d, REFUSED_INVALID, "kind %s requires \"%s\", which is no fact", kind->kind,
                              kind->required.at[j]);
                return false;
            }
        }
        if (kind->required.n > 0 && (kind->ask_within_ms <= 0 || kind->ask_within_ms > POLICY_TIME_MAX_MS)) {
            decide_refuse(d, REFUSED_INVALID, "kind %s: ask_within must be above 0, at most 30 days",
                          kind->kind);
            return false;
        }
    }
    return true;
}

void decide_set_policy(struct deciding *d, const struct policy *command)
{
    if (!policy_is_good(d, command) || !decide_needs_right(d, "admin", NULL)) {
        return;
    }
    if (!policy_equal(&d->region->policy, command)) {
        decide_emit(d, EVENT_POLICY_SET)->policy_set = *command;
    }
}

void decide_set_pack(struct deciding *d, const struct set_pack *command)
{
    const struct rules *rules = d->env->rules;
    const char *why = NULL;
    struct pack_set pack = {.text = command->text,
                            .at_ms = d->region->generation >= GENERATION_WAITS ? d->env->now_ms : 0};

    if (!decide_needs_right(d, "admin", NULL)) {
        return;
    }
    if (rules == NULL) {
        decide_refuse(d, REFUSED_INVALID, "this broker asks no rules");
        return;
    }
    if (!rules->read(rules->ctx, command->text, d->arena, &pack.name, &pack.version, pack.hash, &why)) {
        d->no_memory = why == NULL;
        decide_refuse(d, REFUSED_INVALID, "%s", why != NULL ? why : "");
        return;
    }
    const struct region_pack *there = region_pack(d->region, pack.name);
    if (there == NULL && d->region->packs_n == REGION_PACKS_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "%d packs are in force; drop one", REGION_PACKS_MAX);
    } else if (there == NULL || memcmp(there->hash, pack.hash, sizeof pack.hash) != 0) {
        decide_emit(d, EVENT_PACK_SET)->pack_set = pack;
    }
}

void decide_drop_pack(struct deciding *d, const struct drop_pack *command)
{
    if (!decide_needs_right(d, "admin", NULL)) {
        return;
    }
    if (region_pack(d->region, command->name) != NULL) {
        decide_emit(d, EVENT_PACK_DROPPED)->pack_dropped = *command;
    }
}

void decide_set_clock(struct deciding *d, const struct set_clock *command)
{
    decide_emit(d, EVENT_CLOCK_SET)->clock_set = *command;
    if (command->generation > d->region->generation) {
        decide_emit(d, EVENT_GENERATION_BEGUN)->generation_begun =
            (struct generation_begun){.generation = command->generation};
    }
}

void decide_count_refusals(struct deciding *d, const struct count_refusals *command)
{
    if (command->count > 0) {
        decide_emit(d, EVENT_REFUSALS_COUNTED)->refusals_counted = *command;
    }
}

void decide_recover(struct deciding *d, const struct recover *command)
{
    if (command->reason[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "a recovery needs a reason");
    } else if (command->seq == 0 || command->epoch == 0 || command->epoch + 1 != d->command->epoch) {
        decide_refuse(d, REFUSED_INVALID, "a recovery raises the epoch of the last record by one");
    } else {
        decide_emit(d, EVENT_RECOVERED)->recovered = *command;
    }
}

/* Once for each head of an agent, and none that is no higher than one that is written down. */
void decide_note_loss(struct deciding *d, const struct note_loss *command)
{
    const struct region *region = d->region;
    const struct agent *agent = state_agent(d->state, command->agent);

    if (region->recovered_epoch == 0 || command->epoch >= d->env->epoch) {
        decide_refuse(d, REFUSED_INVALID, "nothing of epoch %llu was given up",
                      (unsigned long long)command->epoch);
        return;
    }
    if (agent != NULL && (command->epoch < agent->lost_epoch ||
                          (command->epoch == agent->lost_epoch && command->seq <= agent->lost_seq))) {
        return;
    }
    struct note_loss *noted = &decide_emit(d, EVENT_LOSS_NOTED)->loss_noted;
    *noted = *command;
    memset(noted->signature, 0, sizeof noted->signature); /* stays with the command */
    noted->after_seq = command->epoch == region->recovered_epoch && command->seq > region->recovered_seq
                           ? region->recovered_seq
                           : 0;
}
