/* What a batch says, item by item, and when a version comes of it. */
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/mem.h"
#include "roster/roster_writer.h"

enum {
	/* A wait for the user of an invitation that is done ends here: its entry was deleted in
	 * between. */
	INVITE_GRACE_MS = 60 * 1000,
	/* So many changes of rows in a refresh, and an eighth of all, and a sort is cheaper. */
	BULK_CHANGES = 8192,
	BULK_SHARE = 8,
	/* A save holds its version for seconds, in which every change of one row retires its page
	 * and seven chunks: 90 KB at 200,000 rows. */
	RETIRED_MAX = 64 * 1024 * 1024,
	PAUSE_MS = 1000,
	PAUSES_MAX = 10
};

static const unsigned char *
row_id_of(const void *owner, uint32_t row)
{
	const struct roster_writer *w = owner;

	return version_page(w->draft, row)->id[row % ROSTER_PAGE_ROWS];
}

static const unsigned char *
row_marker_of(const void *owner, uint32_t row)
{
	const struct roster_writer *w = owner;

	return row_marker(w->draft, row);
}

struct roster_writer *
writer_new(struct roster *r)
{
	struct roster_writer *w = block_zeroed(r, sizeof(*w));
	unsigned char key[32];

	w->r = r;
	w->rows = (struct ids){ .key = row_id_of, .owner = w };
	w->markers = (struct ids){ .key = row_marker_of, .owner = w, .secret = w->member_key };
	w->past_ids = (struct ids){ .key = past_id_of, .owner = w, .secret = w->member_key };
	w->place_ids = (struct ids){ .key = place_id_of, .owner = w };
	w->place_names = (struct ids){ .key = place_hash_of, .owner = w };
	w->group_ids = (struct ids){ .key = group_id_of, .owner = w };
	w->invite_ids = (struct ids){ .key = invite_id_of, .owner = w };
	w->grace_ms = INVITE_GRACE_MS;
	w->bulk_changes = BULK_CHANGES;
	w->retired_max = RETIRED_MAX;
	w->pause_ms = PAUSE_MS;
	TAILQ_INIT(&w->applied);
	/* The warm file keeps hashes of members, so that their key outlives a restart. */
	if (r->conf.seal != NULL)
		seal_derive(r->conf.seal, "roster members", key);
	else
		random_fill(key, sizeof(key));
	memcpy(w->member_key, key, sizeof(w->member_key));
	sodium_memzero(key, sizeof(key));
	writer_bulk(w);
	return w;
}

void
writer_free(struct roster_writer *w)
{
	struct roster *r = w->r;

	invites_free(w);
	ids_free(r, &w->rows);
	ids_free(r, &w->markers);
	past_forget(w);
	ids_free(r, &w->place_ids);
	ids_free(r, &w->place_names);
	ids_free(r, &w->group_ids);
	block_free(r, w->drafted.rows);
	block_free(r, w->vacant.rows);
	block_free(r, w->vacant_places.rows);
	block_free(r, w->vacant_groups.rows);
	block_free(r, w->saved.rows);
	block_free(r, w->saved_groups.ids);
	block_free(r, w->marked_rows.words);
	block_free(r, w->marked_places.words);
	block_free(r, w->marked_groups.words);
	block_free(r, w->retired);
	block_free(r, w);
}

void
writer_bulk(struct roster_writer *w)
{
	w->bulk = w->trims = true;
	memset(w->stale, true, sizeof(w->stale));
}

/* ---- entries of the directory ---- */

static void
entry_is_no_place(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t slot = ids_find(&w->place_ids, id);

	if (slot != ROSTER_ROW_NONE)
		place_gone(w, slot);
}

static void
entry_is_no_group(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t slot = ids_find(&w->group_ids, id);

	if (slot != ROSTER_ROW_NONE)
		group_gone(w, slot);
}

/* The row of a user of the directory, or ROSTER_ROW_NONE. */
static uint32_t
user_find(const struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t row = ids_find(&w->rows, id);

	return row != ROSTER_ROW_NONE && !row_is_invitation(w->draft, row) ? row : ROSTER_ROW_NONE;
}

