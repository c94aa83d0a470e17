/* Intents, what is kept of deleted users, names and watches, on each implementation of the kv port;
 * and what becomes of an intent whose transaction's answer is lost. */
#include <sodium.h>

#include "kv_world.h"
#include "store/store_people.h"
#include "store_world.h"

#define TARGET "e0000000-0000-4000-8000-000000000001"
#define OTHER  "e0000000-0000-4000-8000-000000000002"

/* The store on one kv, each operation as if it were a function. */
struct people {
	struct loop *loop;
	struct kv *kv;
	struct seal *seal;
	struct store *store;
	enum err code;
	uint64_t revision;
	int calls;
	size_t count;
	struct store_intent intent; /* strings are literals of the tests, or in `text` */
	char text[4][256];
	struct store_trash trash;
	struct secret *saved;
	struct store_taken taken;
	char damage[FAULT_TEXT_MAX];
};

static void
on_done(void *arg, enum err code, const struct fault *f)
{
	struct people *p = arg;

	assert_true((code == ERR_OK) == (f == NULL));
	p->code = code;
	p->calls++;
	loop_stop(p->loop);
}

static void
on_begun(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	((struct people *)arg)->revision = revision;
	on_done(arg, code, f);
}

static enum err
run(struct people *p, struct store_op *op)
{
	int before = p->calls;

	assert_non_null(op);
	loop_run(p->loop);
	assert_int_equal(p->calls, before + 1);
	return p->code;
}

static const struct store_note note = { .actor = "uid:0", .request_id = "r-1" };

static struct people
people_over(struct loop *loop, struct kv *kv)
{
	static const unsigned char key[32] = "a key for tests, 32 bytes long..";
	struct people p = { .loop = loop, .kv = kv, .seal = seal_new(key) };

	p.store = store_new(loop, kv, p.seal, &clock_system);
	return p;
}

static void
people_end(struct people *p)
{
	secret_free(p->saved);
	store_free(p->store);
	seal_free(p->seal);
}

static struct store_intent
intent_of(enum store_intent_kind kind, const char *target)
{
	struct store_intent i = { .kind = kind, .at = 7, .actor = "uid:0", .request_id = "r-1" };

	memcpy(i.target, target, ID_SIZE);
	return i;
}

static enum err
begin(struct people *p, struct store_intent *i, const struct secret *saved, uint64_t trash)
{
	enum err code = run(p, store_intent_begin(p->store, i, saved, trash, on_begun, p));

	i->revision = p->revision;
	return code;
}

static size_t
keys(struct people *p, const char *prefix)
{
	return call_range(p->loop, p->kv, prefix, "", 500).count;
}

static const char *
keep(char out[256], const char *text)
{
	snprintf(out, 256, "%s", text != NULL ? text : "(none)");
	return out;
}

static void
on_intents(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct people *p = arg;

	assert_null(next);
	p->count = count;
	if (count > 0) {
		p->intent = list[0];
		p->intent.actor = keep(p->text[0], list[0].actor);
		p->intent.dn = keep(p->text[1], list[0].dn);
		p->intent.value[PERSON_PHONE] = keep(p->text[2], list[0].value[PERSON_PHONE]);
		p->intent.value[PERSON_MAIL] = keep(p->text[3], list[0].value[PERSON_MAIL]);
	}
	memcpy(p->damage, f->text, sizeof(p->damage));
	on_done(arg, code, code == ERR_OK ? NULL : f);
}

static size_t
list(struct people *p)
{
	assert_int_equal(run(p, store_intent_list(p->store, NULL, 10, on_intents, p)), ERR_OK);
	return p->count;
}

