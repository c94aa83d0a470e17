/* How the daemon is: a word for all of it, a line for each part, a line for each server. */
#include <string.h>

#include "cli/cli.h"

enum { KNOWN_MAX = 64 * 1024 };

/* What stands behind a part's status. */
struct known {
	struct buf b;
	const char *comma;
};

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static long long
number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static void
known_begin(struct known *k)
{
	buf_init(&k->b, KNOWN_MAX);
	buf_add_string(&k->b, "");
	k->comma = "";
}

/* Between two facts. */
static struct buf *
known_next(struct known *k)
{
	buf_add_string(&k->b, k->comma);
	k->comma = ", ";
	return &k->b;
}

/* "since 2026-..." if there is such a text. */
static void
known_add(struct known *k, const char *words, const json_t *object, const char *name)
{
	const char *text = text_of(object, name);

	if (*text != '\0')
		buf_printf(known_next(k), "%s%s", words, text);
}

static void
known_add_bytes(struct known *k, const json_t *object)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)number_of(object, "bytes");
	size_t unit = 0;

	if (!json_is_integer(json_object_get(object, "bytes")))
		return;
	for (; n >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		n /= 1024;
	buf_printf(known_next(k), "%.*f %s", unit > 0, n, units[unit]);
}

static void
known_end(struct known *k, json_t *rows, const char *part, const char *status)
{
	json_array_append_new(
	    rows, json_pack("{s:s,s:s,s:s}", "part", part, "status", status, "known", k->b.data));
	buf_release(&k->b);
}

/* ---- parts ---- */

static void
add_directory(json_t *rows, const json_t *part)
{
	const json_t *servers = json_object_get(part, "servers"), *server;
	size_t up = 0, i;
	struct known k;

	known_begin(&k);
	json_array_foreach(servers, i, server) up += strcmp(text_of(server, "status"), "up") == 0;
	known_add(&k, "", part, "profile");
	buf_printf(known_next(&k), "%zu of %zu servers up", up, json_array_size(servers));
	known_end(&k, rows, "directory", text_of(part, "status"));
}

static void
add_feed(json_t *rows, const json_t *part)
{
	struct known k;

	known_begin(&k);
	known_add(&k, "", part, "method");
	known_add(&k, "heard at ", part, "heard_at");
	if (json_is_integer(json_object_get(part, "lag_seconds")))
		buf_printf(known_next(&k), "%lld s ago", number_of(part, "lag_seconds"));
	if (json_is_integer(json_object_get(part, "entries")))
		buf_printf(known_next(&k), "%lld entries so far", number_of(part, "entries"));
	known_add(&k, "", part, "reason");
	known_end(&k, rows, "feed", text_of(part, "status"));
}

static void
add_list(json_t *rows, const json_t *part)
{
	json_t *counts = json_object_get(part, "counts"), *count;
	const char *name;
	struct known k;

	known_begin(&k);
	if (json_is_integer(json_object_get(part, "people")))
		buf_printf(known_next(&k), "%lld people", number_of(part, "people"));
	json_object_foreach(counts, name, count) if (json_integer_value(count) > 0)
	    buf_printf(known_next(&k), "%lld %s", (long long)json_integer_value(count), name);
	known_add_bytes(&k, part);
	known_end(&k, rows, "list", text_of(part, "status"));
}

static void
add_store(json_t *rows, const json_t *part)
{
	struct known k;

	known_begin(&k);
	known_add(&k, "", part, "kind");
	buf_printf(known_next(&k), "schema %lld", number_of(part, "schema"));
	known_add_bytes(&k, part);
	known_add(&k, "", part, "reason");
	known_end(&k, rows, "store", text_of(part, "status"));
}

static void
add_mail(json_t *rows, const json_t *part)
{
	struct known k;

	known_begin(&k);
	buf_printf(known_next(&k), "%lld in the queue, %lld of them being sent",
	    number_of(part, "waiting"), number_of(part, "sending"));
	known_add(&k, "one is due since ", part, "oldest_at");
	known_add(&k, "paused until ", part, "paused_until");
	known_add(&k, "last sent at ", part, "sent_at");
	known_add(&k, "last failed at ", part, "last_failure_at");
	known_add(&k, "", part, "last_failure");
	known_end(&k, rows, "mail", text_of(part, "status"));
}

