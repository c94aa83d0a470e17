#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/id.h"
#include "web/web_private.h"

static enum err
parse(struct template **t, const char *text, struct fault *f)
{
	struct embed_file files[] = { { "page.html", text, strlen(text) },
		{ "part.html", "<i>{{x}}</i>", 12 }, { "loop.html", "{{>loop}}", 9 },
		{ "raw.html", "{{x}}", 5 } };
	static const char *const names[] = { "x", "y", "on", "off", "list", "bad_name", NULL };
	const struct template_source source = { .files = files, .file_count = 4, .names = names };

	return template_parse(t, &source, "page", f);
}

static void
values_are_escaped_by_where_they_stand(void **state)
{
	static const struct {
		const char *text, *x, *expected;
	} rows[] = {
		{ "{{x}}", "a", "a" },
		{ "{{x}}", "<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;" },
		{ "{{x}}", "a\nb", "a\nb" },
		{ "{{x}}", "\x01\x7f", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "{{x}}", "\xd8\xb3\xf0\x9f\x98\x80", "\xd8\xb3\xf0\x9f\x98\x80" },
		{ "<p title=\"{{x}}\">", "\" onload=\"x", "<p title=\"&#34; onload=&#34;x\">" },
		{ "<p title=\"{{x}}\">", "a\nb\tc", "<p title=\"a&#10;b&#9;c\">" },
		{ "<a href=\"{{x}}\">", "https://a/?b&c", "<a href=\"https://a/?b&amp;c\">" },
		{ "<a href=\"{{x}}\">", "/join", "<a href=\"/join\">" },
		{ "<a href=\"{{x}}\">", "mailto:a@b", "<a href=\"mailto:a@b\">" },
		{ "<a href=\"{{x}}\">", "javascript:alert(1)", "<a href=\"#\">" },
		{ "<a href=\"{{x}}\">", " javascript:alert(1)", "<a href=\"#\">" },
		{ "<a href=\"{{x}}\">", "//evil", "<a href=\"#\">" },
		{ "<a href=\"{{x}}\">", "/\\evil", "<a href=\"#\">" },
		{ "<A HREF=\"{{x}}\">", "data:text/html,x", "<A HREF=\"#\">" },
		{ "<a/href=\"{{x}}\">", "data:text/html,x", "<a/href=\"#\">" },
		{ "<a href=\"#f-{{x}}\">", "a:b", "<a href=\"#f-a:b\">" },
		{ "{{>part}}|{{>part}}", "<", "<i>&lt;</i>|<i>&lt;</i>" },
		{ "<p title=\"{{>raw}}\">", "\"", "<p title=\"&#34;\">" },
		{ "{{y}}-{{#y}}a{{/y}}{{^y}}b{{/y}}", "", "-b" },
		{ "{{#x}}1{{#on}}2{{/on}}{{^off}}3{{/off}}{{#off}}4{{/off}}{{/x}}", "a", "123" },
		{ "{{#list}}[{{x}}{{y}}]{{/list}}{{^list}}none{{/list}}", "o", "[oa][ob][oc]" },
		{ "{{^x}}none{{/x}}", "", "none" },
		{ "<p{{#on}} class=\"{{x}}\"{{/on}}>", "<", "<p class=\"&lt;\">" },
		{ "{ {x} }", "a", "{ {x} }" },
		{ "<!DOCTYPE html><title>{{x}}</title>", "<",
		    "<!DOCTYPE html><title>&lt;</title>" },
		/* The scheme of an address may come from any value that stands before its end. */
		{ "<a href=\" {{x}}\">", "javascript:a", "<a href=\" #\">" },
		{ "<a href=\"java{{x}}\">", "script:a", "<a href=\"java#\">" },
		{ "<a href=\"{{y}}{{x}}\">", "javascript:a", "<a href=\"#\">" },
		{ "<a href=\"{{#off}}/{{/off}}{{x}}\">", "javascript:a", "<a href=\"#\">" },
		{ "<a href=\"{{y}}/{{x}}\">", "javascript:a", "<a href=\"/javascript:a\">" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const letters[] = { "a", "b", "c" };
		struct arena *arena = arena_new(0);
		struct template_model *m = template_model_new(arena);
		struct template *t;
		struct buf out;

		buf_init(&out, 4096);
		template_model_set_text(m, "x", rows[i].x);
		template_model_set_flag(m, "on", true);
		template_model_set_flag(m, "off", false);
		for (size_t j = 0; j < 3; j++)
			template_model_set_text(
			    template_model_add_item(m, "list"), "y", letters[j]);
		assert_int_equal(parse(&t, rows[i].text, NULL), ERR_OK);
		template_render(t, m, &out);
		assert_string_equal(out.data, rows[i].expected);
		template_free(t);
		buf_release(&out);
		arena_free(arena);
	}
}

static void
a_template_that_is_not_safe_or_not_whole_is_refused(void **state)
{
	static const char *const rows[] = { "{{x", "{{}}", "{{ x }}", "{{x.y}}", "{{X}}", "{{#x}}",
		"{{/x}}", "{{#x}}{{/y}}", "{{#x}}{{#y}}{{/x}}{{/y}}", "{{>none}}", "{{>loop}}",
		"{{unknown}}", "{{#unknown}}{{/unknown}}", "<p {{x}}>", "<{{x}}>",
		"<p title={{x}}>", "<p title='{{x}}'>", "<p title='a'>", "<p onclick=\"{{x}}\">",
		"<p style=\"{{x}}\">", "<!-- {{x}} -->", "<script>", "<STYLE>", "<p", "<p title=\"",
		"{{#x}}<p{{/x}}>", "{{#x}}<p title=\"{{/x}}\">", "<p \"{{x}}\">",
		"<a href=x\"{{x}}\">", "<p <b>",
		/* A browser would see a script, or another attribute, than is read here. */
		"<scr{{^x}}{{/x}}ipt>{{x}}", "<{{^x}}{{/x}}script>{{x}}",
		"<scr{{#off}} class=\"a\"{{/off}}ipt>{{x}}", "<scr{{>part}}ipt>",
		"<a {{#off}}x{{/off}}href=\"{{x}}\">", "<a {{#off}}x{{/off}}=\"{{x}}\">",
		"<a href={{#on}}\"\" x={{/on}}\"{{x}}\">", "<a ={{x}}", "<a =\"><script>{{x}}\">",
		"<a x==\"><script>{{x}}\">", "<a x=y title=\"{{x}}\">", "<a=\"{{x}}\">",
		"</a!=\"{{x}}\">", "<!x=\"><script>{{x}}\">", "<!doctype x=\"><script>{{x}}\">",
		"<3 x=\"<script>{{x}}\">", "<? x=\"><script>{{x}}\">", "<![CDATA[{{x}}", "a < b",
		"<", "<textarea><a x=\"</textarea><script>{{x}}\">", "<iframe>{{x}}",
		"<noscript>{{x}}", "<title><a x=\"</title><script>{{x}}\">",
		"<title><b>{{x}}</b></title>", "<plaintext>", "<title>{{x}}</titles>",
		"<!-- {{#on}} --> {{/on}}", "<!-- --{{^x}}{{/x}}> <script> -->",
		"<!-- --!><script> -->{{x}}", "<!--!><p title=\"{{x}}\">",
		"<a href=\"{{#on}}\" title=\"{{/on}}{{x}}\">",
		"<a href=\"/{{#list}}{{y}}\">x</a><a href=\"{{/list}}\">",
		"{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct template *t = NULL;
		struct fault f;

		if (parse(&t, rows[i], &f) != ERR_INVALID)
			fail_msg("taken: %s", rows[i]);
		assert_null(t);
		assert_non_null(strstr(f.text, ":1: "));
	}
}

static void
a_script_is_taken_only_where_it_is_asked_for_and_empty(void **state)
{
	static const struct {
		const char *text;
		enum err code;
	} rows[] = {
		{ "<script src=\"{{x}}\"></script>{{x}}", ERR_OK },
		{ "{{#x}}<script type=\"module\" src=\"{{x}}\"></script>{{/x}}", ERR_OK },
		{ "<script></script>", ERR_OK },
		{ "<script>{{x}}</script>", ERR_INVALID },
		{ "<script>1</script>", ERR_INVALID },
		{ "<script>", ERR_INVALID },
		{ "<script>{{#x}}</script>{{/x}}", ERR_INVALID },
		{ "<script>{{>part}}</script>", ERR_INVALID },
		{ "<script></script >", ERR_INVALID },
		{ "<script {{x}}></script>", ERR_INVALID },
		{ "<noscript><p title=\"{{x}}\">{{x}}</p></noscript>", ERR_OK },
		{ "<noscripts></noscripts>", ERR_INVALID },
		{ "<noscript><p title=\"</noscript><a onclick='{{x}}'\"></noscript>", ERR_INVALID },
		{ "<noscript><!-- </noscript> --></noscript>", ERR_INVALID },
		{ "<noscript>{{#x}}</noscript>{{/x}}", ERR_INVALID },
		{ "<scripts></scripts>", ERR_INVALID },
		{ "<style></style>", ERR_INVALID },
	};
	static const char *const names[] = { "x", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct embed_file files[] = { { "page.html", rows[i].text, strlen(rows[i].text) },
			{ "part.html", "", 0 } };
		const struct template_source source = {
			.files = files, .file_count = 2, .names = names, .has_scripts = true
		};
		struct template *t = NULL;
		struct fault f;

		if (template_parse(&t, &source, "page", &f) != rows[i].code)
			fail_msg("%s", rows[i].text);
		template_free(t);
	}
}

static void
values_keep_to_their_line_in_plain_text(void **state)
{
	static const struct {
		const char *text, *x, *expected;
	} rows[] = {
		{ "{{x}}", "<b>&\"'", "<b>&\"'" },
		{ "a < b {{x}} <script>", "c", "a < b c <script>" },
		{ "{{x}}\n", "a\r\nBcc: b\tc\x01\x7f", "a  Bcc: b c  \n" },
		{ "{{x}}",
		    "a\xc2\x85"
		    "b\xc2\x9f"
		    "c\xe2\x80\xa8"
		    "d\xe2\x80\xa9"
		    "e",
		    "a b c d e" },
		{ "{{x}}", "\xc2\xa0\xc3\xa9\xe2\x80\xa6\xe2\x80",
		    "\xc2\xa0\xc3\xa9\xe2\x80\xa6\xe2\x80" },
		{ "{{#x}}[{{x}}]{{/x}}{{^y}}none{{/y}}", "a", "[a]none" },
		{ "{{>part}}", "a", "of the folder: a" },
		{ "{{>beside}}", "a", "beside it: a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct embed_file files[] = { { "page.txt", rows[i].text, strlen(rows[i].text) },
			{ "part.txt", "no", 2 }, { "de/page.html", "{{x", 3 },
			{ "de/part.txt", "of the folder: {{x}}", 20 },
			{ "beside.txt", "beside it: {{x}}", 16 }, { "debeside.txt", "no", 2 },
			{ "beside.txt", "no", 2 } };
		const struct template_source source = { .files = files,
			.file_count = sizeof(files) / sizeof(files[0]),
			.form = TEMPLATE_TEXT,
			.folder = "de" };
		struct arena *arena = arena_new(0);
		struct template_model *m = template_model_new(arena);
		struct template *t;
		struct buf out;

		buf_init(&out, 4096);
		template_model_set_text(m, "x", rows[i].x);
		assert_int_equal(template_parse(&t, &source, "page", NULL), ERR_OK);
		template_render(t, m, &out);
		assert_string_equal(out.data, rows[i].expected);
		template_free(t);
		buf_release(&out);
		arena_free(arena);
	}
}

static void
a_mistake_is_told_with_the_line_of_its_file(void **state)
{
	static const struct {
		enum template_form form;
		const char *text, *expected;
	} rows[] = {
		{ TEMPLATE_HTML, "<p>\n\n<b", "page.html:3: the HTML ends inside a tag" },
		{ TEMPLATE_HTML, "\n<p {{x}}>",
		    "page.html:2: a value outside text and attributes" },
		{ TEMPLATE_HTML, "\n{{>bad}}", "bad.html:2: an unknown name" },
		{ TEMPLATE_TEXT, "\n\n{{#x}}\n", "page.txt:4: a section without its end" },
		{ TEMPLATE_TEXT, "{{>bad}}", "page.txt:1: an unknown file" },
	};
	static const char *const names[] = { "x", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct embed_file files[] = { { "page.html", rows[i].text, strlen(rows[i].text) },
			{ "page.txt", rows[i].text, strlen(rows[i].text) },
			{ "bad.html", "\n{{z}}", 6 } };
		const struct template_source source = {
			.files = files, .file_count = 3, .names = names, .form = rows[i].form
		};
		struct template *t = NULL;
		struct fault f;

		assert_int_equal(template_parse(&t, &source, "page", &f), ERR_INVALID);
		assert_string_equal(f.text, rows[i].expected);
	}
}

static void
output_stops_at_its_bound(void **state)
{
	struct arena *arena = arena_new(0);
	struct template_model *m = template_model_new(arena);
	struct template *t;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	template_model_set_text(m, "x", "0123456789");
	for (int i = 0; i < 1000; i++)
		template_model_add_item(m, "list");
	assert_int_equal(
	    parse(&t, "{{#list}}{{#list}}{{#list}}{{x}}{{/list}}{{/list}}{{/list}}", NULL), ERR_OK);
	template_render(t, m, &out);
	assert_true(buf_failed(&out));
	assert_in_range(out.len, 1, 100);
	template_free(t);
	buf_release(&out);
	arena_free(arena);
}

/* Whatever the template, a hostile value never brings a quote or a bracket of its own. */
static void
random_templates_are_refused_or_stay_escaped(void **state)
{
	static const char *const pieces[] = { "{{x}}", "{{#x}}", "{{/x}}", "{{^x}}", "<p ", "<a",
		" href=\"", " title=\"", "\"", ">", "text", "<!--", "-->", "{{", "}}", "{{>part}}",
		"'", "=", "/", "style=\"" };
	size_t parsed = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct template *t;
		struct buf text;

		buf_init(&text, 4096);
		for (uint32_t n = random_below(12) + 1; n > 0; n--)
			buf_add_string(
			    &text, pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))]);
		if (parse(&t, text.data, NULL) == ERR_OK) {
			struct arena *arena = arena_new(0);
			struct template_model *m = template_model_new(arena);
			struct buf out;

			parsed++;
			buf_init(&out, 65536);
			template_model_set_text(m, "x", "@\"'><%");
			template_render(t, m, &out);
			if (out.data != NULL) {
				assert_null(strstr(out.data, "@\""));
				assert_null(strstr(out.data, "<%"));
			}
			buf_release(&out);
			arena_free(arena);
			template_free(t);
		}
		buf_release(&text);
	}
	assert_true(parsed > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_by_where_they_stand),
		cmocka_unit_test(a_template_that_is_not_safe_or_not_whole_is_refused),
		cmocka_unit_test(a_script_is_taken_only_where_it_is_asked_for_and_empty),
		cmocka_unit_test(values_keep_to_their_line_in_plain_text),
		cmocka_unit_test(a_mistake_is_told_with_the_line_of_its_file),
		cmocka_unit_test(output_stops_at_its_bound),
		cmocka_unit_test(random_templates_are_refused_or_stay_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
