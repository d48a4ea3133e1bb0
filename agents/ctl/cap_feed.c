/* Atom feeds (RFC 4287) whose entries bear CAP's words: an index, which says less than an alert, and of which
 * no more is kept than it says. No link is followed. */
#include <string.h>

#include "agents/ctl/cap_private.h"

#define ATOM "http://www.w3.org/2005/Atom"

static const char *const versions[] = {"urn:oasis:names:tc:emergency:cap:1.1",
                                       "urn:oasis:names:tc:emergency:cap:1.2"};

static const char *atom_line(struct cap_reading *r, const xmlNode *parent, const char *name, size_t max)
{
    return xml_line(&r->xml, xml_child(&r->xml, parent, ATOM, name), max);
}

/* RFC 4287, 4.2.1: an entry without an author has the feed's. */
static const char *author(struct cap_reading *r, const xmlNode *feed, const xmlNode *entry)
{
    const xmlNode *node = xml_next(entry->children, ATOM, "author");

    node = node != NULL ? node : xml_next(feed->children, ATOM, "author");
    return node != NULL ? atom_line(r, node, "name", ALERT_NAME_MAX) : "";
}

/* RFC 4287, 4.2.7: the first link is the entry's own, unless it says otherwise. */
static const char *link(struct cap_reading *r, const xmlNode *entry)
{
    const xmlNode *node = xml_next(entry->children, ATOM, "link");
    xmlChar *href = node != NULL ? xmlGetNoNsProp(node, (const xmlChar *)"href") : NULL;
    const char *ret = "";

    if (href != NULL && strlen((const char *)href) <= TEXT_MAX_BYTES) {
        ret = arena_strdup(r->xml.arena, (const char *)href);
    }
    xmlFree(href);
    if (ret == NULL) {
        r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
        return "";
    }
    return ret;
}

/* --- codes ----------------------------------------------------------------------------------------- */

/* NOAA writes several pairs of name and value in one geocode, whatever their namespace, and several codes,
 * with blanks between them, in one value. */
static size_t add_codes(struct cap_reading *r, const xmlNode *at, const char *name, const char *text,
                        struct alert_code *codes, size_t n)
{
    while (*text != '\0' && r->xml.rc == 0) {
        size_t length = strcspn(text, " ");
        if (n == ALERT_GEOCODES_MAX) {
            (void)xml_fail(&r->xml, at, "more than %d codes of places", ALERT_GEOCODES_MAX);
        } else if (length > NAME_MAX_BYTES) {
            (void)xml_fail(&r->xml, at, "a code of a place of more than %d bytes", NAME_MAX_BYTES);
        } else {
            const char *value = arena_text(r->xml.arena, text, length);
            codes[n++] = (struct alert_code){.name = name, .value = value != NULL ? value : ""};
            if (value == NULL) {
                r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
            }
        }
        text += length;
        text += *text == ' ';
    }
    return n;
}

static size_t geocode(struct cap_reading *r, const xmlNode *node, struct alert_code *codes, size_t n)
{
    const char *name = "";

    for (const xmlNode *part = node->children; part != NULL && r->xml.rc == 0; part = part->next) {
        if (part->type != XML_ELEMENT_NODE) {
            continue;
        }
        if (strcmp((const char *)part->name, "valueName") == 0) {
            name = xml_line(&r->xml, part, NAME_MAX_BYTES);
        } else if (strcmp((const char *)part->name, "value") == 0) {
            n = add_codes(r, part, name, xml_line(&r->xml, part, TEXT_MAX_BYTES), codes, n);
        }
    }
    return n;
}

static void geocodes(struct cap_reading *r, const xmlNode *entry, struct alert_area *ret)
{
    static struct alert_code const none[1];
    struct alert_code found[ALERT_GEOCODES_MAX];
    size_t n = 0;

    for (const xmlNode *node = xml_next(entry->children, r->ns, "geocode"); node != NULL && r->xml.rc == 0;
         node = xml_next(node->next, r->ns, "geocode")) {
        n = geocode(r, node, found, n);
    }
    ret->geocodes = n > 0 ? arena_copy(r->xml.arena, found, n * sizeof *found) : none;
    ret->geocodes_n = n;
    if (ret->geocodes == NULL) {
        ret->geocodes_n = 0;
        r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
    }
}

/* --- entries --------------------------------------------------------------------------------------- */

static void area(struct cap_reading *r, const xmlNode *entry, struct alert_info *ret)
{
    struct alert_area area = {.description = cap_name(r, entry, "areaDesc", TEXT_MAX_BYTES, false)};

    cap_polygons(r, entry, &area.polygons);
    geocodes(r, entry, &area);
    if (area.description[0] != '\0' || area.polygons.n + area.geocodes_n > 0) {
        ret->areas = arena_copy(r->xml.arena, &area, sizeof area);
        ret->areas_n = ret->areas != NULL;
        if (ret->areas == NULL) {
            r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
        }
    }
}

