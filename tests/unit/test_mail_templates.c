/* Templates of mails: what a folder may say, and how its mistakes are told. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>

#include "mail/compose_private.h"

#define TEXT "Subject: Join {{organisation}}\n\nHello\n{{link}}\n"
#define HTML "<p><a href=\"{{link}}\">{{link}}</a></p>\n"

struct world {
	char folder[64];
	struct mail_template_errors errors;
	struct mail_templates *templates;
};

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	strcpy(w->folder, "/tmp/test_mail_templates.XXXXXX");
	*state = w;
	return mkdtemp(w->folder) == NULL || sodium_init() < 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	mail_templates_free(w->templates);
	nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

static void
put_bytes(struct world *w, const char *name, const char *text, size_t len)
{
	char path[256];
	char *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	mkdir(path, 0700);
	*slash = '/';
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void
put(struct world *w, const char *name, const char *text)
{
	put_bytes(w, name, text, strlen(text));
}

static bool
load(struct world *w, const char *language)
{
	mail_templates_free(w->templates);
	w->templates = mail_templates_load(w->folder, language, &w->errors);
	assert_int_equal(w->templates == NULL, w->errors.count > 0);
	return w->templates != NULL;
}

/* Of "NAME:LINE: WORDS", with the folder in front. */
static void
assert_error(const struct world *w, const char *expected)
{
	char text[FAULT_TEXT_MAX];

	snprintf(text, sizeof(text), "%s/%s", w->folder, expected);
	for (size_t i = 0; i < w->errors.count; i++)
		if (strncmp(w->errors.items[i].text, text, strlen(text)) == 0)
			return;
	for (size_t i = 0; i < w->errors.count; i++)
		print_error("%s\n", w->errors.items[i].text);
	fail_msg("not told: %s", text);
}

static struct mail *
compose(const struct world *w, const char *kind, const char *language)
{
	static const struct mail_sender sender = { .organisation = "Aarhus",
		.from = "join@aarhus.example",
		.id_domain = "aarhus.example" };
	const struct mail_facts facts = { .kind = kind,
		.language = language,
		.item = "item",
		.to = "ada@home.example",
		.link = "https://aarhus.example/join/x" };
	struct mail *m = NULL;

	assert_int_equal(mail_compose(&m, w->templates, &sender, &facts, NULL), ERR_OK);
	return m;
}

/* The language that a mail of this kind is in when this one was asked for. */
static const char *
language_for(const struct world *w, const char *kind, const char *language)
{
	assert_non_null(
	    mail_template_for(w->templates, mail_kind_by_name(kind, strlen(kind)), &language));
	return language;
}

static void
without_a_folder_three_languages_are_there(void **state)
{
	struct world *w = *state;
	static const char *const kinds[] = { "invitation", "reminder", "welcome", "completed",
		"undeliverable" };
	static const char *const languages[] = { "de", "en", "vi" };

	w->templates = mail_templates_load(NULL, "en", &w->errors);
	assert_non_null(w->templates);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			assert_string_equal(language_for(w, kinds[k], languages[i]), languages[i]);
}

