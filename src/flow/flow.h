/* The use cases. Each is one struct, one file, and steps in the order of events; each keeps the
 * callback promise: exactly once, never before the starting call has returned. A flow that was
 * started finishes by itself: callers cannot cancel, because a client that leaves must not leave a
 * half-made account behind. All on the loop's thread. Flows are the only writers of invitations. */
#ifndef USHERD_FLOW_FLOW_H
#define USHERD_FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/passwd.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/field.h"
#include "base/secret.h"
#include "dir/dir.h"
#include "invite/invitation.h"
#include "invite/password.h"
#include "invite/person.h"
#include "invite/reach.h"
#include "invite/token.h"
#include "loop/loop.h"
#include "store/store.h"

struct flow;
struct roster;
struct flow_mail_conf;
struct flow_hook_conf;

/* Borrowed until flow_free(). */
struct flow_conf {
	struct loop *loop;
	struct store *store;
	struct dir *dir;
	struct passwd *passwd;
	struct roster *roster;		    /* NULL: nobody is known but by asking the directory */
	const struct flow_mail_conf *mail;  /* NULL: no mail leaves (flow_mail.h) */
	const struct flow_hook_conf *hooks; /* NULL: no webhook message does */
	const struct clock *clock;
	const struct blocklist *blocklist;
	const char *uid_template;
	bool gender_required, birthday_required;
	enum dir_password_mode password_mode;
	size_t password_min;
	int64_t lifetime_s;	/* default of an invitation */
	int64_t retention_s;	/* invitations that are done or revoked are purged after */
	int64_t expired_kept_s; /* and those that are expired, which keep their person */
	int64_t
	    restorable_s; /* what is kept of a deleted user goes after this; 0: nothing is kept */
	int64_t audit_kept_s;	 /* audit records go after this; 0: never, nor do their sources */
	int64_t audit_sources_s; /* and the addresses of clients in them after this */
	const char *admin_group; /* a DN whose last member stays, or NULL */
	/* DNs in one spelling of the groups that give roles: nobody is invited into one, nor into a
	 * group that is in one. */
	const char *const *role_groups;
	size_t role_group_count;
	/* DNs in one spelling of the org units that roles are limited to: they keep their names. */
	const char *const *role_places;
	size_t role_place_count;
	size_t attempts_max; /* registrations under way at once; beyond: ERR_BUSY */
	int64_t answer_ms; /* a registration still unsettled after this is answered "in progress" */
};

struct flow *flow_new(const struct flow_conf *conf);
/* Values that a reload may change. */
void flow_set_limits(struct flow *f, size_t password_min, int64_t lifetime_s);
/* Told when the API tokens of somebody (their `created_by`) have ended. NULL: nobody is. */
void flow_on_tokens_ended(struct flow *f, void (*cb)(void *arg, const char *created_by), void *arg);
/* Told when we have deleted or suspended somebody (`reason`: "user_deleted" or "user_suspended"),
 * as soon as the directory has done it. NULL: nobody is. */
void flow_on_person_ended(
    struct flow *f, void (*cb)(void *arg, const char *person, const char *reason), void *arg);
/* Starts the resolver and the sweeper. */
void flow_run(struct flow *f);
/* Mails and webhook messages that are not under way yet wait for the next start. */
void flow_stop_sending(struct flow *f);
/* No new attempts, neither registrations nor mails; `drained` once when none is under way (at once
 * deferred when there is none). */
void flow_drain(struct flow *f, loop_cb *drained, void *arg);
void flow_free(struct flow *f);
size_t flow_attempts(const struct flow *f);
size_t flow_password_min(const struct flow *f);

/* The caller, for history and audit. */
struct flow_caller {
	const char *name; /* principal's name, or "person" */
	const char *request_id;
	const char *entry;  /* entryUUID of a caller who is a user of the directory; else NULL */
	const char *source; /* the client's address, for the audit; NULL: none (unix socket) */
	/* What lies outside is answered like what is not there. NULL: everything. */
	const struct reach *reach;
	/* Open invitations that `entry` may have at once; 0: any number. */
	size_t quota;
	/* An administrator of everything: nobody else puts people into groups that give roles, or
	 * takes them out. */
	bool gives_roles;
};
/* What the audit notes of them. Borrows. */
static inline struct store_note
flow_note(const struct flow_caller *by)
{
	return (struct store_note){ .actor = by->name,
		.request_id = by->request_id,
		.source = by->source,
		.person = by->entry };
}

/* ---- invite ---- */

struct issue_spec {
	struct person person; /* as it came: unchecked */
	enum invitation_method method;
	const char *personal_mail;
	int64_t expires_in; /* seconds; 0: the default */
	enum field_mode modes[PERSON_FIELD_COUNT];
};

/* ERR_OK: `inv` as stored and the clear token of its link (both die with the callback); NULL for
 * the method "email": each mail has its own, and the first is queued. ERR_BUSY: the queue is full.
 * ERR_INVALID: `errors` has every field error (422). ERR_EXISTS: `errors` names the fields that
 * clash (409). ERR_REFUSED: the caller has as many open invitations as its quota allows (the text
 * begins with "quota: "). */
typedef void flow_issue_cb(void *arg, enum err code, const struct invitation *inv,
    const struct secret *token, const struct field_errors *errors, const struct fault *f);
void flow_issue_start(struct flow *f, const struct issue_spec *spec,
    const struct flow_caller *caller, flow_issue_cb *cb, void *arg);

