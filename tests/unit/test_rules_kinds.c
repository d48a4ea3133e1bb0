/* Kinds of incident in rule packs: each of the table is a shipped pack's, or meant to be without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/kind.h"
#include "common/rules/pack.h"

/* Those of the shipped packs that are for certain kinds; the others are for all. */
static const char *const shipped[] = {"decree-493", "public-health", "disaster-relief", "henan-2021"};
enum { SHIPPED = sizeof shipped / sizeof shipped[0] };

struct packs {
    struct conditions *conditions;
    struct pack *packs[SHIPPED];
};

/* Kinds that no shipped pack grades or reports: a person does, or a site's own pack. */
static const struct {
    const char *kind, *why;
} without[] = {
    {"water-traffic", "Decree 493, Art. 45: ships have regulations of their own"},
    {"railway", "Decree 493, Art. 45: Decree 501 has grades and reports of railways"},
    {"aviation", "Decree 493, Art. 45: aviation has regulations of its own"},
    {"public-facility", "the law does not say whether it is an accident in production"},
    {"power-outage", "Decree 493, Art. 45: Decree 599 grades by the load that is lost"},
    {"nuclear-radiation", "Decree 493, Art. 2: nuclear installations are none of its accidents"},
    {"environmental-pollution", "Decree 493, Art. 2: pollution is none of its accidents"},
    {"ecological-damage", "Decree 493, Art. 2: the same"},
    {"oil-spill", "Decree 493, Art. 2: the same"},
    {"drug-safety", "the Drug Administration Law has reports of its own"},
    {"animal-epidemic", "Decree 450 has reports of its own"},
    {"terrorist-attack", "no pack of public security is shipped"},
    {"criminal-case", "the same"},
    {"mass-incident", "the same"},
    {"ethnic-religious", "the same"},
    {"foreign-related", "the same"},
    {"financial", "the same"},
    {"market-stability", "the same"},
    {"medical", "a call for an ambulance is no emergency of a class of the law"},
    {"alarm", "not known yet what it is"},
    {"other", "the same"},
};

static const char *why_without(const char *kind)
{
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        if (strcmp(without[i].kind, kind) == 0) {
            return without[i].why;
        }
    }
    return NULL;
}

static int setup(void **state)
{
    static struct packs all;
    struct err err = {0};

    if (conditions_open(&all.conditions, &err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < SHIPPED; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "common/rules/packs/%s.yaml", shipped[i]);
        if (pack_load(path, all.conditions, &all.packs[i], NULL, &err) != 0) {
            print_error("%s\n", err.text);
            return -1;
        }
    }
    *state = &all;
    return 0;
}

static int teardown(void **state)
{
    struct packs *all = *state;

    for (size_t i = 0; i < SHIPPED; i++) {
        pack_free(all->packs[i]);
    }
    conditions_close(all->conditions);
    return 0;
}

static void each_kind_is_a_packs_or_meant_to_be_without(void **state)
{
    const struct packs *all = *state;

    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL; kind++) {
        const char *of = NULL;
        for (size_t i = 0; i < SHIPPED; i++) {
            of = pack_is_for(all->packs[i], kind->word) ? shipped[i] : of;
        }
        if (of == NULL && why_without(kind->word) == NULL) {
            fail_msg("%s %s is of no pack, and nobody says why", kind->word, kind->zh);
        }
        if (of != NULL && why_without(kind->word) != NULL) {
            fail_msg("%s is of %s, although: %s", kind->word, of, why_without(kind->word));
        }
    }
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        assert_non_null(incident_kind_find(without[i].kind));
    }
}

/* A pack's word that the table does not offer is one that nobody's report will have. */
static void packs_name_no_other_kinds(void **state)
{
    const struct packs *all = *state;

    for (size_t i = 0; i < SHIPPED; i++) {
        assert_true(all->packs[i]->kinds_n > 0);
        for (size_t j = 0; j < all->packs[i]->kinds_n; j++) {
            if (incident_kind_find(all->packs[i]->kinds[j]) == NULL) {
                fail_msg("%s: %s is not in the table of kinds", shipped[i], all->packs[i]->kinds[j]);
            }
        }
    }
}

/* What its law holds: natural disasters are the relief plan's, and both are the emergency department's. */
static void packs_are_for_what_their_law_is_for(void **state)
{
    const struct packs *all = *state;

    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL; kind++) {
        bool is_accident = pack_is_for(all->packs[0], kind->word);
        bool is_relief = pack_is_for(all->packs[2], kind->word);
        bool is_natural = kind->class == CLASS_NATURAL;
        if (is_relief != is_natural || (is_accident && kind->class != CLASS_ACCIDENT) ||
            (pack_is_for(all->packs[1], kind->word) && kind->class != CLASS_HEALTH) ||
            pack_is_for(all->packs[3], kind->word) != (is_accident || is_natural)) {
            fail_msg("%s is in a pack that it is not of, or missing in one", kind->word);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_a_packs_or_meant_to_be_without),
        cmocka_unit_test(packs_name_no_other_kinds),
        cmocka_unit_test(packs_are_for_what_their_law_is_for),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
