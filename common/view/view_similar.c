#include "common/view/view_similar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/when.h"
#include "common/view/view_private.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

static const double earth_radius_m = 6371008.8; /* the mean one of IUGG; errors of 0.5 % do not matter here */
static const double radians_per_e7 = 3.14159265358979323846 / 180 / 1e7;

/* --- two incidents ---------------------------------------------------------------------------- */

static bool is_one_system(enum datum a, enum datum b)
{
    bool a_is_global = a == DATUM_WGS84 || a == DATUM_CGCS2000;
    bool b_is_global = b == DATUM_WGS84 || b == DATUM_CGCS2000;

    return a != DATUM_NONE && (a == b || (a_is_global && b_is_global));
}

static double distance_m(const struct position *a, const struct position *b)
{
    double up = ((double)a->latitude_e7 - b->latitude_e7) * radians_per_e7;
    double along = ((double)a->longitude_e7 - b->longitude_e7) * radians_per_e7;
    double half_up = sin(up / 2), half_along = sin(along / 2);
    double h = half_up * half_up + cos(a->latitude_e7 * radians_per_e7) *
                                       cos(b->latitude_e7 * radians_per_e7) * half_along * half_along;

    return 2 * earth_radius_m * asin(fmin(1, sqrt(h)));
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static const char *after_blanks(const char *text)
{
    static const char wide[] = "\u3000"; /* of Chinese text */

    for (;;) {
        size_t n = strspn(text, " \t\r\n");
        n = n == 0 && strncmp(text, wide, sizeof wide - 1) == 0 ? sizeof wide - 1 : n;
        if (n == 0) {
            return text;
        }
        text += n;
    }
}

/* Whether text begins with part, but for blanks and case: what follows it there; NULL: it does not. */
static const char *after_part(const char *text, const char *part)
{
    text = after_blanks(text);
    part = after_blanks(part);
    while (*part != '\0') {
        if (strncasecmp(text, part, 1) != 0) {
            return NULL;
        }
        text = after_blanks(text + 1);
        part = after_blanks(part + 1);
    }
    return text;
}

static bool has_within(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        if (after_part(text, part) != NULL) {
            return true;
        }
    }
    return false;
}

static size_t columns_of(const char *text)
{
    char copy[4 * VIEW_SIMILAR_PLACE_COLUMNS + 1]; /* as much as so many columns can take: more is enough */
    size_t n = 0;

    for (text = after_blanks(text); *text != '\0'; text = after_blanks(text + 1)) {
        if (n == sizeof copy - 1) {
            return VIEW_SIMILAR_PLACE_COLUMNS;
        }
        copy[n++] = *text;
    }
    copy[n] = '\0';
    return text_columns(copy);
}

/* The same words but for blanks and case, or the whole of the one in the other. */
static bool is_same_place(const char *one, const char *other)
{
    size_t n = columns_of(one), m = columns_of(other);
    const char *rest = n > 0 && m > 0 ? after_part(one, other) : NULL;

    return (rest != NULL && *rest == '\0') || (n >= VIEW_SIMILAR_PLACE_COLUMNS && has_within(other, one)) ||
           (m >= VIEW_SIMILAR_PLACE_COLUMNS && has_within(one, other));
}

static bool is_one_place(const struct similar_facts *a, const struct similar_facts *b, struct similar *ret)
{
    if (!is_one_system(a->position.datum, b->position.datum)) {
        ret->same_place = is_same_place(a->place, b->place);
        return ret->same_place;
    }
    ret->has_distance = true;
    ret->distance_m = (uint32_t)(distance_m(&a->position, &b->position) + 0.5); /* half the earth at most */
    return ret->distance_m <= (uint32_t)VIEW_SIMILAR_M +
                                  least(a->position.accuracy_m, VIEW_SIMILAR_ACCURACY_M) +
                                  least(b->position.accuracy_m, VIEW_SIMILAR_ACCURACY_M);
}

struct similar view_similar(const struct similar_facts *first, const struct similar_facts *second)
{
    struct similar similar = {.is_suspected = false};
    bool kinds_known = first->kind[0] != '\0' && second->kind[0] != '\0';
    bool both_occurred = first->occurred_at_ms != 0 && second->occurred_at_ms != 0;

    if (id_equal(first->id, second->id) || first->mode != second->mode) {
        return similar;
    }
    similar.same_kind = kinds_known && strcmp(first->kind, second->kind) == 0;
    similar.later_ms = both_occurred ? second->occurred_at_ms - first->occurred_at_ms
                                     : second->opened_at_ms - first->opened_at_ms;
    if ((kinds_known && !similar.same_kind) || similar.later_ms > VIEW_SIMILAR_APART_MS ||
        similar.later_ms < -(int64_t)VIEW_SIMILAR_APART_MS) {
        return similar;
    }
    similar.is_suspected = is_one_place(first, second, &similar);
    return similar;
}

/* --- all that are there ----------------------------------------------------------------------- */

static struct similar_facts facts_of(const struct view *view, const struct incident *incident)
{
    const struct view_incident *told = view_incident(view, incident->id);
    struct facts none = facts_none();
    const struct facts *facts = told != NULL ? &told->facts : &none;

    return (struct similar_facts){.id = incident->id,
                                  .mode = incident->mode,
                                  .kind = facts->kind,
                                  .place = facts->place,
                                  .position = facts->position,
                                  .occurred_at_ms = facts->occurred_at_ms,
                                  .opened_at_ms = incident->opened_at_ms};
}

static int64_t magnitude(int64_t n)
{
    return n < 0 ? -n : n;
}

