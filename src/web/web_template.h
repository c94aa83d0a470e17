/* A small template renderer for HTML, with values escaped by where they stand.
 *
 *   {{name}}                     the text `name`, escaped; absent: nothing
 *   {{#name}} ... {{/name}}      once when `name` is true or a text that is not empty; for a list,
 * once for each item, whose names come before those around it
 *   {{^name}} ... {{/name}}      when it is not, or the list is empty
 *   {{>file}}                    file.html of the set
 *
 * There is no way to write a value unescaped. The parser follows the HTML around each value: in
 * text it escapes for text, in a double-quoted attribute for an attribute, where the scheme of
 * href, src or action may still come it lets only http, https, mailto and local paths through.
 * Anywhere else (a tag, a comment, an unquoted attribute, style or on... attributes) a value is
 * refused, as is all that a browser might split otherwise: elements that are no HTML inside
 * (<script>, <textarea> ...), tags in a title, bare angle brackets, unquoted attributes, a name
 * that a mark cuts in two. A section ends in the same place of the HTML as it began. Pure: no
 * files, no globals. */
#ifndef USHERD_WEB_WEB_TEMPLATE_H
#define USHERD_WEB_WEB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"

struct web_template;
struct web_model;

enum {
	WEB_TEMPLATE_DEPTH_MAX = 8,    /* sections and files inside each other */
	WEB_TEMPLATE_STEPS_MAX = 2048, /* literals, values and section marks of one template */
	WEB_TEMPLATE_NAME_MAX = 32     /* bytes of a name */
};

struct web_template_source {
	const struct embed_file *files;
	size_t file_count;
	const char *const *names; /* the ones a template may use, NULL terminated; NULL: any */
};

/* Parse `file`.html of the set, and what it includes. The template points into the texts of the
 * set, which outlive it. ERR_INVALID names file and line. */
enum err web_template_parse(struct web_template **out, const struct web_template_source *source,
    const char *file, struct fault *f);
void web_template_free(struct web_template *t);

/* Appends to `out`; its maximum bounds the work (buf_failed tells that it was reached). */
void web_template_render(
    const struct web_template *t, const struct web_model *model, struct buf *out);

/* What the names mean. Everything lives in `arena`; texts are borrowed, UTF-8. Setting a name again
 * replaces it. */
struct web_model *web_model_new(struct arena *arena);
void web_model_set_text(struct web_model *m, const char *name, const char *text); /* NULL: absent */
void web_model_set_flag(struct web_model *m, const char *name, bool value);
/* Appends an empty item to the list `name` and returns it. */
struct web_model *web_model_add_item(struct web_model *m, const char *name);

#endif
