/* bench-load-due: how late what is due comes, as those see it who are told. --mode
 *   pending  --count orders wait for an answer that never comes, each with an incident and a time of its own,
 *            --rate of them due a second. Those due first were issued first, so they lie only in the log when
 *            their time comes. When all are issued a line says so; those due in the --ms from then on are
 *            watched: how late their issuer is told that nobody answered.
 *   hops     --count incidents in --folder's region, --rate a second, in each an order nobody answers, which
 *            rules refer to --via's region and from there to --to's: how late the issuer is told, and how
 *            late whoever is notified in the two.
 * Folders are what `muster keys init` made. The issuer is issuer-N, who watches in another region watcher-N,
 * N = --first; the agent that is ordered is not there. Lateness is from the deadline, in whole milliseconds
 * of bus time, to when its notice was read, by the wall clock; the two differ by less than 1 ms. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "tests/bench/load.h"
#include "tests/bench/muster_party.h"
#include "tests/bench/submits.h"

enum {
    PLACES = 3, /* the issuer's region, and those above it */
    PLACE_OWN = 0,
    NS_PER_MS = 1000000,
    WAIT_MS = 20,
    TRIAL_MIN = 1000, /* so many orders, or this part of all, show how fast the rest will be issued */
    TRIAL_DIVISOR = 50,
    LEAD_SPARE_MS = 1000,
    LATE_MAX_MS = 10000, /* what has not come so long after its time does not come */
    HOP_ANSWER_MS = 1000,
    FAR_MS = 24 * 60 * 60 * 1000,
    PATH_BYTES = 1024
};

struct watched {
    struct party party;
    struct load_histogram late;
    uint8_t *seen; /* by number of the order or incident */
    size_t seen_n;
};

struct watching {
    struct load_options options;
    struct parties parties;
    struct watched at[PLACES];
    size_t places_n;
    struct submits submits;
    char addressee[2 * NAME_MAX_BYTES];
    int poll;
    zmq_msg_t message;
    struct id *ids;
    int64_t *due_ms; /* 0: not watched */
    size_t issued, watched_n;
    int64_t heard_ns;
};

static int64_t utc_ms(void)
{
    return clock_system()->utc_ms(clock_system()->ctx);
}

static int64_t utc_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* --- out --- */

/* The id's last four bytes are its number, so that no table is needed to find it again. */
static struct id new_id(size_t number)
{
    uint8_t random[10];

