/* A region's policy as YAML. What the broker would refuse is refused here, with its line. */
#include <string.h>

#include "agents/ctl/roster.h"
#include "common/base/text.h"

enum {
    ASK_WITHIN_MAX_MS = 24 * 60 * 60 * 1000,
    TOLERANCE_DEFAULT_MS = 30 * 1000,
    TOLERANCE_MAX_MS = 60 * 60 * 1000,
    AMEND_ANSWER_DEFAULT_MS = 2 * 60 * 1000
};

static int name_of(const struct conf_node *node, const char *key, struct arena *arena, const char **ret,
                   struct err *err)
{
    const char *name;

    if (!conf_is_map(node)) {
        return conf_fail(node, err, ERR_CONFIG, "a mapping with \"%s\" is wanted", key);
    }
    int rc = conf_string(node, key, CONF_REQUIRED, &name, err);
    if (rc != 0) {
        return rc;
    }
    if (name[0] == '\0' || strlen(name) > NAME_MAX_BYTES) {
        return conf_fail(node, err, ERR_CONFIG, "\"%s\" must have 1 to %d bytes", key, NAME_MAX_BYTES);
    }
    *ret = arena_strdup(arena, name);
    return *ret != NULL ? 0 : ERR_NO_MEMORY;
}

static int check_facts(const struct conf_node *node, struct words facts, struct err *err)
{
    static const char *const names[] = {
#define FACT_NAME(name, text) text,
        FACT_LIST(FACT_NAME)
#undef FACT_NAME
            NULL};

    for (size_t i = 0; i < facts.n; i++) {
        if (fact_parse(facts.at[i]) == FACT_COUNT) {
            const char *near = text_nearest(facts.at[i], names);
            return conf_fail(node, err, ERR_CONFIG, "required: \"%s\" is no fact; %s%s%s", facts.at[i],
                             near != NULL ? "did you mean \"" : "rosters/county.yaml names the facts",
                             near != NULL ? near : "", near != NULL ? "\"?" : "");
        }
    }
    return 0;
}

static int read_kind(const struct conf_node *node, struct arena *arena, struct kind_policy *ret,
                     struct err *err)
{
    int rc = name_of(node, "kind", arena, &ret->kind, err);

    rc = rc ? rc : conf_words(node, "required", CONF_OPTIONAL, arena, &ret->required, err);
    rc = rc ? rc : conf_words(node, "needs", CONF_OPTIONAL, arena, &ret->needs, err);
    rc = rc ? rc : check_facts(node, ret->required, err);
    return rc ? rc
              : conf_duration(node, "ask_within", ret->required.n > 0 ? CONF_REQUIRED : CONF_OPTIONAL, 1000,
                              ASK_WITHIN_MAX_MS, &ret->ask_within_ms, err);
}

static int read_substance(const struct conf_node *node, struct arena *arena, struct substance_policy *ret,
                          struct err *err)
{
    int rc = name_of(node, "substance", arena, &ret->substance, err);

    return rc ? rc : conf_words(node, "needs", CONF_OPTIONAL, arena, &ret->needs, err);
}

static int read_order_kind(const struct conf_node *node, struct arena *arena, struct order_kind_policy *ret,
                           struct err *err)
{
    int rc = name_of(node, "kind", arena, &ret->kind, err);

    if (rc == 0 && strcmp(ret->kind, "evacuate") == 0) {
        return conf_fail(node, err, ERR_CONFIG,
                         "\"evacuate\" is the order to everybody on scene and needs no entry; name another");
    }
    return rc ? rc : conf_bool(node, "two_persons", CONF_OPTIONAL, &ret->two_persons, err);
}

/* A list under key; ret_n 0 when it is absent. */
static int open_list(const struct conf_node *map, const char *key, const struct conf_node **ret,
                     size_t *ret_n, struct err *err)
{
    *ret = NULL;
    int rc = conf_list(map, key, CONF_OPTIONAL, ret, err);

    *ret_n = rc == 0 && *ret != NULL ? conf_count(*ret) : 0;
    if (*ret_n > POLICY_ENTRIES_MAX) {
        return conf_fail(*ret, err, ERR_CONFIG, "\"%s\" has more than %d entries", key, POLICY_ENTRIES_MAX);
    }
    return rc;
}

