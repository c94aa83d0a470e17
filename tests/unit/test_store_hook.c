/* Webhook endpoints in the store, the events they ask for, and the messages that are kept; on each
 * implementation of the kv port. */
#include "outbox_world.h"
#include "store/store_people.h"

#define ALL ((1U << HOOK_TYPE_COUNT) - 1)

/* ---- the store as functions ---- */

/* A new endpoint. */
static struct hook
hook_of(struct outbox_world *o, unsigned types)
{
	struct hook h = { .types = types, .enabled = true, .created_at = o->w->now };

	id_make(o->w->now++, h.id);
	strcpy(h.name, "Zo\xc3\xab's \"hook\"");
	strcpy(h.url, "https://canary.example/hook?a=b");
	strcpy(h.created_by, "uid:0");
	random_fill(h.secret, sizeof(h.secret));
	return h;
}

static enum err
save(struct outbox_world *o, struct hook *h, const char *event)
{
	enum err code = world_run(
	    o->w, store_hook_save(o->w->store, h, event, &world_note, world_on_save, o->w));

	if (code == ERR_OK)
		h->revision = o->w->revision;
	return code;
}

static enum err
forget(struct outbox_world *o, const char *id)
{
	return world_run(
	    o->w, store_hook_delete(o->w->store, id, &world_note, world_on_done, o->w));
}

static struct {
	struct hook_event event[16];
	char text[16][5][128];
	size_t count;
	bool more;
	char damage[FAULT_TEXT_MAX];
} events;

static const char *
kept(char out[128], const char *text)
{
	if (text == NULL)
		return NULL;
	snprintf(out, 128, "%s", text);
	return out;
}

static void
on_events(void *arg, enum err code, const struct hook_event *list, size_t count, bool more,
    const struct fault *f)
{
	struct outbox_world *o = arg;

	assert_non_null(f);
	assert_true(count <= 16);
	events.count = count;
	events.more = more;
	memcpy(events.damage, f->text, sizeof(events.damage));
	for (size_t i = 0; i < count; i++) {
		struct hook_event *e = &events.event[i];

		*e = list[i];
		e->invitation = kept(events.text[i][0], e->invitation);
		e->user = kept(events.text[i][1], e->user);
		e->uid = kept(events.text[i][2], e->uid);
		e->dn = kept(events.text[i][3], e->dn);
		e->status = kept(events.text[i][4], e->status);
	}
	world_on_done(o->w, code, code == ERR_OK ? NULL : f);
}

static size_t
list_events(struct outbox_world *o, size_t limit)
{
	assert_int_equal(
	    world_run(o->w, store_events_list(o->w->store, limit, on_events, o)), ERR_OK);
	return events.count;
}

static enum err
fan_out(
    struct outbox_world *o, const struct hook_event *e, struct outbox_item **items, size_t count)
{
	return world_run(
	    o->w, store_event_fan_out(o->w->store, e, (const struct outbox_item *const *)items,
		      count, world_on_done, o->w));
}

/* ---- endpoints ---- */

static void
assert_hook_equal(const struct hook *got, const struct hook *h)
{
	assert_non_null(got);
	assert_string_equal(got->id, h->id);
	assert_int_equal(got->revision, h->revision);
	assert_string_equal(got->name, h->name);
	assert_string_equal(got->url, h->url);
	assert_int_equal(got->types, h->types);
	assert_int_equal(got->enabled, h->enabled);
	assert_memory_equal(got->secret, h->secret, HOOK_SECRET_SIZE);
	assert_memory_equal(got->old_secret, h->old_secret, HOOK_SECRET_SIZE);
	assert_int_equal(got->old_until, h->old_until);
	assert_int_equal(got->created_at, h->created_at);
	assert_string_equal(got->created_by, h->created_by);
	if (h->why_disabled == NULL)
		assert_null(got->why_disabled);
	else
		assert_string_equal(got->why_disabled, h->why_disabled);
}

