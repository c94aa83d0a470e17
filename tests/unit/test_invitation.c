/* The life of an invitation: its table of transitions, its end, its tokens, its claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "invite/invitation.h"

enum { NOW = 1000000, END = 2000000 };

#define NO	INVITATION_STATE_COUNT
#define PENDING INVITATION_PENDING
#define CLAIMED INVITATION_CLAIMED
#define CREATED INVITATION_CREATED
#define DONE	INVITATION_DONE
#define EXPIRED INVITATION_EXPIRED
#define REVOKED INVITATION_REVOKED

static const char dn_ada[] = "uid=ada,ou=people,dc=example,dc=org";
static const char dn_ada2[] = "uid=ada2,ou=people,dc=example,dc=org";

static struct token_hash
token(unsigned n)
{
	return (struct token_hash){ { (unsigned char)n, (unsigned char)(n >> 8), 7 } };
}

/* A pending invitation of ada with the live token 1. */
static struct invitation *
issued(void)
{
	struct invitation *inv = invitation_new();
	struct token_hash t = token(1);

	snprintf(inv->id, sizeof(inv->id), "%s", "01890000-0000-7000-8000-000000000001");
	inv->created_at = NOW - 1;
	inv->expires_at = END;
	inv->created_by = "token:abc";
	inv->person.value[PERSON_GIVEN_NAME] = "Ada";
	inv->person.value[PERSON_FAMILY_NAME] = "Lovelace";
	inv->person.value[PERSON_MAIL] = "ada@example.org";
	inv->person.value[PERSON_UID] = "ada";
	inv->person.value[PERSON_ORG_UNIT] = "ou=Lab,dc=example,dc=org";
	inv->person.groups[0] = "cn=staff,dc=example,dc=org";
	inv->person.group_count = 1;
	inv->personal_mail = "ada@home.example";
	assert_int_equal(invitation_add_token(inv, &t, true, NOW, NULL), ERR_OK);
	return inv;
}

/* By the link with token 1. */
static enum err
claim(struct invitation *inv, const char *attempt, const char *dn, int64_t at)
{
	struct token_hash t = token(1);

	return invitation_claim(inv, &t, attempt, dn, at, NULL);
}

static void
apply(struct invitation *inv, enum invitation_event event)
{
	assert_int_equal(invitation_apply(inv, event, NOW, NULL, NULL), ERR_OK);
}

/* ada's invitation brought to `s` by its own events. */
static struct invitation *
in_state(enum invitation_state s)
{
	struct invitation *inv = issued();

	if (s == CLAIMED || s == CREATED || s == DONE)
		assert_int_equal(claim(inv, "attempt-1", dn_ada, NOW), ERR_OK);
	if (s == CREATED || s == DONE)
		apply(inv, INVITATION_EV_CREATE);
	if (s == DONE)
		apply(inv, INVITATION_EV_FINISH);
	if (s == EXPIRED)
		apply(inv, INVITATION_EV_EXPIRE);
	if (s == REVOKED)
		apply(inv, INVITATION_EV_REVOKE);
	assert_int_equal(inv->state, s);
	return inv;
}

/* `event` is the newest of the history; of a mail that leaves, the delivery log tells alone. */
static void
assert_told(const struct invitation *inv, size_t before, int event)
{
	if (event == INVITATION_EV_MAIL || event == INVITATION_EV_UNMAIL) {
		assert_int_equal(inv->timeline_count, before);
		return;
	}
	assert_int_equal(inv->timeline_count, before + 1);
	assert_int_equal(inv->timeline[before].event, event);
	assert_int_equal(inv->timeline[before].at, NOW + 5);
	assert_string_equal(inv->timeline[before].detail, "by test");
}

