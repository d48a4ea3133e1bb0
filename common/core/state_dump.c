/* The canonical dump. A line is a word, a name and KEY=VALUE pairs, all parted by one tab; values are
 * escaped, so that no text can forge a line; what is zero, empty or unknown is left out. */
#include <string.h>

#include "common/core/dump_line.h"
#include "common/core/rule.h"
#include "common/core/state.h"

static void dump_policy(const struct policy *policy, struct buf *ret)
{
    if (policy->kinds_n + policy->substances_n + policy->order_kinds_n == 0 && policy->version[0] == '\0' &&
        policy->clock_tolerance_ms == 0 && policy->amend_answer_ms == 0) {
        return;
    }
    buf_puts(ret, "policy");
    put_text(ret, "version", policy->version);
    put_number(ret, "clock_tolerance_ms", policy->clock_tolerance_ms);
    put_number(ret, "amend_answer_ms", policy->amend_answer_ms);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < policy->kinds_n; i++) {
        buf_puts(ret, "kind");
        put_text(ret, "name", policy->kinds[i].kind);
        put_words(ret, "required", policy->kinds[i].required);
        put_number(ret, "ask_within_ms", policy->kinds[i].ask_within_ms);
        put_words(ret, "needs", policy->kinds[i].needs);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < policy->substances_n; i++) {
        buf_puts(ret, "substance");
        put_text(ret, "name", policy->substances[i].substance);
        put_words(ret, "needs", policy->substances[i].needs);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < policy->order_kinds_n; i++) {
        buf_puts(ret, "order-kind");
        put_text(ret, "name", policy->order_kinds[i].kind);
        put_number(ret, "two_persons", policy->order_kinds[i].two_persons);
        buf_puts(ret, "\n");
    }
}

static void dump_warning(const struct warning *warning, struct buf *ret)
{
    buf_puts(ret, "warning");
    put_id(ret, "alert", warning->alert);
    put_text(ret, "mode", mode_name(warning->mode));
    put_text(ret, "source", alert_word(ALERT_SOURCES, (int)warning->source));
    put_text(ret, "type", alert_word(ALERT_TYPES, (int)warning->type));
    put_text(ret, "sender", warning->sender);
    put_text(ret, "identifier", warning->identifier);
    put_text(ret, "event", warning->event);
    put_number(ret, "urgency", (int64_t)warning->urgency);
    put_number(ret, "severity", (int64_t)warning->severity);
    put_number(ret, "certainty", (int64_t)warning->certainty);
    put_number(ret, "colour", (int64_t)warning->colour);
    put_number(ret, "here", warning->here);
    put_words(ret, "areas", warning->areas);
    put_number(ret, "sent_ms", warning->sent_ms);
    put_number(ret, "from_ms", warning->from_ms);
    put_number(ret, "onset_ms", warning->onset_ms);
    put_number(ret, "expires_ms", warning->expires_ms);
    put_ids(ret, "replaces", warning->replaces, warning->replaces_n);
    put_number(ret, "began", warning->began);
    put_number(ret, "asked", warning->asked);
    put_words(ret, "told", warning->told);
    buf_puts(ret, "\n");
}