    load_rng()->fill(NULL, random, sizeof random);
    for (size_t i = 0; i < 4; i++) {
        random[6 + i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return id_make(utc_ms(), random);
}

static size_t number_of(struct id id)
{
    return (size_t)id.b[12] << 24 | (size_t)id.b[13] << 16 | (size_t)id.b[14] << 8 | id.b[15];
}

/* Orders, each opening an incident of its own; the watched ones due from first_ms on. */
static void issue(struct watching *all, size_t n, int64_t first_ms, size_t first_number, bool watched)
{
    struct command commands[PARTY_BATCH_MAX] = {0};
    struct new_order orders[PARTY_BATCH_MAX] = {0};
    char text[LOAD_PAYLOAD + 1];

    memset(text, 'm', LOAD_PAYLOAD);
    text[LOAD_PAYLOAD] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t number = all->issued++;
        int64_t due_ms = first_ms + (int64_t)((number - first_number) * 1000 / (size_t)all->options.rate);
        all->ids[number] = new_id(number);
        all->due_ms[number] = watched ? due_ms : 0;
        orders[i] = (struct new_order){.order = all->ids[number],
                                       .kind = "dispatch",
                                       .addressee = all->addressee,
                                       .text = text,
                                       .answer_by_ms = due_ms,
                                       .expires_at_ms = due_ms + FAR_MS};
        commands[i] = (struct command){.kind = COMMAND_ISSUE_ORDERS,
                                       .issue_orders = {.orders = &orders[i], .orders_n = 1}};
    }
    submits_send(&all->submits, commands, n);
    party_flush(&all->at[PLACE_OWN].party);
}

/* An incident and an order in it, as a duty room says them: one after the other. */
static void report_and_order(struct watching *all)
{
    size_t number = all->issued++;
    int64_t due_ms = utc_ms() + HOP_ANSWER_MS;
    struct new_order order = {.order = new_id(number),
                              .kind = "dispatch",
                              .addressee = all->addressee,
                              .text = "",
                              .answer_by_ms = due_ms,
                              .expires_at_ms = due_ms + FAR_MS};
    struct command commands[] = {
        {.kind = COMMAND_FILE_REPORT,
         .file_report = {.kind = REPORT_INITIAL, .facts = facts_none(), .text = "", .signed_off_by = ""}},
        {.kind = COMMAND_ISSUE_ORDERS, .issue_orders = {.orders = &order, .orders_n = 1}}};

    all->ids[number] = new_id(number);
    all->due_ms[number] = due_ms;
    all->watched_n++;
    commands[0].file_report.incident = all->ids[number];
    commands[0].file_report.facts.kind = "fire";
    commands[1].issue_orders.incident = all->ids[number];
    submits_send(&all->submits, commands, 2);
    party_flush(&all->at[PLACE_OWN].party);
}

/* --- in --- */

static void note_told(struct watching *all, struct watched *at, struct id id)
{
    size_t number = number_of(id);
    int64_t late_ns;

    if (number >= all->issued || !id_equal(id, all->ids[number]) || all->due_ms[number] == 0) {
        return;
    }
    late_ns = utc_ns() - all->due_ms[number] * NS_PER_MS;
    if (late_ns < -NS_PER_MS) {
        load_fail("%s was told %" PRId64 " us before the deadline", at->party.keys.name, -late_ns / 1000);
    }
    if (at->seen[number]++ == 0) {
        at->seen_n++;
        load_histogram_add(&at->late, late_ns);
    } else if (at == &all->at[PLACE_OWN]) {
        load_fail("a deadline passed twice");
    }
}

static void on_deliver(struct watching *all, struct watched *at, const struct deliver *deliver)
{
    struct record record;
    struct err err = {0};

    party_note(&at->party, deliver);
    if (deliver->seq <= at->party.head) {
        return;
    }
    if (wire_decode_record(deliver->record, &all->parties.arena, &record, &err) != 0) {
        load_fail("record %" PRIu64 " cannot be read: %s", deliver->seq, err.text);
    }
    for (size_t i = 0; i < record.events_n; i++) {
        const struct event *event = &record.events[i];
        if (event->kind == (at == &all->at[PLACE_OWN] ? EVENT_ORDER_UNANSWERED : EVENT_NOTIFIED)) {
            note_told(all, at, event->incident);
        }
    }
}

static void read_all(struct watching *all, struct watched *at)
{
    struct envelope envelope;

    at->party.dirty = false;
    while (party_read(&all->parties, &at->party, &envelope, &all->message)) {
        all->heard_ns = load_now_ns();
        if (envelope.kind == ENVELOPE_REPLY && envelope.reply.counter == 0) {
            party_note_ack(&at->party, envelope.reply.ack_lane);
        } else if (envelope.kind == ENVELOPE_REPLY) {
            submits_answered(&all->submits, &envelope.reply);
        } else if (envelope.kind == ENVELOPE_DELIVER) {
            on_deliver(all, at, &envelope.deliver);
        }
    }
}

static void say_all(struct watching *all)
{
    const struct envelope beat = {.kind = ENVELOPE_BEAT};

    submits_again(&all->submits);
    parties_begin_acknowledging(&all->parties);
    for (size_t i = 0; i < all->places_n; i++) {
        struct party *party = &all->at[i].party;
        party_acknowledge(&all->parties, party);
        if (party->welcomed && load_now_ns() - party->said_ns > (int64_t)party->beat_ms * NS_PER_MS / 2) {
            party_say(&all->parties, party, &beat);
        }
        party_flush(party);
    }
}

static void read_dirty(struct watching *all)
{
    for (size_t i = 0; i < all->places_n;) {
        bool dirty = all->at[i].party.dirty;
        if (dirty) {
            read_all(all, &all->at[i]);
        }
        i = dirty ? 0 : i + 1;
    }
}

/* Reads, says what is to be said; waits so long at most. */
static void turn(struct watching *all, int64_t wait_ns)
{
    struct epoll_event events[PLACES];

    say_all(all);
    read_dirty(all);
    int64_t ack_ns = all->parties.ack_due_ns - load_now_ns();
    wait_ns = ack_ns < wait_ns ? ack_ns : wait_ns;
    struct timespec timeout = {.tv_nsec = wait_ns > 0 ? wait_ns : 0};
    int n = epoll_pwait2(all->poll, events, PLACES, &timeout, NULL);
    for (int i = 0; i < n; i++) {
        read_all(all, events[i].data.ptr);
    }
}

static void check_progress(const struct watching *all, const char *what)
{
    if (load_now_ns() - all->heard_ns > (int64_t)LOAD_STALL_MS * NS_PER_MS) {
        load_fail("nothing came for %d s: %s", LOAD_STALL_MS / 1000, what);
    }
}

/* --- runs --- */

static void open_place(struct watching *all, const char *folder, const char *endpoint, const char *kind)
{
    struct watched *at = &all->at[all->places_n++];
    char region[PATH_BYTES], stem[PATH_BYTES], line[PATH_BYTES] = "";
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = at}};

    (void)snprintf(region, sizeof region, "%s/region.pub", folder);
    (void)snprintf(stem, sizeof stem, "%s/agents/emergency-management.%s-%ld", folder, kind,
                   all->options.first);
    if (endpoint == NULL) { /* as the broker has written it */
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/endpoint", folder);
        FILE *file = fopen(path, "re");
        if (file == NULL || fgets(line, sizeof line, file) == NULL) {
            load_fail("%s: no endpoint", path);
        }
        (void)fclose(file);
        line[strcspn(line, "\n")] = '\0';
        endpoint = line;
    }
    at->seen = load_alloc((size_t)all->options.count, sizeof *at->seen);
    party_open(&all->parties, &at->party, endpoint, region, stem, true);
    if (epoll_ctl(all->poll, EPOLL_CTL_ADD, at->party.fd, &event) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
    all->heard_ns = load_now_ns();
    while (!at->party.welcomed) {
        turn(all, (int64_t)WAIT_MS * NS_PER_MS);
        check_progress(all, folder);
    }
}

