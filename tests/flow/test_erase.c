/* What is kept of a person who is gone is erased: all of it, nobody else's, whatever fails. */
#include <stdio.h>
#include <string.h>

#include "flow/flow_erase.h"
#include "people_world.h"
#include "store/store_audit.h"
#include "store/store_outbox.h"
#include "store/store_session.h"

#define ADA_MAIL  "ada@x.org"
#define HERS	  "192.0.2.77"
#define ELSEWHERE "198.51.100.9"
#define CANARY	  "Augusta Canary"
#define CAROLA	  "e1111111-0000-4000-8000-000000000008" /* like NOBODY: in no directory */

static struct {
	enum err code;
	bool is_there;
	char text[FAULT_TEXT_MAX];
	struct flow_erased erased; /* without ids */
	char first[ID_SIZE];
} answer;
static struct world *waiting;

static void
on_erased(void *arg, enum err code, const struct flow_erased *erased, const struct fault *f)
{
	(void)arg;
	answer.code = code;
	answer.is_there = true;
	snprintf(answer.text, sizeof(answer.text), "%s", f->text);
	if (code == ERR_OK) {
		answer.erased = *erased;
		snprintf(answer.first, sizeof(answer.first), "%s", erased->ids[0]);
	}
	world_stop_waiting(waiting);
}

static void
erase_start(struct world *w, const char *who)
{
	const struct flow_caller caller = { .name = "uid:0", .request_id = "r-9" };

	memset(&answer, 0, sizeof(answer));
	waiting = w;
	flow_erase_start(w->flow, who, &caller, on_erased, NULL);
	assert_false(answer.is_there);
}

static enum err
erase(struct world *w, const char *who)
{
	erase_start(w, who);
	while (!answer.is_there)
		world_wait(w);
	return answer.code;
}

/* ---- what is to be erased ---- */

static void
on_done(void *arg, enum err code, const struct fault *f)
{
	(void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(arg);
}

static void
on_saved(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	(void)revision;
	on_done(arg, code, f);
}

/* An audit record about somebody, with parts. */
static void
record_so(struct world *w, const char *person, const char *personal)
{
	const struct store_note note = {
		.actor = "test", .source = ELSEWHERE, .personal = personal
	};

	store_note_sign_in(w->store, "sign_in_refused", person, &note, on_done, w);
	world_wait(w);
}

static void
record(struct world *w, const char *person)
{
	record_so(w, person, "{\"mail\":[\"" ADA_MAIL "\",null],\"name\":\"" CANARY "\"}");
}

static struct outbox_item *
queue(struct world *w, enum outbox_kind kind, const char *subject, const char *to, const char *body)
{
	struct outbox_item *item = outbox_item_new(kind, subject, w->now + 86400000);

	item->due = item->expires_at = w->now + 86400000;
	outbox_set_text(item, &item->to, to);
	outbox_set_text(item, &item->name, to != NULL ? CANARY : NULL);
	outbox_set_text(item, &item->type, body != NULL ? "user.removed" : NULL);
	outbox_set_text(item, &item->body, body);
	store_outbox_save(w->store, NULL, item, NULL, NULL, INVITATION_EV_MAIL, NULL, on_saved, w);
	world_wait(w);
	return item;
}

static void
on_loaded(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct outbox_item **out = arg;

	(void)next, (void)f;
	assert_int_equal(code, ERR_OK);
	assert_int_equal(count, 1);
	*out = list[0];
	list[0] = NULL;
	world_stop_waiting(waiting);
}

/* A message that was delivered and is kept for replay. */
static void
deliver(struct world *w, const char *body)
{
	struct outbox_item *item = queue(w, OUTBOX_HOOK, NOBODY, NULL, body), *stored = NULL;

	waiting = w;
	store_outbox_load(w->store, item->id, on_loaded, &stored);
	world_wait(w);
	store_outbox_remove(
	    w->store, stored, NULL, NULL, INVITATION_EV_MAIL, NULL, 0, "delivered", on_saved, w);
	world_wait(w);
	outbox_item_free(stored);
	outbox_item_free(item);
}

static void
sign_in(struct world *w, const char *person)
{
	const unsigned char source[STORE_SOURCE_SIZE] = { 7 };
	const struct store_note note = { .actor = "user:" ADA, .source = HERS };
	struct store_session s = { .id = "0123456789abcdef",
		.created_at = w->now,
		.used_at = w->now,
		.ends_at = w->now + 1000 };

	memcpy(s.person, person, ID_SIZE);
	store_session_add(w->store, &s, source, &note, on_done, w);
	world_wait(w);
	store_session_end(w->store, &s, "user_deleted", &note, on_done, w);
	world_wait(w);
}

static const char about_ada[] = "{\"data\":{\"user_id\":\"" ADA "\",\"x\":\"" CANARY "\"}}",
		  about_bob[] = "{\"data\":{\"user_id\":\"" BOB "\",\"uid\":\"bob\"}}";

/* Ada was here, signed in, has mails and messages about her, and was deleted; Bob is here. */
static struct world *
world_of_ada(void)
{
	struct world *w = people_world_new();

	sign_in(w, ADA);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	record(w, ADA);
	outbox_item_free(queue(w, OUTBOX_WELCOME, NOBODY, ADA_MAIL, NULL));
	outbox_item_free(queue(w, OUTBOX_HOOK, NOBODY, NULL, about_ada));
	outbox_item_free(queue(w, OUTBOX_HOOK, NOBODY, NULL, about_bob));
	deliver(w, about_ada);
	deliver(w, about_bob);
	assert_true(people_says(w, ADA_MAIL) > 0);
	assert_true(people_says(w, CANARY) > 0);
	assert_int_equal(people_keys(w, "known/"), 1);
	return w;
}

static void
assert_ada_is_erased(struct world *w)
{
	assert_int_equal(people_says(w, ADA_MAIL), 0);
	assert_int_equal(people_says(w, CANARY), 0);
	assert_int_equal(people_says(w, HERS), 0);
	assert_int_equal(people_says(w, ELSEWHERE), 1); /* whoever came from there was not she */
	assert_int_equal(people_keys(w, "trash"), 0);
	assert_int_equal(people_keys(w, "known/"), 0);
	assert_int_equal(people_keys(w, "outbox/"), 1); /* Bob's */
	assert_int_equal(people_keys(w, "hooked/"), 1);
	assert_true(people_says(w, ADA) > 0); /* the records themselves stay */
}

/* ---- who ---- */

static void
a_user_is_deleted_first(void **state)
{
	static const char *const who[] = { ADA, "ada", ADA_MAIL };
	struct world *w = people_world_new();

	(void)state;
	record(w, ADA);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		assert_int_equal(erase(w, who[i]), ERR_CONFLICT);
		assert_non_null(strstr(answer.text, "delete the user first"));
	}
	assert_int_equal(people_says(w, CANARY), 1);
	world_free(w);
}

