/* What the store knows of changes to entries of the directory: the intents, written down before
 * anything is sent and taken away in the transaction that writes the audit record; and what is kept
 * of deleted users.
 *
 * Keys (values sealed as all are):
 *   job/TARGET         an intent. One for each target: while it is there nobody else begins a
 *                      change of the same entry, so what is found there later tells its outcome
 *   trash/UUID         what is kept of a deleted user: whose, since when, until when
 *   trashpart/UUID/N   the saved entry in parts, sealed with a key of its own
 *   trashkey/UUID      that key
 *   trashed/UUIDv7     the same once the user is gone, by when that was asked for: what a list of
 *                      them reads, newest first. A page of it costs as much as it has items,
 *                      however many are kept
 * Deleting trashkey/UUID destroys the key: the file's page is overwritten (secure_delete) by the
 * next checkpoint, and a copy of the parts that is left anywhere (a free page, the WAL, another
 * medium) is noise without it. Until then, and longer where nothing is written, the WAL has the
 * page as it was before: its frames are overwritten by later ones, or the WAL is cut off at a start
 * or a stop of the process. A backup of the whole store that was made before has both: it lives as
 * long as its owner lets it.
 *
 * Promises, codes and ownership as in store.h. */
#ifndef USHERD_STORE_STORE_PEOPLE_H
#define USHERD_STORE_STORE_PEOPLE_H

#include "base/secret.h"
#include "invite/person.h"
#include "store/store.h"

/* How whoever looks at what is kept knows whose it is; NULL: not known. */
struct trash_names {
	const char *name, *uid, *mail;
};

/* ---- intents ---- */

enum store_intent_kind {
	INTENT_USER_CHANGE,
	INTENT_USER_SUSPEND,
	INTENT_USER_RESUME,
	INTENT_USER_REMOVE,
	INTENT_USER_RESTORE,
	INTENT_ORG_UNIT_ADD,
	INTENT_ORG_UNIT_CHANGE,
	INTENT_ORG_UNIT_DELETE,
	INTENT_KIND_COUNT
};
/* The event of its audit record: "user_changed", "user_suspended", ... */
const char *store_intent_event(enum store_intent_kind kind);

struct store_intent {
	enum store_intent_kind kind;
	char target[ID_SIZE]; /* entryUUID; of an org unit that is being added an id of its own */
	uint64_t revision;    /* as begun or read */
	int64_t at;	      /* wall ms of the request */
	/* For the audit record, as in struct store_note; all but the actor may be NULL. */
	const char *actor, *request_id;
	const char *source, *person, *org_unit, *personal;
	const char *moved_to; /* not written down: a change that is settled put them there */
	const char *dn;	      /* removal, change: where it stands; org unit to be added: parent */
	const char *tag;      /* removal: of the version that is kept; NULL: none is */
	const char *value[PERSON_FIELD_COUNT]; /* change: what differs; NULL: left alone */
	/* change: DNs of groups, in one spelling, that they join and leave; at most
	 * PERSON_GROUPS_MAX each */
	const char *const *join, *const *leave;
	size_t join_count, leave_count;
	const char *name, *description; /* of an org unit; NULL: left alone */
	int64_t restorable_until;	/* removal: wall ms; 0: nothing is kept */
	struct trash_names names;	/* removal: not written down but kept with what is saved */
	bool of_admin; /* removal, suspension, change: of somebody who is no administrator then */
	bool gives_roles; /* change: whoever asked may give and take roles */
	/* Whoever asked reaches not everything: only what stands where it was seen (org_unit) is
	 * theirs to change. */
	bool is_limited;
};

/* Write it down. Removal: `saved` is kept with it in the same transaction (NULL: nothing is), in
 * the place of what is kept of an earlier entry of this UUID (a directory that was restored from a
 * backup brings them back). Restoring: `trash_revision` is what store_trash_load() told.
 * ERR_EXISTS: a change of this target is under way, or what was to be restored is gone; one that
 * cannot be read any more stops no removal. A change holds its new mail and phone until it is
 * settled or dropped: ERR_CONFLICT, somebody else holds one; the text begins with its field and
 * ": ". ERR_TOO_LARGE: `saved`. */
typedef void store_begun_cb(void *arg, enum err code, uint64_t revision, const struct fault *f);
struct store_op *store_intent_begin(struct store *s, const struct store_intent *intent,
    const struct secret *saved, uint64_t trash_revision, store_begun_cb *cb, void *arg);
/* The same in the place of the one of intent->revision: what is to be removed stands elsewhere
 * now. ERR_EXISTS: that one is settled. */
struct store_op *store_intent_replace(struct store *s, const struct store_intent *intent,
    const struct secret *saved, store_begun_cb *cb, void *arg);

/* It was carried out: the audit record, with `detail` (a JSON value, or NULL) and `personal` (the
 * same; NULL: the intent's), and the end of the intent; what was restored is no longer kept.
 * ERR_CONFLICT: it was settled already. */
