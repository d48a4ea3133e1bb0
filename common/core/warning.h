/* Warnings at hand 预警: of the alerts that were recorded those that are, or will be, in force and may
 * concern this region. They stand in the region's stream, so that rules can be asked about them at any time.
 *
 *             from_ms                   expires_ms, a cancel, an update, or no room
 *   (taken) ----------> in force ------------------------------------------------> (gone)
 *
 * What an alert refers to it replaces (CAP 1.2: Update) or ends (Cancel), also what comes in only after it.
 * Whether it is for here follows from the codes of its areas (GB/T 2260, with 6, 9 or 12 digits; in the
 * national dialect, GB/T 35965, without a name): the region's own, one above it or one within it. Where an
 * area has no such code, as with a polygon, it cannot be told, for no position of the region is known. What
 * is certainly for elsewhere is not at hand. */
#ifndef MUSTER_COMMON_CORE_WARNING_H
#define MUSTER_COMMON_CORE_WARNING_H

#include "common/core/alert.h"
#include "common/core/rule.h"

enum {
    WARNINGS_MAX = 64, /* of a region: some 600 B each; what is for here and grave goes before the rest */
    WARNING_REPLACES_MAX = 32,
    WARNING_AREAS_MAX = 64,
    WARNING_TOLD_MAX = 16,              /* roles, of more than one rule */
    WARNINGS_TEXT_MAX = 1024,           /* bytes of the fact that names all of them */
    WARNING_LIFE_MS = 24 * 3600 * 1000, /* of one that does not say when it ends: CAP leaves it to us */
    INCIDENTS_ASKED_MAX = 64            /* in one record, when a warning changes */
};

/* Why it is no more at hand. */
enum warning_end {
    WARNING_END_NONE = 0,
    WARNING_EXPIRED = 1,
    WARNING_REPLACED = 2,  /* by an update, which may be for elsewhere */
    WARNING_CANCELLED = 3, /* 解除 */
    WARNING_NO_ROOM = 4    /* for it: graver ones, or ones that are for here, are too many */
};

struct warning {
    struct id alert;
    enum mode mode;
    enum alert_source source;
    enum alert_type type; /* CANCEL: it is at hand only against what it cancels and was not there yet */
    const char *sender;   /* texts interned */
    const char *identifier;
    const char *event;
    enum alert_urgency urgency;
    enum alert_severity severity;
    enum alert_certainty certainty;
    enum alert_colour colour; /* NONE: it names none, and none follows from its severity */
    bool here;                /* else it could not be told */
    struct words areas;       /* codes within the region; none: all of it, or not known */
    int64_t sent_ms;
    int64_t from_ms; /* in force from then on */
    int64_t onset_ms;
    int64_t expires_ms; /* never 0 */
    struct id *replaces;
    size_t replaces_n;
    bool began;        /* it was told that it is in force */
    bool asked;        /* rules were asked about it */
    struct words told; /* roles that a rule has told of it, or of what it replaces */
};

struct region;
struct incident;
struct arena;
struct names;
struct seen_fact;

/* --- its events ------------------------------------------------------------------------------------ */

struct warning_step { /* taken, began, fired, ended */
    struct id alert;
    enum mode mode;
    enum alert_source source;
    enum alert_type type;
    const char *sender;
    const char *identifier;
    const char *event; /* what it warns of */
    enum alert_urgency urgency;
    enum alert_severity severity;
    enum alert_certainty certainty;
    enum alert_colour colour;
    bool here;          /* its areas cover the region, or lie in it; else it could not be told */
    struct words areas; /* the codes of what it covers within the region; none: all of it, or not known */
    int64_t sent_ms;
    int64_t from_ms;
    int64_t onset_ms;
    int64_t expires_ms;
    const struct id *replaces; /* taken: what it updates or cancels, and what that did */
    size_t replaces_n;
    bool began;           /* taken: it goes on where what it replaces was in force */
    bool asked;           /* ... and no rule is asked again: it is no graver */
    bool asks;            /* open incidents are to be asked about it */
    enum warning_end why; /* ended */
    const char *pack;     /* fired, to its roles */
    const char *version;
    const char *rule;
    const struct seen_fact *seen;
    size_t seen_n;
    struct words
        roles; /* who is notified; taken: who was told of what it replaces; ended: who is told of it */
};

struct warnings_heeded {
    uint32_t turn; /* of the region, up to which every open incident was asked */
};

/* --- asking --------------------------------------------------------------------------------------- */

/* What a rule reads: "red" to "blue", "extreme" to "minor", ...; "": it says none that can be known. */
const char *warning_word(enum alert_list list, int value);
/* The words of such a fact, NULL-terminated, as `warning_colour` has them; within an incident there is "none"
 * too. NULL: it is no such fact, or any text. */
const char *const *warning_fact_words(enum rule_fact fact);
/* One of them by its Chinese name (红色, 红); NULL: it is none. */
const char *warning_fact_word_zh(enum rule_fact fact, const char *zh);
/* "expired", ...; "?" for none. */
const char *warning_end_word(enum warning_end why);
const char *warning_end_zh(enum warning_end why);

/* Negative: `a` is graver than `b`, by colour, or where one of them has none by severity. */
int warning_compare(enum alert_colour a_colour, enum alert_severity a, enum alert_colour b_colour,
                    enum alert_severity b);

struct warning *region_warning(const struct region *region, struct id alert);
/* Adds the roles to those of `at`, which has room for WARNING_TOLD_MAX: of more, the centres are told. */
void warning_add_told(const char **at, size_t *n, struct words roles);
/* It is in force then, and no cancel. */
bool warning_is_in_force(const struct warning *warning, int64_t now_ms);
/* The alert was replaced, or cancelled, before it came in. */
bool region_warning_is_over(const struct region *region, struct id alert);
/* When something is to be said of it next. */
int64_t warning_due(const struct warning *warning);
/* The same of all; 0: never. */
int64_t region_warnings_due(const struct region *region);

/* What rules of an incident may ask of the warnings in force: those of its mode that are for here, and, where
 * another region opened it, for there. Texts are the arena's or the state's. False: no memory. */
bool warnings_know(struct rule_facts *ret, const struct region *region, const struct incident *incident,
                   int64_t now_ms, struct arena *arena);
/* What a rule about the warning itself may ask. */
void warning_know(struct rule_facts *ret, const struct region *region, const struct warning *warning);
/* The bits 1 << enum rule_fact of the former. */
uint64_t warning_facts(void);

void warnings_free(struct region *region);
void warnings_mark(const struct region *region, struct names *names);

#endif