static void
an_endpoint_is_the_same_after_a_start(void **state)
{
	struct outbox_world *o = *state;
	struct hook a = hook_of(o, ALL), b = hook_of(o, 1U << HOOK_USER_DELETED);
	uint64_t created;

	b.enabled = false;
	b.why_disabled = "410 \"Gone\"";
	b.old_until = 77;
	random_fill(b.old_secret, sizeof(b.old_secret));
	assert_int_equal(store_hook_count(o->w->store), 0);
	assert_int_equal(save(o, &b, "webhook_created"), ERR_OK);
	assert_int_equal(save(o, &a, "webhook_created"), ERR_OK);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(store_hook_count(o->w->store), 2);
		assert_hook_equal(store_hook_at(o->w->store, 0), &a); /* by id */
		assert_hook_equal(store_hook_by_id(o->w->store, b.id), &b);
		assert_null(store_hook_by_id(o->w->store, NOBODY));
		assert_null(store_hook_damage(o->w->store));
		ow_restart(o);
	}
	assert_int_equal(ow_keys(o, "audit/"), 2);
	assert_int_equal(store_hook_at(o->w->store, 0)->created_revision, a.revision);
	assert_int_equal(store_hook_at(o->w->store, 1)->created_revision, b.revision);
	created = a.revision;
	assert_int_equal(save(o, &a, "webhook_changed"), ERR_OK);
	assert_true(a.revision > created);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(store_hook_at(o->w->store, 0)->created_revision, created);
		ow_restart(o);
	}
}

static void
an_endpoint_s_secret_cannot_be_read_in_the_store(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	struct answer a;
	char text[ENCODE_BASE64_SIZE(HOOK_SECRET_SIZE)];

	encode_base64(h.secret, sizeof(h.secret), text);
	save(o, &h, "webhook_created");
	a = call_range(o->w->loop, o->base->kv, "", "", 500);
	for (size_t i = 0; i < a.count; i++) {
		assert_null(strstr(a.item[i].value, text));
		assert_null(strstr(a.item[i].value, "canary"));
		assert_int_equal(a.item[i].value[0], 1); /* sealed */
	}
}

static void
a_change_needs_the_version_before(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL), stale;

	save(o, &h, "webhook_created");
	stale = h;
	random_fill(h.secret, sizeof(h.secret));
	assert_int_equal(save(o, &h, "webhook_secret_rotated"), ERR_OK);
	assert_int_equal(save(o, &stale, "webhook_changed"), ERR_CONFLICT);
	assert_hook_equal(store_hook_at(o->w->store, 0), &h);
	stale.revision = 0;
	assert_int_equal(save(o, &stale, "webhook_created"), ERR_CONFLICT);
	assert_int_equal(ow_keys(o, "audit/"), 2);
	assert_int_equal(forget(o, h.id), ERR_OK);
	assert_int_equal(store_hook_count(o->w->store), 0);
	assert_int_equal(forget(o, h.id), ERR_NOT_FOUND);
	assert_int_equal(forget(o, "nonsense"), ERR_NOT_FOUND);
	assert_int_equal(save(o, &h, "webhook_changed"), ERR_CONFLICT);
	assert_int_equal(store_hook_count(o->w->store), 0);
	assert_int_equal(ow_keys(o, "audit/"), 3);
	assert_int_equal(ow_keys(o, "hook/"), 0);
}

/* By whoever mended the store meanwhile. */
static void
a_conflict_brings_the_stored_version_into_memory(void **state)
{
	struct outbox_world *o = *state;
	struct store *other =
	    store_new(o->w->loop, o->kv, o->w->seal, &o->w->clock); /* of this process alone */
	struct hook h = hook_of(o, ALL), changed;

	save(o, &h, "webhook_created");
	changed = h;
	strcpy(changed.name, "changed");
	assert_int_equal(world_run(o->w, store_hook_save(other, &changed, "webhook_changed",
					     &world_note, world_on_save, o->w)),
	    ERR_OK);
	changed.revision = o->w->revision;
	assert_hook_equal(store_hook_at(o->w->store, 0), &h);
	assert_int_equal(save(o, &h, "webhook_changed"), ERR_CONFLICT);
	assert_hook_equal(store_hook_at(o->w->store, 0), &changed);
	assert_int_equal(
	    world_run(o->w, store_hook_delete(other, h.id, &world_note, world_on_done, o->w)),
	    ERR_OK);
	assert_int_equal(save(o, &changed, "webhook_changed"), ERR_CONFLICT);
	assert_int_equal(store_hook_count(o->w->store), 0);
	store_free(other);
}

