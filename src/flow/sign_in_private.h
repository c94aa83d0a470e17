/* Shared by the files of signing in:
 *
 *   flow_sign_in.c         the use case
 *   flow_sign_in_all.c     the part of the flow: all attempts, and what they share
 *   flow_sign_in_end.c     how an attempt ends: what is recorded, and when it is answered
 *   flow_sign_in_pace.c    when a refusal is answered
 *   flow_sign_in_source.c  how soon a source may try again, and everybody together
 *   flow_sign_in_budget.c  how many failures of one account, or of one login, there may be
 *   flow_sign_in_replay.c  what failed before the daemon was started
 *   flow_sign_in_known.c   where each person has signed in from
 *
 * All on the loop's thread; times are monotonic ms unless it says wall. */
#ifndef USHERD_FLOW_SIGN_IN_PRIVATE_H
#define USHERD_FLOW_SIGN_IN_PRIVATE_H

#include <assert.h>

#include "auth/throttle.h"
#include "dir/dir_sign.h"
#include "flow/flow_private.h"
#include "flow/flow_sign_in.h"
#include "store/store_session.h"

/* ---- sources and everybody (flow_sign_in_source.c) ---- */

enum sign_in_verdict {
	SIGN_IN_RIGHT,
	SIGN_IN_WRONG,
	SIGN_IN_HELD,	/* its login had to wait: no failure of a source that an office shares */
	SIGN_IN_NOTHING /* nothing was tried, as far as anybody counts */
};

/* A source that has taken its turn. */
struct source_turn {
	unsigned char key[THROTTLE_SOURCE_SIZE];
	bool is_known;			/* somebody has signed in from there lately */
	bool in_crowd, counts_in_hurry; /* what of it is to be given back */
};

struct sign_in_sources;
struct sign_in_sources *sign_in_sources_new(void);
void sign_in_sources_free(struct sign_in_sources *s);
/* 0: it may try now, and counts as a failure until it is settled. Else ms until then; `*news`: it
 * has just become one that has to wait, which is told once in 15 min. */
int64_t sign_in_sources_take(
    struct sign_in_sources *s, struct source_turn *turn, int64_t now, bool *news);
void sign_in_sources_settle(
    struct sign_in_sources *s, const struct source_turn *turn, enum sign_in_verdict verdict);

/* ---- accounts and logins (flow_sign_in_budget.c) ---- */

enum { BUDGET_KEY_SIZE = 16, BUDGET_SOON_MS = 1000 };

struct budget;
/* `window_ms` 0: until a success. Beyond `max` keys the one that was tried longest ago goes. */
struct budget *budget_new(size_t attempts, int64_t window_ms, size_t max);
void budget_free(struct budget *b);
void budget_key(
    const struct budget *b, const void *text, size_t len, unsigned char key[BUDGET_KEY_SIZE]);
/* 0: one more may fail, and counts from now on; `*mark` settles it. Else ms until then (INT64_MAX:
 * nobody knows; BUDGET_SOON_MS and no news while too many are under way that have not failed yet);
 * `*news`: this key has just become one that has to wait. */
int64_t budget_take(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], bool is_known,
    int64_t now, uint64_t *mark, bool *news);
/* A failure counts from `now` on, when the directory had counted it at the latest. */
void budget_settle(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], uint64_t mark,
    enum sign_in_verdict verdict, int64_t now);
/* A stranger's failure of earlier, the oldest first. */
void budget_add(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t at);
/* A success of earlier: what failed before it is given back. */
void budget_clear(struct budget *b, const unsigned char key[BUDGET_KEY_SIZE], int64_t before);

/* ---- what failed before the start (flow_sign_in_replay.c) ---- */

struct replay;
/* From the audit trail into the budget, beginning on a later turn of the loop. */
struct replay *replay_new(struct flow *f, struct budget *accounts, int64_t window_ms);
void replay_free(struct replay *r);
bool replay_is_done(const struct replay *r);

/* ---- when a refusal is answered (flow_sign_in_pace.c) ---- */

