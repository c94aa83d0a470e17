/* The store's words on the memory kv: what is written together, who holds a name, what is left when
 * an invitation ends, and what becomes of writes whose fate is not known. */
#include <sodium.h>

#include "store/store_people.h"
#include "store_world.h"

static const enum invitation_event to_claimed[] = { INVITATION_EV_CLAIM };
static const enum invitation_event to_done[] = { INVITATION_EV_CLAIM, INVITATION_EV_CREATE,
	INVITATION_EV_FINISH };
static const enum invitation_event to_revoked[] = { INVITATION_EV_REVOKE };

static void
an_invitation_comes_back_as_it_was_issued(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@example.org", "+491");
	const struct invitation *got;

	assert_int_equal(world_issue(w, inv), ERR_OK);
	assert_int_equal(world_load(w, inv->id), ERR_OK);
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
	assert_string_equal(got->owner, inv->owner);
	assert_int_equal(got->timeline_count, 1);
	assert_string_equal(got->timeline[0].detail, "by uid:0");
	invitation_free(inv);
}

/* Save what `event` makes of w->inv, and load it again. */
static void
change(struct world *w, struct invitation *after, enum invitation_event event)
{
	struct invitation *before = invitation_copy(w->inv);

	assert_int_equal(invitation_apply(after, event, w->now, "5.1.1", NULL), ERR_OK);
	assert_int_equal(world_save(w, before, after, event), ERR_OK);
	assert_int_equal(world_load(w, before->id), ERR_OK);
	invitation_free(before);
	invitation_free(after);
}

static void
what_a_refused_mail_leaves_behind_comes_back_until_it_is_sent_again(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@example.org", "+491"), *after;
	struct token_hash mailed = { { 7 } };

	world_issue(w, inv);
	world_load(w, inv->id);
	after = invitation_copy(w->inv);
	assert_int_equal(invitation_add_token(after, &mailed, false, w->now, NULL), ERR_OK);
	change(w, after, INVITATION_EV_MAIL);
	assert_int_equal(w->inv->token_count, 2);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &mailed, world_on_load, w)), ERR_OK);

	after = invitation_copy(w->inv);
	assert_true(invitation_drop_token(after, &mailed));
	change(w, after, INVITATION_EV_UNMAIL);
	assert_int_equal(w->inv->token_count, 1);
	assert_int_equal(w->inv->old_token_count, 0);
	assert_int_equal(w->inv->timeline_count, 1);

	change(w, invitation_copy(w->inv), INVITATION_EV_UNDELIVER);
	assert_true(w->inv->undeliverable);
	assert_int_equal(w->inv->timeline[1].event, INVITATION_EV_UNDELIVER);
	change(w, invitation_copy(w->inv), INVITATION_EV_RESEND);
	assert_false(w->inv->undeliverable);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &mailed, world_on_load, w)), ERR_NOT_FOUND);
	invitation_free(inv);
}

static void
a_link_finds_its_invitation(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", NULL, "+491");
	struct token_hash other = { { 1 } };

	world_issue(w, inv);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &inv->tokens[0], world_on_load, w)), ERR_OK);
	assert_string_equal(w->inv->id, inv->id);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &other, world_on_load, w)), ERR_NOT_FOUND);
	assert_int_equal(world_load(w, "00000000-0000-7000-8000-000000000000"), ERR_NOT_FOUND);
	assert_int_equal(world_load(w, "../../nonsense"), ERR_NOT_FOUND);
	invitation_free(inv);
}

