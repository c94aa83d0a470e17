/* The store's words on the memory kv: what is written together, who holds a name, what is left when
 * an invitation ends, and what becomes of writes whose fate is not known. */
#include <setjmp.h>
#include <unistd.h>
#include <sodium.h>

#include "kv_call.h"
#include "store/store.h"

enum { HOUR = 3600 * 1000 };

/* What happens to the next transactions: carried out or not, and the answer is lost. */
enum loss { LOSE_NOTHING, LOSE_REQUEST, LOSE_ANSWER };

struct world {
	struct loop *loop;
	struct kv *kv;
	struct seal *seal;
	struct store *store;
	struct clock clock;
	int64_t now;
	/* The last answer. */
	int calls;
	enum err code;
	uint64_t revision;
	struct store_taken taken;
	struct fault fault;
	struct invitation *inv;
	size_t count;
	bool more;
	char next[ID_SIZE], ids[STORE_LIST_MAX][ID_SIZE];
};

static enum loss losses[8];
static size_t loss_at;
static const struct kv_ops *real_ops;
static struct {
	kv_txn_cb *cb;
	void *arg;
} lost;

static void
lost_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct fault own;

	(void)arg, (void)code, (void)f;
	fault_set(&own, ERR_UNKNOWN, "no answer came");
	lost.cb(lost.arg, ERR_UNKNOWN, result, &own);
}

static struct kv_op *
lossy_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg)
{
	static const struct kv_txn nothing;
	enum loss loss = loss_at < 8 ? losses[loss_at++] : LOSE_NOTHING;

	if (loss == LOSE_NOTHING)
		return real_ops->txn(kv, txn, cb, arg);
	lost.cb = cb;
	lost.arg = arg;
	return real_ops->txn(kv, loss == LOSE_ANSWER ? txn : &nothing, lost_on_txn, NULL);
}

static int64_t
world_now(void *arg)
{
	return ((struct world *)arg)->now;
}

static void
on_done(void *arg, enum err code, const struct fault *f)
{
	struct world *w = arg;

	w->calls++;
	w->code = code;
	assert_true((code == ERR_OK) == (f == NULL));
	if (f != NULL)
		w->fault = *f;
	loop_stop(w->loop);
}

static int
set_up(void **state)
{
	static const unsigned char key[32] = "a key for tests, 32 bytes long..";
	static struct kv_ops lossy;
	struct world *w = mem_alloc(sizeof(*w));

	alarm(60);
	w->now = 1795000000000;
	w->clock = (struct clock){ world_now, clock_system.mono_ms, w };
	w->loop = loop_new();
	w->kv = kv_memory_new(w->loop);
	real_ops = w->kv->ops;
	lossy = *real_ops;
	lossy.txn = lossy_txn;
	w->kv->ops = &lossy;
	w->seal = seal_new(key);
	w->store = store_new(w->loop, w->kv, w->seal, &w->clock);
	memset(losses, 0, sizeof(losses));
	store_prepare(w->store, on_done, w);
	loop_run(w->loop);
	assert_int_equal(w->code, ERR_OK);
	loss_at = 0;
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	invitation_free(w->inv);
	store_free(w->store);
	seal_free(w->seal);
	kv_close(w->kv);
	loop_free(w->loop);
	free(w);
	return 0;
}

/* ---- the store as functions ---- */

static const struct store_note note = { "uid:0", "r-1" };

static void
on_issue(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	struct world *w = arg;

	on_done(w, code, f);
	w->revision = revision;
	w->taken = *taken;
}

static void
on_save(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct world *w = arg;

	on_done(w, code, f);
	w->revision = revision;
}

static void
on_load(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct world *w = arg;

	on_done(w, code, f);
	invitation_free(w->inv);
	w->inv = *inv;
	*inv = NULL;
}

static void
on_list(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct world *w = arg;

	assert_non_null(f);
	on_done(w, code, code == ERR_OK ? NULL : f);
	w->fault = *f;
	w->count = count;
	w->more = more;
	assert_true(more == (next != NULL));
	if (more)
		memcpy(w->next, next, ID_SIZE);
	for (size_t i = 0; i < count; i++)
		memcpy(w->ids[i], list[i]->id, ID_SIZE);
}

