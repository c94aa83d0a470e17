/* Signing in as if it was a function, in the small world of people_world.h. */
#ifndef USHERD_TESTS_SIGN_IN_WORLD_H
#define USHERD_TESTS_SIGN_IN_WORLD_H

#include "../fakes/fake_sign_in.h"
#include "flow/flow_sign_in.h"
#include "people_world.h"

#define ZOE_ID "e1111111-0000-4000-8000-000000000003"
#define RIGHT  "correct horse battery"
#define WRONG  "incorrect horse battery"
#define HOME   "192.0.2.1"

enum { ATTEMPTS = 4, WINDOW_S = 900 };

/* Ada and Bob have a role, Zoe has none; RIGHT is everybody's password. */
extern struct fake_account sign_in_accounts[3];

struct
try {
	struct world *w;
	size_t count;
	enum err code;
	int64_t wait_ms;
	char text[FAULT_TEXT_MAX], person[ID_SIZE], session[STORE_SESSION_ID_SIZE];
	struct secret *secret;
};
extern size_t try_answers; /* of all tries so far */

/* Refusals are answered as soon as can be. */
struct world *sign_in_world_new(void);
struct world *sign_in_world_with(int64_t window_s, int64_t pace_ms);
void sign_in_world_free(struct world *w);
void sign_in_world_crash(struct world *w);

/* What flow_sign_in_start() is given with a `struct try`. */
void try_on_answer(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, int64_t wait_ms, const struct fault *f);
/* Does not wait for the answer. */
void try_start(
    struct world *w, struct try *t, const char *login, const char *password, const char *source);
enum err try_once(
    struct world *w, struct try *t, const char *login, const char *password, const char *source);
enum err try_code(struct world *w, const char *login, const char *password, const char *source);
/* The nth source; good for the next seven calls. */
const char *try_address(unsigned n);

#endif
