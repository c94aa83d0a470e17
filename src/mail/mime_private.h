/* Reading messages of others, as far as a report about a mail of ours needs it: headers, parts,
 * transfer encodings. Made for any input: spans into the message, no copies but of decoded parts,
 * work that grows with its length alone. Lines end in LF or CRLF. */
#ifndef USHERD_MAIL_MIME_PRIVATE_H
#define USHERD_MAIL_MIME_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct mime_span {
	const char *at, *end;
};

enum { MIME_VALUE_SIZE = 2048 }; /* of a field's value with its zero byte; more is cut off */

/* Takes the next line off `text`, without its end; false: there is none. */
bool mime_next_line(struct mime_span *text, struct mime_span *line);
/* Headers, and what is behind the empty line. A line that some mailboxes put in front ("From x")
 * is left out. */
void mime_split(struct mime_span whole, struct mime_span *headers, struct mime_span *body);

/* The value of the first field of that name: unfolded, without comments around it being understood,
 * printable UTF-8 in one line. False: there is none, and `out` is empty. */
bool mime_field(struct mime_span headers, const char *name, char out[MIME_VALUE_SIZE]);
/* Takes the next field off `headers`, whatever its name; false: there is none. */
bool mime_next_field(struct mime_span *headers, struct mime_span *name, char out[MIME_VALUE_SIZE]);
bool mime_span_is(struct mime_span span, const char *word); /* in any case */

/* Of a Content-Type: "multipart/report", or any of a kind with "multipart/". */
bool mime_type_is(const char *type, const char *expected);
/* Its parameter, without quotes. False: it has none, or one that does not fit. */
bool mime_parameter(const char *type, const char *name, char *out, size_t size);

/* The parts between lines "--BOUNDARY". */
struct mime_parts {
	struct mime_span left;
	const char *boundary; /* borrowed */
	bool begun, ended;
};
bool mime_next_part(struct mime_parts *parts, struct mime_span *part);

/* `body` as it was before quoted-printable or base64; the body itself otherwise. */
struct mime_span mime_decode(struct mime_span body, const char *encoding, struct arena *arena);

#endif
