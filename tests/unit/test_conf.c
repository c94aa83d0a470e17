/* The configuration's reader: what it takes, and how it says what it does not take. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "conf/conf.h"
#include "address_row.h"

static char dir[] = "/tmp/usherd-conf-XXXXXX";
static char path[64], key_path[64];

static void
put(const char *file, const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/usherd.conf", dir);
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	put(key_path, "secret\n", 0600);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	unlink(key_path);
	return rmdir(dir);
}

/* The smallest configuration that is whole, then `more`. */
static struct conf *
load_with(const char *more, struct conf_errors *errors)
{
	char text[8192];

	snprintf(text, sizeof(text),
	    "[usherd]\npublic_url = https://join.example.org\norganisation = Example\n"
	    "[store]\nkey_file = %s\n"
	    "[directory]\nuri = ldap://127.0.0.1:389\nsearch_base = dc=example\npeople_base = "
	    "dc=example\n"
	    "%s",
	    key_path, more);
	put(path, text, 0644);
	return conf_load(path, errors);
}

static void
defaults_fill_what_is_not_set(void **state)
{
	struct conf_errors errors;
	struct conf *c = load_with("", &errors);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->public_url, "https://join.example.org");
	assert_string_equal(c->listen_control, "127.0.0.1:8460");
	assert_int_equal(c->lifetime, 7 * 86400);
	assert_int_equal(c->min_length, 15);
	assert_true(c->gender_required);
	assert_int_equal(c->object_classes.count, 2);
	assert_string_equal(c->object_classes.item[1], "usherdPerson");
	assert_null(c->bind_password);
	conf_free(c);
}

