/* muster-sim: many lives of one bus, each from a seed; see world.h. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/mutant.h"
#include "tests/sim/world.h"

enum mutant mutant_on = MUTANT_NONE;

enum { SEEDS = 30, STEPS = 3000, MUTANT_SEEDS = 200, MUTANT_STEPS = 3000 };

struct run {
    uint64_t seed;
    uint64_t steps;
    bool trace;
    /* out */
    uint64_t step;
    uint64_t records;
    char why[WHY_MAX];
};

static bool run_one(struct run *run)
{
    struct world *world = world_new(run->seed, run->trace);

    if (world == NULL) {
        (void)snprintf(run->why, sizeof run->why, "out of memory");
        return false;
    }
    while (world->step < run->steps && world_step(world)) {
    }
    bool fine = !world->failed && world_heal(world);
    run->step = world->step;
    run->records = world->check.head;
    memcpy(run->why, world->why, sizeof run->why);
    world_free(world);
    return fine;
}

static bool run_seed(uint64_t seed, uint64_t steps, bool trace)
{
    struct run run = {.seed = seed, .steps = steps, .trace = trace};
    bool fine = run_one(&run);

    if (fine) {
        printf("seed %" PRIu64 ": %" PRIu64 " steps, %" PRIu64 " records\n", seed, run.step, run.records);
    } else {
        printf("seed %" PRIu64 ", step %" PRIu64 ": %s\n    again: muster-sim --seed %" PRIu64
               " --steps %" PRIu64 " --trace\n",
               seed, run.step, run.why, seed, steps);
    }
    (void)fflush(stdout);
    return fine;
}

/* --- planted bugs --------------------------------------------------------------------------------- */

static const char *mutant_name(enum mutant mutant)
{
    switch (mutant) {
#define MUTANT_NAME(name, text) \
    case name:                  \
        return #name;
        MUTANT_LIST(MUTANT_NAME)
#undef MUTANT_NAME
    default:
        return "?";
    }
}

static unsigned run_mutants(uint64_t steps)
{
    unsigned survived = 0;

    for (int mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        bool caught = false;
        mutant_on = (enum mutant)mutant;
        for (uint64_t seed = 1; seed <= MUTANT_SEEDS && !caught; seed++) {
            struct run run = {.seed = seed, .steps = steps};
            caught = !run_one(&run);
            if (caught) {
                printf("caught %s (seed %" PRIu64 ", step %" PRIu64 ": %s)\n", mutant_name(mutant_on), seed,
                       run.step, run.why);
            }
        }
        if (!caught) {
            printf("survived %s\n", mutant_name(mutant_on));
            survived++;
        }
        (void)fflush(stdout);
    }
    mutant_on = MUTANT_NONE;
    return survived;
}

/* --- the command line ----------------------------------------------------------------------------- */

static int usage(FILE *to, int code)
{
    fputs("muster-sim                          the short set and the planted bugs\n"
          "muster-sim --seed S [--steps N] [--trace]   one life again\n"
          "muster-sim --seeds N [--from S] [--steps N] many lives\n"
          "muster-sim --hours H [--from S] [--steps N] lives with new seeds, as long as that\n"
          "muster-sim --mutants                the planted bugs: each must be caught\n"
          "muster-sim --mutant NAME --seed S   one life with a planted bug\n",
          to);
    return code;
}

struct arguments {
    uint64_t seed, seeds, from, steps;
    double hours;
    bool has_seed, trace, mutants;
};

static bool take_mutant(const char *name)
{
    for (int mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        if (strcmp(mutant_name((enum mutant)mutant), name) == 0) {
            mutant_on = (enum mutant)mutant;
            return true;
        }
    }
    return false;
}

/* 0 to go on, or the exit code plus one. */
static int parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option OPTIONS[] = {
        {"seed", required_argument, NULL, 's'},  {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},  {"steps", required_argument, NULL, 'p'},
        {"hours", required_argument, NULL, 'o'}, {"trace", no_argument, NULL, 't'},
        {"mutants", no_argument, NULL, 'm'},     {"mutant", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 's':
            ret->has_seed = true;
            ret->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            ret->seeds = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            ret->from = strtoull(optarg, NULL, 10);
            break;
        case 'p':
            ret->steps = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            ret->hours = strtod(optarg, NULL);
            break;
        case 't':
            ret->trace = true;
            break;
        case 'm':
            ret->mutants = true;
            break;
        case 'u':
            if (!take_mutant(optarg)) {
                return usage(stderr, 65);
            }
            break;
        case 'h':
            return usage(stdout, 1);
        default:
            return usage(stderr, 65);
        }
    }
    return 0;
}

static int64_t seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.seeds = 0, .from = 1, .steps = STEPS};
    uint64_t passed = 0, failed = 0;
    unsigned survived = 0;
    int64_t begun = seconds();
    int stop = parse(argc, argv, &arguments);

    if (stop != 0) {
        return stop - 1;
    }
    if (crypto_init() < 0) {
        return 70;
    }
    bool plain = !arguments.has_seed && arguments.seeds == 0 && arguments.hours <= 0 && !arguments.mutants;
    if (arguments.has_seed) {
        arguments.from = arguments.seed;
        arguments.seeds = 1;
    } else if (plain) {
        arguments.seeds = SEEDS;
    }
    for (uint64_t i = 0; i < arguments.seeds || (double)(seconds() - begun) < arguments.hours * 3600; i++) {
        *(run_seed(arguments.from + i, arguments.steps, arguments.trace) ? &passed : &failed) += 1;
    }
    if (plain || arguments.mutants) {
        survived = run_mutants(MUTANT_STEPS);
        printf("%d planted bugs, %u survived\n", MUTANT_COUNT - 1, survived);
    }
    printf("%" PRIu64 " lives passed, %" PRIu64 " failed\n", passed, failed);
    return failed == 0 && survived == 0 ? 0 : 1;
}
