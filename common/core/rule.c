#include "common/core/rule.h"

#include <string.h>

static const struct rule_fact_words facts[] = {
#define ROW(name, word, zh, type, triggers, meaning) {word, zh, meaning, type, triggers},
    RULE_FACT_LIST(ROW)
#undef ROW
};

static const char *const fact_words[] = {
#define ROW(name, word, zh, type, triggers, meaning) word,
    RULE_FACT_LIST(ROW)
#undef ROW
        NULL};

static const char *const trigger_words[] = {
#define ROW(name, word, zh) word,
    RULE_TRIGGER_LIST(ROW)
#undef ROW
        NULL};

static const struct {
    const char *word, *zh;
    unsigned triggers;
} actions[] = {
#define ROW(name, word, zh, triggers) {word, zh, triggers},
    RULE_ACTION_LIST(ROW)
#undef ROW
};

static const char *const action_words[] = {
#define ROW(name, word, zh, triggers) word,
    RULE_ACTION_LIST(ROW)
#undef ROW
        NULL};

const struct rule_fact_words *rule_fact_words(enum rule_fact fact)
{
    return &facts[fact];
}

const char *rule_trigger_word(enum rule_trigger trigger)
{
    return trigger_words[trigger];
}

const char *rule_trigger_zh(enum rule_trigger trigger)
{
    static const char *const words[] = {
#define ROW(name, word, zh) zh,
        RULE_TRIGGER_LIST(ROW)
#undef ROW
    };

    return words[trigger];
}

bool rule_is_lasting(const char *when)
{
    return strcmp(when, trigger_words[TRIGGER_INCIDENT]) == 0;
}

const char *rule_action_word(enum rule_action_kind action)
{
    return actions[action].word;
}

const char *rule_action_zh(enum rule_action_kind action)
{
    return actions[action].zh;
}

unsigned rule_action_triggers(enum rule_action_kind action)
{
    return actions[action].triggers;
}

const char *const *rule_fact_list(void)
{
    return fact_words;
}

const char *const *rule_trigger_list(void)
{
    return trigger_words;
}

const char *const *rule_action_list(void)
{
    return action_words;
}