static void
what_does_not_fit_is_named_with_its_line(void **state)
{
	static const struct {
		const char *more, *expected;
	} cases[] = {
		{ "\n[passwort]\n\nmin_length = 9\nhash_threads = 9\n",
		    ":11: unknown section [passwort]" },
		{ "[password]\nmin_lenght = 9\n",
		    ":11: unknown key \"min_lenght\" in [password]; did you mean \"min_length\"?" },
		{ "[password]\nmin_length = 7\n",
		    ":11: min_length: \"7\" is not between 8 and 256" },
		{ "[password]\nmin_length = many\n", ":11: min_length: \"many\" is not a number" },
		{ "[password]\nmin_length = 20x\n", "is not a number" },
		{ "[password]\nmin_length = 20\nmin_length = 21\n",
		    ":12: \"min_length\" is set twice in [password]" },
		{ "[invitation]\nlifetime = 7\n", "is not a duration" },
		{ "[invitation]\nlifetime = 7w\n", "is not a duration" },
		{ "[invitation]\nlifetime = 400d\n", "is not between" },
		{ "[invitation]\nlifetime = 99999999999999999999d\n", "is not a duration" },
		{ "[invitation]\ngender_required = maybe\n", "is neither yes nor no" },
		{ "[listen]\ncontrol = 8460\n", "is not HOST:PORT" },
		{ "[listen]\ncontrol = ::1:8460\n", "is not HOST:PORT" },
		{ "[listen]\ncontrol = 127.0.0.1:99999\n", "has no port" },
		{ "[listen]\nsocket = relative.sock\n", "is not an absolute path" },
		{ "[listen]\npublic =\n", ":11: public: registration needs its listener" },
		{ "[listen]\ntls_certificate = /dev/null\n",
		    "tls_certificate and tls_key go together" },
		{ "[listen]\ntls_certificate = /dev/null\ntls_key = /dev/null\n",
		    ":12: tls_key: \"/dev/null\" may be read by everybody" },
		{ "[listen]\ncontrol = 0.0.0.0:8460\n", "would take tokens in clear text" },
		{ "[listen]\npublic = [2001:db8::1]:80\n", "would take passwords in clear text" },
		{ "[listen]\nallow_clear_text = yes\nmanagement = 10.0.0.1:8462\n",
		    ":12: management: \"10.0.0.1:8462\" is not loopback" },
		{ "[usherd]\nlog_level = loud\n", "is none of: error warning info debug" },
		{ "[usherd]\nsign_in_url = http://example.org\n",
		    "uses http:// to a host that is not loopback" },
		{ "[usherd]\nsign_in_url = https://example.org/\n", "ends with a slash" },
		{ "[usherd]\nsign_in_url = ftp://example.org\n", "does not begin with https://" },
		{ "[usherd]\nsign_in_url = https://a@example.org\n", "does not belong" },
		{ "[directory]\nprofile = novell\n", "is none of: openldap generic" },
		{ "[directory]\nbind_dn = cn=usherd\n",
		    ":11: bind_dn is set and bind_password_file is not" },
		{ "[directory]\nbind_dn = cn=usherd\nbind_password_file = /nonexistent\n",
		    ":12: bind_password_file: \"/nonexistent\" cannot be read" },
		{ "nonsense\n", ":10: neither a [section] nor \"key = value\"" },
		{ "[directory]\npoll_interval = 31s\n", "poll_interval: \"31s\" is not between" },
		{ "[access]\nsession_idle = 1s\n", ":11: session_idle: \"1s\" is not between" },
		{ "[access]\nsession_idle = 9h\n",
		    ": session_lifetime: less than session_idle, which is 32400s" },
		{ "[access]\nsession_lifetime = 31d\n", "is not between" },
		{ "[access]\ndirectory_grace = 25h\n", "is not between" },
		{ "[access]\nsign_in_attempts = 1\n", "is not between 2 and 100" },
		{ "[audit]\nretention = 29d\n", "is not between" },
		{ "[page]\naccent_color = red\n",
		    ":11: accent_color: \"red\" is no colour of the form #rrggbb" },
		{ "[page]\naccent_color = #7f7f7f\n", ":11: accent_color: neither white nor dark "
						      "text can be read on \"#7f7f7f\": the "
						      "contrast is 4.0 at best and must be 4.5" },
		{ "[page]\nlogo = /nonexistent/logo.png\n",
		    ":11: logo: \"/nonexistent/logo.png\" cannot be read" },
		{ "[page]\nlogo = logo.png\n", "is not an absolute path" },
		{ "[directory]\nca_file = /nonexistent/ca.pem\n",
		    ":11: ca_file: \"/nonexistent/ca.pem\" cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_errors errors;
		struct conf *c = load_with(cases[i].more, &errors);

		assert_null(c);
		assert_int_equal(errors.count, 1);
		if (strstr(errors.items[0].text, cases[i].expected) == NULL)
			fail_msg("%s: got \"%s\"", cases[i].expected, errors.items[0].text);
	}
}

static char logo_path[80];

static struct conf *
load_with_logo(const void *bytes, size_t len, struct conf_errors *errors)
{
	char more[200];
	FILE *f;

	snprintf(logo_path, sizeof(logo_path), "%s/logo", dir);
	f = fopen(logo_path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	snprintf(more, sizeof(more), "[page]\nlogo = %s\n", logo_path);
	return load_with(more, errors);
}

static void
a_logo_is_what_is_in_its_file(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *suffix; /* NULL: none that we take */
	} rows[] = {
		{ "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "png" },
		{ "RIFF\x10\0\0\0WEBPVP8 ", 16, "webp" },
		{ "<svg/>", 6, "svg" },
		{ "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a --><!DOCTYPE svg>\n<svg width='1'/>",
		    66, "svg" },
		{ "", 0, NULL },
		{ "<svgs/>", 7, NULL },
		{ "<!-- <svg/>", 11, NULL },
		{ "<html><svg/></html>", 19, NULL },
		{ "<svg/>\0", 7, NULL },
		{ "GIF89a\1\0\1\0\0\0\0;", 14, NULL },
		{ "\xff\xd8\xff\xe0JFIF", 8, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf_errors errors;
		struct conf *c = load_with_logo(rows[i].bytes, rows[i].len, &errors);

		if ((c != NULL) != (rows[i].suffix != NULL))
			fail_msg("row %zu: %s", i, c == NULL ? errors.items[0].text : "taken");
		if (c == NULL) {
			assert_non_null(strstr(errors.items[0].text, ":11: logo: "));
			continue;
		}
		assert_string_equal(c->logo.suffix, rows[i].suffix);
		assert_int_equal(c->logo.len, rows[i].len);
		assert_memory_equal(c->logo.bytes, rows[i].bytes, rows[i].len);
		conf_free(c);
	}
	unlink(logo_path);
}

static void
a_logo_has_a_greatest_size(void **state)
{
	static char bytes[CONF_LOGO_MAX + 1] = "<svg/>";
	struct conf_errors errors;
	struct conf *c;

	(void)state;
	memset(bytes + 6, ' ', sizeof(bytes) - 6);
	c = load_with_logo(bytes, CONF_LOGO_MAX, &errors);
	assert_non_null(c);
	conf_free(c);
	assert_null(load_with_logo(bytes, CONF_LOGO_MAX + 1, &errors));
	assert_non_null(strstr(errors.items[0].text, "has more than 262144 bytes"));
	unlink(logo_path);
}

#define FROM "[mail]\nfrom = invite@example.org\n"

static void
what_does_not_fit_of_mail_is_named_with_its_line(void **state)
{
	static const struct {
		const char *more, *expected;
	} cases[] = {
		{ FROM "relay =:25\n", ":12: relay: \":25\" is not HOST" },
		{ FROM "relay = mail.example.org:0\n", "is not HOST, HOST:PORT or [IPv6]:PORT" },
		{ FROM "relay = mail.example.org:65536\n", "is not HOST" },
		{ FROM "relay = mail.example.org:smtp\n", "is not HOST" },
		{ FROM "relay = mail.example.org:\n", "is not HOST" },
		{ FROM "relay = smtp://mail.example.org\n", "is not HOST" },
		{ FROM "relay = mail example.org\n", "is not HOST" },
		{ FROM "relay = mail..example.org\n", "is not HOST" },
		{ FROM "relay = -mail.example.org\n", "is not HOST" },
		{ FROM "relay = mail.example.org.\n", "is not HOST" },
		{ FROM "relay = 2001:db8::1\n", "is not HOST" },
		{ FROM "relay = [2001:db8::1]25\n", "is not HOST" },
		{ FROM "relay = [mail.example.org]:25\n", "is not HOST" },
		{ FROM "relay = [::1\n", "is not HOST" },
		{ FROM "relay = h\nuser = u\n", ":13: user is set and password_file is not" },
		{ FROM "user = u\npassword_file = KEY\n", ":12: user is set and relay is not" },
		{ FROM "relay = h\npassword_file = KEY\n",
		    ":13: password_file is set and user is not" },
		{ FROM "relay = h\nuser = u\npassword_file = /nonexistent\n",
		    ":14: password_file: \"/nonexistent\" cannot be read" },
		{ FROM "relay = h:25\ntls = none\nuser = u\npassword_file = KEY\n",
		    ":13: tls: with \"none\" the password would go to \"h\" in clear text" },
		{ "[mail]\nrelay = h\n", ":11: relay is set and from is not" },
		{ "[mail]\nspool = /tmp\n", ":11: spool is set and from is not" },
		{ FROM "relay = h\nspool = /tmp\n", ":13: relay and spool are both set" },
		{ FROM "spool = /nonexistent\n", ":12: spool: \"/nonexistent\" cannot be used" },
		{ FROM "spool = KEY\n", "spool: " },
		{ FROM "templates = /nonexistent\n", ":12: templates: \"/nonexistent\" cannot be" },
		{ FROM "ca_file = /nonexistent\n",
		    ":12: ca_file: \"/nonexistent\" cannot be read" },
		{ FROM "hello = two words\n", ":12: hello: \"two words\" is neither" },
		{ FROM "hello = [1.2.3.4\n", "hello: " },
		{ FROM "tls = maybe\n", "is none of: starttls tls none" },
		{ FROM "notify = Help <help@example.org>\n",
		    ":12: notify: \"Help <help@example.org>\" is not a mail address alone" },
		{ FROM "reply_to = help\n", ":12: reply_to: \"help\" is not a mail address" },
		{ FROM "reply_to = @example.org\n", "is not a mail address" },
		{ FROM "reply_to = a@\n", "is not a mail address" },
		{ FROM "reply_to = a@b@example.org\n", "is not a mail address" },
		{ FROM "reply_to = .a@example.org\n", "is not a mail address" },
		{ FROM "reply_to = a..b@example.org\n", "is not a mail address" },
		{ FROM "reply_to = \xc3\xa4@example.org\n", "is not a mail address" },
		{ FROM "bounce_address = a@b_-.org\n", "bounce_address: " },
		{ "[mail]\nfrom = invite\n", ":11: from: \"invite\" is not a mail address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *key = strstr(cases[i].more, "KEY");
		struct conf_errors errors;
		char more[512];

		snprintf(more, sizeof(more), "%.*s%s%s",
		    (int)(key != NULL ? key - cases[i].more : (long)strlen(cases[i].more)),
		    cases[i].more, key != NULL ? key_path : "", key != NULL ? key + 3 : "");
		if (load_with(more, &errors) != NULL)
			fail_msg("taken: %s", cases[i].more);
		if (errors.count != 1 || strstr(errors.items[0].text, cases[i].expected) == NULL)
			fail_msg("%s: got %zu, \"%s\"", cases[i].expected, errors.count,
			    errors.items[0].text);
	}
}

#define ROLE "[role a]\ngroup = cn=a\nrole = inviter\n"

static void
what_does_not_fit_of_a_role_is_named_with_its_line(void **state)
{
	static const struct {
		const char *more, *expected;
	} cases[] = {
		{ ROLE "grop = cn=b\n",
		    ":13: unknown key \"grop\" in [role a]; did you mean \"group\"?" },
		{ ROLE "group = cn=b\n", ":13: \"group\" is set twice in [role a]" },
		{ ROLE "quota = many\n", ":13: quota: \"many\" is not a number" },
		{ ROLE "quota = 1000001\n", ":13: quota: \"1000001\" is not between" },
		{ ROLE "org_unit =\n", ":13: org_unit: \"\" is empty" },
		{ ROLE "org_unit =\norg_unit = ou=x\n", ":13: org_unit: \"\" is empty" },
		{ "[role a]\nrole = auditor\n", ":10: \"group\" in [role a] must be set" },
		{ "[role a]\ngroup = cn=a\n", ":10: \"role\" in [role a] must be set" },
		{ "[role a]\ngroup = cn=a\nrole = boss\n",
		    ":12: role: \"boss\" is none of: administrator inviter auditor" },
		{ "[role a]\ngroup = cn=a\nrole = auditor\nquota = 1\n",
		    ":13: [role a] quota: an auditor invites nobody" },
		{ ROLE ROLE, ":13: [role a] is there already, at line 10" },
		{ "[role ]\ngroup = cn=a\nrole = inviter\n", ":10: [role ]: a name has 1 to 32" },
		{ "[role a b]\ngroup = cn=a\nrole = inviter\n", ":10: [role a b]: a name has" },
		{ "[role 012345678901234567890123456789012]\ngroup = cn=a\nrole = inviter\n",
		    ":10: [role 012345678901234567890123456789012]: a name has" },
		{ "[role]\ngroup = cn=a\n", ":10: unknown section [role]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_errors errors;

		assert_null(load_with(cases[i].more, &errors));
		if (strstr(errors.items[0].text, cases[i].expected) == NULL)
			fail_msg("%s: got \"%s\"", cases[i].expected, errors.items[0].text);
		assert_int_equal(errors.count, 1);
	}
}

/* A section without a value is not heard of by whom values are given to. */
static void
a_role_without_any_key_is_no_role(void **state)
{
	struct conf_errors errors;

	(void)state;
	assert_null(load_with("[role a]\n", &errors));
	assert_int_equal(errors.count, 2);
	assert_null(load_with("[role a]\n[mail]\n", &errors));
	assert_int_equal(errors.count, 2);
}

static void
roles_and_their_places_are_read_in_order(void **state)
{
	struct conf_errors errors;
	struct conf *c =
	    load_with(ROLE "org_unit = ou=x,dc=example\nquota = 20\norg_unit = ou=y, dc=example\n"
			   "[access]\nsession_idle = 5m\n"
			   "[role b.c]\nrole = auditor\ngroup = cn=b\n",
		&errors);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->role_count, 2);
	assert_string_equal(c->roles[0].name, "a");
	assert_string_equal(c->roles[0].group, "cn=a");
	assert_string_equal(c->roles[0].role, "inviter");
	assert_int_equal(c->roles[0].org_unit_count, 2);
	assert_string_equal(c->roles[0].org_units[0], "ou=x,dc=example");
	assert_string_equal(c->roles[0].org_units[1], "ou=y, dc=example");
	assert_int_equal(c->roles[0].quota, 20);
	assert_string_equal(c->roles[1].name, "b.c");
	assert_int_equal(c->roles[1].org_unit_count, 0);
	assert_int_equal(c->roles[1].quota, 0);
	assert_int_equal(c->session_idle, 300);
	assert_int_equal(c->session_lifetime, 8 * 3600);
	conf_free(c);
}

/* What some editors put in front of a text (U+FEFF) hides no header. */
static void
a_file_may_begin_with_a_byte_order_mark(void **state)
{
	static const char *const rest[] = { "", "\n", ROLE, "[role a]\nrole = boss\n" };
	static const char *const expected[] = { "must be set", "must be set", "must be set",
		":2: role: \"boss\" is none" };

	(void)state;
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		struct conf_errors errors;
		char text[256];

		snprintf(text, sizeof(text), "\xef\xbb\xbf%s", rest[i]);
		put(path, text, 0644);
		assert_null(conf_load(path, &errors));
		assert_non_null(strstr(errors.items[0].text, expected[i]));
		for (size_t n = 0; n < errors.count; n++)
			assert_null(strstr(errors.items[n].text, "unknown section"));
	}
}

static void
more_roles_or_places_than_there_is_room_for_are_errors(void **state)
{
	struct conf_errors errors;
	char more[8192] = "";
	struct conf *c;

	(void)state;
	for (int i = 0; i < CONF_ROLES_MAX; i++)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
		    "[role r%d]\ngroup = cn=a\nrole = auditor\n", i);
	c = load_with(more, &errors);
	assert_non_null(c);
	conf_free(c);
	strcat(more, ROLE);
	assert_null(load_with(more, &errors));
	assert_non_null(strstr(errors.items[0].text, ":106: [role a]: more than 32 roles"));

	strcpy(more, ROLE);
	for (int i = 0; i < CONF_ROLE_PLACES_MAX; i++)
		strcat(more, "org_unit = ou=x\n");
	c = load_with(more, &errors);
	assert_non_null(c);
	conf_free(c);
	strcat(more, "org_unit = ou=x\n");
	assert_null(load_with(more, &errors));
	assert_non_null(strstr(errors.items[0].text, ":29: org_unit: more than 16 in [role a]"));
}

/* What is taken here can be mailed from, and what can be is taken. */
static void
an_address_is_one_where_the_mail_room_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]); i++) {
		const char *address = address_rows[i].address;
		struct conf_errors errors;
		char more[1024];
		struct conf *c;

		if (*address == '\0' || strpbrk(address, "\r\n") != NULL)
			continue; /* cannot be written into the file */
		snprintf(more, sizeof(more), "[mail]\nfrom = %s\n", address);
		c = load_with(more, &errors);
		if ((c != NULL) != address_rows[i].safe)
			fail_msg("%s is %s", address, c != NULL ? "taken" : errors.items[0].text);
		conf_free(c);
	}
}

