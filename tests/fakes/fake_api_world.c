#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "fake_api_world.h"

struct api_world world;

static int64_t
test_time(void *arg)
{
	(void)arg;
	return world.wall;
}

static const struct clock test_clock = { .wall_ms = test_time, .mono_ms = test_time };

static const struct audit_verdict sound = { .records = 1 };

static void
test_looked_at(void *arg)
{
	if (world.auth == NULL)
		return;
	if (world.directory_is_away)
		auth_person_unseen(world.auth, arg);
	else
		auth_person_seen(world.auth, arg, fake_access.member, world.wall);
}

static void
test_look_at(void *arg, const char *person)
{
	static char asked[ID_SIZE];

	(void)arg;
	world.looks++;
	snprintf(asked, sizeof(asked), "%s", person);
	loop_defer(world.loop, test_looked_at, asked);
}

static const struct auth_role_conf roles[] = {
	{ .role = AUTH_ADMINISTRATOR, .group = FAKE_ADMINS },
	{ .role = AUTH_INVITER,
	    .group = FAKE_INVITERS,
	    .places = { FAKE_PLACE },
	    .place_count = 1,
	    .quota = 5 },
};

static const char *const languages[] = { "en", "de", "pt-BR" };

static size_t
test_health(void *arg, struct health_check *checks, size_t max)
{
	(void)arg;
	assert_true(max >= world.health_count);
	memcpy(checks, world.health_checks, world.health_count * sizeof(checks[0]));
	return world.health_count;
}

static void
test_status(void *arg, struct arena *arena, struct api_status *out)
{
	(void)arg, (void)arena;
	*out = world.status;
}

static void
stop_loop(void *arg)
{
	(void)arg;
	loop_stop(world.loop);
}

int
api_world_setup(void **state)
{
	struct api_conf conf = { .clock = &test_clock,
		.public_url = "https://join.example.org",
		.health = test_health,
		.status = test_status };

	(void)state;
	world.wall = NOW;
	world.directory_is_away = false;
	world.looks = 0;
	world.status = (struct api_status){ .version = "1.2.3" };
	world.loop = loop_new();
	world.store = fake_store_new(world.loop);
	struct auth_conf auth = { .loop = world.loop,
		.store = world.store,
		.roster = fake_roster_of(&world.roster),
		.clock = &test_clock,
		.admin_gid = (gid_t)-1,
		.roles = roles,
		.role_count = sizeof(roles) / sizeof(roles[0]),
		.idle_ms = 15 * 60 * 1000,
		.lifetime_ms = 8 * 3600 * 1000,
		.grace_ms = 10 * 60 * 1000,
		.look_at = test_look_at,
		.normalise = flow_dn_normalise };

	world.roster = (struct fake_roster){ .loop = world.loop, .version = 7 };
	world.auth = auth_new(&auth, stop_loop, NULL);
	loop_run(world.loop);
	world.flow = (struct fake_flow){
		.loop = world.loop, .inv = fake_invitation_new(NOW), .user = &fake_user
	};
	fake_hooks_reset(world.loop);
	fake_access = (struct fake_access){
		.loop = world.loop, .auth = world.auth, .clock = &test_clock, .verdict = &sound
	};
	conf.loop = world.loop;
	conf.beat_ms = world.beats_rarely ? 3600 * 1000 : 1;
	conf.flow = fake_flow_of(&world.flow);
	conf.roster = fake_roster_of(&world.roster);
	conf.people_base = "OU=People,dc=example,dc=org";
	conf.auth = world.auth;
	conf.idle_s = 900;
	conf.settings = (struct api_settings){ .organisation = "Engines \"Ltd\"",
		.languages = languages,
		.language_count = sizeof(languages) / sizeof(languages[0]),
		.default_language = "de" };
	world.api = api_new(&conf);
	return 0;
}

int
api_world_teardown(void **state)
{
	(void)state;
	api_free(world.api);
	auth_free(world.auth);
	world.auth = NULL; /* answers that are still on their way find nobody */
	invitation_free(world.flow.inv);
	loop_free(world.loop);
	fake_store_free(world.store);
	return 0;
}

static void
on_made(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	(void)arg, (void)t, (void)f;
	assert_int_equal(code, ERR_OK);
	snprintf(world.token_text, sizeof(world.token_text), "Bearer %s", secret_bytes(*clear));
	loop_stop(world.loop);
}

static void
make_token(unsigned scopes, size_t place_count)
{
	static const char *const places[] = { FAKE_PLACE };
	static const struct auth_grant all = { .scopes = AUTH_ALL };
	static const struct principal root = {
		.name = "uid:0", .scopes = AUTH_ALL, .grants = &all, .grant_count = 1
	};
	const struct store_note note = { .actor = "uid:0" };
	struct auth_token_spec spec = { .name = "test",
		.scopes = scopes,
		.expires_in = 60,
		.maker = &root,
		.places = places,
		.place_count = place_count,
		.note = &note };
	struct fault f;

	assert_true(auth_token_new(world.auth, &spec, on_made, NULL, &f));
	loop_run(world.loop);
}

void
api_world_make_token(unsigned scopes)
{
	make_token(scopes, 0);
}

void
api_world_make_limited_token(unsigned scopes)
{
	make_token(scopes, 1);
}

struct http_exchange *
api_world_send(struct fake_request q)
{
	struct http_exchange *x = fake_http_send(world.loop, api_routes, world.api, &q);
	const char *type = fake_http_type(x);

	if (type != NULL && strstr(type, "json") != NULL && q.method != HTTP_HEAD) {
		json_t *body = json_loads(fake_http_body(x), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(body); /* every reply is JSON */
		json_decref(body);
	}
	return x;
}

struct http_exchange *
api_world_send_root(enum http_method method, const char *path, const char *query, const char *body)
{
	return api_world_send((struct fake_request){
	    .method = method, .listener = HTTP_UNIX, .path = path, .query = query, .body = body });
}

json_t *
api_world_body(struct http_exchange *x)
{
	json_t *body = json_loads(fake_http_body(x), 0, NULL);

	assert_non_null(body);
	return body;
}

const char *
api_world_error_on(const json_t *problem, const char *field)
{
	const json_t *errors = json_object_get(problem, "errors"), *e;
	size_t i;

	json_array_foreach(errors, i, e)
	{
		if (strcmp(json_string_value(json_object_get(e, "field")), field) == 0)
			return json_string_value(json_object_get(e, "code"));
	}
	return "";
}
