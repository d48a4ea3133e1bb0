/* The journal's statements, prepared once; for journal*.c only. */
#ifndef MUSTER_AGENTS_LIB_JOURNAL_STATEMENTS_H
#define MUSTER_AGENTS_LIB_JOURNAL_STATEMENTS_H

#include <sqlite3.h>

#include "agents/lib/journal.h"

enum journal_stmt {
    STMT_META,
    STMT_SET_META,
    STMT_RAISE_META,
    STMT_CURSOR,
    STMT_SET_CURSOR,
    STMT_ADD_OUTGOING,
    STMT_RENUMBER,
    STMT_SETTLE,
    STMT_OPEN_OUTGOING,
    STMT_NEWER_OUTGOING,
    STMT_OUTGOING,
    STMT_ADD_ORDER,
    STMT_ORDER,
    STMT_OPEN_ORDERS,
    STMT_SET_SAID,
    STMT_SET_ACKNOWLEDGED,
    STMT_ADD_AMENDMENT,
    STMT_END_ORDER,
    STMT_SET_ORDER_RECORD,
    STMT_SET_NOTE,
    STMT_ADD_RECALL,
    STMT_HAS_RECALL,
    STMT_FORGET_CURSORS,
    STMT_FORGET_HEAD,
    STMT_FORGET_AMENDMENTS,
    STMT_REOPEN,
    STMT_TRIM_RECALLS,
    STMT_TRIM_RECALLS_OVER,
    STMT_TRIM_OUTGOING,
    STMT_TRIM_ORDERS,
    STMT_COUNT
};

struct journal {
    sqlite3 *db;
    char *path;
    unsigned depth;    /* of begin */
    struct buf row;    /* bytes of the order that was read last */
    int undone;        /* the open transaction is over: why its commit will fail; 0: it is not */
    int fault;         /* SQLite's last complaint in it */
    bool was_full;     /* what the open transaction has done is to be taken back, and may not be */
    struct err failed; /* for good; code 0: not */
    sqlite3_stmt *stmts[STMT_COUNT];
};

/* The statement, reset and with no bindings. It stays the journal's. */
int journal_prepare(struct journal *journal, enum journal_stmt which, sqlite3_stmt **ret, struct err *err);
/* One step of a statement that gives no rows; resets it. */
int journal_step(struct journal *journal, sqlite3_stmt *stmt, struct err *err);
void journal_bind(sqlite3_stmt *stmt, int at, struct bytes bytes);
void journal_bind_id(sqlite3_stmt *stmt, int at, struct id id);
/* SQLite's code and words as ours; keeps them when they are for good. */
int journal_fail(struct journal *journal, int rc, struct err *err);
/* Ends a transaction that is open as if it had not been; that it cannot is for good. */
void journal_take_back(struct journal *journal);
/* 0, or what it failed with. */
int journal_check(const struct journal *journal, struct err *err);

#endif
