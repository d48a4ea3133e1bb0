/* How much a line matters, and how it is painted. */
#include "common/view/view_say.h"

const char *view_tone_on(const struct view_voice *voice, enum view_tone tone)
{
    static const char *const on[] = {[TONE_PLAIN] = "",
                                     [TONE_QUIET] = "\033[2m",
                                     [TONE_GOOD] = "\033[32m",
                                     [TONE_WARN] = "\033[33m",
                                     [TONE_BAD] = "\033[31m"};

    return voice->color ? on[tone] : "";
}

const char *view_tone_off(const struct view_voice *voice, enum view_tone tone)
{
    return voice->color && tone != TONE_PLAIN ? "\033[0m" : "";
}

enum view_tone view_step_tone(const struct view_step *step)
{
    switch (step->kind) {
    case EVENT_INFORMATION_OVERDUE:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
    case EVENT_RECOVERED:
    case EVENT_LOSS_NOTED:
    case EVENT_GRADED:
    case EVENT_LEVEL_SET:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_ABILITY_SHORT:
    case EVENT_LOOKOUT_FIRED:
    case EVENT_WARNING_FIRED:
        return TONE_BAD;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_ORDER_AMENDED:
    case EVENT_ORDER_RECALLED:
    case EVENT_RECEIPT_NOTED:
    case EVENT_GRADE_DOUBTED:
    case EVENT_FACTS_RETURNED:
    case EVENT_GRADE_OTHERWISE:
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEVEL_HEARD:
    case EVENT_REFERRED:
    case EVENT_CLOCK_WARNED:
    case EVENT_ORDER_REMINDED:
    case EVENT_ORDER_REISSUED:
    case EVENT_LOOKOUT_DOUBTED:
    case EVENT_LOOKOUT_LIMITED:
    case EVENT_WARNING_BEGAN:
        return TONE_WARN;
    case EVENT_SHARE_BEGUN:
    case EVENT_SHARED:
    case EVENT_HEARD:
    case EVENT_ORDERS_KNOWN:
    case EVENT_COUNTS_KNOWN:
    case EVENT_PART_HEARD:
    case EVENT_CANARY_SENT:
    case EVENT_CANARY_HEARD:
        return TONE_QUIET;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
        return TONE_WARN;
    case EVENT_LEAD_DISPUTED:
    case EVENT_ORDERS_DISPUTED:
    case EVENT_COUNT_APART:
    case EVENT_POST_APART:
    case EVENT_COUNT_MISSED:
    case EVENT_UNTOLD:
        return TONE_BAD;
    case EVENT_ORDER_UNREACHED:
        return step->unsaid ? TONE_QUIET : step->subject[0] != '\0' ? TONE_BAD : TONE_GOOD;
    case EVENT_REGION_UNREACHED:
        return step->unsaid ? TONE_QUIET : step->what[0] != '\0' ? TONE_BAD : TONE_GOOD;
    case EVENT_NOTIFIED:
        return step->nobody ? TONE_BAD : TONE_WARN;
    case EVENT_LINK_SET:
        return step->late ? TONE_BAD : TONE_GOOD;
    case EVENT_ALERT_RECORDED:
        return step->number > 1 ? TONE_WARN : TONE_PLAIN;
    case EVENT_CLOCK_SET:
        return step->stepped_ms != 0 || step->stood_ms != 0 ? TONE_WARN : TONE_QUIET;
    case EVENT_RUNG_REACHED:
        return step->rung == RUNG_DECLINED                                   ? TONE_WARN
               : step->rung == RUNG_ON_SCENE || step->rung == RUNG_COMPLETED ? TONE_GOOD
                                                                             : TONE_PLAIN;
    case EVENT_ORDER_ISSUED:
        return step->is_evacuation ? TONE_BAD : TONE_PLAIN;
    case EVENT_ACKNOWLEDGED:
    case EVENT_UNITS_STATED:
    case EVENT_LOOKOUT_BEGAN:
    case EVENT_LOOKOUT_ENDED:
    case EVENT_WARNING_TAKEN:
    case EVENT_WARNINGS_HEEDED:
    case EVENT_RULE_WAITS:
    case EVENT_RULE_FIRED:
    case EVENT_RULE_ENDED:
    case EVENT_REISSUE_WANTED:
        return TONE_QUIET;
    default:
        if (step->kind >= EVENT_INCIDENT_LINKED && step->kind <= EVENT_DIVISION_DOUBTED) {
            return TONE_WARN; /* what people decide about whole incidents, or are to */
        }
        return step->kind < EVENT_INCIDENT_OPENED ? TONE_QUIET : TONE_PLAIN;
    }
}
