/* The parser of templates: splits at the marks and follows the HTML between them far enough to know
 * how each value must be escaped. */
#include "template/template.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "template/template_private.h"

enum template_place {
	PLACE_TEXT,
	PLACE_TITLE,
	PLACE_TAG,
	PLACE_ATTRIBUTE,
	PLACE_COMMENT,
	PLACE_SCRIPT
};

struct template_parser {
	const struct template_source *source;
	struct template *t;
	struct fault *f;
	enum template_place place;
	char attribute[TEMPLATE_NAME_MAX + 1]; /* lower case; the last one seen in this tag */
	size_t attribute_len;
	unsigned quoted;      /* attribute values that have begun so far */
	bool may_name_scheme; /* of an address: what comes next may still be read as its scheme */
	bool in_element;      /* its name, before any attribute */
	bool after_equals;
	bool is_cut;	  /* a mark stands behind a piece of a name: nothing may be added to it */
	bool in_title;	  /* <title> takes no tags but its own end */
	bool in_noscript; /* raw text to a browser that runs scripts: no "<" but of a tag */
	bool in_script;	  /* and <script> nothing but its own end */
};

/* The file being read; an inner one is read by recursion. */
struct template_cursor {
	const struct embed_file *file;
	const char *at, *end;
};

static enum err
template_parser_refuse(
    const struct template_parser *p, const struct template_cursor *c, const char *why)
{
	size_t line = 1;

	for (const char *s = c->file->text; s < c->at; s++)
		if (*s == '\n')
			line++;
	return fault_set(p->f, ERR_INVALID, "%s:%zu: %s", c->file->name, line, why);
}

static struct template_step *
template_parser_add(
    struct template_parser *p, enum template_step_kind kind, const char *text, size_t len)
{
	struct template *t = p->t;

	if (t->count == TEMPLATE_STEPS_MAX)
		return NULL;
	if (t->count == t->cap) {
		t->cap = t->cap > 0 ? t->cap * 2 : 64;
		t->steps = mem_resize(t->steps, t->cap, sizeof(*t->steps));
	}
	t->steps[t->count] = (struct template_step){ .kind = kind, .text = text, .len = len };
	return &t->steps[t->count++];
}

static bool
template_starts(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - at) >= len && strncasecmp(at, word, len) == 0;
}

/* What a browser takes for the end of a name. */
static bool
template_ends_name(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == '/' || c == '>';
}

/* One byte of a tag, outside its attribute values. NULL: fine; else what is wrong. */
static const char *
template_parser_tag_byte(struct template_parser *p, char c)
{
	if (c == '\'' || (p->after_equals && c != '"'))
		return "an attribute is not in double quotes";
	if (c == '<')
		return "a tag inside a tag";
	if (c == '"') {
		if (!p->after_equals)
			return "a quote that begins no attribute";
		p->place = PLACE_ATTRIBUTE;
		p->quoted++;
		p->may_name_scheme = true;
		p->after_equals = false;
	} else if (template_ends_name(c)) {
		if (c == '>')
			p->place = p->in_title	  ? PLACE_TITLE
				   : p->in_script ? PLACE_SCRIPT
						  : PLACE_TEXT;
		p->attribute_len = 0;
		p->in_element = p->is_cut = false;
	} else if (p->is_cut)
		return "a name that a mark cuts in two";
	else if (c == '=') {
		if (p->attribute_len == 0 || p->in_element)
			return "a value without an attribute";
		p->after_equals = true;
	} else if (p->attribute_len < TEMPLATE_NAME_MAX)
		p->attribute[p->attribute_len++] = (char)tolower((unsigned char)c);
	p->attribute[p->attribute_len] = '\0';
	return NULL;
}

/* Is it this element's name that stands here, and all of it? */
static bool
template_is_element(const char *at, const char *end, const char *name)
{
	size_t len = strlen(name);

	return template_starts(at, end, name) &&
	       ((size_t)(end - at) == len || template_ends_name(at[len]));
}

