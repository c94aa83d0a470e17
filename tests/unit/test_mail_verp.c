#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/id.h"
#include "mail/mail.h"

static const char invitation[] = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b";
static const char recipient[] = "ada@home.example";

static struct mail_sender
sender_of(const char *bounces)
{
	struct mail_sender s = { .from = "invitations@join.example", .bounces = bounces };

	memset(s.verp_key, 7, sizeof(s.verp_key));
	return s;
}

static bool
reads_back(const struct mail_sender *s, const char *address, const char *expected)
{
	struct mail_verp verp;

	return mail_verp_parse(&verp, s, address, strlen(address)) &&
	       strcmp(verp.invitation, expected) == 0 &&
	       verp.recipient == mail_verp_recipient(s, recipient);
}

static void
an_address_leads_back_to_its_invitation(void **state)
{
	static const char *const bases[] = { "bounces@join.example", "b+team@sub.join.example",
		"eighteen-byte-name@join.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct mail_sender s = sender_of(bases[i]);
		struct arena *arena = arena_new(0);

		for (int n = 0; n < 100; n++) {
			const char *address;
			char id[ID_SIZE];

			id_make(1795800000000 + n, id);
			address = mail_verp_address(arena, &s, id, recipient);
			assert_true(mail_address_is_safe(address, false));
			assert_non_null(strstr(address, "+b-"));
			assert_true(strcspn(address, "@") <= 64);
			assert_true(reads_back(&s, address, id));
		}
		arena_free(arena);
	}
}

static void
an_address_survives_the_folding_of_its_case(void **state)
{
	struct mail_sender s = sender_of("Bounces@Join.example");
	struct arena *arena = arena_new(0);
	const char *address = mail_verp_address(arena, &s, invitation, recipient);
	char *folded = arena_strdup(arena, address);

	(void)state;
	for (char *c = folded; *c != '\0'; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	assert_true(reads_back(&s, folded, invitation));
	for (char *c = folded; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	assert_true(reads_back(&s, folded, invitation));
	arena_free(arena);
}

/* Each character replaced by each other one: none but the two cases of the same letter. */
static void
no_other_address_is_taken_for_one_of_ours(void **state)
{
	struct mail_sender s = sender_of("bounces@join.example");
	struct arena *arena = arena_new(0);
	const char *address = mail_verp_address(arena, &s, invitation, recipient);
	char *changed = arena_strdup(arena, address);
	struct mail_verp verp;

	(void)state;
	for (size_t i = 0; changed[i] != '\0'; i++) {
		for (int c = 0; c < 256; c++) {
			changed[i] = (char)c;
			if (strncasecmp(&changed[i], &address[i], 1) != 0)
				assert_false(mail_verp_parse(&verp, &s, changed, strlen(address)));
		}
		changed[i] = address[i];
	}
	for (size_t len = 0; len < strlen(address); len++)
		assert_false(mail_verp_parse(&verp, &s, address, len));
	arena_free(arena);
}

static void
each_recipient_has_an_address_of_its_own(void **state)
{
	struct mail_sender s = sender_of("bounces@join.example");
	struct arena *arena = arena_new(0);
	const char *ours = mail_verp_address(arena, &s, invitation, recipient);

	(void)state;
	assert_string_equal(ours, mail_verp_address(arena, &s, invitation, "ADA@Home.example"));
	assert_string_not_equal(ours, mail_verp_address(arena, &s, invitation, "bob@home.example"));
	arena_free(arena);
}

static void
another_key_takes_it_for_nobodys(void **state)
{
	struct mail_sender ours = sender_of("bounces@join.example"), theirs = ours;
	struct arena *arena = arena_new(0);

	(void)state;
	theirs.verp_key[31] ^= 1;
	assert_false(reads_back(
	    &theirs, mail_verp_address(arena, &ours, invitation, recipient), invitation));
	arena_free(arena);
}

static void
what_has_no_room_is_left_as_it_is(void **state)
{
	static const char *const bases[] = { "nineteen-bytes-name@join.example",
		"a-very-long-name-for-whatever-comes-back@join.example" };
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct mail_sender s = sender_of(bases[i]);

		assert_string_equal(mail_verp_address(arena, &s, invitation, recipient), bases[i]);
		assert_false(reads_back(&s, bases[i], invitation));
	}
	arena_free(arena);
}

/* Not every mail system delivers them; and none of another time is believed. */
static void
without_an_address_for_bounces_mails_return_to_the_sender(void **state)
{
	struct mail_sender s = sender_of("invitations@join.example");
	struct arena *arena = arena_new(0);
	const char *address = mail_verp_address(arena, &s, invitation, recipient);

	(void)state;
	assert_true(reads_back(&s, address, invitation));
	s.bounces = NULL;
	assert_string_equal(mail_verp_address(arena, &s, invitation, recipient), s.from);
	assert_false(reads_back(&s, address, invitation));
	arena_free(arena);
}

static void
only_an_invitations_id_is_written_into_it(void **state)
{
	static const char *const ids[] = { "", "019aa0b1", "019AA0B1-2C3D-7E4F-8A5B-6C7D8E9F0A1B",
		"019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b\r\nRCPT TO:<x@y>" };
	struct mail_sender s = sender_of("bounces@join.example");
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_string_equal(
		    mail_verp_address(arena, &s, ids[i], recipient), "bounces@join.example");
	arena_free(arena);
}

static int
set_up(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_leads_back_to_its_invitation),
		cmocka_unit_test(an_address_survives_the_folding_of_its_case),
		cmocka_unit_test(no_other_address_is_taken_for_one_of_ours),
		cmocka_unit_test(each_recipient_has_an_address_of_its_own),
		cmocka_unit_test(another_key_takes_it_for_nobodys),
		cmocka_unit_test(what_has_no_room_is_left_as_it_is),
		cmocka_unit_test(without_an_address_for_bounces_mails_return_to_the_sender),
		cmocka_unit_test(only_an_invitations_id_is_written_into_it),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
