#include <string.h>

#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "name", .value = "NAME", .help = "what the webhook is for" },
	{ .name = "url", .value = "URL", .help = "where messages go: https://..." },
	{ .name = "types",
	    .value = "LIST",
	    .help = "types of events, separated by commas, or all; see usherd.conf(5)" },
	{ .name = "secret-file", .value = "FILE", .help = "write the secret there instead" },
	{ .name = NULL },
};

static enum cli_exit
cmd_webhook_create_run(struct cli *c)
{
	static const char *const texts[] = { "name", "url", NULL };
	json_t *body = json_object();

	if (cli_value(&c->values, "name") == NULL || cli_value(&c->values, "url") == NULL ||
	    cli_value(&c->values, "types") == NULL) {
		fprintf(c->err, "usherctl: --name, --url and --types are needed\n");
		json_decref(body);
		return CLI_USAGE;
	}
	if (!cli_set_options(c, body, texts, false) || !cli_set_list(c, body, "types")) {
		json_decref(body);
		return CLI_USAGE;
	}
	return cli_ask_secret(c, "/api/v1/webhooks", body, "was made");
}

const struct cli_command cmd_webhook_create = {
	.group = "webhook",
	.name = "create",
	.help = "Make a webhook and print its secret, once.",
	.options = options,
	.run = cmd_webhook_create_run,
};
