/* A rule pack: escalation rules of a region as data, read from YAML text (docs/rules.md).
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

enum { PACK_BYTES_MAX = PACK_TEXT_MAX, PACK_RULES_MAX = 1024 };

/* FIRST: of the rules of one trigger, the first that holds fires; ALL: each that does. */
enum pack_match { MATCH_FIRST, MATCH_ALL };

struct rule {
    const char *name;
    enum rule_trigger trigger;
    const char *text;            /* of the condition; "": always */
    struct condition *condition; /* NULL: always */
    struct condition *until;     /* it holds until this does; NULL: until the condition does not */
    int64_t for_ms;              /* so long it must hold before it fires */
    unsigned line;               /* of the condition, or the rule */
    struct rule_action actions[RULE_ACTIONS_MAX];
    size_t actions_n;
};

struct pack {
    const char *name;
    const char *version;
    const char *title;
    enum pack_match match;
    struct rule *rules; /* in their order */
    size_t rules_n;
    struct pack_memory *memory; /* whose texts these are */
};

/* Reads n bytes as if they were the file `file`, which errors name. The pack's conditions belong to
 * `conditions`, which must outlive it. ERR_CONFIG with place and remedy; ERR_NO_MEMORY. */
int pack_read(const char *file, const char *text, size_t n, struct conditions *conditions, struct pack **ret,
              struct err *err);
/* The same of a file; also the errors of conf_load(). */
int pack_load(const char *path, struct conditions *conditions, struct pack **ret, struct err *err);
void pack_free(struct pack *pack); /* NULL is fine */

/* What a rule says of the facts that were set. A condition that cannot be calculated is UNKNOWN; ret_why
 * (may be NULL) says why, NULL: because a fact is unknown. */
enum rule_answer rule_ask(const struct rule *rule, const char **ret_why);

/* Asks the rules of a trigger, in their order: `answers` (pack->rules_n of them) is each one's. A rule of
 * another trigger, and where the first fires one behind it, is not asked: NO. */
void pack_ask(const struct pack *pack, enum rule_trigger trigger, enum rule_answer *answers);

#endif
