/* Telemetry: the last value of each (agent, mode, unit, name), in memory only. Nothing here writes the log or
 * waits for it.
 *
 * Values stand in the feed in the order of their last update, and subscribers stand between them: what is
 * behind a subscriber's place is what it has not been given. A value that changes moves to the end, behind
 * everybody, so a slow reader is given each value once, the newest, however often it changed. */
#include <stdlib.h>
#include <string.h>

#include "common/core/telemetry.h"
#include "common/engine/engine_private.h"

enum {
    GRANT = 8,             /* a publisher is told of so many envelopes at once that they were taken */
    REFUSED_SAY_MS = 1000, /* refusals are told no more often than this */
    WALK_MAX = 4096,       /* places of the feed passed for one subscriber in one turn ... */
    GIVE_MAX = 4,          /* ... and envelopes given: then it is somebody else's turn */
    PUMP_MAX = 16,         /* envelopes given to all in one turn of the loop, of some 30 us each */
    KEY_MAX = (int)sizeof(struct author *) + 1 + NAME_MAX_BYTES + 1 + SAMPLE_NAME_MAX_BYTES + 1
};

/* A place in the feed: a value's or a subscriber's. */
struct place {
    bool is_value;
    struct place *prev, *next;
};

struct telemetry_value {
    struct place place; /* first: a place of a value is that value */
    struct author *author;
    struct telemetry_value *prev, *next;     /* of all */
    struct telemetry_value *a_prev, *a_next; /* of its author's */
    int64_t at_ms;
    struct position position;
    bool has_reading;
    int64_t number;
    int32_t exponent;
    enum mode mode;
    char measure[MEASURE_MAX_BYTES + 1];
    const char *unit; /* both within the key */
    const char *name;
    UT_hash_handle hh;
    size_t key_n;
    char key[]; /* author's address, mode, unit NUL, name NUL */
};

struct subscription {
    struct place place; /* first */
    struct session *session;
    struct subscription *prev, *next; /* of all */
    char source[NAME_MAX_BYTES + 1];
    enum mode mode;
    bool every_mode;
    uint32_t credit;
};

struct last_values {
    struct hash_key hash_key;
    struct telemetry_value *by_key;
    struct telemetry_value *oldest; /* the least recently updated first */
    struct place *feed;
    struct subscription *subscriptions;
    bool waits;        /* somebody may be given something ... */
    int64_t round_ms;  /* ... in the round that began at this boot time, ... */
    size_t round_left; /* ... of which so many have not had their turn, or in the next */
    int64_t turn_ms;   /* boot time of the last turn of the loop in which something was given */
    bool again;        /* one who had it may be given more */
};

struct last_values *last_values_new(struct hash_key key)
{
    struct last_values *last_values = calloc(1, sizeof *last_values);

    if (last_values != NULL) {
        last_values->hash_key = key;
    }
    return last_values;
}

void last_values_free(struct last_values *last_values)
{
    struct telemetry_value *value, *next;

    if (last_values == NULL) {
        return;
    }
    HASH_CLEAR(hh, last_values->by_key);
    DL_FOREACH_SAFE (last_values->oldest, value, next) {
        free(value);
    }
    free(last_values);
}

/* --- values ----------------------------------------------------------------------------------------- */

static size_t make_key(const struct author *author, const struct sample *sample, char ret[KEY_MAX])
{
    size_t unit = strlen(sample->unit) + 1, name = strlen(sample->name) + 1, n = sizeof(struct author *);

    memcpy(ret, &author, n);
    ret[n++] = (char)sample->mode;
    memcpy(ret + n, sample->unit, unit);
    memcpy(ret + n + unit, sample->name, name);
    return n + unit + name;
}

static void remove_value(struct last_values *all, struct telemetry_value *value)
{
    /* the analyser does not follow a value out of four lists, and sees it again where it no longer is */
    HASH_DEL(all->by_key, value); /* NOLINT(clang-analyzer-unix.Malloc) */
    DL_DELETE(all->oldest, value);
    DL_DELETE2(value->author->values, value, a_prev, a_next);
    value->author->values_n--;
    DL_DELETE(all->feed, &value->place);
    free(value);
}

/* The least recently updated makes room: of the agent's own when it has its share, else of all. */
static void make_room(struct last_values *all, struct author *author)
{
    if (author->values_n >= ENGINE_TELEMETRY_PER_AGENT_MAX) {
        remove_value(all, author->values);
    } else if (HASH_COUNT(all->by_key) >= ENGINE_TELEMETRY_MAX) {
        remove_value(all, all->oldest);
    }
}

