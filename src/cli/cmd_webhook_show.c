#include "cli/cli.h"

static enum cli_exit
cmd_webhook_show_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "GET", "webhooks", "", &reply);

	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_webhook_show = {
	.group = "webhook",
	.name = "show",
	.argument = "ID",
	.help = "Show a webhook, and how it is; never its secret.",
	.run = cmd_webhook_show_run,
};
