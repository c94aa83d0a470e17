/* The HTTP front: bytes and limits, never an invitation.
 *
 * A guard looks at every connection's bytes before evhttp does and refuses what is not plainly
 * framed (400, 411, 413, 417 or 431, and close), keeps absolute deadlines (408) and caps. What
 * passes becomes a struct http_request, a plain value, and is handed to the one handler that the
 * route table names. All on the loop's thread.
 */
#ifndef USHERD_HTTP_HTTP_H
#define USHERD_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "loop/loop.h"

struct http_server;
struct http_exchange;

enum http_method {
	HTTP_GET = 1,
	HTTP_HEAD = 2,
	HTTP_POST = 4,
	HTTP_PUT = 8,
	HTTP_PATCH = 16,
	HTTP_DELETE = 32,
	HTTP_OPTIONS = 64
};

enum http_listener_kind { HTTP_CONTROL, HTTP_PUBLIC, HTTP_MANAGEMENT, HTTP_UNIX };

enum {
	HTTP_HEADERS_MAX = 64,
	HTTP_QUERY_MAX = 32,
	HTTP_CAPTURES_MAX = 4,
	HTTP_REQUEST_ID_SIZE = 37,
	HTTP_PEER_GROUPS_MAX = 4096,
	HTTP_COOKIE_MAX = 4096, /* bytes of a value */
	HTTP_RESERVE = 64	/* connections */
};

/* "GET"; of one method. */
const char *http_method_name(enum http_method method);

struct http_pair {
	const char *name, *value;
};

/* Lives in the exchange's arena, as all it points to. */
struct http_request {
	enum http_method method;
	enum http_listener_kind listener;
	const char *path; /* decoded once; no NUL, control bytes, dot segments; no slash was
			     encoded; UTF-8 */
	struct http_pair query[HTTP_QUERY_MAX]; /* decoded; a name may occur twice */
	size_t query_count;
	struct http_pair headers[HTTP_HEADERS_MAX]; /* names in lower case */
	size_t header_count;
	const char *captures[HTTP_CAPTURES_MAX]; /* what {name} parts of the route matched */
	const char *body;			 /* with a zero byte behind it */
	size_t body_len;
	const char *peer; /* address without port, or "unix" */
	/* Who is behind it: the peer, or what a configured proxy says of its own peer (the
	 * right-most address of the header they write that is no configured proxy; the proxy itself
	 * when it names no address). For limits and the audit; never for links. */
	const char *client;
	bool peer_is_unix;
	uid_t peer_uid; /* of a unix socket's peer (SO_PEERCRED) */
	gid_t peer_gid;
	pid_t peer_pid;
	const gid_t *peer_groups; /* supplementary ones when it connected (SO_PEERGROUPS) */
	size_t peer_group_count;  /* 0 also when it is in more than HTTP_PEER_GROUPS_MAX */
	bool is_tls;		  /* ours */
	bool is_secure;		  /* TLS from the client on: ours, or as a configured proxy says */
	char id[HTTP_REQUEST_ID_SIZE]; /* ours; goes into the log and X-Request-Id */
	int64_t received_mono_ms;
};

/* NULL when absent. The guard has refused requests that repeat a header which must be single. */
const char *http_header(const struct http_request *r, const char *lower_name);
/* The value of one cookie in `arena`; NULL when it is absent, no cookie-value or longer than
 * HTTP_COOKIE_MAX, or there more than once: somebody has planted another one (RFC 6265 section
 * 4.2.2 gives no order to trust). */
const char *http_cookie(const struct http_request *r, struct arena *arena, const char *name);

/* Whether a request that changes something comes from our own pages, as far as a browser says:
 * HTTP_SAME_ORIGIN by Sec-Fetch-Site or, without that or with "none" (typed by a person), by an
 * Origin that is the request's own scheme and Host; HTTP_NO_ORIGIN: it says neither, as programs
 * do, or a typed GET does; any other claim, and a typed request that could change something:
 * HTTP_OTHER_ORIGIN. */
enum http_origin { HTTP_SAME_ORIGIN, HTTP_OTHER_ORIGIN, HTTP_NO_ORIGIN };
enum http_origin http_origin_of(const struct http_request *r);
const char *http_query(const struct http_request *r, const char *name); /* the first, or NULL */

/* True when the Accept header prefers `a` to `b` (RFC 9110 section 12.5.1); absent: `a`. Both are
 * full media types. */
bool http_accepts_rather(const struct http_request *r, const char *a, const char *b);

/* Which of `tags`, each a language without subtags, Accept-Language asks for: the heaviest of its
 * ranges that finds one (RFC 9110 section 12.5.4, lookup of RFC 4647 section 3.4), of equals the
 * first. `count`: none. */
size_t http_language(const struct http_request *r, const char *const *tags, size_t count);

/* True when Accept-Encoding lets a gzip coding through and does not prefer none at all (RFC 9110
 * section 12.5.3). Without the header: false, as who says nothing may be too simple for it. */
bool http_accepts_gzip(const struct http_request *r);