static void
names_of_a_pending_invitation_are_taken(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *uid, *mail, *phone;
		enum err expect;
		bool uid_taken, mail_taken, phone_taken;
	} rows[] = {
		{ "zoe", "a@x.org", "+1", ERR_EXISTS, true, false, false },
		{ "a", "zoe@x.org", "+1", ERR_EXISTS, false, true, false },
		{ "a", "a@x.org", "+491", ERR_EXISTS, false, false, true },
		{ "zoe", "zoe@x.org", "+491", ERR_EXISTS, true, true, true },
		{ "ZOE", "Zoe@X.ORG", "+1", ERR_EXISTS, true, true, false },
		{ "a", "a@x.org", "+1", ERR_OK, false, false, false },
		{ "b", NULL, NULL, ERR_OK, false, false, false },
	};
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491");

	world_issue(w, inv);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct invitation *other = world_make(w, rows[i].uid, rows[i].mail, rows[i].phone);

		assert_int_equal(world_issue(w, other), rows[i].expect);
		assert_int_equal(w->taken.uid, rows[i].uid_taken);
		assert_int_equal(w->taken.mail, rows[i].mail_taken);
		assert_int_equal(w->taken.phone, rows[i].phone_taken);
		assert_int_equal(w->taken.holder_count, rows[i].expect == ERR_EXISTS); /* once */
		for (size_t h = 0; h < w->taken.holder_count; h++)
			assert_string_equal(w->taken.holders[h], inv->id);
		assert_int_equal(
		    world_load(w, other->id), rows[i].expect == ERR_OK ? ERR_OK : ERR_NOT_FOUND);
		invitation_free(other);
	}
	invitation_free(inv);
}

static void
a_save_of_an_old_version_conflicts(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491"), *stale;
	struct fault f;

	world_issue(w, inv);
	world_load(w, inv->id);
	stale = invitation_copy(w->inv);
	invitation_free(inv);
	inv = invitation_copy(stale);
	invitation_apply(inv, INVITATION_EV_REVOKE, w->now, NULL, &f);
	assert_int_equal(world_save(w, stale, inv, INVITATION_EV_REVOKE), ERR_OK);
	assert_int_equal(world_save(w, stale, inv, INVITATION_EV_REVOKE), ERR_CONFLICT);
	assert_int_equal(world_keys(w, "audit/"), 2);
	invitation_free(stale);
	invitation_free(inv);
}

static void
a_claimed_one_is_unsettled_until_it_ends(void **state)
{
	struct world *w = *state;
	struct invitation *a = world_make(w, "a", NULL, "+1"), *b = world_make(w, "b", NULL, "+2");

	assert_int_equal(
	    world_run(w, store_list_unsettled(w->store, NULL, 10, world_on_list, w)), ERR_OK);
	assert_int_equal(w->count, 0);
	world_live(w, a, to_claimed, 1);
	world_live(w, b, to_claimed, 1);
	world_run(w, store_list_unsettled(w->store, NULL, 1, world_on_list, w));
	assert_int_equal(w->count, 1);
	assert_string_equal(w->ids[0], a->id);
	assert_true(w->more);
	world_run(w, store_list_unsettled(w->store, w->next, 10, world_on_list, w));
	assert_int_equal(w->count, 1);
	assert_string_equal(w->ids[0], b->id);
	assert_false(w->more);
	invitation_free(a);
	invitation_free(b);
	a = world_make(w, "c", NULL, "+3");
	world_live(w, a, to_done, 3);
	assert_int_equal(world_keys(w, "work/"), 2);
	invitation_free(a);
}

static void
a_finished_one_forgets_the_person_and_keeps_the_link(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491");

	world_live(w, inv, to_done, 3);
	assert_int_equal(w->inv->state, INVITATION_DONE);
	assert_null(w->inv->person.value[PERSON_FAMILY_NAME]);
	assert_null(w->inv->personal_mail);
	assert_string_equal(w->inv->person.value[PERSON_UID], "zoe");
	assert_string_equal(w->inv->person.value[PERSON_ORG_UNIT], "ou=Lab,dc=example");
	assert_string_equal(w->inv->owner, inv->owner);
	assert_int_equal(w->inv->token_count, 0);
	assert_int_equal(w->inv->old_token_count, 1);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &inv->tokens[0], world_on_load, w)), ERR_OK);
	assert_int_equal(w->inv->state, INVITATION_DONE);
	assert_int_equal(world_keys(w, "audit/"), 4);
	invitation_free(inv);
}

static void
on_found(void *arg, enum err code, const struct store_taken *taken, const struct fault *f)
{
	struct world *w = arg;

	w->taken = *taken;
	world_on_done(w, code, f);
}

/* How many of the invitation's names are held against `own`. */
static int
names_held(struct world *w, const struct invitation *inv, const char *own,
    enum store_names_purpose purpose)
{
	assert_int_equal(
	    world_run(w, store_find_names(w->store, &inv->person, own, purpose, on_found, w)),
	    ERR_OK);
	return w->taken.uid + w->taken.mail + w->taken.phone;
}