static void
one_too_many_is_refused(void **state)
{
	struct outbox_world *o = *state;
	struct hook h[HOOK_MAX + 1];
	int calls = o->w->calls;

	for (size_t i = 0; i <= HOOK_MAX; i++) { /* all at once */
		h[i] = hook_of(o, ALL);
		store_hook_save(
		    o->w->store, &h[i], "webhook_created", &world_note, world_on_save, o->w);
	}
	while (o->w->calls < calls + HOOK_MAX + 1)
		loop_run(o->w->loop);
	assert_int_equal(store_hook_count(o->w->store), HOOK_MAX);
	assert_int_equal(ow_keys(o, "hook/"), HOOK_MAX);
	assert_int_equal(save(o, &h[HOOK_MAX], "webhook_created"), ERR_REFUSED);
	assert_non_null(strstr(o->w->fault.text, "as many"));
	forget(o, h[3].id);
	assert_int_equal(save(o, &h[HOOK_MAX], "webhook_created"), ERR_OK);
	ow_restart(o);
	assert_int_equal(store_hook_count(o->w->store), HOOK_MAX);
}

static void
a_damaged_endpoint_is_left_out_and_can_be_deleted(void **state)
{
	static const char *const rows[] = {
		"{\"v\":1}",
		"nonsense",
		"{\"v\":1,\"url\":\"x\",\"types\":[\"user.eaten\"],\"secret\":\"\"}",
		"{\"v\":1,\"url\":\"x\",\"types\":[],\"secret\":\"short\"}",
		NULL,
	};
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	const char *key = "hook/" NOBODY;
	unsigned char sealed[512] = { 0 };

	save(o, &h, "webhook_created");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kv_write write = { .key = kv_text(key), .value = kv_text("damaged") };
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		if (rows[i] != NULL)
			write.value =
			    (struct kv_bytes){ sealed, seal_close(o->w->seal, key, strlen(key),
							   rows[i], strlen(rows[i]), sealed) };
		call_txn(o->w->loop, o->base->kv, &txn);
		ow_restart(o);
		assert_int_equal(store_hook_count(o->w->store), 1);
		assert_hook_equal(store_hook_at(o->w->store, 0), &h);
		assert_non_null(store_hook_damage(o->w->store));
		assert_memory_equal(store_hook_damage(o->w->store)->text, key, strlen(key));
	}
	assert_int_equal(forget(o, NOBODY), ERR_OK);
	ow_restart(o);
	assert_null(store_hook_damage(o->w->store));
}

static void
an_endpoint_whose_answer_is_lost_is_in_memory_as_it_is_stored(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_LOSE_REPLY, FAKE_KV_LOSE_ALL };
	struct outbox_world *o = *state;

	for (size_t n = 0; n < 2; n++) {
		struct hook h = hook_of(o, ALL);

		fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(save(o, &h, "webhook_created"), ERR_OK);
		assert_hook_equal(store_hook_by_id(o->w->store, h.id), &h);
		fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(forget(o, h.id), ERR_OK);
		assert_int_equal(store_hook_count(o->w->store), 0);
		assert_int_equal(ow_keys(o, "hook/"), 0);
		assert_int_equal(ow_keys(o, "audit/"), 2 * (n + 1));
	}
}

static void
a_change_that_is_given_up_is_in_memory_when_it_is_carried_out(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	int calls = o->w->calls;

	store_cancel(
	    store_hook_save(o->w->store, &h, "webhook_created", &world_note, world_on_save, o->w));
	ow_turn(o);
	assert_int_equal(o->w->calls, calls);
	assert_int_equal(store_hook_count(o->w->store), 1);
	assert_int_equal(ow_keys(o, "hook/"), 1);
	/* Before anything was sent it is as if nobody had asked. */
	store_cancel(store_hook_delete(o->w->store, h.id, &world_note, world_on_done, o->w));
	ow_turn(o);
	assert_int_equal(store_hook_count(o->w->store), 1);
}

