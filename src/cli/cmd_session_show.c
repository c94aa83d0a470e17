#include "cli/cli.h"

static enum cli_exit
cmd_session_show_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", "/api/v1/session", NULL, &reply);

	/* Only people who have signed in have roles. */
	if (code == CLI_OK && !c->json && json_array_size(json_object_get(reply, "roles")) == 0)
		json_object_del(reply, "roles");
	if (code == CLI_OK)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_session_show = {
	.group = "session",
	.name = "show",
	.help = "Say who the daemon takes you for, and what you may do.",
	.run = cmd_session_show_run,
};
