/* The parts of the roster.
 *
 * Threads: the writer's thread owns struct roster_writer (roster_writer.h) and builds the
 * next version; a published version is immutable and read by any thread between version_hold() and
 * version_release(). Blocks (pages, chunks, tables) are shared by the versions that did not change
 * them; a block that a version no longer uses is retired with it and freed when no reader holds an
 * older one.
 */
#ifndef USHERD_ROSTER_ROSTER_PRIVATE_H
#define USHERD_ROSTER_ROSTER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "loop/work.h"
#include "roster/roster.h"

enum {
	ROSTER_PAGE_ROWS = 256,	 /* rows of a page */
	ROSTER_CHUNK_ROWS = 512, /* rows of a chunk of an order, at most */
	ROSTER_KEY_MAX = 64,	 /* bytes of a sort key that count */
	ROSTER_TEXT_MAX = 1024,	 /* bytes of a row's search text */
	ROSTER_TEXT_PAD = 64,	 /* bytes behind a page's text, so that a wide load may cross it */
	ROSTER_ROW_NONE = UINT32_MAX
};

/* A row's number: page * ROSTER_PAGE_ROWS + slot. Stable while the row lives, used again after. */

/* ---- pages (roster_page.c): fixed columns, one contiguous search text, one run of strings ---- */

/* The search text of a row is its segments, folded (roster_fold.c), each ended by '\n', which no
 * needle contains: name, mail, phone digits, uid, given name, family name, position, further mails.
 * The first three are always there, possibly empty: they double as sort keys. Of the others only
 * those that no earlier segment contains. A slot that is not live has no text: text_at[i] ==
 * text_at[i + 1]. */
struct roster_page_rows {
	uint64_t born; /* the version that it was made for; that one's writer may change it */
	/* Bytes of the blocks below while they are the writer's to change; 0: shared and exact. */
	uint32_t text_room, data_room;
	uint64_t live[ROSTER_PAGE_ROWS / 64];
	uint32_t text_at[ROSTER_PAGE_ROWS + 1];
	uint32_t data_at[ROSTER_PAGE_ROWS + 1];
	uint32_t place[ROSTER_PAGE_ROWS]; /* index into the version's places */
	uint32_t invited_at[ROSTER_PAGE_ROWS], registered_at[ROSTER_PAGE_ROWS];
	uint32_t last_activity_at[ROSTER_PAGE_ROWS];
	uint8_t status[ROSTER_PAGE_ROWS]; /* enum feed_status */
	unsigned char id[ROSTER_PAGE_ROWS][FEED_ID_SIZE];
	/* text_at[ROSTER_PAGE_ROWS] bytes, and ROSTER_TEXT_PAD more that may be read; NULL when no
	 * row of the page was ever live. */
	char *text;
	unsigned char *data; /* the strings, encoded by roster_row.c */
};

/* ---- orders (roster_order.c) ---- */

/* Never empty. */
struct roster_chunk {
	uint64_t born; /* as of a page */
	uint32_t count;
	uint32_t rows[ROSTER_CHUNK_ROWS];
};
struct roster_order {
	struct roster_chunk **chunks;
	size_t count;
};

/* ---- places (roster_place.c), groups (roster_group.c) ---- */

struct roster_places_table; /* opaque but to roster_place.c */
struct roster_groups_table;

/* ---- versions (roster_version.c) ---- */

struct roster_version {
	uint64_t number;
	enum roster_state state;
	struct roster_page_rows **pages;
	size_t page_count;
	struct roster_order orders[ROSTER_SORT_COUNT];
	struct roster_places_table *places;
	struct roster_groups_table *groups;
	uint64_t count[FEED_STATUS_COUNT];
	/* What follows belongs to roster_version.c. */
	unsigned readers;
	struct roster_version *newer;
	void **retired; /* blocks this version used and the next one does not */
	size_t retired_count;
	uint64_t retired_bytes;
};

/* ---- the object (roster.c) ---- */

struct roster_readers; /* the threads of the queries (roster_reader.c) */
struct roster_writer;  /* roster_writer.h */
struct roster_nesting; /* which groups lead to which (roster_nesting.c) */
struct roster_keep;    /* what goes into the warm file (roster_keep.c) */
struct roster_link;    /* what posts hold on to, as they outlive the roster (roster.c) */
struct work_pool;

