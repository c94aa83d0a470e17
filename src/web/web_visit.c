/* One request: who asks, with which link, and what a look at it answers. */
#include "web/web_private.h"

#include <string.h>

#include "flow/flow_mail.h"

struct web_visit *
web_visit_new(struct web *w, struct http_exchange *x)
{
	const struct http_request *r = http_request_of(x);
	struct web_visit *v = arena_alloc(http_arena(x), sizeof(*v));

	v->w = w;
	v->x = x;
	v->status = 200;
	v->invited_language = WEB_LANGUAGES;
	v->language = (enum web_language)http_language(r, web_language_tags, WEB_LANGUAGES);
	if (v->language == WEB_LANGUAGES)
		v->language = w->language;
	v->is_link = r->captures[0] != NULL;
	/* Asked both ways, so that no preference at all means a page. */
	v->is_json = http_accepts_rather(r, "application/json", "text/html") &&
		     !http_accepts_rather(r, "text/html", "application/json");
	field_errors_init(&v->input.errors, http_arena(x));
	return v;
}

void
web_visit_speak(struct web_visit *v, const struct invitation *inv)
{
	enum web_language language =
	    inv != NULL ? web_language_of(inv->person.value[PERSON_LANGUAGE]) : WEB_LANGUAGES;

	if (language != WEB_LANGUAGES)
		v->language = v->invited_language = language;
}

void
web_visit_unknown(struct web_visit *v)
{
	unsigned wait_s = web_limit_unknown(v);

	web_reply_notice(v, wait_s > 0 ? WEB_TOO_MANY : WEB_UNKNOWN, wait_s);
}

bool
web_visit_identify(struct web_visit *v)
{
	const struct http_request *r = http_request_of(v->x);
	const char *cookie = http_cookie(r, http_arena(v->x), WEB_COOKIE_NAME);
	struct web_ticket ticket;
	bool has_ticket = cookie != NULL && web_cookie_open(cookie, v->w->cookie_key,
						clock_wall_ms(v->w->clock), &ticket);

	if (!v->is_link) {
		if (!has_ticket) {
			web_reply_notice(v, WEB_LOST, 0);
			return false;
		}
		v->token = ticket.token;
	} else if (!token_hash_of(r->captures[0], strlen(r->captures[0]), &v->token)) {
		web_visit_unknown(v);
		return false;
	}
	if (!has_ticket || !token_hash_equal(&ticket.token, &v->token))
		return true;
	if (ticket.language < WEB_LANGUAGES)
		v->language = v->invited_language = (enum web_language)ticket.language;
	/* Opening the link again in the same browser goes on with the attempt that was begun. */
	if (!v->is_link || !v->is_json)
		memcpy(v->attempt, ticket.attempt, sizeof(v->attempt));
	return true;
}

bool
web_visit_take_key(struct web_visit *v)
{
	const char *key = http_header(http_request_of(v->x), "idempotency-key");
	char *text;
	size_t len;

	if (key == NULL)
		return true;
	text = arena_strdup(http_arena(v->x), key);
	len = strlen(text);
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text[len - 1] = '\0';
		text++;
	}
	if (!web_attempt_is_valid(text)) {
		field_errors_add(&v->input.errors, "Idempotency-Key", "invalid",
		    "1 to %d letters, digits, \"-\" or \"_\".", INVITATION_ATTEMPT_SIZE - 1);
		web_reply_errors(v, 400);
		return false;
	}
	memcpy(v->attempt, text, strlen(text) + 1);
	return true;
}

void
web_on_viewed(void *arg, enum err code, const struct accept_view *view, const struct fault *f)
{
	struct web_visit *v = arg;
	struct flow *flow = v->w->flow;
	/* Not to whoever only opens links, as scanners of mails do: they bring no cookie along. */
	bool is_shown = code == ERR_OK && view->state == VIEW_OPEN && (v->is_json || !v->is_link) &&
			http_request_of(v->x)->method == HTTP_GET;

	(void)f;
	if (code == ERR_UNAVAILABLE || code == ERR_BUSY)
		web_reply_notice(v, WEB_UNAVAILABLE, 0);
	else if (code != ERR_OK)
		web_reply_notice(v, WEB_FAILED, 0);
	else if (view->state == VIEW_UNKNOWN)
		web_visit_unknown(v);
	else
		web_reply_view(v, view);
	if (is_shown)
		flow_note_opened(flow, view->inv);
}

enum err
web_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct web_visit *v = web_visit_new(ctx, x);

	(void)f;
	if (!web_visit_identify(v) || (v->is_json && !web_visit_take_key(v)))
		return ERR_OK;
	if (!v->is_json && v->attempt[0] == '\0')
		web_attempt_make(v->attempt);
	http_hold(x);
	flow_view_start(
	    v->w->flow, &v->token, v->attempt[0] != '\0' ? v->attempt : NULL, web_on_viewed, v);
	return ERR_OK;
}