/* Written out once more, so that a slip in the table is seen here. */
static void
every_event_in_every_state_leads_where_the_table_says_or_nowhere(void **state)
{
	static const enum invitation_state to[INVITATION_STATE_COUNT][INVITATION_EVENT_COUNT] = {
		/* issue, link, claim, release, create, finish, expire, revoke, rename,
		 * resend, readdress, extend, mail, unmail, undeliver */
		[PENDING] = { PENDING, PENDING, CLAIMED, NO, NO, NO, EXPIRED, REVOKED, PENDING,
		    PENDING, PENDING, PENDING, PENDING, PENDING, PENDING },
		[CLAIMED] = { NO, NO, NO, PENDING, CREATED, DONE, NO, NO, NO, NO, NO, NO, NO, NO,
		    NO },
		[CREATED] = { NO, CREATED, CREATED, NO, NO, DONE, EXPIRED, REVOKED, NO, CREATED,
		    CREATED, CREATED, CREATED, CREATED, CREATED },
		[DONE] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
		[EXPIRED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
		[REVOKED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
	};
	size_t rows = 0;

	(void)state;
	for (int from = 0; from < INVITATION_STATE_COUNT; from++)
		for (int event = 0; event < INVITATION_EVENT_COUNT; event++) {
			struct invitation *inv = in_state((enum invitation_state)from);
			struct invitation before;
			struct fault f = { ERR_OK, "" };
			enum err code;

			if (event == INVITATION_EV_ISSUE)
				inv->timeline_count = 0;
			memcpy(&before, inv, sizeof(before));
			code = invitation_apply(
			    inv, (enum invitation_event)event, NOW + 5, "by test", &f);
			if (to[from][event] == NO) {
				assert_int_equal(code, ERR_CONFLICT);
				assert_int_equal(f.code, ERR_CONFLICT);
				assert_memory_equal(inv, &before, sizeof(before));
			} else {
				assert_int_equal(code, ERR_OK);
				assert_int_equal(inv->state, to[from][event]);
				assert_told(inv, before.timeline_count, event);
				rows++;
			}
			invitation_free(inv);
		}
	assert_int_equal(rows, invitation_transition_count);
}

static void
nothing_leads_out_of_a_final_state(void **state)
{
	static const enum invitation_state final[] = { DONE, EXPIRED, REVOKED };
	static const enum err answer[] = { ERR_USED, ERR_EXPIRED, ERR_REVOKED };
	static const int64_t moments[] = { 0, NOW, END - 1, END, END + 1, INT64_MAX };
	struct token_hash t = token(1), fresh = token(2);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t m = 0; m < sizeof(moments) / sizeof(moments[0]); m++) {
			struct invitation *inv = in_state(final[i]);
			int64_t at = moments[m];

			assert_int_equal(invitation_open(inv, &t, at, NULL), answer[i]);
			assert_int_equal(claim(inv, "x", dn_ada, at), answer[i]);
			assert_int_equal(
			    invitation_add_token(inv, &fresh, true, at, NULL), answer[i]);
			invitation_erase(inv);
			assert_int_equal(invitation_open(inv, &t, at, NULL), answer[i]);
			assert_int_equal(invitation_seen(inv, at), final[i]);
			assert_int_equal(inv->state, final[i]);
			assert_int_equal(inv->done_at, NOW);
			invitation_free(inv);
		}
}

static void
the_end_comes_at_its_exact_millisecond(void **state)
{
	static const struct {
		int64_t at;
		enum err code;
		enum invitation_state seen;
	} rows[] = {
		{ END - 1, ERR_OK, PENDING },
		{ END, ERR_EXPIRED, EXPIRED },
		{ END + 1, ERR_EXPIRED, EXPIRED },
	};
	struct token_hash live = token(1), fresh = token(2), gone = token(3);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct invitation *inv = issued();

		assert_int_equal(invitation_seen(inv, rows[i].at), rows[i].seen);
		assert_int_equal(invitation_open(inv, &live, rows[i].at, NULL), rows[i].code);
		assert_int_equal(invitation_open(inv, &gone, rows[i].at, NULL), ERR_NOT_FOUND);
		assert_int_equal(
		    invitation_add_token(inv, &fresh, false, rows[i].at, NULL), rows[i].code);
		assert_int_equal(claim(inv, "x", dn_ada, rows[i].at), rows[i].code);
		assert_int_equal(inv->state, rows[i].code == ERR_OK ? CLAIMED : PENDING);
		assert_string_equal(inv->attempt, rows[i].code == ERR_OK ? "x" : "");
		invitation_free(inv);
	}
}

