/* Ways to spoil any command, and the harness that tries them. */
#include <string.h>

#include "tests/unit/core_fixture.h"

void spoil_identity(struct bus *bus, struct command *command)
{
    (void)bus;
    command->agent = "370102/fire-rescue/station-9";
    command->operator= "";
    command->signer = SIGNER_AGENT;
}

/* The author itself is revoked, whoever signs. */
void spoil_revoked(struct bus *bus, struct command *command)
{
    struct command revoke = by_root(bus, COMMAND_REVOKE);

    revoke.revoke = (struct revoke){.name = command->agent, .reason = "key lost"};
    (void)bus_say(bus, &revoke);
}

void spoil_operator(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= POLICE;
    command->signer = SIGNER_OPERATOR;
}

void spoil_region(struct bus *bus, struct command *command)
{
    (void)bus;
    command->region = "370103";
}

void spoil_epoch(struct bus *bus, struct command *command)
{
    (void)bus;
    command->epoch = 2;
}

void spoil_signature(struct bus *bus, struct command *command)
{
    (void)bus;
    command->signer = SIGNER_NONE;
}

void spoil_mode(struct bus *bus, struct command *command)
{
    (void)bus;
    command->mode = MODE_NONE;
}

void spoil_window(struct bus *bus, struct command *command)
{
    (void)bus;
    command->expires_at_ms = command->issued_at_ms - 1;
}

void spoil_clock(struct bus *bus, struct command *command)
{
    command->issued_at_ms = bus->env.now_ms + TOLERANCE + 1;
    command->expires_at_ms = command->issued_at_ms;
}

void spoil_expired(struct bus *bus, struct command *command)
{
    command->expires_at_ms = bus->env.now_ms - TOLERANCE - 1;
    command->issued_at_ms = command->expires_at_ms;
}

void spoil_root(struct bus *bus, struct command *command)
{
    (void)bus;
    command->signer = SIGNER_ROOT;
}

void spoil_broker(struct bus *bus, struct command *command)
{
    (void)bus;
    command->signer = SIGNER_BROKER;
}

void spoil_right(struct bus *bus, struct command *command)
{
    (void)bus;
    command->signer = SIGNER_OPERATOR;
    command->operator= CHEN_WEI;
}

/* Every command that names an incident has its id first. */
static struct id *incident_of(struct command *command)
{
    switch (command->kind) {
    case COMMAND_FILE_REPORT:
        return &command->file_report.incident;
    case COMMAND_CLOSE_INCIDENT:
        return &command->close_incident.incident;
    case COMMAND_ISSUE_ORDERS:
        return &command->issue_orders.incident;
    case COMMAND_RECALL_ORDER:
        return &command->recall_order.incident;
    case COMMAND_ORDER_EVACUATION:
        return &command->order_evacuation.incident;
    case COMMAND_ASSESS_INCIDENT:
        return &command->assess_incident.incident;
    case COMMAND_REFER_INCIDENT:
        return &command->refer_incident.incident;
    case COMMAND_TELL_RECORD:
        return &command->tell_record.incident;
    default:
        assert_int_equal(command->kind, COMMAND_GIVE_RECEIPT);
        return &command->give_receipt.incident;
    }
}

void spoil_incident(struct bus *bus, struct command *command)
{
    (void)bus;
    *incident_of(command) = incident_id(999);
}

void spoil_incident_mode(struct bus *bus, struct command *command)
{
    (void)bus;
    command->mode = MODE_EXERCISE;
}

static void expect(struct bus *bus, const struct command *command, const struct fault *row, const char *with)
{
    enum refusal refusal = bus_say(bus, command);

    if (refusal != row->refusal) {
        fail_msg("%s%s%s: %s expected, got %s (%s)", row->what, with[0] != '\0' ? " before " : "", with,
                 refusal_word(row->refusal), refusal_word(refusal), bus->decision.detail);
    }
}

void check_refusals(struct command (*good)(struct bus *bus), const struct fault *rows, size_t n)
{
    struct bus bus;

    bus_open(&bus);
    assert_true(bus_do(&bus, good(&bus)) > 0);
    bus_close(&bus);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i; j < n; j++) {
            bus_open(&bus);
            struct command command = good(&bus);
            if (j > i) {
                rows[j].spoil(&bus, &command);
            }
            rows[i].spoil(&bus, &command);
            expect(&bus, &command, &rows[i], j > i ? rows[j].what : "");
            bus_close(&bus);
        }
    }
}
