#include "cli/cli.h"

enum { PATIENCE_MS = 3600 * 1000 /* all of a trail of years is read, more than once */ };

static enum cli_exit
cmd_erase_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request(
	    c, "POST", "/api/v1/erasures", json_pack("{s:s}", "person", c->argument), &reply);
	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_erase = {
	.name = "erase",
	.argument = "PERSON",
	.is_name = true,
	.help = "Erase what is kept of a person who is no user any more, the audit trail included.",
	.patience_ms = PATIENCE_MS,
	.run = cmd_erase_run,
};
