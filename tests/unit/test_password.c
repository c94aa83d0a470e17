/* The rules for a password, the block list, and that the bytes stay what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "invite/password.h"

/* `more` behind what is in `text`. */
static void
append(char *text, size_t room, const char *more)
{
	size_t len = strlen(text);

	assert_true(len + strlen(more) < room);
	snprintf(text + len, room - len, "%s", more);
}

/* A file of its own with `len` bytes, whose name is in `path`. */
static void
write_file(char path[64], const char *data, size_t len)
{
	int fd;

	snprintf(path, 64, "%s", "/tmp/usherd-blocklist-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static enum err
load(struct blocklist **out, const char *data, size_t len, struct fault *f)
{
	char path[64];
	enum err code;

	write_file(path, data, len);
	code = blocklist_load(out, path, f);
	unlink(path);
	return code;
}

static struct blocklist *
list_of(const char *words)
{
	struct blocklist *b;

	assert_int_equal(load(&b, words, strlen(words), NULL), ERR_OK);
	return b;
}

static const struct person ada = {
	.value = {
		[PERSON_GIVEN_NAME] = "Maximiliana",
		[PERSON_FAMILY_NAME] = "Großmüller",
		[PERSON_DISPLAY_NAME] = "Dr. Maxi Großmüller",
		[PERSON_MAIL] = "maxi.grossmueller@example.org",
		[PERSON_PHONE] = "+493012345670",
		[PERSON_UID] = "maximilianag",
	},
};

/* The rule that refuses `len` bytes, or "" when they pass. */
static const char *
rule_of_bytes(const char *text, size_t len, size_t min, const struct blocklist *b)
{
	struct secret *s = secret_new(text, len);
	struct fault f = { ERR_OK, "" };
	const char *rule = "";
	enum err code = password_check(s, min, &ada, b, &rule, &f);

	assert_int_equal(secret_len(s), len);
	assert_memory_equal(secret_bytes(s), text, len);
	if (code == ERR_OK)
		assert_string_equal(rule, "");
	else {
		assert_int_equal(code, ERR_REFUSED);
		assert_int_equal(f.code, ERR_REFUSED);
		assert_true(strlen(f.text) > 0);
	}
	secret_free(s);
	return rule;
}

static const char *
rule_of(const char *text, size_t min)
{
	struct blocklist *b = list_of("");
	const char *rule = rule_of_bytes(text, strlen(text), min, b);

	blocklist_free(b);
	return rule;
}

static void
a_password_is_measured_in_characters_and_bounded_in_bytes(void **state)
{
	static const struct {
		const char *unit;
		size_t count, min;
		const char *rule;
	} rows[] = {
		{ "xy", 7, 15, "too_short" }, /* 14 characters */
		{ "xyz", 5, 15, "" },	      /* 15 */
		{ "xy", 8, 15, "" },
		{ "xyzuvwp", 1, 8, "too_short" },
		{ "xyzuvwpq", 1, 8, "" },
		{ "xyzuvwp", 1, 1, "too_short" }, /* no configuration goes below 8 */
		{ "äö", 7, 15, "too_short" },	  /* 28 bytes, 14 characters */
		{ "äöü", 5, 15, "" },
		{ "😀😁", 7, 15, "too_short" },
		{ "😀🐴", 8, 15, "" },
		{ "😀🐴", 128, 15, "" }, /* 1,024 bytes */
		{ "😀🐴", 129, 15, "too_long" },
		{ "xy", 512, 15, "" },
		{ "a", 1025, 15, "too_long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048] = "";

		for (size_t n = 0; n < rows[i].count; n++)
			append(text, sizeof(text), rows[i].unit);
		assert_string_equal(rule_of(text, rows[i].min), rows[i].rule);
	}
}

static void
the_bound_in_bytes_is_exact(void **state)
{
	struct blocklist *b = list_of("");
	char text[PASSWORD_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * 7 % 26);
	text[0] = '!';
	assert_string_equal(rule_of_bytes(text, PASSWORD_MAX - 1, 15, b), "");
	assert_string_equal(rule_of_bytes(text, PASSWORD_MAX, 15, b), "");
	assert_string_equal(rule_of_bytes(text, PASSWORD_MAX + 1, 15, b), "too_long");
	blocklist_free(b);
}

static void
bytes_that_cannot_be_a_password_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *rule;
	} rows[] = {
		{ "abc\0defghijklmnopq", 18, "nul" },
		{ "\0", 1, "nul" },
		{ "abcdefghijklmnopx\0", 18, "nul" },
		{ "\xff\xfe-xxxxxxxxxxxxxxxxx", 20, "not_utf8" },
		{ "\xc0\xaf-xxxxxxxxxxxxxxxxx", 20, "not_utf8" },    /* overlong */
		{ "\xed\xa0\x80-xxxxxxxxxxxxxxxx", 20, "not_utf8" }, /* surrogate */
		{ "xxxxxxxxxxxxxxxxxxx\xe2\x82", 21, "not_utf8" },   /* cut */
		{ "", 0, "blank" },
	};
	struct blocklist *b = list_of("");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rule_of_bytes(rows[i].bytes, rows[i].len, 8, b), rows[i].rule);
	blocklist_free(b);
}

