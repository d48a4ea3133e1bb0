/* Every allocation of evolve() fails once: it says so, and evicting the stream leaves a sane state. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "tests/unit/core_random.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static long fail_at; /* the nth allocation from now fails; 0: none */
static bool failed;

static bool fails(void)
{
    if (fail_at > 0 && --fail_at == 0) {
        failed = true;
        return true;
    }
    return false;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static struct state *up_to(const struct bus *bus, size_t n)
{
    struct state *state = state_new();

    assert_non_null(state);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(evolve(state, &bus->log[i]), 0);
    }
    return state;
}

static void load(struct state *state, const struct bus *bus, struct stream_key stream, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (stream_key_equal(event_stream(&bus->log[i], REGION), stream)) {
            assert_int_equal(evolve(state, &bus->log[i]), 0);
        }
    }
}

/* Event n with each of its allocations failing in turn, until none is left to fail. */
static long fail_each(const struct bus *bus, size_t n)
{
    struct stream_key stream = event_stream(&bus->log[n], REGION);
    struct state *whole = up_to(bus, n + 1);
    char *expected = dump_of(whole);
    long tried = 0;

    for (bool more = true; more; tried++) {
        struct state *state = up_to(bus, n);
        failed = false;
        fail_at = tried + 1;
        int result = evolve(state, &bus->log[n]);
        fail_at = 0;
        more = failed;
        assert_int_equal(result, failed ? ERR_NO_MEMORY : 0);
        if (failed) {
            char *half = dump_of(state); /* half changed, yet readable */
            free(half);
            state_evict(state, stream);
            load(state, bus, stream, n + 1);
        }
        char *dump = dump_of(state);
        assert_string_equal(expected, dump);
        free(dump);
        state_free(state);
        assert_true(tried < 1000);
    }
    free(expected);
    state_free(whole);
    return tried - 1;
}

static void every_allocation_of_evolve_can_fail(void **state)
{
    struct bus bus;
    uint64_t seed = 7;
    long tried = 0;

    (void)state;
    bus_open(&bus);
    for (int i = 0; i < 150; i++) {
        struct command command = random_command(&bus, &seed);
        (void)bus_say(&bus, &command);
    }
    for (size_t i = 0; i < bus.log_n; i++) {
        tried += fail_each(&bus, i);
    }
    assert_true(tried > 100);
    bus_close(&bus);
}

static void decide_says_when_memory_ends(void **state)
{
    struct bus bus;
    struct arena small;
    struct decision decision;

    (void)state;
    bus_open(&bus);
    struct command command = a_report(&bus, 1, REPORT_INITIAL);
    int last = ERR_NO_MEMORY;
    for (size_t budget = 1; budget < 65536 && last != 0; budget += 16) {
        arena_init(&small, budget);
        last = decide(bus.state, &command, &bus.env, &small, &decision);
        assert_true(last == 0 || last == ERR_NO_MEMORY);
        arena_free(&small);
    }
    assert_int_equal(last, 0);
    command.region = "370103"; /* a refusal needs memory for its words */
    arena_init(&small, 1);
    assert_int_equal(decide(bus.state, &command, &bus.env, &small, &decision), ERR_NO_MEMORY);
    arena_free(&small);
    bus_close(&bus);
}

static void new_state_and_dump_can_fail(void **state)
{
    struct bus bus;
    struct buf buf;

    (void)state;
    fail_at = 1;
    assert_null(state_new());
    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    buf_init(&buf, 0);
    bool whole = false;
    for (long n = 1; n < 1000 && !whole; n++) {
        buf_reset(&buf);
        failed = false;
        fail_at = n;
        state_dump(bus.state, &buf);
        fail_at = 0;
        assert_true(buf.failed == failed); /* never half a dump that looks whole */
        whole = !failed;
    }
    assert_true(whole);
    buf_free(&buf);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_evolve_can_fail),
        cmocka_unit_test(decide_says_when_memory_ends),
        cmocka_unit_test(new_state_and_dump_can_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
