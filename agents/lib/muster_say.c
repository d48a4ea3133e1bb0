/* What an application says, in the client's words. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/muster_private.h"

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static struct id new_id(void)
{
    uint8_t random[10];

    rng_system()->fill(rng_system()->ctx, random, sizeof random);
    return id_make(clock_system()->utc_ms(clock_system()->ctx), random);
}

static int parse_id(const char *text, const char *what, struct id *ret, struct err *err)
{
    return text && id_parse(text, ret) == 0
               ? 0
               : err_set(err, ERR_USAGE, "%s must be an id of 26 characters", what);
}

/* "" makes a new one and writes it. */
static int parse_or_make(char text[MUSTER_ID_TEXT], const char *what, struct id *ret, struct err *err)
{
    if (text[0] == '\0') {
        *ret = new_id();
        id_format(*ret, text);
        return 0;
    }
    return parse_id(text, what, ret, err);
}

static int submit(struct muster *muster, const struct command *command, uint64_t tag, struct err *err)
{
    return handle_done(muster, client_submit(link_client(muster->link), command, tag, err), err);
}

void muster_report_init(struct muster_report *report)
{
    memset(report, 0, sizeof *report);
    report->kind = MUSTER_INITIAL;
    report->dead = report->missing = report->serious = COUNT_UNKNOWN;
    report->minor = report->trapped = report->loss_cny = COUNT_UNKNOWN;
}

static int set_position(const struct muster_report *report, struct position *ret, struct err *err)
{
    double lat = report->latitude, lon = report->longitude;

    if (report->datum == MUSTER_NO_POSITION) {
        return 0;
    }
    if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180)) {
        return err_set(err, ERR_USAGE, "a position must be degrees of latitude and longitude");
    }
    ret->datum = (enum datum)report->datum;
    ret->latitude_e7 = (int32_t)(lat * 1e7 + (lat < 0 ? -0.5 : 0.5));
    ret->longitude_e7 = (int32_t)(lon * 1e7 + (lon < 0 ? -0.5 : 0.5));
    return 0;
}

int muster_report(struct muster *muster, struct muster_report *report, uint64_t tag)
{
    struct command command = {.kind = COMMAND_FILE_REPORT, .mode = (enum mode)report->mode, .operator= "" };
    struct file_report *said = &command.file_report;
    struct err err = {0};
    int rc;

    said->kind = (enum report_kind)report->kind;
    said->text = text_of(report->text);
    said->signed_off_by = text_of(report->signed_off_by);
    said->facts = facts_none();
    said->facts.kind = text_of(report->incident_kind);
    said->facts.place = text_of(report->place);
    said->facts.unit = text_of(report->unit);
    said->facts.substance = text_of(report->substance);
    said->facts.course = text_of(report->course);
    said->facts.measures = text_of(report->measures);
    said->facts.caller = text_of(report->caller);
    said->facts.title = text_of(report->title);
    said->facts.casualties =
        (struct casualties){report->dead, report->missing, report->serious, report->minor, report->trapped};
    said->facts.loss_cny = report->loss_cny;
    said->facts.occurred_at_ms = report->occurred_at_ms;
    rc = set_position(report, &said->facts.position, &err);
    if (!rc) {
        rc = said->kind == REPORT_INITIAL
                 ? parse_or_make(report->incident, "the incident", &said->incident, &err)
                 : parse_id(report->incident, "the incident", &said->incident, &err);
    }
    return rc ? handle_done(muster, rc, &err) : submit(muster, &command, tag, &err);
}

static int set_order(struct muster_new_order *from, struct new_order *ret, struct err *err)
{
    int rc = parse_or_make(from->order, "the order", &ret->order, err);

    if (!rc && from->reissue_of && from->reissue_of[0] != '\0') {
        rc = parse_id(from->reissue_of, "reissue_of", &ret->reissue_of, err);
    }
    ret->kind = text_of(from->kind);
    ret->addressee = text_of(from->addressee);
    ret->text = text_of(from->text);
    ret->answer_by_ms = from->answer_by_ms;
    ret->expires_at_ms = from->expires_at_ms;
    ret->units = (struct words){from->units, from->units_n};
    return rc;
}

