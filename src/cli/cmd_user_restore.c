#include "cli/cli.h"

/* A name may be somebody else's by now, so only the id says whom: "user deleted" lists it. */
static enum cli_exit
cmd_user_restore_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "POST", "users", "/restore", &reply);

	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_user_restore = {
	.group = "user",
	.name = "restore",
	.argument = "ID",
	.help = "Bring a deleted user back, by the id that they had.",
	.run = cmd_user_restore_run,
};