static void
what_is_neither_pending_nor_created_never_expires(void **state)
{
	static const enum invitation_state states[] = { CLAIMED, DONE, REVOKED };

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct invitation *inv = in_state(states[i]);

		assert_int_equal(invitation_seen(inv, INT64_MAX), states[i]);
		invitation_free(inv);
	}
}

static void
a_created_invitation_has_a_day_from_its_last_claim(void **state)
{
	struct invitation *inv = in_state(CREATED);
	struct token_hash t = token(1);

	(void)state;
	inv->claimed_at = END - 1;
	assert_int_equal(invitation_end(inv), END - 1 + INVITATION_CREATED_GRACE_MS);
	assert_int_equal(invitation_open(inv, &t, invitation_end(inv) - 1, NULL), ERR_OK);
	assert_int_equal(invitation_open(inv, &t, invitation_end(inv), NULL), ERR_EXPIRED);
	inv->claimed_at = END - 2 * (int64_t)INVITATION_CREATED_GRACE_MS;
	assert_int_equal(invitation_end(inv), END);
	invitation_free(inv);
}

static void
a_link_is_answered_by_state_and_by_its_own_life(void **state)
{
	static const struct {
		enum invitation_state s;
		enum err live, replaced;
	} rows[] = {
		{ PENDING, ERR_OK, ERR_REVOKED },
		{ CLAIMED, ERR_CONFLICT, ERR_REVOKED },
		{ CREATED, ERR_OK, ERR_REVOKED },
		{ DONE, ERR_USED, ERR_USED },
		{ EXPIRED, ERR_EXPIRED, ERR_EXPIRED },
		{ REVOKED, ERR_REVOKED, ERR_REVOKED },
	};
	struct token_hash live = token(1), replaced = token(2), foreign = token(3);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct invitation *inv = in_state(rows[i].s);
		struct fault f;

		inv->old_tokens[inv->old_token_count++] = replaced;
		assert_int_equal(invitation_open(inv, &live, NOW, &f), rows[i].live);
		assert_int_equal(invitation_open(inv, &replaced, NOW, &f), rows[i].replaced);
		assert_int_equal(invitation_open(inv, &foreign, NOW, &f), ERR_NOT_FOUND);
		invitation_free(inv);
	}
}

static void
a_claim_takes_the_attempt_and_pins_the_dn(void **state)
{
	struct invitation *inv = issued();

	(void)state;
	assert_int_equal(claim(inv, "attempt-1", dn_ada, NOW + 3), ERR_OK);
	assert_int_equal(inv->state, CLAIMED);
	assert_string_equal(inv->attempt, "attempt-1");
	assert_string_equal(inv->dn, dn_ada);
	assert_ptr_not_equal(inv->dn, dn_ada);
	assert_int_equal(inv->claimed_at, NOW + 3);
	assert_int_equal(claim(inv, "attempt-2", dn_ada, NOW + 4), ERR_CONFLICT);
	assert_string_equal(inv->attempt, "attempt-1");
	assert_int_equal(inv->claimed_at, NOW + 3);
	invitation_free(inv);
}

static void
a_created_invitation_is_claimed_again_to_be_finished_at_its_own_dn(void **state)
{
	struct invitation *inv = in_state(CREATED);

	(void)state;
	assert_int_equal(claim(inv, "attempt-2", dn_ada2, END + 9), ERR_CONFLICT);
	assert_string_equal(inv->attempt, "attempt-1");
	assert_int_equal(claim(inv, "attempt-2", dn_ada, END + 9), ERR_OK);
	assert_int_equal(inv->state, CREATED);
	assert_string_equal(inv->attempt, "attempt-2");
	assert_string_equal(inv->dn, dn_ada);
	invitation_free(inv);
}

