#include <stdlib.h>

#include "cli/cli.h"

enum { PATH_MAX_BYTES = 1024 };

static const struct cli_option options[] = {
	{ .name = "limit", .value = "N", .help = "mails that are listed: 1 to 200, default 50" },
	{ .name = "all", .help = "list every mail" },
	{ .name = NULL },
};

/* The first page, or with --all every page as if it was one. */
static enum cli_exit
cmd_mail_collect(struct cli *c, json_t **answer)
{
	bool all = cli_value(&c->values, "all") != NULL;
	const char *limit = cli_value(&c->values, "limit");
	enum cli_exit code;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_add_string(&path, "/api/v1/mail/queue");
	cli_add_query(&path, "limit", limit == NULL && all ? "200" : limit);
	code = cli_collect_pages(c, &path, NULL, all ? CLI_ALL_PAGES : CLI_ONE_PAGE, answer);
	buf_release(&path);
	return code;
}

/* What keeps the queue, before what is in it. */
static void
cmd_mail_print_status(struct cli *c, json_t *status)
{
	char *waiting = cli_text_of(json_object_get(status, "waiting"));
	char *sending = cli_text_of(json_object_get(status, "in_flight"));
	char *oldest = cli_text_of(json_object_get(status, "oldest_at"));
	char *until = cli_text_of(json_object_get(status, "paused_until"));
	char *reason = cli_text_of(json_object_get(status, "reason"));

	fprintf(c->out, "%s in the queue, %s of them being sent", waiting, sending);
	if (*oldest != '\0')
		fprintf(c->out, "; one is due since %s", oldest);
	fputc('\n', c->out);
	if (json_is_true(json_object_get(status, "paused")))
		fprintf(c->out, "%s until %s: %s\n",
		    json_is_true(json_object_get(status, "broken")) ? "BROKEN, paused" : "paused",
		    until, reason);
	free(waiting);
	free(sending);
	free(oldest);
	free(until);
	free(reason);
}

static enum cli_exit
cmd_mail_queue_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "KIND", "kind" },
		{ "STATUS", "status" }, { "DUE", "due_at" }, { "ATTEMPTS", "attempts" },
		{ "INVITATION", "invitation" }, { "LAST", "last" } };
	json_t *answer, *items;
	enum cli_exit code = cmd_mail_collect(c, &answer);

	items = json_object_get(answer, "items");
	if (code == CLI_OK && c->json)
		cli_print_json(c->out, answer);
	else if (code == CLI_OK) {
		cmd_mail_print_status(c, json_object_get(answer, "status"));
		if (json_array_size(items) > 0)
			cli_print_table(
			    c->out, columns, sizeof(columns) / sizeof(columns[0]), items);
		if (json_is_string(json_object_get(answer, "next_cursor")))
			fprintf(c->err, "the first %zu; --all lists the rest too\n",
			    json_array_size(items));
	}
	json_decref(answer);
	return code;
}

const struct cli_command cmd_mail_queue = {
	.group = "mail",
	.name = "queue",
	.help = "List the mails that are still to be sent, and what keeps them.",
	.options = options,
	.run = cmd_mail_queue_run,
};
