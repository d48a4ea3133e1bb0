/* Private to this room: tables that say which field of a message is which member of a plain struct, and
 * what it may hold. A map has one row for each field of its message, in the order of field numbers, which
 * is that of protobuf-c's descriptor. Two loops read the tables: wire_read.c and wire_write.c.
 * tests/unit/test_wire_map.c holds the tables to the schema. */
#ifndef MUSTER_COMMON_WIRE_WIRE_MAP_H
#define MUSTER_COMMON_WIRE_WIRE_MAP_H

#include <protobuf-c/protobuf-c.h>

#include "common/wire/wire.h"

enum {
    FIELDS_MAX = 128,         /* of one message: what scanning counts on the stack */
    DEPTH_MAX = 8,            /* the schema is acyclic; its deepest message is record.events[].x.units[] */
    UNKNOWN_FIELDS_MAX = 256, /* of one input; newer versions add some, not thousands */
    STREAM_MAX_BYTES = NAME_MAX_BYTES + 16,
    EVENT_WORDS_MAX = 4096, /* agents of an agency; equipment by kind and substance together */
    RULE_NAME_MAX = 2 * NAME_MAX_BYTES + 1, /* PACK/RULE */
    RULE_FACTS_SEEN_MAX = 64,               /* facts that there are, and some to come */
    RECALLED_MAX = 16384,                   /* ids that a frame can hold */
    REFUSAL_NUMBER_MAX = 65535
};

#define TIME_MAX_MS INT64_C(253402300799999) /* the last of year 9999 */
#define COUNT_MAX INT64_C(1000000000000000)  /* yuan or people: doubles and Chinese units stay exact */

enum wire_type {
    WIRE_TEXT,    /* const char *; max: bytes */
    WIRE_WORDS,   /* struct words; max: bytes of each */
    WIRE_ID,      /* struct id; 16 bytes, or none for zero */
    WIRE_IDS,     /* const struct id *; n: their number */
    WIRE_FIXED,   /* array of max bytes; none for zeros unless required */
    WIRE_PATH,    /* struct hash[] within the struct; n: their number */
    WIRE_BLOB,    /* struct bytes; max: bytes */
    WIRE_BLOBS,   /* const struct bytes *, which point into the input; max: bytes of each; n: their number */
    WIRE_BOOL,    /* bool */
    WIRE_ENUM,    /* an enum of the schema's numbers; with max, none above it */
    WIRE_ONLY,    /* no member: the schema's number max, and no other */
    WIRE_U8,      /* uint8_t  \                                    */
    WIRE_U32,     /* uint32_t  > at most max                       */
    WIRE_U64,     /* uint64_t /                                    */
    WIRE_I32,     /* int32_t, between -max and max                 */
    WIRE_S32,     /* the same, zigzag on the wire                  */
    WIRE_S64,     /* the same of int64_t                           */
    WIRE_TIME,    /* int64_t, milliseconds, 0 .. TIME_MAX_MS       */
    WIRE_COUNT,   /* int64_t; a message Count, COUNT_UNKNOWN without */
    WIRE_MESSAGE, /* a struct within the struct, or with member 0 the struct itself */
    WIRE_LIST,    /* array of structs; n: their number */
    WIRE_INLINE,  /* the same, within the struct */
    WIRE_CURSORS, /* uint64_t[LANE_MAX + 1] by lane */
    WIRE_BODY,    /* one of several: the struct's kind is the field's number */
    WIRE_PASSED   /* no member: a message that this reader passes over; never written */
};

enum {
    WIRE_REQUIRED = 1, /* refused without it */
    WIRE_FLAGGED = 2,  /* a message whose presence is the bool at n */
    WIRE_OR_FULL = 4   /* ... and that is written without the flag too when it holds something */
};

struct wire_map;

struct wire_field {
    const char *name; /* as in the schema, or ending so after a dot */
    enum wire_type type;
    uint16_t flags;
    uint16_t member;   /* offset in the plain struct */
    uint16_t n;        /* offset of the number of elements, or of the presence flag */
    uint32_t list_max; /* of elements */
    uint64_t max;
    const struct wire_map *map; /* of a message */
};

