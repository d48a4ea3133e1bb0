#include "common/view/view_step.h"
#include "common/view/view_spread.h"

#include <string.h>

#include "common/core/link.h"
#include "common/core/stream.h"
#include "common/view/view_step_agent.h"
#include "common/view/view_step_clock.h"
#include "common/view/view_step_ties.h"
#include "common/view/view_step_warning.h"
#include "common/view/view_unreached.h"

/* What cannot be read is left out: an addressee refuses it, and a verifier names it. */
static int read_said(struct arena *arena, struct view_record *record)
{
    const struct reissue_order *reissue = &record->command.reissue_order;
    struct said_again said;

    if (!record->has_command || record->command.kind != COMMAND_REISSUE_ORDER || reissue->said.n == 0) {
        return 0;
    }
    int result = wire_decode_said_again(reissue, arena, &said, NULL);
    if (result == 0) {
        record->said = said.order->text;
    }
    return result == ERR_NO_MEMORY ? result : 0;
}

int view_record_decode(const struct log_record *from, bool with_command, struct arena *arena,
                       struct view_record *ret, struct err *err)
{
    struct err why;
    struct view_record record = {.header = from->header, .hash = from->hash, .redacted = from->redacted};
    unsigned long long seq = (unsigned long long)from->header.seq;

    record.said = "";
    if (from->redacted) {
        *ret = record;
        return 0;
    }
    int result = wire_decode_record(from->payload, arena, &record.record, &why);
    if (result == ERR_NO_MEMORY) {
        return err_set(err, result, "seq %llu: out of memory", seq);
    }
    if (result < 0) {
        return err_set(err, ERR_CORRUPT, "seq %llu: %s", seq, why.text);
    }
    if (with_command) {
        result = wire_decode_command(record.record.signed_command.payload, arena, &record.command, &why);
        record.has_command = result == 0;
        if (result == ERR_NO_MEMORY) {
            return err_set(err, result, "seq %llu: out of memory", seq);
        }
        if (result < 0 && record.record.refusal == REFUSED_NOT) {
            return err_set(err, ERR_CORRUPT, "seq %llu: %s", seq, why.text);
        }
        result = read_said(arena, &record);
        if (result < 0) {
            return err_set(err, result, "seq %llu: out of memory", seq);
        }
    }
    *ret = record;
    return 0;
}

struct log_record view_record_of_tail(const struct tail_item *item)
{
    struct log_record record = {.header = {.seq = item->seq,
                                           .epoch = item->epoch,
                                           .kind = item->kind,
                                           .outcome = item->outcome,
                                           .bus_ms = item->bus_ms,
                                           .utc_ms = item->utc_ms,
                                           .occurred_ms = item->occurred_ms,
                                           .author = item->author,
                                           .counter = item->counter},
                                .payload = item->record,
                                .payload_hash = item->payload_hash,
                                .hash = item->hash,
                                .redacted = item->record.n == 0};

    memcpy(record.header.boot, item->boot, sizeof record.header.boot);
    return record;
}

struct id view_command_incident(const struct command *command)
{
    struct id none = {{0}};

    switch (command->kind) {
    case COMMAND_FILE_REPORT:
        return command->file_report.incident;
    case COMMAND_CLOSE_INCIDENT:
        return command->close_incident.incident;
    case COMMAND_ISSUE_ORDERS:
        return issue_orders_incident(&command->issue_orders);
    case COMMAND_RECALL_ORDER:
        return command->recall_order.incident;
    case COMMAND_ORDER_EVACUATION:
        return command->order_evacuation.incident;
    case COMMAND_GIVE_RECEIPT:
        return command->give_receipt.incident;
    case COMMAND_RECORD_HISTORY:
        return command->record_history.incident;
    case COMMAND_SET_GRADE:
        return command->set_grade.incident;
    case COMMAND_SET_LEVEL:
        return command->set_level.incident;
    case COMMAND_SEND_REPORT:
        return command->send_report.incident;
    case COMMAND_LINK_INCIDENTS:
        return command->link_incidents.incident;
    case COMMAND_MERGE_INCIDENT:
        return command->merge_incident.incident;
    case COMMAND_SPLIT_INCIDENT:
        return command->split_incident.incident;
    case COMMAND_SET_POST:
        return command->set_post.incident;
    case COMMAND_OFFER_POST:
        return command->offer_post.incident;
    case COMMAND_ANSWER_POST:
        return command->answer_post.incident;
    case COMMAND_REFER_INCIDENT:
        return command->refer_incident.incident;
    case COMMAND_OFFER_LEAD:
        return command->offer_lead.incident;
    case COMMAND_TAKE_LEAD:
        return command->take_lead.incident;
    case COMMAND_ASSESS_INCIDENT:
        return command->assess_incident.incident;
    case COMMAND_CONFIRM_ORDER:
        return command->confirm_order.incident;
    case COMMAND_TELL_RECORD:
    case COMMAND_CARRY_RECORD:
        return command_tells(command)->incident;
    case COMMAND_SHARE_INCIDENT:
        return command->share_incident.incident;
    case COMMAND_PASS_DEADLINES:
        return stream_key_parse(command->pass_deadlines.stream).id;
    case COMMAND_REISSUE_ORDER:
        return command->reissue_order.incident;
    default:
        return none;
    }
}

