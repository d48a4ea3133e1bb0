/* muster explain: why an incident or an order is as it is. */
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "common/view/view_explain.h"
#include "common/view/view_reach.h"

struct explaining {
    struct view *view;
    struct view_reach *reach;
    struct arena record;
    const char *text;
    const struct view_voice *voice;
};

static int explain(const struct explaining *e, struct err *err)
{
    const struct view *view = e->view;
    const struct view_voice *voice = e->voice;
    struct buf out;
    struct id id;
    bool is_order;
    int result = view_find(view, e->text, &id, &is_order, err);

    if (result < 0) {
        return result;
    }
    buf_init(&out, 0);
    result = is_order ? view_explain_order(view, voice, id, &out, err)
                      : view_explain_incident(view, voice, id, &out, err);
    if (result == 0 && is_order) {
        view_reach_say_order(e->reach, view, voice, id, &out);
    } else if (result == 0) {
        view_reach_say_incident(e->reach, view, voice, id, &out);
    }
    if (result == 0) {
        result = output_pour(&out, true, err);
    }
    buf_free(&out);
    return result;
}

static int take(void *ctx, const struct log_record *from, struct err *err)
{
    struct explaining *e = ctx;
    struct view_record record;
    int result = view_record_decode(from, true, &e->record, &record, err);

    if (result == 0 && (view_apply(e->view, &record, NULL) < 0 ||
                        view_reach_note(e->reach, view_state(e->view), &record) < 0)) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    arena_reset(&e->record);
    return result;
}

static int run(const char *path, const char *text, const struct view_voice *voice, struct err *err)
{
    struct explaining e = {.view = view_new(&(struct view_options){.details = true}),
                           .reach = view_reach_new(text),
                           .text = text,
                           .voice = voice};
    struct log_input input = {.reader = NULL};
    int result = log_input_open(&input, path, err);

    arena_init(&e.record, VIEW_RECORD_MEMORY);
    if (result == 0 && (e.view == NULL || e.reach == NULL)) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    } else if (result == 0) {
        result = log_input_scan(&input, &(struct view_until){.seq = 0}, take, &e, err);
        if (result == ERR_CORRUPT) { /* what was read before the damage is worth showing */
            (void)explain(&e, NULL);
        } else if (result == 0) {
            result = explain(&e, err);
            if (result < 0) {
                err_prefix(err, "%s", path);
            }
        }
    }
    view_reach_free(e.reach);
    view_free(e.view);
    arena_free(&e.record);
    log_input_close(&input);
    return result;
}

int ctl_explain(int argc, char **argv)
{
    const char *lang = "", *color = "auto";
    const struct option options[] = {
        {"lang", OPTION_TEXT, &lang, "LANG", "en or zh (default: the locale's)"},
        {"color", OPTION_TEXT, &color, "WHEN", "auto, always or never (default auto)"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster explain LOG ID [options]",
        .summary =
            "Everything about one incident or order: who was told when, who answered, which deadlines\n"
            "passed, how it ended; and of every agency of the region what it was given and why, or why\n"
            "nothing. ID: 26 characters, or the last few.",
        .options = options,
        .examples = "  muster explain ./log 7KQ2ZM\n",
        .arguments_min = 2,
        .arguments_max = 2};
    struct view_voice voice = {.zh = false};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    int result = voice_choose(lang, color, &voice, &err);
    if (result == 0) {
        result = run(arguments.at[0], arguments.at[1], &voice, &err);
    }
    code = ctl_end_output();
    return code != EXIT_OK || result == 0 ? code : ctl_fail(&err);
}
