/* The outbox of the store on each implementation of the kv port: what is queued with a change, the
 * order of the queue, who wins an item, and what becomes of damage and of lost answers. */
#include "outbox_world.h"

static struct store_post
post_of(const struct outbox_item *i)
{
	return (struct store_post){ .items = { i }, .item_count = 1 };
}

static void
an_item_comes_back_as_it_was_queued(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = ow_item(o, OUTBOX_WELCOME, 0);
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
	struct outbox_item *late = ow_item(o, OUTBOX_INVITATION, 50),
			   *first = ow_item(o, OUTBOX_INVITATION, -20),
			   *second = ow_item(o, OUTBOX_REMINDER, -10),
			   *hook = ow_item(o, OUTBOX_HOOK, -30);
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

/* Claimed by us. */
static struct outbox_item *
claim_of(struct outbox_world *o, const struct outbox_item *i)
{
	struct outbox_item *claimed = outbox_item_copy(i);

	memcpy(claimed->owner, "0123456789abcdef", OUTBOX_OWNER_SIZE);
	claimed->due = o->w->now + OUTBOX_CLAIM_MS;
	return claimed;
}

/* An item that is stored; o->list[0] is it as well. */
static struct outbox_item *
queued(struct outbox_world *o, enum outbox_kind kind, int64_t in)
{
	struct outbox_item *i = ow_item(o, kind, in), *stored;

	assert_int_equal(ow_save(o, NULL, i, NULL), ERR_OK);
	assert_int_equal(ow_load(o, i->id), ERR_OK);
	stored = outbox_item_copy(o->list[0]);
	outbox_item_free(i);
	return stored;
}

static void
one_of_two_gets_an_item(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1), *claimed = claim_of(o, i);

	assert_int_equal(ow_save(o, i, claimed, NULL), ERR_OK);
	assert_int_equal(ow_save(o, i, claimed, NULL), ERR_CONFLICT);
	assert_int_equal(ow_remove(o, i, NULL), ERR_CONFLICT);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 10), ERR_OK);
	assert_int_equal(o->count, 0);
	assert_true(o->next_due == claimed->due);
	assert_int_equal(ow_keys(o, "due/"), 1);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
	o->w->now = claimed->due;
	ow_due(o, OUTBOX_MAILS, 10);
	assert_int_equal(o->count, 1);
	assert_string_equal(o->list[0]->owner, claimed->owner);
	assert_int_equal(ow_keys(o, "audit/"), 0);
	outbox_item_free(claimed);
	outbox_item_free(i);
}

static void
what_is_settled_is_gone_for_everybody(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_HOOK, -1), *claimed = claim_of(o, i);

	assert_int_equal(ow_remove(o, i, NULL), ERR_OK);
	assert_int_equal(ow_keys(o, "due/") + ow_keys(o, "outbox/"), 0);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 0);
	assert_int_equal(ow_remove(o, i, NULL), ERR_NOT_FOUND);
	assert_int_equal(ow_save(o, i, claimed, NULL), ERR_NOT_FOUND);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 0);
	outbox_item_free(claimed);
	outbox_item_free(i);
}

static void
an_item_that_keeps_its_due_keeps_its_place(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1), *next = outbox_item_copy(i);

	next->slotted = true;
	assert_int_equal(ow_save(o, i, next, NULL), ERR_OK);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 10), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_true(o->list[0]->slotted);
	assert_int_equal(o->list[0]->revision, o->w->revision);
	outbox_item_free(next);
	outbox_item_free(i);
}

/* ---- with an invitation ---- */

/* The next version of an invitation, with a fresh token. */
static struct invitation *
mailed(struct outbox_world *o, const struct invitation *before)
{
	struct invitation *after = invitation_copy(before);
	struct token_hash token;
	struct fault f;

	random_fill(&token, sizeof(token));
	assert_int_equal(invitation_add_token(after, &token, false, o->w->now, &f), ERR_OK);
	assert_int_equal(invitation_apply(after, INVITATION_EV_MAIL, o->w->now, NULL, &f), ERR_OK);
	return after;
}

static enum err
save_mailed(struct outbox_world *o, const struct outbox_item *old, const struct outbox_item *new,
    const struct invitation *before, const struct invitation *after, const struct store_post *post)
{
	struct store_note note = { .actor = "mailer", .post = post };

	return world_run(o->w, store_outbox_save(o->w->store, old, new, before, after,
				   INVITATION_EV_MAIL, &note, world_on_save, o->w));
}

