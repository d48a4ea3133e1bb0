#include "common/view/view_stats.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/view/view_ties.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>

struct unit_entry {
    size_t agency;
    const char *id;
    UT_hash_handle hh;
    char key[];
};

struct making {
    struct view_stats *stats;
    const struct state *state;
    enum mode mode;
    struct unit_entry *units;
    size_t agencies_capacity;
    size_t incidents_capacity;
    int result;
};

static int room(void *at, size_t n, size_t *capacity, size_t size)
{
    void *grown;

    if (n < *capacity) {
        return 0;
    }
    memcpy(&grown, at, sizeof grown);
    size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    grown = realloc(grown, wanted * size);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    memcpy(at, &grown, sizeof grown);
    *capacity = wanted;
    return 0;
}

static int series_add(struct view_series *series, int64_t ms)
{
    int result = room(&series->at, series->n, &series->capacity, sizeof *series->at);

    if (result == 0) {
        series->at[series->n++] = ms;
        series->within += ms <= VIEW_SHARE_WITHIN_MS;
    }
    return result;
}

static int compare_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void series_end(struct view_series *series)
{
    if (series->n == 0) {
        return;
    }
    qsort(series->at, series->n, sizeof *series->at, compare_ms);
    series->median = series->at[series->n / 2];
    series->p90 = series->at[series->n * 9 / 10];
}

static void agency_free(struct view_agency *agency)
{
    free(agency->first.at);
    free(agency->acknowledged.at);
    free(agency->on_scene.at);
}

static void agency_end(struct view_agency *agency)
{
    series_end(&agency->first);
    series_end(&agency->acknowledged);
    series_end(&agency->on_scene);
}

/* The index of the agency that an order is addressed to. */
static int agency_of(struct making *m, const struct order *order, size_t *ret)
{
    struct view_stats *stats = m->stats;
    char name[NAME_MAX_BYTES + 1];

    if (!name_agency(order->addressee, name)) {
        memcpy(name, "?", 2);
    }
    for (size_t i = 0; i < stats->agencies_n; i++) {
        if (strcmp(stats->agencies[i].name, name) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (room(&stats->agencies, stats->agencies_n, &m->agencies_capacity, sizeof *stats->agencies) < 0) {
        return ERR_NO_MEMORY;
    }
    struct view_agency *agency = &stats->agencies[stats->agencies_n];
    memset(agency, 0, sizeof *agency);
    memcpy(agency->name, name, strlen(name) + 1);
    *ret = stats->agencies_n++;
    return 0;
}

/* Counts each unit of an agency once. */
static int add_unit(struct making *m, size_t agency, const char *id)
{
    struct unit_entry *entry;
    size_t length = strlen(id), n = sizeof agency + length;
    char key[sizeof agency + NAME_MAX_BYTES + 1];

    if (length > NAME_MAX_BYTES) {
        return 0;
    }
    memcpy(key, &agency, sizeof agency);
    memcpy(key + sizeof agency, id, length);
    HASH_FIND(hh, m->units, key, n, entry);
    if (entry != NULL) {
        return 0;
    }
    entry = calloc(1, sizeof *entry + n);
    if (entry == NULL) {
        return ERR_NO_MEMORY;
    }
    memcpy(entry->key, key, n);
    HASH_ADD_KEYPTR(hh, m->units, entry->key, n, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return ERR_NO_MEMORY;
    }
    m->stats->agencies[agency].units++;
    m->stats->all.units++;
    return 0;
}

static bool has_arrived(const struct order *order)
{
    return !order_is_evacuation(order) && (order->on_scene_at_ms != 0 || order->rung == RUNG_COMPLETED);
}

/* When its addressee first said something of it, 0: never. Rungs may be skipped: who sets out has read it. */
static int64_t answered_at(const struct order *order)
{
    static const enum rung rungs[] = {RUNG_ACKNOWLEDGED, RUNG_ACCEPTED,  RUNG_EN_ROUTE,
                                      RUNG_ON_SCENE,     RUNG_COMPLETED, RUNG_DECLINED};
    int64_t first = 0;

    for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++) {
        int64_t at_ms = order_rung_at(order, rungs[i]);
        first = at_ms != 0 && (first == 0 || at_ms < first) ? at_ms : first;
    }
    return first;
}

static int add_order(struct view_agency *agency, const struct order *order)
{
    int64_t answered_ms = answered_at(order);
    int result = 0;

    agency->orders++;
    agency->declined += order->rung == RUNG_DECLINED;
    agency->recalled += order->rung == RUNG_RECALLED;
    agency->expired += order->rung == RUNG_EXPIRED;
    agency->arrived += has_arrived(order);
    if (answered_ms != 0) {
        result = series_add(&agency->acknowledged, answered_ms - order->issued_at_ms);
    }
    if (result == 0 && order->on_scene_at_ms != 0) {
        result = series_add(&agency->on_scene, order->on_scene_at_ms - order->issued_at_ms);
    }
    return result;
}

static bool is_earlier(int64_t at_ms, int64_t than_ms)
{
    return at_ms != 0 && (than_ms == 0 || at_ms < than_ms);
}

/* What the event's orders said of each agency goes into the agency's series. */
static int end_firsts(struct view_stats *stats, int64_t reported_ms)
{
    for (size_t i = 0; i < stats->agencies_n; i++) {
        struct view_agency *agency = &stats->agencies[i];
        if (agency->counting_ms != 0 && reported_ms != 0 &&
            series_add(&agency->first, agency->counting_ms - reported_ms) < 0) {
            return ERR_NO_MEMORY;
        }
        agency->counting_ms = 0;
    }
    return 0;
}

static int note_order(struct making *m, const struct order *order)
{
    struct view_incident_times *times = &m->stats->incidents[m->stats->incidents_n - 1];
    size_t at;

    if (agency_of(m, order, &at) < 0 || add_order(&m->stats->agencies[at], order) < 0 ||
        add_order(&m->stats->all, order) < 0) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < order->units.n; i++) {
        if (add_unit(m, at, order->units.at[i]) < 0) {
            return ERR_NO_MEMORY;
        }
    }
    struct view_agency *agency = &m->stats->agencies[at];
    if (is_earlier(order->issued_at_ms, agency->counting_ms)) {
        agency->counting_ms = order->issued_at_ms;
    }
    if (is_earlier(order->issued_at_ms, times->first_order_ms)) {
        times->first_order_ms = order->issued_at_ms;
    }
    if (is_earlier(order->on_scene_at_ms, times->first_scene_ms)) {
        times->first_scene_ms = order->on_scene_at_ms;
    }
    times->orders++;
    times->arrived += has_arrived(order);
    return 0;
}