/* Who looks before reserving is told what the reservation would be told. */
static void
names_of_a_finished_one_are_free_after_the_grace(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491"), *next;

	next = world_make(w, "zoe", "zoe@x.org", "+491");
	world_live(w, inv, to_done, 3);
	w->now += STORE_RELEASE_GRACE_MS - 1;
	assert_int_equal(names_held(w, next, "", STORE_NAMES_TO_RESERVE), 3);
	assert_int_equal(names_held(w, next, next->id, STORE_NAMES_TO_RESERVE), 3);
	assert_int_equal(names_held(w, next, inv->id, STORE_NAMES_TO_RESERVE), 0);
	assert_int_equal(names_held(w, next, "", STORE_NAMES_TO_LOOK_UP), 0);
	assert_int_equal(world_issue(w, next), ERR_EXISTS);
	w->now += 1;
	assert_int_equal(names_held(w, next, "", STORE_NAMES_TO_RESERVE), 0);
	assert_int_equal(world_issue(w, next), ERR_OK);
	assert_int_equal(names_held(w, next, "", STORE_NAMES_TO_RESERVE), 3);
	assert_int_equal(names_held(w, next, "", STORE_NAMES_TO_LOOK_UP), 3);
	w->now += STORE_RELEASE_GRACE_MS;
	invitation_free(inv);
	inv = world_make(w, "zoe", "other@x.org", NULL);
	assert_int_equal(world_issue(w, inv), ERR_EXISTS);
	assert_true(w->taken.uid);
	invitation_free(inv);
	invitation_free(next);
}

static void
names_of_a_revoked_one_are_free_at_once(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491"), *next;

	world_live(w, inv, to_revoked, 1);
	next = world_make(w, "zoe", "zoe@x.org", "+491");
	assert_int_equal(world_issue(w, next), ERR_OK);
	invitation_free(inv);
	invitation_free(next);
}

static void
a_rename_moves_the_reservation(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", NULL, "+1"),
			  *other = world_make(w, "max", NULL, "+2");
	struct invitation *after;
	struct fault f;

	world_issue(w, inv);
	world_issue(w, other);
	world_load(w, inv->id);
	after = invitation_copy(w->inv);
	invitation_apply(after, INVITATION_EV_RENAME, w->now, NULL, &f);
	after->person.value[PERSON_UID] = "max";
	assert_int_equal(world_save(w, w->inv, after, INVITATION_EV_RENAME), ERR_EXISTS);
	after->person.value[PERSON_UID] = "zoe2";
	assert_int_equal(world_save(w, w->inv, after, INVITATION_EV_RENAME), ERR_OK);
	assert_int_equal(world_keys(w, "uid/"), 2);
	invitation_free(other);
	other = world_make(w, "zoe", NULL, "+3");
	assert_int_equal(world_issue(w, other), ERR_OK);
	invitation_free(other);
	other = world_make(w, "zoe2", NULL, "+4");
	assert_int_equal(world_issue(w, other), ERR_EXISTS);
	invitation_free(other);
	invitation_free(after);
	invitation_free(inv);
}

static void
a_name_in_another_case_keeps_its_reservation_and_its_spelling(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "Zoe@X.org", NULL), *after;
	struct fault f;

	world_issue(w, inv);
	world_load(w, inv->id);
	assert_string_equal(w->inv->person.value[PERSON_MAIL], "Zoe@X.org");
	after = invitation_copy(w->inv);
	invitation_apply(after, INVITATION_EV_RENAME, w->now, NULL, &f);
	after->person.value[PERSON_UID] = "Zoe";
	assert_int_equal(world_save(w, w->inv, after, INVITATION_EV_RENAME), ERR_OK);
	assert_int_equal(world_keys(w, "uid/"), 1);
	invitation_free(after);
	invitation_free(inv);
}