struct wire_map {
    const ProtobufCMessageDescriptor *descriptor;
    size_t size; /* of the plain struct */
    /* Rows beyond the message's fields belong to a struct that it shares: their texts are set to "". */
    const struct wire_field *fields;
    size_t fields_n;
    uint32_t body_from; /* fields from this number on are bodies: exactly one; 0: the message has none */
    bool body_open;     /* a body of an unknown number is let pass, as kind 0 */
    uint16_t kind;      /* offset of the enum that tells the body */
};

/* The rows that are fields of the message. */
static inline size_t wire_rows(const struct wire_map *map)
{
    return map->fields_n < map->descriptor->n_fields ? map->fields_n : map->descriptor->n_fields;
}

#define WIRE_MAP(message, S, rows)                                                           \
    .descriptor = &muster__v1__##message##__descriptor, .size = sizeof(S), .fields = (rows), \
    .fields_n = sizeof(rows) / sizeof((rows)[0])

/* Rows: S is the struct, m its member. The member's type is checked as it is compiled. */
#define WIRE_AT(S, m, T) (uint16_t)(offsetof(S, m) + 0 * sizeof(char[_Generic(((S *)0)->m, T : 1)]))
#define WIRE_N(S, m) (uint16_t)(offsetof(S, m) + 0 * sizeof(char[_Generic(((S *)0)->m, size_t : 1)]))
#define WIRE_SIZE(S, m) sizeof(((S *)0)->m)

#define TEXT(S, m)                                                                                  \
    {                                                                                               \
        .name = #m, .type = WIRE_TEXT, .member = WIRE_AT(S, m, const char *), .max = TEXT_MAX_BYTES \
    }
#define LONG_TEXT(S, m, most)                                                               \
    {                                                                                       \
        .name = #m, .type = WIRE_TEXT, .member = WIRE_AT(S, m, const char *), .max = (most) \
    }
#define NAME(S, m)                                                                                  \
    {                                                                                               \
        .name = #m, .type = WIRE_TEXT, .member = WIRE_AT(S, m, const char *), .max = NAME_MAX_BYTES \
    }
#define STREAM(S, m)                                                                                  \
    {                                                                                                 \
        .name = #m, .type = WIRE_TEXT, .member = WIRE_AT(S, m, const char *), .max = STREAM_MAX_BYTES \
    }
#define WORDS(S, m, most)                                                                             \
    {                                                                                                 \
        .name = #m, .type = WIRE_WORDS, .member = WIRE_AT(S, m, struct words), .max = NAME_MAX_BYTES, \
        .list_max = (most)                                                                            \
    }
#define ID(S, m)                                                        \
    {                                                                   \
        .name = #m, .type = WIRE_ID, .member = WIRE_AT(S, m, struct id) \
    }
#define IDS(S, m, most)                                                                                  \
    {                                                                                                    \
        .name = #m, .type = WIRE_IDS, .member = WIRE_AT(S, m, const struct id *), .n = WIRE_N(S, m##_n), \
        .list_max = (most)                                                                               \
    }
#define FIXED(S, m) FIXED_AS(#m, S, m, 0)
#define KEY(S, m) FIXED_AS(#m, S, m, WIRE_REQUIRED)
#define FIXED_AS(as, S, m, flag)                                                                            \
    {                                                                                                       \
        .name = (as), .type = WIRE_FIXED, .flags = (flag), .member = offsetof(S, m), .max = WIRE_SIZE(S, m) \
    }
#define PATH(S, m)                                                                      \
    {                                                                                   \
        .name = #m, .type = WIRE_PATH, .member = offsetof(S, m), .n = WIRE_N(S, m##_n), \
        .max = sizeof(struct hash), .list_max = WIRE_SIZE(S, m) / sizeof(struct hash)   \
    }
#define BLOB(S, m, most)                                                                    \
    {                                                                                       \
        .name = #m, .type = WIRE_BLOB, .member = WIRE_AT(S, m, struct bytes), .max = (most) \
    }
