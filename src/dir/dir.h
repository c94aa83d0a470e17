/* The directory, in our words: all of libldap is behind this header.
 *
 * Worker threads do the talking, each with its own connection; every call below belongs to the
 * loop's thread and keeps the callback promise (exactly once, never before the starting call has
 * returned, never after dir_cancel(), always within conf.op_timeout_ms plus the queue's bound). A
 * server that does not answer, or turns requests away (busy, unavailable), is paused as a whole,
 * with growing pauses; wrong credentials are tried once in 30 s. All writes and all reads that
 * decide something go to the first server of the list that works.
 *
 * Codes of every operation: ERR_OK, ERR_BUSY (queue full or the deadline passed while waiting;
 * nothing was sent), ERR_UNAVAILABLE (surely not carried out), ERR_UNKNOWN (writes only: sent, no
 * answer; the connection it was sent on is closed), ERR_MISCONFIGURED (rights, schema, credentials,
 * referral, limits: the server's own words are in the fault), and what a call names.
 */
#ifndef USHERD_DIR_DIR_H
#define USHERD_DIR_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "invite/person.h"
#include "loop/loop.h"

struct dir;
struct dir_op;

enum dir_profile { DIR_OPENLDAP, DIR_GENERIC };
enum dir_password_mode { DIR_PASSWORD_EXOP, DIR_PASSWORD_ARGON2 };
enum dir_tls { DIR_TLS_NONE, DIR_TLS_START }; /* an ldaps:// URI needs neither */

enum { DIR_URIS_MAX = 8, DIR_CLASSES_MAX = 8, DIR_UIDS_MAX = 64 };

/* Everything is borrowed until dir_free(). */
struct dir_conf {
	const char *uris[DIR_URIS_MAX]; /* ldap:// ldaps:// ldapi://, preferred first */
	size_t uri_count;
	enum dir_tls tls;
	const char *ca_file;   /* NULL: the system's */
	bool allow_clear_text; /* a bind over plain ldap:// to another host must be asked for */
	const char *bind_dn;   /* NULL or "": SASL EXTERNAL on ldapi:// */
	const struct secret *bind_password;
	const char *search_base; /* names are unique below it */
	const char *people_base; /* new entries go below it or an org unit under it */
	enum dir_profile profile;
	enum dir_password_mode password_mode;
	const char *rdn_attribute;		     /* "uid" */
	const char *object_classes[DIR_CLASSES_MAX]; /* inetOrgPerson, usherdPerson, extras */
	size_t object_class_count;
	/* The attribute of each person field, NULL leaves the field out; phone may be "mobile". */
	const char *attributes[PERSON_FIELD_COUNT];
	const char *marker_attribute;		/* usherdInvitationId */
	const char *group_class, *group_member; /* groupOfNames, member */
	/* Groups whose members have rights by them, DNs in one spelling. A name that leads to one
	 * before anybody has it is given to nobody. */
	const char *const *guarded_groups;
	size_t guarded_count;
	size_t threads;	  /* about 4 */
	size_t queue_max; /* operations that wait */
	int64_t connect_timeout_ms, op_timeout_ms;
};

/* ERR_MISCONFIGURED when a value makes no sense (URI, DN, clear text to another host). Asks nobody.
 */
enum err dir_conf_check(const struct dir_conf *conf, struct fault *f);

/* libldap's, as it runs: "2.6.10". In `arena`; NULL when it does not say. Asks nobody. */
const char *dir_library_version(struct arena *arena);

/* "0 to 3 servers answer" is not an error here: the directory may come later. Else as
 * dir_conf_check(). */
enum err dir_new(struct dir **out, struct loop *l, const struct dir_conf *conf, struct fault *f);
void dir_free(struct dir *d); /* waits for what is being sent, at most op_timeout_ms */
void dir_cancel(struct dir_op *op);

/* Told whenever the directory comes or goes (words for the log in `f` when it goes). */
typedef void dir_state_cb(void *arg, bool up, const struct fault *f);
void dir_on_state(struct dir *d, dir_state_cb *cb, void *arg);