static void
a_language_falls_back_to_what_it_is_short_for_then_the_default_then_english(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *kind, *asked, *found;
	} rows[] = {
		{ "invitation", "de", "de" },
		{ "invitation", "DE", "de" },
		{ "invitation", "de-AT", "de" },
		{ "invitation", "de-Latn-AT-1996", "de" },
		{ "invitation", "de-x-private", "de" },
		{ "invitation", "pt-BR", "pt-BR" },
		{ "invitation", "pt-br-x-a", "pt-BR" },
		{ "invitation", "pt", "de" },
		{ "invitation", "pt-PT", "de" },
		{ "invitation", "fr", "fr" },
		{ "welcome", "fr", "de" },
		{ "invitation", "ja", "de" },
		{ "invitation", NULL, "de" },
		{ "invitation", "", "de" },
		{ "invitation", "-", "de" },
		{ "invitation",
		    "de-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa",
		    "de" },
	};

	put(w, "pt-br/invitation.txt", TEXT);
	put(w, "pt-br/invitation.html", HTML);
	put(w, "fr/invitation.txt", TEXT);
	put(w, "fr/invitation.html", HTML);
	assert_true(load(w, "de-CH"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(language_for(w, rows[i].kind, rows[i].asked), rows[i].found);
	assert_true(load(w, "fr"));
	assert_string_equal(language_for(w, "invitation", "ja"), "fr");
	assert_string_equal(language_for(w, "reminder", "ja"), "en");
	assert_true(load(w, NULL));
	assert_string_equal(language_for(w, "invitation", "ja"), "en");
}

static void
a_file_of_the_folder_stands_before_the_one_of_the_program(void **state)
{
	struct world *w = *state;
	struct mail *m;

	put(w, "de/invitation.txt",
	    "\xef\xbb\xbfSubject: Komm zu {{organisation}}\r\n\r\n{{link}}\r\n");
	put(w, "head.html", "<!DOCTYPE html><html lang=\"{{language}}\"><body><h2>Ours</h2>");
	put(w, "vi/head.html", "<h3>Another</h3>");
	put(w, ".invitation.txt.swp", "what an editor leaves");
	assert_true(load(w, "en"));
	m = compose(w, "invitation", "de");
	assert_string_equal(mail_header_of(m, "Subject"), "Komm zu Aarhus");
	assert_string_equal(m->text, "https://aarhus.example/join/x\n");
	assert_non_null(strstr(m->html, "<h2>Ours</h2>"));
	assert_non_null(strstr(m->html, "Konto anlegen"));
	mail_free(m);
	m = compose(w, "invitation", "vi");
	assert_non_null(strstr(m->html, "<h3>Another</h3>"));
	mail_free(m);
	m = compose(w, "reminder", "de");
	assert_string_equal(mail_header_of(m, "Subject"), "Erinnerung: Ihre Einladung zu Aarhus");
	mail_free(m);
}

static void
each_mistake_is_told_with_its_file_and_line(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "en/invitation.txt", "Subject: {{uid}}\n\n{{link}}",
		    "en/invitation.txt:1: an unknown name" },
		{ "en/welcome.txt", "Subject: a\n\n\n{{link}}",
		    "en/welcome.txt:4: an unknown name" },
		{ "en/invitation.txt", TEXT "{{#name}}\nHello",
		    "en/invitation.txt:6: a section without its end" },
		{ "en/invitation.txt", TEXT "{{>head}}", "en/invitation.txt:5: an unknown file" },
		{ "en/invitation.txt", "Hello\n\n{{link}}",
		    "en/invitation.txt:1: the first line must be" },
		{ "en/invitation.txt", "Subject: \n\n{{link}}",
		    "en/invitation.txt:1: the first line must be" },
		{ "en/invitation.txt", "", "en/invitation.txt:1: the first line must be" },
		{ "en/invitation.txt", "Subject: a\n{{link}}",
		    "en/invitation.txt:2: the line behind" },
		{ "en/invitation.txt", "Subject: a", "en/invitation.txt:2: the line behind" },
		{ "en/invitation.txt", "Subject: a{{#name}}\n\n{{/name}}{{link}}",
		    "en/invitation.txt:1: what begins in the subject" },
		{ "en/invitation.txt", "Subject: {{name}}\n\n{{link}}",
		    "en/invitation.txt:1: the subject is empty" },
		{ "en/invitation.txt", "Subject: a\n\nNo link",
		    "en/invitation.txt:1: there is no {{link}}" },
		{ "en/reminder.html", "<p>No link</p>",
		    "en/reminder.html:1: there is no {{link}}" },
		{ "en/reminder.html", "", "en/reminder.html:1: there is no {{link}}" },
		{ "en/invitation.html", "<p>\n<b {{link}}></p>",
		    "en/invitation.html:2: a value outside" },
		{ "en/invitation.html", "<style>p { }</style>",
		    "en/invitation.html:1: an element that is no HTML inside" },
		{ "en/invitation.html", "<p style=\"{{link}}\">",
		    "en/invitation.html:1: a value in an attribute that is code" },
		{ "head.html", "<p>\n\n{{reason}}</p>", "head.html:3: an unknown name" },
		{ "fr/invitation.txt", TEXT,
		    "fr/invitation.txt:1: it lacks its other half, invitation.html" },
		{ "fr/invitation.html", HTML,
		    "fr/invitation.html:1: it lacks its other half, invitation.txt" },
		{ "en/invitaton.txt", TEXT, "en/invitaton.txt:1: no mail is made of this file" },
		{ "en/invitation.htm", HTML, "en/invitation.htm:1: no mail is made of this file" },
		{ "en/style.css", "", "en/style.css:1: no mail is made of this file" },
		{ "README", "", "README:1: no mail is made of this file" },
		{ "invitation.txt", TEXT, "invitation.txt:1: no mail is made of this file" },
		{ "english_/invitation.txt", TEXT,
		    "english_:1: this folder is not named by a language" },
		{ "e/invitation.txt", TEXT, "e:1: this folder is not named by a language" },
		{ "en/invitation.txt", TEXT "\n\xff",
		    "en/invitation.txt:6: a control character, or" },
		{ "en/invitation.txt", TEXT "\x1b[1m",
		    "en/invitation.txt:5: a control character, or" },
		{ "en/invitation.txt", TEXT "a\rb",
		    "en/invitation.txt:5: a control character, or" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w;

		set_up((void **)&w);
		put(w, rows[i].name, rows[i].text);
		if (load(w, "en"))
			fail_msg("taken: %s", rows[i].expected);
		assert_error(w, rows[i].expected);
		tear_down((void **)&w);
	}
	(void)state;
}

