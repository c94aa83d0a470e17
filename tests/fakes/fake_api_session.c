#include "fake_api_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

char session_cookie[128];

const char *
session_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

struct http_exchange *
session_post(const char *body)
{
	return api_world_send((struct fake_request){
	    .method = HTTP_POST, .path = SESSION, .body = body, .cookie = session_cookie });
}

struct http_exchange *
session_ask(enum http_method method, const char *path, const char *body)
{
	return api_world_send((struct fake_request){ .method = method,
	    .path = path,
	    .body = body,
	    .cookie = session_cookie,
	    .sec_fetch_site = "same-origin" });
}

void
session_keep_cookie(const struct http_exchange *x)
{
	const char *set = fake_http_reply_header(x, "Set-Cookie");

	assert_non_null(set);
	snprintf(session_cookie, sizeof(session_cookie), "%.*s", (int)strcspn(set, ";"), set);
}

void
session_sign_in(void)
{
	struct http_exchange *x;

	fake_access.code = ERR_OK;
	x = session_post(GOOD);
	assert_int_equal(fake_http_status(x), 201);
	session_keep_cookie(x);
	fake_http_free(x);
}

int
session_setup(void **state)
{
	session_cookie[0] = '\0';
	api_world_setup(state);
	fake_access.member[0] = true;
	return 0;
}

void
session_expect(struct http_exchange *x, int status)
{
	if (fake_http_status(x) != status)
		fail_msg("%d: %s", fake_http_status(x), fake_http_body(x));
	fake_http_free(x);
}
