#include <malloc.h>
#include <stdlib.h>

#include "base/mem.h"
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

/* What the allocator really set aside, and its word in front of it. */
static uint64_t
block_size(void *block)
{
	return malloc_usable_size(block) + sizeof(size_t);
}

void *
block_new(struct roster *r, size_t size)
{
	return block_resize(r, NULL, size);
}

void *
block_zeroed(struct roster *r, size_t size)
{
	void *block = mem_alloc(size);

	atomic_fetch_add_explicit(&r->bytes, block_size(block), memory_order_relaxed);
	return block;
}

void *
block_resize(struct roster *r, void *block, size_t size)
{
	uint64_t before = block != NULL ? block_size(block) : 0;

	block = mem_resize(block, size, 1);
	atomic_fetch_add_explicit(&r->bytes, block_size(block) - before, memory_order_relaxed);
	return block;
}

void
block_free(struct roster *r, void *block)
{
	if (block == NULL)
		return;
	atomic_fetch_sub_explicit(&r->bytes, block_size(block), memory_order_relaxed);
	free(block);
}

char *
block_string(struct roster *r, const char *s)
{
	size_t size;
	char *copy;

	if (s == NULL)
		return NULL;
	size = strlen(s) + 1;
	copy = block_new(r, size);
	memcpy(copy, s, size);
	return copy;
}

void
row_list_add(struct roster *r, struct row_list *list, uint32_t row)
{
	if (list->count == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 64;
		list->rows = block_resize(r, list->rows, list->room * sizeof(*list->rows));
	}
	list->rows[list->count++] = row;
}

void
row_list_add_all(struct roster *r, struct row_list *list, const void *rows, size_t count)
{
	if (list->count + count > list->room) {
		list->room = list->room * 2 + count;
		list->rows = block_resize(r, list->rows, list->room * sizeof(*list->rows));
	}
	if (count > 0)
		memcpy(list->rows + list->count, rows, count * sizeof(*list->rows));
	list->count += count;
}

void
id_list_add(struct roster *r, struct feed_id_list *list, const unsigned char id[FEED_ID_SIZE])
{
	if (list->count == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 16;
		list->ids = block_resize(r, list->ids, list->room * FEED_ID_SIZE);
	}
	memcpy(list->ids[list->count++], id, FEED_ID_SIZE);
}

void
row_list_trim(struct roster *r, struct row_list *list)
{
	if (list->count == 0) {
		block_free(r, list->rows);
		list->rows = NULL;
	} else if (list->room > list->count) {
		list->rows = block_resize(r, list->rows, list->count * sizeof(*list->rows));
	}
	list->room = list->count;
}

void
id_list_trim(struct roster *r, struct feed_id_list *list)
{
	if (list->count == 0) {
		block_free(r, list->ids);
		list->ids = NULL;
	} else if (list->room > list->count) {
		list->ids = block_resize(r, list->ids, list->count * FEED_ID_SIZE);
	}
	list->room = list->count;
}

struct roster_version *
version_hold(struct roster *r)
{
	struct roster_version *v;

	pthread_mutex_lock(&r->version_lock);
	v = r->newest;
	v->readers++;
	pthread_mutex_unlock(&r->version_lock);
	return v;
}

struct roster_version *
version_hold_too(struct roster *r, struct roster_version *v)
{
	pthread_mutex_lock(&r->version_lock);
	v->readers++;
	pthread_mutex_unlock(&r->version_lock);
	return v;
}

/* With the lock: takes off the chain what nobody can reach any more. Blocks may be shared with
 * every older version, so that only the oldest one goes. */
static struct roster_version *
version_unchain(struct roster *r)
{
	struct roster_version *first = r->oldest, *last = NULL;

	while (r->oldest != r->newest && r->oldest->readers == 0) {
		last = r->oldest;
		r->oldest = last->newer;
	}
	if (last == NULL)
		return NULL;
	last->newer = NULL;
	return first;
}

/* A version with what it retired, and those behind it. */
static void
version_free(struct roster *r, struct roster_version *v)
{
	struct roster_version *newer;

	for (; v != NULL; v = newer) {
		newer = v->newer;
		atomic_fetch_sub_explicit(&r->retired, v->retired_bytes, memory_order_relaxed);
		for (size_t i = 0; i < v->retired_count; i++)
			block_free(r, v->retired[i]);
		block_free(r, v->retired);
		block_free(r, v);
	}
}

