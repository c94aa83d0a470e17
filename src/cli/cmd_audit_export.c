/* The whole trail, page by page as it comes: it may be larger than memory. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli_audit.h"

enum { PATH_MAX_BYTES = 8192 };

static const struct cli_option options[] = {
	CLI_AUDIT_FILTERS,
	{ .name = "format", .value = "json|csv", .help = "a record a line; default json" },
	{ .name = NULL },
};

/* A member of the record, or of its subject. */
struct audit_cell {
	const char *title, *member, *of_subject;
};

static const struct audit_cell cells[] = {
	{ "id", "id", NULL },
	{ "at", "at", NULL },
	{ "event", "event", NULL },
	{ "subject", "subject", "type" },
	{ "subject_id", "subject", "id" },
	{ "state", "state", NULL },
	{ "actor", "actor", NULL },
	{ "person", "person", NULL },
	{ "org_unit", "org_unit", NULL },
	{ "source", "source", NULL },
	{ "request_id", "request_id", NULL },
	{ "detail", "detail", NULL },
	{ "personal", "personal", NULL },
	{ "erased", "erased", NULL },
};

/* RFC 4180. What a spreadsheet would take for a formula gets an apostrophe in front, which it shows
 * as text; whoever reads it back takes one away. */
static void
cmd_audit_print_cell(FILE *to, const char *text)
{
	bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';

	if (quoted)
		fputc('"', to);
	if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
		fputc('\'', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	if (quoted)
		fputc('"', to);
}

static void
cmd_audit_print_row(FILE *to, const json_t *record)
{
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		json_t *value = json_object_get(record, cells[i].member);
		char *text;

		if (cells[i].of_subject != NULL)
			value = json_object_get(value, cells[i].of_subject);
		text = json_is_object(value) ? cli_json_line(value) : cli_text_of(value);
		if (i > 0)
			fputc(',', to);
		cmd_audit_print_cell(to, text);
		free(text);
	}
	fputs("\r\n", to);
}

static void
cmd_audit_print_titles(FILE *to)
{
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		fprintf(to, "%s%s", i > 0 ? "," : "", cells[i].title);
	fputs("\r\n", to);
}

static void
cmd_audit_print_page(struct cli *c, const json_t *items, bool csv)
{
	json_t *record;
	size_t i;

	json_array_foreach(items, i, record)
	{
		char *line;

		if (csv) {
			cmd_audit_print_row(c->out, record);
			continue;
		}
		line = cli_json_line(record);
		fprintf(c->out, "%s\n", line);
		free(line);
	}
}

/* Output that cannot be written is told at the end, by main(). CLI_FAILED: records are missing. */
static enum cli_exit
cmd_audit_export_all(struct cli *c, struct buf *path, bool csv)
{
	const size_t len = path->len;
	char *cursor = NULL;
	bool is_damaged = false, more;
	enum cli_exit code;

	do {
		json_t *reply;

		code = cli_next_page(c, path, len, cursor, &reply);
		cmd_audit_print_page(c, json_object_get(reply, "items"), csv);
		is_damaged = is_damaged || json_is_true(json_object_get(reply, "damaged"));
		free(cursor);
		cursor = mem_dup_string(json_string_value(json_object_get(reply, "next_cursor")));
		more = code == CLI_OK && cursor != NULL && !ferror(c->out);
		json_decref(reply);
	} while (more);
	free(cursor);
	return is_damaged ? cli_say_damaged(c, code) : code;
}

static enum cli_exit
cmd_audit_export_run(struct cli *c)
{
	const char *format = cli_value(&c->values, "format");
	bool csv = format != NULL && strcmp(format, "csv") == 0;
	enum cli_exit code;
	struct buf path;

	if (format != NULL && !csv && strcmp(format, "json") != 0) {
		fprintf(c->err, "usherctl: --format is json or csv\n");
		return CLI_USAGE;
	}
	if (csv)
		cmd_audit_print_titles(c->out);
	buf_init(&path, PATH_MAX_BYTES);
	cli_add_audit_path(c, &path, "oldest", "200");
	code = cmd_audit_export_all(c, &path, csv);
	buf_release(&path);
	return code;
}

const struct cli_command cmd_audit_export = {
	.group = "audit",
	.name = "export",
	.help = "Print the whole audit trail, oldest first, a record a line.",
	.options = options,
	.run = cmd_audit_export_run,
};
