/* The tables of proto/muster/v1/command.proto. */
#include "common/core/division.h"
#include "common/core/spread.h"
#include "common/wire/wire_map.h"

#include "muster/v1/command.pb-c.h"

enum { UTC_OFFSET_MAX_MINUTES = 24 * 60 - 1 };

/* --- shared with the events that say the same ---------------------------------------------------- */

#define S struct found_region
const struct wire_field wire_fields_found_region[7] = {
    NAME(S, region),          NAME(S, name),
    NAME(S, parent),          I32(S, utc_offset_minutes, UTC_OFFSET_MAX_MINUTES),
    KEY(S, root_key),         KEY(S, broker_sign_key),
    KEY(S, broker_curve_key),
};
static const struct wire_map found_region_map = {WIRE_MAP(found_region, S, wire_fields_found_region)};
#undef S

#define S struct enrol
const struct wire_field wire_fields_enrol_agent[4] = {
    NAME(S, name),
    KEY(S, sign_key),
    KEY(S, curve_key),
    WORDS(S, rights, LIST_MAX),
};
const struct wire_field wire_fields_enrol_operator[3] = {
    NAME(S, name),
    KEY(S, sign_key),
    WORDS(S, rights, LIST_MAX),
};
static const struct wire_map enrol_agent_map = {WIRE_MAP(enrol_agent, S, wire_fields_enrol_agent)};
static const struct wire_map enrol_operator_map = {WIRE_MAP(enrol_operator, S, wire_fields_enrol_operator)};
#undef S

#define S struct revoke
const struct wire_field wire_fields_revoke[2] = {
    NAME(S, name),
    TEXT(S, reason),
};
static const struct wire_map revoke_map = {WIRE_MAP(revoke, S, wire_fields_revoke)};
#undef S

const struct wire_field wire_fields_set_policy[1] = {
    SPREAD("policy", wire_map_policy, WIRE_REQUIRED),
};
static const struct wire_map set_policy_map = {WIRE_MAP(set_policy, struct policy, wire_fields_set_policy)};

#define S struct set_pack
static const struct wire_field set_pack_fields[] = {
    LONG_TEXT(S, text, PACK_TEXT_MAX),
};
static const struct wire_map set_pack_map = {WIRE_MAP(set_pack, S, set_pack_fields)};
#undef S

#define S struct drop_pack
static const struct wire_field drop_pack_fields[] = {
    NAME(S, name),
    TEXT(S, reason),
};
static const struct wire_map drop_pack_map = {WIRE_MAP(drop_pack, S, drop_pack_fields)};
#undef S

#define S struct count_refusals
const struct wire_field wire_fields_count_refusals[3] = {
    NAME(S, agent),
    SEQ(S, count),
    SEQ(S, up_to_counter),
};
static const struct wire_map count_refusals_map = {WIRE_MAP(count_refusals, S, wire_fields_count_refusals)};
#undef S

#define S struct set_divisions
const struct wire_field wire_fields_set_divisions[3] = {
    NAME(S, source),
    FIXED(S, hash),
    LIST(S, divisions, wire_map_division, DIVISIONS_MAX),
};
static const struct wire_map set_divisions_map = {WIRE_MAP(set_divisions, S, wire_fields_set_divisions)};
#undef S

/* --- incidents ------------------------------------------------------------------------------------ */

#define S struct file_report
static const struct wire_field file_report_fields[] = {
    ID(S, incident), ENUM(S, kind), MESSAGE(S, facts, wire_map_facts), TEXT(S, text), NAME(S, signed_off_by),
};
static const struct wire_map file_report_map = {WIRE_MAP(file_report, S, file_report_fields)};
#undef S

#define S struct close_incident
static const struct wire_field close_incident_fields[] = {
    ID(S, incident),
    TEXT(S, reason),
};
static const struct wire_map close_incident_map = {WIRE_MAP(close_incident, S, close_incident_fields)};
#undef S

#define S struct set_grade
static const struct wire_field set_grade_fields[] = {
    ID(S, incident),
    ENUM(S, grade),
    TEXT(S, reason),
};
static const struct wire_map set_grade_map = {WIRE_MAP(set_grade, S, set_grade_fields)};
#undef S

#define S struct set_level
static const struct wire_field set_level_fields[] = {
    ID(S, incident),
    ENUM(S, level),
    TEXT(S, reason),
    TIME(S, until_ms),
};
static const struct wire_map set_level_map = {WIRE_MAP(set_level, S, set_level_fields)};
#undef S

