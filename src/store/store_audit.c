/* Listing the audit trail: page after page, in the order of the ids or against it, until enough
 * were found or enough were looked at. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	PAGE = 250,
	/* A record's time is taken a little before its id is made, or its transaction sent. */
	SKEW_MS = 10 * 60 * 1000
};

struct listing {
	struct store_op op; /* first */
	audit_list_cb *cb;
	struct arena *arena; /* of the question and of the answer */
	struct audit_query q;
	struct audit_record *found;
	size_t count, looked;
	char last[ID_SIZE]; /* looked at; "": none was */
	struct fault damaged;
};

static void listing_read_page(struct listing *l);

static void
listing_release(struct store_op *op)
{
	struct listing *l = (struct listing *)op;

	free(l->found);
	arena_free(l->arena);
	free(l);
}

static void
listing_finish(struct listing *l, enum err code, bool more, const struct fault *f)
{
	struct audit_record *found = l->found;
	size_t count = code == ERR_OK ? l->count : 0;
	struct arena *arena = l->arena;
	struct fault own = code == ERR_OK ? l->damaged : *f;
	audit_list_cb *cb = l->cb;
	void *arg = l->op.arg;
	char next[ID_SIZE];

	memcpy(next, l->last, sizeof(next));
	l->found = NULL;
	l->arena = NULL;
	store_op_end(&l->op);
	cb(arg, code, found, count, code == ERR_OK && more && next[0] != '\0' ? next : NULL, &own);
	free(found);
	arena_free(arena);
}

/* ---- what is asked for ---- */

static bool
is_same(const char *asked, const char *is)
{
	return asked == NULL || (is != NULL && strcmp(asked, is) == 0);
}

/* It is the subject, the person whose rights were used, or named in the actor. */
static bool
audit_is_about(const struct audit_record *r, const char *id)
{
	const char *named = strchr(r->actor, ':');

	return (r->subject_id != NULL && strcmp(r->subject_id, id) == 0) ||
	       (r->person != NULL && strcmp(r->person, id) == 0) ||
	       (named != NULL && strcmp(named + 1, id) == 0);
}

static bool
listing_wants(const struct listing *l, const struct audit_record *r)
{
	const struct audit_query *q = &l->q;

	return (q->from == 0 || r->at >= q->from) && (q->to == 0 || r->at < q->to) &&
	       is_same(q->event, r->event) && is_same(q->actor, r->actor) &&
	       is_same(q->subject, r->subject) && is_same(q->request_id, r->request_id) &&
	       (q->about == NULL || audit_is_about(r, q->about)) &&
	       (reach_covers(q->reach, r->org_unit, NULL) ||
		   (r->moved_to != NULL && reach_covers(q->reach, r->moved_to, NULL)));
}

/* Behind it nothing is of the time that is asked for. */
static bool
listing_is_past(const struct listing *l, const char *id)
{
	int64_t made = id_made_at(id);

	if (l->q.oldest_first)
		return l->q.to != 0 && made >= l->q.to + SKEW_MS;
	return l->q.from != 0 && made < l->q.from - SKEW_MS;
}

/* ---- pages ---- */

/* Only what is wanted is kept in the answer's memory. */
static void
listing_keep(struct listing *l, const struct audit_record *r)
{
	struct audit_record *kept = &l->found[l->count++];
	const char **const texts[] = { &kept->event, &kept->actor, &kept->request_id, &kept->state,
		&kept->subject, &kept->subject_id, &kept->person, &kept->org_unit, &kept->moved_to,
		&kept->detail, &kept->source, &kept->personal };

	*kept = *r;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_strdup(l->arena, *texts[i]);
}

static enum err
listing_take(struct listing *l, const struct kv_item *item, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct audit_record r;
	char *text;
	size_t len;
	enum err code = store_open_item(l->op.store, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_audit(&r, l->last, arena, text, len, f);
	if (code == ERR_OK && listing_wants(l, &r))
		listing_keep(l, &r);
	arena_free(arena);
	return code;
}

/* False: enough. */
static bool
listing_look(struct listing *l, const struct kv_item *item)
{
	struct fault f;

	l->looked++;
	if (!store_read_id("audit", item->key, l->last)) {
		fault_set(&f, ERR_CORRUPT, "holds no id");
		store_note_damage(&l->damaged, item->key, &f);
		return true;
	}
	if (listing_is_past(l, l->last))
		return false;
	if (listing_take(l, item, &f) != ERR_OK)
		store_note_damage(&l->damaged, item->key, &f);
	return l->count < l->q.limit;
}

static void
listing_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct listing *l = arg;
	size_t i = 0;

	(void)revision;
	l->op.kv = NULL;
	if (code != ERR_OK) {
		listing_finish(l, code, false, f);
		return;
	}
	while (i < count && listing_look(l, &items[i]))
		i++;
	if (i < count && l->count < l->q.limit)
		listing_finish(l, ERR_OK, false, NULL); /* past the time */
	else if (l->count == l->q.limit || !more)
		listing_finish(l, ERR_OK, more || i + 1 < count, NULL);
	else if (l->looked >= AUDIT_LOOK_MAX)
		listing_finish(l, ERR_OK, true, NULL);
	else
		listing_read_page(l);
}

/* Where the first page begins: behind `after`, or at the time that is asked for. */
static struct store_key
listing_begin(const struct listing *l)
{
	int64_t at = l->q.oldest_first ? l->q.from - SKEW_MS : l->q.to + SKEW_MS;
	char id[ID_SIZE];

	if (l->last[0] != '\0')
		return store_key_of("audit", l->last);
	if ((l->q.oldest_first ? l->q.from : l->q.to) == 0 || at <= 0)
		return (struct store_key){ "" };
	id_make(at, id);
	return store_key_of("audit", id);
}

static void
listing_read_page(struct listing *l)
{
	struct store_key bound = listing_begin(l);
	struct kv *kv = l->op.store->kv;

	l->op.kv = l->q.oldest_first ? kv_range(kv, kv_text("audit/"), store_key_bytes(&bound),
					   PAGE, listing_on_page, l)
				     : kv_range_back(kv, kv_text("audit/"), store_key_bytes(&bound),
					   PAGE, listing_on_page, l);
}

struct store_op *
store_audit_list(struct store *s, const struct audit_query *q, audit_list_cb *cb, void *arg)
{
	struct listing *l = mem_alloc(sizeof(*l));

	assert(q->limit >= 1 && q->limit <= AUDIT_LIST_MAX);
	assert(q->after == NULL || id_is_valid(q->after));
	store_op_start(&l->op, s, listing_release, arg);
	l->cb = cb;
	l->arena = arena_new(0);
	l->q = *q;
	l->q.event = arena_strdup(l->arena, q->event);
	l->q.actor = arena_strdup(l->arena, q->actor);
	l->q.about = arena_strdup(l->arena, q->about);
	l->q.subject = arena_strdup(l->arena, q->subject);
	l->q.request_id = arena_strdup(l->arena, q->request_id);
	l->q.reach = reach_copy(q->reach, l->arena);
	l->found = mem_array(q->limit, sizeof(*l->found));
	if (q->after != NULL)
		memcpy(l->last, q->after, sizeof(l->last));
	listing_read_page(l);
	return &l->op;
}
