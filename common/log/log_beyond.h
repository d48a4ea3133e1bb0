/* What the derived tables say of records beyond the last one: the log had them once, and was cut. Private to
 * the log. */
#ifndef MUSTER_COMMON_LOG_LOG_BEYOND_H
#define MUSTER_COMMON_LOG_LOG_BEYOND_H

#include <sqlite3.h>
#include <stdint.h>

/* The last record that `touch` of db knows of, if that lies beyond head; else 0, and when it cannot be read.
 * A bit that turned over moves a row there and adds none: db must have more rows than `should`, what follows
 * from the records (NULL: not known). */
uint64_t log_beyond_last(sqlite3 *db, sqlite3 *should, uint64_t head);

/* Takes away what would be mistaken for something of the records to come. A SQLite code. */
int log_beyond_drop(sqlite3 *db, uint64_t head);

#endif
