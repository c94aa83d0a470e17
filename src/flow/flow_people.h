/* The use cases about people who are in the list: users of the directory and pending invitations
 * alike. Promises, threads and callers as in flow.h.
 *
 * An id is an entryUUID or an invitation's id; which one, the flow finds out (the roster knows).
 * Everything that changes the directory is written down before it is done (intent), so that a crash
 * at any moment leaves it done, or not begun, or finished by the resolver; every finished change
 * has one audit record, and what changes nothing has none. ERR_UNKNOWN, of every change: no answer
 * came; deletions, restores and changes of org units are carried on, other changes are looked at
 * later and recorded when they were made. ERR_BUSY, of every change: another one of the same entry
 * is under way or not settled yet.
 *
 * "Oneself" is known by flow_caller's entry: that of a session's person, or of a token's owner. */
#ifndef USHERD_FLOW_FLOW_PEOPLE_H
#define USHERD_FLOW_FLOW_PEOPLE_H

#include "dir/dir_follow.h"
#include "dir/dir_user.h"
#include "flow/flow.h"
#include "roster/roster.h"

/* ---- the feed (flow_feed.c) ---- */

/* Keeps the roster fed: invitations from the store's watch, users from following the flow's
 * directory. Starts with the roster's warm file. What is to be done about the directory is logged
 * once for each state. Call when the store is prepared, before flow_run(). Freed before the flow
 * and after the roster, whose batches it hears of. */
struct flow_feed;
struct flow_feed *flow_feed_new(
    struct flow *f, struct roster *r, int64_t poll_ms, int64_t activity_ms);
void flow_feed_free(struct flow_feed *feed);
enum flow_feed_method {
	FLOW_FEED_UNKNOWN, /* no server was followed yet */
	FLOW_FEED_SYNC,	   /* it pushes: RFC 4533 */
	FLOW_FEED_POLL	   /* it is asked */
};
struct flow_feed_figures {
	enum dir_follow_state state;
	enum flow_feed_method method; /* the last one that was in use */
	int64_t heard_at;	      /* as dir_follow_current_at() */
	/* Why it is away, cut short or polling; what is not followed while all else is. "":
	 * nothing. */
	char text[FAULT_TEXT_MAX];
	bool ready; /* the list can be asked */
};
void flow_feed_figures(const struct flow_feed *feed, struct flow_feed_figures *out);

/* ---- one person ---- */

/* What is known of a user: the directory's own words, else (it is away) the roster's. `user` NULL:
 * a pending invitation (`inv`), or the directory is away (both NULL: the caller shows the roster's
 * row). ERR_NOT_FOUND. */
typedef void flow_person_cb(void *arg, enum err code, const struct dir_user *user,
    const struct invitation *inv, const struct field_errors *errors, const struct fault *f);
void flow_person_show(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_person_cb *cb, void *arg);

/* The profile and the groups of a directory user. Groups are named all, of those in the caller's
 * reach; the others stay. One after another is joined and left, after all else, and none is left
 * when one that is new refuses: f->text (ERR_OK) names those that refused, or says that the groups
 * stay, as others changed them when the rest was written. ERR_INVALID: `errors` names the fields,
 * all of them; a group that gives a role is "not_allowed" to whoever does not give roles.
 * ERR_CONFLICT: `tag` is another version, or `groups_tag` other groups. ERR_EXISTS: errors names
 * the field that another user or invitation has. ERR_REFUSED: the groups of the last administrator,
 * or oneself's, would end that role (the text says which, as below). ERR_USED: a pending invitation
 * is changed under /invitations. */
struct person_change {
	const char *value[PERSON_FIELD_COUNT]; /* NULL: as it is; "": none */
	const char *const *groups;	       /* DNs; NULL: as they are */
	size_t group_count;		       /* at most PERSON_GROUPS_MAX */
	const char *tag;		       /* If-Match, or NULL */
	const char *groups_tag;		       /* heeded where groups are given and `tag` is */
};
void flow_person_change(struct flow *f, const char *id, const struct person_change *change,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg);

