/* What a posted form or document may hold, and where it may come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/web_world.h"

#define LINK "/join/" WORLD_TOKEN

static const char *const attributes[] = { "objectClass", "objectclass", "cn", "sn", "givenName",
	"displayName", "initials", "uidNumber", "gidNumber", "homeDirectory", "loginShell", "gecos",
	"memberOf", "memberof", "member", "uniqueMember", "manager", "secretary", "employeeType",
	"employeeNumber", "departmentNumber", "title", "ou", "o", "dn", "entryDN", "entryUUID",
	"entryCSN", "creatorsName", "createTimestamp", "modifiersName", "modifyTimestamp",
	"structuralObjectClass", "subschemaSubentry", "hasSubordinates", "nsRole", "nsRoleDN",
	"nsAccountLock", "userPassword", "userpassword", "userPassword;lang-en", "unicodePwd",
	"sambaNTPassword", "krbPrincipalName", "pwdReset", "pwdChangedTime", "pwdAccountLockedTime",
	"pwdPolicySubentry", "pwdHistory", "pwdFailureTime", "pwdGraceUseTime", "authTimestamp",
	"userAccountControl", "sAMAccountName", "userPrincipalName", "primaryGroupID",
	"servicePrincipalName", "adminCount", "sudoRole", "authorizedService", "host",
	"sshPublicKey", "userCertificate", "mailAlternateAddress", "mailForwardingAddress",
	"labeledURI", "seeAlso", "jpegPhoto", "description", "state", "status", "role", "admin",
	"is_admin", "created_by", "expires_at", "token", "id", "invitation", "method",
	"personal_mail", "modes", "uid_fixed", "Mail", "MAIL", "mail[]", "mail[0]", "mail.x",
	" mail", "mail ", "email", "e-mail", "org-unit", "orgUnit", "Org_Unit", "UID", "Uid",
	"uid;x", "groups[]", "groups[0]", "Groups", "group", "given-name", "Given_Name",
	"GIVEN_NAME", "phone[]", "Phone", "password[]", "Password", "passwords", "__proto__",
	"constructor", "", "fields", "person" };

static const char *const profile[] = { "mail", "org_unit", "uid", "groups" };
static const char *const fixed[] = { "given_name", "family_name", "display_name", "birthday",
	"position", "language" };

/* `name` posted both ways is refused with `status`, named, and goes nowhere. */
static void
check_refused(struct world *w, const char *name, int status, const char *code)
{
	char body[256], expected[256];
	struct http_exchange *x;

	w->flow.accepts = 0;
	snprintf(body, sizeof(body), "{\"password\":\"secret-canary\",\"%s\":\"x\"}", name);
	x = world_post_json(w, body);
	snprintf(expected, sizeof(expected), "{\"field\":\"%s\",\"code\":\"%s\"", name, code);
	if (x->status != status || strstr(x->body.data, expected) == NULL)
		fail_msg("%s: %d %s", name, x->status, x->body.data);
	assert_null(strstr(x->body.data, "canary"));
	fake_http_free(x);
	snprintf(body, sizeof(body), "password=secret-canary&%s=x", name);
	x = world_post_form(w, body);
	assert_int_equal(x->status, status);
	assert_null(strstr(x->body.data, "canary"));
	fake_http_free(x);
	assert_int_equal(w->flow.accepts, 0);
}

static void
no_attribute_is_taken_however_it_is_spelled(void **state)
{
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		check_refused(w, attributes[i], 400, "unknown");
	world_free(w);
}

static void
a_document_sent_as_a_form_is_not_told_back(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = world_post_form(w, "{\"password\": \"secret-canary\"}");

	(void)state;
	assert_int_equal(x->status, 400);
	assert_null(strstr(x->body.data, "canary"));
	fake_http_free(x);
	world_free(w);
}

static void
a_field_that_is_not_open_is_refused_by_name(void **state)
{
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		check_refused(w, fixed[i], 422, "not_allowed");
	/* These belong to the administrator, whatever the invitation says. */
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		w->inv.modes[i] = FIELD_FREE;
	for (size_t i = 0; i < sizeof(profile) / sizeof(profile[0]); i++)
		check_refused(w, profile[i], 422, "not_allowed");
	world_free(w);
}

