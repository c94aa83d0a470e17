/* Batches: what is handed on when, and with which cookie.
 *
 * A server records sign-ins in the entry (slapd 2.5 with "lastbind on": every bind is a change of
 * pwdLastSuccess, entryCSN and modifyTimestamp that is pushed like any other; tried with 2.5.13).
 * On a busy morning that would be a new version of the roster for each. So a change whose entry was
 * last modified at the second of its last sign-in is taken for a sign-in: the newest of each entry
 * waits, at most activity_ms or until a batch is full. A change by somebody else within that same
 * second waits along; nothing else does. A held change never outlives a later one of the same id:
 * that one replaces it. While something is held no cookie is handed on, because what is held is not
 * yet told. */
#include "dir/dir_follow_private.h"

#include <string.h>

#include "base/mem.h"

enum {
	HELD_ITEM_BYTES = 1024, /* a guess that bounds the arena of what is replaced again */
	COOKIE_ALONE_MS = 5000	/* between cookies that come without a change of ours */
};

static struct feed_batch *
batch_new(struct dir_follow *fw, enum feed_step step)
{
	fw->batch_number++;
	fw->batch_bytes = 0;
	return feed_batch_new(FEED_DIRECTORY, step);
}

/* Hand on what is there as that step. */
static void
batch_send(struct dir_follow *fw, enum feed_step step, bool absent_is_gone)
{
	struct feed_batch *b = fw->batch != NULL ? fw->batch : batch_new(fw, step);

	fw->batch = NULL;
	/* Since the interruption changes may have been dropped: who is absent is not gone. */
	if (step == FEED_REFRESH_COMPLETE && dir_follow_is_interrupted(fw))
		step = FEED_REFRESH_BROKEN;
	b->step = step;
	b->absent_is_gone = absent_is_gone && step == FEED_REFRESH_COMPLETE;
	if (fw->cookie_is_news && !fw->refreshing && fw->held == NULL) {
		b->cookie = arena_dup(b->arena, fw->cookie.data, fw->cookie.len);
		b->cookie_len = fw->cookie.len;
		fw->cookie_is_news = false;
		fw->cookie_told_at = dir_now();
	}
	dir_follow_hand_on(fw, b, step != FEED_CHANGES);
}

void
dir_follow_flush(struct dir_follow *fw)
{
	if (fw->batch != NULL && fw->batch->count > 0)
		batch_send(fw, FEED_CHANGES, false);
}

/* A server tells of cookies also when others than ours have changed. */
void
dir_follow_flush_cookie(struct dir_follow *fw)
{
	if (fw->cookie_is_news && fw->held == NULL && !fw->refreshing &&
	    dir_now() - fw->cookie_told_at >= COOKIE_ALONE_MS)
		batch_send(fw, FEED_CHANGES, false);
}

struct feed_batch *
dir_follow_room(struct dir_follow *fw)
{
	if (fw->batch != NULL &&
	    (fw->batch->count == fw->batch->capacity || fw->batch_bytes > FOLLOW_BATCH_BYTES))
		dir_follow_flush(fw);
	if (fw->batch == NULL)
		fw->batch = batch_new(fw, FEED_CHANGES);
	return fw->batch;
}

void
dir_follow_add_id(struct dir_follow *fw, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	feed_batch_add(dir_follow_room(fw), kind, id);
}

/* ---- sign-ins ---- */

static struct feed_item *
held_find(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE])
{
	for (size_t i = 0; fw->held != NULL && i < fw->held->count; i++)
		if (memcmp(fw->held->items[i].id, id, FEED_ID_SIZE) == 0)
			return &fw->held->items[i];
	return NULL;
}

void
dir_follow_drop_held(struct dir_follow *fw, const unsigned char id[FEED_ID_SIZE])
{
	struct feed_item *item = held_find(fw, id);

	if (item == NULL)
		return;
	*item = fw->held->items[--fw->held->count];
	if (fw->held->count > 0)
		return;
	feed_batch_free(fw->held);
	fw->held = NULL;
}

void
dir_follow_flush_held(struct dir_follow *fw)
{
	if (fw->held == NULL)
		return;
	dir_follow_flush(fw);
	feed_batch_free(fw->batch); /* an empty one */
	fw->batch = fw->held;
	fw->held = NULL;
	dir_follow_flush(fw);
}

static void
held_copy(struct feed_user *to, const struct feed_user *from, struct arena *arena)
{
	*to = *from;
	to->name = arena_strdup(arena, from->name);
	to->given_name = arena_strdup(arena, from->given_name);
	to->family_name = arena_strdup(arena, from->family_name);
	to->mail = arena_strdup(arena, from->mail);
	to->phone = arena_strdup(arena, from->phone);
	to->position = arena_strdup(arena, from->position);
	to->uid = arena_strdup(arena, from->uid);
	for (size_t i = 0; i < from->more_mail_count; i++)
		to->more_mails[i] = arena_strdup(arena, from->more_mails[i]);
	to->rdn = arena_strdup(arena, from->rdn);
	to->parent = arena_strdup(arena, from->parent);
}

void
dir_follow_hold(struct dir_follow *fw)
{
	struct feed_item *item = &fw->batch->items[--fw->batch->count], *held;

	if (fw->held == NULL) {
		fw->held = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
		fw->held_due = dir_now() + fw->conf.activity_ms;
		fw->held_bytes = 0;
	}
	held = held_find(fw, item->id);
	if (held == NULL)
		held = feed_batch_add(fw->held, FEED_USER, item->id);
	held_copy(&held->user, &item->user, fw->held->arena);
	fw->held_bytes += HELD_ITEM_BYTES;
	if (fw->held->count == fw->held->capacity || fw->held_bytes > FOLLOW_BATCH_BYTES)
		dir_follow_flush_held(fw);
}

/* ---- refreshes ---- */

void
dir_follow_begin(struct dir_follow *fw)
{
	if (fw->begun || !fw->refreshing)
		return;
	fw->begun = true;
	batch_send(fw, FEED_REFRESH_BEGINS, false);
}

/* Who is gone is told last: only now is it believed (a refresh that is cut short may have named
 * half of what came back under the same id). */
void
dir_follow_complete(struct dir_follow *fw, bool absent_is_gone)
{
	unsigned char id[FEED_ID_SIZE];

	dir_follow_begin(fw);
	for (size_t at = 0; dir_follow_ids_take(&fw->gone, &at, id);)
		dir_follow_add_id(fw, FEED_GONE, id);
	dir_follow_ids_clear(&fw->gone);
	fw->refreshing = fw->begun = false;
	batch_send(fw, FEED_REFRESH_COMPLETE, absent_is_gone);
	fw->settled = true;
}

void
dir_follow_break(struct dir_follow *fw)
{
	dir_follow_ids_clear(&fw->gone);
	if (fw->begun)
		batch_send(fw, FEED_REFRESH_BROKEN, false);
	fw->refreshing = fw->begun = false;
}

void
dir_follow_set_cookie(struct dir_follow *fw, const struct sync_bytes *cookie)
{
	struct follow_cookie *to = fw->refreshing ? &fw->refresh_cookie : &fw->cookie;

	if (cookie->len == 0 || cookie->len > FEED_COOKIE_MAX)
		return;
	memcpy(to->data, cookie->data, cookie->len);
	to->len = cookie->len;
	if (!fw->refreshing)
		fw->cookie_is_news = true;
}
