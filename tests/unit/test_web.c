/* What each state looks like to a browser and to a program, and what every answer carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/web_world.h"

#define LINK "/join/" WORLD_TOKEN
#define JSON "application/json"

/* None but ours, which comes from a file of its own. */
static void
check_script(const char *page)
{
	static const char ours[] = "<script type=\"module\" src=\"/join/assets/join.";
	const char *at = strstr(page, "<script");

	if (at == NULL)
		return;
	assert_int_equal(strncmp(at, ours, strlen(ours)), 0);
	assert_null(strstr(at + 1, "<script"));
}

/* On every answer: the headers, and nowhere the token. */
static void
check_reply(const struct http_exchange *x)
{
	static const char *const fixed[][2] = {
		{ "Content-Security-Policy",
		    ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
		     "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri "
		     "'none'; "
		     "require-trusted-types-for 'script'; trusted-types 'none'") },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Robots-Tag", "noindex" },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		assert_string_equal(fake_http_reply_header(x, fixed[i][0]), fixed[i][1]);
	assert_non_null(fake_http_reply_header(x, "Permissions-Policy"));
	assert_non_null(fake_http_reply_header(x, "Cache-Control"));
	if (x->body.data != NULL)
		assert_null(strstr(x->body.data, "usj_"));
	for (size_t i = 0; i < x->added_count; i++)
		assert_null(strstr(x->added[i].value, "usj_"));
	if (x->type != NULL && strncmp(x->type, "text/html", 9) == 0) {
		check_script(x->body.data);
		assert_null(strstr(x->body.data, "{{"));
		assert_non_null(strstr(x->body.data, "<html lang=\"en\""));
	}
	if (x->status == 429 || x->status == 503)
		assert_non_null(fake_http_reply_header(x, "Retry-After"));
}

static void
finish(struct http_exchange *x, int status, const char *text)
{
	check_reply(x);
	assert_int_equal(x->status, status);
	if (text != NULL && (x->body.data == NULL || strstr(x->body.data, text) == NULL))
		fail_msg("no \"%s\" in: %s", text, x->body.data != NULL ? x->body.data : "");
	fake_http_free(x);
}

static void
each_state_of_a_link_is_told_in_both_forms(void **state)
{
	static const struct {
		enum accept_view_state state;
		enum err code;
		int link, cookie, json; /* statuses */
		const char *html, *text;
	} rows[] = {
		{ VIEW_OPEN, ERR_OK, 303, 200, 200, "Welcome, Ada", "\"status\":\"pending\"" },
		{ VIEW_IN_PROGRESS, ERR_OK, 200, 200, 200, "http-equiv=\"refresh\"",
		    "\"status\":\"in_progress\"" },
		{ VIEW_DONE, ERR_OK, 200, 200, 200, "Your account is ready",
		    "\"status\":\"done\"" },
		{ VIEW_USED, ERR_OK, 410, 410, 410, "already been used", "\"reason\":\"used\"" },
		{ VIEW_EXPIRED, ERR_OK, 410, 410, 410, "has ended", "\"reason\":\"expired\"" },
		{ VIEW_REVOKED, ERR_OK, 410, 410, 410, "no longer valid",
		    "\"reason\":\"revoked\"" },
		{ VIEW_UNKNOWN, ERR_OK, 404, 404, 404, "do not know", "\"status\":404" },
		{ VIEW_OPEN, ERR_UNAVAILABLE, 503, 503, 503, "link still works", "\"status\":503" },
		{ VIEW_OPEN, ERR_BUSY, 503, 503, 503, "link still works", "\"status\":503" },
		{ VIEW_OPEN, ERR_CORRUPT, 500, 500, 500, "our side", "\"status\":500" },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool has_inv = rows[i].state <= VIEW_DONE;

		w->flow.view =
		    (struct accept_view){ rows[i].state, has_inv ? &w->inv : NULL, false };
		w->flow.view_code = rows[i].code;
		finish(world_get(w, LINK, NULL), rows[i].link,
		    rows[i].link == 303 ? NULL : rows[i].html);
		finish(world_get(w, LINK, "text/html,application/xhtml+xml,*/*;q=0.8"),
		    rows[i].link, NULL);
		finish(world_get_by_cookie(w), rows[i].cookie, rows[i].html);
		finish(world_get(w, LINK, JSON), rows[i].json, rows[i].text);
	}
	assert_int_equal(w->flow.accepts, 0);
	world_free(w);
}

