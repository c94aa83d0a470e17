/* The one way to the daemon: libcurl over the unix socket or to --url. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <curl/curl.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cli/cli.h"

enum {
	REPLY_MAX = 32 * 1024 * 1024, /* bytes */
	TOKEN_MAX = 256,
	CONNECT_MS = 5 * 1000,
	ANSWER_MS = 60 * 1000
};

struct cli_answer {
	long status;
	struct buf body;
};

static size_t
cli_on_data(char *data, size_t size, size_t count, void *arg)
{
	struct cli_answer *a = arg;

	buf_add(&a->body, data, size * count);
	return buf_failed(&a->body) ? 0 : size * count;
}

/* The token of --token-file, a single line. NULL: said why, or there is none. */
static struct secret *
cli_read_token(struct cli *c, const char *path)
{
	char text[TOKEN_MAX];
	struct secret *token = NULL;
	struct stat st;
	ssize_t len = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) != 0 || (len = read(fd, text, sizeof(text))) < 0) {
		fprintf(c->err, "usherctl: %s: %s\n", path, strerror(errno));
		goto out;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		fprintf(
		    c->err, "usherctl: %s is open to others than its owner: chmod 600 it\n", path);
		goto out;
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			len = 0;
	if (len == 0 || len == TOKEN_MAX)
		fprintf(c->err, "usherctl: %s holds no token\n", path);
	else
		token = secret_new(text, (size_t)len);
out:
	secret_wipe(text, sizeof(text));
	if (fd != -1)
		close(fd);
	return token;
}

/* Where the daemon is looked for. */
static const char *
cli_target(const struct cli *c)
{
	const char *url = cli_value(&c->globals, "url");
	const char *path = cli_value(&c->globals, "socket");

	if (url != NULL)
		return url;
	return path != NULL ? path : CLI_SOCKET;
}

/* False: an option was not taken, and what is said could reach somebody else. */
static bool
cli_set_way(CURL *curl, const char *url, const char *socket_path, const char *ca_file)
{
	if (curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK)
		return false;
	/* Nothing is nearer than this machine: http is for loopback alone. */
	if ((url == NULL || strncmp(url, "http:", 5) == 0) &&
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK)
		return false;
	if (url == NULL)
		return curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path) == CURLE_OK;
	/* In place of the system's, which libcurl may know by a folder too. */
	return ca_file == NULL || (curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
				      curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

/* Where to, and how it is proved who we are. */
static enum cli_exit
cli_set_target(struct cli *c, CURL *curl, const char *path)
{
	const char *url = cli_value(&c->globals, "url");
	const char *token_file = cli_value(&c->globals, "token-file");
	const char *ca_file = cli_value(&c->globals, "ca-file");
	struct secret *token;
	struct buf full;
	size_t len;

	buf_init(&full, 8192);
	len = url != NULL ? strlen(url) : 0;
	while (len > 0 && url[len - 1] == '/')
		len--;
	if (url != NULL)
		buf_add(&full, url, len);
	else
		buf_add_string(&full, "http://localhost");
	buf_add_string(&full, path);
	curl_easy_setopt(curl, CURLOPT_URL, full.data);
	buf_release(&full);
	if (!cli_set_way(curl, url, cli_target(c), ca_file)) {
		fprintf(c->err, "usherctl: libcurl cannot be set up as it has to be\n");
		return CLI_FAILED;
	}
	if (url == NULL || token_file == NULL)
		return CLI_OK;
	token = cli_read_token(c, token_file);
	if (token == NULL)
		return CLI_FAILED;
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
	curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, secret_bytes(token));
	secret_free(token);
	return CLI_OK;
}

static void
cli_set_limits(const struct cli *c, CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(
	    curl, CURLOPT_TIMEOUT_MS, c->patience_ms > 0 ? c->patience_ms : (long)ANSWER_MS);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

/* One exchange. CLI_OK: an HTTP answer came, whatever it says. */
static enum cli_exit
cli_exchange(
    struct cli *c, const char *method, const char *path, const char *body, struct cli_answer *a)
{
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	CURL *curl = curl_easy_init();
	enum cli_exit code;
	CURLcode result;

	if (curl == NULL || headers == NULL)
		mem_exhausted();
	code = cli_set_target(c, curl, path);
	if (code != CLI_OK)
		goto out;
	cli_set_limits(c, curl);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, cli_on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	if (body != NULL) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	} else if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
		headers = curl_slist_append(headers, "Content-Type:");
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
	if (result != CURLE_OK) {
		fprintf(c->err, "usherctl: %s: the daemon cannot be reached: %s\n", cli_target(c),
		    words[0] != '\0' ? words : curl_easy_strerror(result));
		code = CLI_UNREACHABLE;
	}
out:
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return code;
}

