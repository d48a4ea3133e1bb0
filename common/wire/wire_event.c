/* The tables of proto/muster/v1/event.proto. Bodies are mapped to struct event itself, for its incident,
 * order and time are the same members for all kinds. */
#include "common/core/rule.h"
#include "common/wire/wire_map.h"

#include "muster/v1/event.pb-c.h"

static const struct wire_map region_founded_map = {
    WIRE_MAP(region_founded, struct found_region, wire_fields_found_region)};
static const struct wire_map agent_enrolled_map = {
    WIRE_MAP(agent_enrolled, struct enrol, wire_fields_enrol_agent)};
static const struct wire_map operator_enrolled_map = {
    WIRE_MAP(operator_enrolled, struct enrol, wire_fields_enrol_operator)};
static const struct wire_map revoked_map = {WIRE_MAP(revoked, struct revoke, wire_fields_revoke)};
static const struct wire_map policy_set_map = {WIRE_MAP(policy_set, struct policy, wire_fields_set_policy)};
static const struct wire_field clock_set_fields[] = {
    FIXED(struct set_clock, boot),
    TIME(struct set_clock, bus_ms),
    TIME(struct set_clock, utc_ms),
    TIME(struct set_clock, boot_ms),
    S64(struct set_clock, stepped_ms, TIME_MAX_MS),
    TIME(struct set_clock, stood_ms),
    TEXT(struct set_clock, reason), /* beyond the message: "" */
};
static const struct wire_map clock_set_map = {WIRE_MAP(clock_set, struct set_clock, clock_set_fields)};
static const struct wire_map refusals_counted_map = {
    WIRE_MAP(refusals_counted, struct count_refusals, wire_fields_count_refusals)};
static const struct wire_map recovered_map = {WIRE_MAP(recovered, struct recover, wire_fields_recover)};

static const struct wire_field pack_set_fields[] = {
    NAME(struct pack_set, name),  NAME(struct pack_set, version),
    FIXED(struct pack_set, hash), LONG_TEXT(struct pack_set, text, PACK_TEXT_MAX),
    TIME(struct pack_set, at_ms),
};
static const struct wire_map pack_set_map = {WIRE_MAP(pack_set, struct pack_set, pack_set_fields)};
static const struct wire_field pack_dropped_fields[] = {
    NAME(struct drop_pack, name), TEXT(struct drop_pack, reason), /* beyond the message: "" */
};
static const struct wire_map pack_dropped_map = {
    WIRE_MAP(pack_dropped, struct drop_pack, pack_dropped_fields)};

static const struct wire_field generation_begun_fields[] = {
    U32(struct generation_begun, generation),
};
static const struct wire_map generation_begun_map = {
    WIRE_MAP(generation_begun, struct generation_begun, generation_begun_fields)};

static const struct wire_map divisions_set_map = {
    WIRE_MAP(divisions_set, struct set_divisions, wire_fields_set_divisions)};

#define S struct event

/* --- incidents ------------------------------------------------------------------------------------ */

static const struct wire_field incident_opened_fields[] = {
    ID(S, incident),
    ENUM(S, incident_opened.mode),
    TIME(S, at_ms),
    NAME(S, incident_opened.reporter),
    BOOL(S, incident_opened.history),
    BOOL(S, incident_opened.bare),
    U64(S, incident_opened.content),
    NAME(S, incident_opened.home),
    TIME(S, incident_opened.received_ms),
};
static const struct wire_map incident_opened_map = {WIRE_MAP(incident_opened, S, incident_opened_fields)};

static const struct wire_field report_filed_fields[] = {
    ID(S, incident), ENUM(S, report_filed.kind),     U32(S, report_filed.number),
    TIME(S, at_ms),  NAME(S, report_filed.reporter), ID(S, report_filed.under),
};
static const struct wire_map report_filed_map = {WIRE_MAP(report_filed, S, report_filed_fields)};

