/* What an enum err is to an HTTP client: one table. */
#include <string.h>

#include "api/api_private.h"
#include "log/log.h"

enum { MEMBERS_MAX = 64 * 1024 };

struct api_outcome {
	int status;
	const char *title;
	const char
	    *detail; /* told instead of the fault's words where these are not for the caller */
	const char *reason;	 /* the member "reason"; NULL: none */
	const char *retry_after; /* seconds; NULL: not worth a retry */
	bool operators;		 /* somebody must look: logged as an error */
};

static const struct api_outcome outcomes[] = {
	[ERR_OK] = { 500, "Internal error", NULL, NULL, NULL, true },
	[ERR_INVALID] = { 400, "Malformed request", NULL, NULL, NULL, false },
	[ERR_UNAUTHENTICATED] = { 401, "Not authenticated", NULL, NULL, NULL, false },
	[ERR_DENIED] = { 403, "Not allowed", NULL, NULL, NULL, false },
	[ERR_NOT_FOUND] = { 404, "Not found", NULL, NULL, NULL, false },
	[ERR_EXISTS] = { 409, "Already taken", NULL, NULL, NULL, false },
	[ERR_CONFLICT] = { 409, "Conflict", NULL, NULL, NULL, false },
	[ERR_EXPIRED] = { 410, "Expired", NULL, "expired", NULL, false },
	[ERR_REVOKED] = { 410, "Revoked", NULL, "revoked", NULL, false },
	[ERR_USED] = { 410, "Already used", NULL, "used", NULL, false },
	[ERR_REFUSED] = { 422, "Refused", NULL, NULL, NULL, false },
	[ERR_TOO_LARGE] = { 413, "Too large", NULL, NULL, NULL, false },
	[ERR_THROTTLED] = { 429, "Too many requests", NULL, NULL, NULL, false },
	[ERR_BUSY] = { 503, "Busy", "too much is under way, try again", NULL, "1", false },
	[ERR_UNAVAILABLE] = { 503, "Unavailable", "a dependency is away, try again", NULL, "5",
	    false },
	[ERR_UNKNOWN] = { 503, "Outcome unknown",
	    "no answer came in time: look whether it was carried out before trying again",
	    "unknown", "5", false },
	[ERR_MISCONFIGURED] = { 503, "Out of order", "an operator must act first", NULL, "60",
	    true },
	[ERR_CORRUPT] = { 500, "Stored data is damaged", "the log has the details", NULL, NULL,
	    true },
	[ERR_INTERNAL] = { 500, "Internal error", "the log has the details", NULL, NULL, true },
};

static const struct api_outcome *
api_outcome_of(enum err code)
{
	if ((size_t)code >= sizeof(outcomes) / sizeof(outcomes[0]))
		return &outcomes[ERR_INTERNAL];
	return &outcomes[code];
}

/* Administrators are told what a server said; the public never is, and nobody is told what our own
 * mistakes look like inside. */
static bool
api_tells_fault(const struct http_request *r, const struct api_outcome *o)
{
	return o->status < 500 || (o->status == 503 && r->listener != HTTP_PUBLIC);
}

static void
api_log_failure(
    const struct http_request *r, const struct api_outcome *o, enum err code, const char *text)
{
	if (o->operators)
		log_error(
		    "a request failed", "request", r->id, "error", err_name(code), "reason", text);
	else
		log_warning("a request was put off", "request", r->id, "error", err_name(code),
		    "reason", text);
}

