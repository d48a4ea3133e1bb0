#include "agents/agency/bridge.h"

#include <stdlib.h>

#include "agents/agency/lines.h"
#include "agents/agency/message.h"

/* What is known of a line at once. The broker's Reply comes later, by way of the client. */
struct answer {
    uint64_t line;
    bool kept;       /* in the transaction: it was said if that holds */
    json_t *message; /* NULL: nothing is to be said but what the broker replies */
};

struct bridge {
    struct client *client;
    void (*say)(void *ctx, json_t *message);
    void *ctx;
    bool turning; /* a transaction is open, or could not be opened: */
    int rc;       /* ... then why no line of this turn is taken */
    struct err err;
    struct answer answers[BRIDGE_TURN_MAX];
    size_t answers_n;
};

struct bridge *bridge_new(struct client *client, void (*say)(void *ctx, json_t *message), void *ctx)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);

    if (bridge) {
        bridge->client = client;
        bridge->say = say;
        bridge->ctx = ctx;
    }
    return bridge;
}

void bridge_free(struct bridge *bridge)
{
    free(bridge);
}

static const char *text_of(int rc, const struct err *err)
{
    return err->text[0] != '\0' ? err->text : err_string(rc);
}

static void begin(struct bridge *bridge)
{
    if (bridge->answers_n == BRIDGE_TURN_MAX) {
        bridge_turn(bridge);
    }
    if (!bridge->turning) {
        bridge->turning = true;
        bridge->err = (struct err){0};
        bridge->rc = client_hold(bridge->client, &bridge->err);
    }
}

static void answer(struct bridge *bridge, uint64_t line, bool kept, json_t *message)
{
    bridge->answers[bridge->answers_n++] = (struct answer){line, kept, message};
}

void bridge_turn(struct bridge *bridge)
{
    struct err err = {0};
    int rc = client_release(bridge->client, &err);

    bridge->turning = false;
    for (size_t i = 0; i < bridge->answers_n; i++) {
        struct answer *at = &bridge->answers[i];

        if (rc && at->kept) {
            json_decref(at->message);
            /* When the journal has failed for good nobody knows yet whether it was said. */
            at->message = client_failed(bridge->client) ? NULL : message_error(at->line, text_of(rc, &err));
        }
        if (at->message) {
            bridge->say(bridge->ctx, at->message);
        }
    }
    bridge->answers_n = 0;
}

/* Every line but telemetry is answered: a receipt that was said before, and so is not sent again, from
 * here. */
static int submit(struct bridge *bridge, const struct asked *asked, uint64_t tag, json_t **ret_answer,
                  struct err *err)
{
    size_t pending = client_pending(bridge->client);
    int rc;

    *ret_answer = NULL;
    if (asked->kind == ASKED_TELEMETRY) { /* the one line without an answer: there is none on the bus */
        return client_publish(bridge->client, asked->samples, asked->samples_n, err);
    }
    if (bridge->rc) {
        return err_set(err, bridge->rc, "%s", text_of(bridge->rc, &bridge->err));
    }
    if (asked->kind != ASKED_RECEIPT) {
        return client_submit(bridge->client, &asked->command, tag, err);
    }
    rc = client_receipt(bridge->client, &asked->command.give_receipt, tag, err);
    if (!rc && client_pending(bridge->client) == pending) {
        *ret_answer = message_reply(tag, &(struct reply){.outcome = OUTCOME_UNCHANGED});
    }
    return rc;
}

static int take(struct bridge *bridge, uint64_t number, const json_t *json, json_t **ret_answer,
                struct err *err)
{
    struct asked asked;
    struct arena arena;
    uint8_t random[10];
    int rc;

    arena_init(&arena, (size_t)2 * LINES_MAX);
    rng_system()->fill(rng_system()->ctx, random, sizeof random);
    rc = message_parse(json, id_make(clock_system()->utc_ms(clock_system()->ctx), random), &arena, &asked,
                       err);
    rc = rc ? rc : submit(bridge, &asked, asked.has_ref ? asked.ref : number, ret_answer, err);
    arena_free(&arena);
    return rc;
}

void bridge_line(struct bridge *bridge, uint64_t number, const char *text, size_t n)
{
    json_error_t wrong;
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &wrong), *said = NULL;
    struct err err = {0};
    int rc;

    begin(bridge);
    if (!json) {
        answer(bridge, number, false, message_error(number, wrong.text));
        return;
    }
    rc = take(bridge, number, json, &said, &err);
    if (rc == 0) {
        answer(bridge, number, true, said);
    } else if (!client_failed(bridge->client)) {
        answer(bridge, number, false, message_error(number, text_of(rc, &err)));
    }
    json_decref(json);
}

void bridge_too_long(struct bridge *bridge, uint64_t number)
{
    begin(bridge);
    answer(bridge, number, false, message_error(number, "the line is too long"));
}