static const struct wire_field facts_changed_fields[] = {
    ID(S, incident),
    {.name = "facts", .type = WIRE_MESSAGE, .member = offsetof(S, facts_changed), .map = &wire_map_facts},
    TIME(S, at_ms),
};
static const struct wire_map facts_changed_map = {WIRE_MAP(facts_changed, S, facts_changed_fields)};

static const struct wire_field information_fields[] = {
    ID(S, incident),
    NAME(S, information.fact),
    TIME(S, at_ms),
    TIME(S, information.due_at_ms),
};
static const struct wire_map information_requested_map = {
    WIRE_MAP(information_requested, S, information_fields)};
static const struct wire_map information_answered_map = {
    WIRE_MAP(information_answered, S, information_fields)};
static const struct wire_map information_overdue_map = {WIRE_MAP(information_overdue, S, information_fields)};

static const struct wire_field incident_closed_fields[] = {
    ID(S, incident),
    TIME(S, at_ms),
    FLAGGED(S, incident_closed.casualties, wire_map_casualties, incident_closed.says_counts, 0),
};
static const struct wire_map incident_closed_map = {WIRE_MAP(incident_closed, S, incident_closed_fields)};

static const struct wire_field amendments_left_fields[] = {
    ID(S, incident),
    U32(S, amendments_left.orders),
    TIME(S, at_ms),
};
static const struct wire_map amendments_left_map = {WIRE_MAP(amendments_left, S, amendments_left_fields)};

/* --- rules ---------------------------------------------------------------------------------------- */

/* Nothing but that it happened to the incident, and when. */
static const struct wire_field incident_fields[] = {
    ID(S, incident),
    TIME(S, at_ms),
};
static const struct wire_field rules_due_fields[] = {
    ID(S, incident), TIME(S, at_ms), BOOL(S, rules_due.recounted), BOOL(S, rules_due.grew), ID(S, order),
};
static const struct wire_map rules_due_map = {WIRE_MAP(rules_due, S, rules_due_fields)};

static const struct wire_field rules_asked_fields[] = {
    ID(S, incident),
    TIME(S, at_ms),
    ID(S, order),
};
static const struct wire_map rules_asked_map = {WIRE_MAP(rules_asked, S, rules_asked_fields)};

static const struct wire_field rule_waits_fields[] = {
    ID(S, incident),         NAME(S, rule.pack), NAME(S, rule.rule),    TIME(S, at_ms),
    TIME(S, rule.due_at_ms), U64(S, rule.terms), NAME(S, rule.version), /* beyond the message: "" */
    NAME(S, rule.when),
};
static const struct wire_map rule_waits_map = {WIRE_MAP(rule_waits, S, rule_waits_fields)};

static const struct wire_field rule_fired_fields[] = {
    ID(S, incident),
    ID(S, order),
    NAME(S, rule.pack),
    NAME(S, rule.version),
    NAME(S, rule.rule),
    NAME(S, rule.when),
    LIST(S, rule.seen, wire_map_seen_fact, RULE_FACTS_SEEN_MAX),
    TIME(S, at_ms),
};
static const struct wire_map rule_fired_map = {WIRE_MAP(rule_fired, S, rule_fired_fields)};

static const struct wire_field rule_ended_fields[] = {
    ID(S, incident),    NAME(S, rule.pack),    NAME(S, rule.rule),
    TIME(S, at_ms),     NAME(S, rule.version), /* beyond the message: "" */
    NAME(S, rule.when),
};
static const struct wire_map rule_ended_map = {WIRE_MAP(rule_ended, S, rule_ended_fields)};

static const struct wire_field graded_fields[] = {
    ID(S, incident),
    ENUM(S, graded.grade),
    NAME(S, graded.by),
    LONG_TEXT(S, graded.rule, RULE_NAME_MAX),
    WORDS(S, graded.unknown, RULE_FACTS_SEEN_MAX),
    TIME(S, at_ms),
    ID(S, graded.from),
    NAME(S, graded.region), /* beyond the message: "" */
};
static const struct wire_map graded_map = {WIRE_MAP(graded, S, graded_fields)};

