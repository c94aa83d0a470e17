/* One attempt to register, shared by the files that carry it out:
 *
 *   flow_accept.c   load, join, check the form; answer and free
 *   flow_claim.c    ask the directory, rename, hash, claim
 *   flow_settle.c   add, password, groups, settle; again and again while the directory is away
 *
 * Once the claim is stored the attempt goes on until it is settled, whether or not anybody still
 * waits for the answer. Everything it sends can be repeated: the DN is pinned and the entry carries
 * the invitation's id, so that meeting our own entry is success. */
#ifndef USHERD_FLOW_ACCEPT_PRIVATE_H
#define USHERD_FLOW_ACCEPT_PRIVATE_H

#include "flow/flow_private.h"

enum attempt_step {
	ATTEMPT_LOADING,
	ATTEMPT_ASKING,
	ATTEMPT_RENAMING,
	ATTEMPT_HASHING,
	ATTEMPT_CLAIMING,
	ATTEMPT_ADDING,
	ATTEMPT_PASSWORD,
	ATTEMPT_GROUPS,
	ATTEMPT_SETTLING,
	ATTEMPT_RELEASING
};

/* Somebody who waits for this attempt's end. */
struct waiter {
	TAILQ_ENTRY(waiter) link;
	bool same; /* the same attempt sent again, not a rival */
	flow_accept_cb *cb;
	void *arg;
};
TAILQ_HEAD(waiter_list, waiter);

struct attempt {
	TAILQ_ENTRY(attempt) link; /* in flow->attempts, from the moment the form is accepted */
	bool listed;
	struct flow *flow;
	enum attempt_step step;
	struct arena *arena;
	struct field_errors errors;
	struct token_hash token;
	char id[INVITATION_ATTEMPT_SIZE];
	char *request_id;
	const char *source;
	const char *value[PERSON_FIELD_COUNT]; /* of the form */
	struct secret *password, *hash;	       /* hash: argon2 mode */
	struct invitation *inv;		       /* as stored */
	struct invitation *next;	       /* as it is being stored */
	struct invitation *renamed;	       /* with another uid, while that is being stored */
	struct flow_names names;
	bool claimed;		 /* the store has our claim: from here on we settle */
	bool sent_before;	 /* an Add of an earlier attempt may have been sent */
	bool maybe_added;	 /* an Add of ours was sent and its fate is not known */
	bool gone;		 /* the entry of a created invitation was deleted: add it again */
	bool maybe_set;		 /* the same of a password */
	int misses;		 /* "no such entry" for the password of an entry that was there */
	const char *shortcoming; /* for the history: what is missing although it is finished */
	bool told_later;	 /* answered "in progress" */
	bool waiting;		 /* the retry timer runs, nothing is under way */
	int tries;		 /* of the claim */
	int64_t backoff_ms, started_mono_ms;
	struct loop_timer *answer_timer, *retry_timer;
	/* What the release is for: told when the link works again. */
	enum err release_code;
	struct fault release_fault;
	struct waiter_list waiters; /* the first is who started it */
};

/* The only setter of `step`. */
void attempt_enter(struct attempt *a, enum attempt_step step);

/* Tell everybody and free. The last thing a function does. */
void attempt_finish(struct attempt *a, enum err code, const struct fault *f);

/* Tell everybody "in progress" and go on. */
void attempt_answer_later(struct attempt *a);

/* The form is fine: carry it out. */
void attempt_ask(struct attempt *a);
/* Somebody was faster in the store: load again, or give up after FLOW_TRIES. */
void attempt_reload(struct attempt *a);
/* The claim is stored. */
void attempt_settle(struct attempt *a);

/* Borrows from the invitation as it is stored. */
struct store_note attempt_note(const struct attempt *a);

#endif
