#include "agents/agency/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000, NEEDS_MAX = 64, TRACK_PARTS = 1000 };

/* An order that is being played. */
struct job {
    struct id order;
    struct id incident;
    bool evacuation;
    bool chosen; /* the team is assigned */
    enum mode mode;
    enum rung said;
    int64_t left_ms;  /* EN_ROUTE: since when, for the track */
    int64_t track_ms; /* ... and when its units say next where they are */
    int64_t due_ms;   /* INT64_MAX: nothing more to say */
    struct team team;
    struct buf needs; /* as "scba\0gas-detector\0" */
    size_t needs_n;
    struct buf wanted;
    size_t wanted_n;
    char decline[FLEET_REASON]; /* "": accept if units are free */
    uint32_t amendment;         /* to be acknowledged; 0: none */
    int64_t amendment_due_ms;
    struct job *next;
};

struct player {
    struct profile *profile;
    struct fleet fleet;
    struct player_io io;
    struct job *jobs;
    size_t jobs_n;
    uint64_t random;
};

struct player *player_new(struct profile *profile, const struct player_io *io)
{
    struct player *player = calloc(1, sizeof *player);

    if (player) {
        player->profile = profile;
        player->fleet = (struct fleet){profile->units, profile->units_n};
        player->io = *io;
        player->random = (uint64_t)profile->script.seed;
    }
    return player;
}

static void job_free(struct job *job)
{
    team_free(&job->team);
    buf_free(&job->needs);
    buf_free(&job->wanted);
    free(job);
}

void player_free(struct player *player)
{
    if (!player) {
        return;
    }
    while (player->jobs) {
        struct job *job = player->jobs;

        player->jobs = job->next;
        job_free(job);
    }
    free(player);
}

bool profile_may_play(const struct profile *profile, enum mode mode, const char **ret_reason)
{
    if (mode == MODE_ACTUAL && profile->sink == SINK_EXERCISE) {
        *ret_reason = "actual: this agent's sink is an exercise";
        return false;
    }
    if (mode != MODE_ACTUAL && profile->sink == SINK_ACTUAL && !profile->exercise) {
        *ret_reason = "exercise: this agent's sink is actual";
        return false;
    }
    return true;
}

