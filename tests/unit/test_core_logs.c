/* The numbered logs of tests/unit/logs: commands, what each brings about, and the state that follows. */
#include "tests/unit/core_script.h"

static void run(void **state)
{
    run_script(*state);
}

int main(void)
{
    static char paths[][48] = {
        "tests/unit/logs/01-poisoning.txt",
        "tests/unit/logs/02-decline-reissue.txt",
        "tests/unit/logs/03-recall-race.txt",
        "tests/unit/logs/04-evacuation.txt",
        "tests/unit/logs/05-expiry.txt",
        "tests/unit/logs/06-history.txt",
        "tests/unit/logs/07-agency-evacuation.txt",
    };
    enum { N = sizeof paths / sizeof paths[0] };
    struct CMUnitTest tests[N];

    for (size_t i = 0; i < N; i++) {
        tests[i] = (struct CMUnitTest){.name = paths[i], .test_func = run, .initial_state = paths[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
