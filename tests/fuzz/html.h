/* Where each byte of an HTML text stands, as a browser sees it: a plain tokenizer of the WHATWG
 * standard (HTML, section 13.2.5) as far as tags, attributes, comments and raw text go. */
#ifndef USHERD_FUZZ_HTML_H
#define USHERD_FUZZ_HTML_H

#include <stdbool.h>
#include <stddef.h>

enum html_place {
	HTML_TEXT,
	HTML_TAG, /* a tag's name, or an attribute's */
	HTML_QUOTED,
	HTML_UNQUOTED,
	HTML_COMMENT, /* declarations too */
	HTML_RAW      /* of an element whose content is code: script or style */
};

struct html_at {
	enum html_place place;
	const char *attribute; /* lower case, cut; of a quoted or unquoted value */
	const char *value;     /* where that begins */
};

/* Calls `each` for every byte. */
void html_read(const char *text, size_t len,
    void (*each)(void *arg, const char *at, const struct html_at *where), void *arg);

#endif
