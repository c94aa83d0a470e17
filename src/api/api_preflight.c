/* POST /api/v1/invitations/preflight: what createInvitation would say of what was typed so far. */
#include <string.h>

#include "api/api_private.h"
#include "auth/throttle.h"

/* Each one costs a question to the directory, and tells whether somebody has an address. So many at
 * once, then evenly, and all anew after a pause: people do not notice, as their forms ask when they
 * stop typing. */
static const struct throttle_conf pace = {
	.free = 20, .first_ms = 200, .max_ms = 200, .forget_ms = 4000, .places = 1024
};

struct throttle *
api_preflight_pace_new(void)
{
	return throttle_new(&pace);
}

/* True: the caller asks too fast, and was told so. */
static bool
api_is_too_fast(struct api_call *c)
{
	const char *name = c->who.name;
	int64_t wait = throttle_take(
	    c->api->preflight_pace, name, strlen(name), clock_mono_ms(c->api->conf.clock));

	if (wait == 0)
		return false;
	http_add_header(
	    c->x, "Retry-After", arena_printf(http_arena(c->x), "%u", throttle_seconds(wait)));
	api_reply_error(
	    c->x, ERR_THROTTLED, NULL, &(struct fault){ .text = "you ask this too often" });
	return true;
}

struct api_draft {
	struct api_call *call;
	struct field_errors own; /* what was found before the flow looked */
};

static void
api_on_looked(void *arg, enum err code, const char *uid, const struct field_errors *errors,
    const struct fault *f)
{
	struct api_draft *d = arg;
	struct http_exchange *x = d->call->x;
	struct buf b;

	if (code != ERR_OK) {
		if (code == ERR_THROTTLED)
			http_add_header(x, "Retry-After", "1");
		if (!api_reply_if_barred(x, code, f))
			api_reply_error(x, code, NULL, f);
		return;
	}
	for (size_t i = 0; i < errors->count; i++)
		field_errors_add(&d->own, errors->items[i].field, errors->items[i].code, "%s",
		    errors->items[i].detail);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"uid\":");
	buf_add_json_string(&b, uid);
	api_add_errors(&b, http_arena(x), &d->own);
	buf_add_char(&b, '}');
	api_reply_json(x, 200, &b);
}

/* Of a draft everything may be missing; of what is complete, nothing that createInvitation needs.
 */
static bool
api_read_is_complete(struct http_exchange *x, bool *out, struct field_errors *errors)
{
	static const char *const names[] = { "complete", NULL };
	const char *text = http_query(http_request_of(x), "complete");

	*out = text != NULL && strcmp(text, "true") == 0;
	if (text != NULL && !*out && strcmp(text, "false") != 0)
		field_errors_add(errors, "complete", "invalid", "true or false");
	return api_check_query(x, names, errors);
}

enum err
api_invitation_preflight(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);
	struct arena *arena = http_arena(c->x);
	struct api_draft *d = arena_alloc(arena, sizeof(*d));
	struct field_errors errors;
	struct issue_spec spec;
	bool is_complete;

	(void)f;
	d->call = c;
	field_errors_init(&errors, arena);
	field_errors_init(&d->own, arena);
	if (!api_read_is_complete(c->x, &is_complete, &errors) ||
	    !api_read_invitation(c->x, !is_complete, &spec, &errors, &d->own)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_is_too_fast(c))
		return ERR_OK;
	http_hold(c->x);
	flow_preflight_start(c->api->conf.flow, &spec, is_complete, &caller, api_on_looked, d);
	return ERR_OK;
}
