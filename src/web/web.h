/* The registration page: rendered here, complete without script, and its JSON twin.
 *
 *   GET  /join/TOKEN   a browser: 303 to /join with a short-lived cookie, so that the token leaves
 * the address bar; a link that cannot be used is told at once. Accept: application/json: the view.
 * Changes nothing. POST /join/TOKEN   application/json or the form GET  /join, POST /join   the
 * same by cookie GET  /join/assets/NAME   style sheet, icon: immutable, named by content hash
 *
 * The cookie is stateless: sealed {token hash, attempt id, end}, 30 minutes, HttpOnly,
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
	unsigned char cookie_key[32];
	/* POSTs of one source (IPv6: one /64). 0: no limit, and no delays that grow with unknown
	 * links and refused forms either. */
	size_t posts_per_minute;
};

struct web *web_new(const struct web_conf *conf);
void web_free(struct web *w);

/* The routes above, on the public listener; their ctx is a struct web. */
extern const struct http_route web_routes[];

#endif
