/* Org units, and who is in a group. */
#include "dir/dir_sign.h"
#include "dir_user_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define ZOE "uid=zoe," SALES

static void
an_org_unit_is_added_renamed_described_and_deleted(void **state)
{
	char uuid[64];

	(void)state;
	assert_int_equal(unit_add(SALES, "R&D, \"new\" + more", "Who thinks"), ERR_OK);
	assert_string_equal(rig_values(&rig, seen.dn, "ou"), "R&D, \"new\" + more");
	assert_string_equal(rig_values(&rig, seen.dn, "description"), "Who thinks");
	assert_int_equal(unit_add(SALES, "R&D, \"new\" + more", NULL), ERR_EXISTS);
	assert_int_equal(unit_add(SALES, "R&D, \"new\" + more", NULL), ERR_EXISTS);
	assert_int_equal(unit_add(PEOPLE, "Größe", NULL), ERR_OK);
	snprintf(uuid, sizeof(uuid), "%s", uuid_of(seen.dn));
	assert_int_equal(unit_change(uuid, "Länge", "How long"), ERR_OK);
	assert_string_equal(seen.dn, "ou=Länge," PEOPLE);
	assert_string_equal(uuid_of(seen.dn), uuid);
	assert_string_equal(rig_values(&rig, seen.dn, "ou"), "Länge");
	assert_int_equal(unit_change(uuid, "länge", NULL), ERR_OK); /* the case alone */
	assert_string_equal(rig_values(&rig, seen.dn, "ou"), "länge");
	assert_int_equal(unit_change(uuid, NULL, ""), ERR_OK);
	assert_string_equal(rig_values(&rig, seen.dn, "description"), "");
	assert_int_equal(unit_delete(uuid), ERR_OK);
	assert_int_equal(unit_delete(uuid), ERR_NOT_FOUND);
	assert_int_equal(unit_change(uuid, "again", NULL), ERR_NOT_FOUND);
}

static void
on_org_unit(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct buf *b = arg;

	rig.code = code;
	rig.fault = *f;
	if (unit != NULL)
		buf_printf(b, "%s|%s|%s", unit->dn, unit->name,
		    unit->description != NULL ? unit->description : "none");
	loop_stop(rig.loop);
}

static void
an_org_unit_is_found_by_its_uuid_and_by_its_name(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(unit_add(PEOPLE, "R&D, new", "Who thinks"), ERR_OK);
	dir_org_unit_load(rig.dir, uuid_of(seen.dn), on_org_unit, &b);
	loop_run(rig.loop);
	assert_int_equal(rig.code, ERR_OK);
	assert_string_equal(b.data, "ou=R&D\\2C new," PEOPLE "|R&D, new|Who thinks");
	buf_reset(&b);
	dir_org_unit_find_named(rig.dir, PEOPLE, "r&d, NEW", on_org_unit, &b);
	loop_run(rig.loop);
	assert_int_equal(rig.code, ERR_OK);
	dir_org_unit_find_named(rig.dir, PEOPLE, "nothing", on_org_unit, &b);
	loop_run(rig.loop);
	assert_int_equal(rig.code, ERR_NOT_FOUND);
	dir_org_unit_load(rig.dir, "018f3a52-0000-7000-8000-ffffffffffff", on_org_unit, &b);
	loop_run(rig.loop);
	assert_int_equal(rig.code, ERR_NOT_FOUND);
	buf_release(&b);
}

static void
a_renamed_org_unit_takes_everybody_along(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	assert_int_equal(unit_change(uuid_of(SALES), "Trade", NULL), ERR_OK);
	assert_string_equal(seen.dn, "ou=Trade," PEOPLE);
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe,ou=Trade," PEOPLE);
	/* The server's refint does this, behind its answer. */
	for (int tries = 0; tries < 100 && seen.group_count == 0; tries++) {
		rig_run_for(&rig, 10);
		assert_int_equal(user_load(uuid), ERR_OK);
	}
	assert_string_equal(seen.groups, STAFF ";");
	assert_int_equal(unit_change(uuid_of("ou=Trade," PEOPLE), "doomed", "x"), ERR_EXISTS);
	assert_non_null(strstr(rig.fault.text, "the description is changed"));
}