static enum err
run(struct world *w, struct store_op *op)
{
	int before = w->calls;

	assert_non_null(op);
	assert_int_equal(w->calls, before);
	loop_run(w->loop);
	assert_int_equal(w->calls, before + 1);
	return w->code;
}

static enum err
issue(struct world *w, const struct invitation *inv)
{
	return run(w, store_issue(w->store, inv, &note, on_issue, w));
}

static enum err
save(struct world *w, const struct invitation *before, const struct invitation *after,
    enum invitation_event event)
{
	return run(w, store_save(w->store, before, after, event, &note, on_save, w));
}

static enum err
load(struct world *w, const char *id)
{
	return run(w, store_load(w->store, id, on_load, w));
}

static struct invitation *
make(struct world *w, const char *uid, const char *mail, const char *phone)
{
	struct invitation *inv = invitation_new();
	struct arena *a = inv->arena;

	id_make(w->now++, inv->id);
	inv->method = INVITATION_BY_EMAIL;
	inv->person.value[PERSON_GIVEN_NAME] = arena_strdup(a, "Zo\xc3\xab \"Z\"");
	inv->person.value[PERSON_FAMILY_NAME] = arena_strdup(a, "Canaryname");
	inv->person.value[PERSON_BIRTHDAY] = arena_strdup(a, "1990-02-28");
	inv->person.value[PERSON_UID] = arena_strdup(a, uid);
	inv->person.value[PERSON_MAIL] = arena_strdup(a, mail);
	inv->person.value[PERSON_PHONE] = arena_strdup(a, phone);
	inv->person.groups[0] = arena_strdup(a, "cn=staff,dc=example");
	inv->person.group_count = 1;
	inv->personal_mail = arena_strdup(a, "zoe@canary.example");
	inv->uid_fixed = true;
	inv->modes[PERSON_PHONE] = FIELD_FREE;
	inv->modes[PERSON_POSITION] = FIELD_SUGGESTED;
	random_fill(&inv->tokens[0], sizeof(inv->tokens[0]));
	inv->token_count = 1;
	inv->created_at = w->now;
	inv->expires_at = w->now + HOUR;
	inv->created_by = arena_strdup(a, "uid:0");
	inv->timeline[0] =
	    (struct invitation_entry){ w->now, INVITATION_EV_ISSUE, arena_strdup(a, "by uid:0") };
	inv->timeline_count = 1;
	return inv;
}

/* Issue one and bring it to `events` through the store; w->inv is what was loaded last. */
static void
live(struct world *w, struct invitation *inv, const enum invitation_event *events, size_t count)
{
	struct fault f;

	assert_int_equal(issue(w, inv), ERR_OK);
	for (size_t i = 0; i < count; i++) {
		struct invitation *after;

		assert_int_equal(load(w, inv->id), ERR_OK);
		after = invitation_copy(w->inv);
		assert_int_equal(invitation_apply(after, events[i], w->now, NULL, &f), ERR_OK);
		if (after->state == INVITATION_DONE)
			after->done_at = w->now;
		assert_int_equal(save(w, w->inv, after, events[i]), ERR_OK);
		invitation_free(after);
	}
	assert_int_equal(load(w, inv->id), ERR_OK);
}

static size_t
keys_under(struct world *w, const char *prefix)
{
	return call_range(w->loop, w->kv, prefix, "", 500).count;
}

static const enum invitation_event to_claimed[] = { INVITATION_EV_CLAIM };
static const enum invitation_event to_done[] = { INVITATION_EV_CLAIM, INVITATION_EV_CREATE,
	INVITATION_EV_FINISH };
static const enum invitation_event to_revoked[] = { INVITATION_EV_REVOKE };

/* ---- tests ---- */

