#include "common/view/view_what_if.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/evolve.h"
#include "common/core/stream.h"
#include "common/view/view_private.h"
#include "common/view/view_what_if_private.h"

/* All records of one incident of history: 65,536 orders with all rungs take some 300 MiB. */
enum { RECORD_MEMORY = 1024 * 1024 * 1024 };

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "out of memory");
}

/* --- the question --------------------------------------------------------------------------------- */

static int check_options(const struct what_if_options *options, struct err *err)
{
    size_t n = strlen(options->incident);

    if (options->packs_n == 0 || options->packs_n > REGION_PACKS_MAX) {
        return err_set(err, ERR_USAGE, "1 to %d rule packs can be asked about at once", REGION_PACKS_MAX);
    }
    for (size_t i = 0; i < options->packs_n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(options->packs[i].pack->name, options->packs[j].pack->name) == 0) {
                return err_set(err, ERR_USAGE,
                               "two of the packs are called \"%s\": one of a name is in force",
                               options->packs[i].pack->name);
            }
        }
    }
    if (n > 0 && (n < VIEW_SUFFIX_MIN || n > ID_TEXT - 1)) {
        return err_set(err, ERR_USAGE, "\"%s\" is no id: give 26 characters, or at least the last %d",
                       options->incident, VIEW_SUFFIX_MIN);
    }
    return 0;
}

static void list_packs(struct what_if *w)
{
    for (size_t i = 0; i < w->options.packs_n; i++) {
        const struct pack *pack = w->options.packs[i].pack;
        w->result.given[w->result.given_n++] =
            (struct what_if_given){.name = pack->name, .version = pack->version, .was = ""};
    }
    for (size_t i = 0; w->options.incident[i] != '\0'; i++) {
        w->wanted[i] = (char)toupper((unsigned char)w->options.incident[i]);
    }
}

int what_if_new(const struct what_if_options *options, struct what_if **ret, struct err *err)
{
    int rc = check_options(options, err);

    if (rc != 0) {
        return rc;
    }
    struct what_if *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return no_memory(err);
    }
    w->options = *options;
    arena_init(&w->keep, SIZE_MAX / 2);
    arena_init(&w->record, RECORD_MEMORY);
    w->was = state_new();
    list_packs(w);
    if (trial_begin(&w->trial) < 0 || trial_begin(&w->base) < 0 || w->was == NULL ||
        what_if_list_rules(w) < 0) {
        what_if_free(w);
        return no_memory(err);
    }
    *ret = w;
    return 0;
}

void what_if_free(struct what_if *w)
{
    if (w == NULL) {
        return;
    }
    VIEW_FREE_ALL(w->live, struct what_if_live);
    trial_end(&w->trial);
    trial_end(&w->base);
    state_free(w->was);
    names_free(&w->words);
    arena_free(&w->record);
    arena_free(&w->keep);
    free(w->past);
    free(w->result.rules);
    free(w);
}

const struct what_if_result *what_if_result(const struct what_if *w)
{
    return &w->result;
}

const struct state *what_if_state(const struct what_if *w)
{
    return w->trial.state;
}

int what_if_is_about(struct what_if *w, struct id incident, enum mode mode, bool *ret, struct err *err)
{
    char text[ID_TEXT];
    size_t n = strlen(w->wanted);

    *ret = w->options.mode == MODE_NONE || mode == w->options.mode;
    if (n == 0) {
        return 0;
    }
    (void)id_format(incident, text);
    bool is_wanted = strcmp(text + sizeof text - 1 - n, w->wanted) == 0;
    *ret = *ret && is_wanted;
    if (*ret && !id_is_zero(w->chosen) && !id_equal(w->chosen, incident)) {
        return err_set(err, ERR_CONFLICT, "several incidents end with %s: give more of it",
                       w->options.incident);
    }
    w->chosen = *ret ? incident : w->chosen;
    return 0;
}

