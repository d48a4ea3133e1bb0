/* muster keys init: a region's keys, its founding, and configuration that works as it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/folder.h"
#include "agents/ctl/founding.h"
#include "agents/ctl/option.h"
#include "agents/ctl/zone.h"
#include "common/base/clock.h"
#include "common/core/division.h"
#include "common/core/region.h"

enum { ROSTER_MEMORY = 16 * 1024 * 1024 };

struct init {
    const char *region;
    const char *name;
    const char *parent;
    const char *roster_path;
    const char *listen;
    int32_t utc_offset_minutes;
    struct roster roster;
    struct folder folder;
    struct secret_keys root;
    struct public_keys broker;
    struct public_keys *members;
};

/* "fire-rescue.station-3" of "370102/fire-rescue/station-3"; an operator's name as it is. */
static const char *file_stem(const struct roster_member *member, struct arena *arena)
{
    const char *name = member->name;
    char *stem;

    if (member->is_operator) {
        return name;
    }
    stem = arena_strdup(arena, strchr(name, '/') + 1);
    for (char *at = stem; at != NULL && *at != '\0'; at++) {
        *at = *at == '/' ? '.' : *at;
    }
    return stem;
}

static int write_pair(struct init *init, const char *stem, const struct secret_keys *keys, struct err *err)
{
    char path[FOLDER_PATH_MAX];
    struct public_keys public = keys_public(keys);
    int rc = folder_path(&init->folder, path, err, "%s.key", stem);

    rc = rc ? rc : keyfile_write_secret(path, keys, err);
    rc = rc ? rc : folder_path(&init->folder, path, err, "%s.pub", stem);
    return rc ? rc : keyfile_write_public(path, &public, err);
}

static int write_region_keys(struct init *init, struct err *err)
{
    struct secret_keys broker;
    struct public_keys region;
    char path[FOLDER_PATH_MAX];

    keys_generate(init->region, rng_system(), &init->root);
    keys_generate(init->region, rng_system(), &broker);
    init->broker = keys_public(&broker);
    region = keys_public(&init->root);
    memcpy(region.curve, init->broker.curve, sizeof region.curve);
    int rc = folder_path(&init->folder, path, err, "root.key");
    rc = rc ? rc : keyfile_write_secret(path, &init->root, err);
    rc = rc ? rc : folder_path(&init->folder, path, err, "region.pub");
    rc = rc ? rc : keyfile_write_public(path, &region, err);
    rc = rc ? rc : write_pair(init, "broker", &broker, err);
    keys_wipe(&broker);
    return rc;
}

static bool is_ephemeral(const char *listen)
{
    size_t n = strlen(listen);

    return n > 2 && strcmp(listen + n - 2, ":0") == 0;
}

/* The client's configuration; `up` leads from it to the region's folder, `operator` may be NULL. */
static int write_client(struct init *init, const char *path, const char *up, const char *agent,
                        const char *operator, const char * stem, struct err *err)
{
    struct buf text;

    buf_init(&text, 0);
    if (is_ephemeral(init->listen)) {
        buf_printf(&text, "broker_file: %sendpoint\n", up);
    } else {
        buf_printf(&text, "broker: %s\n", init->listen);
    }
    buf_printf(&text, "keys:\n  agent: %s\n  region: %sregion.pub\n", agent, up);
    if (operator!= NULL) {
        buf_printf(&text, "  operator: %s # signs what is commanded with this file\n", operator);
    }
    buf_printf(&text, "journal: %s.db\nmode: actual # or exercise, or test\n", stem);
    int rc = text.failed ? ERR_NO_MEMORY : folder_write(&init->folder, path, text.p, text.n, err);
    buf_free(&text);
    return rc;
}