static void
an_invitation_comes_back_as_it_was_issued(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@example.org", "+491");
	const struct invitation *got;

	assert_int_equal(issue(w, inv), ERR_OK);
	assert_int_equal(load(w, inv->id), ERR_OK);
	got = w->inv;
	assert_int_equal(got->revision, w->revision);
	assert_string_equal(got->id, inv->id);
	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		if (inv->person.value[i] == NULL)
			assert_null(got->person.value[i]);
		else
			assert_string_equal(got->person.value[i], inv->person.value[i]);
		assert_int_equal(got->modes[i], inv->modes[i]);
	}
	assert_int_equal(got->person.group_count, 1);
	assert_string_equal(got->person.groups[0], "cn=staff,dc=example");
	assert_string_equal(got->personal_mail, inv->personal_mail);
	assert_true(got->uid_fixed);
	assert_int_equal(got->method, INVITATION_BY_EMAIL);
	assert_int_equal(got->state, INVITATION_PENDING);
	assert_int_equal(got->token_count, 1);
	assert_memory_equal(&got->tokens[0], &inv->tokens[0], sizeof(inv->tokens[0]));
	assert_int_equal(got->created_at, inv->created_at);
	assert_int_equal(got->expires_at, inv->expires_at);
	assert_string_equal(got->created_by, "uid:0");
	assert_int_equal(got->timeline_count, 1);
	assert_string_equal(got->timeline[0].detail, "by uid:0");
	invitation_free(inv);
}

static void
a_link_finds_its_invitation(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", NULL, "+491");
	struct token_hash other = { { 1 } };

	issue(w, inv);
	assert_int_equal(
	    run(w, store_load_by_token(w->store, &inv->tokens[0], on_load, w)), ERR_OK);
	assert_string_equal(w->inv->id, inv->id);
	assert_int_equal(run(w, store_load_by_token(w->store, &other, on_load, w)), ERR_NOT_FOUND);
	assert_int_equal(load(w, "00000000-0000-7000-8000-000000000000"), ERR_NOT_FOUND);
	assert_int_equal(load(w, "../../nonsense"), ERR_NOT_FOUND);
	invitation_free(inv);
}

static void
names_of_a_pending_invitation_are_taken(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *uid, *mail, *phone;
		enum err expect;
		struct store_taken taken;
	} rows[] = {
		{ "zoe", "a@x.org", "+1", ERR_EXISTS, { .uid = true } },
		{ "a", "zoe@x.org", "+1", ERR_EXISTS, { .mail = true } },
		{ "a", "a@x.org", "+491", ERR_EXISTS, { .phone = true } },
		{ "zoe", "zoe@x.org", "+491", ERR_EXISTS, { true, true, true } },
		{ "ZOE", "Zoe@X.ORG", "+1", ERR_EXISTS, { true, true, false } },
		{ "a", "a@x.org", "+1", ERR_OK, { .uid = false } },
		{ "b", NULL, NULL, ERR_OK, { .uid = false } },
	};
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491");

	issue(w, inv);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct invitation *other = make(w, rows[i].uid, rows[i].mail, rows[i].phone);

		assert_int_equal(issue(w, other), rows[i].expect);
		assert_memory_equal(&w->taken, &rows[i].taken, sizeof(w->taken));
		assert_int_equal(
		    load(w, other->id), rows[i].expect == ERR_OK ? ERR_OK : ERR_NOT_FOUND);
		invitation_free(other);
	}
	invitation_free(inv);
}

static void
a_save_of_an_old_version_conflicts(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491"), *stale;
	struct fault f;

	issue(w, inv);
	load(w, inv->id);
	stale = invitation_copy(w->inv);
	invitation_free(inv);
	inv = invitation_copy(stale);
	invitation_apply(inv, INVITATION_EV_REVOKE, w->now, NULL, &f);
	assert_int_equal(save(w, stale, inv, INVITATION_EV_REVOKE), ERR_OK);
	assert_int_equal(save(w, stale, inv, INVITATION_EV_REVOKE), ERR_CONFLICT);
	assert_int_equal(keys_under(w, "audit/"), 2);
	invitation_free(stale);
	invitation_free(inv);
}

