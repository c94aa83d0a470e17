/* The answers: each state and outcome once, as a page and as its JSON twin with the same status. */
#include "web/web_private.h"

#include <string.h>

enum { JSON_MAX = 256 * 1024 };

/* Seconds until a dependency that is away is worth another try. */
#define RETRY_TEXT "10"

const char web_page_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
			       "img-src 'self'; connect-src 'self'; form-action 'self'; "
			       "frame-ancestors 'none'; base-uri 'none'; "
			       "require-trusted-types-for 'script'; trusted-types 'none'";

void
web_add_headers(struct http_exchange *x, const char *policy)
{
	http_add_header(x, "Content-Security-Policy", policy);
	http_add_header(x, "X-Robots-Tag", "noindex");
	http_add_header(x, "Permissions-Policy",
	    "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

/* Begins every answer to a visit. Sending one ends the visit, so what it owns goes here. */
static void
web_reply_begin(struct web_visit *v)
{
	web_input_release(&v->input);
	web_limit_settle(v);
	web_add_headers(v->x, web_page_policy);
	http_add_header(
	    v->x, "Vary", v->is_json ? "Accept, Cookie" : "Accept, Accept-Language, Cookie");
}

/* Half an answer is none: one that crossed its maximum becomes a short problem. */
static void
web_reply_body(struct web_visit *v, int status, const char *type, struct buf *body)
{
	const struct web_notice_text *failed = &web_notice_texts[WEB_FAILED];

	web_reply_begin(v);
	if (buf_failed(body))
		http_reply_problem(v->x, failed->status, web_word_in(WEB_ENGLISH, failed->title),
		    web_word_in(WEB_ENGLISH, failed->lead), NULL);
	else
		http_reply(v->x, status, type, body->data, body->len);
	buf_release(body);
}

static void
web_reply_html(struct web_visit *v, int status, struct buf *page)
{
	if (!buf_failed(page))
		http_add_header(v->x, "Content-Language", web_language_tags[v->language]);
	web_reply_body(v, status, "text/html; charset=utf-8", page);
}

static void
web_reply_json(struct web_visit *v, int status, struct buf *json)
{
	web_reply_body(v, status, "application/json", json);
}

/* Trades what the visit knows for a cookie; each answer that goes on prolongs it. */
static void
web_reply_add_cookie(struct web_visit *v)
{
	struct web_ticket ticket = { .token = v->token,
		.end = clock_wall_ms(v->w->clock) + WEB_COOKIE_LIFETIME_S * 1000,
		.language = (unsigned char)v->invited_language };
	char text[WEB_COOKIE_TEXT_SIZE];

	memcpy(ticket.attempt, v->attempt, sizeof(ticket.attempt));
	web_cookie_seal(&ticket, v->w->cookie_key, text);
	http_add_header(v->x, "Set-Cookie",
	    arena_printf(http_arena(v->x),
		WEB_COOKIE_NAME "=%s; Path=%s/join; Max-Age=%d; HttpOnly; SameSite=Lax%s", text,
		v->w->base_path, WEB_COOKIE_LIFETIME_S, v->w->is_https ? "; Secure" : ""));
}

void
web_reply_to_form(struct web_visit *v)
{
	web_reply_begin(v);
	web_reply_add_cookie(v);
	http_add_header(
	    v->x, "Location", arena_printf(http_arena(v->x), "%s/join", v->w->base_path));
	http_reply(v->x, 303, NULL, NULL, 0);
}

static void
web_json_fields(struct buf *b, const struct accept_view *view)
{
	const char *comma = "";

	buf_add_string(b, ",\"fields\":{");
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++) {
		bool is_open = web_field_is_settable(i) && !view->needs_password_only &&
			       view->state == VIEW_OPEN;
		enum field_mode mode = is_open ? view->inv->modes[i] : FIELD_FIXED;
		const char *value = view->inv->person.value[i];

		if (i == PERSON_UID || (value == NULL && mode == FIELD_FIXED))
			continue;
		buf_printf(b, "%s\"%s\":{\"value\":", comma, person_field_name(i));
		buf_add_json_string(b, value);
		buf_printf(b, ",\"mode\":\"%s\"}",
		    mode == FIELD_FIXED	 ? "fixed"
		    : mode == FIELD_FREE ? "free"
					 : "suggested");
		comma = ",";
	}
	buf_add_char(b, '}');
}

static void
web_reply_json_view(struct web_visit *v, const struct accept_view *view)
{
	const char *status = view->state == VIEW_OPEN	? "pending"
			     : view->state == VIEW_DONE ? "done"
							: "in_progress";
	char iso[CLOCK_TEXT_SIZE];
	struct buf b;

	buf_init(&b, JSON_MAX);
	buf_add_string(&b, "{\"organisation\":");
	buf_add_json_string(&b, v->w->organisation);
	buf_printf(&b, ",\"status\":\"%s\",\"expires_at\":\"%s\",\"uid\":", status,
	    clock_format(view->inv->expires_at, iso));
	buf_add_json_string(&b, view->inv->person.value[PERSON_UID]);
	web_json_fields(&b, view);
	buf_printf(&b, ",\"password\":{\"min_length\":%zu,\"max_bytes\":%d}}",
	    flow_password_min(v->w->flow), PASSWORD_MAX);
	web_reply_json(v, 200, &b);
}

void
web_reply_view(struct web_visit *v, const struct accept_view *view)
{
	static const enum web_notice notices[] = { [VIEW_USED] = WEB_USED,
		[VIEW_EXPIRED] = WEB_EXPIRED,
		[VIEW_REVOKED] = WEB_REVOKED,
		[VIEW_UNKNOWN] = WEB_UNKNOWN };

	web_visit_speak(v, view->inv);
	if (view->state > VIEW_DONE)
		web_reply_notice(v, notices[view->state], 0);
	else if (v->is_json)
		web_reply_json_view(v, view);
	else if (view->state == VIEW_IN_PROGRESS)
		web_reply_progress(v, 200);
	else if (view->state == VIEW_DONE)
		web_reply_done(v, 200, view->inv->person.value[PERSON_UID]);
	else if (v->is_link)
		web_reply_to_form(v);
	else
		web_reply_form(v, view);
}

void
web_reply_form(struct web_visit *v, const struct accept_view *view)
{
	struct buf page;

	web_visit_speak(v, view->inv);
	web_page_open(v, view, &page);
	web_reply_add_cookie(v);
	if (v->status == 503)
		http_add_header(v->x, "Retry-After", RETRY_TEXT);
	web_reply_html(v, v->status, &page);
}

void
web_reply_progress(struct web_visit *v, int status)
{
	struct buf out;

	if (v->is_json) {
		buf_init(&out, JSON_MAX);
		buf_add_string(&out, "{\"status\":\"in_progress\"}");
		web_reply_json(v, status, &out);
		return;
	}
	web_page_progress(v, &out);
	web_reply_add_cookie(v);
	web_reply_html(v, status, &out);
}

void
web_reply_done(struct web_visit *v, int status, const char *uid)
{
	struct buf out;

	if (v->is_json) {
		buf_init(&out, JSON_MAX);
		buf_add_string(&out, "{\"status\":\"done\",\"uid\":");
		buf_add_json_string(&out, uid);
		buf_add_char(&out, '}');
		web_reply_json(v, status, &out);
		return;
	}
	web_page_done(v, uid, &out);
	web_reply_html(v, status, &out);
}

void
web_reply_notice(struct web_visit *v, enum web_notice notice, unsigned wait_s)
{
	const struct web_notice_text *text = &web_notice_texts[notice];
	struct arena *arena = http_arena(v->x);
	struct buf page;

	if (text->status == 503)
		http_add_header(v->x, "Retry-After", RETRY_TEXT);
	else if (wait_s > 0)
		http_add_header(v->x, "Retry-After", arena_printf(arena, "%u", wait_s));
	if (!v->is_json) {
		web_page_notice(v, notice, wait_s, &page);
		web_reply_html(v, text->status, &page);
		return;
	}
	web_reply_begin(v);
	http_reply_problem(v->x, text->status, web_word_in(WEB_ENGLISH, text->title),
	    web_word_in(WEB_ENGLISH, text->lead),
	    text->reason == NULL ? NULL : arena_printf(arena, ",\"reason\":\"%s\"", text->reason));
}

void
web_reply_errors(struct web_visit *v, int status)
{
	const struct field_errors *errors = &v->input.errors;
	struct buf members;

	if (!v->is_json) {
		web_reply_notice(v, WEB_BAD, 0);
		return;
	}
	buf_init(&members, JSON_MAX);
	buf_add_string(&members, ",\"errors\":[");
	for (size_t i = 0; i < errors->count; i++) {
		buf_add_string(&members, i > 0 ? ",{\"field\":" : "{\"field\":");
		buf_add_json_string(&members, errors->items[i].field);
		buf_add_string(&members, ",\"code\":");
		buf_add_json_string(&members, errors->items[i].code);
		buf_add_string(&members, ",\"detail\":");
		buf_add_json_string(&members, errors->items[i].detail);
		buf_add_char(&members, '}');
	}
	buf_add_char(&members, ']');
	web_reply_begin(v);
	http_reply_problem(v->x, status,
	    status == 400 ? "This request cannot be understood" : "Some fields need attention",
	    arena_printf(
		http_arena(v->x), "%s: %s", errors->items[0].field, errors->items[0].detail),
	    members.data);
	buf_release(&members);
}
