#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/ctl/founding.h"
#include "agents/ctl/roster.h"
#include "agents/ctl/zone.h"
#include "common/wire/wire.h"
#include "tests/unit/ctl_files.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4 * 1024 * 1024);
    return crypto_init();
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const char good[] = "policy:\n"
                           "  version: v1\n"
                           "  amend_answer: 90 s\n"
                           "  kinds:\n"
                           "    - {kind: fire, required: [place, time], ask_within: 5 min, needs: [scba]}\n"
                           "    - {kind: other}\n"
                           "  substances:\n"
                           "    - {substance: chlorine, needs: [scba, chemical-suit]}\n"
                           "  order_kinds:\n"
                           "    - {kind: dispatch}\n"
                           "    - {kind: evacuate-public, two_persons: true}\n"
                           "agents:\n"
                           "  - {name: centre/desk, rights: [report, centre]}\n"
                           "  - {name: 370102/fire-rescue/一站, rights: [receipt, units]}\n"
                           "operators:\n"
                           "  - {name: zhang.wei, rights: ['order:dispatch', admin]}\n";

static int load(const char *text, struct roster *ret, struct err *err)
{
    char name[FILE_NAME];
    int rc = roster_load(file_with(text, name), "370102", &arena, ret, err);
    (void)unlink(name);
    return rc;
}

static void good_roster_is_read(void **state)
{
    struct roster roster;
    struct err err = {0};

    (void)state;
    assert_int_equal(load(good, &roster, &err), 0);
    assert_int_equal(roster.members_n, 3);
    assert_string_equal(roster.members[0].name, "370102/centre/desk");
    assert_string_equal(roster.members[1].name, "370102/fire-rescue/一站");
    assert_string_equal(roster.members[2].name, "zhang.wei");
    assert_true(roster.members[2].is_operator);
    assert_ptr_equal(roster_with(&roster, false, "centre"), &roster.members[0]);
    assert_null(roster_with(&roster, true, "centre"));
    assert_string_equal(roster.policy.version, "v1");
    assert_int_equal(roster.policy.amend_answer_ms, 90000);
    assert_int_equal(roster.policy.kinds_n, 2);
    assert_int_equal(roster.policy.kinds[0].ask_within_ms, 300000);
    assert_int_equal(roster.policy.kinds[0].required.n, 2);
    assert_int_equal(roster.policy.substances[0].needs.n, 2);
    assert_true(roster.policy.order_kinds[1].two_persons);
}

/* The good roster with one line replaced. */
static void expect_bad(const char *line, const char *by, const char *says)
{
    char text[sizeof good + 256];
    struct roster roster;
    struct err err = {0};
    const char *at = strstr(good, line);

    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, by, at + strlen(line));
    assert_int_equal(load(text, &roster, &err), ERR_CONFIG);
    if (strstr(err.text, says) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", says, err.text);
    }
}

static void bad_rosters_name_the_place(void **state)
{
    (void)state;
    expect_bad("rights: [report, centre]", "rights: [reprot]",
               ":13:5: \"reprot\" is no right; did you mean \"report\"?");
    expect_bad("'order:dispatch'", "'order:attack'", "order_kinds has no \"attack\"");
    expect_bad("name: centre/desk", "name: desk", "\"desk\": an agent's name is AGENCY/AGENT");
    expect_bad("name: zhang.wei", "name: zhang/wei", "an operator's name is a word without a slash");
    expect_bad("370102/fire-rescue/一站", "centre/desk", "\"centre/desk\" is there twice");
    expect_bad("required: [place, time]", "required: [plaice]",
               "\"plaice\" is no fact; did you mean \"place\"?");
    expect_bad(", ask_within: 5 min", "", "ask_within");
    expect_bad("kind: other", "kind: fire", "\"fire\" is there twice");
    expect_bad("{kind: dispatch}", "{kind: evacuate}", "needs no entry");
    expect_bad("  version: v1\n", "", "version");
    expect_bad("amend_answer:", "amend_anwser:", "amend_anwser");
    expect_bad(", admin]", "]", "no operator has the right \"admin\"");
}

static void shipped_roster_is_good(void **state)
{
    struct roster roster;
    struct err err = {0};

    (void)state;
    if (roster_load("agents/ctl/rosters/county.yaml", "370102", &arena, &roster, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_non_null(roster_with(&roster, false, "centre"));
    assert_non_null(roster_with(&roster, true, "history"));
}

/* Every command of a founding decodes and bears the root's signature. */
static void founding_is_signed_by_the_root(void **state)
{
    static const enum command_kind kinds[] = {COMMAND_FOUND_REGION, COMMAND_SET_POLICY, COMMAND_ENROL_AGENT,
                                              COMMAND_ENROL_AGENT, COMMAND_ENROL_OPERATOR};
    struct roster roster;
    struct secret_keys root;
    struct secret_keys other;
    struct public_keys members[3];
    struct public_keys broker;
    struct buf bytes;
    size_t at = 0;

    (void)state;
    assert_int_equal(load(good, &roster, NULL), 0);
    keys_generate("370102", rng_system(), &root);
    keys_generate("x", rng_system(), &other);
    broker = keys_public(&other);
    members[0] = members[1] = members[2] = broker;
    const struct founding founding = {.region = "370102",
                                      .name = "历城区",
                                      .parent = "",
                                      .utc_offset_minutes = 480,
                                      .root = &root,
                                      .broker = &broker,
                                      .roster = &roster,
                                      .members = members,
                                      .utc_ms = 1795287600000};
    buf_init(&bytes, 0);
    assert_int_equal(founding_encode(&founding, rng_system(), &bytes, NULL), 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct signed_command said;
        struct command command;
        struct hash over;
        assert_true(at + 4 <= bytes.n);
        size_t n = (size_t)bytes.p[at + 1] << 16 | (size_t)bytes.p[at + 2] << 8 | bytes.p[at + 3];
        assert_int_equal(wire_decode_signed((struct bytes){bytes.p + at + 4, n}, &arena, &said, NULL), 0);
        assert_int_equal(wire_decode_command(said.payload, &arena, &command, NULL), 0);
        assert_int_equal(command.kind, kinds[i]);
        assert_string_equal(command.region, "370102");
        assert_string_equal(command.agent, "");
        assert_int_equal(command.mode, MODE_ACTUAL);
        assert_true(signed_root(&said, &over));
        assert_true(sign_verify_root(&root.sign.public, &said.signatures[0].signature, over));
        at += 4 + n;
    }
    assert_int_equal(at, bytes.n);
    buf_free(&bytes);
}

static void zones(void **state)
{
    int32_t minutes;

    (void)state;
    assert_int_equal(zone_parse("+08:00", &minutes, NULL), 0);
    assert_int_equal(minutes, 480);
    assert_int_equal(zone_parse("-07:30", &minutes, NULL), 0);
    assert_int_equal(minutes, -450);
    assert_int_equal(zone_parse("Z", &minutes, NULL), 0);
    assert_int_equal(minutes, 0);
    const char *const bad[] = {"", "8", "+8:00", "+08:60", "+14:01", "0800", "+08:00 ", "PDT", "+0a:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(zone_parse(bad[i], &minutes, NULL), ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_roster_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_rosters_name_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(shipped_roster_is_good, setup, teardown),
        cmocka_unit_test_setup_teardown(founding_is_signed_by_the_root, setup, teardown),
        cmocka_unit_test(zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