/* splitmix64: the same seed and orders play the same way. */
static double random_unit(struct player *player)
{
    uint64_t z = player->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static int64_t vary(struct player *player, int64_t ms)
{
    double part = player->profile->script.jitter * (2 * random_unit(player) - 1);

    return ms + (int64_t)((double)ms * part);
}

/* ---- words kept with a job ---- */

static void keep_words(struct words words, struct buf *ret, size_t *ret_n)
{
    buf_reset(ret);
    *ret_n = 0;
    for (size_t i = 0; i < words.n && i < NEEDS_MAX; i++) {
        buf_append(ret, words.at[i], strlen(words.at[i]) + 1);
        *ret_n += ret->failed ? 0 : 1;
    }
}

static struct words kept_words(const struct buf *buf, size_t n, const char *at[NEEDS_MAX])
{
    const char *p = (const char *)buf->p;

    for (size_t i = 0; i < n; i++) {
        at[i] = p;
        p += strlen(p) + 1;
    }
    return (struct words){at, n};
}

/* ---- where units are ---- */

static int32_t between(int32_t from, int32_t to, int64_t part)
{
    return (int32_t)(from + ((int64_t)to - from) * part / TRACK_PARTS);
}

/* part: of the way to the scene, in TRACK_PARTS. */
static void tell_places(struct player *player, const struct team *team, enum mode mode, int64_t part)
{
    const struct track *track = &player->profile->track;
    struct sample samples[SAMPLES_MAX];
    size_t n = team->n < SAMPLES_MAX ? team->n : SAMPLES_MAX;

    if (!track->present || !player->io.telemetry || n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        samples[i] = (struct sample){.unit = player->fleet.units[team->at[i]].id,
                                     .name = SAMPLE_POSITION,
                                     .mode = mode,
                                     .position = track->station};
        samples[i].position.latitude_e7 = between(track->station.latitude_e7, track->scene.latitude_e7, part);
        samples[i].position.longitude_e7 =
            between(track->station.longitude_e7, track->scene.longitude_e7, part);
    }
    player->io.telemetry(player->io.ctx, samples, n);
}

void player_place(struct player *player, enum mode mode)
{
    for (size_t i = 0; i < player->fleet.n; i++) {
        uint16_t at = (uint16_t)i;
        if (player->fleet.units[i].status == UNIT_FREE) {
            tell_places(player, &(struct team){&at, 1}, mode, 0);
        }
    }
}

static bool is_under_way(const struct player *player, const struct job *job)
{
    return player->profile->track.present && job->chosen && job->said == RUNG_EN_ROUTE &&
           job->due_ms != INT64_MAX;
}

static void track(struct player *player, struct job *job, int64_t now_ms)
{
    int64_t way = job->due_ms - job->left_ms, done = now_ms - job->left_ms;

    if (is_under_way(player, job) && now_ms >= job->track_ms && now_ms < job->due_ms) {
        tell_places(player, &job->team, job->mode,
                    way <= 0 || done >= way ? TRACK_PARTS : done * TRACK_PARTS / way);
        job->track_ms = now_ms + player->profile->track.every_ms;
    }
}

/* ---- saying ---- */

static enum rung next_rung(const struct job *job)
{
    if (job->said < RUNG_ACKNOWLEDGED) {
        return RUNG_ACKNOWLEDGED;
    }
    if (job->decline[0] != '\0') {
        return RUNG_DECLINED;
    }
    return job->evacuation ? RUNG_COMPLETED : (enum rung)(job->said + 1);
}

/* The wait before the next rung, or -1. */
static int64_t wait_for(const struct player *player, const struct job *job)
{
    const struct script *script = &player->profile->script;

    switch (next_rung(job)) {
    case RUNG_ACKNOWLEDGED:
        return script->acknowledge_ms;
    case RUNG_ACCEPTED:
    case RUNG_DECLINED:
        return script->accept_ms;
    case RUNG_EN_ROUTE:
        return script->en_route_ms;
    case RUNG_ON_SCENE:
        return script->on_scene_ms;
    case RUNG_COMPLETED:
        return job->evacuation ? script->head_count_ms : script->complete_ms;
    default:
        return -1;
    }
}

static void plan(struct player *player, struct job *job, int64_t now_ms)
{
    int64_t wait = wait_for(player, job);

    job->due_ms = wait < 0 ? INT64_MAX : now_ms + vary(player, wait);
    job->left_ms = job->track_ms = now_ms;
}

static void tell_units(struct player *player, const struct job *job)
{
    struct unit *units = calloc(job->team.n ? job->team.n : 1, sizeof *units);

    for (size_t i = 0; units && i < job->team.n; i++) {
        units[i] = player->fleet.units[job->team.at[i]];
    }
    if (units && job->team.n > 0) {
        player->io.units(player->io.ctx, units, job->team.n);
    }
    free(units);
}

/* People must see at once that crews go without what the hazard needs. The words are left in text. */
static void lacks_text(struct player *player, const struct job *job, struct words needs,
                       char text[FLEET_NAMES])
{
    struct buf lacks;

    text[0] = '\0';
    buf_init(&lacks, FLEET_NAMES / 2);
    if (job->chosen) {
        fleet_lacks(&player->fleet, &job->team, needs, &lacks);
    }
    if (lacks.n > 0) {
        snprintf(text, FLEET_NAMES, "the units that go lack %s", buf_text(&lacks));
        player->io.remark(player->io.ctx, job->order, text);
    }
    buf_free(&lacks);
}

static void choose(struct player *player, struct job *job)
{
    const char *needs[NEEDS_MAX], *wanted[NEEDS_MAX];
    char text[FLEET_NAMES];
    struct buf note;

    struct words needed = kept_words(&job->needs, job->needs_n, needs);

    job->chosen = fleet_choose(&player->fleet, needed, kept_words(&job->wanted, job->wanted_n, wanted),
                               player->profile->strict, &job->team, job->decline);
    if (!job->chosen) {
        player->io.remark(player->io.ctx, job->order, job->decline);
        return;
    }
    job->decline[0] = '\0';
    fleet_set(&player->fleet, &job->team, UNIT_ASSIGNED);
    lacks_text(player, job, needed, text);
    buf_init(&note, 0);
    fleet_format(&player->fleet, &job->team, &note);
    player->io.note(player->io.ctx, job->order, buf_bytes(&note));
    buf_free(&note);
}

static void release(struct player *player, struct job *job)
{
    if (job->chosen) {
        fleet_set(&player->fleet, &job->team, UNIT_FREE);
        tell_units(player, job);
        tell_places(player, &job->team, job->mode, 0);
    }
}

static uint32_t heads(const struct player *player, struct id incident)
{
    uint32_t present = 0;

    for (const struct job *job = player->jobs; job; job = job->next) {
        if (!job->evacuation && job->said == RUNG_ON_SCENE && id_equal(job->incident, incident)) {
            present += fleet_crew(&player->fleet, &job->team);
        }
    }
    return present;
}

static int say(struct player *player, struct job *job, enum rung rung)
{
    const char **names = calloc(job->team.n + 1, sizeof *names);
    struct give_receipt receipt = {.order = job->order, .incident = job->incident, .rung = rung, .text = ""};
    int rc;

    if (!names) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < job->team.n; i++) {
        names[i] = player->fleet.units[job->team.at[i]].id;
    }
    if (rung >= RUNG_ACCEPTED && rung <= RUNG_COMPLETED) {
        receipt.units = (struct words){names, job->team.n};
    }
    if (rung == RUNG_DECLINED) {
        receipt.text = job->decline;
    } else if (job->evacuation && rung == RUNG_COMPLETED) {
        receipt.has_head_count = true;
        receipt.present = heads(player, job->incident);
    }
    rc = player->io.say(player->io.ctx, &receipt);
    free(names);
    return rc;
}

