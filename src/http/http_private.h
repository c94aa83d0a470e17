/* Shared by the .c files of this directory. Life of a connection: http_listen.c accepts it, evhttp
 * asks http_conn.c for its bufferevent, the guard reads along, http_exchange.c makes a value of
 * each request, http_router.c finds its handler, http_reply.c answers, or http_stream.c. */
#ifndef USHERD_HTTP_HTTP_PRIVATE_H
#define USHERD_HTTP_HTTP_PRIVATE_H

#include "http/http.h"

#include <netinet/in.h>
#include <openssl/types.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "base/list.h"
#include "http/http_guard.h"

struct http_conn;
struct evconnlistener;

TAILQ_HEAD(http_conn_list, http_conn);
TAILQ_HEAD(http_listener_list, http_listener);
TAILQ_HEAD(http_exchange_list, http_exchange);
TAILQ_HEAD(http_stream_list, http_stream);

struct http_listener {
	TAILQ_ENTRY(http_listener) link, link_accepting;
	struct http_server *server;
	enum http_listener_kind kind;
	bool tls, is_unix;
	bool is_reserved;  /* counts its connections for itself */
	size_t conn_count; /* when reserved */
	char **hosts;	   /* NULL: any */
	struct evhttp *evhttp;
	struct evhttp_bound_socket *bound; /* NULL once it stopped accepting */
	struct evconnlistener *accepting;
	struct loop_timer *resume; /* accepting is paused until it fires */
	int port;
	char *path; /* of a unix socket, with what it was when we made it */
	dev_t dev;
	ino_t ino;
};

/* evhttp gives its connections no place for a pointer of ours; the descriptor finds them. */
struct http_slot {
	struct http_conn *conn;
};

struct http_proxy {
	struct in6_addr address;
	unsigned bits;
};
struct http_proxies {
	struct http_proxy *item;
	size_t count;
	enum http_proxy_header header;
};

struct http_server {
	struct http_conf conf;
	struct http_proxies proxies;
	struct http_listener_list listeners;
	struct http_exchange_list exchanges;
	struct http_conn_list conns;
	struct http_conn_list woken; /* to be attended to outside of evhttp's callbacks */
	struct http_stream_list streams, ended_streams; /* ended: to be settled likewise */
	size_t stream_count;				/* of both lists */
	struct event *attention;
	struct http_slot *by_fd;
	size_t by_fd_size, conn_count;
	size_t shared_count; /* connections of listeners that are not reserved */
	void *sources;	     /* tsearch(3) tree: connections of each address */
	SSL_CTX *tls;
	int spare_fd;
	int64_t trouble_at; /* when on_trouble was last called; 0: never */
	bool draining;
	loop_cb *drained;
	void *drained_arg;
};

enum http_conn_stage {
	HTTP_CONN_NEW, /* evhttp has not finished setting it up */
	HTTP_CONN_OPEN,
	HTTP_CONN_REFUSING /* our last words are being written; evhttp hears nothing any more */
};

struct http_conn {
	TAILQ_ENTRY(http_conn) link, woken_link;
	struct http_server *server;
	struct http_listener *listener;
	struct bufferevent *bev;
	struct evhttp_connection *evcon;
	bufferevent_event_cb evhttp_event;
	struct evbuffer_cb_entry *watch, *watch_output;
	struct loop_timer *timer;
	int64_t timer_due, since; /* monotonic; `since`: begin of what the deadline is about */
	int64_t taken_at;	  /* when the client last took something of a reply, or it began */
	struct http_guard guard;
	struct http_exchange *exchange; /* being handled */
	struct http_source *source;
	enum http_conn_stage stage;
	bool is_too_many; /* when it was accepted */
	bool is_woken, is_cutting, is_greeted;
	int fd;
	size_t pending; /* messages that passed the guard and are not answered in full */
	uint64_t received,
	    whole;     /* bytes of the stream; where in it the last whole message ended */
	size_t unsent; /* of a reply, when the write deadline was last looked at */
	char peer[INET6_ADDRSTRLEN];
	uid_t peer_uid;
	gid_t peer_gid;
	pid_t peer_pid;
	gid_t *peer_groups; /* NULL: none */
	size_t peer_group_count;
};

struct http_exchange {
	TAILQ_ENTRY(http_exchange) link;
	struct http_server *server; /* NULL once the server is gone */
	struct http_conn *conn;	    /* NULL once the client is gone */
	struct evhttp_request *evreq;
	struct arena *arena; /* holds this struct too */
	const char *route;
	struct http_stream *stream; /* the reply, while it goes on */
	bool is_dispatching, is_held, is_replied, is_last;
	bool is_strict; /* http_defence_is_strict() */
	bool is_part;	/* http_mark_part() */
	struct http_request request;
};

