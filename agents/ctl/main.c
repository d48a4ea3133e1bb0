/* muster: the command line for operators and analysts. Finds the command and hands over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "agents/ctl/ctl.h"
#include "common/base/text.h"
#include "muster/version.h"

struct entry {
    const char *group; /* NULL: a command of its own */
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct entry entries[] = {
    {"keys", "init", ctl_keys_init, "make a region's keys, founding and configuration"},
    {"keys", "new", ctl_keys_new, "make one pair of keys"},
    {"incident", "report", ctl_incident_report, "report an incident (initial report)"},
    {"incident", "update", ctl_incident_update, "supplement it (follow-up or final report)"},
    {"incident", "grade", ctl_incident_grade, "say how big it is (定级)"},
    {"incident", "level", ctl_incident_level, "start, change or end the response to it (启动响应)"},
    {"incident", "assess", ctl_incident_assess, "say what may come of it, and where it reaches (研判)"},
    {"incident", "refer", ctl_incident_refer, "refer an incident to another region (上报, 通报)"},
    {"incident", "offer-lead", ctl_incident_offer_lead, "offer its lead to another region (移交指挥权)"},
    {"incident", "take-lead", ctl_incident_take_lead, "take its lead for this region (接管指挥权)"},
    {"incident", "send", ctl_incident_send, "write down that a report went up (上报)"},
    {"incident", "link", ctl_incident_link, "say what follows from what (次生, 衍生)"},
    {"incident", "merge", ctl_incident_merge, "say that two are the same event (并案)"},
    {"incident", "split", ctl_incident_split, "take a merge back, or move orders to another incident"},
    {"incident", "post", ctl_incident_post, "set up the command post: who leads (现场指挥部)"},
    {"incident", "handover", ctl_incident_handover, "offer it to another, or withdraw the offer (移交)"},
    {"incident", "accept-post", ctl_incident_accept_post, "accept or refuse it, by one's own signature"},
    {"incident", "close", ctl_incident_close, "close it"},
    {"incident", "show", ctl_incident_show, "show one incident with its orders"},
    {"incident", "brief", ctl_incident_brief, "write its numbered brief, as it is sent up"},
    {"incident", "list", ctl_incident_list, "list the incidents"},
    {"order", "issue", ctl_order_issue, "issue dispatch orders"},
    {"order", "recall", ctl_order_recall, "recall an order"},
    {"order", "confirm", ctl_order_confirm, "say that it stands beside one that contradicts it (确认)"},
    {"order", "reissue", ctl_order_reissue, "give an order to somebody else, and recall it"},
    {"order", "evacuate", ctl_order_evacuate, "order everybody on scene out, answered by head-count"},
    {"order", "receipt", ctl_order_receipt, "say how far an order is, as its addressee"},
    {"order", "show", ctl_order_show, "show one order, its units and what they lack"},
    {"order", "list", ctl_order_list, "list the open orders"},
    {"link", "list", ctl_link_list, "list the lines to other regions"},
    {"alert", "list", ctl_alert_list, "list the warnings in force (预警)"},
    {"agent", "list", ctl_agent_list, "list agents and operators"},
    {"agent", "enrol", ctl_agent_enrol, "enrol an agent or operator"},
    {"agent", "revoke", ctl_agent_revoke, "end the right of an agent or operator to speak"},
    {"region", "load", ctl_region_load, "load the dated table of divisions (行政区划代码)"},
    {"region", "list", ctl_region_list, "list the divisions in force, or what a code was on a day"},
    {NULL, "watch", ctl_watch, "show what happens, as it happens"},
    {"rules", "check", ctl_rules_check, "read rule packs as the broker would"},
    {"rules", "load", ctl_rules_load, "put a rule pack in force"},
    {"rules", "list", ctl_rules_list, "list the rule packs in force, or print one"},
    {"rules", "drop", ctl_rules_drop, "take a rule pack out of force"},
    {"rules", "test", ctl_rules_test, "ask a rule pack about the cases beside it"},
    {"rules", "what-if", ctl_rules_what_if, "what rule packs would have done to a log"},
    {NULL, "copy", ctl_copy, "keep a copy of the whole log, each record checked"},
    {NULL, "export", ctl_export, "write what waits for a region that is cut off into a file"},
    {"import", "bundle", ctl_import_bundle, "bring in what another region has exported for this one"},
    {"import", "cad-csv", ctl_import_cad_csv, "import a dispatch system's records as history"},
    {"import", "cap", ctl_import_cap, "import alerts (CAP) and feeds of them"},
    {NULL, "replay", ctl_replay, "read a log from its beginning"},
    {NULL, "verify", ctl_verify, "check a log: chain, signatures, sequence"},
    {NULL, "stats", ctl_stats, "times from report to order to scene"},
    {NULL, "explain", ctl_explain, "say why an incident or order is as it is"},
};

