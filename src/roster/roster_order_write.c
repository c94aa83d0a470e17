/* Changing an order: chunks split when full and join when thin. */
#include <assert.h>

#include "roster/roster_writer.h"

enum {
	/* Rows of a chunk that a sort fills: some more fit before it splits. */
	CHUNK_FILL = 480,
	/* Neighbours of so many rows together become one. */
	CHUNK_JOIN = 256
};

/* The array of chunks becomes the draft's own, with room for `count` of them. */
static struct roster_order *
order_own(struct roster_writer *w, enum roster_sort sort, size_t count)
{
	struct roster_order *o = &w->draft->orders[sort];
	struct roster_chunk **chunks;
	size_t *room = &w->order_room[sort];

	if (w->own_order[sort] && count <= *room)
		return o;
	*room = count + count / 8 + 8;
	if (w->own_order[sort]) {
		o->chunks = block_resize(w->r, o->chunks, *room * sizeof(*chunks));
		return o;
	}
	chunks = block_new(w->r, *room * sizeof(*chunks));
	if (o->count > 0)
		memcpy(chunks, o->chunks, o->count * sizeof(*chunks));
	draft_retire(w, o->chunks);
	o->chunks = chunks;
	w->own_order[sort] = true;
	return o;
}

static struct roster_chunk *
chunk_new(struct roster_writer *w)
{
	struct roster_chunk *c = block_new(w->r, sizeof(*c));

	c->born = w->draft->number;
	c->count = 0;
	return c;
}

static void
chunk_discard(struct roster_writer *w, struct roster_chunk *c)
{
	if (c->born == w->draft->number)
		block_free(w->r, c);
	else
		draft_retire(w, c);
}

static struct roster_chunk *
chunk_own(struct roster_writer *w, enum roster_sort sort, size_t index)
{
	struct roster_order *o = order_own(w, sort, w->draft->orders[sort].count);
	struct roster_chunk *old = o->chunks[index], *own;

	if (old->born == w->draft->number)
		return old;
	own = chunk_new(w);
	own->count = old->count;
	memcpy(own->rows, old->rows, old->count * sizeof(*old->rows));
	draft_retire(w, old);
	o->chunks[index] = own;
	return own;
}

static void
order_put_chunk(
    struct roster_writer *w, enum roster_sort sort, size_t index, struct roster_chunk *c)
{
	struct roster_order *o = order_own(w, sort, w->draft->orders[sort].count + 1);

	memmove(&o->chunks[index + 1], &o->chunks[index],
	    (o->count - index) * sizeof(struct roster_chunk *));
	o->chunks[index] = c;
	o->count++;
}

static void
order_take_chunk(struct roster_writer *w, enum roster_sort sort, size_t index)
{
	struct roster_order *o = order_own(w, sort, w->draft->orders[sort].count);

	chunk_discard(w, o->chunks[index]);
	o->count--;
	memmove(&o->chunks[index], &o->chunks[index + 1],
	    (o->count - index) * sizeof(struct roster_chunk *));
}

/* The upper half of a full chunk goes into a new one behind it. */
static void
chunk_split(struct roster_writer *w, enum roster_sort sort, size_t index)
{
	struct roster_chunk *low = chunk_own(w, sort, index), *high = chunk_new(w);

	high->count = low->count / 2;
	low->count -= high->count;
	memcpy(high->rows, low->rows + low->count, high->count * sizeof(*high->rows));
	order_put_chunk(w, sort, index + 1, high);
}

void
order_insert(struct roster_writer *w, enum roster_sort sort, uint32_t row)
{
	struct roster_position at;
	struct roster_chunk *c;
	struct roster_key key;

	order_key_of(w->draft, sort, row, &key);
	at = order_locate(w->draft, &key, false);
	if (w->draft->orders[sort].count == 0)
		order_put_chunk(w, sort, 0, chunk_new(w));
	c = chunk_own(w, sort, at.chunk);
	if (c->count == ROSTER_CHUNK_ROWS) {
		chunk_split(w, sort, at.chunk);
		if (at.index > c->count) {
			at.index -= c->count;
			c = w->draft->orders[sort].chunks[at.chunk + 1];
		}
	}
	memmove(
	    &c->rows[at.index + 1], &c->rows[at.index], (c->count - at.index) * sizeof(*c->rows));
	c->rows[at.index] = row;
	c->count++;
}

static void
order_join(struct roster_writer *w, enum roster_sort sort, size_t index)
{
	const struct roster_order *o = &w->draft->orders[sort];
	struct roster_chunk *low;
	const struct roster_chunk *high;

	if (index + 1 >= o->count ||
	    o->chunks[index]->count + o->chunks[index + 1]->count > CHUNK_JOIN)
		return;
	low = chunk_own(w, sort, index);
	high = o->chunks[index + 1];
	memcpy(low->rows + low->count, high->rows, high->count * sizeof(*high->rows));
	low->count += high->count;
	order_take_chunk(w, sort, index + 1);
}

void
order_remove(struct roster_writer *w, enum roster_sort sort, uint32_t row)
{
	struct roster_position at;
	struct roster_chunk *c;
	struct roster_key key;
	uint32_t found;

	order_key_of(w->draft, sort, row, &key);
	at = order_locate(w->draft, &key, false);
	found = order_next(w->draft, sort, &at);
	assert(found == row);
	c = chunk_own(w, sort, at.chunk);
	memmove(
	    &c->rows[at.index - 1], &c->rows[at.index], (c->count - at.index) * sizeof(*c->rows));
	if (--c->count == 0) {
		order_take_chunk(w, sort, at.chunk);
		return;
	}
	order_join(w, sort, at.chunk);
	if (at.chunk > 0)
		order_join(w, sort, at.chunk - 1);
}

static void
order_clear(struct roster_writer *w, enum roster_sort sort)
{
	struct roster_order *o = order_own(w, sort, w->draft->orders[sort].count);

	for (size_t i = 0; i < o->count; i++)
		chunk_discard(w, o->chunks[i]);
	o->count = 0;
}

void
order_set(struct roster_writer *w, enum roster_sort sort, const uint32_t *rows, size_t count)
{
	struct roster_order *o;

	order_clear(w, sort);
	o = order_own(w, sort, (count + CHUNK_FILL - 1) / CHUNK_FILL);
	for (size_t at = 0; at < count; at += CHUNK_FILL) {
		struct roster_chunk *c = chunk_new(w);

		c->count = (uint32_t)(count - at < CHUNK_FILL ? count - at : CHUNK_FILL);
		memcpy(c->rows, rows + at, c->count * sizeof(*rows));
		o->chunks[o->count++] = c;
	}
}
