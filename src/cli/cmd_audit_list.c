#include <stdlib.h>

#include "cli/cli_audit.h"

enum { PATH_MAX_BYTES = 8192 };

static const struct cli_option options[] = {
	CLI_AUDIT_FILTERS,
	{ .name = "order", .value = "newest|oldest", .help = "which come first; default newest" },
	{ .name = "limit", .value = "N", .help = "records of one page: 1 to 200, default 50" },
	{ .name = "all", .help = "list every record" },
	{ .name = NULL },
};

/* Pages until one has something in it, or with --all every page as if it was one. */
static enum cli_exit
cmd_audit_collect(struct cli *c, json_t **answer)
{
	bool all = cli_value(&c->values, "all") != NULL;
	const char *limit = cli_value(&c->values, "limit");
	enum cli_exit code;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	cli_add_audit_path(
	    c, &path, cli_value(&c->values, "order"), limit == NULL && all ? "200" : limit);
	code =
	    cli_collect_pages(c, &path, NULL, all ? CLI_ALL_PAGES : CLI_PAGES_UNTIL_SOME, answer);
	buf_release(&path);
	return code;
}

/* A line has the name of whom it is about, so far as it was not erased, and why if that was told.
 */
static json_t *
cmd_audit_row(json_t *record)
{
	json_t *subject = json_object_get(record, "subject");
	const json_t *personal = json_object_get(record, "personal");
	json_t *name = json_object_get(personal, "name"), *row = json_object();

	json_object_set(row, "at", json_object_get(record, "at"));
	json_object_set(row, "event", json_object_get(record, "event"));
	json_object_set(row, "type", json_object_get(subject, "type"));
	json_object_set(row, "id", json_object_get(subject, "id"));
	json_object_set(row, "actor", json_object_get(record, "actor"));
	json_object_set(row, "source", json_object_get(record, "source"));
	if (json_is_true(json_object_get(record, "erased")))
		json_object_set_new(row, "name", json_string("(erased)"));
	else
		json_object_set(
		    row, "name", name != NULL ? name : json_object_get(personal, "uid"));
	json_object_set(row, "why", json_object_get(json_object_get(record, "detail"), "reason"));
	return row;
}

static void
cmd_audit_print(struct cli *c, const json_t *items)
{
	static const struct cli_column columns[] = { { "AT", "at" }, { "EVENT", "event" },
		{ "DETAIL", "why" }, { "SUBJECT", "type" }, { "ID", "id" }, { "NAME", "name" },
		{ "ACTOR", "actor" }, { "SOURCE", "source" } };
	json_t *rows = json_array();

	for (size_t i = 0; i < json_array_size(items); i++)
		json_array_append_new(rows, cmd_audit_row(json_array_get(items, i)));
	cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]), rows);
	json_decref(rows);
}

static enum cli_exit
cmd_audit_list_run(struct cli *c)
{
	json_t *answer;
	enum cli_exit code = cmd_audit_collect(c, &answer);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, answer);
	else if (code == CLI_OK) {
		cmd_audit_print(c, json_object_get(answer, "items"));
		if (json_is_string(json_object_get(answer, "next_cursor")))
			fprintf(c->err, "there are more; --all lists them too\n");
	}
	if (json_is_true(json_object_get(answer, "damaged")))
		code = cli_say_damaged(c, code);
	json_decref(answer);
	return code;
}

const struct cli_command cmd_audit_list = {
	.group = "audit",
	.name = "list",
	.help = "List what was done, by whom, on whom, from where.",
	.options = options,
	.run = cmd_audit_list_run,
};