/* True when the job has come to its end. */
static bool step(struct player *player, struct job *job, int64_t now_ms)
{
    enum rung rung = next_rung(job);

    if (rung == RUNG_ACCEPTED && !job->chosen) {
        choose(player, job);
        rung = next_rung(job);
    }
    if (say(player, job, rung) < 0) {
        job->due_ms = now_ms + AGAIN_MS;
        return false;
    }
    job->said = rung;
    if (rung == RUNG_ACCEPTED) {
        tell_units(player, job);
    } else if (rung == RUNG_ON_SCENE) {
        tell_places(player, &job->team, job->mode, TRACK_PARTS);
    }
    if (rung == RUNG_COMPLETED || rung == RUNG_DECLINED) {
        release(player, job);
        return true;
    }
    plan(player, job, now_ms);
    return false;
}

static void say_amendment(struct player *player, struct job *job, int64_t now_ms)
{
    const char *needs[NEEDS_MAX];
    struct give_receipt receipt = {.order = job->order,
                                   .incident = job->incident,
                                   .rung = RUNG_ACKNOWLEDGED,
                                   .amendment = job->amendment,
                                   .text = ""};
    char text[FLEET_NAMES];

    lacks_text(player, job, kept_words(&job->needs, job->needs_n, needs), text);
    receipt.text = text;
    job->amendment_due_ms = now_ms + AGAIN_MS;
    if (player->io.say(player->io.ctx, &receipt) >= 0) {
        job->amendment = 0;
    }
}

static void remove_job(struct player *player, struct job **at)
{
    struct job *job = *at;

    *at = job->next;
    player->jobs_n--;
    job_free(job);
}

