/* Shared by the files of the follower alone.
 *
 * Threads: the thread of its own owns everything of struct dir_follow but what is marked. What goes
 * to the loop is posted and holds the object until it has run. */
#ifndef USHERD_DIR_FOLLOW_PRIVATE_H
#define USHERD_DIR_FOLLOW_PRIVATE_H

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#include "dir/dir_follow.h"
#include "dir/dir_private.h"
#include "dir/dir_sync.h"

/* ---- what is asked for, and DNs (dir_follow_reader.c) ---- */

/* What an attribute is good for; one may be good for several. */
enum follow_role {
	ROLE_ID,
	ROLE_CLASS,
	ROLE_UID,
	ROLE_CN,
	ROLE_DISPLAY_NAME,
	ROLE_GIVEN_NAME,
	ROLE_FAMILY_NAME,
	ROLE_MAIL,
	ROLE_PHONE,
	ROLE_TELEPHONE, /* when there is no phone */
	ROLE_MOBILE,	/* when there is neither */
	ROLE_POSITION,
	ROLE_MARKER,
	ROLE_CREATED,
	ROLE_MODIFIED,
	ROLE_CSN,
	ROLE_LOCKED,
	ROLE_LAST_SUCCESS,
	ROLE_LAST_BIND,
	ROLE_UNIT,
	ROLE_DESCRIPTION,
	ROLE_MEMBER,
	ROLE_COUNT
};

struct follow_attribute {
	const char *name;
	size_t len;
	uint32_t roles; /* 1 << enum follow_role */
};

enum {
	FOLLOW_PARENTS = 1024,
	FOLLOW_BATCH_BYTES = 8 << 20,
	FOLLOW_BATCH_MS = 200 /* a change waits no longer for others to go with it */
};

/* DNs are parsed once for each place, not once for each person. */
struct follow_parent {
	char *raw, *normal; /* normal NULL: it is no DN that we take */
	size_t raw_len;
	const char *copy; /* in the arena of the batch of this number */
	uint64_t batch;
};

struct follow_reader {
	const struct dir_conf *conf;
	struct follow_attribute attributes[ROLE_COUNT];
	size_t attribute_count;
	const char *wanted[ROLE_COUNT + 1]; /* for the request */
	size_t next;			    /* where the server's order is likely to go on */
	struct follow_parent parents[FOLLOW_PARENTS];
};

void dir_follow_reader_init(struct follow_reader *r, const struct dir_conf *conf);
void dir_follow_reader_release(struct follow_reader *r);
/* The roles of an attribute that came, 0: it was not asked for ("cn;lang-de" neither). */
uint32_t dir_follow_roles(struct follow_reader *r, const struct berval *name);
struct follow_parent *dir_follow_parent(struct follow_reader *r, const char *dn, size_t len);

/* `dn` in one spelling, in `arena`; the place above it is looked up. NULL: no DN that we take. */
const char *dir_follow_normal(
    struct follow_reader *r, const char *dn, size_t len, struct arena *arena);

/* ---- entries as items (dir_follow_entry.c) ---- */

struct follow_read {
	struct feed_item *item;		/* in the batch */
	int64_t modified_at;		/* seconds, 0: not told */
	struct berval csn;		/* of the message; empty when it is not told */
	unsigned char id[FEED_ID_SIZE]; /* as the entry says, all zero when it does not */
	bool empty;			/* not one attribute: rights are missing */
	bool broken;			/* no entry as RFC 4511 says */
	bool cut;			/* a group that is larger than we take */
	bool refused;			/* a group with members that are no DNs that we take */
	size_t bytes;			/* of the arena, when it is much */
};
/* Adds the entry to `b`, whose number is `number`, as `id` (NULL: as the entry says). False: it is
 * nothing that can be shown (no DN of ours, no id). `b` has room. */
bool dir_follow_read(struct follow_reader *r, LDAP *ld, LDAPMessage *entry, const unsigned char *id,
    struct feed_batch *b, uint64_t number, struct follow_read *out);

/* ---- values (dir_follow_value.c): pure ---- */

/* Where the first RDN ends: the length up to the first comma that is neither escaped nor quoted
 * (RFC 4514, and the quotes of RFC 2253 section 4); `len` when there is none. */
size_t dir_follow_rdn_len(const char *dn, size_t len);
/* At most `max` bytes of words as feed.h wants them: what is no UTF-8 becomes U+FFFD, control
 * characters become spaces. NULL: nothing is left. */