static void
a_release_forgets_the_attempt_and_keeps_a_dn_that_was_sent(void **state)
{
	struct token_hash t = token(1);

	(void)state;
	for (int sent = 0; sent < 2; sent++) {
		struct invitation *inv = in_state(CLAIMED);

		inv->add_sent = sent == 1;
		apply(inv, INVITATION_EV_RELEASE);
		assert_int_equal(inv->state, PENDING);
		assert_string_equal(inv->attempt, "");
		assert_int_equal(inv->claimed_at, 0);
		assert_int_equal(invitation_open(inv, &t, NOW, NULL), ERR_OK);
		if (sent == 1)
			assert_string_equal(inv->dn, dn_ada);
		else
			assert_null(inv->dn);
		assert_int_equal(
		    claim(inv, "attempt-2", dn_ada2, NOW), sent == 1 ? ERR_CONFLICT : ERR_OK);
		assert_int_equal(inv->state, sent == 1 ? PENDING : CLAIMED);
		invitation_free(inv);
	}
}

static void
a_rename_frees_the_pinned_dn(void **state)
{
	struct invitation *inv = in_state(CLAIMED);

	(void)state;
	inv->add_sent = true;
	apply(inv, INVITATION_EV_RELEASE);
	apply(inv, INVITATION_EV_RENAME);
	assert_null(inv->dn);
	assert_false(inv->add_sent);
	assert_int_equal(claim(inv, "attempt-2", dn_ada2, NOW), ERR_OK);
	assert_string_equal(inv->dn, dn_ada2);
	invitation_free(inv);
}

static void
a_replacing_link_ends_all_others_at_once(void **state)
{
	struct invitation *inv = issued();

	(void)state;
	for (unsigned n = 2; n <= 4; n++) {
		struct token_hash t = token(n);
		assert_int_equal(invitation_add_token(inv, &t, n == 4, NOW, NULL), ERR_OK);
	}
	assert_int_equal(inv->token_count, 1);
	for (unsigned n = 1; n <= 4; n++) {
		struct token_hash t = token(n);
		assert_int_equal(
		    invitation_open(inv, &t, NOW, NULL), n == 4 ? ERR_OK : ERR_REVOKED);
	}
	invitation_free(inv);
}

static void
beyond_the_maximum_the_oldest_link_ends_and_much_later_is_unknown(void **state)
{
	struct invitation *inv = issued();
	const unsigned last = 40;

	(void)state;
	for (unsigned n = 2; n <= last; n++) {
		struct token_hash t = token(n);
		assert_int_equal(invitation_add_token(inv, &t, false, NOW, NULL), ERR_OK);
	}
	assert_int_equal(inv->token_count, INVITATION_TOKENS_MAX);
	assert_int_equal(inv->old_token_count, INVITATION_OLD_TOKENS_MAX);
	for (unsigned n = 1; n <= last; n++) {
		struct token_hash t = token(n);
		enum err want = ERR_NOT_FOUND;

		if (n > last - INVITATION_TOKENS_MAX)
			want = ERR_OK;
		else if (n > last - INVITATION_TOKENS_MAX - INVITATION_OLD_TOKENS_MAX)
			want = ERR_REVOKED;
		assert_int_equal(invitation_open(inv, &t, NOW, NULL), want);
	}
	invitation_free(inv);
}