static struct keeping keeping(struct what_if *w)
{
    return (struct keeping){.words = &w->words, .arena = &w->keep};
}

/* --- the region ----------------------------------------------------------------------------------- */

static struct what_if_given *given(struct what_if *w, const char *name)
{
    for (size_t i = 0; i < w->result.given_n; i++) {
        if (strcmp(w->result.given[i].name, name) == 0) {
            return &w->result.given[i];
        }
    }
    return NULL;
}

int what_if_set_packs(struct what_if *w)
{
    int rc = 0;

    for (size_t i = 0; i < w->options.packs_n && rc == 0; i++) {
        const struct what_if_pack *pack = &w->options.packs[i];
        struct hash hash = hash_bytes(pack->text, strlen(pack->text));
        struct event event = {
            .kind = EVENT_PACK_SET,
            .pack_set = {.name = pack->pack->name, .version = pack->pack->version, .text = pack->text}};
        memcpy(event.pack_set.hash, hash.b, sizeof event.pack_set.hash);
        rc = evolve(w->trial.state, &event);
    }
    return rc;
}

/* When the log's own broker next wanted a look at it; 0: it did not. */
static int64_t was_due(const struct what_if *w, const struct what_if_live *live)
{
    const struct incident *was = state_incident(w->was, live->id);

    return was != NULL ? incident_due(was) : 0;
}

/* Time goes on for those reported here: what comes due before. */
static int advance(struct what_if *w, struct what_if_live *live, int64_t before_ms)
{
    struct keeping kept = keeping(w);

    return trial_advance(&w->trial, live->id, live->last_ms, before_ms, was_due(w, live), &live->now, &kept);
}

static int advance_all(struct what_if *w, int64_t before_ms)
{
    int rc = 0;

    for (struct what_if_live *live = w->live; live != NULL && rc == 0; live = live->hh.next) {
        rc = advance(w, live, before_ms);
    }
    return rc;
}

/* Another pack of the log, before it holds here as it did there. */
static int take_pack(struct what_if *w, const struct event *event, int64_t now_ms, struct err *err)
{
    const struct region *region = state_region(w->trial.state);
    bool sets = event->kind == EVENT_PACK_SET;

    if (sets && region_pack(region, event->pack_set.name) == NULL && region->packs_n == REGION_PACKS_MAX) {
        return err_set(err, ERR_TOO_BIG,
                       "with those of the log more than %d packs would be in force: ask about fewer at once",
                       REGION_PACKS_MAX);
    }
    if (advance_all(w, now_ms) < 0 || evolve(w->trial.state, event) < 0) {
        return no_memory(err);
    }
    return rule_book_check(w->trial.book, region, err);
}

static int take_region(struct what_if *w, const struct event *event, int64_t now_ms, struct err *err)
{
    bool sets = event->kind == EVENT_PACK_SET, drops = event->kind == EVENT_PACK_DROPPED;
    struct what_if_given *mine = sets    ? given(w, event->pack_set.name)
                                 : drops ? given(w, event->pack_dropped.name)
                                         : NULL;

    if (mine != NULL) {
        mine->was = sets ? names_keep(&w->words, event->pack_set.version) : "";
        mine->was_ever = true;
        return mine->was != NULL && evolve(w->base.state, event) == 0 ? 0 : no_memory(err);
    }
    if (sets || drops) {
        return take_pack(w, event, now_ms, err);
    }
    if (evolve(w->trial.state, event) < 0 || evolve(w->base.state, event) < 0 ||
        (event->kind == EVENT_REGION_FOUNDED && what_if_set_packs(w) < 0)) {
        return no_memory(err);
    }
    return 0;
}

