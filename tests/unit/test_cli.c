/* usherctl without a daemon: its command line and its output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "../fakes/fake_api_cli.h"

static void
a_command_line_that_makes_no_sense_is_usage(void **state)
{
	static const char *const rows[][7] = {
		{ NULL },
		{ "fly", NULL },
		{ "token", NULL },
		{ "token", "fly", NULL },
		{ "--fly", "health", NULL },
		{ "-x", "health", NULL },
		{ "--socket", NULL },
		{ "-o", "xml", "health", NULL },
		{ "health", "now", NULL },
		{ "health", "-o", "xml", NULL },
		{ "-o", "json", "health", "-o", "json", NULL },
		{ "health", "--url", "https://h", "--socket", "/s", NULL },
		{ "--url", "https://h", "health", NULL },
		{ "health", "--url=http://localhost:1", NULL },
		{ "health", "--name", "x", NULL },
		{ "token", "revoke", NULL },
		{ "token", "revoke", "a/b", NULL },
		{ "token", "revoke", "..", NULL },
		{ "token", "revoke", "A?b", NULL },
		{ "token", "revoke", "a", "b", NULL },
		{ "token", "create", "--name", "a", NULL },
		{ "token", "create", "--name", "a", "--name", "b", NULL },
		{ "token", "create", "--name=a", "--scopes=all", "--expires=soon", NULL },
		{ "invitation", "create", "--expires-in", "7y", NULL },
		{ "invitation", "create", "--given", "A", NULL },
		{ "invitation", "change", "01890a5d", NULL },
		{ "invitation", "change", "01890a5d", "--expires-in", "soon", NULL },
		{ "invitation", "change", "--expires-in", "1h", NULL },
		{ "invitation", "resend", NULL },
		{ "invitation", "resend", "a", "--void-links=yes", NULL },
		{ "mail", NULL },
		{ "mail", "drop", NULL },
		{ "mail", "retry", "a", "b", NULL },
		{ "mail", "retry", "../x", NULL },
		{ "mail", "preview", NULL },
		{ "mail", "test", "invitation", NULL },
		{ "mail", "test", "--to", "a@example.org", NULL },
		{ "--version=1", NULL },
		{ "--url", "https://h", "--socket", "/s", "health", NULL },
		{ "--token-file", "/t", "health", NULL },
		{ "--url", "http://example.org", "health", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *r = rows[i];

		assert_int_equal(run(r[0], r[0] ? r[1] : NULL, r[0] && r[1] ? r[2] : NULL,
				     r[0] && r[1] && r[2] ? r[3] : NULL,
				     r[0] && r[1] && r[2] && r[3] ? r[4] : NULL,
				     r[0] && r[1] && r[2] && r[3] && r[4] ? r[5] : NULL, NULL),
		    CLI_USAGE);
		assert_int_equal(out_len, 0);
		assert_int_not_equal(err_len, 0);
	}
}

static void
help_and_version_go_to_standard_output(void **state)
{
	(void)state;
	assert_int_equal(run("--version", NULL), CLI_OK);
	assert_memory_equal(out_text, "usherctl ", 9);
	assert_int_equal(run("health", "-V", NULL), CLI_OK);
	assert_memory_equal(out_text, "usherctl ", 9);
	assert_int_equal(run("--help", NULL), CLI_OK);
	assert_non_null(strstr(out_text, "invitation link ID"));
	assert_non_null(strstr(out_text, "mail retry [ID]"));
	assert_int_equal(run("invitation", "create", "--help", NULL), CLI_OK);
	assert_non_null(strstr(out_text, "--given-name NAME"));
	assert_int_equal(err_len, 0);
}

static void
health_is_not_asked_where_it_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(run("--url", "http://localhost:1", "health", NULL), CLI_USAGE);
	assert_non_null(strstr(err_text, "the unix socket and the management listener alone"));
}

static bool
manual_has(const char *manual, const char *name)
{
	char option[64];

	snprintf(option, sizeof(option), "Fl -%s", name);
	return strstr(manual, option) != NULL;
}

static void
the_manual_has_every_command_and_option(void **state)
{
	FILE *f = fopen(MANUAL, "r");
	static char manual[128 * 1024];
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(manual, 1, sizeof(manual) - 1, f);
	fclose(f);
	manual[len] = '\0';
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		assert_true(manual_has(manual, o->name));
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++) {
		char name[64];

		snprintf(name, sizeof(name), ".Cm %s%s%s\n", (*c)->group ? (*c)->group : "",
		    (*c)->group ? " " : "", (*c)->name);
		assert_non_null(strstr(manual, name));
		for (const struct cli_option *o = (*c)->options; o && o->name != NULL; o++)
			assert_true(manual_has(manual, o->name));
	}
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		int64_t seconds;
	} rows[] = {
		{ "90", true, 90 },
		{ "90s", true, 90 },
		{ "15m", true, 900 },
		{ "12h", true, 43200 },
		{ "7d", true, 604800 },
		{ "2w", true, 1209600 },
		{ "0", true, 0 },
		{ "", false, 0 },
		{ "d", false, 0 },
		{ "-1d", false, 0 },
		{ " 1d", false, 0 },
		{ "1 d", false, 0 },
		{ "1D", false, 0 },
		{ "1dd", false, 0 },
		{ "9223372036854775807w", false, 0 },
		{ "99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t seconds = 0;

		assert_int_equal(cli_read_duration(rows[i].text, &seconds), rows[i].valid);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void
a_token_goes_in_clear_to_nobody_but_this_host(void **state)
{
	static const struct {
		const char *url;
		bool safe;
	} rows[] = {
		{ "https://example.org", true },
		{ "https://example.org:8460/usher", true },
		{ "http://localhost:8460", true },
		{ "http://127.0.0.1:8460", true },
		{ "http://127.9.9.9", true },
		{ "http://[::1]:8460", true },
		{ "http://example.org", false },
		{ "http://127.0.0.1.example.org", false },
		{ "http://localhost.example.org", false },
		{ "http://128.0.0.1", false },
		{ "https://user:word@example.org", false },
		{ "https://example.org/?a=b", false },
		{ "https://example.org/#a", false },
		{ "ftp://localhost", false },
		{ "file:///etc/passwd", false },
		{ "example.org", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why;

		assert_int_equal(cli_url_is_safe(rows[i].url, &why), rows[i].safe);
		assert_int_equal(why == NULL, rows[i].safe);
	}
}

/* ---- output ---- */