static void
an_open_invitation_is_revoked_first(void **state)
{
	struct world *w = people_world_new();
	struct world_link link = world_invite(w, &world_ada);
	const char *const who[] = { link.id, link.uid, "ADA@example.org" };

	(void)state;
	assert_int_equal(link.code, ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(erase(w, who[i]), ERR_CONFLICT);
		assert_non_null(strstr(answer.text, "revoke the invitation first"));
	}
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(erase(w, link.uid), ERR_OK);
	assert_int_equal(answer.erased.invitations, 1);
	assert_string_equal(answer.first, link.id);
	assert_int_equal(people_keys(w, "invitation/"), 0);
	world_free(w);
}

static void
of_whom_nothing_is_known_nothing_is_found(void **state)
{
	static const char *const who[] = { NOBODY, "nobody", "nobody@x.org", "", "*", ")(uid=*" };
	struct world *w = world_of_ada();

	(void)state;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		assert_int_equal(erase(w, who[i]), ERR_NOT_FOUND);
	assert_int_equal(people_audits(w, "person_erased"), 0);
	world_free(w);
}

/* Somebody new has the uid and the address of somebody who is gone. */
static void
whoever_has_the_name_today_is_left_alone(void **state)
{
	struct world *w = world_of_ada();

	(void)state;
	fake_dir_add_user(w->dir, ADA_DN, NOBODY, ADA_MAIL);
	record(w, NOBODY);
	assert_int_equal(erase(w, ADA_MAIL), ERR_CONFLICT);
	assert_int_equal(erase(w, ADA), ERR_OK);
	assert_int_equal(answer.erased.id_count, 1);
	assert_int_equal(answer.erased.mails, 0);
	assert_int_equal(people_says(w, CANARY), 2); /* their record, and a mail to them */
	assert_int_equal(people_keys(w, "trash"), 0);
	world_free(w);
}

/* Bob had her address once, and somebody who is gone, too, one of Bob's: both keep what is theirs.
 */
static void
names_that_went_through_other_hands_lead_no_further(void **state)
{
	struct world *w = world_of_ada();

	(void)state;
	record_so(w, BOB, "{\"mail\":[\"" ADA_MAIL "\",\"bob@x.org\"],\"name\":\"Bob\"}");
	record_so(w, BOB, "{\"mail\":[\"bob@x.org\",\"old@x.org\"],\"name\":\"Bob\"}");
	record_so(w, NOBODY, "{\"mail\":[null,\"old@x.org\"],\"name\":\"Carol\"}");
	assert_int_equal(erase(w, ADA), ERR_OK);
	assert_int_equal(answer.erased.id_count, 1);
	assert_int_equal(people_says(w, "Bob"), 2);
	assert_int_equal(people_says(w, "Carol"), 1);
	assert_int_equal(people_says(w, CANARY), 0);
	world_free(w);
}

