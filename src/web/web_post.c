/* Registering: from the posted form or document to the use case, and its outcome back. */
#include "web/web_private.h"

#include <string.h>
#include <strings.h>

/* A browser says where a form comes from. Our own pages send "Origin: null", because their referrer
 * policy is no-referrer; then the attempt id in the form is what another site cannot know. */
static bool
web_is_foreign(const struct web *w, const struct http_request *r)
{
	const char *site = http_header(r, "sec-fetch-site");
	const char *origin = http_header(r, "origin");

	if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return true;
	return origin != NULL && strcmp(origin, "null") != 0 && strcasecmp(origin, w->origin) != 0;
}

/* The form again, if the invitation still has one. */
static void
web_on_form_again(void *arg, enum err code, const struct accept_view *view, const struct fault *f)
{
	struct web_visit *v = arg;

	if (code == ERR_OK && view->state == VIEW_OPEN)
		web_reply_form(v, view);
	else
		web_on_viewed(v, code, view, f);
}

static void
web_refuse_input(struct web_visit *v)
{
	v->is_refused = true;
	if (v->is_json) {
		web_reply_errors(v, 422);
		return;
	}
	v->status = 422;
	flow_view_start(v->w->flow, &v->token, v->attempt, web_on_form_again, v);
}

static void
web_refuse_document(struct web_visit *v)
{
	v->is_refused = true;
	web_reply_errors(v, 400);
}

/* Nothing happened and the link still works: a person gets the form back as it was filled in. */
static void
web_refuse_for_now(struct web_visit *v)
{
	if (v->is_json) {
		web_reply_notice(v, WEB_UNAVAILABLE, 0);
		return;
	}
	v->status = web_notice_texts[WEB_UNAVAILABLE].status;
	v->is_later = true;
	flow_view_start(v->w->flow, &v->token, v->attempt, web_on_form_again, v);
}

static void
web_on_accepted(void *arg, enum err code, const char *uid, const struct field_errors *errors,
    const struct fault *f)
{
	struct web_visit *v = arg;

	(void)f;
	switch (code) {
	case ERR_OK:
		web_reply_done(v, 201, uid);
		return;
	case ERR_UNKNOWN:
		web_reply_progress(v, 202);
		return;
	case ERR_INVALID:
		if (errors == NULL || errors->count == 0)
			break;
		for (size_t i = 0; i < errors->count; i++)
			field_errors_add(&v->input.errors, errors->items[i].field,
			    errors->items[i].code, "%s", errors->items[i].detail);
		web_refuse_input(v);
		return;
	case ERR_NOT_FOUND:
		web_visit_unknown(v);
		return;
	case ERR_USED:
		web_reply_notice(v, WEB_USED, 0);
		return;
	case ERR_EXPIRED:
		web_reply_notice(v, WEB_EXPIRED, 0);
		return;
	case ERR_REVOKED:
		web_reply_notice(v, WEB_REVOKED, 0);
		return;
	case ERR_EXISTS:
		web_reply_notice(v, WEB_TAKEN, 0);
		return;
	case ERR_BUSY:
	case ERR_CONFLICT:
	case ERR_UNAVAILABLE:
	case ERR_MISCONFIGURED:
		web_refuse_for_now(v);
		return;
	default:
		break;
	}
	web_reply_notice(v, WEB_FAILED, 0);
}

static void
web_accept(struct web_visit *v)
{
	struct accept_spec spec = { .token = v->token,
		.attempt = v->attempt[0] != '\0' ? v->attempt : NULL,
		.password = v->input.password,
		.request_id = http_request_of(v->x)->id,
		.source = http_request_of(v->x)->client };

	memcpy(spec.value, v->input.value, sizeof(spec.value));
	flow_accept_start(v->w->flow, &spec, web_on_accepted, v);
	web_input_release(&v->input);
}

/* Which fields are open is the invitation's word. An invitation without a form is left to the use
 * case: it knows whether this is the attempt that is under way. */
static void
web_on_modes(void *arg, enum err code, const struct accept_view *view, const struct fault *f)
{
	struct web_visit *v = arg;

	if (code != ERR_OK) {
		web_on_viewed(v, code, view, f);
		return;
	}
	if (view->state == VIEW_OPEN)
		web_input_check_modes(&v->input, view->inv);
	if (v->input.status != 0)
		web_refuse_input(v);
	else
		web_accept(v);
}

/* The form's hidden attempt id. By cookie it must be the cookie's: a form of another site, or of an
 * invitation opened earlier, has another. */
static bool
web_visit_take_attempt(struct web_visit *v)
{
	const char *attempt = v->input.attempt;

	if (!v->is_link && (attempt == NULL || strcmp(attempt, v->attempt) != 0)) {
		web_reply_notice(v, WEB_FOREIGN, 0);
		return false;
	}
	if (v->is_link && attempt != NULL && attempt[0] != '\0') {
		if (!web_attempt_is_valid(attempt)) {
			web_reply_notice(v, WEB_BAD, 0);
			return false;
		}
		memcpy(v->attempt, attempt, strlen(attempt) + 1);
	}
	if (v->attempt[0] == '\0')
		web_attempt_make(v->attempt);
	return true;
}

static bool
web_input_has_values(const struct web_input *in)
{
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (in->value[i] != NULL)
			return true;
	return false;
}

/* False: there is nothing to wait for, and no answer yet. */
static bool
web_refuse_haste(struct web_visit *v, unsigned wait_s)
{
	if (wait_s > 0)
		web_reply_notice(v, WEB_TOO_MANY, wait_s);
	return wait_s > 0;
}

enum err
web_post(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *r = http_request_of(x);
	struct web_visit *v = web_visit_new(ctx, x);
	const char *type = http_header(r, "content-type");
	bool is_form = type == NULL || strncasecmp(type, "application/json", 16) != 0;

	(void)f;
	if (!is_form)
		v->is_json = true;
	/* First of all, so that the password is wiped whatever the answer. */
	web_input_read(x, is_form, &v->input);
	if (web_is_foreign(v->w, r))
		web_reply_notice(v, WEB_FOREIGN, 0);
	else if (web_refuse_haste(v, web_limit_post(v)) || !web_visit_identify(v) ||
		 web_refuse_haste(v, web_limit_form(v)))
		return ERR_OK;
	else if (v->input.status == 400)
		web_refuse_document(v);
	else if (is_form ? web_visit_take_attempt(v) : web_visit_take_key(v)) {
		http_hold(x);
		if (v->input.status != 0)
			web_refuse_input(v);
		else if (web_input_has_values(&v->input))
			flow_view_start(v->w->flow, &v->token,
			    v->attempt[0] != '\0' ? v->attempt : NULL, web_on_modes, v);
		else
			web_accept(v);
	}
	return ERR_OK;
}
