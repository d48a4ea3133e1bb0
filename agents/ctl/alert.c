/* muster alert list: the warnings in force. */
#include <stdio.h>

#include "agents/ctl/session.h"
#include "common/core/stream.h"
#include "common/core/warning.h"
#include "common/view/view_warning.h"

static int read_region(struct session *session, struct err *err)
{
    char name[STREAM_NAME_MAX];

    return session_read(session, TAIL_STREAM, stream_of_region(session_profile(session)->region.name, name),
                        err);
}

/* The alerts themselves: which are disputed stands in their own streams. */
static int read_alerts(struct session *session, struct err *err)
{
    const struct region *region = state_region(view_state(session_view(session)));
    struct id ids[WARNINGS_MAX];
    char name[STREAM_NAME_MAX];
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; i < region->warnings_n && n < WARNINGS_MAX; i++) {
        ids[n++] = region->warnings[i].alert;
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = session_read(session, TAIL_STREAM, stream_name(stream_key_alert(ids[i]), name), err);
    }
    return rc;
}

static int print_warnings(struct session *session, const struct online *online, struct err *err)
{
    const struct state *state = view_state(session_view(session));
    struct view_voice voice = {.zh = session_lang(session) == LANG_ZH, .color = ctl_has_colour()};
    int64_t now_ms = session_now_ms(session); /* bus time */
    struct buf out;
    int rc = 0;

    buf_init(&out, 0);
    if (online->json) {
        view_json_warnings(state, now_ms, &out);
    } else {
        rc = view_warnings(state, &voice, now_ms, &out);
    }
    if (rc == 0 && !online->json && out.n == 0) {
        ctl_note("%s", lang_text(session_lang(session), "no warning is in force here", "本地没有生效的预警"));
    }
    printf("%s", buf_text(&out));
    if (rc != 0 || out.failed) {
        rc = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    buf_free(&out);
    return rc;
}

int ctl_alert_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster alert list [options]",
        .summary =
            "Lists the warnings that are at hand: those in force, or to come, that are for this region or a\n"
            "part of it, and those of which that could not be told (FOR). LEVEL is the warning's colour, "
            "or,\n"
            "of one without a colour, its severity. DISPUTED: its sender has said something else, too, "
            "under\n"
            "the same identifier. What has ended, and every alert as it was said, is in "
            "the\n"
            "log: \"muster replay\".",
        .options = options,
        .examples = "  muster alert list\n  muster alert list --lang zh\n  muster alert list --json\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : read_region(session, &err);
    rc = rc ? rc : read_alerts(session, &err);
    rc = rc ? rc : print_warnings(session, &online, &err);
    return session_end(session, rc, &err);
}
