/* A refresh (RFC 4533 section 3.3): what it names is marked, and what it did not name is gone when
 * it says so in its end. */
#include <malloc.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

void
marks_set(struct roster_writer *w, struct marks *m, uint32_t number)
{
	size_t word = number / 64, before = m->count;

	if (!w->refreshing[FEED_DIRECTORY])
		return;
	if (word >= m->count) {
		m->count = word + word / 2 + 16;
		m->words = block_resize(w->r, m->words, m->count * sizeof(*m->words));
		memset(m->words + before, 0, (m->count - before) * sizeof(*m->words));
	}
	m->words[word] |= UINT64_C(1) << number % 64;
}

bool
marks_have(const struct marks *m, uint32_t number)
{
	return number / 64 < m->count && (m->words[number / 64] >> number % 64 & 1) != 0;
}

static void
marks_reset(struct roster_writer *w, struct marks *m)
{
	block_free(w->r, m->words);
	*m = (struct marks){ 0 };
}

static void
marks_reset_all(struct roster_writer *w)
{
	marks_reset(w, &w->marked_rows);
	marks_reset(w, &w->marked_places);
	marks_reset(w, &w->marked_groups);
}

void
refresh_begin(struct roster_writer *w, enum feed_source source)
{
	w->refreshing[source] = true;
	if (source == FEED_STORE) {
		invites_refresh_begin(w);
		return;
	}
	w->refresh++;
	w->changes = 0;
	marks_reset_all(w);
	atomic_store_explicit(&w->r->loaded, 0, memory_order_relaxed);
}

static bool
row_is_absent(const struct roster_writer *w, uint32_t row)
{
	return row_is_live(w->draft, row) && !row_is_invitation(w->draft, row) &&
	       !marks_have(&w->marked_rows, row);
}

/* A row number that comes free and is used again by an invitation that shows is none of a user. */
static void
users_drop_absent(struct roster_writer *w)
{
	uint64_t absent = 0;

	for (uint32_t row = 0; row < w->row_end; row++)
		absent += row_is_absent(w, row);
	if (absent > w->live / 8 && absent > w->bulk_changes)
		writer_bulk(w);
	for (uint32_t row = 0; absent > 0 && row < w->row_end; row++)
		if (row_is_absent(w, row)) {
			user_remove(w, row);
			absent--;
		}
}

static void
places_drop_absent(struct roster_writer *w)
{
	for (uint32_t i = 0; i < w->draft->places->count; i++) {
		const struct place *p = &w->draft->places->items[i];

		if (p->used && !id_is_zero(p->id) && !marks_have(&w->marked_places, i))
			place_gone(w, i);
	}
}

static void
groups_drop_absent(struct roster_writer *w)
{
	for (uint32_t i = 0; i < w->draft->groups->count; i++)
		if (w->draft->groups->items[i] != NULL && !marks_have(&w->marked_groups, i))
			group_gone(w, i);
}

void
entries_forget(struct roster_writer *w)
{
	marks_reset_all(w);
	places_drop_absent(w);
	groups_drop_absent(w);
}

static void
state_set(struct roster_writer *w)
{
	enum roster_state state = ROSTER_LOADING;

	if (w->ended)
		state = w->broken[FEED_DIRECTORY] || w->broken[FEED_STORE] ? ROSTER_INCOMPLETE
									   : ROSTER_COMPLETE;
	w->dirty = w->dirty || state != w->draft->state;
	w->draft->state = state;
}

/* An end without a beginning has named nothing, and removes nothing. */
void
refresh_end(struct roster_writer *w, const struct feed_batch *b, int64_t now_ms)
{
	bool whole = b->step == FEED_REFRESH_COMPLETE;
	bool drops = whole && b->absent_is_gone && w->refreshing[b->source];

	if (b->source == FEED_STORE) {
		if (drops)
			invites_drop_absent(w, now_ms);
	} else {
		if (drops) {
			users_drop_absent(w);
			places_drop_absent(w);
			groups_drop_absent(w);
		}
		if (whole && w->refreshing[b->source])
			invites_drop_waiting(w, w->refresh, now_ms);
		marks_reset_all(w);
		/* What a lost connection left of a first load is no list yet; what a limit lets
		 * through is all that there will be. */
		w->ended = w->ended || whole || b->cut_by_limit;
		w->bulk = !w->ended;
		w->limited = !whole && b->cut_by_limit;
		w->trims = true;
		malloc_trim(0); /* thousands of batches have passed through */
	}
	w->refreshing[b->source] = false;
	w->broken[b->source] = !whole;
	state_set(w);
	writer_tick(w, now_ms);
}
