/* Accounts behind dir_sign.h and sessions behind auth.h, for signing in. Answers come on a later
 * turn of the loop, or when the test lets them. */
#ifndef USHERD_TESTS_FAKE_SIGN_IN_H
#define USHERD_TESTS_FAKE_SIGN_IN_H

#include "auth/auth.h"
#include "dir/dir_sign.h"

struct fake_account {
	const char *uid, *mail, *uuid, *password;
	bool has_role;
	size_t failures; /* since the last success, as the account's own lock-out counts */
	size_t most;	 /* of them at any time */
};

struct fake_sign_in {
	struct loop *loop;
	struct fake_account *accounts;
	size_t count;
	size_t finds, binds;	       /* asked for so far */
	size_t waiting;		       /* answers that are held */
	bool holds;		       /* from now on, until fake_sign_in_release() */
	enum err find_code, bind_code; /* what is told instead; ERR_OK: nothing */
	char last_password[64];
	/* sessions */
	size_t sessions, ended;
	char ended_session[STORE_SESSION_ID_SIZE], ended_person[ID_SIZE];
	char agent[64]; /* of the last one that was made */
};
extern struct fake_sign_in fake_sign_in;

struct auth *fake_sign_in_start(
    struct loop *l, struct store *store, struct fake_account *accounts, size_t count);
void fake_sign_in_release(void); /* all that is held */
void fake_sign_in_end(void);

#endif
