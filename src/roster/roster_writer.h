/* The writing half of the roster: what builds the next version.
 *
 * Everything here belongs to the writer's thread. The draft is the version being built. It starts
 * as a copy of the newest one and shares all blocks with it; a block is copied before its first
 * change (..._own), and the one that the newest version still uses is retired.
 */
#ifndef USHERD_ROSTER_ROSTER_WRITER_H
#define USHERD_ROSTER_ROSTER_WRITER_H

#include <string.h>

#include "base/list.h"
#include "roster/roster_private.h"

/* ---- blocks (roster_version.c): memory that roster_figures counts ---- */

void *block_new(struct roster *r, size_t size); /* not zeroed */
void *block_zeroed(struct roster *r, size_t size);
void *block_resize(struct roster *r, void *block, size_t size); /* NULL: as block_new() */
void block_free(struct roster *r, void *block);			/* NULL is fine */
char *block_string(struct roster *r, const char *s);		/* NULL stays NULL */

/* A growing list of row numbers. */
struct row_list {
	uint32_t *rows;
	size_t count, room;
};
void row_list_add(struct roster *r, struct row_list *list, uint32_t row);
/* `count` numbers that lie anywhere. */
void row_list_add_all(struct roster *r, struct row_list *list, const void *rows, size_t count);
void row_list_trim(struct roster *r, struct row_list *list); /* to what is in it */
/* A growing list of ids. */
struct feed_id_list {
	unsigned char (*ids)[FEED_ID_SIZE];
	size_t count, room;
};
void id_list_trim(struct roster *r, struct feed_id_list *list);
void id_list_add(struct roster *r, struct feed_id_list *list, const unsigned char id[FEED_ID_SIZE]);

/* The order by name, mail, phone or id that there was once, and rows that have changed since;
 * `pages` were there before those. */
enum { ORDER_BY_ID = ROSTER_SORT_COUNT };
struct order_hints {
	struct row_list order[ROSTER_SORT_COUNT + 1], changed;
	size_t pages;
};

/* ---- hash tables of ids (roster_ids.c) ---- */

/* Open addressing over numbers alone, 4 bytes a slot; what a number's id is, `key` says. Several
 * numbers may have the same id. The writer alone changes a table, with ids_lock around each change,
 * so that roster_find() may walk those of rows with the lock. */
enum { IDS_SECRET_SIZE = 16 };
typedef const unsigned char *ids_key(const void *owner, uint32_t value);
struct ids {
	uint32_t *slots; /* ROSTER_ROW_NONE: free */
	size_t size;	 /* a power of two, or 0 */
	size_t used;
	ids_key *key;
	const void *owner;
	const unsigned char *secret; /* IDS_SECRET_SIZE bytes; NULL: the ids are nobody's choice */
};
void ids_add(struct roster *r, struct ids *ids, uint32_t value);
/* A table without any gets all of these. False: two have the same id, and it has none still. */
bool ids_fill(struct roster *r, struct ids *ids, const uint32_t *values, size_t count);
/* While key() still answers for it. */
void ids_remove(struct roster *r, struct ids *ids, uint32_t value);
void ids_trim(struct roster *r, struct ids *ids); /* when most of it has gone */
void ids_free(struct roster *r, struct ids *ids);
/* Walk the numbers that may have this id, in any version: start with *at == 0, ends with
 * ROSTER_ROW_NONE. */
uint32_t ids_next(const struct ids *ids, const unsigned char id[FEED_ID_SIZE], size_t *at);
/* The first number that has it now, or ROSTER_ROW_NONE. */
uint32_t ids_find(const struct ids *ids, const unsigned char id[FEED_ID_SIZE]);

/* How many numbers have it now; stops at `most`. */
size_t ids_count(const struct ids *ids, const unsigned char id[FEED_ID_SIZE], size_t most);

bool id_is_zero(const unsigned char id[FEED_ID_SIZE]);
static inline bool
id_equal(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, FEED_ID_SIZE) == 0;
}

/* ---- rows as they are written (roster_row.c) ---- */

enum {
	/* Bytes of a row's strings: flags, marker, five texts of FEED_TEXT_MAX, mail, phone, RDN,
	 * each with its length. */
	ROW_DATA_MAX = 4096
};

