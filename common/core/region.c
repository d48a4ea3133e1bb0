#include "common/core/region.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCK_TOLERANCE_MS = 5 * 60 * 1000 }; /* without a policy's word */

static int compare_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct member *)element)->name);
}

const struct member *region_member(const struct region *region, const char *name)
{
    if (region->members_n == 0) {
        return NULL;
    }
    return bsearch(name, region->members, region->members_n, sizeof *region->members, compare_name);
}

const struct member *region_members_under(const struct region *region, const char *prefix, size_t *ret_n)
{
    size_t n = strlen(prefix), from = 0, to = region->members_n;

    while (from < to) { /* the first that does not stand before "PREFIX/" */
        size_t middle = from + (to - from) / 2;
        const char *name = region->members[middle].name;
        int order = strncmp(name, prefix, n);
        if (order < 0 || (order == 0 && (unsigned char)name[n] < '/')) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    for (to = from; to < region->members_n; to++) {
        const char *name = region->members[to].name;
        if (strncmp(name, prefix, n) != 0 || name[n] != '/') {
            break;
        }
    }
    *ret_n = to - from;
    return to > from ? region->members + from : NULL;
}

const struct member *region_member_by_curve(const struct region *region, const uint8_t curve_key[KEY_BYTES])
{
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        if (!member->is_operator && memcmp(member->curve_key, curve_key, KEY_BYTES) == 0) {
            return member;
        }
    }
    return NULL;
}

void region_code_above(const char *code, char ret[REGION_CODE_MAX + 1])
{
    enum { PROVINCE = 2, PREFECTURE = 4, COUNTY = 6, TOWNSHIP = 9 };
    static const char *const municipalities[] = {"11", "12", "31", "50"};
    size_t n = strlen(code);
    bool direct = n == COUNTY && code[2] == '9';

    if (n < COUNTY || n > REGION_CODE_MAX) {
        ret[0] = '\0';
        return;
    }
    memcpy(ret, code, n + 1);
    if (n > COUNTY) {
        ret[n > TOWNSHIP ? TOWNSHIP : COUNTY] = '\0';
        return;
    }
    for (size_t i = 0; i < sizeof municipalities / sizeof municipalities[0]; i++) {
        direct = direct || strncmp(code, municipalities[i], PROVINCE) == 0;
    }
    size_t keep = strcmp(ret + PREFECTURE, "00") != 0 && !direct ? PREFECTURE : PROVINCE;
    if (strcmp(ret + PROVINCE, "0000") == 0) {
        ret[0] = '\0';
    } else {
        memset(ret + keep, '0', COUNTY - keep);
    }
}

size_t region_level_digits(const char *code)
{
    enum { PAIR = 2, COUNTY = 6 }; /* a province's and a prefecture's code is filled up by pairs of zeros */
    size_t n = strlen(code);

    while (n > PAIR && n <= COUNTY && n % PAIR == 0 && strncmp(code + n - PAIR, "00", PAIR) == 0) {
        n -= PAIR;
    }
    return n;
}

bool region_may_be_parent(const char *parent, const char *code)
{
    return region_level_digits(parent) < region_level_digits(code);
}

const char *region_parent(const struct region *region, char *ret)
{
    if (region->parent[0] != '\0') {
        return region->parent;
    }
    region_code_above(region->code, ret);
    return ret;
}

const struct division *region_division(const struct region *region, const char *code, uint32_t day)
{
    char whole[REGION_CODE_MAX + 1];

    if (!division_code(code, whole)) {
        return NULL;
    }
    for (size_t i = 0; i < region->divisions_n; i++) {
        const struct division *division = &region->divisions[i];
        if (strcmp(division->code, whole) == 0 && division->from <= day &&
            (division->to == 0 || day <= division->to)) {
            return division;
        }
    }
    return NULL;
}

struct region_link *region_line(const struct region *region, const char *code)
{
    for (size_t i = 0; i < region->links_n; i++) {
        if (strcmp(region->links[i].region, code) == 0) {
            return &region->links[i];
        }
    }
    return NULL;
}