enum { ENTRIES = sizeof entries / sizeof entries[0] };

static void print_help(const char *group)
{
    if (group == NULL) {
        printf("usage: muster COMMAND [options]\n\n"
               "Muster, a message bus for emergency agencies: the command line.\n\ncommands:\n");
    } else {
        printf("usage: muster %s COMMAND [options]\n\ncommands:\n", group);
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        char name[64];
        if (group != NULL && (entries[i].group == NULL || strcmp(entries[i].group, group) != 0)) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s%s%s", entries[i].group != NULL ? entries[i].group : "",
                       entries[i].group != NULL ? " " : "", entries[i].name);
        printf("  %-22s%s\n", name, entries[i].help);
    }
    printf("\n\"muster COMMAND --help\" tells more of each.\n");
}

static bool is_group(const char *word)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].group != NULL && strcmp(entries[i].group, word) == 0) {
            return true;
        }
    }
    return false;
}

/* The words that may stand here: of a group its commands, else groups and commands. */
static int unknown(const char *group, const char *word)
{
    const char *names[ENTRIES + 1];
    size_t n = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        if (group == NULL) {
            names[n++] = entries[i].group != NULL ? entries[i].group : entries[i].name;
        } else if (entries[i].group != NULL && strcmp(entries[i].group, group) == 0) {
            names[n++] = entries[i].name;
        }
    }
    names[n] = NULL;
    const char *near = text_nearest(word, names);
    const char *space = group != NULL ? " " : "";
    group = group != NULL ? group : "";
    if (near != NULL) {
        return ctl_fail_text(ERR_USAGE, "no command \"%s%s%s\"; did you mean \"%s%s%s\"?", group, space, word,
                             group, space, near);
    }
    return ctl_fail_text(ERR_USAGE, "no command \"%s%s%s\"; \"muster%s%s --help\" lists them", group, space,
                         word, space, group);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int run_in_group(const char *group, int argc, char **argv)
{
    if (argc < 1) {
        return ctl_fail_text(ERR_USAGE, "\"muster %s\" wants a command; \"muster %s --help\" lists them",
                             group, group);
    }
    if (is_help(argv[0])) {
        print_help(group);
        return ctl_end_output();
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].group != NULL && strcmp(entries[i].group, group) == 0 &&
            strcmp(entries[i].name, argv[0]) == 0) {
            return entries[i].run(argc, argv);
        }
    }
    return unknown(group, argv[0]);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write, said once */
    if (argc < 2) {
        return ctl_fail_text(ERR_USAGE, "a command is missing; \"muster --help\" lists them");
    }
    if (is_help(argv[1])) {
        print_help(NULL);
        return ctl_end_output();
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("muster %s\n", MUSTER_VERSION);
        return ctl_end_output();
    }
    if (is_group(argv[1])) {
        return run_in_group(argv[1], argc - 2, argv + 2);
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].group == NULL && strcmp(entries[i].name, argv[1]) == 0) {
            return entries[i].run(argc - 1, argv + 1);
        }
    }
    return unknown(NULL, argv[1]);
}
