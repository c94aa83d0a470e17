#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "message", .value = "ID", .help = "which message; as \"webhook messages\" says" },
	{ .name = NULL },
};

static enum cli_exit
cmd_webhook_replay_run(struct cli *c)
{
	const char *message = cli_value(&c->values, "message");
	char suffix[80];
	json_t *reply;
	enum cli_exit code;

	if (message == NULL || !cli_is_id(message)) {
		fprintf(c->err, "usherctl: --message ID is needed\n");
		return CLI_USAGE;
	}
	snprintf(suffix, sizeof(suffix), "/messages/%s/replay", message);
	code = cli_request_item(c, "POST", "webhooks", suffix, &reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_webhook_replay = {
	.group = "webhook",
	.name = "replay",
	.argument = "ID",
	.help = "Send a message again, or now when it waits.",
	.options = options,
	.run = cmd_webhook_replay_run,
};
