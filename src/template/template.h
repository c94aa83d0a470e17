/* A small template renderer for HTML and plain text, with values escaped by where they stand.
 *
 *   {{name}}                     the text `name`, escaped; absent: nothing
 *   {{#name}} ... {{/name}}      once when `name` is true or a text that is not empty; for a list,
 * once for each item, whose names come before those around it
 *   {{^name}} ... {{/name}}      when it is not, or the list is empty
 *   {{>file}}                    file.html (file.txt) of the set
 *
 * There is no way to write a value unescaped. The parser follows the HTML around each value: in
 * text it escapes for text, in a double-quoted attribute for an attribute, where the scheme of
 * href, src or action may still come it lets only http, https, mailto and local paths through.
 * Anywhere else (a tag, a comment, an unquoted attribute, style or on... attributes) a value is
 * refused, as is all that a browser might split otherwise: elements that are no HTML inside
 * (<script>, <textarea> ...), tags in a title, bare angle brackets, unquoted attributes, a name
 * that a mark cuts in two. A section ends in the same place of the HTML as it began.
 *
 * In plain text a value keeps to its line: line breaks and other control characters become spaces.
 *
 * Pure: no files, no globals. */
#ifndef USHERD_TEMPLATE_TEMPLATE_H
#define USHERD_TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"

struct template;
struct template_model;

enum {
	TEMPLATE_DEPTH_MAX = 8,	   /* sections and files inside each other */
	TEMPLATE_STEPS_MAX = 2048, /* literals, values and section marks of one template */
	TEMPLATE_NAME_MAX = 32	   /* bytes of a name */
};

enum template_form { TEMPLATE_HTML, TEMPLATE_TEXT };

struct template_source {
	const struct embed_file *files; /* of two with the same name the first counts */
	size_t file_count;
	const char *const *names; /* the ones a template may use, NULL terminated; NULL: any */
	enum template_form form;
	/* <script src="..."></script> with nothing inside is taken: the values are the program's.
	 */
	bool has_scripts;
	const char *folder; /* "de": what the set has in de/ stands before the rest; NULL: none */
};

/* Parse `file`.html (`file`.txt) of the set, and what it includes. The template points into the
 * texts of the set, which outlive it. ERR_INVALID: the text begins with "FILE:LINE: ", where FILE
 * is named as in the set. */
enum err template_parse(
    struct template **out, const struct template_source *source, const char *file, struct fault *f);
void template_free(struct template *t);

/* Appends to `out`; its maximum bounds the work (buf_failed tells that it was reached). */
void template_render(const struct template *t, const struct template_model *model, struct buf *out);

/* What the names mean. Everything lives in `arena`; texts are borrowed, UTF-8. Setting a name again
 * replaces it. */
struct template_model *template_model_new(struct arena *arena);
void template_model_set_text(
    struct template_model *m, const char *name, const char *text); /* NULL: absent */
void template_model_set_flag(struct template_model *m, const char *name, bool value);
/* Appends an empty item to the list `name` and returns it. */
struct template_model *template_model_add_item(struct template_model *m, const char *name);

#endif
