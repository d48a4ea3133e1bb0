/* muster order confirm: a person says that an order stands beside one that contradicts it. */
#include <stdio.h>

#include "agents/ctl/resolve.h"

/* It was said before: of this order, or of what contradicts it. */
static bool stands_already(struct session *session, const struct resolved *resolved)
{
    const struct incident *incident = state_incident(view_state(session_view(session)), resolved->incident);
    const struct disputes *disputes = incident != NULL ? incident->disputes : NULL;

    for (size_t i = 0; disputes != NULL && i < disputes->n; i++) {
        const struct dispute *dispute = &disputes->at[i];
        bool is_its = id_equal(dispute->order, resolved->order) || id_equal(dispute->other, resolved->order);
        if (is_its && dispute->settled_ms != 0) {
            return true;
        }
    }
    return false;
}

static int confirm(struct session *session, const struct online *online, const char *id, const char *reason,
                   struct err *err)
{
    struct command command = {.kind = COMMAND_CONFIRM_ORDER};
    struct resolved resolved;
    struct reply reply;
    char text[ID_TEXT];
    int rc = resolve_order(session, id, &resolved, err);

    if (rc == 0) {
        command.mode = resolved.mode;
        command.confirm_order = (struct confirm_order){resolved.incident, resolved.order, reason};
        rc = session_submit(session, &command, &reply, err);
    }
    if (rc) {
        return rc;
    }
    bool done = reply.outcome == OUTCOME_DONE, stands = done || stands_already(session, &resolved);
    if (online->json) {
        printf("{\"order\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n", id_format(resolved.order, text),
               done ? "done" : "unchanged", (unsigned long long)reply.seq);
    } else {
        printf("%s %s\n", id_format(resolved.order, text),
               stands ? lang_text(online->lang, "stands, and what contradicts it, too",
                                  "确认有效，与其冲突的指令亦有效")
                      : lang_text(online->lang, "is not contradicted", "无冲突"));
    }
    return 0;
}

int ctl_order_confirm(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    const struct option options[] = {{"reason", OPTION_TEXT, &reason, "TEXT", "why both stand; it is wanted"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order confirm ID... --reason TEXT [options]",
        .summary = "Says that an order stands (确认有效) which contradicts another that a region gave apart, "
                   "or that was\n"
                   "given under a term that was over: the other stands, too. The region that leads the "
                   "incident says\n"
                   "so, or one whose order it is. To end one of the two instead, its region recalls it.",
        .options = options,
        .examples = "  muster order confirm 9V0TQX --reason \"one enters from the east, one leaves west\"\n",
        .arguments_min = 1,
        .arguments_max = ARGUMENTS_MAX};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = reason[0] == '\0' ? err_set(&err, ERR_USAGE, "--reason is wanted: why both stand") : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    for (size_t i = 0; rc == 0 && i < arguments.n; i++) {
        rc = confirm(session, &online, arguments.at[i], reason, &err);
    }
    return session_end(session, rc, &err);
}
