/* The list of what is kept of deleted users, on each implementation of the kv port: who is in it
 * from when to when, in which order, and what can be read of them. */
#include <sodium.h>

#include "kv_world.h"
#include "store/store_people.h"
#include "store_world.h"

#define ADA "e0000000-0000-4000-8000-000000000001"
#define BOB "e0000000-0000-4000-8000-000000000002"

enum { NOON = 1000 * 1000 };

/* The last answers. */
static struct {
	struct world *w;
	struct store_trash list[STORE_LIST_MAX], trash;
	size_t count;
	char next[ID_SIZE], damage[FAULT_TEXT_MAX];
	char sealed[STORE_LIST_MAX][512], dn[64], by[64];
	char name[64], uid[64], mail[64];
} got;

static void
on_begun(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	got.w->revision = revision;
	world_on_done(arg, code, f);
}

static void
on_trash(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	(void)saved;
	if (t != NULL)
		got.trash = *t;
	world_on_done(arg, code, f);
}

static void
on_list(void *arg, enum err code, const struct store_trash *list, size_t count, const char *next,
    const struct fault *f)
{
	got.count = count;
	for (size_t i = 0; i < count; i++) {
		got.list[i] = list[i];
		snprintf(got.sealed[i], sizeof(got.sealed[i]), "%s", list[i].names);
		got.list[i].names = got.sealed[i];
		snprintf(got.dn, sizeof(got.dn), "%s", list[i].dn);
		snprintf(got.by, sizeof(got.by), "%s", list[i].by);
	}
	snprintf(got.next, sizeof(got.next), "%s", next != NULL ? next : "");
	snprintf(got.damage, sizeof(got.damage), "%s", f->text);
	world_on_done(arg, code, code == ERR_OK ? NULL : f);
}

static void
on_names(void *arg, enum err code, const struct trash_names *n, const struct fault *f)
{
	assert_true((code == ERR_OK) == (n != NULL));
	if (n != NULL) {
		snprintf(got.name, sizeof(got.name), "%s", n->name != NULL ? n->name : "(none)");
		snprintf(got.uid, sizeof(got.uid), "%s", n->uid != NULL ? n->uid : "(none)");
		snprintf(got.mail, sizeof(got.mail), "%s", n->mail != NULL ? n->mail : "(none)");
	}
	world_on_done(arg, code, f);
}

static size_t
list(struct world *w, const char *after, size_t limit)
{
	assert_int_equal(
	    world_run(w, store_trashed_list(w->store, after, limit, on_list, w)), ERR_OK);
	return got.count;
}

static const char *
place_of(const struct store_trash *t)
{
	static char key[64];

	snprintf(key, sizeof(key), "trashed/%s", t->listed);
	return key;
}

static enum err
names(struct world *w, const struct store_trash *t)
{
	return world_run(w, store_trash_load_names(w->store, t, on_names, w));
}

static struct world *
open_world(void **state)
{
	struct kv_world *k = *state;

	memset(&got, 0, sizeof(got));
	got.w = world_over(k->loop, k->kv);
	return got.w;
}

static struct store_intent
intent_of(enum store_intent_kind kind, const char *id, int64_t at)
{
	struct store_intent i = { .kind = kind,
		.at = at,
		.actor = "uid:0",
		.dn = "uid=x,ou=y",
		.names = { .name = "Ada Lovelace", .uid = "ada" },
		.restorable_until = at + HOUR };

	memcpy(i.target, id, ID_SIZE);
	return i;
}

static void
begin(struct world *w, struct store_intent *i)
{
	struct secret *saved = secret_new("an entry", 8);
	enum err code = world_run(w, store_intent_begin(w->store, i, saved, 0, on_begun, w));

	assert_int_equal(code, ERR_OK);
	i->revision = w->revision;
	secret_free(saved);
}

static void
settle(struct world *w, const struct store_intent *i)
{
	assert_int_equal(
	    world_run(w, store_intent_settle(w->store, i, NULL, NULL, world_on_done, w)), ERR_OK);
}

static void
delete_user(struct world *w, const char *id, int64_t at)
{
	struct store_intent i = intent_of(INTENT_USER_REMOVE, id, at);

	begin(w, &i);
	settle(w, &i);
}

static void
load(struct world *w, const char *id)
{
	assert_int_equal(world_run(w, store_trash_load(w->store, id, on_trash, w)), ERR_OK);
}

