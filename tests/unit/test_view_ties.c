/* Records of several streams: a merge is one of both incidents, and a tail gives it with each. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/stream.h"
#include "common/log/log_memory.h"
#include "common/view/view_situation.h"
#include "tests/unit/view_fixture.h"

enum { FIRST = 10, SECOND = 40, ORDER = 11, ARENA_BUDGET = 1 << 20 };

struct tailing {
    struct view *view;
    struct stream_key stream;
    size_t given;
};

static bool touches(const struct log_record *record, struct stream_key stream)
{
    struct arena arena;
    struct record decoded;
    struct err err;
    bool does = false;

    arena_init(&arena, ARENA_BUDGET);
    assert_int_equal(wire_decode_record(record->payload, &arena, &decoded, &err), 0);
    for (size_t i = 0; i < decoded.events_n; i++) {
        does = does || stream_key_equal(event_stream(&decoded.events[i], FX_REGION), stream);
    }
    arena_free(&arena);
    return does;
}

static void take_stream(void *ctx, const struct log_record *record)
{
    struct tailing *t = ctx;
    struct err err;

    if (touches(record, t->stream)) {
        assert_int_equal(view_take(t->view, record, &err), 0);
        t->given++;
    }
}

static void say(struct fixture *fx, struct command command)
{
    command.mode = MODE_ACTUAL;
    command.agent = FX_CENTRE;
    command.operator= "zhang.wei";
    assert_true(fx_say(fx, &command) > 0);
}

/* Two calls of one fire, an order under the second; it is merged, supplemented under its id, and linked. */
static void tell(struct fixture *fx)
{
    struct facts facts = facts_none();
    struct id none = {{0}};

    facts.kind = "fire";
    fx_begin(fx, log_memory_new());
    fx_found(fx);
    facts.title = "first call";
    fx_report(fx, fx_id(FIRST), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
    facts.title = "second call";
    fx_report(fx, fx_id(SECOND), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
    fx_order(fx, fx_id(SECOND), fx_id(ORDER), "370102/fire-rescue", MODE_ACTUAL, "go", none);
    say(fx, (struct command){
                .kind = COMMAND_MERGE_INCIDENT,
                .merge_incident = {.incident = fx_id(SECOND), .into = fx_id(FIRST), .reason = "one fire"}});
    facts = facts_none();
    facts.casualties.dead = 2;
    fx_report(fx, fx_id(SECOND), MODE_ACTUAL, &facts, REPORT_FOLLOW_UP, "");
}

static void assert_same(const struct view *one, const struct view *other)
{
    struct buf a, b;

    buf_init(&a, 0);
    buf_init(&b, 0);
    state_dump_incident(state_incident(view_state(one), fx_id(FIRST)), &a);
    state_dump_incident(state_incident(view_state(one), fx_id(SECOND)), &a);
    state_dump_incident(state_incident(view_state(other), fx_id(FIRST)), &b);
    state_dump_incident(state_incident(view_state(other), fx_id(SECOND)), &b);
    assert_string_equal(buf_text(&a), buf_text(&b));
    assert_non_null(strstr(buf_text(&a), "merged\tinto="));
    buf_free(&a);
    buf_free(&b);
}

static void streams_may_come_in_any_order(void **state)
{
    struct fixture fx;
    struct view *whole = view_new(&(struct view_options){.details = true});

    (void)state;
    tell(&fx);
    fx_fold(&fx, whole);
    for (int way = 0; way < 2; way++) {
        struct id first = fx_id(way == 0 ? FIRST : SECOND), second = fx_id(way == 0 ? SECOND : FIRST);
        struct tailing t = {.view = view_new(&(struct view_options){.details = true}),
                            .stream = stream_key_incident(first)};
        fx_each(&fx, take_stream, &t);
        assert_non_null(state_incident(view_state(t.view), first));
        assert_null(state_incident(view_state(t.view), second)); /* half of a record is not the incident */
        t.stream = stream_key_incident(second);
        fx_each(&fx, take_stream, &t);
        t.stream = stream_key_incident(first); /* again: nothing is new */
        fx_each(&fx, take_stream, &t);
        assert_same(whole, t.view);
        assert_non_null(view_find_order(t.view, fx_id(ORDER), NULL));
        view_free(t.view);
    }
    view_free(whole);
    fx_end(&fx);
}

static void an_event_is_shown_once_with_all_its_orders(void **state)
{
    struct view_situation_options options = {.mode = MODE_ACTUAL, .incident = "", .now_ms = FX_START_MS};
    struct fixture fx;
    struct view *view = view_new(&(struct view_options){.details = true});
    char order[VIEW_SHORT_ID];
    struct buf out;

    (void)state;
    tell(&fx);
    fx_fold(&fx, view);
    buf_init(&out, 0);
    assert_int_equal(view_situation_text(view, &options, &out), 1);
    assert_non_null(strstr(buf_text(&out), "merged into it: "));
    assert_non_null(strstr(buf_text(&out), "second call"));
    assert_non_null(strstr(buf_text(&out), "dead 2"));
    assert_non_null(strstr(buf_text(&out), view_short_id(fx_id(ORDER), order)));
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_may_come_in_any_order),
        cmocka_unit_test(an_event_is_shown_once_with_all_its_orders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