static void
open_fields_and_the_exact_password_reach_the_use_case(void **state)
{
	struct world *w = world_new();

	(void)state;
	fake_http_free(world_post_json(
	    w, "{\"password\":\" p\\u00e4ss \\ud83d\\ude00 \",\"phone\":\"+49 30\"}"));
	assert_string_equal(w->flow.password, " p\xc3\xa4ss \xf0\x9f\x98\x80 ");
	assert_string_equal(w->flow.value[PERSON_PHONE], "+49 30");
	assert_false(w->flow.has_value[PERSON_GENDER]);
	fake_http_free(
	    world_post_form(w, "password=+a%26b%2B&password_again=+a%26b%2B&gender=other&phone="));
	assert_string_equal(w->flow.password, " a&b+");
	assert_string_equal(w->flow.value[PERSON_GENDER], "other");
	assert_true(w->flow.has_value[PERSON_PHONE]);
	world_free(w);
}

static void
a_document_that_is_not_plain_is_refused(void **state)
{
	static const char *const rows[] = { "", "{", "[]", "\"x\"", "null", "{\"password\":1}",
		"{\"password\":null}", "{\"password\":[\"a\"]}", "{\"password\":{\"a\":1}}",
		"{\"password\":\"secret-canary\",\"password\":\"b\"}", "{\"phone\":[\"+1\"]}",
		"{\"password\":\"secret-canary\"} x", "{\"password\":\"secret-canary\",}",
		"{\"password\":\"a\\u0000b\"}", "{\"password\":\"\xff\"}", "{\"password\":true}",
		"{\"password\":\"secret-canary", "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}" };
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = world_post_json(w, rows[i]);

		assert_int_equal(x->status, 400);
		assert_non_null(strstr(x->body.data, "\"errors\":[{\"field\":"));
		assert_null(strstr(x->body.data, "canary"));
		assert_null(memmem(x->request.body, x->request.body_len, "canary", 6));
		fake_http_free(x);
	}
	assert_int_equal(w->flow.accepts, 0);
	world_free(w);
}

static void
forms_that_repeat_or_differ_are_refused(void **state)
{
	static const struct {
		const char *fields;
		int status;
	} rows[] = {
		{ "password=a&password=a", 400 },
		{ "password=a&phone=1&phone=2", 400 },
		{ "password=a&attempt=x", 400 },
		{ "password=%zz", 400 },
		{ "password=a%00b", 400 },
		{ "password=a&password_again=b", 422 },
		{ "password=a&password_again=", 422 },
		{ "password_again=b", 422 },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = world_post_form(w, rows[i].fields);

		if (x->status != rows[i].status)
			fail_msg("%s: %d", rows[i].fields, x->status);
		fake_http_free(x);
	}
	assert_int_equal(w->flow.accepts, 0);
	world_free(w);
}

static void
an_overlong_password_is_told_before_anything_is_tried(void **state)
{
	static char body[20000];
	struct world *w = world_new();
	struct http_exchange *x;
	int len = snprintf(body, sizeof(body), "{\"password\":\"");

	(void)state;
	memset(body + len, 'x', 10000);
	strcpy(body + len + 10000, "\"}");
	x = world_post_json(w, body);
	assert_int_equal(x->status, 422);
	assert_non_null(strstr(x->body.data, "too_long"));
	assert_int_equal(w->flow.accepts, 0);
	fake_http_free(x);
	world_free(w);
}

/* A page shows what was typed, and a quote mark becomes six bytes there. */
static void
an_overlong_value_is_refused_and_not_shown_again(void **state)
{
	static char value[1026], text[60000], fields[60100], body[2500];
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	snprintf(fields, sizeof(fields), "password=p&phone=%s", text);
	x = world_post_form(w, fields);
	assert_int_equal(x->status, 422);
	assert_non_null(strstr(x->body.data, "This is too long."));
	assert_null(strstr(x->body.data, "&quot;&quot;"));
	assert_non_null(strstr(x->body.data, "value=\"+442071234567\""));
	fake_http_free(x);
	memset(value, '1', sizeof(value) - 1);
	for (int i = 0; i < 2; i++) {
		snprintf(body, sizeof(body), "{\"password\":\"p\",\"phone\":\"%s\"}", value);
		x = world_post_json(w, body);
		assert_int_equal(x->status, i == 0 ? 422 : 201);
		assert_int_equal(strstr(x->body.data, "too_long") != NULL, i == 0);
		fake_http_free(x);
		value[1024] = '\0';
	}
	assert_int_equal(w->flow.accepts, 1);
	world_free(w);
}

