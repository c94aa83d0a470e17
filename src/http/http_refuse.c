/* The last words on a connection that the guard, or a deadline, has given up. evhttp never learns
 * of it: its callbacks are taken off the bufferevent, and it is told at the end that the network
 * failed. */
#include "http/http_private.h"

#include <assert.h>
#include <sys/socket.h>
#include <event2/buffer.h>

/* After the answer the client may still be sending. Closing at once would make its kernel throw the
 * answer away (RFC 9112 section 9.6), so what comes is dropped for this long. */
enum { LINGER_MS = 2000 };

static void
refuse_on_written(struct bufferevent *bev, void *conn)
{
	struct http_conn *c = conn;

	if (c->listener->tls)
		http_tls_say_goodbye(bev);
	shutdown(c->fd, SHUT_WR);
}

static void
refuse_on_event(struct bufferevent *bev, short what, void *conn)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		http_conn_end(conn);
}

/* Not from inside evhttp. The guard is over, nothing of the input is left, no request is being
 * answered. */
void
http_refuse_start(struct http_conn *c)
{
	const char *title = http_status_title(c->guard.status);
	struct evbuffer *output = bufferevent_get_output(c->bev);
	char body[256];
	int len;

	assert(c->stage == HTTP_CONN_OPEN && c->pending == 0);
	len = evutil_snprintf(body, sizeof(body),
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}", title,
	    c->guard.status, c->guard.detail);
	assert(len > 0 && (size_t)len < sizeof(body));
	c->stage = HTTP_CONN_REFUSING;
	bufferevent_setcb(c->bev, NULL, refuse_on_written, refuse_on_event, c);
	evbuffer_add_printf(output,
	    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"
	    "Connection: close\r\n",
	    c->guard.status, title, len);
	http_defence_write(output, http_defence_is_strict(c->listener, false));
	evbuffer_add_printf(output, "\r\n%s", c->guard.is_head ? "" : body);
	loop_timer_set(c->timer, LINGER_MS);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

void
http_refuse_expire(struct http_conn *c, int status, const char *detail)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);

	c->guard.phase = HTTP_GUARD_OVER;
	c->guard.status = status;
	c->guard.detail = detail;
	evbuffer_drain(input, evbuffer_get_length(input));
	c->whole = c->received;
	http_refuse_start(c);
}