static int write_member(struct init *init, size_t i, struct arena *arena, struct err *err)
{
    const struct roster_member *member = &init->roster.members[i];
    const char *stem = file_stem(member, arena);
    const char *path = arena_printf(arena, "%s/%s", member->is_operator ? "operators" : "agents", stem);
    struct secret_keys keys;

    if (stem == NULL || path == NULL) {
        return ERR_NO_MEMORY;
    }
    keys_generate(member->name, rng_system(), &keys);
    init->members[i] = keys_public(&keys);
    int rc = write_pair(init, path, &keys, err);
    keys_wipe(&keys);
    if (rc != 0 || member->is_operator) {
        return rc;
    }
    const char *config = arena_printf(arena, "%s.yaml", path);
    const char *key = arena_printf(arena, "%s.key", stem);
    return config == NULL || key == NULL ? ERR_NO_MEMORY
                                         : write_client(init, config, "../", key, NULL, stem, err);
}

/* centre.yaml: the first command centre with the first operator who may order. */
static int write_centre(struct init *init, struct arena *arena, struct err *err)
{
    const struct roster_member *centre = roster_with(&init->roster, false, "centre");
    const struct roster_member *operator= roster_with(&init->roster, true, "order");

    if (centre == NULL) {
        return 0;
    }
    const char *agent = arena_printf(arena, "agents/%s.key", file_stem(centre, arena));
    const char *person = operator!= NULL ? arena_printf(arena, "operators/%s.key", operator->name) : NULL;
    /* One journal an agent: two would count past each other. */
    const char *journal = arena_printf(arena, "agents/%s", file_stem(centre, arena));
    return agent == NULL || journal == NULL
               ? ERR_NO_MEMORY
               : write_client(init, "centre.yaml", "", agent, person, journal, err);
}

static int write_broker_config(struct init *init, struct err *err)
{
    struct buf text;

    buf_init(&text, 0);
    buf_printf(&text, "region: \"%s\"\nlisten: %s\n", init->region, init->listen);
    buf_puts(&text, "log: log\nkeys:\n  broker: broker.key\n  region: region.pub\ngenesis: genesis.bin\n");
    if (is_ephemeral(init->listen)) {
        buf_puts(&text, "endpoint_file: endpoint\n");
    }
    int rc = text.failed ? ERR_NO_MEMORY : folder_write(&init->folder, "musterd.yaml", text.p, text.n, err);
    buf_free(&text);
    return rc;
}

static int write_genesis(struct init *init, struct err *err)
{
    struct founding founding = {.region = init->region,
                                .name = init->name,
                                .parent = init->parent,
                                .utc_offset_minutes = init->utc_offset_minutes,
                                .root = &init->root,
                                .broker = &init->broker,
                                .roster = &init->roster,
                                .members = init->members,
                                .utc_ms = clock_system()->utc_ms(clock_system()->ctx)};
    struct buf genesis;

    buf_init(&genesis, 0);
    int rc = founding_encode(&founding, rng_system(), &genesis, err);
    rc = rc ? rc : folder_write(&init->folder, "genesis.bin", genesis.p, genesis.n, err);
    buf_free(&genesis);
    return rc;
}

static int fill(struct init *init, struct arena *arena, struct err *err)
{
    int rc = folder_make(&init->folder, "agents", err);

    rc = rc ? rc : folder_make(&init->folder, "operators", err);
    rc = rc ? rc : write_region_keys(init, err);
    for (size_t i = 0; i < init->roster.members_n && rc == 0; i++) {
        rc = write_member(init, i, arena, err);
    }
    rc = rc ? rc : write_centre(init, arena, err);
    rc = rc ? rc : write_broker_config(init, err);
    return rc ? rc : write_genesis(init, err);
}

static int make(struct init *init, const char *path, struct arena *arena, struct err *err)
{
    int rc = crypto_init();

    rc = rc ? rc : roster_load(init->roster_path, init->region, arena, &init->roster, err);
    if (rc != 0) {
        return rc;
    }
    init->members = arena_array(arena, struct public_keys, init->roster.members_n);
    if (init->members == NULL) {
        return ERR_NO_MEMORY;
    }
    rc = folder_begin(path, &init->folder, err);
    if (rc != 0) {
        return rc;
    }
    rc = fill(init, arena, err);
    rc = rc ? rc : folder_finish(&init->folder, err);
    folder_abandon(&init->folder);
    keys_wipe(&init->root);
    return rc;
}

