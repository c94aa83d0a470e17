/* Who is behind a proxy: Forwarded (RFC 7239) and its older kin, X-Forwarded-For and -Proto.
 *
 * Each proxy appends what it saw, so the list is read from the right, and only as far as proxies of
 * ours speak: the first address that is none of them is the client, and what stands to the left of
 * it was written by the client itself. It is not even looked at, so that it can spoil nothing. A
 * proxy that names nobody ("unknown", a word of its own, anything that is no address) is taken for
 * the client itself.
 *
 * Only the header that the configuration names is read. A proxy writes one of the two and lets the
 * other pass as a client sent it, so the other is the client's word, whatever it says. */
#include "http/http_private.h"

#include <string.h>
#include <strings.h>

#include "base/address.h"

enum { VALUE_SIZE = 64 };

/* A list in one or several fields of one name, walked backwards. */
struct hops {
	const struct http_request *r;
	const char *name;
	bool has_quotes;
	size_t next;	   /* fields before this one are still to come */
	const char *begin; /* of the field that is being read; NULL: none */
	size_t left;	   /* of it */
};

struct hop {
	const char *text;
	size_t len;
};

static bool
hops_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A quote that a backslash does not take the meaning from. */
static bool
hops_is_quote(const char *begin, size_t at)
{
	size_t slashes = 0;

	while (slashes < at && begin[at - 1 - slashes] == '\\')
		slashes++;
	return begin[at] == '"' && slashes % 2 == 0;
}

/* Where the last element of the first `len` bytes begins. What our own proxy has appended is well
 * formed, so seen from the right its quotes come in pairs, whatever a client began before it. */
static size_t
hops_last(const struct hops *h, const char *begin, size_t len)
{
	bool is_quoted = false;

	for (; len > 0; len--) {
		if (h->has_quotes && hops_is_quote(begin, len - 1))
			is_quoted = !is_quoted;
		else if (begin[len - 1] == ',' && !is_quoted)
			break;
	}
	return len;
}

/* The field before, of those with the name. */
static bool
hops_next_field(struct hops *h)
{
	while (h->next > 0) {
		const struct http_pair *field = &h->r->headers[--h->next];

		if (strcmp(field->name, h->name) != 0)
			continue;
		h->begin = field->value;
		h->left = strlen(field->value);
		return true;
	}
	return false;
}

/* The element before, without the blanks around it. Empty ones are no elements (RFC 9110 section
 * 5.6.1.2). */
static bool
hops_next(struct hops *h, struct hop *out)
{
	while (h->begin != NULL || hops_next_field(h)) {
		size_t from = hops_last(h, h->begin, h->left), to = h->left;
		const char *begin = h->begin;

		h->left = from > 0 ? from - 1 : 0;
		if (from == 0)
			h->begin = NULL;
		while (from < to && hops_is_blank(begin[from]))
			from++;
		while (to > from && hops_is_blank(begin[to - 1]))
			to--;
		*out = (struct hop){ begin + from, to - from };
		if (out->len > 0)
			return true;
	}
	return false;
}

/* ---- one element ---- */

static bool
forwarded_is_token(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Digits, or a word that hides them (RFC 7239 section 6). */
static bool
forwarded_is_port(const char *p, const char *end)
{
	const char *begin = p;
	const bool is_word = p < end && *p == '_';

	while (p < end && (is_word ? forwarded_is_token(*p) : *p >= '0' && *p <= '9'))
		p++;
	return p == end && p > begin && (is_word || p - begin <= 5);
}

/* address, address:port, [address] or [address]:port. IPv6 also bare, as X-Forwarded-For has it. */
static bool
forwarded_read_node(const char *text, size_t len, struct in6_addr *out)
{
	const char *end = text + len, *close, *colon;

	if (len > 0 && text[0] == '[') {
		close = memchr(text, ']', len);
		return close != NULL && memchr(text, ':', (size_t)(close - text)) != NULL &&
		       address_read(text + 1, (size_t)(close - text - 1), out) &&
		       (close + 1 == end || (close[1] == ':' && forwarded_is_port(close + 2, end)));
	}
	colon = memchr(text, ':', len);
	if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL) {
		if (!forwarded_is_port(colon + 1, end))
			return false;
		len = (size_t)(colon - text);
	}
	return address_read(text, len, out);
}

/* A token or a quoted string; returns what is behind it, NULL when it is neither. A value that does
 * not fit is none that we could know: "". */
