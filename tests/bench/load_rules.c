/* bench-load-rules: how fast rules are asked, on one core. --mode
 *   rules   packs of --count rules (200) in all, in the words of those that are shipped, are asked as the
 *           broker asks them: an incident changes, some of its facts unknown, and every rule has its say
 *   sqlite  the least that SQLite does for an answer: `SELECT ?1 > 30`, compiled, over no table
 *   plain   the least that there is: so many thresholds compared in C, unknown ones passed over
 * Rates are of a second of the processor's time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "common/base/buf.h"
#include "common/rules/pack.h"
#include "common/rules/rule_book.h"
#include "tests/bench/load.h"

enum { RULES = 200, PACKS = 4, LOOK_EVERY = 64, NS_PER_MS = 1000000, LEVELS = 40, PLAIN_TURNS = 1 << 12 };

/* --- the packs --- */

/* What the shipped packs ask: thresholds, thresholds with a term, tiers and grades, kinds, CASE. */
static void put_condition(struct buf *ret, long i)
{
    long n = 1 + i % LEVELS;

    switch (i % 10) {
    case 0:
        buf_printf(ret,
                   "(dead >= %ld or serious >= %ld) and coalesce(corrected_days, 0) <= "
                   "iif(kind in ('fire', 'traffic'), 7, 30) or loss >= %ld000000",
                   n, 3 * n, 5 * n);
        break;
    case 1:
        buf_printf(ret, "dead >= %ld or serious >= %ld or loss >= %ld000000", n, 3 * n, 5 * n);
        break;
    case 2:
        buf_printf(ret, "tier = 'county' and grade <= %ld", 1 + n % 4);
        break;
    case 3:
        buf_printf(ret, "tier in ('county', 'city') and grade = %ld", 1 + n % 4);
        break;
    case 4:
        buf_printf(ret, "kind in ('fire', 'explosion', 'mine') and trapped >= %ld", n);
        break;
    case 5:
        buf_printf(ret,
                   "case kind when 'fire' then dead * 2 + serious when 'traffic' then dead else serious end "
                   ">= %ld",
                   n);
        break;
    case 6:
        buf_printf(ret, "known_min between %ld and %ld and orders_open = 0", n, 2 * n);
        break;
    case 7:
        buf_printf(ret, "coalesce(dead, serious, loss) is not null and missing > %ld", n);
        break;
    case 8:
        buf_printf(ret, "substance = 'chlorine' and (minor + serious + dead * 10 >= %ld or level is null)",
                   n);
        break;
    default:
        buf_printf(ret, "orders_silent > 0 and age_min >= %ld and grade <= 2", n);
        break;
    }
}

static void put_pack(struct buf *ret, long from, long to)
{
    buf_printf(ret, "{pack: bench-%ld, version: '1', match: all, rules: [\n", from);
    for (long i = from; i < to; i++) {
        buf_printf(ret, "{rule: r%ld, when: incident, if: \"", i);
        put_condition(ret, i);
        buf_puts(ret, "\", do: [notify: duty]},\n");
    }
    buf_puts(ret, "]}\n");
}

static void read_packs(struct buf *texts, long rules, struct region_pack *ret)
{
    for (long i = 0; i < PACKS; i++) {
        put_pack(&texts[i], i * rules / PACKS, (i + 1) * rules / PACKS);
        ret[i] = (struct region_pack){.name = "bench", .version = "1", .text = buf_text(&texts[i])};
        ret[i].hash[0] = (uint8_t)(i + 1);
    }
}

/* --- the incident --- */

/* Of this core, whoever else has it in between. */
static int64_t cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static struct rule_value whole(bool known, uint64_t value)
{
    return (struct rule_value){.known = known, .whole = (int64_t)value};
}

static void change(struct rule_facts *facts, uint64_t round)
{
    static const char *const kinds[] = {"fire", "traffic", "mine", "flood"};
    static const char *const tiers[] = {"county", "city", "province"};
    static const char *const substances[] = {"chlorine", "carbon-monoxide"};

    facts->at[RULE_KIND] = (struct rule_value){.known = true, .text = kinds[round % 4]};
    facts->at[RULE_TIER] = (struct rule_value){.known = true, .text = tiers[round % 3]};
    facts->at[RULE_SUBSTANCE] = (struct rule_value){.known = round % 5 < 2, .text = substances[round % 2]};
    facts->at[RULE_DEAD] = whole(round % 5 != 0, round % (LEVELS + 1));
    facts->at[RULE_SERIOUS] = whole(round % 7 != 0, round % 103);
    facts->at[RULE_MINOR] = whole(round % 3 != 0, round % 11);
    facts->at[RULE_MISSING] = whole(round % 2 != 0, round % 5);
    facts->at[RULE_TRAPPED] = whole(round % 3 != 0, round % 7);
    facts->at[RULE_LOSS] = whole(round % 4 == 0, round % 97 * 1000000);
    facts->at[RULE_GRADE] = whole(round % 6 != 0, 1 + round % 4);
    facts->at[RULE_LEVEL] = whole(round % 2 != 0, 1 + round % 4);
    facts->at[RULE_AGE_MIN] = whole(true, round % 120);
    facts->at[RULE_KNOWN_MIN] = whole(true, round % 90);
    facts->at[RULE_ORDERS_OPEN] = whole(true, round % 3);
    facts->at[RULE_ORDERS_SILENT] = whole(true, round % 2);
}

