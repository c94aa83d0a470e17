#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "auth_world.h"

struct auth_world world;

static const unsigned char source[STORE_SOURCE_SIZE] = { 1 };
static const struct store_note note = { .actor = "person" };

static const struct auth_role_conf roles[] = {
	{ .role = AUTH_ADMINISTRATOR, .group = ADMINS },
	{ .role = AUTH_INVITER,
	    .group = INVITERS,
	    .places = { BERLIN },
	    .place_count = 1,
	    .quota = 5 },
	{ .role = AUTH_AUDITOR, .group = AUDITORS, .places = { PARIS }, .place_count = 1 },
};

/* ---- what auth asks ---- */

static int64_t
world_wall(void *arg)
{
	(void)arg;
	return world.wall;
}

static int64_t
world_mono(void *arg)
{
	(void)arg;
	return world.mono;
}

static const struct clock clocks = { .wall_ms = world_wall, .mono_ms = world_mono };

static const char *
world_group_of(size_t member)
{
	return world.roster.members[member].group;
}

/* What the list has of a person who is there: false otherwise. */
static bool
world_listed_groups(const char *person, bool member[WORLD_GROUPS])
{
	char dn[128] = "";

	for (size_t i = 0; i < FAKE_PEOPLE_MAX; i++)
		if (world.roster.people[i].id != NULL &&
		    strcmp(world.roster.people[i].id, person) == 0 &&
		    world.roster.people[i].status == FEED_ACTIVE)
			snprintf(dn, sizeof(dn), "uid=%s,%s", world.roster.people[i].rdn, BERLIN);
	for (size_t i = 0; i < FAKE_MEMBERS_MAX && world.roster.members[i].dn != NULL; i++)
		if (strcasecmp(world.roster.members[i].dn, dn) == 0)
			for (size_t g = 0; g < WORLD_GROUPS; g++)
				if (strcmp(world_group_of(i), roles[g].group) == 0)
					member[g] = true;
	return dn[0] != '\0';
}

/* One question to the directory. */
struct world_look {
	struct auth *auth;
	char person[ID_SIZE];
	int64_t asked_at;
};

static void
world_answer(void *arg)
{
	struct world_look *look = arg;
	bool member[WORLD_GROUPS] = { false };
	bool is_there;

	if (world.auth != look->auth)
		return;
	if (world.is_away) {
		auth_person_unseen(world.auth, look->person);
		return;
	}
	if (world.told != NULL && strcmp(world.told, look->person) == 0) {
		is_there = world.told_groups != NULL;
		if (is_there)
			auth_world_members(world.told_groups, member);
	} else
		is_there = world_listed_groups(look->person, member);
	auth_person_seen(world.auth, look->person, is_there ? member : NULL, look->asked_at);
}

static void
world_look_at(void *arg, const char *person)
{
	struct world_look *look = arena_alloc(world.arena, sizeof(*look));

	(void)arg;
	world.asked++;
	snprintf(world.asked_about, sizeof(world.asked_about), "%s", person);
	*look = (struct world_look){ .auth = world.auth, .asked_at = world.mono };
	snprintf(look->person, sizeof(look->person), "%s", person);
	if (!world.is_silent)
		loop_defer(world.loop, world_answer, look);
}

/* "OU=" as the server spells it is the only spelling that needs it here. */
static bool
world_normalise(const char *dn, struct arena *arena, const char **normal)
{
	char *copy = arena_strdup(arena, dn);

	for (char *p = strstr(copy, "OU="); p != NULL; p = strstr(p, "OU=")) {
		p[0] = 'o';
		p[1] = 'u';
	}
	*normal = copy;
	return strcmp(dn, "uid=unreadable," BERLIN) != 0;
}

/* ---- life ---- */

static void
world_stop_loop(void *arg)
{
	(void)arg;
	loop_stop(world.loop);
}

void
auth_world_start(void)
{
	const struct auth_conf conf = { .loop = world.loop,
		.store = world.store,
		.roster = fake_auth_roster_of(&world.roster),
		.clock = &clocks,
		.admin_gid = (gid_t)-1,
		.roles = roles,
		.role_count = sizeof(roles) / sizeof(roles[0]),
		.idle_ms = 15 * WORLD_MINUTE,
		.lifetime_ms = 8 * 60 * WORLD_MINUTE,
		.grace_ms = 10 * WORLD_MINUTE,
		.look_at = world_look_at,
		.normalise = world_normalise,
		.sweep_ms = 1 };

	world.auth = auth_new(&conf, world_stop_loop, NULL);
	loop_run(world.loop);
}

void
auth_world_stop(void)
{
	auth_free(world.auth);
	world.auth = NULL;
}

int
auth_world_setup(void **state)
{
	(void)state;
	world = (struct auth_world){ .wall = (int64_t)WORLD_WALL * 1000,
		.mono = 5000,
		.roster = { .state = ROSTER_COMPLETE, .version = 1 } };
	world.loop = loop_new();
	world.store = fake_store_new(world.loop);
	world.arena = arena_new(0);
	auth_world_person(0, ADA, "ada", FEED_ACTIVE);
	auth_world_person(1, BOB, "bob", FEED_ACTIVE);
	auth_world_person(2, CAROL, "carol", FEED_ACTIVE);
	world.roster.members[0].dn = "UID=ada," BERLIN;
	world.roster.members[0].group = ADMINS;
	world.roster.members[1].dn = "uid=bob," BERLIN;
	world.roster.members[1].group = INVITERS;
	auth_world_start();
	return 0;
}

int
auth_world_teardown(void **state)
{
	(void)state;
	secret_free(world.secret);
	secret_free(world.clear);
	auth_free(world.auth);
	world.auth = NULL; /* answers that are still on their way find nobody */
	loop_free(world.loop);
	arena_free(world.arena);
	fake_store_free(world.store);
	return 0;
}

