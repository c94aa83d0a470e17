#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { PATIENCE_MS = 600 * 1000 }; /* above the longest transfer_timeout */

static const struct cli_option options[] = {
	{ .name = "to", .value = "ADDRESS", .help = "who gets it" },
	{ .name = "language", .value = "TAG", .help = "as in de or vi; default as configured" },
	{ .name = NULL },
};

static void
cmd_mail_print_report(struct cli *c, json_t *report)
{
	char *outcome = cli_text_of(json_object_get(report, "outcome"));
	char *code = cli_text_of(json_object_get(report, "code"));
	char *reply = cli_text_of(json_object_get(report, "reply"));

	fprintf(c->out, "%s: %s%s%s\n", outcome, code, *code != '\0' ? " " : "", reply);
	free(outcome);
	free(code);
	free(reply);
}

static enum cli_exit
cmd_mail_test_run(struct cli *c)
{
	static const char *const texts[] = { "to", "language", NULL };
	json_t *body = json_pack("{s:s}", "kind", c->argument), *reply;
	const char *outcome;
	enum cli_exit code;

	if (cli_value(&c->values, "to") == NULL)
		fprintf(c->err, "usherctl: --to is needed\n");
	if (cli_value(&c->values, "to") == NULL || !cli_set_options(c, body, texts, false)) {
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_request(c, "POST", "/api/v1/mail/test", body, &reply);
	if (code == CLI_OK && c->json)
		cli_print_json(c->out, reply);
	else if (code == CLI_OK)
		cmd_mail_print_report(c, reply);
	outcome = json_string_value(json_object_get(reply, "outcome"));
	if (code == CLI_OK && (outcome == NULL || strcmp(outcome, "sent") != 0))
		code = CLI_FAILED;
	json_decref(reply);
	return code;
}

const struct cli_command cmd_mail_test = {
	.group = "mail",
	.name = "test",
	.argument = "KIND",
	.help = "Send a mail with made-up facts and tell what the server says.",
	.options = options,
	.patience_ms = PATIENCE_MS,
	.run = cmd_mail_test_run,
};