/* The warnings are as the log has them; what incidents ask of them is asked as soon as that changes. */
static int take_warnings(struct what_if *w, const struct record *said, int64_t now_ms)
{
    const struct rules *rules = rule_book_rules(w->trial.book);
    const struct region *region = state_region(w->trial.state);
    struct keeping kept = keeping(w);
    bool changes = false;
    uint64_t facts = 0;
    int rc = advance_all(w, now_ms);

    for (size_t i = 0; i < said->events_n && rc == 0; i++) {
        const struct event *event = &said->events[i];
        if (event_stream(event, "").kind == STREAM_REGION) {
            changes = changes || event->kind != EVENT_WARNING_TAKEN || event->warning.began;
            rc = evolve(w->trial.state, event) < 0 || evolve(w->base.state, event) < 0 ? ERR_NO_MEMORY : 0;
        }
    }
    rc = rc ? rc : rules->reads(rules->ctx, region, TRIGGER_INCIDENT, &facts);
    changes = changes && (facts & warning_facts()) != 0;
    for (struct what_if_live *live = w->live; live != NULL && rc == 0 && changes; live = live->hh.next) {
        const struct incident *there = state_incident(w->trial.state, live->id);
        struct event due = {.kind = EVENT_RULES_DUE, .incident = live->id, .at_ms = now_ms};
        if (there != NULL && incident_is_open(there) && !incident_is_merged(there) &&
            there->rules_due_ms == 0) {
            rc = trial_tell(&w->trial, &due, 1, now_ms, &live->now, &kept);
        }
    }
    return rc;
}

/* --- incidents that were reported here ------------------------------------------------------------ */

static struct what_if_live *live_of(struct what_if *w, struct id id)
{
    struct what_if_live *live;

    HASH_FIND(hh, w->live, &id, sizeof id, live);
    return live;
}

static struct what_if_live *live_make(struct what_if *w, const struct event *opened)
{
    struct what_if_live *live = calloc(1, sizeof *live);

    if (live == NULL) {
        return NULL;
    }
    live->id = opened->incident;
    live->mode = opened->incident_opened.mode;
    live->reported_ms = opened->at_ms;
    live->title = "";
    HASH_ADD(hh, w->live, id, sizeof live->id, live);
    if (live->hh.tbl == NULL) {
        free(live);
        return NULL;
    }
    return live;
}

/* What answers what rules ask, and meets or moves what they set: it may come out otherwise in the trial. */
static bool is_decided_again(enum command_kind kind)
{
    return kind == COMMAND_FILE_REPORT || kind == COMMAND_CLOSE_INCIDENT || kind == COMMAND_SET_GRADE ||
           kind == COMMAND_SET_LEVEL || kind == COMMAND_SEND_REPORT;
}

/* What rules brought about there, to be left out. What they did themselves stands in the broker's own
 * records, which are not told at all. */
static bool is_by_rules(enum command_kind command, enum event_kind kind)
{
    return (kind >= EVENT_RULES_DUE && kind <= EVENT_RULE_ENDED) ||
           (is_decided_again(command) && kind >= EVENT_CLOCK_STARTED && kind <= EVENT_CLOCK_STOPPED);
}

/* The log's broker looked for the next agency: what it found is taken as it was, and that nobody was able
 * only if rules want somebody here, too. What rules said to that is theirs. */
static bool is_of_reissue(const struct what_if *w, const struct event *event)
{
    const struct incident *here = state_incident(w->trial.state, event->incident);

    return event->kind == EVENT_ABILITY_SHORT
               ? here != NULL && incident_reissue(here, event->order) != NULL
               : event->kind == EVENT_ORDER_ISSUED || event->kind == EVENT_ORDER_REISSUED ||
                     event->kind == EVENT_ORDER_RECALLED;
}

static int tell_rest(struct what_if *w, struct what_if_live *live, const struct view_record *record)
{
    struct event *events = arena_array(&w->record, struct event, record->record.events_n);
    struct keeping kept = keeping(w);
    enum command_kind command = (enum command_kind)record->header.kind;
    size_t n = 0;

    if (events == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < record->record.events_n; i++) {
        const struct event *event = &record->record.events[i];
        if (command == COMMAND_REISSUE_ORDER ? is_of_reissue(w, event) : !is_by_rules(command, event->kind)) {
            events[n++] = *event;
        }
    }
    return n > 0 ? trial_tell(&w->trial, events, n, record->header.bus_ms, &live->now, &kept) : 0;
}

