#include <stdlib.h>

#include "cli/cli.h"

static enum cli_exit
cmd_invitation_link_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "POST", "invitations", "/link", &reply);
	char *link;

	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else {
		link = cli_text_of(json_object_get(reply, "link"));
		fprintf(c->out, "%s\n", link);
		free(link);
	}
	json_decref(reply);
	return CLI_OK;
}

const struct cli_command cmd_invitation_link = {
	.group = "invitation",
	.name = "link",
	.argument = "ID",
	.help = "Make a new registration link and print it; the old ones end at once.",
	.run = cmd_invitation_link_run,
};
