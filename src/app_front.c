#include <string.h>

#include "app_private.h"
#include "log/log.h"

enum { APP_HOSTS_MAX = CONF_WORDS_MAX + 4 };

/* ---- callbacks of the HTTP server ---- */

/* All that the directory and the store have is in the list, as far as anybody knows. */
static bool
app_list_is_whole(struct app *a)
{
	struct flow_feed_figures feed;
	struct roster_figures roster;

	if (a->feed == NULL)
		return false;
	flow_feed_figures(a->feed, &feed);
	roster_figures(a->roster, &roster);
	return feed.ready && roster.state == ROSTER_COMPLETE;
}

static size_t
app_health(void *arg, struct health_check *checks, size_t max)
{
	struct app *a = arg;
	struct fault f = { .text = "" };
	size_t n = 0;

	if (n < max)
		checks[n++] =
		    (struct health_check){ "store", store_is_healthy(a->store, &f), true };
	if (n < max)
		checks[n++] = (struct health_check){ "directory", dir_is_up(a->dir, &f), false };
	if (n < max)
		checks[n++] = (struct health_check){ "list", app_list_is_whole(a), false };
	if (n < max && a->mailer != NULL)
		checks[n++] = (struct health_check){ "mail", app_mail_is_well(a), false };
	if (n < max)
		checks[n++] = (struct health_check){ "running", !a->stopping, true };
	return n;
}

static bool
app_on_nothing(struct http_exchange *x, void *ctx)
{
	const struct app *a = ctx;

	return console_page_missing(x, a->console);
}

/* The route's pattern, never the path: a path can hold a token. */
static void
app_on_access(void *ctx, const struct http_request *r, const char *route, int status, size_t bytes,
    int64_t ms)
{
	enum log_level level = status >= 500 ? LOG_WARNING : LOG_DEBUG;

	(void)ctx;
	if (!log_wants(level))
		return;
	log_line(level, "request", "route", route, "status", log_number(status), "bytes",
	    log_number((int64_t)bytes), "ms", log_number(ms), "peer", r->peer, "client",
	    strcmp(r->client, r->peer) != 0 ? r->client : NULL, "request", r->id, (char *)0);
}

static void
app_on_trouble(void *ctx, const char *text)
{
	(void)ctx;
	log_warning("the listeners are in trouble", "reason", text);
}

/* The operator's words go to the log; the caller sees what the error means for them. */
static void
app_on_error(struct http_exchange *x, void *ctx, enum err code, const struct fault *f)
{
	if (code == ERR_INTERNAL || code == ERR_MISCONFIGURED || code == ERR_CORRUPT)
		log_error("a request failed", "code", err_name(code), "reason", f->text, "request",
		    http_request_of(x)->id);
	api_on_error(x, ctx, code, f);
}

/* ---- listeners ---- */

/* The names a listener answers to: its own address, localhost with its port, the public name, and
 * what the configuration adds. NULL terminated, in the configuration's arena. */
static const char *const *
app_hosts(struct app *a, const char *address)
{
	const char **hosts = arena_alloc(a->conf->arena, (APP_HOSTS_MAX + 1) * sizeof(*hosts));
	const char *authority = strstr(a->conf->public_url, "://") + 3;
	const char *port = strrchr(address, ':');
	size_t n = 0;
	const char *scheme_port, *colon;
	char *name;

	hosts[n++] = address;
	hosts[n++] = arena_printf(a->conf->arena, "localhost%s", port);
	name = arena_dup(a->conf->arena, authority, strcspn(authority, "/"));
	hosts[n++] = name;
	/* A browser leaves out the scheme's own port; a program may say it. */
	scheme_port = strncmp(a->conf->public_url, "https", 5) == 0 ? ":443" : ":80";
	colon = strrchr(name, ':');
	if (colon == NULL || strchr(colon, ']') != NULL)
		hosts[n++] = arena_printf(a->conf->arena, "%s%s", name, scheme_port);
	else if (strcmp(colon, scheme_port) == 0)
		hosts[n++] = arena_dup(a->conf->arena, name, (size_t)(colon - name));
	for (size_t i = 0; i < a->conf->hosts.count; i++)
		hosts[n++] = a->conf->hosts.item[i];
	return hosts;
}

static enum err
app_listen(
    struct app *a, enum http_listener_kind kind, const char *address, bool tls, struct fault *f)
{
	struct http_listen l = { .kind = kind, .address = address, .tls = tls, .group = (gid_t)-1 };

