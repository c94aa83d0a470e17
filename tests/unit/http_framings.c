#include "http_framings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { BYTES_MAX = 4 << 20 };

static void framings_expand(struct buf *b, const char *text, size_t len);

/* "{{COUNT*TEXT}}" at `text`; returns how long that was. */
static size_t
framings_repeat(struct buf *b, const char *text)
{
	char *star;
	long count = strtol(text + 2, &star, 10);
	const char *end = strstr(text, "}}");

	assert(*star == '*' && end != NULL && count > 0);
	for (long i = 0; i < count; i++)
		framings_expand(b, star + 1, (size_t)(end - star - 1));
	return (size_t)(end + 2 - text);
}

static size_t
framings_unescape(struct buf *b, const char *text)
{
	unsigned hex;

	switch (text[1]) {
	case 'r':
		buf_add_char(b, '\r');
		return 2;
	case 'n':
		buf_add_char(b, '\n');
		return 2;
	case 't':
		buf_add_char(b, '\t');
		return 2;
	case 'x':
		if (sscanf(text + 2, "%2x", &hex) != 1)
			abort();
		buf_add_char(b, (char)hex);
		return 4;
	default:
		buf_add_char(b, text[1]);
		return 2;
	}
}

static void
framings_expand(struct buf *b, const char *text, size_t len)
{
	for (const char *end = text + len; text < end;) {
		if (text[0] == '\\')
			text += framings_unescape(b, text);
		else if (strncmp(text, "{{", 2) == 0)
			text += framings_repeat(b, text);
		else
			buf_add_char(b, *text++);
	}
}

size_t
framings_each(void (*each)(const struct framing *f, void *arg), void *arg)
{
	const char *srcdir = getenv("srcdir");
	char path[512], line[1024], by[16];
	size_t count = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/data/framings.txt", srcdir != NULL ? srcdir : "..");
	in = fopen(path, "r");
	assert(in != NULL);
	while (fgets(line, sizeof(line), in) != NULL) {
		struct framing f = { .status = 0 };
		struct buf b;
		int at = 0;

		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%63[^\t]\t%d\t%15[^\t]%n", f.name, &f.status, by, &at) != 3)
			abort();
		f.by_guard = strcmp(by, "guard") == 0;
		buf_init(&b, BYTES_MAX);
		framings_expand(&b, line + at + 1, strlen(line + at + 1));
		assert(!buf_failed(&b) && b.len > 0);
		f.bytes = b.data;
		f.len = b.len;
		each(&f, arg);
		buf_release(&b);
		count++;
	}
	fclose(in);
	return count;
}