static void
an_item_its_invitation_and_the_log_change_together_or_not_at_all(void **state)
{
	struct outbox_world *o = *state;
	struct delivery *log = delivery_new(), *stale;
	struct outbox_item *i = ow_item(o, OUTBOX_INVITATION, -1), *claimed;
	struct store_post post = { .items = { i }, .item_count = 1, .delivery = log };
	struct invitation *before, *after;

	delivery_note(log, DELIVERY_QUEUED, OUTBOX_INVITATION, o->w->now, NULL);
	assert_int_equal(world_load(o->w, ow_invite(o, &post)), ERR_OK);
	before = invitation_copy(o->w->inv);
	after = mailed(o, before);
	ow_load(o, i->id);
	outbox_item_free(i);
	i = outbox_item_copy(o->list[0]);
	claimed = claim_of(o, i);
	assert_int_equal(ow_load_delivery(o, before->id), ERR_OK);
	assert_int_equal(o->d->log_count, 1);
	assert_int_equal(o->d->revision, before->revision); /* one transaction */
	assert_int_equal(i->revision, before->revision);

	stale = delivery_copy(o->d);
	stale->revision--;
	post = (struct store_post){ .delivery = stale };
	assert_int_equal(ow_keys(o, "token/"), 1);
	assert_int_equal(save_mailed(o, i, claimed, before, after, &post), ERR_CONFLICT);
	post.delivery = o->d;
	before->revision++;
	assert_int_equal(save_mailed(o, i, claimed, before, after, &post), ERR_CONFLICT);
	before->revision--;
	assert_int_equal(ow_keys(o, "token/"), 1);
	assert_int_equal(ow_keys(o, "audit/"), 1);
	assert_int_equal(save_mailed(o, i, claimed, before, after, &post), ERR_OK);
	assert_int_equal(ow_keys(o, "token/"), 2);
	assert_int_equal(ow_keys(o, "audit/"), 2);
	world_load(o->w, before->id);
	assert_int_equal(o->w->inv->revision, o->w->revision);
	assert_int_equal(o->w->inv->token_count, 2);
	ow_load_delivery(o, before->id);
	assert_int_equal(o->d->revision, o->w->revision);
	ow_load(o, i->id);
	assert_int_equal(o->list[0]->revision, o->w->revision);
	assert_string_equal(o->list[0]->owner, claimed->owner);
	delivery_free(log);
	delivery_free(stale);
	outbox_item_free(i);
	outbox_item_free(claimed);
	invitation_free(before);
	invitation_free(after);
}

static void
a_waiting_item_is_made_due_with_a_change_of_its_invitation(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, HOUR), *now = outbox_item_copy(i);
	struct store_post post = { .items = { now }, .was = { i }, .item_count = 1 };
	struct store_note note = world_note;
	struct invitation *after;
	struct fault f;

	world_load(o->w, ow_invite(o, NULL));
	after = invitation_copy(o->w->inv);
	invitation_apply(after, INVITATION_EV_RESEND, o->w->now, NULL, &f);
	note.post = &post;
	now->due = o->w->now;
	assert_int_equal(world_run(o->w, store_save(o->w->store, o->w->inv, after,
					     INVITATION_EV_RESEND, &note, world_on_save, o->w)),
	    ERR_OK);
	assert_int_equal(ow_keys(o, "due/"), 1);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
	ow_due(o, OUTBOX_MAILS, 10);
	assert_int_equal(o->count, 1);
	assert_string_equal(o->list[0]->id, i->id);
	assert_int_equal(o->list[0]->revision, o->w->revision);
	/* Once more with the version before: nothing of it is written. */
	assert_int_equal(world_run(o->w, store_save(o->w->store, o->w->inv, after,
					     INVITATION_EV_RESEND, &note, world_on_save, o->w)),
	    ERR_CONFLICT);
	assert_int_equal(ow_keys(o, "audit/"), 2);
	invitation_free(after);
	outbox_item_free(i);
	outbox_item_free(now);
}

/* Every token there can be goes and comes, every name moves or goes, and all is posted that can
 * be. */
