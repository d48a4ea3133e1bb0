/* muster order issue: one command, one order for each --to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/resolve.h"
#include "common/view/view_json.h"

enum { ANSWER_WITHIN_MS = 60 * 1000, EXPIRES_WITHIN_MS = 30 * 60 * 1000, UNITS_MAX = LIST_MAX };

struct issuing {
    struct texts to;
    const char *incident;
    const char *kind;
    const char *text;
    const char *units;
    const char *reissue_of;
    const char *cosigner;
    int64_t answer_within_ms;
    int64_t expires_within_ms;
    char *units_text;
    const char *unit_names[UNITS_MAX];
    size_t units_n;
    struct new_order orders[OPTION_TEXTS_MAX];
};

_Static_assert((int)OPTION_TEXTS_MAX <= (int)ORDERS_PER_COMMAND_MAX, "each --to is an order of one command");

static int check(struct issuing *issuing, struct err *err)
{
    if (issuing->to.n == 0 || issuing->text == NULL) {
        return err_set(err, ERR_USAGE, "--to REGION/AGENCY[/AGENT] and --text are wanted");
    }
    if (issuing->answer_within_ms < 1000 || issuing->expires_within_ms < issuing->answer_within_ms) {
        return err_set(err, ERR_USAGE,
                       "--answer-within must be 1 s or more, and --expires-within not be before it");
    }
    if (issuing->reissue_of != NULL && (issuing->to.n > 1 || issuing->incident != NULL)) {
        return err_set(err, ERR_USAGE,
                       "--reissue-of takes the incident from the order that it replaces: one --to, "
                       "no --incident");
    }
    for (size_t i = 0; i < issuing->to.n; i++) {
        if (!name_is_agency(issuing->to.at[i]) && !name_is_agent(issuing->to.at[i])) {
            return err_set(err, ERR_USAGE,
                           "--to %s: REGION/AGENCY or REGION/AGENCY/AGENT is wanted, such as "
                           "370102/fire-rescue",
                           issuing->to.at[i]);
        }
    }
    if (issuing->units == NULL) {
        return 0;
    }
    issuing->units_text = strdup(issuing->units);
    return issuing->units_text == NULL
               ? ERR_NO_MEMORY
               : option_split(issuing->units_text, issuing->unit_names, UNITS_MAX, &issuing->units_n, err);
}

static int fill(struct issuing *issuing, struct session *session, struct command *command, struct err *err)
{
    struct resolved resolved = {.mode = MODE_NONE};
    int64_t now = session_now_ms(session);
    int rc = 0;

    if (issuing->reissue_of != NULL) {
        rc = resolve_order(session, issuing->reissue_of, &resolved, err);
    } else if (issuing->incident != NULL) {
        rc = resolve_incident(session, issuing->incident, &resolved, err);
    }
    for (size_t i = 0; i < issuing->to.n; i++) {
        issuing->orders[i] = (struct new_order){.order = session_new_id(session),
                                                .kind = issuing->kind,
                                                .addressee = issuing->to.at[i],
                                                .text = issuing->text,
                                                .answer_by_ms = now + issuing->answer_within_ms,
                                                .expires_at_ms = now + issuing->expires_within_ms,
                                                .reissue_of = resolved.order,
                                                .units = {issuing->unit_names, issuing->units_n}};
    }
    command->mode = resolved.mode;
    command->issue_orders = (struct issue_orders){
        .incident = resolved.incident, .orders = issuing->orders, .orders_n = issuing->to.n};
    return rc;
}

static void print(const struct issuing *issuing, const struct command *command, const struct online *online,
                  const struct reply *reply)
{
    char order[ID_TEXT];
    char incident[ID_TEXT];
    const struct issue_orders *issue = &command->issue_orders;
    struct id opened = id_is_zero(issue->incident) ? issue->orders[0].order : issue->incident;
    struct buf out;

    buf_init(&out, 0);
    for (size_t i = 0; i < issue->orders_n; i++) {
        if (online->json) {
            struct json json = json_begin(&out);
            json_object(&json, NULL);
            json_id(&json, "order", issuing->orders[i].order);
            json_id(&json, "incident", opened);
            json_text(&json, "addressee", issuing->orders[i].addressee);
            json_unsigned(&json, "seq", reply->seq);
            json_object_end(&json);
            buf_puts(&out, "\n");
        } else {
            buf_printf(
                &out,
                lang_text(online->lang, "%s is issued to %s, incident %s\n", "%s 已下达至 %s，事件 %s\n"),
                id_format(issuing->orders[i].order, order), issuing->orders[i].addressee,
                id_format(opened, incident));
        }
    }
    printf("%s", buf_text(&out));
    buf_free(&out);
}

int ctl_order_issue(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    struct issuing issuing = {
        .kind = "dispatch", .answer_within_ms = ANSWER_WITHIN_MS, .expires_within_ms = EXPIRES_WITHIN_MS};
    const struct option options[] = {
        {"incident", OPTION_TEXT, &issuing.incident, "ID", "for which; without it the order opens one"},
        {"to", OPTION_TEXTS, &issuing.to, "ADDRESS", "REGION/AGENCY[/AGENT]; again for a further order"},
        {"kind", OPTION_TEXT, &issuing.kind, "KIND", "as the policy names it (dispatch)"},
        {"text", OPTION_TEXT, &issuing.text, "TEXT", "what is to be done"},
        {"units", OPTION_TEXT, &issuing.units, "A,B", "units asked for by name"},
        {"answer-within", OPTION_DURATION, &issuing.answer_within_ms, "TIME",
         "to be accepted or declined (60s)"},
        {"expires-within", OPTION_DURATION, &issuing.expires_within_ms, "TIME",
         "then it ends if not accepted (30min)"},
        {"reissue-of", OPTION_TEXT, &issuing.reissue_of, "ID", "the order that this one replaces"},
        {"cosign", OPTION_TEXT, &issuing.cosigner, "KEYFILE",
         "a second operator, where two persons are needed"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster order issue --to ADDRESS --text TEXT [options]",
        .summary = "Issues orders, all of one command or none, and prints their ids. An order that is "
                   "neither accepted\n"
                   "nor declined in time comes back as an escalation.",
        .options = options,
        .examples =
            "  muster order issue --incident 7QK3M2 --to 370102/fire-rescue --text \"two men in the room\"\n"
            "  muster order issue --incident 7QK3M2 --to 370102/health --kind medical --text \"two "
            "poisoned\" \\\n"
            "      --answer-within 30s\n"
            "  muster order issue --reissue-of 9V0TQX --to 370102/fire-rescue/station-5 --text \"as "
            "above\"\n"};
    struct command command = {.kind = COMMAND_ISSUE_ORDERS};
    struct arguments arguments;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    const struct session_needs needs = {.cosigner = issuing.cosigner};
    int rc = check(&issuing, &err);
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : fill(&issuing, session, &command, &err);
    rc = rc ? rc : session_submit(session, &command, &reply, &err);
    if (rc == 0) {
        print(&issuing, &command, &online, &reply);
    }
    free(issuing.units_text);
    return session_end(session, rc, &err);
}
