/* muster incident refer, offer-lead, take-lead: which regions have a part in an incident, and which leads. */
#include <stdio.h>

#include "agents/ctl/resolve.h"
#include "common/view/view_unreached.h"

struct word {
    enum command_kind kind;
    struct online online;
    const char *to; /* a region; NULL: not said */
    bool withdraw;  /* of offer-lead: what was offered is not */
    const char *reason;
    /* between the incident and the region, if there is one */
    const char *done, *done_zh, *again, *again_zh;
};

#define WORD(k)                                              \
    {                                                        \
        .kind = (k), .online = ONLINE_DEFAULTS, .reason = "" \
    }

static void fill(const struct word *word, struct id incident, struct command *ret)
{
    ret->kind = word->kind;
    if (word->kind == COMMAND_REFER_INCIDENT) {
        ret->refer_incident =
            (struct refer_incident){.incident = incident, .region = word->to, .reason = word->reason};
    } else if (word->kind == COMMAND_OFFER_LEAD) {
        ret->offer_lead = (struct offer_lead){
            .incident = incident, .region = word->withdraw ? "" : word->to, .reason = word->reason};
    } else {
        ret->take_lead = (struct take_lead){.incident = incident, .reason = word->reason};
    }
}

static void say_withdrawn(struct word *word)
{
    word->done = ": its lead is not offered any more";
    word->done_zh = "：移交已撤回";
    word->again = ": its lead was offered to nobody";
    word->again_zh = "：此前未拟移交";
}

static void print_outcome(const struct word *word, struct id incident, bool done)
{
    const struct online *online = &word->online;
    char text[ID_TEXT];

    (void)id_format(incident, text);
    if (online->json) {
        printf("{\"incident\":\"%s\",\"region\":\"%s\",\"outcome\":\"%s\"}\n", text,
               word->to != NULL ? word->to : "", done ? "done" : "unchanged");
    } else {
        printf("%s%s%s\n", text,
               done ? lang_text(online->lang, word->done, word->done_zh)
                    : lang_text(online->lang, word->again, word->again_zh),
               word->to != NULL ? word->to : "");
    }
}

/* By what was known before: what is said now has yet to come as far. */
static void note_no_way(struct session *session, struct id id, const char *region)
{
    const struct view *view = session_view(session);
    const struct incident *incident = state_incident(view_state(view), id);
    const struct referral *referral =
        incident != NULL && region != NULL ? incident_referral(incident, region) : NULL;
    const char *at = referral != NULL ? view_unreached_at(view, referral) : "";

    if (at[0] != '\0') {
        ctl_note(lang_text(session_lang(session),
                           "NO WAY: no link leads to region %s from %s; nobody there is told until one does",
                           "无法送达：至 %s 无链路（止于 %s），链路接通前对方收不到"),
                 region, at);
    }
}

static int say(struct word *word, const struct page *page, bool wants_region, int argc, char **argv)
{
    const struct session_needs needs = {0};
    struct command command = {0};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = wants_region && word->to == NULL && !word->withdraw
                 ? err_set(&err, ERR_USAGE, "--to is wanted: the region's code")
                 : 0;
    if (word->withdraw) {
        say_withdrawn(word);
    }
    if (rc == 0 && word->withdraw && word->to != NULL) {
        rc = err_set(&err, ERR_USAGE, "--withdraw takes back what was offered, to whomever: without --to");
    }
    rc = rc ? rc : session_open(&word->online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        fill(word, resolved.incident, &command);
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(word, resolved.incident, reply.outcome == OUTCOME_DONE);
        note_no_way(session, resolved.incident, word->to);
    }
    return session_end(session, rc, &err);
}

int ctl_incident_refer(int argc, char **argv)
{
    struct word word = WORD(COMMAND_REFER_INCIDENT);
    const struct option options[] = {
        {"to", OPTION_TEXT, &word.to, "CODE", "the region, by its code (GB/T 2260)"},
        {"reason", OPTION_TEXT, &word.reason, "TEXT", "why"},
        ONLINE_OPTIONS(word.online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident refer ID --to CODE [options]",
        .summary =
            "Refers an incident to another region (上报, 通报): over the link that leads there it is told\n"
            "what is known, and from then on follows as it changes. Each region has its own grade,\n"
            "response and clocks; an order is its issuer's.",
        .options = options,
        .examples = "  muster incident refer 7QK3M2 --to 370100 --reason \"the river leaves the county\"\n",
        .arguments_min = 1,
        .arguments_max = 1};

    word.done = " is referred to region ";
    word.done_zh = " 已上报（通报）";
    word.again = " was referred already to region ";
    word.again_zh = " 此前已上报（通报）";
    return say(&word, &page, true, argc, argv);
}

int ctl_incident_offer_lead(int argc, char **argv)
{
    struct word word = WORD(COMMAND_OFFER_LEAD);
    const struct option options[] = {
        {"to", OPTION_TEXT, &word.to, "CODE", "the region that is to lead, by its code"},
        {"withdraw", OPTION_FLAG, &word.withdraw, NULL, "take the offer back, unless it was taken up"},
        {"reason", OPTION_TEXT, &word.reason, "TEXT", "why"},
        ONLINE_OPTIONS(word.online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident offer-lead ID --to CODE | --withdraw [options]",
        .summary =
            "Offers the lead of an incident (指挥权) to another region; this one leads until that takes\n"
            "it. So an incident that grew too big goes up, and so it is handed back.",
        .options = options,
        .examples = "  muster incident offer-lead 7QK3M2 --to 370102 --reason \"the county can again\"\n",
        .arguments_min = 1,
        .arguments_max = 1};

    word.done = ": its lead is offered to region ";
    word.done_zh = "：拟将指挥权移交 ";
    word.again = ": its lead was offered already to region ";
    word.again_zh = "：此前已拟将指挥权移交 ";
    return say(&word, &page, true, argc, argv);
}

int ctl_incident_take_lead(int argc, char **argv)
{
    struct word word = WORD(COMMAND_TAKE_LEAD);
    const struct option options[] = {{"reason", OPTION_TEXT, &word.reason, "TEXT", "why"},
                                     ONLINE_OPTIONS(word.online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident take-lead ID [options]",
        .summary =
            "Takes the lead of an incident (接管指挥权) for this region: what it was offered, or, where\n"
            "this region lies above the one that leads, by its own word (提级指挥). Where another region\n"
            "took it, too (LEAD DISPUTED), the one that leads takes it anew, with a reason.",
        .options = options,
        .examples = "  muster incident take-lead 7QK3M2 --reason \"two counties are flooded\"\n",
        .arguments_min = 1,
        .arguments_max = 1};

    word.done = ": this region leads";
    word.done_zh = "：本行政区接管指挥权";
    word.again = ": this region led already";
    word.again_zh = "：此前已由本行政区指挥";
    return say(&word, &page, false, argc, argv);
}