/* The values of one row, ready to be put into a page. */
struct row_values {
	unsigned char id[FEED_ID_SIZE];
	uint32_t place;
	uint32_t invited_at, registered_at, last_activity_at;
	uint8_t status;
	uint32_t text_len, data_len;
	char text[ROSTER_TEXT_MAX];
	unsigned char data[ROW_DATA_MAX];
};

/* All but the place. `is_invitation`: `u->invitation` is the row's own id. */
void row_encode(struct row_values *out, const unsigned char id[FEED_ID_SIZE],
    const struct feed_user *u, bool is_invitation);
/* Whether strings and text that come of a file are those of a user, as row_encode() makes them. */
bool row_data_fits(const unsigned char *data, size_t len);
bool row_text_fits(const char *text, size_t len);
/* What stands in a page. */
void row_copy(const struct roster_version *v, uint32_t row, struct row_values *out);
bool row_is_invitation(const struct roster_version *v, uint32_t row);
/* The marker of a user's row; NULL: it has none. */
const unsigned char *row_marker(const struct roster_version *v, uint32_t row);
const unsigned char *row_values_marker(const struct row_values *values);
bool row_is_live(const struct roster_version *v, uint32_t row); /* any number */
/* Whether a row put as these values would be the one that is there. */
bool row_is_same(const struct roster_version *v, uint32_t row, const struct row_values *values);

/* ---- the writer ---- */

struct group;
struct invite;

/* Who is to be told that a batch is applied. */
struct applied {
	TAILQ_ENTRY(applied) link;
	loop_cb *cb;
	void *arg;
};
TAILQ_HEAD(applied_list, applied);

/* Where an id or a marker was in the newest version. */
struct past {
	unsigned char id[FEED_ID_SIZE];
	uint32_t row;
};
/* Before it is removed from its table; guarded by ids_lock as that is. */
void past_add(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], uint32_t row);
void past_forget(struct roster_writer *w); /* once there is a version without them */

/* A growing set of small numbers. */
struct marks {
	uint64_t *words;
	size_t count;
};

struct roster_writer {
	struct roster *r;
	struct roster_version *draft;
	bool dirty; /* the draft differs from the newest version */

	/* The draft's arrays that are its own already, and their room. */
	bool own_pages, own_order[ROSTER_SORT_COUNT];
	size_t page_room, order_room[ROSTER_SORT_COUNT];
	struct row_list drafted; /* numbers of pages that were made for the draft */
	void **retired;		 /* blocks of the newest version that the draft replaced */
	size_t retired_count, retired_room;

	/* Rows: `rows` by id, `markers` users by the invitation they came of. */
	struct ids rows, markers;
	/* Ids and markers that were removed from the two in the draft, for roster_find(). */
	struct past *past;
	size_t past_count, past_room;
	struct ids past_ids;
	struct row_list vacant; /* row numbers to use again */
	uint32_t row_end;	/* one behind the highest row number */
	uint64_t live;
	/* An order that is not kept but made anew before the next version; all are while a refresh
	 * changes more rows than a sort is worth (`bulk`). */
	bool stale[ROSTER_SORT_COUNT];
	bool bulk;
	bool trims;	  /* a refresh has ended since memory was given back */
	uint64_t changes; /* of rows, in the refresh under way of the directory */
	uint64_t bulk_changes;

	struct ids place_ids;	/* org units by entryUUID */
	struct ids place_names; /* places by the hash of their key */
	struct row_list vacant_places;
	size_t place_room;
	bool own_places, own_counts;
	bool places_emptied; /* some place may have lost its last row */
	bool places_late;    /* some were made in bulk; the order by org unit is stale until then */
	struct ids group_ids;
	struct row_list vacant_groups;
	size_t group_room;
	size_t awaiting; /* groups that await a place's new DN, at most */
	bool own_groups;
	unsigned char member_key[IDS_SECRET_SIZE];

	/* Invitations of the store, shown or hidden behind their users. */
	struct ids invite_ids;
	struct invite **invites; /* by number; NULL: free */
	size_t invite_count, invite_room;
	struct row_list vacant_invites;
	size_t waiting;	       /* those that are gone and still shown, until their users come */
	int64_t waiting_since; /* ms; none of them waits for longer */
	int64_t grace_ms;