static void
a_relay_has_a_host_and_the_usual_port_of_its_tls(void **state)
{
	static const struct {
		const char *more, *host;
		int port;
	} cases[] = {
		{ "relay = mail.example.org\n", "mail.example.org", 587 },
		{ "relay = mail.example.org\ntls = tls\n", "mail.example.org", 465 },
		{ "relay = mail_1.example.org\ntls = none\n", "mail_1.example.org", 25 },
		{ "relay = 192.0.2.1:2525\n", "192.0.2.1", 2525 },
		{ "relay = [2001:db8::1]:2525\n", "2001:db8::1", 2525 },
		{ "relay = [::1]\n", "::1", 587 },
		{ "relay = localhost:25\nhello = [IPv6:2001:db8::1]\n", "localhost", 25 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_errors errors;
		char more[256];
		struct conf *c;

		snprintf(more, sizeof(more), "%s%s", FROM, cases[i].more);
		c = load_with(more, &errors);
		assert_non_null(c);
		assert_string_equal(c->mail_host, cases[i].host);
		assert_int_equal(c->mail_port, cases[i].port);
		conf_free(c);
	}
}

static void
the_password_of_the_relay_is_read_from_its_file(void **state)
{
	struct conf_errors errors;
	char more[512];
	struct conf *c;

	(void)state;
	snprintf(more, sizeof(more), FROM "relay = h\nuser = u\npassword_file = %s\n", key_path);
	c = load_with(more, &errors);
	assert_non_null(c);
	assert_memory_equal(secret_bytes(c->mail_password), "secret", 6);
	conf_free(c);
}

static void
clear_text_can_be_asked_for(void **state)
{
	struct conf_errors errors;
	struct conf *c = load_with(
	    "[listen]\nallow_clear_text = yes\ncontrol = 10.0.0.1:80\npublic = 10.0.0.1:81\n",
	    &errors);

	(void)state;
	assert_non_null(c);
	conf_free(c);
}

static void
all_errors_are_told_at_once(void **state)
{
	struct conf_errors errors;

	(void)state;
	put(path, "[usherd]\nwrong = 1\n[store]\npath = x\n", 0644);
	assert_null(conf_load(path, &errors));
	assert_int_equal(errors.count, 2 + 6); /* and six keys that must be set */
	assert_null(conf_load("/nonexistent/usherd.conf", &errors));
	assert_int_equal(errors.count, 1);
}

static void
a_line_that_is_too_long_is_an_error(void **state)
{
	struct conf_errors errors;
	char more[6000] = "[usherd]\nhelp_contact = ";

	(void)state;
	memset(more + strlen(more), 'x', 5000);
	assert_null(load_with(more, &errors));
	assert_non_null(strstr(errors.items[0].text, ":11: the line is longer"));
}

/* Without the spaces that a dump writes, a line may hold a little more than a dump's. */
static void
the_longest_value_is_dumped_as_a_line_that_fits(void **state)
{
	static const char name[] = "[usherd]\nhelp_contact=";
	struct conf_errors errors;
	char more[6000] = "", dump[8192] = "";
	struct conf *c;
	FILE *f;

	(void)state;
	snprintf(more, sizeof(more), "%s%04032d\n", name, 7);
	c = load_with(more, &errors);
	assert_non_null(c);
	f = fmemopen(dump, sizeof(dump), "w");
	assert_non_null(f);
	conf_dump(c, f);
	fclose(f);
	conf_free(c);
	put(path, dump, 0644);
	c = conf_load(path, &errors);
	assert_non_null(c);
	conf_free(c);
	snprintf(more, sizeof(more), "%s%04033d\n", name, 7);
	assert_null(load_with(more, &errors));
	assert_non_null(strstr(errors.items[0].text, ":11: help_contact: longer than 4032"));
}

/* What stands behind it would be passed over without a word. */
static void
a_zero_byte_is_an_error_on_its_line(void **state)
{
	static const char text[] = "[usherd]\nhelp_contact = me\0, or you\norganisation\0 = x\n";
	struct conf_errors errors;
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, sizeof(text) - 1, f), sizeof(text) - 1);
	fclose(f);
	assert_null(conf_load(path, &errors));
	assert_non_null(strstr(errors.items[0].text, ":2: the line has a zero byte"));
	assert_non_null(strstr(errors.items[1].text, ":3: the line has a zero byte"));
}

