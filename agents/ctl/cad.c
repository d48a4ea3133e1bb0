#include "agents/ctl/cad.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto/crypto.h"

struct id cad_id(const char *what, const char *source, const char *key, int64_t at_ms)
{
    struct hash_stream stream;

    hash_start(&stream);
    hash_add(&stream, what, strlen(what) + 1);
    hash_add(&stream, source, strlen(source) + 1);
    hash_add(&stream, key, strlen(key));
    struct hash hash = hash_end(&stream);
    return id_make(at_ms, hash.b);
}

/* --- grouping ---------------------------------------------------------------------------------- */

static int compare_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right)
{
    const struct cad_row *a = left;
    const struct cad_row *b = right;
    int order = strcmp(a->incident, b->incident);

    order = order ? order : compare_number(a->at[CAD_DISPATCHED], b->at[CAD_DISPATCHED]);
    order = order ? order : strcmp(a->order, b->order);
    return order ? order : compare_number((int64_t)a->line, (int64_t)b->line);
}

static int compare_incidents(const void *left, const void *right)
{
    const struct cad_incident *a = left;
    const struct cad_incident *b = right;
    int order = compare_number(a->reported_at_ms, b->reported_at_ms);

    return order ? order : strcmp(a->rows[0].incident, b->rows[0].incident);
}

/* Its last known time of all: when nothing more is known, it is over. */
static void add_times(struct cad_incident *incident, const struct cad_row *row)
{
    if (incident->reported_at_ms == 0 || row->at[CAD_RECEIVED] < incident->reported_at_ms) {
        incident->reported_at_ms = row->at[CAD_RECEIVED];
    }
    for (size_t i = CAD_RECEIVED; i < CAD_COLUMNS; i++) {
        if (row->at[i] > incident->closed_at_ms) {
            incident->closed_at_ms = row->at[i];
        }
    }
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int count_units(struct cad *cad)
{
    const char **units = calloc(cad->rows_n + 1, sizeof *units);

    if (units == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < cad->rows_n; i++) {
        units[i] = cad->rows[i].unit;
    }
    qsort(units, cad->rows_n, sizeof *units, compare_text);
    cad->units = 0;
    for (size_t i = 0; i < cad->rows_n; i++) {
        cad->units += i == 0 || strcmp(units[i - 1], units[i]) != 0;
    }
    free(units);
    return 0;
}

static void hold_open(struct cad *cad)
{
    if (cad->held_n == 0) {
        return;
    }
    qsort(cad->held, cad->held_n, sizeof *cad->held, compare_text);
    for (size_t i = 0; i < cad->incidents_n; i++) {
        const char *key = cad->incidents[i].rows[0].incident;
        if (bsearch(&key, cad->held, cad->held_n, sizeof *cad->held, compare_text) != NULL) {
            cad->incidents[i].closed_at_ms = 0;
        }
    }
}

int cad_group(struct cad *cad)
{
    if (cad->rows_n > 0) {
        qsort(cad->rows, cad->rows_n, sizeof *cad->rows, compare_rows);
    }
    cad->incidents = calloc(cad->rows_n + 1, sizeof *cad->incidents);
    if (cad->incidents == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < cad->rows_n; i++) {
        const struct cad_row *row = &cad->rows[i];
        if (i == 0 || strcmp(row->incident, cad->rows[i - 1].incident) != 0) {
            cad->incidents[cad->incidents_n++].rows = row;
        }
        struct cad_incident *incident = &cad->incidents[cad->incidents_n - 1];
        incident->n++;
        cad->recalled += row->recalled;
        add_times(incident, row);
    }
    if (cad->incidents_n > 0) {
        qsort(cad->incidents, cad->incidents_n, sizeof *cad->incidents, compare_incidents);
    }
    hold_open(cad);
    return count_units(cad);
}

/* --- commands ---------------------------------------------------------------------------------- */

/* Each fact from the first order that tells it. */
static struct facts facts_of(const struct cad_incident *incident)
{
    struct facts facts = facts_none();

    for (size_t i = incident->n; i-- > 0;) {
        const struct cad_row *row = &incident->rows[i];
        facts.kind = row->kind[0] != '\0' ? row->kind : facts.kind;
        facts.title = row->title[0] != '\0' ? row->title : facts.title;
        facts.place = row->place[0] != '\0' ? row->place : facts.place;
        facts.course = row->course[0] != '\0' ? row->course : facts.course;
        facts.position = row->position.present ? row->position : facts.position;
    }
    facts.occurred_at_ms = incident->reported_at_ms;
    return facts;
}

static struct historic_order order_of(const struct cad_map *map, const struct cad_row *row, const char **unit)
{
    struct historic_order order = {.order = cad_id("order", map->source, row->order, row->at[CAD_DISPATCHED]),
                                   .kind = map->order_kind,
                                   .addressee = row->agency,
                                   .units = {unit, 1},
                                   .issued_at_ms = row->at[CAD_DISPATCHED],
                                   .acknowledged_at_ms = row->at[CAD_ACKNOWLEDGED],
                                   .accepted_at_ms = row->at[CAD_ACCEPTED],
                                   .en_route_at_ms = row->at[CAD_EN_ROUTE],
                                   .on_scene_at_ms = row->at[CAD_ON_SCENE]};

    if (row->recalled) {
        order.recalled_at_ms = row->at[CAD_ENDED];
    } else {
        order.completed_at_ms = row->at[CAD_ENDED];
    }
    *unit = row->unit;
    return order;
}

size_t cad_command(const struct cad_map *map, const struct cad_incident *incident, size_t from,
                   struct historic_order orders[ORDERS_PER_COMMAND_MAX],
                   const char *units[ORDERS_PER_COMMAND_MAX], struct command *ret)
{
    const char *key = incident->rows[0].incident;
    size_t n = 0;

    for (; n < ORDERS_PER_COMMAND_MAX && from + n < incident->n; n++) {
        orders[n] = order_of(map, &incident->rows[from + n], &units[n]);
    }
    *ret = (struct command){
        .kind = COMMAND_RECORD_HISTORY,
        .occurred_at_ms = incident->reported_at_ms,
        .record_history = {.source = map->source,
                           .key = key,
                           .incident = cad_id("incident", map->source, key, incident->reported_at_ms),
                           .facts = facts_of(incident),
                           .reported_at_ms = incident->reported_at_ms,
                           .closed_at_ms = incident->closed_at_ms,
                           .orders = orders,
                           .orders_n = n}};
    return n;
}

void cad_free(struct cad *cad)
{
    free(cad->rows);
    free(cad->incidents);
    free(cad->held);
    arena_free(&cad->arena);
}