#define S struct send_report
static const struct wire_field send_report_fields[] = {
    ID(S, incident), ENUM(S, kind), ENUM(S, medium), ENUM(S, to), NAME(S, signed_off_by), TEXT(S, text),
};
static const struct wire_map send_report_map = {WIRE_MAP(send_report, S, send_report_fields)};
#undef S

#define S struct link_incidents
static const struct wire_field link_incidents_fields[] = {
    ID(S, incident),
    ID(S, other),
    ENUM(S, kind),
    TEXT(S, reason),
};
static const struct wire_map link_incidents_map = {WIRE_MAP(link_incidents, S, link_incidents_fields)};
#undef S

#define S struct merge_incident
static const struct wire_field merge_incident_fields[] = {
    ID(S, incident),
    ID(S, into),
    TEXT(S, reason),
};
static const struct wire_map merge_incident_map = {WIRE_MAP(merge_incident, S, merge_incident_fields)};
#undef S

#define S struct split_incident
static const struct wire_field split_incident_fields[] = {
    ID(S, incident),
    ID(S, into),
    IDS(S, orders, ORDERS_PER_COMMAND_MAX),
    TEXT(S, reason),
};
static const struct wire_map split_incident_map = {WIRE_MAP(split_incident, S, split_incident_fields)};
#undef S

#define S struct set_post
static const struct wire_field set_post_fields[] = {
    ID(S, incident), NAME(S, lead), NAME(S, commander), NAME(S, place), TEXT(S, reason),
};
static const struct wire_map set_post_map = {WIRE_MAP(set_post, S, set_post_fields)};
#undef S

#define S struct offer_post
static const struct wire_field offer_post_fields[] = {
    ID(S, incident),
    NAME(S, lead),
    NAME(S, commander),
    TEXT(S, reason),
};
static const struct wire_map offer_post_map = {WIRE_MAP(offer_post, S, offer_post_fields)};
#undef S

#define S struct answer_post
static const struct wire_field answer_post_fields[] = {
    ID(S, incident),
    U32(S, term),
    ENUM(S, answer),
    TEXT(S, reason),
};
static const struct wire_map answer_post_map = {WIRE_MAP(answer_post, S, answer_post_fields)};
#undef S

/* --- regions -------------------------------------------------------------------------------------- */

#define S struct refer_incident
static const struct wire_field refer_incident_fields[] = {
    ID(S, incident),
    NAME(S, region),
    TEXT(S, reason),
};
static const struct wire_map refer_incident_map = {WIRE_MAP(refer_incident, S, refer_incident_fields)};
#undef S

#define S struct carry_record
static const struct wire_field carry_record_fields[] = {BLOB(S, told, COMMAND_MAX)};
static const struct wire_map carry_record_map = {WIRE_MAP(carry_record, S, carry_record_fields)};
#undef S

#define S struct offer_lead
static const struct wire_field offer_lead_fields[] = {ID(S, incident), NAME(S, region), TEXT(S, reason)};
static const struct wire_map offer_lead_map = {WIRE_MAP(offer_lead, S, offer_lead_fields)};
#undef S

#define S struct take_lead
static const struct wire_field take_lead_fields[] = {ID(S, incident), TEXT(S, reason)};
static const struct wire_map take_lead_map = {WIRE_MAP(take_lead, S, take_lead_fields)};
#undef S

#define S struct assess_incident
static const struct wire_field assess_incident_fields[] = {
    ID(S, incident), BOOL(S, expects), ENUM(S, expected), WORDS(S, touches, TOUCHED_MAX), TEXT(S, reason),
};
static const struct wire_map assess_incident_map = {WIRE_MAP(assess_incident, S, assess_incident_fields)};
#undef S

#define S struct confirm_order
static const struct wire_field confirm_order_fields[] = {ID(S, incident), ID(S, order), TEXT(S, reason)};
static const struct wire_map confirm_order_map = {WIRE_MAP(confirm_order, S, confirm_order_fields)};
#undef S

#define S struct shared_record
static const struct wire_field shared_record_fields[] = {
    NAME(S, region),     SEQ(S, epoch), SEQ(S, seq), TIME(S, bus_ms), BLOB(S, record, COMMAND_MAX),
    FIXED(S, signature),
};
static const struct wire_map shared_record_map = {WIRE_MAP(shared_record, S, shared_record_fields)};
#undef S

