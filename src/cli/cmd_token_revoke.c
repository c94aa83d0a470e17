#include "cli/cli.h"

static enum cli_exit
cmd_token_revoke_run(struct cli *c)
{
	return cli_delete_item(c, "tokens");
}

const struct cli_command cmd_token_revoke = {
	.group = "token",
	.name = "revoke",
	.argument = "ID",
	.help = "End an API token at once.",
	.run = cmd_token_revoke_run,
};