static const struct wire_field grade_doubted_fields[] = {
    ID(S, incident), ENUM(S, graded.grade), LONG_TEXT(S, graded.rule, RULE_NAME_MAX),
    TIME(S, at_ms),  NAME(S, graded.by),    NAME(S, graded.region),
};
static const struct wire_map grade_doubted_map = {WIRE_MAP(grade_doubted, S, grade_doubted_fields)};

static const struct wire_field grade_asked_fields[] = {
    ID(S, incident),
    TIME(S, at_ms),
    ID(S, grade_asked.of),
    LONG_TEXT(S, grade_asked.rule, RULE_NAME_MAX),
};
static const struct wire_map grade_asked_map = {WIRE_MAP(grade_asked, S, grade_asked_fields)};

static const struct wire_field division_doubted_fields[] = {
    ID(S, incident),
    NAME(S, division_doubted.division),
    TIME(S, at_ms),
};
static const struct wire_map division_doubted_map = {WIRE_MAP(division_doubted, S, division_doubted_fields)};

static const struct wire_field level_set_fields[] = {
    ID(S, incident),
    ENUM(S, level_set.level),
    NAME(S, level_set.by),
    LONG_TEXT(S, level_set.rule, RULE_NAME_MAX),
    TIME(S, level_set.until_ms),
    TIME(S, at_ms),
};
static const struct wire_map level_set_map = {WIRE_MAP(level_set, S, level_set_fields)};

static const struct wire_field referred_fields[] = {
    ID(S, incident),
    NAME(S, referred.region),
    LONG_TEXT(S, referred.rule, RULE_NAME_MAX),
    TIME(S, at_ms),
};
static const struct wire_map referred_map = {WIRE_MAP(referred, S, referred_fields)};

static const struct wire_field notified_fields[] = {
    ID(S, incident), NAME(S, notified.role),   LONG_TEXT(S, notified.rule, RULE_NAME_MAX),
    TIME(S, at_ms),  BOOL(S, notified.nobody), BOOL(S, notified.untold),
};
static const struct wire_map notified_map = {WIRE_MAP(notified, S, notified_fields)};

/* --- clocks --------------------------------------------------------------------------------------- */

static const struct wire_field report_sent_fields[] = {
    ID(S, incident),         ENUM(S, report_sent.kind),          ENUM(S, report_sent.medium),
    ENUM(S, report_sent.to), NAME(S, report_sent.signed_off_by), TIME(S, at_ms),
};
static const struct wire_map report_sent_map = {WIRE_MAP(report_sent, S, report_sent_fields)};

static const struct wire_field clock_started_fields[] = {
    ID(S, incident),
    NAME(S, clock.pack),
    NAME(S, clock.clock),
    NAME(S, clock.title),
    NAME(S, clock.rule),
    TIME(S, at_ms),
    TIME(S, clock.begins_at_ms),
    TIME(S, clock.due_at_ms),
    TIME(S, clock.warn_at_ms),
    ENUM(S, clock.report),
    ENUM(S, clock.medium),
    ENUM(S, clock.to),
    BOOL(S, clock.signer),
    WORDS(S, clock.daily, CLOCK_TIMES_MAX),
    TIME(S, clock.warn_ms),
};
static const struct wire_map clock_started_map = {WIRE_MAP(clock_started, S, clock_started_fields)};

/* Title and rule lie beyond these messages: "". */
static const struct wire_field clock_warned_fields[] = {
    ID(S, incident), NAME(S, clock.pack),  NAME(S, clock.clock),
    TIME(S, at_ms),  NAME(S, clock.title), NAME(S, clock.rule),
};
static const struct wire_map clock_warned_map = {WIRE_MAP(clock_warned, S, clock_warned_fields)};

