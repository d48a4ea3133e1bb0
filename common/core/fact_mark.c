#include "common/core/fact_mark.h"

#include <string.h>

/* A field of struct facts: whether it is said, its value, and how to leave it out. */
struct field {
    const char **text; /* NULL: it is none */
    int64_t *count;
    int64_t *time;
    struct position *position;
};

static void fields_of(struct facts *f, struct field ret[FACT_FIELDS])
{
    const struct field fields[FACT_FIELDS] = {
        {.text = &f->kind},
        {.text = &f->place},
        {.text = &f->unit},
        {.text = &f->substance},
        {.text = &f->course},
        {.text = &f->measures},
        {.text = &f->caller},
        {.text = &f->title},
        {.text = &f->division},
        {.count = &f->casualties.dead},
        {.count = &f->casualties.missing},
        {.count = &f->casualties.serious},
        {.count = &f->casualties.minor},
        {.count = &f->casualties.trapped},
        {.count = &f->loss_cny},
        {.time = &f->occurred_at_ms},
        {.position = &f->position},
    };

    memcpy(ret, fields, sizeof fields);
}

static bool is_said(const struct field *field)
{
    return field->text != NULL    ? (*field->text)[0] != '\0'
           : field->count != NULL ? *field->count != COUNT_UNKNOWN
           : field->time != NULL  ? *field->time != 0
                                  : field->position->datum != DATUM_NONE;
}

static uint64_t value_of(const struct field *field)
{
    if (field->text != NULL) {
        return fingerprint_text(FINGERPRINT_START, *field->text);
    }
    if (field->position != NULL) {
        uint64_t value = fingerprint_number(FINGERPRINT_START, field->position->latitude_e7);
        return fingerprint_number(value, field->position->longitude_e7);
    }
    return (uint64_t)(field->count != NULL ? *field->count : *field->time);
}

static void leave_out(const struct field *field)
{
    if (field->text != NULL) {
        *field->text = "";
    } else if (field->count != NULL) {
        *field->count = COUNT_UNKNOWN;
    } else if (field->time != NULL) {
        *field->time = 0;
    } else {
        *field->position = (struct position){.datum = DATUM_NONE};
    }
}

void facts_mark(struct fact_mark marks[FACT_FIELDS], const struct facts *said, int64_t at_ms)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        if (is_said(&fields[i])) {
            marks[i] = (struct fact_mark){.at_ms = at_ms, .value = value_of(&fields[i])};
        }
    }
}

struct facts facts_newer(const struct fact_mark marks[FACT_FIELDS], const struct facts *said, int64_t at_ms)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        bool older =
            at_ms < marks[i].at_ms || (at_ms == marks[i].at_ms && value_of(&fields[i]) < marks[i].value);
        if (is_said(&fields[i]) && older) {
            leave_out(&fields[i]);
        }
    }
    return facts;
}

int64_t facts_said_at(const struct fact_mark marks[FACT_FIELDS], const struct facts *said)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];
    int64_t at_ms = 0;

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        if (is_said(&fields[i]) && marks[i].at_ms > at_ms) {
            at_ms = marks[i].at_ms;
        }
    }
    return at_ms;
}

uint32_t facts_fields(const struct facts *said)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];
    uint32_t bits = 0;

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        bits |= is_said(&fields[i]) ? 1U << i : 0;
    }
    return bits;
}

struct facts facts_only(const struct facts *said, uint32_t keep)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        if ((keep >> i & 1) == 0) {
            leave_out(&fields[i]);
        }
    }
    return facts;
}

const char *fact_field_name(size_t i)
{
    static const char *const names[FACT_FIELDS] = {
        "kind", "place",   "unit",    "substance", "course",  "measures", "caller", "title",   "division",
        "dead", "missing", "serious", "minor",     "trapped", "loss",     "time",   "position"};

    return names[i];
}

uint32_t fact_fields_of(struct words names)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < FACT_FIELDS; i++) {
        bits |= words_have(names, fact_field_name(i)) ? 1U << i : 0;
    }
    return bits;
}

bool facts_are_none(const struct facts *said)
{
    struct facts facts = *said;
    struct field fields[FACT_FIELDS];
    bool any = false;

    fields_of(&facts, fields);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        any = any || is_said(&fields[i]);
    }
    return !any;
}