static void
a_claimed_one_is_unsettled_until_it_ends(void **state)
{
	struct world *w = *state;
	struct invitation *a = make(w, "a", NULL, "+1"), *b = make(w, "b", NULL, "+2");

	assert_int_equal(run(w, store_list_unsettled(w->store, NULL, 10, on_list, w)), ERR_OK);
	assert_int_equal(w->count, 0);
	live(w, a, to_claimed, 1);
	live(w, b, to_claimed, 1);
	run(w, store_list_unsettled(w->store, NULL, 1, on_list, w));
	assert_int_equal(w->count, 1);
	assert_string_equal(w->ids[0], a->id);
	assert_true(w->more);
	run(w, store_list_unsettled(w->store, w->next, 10, on_list, w));
	assert_int_equal(w->count, 1);
	assert_string_equal(w->ids[0], b->id);
	assert_false(w->more);
	invitation_free(a);
	invitation_free(b);
	a = make(w, "c", NULL, "+3");
	live(w, a, to_done, 3);
	assert_int_equal(keys_under(w, "work/"), 2);
	invitation_free(a);
}

static void
a_finished_one_forgets_the_person_and_keeps_the_link(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491");

	live(w, inv, to_done, 3);
	assert_int_equal(w->inv->state, INVITATION_DONE);
	assert_null(w->inv->person.value[PERSON_FAMILY_NAME]);
	assert_null(w->inv->personal_mail);
	assert_string_equal(w->inv->person.value[PERSON_UID], "zoe");
	assert_int_equal(w->inv->token_count, 0);
	assert_int_equal(w->inv->old_token_count, 1);
	assert_int_equal(
	    run(w, store_load_by_token(w->store, &inv->tokens[0], on_load, w)), ERR_OK);
	assert_int_equal(w->inv->state, INVITATION_DONE);
	assert_int_equal(keys_under(w, "audit/"), 4);
	invitation_free(inv);
}

static void
names_of_a_finished_one_are_free_after_the_grace(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491"), *next;

	live(w, inv, to_done, 3);
	next = make(w, "zoe", "zoe@x.org", "+491");
	assert_int_equal(issue(w, next), ERR_EXISTS);
	w->now += STORE_RELEASE_GRACE_MS;
	assert_int_equal(issue(w, next), ERR_OK);
	w->now += STORE_RELEASE_GRACE_MS;
	invitation_free(inv);
	inv = make(w, "zoe", "other@x.org", NULL);
	assert_int_equal(issue(w, inv), ERR_EXISTS);
	assert_true(w->taken.uid);
	invitation_free(inv);
	invitation_free(next);
}

static void
names_of_a_revoked_one_are_free_at_once(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491"), *next;

	live(w, inv, to_revoked, 1);
	next = make(w, "zoe", "zoe@x.org", "+491");
	assert_int_equal(issue(w, next), ERR_OK);
	invitation_free(inv);
	invitation_free(next);
}

static void
a_rename_moves_the_reservation(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", NULL, "+1"), *other = make(w, "max", NULL, "+2");
	struct invitation *after;
	struct fault f;

	issue(w, inv);
	issue(w, other);
	load(w, inv->id);
	after = invitation_copy(w->inv);
	invitation_apply(after, INVITATION_EV_RENAME, w->now, NULL, &f);
	after->person.value[PERSON_UID] = "max";
	assert_int_equal(save(w, w->inv, after, INVITATION_EV_RENAME), ERR_EXISTS);
	after->person.value[PERSON_UID] = "zoe2";
	assert_int_equal(save(w, w->inv, after, INVITATION_EV_RENAME), ERR_OK);
	assert_int_equal(keys_under(w, "uid/"), 2);
	invitation_free(other);
	other = make(w, "zoe", NULL, "+3");
	assert_int_equal(issue(w, other), ERR_OK);
	invitation_free(other);
	other = make(w, "zoe2", NULL, "+4");
	assert_int_equal(issue(w, other), ERR_EXISTS);
	invitation_free(other);
	invitation_free(after);
	invitation_free(inv);
}

