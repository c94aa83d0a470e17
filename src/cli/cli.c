/* The command table and the way through it. */
#include "cli/cli.h"

#include <string.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

const struct cli_option cli_globals[] = {
	{ .name = "socket",
	    .value = "PATH",
	    .help = "the daemon's unix socket (default " CLI_SOCKET ")" },
	{ .name = "url", .value = "URL", .help = "the control listener; https unless loopback" },
	{ .name = "token-file", .value = "FILE", .help = "an API token for --url" },
	{ .name = "ca-file",
	    .value = "FILE",
	    .help = "certificates that --url is checked against" },
	{ .name = "output", .value = "table|json", .help = "how answers are shown", .letter = 'o' },
	{ .name = "version", .help = "show the version", .letter = 'V' },
	{ .name = "help", .help = "show this, or the help of a command", .letter = 'h' },
	{ .name = NULL },
};

const struct cli_command *const cli_commands[] = {
	&cmd_token_create,
	&cmd_token_list,
	&cmd_token_revoke,
	&cmd_invitation_create,
	&cmd_invitation_show,
	&cmd_invitation_list,
	&cmd_invitation_revoke,
	&cmd_invitation_link,
	&cmd_invitation_resend,
	&cmd_invitation_change,
	&cmd_mail_queue,
	&cmd_mail_retry,
	&cmd_mail_drop,
	&cmd_mail_preview,
	&cmd_mail_test,
	&cmd_user_list,
	&cmd_user_show,
	&cmd_user_change,
	&cmd_user_suspend,
	&cmd_user_resume,
	&cmd_user_delete,
	&cmd_user_deleted,
	&cmd_user_restore,
	&cmd_org_unit_list,
	&cmd_org_unit_create,
	&cmd_org_unit_rename,
	&cmd_org_unit_delete,
	&cmd_webhook_create,
	&cmd_webhook_list,
	&cmd_webhook_show,
	&cmd_webhook_change,
	&cmd_webhook_rotate,
	&cmd_webhook_test,
	&cmd_webhook_messages,
	&cmd_webhook_replay,
	&cmd_webhook_delete,
	&cmd_audit_list,
	&cmd_audit_export,
	&cmd_audit_verify,
	&cmd_erase,
	&cmd_session_show,
	&cmd_status,
	&cmd_health,
	NULL,
};

static const struct cli_option no_options[] = { { .name = NULL } };

/* The command named by the words at argv[*at]; steps over them. */
static const struct cli_command *
cli_find_command(int argc, char **argv, int *at)
{
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++) {
		int words = (*c)->group != NULL ? 2 : 1;

		if (*at + words > argc || strcmp(argv[*at + words - 1], (*c)->name) != 0 ||
		    (words == 2 && strcmp(argv[*at], (*c)->group) != 0))
			continue;
		*at += words;
		return *c;
	}
	return NULL;
}

static bool
cli_check_globals(struct cli *c)
{
	const char *output = cli_value(&c->globals, "output");
	const char *url = cli_value(&c->globals, "url"), *why;

	if (output != NULL && strcmp(output, "table") != 0 && strcmp(output, "json") != 0)
		fprintf(c->err, "usherctl: --output is table or json\n");
	else if (url != NULL && cli_value(&c->globals, "socket") != NULL)
		fprintf(c->err, "usherctl: --url and --socket exclude each other\n");
	else if (url != NULL && !cli_url_is_safe(url, &why))
		fprintf(c->err, "usherctl: --url %s\n", why);
	else if (url == NULL && (cli_value(&c->globals, "token-file") != NULL ||
				    cli_value(&c->globals, "ca-file") != NULL))
		fprintf(c->err, "usherctl: --token-file and --ca-file need --url\n");
	else {
		c->json = output != NULL && strcmp(output, "json") == 0;
		return true;
	}
	return false;
}

/* The command's options, those of every command and its argument, in any order; "--" ends the
 * options. */
static bool
cli_read_command(struct cli *c, const struct cli_command *command, int argc, char **argv, int at)
{
	bool more = true;

	c->values.options = command->options != NULL ? command->options : no_options;
	while (more) {
		if (!cli_read_options(argc, argv, &at, &c->values, &c->globals, c->err))
			return false;
		more = at < argc && command->argument != NULL && c->argument == NULL;
		if (more)
			c->argument = argv[at++];
	}
	if (at < argc)
		fprintf(c->err, "usherctl: one word too many: %s\n", argv[at]);
	else if (command->argument != NULL && c->argument == NULL && !command->is_optional)
		fprintf(c->err, "usherctl: %s is missing\n", command->argument);
	else if (c->argument != NULL && *c->argument == '\0')
		fprintf(c->err, "usherctl: %s is empty\n", command->argument);
	else if (c->argument != NULL &&
		 (command->is_name ? !cli_is_name(c->argument) : !cli_is_id(c->argument)))
		fprintf(c->err, "usherctl: that is no %s\n", command->argument);
	else
		return true;
	return false;
}

/* "usherctl token revoke --help" needs no ID. */
static bool
cli_wants_help(int argc, char **argv, int at)
{
	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
			return true;
	return false;
}

static enum cli_exit
cli_print_version(FILE *to)
{
	fprintf(to, "usherctl %s\n", PACKAGE_VERSION);
	return CLI_OK;
}

static bool
cli_is_group(const char *word)
{
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++)
		if ((*c)->group != NULL && strcmp((*c)->group, word) == 0)
			return true;
	return false;
}

/* There is no such command. Whoever has the first word right sees what can follow it. */
static enum cli_exit
cli_tell_commands(int argc, char **argv, int at, FILE *out, FILE *err)
{
	const bool is_group = cli_is_group(argv[at]);
	const bool asked = is_group && at + 1 < argc && argv[at + 1][0] == '-' &&
			   cli_wants_help(argc, argv, at + 1);

	if (!is_group) {
		fprintf(err, "usherctl: no such command: see usherctl --help\n");
		return CLI_USAGE;
	}
	if (!asked && at + 1 < argc)
		fprintf(err, "usherctl: no such command: %s %s\n", argv[at], argv[at + 1]);
	cli_print_group(asked ? out : err, argv[at]);
	return asked ? CLI_OK : CLI_USAGE;
}

enum cli_exit
cli_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct cli c = { .globals = { .options = cli_globals }, .out = out, .err = err };
	const struct cli_command *command;
	int at = 1;

	if (!cli_read_options(argc, argv, &at, &c.globals, NULL, err))
		return CLI_USAGE;
	if (cli_value(&c.globals, "version") != NULL)
		return cli_print_version(out);
	if (at >= argc || cli_value(&c.globals, "help") != NULL) {
		bool asked = cli_value(&c.globals, "help") != NULL;

		cli_print_usage(asked ? out : err);
		return asked ? CLI_OK : CLI_USAGE;
	}
	command = cli_find_command(argc, argv, &at);
	if (command == NULL)
		return cli_tell_commands(argc, argv, at, out, err);
	if (cli_wants_help(argc, argv, at)) {
		cli_print_command(out, command);
		return CLI_OK;
	}
	if (!cli_read_command(&c, command, argc, argv, at))
		return CLI_USAGE;
	if (cli_value(&c.globals, "version") != NULL)
		return cli_print_version(out);
	if (!cli_check_globals(&c))
		return CLI_USAGE;
	c.patience_ms = command->patience_ms;
	return command->run(&c);
}