static enum cli_exit
cli_exit_of(long status)
{
	switch (status) {
	case 404:
		return CLI_NOT_FOUND;
	case 409:
	case 410:
		return CLI_CONFLICT;
	default:
		return CLI_FAILED;
	}
}

/* Whether a member of the query is what an option gave. */
static bool
cli_is_option(const struct cli *c, const char *field)
{
	for (const struct cli_option *o = c->values.options; o->name != NULL; o++)
		if (strcmp(o->name, field) == 0)
			return cli_value(&c->values, field) != NULL;
	return false;
}

/* An RFC 9457 problem: its sentence, then one line for each field. False: options are wrong. */
static bool
cli_print_problem(struct cli *c, const json_t *problem, long status)
{
	const json_t *errors = json_object_get(problem, "errors"), *e;
	json_t *detail = json_object_get(problem, "detail");
	bool is_usage = false;
	char *text;
	size_t i;

	if (!json_is_string(detail))
		detail = json_object_get(problem, "title");
	text = cli_text_of(detail);
	fprintf(c->err, "usherctl: %s (HTTP %ld)\n", *text != '\0' ? text : "refused", status);
	free(text);
	json_array_foreach(errors, i, e)
	{
		char *field = cli_text_of(json_object_get(e, "field"));
		char *words = cli_text_of(json_object_get(e, "detail"));
		bool is_option = status == 400 && cli_is_option(c, field);

		is_usage = is_usage || is_option;
		fprintf(c->err, "  %s%s: %s\n", is_option ? "--" : "", field, words);
		free(field);
		free(words);
	}
	return !is_usage;
}

static enum cli_exit
cli_ask(struct cli *c, const char *method, const char *path, const char *body, bool health,
    json_t **reply)
{
	struct cli_answer a = { .status = 0 };
	struct fault f = { .text = "" };
	enum cli_exit code;
	json_t *json = NULL;

	*reply = NULL;
	buf_init(&a.body, REPLY_MAX);
	code = cli_exchange(c, method, path, body, &a);
	if (code != CLI_OK)
		goto out;
	if (a.body.len > 0)
		json = json_read(a.body.data, a.body.len, &f);
	if (a.status >= 200 && a.status <= 299) {
		if (json == NULL && a.status != 204) {
			fprintf(c->err, "usherctl: the answer is not JSON: %s\n", f.text);
			code = CLI_FAILED;
		}
	} else if (health && a.status == 503 && json_object_get(json, "checks") != NULL)
		code = CLI_FAILED;
	else {
		code = cli_print_problem(c, json, a.status) ? cli_exit_of(a.status) : CLI_USAGE;
		json_decref(json);
		json = NULL;
	}
	*reply = json;
out:
	if (a.body.data != NULL)
		secret_wipe(a.body.data, a.body.len);
	buf_release(&a.body);
	return code;
}

enum cli_exit
cli_request(struct cli *c, const char *method, const char *path, json_t *body, json_t **reply)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	enum cli_exit code = cli_ask(c, method, path, text, false, reply);

	free(text);
	json_decref(body);
	return code;
}

enum cli_exit
cli_request_health(struct cli *c, const char *path, json_t **reply)
{
	return cli_ask(c, "GET", path, NULL, true, reply);
}

enum cli_exit
cli_request_item(
    struct cli *c, const char *method, const char *kind, const char *suffix, json_t **reply)
{
	char path[160];

	snprintf(path, sizeof(path), "/api/v1/%s/%s%s", kind, c->argument, suffix);
	return cli_request(c, method, path, NULL, reply);
}

enum cli_exit
cli_delete_item(struct cli *c, const char *kind)
{
	json_t *reply;
	enum cli_exit code = cli_request_item(c, "DELETE", kind, "", &reply);

	json_decref(reply);
	return code;
}
