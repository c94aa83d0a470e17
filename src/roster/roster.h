/* The roster: everybody in memory, directory users and pending invitations in one list.
 *
 * It is disposable: the directory and the store are the truth, and the roster is fed by both
 * (roster_feed_take). One thread of its own applies batches and publishes consistent versions;
 * readers hold a version for the time of one query, so a query sees no change half done and holds
 * up nobody. Quick queries (a page without a search) and scans have a reader thread each, so that
 * no search stands in front of a page. All calls belong to the loop's thread and keep the callback
 * promise; what the callback is handed dies when it returns. A query has no deadline of its own:
 * nothing in it waits for anything but the processor, and the queue is bounded.
 *
 * Limits: 4 billion rows; 64 bytes of a sort key count, ties are broken by id; of one row 1,024
 * bytes are searched. A version that changes rows copies 20 bytes for each place (an org unit, or
 * another entry above people), so that they should be 100,000 at most. Times are whole seconds from
 * 1970 to 2106.
 */
#ifndef USHERD_ROSTER_ROSTER_H
#define USHERD_ROSTER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/seal.h"
#include "invite/feed.h"
#include "loop/loop.h"

struct roster;

/* Borrowed until roster_free(). */
struct roster_conf {
	struct loop *loop;
	/* Of the warm file and the cursors. NULL: there is no warm file, and pages are not asked
	 * for. */
	const struct seal *seal;
	const char *warm_path; /* NULL: nothing is kept over a restart */
	/* What the cookie belongs to (server, base, filter): a warm file of another one is dropped.
	 */
	const char *warm_subject;
	/* May be NULL. On the loop, once: the warm file could not be written, and is not there any
	 * more. */
	void (*trouble)(void *trouble_arg, const struct fault *f);
	void *trouble_arg;
};

struct roster *roster_new(const struct roster_conf *conf);
void roster_free(struct roster *r); /* waits for the readers; what is queued is dropped */

/* Read the warm file, once and before anything is fed. Never fails: a file that is truncated,
 * foreign or newer is dropped (`f` says why; its text is "" otherwise) and the roster starts empty.
 * `cookie` len 0: a full refresh is needed. */
typedef void roster_warm_cb(
    void *arg, const void *cookie, size_t cookie_len, uint64_t users, const struct fault *f);
void roster_warm_start(struct roster *r, roster_warm_cb *cb, void *arg);

/* Before an end: writes what the warm file lacks. `done` runs when it has it, when it cannot have
 * it, or after `ms`; once, and never when the roster is freed. Later changes are not written. */
void roster_save_last(struct roster *r, int64_t ms, loop_cb *done, void *arg);

/* Apply one batch whole, in the order of calls. Takes `b`. `applied` (may be NULL) runs on the loop
 * once its changes are in the version that new queries see: a source keeps a bounded number of
 * batches out. While the first refresh is under way, or one that changes much, there is no such
 * version before its end, and `applied` runs once the batch is taken in. Rows of the store are kept
 * over a refresh of the directory and the other way round. A user with an invitation's marker hides
 * that invitation's row in the same version that shows the user; an invitation that is becoming a
 * user keeps its row until then. */
void roster_feed_take(struct roster *r, struct feed_batch *b, loop_cb *applied, void *arg);

/* ---- what is known ---- */

enum roster_state {
	ROSTER_LOADING,	   /* there was no warm file, and no refresh was whole yet or told all that
			      a limit lets through: queries answer ERR_UNAVAILABLE */
	ROSTER_INCOMPLETE, /* the last refresh was cut short: somebody may be missing */
	ROSTER_COMPLETE
};
struct roster_figures {
	enum roster_state state;
	uint64_t version;
	uint64_t count[FEED_STATUS_COUNT];
	uint64_t bytes;	 /* of rows, text, orders and what readers still hold */
	uint64_t loaded; /* rows of a refresh under way */
	uint64_t kept;	 /* the version that the warm file holds; 0: it was not written yet */
};
void roster_figures(struct roster *r, struct roster_figures *out);

/* Told of every published version that changed a row, on the loop: for server-sent events. `more`
 * changes than ROSTER_EVENTS_MAX are told as one `all` event. */
enum { ROSTER_EVENTS_MAX = 512 };
struct roster_event {
	unsigned char id[FEED_ID_SIZE];
	enum { ROSTER_ADDED, ROSTER_CHANGED, ROSTER_REMOVED } change;
	enum feed_status status; /* of a removed one: its last */
};
typedef void roster_event_cb(
    void *arg, uint64_t version, bool all, const struct roster_event *events, size_t count);
void roster_on_change(struct roster *r, roster_event_cb *cb, void *arg);

/* ---- rows ---- */

struct roster_text {
	const char *s; /* not zero-terminated */
	size_t len;    /* 0: absent */
};

/* One row as a reader sees it: points into the version, valid during the callback. */
struct roster_row {
	unsigned char id[FEED_ID_SIZE];
	enum feed_status status;
	struct roster_text name, given_name, family_name, mail, phone, position, uid;
	/* The DN is rdn_type + rdn + "," + place (rdn_type "uid=", or "" when rdn has it all); len
	 * 0 of rdn: none yet. `org_unit` is the DN of the entry above, as the server spells it. */
	struct roster_text rdn_type, rdn, org_unit;
	bool has_invitation;
	unsigned char invitation[FEED_ID_SIZE];
	int64_t invited_at, registered_at, last_activity_at; /* seconds; 0: unknown */
};

