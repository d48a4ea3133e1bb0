/* What the rules share while one command is being decided: for *_decide.c alone. */
#ifndef MUSTER_COMMON_CORE_DECIDE_PRIVATE_H
#define MUSTER_COMMON_CORE_DECIDE_PRIVATE_H

#include "common/core/decide.h"

enum {
    COMMAND_LIFE_MAX_MS = 7 * 24 * 3600 * 1000, /* a command waits at most a week in a journal */
    AMEND_ANSWER_DEFAULT_MS = 2 * 60 * 1000,
    REFUSAL_DETAIL_MAX = 1024, /* whole: three names and a sentence; a cut one might end within a character */
    DEADLINES_PER_COMMAND_MAX = 256 /* the rest are due still, and passed by the next */
};
#define ORDER_LIFE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)
#define POLICY_TIME_MAX_MS ORDER_LIFE_MAX_MS /* also keeps now + time far from overflow */

struct deciding {
    const struct state *state;
    const struct region *region;
    const struct command *command;
    const struct env *env;
    struct arena *arena;
    struct event *events;
    size_t events_n;
    size_t capacity;
    enum refusal refusal;
    const char *detail;
    bool no_memory;
    size_t reach;      /* agents of the orders so far */
    size_t amended;    /* bytes of the amendments so far */
    struct event sink; /* where an event goes when there is no memory: read by nobody */
};