static void dump_region(const struct region *region, struct buf *ret)
{
    if (region->code[0] == '\0') {
        return;
    }
    buf_puts(ret, "region");
    put_text(ret, "code", region->code);
    put_text(ret, "name", region->name);
    put_text(ret, "parent", region->parent);
    put_number(ret, "utc_offset_minutes", region->utc_offset_minutes);
    put_bytes(ret, "root_key", region->root_key, KEY_BYTES);
    put_bytes(ret, "broker_sign_key", region->broker_sign_key, KEY_BYTES);
    put_bytes(ret, "broker_curve_key", region->broker_curve_key, KEY_BYTES);
    put_number(ret, "clock_bus_ms", region->clock_bus_ms);
    put_number(ret, "clock_utc_ms", region->clock_utc_ms);
    put_number(ret, "clock_boot_ms", region->clock_boot_ms);
    put_bytes(ret, "clock_boot", region->clock_boot, sizeof region->clock_boot);
    put_number(ret, "clock_steps", (int64_t)region->clock_steps);
    put_number(ret, "clock_stops", (int64_t)region->clock_stops);
    put_number(ret, "clock_stood_ms", region->clock_stood_ms);
    put_number(ret, "refusals_counted", (int64_t)region->refusals_counted);
    put_number(ret, "recovered_epoch", (int64_t)region->recovered_epoch);
    put_number(ret, "recovered_seq", (int64_t)region->recovered_seq);
    put_text(ret, "recovered_reason", region->recovered_reason);
    put_number(ret, "generation", region->generation);
    put_number(ret, "warnings_turn", region->warnings_turn);
    put_number(ret, "warnings_heeded", region->warnings_heeded);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        buf_puts(ret, member->is_operator ? "operator" : "member");
        put_text(ret, "name", member->name);
        put_number(ret, "revoked", member->revoked);
        put_bytes(ret, "sign_key", member->sign_key, KEY_BYTES);
        put_bytes(ret, "curve_key", member->curve_key, KEY_BYTES);
        put_words(ret, "rights", member->rights);
        buf_puts(ret, "\n");
    }
    dump_policy(&region->policy, ret);
    for (size_t i = 0; i < region->packs_n; i++) {
        buf_puts(ret, "pack");
        put_text(ret, "name", region->packs[i].name);
        put_text(ret, "version", region->packs[i].version);
        put_bytes(ret, "hash", region->packs[i].hash, sizeof region->packs[i].hash);
        put_number(ret, "set_at_ms", region->packs[i].set_at_ms);
        buf_puts(ret, "\n");
    }
    if (region->divisions_n > 0) {
        buf_puts(ret, "divisions");
        put_text(ret, "source", region->divisions_source);
        put_bytes(ret, "hash", region->divisions_hash, sizeof region->divisions_hash);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < region->divisions_n; i++) {
        buf_puts(ret, "division");
        put_text(ret, "code", region->divisions[i].code);
        put_text(ret, "name", region->divisions[i].name);
        put_number(ret, "from", region->divisions[i].from);
        put_number(ret, "to", region->divisions[i].to);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < region->links_n; i++) {
        buf_puts(ret, "link");
        put_text(ret, "region", region->links[i].region);
        put_number(ret, "up", region->links[i].up);
        put_number(ret, "since_ms", region->links[i].since_ms);
        put_number(ret, "untold", (int64_t)region->links[i].untold);
        put_number(ret, "sent_ms", region->links[i].sent_ms);
        put_number(ret, "returned_ms", region->links[i].returned_ms);
        put_number(ret, "heard_ms", region->links[i].heard_ms);
        put_number(ret, "heard_sent_ms", region->links[i].heard_sent_ms);
        put_number(ret, "late_ms", region->links[i].late_ms);
        put_number(ret, "heard_late_ms", region->links[i].heard_late_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < region->warnings_n; i++) {
        dump_warning(&region->warnings[i], ret);
    }
}

static void dump_order(const struct order *order, struct buf *ret)
{
    buf_puts(ret, "order");
    put_id(ret, "id", order->id);
    put_text(ret, "kind", order->kind);
    put_text(ret, "addressee", order->addressee);
    put_text(ret, "issuer", order->issuer);
    put_text(ret, "home", order->home);
    put_text(ret, "operator", order->operator);
    put_text(ret, "taker", order->taker);
    put_words(ret, "agents", order->agents);
    put_words(ret, "units", order->units);
    put_words(ret, "needs", order->needs);
    put_number(ret, "says_known", order->says_known);
    put_words(ret, "there", order->there);
    put_id(ret, "reissue_of", order->reissue_of);
    put_id(ret, "evacuation", order->evacuation);
    put_print(ret, "content", order->content);
    buf_printf(ret, "\trung=%s", rung_name((enum rung)order->rung));
    put_number(ret, "issued_at_ms", order->issued_at_ms);
    put_number(ret, "acknowledged_at_ms", order->acknowledged_at_ms);
    put_number(ret, "accepted_at_ms", order->accepted_at_ms);
    put_number(ret, "en_route_at_ms", order->en_route_at_ms);
    put_number(ret, "on_scene_at_ms", order->on_scene_at_ms);
    put_number(ret, "ended_at_ms", order->ended_at_ms);
    put_number(ret, "answer_by_ms", order->answer_by_ms);
    put_number(ret, "expires_at_ms", order->expires_at_ms);
    put_number(ret, "amend_by_ms", order->amend_by_ms);
    put_number(ret, "declined_due_ms", order->declined_due_ms);
    put_number(ret, "remind_by_ms", order->remind_by_ms);
    put_number(ret, "steps", order->steps);
    put_number(ret, "amendments", order->amendments);
    put_number(ret, "amendments_acknowledged", order->amendments_acknowledged);
    put_number(ret, "history", order->history);
    put_number(ret, "unanswered", order->unanswered);
    put_number(ret, "overdue", order->overdue);
    put_number(ret, "amendment_overdue", order->amendment_overdue);
    put_text(ret, "unreached", order->unreached);
    put_number(ret, "no_way", order->no_way);
    put_number(ret, "unreached_due_ms", order->unreached_due_ms);
    if (order->has_head_count) {
        put_count(ret, "present", order->present);
        put_count(ret, "missing", order->missing);
    }
    buf_puts(ret, "\n");
}