static void
what_cannot_be_is_said_in_words(void **state)
{
	char longest[PERSON_NAME_MAX + 2];
	static const struct {
		const char *parent, *name;
		enum err code;
	} rows[] = {
		{ PEOPLE, "", ERR_INVALID },
		{ PEOPLE, "   ", ERR_INVALID },
		{ PEOPLE, "a\nb", ERR_INVALID },
		{ PEOPLE, "\xff", ERR_INVALID },
		{ "ou=nowhere," PEOPLE, "x", ERR_NOT_FOUND },
		{ "uid=jane," PEOPLE, "x", ERR_NOT_FOUND },
		{ BASE, "x", ERR_REFUSED },
		{ "nonsense", "x", ERR_REFUSED },
	};

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(unit_add(rows[i].parent, rows[i].name, NULL), rows[i].code);
		assert_string_not_equal(rig.fault.text, "");
	}
	assert_int_equal(unit_add(PEOPLE, longest, NULL), ERR_INVALID);
	assert_int_equal(unit_add(PEOPLE, longest + 1, NULL), ERR_OK);
	assert_int_equal(unit_change(uuid_of(SALES), "", NULL), ERR_INVALID);
	assert_int_equal(unit_change(uuid_of(SALES), NULL, "\xff"), ERR_INVALID);
	assert_int_equal(unit_change(uuid_of(PEOPLE), "x", NULL), ERR_REFUSED);
	assert_int_equal(unit_delete(uuid_of(PEOPLE)), ERR_REFUSED);
	/* Not empty, no org unit, not below the people. */
	assert_int_equal(unit_delete(uuid_of(SALES)), ERR_CONFLICT);
	assert_non_null(strstr(rig.fault.text, "not empty"));
	assert_int_equal(unit_delete(uuid_of("uid=jane," PEOPLE)), ERR_NOT_FOUND);
	assert_int_equal(unit_delete(uuid_of("ou=groups," BASE)), ERR_NOT_FOUND);
	assert_int_equal(unit_delete("nonsense"), ERR_NOT_FOUND);
}

static void
only_those_who_could_sign_in_count_as_others(void **state)
{
	const char *zoe = user_make(ZOE, "zoe@example.org"), *max;

	(void)state;
	assert_int_equal(group_members(STAFF, "UID=Zoe, " SALES), ERR_OK);
	assert_true(seen.is_member);
	assert_int_equal(seen.others, 0); /* cn=nobody does not exist */
	max = user_make("uid=max," SALES, "max@example.org");
	assert_int_equal(group_members(STAFF, ZOE), ERR_OK);
	assert_true(seen.is_member);
	assert_int_equal(seen.others, 1);
	assert_int_equal(user_suspend(max, true), ERR_OK);
	assert_int_equal(group_members(STAFF, ZOE), ERR_OK);
	assert_int_equal(seen.others, 0);
	assert_int_equal(group_members(STAFF, "uid=jane," PEOPLE), ERR_OK);
	assert_false(seen.is_member);
	assert_int_equal(seen.others, 1); /* zoe */
	assert_int_equal(user_suspend(zoe, false), ERR_OK);
	assert_int_equal(group_members("cn=none,ou=groups," BASE, ZOE), ERR_NOT_FOUND);
	assert_int_equal(group_members(SALES, ZOE), ERR_NOT_FOUND);
	assert_int_equal(group_members("cn=elsewhere", ZOE), ERR_NOT_FOUND);
}

/* Nobody looks that far up: they are taken for a member, and that is an answer. */
static void
who_is_nested_too_deep_counts_as_a_member(void **state)
{
	char ldif[512], member[128] = "uid=jane," PEOPLE;

	(void)state;
	for (int i = 0; i <= DIR_NESTING_MAX; i++) {
		snprintf(ldif, sizeof(ldif),
		    "dn: cn=deep-%d,ou=groups," BASE "\nchangetype: add\n"
		    "objectClass: groupOfNames\ncn: deep-%d\nmember: %s\n",
		    i, i, member);
		rig_change(&rig, ldif);
		snprintf(member, sizeof(member), "cn=deep-%d,ou=groups," BASE, i);
	}
	assert_int_equal(group_members(STAFF, "uid=jane," PEOPLE), ERR_OK);
	assert_true(seen.is_member);
}

static void
a_group_of_ten_thousand_is_no_trouble(void **state)
{
	enum { MANY = 10000 };
	const char *uuid;
	struct buf ldif;

	(void)state;
	buf_init(&ldif, 1 << 21);
	buf_add_string(
	    &ldif, "dn: " LONE "\nchangetype: add\nobjectClass: groupOfNames\ncn: lone\n");
	for (int i = 0; i < MANY; i++)
		buf_printf(&ldif, "member: uid=member%05d,%s\n", i, SALES);
	buf_printf(&ldif, "member: uid=jane,%s\nmember: %s\n", PEOPLE, ZOE);
	assert_false(buf_failed(&ldif));
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	uuid = user_make(ZOE, "zoe@example.org");
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_int_equal(seen.group_count, 2);
	assert_int_equal(group_members(LONE, ZOE), ERR_OK);
	assert_true(seen.is_member);
	assert_int_equal(
	    seen.others, 0); /* the first twenty do not exist: that is all it looks at */
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_int_equal(seen.removed.groups_left, 2);
	assert_string_equal(rig.fault.text, "");
	assert_int_equal(group_members(LONE, ZOE), ERR_OK);
	assert_false(seen.is_member);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(an_org_unit_is_added_renamed_described_and_deleted),
		ROW(an_org_unit_is_found_by_its_uuid_and_by_its_name),
		ROW(a_renamed_org_unit_takes_everybody_along),
		ROW(what_cannot_be_is_said_in_words),
		ROW(only_those_who_could_sign_in_count_as_others),
		ROW(who_is_nested_too_deep_counts_as_a_member),
		ROW(a_group_of_ten_thousand_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