static const struct wire_field clock_overdue_fields[] = {
    ID(S, incident),          NAME(S, clock.pack),  NAME(S, clock.clock), TIME(S, at_ms),
    TIME(S, clock.due_at_ms), NAME(S, clock.title), NAME(S, clock.rule),
};
static const struct wire_map clock_overdue_map = {WIRE_MAP(clock_overdue, S, clock_overdue_fields)};

static const struct wire_field clock_met_fields[] = {
    ID(S, incident),     NAME(S, clock.pack),  NAME(S, clock.clock), TIME(S, at_ms),
    BOOL(S, clock.late), NAME(S, clock.title), NAME(S, clock.rule),
};
static const struct wire_map clock_met_map = {WIRE_MAP(clock_met, S, clock_met_fields)};

static const struct wire_field clock_stopped_fields[] = {
    ID(S, incident),     NAME(S, clock.pack), NAME(S, clock.clock),
    NAME(S, clock.rule), TIME(S, at_ms),      NAME(S, clock.title),
};
static const struct wire_map clock_stopped_map = {WIRE_MAP(clock_stopped, S, clock_stopped_fields)};

/* --- command posts -------------------------------------------------------------------------------- */

/* The last of each is beyond the message: "". */
static const struct wire_field post_set_fields[] = {
    ID(S, incident), NAME(S, post.lead), NAME(S, post.commander), NAME(S, post.place), U32(S, post.term),
    TIME(S, at_ms),  NAME(S, post.home), BOOL(S, post.settles),   NAME(S, post.from),
};
static const struct wire_map post_set_map = {WIRE_MAP(post_set, S, post_set_fields)};

static const struct wire_field post_fields[] = {
    ID(S, incident),   NAME(S, post.lead), NAME(S, post.commander), NAME(S, post.from),
    U32(S, post.term), TIME(S, at_ms),     NAME(S, post.home),      NAME(S, post.place),
};
static const struct wire_map post_offered_map = {WIRE_MAP(post_offered, S, post_fields)};

static const struct wire_field post_taken_fields[] = {
    ID(S, incident), NAME(S, post.lead), NAME(S, post.commander), NAME(S, post.from),  U32(S, post.term),
    TIME(S, at_ms),  NAME(S, post.home), BOOL(S, post.settles),   NAME(S, post.place),
};
static const struct wire_map post_taken_map = {WIRE_MAP(post_taken, S, post_taken_fields)};

static const struct wire_field post_apart_fields[] = {
    ID(S, incident),   NAME(S, post.home), NAME(S, post.lead), NAME(S, post.commander),
    U32(S, post.term), TIME(S, at_ms),     NAME(S, post.from), NAME(S, post.place),
};
static const struct wire_map post_apart_map = {WIRE_MAP(post_apart, S, post_apart_fields)};

static const struct wire_field post_kept_fields[] = {
    ID(S, incident),    NAME(S, post.lead), NAME(S, post.commander),
    NAME(S, post.from), U32(S, post.term),  BOOL(S, post.withdrawn),
    TIME(S, at_ms),     NAME(S, post.home), NAME(S, post.place),
};
static const struct wire_map post_kept_map = {WIRE_MAP(post_kept, S, post_kept_fields)};

/* --- orders --------------------------------------------------------------------------------------- */

static const struct wire_field order_issued_fields[] = {
    ID(S, incident),
    ID(S, order),
    NAME(S, order_issued.kind),
    NAME(S, order_issued.addressee),
    WORDS(S, order_issued.agents, EVENT_WORDS_MAX),
    NAME(S, order_issued.issuer),
    NAME(S, order_issued.operator),
    TIME(S, at_ms),
    TIME(S, order_issued.answer_by_ms),
    TIME(S, order_issued.expires_at_ms),
    ID(S, order_issued.reissue_of),
    ID(S, order_issued.evacuation),
    WORDS(S, order_issued.needs, EVENT_WORDS_MAX),
    BOOL(S, order_issued.history),
    U64(S, order_issued.content),
    WORDS(S, order_issued.units, LIST_MAX),
    NAME(S, order_issued.home),
};
static const struct wire_map order_issued_map = {WIRE_MAP(order_issued, S, order_issued_fields)};