const char *dir_follow_text(const char *value, size_t len, size_t max, struct arena *arena);
/* Seconds since 1970 of a GeneralizedTime (RFC 4517 section 3.3.13), 0 when it is none or before
 * then. */
int64_t dir_follow_time(const char *value, size_t len);

/* ---- what a poll asks for (dir_follow_poll.c): pure ---- */

/* By the server's clock, which stands in the entries. */
struct follow_newest {
	int64_t at;	  /* newest modifyTimestamp, seconds; 0: none has been seen */
	int64_t seen_at;  /* when it was first seen; monotonic ms */
	int64_t asked_at; /* when the last search that has ended began; monotonic ms */
};
/* `now` monotonic ms, `clock` seconds since 1970, ours. */
void dir_follow_newest_see(
    struct follow_newest *n, int64_t modified_at, int64_t now, int64_t clock);
/* Since which second a change may not have been told. */
int64_t dir_follow_newest_since(const struct follow_newest *n);

/* ---- a set of ids (dir_follow_ids.c) ---- */

struct follow_ids {
	unsigned char (*slots)[FEED_ID_SIZE];
	uint8_t *state; /* of each slot: free, taken, left */
	size_t capacity, used, count;
	unsigned char key[crypto_shorthash_KEYBYTES]; /* nobody can choose ids that collide */
};
void dir_follow_ids_add(struct follow_ids *s, const unsigned char id[FEED_ID_SIZE]);
void dir_follow_ids_remove(struct follow_ids *s, const unsigned char id[FEED_ID_SIZE]);
void dir_follow_ids_clear(struct follow_ids *s);
/* Any one of them, taken out; false when there is none. */
bool dir_follow_ids_take(struct follow_ids *s, size_t *at, unsigned char id[FEED_ID_SIZE]);
bool dir_follow_ids_has(const struct follow_ids *s, const unsigned char id[FEED_ID_SIZE]);

/* ---- cookies (dir_follow_cookie.c) ---- */

enum { FOLLOW_CSN_LEN = 40, FOLLOW_CHANGED = 16, FOLLOW_DELETED = 32 };

/* The newest changes that were seen (dir_follow_witness.c). It is kept as these bytes: no padding.
 */
struct follow_witness {
	unsigned char id[FEED_ID_SIZE];
	char csn[FOLLOW_CSN_LEN];
};
struct follow_witnesses {
	uint8_t changed_count, deleted_count, proof_is_due;
	struct follow_witness changed[FOLLOW_CHANGED];
	char floor[FOLLOW_CSN_LEN]; /* all newer entries are in `changed` */
	unsigned char deleted[FOLLOW_DELETED][FEED_ID_SIZE]; /* the last one is the newest */
	/* Deletions up to here are not all known: only a proof that is no older holds for them. */
	char proof[FOLLOW_CSN_LEN];
};

enum {
	FOLLOW_SUBJECT_SIZE = 32,
	FOLLOW_TAG_SIZE = 16,
	FOLLOW_COOKIE_MAX = FEED_COOKIE_MAX - FOLLOW_TAG_SIZE - (int)sizeof(struct follow_witnesses)
};

/* As the server knows it. */
struct follow_cookie {
	unsigned char data[FOLLOW_COOKIE_MAX];
	size_t len; /* 0: none */
};
/* What a cookie belongs to, as a number. */
void dir_follow_cookie_subject(
    const struct dir_conf *conf, unsigned char subject[FOLLOW_SUBJECT_SIZE]);
/* As it is handed on: with its witnesses, tagged with what it belongs to. In `arena`. */
const void *dir_follow_cookie_pack(const unsigned char subject[FOLLOW_SUBJECT_SIZE],
    const struct follow_witnesses *w, const void *cookie, size_t len, struct arena *arena,
    size_t *packed_len);
/* None when `packed` was not made so, or for another subject. */
void dir_follow_cookie_unpack(const unsigned char subject[FOLLOW_SUBJECT_SIZE], const void *packed,
    size_t len, struct follow_cookie *out, struct follow_witnesses *w);
bool dir_follow_csn_is_valid(const char *csn, size_t len);
/* The newest CSN of a cookie of slapd's; false: it is none. */
bool dir_follow_cookie_newest(const struct follow_cookie *c, char csn[FOLLOW_CSN_LEN]);

/* ---- witnesses (dir_follow_witness.c) ---- */