/* An opening angle bracket in text. Elements are left out whose content a browser does not read as
 * HTML: a value in them would stand elsewhere than it seems. */
static const char *
template_parser_open(struct template_parser *p, struct template_cursor *c, const char *to)
{
	static const char *const others[] = { "script", "style", "textarea", "iframe", "noembed",
		"noframes", "noscript", "plaintext", "xmp" };
	static const char doctype[] = "<!doctype html>";
	const char *name = c->at + 1;
	bool is_noscript;

	if (p->in_title &&
	    !(template_starts(c->at, to, "</") && template_is_element(c->at + 2, to, "title")))
		return "a tag inside the title";
	if (template_starts(c->at, to, "<!--")) {
		if (p->in_noscript)
			return "a comment in a noscript";
		p->place = PLACE_COMMENT;
		return NULL;
	}
	if (template_starts(c->at, to, doctype)) {
		c->at += strlen(doctype) - 1;
		return NULL;
	}
	p->in_script = p->source->has_scripts && template_is_element(name, to, "script");
	/* Read either way, it ends at the same place: no attribute and no value holds a "<". */
	is_noscript = p->source->has_scripts && template_is_element(name, to, "noscript");
	if (is_noscript ||
	    (template_starts(c->at, to, "</") && template_is_element(c->at + 2, to, "noscript")))
		p->in_noscript = is_noscript;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (template_starts(name, to, others[i]) && !p->in_script && !is_noscript)
			return "an element that is no HTML inside";
	p->in_title = template_is_element(name, to, "title");
	if (name < to && *name == '/')
		name++;
	if (name == to || !isalpha((unsigned char)*name))
		return "an angle bracket that begins no tag";
	c->at = name - 1;
	p->place = PLACE_TAG;
	p->in_element = true;
	p->attribute_len = 0;
	p->is_cut = p->after_equals = false;
	return NULL;
}

/* Of an address, only these end its scheme or say that it has none. */
static void
template_parser_attribute_byte(struct template_parser *p, char c)
{
	if (c == '/' || c == '?' || c == '#' || c == ':')
		p->may_name_scheme = false;
	if (c == '"') {
		p->place = PLACE_TAG;
		p->attribute_len = 0;
	}
}

/* Follow the HTML through a literal. */
static enum err
template_parser_follow(struct template_parser *p, struct template_cursor *c, const char *to)
{
	static const char script_end[] = "</script>";
	const char *why = NULL;

	if (p->source->form == TEMPLATE_TEXT)
		c->at = to;
	for (; c->at < to; c->at++) {
		switch (p->place) {
		case PLACE_TEXT:
		case PLACE_TITLE:
			if (*c->at == '<')
				why = template_parser_open(p, c, to);
			break;
		case PLACE_COMMENT:
			if (template_starts(c->at, to, "--!>"))
				why = "a comment that may have ended";
			else if (template_starts(c->at, to, "-->")) {
				c->at += 2;
				p->place = PLACE_TEXT;
			}
			break;
		case PLACE_SCRIPT:
			if (!template_starts(c->at, to, script_end))
				why = "a script that is not empty";
			else {
				c->at += strlen(script_end) - 1;
				p->place = PLACE_TEXT;
			}
			break;
		case PLACE_TAG:
			why = template_parser_tag_byte(p, *c->at);
			break;
		case PLACE_ATTRIBUTE:
			if (p->in_noscript && *c->at == '<')
				why = "an angle bracket in an attribute in a noscript";
			template_parser_attribute_byte(p, *c->at);
			break;
		}
		if (why != NULL)
			return template_parser_refuse(p, c, why);
	}
	return ERR_OK;
}

static bool
template_parser_name_is_known(const struct template_parser *p, const char *name, size_t len)
{
	if (p->source->names == NULL)
		return true;
	for (const char *const *n = p->source->names; *n != NULL; n++)
		if (strlen(*n) == len && memcmp(*n, name, len) == 0)
			return true;
	return false;
}

