#include "tests/unit/core_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 24, FILE_MAX = 65536, SAID_MAX = 1024 };

struct script {
    struct bus bus;
    const char *path;
    int line;
    char *token[TOKENS_MAX];
    size_t tokens;
    char said[SAID_MAX]; /* what the last command brought about */
};

static void split(struct script *s, const char *line)
{
    char *text = arena_strdup(&s->bus.arena, line), *rest = NULL;

    s->tokens = 0;
    for (char *token = strtok_r(text, " ", &rest); token != NULL; token = strtok_r(NULL, " ", &rest)) {
        assert_true(s->tokens < TOKENS_MAX);
        s->token[s->tokens++] = token;
    }
}

static const char *token(const struct script *s, size_t n)
{
    if (n >= s->tokens) {
        fail_msg("%s:%d: a word is missing", s->path, s->line);
    }
    return s->token[n];
}

static const char *value(const struct script *s, const char *key, const char *otherwise)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < s->tokens; i++) {
        if (strncmp(s->token[i], key, length) == 0 && s->token[i][length] == '=') {
            return s->token[i] + length + 1;
        }
    }
    return otherwise;
}

static int64_t number(const struct script *s, const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0') {
        fail_msg("%s:%d: no number: %s", s->path, s->line, text);
    }
    return n;
}

static int64_t number_of(const struct script *s, const char *key, const char *otherwise)
{
    return number(s, value(s, key, otherwise));
}

/* Seconds after T0, 0 when absent. */
static int64_t time_of(const struct script *s, const char *key)
{
    const char *text = value(s, key, NULL);

    return text == NULL ? 0 : T0 + number(s, text) * SECOND;
}

static struct id order_named(const struct script *s, const char *text)
{
    if (text[0] != 'e') {
        return order_id((unsigned)number(s, text));
    }
    char *dot, *end;
    unsigned long n = strtoul(text + 1, &dot, 10), m = *dot == '.' ? strtoul(dot + 1, &end, 10) : 0;
    if (m == 0 || *end != '\0') {
        fail_msg("%s:%d: no order: %s", s->path, s->line, text);
    }
    struct id id = evacuation_id((unsigned)n);
    id.b[ID_BYTES - 1] = (uint8_t)m;
    return id;
}

static const char *who(const struct script *s)
{
    static const char *const names[] = {CENTRE, IMPORTER, STATION_3, STATION_4, HOSPITAL, POLICE};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(strrchr(names[i], '/') + 1, token(s, 0)) == 0) {
            return names[i];
        }
    }
    fail_msg("%s:%d: nobody: %s", s->path, s->line, token(s, 0));
    return "";
}

static struct command report(struct script *s, unsigned incident)
{
    const char *kind = token(s, 3);
    struct command command = a_report(&s->bus, incident,
                                      strcmp(kind, "initial") == 0     ? REPORT_INITIAL
                                      : strcmp(kind, "follow-up") == 0 ? REPORT_FOLLOW_UP
                                                                       : REPORT_FINAL);
    struct facts *facts = &command.file_report.facts;

    facts->kind = value(s, "kind", "");
    facts->place = value(s, "place", "");
    facts->substance = value(s, "substance", "");
    facts->casualties.dead = number_of(s, "dead", "-1");
    facts->casualties.trapped = number_of(s, "trapped", "-1");
    return command;
}

static struct command order(struct script *s, unsigned incident)
{
    struct command command = an_order(&s->bus, incident, (unsigned)number(s, token(s, 3)), token(s, 5));
    struct new_order *new_order = orders_of(&s->bus, &command);
    const char *old = value(s, "reissue", NULL);

    new_order->kind = token(s, 4);
    new_order->answer_by_ms = s->bus.env.now_ms + number_of(s, "answer", "60") * SECOND;
    new_order->expires_at_ms = s->bus.env.now_ms + number_of(s, "expires", "1800") * SECOND;
    if (old != NULL) {
        new_order->reissue_of = order_named(s, old);
    }
    return command;
}

static struct command receipt(struct script *s, unsigned incident)
{
    struct command command =
        a_receipt(&s->bus, who(s), incident, order_named(s, token(s, 3)), rung_parse(token(s, 4)));
    struct give_receipt *give = &command.give_receipt;

    give->units = words_of(&s->bus, value(s, "units", ""));
    give->amendment = (uint32_t)number_of(s, "amendment", "0");
    give->has_head_count = value(s, "present", NULL) != NULL;
    give->present = (uint32_t)number_of(s, "present", "0");
    give->missing = (uint32_t)number_of(s, "missing", "0");
    command.occurred_at_ms = time_of(s, "occurred");
    return command;
}

static struct command history(struct script *s, unsigned incident)
{
    struct command command = from(&s->bus, who(s), COMMAND_RECORD_HISTORY);
    struct historic_order *past = arena_array(&s->bus.arena, struct historic_order, 1);

