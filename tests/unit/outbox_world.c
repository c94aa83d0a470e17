#include "outbox_world.h"

static void
on_due_mails(void *arg, int64_t due)
{
	struct outbox_world *o = arg;

	o->wakes[OUTBOX_MAILS]++;
	o->due[OUTBOX_MAILS] = due;
}

static void
on_due_hooks(void *arg, int64_t due)
{
	struct outbox_world *o = arg;

	o->wakes[OUTBOX_HOOKS]++;
	o->due[OUTBOX_HOOKS] = due;
}

static void
on_event(void *arg)
{
	((struct outbox_world *)arg)->events++;
}

int
outbox_world_set_up(void **state)
{
	struct outbox_world *o = mem_alloc(sizeof(*o));

	kv_world_set_up(state);
	o->base = *state;
	o->kv = fake_kv_new(o->base->loop, o->base->kv);
	o->w = world_over(o->base->loop, o->kv);
	store_on_due(o->w->store, OUTBOX_MAILS, on_due_mails, o);
	store_on_due(o->w->store, OUTBOX_HOOKS, on_due_hooks, o);
	store_on_event(o->w->store, on_event, o);
	*state = o;
	return 0;
}

static void
forget(struct outbox_world *o)
{
	for (size_t i = 0; i < o->count; i++)
		outbox_item_free(o->list[i]);
	o->count = 0;
}

int
outbox_world_tear_down(void **state)
{
	struct outbox_world *o = *state;

	forget(o);
	delivery_free(o->d);
	world_end(o->w);
	kv_close(o->kv);
	*state = o->base;
	free(o);
	return kv_world_tear_down(state);
}

/* ---- reading ---- */

/* Takes them. */
static void
keep(struct outbox_world *o, struct outbox_item **list, size_t count)
{
	forget(o);
	assert_true(count <= OUTBOX_WORLD_MAX);
	for (size_t i = 0; i < count; i++) {
		o->list[i] = list[i];
		list[i] = NULL;
	}
	o->count = count;
}

static void
answer(struct outbox_world *o, enum err code, const struct fault *f)
{
	assert_non_null(f);
	memcpy(o->damage, f->text, sizeof(o->damage));
	world_on_done(o->w, code, code == ERR_OK ? NULL : f);
}

static void
on_due(void *arg, enum err code, struct outbox_item **list, size_t count, int64_t next_due,
    const struct fault *f)
{
	struct outbox_world *o = arg;

	keep(o, list, count);
	o->next_due = next_due;
	answer(o, code, f);
}

static void
on_list(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct outbox_world *o = arg;

	keep(o, list, count);
	snprintf(o->next, sizeof(o->next), "%s", next != NULL ? next : "");
	answer(o, code, f);
}

static void
on_delivery(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct outbox_world *o = arg;

	delivery_free(o->d);
	o->d = *d;
	*d = NULL;
	world_on_done(o->w, code, f);
}

enum err
ow_due(struct outbox_world *o, enum outbox_queue queue, size_t limit)
{
	return world_run(o->w, store_outbox_due(o->w->store, queue, o->w->now, limit, on_due, o));
}

enum err
ow_list(struct outbox_world *o, enum outbox_queue queue, const char *after, size_t limit)
{
	return world_run(o->w, store_outbox_list(o->w->store, queue, after, limit, on_list, o));
}

enum err
ow_load(struct outbox_world *o, const char *id)
{
	return world_run(o->w, store_outbox_load(o->w->store, id, on_list, o));
}

enum err
ow_load_delivery(struct outbox_world *o, const char *invitation)
{
	return world_run(o->w, store_delivery_load(o->w->store, invitation, on_delivery, o));
}

/* ---- writing ---- */

enum err
ow_save(struct outbox_world *o, const struct outbox_item *old, const struct outbox_item *new,
    const struct store_post *post)
{
	struct store_note note = { .actor = "mailer", .post = post };

	return world_run(o->w, store_outbox_save(o->w->store, old, new, NULL, NULL,
				   INVITATION_EV_MAIL, &note, world_on_save, o->w));
}

enum err
ow_remove(struct outbox_world *o, const struct outbox_item *item, const struct store_post *post)
{
	struct store_note note = { .actor = "mailer", .post = post };

	return world_run(o->w, store_outbox_remove(o->w->store, item, NULL, NULL,
				   INVITATION_EV_MAIL, &note, 0, NULL, world_on_save, o->w));
}

const char *
ow_invite(struct outbox_world *o, const struct store_post *post)
{
	static int number;
	static char id[ID_SIZE];
	struct store_note note = { .actor = "uid:0", .post = post };
	struct invitation *inv;
	char uid[16];

	snprintf(uid, sizeof(uid), "u%d", number++);
	inv = world_make(o->w, uid, NULL, NULL);
	assert_int_equal(
	    world_run(o->w, store_issue(o->w->store, inv, &note, world_on_issue, o->w)), ERR_OK);
	memcpy(id, inv->id, ID_SIZE);
	invitation_free(inv);
	return id;
}

void
ow_fill(struct outbox_world *o, enum outbox_kind kind, size_t count)
{
	struct store_post post = { .item_count = 0 };
	struct outbox_item *items[STORE_POST_MAX];

	for (size_t i = 0; i < count;) {
		char subject[ID_SIZE];
		size_t n = 0;

		for (; n < STORE_POST_MAX && i < count; n++, i++) {
			id_make(o->w->now, subject);
			items[n] = outbox_item_new(kind, subject, o->w->now);
			items[n]->due = o->w->now + (int64_t)i;
			post.items[n] = items[n];
		}
		post.item_count = n;
		ow_invite(o, &post);
		while (n > 0)
			outbox_item_free(items[--n]);
	}
}

size_t
ow_keys(struct outbox_world *o, const char *prefix)
{
	return world_keys(o->w, prefix);
}
