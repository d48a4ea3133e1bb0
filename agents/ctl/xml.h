/* XML from strangers, read with libxml2 into a tree and nothing more: no document type declaration (so no
 * entities of its own), nothing fetched, bounded in size and depth. One thread.
 *
 * An error is one line, "FILE:LINE: why", kept in the reader: after the first, all calls answer as if nothing
 * were there, so who reads asks once at the end. */
#ifndef MUSTER_AGENTS_CTL_XML_H
#define MUSTER_AGENTS_CTL_XML_H

#include <libxml/tree.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/crypto/crypto.h"

enum { XML_DEPTH_MAX = 24 }; /* CAP needs 5, a signature in it 8 */

struct xml_reader {
    const char *file;
    struct arena *arena; /* of the texts */
    struct err *err;
    int rc; /* ERR_DATA or ERR_NO_MEMORY */
};

/* Free with xmlFreeDoc(). ERR_DATA, ERR_NO_MEMORY. */
int xml_parse(const char *file, const char *text, size_t n, xmlDoc **ret, struct err *err);

/* The first error counts; returns its code. */
int xml_fail(struct xml_reader *reader, const xmlNode *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An element of this name; ns NULL: of no namespace. */
bool xml_is(const xmlNode *node, const char *ns, const char *name);
/* The next one of that name, `at` itself included; NULL at the end. */
const xmlNode *xml_next(const xmlNode *at, const char *ns, const char *name);
/* The child of that name, NULL when there is none; two are an error. */
const xmlNode *xml_child(struct xml_reader *reader, const xmlNode *parent, const char *ns, const char *name);

/* What stands in the element, without white space around it; elements in it are an error, and so is a text of
 * more than `max` bytes. "" for none and for NULL. */
const char *xml_text(struct xml_reader *reader, const xmlNode *node, size_t max);
/* The same, with each run of white space within as one blank. */
const char *xml_line(struct xml_reader *reader, const xmlNode *node, size_t max);

/* Elements, attributes and texts of a tree, whatever its layout, prefixes and encoding; without the elements
 * of namespace `without`. */
struct hash xml_hash(const xmlNode *node, const char *without);

#endif
