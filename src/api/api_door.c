/* Who calls: a bearer token, the other end of the unix socket, or the cookie of a session. */
#include <string.h>
#include <strings.h>

#include "api/api_private.h"

/* A name that begins with __Host- is one that no neighbour and no line in clear text can set (RFC
 * 6265bis section 4.1.3.2); browsers keep it over TLS only. */
const char *
api_cookie_name(const struct http_request *r)
{
	return r->is_secure ? "__Host-usherd" : "usherd";
}

/* A page of somebody else has made the browser ask. SameSite=Strict keeps the cookie at home then;
 * this is for browsers that do not. */
static bool
api_comes_from_elsewhere(const struct http_request *r)
{
	const char *site = http_header(r, "sec-fetch-site");

	return site != NULL && strcasecmp(site, "cross-site") == 0;
}

const char *
api_cookie(struct http_exchange *x)
{
	const struct http_request *r = http_request_of(x);

	return api_comes_from_elsewhere(r) ? NULL
					   : http_cookie(r, http_arena(x), api_cookie_name(r));
}

enum err
api_check_cookie(struct api *a, struct http_exchange *x, struct principal *who, struct fault *f)
{
	const char *cookie = api_cookie(x);

	if (cookie == NULL)
		return fault_set(f, ERR_UNAUTHENTICATED, "a bearer token or a session is needed");
	return auth_check_session(a->conf.auth, cookie, strlen(cookie), http_arena(x), who, f);
}

/* A bearer token is heard wherever it is given, also on the unix socket: a caller that names a
 * token asks for its rights and not for more. */
enum err
api_authenticate(struct api_call *c, struct fault *f)
{
	static const char scheme[] = "Bearer ";
	const struct http_request *r = http_request_of(c->x);
	const char *given = http_header(r, "authorization");
	struct auth *auth = c->api->conf.auth;
	struct arena *arena = http_arena(c->x);

	if (given != NULL) {
		if (strncasecmp(given, scheme, sizeof(scheme) - 1) != 0)
			return fault_set(f, ERR_UNAUTHENTICATED, "a bearer token is needed");
		given += sizeof(scheme) - 1;
		return auth_check_token(auth, given, strlen(given), arena, &c->who, f);
	}
	if (r->peer_is_unix) {
		struct auth_peer peer = { r->peer_uid, r->peer_gid, r->peer_groups,
			r->peer_group_count };

		return auth_check_peer(auth, &peer, arena, &c->who, f);
	}
	return api_check_cookie(c->api, c->x, &c->who, f);
}

bool
api_changes_something(const struct http_request *r)
{
	return r->method != HTTP_GET && r->method != HTTP_HEAD;
}

bool
api_is_our_page(struct http_exchange *x)
{
	if (http_origin_of(http_request_of(x)) == HTTP_SAME_ORIGIN)
		return true;
	api_reply_cross_site(x);
	return false;
}

/* A browser sends the cookie along whatever made it ask, and a form can send text. */
bool
api_admits_change(struct api_call *c)
{
	static const char json[] = "application/json application/merge-patch+json";
	const struct http_request *r = http_request_of(c->x);

	if (c->who.kind != AUTH_SESSION || !api_changes_something(r))
		return true;
	return api_is_our_page(c->x) && (r->body_len == 0 || http_takes_body(c->x, json));
}
