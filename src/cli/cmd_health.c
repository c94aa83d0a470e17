#include <stdlib.h>

#include "cli/cli.h"

static enum cli_exit
cmd_health_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "CHECK", "name" }, { "STATUS", "status" } };
	json_t *reply;
	enum cli_exit code;
	char *status;

	if (cli_value(&c->globals, "url") != NULL) {
		fprintf(c->err, "usherctl: health is told on the unix socket and the management "
				"listener alone: leave out --url\n");
		return CLI_USAGE;
	}
	code = cli_request_health(c, "/health/ready", &reply);
	if (reply == NULL)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else {
		status = cli_text_of(json_object_get(reply, "status"));
		fprintf(c->out, "%s\n", status);
		free(status);
		cli_print_table(c->out, columns, 2, json_object_get(reply, "checks"));
	}
	json_decref(reply);
	return code;
}

const struct cli_command cmd_health = {
	.name = "health",
	.help = "Say whether the daemon is ready; exit status 1 when it is not.",
	.run = cmd_health_run,
};
