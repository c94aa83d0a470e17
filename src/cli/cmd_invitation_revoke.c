#include "cli/cli.h"

static enum cli_exit
cmd_invitation_revoke_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "DELETE", "invitations", "", &reply);

	json_decref(reply);
	return code;
}

const struct cli_command cmd_invitation_revoke = {
	.group = "invitation",
	.name = "revoke",
	.argument = "ID",
	.help = "Withdraw an invitation: its links end at once.",
	.run = cmd_invitation_revoke_run,
};
