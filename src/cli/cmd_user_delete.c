#include <stdlib.h>

#include "cli/cli.h"

/* What an administrator wants to know next: is access gone, and can it be undone? */
static void
cmd_user_print_deleted(struct cli *c, const char *id, json_t *reply)
{
	json_t *refused = json_object_get(reply, "refused_after_ms");
	json_t *until = json_object_get(reply, "restorable_until");
	char *detail = cli_text_of(json_object_get(reply, "detail"));
	char *end = cli_text_of(until);

	if (json_object_get(reply, "status") != NULL)
		fprintf(c->err, "the directory did not answer in time; it goes on by itself\n");
	else if (json_is_integer(refused))
		fprintf(c->out, "deleted; access ended after %lld ms%s%s\n",
		    (long long)json_integer_value(refused), *detail != '\0' ? "; " : "", detail);
	else
		fprintf(c->out,
		    "deleted; not every server could be asked whether access ended%s%s\n",
		    *detail != '\0' ? ": " : "", detail);
	if (json_is_string(until))
		fprintf(c->out, "until %s: usherctl user restore %s\n", end, id);
	free(detail);
	free(end);
}

static const struct cli_option options[] = {
	{ .name = "no-keep", .help = "delete for good: nothing is kept to restore" },
	{ .name = NULL },
};

static enum cli_exit
cmd_user_delete_run(struct cli *c)
{
	char id[CLI_ID_SIZE];
	json_t *reply = NULL;
	enum cli_exit code = cli_find_person(c, id);

	if (code == CLI_OK)
		code = cli_request_id(c, "DELETE", "users", id,
		    cli_value(&c->values, "no-keep") != NULL ? "?keep=no" : "", NULL, &reply);
	if (code == CLI_OK && reply != NULL && c->json)
		cli_print_json(c->out, reply);
	else if (code == CLI_OK && reply != NULL)
		cmd_user_print_deleted(c, id, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_user_delete = {
	.group = "user",
	.name = "delete",
	.argument = "PERSON",
	.is_name = true,
	.help = "Delete a user, or revoke a pending invitation.",
	.options = options,
	.run = cmd_user_delete_run,
};
