/* muster incident brief: the numbered brief of an incident, from a broker or from a log. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/output_file.h"
#include "agents/ctl/resolve.h"
#include "common/view/view_brief.h"

struct brief_command {
    struct online online;
    const char *log;
    const char *as_of;
    int64_t number;
    const char *format;
    const char *output;
    bool zh;
    enum lang lang; /* of errors */
    bool html;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static int choose(struct brief_command *c, struct err *err)
{
    enum lang lang;
    const char *word = c->online.lang_word;
    /* Chinese unless told: it is what is sent up */
    int rc = lang_choose(word != NULL && word[0] != '\0' ? word : "zh", &lang, err);

    if (rc != 0) {
        return rc;
    }
    c->zh = lang == LANG_ZH;
    rc = lang_choose(word, &c->lang, err);
    if (rc != 0) {
        return rc;
    }
    if (c->number >= 0 && c->as_of[0] != '\0') {
        return err_set(err, ERR_USAGE, "--number and --as-of both say which brief: give one of them");
    }
    if (c->number == 0) {
        return err_set(err, ERR_USAGE, "--number 0: reports are counted from 1");
    }
    if (c->log[0] != '\0' && c->online.config != NULL) {
        return err_set(err, ERR_USAGE,
                       "--log reads a log's folder, --config asks a broker: give one of them");
    }
    if (c->format[0] == '\0') {
        c->html = ends_with(c->output, ".html") || ends_with(c->output, ".htm");
        return 0;
    }
    c->html = strcmp(c->format, "html") == 0;
    if (!c->html && strcmp(c->format, "text") != 0) {
        return err_set(err, ERR_USAGE, "--format \"%s\": give text or html", c->format);
    }
    return c->online.json
               ? err_set(err, ERR_USAGE, "--format and --json both say how it is written: give one")
               : 0;
}

static int write_brief(const struct brief_command *c, const struct view_brief *brief, struct err *err)
{
    struct buf out;
    int rc = 0;

    buf_init(&out, 0);
    if (c->online.json) {
        view_brief_json(brief, &out);
    } else if (c->html) {
        view_brief_html(brief, &out);
    } else {
        view_brief_text(brief, &out);
    }
    if (out.failed) {
        rc = err_set(err, ERR_NO_MEMORY, "out of memory");
    } else if (c->output[0] != '\0') {
        rc = output_file_write(c->output, buf_bytes(&out), err);
    } else {
        (void)fwrite(out.p, 1, out.n, stdout);
    }
    buf_free(&out);
    return rc;
}

/* head: the log's last record, as far as is known; now_ms: 0 of a log. */
static int make(const struct brief_command *c, const struct view *view, struct id incident, uint64_t head,
                int64_t now_ms, struct err *err)
{
    struct view_brief_point point = {.number = c->number > 0 ? (uint64_t)c->number : 0};
    struct view_until until = {.seq = 0};
    struct view_brief brief;
    int rc = 0;

    if (c->as_of[0] != '\0') {
        const struct moment_base base = {
            .utc_offset_minutes = state_region(view_state(view))->utc_offset_minutes, .now_ms = now_ms};
        rc = point_parse("as-of", c->as_of, &base, head, c->lang, &until, err);
    }
    point.seq = until.seq;
    point.bus_ms = until.bus_ms;
    rc = rc ? rc : view_brief_make(view, c->zh, incident, &point, &brief, err);
    if (rc == 0) {
        rc = write_brief(c, &brief, err);
        view_brief_free(&brief);
    }
    return rc;
}

/* --- of a log --------------------------------------------------------------------------------- */

static int make_of_log(const struct brief_command *c, struct log_input *input, struct view *view,
                       const char *text, struct err *err)
{
    struct id id;
    bool is_order;
    /* a sheet that goes up is not written from a log that does not hold */
    int rc = log_input_fold(input, &(struct view_until){.seq = 0}, view, err);

    if (rc != 0) {
        return rc;
    }
    rc = view_find(view, text, &id, &is_order, err);
    if (rc != 0) {
        err_prefix(err, "%s", c->log);
        return rc;
    }
    if (is_order) {
        id = view_order(view, id)->incident;
    }
    return make(c, view, id, view_counts(view).last_seq, 0, err);
}

static int run_log(const struct brief_command *c, const char *text, struct err *err)
{
    struct log_input input = {.reader = NULL};
    int rc = log_input_open(&input, c->log, err);

    if (rc != 0) {
        return rc;
    }
    struct view *view = view_new(&(struct view_options){.details = true});
    rc =
        view != NULL ? make_of_log(c, &input, view, text, err) : err_set(err, ERR_NO_MEMORY, "out of memory");
    view_free(view);
    log_input_close(&input);
    return rc;
}

