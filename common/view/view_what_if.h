/* What rule packs would have done to a log: its incidents again, under packs that were not, or not so, in
 * force then, through the broker's own decide() and evolve(). Nothing is written.
 *
 * What people said and did is taken from the log: reports, grades and reports that went up are decided
 * again, for they answer what rules ask and meet clocks that rules start; orders and their receipts are
 * taken as they are. What rules did there is left out, and follows anew. The packs that are asked about are
 * in force from the founding on, in place of those of their names; the log's other packs as they were. A
 * deadline that the log had, too, passes when it passed there; any other at its moment.
 *
 * History is told as if it were now: in the order of the times that it names, under the packs that are
 * asked about alone, and beside that under the versions of them that are in force where the log ends. It
 * has no answer times of orders and no reports that went up; what it gives no time of is known from its
 * report on. */
#ifndef MUSTER_COMMON_VIEW_VIEW_WHAT_IF_H
#define MUSTER_COMMON_VIEW_VIEW_WHAT_IF_H

#include "common/log/log_reader.h"
#include "common/rules/pack.h"
#include "common/view/view_say.h"

enum {
    WHAT_IF_SAME_MS =
        1000,           /* two firings less than this apart are at the same time: the broker's own delay */
    WHAT_IF_LISTED = 20 /* differences that a text names when nobody asks for all */
};

/* A pack as it is asked about; all the caller's, and there as long as the question. */
struct what_if_pack {
    const struct pack *pack;
    const char *text;
};

struct what_if_options {
    const struct what_if_pack *packs; /* 1 to REGION_PACKS_MAX, each of a name of its own */
    size_t packs_n;
    enum mode mode;       /* MODE_NONE: all */
    const char *incident; /* the 26 characters of one, or their end (VIEW_SUFFIX_MIN and more); "": all */
};

/* What a rule did as it fired, by the kind of its event. value: a grade, level, region, role, fact or
 * clock. */
struct what_if_deed {
    enum event_kind kind;
    const char *value;
};

struct what_if_firing {
    int64_t at_ms;
    struct id order; /* of an order's trigger; else zero */
    const char *pack, *version, *rule, *when;
    struct seen_fact *seen;
    size_t seen_n;
    struct what_if_deed *deeds;
    size_t deeds_n;
    struct what_if_firing *next;
    struct what_if_firing *other; /* the same one of the log, or of the trial; NULL: there is none */
};

enum what_if_change {
    WHAT_IF_SAME,
    WHAT_IF_OTHERWISE, /* it does something else */
    WHAT_IF_MOVED,     /* ... at another time */
    WHAT_IF_NEW,
    WHAT_IF_GONE,
    WHAT_IF_CHANGES
};

struct what_if_difference {
    enum what_if_change change;
    struct id incident;
    enum mode mode;
    bool history;
    const char *title;                /* of an incident; of history its source and key there */
    const struct what_if_firing *now; /* NULL: gone */
    const struct what_if_firing *was; /* NULL: new */
};

/* Gets each firing, also those that are as they were; by incident, in order of time. May stop with a negative
 * code. */
typedef int what_if_visit(void *ctx, const struct what_if_difference *difference, struct err *err);

struct what_if_rule {
    const char *pack, *rule;
    bool is_given; /* of a pack that is asked about */
    uint64_t fires, incidents;
    uint64_t was_incidents; /* in the log */
    uint64_t changes[WHAT_IF_CHANGES];
};

struct what_if_given {
    const char *name, *version;
    const char *was; /* the version that is in force where the log ends; "": none */
    bool was_ever;   /* one of its name was in force some time */
};

struct what_if_result {
    uint64_t incidents;         /* that were looked at */
    uint64_t history;           /* ... of them brought in by an importer */
    uint64_t fired;             /* incidents with a firing of a pack that is asked about */
    uint64_t was_fired;         /* ... in the log, of a pack of such a name */
    uint64_t differ;            /* incidents in which something is not as it was */
    int64_t from_ms, to_ms;     /* the first and the last report; 0: there is none */
    struct what_if_rule *rules; /* of the packs that are asked about, then others that fired */
    size_t rules_n;
    struct what_if_given given[REGION_PACKS_MAX];
    size_t given_n;
};

struct what_if;

/* ERR_USAGE: packs of one name, or too many; ERR_NO_MEMORY. */
int what_if_new(const struct what_if_options *options, struct what_if **ret, struct err *err);
void what_if_free(struct what_if *w); /* NULL is fine */

/* Every record, in order of seq. ERR_TOO_BIG: with the log's packs more than REGION_PACKS_MAX would be in
 * force; ERR_CORRUPT, ERR_NO_MEMORY. */
int what_if_record(struct what_if *w, const struct log_record *record, struct err *err);

/* After the last one: reads history again from the log, one incident at a time, and gives every firing to
 * visit. ERR_NOT_FOUND, ERR_CONFLICT: of options->incident. What visit said, or an error of reading. */
int what_if_end(struct what_if *w, struct log_reader *reader, what_if_visit *visit, void *ctx,
                struct err *err);

/* After the end; both live as long as the question. The state is for names and times alone. */
const struct what_if_result *what_if_result(const struct what_if *w);
const struct state *what_if_state(const struct what_if *w);

/* The result for people: what it is about, and a table of the rules. */
void what_if_text(const struct what_if_result *result, const struct state *state,
                  const struct view_voice *voice, struct buf *ret);
/* One difference, a line; escaped. */
void what_if_line(const struct what_if_difference *difference, const struct state *state,
                  const struct view_voice *voice, struct buf *ret);
/* One JSON object a line: of a firing "firing", of the result "summary". */
void what_if_json(const struct what_if_difference *difference, struct buf *ret);
void what_if_summary_json(const struct what_if_result *result, struct buf *ret);

const char *what_if_change_word(enum what_if_change change);

#endif
