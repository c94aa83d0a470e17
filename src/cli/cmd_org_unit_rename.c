#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "name", .value = "NAME", .help = "its new name" },
	{ .name = "description", .value = "TEXT", .help = "what it is for; empty: none" },
	{ .name = NULL },
};

static const char *const names[] = { "name", NULL }, *const descriptions[] = { "description",
	NULL };

static enum cli_exit
cmd_org_unit_rename_run(struct cli *c)
{
	json_t *body = json_object(), *reply = NULL;
	char id[CLI_ID_SIZE];
	enum cli_exit code;

	if (!cli_set_options(c, body, names, false) ||
	    !cli_set_options(c, body, descriptions, true)) {
		json_decref(body);
		return CLI_USAGE;
	}
	if (json_object_size(body) == 0) {
		fprintf(c->err, "usherctl: --name or --description is needed\n");
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_find_org_unit(c, id);
	if (code == CLI_OK)
		code = cli_request_id(c, "PATCH", "org-units", id, "", body, &reply);
	else
		json_decref(body);
	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_org_unit_rename = {
	.group = "org-unit",
	.name = "rename",
	.argument = "UNIT",
	.is_name = true,
	.help = "Rename an organizational unit, or describe it; UNIT is its ID or DN.",
	.options = options,
	.run = cmd_org_unit_rename_run,
};
