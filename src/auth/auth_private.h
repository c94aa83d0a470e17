/* Shared by the files of auth alone. */
#ifndef USHERD_AUTH_AUTH_PRIVATE_H
#define USHERD_AUTH_AUTH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/auth.h"
#include "auth/auth_table.h"
#include "base/list.h"
#include "loop/loop.h"
#include "roster/roster.h"

enum {
	AUTH_TOKEN_LEN = 4 + 16 + 1 + 43 + 6,
	AUTH_TOKENS_MAX = 10000,
	AUTH_SECRET_BYTES = 32, /* of a session */
	AUTH_SECRET_LEN = 43,
	AUTH_ID_BYTES = 8, /* of a session's id, which is no secret */
	AUTH_REASON_SIZE = 32,
	AUTH_WAIT_MS = 2000, /* a caller waits so long for a look */
	AUTH_NEVER = -1	     /* a moment of the monotonic clock that has not been */
};

/* ---- who is still who (auth_person.c, auth_standing.c) ---- */

/* What somebody says of a person. Those behind AUTH_GOOD have lost their rights. AUTH_OUT: gone or
 * suspended. */
enum auth_word { AUTH_UNSURE, AUTH_GOOD, AUTH_GONE, AUTH_SUSPENDED, AUTH_OUT, AUTH_NO_ROLE };
struct auth_said {
	enum auth_word word;
	uint64_t groups; /* AUTH_GOOD: bits of auth_role_groups() */
};

struct auth_row;
struct auth_session;
struct auth_wait;
TAILQ_HEAD(auth_wait_list, auth_wait);
TAILQ_HEAD(auth_row_list, auth_row);
TAILQ_HEAD(auth_session_list, auth_session);

/* Whoever has a session, is about to have one, owns a token, is waited for or was forgotten a few
 * minutes ago; freed with the last of them. */
struct auth_person {
	struct auth_link by_id; /* first */
	TAILQ_ENTRY(auth_person) turn;
	char id[ID_SIZE];
	size_t holds;
	struct auth_session_list sessions; /* the oldest first */
	size_t session_count;
	struct auth_row_list tokens;
	/* What the list said last, as of one version of it, how many times that was something else
	 * than before, and monotonic ms of the last such time but the first. */
	struct auth_said list;
	unsigned views;
	int64_t told_at;
	bool asked;
	uint64_t version;
	enum roster_state state;
	char *org_unit; /* where they stood then, in one spelling; NULL: unknown */
	/* What the directory itself said, monotonic ms when it was asked, and up to which of the
	 * list's views that counts for more. */
	struct auth_said seen;
	int64_t seen_at;
	unsigned seen_views;
	int64_t lost_at; /* of the first look that said they may not, since one said they may */
	/* The last look, under way or not (auth_look.c). */
	TAILQ_ENTRY(auth_person) look_link;
	enum { AUTH_LOOK_NONE, AUTH_LOOK_WAITS, AUTH_LOOK_RUNS } look;
	bool is_awaited;       /* by a caller */
	bool is_unheard;       /* it had no answer */
	int64_t asked_at;      /* monotonic ms when it was asked for */
	unsigned looked_views; /* what the list had said when it began */
	int64_t used_at;       /* monotonic ms of the last check */
	struct auth_wait_list waits;
	/* When we ended them, and why. */
	int64_t forgotten_at;
	char forgotten[AUTH_REASON_SIZE];
};
TAILQ_HEAD(auth_person_list, auth_person);

/* What it comes to. */
struct auth_standing {
	uint64_t groups;
	bool read_only;
	const char *lost; /* ERR_UNAUTHENTICATED: why, as audit records name it */
};

struct auth_person *auth_person_find(const struct auth *a, const char *id);
struct auth_person *auth_person_hold(struct auth *a, const char *id); /* made when there is none */
void auth_person_drop(struct auth *a, struct auth_person *p);
/* Once for each version of the list. */
void auth_person_read_list(const struct auth *a, struct auth_person *p);
/* The directory, asked at `seen_at`, said it. `is_look`: to the look that is under way. */
void auth_person_note(
    struct auth *a, struct auth_person *p, struct auth_said said, int64_t seen_at, bool is_look);
struct auth_said auth_said_by_groups(uint64_t groups);
/* Has the directory asked when it is time for that. `is_awaited`: by a caller. */
void auth_look(struct auth *a, struct auth_person *p, bool is_awaited);
bool auth_look_is_awaited(const struct auth *a, const struct auth_person *p); /* not in vain yet */
void auth_look_end(struct auth *a, struct auth_person *p, bool is_answered);  /* `p` may be gone */
void auth_look_forget(struct auth *a, struct auth_person *p);		      /* the same */

/* ERR_OK, ERR_UNAUTHENTICATED (lost) or ERR_UNAVAILABLE (nobody knows). `is_used`: by a caller, for
 * whom the directory is asked when what it said is not new. Whoever has lost their rights loses
 * their sessions and tokens; `p` may be gone then. */
