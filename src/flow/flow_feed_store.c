/* Invitations for the roster: all that the store has, then every change. Open ones are rows, and
 * expired ones as long as they are kept. What is done goes as soon as its entry is there, which the
 * roster sees. One that passes its end is told again at that moment by writing its end down, so
 * that the list never says "pending" of a link that is dead. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/feed_private.h"
#include "log/log.h"

enum {
	FEED_PAUSE_MIN_MS = 1000, /* before a watch that ended is started again */
	FEED_PAUSE_MAX_MS = 60 * 1000,
	/* The wall clock may be set: the next end is looked at no later than this. */
	FEED_LOOK_MS = 60 * 1000,
	/* Then what comes waits for company. A full batch does not wait: the store's watch cannot
	 * be held up, so what it tells takes its room either way. */
	FEED_STORE_OUT = 8,
	FEED_ENDING_MAX = 64, /* ends written down at once */
	FEED_ENDING_AGAIN_MS = 1000
};

struct feed_store {
	struct flow *flow;
	struct roster *roster;
	struct store_watch *watch; /* NULL while it pauses */
	struct loop_timer *again, *flush, *end;
	int64_t pause_ms;
	struct feed_batch *batch; /* being filled, or NULL */
	bool told, listing;
	size_t out; /* batches that the roster has not applied */
	struct feed_ends *ends;
	size_t ending; /* under way */
};

/* ---- batches ---- */

static void feed_store_on_applied(void *arg);

static void
feed_store_send(struct feed_store *s, enum feed_step step)
{
	struct feed_batch *b = s->batch;

	s->batch = NULL;
	if (b == NULL && step == FEED_CHANGES)
		return;
	if (b == NULL)
		b = feed_batch_new(FEED_STORE, step);
	b->step = step;
	b->absent_is_gone = step == FEED_REFRESH_COMPLETE;
	s->out++;
	roster_feed_take(s->roster, b, feed_store_on_applied, s);
}

static void
feed_store_on_flush(void *arg)
{
	struct feed_store *s = arg;

	if (s->out < FEED_STORE_OUT && !s->listing)
		feed_store_send(s, FEED_CHANGES);
}

/* Never after the roster is freed, which goes first. */
static void
feed_store_on_applied(void *arg)
{
	struct feed_store *s = arg;

	s->out--;
	feed_store_on_flush(s);
}

static struct feed_item *
feed_store_add(struct feed_store *s, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	struct feed_item *item = NULL;

	if (s->batch != NULL)
		item = feed_batch_add(s->batch, kind, id);
	if (item == NULL) {
		feed_store_send(s, FEED_CHANGES);
		s->batch = feed_batch_new(FEED_STORE, FEED_CHANGES);
		item = feed_batch_add(s->batch, kind, id);
		/* What comes in the same turn goes together. */
		if (!s->listing)
			loop_timer_set(s->flush, 0);
	}
	return item;
}

/* ---- ends ---- */

static void
feed_end_arm(struct feed_store *s)
{
	unsigned char id[FEED_ID_SIZE];
	int64_t at, wait;

	if (s->ending > 0 || !feed_ends_first(s->ends, id, &at))
		return;
	wait = at - flow_now(s->flow);
	loop_timer_set(s->end, wait < 0 ? 0 : wait > FEED_LOOK_MS ? FEED_LOOK_MS : wait);
}

struct ending {
	struct feed_store *feed;
	unsigned char id[FEED_ID_SIZE];
};

static void
feed_end_on_written(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct ending e = *(struct ending *)ctx;
	struct feed_store *s = e.feed;

	(void)inv, (void)f;
	free(ctx);
	s->ending--;
	/* ERR_NOT_FOUND: it is over, or its end has moved, and then it was told again. Whoever was
	 * faster (ERR_CONFLICT) may have written what is not told: which links work. */
	if (code != ERR_OK && code != ERR_NOT_FOUND && !feed_ends_has(s->ends, e.id))
		feed_ends_set(s->ends, e.id, flow_now(s->flow) + FEED_ENDING_AGAIN_MS);
	feed_end_arm(s);
}

static void
feed_on_end(void *arg)
{
	struct feed_store *s = arg;
	int64_t now = flow_now(s->flow), at;
	const struct flow_caller own = flow_caller_own("sweeper");
	unsigned char id[FEED_ID_SIZE];

	while (s->ending < FEED_ENDING_MAX && feed_ends_first(s->ends, id, &at) && at <= now) {
		struct ending *e = mem_alloc(sizeof(*e));
		char text[ID_SIZE];

		e->feed = s;
		memcpy(e->id, id, FEED_ID_SIZE);
		feed_ends_drop(s->ends, id);
		feed_id_text(id, text);
		s->ending++;
		flow_expire_start(s->flow, text, &own, feed_end_on_written, free, e);
	}
	feed_end_arm(s);
}

/* ---- rows ---- */

static const char *
feed_text(struct feed_batch *b, const char *text)
{
	return arena_strdup(b->arena, text);
}

static const char *
feed_name(struct feed_batch *b, const struct person *p)
{
	const char *name = audit_name(p, b->arena);

	if (name != NULL)
		return name;
	return feed_text(b, p->value[PERSON_UID] != NULL ? p->value[PERSON_UID] : "");
}

