#include "common/view/view_course.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/incident.h"
#include "common/view/view_ties.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

enum { HEARD_LATE_MS = 60000 };

struct course {
    const struct view *view;
    const struct view_voice *voice;
    const struct view_step **steps;
    size_t n;
    size_t capacity;
    const char *told_by[REGIONS_PER_INCIDENT_MAX]; /* regions of which a share was shown */
    size_t told_by_n;
    struct buf *ret;
    int result;
};

static int gather(struct course *course, const struct view_told *told)
{
    for (; told != NULL; told = told->next) {
        if (course->n == course->capacity) {
            size_t capacity = course->capacity == 0 ? 64 : course->capacity * 2;
            const struct view_step **grown = realloc(course->steps, capacity * sizeof *grown);
            if (grown == NULL) {
                return ERR_NO_MEMORY;
            }
            course->steps = grown;
            course->capacity = capacity;
        }
        course->steps[course->n++] = &told->step;
    }
    return 0;
}

static int compare_steps(const void *a, const void *b)
{
    const struct view_step *x = *(const struct view_step *const *)a;
    const struct view_step *y = *(const struct view_step *const *)b;

    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static void put(const struct course *course, const char *text)
{
    text_escape(course->ret, text, strlen(text));
}

static int64_t time_of(const struct view_step *step)
{
    if (step->history && step->at_ms != 0) {
        return step->at_ms;
    }
    return step->origin_ms != 0 ? step->origin_ms : step->bus_ms;
}

/* "2026-11-22 11:00:07     12  emergency-management/centre (duty-officer): ..." */
static void put_line(const struct course *course, const struct view_step *step, int64_t at_ms,
                     const char *said, int64_t heard_ms)
{
    const struct state *state = view_state(course->view);
    const char *author = view_short_name(state, step->author);
    enum view_tone tone = view_step_tone(step);
    char time[VIEW_TIME];

    buf_printf(course->ret, "  %s %6llu  %s", view_time(state, at_ms, time), (unsigned long long)step->seq,
               view_tone_on(course->voice, tone));
    put(course, author[0] != '\0' ? author : "-");
    if (step->operator[0] != '\0') {
        buf_puts(course->ret, " (");
        put(course, step->operator);
        buf_puts(course->ret, ")");
    }
    buf_printf(course->ret, "%s%s", PICK(course->voice, ": ", "："), said);
    if (heard_ms != 0) {
        buf_printf(course->ret, PICK(course->voice, " (heard at %s)", "（%s 获悉）"),
                   view_clock(state, heard_ms, at_ms, time));
    }
    buf_printf(course->ret, "%s\n", view_tone_off(course->voice, tone));
}

static void show_step(const struct course *course, const struct view_step *step, bool of_share)
{
    bool is_late = step->origin_ms != 0 && !of_share && step->bus_ms - step->origin_ms >= HEARD_LATE_MS;
    struct buf said;

    buf_init(&said, 0);
    view_say_step(course->view, course->voice, step, NULL, 0, &said);
    if (said.n > 0) { /* else nothing that anybody needs to know */
        put_line(course, step, time_of(step), buf_text(&said), is_late ? step->bus_ms : 0);
    }
    course->ret->failed = course->ret->failed || said.failed;
    buf_free(&said);
}

static bool was_told_by(const struct course *course, const char *region)
{
    for (size_t i = 0; i < course->told_by_n; i++) {
        if (strcmp(course->told_by[i], region) == 0) {
            return true;
        }
    }
    return course->told_by_n == REGIONS_PER_INCIDENT_MAX;
}

/* The lines of the shares that a record brings, one for each region; false: it brings none. */
static bool show_shares(struct course *course, const struct view_step *const *steps, size_t n)
{
    size_t heard = 0;
    char said[128 + 2 * NAME_MAX_BYTES];

    for (size_t i = 0; i < n; i++) {
        const struct view_step *step = steps[i];
        size_t records = 0;
        uint64_t up_to = 0;
        heard += step->kind == EVENT_HEARD;
        if (step->kind != EVENT_HEARD || was_told_by(course, step->subject)) {
            continue;
        }
        course->told_by[course->told_by_n++] = step->subject;
        for (size_t j = i; j < n; j++) {
            if (steps[j]->kind == EVENT_HEARD && strcmp(steps[j]->subject, step->subject) == 0) {
                records++;
                up_to = steps[j]->number;
            }
        }
        (void)snprintf(said, sizeof said,
                       PICK(course->voice, "region %s tells it so far: %zu of its records, up to %llu%s%s",
                            "%s 通报此前情况：其记录 %zu 条，至第 %llu 条%s%s"),
                       step->subject, records, (unsigned long long)up_to,
                       step->from[0] == '\0' ? "" : PICK(course->voice, ", brought by ", "，递交："),
                       view_short_name(view_state(course->view), step->from));
        put_line(course, step, step->bus_ms, said, 0);
        heard++; /* the first that a region says is a share, however short */
    }
    return heard > 1;
}

/* The steps of one record. */
static void show_record(struct course *course, const struct view_step *const *steps, size_t n)
{
    bool of_share = show_shares(course, steps, n);

    for (size_t i = 0; i < n; i++) {
        if (steps[i]->kind != EVENT_HEARD) {
            show_step(course, steps[i], of_share);
        }
    }
}

static void gather_order(void *ctx, const struct incident *home, const struct order *order)
{
    struct course *course = ctx;
    const struct view_order *told = view_order(course->view, order->id);

    (void)home;
    if (course->result == 0) {
        course->result = gather(course, told != NULL ? told->first : NULL);
    }
}

int view_say_course(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                    const struct view_order *only, struct buf *ret)
{
    const struct view_incident *told = view_incident(view, incident->id);
    struct course course = {.view = view, .voice = voice, .ret = ret};

    course.result = gather(&course, only != NULL ? only->first : told != NULL ? told->first : NULL);
    if (only == NULL) {
        view_each_order(view_state(view), incident, gather_order, &course);
    }
    if (course.result == 0 && course.n > 0) {
        qsort(course.steps, course.n, sizeof *course.steps, compare_steps);
        buf_printf(ret, "\n%s\n", PICK(voice, "what happened", "经过"));
        for (size_t i = 0, n; i < course.n; i += n) {
            for (n = 1; i + n < course.n && course.steps[i + n]->seq == course.steps[i]->seq;) {
                n++;
            }
            show_record(&course, course.steps + i, n);
        }
    }
    free(course.steps);
    return course.result;
}