static void
each_outcome_of_a_registration_is_told_in_both_forms(void **state)
{
	static const struct {
		enum err code;
		int status;
		const char *html, *json;
	} rows[] = {
		{ ERR_OK, 201, "https://portal.example.org/",
		    "{\"status\":\"done\",\"uid\":\"ada.lovelace\"}" },
		{ ERR_UNKNOWN, 202, "content=\"4;url=/join\"", "{\"status\":\"in_progress\"}" },
		{ ERR_INVALID, 422, "href=\"#f-password\"", "\"code\":\"too_short\"" },
		{ ERR_NOT_FOUND, 404, "do not know", NULL },
		{ ERR_USED, 410, "already", "\"reason\":\"used\"" },
		{ ERR_EXPIRED, 410, "ended", "\"reason\":\"expired\"" },
		{ ERR_REVOKED, 410, "valid", "\"reason\":\"revoked\"" },
		{ ERR_EXISTS, 409, "no longer free", NULL },
		{ ERR_BUSY, 503, "link still works", NULL },
		{ ERR_UNAVAILABLE, 503, "link still works", NULL },
		{ ERR_MISCONFIGURED, 503, "link still works", NULL },
		{ ERR_INTERNAL, 500, "our side", NULL },
	};
	struct world *w = world_new();

	(void)state;
	field_errors_add(&w->errors, "password", "too_short", "It is too short.");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->flow.accept_code = rows[i].code;
		finish(world_post_form(w, "password=p&password_again=p"), rows[i].status,
		    rows[i].html);

		finish(world_post_json(w, "{\"password\":\"p\"}"), rows[i].status, rows[i].json);
		assert_string_equal(w->flow.password, "p");
	}
	world_free(w);
}

static void
a_link_is_traded_for_a_cookie_that_goes_on_with_it(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = world_get(w, LINK, "text/html"), *again;
	const char *cookie = world_cookie(w, x);
	const char *set = fake_http_reply_header(x, "Set-Cookie");
	char attempt[INVITATION_ATTEMPT_SIZE];

	(void)state;
	assert_string_equal(fake_http_reply_header(x, "Location"), "/join");
	assert_non_null(strstr(set, "; Path=/join; Max-Age=1800; HttpOnly; SameSite=Lax; Secure"));
	strcpy(attempt, w->flow.attempt);
	fake_http_free(x);

	x = fake_http_new(HTTP_GET, LINK, NULL);
	fake_http_set_header(x, "cookie", cookie);
	world_run(w, x);
	assert_string_equal(w->flow.attempt, attempt);
	fake_http_free(x);

	w->wall_ms += 31 * 60 * 1000;
	again = fake_http_new(HTTP_GET, "/join", NULL);
	fake_http_set_header(again, "cookie", cookie);
	world_run(w, again);
	finish(again, 404, "open your link again");
	finish(world_get(w, "/join", NULL), 404, "open your link again");
	world_free(w);
}

static void
a_form_is_noted_as_shown_to_whoever_sees_it(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	fake_http_free(world_get(w, LINK, "text/html")); /* as a scanner of mails does */
	x = fake_http_new(HTTP_HEAD, LINK, NULL);
	fake_http_set_header(x, "accept", "application/json");
	world_run(w, x);
	fake_http_free(x);
	assert_int_equal(w->flow.opened, 0);
	fake_http_free(world_get_by_cookie(w));
	assert_int_equal(w->flow.opened, 1);
	fake_http_free(world_get(w, LINK, "application/json"));
	assert_int_equal(w->flow.opened, 2);
	w->flow.view.state = VIEW_IN_PROGRESS;
	fake_http_free(world_get_by_cookie(w));
	assert_int_equal(w->flow.opened, 2);
	world_free(w);
}