static void
a_change_that_is_given_up_after_its_conflict_says_nothing(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL), changed;
	struct store_op *op;
	int calls;

	save(o, &h, "webhook_created");
	changed = h;
	strcpy(changed.name, "changed");
	assert_int_equal(save(o, &changed, "webhook_changed"), ERR_OK);
	calls = o->w->calls;
	fake_kv_hold(o->kv); /* what is read after the conflict */
	op = store_hook_save(o->w->store, &h, "webhook_changed", &world_note, world_on_save, o->w);
	while (!fake_kv_has_held(o->kv))
		ow_turn(o);
	store_cancel(op);
	fake_kv_let_go(o->kv);
	ow_turn(o);
	assert_int_equal(o->w->calls, calls);
	assert_hook_equal(store_hook_at(o->w->store, 0), &changed);
}

/* ---- events ---- */

static void
bring(struct outbox_world *o, const enum invitation_event *path, size_t count)
{
	static int number;
	char uid[16];
	struct invitation *inv;

	snprintf(uid, sizeof(uid), "u%d", number++);
	inv = world_make(o->w, uid, NULL, NULL);
	inv->dn = "uid=zoe,dc=example";
	world_live(o->w, inv, path, count);
	invitation_free(inv);
}

static void
settle_intent(struct outbox_world *o, enum store_intent_kind kind)
{
	struct store_intent i = { .kind = kind, .at = 7, .actor = "uid:0", .dn = "uid=a,dc=x" };

	memcpy(i.target, "e0000000-0000-4000-8000-000000000001", ID_SIZE);
	assert_int_equal(
	    world_run(o->w, store_intent_begin(o->w->store, &i, NULL, 0, world_on_save, o->w)),
	    ERR_OK);
	i.revision = o->w->revision;
	assert_int_equal(
	    world_run(o->w, store_intent_settle(o->w->store, &i, NULL, NULL, world_on_done, o->w)),
	    ERR_OK);
}

/* All that is told of a life, in the order in which it was lived. */
static void
endpoints_are_told_what_they_ask_for(void **state)
{
	static const struct {
		enum invitation_event path[3];
		size_t count;
		enum hook_type told[3];
		size_t told_count;
		const char *status;
	} lives[] = {
		{ { INVITATION_EV_RESEND }, 1, { HOOK_INVITATION_CREATED }, 1, "pending" },
		{ { INVITATION_EV_UNDELIVER }, 1,
		    { HOOK_INVITATION_CREATED, HOOK_INVITATION_UNDELIVERABLE }, 2, "pending" },
		{ { INVITATION_EV_EXPIRE }, 1, { HOOK_INVITATION_CREATED, HOOK_INVITATION_EXPIRED },
		    2, "expired" },
		{ { INVITATION_EV_REVOKE }, 1, { HOOK_INVITATION_CREATED, HOOK_INVITATION_REVOKED },
		    2, "revoked" },
		{ { INVITATION_EV_CLAIM, INVITATION_EV_FINISH }, 2,
		    { HOOK_INVITATION_CREATED, HOOK_INVITATION_ACCEPTED, HOOK_USER_REGISTERED }, 3,
		    "done" },
	};
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	unsigned seen = 0;

	save(o, &h, "webhook_created");
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		unsigned want = 0, got = 0;

		for (size_t t = 0; t < lives[i].told_count; t++)
			want |= 1U << lives[i].told[t];
		bring(o, lives[i].path, lives[i].count);
		assert_int_equal(list_events(o, 16), lives[i].told_count);
		for (size_t e = 0; e < events.count; e++) {
			const struct hook_event *event = &events.event[e];
			bool registered = event->type == HOOK_USER_REGISTERED;

			got |= 1U << event->type;
			assert_string_equal(event->invitation, o->w->inv->id);
			assert_null(event->user);
			assert_true(event->at >= o->w->inv->created_at - 1);
			assert_int_equal(event->uid != NULL, registered);
			if (registered) {
				assert_string_equal(
				    event->uid, o->w->inv->person.value[PERSON_UID]);
				assert_string_equal(event->dn, "uid=zoe,dc=example");
			}
			assert_string_equal(event->status,
			    event->type == HOOK_INVITATION_CREATED ? "pending" : lives[i].status);
			assert_int_equal(fan_out(o, event, NULL, 0), ERR_OK);
		}
		assert_int_equal(got, want);
		seen |= got;
	}
	settle_intent(o, INTENT_USER_SUSPEND);
	settle_intent(o, INTENT_USER_RESUME);
	settle_intent(o, INTENT_USER_REMOVE);
	assert_int_equal(list_events(o, 16), 2);
	for (size_t e = 0; e < 2; e++) {
		assert_null(events.event[e].invitation);
		assert_string_equal(events.event[e].user, "e0000000-0000-4000-8000-000000000001");
		seen |= 1U << events.event[e].type;
	}
	assert_int_equal(seen, ALL & ~(1U << HOOK_INVITATION_SENT));
}

