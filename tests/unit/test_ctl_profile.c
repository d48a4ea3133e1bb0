/* The configuration of the commands that go online: one file may serve the command line and muster-agent. */
#include "agents/ctl/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BROKER "broker: tcp://127.0.0.1:5570\n"
#define KEYS "keys: {agent: a.key, region: r.pub}\njournal: a.db\n"

enum { MEMORY = 64 * 1024 };

struct folder {
    char path[64];
    char file[96];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    struct secret_keys agent;
    struct secret_keys root;
    struct err err;
    char name[96];

    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/muster-profile-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->file, sizeof folder->file, "%s/a.yaml", folder->path);
    assert_int_equal(crypto_init(), 0);
    keys_generate("370102/fire-rescue/station-1", rng_system(), &agent);
    keys_generate("370102", rng_system(), &root);
    struct public_keys region = keys_public(&root);
    (void)snprintf(name, sizeof name, "%s/a.key", folder->path);
    assert_int_equal(keyfile_write_secret(name, &agent, &err), 0);
    (void)snprintf(name, sizeof name, "%s/r.pub", folder->path);
    assert_int_equal(keyfile_write_public(name, &region, &err), 0);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.key", "r.pub", "a.yaml"};
    struct folder *folder = *state;
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

/* Loads the file with this text; `words` are in what is said. */
static void load(const struct folder *folder, const char *text, int wanted, const char *words)
{
    FILE *file = fopen(folder->file, "w");
    struct profile profile;
    struct arena arena;
    struct err err = {.code = 0};

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    arena_init(&arena, MEMORY);
    int result = profile_load(folder->file, &arena, &profile, &err);
    if (result != wanted || strstr(err.text, words) == NULL) {
        fail_msg("%d \"%s\", wanted %d \"%s\"", result, err.text, wanted, words);
    }
    if (result == 0) {
        assert_string_equal(profile.agent.name, "370102/fire-rescue/station-1");
        profile_wipe(&profile);
    }
    arena_free(&arena);
}

static void the_agents_keys_are_passed_over(void **state)
{
    load(*state, BROKER KEYS, 0, "");
    load(*state, BROKER KEYS "profile: nowhere.yaml\n", 0, "");
    load(*state,
         BROKER KEYS "takes: [dispatch, medical]\nneeds: wished\nsink: exercise\nexercise: true\n"
                     "bridge: false\n"
                     "units: [{id: E1, type: engine, crew: 5, abilities: [rescue], equipment: [scba]}]\n"
                     "script: {acknowledge: 1 s, complete: on recall, jitter: 0.2, seed: 7}\n",
         0, "");
}

static void other_keys_are_not(void **state)
{
    load(*state, BROKER KEYS "profil: x.yaml\n", ERR_CONFIG, "profil");
    load(*state, BROKER KEYS "colour: red\n", ERR_CONFIG, "colour");
    load(*state, KEYS, ERR_CONFIG, "broker");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_agents_keys_are_passed_over, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_keys_are_not, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
