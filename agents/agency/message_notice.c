/* Notices as JSON: each event with what it says. */
#include "agents/agency/message_private.h"

static json_t *seen_of(const struct seen_fact *facts, size_t n)
{
    json_t *seen = json_object();

    for (size_t i = 0; seen != NULL && i < n; i++) {
        put(seen, facts[i].fact, text_of(facts[i].value));
    }
    return seen;
}

static void put_lookout(json_t *json, const struct lookout_step *lookout)
{
    put(json, "agent", text_of(lookout->agent));
    put(json, "unit", text_of(lookout->unit));
    put(json, "name", text_of(lookout->name));
    put(json, "pack", text_of(lookout->pack));
    put(json, "version", text_of(lookout->version));
    put(json, "rule", text_of(lookout->rule));
    put(json, "when", text_of(lookout->when));
    put(json, "roles", list_of(lookout->roles));
    put(json, "since", text_of_time(lookout->since_ms));
    put(json, "seen", seen_of(lookout->seen, lookout->seen_n));
}

static void put_warning(json_t *json, const struct warning_step *warning)
{
    put(json, "alert", text_of_id(warning->alert));
    put(json, "warns_of", text_of(warning->event));
    put(json, "colour", text_of(warning_word(ALERT_COLOURS, (int)warning->colour)));
    put(json, "severity", text_of(warning_word(ALERT_SEVERITIES, (int)warning->severity)));
    put(json, "sender", text_of(warning->sender));
    put(json, "identifier", text_of(warning->identifier));
    put(json, "until", text_of_time(warning->expires_ms));
    if (warning->why != WARNING_END_NONE) {
        put(json, "why", text_of(warning_end_word(warning->why)));
    }
    put(json, "pack", text_of(warning->pack));
    put(json, "version", text_of(warning->version));
    put(json, "rule", text_of(warning->rule));
    put(json, "roles", list_of(warning->roles));
    put(json, "seen", seen_of(warning->seen, warning->seen_n));
}

