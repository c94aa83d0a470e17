#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "name", .value = "NAME", .help = "what the token is for" },
	{ .name = "scopes",
	    .value = "LIST",
	    .help = "users:read,users:write,invitations:read,invitations:write,"
		    "directory:read,directory:write,mail,mail:bounces,webhooks,tokens,audit:read,"
		    "erase,status:read or all" },
	{ .name = "expires", .value = "TIME", .help = "its life: 90m, 12h, 30d, 52w" },
	{ .name = "org-unit",
	    .value = "DN",
	    .help = "only in this part of the tree",
	    .repeat = true },
	{ .name = NULL },
};

static json_t *
cmd_token_split(const char *list)
{
	json_t *scopes = json_array();
	char *copy = mem_dup_string(list), *rest = copy, *name;

	while ((name = strsep(&rest, ",")) != NULL)
		json_array_append_new(scopes, json_string(name));
	free(copy);
	return scopes;
}

static json_t *
cmd_token_body(struct cli *c, const char *name, const char *scopes, int64_t seconds)
{
	json_t *body = json_pack("{s:s, s:o, s:I}", "name", name, "scopes", cmd_token_split(scopes),
	    "expires_in", (json_int_t)seconds);
	const char *const *units;
	json_t *list = json_array();
	size_t count;

	units = cli_values_of(&c->values, "org-unit", &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(units[i]));
	if (count > 0)
		json_object_set(body, "org_units", list);
	json_decref(list);
	return body;
}

/* The token goes out alone, so that "> FILE" holds it and nothing else. */
static void
cmd_token_print(struct cli *c, json_t *reply)
{
	char *token = cli_text_of(json_object_get(reply, "token"));
	char *id = cli_text_of(json_object_get(reply, "id"));
	char *end = cli_text_of(json_object_get(reply, "expires_at"));

	fprintf(c->err, "token %s, good until %s; it is shown this once:\n", id, end);
	fprintf(c->out, "%s\n", token);
	free(token);
	free(id);
	free(end);
}

static enum cli_exit
cmd_token_create_run(struct cli *c)
{
	const char *name = cli_value(&c->values, "name");
	const char *scopes = cli_value(&c->values, "scopes");
	const char *expires = cli_value(&c->values, "expires");
	enum cli_exit code;
	int64_t seconds;
	json_t *reply;

	if (name == NULL || scopes == NULL || expires == NULL) {
		fprintf(c->err, "usherctl: --name, --scopes and --expires are needed\n");
		return CLI_USAGE;
	}
	if (!cli_read_duration(expires, &seconds)) {
		fprintf(c->err, "usherctl: --expires is a number and s, m, h, d or w\n");
		return CLI_USAGE;
	}
	code = cli_request(
	    c, "POST", "/api/v1/tokens", cmd_token_body(c, name, scopes, seconds), &reply);
	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cmd_token_print(c, reply);
	json_decref(reply);
	return CLI_OK;
}

const struct cli_command cmd_token_create = {
	.group = "token",
	.name = "create",
	.help = "Make an API token and print it, once.",
	.options = options,
	.run = cmd_token_create_run,
};
