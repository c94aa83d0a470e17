/* What the audit trail says of a webhook: where messages went and go, and which. Of an address the
 * host alone, since a path or a query may be a receiver's secret; ours are in nothing that is
 * written here. Its name is free text, which may be about a person. */
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "flow/hook_op_private.h"

enum { NOTE_MAX = 16 * 1024 };

static void
note_add_host(struct buf *b, const struct hook *h, struct arena *arena)
{
	const char *host = strstr(h->url, "://");

	host = host != NULL ? host + strlen("://") : h->url;
	buf_add_json_string(b, arena_dup(arena, host, strcspn(host, "/?#")));
}

static void
note_add_types(struct buf *b, const struct hook *h, struct arena *arena)
{
	const char *comma = "";

	(void)arena;
	buf_add_char(b, '[');
	for (int i = 0; i < HOOK_TYPE_COUNT; i++)
		if ((h->types & (1U << i)) != 0) {
			buf_printf(b, "%s\"%s\"", comma, hook_type_name((enum hook_type)i));
			comma = ",";
		}
	buf_add_char(b, ']');
}

static void
note_add_enabled(struct buf *b, const struct hook *h, struct arena *arena)
{
	(void)arena;
	buf_add_string(b, h->enabled ? "true" : "false");
}

static void
note_add_name(struct buf *b, const struct hook *h, struct arena *arena)
{
	(void)arena;
	buf_add_json_string(b, h->name);
}

typedef void note_add(struct buf *b, const struct hook *h, struct arena *arena);

static void
note_add_change(struct hook_op *o, struct buf *b, const char *name, note_add *add,
    const struct hook *before, const char **comma)
{
	buf_printf(b, "%s\"%s\":{\"before\":", *comma, name);
	add(b, before, o->arena);
	buf_add_string(b, ",\"after\":");
	add(b, &o->hook, o->arena);
	buf_add_char(b, '}');
	*comma = ",";
}

static void
note_add_changes(struct hook_op *o, struct buf *b, const struct hook *before)
{
	const char *comma = "";

	buf_add_string(b, ",\"changes\":{");
	if (strcmp(before->url, o->hook.url) != 0)
		note_add_change(o, b, "host", note_add_host, before, &comma);
	if (before->types != o->hook.types)
		note_add_change(o, b, "types", note_add_types, before, &comma);
	if (before->enabled != o->hook.enabled)
		note_add_change(o, b, "enabled", note_add_enabled, before, &comma);
	buf_add_char(b, '}');
}

static const char *
note_detail(struct hook_op *o, const struct hook *h, const struct hook *before)
{
	char until[CLOCK_TEXT_SIZE];
	const char *text;
	struct buf b;

	buf_init(&b, NOTE_MAX);
	buf_add_string(&b, "{\"host\":");
	note_add_host(&b, h, o->arena);
	buf_add_string(&b, ",\"types\":");
	note_add_types(&b, h, o->arena);
	if (h != before && before != NULL)
		note_add_changes(o, &b, before);
	if (h->old_until != 0)
		buf_printf(&b, ",\"old_secret_until\":\"%s\"", clock_format(h->old_until, until));
	buf_add_char(&b, '}');
	text = buf_failed(&b) ? NULL : arena_strdup(o->arena, b.data);
	buf_release(&b);
	return text;
}

static const char *
note_personal(struct hook_op *o, const struct hook *h, const struct hook *before)
{
	const char *text, *comma = "";
	struct buf b;

	buf_init(&b, NOTE_MAX);
	buf_add_string(&b, "{\"name\":");
	note_add_name(&b, h, o->arena);
	if (before != NULL && strcmp(before->name, h->name) != 0) {
		buf_add_string(&b, ",\"changes\":{");
		note_add_change(o, &b, "name", note_add_name, before, &comma);
		buf_add_char(&b, '}');
	}
	buf_add_char(&b, '}');
	text = buf_failed(&b) ? NULL : arena_strdup(o->arena, b.data);
	buf_release(&b);
	return text;
}

void
hook_op_fill_note(struct hook_op *o, const struct hook *before)
{
	const struct hook *h = o->hook.id[0] != '\0' ? &o->hook : before;

	if (h == NULL)
		return; /* there is none, as the store will say */
	o->note.detail = note_detail(o, h, before);
	o->note.personal = note_personal(o, h, before);
}
