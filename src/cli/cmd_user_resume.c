#include "cli/cli.h"

static enum cli_exit
cmd_user_resume_run(struct cli *c)
{
	return cli_run_person(c, "POST", "/resume", NULL);
}

const struct cli_command cmd_user_resume = {
	.group = "user",
	.name = "resume",
	.argument = "PERSON",
	.is_name = true,
	.help = "Let a suspended user in again.",
	.run = cmd_user_resume_run,
};
