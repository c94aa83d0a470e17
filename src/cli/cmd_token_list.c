#include "cli/cli.h"

static enum cli_exit
cmd_token_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "NAME", "name" },
		{ "STATUS", "status" }, { "EXPIRES", "expires_at" }, { "CREATED BY", "created_by" },
		{ "SCOPES", "scopes" } };
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", "/api/v1/tokens", NULL, &reply);

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

const struct cli_command cmd_token_list = {
	.group = "token",
	.name = "list",
	.help = "List the API tokens; never the tokens themselves.",
	.run = cmd_token_list_run,
};