/* Half a configuration with standards for the rest would be swapped in. */
static void
a_file_that_cannot_be_read_to_its_end_is_no_short_one(void **state)
{
	struct conf_errors errors;

	(void)state;
	assert_null(conf_load("/", &errors));
	assert_non_null(strstr(errors.items[0].text, "/: cannot be read beyond this line"));
}

static void
a_secret_file_is_for_its_owner_alone(void **state)
{
	struct conf_errors errors;
	struct conf *c;
	char more[256];

	(void)state;
	snprintf(more, sizeof(more), "[directory]\nbind_dn = cn=usherd\nbind_password_file = %s\n",
	    key_path);
	c = load_with(more, &errors);
	assert_non_null(c);
	assert_int_equal(secret_len(c->bind_password), 6);
	assert_memory_equal(secret_bytes(c->bind_password), "secret", 6);
	conf_free(c);
	put(key_path, "secret\n", 0644);
	assert_null(load_with(more, &errors));
	assert_non_null(strstr(errors.items[0].text, "chmod 600"));
	put(key_path, "two\nlines\n", 0600);
	assert_null(load_with(more, &errors));
	put(key_path, "", 0600);
	assert_null(load_with(more, &errors));
	put(key_path, "secret\n", 0600);
}

static void
what_is_dumped_reads_back_the_same(void **state)
{
	struct conf_errors errors;
	struct conf *c = load_with(
	    "attribute_gender =\n[listen]\nmanagement =\nhosts = a.example b.example\n"
	    "proxies = 10.0.0.0/8 ::1\nproxy_header = forwarded\n[password]\nmin_length = 20\n" ROLE
	    "org_unit = ou=x\norg_unit = ou=y\nquota = 3\n",
	    &errors);
	struct conf *again;
	FILE *f;

	(void)state;
	assert_non_null(c);
	f = fopen(path, "w");
	assert_non_null(f);
	conf_dump(c, f);
	fclose(f);
	again = conf_load(path, &errors);
	assert_non_null(again);
	assert_int_equal(again->min_length, 20);
	assert_int_equal(again->hosts.count, 2);
	assert_int_equal(again->proxies.count, 2);
	assert_string_equal(again->proxy_header, "forwarded");
	assert_int_equal(again->role_count, 1);
	assert_string_equal(again->roles[0].org_units[1], "ou=y");
	assert_int_equal(again->roles[0].quota, 3);
	assert_null(again->attribute_gender);
	assert_string_equal(again->listen_management, "");
	assert_string_equal(again->uid_template, c->uid_template);
	assert_int_equal(again->lifetime, c->lifetime);
	conf_free(again);
	conf_free(c);
}

