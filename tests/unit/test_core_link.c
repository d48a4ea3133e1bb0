/* Which way leads to a region, whose name is a link's, and with whom an incident is still to be shared. */
#include <stdio.h>
#include <string.h>

#include "common/core/link.h"
#include "tests/unit/core_fixture.h"

enum { MEMBERS_MAX = 8 };

static const char *const link_right[] = {"link"};
static const char *const other_right[] = {"receipt"};

/* A county of its parent, with links to these regions, sorted; "-CODE": a revoked one; "~CODE": an agent of
 * that name that has another right. */
struct linked {
    struct region region;
    struct member members[MEMBERS_MAX];
    char names[MEMBERS_MAX][NAME_MAX_BYTES + 1];
};

static void link_all(struct linked *linked, const char *parent, const char *const *codes)
{
    *linked = (struct linked){.region = {.code = REGION, .name = "", .parent = parent}};
    linked->region.members = linked->members;
    for (size_t i = 0; codes[i] != NULL; i++) {
        bool is_revoked = codes[i][0] == '-', is_other = codes[i][0] == '~';
        assert_true(i < MEMBERS_MAX);
        (void)snprintf(linked->names[i], sizeof linked->names[i], "%s/broker/link",
                       codes[i] + (is_revoked || is_other));
        assert_true(i == 0 || strcmp(linked->names[i - 1], linked->names[i]) < 0);
        linked->members[i] = (struct member){.name = linked->names[i],
                                             .revoked = is_revoked,
                                             .rights = {is_other ? other_right : link_right, 1}};
        linked->region.members_n++;
    }
}

static void ways(void **state)
{
    static const struct {
        const char *what, *parent;
        const char *links[MEMBERS_MAX];
        const char *to;
        const char *way; /* region of the link; NULL: none leads there */
    } rows[] = {
        {"its own link", "", {"370100", "370103"}, "370103", "370103"},
        {"its own link, of what lies below", "", {"370100", "370102001"}, "370102001", "370102001"},
        {"the nearest above it", "", {"370100", "440000", "440300"}, "440305", "440300"},
        {"further above it", "", {"370100", "440000"}, "440305", "440000"},
        {"our parent's", "", {"370100", "440300"}, "110105", "370100"},
        {"our parent's, by its own name", "", {"370100"}, "370100", "370100"},
        {"our parent's, above it", "", {"370100"}, "370000", "370100"},
        {"the parent that the founding names", "379900", {"370100", "379900"}, "110105", "379900"},
        {"no parent's link", "379900", {"370103"}, "110105", NULL},
        {"below us, without a link", "", {"370100"}, "370102001", NULL},
        {"a village below us, without a link", "", {"370100"}, "370102001001", NULL},
        {"a village below us, by its township's", "", {"370100", "370102001"}, "370102001001", "370102001"},
        {"a village elsewhere, by its county's", "", {"370100", "370103"}, "370103001001", "370103"},
        {"revoked", "", {"-370103"}, "370103", NULL},
        {"revoked, and our parent's instead", "", {"370100", "-370103"}, "370103", "370100"},
        {"nearest above revoked", "", {"370100", "440000", "-440300"}, "440305", "440000"},
        {"our parent's revoked", "", {"-370100"}, "110105", NULL},
        {"without the right", "", {"~370103"}, "370103", NULL},
        {"no region's code", "", {"370100"}, "3701020010011", NULL},
    };
    struct linked linked;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *want = rows[i].way != NULL ? rows[i].way : "none";
        char got[REGION_CODE_MAX + 1] = "none";
        link_all(&linked, rows[i].parent, rows[i].links);
        const struct member *way = region_way(&linked.region, rows[i].to);
        assert_true(way == NULL || name_is_link(way->name, got));
        if (strcmp(got, want) != 0) {
            fail_msg("%s: to %s by %s, not by %s", rows[i].what, rows[i].to, got, want);
        }
    }
}

