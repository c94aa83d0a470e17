/* PATCH /api/v1/invitations/{id} and POST .../resend: another address, another end, another mail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"

/* ---- resend ---- */

static void
api_on_resent(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    int64_t retry_after_s, const struct fault *f)
{
	struct api_call *c = arg;

	if (code == ERR_OK) {
		api_reply_invitation(c, 200, inv, d, NULL);
		return;
	}
	if (code == ERR_THROTTLED)
		http_add_header(c->x, "Retry-After",
		    arena_printf(http_arena(c->x), "%lld", (long long)retry_after_s));
	api_reply_item_error(c->x, code, "invitation", f);
}

enum err
api_invitation_resend(struct api_call *c, struct fault *f)
{
	struct resend_body {
		bool void_links;
	} body = { .void_links = false };
	static const struct api_member members[] = {
		{ "void_links", API_BOOLEAN, offsetof(struct resend_body, void_links) },
	};
	struct flow_caller caller = api_caller(c);
	struct field_errors errors;
	const char *id;

	field_errors_init(&errors, http_arena(c->x));
	if (http_request_of(c->x)->body_len > 0 &&
	    !api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_uuid_of(c, "invitation", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_resend_start(c->api->conf.flow, id, body.void_links, &caller, api_on_resent, c);
	return ERR_OK;
}

/* ---- change ---- */

struct amend_body {
	const char *personal_mail;
	struct api_integer expires_in;
};

static const struct api_member members[] = {
	{ "personal_mail", API_STRING, offsetof(struct amend_body, personal_mail) },
	{ "expires_in", API_INTEGER, offsetof(struct amend_body, expires_in) },
};

/* A change under way; lives in the exchange's arena. */
struct api_amend {
	struct api_call *call;
	uint64_t revision; /* of If-Match, or 0 */
};

static void
api_on_amended(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct field_errors *errors, const struct fault *f)
{
	struct api_amend *a = arg;
	struct http_exchange *x = a->call->x;

	if (code == ERR_OK)
		api_reply_invitation(a->call, 200, inv, d, NULL);
	else if (code == ERR_CONFLICT && a->revision != 0 &&
		 (inv == NULL || inv->revision != a->revision))
		api_reply_changed(x);
	else if (errors != NULL && errors->count > 0)
		api_reply_error(x, code, errors, f);
	else
		api_reply_item_error(x, code, "invitation", f);
}

/* A tag of ours is a number above 0. 0: it is that of no version. */
static uint64_t
api_revision_of(const char *tag)
{
	size_t len = strspn(tag, "0123456789");
	unsigned long long n;

	if (len == 0 || tag[len] != '\0' || *tag == '0')
		return 0;
	errno = 0;
	n = strtoull(tag, NULL, 10);
	return errno == 0 ? n : 0;
}

/* False: it was answered. */
static bool
api_read_amend(struct api_call *c, struct amend_spec *spec)
{
	struct amend_body body = { .personal_mail = NULL };
	struct field_errors errors;

	field_errors_init(&errors, http_arena(c->x));
	if (api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors) &&
	    body.personal_mail == NULL && !body.expires_in.given)
		field_errors_add(&errors, "", "required", "there is nothing to change");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return false;
	}
	spec->personal_mail = body.personal_mail;
	/* 0 would mean "left alone" to the flow. */
	if (body.expires_in.given)
		spec->expires_in = body.expires_in.value != 0 ? body.expires_in.value : -1;
	return true;
}

enum err
api_invitation_change(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct amend_spec spec = { .personal_mail = NULL };
	const char *id, *tag = NULL;
	struct api_amend *a;

	if (!api_read_amend(c, &spec))
		return ERR_OK;
	if (api_uuid_of(c, "invitation", &id, f) != ERR_OK)
		return f->code;
	if (!api_read_match(c, &tag))
		return ERR_OK;
	if (tag != NULL && (spec.revision = api_revision_of(tag)) == 0) {
		api_reply_changed(c->x);
		return ERR_OK;
	}
	a = arena_alloc(http_arena(c->x), sizeof(*a));
	*a = (struct api_amend){ .call = c, .revision = spec.revision };
	http_hold(c->x);
	flow_amend_start(c->api->conf.flow, id, &spec, &caller, api_on_amended, a);
	return ERR_OK;
}
