/* Watches, of every implementation of kv.h. */
#include "kv_world.h"

struct seen {
	struct loop *loop;
	size_t count, stop_at;
	enum err ended;
	struct kv_watch *stop;
	struct {
		char key[16], value[16];
		bool deleted;
		uint64_t modified;
	} event[64];
};

static void
seen_on_event(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct seen *s = arg;

	(void)f;
	if (code != ERR_OK) {
		assert_int_equal(s->ended, ERR_OK);
		s->ended = code;
		loop_stop(s->loop);
		return;
	}
	assert_true(s->count < 64);
	snprintf(
	    s->event[s->count].key, 16, "%.*s", (int)item->key.len, (const char *)item->key.data);
	snprintf(s->event[s->count].value, 16, "%.*s", (int)item->value.len,
	    item->value.data != NULL ? (const char *)item->value.data : "");
	s->event[s->count].deleted = item->value.data == NULL;
	s->event[s->count].modified = item->modified;
	if (s->count > 0)
		assert_true(item->modified >= s->event[s->count - 1].modified);
	if (++s->count == s->stop_at) {
		if (s->stop != NULL)
			kv_watch_stop(s->stop);
		loop_stop(s->loop);
	}
}

static void
a_watch_tells_later_changes_under_its_prefix_in_order(void **state)
{
	struct kv_world *w = *state;
	uint64_t now = call_put(w->loop, w->kv, "p/old", "x").revision;
	struct seen s = { .loop = w->loop, .stop_at = 3 };
	struct kv_watch *watch = kv_watch(w->kv, kv_text("p/"), now + 1, seen_on_event, &s);

	call_put(w->loop, w->kv, "p/a", "1");
	call_put(w->loop, w->kv, "q/a", "1");
	call_put(w->loop, w->kv, "p/a", "2");
	call_put(w->loop, w->kv, "p/none", NULL);
	call_put(w->loop, w->kv, "p/a", NULL);
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 3);
	assert_string_equal(s.event[0].value, "1");
	assert_string_equal(s.event[1].value, "2");
	assert_true(s.event[2].deleted);
	assert_true(s.event[2].modified > s.event[1].modified);
	kv_watch_stop(watch);
	call_put(w->loop, w->kv, "p/a", "3");
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 3);
}

static void
a_watch_from_the_past_tells_the_newest_state_of_each_key(void **state)
{
	struct kv_world *w = *state;
	uint64_t from = call_put(w->loop, w->kv, "p/a", "1").revision;
	struct seen s = { .loop = w->loop, .stop_at = 3 };

	call_put(w->loop, w->kv, "p/gone", "x");
	call_put(w->loop, w->kv, "p/b", "1");
	call_put(w->loop, w->kv, "p/gone", NULL);
	call_put(w->loop, w->kv, "p/a", "2");
	kv_watch(w->kv, kv_text("p/"), from, seen_on_event, &s);
	loop_run(w->loop);
	assert_string_equal(s.event[0].key, "p/b");
	assert_string_equal(s.event[1].key, "p/gone");
	assert_true(s.event[1].deleted);
	assert_string_equal(s.event[2].key, "p/a");
	assert_string_equal(s.event[2].value, "2");
	s.stop_at = 4;
	call_put(w->loop, w->kv, "p/c", "1");
	call_get(w->loop, w->kv, "p/c");
	assert_int_equal(s.count, 4);
}

/* Started in the middle of traffic, a watch and a range before it miss nothing between them. */
static void
a_watch_behind_a_range_has_no_gap(void **state)
{
	struct kv_world *w = *state;
	struct answer range, ignored[20] = { 0 };
	struct seen s = { .loop = NULL };

	s.loop = w->loop;
	call_put(w->loop, w->kv, "p/00", "x");
	range = call_range(w->loop, w->kv, "p/", "", 64);
	for (int i = 0; i < 20; i++) {
		char name[8];
		struct kv_write write;
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		snprintf(name, sizeof(name), "p/%02d", i + 1);
		write = write_of(name, "x");
		kv_txn(w->kv, &txn, answer_on_txn, &ignored[i]);
		if (i == 10)
			kv_watch(w->kv, kv_text("p/"), range.revision + 1, seen_on_event, &s);
	}
	call_get(w->loop, w->kv, "p/00");
	assert_int_equal(range.count + s.count, 21);
}

static void
a_watch_from_forgotten_revisions_says_so_once(void **state)
{
	struct kv_world *w = *state;
	struct seen s = { .loop = w->loop };

	for (int i = 0; i < 140; i++) {
		struct kv_write writes[KV_TXN_MAX];
		struct kv_txn txn = { .writes = writes, .write_count = KV_TXN_MAX };
		char names[KV_TXN_MAX][8];

		for (int j = 0; j < KV_TXN_MAX; j++) {
			snprintf(names[j], sizeof(names[j]), "k%d", j);
			writes[j] = write_of(names[j], "x");
		}
		call_txn(w->loop, w->kv, &txn);
	}
	kv_watch(w->kv, kv_text(""), 1, seen_on_event, &s);
	loop_run(w->loop);
	assert_int_equal(s.ended, ERR_EXPIRED);
	assert_int_equal(s.count, 0);
	call_put(w->loop, w->kv, "a", "x");
	call_get(w->loop, w->kv, "a");
	assert_int_equal(s.count, 0);
}

static void
a_watch_may_be_stopped_from_its_own_callback(void **state)
{
	struct kv_world *w = *state;
	struct seen s = { .loop = w->loop, .stop_at = 1 };
	struct kv_write writes[] = { write_of("p/a", "1"), write_of("p/b", "1") };
	struct kv_txn txn = { .writes = writes, .write_count = 2 };
	uint64_t now = call_put(w->loop, w->kv, "x", "x").revision;

	s.stop = kv_watch(w->kv, kv_text("p/"), now + 1, seen_on_event, &s);
	call_txn(w->loop, w->kv, &txn);
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 1);
	kv_watch_stop(kv_watch(w->kv, kv_text("p/"), 1, seen_on_event, &s));
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 1);
}

static const struct CMUnitTest tests[] = {
	KV_ROW(a_watch_tells_later_changes_under_its_prefix_in_order),
	KV_ROW(a_watch_from_the_past_tells_the_newest_state_of_each_key),
	KV_ROW(a_watch_behind_a_range_has_no_gap),
	KV_ROW(a_watch_from_forgotten_revisions_says_so_once),
	KV_ROW(a_watch_may_be_stopped_from_its_own_callback),
};

int
main(void)
{
	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
