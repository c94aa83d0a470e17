/* Wrong tokens and cookies, slowed down by where they come from. */
#include "api/api_private.h"
#include "auth/throttle.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

/* A script with an old token fails a few times until somebody looks, and so does a page whose
 * session has ended. 256 random bits are not guessed anyway: this is about the work, and about a
 * log that can be read. */
static const struct throttle_conf policy = { .free = 20,
	.first_ms = SECOND_MS,
	.max_ms = MINUTE_MS,
	.forget_ms = 15 * MINUTE_MS,
	.places = 4096 };

struct throttle *
api_guard_new(void)
{
	return throttle_new(&policy);
}

/* Whoever names nobody guesses nothing, whatever cookies their browser has of our neighbours. */
static bool
guard_is_named(struct http_exchange *x)
{
	return http_header(http_request_of(x), "authorization") != NULL || api_cookie(x) != NULL;
}

/* A unix socket's peer is known by the kernel's word. */
bool
api_guard_refuses(struct api *a, struct http_exchange *x, enum err code)
{
	const struct http_request *r = http_request_of(x);
	unsigned char source[THROTTLE_SOURCE_SIZE];
	int64_t wait = 0;

	if (r->peer_is_unix)
		return false;
	throttle_source(r->client, source);
	if (code == ERR_OK)
		throttle_forgive(a->failures, source, sizeof(source), true);
	if (code == ERR_UNAUTHENTICATED && guard_is_named(x))
		wait = throttle_take(
		    a->failures, source, sizeof(source), clock_mono_ms(a->conf.clock));
	if (wait == 0)
		return false;
	http_add_header(
	    x, "Retry-After", arena_printf(http_arena(x), "%u", throttle_seconds(wait)));
	api_reply_error(x, ERR_THROTTLED, NULL,
	    &(struct fault){ .text = "too many wrong tokens or sessions came from your address" });
	return true;
}
