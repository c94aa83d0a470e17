/* The catalogue is complete, and everybody is addressed in their language. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/web_world.h"
#include "web/web_private.h"

#define LINK "/join/" WORLD_TOKEN

/* All of src/web but the catalogue itself, one file after the other. */
static char *
read_sources(void)
{
	static const char *const folders[] = { "src/web", "src/web/pages" };
	const char *top = getenv("srcdir") != NULL ? getenv("srcdir") : ".";
	struct buf all;

	buf_init(&all, 4 * 1024 * 1024);
	for (size_t i = 0; i < 2; i++) {
		char path[1024], chunk[4096];
		struct dirent *entry;
		DIR *dir;

		snprintf(path, sizeof(path), "%s/%s", top, folders[i]);
		dir = opendir(path);
		assert_non_null(dir);
		while ((entry = readdir(dir)) != NULL) {
			const char *dot = strrchr(entry->d_name, '.');
			FILE *file;
			size_t len;

			if (dot == NULL || (strcmp(dot, ".c") != 0 && strcmp(dot, ".html") != 0))
				continue;
			snprintf(path, sizeof(path), "%s/%s/%s", top, folders[i], entry->d_name);
			file = fopen(path, "r");
			assert_non_null(file);
			while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
				buf_add(&all, chunk, len);
			fclose(file);
		}
		closedir(dir);
	}
	buf_add_char(&all, '\0');
	return all.data;
}

/* Stands there as a whole, not as the beginning of another. */
static bool
has_name(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)) != NULL; at += len)
		if (strchr("abcdefghijklmnopqrstuvwxyz_", at[len]) == NULL)
			return true;
	return false;
}

static void
each_word_is_there_in_each_language_and_used(void **state)
{
	char *sources = read_sources(), name[80];

	(void)state;
	for (enum web_word i = 0; i < WEB_WORDS; i++) {
		const char *key = web_words[i].key;

		for (enum web_language l = 0; l < WEB_LANGUAGES; l++)
			if (web_words[i].text[l] == NULL || web_words[i].text[l][0] == '\0')
				fail_msg("%s has no %s", key, web_language_tags[l]);
		snprintf(name, sizeof(name), "{{%s}}", key);
		if (strstr(sources, name) != NULL)
			continue;
		snprintf(name, sizeof(name), "WORD_%s", key);
		if (!has_name(sources, name))
			fail_msg("%s is not used", key);
	}
	free(sources);
}

static size_t
count_of(const char *text, const char *mark, size_t len)
{
	size_t count = 0;

	for (const char *at = text; (at = memmem(at, strlen(at), mark, len)) != NULL; at += len)
		count++;
	return count;
}

static void
each_language_has_the_same_placeholders(void **state)
{
	(void)state;
	for (enum web_word i = 0; i < WEB_WORDS; i++)
		for (enum web_language l = 0; l < WEB_LANGUAGES; l++) {
			const char *text = web_words[i].text[l];
			const char *english = web_words[i].text[WEB_ENGLISH];

			if (count_of(text, "{", 1) != count_of(english, "{", 1))
				fail_msg("%s in %s: other placeholders", web_words[i].key, text);
			for (const char *at = text; (at = strchr(at, '{')) != NULL; at++) {
				const size_t len = strcspn(at, "}") + 1;

				if (count_of(english, at, len) != count_of(text, at, len))
					fail_msg("%s: %.*s", web_words[i].key, (int)len, at);
			}
		}
}

static void
each_word_is_translated(void **state)
{
	(void)state;
	for (enum web_word i = 0; i < WEB_WORDS; i++)
		for (enum web_language l = 0; l < WEB_LANGUAGES; l++)
			/* "Name" happens to be both. */
			if (l != WEB_ENGLISH && i != WORD_name_label &&
			    strcmp(web_words[i].text[l], web_words[i].text[WEB_ENGLISH]) == 0)
				fail_msg(
				    "%s is English in %s", web_words[i].key, web_language_tags[l]);
}