	if (*address == '\0')
		return ERR_OK;
	l.hosts = app_hosts(a, address);
	return http_server_listen(a->http, &l, f);
}

enum err
app_open_listeners(struct app *a, struct fault *f)
{
	const struct conf *c = a->conf;
	struct http_listen socket = { .kind = HTTP_UNIX,
		.address = c->listen_socket,
		.mode = a->socket_gid != (gid_t)-1 ? 0660 : 0600,
		.group = a->socket_gid };
	bool tls = c->tls_certificate != NULL;
	enum err code = ERR_OK;

	if (tls)
		code = http_server_set_tls(a->http, c->tls_certificate, c->tls_key, f);
	if (code == ERR_OK)
		code = app_listen(a, HTTP_CONTROL, c->listen_control, tls, f);
	if (code == ERR_OK)
		code = app_listen(a, HTTP_PUBLIC, c->listen_public, tls, f);
	if (code == ERR_OK)
		code = app_listen(a, HTTP_MANAGEMENT, c->listen_management, false, f);
	if (code == ERR_OK)
		code = http_server_listen(a->http, &socket, f);
	return code;
}

/* ---- build ---- */

void
app_build_front(struct app *a, loop_cb *ready)
{
	const struct conf *c = a->conf;
	struct api_conf api = { .loop = a->loop,
		.flow = a->flow,
		.roster = a->roster,
		.people_base = c->people_base,
		.clock = &clock_system,
		.idle_s = c->session_idle,
		.public_url = c->public_url,
		.health = app_health,
		.health_arg = a,
		.status = app_status,
		.status_arg = a };
	struct web_conf web = { .flow = a->flow,
		.clock = &clock_system,
		.organisation = c->organisation,
		.public_url = c->public_url,
		.sign_in_url = c->sign_in_url,
		.help_contact = c->help_contact,
		.language = c->mail_language,
		.accent_color = c->accent_color,
		.logo = c->logo.bytes,
		.logo_len = c->logo.len,
		.logo_suffix = c->logo.suffix,
		.posts_per_minute = (size_t)c->join_rate };
	const struct console_conf console = { .organisation = c->organisation,
		.language = c->mail_language };
	/* The words are not terminated by one that is NULL. */
	const char **proxies = arena_alloc(c->arena, (c->proxies.count + 1) * sizeof(*proxies));
	struct http_conf http = { .loop = a->loop,
		.sets = a->sets,
		.set_count = sizeof(a->sets) / sizeof(a->sets[0]),
		.proxies = proxies,
		.public_is_https = strncmp(c->public_url, "https:", 6) == 0,
		.proxy_header =
		    strcmp(c->proxy_header, "forwarded") == 0 ? HTTP_FORWARDED : HTTP_X_FORWARDED,
		.ctx = a,
		.limits = { .header_bytes = 16 * 1024,
		    .header_fields = HTTP_HEADERS_MAX,
		    .body_bytes = (size_t)c->body_bytes,
		    .header_ms = c->header_timeout * 1000,
		    .body_ms = c->body_timeout * 1000,
		    .idle_ms = c->idle_timeout * 1000,
		    .connections = (size_t)c->connections,
		    .connections_per_source = (size_t)c->connections_per_source },
		.on_error = app_on_error,
		.on_nothing = app_on_nothing,
		.on_access = app_on_access,
		.on_trouble = app_on_trouble };

	memcpy(proxies, c->proxies.item, c->proxies.count * sizeof(*proxies));
	app_build_access(a, ready);
	api.auth = a->auth;
	api.settings = app_settings(a);
	a->api = api_new(&api);
	seal_derive(a->seal, "cookie", web.cookie_key);
	a->web = web_new(&web);
	secret_wipe(web.cookie_key, sizeof(web.cookie_key));
	a->sets[0] = (struct http_route_set){ api_routes, a->api };
	a->sets[1] = (struct http_route_set){ web_routes, a->web };
	a->console = console_new(&console);
	a->sets[2] = (struct http_route_set){ console_routes, a->console };
	a->sets[3] = (struct http_route_set){ app_failpoint_routes, a };
	a->http = http_server_new(&http);
}

void
app_free_front(struct app *a)
{
	http_server_free(a->http);
	console_free(a->console);
	web_free(a->web);
	api_free(a->api);
}