struct id view_command_order(const struct command *command)
{
    switch (command->kind) {
    case COMMAND_ISSUE_ORDERS:
        return command->issue_orders.orders_n == 1 ? command->issue_orders.orders[0].order : (struct id){{0}};
    case COMMAND_RECALL_ORDER:
        return command->recall_order.order;
    case COMMAND_CONFIRM_ORDER:
        return command->confirm_order.order;
    case COMMAND_GIVE_RECEIPT:
        return command->give_receipt.order;
    case COMMAND_REISSUE_ORDER:
        return command->reissue_order.order;
    default:
        return (struct id){{0}};
    }
}

static bool is_of_region(enum event_kind kind)
{
    return kind < EVENT_INCIDENT_OPENED || (kind >= EVENT_LINK_SET && kind <= EVENT_CANARY_HEARD) ||
           kind == EVENT_UNTOLD || kind == EVENT_WARNINGS_HEEDED;
}

/* The words that stand in the command and not in the event. */
static const char *words_of(const struct view_record *record, const struct command *command,
                            const struct event *event)
{
    switch (command->kind) {
    case COMMAND_REISSUE_ORDER:
        return event->kind == EVENT_ORDER_ISSUED ? record->said : "";
    case COMMAND_FOUND_REGION:
        return command->found_region.name;
    case COMMAND_REVOKE:
        return command->revoke.reason;
    case COMMAND_SET_CLOCK:
        return command->set_clock.reason;
    case COMMAND_RECOVER:
        return command->recover.reason;
    case COMMAND_FILE_REPORT:
        return event->kind == EVENT_REPORT_FILED ? command->file_report.text : "";
    case COMMAND_CLOSE_INCIDENT:
        return command->close_incident.reason;
    case COMMAND_DROP_PACK:
        return command->drop_pack.reason;
    case COMMAND_SET_GRADE:
        return event->kind == EVENT_GRADED || event->kind == EVENT_GRADE_DOUBTED ? command->set_grade.reason
                                                                                 : "";
    case COMMAND_SET_LEVEL:
        return event->kind == EVENT_LEVEL_SET ? command->set_level.reason : "";
    case COMMAND_SEND_REPORT:
        return event->kind == EVENT_REPORT_SENT ? command->send_report.text : "";
    case COMMAND_LINK_INCIDENTS:
        return event->kind == EVENT_INCIDENT_LINKED ? command->link_incidents.reason : "";
    case COMMAND_MERGE_INCIDENT:
        return event->kind == EVENT_INCIDENT_MERGED || event->kind == EVENT_INCIDENT_JOINED
                   ? command->merge_incident.reason
                   : "";
    case COMMAND_SPLIT_INCIDENT:
        return event->kind == EVENT_INCIDENT_SPLIT || event->kind == EVENT_ORDERS_MOVED
                   ? command->split_incident.reason
                   : "";
    case COMMAND_SET_POST:
        return command->set_post.reason;
    case COMMAND_OFFER_POST:
        return command->offer_post.reason;
    case COMMAND_ANSWER_POST:
        return command->answer_post.reason;
    case COMMAND_REFER_INCIDENT:
        return event->kind == EVENT_REFERRED ? command->refer_incident.reason : "";
    case COMMAND_OFFER_LEAD:
        return event->kind == EVENT_LEAD_OFFERED ? command->offer_lead.reason : "";
    case COMMAND_TAKE_LEAD:
        return event->kind == EVENT_LEAD_TAKEN ? command->take_lead.reason : "";
    case COMMAND_ASSESS_INCIDENT:
        return event->kind == EVENT_RULES_DUE ? "" : command->assess_incident.reason;
    case COMMAND_RECALL_ORDER:
        return command->recall_order.reason;
    case COMMAND_CONFIRM_ORDER:
        return command->confirm_order.reason;
    case COMMAND_ORDER_EVACUATION:
        return command->order_evacuation.text;
    case COMMAND_GIVE_RECEIPT:
        return command->give_receipt.text;
    case COMMAND_ISSUE_ORDERS:
        for (size_t i = 0; i < command->issue_orders.orders_n; i++) {
            if (id_equal(command->issue_orders.orders[i].order, event->order)) {
                return command->issue_orders.orders[i].text;
            }
        }
        return "";
    case COMMAND_RECORD_ALERT:
        return command->record_alert.infos_n > 0 ? command->record_alert.infos[0].headline : "";
    default:
        return "";
    }
}