/* What would stand in the way of it, while it is still being written: any value may be missing, and
 * what is missing is no error (of the method email, a personal address neither), unless
 * `is_complete`. ERR_OK: `errors` has what flow_issue_start() would say of the values that are
 * there, all of it, clashes among it; they die with the callback. `uid`: the chosen one in its
 * normal form, or the one that would be made now; NULL: that cannot be said yet. To whoever is
 * limited nothing is said of what others have before the place is one that they reach. Nothing is
 * written and nothing reserved, so that another may be faster.
 *
 * Of a caller (`name`) one is under way at a time: ERR_THROTTLED, a newer one took its place. Other
 * codes are those of flow_issue_start(). */
typedef void flow_preflight_cb(void *arg, enum err code, const char *uid,
    const struct field_errors *errors, const struct fault *f);
void flow_preflight_start(struct flow *f, const struct issue_spec *spec, bool is_complete,
    const struct flow_caller *caller, flow_preflight_cb *cb, void *arg);

/* What clients are told of all this, to offer what there is. `uid_template` is borrowed. */
struct flow_settings {
	bool gender_required, birthday_required;
	bool sends_mail;
	const char *uid_template;
	size_t password_min;  /* characters */
	int64_t lifetime_s;   /* default of an invitation */
	int64_t resend_s;     /* between two requests to mail one again; 0 without mail */
	int64_t restorable_s; /* of a deleted user; 0: not at all */
};
struct flow_settings flow_settings(const struct flow *f);

/* ---- administer ---- */

/* `inv` as stored now. `token`: only flow_relink, ERR_OK. ERR_NOT_FOUND, ERR_USED (done),
 * ERR_EXPIRED, ERR_REVOKED, ERR_CONFLICT (a registration is under way). */
typedef void flow_change_cb(void *arg, enum err code, const struct invitation *inv,
    const struct secret *token, const struct fault *f);
/* Revoking what is already revoked is ERR_OK. The entry of a created one stays in the directory. */
void flow_revoke_start(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_change_cb *cb, void *arg);
/* A new link; the old ones end at once. */
void flow_relink_start(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_change_cb *cb, void *arg);
/* The open ones in the order of creation, from `cursor` (the `next` of the page before; NULL: from
 * the first). `next`: NULL at the end; a page may have fewer than `limit` before, even none, as
 * only so many are looked at. ERR_INVALID: the text begins with "cursor: ". */
typedef void flow_list_cb(void *arg, enum err code, struct invitation *const *list, size_t count,
    const char *next, const struct fault *f);
void flow_list_start(struct flow *f, const char *cursor, size_t limit,
    const struct flow_caller *caller, flow_list_cb *cb, void *arg);

/* ---- register ---- */

enum accept_view_state {
	VIEW_OPEN,	  /* the form may be sent */
	VIEW_IN_PROGRESS, /* somebody's attempt is being carried out */
	VIEW_DONE,	  /* finished, and told to who followed it */
	VIEW_USED,
	VIEW_EXPIRED,
	VIEW_REVOKED,
	VIEW_UNKNOWN
};

/* What the holder of a link sees; changes nothing. `inv` only for VIEW_OPEN, VIEW_IN_PROGRESS and
 * VIEW_DONE. `attempt`: the caller's own attempt id, or NULL: VIEW_DONE needs it, or an invitation
 * that was settled later. `needs_password_only`: the entry exists already and waits for its
 * password; the page need not ask for more. */
struct accept_view {
	enum accept_view_state state;
	const struct invitation *inv;
	bool needs_password_only;
};
typedef void flow_view_cb(
    void *arg, enum err code, const struct accept_view *view, const struct fault *f);
void flow_view_start(struct flow *f, const struct token_hash *token, const char *attempt,
    flow_view_cb *cb, void *arg);

struct accept_spec {
	struct token_hash token;
	const char *attempt; /* the form's own id, or NULL: one is made. Base64url, below
				INVITATION_ATTEMPT_SIZE */
	const char *value[PERSON_FIELD_COUNT]; /* what the form set; NULL: left alone */
	const struct secret *password;	       /* copied; NULL: missing */
	const char *request_id;
	const char *source; /* the client's address, for the audit; NULL: none */
};

/* ERR_OK: done, `uid` is the account's name. ERR_UNKNOWN: in progress, it settles by itself (202).
 * ERR_INVALID: `errors` names the fields, "password" among them (422; also a password that the
 * directory's policy refused). ERR_NOT_FOUND, ERR_USED, ERR_EXPIRED, ERR_REVOKED. ERR_EXISTS: the
 * name was taken by somebody else and the administrator had fixed it (409; the link still works).
 * ERR_BUSY, ERR_UNAVAILABLE, ERR_MISCONFIGURED: nothing happened and the link still works (503).
 * An attempt with the id and the password of one under way, or of one that this process finished
 * lately, gets the same answer. A rival waits for the running one: ERR_USED when that succeeds or
 * goes on by itself, ERR_BUSY when only its form was refused, else what it was told. */
typedef void flow_accept_cb(void *arg, enum err code, const char *uid,
    const struct field_errors *errors, const struct fault *f);
void flow_accept_start(
    struct flow *f, const struct accept_spec *spec, flow_accept_cb *cb, void *arg);

/* ---- look ---- */

/* A list of the store came back: say aloud what was left out of it because it is damaged. */
void flow_log_damage(enum err code, const struct fault *f);

void flow_org_units_start(struct flow *f, dir_places_cb *cb, void *arg);
void flow_groups_start(struct flow *f, dir_places_cb *cb, void *arg);
/* The one spelling of a DN that the roster knows places by; false: it is no DN. No network. */
bool flow_dn_normalise(const char *dn, struct arena *arena, const char **normal);

#endif
