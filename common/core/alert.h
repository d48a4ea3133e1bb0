/* Alerts 预警: what another system warns of, as CAP 1.1 and 1.2 (OASIS) say it, or the national platform's
 * dialect of it (GB/T 35965), or an entry of an Atom feed of such alerts. One stream, "alert/ID", for each
 * (source, sender, identifier, sent): who sends different contents under one of these has said both, so both
 * are kept, and disputed. Texts as in words.h. */
#ifndef MUSTER_COMMON_CORE_ALERT_H
#define MUSTER_COMMON_CORE_ALERT_H

#include "common/core/words.h"

enum {
    ALERT_CONTENT_BYTES = 32,
    ALERT_CONTENTS_MAX = 16, /* of one alert: somebody disputes, nobody needs seventeen */
    ALERT_NAME_MAX = 512,    /* bytes of a sender or identifier: web addresses, as NOAA's feed has them */
    ALERT_REFERENCES_MAX = 128,
    ALERT_INFOS_MAX = 16, /* languages, and areas that are hit unlike */
    ALERT_CODES_MAX = 128,
    ALERT_AREAS_MAX = 64,    /* of an info */
    ALERT_SHAPES_MAX = 64,   /* polygons of an area, and circles */
    ALERT_GEOCODES_MAX = 512 /* of an area, and of an alert in all: its event has room for no more */
};

/* Whose words: an alert itself, or what an index says of one. */
enum alert_source { ALERT_SOURCE_NONE = 0, ALERT_SOURCE_CAP = 1, ALERT_SOURCE_ATOM = 2 };

/* Draft is none: what may still change is not taken in. System stands with Test: it concerns machines. */
enum alert_status {
    ALERT_STATUS_NONE = 0,
    ALERT_STATUS_ACTUAL = 1,
    ALERT_STATUS_EXERCISE = 2,
    ALERT_STATUS_SYSTEM = 3,
    ALERT_STATUS_TEST = 4
};

enum alert_type {
    ALERT_TYPE_NONE = 0,
    ALERT_TYPE_ALERT = 1,
    ALERT_TYPE_UPDATE = 2,
    ALERT_TYPE_CANCEL = 3,
    ALERT_TYPE_ACK = 4,
    ALERT_TYPE_ERROR = 5
};

enum alert_scope {
    ALERT_SCOPE_NONE = 0, /* an index does not say */
    ALERT_SCOPE_PUBLIC = 1,
    ALERT_SCOPE_RESTRICTED = 2,
    ALERT_SCOPE_PRIVATE = 3
};

/* Of these a lower number is the graver, but for 0: not said. */
enum alert_urgency {
    ALERT_URGENCY_NONE = 0,
    ALERT_URGENCY_IMMEDIATE = 1,
    ALERT_URGENCY_EXPECTED = 2,
    ALERT_URGENCY_FUTURE = 3,
    ALERT_URGENCY_PAST = 4,
    ALERT_URGENCY_UNKNOWN = 5
};

enum alert_severity {
    ALERT_SEVERITY_NONE = 0,
    ALERT_SEVERITY_EXTREME = 1,
    ALERT_SEVERITY_SEVERE = 2,
    ALERT_SEVERITY_MODERATE = 3,
    ALERT_SEVERITY_MINOR = 4,
    ALERT_SEVERITY_UNKNOWN = 5
};

enum alert_certainty {
    ALERT_CERTAINTY_NONE = 0,
    ALERT_CERTAINTY_OBSERVED = 1,
    ALERT_CERTAINTY_LIKELY = 2,
    ALERT_CERTAINTY_POSSIBLE = 3,
    ALERT_CERTAINTY_UNLIKELY = 4,
    ALERT_CERTAINTY_UNKNOWN = 5
};

/* Emergency Response Law Art. 63; neither a severity nor a grade nor a response level. */
enum alert_colour {
    ALERT_COLOUR_NONE = 0,
    ALERT_COLOUR_RED = 1,
    ALERT_COLOUR_ORANGE = 2,
    ALERT_COLOUR_YELLOW = 3,
    ALERT_COLOUR_BLUE = 4
};