static void
nothing_is_written_that_nobody_asks_for(void **state)
{
	struct outbox_world *o = *state;
	struct hook disabled = hook_of(o, ALL), other = hook_of(o, 1U << HOOK_USER_DELETED);

	bring(o, NULL, 0);
	disabled.enabled = false;
	save(o, &disabled, "webhook_created");
	save(o, &other, "webhook_created");
	bring(o, (const enum invitation_event[]){ INVITATION_EV_REVOKE }, 1);
	ow_turn(o);
	assert_int_equal(ow_keys(o, "event/"), 0);
	assert_int_equal(o->events, 0);
	settle_intent(o, INTENT_USER_REMOVE);
	ow_turn(o);
	assert_int_equal(ow_keys(o, "event/"), 1);
	assert_int_equal(o->events, 1);
}

/* With the item's end. */
static void
a_sending_is_told(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, 1U << HOOK_INVITATION_SENT);

	save(o, &h, "webhook_created");
	for (int pass = 0; pass < 2; pass++) {
		struct outbox_item *i = ow_item(o, OUTBOX_INVITATION, 0);

		ow_save(o, NULL, i, NULL);
		i->revision = o->w->revision;
		assert_int_equal(world_run(o->w, store_outbox_remove(o->w->store, i, NULL, NULL,
						     INVITATION_EV_MAIL, &world_note, pass * 4711,
						     NULL, world_on_save, o->w)),
		    ERR_OK);
		assert_int_equal(list_events(o, 16), pass);
		outbox_item_free(i);
	}
	assert_int_equal(events.event[0].type, HOOK_INVITATION_SENT);
	assert_int_equal(events.event[0].at, 4711);
	assert_string_equal(events.event[0].invitation, NOBODY);
	ow_turn(o);
	assert_int_equal(o->events, 1);
}

static void
damaged_events_stop_nobody_behind_them(void **state)
{
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	char key[64];

	save(o, &h, "webhook_created");
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "event/00000000-0000-7000-8000-%012d", i);
		call_put(o->w->loop, o->base->kv, key, "damaged");
	}
	call_put(o->w->loop, o->base->kv, "event/!", "damaged");
	for (int i = 0; i < 3; i++)
		bring(o, NULL, 0);
	assert_int_equal(list_events(o, 2), 2);
	assert_true(events.more);
	assert_true(strcmp(events.event[0].id, events.event[1].id) < 0);
	assert_memory_equal(events.damage, "event/!", 7);
	assert_int_equal(list_events(o, 16), 3);
	assert_false(events.more);
}

