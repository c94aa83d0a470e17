/* Colours as a style sheet writes them, and whether one can be read on another (WCAG 2.2). */
#ifndef USHERD_BASE_COLOR_H
#define USHERD_BASE_COLOR_H

#include <stdbool.h>
#include <stdint.h>

struct color {
	uint8_t red, green, blue;
};

enum { COLOR_TEXT_SIZE = 8 };

bool color_parse(const char *text, struct color *out);	       /* exactly "#rrggbb" */
char *color_format(struct color c, char out[COLOR_TEXT_SIZE]); /* returns `out` */

/* 1 to 21; text needs COLOR_READABLE. */
#define COLOR_READABLE 4.5
double color_contrast(struct color a, struct color b);

/* `percent` of `a`, the rest of `b`. */
struct color color_mix(struct color a, struct color b, int percent);
/* `c`, as much nearer to `end` as it takes to be readable on `paper`. */
struct color color_toward(struct color c, struct color end, struct color paper);

/* What can be written on `fill`: white, else the dark of our pages. False when neither is readable;
 * `contrast` is then the better one's. */
bool color_text_on(struct color fill, struct color *text, double *contrast);

#endif