int muster_issue(struct muster *muster, const char *incident, struct muster_new_order *orders, size_t n,
                 enum muster_mode mode, uint64_t tag)
{
    struct command command = {.kind = COMMAND_ISSUE_ORDERS, .mode = (enum mode)mode, .operator= "" };
    struct new_order *said;
    struct err err = {0};
    int rc = 0;

    if (n == 0 || n > ORDERS_PER_COMMAND_MAX) {
        err_set(&err, ERR_USAGE, "1 to %d orders make a command", ORDERS_PER_COMMAND_MAX);
        return handle_done(muster, ERR_USAGE, &err);
    }
    said = calloc(n, sizeof *said);
    if (!said) {
        return handle_done(muster, ERR_NO_MEMORY, &err);
    }
    if (incident && incident[0] != '\0') {
        rc = parse_id(incident, "the incident", &command.issue_orders.incident, &err);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        rc = set_order(&orders[i], &said[i], &err);
    }
    command.issue_orders.orders = said;
    command.issue_orders.orders_n = n;
    rc = rc ? handle_done(muster, rc, &err) : submit(muster, &command, tag, &err);
    free(said);
    return rc;
}

int muster_recall(struct muster *muster, const char *incident, const char *order, const char *reason,
                  enum muster_mode mode, uint64_t tag)
{
    struct command command = {.kind = COMMAND_RECALL_ORDER, .mode = (enum mode)mode, .operator= "" };
    struct err err = {0};
    int rc = parse_id(incident, "the incident", &command.recall_order.incident, &err);

    rc = rc ? rc : parse_id(order, "the order", &command.recall_order.order, &err);
    command.recall_order.reason = text_of(reason);
    return rc ? handle_done(muster, rc, &err) : submit(muster, &command, tag, &err);
}

int muster_state_units(struct muster *muster, const struct muster_unit *units, size_t n, uint64_t tag)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    struct unit *said;
    struct err err = {0};
    int rc;

    if (n == 0 || n > UNITS_PER_COMMAND_MAX) {
        err_set(&err, ERR_USAGE, "1 to %d units make a command", UNITS_PER_COMMAND_MAX);
        return handle_done(muster, ERR_USAGE, &err);
    }
    said = calloc(n, sizeof *said);
    if (!said) {
        return handle_done(muster, ERR_NO_MEMORY, &err);
    }
    for (size_t i = 0; i < n; i++) {
        said[i] = (struct unit){
            .id = text_of(units[i].id),
            .type = text_of(units[i].type),
            .abilities = {units[i].abilities, units[i].abilities_n},
            .equipment = {units[i].equipment, units[i].equipment_n},
            .status = units[i].status ? (enum unit_status)units[i].status : UNIT_FREE,
            .crew = units[i].crew,
            .kind = units[i].is_team ? UNIT_KIND_TEAM : UNIT_KIND_UNIT,
            .team = text_of(units[i].team),
        };
    }
    command.state_units = (struct state_units){said, n};
    rc = submit(muster, &command, tag, &err);
    free(said);
    return rc;
}

int muster_receipt(struct muster *muster, const struct muster_receipt *receipt, uint64_t tag)
{
    struct give_receipt said = {
        .rung = (enum rung)receipt->rung,
        .amendment = receipt->amendment,
        .units = {receipt->units, receipt->units_n},
        .has_head_count = receipt->has_head_count,
        .present = receipt->present,
        .missing = receipt->missing,
        .text = text_of(receipt->text),
    };
    struct err err = {0};
    int rc = parse_id(receipt->order, "the order", &said.order, &err);

    rc = rc ? rc : client_receipt(link_client(muster->link), &said, tag, &err);
    return handle_done(muster, rc, &err);
}
