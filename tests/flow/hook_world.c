#include "hook_world.h"

#include <stdio.h>
#include <string.h>

enum { SETTLED_TURNS = 10 };

struct fake_webhooks hook_receiver;
struct flow_hook_conf hook_conf;

static const struct flow_caller caller = { .name = "uid:0", .request_id = "r" };

struct world *
hook_world_new(void)
{
	struct world *w = people_world_new();

	hook_receiver = (struct fake_webhooks){ .loop = w->loop,
		.report = { .outcome = WEBHOOK_DELIVERED, .status = 200, .words = "HTTP 200" } };
	hook_conf = (struct flow_hook_conf){
		.webhooks = fake_webhooks_of(&hook_receiver), .in_flight = 4, .kept_s = 7 * 86400
	};
	w->conf.hooks = &hook_conf;
	world_crash(w);
	return w;
}

void
hook_answers(enum webhook_outcome outcome, int status, const char *words)
{
	hook_receiver.report =
	    (struct webhook_report){ .outcome = outcome, .status = status, .words = words };
}

/* ---- calls ---- */

static struct world *asking;
struct hook_answer hook_answer;

static void
on_hook(void *arg, enum err code, const struct hook *h, const struct secret *secret,
    const struct field_errors *errors, const struct fault *f)
{
	(void)arg, (void)f;
	memset(&hook_answer.hook, 0, sizeof(hook_answer.hook));
	hook_answer.code = code;
	hook_answer.secret[0] = hook_answer.fields[0] = '\0';
	if (h != NULL)
		hook_answer.hook = *h;
	if (secret != NULL)
		snprintf(
		    hook_answer.secret, sizeof(hook_answer.secret), "%s", secret_bytes(secret));
	for (size_t i = 0; errors != NULL && i < errors->count; i++) {
		strcat(hook_answer.fields, errors->items[i].field);
		strcat(hook_answer.fields, " ");
	}
	world_stop_waiting(asking);
}

static void
on_item(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)f;
	hook_answer.code = code;
	world_stop_waiting(asking);
}

enum err
hook_create_so(struct world *w, struct hook_spec spec)
{
	asking = w;
	flow_hook_create_start(w->flow, &spec, &caller, on_hook, NULL);
	world_wait(w);
	return hook_answer.code;
}

void
hook_create(struct world *w, unsigned types, char id[ID_SIZE])
{
	struct hook_spec spec = {
		.name = "crm", .url = "https://example.org/hook", .types = types, .enabled = -1
	};

	assert_int_equal(hook_create_so(w, spec), ERR_OK);
	strcpy(id, hook_answer.hook.id);
}

enum err
hook_change(struct world *w, const char *id, struct hook_spec spec)
{
	asking = w;
	flow_hook_change_start(w->flow, id, &spec, &caller, on_hook, NULL);
	world_wait(w);
	return hook_answer.code;
}

void
hook_enable(struct world *w, const char *id, bool enabled)
{
	assert_int_equal(hook_change(w, id, (struct hook_spec){ .enabled = enabled }), ERR_OK);
}

enum err
hook_rotate(struct world *w, const char *id, int64_t overlap_s)
{
	asking = w;
	flow_hook_rotate_start(w->flow, id, overlap_s, &caller, on_hook, NULL);
	world_wait(w);
	return hook_answer.code;
}

enum err
hook_delete(struct world *w, const char *id)
{
	asking = w;
	flow_hook_delete_start(w->flow, id, &caller, on_item, NULL);
	world_wait(w);
	return hook_answer.code;
}

enum err
hook_test(struct world *w, const char *id)
{
	asking = w;
	flow_hook_test_start(w->flow, id, &caller, on_item, NULL);
	world_wait(w);
	return hook_answer.code;
}

enum err
hook_replay(struct world *w, const char *id, const char *message)
{
	asking = w;
	flow_hooked_replay_start(w->flow, id, message, &caller, on_item, NULL);
	world_wait(w);
	return hook_answer.code;
}

enum err
hook_drop(struct world *w, const char *message)
{
	asking = w;
	flow_queue_drop_start(w->flow, OUTBOX_HOOKS, message, &caller, on_item, NULL);
	world_wait(w);
	return hook_answer.code;
}

/* ---- what is there ---- */