/* http_conn.c */
struct bufferevent *http_conn_make(struct event_base *base, void *listener);
struct http_conn *http_conn_of(struct http_server *s, struct evhttp_request *evreq);
void http_conn_attend(struct http_conn *c);
void http_conn_wake(struct http_conn *c);
bool http_conn_is_idle(const struct http_conn *c);
/* Closes without a word. Not from inside evhttp: the connection is freed. */
void http_conn_end(struct http_conn *c);
void http_conn_replied(struct http_conn *c);
/* From now on what comes in is dropped, until the reply that has begun is over. */
void http_conn_stop_listening(struct http_conn *c);
/* Returns the bytes that are left to be written. */
size_t http_conn_write_now(struct http_conn *c);
void http_conn_on_complete(struct evhttp_request *evreq, void *conn);

/* http_deadline.c */
void http_deadline_begin(struct http_conn *c); /* the wait that the connection is in begins now */
void http_deadline_expire(void *conn);

/* http_refuse.c */
void http_refuse_start(struct http_conn *c);
void http_refuse_expire(struct http_conn *c, int status, const char *detail);

/* http_proxy.c. Valid ones; NULL terminated, or NULL. */
void http_proxies_init(
    struct http_proxies *p, const char *const *texts, enum http_proxy_header header);
void http_proxies_release(struct http_proxies *p);
bool http_proxies_have(const struct http_proxies *p, const struct in6_addr *address);

/* http_forwarded.c. Sets `client` and `is_secure` from the peer and the header. */
void http_forwarded_apply(
    const struct http_proxies *p, struct http_request *r, struct arena *arena);

/* http_source.c. NULL: the source has as many connections as it may have. */
struct http_source *http_source_enter(struct http_server *s, const struct in6_addr *peer);
void http_source_leave(struct http_server *s, struct http_source *source);

/* http_listen.c */
void http_listener_stop(struct http_listener *l);
void http_listener_free(struct http_listener *l);

/* http_socket.c. Bound and listening; -1 on failure. */
int http_socket_open_tcp(const char *address, int *port, struct fault *f);
int http_socket_open_unix(const struct http_listen *l, struct http_listener *made, struct fault *f);

/* http_tls.c. NULL when OpenSSL refuses. */
struct bufferevent *http_tls_bufferevent(struct http_server *s, struct event_base *base);
bool http_tls_is_greeted(struct bufferevent *bev);
void http_tls_say_goodbye(struct bufferevent *bev);

/* http_server.c */
void http_server_tell_trouble(struct http_server *s, const char *text);
void http_server_attend(struct http_server *s); /* soon, on the loop */

/* http_exchange.c */
void http_exchange_on_request(struct evhttp_request *evreq, void *listener);
void http_exchange_free(struct http_exchange *x);
/* The request's body moves from evhttp's memory, which is wiped, to the arena. */
void http_exchange_take_body(struct http_request *r, struct arena *arena, struct evbuffer *from);

/* http_defence.c: the headers of every answer that tell a browser what it must not do with it. */
/* Whether the browser is told to come by TLS only. */
bool http_defence_is_strict(const struct http_listener *l, bool is_secure);
/* Each unless it is set. */
void http_defence_add(struct evkeyvalq *headers, bool is_strict, bool is_part);
void http_defence_write(struct evbuffer *out, bool is_strict);

/* http_reply.c */
void http_reply_add_common(struct http_exchange *x, const char *type); /* but no length */
void http_reply_headers(struct http_exchange *x, const char *type);    /* and nothing else */
void http_reply_tell(const struct http_exchange *x, int status, size_t len);

/* http_stream.c */
int64_t http_stream_period(const struct http_stream *s); /* between two beats, in ms */
void http_stream_beat(struct http_stream *s);
void http_stream_lose(struct http_stream *s); /* the connection goes */
void http_streams_end(struct http_server *s);
void http_streams_settle(struct http_server *s); /* not from inside evhttp */

/* http_router.c */
enum err http_router_run(struct http_exchange *x, const struct http_listener *l, struct fault *f);

/* http_parse.c. Fills path and query from the request target. ERR_INVALID with a text for the
 * client. */
enum err http_parse_target(
    struct http_request *r, struct arena *arena, const char *target, struct fault *f);

/* http_status.c */
const char *http_status_title(int status);

#endif
