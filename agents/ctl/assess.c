/* muster incident assess: what people think may come of an incident, and which regions it touches. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/core/division.h"

/* --expect and --touches as the command has them; codes are checked before anything is sent. */
static int read_words(const char *expect, const struct texts *touches, struct assess_incident *ret,
                      struct err *err)
{
    ret->expects = expect != NULL;
    ret->expected = expect != NULL ? grade_parse(expect) : GRADE_NONE;
    ret->touches = (struct words){touches->at, touches->n};
    if (expect != NULL && ret->expected == GRADE_NONE && strcmp(expect, "none") != 0) {
        return err_set(err, ERR_USAGE, "--expect %s: one of I, II, III, IV, none is wanted", expect);
    }
    if (expect == NULL && touches->n == 0) {
        return err_set(err, ERR_USAGE, "--expect or --touches is wanted");
    }
    for (size_t i = 0; i < touches->n; i++) {
        if (!division_is_known(touches->at[i])) {
            return err_set(err, ERR_USAGE,
                           "--touches %s: no code of GB/T 2260; write 6, 9 or 12 digits, one --touches each",
                           touches->at[i]);
        }
    }
    return 0;
}

static void print_outcome(const struct online *online, struct id incident, bool done)
{
    char text[ID_TEXT];

    (void)id_format(incident, text);
    if (online->json) {
        printf("{\"incident\":\"%s\",\"outcome\":\"%s\"}\n", text, done ? "done" : "unchanged");
    } else {
        printf("%s%s\n", text,
               done ? lang_text(online->lang, ": it is written down", "：已记录研判")
                    : lang_text(online->lang, ": nothing new", "：与此前相同"));
    }
}

int ctl_incident_assess(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *expect = NULL, *reason = "";
    struct texts touches = {.n = 0};
    const struct option options[] = {
        {"expect", OPTION_TEXT, &expect, "GRADE", "the grade that is thought possible: I to IV, or none"},
        {"touches", OPTION_TEXTS, &touches, "CODE", "another region that it reaches; may be repeated"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident assess ID --expect GRADE | --touches CODE [options]",
        .summary =
            "Writes down what people think may come of an incident, and which other regions it reaches\n"
            "(研判). Rules go by it: where I or II is thought possible neighbours are told (Emergency\n"
            "Response Law Art. 62), and what touches two regions goes to the region above both (Art. 18).\n"
            "Needs the right \"grade\".",
        .options = options,
        .examples = "  muster incident assess 7QK3M2 --expect II --reason \"the dam may break\"\n"
                    "  muster incident assess 7QK3M2 --touches 370103\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_ASSESS_INCIDENT};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = read_words(expect, &touches, &command.assess_incident, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.assess_incident.incident = resolved.incident;
        command.assess_incident.reason = reason;
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, resolved.incident, reply.outcome == OUTCOME_DONE);
    }
    return session_end(session, rc, &err);
}