static void
a_new_link_adds_its_key_and_the_old_one_still_finds(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", NULL, "+1"), *after;
	struct token_hash fresh = { { 7 } };
	struct fault f;

	world_issue(w, inv);
	world_load(w, inv->id);
	after = invitation_copy(w->inv);
	assert_int_equal(invitation_add_token(after, &fresh, true, w->now, &f), ERR_OK);
	assert_int_equal(world_save(w, w->inv, after, INVITATION_EV_LINK), ERR_OK);
	assert_int_equal(world_keys(w, "token/"), 2);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &fresh, world_on_load, w)), ERR_OK);
	assert_int_equal(
	    world_run(w, store_load_by_token(w->store, &inv->tokens[0], world_on_load, w)), ERR_OK);
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
		inv = world_make(w, uid, NULL, NULL);
		world_lose(rows[i].losses, 3);
		assert_int_equal(world_issue(w, inv), ERR_OK);
		assert_int_equal(world_load(w, inv->id), ERR_OK);
		assert_int_equal(w->inv->revision, w->revision);
		assert_int_equal(world_keys(w, "audit/"), i + 1);
		invitation_free(inv);
	}
}

static void
what_is_expired_keeps_its_person_and_gives_up_links_and_names(void **state)
{
	static const enum invitation_event to_expired[] = { INVITATION_EV_EXPIRE };
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491");
	struct invitation *next = world_make(w, "zoe", "zoe@x.org", "+491");

	world_live(w, inv, to_expired, 1);
	assert_string_equal(w->inv->person.value[PERSON_FAMILY_NAME], "Canaryname");
	assert_string_equal(w->inv->person.value[PERSON_MAIL], "zoe@x.org");
	assert_int_equal(w->inv->token_count, 0);
	assert_int_equal(w->inv->old_token_count, 1);
	assert_int_equal(world_issue(w, next), ERR_OK);
	invitation_free(inv);
	invitation_free(next);
}

static void
a_purge_takes_everything_of_an_old_final_one(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", "+491"), *other;
	int64_t later;

	world_live(w, inv, to_done, 3);
	later = w->inv->done_at + 1;
	assert_int_equal(world_run(w, store_purge(w->store, inv->id, w->inv->done_at, &world_note,
					  world_on_done, w)),
	    ERR_CONFLICT);
	w->now += STORE_RELEASE_GRACE_MS;
	other = world_make(w, "zoe", NULL, NULL); /* takes the uid over */
	assert_int_equal(world_issue(w, other), ERR_OK);
	assert_int_equal(world_run(w, store_purge(w->store, other->id, w->now + HOUR, &world_note,
					  world_on_done, w)),
	    ERR_CONFLICT);
	assert_int_equal(
	    world_run(w, store_purge(w->store, inv->id, later, &world_note, world_on_done, w)),
	    ERR_OK);
	assert_int_equal(world_load(w, inv->id), ERR_NOT_FOUND);
	assert_int_equal(world_keys(w, "token/"), 1);
	assert_int_equal(world_keys(w, "mail/") + world_keys(w, "phone/"), 0);
	assert_int_equal(world_keys(w, "uid/"), 1);
	assert_int_equal(
	    world_run(w, store_purge(w->store, inv->id, later, &world_note, world_on_done, w)),
	    ERR_OK);
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
		inv = world_make(w, uid, NULL, NULL);
		memcpy(ids[i], inv->id, ID_SIZE);
		world_live(w, inv, to_revoked, i == 1 ? 1 : 0);
		invitation_free(inv);
	}
	world_run(w, store_list(w->store, NULL, 3, false, world_on_list, w));
	assert_int_equal(w->count, 3);
	assert_true(w->more);
	assert_string_equal(w->next, ids[2]);
	world_run(w, store_list(w->store, w->next, 3, false, world_on_list, w));
	assert_int_equal(w->count, 2);
	assert_false(w->more);
	world_run(w, store_list(w->store, NULL, 2, true, world_on_list, w));
	assert_int_equal(w->count, 2);
	assert_string_equal(w->ids[1], ids[2]);
	assert_true(w->more);
	assert_string_equal(w->next, ids[2]);
	world_run(w, store_list(w->store, w->next, 2, true, world_on_list, w));
	assert_int_equal(w->count, 2);
	assert_false(w->more);
}

