#include "cli/cli.h"

static enum cli_exit
cmd_invitation_show_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "GET", "invitations", "", &reply);

	if (code == CLI_OK)
		cli_show_invitation(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_invitation_show = {
	.group = "invitation",
	.name = "show",
	.argument = "ID",
	.help = "Show an invitation with its timeline.",
	.run = cmd_invitation_show_run,
};
