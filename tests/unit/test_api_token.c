/* /api/v1/tokens of a person whose rights are not limited, by tokens of theirs that are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_session.h"

#define TOKENS "/api/v1/tokens"
#define BELOW  "ou=ships," FAKE_PLACE
#define ARMY   "ou=army,ou=people,dc=example,dc=org"

enum { KEPT_MAX = 8 };
static struct {
	char path[64], bearer[128];
} kept[KEPT_MAX];

/* By the session; `places` are the items of org_units, or NULL. Its path and its secret. */
static void
make(size_t index, const char *places)
{
	char body[512];
	struct http_exchange *x;
	json_t *made;

	snprintf(body, sizeof(body),
	    "{\"name\":\"t%zu\",\"scopes\":[\"tokens\"],\"expires_in\":60%s%s%s}", index,
	    places != NULL ? ",\"org_units\":[" : "", places != NULL ? places : "",
	    places != NULL ? "]" : "");
	x = session_ask(HTTP_POST, TOKENS, body);
	assert_int_equal(fake_http_status(x), 201);
	made = api_world_body(x);
	snprintf(
	    kept[index].path, sizeof(kept[index].path), TOKENS "/%s", session_text(made, "id"));
	snprintf(kept[index].bearer, sizeof(kept[index].bearer), "Bearer %s",
	    session_text(made, "token"));
	json_decref(made);
	fake_http_free(x);
}

static struct http_exchange *
ask(size_t as, enum http_method method, const char *path)
{
	return api_world_send((struct fake_request){
	    .method = method, .path = path, .authorization = kept[as].bearer });
}

static bool
sees(size_t as, size_t other)
{
	struct http_exchange *x = ask(as, HTTP_GET, TOKENS);
	char name[16];
	bool found;

	assert_int_equal(fake_http_status(x), 200);
	snprintf(name, sizeof(name), "\"t%zu\"", other);
	found = strstr(fake_http_body(x), name) != NULL;
	fake_http_free(x);
	return found;
}

static void
a_limited_token_manages_none_that_reaches_further(void **state)
{
	enum { LIMITED, TWIN, BENEATH, BOTH, FREE, COUNT };
	static const struct roster_place places[] = {
		{ .dn = FAKE_PLACE, .normal = FAKE_PLACE, .name = "navy", .parent = SIZE_MAX },
		{ .dn = BELOW, .normal = BELOW, .name = "ships", .parent = 0 },
		{ .dn = ARMY, .normal = ARMY, .name = "army", .parent = SIZE_MAX },
	};

	(void)state;
	world.roster.places = places;
	world.roster.place_count = 3;
	world.roster.member = true;
	session_sign_in();
	make(LIMITED, "\"" FAKE_PLACE "\"");
	make(TWIN, "\"OU=Navy,ou=people,dc=example,dc=org\"");
	make(BENEATH, "\"" BELOW "\"");
	make(BOTH, "\"" FAKE_PLACE "\",\"" ARMY "\"");
	make(FREE, NULL);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(sees(LIMITED, i), i < BOTH);
		assert_int_equal(sees(BENEATH, i), i == BENEATH);
		assert_true(sees(FREE, i));
	}
	session_expect(ask(LIMITED, HTTP_DELETE, kept[BOTH].path), 404);
	session_expect(ask(LIMITED, HTTP_DELETE, kept[FREE].path), 404);
	session_expect(ask(BENEATH, HTTP_DELETE, kept[LIMITED].path), 404);
	session_expect(ask(LIMITED, HTTP_DELETE, kept[BENEATH].path), 204);
	session_expect(ask(LIMITED, HTTP_DELETE, kept[LIMITED].path), 204);
	session_expect(ask(FREE, HTTP_DELETE, kept[BOTH].path), 204);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_limited_token_manages_none_that_reaches_further,
		    session_setup, api_world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
