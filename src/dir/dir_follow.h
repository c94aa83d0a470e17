/* Following the directory: everybody, every org unit and every group, now and from now on.
 *
 * A thread of its own with a connection of its own keeps one RFC 4533 refreshAndPersist search over
 * search_base for people, org units and groups, and turns what it hears into batches (feed.h). A
 * server without content synchronization is polled by modifyTimestamp instead, with a full compare
 * every few minutes. Lost connections, refused or stale cookies, size limits, referrals and
 * restored databases end in another refresh, with growing pauses, on the next server of the list
 * when that one is away; never in somebody's disappearance: what is gone is only believed after a
 * refresh that ended with success.
 *
 * A database that was restored from a backup is noticed at the next session, also when it was
 * written to since: the newest changes that were seen are looked up first (OpenLDAP, and whatever
 * has entryCSN). What they refute is refreshed from nothing at once; where they prove nothing,
 * which takes deletions alone, the full compare follows soon. Not noticed: one of several providers
 * that lost changes while the others went on, and servers whose cookies are not OpenLDAP's. Against
 * those, and against a change that a server forgot to push, everybody is compared once a day.
 *
 * Callbacks run on the loop, in order, never after dir_follow_free(). */
#ifndef USHERD_DIR_DIR_FOLLOW_H
#define USHERD_DIR_DIR_FOLLOW_H

#include "dir/dir.h"
#include "invite/feed.h"

struct dir_follow;

enum dir_follow_state {
	DIR_FOLLOW_AWAY, /* no server; the text says why */
	DIR_FOLLOW_REFRESHING,
	DIR_FOLLOW_CUT_SHORT,  /* the last refresh ended before its end; the text says which limit
				  of the server to raise, or what else */
	DIR_FOLLOW_PERSISTING, /* changes come as they happen; the text says what is left out, or
				  is "" */
	DIR_FOLLOW_POLLING     /* the server cannot push; the text says so */
};

struct dir_follow_conf {
	/* It outlives this. Shared with it: the servers' states and pauses, and that credentials
	 * which were refused are not tried again at once; configuration as dir_new() was given. */
	struct dir *dir;
	int64_t poll_ms;    /* between polls of a server that cannot push; 5 s */
	int64_t compare_ms; /* between full compares of such a server; 10 min */
	int64_t doubt_ms; /* until a full compare, when a server went on from a cookie and could not
			     prove that it has the past in which it was made, and after every
			     lost connection: a server that was killed may have forgotten that it
			     deleted somebody; 30 s */
	int64_t activity_ms; /* changes that only say when somebody signed in are held back and
				told together at least this often; 5 s. 0: at once */
	size_t batches_out;  /* batches that may wait for dir_follow_applied(); about 8 */
	/* Takes the batch; afterwards dir_follow_applied() is called once for it, at any time. */
	void (*on_batch)(void *arg, struct feed_batch *b);
	void (*on_state)(void *arg, enum dir_follow_state state, const char *text);
	void *arg;
};

/* `cookie`: a batch's, where an earlier follow ended; NULL: a full refresh. One that was made for
 * another subject, or damaged, is dropped here and means the same. */
struct dir_follow *dir_follow_new(
    struct loop *l, const struct dir_follow_conf *conf, const void *cookie, size_t cookie_len);
/* Waits for the thread. It is woken, also when it waits for an answer of the server; amid opening a
 * connection it is not: that takes at most 4 s, and once more as long where a TLS handshake or the
 * system's resolver hangs. */
void dir_follow_free(struct dir_follow *fw);
void dir_follow_applied(struct dir_follow *fw);
/* Monotonic ms of the last sign that what was told is what the directory has: changes are pushed
 * and the server was heard, or a poll that ended well began. 0: there was none yet. */
int64_t dir_follow_current_at(const struct dir_follow *fw);

/* What a cookie belongs to: servers, base, filter and attributes in one line, in `arena`. */
const char *dir_follow_subject(const struct dir_conf *dir, struct arena *arena);

/* The people whom the roster shows: what a user entry is. Exposed for `check-config --online` and
 * the tests. */
const char *dir_follow_filter(const struct dir_conf *dir, struct arena *arena);

#endif
