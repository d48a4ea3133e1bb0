#include "agents/ctl/xml.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"

/* --- parsing --------------------------------------------------------------------------------------- */

/* Comes before anything of the declaration is read, so nothing in it is ever looked at. */
static void refuse_declaration(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *parser = ctx;

    (void)name;
    (void)external;
    (void)system;
    *(int *)parser->_private = xmlSAX2GetLineNumber(parser);
    xmlStopParser(parser);
}

/* What libxml2 would print: it is kept in the parser, too, and said from there. */
static void keep_quiet(void *ctx, xmlError *why)
{
    (void)ctx;
    (void)why;
}

/* Walks without recursion; the line of the first element that is too deep, or 0. */
static long too_deep(const xmlDoc *doc)
{
    const xmlNode *node = xmlDocGetRootElement(doc);
    int depth = 1;

    while (node != NULL) {
        if (depth > XML_DEPTH_MAX) {
            return xmlGetLineNo(node);
        }
        if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
            node = node->children;
            depth++;
            continue;
        }
        while (node != NULL && node->next == NULL) {
            node = node->parent != NULL && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
            depth--;
        }
        node = node != NULL ? node->next : NULL;
    }
    return 0;
}

static int fail_parse(const char *file, xmlParserCtxt *parser, int declared, struct err *err)
{
    const xmlError *why = xmlCtxtGetLastError(parser);

    if (declared > 0) {
        return err_set(err, ERR_DATA,
                       "%s:%d: a document type declaration; entities are neither read nor fetched", file,
                       declared);
    }
    if (why != NULL && why->code == XML_ERR_NO_MEMORY) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", file);
    }
    if (why == NULL || why->message == NULL) {
        return err_set(err, ERR_DATA, "%s: not XML", file);
    }
    return err_set(err, ERR_DATA, "%s:%d: not well-formed: %.*s", file, why->line,
                   (int)strcspn(why->message, "\n"), why->message);
}

int xml_parse(const char *file, const char *text, size_t n, xmlDoc **ret, struct err *err)
{
    enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES };
    xmlParserCtxt *parser = n <= INT_MAX ? xmlNewParserCtxt() : NULL;
    int declared = 0, rc = 0;

    if (parser == NULL) {
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", file);
    }
    parser->_private = &declared;
    parser->sax->internalSubset = refuse_declaration;
    xmlSetStructuredErrorFunc(NULL, keep_quiet); /* of this thread: encodings do not heed the options */
    xmlDoc *doc = xmlCtxtReadMemory(parser, text, (int)n, NULL, NULL, OPTIONS);
    xmlSetStructuredErrorFunc(NULL, NULL);
    if (doc == NULL || declared > 0 || xmlDocGetRootElement(doc) == NULL) {
        rc = fail_parse(file, parser, declared, err);
    } else if (too_deep(doc) > 0) {
        rc = err_set(err, ERR_DATA, "%s:%ld: elements within elements, more than %d deep", file,
                     too_deep(doc), XML_DEPTH_MAX);
    }
    xmlFreeParserCtxt(parser);
    if (rc != 0) {
        xmlFreeDoc(doc);
        return rc;
    }
    *ret = doc;
    return 0;
}

/* --- reading --------------------------------------------------------------------------------------- */

int xml_fail(struct xml_reader *reader, const xmlNode *at, const char *format, ...)
{
    char why[384];
    va_list args;

    if (reader->rc == 0) {
        va_start(args, format);
        (void)vsnprintf(why, sizeof why, format, args);
        va_end(args);
        reader->rc = err_set(reader->err, ERR_DATA, "%s:%ld: %s", reader->file, xmlGetLineNo(at), why);
    }
    return reader->rc;
}

static void fail_memory(struct xml_reader *reader)
{
    if (reader->rc == 0) {
        reader->rc = err_set(reader->err, ERR_NO_MEMORY, "%s: out of memory", reader->file);
    }
}

static const char *chars(const xmlChar *text)
{
    return text != NULL ? (const char *)text : "";
}

static const char *ns_of(const xmlNode *node)
{
    return node->ns != NULL ? chars(node->ns->href) : "";
}

bool xml_is(const xmlNode *node, const char *ns, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp(chars(node->name), name) == 0 &&
           strcmp(ns_of(node), ns != NULL ? ns : "") == 0;
}