static void issue_up_to(struct watching *all, size_t n, int64_t first_ms, size_t first_number, bool watched)
{
    size_t batch = (size_t)all->options.batch;

    while (all->issued < n) {
        size_t left = n - all->issued, one = left < batch ? left : batch;
        if (submits_room(&all->submits) >= one) {
            issue(all, one, first_ms, first_number, watched);
            read_dirty(all);
            continue;
        }
        turn(all, (int64_t)WAIT_MS * NS_PER_MS);
        check_progress(all, "orders are being issued");
    }
}

static void wait_for_answers(struct watching *all)
{
    while (all->submits.n > 0) {
        turn(all, (int64_t)WAIT_MS * NS_PER_MS);
        check_progress(all, "orders are being issued");
    }
}

static size_t least_seen(const struct watching *all)
{
    size_t least = all->at[0].seen_n;

    for (size_t i = 1; i < all->places_n; i++) {
        least = all->at[i].seen_n < least ? all->at[i].seen_n : least;
    }
    return least;
}

static void wait_for_told(struct watching *all, int64_t last_ms)
{
    while (least_seen(all) < all->watched_n) {
        turn(all, (int64_t)WAIT_MS * NS_PER_MS);
        if (utc_ms() > last_ms + LATE_MAX_MS) {
            load_fail("of %zu deadlines %zu were told everywhere within %d s", all->watched_n,
                      least_seen(all), LATE_MAX_MS / 1000);
        }
    }
}

static void report(const struct watching *all, const char *extra)
{
    static const char *const names[PLACES] = {"own", "via", "to"};

    printf("{\"watched\": %zu, \"told\": %zu", all->watched_n, least_seen(all));
    for (size_t i = 0; i < all->places_n; i++) {
        const struct load_histogram *late = &all->at[i].late;
        printf(", \"%s\": {\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}",
               names[i], load_histogram_us(late, 0.5), load_histogram_us(late, 0.99),
               load_histogram_us(late, 0.999), (double)late->max_ns / 1000);
    }
    printf("%s}\n", extra);
    (void)fflush(stdout);
}

/* The first few, which are due last, show how fast the rest will be issued; then those that are watched, and
 * behind them in issue and in time all others. */