static void info(struct cap_reading *r, const xmlNode *entry, struct alert_info *ret)
{
    *ret = (struct alert_info){.language = "",
                               .audience = "",
                               .sender_name = "",
                               .instruction = "",
                               .contact = "",
                               .event = cap_name(r, entry, "event", TEXT_MAX_BYTES, true)};
    cap_degrees(r, entry, false, ret);
    ret->effective_ms = cap_time(r, entry, "effective", false);
    ret->onset_ms = cap_time(r, entry, "onset", false);
    ret->expires_ms = cap_time(r, entry, "expires", false);
    ret->headline = atom_line(r, entry, "title", TEXT_MAX_BYTES);
    ret->description = atom_line(r, entry, "summary", TEXT_MAX_BYTES);
    ret->web = link(r, entry);
    area(r, entry, ret);
}

static const char *needed(struct cap_reading *r, const xmlNode *entry, const char *name, const char *text)
{
    if (text[0] == '\0') {
        (void)xml_fail(&r->xml, entry, "<entry> has no <%s>, which it must have", name);
    }
    return text;
}

static enum alert_status status_of(struct cap_reading *r, const xmlNode *entry)
{
    const char *text = cap_name(r, entry, "status", NAME_MAX_BYTES, false);

    if (strcmp(text, "Draft") == 0) {
        (void)xml_fail(&r->xml, entry, "<status> is Draft: what may still change is not taken in");
        return ALERT_STATUS_NONE;
    }
    return (enum alert_status)cap_value(r, entry, "status", ALERT_STATUSES, true);
}

static void read_entry(struct cap_reading *r, const xmlNode *feed, const xmlNode *entry,
                       struct record_alert *ret)
{
    struct alert_info *said = arena_array(r->xml.arena, struct alert_info, 1);
    const xmlNode *updated = xml_child(&r->xml, entry, ATOM, "updated");
    const char *sent = needed(r, entry, "updated", xml_line(&r->xml, updated, NAME_MAX_BYTES));
    struct hash hash = xml_hash(entry, "");

    *ret = (struct record_alert){.source = ALERT_SOURCE_ATOM, .sender_code = "", .note = "", .infos = said};
    if (said == NULL) {
        r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
        return;
    }
    ret->identifier = needed(r, entry, "id", atom_line(r, entry, "id", ALERT_NAME_MAX));
    ret->sender = needed(r, entry, "author", author(r, feed, entry));
    ret->sent_ms = r->xml.rc == 0 ? cap_time_of(r, updated, sent) : 0;
    ret->status = status_of(r, entry);
    ret->type = (enum alert_type)cap_value(r, entry, "msgType", ALERT_TYPES, true);
    info(r, entry, said);
    ret->infos_n = 1;
    memcpy(ret->content, hash.b, sizeof ret->content);
    ret->alert = cap_id(ret->source, ret->sender, ret->identifier, ret->sent_ms);
}

/* The version whose words the entry bears; the feed may have both. */
static const char *version_of(const xmlNode *entry)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (xml_next(entry->children, versions[i], "event") != NULL) {
            return versions[i];
        }
    }
    return versions[0];
}

static size_t count_entries(const xmlNode *feed)
{
    size_t n = 0;

    for (const xmlNode *at = xml_next(feed->children, ATOM, "entry"); at != NULL;
         at = xml_next(at->next, ATOM, "entry")) {
        n++;
    }
    return n;
}

int cap_read_feed(struct cap_reading *r, const xmlNode *feed, cap_say *say, void *ctx, struct cap_file *ret)
{
    size_t all = count_entries(feed);
    struct cap_file file = {.is_feed = true};

    if (all > CAP_FEED_ENTRIES_MAX) {
        return xml_fail(&r->xml, feed, "%zu entries; a feed has %d at most", all, CAP_FEED_ENTRIES_MAX);
    }
    file.alerts = arena_array(r->xml.arena, struct cap_alert, all);
    if (file.alerts == NULL) {
        return err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
    }
    for (const xmlNode *at = xml_next(feed->children, ATOM, "entry"); at != NULL;
         at = xml_next(at->next, ATOM, "entry")) {
        struct err why = {0};
        struct cap_reading one = {.xml = {.file = r->xml.file, .arena = r->xml.arena, .err = &why},
                                  .ns = version_of(at)};
        struct cap_alert *alert = &file.alerts[file.n];
        read_entry(&one, feed, at, &alert->said);
        alert->line = xmlGetLineNo(at);
        if (one.xml.rc == ERR_NO_MEMORY) {
            return err_set(r->xml.err, ERR_NO_MEMORY, "%s", why.text);
        }
        if (one.xml.rc != 0) {
            file.bad++;
            say(ctx, why.text);
        } else {
            file.n++;
        }
    }
    *ret = file;
    return 0;
}
