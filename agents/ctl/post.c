/* muster incident post, handover, accept-post: who leads at the scene. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"

/* "fire-rescue" is this region's; "370100/fire-rescue" is as it stands. */
static int agency_name(const struct session *session, const char *word, char ret[NAME_MAX_BYTES + 1],
                       struct err *err)
{
    const char *region = session_profile(session)->region.name;
    int n = strchr(word, '/') != NULL ? snprintf(ret, NAME_MAX_BYTES + 1, "%s", word)
                                      : snprintf(ret, NAME_MAX_BYTES + 1, "%s/%s", region, word);

    if (n < 0 || n > NAME_MAX_BYTES || !name_is_agency(ret)) {
        return err_set(err, ERR_USAGE, "\"%s\" is no agency; write AGENCY or REGION/AGENCY", word);
    }
    return 0;
}

static void print_outcome(const struct online *online, struct id incident, const char *said,
                          const char *commander, const struct reply *reply)
{
    bool is_done = reply->outcome == OUTCOME_DONE;
    char text[ID_TEXT];

    if (online->json) {
        printf("{\"incident\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n", id_format(incident, text),
               is_done ? "done" : "unchanged", (unsigned long long)reply->seq);
    } else {
        printf("%s %s%s%s%s\n", id_format(incident, text), said, commander[0] != '\0' ? " " : "", commander,
               is_done ? "" : lang_text(online->lang, ", as it was", "，未变"));
    }
}