static void
a_name_in_another_case_keeps_its_reservation_and_its_spelling(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "Zoe@X.org", NULL), *after;
	struct fault f;

	issue(w, inv);
	load(w, inv->id);
	assert_string_equal(w->inv->person.value[PERSON_MAIL], "Zoe@X.org");
	after = invitation_copy(w->inv);
	invitation_apply(after, INVITATION_EV_RENAME, w->now, NULL, &f);
	after->person.value[PERSON_UID] = "Zoe";
	assert_int_equal(save(w, w->inv, after, INVITATION_EV_RENAME), ERR_OK);
	assert_int_equal(keys_under(w, "uid/"), 1);
	invitation_free(after);
	invitation_free(inv);
}

static void
a_new_link_adds_its_key_and_the_old_one_still_finds(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", NULL, "+1"), *after;
	struct token_hash fresh = { { 7 } };
	struct fault f;

	issue(w, inv);
	load(w, inv->id);
	after = invitation_copy(w->inv);
	assert_int_equal(invitation_add_token(after, &fresh, true, w->now, &f), ERR_OK);
	assert_int_equal(save(w, w->inv, after, INVITATION_EV_LINK), ERR_OK);
	assert_int_equal(keys_under(w, "token/"), 2);
	assert_int_equal(run(w, store_load_by_token(w->store, &fresh, on_load, w)), ERR_OK);
	assert_int_equal(
	    run(w, store_load_by_token(w->store, &inv->tokens[0], on_load, w)), ERR_OK);
	invitation_free(after);
	invitation_free(inv);
}

static void
a_lost_answer_is_settled_by_reading_back(void **state)
{
	struct world *w = *state;
	static const struct {
		enum loss losses[3];
	} rows[] = {
		{ { LOSE_ANSWER } },
		{ { LOSE_REQUEST } },
		{ { LOSE_REQUEST, LOSE_ANSWER } },
		{ { LOSE_REQUEST, LOSE_REQUEST, LOSE_ANSWER } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char uid[8];
		struct invitation *inv;

		snprintf(uid, sizeof(uid), "u%zu", i);
		inv = make(w, uid, NULL, NULL);
		memcpy(losses, rows[i].losses, sizeof(rows[i].losses));
		loss_at = 0;
		assert_int_equal(issue(w, inv), ERR_OK);
		assert_int_equal(load(w, inv->id), ERR_OK);
		assert_int_equal(w->inv->revision, w->revision);
		assert_int_equal(keys_under(w, "audit/"), i + 1);
		invitation_free(inv);
	}
}

static void
a_purge_takes_everything_of_an_old_final_one(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", "+491"), *other;
	int64_t later;

	live(w, inv, to_done, 3);
	later = w->inv->done_at + 1;
	assert_int_equal(
	    run(w, store_purge(w->store, inv, w->inv->done_at, on_done, w)), ERR_CONFLICT);
	w->now += STORE_RELEASE_GRACE_MS;
	other = make(w, "zoe", NULL, NULL); /* takes the uid over */
	assert_int_equal(issue(w, other), ERR_OK);
	assert_int_equal(
	    run(w, store_purge(w->store, other, w->now + HOUR, on_done, w)), ERR_CONFLICT);
	assert_int_equal(run(w, store_purge(w->store, inv, later, on_done, w)), ERR_OK);
	assert_int_equal(load(w, inv->id), ERR_NOT_FOUND);
	assert_int_equal(keys_under(w, "token/"), 1);
	assert_int_equal(keys_under(w, "mail/") + keys_under(w, "phone/"), 0);
	assert_int_equal(keys_under(w, "uid/"), 1);
	assert_int_equal(run(w, store_purge(w->store, inv, later, on_done, w)), ERR_OK);
	invitation_free(other);
	invitation_free(inv);
}

static void
lists_go_by_creation_and_can_leave_out_final_ones(void **state)
{
	struct world *w = *state;
	char ids[5][ID_SIZE];

	for (int i = 0; i < 5; i++) {
		char uid[8];
		struct invitation *inv;

		snprintf(uid, sizeof(uid), "u%d", i);
		inv = make(w, uid, NULL, NULL);
		memcpy(ids[i], inv->id, ID_SIZE);
		live(w, inv, to_revoked, i == 1 ? 1 : 0);
		invitation_free(inv);
	}
	run(w, store_list(w->store, NULL, 3, false, on_list, w));
	assert_int_equal(w->count, 3);
	assert_true(w->more);
	assert_string_equal(w->next, ids[2]);
	run(w, store_list(w->store, w->next, 3, false, on_list, w));
	assert_int_equal(w->count, 2);
	assert_false(w->more);
	run(w, store_list(w->store, NULL, 2, true, on_list, w));
	assert_int_equal(w->count, 2);
	assert_string_equal(w->ids[1], ids[2]);
	assert_true(w->more);
	assert_string_equal(w->next, ids[2]);
	run(w, store_list(w->store, w->next, 2, true, on_list, w));
	assert_int_equal(w->count, 2);
	assert_false(w->more);
}

static void
a_stored_person_cannot_be_read_in_the_store(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "canaryuid", "zoe@canary.example", "+4912345");
	struct answer a;

	issue(w, inv);
	a = call_range(w->loop, w->kv, "", "", 500);
	assert_true(a.count >= 7);
	for (size_t i = 0; i < a.count; i++) {
		assert_null(strstr(a.item[i].key, "canary"));
		assert_null(strstr(a.item[i].value, "anary"));
		assert_int_equal(a.item[i].value[0], 1); /* sealed */
	}
	invitation_free(inv);
}