static void
the_token_of_a_mail_that_did_not_leave_is_as_if_it_had_not_been_made(void **state)
{
	/* Which of the five live ones is dropped. */
	static const unsigned dropped[] = { 1, 3, 5 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct invitation *inv = issued();

		for (unsigned n = 2; n <= 5; n++) {
			struct token_hash t = token(n);
			assert_int_equal(invitation_add_token(inv, &t, false, NOW, NULL), ERR_OK);
		}
		struct token_hash gone = token(dropped[i]), sixth = token(6);
		assert_true(invitation_drop_token(inv, &gone));
		assert_int_equal(invitation_open(inv, &gone, NOW, NULL), ERR_NOT_FOUND);
		assert_false(invitation_drop_token(inv, &gone));
		/* It displaces no other. */
		assert_int_equal(invitation_add_token(inv, &sixth, false, NOW, NULL), ERR_OK);
		for (unsigned n = 1; n <= 6; n++) {
			struct token_hash t = token(n);
			assert_int_equal(invitation_open(inv, &t, NOW, NULL),
			    n == dropped[i] ? ERR_NOT_FOUND : ERR_OK);
		}
		invitation_free(inv);
	}
}

static void
an_ended_or_foreign_token_cannot_be_dropped(void **state)
{
	struct invitation *inv = issued();
	struct token_hash first = token(1), second = token(2), foreign = token(3);

	(void)state;
	assert_int_equal(invitation_add_token(inv, &second, true, NOW, NULL), ERR_OK);
	assert_false(invitation_drop_token(inv, &first));
	assert_false(invitation_drop_token(inv, &foreign));
	assert_int_equal(invitation_open(inv, &first, NOW, NULL), ERR_REVOKED);
	assert_int_equal(invitation_open(inv, &second, NOW, NULL), ERR_OK);
	invitation_free(inv);
}

static void
voided_links_say_so_while_the_invitation_stays_open_for_a_new_one(void **state)
{
	static const enum invitation_state states[] = { PENDING, CREATED };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct invitation *inv = in_state(states[i]);
		struct token_hash first = token(1), second = token(2), third = token(3);

		assert_int_equal(invitation_add_token(inv, &second, false, NOW, NULL), ERR_OK);
		invitation_void_tokens(inv);
		assert_int_equal(inv->token_count, 0);
		assert_int_equal(invitation_open(inv, &first, NOW, NULL), ERR_REVOKED);
		assert_int_equal(invitation_open(inv, &second, NOW, NULL), ERR_REVOKED);
		assert_int_equal(inv->state, states[i]);
		assert_int_equal(invitation_add_token(inv, &third, false, NOW, NULL), ERR_OK);
		assert_int_equal(invitation_open(inv, &third, NOW, NULL), ERR_OK);
		invitation_void_tokens(inv);
		invitation_void_tokens(inv);
		assert_int_equal(inv->old_token_count, 3);
		invitation_free(inv);
	}
}

