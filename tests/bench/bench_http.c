/* Two servers in one process for a load generator: bare evhttp and ours, same body.
 * Usage: bench_http BARE_PORT OUR_PORT [BODY_BYTES]; ends with SIGTERM. */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/http.h>

#include "base/mem.h"
#include "http/http.h"

static const char one_invitation[] =
    "{\"id\":\"01934f7e-0000-7000-8000-000000000000\",\"status\":\"pending\",\"uid\":\"ada\","
    "\"given_name\":\"Ada\",\"family_name\":\"Lovelace\",\"mail\":\"ada@example.org\","
    "\"org_unit\":\"ou=Engineering,dc=example,dc=org\",\"created_at\":\"2026-11-23T02:00:29."
    "123Z\"}";

static const char *body = one_invitation;
static size_t body_len = sizeof(one_invitation) - 1;

/* The same text again and again, up to so many bytes. */
static void
lengthen_body(size_t len)
{
	char *longer = mem_alloc(len);

	for (size_t i = 0; i < len; i++)
		longer[i] = one_invitation[i % body_len];
	body = longer;
	body_len = len;
}

/* As our front does: without it the end of a body that takes two writes waits for an
 * acknowledgement (Nagle's algorithm and a client that delays it, 40 ms). Accepted sockets inherit
 * it. */
static bool
bare_listen(struct evhttp *bare, unsigned short port)
{
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(bare, "127.0.0.1", port);
	int on = 1;

	return bound != NULL && setsockopt(evhttp_bound_socket_get_fd(bound), IPPROTO_TCP,
				    TCP_NODELAY, &on, sizeof(on)) == 0;
}

static void
bare_on_request(struct evhttp_request *request, void *arg)
{
	struct evbuffer *content = evbuffer_new();

	(void)arg;
	evbuffer_add(content, body, body_len);
	evhttp_add_header(
	    evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evhttp_send_reply(request, 200, "OK", content);
	evbuffer_free(content);
}

static enum err
bench_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)ctx, (void)f;
	http_reply(x, 200, "application/json", body, body_len);
	return ERR_OK;
}

static void
bench_on_error(struct http_exchange *x, void *ctx, enum err code, const struct fault *f)
{
	(void)ctx, (void)code;
	http_reply_problem(x, 500, NULL, f->text, NULL);
}

static void
bench_stop(void *arg)
{
	loop_stop(arg);
}

int
main(int argc, char **argv)
{
	static const struct http_route routes[] = {
		{ HTTP_GET, "/api/v1/health", 1U << HTTP_CONTROL, bench_get, NULL, false },
		{ HTTP_GET, "/api/v1/invitations/{id}", 1U << HTTP_CONTROL, bench_get, NULL,
		    false },
		{ .pattern = NULL },
	};
	const struct http_route_set set = { .routes = routes };
	struct loop *loop = loop_new();
	struct fault f = { .code = ERR_OK };
	struct loop_signal *signal;
	struct http_server *server;
	struct evhttp *bare;
	char address[32];

	if (argc < 3 || argc > 4 || loop == NULL)
		return 2;
	if (argc == 4)
		lengthen_body(strtoul(argv[3], NULL, 10));
	signal = loop_signal_new(loop, SIGTERM, bench_stop, loop);
	bare = evhttp_new(loop_base(loop));
	evhttp_set_gencb(bare, bare_on_request, NULL);
	if (!bare_listen(bare, (unsigned short)atoi(argv[1])))
		return 1;
	server = http_server_new(&(struct http_conf){
	    .loop = loop,
	    .sets = &set,
	    .set_count = 1,
	    .limits = { 16384, 64, 65536, 10000, 30000, 60000, 1024, 1024 },
	    .on_error = bench_on_error,
	});
	snprintf(address, sizeof(address), "127.0.0.1:%s", argv[2]);
	if (http_server_listen(server,
		&(struct http_listen){ .kind = HTTP_CONTROL, .address = address }, &f) != ERR_OK) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	loop_run(loop);
	http_server_free(server);
	evhttp_free(bare);
	loop_signal_free(signal);
	loop_free(loop);
	return 0;
}
