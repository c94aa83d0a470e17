/* What is kept of the deleted, and bringing them back. */
#include "dir_user_rig.h"

#include <ldap.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define ZOE "uid=zoe," SALES

#define ADMINISTRATORS "cn=usherd-administrators," BASE

static void
who_is_restored_signs_in_with_the_old_password(void **state)
{
	static const char *const attributes[] = { "cn", "sn", "givenName", "displayName", "mail",
		"mobile", "title", "usherdGender", "usherdBirthday", "usherdInvitationId", "uid",
		"objectClass", "jpegPhoto" };
	enum { COUNT = sizeof(attributes) / sizeof(attributes[0]) };
	char uuid[64], before[COUNT][1024];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(rig_join(&rig, ZOE, BOARD), ERR_OK);
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nadd: mail\nmail: z@example.net\n-\n"
			 "add: jpegPhoto\njpegPhoto:: /9j/AAEC/9k=\n");
	for (size_t i = 0; i < COUNT; i++)
		snprintf(before[i], sizeof(before[i]), "%s", rig_values(&rig, ZOE, attributes[i]));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_true(dir_saved_has_password(seen.saved));
	assert_string_equal(seen.dn, ZOE);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_string_equal(seen.dn, ZOE);
	assert_string_equal(seen.uuid, uuid_of(ZOE));
	assert_string_not_equal(seen.uuid, uuid);
	assert_int_equal(seen.group_count, 2);
	assert_string_equal(rig.fault.text, "");
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	assert_non_null(strstr(rig_values(&rig, STAFF, "member"), ZOE));
	assert_non_null(strstr(rig_values(&rig, BOARD, "member"), ZOE));
	for (size_t i = 0; i < COUNT; i++)
		assert_string_equal(rig_values(&rig, ZOE, attributes[i]), before[i]);
	/* Once more: what stands there is what was saved. */
	assert_int_equal(user_restore(), ERR_OK);
	/* Not any more. */
	assert_int_equal(user_set(seen.uuid, PERSON_POSITION, "Other"), ERR_OK);
	assert_int_equal(user_restore(), ERR_EXISTS);
}

static void
who_was_suspended_comes_back_suspended(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	/* Too many wrong passwords are no suspension. */
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nadd: pwdAccountLockedTime\n"
			 "pwdAccountLockedTime: 20260101000000Z\n");
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	snprintf(uuid, sizeof(uuid), "%s", seen.uuid);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(user_restore(), ERR_OK);
		assert_true(seen.suspended);
		assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_INVALID_CREDENTIALS);
	}
	assert_int_equal(user_suspend(seen.uuid, false), ERR_OK);
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
}

static void
groups_out_of_reach_are_not_joined(void **state)
{
	static const char *const places[] = { BOARD };
	static const struct reach_rule rule = { places, 1, NULL };
	static const struct reach within = { &rule, 1 };
	const char *const *names;
	struct arena *arena = arena_new(0);
	char uuid[64];
	size_t count;

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(rig_join(&rig, ZOE, BOARD), ERR_OK);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_true(dir_saved_members(seen.saved, arena, &names, &count));
	assert_int_equal(count, 3);
	assert_string_equal(names[0], ZOE);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_int_equal(user_restore_within(&within), ERR_OK);
	assert_non_null(strstr(rig.fault.text, "out of reach"));
	assert_int_equal(seen.group_count, 1);
	assert_non_null(strstr(rig_values(&rig, BOARD, "member"), ZOE));
	assert_null(strstr(rig_values(&rig, STAFF, "member"), ZOE));
	arena_free(arena);
}

