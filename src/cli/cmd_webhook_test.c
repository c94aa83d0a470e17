#include "cli/cli.h"

static enum cli_exit
cmd_webhook_test_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "POST", "webhooks", "/test", &reply);

	json_decref(reply);
	return code;
}

const struct cli_command cmd_webhook_test = {
	.group = "webhook",
	.name = "test",
	.argument = "ID",
	.help = "Send a message of no event; \"webhook messages\" tells what came of it.",
	.run = cmd_webhook_test_run,
};