static void
the_largest_transaction_fits(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *was[STORE_POST_MAX], *changed[STORE_POST_MAX],
	    *i = queued(o, OUTBOX_HOOK, 0);
	struct delivery *log = delivery_new();
	struct store_post post = { .item_count = STORE_POST_MAX, .delivery = log };
	struct store_note note = { .actor = "mailer", .post = &post };
	struct invitation *inv = world_make(o->w, "zoe", "zoe@x.org", "+491"), *after;
	struct fault f;

	for (size_t n = 0; n < STORE_POST_MAX; n++) {
		was[n] = queued(o, OUTBOX_INVITATION, HOUR);
		changed[n] = outbox_item_copy(was[n]);
		changed[n]->due = o->w->now;
		post.was[n] = was[n];
		post.items[n] = changed[n];
	}
	inv->token_count = INVITATION_TOKENS_MAX;
	random_fill(inv->tokens, sizeof(inv->tokens));
	inv->old_token_count = INVITATION_OLD_TOKENS_MAX;
	random_fill(inv->old_tokens, sizeof(inv->old_tokens));
	world_live(o->w, inv, (const enum invitation_event[]){ INVITATION_EV_CLAIM }, 1);
	after = invitation_copy(o->w->inv);
	invitation_apply(after, INVITATION_EV_FINISH, o->w->now, NULL, &f);
	random_fill(after->tokens, sizeof(after->tokens));
	after->old_token_count = 0;
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(world_run(o->w, store_outbox_remove(o->w->store, i, o->w->inv,
						     after, INVITATION_EV_FINISH, &note, o->w->now,
						     "delivered", world_on_save, o->w)),
		    pass == 0 ? ERR_OK : ERR_NOT_FOUND);
	}
	assert_int_equal(ow_keys(o, "due/"), STORE_POST_MAX);
	assert_int_equal(ow_keys(o, "outbox/"), STORE_POST_MAX);
	assert_int_equal(ow_keys(o, "hooked/"), 1);
	assert_int_equal(ow_keys(o, "delivery/"), 1);
	for (size_t n = 0; n < STORE_POST_MAX; n++) {
		outbox_item_free(was[n]);
		outbox_item_free(changed[n]);
	}
	outbox_item_free(i);
	delivery_free(log);
	invitation_free(inv);
	invitation_free(after);
}

static void
nothing_of_a_person_stays_behind_a_final_invitation(void **state)
{
	static const struct {
		enum invitation_event event[2];
		size_t count;
	} rows[] = {
		{ { INVITATION_EV_REVOKE }, 1 },
		{ { INVITATION_EV_CLAIM, INVITATION_EV_FINISH }, 2 },
	};
	struct outbox_world *o = *state;

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct outbox_item *i = ow_item(o, OUTBOX_INVITATION, 0),
				   *reminder = ow_item(o, OUTBOX_REMINDER, HOUR);
		struct delivery *log = delivery_new();
		struct store_post post = {
			.items = { i, reminder }, .item_count = 2, .delivery = log
		};
		struct fault f;

		outbox_set_text(i, &i->last,
		    delivery_scrub(
			i->arena, "451 <zoe@canary.example> busy", "zoe@canary.example"));
		delivery_note(log, DELIVERY_DEFERRED, OUTBOX_INVITATION, o->w->now,
		    delivery_scrub(
			log->arena, "451 <zoe@canary.example> busy", "zoe@canary.example"));
		world_load(o->w, ow_invite(o, &post));
		for (size_t n = 0; n < rows[r].count; n++) {
			struct invitation *after = invitation_copy(o->w->inv);

			invitation_apply(after, rows[r].event[n], o->w->now, NULL, &f);
			assert_int_equal(
			    world_save(o->w, o->w->inv, after, rows[r].event[n]), ERR_OK);
			world_load(o->w, after->id);
			invitation_free(after);
		}
		ow_assert_nowhere(o, "anary");
		ow_assert_nowhere(o, "Zo\xc3\xab");
		outbox_item_free(i);
		outbox_item_free(reminder);
		delivery_free(log);
	}
}

/* ---- the log ---- */

