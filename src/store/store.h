/* The store in the domain's words, written once above the kv port.
 *
 * Keys (all values sealed, see seal.h):
 *   invitation/ID            the invitation, versioned JSON
 *   token/HASH               id of the invitation a link belongs to; kept after the link's end
 *   uid/KH mail/KH phone/KH  reservation by keyed hash: {invitation, released_at}; of uid and mail
 *                            the hash ignores ASCII case, as the directory's matching does. In the
 *                            place of the invitation may stand the target of an intent (job/)
 *   work/ID                  empty; present while the invitation is claimed or created
 *   audit/UUIDv7             one record for each state change, written in its transaction
 *   chain/...                ties those together: see store_audit.h
 *   apitoken/ID              an API token (its hash)
 *   session/ID, known/...    sessions of people, and where they signed in from: see store_session.h
 *   meta/schema              schema version and a key check
 *   meta/chain               how far the audit trail's chain was: see store_audit.h
 *   job/, trash/, ...        changes of entries of the directory: see store_people.h
 *   outbox/, due/, ...       what is to be sent, and webhooks: see store_outbox.h
 *
 * Every call keeps kv.h's callback promise and its codes. Additional codes are named at each call.
 * Objects handed to a callback belong to the store and die when it returns, unless the name says
 * take.
 */
#ifndef USHERD_STORE_STORE_H
#define USHERD_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "invite/invitation.h"
#include "invite/reach.h"
#include "store/kv.h"
#include "base/seal.h"

struct store;
struct store_op;
struct store_session;

enum {
	/* 2: mails of invitations; 3: sessions, limits of tokens, audit records of two lines and
	 * their chain. Nothing of an older one is written anew, but a program that knows only that
	 * would take what is new for damage, or break the chain: it must refuse. */
	STORE_SCHEMA_VERSION = 3,
	STORE_LIST_MAX = 200,
	/* A reservation of a finished invitation may be taken over this long after its release:
	 * longer than any directory lookup that could have missed the new entry. */
	STORE_RELEASE_GRACE_MS = 60 * 1000
};

/* `kv` and `seal` are borrowed and outlive the store. */
struct store *store_new(
    struct loop *l, struct kv *kv, const struct seal *seal, const struct clock *c);
void store_free(struct store *s); /* cancels what is under way */
void store_cancel(struct store_op *op);

/* Writes, checks or raises meta/schema. ERR_MISCONFIGURED: a newer schema than ours; ERR_CORRUPT:
 * sealed with another key. Must succeed before anything else is called. */
typedef void store_done_cb(void *arg, enum err code, const struct fault *f);
struct store_op *store_prepare(struct store *s, store_done_cb *cb, void *arg);

/* Who did it and for which request, for the audit record, and what is to be sent because of it.
 * Borrowed for the call. */
struct store_post;
struct store_note {
	const char *actor;	/* "token:ID", "uid:0", "person", "resolver", "sweeper" */
	const char *request_id; /* may be NULL */
	/* store_outbox.h; NULL: nothing. Only with store_issue(), store_save() and the calls of the
	 * outbox: written in the same transaction. */
	const struct store_post *post;
	/* More for the audit record, as a JSON value of one line without personal data; NULL:
	 * nothing. Only where the call itself has nothing more to say. */
	const char *detail;
	/* What of it is about a person, as a JSON value: values before and after, a name. Never a
	 * secret. Kept so that it can be erased alone (store_audit.h). NULL: nothing. */
	const char *personal;
	const char *source; /* the client's address; kept as `personal` is; NULL: none */
	const char
	    *org_unit; /* where whom it is about stands, a DN in one spelling; NULL: nowhere */
	const char *moved_to; /* the same: where it put them, when that is elsewhere; or NULL */
	/* The entryUUID of the person whose rights the actor used (of a session, or a token's
	 * owner); NULL: nobody's. */
	const char *person;
	/* Of the outbox without an invitation: the event of an audit record about the item,
	 * "queue_item_retried" or "queue_item_dropped"; NULL: none. It is not about the invitation,
	 * whose own records replay its states. */
	const char *event;
};
/* A copy in `arena`, without what is to be posted. */
struct store_note store_note_copy(const struct store_note *note, struct arena *arena);

/* Write a new invitation, its tokens and its reservations in one transaction.
 * ERR_EXISTS: `taken` says which names another pending invitation (or one just finished) holds, and
 * whose they are: what is past its end gives its names up once that is written down.
 * ERR_OK: `revision` is the invitation's. */
struct store_taken {
	bool uid, mail, phone;
	char holders[3][ID_SIZE]; /* each once, whatever it holds */
	size_t holder_count;
};
typedef void store_issue_cb(void *arg, enum err code, uint64_t revision,
    const struct store_taken *taken, const struct fault *f);
struct store_op *store_issue(struct store *s, const struct invitation *inv,
    const struct store_note *note, store_issue_cb *cb, void *arg);

/* One invitation, by id or by a presented token's hash. ERR_NOT_FOUND. The callback may keep it by
 * taking it: set *inv to NULL. */
typedef void store_load_cb(
    void *arg, enum err code, struct invitation **inv, const struct fault *f);
struct store_op *store_load(struct store *s, const char *id, store_load_cb *cb, void *arg);
struct store_op *store_load_by_token(
    struct store *s, const struct token_hash *hash, store_load_cb *cb, void *arg);

