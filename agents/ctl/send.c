/* muster incident send: a report went up, to which level and how. What statutory clocks ask for. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/moment.h"
#include "agents/ctl/report_check.h"
#include "agents/ctl/resolve.h"
#include "common/core/stream.h"
#include "common/core/ties.h"
#include "common/view/view_clock.h"

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

/* --- what it meant to the clocks ------------------------------------------------------------------- */

struct meant {
    struct session *session;
    uint64_t seq; /* of the record that says it went up */
    struct clock_report report;
    struct id named;
    const struct incident *family[MERGED_PER_EVENT_MAX + 1]; /* the survivor first */
    size_t family_n;
};

/* The step of that record; clock NULL: any. */
static const struct view_step *step_of(const struct meant *meant, struct id incident, enum event_kind kind,
                                       const struct incident_clock *clock)
{
    const struct view_incident *told = view_incident(session_view(meant->session), incident);

    for (const struct view_told *at = told != NULL ? told->first : NULL; at != NULL; at = at->next) {
        if (at->step.seq == meant->seq && at->step.kind == kind &&
            (clock == NULL ||
             (strcmp(at->step.subject, clock->pack) == 0 && strcmp(at->step.what, clock->terms.name) == 0))) {
            return &at->step;
        }
    }
    return NULL;
}

static void say_clock(const struct meant *meant, struct id incident, const struct incident_clock *clock,
                      bool late, const enum clock_answer *lacks, size_t lacks_n, struct buf *ret)
{
    const struct view_voice voice = {.zh = session_lang(meant->session) == LANG_ZH,
                                     .color = ctl_has_colour()};
    const struct state *state = view_state(session_view(meant->session));
    char of[VIEW_SHORT_ID];

    if (lacks_n == 0) {
        buf_printf(ret, "  %s%s%s%s%s", view_tone_on(&voice, late ? TONE_WARN : TONE_GOOD),
                   voice.zh ? "已满足时限：" : "meets ",
                   clock->terms.title[0] != '\0' ? clock->terms.title : clock->terms.name,
                   !late      ? ""
                   : voice.zh ? "（迟报）"
                              : ", LATE",
                   view_tone_off(&voice, late ? TONE_WARN : TONE_GOOD));
    } else {
        buf_puts(ret, voice.zh ? "  仍未满足：" : "  still open: ");
        view_say_running(state, &voice, clock, session_now_ms(meant->session), ret);
    }
    if (!id_equal(incident, meant->named)) {
        buf_printf(ret, voice.zh ? "（事件 %s）" : " (incident %s)", view_short_id(incident, of));
    }
    for (size_t i = 0; i < lacks_n; i++) {
        buf_puts(ret, i == 0 ? (voice.zh ? "（本次报告：" : " (this report: ") : (voice.zh ? "，" : ", "));
        view_say_lack(&voice, lacks[i], &clock->terms, ret);
    }
    buf_puts(ret, lacks_n == 0 ? "\n" : voice.zh ? "）\n" : ")\n");
}

static void put_clock(struct id incident, const struct incident_clock *clock, const enum clock_answer *lacks,
                      size_t lacks_n, struct json *json)
{
    json_object(json, NULL);
    json_id(json, "incident", incident);
    view_clock_json(clock, json);
    json_bool(json, "met", lacks_n == 0);
    json_array(json, "lacks");
    for (size_t i = 0; i < lacks_n; i++) {
        json_text(json, NULL, view_lack_word(lacks[i]));
    }
    json_array_end(json);
    json_object_end(json);
}

/* Of the clocks of one incident those that it met, then those that go on running. json NULL: in words. */
static void tell_clocks(const struct meant *meant, const struct incident *incident, bool met,
                        struct json *json, struct buf *ret)
{
    enum clock_answer lacks[VIEW_CLOCK_LACKS_MAX];