static void
an_entry_that_usherd_did_not_make_comes_back_too(void **state)
{
	const char *jane = "uid=jane," PEOPLE;
	char uuid[64];

	(void)state;
	rig_change(&rig,
	    "dn: uid=jane," PEOPLE
	    "\nchangetype: modify\nreplace: userPassword\nuserPassword: " PASSWORD "\n");
	snprintf(uuid, sizeof(uuid), "%s", uuid_of(jane));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(jane, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_int_equal(rig_bind(&rig, jane, PASSWORD), LDAP_SUCCESS);
}

static void
what_keeps_somebody_from_coming_back_is_said(void **state)
{
	char uuid[64], rest[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make("uid=zoe," RETCODES, "zoe@example.org"));
	rig_change(&rig, "dn: " LONE "\nchangetype: add\nobjectClass: groupOfNames\ncn: lone\n"
			 "member: uid=zoe," RETCODES "\n");
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove("uid=zoe," RETCODES, uuid), ERR_OK);
	rig_change(
	    &rig, "dn: " LONE "\nchangetype: delete\n\ndn: " RETCODES "\nchangetype: delete\n");
	assert_int_equal(user_restore(), ERR_NOT_FOUND);
	assert_non_null(strstr(rig.fault.text, "org unit"));
	assert_int_equal(unit_add(PEOPLE, "doomed", NULL), ERR_OK);
	rig_change(&rig, "dn: cn=password-policy," BASE
			 "\nchangetype: modify\nreplace: pwdCheckQuality\npwdCheckQuality: 2\n");
	assert_int_equal(user_restore(), ERR_REFUSED);
	assert_non_null(strstr(rig.fault.text, "pwdCheckQuality"));
	rig_change(&rig, "dn: cn=password-policy," BASE
			 "\nchangetype: modify\nreplace: pwdCheckQuality\npwdCheckQuality: 1\n");
	/* A group that is gone keeps nobody from the others. */
	assert_int_equal(user_restore(), ERR_OK);
	assert_non_null(strstr(rig.fault.text, "not joined: " LONE));
	assert_string_equal(seen.groups, STAFF ";");
	/* The invitation's id is in use: another entry carries it. */
	snprintf(rest, sizeof(rest), "%s", seen.uuid);
	rig_change(&rig,
	    "dn: uid=zoe," RETCODES "\nchangetype: modrdn\nnewrdn: uid=zoe2\ndeleteoldrdn: 1\n");
	assert_int_equal(user_restore(), ERR_EXISTS);
	assert_memory_equal(rig.fault.text, "add of", 6);
	assert_int_equal(user_load(rest), ERR_OK);
}

static void
what_another_one_has_meanwhile_is_named(void **state)
{
	char uuid[64];

	(void)state;
	user_with_settings("s/^unique_uri .*/&\\nunique_uri ldap:\\/\\/\\/?mail?sub/");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	user_make("uid=other," SALES, "ZOE@example.org");
	assert_int_equal(user_restore(), ERR_EXISTS);
	assert_memory_equal(rig.fault.text, "mail: ", 6);
	rig_change(&rig, "dn: uid=other," SALES "\nchangetype: modrdn\nnewrdn: uid=zoe\n"
			 "deleteoldrdn: 1\n");
	assert_int_equal(user_restore(), ERR_EXISTS);
	assert_memory_equal(rig.fault.text, "uid: ", 5);
}

static void
damaged_bytes_restore_nobody(void **state)
{
	char uuid[64], bytes[8192];
	size_t len;

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	len = secret_len(seen.saved);
	assert_in_range(len, 100, sizeof(bytes));
	memcpy(bytes, secret_bytes(seen.saved), len);
	for (size_t cut = 0; cut < len; cut += 7) {
		secret_free(seen.saved);
		seen.saved = secret_new(bytes, cut);
		assert_false(dir_saved_has_password(seen.saved));
		assert_int_equal(user_restore(), ERR_CORRUPT);
	}
	for (size_t at = 0; at < len; at++) { /* whatever is in it, nothing is read behind it */
		bytes[at] = (char)(bytes[at] ^ 0xff);
		secret_free(seen.saved);
		seen.saved = secret_new(bytes, len);
		dir_saved_has_password(seen.saved);
		bytes[at] = (char)(bytes[at] ^ 0xff);
	}
	bytes[0] = 2; /* of a later version */
	secret_free(seen.saved);
	seen.saved = secret_new(bytes, len);
	assert_int_equal(user_restore(), ERR_CORRUPT);
}

static void
an_entry_that_is_too_large_is_not_kept(void **state)
{
	enum { BYTES = (1 << 20) + 300 };
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct buf ldif;

	(void)state;
	buf_init(&ldif, 2 * BYTES);
	buf_add_string(&ldif, "dn: " ZOE "\nchangetype: modify\nadd: description\ndescription: ");
	for (size_t i = 0; i < BYTES; i++)
		buf_add_char(&ldif, 'x');
	buf_add_char(&ldif, '\n');
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	assert_int_equal(user_save(uuid), ERR_TOO_LARGE);
	assert_null(seen.saved);
	assert_int_equal(user_save("018f3a52-0000-7000-8000-ffffffffffff"), ERR_NOT_FOUND);
}

/* An entry that came back without some of them would not be the one that was deleted. */
static void
an_entry_of_too_many_attributes_is_not_kept(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct buf ldif;

	(void)state;
	buf_init(&ldif, 1 << 20);
	buf_add_string(&ldif, "dn: " ZOE "\nchangetype: modify\n");
	for (int i = 0; i < 1001; i++)
		buf_printf(&ldif, "add: description;lang-%c%c%c\ndescription;lang-%c%c%c: x\n-\n",
		    'a' + i / 100, 'a' + i / 10 % 10, 'a' + i % 10, 'a' + i / 100,
		    'a' + i / 10 % 10, 'a' + i % 10);
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	assert_int_equal(user_save(uuid), ERR_TOO_LARGE);
	assert_non_null(strstr(rig.fault.text, "1000 attributes"));
	assert_null(seen.saved);
}

