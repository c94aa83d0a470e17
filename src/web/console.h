/* The web console's files: a shell that is the same for every screen, and what it loads.
 *
 * - GET / and each screen's address: the shell, in the language that Accept-Language asks for. It
 *   holds nothing that is secret and asks nobody who they are: the API does, which the console
 *   speaks to.
 * - GET /assets/VERSION/NAME: modules, style sheet, words: immutable, as VERSION names the content
 * of all of them. Another version is 404, never other content under its name.
 *
 * - GET of what is at no address, by a browser: the shell too, with 404: the console says so, and
 *   shows the way back. Not below /api/ and /join/: whoever asks there does not mean the console.
 *
 * A build without the console has no such routes (console_none.c). */
#ifndef USHERD_WEB_CONSOLE_H
#define USHERD_WEB_CONSOLE_H

#include "http/http.h"

struct console;

struct console_conf {
	const char *organisation; /* shown in the shell */
	const char *language;	  /* of who asks for none that we speak; a tag */
};

/* All that is served is made here, and nothing of `conf` is kept. */
struct console *console_new(const struct console_conf *conf);
void console_free(struct console *c);

/* The routes above, on the control listener; their ctx is a struct console. */
extern const struct http_route console_routes[];

/* False: the request is not one to be answered with the shell, and no reply was sent. */
bool console_page_missing(struct http_exchange *x, const struct console *c);

#endif