    for (size_t i = 0; i < incident->clocks_n; i++) {
        const struct incident_clock *clock = &incident->clocks[i];
        const struct view_step *step = step_of(meant, incident->id, EVENT_CLOCK_MET, clock);
        size_t n = step == NULL ? view_clock_lacks(clock, meant->report, lacks) : 0;
        if (met != (step != NULL) || (!met && (!clock_runs(clock) || n == 0))) {
            continue;
        }
        if (json != NULL) {
            put_clock(incident->id, clock, lacks, n, json);
        } else {
            say_clock(meant, incident->id, clock, met && step->late, lacks, n, ret);
        }
    }
}

/* The event, whichever id was named, as it is now. False: it cannot be read. */
static bool read_event(struct session *session, const struct command *command, const struct reply *reply,
                       struct meant *ret)
{
    const struct send_report *sent = &command->send_report;
    const struct state *state = view_state(session_view(session));
    char stream[STREAM_NAME_MAX];
    struct err err = {0};
    int rc = session_read_stream(session, stream_of_incident(sent->incident, stream), &err);

    rc = rc ? rc : resolve_ties(session, sent->incident, &err);
    const struct incident *named = state_incident(state, sent->incident);
    if (rc != 0 || named == NULL) {
        return false;
    }
    *ret = (struct meant){.session = session, .seq = reply->seq, .named = sent->incident};
    ret->family_n = ties_family(state, ties_survivor(state, named), ret->family);
    const struct view_step *step = step_of(ret, ret->family[0]->id, EVENT_REPORT_SENT, NULL);
    if (step == NULL) {
        return false;
    }
    ret->report = (struct clock_report){.kind = sent->kind,
                                        .medium = sent->medium,
                                        .reached = sent->to,
                                        .signer = sent->signed_off_by[0] != '\0',
                                        .at_ms = step->at_ms != 0 ? step->at_ms : step->bus_ms};
    return true;
}

static void tell_event(const struct meant *meant, struct json *json, struct buf *ret)
{
    for (size_t i = 0; i < meant->family_n; i++) {
        tell_clocks(meant, meant->family[i], true, json, ret);
    }
    for (size_t i = 0; i < meant->family_n; i++) {
        tell_clocks(meant, meant->family[i], false, json, ret);
    }
}

static void print_json(struct session *session, const struct command *command, const struct reply *reply)
{
    const struct send_report *sent = &command->send_report;
    struct meant meant;
    struct buf out;

    buf_init(&out, 0);
    struct json json = json_begin(&out);
    json_object(&json, NULL);
    json_id(&json, "incident", sent->incident);
    json_text(&json, "to", tier_name(sent->to));
    json_text(&json, "medium", medium_name(sent->medium));
    json_text(&json, "outcome", "done");
    json_unsigned(&json, "seq", reply->seq);
    if (read_event(session, command, reply, &meant)) {
        json_array(&json, "clocks");
        tell_event(&meant, &json, NULL);
        json_array_end(&json);
    } else {
        json_null(&json, "clocks");
    }
    json_object_end(&json);
    printf("%s\n", buf_text(&out));
    buf_free(&out);
}

static void print_text(struct session *session, const struct command *command, const struct reply *reply)
{
    const struct send_report *sent = &command->send_report;
    enum lang lang = session_lang(session);
    struct meant meant;
    struct buf out;
    char text[ID_TEXT];

    printf(lang_text(lang, "%s: written down that it went up to the %s, %s\n", "%s：已登记报至%s，%s\n"),
           id_format(sent->incident, text), lang_text(lang, tier_name(sent->to), tier_name_zh(sent->to)),
           lang_text(lang, medium_name(sent->medium), medium_name_zh(sent->medium)));
    (void)fflush(stdout); /* what is taken is said before anything is looked up */
    if (!read_event(session, command, reply, &meant)) {
        ctl_note("%s", lang_text(lang, "which clocks it meets could not be read", "无法读取其满足哪些时限"));
        return;
    }
    buf_init(&out, 0);
    tell_event(&meant, NULL, &out);
    printf("%s", buf_text(&out));
    buf_free(&out);
}

/* --- the command ------------------------------------------------------------------------------------ */

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
        (online.json ? print_json : print_text)(session, &command, &reply);
    }
    return session_end(session, rc, &err);
}
