#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "personal-mail",
	    .value = "ADDRESS",
	    .help = "mail the link there; the old links end at once" },
	{ .name = "expires-in", .value = "TIME", .help = "its life from now on: 12h, 7d" },
	{ .name = NULL },
};

static const char *const texts[] = { "personal-mail", NULL };

static enum cli_exit
cmd_invitation_change_run(struct cli *c)
{
	json_t *body = json_object(), *reply;
	enum cli_exit code;

	if (!cli_set_options(c, body, texts, false) || !cli_set_duration(c, body, "expires-in")) {
		json_decref(body);
		return CLI_USAGE;
	}
	if (json_object_size(body) == 0) {
		fprintf(c->err, "usherctl: --personal-mail or --expires-in is needed\n");
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_request_id(c, "PATCH", "invitations", c->argument, "", body, &reply);
	if (code == CLI_OK)
		cli_show_invitation(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_invitation_change = {
	.group = "invitation",
	.name = "change",
	.argument = "ID",
	.help = "Change the personal address of an invitation, or its end.",
	.options = options,
	.run = cmd_invitation_change_run,
};