static void
count_key(void *arg, const char *key)
{
	assert_string_equal(key, "listen.control");
	++*(int *)arg;
}

static void
keep_key(void *arg, const char *key)
{
	snprintf(arg, 64, "%s", key);
}

static void
another_password_of_the_relay_needs_a_restart(void **state)
{
	struct conf_errors errors;
	char more[512], changed[64] = "";
	struct conf *a, *b;

	(void)state;
	snprintf(more, sizeof(more), FROM "relay = h\nuser = u\npassword_file = %s\n", key_path);
	a = load_with(more, &errors);
	put(key_path, "other\n", 0600);
	b = load_with(more, &errors);
	put(key_path, "secret\n", 0600);
	assert_non_null(a);
	assert_non_null(b);
	conf_restart_keys(a, b, keep_key, changed);
	assert_string_equal(changed, "mail.password_file (its content)");
	conf_free(a);
	conf_free(b);
}

static void
only_changes_that_need_a_restart_are_named(void **state)
{
	struct conf_errors errors;
	struct conf *a = load_with("", &errors), *b;
	int changed = 0;

	(void)state;
	b = load_with("[password]\nmin_length = 20\n[listen]\ncontrol = 127.0.0.1:1\n", &errors);
	assert_non_null(a);
	assert_non_null(b);
	conf_restart_keys(a, b, count_key, &changed);
	assert_int_equal(changed, 1);
	conf_free(a);
	conf_free(b);
}

