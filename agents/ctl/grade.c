/* muster incident grade, level: what a person decides about how big it is, and how much is activated. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/base/when.h"

static int choose_grade(const char *word, bool may_be_none, enum grade *ret, struct err *err)
{
    *ret = grade_parse(word);
    if (*ret != GRADE_NONE || (may_be_none && strcmp(word, "none") == 0)) {
        return 0;
    }
    return err_set(err, ERR_USAGE, "\"%s\" is none of I, II, III, IV%s", word, may_be_none ? ", none" : "");
}

/* The reply, as "ID is grade II". */
static void print_outcome(const struct online *online, struct id incident, const char *word,
                          const char *value, const char *said, const struct reply *reply)
{
    bool is_done = reply->outcome == OUTCOME_DONE;
    char text[ID_TEXT];

    if (online->json) {
        printf("{\"incident\":\"%s\",\"%s\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n",
               id_format(incident, text), word, value, is_done ? "done" : "unchanged",
               (unsigned long long)reply->seq);
    } else {
        printf("%s %s%s\n", id_format(incident, text), said,
               is_done ? "" : lang_text(online->lang, ", as it was", "，未变"));
    }
}

int ctl_incident_grade(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    const struct option options[] = {
        {"reason", OPTION_TEXT, &reason, "TEXT", "why; wanted when it is lowered"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident grade ID I|II|III|IV [options]",
        .summary =
            "Says how big an incident is, where no rule pack can, or against what one says. Rules only\n"
            "raise a grade; a person may lower it, with a reason. Needs the right \"grade\".",
        .options = options,
        .examples = "  muster incident grade 7QK3M2 III --reason \"two of the injured have died\"\n",
        .arguments_min = 2,
        .arguments_max = 2};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SET_GRADE};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    enum grade grade = GRADE_NONE;
    char said[64];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = choose_grade(arguments.at[1], false, &grade, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.set_grade =
            (struct set_grade){.incident = resolved.incident, .grade = grade, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        (void)snprintf(said, sizeof said, lang_text(online.lang, "is grade %s", "定级：%s"),
                       lang_text(online.lang, grade_name(grade), grade_name_zh(grade)));
        print_outcome(&online, resolved.incident, "grade", grade_name(grade), said, &reply);
    }
    return session_end(session, rc, &err);
}

/* --- level ---------------------------------------------------------------------------------------- */

struct levelling {
    enum grade level;
    const char *reason, *until; /* until: NULL when not given */
    int64_t for_ms;
};

/* Starting a response states matter, level, expected duration and measures (Emergency Response Law Art.
 * 72); adjusting and ending it are accounted for, too (Art. 70). Asked for here, so that old logs and rules
 * stand. */
static int check_level(const struct levelling *l, const struct incident *incident, enum lang lang,
                       struct err *err)
{
    enum grade now = incident != NULL ? incident->level : GRADE_NONE;
    bool raises = l->level != GRADE_NONE && (now == GRADE_NONE || l->level < now);
    bool is_dated = l->for_ms > 0 || l->until != NULL;

    if (incident != NULL && l->level == now) {
        return 0;
    }
    if (raises && (l->reason[0] == '\0' || !is_dated)) {
        return err_set(
            err, ERR_USAGE, "%s",
            lang_text(lang,
                      "a response is started or raised with its measures and how long it is expected "
                      "to take (Emergency Response Law Art. 72): --reason TEXT and --for \"12 h\", or "
                      "--until \"2026-11-24 08:00\"",
                      "启动、提升响应须说明措施和预计期限（突发事件应对法第七十二条）：--reason TEXT 及 "
                      "--for \"12 h\"，或 --until \"2026-11-24 08:00\""));
    }
    if (l->reason[0] == '\0') {
        return err_set(err, ERR_USAGE, "%s",
                       lang_text(lang, "a response is lowered or ended with a reason: --reason TEXT",
                                 "降低、终止响应须说明理由：--reason TEXT"));
    }
    return 0;
}

/* The level said again without a time leaves the time that was stated. */
static int expected_end(struct session *session, const struct levelling *l, const struct incident *incident,
                        int64_t *ret_ms, struct err *err)
{
    bool stays = incident != NULL && incident->level == l->level;

    *ret_ms = l->for_ms > 0 ? session_now_ms(session) + l->for_ms : stays ? incident->level_until_ms : 0;
    return l->until != NULL ? resolve_time_ahead(session, "until", l->until, ret_ms, err) : 0;
}

static int choose_level(const char *word, struct levelling *l, struct err *err)
{
    int rc = choose_grade(word, true, &l->level, err);

    if (rc == 0 && l->for_ms > 0 && l->until != NULL) {
        rc = err_set(err, ERR_USAGE, "--for and --until both say how long: give one of them");
    }
    return rc == 0 && l->level == GRADE_NONE && (l->for_ms > 0 || l->until != NULL)
               ? err_set(err, ERR_USAGE, "--for and --until are of a response that goes on")
               : rc;
}

int ctl_incident_level(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct levelling l = {.reason = ""};
    const struct option options[] = {
        {"for", OPTION_DURATION, &l.for_ms, "TIME", "how long it is expected to take, \"12 h\""},
        {"until", OPTION_TIME, &l.until, "TIME", "the same as a time, \"2026-11-24 08:00\""},
        {"reason", OPTION_TEXT, &l.reason, "TEXT", "the measures; why it is lowered or over"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident level ID I|II|III|IV|none [options]",
        .summary =
            "Starts the response to an incident, raises or lowers its level, or ends it (none): matter,\n"
            "level, expected duration and measures (Emergency Response Law Art. 72), so --reason is wanted,\n"
            "and --for or --until where it starts or rises. Needs the right \"level\".",
        .options = options,
        .examples = "  muster incident level 7QK3M2 II --for \"12 h\" --reason \"evacuate 3 villages\"\n",
        .arguments_min = 2,
        .arguments_max = 2};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SET_LEVEL};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    char said[64];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = choose_level(arguments.at[1], &l, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    const struct incident *incident =
        rc == 0 ? state_incident(view_state(session_view(session)), resolved.incident) : NULL;
    rc = rc ? rc : check_level(&l, incident, online.lang, &err);
    rc = rc ? rc : expected_end(session, &l, incident, &command.set_level.until_ms, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.set_level.incident = resolved.incident;
        command.set_level.level = l.level;
        command.set_level.reason = l.reason;
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0 && l.level == GRADE_NONE) {
        print_outcome(&online, resolved.incident, "level", "",
                      lang_text(online.lang, "response is over", "终止响应"), &reply);
    } else if (rc == 0) {
        (void)snprintf(said, sizeof said, lang_text(online.lang, "response level %s", "启动%s响应"),
                       lang_text(online.lang, grade_name(l.level), level_name_zh(l.level)));
        print_outcome(&online, resolved.incident, "level", grade_name(l.level), said, &reply);
    }
    return session_end(session, rc, &err);
}
