/* A server on its own thread, and a client of plain sockets. Host "a" is served.
 *
 * Routes: GET /hello, POST /echo (text/plain, application/json), GET /big (5 MiB), GET /taken
 * (40,000 bytes that are handed over), GET /users/{id} (shows the capture), GET|POST /hold
 * (answered by rig_answer), GET /fail (the handler returns ERR_BUSY), GET /stream (the test's own
 * handler, set after rig_start). */
#ifndef USHERD_TESTS_HTTP_RIG_H
#define USHERD_TESTS_HTTP_RIG_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <netinet/in.h>

#include "http/http.h"

enum { RIG_BIG = 5 << 20, RIG_TAKEN = 40000 };

struct rig {
	struct loop *loop;
	struct http_server *server; /* touched on the loop's thread only */
	pthread_t thread;
	sem_t turn, held;
	struct http_exchange *waiting;
	http_handler *on_stream; /* `ctx` is the rig */
	struct http_listen listen;
	struct http_route_set set;
	const char *const *proxies;
	enum http_proxy_header proxy_header;
	atomic_int accesses, last_status, troubles, drained;
	atomic_int peer_uid, peer_pid, peer_group_count, peer_last_group;
	int port;
};

struct http_limits rig_limits(void);

/* On a free port of 127.0.0.1. `cert`, `key`: NULL for plain HTTP. */
void rig_start(struct rig *r, const struct http_limits *limits, const char *cert, const char *key);
/* The same in plain HTTP behind these proxies, NULL terminated. */
void rig_start_behind(struct rig *r, const struct http_limits *limits, const char *const *proxies,
    enum http_proxy_header header);
void rig_start_unix(struct rig *r, const struct http_limits *limits, const char *path, mode_t mode);
void rig_stop(struct rig *r);

/* Runs `fn` on the loop and waits for it. */
void rig_call(struct rig *r, void (*fn)(struct rig *r, void *arg), void *arg);
void rig_answer(struct rig *r); /* the request that is held; wait for r->held first */
void rig_drain(struct rig *r);
void rig_kill_server(struct rig *r); /* frees it, what is held stays held */
size_t rig_connections(struct rig *r);

struct sockaddr_in client_address(int port);
int client_connect(int port);
void client_send(int fd, const void *data, size_t len);
void client_text(int fd, const char *text);
/* Until the server closes; at most `max` - 1 bytes, then a zero byte. -1: 10 s passed. */
ssize_t client_read_all(int fd, char *out, size_t max);
/* One reply with Content-Length; returns its status, 0 when the connection closed. */
int client_read_reply(int fd, char *out, size_t max);
int client_status_of(const char *reply);

#endif
