#include "base/color.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

static const struct color white = { 0xff, 0xff, 0xff }, dark = { 0x1b, 0x21, 0x30 };

bool
color_parse(const char *text, struct color *out)
{
	unsigned long all;

	if (strlen(text) != COLOR_TEXT_SIZE - 1 || text[0] != '#' ||
	    strspn(text + 1, "0123456789abcdefABCDEF") != COLOR_TEXT_SIZE - 2)
		return false;
	all = strtoul(text + 1, NULL, 16);
	*out = (struct color){ (uint8_t)(all >> 16), (uint8_t)(all >> 8), (uint8_t)all };
	return true;
}

char *
color_format(struct color c, char out[COLOR_TEXT_SIZE])
{
	const unsigned char bytes[] = { c.red, c.green, c.blue };

	out[0] = '#';
	encode_hex(bytes, sizeof(bytes), out + 1);
	return out;
}

static double
color_linear(uint8_t channel)
{
	double value = channel / 255.0;

	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double
color_luminance(struct color c)
{
	return 0.2126 * color_linear(c.red) + 0.7152 * color_linear(c.green) +
	       0.0722 * color_linear(c.blue);
}

double
color_contrast(struct color a, struct color b)
{
	double one = color_luminance(a) + 0.05, other = color_luminance(b) + 0.05;

	return one > other ? one / other : other / one;
}

static uint8_t
color_mix_channel(uint8_t a, uint8_t b, int percent)
{
	return (uint8_t)((a * percent + b * (100 - percent) + 50) / 100);
}

struct color
color_mix(struct color a, struct color b, int percent)
{
	return (struct color){ color_mix_channel(a.red, b.red, percent),
		color_mix_channel(a.green, b.green, percent),
		color_mix_channel(a.blue, b.blue, percent) };
}

struct color
color_toward(struct color c, struct color end, struct color paper)
{
	for (int percent = 100; percent > 0; percent -= 4) {
		struct color mixed = color_mix(c, end, percent);

		if (color_contrast(mixed, paper) >= COLOR_READABLE)
			return mixed;
	}
	return end;
}

bool
color_text_on(struct color fill, struct color *text, double *contrast)
{
	double on_white = color_contrast(fill, white), on_dark = color_contrast(fill, dark);

	/* White is what a brand's colour is made for, as long as it can be read. */
	*text = on_white >= COLOR_READABLE || on_white >= on_dark ? white : dark;
	*contrast = on_white > on_dark ? on_white : on_dark;
	return *contrast >= COLOR_READABLE;
}