enum err auth_person_judge(
    struct auth *a, struct auth_person *p, bool is_used, struct auth_standing *out);
uint64_t auth_member_bits(const struct auth *a, const bool *member);
/* Nobody who signs in now began before they were forgotten. `p` may be gone then. */
void auth_person_forgive(struct auth *a, struct auth_person *p);
void auth_persons_free(struct auth *a);
void auth_waits_wake(struct auth_person *p); /* auth_wait.c */

/* ---- grants (auth_grant.c) ---- */

void auth_groups_init(struct auth *a);
/* One grant: all of these scopes, everywhere. */
void auth_grant_all(struct principal *who, struct arena *arena);
/* What the groups of a person give. */
void auth_grant_person(const struct auth *a, struct principal *who, const char *person,
    uint64_t groups, struct arena *arena);
/* Cut down to what the token is limited to. */
void auth_grant_limit(struct principal *who, const struct api_token *t, struct arena *arena);

/* ---- used_at (auth_use.c) ---- */

/* The last use of a token or session, written down to the minute and at most once a minute. */
struct auth_use {
	TAILQ_ENTRY(auth_use) link;
	struct auth *auth;
	struct store_op *op;
	const char *id;	    /* of the row that this is part of */
	int64_t *at;	    /* where the row has it */
	int64_t kept, sent; /* what the store has; what is on its way there */
	bool is_session, waits;
};
TAILQ_HEAD(auth_use_list, auth_use);

void auth_use_init(
    struct auth_use *u, struct auth *a, bool is_session, const char *id, int64_t *at);
void auth_use_note(struct auth_use *u, int64_t now);
void auth_use_told(struct auth_use *u, int64_t at); /* by the store */
void auth_use_end(struct auth_use *u);
void auth_uses_flush(struct auth *a);

/* ---- what is dead and must go from the store (auth_end.c) ---- */

struct auth_signout;
/* Ends it in the store, with `note` (copied) at once and else by and by; and again until the store
 * has done it. What the watch says of it meanwhile revives nothing. `s`: a session; of a token its
 * id alone. `so` (may be NULL) is told what became of the first try.
 *
 * Only the store outlives the process: what it has not done when the daemon stops is not ended
 * after the next start, unless why it ended is still so (rights, time). Whoever signed out was told
 * of the failure. */
void auth_end_session(struct auth *a, const struct store_session *s, const char *reason,
    const char *org_unit, const struct store_note *note, struct auth_signout *so);
void auth_end_token(struct auth *a, const char *id, const char *reason, const char *org_unit);
/* The same for one that the store has deleted already. */
void auth_end_told(struct auth *a, const char *token_id);
bool auth_is_ended(struct auth *a, bool is_session, const char *id); /* the watch tells of it */
void auth_ended_is_gone(struct auth *a, bool is_session, const char *id);
void auth_ended_forget_untold(struct auth *a, bool is_session);
void auth_ends_flush(struct auth *a);
void auth_ends_free(struct auth *a);
void auth_signout_told(struct auth_signout *so, enum err code, const struct fault *f);

/* One that was in a table is not any more. */
void auth_say_ended(struct auth *a);

/* ---- tables ---- */

/* Copies of a token's places, which live as long as this. */
struct auth_places {
	char *text[REACH_PLACES_MAX];
};
void auth_places_keep(struct auth_places *own, struct api_token *t);
void auth_places_free(struct auth_places *own);

/* A token as the table keeps it. `round`: the watch that told of it last. */
struct auth_row {
	TAILQ_ENTRY(auth_row) link; /* of its owner's */
	struct api_token token;
	struct auth_places places;
	struct auth_person *owner;				    /* NULL: nobody's */
	int64_t over_at;					    /* by auth_now() */
	enum { AUTH_ROW_OPEN, AUTH_ROW_STAYS, AUTH_ROW_GOES } fate; /* while some are looked for */
	struct auth_use use;
	unsigned round;
};

struct auth_session {
	struct auth_link by_hash; /* first */
	struct auth_link by_id;
	TAILQ_ENTRY(auth_session) link;	  /* of the person's */
	TAILQ_ENTRY(auth_session) unused; /* of all */
	struct store_session s;
	struct auth_person *person;
	int64_t active_at; /* monotonic ms of the last use */
	int64_t over_at;   /* by auth_now() */
	bool is_new;	   /* made by this process */
	struct auth_use use;
	unsigned round;
};

/* A change under way that somebody waits for. */
struct auth_op {
	TAILQ_ENTRY(auth_op) link;
	struct auth *auth;
	void (*release)(struct auth_op *o);
};
TAILQ_HEAD(auth_op_list, auth_op);
struct auth_make;
TAILQ_HEAD(auth_make_list, auth_make);
struct auth_token_make;
TAILQ_HEAD(auth_token_make_list, auth_token_make);
struct auth_ending;
TAILQ_HEAD(auth_ending_list, auth_ending);

