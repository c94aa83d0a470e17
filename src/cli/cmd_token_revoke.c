#include "cli/cli.h"

static enum cli_exit
cmd_token_revoke_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "DELETE", "tokens", "", &reply);

	json_decref(reply);
	return code;
}

const struct cli_command cmd_token_revoke = {
	.group = "token",
	.name = "revoke",
	.argument = "ID",
	.help = "End an API token at once.",
	.run = cmd_token_revoke_run,
};
