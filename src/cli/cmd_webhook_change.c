#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "name", .value = "NAME", .help = "what the webhook is for" },
	{ .name = "url", .value = "URL", .help = "where messages go: https://..." },
	{ .name = "types",
	    .value = "LIST",
	    .help = "types of events, separated by commas, or all" },
	{ .name = "enable", .help = "send messages" },
	{ .name = "disable", .help = "send none; those that wait are given up when they are due" },
	{ .name = NULL },
};

static enum cli_exit
cmd_webhook_change_run(struct cli *c)
{
	static const char *const texts[] = { "name", "url", NULL };
	bool enable = cli_value(&c->values, "enable") != NULL;
	bool disable = cli_value(&c->values, "disable") != NULL;
	json_t *body = json_object(), *reply;
	enum cli_exit code;

	if (enable && disable)
		fprintf(c->err, "usherctl: --enable and --disable exclude each other\n");
	if ((enable && disable) || !cli_set_options(c, body, texts, false) ||
	    !cli_set_list(c, body, "types")) {
		json_decref(body);
		return CLI_USAGE;
	}
	if (enable || disable)
		json_object_set_new(body, "enabled", json_boolean(enable));
	if (json_object_size(body) == 0) {
		fprintf(c->err, "usherctl: say what to change\n");
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_request_id(c, "PATCH", "webhooks", c->argument, "", body, &reply);
	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_webhook_change = {
	.group = "webhook",
	.name = "change",
	.argument = "ID",
	.help = "Change a webhook, or enable or disable it.",
	.options = options,
	.run = cmd_webhook_change_run,
};
