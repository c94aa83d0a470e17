/* Names, filters, entries and result codes: no server needed. */
#include "dir_rig.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "dir/dir_private.h"

static const struct dir dir = { .conf = { .people_base = PEOPLE,
				    .search_base = BASE,
				    .rdn_attribute = "uid",
				    .object_classes = { "inetOrgPerson", "usherdPerson" },
				    .object_class_count = 2,
				    .marker_attribute = "usherdInvitationId",
				    .attributes = { [PERSON_MAIL] = "mail",
					[PERSON_GENDER] = "usherdGender",
					[PERSON_FAMILY_NAME] = "sn" } } };

static void
a_person_dn_reads_back_as_its_parts(void **state)
{
	static const char *const uids[] = { "jane", "j.doe-1", "a,b", "a+b", "a=b", "#x", " x",
		"x ", "a\"b", "a\\b", "a;b", "<x>", "uid=admin,ou=people", "x,ou=sales", "*)(uid=*",
		"Zoë", "\xe6\xbc\xa2", "\\2c", "\\", "a/b" };
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		struct fault f;
		const char *dn = NULL;
		LDAPDN parsed = NULL;

		assert_int_equal(dir_person_dn(&dir, uids[i], SALES, arena, &dn, &f), ERR_OK);
		assert_int_equal(ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3), LDAP_SUCCESS);
		assert_non_null(parsed[4]);
		assert_null(parsed[5]); /* uid, sales, people, example, org */
		assert_null(parsed[0][1]);
		assert_string_equal(parsed[0][0]->la_attr.bv_val, "uid");
		assert_string_equal(parsed[0][0]->la_value.bv_val, uids[i]);
		assert_string_equal(parsed[1][0]->la_value.bv_val, "sales");
		ldap_dnfree(parsed);
	}
	arena_free(arena);
}

static void
a_name_that_cannot_stand_in_a_dn_is_refused(void **state)
{
	static const struct {
		const char *uid, *org_unit;
	} rows[] = {
		{ "", SALES },
		{ "a\nb", SALES },
		{ "a\tb", SALES },
		{ "a\x7f", SALES },
		{ "\xff\xfe", SALES },
		{ "\xc3", SALES },
		{ "\xed\xa0\x80", SALES },
		{ "jane", "" },
		{ "jane", "sales" },
		{ "jane", "ou=sales" },
		{ "jane", "ou=sales,dc=example,dc=com" },
		{ "jane", BASE },
		{ "jane", "ou=x\n,ou=people," BASE },
		{ "jane", "ou=x\\0a,ou=people," BASE },
		{ "jane", "ou=x\\00,ou=people," BASE },
		{ "jane", "ou=#0401,ou=people," BASE },
		{ "jane", "ou=,ou=people," BASE },
		{ "jane", "ou=a,,ou=people," BASE },
		{ "jane", "cn=x,ou=people2," BASE },
		{ "jane", "ou=\\ff,ou=people," BASE },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault f = { .code = ERR_OK };
		const char *dn = "untouched";

		assert_int_equal(dir_person_dn(&dir, rows[i].uid, rows[i].org_unit, arena, &dn, &f),
		    ERR_INVALID);
		assert_string_equal(dn, "untouched");
		assert_int_equal(f.code, ERR_INVALID);
	}
	arena_free(arena);
}

