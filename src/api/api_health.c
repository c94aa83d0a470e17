/* /health/live: the loop turns. /health/ready: what the daemon needs is there. */
#include "api/api_private.h"

enum err
api_health_live(struct http_exchange *x, void *ctx, struct fault *f)
{
	static const char alive[] = "{\"status\":\"ok\",\"checks\":[]}";

	(void)ctx, (void)f;
	http_reply(x, 200, "application/json", alive, sizeof(alive) - 1);
	return ERR_OK;
}

const char *
api_health_status(const struct health_check *checks, size_t count)
{
	const char *status = "ok";

	for (size_t i = 0; i < count; i++) {
		if (checks[i].ok)
			continue;
		if (checks[i].vital)
			return "unready";
		status = "degraded";
	}
	return status;
}

void
api_add_checks(struct buf *b, const struct health_check *checks, size_t count)
{
	buf_add_char(b, '[');
	for (size_t i = 0; i < count; i++) {
		buf_add_string(b, i > 0 ? ",{\"name\":" : "{\"name\":");
		buf_add_json_string(b, checks[i].name);
		buf_add_string(b, checks[i].ok ? ",\"status\":\"ok\"}" : ",\"status\":\"failed\"}");
	}
	buf_add_char(b, ']');
}

enum err
api_health_ready(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct api *a = ctx;
	struct health_check checks[API_CHECKS_MAX];
	size_t count = a->conf.health(a->conf.health_arg, checks, API_CHECKS_MAX);
	const char *status = api_health_status(checks, count);
	bool unready = *status == 'u';
	struct buf b;

	(void)f;
	buf_init(&b, API_REPLY_MAX);
	buf_printf(&b, "{\"status\":\"%s\",\"checks\":", status);
	api_add_checks(&b, checks, count);
	buf_add_char(&b, '}');
	if (unready)
		http_add_header(x, "Retry-After", "5");
	api_reply_json(x, unready ? 503 : 200, &b);
	return ERR_OK;
}