static void
white_space_of_any_kind_is_no_password(void **state)
{
	static const char *const spaces[] = { " ", "\t", "\n", "\r", "\u00a0", "\u1680", "\u2003",
		"\u2009", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u200b", "\u200d",
		"\u2060", "\ufeff", "\u3164", "\u00ad" };

	(void)state;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		char text[256] = "";

		for (size_t n = 0; n < 20; n++)
			append(text, sizeof(text), n % 3 == 0 ? " " : spaces[i]);
		assert_string_equal(rule_of(text, 8), "blank");
		append(text, sizeof(text), "x");
		assert_string_equal(rule_of(text, 8), "");
	}
}

static void
the_persons_own_words_are_refused_in_any_case(void **state)
{
	static const struct {
		const char *text, *rule;
	} rows[] = {
		{ "Maximiliana", "personal" },
		{ "maximiliana", "personal" },
		{ "MAXIMILIANA", "personal" },
		{ "Großmüller", "personal" },
		{ "GROSSMÜLLER", "personal" },
		{ "Großmu\u0308ller", "personal" }, /* NFD of the same */
		{ "dr. maxi großmüller", "personal" },
		{ "MaximilianaGroßmüller", "personal" },
		{ "maximiliana grossmüller", "personal" },
		{ "Maxi.Grossmueller@Example.ORG", "personal" },
		{ "maxi.grossmueller", "personal" },
		{ "MaximilianaG", "personal" },
		{ "+493012345670", "personal" },
		{ "493012345670", "personal" },
		{ "Maximiliana7", "" },
		{ "xMaximiliana", "" },
		{ "maximilian", "" },
		{ "GroßmüllerMaximiliana!", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rule_of(rows[i].text, 8), rows[i].rule);
}

static void
a_person_without_names_has_no_words_of_their_own(void **state)
{
	const struct person nobody = { .value = { [PERSON_PHONE] = "" } };
	struct secret *s = secret_new("a fine password", 15);
	struct blocklist *b = list_of("");
	const char *rule = "";

	(void)state;
	assert_int_equal(password_check(s, 15, &nobody, b, &rule, NULL), ERR_OK);
	blocklist_free(b);
	secret_free(s);
}

static void
listed_words_repetitions_and_runs_are_blocked(void **state)
{
	static const struct {
		const char *text, *rule;
	} rows[] = {
		{ "correcthorsebattery", "blocked" },
		{ "CorrectHorseBattery", "blocked" },
		{ "STRASSENBAHN", "blocked" },
		{ "Straßenbahn", "blocked" },
		{ "cafe\u0301 cre\u0300me", "blocked" },
		{ "passpasspasspass", "blocked" },
		{ "PassPASSpassPaSs", "blocked" },
		{ "straßenbahnstrassenbahn", "blocked" },
		{ "passpasspasspas", "" },
		{ "passpasspasspass1", "" },
		{ "correcthorsebatter", "" },
		{ "correcthorsebatteryy", "" },
		{ "aaaaaaaaaaaaaaa", "blocked" },
		{ "AaAaAaAaAaAaAaA", "blocked" },
		{ "ééééééééééééééé", "blocked" },
		{ "😀😀😀😀😀😀😀😀", "blocked" },
		{ "aaaaaaaaaaaaaab", "" },
		{ "xyxyxyxyxyxyxyxy", "" },
		{ "abcdefghijklmnop", "blocked" },
		{ "ABCDEFGHijklmnop", "blocked" },
		{ "ponmlkjihgfedcba", "blocked" },
		{ "uvwxyzabcdefghij", "blocked" },
		{ "12345678901234567890", "blocked" },
		{ "98765432109876543210", "blocked" },
		{ "абвгдежзийклмнопр", "blocked" },
		{ "abcdefghijklmnopr", "" },
		{ "123456789123456789", "" },
		{ "abababcdcdefefgh", "" },
	};
	struct blocklist *b =
	    list_of("# words\n\npass\ncorrecthorsebattery\r\nStraßenbahn\ncafé crème\npass\n");

	(void)state;
	assert_int_equal(blocklist_count(b), 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    rule_of_bytes(rows[i].text, strlen(rows[i].text), 8, b), rows[i].rule);
	blocklist_free(b);
}

/* Both forms are two passwords; neither is turned into the other. rule_of_bytes() compares the
 * bytes. */
static void
composed_and_decomposed_forms_are_left_alone(void **state)
{
	(void)state;
	assert_string_equal(rule_of("schöne grüne wiese", 15), "");
	assert_string_equal(rule_of("scho\u0308ne gru\u0308ne wiese", 15), "");
	assert_string_equal(rule_of("  leading and trailing  ", 15), "");
	assert_string_equal(rule_of("line\nand\ttab in between", 15), "");
}

static void
a_text_that_grows_when_folded_is_compared_all_the_same(void **state)
{
	/* U+0390 becomes three code points when folded, U+1D160 three when normalised. */
	static const char *const units[] = { "\u0390", "\U0001d160", "\ufdfa", "\u1f82" };

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		char text[PASSWORD_MAX + 1] = "";

		while (strlen(text) + strlen(units[i]) <= PASSWORD_MAX - 1)
			append(text, sizeof(text), units[i]);
		assert_string_equal(rule_of(text, 8), "blocked");
		append(text, sizeof(text), "!");
		assert_string_equal(rule_of(text, 8), "");
	}
}

