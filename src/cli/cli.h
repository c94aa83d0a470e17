/* usherctl: one command, one file, one entry of the table. The option tables are the parser and the
 * help; the manual page is checked against them. */
#ifndef USHERD_CLI_CLI_H
#define USHERD_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "base/buf.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NOT_FOUND = 3,
	CLI_CONFLICT = 4,
	CLI_UNREACHABLE = 5
};

enum {
	CLI_OPTIONS_MAX = 24,
	CLI_REPEAT_MAX = 32,
	CLI_ID_SIZE = 37,   /* of a UUID as text */
	CLI_NAME_MAX = 1024 /* bytes of a name, an address or a DN */
};

#define CLI_SOCKET "/run/usherd/control.sock"

/* Every option takes a value, but "flag" ones. */
struct cli_option {
	const char *name;  /* "given-name", without the dashes; NULL ends a table */
	const char *value; /* its value in the help; NULL: a flag */
	const char *help;
	bool repeat; /* may be given up to CLI_REPEAT_MAX times */
	char letter; /* of the short form, or 0 */
};

/* The values of one table's options, in its order. */
struct cli_values {
	const struct cli_option *options;
	const char *items[CLI_OPTIONS_MAX][CLI_REPEAT_MAX];
	size_t counts[CLI_OPTIONS_MAX];
};

/* The last value of an option, NULL when it was not given ("" for a flag). */
const char *cli_value(const struct cli_values *v, const char *name);
const char *const *cli_values_of(const struct cli_values *v, const char *name, size_t *count);

struct cli {
	struct cli_values globals;
	struct cli_values values; /* of the command's own options */
	const char *argument;	  /* the ID, or NULL */
	bool json;
	long patience_ms; /* of the command */
	FILE *out, *err;
};

struct cli_command {
	const char *group, *name; /* "token" "create"; group NULL: a single word */
	const char *argument;	  /* "ID", or NULL: none */
	bool is_name;		  /* the argument may be a uid, an address or a DN as well */
	bool is_optional;	  /* it may be left out */
	const char *help;
	const struct cli_option *options; /* may be NULL */
	long patience_ms;		  /* its answer may take so long; 0: a minute */
	enum cli_exit (*run)(struct cli *c);
};

extern const struct cli_option cli_globals[];
extern const struct cli_command *const cli_commands[]; /* NULL ends it */

extern const struct cli_command cmd_audit_export, cmd_audit_list, cmd_audit_verify, cmd_erase,
    cmd_session_show, cmd_status;
extern const struct cli_command cmd_health, cmd_invitation_change, cmd_invitation_create,
    cmd_invitation_link, cmd_invitation_list, cmd_invitation_resend, cmd_invitation_revoke,
    cmd_invitation_show, cmd_mail_drop, cmd_mail_preview, cmd_mail_queue, cmd_mail_retry,
    cmd_mail_test, cmd_org_unit_create, cmd_org_unit_delete, cmd_org_unit_list, cmd_org_unit_rename,
    cmd_token_create, cmd_token_list, cmd_token_revoke, cmd_user_change, cmd_user_delete,
    cmd_user_deleted, cmd_user_list, cmd_user_restore, cmd_user_resume, cmd_user_show,
    cmd_user_suspend;
extern const struct cli_command cmd_webhook_change, cmd_webhook_create, cmd_webhook_delete,
    cmd_webhook_list, cmd_webhook_messages, cmd_webhook_replay, cmd_webhook_rotate,
    cmd_webhook_show, cmd_webhook_test;

/* The program without its process: arguments, output streams, exit status. */
enum cli_exit cli_main(int argc, char **argv, FILE *out, FILE *err);

/* Options are read from argv[*at] on, by the table of `own` or else that of `other` (may be NULL);
 * stops at the first word that is none. False: said why on `err`. Both "--name value" and
 * "--name=value". */
bool cli_read_options(
    int argc, char **argv, int *at, struct cli_values *own, struct cli_values *other, FILE *err);

void cli_print_usage(FILE *to);
void cli_print_group(FILE *to, const char *group); /* its commands */
void cli_print_command(FILE *to, const struct cli_command *c);

/* "90", "90s", "15m", "12h", "7d", "2w" as seconds. */
bool cli_read_duration(const char *text, int64_t *seconds);
/* A path segment made of nothing that a path means. */
bool cli_is_id(const char *text);
/* A name, an address or a DN: something, and no control characters. */
bool cli_is_name(const char *text);
/* What --url may be: https, or http to a loopback address; no user, query or fragment. `why`
 * otherwise. */
bool cli_url_is_safe(const char *url, const char **why);