enum alert_list {
    ALERT_SOURCES,
    ALERT_STATUSES,
    ALERT_TYPES,
    ALERT_SCOPES,
    ALERT_URGENCIES,
    ALERT_SEVERITIES,
    ALERT_CERTAINTIES,
    ALERT_COLOURS,
    ALERT_LISTS
};

/* A value's word as CAP spells it ("Severe", "Red"), or in Chinese; "?" for none. */
const char *alert_word(enum alert_list list, int value);
const char *alert_word_zh(enum alert_list list, int value);
/* Back again, 0 for an unknown word. */
int alert_value(enum alert_list list, const char *word);
/* The mode in which such an alert is; MODE_NONE for ALERT_STATUS_NONE. */
enum mode alert_mode(enum alert_status status);

/* --- what an importer says ------------------------------------------------------------------------- */

struct alert_reference {
    const char *sender;
    const char *identifier;
    int64_t sent_ms;
    struct id alert; /* derived from the three */
};

struct alert_code {
    const char *name; /* "UGC", "SAME"; "" in the national dialect, whose codes need none */
    const char *value;
};

struct alert_circle {
    int32_t latitude_e7;
    int32_t longitude_e7;
    uint32_t radius_m;
};

struct alert_area {
    const char *description;
    struct words polygons; /* "latitude,longitude ..." in WGS 84, the last point being the first */
    const struct alert_circle *circles;
    size_t circles_n;
    const struct alert_code *geocodes;
    size_t geocodes_n;
};

struct alert_info {
    const char *language; /* "zh-CN"; CAP: none is en-US */
    struct words categories;
    const char *event;
    struct words responses;
    enum alert_urgency urgency;
    enum alert_severity severity; /* NONE where a colour was said in its place */
    enum alert_certainty certainty;
    enum alert_colour colour;
    const char *audience;
    const struct alert_code *codes; /* of the event */
    size_t codes_n;
    int64_t effective_ms;
    int64_t onset_ms;
    int64_t expires_ms;
    const char *sender_name;
    const char *headline;
    const char *description;
    const char *instruction;
    const char *web;
    const char *contact;
    const struct alert_code *parameters;
    size_t parameters_n;
    const struct alert_area *areas;
    size_t areas_n;
};

struct record_alert {
    struct id alert;
    enum alert_source source;
    const char *sender;
    const char *sender_code; /* of the national platform */
    const char *identifier;
    int64_t sent_ms;
    enum alert_status status;
    enum alert_type type;
    enum alert_scope scope;
    const char *note;
    const struct alert_reference *references;
    size_t references_n;
    const struct alert_info *infos;
    size_t infos_n;
    uint8_t content[ALERT_CONTENT_BYTES]; /* tells contents apart: a hash of all that the message says */
};

/* --- what state needs ------------------------------------------------------------------------------ */

/* Of several infos the gravest of each, the last end, and every place. */
struct alert_recorded {
    struct id alert;
    enum mode mode;
    enum alert_source source;
    const char *sender;
    const char *identifier;
    int64_t sent_ms;
    enum alert_type type;
    enum alert_urgency urgency;
    enum alert_severity severity;
    enum alert_certainty certainty;
    enum alert_colour colour;
    int64_t expires_ms;
    struct words geocodes; /* "NAME=VALUE", sorted, each once */
    const struct id *references;
    size_t references_n;
    uint8_t content[ALERT_CONTENT_BYTES];
    uint32_t number; /* of this content; above 1 it disputes those before it */
};

struct alert_content {
    uint8_t content[ALERT_CONTENT_BYTES];
    int64_t recorded_at_ms;
    enum alert_type type;
    enum alert_urgency urgency;
    enum alert_severity severity;
    enum alert_certainty certainty;
    enum alert_colour colour;
    int64_t expires_ms;
    struct words geocodes;
    struct id *references;
    size_t references_n;
};

struct alert {
    struct id id;
    enum mode mode; /* never changes */
    enum alert_source source;
    const char *sender;
    const char *identifier;
    int64_t sent_ms;
    struct alert_content *contents; /* in the order in which they came in */
    size_t contents_n;
};

bool alert_is_disputed(const struct alert *alert);
bool alert_has_content(const struct alert *alert, const uint8_t content[ALERT_CONTENT_BYTES]);
void alert_clear(struct alert *alert); /* what it owns, not itself */

#endif
