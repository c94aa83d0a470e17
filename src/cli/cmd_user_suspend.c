#include "cli/cli.h"

static enum cli_exit
cmd_user_suspend_run(struct cli *c)
{
	return cli_run_person(c, "POST", "/suspend", NULL);
}

const struct cli_command cmd_user_suspend = {
	.group = "user",
	.name = "suspend",
	.argument = "PERSON",
	.is_name = true,
	.help = "Lock a user out, until they are resumed.",
	.run = cmd_user_suspend_run,
};