/* Field by field; the words may be a server's, and cut in the middle of a character. */
void
api_add_errors(struct buf *b, struct arena *arena, const struct field_errors *errors)
{
	buf_add_string(b, ",\"errors\":[");
	for (size_t i = 0; i < errors->count; i++) {
		buf_add_string(b, i > 0 ? ",{\"field\":" : "{\"field\":");
		buf_add_json_string(b, api_clean(arena, errors->items[i].field));
		buf_add_string(b, ",\"code\":");
		buf_add_json_string(b, errors->items[i].code);
		buf_add_string(b, ",\"detail\":");
		buf_add_json_string(b, api_clean(arena, errors->items[i].detail));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void
api_reply_problem(struct http_exchange *x, int status, const char *title, const char *detail,
    const char *reason, const struct field_errors *errors)
{
	struct buf members;

	buf_init(&members, MEMBERS_MAX);
	if (reason != NULL)
		buf_printf(&members, ",\"reason\":\"%s\"", reason);
	if (errors != NULL && errors->count > 0)
		api_add_errors(&members, http_arena(x), errors);
	http_reply_problem(x, status, title, api_clean(http_arena(x), detail),
	    buf_failed(&members) ? NULL : members.data);
	buf_release(&members);
}

void
api_reply_error(struct http_exchange *x, enum err code, const struct field_errors *errors,
    const struct fault *f)
{
	const struct api_outcome *o = api_outcome_of(code);
	const struct http_request *r = http_request_of(x);
	const char *text = f != NULL ? f->text : "";
	bool fields = errors != NULL && errors->count > 0;

	if (o->status >= 500)
		api_log_failure(r, o, code, text);
	if (o->status == 401)
		http_add_header(x, "WWW-Authenticate", "Bearer");
	if (o->retry_after != NULL)
		http_add_header(x, "Retry-After", o->retry_after);
	if (code == ERR_INVALID && fields)
		api_reply_problem(x, 422, "Fields are not valid", text, NULL, errors);
	else
		api_reply_problem(x, o->status, o->title,
		    api_tells_fault(r, o) && *text != '\0' ? text : o->detail, o->reason, errors);
}

void
api_reply_item_error(
    struct http_exchange *x, enum err code, const char *kind, const struct fault *f)
{
	struct fault none;

	if (code == ERR_NOT_FOUND) {
		fault_set(&none, ERR_NOT_FOUND, "there is no such %s", kind);
		f = &none;
	}
	api_reply_error(x, code, NULL, f);
}

/* The rest of the text in `text`; NULL: it begins with no reason. */
static const char *
api_reason_of(const struct fault *f, const char **text)
{
	static const char *const reasons[] = { "self", "last_administrator", "not_empty", "quota",
		"role", "role_place" };

	*text = f->text;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		size_t len = strlen(reasons[i]);

		if (strncmp(f->text, reasons[i], len) != 0 || f->text[len] != ':')
			continue;
		*text += len + 1 + strspn(*text + len + 1, " ");
		return reasons[i];
	}
	return NULL;
}

void
api_reply_barred(struct http_exchange *x, const struct fault *f)
{
	const char *text, *reason = api_reason_of(f, &text);

	if (f->code == ERR_DENIED)
		api_reply_problem(x, 403, "Not allowed", text, reason, NULL);
	else
		api_reply_problem(x, 409, "Refused", text, reason, NULL);
}

bool
api_reply_if_barred(struct http_exchange *x, enum err code, const struct fault *f)
{
	const char *text;

	if (code != ERR_REFUSED || api_reason_of(f, &text) == NULL)
		return false;
	api_reply_barred(x, f);
	return true;
}

void
api_reply_cross_site(struct http_exchange *x)
{
	api_reply_problem(x, 403, "Not allowed",
	    "what a browser asks for must come from our own pages, and say so by Sec-Fetch-Site or "
	    "Origin",
	    "cross_site", NULL);
}

void
api_reply_changed(struct http_exchange *x)
{
	api_reply_problem(x, 412, "Changed meanwhile",
	    "this is another version than the one in If-Match: load it again", NULL, NULL);
}

void
api_reply_malformed(struct http_exchange *x, const struct field_errors *errors)
{
	api_reply_problem(x, outcomes[ERR_INVALID].status, outcomes[ERR_INVALID].title,
	    errors->items[0].detail, NULL, errors);
}

void
api_reply_list_error(struct http_exchange *x, enum err code, const struct fault *f)
{
	struct field_errors errors;

	field_errors_init(&errors, http_arena(x));
	if (code == ERR_INVALID)
		field_errors_add_named(&errors, f->text, "invalid");
	if (errors.count > 0)
		api_reply_malformed(x, &errors);
	else
		api_reply_error(x, code, NULL, f);
}

void
api_on_error(struct http_exchange *x, void *ctx, enum err code, const struct fault *f)
{
	(void)ctx;
	api_reply_error(x, code, NULL, f);
}
