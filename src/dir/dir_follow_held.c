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
 * a later one of the same id: that one replaces it. Nor does it outlive a change of a place: with a
 * new name of an org unit everybody in it moves, and who was held has the old one as parent. */
#include "dir/dir_follow_private.h"

#include <string.h>

#include "base/mem.h"

enum {
	HELD_STRING_COST = 16, /* of the arena, beside its bytes */
	SIGN_IN_SLACK_S = 1    /* checking a password takes a while: modified just behind it */
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

/* What is replaced stays in the arena until the batch goes: its bytes count too. */
static const char *
held_string(struct dir_follow *fw, const char *s)
{
	if (s == NULL)
		return NULL;
	fw->held_bytes += strlen(s) + HELD_STRING_COST;
	return arena_strdup(fw->held->arena, s);
}

static void
held_copy(struct dir_follow *fw, struct feed_user *to, const struct feed_user *from)
{
	*to = *from;
	to->name = held_string(fw, from->name);
	to->given_name = held_string(fw, from->given_name);
	to->family_name = held_string(fw, from->family_name);
	to->mail = held_string(fw, from->mail);
	to->phone = held_string(fw, from->phone);
	to->position = held_string(fw, from->position);
	to->uid = held_string(fw, from->uid);
	for (size_t i = 0; i < from->more_mail_count; i++)
		to->more_mails[i] = held_string(fw, from->more_mails[i]);
	to->rdn = held_string(fw, from->rdn);
	to->parent = held_string(fw, from->parent);
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
	held_copy(fw, &held->user, &item->user);
	if (fw->held->count == FEED_BATCH_ITEMS || fw->held_bytes > FOLLOW_BATCH_BYTES)
		dir_follow_flush_held(fw);
}

void
dir_follow_flush_held_before_place(struct dir_follow *fw)
{
	const struct feed_item *item = &fw->batch->items[fw->batch->count - 1];
	struct feed_place *place;

	if (fw->held == NULL)
		return;
	/* Behind the held ones there is always room: a full batch is not kept. */
	place = &feed_batch_add(fw->held, FEED_PLACE, item->id)->place;
	place->dn = held_string(fw, item->place.dn);
	place->normal = held_string(fw, item->place.normal);
	place->name = held_string(fw, item->place.name);
	place->description = held_string(fw, item->place.description);
	fw->batch->count--;
	dir_follow_flush_held(fw);
}
