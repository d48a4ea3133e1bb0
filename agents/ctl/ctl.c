#include "agents/ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/ctl/saying.h"
#include "common/base/text.h"

enum { LINE_MAX_BYTES = 1024 };

int lang_choose(const char *word, enum lang *ret, struct err *err)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    if (word != NULL && word[0] != '\0') {
        if (strcmp(word, "zh") != 0 && strcmp(word, "en") != 0) {
            return err_set(err, ERR_USAGE, "--lang %s: the languages are en and zh", word);
        }
        *ret = word[0] == 'z' ? LANG_ZH : LANG_EN;
        return 0;
    }
    *ret = LANG_EN;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            *ret = strncmp(value, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
            return 0;
        }
    }
    return 0;
}

const char *lang_text(enum lang lang, const char *english, const char *chinese)
{
    return lang == LANG_ZH ? chinese : english;
}

static void say(const char *prefix, const char *text)
{
    char line[LINE_MAX_BYTES];

    (void)text_escape_into(line, sizeof line, text, strlen(text));
    (void)fflush(stdout);
    (void)fprintf(stderr, "muster: %s%s\n", prefix, line);
}

/* Of the language that the environment names, where main() puts that of --lang. */
static bool speaks_chinese(void)
{
    enum lang lang;

    return lang_choose("", &lang, NULL) == 0 && lang == LANG_ZH;
}

int ctl_fail(const struct err *err)
{
    const char *text = err->text[0] != '\0' ? err->text : err_string(err->code);
    char chinese[VIEW_SAYING_TEXT];

    if (speaks_chinese()) {
        text = ctl_saying_zh(text, chinese);
    }
    say("", text);
    return err_exit_code(err->code);
}

int ctl_fail_text(int code, const char *format, ...)
{
    struct err err = {.code = code, .text = ""};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    return ctl_fail(&err);
}

void ctl_note(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(speaks_chinese() ? "提示：" : "note: ", text);
}

bool ctl_has_colour(void)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

int ctl_end_output(void)
{
    bool failed = fflush(stdout) != 0;
    int why = errno;

    if (!failed && !ferror(stdout)) {
        return EXIT_OK;
    }
    if (failed && why == EPIPE) {
        return err_exit_code(ERR_IO); /* the reader has gone: it needs no word */
    }
    return ctl_fail_text(ERR_IO, "standard output: %s", failed ? strerror(why) : "cannot be written");
}
