/* People who are in the directory: what they are, changes, moves, suspension. */
#include "dir_user_rig.h"

#include <ldap.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define ZOE "uid=zoe," SALES

static const char north[] = "ou=north," SALES;

static void
a_person_is_loaded_with_all_that_is_known(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	int64_t now = clock_wall_ms(&clock_system) / 1000;

	(void)state;
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_string_equal(seen.dn, ZOE);
	assert_string_equal(seen.uuid, uuid);
	assert_string_equal(seen.tag, rig_values(&rig, ZOE, "entryCSN"));
	assert_string_equal(seen.marker, rig_values(&rig, ZOE, "usherdInvitationId"));
	assert_string_equal(seen.value[PERSON_GIVEN_NAME], "Zoë");
	assert_string_equal(seen.value[PERSON_MAIL], "zoe@example.org");
	assert_string_equal(seen.value[PERSON_UID], "zoe");
	assert_string_equal(seen.value[PERSON_ORG_UNIT], SALES);
	assert_string_equal(seen.groups, STAFF ";");
	assert_int_equal(seen.group_count, 1);
	assert_false(seen.suspended);
	assert_in_range(seen.registered_at, now - 60, now + 1);
	assert_in_range(seen.last_activity_at, now - 60, now + 1);
	assert_string_equal(seen.source, "pwdLastSuccess");
	assert_int_equal(user_load("018f3a52-0000-7000-8000-ffffffffffff"), ERR_NOT_FOUND);
	assert_int_equal(user_load("nonsense"), ERR_NOT_FOUND);
	/* Neither an org unit, nor a group, nor our own account is somebody. */
	assert_int_equal(user_load(uuid_of(SALES)), ERR_REFUSED);
	assert_int_equal(user_load(uuid_of(STAFF)), ERR_REFUSED);
	assert_int_equal(user_load(uuid_of("cn=usherd," BASE)), ERR_REFUSED);
}

static void
a_phone_in_another_attribute_is_shown_as_in_the_list(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: mobile\n-\n"
			 "replace: telephoneNumber\ntelephoneNumber: +442079460100\n");
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_string_equal(seen.value[PERSON_PHONE], "+442079460100");
}

/* What was removed must not be shown again from elsewhere. */
static void
a_phone_is_removed_from_where_it_is_shown(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	char tag[DIR_TAG_SIZE];

	(void)state;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: mobile\n-\n"
			 "replace: telephoneNumber\ntelephoneNumber: +442079460100\n"
			 "telephoneNumber: +442079460101\n");
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	assert_int_equal(user_set(uuid, PERSON_PHONE, ""), ERR_OK);
	assert_string_equal(seen.value[PERSON_PHONE], "");
	assert_string_not_equal(seen.tag, tag);
	assert_string_equal(rig_values(&rig, ZOE, "telephoneNumber"), "");
	/* A new one stands in the configured attribute, before the other. */
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: telephoneNumber\n"
			 "telephoneNumber: +442079460100\n");
	assert_int_equal(user_set(uuid, PERSON_PHONE, "+442079460102"), ERR_OK);
	assert_string_equal(seen.value[PERSON_PHONE], "+442079460102");
	assert_string_equal(rig_values(&rig, ZOE, "mobile"), "+442079460102");
	assert_string_equal(rig_values(&rig, ZOE, "telephoneNumber"), "+442079460100");
	assert_int_equal(user_set(uuid, PERSON_PHONE, ""), ERR_OK);
	assert_string_equal(seen.value[PERSON_PHONE], "");
	assert_string_equal(rig_values(&rig, ZOE, "mobile"), "");
	assert_string_equal(rig_values(&rig, ZOE, "telephoneNumber"), "");
	strcpy(tag, seen.tag);
	assert_int_equal(user_set(uuid, PERSON_PHONE, ""), ERR_OK);
	assert_string_equal(seen.tag, tag);
}

