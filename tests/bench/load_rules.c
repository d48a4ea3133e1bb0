/* bench-load-rules: how fast conditions are asked, on one core. A pack of --count rules (200) over
 * casualties, loss and kind is asked again and again, as when an incident changes: new facts, every rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/rules/pack.h"
#include "tests/bench/load.h"

enum { RULES = 200, LOOK_EVERY = 64, NS_PER_MS = 1000000 };

static void put_pack(struct buf *ret, long rules)
{
    buf_puts(ret, "{pack: bench, version: '1', match: all, rules: [\n");
    for (long i = 0; i < rules; i++) {
        buf_printf(
            ret,
            "{rule: r%ld, when: incident, if: \"kind = 'kind-%ld' and (dead >= %ld or serious >= %ld or loss "
            ">= %ld000000)\", do: [notify: duty]},\n",
            i, i % 10, 1 + i % 40, 3 + i % 100, 1 + i % 100);
    }
    buf_puts(ret, "]}\n");
}

static void change(struct rule_facts *facts, uint64_t round)
{
    static const char *const kinds[] = {"kind-0", "kind-3", "kind-7", "fire"};

    facts->at[RULE_KIND] = (struct rule_value){.known = true, .text = kinds[round % 4]};
    facts->at[RULE_DEAD] = (struct rule_value){.known = round % 5 != 0, .whole = (int64_t)(round % 41)};
    facts->at[RULE_SERIOUS] = (struct rule_value){.known = round % 7 != 0, .whole = (int64_t)(round % 103)};
    facts->at[RULE_LOSS] = (struct rule_value){.known = true, .whole = (int64_t)(round % 97) * 1000000};
}

/* One change and what all rules say of it: how many fire. */
static uint64_t ask_all(struct conditions *conditions, const struct pack *pack, uint64_t round,
                        enum rule_answer *answers)
{
    struct rule_facts facts = {0};
    uint64_t fired = 0;

    change(&facts, round);
    if (conditions_set(conditions, &facts) != 0) {
        load_fail("the facts cannot be set");
    }
    pack_ask(pack, TRIGGER_INCIDENT, answers);
    for (size_t i = 0; i < pack->rules_n; i++) {
        fired += answers[i] == ANSWER_YES;
    }
    return fired;
}

int main(int argc, char **argv)
{
    struct conditions *conditions;
    struct load_options options;
    struct pack *pack;
    struct err err = {0};
    struct buf text;
    uint64_t rounds = 0, fired = 0;

    load_options_read(argc, argv, &options);
    buf_init(&text, 0);
    put_pack(&text, options.count > 0 ? options.count : RULES);
    if (conditions_open(&conditions, &err) != 0 ||
        pack_read("bench", buf_text(&text), text.n, conditions, &pack, &err) != 0) {
        load_fail("%s", err.text);
    }
    enum rule_answer *answers = load_alloc(pack->rules_n, sizeof *answers);
    int64_t begin = load_now_ns(), now;
    do {
        for (int i = 0; i < LOOK_EVERY; i++) {
            fired += ask_all(conditions, pack, rounds++, answers);
        }
        now = load_now_ns();
    } while (now < begin + (int64_t)options.milliseconds * NS_PER_MS);
    double seconds = (double)(now - begin) / 1e9;
    double asked = (double)(rounds * pack->rules_n);
    printf("{\"rules\": %zu, \"rate\": %.0f, \"changes\": %.0f, \"fired\": %.4f}\n", pack->rules_n,
           asked / seconds, (double)rounds / seconds, (double)fired / asked);
    free(answers);
    pack_free(pack);
    conditions_close(conditions);
    buf_free(&text);
    return 0;
}