void
version_release(struct roster *r, struct roster_version *v)
{
	struct roster_version *dead;

	pthread_mutex_lock(&r->version_lock);
	v->readers--;
	dead = version_unchain(r);
	pthread_mutex_unlock(&r->version_lock);
	version_free(r, dead);
}

static void
versions_free_dead(struct roster_writer *w, void *arg)
{
	struct roster *r = w->r;
	struct roster_version *dead;

	(void)arg;
	pthread_mutex_lock(&r->version_lock);
	dead = r->dead;
	r->dead = NULL;
	pthread_mutex_unlock(&r->version_lock);
	version_free(r, dead);
}

void
version_release_soon(struct roster *r, struct roster_version *v)
{
	struct roster_version *dead, **end = &r->dead;

	pthread_mutex_lock(&r->version_lock);
	v->readers--;
	dead = version_unchain(r);
	while (dead != NULL && *end != NULL)
		end = &(*end)->newer;
	if (dead != NULL)
		*end = dead;
	pthread_mutex_unlock(&r->version_lock);
	if (dead != NULL)
		roster_write(r, versions_free_dead, NULL);
}

static struct roster_version *
draft_new(struct roster *r, const struct roster_version *base)
{
	struct roster_version *v = block_new(r, sizeof(*v));

	*v = *base;
	v->number++;
	v->readers = 0;
	v->newer = NULL;
	v->retired = NULL;
	v->retired_count = 0;
	v->retired_bytes = 0;
	return v;
}

void
version_init(struct roster *r)
{
	r->newest = r->oldest = block_zeroed(r, sizeof(*r->newest));
	r->newest->places = places_empty(r);
	r->newest->groups = groups_empty(r);
	r->writer->draft = draft_new(r, r->newest);
}

void
draft_retire(struct roster_writer *w, void *block)
{
	if (block == NULL)
		return;
	if (w->retired_count == w->retired_room) {
		w->retired_room = w->retired_room > 0 ? w->retired_room * 2 : 64;
		w->retired = block_resize(w->r, w->retired, w->retired_room * sizeof(*w->retired));
	}
	w->retired[w->retired_count++] = block;
}

/* Nothing of the draft may be changed from here on. */
static void
draft_disown(struct roster_writer *w)
{
	for (size_t i = 0; i < w->drafted.count; i++) {
		struct roster_page_rows *page = w->draft->pages[w->drafted.rows[i]];

		page_seal(w, w->drafted.rows[i]);
		page->text_room = page->data_room = 0;
	}
	w->drafted.count = 0;
	w->own_pages = w->own_places = w->own_counts = w->own_groups = false;
	memset(w->own_order, 0, sizeof(w->own_order));
}

static uint64_t
retired_size(const struct roster_writer *w)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < w->retired_count; i++)
		bytes += block_size(w->retired[i]);
	return bytes;
}

void
draft_publish(struct roster_writer *w)
{
	struct roster *r = w->r;
	struct roster_version *next, *dead;
	uint64_t retired = retired_size(w);

	draft_disown(w);
	atomic_fetch_add_explicit(&r->retired, retired, memory_order_relaxed);
	next = draft_new(r, w->draft);
	pthread_mutex_lock(&r->version_lock);
	r->newest->retired = w->retired;
	r->newest->retired_count = w->retired_count;
	r->newest->retired_bytes = retired;
	r->newest->newer = w->draft;
	r->newest = w->draft;
	dead = version_unchain(r);
	pthread_mutex_unlock(&r->version_lock);
	version_free(r, dead);
	w->retired = NULL;
	w->retired_count = w->retired_room = 0;
	w->draft = next;
	w->dirty = false;
}

static void
version_free_blocks(struct roster *r, struct roster_version *v)
{
	for (size_t i = 0; i < v->page_count; i++) {
		block_free(r, v->pages[i]->text);
		block_free(r, v->pages[i]->data);
		block_free(r, v->pages[i]);
	}
	block_free(r, v->pages);
	for (size_t s = 0; s < ROSTER_SORT_COUNT; s++) {
		for (size_t i = 0; i < v->orders[s].count; i++)
			block_free(r, v->orders[s].chunks[i]);
		block_free(r, v->orders[s].chunks);
	}
	places_free(r, v->places);
	groups_free(r, v->groups);
}

void
version_free_all(struct roster *r)
{
	draft_publish(r->writer);
	block_free(r, r->writer->draft);
	version_free(r, r->dead);
	version_free_blocks(r, r->newest);
	version_free(r, r->oldest);
}
