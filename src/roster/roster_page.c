/* Pages: 256 rows in fixed columns, one search text and one run of strings. */
#include <assert.h>
#include <stdlib.h>

#include "roster/roster_writer.h"

enum { PAGE_FIRST_ROOM = 8192 /* bytes of a block that is filled row by row, at first */ };

/* The draft's array of pages becomes its own, with room for `count` of them. */
static void
pages_own(struct roster_writer *w, size_t count)
{
	struct roster_version *v = w->draft;
	struct roster_page_rows **pages;

	if (w->own_pages && count <= w->page_room)
		return;
	w->page_room = count <= v->page_count ? v->page_count : count + count / 2 + 8;
	if (w->own_pages) {
		v->pages = block_resize(w->r, v->pages, w->page_room * sizeof(*v->pages));
		return;
	}
	pages = block_new(w->r, w->page_room * sizeof(*pages));
	if (v->page_count > 0)
		memcpy(pages, v->pages, v->page_count * sizeof(*pages));
	draft_retire(w, v->pages);
	v->pages = pages;
	w->own_pages = true;
}

struct roster_page_rows *
page_own(struct roster_writer *w, uint32_t page)
{
	struct roster_version *v = w->draft;
	struct roster_page_rows *old, *own;

	if (page < v->page_count && v->pages[page]->born == v->number)
		return v->pages[page];
	pages_own(w, (size_t)page + 1);
	own = block_zeroed(w->r, sizeof(*own));
	if (page < v->page_count) {
		old = v->pages[page];
		*own = *old;
		draft_retire(w, old);
	} else {
		v->page_count = (size_t)page + 1;
	}
	own->born = v->number;
	v->pages[page] = own;
	row_list_add(w->r, &w->drafted, page);
	return own;
}

struct roster_page_rows *
page_add(struct roster_writer *w, uint32_t text_len, uint32_t data_len)
{
	struct roster_page_rows *p = page_own(w, (uint32_t)w->draft->page_count);

	if (text_len > 0) {
		p->text_room = text_len + ROSTER_TEXT_PAD;
		p->text = block_new(w->r, p->text_room);
		memset(p->text + text_len, 0, ROSTER_TEXT_PAD);
	}
	if (data_len > 0) {
		p->data_room = data_len;
		p->data = block_new(w->r, data_len);
	}
	return p;
}

void
pages_forget(struct roster_writer *w)
{
	struct roster_version *v = w->draft;

	for (size_t i = 0; i < v->page_count; i++) {
		assert(v->pages[i]->born == v->number);
		block_free(w->r, v->pages[i]->text);
		block_free(w->r, v->pages[i]->data);
		block_free(w->r, v->pages[i]);
	}
	v->page_count = 0;
	w->drafted.count = 0;
}

/* One of a page's two blocks, with the places in it. */
struct run {
	char **block;
	uint32_t *at, *room;
	size_t pad;
};

static struct run
page_text(struct roster_page_rows *p)
{
	return (struct run){ &p->text, p->text_at, &p->text_room, ROSTER_TEXT_PAD };
}

static struct run
page_data(struct roster_page_rows *p)
{
	return (struct run){ (char **)&p->data, p->data_at, &p->data_room, 0 };
}

/* Room for a block of `size` bytes. A page of a published version mostly takes one change a version
 * and gets what it needs; one that is being filled, or changed again, grows by half. */
static size_t
run_room(const struct run *run, size_t size)
{
	if (*run->room > 0)
		return size + size / 2;
	return *run->block == NULL && size < PAGE_FIRST_ROOM ? PAGE_FIRST_ROOM : size;
}

/* A block of the draft's own with `size` bytes or more and the same content up to `used`. */
static void
run_own(struct roster_writer *w, const struct run *run, size_t used, size_t size)
{
	size_t room;
	char *own;

	if (*run->room >= size)
		return;
	room = run_room(run, size);
	if (*run->room > 0) {
		*run->block = block_resize(w->r, *run->block, room);
	} else {
		own = block_new(w->r, room);
		if (*run->block != NULL)
			memcpy(own, *run->block, used);
		draft_retire(w, *run->block);
		*run->block = own;
	}
	*run->room = (uint32_t)room;
}

/* The bytes of one slot are replaced. */
static void
run_splice(
    struct roster_writer *w, const struct run *run, unsigned slot, const void *bytes, size_t len)
{
	uint32_t from = run->at[slot], to = run->at[slot + 1], end = run->at[ROSTER_PAGE_ROWS];
	size_t now_end = end - (to - from) + len;
	uint32_t delta = (uint32_t)len - (to - from); /* modulo 2^32 */

	if (len == to - from && (len == 0 || memcmp(*run->block + from, bytes, len) == 0))
		return;
	run_own(w, run, end, (now_end > end ? now_end : end) + run->pad);
	memmove(*run->block + from + len, *run->block + to, end - to);
	if (len > 0)
		memcpy(*run->block + from, bytes, len);
	if (run->pad > 0)
		memset(*run->block + now_end, 0, run->pad);
	for (unsigned i = slot + 1; i <= ROSTER_PAGE_ROWS; i++)
		run->at[i] += delta;
}

void
page_put(struct roster_writer *w, uint32_t row, const struct row_values *values)
{
	struct roster_page_rows *p = page_own(w, row / ROSTER_PAGE_ROWS);
	unsigned slot = row % ROSTER_PAGE_ROWS;
	struct run text = page_text(p), data = page_data(p);

	run_splice(w, &text, slot, values->text, values->text_len);
	run_splice(w, &data, slot, values->data, values->data_len);
	p->live[slot / 64] |= UINT64_C(1) << slot % 64;
	p->place[slot] = values->place;
	p->invited_at[slot] = values->invited_at;
	p->registered_at[slot] = values->registered_at;
	p->last_activity_at[slot] = values->last_activity_at;
	p->status[slot] = values->status;
	memcpy(p->id[slot], values->id, FEED_ID_SIZE);
}

void
page_drop(struct roster_writer *w, uint32_t row)
{
	struct roster_page_rows *p = page_own(w, row / ROSTER_PAGE_ROWS);
	unsigned slot = row % ROSTER_PAGE_ROWS;
	struct run text = page_text(p), data = page_data(p);

	run_splice(w, &text, slot, NULL, 0);
	run_splice(w, &data, slot, NULL, 0);
	p->live[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

static void
run_seal(struct roster_writer *w, const struct run *run)
{
	size_t size = run->at[ROSTER_PAGE_ROWS] + run->pad;

	if (*run->room <= size || size == 0)
		return;
	*run->block = block_resize(w->r, *run->block, size);
	*run->room = (uint32_t)size;
}

void
page_seal(struct roster_writer *w, uint32_t page)
{
	struct roster_page_rows *p = w->draft->pages[page];
	struct run text = page_text(p), data = page_data(p);

	run_seal(w, &text);
	run_seal(w, &data);
}