/* The last known state: false until a server has answered and while every one is paused. A server
 * that nobody asks anything is asked for a sign of life every second. Costs nothing. */
bool dir_is_up(const struct dir *d, struct fault *f);

/* How each server is, in the order of the list; costs as little, and asks nobody. (dir_figures.c)
 */
enum dir_server_state {
	DIR_SERVER_UNKNOWN, /* not tried yet */
	DIR_SERVER_UP,
	DIR_SERVER_DOWN,  /* no answer, or it turned us away: asked again within seconds, after an
			     outage of ten minutes within 30 s */
	DIR_SERVER_PAUSED /* somebody has to mend something, as credentials that it refused: left
			     alone for 30 s */
};
struct dir_server_figures {
	const char *uri; /* the configuration's */
	enum dir_server_state state;
	bool in_use;	   /* it takes the operations */
	bool unproven;	   /* argon2 mode: works, but does not know the password scheme */
	int64_t since;	   /* monotonic ms when its state began, an outage as a whole; 0: unknown */
	int64_t failed_at; /* the same of the failure that `error` tells of; 0: none yet */
	/* Why it is not UP, or is unproven; of one that is UP: what the last outage was. No
	 * person's name or DN. "": there was nothing. */
	char error[FAULT_TEXT_MAX];
};
size_t dir_figures(struct dir *d, struct dir_server_figures servers[DIR_URIS_MAX]);

/* After ERR_UNKNOWN: an operation that is not visible after this many ms will never be carried out,
 * as far as connections can tell (op_timeout_ms x 2). */
int64_t dir_settle_ms(const struct dir *d);

/* "RDN=uid,ORG_UNIT" with RFC 4514 escaping, in `arena`. ERR_INVALID: an empty value, a control
 * character, bad UTF-8, an org unit that is no DN or not below people_base. Pure. */
enum err dir_person_dn(const struct dir *d, const char *uid, const char *org_unit,
    struct arena *arena, const char **dn, struct fault *f);

/* Are these names free, and do these places exist? Calls that come while one is under way are
 * answered together by one search; org units and groups are remembered for a few seconds. */
struct dir_question {
	const char *uids[DIR_UIDS_MAX]; /* candidates */
	size_t uid_count;
	const char *mail, *phone; /* NULL: not asked */
	const char *org_unit;	  /* NULL: not asked; also where entries of these uids would be */
	const char *groups[PERSON_GROUPS_MAX];
	size_t group_count;
};
struct dir_answer {
	bool uid_taken[DIR_UIDS_MAX]; /* or, in that org unit, led to a guarded group */
	bool mail_taken, phone_taken;
	bool org_unit_missing;
	bool group_missing[PERSON_GROUPS_MAX];
	/* What the server calls each of them, whose comparison ignores more than ours, in our one
	 * spelling; NULL: missing. As long as the callback runs. */
	const char *group_dn[PERSON_GROUPS_MAX];
};
typedef void dir_ask_cb(
    void *arg, enum err code, const struct dir_answer *answer, const struct fault *f);
struct dir_op *dir_ask(struct dir *d, const struct dir_question *q, dir_ask_cb *cb, void *arg);

/* Add the person at `dn` with the invitation's id as marker. `password_hash` is the whole
 * userPassword value ("{ARGON2}...") in argon2 mode, NULL in exop mode (the entry cannot sign in
 * until dir_set_password). When the entry exists and carries the same marker it is ours from an
 * earlier attempt: its profile (and password_hash) are replaced and that is ERR_OK with `existed`.
 * ERR_EXISTS: at this DN is something that is not ours, or nothing and the name leads to a guarded
 * group, or a uniqueness overlay refused (`taken_attribute` names it when the server says; ""
 * otherwise). ERR_NOT_FOUND: the org unit is
 * gone. ERR_REFUSED: policy refused the password. ERR_INVALID: the server refused a value (its
 * words in the fault). */
struct dir_added {
	bool existed;
	const char *entry_uuid; /* NULL when the server did not tell */
	const char *taken_attribute;
};
typedef void dir_add_cb(
    void *arg, enum err code, const struct dir_added *added, const struct fault *f);
