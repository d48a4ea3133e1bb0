#include "agents/ctl/roster.h"

#include <string.h>

#include "common/base/text.h"

static const char *const right_names[] = {"report", "order",   "recall", "evacuate", "close", "grade",
                                          "level",  "receipt", "units",  "history",  "alert", "watch",
                                          "admin",  "centre",  "link",   NULL};

bool right_is_known(const char *right)
{
    for (size_t i = 0; right_names[i] != NULL; i++) {
        if (strcmp(right_names[i], right) == 0) {
            return true;
        }
    }
    return (strncmp(right, "order:", 6) == 0 && right[6] != '\0') ||
           (strncmp(right, "role:", 5) == 0 && right[5] != '\0');
}

const char *rights_list(void)
{
    return "report, order, order:KIND, recall, evacuate, close, grade, level, receipt, units, history, "
           "alert, "
           "watch, "
           "admin, centre, link, role:NAME";
}

int conf_words(const struct conf_node *map, const char *key, enum conf_need need, struct arena *arena,
               struct words *ret, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(map, key, need, &list, err);

    if (rc != 0 || list == NULL) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n > LIST_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "\"%s\" has more than %d items", key, LIST_MAX);
    }
    const char **at = arena_array(arena, const char *, n);
    if (at == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text;
        rc = conf_scalar(conf_value_at(list, i), &text, err);
        if (rc != 0) {
            return rc;
        }
        if (text[0] == '\0' || strlen(text) > NAME_MAX_BYTES) {
            return conf_fail(conf_value_at(list, i), err, ERR_CONFIG, "a word of 1 to %d bytes is wanted",
                             NAME_MAX_BYTES);
        }
        at[i] = arena_strdup(arena, text);
        if (at[i] == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    *ret = (struct words){at, n};
    return 0;
}

static int check_rights(const struct conf_node *node, struct words rights, const struct policy *policy,
                        struct err *err)
{
    for (size_t i = 0; i < rights.n; i++) {
        const char *right = rights.at[i];
        bool kind_known = policy->order_kinds_n == 0 || strncmp(right, "order:", 6) != 0;
        if (!right_is_known(right)) {
            const char *near = text_nearest(right, right_names);
            return conf_fail(node, err, ERR_CONFIG, "\"%s\" is no right; %s%s%s", right,
                             near != NULL ? "did you mean \"" : "the rights are ",
                             near != NULL ? near : rights_list(), near != NULL ? "\"?" : "");
        }
        for (size_t j = 0; j < policy->order_kinds_n && !kind_known; j++) {
            kind_known = strcmp(policy->order_kinds[j].kind, right + 6) == 0;
        }
        if (!kind_known) {
            return conf_fail(node, err, ERR_CONFIG, "\"%s\": the policy's order_kinds has no \"%s\"", right,
                             right + 6);
        }
    }
    return 0;
}

static const char *member_name(const char *name, const char *region, bool is_operator, struct arena *arena)
{
    size_t n = strlen(region);

    if (is_operator || (strncmp(name, region, n) == 0 && name[n] == '/')) {
        return arena_strdup(arena, name);
    }
    return arena_printf(arena, "%s/%s", region, name);
}

static int read_member(const struct conf_node *node, const char *region, bool is_operator,
                       struct arena *arena, struct roster *roster, struct err *err)
{
    struct roster_member *member = &roster->members[roster->members_n];
    const char *name;

    if (!conf_is_map(node)) {
        return conf_fail(node, err, ERR_CONFIG, "a mapping with name and rights is wanted");
    }
    int rc = conf_string(node, "name", CONF_REQUIRED, &name, err);
    rc = rc ? rc : conf_words(node, "rights", CONF_REQUIRED, arena, &member->rights, err);
    rc = rc ? rc : check_rights(node, member->rights, &roster->policy, err);
    if (rc != 0) {
        return rc;
    }
    member->is_operator = is_operator;
    member->name = member_name(name, region, is_operator, arena);
    if (member->name == NULL) {
        return ERR_NO_MEMORY;
    }
    if (strlen(member->name) > NAME_MAX_BYTES - 1 ||
        (is_operator ? name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL
                     : !name_is_agent(member->name))) {
        return conf_fail(node, err, ERR_CONFIG,
                         is_operator
                             ? "\"%s\": an operator's name is a word without a slash, such as zhang.wei"
                             : "\"%s\": an agent's name is AGENCY/AGENT, such as fire-rescue/station-3",
                         name);
    }
    for (size_t i = 0; i < roster->members_n; i++) {
        if (strcmp(roster->members[i].name, member->name) == 0) {
            return conf_fail(node, err, ERR_CONFIG, "\"%s\" is there twice", name);
        }
    }
    roster->members_n++;
    return 0;
}

static int read_members(const struct conf_node *root, const char *key, const char *region,
                        struct arena *arena, struct roster *roster, struct err *err)
{
    bool is_operator = strcmp(key, "operators") == 0;
    const struct conf_node *list = NULL;
    int rc = conf_list(root, key, CONF_REQUIRED, &list, err);

    if (rc != 0) {
        return rc;
    }
    if (roster->members_n + conf_count(list) > ROSTER_MEMBERS_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "more than %d members", ROSTER_MEMBERS_MAX);
    }
    for (size_t i = 0; i < conf_count(list) && rc == 0; i++) {
        rc = read_member(conf_value_at(list, i), region, is_operator, arena, roster, err);
    }
    return rc;
}

