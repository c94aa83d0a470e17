/* The log: a constant sentence and key=value fields, one line each, to stderr (the journal reads it
 * there). error: someone must act. warning: we coped. info: a person changed something. debug:
 * anything.
 *
 * Values are quoted and escaped, so that no value can forge a line or a field. There is no way to
 * log a struct secret. From any thread. A line that the sink does not take at once is dropped and
 * counted: the log never blocks the loop. */
#ifndef USHERD_LOG_LOG_H
#define USHERD_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
/* False, and `out` untouched, for an unknown name. */
bool log_level_by_name(const char *name, enum log_level *out);

/* Whether a line of this level is written: for a caller whose fields cost something to make. */
bool log_wants(enum log_level level);

/* log_info("registration finished", "invitation", id, "uid", uid): a literal sentence, then pairs
 * of strings; a NULL value leaves its pair out. Use the macros, which close the list. A line is at
 * most 4,096 bytes: a field that does not fit is left out. */
void log_line(enum log_level level, const char *sentence, ...) __attribute__((sentinel));

#define log_error(...)	 log_line(LOG_ERROR, __VA_ARGS__, (char *)0)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__, (char *)0)
#define log_info(...)	 log_line(LOG_INFO, __VA_ARGS__, (char *)0)
#define log_debug(...)	 log_line(LOG_DEBUG, __VA_ARGS__, (char *)0)

/* Text of a number for a field, in one of eight rotating buffers of the calling thread. */
const char *log_number(int64_t n);

/* Lines dropped because the sink was full. */
uint64_t log_dropped(void);

#endif