static void
plain_http_and_a_path_prefix_follow_public_url(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->conf.public_url = "http://127.0.0.1:8461/people";
	world_rebuild(w);
	x = world_get(w, LINK, NULL);
	assert_string_equal(fake_http_reply_header(x, "Location"), "/people/join");
	assert_null(strstr(fake_http_reply_header(x, "Set-Cookie"), "Secure"));
	assert_non_null(strstr(fake_http_reply_header(x, "Set-Cookie"), "Path=/people/join;"));
	fake_http_free(x);
	x = world_get_by_cookie(w);
	assert_non_null(strstr(x->body.data, "action=\"/people/join\""));
	fake_http_free(x);
	world_free(w);
}

static void
the_json_view_says_what_may_be_set(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = world_get(w, LINK, JSON);

	(void)state;
	assert_string_equal(x->type, JSON);
	assert_non_null(strstr(x->body.data,
	    "{\"organisation\":\"Analytical Engines\",\"status\":\"pending\","
	    "\"expires_at\":\"2026-11-30T14:00:00.000Z\",\"uid\":\"ada.lovelace\",\"fields\":{"));
	assert_non_null(
	    strstr(x->body.data, "\"phone\":{\"value\":\"+442071234567\",\"mode\":\"suggested\"}"));
	assert_non_null(
	    strstr(x->body.data, "\"gender\":{\"value\":\"female\",\"mode\":\"free\"}"));
	assert_non_null(strstr(
	    x->body.data, "\"mail\":{\"value\":\"ada.lovelace@example.org\",\"mode\":\"fixed\"}"));
	finish(x, 200, "\"password\":{\"min_length\":15,\"max_bytes\":1024}");
	world_free(w);
}

static void
hostile_values_stay_text(void **state)
{
	static const char evil[] = "\"><script>alert(1)</script>'&";
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++) {
		w->inv.person.value[i] = evil;
		w->inv.modes[i] = i % 2 ? FIELD_FREE : FIELD_FIXED;
	}
	w->conf.organisation = w->conf.sign_in_url = w->conf.help_contact = evil;
	world_rebuild(w);
	finish(world_get_by_cookie(w), 200, "&lt;script&gt;");
	w->flow.uid = evil;
	finish(world_post_form(w, "password=p"), 201, "&lt;script&gt;");
	x = world_post_form(w, "password=p&%3Cscript%3E=1");
	finish(x, 400, "&lt;script&gt;");
	x = world_get(w, LINK, JSON);
	assert_non_null(strstr(x->body.data, "\\\"><script>"));
	fake_http_free(x);
	world_free(w);
}

static void
a_page_that_would_be_too_long_is_a_plain_failure(void **state)
{
	enum { LEN = 100 * 1024 };
	struct world *w = world_new();
	char *quotes = arena_alloc(w->arena, LEN + 1);
	struct http_exchange *x;

	(void)state;
	memset(quotes, '"', LEN);
	w->inv.person.value[PERSON_POSITION] = quotes;
	x = world_get_by_cookie(w);
	assert_string_equal(x->type, "application/problem+json");
	assert_true(x->body.len < 4096);
	finish(x, 500, "Something went wrong");
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		w->inv.person.value[i] = quotes;
	finish(world_get(w, LINK, JSON), 500, "Something went wrong");
	world_free(w);
}

static void
a_refused_form_keeps_what_was_typed_but_no_password(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->flow.accept_code = ERR_INVALID;
	field_errors_add(&w->errors, "phone", "invalid", "The phone number is wrong.");
	x = world_post_form(w, "phone=0123-typed&password=canary-word&password_again=canary-word");
	assert_non_null(strstr(x->body.data, "value=\"0123-typed\""));
	assert_non_null(strstr(x->body.data, "aria-describedby=\"hint-phone error-phone\""));
	assert_null(strstr(x->body.data, "canary-word"));
	assert_null(memmem(x->request.body, x->request.body_len, "canary", 6));
	assert_string_equal(w->flow.password, "canary-word");
	finish(x, 422, "href=\"#f-phone\"");
	w->flow.accept_code = ERR_UNAVAILABLE;
	finish(world_post_form(w, "phone=0123-typed&password=p"), 503, "value=\"0123-typed\"");
	world_free(w);
}