enum { HTTP_CONTENT_SIZE = 33, HTTP_ETAG_SIZE = HTTP_CONTENT_SIZE + 2 };
/* A body's hash in hexadecimal digits: other content has another one. */
void http_name_content(const void *body, size_t len, char out[HTTP_CONTENT_SIZE]);
/* The same as a strong entity tag, with its quotes. */
void http_make_etag(const void *body, size_t len, char out[HTTP_ETAG_SIZE]);
/* True when If-None-Match names the strong tag, which is given with its quotes, or any (RFC 9110
 * section 13.1.2): what the caller has is still the same. */
bool http_has_etag(const struct http_request *r, const char *tag);

/* application/x-www-form-urlencoded (WHATWG URL, UTF-8 only). ERR_INVALID names the field: bad
 * percent-encoding, NUL, invalid UTF-8, a name that occurs twice, more than 64 fields; then no
 * value stays in the arena. */
enum err http_parse_form(const struct http_request *r, struct arena *arena, struct http_pair *out,
    size_t max, size_t *count, struct fault *f);

/* One request and the reply that is owed to it. A handler either replies before it returns or keeps
 * the exchange (http_hold) and replies later, from the loop; exactly one reply is sent. The client
 * may be gone by then: replying is still right and harmless. The exchange dies when the reply is
 * sent. */
const struct http_request *http_request_of(const struct http_exchange *x);
struct arena *http_arena(struct http_exchange *x);
void http_hold(struct http_exchange *x);

/* Before the reply: add a header. Control bytes in the value abort the process: callers build
 * values from checked parts. */
void http_add_header(struct http_exchange *x, const char *name, const char *value);

/* Before the reply: it is a part of a page, such as a script, that nobody looks at by itself. Not
 * added to it is what a browser heeds in documents and in workers: the policies of content,
 * framing, opener and referrer. So the page's own policy must forbid workers, and a style sheet
 * must load nothing from other hosts. A page has many parts, and these would be half of the bytes
 * of a small one. */
void http_mark_part(struct http_exchange *x);

/* The body is copied. `type` NULL: no body (204, 303). X-Request-Id, Cache-Control: no-store, a
 * Content-Security-Policy that allows nothing (each unless set), nosniff, no-referrer,
 * frame-ancestors none, same-origin opener and resource policies, and for who comes by TLS
 * Strict-Transport-Security are added here, to every answer. For HEAD the body is left out. */
void http_reply(
    struct http_exchange *x, int status, const char *type, const void *body, size_t len);

/* The same without a copy: `data` came from malloc and is freed once it is written. */
void http_reply_take(struct http_exchange *x, int status, const char *type, char *data, size_t len);

/* RFC 9457: {"type":"about:blank" or `type`,"title","status","detail","request_id"}; `members` is
 * extra text of the form ",\"errors\":[...]" or NULL. */
void http_reply_problem(struct http_exchange *x, int status, const char *title, const char *detail,
    const char *members);

/* A reply without an end, for server-sent events, in place of http_reply(): from the handler, or
 * later when the exchange is held. Status 200; the headers leave at once, the connection closes
 * behind the stream, and what the client still sends is dropped unread. A client that closes its
 * sending side is gone.
 *
 * A stream is valid until `closed` has run or http_stream_end() was called, and so are the request
 * and its arena. The deadlines of http_limits do not end it. It is ended, and `closed` runs once
 * and never inside a call to the stream, when the client left, took nothing for idle_ms although
 * something waits (with a beat also one that vanished is noticed so), or did not read while
 * HTTP_STREAM_BUFFER bytes came to wait for it; by http_server_drain(); and inside of
 * http_server_free(). The access log has its line then. */
enum {
	HTTP_STREAMS_MAX = 64,		 /* of a server; they count as connections as well */
	HTTP_STREAM_BUFFER = 256 * 1024, /* bytes that wait for one client */
	HTTP_STREAM_RETRY_S = 10	 /* Retry-After when there are too many */
};
struct http_stream;
struct http_stream_conf {
	const char *type; /* "text/event-stream" */
	const char *beat; /* sent each beat_ms, such as ":\n\n"; outlives the stream; NULL: none */
	int64_t beat_ms;
	loop_cb *closed;
	void *arg;
};
/* NULL: the exchange was answered in another way and is over: HEAD has its headers; 503 with
 * Retry-After when HTTP_STREAMS_MAX are open or the server drains; or the client is gone. */
struct http_stream *http_stream_start(struct http_exchange *x, const struct http_stream_conf *conf);
/* `data` is copied; send what belongs together in one call. False: the stream is over and `closed`
 * will run. Behind TLS nothing leaves before the loop's next turn: do not send more than
 * HTTP_STREAM_BUFFER in one. */
bool http_stream_send(struct http_stream *s, const void *data, size_t len);
/* Not after `closed`, which does not run any more. What was sent still reaches the client. */
void http_stream_end(struct http_stream *s);

/* ERR_OK: the reply was sent or is held. Anything else is answered by `on_error` of the server. */
typedef enum err http_handler(struct http_exchange *x, void *ctx, struct fault *f);

