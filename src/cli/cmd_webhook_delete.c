#include "cli/cli.h"

static enum cli_exit
cmd_webhook_delete_run(struct cli *c)
{
	return cli_delete_item(c, "webhooks");
}

const struct cli_command cmd_webhook_delete = {
	.group = "webhook",
	.name = "delete",
	.argument = "ID",
	.help = "Delete a webhook and the messages that wait for it.",
	.run = cmd_webhook_delete_run,
};
