/* What the files of verify share. */
#ifndef MUSTER_COMMON_VIEW_VIEW_VERIFY_PRIVATE_H
#define MUSTER_COMMON_VIEW_VIEW_VERIFY_PRIVATE_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

#include "common/rules/rule_book.h"
#include "common/view/view.h"
#include "common/view/view_verify.h"

struct author {
    uint64_t counter; /* the highest */
    UT_hash_handle hh;
    char name[];
};

struct view_verifier {
    struct view *view;
    struct arena arena;
    struct rule_book *book; /* what is in force, to decide again */
    const uint8_t *root_key;
    struct author *authors;
    struct hash *hashes; /* of all records: what an Ack has seen may be any */
    size_t hashes_n;
    size_t hashes_capacity;
    struct buf recorded;
    struct buf again;
    struct public_key proven_key; /* the signature found good last: a batch shares one */
    struct hash proven_root;
    struct signature proven;
    bool has_proven;
    bool enrolment_redacted;
    struct log_derived *derived; /* NULL: the tables are not compared */
    struct log_derived *taken;   /* the log's own, while it is in service */
    uint64_t taken_seq;
    struct view_report report;
};

/* view_verify.c */
void view_verify_find(struct view_verifier *verifier, uint64_t seq, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* view_verify_tables.c: before the first record. */
int view_verify_tables_begin(struct view_verifier *verifier, struct log_reader *reader, struct err *err);
/* What follows from the record, once it has been applied. 0, or an error of the
 * tables'. */
int view_verify_derive(struct view_verifier *verifier, const struct view_record *record, struct err *err);
/* All of it beside the log's own; what differs is found. Marked logs and broken ones are not compared. */
int view_verify_tables(struct view_verifier *verifier, struct log_reader *reader, struct err *err);

/* view_verify_signers.c: every signature must be good, by the keys that held then. Sets command->signer and
 * cosigner. */
void view_verify_signatures(struct view_verifier *verifier, uint64_t seq,
                            const struct signed_command *signed_command, struct command *command);
/* Of an order that is issued again: whose words it has. */
void view_verify_said_again(struct view_verifier *verifier, uint64_t seq, const struct command *command);

#endif
