/* For which kinds of incident a pack is, and its statutory clocks. */
#include <string.h>

#include "common/core/kind.h"
#include "common/rules/pack_private.h"

enum { DAY_MINUTES = 24 * 60, MINUTE_MS = 60 * 1000 };

static const int64_t CLOCK_MAX_MS = INT64_C(366) * DAY_MINUTES * MINUTE_MS;

static int fail_memory(struct pack_reading *r)
{
    return err_set(r->err, ERR_NO_MEMORY, "out of memory for rules");
}

/* --- kinds ---------------------------------------------------------------------------------------- */

/* The kind at `at` of the list. */
static int check_kind(struct pack_reading *r, const struct conf_node *node, const struct conf_node *list,
                      size_t at, const char *kind)
{
    const char *star = strchr(kind, '*');

    if (kind[0] == '\0' || strlen(kind) > PACK_NAME_MAX) {
        return conf_fail(node, r->err, ERR_CONFIG,
                         conf_say(node, "a kind of incident has 1 to %d bytes", "事件类型有 1 至 %d 字节"),
                         PACK_NAME_MAX);
    }
    if (star == kind) {
        return conf_fail(node, r->err, ERR_CONFIG,
                         conf_say(node, "a pack for all kinds has no \"kinds\"; remove it",
                                  "适用于所有类型的规则包没有 \"kinds\"，请删除"));
    }
    if (star != NULL && star[1] != '\0') {
        return conf_fail(node, r->err, ERR_CONFIG,
                         conf_say(node, "\"%s\": a * stands only at the end", "\"%s\"：* 只能在末尾"), kind);
    }
    for (size_t i = 0; i < at; i++) {
        const char *before = "";
        if (conf_scalar(conf_value_at(list, i), &before, r->err) == 0 && strcmp(before, kind) == 0) {
            return conf_fail(node, r->err, ERR_CONFIG,
                             conf_say(node, "\"%s\" is there twice; remove one", "\"%s\" 重复，请删除其一"),
                             kind);
        }
    }
    return 0;
}

const char *pack_kind_word(const struct pack_reading *r, const char *name)
{
    const struct incident_kind *kind =
        conditions_may_name_kinds(r->conditions) ? incident_kind_find_zh(name) : NULL;

    return kind != NULL ? kind->word : NULL;
}

static void add_kind(struct pack *pack, const char *kind)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        if (strcmp(pack->kinds[i], kind) == 0) {
            return; /* as 火灾 and as fire */
        }
    }
    pack->kinds[pack->kinds_n++] = kind;
}

int pack_read_kinds(struct pack_reading *r, const struct conf_node *root, struct pack *pack)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(root, "kinds", CONF_OPTIONAL, &list, r->err);

    if (rc != 0 || list == NULL) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > PACK_KINDS_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG,
                         conf_say(list, "1 to %d kinds are wanted; a pack for all has no \"kinds\"",
                                  "应有 1 至 %d 种类型；适用于所有类型的规则包没有 \"kinds\""),
                         PACK_KINDS_MAX);
    }
    pack->kinds = arena_array(r->arena, const char *, 2 * n);
    if (pack->kinds == NULL) {
        return fail_memory(r);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct conf_node *node = conf_value_at(list, i);
        const char *kind = "";
        rc = conf_scalar(node, &kind, r->err);
        rc = rc ? rc : check_kind(r, node, list, i, kind);
        const char *kept = rc == 0 ? arena_strdup(r->arena, kind) : NULL;
        if (kept != NULL && pack_kind_word(r, kind) != NULL) {
            add_kind(pack, pack_kind_word(r, kind));
        }
        if (kept != NULL) {
            add_kind(pack, kept);
        } else if (rc == 0) {
            rc = fail_memory(r);
        }
    }
    return rc;
}

bool pack_is_for(const struct pack *pack, const char *kind)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        size_t n = strlen(pack->kinds[i]);
        bool is_beginning = pack->kinds[i][n - 1] == '*';
        if (is_beginning ? strncmp(kind, pack->kinds[i], n - 1) == 0 : strcmp(kind, pack->kinds[i]) == 0) {
            return true;
        }
    }
    return pack->kinds_n == 0;
}

