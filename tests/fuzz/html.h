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

enum { HTML_NAME_MAX = 64 };

struct html_at {
	enum html_place place;
	char attribute[HTML_NAME_MAX]; /* lower case, cut; of a quoted or unquoted value */
	bool is_first;		       /* byte of its value */
};

/* Calls `each` for every byte. */
void html_read(const char *text, size_t len,
    void (*each)(void *arg, const char *at, const struct html_at *where), void *arg);

#endif
