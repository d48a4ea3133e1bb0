#include "agents/agency/config.h"

#include <string.h>

static int read_mode(const struct conf_node *root, enum mode *ret, struct err *err)
{
    static const char *const MODES[] = {"actual", "exercise", "test", NULL};
    int mode = 0;
    int rc = conf_choice(root, "mode", CONF_OPTIONAL, MODES, &mode, err);

    *ret = (enum mode)(mode + MODE_ACTUAL);
    return rc;
}

static int read_keys(const struct conf_node *root, struct config *config, struct err *err)
{
    const struct conf_node *keys;
    const char *agent, *region, *unused;
    int rc = conf_map(root, "keys", CONF_REQUIRED, &keys, err);

    rc = rc ? rc : conf_path(keys, "agent", CONF_REQUIRED, &agent, err);
    rc = rc ? rc : conf_path(keys, "region", CONF_REQUIRED, &region, err);
    /* `muster` may use the same file: its person commands, and no agent does in that name. */
    rc = rc ? rc : conf_path(keys, "operator", CONF_OPTIONAL, &unused, err);
    rc = rc ? rc : keyfile_read_secret(agent, &config->agent, err);
    rc = rc ? rc : keyfile_read_public(region, &config->region, err);
    if (!rc && !name_is_agent(config->agent.name)) {
        rc = conf_fail(keys, err, ERR_CONFIG,
                       "%s is the key of \"%s\", which is no agent (REGION/AGENCY/AGENT)", agent,
                       config->agent.name);
    }
    return rc;
}

static int read_broker(const struct conf_node *root, struct config *config, struct err *err)
{
    int rc = conf_string(root, "broker", CONF_OPTIONAL, &config->broker, err);

    rc = rc ? rc : conf_path(root, "broker_file", CONF_OPTIONAL, &config->broker_file, err);
    if (!rc && !config->broker == !config->broker_file) {
        rc = conf_fail(root, err, ERR_CONFIG,
                       "name the broker once: either `broker: tcp://HOST:PORT` or `broker_file: FILE`");
    }
    return rc;
}

static int read_profile(const struct conf_node *root, struct config *config, struct err *err)
{
    const char *path = NULL;
    int rc = conf_path(root, "profile", CONF_OPTIONAL, &path, err);

    if (rc || !path) {
        return rc ? rc : profile_read(root, &config->profile, err);
    }
    rc = conf_load(path, &config->profile_file, err);
    rc = rc ? rc : profile_read(conf_root(config->profile_file), &config->profile, err);
    return rc ? rc : conf_check_unknown(config->profile_file, err);
}

int config_load(const char *path, struct config *ret, struct err *err)
{
    struct config config = {.mode = MODE_ACTUAL};
    const struct conf_node *root;
    int rc = conf_load(path, &config.file, err);

    if (rc) {
        return rc;
    }
    root = conf_root(config.file);
    rc = read_broker(root, &config, err);
    rc = rc ? rc : conf_path(root, "journal", CONF_REQUIRED, &config.journal, err);
    rc = rc ? rc : read_mode(root, &config.mode, err);
    rc = rc ? rc : read_profile(root, &config, err);
    rc = rc ? rc : read_keys(root, &config, err);
    rc = rc ? rc : conf_check_unknown(config.file, err);
    if (rc) {
        config_free(&config);
        return rc;
    }
    *ret = config;
    return 0;
}

void config_free(struct config *config)
{
    profile_free(&config->profile);
    keys_wipe(&config->agent);
    conf_free(config->profile_file);
    conf_free(config->file);
    config->profile_file = NULL;
    config->file = NULL;
}