/* ---- time ---- */

void
auth_world_pass(int64_t ms)
{
	world.wall += ms;
	world.mono += ms;
}

void
auth_world_turn(void)
{
	loop_defer(world.loop, world_stop_loop, NULL);
	loop_run(world.loop);
}

/* The sweep sleeps for 1 ms, or 10 within a round; what it writes is answered on the turn after. */
void
auth_world_sweep(void)
{
	struct loop_timer *t = loop_timer_new(world.loop, world_stop_loop, NULL);

	for (int i = 0; i < 2; i++) {
		loop_timer_set(t, 20);
		loop_run(world.loop);
	}
	loop_timer_free(t);
	auth_world_turn();
}

/* ---- people ---- */

void
auth_world_list_changed(void)
{
	world.roster.version++;
}

void
auth_world_person(size_t at, const char *id, const char *uid, enum feed_status status)
{
	world.roster.people[at].id = id;
	world.roster.people[at].rdn = uid;
	world.roster.people[at].org_unit = "OU=berlin,ou=people,dc=x";
	world.roster.people[at].status = status;
	auth_world_list_changed();
}

void
auth_world_leave(const char *dn)
{
	for (size_t i = 0; i < FAKE_MEMBERS_MAX; i++)
		if (world.roster.members[i].dn != NULL &&
		    strcmp(world.roster.members[i].dn, dn) == 0)
			world.roster.members[i].group = "cn=none";
	auth_world_list_changed();
}

void
auth_world_members(const char *groups, bool member[WORLD_GROUPS])
{
	static const char letters[] = "AIU";

	for (size_t i = 0; i < WORLD_GROUPS; i++)
		member[i] = strchr(groups, letters[i]) != NULL;
}

void
auth_world_directory_says(const char *person, const char *groups)
{
	world.told = person;
	world.told_groups = groups;
}

/* ---- sessions ---- */

static void
world_on_session(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, const struct fault *f)
{
	(void)arg, (void)f;
	world.answers++;
	world.code = code;
	assert_int_equal(code == ERR_OK, session != NULL);
	secret_free(world.secret);
	world.secret = NULL;
	if (session != NULL) {
		world.session = *session;
		world.secret = *secret;
		*secret = NULL;
	}
	loop_stop(world.loop);
}

void
auth_world_arrive(const char *person, const char *groups, int64_t seen_at)
{
	bool member[WORLD_GROUPS];

	auth_world_members(groups, member);
	auth_session_new(world.auth,
	    &(struct auth_session_spec){ .person = person,
		.member = member,
		.seen_at = seen_at,
		.source = source,
		.agent = world.agent,
		.note = &note },
	    world_on_session, NULL);
	loop_run(world.loop);
}

void
auth_world_sign_in(const char *person, const char *groups)
{
	auth_world_arrive(person, groups, world.mono);
}

static enum err
world_check_once(const struct secret *secret, struct principal *who)
{
	struct fault f = { .text = "" };
	enum err code = auth_check_session(
	    world.auth, secret_bytes(secret), secret_len(secret), world.arena, who, &f);

	if (code == ERR_UNAUTHENTICATED)
		assert_string_equal(f.text, "the session is unknown or has ended");
	return code;
}

/* As the API does; for a directory that says nothing nobody waits here. */
static bool
world_waits(enum err code, const struct principal *who)
{
	if (code != ERR_UNAVAILABLE || world.is_silent ||
	    !auth_await_person(world.auth, who->person, world_stop_loop, NULL))
		return false;
	loop_run(world.loop);
	return true;
}

enum err
auth_world_check(const struct secret *secret, struct principal *who)
{
	enum err code = world_check_once(secret, who);

	return world_waits(code, who) ? world_check_once(secret, who) : code;
}

enum err
auth_world_check_last(struct principal *who)
{
	return auth_world_check(world.secret, who);
}

void
auth_world_on_done(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)f;
	world.answers++;
	world.code = code;
	loop_stop(world.loop);
}

/* ---- tokens ---- */

static void
world_on_token(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	(void)arg, (void)f;
	world.answers++;
	world.code = code;
	if (code == ERR_OK) {
		world.token = *t; /* its places die with the callback */
		world.clear = *clear;
		*clear = NULL;
	}
	loop_stop(world.loop);
}

void
auth_world_make_token(
    const struct principal *maker, unsigned scopes, const char *const *places, size_t count)
{
	struct auth_token_spec spec = { .name = "ci",
		.scopes = scopes,
		.expires_in = 3600,
		.maker = maker,
		.places = places,
		.place_count = count,
		.note = &note };
	struct fault f;

	secret_free(world.clear);
	world.clear = NULL;
	assert_true(auth_token_new(world.auth, &spec, world_on_token, NULL, &f));
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_OK);
}

static enum err
world_check_token_once(const struct secret *clear, struct principal *who)
{
	struct fault f = { .text = "" };
	enum err code = auth_check_token(
	    world.auth, secret_bytes(clear), secret_len(clear), world.arena, who, &f);

	if (code == ERR_UNAUTHENTICATED)
		assert_string_equal(f.text, "the token is unknown or expired");
	return code;
}

enum err
auth_world_check_token(const struct secret *clear, struct principal *who)
{
	enum err code = world_check_token_once(clear, who);

	return world_waits(code, who) ? world_check_token_once(clear, who) : code;
}

bool
auth_world_reaches(
    const struct principal *who, unsigned scopes, const char *place, const char *owner)
{
	size_t quota;

	return reach_covers(auth_reach(who, scopes, world.arena, &quota), place, owner);
}
