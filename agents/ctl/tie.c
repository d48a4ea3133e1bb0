/* muster incident link, merge, split: what belongs together, as a person says. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/resolve.h"

/* "ID OTHER" and what was done; once more with --json. */
static void print_outcome(const struct online *online, struct id incident, struct id other, const char *said,
                          const struct reply *reply)
{
    bool is_done = reply->outcome == OUTCOME_DONE;
    char one[ID_TEXT], two[ID_TEXT] = "";

    (void)id_format(incident, one);
    if (!id_is_zero(other)) {
        (void)id_format(other, two);
    }
    if (online->json) {
        printf("{\"incident\":\"%s\",\"other\":\"%s\",\"outcome\":\"%s\",\"seq\":%llu}\n", one, two,
               is_done ? "done" : "unchanged", (unsigned long long)reply->seq);
    } else {
        printf("%s %s%s%s%s\n", one, said, two[0] != '\0' ? " " : "", two,
               is_done ? "" : lang_text(online->lang, ", as it was", "，未变"));
    }
}

/* What the view knows of one must not be lost by looking for the other: each is read by itself. */
static int resolve_two(struct session *session, const char *one, const char *other, struct resolved *ret_one,
                       struct resolved *ret_other, struct err *err)
{
    int rc = resolve_incident(session, one, ret_one, err);

    return rc ? rc : resolve_incident(session, other, ret_other, err);
}

/* --- link ----------------------------------------------------------------------------------------- */

static int choose_link(const char *word, enum link_kind *ret, struct err *err)
{
    *ret = link_kind_parse(word);
    if (*ret != LINK_NONE || strcmp(word, "none") == 0) {
        return 0;
    }
    return err_set(err, ERR_USAGE, "--as \"%s\" is none of secondary, derived, related, none", word);
}

static const char *link_words(enum lang lang, enum link_kind kind)
{
    switch (kind) {
    case LINK_SECONDARY:
        return lang_text(lang, "is a secondary event of", "系次生事件，源自");
    case LINK_DERIVED:
        return lang_text(lang, "is a derived event of", "系衍生事件，源自");
    case LINK_RELATED:
        return lang_text(lang, "is related to", "相关事件");
    case LINK_NONE:
        break;
    }
    return lang_text(lang, "is not linked any more with", "解除关联");
}

