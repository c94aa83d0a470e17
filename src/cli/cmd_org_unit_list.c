#include "cli/cli.h"

static enum cli_exit
cmd_org_unit_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "NAME", "name" }, { "PEOPLE", "total" },
		{ "WITH BELOW", "total_below" }, { "ID", "id" }, { "DN", "dn" } };

	return cli_list_items(
	    c, "/api/v1/org-units", columns, sizeof(columns) / sizeof(columns[0]));
}

const struct cli_command cmd_org_unit_list = {
	.group = "org-unit",
	.name = "list",
	.help = "List the organizational units with the numbers of their people.",
	.run = cmd_org_unit_list_run,
};