static const struct wire_field order_amended_fields[] = {
    ID(S, incident),
    ID(S, order),
    U32(S, order_amended.amendment),
    WORDS(S, order_amended.needs, EVENT_WORDS_MAX),
    TIME(S, at_ms),
    TIME(S, order_amended.answer_by_ms),
};
static const struct wire_map order_amended_map = {WIRE_MAP(order_amended, S, order_amended_fields)};

static const struct wire_field amendment_acknowledged_fields[] = {
    ID(S, incident), ID(S, order), U32(S, amendment.amendment), NAME(S, amendment.agent), TIME(S, at_ms),
};
static const struct wire_map amendment_acknowledged_map = {
    WIRE_MAP(amendment_acknowledged, S, amendment_acknowledged_fields)};

static const struct wire_field amendment_overdue_fields[] = {
    ID(S, incident),          ID(S, order), U32(S, amendment.amendment), TIME(S, at_ms),
    NAME(S, amendment.agent), /* beyond the message: "" */
};
static const struct wire_map amendment_overdue_map = {
    WIRE_MAP(amendment_overdue, S, amendment_overdue_fields)};

static const struct wire_field rung_fields[] = {
    ID(S, incident),      ID(S, order),         ENUM(S, rung.rung),
    NAME(S, rung.agent),  TIME(S, at_ms),       WORDS(S, rung.units, LIST_MAX),
    U32(S, rung.present), U32(S, rung.missing),
};
static const struct wire_map rung_reached_map = {WIRE_MAP(rung_reached, S, rung_fields)};
static const struct wire_map receipt_noted_map = {WIRE_MAP(receipt_noted, S, rung_fields)};

static const struct wire_field order_recalled_fields[] = {
    ID(S, incident),
    ID(S, order),
    NAME(S, order_recalled.by),
    TIME(S, at_ms),
    TIME(S, order_recalled.expires_at_ms),
};
static const struct wire_map order_recalled_map = {WIRE_MAP(order_recalled, S, order_recalled_fields)};

/* Nothing but what happened to it, and when. */
static const struct wire_field order_fields[] = {
    ID(S, incident),
    ID(S, order),
    TIME(S, at_ms),
};
static const struct wire_map order_expired_map = {WIRE_MAP(order_expired, S, order_fields)};
static const struct wire_map order_unanswered_map = {WIRE_MAP(order_unanswered, S, order_fields)};
static const struct wire_map order_overdue_map = {WIRE_MAP(order_overdue, S, order_fields)};

static const struct wire_field order_reminded_fields[] = {
    ID(S, incident),
    ID(S, order),
    LONG_TEXT(S, order_reminded.rule, RULE_NAME_MAX),
    U32(S, order_reminded.step),
    TIME(S, at_ms),
    TIME(S, order_reminded.answer_by_ms),
};
static const struct wire_map order_reminded_map = {WIRE_MAP(order_reminded, S, order_reminded_fields)};

static const struct wire_field reissue_wanted_fields[] = {
    ID(S, incident),
    ID(S, order),
    LONG_TEXT(S, reissue_wanted.rule, RULE_NAME_MAX),
    NAME(S, reissue_wanted.ability),
    TIME(S, at_ms),
};
static const struct wire_map reissue_wanted_map = {WIRE_MAP(reissue_wanted, S, reissue_wanted_fields)};

static const struct wire_field order_reissued_fields[] = {
    ID(S, incident),
    ID(S, order),
    ID(S, order_reissued.by),
    NAME(S, order_reissued.former),
    NAME(S, order_reissued.addressee),
    LONG_TEXT(S, order_reissued.rule, RULE_NAME_MAX),
    U32(S, order_reissued.step),
    TIME(S, at_ms),
};
static const struct wire_map order_reissued_map = {WIRE_MAP(order_reissued, S, order_reissued_fields)};