static void
a_password_that_may_not_be_read_is_missed(void **state)
{
	char uuid[64];

	(void)state;
	user_with_settings("s/=rw$/=w/");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_false(dir_saved_has_password(seen.saved));
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_int_not_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	assert_int_equal(rig_password(&rig, ZOE, PASSWORD), ERR_OK);
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
}

static void
the_names_of_what_is_saved_are_told(void **state)
{
	struct arena *arena = arena_new(0);
	struct person names = { .group_count = 0 };
	struct secret *nonsense = secret_new("no entry", 8);
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_true(dir_saved_names(rig.dir, seen.saved, arena, &names));
	assert_string_equal(names.value[PERSON_UID], "zoe");
	assert_string_equal(names.value[PERSON_MAIL], "zoe@example.org");
	assert_int_equal(user_set(uuid, PERSON_PHONE, "+491234567"), ERR_OK);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_true(dir_saved_names(rig.dir, seen.saved, arena, &names));
	assert_string_equal(names.value[PERSON_PHONE], "+491234567");
	assert_false(dir_saved_names(rig.dir, nonsense, arena, &names));
	secret_free(nonsense);
	arena_free(arena);
}

/* The service account's own request, and none that dir would make. */
static int
service_adds(const char *dn, const char *attribute, const char *value)
{
	struct berval cred = { secret_len(rig.service_password),
		(char *)(uintptr_t)secret_bytes(rig.service_password) };
	char *values[] = { (char *)(uintptr_t)value, NULL };
	LDAPMod mod = { LDAP_MOD_ADD, (char *)(uintptr_t)attribute, { values } };
	LDAPMod *mods[] = { &mod, NULL };
	int version = LDAP_VERSION3, result;
	LDAP *ld;

	assert_int_equal(ldap_initialize(&ld, rig.url), LDAP_SUCCESS);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	assert_int_equal(
	    ldap_sasl_bind_s(ld, "cn=usherd," BASE, LDAP_SASL_SIMPLE, &cred, NULL, NULL, NULL),
	    LDAP_SUCCESS);
	result = ldap_modify_ext_s(ld, dn, mods, NULL, NULL);
	ldap_unbind_ext_s(ld, NULL, NULL);
	return result;
}

/* conf/slapd.conf.in says what the service account can do with passwords of those whom it did not
 * add; an administrator is nobody's whom it can become. */
static void
an_administrator_gets_no_second_password_and_comes_back_with_their_own(void **state)
{
	const char *jane = "uid=jane," PEOPLE;
	char uuid[64];

	(void)state;
	rig_change(&rig,
	    "dn: uid=jane," PEOPLE
	    "\nchangetype: modify\nreplace: userPassword\nuserPassword: " PASSWORD "\n\n"
	    "dn: " ADMINISTRATORS
	    "\nchangetype: add\nobjectClass: groupOfNames\ncn: usherd-administrators\n"
	    "member: uid=jane," PEOPLE "\n");
	assert_int_equal(
	    service_adds(jane, "userPassword", "another horse battery"), LDAP_INSUFFICIENT_ACCESS);
	assert_int_equal(rig_bind(&rig, jane, "another horse battery"), LDAP_INVALID_CREDENTIALS);
	snprintf(uuid, sizeof(uuid), "%s", uuid_of(jane));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_true(dir_saved_has_password(seen.saved));
	assert_int_equal(user_remove(jane, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_int_equal(rig_bind(&rig, jane, PASSWORD), LDAP_SUCCESS);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(who_is_restored_signs_in_with_the_old_password),
		ROW(who_was_suspended_comes_back_suspended),
		ROW(groups_out_of_reach_are_not_joined),
		ROW(an_entry_that_usherd_did_not_make_comes_back_too),
		ROW(what_keeps_somebody_from_coming_back_is_said),
		ROW(what_another_one_has_meanwhile_is_named),
		ROW(damaged_bytes_restore_nobody),
		ROW(an_entry_that_is_too_large_is_not_kept),
		ROW(an_entry_of_too_many_attributes_is_not_kept),
		ROW(a_password_that_may_not_be_read_is_missed),
		ROW(the_names_of_what_is_saved_are_told),
		ROW(an_administrator_gets_no_second_password_and_comes_back_with_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