static void
an_event_becomes_messages_once(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_FINE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL };
	struct outbox_world *o = *state;
	struct hook h = hook_of(o, ALL);
	struct outbox_item *items[HOOK_MAX];

	save(o, &h, "webhook_created");
	for (size_t n = 0; n < sizeof(faults) / sizeof(faults[0]); n++) {
		struct hook_event e;

		bring(o, NULL, 0);
		assert_int_equal(list_events(o, 1), 1);
		e = events.event[0];
		for (size_t i = 0; i < HOOK_MAX; i++) {
			char *body = mem_alloc(OUTBOX_BODY_MAX + 1);

			items[i] = ow_item(o, OUTBOX_HOOK, 0);
			memset(body, '"', OUTBOX_BODY_MAX);
			outbox_set_text(items[i], &items[i]->type, "invitation.created");
			outbox_set_text(items[i], &items[i]->body, body);
			free(body);
		}
		if (faults[n] != FAKE_KV_FINE)
			fake_kv_fail(o->kv, 1, faults[n]);
		assert_int_equal(fan_out(o, &e, items, HOOK_MAX), ERR_OK);
		assert_int_equal(fan_out(o, &e, items, HOOK_MAX), ERR_CONFLICT);
		assert_int_equal(list_events(o, 1), 0);
		assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), HOOK_MAX * (n + 1));
		ow_load(o, items[3]->id);
		assert_int_equal(o->count, 1);
		assert_string_equal(o->list[0]->type, "invitation.created");
		assert_string_equal(o->list[0]->body, items[3]->body);
		for (size_t i = 0; i < HOOK_MAX; i++)
			outbox_item_free(items[i]);
	}
}

/* ---- messages that ended ---- */

static struct {
	char id[16][ID_SIZE], outcome[16][16], last[16][64], next[ID_SIZE];
	int64_t ended_at[16];
	size_t count;
	char damage[FAULT_TEXT_MAX];
} ended;

static void
on_hooked(void *arg, enum err code, const struct hooked *list, size_t count, const char *next,
    const struct fault *f)
{
	struct outbox_world *o = arg;

	assert_non_null(f);
	ended.count = count;
	snprintf(ended.next, sizeof(ended.next), "%s", next != NULL ? next : "");
	memcpy(ended.damage, f->text, sizeof(ended.damage));
	for (size_t i = 0; i < count && i < 16; i++) {
		memcpy(ended.id[i], list[i].item->id, ID_SIZE);
		ended.ended_at[i] = list[i].ended_at;
		snprintf(ended.outcome[i], sizeof(ended.outcome[i]), "%s", list[i].outcome);
		snprintf(ended.last[i], sizeof(ended.last[i]), "%s",
		    list[i].item->last != NULL ? list[i].item->last : "");
	}
	world_on_done(o->w, code, code == ERR_OK ? NULL : f);
}

static enum err
list_ended(struct outbox_world *o, const char *hook, const char *after, size_t limit)
{
	return world_run(o->w, store_hooked_list(o->w->store, hook, after, limit, on_hooked, o));
}

/* A message of this endpoint that ended now; its id. */
static void
end_one(struct outbox_world *o, const char *hook, const char *outcome, char id[ID_SIZE])
{
	struct outbox_item *i = outbox_item_new(OUTBOX_HOOK, hook, o->w->now++);

	i->expires_at = i->created_at + HOUR;
	i->attempts = 3;
	outbox_set_text(i, &i->last, "204 No Content");
	outbox_set_text(i, &i->body, "{}");
	ow_save(o, NULL, i, NULL);
	i->revision = o->w->revision;
	assert_int_equal(
	    world_run(o->w, store_outbox_remove(o->w->store, i, NULL, NULL, INVITATION_EV_MAIL,
				NULL, 0, outcome, world_on_save, o->w)),
	    ERR_OK);
	memcpy(id, i->id, ID_SIZE);
	outbox_item_free(i);
}

static enum err
replay(struct outbox_world *o, const char *hook, const char *id)
{
	return world_run(
	    o->w, store_hooked_replay(o->w->store, hook, id, &world_note, world_on_done, o->w));
}

#define FIRST  "00000000-0000-7000-8000-000000000001"
#define SECOND "00000000-0000-7000-8000-000000000002"

