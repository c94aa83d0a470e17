/* Signing in: who is found by a name, whose password it is, which groups they are in; and servers
 * that say yes to everything, strip TLS, or say nothing. */
#include "dir_user_rig.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dir/dir_sign.h"
#include "dir_proxy.h"

#define ZOE   "uid=zoe," SALES
#define JANE  "uid=jane," PEOPLE
#define ROOTS "cn=roots,ou=groups," BASE
#define WRONG "incorrect horse battery"

/* What the last callback said; the code and the fault are in `rig`. */
static struct {
	char dn[512], normal[512], uuid[64], uid[400], name[128], mail[400];
	bool member[DIR_ROOTS_MAX];
	bool told; /* of memberships */
} said;

static void
heard(enum err code, const struct fault *f)
{
	rig.answered = true;
	rig.answers++;
	rig.code = code;
	rig.fault = *f;
	loop_stop(rig.loop);
}

#define KEEP(field, text) snprintf(said.field, sizeof(said.field), "%s", (text) ? (text) : "")

static void
on_account(void *arg, enum err code, const struct dir_account *a, const struct fault *f)
{
	(void)arg;
	assert_int_equal(a != NULL, code == ERR_OK);
	memset(&said, 0, sizeof(said));
	if (a != NULL) {
		KEEP(dn, a->dn);
		KEEP(normal, a->normal_dn);
		KEEP(uuid, a->entry_uuid);
		KEEP(uid, a->uid);
		KEEP(name, a->name);
		KEEP(mail, a->mail);
	}
	heard(code, f);
}

static size_t asked;

static void
on_sign(void *arg, enum err code, const bool *member, const struct fault *f)
{
	(void)arg;
	assert_int_equal(member != NULL, code == ERR_OK);
	said.told = member != NULL;
	if (member != NULL)
		memcpy(said.member, member, asked * sizeof(*member));
	heard(code, f);
}

static enum err
wait_for(struct dir_op *op)
{
	assert_non_null(op);
	assert_false(rig.answered);
	rig_run(&rig);
	return rig.code;
}

static enum err
find(const char *login)
{
	rig.answered = false;
	return wait_for(dir_find_account(rig.dir, login, on_account, NULL));
}

static enum err
sign_in_bytes(const struct dir_account *a, const void *bytes, size_t len, const char *const *groups,
    size_t count)
{
	struct secret *password = secret_new(bytes, len);
	struct dir_op *op;

	asked = count;
	rig.answered = false;
	op = dir_sign_in(rig.dir, a, password, groups, count, on_sign, NULL);
	secret_free(password);
	return wait_for(op);
}

/* As whoever stands at `dn`. */
static enum err
sign_in(const char *dn, const char *password, const char *const *groups, size_t count)
{
	const struct dir_account a = { .dn = dn, .normal_dn = dn, .entry_uuid = uuid_of(dn) };

	return sign_in_bytes(&a, password, strlen(password), groups, count);
}

static enum err
look(const char *uuid, const char *const *groups, size_t count)
{
	asked = count;
	rig.answered = false;
	return wait_for(dir_look_at_account(rig.dir, uuid, groups, count, on_sign, NULL));
}

static void
replace(const char *dn, const char *attribute, const char *value)
{
	char ldif[1024];

	snprintf(ldif, sizeof(ldif), "dn: %s\nchangetype: modify\nreplace: %s\n%s%s%s%s", dn,
	    attribute, value != NULL ? attribute : "", value != NULL ? ": " : "",
	    value != NULL ? value : "", value != NULL ? "\n" : "");
	rig_change(&rig, ldif);
}

static void
add_member(const char *group, const char *member)
{
	char ldif[1024];

	snprintf(ldif, sizeof(ldif), "dn: %s\nchangetype: modify\nadd: member\nmember: %s\n", group,
	    member);
	rig_change(&rig, ldif);
}

/* ---- who is meant ---- */