#define BLOBS(S, m, most, bytes_max)                                                              \
    {                                                                                             \
        .name = #m, .type = WIRE_BLOBS, .flags = WIRE_REQUIRED,                                   \
        .member = WIRE_AT(S, m, const struct bytes *), .n = WIRE_N(S, m##_n), .list_max = (most), \
        .max = (bytes_max)                                                                        \
    }
#define BOOL(S, m)                                                   \
    {                                                                \
        .name = #m, .type = WIRE_BOOL, .member = WIRE_AT(S, m, bool) \
    }
/* A lane that is delivered from the log and acknowledged. */
#define KEPT_LANE(S, m)                                                                    \
    {                                                                                      \
        .name = #m, .type = WIRE_ENUM, .member = WIRE_AT(S, m, enum lane), .max = LANE_MAX \
    }
#define ENUM(S, m)                                                                                      \
    {                                                                                                   \
        .name = #m, .type = WIRE_ENUM,                                                                  \
        .member =                                                                                       \
            (uint16_t)(offsetof(S, m) + 0 * sizeof(char[WIRE_SIZE(S, m) == sizeof(uint32_t) ? 1 : -1])) \
    }
#define ONLY(as, number)                                                         \
    {                                                                            \
        .name = (as), .type = WIRE_ONLY, .flags = WIRE_REQUIRED, .max = (number) \
    }
#define U8(S, m)                                                                        \
    {                                                                                   \
        .name = #m, .type = WIRE_U8, .member = WIRE_AT(S, m, uint8_t), .max = UINT8_MAX \
    }
#define U32(S, m)                                                                          \
    {                                                                                      \
        .name = #m, .type = WIRE_U32, .member = WIRE_AT(S, m, uint32_t), .max = UINT32_MAX \
    }
/* Positions and counters: what SQLite's integers hold. */
#define SEQ(S, m)                                                                         \
    {                                                                                     \
        .name = #m, .type = WIRE_U64, .member = WIRE_AT(S, m, uint64_t), .max = INT64_MAX \
    }
#define U64(S, m)                                                                          \
    {                                                                                      \
        .name = #m, .type = WIRE_U64, .member = WIRE_AT(S, m, uint64_t), .max = UINT64_MAX \
    }
/* A newer broker's number is let pass: whoever shows it shows the words beside it. */
#define REFUSAL(S, m)                                                                                  \
    {                                                                                                  \
        .name = "code", .type = WIRE_U32, .member = WIRE_AT(S, m, uint32_t), .max = REFUSAL_NUMBER_MAX \
    }
#define I32(S, m, most)                                                               \
    {                                                                                 \
        .name = #m, .type = WIRE_I32, .member = WIRE_AT(S, m, int32_t), .max = (most) \
    }
#define S32(S, m, most)                                                               \
    {                                                                                 \
        .name = #m, .type = WIRE_S32, .member = WIRE_AT(S, m, int32_t), .max = (most) \
    }
#define S64(S, m, most)                                                               \
    {                                                                                 \
        .name = #m, .type = WIRE_S64, .member = WIRE_AT(S, m, int64_t), .max = (most) \
    }
#define TIME(S, m)                                                                          \
    {                                                                                       \
        .name = #m, .type = WIRE_TIME, .member = WIRE_AT(S, m, int64_t), .max = TIME_MAX_MS \
    }
#define COUNT(S, m)                                                                              \
    {                                                                                            \
        .name = #m, .type = WIRE_COUNT, .member = WIRE_AT(S, m, int64_t), .map = &wire_map_count \
    }
#define MESSAGE(S, m, sub)                                                        \
    {                                                                             \
        .name = #m, .type = WIRE_MESSAGE, .member = offsetof(S, m), .map = &(sub) \
    }
#define FLAGGED(S, m, sub, flag, more)                                                              \
    {                                                                                               \
        .name = #m, .type = WIRE_MESSAGE, .flags = WIRE_FLAGGED | (more), .member = offsetof(S, m), \
        .n = WIRE_AT(S, flag, bool), .map = &(sub)                                                  \
    }
/* A message whose fields are members of the struct that it stands in. */
#define SPREAD(as, sub, flag)                                              \
    {                                                                      \
        .name = (as), .type = WIRE_MESSAGE, .flags = (flag), .map = &(sub) \
    }
#define LIST(S, m, sub, most)                                                                               \
    {                                                                                                       \
        .name = #m, .type = WIRE_LIST, .member = offsetof(S, m), .n = WIRE_N(S, m##_n), .list_max = (most), \
        .map = &(sub)                                                                                       \
    }
#define INLINE(S, m, sub, most)                                                           \
    {                                                                                     \
        .name = #m, .type = WIRE_INLINE, .member = offsetof(S, m), .n = WIRE_N(S, m##_n), \
        .list_max = (most), .map = &(sub)                                                 \
    }
#define BODY(S, m, sub) BODY_AS(#m, S, m, sub)
#define BODY_AS(as, S, m, sub)                                                   \
    {                                                                            \
        .name = (as), .type = WIRE_BODY, .member = offsetof(S, m), .map = &(sub) \
    }
#define BODY_SPREAD(as, sub)                           \
    {                                                  \
        .name = (as), .type = WIRE_BODY, .map = &(sub) \
    }

/* Messages that others hold. */
extern const struct wire_map wire_map_count;
extern const struct wire_map wire_map_position;
extern const struct wire_map wire_map_casualties;
extern const struct wire_map wire_map_reading;
extern const struct wire_map wire_map_facts;
extern const struct wire_map wire_map_unit;
extern const struct wire_map wire_map_policy;
extern const struct wire_map wire_map_division;
/* Bodies that wire_alert.c holds: of a command, and of struct event itself. */
extern const struct wire_map wire_map_record_alert;
extern const struct wire_map wire_map_alert_recorded;
/* ... that wire_dispute.c holds ... */
extern const struct wire_map wire_map_lead_offered;
extern const struct wire_map wire_map_lead_taken;
extern const struct wire_map wire_map_lead_disputed;
extern const struct wire_map wire_map_orders_known;
extern const struct wire_map wire_map_orders_disputed;
extern const struct wire_map wire_map_dispute_settled;
extern const struct wire_map wire_map_counts_known;
extern const struct wire_map wire_map_count_apart;
/* ... that wire_ties.c holds ... */
extern const struct wire_map wire_map_incident_linked;
extern const struct wire_map wire_map_incident_merged;
extern const struct wire_map wire_map_incident_joined;
extern const struct wire_map wire_map_incident_split;
extern const struct wire_map wire_map_orders_moved;
extern const struct wire_map wire_map_facts_taken;
extern const struct wire_map wire_map_facts_returned;
extern const struct wire_map wire_map_part_heard;
/* ... the grade by another count, wire_dispute.c ... */
extern const struct wire_map wire_map_grade_otherwise;
/* ... and that wire_lookout.c holds, with what of it a rule's firing has, too. */
extern const struct wire_map wire_map_lookout_step;
extern const struct wire_map wire_map_lookout_limited;
extern const struct wire_map wire_map_seen_fact;
/* ... that wire_warning.c holds. */
extern const struct wire_map wire_map_warning_step;
extern const struct wire_map wire_map_warnings_heeded;
/* Bodies that a command and its event share. */
extern const struct wire_field wire_fields_found_region[7];
extern const struct wire_field wire_fields_enrol_agent[4];
extern const struct wire_field wire_fields_enrol_operator[3];
extern const struct wire_field wire_fields_revoke[2];
extern const struct wire_field wire_fields_set_policy[1];
extern const struct wire_field wire_fields_set_divisions[3];
extern const struct wire_field wire_fields_count_refusals[3];
extern const struct wire_field wire_fields_recover[4];
extern const struct wire_field wire_fields_note_link[3];
extern const struct wire_field wire_fields_note_untold[4];
/* What is said, kept and sent. */
extern const struct wire_map wire_map_command;
extern const struct wire_map wire_map_event;
extern const struct wire_map wire_map_signed;
extern const struct wire_map wire_map_record;
extern const struct wire_map wire_map_envelope;

/* What of Welcome's cursors is one. */
struct lane_cursor {
    enum lane lane;
    uint64_t acked_seq;
};

/* Reads what lies in the shared record: told of ret. 0, ERR_PROTOCOL or ERR_NO_MEMORY. */
int wire_open_told(struct tell_record *ret, struct arena *arena, struct err *err);
int wire_open_carried(struct carry_record *ret, struct arena *arena, struct err *err);

/* ret points to map->size zeroed bytes; it is half filled after an error. 0, ERR_NO_MEMORY, or ERR_PROTOCOL
 * with "root.field.list[3].field: why". */
int wire_decode(const struct wire_map *map, const char *root, struct bytes bytes, struct arena *arena,
                void *ret, struct err *err);
/* Appends; marks buf failed when the result is nothing that a decoder would take. */
void wire_encode(const struct wire_map *map, const void *plain, struct buf *buf);
/* The same, and says what of it cannot go out; `name` is the message's. 0 or ERR_PROTOCOL. */
int wire_encode_checked(const struct wire_map *map, const char *name, const void *plain, struct buf *buf,
                        struct err *err);

#endif
