/* What a row holds is what it was made of, within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "roster_world.h"

struct row_case {
	const char *name, *given, *family, *mail, *phone, *uid, *rdn, *position;
	const char *text; /* what is searched */
};

static void
assert_text(struct roster_text got, const char *expected)
{
	expected = expected != NULL ? expected : "";
	assert_int_equal(got.len, strlen(expected));
	if (got.len > 0)
		assert_memory_equal(got.s, expected, got.len);
}

static void
assert_row(struct roster_world *w, const struct row_case *c)
{
	struct roster_version *v = version_hold(w->roster);
	struct roster_position p = order_begin(v, ROSTER_BY_NAME);
	uint32_t row = order_next(v, ROSTER_BY_NAME, &p), slot = row % ROSTER_PAGE_ROWS;
	const struct roster_page_rows *page = version_page(v, row);
	struct roster_row r;
	char rdn[1024];

	version_row(v, row, &r);
	assert_text(r.name, c->name);
	assert_text(r.given_name, c->given);
	assert_text(r.family_name, c->family);
	assert_text(r.mail, c->mail);
	assert_text(r.phone, c->phone);
	assert_text(r.uid, c->uid);
	assert_text(r.position, c->position);
	snprintf(rdn, sizeof(rdn), "%.*s%.*s", (int)r.rdn_type.len, r.rdn_type.s, (int)r.rdn.len,
	    r.rdn.s);
	assert_string_equal(rdn, c->rdn);
	assert_int_equal(page->text_at[slot + 1] - page->text_at[slot], strlen(c->text));
	assert_memory_equal(page->text + page->text_at[slot], c->text, strlen(c->text));
	version_release(w->roster, v);
}

static void
a_row_gives_back_what_it_was_made_of(void **state)
{
	static const struct row_case cases[] = {
		{ "Ada King", "Ada", "King", "ada.king@example.org", "+49 (0)30 12", "ada.king",
		    "uid=ada.king", "Countess",
		    "ada king\nada.king@example.org\n493012\ncountess\n" },
		{ "Ada", NULL, NULL, NULL, NULL, NULL, "cn=Ada", NULL, "ada\n\n\n" },
		{ "A. King", "Ada", "King", "office@example.org", NULL, "aking", "cn=A. King",
		    "King", "a. king\noffice@example.org\n\naking\nada\n" },
		{ "Ada-King", "Ada", "King", "a@x", "7", "b", "uid=other", NULL,
		    "ada-king\na@x\n7\nb\n" },
		{ "\303\201da Ki", "\303\201da", "Ki", "ada@x", NULL, "ada@x", "uid=ada@x", NULL,
		    "ada ki\nada@x\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row_case *c = &cases[i];
		struct feed_batch *b = world_begin(FEED_DIRECTORY);
		struct feed_user *u = world_user(b, 1, c->name);
		struct roster_world w;

		u->given_name = c->given;
		u->family_name = c->family;
		u->mail = c->mail;
		u->phone = c->phone;
		u->uid = c->uid;
		u->rdn = c->rdn;
		u->position = c->position;
		world_open(&w);
		world_apply(&w, b);
		world_end(&w, FEED_DIRECTORY, true);
		assert_row(&w, c);
		world_close(&w);
	}
}

static void
values_beyond_all_bounds_are_cut_at_a_character(void **state)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);
	char *huge = mem_alloc(65537), *letters = mem_alloc(65537);
	struct roster_version *v;
	struct feed_user *u;
	struct roster_row r;
	struct roster_world w;

	(void)state;
	memset(letters, 'x', 65536);
	for (size_t i = 0; i < 65535; i++) /* a character that folds into eighteen */
		huge[i] = "\xef\xb7\xba"[i % 3];
	u = world_user(b, 1, "x");
	u->name = u->given_name = u->family_name = u->position = u->uid = u->rdn = huge;
	u->mail = u->phone = letters;
	u->more_mail_count = FEED_MAILS_MAX;
	for (size_t i = 0; i < FEED_MAILS_MAX; i++)
		u->more_mails[i] = letters + i;
	u->registered_at = INT64_MAX;
	u->last_activity_at = -5;
	world_open(&w);
	world_apply(&w, b);
	world_end(&w, FEED_DIRECTORY, true);
	v = version_hold(w.roster);
	version_row(v, 0, &r);
	assert_int_equal(r.name.len, 510);
	assert_int_equal(r.mail.len, FEED_MAIL_MAX);
	assert_int_equal(r.phone.len, FEED_PHONE_MAX);
	assert_int_equal(r.rdn.len, 510);
	assert_int_equal(r.registered_at, UINT32_MAX);
	assert_int_equal(r.last_activity_at, 0);
	assert_true(version_page(v, 0)->text_at[1] <= ROSTER_TEXT_MAX);
	assert_int_equal(version_page(v, 0)->text[version_page(v, 0)->text_at[1] - 1], '\n');
	version_release(w.roster, v);
	free(huge);
	free(letters);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_gives_back_what_it_was_made_of),
		cmocka_unit_test(values_beyond_all_bounds_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