/* Who is still there is not in it, and nobody is whose deletion came to nothing. */
static void
somebody_is_listed_when_the_deletion_is_done(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, ADA, NOON);

	begin(w, &i);
	assert_int_equal(list(w, NULL, 10), 0);
	assert_int_equal(world_run(w, store_intent_drop(w->store, &i, world_on_done, w)), ERR_OK);
	assert_int_equal(world_keys(w, "trash"), 0);
	begin(w, &i);
	settle(w, &i);
	assert_int_equal(list(w, NULL, 10), 1);
	assert_string_equal(got.list[0].id, ADA);
	assert_int_equal(got.list[0].at, NOON);
	assert_int_equal(got.list[0].restorable_until, NOON + HOUR);
	assert_string_equal(got.dn, "uid=x,ou=y");
	assert_string_equal(got.by, "uid:0");
	assert_int_equal(names(w, &got.list[0]), ERR_OK);
	assert_string_equal(got.name, "Ada Lovelace");
	assert_string_equal(got.uid, "ada");
	assert_string_equal(got.mail, "(none)");
	world_end(w);
}

static void
whoever_is_kept_for_good_or_not_at_all_is_in_no_list(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, ADA, NOON);

	i.restorable_until = 0;
	assert_int_equal(
	    world_run(w, store_intent_begin(w->store, &i, NULL, 0, on_begun, w)), ERR_OK);
	i.revision = w->revision;
	settle(w, &i);
	assert_int_equal(list(w, NULL, 10), 0);
	assert_int_equal(world_keys(w, "trash"), 0);
	world_end(w);
}

static void
pages_go_from_the_latest_back(void **state)
{
	struct world *w = open_world(state);
	char after[ID_SIZE] = "", id[ID_SIZE];
	size_t seen = 0;

	for (int i = 0; i < 7; i++) {
		/* Ids in another order than times. */
		snprintf(id, sizeof(id), "e0000000-0000-4000-8000-%012d", i * 5 % 7);
		delete_user(w, id, NOON + i);
	}
	do {
		size_t count = list(w, after[0] != '\0' ? after : NULL, 3);

		for (size_t i = 0; i < count; i++)
			assert_int_equal(got.list[i].at, NOON + 6 - (int64_t)seen++);
		memcpy(after, got.next, sizeof(after));
	} while (after[0] != '\0');
	assert_int_equal(seen, 7);
	world_end(w);
}

static void
the_restored_and_the_forgotten_are_gone_from_it(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_RESTORE, ADA, NOON + 5);

	delete_user(w, ADA, NOON);
	delete_user(w, BOB, NOON + 1);
	load(w, ADA);
	assert_int_equal(
	    world_run(w, store_intent_begin(w->store, &i, NULL, got.trash.revision, on_begun, w)),
	    ERR_OK);
	i.revision = w->revision;
	assert_int_equal(list(w, NULL, 10), 2); /* it may still come to nothing */
	settle(w, &i);
	assert_int_equal(list(w, NULL, 10), 1);
	assert_string_equal(got.list[0].id, BOB);
	load(w, BOB);
	assert_int_equal(
	    world_run(w, store_trash_forget(w->store, &got.trash, &world_note, world_on_done, w)),
	    ERR_OK);
	assert_int_equal(names(w, &got.list[0]), ERR_NOT_FOUND);
	assert_int_equal(list(w, NULL, 10), 0);
	assert_int_equal(world_keys(w, "trash"), 0);
	world_end(w);
}

/* A directory that was restored from a backup brings somebody back under the UUID they had. */
static void
who_is_deleted_again_is_listed_once(void **state)
{
	struct world *w = open_world(state);
	struct store_trash first;

	delete_user(w, ADA, NOON);
	assert_int_equal(list(w, NULL, 10), 1);
	first = got.list[0];
	delete_user(w, BOB, NOON + 1);
	delete_user(w, ADA, NOON + 2);
	assert_int_equal(world_keys(w, "trashed/"), 2);
	assert_int_equal(list(w, NULL, 10), 2);
	assert_string_equal(got.list[0].id, ADA);
	assert_int_equal(got.list[0].at, NOON + 2);
	assert_int_equal(names(w, &got.list[0]), ERR_OK);
	/* Under another key by now. */
	first.names = "AAAA";
	assert_int_equal(names(w, &first), ERR_CORRUPT);
	world_end(w);
}