static int twice(const struct conf_node *node, const char *name, struct err *err)
{
    return conf_fail(node, err, ERR_CONFIG, "\"%s\" is there twice", name);
}

static int read_kinds(const struct conf_node *map, struct arena *arena, struct policy *ret, struct err *err)
{
    const struct conf_node *list;
    size_t n;
    int rc = open_list(map, "kinds", &list, &n, err);
    struct kind_policy *at = arena_array(arena, struct kind_policy, n);

    for (size_t i = 0; i < n && rc == 0 && at != NULL; i++) {
        rc = read_kind(conf_value_at(list, i), arena, &at[i], err);
        for (size_t j = 0; j < i && rc == 0; j++) {
            rc = strcmp(at[j].kind, at[i].kind) == 0 ? twice(conf_value_at(list, i), at[i].kind, err) : 0;
        }
    }
    ret->kinds = at;
    ret->kinds_n = n;
    return rc != 0 || at != NULL ? rc : ERR_NO_MEMORY;
}

static int read_substances(const struct conf_node *map, struct arena *arena, struct policy *ret,
                           struct err *err)
{
    const struct conf_node *list;
    size_t n;
    int rc = open_list(map, "substances", &list, &n, err);
    struct substance_policy *at = arena_array(arena, struct substance_policy, n);

    for (size_t i = 0; i < n && rc == 0 && at != NULL; i++) {
        rc = read_substance(conf_value_at(list, i), arena, &at[i], err);
        for (size_t j = 0; j < i && rc == 0; j++) {
            rc = strcmp(at[j].substance, at[i].substance) == 0
                     ? twice(conf_value_at(list, i), at[i].substance, err)
                     : 0;
        }
    }
    ret->substances = at;
    ret->substances_n = n;
    return rc != 0 || at != NULL ? rc : ERR_NO_MEMORY;
}

static int read_order_kinds(const struct conf_node *map, struct arena *arena, struct policy *ret,
                            struct err *err)
{
    const struct conf_node *list;
    size_t n;
    int rc = open_list(map, "order_kinds", &list, &n, err);
    struct order_kind_policy *at = arena_array(arena, struct order_kind_policy, n);

    for (size_t i = 0; i < n && rc == 0 && at != NULL; i++) {
        rc = read_order_kind(conf_value_at(list, i), arena, &at[i], err);
        for (size_t j = 0; j < i && rc == 0; j++) {
            rc = strcmp(at[j].kind, at[i].kind) == 0 ? twice(conf_value_at(list, i), at[i].kind, err) : 0;
        }
    }
    ret->order_kinds = at;
    ret->order_kinds_n = n;
    return rc != 0 || at != NULL ? rc : ERR_NO_MEMORY;
}

int policy_read(const struct conf_node *map, struct arena *arena, struct policy *ret, struct err *err)
{
    struct policy policy = {.clock_tolerance_ms = TOLERANCE_DEFAULT_MS,
                            .amend_answer_ms = AMEND_ANSWER_DEFAULT_MS};
    const char *version;
    int rc = conf_string(map, "version", CONF_REQUIRED, &version, err);

    rc = rc ? rc
            : conf_duration(map, "clock_tolerance", CONF_OPTIONAL, 1000, TOLERANCE_MAX_MS,
                            &policy.clock_tolerance_ms, err);
    rc = rc ? rc
            : conf_duration(map, "amend_answer", CONF_OPTIONAL, 1000, ASK_WITHIN_MAX_MS,
                            &policy.amend_answer_ms, err);
    rc = rc ? rc : read_kinds(map, arena, &policy, err);
    rc = rc ? rc : read_substances(map, arena, &policy, err);
    rc = rc ? rc : read_order_kinds(map, arena, &policy, err);
    if (rc != 0) {
        return rc;
    }
    policy.version = arena_strdup(arena, version);
    if (policy.version == NULL) {
        return ERR_NO_MEMORY;
    }
    *ret = policy;
    return 0;
}