/* One that would be refused now is taken as it was: a person said it. */
static int say_again(struct what_if *w, struct what_if_live *live, struct view_record *record)
{
    struct keeping kept = keeping(w);
    bool refused = true;
    int rc = 0;

    if (record->has_command && is_decided_again(record->command.kind)) {
        struct command *command = &record->command;
        command->signer = command->operator[0] != '\0' ? SIGNER_OPERATOR : SIGNER_AGENT;
        command->cosigner = "";
        rc = trial_say(&w->trial, command, record->header.bus_ms, record->header.utc_ms, &live->now, &kept,
                       &refused);
    }
    return rc == 0 && refused ? tell_rest(w, live, record) : rc;
}

/* What the record says, as it is in the log. */
static int fold_live(struct what_if *w, struct what_if_live *live, const struct record *said)
{
    struct keeping kept = keeping(w);
    int rc = firings_take(&live->was, said->events, said->events_n, &kept);

    for (size_t i = 0; i < said->events_n && rc == 0; i++) {
        const struct event *event = &said->events[i];
        if (event->kind == EVENT_FACTS_CHANGED && event->facts_changed.title[0] != '\0') {
            live->title = arena_strdup(&w->keep, event->facts_changed.title);
            rc = live->title != NULL ? 0 : ERR_NO_MEMORY;
        }
        rc = rc ? rc : evolve(w->was, event);
    }
    return rc;
}

/* The log's broker looked at what was due, one thing a record: so does the trial's, and when there was
 * nothing more there, it does the rest. */
static int pass_live(struct what_if *w, struct what_if_live *live, const struct view_record *record)
{
    int64_t now_ms = record->header.bus_ms;
    struct keeping kept = keeping(w);
    int rc = trial_pass(&w->trial, live->id, now_ms, 1, &live->now, &kept);

    rc = rc ? rc : fold_live(w, live, &record->record);
    int64_t due = was_due(w, live);
    if (rc == 0 && (due == 0 || due > now_ms)) {
        rc = trial_pass(&w->trial, live->id, now_ms, PASSES_MAX, &live->now, &kept);
    }
    return rc;
}

static int take_live(struct what_if *w, struct what_if_live *live, struct view_record *record)
{
    int rc = advance(w, live, record->header.bus_ms);

    live->last_ms = record->header.bus_ms;
    if (rc == 0 && record->header.kind == COMMAND_PASS_DEADLINES) {
        return pass_live(w, live, record);
    }
    rc = rc ? rc : say_again(w, live, record);
    return rc ? rc : fold_live(w, live, &record->record);
}

static int take_incident(struct what_if *w, struct view_record *record, const struct event *first,
                         struct err *err)
{
    bool opens = first->kind == EVENT_INCIDENT_OPENED;
    struct what_if_live *live = live_of(w, first->incident);

    if (record->header.kind == COMMAND_RECORD_HISTORY) {
        return what_if_note_past(w, first->incident, record->header.seq) < 0 ? no_memory(err) : 0;
    }
    if (live == NULL && opens) {
        live = live_make(w, first);
        if (live == NULL) {
            return no_memory(err);
        }
    }
    if (live == NULL) {
        return 0; /* its opening was redacted */
    }
    return take_live(w, live, record) < 0 ? no_memory(err) : 0;
}

/* --- the log -------------------------------------------------------------------------------------- */

/* That the log's broker asked open incidents about the warnings: the trial did so when those changed. */
static int take_asked(struct what_if *w, const struct record *said)
{
    int rc = 0;

    for (size_t i = 0; i < said->events_n && rc == 0; i++) {
        if (live_of(w, said->events[i].incident) != NULL) {
            rc = evolve(w->was, &said->events[i]);
        }
    }
    return rc;
}