/* The key that is destroyed is what opens the names, also those of a copy. */
static void
without_its_key_nobody_knows_who_it_was(void **state)
{
	struct world *w = open_world(state);

	delete_user(w, ADA, NOON);
	list(w, NULL, 10);
	call_put(w->loop, w->kv, "trashkey/" ADA, NULL);
	assert_int_equal(names(w, &got.list[0]), ERR_NOT_FOUND);
	call_put(w->loop, w->kv, "trashkey/" ADA, "damaged");
	assert_int_equal(names(w, &got.list[0]), ERR_CORRUPT);
	world_end(w);
}

static void
what_is_damaged_meanwhile_keeps_no_deletion_from_being_recorded(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, ADA, NOON);

	begin(w, &i);
	call_put(w->loop, w->kv, "trash/" ADA, "damaged");
	settle(w, &i);
	assert_int_equal(world_keys(w, "job/"), 0);
	assert_int_equal(world_keys(w, "audit/"), 1);
	assert_int_equal(list(w, NULL, 10), 0);
	world_end(w);
}

/* As an older version kept it: without names, and in no list. */
static void
put_old_kept(struct world *w)
{
	static const char name[] = "trash/" ADA,
			  text[] = "{\"v\":1,\"at\":1000000,\"until\":4600000,\"parts\":1,"
				   "\"by\":\"uid:0\",\"dn\":\"uid=x,ou=y\"}";
	unsigned char sealed[sizeof(text) + SEAL_OVERHEAD];
	const struct kv_write write = { .key = kv_text(name),
		.value = {
		    sealed, seal_close(w->seal, name, strlen(name), text, strlen(text), sealed) } };

	delete_user(w, ADA, NOON);
	list(w, NULL, 1);
	call_put(w->loop, w->kv, place_of(&got.list[0]), NULL);
	call_txn(w->loop, w->kv, &(struct kv_txn){ .writes = &write, .write_count = 1 });
	assert_int_equal(list(w, NULL, 1), 0);
}

static enum err
enlist(struct world *w, const struct store_trash *t)
{
	static const struct trash_names whose = { .name = "Ada", .mail = "ada@x.org" };

	return world_run(w, store_trash_enlist(w->store, t, &whose, world_on_done, w));
}

static void
what_an_older_version_kept_gets_its_place(void **state)
{
	struct world *w = open_world(state);
	struct store_trash old;

	put_old_kept(w);
	delete_user(w, BOB, NOON + 1);
	load(w, ADA);
	old = got.trash;
	old.dn = "uid=x,ou=y";
	old.by = "uid:0";
	assert_string_equal(old.listed, "");
	assert_int_equal(enlist(w, &old), ERR_OK);
	assert_int_equal(list(w, NULL, 10), 2);
	assert_string_equal(got.list[1].id, ADA);
	assert_int_equal(got.list[1].at, NOON);
	assert_int_equal(got.list[1].restorable_until, 4600000);
	assert_int_equal(names(w, &got.list[1]), ERR_OK);
	assert_string_equal(got.name, "Ada");
	assert_string_equal(got.uid, "(none)");
	assert_string_equal(got.mail, "ada@x.org");
	/* Once, and what is kept still opens. */
	assert_int_equal(enlist(w, &old), ERR_CONFLICT);
	load(w, ADA);
	assert_string_equal(got.trash.listed, got.list[1].listed);
	world_end(w);
}

static void
whoever_is_being_restored_is_not_listed_meanwhile(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_RESTORE, ADA, NOON + 5);

	put_old_kept(w);
	load(w, ADA);
	assert_int_equal(
	    world_run(w, store_intent_begin(w->store, &i, NULL, got.trash.revision, on_begun, w)),
	    ERR_OK);
	i.revision = w->revision;
	got.trash.dn = got.trash.by = "x";
	assert_int_equal(enlist(w, &got.trash), ERR_CONFLICT);
	settle(w, &i);
	assert_int_equal(enlist(w, &got.trash), ERR_NOT_FOUND);
	assert_int_equal(world_keys(w, "trash"), 0);
	world_end(w);
}

