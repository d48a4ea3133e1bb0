/* muster-sim: many lives of one bus, each from a seed; see world.h. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/mutant.h"
#include "tests/sim/country.h"

enum mutant mutant_on = MUTANT_NONE;

enum {
    SEEDS = 60,           /* of the short set; each lives twice ... */
    SEEDS_OF_REGIONS = 8, /* ... and of many regions */
    STEPS = 3000,
    MUTANT_LIVES = 600,
    MUTANT_LIVES_OF_REGIONS = 60,
    TRACE_LINES = 200,
    EX_OK = 0,
    EX_FAILED = 1,
    EX_USAGE = 64,
    EX_SOFTWARE = 70
};

struct arguments {
    uint64_t seed, seeds, from, steps;
    double hours;
    bool has_seed, trace, mutants, same, only_safety, only_liveness, regions;
    size_t trace_lines;
};

struct result {
    bool fine;
    uint64_t step;
    uint64_t records;
    uint64_t hash;
    char why[WHY_MAX];
};

static const char *mode_words(enum mode_of_life mode)
{
    return mode == SAFETY ? "safety" : "liveness";
}

static void live_in_country(const struct world_options *options, struct result *ret)
{
    struct country *country = country_new(options);

    *ret = (struct result){0};
    if (country == NULL) {
        (void)snprintf(ret->why, sizeof ret->why, "out of memory");
        return;
    }
    ret->fine = country_run(country);
    ret->step = country->step;
    ret->hash = country_hash(country);
    for (unsigned i = 0; i < REGIONS; i++) {
        ret->records += country->worlds[i]->check.head;
    }
    if (!ret->fine) {
        const struct world *failed = country_failed(country);
        (void)snprintf(ret->why, sizeof ret->why, "%.6s: %.1000s", failed->keys.region.name, failed->why);
        trace_tell(&country->trace);
    }
    country_free(country);
}

static void live(const struct world_options *options, bool regions, struct result *ret)
{
    if (regions) {
        live_in_country(options, ret);
        return;
    }
    struct world *world = world_new(options);

    *ret = (struct result){0};
    if (world == NULL) {
        (void)snprintf(ret->why, sizeof ret->why, "out of memory");
        return;
    }
    ret->fine = world_run(world);
    ret->step = world->step;
    ret->records = world->check.head;
    ret->hash = world->hash;
    memcpy(ret->why, world->why, sizeof ret->why);
    if (!ret->fine) {
        trace_tell(world->trace);
    }
    world_free(world);
}

/* --- lives ---------------------------------------------------------------------------------------- */

static bool tell_life(const struct arguments *arguments, uint64_t seed, enum mode_of_life mode,
                      struct tally *tally)
{
    struct world_options options = {.seed = seed,
                                    .steps = arguments->steps,
                                    .mode = mode,
                                    .trace = arguments->trace,
                                    .trace_lines = arguments->trace_lines,
                                    .tally = tally};
    struct result result;

    const char *regions = arguments->regions ? " --regions" : "";

    live(&options, arguments->regions, &result);
    if (!result.fine) {
        printf("seed %" PRIu64 ", %s, step %" PRIu64 ": %s\n    again: muster-sim%s --seed %" PRIu64
               " --steps %" PRIu64 " --%s --trace\n",
               seed, mode_words(mode), result.step, result.why, regions, seed, arguments->steps,
               mode_words(mode));
    } else if (arguments->has_seed) {
        printf("seed %" PRIu64 ", %s: %" PRIu64 " steps, %" PRIu64 " records, hash %016" PRIx64 "\n", seed,
               mode_words(mode), result.step, result.records, result.hash);
    }
    (void)fflush(stdout);
    return result.fine;
}

static int64_t seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

/* On a terminal one line that is written over; else nothing, so that a log stays short. */
static void tell_progress(const struct tally *tally, uint64_t failed, int64_t begun)
{
    if (isatty(STDOUT_FILENO)) {
        printf("\r%" PRId64 " s: %" PRIu64 " lives, %" PRIu64 " steps, %.1f h in the worlds, %" PRIu64
               " failed ",
               seconds() - begun, tally->lives, tally->steps, (double)tally->ms / 3600000, failed);
        (void)fflush(stdout);
    }
}