static struct telemetry_value *add_value(struct last_values *all, struct author *author,
                                         const struct sample *sample, const char *key, size_t key_n)
{
    make_room(all, author);
    struct telemetry_value *value = calloc(1, sizeof *value + key_n);
    if (value == NULL) {
        return NULL;
    }
    memcpy(value->key, key, key_n);
    value->key_n = key_n;
    value->unit = value->key + sizeof author + 1;
    value->name = value->unit + strlen(value->unit) + 1;
    value->place.is_value = true;
    value->author = author;
    value->mode = sample->mode;
    uint32_t hash = keyed_hash(all->hash_key, key, key_n);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, all->by_key, value->key, key_n, hash, value);
    if (value->hh.tbl == NULL) {
        free(value);
        return NULL;
    }
    DL_APPEND(all->oldest, value);
    DL_APPEND2(author->values, value, a_prev, a_next); /* NOLINT(clang-analyzer-unix.Malloc) */
    author->values_n++;
    DL_APPEND(all->feed, &value->place);
    return value;
}

static struct sample sample_of(const struct telemetry_value *value)
{
    return (struct sample){.agent = value->author->name,
                           .unit = value->unit,
                           .name = value->name,
                           .at_ms = value->at_ms,
                           .mode = value->mode,
                           .position = value->position,
                           .reading = {.present = value->has_reading,
                                       .value = value->number,
                                       .exponent = value->exponent,
                                       .unit_of_measure = value->measure}};
}

static void set_value(struct telemetry_value *value, const struct sample *sample)
{
    value->at_ms = sample->at_ms;
    value->position = sample->position;
    value->has_reading = sample->reading.present;
    value->number = sample->reading.value;
    value->exponent = sample->reading.exponent;
    value->measure[0] = '\0';
    if (sample->reading.present) {
        memcpy(value->measure, sample->reading.unit_of_measure, strlen(sample->reading.unit_of_measure) + 1);
    }
}

/* False: out of memory. What is older than the value that is there comes late and says nothing. */
static bool keep(struct last_values *all, struct author *author, const struct sample *sample, bool *ret_new)
{
    struct telemetry_value *value;
    char key[KEY_MAX];
    size_t key_n = make_key(author, sample, key);
    uint32_t hash = keyed_hash(all->hash_key, key, key_n);

    HASH_FIND_BYHASHVALUE(hh, all->by_key, key, key_n, hash, value);
    if (value == NULL) {
        value = add_value(all, author, sample, key, key_n);
        if (value == NULL) {
            return false;
        }
    } else {
        struct sample there = sample_of(value);
        if (sample->at_ms < value->at_ms ||
            (sample->at_ms == value->at_ms && sample_same_value(&there, sample))) {
            return true;
        }
        DL_DELETE(all->oldest, value);
        DL_APPEND(all->oldest, value);
        DL_DELETE2(author->values, value, a_prev, a_next);
        DL_APPEND2(author->values, value, a_prev, a_next);
        DL_DELETE(all->feed, &value->place);
        DL_APPEND(all->feed, &value->place);
    }
    set_value(value, sample);
    *ret_new = true;
    all->waits = all->waits || all->subscriptions != NULL;
    return true;
}

void telemetry_forget(struct engine *engine, const char *name)
{
    struct author *author = author_find(engine, name);

    while (author != NULL && author->values != NULL) {
        remove_value(engine->last_values, author->values); /* NOLINT(clang-analyzer-unix.Malloc) */
    }
}

/* --- publishing ------------------------------------------------------------------------------------- */

static const struct member *member_of(const struct engine *engine, const struct session *session)
{
    return region_member(state_region(engine->state), session->author->name);
}

static void say_refused(struct engine *engine, struct session *session, const char *detail)
{
    struct publishing *at = &session->publishing;
    struct envelope envelope = {
        .kind = ENVELOPE_TELEMETRY_REFUSED,
        .telemetry_refused = {.refusal = at->refusal, .detail = detail, .samples = at->refused}};

    if (engine_send(engine, session->peer, &envelope) == 0) {
        at->refused = 0;
        at->refused_ms = engine_boot(engine);
    }
}

static void refuse(struct engine *engine, struct session *session, enum refusal refusal, size_t samples,
                   const char *detail)
{
    struct publishing *at = &session->publishing;

    at->refusal = refusal;
    at->refused += (uint32_t)(samples < UINT32_MAX - at->refused ? samples : UINT32_MAX - at->refused);
    if (at->refused_ms == 0 || engine_boot(engine) >= at->refused_ms + REFUSED_SAY_MS) {
        say_refused(engine, session, detail);
    }
}

static enum refusal may_publish(struct engine *engine, const struct session *session, const char **ret_detail)
{
    if (!region_is_loaded(engine)) { /* being read again after a failed commit */
        *ret_detail = "not just now";
        return REFUSED_BUSY;
    }
    const struct member *member = member_of(engine, session);
    if (member == NULL || !member_has_right(member, "units", NULL)) {
        *ret_detail = "the right \"units\" is needed to publish";
        return REFUSED_RIGHT;
    }
    return REFUSED_NOT;
}