static void
an_account_is_found_by_uid_or_mail_in_any_case(void **state)
{
	static const char *const logins[] = { "zoe", "ZOE", "zoe@example.org", "Zoe@Example.ORG",
		" zoe " };
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		assert_int_equal(find(logins[i]), ERR_OK);
		assert_string_equal(said.dn, ZOE);
		assert_string_equal(said.normal, ZOE);
		assert_string_equal(said.uuid, uuid);
		assert_string_equal(said.uid, "zoe");
		assert_string_equal(said.name, "Zoë Åkesson");
		assert_string_equal(said.mail, "zoe@example.org");
	}
	assert_int_equal(find("zoé"), ERR_NOT_FOUND);
	assert_int_equal(find("nobody"), ERR_NOT_FOUND);
	/* Neither a group, nor an org unit, nor our own account. */
	assert_int_equal(find("staff"), ERR_NOT_FOUND);
	assert_int_equal(find("sales"), ERR_NOT_FOUND);
	assert_int_equal(find("usherd"), ERR_NOT_FOUND);
}

static void
a_name_that_two_have_is_nobodys(void **state)
{
	(void)state;
	user_make(ZOE, "zoe@example.org");
	rig_change(&rig, "dn: uid=two," PEOPLE "\nchangetype: add\nobjectClass: inetOrgPerson\n"
			 "uid: two\ncn: Two\nsn: Two\nmail: two@example.org\n");
	assert_int_equal(find("two"), ERR_OK);
	user_with_settings("/^overlay unique/,/^$/d");
	replace("uid=two," PEOPLE, "mail", "zoe@example.org");
	assert_int_equal(find("zoe@example.org"), ERR_NOT_FOUND);
	assert_int_equal(find("zoe"), ERR_OK);
	/* One's mail may not be another one's name either. */
	replace("uid=two," PEOPLE, "mail", "zoe");
	assert_int_equal(find("zoe"), ERR_NOT_FOUND);
}

static const char *
repeat(char *out, char c, size_t len)
{
	memset(out, c, len);
	out[len] = '\0';
	return out;
}

/* The service's searches of this program, as slapd saw them. */
static void
names_with_metacharacters_find_nobody_and_stay_one_value(void **state)
{
	static char long_name[10241], most[DIR_LOGIN_MAX + 1];
	const char *const logins[] = { "*", "z*", "(", ")", "\\", "\\2a", "zoe)(uid=*",
		"*)(objectClass=*", "zoe)(|(uid=*", "z\\6fe", "uid=zoe", "zoe,ou=people", "zoe\\00",
		"&", "|", "!", "=", "~=", ">=", "zoe\"", "zoe#", "zoe+", "zoe;x-binary" };
	const char *const unsent[] = { "", " ", "   ", "\xff", "zo\xc3", "zoe\n", "\x01", "zoe\x7f",
		long_name };

	(void)state;
	rig_remove(&rig);
	memset(&rig, 0, sizeof(rig));
	rig_start_slapd(&rig, "--without cost --log stats");
	rig_default_conf(&rig);
	rig_open(&rig);
	repeat(long_name, 'z', sizeof(long_name) - 1);
	repeat(most, '*', sizeof(most) - 1);
	user_make(ZOE, "zoe@example.org");
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++)
		assert_int_equal(find(logins[i]), ERR_NOT_FOUND);
	assert_int_equal(find(most), ERR_NOT_FOUND);
	assert_int_equal(rig_count_in_log(&rig, "(&(objectClass=inetOrgPerson)(|(uid="),
	    sizeof(logins) / sizeof(logins[0]) + 1);
	/* What stands in the filter is one value: no presence, no substring, no other term. */
	assert_int_equal(rig_count_in_log(&rig, "(uid=*)"), 0);
	assert_int_equal(rig_count_in_log(&rig, "(|(uid=\\2A)(mail=\\2A))"), 1);
	assert_int_equal(rig_count_in_log(&rig, "(uid=z*"), 0);
	for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++)
		assert_int_equal(find(unsent[i]), ERR_NOT_FOUND);
	assert_int_equal(rig_count_in_log(&rig, "(&(objectClass=inetOrgPerson)(|(uid="),
	    sizeof(logins) / sizeof(logins[0]) + 1);
}

/* ---- whether it is them ---- */

static void
the_right_password_signs_in_and_tells_the_groups(void **state)
{
	const char *const groups[] = { STAFF, BOARD, "CN=Staff,OU=Groups,DC=Example,DC=Org" };

	(void)state;
	user_make(ZOE, "zoe@example.org");
	assert_int_equal(sign_in(ZOE, PASSWORD, groups, 3), ERR_OK);
	assert_true(said.member[0]);
	assert_false(said.member[1]);
	assert_true(said.member[2]);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_OK);
	/* The entry's own spelling of its DN. */
	assert_int_equal(find("zoe"), ERR_OK);
	assert_int_equal(
	    sign_in_bytes(&(struct dir_account){ .dn = "UID=zoe," SALES, .entry_uuid = said.uuid },
		PASSWORD, strlen(PASSWORD), groups, 1),
	    ERR_UNAUTHENTICATED); /* not the entry that was found */
}

