#include "common/core/refusal.h"

const char *refusal_word(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOT:
        return "not";
#define REFUSAL_WORD(name, number, word, english, chinese) \
    case name:                                             \
        return word;
        REFUSAL_LIST(REFUSAL_WORD)
#undef REFUSAL_WORD
    }
    return "?";
}

const char *refusal_text(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOT:
        return "not refused";
#define REFUSAL_TEXT(name, number, word, english, chinese) \
    case name:                                             \
        return english;
        REFUSAL_LIST(REFUSAL_TEXT)
#undef REFUSAL_TEXT
    }
    return "refused for a reason that this version does not know";
}

const char *refusal_text_zh(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOT:
        return "未拒绝";
#define REFUSAL_TEXT_ZH(name, number, word, english, chinese) \
    case name:                                                \
        return chinese;
        REFUSAL_LIST(REFUSAL_TEXT_ZH)
#undef REFUSAL_TEXT_ZH
    }
    return "拒绝原因未知";
}