static void
nothing_that_moves_a_terminal_is_printed(void **state)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
		{ "Ada", "Ada" }, { "\x1b[2J", "\xef\xbf\xbd[2J" },
		{ "a\nb\tc", "a\xef\xbf\xbd"
			     "b\xef\xbf\xbd"
			     "c" },
		{ "\xc2\x9b"
		  "31m",
		    "\xef\xbf\xbd"
		    "31m" }, /* C1 CSI */
		{ "\xe2\x80\xae"
		  "gpj",
		    "\xef\xbf\xbd"
		    "gpj" }, /* right-to-left override */
		{ "\x7f", "\xef\xbf\xbd" }, { "\xff", "\xef\xbf\xbd" },
		{ "\xd9\x85\xe2\x80\x8c\xd9\x85", "\xd9\x85\xe2\x80\x8c\xd9\x85" }, /* non-joiner */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *clean = cli_clean(rows[i].text);

		assert_string_equal(clean, rows[i].clean);
		free(clean);
	}
}

static void
json_output_is_json_with_the_same_care(void **state)
{
	json_t *value =
	    json_pack("{s:s}", "a", "\x1b \xc2\x9b \xe2\x80\xae \xf3\xa0\x80\x81 \xc3\xa9");
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	json_t *back;

	(void)state;
	cli_print_json(to, value);
	fclose(to);
	assert_string_equal(
	    text, "{\n  \"a\": \"\\u001B \\u009b \\u202e \\udb40\\udc01 \xc3\xa9\"\n}\n");
	back = json_loads(text, 0, NULL);
	assert_true(json_equal(value, back));
	json_decref(back);
	json_decref(value);
	free(text);
}

static void
columns_line_up_by_what_a_terminal_shows(void **state)
{
	static const struct cli_column columns[] = { { "NAME", "n" }, { "UID", "u" } };
	json_t *items = json_loads("[{\"n\":\"\\u5c71\\u7530\",\"u\":\"a\"},"
				   "{\"n\":\"e\\u0301\",\"u\":[\"b\",\"c\"]},{\"u\":null}]",
	    0, NULL);
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	cli_print_table(to, columns, 2, items);
	fclose(to);
	assert_string_equal(
	    text, "NAME  UID\n\xe5\xb1\xb1\xe7\x94\xb0  a\ne\xcc\x81     b, c\n      \n");
	json_decref(items);
	free(text);
}

static void
a_group_alone_lists_its_commands(void **state)
{
	(void)state;
	assert_int_equal(run("audit", NULL), CLI_USAGE);
	assert_non_null(strstr(err_text, "usherctl audit verify"));
	assert_null(strstr(err_text, "usherctl token"));
	assert_int_equal(run("token", "--help", NULL), CLI_OK);
	assert_non_null(strstr(out_text, "usherctl token create"));
	assert_int_equal(run("session", "list", NULL), CLI_USAGE);
	assert_non_null(strstr(err_text, "no such command: session list"));
	assert_non_null(strstr(err_text, "usherctl session show"));
	assert_int_equal(run("nonsense", "--help", NULL), CLI_USAGE);
	assert_int_equal(run("erase", "", NULL), CLI_USAGE);
	assert_non_null(strstr(err_text, "PERSON is empty"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_that_makes_no_sense_is_usage),
		cmocka_unit_test(help_and_version_go_to_standard_output),
		cmocka_unit_test(health_is_not_asked_where_it_is_not_told),
		cmocka_unit_test(the_manual_has_every_command_and_option),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(a_token_goes_in_clear_to_nobody_but_this_host),
		cmocka_unit_test(nothing_that_moves_a_terminal_is_printed),
		cmocka_unit_test(json_output_is_json_with_the_same_care),
		cmocka_unit_test(columns_line_up_by_what_a_terminal_shows),
		cmocka_unit_test(a_group_alone_lists_its_commands),
	};

	return cmocka_run_group_tests(tests, NULL, forget_output);
}