static void
a_log_comes_back_as_it_was_saved(void **state)
{
	struct outbox_world *o = *state;
	struct delivery *d;

	assert_int_equal(ow_load_delivery(o, NOBODY), ERR_OK);
	assert_int_equal(o->d->revision, 0);
	assert_int_equal(o->d->log_count, 0);
	d = delivery_copy(o->d);
	memcpy(d->waiting, "00000000-0000-7000-8000-00000000000a", ID_SIZE);
	d->asked_at = 7;
	d->opened = true;
	for (int64_t at = 1; at <= DELIVERY_LOG_MAX; at++)
		delivery_note(d, at == 1 ? DELIVERY_OPENED : DELIVERY_SENT,
		    at == 1 ? OUTBOX_KIND_COUNT : OUTBOX_REMINDER, at,
		    at == 1 ? NULL : "250 2.0.0 \"queued\" as \xc3\xa9");
	assert_int_equal(ow_save_delivery(o, NOBODY, d), ERR_OK);
	assert_int_equal(ow_load_delivery(o, NOBODY), ERR_OK);
	assert_int_equal(o->d->revision, o->w->revision);
	assert_int_equal(ow_save_delivery(o, NOBODY, d), ERR_CONFLICT);
	assert_string_equal(o->d->waiting, d->waiting);
	assert_int_equal(o->d->asked_at, 7);
	assert_true(o->d->opened);
	assert_int_equal(o->d->log_count, DELIVERY_LOG_MAX);
	for (size_t i = 0; i < DELIVERY_LOG_MAX; i++) {
		assert_int_equal(o->d->log[i].at, d->log[i].at);
		assert_int_equal(o->d->log[i].event, d->log[i].event);
		assert_int_equal(o->d->log[i].kind, d->log[i].kind);
		if (d->log[i].detail == NULL)
			assert_null(o->d->log[i].detail);
		else
			assert_string_equal(o->d->log[i].detail, d->log[i].detail);
	}
	assert_int_equal(ow_keys(o, "audit/"), 0);
	assert_int_equal(ow_load_delivery(o, "../nonsense"), ERR_OK);
	assert_int_equal(o->d->revision, 0);
	delivery_free(d);
}

static void
a_purge_forgets_the_log(void **state)
{
	struct outbox_world *o = *state;
	struct delivery *log = delivery_new();
	struct store_post post = { .delivery = log };
	struct invitation *after;
	struct fault f;

	world_load(o->w, ow_invite(o, &post));
	after = invitation_copy(o->w->inv);
	invitation_apply(after, INVITATION_EV_REVOKE, o->w->now, NULL, &f);
	world_save(o->w, o->w->inv, after, INVITATION_EV_REVOKE);
	assert_int_equal(ow_keys(o, "delivery/"), 1);
	assert_int_equal(world_run(o->w, store_purge(o->w->store, after->id, o->w->now + 1,
					     &world_note, world_on_done, o->w)),
	    ERR_OK);
	assert_int_equal(ow_keys(o, "delivery/"), 0);
	invitation_free(after);
	delivery_free(log);
}

/* ---- the list ---- */

static void
the_list_goes_by_due_from_page_to_page(void **state)
{
	struct outbox_world *o = *state;
	size_t seen = 0;
	char next[64] = "";
	int64_t last = 0;

	ow_fill(o, OUTBOX_INVITATION, 25);
	do {
		assert_int_equal(
		    ow_list(o, OUTBOX_MAILS, next[0] != '\0' ? next : NULL, 10), ERR_OK);
		for (size_t i = 0; i < o->count; i++) {
			assert_true(o->list[i]->due > last);
			last = o->list[i]->due;
		}
		seen += o->count;
		memcpy(next, o->next, sizeof(next));
	} while (next[0] != '\0');
	assert_int_equal(seen, 25);
	ow_list(o, OUTBOX_MAILS, NULL, 25);
	assert_int_equal(o->count, 25);
	assert_string_equal(o->next, "");
	ow_list(o, OUTBOX_HOOKS, NULL, 25);
	assert_int_equal(o->count, 0);
	assert_int_equal(ow_list(o, OUTBOX_MAILS, "", 10), ERR_INVALID);
	assert_int_equal(ow_list(o, OUTBOX_MAILS, "nonsense", 10), ERR_INVALID);
	assert_int_equal(ow_list(o, OUTBOX_MAILS, "0000000000000000/" NOBODY, 10), ERR_OK);
	assert_int_equal(o->count, 10);
}

/* ---- damage ---- */

static void
put_damaged(struct outbox_world *o, int64_t due, int number)
{
	char key[128], id[ID_SIZE];

	snprintf(id, sizeof(id), "00000000-0000-7000-8000-%012d", number);
	snprintf(key, sizeof(key), "outbox/%s", id);
	call_put(o->w->loop, o->base->kv, key, number % 2 == 0 ? "damaged" : "");
	snprintf(key, sizeof(key), "due/m/%016llx/%s", (unsigned long long)due, id);
	call_put(o->w->loop, o->base->kv, key, "");
}