#define S struct tell_record
static const struct wire_field tell_record_fields[] = {
    ID(S, incident),
    MESSAGE(S, shared, shared_record_map),
    U32(S, hops),
};
static const struct wire_map tell_record_map = {WIRE_MAP(tell_record, S, tell_record_fields)};
#undef S

#define S struct share_incident
static const struct wire_field share_incident_fields[] = {
    ID(S, incident),   NAME(S, region), LIST(S, past, shared_record_map, SHARED_PAST_MAX),
    SEQ(S, up_to_seq), BOOL(S, more),
};
static const struct wire_map share_incident_map = {WIRE_MAP(share_incident, S, share_incident_fields)};
#undef S

/* --- orders --------------------------------------------------------------------------------------- */

#define S struct new_order
static const struct wire_field new_order_fields[] = {
    ID(S, order),          NAME(S, kind),          NAME(S, addressee), TEXT(S, text),
    TIME(S, answer_by_ms), TIME(S, expires_at_ms), ID(S, reissue_of),  WORDS(S, units, LIST_MAX),
};
static const struct wire_map new_order_map = {WIRE_MAP(new_order, S, new_order_fields)};
#undef S

#define S struct issue_orders
static const struct wire_field issue_orders_fields[] = {
    ID(S, incident),
    LIST(S, orders, new_order_map, ORDERS_PER_COMMAND_MAX),
};
static const struct wire_map issue_orders_map = {WIRE_MAP(issue_orders, S, issue_orders_fields)};
#undef S

#define S struct recall_order
static const struct wire_field recall_order_fields[] = {
    ID(S, incident),
    ID(S, order),
    TEXT(S, reason),
};
static const struct wire_map recall_order_map = {WIRE_MAP(recall_order, S, recall_order_fields)};
#undef S

#define S struct order_evacuation
static const struct wire_field order_evacuation_fields[] = {
    ID(S, incident), ID(S, evacuation), TEXT(S, text), TIME(S, answer_by_ms), TIME(S, expires_at_ms),
};
static const struct wire_map order_evacuation_map = {WIRE_MAP(order_evacuation, S, order_evacuation_fields)};
#undef S

#define S struct give_receipt
static const struct wire_field head_count_fields[] = {
    U32(S, present),
    U32(S, missing),
};
static const struct wire_map head_count_map = {WIRE_MAP(head_count, S, head_count_fields)};
static const struct wire_field give_receipt_fields[] = {
    ID(S, incident),
    ID(S, order),
    ENUM(S, rung),
    U32(S, amendment),
    WORDS(S, units, LIST_MAX),
    {.name = "head_count",
     .type = WIRE_MESSAGE,
     .flags = WIRE_FLAGGED,
     .n = offsetof(S, has_head_count),
     .map = &head_count_map},
    TEXT(S, text),
};
static const struct wire_map give_receipt_map = {WIRE_MAP(give_receipt, S, give_receipt_fields)};
#undef S

#define S struct state_units
static const struct wire_field state_units_fields[] = {
    LIST(S, units, wire_map_unit, UNITS_PER_COMMAND_MAX),
};
static const struct wire_map state_units_map = {WIRE_MAP(state_units, S, state_units_fields)};
#undef S

/* --- history -------------------------------------------------------------------------------------- */

#define S struct historic_order
static const struct wire_field historic_order_fields[] = {
    ID(S, order),
    NAME(S, kind),
    NAME(S, addressee),
    WORDS(S, units, LIST_MAX),
    TIME(S, issued_at_ms),
    TIME(S, acknowledged_at_ms),
    TIME(S, accepted_at_ms),
    TIME(S, en_route_at_ms),
    TIME(S, on_scene_at_ms),
    TIME(S, completed_at_ms),
    TIME(S, recalled_at_ms),
};
static const struct wire_map historic_order_map = {WIRE_MAP(historic_order, S, historic_order_fields)};
#undef S

#define S struct record_history
static const struct wire_field record_history_fields[] = {
    NAME(S, source),
    NAME(S, key),
    ID(S, incident),
    MESSAGE(S, facts, wire_map_facts),
    TIME(S, reported_at_ms),
    TIME(S, closed_at_ms),
    LIST(S, orders, historic_order_map, ORDERS_PER_COMMAND_MAX),
};
static const struct wire_map record_history_map = {WIRE_MAP(record_history, S, record_history_fields)};
#undef S

/* --- the conversation's and the broker's own ------------------------------------------------------ */

#define S struct ack
static const struct wire_field ack_fields[] = {
    KEPT_LANE(S, lane),
    SEQ(S, up_to_seq),
    SEQ(S, head_seq),
    FIXED(S, head_hash),
};
static const struct wire_map ack_map = {WIRE_MAP(ack, S, ack_fields)};
#undef S

