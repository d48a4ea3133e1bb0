/* What a program tells its keeper: one line an event on standard error,
 *   2026-11-22T03:00:00.123Z musterd warning: text
 * with everything that came from outside escaped. Only programs log; libraries return errors. */
#ifndef MUSTER_COMMON_BASE_LOGGING_H
#define MUSTER_COMMON_BASE_LOGGING_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_DEBUG };

/* program must outlive all calls. Lines above max are dropped. */
void logging_init(const char *program, enum log_level max);
void logging(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) logging(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) logging(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) logging(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_debug(...) logging(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