static void add_order_event(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_ORDER_ISSUED:
        step->subject = event->order_issued.addressee;
        step->what = event->order_issued.kind;
        step->words = event->order_issued.units;
        step->needs = event->order_issued.needs;
        step->rung = RUNG_ISSUED;
        step->due_ms = event->order_issued.answer_by_ms;
        step->expires_ms = event->order_issued.expires_at_ms;
        step->is_evacuation = !id_is_zero(event->order_issued.evacuation);
        step->other = step->is_evacuation ? event->order_issued.evacuation : event->order_issued.reissue_of;
        step->history = event->order_issued.history;
        return;
    case EVENT_ORDER_AMENDED:
        step->number = event->order_amended.amendment;
        step->needs = event->order_amended.needs;
        step->due_ms = event->order_amended.answer_by_ms;
        return;
    case EVENT_AMENDMENT_ACKNOWLEDGED:
    case EVENT_AMENDMENT_OVERDUE:
        step->number = event->amendment.amendment;
        step->subject = event->amendment.agent != NULL ? event->amendment.agent : "";
        return;
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        step->rung = event->rung.rung;
        step->subject = event->rung.agent;
        step->words = event->rung.units;
        step->present = event->rung.present;
        step->missing = event->rung.missing;
        return;
    case EVENT_ORDER_RECALLED:
        step->rung = RUNG_RECALLED;
        step->subject = event->order_recalled.by;
        step->expires_ms = event->order_recalled.expires_at_ms;
        return;
    case EVENT_ORDER_EXPIRED:
        step->rung = RUNG_EXPIRED;
        return;
    case EVENT_ORDER_REMINDED:
        step->what = event->order_reminded.rule;
        step->number = event->order_reminded.step;
        step->due_ms = event->order_reminded.answer_by_ms;
        return;
    case EVENT_REISSUE_WANTED:
        step->what = event->reissue_wanted.rule;
        step->subject = event->reissue_wanted.ability;
        return;
    case EVENT_ORDER_REISSUED:
        step->what = event->order_reissued.rule;
        step->subject = event->order_reissued.addressee;
        step->number = event->order_reissued.step;
        step->other = event->order_reissued.by;
        return;
    case EVENT_ABILITY_SHORT:
        step->what = event->ability_short.rule;
        step->subject = event->ability_short.ability;
        step->number = event->ability_short.free;
        step->unsaid = event->ability_short.unsaid;
        return;
    default:
        return;
    }
}