static void
a_refusal_never_quotes_the_password(void **state)
{
	static const char *const texts[] = { "xkcd!", "GROSSMÜLLER", "xkcdxkcdxkcdxkcd",
		"cdefghijklmnopqrst" };
	struct blocklist *b = list_of("xkcd\n");

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct secret *s = secret_new(texts[i], strlen(texts[i]));
		struct fault f;
		const char *rule;

		assert_int_equal(password_check(s, 8, &ada, b, &rule, &f), ERR_REFUSED);
		assert_null(strcasestr(f.text, texts[i]));
		assert_null(strcasestr(rule, texts[i]));
		secret_free(s);
	}
	blocklist_free(b);
}

static void
no_path_is_an_empty_list(void **state)
{
	struct blocklist *b = NULL;

	(void)state;
	assert_int_equal(blocklist_load(&b, NULL, NULL), ERR_OK);
	assert_int_equal(blocklist_count(b), 0);
	assert_string_equal(rule_of_bytes("password", 8, 8, b), "");
	blocklist_free(b);
	blocklist_free(NULL);
}

static void
a_list_that_cannot_be_used_is_refused_with_path_and_line(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *text;
	} rows[] = {
		{ "good\nbad\xff\n", 10, ":2: not UTF-8" },
		{ "good\n\xe2\x82", 7, ":2: not UTF-8" },
		{ "good\nze\0ro\nmore\n", 16, ":2: the line is longer than 256 bytes or has a" },
	};
	struct blocklist *b = NULL;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(load(&b, rows[i].data, rows[i].len, &f), ERR_MISCONFIGURED);
		assert_non_null(strstr(f.text, rows[i].text));
		assert_non_null(strstr(f.text, "/tmp/usherd-blocklist-"));
		assert_null(b);
	}
	assert_int_equal(blocklist_load(&b, "/nonexistent/list", &f), ERR_MISCONFIGURED);
	assert_non_null(strstr(f.text, "/nonexistent/list: cannot be opened"));
	assert_int_equal(blocklist_load(&b, "/", &f), ERR_MISCONFIGURED);
	assert_null(b);
}