struct store_op *store_intent_settle(struct store *s, const struct store_intent *intent,
    const char *detail, const char *personal, store_done_cb *cb, void *arg);
/* Nothing came of it: no audit record; what a removal had kept goes. ERR_CONFLICT as above. */
struct store_op *store_intent_drop(
    struct store *s, const struct store_intent *intent, store_done_cb *cb, void *arg);

/* Those that are there, in the order of their targets, strictly behind `after` (NULL: from the
 * first), at most `limit` (up to STORE_LIST_MAX). `next`: call again behind it; NULL: that was all.
 * One that is damaged is left out, told as store_list() does. */
typedef void store_intents_cb(void *arg, enum err code, const struct store_intent *list,
    size_t count, const char *next, const struct fault *f);
struct store_op *store_intent_list(
    struct store *s, const char *after, size_t limit, store_intents_cb *cb, void *arg);

/* That of this target, told as a list of one or none. ERR_CORRUPT: it cannot be read. */
struct store_op *store_intent_load(
    struct store *s, const char *target, store_intents_cb *cb, void *arg);

/* ---- what is kept of deleted users ---- */

struct store_trash {
	char id[ID_SIZE]; /* the entryUUID it had */
	uint64_t revision;
	const char *dn, *by;
	int64_t at, restorable_until; /* wall ms */
	size_t parts;
	char listed[ID_SIZE]; /* its place under trashed/; "": none */
	const char *names;    /* sealed with the key that goes when it is forgotten; NULL: none */
};

/* ERR_NOT_FOUND. ERR_CORRUPT: also when a part or the key is missing. */
typedef void store_trash_cb(void *arg, enum err code, const struct store_trash *t,
    const struct secret *saved, const struct fault *f);
struct store_op *store_trash_load(struct store *s, const char *id, store_trash_cb *cb, void *arg);

/* As store_intent_list(). */
typedef void store_trashes_cb(void *arg, enum err code, const struct store_trash *list,
    size_t count, const char *next, const struct fault *f);
struct store_op *store_trash_list(
    struct store *s, const char *after, size_t limit, store_trashes_cb *cb, void *arg);

/* The same, the one that was deleted last first: whoever is still there, because the deletion is
 * not done or did not come about, is not among them. `after` and `next` are of store_trash.listed,
 * and the revision is that of the place. */
struct store_op *store_trashed_list(
    struct store *s, const char *after, size_t limit, store_trashes_cb *cb, void *arg);
/* Give what an older version kept (store_trash.listed is "") its place there, and its names.
 * ERR_CONFLICT: a change is under way. ERR_NOT_FOUND, ERR_CONFLICT: it is gone. */
struct store_op *store_trash_enlist(struct store *s, const struct store_trash *t,
    const struct trash_names *names, store_done_cb *cb, void *arg);
/* Take one that was listed, and whose time is over, out of the list if nothing belongs to its
 * place: where the record is gone or damaged, with the key, all else that may be left, and an audit
 * record. ERR_CONFLICT: something belongs there, which is for store_trash_forget(), or a change is
 * under way. */
struct store_op *store_trashed_clear(struct store *s, const struct store_trash *t,
    const struct store_note *note, store_done_cb *cb, void *arg);
/* Whose it is, of one that was just listed. ERR_NOT_FOUND: it is no longer kept. ERR_CORRUPT: it
 * cannot be read, or something else is kept of this user by now. */
typedef void store_trash_names_cb(
    void *arg, enum err code, const struct trash_names *names, const struct fault *f);
struct store_op *store_trash_load_names(
    struct store *s, const struct store_trash *t, store_trash_names_cb *cb, void *arg);

/* Destroy the key and all else, with an audit record. ERR_CONFLICT: a restore is under way, or it
 * is gone. */
struct store_op *store_trash_forget(struct store *s, const struct store_trash *t,
    const struct store_note *note, store_done_cb *cb, void *arg);

/* ---- names and tokens ---- */

/* Which of the person's uid, mail and phone (NULL: not asked) a pending invitation holds, or a
 * change of an entry other than `own`. Whoever is to reserve them is kept from those of a finished
 * registration too, for STORE_RELEASE_GRACE_MS. Whoever reserves nothing and asks the directory
 * afterwards is not: the entry is there by then, or it is their own that was deleted since. */
enum store_names_purpose { STORE_NAMES_TO_RESERVE, STORE_NAMES_TO_LOOK_UP };
typedef void store_names_cb(
    void *arg, enum err code, const struct store_taken *taken, const struct fault *f);
struct store_op *store_find_names(struct store *s, const struct person *names, const char *own,
    enum store_names_purpose purpose, store_names_cb *cb, void *arg);

/* Delete the API tokens that this principal made, those that belong to the person behind it (of
 * "user:UUID"), and those that were made with them, and so on; repeating it is harmless. */
struct store_op *store_delete_tokens_of(struct store *s, const char *created_by,
    const struct store_note *note, store_done_cb *cb, void *arg);

#endif
