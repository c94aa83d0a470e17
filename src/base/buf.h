/* A growing run of bytes with a stated maximum.
 *
 * A buffer that would cross its maximum stops growing, keeps what it had and remembers the failure:
 * the writer appends without checking and asks buf_failed() once, at the end. `data` is always
 * followed by a zero byte once anything was added. */
#ifndef USHERD_BASE_BUF_H
#define USHERD_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len, cap, max;
	bool failed, secret;
};

void buf_init(struct buf *b, size_t max); /* max: bytes, above 0 */
/* For secrets: no copy is left behind when it grows or is released. */
void buf_init_secret(struct buf *b, size_t max);
void buf_release(struct buf *b); /* frees; the struct may be initialised again */
void buf_reset(struct buf *b);	 /* empties, keeps the memory, clears the failure */
bool buf_failed(const struct buf *b);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_string(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Quoted and escaped as RFC 8259 section 7 says. `s` must be UTF-8; NULL is written as null. */
void buf_add_json_string(struct buf *b, const char *s);

#endif