static void
a_line_of_256_bytes_is_the_longest(void **state)
{
	static const char *const ends[] = { "\n", "\r\n", "" };
	char data[600];

	(void)state;
	for (size_t len = 255; len <= 520; len += len == 258 ? 262 : 1)
		for (size_t e = 0; e < 3; e++) {
			struct blocklist *b = NULL;
			struct fault f = { ERR_OK, "" };
			enum err code;

			memset(data, 'x', len);
			snprintf(data + len, sizeof(data) - len, "%s", ends[e]);
			code = load(&b, data, strlen(data), &f);
			assert_int_equal(code, len <= 256 ? ERR_OK : ERR_MISCONFIGURED);
			if (code != ERR_OK)
				assert_non_null(strstr(f.text, ":1: "));
			else
				assert_int_equal(blocklist_count(b), 1);
			blocklist_free(b);
		}
}

static void
a_list_has_at_most_a_million_lines(void **state)
{
	const size_t lines = 1000000;
	char *data = malloc(2 * lines + 2);
	struct blocklist *b = NULL;
	struct fault f;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < 2 * lines + 2; i++)
		data[i] = i % 2 == 0 ? '#' : '\n';
	assert_int_equal(load(&b, data, 2 * lines, &f), ERR_OK);
	assert_int_equal(blocklist_count(b), 0);
	blocklist_free(b);
	b = NULL;
	assert_int_equal(load(&b, data, 2 * lines + 2, &f), ERR_MISCONFIGURED);
	assert_non_null(strstr(f.text, ":1000001: more than 1000000 lines"));
	assert_null(b);
	free(data);
}

/* Each line is refused as it stands, and is long enough to be worth its place. */
static void
the_shipped_list_is_loaded_and_each_of_its_words_is_blocked(void **state)
{
	struct blocklist *b;
	struct fault f = { ERR_OK, "" };
	FILE *file = fopen(PASSWORDS_BLOCKED, "re");
	char line[300];
	size_t count = 0;

	(void)state;
	assert_non_null(file);
	assert_int_equal(blocklist_load(&b, PASSWORDS_BLOCKED, &f), ERR_OK);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		assert_string_equal(rule_of_bytes(line, strlen(line), 8, b), "blocked");
		count++;
	}
	fclose(file);
	assert_int_equal(blocklist_count(b), count); /* none is there twice */
	assert_true(count >= 300);
	assert_string_equal(rule_of_bytes("CorrectHorseBatteryStaple", 25, 15, b), "blocked");
	assert_string_equal(rule_of_bytes("passwordpassword123", 19, 15, b), "blocked");
	assert_string_equal(rule_of_bytes("passwordpassword", 16, 15, b), "blocked");
	assert_string_equal(rule_of_bytes("seven green bicycles", 20, 15, b), "");
	blocklist_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_measured_in_characters_and_bounded_in_bytes),
		cmocka_unit_test(the_bound_in_bytes_is_exact),
		cmocka_unit_test(bytes_that_cannot_be_a_password_are_refused),
		cmocka_unit_test(white_space_of_any_kind_is_no_password),
		cmocka_unit_test(the_persons_own_words_are_refused_in_any_case),
		cmocka_unit_test(a_person_without_names_has_no_words_of_their_own),
		cmocka_unit_test(listed_words_repetitions_and_runs_are_blocked),
		cmocka_unit_test(composed_and_decomposed_forms_are_left_alone),
		cmocka_unit_test(a_text_that_grows_when_folded_is_compared_all_the_same),
		cmocka_unit_test(a_refusal_never_quotes_the_password),
		cmocka_unit_test(no_path_is_an_empty_list),
		cmocka_unit_test(a_list_that_cannot_be_used_is_refused_with_path_and_line),
		cmocka_unit_test(a_line_of_256_bytes_is_the_longest),
		cmocka_unit_test(a_list_has_at_most_a_million_lines),
		cmocka_unit_test(the_shipped_list_is_loaded_and_each_of_its_words_is_blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