static const struct wire_field ability_short_fields[] = {
    ID(S, incident),
    ID(S, order),
    LONG_TEXT(S, ability_short.rule, RULE_NAME_MAX),
    NAME(S, ability_short.ability),
    U32(S, ability_short.free),
    BOOL(S, ability_short.unsaid),
    TIME(S, at_ms),
};
static const struct wire_map ability_short_map = {WIRE_MAP(ability_short, S, ability_short_fields)};

/* --- agents --------------------------------------------------------------------------------------- */

static const struct wire_field units_stated_fields[] = {
    NAME(S, units_stated.agent),
    LIST(S, units_stated.units, wire_map_unit, UNITS_PER_COMMAND_MAX),
    TIME(S, at_ms),
};
static const struct wire_map units_stated_map = {WIRE_MAP(units_stated, S, units_stated_fields)};

static const struct wire_field acknowledged_fields[] = {
    NAME(S, acknowledged.agent),
    ENUM(S, acknowledged.lane),
    SEQ(S, acknowledged.up_to_seq),
    SEQ(S, acknowledged.head_seq),
};
static const struct wire_map acknowledged_map = {WIRE_MAP(acknowledged, S, acknowledged_fields)};

static const struct wire_field loss_noted_fields[] = {
    NAME(struct note_loss, agent), SEQ(struct note_loss, epoch),     SEQ(struct note_loss, seq),
    FIXED(struct note_loss, hash), SEQ(struct note_loss, after_seq),
};
static const struct wire_map loss_noted_map = {WIRE_MAP(loss_noted, struct note_loss, loss_noted_fields)};

/* --- regions -------------------------------------------------------------------------------------- */

#undef S
#define S struct event
static const struct wire_field share_begun_fields[] = {
    ID(S, incident), NAME(S, share_begun.region), SEQ(S, share_begun.up_to_seq), BOOL(S, share_begun.more),
    TIME(S, at_ms),
};
static const struct wire_map share_begun_map = {WIRE_MAP(share_begun, S, share_begun_fields)};
static const struct wire_map shared_map = {WIRE_MAP(shared, S, incident_fields)};
static const struct wire_field heard_fields[] = {
    ID(S, incident), NAME(S, heard.region), SEQ(S, heard.epoch), SEQ(S, heard.seq), TIME(S, at_ms),
};
static const struct wire_map heard_map = {WIRE_MAP(heard, S, heard_fields)};
static const struct wire_field canary_sent_fields[] = {
    NAME(S, canary.region),
    TIME(S, canary.sent_at_ms),
    TIME(S, canary.heard_at_ms),
    U32(S, canary.late_ms),
};
static const struct wire_map canary_sent_map = {WIRE_MAP(canary_sent, S, canary_sent_fields)};
static const struct wire_field canary_heard_fields[] = {
    NAME(S, canary.region), TIME(S, canary.sent_at_ms), TIME(S, canary.heard_at_ms),
    TIME(S, at_ms),         U32(S, canary.late_ms),
};
static const struct wire_map canary_heard_map = {WIRE_MAP(canary_heard, S, canary_heard_fields)};
static const struct wire_field order_unreached_fields[] = {
    ID(S, incident),
    ID(S, order),
    NAME(S, order_unreached.region),
    BOOL(S, order_unreached.no_way),
    BOOL(S, order_unreached.due),
    TIME(S, at_ms),
};
static const struct wire_map order_unreached_map = {WIRE_MAP(order_unreached, S, order_unreached_fields)};
static const struct wire_field region_unreached_fields[] = {
    ID(S, incident),
    NAME(S, region_unreached.region),
    NAME(S, region_unreached.at),
    BOOL(S, region_unreached.due),
    TIME(S, at_ms),
};
static const struct wire_map region_unreached_map = {WIRE_MAP(region_unreached, S, region_unreached_fields)};
static const struct wire_map untold_map = {WIRE_MAP(untold, struct note_untold, wire_fields_note_untold)};
static const struct wire_map link_set_map = {WIRE_MAP(link_set, struct note_link, wire_fields_note_link)};