static const char *
forwarded_read_value(const char *p, const char *end, char out[VALUE_SIZE])
{
	const bool is_quoted = p < end && *p == '"';
	const char *begin = p;
	size_t len = 0;

	for (p += is_quoted; p < end && (is_quoted ? *p != '"' : forwarded_is_token(*p)); p++) {
		if (is_quoted && *p == '\\' && ++p == end)
			return NULL;
		if (len < VALUE_SIZE)
			out[len++] = *p;
	}
	if (is_quoted ? p == end : p == begin)
		return NULL;
	out[len < VALUE_SIZE ? len : 0] = '\0';
	return p + is_quoted;
}

struct element {
	char node[VALUE_SIZE], proto[VALUE_SIZE], other[VALUE_SIZE];
	bool has_node, has_proto;
};

/* Where the value of that name belongs; NULL when it is there already. */
static char *
element_place(struct element *e, const char *name, size_t len)
{
	const bool is_node = len == 3 && strncasecmp(name, "for", 3) == 0;
	const bool is_proto = len == 5 && strncasecmp(name, "proto", 5) == 0;

	if ((is_node && e->has_node) || (is_proto && e->has_proto))
		return NULL;
	e->has_node = e->has_node || is_node;
	e->has_proto = e->has_proto || is_proto;
	return is_node ? e->node : is_proto ? e->proto : e->other;
}

/* for=node;proto=https;by=...: each at most once (RFC 7239 section 4). False: malformed. */
static bool
element_read(struct element *e, const struct hop *hop)
{
	const char *p = hop->text, *end = p + hop->len;

	for (*e = (struct element){ .node = "" };; p++) {
		const char *name;
		char *value;

		while (p < end && hops_is_blank(*p))
			p++;
		for (name = p; p < end && forwarded_is_token(*p); p++)
			continue;
		if (p == name || p == end || *p != '=')
			return false;
		value = element_place(e, name, (size_t)(p - name));
		p = value != NULL ? forwarded_read_value(p + 1, end, value) : NULL;
		while (p != NULL && p < end && hops_is_blank(*p))
			p++;
		if (p == end || p == NULL || *p != ';')
			return p == end;
	}
}

/* ---- the lists ---- */

/* What a list says: the client, and whether it came to the first proxy of ours by TLS. */
struct source {
	struct in6_addr address;
	bool is_secure;
};

static struct hops
hops_of(const struct http_request *r, const char *name, bool has_quotes)
{
	return (
	    struct hops){ .r = r, .name = name, .has_quotes = has_quotes, .next = r->header_count };
}

static struct source
forwarded_read(
    const struct http_proxies *p, const struct http_request *r, const struct source *proxy)
{
	struct hops hops = hops_of(r, "forwarded", true);
	struct source s = *proxy;
	struct hop hop;

	while (http_proxies_have(p, &s.address) && hops_next(&hops, &hop)) {
		struct in6_addr next;
		struct element e;

		if (!element_read(&e, &hop) || !forwarded_read_node(e.node, strlen(e.node), &next))
			break;
		s.address = next;
		if (e.has_proto)
			s.is_secure = strcasecmp(e.proto, "https") == 0;
	}
	return s;
}

/* X-Forwarded-Proto has a word for each address, or the last proxy has written one for all. */
static struct source
forwarded_read_old(
    const struct http_proxies *p, const struct http_request *r, const struct source *proxy)
{
	struct hops hops = hops_of(r, "x-forwarded-for", false);
	struct hops protos = hops_of(r, "x-forwarded-proto", false);
	struct source s = *proxy;
	struct hop hop, proto;

	while (http_proxies_have(p, &s.address)) {
		struct in6_addr next;

		if (hops_next(&protos, &proto))
			s.is_secure = proto.len == 5 && strncasecmp(proto.text, "https", 5) == 0;
		if (!hops_next(&hops, &hop) || !forwarded_read_node(hop.text, hop.len, &next))
			break;
		s.address = next;
	}
	return s;
}

void
http_forwarded_apply(const struct http_proxies *p, struct http_request *r, struct arena *arena)
{
	struct source peer = { .is_secure = r->is_tls }, s;
	char text[INET6_ADDRSTRLEN];

	r->client = r->peer;
	r->is_secure = r->is_tls;
	if (r->peer_is_unix || !address_read(r->peer, strlen(r->peer), &peer.address) ||
	    !http_proxies_have(p, &peer.address))
		return;
	s = p->header == HTTP_FORWARDED ? forwarded_read(p, r, &peer)
					: forwarded_read_old(p, r, &peer);
	r->client = arena_strdup(arena, address_write(&s.address, text));
	r->is_secure = s.is_secure;
}