static int
post_from(struct world *w, const char *path, const char *name, const char *value)
{
	struct http_exchange *x = fake_http_new(HTTP_POST, path, "password=p");
	int status;

	fake_http_set_header(x, "content-type", WORLD_FORM);
	if (name != NULL)
		fake_http_set_header(x, name, value);
	world_run(w, x);
	status = x->status;
	fake_http_free(x);
	return status;
}

static void
forms_of_other_sites_change_nothing(void **state)
{
	static const struct {
		const char *name, *value;
		int status;
	} rows[] = {
		{ NULL, NULL, 201 },
		{ "origin", "https://join.example.org", 201 },
		{ "origin", "null", 201 },
		{ "sec-fetch-site", "same-origin", 201 },
		{ "sec-fetch-site", "none", 201 },
		{ "origin", "https://evil.example", 403 },
		{ "origin", "http://join.example.org", 403 },
		{ "origin", "https://join.example.org:8443", 403 },
		{ "origin", "https://join.example.org.evil.example", 403 },
		{ "sec-fetch-site", "cross-site", 403 },
		{ "sec-fetch-site", "same-site", 403 },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->flow.accepts = 0;
		assert_int_equal(post_from(w, LINK, rows[i].name, rows[i].value), rows[i].status);
		assert_int_equal(w->flow.accepts, rows[i].status == 201);
	}
	world_free(w);
}

static void
a_form_by_cookie_needs_the_attempt_of_that_cookie(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = world_get(w, LINK, NULL);
	const char *cookie = world_cookie(w, x);

	(void)state;
	fake_http_free(x);
	assert_int_equal(post_from(w, "/join", "cookie", cookie), 403);
	assert_int_equal(post_from(w, "/join", NULL, NULL), 404);
	assert_int_equal(post_from(w, "/join", "cookie", "usher_join=x"), 404);
	assert_int_equal(w->flow.accepts, 0);
	x = world_post_form(w, "password=p");
	assert_int_equal(x->status, 201);
	fake_http_free(x);
	world_free(w);
}

static void
a_program_names_its_attempt_in_a_header(void **state)
{
	static const struct {
		const char *key, *attempt; /* NULL: refused */
	} rows[] = {
		{ "019aa000-0000-7000-8000-000000000000", "019aa000-0000-7000-8000-000000000000" },
		{ "\"quoted\"", "quoted" },
		{ "a b", NULL },
		{ "", NULL },
		{ "\"\"", NULL },
		{ "01234567890123456789012345678901234567890123", NULL },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = fake_http_new(HTTP_POST, LINK, "{\"password\":\"p\"}");

		fake_http_set_header(x, "content-type", "application/json");
		fake_http_set_header(x, "idempotency-key", rows[i].key);
		world_run(w, x);
		assert_int_equal(x->status, rows[i].attempt != NULL ? 201 : 400);
		if (rows[i].attempt != NULL)
			assert_string_equal(w->flow.attempt, rows[i].attempt);
		fake_http_free(x);
	}
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_attribute_is_taken_however_it_is_spelled),
		cmocka_unit_test(a_document_sent_as_a_form_is_not_told_back),
		cmocka_unit_test(a_field_that_is_not_open_is_refused_by_name),
		cmocka_unit_test(open_fields_and_the_exact_password_reach_the_use_case),
		cmocka_unit_test(a_document_that_is_not_plain_is_refused),
		cmocka_unit_test(forms_that_repeat_or_differ_are_refused),
		cmocka_unit_test(an_overlong_password_is_told_before_anything_is_tried),
		cmocka_unit_test(an_overlong_value_is_refused_and_not_shown_again),
		cmocka_unit_test(forms_of_other_sites_change_nothing),
		cmocka_unit_test(a_form_by_cookie_needs_the_attempt_of_that_cookie),
		cmocka_unit_test(a_program_names_its_attempt_in_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
