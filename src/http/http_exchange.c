/* From evhttp's request to a plain value, and the one reply that is owed for it. */
#include "http/http_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/secret.h"

enum { VECS = 4 };

static enum http_method
exchange_method(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return HTTP_GET;
	case EVHTTP_REQ_HEAD:
		return HTTP_HEAD;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	case EVHTTP_REQ_PUT:
		return HTTP_PUT;
	case EVHTTP_REQ_PATCH:
		return HTTP_PATCH;
	case EVHTTP_REQ_DELETE:
		return HTTP_DELETE;
	case EVHTTP_REQ_OPTIONS:
		return HTTP_OPTIONS;
	default:
		break;
	}
	assert(!"a method that the guard let through");
	return HTTP_GET;
}

static void
exchange_copy_headers(struct http_request *r, struct arena *arena, struct evkeyvalq *from)
{
	struct evkeyval *pair;

	for (pair = TAILQ_FIRST(from); pair != NULL; pair = TAILQ_NEXT(pair, next)) {
		char *name = arena_strdup(arena, pair->key);

		if (r->header_count == HTTP_HEADERS_MAX)
			break; /* a server configured with a higher limit than the value can hold */
		for (char *p = name; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p |= 0x20;
		r->headers[r->header_count++] =
		    (struct http_pair){ name, arena_strdup(arena, pair->value) };
	}
}

/* evhttp frees its memory as it is, and a body can hold a password. */
static void
exchange_wipe(struct evbuffer *from)
{
	struct evbuffer_iovec vecs[VECS];

	while (evbuffer_get_length(from) > 0) {
		int n = evbuffer_peek(from, -1, NULL, vecs, VECS);
		size_t wiped = 0;

		for (int i = 0; i < n && i < VECS; i++) {
			secret_wipe(vecs[i].iov_base, vecs[i].iov_len);
			wiped += vecs[i].iov_len;
		}
		evbuffer_drain(from, wiped);
	}
}

void
http_exchange_take_body(struct http_request *r, struct arena *arena, struct evbuffer *from)
{
	size_t len = evbuffer_get_length(from);
	char *body = arena_alloc(arena, len + 1);

	evbuffer_copyout(from, body, len);
	exchange_wipe(from);
	r->body = body;
	r->body_len = len;
}

static struct http_exchange *
exchange_new(struct http_listener *l, struct http_conn *c, struct evhttp_request *evreq)
{
	struct arena *arena = arena_new(0);
	struct http_exchange *x = arena_alloc(arena, sizeof(*x));
	struct http_request *r = &x->request;

	x->arena = arena;
	x->server = l->server;
	x->conn = c;
	x->evreq = evreq;
	x->route = "";
	r->method = exchange_method(evhttp_request_get_command(evreq));
	r->listener = l->kind;
	r->is_tls = l->tls;
	r->peer = arena_strdup(arena, c->peer);
	r->peer_is_unix = l->is_unix;
	r->peer_uid = c->peer_uid;
	r->peer_gid = c->peer_gid;
	r->peer_pid = c->peer_pid;
	r->peer_groups = arena_dup(arena, c->peer_groups, c->peer_group_count * sizeof(gid_t));
	r->peer_group_count = c->peer_group_count;
	r->received_mono_ms = clock_mono_ms(&clock_system);
	id_make(clock_wall_ms(&clock_system), r->id);
	exchange_copy_headers(r, arena, evhttp_request_get_input_headers(evreq));
	http_forwarded_apply(&l->server->proxies, r, arena);
	x->is_strict = http_defence_is_strict(l, r->is_secure);
	http_exchange_take_body(r, arena, evhttp_request_get_input_buffer(evreq));
	c->exchange = x;
	TAILQ_INSERT_TAIL(&l->server->exchanges, x, link);
	return x;
}

void
http_exchange_free(struct http_exchange *x)
{
	if (x->server != NULL) {
		TAILQ_REMOVE(&x->server->exchanges, x, link);
		if (x->server->draining)
			http_server_attend(x->server);
	}
	arena_free(x->arena);
}

/* evhttp compares the whole value with "close" and overlooks it in a list. */
static bool
exchange_wants_close(const struct http_request *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		const char *p = r->headers[i].value;

		if (strcmp(r->headers[i].name, "connection") != 0)
			continue;
		for (size_t len; *p != '\0'; p += len) {
			p += strspn(p, ", ");
			len = strcspn(p, ", ");
			if (len == 5 && strncasecmp(p, "close", 5) == 0)
				return true;
		}
	}
	return false;
}

/* The request target is judged here and not by the guard: it is well framed, but ill formed. */
static void
exchange_run(struct http_exchange *x, const struct http_listener *l)
{
	const struct http_conf *conf = &x->server->conf;
	struct fault f = { .code = ERR_OK };
	enum err code;

	if (http_parse_target(&x->request, x->arena, evhttp_request_get_uri(x->evreq), &f) !=
	    ERR_OK) {
		x->is_last = true;
		http_reply_problem(x, 400, NULL, f.text, NULL);
		return;
	}
	code = http_router_run(x, l, &f);
	if (code != ERR_OK)
		conf->on_error(x, conf->ctx, code, &f);
}

void
http_exchange_on_request(struct evhttp_request *evreq, void *listener)
{
	struct http_listener *l = listener;
	struct http_conn *c = http_conn_of(l->server, evreq);
	struct http_exchange *x = exchange_new(l, c, evreq);

	evhttp_request_set_on_complete_cb(evreq, http_conn_on_complete, c);
	x->is_last = exchange_wants_close(&x->request);
	x->is_dispatching = true;
	exchange_run(x, l);
	x->is_dispatching = false;
	assert(x->is_replied || x->is_held);
	if (x->is_replied && x->stream == NULL)
		http_exchange_free(x);
}

const struct http_request *
http_request_of(const struct http_exchange *x)
{
	return &x->request;
}

struct arena *
http_arena(struct http_exchange *x)
{
	return x->arena;
}

void
http_hold(struct http_exchange *x)
{
	assert(!x->is_replied);
	x->is_held = true;
}