static void
wrong_passwords_say_nothing_about_the_server(void **state)
{
	int downs;

	(void)state;
	user_make(ZOE, "zoe@example.org");
	downs = rig.downs;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(sign_in(ZOE, WRONG, NULL, 0), ERR_UNAUTHENTICATED);
		assert_int_equal(
		    sign_in_bytes(NULL, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_UNAUTHENTICATED);
	}
	assert_null(strstr(rig.fault.text, PASSWORD));
	assert_true(dir_is_up(rig.dir, NULL));
	assert_int_equal(rig.downs, downs);
	/* Nor about the service account: its next bind is not put off. */
	rig_close(&rig);
	rig.up = false;
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_OK);
	/* Nobody's failure is in nobody's entry. */
	assert_string_equal(rig_values(&rig, JANE, "pwdFailureTime"), "");
}

static void
passwords_that_are_none_are_never_sent(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { { "", 0 }, { " ", 1 }, { "      ", 6 }, { "   \t", 4 }, { "\r\n\v\f", 4 },
		{ "\0", 1 }, { "a\0b", 3 }, { PASSWORD "\0", sizeof(PASSWORD) },
		{ "\0" PASSWORD, sizeof(PASSWORD) } };
	struct dir_account a = { .dn = ZOE };

	(void)state;
	a.entry_uuid = user_make(ZOE, "zoe@example.org");
	/* A server that would take an empty one for anonymous, and call it a success. */
	user_with_settings("1i allow bind_anon_cred bind_anon_dn");
	rig_open_through(&rig, proxy_start(rig.port));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    sign_in_bytes(&a, rows[i].bytes, rows[i].len, NULL, 0), ERR_INVALID);
		assert_int_equal(
		    sign_in_bytes(NULL, rows[i].bytes, rows[i].len, NULL, 0), ERR_INVALID);
	}
	assert_false(proxy_saw("uid=zoe"));
	assert_int_equal(sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
	assert_true(proxy_saw("uid=zoe"));
	proxy_stop();
}

static void
who_is_suspended_locked_or_must_change_is_refused(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	assert_int_equal(look(uuid, NULL, 0), ERR_OK);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_UNAUTHENTICATED);
	assert_int_equal(look(uuid, NULL, 0), ERR_NOT_FOUND);
	/* A server that does not heed the mark. */
	replace("cn=password-policy," BASE, "pwdLockout", "FALSE");
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), 0);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_UNAUTHENTICATED);
	assert_non_null(strstr(rig.fault.text, "suspended"));
	replace("cn=password-policy," BASE, "pwdLockout", "TRUE");
	assert_int_equal(user_suspend(uuid, false), ERR_OK);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_OK);
	/* The server lets them in to change it, and for nothing else. */
	replace("cn=password-policy," BASE, "pwdMustChange", "TRUE");
	replace(ZOE, "pwdReset", "TRUE");
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), 0);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_UNAUTHENTICATED);
	assert_non_null(strstr(rig.fault.text, "must be changed"));
	replace(ZOE, "pwdReset", NULL);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_OK);
	/* Locked by failures. */
	replace("cn=password-policy," BASE, "pwdMaxFailure", "2");
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_in(ZOE, WRONG, NULL, 0), ERR_UNAUTHENTICATED);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_UNAUTHENTICATED);
	assert_string_equal(rig_values(&rig, JANE, "pwdFailureTime"), "");
}

static void
an_expired_password_is_refused(void **state)
{
	(void)state;
	user_make(ZOE, "zoe@example.org");
	replace("cn=password-policy," BASE, "pwdMaxAge", "1");
	for (int i = 0; i < 50 && rig_bind(&rig, ZOE, PASSWORD) == 0; i++)
		rig_run_for(&rig, 100);
	assert_int_equal(sign_in(ZOE, PASSWORD, NULL, 0), ERR_UNAUTHENTICATED);
	assert_non_null(strstr(rig.fault.text, "expired"));
}

