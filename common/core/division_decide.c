/* Rules of the dated table of divisions 行政区划, and of what reports say by it. */
#include <string.h>

#include "common/core/decide_private.h"

static bool day_is_good(uint32_t day)
{
    return day == 0 || division_day_is_good(day);
}

/* What is wrong with the i-th; NULL: nothing. */
static const char *fault_of(const struct deciding *d, const struct set_divisions *command, size_t i)
{
    const struct division *now = &command->divisions[i];
    const struct division *before = i > 0 ? &command->divisions[i - 1] : NULL;
    char whole[REGION_CODE_MAX + 1];
    int order = before != NULL ? strcmp(before->code, now->code) : -1;

    if (!division_code(now->code, whole) || strcmp(whole, now->code) != 0) {
        return "a code has 6, 9 or 12 digits, and no group of zeros fills it up";
    }
    if (!division_is_within(now->code, d->region->code)) {
        return "it is of another region";
    }
    if (now->name[0] == '\0') {
        return "it has no name";
    }
    if (!day_is_good(now->from) || !day_is_good(now->to) || (now->to != 0 && now->to < now->from)) {
        return "its days are none, or end before they begin";
    }
    if (order > 0) {
        return "codes do not rise";
    }
    return order == 0 && (before->to == 0 || before->to >= now->from) ? "the code is given twice for one day"
                                                                      : NULL;
}

static bool is_in_force(const struct region *region, const struct set_divisions *command)
{
    bool same = region->divisions_n == command->divisions_n &&
                strcmp(region->divisions_source, command->source) == 0 &&
                memcmp(region->divisions_hash, command->hash, sizeof region->divisions_hash) == 0;

    for (size_t i = 0; i < command->divisions_n && same; i++) {
        const struct division *a = &region->divisions[i], *b = &command->divisions[i];
        same = strcmp(a->code, b->code) == 0 && strcmp(a->name, b->name) == 0 && a->from == b->from &&
               a->to == b->to;
    }
    return same;
}

void decide_set_divisions(struct deciding *d, const struct set_divisions *command)
{
    if (command->divisions_n == 0 || command->divisions_n > DIVISIONS_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "a table has 1 to %d divisions, this %zu", DIVISIONS_MAX,
                      command->divisions_n);
        return;
    }
    for (size_t i = 0; i < command->divisions_n; i++) {
        const char *fault = fault_of(d, command, i);
        if (fault != NULL) {
            decide_refuse(d, REFUSED_INVALID, "divisions[%zu], %s: %s", i, command->divisions[i].code, fault);
            return;
        }
    }
    if (decide_needs_right(d, "admin", NULL) && !is_in_force(d->region, command)) {
        decide_emit(d, EVENT_DIVISIONS_SET)->divisions_set = *command;
    }
}

void decide_check_division(struct deciding *d, struct id incident, const struct facts *facts)
{
    int64_t at_ms = facts->occurred_at_ms != 0 ? facts->occurred_at_ms : d->env->now_ms;
    uint32_t day = division_day(at_ms, d->region->utc_offset_minutes);

    if (facts->division[0] == '\0' || !region_doubts_division(d->region, facts->division, day)) {
        return;
    }
    struct event *event = decide_emit(d, EVENT_DIVISION_DOUBTED);
    event->incident = incident;
    event->at_ms = d->env->now_ms;
    event->division_doubted = (struct division_doubted){.division = facts->division};
}