static enum err
template_parser_value(
    struct template_parser *p, struct template_cursor *c, const char *name, size_t len)
{
	enum template_escape escape = ESCAPE_TEXT;
	struct template_step *s;

	if (p->source->form == TEMPLATE_TEXT)
		escape = ESCAPE_PLAIN;
	else if (p->place == PLACE_TAG)
		return template_parser_refuse(p, c, "a value outside text and attributes");
	if (p->place == PLACE_ATTRIBUTE) {
		const char *a = p->attribute;

		if (strncmp(a, "on", 2) == 0 || strcmp(a, "style") == 0 || a[0] == '\0')
			return template_parser_refuse(p, c, "a value in an attribute that is code");
		escape = ESCAPE_ATTRIBUTE;
		if (p->may_name_scheme &&
		    (strcmp(a, "href") == 0 || strcmp(a, "src") == 0 || strcmp(a, "action") == 0))
			escape = ESCAPE_URL;
	}
	s = template_parser_add(p, STEP_VALUE, name, len);
	if (s == NULL)
		return template_parser_refuse(p, c, "the template is too long");
	s->escape = escape;
	return ERR_OK;
}

static enum err template_parser_file(struct template_parser *p, struct template_cursor *from,
    const char *name, size_t len, unsigned depth);

/* Up to the end of the file, or the {{/name}} of the section `open`. */
static enum err template_parser_body(struct template_parser *p, struct template_cursor *c,
    const struct template_step *open, unsigned depth);

static enum err
template_parser_section(struct template_parser *p, struct template_cursor *c,
    enum template_step_kind kind, const char *name, size_t len, unsigned depth)
{
	struct template_step open = { .kind = kind, .text = name, .len = len };
	const struct template_parser before = *p;
	size_t at = p->t->count;

	if (template_parser_add(p, kind, name, len) == NULL)
		return template_parser_refuse(p, c, "the template is too long");
	if (template_parser_body(p, c, &open, depth + 1) != ERR_OK)
		return ERR_INVALID;
	if (p->place != before.place || p->in_noscript != before.in_noscript ||
	    (p->place == PLACE_ATTRIBUTE && p->quoted != before.quoted))
		return template_parser_refuse(p, c, "a section that ends elsewhere in the HTML");
	/* It may be left out. */
	p->is_cut = p->is_cut || before.is_cut;
	p->may_name_scheme = p->may_name_scheme || before.may_name_scheme;
	p->t->steps[at].end = p->t->count;
	if (template_parser_add(p, STEP_END, name, len) == NULL)
		return template_parser_refuse(p, c, "the template is too long");
	return ERR_OK;
}

/* One mark; `inside` is what stands between the braces. */
static enum err
template_parser_mark(struct template_parser *p, struct template_cursor *c, const char *inside,
    size_t len, const struct template_step *open, bool *closed, unsigned depth)
{
	char kind = '\0';

	if (p->place == PLACE_COMMENT || p->place == PLACE_SCRIPT ||
	    (p->place == PLACE_TAG && p->after_equals))
		return template_parser_refuse(
		    p, c, "a mark in a comment, in a script or in front of a quote");
	p->is_cut = p->is_cut || (p->place == PLACE_TAG && p->attribute_len > 0);
	if (len > 0)
		kind = inside[0];
	if (kind == '#' || kind == '^' || kind == '/' || kind == '>') {
		inside++;
		len--;
	}
	if (len == 0 || len > TEMPLATE_NAME_MAX)
		return template_parser_refuse(p, c, "a mark without a plain name");
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)inside[i]) && inside[i] != '_')
			return template_parser_refuse(p, c, "a mark without a plain name");
	if (kind == '>')
		return template_parser_file(p, c, inside, len, depth + 1);
	if (kind == '/') {
		if (open == NULL || open->len != len || memcmp(open->text, inside, len) != 0)
			return template_parser_refuse(p, c, "an end without its beginning");
		*closed = true;
		return ERR_OK;
	}
	if (!template_parser_name_is_known(p, inside, len))
		return template_parser_refuse(p, c, "an unknown name");
	if (kind == '#')
		return template_parser_section(p, c, STEP_SECTION, inside, len, depth);
	if (kind == '^')
		return template_parser_section(p, c, STEP_INVERTED, inside, len, depth);
	return template_parser_value(p, c, inside, len);
}