static void
feed_store_row(struct feed_store *s, const unsigned char id[FEED_ID_SIZE],
    const struct invitation *inv, enum feed_status status)
{
	struct feed_item *item = feed_store_add(s, FEED_INVITATION, id);
	struct feed_user *u = &item->user;
	const struct person *p = &inv->person;
	struct feed_batch *b = s->batch;

	u->status = status;
	u->name = feed_name(b, p);
	u->given_name = feed_text(b, p->value[PERSON_GIVEN_NAME]);
	u->family_name = feed_text(b, p->value[PERSON_FAMILY_NAME]);
	u->mail = feed_text(b, p->value[PERSON_MAIL]);
	u->phone = feed_text(b, p->value[PERSON_PHONE]);
	u->position = feed_text(b, p->value[PERSON_POSITION]);
	u->uid = feed_text(b, p->value[PERSON_UID]);
	u->parent = feed_text(b, p->value[PERSON_ORG_UNIT]);
	memcpy(u->invitation, id, FEED_ID_SIZE);
	u->invited_at = inv->created_at / 1000;
	u->becoming = inv->state == INVITATION_CLAIMED || inv->state == INVITATION_CREATED;
}

static void
feed_store_on_invitation(void *arg, const char *text, const struct invitation *inv)
{
	struct feed_store *s = arg;
	unsigned char id[FEED_ID_SIZE];
	enum invitation_state seen;
	bool over;

	if (!feed_id_parse(text, id))
		return; /* nothing of ours */
	seen = inv != NULL ? invitation_seen(inv, flow_now(s->flow)) : INVITATION_REVOKED;
	over = seen == INVITATION_DONE || seen == INVITATION_REVOKED || seen == INVITATION_EXPIRED;
	quota_tell(s->flow->quota, text, over ? NULL : inv->owner);
	if (over)
		feed_ends_drop(s->ends, id);
	switch (seen) {
	case INVITATION_DONE:
		feed_store_add(s, FEED_INVITATION_GONE, id)->user.becoming = true;
		return;
	case INVITATION_REVOKED:
		feed_store_add(s, FEED_INVITATION_GONE, id);
		return;
	case INVITATION_EXPIRED:
		feed_store_row(s, id, inv, FEED_EXPIRED);
		return;
	default:
		/* Once somebody has claimed it, its mail was good enough. */
		feed_store_row(s, id, inv,
		    seen == INVITATION_PENDING && inv->undeliverable ? FEED_UNDELIVERABLE
								     : FEED_PENDING);
		feed_ends_set(s->ends, id, invitation_end(inv));
		if (!s->listing)
			feed_end_arm(s);
	}
}

/* ---- the watch ---- */

static void
feed_store_on_ready(void *arg)
{
	struct feed_store *s = arg;

	feed_store_send(s, FEED_REFRESH_COMPLETE);
	quota_ready(s->flow->quota);
	s->listing = false;
	s->told = true;
	s->pause_ms = FEED_PAUSE_MIN_MS;
	feed_end_arm(s);
}

static void
feed_store_on_failed(void *arg, enum err code, const struct fault *f)
{
	struct feed_store *s = arg;

	(void)code;
	log_warning("the people list does not hear of invitations for a moment", "reason", f->text);
	s->watch = NULL; /* the store has ended it */
	if (s->listing)
		feed_store_send(s, FEED_REFRESH_BROKEN);
	s->listing = false;
	loop_timer_set(s->again, s->pause_ms);
	s->pause_ms = s->pause_ms * 2 < FEED_PAUSE_MAX_MS ? s->pause_ms * 2 : FEED_PAUSE_MAX_MS;
}

static void
feed_store_on_damaged(void *arg, const struct fault *f)
{
	(void)arg;
	log_error("a stored value is damaged and was left out", "reason", f->text);
}

static void
feed_store_watch(void *arg)
{
	static const struct store_watch_cbs cbs = {
		.invitation = feed_store_on_invitation,
		.ready = feed_store_on_ready,
		.failed = feed_store_on_failed,
		.damaged = feed_store_on_damaged,
	};
	struct feed_store *s = arg;

	feed_store_send(s, FEED_CHANGES);
	s->listing = true;
	feed_ends_clear(s->ends);
	quota_begin(s->flow->quota);
	feed_store_send(s, FEED_REFRESH_BEGINS);
	s->watch = store_watch_invitations(s->flow->conf.store, &cbs, s);
}

struct feed_store *
feed_store_new(struct flow *f, struct roster *r)
{
	struct feed_store *s = mem_alloc(sizeof(*s));
	struct loop *l = f->conf.loop;

	s->flow = f;
	s->roster = r;
	s->pause_ms = FEED_PAUSE_MIN_MS;
	s->ends = feed_ends_new();
	s->again = loop_timer_new(l, feed_store_watch, s);
	s->flush = loop_timer_new(l, feed_store_on_flush, s);
	s->end = loop_timer_new(l, feed_on_end, s);
	feed_store_watch(s);
	return s;
}

/* Ends that are being written down are the flow's: it is freed before or with this. */
void
feed_store_free(struct feed_store *s)
{
	if (s == NULL)
		return;
	if (s->watch != NULL)
		store_watch_stop(s->watch);
	loop_timer_free(s->again);
	loop_timer_free(s->flush);
	loop_timer_free(s->end);
	feed_batch_free(s->batch);
	feed_ends_free(s->ends);
	free(s);
}

bool
feed_store_is_told(const struct feed_store *s)
{
	return s->told;
}
