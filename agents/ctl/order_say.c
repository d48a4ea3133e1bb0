/* muster order recall, evacuate, receipt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/find.h"
#include "agents/ctl/resolve.h"
#include "common/view/view_json.h"

enum { EVACUATE_ANSWER_MS = 60 * 1000, EVACUATE_EXPIRES_MS = 2 * 60 * 60 * 1000 };

static void print_outcome(const struct online *online, const char *what, struct id id,
                          const struct reply *reply, const char *done, const char *unchanged)
{
    char text[ID_TEXT];

    if (online->json) {
        printf("{\"%s\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n", what, id_format(id, text),
               reply->outcome == OUTCOME_DONE ? "done" : "unchanged", (unsigned long long)reply->seq);
    } else {
        printf("%s %s\n", id_format(id, text), reply->outcome == OUTCOME_DONE ? done : unchanged);
    }
}

int ctl_order_recall(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    const struct option options[] = {{"reason", OPTION_TEXT, &reason, "TEXT", "why"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order recall ID [options]",
        .summary =
            "Recalls an order. It is the order's outcome from now on; whoever has not seen the order yet is\n"
            "told that it is not to be begun.",
        .options = options,
        .examples = "  muster order recall 9V0TQX --reason \"false alarm\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_RECALL_ORDER};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_order(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.recall_order = (struct recall_order){resolved.incident, resolved.order, reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, "order", resolved.order, &reply,
                      lang_text(online.lang, "is recalled", "已撤回"),
                      lang_text(online.lang, "was recalled already", "此前已撤回"));
    }
    return session_end(session, rc, &err);
}

/* The orders that an evacuation became, as the incident's stream tells. */
static void print_evacuated(struct session *session, const struct online *online,
                            const struct resolved *resolved, struct id evacuation)
{
    struct resolved again;
    struct err err = {0};
    char whole[ID_TEXT];
    char text[ID_TEXT];

    if (online->json || resolve_incident(session, id_format(resolved->incident, whole), &again, &err) != 0 ||
        !again.read) {
        return;
    }
    const struct incident *incident = state_incident(view_state(session_view(session)), resolved->incident);
    for (size_t i = 0; i < incident->orders_n; i++) {
        if (id_equal(incident->orders[i].evacuation, evacuation)) {
            printf("  %s %s\n", id_format(incident->orders[i].id, text), incident->orders[i].addressee);
        }
    }
}

/* The agent is still to answer it. Who has answered may have come back since: when in doubt it is warned. */
static bool is_addressed(const struct incident *incident, struct id evacuation, const char *agent)
{
    for (size_t i = 0; i < incident->orders_n; i++) {
        if (id_equal(incident->orders[i].evacuation, evacuation) && order_is_open(&incident->orders[i]) &&
            strcmp(incident->orders[i].addressee, agent) == 0) {
            return true;
        }
    }
    return false;
}

/* The newest evacuation that has not come to its end, if it is meant for everybody who is on scene now. */
static bool evacuation_under_way(const struct incident *incident, struct id *ret)
{
    struct id newest = {{0}};

    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        if (order_is_evacuation(order) && order_is_open(order) &&
            memcmp(order->evacuation.b, newest.b, ID_BYTES) > 0) {
            newest = order->evacuation;
        }
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        for (size_t j = 0; j < order->there.n && !order_is_evacuation(order); j++) {
            if (!is_addressed(incident, newest, order->there.at[j])) {
                return false;
            }
        }
    }
    *ret = newest;
    return !id_is_zero(newest);
}

static int evacuate(struct session *session, const struct resolved *resolved, const char *words,
                    int64_t answer_within_ms, struct id *ret, struct reply *reply, struct err *err)
{
    struct command command = {.kind = COMMAND_ORDER_EVACUATION, .mode = resolved->mode};
    struct id evacuation = session_new_id(session);
    int64_t now = session_now_ms(session);

    evacuation.b[ID_BYTES - 2] = 0; /* its orders are numbered there */
    evacuation.b[ID_BYTES - 1] = 0;
    *ret = evacuation;
    command.order_evacuation = (struct order_evacuation){.incident = resolved->incident,
                                                         .evacuation = evacuation,
                                                         .text = words,
                                                         .answer_by_ms = now + answer_within_ms,
                                                         .expires_at_ms = now + EVACUATE_EXPIRES_MS};
    return session_submit(session, &command, reply, err);
}

int ctl_order_evacuate(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    bool again = false;
    const char *incident = NULL;
    const char *words = NULL;
    int64_t answer_within_ms = EVACUATE_ANSWER_MS;
    const struct option options[] = {
        {"incident", OPTION_TEXT, &incident, "ID", "whose crews"},
        {"text", OPTION_TEXT, &words, "TEXT", "why, and where to"},
        {"answer-within", OPTION_DURATION, &answer_within_ms, "TIME", "to be accepted (60s)"},
        {"again", OPTION_FLAG, &again, NULL, "also while an evacuation of the same crews is under way"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order evacuate --incident ID --text TEXT [options]",
        .summary =
            "Orders everybody out who is on scene. It goes before everything else, and each agent "
            "answers by\n"
            "its head-count. While that is under way, saying it again changes nothing, unless somebody has "
            "come.",
        .options = options,
        .examples =
            "  muster order evacuate --incident 7QK3M2 --text \"tank about to fail; gather at the gate\"\n"};
    const struct session_needs needs = {0};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply = {.outcome = OUTCOME_UNCHANGED};
    struct id evacuation;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc =
        incident == NULL || words == NULL ? err_set(&err, ERR_USAGE, "--incident and --text are wanted") : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, incident, &resolved, &err);
    if (rc == 0 && (again || !resolved.read ||
                    !evacuation_under_way(
                        state_incident(view_state(session_view(session)), resolved.incident), &evacuation))) {
        rc = evacuate(session, &resolved, words, answer_within_ms, &evacuation, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, "evacuation", evacuation, &reply,
                      lang_text(online.lang, "is ordered: everybody out", "紧急撤离已下达"),
                      lang_text(online.lang, "is under way already; --again orders it once more",
                                "正在进行，未重复下达；如需再次下达请加 --again"));
        print_evacuated(session, &online, &resolved, evacuation);
    }
    return session_end(session, rc, &err);
}

