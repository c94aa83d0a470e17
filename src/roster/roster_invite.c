/* Invitations of the store: each is a row until a user with its marker is one.
 *
 * The store says that an invitation is done before or after the directory says that its entry is
 * there; in between the row must stay, and in the version that shows the user it must not. An
 * invitation whose user is there is hidden, not forgotten: it shows again when the user goes while
 * it is open. */
#include <stdlib.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

struct invite {
	unsigned char id[FEED_ID_SIZE];
	uint32_t row; /* ROSTER_ROW_NONE: hidden */
	uint32_t invited_at;
	bool becoming;
	bool marked; /* in the refresh of the store under way */
	bool gone;   /* its row waits for its user */
	int64_t gone_at;
	uint64_t gone_refresh; /* of the directory, the last that had begun */
	/* Of a hidden one, to show it again: one block. */
	struct hidden *hidden;
};

struct hidden {
	char *org_unit; /* in one spelling, as places come and go; NULL: none */
	size_t size;	/* of what is kept of `values` */
	unsigned char values[];
};

const unsigned char *
invite_id_of(const void *owner, uint32_t number)
{
	const struct roster_writer *w = owner;

	return w->invites[number]->id;
}

static struct invite *
invite_find(const struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	uint32_t number = ids_find(&w->invite_ids, id);

	return number != ROSTER_ROW_NONE ? w->invites[number] : NULL;
}

static struct invite *
invite_new(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	struct invite *inv = block_zeroed(w->r, sizeof(*inv));
	uint32_t number;

	memcpy(inv->id, id, FEED_ID_SIZE);
	inv->row = ROSTER_ROW_NONE;
	if (w->vacant_invites.count > 0) {
		number = w->vacant_invites.rows[--w->vacant_invites.count];
	} else {
		if (w->invite_count == w->invite_room) {
			w->invite_room = w->invite_room * 2 + 16;
			w->invites = block_resize(
			    w->r, w->invites, w->invite_room * sizeof(struct invite *));
		}
		number = (uint32_t)w->invite_count++;
	}
	w->invites[number] = inv;
	ids_add(w->r, &w->invite_ids, number);
	return inv;
}

static void
hidden_free(struct roster_writer *w, struct invite *inv)
{
	if (inv->hidden == NULL)
		return;
	block_free(w->r, inv->hidden->org_unit);
	block_free(w->r, inv->hidden);
	inv->hidden = NULL;
}

static void
invite_forget(struct roster_writer *w, struct invite *inv)
{
	uint32_t number = ids_find(&w->invite_ids, inv->id);

	if (inv->row != ROSTER_ROW_NONE)
		row_remove(w, inv->row);
	if (inv->gone)
		w->waiting--;
	hidden_free(w, inv);
	ids_remove(w->r, &w->invite_ids, number);
	w->invites[number] = NULL;
	row_list_add(w->r, &w->vacant_invites, number);
	block_free(w->r, inv);
}

/* ---- hide and show ---- */

/* A DN that place_of() understands: the server's own spelling may not be one. */
static const char *
place_normal(const struct roster_version *v, uint32_t place)
{
	const struct place *p;
	char key[FEED_DN_MAX + 1];

	if (place == ROSTER_ROW_NONE)
		return NULL;
	p = &v->places->items[place];
	return dn_key(p->dn, key) && strcmp(key, p->key) == 0 ? p->dn : p->key;
}

static void
hidden_keep(struct roster_writer *w, struct invite *inv, const struct row_values *values)
{
	size_t size = offsetof(struct row_values, data) + values->data_len;
	const char *dn = place_normal(w->draft, values->place);

	hidden_free(w, inv);
	inv->hidden = block_new(w->r, sizeof(*inv->hidden) + size);
	inv->hidden->org_unit = block_string(w->r, dn);
	inv->hidden->size = size;
	memcpy(inv->hidden->values, values, size);
}

static void
invite_hide(struct roster_writer *w, struct invite *inv)
{
	struct row_values values;

	if (inv->row == ROSTER_ROW_NONE)
		return;
	row_copy(w->draft, inv->row, &values);
	hidden_keep(w, inv, &values);
	row_remove(w, inv->row);
	inv->row = ROSTER_ROW_NONE;
}

static void
invite_show(struct roster_writer *w, struct invite *inv)
{
	struct row_values values;

	if (inv->hidden == NULL)
		return;
	memcpy(&values, inv->hidden->values, inv->hidden->size);
	values.place = place_of(w, inv->hidden->org_unit);
	hidden_free(w, inv);
	inv->row = row_add(w, &values);
}

