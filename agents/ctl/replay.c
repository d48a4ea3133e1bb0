/* muster replay: what happened, line by line; or how things stood at one point. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "common/view/view_replay.h"
#include "common/view/view_situation.h"

struct replay_command {
    const char *at;
    const char *incident;
    const char *format;
    const char *mode;
    const char *lang;
    const char *color;
    struct log_input input;
    struct view *view;
    struct view_replay_options options;
    struct view_replay *replay;
    struct buf out;
};

static int choose(struct replay_command *c, struct err *err)
{
    int result = mode_choose(c->mode, &c->options.mode, err);

    if (result == 0) {
        result = voice_choose(c->lang, c->color, &c->options.voice, err);
    }
    if (result < 0) {
        return result;
    }
    if (strcmp(c->format, "text") == 0) {
        c->options.format = VIEW_TEXT;
    } else if (strcmp(c->format, "jsonl") == 0) {
        c->options.format = VIEW_JSONL;
    } else if (strcmp(c->format, "csv") == 0) {
        c->options.format = VIEW_CSV;
    } else {
        return err_set(err, ERR_USAGE, "--format \"%s\": give text, jsonl or csv", c->format);
    }
    if (c->at[0] != '\0' && c->options.format == VIEW_CSV) {
        return err_set(err, ERR_USAGE, "--at shows text or jsonl, not csv");
    }
    size_t n = strlen(c->incident);
    if (n > 0 && (n < VIEW_SUFFIX_MIN || n > ID_TEXT - 1)) {
        return err_set(err, ERR_USAGE, "--incident \"%s\": give 26 characters, or at least the last %d",
                       c->incident, VIEW_SUFFIX_MIN);
    }
    c->options.incident = c->incident;
    return 0;
}

static int show_record(void *ctx, const struct log_record *record, struct err *err)
{
    struct replay_command *c = ctx;
    int result = view_replay_record(c->replay, record, &c->out, err);

    return result < 0 ? result : output_pour(&c->out, false, err);
}

static int no_incident(const struct replay_command *c, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "%s: there is no incident %s in mode %s", c->input.path, c->incident,
                   c->mode);
}

static int show_lines(struct replay_command *c, struct err *err)
{
    c->replay = view_replay_new(c->view, &c->options);
    if (c->replay == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    view_replay_begin(c->replay, &c->out);
    int result = log_input_scan(&c->input, &(struct view_until){.seq = 0}, show_record, c, err);
    if (result == 0 && c->incident[0] != '\0' && view_replay_shown(c->replay) == 0) {
        result = no_incident(c, err);
    }
    view_replay_free(c->replay);
    return result;
}

static int show_point(struct replay_command *c, struct err *err)
{
    struct view_situation_options options = {
        .voice = c->options.voice, .mode = c->options.mode, .incident = c->incident};
    struct view_until until;
    int result = log_input_point(&c->input, c->at, options.voice.zh ? LANG_ZH : LANG_EN, &until, err);

    if (result == 0) {
        result = log_input_fold(&c->input, &until, c->view, err);
    } else {
        return result;
    }
    if (result < 0 && result != ERR_CORRUPT) {
        return result;
    }
    options.now_ms = until.bus_ms != 0 ? until.bus_ms : view_counts(c->view).last_bus_ms;
    size_t shown = c->options.format == VIEW_JSONL ? view_situation_json(c->view, &options, &c->out)
                                                   : view_situation_text(c->view, &options, &c->out);
    return result == 0 && shown == 0 && c->incident[0] != '\0' ? no_incident(c, err) : result;
}

static int run(struct replay_command *c, const char *path, struct err *err)
{
    int result = choose(c, err);

    if (result == 0) {
        result = log_input_open(&c->input, path, err);
    }
    if (result < 0) {
        return result;
    }
    c->view = view_new(&(struct view_options){.details = true});
    if (c->view == NULL) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    } else {
        result = c->at[0] != '\0' ? show_point(c, err) : show_lines(c, err);
    }
    /* what was read before the damage is worth showing */
    if (output_pour(&c->out, true, result < 0 ? NULL : err) < 0 && result == 0) {
        result = ERR_IO;
    }
    view_free(c->view);
    log_input_close(&c->input);
    return result;
}

int ctl_replay(int argc, char **argv)
{
    struct replay_command c = {
        .at = "", .incident = "", .format = "text", .mode = "actual", .lang = "", .color = "auto"};
    const struct option options[] = {
        {"at", OPTION_TEXT, &c.at, "TIME|SEQ", "how things stood then, instead of the lines"},
        {"incident", OPTION_TEXT, &c.incident, "ID", "this incident alone; the end of its id will do"},
        {"format", OPTION_TEXT, &c.format, "FORMAT", "text, jsonl or csv (default text)"},
        {"mode", OPTION_TEXT, &c.mode, "MODE", "actual, exercise, test or all (default actual)"},
        {"lang", OPTION_TEXT, &c.lang, "LANG", "en or zh (default: the locale's)"},
        {"color", OPTION_TEXT, &c.color, "WHEN", "auto, always or never (default auto)"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster replay LOG [options]",
                              .summary = "Reads a log from its beginning: a line for what each record did.",
                              .options = options,
                              .examples = "  muster replay ./log\n"
                                          "  muster replay ./log --at \"2026-11-22 11:05:00\"\n"
                                          "  muster replay ./log --incident 7KQ2ZM --format csv\n",
                              .arguments_min = 1,
                              .arguments_max = 1};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    buf_init(&c.out, 0);
    int result = run(&c, arguments.at[0], &err);
    buf_free(&c.out);
    code = ctl_end_output();
    return code != EXIT_OK || result == 0 ? code : ctl_fail(&err);
}
