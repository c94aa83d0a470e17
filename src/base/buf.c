#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

void
buf_init(struct buf *b, size_t max)
{
	assert(max > 0);
	*b = (struct buf){ .max = max };
}

void
buf_init_secret(struct buf *b, size_t max)
{
	buf_init(b, max);
	b->secret = true;
}

static void
buf_drop_data(struct buf *b)
{
	if (b->secret && b->data != NULL)
		secret_wipe(b->data, b->cap);
	free(b->data);
}

void
buf_release(struct buf *b)
{
	buf_drop_data(b);
	*b = (struct buf){ .max = b->max, .secret = b->secret };
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

/* realloc() would leave what it has moved where it was. */
static void
buf_grow(struct buf *b, size_t cap)
{
	char *data;

	if (!b->secret)
		b->data = mem_resize(b->data, cap, 1);
	else {
		data = mem_resize(NULL, cap, 1);
		if (b->data != NULL)
			memcpy(data, b->data, b->len + 1);
		buf_drop_data(b);
		b->data = data;
	}
	b->cap = cap;
}

/* Room for `more` bytes and the zero byte; false when that would cross the maximum. */
static bool
buf_reserve(struct buf *b, size_t more)
{
	size_t cap;

	if (b->failed || more > b->max - b->len) {
		b->failed = true;
		return false;
	}
	if (b->len + more + 1 <= b->cap)
		return true;
	cap = b->cap > 0 ? b->cap : 256;
	while (cap < b->len + more + 1)
		cap *= 2;
	buf_grow(b, cap);
	return true;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add_string(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(len >= 0);
	if ((size_t)len < sizeof(text)) {
		buf_add(b, text, (size_t)len);
		return;
	}
	if (!buf_reserve(b, (size_t)len))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

void
buf_add_json_string(struct buf *b, const char *s)
{
	const char *run = s;

	if (s == NULL) {
		buf_add_string(b, "null");
		return;
	}
	buf_add_char(b, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, run, (size_t)(s - run));
		if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else {
			buf_add_char(b, '\\');
			buf_add_char(b, (char)c);
		}
		run = s + 1;
	}
	buf_add(b, run, (size_t)(s - run));
	buf_add_char(b, '"');
}
