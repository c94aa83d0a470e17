#include <stdlib.h>

#include "cli/cli.h"

enum { PATH_MAX_BYTES = 1024 };

static const struct cli_option options[] = {
	{ .name = "limit", .value = "N", .help = "people a page: 1 to 200, default 50" },
	{ .name = "cursor", .value = "CURSOR", .help = "go on behind an earlier page" },
	{ .name = "all", .help = "every page" },
	{ .name = NULL },
};

/* One page with somebody in it, or with --all every page as if it was one. */
static enum cli_exit
cmd_user_deleted_collect(struct cli *c, json_t **answer)
{
	const char *limit = cli_value(&c->values, "limit");
	bool all = cli_value(&c->values, "all") != NULL;
	enum cli_exit code;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_add_string(&path, "/api/v1/trash");
	cli_add_query(&path, "limit", limit == NULL && all ? "200" : limit);
	code = cli_collect_pages(c, &path, cli_value(&c->values, "cursor"),
	    all ? CLI_ALL_PAGES : CLI_PAGES_UNTIL_SOME, answer);
	buf_release(&path);
	return code;
}

static enum cli_exit
cmd_user_deleted_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "NAME", "name" }, { "UID", "uid" },
		{ "MAIL", "mail" }, { "DELETED", "deleted_at" }, { "BY", "deleted_by" },
		{ "RESTORABLE UNTIL", "restorable_until" }, { "ID", "id" } };
	json_t *answer, *next;
	enum cli_exit code = cmd_user_deleted_collect(c, &answer);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, answer);
	else if (code == CLI_OK) {
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]),
		    json_object_get(answer, "items"));
		next = json_object_get(answer, "next_cursor");
		if (json_is_string(next)) {
			char *cursor = cli_text_of(next);

			fprintf(c->err, "more: --cursor %s\n", cursor);
			free(cursor);
		}
	}
	json_decref(answer);
	return code;
}

const struct cli_command cmd_user_deleted = {
	.group = "user",
	.name = "deleted",
	.help = "List deleted users who can be restored, the latest first.",
	.options = options,
	.run = cmd_user_deleted_run,
};