void
invite_on_user(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	struct invite *inv = invite_find(w, id);

	if (inv == NULL)
		return;
	if (inv->gone)
		invite_forget(w, inv);
	else
		invite_hide(w, inv);
}

void
invite_on_user_gone(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	struct invite *inv = invite_find(w, id);

	if (inv != NULL && !inv->becoming && ids_find(&w->markers, id) == ROSTER_ROW_NONE)
		invite_show(w, inv);
}

int64_t
invite_time(const struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	const struct invite *inv = invite_find(w, id);

	return inv != NULL ? inv->invited_at : 0;
}

/* ---- what the store says ---- */

/* A user that came before its invitation learns when that was sent. */
static void
user_take_time(struct roster_writer *w, uint32_t user, uint32_t invited_at)
{
	struct row_values values;

	row_copy(w->draft, user, &values);
	if (values.invited_at != 0 || invited_at == 0)
		return;
	values.invited_at = invited_at;
	row_change(w, user, &values);
}

static void
invite_set(struct roster_writer *w, struct invite *inv, const struct feed_user *u)
{
	struct row_values values;
	uint32_t user = ids_find(&w->markers, inv->id);

	row_encode(&values, inv->id, u, true);
	values.place = place_of(w, u->parent);
	inv->becoming = u->becoming;
	inv->invited_at = values.invited_at;
	inv->marked = true;
	if (inv->gone)
		w->waiting--;
	inv->gone = false;
	if (user != ROSTER_ROW_NONE) {
		user_take_time(w, user, values.invited_at);
		invite_hide(w, inv);
		hidden_keep(w, inv, &values);
		w->places_emptied = true; /* a hidden row does not hold its place */
	} else if (inv->row != ROSTER_ROW_NONE) {
		row_change(w, inv->row, &values);
	} else {
		hidden_free(w, inv);
		inv->row = row_add(w, &values);
	}
}

/* An id that an entry of the directory has belongs to that: ours are random. */
void
invite_put(struct roster_writer *w, const struct feed_item *item)
{
	struct invite *inv = invite_find(w, item->id);

	if (inv == NULL && ids_find(&w->rows, item->id) != ROSTER_ROW_NONE)
		return;
	if (inv == NULL)
		inv = invite_new(w, item->id);
	invite_set(w, inv, &item->user);
}

void
invite_present(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	struct invite *inv = invite_find(w, id);

	if (inv != NULL)
		inv->marked = true;
}

static void
invite_end(struct roster_writer *w, struct invite *inv, bool becoming, int64_t now_ms)
{
	if (inv->gone)
		return;
	if (inv->row == ROSTER_ROW_NONE || !(inv->becoming || becoming)) {
		invite_forget(w, inv);
		return;
	}
	inv->becoming = true;
	inv->gone = true;
	inv->gone_at = now_ms;
	inv->gone_refresh = w->refresh;
	if (w->waiting++ == 0)
		w->waiting_since = now_ms;
}

void
invite_gone(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], bool becoming, int64_t now_ms)
{
	struct invite *inv = invite_find(w, id);

	if (inv != NULL)
		invite_end(w, inv, becoming, now_ms);
}

void
invite_forget_id(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE])
{
	struct invite *inv = invite_find(w, id);

	if (inv != NULL)
		invite_forget(w, inv);
}

void
invites_refresh_begin(struct roster_writer *w)
{
	for (size_t i = 0; i < w->invite_count; i++)
		if (w->invites[i] != NULL)
			w->invites[i]->marked = false;
}

void
invites_drop_absent(struct roster_writer *w, int64_t now_ms)
{
	for (size_t i = 0; i < w->invite_count; i++)
		if (w->invites[i] != NULL && !w->invites[i]->marked)
			invite_end(w, w->invites[i], false, now_ms);
}

void
invites_drop_waiting(struct roster_writer *w, uint64_t refresh, int64_t now_ms)
{
	int64_t since = now_ms;

	for (size_t i = 0; w->waiting > 0 && i < w->invite_count; i++) {
		struct invite *inv = w->invites[i];

		if (inv == NULL || !inv->gone)
			continue;
		if (inv->gone_refresh < refresh || now_ms - inv->gone_at >= w->grace_ms)
			invite_forget(w, inv);
		else if (inv->gone_at < since)
			since = inv->gone_at;
	}
	w->waiting_since = since;
}

void
invites_free(struct roster_writer *w)
{
	for (size_t i = 0; i < w->invite_count; i++) {
		if (w->invites[i] == NULL)
			continue;
		hidden_free(w, w->invites[i]);
		block_free(w->r, w->invites[i]);
	}
	block_free(w->r, w->invites);
	block_free(w->r, w->vacant_invites.rows);
	ids_free(w->r, &w->invite_ids);
}
