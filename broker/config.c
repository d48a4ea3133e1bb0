#include "broker/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf.h"
#include "common/core/division.h"
#include "common/net/endpoint.h"

enum { BEAT_MIN_MS = 100, BEAT_MAX_MS = 60000, CANARY_MIN_MS = 1000, CANARY_MAX_MS = 24 * 3600 * 1000 };

static int read_region(const struct conf_node *map, const char **ret, struct err *err)
{
    int result = conf_string(map, "region", CONF_REQUIRED, ret, err);
    if (result < 0) {
        return result;
    }
    char code[REGION_CODE_MAX + 1];
    if (!division_is_known(*ret) || !division_code(*ret, code) || strcmp(code, *ret) != 0) {
        return conf_fail(map, err, ERR_CONFIG,
                         "region: \"%s\" is no code of GB/T 2260; write 6 digits in quotes, "
                         "9 of a township, 12 of a village",
                         *ret);
    }
    return 0;
}

static int read_link(const struct conf_node *map, struct config *ret, struct err *err)
{
    struct config_link *link = &ret->links[ret->links_n];
    struct err why = {0};

    if (!conf_is_map(map)) {
        return conf_fail(map, err, ERR_CONFIG,
                         "links: write \"- region: ...\" and \"connect: ...\" below it");
    }
    int result = read_region(map, &link->region, err);
    result = result < 0 ? result : conf_string(map, "connect", CONF_REQUIRED, &link->connect, err);
    if (result < 0) {
        return result;
    }
    if (strcmp(link->region, ret->region) == 0) {
        return conf_fail(map, err, ERR_CONFIG, "links: region %s is this one", link->region);
    }
    if (strcmp(link->connect, ret->listen) == 0 && ret->port != 0) {
        return conf_fail(map, err, ERR_CONFIG, "links: connect: %s is where this broker listens",
                         link->connect);
    }
    if (net_endpoint_check(link->connect, &why) < 0) {
        return conf_fail(map, err, ERR_CONFIG, "links: connect: %s", why.text);
    }
    for (size_t i = 0; i < ret->links_n; i++) {
        if (strcmp(ret->links[i].region, link->region) == 0) {
            return conf_fail(map, err, ERR_CONFIG, "links: region %s stands here twice", link->region);
        }
    }
    ret->links_n++;
    return 0;
}

static int read_links(const struct conf_node *root, struct config *ret, struct err *err)
{
    const struct conf_node *list = NULL;
    int result = conf_list(root, "links", CONF_OPTIONAL, &list, err);

    for (size_t i = 0; result == 0 && list != NULL && i < conf_count(list); i++) {
        result = ret->links_n == CONFIG_LINKS_MAX
                     ? conf_fail(list, err, ERR_CONFIG, "links: %d at most", CONFIG_LINKS_MAX)
                     : read_link(conf_value_at(list, i), ret, err);
    }
    return result;
}

static int read_listen(const struct conf_node *root, struct config *ret, struct err *err)
{
    static const char scheme[] = "tcp://";
    const char *listen = NULL;
    int result = conf_string(root, "listen", CONF_REQUIRED, &listen, err);

    if (result < 0) {
        return result;
    }
    const char *host = listen + sizeof scheme - 1;
    const char *colon = strncmp(listen, scheme, sizeof scheme - 1) == 0 ? strrchr(host, ':') : NULL;
    char *end = NULL;
    long port = colon != NULL && colon[1] != '\0' ? strtol(colon + 1, &end, 10) : -1;
    if (port < 0 || port > UINT16_MAX || *end != '\0' || colon == host ||
        (size_t)(colon - host) >= sizeof ret->host) {
        return conf_fail(root, err, ERR_CONFIG, "listen: \"%s\" is no address; write tcp://HOST:PORT",
                         listen);
    }
    ret->listen = listen;
    size_t n = (size_t)(colon - host);
    bool bracketed = host[0] == '[' && n > 2 && host[n - 1] == ']';
    memcpy(ret->host, bracketed ? host + 1 : host, bracketed ? n - 2 : n);
    ret->host[bracketed ? n - 2 : n] = '\0';
    ret->port = (uint16_t)port;
    return 0;
}

static int read_keys(const struct conf_node *root, struct config *ret, struct err *err)
{
    const struct conf_node *keys = NULL;
    const char *broker = NULL;
    const char *region = NULL;
    int result = conf_map(root, "keys", CONF_REQUIRED, &keys, err);

    result = result < 0 ? result : conf_path(keys, "broker", CONF_REQUIRED, &broker, err);
    result = result < 0 ? result : conf_path(keys, "region", CONF_REQUIRED, &region, err);
    result = result < 0 ? result : keyfile_read_secret(broker, &ret->broker, err);
    result = result < 0 ? result : keyfile_read_public(region, &ret->region_keys, err);
    if (result == 0 && strcmp(ret->region_keys.name, ret->region) != 0) {
        return conf_fail(keys, err, ERR_CONFIG, "region is \"%s\", but keys.region is the key of \"%s\"",
                         ret->region, ret->region_keys.name);
    }
    return result;
}