static void dump_facts(const struct incident *incident, struct buf *ret)
{
    put_text(ret, "kind", incident->kind);
    put_text(ret, "substance", incident->substance);
    put_number(ret, "datum", (int64_t)incident->position.datum);
    put_number(ret, "latitude_e7", incident->position.latitude_e7);
    put_number(ret, "longitude_e7", incident->position.longitude_e7);
    put_number(ret, "accuracy_m", incident->position.accuracy_m);
    put_count(ret, "dead", incident->casualties.dead);
    put_count(ret, "missing", incident->casualties.missing);
    put_count(ret, "serious", incident->casualties.serious);
    put_count(ret, "minor", incident->casualties.minor);
    put_count(ret, "trapped", incident->casualties.trapped);
    put_count(ret, "loss_cny", incident->loss_cny);
    put_number(ret, "occurred_at_ms", incident->occurred_at_ms);
    put_print(ret, "known", incident->known);
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        put_print(ret, fact_name((enum fact)fact), incident->texts[fact]);
    }
}

static void dump_clock(const struct incident_clock *clock, struct buf *ret)
{
    const struct rule_clock *terms = &clock->terms;

    buf_puts(ret, "clock");
    put_text(ret, "pack", clock->pack);
    put_text(ret, "name", terms->name);
    put_text(ret, "title", terms->title);
    put_number(ret, "report", (int64_t)terms->report);
    put_number(ret, "medium", (int64_t)terms->medium);
    put_number(ret, "to", (int64_t)terms->to);
    put_number(ret, "signer", terms->signer);
    put_number(ret, "warn_before_ms", terms->warn_ms);
    for (size_t i = 0; i < terms->times_n; i++) {
        buf_printf(ret, "%s%02u:%02u", i == 0 ? "\tdaily=" : ",", terms->times_minutes[i] / 60U,
                   terms->times_minutes[i] % 60U);
    }
    put_number(ret, "begins_ms", clock->begins_ms);
    put_number(ret, "due_ms", clock->due_ms);
    put_number(ret, "warn_ms", clock->warn_ms);
    put_number(ret, "met_ms", clock->met_ms);
    put_number(ret, "late", clock->late);
    put_number(ret, "overdue", clock->overdue);
    put_number(ret, "stopped", clock->stopped);
    buf_puts(ret, "\n");
}

static void dump_post(const struct post *post, struct buf *ret)
{
    buf_puts(ret, "post");
    put_text(ret, "home", post->home);
    put_text(ret, "lead", post->lead);
    put_text(ret, "commander", post->commander);
    put_text(ret, "place", post->place);
    put_number(ret, "term", post->term);
    put_number(ret, "since_ms", post->since_ms);
    put_text(ret, "offered_lead", post->offered_lead);
    put_text(ret, "offered_commander", post->offered_commander);
    put_number(ret, "offered_at_ms", post->offered_at_ms);
    for (size_t i = 0; i < post->apart_n; i++) {
        put_text(ret, "apart", post->apart[i].region);
        put_text(ret, "lead", post->apart[i].lead);
        put_text(ret, "commander", post->apart[i].commander);
        put_number(ret, "term", post->apart[i].term);
        put_number(ret, "at_ms", post->apart[i].at_ms);
    }
    buf_puts(ret, "\n");
}