/* The route table: static data, terminated by a NULL pattern. `pattern` is a path whose segments
 * may be
 * "{name}"; a match gives captures in order. Listeners: bits 1 << HTTP_CONTROL ... */
struct http_route {
	unsigned methods; /* HTTP_GET implies HEAD */
	const char *pattern;
	unsigned listeners;
	http_handler *handler;
	const char *content_types; /* of a body, space separated; NULL: a body is refused */
	/* The handler calls http_takes_body() itself, once it knows who asks. */
	bool asks_first;
};

/* False: a body of another type, or where none belongs, was answered with 415. */
bool http_takes_body(struct http_exchange *x, const char *content_types);

struct http_route_set {
	const struct http_route *routes;
	void *ctx; /* handed to the set's handlers */
};

/* An unmatched path is 404 (see http_conf.on_nothing), a matched path with another method 405 with
 * Allow, a body of another content type 415; all as problems. A request whose Host is not one of
 * the listener's `hosts` is 421. */

struct http_limits {
	size_t header_bytes, header_fields, body_bytes; /* 16 KiB, 64, 64 KiB */
	int64_t header_ms, body_ms, idle_ms;		/* absolute: 10 s, 30 s, 60 s */
	/* Of the control and public listeners together; IPv6 sources are grouped by /64, and a
	 * configured proxy, behind which everybody may be, is no source. A unix or management
	 * listener has HTTP_RESERVE of its own, so that no crowd shuts an operator out. */
	size_t connections, connections_per_source;
};

/* What the proxies in front of us write. The other is let through as a client sent it. */
enum http_proxy_header {
	HTTP_X_FORWARDED, /* X-Forwarded-For and X-Forwarded-Proto */
	HTTP_FORWARDED	  /* RFC 7239 */
};

/* An address, or a CIDR block of at least one bit without bits behind its prefix. */
bool http_proxy_is_valid(const char *text);

struct http_listen {
	enum http_listener_kind kind;
	const char *address; /* "127.0.0.1:8460", "[::1]:8460" or the path of a unix socket */
	bool tls;
	const char *const *hosts; /* allowed Host values, NULL terminated; NULL: any (unix) */
	mode_t mode;		  /* of a unix socket: 0660 */
	gid_t group;		  /* of a unix socket; (gid_t)-1: unchanged */
};

struct http_conf {
	struct loop *loop;
	const struct http_route_set *sets; /* searched in order */
	/* Addresses or CIDR blocks of proxies in front of us, whose forwarded headers count; NULL
	 * terminated, or NULL. They were checked by http_proxy_is_valid(). */
	const char *const *proxies;
	enum http_proxy_header proxy_header;
	bool public_is_https; /* whoever ends the TLS of the public listener */
	size_t set_count;
	void *ctx; /* of the callbacks below */
	struct http_limits limits;
	/* Answers for a handler that returned an error. */
	void (*on_error)(struct http_exchange *x, void *ctx, enum err code, const struct fault *f);
	/* Answers where no route's path fits, instead of the 404 as a problem; false: it does not.
	 * NULL: nobody does. */
	bool (*on_nothing)(struct http_exchange *x, void *ctx);
	/* One call for each finished exchange, for the access log. `route` is the pattern (never
	 * the path: it may hold a token) or "" . */
	void (*on_access)(void *ctx, const struct http_request *r, const char *route, int status,
	    size_t bytes, int64_t ms);
	/* Trouble of a listener (descriptors exhausted), at most one call in 10 s; also, before
	 * http_server_new() returns, that the limit of open files allows fewer connections. */
	void (*on_trouble)(void *ctx, const char *text);
};

/* `conf` is copied; what it points to outlives the server. Its number of connections is lowered to
 * what the limit of open files leaves beside the descriptors of the rest of the process. SIGPIPE is
 * ignored from here on, unless somebody handles it: libevent and OpenSSL write with plain write().
 */
struct http_server *http_server_new(const struct http_conf *conf);
/* OpenSSL's, as it runs: "3.0.17". */
const char *http_library_version(void);
/* Certificate chain and key (PEM). May be called again to rotate: new connections use the new pair;
 * on failure (ERR_MISCONFIGURED, names the file) the old pair stays. */
enum err http_server_set_tls(
    struct http_server *s, const char *cert_file, const char *key_file, struct fault *f);
enum err http_server_listen(struct http_server *s, const struct http_listen *l, struct fault *f);
/* Of the first TCP listener of that kind (port 0 in an address: the system chooses); 0: there is
 * none. */
int http_server_port(const struct http_server *s, enum http_listener_kind kind);

/* Stop accepting; idle connections close, running exchanges go on. `drained` is called once when
 * none is left. */
void http_server_drain(struct http_server *s, loop_cb *drained, void *arg);
/* Closes everything. Exchanges that are held stay valid objects until they are replied to. */
void http_server_free(struct http_server *s);

size_t http_server_connections(const struct http_server *s);

#endif
