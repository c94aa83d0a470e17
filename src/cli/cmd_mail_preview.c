#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static const struct cli_option options[] = {
	{ .name = "language", .value = "TAG", .help = "as in de or vi; default as configured" },
	{ .name = "headers", .help = "the whole header first, not the subject alone" },
	{ .name = "html", .help = "the HTML instead of the text" },
	{ .name = NULL },
};

/* Zero-width spaces keep mail programs from making a link of a name; a terminal makes none. */
static char *
cmd_mail_without_breaks(const char *text)
{
	static const char zero_width_space[] = "\xe2\x80\x8b";
	char *copy = mem_dup_string(text), *at = copy;

	while ((at = strstr(at, zero_width_space)) != NULL)
		memmove(at, at + 3, strlen(at + 3) + 1);
	return copy;
}

/* Line by line, for a line break is a control character. */
static void
cmd_mail_print_lines(FILE *to, const char *text)
{
	char *copy = cmd_mail_without_breaks(text), *rest = copy, *line;

	while (rest != NULL && *rest != '\0' && (line = strsep(&rest, "\n")) != NULL) {
		size_t len = strlen(line);
		char *clean;

		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		clean = cli_clean(line);
		fprintf(to, "%s\n", clean);
		free(clean);
	}
	free(copy);
}

static void
cmd_mail_print(struct cli *c, json_t *mail)
{
	const char *part = cli_value(&c->values, "html") != NULL ? "html" : "text";
	const char *body = json_string_value(json_object_get(mail, part));
	json_t *header;
	size_t i;

	json_array_foreach(json_object_get(mail, "headers"), i, header)
	{
		char *name = cli_text_of(json_object_get(header, "name"));
		char *value = cli_text_of(json_object_get(header, "value"));

		if (cli_value(&c->values, "headers") != NULL || strcmp(name, "Subject") == 0)
			fprintf(c->out, "%s: %s\n", name, value);
		free(name);
		free(value);
	}
	fputc('\n', c->out);
	cmd_mail_print_lines(c->out, body != NULL ? body : "");
}

static enum cli_exit
cmd_mail_preview_run(struct cli *c)
{
	static const char *const texts[] = { "language", NULL };
	json_t *body = json_pack("{s:s}", "kind", c->argument), *reply;
	enum cli_exit code;

	if (!cli_set_options(c, body, texts, false)) {
		json_decref(body);
		return CLI_USAGE;
	}
	code = cli_request(c, "POST", "/api/v1/mail/preview", body, &reply);
	if (code == CLI_OK && c->json)
		cli_print_json(c->out, reply);
	else if (code == CLI_OK)
		cmd_mail_print(c, reply);
	json_decref(reply);
	return code;
}

const struct cli_command cmd_mail_preview = {
	.group = "mail",
	.name = "preview",
	.argument = "KIND",
	.help = "Show a mail with made-up facts: invitation, reminder, welcome, completed or "
		"undeliverable.",
	.options = options,
	.run = cmd_mail_preview_run,
};
