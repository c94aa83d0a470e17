/* Whom a command line means: people are known by a name or an address rather than by a UUID. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "base/mem.h"
#include "cli/cli.h"

enum {
	PATH_MAX_BYTES = 8192,
	PAGES_MAX = 25, /* of 200: beyond, a search for that text names nobody */
	SHOWN_MAX = 10
};

void
cli_add_escaped(struct buf *b, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_add_char(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

void
cli_add_query(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_add_char(b, strchr(b->data, '?') == NULL ? '?' : '&');
	buf_add_string(b, name);
	buf_add_char(b, '=');
	cli_add_escaped(b, value);
}

/* Case does not matter in an address's domain, and in no directory that we know in the rest of it
 * or in a uid. */
static bool
cli_is_meant(const json_t *item, const char *text)
{
	static const char *const members[] = { "uid", "mail" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *value = json_string_value(json_object_get(item, members[i]));

		if (value != NULL && strcasecmp(value, text) == 0)
			return true;
	}
	return false;
}

enum cli_exit
cli_next_page(struct cli *c, struct buf *path, size_t len, const char *cursor, json_t **reply)
{
	const char *next;
	enum cli_exit code;

	path->len = len;
	path->data[len] = '\0';
	cli_add_query(path, "cursor", cursor);
	*reply = NULL;
	if (buf_failed(path)) {
		fprintf(c->err, "usherctl: that is too long to ask\n");
		return CLI_USAGE;
	}
	code = cli_request(c, "GET", path->data, NULL, reply);
	next = json_string_value(json_object_get(*reply, "next_cursor"));
	if (code == CLI_OK && next != NULL && cursor != NULL && strcmp(next, cursor) == 0) {
		fprintf(c->err, "usherctl: the daemon's next_cursor makes no sense\n");
		json_decref(*reply);
		*reply = NULL;
		return CLI_FAILED;
	}
	return code;
}

enum cli_exit
cli_collect_pages(
    struct cli *c, struct buf *path, const char *from, enum cli_pages pages, json_t **answer)
{
	json_t *items = json_array(), *reply = NULL;
	char *cursor = mem_dup_string(from);
	const size_t len = path->len;
	bool is_damaged = false; /* a page that lacks something makes the whole lack it */
	enum cli_exit code;

	do {
		json_decref(reply);
		code = cli_next_page(c, path, len, cursor, &reply);
		json_array_extend(items, json_object_get(reply, "items"));
		is_damaged = is_damaged || json_is_true(json_object_get(reply, "damaged"));
		free(cursor);
		cursor = mem_dup_string(json_string_value(json_object_get(reply, "next_cursor")));
	} while (code == CLI_OK && cursor != NULL &&
		 (pages == CLI_ALL_PAGES ||
		     (pages == CLI_PAGES_UNTIL_SOME && json_array_size(items) == 0)));
	if (code == CLI_OK)
		json_object_set(reply, "items", items);
	if (code == CLI_OK && is_damaged)
		json_object_set(reply, "damaged", json_true());
	json_decref(items);
	free(cursor);
	*answer = reply;
	return code;
}

/* Everybody whose uid or mail it is. The search finds more: it looks inside of words. */
static enum cli_exit
cli_collect_meant(struct cli *c, const char *text, json_t *found)
{
	char *cursor = NULL;
	enum cli_exit code = CLI_OK;
	struct buf path;
	size_t len;

	buf_init(&path, PATH_MAX_BYTES);
	buf_add_string(&path, "/api/v1/users");
	cli_add_query(&path, "q", text);
	cli_add_query(&path, "limit", "200");
	len = path.len;
	for (int page = 0; page < PAGES_MAX && code == CLI_OK; page++) {
		const json_t *item;
		json_t *reply;
		size_t i;

		code = cli_next_page(c, &path, len, cursor, &reply);
		json_array_foreach(json_object_get(reply, "items"), i, item)
		{
			if (cli_is_meant(item, text))
				json_array_append(found, (json_t *)(uintptr_t)item);
		}
		free(cursor);
		cursor = mem_dup_string(json_string_value(json_object_get(reply, "next_cursor")));
		json_decref(reply);
		if (cursor == NULL)
			break;
	}
	free(cursor);
	buf_release(&path);
	return code;
}

static void
cli_print_ambiguous(struct cli *c, json_t *found)
{
	static const struct cli_column columns[] = { { "ID", "id" }, { "STATUS", "status" },
		{ "NAME", "name" }, { "UID", "uid" }, { "MAIL", "mail" } };

	fprintf(c->err, "usherctl: more than one person has that; say which, by ID:\n");
	while (json_array_size(found) > SHOWN_MAX)
		json_array_remove(found, SHOWN_MAX);
	cli_print_table(c->err, columns, sizeof(columns) / sizeof(columns[0]), found);
}

/* Takes the id of the only item. */
static enum cli_exit
cli_take_only(struct cli *c, json_t *found, const char *kind, char id[CLI_ID_SIZE])
{
	const char *text = json_string_value(json_object_get(json_array_get(found, 0), "id"));

	if (json_array_size(found) == 0) {
		fprintf(c->err, "usherctl: there is no such %s\n", kind);
		return CLI_NOT_FOUND;
	}
	if (text == NULL || !id_is_valid(text)) {
		fprintf(c->err, "usherctl: the daemon names no id for it yet: try again\n");
		return CLI_FAILED;
	}
	memcpy(id, text, CLI_ID_SIZE);
	return CLI_OK;
}

enum cli_exit
cli_find_person(struct cli *c, char id[CLI_ID_SIZE])
{
	json_t *found;
	enum cli_exit code;

	if (id_is_valid(c->argument)) {
		memcpy(id, c->argument, CLI_ID_SIZE);
		return CLI_OK;
	}
	found = json_array();
	code = cli_collect_meant(c, c->argument, found);
	if (code == CLI_OK && json_array_size(found) > 1) {
		cli_print_ambiguous(c, found);
		code = CLI_CONFLICT;
	} else if (code == CLI_OK)
		code = cli_take_only(c, found, "person", id);
	json_decref(found);
	return code;
}

enum cli_exit
cli_find_org_unit(struct cli *c, char id[CLI_ID_SIZE])
{
	json_t *found, *reply;
	const json_t *item;
	enum cli_exit code;
	size_t i;

	if (id_is_valid(c->argument)) {
		memcpy(id, c->argument, CLI_ID_SIZE);
		return CLI_OK;
	}
	code = cli_request(c, "GET", "/api/v1/org-units", NULL, &reply);
	if (code != CLI_OK)
		return code;
	found = json_array();
	json_array_foreach(json_object_get(reply, "items"), i, item)
	{
		const char *dn = json_string_value(json_object_get(item, "dn"));

		if (dn != NULL && strcasecmp(dn, c->argument) == 0)
			json_array_append(found, (json_t *)(uintptr_t)item);
	}
	code = cli_take_only(c, found, "org unit", id);
	json_decref(found);
	json_decref(reply);
	return code;
}

enum cli_exit
cli_request_id(struct cli *c, const char *method, const char *kind, const char *id,
    const char *suffix, json_t *body, json_t **reply)
{
	char path[160];

	snprintf(path, sizeof(path), "/api/v1/%s/%s%s", kind, id, suffix);
	return cli_request(c, method, path, body, reply);
}

enum cli_exit
cli_run_person(struct cli *c, const char *method, const char *suffix, json_t *body)
{
	char id[CLI_ID_SIZE];
	json_t *reply = NULL;
	enum cli_exit code = cli_find_person(c, id);

	if (code == CLI_OK)
		code = cli_request_id(c, method, "users", id, suffix, body, &reply);
	else
		json_decref(body);
	if (code == CLI_OK && reply != NULL)
		cli_show(c, reply);
	json_decref(reply);
	return code;
}

/* An option's name as that of a member. */
static void
cli_name_member(const char *option, char *member, size_t size)
{
	snprintf(member, size, "%s", option);
	for (char *p = member; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
}

bool
cli_set_options(struct cli *c, json_t *body, const char *const *names, bool empty_removes)
{
	for (; *names != NULL; names++) {
		const char *value = cli_value(&c->values, *names);
		char member[32];
		json_t *v;

		if (value == NULL)
			continue;
		cli_name_member(*names, member, sizeof(member));
		v = empty_removes && *value == '\0' ? json_null() : json_string(value);
		if (json_object_set_new(body, member, v) != 0) {
			fprintf(c->err, "usherctl: --%s is not UTF-8\n", *names);
			return false;
		}
	}
	return true;
}

bool
cli_set_duration(struct cli *c, json_t *body, const char *option)
{
	const char *text = cli_value(&c->values, option);
	char member[32];
	int64_t seconds;

	if (text == NULL)
		return true;
	if (!cli_read_duration(text, &seconds)) {
		fprintf(c->err, "usherctl: --%s is a number and s, m, h, d or w\n", option);
		return false;
	}
	cli_name_member(option, member, sizeof(member));
	json_object_set_new(body, member, json_integer(seconds));
	return true;
}

bool
cli_set_list(struct cli *c, json_t *body, const char *name)
{
	const char *value = cli_value(&c->values, name);
	char *copy, *rest, *word;
	json_t *list;
	bool good = true;

	if (value == NULL)
		return true;
	list = json_array();
	copy = rest = mem_dup_string(value);
	while (good && (word = strsep(&rest, ",")) != NULL)
		good = json_array_append_new(list, json_string(word)) == 0;
	free(copy);
	if (!good)
		fprintf(c->err, "usherctl: --%s is not UTF-8\n", name);
	json_object_set_new(body, name, list);
	return good;
}
