#include "common/core/command.h"

#include "common/core/event.h"

const char *command_kind_name(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_NONE:
        return "?";
    case COMMAND_FOUND_REGION:
        return "found-region";
    case COMMAND_ENROL_AGENT:
        return "enrol-agent";
    case COMMAND_ENROL_OPERATOR:
        return "enrol-operator";
    case COMMAND_REVOKE:
        return "revoke";
    case COMMAND_SET_POLICY:
        return "set-policy";
    case COMMAND_SET_PACK:
        return "set-pack";
    case COMMAND_DROP_PACK:
        return "drop-pack";
    case COMMAND_SET_DIVISIONS:
        return "set-divisions";
    case COMMAND_FILE_REPORT:
        return "file-report";
    case COMMAND_CLOSE_INCIDENT:
        return "close-incident";
    case COMMAND_ISSUE_ORDERS:
        return "issue-orders";
    case COMMAND_RECALL_ORDER:
        return "recall-order";
    case COMMAND_CONFIRM_ORDER:
        return "confirm-order";
    case COMMAND_ORDER_EVACUATION:
        return "order-evacuation";
    case COMMAND_GIVE_RECEIPT:
        return "give-receipt";
    case COMMAND_STATE_UNITS:
        return "state-units";
    case COMMAND_RECORD_HISTORY:
        return "record-history";
    case COMMAND_RECORD_ALERT:
        return "record-alert";
    case COMMAND_SET_GRADE:
        return "set-grade";
    case COMMAND_SET_LEVEL:
        return "set-level";
    case COMMAND_SEND_REPORT:
        return "send-report";
    case COMMAND_LINK_INCIDENTS:
        return "link-incidents";
    case COMMAND_MERGE_INCIDENT:
        return "merge-incident";
    case COMMAND_SPLIT_INCIDENT:
        return "split-incident";
    case COMMAND_SET_POST:
        return "set-post";
    case COMMAND_OFFER_POST:
        return "offer-post";
    case COMMAND_ANSWER_POST:
        return "answer-post";
    case COMMAND_REFER_INCIDENT:
        return "refer-incident";
    case COMMAND_TELL_RECORD:
        return "tell-record";
    case COMMAND_OFFER_LEAD:
        return "offer-lead";
    case COMMAND_TAKE_LEAD:
        return "take-lead";
    case COMMAND_ASSESS_INCIDENT:
        return "assess-incident";
    case COMMAND_CARRY_RECORD:
        return "carry-record";
    case COMMAND_ACK:
        return "ack";
    case COMMAND_PASS_DEADLINES:
        return "pass-deadlines";
    case COMMAND_SET_CLOCK:
        return "set-clock";
    case COMMAND_COUNT_REFUSALS:
        return "count-refusals";
    case COMMAND_RECOVER:
        return "recover";
    case COMMAND_NOTE_LOSS:
        return "note-loss";
    case COMMAND_REISSUE_ORDER:
        return "reissue-order";
    case COMMAND_SHARE_INCIDENT:
        return "share-incident";
    case COMMAND_NOTE_LINK:
        return "note-link";
    case COMMAND_SEND_CANARY:
        return "send-canary";
    case COMMAND_NOTE_UNTOLD:
        return "note-untold";
    case COMMAND_NOTE_READING:
        return "note-reading";
    case COMMAND_NOTE_SILENCE:
        return "note-silence";
    case COMMAND_NOTE_LOOKOUT_LIMIT:
        return "note-lookout-limit";
    case COMMAND_PASS_WARNING:
        return "pass-warning";
    case COMMAND_ASK_INCIDENTS:
        return "ask-incidents";
    }
    return "?";
}

bool command_is_brokers_own(enum command_kind kind)
{
    return kind >= COMMAND_PASS_DEADLINES && kind <= COMMAND_ASK_INCIDENTS;
}

bool tell_has_level(const struct tell_record *tell)
{
    for (size_t i = 0; i < tell->told_n; i++) {
        for (size_t j = 0; j < tell->told[i].events_n; j++) {
            if (tell->told[i].events[j].kind == EVENT_LEVEL_SET) {
                return true;
            }
        }
    }
    return false;
}

const struct tell_record *command_tells(const struct command *command)
{
    return command->kind == COMMAND_TELL_RECORD    ? &command->tell_record
           : command->kind == COMMAND_CARRY_RECORD ? &command->carry_record.tell
                                                   : NULL;
}
