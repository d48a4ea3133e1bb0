/* What incidents have from each other since they were merged. */
#include <inttypes.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/text.h"
#include "common/core/incident.h"
#include "common/core/names.h"

void ties_mark(const struct ties *ties, struct names *names)
{
    for (size_t i = 0; ties != NULL && i < ties->taken_n; i++) {
        names_mark(names, ties->taken[i].kind);
        names_mark(names, ties->taken[i].substance);
    }
}

struct takeover *incident_taken(const struct incident *incident, struct id other)
{
    for (size_t i = 0; incident->ties != NULL && i < incident->ties->taken_n; i++) {
        if (id_equal(incident->ties->taken[i].other, other)) {
            return &incident->ties->taken[i];
        }
    }
    return NULL;
}

uint32_t incident_taken_fields(const struct incident *incident)
{
    uint32_t fields = 0;

    for (size_t i = 0; incident->ties != NULL && i < incident->ties->taken_n; i++) {
        fields |= incident->ties->taken[i].fields;
    }
    return fields;
}

bool incident_has_part(const struct incident *incident, struct id part)
{
    for (size_t i = 0; incident->ties != NULL && i < incident->ties->parts_n; i++) {
        if (id_equal(incident->ties->parts[i].id, part)) {
            return true;
        }
    }
    return false;
}

static void put_name(struct buf *ret, const char *key, const char *name)
{
    if (name[0] != '\0') {
        buf_printf(ret, "\t%s=", key);
        text_escape(ret, name, strlen(name));
    }
}

void taken_dump(const struct ties *ties, struct buf *ret)
{
    char text[ID_TEXT];

    for (size_t i = 0; i < ties->taken_n; i++) {
        const struct takeover *taken = &ties->taken[i];
        buf_printf(ret, "taken\tother=%s", id_format(taken->other, text));
        if (taken->fields != 0) {
            buf_printf(ret, "\tfields=%" PRIx32, taken->fields);
        }
        if (taken->grade != GRADE_NONE) {
            buf_printf(ret, "\tgrade=%d", (int)taken->grade);
        }
        put_name(ret, "kind", taken->kind);
        put_name(ret, "substance", taken->substance);
        buf_puts(ret, "\n");
    }
    if (!id_is_zero(ties->regrade)) {
        buf_printf(ret, "regrade\tof=%s\n", id_format(ties->regrade, text));
    }
}