static void
add_webhooks(json_t *rows, const json_t *part)
{
	struct known k;

	known_begin(&k);
	buf_printf(known_next(&k), "%lld of %lld enabled", number_of(part, "enabled"),
	    number_of(part, "count"));
	buf_printf(known_next(&k), "%lld failing", number_of(part, "failing"));
	known_end(&k, rows, "webhooks", text_of(part, "status"));
}

static void
add_sessions(json_t *rows, const json_t *part)
{
	struct known k;

	known_begin(&k);
	buf_printf(known_next(&k), "%lld open", number_of(part, "open"));
	known_end(&k, rows, "sessions", "");
}

/* The checks that failed: some are about more than one part. */
static void
add_health(json_t *rows, const json_t *checks)
{
	const json_t *check;
	bool sound = true;
	struct known k;
	size_t i;

	known_begin(&k);
	json_array_foreach(checks, i, check) if (strcmp(text_of(check, "status"), "ok") != 0)
	{
		known_add(&k, "", check, "name");
		sound = false;
	}
	known_end(&k, rows, "health", sound ? "ok" : "failed");
}

/* ---- all of it ---- */

static void
print_parts(struct cli *c, const json_t *reply)
{
	static const struct cli_column columns[] = { { "PART", "part" }, { "STATUS", "status" },
		{ "KNOWN", "known" } };
	json_t *rows = json_array();

	add_directory(rows, json_object_get(reply, "directory"));
	add_feed(rows, json_object_get(reply, "feed"));
	add_list(rows, json_object_get(reply, "list"));
	add_store(rows, json_object_get(reply, "store"));
	add_mail(rows, json_object_get(reply, "mail"));
	add_webhooks(rows, json_object_get(reply, "webhooks"));
	add_sessions(rows, json_object_get(reply, "sessions"));
	add_health(rows, json_object_get(reply, "health"));
	cli_print_table(c->out, columns, sizeof(columns) / sizeof(columns[0]), rows);
	json_decref(rows);
}

static void
print_status(struct cli *c, json_t *reply)
{
	static const struct cli_column servers[] = { { "SERVER", "uri" }, { "STATUS", "status" },
		{ "IN USE", "in_use" }, { "SINCE", "since" }, { "LAST ERROR", "last_error" } };
	static const struct cli_column libraries[] = { { "LIBRARY", "name" },
		{ "VERSION", "version" } };
	static const char *const first[] = { "status", "version", "started_at", "at" };
	json_t *head = json_object();

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		json_object_set(head, first[i], json_object_get(reply, first[i]));
	cli_print_object(c->out, head);
	json_decref(head);
	fputc('\n', c->out);
	print_parts(c, reply);
	fputc('\n', c->out);
	cli_print_table(c->out, servers, sizeof(servers) / sizeof(servers[0]),
	    json_object_get(json_object_get(reply, "directory"), "servers"));
	fputc('\n', c->out);
	cli_print_table(c->out, libraries, sizeof(libraries) / sizeof(libraries[0]),
	    json_object_get(reply, "libraries"));
}

static enum cli_exit
cmd_status_run(struct cli *c)
{
	json_t *reply;
	enum cli_exit code = cli_request(c, "GET", "/api/v1/status", NULL, &reply);

	if (code == CLI_OK && c->json)
		cli_print_json(c->out, reply);
	else if (code == CLI_OK)
		print_status(c, reply);
	if (code == CLI_OK && strcmp(text_of(reply, "status"), "ok") != 0)
		code = CLI_FAILED;
	json_decref(reply);
	return code;
}

const struct cli_command cmd_status = {
	.name = "status",
	.help =
	    "Show how the daemon and what it needs are; exit status 1 when something is not well.",
	.run = cmd_status_run,
};
