/* auth with a store, a people list and clocks that a test holds in its hands. */
#ifndef USHERD_AUTH_WORLD_H
#define USHERD_AUTH_WORLD_H

#include "auth/auth.h"
#include "fake_auth_roster.h"
#include "fake_auth_store.h"

#define ADA   "11111111-1111-4111-8111-111111111111" /* in the group of administrators */
#define BOB   "22222222-2222-4222-8222-222222222222" /* invites into Berlin */
#define CAROL "33333333-3333-4333-8333-333333333333" /* in no group */

#define ADMINS	 "cn=admins,ou=groups,dc=x"
#define INVITERS "cn=inviters,ou=groups,dc=x"
#define AUDITORS "cn=auditors,ou=groups,dc=x"
#define BERLIN	 "ou=berlin,ou=people,dc=x"
#define PARIS	 "ou=paris,ou=people,dc=x"

/* auth_role_groups() of the world: ADMINS, INVITERS, AUDITORS. Administrator everywhere, inviter
 * into Berlin (quota 5), auditor of Paris. */
enum { WORLD_GROUPS = 3 };

enum { WORLD_WALL = 1800000000, WORLD_MINUTE = 60 * 1000 };

struct auth_world {
	struct loop *loop;
	struct store *store;
	struct auth *auth;
	struct arena *arena;
	struct fake_auth_roster roster;
	int64_t wall, mono; /* ms */
	/* The directory, asked about a person, says what the list has, and of `told` something of
	 * its own (NULL: gone). It cannot be asked while it is away; silent, it has not answered
	 * yet.
	 */
	bool is_away, is_silent;
	const char *told, *told_groups;
	size_t asked; /* calls of look_at */
	char asked_about[ID_SIZE];
	/* What the last answers said. */
	enum err code;
	size_t answers;
	const char *agent; /* of whoever signs in */
	struct store_session session;
	struct secret *secret;
	struct api_token token;
	struct secret *clear;
};
extern struct auth_world world;

int auth_world_setup(void **state);
int auth_world_teardown(void **state);
void auth_world_start(void); /* auth alone: as after a restart */
void auth_world_stop(void);

void auth_world_pass(int64_t ms); /* both clocks go on, and nobody wakes up */
/* The loop turns until the sweep has come by, and what it began is done. */
void auth_world_sweep(void);
void auth_world_turn(void); /* the loop turns once */

/* The list is another one from now on. */
void auth_world_list_changed(void);
void auth_world_person(size_t at, const char *id, const char *uid, enum feed_status status);
void auth_world_leave(const char *dn); /* all groups */

/* Sign in as somebody whom the directory has just seen in these groups ("" none, "A" ADMINS, "I",
 * "U"). world.session and world.secret are the new ones. */
void auth_world_sign_in(const char *person, const char *groups);
/* The same, but the directory was asked at `seen_at`. */
void auth_world_arrive(const char *person, const char *groups, int64_t seen_at);
/* Says so of the person from now on, whatever the list has; `person` NULL: what the list has. */
void auth_world_directory_says(const char *person, const char *groups);
/* Whoever must wait for the directory does, as the API has it. */
enum err auth_world_check(const struct secret *secret, struct principal *who);
enum err auth_world_check_last(struct principal *who); /* world.secret */

/* A token of all scopes, for an hour, made by `maker`. */
void auth_world_make_token(
    const struct principal *maker, unsigned scopes, const char *const *places, size_t count);
enum err auth_world_check_token(const struct secret *clear, struct principal *who);

/* "session_of(...)": reaches with one of the scopes. */
bool auth_world_reaches(
    const struct principal *who, unsigned scopes, const char *place, const char *owner);
void auth_world_members(const char *groups, bool member[WORLD_GROUPS]);
void auth_world_on_done(void *arg, enum err code, const struct fault *f);

#endif
