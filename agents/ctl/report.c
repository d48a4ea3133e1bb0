/* muster incident report, incident update: what is known, as options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/find.h"
#include "agents/ctl/report_check.h"
#include "agents/ctl/resolve.h"
#include "agents/ctl/similar.h"
#include "common/base/text.h"
#include "common/base/when.h"
#include "common/core/division.h"
#include "common/core/stream.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"

struct report {
    struct facts facts;
    const char *position;
    const char *datum;
    int64_t accuracy_m;
    const char *text;
    const char *signed_off_by;
    const char *occurred; /* NULL: not said */
    const char *id;
    bool final;
};

#define REPORT_OPTIONS(report)                                                                           \
    {"kind", OPTION_TEXT, &(report).facts.kind, "KIND", "kind of incident, by its word or in Chinese"},  \
        {"title", OPTION_TEXT, &(report).facts.title, "TEXT", "its short name"},                         \
        {"place", OPTION_TEXT, &(report).facts.place, "TEXT", "address, plant, room"},                   \
        {"division", OPTION_TEXT, &(report).facts.division, "CODE",                                      \
         "township or village by its code, 9 or 12 digits; 6 of a county"},                              \
        {"position", OPTION_TEXT, &(report).position, "LAT,LON", "degrees; needs --datum"},              \
        {"datum", OPTION_TEXT, &(report).datum, "NAME", "wgs84, cgcs2000, gcj02 or bd09"},               \
        {"accuracy", OPTION_COUNT, &(report).accuracy_m, "METRES", "of the position"},                   \
        {"unit", OPTION_TEXT, &(report).facts.unit, "NAME", "the unit where it happened"},               \
        {"dead", OPTION_COUNT, &(report).facts.casualties.dead, "N", "dead"},                            \
        {"missing", OPTION_COUNT, &(report).facts.casualties.missing, "N", "missing"},                   \
        {"serious", OPTION_COUNT, &(report).facts.casualties.serious, "N",                               \
         "badly injured, acute poisoning too"},                                                          \
        {"minor", OPTION_COUNT, &(report).facts.casualties.minor, "N", "slightly injured"},              \
        {"trapped", OPTION_COUNT, &(report).facts.casualties.trapped, "N", "trapped"},                   \
        {"loss", OPTION_COUNT, &(report).facts.loss_cny, "YUAN", "direct economic loss"},                \
        {"substance", OPTION_TEXT, &(report).facts.substance, "NAME", "as the policy names it"},         \
        {"course", OPTION_TEXT, &(report).facts.course, "TEXT", "what happened so far"},                 \
        {"measures", OPTION_TEXT, &(report).facts.measures, "TEXT", "what has been done"},               \
        {"caller", OPTION_TEXT, &(report).facts.caller, "TEXT", "who told it, how to call back"},        \
        {"occurred", OPTION_TIME, &(report).occurred, "TIME", "when it happened, \"2026-11-23 16:30\""}, \
        {"text", OPTION_TEXT, &(report).text, "TEXT", "other words"},                                    \
    {                                                                                                    \
        "signed-off-by", OPTION_TEXT, &(report).signed_off_by, "NAME", "who let the report go out"       \
    }

static struct report report_none(void)
{
    return (struct report){.facts = facts_none(), .text = "", .signed_off_by = ""};
}