	/* What a refresh under way has named: rows, places and groups by number. */
	bool refreshing[2], broken[2]; /* by enum feed_source */
	uint64_t refresh;	       /* how many of the directory have begun */
	bool limited;		       /* `broken` of the directory is its limit, and will stay */
	bool ended; /* there is a list: a refresh was whole or as far as a limit, or a warm file */
	struct marks marked_rows, marked_places, marked_groups;

	/* What the next version tells, and what of it goes into the warm file. */
	struct roster_event events[ROSTER_EVENTS_MAX];
	size_t event_count;
	bool event_all;
	struct row_list saved; /* rows of users that changed or went */
	bool saved_all;
	struct feed_id_list saved_groups;
	bool saved_places;
	unsigned char cookie[FEED_COOKIE_MAX];
	size_t cookie_len;
	bool cookie_is_new;
	struct applied_list applied;	   /* batches in the draft */
	int64_t dirty_since, published_at; /* ms */
	/* While older versions that somebody holds keep more than `retired_max` bytes alive,
	 * versions come `pause_ms` apart, and so many times that as they keep so many times that.
	 */
	uint64_t retired_max;
	int64_t pause_ms;
};

/* ---- versions (roster_version.c) ---- */

/* A first, empty version and a draft. */
void version_init(struct roster *r);
/* Everything of every version; nobody reads any more. The draft was published. */
void version_free_all(struct roster *r);
/* The draft becomes the newest version, and the next draft begins. */
void draft_publish(struct roster_writer *w);
void draft_retire(struct roster_writer *w, void *block); /* NULL is fine */

/* ---- places (roster_place_write.c, roster_place_entry.c), groups (roster_group.c) ---- */

/* The slot of the place of this DN, made when there is none; ROSTER_ROW_NONE: it is no DN. */
uint32_t place_of(struct roster_writer *w, const char *normal_dn);
void place_add_rows(struct roster_writer *w, uint32_t place, enum feed_status status, int32_t rows);
void places_count_none(struct roster_writer *w); /* there are no rows any more */
void place_put(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], const struct feed_place *place);
void place_gone(struct roster_writer *w, uint32_t place); /* the org unit is no more */
void places_settle(struct roster_writer *w); /* places that nothing holds are forgotten */
/* All rows of one place are of another one, which takes its name (roster_write.c). */
void rows_move_place(struct roster_writer *w, uint32_t from, uint32_t to);
ids_key place_id_of, place_hash_of, group_id_of, past_id_of; /* of the writer's draft */

/* Between the two: slots, ranks and the tree, which an org unit's entry changes. */
struct place;
struct roster_places_table *places_own(struct roster_writer *w);
uint32_t place_new(struct roster_writer *w, const char *dn, const char *key);
void place_skip(struct roster_writer *w);		    /* a slot that stays free */
void place_forget(struct roster_writer *w, uint32_t place); /* its rows are gone or moved */
uint32_t place_find(const struct roster_writer *w, const char *key);
uint32_t place_above(const struct roster_writer *w, const char *key); /* the nearest there is */
void place_adopt(struct roster_places_table *t, uint32_t place);
bool place_is_under(const struct roster_places_table *t, uint32_t place, uint32_t above);
void places_arrange(struct roster_writer *w); /* the late ones get ranks and a place in the tree */
void place_set_key(struct roster_writer *w, struct place *p, const char *dn, const char *key);
/* `name` NULL: that of the DN. */
void place_set_name(
    struct roster_writer *w, struct place *p, const char *name, const char *description);
void ranks_renew(struct roster_writer *w); /* after paths have changed */

void group_put(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], const struct feed_group *group);
void group_gone(struct roster_writer *w, uint32_t group);
/* The groups below a place are its own, whoever else gets its name now. */
void groups_await(struct roster_writer *w, uint32_t place);
void groups_await_none(struct roster_writer *w, uint32_t place); /* it is no more */
/* The place was `old_key` until now, and `named` so: everybody who looked for that found it. */
void groups_rename_under(struct roster_writer *w, uint32_t place, const char *old_key, bool named);

/* ---- pages (roster_page.c) ---- */

