#include "agents/ctl/cap.h"

#include <string.h>

#include "agents/ctl/cap_private.h"
#include "common/base/text.h"
#include "common/base/when.h"
#include "common/crypto/crypto.h"

#define CAP_1_1 "urn:oasis:names:tc:emergency:cap:1.1"
#define CAP_1_2 "urn:oasis:names:tc:emergency:cap:1.2"
#define ATOM "http://www.w3.org/2005/Atom"
#define SIGNATURES "http://www.w3.org/2000/09/xmldsig#"

enum { TIME_BYTES_MAX = 64, WORD_BYTES_MAX = NAME_MAX_BYTES, REFERENCES_BYTES_MAX = 64 * 1024 };

/* --- elements -------------------------------------------------------------------------------------- */

const xmlNode *cap_child(struct cap_reading *r, const xmlNode *parent, const char *name)
{
    return xml_child(&r->xml, parent, r->ns, name);
}

static void check_needed(struct cap_reading *r, const xmlNode *parent, const xmlNode *node, const char *name,
                         const char *text, bool needed)
{
    if (needed && node == NULL) {
        (void)xml_fail(&r->xml, parent, "<%s> has no <%s>, which it must have", (const char *)parent->name,
                       name);
    } else if (needed && text[0] == '\0') {
        (void)xml_fail(&r->xml, node, "<%s> is empty", name);
    }
}

const char *cap_name(struct cap_reading *r, const xmlNode *parent, const char *name, size_t max, bool needed)
{
    const xmlNode *node = cap_child(r, parent, name);
    const char *text = xml_line(&r->xml, node, max);

    check_needed(r, parent, node, name, text, needed);
    return text;
}

const char *cap_words(struct cap_reading *r, const xmlNode *parent, const char *name)
{
    return xml_text(&r->xml, cap_child(r, parent, name), TEXT_MAX_BYTES);
}

/* "Extreme, Severe, Moderate, Minor, Unknown" */
static void put_list(enum alert_list list, struct buf *ret)
{
    for (int value = 1; strcmp(alert_word(list, value), "?") != 0; value++) {
        buf_printf(ret, "%s%s", value > 1 ? ", " : "", alert_word(list, value));
    }
}

static int value_of(struct cap_reading *r, const xmlNode *at, const char *text, enum alert_list list)
{
    int value = text[0] != '\0' ? alert_value(list, text) : 0;
    struct buf words;

    if (value == 0 && text[0] != '\0') {
        buf_init(&words, 0);
        put_list(list, &words);
        (void)xml_fail(&r->xml, at, "<%s> is \"%.64s\", which is none of %s", (const char *)at->name, text,
                       buf_text(&words));
        buf_free(&words);
    }
    return value;
}

int cap_value(struct cap_reading *r, const xmlNode *parent, const char *name, enum alert_list list,
              bool needed)
{
    const xmlNode *node = cap_child(r, parent, name);
    const char *text = cap_name(r, parent, name, WORD_BYTES_MAX, needed);

    return node != NULL ? value_of(r, node, text, list) : 0;
}