static void dump_spread(const struct spread *spread, struct buf *ret)
{
    if (spread->expected_by[0] != '\0') {
        buf_puts(ret, "expected");
        put_number(ret, "grade", (int64_t)spread->expected);
        put_text(ret, "by", spread->expected_by);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < spread->touched_n; i++) {
        buf_puts(ret, "touched");
        put_text(ret, "region", spread->touched[i].region);
        put_text(ret, "by", spread->touched[i].by);
        put_number(ret, "at_ms", spread->touched[i].at_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < spread->levels_n; i++) {
        buf_puts(ret, "level_there");
        put_text(ret, "region", spread->levels[i].region);
        put_number(ret, "level", (int64_t)spread->levels[i].level);
        put_id(ret, "of", spread->levels[i].of);
        put_number(ret, "at_ms", spread->levels[i].at_ms);
        buf_puts(ret, "\n");
    }
}

static void dump_ties(const struct ties *ties, struct buf *ret)
{
    if (!id_is_zero(ties->merged_into)) {
        buf_puts(ret, "merged");
        put_id(ret, "into", ties->merged_into);
        put_number(ret, "at_ms", ties->merged_at_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < ties->parts_n; i++) {
        buf_puts(ret, "part");
        put_id(ret, "id", ties->parts[i].id);
        put_number(ret, "parts", ties->parts[i].parts);
        if (ties->parts[i].due_ms != 0) {
            buf_printf(ret, "\theard=%" PRIx32 "\tgraded=%d", ties->parts[i].heard, ties->parts[i].graded);
            put_number(ret, "due_ms", ties->parts[i].due_ms);
        }
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < ties->links_n; i++) {
        buf_puts(ret, "link");
        put_id(ret, "other", ties->links[i].other);
        put_text(ret, "kind", link_kind_name(ties->links[i].kind));
        put_number(ret, "caused", ties->links[i].caused);
        put_number(ret, "merged", ties->links[i].merged);
        put_number(ret, "at_ms", ties->links[i].at_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < ties->moved_n; i++) {
        buf_puts(ret, "moved");
        put_id(ret, "order", ties->moved[i].order);
        put_id(ret, "other", ties->moved[i].other);
        put_number(ret, "taken", ties->moved[i].taken);
        buf_puts(ret, "\n");
    }
    taken_dump(ties, ret);
}

void state_dump_incident(const struct incident *incident, struct buf *ret)
{
    buf_puts(ret, "incident");
    put_id(ret, "id", incident->id);
    put_text(ret, "mode", mode_name(incident->mode));
    put_number(ret, "history", incident->history);
    put_number(ret, "bare", incident->bare);
    put_text(ret, "reporter", incident->reporter);
    put_text(ret, "home", incident->home);
    put_text(ret, "lead", incident->lead);
    put_text(ret, "lead_offered", incident->lead_offered);
    put_number(ret, "lead_term", incident->lead_term);
    put_text(ret, "lead_disputed", incident->lead_disputed);
    put_number(ret, "lead_disputed_ms", incident->lead_disputed_ms);
    put_print(ret, "content", incident->content);
    put_number(ret, "opened_at_ms", incident->opened_at_ms);
    put_number(ret, "heard_at_ms", incident->heard_at_ms);
    put_number(ret, "closed_at_ms", incident->closed_at_ms);
    put_number(ret, "final_at_ms", incident->final_at_ms);
    put_number(ret, "last_report_at_ms", incident->last_report_at_ms);
    put_number(ret, "reports", incident->reports);
    put_number(ret, "grade", (int64_t)incident->grade);
    put_number(ret, "doubted", (int64_t)incident->doubted);
    put_text(ret, "doubted_in", incident->doubted_in);
    put_text(ret, "doubted_by", incident->doubted_by);
    put_text(ret, "graded_by", incident->graded_by);
    put_number(ret, "graded_at_ms", incident->graded_at_ms);
    put_number(ret, "grade_asked_ms", incident->grade_asked_ms);
    put_number(ret, "level", (int64_t)incident->level);
    put_number(ret, "level_at_ms", incident->level_at_ms);
    put_number(ret, "level_until_ms", incident->level_until_ms);
    put_number(ret, "recounted_at_ms", incident->recounted_at_ms);
    put_number(ret, "rules_fired", incident->rules_fired);
    put_number(ret, "rules_due_ms", incident->rules_due_ms);
    put_number(ret, "grew", incident->grew);
    put_number(ret, "amendments_left", incident->amendments_left);
    put_number(ret, "amendments_left_at_ms", incident->amendments_left_at_ms);
    dump_facts(incident, ret);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        buf_puts(ret, "request");
        put_text(ret, "fact", request->fact);
        put_number(ret, "asked_at_ms", request->asked_at_ms);
        put_number(ret, "due_at_ms", request->due_at_ms);
        put_number(ret, "answered_at_ms", request->answered_at_ms);
        put_number(ret, "overdue", request->overdue);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < incident->reissues_n; i++) {
        const struct reissue *reissue = &incident->reissues[i];
        buf_puts(ret, "reissue");
        put_id(ret, "order", reissue->order);
        put_text(ret, "rule", reissue->rule);
        put_text(ret, "ability", reissue->ability);
        put_number(ret, "at_ms", reissue->at_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < incident->holds_n; i++) {
        const struct rule_hold *hold = &incident->holds[i];
        buf_puts(ret, "hold");
        put_text(ret, "pack", hold->pack);
        put_text(ret, "rule", hold->rule);
        put_number(ret, "since_ms", hold->since_ms);
        put_number(ret, "due_ms", hold->due_ms);
        put_print(ret, "terms", hold->terms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < incident->referrals_n; i++) {
        buf_puts(ret, "referral");
        put_text(ret, "region", incident->referrals[i].region);
        put_number(ret, "at_ms", incident->referrals[i].at_ms);
        put_text(ret, "unreached", incident->referrals[i].unreached);
        put_number(ret, "unreached_due_ms", incident->referrals[i].unreached_due_ms);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; incident->marks != NULL && i < FACT_FIELDS; i++) {
        if (incident->marks[i].at_ms != 0) {
            buf_puts(ret, "mark");
            put_number(ret, "field", (int64_t)i);
            put_number(ret, "at_ms", incident->marks[i].at_ms);
            put_print(ret, "value", incident->marks[i].value);
            buf_puts(ret, "\n");
        }
    }
    for (size_t i = 0; i < incident->shares_n; i++) {
        buf_puts(ret, "share");
        put_text(ret, "region", incident->shares[i].region);
        put_number(ret, "up_to_seq", (int64_t)incident->shares[i].up_to_seq);
        put_number(ret, "more", incident->shares[i].more);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < incident->heard_n; i++) {
        buf_puts(ret, "heard");
        put_text(ret, "region", incident->heard[i].region);
        put_number(ret, "epoch", (int64_t)incident->heard[i].epoch);
        put_number(ret, "seq", (int64_t)incident->heard[i].seq);
        buf_puts(ret, "\n");
    }
    if (incident->spread != NULL) {
        dump_spread(incident->spread, ret);
    }
    for (size_t i = 0; i < incident->clocks_n; i++) {
        dump_clock(&incident->clocks[i], ret);
    }
    for (size_t i = 0; i < incident->sent_n; i++) {
        const struct sent_report *sent = &incident->sent[i];
        buf_puts(ret, "sent");
        put_text(ret, "kind", report_kind_name(sent->kind));
        put_text(ret, "medium", medium_name(sent->medium));
        put_text(ret, "to", tier_name(sent->to));
        put_number(ret, "signer", sent->signer);
        put_number(ret, "at_ms", sent->at_ms);
        buf_puts(ret, "\n");
    }
    if (incident->post != NULL) {
        dump_post(incident->post, ret);
    }
    if (incident->ties != NULL) {
        dump_ties(incident->ties, ret);
    }
    if (incident->disputes != NULL) {
        disputes_dump(incident->disputes, ret);
    }
    otherwise_dump(incident, ret);
    for (size_t i = 0; i < incident->orders_n; i++) {
        dump_order(&incident->orders[i], ret);
    }
}

static bool dump_incident(void *ctx, const struct incident *incident)
{
    state_dump_incident(incident, ctx);
    return true;
}

static void dump_lookout(const struct lookout *lookout, struct buf *ret)
{
    buf_puts(ret, "lookout");
    put_text(ret, "pack", lookout->pack);
    put_text(ret, "rule", lookout->rule);
    put_text(ret, "when", rule_trigger_word(lookout->trigger));
    put_text(ret, "unit", lookout->unit);
    put_text(ret, "name", lookout->name);
    put_text(ret, "mode", mode_name(lookout->mode));
    put_number(ret, "began", lookout->began_ms);
    put_number(ret, "since", lookout->since_ms);
    put_number(ret, "due", lookout->due_ms);
    put_number(ret, "ended", lookout->ended_ms);
    put_number(ret, "rest", lookout->rest_ms);
    put_number(ret, "doubted", lookout->doubted_ms);
    put_number(ret, "unknown", lookout->unknown);
    buf_puts(ret, "\n");
}

static bool dump_agent(void *ctx, const struct agent *agent)
{
    struct buf *ret = ctx;

    buf_puts(ret, "agent");
    put_text(ret, "name", agent->name);
    put_number(ret, "acked_urgent", (int64_t)agent->acked[LANE_URGENT]);
    put_number(ret, "acked_orders", (int64_t)agent->acked[LANE_ORDERS]);
    put_number(ret, "acked_bulk", (int64_t)agent->acked[LANE_BULK]);
    put_number(ret, "lost_epoch", (int64_t)agent->lost_epoch);
    put_number(ret, "lost_seq", (int64_t)agent->lost_seq);
    put_number(ret, "lookouts_limited", agent->lookouts_limited_ms);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < agent->units_n; i++) {
        const struct unit *unit = &agent->units[i];
        buf_puts(ret, "unit");
        put_text(ret, "id", unit->id);
        put_text(ret, "type", unit->type);
        put_words(ret, "abilities", unit->abilities);
        put_words(ret, "equipment", unit->equipment);
        put_text(ret, "status", unit_status_name(unit->status));
        put_number(ret, "crew", unit->crew);
        put_text(ret, "kind", unit->kind == UNIT_KIND_TEAM ? unit_kind_name(unit->kind) : "");
        put_text(ret, "team", unit->team);
        buf_puts(ret, "\n");
    }
    for (size_t i = 0; i < agent->lookouts_n; i++) {
        dump_lookout(&agent->lookouts[i], ret);
    }
    return true;
}

static bool dump_alert(void *ctx, const struct alert *alert)
{
    struct buf *ret = ctx;

    buf_puts(ret, "alert");
    put_id(ret, "id", alert->id);
    put_text(ret, "mode", mode_name(alert->mode));
    put_text(ret, "source", alert_word(ALERT_SOURCES, (int)alert->source));
    put_text(ret, "sender", alert->sender);
    put_text(ret, "identifier", alert->identifier);
    put_number(ret, "sent_ms", alert->sent_ms);
    buf_puts(ret, "\n");
    for (size_t i = 0; i < alert->contents_n; i++) {
        const struct alert_content *content = &alert->contents[i];
        buf_puts(ret, "content");
        put_bytes(ret, "content", content->content, sizeof content->content);
        put_number(ret, "recorded_at_ms", content->recorded_at_ms);
        put_number(ret, "type", (int64_t)content->type);
        put_number(ret, "urgency", (int64_t)content->urgency);
        put_number(ret, "severity", (int64_t)content->severity);
        put_number(ret, "certainty", (int64_t)content->certainty);
        put_number(ret, "colour", (int64_t)content->colour);
        put_number(ret, "expires_ms", content->expires_ms);
        put_words(ret, "geocodes", content->geocodes);
        put_ids(ret, "references", content->references, content->references_n);
        buf_puts(ret, "\n");
    }
    return true;
}

void state_dump(const struct state *state, struct buf *ret)
{
    dump_region(state_region(state), ret);
    if (state_each_agent(state, dump_agent, ret) < 0 || state_each_incident(state, dump_incident, ret) < 0 ||
        state_each_alert(state, dump_alert, ret) < 0) {
        ret->failed = true;
    }
}