static void add_rule_event(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_RULE_WAITS:
    case EVENT_RULE_FIRED:
    case EVENT_RULE_ENDED:
        step->subject = event->rule.pack;
        step->what = event->rule.rule;
        step->text = event->rule.version;
        step->due_ms = event->rule.due_at_ms;
        step->seen = event->rule.seen;
        step->seen_n = event->rule.seen_n;
        return;
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        step->grade = event->graded.grade;
        step->subject = event->graded.by;
        step->what = event->graded.rule;
        step->words = event->graded.unknown;
        step->other = event->graded.from;
        step->from = event->kind == EVENT_GRADE_DOUBTED ? event->graded.region : "";
        return;
    case EVENT_LEVEL_SET:
        step->grade = event->level_set.level;
        step->subject = event->level_set.by;
        step->what = event->level_set.rule;
        step->due_ms = event->level_set.until_ms;
        return;
    case EVENT_REFERRED:
        step->subject = event->referred.region;
        step->what = event->referred.rule;
        return;
    case EVENT_NOTIFIED:
        step->subject = event->notified.role;
        step->what = event->notified.rule;
        step->nobody = event->notified.nobody;
        step->untold = event->notified.untold;
        return;
    default:
        return;
    }
}

static void add_incident_event(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_INCIDENT_OPENED:
        step->subject = event->incident_opened.reporter;
        step->history = event->incident_opened.history;
        step->bare = event->incident_opened.bare;
        return;
    case EVENT_REPORT_FILED:
        step->subject = event->report_filed.reporter;
        step->report = event->report_filed.kind;
        step->number = event->report_filed.number;
        step->other = event->report_filed.under;
        return;
    case EVENT_FACTS_CHANGED:
        step->facts = &event->facts_changed;
        step->what = event->facts_changed.kind;
        return;
    case EVENT_AMENDMENTS_LEFT:
        step->number = event->amendments_left.orders;
        return;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_ANSWERED:
    case EVENT_INFORMATION_OVERDUE:
        step->what = event->information.fact;
        step->due_ms = event->information.due_at_ms;
        return;
    case EVENT_RULE_WAITS:
    case EVENT_RULE_FIRED:
    case EVENT_RULE_ENDED:
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
    case EVENT_LEVEL_SET:
    case EVENT_REFERRED:
    case EVENT_NOTIFIED:
        add_rule_event(event, step);
        return;
    case EVENT_REPORT_SENT:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        view_step_add_clock(event, step);
        return;
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
    case EVENT_ORDERS_MOVED:
    case EVENT_FACTS_TAKEN:
    case EVENT_FACTS_RETURNED:
    case EVENT_PART_HEARD:
    case EVENT_GRADE_ASKED:
    case EVENT_GRADE_OTHERWISE:
        view_step_add_ties(event, step);
        return;
    case EVENT_DIVISION_DOUBTED:
        step->what = event->division_doubted.division;
        return;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
    case EVENT_POST_APART:
        view_step_add_post(event, step);
        return;
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEVEL_HEARD:
        view_step_add_spread(event, step);
        return;
    case EVENT_SHARE_BEGUN:
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
    case EVENT_HEARD:
    case EVENT_COUNT_APART:
    case EVENT_COUNT_MISSED:
    case EVENT_ORDER_UNREACHED:
    case EVENT_REGION_UNREACHED:
        view_step_add_share(event, step);
        return;
    default:
        add_order_event(event, step);
        return;
    }
}