static void
a_dn_has_one_spelling(void **state)
{
	static const struct {
		const char *text, *normal; /* NULL: no DN */
	} rows[] = {
		{ "OU=Sales, DC=example , dc=org", "ou=Sales,dc=example,dc=org" },
		{ "ou=Sales,dc=example,dc=org", "ou=Sales,dc=example,dc=org" },
		{ "ou=a\\2cb,dc=org", "ou=a\\2Cb,dc=org" },
		{ "ou=a\\,b,dc=org", "ou=a\\2Cb,dc=org" },
		{ "ou=\\c3\\84rzte,dc=org", "ou=Ärzte,dc=org" },
		{ "ou=Ärzte,dc=org", "ou=Ärzte,dc=org" },
		{ "2.5.4.11=a,2.5.4.10=b,2.5.4.7=c,2.5.4.8=d,2.5.4.6=DE",
		    "ou=a,o=b,l=c,st=d,c=DE" },
		{ "organizationalUnitName=a,ORGANIZATIONNAME=b,localityName=c", "ou=a,o=b,l=c" },
		{ "0.9.2342.19200300.100.1.1=a+2.5.4.3=b,0.9.2342.19200300.100.1.25=c",
		    "uid=a+cn=b,dc=c" },
		{ "userid=a+commonName=b,domainComponent=c", "uid=a+cn=b,dc=c" },
		{ "2.5.4.1=a,givenName=b", "2.5.4.1=a,givenname=b" },
		{ "", NULL },
		{ "x", NULL },
		{ "ou=", NULL },
		{ "=x", NULL },
		{ "ou=a,", NULL },
		{ "ou=a\\zz", NULL },
		{ "ou=\xff", NULL },
		{ "ou=a\rb", NULL },
	};
	struct arena *arena = arena_new(0);
	char longer[PERSON_DN_MAX + 8] = "ou=";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *normal = NULL, *again = NULL;

		assert_int_equal(
		    dir_dn_normalise(rows[i].text, arena, &normal), rows[i].normal != NULL);
		if (rows[i].normal == NULL)
			continue;
		assert_string_equal(normal, rows[i].normal);
		assert_true(dir_dn_normalise(normal, arena, &again));
		assert_string_equal(again, normal);
	}
	memset(longer + 3, 'a', PERSON_DN_MAX);
	assert_false(dir_dn_normalise(longer, arena, &(const char *){ NULL }));
	arena_free(arena);
}

static void
below_means_whole_rdns(void **state)
{
	(void)state;
	assert_true(dir_dn_is_below(SALES, PEOPLE, false));
	assert_true(dir_dn_is_below("OU=Sales,OU=People, DC=Example,DC=ORG", PEOPLE, false));
	assert_false(dir_dn_is_below(PEOPLE, PEOPLE, false));
	assert_true(dir_dn_is_below(PEOPLE, PEOPLE, true));
	assert_false(dir_dn_is_below("ou=xpeople," BASE, PEOPLE, true));
	assert_false(dir_dn_is_below("cn=x\\,ou=people\\,dc=example," BASE, PEOPLE, true));
	assert_true(dir_dn_equal("UID=a,DC=b", "uid=A, dc=B"));
	assert_false(dir_dn_equal("uid=a,dc=b", "dc=b"));
}

/* What one equality term says when slapd reads it: our escapes undone. */
static void
unescape(const char *text, char *out)
{
	for (; *text != '\0'; text++) {
		unsigned byte;

		if (*text == '\\' && sscanf(text + 1, "%2x", &byte) == 1) {
			*out++ = (char)byte;
			text += 2;
		} else
			*out++ = *text;
	}
	*out = '\0';
}

static void
a_filter_value_stays_a_value(void **state)
{
	static const char *const values[] = { "jane", "*", "j*", "a)(uid=*", "(", ")", "\\", "\\2a",
		"a&b", "|", "!", " lead", "trail ", "a\nb", "\x01", "Zoë", "\xf0\x9f\x98\x80",
		"a=b", "~", "<>" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct dir_term term = { "uid", values[i] };
		struct buf b;
		char back[256];

		buf_init(&b, 4096);
		assert_true(dir_filter_any(&b, &term, 1));
		assert_memory_equal(b.data, "(uid=", 5);
		assert_int_equal(b.data[b.len - 1], ')');
		b.data[b.len - 1] = '\0';
		assert_int_equal(strcspn(b.data + 5, "()*"), strlen(b.data + 5));
		unescape(b.data + 5, back);
		assert_string_equal(back, values[i]);
		buf_release(&b);
	}
}

