#include "log/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { LINE_MAX_BYTES = 4096, FIELD_MAX_BYTES = 1024 };

static const char *const level_names[] = { "error", "warning", "info", "debug" };
/* The journal takes a syslog priority from "<N>" at the start of a line (sd-daemon(3)). */
static const int level_priorities[] = { 3, 4, 6, 7 };

static _Atomic enum log_level threshold = LOG_INFO;
static _Atomic uint64_t dropped;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

bool
log_wants(enum log_level level)
{
	return level <= threshold;
}

bool
log_level_by_name(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

uint64_t
log_dropped(void)
{
	return dropped;
}

static bool
log_is_bare(const char *value)
{
	if (*value == '\0')
		return false;
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		if (*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p >= 0x7f)
			return false;
	return true;
}

/* One field: the value bare when it can be, else a JSON string, so that no value ends a line or
 * begins another field. A field that does not fit is left out whole. */
static void
log_add_field(struct buf *line, const char *name, const char *value)
{
	char cut[FIELD_MAX_BYTES + 1];
	size_t len = strlen(value), start = line->len;

	if (len > FIELD_MAX_BYTES) {
		memcpy(cut, value, FIELD_MAX_BYTES);
		cut[FIELD_MAX_BYTES] = '\0';
		value = cut;
	}
	buf_printf(line, " %s=", name);
	if (log_is_bare(value))
		buf_add_string(line, value);
	else
		buf_add_json_string(line, value);
	if (buf_failed(line)) {
		line->failed = false;
		line->len = start;
	}
}

/* A sink that takes nothing now (a full pipe) loses the line, and the loss is counted: stderr may
 * be shared, so it is asked with poll() instead of being made non-blocking. A line is at most one
 * PIPE_BUF, which a pipe that polls writable takes whole. */
static void
log_write(const char *data, size_t len)
{
	struct pollfd sink = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&sink, 1, 0) != 1 || write(STDERR_FILENO, data, len) != (ssize_t)len)
		dropped++;
}

void
log_line(enum log_level level, const char *sentence, ...)
{
	char at[CLOCK_TEXT_SIZE];
	struct buf line;
	const char *name, *value;
	va_list ap;

	if (!log_wants(level))
		return;
	buf_init(&line, LINE_MAX_BYTES - 1);
	if (getenv("JOURNAL_STREAM") != NULL)
		buf_printf(&line, "<%d>", level_priorities[level]);
	else
		buf_printf(&line, "time=%s ", clock_format(clock_wall_ms(&clock_system), at));
	buf_printf(&line, "level=%s msg=\"%s\"", level_names[level], sentence);
	va_start(ap, sentence);
	while ((name = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (value != NULL)
			log_add_field(&line, name, value);
	}
	va_end(ap);
	line.max++; /* the newline has room of its own */
	buf_add_char(&line, '\n');
	log_write(line.data, line.len);
	buf_release(&line);
}

const char *
log_number(int64_t n)
{
	static _Thread_local char texts[8][24];
	static _Thread_local unsigned next;
	char *text = texts[next++ % 8];

	snprintf(text, sizeof(texts[0]), "%lld", (long long)n);
	return text;
}