static uint64_t run_lives(const struct arguments *arguments, struct tally *tally)
{
    int64_t begun = seconds();
    uint64_t failed = 0;

    for (uint64_t i = 0; i < arguments->seeds || (double)(seconds() - begun) < arguments->hours * 3600; i++) {
        if (!arguments->only_liveness && !tell_life(arguments, arguments->from + i, SAFETY, tally)) {
            failed++;
        }
        if (!arguments->only_safety && !tell_life(arguments, arguments->from + i, LIVENESS, tally)) {
            failed++;
        }
        tell_progress(tally, failed, begun);
    }
    if (isatty(STDOUT_FILENO)) {
        (void)putchar('\n');
    }
    return failed;
}

/* Of one bus, unless only many regions are asked for; then of these. */
static uint64_t run_short_set(const struct arguments *arguments, struct tally *tally)
{
    struct arguments set = *arguments;
    uint64_t failed = 0;

    if (!arguments->regions) {
        set.seeds = SEEDS;
        failed = run_lives(&set, tally);
    }
    set.regions = true;
    set.seeds = SEEDS_OF_REGIONS;
    return failed + run_lives(&set, tally);
}

/* True when each kind of fault really happened. */
static bool tell_summary(const struct tally *tally)
{
    bool all = true;

    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        printf("%10" PRIu64 "  %s\n", tally->faults[fault], fault_words((enum fault)fault));
        all = all && tally->faults[fault] > 0;
    }
    printf("%" PRIu64 " lives, %" PRIu64 " steps, %.1f h in the worlds; %" PRIu64 " records, %" PRIu64
           " orders, carried out %" PRIu64 " times, %" PRIu64 " refusals kept (%" PRIu64
           " overstepped), %" PRIu64 " deadlines\n",
           tally->lives, tally->steps, (double)tally->ms / 3600000, tally->records, tally->orders,
           tally->effects, tally->refusals, tally->forbidden, tally->deadlines);
    return all;
}

/* --- the same life twice -------------------------------------------------------------------------- */

static bool is_same(const struct arguments *arguments)
{
    struct tally tally = {0};
    struct result results[2];

    for (uint64_t i = 0; i < arguments->seeds; i++) {
        for (int turn = 0; turn < 2; turn++) {
            live(&(struct world_options){.seed = arguments->from + i,
                                         .steps = arguments->steps,
                                         .mode = LIVENESS,
                                         .tally = &tally},
                 arguments->regions, &results[turn]);
        }
        if (results[0].hash != results[1].hash || results[0].step != results[1].step) {
            printf("seed %" PRIu64 " lives differently the second time\n", arguments->from + i);
            return false;
        }
        printf("seed %" PRIu64 ": hash %016" PRIx64 " both times\n", arguments->from + i, results[0].hash);
    }
    return true;
}

