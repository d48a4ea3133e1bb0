/* One row of the table at a time: found, checked, and said what is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/cad.h"
#include "common/base/text.h"

enum { HEADINGS_MAX = 128, CAD_MEMORY = 512 * 1024 * 1024, LINE_BYTES = 512 };

/* Where each column stands in a row. */
struct places {
    size_t fields; /* of the heading: a row has as many */
    size_t column[CAD_COLUMNS];
    size_t place[CAD_PARTS_MAX];
    size_t arrived_by[CAD_PARTS_MAX];
    size_t kind;
    size_t agency;
};

static const size_t NOWHERE = SIZE_MAX;

struct cad_reading {
    struct csv *csv;
    const struct cad_map *map;
    const char *region;
    struct places places;
    struct cad *cad;
    cad_say *say;
    void *ctx;
    const struct csv_row *row;
    char why[LINE_BYTES];
};

/* --- the heading ------------------------------------------------------------------------------- */

static int find_column(const struct csv *csv, const struct csv_row *head, const char *heading, size_t *ret,
                       struct err *err)
{
    const char *names[HEADINGS_MAX + 1];
    size_t n = 0;

    *ret = NOWHERE;
    if (heading == NULL) {
        return 0;
    }
    for (size_t i = 0; i < head->n; i++) {
        if (strcmp(head->fields[i], heading) == 0) {
            *ret = i;
            return 0;
        }
        if (n < HEADINGS_MAX) {
            names[n++] = head->fields[i];
        }
    }
    names[n] = NULL;
    const char *near = text_nearest(heading, names);
    return err_set(err, ERR_DATA, "%s:%zu: no column \"%s\", which the map names%s%s%s; mend the map",
                   csv_name(csv), head->line, heading, near != NULL ? "; did you mean \"" : "",
                   near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int read_heading(struct cad_reading *r, struct err *err)
{
    const struct cad_map *map = r->map;
    struct csv_row head;
    int rc = csv_next(r->csv, &head, err);

    if (rc == 0) {
        return err_set(err, ERR_DATA, "%s: is empty; a first line with the names of columns is wanted",
                       csv_name(r->csv));
    }
    rc = rc < 0 ? rc : 0;
    for (size_t i = 0; i < CAD_COLUMNS && rc == 0; i++) {
        rc = find_column(r->csv, &head, map->columns[i], &r->places.column[i], err);
    }
    for (size_t i = 0; i < map->place.n && rc == 0; i++) {
        rc = find_column(r->csv, &head, map->place.at[i], &r->places.place[i], err);
    }
    for (size_t i = 0; i < map->arrived_by.n && rc == 0; i++) {
        rc = find_column(r->csv, &head, map->arrived_by.at[i], &r->places.arrived_by[i], err);
    }
    rc = rc ? rc : find_column(r->csv, &head, map->kind.column, &r->places.kind, err);
    rc = rc ? rc : find_column(r->csv, &head, map->agency.column, &r->places.agency, err);
    r->places.fields = head.n;
    return rc;
}

/* --- one row ----------------------------------------------------------------------------------- */

static const char *field(const struct cad_reading *r, size_t place)
{
    return place == NOWHERE ? "" : r->row->fields[place];
}

static bool bad(struct cad_reading *r, const char *column, const char *value, const char *what)
{
    char shown[128];

    (void)text_escape_into(shown, sizeof shown, value, strlen(value));
    (void)snprintf(r->why, sizeof r->why, "%s:%zu: column \"%s\": \"%s\" %s", csv_name(r->csv), r->row->line,
                   column, shown, what);
    return false;
}

static bool take_time(struct cad_reading *r, const char *column, size_t place, int64_t *ret)
{
    const char *text = field(r, place);

    if (text[0] == '\0') {
        return true;
    }
    return cad_time_parse(r->map, text, ret) == 0 ||
           bad(r, column, text, "is no time; mend it and import again: what is in already changes nothing");
}

static bool take_times(struct cad_reading *r, struct cad_row *row)
{
    const struct cad_map *map = r->map;
    int64_t at = 0;

    for (size_t i = CAD_RECEIVED; i < CAD_COLUMNS; i++) {
        if (!take_time(r, map->columns[i], r->places.column[i], &row->at[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < map->arrived_by.n; i++) {
        if (!take_time(r, map->arrived_by.at[i], r->places.arrived_by[i], &at)) {
            return false;
        }
        if (row->at[CAD_ON_SCENE] == 0) {
            row->at[CAD_ON_SCENE] = at;
        }
    }
    for (size_t i = CAD_RECEIVED; i <= CAD_DISPATCHED; i++) {
        if (row->at[i] == 0) {
            return bad(r, map->columns[i], "", "is empty; every order has such a time");
        }
    }
    row->recalled = row->at[CAD_ON_SCENE] == 0 && row->at[CAD_ENDED] != 0;
    return true;
}

static bool take_name(struct cad_reading *r, enum cad_column column, size_t max, const char **ret)
{
    *ret = field(r, r->places.column[column]);
    if ((*ret)[0] == '\0') {
        return bad(r, r->map->columns[column], "", "is empty; every order has one");
    }
    return strlen(*ret) <= max || bad(r, r->map->columns[column], *ret, "is too long; 128 bytes at most");
}

static bool take_value(struct cad_reading *r, const struct cad_values *values, size_t place, const char **ret)
{
    *ret = cad_values_find(values, field(r, place));
    return *ret != NULL ||
           bad(r, values->column, field(r, place), "is not in the map; add it there, or \"otherwise\"");
}

static bool coordinate(const char **at, double limit, int32_t *ret_e7)
{
    char *end;
    errno = 0;
    double value = strtod(*at, &end);

    if (end == *at || errno != 0 || !(value >= -limit && value <= limit)) {
        return false;
    }
    value *= 1e7;
    *ret_e7 = (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
    *at = end + strspn(end, ", )");
    return true;
}

/* "(latitude, longitude)", brackets and blanks as they please. */
static bool take_position(struct cad_reading *r, struct position *ret)
{
    const char *text = field(r, r->places.column[CAD_POSITION]);
    const char *at = text + strspn(text, " (");

    if (text[0] == '\0') {
        return true;
    }
    if (!coordinate(&at, 90, &ret->latitude_e7) || !coordinate(&at, 180, &ret->longitude_e7) || *at != '\0') {
        return bad(r, r->map->columns[CAD_POSITION], text, "is no position; (latitude, longitude) is wanted");
    }
    ret->present = true;
    ret->datum = r->map->datum;
    return true;
}

/* NULL: out of memory. */
static const char *place_of(struct cad_reading *r)
{
    const char *place = "";

    for (size_t i = 0; i < r->map->place.n && place != NULL; i++) {
        const char *part = field(r, r->places.place[i]);
        if (part[0] != '\0') {
            place = place[0] == '\0' ? part : arena_printf(&r->cad->arena, "%s, %s", place, part);
        }
    }
    return place;
}

static int take_texts(struct cad_reading *r, struct cad_row *row)
{
    const char *agency;

    if (!take_name(r, CAD_INCIDENT, NAME_MAX_BYTES, &row->incident) ||
        !take_name(r, CAD_UNIT, NAME_MAX_BYTES, &row->unit) ||
        !take_value(r, &r->map->kind, r->places.kind, &row->kind) ||
        !take_value(r, &r->map->agency, r->places.agency, &agency) || !take_position(r, &row->position)) {
        return ERR_DATA;
    }
    row->title = field(r, r->places.column[CAD_TITLE]);
    row->course = field(r, r->places.column[CAD_COURSE]);
    row->place = place_of(r);
    row->agency = arena_printf(&r->cad->arena, "%s/%s", r->region, agency);
    row->order = field(r, r->places.column[CAD_ORDER]);
    if (row->order[0] == '\0') {
        row->order = arena_printf(&r->cad->arena, "%s/%s/%lld", row->incident, row->unit,
                                  (long long)row->at[CAD_DISPATCHED]);
    }
    if (row->place == NULL || row->agency == NULL || row->order == NULL) {
        return ERR_NO_MEMORY;
    }
    if (strlen(row->title) > TEXT_MAX_BYTES || strlen(row->course) > TEXT_MAX_BYTES ||
        strlen(row->place) > TEXT_MAX_BYTES || strlen(row->order) > TEXT_MAX_BYTES) {
        (void)bad(r, r->map->columns[CAD_INCIDENT], row->incident, "has a text of more than 16 KiB");
        return ERR_DATA;
    }
    return 0;
}

static void note(struct cad_reading *r, const char *what)
{
    char text[LINE_BYTES];

    r->cad->notes++;
    (void)snprintf(text, sizeof text, "%s:%zu: %s", csv_name(r->csv), r->row->line, what);
    r->say(r->ctx, true, text);
}

static void note_oddities(struct cad_reading *r, const struct cad_row *row)
{
    if (row->at[CAD_ENDED] == 0) {
        note(r, "no time of end: the order stays at its last rung, its incident is closed at the last known "
                "time");
    } else if (row->at[CAD_ON_SCENE] > row->at[CAD_ENDED]) {
        note(r, "ended before it was on scene: kept as it was recorded");
    }
}

static int add_row(struct cad_reading *r, const struct cad_row *row)
{
    struct cad *cad = r->cad;

    if (cad->rows_n == CAD_ROWS_MAX) {
        return ERR_TOO_BIG;
    }
    if (cad->rows_n == cad->capacity) {
        size_t capacity = cad->capacity == 0 ? 4096 : 2 * cad->capacity;
        struct cad_row *rows = reallocarray(cad->rows, capacity, sizeof *rows);
        if (rows == NULL) {
            return ERR_NO_MEMORY;
        }
        cad->rows = rows;
        cad->capacity = capacity;
    }
    cad->rows[cad->rows_n++] = *row;
    return 0;
}

static int hold(struct cad_reading *r, const char *incident)
{
    struct cad *cad = r->cad;

    if (cad->held_n % 4096 == 0) {
        const char **held = reallocarray(cad->held, cad->held_n + 4096, sizeof *held);
        if (held == NULL) {
            return ERR_NO_MEMORY;
        }
        cad->held = held;
    }
    cad->held[cad->held_n++] = incident;
    return 0;
}

/* Says what is wrong with the row at hand; its incident, if that can be told, is not closed. */
static int reject(struct cad_reading *r, const char *incident)
{
    r->cad->bad++;
    r->say(r->ctx, false, r->why);
    return incident[0] != '\0' ? hold(r, incident) : 0;
}

static int take_row(struct cad_reading *r)
{
    struct cad_row row = {.line = r->row->line};

    if (r->row->n != r->places.fields) {
        (void)snprintf(r->why, sizeof r->why, "%s:%zu: %zu fields where the heading has %zu; mend the line",
                       csv_name(r->csv), r->row->line, r->row->n, r->places.fields);
        return ERR_DATA;
    }
    if (!take_times(r, &row)) {
        return ERR_DATA;
    }
    int rc = take_texts(r, &row);
    rc = rc ? rc : add_row(r, &row);
    if (rc == 0) {
        note_oddities(r, &row);
    }
    return rc;
}

/* --- rows that name the same order --------------------------------------------------------------- */

static bool same_order(const struct cad_row *a, const struct cad_row *b)
{
    for (size_t i = CAD_RECEIVED; i < CAD_COLUMNS; i++) {
        if (a->at[i] != b->at[i]) {
            return false;
        }
    }
    return strcmp(a->incident, b->incident) == 0 && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->agency, b->agency) == 0;
}

static int compare_orders(const void *left, const void *right)
{
    const struct cad_row *a = left;
    const struct cad_row *b = right;
    int order = strcmp(a->order, b->order);

    return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* Of rows with one key the first stays; others that say the same are dropped, others that do not are bad. */
static int drop_repeated(struct cad_reading *r)
{
    struct cad *cad = r->cad;
    size_t kept = 0;
    int rc = 0;

    if (cad->rows_n > 1) {
        qsort(cad->rows, cad->rows_n, sizeof *cad->rows, compare_orders);
    }
    for (size_t i = 0; i < cad->rows_n && rc == 0; i++) {
        const struct cad_row *row = &cad->rows[i];
        if (kept == 0 || strcmp(cad->rows[kept - 1].order, row->order) != 0) {
            cad->rows[kept++] = *row;
        } else if (same_order(&cad->rows[kept - 1], row)) {
            cad->repeated++;
        } else {
            (void)snprintf(
                r->why, sizeof r->why,
                "%s:%zu: order \"%s\" is on line %zu with other content; name a column as \"order\" "
                "that tells them apart",
                csv_name(r->csv), row->line, row->order, cad->rows[kept - 1].line);
            rc = reject(r, row->incident);
        }
    }
    cad->rows_n = kept;
    return rc;
}

/* Of a row that was refused, as far as it has one. */
static const char *incident_of(const struct cad_reading *r)
{
    size_t place = r->places.column[CAD_INCIDENT];

    return place < r->row->n ? r->row->fields[place] : "";
}

static int read_row(struct cad_reading *r, bool *ret_more)
{
    struct csv_row row;
    struct err why = {0};
    int more = csv_next(r->csv, &row, &why);

    *ret_more = more != 0;
    r->row = &row;
    if (more < 0) {
        (void)snprintf(r->why, sizeof r->why, "%s", why.text);
        return reject(r, "");
    }
    int rc = more == 0 ? 0 : take_row(r);
    rc = rc == ERR_DATA ? reject(r, incident_of(r)) : rc;
    r->row = NULL;
    return rc;
}

static int read_rows(struct cad_reading *r, struct err *err)
{
    bool more = true;
    int rc = 0;

    while (rc == 0 && more) {
        rc = read_row(r, &more);
    }
    rc = rc ? rc : drop_repeated(r);
    rc = rc ? rc : cad_group(r->cad);
    if (rc != 0) {
        return err_set(err, rc, "%s: %s", csv_name(r->csv),
                       rc == ERR_TOO_BIG ? "more than 4,194,304 rows; split it" : err_string(rc));
    }
    return 0;
}

int cad_read(struct csv *csv, const struct cad_map *map, const char *region, cad_say *say, void *ctx,
             struct cad *ret, struct err *err)
{
    struct cad cad = {.rows = NULL};
    struct cad_reading reading = {.csv = csv,
                                  .map = map,
                                  .region = map->region != NULL ? map->region : region,
                                  .cad = &cad,
                                  .say = say,
                                  .ctx = ctx};

    arena_init(&cad.arena, CAD_MEMORY);
    int rc = read_heading(&reading, err);
    rc = rc ? rc : read_rows(&reading, err);
    if (rc != 0) {
        cad_free(&cad);
        return rc;
    }
    *ret = cad;
    return 0;
}