static void
all_mistakes_are_told_at_once_and_each_of_them_once(void **state)
{
	struct world *w = *state;

	put(w, "foot.html", "{{unknown}}");
	put(w, "en/invitation.txt", "Subject: {{unknown}}\n\n{{link}}");
	put(w, "en/welcome.html", "<p");
	put(w, "fr/reminder.txt", TEXT);
	put(w, "fr/typo.txt", TEXT);
	assert_false(load(w, "en"));
	assert_int_equal(w->errors.count, 5);
	assert_error(w, "foot.html:1: ");
	assert_error(w, "en/invitation.txt:1: ");
	assert_error(w, "en/welcome.html:1: ");
	assert_error(w, "fr/reminder.txt:1: ");
	assert_error(w, "fr/typo.txt:1: ");
}

static void
a_nul_byte_is_a_mistake_and_not_the_end(void **state)
{
	struct world *w = *state;

	put_bytes(w, "en/invitation.txt", TEXT "\0{{unknown}}", sizeof(TEXT "\0{{unknown}}") - 1);
	assert_false(load(w, "en"));
	assert_error(w, "en/invitation.txt:5: a control character, or");
}

static void
what_is_too_large_is_refused(void **state)
{
	struct world *w = *state;
	char *text = malloc(MAIL_PART_MAX + 1), name[64];

	memset(text, 'a', MAIL_PART_MAX + 1);
	put_bytes(w, "en/invitation.html", text, MAIL_PART_MAX + 1);
	memcpy(text, HTML, sizeof(HTML) - 1);
	put_bytes(w, "en/reminder.html", text, MAIL_PART_MAX);
	assert_false(load(w, "en"));
	assert_int_equal(w->errors.count, 2);
	assert_error(w, "en/invitation.html:1: longer than 65536 bytes");
	assert_error(w, "en/reminder.html:1: a mail made of it is too long");
	free(text);
	for (int i = 0; i < 2 * MAIL_LANGUAGES_MAX; i++) {
		snprintf(name, sizeof(name), "x%c%c/invitation.txt", 'a' + i / 26, 'a' + i % 26);
		put(w, name, TEXT);
		name[3] = '\0';
		strcat(name, "/invitation.html");
		put(w, name, HTML);
	}
	assert_false(load(w, "en"));
	assert_in_range(w->errors.count, 3, MAIL_ERRORS_MAX);
}

static void
a_folder_that_cannot_be_read_is_an_error(void **state)
{
	struct world *w = *state;

	w->templates = mail_templates_load("/nowhere/templates", "en", &w->errors);
	assert_null(w->templates);
	assert_int_equal(w->errors.count, 1);
	assert_string_equal(
	    w->errors.items[0].text, "/nowhere/templates:1: No such file or directory");
}

static void
they_speak_what_they_have_an_invitation_in(void **state)
{
	struct world *w = *state;

	assert_true(load(w, "sv"));
	assert_false(mail_templates_speak(w->templates, "sv"));
	assert_false(mail_templates_speak(w->templates, "english"));
	assert_true(mail_templates_speak(w->templates, "de-CH"));
	put(w, "sv/invitation.txt", TEXT);
	put(w, "sv/invitation.html", HTML);
	assert_true(load(w, "sv-FI"));
	assert_true(mail_templates_speak(w->templates, "sv-FI"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    without_a_folder_three_languages_are_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_language_falls_back_to_what_it_is_short_for_then_the_default_then_english,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_of_the_folder_stands_before_the_one_of_the_program, set_up, tear_down),
		cmocka_unit_test(each_mistake_is_told_with_its_file_and_line),
		cmocka_unit_test_setup_teardown(
		    all_mistakes_are_told_at_once_and_each_of_them_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_nul_byte_is_a_mistake_and_not_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_large_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_folder_that_cannot_be_read_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    they_speak_what_they_have_an_invitation_in, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