static void
the_names_that_were_made_of_the_names_follow_them(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_user_change change = { .value = { [PERSON_FAMILY_NAME] = "Nguyễn",
					      [PERSON_POSITION] = "Head, of \"Sales\"" } };

	(void)state;
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.value[PERSON_DISPLAY_NAME], "Zoë Nguyễn");
	assert_string_equal(seen.value[PERSON_POSITION], "Head, of \"Sales\"");
	assert_string_equal(rig_values(&rig, ZOE, "cn"), "Zoë Nguyễn");
	assert_string_equal(seen.tag, rig_values(&rig, ZOE, "entryCSN"));
	/* A display name of one's own stays; cn is the display name. */
	assert_int_equal(user_set(uuid, PERSON_DISPLAY_NAME, "Zo the Great"), ERR_OK);
	assert_string_equal(rig_values(&rig, ZOE, "cn"), "Zo the Great");
	assert_int_equal(user_set(uuid, PERSON_GIVEN_NAME, "Zoe"), ERR_OK);
	assert_string_equal(seen.value[PERSON_DISPLAY_NAME], "Zo the Great");
	assert_string_equal(rig_values(&rig, ZOE, "cn"), "Zo the Great");
}

static void
an_empty_value_removes_and_an_equal_one_writes_nothing(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	char tag[DIR_TAG_SIZE];

	(void)state;
	assert_int_equal(user_set(uuid, PERSON_PHONE, ""), ERR_OK);
	assert_string_equal(rig_values(&rig, ZOE, "mobile"), "");
	assert_string_equal(seen.value[PERSON_PHONE], "");
	strcpy(tag, seen.tag);
	assert_int_equal(user_set(uuid, PERSON_PHONE, ""), ERR_OK);
	assert_int_equal(user_set(uuid, PERSON_MAIL, "zoe@example.org"), ERR_OK);
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, "OU=Sales, " PEOPLE), ERR_OK);
	assert_string_equal(seen.tag, tag);
}

static void
further_values_stay_when_the_first_one_changes(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nadd: mail\nmail: z@example.net\n"
			 "mail: zz@example.net\n");
	assert_int_equal(user_set(uuid, PERSON_MAIL, "new@example.org"), ERR_OK);
	assert_string_equal(
	    rig_values(&rig, ZOE, "mail"), "new@example.org,z@example.net,zz@example.net");
	assert_int_equal(user_set(uuid, PERSON_MAIL, "ZZ@example.net"), ERR_OK);
	assert_string_equal(rig_values(&rig, ZOE, "mail"), "ZZ@example.net,z@example.net");
	assert_int_equal(user_set(uuid, PERSON_MAIL, ""), ERR_OK);
	assert_string_equal(rig_values(&rig, ZOE, "mail"), "");
}

/* An entry that others made has no room for them until it has our class. */
static void
gender_and_birthday_bring_their_class_along(void **state)
{
	const char *dn = "uid=foreign," SALES, *uuid;
	struct dir_user_change change = {
		.value = { [PERSON_GENDER] = "female", [PERSON_BIRTHDAY] = "1990-02-28" }
	};
	char tag[DIR_TAG_SIZE];

	(void)state;
	rig_change(&rig, "dn: uid=foreign," SALES "\nchangetype: add\n"
			 "objectClass: inetOrgPerson\nuid: foreign\ncn: Foreign\nsn: Foreign\n");
	uuid = uuid_of(dn);
	assert_int_equal(user_set(uuid, PERSON_POSITION, "Guest"), ERR_OK);
	assert_int_equal(user_set(uuid, PERSON_GENDER, ""), ERR_OK);
	assert_string_equal(rig_values(&rig, dn, "objectClass"), "inetOrgPerson");
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.value[PERSON_GENDER], "female");
	assert_string_equal(seen.value[PERSON_BIRTHDAY], "1990-02-28");
	assert_string_equal(rig_values(&rig, dn, "objectClass"), "inetOrgPerson,usherdPerson");
	strcpy(tag, seen.tag);
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.tag, tag);
	assert_int_equal(user_set(uuid, PERSON_GENDER, "other"), ERR_OK);
	assert_int_equal(user_set(uuid, PERSON_BIRTHDAY, ""), ERR_OK);
	assert_string_equal(rig_values(&rig, dn, "usherdGender"), "other");
	assert_string_equal(rig_values(&rig, dn, "usherdBirthday"), "");
	assert_string_equal(rig_values(&rig, dn, "objectClass"), "inetOrgPerson,usherdPerson");
}