static void
an_intent_is_there_until_it_is_settled_with_one_record(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent i = intent_of(INTENT_USER_CHANGE, TARGET), second = i;

	i.value[PERSON_PHONE] = "+491";
	i.value[PERSON_MAIL] = "";
	assert_int_equal(begin(&p, &i, NULL, 0), ERR_OK);
	assert_int_equal(begin(&p, &second, NULL, 0), ERR_EXISTS);
	assert_int_equal(keys(&p, "audit/"), 0);
	assert_int_equal(list(&p), 1);
	assert_int_equal(p.intent.kind, INTENT_USER_CHANGE);
	assert_int_equal(p.intent.revision, i.revision);
	assert_string_equal(p.intent.target, TARGET);
	assert_string_equal(p.intent.actor, "uid:0");
	assert_string_equal(p.intent.dn, "(none)");
	assert_string_equal(p.intent.value[PERSON_PHONE], "+491");
	assert_string_equal(p.intent.value[PERSON_MAIL], "");
	assert_int_equal(run(&p, store_intent_settle(
				     p.store, &i, "{\"fields\":[\"phone\"]}", NULL, on_done, &p)),
	    ERR_OK);
	assert_int_equal(list(&p), 0);
	assert_int_equal(keys(&p, "audit/"), 1);
	assert_int_equal(
	    run(&p, store_intent_settle(p.store, &i, NULL, NULL, on_done, &p)), ERR_CONFLICT);
	assert_int_equal(keys(&p, "audit/"), 1);
	people_end(&p);
}

static void
a_dropped_intent_leaves_nothing(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, TARGET);
	struct secret *saved = secret_new("an entry", 8);

	i.dn = "uid=ada,dc=example";
	i.restorable_until = 99;
	assert_int_equal(begin(&p, &i, saved, 0), ERR_OK);
	assert_int_equal(keys(&p, "trash"), 3);
	assert_int_equal(run(&p, store_intent_drop(p.store, &i, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, ""), 0);
	secret_free(saved);
	people_end(&p);
}

static void
a_damaged_intent_hides_no_other(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent i = intent_of(INTENT_ORG_UNIT_DELETE, OTHER);

	call_put(w->loop, w->kv, "job/" TARGET, "damaged");
	assert_int_equal(begin(&p, &i, NULL, 0), ERR_OK);
	assert_int_equal(list(&p), 1);
	assert_string_equal(p.intent.target, OTHER);
	assert_memory_equal(p.damage, "job/" TARGET, 40);
	people_end(&p);
}

/* ---- trash ---- */

static void
on_trash(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	struct people *p = arg;

	secret_free(p->saved);
	p->saved = saved != NULL ? secret_dup(saved) : NULL;
	if (t != NULL) {
		p->trash = *t;
		p->trash.dn = keep(p->text[0], t->dn);
		p->trash.by = keep(p->text[1], t->by);
	}
	on_done(arg, code, f);
}

static enum err
load(struct people *p, const char *id)
{
	return run(p, store_trash_load(p->store, id, on_trash, p));
}

static void
on_trashes(void *arg, enum err code, const struct store_trash *found, size_t count,
    const char *next, const struct fault *f)
{
	struct people *p = arg;

	(void)found;
	assert_null(next);
	p->count = count;
	on_done(arg, code, code == ERR_OK ? NULL : f);
}

/* Removed and settled. */
static void
delete_user(struct people *p, const void *data, size_t len)
{
	struct store_intent i = intent_of(INTENT_USER_REMOVE, TARGET);
	struct secret *saved = secret_new(data, len);

	i.dn = "uid=ada,dc=example";
	i.restorable_until = 99;
	assert_int_equal(begin(p, &i, saved, 0), ERR_OK);
	assert_int_equal(run(p, store_intent_settle(p->store, &i, NULL, NULL, on_done, p)), ERR_OK);
	secret_free(saved);
}

static void
what_is_kept_comes_back_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 192 * 1024, SECRET_WHOLE_MAX };
	struct kv_world *w = *state;

	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		struct people p = people_over(w->loop, w->kv);
		char *data = mem_alloc(sizes[n] + 1);

		random_fill(data, sizes[n]);
		assert_int_equal(load(&p, TARGET), ERR_NOT_FOUND);
		delete_user(&p, data, sizes[n]);
		assert_int_equal(load(&p, TARGET), ERR_OK);
		assert_int_equal(secret_len(p.saved), sizes[n]);
		assert_memory_equal(secret_bytes(p.saved), data, sizes[n]);
		assert_string_equal(p.trash.dn, "uid=ada,dc=example");
		assert_string_equal(p.trash.by, "uid:0");
		assert_int_equal(p.trash.restorable_until, 99);
		assert_int_equal(
		    run(&p, store_trash_forget(p.store, &p.trash, &note, on_done, &p)), ERR_OK);
		assert_int_equal(keys(&p, "trash"), 0);
		free(data);
		people_end(&p);
	}
}

