/* /api/v1/invitations */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"

/* A POST under way. */
struct api_issue {
	struct api_call *call;
	struct field_errors own; /* what was found before the flow looked */
	bool expires_in_valid;
};

/* ---- create ---- */

/* Our own findings first, then the flow's; its word on a lifetime that we made up is left out. */
static void
api_reply_refused(struct api_issue *s, const struct field_errors *errors)
{
	struct fault f;

	for (size_t i = 0; errors != NULL && i < errors->count; i++) {
		const struct field_error *e = &errors->items[i];

		if (s->expires_in_valid && strcmp(e->field, "expires_in") == 0)
			continue;
		field_errors_add(&s->own, e->field, e->code, "%s", e->detail);
	}
	fault_set(&f, ERR_INVALID, "%s: %s", s->own.items[0].field, s->own.items[0].detail);
	api_reply_error(s->call->x, ERR_INVALID, &s->own, &f);
}

/* It is made; when that cannot be shown, nobody should make it again without looking. */
static void
api_on_queued(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct fault *f)
{
	struct api_call *c = arg;

	if (code != ERR_OK)
		api_reply_error(c->x, ERR_UNKNOWN, NULL, f);
	else
		api_reply_invitation(c, 201, inv, d, NULL);
}

static void
api_on_issued(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct field_errors *errors, const struct fault *f)
{
	struct api_issue *s = arg;
	struct api_call *c = s->call;
	struct secret *link;

	if (s->own.count > 0) {
		api_reply_refused(s, errors);
		return;
	}
	if (code != ERR_OK) {
		if (!api_reply_if_barred(c->x, code, f))
			api_reply_error(c->x, code, errors, f);
		return;
	}
	http_add_header(
	    c->x, "Location", arena_printf(http_arena(c->x), "/api/v1/invitations/%s", inv->id));
	if (token == NULL) { /* each mail has its own */
		const struct flow_caller caller = api_caller(c);

		flow_details_start(c->api->conf.flow, inv->id, &caller, api_on_queued, c);
		return;
	}
	link = api_link_of(c->api, token);
	api_reply_invitation(c, 201, inv, NULL, link);
	secret_free(link);
}

enum err
api_invitation_create(struct api_call *c, struct fault *f)
{
	struct arena *arena = http_arena(c->x);
	struct api_issue *s = arena_alloc(arena, sizeof(*s));
	struct flow_caller caller = api_caller(c);
	struct field_errors errors;
	struct issue_spec spec;

	(void)f;
	s->call = c;
	field_errors_init(&errors, arena);
	field_errors_init(&s->own, arena);
	if (!api_read_invitation(c->x, false, &spec, &errors, &s->own)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (s->own.count > 0) {
		/* All errors are told at once, so the flow looks too; a lifetime that it must
		 * refuse keeps it from making anything. */
		s->expires_in_valid =
		    spec.expires_in == 0 || (spec.expires_in >= INVITATION_LIFETIME_MIN &&
						spec.expires_in <= INVITATION_LIFETIME_MAX);
		spec.expires_in = -1;
	}
	http_hold(c->x);
	flow_issue_start(c->api->conf.flow, &spec, &caller, api_on_issued, s);
	return ERR_OK;
}

/* ---- show, revoke, new link ---- */

static void
api_on_shown(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct fault *f)
{
	struct api_call *c = arg;

	if (code != ERR_OK)
		api_reply_item_error(c->x, code, "invitation", f);
	else
		api_reply_invitation(c, 200, inv, d, NULL);
}

enum err
api_invitation_show(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "invitation", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_details_start(c->api->conf.flow, id, &caller, api_on_shown, c);
	return ERR_OK;
}

static void
api_on_revoked(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct fault *f)
{
	struct api_call *c = arg;

	(void)inv, (void)token;
	if (code != ERR_OK)
		api_reply_item_error(c->x, code, "invitation", f);
	else
		http_reply(c->x, 204, NULL, NULL, 0);
}

enum err
api_invitation_revoke(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "invitation", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_revoke_start(c->api->conf.flow, id, &caller, api_on_revoked, c);
	return ERR_OK;
}

static void
api_on_relinked(void *arg, enum err code, const struct invitation *inv, const struct secret *token,
    const struct fault *f)
{
	struct api_call *c = arg;
	struct secret *link;
	struct buf b;

	(void)inv;
	if (code != ERR_OK) {
		api_reply_item_error(c->x, code, "invitation", f);
		return;
	}
	link = api_link_of(c->api, token);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"link\":");
	buf_add_json_string(&b, secret_bytes(link));
	buf_add_char(&b, '}');
	secret_free(link);
	api_reply_json(c->x, 200, &b);
}

enum err
api_invitation_link(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_uuid_of(c, "invitation", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_relink_start(c->api->conf.flow, id, &caller, api_on_relinked, c);
	return ERR_OK;
}

/* ---- list ---- */

static void
api_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count,
    const char *next, const struct fault *f)
{
	struct api_call *c = arg;
	int64_t now = clock_wall_ms(c->api->conf.clock);
	const char *comma = "";
	struct buf b;

	if (code != ERR_OK) {
		api_reply_list_error(c->x, code, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		/* Past its end, and only the sweeper has not come by yet. */
		if (invitation_seen(list[i], now) == INVITATION_EXPIRED)
			continue;
		buf_add_string(&b, comma);
		api_add_invitation(&b, c, list[i], NULL, NULL);
		comma = ",";
	}
	buf_add_string(&b, "],\"next_cursor\":");
	buf_add_json_string(&b, next);
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

enum err
api_invitation_list(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "limit", "cursor", "status", NULL };
	const struct http_request *r = http_request_of(c->x);
	const struct flow_caller caller = api_caller(c);
	const char *cursor = http_query(r, "cursor"), *status = http_query(r, "status");
	size_t limit = API_LIST_DEFAULT;
	struct field_errors errors;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	api_read_limit(http_query(r, "limit"), &limit, &errors);
	if (status != NULL && strcmp(status, "pending") != 0)
		field_errors_add(&errors, "status", "invalid", "must be \"pending\"");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_list_start(c->api->conf.flow, cursor, limit, &caller, api_on_listed, c);
	return ERR_OK;
}