static void
a_change_of_another_version_is_a_conflict(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_user_change change = { .value = { [PERSON_POSITION] = "Mine" } };
	char tag[DIR_TAG_SIZE];

	(void)state;
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	change.tag = tag;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: title\ntitle: Theirs\n");
	assert_int_equal(user_change(uuid, &change), ERR_CONFLICT);
	assert_string_equal(rig_values(&rig, ZOE, "title"), "Theirs");
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(rig_values(&rig, ZOE, "title"), "Mine");
	assert_int_equal(user_change(uuid, &change), ERR_CONFLICT); /* an old tag by now */
}

/* Then a version is modifyTimestamp, which has seconds, and what is in the entry. */
static void
versions_differ_without_an_entry_csn_too(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_user_change change = { .value = { [PERSON_POSITION] = "Mine" } };
	char tag[DIR_TAG_SIZE];

	(void)state;
	user_with_settings("/^access to attrs=pwdHistory/i access to attrs=entryCSN by * none");
	assert_string_equal(rig_values(&rig, ZOE, "entryCSN"), "");
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_int_equal(strlen(seen.tag), DIR_TAG_SIZE - 1);
	strcpy(tag, seen.tag);
	change.tag = tag;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: title\ntitle: Theirs\n");
	assert_int_equal(user_change(uuid, &change), ERR_CONFLICT);
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_string_equal(seen.tag, tag);
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.value[PERSON_POSITION], "Mine");
}

static void
a_change_that_cannot_be_names_its_field(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	static const struct {
		enum person_field field;
		const char *value, *says;
		enum err code;
	} rows[] = {
		{ PERSON_MAIL, "jane@example.org", "mail: uid=jane", ERR_EXISTS },
		{ PERSON_PHONE, "+49 30 123456", "phone: uid=jane", ERR_EXISTS },
		{ PERSON_MAIL, "zo\xc3\xab@example.org", "mail: ", ERR_INVALID },
		{ PERSON_POSITION, "a\nb", "position: ", ERR_INVALID },
		{ PERSON_UID, "other", "uid: ", ERR_INVALID },
		{ PERSON_FAMILY_NAME, "", "family_name: ", ERR_INVALID },
		{ PERSON_ORG_UNIT, "ou=nowhere," PEOPLE, "org_unit: ", ERR_INVALID },
		{ PERSON_ORG_UNIT, "uid=jane," PEOPLE, "org_unit: ", ERR_INVALID },
		{ PERSON_ORG_UNIT, "ou=groups," BASE, "org_unit: ", ERR_INVALID },
		{ PERSON_ORG_UNIT, "ou=," PEOPLE, "org_unit: ", ERR_INVALID },
		{ PERSON_ORG_UNIT, "nonsense", "org_unit: ", ERR_INVALID },
	};

	(void)state;
	assert_int_equal(user_load(uuid), ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char tag[DIR_TAG_SIZE];

		strcpy(tag, seen.tag);
		assert_int_equal(user_set(uuid, rows[i].field, rows[i].value), rows[i].code);
		assert_memory_equal(rig.fault.text, rows[i].says, strlen(rows[i].says));
		assert_int_equal(user_load(uuid), ERR_OK);
		assert_string_equal(seen.tag, tag);
	}
	assert_int_equal(
	    user_set("018f3a52-0000-7000-8000-ffffffffffff", PERSON_POSITION, "x"), ERR_NOT_FOUND);
}

static void
who_moves_keeps_password_id_and_memberships(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_user_change change = {
		.value = { [PERSON_ORG_UNIT] = north, [PERSON_POSITION] = "Explorer" }
	};

	(void)state;
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe,ou=north," SALES);
	assert_string_equal(seen.uuid, uuid);
	assert_string_equal(seen.value[PERSON_ORG_UNIT], north);
	assert_string_equal(seen.value[PERSON_POSITION], "Explorer");
	assert_string_equal(seen.groups, STAFF ";");
	assert_int_equal(rig_bind(&rig, seen.dn, PASSWORD), LDAP_SUCCESS);
	assert_string_equal(rig_values(&rig, seen.dn, "uid"), "zoe");
	/* To the base itself, and back. */
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, PEOPLE), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe," PEOPLE);
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, SALES), ERR_OK);
	assert_string_equal(seen.dn, ZOE);
	assert_string_equal(seen.groups, STAFF ";");
}