int64_t cap_time_of(struct cap_reading *r, const xmlNode *at, const char *text)
{
    char copy[TIME_BYTES_MAX + 1];
    size_t n = strlen(text);
    int64_t ms = 0;

    if (n > TIME_BYTES_MAX) {
        n = TIME_BYTES_MAX;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (r->dialect && n > 10 && copy[10] == ' ') {
        copy[10] = 'T';
    }
    if (when_parse(copy, &ms) != 0 || ms <= 0) {
        (void)xml_fail(
            &r->xml, at,
            "<%s> has the time \"%.64s\"; a time is written 2012-10-25T09:15:58+08:00, with its offset",
            (const char *)at->name, text);
    }
    return ms;
}

int64_t cap_time(struct cap_reading *r, const xmlNode *parent, const char *name, bool needed)
{
    const xmlNode *node = cap_child(r, parent, name);
    const char *text = cap_name(r, parent, name, TIME_BYTES_MAX, needed);

    return text[0] != '\0' ? cap_time_of(r, node, text) : 0;
}

void *cap_array(struct cap_reading *r, const xmlNode *parent, const char *name, size_t size, size_t max,
                size_t *ret_n)
{
    size_t n = 0;

    *ret_n = 0;
    for (const xmlNode *at = parent->children; r->xml.rc == 0 && at != NULL; at = at->next) {
        n += xml_is(at, r->ns, name);
        if (n > max) {
            (void)xml_fail(&r->xml, at, "more than %zu <%s>", max, name);
        }
    }
    if (n == 0 || r->xml.rc != 0) {
        return NULL;
    }
    void *array = arena_alloc_array(r->xml.arena, n, size);
    if (array == NULL) {
        r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
        return NULL;
    }
    *ret_n = n;
    return array;
}

/* --- what an info says ----------------------------------------------------------------------------- */

static const char *const categories[] = {"Geo",    "Met", "Safety",    "Security", "Rescue", "Fire",
                                         "Health", "Env", "Transport", "Infra",    "CBRNE",  "Other"};
static const char *const responses[] = {"Shelter", "Evacuate", "Prepare",  "Execute", "Avoid",
                                        "Monitor", "Assess",   "AllClear", "None"};

/* Every element of that name, each being one of the words. */
static struct words some_of(struct cap_reading *r, const xmlNode *parent, const char *name,
                            const char *const *known, size_t known_n)
{
    size_t n, i = 0;
    const char **at = cap_array(r, parent, name, sizeof *at, LIST_MAX, &n);

    for (const xmlNode *node = xml_next(parent->children, r->ns, name); at != NULL && node != NULL && i < n;
         node = xml_next(node->next, r->ns, name)) {
        const char *text = xml_line(&r->xml, node, WORD_BYTES_MAX);
        size_t k = 0;
        while (k < known_n && strcmp(known[k], text) != 0) {
            k++;
        }
        if (k == known_n) {
            (void)xml_fail(&r->xml, node, "<%s> is \"%.64s\", which CAP 1.2 does not have", name, text);
        }
        at[i++] = text;
    }
    return (struct words){at, i};
}

/* GB/T 35965 has the colour where CAP has the severity; "Unknown" both have. */
static void severity(struct cap_reading *r, const xmlNode *parent, bool needed, struct alert_info *ret)
{
    const xmlNode *node = cap_child(r, parent, "severity");
    const char *text = cap_name(r, parent, "severity", WORD_BYTES_MAX, needed);

    ret->colour = (enum alert_colour)alert_value(ALERT_COLOURS, text);
    if (ret->colour == ALERT_COLOUR_NONE) {
        ret->severity = node != NULL ? (enum alert_severity)value_of(r, node, text, ALERT_SEVERITIES)
                                     : ALERT_SEVERITY_NONE;
    } else if (!r->dialect) {
        (void)xml_fail(
            &r->xml, node,
            "<severity> is \"%s\": colours are the national platform's, whose alerts have a <senderCode>",
            text);
    }
}

/* CAP 1.1 and 1.2, 3.2.2: CAP 1.0's "Very Likely" stands for "Likely". */
static enum alert_certainty certainty(struct cap_reading *r, const xmlNode *parent, bool needed)
{
    const char *text = xml_line(&r->xml, cap_child(r, parent, "certainty"), WORD_BYTES_MAX);

    return strcmp(text, "Very Likely") == 0
               ? ALERT_CERTAINTY_LIKELY
               : (enum alert_certainty)cap_value(r, parent, "certainty", ALERT_CERTAINTIES, needed);
}

void cap_degrees(struct cap_reading *r, const xmlNode *parent, bool needed, struct alert_info *ret)
{
    ret->categories = some_of(r, parent, "category", categories, sizeof categories / sizeof categories[0]);
    if (needed && !r->dialect && ret->categories.n == 0) {
        (void)xml_fail(&r->xml, parent, "<%s> has no <category>, which it must have",
                       (const char *)parent->name);
    }
    ret->urgency = (enum alert_urgency)cap_value(r, parent, "urgency", ALERT_URGENCIES, needed);
    severity(r, parent, needed, ret);
    ret->certainty = certainty(r, parent, needed);
}

/* valueName and value of an eventCode or parameter. */
static void code(struct cap_reading *r, const xmlNode *node, struct alert_code *ret)
{
    ret->name = cap_name(r, node, "valueName", NAME_MAX_BYTES, false);
    ret->value = cap_words(r, node, "value");
}

static struct alert_code *codes(struct cap_reading *r, const xmlNode *parent, const char *name, size_t *ret_n)
{
    struct alert_code *at = cap_array(r, parent, name, sizeof *at, ALERT_CODES_MAX, ret_n);
    size_t i = 0;

    for (const xmlNode *node = xml_next(parent->children, r->ns, name); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, name)) {
        code(r, node, &at[i++]);
    }
    return at;
}

