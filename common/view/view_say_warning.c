/* What becomes of warnings that are at hand, and what rules make of them. */
#include <string.h>

#include "common/core/warning.h"
#include "common/view/view_say_private.h"
#include "common/view/view_warning.h"

const char *view_warning_degree(const struct view_voice *voice, enum alert_colour colour,
                                enum alert_severity severity)
{
    if (colour != ALERT_COLOUR_NONE) {
        return voice->zh ? alert_word_zh(ALERT_COLOURS, (int)colour)
                         : warning_word(ALERT_COLOURS, (int)colour);
    }
    if (severity != ALERT_SEVERITY_NONE) {
        return voice->zh ? alert_word_zh(ALERT_SEVERITIES, (int)severity)
                         : warning_word(ALERT_SEVERITIES, (int)severity);
    }
    return voice->zh ? "级别不详" : "of no colour that is known";
}

const char *view_warning_value_zh(const char *fact, const char *value)
{
    static const struct {
        enum rule_fact fact;
        enum alert_list list;
    } lists[] = {{RULE_WARNING_COLOUR, ALERT_COLOURS},
                 {RULE_WARNING_SEVERITY, ALERT_SEVERITIES},
                 {RULE_WARNING_URGENCY, ALERT_URGENCIES},
                 {RULE_WARNING_CERTAINTY, ALERT_CERTAINTIES}};

    if (strncmp(fact, "warning", strlen("warning")) == 0 && strcmp(value, "none") == 0) {
        return "无";
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(fact, rule_fact_words(lists[i].fact)->word) != 0) {
            continue;
        }
        for (int at = 1; warning_word(lists[i].list, at)[0] != '\0'; at++) {
            if (strcmp(warning_word(lists[i].list, at), value) == 0) {
                return alert_word_zh(lists[i].list, at);
            }
        }
    }
    return NULL;
}

/* "暴雨 red (alert K7Q2ZD)" */
static void say_warning(const struct saying *s)
{
    const struct warning_step *w = s->step->warning;
    const char *degree = view_warning_degree(s->voice, w->colour, w->severity);
    char id[VIEW_SHORT_ID];

    SAY(s->ret, s->voice, "%s %s (alert %s)", "%s%s（预警 %s）", w->event[0] != '\0' ? w->event : "?", degree,
        view_short_id(w->alert, id));
}

static void say_place(const struct saying *s)
{
    const struct warning_step *w = s->step->warning;

    if (!w->here) {
        PUT(s->ret, s->voice, ", could not tell whether it is for here", "，无法判断是否涉及本地");
    } else if (w->areas.n == 0) {
        PUT(s->ret, s->voice, ", for here", "，涉及本地");
    } else {
        PUT(s->ret, s->voice, ", for ", "，涉及 ");
        view_say_words(w->areas, s->ret);
    }
}

static void say_taken(const struct saying *s)
{
    const struct warning_step *w = s->step->warning;

    if (w->type == ALERT_TYPE_CANCEL) {
        PUT(s->ret, s->voice,
            "kept against what it cancels and what may come late: ", "解除信息留存，以防被解除的预警后到：");
        say_warning(s);
        return;
    }
    PUT(s->ret, s->voice, w->replaces_n > 0 ? "warning at hand, in place of another: " : "warning at hand: ",
        w->replaces_n > 0 ? "预警更新：" : "收到预警：");
    say_warning(s);
    say_place(s);
    if (!w->began) {
        view_say_due(s, ", in force from ", "，生效 ", w->from_ms);
    }
    view_say_due(s, ", until ", "，至 ", w->expires_ms);
}

static void say_roles(const struct saying *s)
{
    struct words roles = s->step->warning->roles;

    for (size_t i = 0; i < roles.n; i++) {
        buf_printf(s->ret, "%s%s",
                   i > 0          ? (s->voice->zh ? "、" : ", ")
                   : s->voice->zh ? "；通知："
                                  : "; told: ",
                   roles.at[i]);
    }
}

static void say_fired(const struct saying *s)
{
    const struct warning_step *w = s->step->warning;

    PUT(s->ret, s->voice, "WARNING: ", "预警告警：");
    say_warning(s);
    SAY(s->ret, s->voice, ", by rule %s/%s %s", "，依规则 %s/%s（%s）", w->pack, w->rule, w->version);
    view_say_seen(s, w->seen, w->seen_n);
    say_roles(s);
}

void view_say_warning(const struct saying *s)
{
    const struct warning_step *w = s->step->warning;

    switch (s->step->kind) {
    case EVENT_WARNING_TAKEN:
        say_taken(s);
        return;
    case EVENT_WARNING_BEGAN:
        PUT(s->ret, s->voice, "warning IN FORCE: ", "预警生效：");
        say_warning(s);
        say_place(s);
        view_say_due(s, ", until ", "，至 ", w->expires_ms);
        return;
    case EVENT_WARNING_FIRED:
        say_fired(s);
        return;
    case EVENT_WARNING_ENDED:
        SAY(s->ret, s->voice, "warning over (%s): ", "预警终止（%s）：",
            s->voice->zh ? warning_end_zh(w->why) : warning_end_word(w->why));
        say_warning(s);
        say_roles(s);
        return;
    default:
        PUT(s->ret, s->voice, "the rules of every open incident are asked about the warnings in force",
            "已就生效预警核对全部未结事件的规则");
        return;
    }
}

/* "暴雨 red; 大雾 yellow" as the fact `warnings` has them. */
void view_say_warnings(const struct saying *s, const char *value)
{
    const char *one = value;

    while (*one != '\0') {
        size_t n = strcspn(one, ";");
        int colour = ALERT_COLOUR_RED;
        const char *word = "";
        for (; colour <= ALERT_COLOUR_BLUE; colour++) {
            word = warning_word(ALERT_COLOURS, colour);
            size_t length = strlen(word);
            if (n > length && one[n - length - 1] == ' ' && strncmp(one + n - length, word, length) == 0) {
                break;
            }
        }
        bool said = s->voice->zh && colour <= ALERT_COLOUR_BLUE;
        buf_append(s->ret, one, said ? n - strlen(word) - 1 : n);
        buf_puts(s->ret, said ? alert_word_zh(ALERT_COLOURS, colour) : "");
        one += n;
        if (*one == ';') {
            buf_puts(s->ret, s->voice->zh ? "、" : ";");
            one += s->voice->zh && one[1] == ' ' ? 2 : 1;
        }
    }
}