#define S struct pass_deadlines
static const struct wire_field pass_deadlines_fields[] = {
    STREAM(S, stream),
    TIME(S, at_ms),
};
static const struct wire_map pass_deadlines_map = {WIRE_MAP(pass_deadlines, S, pass_deadlines_fields)};
#undef S

#define S struct set_clock
static const struct wire_field set_clock_fields[] = {
    FIXED(S, boot),    TIME(S, bus_ms),    TIME(S, utc_ms),
    TEXT(S, reason),   TIME(S, boot_ms),   S64(S, stepped_ms, TIME_MAX_MS),
    TIME(S, stood_ms), U32(S, generation),
};
static const struct wire_map set_clock_map = {WIRE_MAP(set_clock, S, set_clock_fields)};
#undef S

#define S struct recover
const struct wire_field wire_fields_recover[4] = {
    SEQ(S, epoch),
    SEQ(S, seq),
    FIXED(S, hash),
    TEXT(S, reason),
};
static const struct wire_map recover_map = {WIRE_MAP(recover, S, wire_fields_recover)};
#undef S

#define S struct note_loss
static const struct wire_field note_loss_fields[] = {
    NAME(S, agent), SEQ(S, epoch), SEQ(S, seq), FIXED(S, hash), FIXED(S, signature),
};
static const struct wire_map note_loss_map = {WIRE_MAP(note_loss, S, note_loss_fields)};
#undef S

#define S struct reissue_order
static const struct wire_field reissue_order_fields[] = {
    ID(S, incident),
    ID(S, order),
    ID(S, new_order),
    ID(S, said_order),
    SEQ(S, said_seq),
    BLOB(S, said, SAID_AGAIN_MAX),
    WORDS(S, agents, CANDIDATES_MAX),
};
static const struct wire_map reissue_order_map = {WIRE_MAP(reissue_order, S, reissue_order_fields)};
#undef S

#define S struct note_link
const struct wire_field wire_fields_note_link[3] = {
    NAME(S, region),
    BOOL(S, up),
    TIME(S, since_ms),
};
static const struct wire_map note_link_map = {WIRE_MAP(note_link, S, wire_fields_note_link)};
#undef S

#define S struct note_untold
const struct wire_field wire_fields_note_untold[4] = {NAME(S, region), SEQ(S, seq), U32(S, refusal),
                                                      TEXT(S, detail)};
static const struct wire_map note_untold_map = {WIRE_MAP(note_untold, S, wire_fields_note_untold)};
#undef S

#define S struct send_canary
static const struct wire_field send_canary_fields[] = {NAME(S, region), U32(S, late_ms)};
static const struct wire_map send_canary_map = {WIRE_MAP(send_canary, S, send_canary_fields)};
#undef S

#define S struct note_reading
static const struct wire_field note_reading_fields[] = {
    NAME(S, agent),
    NAME(S, unit),
    LONG_TEXT(S, name, SAMPLE_NAME_MAX_BYTES),
    TIME(S, at_ms),
    FLAGGED(S, reading, wire_map_reading, reading.present, 0),
    FLAGGED(S, rise, wire_map_reading, rise.present, 0),
    ID(S, incident),
};
static const struct wire_map note_reading_map = {WIRE_MAP(note_reading, S, note_reading_fields)};
#undef S

#define S struct note_silence
static const struct wire_field note_silence_fields[] = {NAME(S, agent), BOOL(S, heard), TIME(S, since_ms)};
static const struct wire_map note_silence_map = {WIRE_MAP(note_silence, S, note_silence_fields)};
#undef S

#define S struct note_lookout_limit
static const struct wire_field note_lookout_limit_fields[] = {NAME(S, agent), U32(S, at_most)};
static const struct wire_map note_lookout_limit_map = {
    WIRE_MAP(note_lookout_limit, S, note_lookout_limit_fields)};
#undef S

#define S struct pass_warning
static const struct wire_field pass_warning_fields[] = {ID(S, alert)};
static const struct wire_map pass_warning_map = {WIRE_MAP(pass_warning, S, pass_warning_fields)};
#undef S

#define S struct ask_incidents
static const struct wire_field ask_incidents_fields[] = {
    U32(S, turn),
    IDS(S, incidents, INCIDENTS_ASKED_MAX),
    BOOL(S, last),
};
static const struct wire_map ask_incidents_map = {WIRE_MAP(ask_incidents, S, ask_incidents_fields)};
#undef S

