#include "common/view/view_warning.h"

#include <string.h>

#include "common/base/err.h"
#include "common/core/warning.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

/* Cancels are at hand for the sake of what comes late, and warn of nothing. */
static size_t sorted(const struct region *region, int64_t now_ms, const struct warning *ret[WARNINGS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < region->warnings_n && n < WARNINGS_MAX; i++) {
        const struct warning *warning = &region->warnings[i];
        size_t at = n;
        if (warning->type == ALERT_TYPE_CANCEL || warning->expires_ms <= now_ms) {
            continue;
        }
        while (at > 0 && (ret[at - 1]->here < warning->here ||
                          (ret[at - 1]->here == warning->here &&
                           warning_compare(warning->colour, warning->severity, ret[at - 1]->colour,
                                           ret[at - 1]->severity) < 0))) {
            ret[at] = ret[at - 1];
            at--;
        }
        ret[at] = warning;
        n++;
    }
    return n;
}

static const char *place(const struct view_voice *voice, const struct warning *warning, struct buf *areas)
{
    if (!warning->here) {
        return PICK(voice, "could not tell", "无法判断");
    }
    if (warning->areas.n == 0) {
        return PICK(voice, "here", "本地");
    }
    buf_reset(areas);
    view_say_words(warning->areas, areas);
    return buf_text(areas);
}

/* With what else its sender has said under its identifier; NULL: nothing, as far as its alert is loaded. */
static const struct alert *dispute(const struct state *state, const struct warning *warning)
{
    const struct alert *alert = state_alert(state, warning->alert);

    return alert != NULL && alert_is_disputed(alert) ? alert : NULL;
}

/* "in force; DISPUTED: yellow, orange" */
static const char *standing(const struct state *state, const struct view_voice *voice,
                            const struct warning *warning, struct buf *ret)
{
    const struct alert *alert = dispute(state, warning);

    buf_reset(ret);
    buf_puts(ret, warning->began ? PICK(voice, "in force", "生效") : PICK(voice, "to come", "未生效"));
    for (size_t i = 0; alert != NULL && i < alert->contents_n; i++) {
        const struct alert_content *content = &alert->contents[i];
        buf_puts(ret, i > 0 ? PICK(voice, ", ", "、") : PICK(voice, "; DISPUTED: ", "；存在争议："));
        buf_puts(ret, view_warning_degree(voice, content->colour, content->severity));
    }
    return buf_text(ret);
}

static void row(const struct state *state, const struct view_voice *voice, const struct warning *warning,
                struct table *table)
{
    char id[VIEW_SHORT_ID], from[VIEW_TIME], until[VIEW_TIME];
    struct buf areas, is;

    buf_init(&areas, 0);
    buf_init(&is, 0);
    table_cell(table, view_short_id(warning->alert, id));
    table_cell(table, view_warning_degree(voice, warning->colour, warning->severity));
    table_cell(table, warning->event);
    table_cell(table, place(voice, warning, &areas));
    table_cell(table, view_time(state, warning->from_ms, from));
    table_cell(table, view_time(state, warning->expires_ms, until));
    table_cell(table, standing(state, voice, warning, &is));
    table_cell(table, view_mode_name(voice, warning->mode));
    table_cell(table, warning->sender);
    table->failed = table->failed || areas.failed || is.failed;
    buf_free(&is);
    buf_free(&areas);
}

/* As the law's colours are; a terminal has no orange of its own. */
static const char *paint(const struct view_voice *voice, enum alert_colour colour)
{
    static const char *const paints[] = {"", "\033[31m", "\033[38;5;208m", "\033[33m", "\033[34m"};

    return voice->color ? paints[colour] : "";
}

