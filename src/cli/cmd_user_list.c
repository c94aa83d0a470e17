#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { PATH_MAX_BYTES = 8192 };

static const struct cli_option options[] = {
	{ .name = "query", .value = "WORDS", .help = "in name, mail, phone, uid or position" },
	{ .name = "status",
	    .value = "LIST",
	    .help = "of pending,undeliverable,expired,active,suspended" },
	{ .name = "org-unit", .value = "DN", .help = "in it and below" },
	{ .name = "sort",
	    .value = "KEY",
	    .help = "name, mail, phone, org_unit, status, registered_at, last_activity_at" },
	{ .name = "order", .value = "asc|desc", .help = "direction" },
	{ .name = "limit", .value = "N", .help = "people a page: 1 to 200, default 50" },
	{ .name = "cursor", .value = "CURSOR", .help = "go on behind an earlier page" },
	{ .name = "all", .help = "every page" },
	{ .name = NULL },
};

static void
cmd_user_add_options(struct cli *c, struct buf *path)
{
	const char *limit = cli_value(&c->values, "limit");

	if (limit == NULL && cli_value(&c->values, "all") != NULL)
		limit = "200";
	buf_add_string(path, "/api/v1/users");
	cli_add_query(path, "q", cli_value(&c->values, "query"));
	cli_add_query(path, "status", cli_value(&c->values, "status"));
	cli_add_query(path, "org_unit", cli_value(&c->values, "org-unit"));
	cli_add_query(path, "sort", cli_value(&c->values, "sort"));
	cli_add_query(path, "order", cli_value(&c->values, "order"));
	cli_add_query(path, "limit", limit);
}

/* One page, or with --all every page as if it was one. */
static enum cli_exit
cmd_user_collect(struct cli *c, json_t **answer)
{
	bool all = cli_value(&c->values, "all") != NULL;
	enum cli_exit code;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	cmd_user_add_options(c, &path);
	code = cli_collect_pages(
	    c, &path, cli_value(&c->values, "cursor"), all ? CLI_ALL_PAGES : CLI_ONE_PAGE, answer);
	buf_release(&path);
	return code;
}

/* How much of it that was, and how to go on, where no script reads it. */
static void
cmd_user_print_total(struct cli *c, json_t *answer)
{
	json_t *next = json_object_get(answer, "next_cursor");
	char *total = cli_text_of(json_object_get(answer, "total"));
	char *cursor = cli_text_of(next);

	fprintf(
	    c->err, "%zu of %s people\n", json_array_size(json_object_get(answer, "items")), total);
	if (json_is_string(next))
		fprintf(c->err, "more: --cursor %s\n", cursor);
	free(total);
	free(cursor);
}

static enum cli_exit
cmd_user_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "NAME", "name" }, { "MAIL", "mail" },
		{ "PHONE", "phone" }, { "STATUS", "status" }, { "REGISTERED", "registered_at" },
		{ "LAST ACTIVITY", "last_activity_at" }, { "ID", "id" } };
	json_t *answer;
	enum cli_exit code = cmd_user_collect(c, &answer);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, answer);
	else if (code == CLI_OK) {
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]),
		    json_object_get(answer, "items"));
		cmd_user_print_total(c, answer);
	}
	json_decref(answer);
	return code;
}

const struct cli_command cmd_user_list = {
	.group = "user",
	.name = "list",
	.help = "List people, pending and active, a page at a time.",
	.options = options,
	.run = cmd_user_list_run,
};
