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

static void
watch(struct outbox_world *o)
{
	store_on_due(o->w->store, OUTBOX_MAILS, on_due_mails, o);
	store_on_due(o->w->store, OUTBOX_HOOKS, on_due_hooks, o);
	store_on_event(o->w->store, on_event, o);
}

void
ow_restart(struct outbox_world *o)
{
	world_restart(o->w);
	watch(o);
}

static void
on_turned(void *arg)
{
	loop_stop(arg);
}

/* A read is answered behind the writes before it; what is told is told in the next turn. */
void
ow_turn(struct outbox_world *o)
{
	struct loop_timer *t = loop_timer_new(o->w->loop, on_turned, o->w->loop);

	call_get(o->w->loop, o->base->kv, "x");
	loop_timer_set(t, 1);
	loop_run(o->w->loop);
	loop_timer_free(t);
}

int
outbox_world_set_up(void **state)
{
	struct outbox_world *o = mem_alloc(sizeof(*o));

	kv_world_set_up(state);
	o->base = *state;
	o->kv = fake_kv_new(o->base->loop, o->base->kv);
	o->w = world_over(o->base->loop, o->kv);
	watch(o);
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

enum err
ow_save_delivery(struct outbox_world *o, const char *invitation, const struct delivery *d)
{
	return world_run(
	    o->w, store_delivery_save(o->w->store, invitation, d, world_on_save, o->w));
}

struct outbox_item *
ow_item(struct outbox_world *o, enum outbox_kind kind, int64_t in)
{
	struct outbox_item *i = outbox_item_new(kind, NOBODY, o->w->now);

	i->due = o->w->now + in;
	i->expires_at = o->w->now + HOUR;
	return i;
}

struct filling {
	struct outbox_world *o;
	size_t waiting;
};

static void
on_filled(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct filling *fill = arg;

	(void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	if (--fill->waiting == 0)
		loop_stop(fill->o->w->loop);
}

/* In transactions of STORE_POST_MAX + 1, up to 200 of them under way. */
void
ow_fill(struct outbox_world *o, enum outbox_kind kind, size_t count)
{
	struct filling fill = { .o = o };

	for (size_t made = 0; made < count;) {
		struct outbox_item *first = ow_item(o, kind, (int64_t)made++);
		struct store_post post = { .item_count = 0 };
		struct store_note note = { .actor = "test", .post = &post };
		struct outbox_item *more[STORE_POST_MAX] = { NULL };

		for (; post.item_count < STORE_POST_MAX && made < count; post.item_count++)
			post.items[post.item_count] = more[post.item_count] =
			    ow_item(o, kind, (int64_t)made++);
		store_outbox_save(o->w->store, NULL, first, NULL, NULL, INVITATION_EV_MAIL, &note,
		    on_filled, &fill);
		outbox_item_free(first);
		for (size_t i = 0; i < post.item_count; i++)
			outbox_item_free(more[i]);
		if (++fill.waiting == 200 || made == count)
			loop_run(o->w->loop);
	}
}

struct look {
	struct outbox_world *o;
	const char *text;
	char after[KV_KEY_MAX];
	size_t after_len;
	bool more;
};

static void
on_values(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct look *l = arg;
	struct fault own;

	(void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	for (size_t i = 0; i < count; i++) {
		char *plain = mem_alloc(items[i].value.len + 1);
		size_t len;

		assert_int_equal(seal_open(l->o->w->seal, items[i].key.data, items[i].key.len,
				     items[i].value.data, items[i].value.len, plain, &len, &own),
		    ERR_OK);
		if (strstr(plain, l->text) != NULL)
			fail_msg("%.*s: %s", (int)items[i].key.len, (const char *)items[i].key.data,
			    plain);
		free(plain);
		memcpy(l->after, items[i].key.data, l->after_len = items[i].key.len);
	}
	l->more = more;
	loop_stop(l->o->w->loop);
}

void
ow_assert_nowhere(struct outbox_world *o, const char *text)
{
	struct look l = { .o = o, .text = text, .more = true };

	while (l.more) {
		kv_range(o->base->kv, kv_text(""), (struct kv_bytes){ l.after, l.after_len }, 100,
		    on_values, &l);
		loop_run(o->w->loop);
	}
}

size_t
ow_keys(struct outbox_world *o, const char *prefix)
{
	return world_keys(o->w, prefix);
}