static void
who_is_gone_or_moved_meanwhile_is_refused(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_account a = { .dn = ZOE, .entry_uuid = uuid };

	(void)state;
	assert_int_equal(look("018f3a52-0000-7000-8000-ffffffffffff", NULL, 0), ERR_NOT_FOUND);
	assert_int_equal(look("nonsense", NULL, 0), ERR_NOT_FOUND);
	assert_int_equal(look(uuid_of(STAFF), NULL, 0), ERR_NOT_FOUND);
	/* Another entry has the DN now. */
	a.entry_uuid = uuid_of(JANE);
	assert_int_equal(
	    sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_UNAUTHENTICATED);
	a.entry_uuid = uuid;
	rig_change(&rig, "dn: " ZOE "\nchangetype: delete\n");
	assert_int_equal(
	    sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_UNAUTHENTICATED);
	assert_int_equal(look(uuid, NULL, 0), ERR_NOT_FOUND);
}

/* ---- groups ---- */

static void
groups_in_groups_lead_up_and_cycles_end(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	const char *const groups[] = { ROOTS, "cn=ROOTS,OU=groups," BASE, BOARD, STAFF,
		"cn=none,ou=groups," BASE };

	(void)state;
	rig_add_group(&rig, "cn=middle,ou=groups," BASE, "middle", "CN=Staff, OU=groups, " BASE);
	rig_add_group(&rig, ROOTS, "roots", "cn=Middle,ou=Groups," BASE);
	assert_int_equal(sign_in(ZOE, PASSWORD, groups, 5), ERR_OK);
	assert_true(said.member[0] && said.member[1] && said.member[3]);
	assert_false(said.member[2] || said.member[4]);
	/* Roots are in staff, which is in middle, which is in roots. */
	add_member(STAFF, ROOTS);
	add_member(ROOTS, ROOTS);
	assert_int_equal(look(uuid, groups, 5), ERR_OK);
	assert_true(said.member[0] && said.member[1] && said.member[3]);
	assert_false(said.member[2] || said.member[4]);
	/* Membership leads up, never down: who is in roots is not thereby in what roots holds. */
	rig_change(&rig, "dn: " BOARD "\nchangetype: modify\nadd: member\nmember: " JANE "\n");
	assert_int_equal(look(uuid_of(JANE), groups, 5), ERR_OK);
	assert_true(said.member[2]);
	assert_false(said.member[0] || said.member[3]);
}

static enum err
look_at_names(const char *const *names, size_t n, const char *const *groups, size_t count)
{
	asked = count;
	rig.answered = false;
	return wait_for(dir_look_at_names(rig.dir, names, n, groups, count, on_sign, NULL));
}

/* Of whom nothing is left, and of the suspended, it is told as of anybody. */
static void
names_are_looked_at_though_nobody_is_there(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");
	const char *const groups[] = { ROOTS, BOARD };
	const char *const zoe[] = { ZOE }, *const none[] = { "uid=none," PEOPLE };
	const char *const staff[] = { none[0], "CN=Staff, OU=groups, " BASE };
	const char *const board[] = { BOARD };
	const char *const bad[] = { "staff" };
	const char *const spaced[] = { "cn=\\20board,ou=groups," BASE };

	(void)state;
	rig_add_group(&rig, ROOTS, "roots", STAFF);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_int_equal(look_at_names(zoe, 1, groups, 2), ERR_OK);
	assert_true(said.member[0] && !said.member[1]);
	assert_int_equal(look_at_names(none, 1, groups, 2), ERR_OK);
	assert_false(said.member[0] || said.member[1]);
	assert_int_equal(look_at_names(staff, 2, groups, 2), ERR_OK);
	assert_true(said.member[0] && !said.member[1]);
	assert_int_equal(look_at_names(board, 1, groups, 2), ERR_OK); /* it is one itself */
	assert_true(!said.member[0] && said.member[1]);
	assert_int_equal(look_at_names(spaced, 1, groups, 2), ERR_OK); /* to the server it is */
	assert_true(!said.member[0] && said.member[1]);
	assert_int_equal(look_at_names(bad, 1, groups, 2), ERR_INVALID);
}