void player_tick(struct player *player, int64_t now_ms)
{
    struct job **at = &player->jobs;

    while (*at) {
        struct job *job = *at;

        if (job->amendment > 0 && now_ms >= job->amendment_due_ms) {
            say_amendment(player, job, now_ms);
        }
        track(player, job, now_ms);
        if (now_ms >= job->due_ms && step(player, job, now_ms)) {
            remove_job(player, at);
        } else {
            at = &job->next;
        }
    }
}

int64_t player_due_ms(const struct player *player)
{
    int64_t due = INT64_MAX;

    for (const struct job *job = player->jobs; job; job = job->next) {
        due = job->due_ms < due ? job->due_ms : due;
        if (job->amendment > 0 && job->amendment_due_ms < due) {
            due = job->amendment_due_ms;
        }
        if (is_under_way(player, job) && job->track_ms < due) {
            due = job->track_ms;
        }
    }
    return due;
}

/* ---- what is delivered ---- */

static struct job **find(struct player *player, struct id order)
{
    struct job **at = &player->jobs;

    while (*at && !id_equal((*at)->order, order)) {
        at = &(*at)->next;
    }
    return at;
}

static void decline(struct job *job, const char *reason)
{
    snprintf(job->decline, sizeof job->decline, "%s", reason);
}

static void judge(struct player *player, struct job *job, const struct delivery *delivery)
{
    const struct profile *profile = player->profile;
    const char *kind = delivery->event->order_issued.kind;
    const char *reason;

    if (!profile_may_play(profile, delivery->mode, &reason)) {
        decline(job, reason);
    } else if (delivery->evacuation_said == NULL && profile->takes.n > 0 &&
               !words_have(profile->takes, kind)) { /* to an evacuation nobody says no */
        snprintf(job->decline, sizeof job->decline, "this agent takes no orders of kind \"%s\"", kind);
    } else if (player->jobs_n >= PLAYER_ORDERS_MAX) {
        decline(job, "too many orders at once");
    }
}

static void take_order(struct player *player, const struct delivery *delivery, int64_t now_ms)
{
    struct job **at = find(player, delivery->order);
    struct job *job;

    if (*at || !delivery->event) {
        return;
    }
    job = calloc(1, sizeof *job);
    if (!job) {
        return;
    }
    job->order = delivery->order;
    job->incident = delivery->incident;
    job->evacuation = delivery->evacuation_said != NULL;
    job->mode = delivery->mode;
    job->said = delivery->rung_said;
    keep_words(delivery->event->order_issued.needs, &job->needs, &job->needs_n);
    if (delivery->order_said) {
        keep_words(delivery->order_said->units, &job->wanted, &job->wanted_n);
    }
    judge(player, job, delivery);
    if (delivery->note.n > 0) {
        job->chosen = fleet_parse(&player->fleet, delivery->note, &job->team);
        if (job->chosen) {
            fleet_set(&player->fleet, &job->team, UNIT_ASSIGNED);
        }
    }
    *at = job;
    player->jobs_n++;
    plan(player, job, now_ms);
}

static void take_amendment(struct player *player, const struct delivery *delivery, int64_t now_ms)
{
    struct job *job = *find(player, delivery->order);

    if (job && delivery->event) {
        keep_words(delivery->event->order_amended.needs, &job->needs, &job->needs_n);
        job->amendment = delivery->event->order_amended.amendment;
        job->amendment_due_ms = now_ms + vary(player, player->profile->script.amendment_ms);
    }
}

void player_take(struct player *player, const struct delivery *delivery, int64_t now_ms)
{
    struct job **at;

    switch (delivery->kind) {
    case DELIVERY_ORDER:
        take_order(player, delivery, now_ms);
        break;
    case DELIVERY_AMENDMENT:
        take_amendment(player, delivery, now_ms);
        break;
    case DELIVERY_RECALL:
    case DELIVERY_EXPIRED:
        at = find(player, delivery->order);
        if (*at) {
            release(player, *at);
            remove_job(player, at);
        }
        break;
    case DELIVERY_NOTICE:
    case DELIVERY_REMINDER: /* what it is waiting for comes in its time */
        break;
    }
}