/* One of the two watches. */
struct auth_watch {
	struct auth *auth;
	bool is_session, was_ready;
	struct store_watch *watch;
	struct loop_timer *retry; /* starts it again */
	int64_t pause_ms;
	unsigned round;
};

struct auth {
	struct auth_conf conf;
	const char *groups[AUTH_ROLES_MAX]; /* of the roles, each once */
	unsigned group_of_role[AUTH_ROLES_MAX];
	size_t group_count;
	loop_cb *ready; /* NULL once called */
	void *ready_arg;
	struct auth_watch tokens_watch, sessions_watch;
	struct auth_row **rows; /* tokens, sorted by id */
	size_t count, cap;
	struct auth_table sessions_by_hash, sessions_by_id, persons_by_id, endings_by_id;
	struct auth_session_list sessions; /* the longest unused first */
	struct auth_person_list persons;   /* whose turn it is next first */
	struct auth_op_list ops;
	struct auth_make_list makes; /* sessions that are being written */
	struct auth_token_make_list token_makes;
	struct auth_use_list uses; /* to be written */
	size_t uses_running;
	struct auth_ending_list endings; /* to be written */
	size_t endings_running;
	size_t waits_running;
	struct auth_person_list looks_awaited, looks; /* to be asked about */
	size_t looks_running;
	struct loop_timer *sweep;
	bool sweeping;
	size_t turns;	    /* left of this round of the sweep */
	int64_t wall, mono; /* when the clocks were looked at last; see auth_now() */
	bool is_ahead;	    /* of the wall clock, which was said */
	void (*trouble)(void *arg, const struct fault *f); /* may be NULL */
	void *trouble_arg;
	loop_cb *on_ended; /* NULL: nobody listens */
	void *on_ended_arg;
	struct loop_timer *ended; /* tells them, once for all of a moment */
};

/* Wall ms that never go back: when the wall clock is set back, what has passed by the monotonic
 * clock still counts; set forward, it counts at once. So what has ended once has ended. */
int64_t auth_now(struct auth *a);

/* Tokens (auth_row.c). Adding a known id replaces it. */
struct auth_row *auth_find(const struct auth *a, const char *id);
void auth_remember(struct auth *a, const struct api_token *t, bool is_new);
void auth_forget(struct auth *a, const char *id);
void auth_rows_told_all(struct auth *a);
void auth_rows_free(struct auth *a);
/* As store_delete_tokens_of() sees it, but for what was made with a token of the maker's. */
bool auth_token_is_of(const struct api_token *t, const char *created_by);
/* While the fates of all are known: that of the token that made this one. */
bool auth_row_goes(const struct auth *a, const struct api_token *t);
/* Of those that are over, the one that has been so longest goes; false: there is none. `owner`
 * NULL: of everybody's. */
bool auth_rows_end_oldest(struct auth *a, const struct auth_person *owner);
void auth_rows_sweep(struct auth *a); /* those that nobody wants to see any more */
/* It is dead; the store has yet to hear of it. */
void auth_row_end(struct auth *a, struct auth_row *row, const char *reason);

/* Sessions (auth_session.c). */
struct auth_session *auth_session_find(const struct auth *a, const char *id);
void auth_session_keep(struct auth *a, const struct store_session *s, bool is_new);
void auth_session_drop(struct auth *a, struct auth_session *s);
void auth_session_lose(struct auth *a, struct auth_session *s, const char *reason,
    const struct store_note *note, struct auth_signout *so);
bool auth_session_sweep(struct auth *a, struct auth_session *s); /* false: it has ended */
void auth_sessions_told_all(struct auth *a);
void auth_sessions_free(struct auth *a);
/* auth_session_make.c: those that are being made. Spoilt, they are dead when they are there. */
bool auth_is_making(const struct auth *a, const char *session_id);
void auth_makes_spoil(struct auth *a, const struct auth_person *p, const char *reason);
/* auth_make.c: the same of tokens. */
bool auth_is_making_token(const struct auth *a, const char *id);
void auth_token_makes_spoil(struct auth *a, const struct auth_person *p, const char *reason);
void auth_token_makes_of_spoil(struct auth *a, const char *created_by, const char *reason);
/* What an audit record of a token says that may be about a person, as JSON. */
const char *auth_token_personal(const struct api_token *t, struct arena *arena);

/* The sweep (auth_sweep.c): wakes up while there is somebody to look at or something to write. */
void auth_sweep_init(struct auth *a);
void auth_sweep_wake(struct auth *a);

/* Changes under way: `release` frees one without its callback. */
void auth_op_start(struct auth *a, struct auth_op *o, void (*release)(struct auth_op *o));
void auth_op_end(struct auth_op *o);

/* The text of a new token, its id and the hash of the text. */
struct secret *auth_token_text_new(char id[API_TOKEN_ID_SIZE], struct token_hash *hash);
/* False when `text` is no token: other form, or a checksum that shows a typing mistake. */
bool auth_token_text_read(
    const char *text, size_t len, char id[API_TOKEN_ID_SIZE], struct token_hash *hash);

#endif
