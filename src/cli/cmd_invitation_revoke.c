#include "cli/cli.h"

static enum cli_exit
cmd_invitation_revoke_run(struct cli *c)
{
	return cli_delete_item(c, "invitations");
}

const struct cli_command cmd_invitation_revoke = {
	.group = "invitation",
	.name = "revoke",
	.argument = "ID",
	.help = "Withdraw an invitation: its links end at once.",
	.run = cmd_invitation_revoke_run,
};
