/* Finds the one handler of a request, and answers where there is none. */
#include "http/http_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct route_match {
	const struct http_route *route;
	void *ctx;
	unsigned allowed; /* methods of all routes whose pattern fits */
	const char *captures[HTTP_CAPTURES_MAX];
};

static const struct {
	enum http_method method;
	const char *name;
} names[] = {
	{ HTTP_GET, "GET" },
	{ HTTP_HEAD, "HEAD" },
	{ HTTP_POST, "POST" },
	{ HTTP_PUT, "PUT" },
	{ HTTP_PATCH, "PATCH" },
	{ HTTP_DELETE, "DELETE" },
	{ HTTP_OPTIONS, "OPTIONS" },
};

const char *
http_method_name(enum http_method method)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].method == method)
			return names[i].name;
	return NULL;
}

static unsigned
route_methods(const struct http_route *route)
{
	return route->methods | (route->methods & HTTP_GET ? HTTP_HEAD : 0);
}

/* "{name}" takes one segment that is not empty. The path has no encoded slash (http_parse_target
 * refuses it), so its slashes are those of the request. */
static bool
route_fits(const char *pattern, const char *path, struct arena *arena, const char **captures)
{
	size_t count = 0;

	while (*pattern != '\0') {
		size_t have;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		have = strcspn(path, "/");
		if (have == 0 || count == HTTP_CAPTURES_MAX)
			return false;
		captures[count++] = arena_dup(arena, path, have);
		pattern += strcspn(pattern, "/");
		path += have;
	}
	return *path == '\0';
}

static void
router_search_set(struct http_exchange *x, const struct http_route_set *set, struct route_match *m)
{
	const struct http_request *r = &x->request;

	for (const struct http_route *route = set->routes; route->pattern != NULL; route++) {
		const char *captures[HTTP_CAPTURES_MAX] = { NULL };

		if (!(route->listeners & 1U << r->listener) ||
		    !route_fits(route->pattern, r->path, x->arena, captures))
			continue;
		m->allowed |= route_methods(route);
		if (m->route == NULL && (route_methods(route) & r->method)) {
			m->route = route;
			m->ctx = set->ctx;
			memcpy(m->captures, captures, sizeof(captures));
		}
	}
}

/* The first that fits wins; literal segments stand before captures in a table. */
static struct route_match
router_search(struct http_exchange *x)
{
	const struct http_conf *conf = &x->server->conf;
	struct route_match m = { .route = NULL };

	for (size_t i = 0; i < conf->set_count && m.route == NULL; i++)
		router_search_set(x, &conf->sets[i], &m);
	return m;
}

static bool
router_is_for_us(const struct http_request *r, const struct http_listener *l)
{
	const char *host = http_header(r, "host");

	if (l->hosts == NULL)
		return true;
	for (size_t i = 0; l->hosts[i] != NULL; i++)
		if (strcasecmp(host, l->hosts[i]) == 0)
			return true;
	return false;
}

static void
router_refuse_method(struct http_exchange *x, unsigned allowed)
{
	char text[64];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (allowed & names[i].method)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
			    len > 0 ? ", " : "", names[i].name);
	http_add_header(x, "Allow", text);
	http_reply_problem(x, 405, NULL, "This resource does not have this method.", NULL);
}

/* The media type without its parameters is one of the space separated list. */
static bool
router_takes_type(const char *list, const char *type)
{
	const size_t len = strcspn(type, "; ");

	for (size_t word; *list != '\0'; list += word) {
		list += strspn(list, " ");
		word = strcspn(list, " ");
		if (word == len && word > 0 && strncasecmp(list, type, len) == 0)
			return true;
	}
	return false;
}

/* "a/b c/d" as "a/b or c/d". */
static const char *
router_words_of(const char *list, struct arena *arena)
{
	const char *words = "", *between = "";

	for (size_t word; *list != '\0'; list += word) {
		list += strspn(list, " ");
		word = strcspn(list, " ");
		words = arena_printf(arena, "%s%s%.*s", words, between, (int)word, list);
		between = " or ";
	}
	return words;
}

bool
http_takes_body(struct http_exchange *x, const char *content_types)
{
	const char *type = http_header(&x->request, "content-type");

	if (x->request.body_len == 0)
		return true;
	if (content_types == NULL) {
		http_reply_problem(x, 415, NULL, "This request takes no body.", NULL);
		return false;
	}
	if (type != NULL && router_takes_type(content_types, type))
		return true;
	http_reply_problem(x, 415, NULL,
	    arena_printf(
		x->arena, "The body must be of type %s.", router_words_of(content_types, x->arena)),
	    NULL);
	return false;
}

static void
router_find_nothing(struct http_exchange *x)
{
	const struct http_conf *conf = &x->server->conf;

	if (conf->on_nothing == NULL || !conf->on_nothing(x, conf->ctx))
		http_reply_problem(x, 404, NULL, "There is nothing at this path.", NULL);
}

enum err
http_router_run(struct http_exchange *x, const struct http_listener *l, struct fault *f)
{
	struct route_match m;

	if (!router_is_for_us(&x->request, l)) {
		http_reply_problem(x, 421, NULL, "This host is not served here.", NULL);
		return ERR_OK;
	}
	m = router_search(x);
	if (m.allowed == 0) {
		router_find_nothing(x);
		return ERR_OK;
	}
	if (m.route == NULL) {
		router_refuse_method(x, m.allowed);
		return ERR_OK;
	}
	x->route = m.route->pattern;
	memcpy(x->request.captures, m.captures, sizeof(m.captures));
	if (!m.route->asks_first && !http_takes_body(x, m.route->content_types))
		return ERR_OK;
	return m.route->handler(x, m.ctx, f);
}
