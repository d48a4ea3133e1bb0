#include "agents/ctl/rules_role.h"

#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/rules_kind.h"
#include "common/core/route.h"
#include "common/view/view.h"

static const struct rule_action *notice(const struct rule *rule, size_t at)
{
    return rule->actions[at].kind == ACTION_NOTIFY ? &rule->actions[at] : NULL;
}

/* An earlier notice of the pack names the role. */
static bool is_named_before(const struct pack *pack, size_t rule, size_t action)
{
    const char *role = pack->rules[rule].actions[action].value;

    for (size_t i = 0; i <= rule; i++) {
        for (size_t j = 0; j < (i < rule ? pack->rules[i].actions_n : action); j++) {
            const struct rule_action *there = notice(&pack->rules[i], j);
            if (there != NULL && strcmp(there->value, role) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void note(const struct region *region, const struct rule *rule, const char *role, const char *path,
                 enum lang lang)
{
    if (route_reaches_role(region, "centre")) {
        ctl_note(lang_text(lang,
                           "%s:%u: nobody in region %s has the role %s: the centres will be told instead; "
                           "enrol an agent with the right \"role:%s\"",
                           "%s:%u：%s 无人承担角色 %s，将改为通知指挥中心；请为代理授予权限 \"role:%s\""),
                 path, rule->line, region->code, role, role);
    } else {
        ctl_note(lang_text(lang,
                           "%s:%u: nobody in region %s has the role %s, and there is no centre: NOBODY will "
                           "be told; enrol an agent with the right \"role:%s\"",
                           "%s:%u：%s 无人承担角色 %s，也无指挥中心，将无人接到通知；请为代理授予权限 "
                           "\"role:%s\""),
                 path, rule->line, region->code, role, role);
    }
}

void rules_note_roles(const struct region *region, const struct pack *pack, const char *path, enum lang lang)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        for (size_t j = 0; j < pack->rules[i].actions_n; j++) {
            const struct rule_action *action = notice(&pack->rules[i], j);
            if (action != NULL && !is_named_before(pack, i, j) &&
                !route_reaches_role(region, action->value)) {
                note(region, &pack->rules[i], action->value, path, lang);
            }
        }
    }
}

int rules_note_of_log(const char *log, struct pack *const *packs, const char *const *paths, size_t n,
                      enum lang lang, struct err *err)
{
    struct log_input input = {.reader = NULL};
    int rc = log_input_open(&input, log, err);

    if (rc != 0) {
        return rc;
    }
    struct view *view = view_new(&(struct view_options){.details = false});
    rc = view != NULL ? log_input_fold(&input, &(struct view_until){.seq = 0}, view, err)
                      : err_set(err, ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n && rc == 0; i++) {
        rules_note_roles(state_region(view_state(view)), packs[i], paths[i], lang);
        rules_note_kinds(state_region(view_state(view)), packs[i], paths[i], lang);
    }
    view_free(view);
    log_input_close(&input);
    return rc;
}
