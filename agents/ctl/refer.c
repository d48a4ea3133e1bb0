/* muster incident refer: a region is to have its part in an incident. */
#include <stdio.h>

#include "agents/ctl/resolve.h"

int ctl_incident_refer(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *to = NULL, *reason = "";
    const struct option options[] = {{"to", OPTION_TEXT, &to, "CODE", "the region, by its code (GB/T 2260)"},
                                     {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident refer ID --to CODE [options]",
        .summary =
            "Refers an incident to another region (上报, 通报): over the link that leads there it is told\n"
            "what is known, and from then on follows as it changes. Each region has its own grade,\n"
            "response and clocks; an order is its issuer's.",
        .options = options,
        .examples = "  muster incident refer 7QK3M2 --to 370100 --reason \"the river leaves the county\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_REFER_INCIDENT};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    char text[ID_TEXT];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = to == NULL ? err_set(&err, ERR_USAGE, "--to is wanted: the region's code") : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.refer_incident =
            (struct refer_incident){.incident = resolved.incident, .region = to, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0 && online.json) {
        printf("{\"incident\":\"%s\",\"region\":\"%s\",\"outcome\":\"%s\"}\n",
               id_format(resolved.incident, text), to, reply.outcome == OUTCOME_DONE ? "done" : "unchanged");
    } else if (rc == 0) {
        printf(reply.outcome == OUTCOME_DONE
                   ? lang_text(online.lang, "%s is referred to %s\n", "%s 已上报（通报）%s\n")
                   : lang_text(online.lang, "%s was referred to %s already\n", "%s 此前已上报（通报）%s\n"),
               id_format(resolved.incident, text), to);
    }
    return session_end(session, rc, &err);
}