#define CAROL "\"uid\":\"carol\",\"name\":\"Carol\""

/* Newcomers without an address of their own, say: whoever lent hers is not them. */
static void
an_address_that_was_lent_to_others_leads_to_none_of_them(void **state)
{
	static const char *const who[] = { ADA, "ada", ADA_MAIL };

	(void)state;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct world *w = world_of_ada();

		record_so(w, ADA, "{\"uid\":\"ada\",\"mail\":[\"" ADA_MAIL "\",\"lent@x.org\"]}");
		record_so(w, NOBODY, "{" CAROL ",\"personal_mail\":\"" ADA_MAIL "\"}");
		record_so(w, CAROLA, "{" CAROL ",\"mail\":\"lent@x.org\"}");
		assert_int_equal(erase(w, who[i]), ERR_OK);
		assert_int_equal(answer.erased.id_count, 1);
		assert_string_equal(answer.first, ADA);
		assert_int_equal(people_says(w, "Carol"), 2);
		assert_int_equal(people_says(w, CANARY), 0);
		world_free(w);
	}
}

static void
a_uid_that_is_somebodys_given_name_leads_no_further(void **state)
{
	struct world *w = world_of_ada();

	(void)state;
	record_so(w, NOBODY,
	    "{\"name\":\"Ada\",\"uid\":\"carol\",\"changes\":{\"given_name\":{\"before\":"
	    "\"Carol\",\"after\":\"Ada\"},\"display_name\":{\"before\":null,\"after\":\"ada\"}}}");
	assert_int_equal(erase(w, "ada"), ERR_OK);
	assert_int_equal(answer.erased.id_count, 1);
	assert_int_equal(people_says(w, "Carol"), 1);
	world_free(w);
}

static void
a_uid_leads_to_all_that_one_person_was_here(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	record_so(
	    w, NOBODY, "{" CAROL ",\"changes\":{\"uid\":{\"before\":\"carol\",\"after\":\"cc\"}}}");
	record_so(w, CAROLA, "{\"uid\":\"CC\",\"name\":\"Carol\",\"mail\":\"cc@x.org\"}");
	assert_int_equal(erase(w, "carol"), ERR_OK);
	assert_int_equal(answer.erased.id_count, 2);
	assert_int_equal(people_says(w, "Carol"), 0);
	world_free(w);
}

static void
a_personal_address_stands_for_one_person_or_for_nobody(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	record_so(w, NOBODY, "{" CAROL ",\"personal_mail\":\"home@x.org\"}");
	record_so(w, CAROLA, "{\"uid\":\"dora\",\"personal_mail\":\"Home@x.org\"}");
	assert_int_equal(erase(w, "home@x.org"), ERR_CONFLICT);
	assert_non_null(strstr(answer.text, "several people"));
	assert_int_equal(people_says(w, "dora"), 1);
	assert_int_equal(erase(w, CAROLA), ERR_OK);
	assert_int_equal(people_says(w, "Carol"), 1);
	assert_int_equal(erase(w, "HOME@x.org"), ERR_OK);
	assert_string_equal(answer.first, NOBODY);
	assert_int_equal(people_says(w, "Carol"), 0);
	world_free(w);
}

/* Each id had two uids, the second of which the next had before. */
static void
who_leads_on_and_on_is_refused_as_a_whole(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	for (int i = 0; i < 20; i++) {
		char id[ID_SIZE], personal[64];

		snprintf(id, sizeof(id), "e1111111-0000-4000-8000-0000000001%02d", i);
		snprintf(
		    personal, sizeof(personal), "{\"uid\":[\"linked%d\",\"linked%d\"]}", i, i + 1);
		record_so(w, id, personal);
	}
	assert_int_equal(erase(w, "linked0"), ERR_TOO_LARGE);
	assert_non_null(strstr(answer.text, "without an end"));
	assert_int_equal(people_says(w, "linked"), 20);
	assert_int_equal(people_audits(w, "person_erased"), 0);
	world_free(w);
}

/* ---- what ---- */

static void
all_that_is_kept_goes_whatever_they_are_called_by(void **state)
{
	static const char *const who[] = { ADA, "E1111111-0000-4000-8000-000000000001", "ada",
		"ADA", "Ada@X.org" };

	(void)state;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct world *w = world_of_ada();

		assert_int_equal(erase(w, who[i]), ERR_OK);
		assert_string_equal(answer.first, ADA);
		assert_int_equal(answer.erased.id_count, 1);
		assert_int_equal(answer.erased.mails, 1);
		assert_int_equal(answer.erased.messages, 2);
		assert_int_equal(answer.erased.trash, 1);
		assert_int_equal(answer.erased.sources, 1);
		assert_true(answer.erased.records >= 1);
		assert_ada_is_erased(w);
		assert_int_equal(people_audits(w, "person_erased"), 1);
		world_free(w);
	}
}