static const struct wire_field grade_expected_fields[] = {ID(S, incident), ENUM(S, grade_expected.grade),
                                                          NAME(S, grade_expected.by), TIME(S, at_ms)};
static const struct wire_map grade_expected_map = {WIRE_MAP(grade_expected, S, grade_expected_fields)};
static const struct wire_field region_touched_fields[] = {ID(S, incident), NAME(S, region_touched.region),
                                                          NAME(S, region_touched.by), TIME(S, at_ms)};
static const struct wire_map region_touched_map = {WIRE_MAP(region_touched, S, region_touched_fields)};
static const struct wire_field level_heard_fields[] = {
    ID(S, incident), NAME(S, level_heard.region), ENUM(S, level_heard.level), ID(S, level_heard.of),
    TIME(S, at_ms),
};
static const struct wire_map level_heard_map = {WIRE_MAP(level_heard, S, level_heard_fields)};

/* -------------------------------------------------------------------------------------------------- */

static const struct wire_field event_fields[] = {
    BODY(S, region_founded, region_founded_map),
    BODY_AS("agent_enrolled", S, enrolled, agent_enrolled_map),
    BODY_AS("operator_enrolled", S, enrolled, operator_enrolled_map),
    BODY(S, revoked, revoked_map),
    BODY(S, policy_set, policy_set_map),
    BODY(S, clock_set, clock_set_map),
    BODY(S, refusals_counted, refusals_counted_map),
    BODY(S, recovered, recovered_map),
    BODY(S, pack_set, pack_set_map),
    BODY(S, pack_dropped, pack_dropped_map),
    BODY(S, generation_begun, generation_begun_map),
    BODY(S, divisions_set, divisions_set_map),
    BODY_SPREAD("incident_opened", incident_opened_map),
    BODY_SPREAD("report_filed", report_filed_map),
    BODY_SPREAD("facts_changed", facts_changed_map),
    BODY_SPREAD("information_requested", information_requested_map),
    BODY_SPREAD("information_answered", information_answered_map),
    BODY_SPREAD("information_overdue", information_overdue_map),
    BODY_SPREAD("incident_closed", incident_closed_map),
    BODY_SPREAD("amendments_left", amendments_left_map),
    BODY_SPREAD("rules_due", rules_due_map),
    BODY_SPREAD("rules_asked", rules_asked_map),
    BODY_SPREAD("rule_waits", rule_waits_map),
    BODY_SPREAD("rule_fired", rule_fired_map),
    BODY_SPREAD("rule_ended", rule_ended_map),
    BODY_SPREAD("graded", graded_map),
    BODY_SPREAD("grade_doubted", grade_doubted_map),
    BODY_SPREAD("level_set", level_set_map),
    BODY_SPREAD("order_issued", order_issued_map),
    BODY_SPREAD("order_amended", order_amended_map),
    BODY_SPREAD("amendment_acknowledged", amendment_acknowledged_map),
    BODY_SPREAD("amendment_overdue", amendment_overdue_map),
    BODY_SPREAD("rung_reached", rung_reached_map),
    BODY_SPREAD("receipt_noted", receipt_noted_map),
    BODY_SPREAD("order_recalled", order_recalled_map),
    BODY_SPREAD("order_expired", order_expired_map),
    BODY_SPREAD("order_unanswered", order_unanswered_map),
    BODY_SPREAD("order_overdue", order_overdue_map),
    BODY_SPREAD("order_reminded", order_reminded_map),
    BODY_SPREAD("reissue_wanted", reissue_wanted_map),
    BODY_SPREAD("order_reissued", order_reissued_map),
    BODY_SPREAD("ability_short", ability_short_map),
    BODY_SPREAD("units_stated", units_stated_map),
    BODY_SPREAD("acknowledged", acknowledged_map),
    BODY(S, loss_noted, loss_noted_map),
    BODY_SPREAD("alert_recorded", wire_map_alert_recorded),
    BODY_SPREAD("referred", referred_map),
    BODY_SPREAD("notified", notified_map),
    BODY_SPREAD("report_sent", report_sent_map),
    BODY_SPREAD("clock_started", clock_started_map),
    BODY_SPREAD("clock_warned", clock_warned_map),
    BODY_SPREAD("clock_overdue", clock_overdue_map),
    BODY_SPREAD("clock_met", clock_met_map),
    BODY_SPREAD("clock_stopped", clock_stopped_map),
    BODY_SPREAD("incident_linked", wire_map_incident_linked),
    BODY_SPREAD("incident_merged", wire_map_incident_merged),
    BODY_SPREAD("incident_joined", wire_map_incident_joined),
    BODY_SPREAD("incident_split", wire_map_incident_split),
    BODY_SPREAD("orders_moved", wire_map_orders_moved),
    BODY_SPREAD("post_set", post_set_map),
    BODY_SPREAD("post_offered", post_offered_map),
    BODY_SPREAD("post_taken", post_taken_map),
    BODY_SPREAD("post_kept", post_kept_map),
    BODY_SPREAD("grade_asked", grade_asked_map),
    BODY_SPREAD("division_doubted", division_doubted_map),
    BODY_SPREAD("share_begun", share_begun_map),
    BODY_SPREAD("shared", shared_map),
    BODY_SPREAD("heard", heard_map),
    BODY(S, link_set, link_set_map),
    BODY_SPREAD("canary_sent", canary_sent_map),
    BODY_SPREAD("canary_heard", canary_heard_map),
    BODY_SPREAD("lead_offered", wire_map_lead_offered),
    BODY_SPREAD("lead_taken", wire_map_lead_taken),
    BODY_SPREAD("lead_disputed", wire_map_lead_disputed),
    BODY(S, untold, untold_map),
    BODY_SPREAD("grade_expected", grade_expected_map),
    BODY_SPREAD("region_touched", region_touched_map),
    BODY_SPREAD("level_heard", level_heard_map),
    BODY_SPREAD("lookout_began", wire_map_lookout_step),
    BODY_SPREAD("lookout_fired", wire_map_lookout_step),
    BODY_SPREAD("lookout_ended", wire_map_lookout_step),
    BODY_SPREAD("lookout_doubted", wire_map_lookout_step),
    BODY_SPREAD("lookout_limited", wire_map_lookout_limited),
    BODY_SPREAD("order_unreached", order_unreached_map),
    BODY_SPREAD("region_unreached", region_unreached_map),
    BODY_SPREAD("orders_known", wire_map_orders_known),
    BODY_SPREAD("orders_disputed", wire_map_orders_disputed),
    BODY_SPREAD("dispute_settled", wire_map_dispute_settled),
    BODY_SPREAD("counts_known", wire_map_counts_known),
    BODY_SPREAD("count_apart", wire_map_count_apart),
    BODY_SPREAD("warning_taken", wire_map_warning_step),
    BODY_SPREAD("warning_began", wire_map_warning_step),
    BODY_SPREAD("warning_fired", wire_map_warning_step),
    BODY_SPREAD("warning_ended", wire_map_warning_step),
    BODY_SPREAD("warnings_heeded", wire_map_warnings_heeded),
    BODY_SPREAD("facts_taken", wire_map_facts_taken),
    BODY_SPREAD("facts_returned", wire_map_facts_returned),
    BODY_SPREAD("grade_otherwise", wire_map_grade_otherwise),
    BODY_SPREAD("part_heard", wire_map_part_heard),
    BODY_SPREAD("post_apart", post_apart_map),
    BODY_SPREAD("count_missed", wire_map_count_apart),
};
/* Of an unknown kind: what a newer version wrote must not keep an older one from reading the rest. */
const struct wire_map wire_map_event = {WIRE_MAP(event, S, event_fields), .body_from = 1, .body_open = true,
                                        .kind = offsetof(S, kind)};
