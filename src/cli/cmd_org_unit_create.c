#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "parent", .value = "DN", .help = "the unit above it" },
	{ .name = "name", .value = "NAME", .help = "its name" },
	{ .name = "description", .value = "TEXT", .help = "what it is for" },
	{ .name = NULL },
};

static const char *const texts[] = { "parent", "name", "description", NULL };

static enum cli_exit
cmd_org_unit_create_run(struct cli *c)
{
	json_t *body = json_object(), *reply;
	enum cli_exit code;

	if (cli_value(&c->values, "parent") == NULL || cli_value(&c->values, "name") == NULL) {
		fprintf(c->err, "usherctl: --parent and --name are needed\n");
		json_decref(body);
		return CLI_USAGE;
	}
	if (!cli_set_options(c, body, texts, false)) {
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_request(c, "POST", "/api/v1/org-units", body, &reply);
	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_org_unit_create = {
	.group = "org-unit",
	.name = "create",
	.help = "Make an organizational unit.",
	.options = options,
	.run = cmd_org_unit_create_run,
};
