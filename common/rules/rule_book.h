/* The rule packs of a region, compiled: what decide() is given to ask (struct rules of common/core/rule.h).
 *
 * A book follows the region that it is asked for: a pack that is new there is compiled when it is first
 * asked, one that is not there any more is forgotten. So it needs no word of what is loaded, evicted or taken
 * back, and what it says follows from the texts alone. One thread. */
#ifndef MUSTER_COMMON_RULES_RULE_BOOK_H
#define MUSTER_COMMON_RULES_RULE_BOOK_H

#include "common/base/err.h"
#include "common/core/region.h"
#include "common/core/rule.h"

struct rule_book;

struct rule_book *rule_book_new(void); /* NULL: out of memory */
/* Packs are read as this version reads them, whatever the log that they are tried on was written by. */
void rule_book_try(struct rule_book *book);
void rule_book_free(struct rule_book *book);

/* What decide() asks; the book's own. */
const struct rules *rule_book_rules(const struct rule_book *book);

/* Compiles what is in force. ERR_CONFIG: this version cannot read a pack, which err names: a broker that
 * would go on without it would be silent where it must speak. ERR_NO_MEMORY. */
int rule_book_check(struct rule_book *book, const struct region *region, struct err *err);

#endif
