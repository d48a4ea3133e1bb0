/* Small files of the tests of agents/ctl. */
#ifndef MUSTER_TESTS_UNIT_CTL_FILES_H
#define MUSTER_TESTS_UNIT_CTL_FILES_H

#include <stdlib.h>

enum { FILE_NAME = 64 };

/* A temporary file with this text; returns its name, which is ret. The caller unlinks it. */
char *file_with(const char *text, char ret[FILE_NAME]);

#endif