/* --- of a broker ------------------------------------------------------------------------------ */

/* Its own brief is what went up under its id; what came later is the other's. */
static void note_merged(struct session *session, struct id id)
{
    const struct incident *incident = state_incident(view_state(session_view(session)), id);
    char text[ID_TEXT];

    if (incident != NULL && incident_is_merged(incident)) {
        ctl_note("%s %s",
                 lang_text(session_lang(session), "this is one event with, and later reports are of,",
                           "系同一事件，后续报送见"),
                 id_format(incident_merged_into(incident), text));
    }
}

/* What is one event with it, or was when an earlier brief was made, and where orders came from. */
static int read_event(struct session *session, struct id incident, struct err *err)
{
    struct id ids[TIES_STREAMS_MAX] = {incident};
    char stream[STREAM_NAME_MAX];
    size_t n = 1;
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = i > 0 ? session_read(session, TAIL_STREAM, stream_name(stream_key_incident(ids[i]), stream), err)
                   : 0;
        rc = rc ? rc : resolve_ordered(session, ids[i], err);
        const struct view_incident *told = view_incident(session_view(session), ids[i]);
        for (const struct view_told *at = told != NULL ? told->first : NULL; at != NULL; at = at->next) {
            const struct view_step *step = &at->step;
            bool known = step->kind != EVENT_INCIDENT_JOINED && step->kind != EVENT_ORDERS_MOVED;
            for (size_t j = 0; j < n && !known; j++) {
                known = id_equal(ids[j], step->other);
            }
            if (!known && n < TIES_STREAMS_MAX) {
                ids[n++] = step->other;
            }
        }
    }
    return rc;
}

static int run_online(struct brief_command *c, const char *text, struct session **ret_session,
                      struct err *err)
{
    const struct session_needs needs = {0};
    struct resolved resolved;
    int rc = session_open(&c->online, &needs, ret_session, err);

    rc = rc ? rc : resolve_incident(*ret_session, text, &resolved, err);
    if (rc == 0 && !resolved.read) {
        rc = err_set(err, ERR_PERMISSION, "%s has not the right \"watch\"",
                     session_profile(*ret_session)->agent.name);
    }
    rc = rc ? rc : read_event(*ret_session, resolved.incident, err);
    if (rc == 0) {
        note_merged(*ret_session, resolved.incident);
    }
    rc = rc ? rc : resolve_centres(*ret_session, err);
    return rc ? rc
              : make(c, session_view(*ret_session), resolved.incident, UINT64_MAX,
                     session_now_ms(*ret_session), err);
}

int ctl_incident_brief(int argc, char **argv)
{
    struct brief_command c = {
        .online = ONLINE_DEFAULTS, .log = "", .as_of = "", .number = -1, .format = "", .output = ""};
    const struct option options[] = {
        {"log", OPTION_TEXT, &c.log, "LOG", "from a log's folder, without a broker"},
        {"number", OPTION_COUNT, &c.number, "N", "of report N (default: of the last report)"},
        {"as-of", OPTION_TEXT, &c.as_of, "POINT", "as it was known at a record's number or a time"},
        {"format", OPTION_TEXT, &c.format, "FORMAT", "text or html (default: by FILE's name, else text)"},
        {"output", OPTION_TEXT, &c.output, "FILE", "-o FILE: write it there, whole or not at all"},
        ONLINE_OPTIONS(c.online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident brief ID [--log LOG] [--number N | --as-of POINT] [-o FILE] [options]",
        .summary =
            "Writes the numbered brief of an incident as it is sent up: what Decree 493, Art. 12 asks "
            "for, as it\n"
            "was known when report N was filed, and what had changed since the report before. What nobody\n"
            "has reported is said to be so. In Chinese unless --lang says otherwise.",
        .options = options,
        .examples = "  muster incident brief 7QK3M2\n"
                    "  muster incident brief 7QK3M2 --number 2 -o brief-2.html\n"
                    "  muster incident brief 7QK3M2 --log ./log --as-of \"2026-11-22 12:00\" --lang en\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = choose(&c, &err);
    if (rc == 0 && c.log[0] == '\0') {
        rc = run_online(&c, arguments.at[0], &session, &err);
        return session_end(session, rc, &err);
    }
    rc = rc ? rc : run_log(&c, arguments.at[0], &err);
    exit_code = ctl_end_output();
    return exit_code != EXIT_OK || rc == 0 ? exit_code : ctl_fail(&err);
}