struct roster {
	struct roster_conf conf;
	struct roster_readers *readers;
	struct roster_writer *writer; /* of the one thread of `pool` */
	struct work_pool *pool;
	struct roster_keep *keep; /* NULL: without a warm file */
	struct roster_link *link;
	struct roster_nesting *nesting; /* the loop's; NULL until somebody asks */
	roster_event_cb *on_change;
	void *on_change_arg;
	struct loop_timer *tick; /* wakes the writer for what has waited long enough */
	int64_t tick_at;	 /* monotonic ms; 0: not set. Later news do not put it off */
	struct loop_timer *last; /* of roster_save_last() */
	loop_cb *last_cb;
	void *last_arg;
	_Atomic uint64_t bytes;	  /* of all blocks */
	_Atomic uint64_t retired; /* of those, what only older versions use */
	_Atomic uint64_t kept;	  /* as in roster_figures */
	int64_t keep_ms;	  /* between the end of a save and the next one */
	/* In the warm file there are so many single rows and an eighth of all, at most; what is
	 * saved at the end may be as many once more. */
	uint64_t keep_changes;
	_Atomic uint64_t loaded;      /* entries heard of in a refresh under way */
	pthread_mutex_t version_lock; /* guards the chain of versions and their readers */
	struct roster_version *oldest, *newest;
	struct roster_version *dead; /* for the writer to free */
	pthread_mutex_t ids_lock; /* guards the slots of the writer's row tables (roster_ids.c) */
};

/* Made last and freed first by roster_new() and roster_free(). */
struct roster_readers *roster_readers_new(struct roster *r);
void roster_readers_free(struct roster_readers *readers); /* waits for queries that run */

/* The newest one, kept until released; any thread. Never NULL. */
struct roster_version *version_hold(struct roster *r);
/* `v`, which somebody else holds, once more. */
struct roster_version *version_hold_too(struct roster *r, struct roster_version *v);
void version_release(struct roster *r, struct roster_version *v);
/* On the loop, which does not free what nobody holds any more (a refresh may have replaced tens of
 * thousands of blocks): the writer's thread does. */
void version_release_soon(struct roster *r, struct roster_version *v);

void roster_nesting_free(struct roster_nesting *n); /* NULL is fine */

/* ---- reading a version: any thread that holds it ---- */

static inline const struct roster_page_rows *
version_page(const struct roster_version *v, uint32_t row)
{
	return v->pages[row / ROSTER_PAGE_ROWS];
}
/* Decode a live row; points into the version. */
void version_row(const struct roster_version *v, uint32_t row, struct roster_row *out);
/* Brings live rows that are about to be decoded into the processor's cache, all at once. */
void version_fetch(const struct roster_version *v, const uint32_t *rows, size_t count);

/* The sort key of a row, for cursors: `number` for times and status; `text` for the others
 * (`absent` sorts behind every text): folded for name, mail and phone; for the org unit bytes of
 * any value that name the place and its rank, so that a cursor outlives a change of ranks. */
struct roster_key {
	enum roster_sort sort;
	bool absent;
	uint8_t len;
	uint64_t number;
	char text[ROSTER_KEY_MAX];
	unsigned char id[FEED_ID_SIZE];
};
void order_key_of(
    const struct roster_version *v, enum roster_sort sort, uint32_t row, struct roster_key *out);
/* <0, 0, >0 in the ascending order of `sort`; 0 only for the row itself. */
int order_compare(const struct roster_version *v, enum roster_sort sort, uint32_t a, uint32_t b);
int order_compare_key(const struct roster_version *v, uint32_t row, const struct roster_key *key);
/* A key that comes from another version (a cursor), made fit for order_compare_key() in this one;
 * order_find() does it by itself. */
void order_key_refresh(const struct roster_version *v, struct roster_key *key);

/* A position in an order: between rows. */
struct roster_position {
	size_t chunk, index;
};
/* Before the first row that is not less than `key` (`behind`: before the first that is greater). */
struct roster_position order_find(
    const struct roster_version *v, const struct roster_key *key, bool behind);
/* The same with a key of this very version. */
struct roster_position order_locate(
    const struct roster_version *v, const struct roster_key *key, bool behind);