static void run_pending(struct watching *all)
{
    size_t count = (size_t)all->options.count, trial = count / TRIAL_DIVISOR;
    size_t watched = (size_t)(all->options.rate * all->options.milliseconds / 1000);
    int64_t began_ns = load_now_ns();
    char extra[128];

    trial = trial > TRIAL_MIN ? trial : TRIAL_MIN;
    if (trial + watched > count) {
        load_fail("--count is too small for --rate and --ms");
    }
    issue_up_to(all, trial, utc_ms() + FAR_MS, 0, false);
    wait_for_answers(all);
    int64_t lead_ms = (load_now_ns() - began_ns) / NS_PER_MS * (int64_t)(count / trial) * 2 + LEAD_SPARE_MS;
    int64_t first_ms = utc_ms() + lead_ms;
    all->watched_n = watched;
    issue_up_to(all, trial + watched, first_ms, trial, true);
    issue_up_to(all, count, first_ms, trial, false);
    wait_for_answers(all);
    if (utc_ms() >= first_ms) {
        load_fail("the first deadlines came before all orders were issued");
    }
    printf("{\"pending\": %zu, \"rate\": %.1f, \"first_in_ms\": %" PRId64 "}\n", count,
           (double)count * 1e9 / (double)(load_now_ns() - began_ns), first_ms - utc_ms());
    (void)fflush(stdout);
    wait_for_told(all, first_ms + all->options.milliseconds);
    (void)snprintf(extra, sizeof extra, ", \"due_a_second\": %ld, \"busy\": %" PRIu64, all->options.rate,
                   all->submits.busy);
    report(all, extra);
}

static void run_hops(struct watching *all)
{
    int64_t began_ns = load_now_ns(), between_ns = (int64_t)1000 * NS_PER_MS / all->options.rate;

    while (all->issued < (size_t)all->options.count) {
        int64_t wait_ns = began_ns + (int64_t)all->issued * between_ns - load_now_ns();
        if (wait_ns <= 0 && submits_room(&all->submits) >= 2) {
            report_and_order(all);
            wait_ns = 0;
        }
        turn(all, wait_ns < (int64_t)WAIT_MS * NS_PER_MS ? wait_ns : (int64_t)WAIT_MS * NS_PER_MS);
        check_progress(all, "incidents are being reported");
    }
    wait_for_told(all, utc_ms() + HOP_ANSWER_MS);
    report(all, "");
}

int main(int argc, char **argv)
{
    static struct watching all;

    load_options_read(argc, argv, &all.options);
    bool hops = strcmp(all.options.mode, "hops") == 0;
    if (all.options.window > SUBMITS_MAX || all.options.batch > PARTY_BATCH_MAX || all.options.count < 1 ||
        all.options.rate < 1) {
        load_fail("--window: %d at most; --batch: %d; --count and --rate are wanted", SUBMITS_MAX,
                  PARTY_BATCH_MAX);
    }
    all.poll = epoll_create1(EPOLL_CLOEXEC);
    if (all.poll < 0) {
        load_fail("epoll: %s", strerror(errno));
    }
    (void)zmq_msg_init(&all.message);
    parties_open(&all.parties, PLACES);
    all.submits.parties = &all.parties;
    all.submits.party = &all.at[PLACE_OWN].party;
    all.submits.window = (size_t)all.options.window;
    all.ids = load_alloc((size_t)all.options.count, sizeof *all.ids);
    all.due_ms = load_alloc((size_t)all.options.count, sizeof *all.due_ms);
    open_place(&all, all.options.folder, all.options.endpoint, "issuer");
    (void)snprintf(all.addressee, sizeof all.addressee, "%s/fire-rescue/station-%ld",
                   all.at[PLACE_OWN].party.region.name, all.options.first);
    if (hops) {
        open_place(&all, all.options.via, NULL, "watcher");
        open_place(&all, all.options.to, NULL, "watcher");
        run_hops(&all);
    } else {
        run_pending(&all);
    }
    for (size_t i = 0; i < all.places_n; i++) {
        party_close(&all.parties, &all.at[i].party);
        free(all.at[i].seen);
    }
    submits_free(&all.submits);
    free(all.ids);
    free(all.due_ms);
    (void)zmq_msg_close(&all.message);
    (void)close(all.poll);
    parties_close(&all.parties);
    return 0;
}