    *past = (struct historic_order){.order = order_named(s, token(s, 3)),
                                    .kind = "dispatch",
                                    .addressee = token(s, 4),
                                    .issued_at_ms = time_of(s, "issued"),
                                    .en_route_at_ms = time_of(s, "en-route"),
                                    .completed_at_ms = time_of(s, "completed"),
                                    .recalled_at_ms = time_of(s, "recalled")};
    command.record_history = (struct record_history){.source = "cad",
                                                     .key = token(s, 2),
                                                     .incident = incident_id(incident),
                                                     .facts = facts_none(),
                                                     .reported_at_ms = T0 - 3600 * SECOND,
                                                     .closed_at_ms = time_of(s, "closed"),
                                                     .orders = past,
                                                     .orders_n = 1};
    command.record_history.facts.kind = value(s, "kind", "");
    return command;
}

static struct command parse(struct script *s)
{
    const char *verb = token(s, 1);
    unsigned incident = (unsigned)number(s, token(s, 2));

    if (strcmp(verb, "report") == 0) {
        return report(s, incident);
    } else if (strcmp(verb, "order") == 0) {
        return order(s, incident);
    } else if (strcmp(verb, "receipt") == 0) {
        return receipt(s, incident);
    } else if (strcmp(verb, "history") == 0) {
        return history(s, incident);
    } else if (strcmp(verb, "recall") == 0) {
        return a_recall(&s->bus, incident, (unsigned)number(s, token(s, 3)));
    } else if (strcmp(verb, "evacuate") == 0) {
        return an_evacuation(&s->bus, incident, (unsigned)number(s, token(s, 3)));
    } else if (strcmp(verb, "close") == 0) {
        return a_close(&s->bus, incident);
    } else if (strcmp(verb, "deadlines") == 0) {
        return deadlines(&s->bus, incident);
    }
    fail_msg("%s:%d: no verb: %s", s->path, s->line, verb);
    return (struct command){0};
}

static void say(struct script *s)
{
    struct command command = parse(s);
    size_t n = 0;

    if (command.signer == SIGNER_AGENT) {
        command.agent = who(s);
    }
    if (bus_say(&s->bus, &command) != REFUSED_NOT) {
        (void)snprintf(s->said, sizeof s->said, "> refused %s", refusal_word(s->bus.decision.refusal));
        return;
    }
    (void)snprintf(s->said, sizeof s->said, s->bus.decision.events_n == 0 ? "> nothing" : ">");
    for (size_t i = 0; i < s->bus.decision.events_n; i++) {
        n = strlen(s->said);
        (void)snprintf(s->said + n, sizeof s->said - n, " %s",
                       event_kind_name(s->bus.decision.events[i].kind));
    }
}

static void run_line(struct script *s, const char *line)
{
    if (line[0] == '#' || line[0] == '\0') {
        return;
    }
    if (line[0] == '>') {
        if (strcmp(line, s->said) != 0) {
            fail_msg("%s:%d: expected \"%s\", got \"%s\"", s->path, s->line, line, s->said);
        }
        s->said[0] = '\0';
        return;
    }
    if (s->said[0] != '\0') {
        fail_msg("%s:%d: nobody looked at \"%s\"", s->path, s->line, s->said);
    }
    split(s, line);
    if (strcmp(token(s, 0), "at") == 0) {
        s->bus.env.now_ms = T0 + number(s, token(s, 1)) * SECOND;
        return;
    }
    say(s);
}

/* The dump without the region, which is the fixture's in every log. */
static char *dump_without_region(struct script *s)
{
    const char *dump = bus_dump(&s->bus);
    const char *incident = strncmp(dump, "incident\t", 9) == 0 ? dump : strstr(dump, "\nincident\t");
    const char *agent = strstr(dump, "\nagent\t");
    const char *begin = agent != NULL ? agent : incident;

    return begin != NULL ? strdup(begin + (*begin == '\n')) : strdup("");
}

void run_script(const char *path)
{
    char *text = calloc(1, FILE_MAX);
    FILE *file = fopen(path, "r");
    struct script s = {.path = path};

    if (file == NULL) {
        fail_msg("%s is missing: run from the project's root", path);
    }
    size_t n = fread(text, 1, FILE_MAX - 1, file);
    assert_true(n > 0 && n < FILE_MAX - 1);
    (void)fclose(file);
    bus_open(&s.bus);
    char *line = text, *end;
    for (; (end = strchr(line, '\n')) != NULL && strncmp(line, "=\n", 2) != 0; line = end + 1) {
        *end = '\0';
        s.line++;
        run_line(&s, line);
    }
    if (strncmp(line, "=\n", 2) != 0) {
        fail_msg("%s: no state after \"=\"", path);
    }
    char *dump = dump_without_region(&s);
    if (strcmp(dump, line + 2) != 0) {
        (void)fprintf(stderr, "%s: another state follows:\n=\n%s", path, dump); /* cmocka cuts it */
        fail();
    }
    struct state *again = bus_replay(&s.bus);
    char *replayed = dump_of(again);
    assert_string_equal(replayed, bus_dump(&s.bus));
    free(replayed);
    state_free(again);
    free(dump);
    free(text);
    bus_close(&s.bus);
}
