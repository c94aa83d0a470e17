#include "web_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"

static int64_t
world_wall_ms(void *arg)
{
	return ((struct world *)arg)->wall_ms;
}

static int64_t
world_mono_ms(void *arg)
{
	return ((struct world *)arg)->mono_ms;
}

static void
world_invite_ada(struct invitation *inv)
{
	static const char *const ada[PERSON_FIELD_COUNT] = {
		[PERSON_GIVEN_NAME] = "Ada",
		[PERSON_FAMILY_NAME] = "Lovelace",
		[PERSON_DISPLAY_NAME] = "Ada Lovelace",
		[PERSON_GENDER] = "female",
		[PERSON_BIRTHDAY] = "1990-12-10",
		[PERSON_MAIL] = "ada.lovelace@example.org",
		[PERSON_PHONE] = "+442071234567",
		[PERSON_ORG_UNIT] = "ou=Engineering,ou=People,dc=example,dc=org",
		[PERSON_POSITION] = "Analyst",
		[PERSON_LANGUAGE] = "en-GB",
		[PERSON_UID] = "ada.lovelace",
	};

	memcpy(inv->person.value, ada, sizeof(ada));
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		inv->modes[i] = FIELD_FIXED;
	inv->modes[PERSON_PHONE] = FIELD_SUGGESTED;
	inv->modes[PERSON_GENDER] = FIELD_FREE;
	inv->expires_at = 1796047200000; /* 2026-11-30T14:00:00Z */
}

struct world *
world_new(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	assert(sodium_init() >= 0);
	w->loop = loop_new();
	w->arena = arena_new(0);
	w->clock = (struct clock){ world_wall_ms, world_mono_ms, w };
	w->wall_ms = 1795424400000; /* 2026-11-23T09:00:00Z */
	w->mono_ms = 1000000;
	world_invite_ada(&w->inv);
	field_errors_init(&w->errors, w->arena);
	w->flow = (struct flow){ .loop = w->loop,
		.view = { VIEW_OPEN, &w->inv, false },
		.uid = "ada.lovelace",
		.errors = &w->errors,
		.password_min = 15 };
	w->conf = (struct web_conf){ .flow = &w->flow,
		.clock = &w->clock,
		.organisation = "Analytical Engines",
		.public_url = "https://join.example.org",
		.sign_in_url = "https://portal.example.org/",
		.help_contact = "help@example.org" };
	memset(w->conf.cookie_key, 7, sizeof(w->conf.cookie_key));
	w->web = web_new(&w->conf);
	return w;
}

void
world_rebuild(struct world *w)
{
	web_free(w->web);
	w->web = web_new(&w->conf);
}

void
world_free(struct world *w)
{
	web_free(w->web);
	loop_free(w->loop);
	arena_free(w->arena);
	free(w);
}

struct world_run {
	struct world *w;
	struct http_exchange *x;
	int turns;
};

/* A request has at most three steps; one that is never answered must not hang the test. */
static void
world_run_turn(void *arg)
{
	struct world_run *run = arg;

	if (run->x->replies > 0 || ++run->turns == 10)
		loop_stop(run->w->loop);
	else
		loop_defer(run->w->loop, world_run_turn, run);
}

void
world_run(struct world *w, struct http_exchange *x)
{
	struct world_run run = { w, x, 0 };

	if (w->client != NULL)
		x->request.client = w->client;
	assert(fake_http_run(x, web_routes, w->web));
	world_run_turn(&run);
	if (x->replies == 0)
		loop_run(w->loop);
	assert(x->replies == 1);
}

struct http_exchange *
world_get(struct world *w, const char *path, const char *accept)
{
	struct http_exchange *x = fake_http_new(HTTP_GET, path, NULL);

	if (accept != NULL)
		fake_http_set_header(x, "accept", accept);
	world_run(w, x);
	return x;
}

const char *
world_cookie(struct world *w, const struct http_exchange *x)
{
	const char *set = fake_http_reply_header(x, "Set-Cookie");

	return set == NULL ? NULL : arena_dup(w->arena, set, strcspn(set, ";"));
}

/* Opens the link; afterwards flow.attempt is the cookie's attempt. */
static const char *
world_open(struct world *w)
{
	struct accept_view view = w->flow.view;
	enum err code = w->flow.view_code;
	struct http_exchange *x;
	const char *cookie;

	w->flow.view = (struct accept_view){ VIEW_OPEN, &w->inv, false };
	w->flow.view_code = ERR_OK;
	x = world_get(w, "/join/" WORLD_TOKEN, NULL);
	cookie = world_cookie(w, x);
	fake_http_free(x);
	w->flow.view = view;
	w->flow.view_code = code;
	assert(cookie != NULL);
	return cookie;
}

struct http_exchange *
world_get_by_cookie(struct world *w)
{
	const char *cookie = world_open(w);
	struct http_exchange *x = fake_http_new(HTTP_GET, "/join", NULL);

	fake_http_set_header(x, "cookie", cookie);
	world_run(w, x);
	return x;
}

struct http_exchange *
world_post_form(struct world *w, const char *fields)
{
	const char *cookie = world_open(w);
	struct http_exchange *x = fake_http_new(
	    HTTP_POST, "/join", arena_printf(w->arena, "attempt=%s&%s", w->flow.attempt, fields));

	fake_http_set_header(x, "cookie", cookie);
	fake_http_set_header(x, "content-type", WORLD_FORM);
	world_run(w, x);
	return x;
}

struct http_exchange *
world_post_json(struct world *w, const char *body)
{
	struct http_exchange *x = fake_http_new(HTTP_POST, "/join/" WORLD_TOKEN, body);

	fake_http_set_header(x, "content-type", "application/json");
	world_run(w, x);
	return x;
}
