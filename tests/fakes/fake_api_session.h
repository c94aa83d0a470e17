/* A browser that signs in: it keeps one cookie, and its requests come from our own pages. */
#ifndef USHERD_FAKE_API_SESSION_H
#define USHERD_FAKE_API_SESSION_H

#include "fake_api_world.h"

#define SESSION	 "/api/v1/session"
#define SESSIONS "/api/v1/sessions"
#define HOST	 "127.0.0.1:8460"
#define GOOD	 "{\"login\":\"ada\",\"password\":\"correct horse\"}"

extern char session_cookie[128]; /* of the last sign-in, as the header Cookie */

/* Of a test: like api_world_setup(), and who signs in is an administrator. */
int session_setup(void **state);
void session_sign_in(void);
/* Keeps the cookie of an answer. */
void session_keep_cookie(const struct http_exchange *x);
struct http_exchange *session_post(const char *body);
struct http_exchange *session_ask(enum http_method method, const char *path, const char *body);
/* Frees the answer, too. */
void session_expect(struct http_exchange *x, int status);
const char *session_text(const json_t *object, const char *name);

#endif
