/* API tokens in the store: added, deleted, and told to whoever watches. */
#include <sodium.h>

#include "store_world.h"

#define OWNER "e0000000-0000-4000-8000-000000000001"

struct tokens {
	struct world *w;
	int added, deleted, ready, failed, damaged;
	struct api_token last;
	char places[REACH_PLACES_MAX][32]; /* of the last */
};

static void
tokens_changed(void *arg, const char *id, const struct api_token *t)
{
	struct tokens *k = arg;

	assert_int_equal(strlen(id), 16);
	if (t == NULL) {
		k->deleted++;
		return;
	}
	k->added++;
	k->last = *t;
	for (size_t i = 0; i < t->place_count; i++) {
		snprintf(k->places[i], sizeof(k->places[i]), "%s", t->places[i]);
		k->last.places[i] = k->places[i];
	}
}

static void
tokens_ready(void *arg)
{
	struct tokens *k = arg;

	k->ready++;
	loop_stop(k->w->loop);
}

static void
tokens_failed(void *arg, enum err code, const struct fault *f)
{
	(void)code, (void)f;
	((struct tokens *)arg)->failed++;
}

static void
tokens_damaged(void *arg, const struct fault *f)
{
	struct tokens *k = arg;

	assert_int_equal(f->code, ERR_CORRUPT);
	assert_memory_equal(f->text, "apitoken/", 9);
	k->damaged++;
}

static void
api_tokens_are_told_now_and_later(void **state)
{
	struct world *w = *state;
	struct api_token t = { .id = "AAAAAAAAAAAAAAAA",
		.name = "ci \"x\"",
		.hash = { { 9 } },
		.scopes = 5,
		.created_at = 1,
		.expires_at = 2,
		.created_by = "uid:0",
		.owner = OWNER,
		.places = { "ou=\"a\",dc=x", "ou=b,dc=x" },
		.place_count = 2 };
	static const struct store_watch_cbs cbs = { .api_token = tokens_changed,
		.ready = tokens_ready,
		.failed = tokens_failed,
		.damaged = tokens_damaged };
	struct tokens k = { .w = w };
	struct store_watch *watch;

	assert_int_equal(
	    world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w)), ERR_OK);
	assert_int_equal(
	    world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w)),
	    ERR_EXISTS);
	watch = store_watch_api_tokens(w->store, &cbs, &k);
	loop_run(w->loop);
	assert_int_equal(k.ready, 1);
	assert_int_equal(k.added, 1);
	assert_string_equal(k.last.id, t.id);
	assert_string_equal(k.last.name, t.name);
	assert_memory_equal(&k.last.hash, &t.hash, sizeof(t.hash));
	assert_int_equal(k.last.scopes, t.scopes);
	assert_int_equal(k.last.created_at, t.created_at);
	assert_int_equal(k.last.expires_at, t.expires_at);
	assert_string_equal(k.last.created_by, t.created_by);
	assert_string_equal(k.last.owner, OWNER);
	assert_int_equal(k.last.used_at, 0);
	assert_int_equal(k.last.place_count, 2);
	assert_string_equal(k.last.places[0], t.places[0]);
	assert_string_equal(k.last.places[1], t.places[1]);
	t.id[0] = 'B';
	world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
	world_run(w, store_delete_api_token(w->store, t.id, &world_note, world_on_done, w));
	assert_int_equal(w->code, ERR_OK);
	world_run(w, store_delete_api_token(w->store, t.id, &world_note, world_on_done, w));
	assert_int_equal(w->code, ERR_NOT_FOUND);
	world_run(w, store_delete_api_token(w->store, "../../etc", &world_note, world_on_done, w));
	assert_int_equal(w->code, ERR_NOT_FOUND);
	assert_int_equal(k.added, 2);
	assert_int_equal(k.deleted, 1);
	assert_int_equal(k.failed, 0);
	assert_int_equal(world_keys(w, "audit/"), 3);
	assert_int_equal(k.damaged, 0);
	store_watch_stop(watch);
}

static const struct store_watch_cbs quiet = {
	.api_token = tokens_changed, .ready = tokens_ready, .failed = tokens_failed
};

static enum err
touch(struct world *w, const char *id, int64_t used_at)
{
	return world_run(w, store_touch_api_token(w->store, id, used_at, world_on_done, w));
}

