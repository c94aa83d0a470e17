/* `usherd --routes`: the route tables as text, which the tests compare with doc/openapi.yaml, and
 * who may what, which a test walks. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

static const struct {
	enum http_listener_kind kind;
	const char *name;
} listeners[] = {
	{ HTTP_CONTROL, "control" },
	{ HTTP_PUBLIC, "public" },
	{ HTTP_MANAGEMENT, "management" },
	{ HTTP_UNIX, "socket" },
};

static void
routes_print_listeners(unsigned bits)
{
	const char *comma = " ";

	for (size_t i = 0; i < sizeof(listeners) / sizeof(listeners[0]); i++) {
		if ((bits & 1u << listeners[i].kind) == 0)
			continue;
		printf("%s%s", comma, listeners[i].name);
		comma = ",";
	}
}

/* Scopes and extent; "- -": anybody. */
static void
routes_print_access(enum http_method method, const char *pattern)
{
	const struct api_access *a = api_accesses;
	const char *name, *comma = "";
	unsigned bit;

	while (
	    a->pattern != NULL && ((a->methods & method) == 0 || strcmp(a->pattern, pattern) != 0))
		a++;
	if (a->pattern == NULL) {
		printf(" - -");
		return;
	}
	printf(" %s", a->scopes == 0 ? "known" : "");
	for (size_t i = 0; (name = auth_scope_name(i, &bit)) != NULL; i++) {
		if ((a->scopes & bit) == 0)
			continue;
		printf("%s%s", comma, name);
		comma = ",";
	}
	printf(" %s", a->extent);
}

static void
routes_print(const struct http_route *r)
{
	for (unsigned method = HTTP_GET; method <= HTTP_OPTIONS; method <<= 1) {
		if ((r->methods & method) == 0)
			continue;
		printf("%s %s", http_method_name((enum http_method)method), r->pattern);
		routes_print_listeners(r->listeners);
		routes_print_access((enum http_method)method, r->pattern);
		printf(" %s\n", r->content_types != NULL ? r->content_types : "-");
	}
}

void
app_print_routes(void)
{
	static const struct http_route *const tables[] = { api_routes, web_routes, console_routes };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct http_route *r = tables[i]; r->pattern != NULL; r++)
			routes_print(r);
}
