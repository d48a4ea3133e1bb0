/* muster watch: the feed of what happens, in the replay's words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/session.h"
#include "common/view/view_replay.h"
#include "common/view/view_telemetry.h"

struct watching {
    struct view_replay *replay;
    const struct state *state;
    struct view_voice voice;
    bool json;
    struct buf out;
    bool backlog; /* show what is open first */
    char why[256];
};

static int on_item(void *ctx, const struct tail_item *item, bool live, struct err *err)
{
    struct watching *watching = ctx;
    struct log_record record = view_record_of_tail(item);

    buf_reset(&watching->out);
    watching->why[0] = '\0';
    view_replay_tell_similar(watching->replay, live || watching->backlog);
    int rc = view_replay_record(watching->replay, &record, &watching->out, err);
    if (rc == 0 && (live || watching->backlog) && watching->out.n > 0) {
        printf("%s", buf_text(&watching->out));
        if (fflush(stdout) != 0) {
            rc = err_set(err, ERR_IO, "standard output cannot be written");
        }
    }
    return rc;
}

static int on_samples(void *ctx, const struct telemetry *telemetry, struct err *err)
{
    struct watching *watching = ctx;

    buf_reset(&watching->out);
    for (size_t i = 0; i < telemetry->samples_n; i++) {
        if (watching->json) {
            view_sample_json(&telemetry->samples[i], &watching->out);
        } else {
            view_sample_text(watching->state, &watching->voice, &telemetry->samples[i], &watching->out);
        }
    }
    if (watching->out.failed) {
        return ERR_NO_MEMORY;
    }
    printf("%s", buf_text(&watching->out));
    return fflush(stdout) != 0 ? err_set(err, ERR_IO, "standard output cannot be written") : 0;
}

/* Said once for each reason, not at every attempt. */
static void on_waiting(void *ctx, const char *why)
{
    struct watching *watching = ctx;

    if (strcmp(watching->why, why) != 0) {
        (void)snprintf(watching->why, sizeof watching->why, "%s", why);
        ctl_note("%s", why);
    }
}

static int watch(struct session *session, struct watching *watching,
                 const struct view_replay_options *options, const struct subscribe *telemetry,
                 struct err *err)
{
    const struct session_follow follow = {.ctx = watching,
                                          .item = on_item,
                                          .waiting = on_waiting,
                                          .telemetry = telemetry,
                                          .samples = on_samples};

    watching->replay = view_replay_new(session_view(session), options);
    if (watching->replay == NULL) {
        return ERR_NO_MEMORY;
    }
    watching->state = view_state(session_view(session));
    watching->voice = options->voice;
    watching->json = options->format == VIEW_JSONL;
    buf_init(&watching->out, 0);
    int rc = session_follow(session, &follow, err);
    view_replay_free(watching->replay);
    buf_free(&watching->out);
    return rc;
}

int ctl_watch(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct watching watching = {.backlog = false};
    const char *incident = "";
    bool every_mode = false, telemetry = false;
    const char *source = "";
    const struct option options[] = {
        {"backlog", OPTION_FLAG, &watching.backlog, NULL, "first what is open now"},
        {"incident", OPTION_TEXT, &incident, "ID", "of one incident only: its id or the end of it"},
        {"every-mode", OPTION_FLAG, &every_mode, NULL, "exercises and tests too"},
        {"telemetry", OPTION_FLAG, &telemetry, NULL, "positions and readings too, as they change"},
        {"source", OPTION_TEXT, &source, "NAME", "telemetry of this agency or agent only"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster watch [options]",
        .summary =
            "Shows what happens in the region as it happens, a line an event, in the words of the replay.\n"
            "Connects again when the connection is lost; Ctrl-C ends it.",
        .options = options,
        .examples = "  muster watch --backlog\n  muster watch --json | jq .event\n"
                    "  muster watch --telemetry --source 370102/fire-rescue\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    if (rc == 0) {
        struct view_replay_options replay = {
            .format = online.json ? VIEW_JSONL : VIEW_TEXT,
            .voice = {.zh = online.lang == LANG_ZH, .color = ctl_has_colour()},
            .mode = every_mode ? MODE_NONE : session_profile(session)->mode,
            .incident = incident};
        struct subscribe subscribe = {
            .source = source, .mode = session_profile(session)->mode, .every_mode = every_mode};
        rc = watch(session, &watching, &replay, telemetry || source[0] != '\0' ? &subscribe : NULL, &err);
    }
    return session_end(session, rc, &err);
}