/* Asks the daemon for `path`; `body` is taken. On CLI_OK `*reply` is the JSON of
 * the answer (NULL when there was none) and belongs to the caller. Everything else was told on err.
 */
enum cli_exit cli_request(
    struct cli *c, const char *method, const char *path, json_t *body, json_t **reply);
/* As cli_request(), and 503 with a JSON answer is CLI_FAILED with *reply: health. */
enum cli_exit cli_request_health(struct cli *c, const char *path, json_t **reply);

/* The requests that several commands share: "/api/v1/KIND/ID" and what comes behind. */
enum cli_exit cli_request_item(
    struct cli *c, const char *method, const char *kind, const char *suffix, json_t **reply);
enum cli_exit cli_delete_item(struct cli *c, const char *kind);
/* An object or, as a table, the items of a list; as --output says. */
void cli_show(struct cli *c, json_t *reply);
/* The same of an invitation: as a table, its timeline stands below it, a step a line. */
void cli_show_invitation(struct cli *c, json_t *invitation);
/* An option's duration as a member of a document, with "_" for "-". False: said why. */
bool cli_set_duration(struct cli *c, json_t *body, const char *option);

/* ---- finding (cli_find.c) ---- */

/* The id of the person whom the argument names: an id, or a uid or mail address that exactly one
 * has. CLI_CONFLICT: several have it; they were listed. */
enum cli_exit cli_find_person(struct cli *c, char id[CLI_ID_SIZE]);
enum cli_exit cli_find_org_unit(struct cli *c, char id[CLI_ID_SIZE]); /* by id or DN */
/* "/api/v1/KIND/ID" and what comes behind; `body` is taken. */
enum cli_exit cli_request_id(struct cli *c, const char *method, const char *kind, const char *id,
    const char *suffix, json_t *body, json_t **reply);
/* Find the person, ask, show the answer. `body` is taken. */
enum cli_exit cli_run_person(struct cli *c, const char *method, const char *suffix, json_t *body);
/* Members of the given options, with "_" for "-". False: said why. */
bool cli_set_options(struct cli *c, json_t *body, const char *const *names, bool empty_removes);
/* A list with commas as an array; nothing when it was not given. False: said why. */
bool cli_set_list(struct cli *c, json_t *body, const char *name);
/* Percent-encoded (RFC 3986 section 2.1). */
void cli_add_escaped(struct buf *b, const char *text);
/* "?name=value" or "&name=value" behind a path; nothing when there is no value. */
void cli_add_query(struct buf *b, const char *name, const char *value);
/* The page behind `cursor` (NULL: the first) of a list whose path, with its query, is the first
 * `len` bytes of `path`. A cursor that comes back unchanged would go round for ever: CLI_FAILED. */
enum cli_exit cli_next_page(
    struct cli *c, struct buf *path, size_t len, const char *cursor, json_t **reply);
enum cli_pages {
	CLI_ONE_PAGE,
	CLI_PAGES_UNTIL_SOME, /* a page of this list may be empty, and more follow it */
	CLI_ALL_PAGES
};
/* Pages of such a list from `cursor` (NULL: the first) on as one answer: the last page with the
 * items of all. */
enum cli_exit cli_collect_pages(
    struct cli *c, struct buf *path, const char *cursor, enum cli_pages pages, json_t **answer);

/* ---- a webhook's secret (cli_secret.c) ---- */

/* POST to `path`, whose answer has a secret: it goes to standard output alone, or to --secret-file
 * (mode 0600). `words`: what has become of the webhook. `body` is taken. */
enum cli_exit cli_ask_secret(struct cli *c, const char *path, json_t *body, const char *words);

/* ---- output: nothing of the server's reaches a terminal raw ---- */

/* A copy in which every control, bidi and other invisible format character is U+FFFD. free() it. */
char *cli_clean(const char *text);
void cli_print_json(FILE *to, const json_t *value); /* the same characters as \u escapes */
char *cli_json_line(const json_t *value); /* the same on one line, without its end; free() it */
int cli_width(const char *text);	  /* columns on a terminal */

struct cli_column {
	const char *title, *member;
};
/* Each item of `items` is a row. Lists are joined by commas. */
void cli_print_table(FILE *to, const struct cli_column *columns, size_t count, const json_t *items);
/* Ask for a list that is one page, and print it: as it came, or as a table of its items. */
enum cli_exit cli_list_items(
    struct cli *c, const char *path, const struct cli_column *columns, size_t count);
/* "name: value" lines of an object's members, in its order. */
void cli_print_object(FILE *to, json_t *object);
/* Text of a JSON value as a table shows it. free() it. */
char *cli_text_of(json_t *value);

#endif
