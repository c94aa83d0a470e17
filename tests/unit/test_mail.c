/* Mails as values: addresses, headers, and the message that another program reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "mail/mail.h"
#include "address_row.h"

/* ---- addresses ---- */

static void
addresses_are_dot_atoms_at_host_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]); i++) {
		assert_int_equal(
		    mail_address_is_safe(address_rows[i].address, false), address_rows[i].safe);
		assert_int_equal(
		    mail_address_is_safe(address_rows[i].address, true), address_rows[i].safe_utf8);
	}
	assert_string_equal(mail_domain_of("ada@example.org"), "example.org");
}

static void
words_are_quoted_before_an_address(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_string_equal(mail_mailbox(a, NULL, "a@b"), "a@b");
	assert_string_equal(mail_mailbox(a, "", "a@b"), "a@b");
	assert_string_equal(mail_mailbox(a, "Ada, of A", "a@b"), "\"Ada, of A\" <a@b>");
	assert_string_equal(mail_mailbox(a, "A \"x\" \\", "a@b"), "\"A \\\"x\\\" \\\\\" <a@b>");
	assert_string_equal(mail_mailbox(a, "M\xc3\xbc", "a@b"), "M\xc3\xbc <a@b>");
	arena_free(a);
}

/* ---- headers ---- */

static struct mail *
a_mail(void)
{
	struct mail *m = mail_new();

	m->from = "usherd@example.org";
	m->to = "ada@example.org";
	m->text = arena_strdup(m->arena, "Hello\n");
	return m;
}

static void
headers_refuse_what_would_begin_another(void **state)
{
	static const char *const bad[] = { "a\rb", "a\nb", "a\r\nBcc: eve@example.org", "a\x01",
		"\t", "a\x7f", "a\xff", "a\xc3", "\xed\xa0\x80" };
	struct mail *m = a_mail();
	char longer[MAIL_WORDS_MAX + 2];
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mail_add_header(m, "Subject", bad[i], &f), ERR_INVALID);
	memset(longer, 'a', sizeof(longer));
	longer[MAIL_WORDS_MAX + 1] = '\0';
	assert_int_equal(mail_add_header(m, "Subject", longer, &f), ERR_INVALID);
	longer[MAIL_WORDS_MAX - 9 + 1] = '\0'; /* no space to break the line at */
	assert_int_equal(mail_add_header(m, "Subject", longer, &f), ERR_INVALID);
	longer[MAIL_WORDS_MAX - 9] = '\0';
	assert_int_equal(mail_add_header(m, "Subject", longer, &f), ERR_OK);
	for (size_t i = 1; i < MAIL_HEADERS_MAX; i++)
		assert_int_equal(mail_add_header(m, "X-A", "a", &f), ERR_OK);
	assert_int_equal(mail_add_header(m, "X-A", "a", &f), ERR_INVALID);
	mail_free(m);
}

static void
words_that_are_not_ascii_are_encoded(void **state)
{
	struct mail *m = a_mail();
	char words[600] = "";
	struct fault f;

	(void)state;
	mail_add_header(m, "Subject", "M\xc3\xbc", &f);
	assert_string_equal(m->headers[0].value, "=?utf-8?B?TcO8?=");
	assert_string_equal(mail_header_of(m, "subject"), "M\xc3\xbc");
	assert_null(mail_header_of(m, "To"));
	mail_add_header(m, "To", "M\xc3\xbc <m@b>", &f);
	assert_string_equal(m->headers[1].value, "=?utf-8?B?TcO8?= <m@b>");
	mail_add_header(m, "To", "\"M\" <m@b>", &f);
	assert_string_equal(m->headers[2].value, "\"M\" <m@b>");
	/* Not ours, and so it would be shown as something else. */
	mail_add_header(m, "Subject", "=?utf-8?Q?x?=", &f);
	assert_string_equal(m->headers[3].value, "=?utf-8?B?PT91dGYtOD9RP3g/PQ==?=");
	for (size_t i = 0; i < 100; i++)
		strcat(words, i % 3 == 0 ? "\xe1\xba\xa5" : "a\xcc\x81");
	assert_int_equal(mail_add_header(m, "Subject", words, &f), ERR_OK);
	for (const char *p = m->headers[4].value; *p != '\0'; p += strspn(p, " ")) {
		assert_in_range(strcspn(p, " "), 13, 75);
		p += strcspn(p, " ");
	}
	mail_free(m);
}

/* RFC 2047 section 2. */
static void
lines_with_encoded_words_have_at_most_76_characters(void **state)
{
	(void)state;
	for (size_t len = 1; len < 200; len++) {
		struct mail *m = a_mail();
		char words[512] = "";
		const char *line, *end;
		struct secret *text;
		struct fault f;

		for (size_t i = 0; i < len; i++)
			strcat(words, i % 3 == 0 ? "\xc3\xa9" : "e");
		mail_add_header(m, "Subject", words, &f);
		mail_add_header(
		    m, "Reply-To", mail_mailbox(m->arena, words, "somebody@elsewhere.example"), &f);
		text = mail_text(m, &f);
		assert_non_null(text);
		for (line = secret_bytes(text); (end = strstr(line, "\r\n")) != NULL;
		     line = end + 2)
			if (strncmp(line, "MIME", 4) == 0)
				break;
			else if (memmem(line, (size_t)(end - line), "=?", 2) != NULL)
				assert_true(end - line <= 76);
		secret_free(text);
		mail_free(m);
	}
}

