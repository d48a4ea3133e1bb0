/* Errors: one closed list of codes, and a text for people beside the code.
 *
 * A call that can fail returns 0 or a negative code of this list. Where a person could act on the
 * reason, the call takes a `struct err *` (may be NULL) and writes one line there that names the
 * place and the remedy. Libraries never print. Outputs are named ret_ and set only on success. */
#ifndef MUSTER_COMMON_BASE_ERR_H
#define MUSTER_COMMON_BASE_ERR_H

/* X(name, value, sysexits(3) code of a program that ends on it, what it says) */
#define ERR_LIST(X)                                               \
    X(ERR_USAGE, -1, 64, "wrong usage")                           \
    X(ERR_DATA, -2, 65, "bad input data")                         \
    X(ERR_NO_INPUT, -3, 66, "input not found")                    \
    X(ERR_UNAVAILABLE, -4, 69, "service not available")           \
    X(ERR_SOFTWARE, -5, 70, "internal error")                     \
    X(ERR_OS, -6, 71, "operating system error")                   \
    X(ERR_CANNOT_CREATE, -7, 73, "cannot create output")          \
    X(ERR_IO, -8, 74, "input or output error")                    \
    X(ERR_TEMPORARY, -9, 75, "temporary failure, try again")      \
    X(ERR_PROTOCOL, -10, 76, "the other side broke the protocol") \
    X(ERR_PERMISSION, -11, 77, "not permitted")                   \
    X(ERR_CONFIG, -12, 78, "bad configuration")                   \
    X(ERR_NO_MEMORY, -13, 71, "out of memory")                    \
    X(ERR_DISK_FULL, -14, 74, "no space left on the disk")        \
    X(ERR_CORRUPT, -15, 65, "stored data is damaged")             \
    X(ERR_NEWER, -16, 65, "written by a newer version")           \
    X(ERR_CONFLICT, -17, 65, "contradicts what is already there") \
    X(ERR_TOO_BIG, -18, 65, "larger than the limit")              \
    X(ERR_LOCKED, -19, 75, "in use by another process")           \
    X(ERR_NOT_FOUND, -20, 66, "not found")

enum err_code {
    ERR_NONE = 0,
#define ERR_ENUM(name, value, exit_code, text) name = (value),
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    int code;
    char text[512];
};

/* Writes the text (truncated, never overrun, control characters escaped) and returns code, so that
 * `return err_set(err, ERR_DATA, "...")` is one statement. err may be NULL. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is there: the caller adds the place. Returns err->code; where
 * err is NULL the code is lost, so ERR_SOFTWARE. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The general words for a code, and the exit code of a program that ends on it; 0 gives "no error", 0. */
const char *err_string(int code);
int err_exit_code(int code);

#endif