/* --- daily times ---------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "08:00" as minutes after midnight; -1: it is none. */
static int parse_time(const char *text)
{
    if (strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' ||
        !is_digit(text[3]) || !is_digit(text[4])) {
        return -1;
    }
    int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
    return hours < 24 && minutes < 60 ? hours * 60 + minutes : -1;
}

static int read_times(struct pack_reading *r, const struct conf_node *map, struct rule_clock *clock)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(map, "daily", CONF_OPTIONAL, &list, r->err);

    if (rc != 0 || list == NULL) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > CLOCK_TIMES_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG,
                         conf_say(list, "\"daily\" wants 1 to %d times, such as [\"08:00\"]",
                                  "\"daily\" 应有 1 至 %d 个时刻，如 [\"08:00\"]"),
                         CLOCK_TIMES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *node = conf_value_at(list, i);
        const char *text = "";
        rc = conf_scalar(node, &text, r->err);
        if (rc != 0) {
            return rc;
        }
        int minutes = parse_time(text);
        if (minutes < 0) {
            return conf_fail(node, r->err, ERR_CONFIG,
                             conf_say(node, "\"daily\" wants times of the day such as \"08:00\", not \"%s\"",
                                      "\"daily\" 应为时刻，如 \"08:00\"，而不是 \"%s\""),
                             text);
        }
        if (i > 0 && minutes <= clock->times_minutes[i - 1]) {
            return conf_fail(node, r->err, ERR_CONFIG,
                             conf_say(node, "\"daily\" wants the earlier time first: move \"%s\"",
                                      "\"daily\" 应先写较早的时刻，请移动 \"%s\""),
                             text);
        }
        clock->times_minutes[i] = (uint16_t)minutes;
        clock->times_n = i + 1;
    }
    return 0;
}

/* The shortest time from one due moment to the next. */
static int64_t round_ms(const struct rule_clock *clock)
{
    if (clock->times_n == 0) {
        return clock->within_ms;
    }
    int shortest = clock->times_minutes[0] + DAY_MINUTES - clock->times_minutes[clock->times_n - 1];
    for (size_t i = 1; i < clock->times_n; i++) {
        int gap = clock->times_minutes[i] - clock->times_minutes[i - 1];
        shortest = gap < shortest ? gap : shortest;
    }
    return (int64_t)shortest * MINUTE_MS;
}

/* --- clocks --------------------------------------------------------------------------------------- */

/* When it is due. */
static int read_due(struct pack_reading *r, const struct conf_node *map, struct rule_clock *clock)
{
    static const char *const starts[] = {"rule", "occurred", "received", NULL};
    const struct conf_node *daily = conf_find(map, "daily"), *from = conf_find(map, "from");
    const struct conf_node *restarts = conf_find(map, "restarts");
    int start = CLOCK_FROM_RECEIVED;

    if ((conf_find(map, "within") != NULL) == (daily != NULL)) {
        return conf_fail(
            daily != NULL ? daily : map, r->err, ERR_CONFIG,
            conf_say(daily != NULL ? daily : map,
                     "a clock has either \"within\", such as 2 h, or \"daily\", such as [\"08:00\"]",
                     "时限应有 \"within\"（如 2 h）或 \"daily\"（如 [\"08:00\"]）之一"));
    }
    if (daily != NULL && from != NULL) {
        return conf_fail(from, r->err, ERR_CONFIG,
                         conf_say(from, "a daily clock runs from the rule that starts it; remove \"from\"",
                                  "每日时限自启动它的规则起算，请删除 \"from\""));
    }
    int rc = read_times(r, map, clock);
    rc = rc ? rc
            : conf_duration(map, "within", CONF_OPTIONAL, MINUTE_MS, CLOCK_MAX_MS, &clock->within_ms, r->err);
    rc = rc ? rc : conf_choice(map, "from", CONF_OPTIONAL, starts, &start, r->err);
    rc = rc ? rc : conf_bool(map, "restarts", CONF_OPTIONAL, &clock->restarts, r->err);
    clock->from = daily != NULL ? CLOCK_FROM_RULE : (enum clock_start)start;
    if (rc == 0 && restarts != NULL && clock->from == CLOCK_FROM_RULE) {
        rc = conf_fail(
            restarts, r->err, ERR_CONFIG,
            conf_say(restarts, "a clock that runs from its rule starts anew in any case; remove \"restarts\"",
                     "自规则起算的时限本来就会重新起算，请删除 \"restarts\""));
    }
    return rc;
}

