#include "agents/ctl/rules_kind.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/kind.h"
#include "common/core/words.h"
#include "common/rules/expression.h"

enum { NAMES_MAX = 512 };

struct noting {
    const struct region *region;
    const char *path;
    enum lang lang;
};

const char *kind_nearest(const struct policy *policy, const char *word)
{
    const char *names[NAMES_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; policy != NULL && i < policy->kinds_n && n < NAMES_MAX; i++) {
        names[n++] = policy->kinds[i].kind;
    }
    for (const struct incident_kind *kind = incident_kinds(); kind->word != NULL && n < NAMES_MAX; kind++) {
        names[n++] = kind->word;
    }
    names[n] = NULL;
    const char *near = text_nearest(word, names);
    const struct incident_kind *kind = near == NULL ? incident_kind_near_zh(word) : NULL;
    return kind != NULL ? kind->zh : near;
}

/* "mine*" is known where a kind begins so. */
static bool is_known(const struct noting *noting, const char *word)
{
    size_t n = strcspn(word, "*?[");

    if (word[n] == '\0') {
        return incident_kind_find(word) != NULL || incident_kind_find_zh(word) != NULL ||
               (noting->region != NULL && region_kind(noting->region, word) != NULL);
    }
    const struct policy *policy = noting->region != NULL ? &noting->region->policy : NULL;
    for (size_t i = 0; policy != NULL && i < policy->kinds_n; i++) {
        if (strncmp(policy->kinds[i].kind, word, n) == 0) {
            return true;
        }
    }
    const struct incident_kind *kind = incident_kinds();
    while (kind->word != NULL && strncmp(kind->word, word, n) != 0) {
        kind++;
    }
    return kind->word != NULL;
}

static void note(const struct noting *noting, unsigned line, const char *word)
{
    char place[16] = "", meant[2 * NAME_MAX_BYTES] = "";

    if (is_known(noting, word)) {
        return;
    }
    const char *near = kind_nearest(noting->region != NULL ? &noting->region->policy : NULL, word);
    const struct incident_kind *kind = near != NULL ? incident_kind_find_zh(near) : NULL;
    if (line > 0) {
        (void)snprintf(place, sizeof place, ":%u", line);
    }
    if (kind != NULL) { /* conditions compare the word */
        (void)snprintf(meant, sizeof meant,
                       lang_text(noting->lang, "; did you mean \"%s\" (%s)?", "；是否为 \"%s\"（%s）？"),
                       near, kind->word);
    } else if (near != NULL) {
        (void)snprintf(meant, sizeof meant,
                       lang_text(noting->lang, "; did you mean \"%s\"?", "；是否为 \"%s\"？"), near);
    }
    ctl_note(noting->region != NULL
                 ? lang_text(noting->lang,
                             "%s%s: neither the policy nor the table of kinds has the kind \"%s\"%s",
                             "%s%s：策略和事件类型表中均无类型 \"%s\"%s")
                 : lang_text(noting->lang, "%s%s: the table of kinds does not have the kind \"%s\"%s",
                             "%s%s：事件类型表中无类型 \"%s\"%s"),
             noting->path, place, word, meant);
}

static void note_compared(const struct noting *noting, unsigned line, const char *text)
{
    const char *fact = rule_fact_words(RULE_KIND)->word;
    char word[NAME_MAX_BYTES + 1];
    size_t n = 0, length = strlen(text);

    for (size_t at = expression_compared(text, length, fact, 0, &n); at != SIZE_MAX;
         at = expression_compared(text, length, fact, at, &n)) {
        if (n > 0 && n < sizeof word) {
            (void)snprintf(word, sizeof word, "%.*s", (int)n, text + at);
            note(noting, line, word);
        }
    }
}

void rules_note_kinds(const struct region *region, const struct pack *pack, const char *path, enum lang lang)
{
    struct noting noting = {.region = region, .path = path, .lang = lang};

    for (size_t i = 0; i < pack->kinds_n; i++) {
        note(&noting, 0, pack->kinds[i]);
    }
    for (size_t i = 0; i < pack->rules_n; i++) {
        note_compared(&noting, pack->rules[i].line, pack->rules[i].text);
        note_compared(&noting, pack->rules[i].line, pack->rules[i].until_text);
    }
}
