/* What a server said, on a terminal: nothing that moves a cursor, changes a title or turns text
 * around. */
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"

enum {
	TEXT_MAX = 32 * 1024 * 1024, /* of an answer */
	JSON_MAX = 12 * TEXT_MAX,    /* should each of its characters become two escapes */
	COLUMN_MAX = 60,
	COLUMNS_MAX = 16
};

/* The joiners are format characters too, but names of several scripts are misspelled without them.
 */
static bool
cli_is_visible(ucs4_t c)
{
	if (c == 0x200c || c == 0x200d)
		return true;
	return !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
							UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Zl |
							UC_CATEGORY_MASK_Zp);
}

char *
cli_clean(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_add_string(&b, "");
	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtouc(&c, p, left);

		if (c != 0xfffd && cli_is_visible(c))
			buf_add(&b, p, (size_t)n);
		else
			buf_add_string(&b, "\xef\xbf\xbd");
		p += n;
		left -= (size_t)n;
	}
	return b.data;
}

/* Outside strings the writer puts nothing but ASCII and its own line breaks. */
static char *
cli_escape_json(const json_t *value, size_t flags)
{
	char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);
	struct buf b;

	buf_init(&b, JSON_MAX);
	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtouc(&c, p, left);

		if (c == '\n' || cli_is_visible(c))
			buf_add(&b, p, (size_t)n);
		else if (c < 0x10000)
			buf_printf(&b, "\\u%04x", (unsigned)c);
		else
			buf_printf(&b, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
			    (unsigned)(0xdc00 + (c & 0x3ff)));
		p += n;
		left -= (size_t)n;
	}
	free(text);
	return b.data;
}

char *
cli_json_line(const json_t *value)
{
	return cli_escape_json(value, JSON_COMPACT);
}

void
cli_print_json(FILE *to, const json_t *value)
{
	char *text = cli_escape_json(value, JSON_INDENT(2));

	fprintf(to, "%s\n", text);
	free(text);
}

int
cli_width(const char *text)
{
	return u8_strwidth((const uint8_t *)text, "UTF-8");
}

static void
cli_add_text(struct buf *b, json_t *v)
{
	json_t *item, *member;
	const char *key;
	size_t i;

	if (json_is_string(v))
		buf_add_string(b, json_string_value(v));
	else if (json_is_integer(v))
		buf_printf(b, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		buf_add_string(b, json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v)) {
		json_array_foreach(v, i, item)
		{
			if (i > 0)
				buf_add_string(b, ", ");
			cli_add_text(b, item);
		}
	} else if (json_is_object(v)) {
		const char *space = "";

		json_object_foreach(v, key, member)
		{
			if (json_is_null(member))
				continue;
			buf_printf(b, "%s%s=", space, key);
			cli_add_text(b, member);
			space = " ";
		}
	}
}

char *
cli_text_of(json_t *value)
{
	struct buf b;
	char *clean;

	buf_init(&b, TEXT_MAX);
	buf_add_string(&b, "");
	cli_add_text(&b, value);
	clean = cli_clean(b.data);
	buf_release(&b);
	return clean;
}

static void
cli_print_cell(FILE *to, const char *text, int width)
{
	int used = cli_width(text);

	fputs(text, to);
	for (; used < width; used++)
		fputc(' ', to);
}

static int
cli_column_width(const struct cli_column *column, const json_t *items)
{
	int width = cli_width(column->title);
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		char *text = cli_text_of(json_object_get(item, column->member));
		int w = cli_width(text);

		if (w > width)
			width = w < COLUMN_MAX ? w : COLUMN_MAX;
		free(text);
	}
	return width;
}

void
cli_print_table(FILE *to, const struct cli_column *columns, size_t count, const json_t *items)
{
	int widths[COLUMNS_MAX];
	const json_t *item;
	size_t i;

	for (i = 0; i < count; i++) {
		widths[i] = i + 1 < count ? cli_column_width(&columns[i], items) : 0;
		cli_print_cell(to, columns[i].title, widths[i]);
		fputs(i + 1 < count ? "  " : "\n", to);
	}
	json_array_foreach(items, i, item)
	{
		for (size_t j = 0; j < count; j++) {
			char *text = cli_text_of(json_object_get(item, columns[j].member));

			cli_print_cell(to, text, widths[j]);
			fputs(j + 1 < count ? "  " : "\n", to);
			free(text);
		}
	}
}

enum cli_exit
cli_list_items(struct cli *c, const char *path, const struct cli_column *columns, size_t count)
{
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", path, NULL, &reply);

	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cli_print_table(c->out, columns, count, json_object_get(reply, "items"));
	json_decref(reply);
	return CLI_OK;
}

/* What is absent, or does not apply, has no line. */
static bool
cli_is_nothing(const json_t *v)
{
	return json_is_null(v) || json_is_false(v);
}

void
cli_print_object(FILE *to, json_t *object)
{
	json_t *v;
	const char *key;
	int width = 0;

	json_object_foreach(object, key, v)
	{
		int w = cli_width(key);

		if (!cli_is_nothing(v) && w > width)
			width = w;
	}
	json_object_foreach(object, key, v)
	{
		char *name, *text;

		if (cli_is_nothing(v))
			continue;
		name = cli_clean(key);
		text = cli_text_of(v);
		cli_print_cell(to, name, width);
		fprintf(to, "  %s\n", text);
		free(name);
		free(text);
	}
}

void
cli_show(struct cli *c, json_t *reply)
{
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cli_print_object(c->out, reply);
}

void
cli_show_invitation(struct cli *c, json_t *invitation)
{
	static const struct cli_column columns[] = { { "AT", "at" }, { "EVENT", "event" },
		{ "MAIL", "mail" }, { "DETAIL", "detail" } };
	json_t *timeline;

	if (c->json) {
		cli_print_json(c->out, invitation);
		return;
	}
	timeline = json_incref(json_object_get(invitation, "timeline"));
	json_object_del(invitation, "timeline");
	cli_print_object(c->out, invitation);
	if (json_array_size(timeline) > 0) {
		fputc('\n', c->out);
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]), timeline);
	}
	json_decref(timeline);
}