/* What has a distance before what has only words; then the nearer one, then the one closer in time. */
static int compare_suspects(const void *a, const void *b)
{
    const struct suspect *x = a, *y = b;

    if (x->why.has_distance != y->why.has_distance) {
        return x->why.has_distance ? -1 : 1;
    }
    if (x->why.distance_m != y->why.distance_m) {
        return x->why.distance_m < y->why.distance_m ? -1 : 1;
    }
    if (magnitude(x->why.later_ms) != magnitude(y->why.later_ms)) {
        return magnitude(x->why.later_ms) < magnitude(y->why.later_ms) ? -1 : 1;
    }
    return id_compare(x->id, y->id);
}

static void keep(struct suspect suspect, struct suspect *ret, size_t *n, size_t max)
{
    if (*n < max) {
        ret[(*n)++] = suspect;
    } else if (max > 0 && compare_suspects(&suspect, &ret[max - 1]) < 0) {
        ret[max - 1] = suspect;
    } else {
        return;
    }
    qsort(ret, *n, sizeof *ret, compare_suspects);
}

static bool gather(void *ctx, const struct incident *incident)
{
    struct similar_pool *pool = ctx;

    if (incident->history || incident_is_merged(incident) || /* its survivor stands for it */
        (incident->closed_at_ms != 0 && pool->now_ms - incident->closed_at_ms >= VIEW_SIMILAR_CLOSED_MS)) {
        return true;
    }
    void *at = pool->at;
    pool->failed = view_grow(&at, pool->n, &pool->capacity, sizeof *pool->at) < 0;
    if (pool->failed) {
        return false;
    }
    pool->at = at;
    pool->at[pool->n++] = facts_of(pool->view, incident);
    return true;
}

int view_similar_pool(const struct view *view, int64_t now_ms, struct similar_pool *ret)
{
    struct similar_pool pool = {.view = view, .now_ms = now_ms};

    if (state_each_incident(view_state(view), gather, &pool) < 0 || pool.failed) {
        view_similar_pool_free(&pool);
        return ERR_NO_MEMORY;
    }
    *ret = pool;
    return 0;
}

void view_similar_pool_free(struct similar_pool *pool)
{
    free(pool->at);
    *pool = (struct similar_pool){.n = 0};
}

size_t view_suspects(const struct similar_pool *pool, struct id incident, struct suspect *ret, size_t max)
{
    const struct incident *there =
        pool->view != NULL ? state_incident(view_state(pool->view), incident) : NULL;
    size_t n = 0;

    if (there == NULL || there->history || incident_is_merged(there)) {
        return 0;
    }
    struct similar_facts first = facts_of(pool->view, there);
    for (size_t i = 0; i < pool->n; i++) {
        struct similar why = view_similar(&first, &pool->at[i]);
        if (why.is_suspected &&
            incident_link(there, pool->at[i].id) == NULL) { /* a person has told them apart */
            keep((struct suspect){.id = pool->at[i].id, .why = why}, ret, &n, max);
        }
    }
    return n;
}

/* --- in words --------------------------------------------------------------------------------- */

static void say_why(const struct view_voice *voice, const struct similar *why, struct buf *ret)
{
    char took[WHEN_TEXT];

    if (why->has_distance) {
        buf_printf(ret, PICK(voice, ", %u m away", "，相距 %u 米"), why->distance_m);
    } else {
        buf_puts(ret, PICK(voice, ", same place by its words", "，地点文字相符"));
    }
    when_format_duration(magnitude(why->later_ms), took);
    if (why->later_ms < 0) {
        buf_printf(ret, PICK(voice, ", %s earlier", "，早 %s"), took);
    } else {
        buf_printf(ret, PICK(voice, ", %s later", "，晚 %s"), took);
    }
    if (!why->same_kind) {
        buf_puts(ret, PICK(voice, ", kind not known of both", "，类型不全已知"));
    }
}

void view_say_suspect(const struct view *view, const struct view_voice *voice, const struct suspect *suspect,
                      struct buf *ret)
{
    const struct view_incident *told = view_incident(view, suspect->id);
    const struct incident *incident = state_incident(view_state(view), suspect->id);
    const char *title = told != NULL ? told->facts.title : "";
    char id[ID_TEXT];
    struct buf raw;

    buf_init(&raw, 0);
    buf_printf(&raw, PICK(voice, "suspected to be the same event: %s", "疑似同一事件：%s"),
               id_format(suspect->id, id));
    if (title[0] != '\0') {
        buf_printf(&raw, PICK(voice, " %s", " %s"), title);
    }
    say_why(voice, &suspect->why, &raw);
    if (incident != NULL && incident->closed_at_ms != 0) {
        buf_puts(&raw, PICK(voice, ", closed", "，已结束"));
    }
    text_escape(ret, (const char *)raw.p, raw.n);
    ret->failed = ret->failed || raw.failed;
    buf_free(&raw);
}

void view_suspects_json(const struct view *view, const struct suspect *suspects, size_t n, const char *key,
                        struct json *json)
{
    json_array(json, key);
    for (size_t i = 0; i < n; i++) {
        const struct view_incident *told = view_incident(view, suspects[i].id);
        const struct similar *why = &suspects[i].why;
        json_object(json, NULL);
        json_id(json, "incident", suspects[i].id);
        json_text(json, "title", told != NULL ? told->facts.title : "");
        if (why->has_distance) {
            json_number(json, "distance_m", why->distance_m);
        } else {
            json_null(json, "distance_m");
        }
        json_number(json, "later_ms", why->later_ms);
        json_bool(json, "same_kind", why->same_kind);
        json_bool(json, "same_place", why->same_place);
        json_object_end(json);
    }
    json_array_end(json);
}
