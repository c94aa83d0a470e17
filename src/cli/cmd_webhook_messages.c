#include "cli/cli.h"

enum { PATH_MAX_BYTES = 1024 };

static const struct cli_option options[] = {
	{ .name = "limit", .value = "N", .help = "messages of one page: 1 to 200, default 50" },
	{ .name = "all", .help = "list every message" },
	{ .name = NULL },
};

/* Pages until one has something in it, or with --all every page as if it was one. */
static enum cli_exit
cmd_webhook_collect(struct cli *c, json_t **answer)
{
	bool all = cli_value(&c->values, "all") != NULL;
	const char *limit = cli_value(&c->values, "limit");
	enum cli_exit code;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_printf(&path, "/api/v1/webhooks/%s/messages", c->argument);
	cli_add_query(&path, "limit", limit == NULL && all ? "200" : limit);
	code =
	    cli_collect_pages(c, &path, NULL, all ? CLI_ALL_PAGES : CLI_PAGES_UNTIL_SOME, answer);
	buf_release(&path);
	return code;
}

static enum cli_exit
cmd_webhook_messages_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "TYPE", "type" },
		{ "STATUS", "status" }, { "ATTEMPTS", "attempts" }, { "CREATED", "created_at" },
		{ "DUE", "due_at" }, { "LAST", "last" } };
	json_t *answer;
	enum cli_exit code = cmd_webhook_collect(c, &answer);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, answer);
	else if (code == CLI_OK) {
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]),
		    json_object_get(answer, "items"));
		if (json_is_string(json_object_get(answer, "next_cursor")))
			fprintf(c->err, "there are more; --all lists them too\n");
	}
	json_decref(answer);
	return code;
}

const struct cli_command cmd_webhook_messages = {
	.group = "webhook",
	.name = "messages",
	.argument = "ID",
	.help = "List a webhook's messages: waiting, delivered and failed.",
	.options = options,
	.run = cmd_webhook_messages_run,
};
