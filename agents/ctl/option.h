/* What stands on the command line, read by a table: the same table prints --help. Long options only, as
 * "--name value" or "--name=value", but for -o, which is --output; "--" ends them; they may stand among the
 * arguments. */
#ifndef MUSTER_AGENTS_CTL_OPTION_H
#define MUSTER_AGENTS_CTL_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/ctl/ctl.h"
#include "common/base/err.h"

enum {
    OPTION_TEXTS_MAX = 64, /* values of an option that may be repeated */
    OPTION_NAMES_MAX = 64, /* options of one command */
    ARGUMENTS_MAX = 1024   /* a folder of files */
};

enum option_kind {
    OPTION_FLAG,     /* bool: no value */
    OPTION_TEXT,     /* const char * */
    OPTION_TEXTS,    /* struct texts: may be repeated */
    OPTION_COUNT,    /* int64_t >= 0 */
    OPTION_DURATION, /* int64_t milliseconds, "60s", "10 min" */
    OPTION_TIME      /* const char *, a time by its form; moment_parse() of moment.h reads it */
};

struct texts {
    const char *at[OPTION_TEXTS_MAX];
    size_t n;
};

struct option {
    const char *name; /* without the dashes; NULL ends a table */
    enum option_kind kind;
    void *to;          /* as the kind says; keeps its default when the option is not given */
    const char *value; /* what --help calls the value, "FILE" */
    const char *help;
};

struct page {
    const char *usage;   /* "muster incident report --kind KIND ..." */
    const char *summary; /* one or more lines */
    const struct option *options;
    const char *examples; /* lines, each indented by two blanks and ended */
    size_t arguments_min;
    size_t arguments_max; /* at most ARGUMENTS_MAX */
};

struct arguments {
    const char *at[ARGUMENTS_MAX];
    size_t n;
};

/* Texts stay argv's. ERR_USAGE with the remedy, in the language that the words ask for; ret_help true when
 * --help was there (nothing else is then checked). */
int option_parse(const struct page *page, int argc, char **argv, struct arguments *ret, bool *ret_help,
                 struct err *err);

/* The language that the words ask for by --lang, whether they are right or wrong, else the environment's. */
enum lang option_lang(int argc, char **argv);

/* The page as --help shows it, on standard output. */
void option_help(const struct page *page);

/* Both with all that a command does about it: true to go on; false
 * when the command ends with *ret_exit (help was shown, or the usage was wrong and has been said). */
bool option_read(const struct page *page, int argc, char **argv, struct arguments *ret, int *ret_exit);

/* "a,b,c" as words in place: text is a copy that the caller owns. ERR_USAGE for an empty word or more than
 * max; returns 0. */
int option_split(char *text, const char **ret, size_t max, size_t *ret_n, struct err *err);

#endif