/* ERR_REFUSED: no means (the text says so), oneself, or the last administrator; of these the text
 * begins with "self: " or "last_administrator: ", which is told to programs. ERR_USED: it is an
 * invitation. ERR_CONFLICT: `tag` (If-Match, or NULL) is another version. */
void flow_person_suspend(struct flow *f, const char *id, bool suspended, const char *tag,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg);

/* Delete. An invitation is revoked (one that is expired is forgotten). A user's entry is kept
 * sealed, deleted with its memberships, and its own tokens and sessions end; then every configured
 * server is asked until none knows it. ERR_OK: done; `refused_ms`: how long access lasted after the
 * request, -1 when some server could not be asked; f->text names it, and groups that refused to let
 * them go. ERR_REFUSED: the last
 * administrator, or oneself (the text says which, as above). ERR_UNKNOWN: it goes on by itself
 * (202), of whichever version. ERR_NOT_FOUND. ERR_CONFLICT: `tag` is another version (an invitation
 * has none). ERR_TOO_LARGE: the entry is too large to be kept. ERR_DENIED: an invitation, and only
 * users were to be deleted. */
struct person_removal {
	const char *tag; /* If-Match, or NULL */
	bool for_good;	 /* nothing is kept */
	bool users_only;
};
struct person_removed {
	bool was_invitation;
	int64_t refused_ms;
	int64_t restorable_until; /* wall ms; 0: not at all */
};
typedef void flow_removed_cb(
    void *arg, enum err code, const struct person_removed *removed, const struct fault *f);
void flow_person_remove(struct flow *f, const char *id, const struct person_removal *how,
    const struct flow_caller *caller, flow_removed_cb *cb, void *arg);

/* Bring a deleted user back by the id it had. ERR_OK: `user` is the new entry (with a new id).
 * ERR_NOT_FOUND: never was, or too long ago. f->text: groups that are gone. ERR_EXISTS: DN or name
 * taken meanwhile (errors names it). ERR_CONFLICT: its org unit is gone ("org_unit"). */
void flow_person_restore(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_person_cb *cb, void *arg);

/* ---- who can be restored (flow_trash_list.c) ---- */

struct flow_deleted {
	char id[ID_SIZE];		      /* for flow_person_restore() */
	const char *name, *uid, *mail;	      /* NULL: not known */
	const char *org_unit;		      /* where they stood, in one spelling; NULL: unknown */
	const char *by;			      /* who deleted them, as a caller's name */
	int64_t deleted_at, restorable_until; /* wall ms */
};
/* Within the caller's reach, the one that was deleted last first. Those whose deletion is not done
 * yet are not among them, and those who are being restored still are. There may be fewer than
 * `limit` (1 to STORE_LIST_MAX), even none, while `next` says that there are more. ERR_INVALID: the
 * cursor is none; the text begins with "cursor: ". */
typedef void flow_trash_cb(void *arg, enum err code, const struct flow_deleted *list, size_t count,
    const char *next, const struct fault *f);
void flow_trash_list(struct flow *f, const char *cursor, size_t limit,
    const struct flow_caller *caller, flow_trash_cb *cb, void *arg);

/* ---- org units ---- */

/* `id`: entryUUID. ERR_DENIED: the caller's rights begin with this one. ERR_CONFLICT: not empty (of
 * users, pending invitations or org units), or somebody is invited at or below the name that was to
 * be changed (errors: "name", "not_empty"). ERR_UNAVAILABLE: whether that is so is not known yet.
 * ERR_EXISTS, ERR_NOT_FOUND, ERR_REFUSED (people_base), ERR_INVALID with errors. */
typedef void flow_org_unit_cb(void *arg, enum err code, const char *dn,
    const struct field_errors *errors, const struct fault *f);
void flow_org_unit_add(struct flow *f, const char *parent, const char *name,
    const char *description, const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg);
void flow_org_unit_change(struct flow *f, const char *id, const char *name, const char *description,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg);
void flow_org_unit_delete(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_org_unit_cb *cb, void *arg);

#endif