static void
messages_that_ended_are_kept_by_endpoint(void **state)
{
	struct outbox_world *o = *state;
	char id[3][ID_SIZE], other[ID_SIZE];

	end_one(o, FIRST, "delivered", id[0]);
	end_one(o, SECOND, "delivered", other);
	end_one(o, FIRST, "failed", id[1]);
	end_one(o, FIRST, NULL, other);
	end_one(o, FIRST, "delivered", id[2]);
	assert_int_equal(list_ended(o, FIRST, NULL, 2), ERR_OK);
	assert_int_equal(ended.count, 2);
	assert_string_equal(ended.id[0], id[0]);
	assert_string_equal(ended.outcome[0], "delivered");
	assert_string_equal(ended.last[0], "204 No Content");
	assert_true(ended.ended_at[0] > 0 && ended.ended_at[0] < o->w->now);
	assert_string_equal(ended.id[1], id[1]);
	assert_string_equal(ended.outcome[1], "failed");
	assert_string_equal(ended.next, id[1]);
	assert_int_equal(list_ended(o, FIRST, ended.next, 2), ERR_OK);
	assert_int_equal(ended.count, 1);
	assert_string_equal(ended.id[0], id[2]);
	assert_string_equal(ended.next, "");
	assert_int_equal(list_ended(o, NOBODY, NULL, 2), ERR_OK);
	assert_int_equal(ended.count, 0);
	assert_int_equal(list_ended(o, "nonsense", NULL, 2), ERR_OK);
	assert_int_equal(ended.count, 0);
	assert_int_equal(list_ended(o, FIRST, "nonsense", 2), ERR_INVALID);
	call_put(o->w->loop, o->base->kv, "hooked/" FIRST "/" NOBODY, "damaged");
	assert_int_equal(list_ended(o, FIRST, NULL, 16), ERR_OK);
	assert_int_equal(ended.count, 3);
	assert_memory_equal(ended.damage, "hooked/" FIRST, 43);
}

static void
a_message_is_sent_again_under_its_own_id(void **state)
{
	struct outbox_world *o = *state;
	char id[ID_SIZE];

	end_one(o, FIRST, "failed", id);
	o->w->now += HOUR;
	assert_int_equal(replay(o, SECOND, id), ERR_NOT_FOUND);
	assert_int_equal(replay(o, FIRST, NOBODY), ERR_NOT_FOUND);
	assert_int_equal(replay(o, "x", "y"), ERR_NOT_FOUND);
	assert_int_equal(ow_keys(o, "audit/"), 0);
	assert_int_equal(replay(o, FIRST, id), ERR_OK);
	assert_int_equal(replay(o, FIRST, id), ERR_NOT_FOUND); /* it is in one place alone */
	list_ended(o, FIRST, NULL, 10);
	assert_int_equal(ended.count, 0);
	assert_int_equal(ow_keys(o, "audit/"), 1);
	assert_int_equal(ow_due(o, OUTBOX_HOOKS, 10), ERR_OK);
	assert_int_equal(o->count, 1);
	assert_string_equal(o->list[0]->id, id);
	assert_string_equal(o->list[0]->body, "{}");
	assert_int_equal(o->list[0]->attempts, 0);
	assert_true(o->list[0]->expires_at == o->w->now + HOUR);
	assert_int_equal(store_outbox_count(o->w->store, OUTBOX_HOOKS), 1);
	assert_int_equal(
	    world_run(o->w, store_outbox_remove(o->w->store, o->list[0], NULL, NULL,
				INVITATION_EV_MAIL, NULL, 0, "delivered", world_on_save, o->w)),
	    ERR_OK);
	list_ended(o, FIRST, NULL, 10);
	assert_int_equal(ended.count, 1);
	assert_string_equal(ended.outcome[0], "delivered");
}

static enum err
purge(struct outbox_world *o, int64_t before, size_t limit)
{
	return world_run(o->w, store_hooked_purge(o->w->store, before, limit, world_on_save, o->w));
}