static void
damaged_items_stop_nobody_behind_them(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1);

	call_put(o->w->loop, o->base->kv, "due/m/!strange", "");
	call_put(o->w->loop, o->base->kv, "due/m/000000000000000A/" NOBODY, "");
	for (int n = 0; n < 150; n++)
		put_damaged(o, 1000 + n, n);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 64), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_string_equal(o->list[0]->id, i->id);
	assert_true(o->next_due == INT64_MAX);
	assert_memory_equal(o->damage, "due/m/!strange", 14);
	assert_int_equal(ow_list(o, OUTBOX_MAILS, NULL, 20), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_string_equal(o->next, "");
	assert_int_equal(ow_load(o, "00000000-0000-7000-8000-000000000001"), ERR_CORRUPT);
	assert_memory_equal(o->damage, "outbox/00000000-0000-7000-8000-000000000001", 43);
	call_put(o->w->loop, o->base->kv, "delivery/" NOBODY, "damaged");
	assert_int_equal(ow_load_delivery(o, NOBODY), ERR_CORRUPT);
	assert_non_null(strstr(o->w->fault.text, "delivery/" NOBODY));
	outbox_item_free(i);
}

static enum err
discard(struct outbox_world *o, enum outbox_queue queue, const char *id)
{
	return world_run(o->w, store_outbox_discard(o->w->store, queue, id, world_on_done, o->w));
}

static void
a_damaged_item_can_be_taken_away(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1);
	const char *damaged = "00000000-0000-7000-8000-000000000008";

	for (int n = 0; n < 10; n++)
		put_damaged(o, 1000 + n, n);
	ow_fill(o, OUTBOX_INVITATION, 1200);
	put_damaged(o, o->w->now + HOUR, 10);
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1212);
	assert_int_equal(discard(o, OUTBOX_MAILS, i->id), ERR_CONFLICT);
	assert_int_equal(discard(o, OUTBOX_MAILS, NOBODY "x"), ERR_NOT_FOUND);
	assert_int_equal(discard(o, OUTBOX_HOOKS, damaged), ERR_NOT_FOUND);
	assert_int_equal(discard(o, OUTBOX_MAILS, damaged), ERR_OK);
	assert_int_equal(discard(o, OUTBOX_MAILS, damaged), ERR_NOT_FOUND);
	assert_int_equal(discard(o, OUTBOX_MAILS, "00000000-0000-7000-8000-000000000010"), ERR_OK);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1210);
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1210);
	store_cancel(store_outbox_discard(o->w->store, OUTBOX_MAILS, damaged, world_on_done, o->w));
	ow_turn(o);
	outbox_item_free(i);
}

/* Sealed by us, and still nothing we would write. */
static void
a_value_with_a_member_of_another_type_is_damaged(void **state)
{
	static const char *const items[] = { "{\"v\":1}", "{\"v\":2,\"kind\":\"invitation\"}",
		"{\"v\":1,\"kind\":\"letter\",\"subject\":\"" NOBODY "\"}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"x\"}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"" NOBODY "\",\"due\":-1}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"" NOBODY
		"\",\"attempts\":4294967296}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"" NOBODY "\",\"slotted\":1}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"" NOBODY
		"\",\"owner\":\"0123456789abcdef0\"}",
		"{\"v\":1,\"kind\":\"invitation\",\"subject\":\"" NOBODY "\",\"last\":{}}",
		"nonsense" };
	static const char *const logs[] = { "{\"v\":1}", "{\"v\":1,\"log\":{}}",
		"{\"v\":1,\"log\":[1]}", "{\"v\":1,\"log\":[{\"event\":\"mail_eaten\"}]}",
		"{\"v\":1,\"log\":[{\"event\":\"opened\",\"kind\":\"letter\"}]}",
		"{\"v\":1,\"log\":[],\"waiting\":7}", "nonsense" };
	struct outbox_world *o = *state;
	unsigned char sealed[512];

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]) + sizeof(logs) / sizeof(logs[0]);
	     i++) {
		bool is_item = i < sizeof(items) / sizeof(items[0]);
		const char *key = is_item ? "outbox/" NOBODY : "delivery/" NOBODY;
		const char *json = is_item ? items[i] : logs[i - sizeof(items) / sizeof(items[0])];
		struct kv_write write = { .key = kv_text(key), .value = { sealed, 0 } };
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		write.value.len =
		    seal_close(o->w->seal, key, strlen(key), json, strlen(json), sealed);
		call_txn(o->w->loop, o->base->kv, &txn);
		if ((is_item ? ow_load(o, NOBODY) : ow_load_delivery(o, NOBODY)) != ERR_CORRUPT)
			fail_msg("%s is read", json);
		assert_non_null(strstr(is_item ? o->damage : o->w->fault.text, key));
	}
}