int ctl_incident_link(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *as = "related", *to = "", *reason = "";
    const struct option options[] = {
        {"to", OPTION_TEXT, &to, "ID", "the other: of a consequence its cause"},
        {"as", OPTION_TEXT, &as, "KIND",
         "secondary (次生: set off by its force), derived (衍生: what comes of it among people), related "
         "(default), or none: the link is taken back"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident link ID --to ID [--as secondary|derived|related|none] [options]",
        .summary =
            "Says how an incident hangs together with another: that it is its consequence, or related.\n"
            "An operator signs it, with the right \"report\".",
        .options = options,
        .examples = "  muster incident link 7QK3M2 --to 9ZT5AB --as secondary --reason \"gas main burst\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_LINK_INCIDENTS};
    struct arguments arguments;
    struct resolved one, other;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    enum link_kind kind = LINK_NONE;
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = choose_link(as, &kind, &err);
    if (rc == 0 && to[0] == '\0') {
        rc = err_set(&err, ERR_USAGE, "name the other incident: --to ID");
    }
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_two(session, arguments.at[0], to, &one, &other, &err);
    if (rc == 0) {
        command.mode = one.mode;
        command.link_incidents = (struct link_incidents){
            .incident = one.incident, .other = other.incident, .kind = kind, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, one.incident, other.incident, link_words(online.lang, kind), &reply);
    }
    return session_end(session, rc, &err);
}

/* --- merge ---------------------------------------------------------------------------------------- */

int ctl_incident_merge(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *into = "", *reason = "";
    const struct option options[] = {
        {"into", OPTION_TEXT, &into, "ID", "the one that survives: the earlier, as a rule"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "by what it is known"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident merge ID --into ID [options]",
        .summary = "Says that an incident is the same event as another (并案). Its orders stay and are "
                   "answered under\n"
                   "either id; what is said under its id from now on concerns the one that survives, which "
                   "takes the\n"
                   "graver grade, the higher level, and facts that it lacks. \"muster incident split\" takes "
                   "it back.\n"
                   "An operator signs it, with the right \"report\".",
        .options = options,
        .examples = "  muster incident merge 7QK3M2 --into 9ZT5AB --reason \"second caller, same bus\"\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_MERGE_INCIDENT};
    struct arguments arguments;
    struct resolved one, other;
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc = into[0] == '\0' ? err_set(&err, ERR_USAGE, "name the incident that survives: --into ID") : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_two(session, arguments.at[0], into, &one, &other, &err);
    if (rc == 0) {
        command.mode = one.mode;
        command.merge_incident =
            (struct merge_incident){.incident = one.incident, .into = other.incident, .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, one.incident, other.incident,
                      lang_text(online.lang, "is merged into", "已并入"), &reply);
    }
    return session_end(session, rc, &err);
}

/* --- split ---------------------------------------------------------------------------------------- */

static int resolve_orders(struct session *session, const struct texts *orders, struct id *ret,
                          struct err *err)
{
    struct resolved resolved;
    int rc = 0;

    for (size_t i = 0; i < orders->n && rc == 0; i++) {
        rc = resolve_order(session, orders->at[i], &resolved, err);
        ret[i] = resolved.order;
    }
    return rc;
}

int ctl_incident_split(int argc, char **argv)
{
    struct online online = ONLINE_DEFAULTS;
    const char *into = "", *reason = "";
    struct texts orders = {.n = 0};
    const struct option options[] = {
        {"order", OPTION_TEXTS, &orders, "ID",
         "an order of it that belongs to another; again for a further one"},
        {"into", OPTION_TEXT, &into, "ID", "the incident to which those orders belong"},
        {"reason", OPTION_TEXT, &reason, "TEXT", "why"},
        ONLINE_OPTIONS(online),
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster incident split ID [--order ID ... --into ID] [options]",
        .summary = "Takes a merge back: the incident is its own again, and what was told under its id "
                   "meanwhile stays\n"
                   "with the other, as does what that one took over (facts, grade): correct it there by "
                   "saying it anew. With\n"
                   "--order: orders that were given under ID belong to another "
                   "incident, which\n"
                   "was reported by itself (\"muster incident report\"); they are answered under either id.\n"
                   "An operator signs it, with the right \"report\".",
        .options = options,
        .examples = "  muster incident split 7QK3M2 --reason \"another bus, 2 km on\"\n"
                    "  muster incident split 9ZT5AB --order 4F8KQ1 --into 7QK3M2\n",
        .arguments_min = 1,
        .arguments_max = 1};
    const struct session_needs needs = {0};
    struct command command = {.kind = COMMAND_SPLIT_INCIDENT};
    struct arguments arguments;
    struct resolved one, other = {.mode = MODE_NONE};
    struct session *session = NULL;
    struct reply reply;
    struct err err = {0};
    struct id ids[OPTION_TEXTS_MAX];
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    int rc =
        (orders.n == 0) != (into[0] == '\0')
            ? err_set(&err, ERR_USAGE, "--order and --into go together: which orders, and where they belong")
            : 0;
    rc = rc ? rc : session_open(&online, &needs, &session, &err);
    rc = rc ? rc : resolve_incident(session, arguments.at[0], &one, &err);
    if (rc == 0 && orders.n > 0) {
        rc = resolve_incident(session, into, &other, &err);
        rc = rc ? rc : resolve_orders(session, &orders, ids, &err);
    }
    if (rc == 0) {
        command.mode = one.mode;
        command.split_incident = (struct split_incident){.incident = one.incident,
                                                         .into = other.incident,
                                                         .orders = ids,
                                                         .orders_n = orders.n,
                                                         .reason = reason};
        rc = session_submit(session, &command, &reply, &err);
    }
    if (rc == 0) {
        print_outcome(&online, one.incident, other.incident,
                      orders.n > 0 ? lang_text(online.lang, "gives orders to", "指令改归")
                                   : lang_text(online.lang, "is an incident of its own", "恢复为独立事件"),
                      &reply);
    }
    return session_end(session, rc, &err);
}
