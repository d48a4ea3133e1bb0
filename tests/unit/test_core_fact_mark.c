/* Two regions' words on one fact: the same holds whichever comes first. */
#include "common/core/fact_mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct word {
    struct facts facts;
    int64_t at_ms;
};

/* What is known after these words in this order. */
static struct facts known_after(const struct word *words, const size_t *order, size_t n)
{
    struct fact_mark marks[FACT_FIELDS] = {{0}};
    struct facts known = facts_none();

    for (size_t i = 0; i < n; i++) {
        const struct word *word = &words[order[i]];
        struct facts news = facts_newer(marks, &word->facts, word->at_ms);
        facts_mark(marks, &news, word->at_ms);
        known.casualties.dead =
            news.casualties.dead != COUNT_UNKNOWN ? news.casualties.dead : known.casualties.dead;
        known.casualties.minor =
            news.casualties.minor != COUNT_UNKNOWN ? news.casualties.minor : known.casualties.minor;
        known.place = news.place[0] != '\0' ? news.place : known.place;
        known.occurred_at_ms = news.occurred_at_ms != 0 ? news.occurred_at_ms : known.occurred_at_ms;
        known.position = news.position.datum != DATUM_NONE ? news.position : known.position;
    }
    return known;
}

static void the_order_of_hearing_does_not_matter(void **state)
{
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct word words[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        words[i] = (struct word){.facts = facts_none()};
    }
    words[0].at_ms = 100;
    words[0].facts.casualties.dead = 5;
    words[0].facts.place = "the dam";
    words[0].facts.position = (struct position){.present = true, .datum = DATUM_WGS84, .latitude_e7 = 1};
    words[1].at_ms = 200;
    words[1].facts.casualties.dead = 7;
    words[1].facts.casualties.minor = 1;
    words[1].facts.occurred_at_ms = 90;
    words[2].at_ms = 200; /* at the same moment: the greater */
    words[2].facts.casualties.dead = 6;
    words[2].facts.place = "the valley";
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct facts known = known_after(words, orders[i], 3);
        assert_int_equal(known.casualties.dead, 7);
        assert_int_equal(known.casualties.minor, 1);
        assert_string_equal(known.place, "the valley");
        assert_int_equal(known.occurred_at_ms, 90);
        assert_int_equal(known.position.latitude_e7, 1);
    }
}

static void what_is_older_is_left_out(void **state)
{
    struct fact_mark marks[FACT_FIELDS] = {{0}};
    struct facts said = facts_none();

    (void)state;
    assert_true(facts_are_none(&said));
    said.casualties.dead = 0; /* nobody: that is said */
    said.title = "flood";
    assert_false(facts_are_none(&said));
    facts_mark(marks, &said, 100);
    assert_int_equal(facts_said_at(marks, &said), 100);
    struct facts older = facts_newer(marks, &said, 99);
    assert_true(facts_are_none(&older));
    struct facts again = facts_newer(marks, &said, 100);
    assert_string_equal(again.title, "flood");
    assert_int_equal(again.casualties.dead, 0);
    struct facts other = facts_none();
    other.loss_cny = 3;
    assert_int_equal(facts_said_at(marks, &other), 0);
    assert_int_equal(facts_newer(marks, &other, 1).loss_cny, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_hearing_does_not_matter),
        cmocka_unit_test(what_is_older_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