struct roster_position order_begin(const struct roster_version *v, enum roster_sort sort);
struct roster_position order_end(const struct roster_version *v, enum roster_sort sort);
/* The row behind (before) the position, which moves over it; ROSTER_ROW_NONE at the end. */
uint32_t order_next(
    const struct roster_version *v, enum roster_sort sort, struct roster_position *p);
uint32_t order_previous(
    const struct roster_version *v, enum roster_sort sort, struct roster_position *p);

/* Whether each place (by its index, `below` has place_count() bytes) is `normal_dn` or below it;
 * false when there is no such place. */
size_t place_count(const struct roster_version *v);
bool place_mark_below(const struct roster_version *v, const char *normal_dn, uint8_t *below);
void place_mark_all(const struct roster_version *v, uint8_t *below);
/* Of those that are marked, only what is one of these DNs or below one stays so; false when nothing
 * does. */
bool place_keep_within(
    const struct roster_version *v, const char *const *dns, size_t count, uint8_t *below);
/* Rows of each status in the marked places (all when `below` is NULL), added to `count`. */
void place_add_counts(
    const struct roster_version *v, const uint8_t *below, uint64_t count[FEED_STATUS_COUNT]);

/* ---- folding (roster_fold.c), pure ---- */

/* Case folded, compatibility decomposed, marks removed, letters that have no decomposition spelled
 * by their base (ł l, ø o, đ d, ß ss, æ ae, œ oe, ı i, ħ h, ŧ t, þ th, ð d); runs of white space
 * are one space; control characters go. Bad UTF-8 bytes are left out. At most `size` bytes, cut at
 * a whole character; returns the length. */
size_t fold_text(const char *s, size_t len, char *out, size_t size);
/* The digits alone, without "(0)" and a leading "00" or "+". */
size_t fold_phone(const char *s, size_t len, char *out, size_t size);

/* ---- the warm file (roster_warm.c) ---- */

/* A table of records, each a kind, an id and bytes that only the writer understands, and the cookie
 * that belongs to them. All calls block; one thread at a time: the writer's while it loads, then a
 * thread of its own, which saves from versions that it holds, so that a long save holds up no
 * change. */
/* WARM_PAGE has the users of a whole page, WARM_USER one that changed since that was saved: a
 * million small records take four times as long to read as the same bytes in pages, and a page is
 * too much to write for one change. WARM_ORDER is a part of an order of the rows in pages. */
enum warm_kind { WARM_USER = 1, WARM_PLACE = 2, WARM_GROUP = 3, WARM_PAGE = 4, WARM_ORDER = 5 };
struct warm;
struct warm_record {
	enum warm_kind kind;
	unsigned char id[FEED_ID_SIZE];
	const void *data; /* NULL in warm_save(): delete */
	size_t len;
};

/* Opens or makes the file. Whatever does not fit (truncated, foreign, newer, sealed with another
 * key, of another subject) is deleted and made anew, with the reason in `f`; NULL when even that
 * fails (then there is no warm file this time, and `f` says why). */
struct warm *warm_open(
    const char *path, const char *subject, const struct seal *seal, struct fault *f);
/* All records in the order places, groups, pages, users, orders. False: damaged in the middle; the
 * caller drops what it has and calls warm_reset(). `cookie` has room for FEED_COOKIE_MAX. */
typedef bool warm_load_cb(void *arg, const struct warm_record *record);
bool warm_load(
    struct warm *w, warm_load_cb *cb, void *arg, void *cookie, size_t *cookie_len, struct fault *f);
/* One transaction: these records and the cookie. A failure is told once and makes the file be
 * dropped: it is never behind what it says. */
bool warm_save(struct warm *w, const struct warm_record *records, size_t count, const void *cookie,
    size_t cookie_len, struct fault *f);
bool warm_reset(struct warm *w, struct fault *f); /* empties it */
uint64_t warm_count(const struct warm *w);	  /* its records */
void warm_close(struct warm *w);

/* A new and empty file beside it, saved into as well, which takes its place once it is whole: until
 * then the old one is as it was, whatever happens. NULL: it cannot be made. */
struct warm *warm_heir(const struct warm *w, struct fault *f);
/* `heir` is freed, and `w` is what it was. False: nothing can be saved any more; the old file is
 * there still, or the new one. */
bool warm_succeed(struct warm *w, struct warm *heir, struct fault *f);
void warm_drop(struct warm *heir); /* instead */

#endif
