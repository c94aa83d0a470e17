/* An organisation's logo and colour on its page. */
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

/* The asset that a page refers to. */
static struct http_exchange *
asset_of_page(struct world *w, const char *stem)
{
	struct http_exchange *x = world_get_by_cookie(w);
	char from[40], url[80];
	const char *at;

	snprintf(from, sizeof(from), "/join/assets/%s.", stem);
	at = strstr(x->body.data, from);
	if (at == NULL) {
		fake_http_free(x);
		return NULL;
	}
	snprintf(url, sizeof(url), "%.*s", (int)strcspn(at, "\""), at);
	fake_http_free(x);
	return world_get(w, url, NULL);
}

static void
a_logo_is_served_by_its_content_and_can_do_nothing(void **state)
{
	static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	assert_null(asset_of_page(w, "logo"));
	w->conf.logo = svg;
	w->conf.logo_len = strlen(svg);
	w->conf.logo_suffix = "svg";
	world_rebuild(w);
	x = asset_of_page(w, "logo");
	assert_non_null(x);
	assert_int_equal(x->status, 200);
	assert_string_equal(x->type, "image/svg+xml");
	assert_int_equal(x->body.len, strlen(svg));
	assert_string_equal(fake_http_reply_header(x, "Content-Security-Policy"),
	    "default-src 'none'; style-src 'unsafe-inline'; sandbox");
	assert_string_equal(
	    fake_http_reply_header(x, "Cache-Control"), "public, max-age=31536000, immutable");
	fake_http_free(x);
	world_free(w);
}

static void
a_picture_of_bytes_is_served_whole(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0";
	struct world *w = world_new();
	struct http_exchange *x;

	(void)state;
	w->conf.logo = png;
	w->conf.logo_len = sizeof(png);
	w->conf.logo_suffix = "png";
	world_rebuild(w);
	x = asset_of_page(w, "logo");
	assert_string_equal(x->type, "image/png");
	assert_int_equal(x->body.len, sizeof(png));
	assert_memory_equal(x->body.data, png, sizeof(png));
	fake_http_free(x);
	world_free(w);
}

static struct color
variable(const char *sheet, const char *name)
{
	const char *at = strstr(sheet, name);
	struct color c;
	char text[COLOR_TEXT_SIZE];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%s", at + strlen(name) + 2);
	assert_true(color_parse(text, &c));
	return c;
}

static void
check_theme(const char *sheet, const char *accent, const char *card)
{
	struct color paper, fill;

	assert_true(color_parse(card, &paper));
	assert_true(color_parse(accent, &fill));
	assert_float_equal(color_contrast(variable(sheet, "--accent"), fill), 1, 0.001);
	assert_true(color_contrast(variable(sheet, "--on-accent"), fill) >= COLOR_READABLE);
	assert_true(color_contrast(variable(sheet, "--on-accent"),
			variable(sheet, "--accent-strong")) >= COLOR_READABLE);
	assert_true(color_contrast(variable(sheet, "--accent-text"), paper) >= COLOR_READABLE);
	assert_true(color_contrast(variable(sheet, "--accent-text"), variable(sheet, "--tint")) >=
		    COLOR_READABLE);
	assert_true(color_contrast(variable(sheet, "--accent-edge"), paper) >= 3);
}

static void
whatever_the_colour_all_can_be_read_in_both_themes(void **state)
{
	static const char *const accents[] = { "#0b6e4f", "#ffcc00", "#000000", "#ffffff",
		"#b3261e", "#00ffff", "#1a1e29", "#3a52b4" };

	(void)state;
	for (size_t i = 0; i < sizeof(accents) / sizeof(accents[0]); i++) {
		struct world *w = world_new();
		struct http_exchange *x;
		const char *dark;

		w->conf.accent_color = accents[i];
		world_rebuild(w);
		x = asset_of_page(w, "brand");
		assert_non_null(x);
		assert_string_equal(x->type, "text/css; charset=utf-8");
		dark = strstr(x->body.data, "dark)");
		check_theme(x->body.data, accents[i], "#ffffff");
		check_theme(dark, accents[i], "#1a1e29");
		fake_http_free(x);
		x = asset_of_page(w, "icon");
		assert_non_null(strstr(x->body.data, accents[i]));
		fake_http_free(x);
		world_free(w);
	}
}

/* The colours are mixed with those of the style sheet: they must be the same there. */
static void
the_sheet_has_the_papers_that_colours_are_made_for(void **state)
{
	struct world *w = world_new();
	struct http_exchange *x = asset_of_page(w, "style");
	const char *dark = strstr(x->body.data, "prefers-color-scheme: dark");

	(void)state;
	assert_non_null(strstr(x->body.data, "--card: #fff;"));
	assert_non_null(strstr(x->body.data, "--paper: #f3f4f8;"));
	assert_non_null(strstr(dark, "--card: #1a1e29;"));
	assert_non_null(strstr(dark, "--paper: #11141c;"));
	fake_http_free(x);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_logo_is_served_by_its_content_and_can_do_nothing),
		cmocka_unit_test(a_picture_of_bytes_is_served_whole),
		cmocka_unit_test(whatever_the_colour_all_can_be_read_in_both_themes),
		cmocka_unit_test(the_sheet_has_the_papers_that_colours_are_made_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