static void
on_due_late(void *arg, enum err code, struct outbox_item **list, size_t count, int64_t next_due,
    const struct fault *f)
{
	struct outbox_world *o = arg;

	(void)list, (void)f;
	assert_int_equal(code, ERR_OK);
	o->count = count;
	o->next_due = next_due;
	loop_stop(o->w->loop);
}

/* As happens all the time: nothing was left behind, so there is nothing to be written. */
static void
an_item_that_is_settled_while_the_queue_is_read_costs_nothing(void **state)
{
	struct outbox_world *o = *state;

	for (int claimed = 0; claimed < 2; claimed++) {
		struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1), *claim = claim_of(o, i);
		size_t written;

		ow_load(o, NOBODY);
		fake_kv_hold(o->kv); /* its place was read, and it is not yet */
		store_outbox_due(o->w->store, OUTBOX_MAILS, o->w->now, 10, on_due_late, o);
		while (!fake_kv_has_held(o->kv))
			ow_turn(o);
		assert_int_equal(
		    claimed == 1 ? ow_save(o, i, claim, NULL) : ow_remove(o, i, NULL), ERR_OK);
		written = fake_kv_written(o->kv);
		fake_kv_let_go(o->kv);
		loop_run(o->w->loop);
		ow_turn(o);
		assert_int_equal(o->count, 0);
		assert_int_equal(fake_kv_written(o->kv), written);
		assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), claimed);
		outbox_item_free(i);
		outbox_item_free(claim);
	}
}

static void
a_place_that_leads_nowhere_is_cleaned_up(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1);
	char key[128];

	snprintf(key, sizeof(key), "due/m/0000000000000001/%s", i->id);
	call_put(o->w->loop, o->base->kv, key, "");
	for (int n = 0; n < 40; n++) { /* more than one transaction takes away */
		snprintf(key, sizeof(key), "due/m/%016x/" NOBODY, 2 + n);
		call_put(o->w->loop, o->base->kv, key, "");
	}
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 42);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 64), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_int_equal(ow_keys(o, "due/"), 10);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 10), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_int_equal(ow_keys(o, "due/"), 1);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
	outbox_item_free(i);
}

/* ---- watchers, counts ---- */

static void
who_waits_is_told_of_the_earliest(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *a = ow_item(o, OUTBOX_INVITATION, 30),
			   *b = ow_item(o, OUTBOX_INVITATION, 20), *hook;
	struct store_post post = { .items = { a, b }, .item_count = 2 };

	ow_invite(o, &post);
	ow_turn(o);
	assert_int_equal(o->wakes[OUTBOX_MAILS], 1);
	assert_true(o->due[OUTBOX_MAILS] == b->due);
	assert_int_equal(o->wakes[OUTBOX_HOOKS], 0);
	hook = queued(o, OUTBOX_HOOK, 5);
	ow_turn(o);
	assert_int_equal(o->wakes[OUTBOX_HOOKS], 1);
	assert_true(o->due[OUTBOX_HOOKS] == hook->due);
	assert_int_equal(o->wakes[OUTBOX_MAILS], 1);
	ow_remove(o, hook, NULL);
	assert_int_equal(ow_remove(o, hook, NULL), ERR_NOT_FOUND);
	ow_turn(o);
	assert_int_equal(o->wakes[OUTBOX_HOOKS], 1);
	assert_int_equal(o->events, 0);
	outbox_item_free(a);
	outbox_item_free(b);
	outbox_item_free(hook);
}

static void
a_start_counts_what_waits(void **state)
{
	struct outbox_world *o = *state;

	ow_fill(o, OUTBOX_INVITATION, 1001); /* more than one page of the kv */
	ow_fill(o, OUTBOX_HOOK, 3);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1001);
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1001);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 3);
}