static void
a_move_onto_another_entry_leaves_everything_as_it_was(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_user_change change = {
		.value = { [PERSON_ORG_UNIT] = north, [PERSON_POSITION] = "Explorer" }
	};

	(void)state;
	user_make("uid=zoe,ou=north," SALES, "other@example.org");
	assert_int_equal(user_change(uuid, &change), ERR_EXISTS);
	assert_memory_equal(rig.fault.text, "org_unit: ", 10);
	assert_string_equal(rig_values(&rig, ZOE, "title"), "Buyer");
}

static void
names_with_every_special_character_are_found_and_moved(void **state)
{
	static const struct {
		const char *rdn, *attributes;
	} rows[] = {
		{ "cn=Doe\\, \\\"Jo\\\" \\+ Co\\\\", "cn: Doe, \"Jo\" + Co\\\nuid: jo1\n" },
		{ "cn=Two+uid=two", "cn: Two\nuid: two\n" },
		{ "cn=(*)\\3D\\#", "cn: (*)=#\nuid: paren\n" },
		{ "uid=Łukasz Øystein", "cn: x\nuid: Łukasz Øystein\n" },
	};
	char dn[sizeof(seen.dn)], ldif[3000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *uuid;

		snprintf(dn, sizeof(dn), "%s,%s", rows[i].rdn, SALES);
		snprintf(ldif, sizeof(ldif),
		    "dn: %s\nchangetype: add\nobjectClass: inetOrgPerson\n%ssn: s\n\n"
		    "dn: %s\nchangetype: modify\nadd: member\nmember: %s\n",
		    dn, rows[i].attributes, STAFF, dn);
		rig_change(&rig, ldif);
		uuid = uuid_of(dn);
		assert_int_equal(user_load(uuid), ERR_OK);
		assert_string_equal(seen.groups, STAFF ";");
		assert_string_equal(seen.value[PERSON_ORG_UNIT], SALES);
		assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, "ou=north," SALES), ERR_OK);
		assert_string_equal(seen.value[PERSON_ORG_UNIT], "ou=north," SALES);
		assert_string_equal(seen.groups, STAFF ";");
		assert_int_equal(user_set(uuid, PERSON_POSITION, "moved"), ERR_OK);
		snprintf(dn, sizeof(dn), "%s", seen.dn);
		assert_int_equal(user_save(uuid), ERR_OK);
		assert_int_equal(user_remove(dn, uuid), ERR_OK);
		assert_int_equal(user_load(uuid), ERR_NOT_FOUND);
		assert_null(strstr(rig_values(&rig, STAFF, "member"), "north"));
		assert_int_equal(user_restore(), ERR_OK);
		assert_string_equal(seen.dn, dn);
		assert_string_equal(seen.groups, STAFF ";");
		assert_string_equal(seen.value[PERSON_POSITION], "moved");
		assert_int_equal(user_remove(dn, seen.uuid), ERR_OK);
	}
}

static void
a_value_that_names_the_entry_stays(void **state)
{
	const char *dn = "cn=Zoë Åkesson," SALES;
	const char *uuid;

	(void)state;
	rig_change(&rig,
	    "dn: cn=Zoë Åkesson," SALES "\nchangetype: add\nobjectClass: inetOrgPerson\n"
	    "cn: Zoë Åkesson\nsn: Åkesson\ngivenName: Zoë\ndisplayName: Zoë Åkesson\n");
	uuid = uuid_of(dn);
	assert_int_equal(user_set(uuid, PERSON_FAMILY_NAME, "Berg"), ERR_OK);
	assert_string_equal(seen.value[PERSON_DISPLAY_NAME], "Zoë Berg");
	assert_string_equal(rig_values(&rig, dn, "cn"), "Zoë Berg,Zoë Åkesson");
	assert_string_equal(rig_values(&rig, dn, "displayName"), "Zoë Berg");
}