const xmlNode *xml_next(const xmlNode *at, const char *ns, const char *name)
{
    while (at != NULL && !xml_is(at, ns, name)) {
        at = at->next;
    }
    return at;
}

const xmlNode *xml_child(struct xml_reader *reader, const xmlNode *parent, const char *ns, const char *name)
{
    const xmlNode *found = reader->rc == 0 ? xml_next(parent->children, ns, name) : NULL;
    const xmlNode *again = found != NULL ? xml_next(found->next, ns, name) : NULL;

    if (again != NULL) {
        (void)xml_fail(reader, again, "<%s> is given twice", name);
    }
    return found;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* All of it, as one piece. */
static bool gather(struct xml_reader *reader, const xmlNode *node, struct buf *ret)
{
    for (const xmlNode *part = node->children; part != NULL; part = part->next) {
        if (is_text(part)) {
            buf_puts(ret, chars(part->content));
        } else if (part->type != XML_COMMENT_NODE && part->type != XML_PI_NODE) {
            (void)xml_fail(reader, part, "<%s> holds <%s>, where a text is wanted", chars(node->name),
                           chars(part->name));
            return false;
        }
    }
    if (ret->failed) {
        fail_memory(reader);
    }
    return !ret->failed;
}

static const char *text_of(struct xml_reader *reader, const xmlNode *node, size_t max, bool one_line)
{
    struct buf all;
    const char *ret = "";

    if (node == NULL || reader->rc != 0) {
        return ret;
    }
    buf_init(&all, 0);
    if (gather(reader, node, &all) && all.n > 0) {
        size_t from = 0, n = 0;
        char *at = (char *)all.p;
        for (; from < all.n && is_blank(at[from]); from++) {
        }
        for (; from < all.n; from++) {
            bool again = one_line && n > 0 && is_blank(at[from]) && at[n - 1] == ' ';
            if (!again) {
                at[n++] = one_line && is_blank(at[from]) ? ' ' : at[from];
            }
        }
        for (; n > 0 && is_blank(at[n - 1]); n--) {
        }
        if (n > max) {
            (void)xml_fail(reader, node, "<%s> has %zu bytes; %zu are the most", chars(node->name), n, max);
        } else if (n > 0) {
            ret = arena_text(reader->arena, at, n);
        }
    }
    buf_free(&all);
    if (ret == NULL) {
        fail_memory(reader);
        return "";
    }
    return ret;
}

const char *xml_text(struct xml_reader *reader, const xmlNode *node, size_t max)
{
    return text_of(reader, node, max, false);
}

const char *xml_line(struct xml_reader *reader, const xmlNode *node, size_t max)
{
    return text_of(reader, node, max, true);
}

/* --- telling contents apart ------------------------------------------------------------------------ */

static void hash_text(struct hash_stream *stream, const xmlChar *text)
{
    hash_add(stream, chars(text), strlen(chars(text)) + 1);
}

/* The words with one blank between them: what lines they were broken into says nothing. */
static void hash_words(struct hash_stream *stream, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, " \t\r\n");
        if (n > 0) {
            hash_add(stream, text, n);
            hash_add(stream, " ", 1);
        }
        text += n;
        text += strspn(text, " \t\r\n");
    }
}

/* As deep as xml_parse() let pass. */
static void hash_element(struct hash_stream *stream, const xmlNode *node, const char *without)
{
    hash_add(stream, "<", 1);
    hash_add(stream, ns_of(node), strlen(ns_of(node)) + 1);
    hash_text(stream, node->name);
    for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next) {
        hash_add(stream, "@", 1);
        hash_text(stream, attribute->name);
        for (const xmlNode *part = attribute->children; part != NULL; part = part->next) {
            hash_words(stream, chars(part->content));
        }
    }
    for (const xmlNode *part = node->children; part != NULL; part = part->next) {
        if (is_text(part)) {
            hash_words(stream, chars(part->content));
        } else if (part->type == XML_ELEMENT_NODE && strcmp(ns_of(part), without) != 0) {
            hash_element(stream, part, without);
        }
    }
    hash_add(stream, ">", 1);
}

struct hash xml_hash(const xmlNode *node, const char *without)
{
    struct hash_stream stream;

    hash_start(&stream);
    hash_element(&stream, node, without);
    return hash_end(&stream);
}
