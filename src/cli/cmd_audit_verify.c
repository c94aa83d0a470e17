#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum {
	PATH_MAX_BYTES = 1024,
	NUMBER_MAX = 19, /* digits */
	HASH_LEN = 64,
	PATIENCE_MS = 3600 * 1000 /* all of a trail of years is read */
};

static const struct cli_option options[] = {
	{ .name = "head",
	    .value = "NUMBER:HASH",
	    .help = "a head of the trail that was written down elsewhere" },
	{ .name = NULL },
};

/* The head in the form that --head takes. */
static void
cmd_audit_print_head(FILE *to, const json_t *reply)
{
	const json_t *head = json_object_get(reply, "head");
	char *number = cli_text_of(json_object_get(head, "number"));
	char *hash = cli_text_of(json_object_get(head, "hash"));

	if (json_is_object(head))
		fprintf(to, "head %s:%s\n", number, hash);
	free(number);
	free(hash);
}

static void
cmd_audit_print_fault(FILE *to, const json_t *fault)
{
	json_t *block = json_object_get(fault, "block"), *record = json_object_get(fault, "record");
	char *of_block = cli_text_of(block), *of_record = cli_text_of(record);
	char *detail = cli_text_of(json_object_get(fault, "detail"));

	if (json_is_integer(block))
		fprintf(to, "block %s: ", of_block);
	if (json_is_string(record))
		fprintf(to, "record %s: ", of_record);
	fprintf(to, "%s\n", detail);
	free(of_block);
	free(of_record);
	free(detail);
}

static void
cmd_audit_print_verdict(struct cli *c, const json_t *reply)
{
	const json_t *faults = json_object_get(reply, "faults");
	json_int_t count = json_integer_value(json_object_get(reply, "fault_count"));
	char *records = cli_text_of(json_object_get(reply, "records"));
	char *blocks = cli_text_of(json_object_get(reply, "blocks"));

	fprintf(c->out, "%s: %s records in %s blocks\n",
	    json_is_true(json_object_get(reply, "sound")) ? "sound" : "NOT SOUND", records, blocks);
	cmd_audit_print_head(c->out, reply);
	for (size_t i = 0; i < json_array_size(faults); i++)
		cmd_audit_print_fault(c->out, json_array_get(faults, i));
	if (count > (json_int_t)json_array_size(faults))
		fprintf(c->out, "and %lld more\n",
		    (long long)count - (long long)json_array_size(faults));
	free(records);
	free(blocks);
}

/* "12:0a1b..." as the query. */
static bool
cmd_audit_add_head(struct cli *c, struct buf *path)
{
	const char *head = cli_value(&c->values, "head");
	size_t digits = head != NULL ? strspn(head, "0123456789") : 0;
	char number[NUMBER_MAX + 1];

	if (head == NULL)
		return true;
	if (digits == 0 || digits > NUMBER_MAX || head[digits] != ':' ||
	    strspn(head + digits + 1, "0123456789abcdef") != HASH_LEN ||
	    strlen(head + digits + 1) != HASH_LEN || strspn(head, "0") == digits) {
		fprintf(c->err,
		    "usherctl: --head is NUMBER:HASH: a number from 1 on and %d hexadecimal "
		    "digits\n",
		    HASH_LEN);
		return false;
	}
	memcpy(number, head, digits);
	number[digits] = '\0';
	cli_add_query(path, "number", number);
	cli_add_query(path, "hash", head + digits + 1);
	return true;
}

static enum cli_exit
cmd_audit_verify_run(struct cli *c)
{
	enum cli_exit code = CLI_USAGE;
	json_t *reply = NULL;
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_add_string(&path, "/api/v1/audit/verification");
	if (cmd_audit_add_head(c, &path))
		code = cli_request(c, "GET", path.data, NULL, &reply);
	buf_release(&path);
	if (code != CLI_OK)
		return code;
	if (c->json)
		cli_print_json(c->out, reply);
	else
		cmd_audit_print_verdict(c, reply);
	if (!json_is_true(json_object_get(reply, "sound")))
		code = CLI_FAILED;
	json_decref(reply);
	return code;
}

const struct cli_command cmd_audit_verify = {
	.group = "audit",
	.name = "verify",
	.help = "Prove that the audit trail is as it was written; exit status 1 when it is not.",
	.options = options,
	.patience_ms = PATIENCE_MS,
	.run = cmd_audit_verify_run,
};