static void
a_use_is_written_down_and_changes_nothing_else(void **state)
{
	struct world *w = *state;
	struct api_token t = { .id = "AAAAAAAAAAAAAAAA",
		.name = "ci",
		.hash = { { 9 } },
		.scopes = 5,
		.created_by = "uid:0",
		.owner = OWNER,
		.places = { "ou=a,dc=x" },
		.place_count = 1 };
	struct tokens k = { .w = w };
	struct store_watch *watch;

	world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
	watch = store_watch_api_tokens(w->store, &quiet, &k);
	loop_run(w->loop);
	assert_int_equal(touch(w, t.id, 60000), ERR_OK);
	assert_int_equal(touch(w, t.id, 60000), ERR_OK);
	assert_int_equal(touch(w, t.id, 50000), ERR_OK);
	assert_int_equal(k.added, 2); /* once as it was, once as it is */
	assert_int_equal(k.last.used_at, 60000);
	assert_int_equal(k.last.scopes, 5);
	assert_memory_equal(&k.last.hash, &t.hash, sizeof(t.hash));
	assert_string_equal(k.last.owner, OWNER);
	assert_string_equal(k.last.places[0], "ou=a,dc=x");
	assert_int_equal(world_keys(w, "audit/"), 1);
	store_watch_stop(watch);
}

static void
a_use_brings_no_deleted_token_back(void **state)
{
	static const enum loss losses[] = { LOSE_ANSWER, LOSE_REQUEST };
	struct world *w = *state;
	struct api_token t = { .id = "AAAAAAAAAAAAAAAA", .name = "ci", .created_by = "uid:0" };

	assert_int_equal(touch(w, t.id, 7), ERR_OK);
	assert_int_equal(touch(w, "../../etc", 7), ERR_OK);
	assert_int_equal(world_keys(w, "apitoken/"), 0);
	for (size_t l = 0; l < 2; l++) {
		int calls = w->calls;

		world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
		world_lose(&losses[l], 1);
		assert_int_equal(touch(w, t.id, 7), ERR_OK);
		/* Both have read the same version; either may be the first to write. */
		store_delete_api_token(w->store, t.id, &world_note, world_on_done, w);
		store_touch_api_token(w->store, t.id, 60007, world_on_done, w);
		loop_run(w->loop);
		if (w->calls < calls + 4)
			loop_run(w->loop);
		assert_int_equal(w->calls, calls + 4);
		assert_int_equal(w->code, ERR_OK);
		assert_int_equal(world_keys(w, "apitoken/"), 0);
	}
	call_put(w->loop, w->kv, "apitoken/AAAAAAAAAAAAAAAA", "damaged");
	assert_int_equal(touch(w, t.id, 7), ERR_CORRUPT);
}

/* A deletion that has read the token before it was used. */
static void
a_token_that_is_being_used_can_be_deleted(void **state)
{
	struct world *w = *state;
	struct api_token t = { .id = "AAAAAAAAAAAAAAAA", .name = "ci", .created_by = "uid:0" };
	int calls;

	world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
	calls = w->calls;
	store_touch_api_token(w->store, t.id, 7, world_on_done, w);
	store_delete_api_token(w->store, t.id, &world_note, world_on_done, w);
	while (w->calls < calls + 2) {
		loop_run(w->loop);
		assert_int_equal(w->code, ERR_OK);
	}
	assert_int_equal(world_keys(w, "apitoken/"), 0);
	assert_int_equal(world_keys(w, "audit/"), 2);
}

/* `listen`: somebody hears of the damage; the others are told either way. */
static void
a_damaged_api_token_stops_no_other(void **state)
{
	struct world *w = *state;
	struct api_token t = { .id = "BBBBBBBBBBBBBBBB", .name = "ci", .created_by = "uid:0" };
	struct store_watch_cbs cbs = {
		.api_token = tokens_changed, .ready = tokens_ready, .failed = tokens_failed
	};

	call_put(w->loop, w->kv, "apitoken/AAAAAAAAAAAAAAAA", "damaged");
	call_put(w->loop, w->kv, "apitoken/strange", "damaged");
	world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
	for (int listen = 0; listen < 2; listen++) {
		struct tokens k = { .w = w };
		struct store_watch *watch;

		cbs.damaged = listen ? tokens_damaged : NULL;
		watch = store_watch_api_tokens(w->store, &cbs, &k);
		loop_run(w->loop);
		assert_int_equal(k.ready, 1);
		assert_int_equal(k.added, 1);
		assert_string_equal(k.last.id, t.id);
		assert_int_equal(k.damaged, listen ? 2 : 0);
		call_put(w->loop, w->kv, "apitoken/CCCCCCCCCCCCCCCC", "damaged");
		world_run(w, store_delete_api_token(w->store, t.id, &world_note, world_on_done, w));
		assert_int_equal(k.deleted, 1);
		assert_int_equal(k.damaged, listen ? 3 : 0);
		assert_int_equal(k.failed, 0);
		store_watch_stop(watch);
		call_put(w->loop, w->kv, "apitoken/CCCCCCCCCCCCCCCC", NULL);
		world_run(w, store_add_api_token(w->store, &t, &world_note, world_on_done, w));
	}
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(api_tokens_are_told_now_and_later),
		ROW(a_use_is_written_down_and_changes_nothing_else),
		ROW(a_use_brings_no_deleted_token_back),
		ROW(a_token_that_is_being_used_can_be_deleted),
		ROW(a_damaged_api_token_stops_no_other),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
