/* A secret that the daemon tells once: alone on standard output, or in a file of its own. The file
 * is made before the daemon is asked, so that no secret is lost because it could not be written. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { SECRET_PATH_MAX = 4096 };

struct secret_file {
	const char *path; /* NULL: standard output */
	char made[SECRET_PATH_MAX];
	FILE *file;
};

/* A folder cannot be replaced by the file that is made beside it, and a device should not be. */
static bool
secret_file_is_free(struct cli *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return true;
	fprintf(c->err, "usherctl: %s: is %s\n", path,
	    S_ISDIR(st.st_mode) ? "a folder, not a file" : "not a file");
	return false;
}

/* Under a name of its own, so that nothing which was left behind is in the way. */
static bool
secret_file_make(struct cli *c, struct secret_file *s)
{
	int fd;

	s->path = cli_value(&c->values, "secret-file");
	if (s->path == NULL)
		return true;
	if ((size_t)snprintf(s->made, sizeof(s->made), "%s.XXXXXX", s->path) >= sizeof(s->made)) {
		fprintf(c->err, "usherctl: --secret-file is too long\n");
		return false;
	}
	if (!secret_file_is_free(c, s->path))
		return false;
	fd = mkostemp(s->made, O_CLOEXEC); /* mode 0600 */
	s->file = fd == -1 ? NULL : fdopen(fd, "w");
	if (s->file == NULL)
		fprintf(c->err, "usherctl: %s: %s\n", s->path, strerror(errno));
	return s->file != NULL;
}

/* Only now is the file of that name another one. False: said why, and nothing is left. */
static bool
secret_file_keep(struct cli *c, struct secret_file *s, const char *secret)
{
	bool written = fprintf(s->file, "%s\n", secret) > 0 && fflush(s->file) == 0 &&
		       fsync(fileno(s->file)) == 0;

	written = fclose(s->file) == 0 && written && rename(s->made, s->path) == 0;
	s->file = NULL;
	if (written)
		return true;
	fprintf(c->err, "usherctl: %s: %s\n", s->path, strerror(errno));
	unlink(s->made);
	return false;
}

static void
secret_file_drop(struct secret_file *s)
{
	if (s->file == NULL)
		return;
	fclose(s->file);
	unlink(s->made);
}

/* `reply` without its secret, when that went to a file. */
static enum cli_exit
secret_show(struct cli *c, struct secret_file *s, json_t *reply, const char *id, const char *words)
{
	const char *secret = json_string_value(json_object_get(reply, "secret"));

	if (secret == NULL) {
		fprintf(c->err, "usherctl: the answer has no secret\n");
		return CLI_FAILED;
	}
	if (s->path != NULL) {
		if (!secret_file_keep(c, s, secret)) {
			fprintf(c->err,
			    "webhook %s %s, but its secret is lost: make another one with "
			    "\"usherctl webhook rotate --overlap 0s %s\"\n",
			    id, words, id);
			return CLI_FAILED;
		}
		json_object_del(reply, "secret");
	}
	if (c->json) {
		cli_print_json(c->out, reply);
		return CLI_OK;
	}
	fprintf(c->err, "webhook %s %s", id, words);
	if (s->path != NULL)
		fprintf(c->err, "; its secret is in %s\n", s->path);
	else
		fprintf(c->err, "; its secret is shown this once:\n");
	if (s->path == NULL)
		fprintf(c->out, "%s\n", secret);
	return CLI_OK;
}

enum cli_exit
cli_ask_secret(struct cli *c, const char *path, json_t *body, const char *words)
{
	struct secret_file s = { .file = NULL };
	json_t *reply = NULL;
	enum cli_exit code;

	if (!secret_file_make(c, &s)) {
		json_decref(body);
		return CLI_FAILED;
	}
	code = cli_request(c, "POST", path, body, &reply);
	if (code == CLI_OK) {
		const char *id = json_string_value(json_object_get(reply, "id"));
		char *clean = cli_clean(id != NULL ? id : c->argument != NULL ? c->argument : "");

		code = secret_show(c, &s, reply, clean, words);
		free(clean);
	}
	secret_file_drop(&s);
	json_decref(reply);
	return code;
}
