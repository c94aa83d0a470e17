#include "cli/cli.h"

static enum cli_exit
cmd_org_unit_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "NAME", "name" }, { "PEOPLE", "total" },
		{ "WITH BELOW", "total_below" }, { "ID", "id" }, { "DN", "dn" } };
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", "/api/v1/org-units", NULL, &reply);

	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]),
		    json_object_get(reply, "items"));
	json_decref(reply);
	return CLI_OK;
}

const struct cli_command cmd_org_unit_list = {
	.group = "org-unit",
	.name = "list",
	.help = "List the organizational units with the numbers of their people.",
	.run = cmd_org_unit_list_run,
};