void dir_follow_witness_changed(struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE],
    const char csn[FOLLOW_CSN_LEN]);
void dir_follow_witness_gone(struct follow_witnesses *w, const unsigned char id[FEED_ID_SIZE]);
/* Somebody was deleted of whom we do not know: the next cookie says up to when. */
void dir_follow_witness_doubt(struct follow_witnesses *w);
void dir_follow_witness_cookie(struct follow_witnesses *w, const struct follow_cookie *cookie);

/* ---- the object (dir_follow.c) ---- */

/* Of a person who was pushed lately: a number of all but the last activity. */
struct follow_known {
	unsigned char id[FEED_ID_SIZE];
	uint64_t hash;
};
enum { FOLLOW_KNOWN = 4096 };

struct dir_follow {
	struct dir_follow_conf conf;
	struct loop *loop;
	pthread_t thread;
	int wake;		/* eventfd */
	_Atomic bool stopping;	/* both threads */
	_Atomic size_t out;	/* both: batches that wait for dir_follow_applied() */
	_Atomic unsigned links; /* both: posts under way, and the owner */
	bool freed;		/* the loop's thread alone */
	pthread_mutex_t lock;	/* of `socket` */
	int socket;		/* both: a copy of the connection's; -1: none */
	struct dir *dir;
	struct dir_conn conn;
	struct follow_reader reader;
	char *filter;
	unsigned char subject[FOLLOW_SUBJECT_SIZE];
	struct follow_cookie cookie; /* where we are: all up to it was told */
	bool resumed;		     /* the session began with it */
	struct follow_witnesses witnesses;
	/* Those that the server does not have: it has to say so before the refresh is over. */
	unsigned char missing[FOLLOW_CHANGED][FEED_ID_SIZE];
	size_t missing_count;
	int64_t compare_at; /* everybody, from nothing; monotonic ms */
	bool cookie_is_news;
	enum dir_follow_state state;
	char text[FAULT_TEXT_MAX];
	bool state_told;
	struct fault fault;	      /* of the session that ended */
	uint32_t notes;		      /* 1 << enum follow_note */
	struct follow_ids unreadable; /* entries whose DN is none that we take */
	/* of the session (dir_follow_sync.c) */
	bool fresh, begun, refreshing, saw_present;
	int64_t settled_at; /* when a refresh ended well; 0: none has; monotonic ms */
	size_t entries;
	struct follow_cookie refresh_cookie;
	struct follow_ids gone;
	int64_t heard_at;	    /* monotonic ms */
	_Atomic int64_t current_at; /* both: as dir_follow_current_at() tells it */
	/* of the batches (dir_follow_batch.c) */
	struct feed_batch *batch, *held;
	uint64_t batch_number;
	size_t batch_bytes, held_bytes;
	int64_t batch_due, held_due, cookie_told_at;
	struct follow_known known[FOLLOW_KNOWN];
};

/* The thread is to stop. */
bool dir_follow_is_interrupted(const struct dir_follow *fw);
/* Until `fd` (-1: none) can be read, somebody woke us, or `ms` have passed. True: it can. */
bool dir_follow_wait(struct dir_follow *fw, int fd, int64_t ms);
/* Tell the loop; the same twice is told once. */
void dir_follow_say(struct dir_follow *fw, enum dir_follow_state state, const char *text);
/* Takes `b`. Waits until few enough are out. */
void dir_follow_hand_on(struct dir_follow *fw, struct feed_batch *b);

/* ---- sign-ins (dir_follow_held.c) ---- */

/* What changed of this person, as far as can be told, is no more than the last activity. */
bool dir_follow_is_sign_in(
    struct dir_follow *fw, const struct feed_item *item, int64_t modified_at);
/* The last item of the batch may wait. */
void dir_follow_hold(struct dir_follow *fw);
void dir_follow_drop_held(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE]);
void dir_follow_flush_held(struct dir_follow *fw);
/* The same, when the last item of the batch is a place: they go in front of it. */
void dir_follow_flush_held_before_place(struct dir_follow *fw);

/* ---- notes (dir_follow_note.c) ---- */

enum follow_note {
	FOLLOW_NOTE_RIGHTS,
	FOLLOW_NOTE_GROUP,
	FOLLOW_NOTE_MEMBERS,
	FOLLOW_NOTE_REFERRAL,
	FOLLOW_NOTE_WITNESSES,
	FOLLOW_NOTE_COUNT
};
void dir_follow_note(struct dir_follow *fw, enum follow_note note);
void dir_follow_note_readable(
    struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE], bool is_so);