int ctl_incident_post(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *lead = "", *commander = "", *place = "", *reason = "";
    const struct option options[] = {
        {"lead", OPTION_TEXT, &lead, "AGENCY", "lead agency (牵头部门), of this region or REGION/AGENCY"},
        {"commander", OPTION_TEXT, &commander, "NAME",
         "commander (总指挥); an operator's name, to hand over later"},
        {"place", OPTION_TEXT, &place, "TEXT", "where the command post is"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "on whose order"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident post ID --lead AGENCY --commander NAME [options]",
        .summary =
            "Sets up the command post of an incident (现场指挥部), or says where it is now. Who leads then\n"
            "changes by \"muster incident handover\" alone. An operator signs it, with the right \"level\".\n"
            "Where another region set one up apart (ANOTHER COMMAND POST), the same again says that it "
            "stands.",
        .options = options,
        .examples =
            "  muster incident post 7QK3M2 --lead fire-rescue --commander wang.lei --place \"east gate\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SET_POST};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    char agency[NAME_MAX_BYTES + 1];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = lead[0] == '\0' || commander[0] == '\0'
                 ? err_set(&err, ERR_USAGE, "say who leads: --lead AGENCY and --commander NAME")
                 : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : agency_name(session, lead, agency, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0) {
        command.mode = resolved.mode;
        command.set_post = (struct set_post){.incident = resolved.incident,
                                             .lead = agency,
                                             .commander = commander,
                                             .place = place,
                                             .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, resolved.incident, lang_text(online.lang, "is led by", "总指挥："), commander,
                      &reply);
    }
    return session_end(session, rc, &err);
}

/* The command post as the log has it, of the event that the incident is. ERR_NOT_FOUND; ERR_PERMISSION: it
 * may not be read. */
static int find_post(struct session *session, const struct resolved *resolved, struct post *ret,
                     struct err *err)
{
    int rc = !resolved->read ? err_set(err, ERR_PERMISSION, "%s has not the right \"watch\"",
                                       session_profile(session)->agent.name)
                             : resolve_ties(session, resolved->incident, err);
    const struct state *state = view_state(session_view(session));
    const struct incident *incident = rc == 0 ? state_incident(state, resolved->incident) : NULL;

    if (rc != 0) {
        return rc;
    }
    incident = incident != NULL ? ties_survivor(state, incident) : NULL;
    if (incident == NULL || incident->post == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s",
                       lang_text(session_lang(session),
                                 "it has no command post: \"muster incident post\" sets one up",
                                 "尚无现场指挥部：先用 muster incident post 设立"));
    }
    *ret = *incident->post;
    return 0;
}

static int answer(struct session *session, const struct resolved *resolved, enum post_answer answer,
                  const char *reason, struct reply *reply, struct err *err)
{
    struct command command = {.kind = COMMAND_ANSWER_POST, .mode = resolved->mode};
    struct post post = {.term = 0};
    int rc = find_post(session, resolved, &post, err);

    if (rc == 0) {
        command.answer_post = (struct answer_post){
            .incident = resolved->incident,
            .term = (post.offered_commander != NULL && post.offered_commander[0] != '\0') ||
                            answer != POST_ACCEPTED
                        ? post.term + 1
                        : post.term,
            .answer = answer,
            .reason = reason};
        rc = session_submit(session, &command, reply, err);
    }
    return rc;
}

int ctl_incident_handover(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *lead = "", *commander = "", *reason = "";
    bool withdraw = false;
    const struct option options[] = {
        {"to", OPTION_TEXT, &lead, "AGENCY", "agency that is to lead, of this region or REGION/AGENCY"},
        {"commander", OPTION_TEXT, &commander, "NAME", "operator who is to command, and accepts it"},
        {"withdraw", OPTION_FLAG, &withdraw, NULL, "take the offer back"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident handover ID --to AGENCY --commander NAME | --withdraw [options]",
        .summary = "Offers the command of an incident to another (指挥权移交). Who leads goes on until that "
                   "one accepts\n"
                   "by his own signature (\"muster incident accept-post\"), and the term rises by one. The "
                   "commander\n"
                   "signs it, or an operator with the right \"level\".",
        .options = options,
        .examples = "  muster incident handover 7QK3M2 --to emergency-management --commander li.na\n"
                    "  muster incident handover 7QK3M2 --withdraw\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_OFFER_POST};
    struct arguments arguments;
    struct resolved resolved;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    char agency[NAME_MAX_BYTES + 1];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = !withdraw && (lead[0] == '\0' || commander[0] == '\0')
                 ? err_set(&err, ERR_USAGE, "say to whom: --to AGENCY and --commander NAME, or --withdraw")
                 : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc || withdraw ? rc : agency_name(session, lead, agency, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    if (rc == 0 && withdraw) {
        rc = answer(session, &resolved, POST_WITHDRAWN, reason, &reply, &err);
    } else if (rc == 0) {
        command.mode = resolved.mode;
        command.offer_post = (struct offer_post){
            .incident = resolved.incident, .lead = agency, .commander = commander, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, resolved.incident,
                      withdraw ? lang_text(online.lang, "is not offered any more", "移交已撤回")
                               : lang_text(online.lang, "is offered to", "已提请移交"),
                      commander, &reply);
    }
    return session_end(session, rc, &err);
}

int ctl_incident_accept_post(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *reason = "";
    bool refuse = false;
    const struct option options[] = {{"refuse", OPTION_FLAG, &refuse, NULL, "refuse it: who led leads on"},
                                     {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
                                     ONLINE_OPTIONS(online),
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster incident accept-post ID [--refuse] [options]",
                              .summary = "Accepts the command of an incident that was offered, by the "
                                         "signature of the one to whom it was:\n"
                                         "the configuration's operator. From then on he leads.",
                              .options = options,
                              .examples = "  muster incident accept-post 7QK3M2 --config li.na.yaml\n",
                              .arguments_min = 1,
                              .arguments_max = 1};
    const struct session_needs needs = {0};
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
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &resolved, &err);
    rc = rc ? rc : answer(session, &resolved, refuse ? POST_REFUSED : POST_ACCEPTED, reason, &reply, &err);
    if (rc == 0) {
        print_outcome(&online, resolved.incident,
                      refuse ? lang_text(online.lang, "is refused: who led leads on", "已拒绝，原总指挥不变")
                             : lang_text(online.lang, "is led by you", "由您指挥"),
                      "", &reply);
    }
    return session_end(session, rc, &err);
}