/* Whether one of the text's words, letters alone, is this one, of whatever case. */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = text; *at != '\0'; at++) {
        size_t i = 0;
        while (i < n && (at[i] | 0x20) == (word[i] | 0x20)) {
            i++;
        }
        bool begins = at == text || (at[-1] | 0x20) < 'a' || (at[-1] | 0x20) > 'z';
        if (i == n && begins && ((at[n] | 0x20) < 'a' || (at[n] | 0x20) > 'z')) {
            return true;
        }
    }
    return false;
}

void cap_colour_by_parameter(struct alert_info *info)
{
    static const char *const names[] = {"awareness_level", "colour", "color"};

    for (size_t i = 0; i < info->parameters_n && info->colour == ALERT_COLOUR_NONE; i++) {
        const struct alert_code *parameter = &info->parameters[i];
        bool tells = false;
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            tells = tells || strcmp(parameter->name, names[k]) == 0;
        }
        for (int colour = ALERT_COLOUR_RED; tells && colour <= ALERT_COLOUR_BLUE; colour++) {
            if (has_word(parameter->value, alert_word(ALERT_COLOURS, colour))) {
                info->colour = (enum alert_colour)colour;
                break;
            }
        }
    }
}

static void areas(struct cap_reading *r, const xmlNode *parent, struct alert_info *ret)
{
    struct alert_area *at = cap_array(r, parent, "area", sizeof *at, ALERT_AREAS_MAX, &ret->areas_n);
    size_t i = 0;

    for (const xmlNode *node = xml_next(parent->children, r->ns, "area"); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, "area")) {
        cap_area(r, node, &at[i++]);
    }
    ret->areas = at;
}

static void info(struct cap_reading *r, const xmlNode *node, struct alert_info *ret)
{
    bool by_type = r->dialect && cap_child(r, node, "event") == NULL;

    *ret = (struct alert_info){.language = cap_name(r, node, "language", NAME_MAX_BYTES, false)};
    ret->event = cap_name(r, node, by_type ? "eventType" : "event", TEXT_MAX_BYTES, true);
    cap_degrees(r, node, true, ret);
    ret->responses = some_of(r, node, "responseType", responses, sizeof responses / sizeof responses[0]);
    ret->audience = cap_words(r, node, "audience");
    ret->codes = codes(r, node, "eventCode", &ret->codes_n);
    ret->effective_ms = cap_time(r, node, "effective", false);
    ret->onset_ms = cap_time(r, node, "onset", false);
    ret->expires_ms = cap_time(r, node, "expires", false);
    ret->sender_name = cap_name(r, node, "senderName", TEXT_MAX_BYTES, false);
    ret->headline = cap_name(r, node, "headline", TEXT_MAX_BYTES, false);
    ret->description = cap_words(r, node, "description");
    ret->instruction = cap_words(r, node, "instruction");
    ret->web = cap_name(r, node, "web", TEXT_MAX_BYTES, false);
    ret->contact = cap_words(r, node, "contact");
    ret->parameters = codes(r, node, "parameter", &ret->parameters_n);
    cap_colour_by_parameter(ret);
    areas(r, node, ret);
}

/* --- what the alert says --------------------------------------------------------------------------- */

/* "sender,identifier,sent"; sent is what stands behind the last comma. */
static void reference(struct cap_reading *r, const xmlNode *at, const char *text, size_t n,
                      struct alert_reference *ret)
{
    const char *first = memchr(text, ',', n), *last = text + n;