static enum err
template_parser_body(struct template_parser *p, struct template_cursor *c,
    const struct template_step *open, unsigned depth)
{
	bool closed = false;

	if (depth > TEMPLATE_DEPTH_MAX)
		return template_parser_refuse(p, c, "nested too deep");
	while (!closed && c->at < c->end) {
		const char *mark = memmem(c->at, (size_t)(c->end - c->at), "{{", 2);
		const char *to = mark != NULL ? mark : c->end, *close;

		if (to > c->at &&
		    template_parser_add(p, STEP_LITERAL, c->at, (size_t)(to - c->at)) == NULL)
			return template_parser_refuse(p, c, "the template is too long");
		if (template_parser_follow(p, c, to) != ERR_OK)
			return ERR_INVALID;
		if (mark == NULL)
			break;
		close = memmem(mark, (size_t)(c->end - mark), "}}", 2);
		if (close == NULL)
			return template_parser_refuse(p, c, "a mark without its end");
		c->at = close + 2;
		if (template_parser_mark(
			p, c, mark + 2, (size_t)(close - mark - 2), open, &closed, depth) != ERR_OK)
			return ERR_INVALID;
	}
	if (open != NULL && !closed)
		return template_parser_refuse(p, c, "a section without its end");
	return ERR_OK;
}

/* NULL: there is none. `folder` may be NULL. */
static const struct embed_file *
template_parser_find(
    const struct template_parser *p, const char *folder, const char *name, size_t len)
{
	const char *suffix = p->source->form == TEMPLATE_TEXT ? ".txt" : ".html";
	size_t skip = folder != NULL ? strlen(folder) + 1 : 0;

	for (size_t i = 0; i < p->source->file_count; i++) {
		const char *at = p->source->files[i].name;

		if (folder != NULL && (strncmp(at, folder, skip - 1) != 0 || at[skip - 1] != '/'))
			continue;
		if (strncmp(at + skip, name, len) == 0 && strcmp(at + skip + len, suffix) == 0)
			return &p->source->files[i];
	}
	return NULL;
}

/* The file of that name: of the set's folder, or else beside it. */
static const struct embed_file *
template_parser_look_up(const struct template_parser *p, const char *name, size_t len)
{
	const struct embed_file *file = NULL;

	if (p->source->folder != NULL)
		file = template_parser_find(p, p->source->folder, name, len);
	return file != NULL ? file : template_parser_find(p, NULL, name, len);
}

static enum err
template_parser_file(struct template_parser *p, struct template_cursor *from, const char *name,
    size_t len, unsigned depth)
{
	const struct embed_file *file = template_parser_look_up(p, name, len);
	struct template_cursor c;

	if (file == NULL)
		return template_parser_refuse(p, from, "an unknown file");
	c = (struct template_cursor){ file, file->text, file->text + file->len };
	return template_parser_body(p, &c, NULL, depth);
}

enum err
template_parse(
    struct template **out, const struct template_source *source, const char *file, struct fault *f)
{
	const struct embed_file none = { .name = file, .text = "" };
	struct template_parser p = { .source = source, .f = f, .t = mem_alloc(sizeof(*p.t)) };
	const struct embed_file *found = template_parser_look_up(&p, file, strlen(file));
	struct template_cursor c = { &none, none.text, none.text };
	enum err code = template_parser_file(&p, &c, file, strlen(file), 0);

	if (code == ERR_OK && p.place != PLACE_TEXT) {
		c = (struct template_cursor){ found, found->text + found->len, NULL };
		code = template_parser_refuse(&p, &c, "the HTML ends inside a tag");
	}
	if (code != ERR_OK) {
		template_free(p.t);
		return code;
	}
	*out = p.t;
	return ERR_OK;
}