static void
what_was_not_made_by_these_rules_is_found_before_it_leaves(void **state)
{
	struct mail *m = a_mail();
	char *longer = arena_alloc(m->arena, MAIL_PART_MAX + 2);
	struct fault f;

	(void)state;
	assert_int_equal(mail_check(m, &f), ERR_OK);
	m->to = "ada@example.org\r\nDATA";
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->to = NULL;
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->to = "j\xc3\xb6rg@example.org";
	assert_int_equal(mail_check(m, &f), ERR_OK);
	m->to = "ada@example.org";
	m->from = "";
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->from = "usherd@example.org";
	m->headers[m->header_count++] = (struct mail_header){ "X", "a\r\nBcc: b", "" };
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->headers[0] = (struct mail_header){ "X: y", "a", "" };
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->headers[0] = (struct mail_header){ "X", "\xc3\xbc", "" };
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	m->header_count = 0;
	m->html = arena_strdup(m->arena, "\xc3");
	assert_int_equal(mail_check(m, &f), ERR_INVALID);
	memset(longer, 'a', MAIL_PART_MAX + 1);
	longer[MAIL_PART_MAX + 1] = '\0';
	m->html = longer;
	assert_int_equal(mail_check(m, &f), ERR_TOO_LARGE);
	assert_null(mail_text(m, &f));
	longer[MAIL_PART_MAX] = '\0';
	assert_int_equal(mail_check(m, &f), ERR_OK);
	mail_free(m);
}

static void
a_copy_has_everything_and_nothing_in_common(void **state)
{
	struct mail *m = a_mail(), *copy;
	struct fault f;

	(void)state;
	m->html = arena_strdup(m->arena, "<p>");
	mail_add_header(m, "Subject", "\xc3\xbc", &f);
	copy = mail_copy(m);
	mail_free(m);
	assert_string_equal(copy->from, "usherd@example.org");
	assert_string_equal(copy->to, "ada@example.org");
	assert_string_equal(copy->text, "Hello\n");
	assert_string_equal(copy->html, "<p>");
	assert_string_equal(copy->headers[0].value, "=?utf-8?B?w7w=?=");
	assert_string_equal(copy->headers[0].words, "\xc3\xbc");
	mail_free(copy);
	mail_free(NULL);
}

/* ---- the message, as another program reads it ---- */

static const char reader[] =
    "import sys, json, email, email.policy\n"
    "raw = sys.stdin.buffer.read()\n"
    "m = email.message_from_bytes(raw, policy=email.policy.default)\n"
    "parts = list(m.iter_parts()) if m.is_multipart() else [m]\n"
    "defects = [str(d) for p in m.walk() for d in p.defects]\n"
    "lines = raw.split(b'\\r\\n')\n"
    "if any(b'\\r' in l or b'\\n' in l for l in lines): defects.append('bare line end')\n"
    "if raw[-2:] != b'\\r\\n': defects.append('no end')\n"
    "if max(map(len, lines)) > 998: defects.append('long line')\n"
    "json.dump({'headers': [[k, str(v)] for k, v in m.items()], 'type': m.get_content_type(),\n"
    "  'parts': [[p.get_content_type(), p.get_content().replace('\\r\\n', '\\n')] for p in "
    "parts],\n"
    "  'defects': defects}, sys.stdout)\n";

static json_t *
read_back(const struct mail *m)
{
	char message[] = "/tmp/usherd-mail-XXXXXX", command[4096];
	struct fault f;
	struct secret *text = mail_text(m, &f);
	int fd = mkstemp(message);
	json_t *doc;
	FILE *p;

	assert_non_null(text);
	assert_int_equal(write(fd, secret_bytes(text), secret_len(text)), secret_len(text));
	close(fd);
	secret_free(text);
	snprintf(command, sizeof(command), "/usr/bin/python3 -B -c \"%s\" <%s", reader, message);
	p = popen(command, "r");
	doc = json_loadf(p, 0, NULL);
	assert_int_equal(pclose(p), 0);
	unlink(message);
	assert_non_null(doc);
	assert_int_equal(json_array_size(json_object_get(doc, "defects")), 0);
	return doc;
}

static const char *
text_at(const json_t *list, size_t i, size_t k)
{
	return json_string_value(json_array_get(json_array_get(list, i), k));
}