/* Each sample stands for itself: one from a clock that is wrong must not cost the others of its envelope. The
 * first that is refused is the one told. */
static void take(struct engine *engine, struct session *session, const struct telemetry *said)
{
    int64_t latest = engine_now(engine) + region_clock_tolerance_ms(state_region(engine->state));
    enum refusal first = REFUSED_NOT;
    const char *detail = "";
    size_t refused = 0;

    for (size_t i = 0; i < said->samples_n; i++) {
        const char *why = "out of memory";
        bool is_new = false;
        enum refusal refusal = sample_check(&said->samples[i], latest, &why);
        if (refusal == REFUSED_NOT &&
            !keep(engine->last_values, session->author, &said->samples[i], &is_new)) {
            refusal = REFUSED_BUSY;
        }
        if (is_new) {
            lookouts_reading(engine, session->author, &said->samples[i]);
        }
        if (refusal != REFUSED_NOT && refused++ == 0) {
            first = refusal;
            detail = arena_printf(&engine->arena, "samples[%zu]: %s", i, why);
            detail = detail != NULL ? detail : why;
        }
    }
    engine->numbers.samples += said->samples_n - refused;
    if (refused > 0) {
        refuse(engine, session, first, refused, detail);
    }
}

/* A publisher goes on when what it sent has been taken; else its words would fill the queue in which its
 * receipts wait. */
static void grant(struct engine *engine, struct session *session)
{
    struct envelope envelope = {.kind = ENVELOPE_CREDIT,
                                .credit = {.lane = LANE_TELEMETRY, .add = session->publishing.taken}};

    if (engine_send(engine, session->peer, &envelope) == 0) {
        session->publishing.taken = 0;
    }
}

void telemetry_publish(struct engine *engine, struct session *session, const struct telemetry *said)
{
    const char *detail = "";
    enum refusal refusal = may_publish(engine, session, &detail);

    if (refusal != REFUSED_NOT) {
        refuse(engine, session, refusal, said->samples_n, detail);
    } else {
        take(engine, session, said);
    }
    if (++session->publishing.taken >= GRANT) {
        grant(engine, session);
    }
}

/* --- subscribing ------------------------------------------------------------------------------------ */

void telemetry_drop(struct engine *engine, struct session *session)
{
    struct subscription *subscription = session->subscription;

    if (subscription != NULL) {
        DL_DELETE(engine->last_values->feed, &subscription->place);
        DL_DELETE(engine->last_values->subscriptions, subscription);
        free(subscription);
        session->subscription = NULL;
    }
}

static void refuse_subscription(struct engine *engine, struct session *session, enum refusal refusal,
                                const char *detail)
{
    struct envelope envelope = {
        .kind = ENVELOPE_TELEMETRY_REFUSED,
        .telemetry_refused = {.refusal = refusal, .detail = detail, .subscription = true}};

    telemetry_drop(engine, session);
    (void)engine_send(engine, session->peer, &envelope);
}

static bool may_subscribe(const struct engine *engine, const struct session *session)
{
    const struct member *member = member_of(engine, session);

    return member != NULL && !member->revoked &&
           (member_has_right(member, "watch", NULL) || member_has_right(member, "centre", NULL));
}

void telemetry_subscribe(struct engine *engine, struct session *session, const struct subscribe *said)
{
    telemetry_drop(engine, session);
    if (said->end) {
        return;
    }
    if (!telemetry_source_is_formed(said->source)) {
        refuse_subscription(engine, session, REFUSED_INVALID,
                            "source: REGION/AGENCY, REGION/AGENCY/AGENT, or empty for everybody");
        return;
    }
    if (!region_is_loaded(engine)) {
        refuse_subscription(engine, session, REFUSED_BUSY, "not just now");
        return;
    }
    if (!may_subscribe(engine, session)) {
        refuse_subscription(engine, session, REFUSED_RIGHT, "the right \"watch\" or \"centre\" is needed");
        return;
    }
    struct subscription *subscription = calloc(1, sizeof *subscription);
    if (subscription == NULL) {
        refuse_subscription(engine, session, REFUSED_BUSY, "out of memory");
        return;
    }
    subscription->session = session;
    memcpy(subscription->source, said->source, strlen(said->source) + 1);
    subscription->mode = said->mode != MODE_NONE ? said->mode : MODE_ACTUAL;
    subscription->every_mode = said->every_mode;
    session->subscription = subscription;
    DL_PREPEND(engine->last_values->feed, &subscription->place); /* everything is new to it */
    DL_APPEND(engine->last_values->subscriptions, subscription);
    telemetry_credit(engine, session, said->credit);
}

