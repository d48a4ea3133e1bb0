/* The constants in conditions' texts: around them lie the facts that are worth trying. */
#ifndef MUSTER_COMMON_RULES_CONSTANT_H
#define MUSTER_COMMON_RULES_CONSTANT_H

#include <stdbool.h>
#include <stddef.h>

enum { CONSTANTS_MAX = 48, CONSTANT_BYTES_MAX = 128 };

struct constants {
    double numbers[CONSTANTS_MAX];
    size_t numbers_n;
    char texts[CONSTANTS_MAX][CONSTANT_BYTES_MAX + 1];
    size_t texts_n;
    bool all; /* none was left out ... */
    bool
        plain; /* ... and facts are compared with them as they stand: neither reckoned with nor taken apart */
};

void constants_init(struct constants *constants);
/* Those of one more text. */
void constants_add(struct constants *constants, const char *text);

#endif