static void
a_chain_of_groups_is_followed_as_far_as_said(void **state)
{
	char dn[96], cn[32], below[96], deep[2][96];
	const char *const groups[] = { deep[0], deep[1] };
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	strcpy(below, STAFF);
	for (int i = 2; i <= DIR_NESTING_MAX + 1; i++) {
		snprintf(cn, sizeof(cn), "level%d", i);
		snprintf(dn, sizeof(dn), "cn=%s,ou=groups," BASE, cn);
		rig_add_group(&rig, dn, cn, below);
		strcpy(below, dn);
		strcpy(deep[i - DIR_NESTING_MAX > 0 ? 1 : 0], dn);
	}
	assert_int_equal(look(uuid, groups, 1), ERR_OK);
	assert_true(said.member[0]);
	/* What is not looked at is not denied. */
	assert_int_equal(look(uuid, groups, 2), ERR_UNAVAILABLE);
}

static void
who_is_in_more_groups_than_are_followed_is_denied_nothing(void **state)
{
	char dn[96];
	const char *const groups[] = { dn, "cn=none,ou=groups," BASE };
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct buf ldif;

	(void)state;
	buf_init(&ldif, 1 << 20);
	for (int i = 0; i < DIR_NESTED_MAX + 10; i++) {
		snprintf(dn, sizeof(dn), "cn=many%d,ou=groups," BASE, i);
		buf_printf(&ldif,
		    "dn: %s\nchangetype: add\nobjectClass: groupOfNames\ncn: many%d\nmember: "
		    "%s\n\n",
		    dn, i, ZOE);
	}
	assert_false(buf_failed(&ldif));
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	assert_int_equal(look(uuid, groups, 1), ERR_OK);
	assert_true(said.member[0]);
	assert_int_equal(look(uuid, groups, 2), ERR_UNAVAILABLE);
}

static void
groups_are_the_same_in_any_case_of_any_script(void **state)
{
	const char *const groups[] = { "cn=\xc3\xa4MTER,ou=groups," BASE,
		"cn=A\xcc\x88mter,ou=groups," BASE, "cn=amter,ou=groups," BASE };
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_add_group(&rig, "cn=\xc3\x84mter,ou=groups," BASE, "\xc3\x84mter", ZOE);
	assert_int_equal(look(uuid, groups, 3), ERR_OK);
	assert_true(said.member[0] && said.member[1]);
	assert_false(said.member[2]);
}

/* ---- what is in the server's place ---- */

static void
a_server_that_says_yes_to_everything_is_not_believed(void **state)
{
	const char *const others[] = { "", "dn:", "dn:cn=usherd," BASE, "dn:" JANE, "u:zoe",
		"uid=zoe," SALES, "dn:uid=zoe" };
	const char *uuid = user_make(ZOE, "zoe@example.org");
	struct dir_account a = { .dn = ZOE, .entry_uuid = uuid };

	(void)state;
	rig_open_through(&rig, proxy_start(rig.port));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		proxy_say_yes(others[i]);
		assert_int_equal(
		    sign_in_bytes(&a, WRONG, strlen(WRONG), NULL, 0), ERR_UNAUTHENTICATED);
		assert_int_equal(
		    sign_in_bytes(NULL, WRONG, strlen(WRONG), NULL, 0), ERR_UNAUTHENTICATED);
	}
	/* The name in another spelling is the same name; nobody stays nobody even so. */
	proxy_say_yes("dn:UID=Zoe, OU=sales,ou=people," BASE);
	assert_int_equal(sign_in_bytes(&a, WRONG, strlen(WRONG), NULL, 0), ERR_OK);
	assert_int_equal(sign_in_bytes(NULL, WRONG, strlen(WRONG), NULL, 0), ERR_UNAUTHENTICATED);
	assert_true(dir_is_up(rig.dir, NULL));
	rig_close(&rig);
	proxy_stop();
}