static void
another_key_or_a_newer_schema_is_refused(void **state)
{
	struct world *w = *state;
	unsigned char key[32] = "another key", sealed[256];
	struct seal *seal = seal_new(key);
	struct store *s = store_new(w->loop, w->kv, seal, &w->clock);
	static const struct {
		const char *json;
		enum err expect;
	} rows[] = {
		{ "{\"v\":1,\"schema\":1}", ERR_OK },
		{ "{\"v\":1,\"schema\":2}", ERR_MISCONFIGURED },
		{ "{\"v\":2,\"schema\":1}", ERR_CORRUPT },
		{ "{\"v\":1}", ERR_CORRUPT },
		{ "nonsense", ERR_CORRUPT },
	};

	assert_int_equal(run(w, store_prepare(s, on_done, w)), ERR_CORRUPT);
	assert_non_null(strstr(w->fault.text, "which the key file lacks"));
	store_free(s);
	seal_free(seal);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kv_write write = { kv_text("meta/schema"), { sealed, 0 } };
		struct kv_txn txn = { NULL, 0, &write, 1 };

		write.value.len = seal_close(
		    w->seal, "meta/schema", 11, rows[i].json, strlen(rows[i].json), sealed);
		call_txn(w->loop, w->kv, &txn);
		assert_int_equal(run(w, store_prepare(w->store, on_done, w)), rows[i].expect);
	}
	call_put(w->loop, w->kv, "meta/schema", NULL);
	assert_int_equal(run(w, store_prepare(w->store, on_done, w)), ERR_OK);
	call_put(w->loop, w->kv, "uid/x", "x");
	call_put(w->loop, w->kv, "meta/schema", NULL);
	assert_int_equal(run(w, store_prepare(w->store, on_done, w)), ERR_CORRUPT);
}

static void
a_damaged_value_is_corrupt_and_named(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", NULL, NULL);
	char key[64];

	issue(w, inv);
	snprintf(key, sizeof(key), "invitation/%s", inv->id);
	call_put(w->loop, w->kv, key, "damaged");
	assert_int_equal(load(w, inv->id), ERR_CORRUPT);
	assert_non_null(strstr(w->fault.text, inv->id));
	invitation_free(inv);
}

