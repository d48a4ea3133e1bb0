#include "agents/ctl/find.h"

#include <string.h>

struct finding {
    const struct state *state;
    enum find_what what;
    char text[ID_TEXT]; /* upper case */
    size_t n;
    size_t matches;
    struct id id[2];
    struct id incident;
};

bool find_is_whole(const char *text, struct id *ret)
{
    return id_parse(text, ret) == 0;
}

static bool matches(const struct finding *finding, struct id id)
{
    char text[ID_TEXT];

    (void)id_format(id, text);
    return memcmp(text, finding->text, finding->n) == 0 ||
           memcmp(text + ID_TEXT - 1 - finding->n, finding->text, finding->n) == 0;
}

static void consider(struct finding *finding, struct id id, struct id incident)
{
    if (!matches(finding, id)) {
        return;
    }
    if (finding->matches < 2) {
        finding->id[finding->matches] = id;
        finding->incident = incident;
    }
    finding->matches++;
}

static bool visit(void *ctx, const struct incident *incident)
{
    struct finding *finding = ctx;

    const struct ties *ties = incident->ties;

    if (finding->what == FIND_INCIDENT) {
        consider(finding, incident->id, incident->id);
        for (size_t i = 0; ties != NULL && i < ties->parts_n;
             i++) { /* not open any more, but called by its id */
            if (state_incident(finding->state, ties->parts[i].id) == NULL) {
                consider(finding, ties->parts[i].id, ties->parts[i].id);
            }
        }
        return true;
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        consider(finding, incident->orders[i].id, incident->id);
    }
    return true;
}

/* As id_parse() reads it. */
static char canonical(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    return c == 'I' || c == 'L' ? '1' : c == 'O' ? '0' : c;
}

static int begin(struct finding *finding, const char *text, enum lang lang, struct err *err)
{
    finding->n = strlen(text);
    if (finding->n < FIND_CHARACTERS_MIN || finding->n >= ID_TEXT) {
        return err_set(
            err, ERR_USAGE,
            lang_text(lang, "\"%s\" is no id: give its 26 characters, or 6 and more of its beginning or end",
                      "“%s”不是编号：请给出全部 26 个字符，或开头/结尾的至少 6 个字符"),
            text);
    }
    for (size_t i = 0; i < finding->n; i++) {
        finding->text[i] = canonical(text[i]);
        if (strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", finding->text[i]) == NULL) {
            return err_set(
                err, ERR_USAGE,
                lang_text(lang, "\"%s\" is no id: '%c' does not occur in one", "“%s”不是编号：含有字符“%c”"),
                text, text[i]);
        }
    }
    return 0;
}

int find_by_text(const struct state *state, enum find_what what, const char *text, enum lang lang,
                 struct id *ret, struct id *ret_incident, struct err *err)
{
    struct finding finding = {.state = state, .what = what};
    char first[ID_TEXT];
    char second[ID_TEXT];
    int rc = begin(&finding, text, lang, err);

    if (rc != 0) {
        return rc;
    }
    state_each_incident(state, visit, &finding);
    if (finding.matches == 0) {
        return err_set(err, ERR_NOT_FOUND, "%s \"%s\"",
                       what == FIND_INCIDENT
                           ? lang_text(lang, "no open incident has the id", "没有该编号的未结事件：")
                           : lang_text(lang, "no open incident has an order with the id",
                                       "未结事件中没有该编号的指令："),
                       text);
    }
    if (finding.matches > 1) {
        return err_set(err, ERR_CONFLICT,
                       lang_text(lang, "\"%s\" stands for %zu ids, such as %s and %s: give more characters",
                                 "“%s”对应 %zu 个编号，如 %s 和 %s：请多给几个字符"),
                       text, finding.matches, id_format(finding.id[0], first),
                       id_format(finding.id[1], second));
    }
    *ret = finding.id[0];
    if (ret_incident != NULL) {
        *ret_incident = finding.incident;
    }
    return 0;
}