    while (first != NULL && last > first && *last != ',') {
        last--;
    }
    size_t sender_n = first != NULL ? (size_t)(first - text) : 0;
    size_t identifier_n = first != NULL && last > first ? (size_t)(last - first) - 1 : 0;
    if (sender_n == 0 || identifier_n == 0 || sender_n > ALERT_NAME_MAX || identifier_n > ALERT_NAME_MAX) {
        (void)xml_fail(&r->xml, at, "<references> has \"%.*s\", which is no sender,identifier,sent",
                       (int)(n < 128 ? n : 128), text);
        return;
    }
    ret->sender = arena_text(r->xml.arena, text, sender_n);
    ret->identifier = arena_text(r->xml.arena, first + 1, identifier_n);
    const char *sent = arena_text(r->xml.arena, last + 1, (size_t)(text + n - last) - 1);
    if (ret->sender == NULL || ret->identifier == NULL || sent == NULL) {
        r->xml.rc = err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
        return;
    }
    ret->sent_ms = cap_time_of(r, at, sent);
    ret->alert = cap_id(ALERT_SOURCE_CAP, ret->sender, ret->identifier, ret->sent_ms);
}

/* The dialect's times have a blank in them, so a part that begins with a time of day belongs to what stands
 * before. */
static size_t reference_length(const struct cap_reading *r, const char *text)
{
    size_t n = strcspn(text, " ");

    if (r->dialect && text[n] == ' ' && text[n + 1] >= '0' && text[n + 1] <= '2' &&
        strcspn(text + n + 1, ":") == 2) {
        n += 1 + strcspn(text + n + 1, " ");
    }
    return n;
}

static void references(struct cap_reading *r, const xmlNode *alert, struct record_alert *ret)
{
    const xmlNode *node = cap_child(r, alert, "references");
    const char *text = xml_line(&r->xml, node, REFERENCES_BYTES_MAX);
    struct alert_reference *at = NULL;

    if (ret->type != ALERT_TYPE_ALERT && text[0] == '\0') {
        (void)xml_fail(&r->xml, node != NULL ? node : alert,
                       "<msgType> is %s, so <references> must name what it refers to; %s",
                       alert_word(ALERT_TYPES, (int)ret->type),
                       node != NULL ? "it is empty" : "there is none");
    } else if (text[0] != '\0') {
        at = arena_array(r->xml.arena, struct alert_reference, ALERT_REFERENCES_MAX);
    }
    while (r->xml.rc == 0 && at != NULL && *text != '\0') {
        if (ret->references_n == ALERT_REFERENCES_MAX) {
            (void)xml_fail(&r->xml, node, "<references> names more than %d alerts", ALERT_REFERENCES_MAX);
            break;
        }
        size_t n = reference_length(r, text);
        reference(r, node, text, n, &at[ret->references_n++]);
        text += n;
        text += *text == ' ';
    }
    ret->references = at;
}

static void infos(struct cap_reading *r, const xmlNode *alert, struct record_alert *ret)
{
    struct alert_info *at = cap_array(r, alert, "info", sizeof *at, ALERT_INFOS_MAX, &ret->infos_n);
    size_t i = 0;

    for (const xmlNode *node = xml_next(alert->children, r->ns, "info"); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, "info")) {
        info(r, node, &at[i++]);
    }
    ret->infos = at;
}

/* A draft may still change, so there is nothing yet that could be kept. */
static enum alert_status status_of(struct cap_reading *r, const xmlNode *alert)
{
    const xmlNode *node = cap_child(r, alert, "status");

    if (node != NULL && strcmp(cap_name(r, alert, "status", WORD_BYTES_MAX, true), "Draft") == 0) {
        (void)xml_fail(&r->xml, node, "<status> is Draft: what may still change is not taken in");
        return ALERT_STATUS_NONE;
    }
    return (enum alert_status)cap_value(r, alert, "status", ALERT_STATUSES, true);
}