static void
another_program_reads_the_same_headers(void **state)
{
	static const char *const values[] = { "plain", "a  b   c",
		"J\xc3\xb6rg \"Jo\" M\xc3\xbcller, \xe1\xba\xa5\xe1\xba\xa7 \xf0\x9f\x8e\x89",
		"=?utf-8?Q?http:=2F=2Fevil.example?=", "a=?b", SIXTY " " SIXTY " " SIXTY " " SIXTY,
		"Nguy\xe1\xbb\x85n Th\xe1\xbb\x8b Minh Khai Nguy\xe1\xbb\x85n Th\xe1\xbb\x8b Minh "
		"Khai "
		"Nguy\xe1\xbb\x85n Th\xe1\xbb\x8b Minh Khai Nguy\xe1\xbb\x85n Th\xe1\xbb\x8b Minh "
		"Khai" };
	struct mail *m = a_mail();
	json_t *doc, *headers;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(mail_add_header(m, "X-Words", values[i], &f), ERR_OK);
	doc = read_back(m);
	headers = json_object_get(doc, "headers");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_string_equal(text_at(headers, i, 1), values[i]);
	json_decref(doc);
	mail_free(m);
}

/* One address, whatever the person is called. */
static void
another_program_reads_the_same_mailbox(void **state)
{
	static const struct {
		const char *words, *seen;
	} table[] = {
		{ "Ada Lovelace", "Ada Lovelace <ada@example.org>" },
		{ "Lovelace, Ada <eve@example.org>",
		    "\"Lovelace, Ada <eve@example.org>\" <ada@example.org>" },
		{ "Ada\" <eve@example.org>, \"x", "\"Ada\\\" <eve@example.org>, \\\"x\" "
						  "<ada@example.org>" },
		{ "\xc3\x84"
		  "da <eve@example.org>,",
		    "\"\xc3\x84"
		    "da <eve@example.org>,\" "
		    "<ada@example.org>" },
		{ "=?utf-8?Q?x=2C?= y", "=?utf-8?Q?x=2C?= y <ada@example.org>" },
		{ "J\xc3\xb6rg M\xc3\xbcller", "J\xc3\xb6rg M\xc3\xbcller <ada@example.org>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mail *m = a_mail();
		struct fault f;
		json_t *doc;

		assert_int_equal(mail_add_header(m, "To",
				     mail_mailbox(m->arena, table[i].words, "ada@example.org"), &f),
		    ERR_OK);
		doc = read_back(m);
		assert_string_equal(text_at(json_object_get(doc, "headers"), 0, 1), table[i].seen);
		json_decref(doc);
		mail_free(m);
	}
}

static void
another_program_reads_the_same_parts(void **state)
{
	static const char *const texts[] = { "", "\n", "Hello\n", "Hello\nworld",
		"caf\xc3\xa9 = 1 \n\t\n", ".\n..\n.a\n\n.\n", "From here\n",
		"\xe1\xba\xa5" SIXTY SIXTY SIXTY " =\n",
		"https://a.example/i/" SIXTY SIXTY "?a=b&c=d\n",
		"tab\tand trailing \xc3\xa4 \t\n \n",
		SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY
		    SIXTY SIXTY SIXTY SIXTY "\n",
		"--=_\n--\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mail *m = a_mail();
		json_t *doc, *parts;

		m->text = arena_strdup(m->arena, texts[i]);
		m->html = arena_strdup(m->arena, texts[sizeof(texts) / sizeof(texts[0]) - 1 - i]);
		doc = read_back(m);
		parts = json_object_get(doc, "parts");
		assert_string_equal(
		    json_string_value(json_object_get(doc, "type")), "multipart/alternative");
		assert_int_equal(json_array_size(parts), 2);
		assert_string_equal(text_at(parts, 0, 0), "text/plain");
		assert_string_equal(text_at(parts, 0, 1), m->text);
		assert_string_equal(text_at(parts, 1, 0), "text/html");
		assert_string_equal(text_at(parts, 1, 1), m->html);
		json_decref(doc);
		mail_free(m);
	}
}

static void
a_mail_without_html_has_one_part(void **state)
{
	struct mail *m = a_mail();
	json_t *doc;

	(void)state;
	m->text = arena_strdup(m->arena, "gr\xc3\xbc\xc3\x9f\n");
	doc = read_back(m);
	assert_string_equal(json_string_value(json_object_get(doc, "type")), "text/plain");
	assert_string_equal(text_at(json_object_get(doc, "parts"), 0, 1), m->text);
	json_decref(doc);
	mail_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_dot_atoms_at_host_names),
		cmocka_unit_test(words_are_quoted_before_an_address),
		cmocka_unit_test(headers_refuse_what_would_begin_another),
		cmocka_unit_test(words_that_are_not_ascii_are_encoded),
		cmocka_unit_test(lines_with_encoded_words_have_at_most_76_characters),
		cmocka_unit_test(what_was_not_made_by_these_rules_is_found_before_it_leaves),
		cmocka_unit_test(a_copy_has_everything_and_nothing_in_common),
		cmocka_unit_test(another_program_reads_the_same_headers),
		cmocka_unit_test(another_program_reads_the_same_mailbox),
		cmocka_unit_test(another_program_reads_the_same_parts),
		cmocka_unit_test(a_mail_without_html_has_one_part),
	};

	return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