void
user_remove(struct roster_writer *w, uint32_t row)
{
	unsigned char marker[FEED_ID_SIZE];
	const unsigned char *had = row_marker(w->draft, row);

	if (had != NULL)
		memcpy(marker, had, FEED_ID_SIZE);
	row_remove(w, row);
	if (had != NULL)
		invite_on_user_gone(w, marker);
}

static void
entry_is_no_user(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t row = user_find(w, id);

	if (row != ROSTER_ROW_NONE)
		user_remove(w, row);
}

/* When the invitation was sent, as far as anybody knows: the entry, the invitation, or the row. */
static void
user_set_invited(struct roster_writer *w, struct row_values *values, uint32_t row)
{
	const unsigned char *marker = row_values_marker(values);
	const unsigned char *before = row != ROSTER_ROW_NONE ? row_marker(w->draft, row) : NULL;

	if (marker == NULL || values->invited_at != 0)
		return;
	values->invited_at = (uint32_t)invite_time(w, marker);
	if (values->invited_at == 0 && before != NULL && id_equal(before, marker))
		values->invited_at =
		    version_page(w->draft, row)->invited_at[row % ROSTER_PAGE_ROWS];
}

static void
user_put(struct roster_writer *w, const struct feed_item *item)
{
	struct row_values values;
	unsigned char before[FEED_ID_SIZE] = { 0 };
	uint32_t row;

	invite_forget_id(w, item->id);
	entry_is_no_place(w, item->id);
	entry_is_no_group(w, item->id);
	row = user_find(w, item->id);
	row_encode(&values, item->id, &item->user, false);
	values.place = place_of(w, item->user.parent);
	user_set_invited(w, &values, row);
	if (row != ROSTER_ROW_NONE) {
		if (row_marker(w->draft, row) != NULL)
			memcpy(before, row_marker(w->draft, row), FEED_ID_SIZE);
		row_change(w, row, &values);
	} else {
		row = row_add(w, &values);
	}
	marks_set(w, &w->marked_rows, row);
	if (row_marker(w->draft, row) != NULL)
		invite_on_user(w, row_marker(w->draft, row));
	if (!id_is_zero(before))
		invite_on_user_gone(w, before);
}

static void
entry_gone(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	entry_is_no_user(w, id);
	entry_is_no_place(w, id);
	entry_is_no_group(w, id);
}

static void
entry_present(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t row = user_find(w, id), place = ids_find(&w->place_ids, id);
	uint32_t group = ids_find(&w->group_ids, id);

	if (row != ROSTER_ROW_NONE)
		marks_set(w, &w->marked_rows, row);
	if (place != ROSTER_ROW_NONE)
		marks_set(w, &w->marked_places, place);
	if (group != ROSTER_ROW_NONE)
		marks_set(w, &w->marked_groups, group);
}

static void
org_unit_put(struct roster_writer *w, const struct feed_item *item)
{
	entry_is_no_user(w, item->id);
	entry_is_no_group(w, item->id);
	place_put(w, item->id, &item->place);
	entry_present(w, item->id);
}

static void
group_entry_put(struct roster_writer *w, const struct feed_item *item)
{
	entry_is_no_user(w, item->id);
	entry_is_no_place(w, item->id);
	group_put(w, item->id, &item->group);
	entry_present(w, item->id);
}

/* ---- batches ---- */

static void
item_apply(
    struct roster_writer *w, enum feed_source source, const struct feed_item *item, int64_t now_ms)
{
	if (id_is_zero(item->id))
		return;
	switch (item->kind) {
	case FEED_PRESENT:
		if (source == FEED_STORE)
			invite_present(w, item->id);
		else
			entry_present(w, item->id);
		break;
	case FEED_GONE:
		entry_gone(w, item->id);
		break;
	case FEED_USER:
		user_put(w, item);
		break;
	case FEED_PLACE:
		org_unit_put(w, item);
		break;
	case FEED_GROUP:
		group_entry_put(w, item);
		break;
	case FEED_INVITATION:
		invite_put(w, item);
		break;
	case FEED_INVITATION_GONE:
		invite_gone(w, item->id, item->user.becoming, now_ms);
		break;
	}
}

