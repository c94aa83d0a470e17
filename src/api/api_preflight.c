/* POST /api/v1/invitations/preflight: what createInvitation would say of what was typed so far. */
#include "api/api_private.h"

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

enum err
api_preflight(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);
	struct arena *arena = http_arena(c->x);
	struct api_draft *d = arena_alloc(arena, sizeof(*d));
	struct field_errors errors;
	struct issue_spec spec;

	(void)f;
	d->call = c;
	field_errors_init(&errors, arena);
	field_errors_init(&d->own, arena);
	if (!api_read_invitation(c->x, true, &spec, &errors, &d->own)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_preflight_start(c->api->conf.flow, &spec, &caller, api_on_looked, d);
	return ERR_OK;
}
