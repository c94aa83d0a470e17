#include "cli/cli.h"

static enum cli_exit
cmd_user_show_run(struct cli *c)
{
	return cli_run_person(c, "GET", "", NULL);
}

const struct cli_command cmd_user_show = {
	.group = "user",
	.name = "show",
	.argument = "PERSON",
	.is_name = true,
	.help = "Show a person, as the directory has them now.",
	.run = cmd_user_show_run,
};