static void read_alert(struct cap_reading *r, const xmlNode *alert, struct record_alert *ret)
{
    bool by_send_time = r->dialect && cap_child(r, alert, "sent") == NULL;
    struct hash hash = xml_hash(alert, SIGNATURES);

    *ret = (struct record_alert){.source = ALERT_SOURCE_CAP};
    ret->identifier = cap_name(r, alert, "identifier", ALERT_NAME_MAX, true);
    ret->sender = cap_name(r, alert, "sender", ALERT_NAME_MAX, true);
    ret->sender_code = r->dialect ? cap_name(r, alert, "senderCode", NAME_MAX_BYTES, true) : "";
    ret->sent_ms = cap_time(r, alert, by_send_time ? "sendTime" : "sent", true);
    ret->status = status_of(r, alert);
    ret->type = (enum alert_type)cap_value(r, alert, "msgType", ALERT_TYPES, true);
    ret->scope = (enum alert_scope)cap_value(r, alert, "scope", ALERT_SCOPES, true);
    ret->note = cap_words(r, alert, "note");
    references(r, alert, ret);
    infos(r, alert, ret);
    memcpy(ret->content, hash.b, sizeof ret->content);
    ret->alert = cap_id(ret->source, ret->sender, ret->identifier, ret->sent_ms);
}

struct id cap_id(enum alert_source source, const char *sender, const char *identifier, int64_t sent_ms)
{
    static const char what[] = "alert";
    const char *from = alert_word(ALERT_SOURCES, (int)source);
    char sent[32];
    struct hash_stream stream;

    (void)snprintf(sent, sizeof sent, "\n%lld", (long long)sent_ms);
    hash_start(&stream);
    hash_add(&stream, what, sizeof what);
    hash_add(&stream, from, strlen(from) + 1);
    hash_add(&stream, sender, strlen(sender));
    hash_add(&stream, "\n", 1);
    hash_add(&stream, identifier, strlen(identifier));
    hash_add(&stream, sent, strlen(sent));
    struct hash hash = hash_end(&stream);
    return id_make(sent_ms, hash.b);
}

/* --- files ----------------------------------------------------------------------------------------- */

static int read_one(struct cap_reading *r, const xmlNode *root, struct cap_file *ret)
{
    struct cap_alert *alert = arena_array(r->xml.arena, struct cap_alert, 1);

    if (alert == NULL) {
        return err_set(r->xml.err, ERR_NO_MEMORY, "%s: out of memory", r->xml.file);
    }
    read_alert(r, root, &alert->said);
    alert->line = xmlGetLineNo(root);
    if (r->xml.rc == 0) {
        *ret = (struct cap_file){.alerts = alert, .n = 1};
    }
    return r->xml.rc;
}

/* What the root says that the file is. */
static int read_root(struct cap_reading *r, const xmlNode *root, size_t n, cap_say *say, void *ctx,
                     struct cap_file *ret)
{
    bool bare = xml_is(root, NULL, "alert") && xml_next(root->children, NULL, "senderCode") != NULL;

    if (xml_is(root, ATOM, "feed")) {
        return cap_read_feed(r, root, say, ctx, ret);
    }
    if (n > CAP_ALERT_BYTES_MAX) {
        return err_set(r->xml.err, ERR_DATA, "%s: %zu bytes; an alert has %d at most", r->xml.file, n,
                       CAP_ALERT_BYTES_MAX);
    }
    if (xml_is(root, CAP_1_2, "alert") || xml_is(root, CAP_1_1, "alert")) {
        r->ns = (const char *)root->ns->href;
    } else if (!bare) {
        return xml_fail(&r->xml, root,
                        "<%s> of namespace \"%s\" is neither an alert of CAP 1.1 or 1.2 nor an Atom feed",
                        (const char *)root->name, root->ns != NULL ? (const char *)root->ns->href : "");
    }
    r->dialect = xml_next(root->children, r->ns, "senderCode") != NULL;
    return read_one(r, root, ret);
}

int cap_read(const char *file, const char *text, size_t n, struct arena *arena, cap_say *say, void *ctx,
             struct cap_file *ret, struct err *err)
{
    struct cap_reading r = {.xml = {.file = file, .arena = arena, .err = err}};
    xmlDoc *doc = NULL;

    if (n > CAP_FEED_BYTES_MAX) {
        return err_set(err, ERR_DATA, "%s: more than %d bytes", file, CAP_FEED_BYTES_MAX);
    }
    int rc = xml_parse(file, text, n, &doc, err);
    if (rc == 0) {
        rc = read_root(&r, xmlDocGetRootElement(doc), n, say, ctx, ret);
        xmlFreeDoc(doc);
    }
    return rc;
}
