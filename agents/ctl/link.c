/* muster link list: the lines to other regions' brokers. */
#include <stdio.h>

#include "agents/ctl/session.h"
#include "common/view/view_share.h"

int ctl_link_list(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const struct option options[] = {ONLINE_OPTIONS(online), {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster link list [options]",
        .summary =
            "Lists the lines to other regions: whether their brokers are reached and since when, how old\n"
            "the last canary is that came from there (HEARD) and the last of ours that is known to have\n"
            "arrived (HEARD THERE), how many open incidents are shared, and what waits to be told.\n"
            "NOTHING CROSSES: it is connected, and no canary has gone there and back in time. NO WAY: what\n"
            "is for that region ends where no link leads on.",
        .options = options,
        .examples = "  muster link list\n  muster link list --json\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct session *session = NULL;
    struct err err = {0};
    struct buf out;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    buf_init(&out, 0);
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : session_read(session, TAIL_OPEN, NULL, &err);
    if (rc == 0) {
        const struct view *view = session_view(session);
        int64_t now_ms = session_now_ms(session); /* bus time */
        struct view_voice voice = {.zh = session_lang(session) == LANG_ZH};
        if (online.json) {
            view_json_lines(view, now_ms, &out);
        } else {
            rc = view_lines(view, &voice, now_ms, &out);
        }
        printf("%s", buf_text(&out));
    }
    buf_free(&out);
    return session_end(session, rc, &err);
}