struct dir_op *dir_add_person(struct dir *d, const char *dn, const struct person *p,
    const char *invitation_id, const struct secret *password_hash, dir_add_cb *cb, void *arg);

/* Set the password of `dn`: RFC 3062 with the clear password in exop mode (over a protected
 * connection), a replaced userPassword with the hash in argon2 mode.
 * ERR_NOT_FOUND: no entry. ERR_REFUSED: the policy refuses it. ERR_EXISTS: the policy refuses it
 * because it is in the history, or because the last change was too short a while ago. Repeating a
 * change whose answer was lost is harmless, but under such a policy it ends so: then it may be our
 * own earlier change that is in the way, otherwise it is a refusal. ERR_INVALID: empty or all
 * spaces; it is never sent. The fault of these last three has a fixed sentence for the person,
 * without a DN or words of the server; those are in the faults of the other codes. */
typedef void dir_done_cb(void *arg, enum err code, const struct fault *f);
struct dir_op *dir_set_password(
    struct dir *d, const char *dn, const struct secret *value, dir_done_cb *cb, void *arg);

/* Make `dn` a member of each group. Being one already is fine. A group that is gone, or that
 * refuses the member for good, keeps nobody from the others: the code is ERR_OK and f->text names
 * those that could not be joined, each with the reason ("" when there was none). ERR_UNAVAILABLE,
 * ERR_UNKNOWN and ERR_BUSY: some may be joined and some not; repeating it is harmless. */
struct dir_op *dir_join_groups(struct dir *d, const char *dn, const char *const *groups,
    size_t group_count, dir_done_cb *cb, void *arg);

/* What stands at `dn` on the server that takes the writes. ERR_NOT_FOUND: surely nothing now. */
struct dir_found {
	const char *invitation_id; /* the marker, NULL when it has none */
	const char *entry_uuid;
};
typedef void dir_find_cb(
    void *arg, enum err code, const struct dir_found *found, const struct fault *f);
struct dir_op *dir_find(struct dir *d, const char *dn, dir_find_cb *cb, void *arg);

/* Org units below (and with) people_base, parents first; groups below search_base, by name. At most
 * 10,000 each and 8 MiB in all, else ERR_TOO_LARGE. Names and descriptions are cut after 4 KiB; a
 * place whose DN is longer than PERSON_DN_MAX is left out. */
struct dir_place {
	const char *dn, *name, *description; /* description may be NULL */
};
typedef void dir_places_cb(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f);
struct dir_op *dir_list_org_units(struct dir *d, dir_places_cb *cb, void *arg);
struct dir_op *dir_list_groups(struct dir *d, dir_places_cb *cb, void *arg);

/* Prove what the configuration says: connect, bind (and that we are who we say, RFC 4532), base
 * entries, schema (classes and attributes), password mode, the means to suspend, and whether
 * changes are pushed (never a failure). In argon2 mode a probe entry is added, bound as, and
 * deleted; until that has succeeded once dir_add_person and dir_set_password answer
 * ERR_MISCONFIGURED, or ERR_UNAVAILABLE while the server does not answer it. Runs by itself after
 * each (re)connect of a fresh process; this call is for check-config and health. */
enum { DIR_CHECKS_MAX = 16 };
struct dir_check {
	const char *name; /* "connect", "bind", "base", "schema", "password_mode", ... */
	bool ok;
	char text[FAULT_TEXT_MAX]; /* what was found, or what to do */
};
typedef void dir_check_cb(void *arg, enum err code, const struct dir_check *checks, size_t count);
struct dir_op *dir_self_test(struct dir *d, dir_check_cb *cb, void *arg);

/* Well-formedness of a DN (RFC 4514), for the domain's rules; no network. `normal` is in `arena`:
 * the same DN in one spelling, with the short names of types ("ou" for 2.5.4.11). */
bool dir_dn_normalise(const char *dn, struct arena *arena, const char **normal);

/* Whether two DNs could name one entry, for a rule that forbids an entry: attribute types do not
 * count (a type has aliases and an OID that only the server knows), values are compared without
 * case and spaces, those of one RDN in any order. */
bool dir_dn_may_be_same(const char *dn, const char *other);

#endif