/* Write the next version of an invitation after invitation_apply(), with everything that goes with
 * the state: work/, token/ of new tokens, reservations (kept while pending, claimed or created;
 * marked released when done; deleted when expired or revoked), links ended in final states and
 * personal data erased when done or revoked, one audit record for `event`. ERR_CONFLICT: the stored
 * version is not inv->revision any more. ERR_UNKNOWN is settled inside by reading back as long as
 * the store answers. ERR_OK: `revision` is the new one. `before`: the version that was loaded, to
 * see what changed (a renamed uid moves its reservation: ERR_EXISTS when the new one is taken). */
typedef void store_save_cb(void *arg, enum err code, uint64_t revision, const struct fault *f);
struct store_op *store_save(struct store *s, const struct invitation *before,
    const struct invitation *after, enum invitation_event event, const struct store_note *note,
    store_save_cb *cb, void *arg);

/* Invitations in the order of their ids (creation), strictly behind `after` (NULL: from the first).
 * `open_only` leaves out final states. `more`: call again behind the last. At most STORE_LIST_MAX
 * are looked at in one call, so fewer than `limit` may come back with `more` set; `next` is the id
 * to go on behind. One whose value is damaged is left out, so that it stops nobody behind it: the
 * code is ERR_OK and the fault's text names the first of them ("" when there was none; `f` is never
 * NULL here). ERR_CORRUPT: the store's file is damaged where the list itself lies. */
typedef void store_list_cb(void *arg, enum err code, struct invitation *const *list, size_t count,
    bool more, const char *next, const struct fault *f);
struct store_op *store_list(
    struct store *s, const char *after, size_t limit, bool open_only, store_list_cb *cb, void *arg);

/* Where a page ended, for whoever may not know the id that it ended with: sealed, and good for the
 * same `query` (any text) alone, also after a restart. */
enum { STORE_CURSOR_SIZE = 112 };
void store_cursor_make(
    const struct store *s, const char *query, const char *id, char out[STORE_CURSOR_SIZE]);
/* ERR_INVALID: it is none of this query; the text begins with "cursor: ". */
enum err store_cursor_read(const struct store *s, const char *query, const char *cursor,
    char id[ID_SIZE], struct fault *f);

/* The claimed and created ones, for the resolver, told as above; ERR_OK with count 0 when there are
 * none. */
struct store_op *store_list_unsettled(
    struct store *s, const char *after, size_t limit, store_list_cb *cb, void *arg);

/* Delete a final invitation whose done_at is before `before_ms`, with its token keys, the log of
 * its mails and what is left of its reservations. ERR_CONFLICT when it is not final or too young.
 */
struct store_op *store_purge(struct store *s, const char *id, int64_t before_ms,
    const struct store_note *note, store_done_cb *cb, void *arg);

/* API tokens. */
enum { API_TOKEN_NAME_MAX = 64, API_TOKEN_ID_SIZE = 17 };
struct api_token {
	char id[API_TOKEN_ID_SIZE]; /* 16 characters */
	char name[API_TOKEN_NAME_MAX + 1];
	struct token_hash hash;
	unsigned scopes;		/* bits of auth.h */
	int64_t created_at, expires_at; /* wall ms */
	char created_by[64];
	char owner[ID_SIZE]; /* entryUUID of the person it belongs to, whose rights bound its own;
				"": nobody's (made by the system's administrator) */
	int64_t used_at;     /* wall ms, to the minute; 0: never */
	/* What it is limited to; 0: as far as its owner reaches. Of one that a watch tells of the
	 * strings live until its callback returns. */
	const char *places[REACH_PLACES_MAX];
	size_t place_count;
};
/* ERR_EXISTS when the id is there. */
struct store_op *store_add_api_token(struct store *s, const struct api_token *t,
    const struct store_note *note, store_done_cb *cb, void *arg);
/* Write `used_at` down, without an audit record; a token that is gone is fine. */
struct store_op *store_touch_api_token(
    struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg);
/* ERR_NOT_FOUND. */
struct store_op *store_delete_api_token(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg);

/* All of a kind now, then every change: the object as it stands, or NULL with the `id` of one that
 * was deleted. Each watch calls the function of its own kind and no other. ready is called once
 * when all that exist have been told. One that cannot be read counts as absent and is told by
 * `damaged`, whose fault names its key; the watch goes on. Any other error ends the watch and is
 * told by `failed`: the watch is gone then, and store_watch_stop() must not be called for it. Any
 * of the callbacks may stop the watch. */
struct store_watch_cbs {
	void (*api_token)(void *arg, const char *id, const struct api_token *t);
	void (*session)(void *arg, const char *id, const struct store_session *session);
	void (*invitation)(void *arg, const char *id, const struct invitation *inv);
	void (*ready)(void *arg);
	void (*failed)(void *arg, enum err code, const struct fault *f);
	void (*damaged)(void *arg, const struct fault *f); /* may be NULL */
};
struct store_watch;
struct store_watch *store_watch_api_tokens(
    struct store *s, const struct store_watch_cbs *cbs, void *arg);
struct store_watch *store_watch_sessions(
    struct store *s, const struct store_watch_cbs *cbs, void *arg);
/* Final ones, too, as long as they are kept. That a link came or went is not told. */
struct store_watch *store_watch_invitations(
    struct store *s, const struct store_watch_cbs *cbs, void *arg);
void store_watch_stop(struct store_watch *w);

bool store_is_healthy(struct store *s, struct fault *f);

/* What is known of it without asking. */
struct store_figures {
	const char *kind; /* "sqlite" */
	int schema;	  /* of a store that was prepared */
	uint64_t bytes;	  /* of its files on the disk; 0: it has none */
};
void store_figures(struct store *s, struct store_figures *out);

#endif