static void
a_stored_person_cannot_be_read_in_the_store(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "canaryuid", "zoe@canary.example", "+4912345");
	struct answer a;

	world_issue(w, inv);
	a = call_range(w->loop, w->kv, "", "", 500);
	assert_true(a.count >= 7);
	for (size_t i = 0; i < a.count; i++) {
		assert_null(strstr(a.item[i].key, "canary"));
		assert_null(strstr(a.item[i].value, "anary"));
		assert_int_equal(a.item[i].value[0], 1); /* sealed */
	}
	invitation_free(inv);
}

/* The program before this one would read our invitations as damaged ones. */
static void
a_store_of_an_older_schema_is_raised_and_told_apart_from_then_on(void **state)
{
	struct world *w = *state;
	static const char *const old[] = { "{\"v\":1,\"schema\":1}", "{\"v\":1,\"schema\":2}" };
	unsigned char sealed[256];
	struct kv_write write = { .key = kv_text("meta/schema"), .value = { sealed, 0 } };
	struct kv_txn txn = { .writes = &write, .write_count = 1 };
	uint64_t before, raised;

	for (size_t i = 0; i < 2; i++) {
		write.value.len =
		    seal_close(w->seal, "meta/schema", 11, old[i], strlen(old[i]), sealed);
		before = call_txn(w->loop, w->kv, &txn).revision;
		assert_int_equal(world_run(w, store_prepare(w->store, world_on_done, w)), ERR_OK);
		raised = call_get(w->loop, w->kv, "meta/schema").item[0].modified;
		assert_true(raised > before);
		assert_int_equal(world_run(w, store_prepare(w->store, world_on_done, w)), ERR_OK);
		assert_true(call_get(w->loop, w->kv, "meta/schema").item[0].modified == raised);
	}
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
		{ "{\"v\":1,\"schema\":2}", ERR_OK },
		{ "{\"v\":1,\"schema\":3}", ERR_OK },
		{ "{\"v\":1,\"schema\":4}", ERR_MISCONFIGURED },
		{ "{\"v\":1,\"schema\":0}", ERR_CORRUPT },
		{ "{\"v\":2,\"schema\":1}", ERR_CORRUPT },
		{ "{\"v\":1}", ERR_CORRUPT },
		{ "nonsense", ERR_CORRUPT },
	};

	assert_int_equal(world_run(w, store_prepare(s, world_on_done, w)), ERR_CORRUPT);
	assert_non_null(strstr(w->fault.text, "which the key file lacks"));
	store_free(s);
	seal_free(seal);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kv_write write = { .key = kv_text("meta/schema"), .value = { sealed, 0 } };
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		write.value.len = seal_close(
		    w->seal, "meta/schema", 11, rows[i].json, strlen(rows[i].json), sealed);
		call_txn(w->loop, w->kv, &txn);
		assert_int_equal(
		    world_run(w, store_prepare(w->store, world_on_done, w)), rows[i].expect);
	}
	call_put(w->loop, w->kv, "meta/schema", NULL);
	call_put(w->loop, w->kv, "meta/chain", NULL);
	assert_int_equal(world_run(w, store_prepare(w->store, world_on_done, w)), ERR_OK);
	call_put(w->loop, w->kv, "uid/x", "x");
	call_put(w->loop, w->kv, "meta/schema", NULL);
	assert_int_equal(world_run(w, store_prepare(w->store, world_on_done, w)), ERR_CORRUPT);
}