static void
join_key(void *arg, const char *key)
{
	char *keys = arg;

	strcat(strcat(keys, key), " ");
}

static void
another_role_needs_a_restart(void **state)
{
	struct conf_errors errors;
	struct conf *a = load_with(ROLE "[role b]\ngroup = cn=b\nrole = auditor\n", &errors);
	struct conf *b = load_with(ROLE "quota = 1\n[role c]\ngroup = cn=b\nrole = auditor\n"
					"[access]\nsession_idle = 5m\n",
	    &errors);
	char changed[256] = "";

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	conf_restart_keys(a, b, join_key, changed);
	assert_string_equal(changed, "access.session_idle [role a] [role c] [role b] ");
	conf_free(a);
	conf_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_not_set),
		cmocka_unit_test(what_does_not_fit_is_named_with_its_line),
		cmocka_unit_test(a_logo_is_what_is_in_its_file),
		cmocka_unit_test(a_logo_has_a_greatest_size),
		cmocka_unit_test(what_does_not_fit_of_mail_is_named_with_its_line),
		cmocka_unit_test(what_does_not_fit_of_a_role_is_named_with_its_line),
		cmocka_unit_test(a_role_without_any_key_is_no_role),
		cmocka_unit_test(a_file_may_begin_with_a_byte_order_mark),
		cmocka_unit_test(roles_and_their_places_are_read_in_order),
		cmocka_unit_test(more_roles_or_places_than_there_is_room_for_are_errors),
		cmocka_unit_test(an_address_is_one_where_the_mail_room_says_so),
		cmocka_unit_test(a_relay_has_a_host_and_the_usual_port_of_its_tls),
		cmocka_unit_test(the_password_of_the_relay_is_read_from_its_file),
		cmocka_unit_test(clear_text_can_be_asked_for),
		cmocka_unit_test(all_errors_are_told_at_once),
		cmocka_unit_test(a_line_that_is_too_long_is_an_error),
		cmocka_unit_test(the_longest_value_is_dumped_as_a_line_that_fits),
		cmocka_unit_test(a_zero_byte_is_an_error_on_its_line),
		cmocka_unit_test(a_file_that_cannot_be_read_to_its_end_is_no_short_one),
		cmocka_unit_test(a_secret_file_is_for_its_owner_alone),
		cmocka_unit_test(what_is_dumped_reads_back_the_same),
		cmocka_unit_test(only_changes_that_need_a_restart_are_named),
		cmocka_unit_test(another_role_needs_a_restart),
		cmocka_unit_test(another_password_of_the_relay_needs_a_restart),
	};

	return cmocka_run_group_tests_name("conf", tests, make_dir, remove_dir);
}