/* As the version before left it: not one key of the outbox. */
static void
a_store_that_never_had_an_outbox_opens_as_ever(void **state)
{
	struct outbox_world *o = *state;
	char id[ID_SIZE];

	memcpy(id, ow_invite(o, NULL), ID_SIZE);
	assert_int_equal(ow_keys(o, "outbox/") + ow_keys(o, "due/") + ow_keys(o, "delivery/") +
			     ow_keys(o, "event/") + ow_keys(o, "hook"),
	    0);
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 0);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, 64), ERR_OK);
	assert_int_equal(o->count, 0);
	assert_true(o->next_due == INT64_MAX);
	assert_int_equal(ow_load_delivery(o, id), ERR_OK);
	assert_int_equal(o->d->revision, 0);
	assert_int_equal(world_load(o->w, id), ERR_OK);
}

/* ---- answers that are lost ---- */

static void
a_lost_answer_is_settled_by_reading_back(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_LOSE_REPLY, FAKE_KV_LOSE_ALL };
	struct outbox_world *o = *state;

	for (size_t n = 0; n < 2; n++) {
		struct outbox_item *i = ow_item(o, OUTBOX_INVITATION, -1), *claimed;
		struct delivery *d = delivery_new();
		struct store_post post = { .items = { i }, .item_count = 1 };

		fake_kv_fail(o->kv, 1, faults[n]);
		ow_invite(o, &post);
		assert_true(fake_kv_failed(o->kv));
		assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
		ow_load(o, i->id);
		assert_int_equal(o->count, 1);
		assert_int_equal(o->list[0]->revision, o->w->revision);
		outbox_item_free(i);
		i = outbox_item_copy(o->list[0]);
		claimed = claim_of(o, i);
		fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(ow_save(o, i, claimed, NULL), ERR_OK);
		ow_load(o, i->id);
		assert_int_equal(o->list[0]->revision, o->w->revision);
		assert_string_equal(o->list[0]->owner, claimed->owner);
		claimed->revision = o->w->revision;
		fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(ow_save_delivery(o, claimed->id, d), ERR_OK);
		ow_load_delivery(o, claimed->id);
		assert_int_equal(o->d->revision, o->w->revision);
		fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(ow_remove(o, claimed, NULL), ERR_OK);
		assert_int_equal(ow_keys(o, "outbox/") + ow_keys(o, "due/"), 0);
		assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 0);
		assert_int_equal(ow_keys(o, "audit/"), n + 1);
		delivery_free(d);
		outbox_item_free(i);
		outbox_item_free(claimed);
	}
}

static void
a_refused_write_changes_nothing(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1), *claimed = claim_of(o, i);

	fake_kv_fail_from(o->kv, 1, FAKE_KV_REFUSE);
	assert_int_equal(ow_save(o, i, claimed, NULL), ERR_UNAVAILABLE);
	assert_int_equal(ow_remove(o, i, NULL), ERR_UNAVAILABLE);
	fake_kv_fail(o->kv, 0, FAKE_KV_FINE);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
	ow_due(o, OUTBOX_MAILS, 10);
	assert_int_equal(o->count, 1);
	assert_int_equal(o->list[0]->revision, i->revision);
	outbox_item_free(claimed);
	outbox_item_free(i);
}

static void
what_stays_unknown_is_counted_by_the_queue_itself(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1),
			   *new = ow_item(o, OUTBOX_INVITATION, 0);
	int wakes;

	ow_turn(o);
	wakes = o->wakes[OUTBOX_MAILS];
	fake_kv_fail_from(o->kv, 1, FAKE_KV_LOSE_ALL);
	assert_int_equal(ow_save(o, NULL, new, NULL), ERR_UNKNOWN);
	fake_kv_fail(o->kv, 0, FAKE_KV_FINE);
	ow_turn(o);
	assert_int_equal(o->wakes[OUTBOX_MAILS], wakes + 1);
	ow_due(o, OUTBOX_MAILS, 10);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 1);
	outbox_item_free(new);
	outbox_item_free(i);
}

static void
on_due_already(void *arg, enum err code, struct outbox_item **list, size_t count, int64_t next_due,
    const struct fault *f)
{
	(void)code, (void)list, (void)count, (void)next_due, (void)f;
	*(bool *)arg = true;
}

