#include "cli/cli.h"

static enum cli_exit
cmd_mail_retry_run(struct cli *c)
{
	json_t *reply = NULL;
	enum cli_exit code;

	if (c->argument != NULL)
		code = cli_request_item(c, "POST", "mail/queue", "/retry", &reply);
	else
		code = cli_request(c, "POST", "/api/v1/mail/retry", NULL, &reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_mail_retry = {
	.group = "mail",
	.name = "retry",
	.argument = "ID",
	.is_optional = true,
	.help = "Send a mail now; without ID, end a pause of the queue.",
	.run = cmd_mail_retry_run,
};