static int read_genesis(const struct conf_node *root, struct config *ret, struct err *err)
{
    uint8_t chunk[4096];
    ssize_t n;

    ret->genesis_path = "";
    buf_init(&ret->genesis, GENESIS_MAX);
    int result = conf_path(root, "genesis", CONF_OPTIONAL, &ret->genesis_path, err);
    if (result < 0 || ret->genesis_path[0] == '\0') {
        return result;
    }
    int fd = open(ret->genesis_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, errno == EACCES ? ERR_PERMISSION : ERR_NO_INPUT,
                       "%s: %s; make it with muster keys init", ret->genesis_path, strerror(errno));
    }
    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        buf_append(&ret->genesis, chunk, (size_t)n);
    }
    (void)close(fd);
    if (n < 0 || ret->genesis.failed) {
        return err_set(err, ERR_DATA, "%s: cannot be read, or larger than 8 MiB", ret->genesis_path);
    }
    return 0;
}

static int read_rest(const struct conf_node *root, struct config *ret, struct err *err)
{
    int64_t beat_ms = 0, canary_ms = 0;

    ret->endpoint_file = "";
    int result = conf_path(root, "log", CONF_REQUIRED, &ret->log, err);
    result = result < 0 ? result : conf_path(root, "endpoint_file", CONF_OPTIONAL, &ret->endpoint_file, err);
    result = result < 0 ? result
                        : conf_duration(root, "beat", CONF_OPTIONAL, BEAT_MIN_MS, BEAT_MAX_MS, &beat_ms, err);
    result = result < 0 ? result : conf_bool(root, "accept_clock", CONF_OPTIONAL, &ret->accept_clock, err);
    result = result < 0 ? result : conf_bool(root, "volatile_ok", CONF_OPTIONAL, &ret->volatile_ok, err);
    result = result < 0 ? result
                        : conf_duration(root, "canary", CONF_OPTIONAL, CANARY_MIN_MS, CANARY_MAX_MS,
                                        &canary_ms, err);
    ret->beat_ms = (uint32_t)beat_ms;
    ret->canary_ms = (uint32_t)canary_ms;
    return result;
}

/* Before anything else, for an unknown key is often a required one misspelt. Each known key is asked for, so
 * that the nearest one can be named. */
static int check_unknown(const struct conf *conf, struct err *err)
{
    static const char *const known[] = {"region", "listen", "log",          "genesis",    "endpoint_file",
                                        "beat",   "canary", "accept_clock", "volatile_ok"};
    const struct conf_node *root = conf_root(conf);
    const struct conf_node *keys = NULL, *links = NULL;
    const char *text = NULL;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        (void)conf_string(root, known[i], CONF_OPTIONAL, &text, NULL);
    }
    if (conf_map(root, "keys", CONF_OPTIONAL, &keys, NULL) == 0 && keys != NULL) {
        (void)conf_string(keys, "broker", CONF_OPTIONAL, &text, NULL);
        (void)conf_string(keys, "region", CONF_OPTIONAL, &text, NULL);
    }
    if (conf_list(root, "links", CONF_OPTIONAL, &links, NULL) == 0 && links != NULL) {
        for (size_t i = 0; i < conf_count(links); i++) {
            if (conf_is_map(conf_value_at(links, i))) {
                (void)conf_string(conf_value_at(links, i), "region", CONF_OPTIONAL, &text, NULL);
                (void)conf_string(conf_value_at(links, i), "connect", CONF_OPTIONAL, &text, NULL);
            }
        }
    }
    return conf_check_unknown(conf, err);
}

int config_load(const char *path, struct config *ret, struct err *err)
{
    struct config config = {0};
    int result = conf_load(path, &config.conf, err);

    if (result < 0) {
        return result;
    }
    const struct conf_node *root = conf_root(config.conf);
    result = check_unknown(config.conf, err);
    result = result < 0 ? result : read_region(root, &config.region, err);
    result = result < 0 ? result : read_listen(root, &config, err);
    result = result < 0 ? result : read_rest(root, &config, err);
    result = result < 0 ? result : read_links(root, &config, err);
    result = result < 0 ? result : read_keys(root, &config, err);
    result = result < 0 ? result : read_genesis(root, &config, err);
    if (result < 0) {
        config_free(&config);
        return result;
    }
    *ret = config;
    return 0;
}

void config_free(struct config *config)
{
    keys_wipe(&config->broker);
    buf_free(&config->genesis);
    conf_free(config->conf);
}