void dir_follow_say_notes(struct dir_follow *fw, enum dir_follow_state state);
void dir_follow_forget_notes(struct dir_follow *fw);

/* ---- batches (dir_follow_batch.c) ---- */

/* A batch with room for one more item. */
struct feed_batch *dir_follow_room(struct dir_follow *fw);
/* One that needs no more than its id. */
void dir_follow_add_id(
    struct dir_follow *fw, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE]);
void dir_follow_flush(struct dir_follow *fw);	     /* what is there, if anything */
void dir_follow_flush_cookie(struct dir_follow *fw); /* alone, when it has not been told for long */
void dir_follow_begin(struct dir_follow *fw);	     /* a refresh, if none has begun */
void dir_follow_complete(struct dir_follow *fw, bool absent_is_gone);
void dir_follow_break(struct dir_follow *fw, bool by_limit); /* the refresh, if one has begun */
void dir_follow_forget_cookie(struct dir_follow *fw);
/* Everything up to it is in the batches. An empty or oversize one is not kept. */
void dir_follow_set_cookie(struct dir_follow *fw, const struct sync_bytes *cookie);

/* ---- sessions ---- */

enum {
	FOLLOW_OPEN_MS = 4000,	/* to open a connection: dir_follow_free() cannot end that */
	FOLLOW_LOOK_MS = 50,	/* between two looks at the servers' states, while none works */
	FOLLOW_TRUST_MS = 1000, /* between two looks whether the server was away meanwhile */
	/* Then a server is asked for a sign of life: whoever asks what the list is worth counts on
	 * an answer that is younger than a minute. */
	FOLLOW_SILENCE_MS = 20000,
	FOLLOW_REFRESH_SILENCE_OPS = 2, /* the same amid a refresh, in op_timeout_ms */
	/* A net below all cookies: what a server forgot to push is right a day later. */
	FOLLOW_COMPARE_MS = 24 * 3600 * 1000
};

/* How one ended; fw->fault has the words. */
enum follow_end {
	FOLLOW_GOES_ON,
	FOLLOW_DONE,	    /* the search has ended well */
	FOLLOW_INTERRUPTED, /* nothing to be said; the thread may be to stop */
	FOLLOW_LOST,	    /* come back soon */
	FOLLOW_NOT_RESUMED, /* the cookie is good for nothing: from nothing, at once */
	FOLLOW_COMPARE,	    /* all is well, and it is time for a refresh from nothing */
	FOLLOW_CUT_SHORT,   /* a limit of the server */
	FOLLOW_CANNOT_PUSH, /* the connection stands: poll */
	FOLLOW_REFUSED	    /* somebody has to mend something */
};

/* One message of the search. */
typedef enum follow_end follow_take(
    struct dir_follow *fw, LDAPMessage *message, int type, void *arg);
/* All of a search on fw->conn, until `take` or the connection ends it (dir_follow_session.c). */
enum follow_end dir_follow_receive(struct dir_follow *fw, int id, follow_take *take, void *arg);
/* All that the server had to tell at `at` (monotonic ms) was told. */
void dir_follow_note_current(struct dir_follow *fw, int64_t at);
/* What a final result means; `*controls` (may be NULL) is freed by the caller. */
enum follow_end dir_follow_judge(
    struct dir_follow *fw, LDAPMessage *message, LDAPControl ***controls);
/* One search with `controls`; its id, or -1 with the fault. */
int dir_follow_search(struct dir_follow *fw, const char *filter, LDAPControl **controls);
/* Connect to the server that takes the operations. */
enum follow_end dir_follow_open(struct dir_follow *fw);
void dir_follow_close(struct dir_follow *fw);

/* Can a server go on from fw->cookie (dir_follow_cookie.c)? */
bool dir_follow_cookie_fits(struct dir_follow *fw);
/* Has the server the past of fw->witnesses (dir_follow_witness.c)? Fills in fw->missing. */
enum follow_past { FOLLOW_PAST_PROVEN, FOLLOW_PAST_IN_DOUBT, FOLLOW_PAST_REFUTED };
enum follow_past dir_follow_witness_ask(struct dir_follow *fw);
enum follow_end dir_follow_sync(struct dir_follow *fw); /* (dir_follow_sync.c) */
enum follow_end dir_follow_poll(struct dir_follow *fw); /* (dir_follow_poll.c) */

#endif
