#include "kv_world.h"

#include <unistd.h>
#include <sodium.h>

struct maker {
	const char *name;
	struct kv *(*make)(struct kv_world *w);
};

static struct kv *
make_memory(struct kv_world *w)
{
	return kv_memory_new(w->loop);
}

static struct kv *
make_sqlite(struct kv_world *w)
{
	char path[128];
	struct kv *kv;
	struct fault f;

	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	if (kv_sqlite_open(&kv, w->loop, path, &f) != ERR_OK)
		fail_msg("%s", f.text);
	return kv;
}

static const struct maker makers[] = { { "memory", make_memory }, { "sqlite", make_sqlite } };

int
kv_world_set_up(void **state)
{
	const struct maker *m = *state;
	struct kv_world *w = mem_alloc(sizeof(*w));

	alarm(60); /* a callback that never comes must not hang the suite */
	w->dir = temp_make();
	w->loop = loop_new();
	w->kv = m->make(w);
	*state = w;
	return 0;
}

int
kv_world_tear_down(void **state)
{
	struct kv_world *w = *state;

	kv_close(w->kv);
	if (w->loop != NULL)
		loop_free(w->loop);
	temp_remove(w->dir);
	free(w);
	return 0;
}

int
kv_world_run(const struct CMUnitTest *tests, size_t count)
{
	struct CMUnitTest *own = mem_alloc(count * sizeof(*own));
	int failed = 0;

	if (sodium_init() < 0)
		return 99;
	for (size_t m = 0; m < sizeof(makers) / sizeof(makers[0]); m++) {
		memcpy(own, tests, count * sizeof(*own));
		for (size_t i = 0; i < count; i++)
			own[i].initial_state = (void *)(uintptr_t)&makers[m];
		failed += _cmocka_run_group_tests(makers[m].name, own, count, NULL, NULL);
	}
	free(own);
	return failed;
}
