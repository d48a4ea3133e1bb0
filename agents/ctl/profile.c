#include "agents/ctl/profile.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf/conf.h"
#include "common/net/endpoint.h"

/* The path under key, or NULL when an optional one is absent. */
static int path_of(const struct conf_node *map, const char *key, enum conf_need need, struct arena *arena,
                   const char **ret, struct err *err)
{
    const char *path = NULL;
    int rc = conf_path(map, key, need, &path, err);

    *ret = NULL;
    if (rc != 0 || path == NULL) {
        return rc;
    }
    *ret = arena_strdup(arena, path);
    return *ret != NULL ? 0 : ERR_NO_MEMORY;
}

static int read_broker(const struct conf_node *root, struct arena *arena, struct profile *profile,
                       struct err *err)
{
    const char *endpoint = NULL;
    struct err why = {0};
    int rc = conf_string(root, "broker", CONF_OPTIONAL, &endpoint, err);

    rc = rc ? rc : path_of(root, "broker_file", CONF_OPTIONAL, arena, &profile->endpoint_file, err);
    if (rc != 0) {
        return rc;
    }
    if ((endpoint == NULL) == (profile->endpoint_file == NULL)) {
        return conf_fail(root, err, ERR_CONFIG,
                         "either \"broker\" (tcp://HOST:PORT) or \"broker_file\" is wanted, and not both");
    }
    if (endpoint != NULL) {
        if (net_endpoint_check(endpoint, &why) != 0) {
            return conf_fail(root, err, ERR_CONFIG, "broker: %s", why.text);
        }
        profile->endpoint = arena_strdup(arena, endpoint);
        return profile->endpoint != NULL ? 0 : ERR_NO_MEMORY;
    }
    return 0;
}

static int read_keys(const struct conf_node *root, struct arena *arena, struct profile *profile,
                     struct err *err)
{
    const struct conf_node *keys = NULL;
    const char *agent = NULL;
    const char *region = NULL;
    const char *operator= NULL;
    int rc = conf_map(root, "keys", CONF_REQUIRED, &keys, err);

    rc = rc ? rc : path_of(keys, "agent", CONF_REQUIRED, arena, &agent, err);
    rc = rc ? rc : path_of(keys, "region", CONF_REQUIRED, arena, &region, err);
    rc = rc ? rc : path_of(keys, "operator", CONF_OPTIONAL, arena, &operator, err);
    rc = rc ? rc : keyfile_read_secret(agent, &profile->agent, err);
    rc = rc ? rc : keyfile_read_public(region, &profile->region, err);
    if (rc == 0 && operator!= NULL) {
        rc = keyfile_read_secret(operator, & profile->operator, err);
    }
    if (rc == 0 && !name_is_agent(profile->agent.name)) {
        rc = err_set(err, ERR_CONFIG, "%s: the key of \"%s\" is no agent's; name one of agents/*.key", agent,
                     profile->agent.name);
    }
    if (rc == 0 && strchr(profile->operator.name, '/') != NULL) {
        rc = err_set(err, ERR_CONFIG,
                     "%s: the key of \"%s\" is no operator's; name one of operators/*.key", operator,
                     profile->operator.name);
    }
    return rc;
}

/* Marks what is below node as known. */
static void ignore(const struct conf_node *node)
{
    if (node == NULL || !(conf_is_map(node) || conf_is_list(node))) {
        return;
    }
    for (size_t i = 0; i < conf_count(node); i++) {
        if (conf_is_map(node)) {
            (void)conf_key_at(node, i);
        }
        ignore(conf_value_at(node, i));
    }
}

/* muster-agent's own keys may stand in the same file: they are known, and nothing is made of them. */
static int ignore_agents_keys(const struct conf_node *root, struct err *err)
{
    static const char *const words[] = {"profile", "needs", "sink"};
    static const char *const switches[] = {"bridge", "exercise"};
    static const char *const lists[] = {"takes", "units"};
    const struct conf_node *node = NULL;
    const char *word;
    bool is_on;
    int rc = conf_map(root, "script", CONF_OPTIONAL, &node, err);

    ignore(node);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && rc == 0; i++) {
        node = NULL;
        rc = conf_list(root, lists[i], CONF_OPTIONAL, &node, err);
        ignore(node);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0] && rc == 0; i++) {
        rc = conf_string(root, words[i], CONF_OPTIONAL, &word, err);
    }
    for (size_t i = 0; i < sizeof switches / sizeof switches[0] && rc == 0; i++) {
        rc = conf_bool(root, switches[i], CONF_OPTIONAL, &is_on, err);
    }
    return rc;
}

static int read_all(const struct conf_node *root, struct arena *arena, struct profile *profile,
                    struct err *err)
{
    static const char *const modes[] = {"actual", "exercise", "test", NULL};
    int mode = 0;
    int rc = read_broker(root, arena, profile, err);

    rc = rc ? rc : read_keys(root, arena, profile, err);
    rc = rc ? rc : path_of(root, "journal", CONF_REQUIRED, arena, &profile->journal, err);
    rc = rc ? rc : conf_choice(root, "mode", CONF_OPTIONAL, modes, &mode, err);
    rc = rc ? rc : ignore_agents_keys(root, err);
    profile->mode = (enum mode)(mode + 1);
    return rc;
}

int profile_load(const char *path, struct arena *arena, struct profile *ret, struct err *err)
{
    struct profile profile = {.mode = MODE_ACTUAL};
    struct conf *conf;

    if (path == NULL) {
        path = getenv("MUSTER_CONFIG");
    }
    if (path == NULL || path[0] == '\0') {
        return err_set(err, ERR_USAGE,
                       "no configuration: give --config FILE or set MUSTER_CONFIG "
                       "(\"muster keys init\" makes centre.yaml)");
    }
    profile.path = arena_strdup(arena, path);
    if (profile.path == NULL) {
        return ERR_NO_MEMORY;
    }
    int rc = conf_load(path, &conf, err);
    if (rc != 0) {
        return rc;
    }
    rc = read_all(conf_root(conf), arena, &profile, err);
    rc = rc ? rc : conf_check_unknown(conf, err);
    conf_free(conf);
    if (rc == 0) {
        *ret = profile;
    }
    profile_wipe(&profile);
    return rc;
}

void profile_wipe(struct profile *profile)
{
    keys_wipe(&profile->agent);
    keys_wipe(&profile->operator);
}