static void
repeating_it_is_harmless(void **state)
{
	struct world *w = world_of_ada();

	(void)state;
	assert_int_equal(erase(w, ADA), ERR_OK);
	assert_int_equal(erase(w, ADA), ERR_OK);
	assert_int_equal(answer.erased.records + answer.erased.mails + answer.erased.messages +
			     answer.erased.trash + answer.erased.sources,
	    0);
	assert_ada_is_erased(w);
	world_free(w);
}

/* ---- faults ---- */

static bool
is_answered_or_killed(struct world *w, void *arg)
{
	(void)arg;
	return answer.is_there || fake_kv_failed(w->kv);
}

static void
what_a_crash_leaves_is_finished_by_asking_again(void **state)
{
	int nth = 1;
	bool hit = true;

	(void)state;
	for (; hit; nth++) {
		struct world *w = world_of_ada();

		fake_kv_fail(w->kv, nth, FAKE_KV_SILENT);
		erase_start(w, ADA_MAIL);
		assert_true(world_until(w, is_answered_or_killed, NULL));
		hit = fake_kv_failed(w->kv);
		world_crash(w);
		if (hit)
			assert_int_equal(erase(w, ADA), ERR_OK);
		assert_ada_is_erased(w);
		world_free(w);
	}
	assert_true(nth > 5);
}

static void
whatever_the_store_does_it_is_told_and_can_be_repeated(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_REFUSE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int nth = 1, hit = 1; hit; nth++) {
			struct world *w = world_of_ada();

			fake_kv_fail(w->kv, nth, faults[i]);
			erase(w, "ada");
			hit = fake_kv_failed(w->kv);
			fake_kv_fail(w->kv, 0, FAKE_KV_FINE);
			if (answer.code != ERR_OK)
				assert_int_equal(erase(w, ADA), ERR_OK);
			assert_ada_is_erased(w);
			world_free(w);
		}
}

static void
a_directory_that_is_away_lets_nobody_be_taken_for_gone(void **state)
{
	struct world *w = world_of_ada();

	(void)state;
	fake_dir_fail(w->dir, 1, FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(erase(w, ADA), ERR_UNAVAILABLE);
	fake_dir_fail(w->dir, 1, FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(erase(w, "ada"), ERR_UNAVAILABLE);
	assert_int_equal(people_audits(w, "person_erased"), 0);
	assert_true(people_says(w, CANARY) > 0);
	world_free(w);
}

/* ---- retention ---- */

static bool
no_source_is_left(struct world *w, void *arg)
{
	(void)arg;
	return people_says(w, ELSEWHERE) == 0;
}

static void
addresses_of_clients_end_before_the_records_that_have_them(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	w->conf.audit_kept_s = 30 * 86400;
	w->conf.audit_sources_s = 86400;
	world_crash(w);
	record(w, ADA);
	w->now += 2LL * 86400 * 1000;
	assert_true(world_until(w, no_source_is_left, NULL));
	assert_int_equal(people_audits(w, "sign_in_refused"), 1);
	assert_int_equal(people_says(w, CANARY), 1);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_deleted_first),
		cmocka_unit_test(an_open_invitation_is_revoked_first),
		cmocka_unit_test(of_whom_nothing_is_known_nothing_is_found),
		cmocka_unit_test(whoever_has_the_name_today_is_left_alone),
		cmocka_unit_test(names_that_went_through_other_hands_lead_no_further),
		cmocka_unit_test(an_address_that_was_lent_to_others_leads_to_none_of_them),
		cmocka_unit_test(a_uid_that_is_somebodys_given_name_leads_no_further),
		cmocka_unit_test(a_uid_leads_to_all_that_one_person_was_here),
		cmocka_unit_test(a_personal_address_stands_for_one_person_or_for_nobody),
		cmocka_unit_test(who_leads_on_and_on_is_refused_as_a_whole),
		cmocka_unit_test(all_that_is_kept_goes_whatever_they_are_called_by),
		cmocka_unit_test(repeating_it_is_harmless),
		cmocka_unit_test(what_a_crash_leaves_is_finished_by_asking_again),
		cmocka_unit_test(whatever_the_store_does_it_is_told_and_can_be_repeated),
		cmocka_unit_test(a_directory_that_is_away_lets_nobody_be_taken_for_gone),
		cmocka_unit_test(addresses_of_clients_end_before_the_records_that_have_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
