/* Runs the tests of kv.h's promises on each implementation in turn. Another one joins by a row in
 * kv_world.c. */
#ifndef USHERD_TESTS_KV_WORLD_H
#define USHERD_TESTS_KV_WORLD_H

#include "kv_call.h"

struct kv_world {
	struct loop *loop;
	struct kv *kv;
	char *dir;
};

/* cmocka's: `*state` names the implementation before, and is the world after. */
int kv_world_set_up(void **state);
int kv_world_tear_down(void **state);

#define KV_ROW(test)                                                                               \
	{                                                                                          \
#test, test, kv_world_set_up, kv_world_tear_down, NULL                             \
	}

/* The whole program: every test on every implementation. */
int kv_world_run(const struct CMUnitTest *tests, size_t count);

#endif
