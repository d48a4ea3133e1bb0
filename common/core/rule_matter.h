/* What rules are asked about, and what is known of it: for rule_*.c alone. */
#ifndef MUSTER_COMMON_CORE_RULE_MATTER_H
#define MUSTER_COMMON_CORE_RULE_MATTER_H

#include "common/core/decide_private.h"

struct matter {
    struct incident after; /* a copy, as the events so far leave it; its lists are the state's */
    enum rule_trigger trigger;
    const struct order *order; /* of an order's trigger, and of what is short for it */
    const char *request;       /* of a request's */
    const char *clock;         /* of a clock's */
    const char *ability;       /* that is short */
    int64_t free;              /* units that have it, all the same */
    int64_t waited_since_ms;   /* of all but the last */
    int64_t orders_open, orders_silent;
    struct rule_facts facts;
    const struct rule_verdict *verdicts; /* of this round */
    size_t verdicts_n;
    size_t fired, bytes; /* of the record so far, by what rules say */
    bool changed;        /* by a rule's action: ask again */
};

/* The incident, as the record so far leaves it. */
struct matter matter_of(const struct deciding *d, const struct incident *incident, enum rule_trigger trigger);
/* What an event of this record makes of the incident, as far as rules ask for it. */
void matter_see(struct matter *m, const struct event *event);
/* Sets the facts. */
void matter_know(struct deciding *d, struct matter *m);

enum { VALUE_TEXT_MAX = 32 };

/* The facts of these bits as a reason keeps them, in the arena; a text is as long as it is, a number shorter
 * than VALUE_TEXT_MAX. */
const struct seen_fact *matter_seen(struct deciding *d, uint64_t bits, const struct rule_facts *facts,
                                    size_t *ret_n);

/* "PACK/RULE", in the arena. */
const char *matter_reason(struct deciding *d, const struct rule_verdict *v);
/* The grade came with a merge that was taken back, or the rule that said it does not hold any more: doubts
 * it by the rules that hold, or asks a person where none does. `whole`: every rule was asked. May ask them
 * again: the verdicts of the matter are void. */
void decide_regrade(struct deciding *d, struct matter *m, bool whole);

/* What the grade would be if a count were reckoned otherwise, where that is news. Asks the rules again: the
 * verdicts of the matter are void. */
void decide_otherwise(struct deciding *d, struct matter *m);
/* The rules would make it graver than that if what was corrected late counted. So, too. */
bool decide_counts_late(struct deciding *d, const struct matter *m, enum grade than);

/* A kind that no pack in force grades: asks a person, once. To be called when every rule was asked. */
void decide_ask_grade(struct deciding *d, struct matter *m);

#endif