static void add_other_event(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_REGION_FOUNDED:
        step->subject = event->region_founded.region;
        step->text = event->region_founded.name;
        return;
    case EVENT_AGENT_ENROLLED:
    case EVENT_OPERATOR_ENROLLED:
        step->subject = event->enrolled.name;
        step->words = event->enrolled.rights;
        return;
    case EVENT_REVOKED:
        step->subject = event->revoked.name;
        return;
    case EVENT_POLICY_SET:
        step->what = event->policy_set.version;
        step->number = event->policy_set.kinds_n;
        return;
    case EVENT_PACK_SET:
        step->subject = event->pack_set.name;
        step->what = event->pack_set.version;
        return;
    case EVENT_DIVISIONS_SET:
        step->what = event->divisions_set.source;
        step->number = event->divisions_set.divisions_n;
        return;
    case EVENT_GENERATION_BEGUN:
        step->number = event->generation_begun.generation;
        return;
    case EVENT_PACK_DROPPED:
        step->subject = event->pack_dropped.name;
        return;
    case EVENT_CLOCK_SET:
        step->stepped_ms = event->clock_set.stepped_ms;
        step->stood_ms = event->clock_set.stood_ms;
        return;
    case EVENT_REFUSALS_COUNTED:
        step->subject = event->refusals_counted.agent;
        step->number = event->refusals_counted.count;
        return;
    case EVENT_RECOVERED:
        step->epoch = event->recovered.epoch;
        step->number = event->recovered.seq;
        return;
    case EVENT_LOSS_NOTED:
        step->subject = event->loss_noted.agent;
        step->epoch = event->loss_noted.epoch;
        step->number = event->loss_noted.seq;
        step->after = event->loss_noted.after_seq;
        return;
    case EVENT_CANARY_SENT:
    case EVENT_CANARY_HEARD:
        step->subject = event->canary.region;
        step->due_ms = event->canary.sent_at_ms;
        return;
    case EVENT_UNTOLD:
        step->subject = event->untold.region;
        step->number = event->untold.seq;
        step->text = event->untold.detail;
        return;
    case EVENT_LINK_SET:
        step->subject = event->link_set.region;
        step->due_ms = event->link_set.since_ms;
        step->late = !event->link_set.up;
        return;
    case EVENT_ALERT_RECORDED:
        step->alert = &event->alert_recorded;
        step->mode = event->alert_recorded.mode;
        step->subject = event->alert_recorded.sender;
        step->number = event->alert_recorded.number;
        step->expires_ms = event->alert_recorded.expires_ms;
        return;
    default:
        if (event->kind == EVENT_UNITS_STATED || event->kind == EVENT_ACKNOWLEDGED ||
            (event->kind >= EVENT_LOOKOUT_BEGAN && event->kind <= EVENT_LOOKOUT_LIMITED)) {
            view_step_add_agent(event, step);
        } else if (event->kind >= EVENT_WARNING_TAKEN && event->kind <= EVENT_WARNINGS_HEEDED) {
            view_step_add_warning(event, step);
        } else {
            add_incident_event(event, step);
        }
        return;
    }
}

struct view_step view_step_of(const struct state *state, const struct view_record *record,
                              const struct event *event)
{
    struct view_step step = {.kind = event->kind,
                             .seq = record->header.seq,
                             .index = (size_t)(event - record->record.events),
                             .hash = record->hash,
                             .bus_ms = record->header.bus_ms,
                             .at_ms = event->at_ms,
                             .author = record->header.author != NULL ? record->header.author : "",
                             .operator= "",
                             .origin = "",
                             .incident = event->incident,
                             .order = event->order,
                             .subject = "",
                             .what = "",
                             .text = "",
                             .signed_off_by = "",
                             .from = "",
                             .place = ""};

    if (record->has_command) {
        const struct told_record *told =
            told_behind(&record->command, record->record.events, record->record.events_n, event);
        const struct command *said = told != NULL ? told->command : &record->command;
        step.origin_ms = told != NULL ? told->bus_ms : 0;
        step.operator= said->operator;
        step.text = words_of(record, said, event);
        step.mode = record->command.mode;
        bool is_carried = record->command.kind == COMMAND_CARRY_RECORD;
        if (is_carried) { /* who brings it says none of it */
            step.author = record->command.carry_record.agent;
            step.operator= told != NULL ? said->operator: "";
            step.from = event->kind == EVENT_HEARD ? record->header.author : "";
        }
        if (told != NULL) { /* whoever said it where it was said; not who told it on */
            step.origin = told->region;
            step.author = strchr(said->agent, '/') != NULL ? said->agent : told->region;
        }
        if (event->kind == EVENT_ALERT_RECORDED && said->kind == COMMAND_RECORD_ALERT) {
            step.alert_said = &said->record_alert;
            step.what = step.alert_said->infos_n > 0 ? step.alert_said->infos[0].event : "";
        }
        if (event->kind == EVENT_REPORT_FILED && said->kind == COMMAND_FILE_REPORT) {
            step.signed_off_by = said->file_report.signed_off_by;
        }
        if (event->kind == EVENT_REPORT_FILED && told != NULL) {
            view_step_add_told_report(told, &step);
        }
    }
    const struct incident *incident = state_incident(state, event->incident);
    if (incident != NULL) {
        step.mode = incident->mode;
        step.history = incident->history;
    }
    if (is_of_region(event->kind)) {
        step.mode = MODE_NONE;
    }
    if (event->kind == EVENT_ORDERS_DISPUTED || event->kind == EVENT_DISPUTE_SETTLED) {
        view_step_add_disputed(record, event, &step);
    } else {
        add_other_event(event, &step);
    }
    return step;
}
