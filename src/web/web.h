/* The registration page: rendered here, complete without script, and its JSON twin.
 *
 * - GET /join/TOKEN: a browser gets 303 to /join with a short-lived cookie, so that the token
 *   leaves the address bar; a link that cannot be used is told at once. Accept: application/json
 *   gets the view. Changes nothing.
 * - POST /join/TOKEN: application/json or the form.
 * - GET /join, POST /join: the same by cookie.
 * - GET /join/assets/NAME: style sheet, script, icon, logo: immutable, named by content hash.
 *
 * Pages are in the language of the invitation when we speak it, else in what Accept-Language asks
 * for, else in the configured one, else in English. Problem documents are in English.
 *
 * The cookie is stateless: sealed {token hash, attempt id, end, language}, 30 minutes, HttpOnly,
 * SameSite=Lax, Path=/join, Secure when public_url is https. The form carries the attempt id in a
 * hidden field, which must be the cookie's: a form of another site does not know it. */
#ifndef USHERD_WEB_WEB_H
#define USHERD_WEB_WEB_H

#include "base/clock.h"
#include "flow/flow.h"
#include "http/http.h"

struct web;

struct web_conf {
	struct flow *flow;
	const struct clock *clock;
	const char *organisation; /* shown on the page */
	const char *public_url;	  /* no slash at the end */
	const char *sign_in_url;  /* where to go when done; NULL: none */
	const char *help_contact; /* text; NULL: none */
	const char *language;	  /* of who asks for none that we speak; a tag */
	const char *accent_color; /* #rrggbb, with a text that can be read on it; NULL: ours */
	const char *logo;	  /* the bytes of a picture; NULL: none */
	size_t logo_len;
	const char *logo_suffix; /* "png", "svg" or "webp" */
	unsigned char cookie_key[32];
	/* POSTs of one source (IPv6: one /64). 0: no limit, and no delays that grow with unknown
	 * links and refused forms either. */
	size_t posts_per_minute;
};

struct web *web_new(const struct web_conf *conf);
void web_free(struct web *w);

/* The tags of the languages that pages are written in. */
const char *const *web_languages(size_t *count);

/* The routes above, on the public listener; their ctx is a struct web. */
extern const struct http_route web_routes[];

#endif