static int check(struct init *init, const char *offset, struct err *err)
{
    char code[REGION_CODE_MAX + 1];

    if (init->region == NULL || !division_is_known(init->region) || !division_code(init->region, code) ||
        strcmp(code, init->region) != 0) {
        return err_set(err, ERR_USAGE,
                       "--region: a code of 6 digits is wanted, such as 370102; 9 of a township, "
                       "12 of a village");
    }
    if (init->parent[0] != '\0' && !division_is_known(init->parent)) {
        return err_set(err, ERR_USAGE, "--parent %s: a region's code is wanted, such as 370100",
                       init->parent);
    }
    if (init->parent[0] != '\0' && !region_may_be_parent(init->parent, init->region)) {
        return err_set(err, ERR_USAGE,
                       "--parent %s: it is of no higher level than %s: parents would go round in a circle",
                       init->parent, init->region);
    }
    if (init->name == NULL || init->name[0] == '\0' || strlen(init->name) > NAME_MAX_BYTES) {
        return err_set(err, ERR_USAGE, "--name: the region's name is wanted, 1 to %d bytes", NAME_MAX_BYTES);
    }
    if (init->roster_path == NULL) {
        return err_set(err, ERR_USAGE,
                       "--roster: a file is wanted that says whom to enrol; see rosters/county.yaml");
    }
    if (strncmp(init->listen, "tcp://", 6) != 0 || strpbrk(init->listen, " \t\n#") != NULL) {
        return err_set(err, ERR_USAGE, "--listen %s: an endpoint is wanted, such as tcp://127.0.0.1:5570",
                       init->listen);
    }
    return zone_parse(offset, &init->utc_offset_minutes, err);
}

int ctl_keys_init(int argc, char **argv)
{
    struct init init = {.parent = "", .listen = "tcp://127.0.0.1:5570"};
    const char *offset = "+08:00";
    const struct option options[] = {
        {"region", OPTION_TEXT, &init.region, "CODE", "the region's code by GB/T 2260, such as 370102"},
        {"name", OPTION_TEXT, &init.name, "NAME", "the region's name"},
        {"roster", OPTION_TEXT, &init.roster_path, "FILE", "agents, operators and policy (YAML)"},
        {"parent", OPTION_TEXT, &init.parent, "CODE",
         "the upper region, where it does not follow from the code"},
        {"utc-offset", OPTION_TEXT, &offset, "OFFSET", "the region's civil time (+08:00)"},
        {"listen", OPTION_TEXT, &init.listen, "ENDPOINT",
         "where the broker listens (tcp://127.0.0.1:5570); port 0: any free one"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster keys init DIR --region CODE --name NAME --roster FILE [options]",
        .summary =
            "Makes the folder DIR with the root, broker, agent and operator keys of a region, the signed\n"
            "founding of its log, musterd.yaml for the broker, centre.yaml for the command centre's\n"
            "operator and a configuration for each agent. Keep root.key away from the broker's machine.",
        .options = options,
        .examples = "  muster keys init lixia --region 370102 --name 历下区 --roster rosters/county.yaml\n"
                    "  musterd --config lixia/musterd.yaml\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct arena arena;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    arena_init(&arena, ROSTER_MEMORY);
    int rc = check(&init, offset, &err);
    rc = rc ? rc : make(&init, arguments.at[0], &arena, &err);
    if (rc != 0) {
        err.code = rc;
        exit_code = ctl_fail(&err);
    } else {
        printf("%s: region %s with %zu agents and operators; start it with\n  musterd --config "
               "%s/musterd.yaml\n",
               init.folder.final, init.region, init.roster.members_n, init.folder.final);
        exit_code = ctl_end_output();
    }
    arena_free(&arena);
    return exit_code;
}