/* Runs on a reader's thread, in the order of the page: writes the row wherever `render` points to.
 * Touches nothing of the loop. */
typedef void roster_render(void *render, size_t index, const struct roster_row *row);

/* ---- queries ---- */

enum roster_sort {
	ROSTER_BY_NAME,
	ROSTER_BY_MAIL,
	ROSTER_BY_PHONE,
	ROSTER_BY_ORG_UNIT,
	ROSTER_BY_STATUS,
	ROSTER_BY_REGISTERED,
	ROSTER_BY_LAST_ACTIVITY,
	ROSTER_SORT_COUNT
};
/* "name", ... as the API says them; ROSTER_SORT_COUNT for another. */
const char *roster_sort_name(enum roster_sort s);
enum roster_sort roster_sort_by_name(const char *name);

enum { ROSTER_QUERY_MAX = 256 /* characters */, ROSTER_LIMIT_MAX = 200, ROSTER_CURSOR_MAX = 512 };

/* Strings are copied. Text sorts without case and accents, absent values last; times oldest first,
 * unknown ones first; ties by id. */
struct roster_query {
	const char *q;	      /* words that must all be found; NULL or blank: everybody */
	unsigned statuses;    /* bits 1 << enum feed_status; 0: all */
	const char *org_unit; /* DN in one spelling: it and everything below; NULL: everywhere */
	/* What the caller may see: these places and everything below them, DNs in one spelling.
	 * NULL: everything; rows elsewhere are in no total either. */
	const char *const *within;
	size_t within_count;
	int64_t registered_from, registered_to; /* seconds, [from, to); 0: open */
	int64_t active_from, active_to;
	enum roster_sort sort;
	bool descending;
	size_t limit;	    /* 1 to ROSTER_LIMIT_MAX */
	const char *cursor; /* NULL: from the first */
};

struct roster_page {
	uint64_t total;			   /* rows that match */
	uint64_t count[FEED_STATUS_COUNT]; /* the same without the filter by status */
	size_t rows;			   /* rendered */
	const char *next_cursor;	   /* NULL at the end */
	uint64_t version;
};
/* ERR_OK; ERR_INVALID: the fault's text begins with the parameter ("cursor: ...", "q: ...",
 * "limit: ..."); ERR_BUSY: too many queries wait; ERR_UNAVAILABLE: still loading. */
typedef void roster_page_cb(
    void *arg, enum err code, const struct roster_page *page, const struct fault *f);
/* `release` (may be NULL) is called with `render_arg` when the query is over, after the callback or
 * instead of it: the roster may have to finish rendering for somebody who is gone. */
void roster_list_start(struct roster *r, const struct roster_query *q, roster_render *render,
    void (*release)(void *render_arg), void *render_arg, roster_page_cb *cb, void *arg);

/* The row of one id, at once (a fraction of a microsecond to a few): false when there is none, or
 * while loading. `render` runs before this returns, on the caller's thread. An invitation's id
 * finds the user that came of it. */
bool roster_find(struct roster *r, const unsigned char id[FEED_ID_SIZE], roster_render *render,
    void *render_arg);

/* ---- places and groups: of the version at hand, at once ---- */

struct roster_place {
	unsigned char id[FEED_ID_SIZE];	     /* all zero: a place that is no org unit (a base) */
	const char *dn, *name, *description; /* description may be NULL */
	const char *normal;		     /* the DN in one spelling, its letters in lower case */
	size_t parent;			   /* index in the list, before this one; SIZE_MAX: none */
	uint64_t count[FEED_STATUS_COUNT]; /* directly here */
	uint64_t count_below[FEED_STATUS_COUNT]; /* here and below */
};
typedef void roster_places_cb(void *arg, const struct roster_place *places, size_t count);
/* Parents first, siblings by name. False while loading. */
bool roster_places(struct roster *r, roster_places_cb *cb, void *arg);

struct roster_group {
	unsigned char id[FEED_ID_SIZE];
	const char *dn, *name, *description;
	const char *normal; /* as of a place; "": it is no DN */
	uint64_t members;
};
typedef void roster_groups_cb(void *arg, const struct roster_group *groups, size_t count);
bool roster_groups(struct roster *r, roster_groups_cb *cb, void *arg); /* by name */

/* Which of `groups` (DNs in one spelling, any ASCII case) a DN is a member of, directly or through
 * groups that are members of groups; a cycle ends. False while loading: nothing is known.
 * Which groups lead to them is worked out once for each change of groups: for each group that does,
 * the smaller of its members and of all groups is looked up in the other. An answer then costs a
 * look into each group that leads there. */
bool roster_member_of(
    struct roster *r, const char *normal_dn, const char *const *groups, size_t count, bool *member);
/* Whether the members of `group` are thereby members of one of `roots`: it is one of them, or
 * nested in one. For whoever must not put people into such groups. False: that is not known, as the
 * list is not COMPLETE and what it has of the group does not lead there. */
bool roster_leads_to(
    struct roster *r, const char *group, const char *const *roots, size_t count, bool *leads);

#endif
