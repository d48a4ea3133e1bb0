/* Errors of the command line in Chinese, as people of a duty room meet them. */
#ifndef MUSTER_AGENTS_CTL_SAYING_H
#define MUSTER_AGENTS_CTL_SAYING_H

#include "common/view/view_saying.h"

/* In Chinese where there is a row, else as it is: what only who sets a machine up or writes packs meets. ret
 * holds VIEW_SAYING_TEXT bytes; returns ret or english. */
const char *ctl_saying_zh(const char *english, char *ret);

#endif