static void
a_damaged_value_is_corrupt_and_named(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", NULL, NULL);
	char key[64];

	world_issue(w, inv);
	snprintf(key, sizeof(key), "invitation/%s", inv->id);
	call_put(w->loop, w->kv, key, "damaged");
	assert_int_equal(world_load(w, inv->id), ERR_CORRUPT);
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
	char key[64], sealed[SEAL_OVERHEAD + 8] = "";

	for (size_t i = 0; i < 3; i++) {
		char uid[8];

		snprintf(uid, sizeof(uid), "u%zu", i);
		inv[i] = world_make(w, uid, NULL, NULL);
		world_live(w, inv[i], to_claimed, 1);
	}
	world_run(w, store_list(w->store, NULL, 10, false, world_on_list, w));
	assert_int_equal(w->count, 3);
	assert_string_equal(w->fault.text, "");
	snprintf(key, sizeof(key), "invitation/%s", inv[1]->id);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kv_write write = write_of(key, rows[i]);
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		if (rows[i] == NULL) /* sealed by us, and still no invitation */
			write.value = (struct kv_bytes){ sealed,
				seal_close(w->seal, key, strlen(key), "nonsense", 8,
				    (unsigned char *)sealed) };
		call_txn(w->loop, w->kv, &txn);
		for (int open_only = 0; open_only < 2; open_only++) {
			world_run(w, store_list(w->store, NULL, 10, open_only, world_on_list, w));
			assert_int_equal(w->code, ERR_OK);
			assert_int_equal(w->count, 2);
			assert_string_equal(w->ids[1], inv[2]->id);
			assert_memory_equal(w->fault.text, key, strlen(key));
			assert_null(strstr(w->fault.text + 1, "invitation/"));
		}
		world_run(w, store_list(w->store, inv[0]->id, 1, false, world_on_list, w));
		assert_int_equal(w->count, 0);
		assert_true(w->more);
		assert_string_equal(w->next, inv[1]->id);
		assert_int_equal(
		    world_run(w, store_list_unsettled(w->store, NULL, 10, world_on_list, w)),
		    ERR_OK);
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
	struct invitation *inv = world_make(w, "zoe", NULL, NULL);
	char strange[ID_SIZE];

	world_live(w, inv, to_claimed, 1);
	memset(strange, '~', ID_SIZE - 1);
	strange[ID_SIZE - 1] = '\0';
	for (int i = 0; i < 2; i++) {
		char key[64];

		snprintf(key, sizeof(key), "work/%s", i == 0 ? "x" : strange);
		call_put(w->loop, w->kv, key, "");
		snprintf(key, sizeof(key), "invitation/%s", i == 0 ? "x" : strange);
		call_put(w->loop, w->kv, key, "");
	}
	assert_int_equal(
	    world_run(w, store_list_unsettled(w->store, NULL, 10, world_on_list, w)), ERR_OK);
	assert_int_equal(w->count, 1);
	assert_non_null(strstr(w->fault.text, "work/x"));
	assert_int_equal(
	    world_run(w, store_list(w->store, NULL, 10, false, world_on_list, w)), ERR_OK);
	assert_int_equal(w->count, 1);
	assert_non_null(strstr(w->fault.text, "invitation/x"));
	world_run(w, store_list(w->store, inv->id, 1, false, world_on_list, w));
	assert_int_equal(w->code, ERR_CORRUPT); /* nothing to go on behind */
	invitation_free(inv);
}

static void
cancelled_operations_say_nothing(void **state)
{
	struct world *w = *state;
	struct invitation *inv = world_make(w, "zoe", "zoe@x.org", NULL);
	int before = w->calls;

	store_cancel(store_issue(w->store, inv, &world_note, world_on_issue, w));
	store_cancel(store_load(w->store, inv->id, world_on_load, w));
	store_cancel(store_list(w->store, NULL, 10, false, world_on_list, w));
	store_cancel(store_purge(w->store, inv->id, 0, &world_note, world_on_done, w));
	store_load(w->store, inv->id, world_on_load, w);
	store_free(w->store);
	call_get(w->loop, w->kv, "x");
	assert_int_equal(w->calls, before);
	w->store = store_new(w->loop, w->kv, w->seal, &w->clock);
	invitation_free(inv);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(an_invitation_comes_back_as_it_was_issued),
		ROW(what_a_refused_mail_leaves_behind_comes_back_until_it_is_sent_again),
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
		ROW(what_is_expired_keeps_its_person_and_gives_up_links_and_names),
		ROW(a_purge_takes_everything_of_an_old_final_one),
		ROW(lists_go_by_creation_and_can_leave_out_final_ones),
		ROW(a_stored_person_cannot_be_read_in_the_store),
		ROW(a_store_of_an_older_schema_is_raised_and_told_apart_from_then_on),
		ROW(another_key_or_a_newer_schema_is_refused),
		ROW(a_damaged_value_is_corrupt_and_named),
		ROW(a_damaged_one_is_left_out_of_lists_and_named),
		ROW(a_key_that_is_no_id_stops_no_list),
		ROW(cancelled_operations_say_nothing),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