void message_put_notice(json_t *json, const struct event *event)
{
    put(json, "event", json_string(event_kind_name(event->kind)));
    switch (event->kind) {
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        put(json, "rung", json_string(rung_name(event->rung.rung)));
        put(json, "agent", text_of(event->rung.agent));
        put(json, "units", list_of(event->rung.units));
        break;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_ANSWERED:
    case EVENT_INFORMATION_OVERDUE:
        put(json, "fact", text_of(event->information.fact));
        put(json, "due_at", text_of_time(event->information.due_at_ms));
        break;
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        put(json, "grade", json_string(grade_name(event->graded.grade)));
        put(json, "by", text_of(event->graded.by));
        put(json, "rule", text_of(event->graded.rule));
        put(json, "unknown", list_of(event->graded.unknown));
        if (event->kind == EVENT_GRADE_DOUBTED) {
            put(json, "region", text_of(event->graded.region));
        }
        if (!id_is_zero(event->graded.from)) {
            put(json, "from", text_of_id(event->graded.from));
        }
        break;
    case EVENT_GRADE_ASKED:
        if (!id_is_zero(event->grade_asked.of)) {
            put(json, "of", text_of_id(event->grade_asked.of));
        }
        put(json, "rule", text_of(event->grade_asked.rule));
        break;
    case EVENT_GRADE_OTHERWISE:
        put(json, "grade", json_string(event->otherwise.grade ? grade_name(event->otherwise.grade) : "none"));
        put(json, "rule", text_of(event->otherwise.rule));
        put(json, "article", text_of(event->otherwise.article));
        put(json, "fact", text_of(event->otherwise.fact));
        put(json, "region", text_of(event->otherwise.region));
        put(json, "count", json_integer(event->otherwise.count));
        put(json, "up_to", json_integer(event->otherwise.up_to));
        break;
    case EVENT_FACTS_RETURNED:
        put(json, "other", text_of_id(event->taken.other));
        put(json, "fields", list_of(event->taken.fields));
        put(json, "graded", json_boolean(event->taken.graded));
        break;
    case EVENT_LEVEL_SET:
        put(json, "level", json_string(event->level_set.level ? grade_name(event->level_set.level) : "none"));
        put(json, "by", text_of(event->level_set.by));
        put(json, "rule", text_of(event->level_set.rule));
        put(json, "until", text_of_time(event->level_set.until_ms));
        break;
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        put(json, "pack", text_of(event->clock.pack));
        put(json, "clock", text_of(event->clock.clock));
        put(json, "title", text_of(event->clock.title));
        put(json, "due_at", text_of_time(event->clock.due_at_ms));
        break;
    case EVENT_REPORT_SENT:
        put(json, "medium", json_string(medium_name(event->report_sent.medium)));
        put(json, "to", json_string(tier_name(event->report_sent.to)));
        break;
    case EVENT_GRADE_EXPECTED:
        put(json, "grade",
            json_string(event->grade_expected.grade ? grade_name(event->grade_expected.grade) : "none"));
        put(json, "by", text_of(event->grade_expected.by));
        break;
    case EVENT_REGION_TOUCHED:
        put(json, "region", text_of(event->region_touched.region));
        break;
    case EVENT_LEVEL_HEARD:
        put(json, "region", text_of(event->level_heard.region));
        put(json, "level",
            json_string(event->level_heard.level ? grade_name(event->level_heard.level) : "none"));
        break;
    case EVENT_REFERRED:
        put(json, "region", text_of(event->referred.region));
        put(json, "rule", text_of(event->referred.rule));
        break;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
    case EVENT_POST_APART:
        put(json, "lead", text_of(event->post.lead));
        put(json, "commander", text_of(event->post.commander));
        put(json, "term", json_integer(event->post.term));
        if (event->kind == EVENT_POST_APART) {
            put(json, "region", text_of(event->post.home));
        }
        break;
    case EVENT_DIVISION_DOUBTED:
        put(json, "division", text_of(event->division_doubted.division));
        break;
    case EVENT_INCIDENT_LINKED:
        put(json, "other", text_of_id(event->linked.other));
        put(json, "link", json_string(event->linked.kind ? link_kind_name(event->linked.kind) : "none"));
        break;
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
        put(json, "other", text_of_id(event->merged.other));
        break;
    case EVENT_ORDERS_MOVED:
        put(json, "other", text_of_id(event->moved.other));
        break;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        put(json, "region", text_of(event->lead.region));
        put(json, "from", text_of(event->lead.from));
        put(json, "term", json_integer(event->lead.term));
        break;
    case EVENT_ORDERS_DISPUTED:
    case EVENT_DISPUTE_SETTLED:
        put(json, "other", text_of_id(event->disputed.other));
        put(json, "region", text_of(event->disputed.region));
        put(json, "against", text_of(event->disputed.against));
        break;
    case EVENT_COUNT_APART:
    case EVENT_COUNT_MISSED:
        put(json, "fact", text_of(event->count_apart.fact));
        put(json, "region", text_of(event->count_apart.region));
        put(json, "count", json_integer(event->count_apart.count));
        put(json, "holds", json_integer(event->count_apart.holds));
        break;
    case EVENT_REISSUE_WANTED:
        put(json, "ability", text_of(event->reissue_wanted.ability));
        put(json, "rule", text_of(event->reissue_wanted.rule));
        break;
    case EVENT_ORDER_REISSUED:
        put(json, "by", text_of_id(event->order_reissued.by));
        put(json, "addressee", text_of(event->order_reissued.addressee));
        put(json, "rule", text_of(event->order_reissued.rule));
        break;
    case EVENT_ABILITY_SHORT:
        put(json, "ability", text_of(event->ability_short.ability));
        put(json, "rule", text_of(event->ability_short.rule));
        break;
    case EVENT_LOOKOUT_FIRED:
        put_lookout(json, &event->lookout);
        break;
    case EVENT_WARNING_FIRED:
    case EVENT_WARNING_ENDED:
        put_warning(json, &event->warning);
        break;
    case EVENT_LOOKOUT_LIMITED:
        put(json, "agent", text_of(event->lookout_limited.agent));
        break;
    case EVENT_ORDER_UNREACHED:
        put(json, "region", text_of(event->order_unreached.region));
        put(json, "no_way", json_boolean(event->order_unreached.no_way));
        break;
    case EVENT_REGION_UNREACHED:
        put(json, "region", text_of(event->region_unreached.region));
        put(json, "at", text_of(event->region_unreached.at));
        break;
    case EVENT_NOTIFIED:
        put(json, "role", text_of(event->notified.role));
        put(json, "rule", text_of(event->notified.rule));
        if (event->notified.nobody) {
            put(json, "nobody", json_true());
        }
        break;
    default:
        break;
    }
}
