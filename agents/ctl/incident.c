/* muster incident close, show, list. */
#include <stdio.h>

#include "agents/ctl/resolve.h"
#include "agents/ctl/similar.h"
#include "common/view/view_explain.h"
#include "common/view/view_situation.h"

static struct view_voice voice_of(const struct session *session)
{
    return (struct view_voice){.zh = session_lang(session) == LANG_ZH, .color = ctl_has_colour()};
}

/* What is owed upwards goes on being owed (docs/rules.md), and nobody looks at a closed incident. */
static void note_clocks(struct session *session, struct id id)
{
    const struct incident *incident = state_incident(view_state(session_view(session)), id);
    size_t n = 0;

    for (size_t i = 0; incident != NULL && i < incident->clocks_n; i++) {
        const struct incident_clock *clock = &incident->clocks[i];
        n += clock->met_ms == 0 && !clock->stopped && clock->terms.times_n == 0; /* daily ones end with it */
    }
    if (n > 0) {
        ctl_note(
            lang_text(session_lang(session),
                      "%zu of its statutory clocks run on: \"muster incident show\" names them, \"muster "
                      "incident send\" meets them%s",
                      "仍有 %zu 项法定时限未办结：muster incident show 可查，muster incident send 可报送%s"),
            n,
            incident->final_at_ms != 0
                ? ""
                : lang_text(session_lang(session), "; no final report was filed", "；尚未提交终报"));
    }
}

int ctl_incident_close(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    const struct option options[] = {{"reason", OPTION_TEXT, &reason, "TEXT", "why it is over"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster incident close ID [options]",
                              .summary = "Closes an incident whose orders have all ended.",
                              .options = options,
                              .examples =
                                  "  muster incident close 7QK3M2 --reason \"handed to the investigators\"\n",
                              .arguments_min = 1,
                              .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_CLOSE_INCIDENT};
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
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.close_incident = (struct close_incident){.incident = resolved.incident, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0 && online.json) {
        printf("{\"incident\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n", id_format(resolved.incident, text),
               reply.outcome == OUTCOME_DONE ? "done" : "unchanged", (unsigned long long)reply.seq);
    } else if (rc == 0) {
        printf("%s %s\n", id_format(resolved.incident, text),
               reply.outcome == OUTCOME_DONE ? lang_text(online.lang, "is closed", "已结束")
                                             : lang_text(online.lang, "was closed already", "此前已结束"));
    }
    if (rc == 0 && reply.outcome == OUTCOME_DONE) {
        note_clocks(session, resolved.incident); /* as they were before */
    }
    return session_end(session, rc, &err);
}

/* The incidents of the view as options say; for one, its story behind it. */
static int print_situation(struct session *session, const struct view_situation_options *options, bool json,
                           const struct id *one, struct err *err)
{
    struct buf out;
    size_t n;
    int rc = 0;

    buf_init(&out, 0);
    n = json ? view_situation_json(session_view(session), options, &out)
             : view_situation_text(session_view(session), options, &out);
    if (one != NULL && !json && n > 0) {
        buf_puts(&out, "\n");
        rc = view_explain_incident(session_view(session), &options->voice, *one, &out, err);
    }
    if (n == 0 && one == NULL && !json) {
        ctl_note("%s", lang_text(session_lang(session), "no incident is open", "没有未结事件"));
    } else if (rc == 0) {
        printf("%s", buf_text(&out));
    }
    if (rc == 0 && out.failed) {
        rc = ERR_NO_MEMORY;
    }
    buf_free(&out);
    return rc;
}

int ctl_incident_show(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident show ID [options]",
        .summary =
            "Shows an incident: what is known, what was asked for, its orders, and what happened so far.",
        .options = options,
        .examples = "  muster incident show 7QK3M2\n  muster incident show 7QK3M2 --json\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct err err = {0};
    char text[ID_TEXT];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0 && !resolved.read) {
        rc = err_set(&err, ERR_PERMISSION, "%s has not the right \"watch\"",
                     session_profile(session)->agent.name);
    }
    rc = rc ? rc : resolve_ties(session, resolved.incident, &err);
    rc = rc ? rc : resolve_ordered(session, resolved.incident, &err);
    if (rc == 0) {
        (void)similar_read(session,
                           &(struct err){0}); /* what may be the same: a hint, and the last to be read */
        struct view_situation_options situation = {.voice = voice_of(session),
                                                   .now_ms = session_now_ms(session),
                                                   .closed_too = true,
                                                   .incident = id_format(resolved.incident, text)};
        rc = print_situation(session, &situation, online.json, &resolved.incident, &err);
    }
    return session_end(session, rc, &err);
}

int ctl_incident_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    bool all = false;
    const struct option options[] = {
        {"all", OPTION_FLAG, &all, NULL, "those that are closed too (reads the whole log)"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident list [options]",
        .summary = "Lists the open incidents of the configuration's mode with their orders, and "
                   "closed ones whose\nclocks still run.",
        .options = options,
        .examples = "  muster incident list\n  muster incident list --all --json\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : session_read(session, all ? TAIL_ALL : TAIL_OPEN, NULL, &err);
    if (rc == 0) {
        if (!all) {
            (void)similar_read_closed(session, &(struct err){0});
        }
        struct view_situation_options situation = {.voice = voice_of(session),
                                                   .mode = session_profile(session)->mode,
                                                   .now_ms = session_now_ms(session),
                                                   .closed_too = all,
                                                   .incident = ""};
        rc = print_situation(session, &situation, online.json, NULL, &err);
    }
    return session_end(session, rc, &err);
}
