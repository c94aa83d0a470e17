#include "cli/cli.h"

static enum cli_exit
cmd_token_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "NAME", "name" },
		{ "STATUS", "status" }, { "EXPIRES", "expires_at" },
		{ "LAST USED", "last_used_at" }, { "OWNER", "owner" },
		{ "CREATED BY", "created_by" }, { "ORG UNITS", "org_units" },
		{ "SCOPES", "scopes" } };

	return cli_list_items(c, "/api/v1/tokens", columns, sizeof(columns) / sizeof(columns[0]));
}

const struct cli_command cmd_token_list = {
	.group = "token",
	.name = "list",
	.help = "List the API tokens; never the tokens themselves.",
	.run = cmd_token_list_run,
};