static void
an_account_that_only_lacks_a_password_asks_for_nothing_else(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->flow.view.needs_password_only = true;
	x = world_get_by_cookie(w);
	assert_null(strstr(x->body.data, "name=\"phone\""));
	assert_null(strstr(x->body.data, "This invitation ends"));
	finish(x, 200, "Set my password");
	world_free(w);
}

static void
assets_are_kept_for_ever_under_their_hash(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = world_get_by_cookie(w);
	const char *at = strstr(x->body.data, "/join/assets/style.");
	char url[80];

	(void)state;
	assert_non_null(at);
	snprintf(url, sizeof(url), "%.*s", (int)strcspn(at, "\""), at);
	fake_http_free(x);
	x = world_get(w, url, NULL);
	assert_string_equal(x->type, "text/css; charset=utf-8");
	assert_string_equal(
	    fake_http_reply_header(x, "Cache-Control"), "public, max-age=31536000, immutable");
	finish(x, 200, ":root");
	x = world_get_by_cookie(w);
	at = strstr(x->body.data, "/join/assets/join.");
	assert_non_null(at);
	snprintf(url, sizeof(url), "%.*s", (int)strcspn(at, "\""), at);
	fake_http_free(x);
	x = world_get(w, url, NULL);
	assert_string_equal(x->type, "text/javascript; charset=utf-8");
	finish(x, 200, "follow");
	finish(world_get(w, "/join/assets/style.css", NULL), 404, NULL);
	finish(world_get(w, "/join/assets/head.html", NULL), 404, NULL);
	world_free(w);
}

static void
guessing_slows_down_and_leaves_real_links_alone(void **state)
{
	struct world *w = world_new();

	(void)state;
	w->conf.posts_per_minute = 2;
	world_rebuild(w);
	finish(world_get(w, "/join/guess", JSON), 404, NULL);
	finish(world_get(w, "/join/guess", NULL), 404, NULL);
	finish(world_get(w, "/join/guess", JSON), 429, NULL);
	finish(world_get(w, LINK, NULL), 303, NULL);
	w->flow.view.state = VIEW_UNKNOWN;
	finish(world_get(w, LINK, NULL), 429, "1 second");
	w->mono_ms += 1000;
	finish(world_get(w, LINK, NULL), 404, NULL);
	finish(world_get(w, LINK, NULL), 429, "2 seconds");
	w->flow.view.state = VIEW_OPEN;
	finish(world_get(w, LINK, NULL), 303, NULL);
	finish(world_post_json(w, "{\"password\":\"p\"}"), 201, NULL);
	finish(world_post_json(w, "{\"password\":\"p\"}"), 201, NULL);
	finish(world_post_json(w, "{\"password\":\"p\"}"), 429, NULL);
	assert_int_equal(w->flow.accepts, 2);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_of_a_link_is_told_in_both_forms),
		cmocka_unit_test(each_outcome_of_a_registration_is_told_in_both_forms),
		cmocka_unit_test(a_link_is_traded_for_a_cookie_that_goes_on_with_it),
		cmocka_unit_test(a_form_is_noted_as_shown_to_whoever_sees_it),
		cmocka_unit_test(plain_http_and_a_path_prefix_follow_public_url),
		cmocka_unit_test(the_json_view_says_what_may_be_set),
		cmocka_unit_test(hostile_values_stay_text),
		cmocka_unit_test(a_page_that_would_be_too_long_is_a_plain_failure),
		cmocka_unit_test(a_refused_form_keeps_what_was_typed_but_no_password),
		cmocka_unit_test(an_account_that_only_lacks_a_password_asks_for_nothing_else),
		cmocka_unit_test(assets_are_kept_for_ever_under_their_hash),
		cmocka_unit_test(guessing_slows_down_and_leaves_real_links_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
