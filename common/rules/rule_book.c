#include "common/rules/rule_book.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/core/event.h"
#include "common/crypto/crypto.h"
#include "common/rules/pack.h"

struct page {
    uint8_t hash[HASH_OF_PACK_BYTES];
    struct pack *pack;
};

struct rule_book {
    struct rules rules;
    struct conditions *conditions;       /* opened with the first pack */
    struct page pages[REGION_PACKS_MAX]; /* in the order of the region's */
    size_t pages_n;
    bool names_kinds; /* the pages were read so */
    bool is_trial;
    struct rule_verdict *verdicts;
    size_t verdicts_max;
    uint64_t reads[RULE_TRIGGER_COUNT]; /* facts, by the trigger's rules */
};

/* --- what is in force ----------------------------------------------------------------------------- */

/* What is loaded into an older log is what it was there. */
static bool may_name_kinds(const struct rule_book *book, const struct region *region)
{
    return book->is_trial || region->generation >= GENERATION_KINDS;
}

static bool is_current(const struct rule_book *book, const struct region *region)
{
    if (book->pages_n != region->packs_n || book->names_kinds != may_name_kinds(book, region)) {
        return false;
    }
    for (size_t i = 0; i < region->packs_n; i++) {
        if (memcmp(book->pages[i].hash, region->packs[i].hash, HASH_OF_PACK_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

static void forget_pages(struct rule_book *book)
{
    for (size_t i = 0; i < book->pages_n; i++) {
        pack_free(book->pages[i].pack);
    }
    book->pages_n = 0;
}

static int open_conditions(struct rule_book *book, struct err *err)
{
    return book->conditions != NULL ? 0 : conditions_open(&book->conditions, err);
}

static void note_reads(struct rule_book *book, const struct pack *pack)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        book->reads[rule->trigger] |= rule->condition != NULL ? condition_facts(rule->condition) : 0;
        book->reads[rule->trigger] |= rule->until != NULL ? condition_facts(rule->until) : 0;
    }
}

/* What makes a wait for the rule another: kept in logs, and so of words alone. */
static uint64_t terms_of(const struct rule *rule)
{
    uint64_t terms = fingerprint_number(fingerprint_text(FINGERPRINT_START, rule->text), rule->for_ms);

    for (size_t i = 0; i < rule->actions_n; i++) {
        const struct rule_action *action = &rule->actions[i];
        terms = fingerprint_text(terms, rule_action_word(action->kind));
        terms = fingerprint_text(terms, action->value);
        terms = fingerprint_text(terms, action->ability != NULL ? action->ability : "");
        terms = fingerprint_number(terms, action->within_ms);
    }
    return terms != 0 ? terms : 1;
}

static int compile(struct rule_book *book, const struct region *region, struct err *err)
{
    size_t rules_n = 0;
    int rc = open_conditions(book, err);

    forget_pages(book);
    memset(book->reads, 0, sizeof book->reads);
    book->names_kinds = may_name_kinds(book, region);
    if (rc == 0) {
        conditions_name_kinds(book->conditions, book->names_kinds);
    }
    for (size_t i = 0; i < region->packs_n && rc == 0; i++) {
        const struct region_pack *from = &region->packs[i];
        struct page *page = &book->pages[i];
        rc = pack_read(from->name, from->text, strlen(from->text), book->conditions, &page->pack, err);
        if (rc == 0) {
            memcpy(page->hash, from->hash, sizeof page->hash);
            book->pages_n = i + 1;
            rules_n += page->pack->rules_n;
            for (size_t j = 0; j < page->pack->rules_n; j++) {
                page->pack->rules[j].terms = terms_of(&page->pack->rules[j]);
            }
            note_reads(book, page->pack);
        }
    }
    if (rc == 0 && rules_n > book->verdicts_max) {
        struct rule_verdict *grown = realloc(book->verdicts, rules_n * sizeof *grown);
        if (grown == NULL) {
            rc = err_set(err, ERR_NO_MEMORY, "out of memory for rules");
        } else {
            book->verdicts = grown;
            book->verdicts_max = rules_n;
        }
    }
    if (rc != 0) {
        forget_pages(book);
    }
    return rc;
}

int rule_book_check(struct rule_book *book, const struct region *region, struct err *err)
{
    return region->packs_n == 0 || is_current(book, region) ? 0 : compile(book, region, err);
}

/* --- asking --------------------------------------------------------------------------------------- */

static struct rule_verdict verdict_of(const struct pack *pack, const struct rule *rule)
{
    return (struct rule_verdict){.pack = pack->name,
                                 .version = pack->version,
                                 .rule = rule->name,
                                 .article = rule->article != NULL ? rule->article : "",
                                 .holds = ANSWER_NO,
                                 .facts = rule->condition != NULL ? condition_facts(rule->condition) : 0,
                                 .for_ms = rule->for_ms,
                                 .terms = rule->terms,
                                 .actions = rule->actions,
                                 .actions_n = rule->actions_n,
                                 .clocks = pack->clocks,
                                 .clocks_n = pack->clocks_n};
}

/* What happens in no incident is of no kind. */
static bool is_for(const struct pack *pack, enum rule_trigger trigger, const struct rule_facts *facts)
{
    const struct rule_value *kind = &facts->at[RULE_KIND];

    return ((1U << trigger) & RULE_WITHIN) == 0 || pack_is_for(pack, kind->known ? kind->text : "");
}

/* One verdict for each rule of the trigger. */
static size_t ask_pack(const struct pack *pack, enum rule_trigger trigger, const struct rule_facts *facts,
                       struct rule_verdict *ret)
{
    bool meant = is_for(pack, trigger, facts);
    struct pack_asking asking = {.match = pack->match, .over = !meant};
    size_t n = 0;

    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        bool is_asked;
        if (rule->trigger != trigger) {
            continue;
        }
        struct rule_verdict *verdict = &ret[n++];
        *verdict = verdict_of(pack, rule);
        verdict->is_for = meant;
        verdict->holds = pack_ask_rule(&asking, rule, &is_asked);
        verdict->is_over = !is_asked || (rule->until != NULL ? condition_ask(rule->until, NULL) == ANSWER_YES
                                                             : verdict->holds == ANSWER_NO);
    }
    return n;
}

static int ask(void *ctx, const struct region *region, enum rule_trigger trigger,
               const struct rule_facts *facts, const struct rule_verdict **ret, size_t *ret_n)
{
    struct rule_book *book = ctx;
    size_t n = 0;

    if (rule_book_check(book, region, NULL) != 0 ||
        conditions_set(book->conditions, facts) == ERR_NO_MEMORY) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < book->pages_n; i++) {
        n += ask_pack(book->pages[i].pack, trigger, facts, book->verdicts + n);
    }
    *ret = book->verdicts;
    *ret_n = n;
    return 0;
}

