/* The program `muster`: one function a command, and what they share.
 *
 * A command gets its own name as argv[0] (of a group, the last word: "report" of "incident report"),
 * prints its data on standard output and one line an error on standard error, and returns the program's
 * exit code (sysexits). Nothing is global: a command keeps what it needs in its own structs. */
#ifndef MUSTER_AGENTS_CTL_CTL_H
#define MUSTER_AGENTS_CTL_CTL_H

#include <stdbool.h>

#include "common/base/err.h"

enum { EXIT_OK = 0 };

enum lang { LANG_EN = 0, LANG_ZH = 1 };

/* --lang's word ("en", "zh"), or without one ("" or NULL) what LC_ALL, LC_MESSAGES or LANG say. ERR_USAGE
 * for another word. */
int lang_choose(const char *word, enum lang *ret, struct err *err);
/* One of two texts, which may be formats with the same directives. */
const char *lang_text(enum lang lang, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));

/* One line "muster: TEXT" on standard error, escaped; returns the exit code that belongs to the error. An
 * error without a text gets its code's general words. */
int ctl_fail(const struct err *err);
/* The same for a code and a text of the caller's. */
int ctl_fail_text(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "muster: note: TEXT" on standard error. */
void ctl_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether standard output is a terminal that takes colour (NO_COLOR and TERM=dumb say no). */
bool ctl_has_colour(void);

/* Flushes standard output: EXIT_OK, or the exit code of an output that failed (a full disk, a closed
 * pipe), said in one line. The last call of every command that prints data. */
int ctl_end_output(void);

/* The commands. */
int ctl_keys_init(int argc, char **argv);
int ctl_keys_new(int argc, char **argv);
int ctl_incident_report(int argc, char **argv);
int ctl_incident_update(int argc, char **argv);
int ctl_incident_grade(int argc, char **argv);
int ctl_incident_level(int argc, char **argv);
int ctl_incident_send(int argc, char **argv);
int ctl_incident_link(int argc, char **argv);
int ctl_incident_merge(int argc, char **argv);
int ctl_incident_split(int argc, char **argv);
int ctl_incident_post(int argc, char **argv);
int ctl_incident_handover(int argc, char **argv);
int ctl_incident_accept_post(int argc, char **argv);
int ctl_incident_refer(int argc, char **argv);
int ctl_incident_offer_lead(int argc, char **argv);
int ctl_incident_take_lead(int argc, char **argv);
int ctl_incident_assess(int argc, char **argv);
int ctl_incident_close(int argc, char **argv);
int ctl_incident_show(int argc, char **argv);
int ctl_incident_list(int argc, char **argv);
int ctl_incident_brief(int argc, char **argv); /* of a broker or of a log */
int ctl_order_issue(int argc, char **argv);
int ctl_order_recall(int argc, char **argv);
int ctl_order_confirm(int argc, char **argv);
int ctl_order_reissue(int argc, char **argv);
int ctl_order_evacuate(int argc, char **argv);
int ctl_order_receipt(int argc, char **argv);
int ctl_order_show(int argc, char **argv);
int ctl_order_list(int argc, char **argv);
int ctl_export(int argc, char **argv);
int ctl_import_bundle(int argc, char **argv);
int ctl_link_list(int argc, char **argv);
int ctl_alert_list(int argc, char **argv);
int ctl_agent_list(int argc, char **argv);
int ctl_agent_enrol(int argc, char **argv);
int ctl_agent_revoke(int argc, char **argv);
int ctl_watch(int argc, char **argv);
int ctl_copy(int argc, char **argv);
int ctl_import_cad_csv(int argc, char **argv);
int ctl_import_cap(int argc, char **argv);

int ctl_region_load(int argc, char **argv);
int ctl_region_list(int argc, char **argv);

int ctl_rules_load(int argc, char **argv);
int ctl_rules_drop(int argc, char **argv);
int ctl_rules_list(int argc, char **argv);
int ctl_rules_check(int argc, char **argv);
int ctl_rules_test(int argc, char **argv);
int ctl_rules_what_if(int argc, char **argv); /* of a log */

/* Readers of a log: replay.c, verify.c, stats.c, explain.c. */
int ctl_replay(int argc, char **argv);
int ctl_verify(int argc, char **argv);
int ctl_stats(int argc, char **argv);
int ctl_explain(int argc, char **argv);

#endif
