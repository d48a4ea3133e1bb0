/* muster incident send: a report went up, to which level and how. What statutory clocks ask for. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/moment.h"
#include "agents/ctl/report_check.h"
#include "agents/ctl/resolve.h"

/* A word of a list by its parser; 0 is none. */
static int choose(const char *option, const char *word, int value, const char *words, struct err *err)
{
    return value != 0 ? 0 : err_set(err, ERR_USAGE, "%s: \"%s\" is none of %s", option, word, words);
}

static enum report_kind kind_of(const char *word)
{
    for (enum report_kind kind = REPORT_INITIAL; kind <= REPORT_FINAL; kind++) {
        if (strcmp(report_kind_name(kind), word) == 0 || strcmp(report_kind_name_zh(kind), word) == 0) {
            return kind;
        }
    }
    return REPORT_NONE;
}

struct sending {
    const char *to, *medium, *kind, *signer, *text;
    const char *at; /* NULL: now */
};

static int make_command(const struct sending *sending, struct command *ret, struct err *err)
{
    enum tier to = tier_parse(sending->to);
    enum medium medium = medium_parse(sending->medium);
    enum report_kind kind = kind_of(sending->kind);
    int rc =
        choose("--to", sending->to, (int)to, "county, city, province, state (县级, 市级, 省级, 国务院)", err);

    rc = rc ? rc
            : choose("--medium", sending->medium, (int)medium, "phone, written, network (电话, 书面, 网络)",
                     err);
    rc = rc ? rc
            : choose("--kind", sending->kind, (int)kind, "initial, follow-up, final (初报, 续报, 终报)", err);
    ret->kind = COMMAND_SEND_REPORT;
    ret->send_report = (struct send_report){
        .kind = kind, .medium = medium, .to = to, .signed_off_by = sending->signer, .text = sending->text};
    return rc;
}

static void print_outcome(const struct online *online, struct id incident, const struct send_report *sent,
                          const struct reply *reply)
{
    char text[ID_TEXT];

    if (online->json) {
        printf("{\"incident\":\"%s\",\"to\":\"%s\",\"medium\":\"%s\",\"outcome\":\"done\",\"seq\":%llu}\n",
               id_format(incident, text), tier_name(sent->to), medium_name(sent->medium),
               (unsigned long long)reply->seq);
    } else {
        printf(lang_text(online->lang, "%s: written down that it went up to the %s, %s\n",
                         "%s：已登记报至%s，%s\n"),
               id_format(incident, text),
               lang_text(online->lang, tier_name(sent->to), tier_name_zh(sent->to)),
               lang_text(online->lang, medium_name(sent->medium), medium_name_zh(sent->medium)));
    }
}

enum { MINUTE_MS = 60 * 1000 };

static int take_time(struct session *session, const char *text, const struct resolved *resolved,
                     int64_t *ret_ms, struct err *err)
{
    const struct incident *incident = state_incident(view_state(session_view(session)), resolved->incident);
    int rc = text != NULL ? resolve_time(session, "at", text, ret_ms, err) : 0;

    if (rc == 0 && text != NULL && incident != NULL && moment_form(text) != MOMENT_WHOLE) {
        int64_t received_ms = incident_received_ms(incident); /* what is said to the minute is all of it */
        bool within = *ret_ms % MINUTE_MS == 0 && *ret_ms < received_ms && received_ms - *ret_ms < MINUTE_MS;
        *ret_ms = within ? received_ms : *ret_ms;
    }
    return rc == 0 && text != NULL && incident != NULL ? report_check_sent(session, incident, *ret_ms, err)
                                                       : rc;
}

int ctl_incident_send(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct sending sending = {.to = "", .medium = "", .kind = "initial", .signer = "", .text = ""};
    const struct option options[] = {
        {"to", OPTION_TEXT, &sending.to, "LEVEL",
         "the highest that it reached: county, city, province, state, or 县级 to 国务院"},
        {"medium", OPTION_TEXT, &sending.medium, "HOW", "phone, written or network (电话, 书面, 网络)"},
        {"kind", OPTION_TEXT, &sending.kind, "KIND", "initial (as without it), follow-up or final"},
        {"signed-off-by", OPTION_TEXT, &sending.signer, "NAME", "who let it go out (签发人); --signer, too"},
        {"signer", OPTION_TEXT, &sending.signer, "NAME", "the same"},
        {"at", OPTION_TIME, &sending.at, "TIME",
         "when it got there, if not now: \"2026-11-23 16:30\", 16:30"},
        {"text", OPTION_TEXT, &sending.text, "TEXT", "who took it, its number"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident send ID --to LEVEL --medium HOW [options]",
        .summary =
            "Writes down that a report of the incident went up: which level it reached, by phone, in\n"
            "writing or over the network, and who signed it off. Statutory clocks (报送时限) are met by it.",
        .options = options,
        .examples = "  muster incident send 7QK3M2 --to province --medium phone --at 16:30\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {0};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = make_command(&sending, &command, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    rc = rc ? rc : take_time(session, sending.at, &resolved, &command.occurred_at_ms, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.send_report.incident = resolved.incident;
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, resolved.incident, &command.send_report, &reply);
    }
    return session_end(session, rc, &err);
}
