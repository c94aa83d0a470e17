#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "void-links", .help = "the links that are out end at once" },
	{ .name = NULL },
};

static enum cli_exit
cmd_invitation_resend_run(struct cli *c)
{
	bool void_links = cli_value(&c->values, "void-links") != NULL;
	json_t *reply;
	enum cli_exit code = cli_request_id(c, "POST", "invitations", c->argument, "/resend",
	    json_pack("{s:b}", "void_links", void_links), &reply);

	if (code == CLI_OK)
		cli_show_invitation(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_invitation_resend = {
	.group = "invitation",
	.name = "resend",
	.argument = "ID",
	.help = "Mail the link once more.",
	.options = options,
	.run = cmd_invitation_resend_run,
};