static void
what_is_given_up_is_counted_when_it_is_carried_out(void **state)
{
	struct outbox_world *o = *state;
	struct outbox_item *i = queued(o, OUTBOX_INVITATION, -1), *new = ow_item(o, OUTBOX_HOOK, 0);
	struct store_op *due;
	int before = o->w->calls;
	bool already = false;

	due = store_outbox_due(o->w->store, OUTBOX_MAILS, o->w->now, 1, on_due_already, &already);
	call_get(o->w->loop, o->base->kv, "x");
	if (!already)		   /* a slow machine reads both in one go */
		store_cancel(due); /* while it reads the item */
	store_cancel(store_outbox_save(
	    o->w->store, NULL, new, NULL, NULL, INVITATION_EV_MAIL, NULL, world_on_save, o->w));
	store_cancel(store_outbox_remove(
	    o->w->store, i, NULL, NULL, INVITATION_EV_MAIL, NULL, 0, NULL, world_on_save, o->w));
	store_cancel(store_outbox_due(o->w->store, OUTBOX_MAILS, 0, 1, NULL, NULL));
	store_cancel(store_outbox_list(o->w->store, OUTBOX_MAILS, NULL, 1, NULL, NULL));
	store_cancel(store_outbox_load(o->w->store, i->id, NULL, NULL));
	store_cancel(store_delivery_load(o->w->store, i->id, NULL, NULL));
	ow_turn(o);
	assert_int_equal(o->w->calls, before);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), 0);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 1);
	assert_int_equal(o->wakes[OUTBOX_HOOKS], 1);
	outbox_item_free(i);
	outbox_item_free(new);
}

/* ---- many ---- */

static void
the_work_for_what_is_due_does_not_grow_with_the_queue(void **state)
{
	enum { PAGE = 64 };
	struct outbox_world *o = *state;
	/* The one in memory is made for small tests. */
	bool durable = strcmp(o->base->kv->ops->name, "sqlite") == 0;
	const size_t many = durable ? 100 * 1000 : 5000;
	size_t asked, seen = 0;
	char next[64] = "";

	ow_fill(o, OUTBOX_INVITATION, many);
	ow_restart(o);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_MAILS), many);
	o->w->now += (int64_t)many;
	asked = fake_kv_asked(o->kv);
	assert_int_equal(ow_due(o, OUTBOX_MAILS, PAGE), ERR_OK);
	assert_int_equal(o->count, PAGE);
	assert_true(o->next_due == o->list[0]->due + PAGE);
	assert_int_equal(fake_kv_asked(o->kv) - asked, PAGE + PAGE + 1);
	do {
		ow_list(o, OUTBOX_MAILS, next[0] != '\0' ? next : NULL, STORE_LIST_MAX);
		seen += o->count;
		memcpy(next, o->next, sizeof(next));
	} while (next[0] != '\0');
	assert_int_equal(seen, many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OUTBOX_ROW(an_item_comes_back_as_it_was_queued),
		OUTBOX_ROW(what_is_due_comes_in_its_order),
		OUTBOX_ROW(one_of_two_gets_an_item),
		OUTBOX_ROW(what_is_settled_is_gone_for_everybody),
		OUTBOX_ROW(an_item_that_keeps_its_due_keeps_its_place),
		OUTBOX_ROW(an_item_its_invitation_and_the_log_change_together_or_not_at_all),
		OUTBOX_ROW(a_waiting_item_is_made_due_with_a_change_of_its_invitation),
		OUTBOX_ROW(the_largest_transaction_fits),
		OUTBOX_ROW(nothing_of_a_person_stays_behind_a_final_invitation),
		OUTBOX_ROW(a_log_comes_back_as_it_was_saved),
		OUTBOX_ROW(a_purge_forgets_the_log),
		OUTBOX_ROW(the_list_goes_by_due_from_page_to_page),
		OUTBOX_ROW(damaged_items_stop_nobody_behind_them),
		OUTBOX_ROW(a_damaged_item_can_be_taken_away),
		OUTBOX_ROW(a_value_with_a_member_of_another_type_is_damaged),
		OUTBOX_ROW(an_item_that_is_settled_while_the_queue_is_read_costs_nothing),
		OUTBOX_ROW(a_place_that_leads_nowhere_is_cleaned_up),
		OUTBOX_ROW(who_waits_is_told_of_the_earliest),
		OUTBOX_ROW(a_start_counts_what_waits),
		OUTBOX_ROW(a_store_that_never_had_an_outbox_opens_as_ever),
		OUTBOX_ROW(a_lost_answer_is_settled_by_reading_back),
		OUTBOX_ROW(a_refused_write_changes_nothing),
		OUTBOX_ROW(what_stays_unknown_is_counted_by_the_queue_itself),
		OUTBOX_ROW(what_is_given_up_is_counted_when_it_is_carried_out),
		OUTBOX_ROW(the_work_for_what_is_due_does_not_grow_with_the_queue),
	};

	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