static void
a_filter_without_sense_is_refused(void **state)
{
	static const struct dir_term rows[] = { { "uid", "" }, { "uid", "\xff" }, { "", "x" },
		{ "uid)(x", "y" }, { "u d", "y" }, { "uid", "a\xc3" }, { "-x", "y" } };
	struct dir_term two[] = { { "uid", "a" }, { "mail", "b@c" } };
	struct arena *arena;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(dir_filter_any(&b, &rows[i], 1));
	assert_false(dir_filter_any(&b, NULL, 0));
	buf_reset(&b);
	assert_true(dir_filter_any(&b, two, 2));
	assert_string_equal(b.data, "(|(uid=a)(mail=b@c))");
	buf_release(&b);
	arena = arena_new(0);
	assert_string_equal(dir_filter_also(arena, &(struct dir_term){ "o", "*" }, two, 2),
	    "(&(o=\\2A)(|(uid=a)(mail=b@c)))");
	assert_string_equal(dir_filter_also(arena, &two[0], &two[1], 1), "(&(uid=a)(mail=b@c))");
	assert_null(dir_filter_also(arena, &two[0], NULL, 0));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(dir_filter_also(arena, &rows[i], two, 2));
		assert_null(dir_filter_also(arena, &two[0], &rows[i], 1));
	}
	arena_free(arena);
}

static size_t
values_of(LDAPMod **mods, const char *name, const char **first)
{
	for (size_t i = 0; mods[i] != NULL; i++)
		if (strcasecmp(mods[i]->mod_type, name) == 0) {
			size_t n = 0;

			while (mods[i]->mod_bvalues[n] != NULL)
				n++;
			*first = n > 0 ? mods[i]->mod_bvalues[0]->bv_val : "";
			return n;
		}
	*first = "absent";
	return 0;
}

static void
an_entry_always_has_what_its_class_insists_on(void **state)
{
	struct person bare = { .value = { [PERSON_MAIL] = "a@b.c" } };
	struct dir_entry e = { "uid=a," PEOPLE, "a", ID_1, &bare, NULL };
	struct arena *arena = arena_new(0);
	LDAPMod **mods = dir_entry_for_add(&dir.conf, &e, arena);
	const char *first;

	(void)state;
	assert_int_equal(values_of(mods, "objectClass", &first), 2);
	assert_int_equal(values_of(mods, "cn", &first), 1);
	assert_int_equal(values_of(mods, "sn", &first), 1);
	assert_int_equal(values_of(mods, "uid", &first), 1);
	assert_int_equal(values_of(mods, "usherdInvitationId", &first), 1);
	assert_string_equal(first, ID_1);
	assert_int_equal(values_of(mods, "usherdGender", &first), 0);
	assert_string_equal(first, "absent");
	assert_int_equal(values_of(mods, "userPassword", &first), 0);
	mods = dir_entry_for_replace(&dir.conf, &e, arena);
	values_of(mods, "usherdGender", &first);
	assert_string_equal(first, ""); /* replaced by nothing */
	values_of(mods, "uid", &first);
	assert_string_equal(first, "absent");
	values_of(mods, "usherdInvitationId", &first);
	assert_string_equal(first, "absent");
	arena_free(arena);
}

static void
cn_as_rdn_keeps_both_values(void **state)
{
	struct dir_conf conf = dir.conf;
	struct person p = { .value = { [PERSON_DISPLAY_NAME] = "Jane Doe" } };
	struct dir_entry e = { "cn=jane," PEOPLE, "jane", ID_1, &p, NULL };
	struct arena *arena = arena_new(0);
	const char *first;

	(void)state;
	conf.rdn_attribute = "cn";
	assert_int_equal(values_of(dir_entry_for_add(&conf, &e, arena), "cn", &first), 2);
	assert_int_equal(values_of(dir_entry_for_replace(&conf, &e, arena), "cn", &first), 2);
	arena_free(arena);
}