static void
each_code_of_a_field_has_words_of_its_own(void **state)
{
	static const char *const rows[][2] = { { "password", "required" },
		{ "password", "too_short" }, { "password", "too_long" }, { "password", "blank" },
		{ "password", "personal" }, { "password", "blocked" }, { "password", "refused" },
		{ "password", "nul" }, { "password", "not_utf8" }, { "password_again", "mismatch" },
		{ "given_name", "required" }, { "given_name", "too_long" },
		{ "given_name", "invalid" }, { "given_name", "control_character" },
		{ "phone", "no_country_code" }, { "phone", "invalid" }, { "phone", "too_long" },
		{ "birthday", "not_a_date" }, { "birthday", "too_early" },
		{ "birthday", "in_future" }, { "gender", "unknown_value" },
		{ "language", "invalid" }, { "mail", "not_allowed" }, { "mail", "required" },
		{ "x", "unknown" }, { "body", "invalid" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct field_error error = { rows[i][0], rows[i][1], "English" };

		if (web_error_word_of(&error) == WORD_error_invalid)
			fail_msg("%s of %s", rows[i][1], rows[i][0]);
	}
	assert_int_equal(
	    web_error_word_of(&(struct field_error){ "mail", "new_code", "" }), WORD_error_invalid);
}

static struct http_exchange *
open_with(struct world *w, const char *accept)
{
	const char *cookie;
	struct http_exchange *x = world_get(w, LINK, NULL);

	cookie = world_cookie(w, x);
	fake_http_free(x);
	x = fake_http_new(HTTP_GET, "/join", NULL);
	fake_http_set_header(x, "cookie", cookie);
	if (accept != NULL)
		fake_http_set_header(x, "accept-language", accept);
	world_run(w, x);
	return x;
}

static void
the_invitation_decides_then_the_browser_then_the_configuration(void **state)
{
	static const struct {
		const char *invited, *accept, *configured, *language;
	} rows[] = {
		{ "de", "vi", "en", "de" },
		{ "vi", NULL, "de", "vi" },
		{ "de-AT", "en", "en", "de" },
		{ "DE", NULL, "en", "de" },
		{ "deu", NULL, "vi", "vi" },
		{ "fr", "de", "en", "de" },
		{ NULL, "de", "en", "de" },
		{ NULL, "de-CH", "en", "de" },
		{ NULL, "de-Latn-CH-x-y", "en", "de" },
		{ NULL, "fr, de;q=0.2, vi;q=0.9", "en", "vi" },
		{ NULL, "fr , vi ; q=0.2,de;q=0.201", "en", "de" },
		{ NULL, "de;q=0, vi;q=0.001", "en", "vi" },
		{ NULL, "de;q=0", "en", "en" },
		{ NULL, "de;q=2, vi;q=0.1", "en", "vi" },
		{ NULL, "vi, de", "en", "vi" },
		{ NULL, "*", "de", "de" },
		{ NULL, "fr", "vi", "vi" },
		{ NULL, "d", "en", "en" },
		{ NULL, "deutsch", "en", "en" },
		{ NULL, ",,;q=,;;q=1,\x01", "de-DE", "de" },
		{ NULL, NULL, "fr", "en" },
		{ NULL, NULL, NULL, "en" },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		char html[40];

		w->inv.person.value[PERSON_LANGUAGE] = rows[i].invited;
		w->conf.language = rows[i].configured;
		world_rebuild(w);
		x = open_with(w, rows[i].accept);
		snprintf(html, sizeof(html), "<html lang=\"%s\" dir=\"ltr\">", rows[i].language);
		if (strstr(x->body.data, html) == NULL)
			fail_msg("row %zu: no %s", i, html);
		assert_string_equal(
		    fake_http_reply_header(x, "Content-Language"), rows[i].language);
		assert_string_equal(
		    fake_http_reply_header(x, "Vary"), "Accept, Accept-Language, Cookie");
		fake_http_free(x);
	}
	world_free(w);
}

/* Of an end there is no invitation any more: the cookie remembers. */
static void
the_end_is_told_in_the_language_of_the_invitation(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->inv.person.value[PERSON_LANGUAGE] = "de";
	x = world_post_form(w, "password=p&password_again=p");
	assert_non_null(strstr(x->body.data, "Ihr Konto ist bereit"));
	fake_http_free(x);
	w->flow.view = (struct accept_view){ .state = VIEW_EXPIRED };
	x = world_get_by_cookie(w);
	assert_non_null(strstr(x->body.data, "abgelaufen"));
	fake_http_free(x);
	world_free(w);
}

static void
dates_and_errors_are_in_the_language_too(void **state)
{
	static const struct {
		const char *language, *birthday, *end, *error;
	} rows[] = {
		{ "en", "10 December 1990", "Monday 30 November 2026, 14:00 UTC",
		    "at least 15 characters" },
		{ "de", "10. Dezember 1990", "Montag, 30. November 2026, 14:00 Uhr (UTC)",
		    "mindestens 15 Zeichen" },
		{ "vi", "ngày 10 tháng 12 năm 1990",
		    "14:00 thứ Hai, ngày 30 tháng 11 năm 2026 (giờ UTC)", "ít nhất 15 ký tự" },
	};
	struct world *w = world_new();

	(void)state;
	w->flow.accept_code = ERR_INVALID;
	field_errors_add(&w->errors, "password", "too_short", "English for programs.");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		w->inv.person.value[PERSON_LANGUAGE] = rows[i].language;
		x = world_post_form(w, "password=p&password_again=p");
		assert_non_null(strstr(x->body.data, rows[i].birthday));
		assert_non_null(strstr(x->body.data, rows[i].end));
		assert_non_null(strstr(x->body.data, rows[i].error));
		assert_null(strstr(x->body.data, "English for programs"));
		fake_http_free(x);
	}
	world_free(w);
}

static void
programs_read_english(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->flow.view = (struct accept_view){ .state = VIEW_EXPIRED };
	x = fake_http_new(HTTP_GET, LINK, NULL);
	fake_http_set_header(x, "accept", "application/json");
	fake_http_set_header(x, "accept-language", "de");
	world_run(w, x);
	assert_non_null(strstr(x->body.data, "This invitation has ended"));
	assert_string_equal(fake_http_reply_header(x, "Vary"), "Accept, Cookie");
	fake_http_free(x);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_is_there_in_each_language_and_used),
		cmocka_unit_test(each_language_has_the_same_placeholders),
		cmocka_unit_test(each_word_is_translated),
		cmocka_unit_test(each_code_of_a_field_has_words_of_its_own),
		cmocka_unit_test(the_invitation_decides_then_the_browser_then_the_configuration),
		cmocka_unit_test(the_end_is_told_in_the_language_of_the_invitation),
		cmocka_unit_test(dates_and_errors_are_in_the_language_too),
		cmocka_unit_test(programs_read_english),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