static int read_warning(struct pack_reading *r, const struct conf_node *map, struct rule_clock *clock)
{
    int rc = conf_duration(map, "warn", CONF_OPTIONAL, MINUTE_MS, CLOCK_MAX_MS, &clock->warn_ms, r->err);

    if (rc == 0 && clock->warn_ms >= round_ms(clock)) {
        const struct conf_node *node = conf_find(map, "warn");
        rc = conf_fail(node, r->err, ERR_CONFIG,
                       conf_say(node, "\"warn\" must be shorter than %s", "\"warn\" 应短于%s"),
                       clock->times_n > 0
                           ? conf_say(node, "the time between two of \"daily\"", " \"daily\" 相邻两次的间隔")
                           : conf_say(node, "\"within\"", " \"within\""));
    }
    return rc;
}

/* What meets it. Lists in the order of the enums, which begin with NONE. */
static int read_wanted(struct pack_reading *r, const struct conf_node *map, struct rule_clock *clock)
{
    static const char *const reports[] = {"initial", "follow-up", "final", NULL};
    static const char *const media[] = {"phone", "written", "network", NULL};
    static const char *const tiers[] = {"county", "city", "province", "state", NULL};
    int report = REPORT_NONE - 1, medium = MEDIUM_NONE - 1, to = TIER_NONE - 1;
    int rc = conf_choice(map, "report", CONF_OPTIONAL, reports, &report, r->err);

    rc = rc ? rc : conf_choice(map, "medium", CONF_OPTIONAL, media, &medium, r->err);
    rc = rc ? rc : conf_choice(map, "to", CONF_REQUIRED, tiers, &to, r->err);
    rc = rc ? rc : conf_bool(map, "signer", CONF_OPTIONAL, &clock->signer, r->err);
    clock->report = (enum report_kind)(report + 1);
    clock->medium = (enum medium)(medium + 1);
    clock->to = (enum tier)(to + 1);
    return rc;
}

static int read_clock(struct pack_reading *r, const struct conf_node *map, struct rule_clock *clock)
{
    int rc = pack_keep_text(r, map, "clock", CONF_REQUIRED, PACK_NAME_MAX, &clock->name);

    rc = rc ? rc : pack_keep_text(r, map, "title", CONF_OPTIONAL, PACK_NAME_MAX, &clock->title);
    if (rc == 0 && clock->name[0] == '\0') {
        rc = conf_fail(conf_find(map, "clock"), r->err, ERR_CONFIG,
                       conf_say(conf_find(map, "clock"), "a clock needs a name", "时限须有名称"));
    }
    rc = rc ? rc : read_due(r, map, clock);
    rc = rc ? rc : read_warning(r, map, clock);
    return rc ? rc : read_wanted(r, map, clock);
}

int pack_read_clocks(struct pack_reading *r, const struct conf_node *root, struct pack *pack)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(root, "clocks", CONF_OPTIONAL, &list, r->err);

    if (rc != 0 || list == NULL) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > PACK_CLOCKS_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG,
                         conf_say(list, "1 to %d clocks are wanted; a pack without has no \"clocks\"",
                                  "应有 1 至 %d 个时限；没有时限则不写 \"clocks\""),
                         PACK_CLOCKS_MAX);
    }
    pack->clocks = arena_array(r->arena, struct rule_clock, n);
    if (pack->clocks == NULL) {
        return fail_memory(r);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct conf_node *map = conf_value_at(list, i);
        rc = read_clock(r, map, &pack->clocks[i]);
        const struct rule_clock *other = rc == 0 ? pack_clock(pack, pack->clocks[i].name) : NULL;
        if (other != NULL) {
            rc = conf_fail(map, r->err, ERR_CONFIG,
                           conf_say(map, "two clocks are called \"%s\"; the other is at line %u",
                                    "有两个时限名为 \"%s\"，另一个在第 %u 行"),
                           other->name, conf_line(conf_value_at(list, (size_t)(other - pack->clocks))));
        }
        pack->clocks_n += rc == 0;
    }
    return rc;
}

const struct rule_clock *pack_clock(const struct pack *pack, const char *name)
{
    for (size_t i = 0; i < pack->clocks_n; i++) {
        if (strcmp(pack->clocks[i].name, name) == 0) {
            return &pack->clocks[i];
        }
    }
    return NULL;
}
