/* A whole agency's system on libmuster in one file: it takes every order, sends its one crew, counts heads,
 * and reports what somebody types. Events go to standard output, a line each.
 *
 *   example-agency ENDPOINT_FILE AGENT_KEY REGION_PUB JOURNAL
 *
 * Lines on standard input:  report PLACE    done ORDER    again ORDER (its first receipt)    quit */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/lib/muster.h"

enum { CREW = 4, LINE = 1024 };

struct agency {
    struct muster *muster;
    uint64_t tag; /* of the last thing said: replies name it */
};

static const char *const UNITS[] = {"E1"};

static void check(struct agency *agency, const char *what, int rc)
{
    if (rc) {
        printf("failed %s: %d %s: %s\n", what, rc, muster_strerror(rc), muster_error(agency->muster));
    }
}

static void say(struct agency *agency, const char *order, enum muster_rung rung)
{
    struct muster_receipt receipt = {.order = order, .rung = rung, .units = UNITS, .units_n = 1};

    check(agency, "receipt", muster_receipt(agency->muster, &receipt, ++agency->tag));
    printf("said %s %d\n", order, (int)rung); /* it is in the journal: it will be so, whatever happens now */
}

static void on_ready(void *ctx)
{
    struct agency *agency = ctx;
    const char *equipment[] = {"scba", "hose"};
    struct muster_unit unit = {.id = UNITS[0],
                               .type = "engine",
                               .equipment = equipment,
                               .equipment_n = 2,
                               .status = MUSTER_FREE,
                               .crew = CREW};

    printf("ready\n");
    check(agency, "units", muster_state_units(agency->muster, &unit, 1, ++agency->tag));
}

static void on_waiting(void *ctx, const char *why)
{
    (void)ctx;
    printf("waiting %s\n", why);
}

static void on_order(void *ctx, const struct muster_order *order)
{
    struct agency *agency = ctx;

    printf("order %s %s last %d %s: %s\n", order->order, order->resumed ? "resumed" : "new",
           (int)order->last_rung, order->kind, order->text);
    if (order->evacuation) {
        struct muster_receipt count = {
            .order = order->order, .rung = MUSTER_COMPLETED, .has_head_count = true, .present = CREW};

        check(agency, "head-count", muster_receipt(agency->muster, &count, ++agency->tag));
        return;
    }
    /* What was said before is not said twice; so there is no need to remember how far we were. */
    for (int rung = MUSTER_ACKNOWLEDGED; rung <= MUSTER_ON_SCENE; rung++) {
        if (rung > (int)order->last_rung) {
            say(agency, order->order, (enum muster_rung)rung);
        }
    }
}

static void on_amendment(void *ctx, const struct muster_amendment *amendment)
{
    struct agency *agency = ctx;
    struct muster_receipt receipt = {
        .order = amendment->order, .rung = MUSTER_ACKNOWLEDGED, .amendment = amendment->amendment};

    printf("amendment %s %u:", amendment->order, amendment->amendment);
    for (size_t i = 0; i < amendment->needs_n; i++) {
        printf(" %s", amendment->needs[i]);
    }
    printf("\n");
    check(agency, "amendment", muster_receipt(agency->muster, &receipt, ++agency->tag));
}

static void on_recall(void *ctx, const char *order, const char *incident)
{
    (void)ctx;
    printf("recall %s %s\n", order, incident);
}

static void on_notice(void *ctx, const struct muster_notice *notice)
{
    (void)ctx;
    printf("notice %s %s\n", notice->event, notice->fact);
}

static void on_reply(void *ctx, const struct muster_reply *reply)
{
    static const char *const OUTCOMES[] = {"?", "done", "unchanged", "refused"};

    (void)ctx;
    printf("reply %llu %s %s%s\n", (unsigned long long)reply->tag, OUTCOMES[reply->outcome], reply->refusal,
           reply->text);
}

static void on_trouble(void *ctx, const char *text)
{
    (void)ctx;
    printf("trouble %s\n", text);
}

/* False when it is over. */
static bool take_line(struct agency *agency)
{
    char line[LINE];
    struct muster_report report;

    if (!fgets(line, sizeof line, stdin)) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "report ", 7) == 0) {
        muster_report_init(&report);
        report.incident_kind = "fire";
        report.place = line + 7;
        report.trapped = 1;
        check(agency, "report", muster_report(agency->muster, &report, ++agency->tag));
        printf("reported %s\n", report.incident);
    } else if (strncmp(line, "done ", 5) == 0) {
        say(agency, line + 5, MUSTER_COMPLETED);
    } else if (strncmp(line, "again ", 6) == 0) {
        say(agency, line + 6, MUSTER_ACKNOWLEDGED);
    }
    return strcmp(line, "quit") != 0;
}

/* 0, or why the journal can be trusted no more. */
static int run(struct agency *agency)
{
    bool more = true;

    while (more) {
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = muster_fd(agency->muster), .events = POLLIN}};

        poll(fds, 2, muster_timeout_ms(agency->muster));
        int rc = muster_process(agency->muster);
        if (rc) {
            return rc;
        }
        if (fds[0].revents) {
            more = take_line(agency);
        }
    }
    /* What has no reply yet would be sent at the next start; a moment of patience spares that. */
    for (int i = 0; i < 50 && muster_is_ready(agency->muster) && muster_pending(agency->muster) > 0; i++) {
        muster_wait(agency->muster, 20);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct agency agency = {.tag = 0};
    struct muster_options options = {.size = sizeof options,
                                     .software = "example-agency 1",
                                     .callbacks = {.on_ready = on_ready,
                                                   .on_waiting = on_waiting,
                                                   .on_order = on_order,
                                                   .on_amendment = on_amendment,
                                                   .on_recall = on_recall,
                                                   .on_notice = on_notice,
                                                   .on_reply = on_reply,
                                                   .on_trouble = on_trouble},
                                     .ctx = &agency};
    char error[512];
    int rc;

    setvbuf(stdin, NULL, _IONBF, 0); /* poll() knows nothing of stdio's buffer */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 5) {
        fprintf(stderr, "usage: example-agency ENDPOINT_FILE AGENT_KEY REGION_PUB JOURNAL\n");
        return 64;
    }
    options.endpoint_file = argv[1];
    options.agent_key = argv[2];
    options.region_key = argv[3];
    options.journal = argv[4];
    rc = muster_open(&options, &agency.muster, error, sizeof error);
    if (rc) {
        fprintf(stderr, "example-agency: %d %s: %s\n", rc, muster_strerror(rc), error);
        return 1;
    }
    rc = run(&agency);
    if (rc) {
        fprintf(stderr, "example-agency: %d %s: %s\n", rc, muster_strerror(rc), muster_error(agency.muster));
    }
    muster_close(agency.muster);
    return rc ? 74 : 0;
}
