#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/auth.h"
#include "../fakes/fake_auth_store.h"

enum { NOW = 1000000000 };

static int64_t wall = NOW, mono = 5000;

static int64_t
test_wall(void *arg)
{
	(void)arg;
	return wall;
}

static int64_t
test_mono(void *arg)
{
	(void)arg;
	return mono;
}

static const struct clock test_clock = { .wall_ms = test_wall, .mono_ms = test_mono };

static struct loop *loop;
static struct store *store;
static struct auth *auth;
static struct arena *arena;
static const struct principal root = { .name = "uid:0" };
static const struct store_note root_note = { .actor = "uid:0", .request_id = "r1" };
static int ready_calls;

/* What the last callback said. */
static enum err made_code, deleted_code;
static struct api_token made;
static struct secret *clear;
static int calls;

static void
on_ready(void *arg)
{
	(void)arg;
	ready_calls++;
	loop_stop(loop);
}

static void
on_made(void *arg, enum err code, const struct api_token *t, struct secret **text,
    const struct fault *f)
{
	(void)arg, (void)f;
	calls++;
	made_code = code;
	if (code == ERR_OK) {
		made = *t;
		clear = *text;
		*text = NULL;
	}
	loop_stop(loop);
}

static void
on_deleted(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)f;
	calls++;
	deleted_code = code;
	loop_stop(loop);
}

static int
setup(void **state)
{
	struct auth_conf conf = { .clock = &test_clock, .admin_gid = (gid_t)-1 };

	(void)state;
	wall = NOW;
	ready_calls = calls = 0;
	clear = NULL;
	loop = loop_new();
	store = fake_store_new(loop);
	arena = arena_new(0);
	conf.loop = loop;
	conf.store = store;
	auth = auth_new(&conf, on_ready, NULL);
	assert_int_equal(ready_calls, 0);
	loop_run(loop);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	secret_free(clear);
	auth_free(auth);
	arena_free(arena);
	loop_free(loop);
	fake_store_free(store);
	return 0;
}

static void
make(unsigned scopes, int64_t expires_in)
{
	struct auth_token_spec spec = { .name = "ci",
		.scopes = scopes,
		.expires_in = expires_in,
		.maker = &root,
		.note = &root_note };
	struct fault f;

	secret_free(clear);
	clear = NULL;
	assert_true(auth_token_new(auth, &spec, on_made, NULL, &f));
	loop_run(loop);
}

static enum err
check(const char *text, size_t len, struct principal *who)
{
	struct fault f = { .text = "" };
	enum err code = auth_check_token(auth, text, len, arena, who, &f);

	if (code != ERR_OK)
		assert_string_equal(f.text, "the token is unknown or expired");
	return code;
}

static enum err
check_clear(struct principal *who)
{
	return check(secret_bytes(clear), secret_len(clear), who);
}

static void
scopes_have_names_and_names_have_scopes(void **state)
{
	unsigned bit, all = 0;
	const char *name;

	(void)state;
	for (size_t i = 0; (name = auth_scope_name(i, &bit)) != NULL; i++) {
		assert_int_equal(auth_scope_by_name(name), bit);
		all |= bit;
	}
	assert_int_equal(all, AUTH_ALL);
	assert_int_equal(auth_scope_by_name("all"), AUTH_ALL);
	assert_int_equal(auth_scope_by_name("invitations"), 0);
	assert_int_equal(auth_scope_by_name(""), 0);
}

static void
a_made_token_works_at_once_with_its_scopes_even_when_the_watch_is_silent(void **state)
{
	struct principal who;
	char expected[64];

	(void)state;
	fake_store_mute_watch(store, true);
	make(AUTH_INVITATIONS_READ, 3600);
	assert_int_equal(made_code, ERR_OK);
	assert_int_equal(calls, 1);
	assert_int_equal(secret_len(clear), 70);
	assert_memory_equal(secret_bytes(clear), "ush_", 4);
	assert_int_equal(check_clear(&who), ERR_OK);
	assert_int_equal(who.scopes, AUTH_INVITATIONS_READ);
	snprintf(expected, sizeof(expected), "token:%s", made.id);
	assert_string_equal(who.name, expected);
	assert_int_equal(auth_token_count(auth), 1);
	assert_string_equal(auth_token_at(auth, 0)->name, "ci");
}

