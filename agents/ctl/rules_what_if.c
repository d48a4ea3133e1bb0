/* muster rules what-if: what would these rule packs have done to this log? */
#include <stdlib.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "agents/ctl/rules_loop.h"
#include "common/view/view_what_if.h"

struct asking {
    struct what_if_options options;
    struct what_if_pack packs[REGION_PACKS_MAX];
    struct texts files;
    const char *mode, *lang;
    bool as_json, all;
    struct view_voice voice;
    struct conditions *conditions;
    struct pack *read[REGION_PACKS_MAX]; /* what packs[] points to, to be freed */
    char *texts[REGION_PACKS_MAX];
    size_t read_n;
    struct what_if *what_if;
    struct log_input input;
    struct buf out; /* JSON as it comes; of text the lines that follow the table */
    size_t listed;
};

/* What rules load refuses: there is no saying what rules would have done that fire each other for ever. */
static int find_loop(struct asking *a, struct err *err)
{
    struct pack_loop loop;
    enum lang lang = a->voice.zh ? LANG_ZH : LANG_EN;

    return pack_find_loop(a->conditions, a->read, a->read_n, &loop) == LOOPS_FOUND
               ? rules_loop_fail(&loop, a->read_n == 1 ? a->files.at[0] : lang_text(lang, "together", "合用"),
                                 lang, err)
               : 0;
}

static int read_packs(struct asking *a, struct err *err)
{
    if (a->files.n == 0 || a->files.n > REGION_PACKS_MAX) {
        return err_set(err, ERR_USAGE, "--rules FILE: name 1 to %d rule packs", REGION_PACKS_MAX);
    }
    int rc = conditions_open(&a->conditions, err);
    if (rc == 0) {
        conditions_speak(a->conditions, a->voice.zh);
    }
    for (size_t i = 0; i < a->files.n && rc == 0; i++) {
        rc = pack_load(a->files.at[i], a->conditions, &a->read[i], &a->texts[i], err);
        if (rc == 0) {
            a->packs[i] = (struct what_if_pack){.pack = a->read[i], .text = a->texts[i]};
            a->read_n = i + 1;
        }
    }
    a->options.packs = a->packs;
    a->options.packs_n = a->read_n;
    return rc ? rc : find_loop(a, err);
}

/* --- what comes ----------------------------------------------------------------------------------- */

static int on_firing(void *ctx, const struct what_if_difference *difference, struct err *err)
{
    struct asking *a = ctx;

    if (a->as_json) {
        what_if_json(difference, &a->out);
        return output_pour(&a->out, false, err);
    }
    if (difference->change != WHAT_IF_SAME) {
        a->listed++;
        if (a->all || a->listed <= WHAT_IF_LISTED) {
            what_if_line(difference, what_if_state(a->what_if), &a->voice, &a->out);
        }
    }
    return a->out.failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : 0;
}

/* The table first: what differs follows from it, and may be long. */
static int show(struct asking *a, struct err *err)
{
    const struct what_if_result *result = what_if_result(a->what_if);
    struct buf head;

    if (a->as_json) {
        what_if_summary_json(result, &a->out);
        return output_pour(&a->out, true, err);
    }
    buf_init(&head, 0);
    what_if_text(result, what_if_state(a->what_if), &a->voice, &head);
    if (a->listed > 0) {
        buf_printf(&head, "\n%s", a->voice.zh ? "不同之处" : "what differs");
        if (!a->all && a->listed > WHAT_IF_LISTED) {
            buf_printf(&head,
                       a->voice.zh ? "（前 %d 项，共 %zu 项；--all 全部列出）"
                                   : ", the first %d of %zu; --all names each",
                       WHAT_IF_LISTED, a->listed);
        }
        buf_puts(&head, "\n");
    }
    int rc = output_pour(&head, true, err);
    buf_free(&head);
    return rc ? rc : output_pour(&a->out, true, err);
}

static int take(void *ctx, const struct log_record *record, struct err *err)
{
    return what_if_record(ctx, record, err);
}

static int ask(struct asking *a, const char *path, struct err *err)
{
    int rc = log_input_open(&a->input, path, err);

    rc = rc ? rc : what_if_new(&a->options, &a->what_if, err);
    if (rc != 0) {
        return rc;
    }
    rc = log_input_scan(&a->input, &(struct view_until){.seq = 0}, take, a->what_if, err);
    if (rc != 0 && rc != ERR_CORRUPT) {
        return rc;
    }
    struct err why = {.code = 0}; /* what was read before the damage is worth showing */
    int told = what_if_end(a->what_if, a->input.reader, on_firing, a, &why);
    if (told != 0) {
        err_prefix(&why, "%s", path);
    }
    told = told ? told : show(a, &why);
    return rc != 0 || told == 0 ? rc : err_set(err, told, "%s", why.text);
}

static void clear(struct asking *a)
{
    what_if_free(a->what_if);
    log_input_close(&a->input);
    for (size_t i = 0; i < REGION_PACKS_MAX; i++) {
        pack_free(a->read[i]);
        free(a->texts[i]);
    }
    conditions_close(a->conditions);
    buf_free(&a->out);
}

int ctl_rules_what_if(int argc, char **argv)
{
    struct asking a = {.options = {.incident = ""}, .mode = "actual", .lang = ""};
    const struct option options[] = {
        {"rules", OPTION_TEXTS, &a.files, "PACK", "a rule pack to try; may be repeated"},
        {"incident", OPTION_TEXT, &a.options.incident, "ID", "only this one: 26 characters, or the last few"},
        {"mode", OPTION_TEXT, &a.mode, "MODE", "actual, exercise, test or all (default actual)"},
        {"all", OPTION_FLAG, &a.all, NULL, "name every difference, not the first 20"},
        {"lang", OPTION_TEXT, &a.lang, "LANG", "en or zh (default: the locale's)"},
        {"json", OPTION_FLAG, &a.as_json, NULL, "a JSON object for each firing, and a summary"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster rules what-if LOG --rules PACK [--rules PACK ...] [options]",
        .summary =
            "What rule packs would have done to a log, beside what happened: incidents are decided again "
            "with\n"
            "them in force, in place of those of their names. History is told as if it were now. Nothing is\n"
            "written.",
        .options = options,
        .examples = "  muster rules what-if ./log --rules decree-493.yaml\n"
                    "  muster rules what-if ./log --rules mine.yaml --incident 7XQ2 --json\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    buf_init(&a.out, 0);
    int rc = mode_choose(a.mode, &a.options.mode, &err);
    rc = rc ? rc : voice_choose(a.lang, "never", &a.voice, &err);
    rc = rc ? rc : read_packs(&a, &err);
    rc = rc ? rc : ask(&a, arguments.at[0], &err);
    clear(&a);
    code = ctl_end_output();
    return code != EXIT_OK || rc == 0 ? code : ctl_fail(&err);
}
