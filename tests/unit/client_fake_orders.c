/* Orders and what becomes of them, as a client is told. */
#include "tests/unit/client_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct id fake_id(uint8_t n)
{
    return (struct id){{1, 1, 1, [14] = n}};
}

uint64_t fake_order_by(struct fake *fake, const struct secret_keys *keys, struct id order,
                       int64_t expires_at_ms)
{
    static const char *const AGENTS[] = {FAKE_AGENT};
    struct new_order said = {.order = order,
                             .kind = "dispatch",
                             .addressee = "370102/fire-rescue",
                             .text = "go",
                             .answer_by_ms = expires_at_ms,
                             .expires_at_ms = expires_at_ms};
    struct command command = fake_command_of(fake, COMMAND_ISSUE_ORDERS, keys->name);
    struct event event = {.kind = EVENT_ORDER_ISSUED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct buf record;

    command.issue_orders = (struct issue_orders){.incident = fake_id(250), .orders = &said, .orders_n = 1};
    event.order_issued = (struct order_issued){.kind = "dispatch",
                                               .home = "",
                                               .addressee = said.addressee,
                                               .agents = {AGENTS, 1},
                                               .issuer = keys->name,
                                               .operator= "",
                                               .answer_by_ms = expires_at_ms,
                                               .expires_at_ms = expires_at_ms};
    fake_record(fake, keys, &command, &event, 1, &record);
    fake_deliver(fake, LANE_ORDERS, ++fake->seq, &record);
    buf_free(&record);
    return fake->seq;
}

uint64_t fake_order(struct fake *fake, struct id order, int64_t expires_at_ms)
{
    uint64_t seq = fake_order_by(fake, &fake->centre, order, expires_at_ms);

    fake_run(fake);
    return seq;
}

uint64_t fake_recall(struct fake *fake, struct id order, int64_t expires_at_ms)
{
    struct command command = fake_command_of(fake, COMMAND_RECALL_ORDER, FAKE_CENTRE);
    struct event event = {.kind = EVENT_ORDER_RECALLED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct buf record;

    command.recall_order =
        (struct recall_order){.incident = fake_id(250), .order = order, .reason = "false alarm"};
    event.order_recalled = (struct order_recalled){.by = FAKE_CENTRE, .expires_at_ms = expires_at_ms};
    fake_record(fake, &fake->centre, &command, &event, 1, &record);
    fake_deliver(fake, LANE_URGENT, ++fake->seq, &record);
    buf_free(&record);
    fake_run(fake);
    return fake->seq;
}

uint64_t fake_rung(struct fake *fake, struct id order, enum rung rung, const char *by)
{
    struct command command = fake_command_of(fake, COMMAND_GIVE_RECEIPT, FAKE_CENTRE);
    struct event event = {.kind = EVENT_RUNG_REACHED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct buf record;

    command.give_receipt =
        (struct give_receipt){.incident = fake_id(250), .order = order, .rung = rung, .text = ""};
    event.rung = (struct rung_reached){.rung = rung, .agent = by};
    fake_record(fake, &fake->centre, &command, &event, 1, &record);
    fake_deliver(fake, LANE_URGENT, ++fake->seq, &record);
    buf_free(&record);
    fake_run(fake);
    return fake->seq;
}

uint64_t fake_amend(struct fake *fake, struct id order, uint32_t amendment)
{
    struct command command = fake_command_of(fake, COMMAND_FILE_REPORT, FAKE_CENTRE);
    struct event event = {.kind = EVENT_ORDER_AMENDED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct buf record;

    command.file_report = (struct file_report){.incident = fake_id(250),
                                               .kind = REPORT_FOLLOW_UP,
                                               .facts = facts_none(),
                                               .text = "",
                                               .signed_off_by = ""};
    event.order_amended = (struct order_amended){.amendment = amendment, .answer_by_ms = 1};
    fake_record(fake, &fake->centre, &command, &event, 1, &record);
    fake_deliver(fake, LANE_ORDERS, ++fake->seq, &record);
    buf_free(&record);
    fake_run(fake);
    return fake->seq;
}

/* ---- recovery ---- */

void fake_recover(struct fake *fake, const struct secret_keys *keys, uint64_t from_epoch)
{
    struct command command = {.region = FAKE_REGION,
                              .epoch = from_epoch + 1,
                              .mode = MODE_ACTUAL,
                              .agent = "broker",
                              .operator= "",
                              .kind = COMMAND_RECOVER,
                              .issued_at_ms = 1000,
                              .recover = {.epoch = from_epoch, .seq = fake->region_n, .reason = FAKE_REASON}};
    struct event event = {.kind = EVENT_RECOVERED, .recovered = command.recover};

    fake_record(fake, keys, &command, &event, 1, &fake->region[fake->region_n]);
    fake->region_n++;
}

void fake_pad_region(struct fake *fake, uint64_t seq)
{
    while (fake->region_n < seq) {
        buf_init(&fake->region[fake->region_n++], 0); /* others' */
    }
}

void fake_come_back(struct fake *fake, uint64_t epoch, uint64_t last_counter,
                    const uint64_t acked[LANE_MAX + 1])
{
    client_disconnected(fake->client);
    fake_skip(fake);
    fake->epoch = epoch;
    fake->last_counter = last_counter;
    memmove(fake->acked, acked, sizeof fake->acked);
    client_connected(fake->client);
    fake_greet(fake);
}
