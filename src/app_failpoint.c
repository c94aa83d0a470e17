/* Test builds: failpoints are read and set while the daemon runs, on the management listener.
 *
 *	GET  /failpoints	[{"point", "action", "passed", "acted"}, ...]
 *	POST /failpoints	"POINT=ACTION..." as failpoint_set() takes it, text/plain; 204 */
#include "app_private.h"
#include "base/buf.h"
#include "base/failpoint.h"

#ifdef USHERD_FAILPOINTS

enum { REPORT_MAX = 64 * 1024 };

static enum err
app_failpoints_show(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct buf b;

	(void)ctx, (void)f;
	buf_init(&b, REPORT_MAX);
	failpoint_report(&b);
	http_reply(x, 200, "application/json", b.data, b.len);
	buf_release(&b);
	return ERR_OK;
}

static enum err
app_failpoints_change(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *r = http_request_of(x);

	(void)ctx;
	if (failpoint_set(arena_dup(http_arena(x), r->body, r->body_len), f) != ERR_OK)
		return f->code;
	http_reply(x, 204, NULL, NULL, 0);
	return ERR_OK;
}

const struct http_route app_failpoint_routes[] = {
	{ HTTP_GET, "/failpoints", 1U << HTTP_MANAGEMENT, app_failpoints_show, NULL, false },
	{ HTTP_POST, "/failpoints", 1U << HTTP_MANAGEMENT, app_failpoints_change, "text/plain",
	    false },
	{ .pattern = NULL },
};

#else

const struct http_route app_failpoint_routes[] = { { .pattern = NULL } };

#endif
