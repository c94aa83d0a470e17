#include "cli/cli.h"

static enum cli_exit
cmd_mail_drop_run(struct cli *c)
{
	return cli_delete_item(c, "mail/queue");
}

const struct cli_command cmd_mail_drop = {
	.group = "mail",
	.name = "drop",
	.argument = "ID",
	.help = "Never send a mail that waits; its invitation stays open.",
	.run = cmd_mail_drop_run,
};