static bool degrees(const char *text, double limit, char end, int32_t *ret_e7, const char **ret_rest)
{
    char *rest;
    errno = 0;
    double value = strtod(text, &rest);

    if (rest == text || errno != 0 || !(value >= -limit && value <= limit) || *rest != end) {
        return false;
    }
    value = value * 1e7;
    *ret_e7 = (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
    *ret_rest = rest + 1;
    return true;
}

static int take_position(struct report *report, struct err *err)
{
    struct position *position = &report->facts.position;
    const char *rest;

    if (report->position == NULL) {
        return report->datum == NULL ? 0 : err_set(err, ERR_USAGE, "--datum without --position");
    }
    if (report->datum == NULL || datum_parse(report->datum) == DATUM_NONE) {
        return err_set(
            err, ERR_USAGE,
            "--position needs --datum: wgs84, cgcs2000, gcj02 or bd09, the reference system it is in");
    }
    if (!degrees(report->position, 90, ',', &position->latitude_e7, &rest) ||
        !degrees(rest, 180, '\0', &position->longitude_e7, &rest)) {
        return err_set(err, ERR_USAGE,
                       "--position %s: LAT,LON in degrees is wanted, such as 36.6512,117.1201",
                       report->position);
    }
    position->present = true;
    position->datum = datum_parse(report->datum);
    position->accuracy_m = (uint32_t)(report->accuracy_m < UINT32_MAX ? report->accuracy_m : UINT32_MAX);
    return 0;
}

/* What can be told without the broker. */
static int check(struct report *report, const struct online *online, struct err *err)
{
    enum lang lang;
    int rc = lang_choose(online->lang_word, &lang, err);

    rc = rc ? rc : take_position(report, err);
    return rc ? rc : report_check_facts(&report->facts, lang, err);
}

static int open_session(struct online *online, struct report *report, struct session **ret, struct err *err)
{
    const struct session_needs needs = {0};
    int rc = session_open(online, &needs, ret, err);

    if (rc == 0 && report->occurred != NULL) {
        rc = resolve_time(*ret, "occurred", report->occurred, &report->facts.occurred_at_ms, err);
        rc = rc ? rc : report_check_time(*ret, &report->facts, err);
    }
    if (rc == 0) {
        report_name_kind(*ret, &report->facts);
    }
    return rc;
}

static void print_requests(struct session *session, const struct incident *incident)
{
    const struct state *state = view_state(session_view(session));
    enum lang lang = session_lang(session);
    char due[VIEW_TIME];

    for (size_t i = 0; incident != NULL && i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms == 0) {
            printf(lang_text(lang, "asked for: %s, by %s\n", "请补报：%s（%s 前）\n"),
                   lang == LANG_ZH ? fact_name_zh(fact_parse(request->fact)) : request->fact,
                   view_clock(state, request->due_at_ms, request->asked_at_ms, due));
        }
    }
}

/* Many call in one fire. What may be the same event is a hint: the report is taken whatever comes of it. */
static size_t look_for_similar(struct session *session, const struct file_report *filed, struct suspect *ret)
{
    const uint32_t compared = 1u << FACT_KIND | 1u << FACT_PLACE | 1u << FACT_POSITION | 1u << FACT_TIME;
    struct err err = {0};

    if (filed->kind != REPORT_INITIAL && (facts_known(&filed->facts) & compared) == 0) {
        return 0;
    }
    int rc = similar_read(session, &err);
    if (rc == ERR_TEMPORARY) {
        ctl_note("%s", lang_text(session_lang(session),
                                 "not all incidents could be read in time to look for the same event",
                                 "未能及时读完全部事件，疑似同一事件可能未列全"));
    }
    return rc == 0 || rc == ERR_TEMPORARY ? similar_find(session, filed->incident, ret) : 0;
}

static void print_json(struct session *session, struct id id, const struct reply *reply,
                       const struct incident *incident, const struct suspect *similar, size_t similar_n)
{
    struct buf out;
    struct json json;
    char due[WHEN_TEXT];

    buf_init(&out, 0);
    json = json_begin(&out);
    json_object(&json, NULL);
    json_id(&json, "incident", id);
    json_text(&json, "outcome", reply->outcome == OUTCOME_DONE ? "done" : "unchanged");
    json_unsigned(&json, "seq", reply->seq);
    json_array(&json, "requests");
    for (size_t i = 0; incident != NULL && i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms == 0) {
            json_object(&json, NULL);
            json_text(&json, "fact", request->fact);
            json_text(&json, "due", when_format(request->due_at_ms, 0, due));
            json_object_end(&json);
        }
    }
    json_array_end(&json);
    view_suspects_json(session_view(session), similar, similar_n, "similar", &json);
    json_object_end(&json);
    printf("%s\n", buf_text(&out));
    buf_free(&out);
}

static int file(struct session *session, const struct online *online, struct command *command,
                struct err *err)
{
    struct id id = command->file_report.incident;
    const char *words;
    char stream[STREAM_NAME_MAX];
    char text[ID_TEXT];
    struct reply reply;
    struct err no_watch = {0};
    struct suspect similar[VIEW_SIMILAR_SHOWN];
    int rc = session_submit(session, command, &reply, err);

