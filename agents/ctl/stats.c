/* muster stats: how long it took from report to order to scene. */
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "common/view/view_stats.h"

struct stats_command {
    const char *mode;
    const char *lang;
    bool by_incident;
    bool as_json;
};

static int show(const struct stats_command *c, enum mode mode, const struct view_voice *voice,
                const struct view *view, struct err *err)
{
    struct view_stats stats;
    struct buf out;

    if (view_stats_make(view_state(view), mode, &stats) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    buf_init(&out, 0);
    if (c->as_json) {
        view_stats_json(&stats, &out);
    } else {
        view_stats_text(&stats, view_state(view), voice, c->by_incident, &out);
    }
    int result = output_pour(&out, true, err);
    buf_free(&out);
    view_stats_free(&stats);
    return result;
}

static int run(const struct stats_command *c, const char *path, struct err *err)
{
    struct log_input input = {.reader = NULL};
    struct view_voice voice = {.zh = false};
    enum mode mode;
    int result = mode_choose(c->mode, &mode, err);

    if (result == 0) {
        result = voice_choose(c->lang, "never", &voice, err);
    }
    if (result == 0) {
        result = log_input_open(&input, path, err);
    }
    if (result < 0) {
        return result;
    }
    struct view *view = view_new(&(struct view_options){.details = false});
    if (view == NULL) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    } else {
        result = log_input_fold(&input, &(struct view_until){.seq = 0}, view, err);
    }
    if (result == 0 || result == ERR_CORRUPT) { /* what was read before the damage is worth showing */
        int shown = show(c, mode, &voice, view, result == 0 ? err : NULL);
        result = result == 0 ? shown : result;
    }
    view_free(view);
    log_input_close(&input);
    return result;
}

int ctl_stats(int argc, char **argv)
{
    struct stats_command c = {.mode = "actual", .lang = ""};
    const struct option options[] = {
        {"mode", OPTION_TEXT, &c.mode, "MODE", "actual, exercise, test or all (default actual)"},
        {"incidents", OPTION_FLAG, &c.by_incident, NULL, "also a line for each incident"},
        {"lang", OPTION_TEXT, &c.lang, "LANG", "en or zh (default: the locale's)"},
        {"json", OPTION_FLAG, &c.as_json, NULL, "one JSON object, with every incident"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster stats LOG [options]",
        .summary =
            "Times from report to first order, from order to acknowledgement and to on scene, by agency:\n"
            "median, 90th percentile, and the share of 60 s or less.",
        .options = options,
        .examples = "  muster stats ./log\n  muster stats ./log --mode exercise --json\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    int result = run(&c, arguments.at[0], &err);
    code = ctl_end_output();
    return code != EXIT_OK || result == 0 ? code : ctl_fail(&err);
}
