#include "agents/ctl/report_check.h"

#include <string.h>

#include "agents/ctl/rules_kind.h"
#include "common/base/text.h"
#include "common/base/when.h"
#include "common/core/division.h"
#include "common/core/kind.h"
#include "common/core/stream.h"
#include "common/view/view_say.h"

enum { WORDS_MAX = 512 };

static const struct region *region_of(struct session *session)
{
    return state_region(view_state(session_view(session)));
}

int report_check_facts(const struct facts *facts, enum lang lang, struct err *err)
{
    const struct {
        const char *option;
        int64_t n;
        int64_t max;
    } counts[] = {{"dead", facts->casualties.dead, REPORT_PERSONS_MAX},
                  {"missing", facts->casualties.missing, REPORT_PERSONS_MAX},
                  {"serious", facts->casualties.serious, REPORT_PERSONS_MAX},
                  {"minor", facts->casualties.minor, REPORT_PERSONS_MAX},
                  {"trapped", facts->casualties.trapped, REPORT_PERSONS_MAX},
                  {"loss", facts->loss_cny, REPORT_LOSS_MAX_CNY}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (counts[i].n > counts[i].max) {
            return err_set(
                err, ERR_USAGE,
                lang_text(lang,
                          "--%s %lld: more than %lld cannot be meant; count the digits, and say in "
                          "--text what is not a number",
                          "--%s %lld：超出上限 %lld，请核对位数；数字以外的情况写入 --text"),
                counts[i].option, (long long)counts[i].n, (long long)counts[i].max);
        }
    }
    if (facts->division[0] != '\0' && !division_is_known(facts->division)) {
        return err_set(
            err, ERR_USAGE,
            lang_text(lang,
                      "--division %s: no code of GB/T 2260; it has 6 digits (county), 9 (township) or "
                      "12 (village); \"muster region list\" shows those in force",
                      "--division %s：行政区划代码为 6 位（县）、9 位（乡镇）或 12 位（村）数字；"
                      "muster region list 可查现行代码"),
            facts->division);
    }
    return 0;
}

/* In the region's time where that is known. */
static const char *time_text(struct session *session, int64_t ms, char ret[WHEN_TEXT])
{
    return region_of(session)->code[0] != '\0' ? view_time(view_state(session_view(session)), ms, ret)
                                               : when_format(ms, 0, ret);
}

int report_check_time(struct session *session, const struct facts *facts, struct err *err)
{
    int64_t now_ms = session_now_ms(session);
    char occurred[WHEN_TEXT], now[WHEN_TEXT];

    if (facts->occurred_at_ms <= now_ms + MOMENT_AHEAD_MAX_MS) {
        return 0;
    }
    return err_set(err, ERR_DATA,
                   lang_text(session_lang(session),
                             "--occurred %s lies in the future: it is %s now; mend the time, or leave it out",
                             "--occurred %s 晚于当前时间 %s：请更正，或不填"),
                   time_text(session, facts->occurred_at_ms, occurred), time_text(session, now_ms, now));
}

void report_note_time(struct session *session, const struct facts *facts, const struct incident *incident)
{
    int64_t ago_ms = session_now_ms(session) - facts->occurred_at_ms;
    char occurred[WHEN_TEXT], opened[WHEN_TEXT];

    if (facts->occurred_at_ms == 0) {
        return;
    }
    if (ago_ms > REPORT_LONG_AGO_MS) {
        ctl_note(
            lang_text(session_lang(session),
                      "it happened %lld d ago, at %s; if that is not meant, \"muster incident update ID "
                      "--occurred TIME\" corrects it",
                      "发生时间在 %lld 天前（%s）：如有误，muster incident update ID --occurred TIME 可更正"),
            (long long)(ago_ms / REPORT_LONG_AGO_MS), time_text(session, facts->occurred_at_ms, occurred));
    } else if (incident != NULL && facts->occurred_at_ms > incident->opened_at_ms + MOMENT_AHEAD_MAX_MS) {
        ctl_note(lang_text(
                     session_lang(session),
                     "%s lies after the incident's first report, of %s; if that is not meant, \"muster "
                     "incident update ID --occurred TIME\" corrects it",
                     "发生时间 %s 晚于初报时间 %s：如有误，muster incident update ID --occurred TIME 可更正"),
                 time_text(session, facts->occurred_at_ms, occurred),
                 time_text(session, incident->opened_at_ms, opened));
    }
}

int report_check_sent(struct session *session, const struct incident *incident, int64_t at_ms,
                      struct err *err)
{
    char at[WHEN_TEXT], begun[WHEN_TEXT];
    enum lang lang = session_lang(session);