struct pace {
	int64_t unit_ms;
	int64_t max_ms, max_before_ms; /* of those that are counted, and of as many before */
	unsigned count;
};
/* The directory took so long over a real account. */
void pace_saw(struct pace *p, int64_t took_ms);
int64_t pace_ms(const struct pace *p);

/* ---- known sources (flow_sign_in_known.c) ---- */

struct known;
struct known *known_new(struct flow *f, const struct seal *seal);
void known_free(struct known *k);
/* As it is stored. */
void known_hash(const struct known *k, const unsigned char key[THROTTLE_SOURCE_SIZE],
    unsigned char source[STORE_SOURCE_SIZE]);
/* `person` NULL: anybody. */
bool known_has(
    const struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE]);
void known_add(struct known *k, const char *person, const unsigned char source[STORE_SOURCE_SIZE],
    int64_t wall_ms);
void known_drop(struct known *k, const char *person);
/* By itself once an hour: what is too old goes, also from the store. */
void known_sweep(struct known *k);

/* ---- attempts ---- */

TAILQ_HEAD(sign_in_list, sign_in);
TAILQ_HEAD(sign_in_note_list, sign_in_note);

/* A record on its way into the store. */
struct sign_in_note {
	TAILQ_ENTRY(sign_in_note) link;
	struct sign_ins *all;
	struct store_op *op;
};

struct sign_ins {
	struct flow_guest guest; /* first */
	struct flow *flow;
	struct auth *auth;
	struct sign_in_sources *sources;
	struct budget *accounts, *logins;
	struct replay *replay;
	struct known *known;
	struct pace pace;
	struct sign_in_list list; /* also those that wait to be answered */
	struct sign_in_note_list notes;
	size_t running; /* not decided yet */
	size_t strangers;
};

/* A turn of a budget. */
struct budget_turn {
	unsigned char key[BUDGET_KEY_SIZE];
	uint64_t mark; /* 0: none is taken */
};

struct sign_in {
	TAILQ_ENTRY(sign_in) link;
	struct sign_ins *all;
	struct arena *arena;
	const char *login, *address, *agent, *request_id, *old_session, *old_person;
	struct secret *password; /* until it is sent */
	struct source_turn turn;
	unsigned char source[STORE_SOURCE_SIZE];
	struct budget_turn by_login, by_account;
	struct dir_account account; /* in the arena; dn NULL: nobody's */
	bool runs;		    /* counts as running */
	bool is_ended;		    /* the person was suspended or deleted meanwhile */
	bool is_refused;	    /* answered when the timer fires */
	int64_t began_at, asked_at;
	int64_t pace_ms, tick_ms; /* the timer fires so long after the beginning */
	struct dir_op *op;
	struct auth_make *make;
	struct loop_timer *timer;
	enum err code;
	int64_t wait_ms;
	struct fault fault;
	flow_signed_in_cb *cb;
	void *arg;
};

/* Its timer, at the pace. */
void sign_in_begin_pace(struct sign_in *s);
/* Answers, and frees. `secret` is freed unless the callback takes it. */
void sign_in_finish(struct sign_in *s, const struct store_session *session, struct secret **secret);
/* Answers without a session on the next turn of the loop. */
void sign_in_end(struct sign_in *s, enum err code, const char *text);
/* The directory refused, or `reason` did: recorded, and answered like all that fails. */
void sign_in_refuse(struct sign_in *s, const char *reason, const struct fault *f);
/* "source", "login" or "account" has to wait from now on. */
void sign_in_tell_throttled(struct sign_in *s, const char *reason);
/* Has to wait, and is told so like all that fails. */
void sign_in_throttle(struct sign_in *s, int64_t wait_ms);
/* Recorded like a refusal, though no answer follows from it. */
void sign_in_record(struct sign_in *s, const char *event, const char *reason);
/* It is decided: others may have its place. */
void sign_in_stop_running(struct sign_in *s);
struct store_note sign_in_note_of(struct sign_in *s, const char *actor);
void sign_in_notes_free(struct sign_ins *all);

#endif