    if (rc != 0) {
        return rc;
    }
    /* The incident's own words, as far as we may read them. */
    (void)session_read_stream(session, stream_of_incident(id, stream), &no_watch);
    report_note_doubts(session, &command->file_report.facts);
    const struct incident *incident = state_incident(view_state(session_view(session)), id);
    report_note_time(session, &command->file_report.facts, incident);
    if (incident != NULL && incident_is_merged(incident)) {
        ctl_note("%s %s", lang_text(session_lang(session), "this is one event with", "系同一事件："),
                 id_format(incident_merged_into(incident), text));
    }
    if (online->json) {
        size_t n = look_for_similar(session, &command->file_report, similar);
        incident = state_incident(view_state(session_view(session)), id);
        print_json(session, id, &reply, incident, similar, n);
        return 0;
    }
    words = reply.outcome == OUTCOME_UNCHANGED ? lang_text(online->lang, "was reported already", "此前已报送")
            : command->file_report.kind == REPORT_INITIAL
                ? lang_text(online->lang, "is reported", "已报送（初报）")
            : command->file_report.kind == REPORT_FINAL
                ? lang_text(online->lang, "has its final report", "已终报")
                : lang_text(online->lang, "is updated", "已续报");
    printf("%s %s\n", id_format(id, text), words);
    print_requests(session, incident);
    (void)fflush(stdout); /* what is taken is said before anything is looked up */
    similar_print(session, similar, look_for_similar(session, &command->file_report, similar));
    return 0;
}

int ctl_incident_report(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct report report = report_none();
    const struct option options[] = {
        REPORT_OPTIONS(report),
        {"id", OPTION_TEXT, &report.id, "ID", "of the incident, to say again what may have been said"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident report --kind KIND --place TEXT [options]",
        .summary = "Files an initial report: opens an incident and prints its id, and what the policy wants "
                   "to know\n"
                   "beyond what was said. A report is taken however incomplete it is.",
        .options = options,
        .examples =
            "  muster incident report --kind poisoning-asphyxiation --place \"Plant 3, generator room\" \\\n"
            "      --title \"two men down\" --trapped 2\n"
            "  muster incident report --kind fire --place Harbour --position 36.65,117.12 --datum wgs84\n"};
    struct command command = {.kind = COMMAND_FILE_REPORT};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = check(&report, &online, &err);
    if (rc == 0 && facts_known(&report.facts) == 0 && report.occurred == NULL && report.text[0] == '\0') {
        rc = err_set(&err, ERR_USAGE, "nothing is reported; say at least --kind and --place");
    }
    if (rc == 0 && report.id != NULL && !find_is_whole(report.id, &command.file_report.incident)) {
        rc = err_set(&err, ERR_USAGE, "--id %s: an id's 26 characters are wanted", report.id);
    }
    rc = rc ? rc : open_session(&online, &report, &session, &err);
    if (rc == 0) {
        if (report.id == NULL) {
            command.file_report.incident = session_new_id(session);
        }
        command.file_report.kind = REPORT_INITIAL;
        command.file_report.facts = report.facts;
        command.file_report.text = report.text;
        command.file_report.signed_off_by = report.signed_off_by;
        rc = file(session, &online, &command, &err);
    }
    return session_end(session, rc, &err);
}

int ctl_incident_update(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct report report = report_none();
    const struct option options[] = {REPORT_OPTIONS(report),
                                     {"final", OPTION_FLAG, &report.final, NULL, "this is the final report"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident update ID [options]",
        .summary =
            "Files a follow-up or final report: says what is new or has changed. ID is an incident's, or "
            "six\n"
            "and more of its first or last characters. A fact that changes what crews need amends every\n"
            "open order of the incident.",
        .options = options,
        .examples = "  muster incident update 7QK3M2 --substance carbon-monoxide --serious 1\n"
                    "  muster incident update 7QK3M2 --final --text \"all out, two in hospital\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct command command = {.kind = COMMAND_FILE_REPORT};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = check(&report, &online, &err);
    rc = rc ? rc : open_session(&online, &report, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.file_report = (struct file_report){.incident = resolved.incident,
                                                   .kind = report.final ? REPORT_FINAL : REPORT_FOLLOW_UP,
                                                   .facts = report.facts,
                                                   .text = report.text,
                                                   .signed_off_by = report.signed_off_by};
        rc = file(session, &online, &command, &err);
    }
    return session_end(session, rc, &err);
}
