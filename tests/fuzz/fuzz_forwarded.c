/* Forwarded and X-Forwarded-For: whatever a client sends along, in the header that our proxy writes
 * or in the other, the address that the proxy appends is the client; what comes out is always an
 * address in its one spelling; and from anybody but a proxy nothing counts.
 *
 * Each line is a field: its first byte says which (f Forwarded, x X-Forwarded-For, p
 * X-Forwarded-Proto), the rest is the value. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/address.h"
#include "http/http_private.h"

enum { VALUE_MAX = 16384, FIELDS_MAX = 8 };

#define PROXY  "10.1.2.3"
#define CLIENT "2001:db8:7::1"

static const char *const proxies[] = { "10.0.0.0/8", NULL };
static const char letters[] = "fxp";
static const char *const names[] = { "forwarded", "x-forwarded-for", "x-forwarded-proto" };
static const char *const appended[] = { "for=\"[" CLIENT "]:80\";proto=https;by=_us", CLIENT,
	"https" };

static void
check_address(const char *text)
{
	char again[INET6_ADDRSTRLEN];
	struct in6_addr address;

	assert(address_read(text, strlen(text), &address));
	assert(strcmp(address_write(&address, again), text) == 0);
}

/* As the guard lets them through: no control bytes. */
static void
read_fields(struct http_request *r, struct arena *arena, const char *text, size_t len)
{
	while (len > 0 && r->header_count < FIELDS_MAX) {
		const char *end = memchr(text, '\n', len), *name;
		const size_t line = end != NULL ? (size_t)(end - text) : len;
		char *value;

		name = line > 0 && text[0] != '\0' ? strchr(letters, text[0]) : NULL;
		if (name != NULL) {
			value = arena_dup(arena, text + 1, line - 1);
			for (size_t i = 0; i + 1 < line; i++)
				if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
					value[i] = ' ';
			r->headers[r->header_count++] =
			    (struct http_pair){ names[name - letters], value };
		}
		text += end != NULL ? line + 1 : line;
		len -= end != NULL ? line + 1 : line;
	}
}

/* What the proxy appends, to the last field of that name or as a field of its own. */
static void
append(struct http_request *r, struct arena *arena, size_t which)
{
	for (size_t i = r->header_count; i-- > 0;)
		if (strcmp(r->headers[i].name, names[which]) == 0) {
			r->headers[i].value =
			    arena_printf(arena, "%s, %s", r->headers[i].value, appended[which]);
			return;
		}
	r->headers[r->header_count++] = (struct http_pair){ names[which], appended[which] };
}

/* Whatever was sent, in either of the two. */
static void
check_appended(enum http_proxy_header header, const struct http_request *sent, struct arena *arena)
{
	struct http_request r = *sent;
	struct http_proxies p;

	http_proxies_init(&p, proxies, header);
	if (header == HTTP_FORWARDED) {
		append(&r, arena, 0);
	} else {
		append(&r, arena, 1);
		append(&r, arena, 2);
	}
	http_forwarded_apply(&p, &r, arena);
	assert(strcmp(r.client, CLIENT) == 0 && r.is_secure);
	r = *sent;
	http_forwarded_apply(&p, &r, arena);
	check_address(r.client);
	r.peer = "192.0.2.9";
	http_forwarded_apply(&p, &r, arena);
	assert(strcmp(r.client, r.peer) == 0 && !r.is_secure);
	http_proxies_release(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_request r = { .peer = PROXY };
	struct arena *arena;

	if (len > VALUE_MAX)
		return -1;
	arena = arena_new(0);
	read_fields(&r, arena, (const char *)data, len);
	check_appended(HTTP_FORWARDED, &r, arena);
	check_appended(HTTP_X_FORWARDED, &r, arena);
	arena_free(arena);
	return 0;
}
