/* The table of API tokens. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/auth_private.h"
#include "base/mem.h"

static const int64_t OVER_KEPT_MS = INT64_C(30) * 24 * 3600 * 1000;

/* Index of the first row whose id is not below `id`. */
static size_t
row_position(const struct auth *a, const char *id)
{
	size_t low = 0, high = a->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(a->rows[middle]->token.id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
row_is_at(const struct auth *a, size_t at, const char *id)
{
	return at < a->count && strcmp(a->rows[at]->token.id, id) == 0;
}

struct auth_row *
auth_find(const struct auth *a, const char *id)
{
	size_t at = row_position(a, id);

	return row_is_at(a, at, id) ? a->rows[at] : NULL;
}

/* ---- one row ---- */

void
auth_places_keep(struct auth_places *own, struct api_token *t)
{
	for (size_t i = 0; i < t->place_count; i++) {
		own->text[i] = mem_dup_string(t->places[i]);
		t->places[i] = own->text[i];
	}
}

void
auth_places_free(struct auth_places *own)
{
	for (size_t i = 0; i < REACH_PLACES_MAX; i++)
		free(own->text[i]);
}

static void
row_set(struct auth *a, struct auth_row *row, const struct api_token *t, bool is_new)
{
	row->token = *t;
	row->over_at = is_new ? auth_now(a) + t->expires_at - t->created_at : t->expires_at;
	auth_places_keep(&row->places, &row->token);
	row->round = a->tokens_watch.round;
	auth_use_init(&row->use, a, false, row->token.id, &row->token.used_at);
	if (t->owner[0] == '\0')
		return;
	row->owner = auth_person_hold(a, t->owner);
	TAILQ_INSERT_TAIL(&row->owner->tokens, row, link);
}

static void
row_clear(struct auth *a, struct auth_row *row)
{
	auth_say_ended(a);
	auth_use_end(&row->use);
	auth_places_free(&row->places);
	if (row->owner == NULL)
		return;
	TAILQ_REMOVE(&row->owner->tokens, row, link);
	auth_person_drop(a, row->owner);
	row->owner = NULL;
}

/* ---- adding and forgetting ---- */

static struct auth_row *
row_insert(struct auth *a, size_t at)
{
	if (a->count == a->cap) {
		a->cap = a->cap > 0 ? 2 * a->cap : 16;
		a->rows = mem_resize(a->rows, a->cap, sizeof(struct auth_row *));
	}
	memmove(&a->rows[at + 1], &a->rows[at], (a->count - at) * sizeof(struct auth_row *));
	a->count++;
	a->rows[at] = mem_alloc(sizeof(struct auth_row));
	auth_sweep_wake(a); /* it will be over one day */
	return a->rows[at];
}

/* Nothing of a token ever changes but when it was used. A new one lasts as long as its maker was
 * told, whatever the wall clock has done. */
void
auth_remember(struct auth *a, const struct api_token *t, bool is_new)
{
	size_t at = row_position(a, t->id);

	if (row_is_at(a, at, t->id)) {
		a->rows[at]->round = a->tokens_watch.round;
		auth_use_told(&a->rows[at]->use, t->used_at);
	} else
		row_set(a, row_insert(a, at), t, is_new);
}

void
auth_forget(struct auth *a, const char *id)
{
	size_t at = row_position(a, id);

	if (!row_is_at(a, at, id))
		return;
	row_clear(a, a->rows[at]);
	free(a->rows[at]);
	memmove(&a->rows[at], &a->rows[at + 1], (a->count - at - 1) * sizeof(struct auth_row *));
	a->count--;
}

void
auth_row_end(struct auth *a, struct auth_row *row, const char *reason)
{
	char id[API_TOKEN_ID_SIZE];

	memcpy(id, row->token.id, sizeof(id));
	auth_end_token(a, id, reason, row->owner != NULL ? row->owner->org_unit : NULL);
	auth_forget(a, id);
}

/* In one go, however many go. */
static void
rows_keep(struct auth *a, bool (*stays)(struct auth *a, struct auth_row *row))
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (stays(a, a->rows[i])) {
			a->rows[kept++] = a->rows[i];
			continue;
		}
		row_clear(a, a->rows[i]);
		free(a->rows[i]);
	}
	a->count = kept;
}

static bool
row_was_told(struct auth *a, struct auth_row *row)
{
	return row->round == a->tokens_watch.round;
}

/* What only an earlier watch knew is gone. */
void
auth_rows_told_all(struct auth *a)
{
	rows_keep(a, row_was_told);
}

