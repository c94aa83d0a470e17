/* Sign-ins, which are told together.
 *
 * A server records them in the entry: with "lastbind on" every bind is a change of pwdLastSuccess,
 * entryCSN and modifyTimestamp that slapd pushes like any other (tried with 2.5.13). On a busy
 * morning that would be a new version of the roster for each. So the newest of each entry waits, at
 * most activity_ms or until a batch is full.
 *
 * Rows are not kept here to compare with. But a change that is pushed within a second of the
 * entry's last sign-in is that sign-in, or stands right behind it; and what was pushed lately is
 * remembered as a number, which tells a change of anything else apart. A held change never outlives
 * a later one of the same id: that one replaces it. */
#include "dir/dir_follow_private.h"

#include <string.h>

#include "base/mem.h"

enum {
	HELD_ITEM_BYTES = 1024, /* a guess: it bounds the arena of what is replaced for long */
	SIGN_IN_SLACK_S = 1	/* checking a password takes a while: modified just behind it */
};

static uint64_t
hash_bytes(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return h;
}

static uint64_t
hash_string(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "\1", 1) : hash_bytes(h, s, strlen(s) + 1);
}

/* Of all but the last activity. */
static uint64_t
user_hash(const struct feed_user *u)
{
	const char *const texts[] = { u->name, u->given_name, u->family_name, u->mail, u->phone,
		u->position, u->uid, u->rdn, u->parent };
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		h = hash_string(h, texts[i]);
	for (size_t i = 0; i < u->more_mail_count; i++)
		h = hash_string(h, u->more_mails[i]);
	h = hash_bytes(h, &u->status, sizeof(u->status));
	h = hash_bytes(h, &u->registered_at, sizeof(u->registered_at));
	return hash_bytes(h, u->invitation, sizeof(u->invitation));
}

bool
dir_follow_is_sign_in(struct dir_follow *fw, const struct feed_item *item, int64_t modified_at)
{
	int64_t active_at = item->user.last_activity_at;
	bool looks_so = active_at != 0 && modified_at >= active_at &&
			modified_at - active_at <= SIGN_IN_SLACK_S;
	uint64_t hash = user_hash(&item->user);
	struct follow_known *k = &fw->known[hash_bytes(0, item->id, FEED_ID_SIZE) % FOLLOW_KNOWN];
	bool is_known = memcmp(k->id, item->id, FEED_ID_SIZE) == 0;
	bool is_same = is_known && k->hash == hash && active_at != 0;

	memcpy(k->id, item->id, FEED_ID_SIZE);
	k->hash = hash;
	return is_same || (looks_so && !is_known);
}

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
