#include "agents/ctl/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/moment.h"
#include "common/base/text.h"
#include "common/base/when.h"

enum { HELP_COLUMN = 26 };

static const struct option *find(const struct page *page, const char *name, size_t n)
{
    for (const struct option *option = page->options; option->name != NULL; option++) {
        if (strlen(option->name) == n && memcmp(option->name, name, n) == 0) {
            return option;
        }
    }
    return NULL;
}

/* Names as somebody types them, so that a missing dash costs nothing. */
static int unknown(const struct page *page, const char *word, struct err *err)
{
    const char *names[OPTION_NAMES_MAX + 2];
    char name[64];
    size_t n = 0;

    for (const struct option *option = page->options; option->name != NULL && n < OPTION_NAMES_MAX;
         option++) {
        names[n++] = option->name;
    }
    names[n++] = "help";
    names[n] = NULL;
    while (*word == '-') {
        word++;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *near = text_nearest(name, names);
    if (near != NULL) {
        return err_set(err, ERR_USAGE, "unknown option --%s; did you mean --%s?", name, near);
    }
    return err_set(err, ERR_USAGE, "unknown option --%s; --help lists the options", name);
}

static int take_count(const struct option *option, const char *value, struct err *err)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0) {
        return err_set(err, ERR_USAGE, "--%s %s: a whole number, 0 or more, is wanted", option->name, value);
    }
    *(int64_t *)option->to = n;
    return 0;
}

static int take(const struct option *option, const char *value, enum lang lang, struct err *err)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->to = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)option->to = value;
        return 0;
    case OPTION_TEXTS: {
        struct texts *texts = option->to;
        if (texts->n == OPTION_TEXTS_MAX) {
            return err_set(err, ERR_USAGE, "--%s is given more than %d times", option->name,
                           OPTION_TEXTS_MAX);
        }
        texts->at[texts->n++] = value;
        return 0;
    }
    case OPTION_COUNT:
        return take_count(option, value, err);
    case OPTION_DURATION:
        if (when_parse_duration(value, option->to) != 0) {
            return err_set(err, ERR_USAGE, "--%s %s: a duration is wanted, such as 60s or \"10 min\"",
                           option->name, value);
        }
        return 0;
    case OPTION_TIME:
        *(const char **)option->to = value;
        return moment_form(value) != MOMENT_NONE ? 0 : moment_refuse(option->name, value, lang, err);
    }
    return ERR_SOFTWARE;
}

/* One option at argv[*at]; leaves *at on the last word that belongs to it. */
static int parse_option(const struct page *page, int argc, char **argv, int *at, enum lang lang,
                        struct err *err)
{
    const char *word = strcmp(argv[*at], "-o") == 0 ? "--output" : argv[*at];
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    const struct option *option =
        strncmp(word, "--", 2) == 0
            ? find(page, name, equals != NULL ? (size_t)(equals - name) : strlen(name))
            : NULL;

    if (option == NULL) {
        return unknown(page, argv[*at], err);
    }
    if (option->kind == OPTION_FLAG) {
        if (equals != NULL) {
            return err_set(err, ERR_USAGE, "--%s takes no value", option->name);
        }
        return take(option, "", lang, err);
    }
    if (equals != NULL) {
        return take(option, equals + 1, lang, err);
    }
    if (*at + 1 >= argc) {
        return err_set(err, ERR_USAGE, "--%s needs a value: %s", option->name, option->value);
    }
    (*at)++;
    return take(option, argv[*at], lang, err);
}

enum lang option_lang(int argc, char **argv)
{
    const char *word = "";
    enum lang lang;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0) {
            word = argv[i] + 7;
        } else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            word = argv[i + 1];
        }
    }
    return lang_choose(word, &lang, NULL) == 0 || lang_choose("", &lang, NULL) == 0 ? lang : LANG_EN;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int option_parse(const struct page *page, int argc, char **argv, struct arguments *ret, bool *ret_help,
                 struct err *err)
{
    enum lang lang = option_lang(argc, argv);
    struct arguments found = {.n = 0};
    bool ended = false;

    *ret_help = asks_help(argc, argv);
    if (*ret_help) {
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            int rc = parse_option(page, argc, argv, &i, lang, err);
            if (rc != 0) {
                return rc;
            }
        } else if (found.n == page->arguments_max || found.n == ARGUMENTS_MAX) {
            return err_set(err, ERR_USAGE, "\"%s\" is one argument too many; usage: %s", argv[i],
                           page->usage);
        } else {
            found.at[found.n++] = argv[i];
        }
    }
    if (found.n < page->arguments_min) {
        return err_set(err, ERR_USAGE, "an argument is missing; usage: %s", page->usage);
    }
    *ret = found;
    return 0;
}

void option_help(const struct page *page)
{
    char left[128];

    printf("usage: %s\n\n%s\n\noptions:\n", page->usage, page->summary);
    for (const struct option *option = page->options; option->name != NULL; option++) {
        (void)snprintf(left, sizeof left, "--%s%s%s", option->name, option->value != NULL ? " " : "",
                       option->value != NULL ? option->value : "");
        if (text_columns(left) + 2 > HELP_COLUMN) {
            printf("  %s\n  %*s%s\n", left, HELP_COLUMN, "", option->help);
        } else {
            printf("  %-*s%s\n", HELP_COLUMN, left, option->help);
        }
    }
    printf("  %-*s%s\n", HELP_COLUMN, "--help", "this page");
    if (page->examples != NULL) {
        printf("\nexamples:\n%s", page->examples);
    }
}

bool option_read(const struct page *page, int argc, char **argv, struct arguments *ret, int *ret_exit)
{
    struct err err = {0};
    bool help;

    if (option_parse(page, argc, argv, ret, &help, &err) != 0) {
        *ret_exit = ctl_fail(&err);
        return false;
    }
    if (help) {
        option_help(page);
        *ret_exit = ctl_end_output();
        return false;
    }
    return true;
}

int option_split(char *text, const char **ret, size_t max, size_t *ret_n, struct err *err)
{
    size_t n = 0;

    for (char *at = text; at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (*at == '\0') {
            return err_set(err, ERR_USAGE, "a list such as a,b,c has an empty word");
        }
        if (n == max) {
            return err_set(err, ERR_USAGE, "a list has more than %zu words", max);
        }
        ret[n++] = at;
        at = comma != NULL ? comma + 1 : NULL;
    }
    *ret_n = n;
    return 0;
}