void
auth_rows_free(struct auth *a)
{
	for (size_t i = 0; i < a->count; i++) {
		row_clear(a, a->rows[i]);
		free(a->rows[i]);
	}
	free(a->rows);
}

/* ---- what one maker has made, and what was made with that ---- */

bool
auth_token_is_of(const struct api_token *t, const char *created_by)
{
	static const char by_user[] = "user:";
	const size_t len = sizeof(by_user) - 1;

	return strcmp(t->created_by, created_by) == 0 ||
	       (strncmp(created_by, by_user, len) == 0 && t->owner[0] != '\0' &&
		   strcasecmp(t->owner, created_by + len) == 0);
}

/* The token that made it; NULL: none did, or it is gone. */
static struct auth_row *
row_maker(const struct auth *a, const struct api_token *t)
{
	static const char by_token[] = "token:";
	const size_t len = sizeof(by_token) - 1;

	return strncmp(t->created_by, by_token, len) == 0 ? auth_find(a, t->created_by + len)
							  : NULL;
}

/* Up the makers to one whose fate is known, and what it is is that of all below. Each row is walked
 * over once; one that leads back to itself stays. */
static void
row_settle(const struct auth *a, struct auth_row *row, const char *created_by)
{
	struct auth_row *top = row;

	while (top != NULL && top->fate == AUTH_ROW_OPEN) {
		top->fate =
		    auth_token_is_of(&top->token, created_by) ? AUTH_ROW_GOES : AUTH_ROW_STAYS;
		if (top->fate == AUTH_ROW_STAYS)
			top = row_maker(a, &top->token);
	}
	if (top == NULL || top->fate != AUTH_ROW_GOES)
		return;
	for (; row != top; row = row_maker(a, &row->token))
		row->fate = AUTH_ROW_GOES;
}

bool
auth_row_goes(const struct auth *a, const struct api_token *t)
{
	const struct auth_row *maker = row_maker(a, t);

	return maker != NULL && maker->fate == AUTH_ROW_GOES;
}

static bool
row_stays(struct auth *a, struct auth_row *row)
{
	if (row->fate == AUTH_ROW_GOES)
		auth_end_token(a, row->token.id, "maker_ended",
		    row->owner != NULL ? row->owner->org_unit : NULL);
	return row->fate != AUTH_ROW_GOES;
}

/* What the store has deleted already is not there when it is told so once more; what was made
 * meanwhile is. */
void
auth_forget_tokens_of(struct auth *a, const char *created_by)
{
	for (size_t i = 0; i < a->count; i++)
		a->rows[i]->fate = AUTH_ROW_OPEN;
	for (size_t i = 0; i < a->count; i++)
		row_settle(a, a->rows[i], created_by);
	auth_token_makes_of_spoil(a, created_by, "maker_ended");
	rows_keep(a, row_stays);
}

/* ---- what is over ---- */

bool
auth_token_is_over(struct auth *a, const struct api_token *t)
{
	const struct auth_row *row = auth_find(a, t->id);

	return row == NULL || auth_now(a) >= row->over_at;
}

static bool
row_is_counted(const struct auth_row *row, const struct auth_person *owner)
{
	return owner == NULL || row->owner == owner;
}

bool
auth_rows_end_oldest(struct auth *a, const struct auth_person *owner)
{
	int64_t now = auth_now(a);
	struct auth_row *oldest = NULL;

	for (size_t i = 0; i < a->count; i++)
		if (row_is_counted(a->rows[i], owner) && now >= a->rows[i]->over_at &&
		    (oldest == NULL || a->rows[i]->over_at < oldest->over_at))
			oldest = a->rows[i];
	if (oldest != NULL)
		auth_row_end(a, oldest, "expired");
	return oldest != NULL;
}

static bool
row_is_recent(struct auth *a, struct auth_row *row)
{
	if (a->wall - row->over_at < OVER_KEPT_MS)
		return true;
	auth_end_token(
	    a, row->token.id, "expired", row->owner != NULL ? row->owner->org_unit : NULL);
	return false;
}

void
auth_rows_sweep(struct auth *a)
{
	rows_keep(a, row_is_recent);
}

/* ---- for others ---- */

size_t
auth_token_count(const struct auth *a)
{
	return a->count;
}

const struct api_token *
auth_token_at(const struct auth *a, size_t index)
{
	assert(index < a->count);
	return &a->rows[index]->token;
}