struct receipt {
    const char *rung;
    const char *units;
    const char *incident;
    const char *text;
    int64_t amendment;
    int64_t present;
    int64_t missing;
    char *units_text;
    const char *unit_names[LIST_MAX];
};

static int fill_receipt(struct receipt *receipt, struct give_receipt *ret, struct err *err)
{
    size_t n = 0;

    *ret = (struct give_receipt){.text = receipt->text};
    ret->rung = receipt->amendment > 0  ? RUNG_ACKNOWLEDGED
                : receipt->rung != NULL ? rung_parse(receipt->rung)
                                        : RUNG_NONE;
    if (ret->rung < RUNG_ACKNOWLEDGED || ret->rung > RUNG_DECLINED) {
        return err_set(err, ERR_USAGE,
                       "--rung: acknowledged, accepted, en-route, on-scene, completed or declined "
                       "is wanted");
    }
    if (receipt->amendment > UINT32_MAX || receipt->present > UINT32_MAX || receipt->missing > UINT32_MAX) {
        return err_set(err, ERR_USAGE, "--amendment, --present and --missing are small numbers");
    }
    ret->amendment = (uint32_t)receipt->amendment;
    ret->has_head_count = receipt->present >= 0 || receipt->missing >= 0;
    ret->present = receipt->present > 0 ? (uint32_t)receipt->present : 0;
    ret->missing = receipt->missing > 0 ? (uint32_t)receipt->missing : 0;
    if (receipt->units == NULL) {
        return 0;
    }
    receipt->units_text = strdup(receipt->units);
    int rc = receipt->units_text == NULL
                 ? ERR_NO_MEMORY
                 : option_split(receipt->units_text, receipt->unit_names, LIST_MAX, &n, err);
    ret->units = (struct words){receipt->unit_names, n};
    return rc;
}

/* An addressee need not have the right to read: then it names the incident too. */
static int resolve_receipt(struct session *session, const char *order, const char *incident,
                           struct resolved *ret, struct err *err)
{
    if (incident == NULL) {
        int rc = resolve_order(session, order, ret, err);
        return rc == ERR_PERMISSION
                   ? err_set(err, rc, "%s may not read the log: give --incident and the order's whole id",
                             session_profile(session)->agent.name)
                   : rc;
    }
    *ret = (struct resolved){.mode = session_profile(session)->mode};
    if (!find_is_whole(order, &ret->order) || !find_is_whole(incident, &ret->incident)) {
        return err_set(err, ERR_USAGE, "with --incident both ids are wanted whole, 26 characters");
    }
    return 0;
}

int ctl_order_receipt(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct receipt receipt = {.text = "", .present = -1, .missing = -1};
    const struct option options[] = {
        {"rung", OPTION_TEXT, &receipt.rung, "RUNG",
         "acknowledged, accepted, en-route, on-scene, completed or declined"},
        {"units", OPTION_TEXT, &receipt.units, "A,B", "who goes"},
        {"present", OPTION_COUNT, &receipt.present, "N", "head-count of an evacuation: who is out"},
        {"missing", OPTION_COUNT, &receipt.missing, "N", "and who is not accounted for"},
        {"amendment", OPTION_COUNT, &receipt.amendment, "N", "acknowledges this amendment instead"},
        {"text", OPTION_TEXT, &receipt.text, "TEXT", "why it is declined, or other words"},
        {"incident", OPTION_TEXT, &receipt.incident, "ID",
         "the order's, for an agent that may not read the log"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order receipt ID --rung RUNG [options]",
        .summary =
            "Says how far an order is, signed by the configuration's agent, which must be its addressee.",
        .options = options,
        .examples = "  muster order receipt 9V0TQX --rung accepted --units E1,E2 --config agents/fire.yaml\n"
                    "  muster order receipt 9V0TQX --rung completed --present 8 --missing 0 --config "
                    "agents/fire.yaml\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {.as_agent = true};
    struct command command = {.kind = COMMAND_GIVE_RECEIPT};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = fill_receipt(&receipt, &command.give_receipt, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_receipt(session, arguments.at[0], receipt.incident, &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.give_receipt.incident = resolved.incident;
        command.give_receipt.order = resolved.order;
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, "order", resolved.order, &reply,
                      online.lang == LANG_ZH ? rung_name_zh(command.give_receipt.rung)
                                             : rung_name(command.give_receipt.rung),
                      lang_text(online.lang, "knew that already", "已有此回执"));
    }
    free(receipt.units_text);
    return session_end(session, rc, &err);
}