static void a_link_is_a_name_and_a_right(void **state)
{
    static const char *const links[] = {"370100", "-370103", "~370104", NULL};
    struct linked linked;

    (void)state;
    link_all(&linked, "", links);
    assert_ptr_equal(region_link(&linked.region, "370100"), &linked.members[0]);
    assert_null(region_link(&linked.region, "370103"));
    assert_null(region_link(&linked.region, "370104"));
    assert_null(region_link(&linked.region, "3701"));
    assert_null(region_link(&linked.region, "37010000000000"));
    assert_null(region_link(&linked.region, ""));
}

static void names_of_links(void **state)
{
    static const struct {
        const char *name;
        const char *link, *region; /* NULL: it is none */
    } rows[] = {
        {"370100/broker/link", "370100", "370100"},
        {"370102001001/broker/link", "370102001001", "370102001001"},
        {"3701020010011/broker/link", NULL, NULL},
        {"370100/broker/link/2", NULL, "370100"},
        {"370100/broker/lin", NULL, "370100"},
        {"370100/fire-rescue/link", NULL, "370100"},
        {"370100/fire-rescue", NULL, "370100"},
        {"/broker/link", NULL, NULL},
        {"37a100/broker/link", NULL, NULL},
        {"370100", NULL, NULL},
        {"li.na", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char code[REGION_CODE_MAX + 1] = "untouched";
        assert_int_equal(name_is_link(rows[i].name, code), rows[i].link != NULL);
        assert_string_equal(code, rows[i].link != NULL ? rows[i].link : "untouched");
        assert_int_equal(name_is_link(rows[i].name, NULL), rows[i].link != NULL);
        memcpy(code, "untouched", sizeof "untouched");
        assert_int_equal(name_region(rows[i].name, code), rows[i].region != NULL);
        assert_string_equal(code, rows[i].region != NULL ? rows[i].region : "untouched");
        assert_int_equal(name_region(rows[i].name, NULL), rows[i].region != NULL);
    }
}

static void codes_above(void **state)
{
    static const char *const rows[][2] = {
        {"370102001001", "370102001"},
        {"370102001", "370102"},
        {"370102", "370100"},
        {"370100", "370000"},
        {"370000", ""},
        {"110105001", "110105"},
        {"110105", "110000"},
        {"500101", "500000"},
        {"429004", "420000"},
        {"429004100", "429004"},
        {"3701", ""},
        {"3701020010011", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char above[REGION_CODE_MAX + 1] = "untouched";
        region_code_above(rows[i][0], above);
        assert_string_equal(above, rows[i][1]);
    }
}

/* --- with whom an incident is still to be shared ----------------------------------------------------- */

static void what_is_to_be_shared(void **state)
{
    static const char *const links[] = {"370100", "370103", "-370104", NULL};
    static const struct {
        const char *what;
        struct referral referrals[2];
        struct share shares[2];
        bool history;
        const char *with; /* NULL: all is told that can be */
        uint64_t after;
    } rows[] = {
        {"nothing was referred", .with = NULL},
        {"referred", {{"370103", 1, "", 0}}, .with = "370103"},
        {"referred, and told", {{"370103", 1, "", 0}}, {{"370103", 9, false}}, .with = NULL},
        {"referred, and told in part",
         {{"370103", 1, "", 0}},
         {{"370103", 9, true}},
         .with = "370103",
         .after = 9},
        {"to be told by a link that another's share has",
         {{"370000", 1, "", 0}},
         {{"370100", 9, false}},
         .with = NULL},
        {"to be told by our parent's link", {{"110105", 1, "", 0}}, {{"370103", 9, false}}, .with = "370100"},
        {"the second",
         {{"370103", 1, "", 0}, {"370000", 1, "", 0}},
         {{"370103", 9, false}},
         .with = "370100"},
        {"a part before what is new",
         {{"370103", 1, "", 0}, {"370000", 1, "", 0}},
         {{"370103", 4, true}},
         .with = "370103",
         .after = 4},
        {"the second has a part left",
         {{"370103", 1, "", 0}},
         {{"370103", 4, false}, {"370100", 5, true}},
         .with = "370100",
         .after = 5},
        {"a part is left, and the link revoked",
         {{"370104", 1, "", 0}},
         {{"370104", 4, true}},
         .with = "370100"},
        {"heard from there, not referred", .shares = {{"370100", 0, false}}, .with = NULL},
        {"below us, where no link leads", {{"370102001", 1, "", 0}}, .with = NULL},
        {"history", {{"370103", 1, "", 0}}, .history = true, .with = NULL},
    };
    struct linked linked;

    (void)state;
    link_all(&linked, "", links);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct referral referrals[2];
        struct share shares[2];
        char with[REGION_CODE_MAX + 1] = "none";
        uint64_t after = UINT64_MAX;
        memcpy(referrals, rows[i].referrals, sizeof referrals);
        memcpy(shares, rows[i].shares, sizeof shares);
        struct incident incident = {.history = rows[i].history, .referrals = referrals, .shares = shares};
        while (incident.referrals_n < 2 && referrals[incident.referrals_n].region != NULL) {
            incident.referrals_n++;
        }
        while (incident.shares_n < 2 && shares[incident.shares_n].region != NULL) {
            incident.shares_n++;
        }
        bool wants = incident_wants_share(&linked.region, &incident, with, &after);
        if (wants != (rows[i].with != NULL) || (wants && strcmp(with, rows[i].with) != 0)) {
            fail_msg("%s: with %s", rows[i].what, wants ? with : "nobody");
        }
        assert_true(after == (wants ? rows[i].after : UINT64_MAX));
    }
}

/* Two regions report in one millisecond, and the words of both come in one part of a past. */
static void words_are_those_of_the_record_that_was_heard(void **state)
{
    enum { REPORTED_MS = 1000, SEQ = 10 };
    const struct event report = {.kind = EVENT_REPORT_FILED, .at_ms = REPORTED_MS};
    const struct command said[] = {{.kind = COMMAND_FILE_REPORT}, {.kind = COMMAND_FILE_REPORT}};
    const struct told_record told[] = {
        {.region = "370100", .epoch = 1, .seq = SEQ, .command = &said[0], .events = &report, .events_n = 1},
        {.region = "370103", .epoch = 1, .seq = SEQ, .command = &said[1], .events = &report, .events_n = 1},
    };
    const struct command tell = {.kind = COMMAND_TELL_RECORD, .tell_record = {.told = told, .told_n = 2}};
    const struct event events[] = {
        report,
        {.kind = EVENT_HEARD, .heard = {.region = "370100", .epoch = 1, .seq = SEQ}},
        report,
        {.kind = EVENT_GRADED, .at_ms = REPORTED_MS},
        {.kind = EVENT_HEARD, .heard = {.region = "370103", .epoch = 1, .seq = SEQ}},
        {.kind = EVENT_SHARE_BEGUN, .at_ms = REPORTED_MS},
    };
    const size_t n = sizeof events / sizeof events[0];

    (void)state;
    assert_ptr_equal(command_behind(&tell, events, n, &events[0]), &said[0]);
    assert_ptr_equal(command_behind(&tell, events, n, &events[2]), &said[1]);
    assert_ptr_equal(command_behind(&tell, events, n, &events[3]), &tell); /* made here */
    assert_ptr_equal(command_behind(&tell, events, n, &events[5]), &tell);
    /* the first of the two was known already */
    assert_ptr_equal(command_behind(&tell, &events[2], n - 2, &events[2]), &said[1]);
    assert_ptr_equal(command_behind(&said[0], &report, 1, &report), &said[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways),
        cmocka_unit_test(a_link_is_a_name_and_a_right),
        cmocka_unit_test(names_of_links),
        cmocka_unit_test(codes_above),
        cmocka_unit_test(what_is_to_be_shared),
        cmocka_unit_test(words_are_those_of_the_record_that_was_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