static void take_order(void *ctx, const struct incident *home, const struct order *order)
{
    struct making *m = ctx;

    (void)home;
    m->result = m->result == 0 ? note_order(m, order) : m->result;
}

/* The first report of the event, under whichever id; 0: an order opened it, and nobody has reported it. */
static int64_t first_report_ms(const struct state *state, const struct incident *incident)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(state, incident, family);
    int64_t first_ms = 0;

    for (size_t i = 0; i < n; i++) {
        if (!family[i]->bare && is_earlier(family[i]->opened_at_ms, first_ms)) {
            first_ms = family[i]->opened_at_ms;
        }
    }
    return first_ms;
}

/* An event is counted once, with all that was merged into it. */
static bool add_incident(void *ctx, const struct incident *incident)
{
    struct making *m = ctx;
    struct view_stats *stats = m->stats;

    if (m->mode != MODE_NONE && incident->mode != m->mode) {
        return true;
    }
    if (ties_survivor(m->state, incident) != incident) {
        return true;
    }
    m->result = room(&stats->incidents, stats->incidents_n, &m->incidents_capacity, sizeof *stats->incidents);
    if (m->result < 0) {
        return false;
    }
    struct view_incident_times *times = &stats->incidents[stats->incidents_n++];
    int64_t reported_ms = first_report_ms(m->state, incident);
    *times = (struct view_incident_times){
        .id = incident->id, .reported_ms = reported_ms != 0 ? reported_ms : incident->opened_at_ms};
    stats->open += incident->bare ? incident_is_live(incident) : incident_is_open(incident);
    view_each_order(m->state, incident, take_order, m);
    m->result = m->result == 0 ? end_firsts(stats, reported_ms) : m->result;
    if (m->result == 0 && times->first_order_ms != 0 && reported_ms != 0) {
        m->result = series_add(&stats->all.first, times->first_order_ms - reported_ms);
    }
    return m->result == 0;
}

static int compare_agencies(const void *a, const void *b)
{
    return strcmp(((const struct view_agency *)a)->name, ((const struct view_agency *)b)->name);
}

static bool add_alert(void *ctx, const struct alert *alert)
{
    struct view_stats *stats = ctx;

    if (stats->mode == MODE_NONE || stats->mode == alert->mode) {
        stats->alerts++;
        stats->disputed += alert_is_disputed(alert);
    }
    return true;
}

int view_stats_make(const struct state *state, enum mode mode, struct view_stats *ret)
{
    const struct region *region = state_region(state);
    struct view_stats stats = {.mode = mode,
                               .clock_steps = region->clock_steps,
                               .stops = region->clock_stops,
                               .stood_ms = region->clock_stood_ms};
    struct making m = {.stats = &stats, .state = state, .mode = mode};
    struct unit_entry *unit, *next;

    state_each_incident(state, add_incident, &m);
    if (state_each_alert(state, add_alert, &stats) < 0) {
        m.result = ERR_NO_MEMORY;
    }
    unit = m.units;
    HASH_CLEAR(hh, m.units);
    for (; unit != NULL; unit = next) {
        next = unit->hh.next;
        free(unit);
    }
    if (m.result < 0) {
        view_stats_free(&stats);
        return m.result;
    }
    if (stats.agencies_n > 0) {
        qsort(stats.agencies, stats.agencies_n, sizeof *stats.agencies, compare_agencies);
    }
    for (size_t i = 0; i < stats.agencies_n; i++) {
        agency_end(&stats.agencies[i]);
    }
    agency_end(&stats.all);
    *ret = stats;
    return 0;
}

void view_stats_free(struct view_stats *stats)
{
    for (size_t i = 0; i < stats->agencies_n; i++) {
        agency_free(&stats->agencies[i]);
    }
    agency_free(&stats->all);
    free(stats->agencies);
    free(stats->incidents);
    *stats = (struct view_stats){.agencies = NULL};
}