static void
an_entry_that_was_renamed_meanwhile_is_still_the_same(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_change(&rig, "dn: " ZOE "\nchangetype: modrdn\nnewrdn: uid=zoe2\ndeleteoldrdn: 1\n");
	assert_int_equal(user_set(uuid, PERSON_POSITION, "Renamed"), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe2," SALES);
	assert_string_equal(rig_values(&rig, seen.dn, "title"), "Renamed");
}

static void
suspended_means_no_sign_in_until_resumed(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	assert_string_equal(dir_suspend_means(rig.dir), "pwdAccountLockedTime");
	for (int round = 0; round < 2; round++) { /* already so is fine */
		assert_int_equal(user_suspend(uuid, true), ERR_OK);
		assert_true(seen.suspended);
		assert_string_equal(seen.suspended_by, "pwdAccountLockedTime");
		assert_string_equal(seen.groups, STAFF ";");
		assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_INVALID_CREDENTIALS);
	}
	for (int round = 0; round < 2; round++) {
		assert_int_equal(user_suspend(uuid, false), ERR_OK);
		assert_false(seen.suspended);
		assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	}
	assert_int_equal(user_suspend("018f3a52-0000-7000-8000-ffffffffffff", true), ERR_NOT_FOUND);
	/* An entry that usherd did not make. */
	assert_int_equal(user_suspend(uuid_of("uid=jane," PEOPLE), true), ERR_OK);
	assert_int_equal(user_suspend(uuid_of("cn=usherd," BASE), true), ERR_REFUSED);
}

static void
a_lock_that_the_server_would_ignore_is_not_called_one(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_change(&rig, "dn: cn=password-policy," BASE
			 "\nchangetype: modify\nreplace: pwdLockout\npwdLockout: FALSE\n");
	assert_int_equal(user_suspend(uuid, true), ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "pwdLockout"));
	assert_string_equal(rig_values(&rig, ZOE, "pwdAccountLockedTime"), "");
	assert_int_equal(user_suspend(uuid, false), ERR_OK);
}

static void
a_directory_without_ppolicy_is_told_apart(void **state)
{
	bool told = false;

	(void)state;
	rig_remove(&rig);
	rig_start_slapd(&rig, "--without ppolicy");
	rig_default_conf(&rig);
	rig_open(&rig);
	assert_int_equal(user_suspend(uuid_of("uid=jane," PEOPLE), true), ERR_MISCONFIGURED);
	assert_int_equal(user_suspend(uuid_of("uid=jane," PEOPLE), false), ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "load the ppolicy overlay"));
	rig.answered = false;
	dir_self_test(rig.dir, rig_on_check, &rig);
	rig_run(&rig);
	for (size_t i = 0; i < rig.check_count; i++)
		if (strcmp(rig.checks[i].name, "suspend") == 0)
			told = !rig.checks[i].ok && strstr(rig.checks[i].text, "ppolicy") != NULL;
	assert_true(told);
}

static void
a_generic_directory_has_no_means(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_close(&rig);
	rig.conf.profile = DIR_GENERIC;
	rig_open(&rig);
	assert_null(dir_suspend_means(rig.dir));
	assert_int_equal(user_suspend(uuid, true), ERR_REFUSED);
	assert_non_null(strstr(rig.fault.text, "no means"));
	assert_int_equal(user_load(uuid), ERR_OK);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(a_person_is_loaded_with_all_that_is_known),
		ROW(a_phone_in_another_attribute_is_shown_as_in_the_list),
		ROW(a_phone_is_removed_from_where_it_is_shown),
		ROW(the_names_that_were_made_of_the_names_follow_them),
		ROW(an_empty_value_removes_and_an_equal_one_writes_nothing),
		ROW(further_values_stay_when_the_first_one_changes),
		ROW(gender_and_birthday_bring_their_class_along),
		ROW(a_change_of_another_version_is_a_conflict),
		ROW(versions_differ_without_an_entry_csn_too),
		ROW(a_change_that_cannot_be_names_its_field),
		ROW(who_moves_keeps_password_id_and_memberships),
		ROW(a_move_onto_another_entry_leaves_everything_as_it_was),
		ROW(names_with_every_special_character_are_found_and_moved),
		ROW(a_value_that_names_the_entry_stays),
		ROW(an_entry_that_was_renamed_meanwhile_is_still_the_same),
		ROW(suspended_means_no_sign_in_until_resumed),
		ROW(a_lock_that_the_server_would_ignore_is_not_called_one),
		ROW(a_directory_without_ppolicy_is_told_apart),
		ROW(a_generic_directory_has_no_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