static void
cookie_keep(struct roster_writer *w, const struct feed_batch *b)
{
	if (b->source != FEED_DIRECTORY || b->cookie_len == 0)
		return;
	w->cookie_is_new = true;
	w->cookie_len = b->cookie_len <= FEED_COOKIE_MAX ? b->cookie_len : 0;
	memcpy(w->cookie, b->cookie, w->cookie_len);
}

void
writer_apply(struct roster_writer *w, const struct feed_batch *b, int64_t now_ms)
{
	if (b->step == FEED_REFRESH_BEGINS)
		refresh_begin(w, b->source);
	for (size_t i = 0; i < b->count; i++)
		item_apply(w, b->source, &b->items[i], now_ms);
	if (w->refreshing[FEED_DIRECTORY] && b->source == FEED_DIRECTORY)
		atomic_fetch_add_explicit(&w->r->loaded, b->count, memory_order_relaxed);
	if (b->step == FEED_REFRESH_COMPLETE || b->step == FEED_REFRESH_BROKEN)
		refresh_end(w, b, now_ms);
	else if (w->refreshing[FEED_DIRECTORY] && w->changes > w->bulk_changes &&
		 w->changes > w->live / BULK_SHARE)
		writer_bulk(w);
	cookie_keep(w, b);
}

/* Whether a user that is waited for would have been told of: the directory tells all that it is
 * going to tell. */
static bool
writer_hears_all(const struct roster_writer *w)
{
	return w->ended && !w->refreshing[FEED_DIRECTORY] &&
	       (!w->broken[FEED_DIRECTORY] || w->limited);
}

void
writer_tick(struct roster_writer *w, int64_t now_ms)
{
	if (writer_hears_all(w))
		invites_drop_waiting(w, 0, now_ms);
}

int64_t
writer_wait_ms(const struct roster_writer *w, int64_t now_ms)
{
	int64_t due = w->waiting_since + w->grace_ms;

	if (w->waiting == 0 || !writer_hears_all(w))
		return -1;
	return due > now_ms ? due - now_ms : 0;
}

int64_t
writer_pause_ms(const struct roster_writer *w, int64_t now_ms)
{
	uint64_t retired = atomic_load_explicit(&w->r->retired, memory_order_relaxed);
	int64_t times = (int64_t)(retired / w->retired_max), since = now_ms - w->published_at;

	if (times > PAUSES_MAX)
		times = PAUSES_MAX;
	return since < times * w->pause_ms ? times * w->pause_ms - since : 0;
}

bool
writer_may_publish(const struct roster_writer *w)
{
	return w->dirty && w->ended && !w->bulk;
}

void
writer_publish(struct roster_writer *w)
{
	places_settle(w);
	orders_rebuild(w, NULL, NULL, NULL);
	draft_publish(w);
	past_forget(w);
}

/* What a refresh and its sorts left behind goes back to the system. */
void
writer_trim(struct roster_writer *w)
{
	if (!w->trims)
		return;
	w->trims = false;
	row_list_trim(w->r, &w->drafted);
	row_list_trim(w->r, &w->vacant);
	row_list_trim(w->r, &w->vacant_places);
	row_list_trim(w->r, &w->vacant_groups);
	row_list_trim(w->r, &w->vacant_invites);
	row_list_trim(w->r, &w->saved);
	id_list_trim(w->r, &w->saved_groups);
	ids_trim(w->r, &w->rows);
	ids_trim(w->r, &w->markers);
	ids_trim(w->r, &w->invite_ids);
	ids_trim(w->r, &w->place_ids);
	ids_trim(w->r, &w->place_names);
	ids_trim(w->r, &w->group_ids);
	malloc_trim(0);
}
