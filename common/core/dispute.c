#include "common/core/dispute.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/incident.h"

void disputes_free(struct disputes *disputes)
{
    if (disputes != NULL) {
        free(disputes->at);
        free(disputes->foreseen);
        free(disputes);
    }
}

void disputes_dump(const struct disputes *disputes, struct buf *ret)
{
    char one[ID_TEXT], other[ID_TEXT];

    for (size_t i = 0; i < disputes->n; i++) {
        const struct dispute *dispute = &disputes->at[i];
        buf_printf(ret, "dispute\torder=%s\tother=%s\tat_ms=%" PRId64 "\tsettled_ms=%" PRId64 "\n",
                   id_format(dispute->order, one), id_format(dispute->other, other), dispute->at_ms,
                   dispute->settled_ms);
    }
    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = &disputes->apart[i];
        const struct missed *missed = &disputes->missed[i];
        if (disputes->known_ms[i] != 0 && disputes->known_ms[i] != INT64_MAX) {
            buf_printf(ret, "counted\tfact=%s\tknown_ms=%" PRId64 "\n", count_name(i), disputes->known_ms[i]);
        }
        if (apart->at_ms != 0) {
            buf_printf(ret, "apart\tfact=%s\tregion=%s\tcount=%" PRId64 "\tat_ms=%" PRId64, count_name(i),
                       apart->region, apart->count, apart->at_ms);
            if (!id_is_zero(apart->other)) {
                buf_printf(ret, "\tof=%s", id_format(apart->other, other));
            }
            buf_puts(ret, "\n");
        }
        if (missed->by.at_ms != 0) {
            buf_printf(
                ret, "missed\tfact=%s\tregion=%s\tcount=%" PRId64 "\tknown=%" PRId64 "\tat_ms=%" PRId64 "\n",
                count_name(i), missed->by.region, missed->by.count, missed->known, missed->by.at_ms);
        }
    }
    for (size_t i = 0; i < disputes->foreseen_n; i++) {
        buf_printf(ret, "foreseen\torder=%s\tknown=%s\n", id_format(disputes->foreseen[i].order, one),
                   id_format(disputes->foreseen[i].known, other));
    }
}

struct dispute *incident_dispute(const struct incident *incident, struct id order, struct id other)
{
    for (size_t i = 0; incident->disputes != NULL && i < incident->disputes->n; i++) {
        struct dispute *dispute = &incident->disputes->at[i];
        if ((id_equal(dispute->order, order) && id_equal(dispute->other, other)) ||
            (id_equal(dispute->order, other) && id_equal(dispute->other, order))) {
            return dispute;
        }
    }
    return NULL;
}

bool incident_foresaw(const struct incident *incident, struct id order, struct id known)
{
    for (size_t i = 0; incident->disputes != NULL && i < incident->disputes->foreseen_n; i++) {
        const struct foreseen *foreseen = &incident->disputes->foreseen[i];
        if (id_equal(foreseen->order, order) && id_equal(foreseen->known, known)) {
            return true;
        }
    }
    return false;
}

static bool is_void(const struct incident *incident, struct id id)
{
    const struct order *order = incident_order(incident, id);

    return order != NULL && order_is_void(order);
}

static bool dispute_is_open(const struct incident *incident, const struct dispute *dispute)
{
    return dispute->settled_ms == 0 && !is_void(incident, dispute->order) &&
           !is_void(incident, dispute->other);
}

static bool was_over(const struct order *order, const struct order *given)
{
    return order->ended_at_ms != 0 && order->ended_at_ms + ORDERS_APART_MS < given->issued_at_ms;
}

/* One was carried out long before the other was given. */
static bool is_past(const struct incident *incident, const struct dispute *dispute)
{
    const struct order *one = incident_order(incident, dispute->order);
    const struct order *other = incident_order(incident, dispute->other);

    return one != NULL && other != NULL && (was_over(one, other) || was_over(other, one));
}

static const struct dispute *find_open(const struct incident *incident, struct id order, size_t i, bool shown)
{
    for (size_t j = 0; incident->disputes != NULL && j < incident->disputes->n; j++) {
        const struct dispute *dispute = &incident->disputes->at[j];
        bool is_of = id_is_zero(order) || id_equal(dispute->order, order) || id_equal(dispute->other, order);
        if (is_of && dispute_is_open(incident, dispute) && !(shown && is_past(incident, dispute)) &&
            i-- == 0) {
            return dispute;
        }
    }
    return NULL;
}

const struct dispute *incident_open_dispute(const struct incident *incident, struct id order, size_t i)
{
    return find_open(incident, order, i, false);
}

const struct dispute *incident_shown_dispute(const struct incident *incident, struct id order, size_t i)
{
    return find_open(incident, order, i, true);
}

const char *count_name(size_t i)
{
    static const char *const names[COUNTS] = {"dead", "missing", "serious", "minor", "trapped"};

    return names[i];
}

int64_t count_of(const struct casualties *casualties, size_t i)
{
    const int64_t counts[COUNTS] = {casualties->dead, casualties->missing, casualties->serious,
                                    casualties->minor, casualties->trapped};

    return counts[i];
}

const struct apart *incident_apart(const struct incident *incident, size_t i)
{
    return incident->disputes != NULL && incident->disputes->apart[i].at_ms != 0
               ? &incident->disputes->apart[i]
               : NULL;
}

const struct missed *incident_missed(const struct incident *incident, size_t i)
{
    return incident->disputes != NULL && incident->disputes->missed[i].by.at_ms != 0
               ? &incident->disputes->missed[i]
               : NULL;
}

bool order_is_void(const struct order *order)
{
    return order->rung == RUNG_RECALLED || order->rung == RUNG_DECLINED || order->rung == RUNG_EXPIRED;
}

const char *order_region(const struct order *order, const char *own)
{
    return order->home[0] != '\0' ? order->home : own;
}

static bool is_under(const char *agent, const char *agency)
{
    size_t n = strlen(agency);

    return strncmp(agent, agency, n) == 0 && agent[n] == '/';
}

bool addressees_overlap(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || is_under(a, b) || is_under(b, a);
}
