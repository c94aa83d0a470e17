/* Batches: what is handed on when, and with which cookie. While a sign-in is held back no cookie is
 * handed on, because something from before it is not yet told. */
#include "dir/dir_follow_private.h"

#include <string.h>

#include "base/mem.h"

enum { COOKIE_ALONE_MS = 5000 }; /* between cookies that come without a change of ours */

static struct feed_batch *
batch_new(struct dir_follow *fw, enum feed_step step)
{
	fw->batch_number++;
	fw->batch_bytes = 0;
	fw->batch_due = dir_now() + FOLLOW_BATCH_MS;
	return feed_batch_new(FEED_DIRECTORY, step);
}

/* Hand on what is there as that step. `how`: of a complete refresh that the absent are gone, of a
 * broken one that a limit of the server broke it. */
static void
batch_send(struct dir_follow *fw, enum feed_step step, bool how)
{
	struct feed_batch *b = fw->batch != NULL ? fw->batch : batch_new(fw, step);

	fw->batch = NULL;
	b->step = step;
	b->absent_is_gone = how && step == FEED_REFRESH_COMPLETE;
	b->cut_by_limit = how && step == FEED_REFRESH_BROKEN;
	if (fw->cookie_is_news && !fw->refreshing && fw->held == NULL) {
		b->cookie = dir_follow_cookie_pack(fw->subject, &fw->witnesses, fw->cookie.data,
		    fw->cookie.len, b->arena, &b->cookie_len);
		fw->cookie_is_news = false;
		fw->cookie_told_at = dir_now();
	}
	dir_follow_hand_on(fw, b);
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
	    (fw->batch->count == FEED_BATCH_ITEMS || fw->batch_bytes > FOLLOW_BATCH_BYTES))
		dir_follow_flush(fw);
	if (fw->batch == NULL)
		fw->batch = batch_new(fw, FEED_CHANGES);
	return fw->batch;
}

void
dir_follow_add_id(struct dir_follow *fw, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	feed_batch_add(dir_follow_room(fw), kind, id);
	if (kind == FEED_GONE)
		dir_follow_witness_gone(&fw->witnesses, id);
}

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
	if (absent_is_gone)
		dir_follow_witness_doubt(&fw->witnesses);
	dir_follow_witness_cookie(&fw->witnesses, &fw->cookie);
	fw->refreshing = fw->begun = false;
	batch_send(fw, FEED_REFRESH_COMPLETE, absent_is_gone);
	fw->settled_at = dir_now();
}

void
dir_follow_break(struct dir_follow *fw, bool by_limit)
{
	dir_follow_ids_clear(&fw->gone);
	if (fw->begun)
		batch_send(fw, FEED_REFRESH_BROKEN, by_limit);
	fw->refreshing = fw->begun = false;
}

void
dir_follow_forget_cookie(struct dir_follow *fw)
{
	fw->cookie.len = 0;
	fw->cookie_is_news = false;
}

void
dir_follow_set_cookie(struct dir_follow *fw, const struct sync_bytes *cookie)
{
	struct follow_cookie *to = fw->refreshing ? &fw->refresh_cookie : &fw->cookie;

	if (cookie->len == 0 || cookie->len > FOLLOW_COOKIE_MAX)
		return;
	memcpy(to->data, cookie->data, cookie->len);
	to->len = cookie->len;
	if (fw->refreshing)
		return;
	fw->cookie_is_news = true;
	dir_follow_witness_cookie(&fw->witnesses, &fw->cookie);
}
