#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"

enum { FILE_BYTES_MAX = 64 * 1024 };

static const struct cli_option options[] = {
	{ .name = "given-name", .value = "NAME", .help = "given name" },
	{ .name = "family-name", .value = "NAME", .help = "family name" },
	{ .name = "display-name", .value = "NAME", .help = "name as it is shown" },
	{ .name = "gender", .value = "GENDER", .help = "female, male, other or unspecified" },
	{ .name = "birthday", .value = "DATE", .help = "YYYY-MM-DD" },
	{ .name = "mail", .value = "ADDRESS", .help = "organisational mail address" },
	{ .name = "phone", .value = "NUMBER", .help = "with country code: +49..." },
	{ .name = "org-unit", .value = "DN", .help = "organizational unit of the new entry" },
	{ .name = "position", .value = "TEXT", .help = "position" },
	{ .name = "language", .value = "TAG", .help = "language, as in en or pt-BR" },
	{ .name = "group", .value = "DN", .help = "a group to join", .repeat = true },
	{ .name = "uid", .value = "UID", .help = "login name; else made from the name" },
	{ .name = "method",
	    .value = "email|link",
	    .help = "mail the link, or print it (default, unless --personal-mail)" },
	{ .name = "personal-mail", .value = "ADDRESS", .help = "where the link is mailed to" },
	{ .name = "expires-in", .value = "TIME", .help = "life of the invitation: 12h, 7d" },
	{ .name = "file",
	    .value = "FILE",
	    .help = "JSON to begin with, as of the API; - is stdin" },
	{ .name = "dry-run", .help = "tell what would stand in the way, and invite nobody" },
	{ .name = NULL },
};

static const char *const texts[] = { "given-name", "family-name", "display-name", "gender",
	"birthday", "mail", "phone", "org-unit", "position", "language", "uid", "method",
	"personal-mail", NULL };

/* The document of --file, or an empty one. NULL: said why. */
static json_t *
cmd_invitation_read_file(struct cli *c, const char *path)
{
	struct fault f = { .text = "" };
	char chunk[4096];
	json_t *body = NULL;
	struct buf b;
	size_t n;
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (in == NULL) {
		fprintf(c->err, "usherctl: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	buf_init(&b, FILE_BYTES_MAX);
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		buf_add(&b, chunk, n);
	if (ferror(in))
		fprintf(c->err, "usherctl: %s: %s\n", path, strerror(errno));
	else if (buf_failed(&b))
		fprintf(c->err, "usherctl: %s is larger than %d bytes\n", path, FILE_BYTES_MAX);
	else if ((body = json_read(b.len > 0 ? b.data : "", b.len, &f)) == NULL)
		fprintf(c->err, "usherctl: %s: %s\n", path, f.text);
	else if (!json_is_object(body)) {
		fprintf(c->err, "usherctl: %s: not a JSON object\n", path);
		json_decref(body);
		body = NULL;
	}
	if (in != stdin)
		fclose(in);
	buf_release(&b);
	return body;
}

/* What the command line says goes over what the file says. */
static bool
cmd_invitation_add_options(struct cli *c, json_t *body)
{
	const char *const *groups;
	size_t count;

	if (!cli_set_options(c, body, texts, false))
		return false;
	groups = cli_values_of(&c->values, "group", &count);
	if (count > 0)
		json_object_set_new(body, "groups", json_array());
	for (size_t i = 0; i < count; i++)
		json_array_append_new(json_object_get(body, "groups"), json_string(groups[i]));
	if (!cli_set_duration(c, body, "expires-in"))
		return false;
	if (json_object_get(body, "method") == NULL)
		json_object_set_new(body, "method",
		    json_string(json_object_get(body, "personal_mail") != NULL ? "email" : "link"));
	return true;
}

static enum cli_exit
cmd_invitation_make(struct cli *c, json_t *body)
{
	json_t *reply;
	enum cli_exit code = cli_request(c, "POST", "/api/v1/invitations", body, &reply);

	if (code == CLI_OK)
		cli_show_invitation(c, reply);
	json_decref(reply);
	return code;
}

/* Each problem by its field, what is missing too; none of them: the uid that it would have. */
static enum cli_exit
cmd_invitation_try(struct cli *c, json_t *body)
{
	static const struct cli_column columns[] = { { "FIELD", "field" }, { "CODE", "code" },
		{ "DETAIL", "detail" } };
	json_t *reply, *errors;
	enum cli_exit code =
	    cli_request(c, "POST", "/api/v1/invitations/preflight?complete=true", body, &reply);

	if (code != CLI_OK)
		return code;
	errors = json_object_get(reply, "errors");
	if (json_array_size(errors) > 0)
		code = CLI_FAILED;
	if (c->json)
		cli_print_json(c->out, reply);
	else if (code == CLI_OK) {
		json_object_del(reply, "errors");
		cli_print_object(c->out, reply);
	} else
		cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]), errors);
	json_decref(reply);
	return code;
}

static enum cli_exit
cmd_invitation_create_run(struct cli *c)
{
	const char *path = cli_value(&c->values, "file");
	json_t *body = path != NULL ? cmd_invitation_read_file(c, path) : json_object();

	if (body == NULL)
		return CLI_FAILED;
	if (!cmd_invitation_add_options(c, body)) {
		json_decref(body);
		return CLI_USAGE;
	}
	if (cli_value(&c->values, "dry-run") != NULL)
		return cmd_invitation_try(c, body);
	return cmd_invitation_make(c, body);
}

const struct cli_command cmd_invitation_create = {
	.group = "invitation",
	.name = "create",
	.help = "Invite a person, by mail or with the registration link in the answer, once.",
	.options = options,
	.run = cmd_invitation_create_run,
};
