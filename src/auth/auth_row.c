/* The table of API tokens. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

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
row_set(struct auth *a, struct auth_row *row, const struct api_token *t)
{
	row->token = *t;
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
	return a->rows[at];
}

/* Nothing of a token ever changes but when it was used. */
void
auth_remember(struct auth *a, const struct api_token *t)
{
	size_t at = row_position(a, t->id);

	if (row_is_at(a, at, t->id)) {
		a->rows[at]->round = a->tokens_watch.round;
		auth_use_told(&a->rows[at]->use, t->used_at);
	} else
		row_set(a, row_insert(a, at), t);
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
	auth_end_token(a, id, reason, row->owner->org_unit);
	auth_forget(a, id);
}

/* What only an earlier watch knew is gone. */
void
auth_rows_told_all(struct auth *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (a->rows[i]->round == a->tokens_watch.round) {
			a->rows[kept++] = a->rows[i];
			continue;
		}
		row_clear(a, a->rows[i]);
		free(a->rows[i]);
	}
	a->count = kept;
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

/* ---- for others ---- */

void
auth_forget_tokens_of(struct auth *a, const char *created_by)
{
	size_t i = 0;

	while (i < a->count) {
		char id[API_TOKEN_ID_SIZE], maker[sizeof("token:") + API_TOKEN_ID_SIZE];

		if (strcmp(a->rows[i]->token.created_by, created_by) != 0) {
			i++;
			continue;
		}
		memcpy(id, a->rows[i]->token.id, sizeof(id));
		auth_end_told(a, id);
		auth_forget(a, id);
		snprintf(maker, sizeof(maker), "token:%s", id);
		auth_forget_tokens_of(a, maker);
		i = 0; /* they moved up */
	}
}

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
