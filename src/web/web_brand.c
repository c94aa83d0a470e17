/* An organisation's colour in place of ours: buttons are filled with it as it is, and what is
 * written in it is made darker or lighter until it can be read, in each of the two themes. */
#include "web/web_private.h"

#include <assert.h>
#include <string.h>

/* Of a thing that is seen but not read, WCAG 2.2 wants less (1.4.11). */
#define SEEN 3.0

enum { HOVER = 86, TINT_LIGHT = 8, TINT_DARK = 18 }; /* per cent of the colour */

static const struct color black = { 0, 0, 0 }, white = { 0xff, 0xff, 0xff };

/* style.css has the same in its two themes. */
static const struct web_theme {
	struct color paper, card, end;
	int tint;
} light = { { 0xf3, 0xf4, 0xf8 }, { 0xff, 0xff, 0xff }, { 0, 0, 0 }, TINT_LIGHT },
  dark = { { 0x11, 0x14, 0x1c }, { 0x1a, 0x1e, 0x29 }, { 0xff, 0xff, 0xff }, TINT_DARK };

static const char *
web_brand_text(struct arena *arena, struct color c)
{
	char text[COLOR_TEXT_SIZE];

	return arena_strdup(arena, color_format(c, text));
}

static const char *
web_brand_theme(struct arena *arena, struct color accent, const struct web_theme *theme)
{
	struct color on, tint = color_mix(accent, theme->card, theme->tint);
	struct color text = color_toward(accent, theme->end, tint);
	bool is_seen = color_contrast(accent, theme->card) >= SEEN;
	double contrast;

	color_text_on(accent, &on, &contrast);
	return arena_printf(arena,
	    ":root {\n"
	    "\t--accent: %s;\n\t--accent-strong: %s;\n\t--on-accent: %s;\n"
	    "\t--accent-edge: %s;\n\t--accent-text: %s;\n\t--tint: %s;\n\t--glow: %s;\n"
	    "}\n",
	    web_brand_text(arena, accent),
	    /* Away from what is written on it. */
	    web_brand_text(
		arena, color_mix(accent, color_contrast(on, white) < 2 ? black : white, HOVER)),
	    web_brand_text(arena, on), web_brand_text(arena, is_seen ? accent : text),
	    web_brand_text(arena, text), web_brand_text(arena, tint),
	    web_brand_text(arena, color_mix(accent, theme->paper, theme->tint + 4)));
}

const char *
web_brand_sheet(struct arena *arena, struct color accent)
{
	return arena_printf(arena, "%s@media (prefers-color-scheme: dark) {\n%s}\n",
	    web_brand_theme(arena, accent, &light), web_brand_theme(arena, accent, &dark));
}

/* In place of `from`, which is there. */
static const char *
web_brand_replace(struct arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert(at != NULL);
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

const char *
web_brand_icon(struct arena *arena, const char *icon, struct color accent)
{
	struct color on;
	double contrast;

	color_text_on(accent, &on, &contrast);
	icon = web_brand_replace(arena, icon, "#3a52b4", web_brand_text(arena, accent));
	return web_brand_replace(arena, icon, "#ffffff", web_brand_text(arena, on));
}