/* --- asked --- */

struct asked {
    uint64_t rounds, asked, yes, unknown;
};

static void ask_all(const struct rules *rules, const struct region *region, struct asked *ret)
{
    const struct rule_verdict *verdicts;
    struct rule_facts facts = {0};
    size_t n;

    change(&facts, ret->rounds++);
    if (rules->ask(rules->ctx, region, TRIGGER_INCIDENT, &facts, &verdicts, &n) != 0) {
        load_fail("the rules cannot be asked");
    }
    for (size_t i = 0; i < n; i++) {
        ret->yes += verdicts[i].holds == ANSWER_YES;
        ret->unknown += verdicts[i].holds == ANSWER_UNKNOWN;
    }
    ret->asked += n;
}

static void run_rules(const struct load_options *options)
{
    struct buf texts[PACKS];
    struct region region = {.packs_n = PACKS};
    struct rule_book *book = rule_book_new();
    struct asked asked = {0};
    struct err err = {0};
    int64_t begin, now;

    for (size_t i = 0; i < PACKS; i++) {
        buf_init(&texts[i], 0);
    }
    read_packs(texts, options->count > 0 ? options->count : RULES, region.packs);
    if (book == NULL || rule_book_check(book, &region, &err) != 0) {
        load_fail("%s", err.text);
    }
    begin = cpu_ns();
    do {
        for (int i = 0; i < LOOK_EVERY; i++) {
            ask_all(rule_book_rules(book), &region, &asked);
        }
        now = cpu_ns();
    } while (now < begin + (int64_t)options->milliseconds * NS_PER_MS);
    double seconds = (double)(now - begin) / 1e9;
    printf("{\"rules\": %" PRIu64 ", \"rate\": %.0f, \"changes\": %.0f, \"yes\": %.4f, \"unknown\": %.4f}\n",
           asked.asked / asked.rounds, (double)asked.asked / seconds, (double)asked.rounds / seconds,
           (double)asked.yes / (double)asked.asked, (double)asked.unknown / (double)asked.asked);
    rule_book_free(book);
    for (size_t i = 0; i < PACKS; i++) {
        buf_free(&texts[i]);
    }
}

/* --- the limits --- */

static void run_sqlite(const struct load_options *options)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    uint64_t asked = 0, yes = 0;
    int64_t begin, now;

    if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(db, "SELECT ?1 > 30", -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
            SQLITE_OK) {
        load_fail("SQLite cannot be had");
    }
    begin = cpu_ns();
    do {
        (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)(asked / RULES % (LEVELS + 1)));
        for (int i = 0; i < RULES; i++) {
            yes += sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) != 0;
            (void)sqlite3_reset(statement);
        }
        asked += RULES;
        now = cpu_ns();
    } while (now < begin + (int64_t)options->milliseconds * NS_PER_MS);
    printf("{\"rate\": %.0f, \"yes\": %.4f}\n", (double)asked * 1e9 / (double)(now - begin),
           (double)yes / (double)asked);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
}

static void run_plain(const struct load_options *options)
{
    struct {
        enum rule_fact fact;
        int64_t least;
    } at[RULES];
    static const enum rule_fact numbers[] = {RULE_DEAD, RULE_SERIOUS, RULE_LOSS, RULE_TRAPPED, RULE_GRADE};
    struct rule_facts facts = {0};
    uint64_t rounds = 0, yes = 0;
    int64_t begin, now;

    for (size_t i = 0; i < RULES; i++) {
        at[i].fact = numbers[i % (sizeof numbers / sizeof numbers[0])];
        at[i].least = (int64_t)i;
    }
    begin = cpu_ns();
    do {
        for (int turn = 0; turn < PLAIN_TURNS; turn++) {
            change(&facts, rounds++);
            for (size_t i = 0; i < RULES; i++) {
                const struct rule_value *value = &facts.at[at[i].fact];
                yes += value->known && value->whole >= at[i].least;
            }
        }
        now = cpu_ns();
    } while (now < begin + (int64_t)options->milliseconds * NS_PER_MS);
    printf("{\"rate\": %.0f, \"yes\": %.4f}\n", (double)rounds * RULES * 1e9 / (double)(now - begin),
           (double)yes / (double)(rounds * RULES));
}

int main(int argc, char **argv)
{
    struct load_options options;

    load_options_read(argc, argv, &options);
    if (strcmp(options.mode, "sqlite") == 0) {
        run_sqlite(&options);
    } else if (strcmp(options.mode, "plain") == 0) {
        run_plain(&options);
    } else {
        run_rules(&options);
    }
    return 0;
}