static void
who_came_back_under_the_same_uuid_is_kept_anew(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	char *large = mem_alloc(300 * 1024);

	delete_user(&p, large, 300 * 1024);
	assert_int_equal(keys(&p, "trashpart/"), 2);
	delete_user(&p, "an entry", 8);
	assert_int_equal(keys(&p, "trashpart/"), 1);
	assert_int_equal(load(&p, TARGET), ERR_OK);
	assert_int_equal(secret_len(p.saved), 8);
	assert_memory_equal(secret_bytes(p.saved), "an entry", 8);
	free(large);
	people_end(&p);
}

static void
a_removal_may_take_the_place_of_its_own_intent_and_of_no_later_one(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent i = intent_of(INTENT_USER_REMOVE, TARGET), old;
	struct secret *first = secret_new("here", 4), *second = secret_new("there", 5);

	i.dn = "uid=ada,ou=here";
	i.restorable_until = 99;
	i.of_admin = true;
	assert_int_equal(begin(&p, &i, first, 0), ERR_OK);
	old = i;
	i.dn = "uid=ada,ou=there";
	assert_int_equal(run(&p, store_intent_replace(p.store, &i, second, on_begun, &p)), ERR_OK);
	assert_int_equal(list(&p), 1);
	assert_string_equal(p.intent.dn, "uid=ada,ou=there");
	assert_true(p.intent.of_admin);
	assert_int_equal(p.intent.revision, p.revision);
	assert_int_equal(load(&p, TARGET), ERR_OK);
	assert_memory_equal(secret_bytes(p.saved), "there", 5);
	assert_int_equal(
	    run(&p, store_intent_replace(p.store, &old, first, on_begun, &p)), ERR_EXISTS);
	secret_free(first);
	secret_free(second);
	people_end(&p);
}

static void
a_damaged_intent_stops_no_removal(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent change = intent_of(INTENT_USER_CHANGE, TARGET),
			    removal = intent_of(INTENT_USER_REMOVE, TARGET), second = removal;

	call_put(w->loop, w->kv, "job/" TARGET, "damaged");
	assert_int_equal(begin(&p, &change, NULL, 0), ERR_EXISTS);
	assert_int_equal(begin(&p, &removal, NULL, 0), ERR_OK);
	assert_int_equal(begin(&p, &second, NULL, 0), ERR_EXISTS);
	assert_int_equal(list(&p), 1);
	people_end(&p);
}

static void
without_its_key_nothing_can_be_restored(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);

	delete_user(&p, "an entry", 8);
	call_put(w->loop, w->kv, "trashkey/" TARGET, NULL);
	assert_int_equal(load(&p, TARGET), ERR_CORRUPT);
	assert_null(p.saved);
	people_end(&p);
}

