/* What a message on the wire must look like before evhttp may see it.
 *
 * A pure, incremental checker: bytes go in as they arrive, in pieces of any size, and the same
 * verdict comes out however they were cut. It knows no socket and no libevent, allocates nothing,
 * looks at each byte once, and follows the message boundaries of a whole keep-alive connection.
 *
 * It is narrower than RFC 9112 on purpose: whatever two readers could understand in two ways is
 * refused. No Transfer-Encoding, no obs-fold, no bare CR or LF, no tab, no empty line before a
 * request, no absolute-form. evhttp 2.1.12 takes nearly all of these.
 */
#ifndef USHERD_HTTP_HTTP_GUARD_H
#define USHERD_HTTP_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_guard_limits {
	size_t header_bytes; /* of request line and fields, with their line ends */
	size_t header_fields;
	uint64_t body_bytes;
};

enum http_guard_phase {
	HTTP_GUARD_IDLE, /* between two messages */
	HTTP_GUARD_HEAD,
	HTTP_GUARD_BODY,
	HTTP_GUARD_OVER /* refused: nothing more is looked at */
};

enum http_guard_verdict {
	HTTP_GUARD_MORE,    /* fine so far */
	HTTP_GUARD_MESSAGE, /* a message ended with the last byte looked at */
	HTTP_GUARD_REFUSED  /* `status` and `detail` say why; final for the connection */
};

enum { HTTP_GUARD_WORD = 32 };

/* A plain value: may be copied, needs no release. Read `phase`, `status`, `detail`, `is_head`; the
 * rest is its own. */
struct http_guard {
	struct http_guard_limits limits;
	enum http_guard_phase phase;
	int status;	    /* of the refusal: 400, 411, 413, 417 or 431 */
	const char *detail; /* constant text for the client */
	bool is_head;	    /* the message begins with HEAD: its answer has no body */

	unsigned char state, field, part;
	bool gap; /* a space was seen behind the value's first word */
	size_t head_bytes, fields;
	uint64_t body_left, content_length;
	uint32_t seen; /* fields, one bit each */
	unsigned method;
	size_t word_len, digits;
	char word[HTTP_GUARD_WORD]; /* method or field name, as far as it matters */
};

void http_guard_init(struct http_guard *g, const struct http_guard_limits *limits);

/* Looks at `data` up to the end of the current message; returns how many bytes that were. After a
 * refusal the count is meaningless. */
size_t http_guard_feed(
    struct http_guard *g, const void *data, size_t len, enum http_guard_verdict *verdict);

#endif