/* The next event, zeroed but for its kind; its memory is a sink when there is none left. */
struct event *decide_emit(struct deciding *d, enum event_kind kind);
void decide_refuse(struct deciding *d, enum refusal refusal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The command concerns these agents of an order too, and not too many in all, or it is refused. */
bool decide_reaches(struct deciding *d, struct words agents);

/* The author (operator or agent) has the right, or the command is refused. */
bool decide_needs_right(struct deciding *d, const char *right, const char *kind);
/* The id is not zero, or the command is refused. */
bool decide_names_incident(struct deciding *d, struct id id);
/* An operator signed, or the command is refused. */
bool decide_signed_by_person(struct deciding *d);
/* The grade as it stands while a record is heard. */
struct grade_known {
    enum grade grade, doubted;
    const char *doubted_in; /* as in the incident */
};
/* Here, too, rules and other regions only raise it; but a past that is told at once (incident: NULL) is as it
 * is, and what who leads has lowered since is for a person here to decide, unless who leads comes back to
 * what stands here. */
void decide_hear_graded(struct deciding *d, const struct incident *incident, struct grade_known *known,
                        const char *lead, const char *told_by, const struct event *event);
/* When this region knew of the incident that it opens, for the event that does: a stream is read whether the
 * region's is there or not, so what the generation decides stands in events. 0: an older log. */
int64_t decide_received(const struct deciding *d);
/* Who says it: the operator who signed, or the agent. */
const char *decide_speaker(const struct deciding *d);
/* The incident is there, of the command's mode and no history, or the command is refused and NULL. The one
 * that survives, when it was merged. */
const struct incident *decide_incident(struct deciding *d, struct id id);
/* The same, and the very one that is named. */
const struct incident *decide_named_incident(struct deciding *d, struct id id);
/* The moment as which another region's word counts that says it was said then: at FACTS_AHEAD_MAX_MS from now
 * at the latest. Within that regions that hear each other come to the same. */
int64_t decide_heard_at(const struct deciding *d, int64_t at_ms);
/* The moment under which these facts are said here: now, or just after what was heard of them by a clock that
 * is ahead. */
int64_t decide_facts_at(const struct deciding *d, const struct incident *incident, const struct facts *news);
/* This record issues orders of a shared incident, or takes its lead: what was known of others' orders. */
void decide_orders_known(struct deciding *d);
/* The same as another region, `told_by`, says it: of what was done apart it is told that a person decides.
 * incident NULL: it was not known here. */
void decide_disputes(struct deciding *d, const struct incident *incident, const char *told_by,
                     const struct event *known);
/* Counts that a record of that region says, of which `news` hold: what gives way to a word that did not know
 * of it is told. */
void decide_counts_apart(struct deciding *d, const struct incident *incident, struct id id,
                         const struct told_record *told, const struct casualties *said,
                         const struct casualties *news, int64_t at_ms);
/* Counts among these fields of an incident merged into that one, which says less: a person decides. */
void decide_part_apart(struct deciding *d, const struct incident *whole, const struct incident *part,
                       uint32_t fields);
/* Less than what such a count is comes from another region, or from the incident `from`, which know nothing
 * of it: it stands apart still. from zero: of none. */
void decide_parts_still_apart(struct deciding *d, const struct incident *whole, struct id from,
                              const struct casualties *news);
/* What who closes says of counts; and what another region's closing did not know of those that are here. */
void decide_counts_closed(const struct deciding *d, const struct incident *incident,
                          struct incident_closed *ret);
void decide_closing_missed(struct deciding *d, const struct incident *incident, const struct event *closed);
void decide_hear_settled(struct deciding *d, const struct incident *incident, const char *told_by,
                         const struct event *event);
/* The code of a division that a report names and the table in force does not know is told: the report
 * stands. */
void decide_check_division(struct deciding *d, struct id incident, const struct facts *facts);
/* The order of that incident, or of one that is the same event, with the incident in whose stream it is;
 * or the command is refused and NULL. */
const struct order *decide_order(struct deciding *d, struct id incident, struct id order,
                                 const struct incident **ret_home);
/* What was ordered for an incident under its id, or moved to it: so many, and the i-th, which is NULL when
 * it was moved away. */
size_t decide_orders_of_event(const struct incident *incident);
const struct order *decide_order_of_event(const struct deciding *d, const struct incident *incident,
                                          size_t i);
/* A position that is given names its reference system, or the command is refused. */
bool decide_has_reference(struct deciding *d, const struct facts *facts);
/* The time at which what is told happened, as far as it can be believed: not after now, not before. */
int64_t decide_occurred(const struct deciding *d, int64_t not_before_ms);

/* What crews need for this kind and substance by the policy: sorted, each once, in the arena. */
struct words decide_needs(struct deciding *d, const char *kind, const char *substance);

/* One function a command. Each emits events, or refuses, or neither when it is true already. */
void decide_found_region(struct deciding *d, const struct found_region *command);
void decide_enrol(struct deciding *d, const struct enrol *command, bool is_operator);
void decide_revoke(struct deciding *d, const struct revoke *command);
void decide_set_policy(struct deciding *d, const struct policy *command);
void decide_set_pack(struct deciding *d, const struct set_pack *command);
void decide_drop_pack(struct deciding *d, const struct drop_pack *command);
void decide_set_clock(struct deciding *d, const struct set_clock *command);
void decide_recover(struct deciding *d, const struct recover *command);
void decide_note_loss(struct deciding *d, const struct note_loss *command);
void decide_count_refusals(struct deciding *d, const struct count_refusals *command);
void decide_set_divisions(struct deciding *d, const struct set_divisions *command);
void decide_file_report(struct deciding *d, const struct file_report *command);
void decide_set_grade(struct deciding *d, const struct set_grade *command);
void decide_set_level(struct deciding *d, const struct set_level *command);
void decide_send_report(struct deciding *d, const struct send_report *command);
void decide_link_incidents(struct deciding *d, const struct link_incidents *command);
void decide_merge_incident(struct deciding *d, const struct merge_incident *command);
void decide_split_incident(struct deciding *d, const struct split_incident *command);
void decide_set_post(struct deciding *d, const struct set_post *command);
void decide_offer_post(struct deciding *d, const struct offer_post *command);
void decide_answer_post(struct deciding *d, const struct answer_post *command);
void decide_close_incident(struct deciding *d, const struct close_incident *command);
void decide_issue_orders(struct deciding *d, const struct issue_orders *command);
void decide_recall_order(struct deciding *d, const struct recall_order *command);
void decide_confirm_order(struct deciding *d, const struct confirm_order *command);
void decide_order_evacuation(struct deciding *d, const struct order_evacuation *command);
void decide_give_receipt(struct deciding *d, const struct give_receipt *command);
void decide_record_history(struct deciding *d, const struct record_history *command);
void decide_record_alert(struct deciding *d, const struct record_alert *command);
void decide_state_units(struct deciding *d, const struct state_units *command);
void decide_ack(struct deciding *d, const struct ack *command);
void decide_pass_deadlines(struct deciding *d, const struct pass_deadlines *command);
void decide_reissue_order(struct deciding *d, const struct reissue_order *command);
void decide_refer_incident(struct deciding *d, const struct refer_incident *command);
void decide_offer_lead(struct deciding *d, const struct offer_lead *command);
void decide_take_lead(struct deciding *d, const struct take_lead *command);
void decide_assess_incident(struct deciding *d, const struct assess_incident *command);
void decide_share_incident(struct deciding *d, const struct share_incident *command);
void decide_tell_record(struct deciding *d, const struct tell_record *command);
void decide_carry_record(struct deciding *d, const struct carry_record *command);
void decide_note_link(struct deciding *d, const struct note_link *command);
void decide_note_untold(struct deciding *d, const struct note_untold *command);
void decide_send_canary(struct deciding *d, const struct send_canary *command);
void decide_note_reading(struct deciding *d, const struct note_reading *command);
void decide_note_silence(struct deciding *d, const struct note_silence *command);
void decide_note_lookout_limit(struct deciding *d, const struct note_lookout_limit *command);
void decide_pass_warning(struct deciding *d, const struct pass_warning *command);
void decide_ask_incidents(struct deciding *d, const struct ask_incidents *command);

/* By a rule: to "parent", "neighbours", "superior", "touched" or a region's code; `after` as this
 * record leaves it. */
void decide_refer(struct deciding *d, const struct incident *after, const char *region, const char *rule);
/* An order that was heard and is for this region, where nobody has its address. */
void decide_nobody_there(struct deciding *d, struct id incident, struct id order);
/* The incident was referred to the region, beside this: says so if no link leads there. */
void decide_no_way(struct deciding *d, struct id incident, const char *region);
/* What comes from `from` and is for the region goes by this one as far as can be told, and no further. */
bool decide_ends_here(const struct deciding *d, const char *region, const char *from);
/* The incident is shared with the region `next`: what goes by it is on its way. */
void decide_way_found(struct deciding *d, const struct incident *incident, const char *next);
/* What another region says of it; told_by is whose log it is. there: NULL when this record brings the
 * order. */
void decide_hear_region_unreached(struct deciding *d, const struct incident *incident, const char *told_by,
                                  const struct region_unreached *said);
void decide_hear_order_unreached(struct deciding *d, struct id incident, struct id order,
                                 const struct order *there, const char *home,
                                 const struct order_unreached *said);
/* Says what is due. */
void decide_pass_unreached(struct deciding *d, const struct incident *incident);
void decide_pass_unreached_order(struct deciding *d, const struct incident *incident,
                                 const struct order *order);
/* By a rule: whom it tells, or who is told instead. */
struct notified decide_notice(const struct deciding *d, const char *role, const char *rule);
/* The addressee is another region's, which is to have its part in the incident. */
void decide_reaches_region(struct deciding *d, struct id incident, const char *addressee);
/* The region is offered the lead: where it is not told of the incident yet, it is to be. */
void decide_offers_to(struct deciding *d, const struct incident *incident, const char *region);
/* Whether a receipt can say the rung. */
bool decide_rung_can_be_said(enum rung rung);
/* What follows when facts are known that were not: requests are answered, crews told what they need. */
void decide_follow_facts(struct deciding *d, const struct incident *incident, const struct facts *news);
/* Who leads, as far as is known while a record is heard; "": nobody yet. */
struct lead_known {
    const char *region;
    uint32_t term;
};
/* What another region tells of who leads; known follows. */
void decide_hear_lead(struct deciding *d, struct lead_known *known, const char *told_by,
                      const struct event *event);
/* A report, ours or another region's, names a division: the region that it is of is touched. `incident` is
 * NULL of a new one, `from` the region that says it, "" this one. */
void decide_touch_division(struct deciding *d, const struct incident *incident, struct id id,
                           const char *division, const char *from);
/* What another region tells of how far it reaches; `incident` is NULL when this record opens it. */
void decide_hear_spread(struct deciding *d, const struct incident *incident, const struct event *event);
/* The response levels of other regions that a record tells of: of the incident, and of what is linked to it
 * here. */
void decide_hear_levels(struct deciding *d, const struct incident *incident, struct id id,
                        const struct level_heard *levels, size_t n);
/* Two incidents are linked from now on: each knows of the levels that are known of the other. */
void decide_link_levels(struct deciding *d, const struct incident *one, const struct incident *other);
/* Two incidents turn out to be one: what is said of the part is said of the whole. */
void decide_join_spread(struct deciding *d, const struct incident *whole, const struct incident *part);
/* Other regions that follow the incident are to be told of this record, if it is anything to them. */
void decide_shared(struct deciding *d);

/* Asks for every fact that the kind requires, is not known, and was not asked for before; `incident` is
 * NULL of a new one. */
void decide_ask_missing(struct deciding *d, struct id id, const struct incident *incident, const char *kind,
                        uint32_t known);
/* Open requests for facts that are among the news. */
void decide_answer_requests(struct deciding *d, const struct incident *incident, uint32_t news);
/* The kind or substance of an event has become this: amends the orders under each of its ids, and those
 * merged into it are of that kind too, so that what is amended later asks for the same. */
void decide_event_needs(struct deciding *d, const struct incident *const *family, size_t n, const char *kind,
                        const char *substance);

/* What a merge takes over: facts of `part` that `whole` did not know, beside the event that says them; the
 * kind and substance of `whole`, which `part` has from then on. Then, how a split gives them back. */
void decide_note_taken(struct deciding *d, const struct incident *whole, const struct incident *part,
                       const struct facts *fill, bool graded);
void decide_note_mirrored(struct deciding *d, const struct incident *part, struct id whole,
                          const struct facts *said);
void decide_give_back(struct deciding *d, const struct incident *part, const struct incident *into);
/* The same of fields alone that are not known of the part any more. */
void decide_give_up(struct deciding *d, const struct incident *whole, const struct incident *part,
                    uint32_t fields);
/* Their names, in the arena. */
struct words decide_field_names(struct deciding *d, uint32_t fields);
/* Two incidents turn out to be one: what is known of `part` holds for `whole`, as far as it does. */
void decide_take_over(struct deciding *d, const struct incident *whole, const struct incident *part);
/* This record refers an incident: what is merged into it goes there, too. */
void decide_refer_parts(struct deciding *d);
/* Where this record tells of an incident that is merged here: a record of our own, which follows at once and
 * is told to whoever follows the other one, makes of it what the merge did. */
void decide_part_heard(struct deciding *d, const struct incident *part);
/* That record. False: nothing was heard. */
bool decide_pass_parts(struct deciding *d, const struct incident *whole);
/* What the survivor does not know and the one that joins it does. */
struct facts decide_facts_to_fill(const struct incident *whole, const struct incident *part);
/* Of the facts that another region says, an event of `told`, those that a merge there filled in where nothing
 * was known: bits, fact_mark.h. ret_known: what is known here by a word of its own. */
uint32_t decide_taken_there(const struct told_record *told, const struct event *facts,
                            const struct incident *incident, uint32_t *ret_known);
/* What another region tells of merges; incident NULL: not known here. news: which of its facts hold here. */
void decide_hear_taken(struct deciding *d, const struct incident *incident, const struct event *event,
                       uint32_t news);
void decide_hear_returned(struct deciding *d, const struct incident *incident, const struct event *event);
/* What another region has joined is for a person here to join, or not: it is shown as related while it is. */
void decide_hear_tied(struct deciding *d, const struct incident *incident, struct id id,
                      const struct event *event);

/* Who gets an order to this address: the agent, or every agent of the agency, that takes orders. */
struct words decide_addressees(struct deciding *d, const char *addressee);
/* The order's id is not taken in another incident, or the command is refused. */
bool decide_order_is_new(struct deciding *d, struct id order);

/* The amendments that follow when what crews need becomes `needs`: as many as go into one record beside a
 * command of any size. What is left is noted, and follows in records of the broker's own. */
void decide_amendments(struct deciding *d, const struct incident *incident, struct words needs);

/* Statutory clocks: a rule starts one, or stops it; `after` is the incident as this record leaves it. */
void decide_start_clock(struct deciding *d, const struct incident *after, const char *pack, const char *rule,
                        const struct rule_clock *clock);
void decide_stop_clock(struct deciding *d, const struct incident *after, const char *pack, const char *rule,
                       const char *clock);
/* The command post as it is known while a record is heard. */
struct post_known {
    const char *home; /* whose word it is; NULL: there is none */
    const char *lead;
    const char *commander;
    uint32_t term;
};
/* What another region tells of who commands at the scene: whoever leads says it, and goes before what was
 * said under an old lead; until then what is there stands. What gives way is noted; known follows. */
void decide_hear_post(struct deciding *d, struct post_known *known, const char *lead, const char *told_by,
                      const struct event *event);
/* Two incidents turn out to be one: the survivor has the command post of the other when it has none. */
void decide_keep_post(struct deciding *d, const struct incident *whole, const struct incident *part);
/* Two incidents turn out to be one: what went up of `from` has met what is asked of `to`. */
void decide_share_sent(struct deciding *d, const struct incident *from, const struct incident *to);
/* The incident is closed: what comes again each day ends. */
void decide_stop_daily(struct deciding *d, const struct incident *incident);
/* Those that are due to be told of; one a record when rules are in force. */
void decide_pass_clocks(struct deciding *d, const struct incident *incident);
/* Whether this record of passed deadlines holds enough. */
bool decide_has_room(const struct deciding *d);

/* A rule's word about an order that nobody answers, `rule` being PACK/RULE: its addressee is reminded, or the
 * order is to go to the next agency, which a record that follows at once does. Nothing where that has no
 * sense any more. */
void decide_remind(struct deciding *d, const struct incident *incident, const struct order *order,
                   const char *rule, int64_t within_ms);
void decide_want_reissue(struct deciding *d, const struct incident *incident, const struct order *order,
                         const char *rule, const char *ability);
/* Whether another region's reminder of its order still says something here: nobody has answered, as far as is
 * known. order NULL: this record brings it. */
bool decide_hears_reminder(const struct deciding *d, const struct order *order, struct id id);
/* The line's own word, told by the region at its other end. */
void decide_hear_canary(struct deciding *d, const struct told_record *told, const char *from);

/* Rules of the packs in force. */
bool decide_has_rules(const struct deciding *d);
/* To be asked about what this command of the broker's own says of the incident, or of what was due. */
void decide_rules(struct deciding *d, const struct incident *incident);
/* The alert that this record takes in is at hand as a warning from now on, or ends others that are. */
void decide_warn(struct deciding *d, const struct record_alert *command);
/* The incident's rules are to be asked soon, unless that is said already or it is merged into another. */
void decide_ask_soon(struct deciding *d, struct id incident);
/* To be asked soon, if the command has changed what they ask for. */
void decide_rules_due(struct deciding *d);

#endif