struct roster_page_rows *page_own(struct roster_writer *w, uint32_t page);
/* The row's slot may be live or not; its id may be another. */
void page_put(struct roster_writer *w, uint32_t row, const struct row_values *values);
void page_drop(struct roster_writer *w, uint32_t row);
void page_seal(struct roster_writer *w, uint32_t page); /* blocks get their exact size */
/* The next page, empty; its blocks have room for so many bytes. */
struct roster_page_rows *page_add(struct roster_writer *w, uint32_t text_len, uint32_t data_len);
void pages_forget(struct roster_writer *w); /* all of them, which nobody was shown */

/* ---- rows as a whole (roster_write.c): pages, orders, ids, counts and events together ---- */

uint32_t row_add(struct roster_writer *w, const struct row_values *values);
void row_change(struct roster_writer *w, uint32_t row, const struct row_values *values);
void row_remove(struct roster_writer *w, uint32_t row);
/* So many rows more (less) of this place and status, in the counts alone. */
void row_count(struct roster_writer *w, uint32_t place, enum feed_status status, int32_t rows);
void marker_index(struct roster_writer *w, uint32_t row); /* a row that has just been put */

/* ---- what a batch says (roster_apply.c, roster_refresh.c, roster_invite.c) ---- */

struct roster_writer *writer_new(struct roster *r);
void writer_free(struct roster_writer *w);
/* All of the batch; the draft is consistent afterwards. */
void writer_apply(struct roster_writer *w, const struct feed_batch *b, int64_t now_ms);
/* Invitations that waited too long for their users go. */
void writer_tick(struct roster_writer *w, int64_t now_ms);
/* When the next one will have, in ms; -1: none waits, or the end of a refresh will tell. */
int64_t writer_wait_ms(const struct roster_writer *w, int64_t now_ms);
/* For how long no version should be published; 0: now is fine. */
int64_t writer_pause_ms(const struct roster_writer *w, int64_t now_ms);
bool writer_may_publish(const struct roster_writer *w);
void writer_publish(struct roster_writer *w); /* orders that are stale are made first */
void writer_trim(struct roster_writer *w);    /* after that */
void writer_bulk(struct roster_writer *w);    /* from here on to the end of the refresh */

void marks_set(struct roster_writer *w, struct marks *m, uint32_t number);
bool marks_have(const struct marks *m, uint32_t number);

void refresh_begin(struct roster_writer *w, enum feed_source source);
void refresh_end(struct roster_writer *w, const struct feed_batch *b, int64_t now_ms);
void user_remove(struct roster_writer *w, uint32_t row);

void invite_put(struct roster_writer *w, const struct feed_item *item);
void invite_present(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE]);
void invite_gone(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], bool becoming, int64_t now_ms);
/* The row of an invitation has to make room for an entry with its id. */
void invite_forget_id(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE]);
/* When it was sent; 0: unknown. */
int64_t invite_time(const struct roster_writer *w, const unsigned char id[FEED_ID_SIZE]);
/* A user with this marker is there; the last one with it is no more. */
void invite_on_user(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE]);
void invite_on_user_gone(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE]);
void invites_refresh_begin(struct roster_writer *w);
void invites_drop_absent(struct roster_writer *w, int64_t now_ms);
/* Those that wait since before the refresh `refresh` of the directory, or too long. */
void invites_drop_waiting(struct roster_writer *w, uint64_t refresh, int64_t now_ms);
void invites_free(struct roster_writer *w);
ids_key invite_id_of;

/* ---- the warm file (roster_keep.c, roster_keep_load.c, roster_keep_record.c) ---- */

struct roster_keep *keep_new(struct roster *r); /* NULL: there is none */
void keep_free(struct roster_keep *k);		/* stops a save; before the versions go */
/* On the writer's thread, once a version is published: what changed in it. */
void keep_take_changes(struct roster_keep *k, struct roster_writer *w);
void keep_poke(struct roster_keep *k); /* on the loop: saves when it is time */
/* On the loop: saves once more what is not saved. False: nothing is; else roster_saved_last() is
 * called. */
bool keep_last(struct roster_keep *k);
void roster_saved_last(struct roster *r);
/* On the loop, once the file was read: `warm` (NULL: none this time) is the keeper's. */
void keep_begin(struct roster_keep *k, struct warm *warm);

enum {
	RECORD_FORMAT = 3,
	RECORD_PART = 1 << 14, /* rows of an order in a record, at most */
	RECORD_PARTS_MAX = 1 << 16
};
/* Records of the warm file. Of a page the users alone: the store brings its invitations itself. A
 * row that has no user any more is kept as that. */
