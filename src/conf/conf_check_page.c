/* Rules of [page]: a logo that a browser can show, and a colour that something can be read on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/color.h"
#include "conf/conf_private.h"

static void
conf_check_accent(const struct conf *c, struct conf_errors *errors)
{
	struct color accent, text;
	double contrast;

	if (c->accent_color == NULL)
		return;
	if (!color_parse(c->accent_color, &accent))
		conf_complain(errors, c, "page", "accent_color",
		    "accent_color: \"%s\" is no colour of the form #rrggbb", c->accent_color);
	else if (!color_text_on(accent, &text, &contrast))
		conf_complain(errors, c, "page", "accent_color",
		    "accent_color: neither white nor dark text can be read on \"%s\": the contrast "
		    "is %.1f at best and must be %.1f; take a darker or a lighter one",
		    c->accent_color, contrast, COLOR_READABLE);
}

/* SVG is text: what may stand in front of its element is left out first. */
static bool
conf_is_svg(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len, *close;

	if (memchr(bytes, '\0', len) != NULL)
		return false;
	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (;;) {
		while (at < end && strchr(" \t\r\n", *at) != NULL)
			at++;
		if (end - at < 5)
			return false;
		if (memcmp(at, "<?", 2) == 0)
			close = memmem(at, (size_t)(end - at), "?>", 2);
		else if (memcmp(at, "<!--", 4) == 0)
			close = memmem(at, (size_t)(end - at), "-->", 3);
		else if (strncasecmp(at, "<!DOC", 5) == 0)
			close = memchr(at, '>', (size_t)(end - at));
		else
			return memcmp(at, "<svg", 4) == 0 && strchr(" \t\r\n>/", at[4]) != NULL;
		if (close == NULL)
			return false;
		at = close + (*close == '-' ? 3 : *close == '?' ? 2 : 1);
	}
}

/* By what is in the file: its name says nothing that a browser believes. */
static const char *
conf_picture_suffix(const char *bytes, size_t len)
{
	if (len > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "png";
	if (len > 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
		return "webp";
	return conf_is_svg(bytes, len) ? "svg" : NULL;
}

static void
conf_read_logo(struct conf *c, struct conf_errors *errors)
{
	char *bytes;
	size_t len;
	FILE *file;

	if (c->page_logo == NULL)
		return;
	file = fopen(c->page_logo, "re");
	if (file == NULL) {
		conf_complain(errors, c, "page", "logo", "logo: \"%s\" cannot be read: %s",
		    c->page_logo, strerror(errno));
		return;
	}
	bytes = arena_alloc(c->arena, CONF_LOGO_MAX + 1);
	len = fread(bytes, 1, CONF_LOGO_MAX + 1, file);
	if (ferror(file))
		conf_complain(
		    errors, c, "page", "logo", "logo: \"%s\" cannot be read", c->page_logo);
	else if (len > CONF_LOGO_MAX)
		conf_complain(errors, c, "page", "logo",
		    "logo: \"%s\" has more than %d bytes; everybody who is invited loads it",
		    c->page_logo, CONF_LOGO_MAX);
	else
		c->logo = (struct conf_picture){ bytes, len, conf_picture_suffix(bytes, len) };
	if (c->logo.bytes != NULL && c->logo.suffix == NULL)
		conf_complain(errors, c, "page", "logo",
		    "logo: \"%s\" is neither a PNG nor a WebP nor an SVG picture", c->page_logo);
	fclose(file);
}

void
conf_check_page(struct conf *c, struct conf_errors *errors)
{
	conf_check_accent(c, errors);
	conf_read_logo(c, errors);
}
