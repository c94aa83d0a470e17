/* What erasing shares: who is meant (flow_erase_find.c, flow_erase_walk.c), what is queued about
 * them (flow_erase_queue.c), and the whole in its order (flow_erase.c). */
#ifndef USHERD_FLOW_ERASE_PRIVATE_H
#define USHERD_FLOW_ERASE_PRIVATE_H

#include "flow/flow_erase.h"
#include "flow/mail_private.h"
#include "store/store_audit.h"
#include "store/store_people.h"

enum {
	ERASE_KNOWN_MAX = 200, /* ids, and names: beyond, ERR_TOO_LARGE */
	ERASE_PAGE = 100,
	ERASE_ROUNDS = 10 /* of looking: an id leads to names, and these to ids; beyond, too */
};

/* An id, or a name (uid or mail address), of whoever is to be erased. */
struct erase_known {
	const char *text;
	bool asked;   /* the caller named it, or what was found by that: theirs beyond doubt */
	bool checked; /* against the directory */
	bool spared;  /* somebody who is there has it, and nobody named them: left alone */
	/* Of an id: what is stored under it. Of the second the strings are NULL. */
	bool is_invitation;
	const struct store_trash *trash;
};
struct erase_set {
	struct erase_known items[ERASE_KNOWN_MAX];
	size_t count;
	bool is_full;
};

struct erasure;
typedef void erase_step(struct erasure *e);

struct erasure {
	struct flow_task task; /* first */
	struct arena *arena;   /* every string here */
	struct dir_op *dir_op; /* the wait under way, if it is not task.op */
	struct loop_timer *later;
	struct store_note note;
	const char *who;
	struct erase_set ids, names;
	bool is_known;		   /* something is stored under one of the ids */
	erase_step *next, *walked; /* when what is under way is through */
	int round;
	size_t seen; /* ids and names at the last look */
	/* Nobody is known by what was asked: it may be somebody's personal address. Whose it was
	 * (uid), and whether it was more than one's. */
	bool by_address, is_shared;
	const char *address_uid;
	size_t at; /* into a set, or into a page */
	/* of a walk */
	const char *after;
	struct store_trash page[ERASE_PAGE]; /* without strings */
	size_t page_count;
	/* of the queues: those of the page that go */
	enum outbox_queue queue;
	struct outbox_item *doomed[ERASE_PAGE];
	size_t doomed_count;
	bool is_sending; /* one of them is under way */
	/* answered */
	struct flow_erased erased;
	const char *told[ERASE_KNOWN_MAX];
	flow_erased_cb *cb;
	void *arg;
};

/* Answers and frees; nothing touches it afterwards. */
void erase_finish(struct erasure *e, enum err code, const char *words);

/* The one that this is, in any ASCII case; NULL: none that is known to be meant. */
const struct erase_known *erase_find(const struct erase_set *s, const char *text);
/* Note an id or a name that `by` led to; NULL and "" are none. The one of the set. */
struct erase_known *erase_add(
    struct erasure *e, struct erase_set *s, const char *text, const struct erase_known *by);

/* flow_erase_find.c. Fills the sets; then `next`. Finishes with ERR_CONFLICT, ERR_NOT_FOUND. */
void erase_identify(struct erasure *e, erase_step *next);
/* flow_erase_walk.c: one look at all that is stored. */
void erase_walk(struct erasure *e, erase_step *next);
/* flow_erase_queue.c: events, mails and messages about them are dropped. */
void erase_queues(struct erasure *e, erase_step *next);

#endif