void record_page(const struct roster_version *v, uint32_t page, struct buf *out);
void record_user(const struct roster_version *v, uint32_t row, struct buf *out);
void record_order(const uint32_t *rows, size_t count, struct buf *out); /* a part of one */
void record_place(const struct roster_version *v, uint32_t place, struct buf *out);
void record_group(const struct group *g, struct buf *out);
/* False: made by another version of the program. Places come first, pages behind them, then rows,
 * each in the order of their numbers, which they keep. The rows are in no order and in no table of
 * ids until rows_restored(). */
bool record_read_place(struct roster_writer *w, const struct warm_record *record);
bool record_read_group(struct roster_writer *w, const struct warm_record *record);
bool record_read_page(struct roster_writer *w, const struct warm_record *record);
bool record_read_user(
    struct roster_writer *w, const struct warm_record *record, struct order_hints *hints);
bool record_read_order(
    struct roster_writer *w, const struct warm_record *record, struct order_hints *hints);
/* The id of what is known by its number; the file has them in this order. */
void record_number_id(uint32_t number, unsigned char id[FEED_ID_SIZE]);
uint32_t record_id_number(const struct warm_record *record);
/* A slot without a user gets one, gets another one, or (`values` NULL) loses it. */
void row_restore(struct roster_writer *w, uint32_t row, const struct row_values *values);
/* False: two have the same id, or one has a place that is none. */
bool rows_restored(struct roster_writer *w, const struct order_hints *hints);
void rows_forget(struct roster_writer *w); /* nothing else was ever there */
/* On the writer's thread: what the draft holds is what the file holds; `singles` rows, and
 * `records` beside them. */
void keep_restored(struct roster_keep *k, struct roster_writer *w, const void *cookie,
    size_t cookie_len, uint64_t records, uint64_t singles);
bool place_restore(struct roster_writer *w, uint32_t number, const unsigned char id[FEED_ID_SIZE],
    const struct feed_place *place);
void places_restored(struct roster_writer *w); /* after the last one */
void group_restore(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE],
    const struct feed_group *group, const void *members, size_t count);
/* All org units and groups are gone. */
void entries_forget(struct roster_writer *w);

/* ---- what other parts ask of the object (roster.c) ---- */

/* From any thread: posts to the loop; `r` is NULL when the roster is gone by then. */
typedef void roster_post_cb(struct roster *r, void *arg);
void roster_post(struct roster *r, roster_post_cb *cb, void *arg);
/* Runs on the writer's thread, in turn with the batches; takes `arg` then. Dropped with free(arg).
 */
void roster_write(struct roster *r, void (*run)(struct roster_writer *w, void *arg), void *arg);
/* Publishes what there is, on the writer's thread, and tells of it. */
void roster_publish(struct roster_writer *w);

/* ---- orders (roster_order.c, roster_order_write.c, roster_rebuild.c, roster_sort.c) ---- */

/* The row stands in the draft's page as it stands in the order. */
void order_insert(struct roster_writer *w, enum roster_sort sort, uint32_t row);
void order_remove(struct roster_writer *w, enum roster_sort sort, uint32_t row);
/* Those that are stale. Meanwhile `beside` is run, on any thread. Both may be NULL. */
void orders_rebuild(
    struct roster_writer *w, const struct order_hints *hints, void (*beside)(void *arg), void *arg);
/* These rows, in this order, and no others. */
void order_set(struct roster_writer *w, enum roster_sort sort, const uint32_t *rows, size_t count);
/* Whether the row would stand elsewhere with these values. */
bool order_differs(const struct roster_version *v, enum roster_sort sort, uint32_t row,
    const struct row_values *values);
/* One segment of a live row's search text: 0 name, 1 mail, 2 phone. */
const char *row_segment(
    const struct roster_version *v, uint32_t row, unsigned segment, size_t *len);
/* The number that a time or a status sorts by; of an org unit its rank. */
uint64_t row_number(const struct roster_version *v, enum roster_sort sort, uint32_t row);
bool sort_is_text(enum roster_sort sort);
unsigned sort_segment(enum roster_sort sort); /* of one that is text */

#endif