static void
a_restore_takes_what_was_kept_and_forgetting_waits_for_it(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent i = intent_of(INTENT_USER_RESTORE, TARGET);

	delete_user(&p, "an entry", 8);
	assert_int_equal(load(&p, TARGET), ERR_OK);
	assert_int_equal(begin(&p, &i, NULL, p.trash.revision + 1), ERR_EXISTS);
	assert_int_equal(begin(&p, &i, NULL, p.trash.revision), ERR_OK);
	assert_int_equal(
	    run(&p, store_trash_forget(p.store, &p.trash, &note, on_done, &p)), ERR_CONFLICT);
	assert_int_equal(run(&p, store_trash_list(p.store, NULL, 10, on_trashes, &p)), ERR_OK);
	assert_int_equal(p.count, 1);
	assert_int_equal(
	    run(&p, store_intent_settle(p.store, &i, NULL, NULL, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "trash"), 0);
	assert_int_equal(keys(&p, "job/"), 0);
	assert_int_equal(keys(&p, "audit/"), 2);
	people_end(&p);
}

/* ---- names, tokens ---- */

static void
on_names(void *arg, enum err code, const struct store_taken *taken, const struct fault *f)
{
	((struct people *)arg)->taken = *taken;
	on_done(arg, code, f);
}

static void
on_issued(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	(void)revision, (void)taken;
	on_done(arg, code, f);
}

static struct invitation *
invitation_of(const char *mail)
{
	struct invitation *inv = invitation_new();

	id_make(1700000000000, inv->id);
	inv->person.value[PERSON_MAIL] = arena_strdup(inv->arena, mail);
	inv->created_by = "uid:0";
	return inv;
}

static void
names_of_pending_invitations_are_found(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct invitation *inv = invitation_of("ada@x.org");
	struct person names = { .value = { [PERSON_MAIL] = "Ada@X.org", [PERSON_PHONE] = "+1" } };
	struct person nothing = { .group_count = 0 };

	run(&p, store_issue(p.store, inv, &note, on_issued, &p));
	assert_int_equal(
	    run(&p, store_find_names(p.store, &names, OTHER, STORE_NAMES_TO_RESERVE, on_names, &p)),
	    ERR_OK);
	assert_true(p.taken.mail);
	assert_false(p.taken.phone);
	assert_string_equal(p.taken.holders[0], inv->id);
	assert_int_equal(run(&p, store_find_names(p.store, &nothing, OTHER, STORE_NAMES_TO_RESERVE,
				     on_names, &p)),
	    ERR_OK);
	assert_false(p.taken.mail);
	invitation_free(inv);
	people_end(&p);
}

static void
a_change_holds_its_names_until_it_is_over(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct store_intent a = intent_of(INTENT_USER_CHANGE, TARGET),
			    b = intent_of(INTENT_USER_CHANGE, OTHER);
	struct invitation *inv = invitation_of("ada@x.org");
	struct person names = { .value = { [PERSON_MAIL] = "ada@x.org" } };

	a.value[PERSON_MAIL] = b.value[PERSON_MAIL] = "Ada@x.org";
	assert_int_equal(begin(&p, &a, NULL, 0), ERR_OK);
	assert_int_equal(begin(&p, &b, NULL, 0), ERR_CONFLICT);
	run(&p, store_find_names(p.store, &names, TARGET, STORE_NAMES_TO_RESERVE, on_names, &p));
	assert_false(p.taken.mail);
	run(&p, store_find_names(p.store, &names, OTHER, STORE_NAMES_TO_RESERVE, on_names, &p));
	assert_true(p.taken.mail);
	assert_int_equal(run(&p, store_issue(p.store, inv, &note, on_issued, &p)), ERR_EXISTS);
	assert_int_equal(
	    run(&p, store_intent_settle(p.store, &a, NULL, NULL, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "mail/"), 0);
	assert_int_equal(begin(&p, &b, NULL, 0), ERR_OK);
	assert_int_equal(run(&p, store_intent_drop(p.store, &b, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "mail/"), 0);
	assert_int_equal(run(&p, store_issue(p.store, inv, &note, on_issued, &p)), ERR_OK);
	assert_int_equal(begin(&p, &a, NULL, 0), ERR_CONFLICT);
	invitation_free(inv);
	people_end(&p);
}

static void
the_tokens_that_somebody_made_go_together(void **state)
{
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);

	for (int i = 0; i < 5; i++) {
		struct api_token t = { .id = "AAAAAAAAAAAAAAAA", .name = "ci" };

		t.id[15] = (char)('A' + i);
		snprintf(t.created_by, sizeof(t.created_by), i % 2 == 0 ? "user:1" : "user:2");
		run(&p, store_add_api_token(p.store, &t, &note, on_done, &p));
	}
	assert_int_equal(
	    run(&p, store_delete_tokens_of(p.store, "user:1", &note, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "apitoken/"), 2);
	assert_int_equal(
	    run(&p, store_delete_tokens_of(p.store, "user:1", &note, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "audit/"), 8);
	people_end(&p);
}

/* Whoever made it for them, and whatever was made with it. */
static void
the_tokens_that_belong_to_somebody_go_with_those_they_made(void **state)
{
	static const struct {
		const char *id, *maker, *owner;
	} rows[] = {
		{ "AAAAAAAAAAAAAAAA", "uid:0", TARGET },
		{ "BBBBBBBBBBBBBBBB", "user:" OTHER, OTHER },
		{ "CCCCCCCCCCCCCCCC", "user:" TARGET, "" },
		{ "DDDDDDDDDDDDDDDD", "token:AAAAAAAAAAAAAAAA", OTHER },
		{ "EEEEEEEEEEEEEEEE", "uid:0", "" },
	};
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_token t = { .name = "ci" };

		snprintf(t.id, sizeof(t.id), "%s", rows[i].id);
		snprintf(t.created_by, sizeof(t.created_by), "%s", rows[i].maker);
		snprintf(t.owner, sizeof(t.owner), "%s", rows[i].owner);
		run(&p, store_add_api_token(p.store, &t, &note, on_done, &p));
	}
	assert_int_equal(
	    run(&p, store_delete_tokens_of(p.store, "user:", &note, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "apitoken/"), 5);
	assert_int_equal(
	    run(&p, store_delete_tokens_of(p.store, "user:" TARGET, &note, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "apitoken/"), 2);
	assert_int_equal(keys(&p, "apitoken/B"), 1);
	assert_int_equal(keys(&p, "apitoken/E"), 1);
	people_end(&p);
}

static void
the_tokens_that_were_made_with_their_tokens_go_too(void **state)
{
	static const char *const rows[][2] = { /* id, maker: none is told after its maker alone */
		{ "AAAAAAAAAAAAAAAA", "token:CCCCCCCCCCCCCCCC" },
		{ "BBBBBBBBBBBBBBBB", "token:DDDDDDDDDDDDDDDD" },
		{ "CCCCCCCCCCCCCCCC", "token:EEEEEEEEEEEEEEEE" }, { "DDDDDDDDDDDDDDDD", "user:2" },
		{ "EEEEEEEEEEEEEEEE", "user:1" }, { "FFFFFFFFFFFFFFFF", "token:AAAAAAAAAAAAAAAA" }
	};
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_token t = { .name = "ci" };

		snprintf(t.id, sizeof(t.id), "%s", rows[i][0]);
		snprintf(t.created_by, sizeof(t.created_by), "%s", rows[i][1]);
		run(&p, store_add_api_token(p.store, &t, &note, on_done, &p));
	}
	assert_int_equal(
	    run(&p, store_delete_tokens_of(p.store, "user:1", &note, on_done, &p)), ERR_OK);
	assert_int_equal(keys(&p, "apitoken/"), 2);
	assert_int_equal(keys(&p, "apitoken/B"), 1);
	assert_int_equal(keys(&p, "apitoken/D"), 1);
	people_end(&p);
}

/* ---- watch ---- */

struct watching {
	struct people *p;
	int told, gone, ready, damaged;
	char last[ID_SIZE];
};

static void
watching_told(void *arg, const char *id, const struct invitation *inv)
{
	struct watching *g = arg;

	memcpy(g->last, id, ID_SIZE);
	if (inv != NULL) {
		assert_string_equal(inv->id, id);
		g->told++;
	} else
		g->gone++;
}

static void
watching_ready(void *arg)
{
	struct watching *g = arg;

	g->ready++;
	loop_stop(g->p->loop);
}

static void
watching_failed(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)code, (void)f;
	fail();
}

static void
watching_damaged(void *arg, const struct fault *f)
{
	(void)f;
	((struct watching *)arg)->damaged++;
}

static struct invitation *loaded;

static void
on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	loaded = *inv;
	*inv = NULL;
	on_done(arg, code, f);
}

static void
save_event(struct people *p, const char *id, enum invitation_event event)
{
	struct invitation *before, *after;

	assert_int_equal(run(p, store_load(p->store, id, on_loaded, p)), ERR_OK);
	before = loaded;
	after = invitation_copy(before);
	assert_int_equal(invitation_apply(after, event, before->created_at, NULL, NULL), ERR_OK);
	assert_int_equal(
	    run(p, store_save(p->store, before, after, event, &note, on_begun, p)), ERR_OK);
	call_get(p->loop, p->kv, "a"); /* a turn of the loop more */
	invitation_free(before);
	invitation_free(after);
}

static void
invitations_are_told_now_and_later(void **state)
{
	static const struct store_watch_cbs cbs = { .invitation = watching_told,
		.ready = watching_ready,
		.failed = watching_failed,
		.damaged = watching_damaged };
	struct kv_world *w = *state;
	struct people p = people_over(w->loop, w->kv);
	struct watching g = { .p = &p };
	struct invitation *a = invitation_of("a@x.org"), *b = invitation_of("b@x.org");
	struct store_watch *watch;

	call_put(w->loop, w->kv, "invitation/" TARGET, "damaged");
	run(&p, store_issue(p.store, a, &note, on_issued, &p));
	watch = store_watch_invitations(p.store, &cbs, &g);
	loop_run(p.loop);
	assert_int_equal(g.ready, 1);
	assert_int_equal(g.told, 1);
	assert_int_equal(g.damaged, 1);
	run(&p, store_issue(p.store, b, &note, on_issued, &p));
	call_put(w->loop, w->kv, "invitation/" TARGET, NULL);
	call_get(w->loop, w->kv, "invitation/" TARGET); /* a turn of the loop more */
	assert_int_equal(g.told, 2);
	assert_int_equal(g.gone, 1);
	assert_string_equal(g.last, TARGET);
	/* A mail's link changes nothing that is told. */
	g.told = 0;
	save_event(&p, b->id, INVITATION_EV_MAIL);
	assert_int_equal(g.told, 0);
	save_event(&p, b->id, INVITATION_EV_RESEND);
	assert_int_equal(g.told, 1);
	save_event(&p, b->id, INVITATION_EV_UNMAIL);
	save_event(&p, b->id, INVITATION_EV_UNDELIVER);
	assert_int_equal(g.told, 2);
	store_watch_stop(watch);
	invitation_free(a);
	invitation_free(b);
	people_end(&p);
}

/* ---- lost answers ---- */

static void
an_intent_whose_answer_is_lost_is_found_by_its_own_value(void **state)
{
	static const enum loss losses[] = { LOSE_ANSWER, LOSE_REQUEST };
	struct world *w = *state;
	struct people p = { .loop = w->loop, .kv = w->kv, .store = w->store };

	for (size_t l = 0; l < 2; l++) {
		struct store_intent i = intent_of(INTENT_USER_SUSPEND, TARGET), rival = i;
		size_t records = keys(&p, "audit/");

		world_lose(&losses[l], 1);
		assert_int_equal(begin(&p, &i, NULL, 0), ERR_OK);
		assert_int_equal(list(&p), 1);
		assert_int_equal(p.intent.revision, i.revision);
		/* What is there is somebody else's, whatever became of our own try. */
		world_lose(&losses[l], 1);
		assert_int_equal(begin(&p, &rival, NULL, 0), ERR_EXISTS);
		world_lose(&losses[l], 1);
		assert_int_equal(run(&p, store_intent_drop(p.store, &i, on_done, &p)), ERR_OK);
		assert_int_equal(keys(&p, "job/"), 0);
		assert_int_equal(keys(&p, "audit/"), records);
		assert_int_equal(begin(&p, &i, NULL, 0), ERR_OK);
		world_lose(&losses[l], 1);
		assert_int_equal(
		    run(&p, store_intent_settle(p.store, &i, NULL, NULL, on_done, &p)), ERR_OK);
		assert_int_equal(keys(&p, "audit/"), records + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KV_ROW(an_intent_is_there_until_it_is_settled_with_one_record),
		KV_ROW(a_dropped_intent_leaves_nothing),
		KV_ROW(a_damaged_intent_hides_no_other),
		KV_ROW(what_is_kept_comes_back_whole),
		KV_ROW(who_came_back_under_the_same_uuid_is_kept_anew),
		KV_ROW(a_removal_may_take_the_place_of_its_own_intent_and_of_no_later_one),
		KV_ROW(a_damaged_intent_stops_no_removal),
		KV_ROW(without_its_key_nothing_can_be_restored),
		KV_ROW(a_restore_takes_what_was_kept_and_forgetting_waits_for_it),
		KV_ROW(names_of_pending_invitations_are_found),
		KV_ROW(a_change_holds_its_names_until_it_is_over),
		KV_ROW(the_tokens_that_somebody_made_go_together),
		KV_ROW(the_tokens_that_belong_to_somebody_go_with_those_they_made),
		KV_ROW(the_tokens_that_were_made_with_their_tokens_go_too),
		KV_ROW(invitations_are_told_now_and_later),
	};
	const struct CMUnitTest lossy[] = {
		cmocka_unit_test_setup_teardown(
		    an_intent_whose_answer_is_lost_is_found_by_its_own_value, world_set_up,
		    world_tear_down),
	};
	int failed = kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));

	return failed + cmocka_run_group_tests(lossy, NULL, NULL);
}
