/* muster order reissue: an order's words to somebody else, and its recall. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/view/view_json.h"

struct reissuing {
    const char *to;
    const char *text;
    const char *reason;
    const char *cosigner;
    int64_t answer_within_ms;
    int64_t expires_within_ms;
    struct new_order order;
    bool recalled;
};

static int check(const struct reissuing *reissuing, struct err *err)
{
    if (reissuing->to == NULL || (!name_is_agency(reissuing->to) && !name_is_agent(reissuing->to))) {
        return err_set(err, ERR_USAGE, "--to REGION/AGENCY or REGION/AGENCY/AGENT is wanted");
    }
    if (reissuing->answer_within_ms < 0 || reissuing->expires_within_ms < 0) {
        return err_set(err, ERR_USAGE, "--answer-within and --expires-within are times ahead");
    }
    return 0;
}

/* The same words, and as much time as the old order gave. */
static int fill(struct reissuing *reissuing, struct session *session, const struct resolved *old,
                struct err *err)
{
    const struct order *order = view_find_order(session_view(session), old->order, NULL);
    const struct view_order *told = view_order(session_view(session), old->order);
    int64_t now = session_now_ms(session);

    if (order == NULL || told == NULL) {
        return err_set(err, ERR_PERMISSION,
                       "what was ordered may not be read: give it with order issue --reissue-of");
    }
    if (order_is_evacuation(order) || order->history) {
        return err_set(err, ERR_USAGE, "neither an evacuation nor history is issued again");
    }
    int64_t answer = order->answer_by_ms - order->issued_at_ms;
    int64_t expires = order->expires_at_ms - order->issued_at_ms;
    answer = reissuing->answer_within_ms != 0 ? reissuing->answer_within_ms : answer;
    expires = reissuing->expires_within_ms != 0 ? reissuing->expires_within_ms : expires;
    reissuing->order = (struct new_order){.order = session_new_id(session),
                                          .kind = order->kind,
                                          .addressee = reissuing->to,
                                          .text = reissuing->text != NULL ? reissuing->text : told->text,
                                          .answer_by_ms = now + answer,
                                          .expires_at_ms = now + (expires > answer ? expires : answer),
                                          .reissue_of = old->order};
    return 0;
}

/* The new one first: a recall alone would leave nobody with the order. */
static int submit(struct reissuing *reissuing, struct session *session, const struct resolved *old,
                  struct reply *ret, struct err *err)
{
    struct command issue = {.kind = COMMAND_ISSUE_ORDERS, .mode = old->mode};
    struct command recall = {.kind = COMMAND_RECALL_ORDER, .mode = old->mode};
    const struct order *order = view_find_order(session_view(session), old->order, NULL);
    bool is_open = order != NULL && order_is_open(order);

    issue.issue_orders =
        (struct issue_orders){.incident = old->incident, .orders = &reissuing->order, .orders_n = 1};
    recall.recall_order = (struct recall_order){old->incident, old->order, reissuing->reason};
    int rc = session_submit(session, &issue, ret, err);
    if (rc == 0 && is_open) {
        rc = session_submit(session, &recall, NULL, err);
        reissuing->recalled = rc == 0;
    }
    return rc;
}

static void print(const struct reissuing *reissuing, const struct resolved *old, const struct online *online,
                  const struct reply *reply)
{
    char order[ID_TEXT], of[ID_TEXT];

    id_format(reissuing->order.order, order);
    id_format(old->order, of);
    if (online->json) {
        struct buf out;
        buf_init(&out, 0);
        struct json json = json_begin(&out);
        json_object(&json, NULL);
        json_id(&json, "order", reissuing->order.order);
        json_id(&json, "incident", old->incident);
        json_id(&json, "reissue_of", old->order);
        json_text(&json, "addressee", reissuing->to);
        json_bool(&json, "recalled", reissuing->recalled);
        json_unsigned(&json, "seq", reply->seq);
        json_object_end(&json);
        printf("%s\n", buf_text(&out));
        buf_free(&out);
        return;
    }
    printf(lang_text(online->lang, "%s is issued to %s in place of %s%s\n", "%s 已下达至 %s，替代 %s%s\n"),
           order, reissuing->to, of,
           !reissuing->recalled ? "" : lang_text(online->lang, ", which is recalled", "（已撤回）"));
}

int ctl_order_reissue(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct reissuing reissuing = {.reason = ""};
    const struct option options[] = {
        {"to", OPTION_TEXT, &reissuing.to, "ADDRESS", "REGION/AGENCY[/AGENT] that is to go instead"},
        {"text", OPTION_TEXT, &reissuing.text, "TEXT", "other words than those of the order"},
        {"reason", OPTION_TEXT, &reissuing.reason, "TEXT", "why the old one is recalled"},
        {"answer-within", OPTION_DURATION, &reissuing.answer_within_ms, "TIME",
         "to be accepted or declined (as long as before)"},
        {"expires-within", OPTION_DURATION, &reissuing.expires_within_ms, "TIME",
         "then it ends if not accepted (as long as before)"},
        {"cosign", OPTION_TEXT, &reissuing.cosigner, "KEYFILE",
         "a second operator, where two persons are needed"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order reissue ID --to ADDRESS [options]",
        .summary = "Gives an order to somebody else, in the same words, and recalls it where it is.",
        .options = options,
        .examples =
            "  muster order reissue 9V0TQX --to 370102/fire-rescue/station-5 --reason \"no answer\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct resolved old;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    const struct session_needs needs = {.cosigner = reissuing.cosigner};
    int rc = check(&reissuing, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_order(session, arguments.at[0], &old, &err);
    rc = rc ? rc : fill(&reissuing, session, &old, &err);
    rc = rc ? rc : submit(&reissuing, session, &old, &reply, &err);
    if (rc == 0) {
        print(&reissuing, &old, &online, &reply);
    }
    return session_end(session, rc, &err);
}
