/* The renderer, and the model it reads. */
#include "template/template.h"

#include <stdlib.h>
#include <string.h>

#include "template/template_private.h"

enum template_model_kind { MODEL_TEXT, MODEL_FLAG, MODEL_LIST };

struct template_model_value {
	struct template_model_value *next;
	const char *name;
	enum template_model_kind kind;
	const char *text;
	bool flag;
	struct template_model *first, *last; /* of a list */
};

struct template_model {
	struct arena *arena;
	struct template_model_value *values;
	const struct template_model *outer; /* of an item: where the list stands */
	struct template_model *next;	    /* of an item: the one behind it */
};

struct template_model *
template_model_new(struct arena *arena)
{
	struct template_model *m = arena_alloc(arena, sizeof(*m));

	m->arena = arena;
	return m;
}

static struct template_model_value *
template_model_value_of(struct template_model *m, const char *name, enum template_model_kind kind)
{
	struct template_model_value *v;

	for (v = m->values; v != NULL; v = v->next)
		if (strcmp(v->name, name) == 0)
			break;
	if (v == NULL) {
		v = arena_alloc(m->arena, sizeof(*v));
		v->name = name;
		v->next = m->values;
		m->values = v;
	}
	v->kind = kind;
	return v;
}

void
template_model_set_text(struct template_model *m, const char *name, const char *text)
{
	template_model_value_of(m, name, MODEL_TEXT)->text = text;
}

void
template_model_set_flag(struct template_model *m, const char *name, bool value)
{
	template_model_value_of(m, name, MODEL_FLAG)->flag = value;
}

struct template_model *
template_model_add_item(struct template_model *m, const char *name)
{
	struct template_model_value *v = template_model_value_of(m, name, MODEL_LIST);
	struct template_model *item = template_model_new(m->arena);

	item->outer = m;
	if (v->last != NULL)
		v->last->next = item;
	else
		v->first = item;
	v->last = item;
	return item;
}

static const struct template_model_value *
template_model_find(const struct template_model *m, const char *name, size_t len)
{
	for (; m != NULL; m = m->outer)
		for (const struct template_model_value *v = m->values; v != NULL; v = v->next)
			if (strncmp(v->name, name, len) == 0 && v->name[len] == '\0')
				return v;
	return NULL;
}

static bool
template_model_is_true(const struct template_model_value *v)
{
	if (v == NULL)
		return false;
	if (v->kind == MODEL_FLAG)
		return v->flag;
	if (v->kind == MODEL_LIST)
		return v->first != NULL;
	return v->text != NULL && v->text[0] != '\0';
}

/* What a link may lead to. A path with two slashes in front would name a host. */
static bool
template_url_is_safe(const char *url)
{
	static const char *const schemes[] = { "https://", "http://", "mailto:" };

	if (url[0] == '/')
		return url[1] != '/' && url[1] != '\\';
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return url[0] == '\0';
}

static const char *
template_escape_of(unsigned char c, enum template_escape escape)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&#34;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
		if (escape == ESCAPE_TEXT)
			return NULL;
		return c == '\t' ? "&#9;" : "&#10;";
	default:
		/* Other control bytes have no meaning in HTML. */
		return c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
	}
}

/* Bytes at `at` that are a control character or break a line in any program: C0, DEL, C1 with NEL
 * (U+0080 to U+009F), U+2028, U+2029. */
static size_t
template_control_len(const unsigned char *at)
{
	if (at[0] < 0x20 || at[0] == 0x7f)
		return 1;
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
		return 2;
	if (at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
		return 3;
	return 0;
}

static void
template_plain_add(struct buf *out, const char *text)
{
	const char *run = text;

	while (*text != '\0') {
		size_t len = template_control_len((const unsigned char *)text);

		if (len == 0) {
			text++;
			continue;
		}
		buf_add(out, run, (size_t)(text - run));
		buf_add_char(out, ' ');
		run = text += len;
	}
	buf_add(out, run, (size_t)(text - run));
}

static void
template_escape_add(struct buf *out, const char *text, enum template_escape escape)
{
	const char *run = text;

	if (escape == ESCAPE_URL && !template_url_is_safe(text)) {
		buf_add_char(out, '#');
		return;
	}
	if (escape == ESCAPE_PLAIN) {
		template_plain_add(out, text);
		return;
	}
	for (; *text != '\0'; text++) {
		const char *written = template_escape_of((unsigned char)*text, escape);

		if (written == NULL)
			continue;
		buf_add(out, run, (size_t)(text - run));
		buf_add_string(out, written);
		run = text + 1;
	}
	buf_add(out, run, (size_t)(text - run));
}

/* Depth is bounded by the parser. */
static void
template_render_range(const struct template *t, size_t from, size_t to,
    const struct template_model *model, struct buf *out)
{
	for (size_t i = from; i < to && !buf_failed(out); i++) {
		const struct template_step *s = &t->steps[i];
		const struct template_model_value *v;
		bool is_true;

		if (s->kind == STEP_LITERAL) {
			buf_add(out, s->text, s->len);
			continue;
		}
		v = template_model_find(model, s->text, s->len);
		if (s->kind == STEP_VALUE) {
			if (v != NULL && v->kind == MODEL_TEXT && v->text != NULL)
				template_escape_add(out, v->text, s->escape);
			continue;
		}
		is_true = template_model_is_true(v);
		if (s->kind == STEP_INVERTED) {
			if (!is_true)
				template_render_range(t, i + 1, s->end, model, out);
		} else if (is_true && v->kind == MODEL_LIST) {
			for (const struct template_model *item = v->first; item != NULL;
			     item = item->next)
				template_render_range(t, i + 1, s->end, item, out);
		} else if (is_true)
			template_render_range(t, i + 1, s->end, model, out);
		i = s->end;
	}
}

void
template_render(const struct template *t, const struct template_model *model, struct buf *out)
{
	template_render_range(t, 0, t->count, model, out);
}

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	free(t->steps);
	free(t);
}
