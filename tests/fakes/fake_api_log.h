/* The log, remembered instead of printed. */
#ifndef USHERD_FAKE_API_LOG_H
#define USHERD_FAKE_API_LOG_H

#include <stddef.h>

#include "log/log.h"

size_t fake_log_lines(void);
const char *fake_log_last(void); /* "sentence key=value ..." */

#endif
