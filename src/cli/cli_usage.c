#include <string.h>

#include "cli/cli.h"

static void
cli_print_options(FILE *to, const struct cli_option *table)
{
	for (; table->name != NULL; table++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", table->letter != 0 ? "-" : "  ",
		    table->letter != 0 ? table->letter : ' ', table->letter != 0 ? ", " : " ",
		    table->name, table->value != NULL ? " " : "",
		    table->value != NULL ? table->value : "");
		fprintf(to, "  %-32s %s%s\n", left, table->help,
		    table->repeat ? " (may be repeated)" : "");
	}
}

static void
cli_print_name(FILE *to, const struct cli_command *c)
{
	fprintf(to, "usherctl %s%s%s", c->group != NULL ? c->group : "",
	    c->group != NULL ? " " : "", c->name);
	if (c->argument != NULL)
		fprintf(to, c->is_optional ? " [%s]" : " %s", c->argument);
}

void
cli_print_command(FILE *to, const struct cli_command *c)
{
	fputs("usage: ", to);
	cli_print_name(to, c);
	fprintf(to, "%s\n\n%s\n", c->options != NULL ? " [options]" : "", c->help);
	if (c->options == NULL)
		return;
	fputs("\noptions:\n", to);
	cli_print_options(to, c->options);
}

static void
cli_print_line(FILE *to, const struct cli_command *c)
{
	fputs("  ", to);
	cli_print_name(to, c);
	fprintf(to, "\n      %s\n", c->help);
}

void
cli_print_group(FILE *to, const char *group)
{
	fprintf(to, "usage: usherctl [options] %s command ...\n\ncommands:\n", group);
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++)
		if ((*c)->group != NULL && strcmp((*c)->group, group) == 0)
			cli_print_line(to, *c);
}

void
cli_print_usage(FILE *to)
{
	fputs("usage: usherctl [options] command ...\n\ncommands:\n", to);
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++)
		cli_print_line(to, *c);
	fputs("\noptions, before or behind the command:\n", to);
	cli_print_options(to, cli_globals);
	fputs("\nexit status: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 unreachable\n",
	    to);
}