static int reads(void *ctx, const struct region *region, enum rule_trigger trigger, uint64_t *ret)
{
    struct rule_book *book = ctx;

    if (rule_book_check(book, region, NULL) != 0) {
        return ERR_NO_MEMORY;
    }
    *ret = region->packs_n > 0 ? book->reads[trigger] : 0;
    return 0;
}

/* --- reading -------------------------------------------------------------------------------------- */

static bool keep(struct arena *arena, const char *text, const char **ret)
{
    *ret = arena_strdup(arena, text);
    return *ret != NULL;
}

static bool read_pack(void *ctx, const char *text, struct arena *arena, const char **ret_name,
                      const char **ret_version, uint8_t ret_hash[], const char **ret_why)
{
    struct rule_book *book = ctx;
    struct pack *pack = NULL;
    struct hash hash;
    struct err err;
    int rc = open_conditions(book, &err);

    if (rc == 0) {
        conditions_name_kinds(book->conditions, true);
    }
    rc = rc ? rc : pack_read("the pack", text, strlen(text), book->conditions, &pack, &err);
    if (rc != 0) {
        *ret_why = rc == ERR_NO_MEMORY ? NULL : arena_strdup(arena, err.text);
        return false;
    }
    hash = hash_bytes(text, strlen(text));
    memcpy(ret_hash, hash.b, HASH_OF_PACK_BYTES);
    bool kept = keep(arena, pack->name, ret_name) && keep(arena, pack->version, ret_version);
    *ret_why = NULL;
    pack_free(pack);
    return kept;
}

/* --- the book ------------------------------------------------------------------------------------- */

struct rule_book *rule_book_new(void)
{
    struct rule_book *book = calloc(1, sizeof *book);

    if (book != NULL) {
        book->rules = (struct rules){.ctx = book, .ask = ask, .reads = reads, .read = read_pack};
    }
    return book;
}

void rule_book_try(struct rule_book *book)
{
    book->is_trial = true;
}

void rule_book_free(struct rule_book *book)
{
    if (book != NULL) {
        forget_pages(book);
        conditions_close(book->conditions);
        free(book->verdicts);
        free(book);
    }
}

const struct rules *rule_book_rules(const struct rule_book *book)
{
    return &book->rules;
}
