#include <string.h>

#include "cli/cli.h"

/* What we put into a path as it is. */
static bool
cli_is_cursor(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	size_t len = strlen(text);

	return len > 0 && len < 256 && strspn(text, letters) == len;
}

/* All pages in one array. A cursor that comes back unchanged would go round for ever. */
static enum cli_exit
cmd_invitation_collect(struct cli *c, json_t *items)
{
	char cursor[256] = "", path[320];

	for (;;) {
		json_t *reply;
		const char *next;
		enum cli_exit code;

		snprintf(path, sizeof(path), "/api/v1/invitations?limit=200%s%s",
		    *cursor != '\0' ? "&cursor=" : "", cursor);
		code = cli_request(c, "GET", path, NULL, &reply);
		if (code != CLI_OK)
			return code;
		json_array_extend(items, json_object_get(reply, "items"));
		next = json_string_value(json_object_get(reply, "next_cursor"));
		if (next == NULL) {
			json_decref(reply);
			return CLI_OK;
		}
		if (!cli_is_cursor(next) || strcmp(next, cursor) == 0) {
			fprintf(c->err, "usherctl: the daemon's next_cursor makes no sense\n");
			json_decref(reply);
			return CLI_FAILED;
		}
		snprintf(cursor, sizeof(cursor), "%s", next);
		json_decref(reply);
	}
}

static enum cli_exit
cmd_invitation_list_run(struct cli *c)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "STATUS", "status" },
		{ "NAME", "display_name" }, { "UID", "uid" }, { "MAIL", "mail" },
		{ "EXPIRES", "expires_at" } };
	json_t *items = json_array();
	enum cli_exit code = cmd_invitation_collect(c, items);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, items);
	else if (code == CLI_OK)
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]), items);
	json_decref(items);
	return code;
}

const struct cli_command cmd_invitation_list = {
	.group = "invitation",
	.name = "list",
	.help = "List the open invitations, oldest first.",
	.run = cmd_invitation_list_run,
};