bool region_line_is_stuck(const struct region_link *line, int64_t now_ms)
{
    int64_t late_ms = line->late_ms > line->heard_late_ms ? line->late_ms : line->heard_late_ms;
    int64_t oldest_ms = line->heard_ms < line->returned_ms ? line->heard_ms : line->returned_ms;

    return line->up && late_ms > 0 &&
           now_ms - (oldest_ms > line->since_ms ? oldest_ms : line->since_ms) > late_ms;
}

bool region_doubts_division(const struct region *region, const char *code, uint32_t day)
{
    char whole[REGION_CODE_MAX + 1];

    if (!division_code(code, whole)) {
        return true;
    }
    for (size_t i = 0; i < region->divisions_n; i++) {
        if (strlen(region->divisions[i].code) == strlen(whole)) {
            return region_division(region, whole, day) == NULL;
        }
    }
    return false;
}

const struct region_pack *region_pack(const struct region *region, const char *name)
{
    for (size_t i = 0; i < region->packs_n; i++) {
        if (strcmp(region->packs[i].name, name) == 0) {
            return &region->packs[i];
        }
    }
    return NULL;
}

bool member_has_right(const struct member *member, const char *right, const char *kind)
{
    size_t n = strlen(right);

    for (size_t i = 0; i < member->rights.n; i++) {
        const char *had = member->rights.at[i];
        if (strncmp(had, right, n) != 0) {
            continue;
        }
        if (had[n] == '\0') {
            return true;
        }
        if (kind != NULL && had[n] == ':' && strcmp(had + n + 1, kind) == 0) {
            return true;
        }
    }
    return false;
}

bool member_takes_orders(const struct member *member)
{
    return !member->is_operator && !member->revoked && member_has_right(member, "receipt", NULL);
}

int64_t region_clock_tolerance_ms(const struct region *region)
{
    int64_t said = region->policy.clock_tolerance_ms;

    return said == 0 ? CLOCK_TOLERANCE_MS : said;
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
    if (a->kinds_n != b->kinds_n || a->substances_n != b->substances_n ||
        a->order_kinds_n != b->order_kinds_n || a->clock_tolerance_ms != b->clock_tolerance_ms ||
        a->amend_answer_ms != b->amend_answer_ms || strcmp(a->version, b->version) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->kinds_n; i++) {
        const struct kind_policy *x = &a->kinds[i], *y = &b->kinds[i];
        if (strcmp(x->kind, y->kind) != 0 || x->ask_within_ms != y->ask_within_ms ||
            !words_equal(x->required, y->required) || !words_equal(x->needs, y->needs)) {
            return false;
        }
    }
    for (size_t i = 0; i < a->substances_n; i++) {
        if (strcmp(a->substances[i].substance, b->substances[i].substance) != 0 ||
            !words_equal(a->substances[i].needs, b->substances[i].needs)) {
            return false;
        }
    }
    for (size_t i = 0; i < a->order_kinds_n; i++) {
        if (strcmp(a->order_kinds[i].kind, b->order_kinds[i].kind) != 0 ||
            a->order_kinds[i].two_persons != b->order_kinds[i].two_persons) {
            return false;
        }
    }
    return true;
}

const struct kind_policy *region_kind(const struct region *region, const char *kind)
{
    for (size_t i = 0; i < region->policy.kinds_n; i++) {
        if (strcmp(region->policy.kinds[i].kind, kind) == 0) {
            return &region->policy.kinds[i];
        }
    }
    return NULL;
}

const struct substance_policy *region_substance(const struct region *region, const char *substance)
{
    for (size_t i = 0; i < region->policy.substances_n; i++) {
        if (strcmp(region->policy.substances[i].substance, substance) == 0) {
            return &region->policy.substances[i];
        }
    }
    return NULL;
}

const struct order_kind_policy *region_order_kind(const struct region *region, const char *kind)
{
    for (size_t i = 0; i < region->policy.order_kinds_n; i++) {
        if (strcmp(region->policy.order_kinds[i].kind, kind) == 0) {
            return &region->policy.order_kinds[i];
        }
    }
    return NULL;
}