void telemetry_credit(struct engine *engine, struct session *session, uint32_t add)
{
    struct subscription *to = session->subscription;

    if (to == NULL) {
        return; /* for a subscription that has ended */
    }
    to->credit =
        add < ENGINE_TELEMETRY_WINDOW_MAX - to->credit ? to->credit + add : ENGINE_TELEMETRY_WINDOW_MAX;
    engine->last_values->waits = true;
}

/* --- giving ----------------------------------------------------------------------------------------- */

static bool is_wanted(const struct subscription *to, const struct telemetry_value *value)
{
    return (to->every_mode || value->mode == to->mode) &&
           telemetry_source_has(to->source, value->author->name);
}

static void move_behind(struct last_values *all, struct subscription *to, struct place *last)
{
    if (last != &to->place) {
        DL_DELETE(all->feed, &to->place);
        DL_APPEND_ELEM(all->feed, last, &to->place);
    }
}

enum given { GIVEN_ALL, GIVEN_SOME, GIVEN_NOT };

/* One envelope of what comes next in the feed. */
static enum given give(struct engine *engine, struct subscription *to)
{
    struct sample samples[SAMPLES_MAX];
    struct envelope envelope = {.kind = ENVELOPE_TELEMETRY, .telemetry = {.samples = samples}};
    struct place *last = &to->place;
    size_t n = 0;

    for (size_t walked = 0; last->next != NULL && n < SAMPLES_MAX && walked < WALK_MAX; walked++) {
        last = last->next;
        const struct telemetry_value *value = (const struct telemetry_value *)(const void *)last;
        if (last->is_value && is_wanted(to, value)) {
            samples[n++] = sample_of(value);
        }
    }
    if (n > 0) {
        envelope.telemetry.samples_n = n;
        if (engine_send(engine, to->session->peer, &envelope) < 0) {
            return GIVEN_NOT; /* its queue is full: the next sweep tries again, with what is newest then */
        }
        to->credit--;
        engine->numbers.telemetry++;
    }
    enum given given = last->next != NULL ? GIVEN_SOME : GIVEN_ALL;
    move_behind(engine->last_values, to, last);
    return given;
}

/* True: more may be given at once. */
static bool serve(struct engine *engine, struct subscription *to)
{
    enum given given = GIVEN_SOME;

    if (to->credit == 0 || to->place.next == NULL) {
        return false;
    }
    if (!may_subscribe(engine, to->session)) {
        refuse_subscription(engine, to->session, REFUSED_RIGHT, "the right to it was taken away");
        return false;
    }
    for (size_t i = 0; i < GIVE_MAX && given == GIVEN_SOME && to->credit > 0; i++) {
        given = give(engine, to);
    }
    return given == GIVEN_SOME && to->credit > 0;
}

/* Who was served goes to the end: where a turn ends before all were, the next begins with the others. A round
 * begins no sooner than so long after the one before it: what changes faster than that is told by its last
 * value, and the loop is for orders. */
void telemetry_pump(struct engine *engine)
{
    struct last_values *all = engine->last_values;
    uint64_t end = engine->numbers.telemetry + PUMP_MAX;
    struct subscription *to;

    all->waits = false;
    if (!region_is_loaded(engine)) {
        return; /* the next sweep tries again */
    }
    all->turn_ms = engine_boot(engine);
    if (all->round_left == 0) {
        DL_COUNT(all->subscriptions, to, all->round_left);
        all->round_ms = engine_boot(engine);
    }
    while (all->round_left > 0 && all->subscriptions != NULL) {
        if (engine->numbers.telemetry >= end) {
            all->waits = true; /* orders first: the next turn goes on */
            return;
        }
        to = all->subscriptions;
        DL_DELETE(all->subscriptions, to);
        DL_APPEND(all->subscriptions, to);
        all->round_left--;
        all->again = serve(engine, to) || all->again; /* it may be gone now */
    }
    all->round_left = 0;
    all->waits = all->again;
    all->again = false;
}

void telemetry_sweep(struct engine *engine, struct session *session, int64_t boot_ms)
{
    struct publishing *at = &session->publishing;

    if (session->subscription != NULL && session->subscription->credit > 0 &&
        session->subscription->place.next != NULL) {
        engine->last_values->waits = true;
    }
    if (at->refused > 0 && boot_ms >= at->refused_ms + REFUSED_SAY_MS) {
        say_refused(engine, session, refusal_text(at->refusal));
    }
    if (at->taken >= GRANT) {
        grant(engine, session);
    }
}

int64_t telemetry_due_ms(const struct engine *engine)
{
    const struct last_values *all = engine->last_values;

    if (!all->waits) {
        return INT64_MAX;
    }
    if (all->round_left == 0) {
        return all->round_ms + ENGINE_TELEMETRY_MS;
    }
    return all->turn_ms + (pace_holds_reader(engine, NULL) ? ENGINE_TELEMETRY_PACE_MS : 0);
}
