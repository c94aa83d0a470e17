#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "overlap",
	    .value = "TIME",
	    .help = "the old secret signs too for so long: 0s to 30d, default 1d" },
	{ .name = "secret-file", .value = "FILE", .help = "write the new secret there instead" },
	{ .name = NULL },
};

static enum cli_exit
cmd_webhook_rotate_run(struct cli *c)
{
	const char *overlap = cli_value(&c->values, "overlap");
	json_t *body = json_object();
	int64_t seconds;
	char path[160];

	if (overlap != NULL && !cli_read_duration(overlap, &seconds)) {
		fprintf(c->err, "usherctl: --overlap is a number and s, m, h, d or w\n");
		json_decref(body);
		return CLI_USAGE;
	}
	if (overlap != NULL)
		json_object_set_new(body, "overlap_seconds", json_integer(seconds));
	snprintf(path, sizeof(path), "/api/v1/webhooks/%s/secret", c->argument);
	return cli_ask_secret(c, path, body, "has a new secret");
}

const struct cli_command cmd_webhook_rotate = {
	.group = "webhook",
	.name = "rotate",
	.argument = "ID",
	.help = "Give a webhook a new secret and print it, once.",
	.options = options,
	.run = cmd_webhook_rotate_run,
};