static void
a_damaged_entry_hides_no_other(void **state)
{
	struct world *w = open_world(state);

	delete_user(w, ADA, NOON);
	call_put(w->loop, w->kv, "trashed/00000000-0000-7000-8000-000000000000", "damaged");
	assert_int_equal(list(w, NULL, 10), 1);
	assert_non_null(strstr(got.damage, "trashed/00000000"));
	/* What is damaged under trash/ stops no deletion. */
	call_put(w->loop, w->kv, "trash/" BOB, "damaged");
	delete_user(w, BOB, NOON + 1);
	assert_int_equal(list(w, NULL, 10), 2);
	world_end(w);
}

/* Time has to be over for the caller; what counts here is what belongs to the place. */
static enum err
clear(struct world *w, const struct store_trash *t)
{
	return world_run(w, store_trashed_clear(w->store, t, &world_note, world_on_done, w));
}

static void
a_place_is_cleared_when_the_record_is_gone_or_damaged(void **state)
{
	struct world *w = open_world(state);
	static const char *const values[] = { NULL, "damaged" };

	for (int i = 0; i < 2; i++) {
		size_t audits = world_keys(w, "audit/");
		struct store_trash orphan;

		delete_user(w, ADA, NOON);
		assert_int_equal(list(w, NULL, 10), 1);
		assert_int_equal(clear(w, &got.list[0]), ERR_CONFLICT);
		assert_int_equal(world_keys(w, "trash"), 4);
		orphan = got.list[0];
		orphan.dn = orphan.by = "x";
		call_put(w->loop, w->kv, "trash/" ADA, values[i]);
		assert_int_equal(clear(w, &orphan), ERR_OK);
		assert_int_equal(world_keys(w, "trash"), 0); /* its key and its parts too */
		assert_int_equal(world_keys(w, "audit/"), audits + 2);
		assert_int_equal(clear(w, &orphan), ERR_CONFLICT);
		assert_int_equal(world_keys(w, "audit/"), audits + 2);
	}
	world_end(w);
}

/* What is kept of the same user by now stays whole. */
static void
a_place_that_was_left_behind_goes_alone(void **state)
{
	struct world *w = open_world(state);
	struct store_trash left;

	delete_user(w, ADA, NOON);
	call_put(w->loop, w->kv, "trash/" ADA, "damaged");
	delete_user(w, ADA, NOON + 1);
	assert_int_equal(list(w, NULL, 10), 2);
	left = got.list[1];
	left.dn = left.by = "x";
	assert_int_equal(left.at, NOON);
	assert_int_equal(clear(w, &left), ERR_OK);
	assert_int_equal(list(w, NULL, 10), 1);
	assert_int_equal(got.list[0].at, NOON + 1);
	assert_int_equal(world_keys(w, "audit/"), 2); /* the two deletions */
	load(w, ADA);
	assert_string_equal(got.trash.listed, got.list[0].listed);
	world_end(w);
}

static void
nothing_is_cleared_while_a_change_is_under_way(void **state)
{
	struct world *w = open_world(state);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, ADA, NOON + 1);
	struct store_trash left;

	delete_user(w, ADA, NOON);
	list(w, NULL, 10);
	left = got.list[0];
	left.dn = left.by = "x";
	call_put(w->loop, w->kv, "trash/" ADA, "damaged");
	begin(w, &i);
	assert_int_equal(clear(w, &left), ERR_CONFLICT);
	settle(w, &i);
	load(w, ADA);
	world_end(w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		KV_ROW(somebody_is_listed_when_the_deletion_is_done),
		KV_ROW(whoever_is_kept_for_good_or_not_at_all_is_in_no_list),
		KV_ROW(pages_go_from_the_latest_back),
		KV_ROW(the_restored_and_the_forgotten_are_gone_from_it),
		KV_ROW(who_is_deleted_again_is_listed_once),
		KV_ROW(without_its_key_nobody_knows_who_it_was),
		KV_ROW(what_is_damaged_meanwhile_keeps_no_deletion_from_being_recorded),
		KV_ROW(what_an_older_version_kept_gets_its_place),
		KV_ROW(whoever_is_being_restored_is_not_listed_meanwhile),
		KV_ROW(a_damaged_entry_hides_no_other),
		KV_ROW(a_place_is_cleared_when_the_record_is_gone_or_damaged),
		KV_ROW(a_place_that_was_left_behind_goes_alone),
		KV_ROW(nothing_is_cleared_while_a_change_is_under_way),
	};

	if (sodium_init() < 0)
		return 1;
	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
