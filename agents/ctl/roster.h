/* Who is to be enrolled when a region is founded, and under which policy: a YAML file.
 *
 *   policy: FILE, or a mapping (rosters/county.yaml has every key with comments)
 *   agents:    - {name: AGENCY/AGENT, rights: [...]}     the region's code is put before the name
 *   operators: - {name: NAME, rights: [...]} */
#ifndef MUSTER_AGENTS_CTL_ROSTER_H
#define MUSTER_AGENTS_CTL_ROSTER_H

#include "common/base/arena.h"
#include "common/conf/conf.h"
#include "common/core/words.h"

enum { ROSTER_MEMBERS_MAX = 8192, POLICY_ENTRIES_MAX = 1024 };

struct roster_member {
    const char *name; /* REGION/AGENCY/AGENT, or the operator's */
    bool is_operator;
    struct words rights;
};

struct roster {
    struct policy policy;
    struct roster_member *members; /* agents first, in the file's order */
    size_t members_n;
};

/* Texts and lists are the arena's. ERR_CONFIG with file, line and column; ERR_NO_INPUT, ERR_PERMISSION. */
int roster_load(const char *path, const char *region, struct arena *arena, struct roster *ret,
                struct err *err);

/* The first agent (or operator) that has the right, NULL: none. */
const struct roster_member *roster_with(const struct roster *roster, bool is_operator, const char *right);

/* Whether it is a right at all: of the list in command.proto, or "order:KIND". */
bool right_is_known(const char *right);
/* The rights as text for an error message. */
const char *rights_list(void);

/* policy.c: a policy's mapping. */
int policy_read(const struct conf_node *map, struct arena *arena, struct policy *ret, struct err *err);

/* A list of scalars under key (absent: none) as words of the arena. */
int conf_words(const struct conf_node *map, const char *key, enum conf_need need, struct arena *arena,
               struct words *ret, struct err *err);

#endif
