/* muster explain: why an incident or an order is as it is, and what rules made of an agent. */
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
    bool is_agent; /* it names one: what rules made of its readings and its silence */
    struct buf told;
};

/* As every page calls it: without the region, where that is the log's own. */
static bool is_agent_called(const struct explaining *e, const char *agent)
{
    return strcmp(agent, e->text) == 0 || strcmp(view_short_name(view_state(e->view), agent), e->text) == 0;
}

static bool is_of_agent(const struct explaining *e, const struct event *event)
{
    return event->kind >= EVENT_LOOKOUT_BEGAN && event->kind <= EVENT_LOOKOUT_DOUBTED &&
           is_agent_called(e, event->lookout.agent);
}

static const struct member *find_agent(const struct explaining *e)
{
    const struct region *region = state_region(view_state(e->view));

    for (size_t i = 0; i < region->members_n; i++) {
        if (!region->members[i].is_operator && is_agent_called(e, region->members[i].name)) {
            return &region->members[i];
        }
    }
    return NULL;
}

static void tell_lookouts(struct explaining *e, const struct view_record *record)
{
    for (size_t i = 0; i < record->record.events_n; i++) {
        const struct event *event = &record->record.events[i];
        if (is_of_agent(e, event)) {
            const struct view_step step = view_step_of(view_state(e->view), record, event);
            char time[VIEW_TIME];
            buf_printf(&e->told, "  %s  ", view_time(view_state(e->view), step.bus_ms, time));
            view_say_step(e->view, e->voice, &step, NULL, 0, &e->told);
            buf_puts(&e->told, "\n");
        }
    }
}

static int explain_agent(const struct explaining *e, struct err *err)
{
    const struct member *agent = find_agent(e);
    struct buf out;

    if (agent == NULL) {
        return err_set(err, ERR_NOT_FOUND,
                       e->voice->zh ? "没有代理 %s；muster agent list 可查"
                                    : "there is no agent %s; \"muster agent list\" names them",
                       e->text);
    }
    buf_init(&out, 0);
    buf_printf(&out,
               e->voice->zh ? "代理 %s：规则对其读数和失联的判断\n"
                            : "agent %s: what rules made of its readings and its silence\n",
               agent->name);
    buf_append(&out, e->told.p, e->told.n);
    if (e->told.n == 0) {
        buf_puts(&out, e->voice->zh ? "  无\n" : "  nothing\n");
    }
    out.failed = out.failed || e->told.failed;
    int result = output_pour(&out, true, err);
    buf_free(&out);
    return result;
}

static int explain(const struct explaining *e, struct err *err)
{
    const struct view *view = e->view;
    const struct view_voice *voice = e->voice;
    struct buf out;
    struct id id;
    bool is_order;

    if (e->is_agent) {
        return explain_agent(e, err);
    }
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
    if (result == 0 && e->is_agent && !record.redacted) {
        tell_lookouts(e, &record);
    }
    arena_reset(&e->record);
    return result;
}

/* What was merged into it was not looked for as long as nobody knew of the merge. */
static int take_again(struct explaining *e, struct log_input *input, struct err *err)
{
    struct err none;
    struct id id;
    bool is_order, again = false;

    if (e->is_agent || view_find(e->view, e->text, &id, &is_order, &none) < 0 || is_order) {
        return 0;
    }
    if (view_reach_of_event(e->reach, view_state(e->view), id, &again) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (!again) {
        return 0;
    }
    view_free(e->view);
    e->view = view_new(&(struct view_options){.details = true});
    return e->view == NULL ? err_set(err, ERR_NO_MEMORY, "out of memory")
                           : log_input_scan(input, &(struct view_until){.seq = 0}, take, e, err);
}

static int run(const char *path, const char *text, const struct view_voice *voice, struct err *err)
{
    struct explaining e = {.view = view_new(&(struct view_options){.details = true}),
                           .reach = view_reach_new(text),
                           .text = text,
                           .voice = voice,
                           .is_agent = strchr(text, '/') != NULL};
    struct log_input input = {.reader = NULL};
    int result = log_input_open(&input, path, err);

    arena_init(&e.record, VIEW_RECORD_MEMORY);
    buf_init(&e.told, 0);
    if (result == 0 && (e.view == NULL || e.reach == NULL)) {
        result = err_set(err, ERR_NO_MEMORY, "out of memory");
    } else if (result == 0) {
        result = log_input_scan(&input, &(struct view_until){.seq = 0}, take, &e, err);
        result = result == 0 ? take_again(&e, &input, err) : result;
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
    buf_free(&e.told);
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
            "nothing, and which of other regions were ordered. ID: 26 characters, or the last few; or an\n"
            "agent, of which it tells what rules made of its readings and its silence.",
        .options = options,
        .examples = "  muster explain ./log 7KQ2ZM\n"
                    "  muster explain ./log fire-rescue/station-3\n",
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