#define S struct command
static const struct wire_field command_fields[] = {
    NAME(S, region),
    SEQ(S, epoch),
    ENUM(S, mode),
    NAME(S, agent),
    SEQ(S, counter),
    TIME(S, issued_at_ms),
    TIME(S, expires_at_ms),
    NAME(S, operator),
    TIME(S, occurred_at_ms),
    BODY(S, found_region, found_region_map),
    BODY_AS("enrol_agent", S, enrol, enrol_agent_map),
    BODY_AS("enrol_operator", S, enrol, enrol_operator_map),
    BODY(S, revoke, revoke_map),
    BODY(S, set_policy, set_policy_map),
    BODY(S, set_pack, set_pack_map),
    BODY(S, drop_pack, drop_pack_map),
    BODY(S, file_report, file_report_map),
    BODY(S, close_incident, close_incident_map),
    BODY(S, issue_orders, issue_orders_map),
    BODY(S, recall_order, recall_order_map),
    BODY(S, order_evacuation, order_evacuation_map),
    BODY(S, give_receipt, give_receipt_map),
    BODY(S, state_units, state_units_map),
    BODY(S, record_history, record_history_map),
    BODY(S, record_alert, wire_map_record_alert),
    BODY(S, set_grade, set_grade_map),
    BODY(S, set_level, set_level_map),
    BODY(S, send_report, send_report_map),
    BODY(S, link_incidents, link_incidents_map),
    BODY(S, merge_incident, merge_incident_map),
    BODY(S, split_incident, split_incident_map),
    BODY(S, set_post, set_post_map),
    BODY(S, offer_post, offer_post_map),
    BODY(S, answer_post, answer_post_map),
    BODY(S, set_divisions, set_divisions_map),
    BODY(S, refer_incident, refer_incident_map),
    BODY(S, tell_record, tell_record_map),
    BODY(S, offer_lead, offer_lead_map),
    BODY(S, take_lead, take_lead_map),
    BODY(S, ack, ack_map),
    BODY(S, carry_record, carry_record_map),
    BODY(S, pass_deadlines, pass_deadlines_map),
    BODY(S, set_clock, set_clock_map),
    BODY(S, count_refusals, count_refusals_map),
    BODY(S, recover, recover_map),
    BODY(S, note_loss, note_loss_map),
    BODY(S, reissue_order, reissue_order_map),
    BODY(S, share_incident, share_incident_map),
    BODY(S, note_link, note_link_map),
    BODY(S, send_canary, send_canary_map),
    BODY(S, note_untold, note_untold_map),
    BODY(S, note_reading, note_reading_map),
    BODY(S, note_silence, note_silence_map),
    BODY(S, note_lookout_limit, note_lookout_limit_map),
    BODY(S, pass_warning, pass_warning_map),
    BODY(S, ask_incidents, ask_incidents_map),
    BODY(S, assess_incident, assess_incident_map),
    BODY(S, confirm_order, confirm_order_map),
};
const struct wire_map wire_map_command = {WIRE_MAP(command, S, command_fields),
                                          .body_from = COMMAND_FOUND_REGION, .kind = offsetof(S, kind)};
#undef S

int wire_decode_command(struct bytes bytes, struct arena *arena, struct command *ret, struct err *err)
{
    struct command command = {.cosigner = ""};
    int rc = wire_decode(&wire_map_command, "command", bytes, arena, &command, err);

    if (rc == 0 && command.kind == COMMAND_TELL_RECORD)
        rc = wire_open_told(&command.tell_record, arena, err);
    if (rc == 0 && command.kind == COMMAND_CARRY_RECORD)
        rc = wire_open_carried(&command.carry_record, arena, err);

    if (rc == 0)
        *ret = command;
    return rc;
}

void wire_encode_command(const struct command *command, struct buf *ret)
{
    wire_encode(&wire_map_command, command, ret);
}

int wire_command_fault(const struct command *command, struct err *err)
{
    struct err why = {0};
    struct buf scratch;

    buf_init(&scratch, COMMAND_MAX);
    (void)wire_encode_checked(&wire_map_command, "command", command, &scratch, &why);
    bool is_large = scratch.failed && why.code == 0;
    buf_free(&scratch);
    if (is_large) {
        return err_set(err, ERR_TOO_BIG, "the command is larger than %d bytes", COMMAND_MAX);
    }
    return why.code != 0 ? err_set(err, ERR_DATA, "%s", why.text) : 0;
}