/* Beside the roster, when the name is relative. */
static int read_policy_file(const char *roster_path, const char *name, struct arena *arena,
                            struct policy *ret, struct err *err)
{
    const char *slash = strrchr(roster_path, '/');
    const char *path = name[0] == '/' || slash == NULL
                           ? name
                           : arena_printf(arena, "%.*s/%s", (int)(slash - roster_path), roster_path, name);
    struct conf *conf;

    if (path == NULL) {
        return ERR_NO_MEMORY;
    }
    int rc = conf_load(path, &conf, err);
    if (rc != 0) {
        return rc;
    }
    rc = policy_read(conf_root(conf), arena, ret, err);
    rc = rc ? rc : conf_check_unknown(conf, err);
    conf_free(conf);
    return rc;
}

static int read_policy(const struct conf_node *root, const char *path, struct arena *arena,
                       struct policy *ret, struct err *err)
{
    const struct conf_node *node = NULL;

    for (size_t i = 0; conf_is_map(root) && i < conf_count(root); i++) {
        if (strcmp(conf_key_at(root, i), "policy") == 0) {
            node = conf_value_at(root, i);
        }
    }
    if (node != NULL && conf_is_map(node)) {
        return policy_read(node, arena, ret, err);
    }
    const char *name;
    int rc = conf_string(root, "policy", CONF_REQUIRED, &name, err);
    return rc != 0 ? rc : read_policy_file(path, name, arena, ret, err);
}

int roster_load(const char *path, const char *region, struct arena *arena, struct roster *ret,
                struct err *err)
{
    struct roster roster = {.members = arena_array(arena, struct roster_member, ROSTER_MEMBERS_MAX)};
    struct conf *conf;

    if (roster.members == NULL) {
        return ERR_NO_MEMORY;
    }
    int rc = conf_load(path, &conf, err);
    if (rc != 0) {
        return rc;
    }
    rc = read_policy(conf_root(conf), path, arena, &roster.policy, err);
    rc = rc ? rc : read_members(conf_root(conf), "agents", region, arena, &roster, err);
    rc = rc ? rc : read_members(conf_root(conf), "operators", region, arena, &roster, err);
    rc = rc ? rc : conf_check_unknown(conf, err);
    if (rc == 0 && roster_with(&roster, true, "admin") == NULL) {
        rc = conf_fail(conf_root(conf), err, ERR_CONFIG,
                       "no operator has the right \"admin\", so nobody could enrol anybody later");
    }
    conf_free(conf);
    if (rc == 0) {
        *ret = roster;
    }
    return rc;
}

const struct roster_member *roster_with(const struct roster *roster, bool is_operator, const char *right)
{
    for (size_t i = 0; i < roster->members_n; i++) {
        if (roster->members[i].is_operator == is_operator && words_have(roster->members[i].rights, right)) {
            return &roster->members[i];
        }
    }
    return NULL;
}