/* Between two good ones, each in a way of its own. */
static void
a_damaged_one_is_left_out_of_lists_and_named(void **state)
{
	struct world *w = *state;
	static const char *const rows[] = { "damaged", "", "not sealed, {\"v\":1}", NULL };
	struct invitation *inv[3];
	char key[64], sealed[SEAL_OVERHEAD + 8];

	for (size_t i = 0; i < 3; i++) {
		char uid[8];

		snprintf(uid, sizeof(uid), "u%zu", i);
		inv[i] = make(w, uid, NULL, NULL);
		live(w, inv[i], to_claimed, 1);
	}
	run(w, store_list(w->store, NULL, 10, false, on_list, w));
	assert_int_equal(w->count, 3);
	assert_string_equal(w->fault.text, "");
	snprintf(key, sizeof(key), "invitation/%s", inv[1]->id);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kv_write write = write_of(key, rows[i]);
		struct kv_txn txn = { NULL, 0, &write, 1 };

		if (rows[i] == NULL) /* sealed by us, and still no invitation */
			write.value = (struct kv_bytes){ sealed,
				seal_close(w->seal, key, strlen(key), "nonsense", 8,
				    (unsigned char *)sealed) };
		call_txn(w->loop, w->kv, &txn);
		for (int open_only = 0; open_only < 2; open_only++) {
			run(w, store_list(w->store, NULL, 10, open_only, on_list, w));
			assert_int_equal(w->code, ERR_OK);
			assert_int_equal(w->count, 2);
			assert_string_equal(w->ids[1], inv[2]->id);
			assert_memory_equal(w->fault.text, key, strlen(key));
			assert_null(strstr(w->fault.text + 1, "invitation/"));
		}
		run(w, store_list(w->store, inv[0]->id, 1, false, on_list, w));
		assert_int_equal(w->count, 0);
		assert_true(w->more);
		assert_string_equal(w->next, inv[1]->id);
		assert_int_equal(
		    run(w, store_list_unsettled(w->store, NULL, 10, on_list, w)), ERR_OK);
		assert_int_equal(w->count, 2);
		assert_string_equal(w->ids[1], inv[2]->id);
		assert_memory_equal(w->fault.text, key, strlen(key));
	}
	for (size_t i = 0; i < 3; i++)
		invitation_free(inv[i]);
}

static void
a_key_that_is_no_id_stops_no_list(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", NULL, NULL);
	char strange[ID_SIZE];

	live(w, inv, to_claimed, 1);
	memset(strange, '~', ID_SIZE - 1);
	strange[ID_SIZE - 1] = '\0';
	for (int i = 0; i < 2; i++) {
		char key[64];

		snprintf(key, sizeof(key), "work/%s", i == 0 ? "x" : strange);
		call_put(w->loop, w->kv, key, "");
		snprintf(key, sizeof(key), "invitation/%s", i == 0 ? "x" : strange);
		call_put(w->loop, w->kv, key, "");
	}
	assert_int_equal(run(w, store_list_unsettled(w->store, NULL, 10, on_list, w)), ERR_OK);
	assert_int_equal(w->count, 1);
	assert_non_null(strstr(w->fault.text, "work/x"));
	assert_int_equal(run(w, store_list(w->store, NULL, 10, false, on_list, w)), ERR_OK);
	assert_int_equal(w->count, 1);
	assert_non_null(strstr(w->fault.text, "invitation/x"));
	run(w, store_list(w->store, inv->id, 1, false, on_list, w));
	assert_int_equal(w->code, ERR_CORRUPT); /* nothing to go on behind */
	invitation_free(inv);
}

static void
cancelled_operations_say_nothing(void **state)
{
	struct world *w = *state;
	struct invitation *inv = make(w, "zoe", "zoe@x.org", NULL);
	int before = w->calls;

	store_cancel(store_issue(w->store, inv, &note, on_issue, w));
	store_cancel(store_load(w->store, inv->id, on_load, w));
	store_cancel(store_list(w->store, NULL, 10, false, on_list, w));
	store_cancel(store_purge(w->store, inv, 0, on_done, w));
	store_load(w->store, inv->id, on_load, w);
	store_free(w->store);
	call_get(w->loop, w->kv, "x");
	assert_int_equal(w->calls, before);
	w->store = store_new(w->loop, w->kv, w->seal, &w->clock);
	invitation_free(inv);
}

/* ---- API tokens ---- */

