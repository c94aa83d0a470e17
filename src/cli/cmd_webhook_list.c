#include "cli/cli.h"

static enum cli_exit
cmd_webhook_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "NAME", "name" },
		{ "ENABLED", "enabled" }, { "URL", "url" }, { "TYPES", "types" },
		{ "DELIVERED", "delivered_at" }, { "FAILING SINCE", "failing_since" } };

	return cli_list_items(c, "/api/v1/webhooks", columns, sizeof(columns) / sizeof(columns[0]));
}

const struct cli_command cmd_webhook_list = {
	.group = "webhook",
	.name = "list",
	.help = "List the webhooks, and how they are.",
	.run = cmd_webhook_list_run,
};