int view_warnings(const struct state *state, const struct view_voice *voice, int64_t now_ms, struct buf *ret)
{
    static const char *const en[] = {"ALERT", "LEVEL", "EVENT", "FOR",   "FROM",
                                     "UNTIL", "IS",    "MODE",  "SENDER"};
    static const char *const zh[] = {"预警", "级别", "事件", "范围", "自", "至", "状态", "模式", "发布方"};
    const struct warning *at[WARNINGS_MAX];
    size_t n = sorted(state_region(state), now_ms, at);
    struct table table;
    struct buf plain;

    if (n == 0) {
        return 0;
    }
    table_init(&table, "lllllllll");
    for (size_t i = 0; i < sizeof en / sizeof en[0]; i++) {
        table_cell(&table, voice->zh ? zh[i] : en[i]);
    }
    for (size_t i = 0; i < n; i++) {
        row(state, voice, at[i], &table);
    }
    buf_init(&plain, 0);
    table_show(&table, "", &plain);
    bool fine = !table.failed && !plain.failed;
    const char *line = fine ? buf_text(&plain) : "";
    for (size_t i = 0; *line != '\0'; i++) { /* a line each, behind the headings */
        size_t bytes = strcspn(line, "\n");
        const char *on = i > 0 && i <= n ? paint(voice, at[i - 1]->colour) : "";
        buf_puts(ret, on);
        buf_append(ret, line, bytes);
        buf_puts(ret, on[0] != '\0' ? "\033[0m\n" : "\n");
        line += bytes + (line[bytes] == '\n');
    }
    buf_free(&plain);
    table_free(&table);
    return fine && !ret->failed ? 0 : ERR_NO_MEMORY;
}

static void put_word(struct json *json, const char *key, const char *word)
{
    if (word[0] != '\0') {
        json_text(json, key, word);
    } else {
        json_null(json, key); /* none that is known */
    }
}

/* All that was said under its identifier, when it is disputed. */
static void put_contents(const struct state *state, const struct warning *warning, struct json *json)
{
    const struct alert *alert = dispute(state, warning);

    json_bool(json, "disputed", alert != NULL);
    json_array(json, "contents");
    for (size_t i = 0; alert != NULL && i < alert->contents_n; i++) {
        const struct alert_content *content = &alert->contents[i];
        json_object(json, NULL);
        json_text(json, "type", alert_word(ALERT_TYPES, (int)content->type));
        put_word(json, "colour", warning_word(ALERT_COLOURS, (int)content->colour));
        put_word(json, "severity", warning_word(ALERT_SEVERITIES, (int)content->severity));
        json_number(json, "recorded_ms", content->recorded_at_ms);
        json_number(json, "expires_ms", content->expires_ms);
        json_object_end(json);
    }
    json_array_end(json);
}

void view_json_warnings(const struct state *state, int64_t now_ms, struct buf *ret)
{
    const struct warning *at[WARNINGS_MAX];
    size_t n = sorted(state_region(state), now_ms, at);

    for (size_t i = 0; i < n; i++) {
        const struct warning *warning = at[i];
        struct json json = json_begin(ret);
        json_object(&json, NULL);
        json_id(&json, "alert", warning->alert);
        json_text(&json, "mode", mode_name(warning->mode));
        json_text(&json, "source", alert_word(ALERT_SOURCES, (int)warning->source));
        json_text(&json, "type", alert_word(ALERT_TYPES, (int)warning->type));
        json_text(&json, "sender", warning->sender);
        json_text(&json, "identifier", warning->identifier);
        json_text(&json, "event", warning->event);
        put_word(&json, "colour", warning_word(ALERT_COLOURS, (int)warning->colour));
        put_word(&json, "severity", warning_word(ALERT_SEVERITIES, (int)warning->severity));
        put_word(&json, "urgency", warning_word(ALERT_URGENCIES, (int)warning->urgency));
        put_word(&json, "certainty", warning_word(ALERT_CERTAINTIES, (int)warning->certainty));
        if (warning->here) {
            json_bool(&json, "here", true);
        } else {
            json_null(&json, "here");
        }
        json_words(&json, "areas", warning->areas);
        json_bool(&json, "in_force", warning->began);
        json_number(&json, "sent_ms", warning->sent_ms);
        json_number(&json, "from_ms", warning->from_ms);
        json_number(&json, "onset_ms", warning->onset_ms);
        json_number(&json, "expires_ms", warning->expires_ms);
        put_contents(state, warning, &json);
        json_object_end(&json);
        buf_puts(ret, "\n");
    }
}
