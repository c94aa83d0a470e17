/* Open invitations by who made them, for quotas and for lists of one's own: those that the store's
 * watch has told of, and those that are being made. One that is being made counts from the moment
 * it is allowed, so that requests side by side do not get past the quota together, until the watch
 * has told of it or nothing came of it. The watch tells a little later than an answer does: an end
 * that was just answered may still count for that long. Several daemons on one store each count for
 * themselves.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "invite/feed.h"

struct quota_open;
TAILQ_HEAD(quota_open_list, quota_open);

/* Somebody with open invitations. */
struct quota_owner {
	char entry[ID_SIZE]; /* first: it is the tree's key */
	size_t count;
	struct quota_open_list opens;
};

struct quota_open {
	char id[ID_SIZE]; /* first: it is the tree's key */
	TAILQ_ENTRY(quota_open) link, of_owner;
	struct quota_owner *owner;
	bool held; /* the store has not told of it */
	bool told; /* since the watch began */
};

struct quota {
	void *opens, *owners; /* tsearch(3) */
	struct quota_open_list list;
	bool known;
};

static int
quota_compare(const void *a, const void *b)
{
	return strcasecmp(a, b);
}

static void *
quota_find(void *const *tree, const char *key)
{
	void *const *node = tfind(key, tree, quota_compare);

	return node != NULL ? *node : NULL;
}

/* `size` bytes that begin with the key. */
static void *
quota_make(void **tree, const char *key, size_t size)
{
	char *made = mem_alloc(size);

	memcpy(made, key, strnlen(key, ID_SIZE - 1));
	if (tsearch(made, tree, quota_compare) == NULL)
		mem_exhausted();
	return made;
}

static void
quota_drop(struct quota *q, struct quota_open *o)
{
	struct quota_owner *owner = o->owner;

	TAILQ_REMOVE(&q->list, o, link);
	TAILQ_REMOVE(&owner->opens, o, of_owner);
	tdelete(o->id, &q->opens, quota_compare);
	free(o);
	if (--owner->count > 0)
		return;
	tdelete(owner->entry, &q->owners, quota_compare);
	free(owner);
}

static struct quota_open *
quota_add(struct quota *q, const char *id, const char *entry)
{
	struct quota_open *o = quota_make(&q->opens, id, sizeof(*o));

	o->owner = quota_find(&q->owners, entry);
	if (o->owner == NULL) {
		o->owner = quota_make(&q->owners, entry, sizeof(*o->owner));
		TAILQ_INIT(&o->owner->opens);
	}
	o->owner->count++;
	TAILQ_INSERT_TAIL(&q->list, o, link);
	TAILQ_INSERT_TAIL(&o->owner->opens, o, of_owner);
	return o;
}

struct quota *
quota_new(void)
{
	struct quota *q = mem_alloc(sizeof(*q));

	TAILQ_INIT(&q->list);
	return q;
}

void
quota_free(struct quota *q)
{
	if (q == NULL)
		return;
	while (!TAILQ_EMPTY(&q->list))
		quota_drop(q, TAILQ_FIRST(&q->list));
	free(q);
}

/* ---- told ---- */

void
quota_begin(struct quota *q)
{
	struct quota_open *o;

	TAILQ_FOREACH(o, &q->list, link)
	o->told = false;
}

void
quota_ready(struct quota *q)
{
	struct quota_open *o, *next;

	LIST_EACH_SAFE(o, &q->list, link, next)
	{
		if (!o->told && !o->held)
			quota_drop(q, o);
	}
	q->known = true;
}

void
quota_tell(struct quota *q, const char *id, const char *owner)
{
	struct quota_open *o = quota_find(&q->opens, id);

	if (owner == NULL || *owner == '\0') {
		if (o != NULL)
			quota_drop(q, o);
		return;
	}
	if (o == NULL)
		o = quota_add(q, id, owner);
	o->told = true;
	o->held = false;
}

/* ---- made ---- */

enum err
quota_check(const struct quota *q, const char *owner, size_t max, struct fault *f)
{
	const struct quota_owner *who;

	if (owner == NULL || max == 0)
		return ERR_OK;
	if (!q->known)
		return fault_set(f, ERR_UNAVAILABLE,
		    "the list is being loaded: how many invitations are open is not known yet");
	who = quota_find(&q->owners, owner);
	if (who != NULL && who->count >= max)
		return fault_set(f, ERR_REFUSED,
		    "quota: %zu of your invitations are open, and %zu may be at once", who->count,
		    max);
	return ERR_OK;
}

enum err
quota_hold(struct quota *q, const char *id, const char *owner, size_t max, struct fault *f)
{
	if (quota_check(q, owner, max, f) != ERR_OK)
		return f->code;
	if (owner != NULL)
		quota_add(q, id, owner)->held = true;
	return ERR_OK;
}

void
quota_release(struct quota *q, const char *id)
{
	struct quota_open *o = quota_find(&q->opens, id);

	if (o != NULL && o->held)
		quota_drop(q, o);
}

/* ---- listed ---- */

static int
quota_compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool
quota_list(const struct quota *q, const char *owner, const char *after, struct arena *arena,
    const char (**ids)[ID_SIZE], size_t *count)
{
	const struct quota_owner *who = quota_find(&q->owners, owner);
	const struct quota_open *o;
	char(*list)[ID_SIZE];
	size_t n = 0;

	if (!q->known)
		return false;
	list = arena_alloc(arena, ((who != NULL ? who->count : 0) + 1) * sizeof(*list));
	if (who != NULL)
		TAILQ_FOREACH(o, &who->opens, of_owner)
	if (after == NULL || strcmp(o->id, after) > 0)
		memcpy(list[n++], o->id, ID_SIZE);
	qsort(list, n, sizeof(*list), quota_compare_ids);
	*ids = (const char(*)[ID_SIZE])list;
	*count = n;
	return true;
}