static bool is_same_everywhere(const struct arguments *arguments, bool plain)
{
    struct arguments set = *arguments;

    if (!plain) {
        return is_same(&set);
    }
    set.seeds = 3;
    bool same = arguments->regions || is_same(&set);
    set.regions = true;
    set.seeds = 1;
    return same && is_same(&set);
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

/* Lives until one of them shows it. Both modes of one seed begin alike: each life has a seed of its own. */
static bool is_caught(enum mutant mutant, uint64_t steps)
{
    bool regions = mutant >= MUTANT_FIRST_OF_REGIONS;
    struct tally tally = {0};
    struct result result;
    uint64_t all = 0;

    mutant_on = mutant;
    for (uint64_t i = 0; i < (uint64_t)(regions ? MUTANT_LIVES_OF_REGIONS : MUTANT_LIVES); i++) {
        struct world_options options = {
            .seed = 1 + i, .steps = steps, .mode = i % 2 == 0 ? SAFETY : LIVENESS, .tally = &tally};
        live(&options, regions, &result);
        all += result.step;
        if (!result.fine) {
            printf("caught   %-28s after %" PRIu64 " steps, seed %" PRIu64 ", %s, step %" PRIu64 ": %s\n",
                   mutant_name(mutant), all, options.seed, mode_words(options.mode), result.step, result.why);
            (void)fflush(stdout);
            return true;
        }
    }
    printf("survived %s, %" PRIu64 " steps\n", mutant_name(mutant), all);
    (void)fflush(stdout);
    return false;
}

static unsigned run_mutants(const struct arguments *arguments)
{
    int first = arguments->regions ? (int)MUTANT_FIRST_OF_REGIONS : MUTANT_NONE + 1;
    unsigned survived = 0;

    for (int mutant = first; mutant < MUTANT_COUNT; mutant++) {
        survived += is_caught((enum mutant)mutant, arguments->steps) ? 0 : 1;
    }
    mutant_on = MUTANT_NONE;
    printf("%d planted bugs, %u survived\n", MUTANT_COUNT - first, survived);
    return survived;
}

/* --- the command line ----------------------------------------------------------------------------- */

static int usage(FILE *to, int code)
{
    fputs("muster-sim                                the short set: it must pass, and every kind of fault "
          "strike\n"
          "muster-sim --seed S [--trace[=N]]         one seed again, with the last N lines of a failure's "
          "trace\n"
          "                                          (200; 0: every line as it comes)\n"
          "muster-sim --seeds N [--from S]           many\n"
          "muster-sim --hours H [--from S]           as many as that takes\n"
          "muster-sim --same [--seeds N]             each seed must live the same life twice\n"
          "muster-sim --mutants                      the planted bugs: each must be caught\n"
          "muster-sim --mutant NAME --seed S         one life with a planted bug\n"
          "muster-sim --regions ...                  lives of many regions with links, and of these alone\n"
          "all take --steps N (with faults, 3000), --safety or --liveness (only those lives)\n",
          to);
    return code;
}

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

static bool take_number(const char *text, uint64_t *ret)
{
    char *end;

    *ret = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static bool take_option(int option, struct arguments *ret)
{
    uint64_t lines = TRACE_LINES;
    char *end;

    switch (option) {
    case 's':
        ret->has_seed = true;
        return take_number(optarg, &ret->seed);
    case 'n':
        return take_number(optarg, &ret->seeds);
    case 'f':
        return take_number(optarg, &ret->from);
    case 'p':
        return take_number(optarg, &ret->steps);
    case 'o':
        ret->hours = strtod(optarg, &end);
        return *end == '\0' && ret->hours > 0;
    case 't':
        ret->trace = true;
        if (optarg != NULL && !take_number(optarg, &lines)) {
            return false;
        }
        ret->trace_lines = lines;
        return true;
    case 'm':
        ret->mutants = true;
        return true;
    case 'u':
        return take_mutant(optarg);
    case 'a':
        ret->same = true;
        return true;
    case 'r':
        ret->regions = true;
        return true;
    case 'y':
        ret->only_safety = true;
        return true;
    case 'l':
        ret->only_liveness = true;
        return true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct arguments *ret, bool *ret_help)
{
    static const struct option OPTIONS[] = {
        {"seed", required_argument, NULL, 's'},  {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},  {"steps", required_argument, NULL, 'p'},
        {"hours", required_argument, NULL, 'o'}, {"trace", optional_argument, NULL, 't'},
        {"mutants", no_argument, NULL, 'm'},     {"mutant", required_argument, NULL, 'u'},
        {"same", no_argument, NULL, 'a'},        {"regions", no_argument, NULL, 'r'},
        {"safety", no_argument, NULL, 'y'},      {"liveness", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'h') {
            *ret_help = true;
            return true;
        }
        if (!take_option(option, ret)) {
            return false;
        }
    }
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.from = 1, .steps = STEPS};
    struct tally tally = {0};
    bool help = false;

    if (!parse(argc, argv, &arguments, &help) || help) {
        return usage(help ? stdout : stderr, help ? EX_OK : EX_USAGE);
    }
    if (crypto_init() < 0) {
        return EX_SOFTWARE;
    }
    if (arguments.mutants) {
        return run_mutants(&arguments) == 0 ? EX_OK : EX_FAILED;
    }
    bool plain = !arguments.has_seed && arguments.seeds == 0 && arguments.hours <= 0;
    if (arguments.has_seed) {
        arguments.from = arguments.seed;
        arguments.seeds = 1;
    }
    if (arguments.same) {
        return is_same_everywhere(&arguments, plain) ? EX_OK : EX_FAILED;
    }
    uint64_t failed = plain ? run_short_set(&arguments, &tally) : run_lives(&arguments, &tally);
    bool all = arguments.has_seed || tell_summary(&tally);
    bool whole = plain && !arguments.regions; /* of one bus, and of many regions */
    if (whole && !all) {
        printf("a kind of fault never struck: the short set does not try what it should\n");
    }
    printf("%" PRIu64 " lives passed, %" PRIu64 " failed\n", tally.lives - failed, failed);
    return failed == 0 && (all || !whole) ? EX_OK : EX_FAILED;
}