static void
no_password_leaves_when_tls_does_not_come_about(void **state)
{
	static const int results[] = { 52, 2, 1, 0 };
	struct dir_account a = { .dn = ZOE };

	(void)state;
	rig_remove(&rig);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		memset(&rig, 0, sizeof(rig));
		rig_start_slapd(&rig, "@LDAPS@");
		rig_default_conf(&rig);
		/* Handshakes take their time on a busy machine. */
		rig.conf.connect_timeout_ms = rig.conf.op_timeout_ms = 10000;
		rig_open(&rig);
		assert_true(rig_wait_up(&rig, true, 20000));
		a.entry_uuid = user_make(ZOE, "zoe@example.org");
		rig.conf.tls = DIR_TLS_START;
		rig.conf.ca_file = rig.ca;
		rig_open_through(&rig, proxy_start(rig.port));
		assert_int_equal(sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
		/* The service's connection stands; the one for the password is stripped. */
		proxy_strip_tls(results[i]);
		assert_int_not_equal(
		    sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
		assert_int_not_equal(rig.code, ERR_UNAUTHENTICATED);
		assert_int_not_equal(rig.code, ERR_UNKNOWN);
		assert_false(proxy_saw(PASSWORD));
		assert_false(proxy_saw("uid=zoe"));
		rig_close(&rig);
		proxy_stop();
		rig_remove(&rig);
	}
	user_set_up(NULL);
}

static void
a_bind_without_an_answer_is_unknown_and_not_repeated(void **state)
{
	struct dir_account a = { .dn = ZOE };

	(void)state;
	a.entry_uuid = user_make(ZOE, "zoe@example.org");
	rig_open_through(&rig, proxy_start(rig.port));
	assert_int_equal(sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
	proxy_swallow(PROXY_BIND, 1);
	assert_int_equal(sign_in_bytes(&a, WRONG, strlen(WRONG), NULL, 0), ERR_UNKNOWN);
	assert_int_equal(proxy_swallowed(), 1);
	assert_true(dir_is_up(rig.dir, NULL));
	assert_int_equal(sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
	rig_close(&rig);
	proxy_stop();
}

static void
a_silent_server_holds_no_sign_in_longer_than_the_deadline(void **state)
{
	struct dir_account a = { .dn = ZOE };

	(void)state;
	a.entry_uuid = user_make(ZOE, "zoe@example.org");
	assert_int_equal(sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0), ERR_OK);
	rig_signal_slapd(&rig, SIGSTOP);
	rig.answered = false;
	sign_in_bytes(&a, PASSWORD, strlen(PASSWORD), NULL, 0);
	assert_true(rig.code == ERR_UNKNOWN || rig.code == ERR_UNAVAILABLE);
	assert_true(rig.wait_ms < rig.conf.op_timeout_ms + 10000);
	rig_signal_slapd(&rig, SIGCONT);
	assert_true(rig_wait_up(&rig, true, 20000));
}

static void
who_cancels_hears_nothing(void **state)
{
	struct secret *password = secret_new(PASSWORD, strlen(PASSWORD));
	struct dir_account a = { .dn = ZOE };
	int answers;

	(void)state;
	a.entry_uuid = user_make(ZOE, "zoe@example.org");
	answers = rig.answers;
	dir_cancel(dir_sign_in(rig.dir, &a, password, NULL, 0, on_sign, NULL));
	dir_cancel(dir_find_account(rig.dir, "zoe", on_account, NULL));
	dir_cancel(dir_find_account(rig.dir, "", on_account, NULL));
	dir_sign_in(rig.dir, NULL, password, NULL, 0, on_sign, NULL);
	rig_run_for(&rig, 50);
	rig_close(&rig); /* amid one */
	assert_in_range(rig.answers, answers, answers + 1);
	secret_free(password);
}

int
main(void)
{
#define SIGN_TEST(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		SIGN_TEST(an_account_is_found_by_uid_or_mail_in_any_case),
		SIGN_TEST(a_name_that_two_have_is_nobodys),
		SIGN_TEST(names_with_metacharacters_find_nobody_and_stay_one_value),
		SIGN_TEST(the_right_password_signs_in_and_tells_the_groups),
		SIGN_TEST(wrong_passwords_say_nothing_about_the_server),
		SIGN_TEST(passwords_that_are_none_are_never_sent),
		SIGN_TEST(who_is_suspended_locked_or_must_change_is_refused),
		SIGN_TEST(an_expired_password_is_refused),
		SIGN_TEST(who_is_gone_or_moved_meanwhile_is_refused),
		SIGN_TEST(groups_in_groups_lead_up_and_cycles_end),
		SIGN_TEST(names_are_looked_at_though_nobody_is_there),
		SIGN_TEST(a_chain_of_groups_is_followed_as_far_as_said),
		SIGN_TEST(who_is_in_more_groups_than_are_followed_is_denied_nothing),
		SIGN_TEST(groups_are_the_same_in_any_case_of_any_script),
		SIGN_TEST(a_server_that_says_yes_to_everything_is_not_believed),
		SIGN_TEST(no_password_leaves_when_tls_does_not_come_about),
		SIGN_TEST(a_bind_without_an_answer_is_unknown_and_not_repeated),
		SIGN_TEST(a_silent_server_holds_no_sign_in_longer_than_the_deadline),
		SIGN_TEST(who_cancels_hears_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
