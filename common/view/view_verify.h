/* Whether a log can be trusted, byte for byte: chain and sequence, that every record decodes, that each
 * command was signed by who might sign at that moment, that counters rise, that what agents have seen of
 * the log is still there, that deciding each command again gives the events that are recorded, and that the
 * tables beside the records (what waits for whom, above all) say what follows from them. */
#ifndef MUSTER_COMMON_VIEW_VIEW_VERIFY_H
#define MUSTER_COMMON_VIEW_VIEW_VERIFY_H

#include "common/core/command.h"
#include "common/log/log_reader.h"

enum { VIEW_FINDINGS_KEPT = 32 };

struct view_finding {
    uint64_t seq; /* 0: of the log as a whole */
    char text[256];
};

struct view_report {
    uint64_t records;
    uint64_t signatures;        /* found good, batch by batch */
    uint64_t unsigned_refusals; /* refused before a signature was found good: not checked */
    uint64_t unchecked;         /* signers whose enrolment is redacted; words said again, whose key changed */
    uint64_t decided_again;     /* with the same outcome */
    uint64_t refused;
    uint64_t redacted;
    uint64_t unknown_events;
    uint64_t authors;
    uint64_t acks;        /* witnesses of the head that agree */
    uint64_t recoveries;  /* epochs that ended by a person's word */
    uint64_t losses;      /* heads that agents brought of what is lost by them */
    struct log_head head; /* of the last record seen */
    bool founded;
    char region[REGION_CODE_MAX + 1];
    uint8_t root_key[KEY_BYTES];
    uint8_t broker_key[KEY_BYTES]; /* under which the broker signs its heads */
    struct hash state_hash;        /* BLAKE2b-256 of the canonical dump */
    bool marked;                   /* something is redacted or unknown: the state is not the whole one */
    bool broken;  /* the chain is, or the tail is gone: what follows the damage was not read */
    bool is_copy; /* of another's log: it has no tables beside the records */
    /* The derived tables were (but touch, while the log is in service); not those of one that is marked or
     * broken, nor while more waits than can be copied in 100 ms. */
    bool compared;
    uint64_t differences; /* in them; the first are among the findings */
    uint64_t bad_seq;     /* the first record that something is wrong with; 0: none */
    bool slots_present;
    uint64_t slot_seq;
    bool live;
    uint64_t bad;                                     /* findings in all */
    struct view_finding findings[VIEW_FINDINGS_KEPT]; /* the first of them */
    size_t findings_n;
};

/* Step by step, for records that come from elsewhere: every record in order of seq, then the end. The chain
 * is for who reads to check. */
struct view_verifier;
/* root_key: KEY_BYTES that the region must have been founded with, or NULL to take the log's own. NULL: out
 * of memory. */
struct view_verifier *view_verifier_new(const uint8_t *root_key);
/* ERR_NO_MEMORY; whatever is wrong with the record is a finding of the report and no error. */
int view_verifier_record(struct view_verifier *verifier, const struct log_record *record, struct err *err);
/* A finding of the caller's own. */
void view_verifier_find(struct view_verifier *verifier, uint64_t seq, const char *text);
int view_verifier_end(struct view_verifier *verifier, struct view_report *ret, struct err *err);
void view_verifier_free(struct view_verifier *verifier);

/* Called now and then, and at the end, with the number of records done; may be NULL. */
struct view_progress {
    void *ctx;
    void (*done)(void *ctx, uint64_t records);
};

/* All of it, for a log. What is wrong with the log is in the report (bad > 0) and the return is 0; an error
 * is one of reading. */
int view_verify(struct log_reader *reader, const uint8_t *root_key, const struct view_progress *progress,
                struct view_report *ret, struct err *err);

#endif
