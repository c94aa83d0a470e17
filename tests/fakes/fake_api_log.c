#include "fake_api_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char last[2048];
static size_t lines;

void
log_line(enum log_level level, const char *sentence, ...)
{
	size_t used = (size_t)snprintf(last, sizeof(last), "%s", sentence);
	const char *key;
	va_list ap;

	lines++;
	(void)level;
	va_start(ap, sentence);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		if (used < sizeof(last))
			used += (size_t)snprintf(
			    last + used, sizeof(last) - used, " %s=%s", key, value);
	}
	va_end(ap);
}

size_t
fake_log_lines(void)
{
	return lines;
}

const char *
fake_log_last(void)
{
	return last;
}