static void
messages_that_ended_long_ago_are_forgotten(void **state)
{
	struct outbox_world *o = *state;
	char id[ID_SIZE], again[ID_SIZE];
	int64_t before;

	end_one(o, FIRST, "failed", again);
	for (int i = 0; i < 150; i++)
		end_one(o, i % 2 == 0 ? FIRST : SECOND, "delivered", id);
	call_put(o->w->loop, o->base->kv, "hooked/" SECOND "/" NOBODY, "damaged");
	call_put(o->w->loop, o->base->kv, "hooked/strange", "damaged");
	before = o->w->now + 1;
	o->w->now += HOUR;
	for (int i = 0; i < 70; i++)
		end_one(o, i % 2 == 0 ? FIRST : SECOND, "delivered", id);
	replay(o, FIRST, again); /* made long ago, and ended now */
	ow_due(o, OUTBOX_HOOKS, 1);
	world_run(o->w, store_outbox_remove(o->w->store, o->list[0], NULL, NULL, INVITATION_EV_MAIL,
			    NULL, 0, "delivered", world_on_save, o->w));
	assert_int_equal(purge(o, before, 70), ERR_OK);
	assert_int_equal(o->w->revision, 70);
	assert_int_equal(purge(o, before, 1000), ERR_OK);
	assert_int_equal(o->w->revision, 81); /* and the damaged one */
	assert_int_equal(purge(o, before, 1000), ERR_OK);
	assert_int_equal(o->w->revision, 0);
	assert_int_equal(ow_keys(o, "hooked/"), 72);
	list_ended(o, FIRST, NULL, 100);
	assert_int_equal(ended.count, 36);
	assert_string_equal(ended.id[0], again);
	fake_kv_fail(o->kv, 1, FAKE_KV_REFUSE);
	assert_int_equal(purge(o, INT64_MAX, 1000), ERR_UNAVAILABLE);
	assert_int_equal(purge(o, INT64_MAX, 1000), ERR_OK);
	assert_int_equal(o->w->revision, 71);
}

static void
cancelled_operations_say_nothing(void **state)
{
	struct outbox_world *o = *state;
	int calls = o->w->calls;
	const struct hook_event e = { .id = NOBODY, .revision = 7 };

	store_cancel(store_events_list(o->w->store, 1, on_events, o));
	store_cancel(store_event_fan_out(o->w->store, &e, NULL, 0, world_on_done, o->w));
	store_cancel(store_hooked_list(o->w->store, FIRST, NULL, 1, on_hooked, o));
	store_cancel(store_hooked_purge(o->w->store, 1, 1, world_on_save, o->w));
	store_cancel(
	    store_hooked_replay(o->w->store, FIRST, FIRST, &world_note, world_on_done, o->w));
	store_hooked_purge(o->w->store, 1, 1, world_on_save, o->w);
	store_hooked_list(o->w->store, FIRST, NULL, 1, on_hooked, o);
	world_restart(o->w);
	ow_turn(o);
	assert_int_equal(o->w->calls, calls + 1); /* the start's own */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OUTBOX_ROW(an_endpoint_is_the_same_after_a_start),
		OUTBOX_ROW(an_endpoint_s_secret_cannot_be_read_in_the_store),
		OUTBOX_ROW(a_change_needs_the_version_before),
		OUTBOX_ROW(a_conflict_brings_the_stored_version_into_memory),
		OUTBOX_ROW(one_too_many_is_refused),
		OUTBOX_ROW(a_damaged_endpoint_is_left_out_and_can_be_deleted),
		OUTBOX_ROW(an_endpoint_whose_answer_is_lost_is_in_memory_as_it_is_stored),
		OUTBOX_ROW(a_change_that_is_given_up_is_in_memory_when_it_is_carried_out),
		OUTBOX_ROW(a_change_that_is_given_up_after_its_conflict_says_nothing),
		OUTBOX_ROW(endpoints_are_told_what_they_ask_for),
		OUTBOX_ROW(nothing_is_written_that_nobody_asks_for),
		OUTBOX_ROW(a_sending_is_told),
		OUTBOX_ROW(damaged_events_stop_nobody_behind_them),
		OUTBOX_ROW(an_event_becomes_messages_once),
		OUTBOX_ROW(messages_that_ended_are_kept_by_endpoint),
		OUTBOX_ROW(a_message_is_sent_again_under_its_own_id),
		OUTBOX_ROW(messages_that_ended_long_ago_are_forgotten),
		OUTBOX_ROW(cancelled_operations_say_nothing),
	};

	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