static void
undeliverable_lasts_until_it_is_sent_again_or_goes_elsewhere(void **state)
{
	static const struct {
		enum invitation_event event;
		bool undeliverable;
	} rows[] = {
		{ INVITATION_EV_RESEND, false },
		{ INVITATION_EV_READDRESS, false },
		{ INVITATION_EV_LINK, true },
		{ INVITATION_EV_EXTEND, true },
		{ INVITATION_EV_MAIL, true },
		{ INVITATION_EV_UNMAIL, true },
		{ INVITATION_EV_REVOKE, true },
		{ INVITATION_EV_EXPIRE, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct invitation *inv = issued();
		struct token_hash t = token(1);

		apply(inv, INVITATION_EV_UNDELIVER);
		assert_true(inv->undeliverable);
		assert_int_equal(inv->state, PENDING);
		assert_int_equal(invitation_open(inv, &t, NOW, NULL), ERR_OK);
		apply(inv, rows[i].event);
		assert_int_equal(inv->undeliverable, rows[i].undeliverable);
		invitation_free(inv);
	}
}

static void
however_many_mails_leave_the_timeline_keeps_what_people_did(void **state)
{
	struct invitation *inv = issued();

	(void)state;
	apply(inv, INVITATION_EV_ISSUE);
	for (int i = 0; i < 3 * INVITATION_TIMELINE_MAX; i++)
		apply(inv, i % 2 == 0 ? INVITATION_EV_MAIL : INVITATION_EV_UNMAIL);
	apply(inv, INVITATION_EV_RESEND);
	assert_int_equal(inv->timeline_count, 2);
	assert_int_equal(inv->timeline[0].event, INVITATION_EV_ISSUE);
	assert_int_equal(inv->timeline[1].event, INVITATION_EV_RESEND);
	invitation_free(inv);
}

static void
a_link_is_made_only_while_one_could_work(void **state)
{
	static const enum err codes[INVITATION_STATE_COUNT] = {
		[PENDING] = ERR_OK,
		[CLAIMED] = ERR_CONFLICT,
		[CREATED] = ERR_OK,
		[DONE] = ERR_USED,
		[EXPIRED] = ERR_EXPIRED,
		[REVOKED] = ERR_REVOKED,
	};
	struct token_hash t = token(9);

	(void)state;
	for (int s = 0; s < INVITATION_STATE_COUNT; s++) {
		struct invitation *inv = in_state((enum invitation_state)s);

		assert_int_equal(invitation_add_token(inv, &t, true, NOW, NULL), codes[s]);
		assert_int_equal(inv->token_count, 1);
		assert_int_equal(inv->old_token_count, codes[s] == ERR_OK ? 1 : 0);
		invitation_free(inv);
	}
}

static void
erasing_leaves_uid_and_org_unit_and_no_other_personal_data(void **state)
{
	struct invitation *inv = in_state(DONE);
	struct token_hash t = token(1);

	(void)state;
	invitation_erase(inv);
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (i != PERSON_UID && i != PERSON_ORG_UNIT)
			assert_null(inv->person.value[i]);
	assert_string_equal(inv->person.value[PERSON_UID], "ada");
	assert_string_equal(inv->person.value[PERSON_ORG_UNIT], "ou=Lab,dc=example,dc=org");
	assert_int_equal(inv->person.group_count, 0);
	assert_null(inv->person.groups[0]);
	assert_null(inv->personal_mail);
	assert_int_equal(inv->token_count, 0);
	assert_int_equal(inv->old_token_count, 1);
	assert_true(token_hash_equal(&inv->old_tokens[0], &t));
	assert_string_equal(inv->created_by, "token:abc");
	assert_string_equal(inv->attempt, "attempt-1");
	invitation_free(inv);
}

static void
a_copy_outlives_its_source(void **state)
{
	struct invitation *inv = invitation_new(), *copy;
	struct invitation *like = in_state(DONE);

	(void)state;
	/* Every string of the source in memory that dies with it. */
	person_copy(&inv->person, &like->person, inv->arena);
	inv->personal_mail = arena_strdup(inv->arena, "ada@home.example");
	inv->created_by = arena_strdup(inv->arena, "token:abc");
	inv->dn = arena_strdup(inv->arena, dn_ada);
	inv->revision = 42;
	assert_int_equal(invitation_apply(inv, INVITATION_EV_ISSUE, NOW, "by admin", NULL), ERR_OK);
	copy = invitation_copy(inv);
	invitation_free(inv);
	assert_string_equal(copy->person.value[PERSON_GIVEN_NAME], "Ada");
	assert_string_equal(copy->person.groups[0], "cn=staff,dc=example,dc=org");
	assert_string_equal(copy->personal_mail, "ada@home.example");
	assert_string_equal(copy->created_by, "token:abc");
	assert_string_equal(copy->dn, dn_ada);
	assert_string_equal(copy->timeline[0].detail, "by admin");
	assert_int_equal(copy->revision, 42);
	apply(copy, INVITATION_EV_REVOKE);
	invitation_free(copy);
	invitation_free(like);
	invitation_free(NULL);
}

static void
an_invitation_is_issued_once_and_its_timeline_keeps_that_and_the_latest(void **state)
{
	struct invitation *inv = issued();

	(void)state;
	assert_int_equal(invitation_apply(inv, INVITATION_EV_ISSUE, 1, "first", NULL), ERR_OK);
	assert_int_equal(invitation_apply(inv, INVITATION_EV_ISSUE, 2, NULL, NULL), ERR_CONFLICT);
	for (int i = 2; i <= 3 * INVITATION_TIMELINE_MAX; i++)
		assert_int_equal(invitation_apply(inv, INVITATION_EV_LINK, i, NULL, NULL), ERR_OK);
	assert_int_equal(inv->timeline_count, INVITATION_TIMELINE_MAX);
	assert_int_equal(inv->timeline[0].at, 1);
	assert_string_equal(inv->timeline[0].detail, "first");
	for (int i = 1; i < INVITATION_TIMELINE_MAX; i++)
		assert_int_equal(inv->timeline[i].at, 2 * INVITATION_TIMELINE_MAX + i + 1);
	invitation_free(inv);
}

static void
every_state_and_event_has_a_name_that_leads_back(void **state)
{
	(void)state;
	for (int i = 0; i < INVITATION_STATE_COUNT; i++) {
		enum invitation_state s;
		assert_true(
		    invitation_state_by_name(invitation_state_name((enum invitation_state)i), &s));
		assert_int_equal(s, i);
	}
	for (int i = 0; i < INVITATION_EVENT_COUNT; i++) {
		enum invitation_event e;

		assert_true(
		    invitation_event_by_name(invitation_event_name((enum invitation_event)i), &e));
		assert_int_equal(e, i);
	}
	enum invitation_state s;
	enum invitation_event e;
	assert_false(invitation_state_by_name("Pending", &s));
	assert_false(invitation_state_by_name("", &s));
	assert_false(invitation_event_by_name("pending", &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_leads_where_the_table_says_or_nowhere),
		cmocka_unit_test(nothing_leads_out_of_a_final_state),
		cmocka_unit_test(the_end_comes_at_its_exact_millisecond),
		cmocka_unit_test(what_is_neither_pending_nor_created_never_expires),
		cmocka_unit_test(a_created_invitation_has_a_day_from_its_last_claim),
		cmocka_unit_test(a_link_is_answered_by_state_and_by_its_own_life),
		cmocka_unit_test(a_claim_takes_the_attempt_and_pins_the_dn),
		cmocka_unit_test(
		    a_created_invitation_is_claimed_again_to_be_finished_at_its_own_dn),
		cmocka_unit_test(a_release_forgets_the_attempt_and_keeps_a_dn_that_was_sent),
		cmocka_unit_test(a_rename_frees_the_pinned_dn),
		cmocka_unit_test(a_replacing_link_ends_all_others_at_once),
		cmocka_unit_test(beyond_the_maximum_the_oldest_link_ends_and_much_later_is_unknown),
		cmocka_unit_test(
		    the_token_of_a_mail_that_did_not_leave_is_as_if_it_had_not_been_made),
		cmocka_unit_test(an_ended_or_foreign_token_cannot_be_dropped),
		cmocka_unit_test(voided_links_say_so_while_the_invitation_stays_open_for_a_new_one),
		cmocka_unit_test(undeliverable_lasts_until_it_is_sent_again_or_goes_elsewhere),
		cmocka_unit_test(however_many_mails_leave_the_timeline_keeps_what_people_did),
		cmocka_unit_test(a_link_is_made_only_while_one_could_work),
		cmocka_unit_test(erasing_leaves_uid_and_org_unit_and_no_other_personal_data),
		cmocka_unit_test(a_copy_outlives_its_source),
		cmocka_unit_test(
		    an_invitation_is_issued_once_and_its_timeline_keeps_that_and_the_latest),
		cmocka_unit_test(every_state_and_event_has_a_name_that_leads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