struct tokens {
	struct world *w;
	int added, deleted, ready, failed, damaged;
	struct api_token last;
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
		.created_by = "uid:0" };
	static const struct store_token_watch_cbs cbs = { tokens_changed, tokens_ready,
		tokens_failed, tokens_damaged };
	struct tokens k = { .w = w };
	struct store_token_watch *watch;

	assert_int_equal(run(w, store_add_api_token(w->store, &t, &note, on_done, w)), ERR_OK);
	assert_int_equal(run(w, store_add_api_token(w->store, &t, &note, on_done, w)), ERR_EXISTS);
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
	t.id[0] = 'B';
	run(w, store_add_api_token(w->store, &t, &note, on_done, w));
	run(w, store_delete_api_token(w->store, t.id, &note, on_done, w));
	assert_int_equal(w->code, ERR_OK);
	run(w, store_delete_api_token(w->store, t.id, &note, on_done, w));
	assert_int_equal(w->code, ERR_NOT_FOUND);
	run(w, store_delete_api_token(w->store, "../../etc", &note, on_done, w));
	assert_int_equal(w->code, ERR_NOT_FOUND);
	assert_int_equal(k.added, 2);
	assert_int_equal(k.deleted, 1);
	assert_int_equal(k.failed, 0);
	assert_int_equal(keys_under(w, "audit/"), 3);
	assert_int_equal(k.damaged, 0);
	store_token_watch_stop(watch);
}

/* `listen`: somebody hears of the damage; the others are told either way. */
static void
a_damaged_api_token_stops_no_other(void **state)
{
	struct world *w = *state;
	struct api_token t = { .id = "BBBBBBBBBBBBBBBB", .name = "ci", .created_by = "uid:0" };
	struct store_token_watch_cbs cbs = { tokens_changed, tokens_ready, tokens_failed, NULL };

	call_put(w->loop, w->kv, "apitoken/AAAAAAAAAAAAAAAA", "damaged");
	call_put(w->loop, w->kv, "apitoken/strange", "damaged");
	run(w, store_add_api_token(w->store, &t, &note, on_done, w));
	for (int listen = 0; listen < 2; listen++) {
		struct tokens k = { .w = w };
		struct store_token_watch *watch;

		cbs.damaged = listen ? tokens_damaged : NULL;
		watch = store_watch_api_tokens(w->store, &cbs, &k);
		loop_run(w->loop);
		assert_int_equal(k.ready, 1);
		assert_int_equal(k.added, 1);
		assert_string_equal(k.last.id, t.id);
		assert_int_equal(k.damaged, listen ? 2 : 0);
		call_put(w->loop, w->kv, "apitoken/CCCCCCCCCCCCCCCC", "damaged");
		run(w, store_delete_api_token(w->store, t.id, &note, on_done, w));
		assert_int_equal(k.deleted, 1);
		assert_int_equal(k.damaged, listen ? 3 : 0);
		assert_int_equal(k.failed, 0);
		store_token_watch_stop(watch);
		call_put(w->loop, w->kv, "apitoken/CCCCCCCCCCCCCCCC", NULL);
		run(w, store_add_api_token(w->store, &t, &note, on_done, w));
	}
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(an_invitation_comes_back_as_it_was_issued),
		ROW(a_link_finds_its_invitation),
		ROW(names_of_a_pending_invitation_are_taken),
		ROW(a_save_of_an_old_version_conflicts),
		ROW(a_claimed_one_is_unsettled_until_it_ends),
		ROW(a_finished_one_forgets_the_person_and_keeps_the_link),
		ROW(names_of_a_finished_one_are_free_after_the_grace),
		ROW(names_of_a_revoked_one_are_free_at_once),
		ROW(a_rename_moves_the_reservation),
		ROW(a_name_in_another_case_keeps_its_reservation_and_its_spelling),
		ROW(a_new_link_adds_its_key_and_the_old_one_still_finds),
		ROW(a_lost_answer_is_settled_by_reading_back),
		ROW(a_purge_takes_everything_of_an_old_final_one),
		ROW(lists_go_by_creation_and_can_leave_out_final_ones),
		ROW(a_stored_person_cannot_be_read_in_the_store),
		ROW(another_key_or_a_newer_schema_is_refused),
		ROW(a_damaged_value_is_corrupt_and_named),
		ROW(a_damaged_one_is_left_out_of_lists_and_named),
		ROW(a_key_that_is_no_id_stops_no_list),
		ROW(cancelled_operations_say_nothing),
		ROW(api_tokens_are_told_now_and_later),
		ROW(a_damaged_api_token_stops_no_other),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
