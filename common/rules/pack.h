/* A rule pack: escalation rules of a region and its statutory clocks as data (docs/rules.md), read from YAML
 * text or from a table.
 *
 * A pack is read whole or refused whole, at its first error, with line and column. */
#ifndef MUSTER_COMMON_RULES_PACK_H
#define MUSTER_COMMON_RULES_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/core/command.h"
#include "common/core/rule.h"
#include "common/rules/condition.h"

enum { PACK_BYTES_MAX = PACK_TEXT_MAX, PACK_RULES_MAX = 256, PACK_CLOCKS_MAX = 64, PACK_KINDS_MAX = 256 };

/* FIRST: of the rules of one trigger, the first that holds fires; ALL: each that does, but of those that set
 * the grade the first. */
enum pack_match { MATCH_FIRST, MATCH_ALL };

struct rule {
    const char *name;
    enum rule_trigger trigger;
    const char *text;            /* of the condition; "": always */
    struct condition *condition; /* NULL: always */
    const char *article;         /* of the law, for people; NULL or "": none is named */
    const char *until_text;
    struct condition *until; /* it holds until this does; NULL: until the condition does not */
    int64_t for_ms;          /* so long it must hold before it fires */
    unsigned line, column;   /* of the condition, or the rule; column 0: of a table, where a rule is a row */
    struct rule_action actions[RULE_ACTIONS_MAX];
    size_t actions_n;
    uint64_t terms; /* rule_book: as of struct rule_verdict */
};

struct pack {
    const char *name;
    const char *version;
    const char *title;
    enum pack_match match;
    const char **kinds; /* of incidents that it is for, "mine*": all that begin so; none: it is for all. What
                           is called by its Chinese name has its word first, then that name */
    size_t kinds_n;
    struct rule_clock *clocks; /* in their order; each has a name of its own */
    size_t clocks_n;
    struct rule *rules; /* in their order */
    size_t rules_n;
    struct pack_memory *memory; /* whose texts these are */
};

/* Reads n bytes of UTF-8 as if they were the file `file`, which errors name. The pack's conditions belong to
 * `conditions`, which must outlive it. ERR_CONFIG with place and remedy; ERR_NO_MEMORY. */
int pack_read(const char *file, const char *text, size_t n, struct conditions *conditions, struct pack **ret,
              struct err *err);
/* The same of a file; also the errors of conf_load(). ret_text (may be NULL) is its text in UTF-8, which a
 * table need not be: what pack_read() takes, to be freed with free(). */
int pack_load(const char *path, struct conditions *conditions, struct pack **ret, char **ret_text,
              struct err *err);
void pack_free(struct pack *pack); /* NULL is fine */

/* Whether it is for incidents of a kind; "": the kind is not known, then only a pack for all kinds is. */
bool pack_is_for(const struct pack *pack, const char *kind);
/* The clock of a name, or NULL. The pack's. */
const struct rule_clock *pack_clock(const struct pack *pack, const char *name);

/* What a rule says of the facts that were set. A condition that cannot be calculated is UNKNOWN; ret_why
 * (may be NULL) says why, NULL: because a fact is unknown. */
enum rule_answer rule_ask(const struct rule *rule, const char **ret_why);

/* One of its actions is to set the grade. */
bool rule_sets_grade(const struct rule *rule);

/* The rules of one trigger are asked in their order. Where the first fires, one behind it is passed over;
 * so is a rule that sets the grade behind one that does and holds: an incident has one grade. */
struct pack_asking {
    enum pack_match match; /* the pack's */
    bool over;             /* none is asked any more; to begin with: the pack is not for this */
    bool graded;
};
/* What the next rule says; of one that is passed over NO, and *ret_asked (may be NULL) is false. */
enum rule_answer pack_ask_rule(struct pack_asking *asking, const struct rule *rule, bool *ret_asked);

/* The same of all: `answers` (pack->rules_n of them) is each one's; NO of one of another trigger. */
void pack_ask(const struct pack *pack, enum rule_trigger trigger, enum rule_answer *answers);

#endif
