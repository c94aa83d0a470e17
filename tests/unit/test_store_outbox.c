/* The outbox of the store on each implementation of the kv port: what is queued with a change, the
 * order of the queue, who wins an item, and what becomes of damage and of lost answers. */
#include "outbox_world.h"

#define NOBODY "00000000-0000-7000-8000-000000000000"

/* A new item with an address that is nowhere. */
static struct outbox_item *
item_due(struct outbox_world *o, enum outbox_kind kind, int64_t in)
{
	struct outbox_item *i = outbox_item_new(kind, NOBODY, o->w->now);

	i->due = o->w->now + in;
	i->expires_at = o->w->now + HOUR;
	return i;
}

static struct store_post
post_of(const struct outbox_item *i)
{
	return (struct store_post){ .items = { i }, .item_count = 1 };
}

static void
an_item_comes_back_as_it_was_queued(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = item_due(o, OUTBOX_WELCOME, 0);
	const struct outbox_item *got;
	struct store_post post = post_of(i);

	outbox_set_text(i, &i->to, "zoe@canary.example");
	outbox_set_text(i, &i->name, "Zo\xc3\xab \"Z\"");
	outbox_set_text(i, &i->uid, "zoe");
	outbox_set_text(i, &i->language, "vi");
	outbox_set_text(i, &i->last, "451 4.3.0 try later");
	memcpy(i->owner, "0123456789abcdef", 17);
	i->attempts = 3;
	i->unknown = 1;
	i->slotted = true;
	ow_invite(o, &post);
	assert_int_equal(ow_load(o, i->id), ERR_OK);
	assert_int_equal(o->count, 1);
	got = o->list[0];
	assert_int_equal(got->revision, o->w->revision);
	assert_string_equal(got->id, i->id);
	assert_int_equal(got->kind, OUTBOX_WELCOME);
	assert_string_equal(got->subject, NOBODY);
	assert_string_equal(got->owner, i->owner);
	assert_int_equal(got->created_at, i->created_at);
	assert_int_equal(got->due, i->due);
	assert_int_equal(got->expires_at, i->expires_at);
	assert_int_equal(got->attempts, 3);
	assert_int_equal(got->unknown, 1);
	assert_true(got->slotted);
	assert_string_equal(got->to, i->to);
	assert_string_equal(got->name, i->name);
	assert_string_equal(got->uid, i->uid);
	assert_string_equal(got->language, i->language);
	assert_string_equal(got->last, i->last);
	assert_null(got->type);
	assert_null(got->body);
	assert_int_equal(ow_load(o, NOBODY), ERR_OK);
	assert_int_equal(o->count, 0);
	assert_int_equal(ow_load(o, "../nonsense"), ERR_OK);
	assert_int_equal(o->count, 0);
	outbox_item_free(i);
}

static void
what_is_due_comes_in_its_order(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *late = item_due(o, OUTBOX_INVITATION, 50),
			   *first = item_due(o, OUTBOX_INVITATION, -20),
			   *second = item_due(o, OUTBOX_REMINDER, -10),
			   *hook = item_due(o, OUTBOX_HOOK, -30);
	struct store_post post = { .items = { late, second, first, hook }, .item_count = 4 };

	assert_int_equal(ow_due(o, OUTBOX_MAILS, 10), ERR_OK);
	assert_int_equal(o->count, 0);
	assert_true(o->next_due == INT64_MAX);
	ow_invite(o, &post);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 3);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 1);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 10), ERR_OK);
	assert_int_equal(o->count, 2);
	assert_string_equal(o->list[0]->id, first->id);
	assert_string_equal(o->list[1]->id, second->id);
	assert_true(o->next_due == late->due);
	assert_string_equal(o->damage, "");
	ow_due(o, OUTBOX_MAILS, 1);
	assert_int_equal(o->count, 1);
	assert_true(o->next_due == second->due);
	ow_due(o, OUTBOX_HOOKS, 64);
	assert_int_equal(o->count, 1);
	assert_true(o->next_due == INT64_MAX);
	outbox_item_free(late);
	outbox_item_free(first);
	outbox_item_free(second);
	outbox_item_free(hook);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OUTBOX_ROW(an_item_comes_back_as_it_was_queued),
		OUTBOX_ROW(what_is_due_comes_in_its_order),
	};

	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