    if (incident->occurred_at_ms != 0 && at_ms < incident->occurred_at_ms) {
        return err_set(
            err, ERR_DATA,
            lang_text(lang,
                      "--at %s lies before the incident happened, at %s; mend the time, or say when it "
                      "happened: \"muster incident update ID --occurred TIME\"",
                      "--at %s 早于事发时间 %s：请更正；如事发时间有误，"
                      "muster incident update ID --occurred TIME 可更正"),
            time_text(session, at_ms, at), time_text(session, incident->occurred_at_ms, begun));
    }
    if (incident->occurred_at_ms == 0 && at_ms < incident->opened_at_ms - REPORT_SENT_EARLY_MAX_MS) {
        return err_set(
            err, ERR_DATA,
            lang_text(lang,
                      "--at %s lies more than a day before the incident's first report, of %s; mend the "
                      "time, or say when it happened: \"muster incident update ID --occurred TIME\"",
                      "--at %s 早于初报时间 %s 一天以上：请更正，或先以 "
                      "muster incident update ID --occurred TIME 说明事发时间"),
            time_text(session, at_ms, at), time_text(session, incident->opened_at_ms, begun));
    }
    if (at_ms < incident->opened_at_ms) {
        ctl_note(lang_text(lang, "%s lies before the incident's first report here, of %s; it is taken so",
                           "%s 早于本地初报时间 %s，仍按此登记"),
                 time_text(session, at_ms, at), time_text(session, incident->opened_at_ms, begun));
    }
    return 0;
}

/* --- kinds ---------------------------------------------------------------------------------------- */

void report_name_kind(struct session *session, struct facts *facts)
{
    const struct incident_kind *kind = incident_kind_find_zh(facts->kind);
    char stream[STREAM_NAME_MAX];
    struct err no_watch = {0};

    if (facts->kind[0] == '\0' || kind == NULL) {
        return;
    }
    (void)session_read(session, TAIL_STREAM, stream_of_region(session_profile(session)->region.name, stream),
                       &no_watch);
    if (region_kind(region_of(session), facts->kind) == NULL) {
        facts->kind = kind->word;
    }
}

/* "; did you mean "mine"?" or nothing. */
static void note_with_nearest(struct session *session, const char *note, const char *word, const char *near)
{
    if (near == NULL) {
        ctl_note("%s\"%s\"", note, word);
    } else {
        ctl_note(
            lang_text(session_lang(session), "%s\"%s\"; did you mean \"%s\"?", "%s\"%s\"；是否为 \"%s\"？"),
            note, word, near);
    }
}

static void note_kind(struct session *session, const char *word)
{
    const struct region *region = region_of(session);
    const struct policy *policy = &region->policy;

    if (word[0] == '\0' || region_kind(region, word) != NULL) {
        return;
    }
    if (incident_kind_find(word) != NULL) {
        if (policy->kinds_n > 0) {
            ctl_note(lang_text(session_lang(session),
                               "the policy says nothing of the kind \"%s\", so it asks for nothing more",
                               "策略未规定事件类型 \"%s\"，不要求补充"),
                     word);
        }
        return;
    }
    note_with_nearest(session,
                      lang_text(session_lang(session),
                                "neither the policy nor the table of kinds has the kind ",
                                "策略和事件类型表中均无类型 "),
                      word, kind_nearest(policy, word));
}

static void note_substance(struct session *session, const char *word)
{
    const struct region *region = region_of(session);
    const struct policy *policy = &region->policy;
    const char *names[WORDS_MAX + 1];
    size_t n = 0;

    if (word[0] == '\0' || policy->substances_n == 0 || region_substance(region, word) != NULL) {
        return;
    }
    for (size_t i = 0; i < policy->substances_n && n < WORDS_MAX; i++) {
        names[n++] = policy->substances[i].substance;
    }
    names[n] = NULL;
    note_with_nearest(session,
                      lang_text(session_lang(session),
                                "no equipment is asked for: the policy knows no substance ",
                                "不要求携带装备：策略中无危化品 "),
                      word, text_nearest(word, names));
}

/* --- divisions ------------------------------------------------------------------------------------ */

static void note_division(struct session *session, const struct facts *facts)
{
    const struct region *region = region_of(session);
    int64_t at_ms = facts->occurred_at_ms != 0 ? facts->occurred_at_ms : session_now_ms(session);
    enum lang lang = session_lang(session);

    if (facts->division[0] == '\0' || region->code[0] == '\0') {
        return;
    }
    if (!division_is_within(facts->division, region->code)) {
        ctl_note(
            lang_text(lang,
                      "%s does not lie in region %s, so the incident touches another: \"muster incident "
                      "refer ID --to REGION\" tells that one, \"muster incident update ID --division CODE\" "
                      "corrects it",
                      "%s 不在本行政区 %s 内，事件涉及其他地区：muster incident refer ID --to REGION "
                      "可通报该地区，muster incident update ID --division CODE 可更正"),
            facts->division, region->code);
    } else if (region->divisions_n == 0) {
        ctl_note(
            lang_text(
                lang,
                "no table of divisions is in force, so %s was not looked up: \"muster region load FILE\" "
                "puts one in force",
                "尚无现行行政区划代码表，%s 未核对：muster region load FILE 可加载"),
            facts->division);
    } else if (region_doubts_division(region, facts->division,
                                      division_day(at_ms, region->utc_offset_minutes))) {
        ctl_note(lang_text(lang,
                           "%s is no division of the table in force: \"muster region list\" shows them, "
                           "\"muster incident update ID --division CODE\" corrects it",
                           "%s 不在现行行政区划代码表中：muster region list 可查，"
                           "muster incident update ID --division CODE 可更正"),
                 facts->division);
    }
}

void report_note_doubts(struct session *session, const struct facts *facts)
{
    note_substance(session, facts->substance);
    note_kind(session, facts->kind);
    note_division(session, facts);
}