/* Telemetry's and agents' own: no rule asks about them. */
static bool is_besides(uint32_t kind)
{
    return kind == COMMAND_ACK || kind == COMMAND_STATE_UNITS || kind == COMMAND_NOTE_LOSS ||
           kind == COMMAND_COUNT_REFUSALS || kind == COMMAND_NOTE_SILENCE ||
           kind == COMMAND_NOTE_LOOKOUT_LIMIT;
}

static int take_record(struct what_if *w, const struct log_record *from, struct err *err)
{
    struct view_record record;
    bool with_command = is_decided_again((enum command_kind)from->header.kind);
    int rc = view_record_decode(from, with_command, &w->record, &record, err);

    if (rc != 0 || record.redacted || record.record.events_n == 0) {
        return rc;
    }
    w->trial.epoch = w->base.epoch = from->header.epoch;
    if (from->header.kind == COMMAND_RECORD_ALERT || from->header.kind == COMMAND_PASS_WARNING) {
        return take_warnings(w, &record.record, from->header.bus_ms) < 0 ? no_memory(err) : 0;
    }
    if (from->header.kind == COMMAND_ASK_INCIDENTS) {
        return take_asked(w, &record.record) < 0 ? no_memory(err) : 0;
    }
    enum stream_kind stream = event_stream(&record.record.events[0], "").kind;
    if (stream == STREAM_INCIDENT) {
        return take_incident(w, &record, &record.record.events[0], err);
    }
    /* readings are not in the log: what a rule made of one is taken as it was */
    for (size_t i = 0; i < record.record.events_n && from->header.kind == COMMAND_NOTE_READING; i++) {
        if (event_stream(&record.record.events[i], "").kind == STREAM_INCIDENT) {
            return take_incident(w, &record, &record.record.events[i], err);
        }
    }
    for (size_t i = 0; i < record.record.events_n && rc == 0 && stream == STREAM_REGION; i++) {
        rc = take_region(w, &record.record.events[i], from->header.bus_ms, err);
    }
    return rc;
}

int what_if_record(struct what_if *w, const struct log_record *record, struct err *err)
{
    int rc = 0;

    w->last_bus_ms = record->header.bus_ms;
    if (record->header.outcome == LOG_DECIDED && !is_besides(record->header.kind)) {
        rc = take_record(w, record, err);
        arena_reset(&w->record);
    }
    return rc;
}

static int compare_live(struct what_if *w, what_if_visit *visit, void *ctx, struct err *err)
{
    int rc = advance_all(w, w->last_bus_ms + 1) < 0 ? no_memory(err) : 0;

    for (struct what_if_live *live = w->live; live != NULL && rc == 0; live = live->hh.next) {
        const struct what_if_difference difference = {
            .incident = live->id, .mode = live->mode, .title = live->title};
        bool is_asked = false;
        rc = what_if_is_about(w, live->id, live->mode, &is_asked, err);
        if (rc == 0 && is_asked) {
            rc = what_if_compare(w, &difference, live->reported_ms, &live->now, &live->was, visit, ctx, err);
        }
    }
    return rc;
}

int what_if_end(struct what_if *w, struct log_reader *reader, what_if_visit *visit, void *ctx,
                struct err *err)
{
    if (w->last_bus_ms != 0 && state_region(w->trial.state)->code[0] == '\0') {
        return err_set(err, ERR_DATA, "the log does not begin with its founding, or that was redacted");
    }
    int rc = compare_live(w, visit, ctx, err);

    rc = rc ? rc : what_if_tell_past(w, reader, visit, ctx, err);
    if (rc == 0 && w->options.incident[0] != '\0' && id_is_zero(w->chosen)) {
        rc = err_set(err, ERR_NOT_FOUND, "there is no incident %s in this log%s%s", w->options.incident,
                     w->options.mode != MODE_NONE ? " of mode " : "",
                     w->options.mode != MODE_NONE ? mode_name(w->options.mode) : "");
    }
    return rc;
}
