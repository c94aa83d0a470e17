#include "cli/cli.h"

static enum cli_exit
cmd_org_unit_delete_run(struct cli *c)
{
	char id[CLI_ID_SIZE];
	json_t *reply = NULL;
	enum cli_exit code = cli_find_org_unit(c, id);

	if (code == CLI_OK)
		code = cli_request_id(c, "DELETE", "org-units", id, "", NULL, &reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_org_unit_delete = {
	.group = "org-unit",
	.name = "delete",
	.argument = "UNIT",
	.is_name = true,
	.help = "Delete an empty organizational unit; UNIT is its ID or DN.",
	.run = cmd_org_unit_delete_run,
};
