/* The fields with a grammar of their own. */
#include "person_row.h"

static void
gender_is_one_of_four_words(void **state)
{
	static const struct row rows[] = {
		{ PERSON_GENDER, "female", "female", NULL },
		{ PERSON_GENDER, " male ", "male", NULL },
		{ PERSON_GENDER, "other", "other", NULL },
		{ PERSON_GENDER, "unspecified", "unspecified", NULL },
		{ PERSON_GENDER, "Female", NULL, "unknown_value" },
		{ PERSON_GENDER, "f", NULL, "unknown_value" },
		{ PERSON_GENDER, "femalee", NULL, "unknown_value" },
		{ PERSON_GENDER, "", NULL, "required" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_birthday_is_a_real_day_between_1900_and_today(void **state)
{
	static const struct row rows[] = {
		{ PERSON_BIRTHDAY, "1815-12-10", NULL, "too_early" },
		{ PERSON_BIRTHDAY, "1899-12-31", NULL, "too_early" },
		{ PERSON_BIRTHDAY, "1900-01-01", "1900-01-01", NULL },
		{ PERSON_BIRTHDAY, "2000-02-29", "2000-02-29", NULL },
		{ PERSON_BIRTHDAY, "1996-02-29", "1996-02-29", NULL },
		{ PERSON_BIRTHDAY, " 1996-02-29 ", "1996-02-29", NULL },
		{ PERSON_BIRTHDAY, "1900-02-29", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-02-29", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-04-31", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-13-01", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-00-01", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-01-00", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-1-1", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "19990101", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "01.01.1999", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-01-01T00:00:00Z", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "1999-01-0x", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "+999-01-01", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "１９９９-01-01", NULL, "not_a_date" },
		{ PERSON_BIRTHDAY, "2025-06-15", "2025-06-15", NULL },
		{ PERSON_BIRTHDAY, "2025-06-16", NULL, "in_future" },
		{ PERSON_BIRTHDAY, "9999-12-31", NULL, "in_future" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

#define L60 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh"

static void
a_mail_address_keeps_its_local_part_and_gets_an_ascii_domain(void **state)
{
	static const struct row rows[] = {
		{ PERSON_MAIL, "ada@example.org", "ada@example.org", NULL },
		{ PERSON_MAIL, " Ada.King@Example.ORG ", "Ada.King@example.org", NULL },
		{ PERSON_MAIL, "a!#$%&'*+-/=?^_`{|}~z@example.org",
		    "a!#$%&'*+-/=?^_`{|}~z@example.org", NULL },
		{ PERSON_MAIL, "ada@bücher.example", "ada@xn--bcher-kva.example", NULL },
		{ PERSON_MAIL, "ada@BÜCHER.example", "ada@xn--bcher-kva.example", NULL },
		{ PERSON_MAIL, "ada@bu\u0308cher.example", "ada@xn--bcher-kva.example", NULL },
		{ PERSON_MAIL, "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", NULL },
		/* IDNA2008: sharp s is a letter of its own */
		{ PERSON_MAIL, "ada@straße.example", "ada@xn--strae-oqa.example", NULL },
		{ PERSON_MAIL, "ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah", NULL },
		{ PERSON_MAIL, "ada@例え。テスト", "ada@xn--r8jz45g.xn--zckzah", NULL },
		{ PERSON_MAIL, "ada@a-b.c1.example", "ada@a-b.c1.example", NULL },
		{ PERSON_MAIL, "ada@1.example", "ada@1.example", NULL },
		{ PERSON_MAIL, L60 "abcd@example.org", L60 "abcd@example.org", NULL },
		{ PERSON_MAIL, L60 "abcde@example.org", NULL, "too_long" },
		{ PERSON_MAIL, "a@" L60 "abc.example", "a@" L60 "abc.example", NULL },
		{ PERSON_MAIL, "a@" L60 "abcd.example", NULL, "invalid" },
		{ PERSON_MAIL, "", NULL, "required" },
		{ PERSON_MAIL, "ada", NULL, "invalid" },
		{ PERSON_MAIL, "@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@", NULL, "invalid" },
		{ PERSON_MAIL, "a@b@example.org", NULL, "invalid" },
		{ PERSON_MAIL, ".ada@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada.@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "a..da@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "a da@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "a,b@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "<ada@example.org>", NULL, "invalid" },
		{ PERSON_MAIL, "Ada <ada@example.org>", NULL, "invalid" },
		{ PERSON_MAIL, "\"ada\"@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "mailto:ada@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ädä@example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@localhost", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example.org.", NULL, "invalid" },
		{ PERSON_MAIL, "ada@.example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example..org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@-example.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example-.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@exa_mple.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@exa mple.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@[192.0.2.1]", NULL, "invalid" },
		{ PERSON_MAIL, "ada@192.0.2.1", NULL, "invalid" },
		{ PERSON_MAIL, "ada@１９２.0.2.1", NULL, "invalid" },
		{ PERSON_MAIL, "ada@xn--a.example", NULL, "invalid" },
		{ PERSON_MAIL, "ada@xn--zzzzzzzzzz99999.example", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example.org/x", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example.org?x", NULL, "invalid" },
		{ PERSON_MAIL, "ada@♥.example", NULL, "invalid" }, /* not in IDNA2008 */
		{ PERSON_MAIL, "ada@ex\u200dample.org", NULL, "invalid" },
		{ PERSON_MAIL, "ada@example.org\r\nBcc: x@example.org", NULL, "control_character" },
		{ PERSON_MAIL, "ada\n@example.org", NULL, "control_character" },
		{ PERSON_MAIL, "ada@example.org\n", NULL, "control_character" },
		{ PERSON_MAIL,
		    "a\u202e"
		    "da@example.org",
		    NULL, "control_character" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_mail_address_has_at_most_254_bytes_with_its_ascii_domain(void **state)
{
	char mail[400];

	(void)state;
	/* 4 labels of 60 with dots between are 243; "@" and the local part come on top. */
	for (int local = 8; local <= 12; local++) {
		snprintf(mail, sizeof(mail), "%.*s@%s.%s.%s.%s", local, L60, L60, L60, L60, L60);
		check_row(&(struct row){
		    PERSON_MAIL, mail, strlen(mail) <= PERSON_MAIL_MAX ? mail : NULL, "too_long" });
	}
	/* Short as typed, long as A-labels. */
	snprintf(mail, sizeof(mail), "a@");
	for (int i = 0; i < 14; i++)
		append(mail, sizeof(mail), "übünkäßö.");
	append(mail, sizeof(mail), "example");
	assert_true(strlen(mail) < PERSON_MAIL_MAX);
	check_row(&(struct row){ PERSON_MAIL, mail, NULL, "invalid" });
}

static void
a_phone_number_has_its_country_code_and_nothing_but_digits(void **state)
{
	static const struct row rows[] = {
		{ PERSON_PHONE, "+493012345670", "+493012345670", NULL },
		{ PERSON_PHONE, " +49 (30) 123-456.70 ", "+493012345670", NULL },
		{ PERSON_PHONE, "+49\u00a030\u00a01234567", "+49301234567", NULL },
		{ PERSON_PHONE, "(+49) 30 1234567", "+49301234567", NULL },
		{ PERSON_PHONE, "+1234567", "+1234567", NULL },
		{ PERSON_PHONE, "+123456", NULL, "invalid" },
		{ PERSON_PHONE, "+123456789012345", "+123456789012345", NULL },
		{ PERSON_PHONE, "+1234567890123456", NULL, "too_long" },
		{ PERSON_PHONE, "00493012345670", NULL, "no_country_code" },
		{ PERSON_PHONE, "(00) 49 30 1234567", NULL, "no_country_code" },
		{ PERSON_PHONE, "03012345670", NULL, "no_country_code" },
		{ PERSON_PHONE, "4930123456", NULL, "no_country_code" },
		{ PERSON_PHONE, "+0493012345", NULL, "invalid" },
		{ PERSON_PHONE, "+49 (0)30 1234567", NULL, "invalid" },
		{ PERSON_PHONE, "+49+301234567", NULL, "invalid" },
		{ PERSON_PHONE, "++49301234567", NULL, "invalid" },
		{ PERSON_PHONE, "+49301234567x12", NULL, "invalid" },
		{ PERSON_PHONE, "+49301234567;ext=1", NULL, "invalid" },
		{ PERSON_PHONE, "+49/30/1234567", NULL, "invalid" },
		{ PERSON_PHONE, "tel:+49301234567", NULL, "no_country_code" },
		{ PERSON_PHONE, "+４９301234567", NULL, "invalid" },
		{ PERSON_PHONE, "+", NULL, "invalid" },
		{ PERSON_PHONE, "-", NULL, "no_country_code" },
		{ PERSON_PHONE, "", NULL, "required" },
		{ PERSON_PHONE, "+4930\n1234567", NULL, "control_character" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_dn_keeps_its_spelling(void **state)
{
	static const struct row rows[] = {
		{ PERSON_ORG_UNIT, "ou=Sales,dc=example,dc=org", "ou=Sales,dc=example,dc=org",
		    NULL },
		{ PERSON_ORG_UNIT, "  ou=Sales , dc=x  ", "ou=Sales , dc=x", NULL },
		{ PERSON_ORG_UNIT, "ou=Sales\\ ", "ou=Sales\\ ", NULL },
		{ PERSON_ORG_UNIT, "ou=A  B\\, C,dc=x", "ou=A  B\\, C,dc=x", NULL },
		{ PERSON_ORG_UNIT, "ou=Gru\u0308n,dc=x", "ou=Gru\u0308n,dc=x", NULL },
		{ PERSON_ORG_UNIT, "", NULL, "required" },
		{ PERSON_ORG_UNIT, "   ", NULL, "required" },
		{ PERSON_ORG_UNIT, "Sales", NULL, "invalid" },
		{ PERSON_ORG_UNIT, "ou=\xff", NULL, "invalid" },
		{ PERSON_ORG_UNIT, "ou=a\nb", NULL, "control_character" },
		{ PERSON_ORG_UNIT, "ou=a\xc2\x85", NULL, "control_character" },
	};
	char dn[PERSON_DN_MAX + 2] = "ou=";

	(void)state;
	CHECK_ROWS(rows);
	memset(dn + 3, 'a', PERSON_DN_MAX - 3);
	check_row(&(struct row){ PERSON_ORG_UNIT, dn, dn, NULL });
	dn[PERSON_DN_MAX] = 'a';
	check_row(&(struct row){ PERSON_ORG_UNIT, dn, NULL, "too_long" });
}

static void
a_language_is_a_bcp_47_tag_in_canonical_case(void **state)
{
	static const struct row rows[] = {
		{ PERSON_LANGUAGE, "de", "de", NULL },
		{ PERSON_LANGUAGE, "DE", "de", NULL },
		{ PERSON_LANGUAGE, " pt-br ", "pt-BR", NULL },
		{ PERSON_LANGUAGE, "ZH-hant-tw", "zh-Hant-TW", NULL },
		{ PERSON_LANGUAGE, "es-419", "es-419", NULL },
		{ PERSON_LANGUAGE, "haw-us", "haw-US", NULL },
		{ PERSON_LANGUAGE, "sr-LATN", "sr-Latn", NULL },
		{ PERSON_LANGUAGE, "de-CH-1901", "de-CH-1901", NULL },
		{ PERSON_LANGUAGE, "sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994", NULL },
		{ PERSON_LANGUAGE, "de-Latn-DE-1996-fonipa-scouse", "de-Latn-DE-1996-fonipa-scouse",
		    NULL },
		{ PERSON_LANGUAGE, "ca-Latn-ES-valencia-fonipa-1996",
		    "ca-Latn-ES-valencia-fonipa-1996", NULL },
		{ PERSON_LANGUAGE, "", NULL, "required" },
		{ PERSON_LANGUAGE, "d", NULL, "invalid" },
		{ PERSON_LANGUAGE, "german", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de_DE", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-", NULL, "invalid" },
		{ PERSON_LANGUAGE, "-de", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de--DE", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-DE-Latn", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-DE-AT", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-Latn-Cyrl", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-1901-1901", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-x-private", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-u-co-phonebk", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-12", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-abcdefghi", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de DE", NULL, "invalid" },
		{ PERSON_LANGUAGE, "dé", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de,en;q=0.5", NULL, "invalid" },
		{ PERSON_LANGUAGE, "de-Latn-DE-1996-fonipa-scouse-abcdef", NULL, "too_long" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_uid_is_plain_and_not_reserved(void **state)
{
	static const struct row rows[] = {
		{ PERSON_UID, "ada", "ada", NULL },
		{ PERSON_UID, " a.d_a-9 ", "a.d_a-9", NULL },
		{ PERSON_UID, "abcdefghijklmnopqrstuvwxyzabcdef",
		    "abcdefghijklmnopqrstuvwxyzabcdef", NULL },
		{ PERSON_UID, "abcdefghijklmnopqrstuvwxyzabcdefg", NULL, "too_long" },
		{ PERSON_UID, "Ada", NULL, "invalid" },
		{ PERSON_UID, "9ada", NULL, "invalid" },
		{ PERSON_UID, ".ada", NULL, "invalid" },
		{ PERSON_UID, "a da", NULL, "invalid" },
		{ PERSON_UID, "ada,ou=x", NULL, "invalid" },
		{ PERSON_UID, "ada*", NULL, "invalid" },
		{ PERSON_UID, "ädä", NULL, "invalid" },
		{ PERSON_UID, "root", NULL, "reserved" },
		{ PERSON_UID, "postmaster", NULL, "reserved" },
		{ PERSON_UID, "", NULL, "required" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gender_is_one_of_four_words),
		cmocka_unit_test(a_birthday_is_a_real_day_between_1900_and_today),
		cmocka_unit_test(a_mail_address_keeps_its_local_part_and_gets_an_ascii_domain),
		cmocka_unit_test(a_mail_address_has_at_most_254_bytes_with_its_ascii_domain),
		cmocka_unit_test(a_phone_number_has_its_country_code_and_nothing_but_digits),
		cmocka_unit_test(a_dn_keeps_its_spelling),
		cmocka_unit_test(a_language_is_a_bcp_47_tag_in_canonical_case),
		cmocka_unit_test(a_uid_is_plain_and_not_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