static void
each_result_code_has_one_meaning(void **state)
{
	static const struct {
		int code, policy;
		const char *diagnostic;
		enum err err;
	} rows[] = {
		{ 0, -1, "", ERR_OK },
		{ 4, -1, "", ERR_MISCONFIGURED },
		{ 8, -1, "", ERR_MISCONFIGURED },
		{ 10, -1, "", ERR_MISCONFIGURED },
		{ 13, -1, "", ERR_MISCONFIGURED },
		{ 17, -1, "usherdGender: attribute type undefined", ERR_MISCONFIGURED },
		{ 19, PP_insufficientPasswordQuality, "Password fails quality checking policy",
		    ERR_REFUSED },
		{ 19, PP_passwordTooShort, "", ERR_REFUSED },
		{ 19, PP_passwordInHistory, "non-unique", ERR_REFUSED },
		{ 50, PP_passwordModNotAllowed, "", ERR_MISCONFIGURED },
		{ 19, PP_changeAfterReset, "", ERR_INVALID },
		{ 19, -1, "non-unique attributes found with (|(mail=a@b))", ERR_EXISTS },
		{ 19, -1, "some attributes not unique", ERR_EXISTS },
		{ 19, -1,
		    "Another entry with the same attribute value already exists (attribute: "
		    "\"mail\")",
		    ERR_EXISTS },
		{ 19, -1, "", ERR_INVALID },
		{ 21, -1, "objectClass: value #1 invalid per syntax", ERR_MISCONFIGURED },
		{ 21, -1, "mail: value #0 invalid per syntax", ERR_INVALID },
		{ 21, -1, "usherdGender: value #0 invalid per syntax", ERR_INVALID },
		{ 32, -1, "", ERR_NOT_FOUND },
		{ 34, -1, "", ERR_INVALID },
		{ 49, -1, "", ERR_MISCONFIGURED },
		{ 50, -1, "", ERR_MISCONFIGURED },
		{ 51, -1, "", ERR_UNAVAILABLE },
		{ 52, -1, "", ERR_UNAVAILABLE },
		{ 53, -1, "", ERR_MISCONFIGURED },
		{ 65, -1, "", ERR_MISCONFIGURED },
		{ 68, -1, "", ERR_EXISTS },
		{ 80, -1, "", ERR_UNAVAILABLE },
		{ LDAP_RESULTS_TOO_LARGE, -1, "", ERR_TOO_LARGE },
		{ 4711, -1, "", ERR_MISCONFIGURED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dir_reply r = { .code = rows[i].code,
			.policy = rows[i].policy,
			.diagnostic = (char *)(uintptr_t)rows[i].diagnostic };
		struct fault f = { .text = "" };

		assert_int_equal(dir_error_of(&dir, &r, "test", &f), rows[i].err);
		if (rows[i].err != ERR_OK && rows[i].err != ERR_REFUSED)
			assert_non_null(strstr(f.text, rows[i].diagnostic));
	}
}

static void
a_password_refusal_never_shows_the_servers_words_to_the_person(void **state)
{
	static const char words[] = "Secret: cn=nobody,dc=example is not unique";
	static const struct {
		int code, policy;
		bool unique;
		enum err err;
	} rows[] = {
		{ 0, -1, false, ERR_OK },
		{ 19, -1, false, ERR_REFUSED },
		{ 19, -1, true, ERR_MISCONFIGURED },
		{ 19, PP_insufficientPasswordQuality, true, ERR_REFUSED },
		{ 19, PP_passwordTooShort, false, ERR_REFUSED },
		{ 19, PP_passwordTooLong, false, ERR_REFUSED },
		{ 19, PP_passwordTooYoung, false, ERR_EXISTS },
		{ 19, PP_passwordInHistory, true, ERR_EXISTS },
		{ 53, PP_passwordInHistory, true, ERR_EXISTS },
		{ 19, PP_changeAfterReset, false, ERR_MISCONFIGURED },
		{ 19, PP_mustSupplyOldPassword, false, ERR_MISCONFIGURED },
		{ 21, -1, false, ERR_MISCONFIGURED },
		{ 32, -1, false, ERR_NOT_FOUND },
		{ 34, -1, false, ERR_MISCONFIGURED },
		{ 50, -1, false, ERR_MISCONFIGURED },
		{ 51, -1, false, ERR_UNAVAILABLE },
		{ 68, -1, false, ERR_MISCONFIGURED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char diagnostic[sizeof(words)];
		struct dir_reply r = { rows[i].code, diagnostic, rows[i].policy, NULL, false };
		struct fault f = { .text = "" };
		bool for_person = rows[i].err == ERR_REFUSED || rows[i].err == ERR_EXISTS;

		memcpy(diagnostic, words, sizeof(words));
		if (!rows[i].unique)
			*strstr(diagnostic, " is not") = '\0';
		assert_int_equal(dir_error_of_password(&dir, &r, &f), rows[i].err);
		assert_int_equal(f.code, rows[i].err);
		assert_int_equal(strstr(f.text, "Secret") == NULL, for_person || i == 0);
		if (for_person)
			assert_int_equal(f.text[strlen(f.text) - 1], '.');
	}
}

static void
the_taken_attribute_is_read_from_the_servers_words(void **state)
{
	static const struct {
		const char *diagnostic, *attribute;
	} rows[] = {
		{ "non-unique attributes found with (|(mail=a@b))", "mail" },
		{ "non-unique attributes found with (usherdInvitationId=x)", "usherdInvitationId" },
		{ "exists (attribute: \"mail\")", "mail" },
		{ "exists, attribute \"uid\"", "uid" },
		{ "some attributes not unique", "" },
		{ "", "" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dir_reply r = { .diagnostic = (char *)(uintptr_t)rows[i].diagnostic };

		assert_string_equal(dir_error_taken(&r, arena), rows[i].attribute);
	}
	arena_free(arena);
}

static void
every_handle_has_every_option(void **state)
{
	struct dir_conf conf = { .op_timeout_ms = 2500 };
	struct timeval *tv = NULL;
	struct fault f = { .text = "" };
	LDAP *ld = NULL;
	int number = -1;
	unsigned milliseconds = 0;
	void *on = NULL;

	(void)state;
	assert_int_equal(ldap_initialize(&ld, "ldap://127.0.0.1:9"), LDAP_SUCCESS);
	assert_int_equal(dir_conn_set_options(ld, &conf, 1500, true, &f), ERR_OK);
	ldap_get_option(ld, LDAP_OPT_PROTOCOL_VERSION, &number);
	assert_int_equal(number, 3);
	ldap_get_option(ld, LDAP_OPT_DEREF, &number);
	assert_int_equal(number, LDAP_DEREF_NEVER);
	ldap_get_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &number);
	assert_int_equal(number, LDAP_OPT_X_TLS_DEMAND);
	ldap_get_option(ld, LDAP_OPT_X_KEEPALIVE_IDLE, &number);
	assert_true(number > 0);
	number = -1;
	assert_int_equal(ldap_get_option(ld, LDAP_OPT_REFERRALS, &on), 0);
	assert_null(on);
	assert_int_equal(ldap_get_option(ld, LDAP_OPT_RESTART, &on), 0);
	assert_non_null(on);
	on = NULL;
	assert_int_equal(ldap_get_option(ld, LDAP_OPT_CONNECT_ASYNC, &on), 0);
	assert_non_null(on);
	ldap_get_option(ld, LDAP_OPT_TCP_USER_TIMEOUT, &milliseconds);
	assert_int_equal(milliseconds, 2500);
	ldap_get_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	assert_int_equal(tv->tv_sec * 1000 + tv->tv_usec / 1000, 1500);
	ldap_memfree(tv);
	ldap_get_option(ld, LDAP_OPT_TIMEOUT, &tv);
	assert_int_equal(tv->tv_sec * 1000 + tv->tv_usec / 1000, 2500);
	ldap_memfree(tv);
	ldap_unbind_ext_s(ld, NULL, NULL);
}

static void
a_forbidden_dn_is_known_in_any_spelling(void **state)
{
	static const char admin[] = "cn=The Admins,ou=groups,dc=x";
	static const struct {
		const char *dn;
		bool same;
	} rows[] = {
		{ "cn=The Admins,ou=groups,dc=x", true },
		{ "CN=the  ADMINS,OU=Groups,DC=X", true },
		{ "2.5.4.3=The Admins,ou=groups,dc=x", true },
		{ "commonName=The Admins,organizationalUnitName=groups,dc=x", true },
		{ "cn=The\\20Admins,ou=groups,dc=x", true },
		{ "cn=#04035468,ou=groups,dc=x", true }, /* who writes so has a reason */
		{ "cn=The Admins+ou=a,ou=groups,dc=x", false },
		{ "cn=The Poets,ou=groups,dc=x", false },
		{ "cn=The Admins,ou=other,dc=x", false },
		{ "cn=The Admins,dc=x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (dir_dn_may_be_same(rows[i].dn, admin) != rows[i].same)
			fail_msg("%s", rows[i].dn);
}

static void
a_forbidden_name_of_several_values_leaves_its_neighbours_alone(void **state)
{
	static const char group[] = "cn=a\\, b+ou=x,ou=Vaults,dc=x";
	static const struct {
		const char *dn;
		bool same;
	} rows[] = {
		{ "cn=a\\, b+ou=x,ou=Vaults,dc=x", true },
		{ "OU=X + CN=A\\2C  B,ou=vaults,dc=x", true },
		{ "2.5.4.11=x+commonName=a\\, b,ou=Vaults,dc=x", true },
		{ "cn=x+ou=a\\, b,ou=Vaults,dc=x", true },
		{ "cn=a\\, b+ou=y,ou=Vaults,dc=x", false },
		{ "cn=x+ou=x,ou=Vaults,dc=x", false },
		{ "cn=a\\, b+ou=x+l=x,ou=Vaults,dc=x", false },
		{ "cn=a\\, b,ou=Vaults,dc=x", false },
		{ "ou=x,ou=Vaults,dc=x", false },
		{ "cn=neighbour,ou=Vaults,dc=x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (dir_dn_may_be_same(rows[i].dn, group) != rows[i].same ||
		    dir_dn_may_be_same(group, rows[i].dn) != rows[i].same)
			fail_msg("%s", rows[i].dn);
}

static void
a_name_may_be_written_with_any_name_of_its_type(void **state)
{
	static const struct dir named = { .conf = { .people_base = "ou=people,dc=x",
					      .rdn_attribute = "userid" } };
	struct arena *arena = arena_new(0);
	struct fault f;
	const char *dn;

	(void)state;
	assert_true(dir_dn_equal("2.5.4.11=people,domainComponent=x", "ou=people,dc=x"));
	assert_int_equal(
	    dir_person_dn(&named, "jane", "2.5.4.11=people,dc=x", arena, &dn, &f), ERR_OK);
	assert_string_equal(dn, "userid=jane,ou=people,dc=x");
	assert_true(dir_dn_is_named_by(dn, "userid", "jane"));
	assert_true(dir_dn_is_named_by(dn, "uid", "jane"));
	assert_false(dir_dn_is_named_by(dn, "cn", "jane"));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_forbidden_dn_is_known_in_any_spelling),
		cmocka_unit_test(a_forbidden_name_of_several_values_leaves_its_neighbours_alone),
		cmocka_unit_test(a_name_may_be_written_with_any_name_of_its_type),
		cmocka_unit_test(a_person_dn_reads_back_as_its_parts),
		cmocka_unit_test(a_name_that_cannot_stand_in_a_dn_is_refused),
		cmocka_unit_test(a_dn_has_one_spelling),
		cmocka_unit_test(below_means_whole_rdns),
		cmocka_unit_test(a_filter_value_stays_a_value),
		cmocka_unit_test(a_filter_without_sense_is_refused),
		cmocka_unit_test(an_entry_always_has_what_its_class_insists_on),
		cmocka_unit_test(cn_as_rdn_keeps_both_values),
		cmocka_unit_test(each_result_code_has_one_meaning),
		cmocka_unit_test(a_password_refusal_never_shows_the_servers_words_to_the_person),
		cmocka_unit_test(the_taken_attribute_is_read_from_the_servers_words),
		cmocka_unit_test(every_handle_has_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
