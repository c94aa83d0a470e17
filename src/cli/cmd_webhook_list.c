#include "cli/cli.h"

static enum cli_exit
cmd_webhook_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "NAME", "name" },
		{ "ENABLED", "enabled" }, { "URL", "url" }, { "TYPES", "types" },
		{ "DELIVERED", "delivered_at" }, { "FAILING SINCE", "failing_since" } };
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", "/api/v1/webhooks", NULL, &reply);

	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]),
		    json_object_get(reply, "items"));
	json_decref(reply);
	return CLI_OK;
}

const struct cli_command cmd_webhook_list = {
	.group = "webhook",
	.name = "list",
	.help = "List the webhooks, and how they are.",
	.run = cmd_webhook_list_run,
};