static void
on_put(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	(void)result, (void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(arg);
}

void
hook_put_damaged(struct world *w, const char *key)
{
	struct kv_write write = { .key = kv_text(key), .value = kv_text("damaged") };
	struct kv_txn txn = { .writes = &write, .write_count = 1 };

	kv_txn(w->memory, &txn, on_put, w);
	world_wait(w);
}

static bool
has_sent(struct world *w, void *arg)
{
	(void)w;
	return hook_receiver.count >= *(size_t *)arg;
}

void
hook_until_sent(struct world *w, size_t count)
{
	assert_true(world_until(w, has_sent, &count));
	assert_int_equal(hook_receiver.count, count);
}

/* Nothing is being done, and nothing is due. */
bool
hook_is_idle(struct world *w, void *arg)
{
	struct lane *l = w->flow->lanes[OUTBOX_HOOKS];

	(void)arg;
	return lane_in_flight(l) == 0 && lane_oldest_due(l) == 0;
}

static bool
is_settled(struct world *w, void *arg)
{
	return people_keys(w, "event/") == 0 &&
	       store_outbox_count(w->store, OUTBOX_HOOKS) == *(size_t *)arg &&
	       hook_receiver.under_way == 0 && lane_in_flight(w->flow->lanes[OUTBOX_HOOKS]) == 0;
}

static bool
has_turned(struct world *w, void *arg)
{
	(void)w;
	return ++*(size_t *)arg > SETTLED_TURNS;
}

struct settling {
	size_t count, turns;
};

static bool
has_settled(struct world *w, void *arg)
{
	struct settling *s = arg;

	if (!is_settled(w, &s->count))
		s->turns = 0;
	return has_turned(w, &s->turns);
}

/* Everything that can be done now was done, and so many messages still wait: for some turns of the
 * loop, because a message is written before the lane hears of it. */
void
hook_until_waiting(struct world *w, size_t count)
{
	struct settling s = { .count = count };

	assert_true(world_until(w, has_settled, &s));
}

/* Time goes by, and the queue is looked at. */
void
hook_pass(struct world *w, int64_t ms)
{
	size_t turns = 0;

	w->now += ms;
	lane_wake(w->flow->lanes[OUTBOX_HOOKS], w->now);
	assert_true(world_until(w, has_turned, &turns));
}

/* Time goes by until nothing waits. */
bool
hook_is_done_in_time(struct world *w, void *arg)
{
	size_t none = 0;

	(void)arg;
	if (is_settled(w, &none))
		return true;
	hook_pass(w, 100);
	return false;
}

struct hook_message hook_messages[64];
size_t hook_message_count;
static char next_page[256];

static void
on_listed(void *arg, enum err code, const struct hooked *list, size_t count, const char *next,
    const struct fault *f)
{
	struct world *w = arg;

	(void)f;
	hook_answer.code = code;
	for (size_t i = 0; i < count; i++) {
		const struct outbox_item *item = list[i].item;
		struct hook_message *m = &hook_messages[hook_message_count++];

		snprintf(m->id, sizeof(m->id), "%s", item->id);
		snprintf(m->type, sizeof(m->type), "%s", item->type);
		snprintf(m->outcome, sizeof(m->outcome), "%s",
		    list[i].outcome != NULL ? list[i].outcome : "waiting");
		snprintf(m->last, sizeof(m->last), "%s", item->last != NULL ? item->last : "");
		m->attempts = item->attempts;
	}
	snprintf(next_page, sizeof(next_page), "%s", next != NULL ? next : "");
	world_stop_waiting(w);
}

void
hook_list(struct world *w, const char *hook, size_t limit)
{
	hook_message_count = 0;
	next_page[0] = '\0';
	do {
		char after[256];

		strcpy(after, next_page);
		flow_hooked_list_start(
		    w->flow, hook, after[0] != '\0' ? after : NULL, limit, on_listed, w);
		world_wait(w);
		assert_int_equal(hook_answer.code, ERR_OK);
	} while (next_page[0] != '\0');
}

size_t
hook_sent_of_type(const char *type)
{
	char begin[64];
	size_t count = 0;

	snprintf(begin, sizeof(begin), "{\"type\":\"%s\",", type);
	for (size_t i = 0; i < hook_receiver.count; i++)
		count += strncmp(hook_receiver.sent[i].body, begin, strlen(begin)) == 0;
	return count;
}
