/* What a browser is told with every answer, whoever wrote it: a page, a problem, the guard's last
 * words. There is no header for other origins (CORS): none of them may read anything. */
#include "http/http_private.h"

#include <event2/buffer.h>

static const struct http_pair defences[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	/* These a browser heeds in what becomes a document or a worker; Referrer-Policy also in a
	 * style sheet, for what it loads. */
	{ "Content-Security-Policy",
	    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
};

enum { DEFENCES = sizeof(defences) / sizeof(defences[0]), DEFENCES_OF_PARTS = 3 };

/* Without TLS it would be ignored (RFC 6797 section 8.1). Who ends it does not matter. */
static const struct http_pair transport = { "Strict-Transport-Security", "max-age=31536000" };

static void
defence_add(struct evkeyvalq *headers, const struct http_pair *pair)
{
	if (evhttp_find_header(headers, pair->name) == NULL)
		evhttp_add_header(headers, pair->name, pair->value);
}

bool
http_defence_is_strict(const struct http_listener *l, bool is_secure)
{
	return is_secure || l->tls || (l->kind == HTTP_PUBLIC && l->server->conf.public_is_https);
}

void
http_defence_add(struct evkeyvalq *headers, bool is_strict, bool is_part)
{
	for (size_t i = 0; i < (is_part ? DEFENCES_OF_PARTS : DEFENCES); i++)
		defence_add(headers, &defences[i]);
	if (is_strict)
		defence_add(headers, &transport);
}

void
http_defence_write(struct evbuffer *out, bool is_strict)
{
	for (size_t i = 0; i < DEFENCES; i++)
		evbuffer_add_printf(out, "%s: %s\r\n", defences[i].name, defences[i].value);
	if (is_strict)
		evbuffer_add_printf(out, "%s: %s\r\n", transport.name, transport.value);
}
