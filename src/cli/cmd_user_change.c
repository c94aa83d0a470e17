#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "given-name", .value = "NAME", .help = "given name" },
	{ .name = "family-name", .value = "NAME", .help = "family name" },
	{ .name = "display-name", .value = "NAME", .help = "name as it is shown" },
	{ .name = "gender", .value = "GENDER", .help = "female, male, other or unspecified" },
	{ .name = "birthday", .value = "YYYY-MM-DD", .help = "date of birth" },
	{ .name = "mail", .value = "ADDRESS", .help = "organisational mail address" },
	{ .name = "phone", .value = "NUMBER", .help = "with country code: +49..." },
	{ .name = "org-unit", .value = "DN", .help = "move the entry there" },
	{ .name = "position", .value = "TEXT", .help = "position" },
	{ .name = "language", .value = "TAG", .help = "language, as in en or pt-BR" },
	{ .name = "group",
	    .value = "DN",
	    .help = "a group of theirs: all of them, others are left; '' is none",
	    .repeat = true },
	{ .name = NULL },
};

static const char *const texts[] = { "given-name", "family-name", "display-name", "gender",
	"birthday", "mail", "phone", "org-unit", "position", "language", NULL };

/* The whole list. An empty one cannot be said but by naming nothing, and that alone. */
static bool
cmd_user_set_groups(struct cli *c, json_t *body)
{
	size_t count;
	const char *const *groups = cli_values_of(&c->values, "group", &count);

	for (size_t i = 0; count > 1 && i < count; i++)
		if (*groups[i] == '\0') {
			fprintf(
			    c->err, "usherctl: an empty --group stands alone: they are in none\n");
			return false;
		}
	if (count > 0)
		json_object_set_new(body, "groups", json_array());
	for (size_t i = 0; i < count; i++)
		if (*groups[i] != '\0' && json_array_append_new(json_object_get(body, "groups"),
					      json_string(groups[i])) != 0) {
			fprintf(c->err, "usherctl: --group is not UTF-8\n");
			return false;
		}
	return true;
}

static enum cli_exit
cmd_user_change_run(struct cli *c)
{
	json_t *body = json_object();

	if (!cli_set_options(c, body, texts, true) || !cmd_user_set_groups(c, body)) {
		json_decref(body);
		return CLI_USAGE;
	}
	if (json_object_size(body) == 0) {
		fprintf(c->err, "usherctl: nothing to change: see usherctl user change --help\n");
		json_decref(body);
		return CLI_USAGE;
	}
	return cli_run_person(c, "PATCH", "", body);
}

const struct cli_command cmd_user_change = {
	.group = "user",
	.name = "change",
	.argument = "PERSON",
	.is_name = true,
	.help = "Change a user; an empty value removes what is there.",
	.options = options,
	.run = cmd_user_change_run,
};