static void
no_token_with_one_changed_character_is_known(void **state)
{
	struct principal who;
	char text[80];

	(void)state;
	make(AUTH_ALL, 3600);
	for (size_t i = 0; i < secret_len(clear); i++) {
		memcpy(text, secret_bytes(clear), secret_len(clear));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(check(text, secret_len(clear), &who), ERR_UNAUTHENTICATED);
		text[i] = '\0';
		assert_int_equal(check(text, secret_len(clear), &who), ERR_UNAUTHENTICATED);
		assert_int_equal(check(secret_bytes(clear), i, &who), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(check("", 0, &who), ERR_UNAUTHENTICATED);
}

static void
a_token_ends_at_its_expiry(void **state)
{
	struct principal who;

	(void)state;
	make(AUTH_ALL, 60);
	wall = NOW + 59999;
	assert_int_equal(check_clear(&who), ERR_OK);
	wall = NOW + 60000;
	assert_int_equal(check_clear(&who), ERR_UNAUTHENTICATED);
}

static void
a_deleted_token_stops_at_once(void **state)
{
	struct store_note note = { .actor = "uid:0" };
	struct principal who;

	(void)state;
	make(AUTH_ALL, 3600);
	fake_store_mute_watch(store, true);
	auth_token_delete(auth, made.id, &note, on_deleted, NULL);
	loop_run(loop);
	assert_int_equal(deleted_code, ERR_OK);
	assert_int_equal(check_clear(&who), ERR_UNAUTHENTICATED);
	auth_token_delete(auth, made.id, &note, on_deleted, NULL);
	loop_run(loop);
	assert_int_equal(deleted_code, ERR_NOT_FOUND);
}

static void
a_failed_change_changes_nothing(void **state)
{
	struct store_note note = { .actor = "uid:0" };
	struct principal who;

	(void)state;
	fake_store_fail_next(store, ERR_UNAVAILABLE);
	make(AUTH_ALL, 3600);
	assert_int_equal(made_code, ERR_UNAVAILABLE);
	assert_null(clear);
	assert_int_equal(auth_token_count(auth), 0);
	make(AUTH_ALL, 3600);
	fake_store_fail_next(store, ERR_UNKNOWN);
	auth_token_delete(auth, made.id, &note, on_deleted, NULL);
	loop_run(loop);
	assert_int_equal(deleted_code, ERR_UNKNOWN);
	assert_int_equal(check_clear(&who), ERR_OK);
}

static void
what_makes_no_token_is_refused_by_field(void **state)
{
	static const struct {
		struct auth_token_spec spec;
		const char *field;
	} rows[] = {
		{ { .name = NULL, .scopes = AUTH_ALL, .expires_in = 60 }, "name: " },
		{ { .name = "", .scopes = AUTH_ALL, .expires_in = 60 }, "name: " },
		{ { .name = "  ", .scopes = AUTH_ALL, .expires_in = 60 }, "name: " },
		{ { .name = "a\nb", .scopes = AUTH_ALL, .expires_in = 60 }, "name: " },
		{ { .name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		      .scopes = AUTH_ALL,
		      .expires_in = 60 },
		    "name: " },
		{ { .name = "a", .scopes = 0, .expires_in = 60 }, "scopes: " },
		{ { .name = "a", .scopes = AUTH_ALL + 1, .expires_in = 60 }, "scopes: " },
		{ { .name = "a", .scopes = 1, .expires_in = 59 }, "expires_in: " },
		{ { .name = "a", .scopes = 1, .expires_in = INT64_MAX }, "expires_in: " },
		{ { .name = "a", .scopes = 1, .expires_in = INT64_MIN }, "expires_in: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct auth_token_spec spec = rows[i].spec;
		struct fault f;

		spec.maker = &root;
		assert_false(auth_token_new(auth, &spec, on_made, NULL, &f));
		assert_int_equal(f.code, ERR_INVALID);
		assert_memory_equal(f.text, rows[i].field, strlen(rows[i].field));
	}
	assert_int_equal(fake_store_tokens(store), 0);
}

static void
stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* Runs the loop until the watch has been started `count` times and has told what there is. */
static void
run_until_watches(size_t count)
{
	struct loop_timer *t = loop_timer_new(loop, stop_loop, NULL);

	while (fake_store_watches(store) < count) {
		loop_timer_set(t, 5);
		loop_run(loop);
	}
	loop_timer_set(t, 0);
	loop_run(loop);
	loop_timer_free(t);
}

static void
a_broken_watch_keeps_the_known_tokens_and_catches_up_when_it_is_back(void **state)
{
	struct principal who;
	struct api_token first;
	struct secret *first_clear;

	(void)state;
	make(AUTH_ALL, 3600);
	first = made;
	first_clear = clear;
	clear = NULL;
	make(AUTH_ALL, 7200);
	fake_store_break_watch(store);
	fake_store_drop(store, first.id);
	assert_int_equal(check(secret_bytes(first_clear), secret_len(first_clear), &who), ERR_OK);
	wall = NOW + 3600 * 1000;
	assert_int_equal(
	    check(secret_bytes(first_clear), secret_len(first_clear), &who), ERR_UNAUTHENTICATED);
	run_until_watches(2);
	assert_int_equal(
	    check(secret_bytes(first_clear), secret_len(first_clear), &who), ERR_UNAUTHENTICATED);
	assert_int_equal(check_clear(&who), ERR_OK);
	assert_int_equal(ready_calls, 1);
	secret_free(first_clear);
}

static void
freeing_ends_changes_without_their_callbacks(void **state)
{
	struct store_note note = { .actor = "uid:0" };
	struct auth_token_spec spec = { .name = "ci",
		.scopes = AUTH_ALL,
		.expires_in = 60,
		.maker = &root,
		.note = &root_note };
	struct fault f;

	(void)state;
	auth_token_new(auth, &spec, on_made, NULL, &f);
	auth_token_delete(auth, "0123456789abcdef", &note, on_deleted, NULL);
	auth_free(auth);
	auth = NULL;
	loop_defer(loop, stop_loop, NULL);
	loop_run(loop);
	assert_int_equal(calls, 0);
}

static void
the_socket_belongs_to_root_the_daemon_and_the_admin_group(void **state)
{
	static const gid_t groups[] = { 100, 4242, 4243 };
	const uid_t own = geteuid();
	const struct {
		gid_t admin;
		struct auth_peer peer;
		enum err code;
	} rows[] = {
		{ (gid_t)-1, { 0, 0, NULL, 0 }, ERR_OK },
		{ (gid_t)-1, { own, 65534, NULL, 0 }, ERR_OK },
		{ (gid_t)-1, { 4000000, 65534, groups, 3 }, ERR_DENIED },
		/* No admin group is configured: no gid can be it. */
		{ (gid_t)-1, { 4000000, (gid_t)-1, NULL, 0 }, ERR_DENIED },
		{ 4242, { 4000000, 4242, NULL, 0 }, ERR_OK },
		{ 4242, { 4000000, 65534, groups, 2 }, ERR_OK },
		{ 4242, { 4000000, 65534, groups, 1 }, ERR_DENIED },
		{ 4243, { 4000000, 4242, groups, 3 }, ERR_OK },
		/* The user "daemon" is in group 1 for the user database; the kernel has not said
		   it. */
		{ 1, { 1, 65534, NULL, 0 }, ERR_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct auth_conf with = { .loop = loop,
			.store = store,
			.clock = &test_clock,
			.admin_gid = rows[i].admin };
		struct auth *a = auth_new(&with, NULL, NULL);
		struct principal who = { .scopes = 0, .expires_at = 1 };
		struct fault f;
		char name[32];

		assert_int_equal(auth_check_peer(a, &rows[i].peer, arena, &who, &f), rows[i].code);
		assert_int_equal(who.scopes, rows[i].code == ERR_OK ? AUTH_ALL : 0);
		if (rows[i].code == ERR_OK) {
			snprintf(name, sizeof(name), "uid:%lu", (unsigned long)rows[i].peer.uid);
			assert_string_equal(who.name, name);
			assert_int_equal(who.expires_at, 0);
		}
		auth_free(a);
	}
}

static void
a_token_is_not_outlived_by_one_that_it_makes(void **state)
{
	struct principal who;
	struct fault f;

	(void)state;
	make(AUTH_ALL, 100);
	assert_int_equal(check_clear(&who), ERR_OK);
	assert_int_equal(who.expires_at, NOW + 100000);
	wall += 10000;
	for (int64_t expires_in = 90; expires_in <= 91; expires_in++) {
		struct auth_token_spec spec = { .name = "ci",
			.scopes = AUTH_ALL,
			.expires_in = expires_in,
			.maker = &who,
			.note = &root_note };
		bool made_it = auth_token_new(auth, &spec, on_made, NULL, &f);

		assert_int_equal(made_it, expires_in == 90);
		if (!made_it)
			continue;
		secret_free(clear);
		clear = NULL;
		loop_run(loop);
		assert_int_equal(made.expires_at, who.expires_at);
	}
	assert_int_equal(f.code, ERR_INVALID);
	assert_string_equal(f.text,
	    "expires_in: must be at most the 90 seconds that the caller's own token has left");
}

static void
what_somebody_made_stops_with_what_was_made_with_it(void **state)
{
	static const char *const makers[] = { "user:1", "user:2", NULL, NULL };
	struct principal who;
	struct secret *texts[4];
	struct fault f;
	char names[4][64];

	(void)state;
	fake_store_mute_watch(store, true);
	for (int i = 0; i < 4; i++) {
		struct principal maker = { .scopes = 0 };
		struct auth_token_spec spec = { .name = "ci",
			.scopes = AUTH_ALL,
			.expires_in = 60,
			.maker = &maker,
			.note = &root_note };

		snprintf(maker.name, sizeof(maker.name), "%s", i < 2 ? makers[i] : names[i - 2]);
		auth_token_new(auth, &spec, on_made, NULL, &f);
		loop_run(loop);
		assert_int_equal(made_code, ERR_OK);
		snprintf(names[i], sizeof(names[i]), "token:%s", made.id);
		texts[i] = clear;
	}
	auth_forget_tokens_of(auth, "user:1");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(auth_check_token(auth, secret_bytes(texts[i]),
				     secret_len(texts[i]), arena, &who, &f),
		    i % 2 == 0 ? ERR_UNAUTHENTICATED : ERR_OK);
		secret_free(texts[i]);
	}
	clear = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_have_names_and_names_have_scopes),
#define WITH_AUTH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_AUTH(a_made_token_works_at_once_with_its_scopes_even_when_the_watch_is_silent),
		WITH_AUTH(no_token_with_one_changed_character_is_known),
		WITH_AUTH(a_token_ends_at_its_expiry),
		WITH_AUTH(a_deleted_token_stops_at_once),
		WITH_AUTH(a_failed_change_changes_nothing),
		WITH_AUTH(what_makes_no_token_is_refused_by_field),
		WITH_AUTH(a_broken_watch_keeps_the_known_tokens_and_catches_up_when_it_is_back),
		WITH_AUTH(freeing_ends_changes_without_their_callbacks),
		WITH_AUTH(the_socket_belongs_to_root_the_daemon_and_the_admin_group),
		WITH_AUTH(a_token_is_not_outlived_by_one_that_it_makes),
		WITH_AUTH(what_somebody_made_stops_with_what_was_made_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
